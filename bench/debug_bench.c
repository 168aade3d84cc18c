/* bench/debug_bench.c -- what the debugger costs: a guest that works, with the
 * debugger hanging on it and keeping states to go back to, beside the same
 * guest alone, in turns; and how long a step back takes from far inside such a
 * run. Usage: debug_bench BUILD */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "halbox/debug.h"

enum { TURNS = 9, SLICE_TICKS = 20000000, BACK_TICKS = 400000000, STEPS = 21 };
enum { CODE = 0x100000 };

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
    fprintf(stderr, "debug_bench: %s\n", error->text);
    exit(3);
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Adds to 8 MiB of memory for ever:
 *   mov ebx, 200000h
 *   next: add [ebx + 4 * esi], esi; inc esi; and esi, 1FFFFFh; jmp next */
static struct machine *worker(void)
{
    static const uint8_t code[] = {0xbb, 0,    0,    0x20, 0,    1,
                                   0x34, 0xb3, 0x46, 0x81, 0xe6, 0xff,
                                   0xff, 0x1f, 0,    0xeb, 0xf4};
    struct machine_config config;
    struct hb_error error;
    struct machine *m;

    must(machine_config_init(&config, NULL, &error), &error);
    config.bare = true;
    config.memory = 64 << 20;
    must(machine_create(&m, &config, &error), &error);
    must(machine_load_program(m, PROGRAM_FLAT, code, sizeof code, gpa_of(CODE),
                              &error),
         &error);
    return m;
}

static struct debug *attach(struct machine *m,
                            const struct debug_client *client)
{
    const struct debug_options options = {.stop_first = false};
    struct hb_error error;
    struct debug *d;

    must(debug_attach(&d, m, &options, client, &error), &error);
    return d;
}

static double slice(struct machine *m)
{
    double begun = seconds();

    machine_run(m, machine_position(m).tick + SLICE_TICKS, NULL);
    return seconds() - begun;
}

static bool speed(void)
{
    const struct debug_client nobody = {.context = NULL};
    struct machine *alone = worker(), *debugged = worker();
    struct debug *d = attach(debugged, &nobody);
    double ratio[TURNS];
    bool good;

    for (unsigned i = 0; i < TURNS; i++) {
        double t = slice(alone);

        ratio[i] = t / slice(debugged);
    }
    qsort(ratio, TURNS, sizeof *ratio, ascending);
    good = ratio[TURNS / 2] >= 0.9;
    printf("%-46s %7.2f x alone (>= 0.90) %s\n", "a guest under the debugger",
           ratio[TURNS / 2], good ? "PASS" : "FAIL");
    debug_detach(d);
    machine_destroy(debugged);
    machine_destroy(alone);
    return good;
}

/* ---- back ---------------------------------------------------------------- */

struct back {
    enum debug_step step;
    double ms[STEPS], begun;
    unsigned steps;
};

/* At the first stop and each one then: one step back. */
static void stopped(void *context, struct debug *d,
                    const struct debug_stop *stop)
{
    struct back *b = context;
    struct debug_order order = {.kind = DEBUG_STEP, .back = true};
    double now = seconds();

    if (stop->reason == DEBUG_STEPPED && b->begun > 0)
        b->ms[b->steps++] = (now - b->begun) * 1e3;
    b->begun = seconds();
    order.step = b->step;
    if (b->steps == STEPS || stop->reason == DEBUG_FIRST)
        order.kind = DEBUG_QUIT;
    debug_order(d, &order, NULL);
}

static bool back_row(struct back *b, const char *what)
{
    bool good;

    if (!b->steps) {
        printf("%-46s nothing to go back over  FAIL\n", what);
        return false;
    }
    qsort(b->ms, b->steps, sizeof *b->ms, ascending);
    good = b->ms[b->steps - 1] < 100;
    printf("%-46s %7.1f ms, longest %.1f of < 100  %s\n", what,
           b->ms[b->steps / 2], b->ms[b->steps - 1], good ? "PASS" : "FAIL");
    return good;
}

static bool back_in_work(void)
{
    struct back b = {.step = DEBUG_INSTRUCTION};
    const struct debug_client client = {.context = &b, .stopped = stopped};
    struct machine *m = worker();
    struct debug *d = attach(m, &client);

    machine_run(m, BACK_TICKS, NULL);
    debug_over(d);
    debug_detach(d);
    machine_destroy(m);
    return back_row(&b, "back an instruction, after 400 million");
}

/* A driver whose card has moved two pages there and back. */
static void transfers(struct machine *m)
{
    enum { BYTES = 4096, OFFSET = 0x345 };
    const uint32_t pages[] = {0x5a0, 0x321};
    struct machine_call call = {.kind = CALL_OPEN, .path = "\\\\.\\Edu0"};
    struct machine_result r;
    struct hb_error error;
    uint32_t process, client, ticket;
    gva_t at;

    must(machine_start(m, 1000000000, &error), &error);
    process = machine_process(m, "bench", &error);
    client = machine_client(m, process, &error);
    must(machine_buffer_pages(m, process, pages, 2, OFFSET, &at, &error),
         &error);
    for (unsigned i = 0; i < 3; i++) {
        ticket = machine_post(m, client, &call);
        machine_wait(m, ticket, WAIT_IO, 1000000000, NULL);
        machine_result(m, ticket, &r);
        if (i == 0)
            call = (struct machine_call){.handle = r.handle};
        call.kind = i ? CALL_READ : CALL_WRITE;
        call.in = call.out = at;
        call.in_bytes = call.out_bytes = BYTES;
    }
}

static bool back_over_dma(const char *driver, enum debug_step step)
{
    struct back b = {.step = step};
    const struct debug_client client = {.context = &b, .stopped = stopped};
    struct machine_config config;
    struct hb_error error;
    struct machine *m;
    struct debug *d;
    uint32_t image;
    char what[64];

    must(machine_config_init(&config, NULL, &error), &error);
    must(machine_config_device(&config, "edu", &error), &error);
    must(machine_create(&m, &config, &error), &error);
    must(machine_load_driver_file(m, driver, &image, &error), &error);
    d = attach(m, &client);
    transfers(m);
    debug_over(d);
    debug_detach(d);
    machine_destroy(m);
    snprintf(what, sizeof what, "back a %s of DMA", debug_step_name(step));
    return back_row(&b, what);
}

int main(int argc, char **argv)
{
    char driver[512];
    bool good = true;

    if (argc != 2) {
        fprintf(stderr, "usage: debug_bench BUILD\n");
        return 2;
    }
    snprintf(driver, sizeof driver, "%s/images/edu.sys", argv[1]);
    good &= speed();
    good &= back_in_work();
    for (unsigned step = DEBUG_BYTE; step <= DEBUG_TRANSFER; step++)
        good &= back_over_dma(driver, (enum debug_step)step);
    return good ? 0 : 1;
}
