/* src/debug/gdb_threads.c -- the guest's threads as gdb's. Those that have
 * ended are none. */
#include <string.h>

#include "debug/gdb.h"

static uint32_t id_of(uint32_t number)
{
    return number ? number : GDB_IDLE;
}

uint32_t gdb_thread_now(const struct gdb_server *g)
{
    return id_of(inspect_thread(gdb_machine(g)));
}

static bool lives(const struct inspect_thread *thread)
{
    return strcmp(thread->state, "ended") != 0;
}

bool gdb_thread_find(const struct gdb_server *g, uint32_t id,
                     struct inspect_thread *thread)
{
    for (unsigned i = 0; inspect_thread_at(gdb_machine(g), i, thread); i++)
        if (id_of(thread->number) == id)
            return lives(thread);
    return false;
}

uint32_t gdb_thread_space(const struct gdb_server *g, uint32_t id)
{
    struct inspect_thread thread;

    return id == gdb_thread_now(g) || !gdb_thread_find(g, id, &thread)
               ? SPACE_CPU
               : thread.attached;
}

/* A part of the list, with more to come behind it. */
void gdb_put_threads(struct gdb_server *g, bool first)
{
    enum { MOST = 256 }; /* in one packet */
    struct inspect_thread thread;
    unsigned put = 0;

    if (first)
        g->listed = 0;
    if (first && !inspect_thread_at(gdb_machine(g), 0, &thread)) {
        gdb_put(&g->reply, "m%x", (unsigned)GDB_IDLE);
        return;
    }
    while (put < MOST &&
           inspect_thread_at(gdb_machine(g), g->listed, &thread)) {
        g->listed++;
        if (lives(&thread))
            gdb_put(&g->reply, "%c%x", put++ ? ',' : 'm', id_of(thread.number));
    }
    if (!put)
        gdb_put(&g->reply, "l");
}

void gdb_put_thread_text(struct gdb_server *g, uint32_t id)
{
    struct inspect_thread thread;
    char text[512];

    if (!gdb_thread_find(g, id, &thread)) {
        gdb_put_text_hex(&g->reply, id == GDB_IDLE ? "CPU" : "ended");
        return;
    }
    snprintf(text, sizeof text, "%s, %s%s%s, priority %d, IRQL %u",
             thread.name[0] ? thread.name : "thread", thread.state,
             thread.waits[0] ? ": " : "", thread.waits, thread.priority,
             thread.irql);
    gdb_put_text_hex(&g->reply, text);
}
