"""tests/guests/kernel.py -- a Debian kernel that need not unpack itself, which
takes more instructions than all that it does then: its pages as they lie in
memory behind plain.S, in a bzImage with the same setup. Source: Linux, The
Linux/x86 Boot Protocol; System V ABI, "Program Header"."""

import functools
import lzma
import os
import struct
import subprocess

from packages import CACHE, HERE, Failed, file_of

PAGE, PT_LOAD = 4096, 1
XZ = b"\xfd7zXZ\0"
LOADED, END = 0x100000, 0xf00000  # END: halbox's hole for devices of 24 bits
SETUP_SECTS, PAYLOAD = 0x1f1, 0x248
PHOFF, PHNUM, ENTRY, HEADER, HEADER_BYTES = 0x1c, 0x2c, 0x18, "<8I", 32


def copier():
    """The bytes of plain.S."""
    path = os.path.join(CACHE, "plain.bin")
    done = subprocess.run(
        ["gcc", "-m32", "-nostdlib", "-static", "-no-pie", "-Wl,--build-id=none",
         f"-Wl,-Ttext,{LOADED:#x}", "-Wl,--oformat,binary",
         os.path.join(HERE, "plain.S"), "-o", path],
        check=False, capture_output=True, text=True)
    if done.returncode:
        raise Failed(f"plain.S: {done.stderr.strip()}")
    with open(path, "rb") as file:
        return file.read()


def runs(elf):
    """(where, bytes) of all that is loaded, without pages of zeros: RAM is clear."""
    at, = struct.unpack_from("<I", elf, PHOFF)
    for i in range(*struct.unpack_from("<H", elf, PHNUM)):
        kind, offset, _, to, size, *_ = struct.unpack_from(HEADER, elf,
                                                           at + i * HEADER_BYTES)
        data = elf[offset:offset + size] if kind == PT_LOAD else b""
        used = {k for k in range(0, len(data), PAGE) if any(data[k:k + PAGE])}
        first = sorted(k for k in used if k - PAGE not in used)
        last = sorted(k for k in used if k + PAGE not in used)
        for begin, end in zip(first, last):
            run = data[begin:end + PAGE]
            yield to + begin, run + bytes(-len(run) % 4)


@functools.cache
def plain_kernel(where):
    """The path of the kernel at @where (a package and a path in it), unpacked, or
    of the file itself when it is plain."""
    path = os.path.join(CACHE, os.path.basename(where[1]) + ".plain")
    with open(file_of(where), "rb") as file:
        packed = file.read()
    setup = (packed[SETUP_SECTS] + 1) * 512
    offset, size = struct.unpack_from("<2I", packed, PAYLOAD)
    payload = packed[setup + offset:][:size]
    if not payload.startswith(XZ):  # memtest86+, iPXE
        return file_of(where)
    elf = lzma.LZMADecompressor().decompress(payload)
    parts, code = list(runs(elf)), copier()
    table, at = b"", LOADED + len(code) + 12 * (len(parts) + 1)
    for to, data in parts:
        table += struct.pack("<3I", at, to, len(data) // 4)
        at += len(data)
    if at > END:
        raise Failed(f"{where[1]} does not fit below {END:#x} unpacked")
    table += struct.pack("<3I", 0, *struct.unpack_from("<I", elf, ENTRY), 0)
    with open(path, "wb") as file:
        file.write(packed[:setup] + code + table + b"".join(d for _, d in parts))
    return path
