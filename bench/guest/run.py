#!/usr/bin/env python3
"""bench/guest/run.py BUILD [REGEX] -- how fast guest code runs, against the
emulators that are installed (qemu-system-i386 with TCG, bochs). Debian's
packages: qemu-system-x86; bochs, bochs-term, bochsbios and vgabios.

Each round boots the kernel bench.elf under each of them in turn, so that other
load on the host meets all alike. A row is the median of the CPU time that the
process spends between the guest's "@S name" and "@E name" lines, for a unit of
work; "start" is up to the first line of a guest without any. Ratios above one
mean that halbox is faster; FASTER_THAN_TCG and CPU_LIMIT say which must be
reached. Checksums must be the same everywhere, but for those of TIMED.
"""
import hashlib, math, os, re, select, shutil, signal, statistics, struct
import subprocess, sys, tempfile, time

ROUNDS = int(os.environ.get("ROUNDS", "3"))
LIMIT_S = 600  # of one process

# name: (kernel's test, count, argument)
CPU = {
    "sieve": ("sieve", 50, None), "crc32": ("crc32", 100, None),
    "qsort": ("qsort", 3, None), "sha256": ("sha256", 20, None),
    "interp": ("interp", 25, None), "matmul": ("matmul", 80, None),
    "fib": ("fib", 60, None), "list": ("list", 8000, None),
    "x87": ("x87", 8, None), "sse2": ("sse2", 25, None),
}
MEMORY = {
    "movs": ("movs_cpy", 40, None), "movsb": ("movsb_cpy", 16, None),
    "stos": ("stos_set", 60, None), "reps_short": ("reps_short", 3000, None),
    "movs_alias": ("movs_cpy", 5, 16 << 20),
}
LOOPS = {
    "loop_cpy": ("loop_cpy", 40, None), "loop_set": ("loop_set", 40, None),
    "loop_sum": ("loop_sum", 40, None),
    "chase64": ("chase", 1000, 64), "chase256": ("chase", 800, 256),
}
SYSTEM = {
    "chase1024": ("chase", 60, 1024), "chase4096": ("chase", 50, 4096),
    "chase16384": ("chase", 40, 16384),
    "invlpg": ("invlpg", 2000, None), "cr3": ("cr3", 100, 16),
    "cr3_0": ("cr3", 200, 0), "pf": ("pf", 200, 4096),
    "smc": ("smc", 60, None), "smcdata": ("smcdata", 2000, None),
    "cold": ("cold", 10, 1),
    "out80": ("out80", 10000, None), "inlsr": ("inlsr", 8000, None),
    "inpic": ("inpic", 8000, None), "pcicfg": ("pcicfg", 3000, None),
}
TRAPS = {
    "int80": ("int80", 2000, None), "int80u": ("int80u", 2000, None),
    "sysenter": ("sysenter", 10000, None),
}
# MiB, and sectors of a command or bytes of a word
DISK = {
    "ide_dma": ("ide_dma", 64, None), "ide_dma_4k": ("ide_dma", 32, 8),
    "ide_dma_w": ("ide_dma_w", 64, None),
    "ide_dma_poll": ("ide_dma_poll", 64, None),
    "ide_pio": ("ide_pio", 16, None), "ide_pio_32": ("ide_pio", 16, 4),
    "ide_pio_w": ("ide_pio_w", 16, None),
}
DISK_MIB = 64
ROWS = {**CPU, **MEMORY, **LOOPS, **SYSTEM, **TRAPS, **DISK}
for row in ("x87", "sse2"):  # last: who lacks them ends there
    ROWS[row] = ROWS.pop(row)
FASTER_THAN_TCG = list(MEMORY) + list(SYSTEM) + list(DISK) + ["start"]
CPU_LIMIT = {"tcg": 0.2, "bochs": 3.5}  # geometric mean of the CPU rows
START_LIMIT_S = 0.010
STARTS = {"halbox": 10, "tcg": 3, "bochs": 1}  # a round; the least disturbed
# slower ones do a part of the counts; times are by unit
TIMED = ["inlsr"]  # the transmitter's state
FACTOR = {"halbox": 1.0, "tcg": 1.0, "bochs": 0.15}


def count_of(row, engine):
    return max(1, round(ROWS[row][1] * FACTOR[engine]))


