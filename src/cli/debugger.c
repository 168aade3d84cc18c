/* src/cli/debugger.c -- see debugger.h. */
#include "cli/debugger.h"

#include <stdlib.h>

#include "base/vec.h"

/* The first that was asked for. */
static const struct debug_front *const fronts[] = {
    &front_gdb, &front_monitor, &front_window, NULL, /* the end */
};

struct cli_debugger {
    const struct debug_front *front;
    struct debug_client client; /* the front end's own */
    struct symbols *symbols;
    struct debug *d;    /* NULL: no machine stands */
    struct vec waiting; /* of const char *: breakpoints without a place yet */
    bool quit;
};

/* Files of images that were loaded since the last stop count, too. */
static void stopped(void *context, struct debug *d,
                    const struct debug_stop *stop)
{
    struct cli_debugger *g = context;

    symbols_add_loaded(g->symbols, debug_machine(d));
    if (g->client.stopped)
        g->client.stopped(g->client.context, d, stop);
}

static void running(void *context, struct debug *d)
{
    struct cli_debugger *g = context;

    if (g->client.running)
        g->client.running(g->client.context, d);
}

static void print(void *context, const char *line)
{
    struct cli_debugger *g = context;

    if (g->client.print)
        g->client.print(g->client.context, line);
}

static const struct debug_front *wanted(const struct cli *cli)
{
    for (unsigned i = 0; fronts[i]; i++)
        if (fronts[i]->wanted(cli))
            return fronts[i];
    return NULL;
}

static struct cli_debugger *create(struct cli *cli,
                                   const struct debug_front *front)
{
    struct cli_debugger *g = calloc(1, sizeof *g);

    if (!g)
        return NULL;
    g->front = front;
    g->symbols = symbols_create();
    for (uint32_t i = 0; g->symbols && i < cli->operand.count; i++)
        symbols_add_file(g->symbols, cli_operand(cli, i), NULL);
    cli->debugger = g;
    return g;
}

/* ---- breakpoints of the command line --------------------------------------
 * A name of an image is known once that is loaded: till then it waits. */

static void try_breaks(struct cli_debugger *g)
{
    struct vec *waiting = &g->waiting;
    struct hb_error error;

    for (uint32_t i = 0; i < waiting->count;) {
        const char *words = *VEC_AT(const char *, waiting, i);

        if (debug_break_parse(g->d, words, &error))
            vec_remove(waiting, sizeof words, i);
        else
            i++;
    }
}

static void image_loaded(void *context, const struct hb_event *event)
{
    struct cli_debugger *g = context;

    (void)event;
    symbols_add_loaded(g->symbols, debug_machine(g->d));
    try_breaks(g);
}

static enum hb_status add_breaks(struct cli_debugger *g, const struct cli *cli,
                                 struct hb_error *error)
{
    for (uint32_t i = 0; i < cli->breaks.count; i++) {
        const char *words = *VEC_AT(const char *, &cli->breaks, i);

        if (debug_break_parse(g->d, words, error))
            continue;
        if (error->status != HB_NOT_FOUND)
            return error->status;
        if (!vec_push(&g->waiting, sizeof words, &words))
            return hb_fail(error, HB_NO_MEMORY, "no memory for --break");
    }
    return machine_listen(debug_machine(g->d), image_loaded, g, "image_load",
                          error);
}

static void end_breaks(struct cli_debugger *g, const struct cli *cli)
{
    machine_unlisten(debug_machine(g->d), image_loaded, g);
    for (uint32_t i = 0; i < g->waiting.count; i++)
        cli_error(cli, 0, "--break %s: no image that was loaded has it",
                  *VEC_AT(const char *, &g->waiting, i));
    vec_free(&g->waiting);
}

/* ---- a machine -------------------------------------------------------------
 */

static void drop(struct cli_debugger *g, const struct cli *cli)
{
    end_breaks(g, cli);
    debug_detach(g->d);
    g->d = NULL;
    g->front->close(g->client.context);
}

enum hb_status cli_debugger_machine(struct cli *cli, struct machine *m,
                                    struct hb_error *error)
{
    const struct debug_front *front = wanted(cli);
    struct cli_debugger *g = cli->debugger;
    struct debug_options options = {.history = cli->history,
                                    .stop_first = true};
    const struct debug_client client = {
        .stopped = stopped, .running = running, .print = print};
    struct debug_client own = client;
    enum hb_status status;

    if (!front)
        return HB_OK;
    if (!g && !(g = create(cli, front)))
        return hb_fail(error, HB_NO_MEMORY, "no memory for a debugger");
    own.context = g;
    options.symbols = g->symbols;
    status = front->open(cli, m, &g->client, error);
    if (status != HB_OK)
        return status;
    status = debug_attach(&g->d, m, &options, &own, error);
    if (status != HB_OK) {
        front->close(g->client.context);
        return status;
    }
    status = add_breaks(g, cli, error);
    if (status == HB_OK && front->attached)
        status = front->attached(g->client.context, g->d, error);
    if (status != HB_OK)
        drop(g, cli);
    return status;
}

void cli_debugger_gone(struct cli *cli)
{
    struct cli_debugger *g = cli->debugger;

    if (!g || !g->d)
        return;
    if (debug_is_quit(g->d)) /* and did not only look at how it ended */
        g->quit = true;
    else
        debug_over(g->d);
    drop(g, cli);
}

bool cli_debugger_quit(const struct cli *cli)
{
    const struct cli_debugger *g = cli->debugger;

    return g && (g->quit || (g->d && debug_is_quit(g->d)));
}

void cli_debugger_fini(struct cli *cli)
{
    if (!cli->debugger)
        return;
    symbols_destroy(cli->debugger->symbols);
    free(cli->debugger);
}
