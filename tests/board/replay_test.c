/* tests/board/replay_test.c -- a demo stopped, saved and loaded anywhere goes
 * on as if nothing had been: both halves of the trace are the whole. */
#include "demo.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct demo_bench benches[] = {
    {HALBOX_IMAGES "/edu.sys", "edu", "\\\\.\\Edu0", "translate", "16M",
     DEMO_BYTES},
    {HALBOX_IMAGES "/edu.sys", "edu", "\\\\.\\Edu0", "bounce", "256M",
     DEMO_BYTES},
    {HALBOX_IMAGES "/edu.sys", "edu", "\\\\.\\Edu0", "adapter", "6G",
     DEMO_BYTES},
    {HALBOX_IMAGES "/edu.sys", "edu", "\\\\.\\Edu0", "pae", "6G", DEMO_BYTES},
    {HALBOX_IMAGES "/edu_elf.o", "edu", "\\\\.\\Edu0", "translate", "256M",
     DEMO_BYTES},
    {HALBOX_IMAGES "/isa_slave.sys", "isacard", "\\\\.\\IsaCard0", "translate",
     "16M", DEMO_BYTES},
    {HALBOX_IMAGES "/isa_slave.sys", "isacard", "\\\\.\\IsaCard0", "bounce",
     "6G", DEMO_BYTES},
};
enum { BENCHES = sizeof benches / sizeof *benches };
#define ALL "*"

static char *whole_trace(const struct demo_bench *bench, uint64_t *ticks)
{
    struct trace t = {0};
    struct demo d;
    char *text;

    demo_create(&d, bench);
    bare_trace(&t, d.m, ALL);
    assert_true(demo_run(&d, MACHINE_FOR_EVER));
    *ticks = machine_position(d.m).tick;
    text = strdup(t.text);
    bare_trace_end(&t);
    machine_destroy(d.m);
    return text;
}

static void is_tail(const char *whole, const struct trace *t)
{
    assert_true(t->bytes <= strlen(whole));
    assert_string_equal(whole + strlen(whole) - t->bytes,
                        t->text ? t->text : "");
}

static void second_half(const struct demo *d, const char *whole)
{
    struct demo again = demo_reload(d);
    struct trace t = {0};

    bare_equal(d->m, again.m);
    bare_trace(&t, again.m, ALL);
    assert_true(demo_run(&again, MACHINE_FOR_EVER));
    is_tail(whole, &t);
    bare_trace_end(&t);
    machine_destroy(again.m);
}

static void each_demo_passes_on_its_platform(void **state)
{
    (void)state;
    for (unsigned i = 0; i < BENCHES; i++) {
        uint64_t ticks;

        free(whole_trace(&benches[i], &ticks));
        assert_true(ticks > 1000);
    }
}

static void two_runs_have_the_same_trace(void **state)
{
    (void)state;
    for (unsigned i = 0; i < BENCHES; i++) {
        uint64_t ticks;
        char *a = whole_trace(&benches[i], &ticks);
        char *b = whole_trace(&benches[i], &ticks);

        assert_string_equal(a, b);
        free(a);
        free(b);
    }
}

static void a_run_in_slices_has_the_same_trace(void **state)
{
    (void)state;
    for (unsigned i = 0; i < BENCHES; i++) {
        uint64_t ticks, at = 0, slice;
        char *whole = whole_trace(&benches[i], &ticks);
        struct trace t = {0};
        struct demo d;

        slice = ticks > 100000 ? 1009 : 17;
        demo_create(&d, &benches[i]);
        bare_trace(&t, d.m, ALL);
        machine_grain(d.m, 3);
        do {
            at += slice;
        } while (!demo_run(&d, at));
        assert_string_equal(t.text, whole);
        bare_trace_end(&t);
        machine_destroy(d.m);
        free(whole);
    }
}

#ifdef HALBOX_SLOW
enum { EVERY = 7 * 97, PATH_STEP = 7 };
#else
enum { EVERY = 97, PATH_STEP = 1 };
#endif

/* Every 97th instruction of a demo without long waits. */
static void goes_on_from_every_97th_instruction(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 5; i++) {
        uint64_t ticks;
        char *whole = whole_trace(&benches[i], &ticks);
        struct demo d;

        demo_create(&d, &benches[i]);
        for (uint64_t at = EVERY; !demo_run(&d, at); at += EVERY)
            second_half(&d, whole);
        machine_destroy(d.m);
        free(whole);
    }
}

