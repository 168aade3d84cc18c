/* tests/cli/cli_test.c -- the command line: exit statuses, one line of error,
 * help, lists, TAP and JUnit XML; files of saved scenarios. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

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
    refuses("boot a b", 2, "takes one image");
    refuses("list", 2, "list what?");
    refuses("list moons", 2, "list what?");
    refuses("boot --max-instructions -1 x", 2, "write a number");
    refuses("boot --net tap x", 2, "write user");
    refuses("boot --sound loud x", 2, "write sdl or none");
    refuses("boot x --save", 2, "--save needs");
    refuses("boot x --save f@soon", 2, "write FILE");
    refuses("boot x --save f@9-5/1", 2, "write FILE");
    refuses("run x --save @5", 2, "write FILE");
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

/* SEC-034: what run says of drivers without a scenario, and of imports that
 * nothing serves. */
static void run_tells_what_became_of_the_drivers(void **state)
{
    struct said said;

    (void)state;
    says("run " HALBOX_IMAGES "/edu.sys --device edu", "started by edu.sys\n");
    says("run " HALBOX_IMAGES "/edu.sys --device edu",
         "object  \\Device\\Edu0 ");
    says("run " HALBOX_IMAGES "/edu.sys --device edu",
         "link    \\??\\Edu0                     -> \\Device\\Edu0\n");
    says("run " HALBOX_IMAGES "/edu.sys --device edu", "adapter bus master, ");
    says("run " HALBOX_IMAGES "/importer.sys " HALBOX_IMAGES "/exporter.sys",
         "importer.sys ");
    said = halbox("run " HALBOX_IMAGES "/importer.sys");
    assert_int_equal(said.status, CLI_FAILED);
    assert_non_null(strstr(said.err, "exporter.sys!Exported_Add, which"));
    assert_non_null(strstr(said.err, "exporter.sys!Exported_Data, which"));
    assert_non_null(strstr(said.err, "exporter.sys!#9, which"));
    assert_non_null(strstr(said.err, "importer.sys called exporter.sys!#9"));
    forget(&said);
    refuses("run " HALBOX_IMAGES "/importer.sys --missing fail", 3,
            "imports Exported_Add from exporter.sys");
}

/* SEC-033: exit status 1; code, parameters, module, EIP and stack, in text and
 * as JSON. */
