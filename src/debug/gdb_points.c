/* src/debug/gdb_points.c -- gdb's breakpoints and watchpoints are the
 * debugger's. gdb takes them away at each stop and sets them before it goes on.
 */
#include <string.h>

#include "debug/gdb.h"

static const struct type {
    char type;
    enum debug_break_kind kind;
    unsigned access;
} types[] = {
    {'0', DEBUG_BREAK_CODE, 0},
    {'1', DEBUG_BREAK_CODE, 0},
    {'2', DEBUG_BREAK_WATCH, WATCH_WRITE},
    {'3', DEBUG_BREAK_WATCH, WATCH_READ},
    {'4', DEBUG_BREAK_WATCH, WATCH_READ | WATCH_WRITE},
};

static const struct type *type_of(char c)
{
    for (unsigned i = 0; i < sizeof types / sizeof *types; i++)
        if (types[i].type == c)
            return &types[i];
    return NULL;
}

static struct gdb_point *find(struct gdb_server *g, const struct gdb_point *p)
{
    for (unsigned i = 0; i < GDB_POINTS; i++) {
        struct gdb_point *q = &g->point[i];

        if (q->id && q->type == p->type && q->at == p->at &&
            q->bytes == p->bytes)
            return q;
    }
    return NULL;
}

static struct gdb_point *free_one(struct gdb_server *g)
{
    for (unsigned i = 0; i < GDB_POINTS; i++)
        if (!g->point[i].id)
            return &g->point[i];
    return NULL;
}

const struct gdb_point *gdb_point_of(const struct gdb_server *g, int id)
{
    for (unsigned i = 0; id && i < GDB_POINTS; i++)
        if (g->point[i].id == id)
            return &g->point[i];
    return NULL;
}

/* DMA is none of gdb's: it knows threads that write. */
static int add(struct gdb_server *g, const struct gdb_point *p)
{
    const struct type *type = type_of(p->type);
    struct debug_break b = {.kind = type->kind, .code = gva_of(p->at)};

    b.watch = (struct machine_watch){.space = WATCH_VIRTUAL,
                                     .process = SPACE_CPU,
                                     .at = p->at,
                                     .bytes = p->bytes,
                                     .access = type->access,
                                     .by_cpu = true};
    snprintf(b.text, sizeof b.text, "gdb: %s %#x",
             type->kind == DEBUG_BREAK_CODE ? "break" : "watch", p->at);
    return debug_break_add(g->d, &b, NULL);
}

void gdb_point_set(struct gdb_server *g, const char *text, bool set)
{
    struct gdb_point p = {.type = *text}, *q;
    uint64_t at, kind;

    if (!type_of(p.type)) {
        return; /* an empty reply: there are none of this type */
    }
    text++;
    if (!gdb_skip(&text, ",") || !gdb_hex(&text, 32, &at) ||
        !gdb_skip(&text, ",") || !gdb_hex(&text, 32, &kind)) {
        gdb_error(g, GDB_EINVAL);
        return;
    }
    p.at = (uint32_t)at;
    p.bytes = (uint32_t)kind;
    q = find(g, &p);
    if (set && !q) {
        q = free_one(g);
        p.id = q ? add(g, &p) : 0;
        if (!p.id) {
            gdb_error(g, GDB_ENOSPC);
            return;
        }
        *q = p;
    } else if (!set && q) {
        debug_break_remove(g->d, q->id);
        q->id = 0;
    }
    gdb_ok(g);
}

void gdb_points_begin(struct gdb_server *g)
{
    struct debug_break b = {.kind = DEBUG_BREAK_EVENT,
                            .event.glob = "image_load",
                            .text = "gdb: an image is loaded"};

    if (!g->images)
        g->images = debug_break_add(g->d, &b, NULL);
}

void gdb_points_end(struct gdb_server *g)
{
    for (unsigned i = 0; i < GDB_POINTS; i++)
        if (g->point[i].id)
            debug_break_remove(g->d, g->point[i].id);
    memset(g->point, 0, sizeof g->point);
    debug_break_remove(g->d, g->images);
    debug_break_remove(g->d, g->returns);
    g->images = g->returns = 0;
}
