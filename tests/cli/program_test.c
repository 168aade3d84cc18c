/* tests/cli/program_test.c -- halbox run --program: output, arguments, exit
 * statuses; a run with a program saved and gone on with. */
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

#define DRIVER  "run " HALBOX_IMAGES "/edu.sys --device edu "
#define PROGRAM "--program " HALBOX_IMAGES "/"
#define ROUND   "round 1 of 1: 0 failed\n"

/** What a command said. */
struct said {
    int status;
    char *out, *err;
    size_t out_bytes, err_bytes;
};

/* The line is split at spaces. */
static struct said halbox(const char *format, ...)
{
    struct said said = {.status = -1};
    FILE *out = open_memstream(&said.out, &said.out_bytes);
    FILE *err = open_memstream(&said.err, &said.err_bytes);
    char line[1024], *rest = line, *argv[32] = {"halbox"};
    int argc = 1;
    va_list ap;

    va_start(ap, format);
    vsnprintf(line, sizeof line, format, ap);
    va_end(ap);
    for (char *word; (word = strsep(&rest, " ")) && argc < 31;)
        if (*word)
            argv[argc++] = word;
    said.status = cli_main(argc, argv, out, err);
    fclose(out);
    fclose(err);
    return said;
}

static void forget(struct said *said)
{
    free(said->out);
    free(said->err);
}

/* @out: all of its standard output; @err: a part of standard error. */
static void is_said(struct said said, int status, const char *out,
                    const char *err)
{
    if (said.status != status)
        fail_msg("status %d: %s", said.status, said.err);
    assert_string_equal(said.out, out);
    if (!strstr(said.err, err))
        fail_msg("\"%s\" does not say \"%s\"", said.err, err);
    forget(&said);
}

static void output_and_arguments_are_passed_on(void **state)
{
    struct said both;

    (void)state;
    is_said(halbox(DRIVER PROGRAM "edu_test.exe"), CLI_OK, ROUND, "");
    is_said(halbox(DRIVER PROGRAM "edu_test.exe -- 2"), CLI_OK,
            "round 1 of 2: 0 failed\nround 2 of 2: 0 failed\n", "");
    /* side by side; the arguments are the last one's */
    both = halbox(DRIVER PROGRAM "edu_test.exe " PROGRAM "edu_test.exe -- 2");
    assert_int_equal(both.status, CLI_OK);
    assert_non_null(strstr(both.out, ROUND));
    assert_non_null(strstr(both.out, "round 2 of 2: 0 failed\n"));
    forget(&both);
}

static void a_program_that_fails_is_status_1(void **state)
{
    (void)state;
    is_said(halbox(DRIVER PROGRAM "elf_calls"), CLI_FAILED,
            "hello from an ELF program\n", "exit status 5 (00000005)");
    is_said(halbox(DRIVER PROGRAM "crash.exe -- null"), CLI_FAILED, "null\n",
            "access violation c0000005");
    is_said(halbox(DRIVER PROGRAM "edu_test.exe --time-limit 0.001"),
            CLI_FAILED, "", "process 1: ");
}

static void what_is_no_program_is_refused(void **state)
{
    (void)state;
    is_said(halbox(DRIVER PROGRAM "edu.sys"), CLI_HOST, "", "subsystem");
    is_said(halbox(DRIVER "--program /nowhere.exe"), CLI_HOST, "",
            "/nowhere.exe");
    is_said(halbox(DRIVER "--scenario a.lua " PROGRAM "edu_test.exe"),
            CLI_USAGE, "", "without a scenario");
}

/** A file of the host that is there for a test. */
struct save {
    char name[64];
    char *bytes;
    size_t count;
};

static struct save save_of(void)
{
    struct save s = {.name = "/tmp/halbox-program-XXXXXX"};
    int fd = mkstemp(s.name);

    assert_true(fd >= 0);
    close(fd);
    return s;
}

static void save_read(struct save *s)
{
    enum { MOST = 1 << 23 };
    FILE *from = fopen(s->name, "rb");

    assert_non_null(from);
    s->bytes = malloc(MOST);
    assert_non_null(s->bytes);
    s->count = fread(s->bytes, 1, MOST, from);
    assert_in_range(s->count, 1, MOST - 1);
    fclose(from);
}

static void save_drop(struct save *s)
{
    unlink(s->name);
    free(s->bytes);
}

#define RUN DRIVER PROGRAM "edu_test.exe "

/* Before the program was there, in it, and between its lines: what the two
 * runs wrote is what the whole one wrote. */
static void a_saved_run_goes_on(void **state)
{
    static const unsigned ticks[] = {100, 60000, 300000, 500000, 900000};
    struct said whole = halbox(RUN "-- 3");
    struct save s = save_of();

    (void)state;
    assert_int_equal(whole.status, CLI_OK);
    for (unsigned i = 0; i < sizeof ticks / sizeof ticks[0]; i++) {
        struct said first = halbox(RUN "--save %s@%u -- 3", s.name, ticks[i]);
        struct said rest =
            halbox("run --load %s " PROGRAM "edu_test.exe -- 3", s.name);

        assert_int_equal(first.status, CLI_OK);
        assert_int_equal(rest.status, CLI_OK);
        assert_int_equal(first.out_bytes + rest.out_bytes, whole.out_bytes);
        assert_memory_equal(first.out, whole.out, first.out_bytes);
        assert_string_equal(rest.out, whole.out + first.out_bytes);
        forget(&first);
        forget(&rest);
    }
    save_drop(&s);
    forget(&whole);
}

/* Two saves of one moment are one file, also when a run was loaded between. */
static void a_save_of_a_loaded_run_is_that_of_the_whole(void **state)
{
    struct save first = save_of(), again = save_of(), whole = save_of();

    (void)state;
    is_said(halbox(RUN "--save %s@300000", first.name), CLI_OK, "", "");
    is_said(halbox("run --load %s --save %s@500000", first.name, again.name),
            CLI_OK, "", "");
    is_said(halbox(RUN "--save %s@500000", whole.name), CLI_OK, "", "");
    save_read(&again);
    save_read(&whole);
    assert_int_equal(again.count, whole.count);
    assert_memory_equal(again.bytes, whole.bytes, whole.count);
    save_drop(&first);
    save_drop(&again);
    save_drop(&whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(output_and_arguments_are_passed_on),
        cmocka_unit_test(a_program_that_fails_is_status_1),
        cmocka_unit_test(what_is_no_program_is_refused),
        cmocka_unit_test(a_saved_run_goes_on),
        cmocka_unit_test(a_save_of_a_loaded_run_is_that_of_the_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