def command_line(rows, engine):
    words = []
    for row in rows:
        test, _, arg = ROWS[row]
        words.append(f"{test}:{count_of(row, engine)}"
                     + ("" if arg is None else f":{arg}"))
    return "run=" + ",".join(words) if rows else ""


def disk_image(guest, path, command):
    """The boot sector, the command line, the kernel: for who has only a BIOS."""
    boot = bytearray(open(f"{guest}/boot.bin", "rb").read())
    kernel = open(f"{guest}/bench.bin", "rb").read()
    entry = struct.unpack_from("<I", open(f"{guest}/bench.elf", "rb").read(), 24)
    struct.pack_into("<IH", boot, 502, entry[0], -(-len(kernel) // 512))
    with open(path, "wb") as f:
        f.write(bytes(boot) + command.encode().ljust(2048, b"\0") + kernel)
        f.truncate(516096 * 20)


def bochs(guest, scratch, command):
    fifo, image = f"{scratch}/serial", f"{scratch}/boot.img"
    if not os.path.exists(fifo):
        os.mkfifo(fifo)
    disk_image(guest, image, command)
    with open(f"{scratch}/bochsrc", "w") as f:
        f.write(f"""display_library: term
romimage: file=$BXSHARE/BIOS-bochs-latest
vgaromimage: file=$BXSHARE/VGABIOS-lgpl-latest
megs: 256
cpu: count=1, ips=100000000, reset_on_triple_fault=0
clock: sync=none
boot: disk
log: {scratch}/bochs.log
panic: action=fatal
error: action=ignore
info: action=ignore
com1: enabled=1, mode=file, dev={fifo}
ata0: enabled=1, ioaddr1=0x1f0, ioaddr2=0x3f0, irq=14
ata0-master: type=disk, path={image}, mode=flat
pci: enabled=1, chipset=i440fx
mouse: enabled=0
sound: waveoutdrv=dummy, waveindrv=dummy, midioutdrv=dummy
speaker: enabled=0
""")
    with open(f"{scratch}/go", "w") as f:
        f.write("c\n")
    return (["bochs-bin", "-q", "-f", f"{scratch}/bochsrc", "-rc",
             f"{scratch}/go"], fifo)


def disk_of(scratch, command, option, value):
    """Options for a disk of pseudo-random bytes, if a test wants one."""
    if "ide_" not in command:
        return []
    path = f"{scratch}/disk"
    with open(path, "wb") as f:
        for i in range(DISK_MIB):
            f.write(hashlib.shake_128(b"%d" % i).digest(1 << 20))
    return [option, value.replace("PATH", path)]


def engine_command(engine, build, scratch, command):
    guest = f"{build}/bench/guest"
    if engine == "bochs":
        return bochs(guest, scratch, command)
    if engine == "tcg":
        disk = disk_of(scratch, command, "-drive",
                       "file=PATH,format=raw,if=ide,index=2")
        return (["qemu-system-i386", "-accel", "tcg", "-nodefaults", "-display",
                 "none", "-m", "256", "-serial", "stdio", "-device",
                 "isa-debug-exit,iobase=0xf4", *disk, "-kernel",
                 f"{guest}/bench.elf", "-append", command], None)
    disk = disk_of(scratch, command, "--disk", "PATH,to=piix3_ide,drive=2")
    return ([f"{build}/halbox", "boot", f"{guest}/bench.elf", "--memory", "256M",
             "--time-limit", "3600", *disk, "--cmdline", command],
            None)


def cpu_seconds(pid):
    """Of all its threads, ended ones too: what clock_getcpuclockid(3) gives."""
    try:
        return time.clock_gettime((~pid << 3) | 2)
    except OSError:
        return 0.0


def lines_of(engine, build, scratch, command):
    """Runs it; yields (CPU seconds, line) for each line that it says."""
    argv, fifo = engine_command(engine, build, scratch, command)
    source = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK) if fifo else None
    start = time.monotonic()
    process = subprocess.Popen(
        argv, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL if fifo else subprocess.PIPE,
        env=dict(os.environ, TERM="vt100"), start_new_session=True)
    if not fifo:
        source = process.stdout.fileno()
    text = b""
    try:
        while time.monotonic() - start < LIMIT_S:
            if not select.select([source], [], [], 0.5)[0]:
                if process.poll() is not None:
                    return
                continue
            data = os.read(source, 4096)
            if not data:
                if process.poll() is not None or not fifo:
                    return
                time.sleep(0.002)
                continue
            now = cpu_seconds(process.pid)
            text += data
            while b"\n" in text:
                line, text = text.split(b"\n", 1)
                yield now, line.decode("latin1").strip()
                if line.startswith(b"@X"):
                    return
    finally:
        if process.poll() is None:
            time.sleep(0.1)
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        process.wait()
        if fifo:
            os.close(source)


def measure(engine, build, rows, times, sums):
    with tempfile.TemporaryDirectory() as scratch:
        started, todo = None, list(rows)
        for cpu, line in lines_of(engine, build, scratch,
                                        command_line(rows, engine)):
            word = line.split()
            if word and word[0] == "@S":
                started = cpu
            elif word and word[0] == "@E" and started is not None and todo:
                row = todo.pop(0)
                times.setdefault((engine, row), []).append(
                    (cpu - started) / count_of(row, engine))
                sums.setdefault((engine, row), set()).add(word[2])
            elif word and word[0] == "@!":
                print(f"{engine}: {line}")
        if todo:
            print(f"{engine}: did not finish {todo[0]}")


def measure_start(engine, build, times):
    with tempfile.TemporaryDirectory() as scratch:
        spent = [cpu for _ in range(STARTS[engine])
                 for cpu, line in lines_of(engine, build, scratch, "")
                 if line == "@B"]
    if spent:
        times.setdefault((engine, "start"), []).append(min(spent))


def mean(values):
    return math.exp(statistics.fmean(map(math.log, values)))


def verdict(good):
    return "PASS" if good else "below its limit"


def report(rows, peers, times):
    """Prints the rows; returns whether all limits are met."""
    median = {key: statistics.median(v) for key, v in times.items()}
    ratios, good = {p: {} for p in peers}, True
    for row in rows:
        ours, text = median.get(("halbox", row)), f"guest: {row}"
        if ours is None:
            good = False
            print(f"{text:<30} not run")
            continue
        print(f"{text:<30} {ours * 1e3:10.4g} ms", end="")
        for peer in peers:
            theirs = median.get((peer, row))
            if theirs is None or not ours:
                continue
            ratio = ratios[peer][row] = theirs / ours
            print(f"  {ratio:7.2f} x {peer}", end="")
            if peer == "tcg" and row in FASTER_THAN_TCG:
                print(f" {verdict(ratio > 1)}", end="")
                good &= ratio > 1
        if row == "start":
            print(f"  limit {START_LIMIT_S * 1e3:.0f} ms "
                  f"{verdict(ours < START_LIMIT_S)}", end="")
            good &= ours < START_LIMIT_S
        print()
    for peer in peers:
        values = [r for row, r in ratios[peer].items() if row in CPU]
        if len(values) == len(CPU):
            limit = CPU_LIMIT[peer]
            print(f"guest: CPU rows, geometric mean {mean(values):5.2f} x "
                  f"{peer}, limit {limit} {verdict(mean(values) >= limit)}")
            good &= mean(values) >= limit
    return good


def main():
    build, pattern = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else ""
    rows = [row for row in [*ROWS, "start"] if re.search(pattern, row)]
    tests = [row for row in rows if row != "start"]
    peers = [engine for engine, program in (("tcg", "qemu-system-i386"),
                                            ("bochs", "bochs-bin"))
             if shutil.which(program)]
    times, sums = {}, {}
    for _ in range(ROUNDS):
        for engine in ["halbox"] + peers:
            mine = [t for t in tests if engine != "bochs" or t not in DISK]
            if mine:
                measure(engine, build, mine, times, sums)
            if "start" in rows:
                measure_start(engine, build, times)
    good = report(rows, peers, times)
    for row in set(tests) - set(TIMED):
        seen = set()
        for peer in ["halbox"] + peers:
            if count_of(row, peer) == count_of(row, "halbox"):
                seen |= sums.get((peer, row), set())
        if len(seen) > 1:
            print(f"guest: {row}: checksums differ")
            good = False
    sys.exit(0 if good else 1)


main()
