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
class Seeded:
    """Pseudo-random bytes, drawn from the file's name."""

    bytes: int


@dataclass(frozen=True)
class Given:
    """These bytes."""

    bytes: bytes


@dataclass(frozen=True)
class Widened:
    """File @name's bytes, 8-bit samples of one side, as 16-bit frames of two."""

    name: str


@dataclass(frozen=True)
class Zeros:
    bytes: int


@dataclass(frozen=True)
class Ext2:
    """A file system; @files: names of the row's files before it."""

    bytes: int
    block: int
    files: tuple


@dataclass(frozen=True)
class BootFloppy:
    """Of two sides, pseudo-random but for its boot sector, sector.S. @left: as
    that leaves it."""

    cylinders: int
    sectors: int
    left: bool = False


@dataclass(frozen=True)
class GrubFloppy:
    """Of 1.44M; GRUB reads its @menu from a FAT file system."""

    menu: str


@dataclass(frozen=True)
class GrubDisc:
    """An El Torito disc; GRUB reads its @menu from it."""

    menu: str


@dataclass(frozen=True)
class LinuxDisc:
    """isolinux boots @kernel with the RAM disk of the row's script."""

    kernel: tuple
    cmdline: str


@dataclass(frozen=True)
class File:
    """A file of the host, made anew before each run. @packed: as .gz."""

    name: str
    content: object
    packed: bool = False


@dataclass(frozen=True)
class Guest:
    """@kernel is (package, path in it), or None; @init the script of its RAM
    disk, run when @modules are loaded (by driver name, "name parameter=value");
    those that they need come by themselves. @expect: text that must come on the
    serial line, in this order. In it, @cmdline, @options and @qemu (None: QEMU
    has not the device) {NAME} is the path of one of @files, {NAME.md5} its sum,
    {folder} where they are, {http} who serves them in a user network and
    {PACKAGE/PATH} the path of a package's file. Each file has its bytes still at
    the end, or those that @after, pairs of names, says; "FS/NAME" is a file in an
    Ext2. The RAM disk has the files that @carried names and, in /bin, @programs,
    compiled from C sources here. The sound card must have played the 16-bit
    stereo frames of the files @played, or a tone of @tone Hz. @ticks: a bound of
    its length. @packed: its kernel unpacks itself, 2.4 G instructions."""

    name: str
    expect: tuple
    ticks: int
    kernel: tuple = None
    init: str = None
    modules: tuple = ()
    files: tuple = ()
    after: tuple = ()
    carried: tuple = ()
    programs: tuple = ()
    played: tuple = ()
    tone: int = None
    cmdline: str = ""
    memory: str = "64M"
    options: tuple = ()
    qemu: tuple = ()
    quick: bool = False
    packed: bool = False


PACKAGES = {
    p.name: p
    for p in (
        Package("linux-image-6.1.0-50-686", "6.1.176-1",
                "526c469c5148a2b61c4241c3f6575427096575e0ffef9541b6729351c600b3e4"),
        Package("linux-image-6.1.0-50-686-pae", "6.1.176-1",
                "0d6241268f9344a998c3339c11e527ea8048d409d6c770f67c573707606a3f2e"),
        Package("busybox-static", "1:1.35.0-4+deb12u1+b1",
                "725ef9e6fbac4ab79b353165b05005e8c140d6e42177ebbc202ff1e13ded8b7c"),
        Package("memtest86+", "6.10-4",
                "6ffae01e2cd795a3619454c81c612229686ab0969ad5119af5bdc04b382458b7"),
        Package("ipxe", "1.0.0+git-20190125.36a4c85-5.1",
                "49dc854857dcfb354292bdc79ce7419e0d72988666723395b2e102d147c3730d"),
        Package("ipxe-qemu", "1.0.0+git-20190125.36a4c85-5.1",
                "5c2419ce07f4d80ac5e88e32ac09cdc523c048af86c4730d682ba969d3189db2"),
        Package("grub-pc-bin", "2.06-13+deb12u2",
                "0f8e98fe06c9399d25960adda84ff67c43a05b7f9d74ffff98fae452a180e4f5"),
        Package("isolinux", "3:6.04~git20190206.bf6db5b4+dfsg1-3",
                "cb14af88adc2c3844976cd2de61571d2af94d2fb65c277fe4acf3dc8a5d25aae"),
        Package("syslinux-common", "3:6.04~git20190206.bf6db5b4+dfsg1-3",
                "f7e4ead7fdfe5cb6117d8d2485d75e53570a8cf680c81a432f92c1774f878875"),
    )
}

