/* tests/board/save_test.c -- what is loaded is what was saved, and goes on as
 * it would have. */
#include "bare.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static struct machine *edu_machine(void)
{
    const char *const cards[] = {"edu", "adram,bytes=8192", NULL};
    struct machine *m = bare_create(cards, NULL, 0);
    FILE *f = fopen(HALBOX_IMAGES "/edu_copy", "rb");
    static uint8_t bytes[65536];
    size_t n;

    assert_non_null(f);
    n = fread(bytes, 1, sizeof bytes, f);
    fclose(f);
    assert_int_equal(
        machine_load_program(m, PROGRAM_KERNEL, bytes, n, gpa_of(0), NULL),
        HB_OK);
    return m;
}

static struct machine *reload(const struct machine *m)
{
    struct machine *again = NULL;
    struct hb_error e = {0};
    uint8_t *bytes;
    size_t count;

    assert_int_equal(machine_save_bytes(m, &bytes, &count, &e), HB_OK);
    if (machine_load_bytes(&again, bytes, count, &e) != HB_OK)
        fail_msg("%s", e.text);
    free(bytes);
    return again;
}

static void a_loaded_machine_saves_the_same_bytes(void **state)
{
    struct machine *m = edu_machine();

    (void)state;
    for (uint64_t t = 0; t < 20000; t = t * 3 + 1) {
        struct machine *again;

        machine_run(m, t, NULL);
        again = reload(m);
        bare_equal(m, again);
        machine_destroy(again);
    }
    machine_destroy(m);
}

/* Both halves together are the whole, wherever it was cut. */
static void halves(struct machine *m, const char *whole)
{
    struct trace second = {0};
    struct machine *again = reload(m);

    bare_trace(&second, again, "*");
    machine_run(again, MACHINE_FOR_EVER, NULL);
    assert_true(second.bytes <= strlen(whole));
    assert_string_equal(whole + strlen(whole) - second.bytes,
                        second.text ? second.text : "");
    bare_trace_end(&second);
    machine_destroy(again);
}

static void a_run_goes_on_from_every_97th_instruction(void **state)
{
    struct machine *whole = edu_machine(), *m = edu_machine();
    struct trace t = {0};

    (void)state;
    bare_trace(&t, whole, "*");
    machine_run(whole, MACHINE_FOR_EVER, NULL);
    for (uint64_t at = 9400; machine_run(m, at, NULL) == STOP_LIMIT; at += 97)
        halves(m, t.text);
    bare_trace_end(&t);
    machine_destroy(whole);
    machine_destroy(m);
}

static void a_run_goes_on_from_every_byte_of_a_transfer(void **state)
{
    struct machine *whole = edu_machine(), *m = edu_machine();
    struct trace t = {0};
    struct inspect_tenure tenure;

    (void)state;
    bare_trace(&t, whole, "*");
    machine_run(whole, MACHINE_FOR_EVER, NULL);
    machine_step(m, STEP_TRANSFER, NULL, MACHINE_FOR_EVER, NULL);
    do {
        assert_int_equal(
            machine_step(m, STEP_BYTE, NULL, MACHINE_FOR_EVER, NULL),
            STOP_STEP);
        inspect_tenure(m, &tenure);
        if (tenure.moved % 251 < 4) /* each byte of a dword */
            halves(m, t.text);
    } while (tenure.bytes);
    bare_trace_end(&t);
    machine_destroy(whole);
    machine_destroy(m);
}

static void a_new_process_goes_on_from_a_file(void **state)
{
    char path[] = "/tmp/halbox-save-XXXXXX";
    int fd = mkstemp(path), status = 0;
    struct machine *m = edu_machine();
    struct hb_error e;
    pid_t child;

    (void)state;
    assert_true(fd >= 0);
    close(fd);
    machine_run(m, 10000, NULL);
    assert_int_equal(machine_save(m, path, &e), HB_OK);
    child = fork();
    if (child == 0) {
        struct machine *again;
        struct inspect_cpu cpu;
        bool good = machine_load(&again, path, &e) == HB_OK &&
                    machine_run(again, MACHINE_FOR_EVER, NULL) == STOP_IDLE;

        inspect_cpu(again, &cpu);
        _exit(good && cpu.halted ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    unlink(path);
    machine_destroy(m);
}

static void damage_is_one_clear_error(void **state)
{
    struct machine *m = edu_machine(), *again = NULL;
    struct hb_error e;
    uint8_t *bytes;
    size_t count;

    (void)state;
    assert_int_equal(machine_save_bytes(m, &bytes, &count, &e), HB_OK);
    for (size_t n = 0; n < count; n = n * 2 + 1)
        assert_int_equal(machine_load_bytes(&again, bytes, n, &e),
                         HB_BAD_IMAGE);
    bytes[8]++; /* the format's version */
    assert_int_equal(machine_load_bytes(&again, bytes, count, &e),
                     HB_BAD_IMAGE);
    assert_non_null(strstr(e.text, "format 2"));
    bytes[0]++;
    assert_int_equal(machine_load_bytes(&again, bytes, count, &e),
                     HB_BAD_IMAGE);
    assert_non_null(strstr(e.text, "not a machine"));
    assert_int_equal(machine_load(&again, "/nowhere/at/all", &e), HB_NO_FILE);
    assert_null(again);
    free(bytes);
    machine_destroy(m);
}

/* The tenure is free; where its fields lie, anything is set: with bytes moved,
 * a next tenure would begin past its end and never come to it. */
static void damage_of_a_free_bus_never_hangs_a_run(void **state)
{
    struct machine *m = edu_machine(), *again = NULL;
    struct hb_error e;
    uint8_t *bytes, *bus;
    size_t count;

    (void)state;
    assert_int_equal(machine_save_bytes(m, &bytes, &count, &e), HB_OK);
    bus = memmem(bytes, count, "\3\0\0\0bus", 7);
    assert_non_null(bus);
    for (unsigned i = 7; i < 400; i++) {
        uint8_t was = bus[i];

        bus[i] ^= 0x3a;
        if (machine_load_bytes(&again, bytes, count, &e) == HB_OK) {
            machine_run(again, 30000, NULL);
            machine_destroy(again);
        }
        bus[i] = was;
    }
    free(bytes);
    machine_destroy(m);
}

static void a_big_machine_saves_only_what_was_touched(void **state)
{
    const uint64_t mib[] = {16, 256, 6 * 1024, 64 * 1024};
    struct machine_config config;
    struct machine *m;
    uint8_t *bytes;
    size_t count;

    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(machine_config_init(&config, NULL, NULL), HB_OK);
        config.bare = true;
        config.memory = mib[i] << 20;
        assert_int_equal(machine_create(&m, &config, NULL), HB_OK);
        assert_int_equal(machine_poke_physical(m, gpa_of(0x1234), "x", 1, NULL),
                         HB_OK);
        assert_int_equal(machine_save_bytes(m, &bytes, &count, NULL), HB_OK);
        assert_in_range(count, 4096, 256 << 10);
        free(bytes);
        machine_destroy(m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_loaded_machine_saves_the_same_bytes),
        cmocka_unit_test(a_run_goes_on_from_every_97th_instruction),
        cmocka_unit_test(a_run_goes_on_from_every_byte_of_a_transfer),
        cmocka_unit_test(a_new_process_goes_on_from_a_file),
        cmocka_unit_test(damage_is_one_clear_error),
        cmocka_unit_test(damage_of_a_free_bus_never_hangs_a_run),
        cmocka_unit_test(a_big_machine_saves_only_what_was_touched),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
