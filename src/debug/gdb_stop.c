/* src/debug/gdb_stop.c -- why the machine stands, in gdb's words. */
#include <string.h>

#include "debug/gdb.h"

/** Signals, by gdb's own numbers. */
enum { TRAP = 5, INTERRUPTED = 2, ABORTED = 6, SEGV = 11 };

void gdb_console(struct gdb_server *g, const char *line)
{
    struct gdb_packet *p = &g->reply;

    p->count = 0;
    gdb_put(p, "O");
    gdb_put_text_hex(p, line);
    gdb_put_text_hex(p, "\n");
    gdb_send(g, p);
    p->count = 0;
}

static unsigned signal_of(const struct gdb_server *g,
                          const struct debug_stop *stop)
{
    struct inspect_bugcheck bugcheck;

    if (stop->reason == DEBUG_PAUSED)
        return INTERRUPTED;
    if (stop->reason != DEBUG_ENDED)
        return TRAP;
    return inspect_bugcheck(gdb_machine(g), &bugcheck) ? SEGV : ABORTED;
}

/* EBP, ESP and EIP save gdb a question. */
static void put_where(struct gdb_server *g)
{
    static const uint8_t numbers[] = {4, 5, 8};
    struct gdb_registers now;
    uint32_t thread = gdb_thread_now(g);

    gdb_registers_of(g, thread, &now);
    for (unsigned i = 0; i < sizeof numbers; i++) {
        gdb_put(&g->reply, "%02x:", numbers[i]);
        gdb_put_register(g, &now, numbers[i]);
        gdb_put(&g->reply, ";");
    }
    gdb_put(&g->reply, "thread:%x;", thread);
}

static void put_point(struct gdb_server *g, const struct gdb_point *p)
{
    static const char *const names[] = {"swbreak", "hwbreak", "watch", "rwatch",
                                        "awatch"};

    gdb_put(&g->reply, "%s:", names[p->type - '0']);
    if (p->type >= '2')
        gdb_put(&g->reply, "%x", p->at);
    gdb_put(&g->reply, ";");
}

/* What gdb itself will not say to its user. */
static void say(struct gdb_server *g, const struct debug_stop *stop,
                const struct gdb_point *point)
{
    bool own = point || stop->breakpoint == g->images || g->written;

    if (stop->text[0] && (stop->reason == DEBUG_ENDED ||
                          (stop->reason == DEBUG_BREAKPOINT && !own)))
        gdb_console(g, stop->text);
}

void gdb_stop_reply(struct gdb_server *g, const struct debug_stop *stop)
{
    bool broke = stop->reason == DEBUG_BREAKPOINT;
    const struct gdb_point *point =
        broke ? gdb_point_of(g, stop->breakpoint) : g->written;

    g->reply.count = 0;
    if (stop->reason == DEBUG_OVER) {
        gdb_put(&g->reply, "W00");
        return;
    }
    if (g->owes)
        say(g, stop, point);
    gdb_put(&g->reply, "T%02x", signal_of(g, stop));
    put_where(g);
    if (point) /* the first place may be in front of a write */
        put_point(g, point);
    else if (stop->reason == DEBUG_FIRST)
        gdb_put(&g->reply, "replaylog:begin;");
    else if (broke && stop->breakpoint == g->images)
        gdb_put(&g->reply, "library:;");
}
