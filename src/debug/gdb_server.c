/* src/debug/gdb_server.c -- the server: a client of the debugger that lets gdb
 * decide. While the machine stands it does what gdb asks; while it runs it
 * listens for an interrupt, or for a gdb to come. */
#include <stdlib.h>
#include <string.h>

#include "debug/gdb.h"
#include "halbox/monitor.h"

void gdb_error(struct gdb_server *g, int number)
{
    g->reply.count = 0;
    gdb_put(&g->reply, "E%02x", (unsigned)number);
}

void gdb_ok(struct gdb_server *g)
{
    g->reply.count = 0;
    gdb_put(&g->reply, "OK");
}

/* ---- gdb comes and goes -------------------------------------------------- */

static bool connected(const struct gdb_server *g)
{
    return g->socket.fd >= 0;
}

static bool come(struct gdb_server *g, bool wait)
{
    if (!gdb_socket_accept(&g->socket, wait))
        return false;
    g->no_ack = g->owes = false;
    g->wire.count = 0;
    return true;
}

/* Without a word, or with one: the machine runs free. */
static void gone(struct gdb_server *g)
{
    gdb_socket_drop(&g->socket);
    gdb_points_end(g);
    g->owes = g->monitors = false;
    g->written = NULL;
}

/* Nobody drives the machine any more: it need not run. */
static void leave(struct gdb_server *g)
{
    const struct debug_order quit = {.kind = DEBUG_QUIT};

    debug_order(g->d, &quit, NULL);
    gone(g);
}

/* ---- the machine stands -------------------------------------------------- */

/* Back to a write is to in front of it: gdb compares the bytes and would pass
 * over a place where they are as they were. */
static bool step_before_write(struct gdb_server *g,
                              const struct debug_stop *stop)
{
    const struct debug_order step = {.kind = DEBUG_STEP, .back = true};
    const struct gdb_point *point;

    if (g->written || stop->reason != DEBUG_BREAKPOINT || !g->order.back)
        return false;
    point = gdb_point_of(g, stop->breakpoint);
    if (!point || point->type < '2' || debug_order(g->d, &step, NULL) != HB_OK)
        return false;
    g->written = point;
    return true;
}

static void answer_stop(struct gdb_server *g, const struct debug_stop *stop)
{
    if (!g->owes)
        return;
    gdb_stop_reply(g, stop);
    gdb_send(g, &g->reply);
    g->owes = false;
}

/* Requests until one lets the machine go on. */
static void serve(struct gdb_server *g)
{
    g->ordered = false;
    while (!g->ordered && connected(g)) {
        switch (gdb_take(g, &g->request)) {
        case GDB_REQUEST:
            gdb_request(g);
            break;
        case GDB_INTERRUPT:
            break; /* it stands already */
        case GDB_NOTHING:
            if (connected(g) && !gdb_socket_read(&g->socket, true))
                gdb_socket_drop(&g->socket);
            break;
        }
    }
    if (!connected(g))
        gone(g);
}

static void stopped(void *context, struct debug *d,
                    const struct debug_stop *stop)
{
    struct gdb_server *g = context;

    g->d = d;
    g->over |= stop->reason == DEBUG_OVER;
    if (g->over && !connected(g))
        leave(g);
    if (!connected(g) && (stop->reason != DEBUG_ATTACHED || !come(g, true)))
        return;
    if (g->monitors ? debug_command_again(d, stop)
                    : step_before_write(g, stop) || gdb_step_goes_on(g, stop))
        return;
    gdb_points_begin(g);
    g->thread = gdb_thread_now(g);
    if (g->monitors)
        gdb_monitor_stopped(g);
    else
        answer_stop(g, stop);
    g->written = NULL;
    if (g->over)
        leave(g);
    else
        serve(g);
}

/* ---- the machine runs ---------------------------------------------------- */

static void running(void *context, struct debug *d)
{
    struct gdb_server *g = context;

    g->d = d;
    if (!connected(g)) {
        if (come(g, false))
            debug_pause(d);
        return;
    }
    if (!gdb_socket_read(&g->socket, false))
        gone(g);
    else if (gdb_interrupted(g))
        debug_pause(d);
}

static void print(void *context, const char *line)
{
    struct gdb_server *g = context;

    if (connected(g) && (g->owes || g->monitors))
        gdb_console(g, line);
}

/* ---- life ---------------------------------------------------------------- */

enum hb_status gdb_listen(struct gdb_server **out, const char *where,
                          struct hb_error *error)
{
    struct gdb_server *g = calloc(1, sizeof *g);
    enum hb_status status;

    if (!g)
        return hb_fail(error, HB_NO_MEMORY, "no memory for gdb");
    status = gdb_socket_open(&g->socket, where, error);
    if (status != HB_OK) {
        free(g);
        return status;
    }
    *out = g;
    return HB_OK;
}

const char *gdb_where(const struct gdb_server *g)
{
    return g->socket.where;
}

struct debug_client gdb_serve(struct gdb_server *g)
{
    return (struct debug_client){
        .context = g, .stopped = stopped, .running = running, .print = print};
}

void gdb_close(struct gdb_server *g)
{
    if (!g)
        return;
    gdb_socket_close(&g->socket);
    gdb_libraries_end(g);
    free(g);
}
