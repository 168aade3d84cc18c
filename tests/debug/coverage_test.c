/* tests/debug/coverage_test.c -- which lines of a driver ran: what a run
 * certainly does, what it never does, and that counting changes nothing. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "demo.h"
#include "halbox/coverage.h"

static const struct demo_bench edu = {HALBOX_IMAGES "/edu.sys",
                                      "edu",
                                      "\\\\.\\Edu0",
                                      "translate",
                                      "16M",
                                      DEMO_BYTES};

static struct hb_error error;

static void good(enum hb_status status)
{
    if (status != HB_OK)
        fail_msg("%s", error.text);
}

static void tracefile(struct coverage *c, char *path)
{
    strcpy(path, "/tmp/halbox-coverage-XXXXXX");
    close(mkstemp(path));
    good(coverage_write(c, path, &error));
}

/* "FNDA:count,name" of @path; UINT_MAX: no such line. */
static unsigned calls(const char *path, const char *name)
{
    FILE *f = fopen(path, "r");
    char line[1024], got[256];
    unsigned count = UINT_MAX, n;

    assert_non_null(f);
    while (fgets(line, sizeof line, f))
        if (sscanf(line, "FNDA:%u,%255s", &n, got) == 2 && !strcmp(got, name))
            count = n;
    fclose(f);
    return count;
}

static void what_a_transfer_runs_is_counted(void **state)
{
    struct coverage *c = coverage_create();
    struct demo demo;
    char path[64];

    (void)state;
    demo_create(&demo, &edu);
    good(coverage_watch(c, demo.m, &error));
    assert_int_equal(coverage_watch(c, demo.m, &error), HB_BAD_STATE);
    assert_true(demo_run(&demo, MACHINE_FOR_EVER));
    good(coverage_gather(c, demo.m, &error));
    tracefile(c, path);
    assert_int_equal(calls(path, "DriverEntry"), 1);
    assert_int_equal(calls(path, "EduAddDevice"), 1);
    assert_in_range(calls(path, "EduDpc"), 2, 20); /* pieces of both ways */
    assert_int_equal(calls(path, "EduUnload"), 0);
    unlink(path);
    /* a second machine's runs are added */
    machine_destroy(demo.m);
    demo_create(&demo, &edu);
    good(coverage_watch(c, demo.m, &error));
    assert_true(demo_run(&demo, MACHINE_FOR_EVER));
    good(coverage_gather(c, demo.m, &error));
    tracefile(c, path);
    assert_int_equal(calls(path, "DriverEntry"), 2);
    assert_int_equal(calls(path, "EduUnload"), 0);
    unlink(path);
    machine_destroy(demo.m);
    coverage_destroy(c);
}

static void tool(const char *format, const char *path, const char *more)
{
    char command[400];

    snprintf(command, sizeof command, format, path, more);
    if (system(command) != 0)
        fail_msg("`%s` failed: is Debian's lcov installed?", command);
}

static void lcov_and_genhtml_read_it(void **state)
{
    struct coverage *c = coverage_create();
    struct demo demo;
    char path[64], folder[80];

    (void)state;
    demo_create(&demo, &edu);
    good(coverage_watch(c, demo.m, &error));
    assert_true(demo_run(&demo, MACHINE_FOR_EVER));
    good(coverage_gather(c, demo.m, &error));
    tracefile(c, path);
    snprintf(folder, sizeof folder, "%s.html", path);
    tool("genhtml -q %s -o %s >/dev/null 2>&1", path, folder);
    tool("grep -rq EduDpc %s%s", folder, "");
    tool("rm -r %s %s", path, folder);
    machine_destroy(demo.m);
    coverage_destroy(c);
}

/* Counted or not, by blocks or not: the same machine in the end. */
static void counting_changes_nothing(void **state)
{
    struct coverage *c = coverage_create();
    struct demo with, without;

    (void)state;
    demo_create(&with, &edu);
    demo_create(&without, &edu);
    good(coverage_watch(c, with.m, &error));
    assert_true(demo_run(&with, MACHINE_FOR_EVER));
    assert_true(demo_run(&without, MACHINE_FOR_EVER));
    bare_equal(with.m, without.m);
    good(coverage_gather(c, with.m, &error));
    bare_equal(with.m, without.m);
    machine_destroy(with.m);
    machine_destroy(without.m);
    coverage_destroy(c);
}

static void each_instruction_counts_once_each_time(void **state)
{
    /* mov ecx, 7; l: dec ecx; jnz l; hlt */
    static const uint8_t code[] = {0xb9, 7, 0, 0, 0, 0x49, 0x75, 0xfd, 0xf4};
    struct machine *m = bare_create(NULL, code, sizeof code);
    uint32_t *counts = calloc(4096, sizeof *counts);

    (void)state;
    assert_int_equal(machine_count_code(m, gva_of(1), 4096, counts, &error),
                     HB_BAD_ARGUMENT);
    good(machine_count_code(m, gva_of(BARE_CODE), 4096, counts, &error));
    machine_run(m, 1000, NULL);
    assert_int_equal(counts[0], 1);
    assert_int_equal(counts[5], 7);
    assert_int_equal(counts[6], 7);
    assert_int_equal(counts[8], 1);
    for (unsigned i = 0; i < 4096; i++)
        if (i != 0 && i != 5 && i != 6 && i != 8)
            assert_int_equal(counts[i], 0);
    machine_count_end(m);
    machine_destroy(m);
    free(counts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_instruction_counts_once_each_time),
        cmocka_unit_test(what_a_transfer_runs_is_counted),
        cmocka_unit_test(lcov_and_genhtml_read_it),
        cmocka_unit_test(counting_changes_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
