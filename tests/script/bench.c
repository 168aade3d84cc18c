/* tests/script/bench.c -- scenarios from text, and what came of them. */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int bench_setup(void **state)
{
    *state = calloc(1, sizeof(struct bench));
    return *state ? 0 : -1;
}

int bench_teardown(void **state)
{
    struct bench *b = *state;

    setup_fini(&b->setup);
    free(b);
    return 0;
}

static void print_line(void *context, const char *line)
{
    struct bench *b = context;
    size_t used = strlen(b->printed);

    snprintf(b->printed + used, sizeof b->printed - used, "%s\n", line);
}

static void test_over(void *context, const struct script_result *result)
{
    struct bench *b = context;

    assert_true(b->tests < BENCH_TESTS);
    snprintf(b->test[b->tests].name, sizeof b->test->name, "%s", result->name);
    snprintf(b->test[b->tests].text, sizeof b->test->text, "%s", result->text);
    b->test[b->tests].passed = result->passed;
    b->test[b->tests].host_failed = result->host_failed;
    b->test[b->tests].ticks = result->ticks;
    b->failed += !result->passed;
    b->tests++;
}

enum hb_status scenario(struct bench *b, const char *text)
{
    const struct script_options options = {
        .setup = &b->setup,
        .images_folder = HALBOX_IMAGES,
        .seed = b->seed,
        .context = b,
        .print = print_line,
        .result = test_over,
    };
    char path[] = "/tmp/scenario-XXXXXX";
    int fd = mkstemp(path);
    enum hb_status status;

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    b->printed[0] = 0;
    b->tests = b->failed = 0;
    status = script_run(path, &options, &b->error);
    unlink(path);
    return status;
}

void passes(struct bench *b, const char *text)
{
    if (scenario(b, text) != HB_OK)
        fail_msg("%s", b->error.text);
    for (unsigned i = 0; i < b->tests; i++)
        if (!b->test[i].passed)
            fail_msg("%s: %s", b->test[i].name, b->test[i].text);
    assert_true(b->tests > 0);
}

void complains(struct bench *b, const char *text, const char *words)
{
    assert_int_equal(scenario(b, text), HB_OK);
    assert_int_equal(b->tests, 1);
    assert_false(b->test[0].passed);
    if (!strstr(b->test[0].text, words))
        fail_msg("\"%s\" does not say \"%s\"", b->test[0].text, words);
}