BIOS = ("--bios", "/usr/share/seabios/bios-256k.bin")
LINUX_PAE = ("linux-image-6.1.0-50-686-pae", "boot/vmlinuz-6.1.0-50-686-pae")
LINUX = ("linux-image-6.1.0-50-686", "boot/vmlinuz-6.1.0-50-686")
TESTED = "console=ttyS0,115200 noapic nolapic acpi=off"
# Without the tests of Linux's own ciphers, half of all instructions of a boot:
# one guest has them.
SERIAL = TESTED + " cryptomgr.notests"

# The end of every Linux guest: what is on its way leaves by the line, then port
# F4h, as isa-debug-exit has it.
END = r"""
echo "halbox: done"
sleep 1
printf '\000' | dd of=/dev/port bs=1 seek=244 count=1 2>/dev/null
"""

LOOK = r"""
echo "halbox: shell on $(tty), $(uname -sm)"
echo "halbox: $(echo -n abc | md5sum)"
date -u +"halbox: the year is %Y"
"""
SHELL = LOOK + END
# Every algorithm of Linux's own that was tested has passed.
CIPHERS = LOOK + r"""
passed=$(grep -c '^selftest.*passed' /proc/crypto)
test $passed = $(grep -c '^selftest' /proc/crypto) && echo "halbox: $passed ciphers passed"
""" + END

# Direct reads and writes: each is one command of the bus master, or a few. The
# last of the drives is read and copied through Linux's own cache.
IDE = r"""
await /dev/sdd
echo "halbox: by $(cat /sys/class/ata_device/dev1.0/xfer_mode)"
echo "halbox: read $(dd if=/dev/sda bs=1M iflag=direct 2>/dev/null | md5sum)"
dd if=/dev/sda of=/dev/sdb bs=1M iflag=direct oflag=direct 2>/dev/null
echo "halbox: back $(dd if=/dev/sdb bs=256k iflag=direct 2>/dev/null | md5sum)"
echo "halbox: packed $(md5sum </dev/sdc)"
cat /dev/sdd >/dev/sdc
sync
echo "halbox: copy $(dd if=/dev/sdc bs=512k iflag=direct 2>/dev/null | md5sum)"
""" + END

# By packets that DMA serves, then through Linux's cache. The tray opens behind who
# read; who opens next shuts it and is told of a changed medium, which Linux lets
# nobody read before it is opened once more. A disc is not written.
DISC = r"""
await /dev/sr0
echo "halbox: disc $(dd if=/dev/sr0 bs=64k iflag=direct 2>/dev/null | md5sum)"
cd /proc/sys/dev/cdrom
echo 0 >autoclose
echo 1 >autoeject
dd if=/dev/sr0 of=/dev/null bs=2k count=1 2>/dev/null
dd if=/dev/sr0 of=/dev/null bs=2k count=1 2>&1 | grep -o "No medium found"
echo 0 >autoeject
echo 1 >autoclose
true </dev/sr0
echo "halbox: again $(md5sum </dev/sr0)"
dd if=/dev/zero of=/dev/sr0 bs=2k count=1 2>&1 | grep -o "Read-only file system"
""" + END

