/* tests/cli/callers_test.c -- halbox run says who called whom when a driver
 * ends the guest system. */
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

/* A load from address 0: images/small/hostile.h. */
static const char scenario[] =
    "open('\\\\Device\\\\Hostile'):ioctl(0x222000 + 4 * 16)\n";

static void a_bugcheck_shows_the_stack(void **state)
{
    char path[] = "/tmp/halbox-cli-XXXXXX.lua", *out, *err;
    char *argv[] = {"halbox",   "run", HALBOX_IMAGES "/hostile.sys",
                    "--device", "edu", "--scenario",
                    path};
    int fd = mkstemps(path, 4);
    size_t n, k;
    FILE *o = open_memstream(&out, &n), *e = open_memstream(&err, &k);

    (void)state;
    assert_int_equal(write(fd, scenario, strlen(scenario)), strlen(scenario));
    close(fd);
    assert_int_equal(cli_main(7, argv, o, e), CLI_FAILED);
    fclose(o);
    fclose(e);
    assert_non_null(strstr(err, "8e"));
    assert_non_null(strstr(out, "ntoskrnl!KiTrap0E"));
    assert_non_null(strstr(out, " hostile!Control+"));
    assert_non_null(strstr(out, " (hostile.c:"));
    assert_non_null(strstr(out, " ntoskrnl!ZwDeviceIoControlFile\n"));
    free(out);
    free(err);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bugcheck_shows_the_stack),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
