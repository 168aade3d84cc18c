/* src/cli/debug.c -- halbox debug: as run, with the debugger's window. Whatever
 * drives the machine, a scenario or the start of its drivers, is stopped and
 * stepped by the window's user. */
#include "cli/cli.h"

#ifdef HALBOX_PANELS
#include <errno.h>
#include <string.h>

#include "halbox/debug.h"
#include "halbox/lanes.h"
#include "panels/panels_window.h"
#include "script/script.h"

enum { START_LIMIT_S = 60, MIB = 1 << 20 };

struct debugging {
    struct cli *cli;
    struct panels_window *window;
    struct symbols *symbols;
    struct debug *d; /* of the machine that stands */
    struct lanes *lanes;
    FILE *status_file;
    int status;
};

/* ---- the machine --------------------------------------------------------- */

static enum hb_status attach(void *context, struct machine *m,
                             struct hb_error *error)
{
    struct debugging *g = context;
    const struct debug_client client = panels_window_client(g->window);
    const struct debug_options options = {
        .history = g->cli->history, .stop_first = true, .symbols = g->symbols};
    const struct lanes_options all = {.symbols = g->symbols};
    enum hb_status status = debug_attach(&g->d, m, &options, &client, error);

    for (uint32_t i = 0; status == HB_OK && i < g->cli->breaks.count; i++)
        if (!debug_break_parse(g->d, *VEC_AT(const char *, &g->cli->breaks, i),
                               error))
            status = error->status;
    if (status == HB_OK)
        status = lanes_create(&g->lanes, m, &all, error);
    panels_window_lanes(g->window, g->lanes);
    return status == HB_OK ? cli_trace_machine(g->cli, m, error) : status;
}

static void detach(void *context, struct machine *m)
{
    struct debugging *g = context;

    cli_trace_gone(g->cli, m);
    if (!g->d)
        return;
    if (!debug_is_quit(g->d))
        debug_over(g->d);
    debug_detach(g->d);
    g->d = NULL;
    panels_window_lanes(g->window, NULL);
    lanes_destroy(g->lanes);
    g->lanes = NULL;
}

/* ---- what drives it ------------------------------------------------------ */

static void test_over(void *context, const struct script_result *result)
{
    struct debugging *g = context;

    if (!result->passed && !debug_is_quit(g->d))
        g->status =
            cli_error(g->cli, result->host_failed ? CLI_HOST : CLI_FAILED, "%s",
                      result->text);
}

static void print_line(void *context, const char *line)
{
    fprintf(((struct debugging *)context)->cli->out, "%s\n", line);
}

static int by_scenario(struct debugging *g)
{
    struct cli *cli = g->cli;
    const struct script_options options = {
        .setup = &cli->setup,
        .images = cli->operand.data,
        .images_count = cli->operand.count,
        .images_folder = cli->images_folder,
        .seed = cli->seed,
        .limit_ns = cli->limit_ns,
        .context = g,
        .machine = attach,
        .machine_gone = detach,
        .print = print_line,
        .result = test_over,
    };
    struct hb_error error;

    if (script_run(cli->scenario, &options, &error) != HB_OK)
        return cli_fail(cli, &error);
    return g->status;
}

static int by_start(struct debugging *g)
{
    struct cli *cli = g->cli;
    uint64_t limit =
        cli->limit_ns ? cli->limit_ns : START_LIMIT_S * 1000000000ull;
    struct hb_error error = {0};
    struct machine *m;

    if ((cli->load ? machine_load(&m, cli->load, &error)
                   : setup_machine(&cli->setup, &m, &error)) != HB_OK)
        return cli_fail(cli, &error);
    if (attach(g, m, &error) != HB_OK ||
        (!cli->load &&
         machine_load_driver_files(m, cli->operand.data, cli->operand.count,
                                   &error) != HB_OK))
        g->status = cli_fail(cli, &error);
    else if (cli->load)
        machine_run(m, machine_ticks(m, limit), NULL);
    else if (machine_start(m, limit, &error) != HB_OK && !debug_is_quit(g->d))
        g->status = cli_fail(cli, &error);
    detach(g, m);
    machine_destroy(m);
    return g->status;
}

/* ---- the command --------------------------------------------------------- */

static int open_window(struct debugging *g)
{
    char settings[512];
    const struct panels_window_options options = {
        .title = "halbox", .settings = settings, .status = g->status_file};
    struct hb_error error;

    panels_window_settings(settings);
    if (panels_window_open(&g->window, &options, &error) != HB_OK)
        return cli_fail(g->cli, &error);
    g->symbols = symbols_create();
    for (uint32_t i = 0; g->symbols && i < g->cli->operand.count; i++)
        symbols_add_file(g->symbols, cli_operand(g->cli, i), NULL);
    return CLI_OK;
}

int cli_debug(struct cli *cli)
{
    struct debugging g = {.cli = cli};
    int status;

    if (!cli->operand.count && !cli->load && !cli->scenario)
        return cli_error(cli, CLI_USAGE,
                         "debug needs a driver image; see halbox debug --help");
    if (cli->status_path) {
        g.status_file = fopen(cli->status_path, "w");
        if (!g.status_file)
            return cli_error(cli, CLI_HOST, "%s: cannot write it: %s",
                             cli->status_path, strerror(errno));
    }
    status = open_window(&g);
    if (status == CLI_OK)
        status = cli->scenario ? by_scenario(&g) : by_start(&g);
    panels_window_close(g.window);
    symbols_destroy(g.symbols);
    if (g.status_file)
        fclose(g.status_file);
    return status;
}

#else

int cli_debug(struct cli *cli)
{
    return cli_error(cli, CLI_HOST,
                     "debug: built without SDL2 or Dear ImGui (libsdl2-dev, "
                     "libimgui-dev)");
}

#endif