# Without DMA: sectors in blocks of READ MULTIPLE, packets by word.
PIO = r"""
await /dev/sdb
await /dev/sr0
echo "halbox: by $(cat /sys/class/ata_device/dev1.0/xfer_mode)"
echo "halbox: read $(dd if=/dev/sda bs=256k iflag=direct 2>/dev/null | md5sum)"
dd if=/dev/sda of=/dev/sdb bs=64k iflag=direct oflag=direct 2>/dev/null
echo "halbox: disc $(dd if=/dev/sr0 bs=64k iflag=direct 2>/dev/null | md5sum)"
""" + END

# A file system whose file is read and written once more, raw writes to a second
# target, and a disc.
SCSI = r"""
await /dev/sdb
await /dev/sr0
mount -t ext2 /dev/sda /mnt
echo "halbox: disc $(md5sum </dev/sr0)"
echo "halbox: file $(md5sum </mnt/data)"
dd if=/mnt/data of=/dev/sdb bs=64k oflag=direct 2>/dev/null
cp /mnt/data /mnt/copy
umount /mnt
echo "halbox: back $(dd if=/dev/sdb bs=256k iflag=direct 2>/dev/null | md5sum)"
""" + END
EXT2 = ("crc32c_generic", "ext4", "sd_mod", "sr_mod")

# By channel 2: a drive is read as the driver does it, track by track, and from its
# cache another is written, cylinder by cylinder.
FLOPPY = r"""
await /dev/fd1
echo "halbox: floppy $(md5sum </dev/fd0)"
dd if=/dev/fd0 of=/dev/fd1 bs=18k oflag=direct 2>/dev/null
""" + END
# More RAM than 32-bit page tables reach.
PAE = r"""
echo "halbox: $(grep -o -w pae /proc/cpuinfo), $(head -1 /proc/meminfo)"
""" + SHELL

# A lost answer is asked for again, so that a network that is new after a save
# is no failure.
NET = r"""
ip link set eth0 up
ip addr add 10.0.2.15/24 dev eth0
until ping -c 1 -W 2 10.0.2.2 >/dev/null; do :; done
echo "halbox: $(ping -c 3 -s 1400 10.0.2.2 | grep -o "3 packets received")"
until timeout 10 wget -q -O /data "http://$http/data"; do :; done
echo "halbox: got $(md5sum </data)"
od -An -v -tx1 /data | tr -d " \n" >/text # wget posts no zeroes
until timeout 10 wget -q -O /sum --post-file /text "http://$http/"; do :; done
[ "$(cat /sum)  -" = "$(md5sum </text)" ] && echo "halbox: sent"
""" + END
# The node of FM is there when its driver has found the chip by its timers; that of
# MIDI opens when the port acknowledges reset and UART mode.
SOUND = r"""
await /dev/dsp
echo "halbox: fm $(ls /dev/snd | grep hw)"
printf '\220\074\100' >/dev/snd/midiC0D0 && echo "halbox: midi"
play </pcm && play8 </bytes && echo "halbox: played"
""" + END
NOTE = r"""
await /dev/snd/hwC0D0
note && echo "halbox: a note"
""" + END
NET_QUIET = SERIAL + " quiet printk.time=0 net.ifnames=0 http={http}"


def linux_net(name, card, driver, in_qemu=True):
    """Ping, and a file by HTTP here and back, over the user network."""
    return Guest(name, kernel=LINUX, init=NET, modules=(driver,), cmdline=NET_QUIET,
                 files=(File("data", Seeded(1 << 18)),),
                 options=("--device", card, "--net", "user"),
                 qemu=("-netdev", "user,id=n", "-device", card + ",netdev=n") if in_qemu else None,
                 expect=("halbox: 3 packets received", "halbox: got {data.md5}",
                         "halbox: sent", "halbox: done"),
                 ticks=60_000_000_000)


# What network boot loads: XOR AL, AL; OUT F4h, AL; HLT.
END_BY_F4 = Given(b"\x30\xc0\xe6\xf4\xf4")


