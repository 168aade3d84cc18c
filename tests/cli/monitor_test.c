/* tests/cli/monitor_test.c -- the debugger in words, by the command: what a
 * file or pipe says is done at the stops, and comes out the same each time. */
#include <poll.h>
#include <pty.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
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

static void traces_come_while_it_runs(void **state)
{
    char *out = session("run",
                        "trace on dma_start\nbreak dma_end\ngo\n"
                        "trace off\ndelete all\ngo\n",
                        CLI_OK);
    char *traced = answer(out, "go", 0), *silent = answer(out, "go", 1);

    (void)state;
    assert_non_null(strstr(traced, "dma_start"));
    assert_non_null(strstr(traced, "device=edu"));
    assert_null(strstr(silent, "dma_start"));
    assert_non_null(strstr(silent, "written\n"));
    free(traced);
    free(silent);
    free(out);
}

/* ---- a terminal ---------------------------------------------------------- */

struct terminal {
    int fd;
    pid_t pid;
    char said[1 << 16];
    size_t count, seen;
};

static void begin(struct terminal *t, char **argv, int argc)
{
    *t = (struct terminal){.count = 0};
    t->pid = forkpty(&t->fd, NULL, NULL, NULL);
    assert_true(t->pid >= 0);
    if (t->pid)
        return;
    setenv("TERM", "vt100", 1);
    _exit(cli_main(argc, argv, stdout, stderr));
}

/* More of what it says, within @ms. */
static bool hear(struct terminal *t, int ms)
{
    struct pollfd p = {.fd = t->fd, .events = POLLIN};
    ssize_t n;

    if (poll(&p, 1, ms) <= 0)
        return false;
    n = read(t->fd, t->said + t->count, sizeof t->said - 1 - t->count);
    if (n <= 0)
        fail_msg("it ended: %s", t->said);
    t->count += (size_t)n;
    t->said[t->count] = 0;
    return true;
}

static bool heard(struct terminal *t, const char *text)
{
    const char *at = strstr(t->said + t->seen, text);

    if (at)
        t->seen = (size_t)(at - t->said) + strlen(text);
    return at != NULL;
}

static void expect(struct terminal *t, const char *text)
{
    while (!heard(t, text))
        if (!hear(t, 60000))
            fail_msg("no '%s' in: %s", text, t->said + t->seen);
}

static void type(struct terminal *t, const char *keys)
{
    assert_int_equal(write(t->fd, keys, strlen(keys)), strlen(keys));
}

static void end(struct terminal *t)
{
    char rest[256];
    int status;

    type(t, "quit\n");
    while (read(t->fd, rest, sizeof rest) > 0)
        continue; /* it waits until all that it says is read */
    assert_int_equal(waitpid(t->pid, &status, 0), t->pid);
    assert_int_equal(status, 0);
    close(t->fd);
}

static void lines_are_edited(void **state)
{
    char *argv[] = {"halbox",   "debug", "--monitor",
                    "--device", "edu",   HALBOX_IMAGES "/edu.sys"};
    static struct terminal t;

    (void)state;
    begin(&t, argv, 6);
    expect(&t, "attached");
    expect(&t, "(halbox) ");
    type(&t, "adap\t\n"); /* completed */
    expect(&t, "ters ");
    expect(&t, "none");
    expect(&t, "(halbox) ");
    type(&t, "break irp\n");
    expect(&t, "breakpoint 1: irp");
    expect(&t, "(halbox) ");
    type(&t, "\x10\n"); /* Ctrl-P: the line before */
    expect(&t, "breakpoint 2: irp");
    expect(&t, "(halbox) ");
    type(&t, "go\n");
    expect(&t, "breakpoint: irp");
    expect(&t, "(halbox) ");
    end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_page_forward_and_back),
        cmocka_unit_test(the_run_goes_on_without_stops),
        cmocka_unit_test(a_command_that_fails_is_the_status),
        cmocka_unit_test(traces_come_while_it_runs),
        cmocka_unit_test(lines_are_edited),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
