"""tests/guests/boot.py -- media that a BIOS boots: floppies with our boot sector,
GRUB on a floppy and on a disc, a disc of isolinux with Linux. Made of Debian's
packages, the same in each run."""

import hashlib
import os
import shutil
import struct
import subprocess
from dataclasses import replace

from initrd import make_initrd
from packages import Failed, HERE, file_of, unpacked

GRUB = "usr/lib/grub/i386-pc"
ISOLINUX = ("isolinux", "usr/lib/ISOLINUX/isolinux.bin")
SECTOR = 512
LDLINUX = ("syslinux-common", "usr/lib/syslinux/modules/bios/ldlinux.c32")
# What a BIOS needs of an image that it loads without emulation (El Torito).
NO_EMULATION = ("-no-emul-boot", "-boot-load-size", "4", "-boot-info-table")


def tool(program, package, *arguments):
    if not shutil.which(program):
        raise Failed(f"{program} is not installed: apt-get install {package}")
    done = subprocess.run([program, *arguments], check=False, capture_output=True,
                          text=True, env={**os.environ,
                                          "SOURCE_DATE_EPOCH": "946684800"})
    if done.returncode:
        raise Failed(f"{program}: {done.stderr.strip()}")


def write(path, data):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(data)


def taken(path):
    """Its bytes; the file goes."""
    with open(path, "rb") as file:
        data = file.read()
    os.remove(path)
    return data


def grub_core(folder, kind, prefix, *modules):
    """GRUB's second stage for @kind, which finds its menu under @prefix."""
    core = os.path.join(folder, "core.img")
    tool("grub-mkimage", "grub-common", "-O", kind, "-d",
         os.path.join(unpacked("grub-pc-bin"), GRUB), "-o", core, "-p", prefix,
         "biosdisk", "normal", *modules)
    return taken(core)


def iso(folder, tree, boot, *options):
    """The ISO 9660 image of @tree, whose file @boot is what a BIOS loads."""
    image = os.path.join(folder, "image.iso")
    tool("xorriso", "xorriso", "-as", "mkisofs", "-quiet", "-R", "-V", "HALBOX",
         "-b", boot, *NO_EMULATION, *options, "-o", image, tree)
    shutil.rmtree(tree)
    return taken(image)


def grub_disc(folder, what):
    tree = os.path.join(folder, "tree")
    write(f"{tree}/boot/grub/grub.cfg", what.menu.encode())
    write(f"{tree}/boot/grub/core.img",
          grub_core(folder, "i386-pc-eltorito", "/boot/grub", "iso9660"))
    return iso(folder, tree, "boot/grub/core.img", "--grub2-boot-info")


def linux_disc(folder, what, guest):
    tree = os.path.join(folder, "tree")
    label = f"default linux\nlabel linux\n kernel vmlinuz\n initrd initrd.gz\n" \
            f" append {what.cmdline}\n"
    write(f"{tree}/isolinux/isolinux.cfg", label.encode())
    for name, where in (("isolinux/isolinux.bin", ISOLINUX),
                        ("isolinux/ldlinux.c32", LDLINUX), ("isolinux/vmlinuz", what.kernel)):
        shutil.copyfile(file_of(where), f"{tree}/{name}")
    shutil.copyfile(make_initrd(replace(guest, kernel=what.kernel), {}),
                    f"{tree}/isolinux/initrd.gz")
    return iso(folder, tree, "isolinux/isolinux.bin", "-c", "isolinux/boot.cat")


# ---- a floppy with a boot sector of ours ---------------------------------------

def boot_floppy(folder, what):
    program = os.path.join(folder, "sector.bin")
    tool("gcc", "gcc-multilib", "-m32", "-nostdlib", "-static", "-no-pie",
         "-Wl,--build-id=none", "-Wl,-Ttext,0x7c00", "-Wl,--oformat,binary",
         os.path.join(HERE, "sector.S"), "-o", program)
    track = what.sectors * SECTOR
    data = bytearray(hashlib.shake_128(b"floppy").digest(what.cylinders * 2 * track))
    data[:SECTOR] = taken(program)
    if what.left:
        data[2 * track:3 * track] = data[-track:]
        data[4 * track:5 * track] = b"\xf6" * track
    return bytes(data)


# ---- a floppy with GRUB in front of its FAT12 file system ----------------------

SECTORS, FAT_SECTORS, ROOT_ENTRIES = 2880, 9, 224


def entry(name, attributes, cluster, size=0):
    return struct.pack("<11sB14xHL", name.ljust(11), attributes, cluster, size)


def grub_floppy(folder, what):
    """Microsoft's FAT specification, 3 and 6: the second stage lies in reserved
    sectors; cluster 2 is \\BOOT, 3 \\BOOT\\GRUB, 4 its only file."""
    core = grub_core(folder, "i386-pc", "(fd0)/boot/grub", "fat")
    with open(file_of(("grub-pc-bin", f"{GRUB}/boot.img")), "rb") as file:
        boot = bytearray(file.read())
    menu = what.menu.encode()
    reserved = 1 + -(-len(core) // SECTOR)
    boot[3:62] = struct.pack("<8sHBHBHHBHHHLLBBBL11s8s", b"HALBOX", SECTOR, 1, reserved, 2,
                             ROOT_ENTRIES, SECTORS, 0xf0, FAT_SECTORS, 18, 2, 0, 0,
                             0, 0, 0x29, 1, b"HALBOX     ", b"FAT12   ")
    # entries 0-4, of 12 bits: the medium, and four ends of chains
    fat = bytes.fromhex("f0ffff ffffff ff0f").ljust(FAT_SECTORS * SECTOR, b"\0")
    root = entry(b"BOOT", 0x10, 2).ljust(ROOT_ENTRIES * 32, b"\0")
    dots = lambda own, parent: entry(b".", 0x10, own) + entry(b"..", 0x10, parent)
    clusters = (dots(2, 0) + entry(b"GRUB", 0x10, 3),
                dots(3, 2) + entry(b"GRUB    CFG", 0x20, 4, len(menu)), menu)
    assert len(menu) <= SECTOR
    image = (bytes(boot) + core.ljust((reserved - 1) * SECTOR, b"\0") + fat + fat
             + root + b"".join(c.ljust(SECTOR, b"\0") for c in clusters))
    return image.ljust(SECTORS * SECTOR, b"\0")
