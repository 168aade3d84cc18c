/* tests/cli/coverage_test.c -- --coverage: the lines that a driver's start and
 * a scenario run. What the numbers are: tests/debug/coverage_test.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/cli.h"

/* The command line is split at spaces; its exit status. */
static int halbox(char *line)
{
    FILE *none = fopen("/dev/null", "w");
    char *argv[16] = {"halbox"}, *rest = line;
    int argc = 1, status;

    assert_non_null(none);
    for (char *word; (word = strsep(&rest, " ")) && argc < 15;)
        argv[argc++] = word;
    status = cli_main(argc, argv, none, none);
    fclose(none);
    return status;
}

/* How often function @name ran: "FNDA:count,name"; -1: it is not there. */
static int calls(const char *path, const char *name)
{
    FILE *f = fopen(path, "r");
    char line[1024], got[256];
    int count = -1, n;

    assert_non_null(f);
    while (fgets(line, sizeof line, f))
        if (sscanf(line, "FNDA:%d,%255s", &n, got) == 2 && !strcmp(got, name))
            count = n;
    fclose(f);
    return count;
}

static void a_start_runs_driver_entry_alone(void **state)
{
    char path[] = "/tmp/halbox-cli-XXXXXX", line[512];

    (void)state;
    close(mkstemp(path));
    snprintf(line, sizeof line,
             "run " HALBOX_IMAGES "/edu.sys --device edu --coverage %s", path);
    assert_int_equal(halbox(line), CLI_OK);
    assert_int_equal(calls(path, "DriverEntry"), 1);
    assert_int_equal(calls(path, "EduUnload"), 0);
    assert_int_equal(calls(path, "EduDpc"), 0);
    unlink(path);
}

static void a_file_that_cannot_be_written_is_an_error(void **state)
{
    char line[] =
        "run " HALBOX_IMAGES "/edu.sys --device edu --coverage=/no/such/file";

    (void)state;
    assert_int_equal(halbox(line), CLI_HOST);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_start_runs_driver_entry_alone),
        cmocka_unit_test(a_file_that_cannot_be_written_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
