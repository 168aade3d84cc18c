"""tests/guests/initrd.py -- a guest's RAM disk: busybox, its script, the kernel's
modules that its row names and those that they need."""

import gzip
import os
import struct
import subprocess

from packages import CACHE, HERE, Failed, file_of, unpacked

APPLETS = ("sh mount umount md5sum dd cat echo ls mkdir tty uname date sleep cmp "
           "head tail od grep sed tr wc cp rm mknod seq printf ping wget ip insmod "
           "zcat sync timeout").split()
INIT = """#!/bin/sh
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
exec /bin/sh /main </dev/ttyS0 >/dev/ttyS0 2>&1
"""
# What every guest's script can call: a driver finds its devices in its own time.
HELP = """
await() { until [ -e "$1" ]; do sleep 0.1; done; }
"""


# ---- modules -----------------------------------------------------------------

def elf_section(data, wanted):
    """The bytes of a section of a 32-bit little-endian ELF file."""
    table, = struct.unpack_from("<I", data, 0x20)
    size, count, names = struct.unpack_from("<3H", data, 0x2e)
    sections = [struct.unpack_from("<10I", data, table + i * size)
                for i in range(count)]
    text = sections[names][4]
    for name, _, _, _, offset, length, *_ in sections:
        if data[text + name:].startswith(wanted + b"\0"):
            return data[offset:offset + length]
    return b""


def dependencies(data):
    """Of a .ko: the line `depends=a,b` of its section .modinfo."""
    for line in elf_section(data, b".modinfo").split(b"\0"):
        if line.startswith(b"depends="):
            return [n.replace("-", "_") for n in line[8:].decode().split(",") if n]
    return []


def module_files(package):
    """Paths by name; a module is called with _ where its file may have -."""
    return {f[:-3].replace("-", "_"): os.path.join(folder, f)
            for folder, _, files in os.walk(unpacked(package))
            for f in files if f.endswith(".ko")}


def load_order(package, wanted):
    """(name, bytes) of each module, what it needs before it."""
    files = module_files(package) if wanted else {}
    loaded = {}

    def add(name):
        if name in loaded:
            return
        if name not in files:
            raise Failed(f"{package} has no module {name}")
        with open(files[name], "rb") as file:
            data = file.read()
        for needed in dependencies(data):
            add(needed)
        loaded[name] = data

    for name in wanted:
        add(name)
    return list(loaded.items())


# ---- programs ----------------------------------------------------------------

def program(name):
    """The bytes of @name.c, compiled for a guest without any library."""
    path = os.path.join(CACHE, name)
    done = subprocess.run(
        ["gcc", "-m32", "-static", "-nostdlib", "-O2", "-ffreestanding", "-no-pie",
         "-fno-pie", "-fno-stack-protector", "-Wall", "-Wextra", "-Werror", "-o",
         path, os.path.join(HERE, name + ".c")],
        check=False, capture_output=True, text=True)
    if done.returncode:
        raise Failed(f"{name}.c: {done.stderr.strip()}")
    with open(path, "rb") as file:
        return file.read()


# ---- the archive -------------------------------------------------------------

def cpio(entries):
    """The `newc` format: header in hexadecimal, name, bytes, each to 4."""
    out = bytearray()

    def pad():
        out.extend(bytes(-len(out) % 4))

    for number, (name, mode, data, device) in enumerate(entries, 1):
        fields = (number, mode, 0, 0, 1, 0, len(data), 0, 0, *device,
                  len(name) + 1, 0)
        out.extend(b"070701" + b"".join(b"%08x" % f for f in fields))
        out.extend(name.encode() + b"\0")
        pad()
        out.extend(data)
        pad()
    return bytes(out)


def make_initrd(guest, files):
    """The path of @guest's RAM disk. Its script finds the modules loaded and,
    of @files (bytes by name), those that the row names."""
    path = os.path.join(CACHE, f"{guest.name}.initrd.gz")
    with open(file_of(("busybox-static", "bin/busybox")), "rb") as file:
        busybox = file.read()
    given = {m.split()[0]: m.split()[1:] for m in guest.modules}
    modules = load_order(guest.kernel[0], given)
    insert = "".join(" ".join(["insmod", f"/lib/{name}.ko", *given.get(name, ())])
                     + "\n" for name, _ in modules)
    none = (0, 0)
    entries = [(d, 0o040755, b"", none)
               for d in ("bin", "dev", "lib", "mnt", "proc", "sys")]
    entries += [("bin/busybox", 0o100755, busybox, none)]
    entries += [(f"bin/{a}", 0o120777, b"busybox", none) for a in APPLETS]
    entries += [(f"lib/{name}.ko", 0o100644, data, none) for name, data in modules]
    entries += [(name, 0o100644, files[name], none) for name in guest.carried]
    entries += [(f"bin/{name}", 0o100755, program(name), none)
                for name in guest.programs]
    entries += [("init", 0o100755, INIT.encode(), none),
                ("main", 0o100755, (HELP + insert + guest.init).encode(), none),
                ("dev/console", 0o020600, b"", (5, 1)),
                ("TRAILER!!!", 0, b"", none)]
    with open(path, "wb") as file:
        file.write(gzip.compress(cpio(entries), 9, mtime=0))
    return path