def ipxe(name, card, rom=None):
    """iPXE has @card get an address, then a program by TFTP; from the kernel's
    place, or as the ROM on the card."""
    device = card + (f",rom={{ipxe-qemu/usr/lib/ipxe/qemu/{rom}}}" if rom else "")
    return Guest(name, kernel=None if rom else ("ipxe", "boot/ipxe.lkrn"),
                 cmdline="autoboot", memory="32M", files=(File("end", END_BY_F4),),
                 options=("--cpu", "pentium3", *BIOS, "--device", device, "--net",
                          "user,tftp={folder},bootfile=end", "--screen-text", "/dev/stdout"),
                 qemu=("-netdev", "user,id=n,tftp={folder},bootfile=end", "-device",
                       card + ",netdev=n", "-vga", "std"),
                 expect=("iPXE 1.0.0", "net0: 10.0.2.15/255.255.255.0 gw 10.0.2.2",
                         "tftp://10.0.2.2/end... ok"),
                 ticks=20_000_000_000)



def bios_floppy(name, cylinders, sectors):
    """SeaBIOS boots one of each format, and reads, writes, verifies and formats."""
    return Guest(name, files=(File("floppy", BootFloppy(cylinders, sectors)),
                              File("left", BootFloppy(cylinders, sectors, left=True))),
                 after=(("floppy", "left"),),
                 options=(*BIOS, "--floppy", "{floppy}", "--set", "fdc.speed=4"),
                 qemu=("-drive", "file={floppy},format=raw,if=floppy", "-serial", "stdio"),
                 expect=(f"halbox: drive {cylinders - 1:02X}{sectors:02X}01", "halbox: done"),
                 ticks=400_000_000)


MENU = """
set timeout=-1
menuentry "halbox: the first" { true }
menuentry "halbox: the second" { true }
"""
SCREEN = ("GNU GRUB  version 2.06", "*halbox: the first", "halbox: the second",
          "Press enter to boot")