static void a_bugcheck_is_told_in_full(void **state)
{
    static const char file[] = "cli_bugcheck.jsonl";
    struct said said;
    char line[1024] = "";
    FILE *f;

    (void)state;
    said = halbox("run " HALBOX_IMAGES
                  "/importer.sys --trace bugcheck=cli_bugcheck.jsonl");
    assert_int_equal(said.status, 1);
    assert_non_null(strstr(said.err, "bugcheck 0x1E (0xC000007A, 0x"));
    assert_non_null(
        strstr(said.err, ", 0x00000000, 0x00000000) in importer.sys"));
    assert_non_null(strstr(said.err, "EIP 0x"));
    assert_non_null(strstr(said.err, "ESP 0x"));
    forget(&said);
    f = fopen(file, "r");
    assert_non_null(f);
    assert_non_null(fgets(line, sizeof line, f));
    fclose(f);
    unlink(file);
    assert_non_null(strstr(line, "\"code\":"));
    assert_non_null(strstr(line, "\"p4\":"));
    assert_non_null(strstr(line, "\"eip\":"));
    assert_non_null(strstr(line, "\"image\":\"importer.sys\""));
    assert_non_null(strstr(line, "\"stack\":\""));
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
    says("list exports", "tests/nt/image_resource_test.c");
    says("list exports", "PE and COFF Specification");
    says("list exports --json", "\"name\": \"KeSetEvent\"");
    says("list exports --json", "\"file\": \"src/ke/ke_event.c\"");
    refuses("list events --json", 2, "list exports alone");
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

/* A name is no directive and no second line, whatever is in it. */
static void tap_names_are_one_line_without_directives(void **state)
{
    char *path = scenario_file("test('a # SKIP b', function() check(false) end)"
                               "test('x\\ny \\\\', function() end)\n");
    char line[256];
    struct said said;

    (void)state;
    snprintf(line, sizeof line, "test %s", path);
    said = halbox(line);
    assert_non_null(strstr(said.out, ": a \\# SKIP b\n"));
    assert_non_null(strstr(said.out, ": x y \\\\\n1..2\n"));
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

/* XML 1.0, 2.2 Char, in UTF-8: the rest of a Lua string's bytes are no text. */
static void junit_is_well_formed_whatever_bytes_there_are(void **state)
{
    static const char *const bad[] = {"\\xff",
                                      "\\xc3",
                                      "\\xc0\\x80",
                                      "\\xe0\\x80\\x80",
                                      "\\xed\\xa0\\x80",
                                      "\\xef\\xbf\\xbf",
                                      "\\xf4\\x90\\x80\\x80",
                                      "\\x01"};

    (void)state;
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char text[256], line[256], xml[4096] = "";
        struct said said;
        char *path;
        FILE *f;

        snprintf(text, sizeof text,
                 "test('<%s>\xc3\xa4\xf0\x9f\x98\x80', function() end)",
                 bad[i]);
        path = scenario_file(text);
        snprintf(line, sizeof line, "test %s --junit %s.xml", path, path);
        said = halbox(line);
        assert_int_equal(said.status, CLI_OK);
        forget(&said);
        snprintf(line, sizeof line, "%s.xml", path);
        f = fopen(line, "r");
        assert_non_null(f);
        assert_true(fread(xml, 1, sizeof xml - 1, f) > 0);
        fclose(f);
        assert_non_null(strstr(xml, "name=\"&lt;?"));
        assert_non_null(strstr(xml, "?&gt;\xc3\xa4\xf0\x9f\x98\x80\""));
        unlink(line);
        unlink(path);
        free(path);
    }
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

/* ---- saved scenarios ------------------------------------------------------
 */

enum { SUM_AT = 12, SUMMED_AT = 16 }; /* of the file: docs/scenario.md */

static const char scenario[] =
    "local card = open('\\\\\\\\.\\\\Edu0')\n"
    "local seen = record('dma_*')\n"
    "local out = buffer {text = pattern(5000, 1), scattered = true}\n"
    "card:write(out)\n"
    "check(#seen:take() > 2, 'bursts')\n"
    "card:write(out)\n"
    "card:close()\n";

struct file {
    char name[64];
    uint8_t *bytes;
    size_t count;
};

static struct file file_of(const void *bytes, size_t count)
{
    struct file f = {"/tmp/halbox-cli-XXXXXX", malloc(count + 1), count};
    int fd = mkstemp(f.name);

    assert_true(fd >= 0 && f.bytes);
    if (count)
        memcpy(f.bytes, bytes, count);
    assert_int_equal(write(fd, bytes, count), count);
    close(fd);
    return f;
}

static void file_write(const struct file *f, size_t count)
{
    FILE *to = fopen(f->name, "wb");

    assert_non_null(to);
    assert_int_equal(fwrite(f->bytes, 1, count, to), count);
    fclose(to);
}

static void file_read(struct file *f)
{
    FILE *from = fopen(f->name, "rb");

    assert_non_null(from);
    free(f->bytes);
    f->bytes = malloc(1 << 22);
    f->count = fread(f->bytes, 1, 1 << 22, from);
    fclose(from);
}

static void file_drop(struct file *f)
{
    unlink(f->name);
    free(f->bytes);
}

/* The scenario with one more option; returns what it said. */
static struct said scene(const struct file *lua, const char *format, ...)
{
    char line[512];
    va_list ap;
    int n = snprintf(line, sizeof line,
                     "run " HALBOX_IMAGES "/edu.sys --device edu "
                     "--scenario %s ",
                     lua->name);

    va_start(ap, format);
    vsnprintf(line + n, sizeof line - (size_t)n, format, ap);
    va_end(ap);
    return halbox(line);
}

static void saved(const struct file *lua, const char *load, struct file *to,
                  unsigned tick)
{
    struct said said = scene(lua, "--save %s@%u %s %s", to->name, tick,
                             load ? "--load" : "", load ? load : "");

    if (said.status)
        fail_msg("%s", said.err);
    forget(&said);
    file_read(to);
}

/* Two saves of one moment are one file, also when a run was loaded between. */
static void a_save_of_a_loaded_run_is_that_of_the_whole(void **state)
{
    struct file lua = file_of(scenario, sizeof scenario - 1);
    struct file first = file_of("", 0), whole = first, again = first;

    (void)state;
    whole = file_of("", 0);
    again = file_of("", 0);
    saved(&lua, NULL, &first, 5000);
    saved(&lua, NULL, &whole, 9000);
    saved(&lua, first.name, &again, 9000);
    assert_int_equal(whole.count, again.count);
    assert_memory_equal(whole.bytes, again.bytes, whole.count);
    file_drop(&first);
    file_drop(&whole);
    file_drop(&again);
    file_drop(&lua);
}

/* ---- saved machines -------------------------------------------------------
 */

#define BOOT "boot " HALBOX_IMAGES "/edu_copy --device edu "

static void boot_saved(const char *from, struct file *to, unsigned tick)
{
    char line[1024];

    snprintf(line, sizeof line, "%s --save %s@%u", from, to->name, tick);
    says(line, "");
    file_read(to);
}

static void a_bare_machine_is_saved_at_a_tick_and_goes_on(void **state)
{
    struct file first = file_of("", 0), whole = file_of("", 0);
    struct file again = file_of("", 0);
    struct said said;
    char line[512];

    (void)state;
    boot_saved(BOOT, &first, 300);
    boot_saved(BOOT, &whole, 500);
    snprintf(line, sizeof line, "boot --load %s", first.name);
    boot_saved(line, &again, 500);
    assert_int_equal(whole.count, again.count);
    assert_memory_equal(whole.bytes, again.bytes, whole.count);
    assert_int_not_equal(first.count, 0);
    snprintf(line, sizeof line, BOOT "--save %s@4000000000", first.name);
    said = halbox(line);
    assert_int_equal(said.status, CLI_FAILED);
    assert_non_null(strstr(said.err, "ended before it was to be saved"));
    forget(&said);
    file_drop(&first);
    file_drop(&whole);
    file_drop(&again);
}

/* The guest comes to its end on the way: it is idle then. */
static void boot_saves(const struct file *to, const char *points)
{
    char line[512];
    struct said said;

    snprintf(line, sizeof line, BOOT "--save %s@%s", to->name, points);
    said = halbox(line);
    forget(&said);
}

/* The save @i of a plan of many into @f. */
static struct file nth_save(const struct file *f, unsigned i)
{
    struct file one = {.bytes = NULL};

    snprintf(one.name, sizeof one.name, "%.50s.%05u", f->name, i);
    file_read(&one);
    return one;
}

static void a_bare_machine_is_saved_every_so_many_ticks(void **state)
{
    struct file f = file_of("", 0), third = file_of("", 0);
    char name[80];

    (void)state;
    boot_saved(BOOT, &third, 500);
    boot_saves(&f, "300-500/100");
    for (unsigned i = 0; i < 3; i++) {
        struct file one = nth_save(&f, i);

        if (i == 2)
            assert_memory_equal(one.bytes, third.bytes, third.count);
        file_drop(&one);
    }
    snprintf(name, sizeof name, "%s.00003", f.name);
    assert_int_not_equal(access(name, F_OK), 0);
    file_drop(&f);
    file_drop(&third);
}

/* With a b the step counts places, each byte of DMA among them: the guest's
 * first transfer of 4096 bytes lies between ticks 12300 and 12400. */
static void a_bare_machine_is_saved_between_bytes_of_a_transfer(void **state)
{
    struct file fine = file_of("", 0), coarse = file_of("", 0);

    (void)state;
    boot_saves(&fine, "12300-12400/500b");
    boot_saves(&coarse, "12300-12400/1500b");
    for (unsigned i = 0; i < 9; i++) {
        struct file one = nth_save(&fine, i);

        if (i % 3 == 0) {
            struct file third = nth_save(&coarse, i / 3);

            assert_int_equal(one.count, third.count);
            assert_memory_equal(one.bytes, third.bytes, third.count);
            file_drop(&third);
        }
        file_drop(&one);
    }
    file_drop(&fine);
    file_drop(&coarse);
}

/* Each length it can be cut to, and each bit of it, in steps. */
static void a_damaged_saved_scenario_is_one_line(void **state)
{
    struct file lua = file_of(scenario, sizeof scenario - 1);
    struct file f = file_of("", 0);
    struct said said;
    char line[512];

    (void)state;
    saved(&lua, NULL, &f, 9000);
    snprintf(line, sizeof line,
             "run " HALBOX_IMAGES "/edu.sys --device edu --scenario %s "
             "--load %s",
             lua.name, f.name);
    for (size_t n = 0; n < f.count; n += n < 64 ? 1 : 2003) {
        file_write(&f, n);
        refuses(line, 3, n < SUM_AT ? "not a scenario" : "damaged");
    }
    for (size_t bit = 0; bit < 8 * f.count; bit += bit < 512 ? 1 : 20011) {
        f.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        file_write(&f, f.count);
        refuses(line, 3, bit < 8 * SUM_AT ? "not a scenario" : "damaged");
        f.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    file_write(&f, f.count);
    said = halbox(line);
    assert_int_equal(said.status, 0);
    forget(&said);
    file_drop(&f);
    file_drop(&lua);
}

/* With a sum that fits: whatever a file tells a scenario, the host goes on, and
 * says at most one line. */
static void a_forged_saved_scenario_harms_nobody(void **state)
{
    struct file lua = file_of(scenario, sizeof scenario - 1);
    struct file f = file_of("", 0);
    unsigned refused = 0;

    (void)state;
    saved(&lua, NULL, &f, 9000);
    for (size_t at = SUMMED_AT; at < f.count; at += at < 2048 ? 3 : 4099) {
        uint8_t was = f.bytes[at];
        struct said said;
        uint32_t sum;

        f.bytes[at] = at % 2 ? 0xff : was ^ 1;
        sum = (uint32_t)crc32_z(0, f.bytes + SUMMED_AT, f.count - SUMMED_AT);
        memcpy(f.bytes + SUM_AT, &sum, sizeof sum);
        file_write(&f, f.count);
        said = scene(&lua, "--load %s --time-limit 1", f.name);
        refused += said.status != 0;
        assert_in_range(said.status, 0, 3);
        assert_true(!said.err_bytes ||
                    strchr(said.err, '\n') == said.err + said.err_bytes - 1);
        forget(&said);
        f.bytes[at] = was;
    }
    assert_true(refused > 10);
    file_drop(&f);
    file_drop(&lua);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(usage_errors_exit_with_2),
        cmocka_unit_test(what_the_host_cannot_do_exits_with_3),
        cmocka_unit_test(help_is_not_an_error),
        cmocka_unit_test(run_tells_what_became_of_the_drivers),
        cmocka_unit_test(a_bugcheck_is_told_in_full),
        cmocka_unit_test(lists_name_what_there_is),
        cmocka_unit_test(test_prints_tap),
        cmocka_unit_test(tap_names_are_one_line_without_directives),
        cmocka_unit_test(junit_has_one_root_and_escapes),
        cmocka_unit_test(junit_is_well_formed_whatever_bytes_there_are),
        cmocka_unit_test(a_scenario_that_cannot_run_is_a_failed_test),
        cmocka_unit_test(a_save_of_a_loaded_run_is_that_of_the_whole),
        cmocka_unit_test(a_bare_machine_is_saved_at_a_tick_and_goes_on),
        cmocka_unit_test(a_bare_machine_is_saved_every_so_many_ticks),
        cmocka_unit_test(a_bare_machine_is_saved_between_bytes_of_a_transfer),
        cmocka_unit_test(a_damaged_saved_scenario_is_one_line),
        cmocka_unit_test(a_forged_saved_scenario_harms_nobody),

    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
