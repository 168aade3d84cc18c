"""tests/guests/guests.py -- the table of guests: what is fetched, how it is
booted, what it must say. One row each; nothing here runs anything."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Package:
    """A Debian package of architecture i386 or all, pinned by its hash."""

    name: str
    version: str
    sha256: str


@dataclass(frozen=True)
class Guest:
    """@kernel and @bios are (package, path in it), or None; {initrd} is a RAM
    disk that `halbox` builds from busybox and @init. @expect: text that must
    come on the serial line, in this order. @ticks: a bound of its length."""

    name: str
    expect: tuple
    ticks: int
    kernel: tuple = None
    init: str = None
    cmdline: str = ""
    memory: str = "64M"
    options: tuple = ()
    qemu: tuple = ()
    quick: bool = False


PACKAGES = {
    p.name: p
    for p in (
        Package("linux-image-6.1.0-50-686", "6.1.176-1",
                "526c469c5148a2b61c4241c3f6575427096575e0ffef9541b6729351c600b3e4"),
        Package("busybox-static", "1:1.35.0-4+deb12u1+b1",
                "725ef9e6fbac4ab79b353165b05005e8c140d6e42177ebbc202ff1e13ded8b7c"),
        Package("memtest86+", "6.10-4",
                "6ffae01e2cd795a3619454c81c612229686ab0969ad5119af5bdc04b382458b7"),
        Package("ipxe", "1.0.0+git-20190125.36a4c85-5.1",
                "49dc854857dcfb354292bdc79ce7419e0d72988666723395b2e102d147c3730d"),
    )
}

LINUX = ("linux-image-6.1.0-50-686", "boot/vmlinuz-6.1.0-50-686")
SERIAL = "console=ttyS0,115200 noapic nolapic acpi=off"

# The end of every Linux guest: what is on its way leaves by the line, then port
# F4h, as isa-debug-exit has it.
END = r"""
echo "halbox: done"
sleep 1
printf '\000' | dd of=/dev/port bs=1 seek=244 count=1 2>/dev/null
"""

SHELL = r"""
echo "halbox: shell on $(tty), $(uname -sm)"
echo "halbox: $(echo -n abc | md5sum)"
date -u +"halbox: the year is %Y"
""" + END

GUESTS = (
    Guest("linux-shell", kernel=LINUX, init=SHELL, cmdline=SERIAL,
          expect=("Linux version 6.1.0-50-686", "halbox: shell on /dev/ttyS0, Linux i686",
                  "halbox: 900150983cd24fb0d6963f7d28e17f72", "halbox: the year is 2000",
                  "halbox: done"),
          ticks=30_000_000_000, quick=True),
    Guest("linux-under-bios", kernel=LINUX, init=SHELL, cmdline=SERIAL,
          options=("--bios", "/usr/share/seabios/bios-256k.bin"),
          expect=("Linux version 6.1.0-50-686", "halbox: shell on /dev/ttyS0", "halbox: done"),
          ticks=30_000_000_000),
    Guest("seabios-nothing-to-boot", options=("--bios", "/usr/share/seabios/bios-256k.bin",
                                              "--debugcon", "/dev/stdout"),
          qemu=("-chardev", "stdio,id=d", "-device", "isa-debugcon,iobase=0x402,chardev=d"),
          expect=("SeaBIOS (version", "Found 2 serial ports", "No bootable device."),
          ticks=100_000_000, quick=True),
)
