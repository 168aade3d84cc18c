/* tests/cli/cli_test.c -- the command line: exit statuses, one line of error,
 * help, lists, TAP and JUnit XML. */
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

/** What a command said. */
struct said {
    int status;
    char *out, *err;
    size_t out_bytes, err_bytes;
};

/* @line is split at spaces. */
static struct said halbox(const char *line)
{
    struct said said = {.status = -1};
    FILE *out = open_memstream(&said.out, &said.out_bytes);
    FILE *err = open_memstream(&said.err, &said.err_bytes);
    char *copy = strdup(line), *rest = copy, *argv[32] = {"halbox"};
    int argc = 1;

    for (char *word; (word = strsep(&rest, " ")) && argc < 31;)
        if (*word)
            argv[argc++] = word;
    said.status = cli_main(argc, argv, out, err);
    fclose(out);
    fclose(err);
    free(copy);
    return said;
}

static void forget(struct said *said)
{
    free(said->out);
    free(said->err);
}

/* Exit status and exactly one line of error with these words. */
static void refuses(const char *line, int status, const char *words)
{
    struct said said = halbox(line);

    assert_int_equal(said.status, status);
    assert_ptr_equal(strstr(said.err, "halbox: "), said.err);
    assert_ptr_equal(strchr(said.err, '\n'), said.err + said.err_bytes - 1);
    if (!strstr(said.err, words))
        fail_msg("\"%s\" does not say \"%s\"", said.err, words);
    forget(&said);
}

static void says(const char *line, const char *words)
{
    struct said said = halbox(line);

    if (said.status != CLI_OK)
        fail_msg("%s", said.err);
    if (!strstr(said.out, words))
        fail_msg("\"%s\" does not say \"%s\"", said.out, words);
    forget(&said);
}

static void usage_errors_exit_with_2(void **state)
{
    (void)state;
    refuses("fly", 2, "no command 'fly'");
    refuses("run", 2, "needs a driver image");
    refuses("run --colour red a.sys", 2, "no option --colour");
    refuses("run a.sys --memory", 2, "--memory needs SIZE");
    refuses("run a.sys --strict-dma=1", 2, "takes no value");
    refuses("run a.sys --memory lots", 2, "lots");
    refuses("run a.sys --platform moon", 2, "moon");
    refuses("run a.sys --device moon", 2, "moon");
    refuses("run a.sys --set memory", 2, "KEY=VALUE");
    refuses("run a.sys --time-limit soon", 2, "seconds");
    refuses("test", 2, "needs scenario files");
    refuses("boot", 2, "needs one image");
    refuses("list", 2, "list what?");
    refuses("list moons", 2, "list what?");
    refuses("boot --max-instructions -1 x", 2, "write a number");
    refuses("boot --net tap x", 2, "write user");
}

static void what_the_host_cannot_do_exits_with_3(void **state)
{
    (void)state;
    refuses("run /nowhere/a.sys", 3, "/nowhere/a.sys");
    refuses("run a.sys --machine /nowhere.json", 3, "/nowhere.json");
    refuses("run a.sys --load /nowhere.save", 3, "/nowhere.save");
    refuses("run a.sys --scenario /nowhere.lua", 3, "/nowhere.lua");
    refuses("boot /nowhere/kernel", 3, "/nowhere/kernel");
    refuses("run a.sys --trace *=/nowhere/t", 3, "/nowhere/t");
    refuses("run /etc/passwd", 3, "neither a PE (.sys) nor an ELF");
}

static void help_is_not_an_error(void **state)
{
    (void)state;
    says("--help", "usage: halbox COMMAND");
    says("", "usage: halbox COMMAND");
    says("run --help", "--scenario FILE.lua");
    says("test --help", "--junit FILE");
    says("boot --help", "--serial");
    says("list --help", "list devices");
}

static void lists_name_what_there_is(void **state)
{
    (void)state;
    says("list devices", "edu");
    says("list devices", "dma_bits");
    says("list platforms", "bounce");
    says("list events", "dma_burst");
    says("list events", "transfer:u");
    says("list cpus", "p6");
    says("list exports", "IoGetDmaAdapter");
    says("list exports", "hal.dll");
}

/* A scenario in a file of its own; the caller frees and unlinks. */
static char *scenario_file(const char *text)
{
    char *path = strdup("/tmp/scenario-XXXXXX");
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    return path;
}

static void test_prints_tap(void **state)
{
    char *path = scenario_file("print('hello')\n"
                               "test('good', function() print('in') end)\n"
                               "test('b<a>d', function() check(1 == 2) end)\n");
    char line[256], want[1024];
    struct said said;

    (void)state;
    snprintf(line, sizeof line, "test %s", path);
    said = halbox(line);
    snprintf(want, sizeof want,
             "TAP version 13\n# hello\n# in\nok 1 - %s: good\n"
             "not ok 2 - %s: b<a>d\n  ---\n  message: \"%s:3: the check "
             "failed\"\n  ...\n1..2\n",
             path, path, strrchr(path, '/') + 1);
    assert_int_equal(said.status, CLI_FAILED);
    assert_string_equal(said.out, want);
    forget(&said);
    unlink(path);
    free(path);
}

static unsigned count(const char *text, const char *what)
{
    unsigned n = 0;

    for (; (text = strstr(text, what)); text++)
        n++;
    return n;
}

static void junit_has_one_root_and_escapes(void **state)
{
    char *path = scenario_file("test('b<a>d', function() print('a & b')"
                               " error('\"no\"') end)\n"
                               "test('good', function() end)\n");
    char line[256], xml[4096] = "";
    struct said said;
    FILE *f;

    (void)state;
    snprintf(line, sizeof line, "test %s %s --junit %s.xml", path, path, path);
    said = halbox(line);
    assert_int_equal(said.status, CLI_FAILED);
    forget(&said);
    snprintf(line, sizeof line, "%s.xml", path);
    f = fopen(line, "r");
    assert_non_null(f);
    assert_true(fread(xml, 1, sizeof xml - 1, f) > 0);
    fclose(f);
    assert_int_equal(count(xml, "<testsuites"), 1);
    assert_int_equal(count(xml, "<testsuite "), 2);
    assert_int_equal(count(xml, "tests=\"2\" failures=\"1\""), 2);
    assert_int_equal(count(xml, "name=\"b&lt;a&gt;d\""), 2);
    assert_int_equal(count(xml, "<failure"), 2);
    assert_int_equal(count(xml, "a &amp; b"), 2);
    assert_int_equal(count(xml, "&quot;no&quot;"), 2);
    unlink(line);
    unlink(path);
    free(path);
}

static void a_scenario_that_cannot_run_is_a_failed_test(void **state)
{
    struct said said = halbox("test /nowhere.lua");

    (void)state;
    assert_int_equal(said.status, CLI_HOST);
    assert_non_null(strstr(said.out, "not ok 1 - /nowhere.lua"));
    assert_non_null(strstr(said.out, "\n1..1\n"));
    forget(&said);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(usage_errors_exit_with_2),
        cmocka_unit_test(what_the_host_cannot_do_exits_with_3),
        cmocka_unit_test(help_is_not_an_error),
        cmocka_unit_test(lists_name_what_there_is),
        cmocka_unit_test(test_prints_tap),
        cmocka_unit_test(junit_has_one_root_and_escapes),
        cmocka_unit_test(a_scenario_that_cannot_run_is_a_failed_test),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