/* From the driver's call of AllocateAdapterChannel to its return: callbacks. */
static void goes_on_from_every_instruction_of_a_callback_path(void **state)
{
    struct machine_breakpoint point = {.glob = "hal_map"};
    uint64_t ticks, at;
    char *whole = whole_trace(&benches[0], &ticks);
    struct machine_stop stop;
    struct demo d, first;

    (void)state;
    demo_create(&first, &benches[0]);
    while (first.step < DEMO_WRITE)
        demo_run(&first, machine_position(first.m).tick + 1);
    assert_true(machine_break(first.m, &point, NULL) > 0);
    assert_int_equal(machine_run(first.m, MACHINE_FOR_EVER, &stop),
                     STOP_BREAKPOINT);
    machine_destroy(first.m);

    demo_create(&d, &benches[0]);
    for (at = stop.at.tick - 120; at < stop.at.tick + 120; at += PATH_STEP) {
        assert_false(demo_run(&d, at));
        second_half(&d, whole);
    }
    machine_destroy(d.m);
    free(whole);
}

static void goes_on_from_the_bytes_of_a_transfer(void **state)
{
    (void)state;
    for (unsigned i = 0; i < BENCHES; i++) {
        uint64_t ticks;
        char *whole = whole_trace(&benches[i], &ticks);
        struct inspect_tenure t;
        struct demo d;

        demo_create(&d, &benches[i]);
        while (d.step < DEMO_WRITE)
            demo_run(&d, machine_position(d.m).tick + 50);
        for (unsigned n = 0; n < DEMO_BYTES; n++) {
            assert_int_equal(
                machine_step(d.m, STEP_BYTE, NULL, MACHINE_FOR_EVER, NULL),
                STOP_STEP);
            inspect_tenure(d.m, &t);
            if (n % 499 < 2 && ticks < 100000)
                second_half(&d, whole);
            else if (n % 2000 < 2)
                second_half(&d, whole);
        }
        machine_destroy(d.m);
        free(whole);
    }
}

/* ---- a new process -------------------------------------------------------*/

static const char *self;

/* The other process: loads, goes on, and writes its trace. */
static int go_on(char **argv)
{
    struct demo d;
    struct trace t = {0};
    struct hb_error e = {0};
    FILE *f = fopen(argv[2], "rb");
    size_t got = fread(&d, sizeof d, 1, f);

    fclose(f);
    d.path = argv[4];
    if (!got || machine_load(&d.m, argv[3], &e) != HB_OK)
        return 1;
    bare_trace(&t, d.m, ALL);
    if (!demo_run(&d, MACHINE_FOR_EVER))
        return 1;
    f = fopen(argv[2], "wb");
    fwrite(t.text, 1, t.bytes, f);
    fclose(f);
    bare_trace_end(&t);
    machine_destroy(d.m);
    return 0;
}

static void in_a_new_process(const struct demo *d, const char *whole)
{
    char client[] = "/tmp/halbox-client-XXXXXX";
    char save[] = "/tmp/halbox-save-XXXXXX";
    int a = mkstemp(client), b = mkstemp(save), status = 1;
    struct trace t = {0};
    FILE *f;
    pid_t child;

    assert_true(a >= 0 && b >= 0);
    assert_int_equal(write(a, d, sizeof *d), sizeof *d);
    close(a);
    close(b);
    assert_int_equal(machine_save(d->m, save, NULL), HB_OK);
    child = fork();
    if (child == 0) {
        execl(self, self, "--go-on", client, save, d->path, (char *)NULL);
        _exit(127);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    f = fopen(client, "rb");
    t.text = calloc(1, strlen(whole) + 2);
    t.bytes = fread(t.text, 1, strlen(whole) + 1, f);
    fclose(f);
    is_tail(whole, &t);
    free(t.text);
    unlink(client);
    unlink(save);
}

static void goes_on_in_a_new_process(void **state)
{
    (void)state;
    for (unsigned i = 0; i < BENCHES; i++) {
        uint64_t ticks, at = 0;
        char *whole = whole_trace(&benches[i], &ticks);
        struct demo d;

        demo_create(&d, &benches[i]);
        while (!demo_run(&d, at += ticks / 7 + 1))
            in_a_new_process(&d, whole);
        machine_destroy(d.m);
        free(whole);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_demo_passes_on_its_platform),
        cmocka_unit_test(two_runs_have_the_same_trace),
        cmocka_unit_test(a_run_in_slices_has_the_same_trace),
        cmocka_unit_test(goes_on_from_every_97th_instruction),
        cmocka_unit_test(goes_on_from_every_instruction_of_a_callback_path),
        cmocka_unit_test(goes_on_from_the_bytes_of_a_transfer),
        cmocka_unit_test(goes_on_in_a_new_process),
    };

    self = argv[0];
    if (argc == 5 && strcmp(argv[1], "--go-on") == 0)
        return go_on(argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
