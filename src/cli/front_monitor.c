/* src/cli/front_monitor.c -- the debugger in words talks to its user: at each
 * stop lines are read and done until one lets the machine go on. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/debugger.h"
#include "cli/line.h"
#include "halbox/monitor.h"

/** Lives from the first machine to the end of the command. */
struct cli_monitor {
    struct cli *cli;
    struct line_source *line;
    FILE *file; /* --commands */
    struct debug *d;
    struct lanes *lanes;
    bool quit, failed; /* failed: a command of a file or pipe */
};

static bool wanted(const struct cli *cli)
{
#ifndef HALBOX_PANELS
    if (cli->command == CLI_DEBUG)
        return true;
#endif
    return cli->monitor || cli->commands;
}

/* ---- at a stop ----------------------------------------------------------- */

static void print(void *context, const char *text)
{
    fprintf(((struct cli_monitor *)context)->cli->out, "%s\n", text);
}

static void print_stop(struct cli_monitor *mon, const struct debug_stop *stop)
{
    char where[512];

    debug_where(mon->d, where, sizeof where);
    fprintf(mon->cli->out, "%s%s%s%s\n  %s\n", debug_reason_name(stop->reason),
            stop->text[0] ? ": " : "", stop->text,
            stop->past ? " (in the past)" : "", where);
}

static void command(struct cli_monitor *mon, const char *text)
{
    struct hb_error error;

    if (debug_command(mon->d, text, print, mon, &error) == HB_OK)
        return;
    fprintf(mon->cli->out, "error: %s\n", error.text);
    mon->failed |= !line_is_terminal(mon->line);
}

static void stopped(void *context, struct debug *d,
                    const struct debug_stop *stop)
{
    const struct debug_order quit = {.kind = DEBUG_QUIT};
    const struct debug_place before = debug_present(d);
    struct cli_monitor *mon = context;
    struct debug_place present;
    const char *text;

    if (debug_command_again(d, stop))
        return;
    print_stop(mon, stop);
    while (!debug_has_order(d)) {
        text = line_read(mon->line, d);
        if (text)
            command(mon, text);
        else
            debug_order(d, &quit, NULL);
    }
    fflush(mon->cli->out);
    mon->quit = debug_is_quit(d);
    present = debug_present(d);
    if (debug_place_order(&present, &before) < 0) /* the past was changed */
        lanes_cut(mon->lanes, present.at.tick);
}

static void running(void *context, struct debug *d)
{
    struct cli_monitor *mon = context;

    if (line_interrupted(mon->line))
        debug_pause(d);
}

/* ---- life ---------------------------------------------------------------- */

static enum hb_status begin(struct cli *cli, struct hb_error *error)
{
    struct cli_monitor *mon = calloc(1, sizeof *mon);

    if (!mon)
        return hb_fail(error, HB_NO_MEMORY, "no memory for the monitor");
    cli->console = mon;
    mon->cli = cli;
    if (cli->commands && !(mon->file = fopen(cli->commands, "r")))
        return hb_fail(error, HB_NO_FILE, "%s: cannot read it: %s",
                       cli->commands, strerror(errno));
    mon->line = line_open(mon->file, cli->out);
    return mon->line
               ? HB_OK
               : hb_fail(error, HB_NO_MEMORY, "no memory for the monitor");
}

static enum hb_status open_front(struct cli *cli, struct machine *m,
                                 struct debug_client *client,
                                 struct hb_error *error)
{
    (void)m;
    if (!cli->console && begin(cli, error) != HB_OK)
        return error->status;
    if (!cli->console->line || cli->console->quit)
        return hb_fail(error, HB_BAD_STATE, "the monitor has ended");
    *client = (struct debug_client){.context = cli->console,
                                    .stopped = stopped,
                                    .running = running,
                                    .print = print};
    return HB_OK;
}

static enum hb_status attached(void *context, struct debug *d,
                               struct hb_error *error)
{
    struct cli_monitor *mon = context;
    const struct lanes_options options = {.symbols = debug_symbols(d)};
    enum hb_status status =
        lanes_create(&mon->lanes, debug_machine(d), &options, error);

    mon->d = d;
    return status == HB_OK ? debug_command_lanes(d, mon->lanes, error) : status;
}

static void close_front(void *context)
{
    struct cli_monitor *mon = context;

    lanes_destroy(mon->lanes);
    mon->lanes = NULL;
    mon->d = NULL;
}

int cli_monitor_end(struct cli *cli, int status)
{
    struct cli_monitor *mon = cli->console;

    if (!mon)
        return status;
    if (status == CLI_OK && mon->failed)
        status = CLI_FAILED;
    line_close(mon->line);
    if (mon->file)
        fclose(mon->file);
    free(mon);
    cli->console = NULL;
    return status;
}

const struct debug_front front_monitor = {
    .wanted = wanted,
    .open = open_front,
    .attached = attached,
    .close = close_front,
};
