/* src/cli/test.c -- halbox test: scenarios as tests. TAP version 13 on standard
 * output as they go, JUnit XML at the end. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/junit.h"
#include "script/script.h"

struct session {
    struct cli *cli;
    unsigned number;
    int status;
    struct junit *junit;
};

static void print_line(void *context, const char *line)
{
    struct session *s = context;

    fprintf(s->cli->out, "# %s\n", line);
    if (s->junit)
        junit_output(s->junit, line);
}

/* YAML of TAP: quotes and backslashes are escaped. */
static void print_quoted(FILE *out, const char *text)
{
    fputc('"', out);
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            fputc('\\', out);
        if ((unsigned char)*text >= 0x20)
            fputc(*text, out);
        else
            fprintf(out, "\\x%02x", (unsigned char)*text);
    }
    fputc('"', out);
}

/* A description is one line, and what follows a bare '#' a directive. */
static void print_name(FILE *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '#' || *text == '\\')
            fputc('\\', out);
        fputc((unsigned char)*text < 0x20 ? ' ' : *text, out);
    }
    fputc('\n', out);
}

static void worse(struct session *s, int status)
{
    if (status > s->status)
        s->status = status;
}

static void test_over(void *context, const struct script_result *result)
{
    struct session *s = context;
    FILE *out = s->cli->out;

    fprintf(out, "%sok %u - %s: ", result->passed ? "" : "not ", ++s->number,
            result->file);
    print_name(out, result->name);
    if (!result->passed) {
        fprintf(out, "  ---\n  message: ");
        print_quoted(out, result->text);
        fprintf(out, "\n  ...\n");
        worse(s, result->host_failed ? CLI_HOST : CLI_FAILED);
    }
    if (s->junit)
        junit_case(s->junit, result);
    fflush(out);
}

static enum hb_status made(void *context, struct machine *m,
                           struct hb_error *error)
{
    return cli_trace_machine(((struct session *)context)->cli, m, error);
}

static void gone(void *context, struct machine *m)
{
    cli_trace_gone(((struct session *)context)->cli, m);
}

/* A file that cannot be run at all is a failed test of its name. */
static void run_file(struct session *s, const char *path)
{
    const struct script_options options = {
        .setup = &s->cli->setup,
        .images_folder = s->cli->images_folder,
        .seed = s->cli->seed,
        .limit_ns = s->cli->limit_ns,
        .context = s,
        .machine = made,
        .machine_gone = gone,
        .print = print_line,
        .result = test_over,
    };
    struct hb_error error = {.text = ""};

    if (s->junit)
        junit_suite(s->junit, path);
    if (script_run(path, &options, &error) != HB_OK) {
        const struct script_result result = {.file = path,
                                             .name = path,
                                             .host_failed = true,
                                             .text = error.text};

        test_over(s, &result);
    }
}

static int write_junit(struct session *s)
{
    FILE *file = fopen(s->cli->junit, "w");
    bool good;

    if (!file)
        return cli_error(s->cli, CLI_HOST, "%s: cannot write results: %s",
                         s->cli->junit, strerror(errno));
    good = junit_write(s->junit, file);
    if (fclose(file) != 0 || !good)
        return cli_error(s->cli, CLI_HOST, "%s: cannot write results",
                         s->cli->junit);
    return CLI_OK;
}

int cli_test(struct cli *cli)
{
    struct session s = {.cli = cli};

    if (!cli->operand.count)
        return cli_error(cli, CLI_USAGE,
                         "test needs scenario files; see halbox test --help");
    if (cli->junit) {
        s.junit = junit_create();
        if (!s.junit)
            return cli_error(cli, CLI_HOST, "no memory for the results");
    }
    fprintf(cli->out, "TAP version 13\n");
    for (uint32_t i = 0; i < cli->operand.count; i++)
        run_file(&s, cli_operand(cli, i));
    fprintf(cli->out, "1..%u\n", s.number);
    if (s.junit)
        worse(&s, write_junit(&s));
    junit_destroy(s.junit);
    return s.status;
}
