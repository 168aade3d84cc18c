/* bench/machine_bench.c -- what a user waits for: start to the first
 * instruction of a driver, a demo, saves, and the interpreter's speed. Peers
 * are emulators that are installed; none has to be.
 * Usage: machine_bench BUILD (where halbox and images/ are) */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cpu/cpu.h"
#include "halbox/control.h"

enum { TURNS = 9, NS_PER_TICK = 10, LOOP_TICKS = 20000000 };

static double seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void must(enum hb_status status, const struct hb_error *error)
{
    if (status == HB_OK)
        return;
    fprintf(stderr, "machine_bench: %s\n",
            error ? error->text : hb_status_name(status));
    exit(3);
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(double *v)
{
    qsort(v, TURNS, sizeof *v, ascending);
    return v[TURNS / 2];
}

static bool row(const char *what, double ms, double limit)
{
    bool good = ms < limit;

    printf("%-46s %7.1f ms of < %3.0f  %s\n", what, ms, limit,
           good ? "PASS" : "FAIL");
    return good;
}

/* ---- processes ---------------------------------------------------------- */

struct cost {
    double wall, cpu; /* seconds; user and system */
};

/* Runs @argv to its end, without its output. It has to end well. */
static struct cost process(char *const *argv)
{
    double begun = seconds();
    struct rusage use;
    int status = 0;
    pid_t pid;

    fflush(stdout); /* or the child prints it once more */
    pid = fork();
    if (pid == 0) {
        if (!freopen("/dev/null", "w", stdout))
            _exit(3);
        execvp(argv[0], argv);
        _exit(3);
    }
    if (pid < 0 || wait4(pid, &status, 0, &use) != pid || status) {
        fprintf(stderr, "machine_bench: %s failed\n", argv[0]);
        exit(3);
    }
    return (struct cost){
        seconds() - begun,
        (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
            (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6};
}

/* ---- start -------------------------------------------------------------- */

static struct machine *machine_with(const char *memory, const char *driver)
{
    struct machine_config config;
    struct hb_error error;
    struct machine *m;
    uint32_t image;

    must(machine_config_init(&config, NULL, &error), &error);
    must(machine_config_set(&config, "memory", memory, &error), &error);
    must(machine_config_device(&config, "edu", &error), &error);
    must(machine_create(&m, &config, &error), &error);
    must(machine_load_driver_file(m, driver, &image, &error), &error);
    return m;
}

/* In a process of its own: ends before DriverEntry's first instruction. */
static int to_first_instruction(const char *memory, const char *driver)
{
    const struct machine_breakpoint entry = {.glob = "callback"};
    struct machine *m = machine_with(memory, driver);
    struct machine_stop stop;

    if (machine_break(m, &entry, NULL) <= 0)
        return 3;
    machine_driver_start(m, 1);
    machine_run(m, MACHINE_FOR_EVER, &stop);
    return stop.reason == STOP_BREAKPOINT ? 0 : 3;
}

static bool start(char *self, char *memory, char *driver)
{
    char *const argv[] = {self, "--start", memory, driver, NULL};
    double ms[TURNS];
    char what[80];

    for (unsigned i = 0; i < TURNS; i++)
        ms[i] = process(argv).wall * 1e3;
    snprintf(what, sizeof what, "start to first driver instruction, %s",
             memory);
    return row(what, median(ms), 20);
}

static bool demo(const char *build, char *driver)
{
    char command[512];
    char *const argv[] = {command, "run",        driver,         "--device",
                          "edu",   "--scenario", "demo/edu.lua", NULL};
    double ms[TURNS];

    snprintf(command, sizeof command, "%s/halbox", build);
    for (unsigned i = 0; i < TURNS; i++)
        ms[i] = process(argv).cpu * 1e3;
    return row("a demo scenario, process time", median(ms), 100);
}

/* ---- saves -------------------------------------------------------------- */

static void saves(const char *driver)
{
    struct machine *m = machine_with("16M", driver), *loaded;
    double save[TURNS], load[TURNS], mib, t;
    struct hb_error error;
    uint8_t *bytes;
    size_t count;

    must(machine_start(m, 1000000000, &error), &error);
    for (unsigned i = 0; i < TURNS; i++) {
        t = seconds();
        must(machine_save_bytes(m, &bytes, &count, &error), &error);
        save[i] = seconds() - t;
        t = seconds();
        must(machine_load_bytes(&loaded, bytes, count, &error), &error);
        load[i] = seconds() - t;
        machine_destroy(loaded);
        free(bytes);
    }
    machine_destroy(m);
    mib = (double)count / (1 << 20);
    printf("%-46s %7.2f ms per MiB (%.1f MiB)\n", "save",
           median(save) * 1e3 / mib, mib);
    printf("%-46s %7.2f ms per MiB\n", "load", median(load) * 1e3 / mib);
}

/* ---- the interpreter ---------------------------------------------------- */

/* Real mode, from the reset vector at FFFFFFF0h; RAM is where a ROM would be.
 *   jmp 1000h;  1000h: mov cx, 0
 *   next: mov ax, [bx + 2000h]; add ax, cx; xor dx, ax; mov [bx + 2000h], ax
 *         dec cx; jnz next; jmp next */
static void interpreter(void)
{
    static const uint8_t jump[] = {0xe9, 0x0d, 0x10};
    static const uint8_t loop[] = {0xb9, 0,    0,    0x8b, 0x87, 0,    0x20,
                                   1,    0xc8, 0x31, 0xc2, 0x89, 0x87, 0,
                                   0x20, 0x49, 0x75, 0xf1, 0xeb, 0xef};
    static const struct ram_range ranges[] = {{0, 1 << 20},
                                              {0xffff0000, 1 << 16}};
    struct ram ram;
    struct clock clock;
    struct events events;
    struct bus *bus;
    struct cpu cpu = {0};
    double t[TURNS];

    must(ram_create(&ram, ranges, 2, NULL), NULL);
    ram_write(&ram, gpa_of(0xfffffff0), jump, sizeof jump);
    ram_write(&ram, gpa_of(0xffff1000), loop, sizeof loop);
    clock_init(&clock, NS_PER_TICK);
    events_init(&events, &clock);
    must(
        bus_create(&bus, &ram, &clock, &events, &(struct bus_options){0}, NULL),
        NULL);
    bus_reset(bus);
    must(cpu_create(&cpu, &ram, bus, &clock, &events, NULL), NULL);
    cpu_reset(&cpu);
    for (unsigned i = 0; i < TURNS; i++) {
        t[i] = seconds();
        clock.until = clock.now + LOOP_TICKS;
        cpu_run(&cpu);
        t[i] = seconds() - t[i];
    }
    printf("%-46s %7.1f MIPS (eip %04x)\n",
           "interpreter, loop of loads and stores",
           LOOP_TICKS / median(t) / 1e6, (unsigned)cpu.s.eip);
    cpu_destroy(&cpu);
    bus_destroy(bus);
    events_fini(&events);
    clock_fini(&clock);
    ram_destroy(&ram);
}

/* ---- peers -------------------------------------------------------------- */

/* Their start and end with nothing to boot; only a comparison. */
static void peer(void)
{
    char *const argv[] = {"qemu-system-i386", "-display", "none", "-S",
                          "-monitor",         "stdio",    NULL};
    FILE *commands = tmpfile();

    if (system("command -v qemu-system-i386 >/dev/null 2>&1")) {
        printf("%-46s not installed: no ratio\n", "peer: qemu-system-i386");
        return;
    }
    if (!commands || fputs("quit\n", commands) < 0 || fflush(commands) ||
        dup2(fileno(commands), STDIN_FILENO) < 0)
        return;
    rewind(commands);
    printf("%-46s %7.1f ms\n", "peer: qemu-system-i386, start and end",
           process(argv).wall * 1e3);
}

int main(int argc, char **argv)
{
    char driver[512];
    bool good = true;

    if (argc == 4 && !strcmp(argv[1], "--start"))
        _exit(to_first_instruction(argv[2], argv[3]));
    if (argc != 2) {
        fprintf(stderr, "usage: machine_bench BUILD\n");
        return 2;
    }
    snprintf(driver, sizeof driver, "%s/images/edu.sys", argv[1]);
    good &= start(argv[0], "16M", driver);
    good &= start(argv[0], "6G", driver);
    good &= demo(argv[1], driver);
    saves(driver);
    interpreter();
    peer();
    return good ? 0 : 1;
}
