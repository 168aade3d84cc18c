/* src/cli/trace.c -- --trace: events as text, or as JSON lines in a file whose
 * name ends in .json or .jsonl. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);

    return n >= m && strcmp(text + n - m, end) == 0;
}

/* "GLOB" or "GLOB=FILE"; the glob's text is argv's, cut at the '='. */
int cli_trace_add(struct cli *cli, const char *text)
{
    struct cli_trace trace = {.glob = text, .file = cli->err};
    char *equals = strchr(text, '=');

    if (equals) {
        *equals = 0;
        trace.owned = true;
        trace.json =
            ends_with(equals + 1, ".json") || ends_with(equals + 1, ".jsonl");
        trace.file = fopen(equals + 1, "w");
        if (!trace.file)
            return cli_error(cli, CLI_HOST, "%s: cannot write the trace: %s",
                             equals + 1, strerror(errno));
    }
    if (!vec_push(&cli->trace, sizeof trace, &trace)) {
        if (trace.owned)
            fclose(trace.file);
        return cli_error(cli, CLI_HOST, "no memory for a trace");
    }
    return CLI_OK;
}

static void write_event(void *context, const struct hb_event *event)
{
    const struct cli_trace *trace = context;
    char line[4096];

    if (trace->json)
        hb_event_json(event, line, sizeof line);
    else
        hb_event_text(event, line, sizeof line);
    fprintf(trace->file, "%s\n", line);
}

enum hb_status cli_trace_machine(void *context, struct machine *m,
                                 struct hb_error *error)
{
    struct cli *cli = context;
    enum hb_status status = cli_wav_machine(cli, m, error);

    if (status == HB_OK)
        status = cli_coverage_machine(cli, m, error);
    if (status == HB_OK)
        status = cli_time_line_machine(cli, m, error);
    for (uint32_t i = 0; i < cli->trace.count && status == HB_OK; i++) {
        struct cli_trace *t = VEC_AT(struct cli_trace, &cli->trace, i);

        status = machine_listen(m, write_event, t, t->glob, error);
    }
    return status;
}

void cli_trace_gone(void *context, struct machine *m)
{
    struct cli *cli = context;

    cli_wav_gone(cli, m);
    cli_coverage_gone(cli, m);
    cli_time_line_gone(cli, m);
    for (uint32_t i = 0; i < cli->trace.count; i++) {
        struct cli_trace *t = VEC_AT(struct cli_trace, &cli->trace, i);

        machine_unlisten(m, write_event, t);
        fflush(t->file);
    }
}
