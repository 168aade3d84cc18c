/* src/cli/callers.c -- who called whom when the guest system stopped. */
#include <string.h>

#include "cli/cli.h"
#include "halbox/symbols.h"

static void print_frame(const struct cli *cli, const struct symbols *symbols,
                        const struct machine *m,
                        const struct backtrace_frame *frame)
{
    gva_t at = gva_of(frame->eip.v - !frame->exact); /* of the call */
    struct source_function inlined;
    struct source_line line;
    const char *slash;

    fprintf(cli->out, "stack   %08x %s", frame->eip.v,
            frame->text[0] ? frame->text : "?");
    if (symbols_inlined(symbols, m, at, 0, &inlined))
        fprintf(cli->out, ", in %s", inlined.name);
    if (symbols_line(symbols, m, at, &line)) {
        slash = strrchr(line.path, '/');
        fprintf(cli->out, " (%s:%u)", slash ? slash + 1 : line.path, line.line);
    }
    fputc('\n', cli->out);
}

void cli_callers(const struct cli *cli, const struct machine *m)
{
    enum { MOST = 24 };
    const struct backtrace_start now = backtrace_start_cpu(m);
    struct backtrace_frame frame[MOST];
    struct symbols *symbols = symbols_create();
    unsigned n;

    if (!symbols)
        return;
    symbols_add_loaded(symbols, m);
    n = backtrace(symbols, m, &now, frame, MOST);
    for (unsigned i = 0; i < n; i++)
        print_frame(cli, symbols, m, &frame[i]);
    symbols_destroy(symbols);
}
