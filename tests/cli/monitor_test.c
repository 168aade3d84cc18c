/* tests/cli/monitor_test.c -- the debugger in words, by the command: what a
 * file or pipe says is done at the stops, and comes out the same each time. */
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

/* Three pages and a bit, from inside a page. */
static const char scenario[] =
    "machine = {devices = {'edu'}}\n"
    "images = {'edu.sys'}\n"
    "local card = open('\\\\\\\\.\\\\Edu0')\n"
    "card:write(buffer {text = pattern(10000, 1), scattered = true, "
    "offset = 0x800})\n"
    "print('written')\n";

static void file_of(char *path, const char *text)
{
    int fd = mkstemps(path, 4);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

/* What `halbox COMMAND` prints when @commands are given to its monitor. */
static char *session(const char *command, const char *commands, int status)
{
    char script[] = "/tmp/halbox-cli-XXXXXX.lua";
    char lines[] = "/tmp/halbox-cli-XXXXXX.txt", *out;
    char *argv[] = {"halbox",
                    (char *)(uintptr_t)command,
                    "--commands",
                    lines,
                    "--scenario",
                    script,
                    "--images",
                    HALBOX_IMAGES,
                    HALBOX_IMAGES "/edu.sys"};
    size_t n;
    FILE *o = open_memstream(&out, &n);

    file_of(script, scenario);
    file_of(lines, commands);
    assert_int_equal(cli_main(9, argv, o, stderr), status);
    fclose(o);
    unlink(script);
    unlink(lines);
    return out;
}

/* What was said to the @n-th `command`, up to the next prompt. */
static char *answer(const char *out, const char *command, unsigned n)
{
    char prompt[64];
    const char *at = out, *end;

    snprintf(prompt, sizeof prompt, "(halbox) %s\n", command);
    for (unsigned i = 0; i <= n; i++) {
        at = strstr(at, prompt);
        assert_non_null(at);
        at += strlen(prompt);
    }
    end = strstr(at, "(halbox) ");
    return strndup(at, end ? (size_t)(end - at) : strlen(at));
}

static void a_page_forward_and_back(void **state)
{
    static const char commands[] = "break dma device=edu\n"
                                   "go\n"
                                   "step page\n"
                                   "mem l 0xf02000 16 edu\n"
                                   "dma\n"
                                   "step page\n"
                                   "dma\n"
                                   "back page\n"
                                   "mem l 0xf02000 16 edu\n"
                                   "dma\n"
                                   "pages\n"
                                   "quit\n";
    char *first = session("debug", commands, CLI_OK);
    char *second = session("run", commands, CLI_OK);
    char *before, *after;

    (void)state;
    assert_string_equal(first, second);
    before = answer(first, "mem l 0xf02000 16 edu", 0);
    after = answer(first, "mem l 0xf02000 16 edu", 1);
    assert_string_equal(before, after);
    assert_non_null(strstr(before, "l 00f02000  "));
    free(before);
    free(after);
    before = answer(first, "dma", 0);
    after = answer(first, "dma", 2);
    assert_string_equal(before, after);
    free(before);
    free(after);
    assert_null(strstr(first, "written")); /* quit ended the run */
    free(first);
    free(second);
}

static void the_run_goes_on_without_stops(void **state)
{
    char *out = session("run", "go\nwhere\n", CLI_OK);

    (void)state;
    assert_non_null(strstr(out, "written\n"));
    assert_non_null(strstr(out, "over: the run is over"));
    free(out);
}

static void a_command_that_fails_is_the_status(void **state)
{
    char *out = session("run", "nonsense\ngo\n", CLI_FAILED);

    (void)state;
    assert_non_null(strstr(out, "error: no command 'nonsense'"));
    assert_non_null(strstr(out, "written\n"));
    free(out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_page_forward_and_back),
        cmocka_unit_test(the_run_goes_on_without_stops),
        cmocka_unit_test(a_command_that_fails_is_the_status),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