GUESTS = (
    Guest("linux-shell", kernel=LINUX, init=SHELL, cmdline=SERIAL, packed=True,
          expect=("Linux version 6.1.0-50-686", "halbox: shell on /dev/ttyS0, Linux i686",
                  "halbox: 900150983cd24fb0d6963f7d28e17f72", "halbox: the year is 2000",
                  "halbox: done"),
          ticks=30_000_000_000, quick=True),
    Guest("linux-under-bios", kernel=LINUX, init=CIPHERS, cmdline=TESTED,
          options=BIOS, packed=True,
          expect=("Linux version 6.1.0-50-686", "halbox: shell on /dev/ttyS0",
                  "ciphers passed", "halbox: done"),
          ticks=30_000_000_000),
    Guest("seabios-nothing-to-boot", options=(*BIOS, "--debugcon", "/dev/stdout"),
          qemu=("-chardev", "stdio,id=d", "-device", "isa-debugcon,iobase=0x402,chardev=d"),
          expect=("SeaBIOS (version", "Found 2 serial ports", "No bootable device."),
          ticks=100_000_000, quick=True),
    Guest("linux-ide", kernel=LINUX, init=IDE, cmdline=SERIAL,
          modules=("ata_piix", "sd_mod"),
          files=(File("disk", Seeded(16 << 20)), File("target", Zeros(16 << 20)),
                 File("packed", Seeded(2 << 20), packed=True),
                 File("small", Seeded(2 << 20))),
          after=(("target", "disk"),),
          options=("--disk", "{disk}", "--disk", "{target}", "--disk", "{packed}",
                   "--disk", "{small}"),
          qemu=("-drive", "file={disk},format=raw", "-drive", "file={target},format=raw",
                "-drive", "file={small},format=raw,snapshot=on",
                "-drive", "file={small},format=raw,snapshot=on"),
          expect=("halbox: by XFER_MW_DMA_2", "halbox: read {disk.md5}",
                  "halbox: back {disk.md5}", "halbox: packed {packed.md5}",
                  "halbox: copy {small.md5}", "halbox: done"),
          ticks=30_000_000_000),
    Guest("linux-disc", kernel=LINUX, init=DISC, cmdline=SERIAL,
          modules=("ata_piix", "sr_mod"), files=(File("disc", Seeded(8 << 20)),),
          options=("--cdrom", "{disc}"), qemu=("-cdrom", "{disc}"),
          expect=("halbox: disc {disc.md5}", "No medium found", "halbox: again {disc.md5}",
                  "Read-only file system", "halbox: done"),
          ticks=30_000_000_000),
    Guest("linux-ide-pio", kernel=LINUX, init=PIO, cmdline=SERIAL,
          modules=("libata dma=0", "ata_piix", "sd_mod", "sr_mod"),
          files=(File("disk", Seeded(4 << 20)), File("target", Zeros(4 << 20)),
                 File("disc", Seeded(2 << 20))),
          after=(("target", "disk"),),
          options=("--disk", "{disk}", "--disk", "{target}", "--cdrom", "{disc}"),
          qemu=("-drive", "file={disk},format=raw", "-drive", "file={target},format=raw",
                "-cdrom", "{disc}"),
          expect=("halbox: by XFER_PIO_4", "halbox: read {disk.md5}",
                  "halbox: disc {disc.md5}", "halbox: done"),
          ticks=30_000_000_000),
    Guest("linux-aha1542", kernel=LINUX, init=SCSI, cmdline=SERIAL,
          modules=("aha1542",) + EXT2,
          files=(File("data", Seeded(3 << 20)), File("fs", Ext2(8 << 20, 1024, ("data",))),
                 File("target", Zeros(3 << 20)), File("disc", Seeded(1 << 20))),
          after=(("target", "data"), ("fs/copy", "data")),
          options=("--device", "aha1542", "--disk", "{fs},to=aha1542,drive=0",
                   "--disk", "{target},to=aha1542,drive=3",
                   "--cdrom", "{disc},to=aha1542,drive=5"),
          qemu=None,
          expect=("halbox: disc {disc.md5}", "halbox: file {data.md5}",
                  "halbox: back {data.md5}", "halbox: done"),
          ticks=30_000_000_000),
    Guest("linux-buslogic", kernel=LINUX, init=SCSI, cmdline=SERIAL,
          modules=("BusLogic",) + EXT2,
          files=(File("data", Seeded(7 << 20)), File("fs", Ext2(16 << 20, 4096, ("data",))),
                 File("target", Zeros(7 << 20)), File("disc", Seeded(1 << 20))),
          after=(("target", "data"), ("fs/copy", "data")),
          options=("--device", "buslogic", "--disk", "{fs},to=buslogic,drive=0",
                   "--disk", "{target},to=buslogic,drive=11",
                   "--cdrom", "{disc},to=buslogic,drive=15"),
          qemu=None,
          expect=("halbox: disc {disc.md5}", "halbox: file {data.md5}",
                  "halbox: back {data.md5}", "halbox: done"),
          ticks=30_000_000_000),
    Guest("linux-floppy", kernel=LINUX, init=FLOPPY, cmdline=SERIAL, modules=("floppy",),
          files=(File("floppy", Seeded(1440 << 10)), File("target", Zeros(1440 << 10))),
          after=(("target", "floppy"),),
          options=("--floppy", "{floppy}", "--floppy", "{target}"),
          qemu=("-drive", "file={floppy},format=raw,if=floppy",
                "-drive", "file={target},format=raw,if=floppy,index=1"),
          expect=("halbox: floppy {floppy.md5}", "halbox: done"),
          ticks=60_000_000_000),
    Guest("linux-pae-pentium2", kernel=LINUX_PAE, init=PAE, cmdline=SERIAL, memory="5G",
          packed=True,
          options=("--cpu", "pentium2"), qemu=None,  # of version 7.2: its TCG faults
          expect=("Linux version 6.1.0-50-686-pae", "halbox: pae, MemTotal:        5",
                  "halbox: shell on /dev/ttyS0, Linux i686",
                  "halbox: 900150983cd24fb0d6963f7d28e17f72", "halbox: done"),
          ticks=30_000_000_000),
    # A slow machine: the test that waits for bits to fade takes less of the host.
    Guest("memtest86+", kernel=("memtest86+", "boot/memtest86+ia32.bin"), memory="16M",
          cmdline="console=ttyS0,115200 nobench", options=("--set", "ns-per-tick=100"),
          expect=("[Bit fade test, 2 patterns]", "Pass:  1        Errors: 0 "),
          ticks=23_000_000_000),
    Guest("linux-sb16", kernel=LINUX, init=SOUND, cmdline=SERIAL, programs=("play", "play8"),
          modules=("snd_sb16 isapnp=0 port=0x220 irq=5 dma8=1 dma16=5 mpu_port=0x330", "snd_pcm_oss"),
          files=(File("pcm", Seeded(44100)), File("bytes", Seeded(11025)),
                 File("wide", Widened("bytes"))),
          carried=("pcm", "bytes"), played=("pcm", "wide"),
          options=("--device", "sb16"), qemu=("-audiodev", "none,id=a", "-device", "sb16,audiodev=a"),
          expect=("halbox: fm hwC0D0", "halbox: midi", "halbox: played", "halbox: done"),
          ticks=30_000_000_000),
    Guest("linux-opl3", kernel=LINUX, init=NOTE, cmdline=SERIAL, programs=("note",),
          modules=("snd_sb16 isapnp=0 port=0x220 irq=5 dma8=1 dma16=5",),
          tone=440, options=("--device", "sb16"), qemu=None,
          expect=("halbox: a note", "halbox: done"), ticks=30_000_000_000),
    linux_net("linux-8139cp", "rtl8139", "8139cp"),
    linux_net("linux-8139too", "rtl8139c", "8139too", in_qemu=False),
    linux_net("linux-pcnet32", "pcnet", "pcnet32"),
    ipxe("ipxe-rtl8139", "rtl8139"),
    ipxe("ipxe-pcnet", "pcnet"),
    ipxe("ipxe-rtl8139-rom", "rtl8139", "pxe-rtl8139.rom"),
    ipxe("ipxe-pcnet-rom", "pcnet", "pxe-pcnet.rom"),
    bios_floppy("bios-floppy-360k", 40, 9),
    bios_floppy("bios-floppy-720k", 80, 9),
    bios_floppy("bios-floppy-1200k", 80, 15),
    bios_floppy("bios-floppy-1440k", 80, 18),
    bios_floppy("bios-floppy-2880k", 80, 36),
    Guest("grub-floppy", files=(File("floppy", GrubFloppy(MENU)),),
          options=(*BIOS, "--floppy", "{floppy}",
                   "--set", "fdc.speed=4", "--screen-text", "/dev/stdout"),
          qemu=None, expect=SCREEN, ticks=400_000_000),
    Guest("grub-disc", files=(File("disc", GrubDisc(MENU)),),
          options=(*BIOS, "--cdrom", "{disc}",
                   "--screen-text", "/dev/stdout"),
          qemu=None, expect=SCREEN, ticks=150_000_000),
    Guest("isolinux-linux", init=SHELL, files=(File("disc", LinuxDisc(LINUX, SERIAL)),),
          options=(*BIOS, "--cdrom", "{disc}"),
          qemu=("-cdrom", "{disc}", "-serial", "stdio"),
          expect=("Linux version 6.1.0-50-686", "halbox: shell on /dev/ttyS0", "halbox: done"),
          ticks=30_000_000_000),
)
