/* src/debug/gdb_monitor.c -- `monitor WORDS` of gdb: the debugger's commands,
 * for what gdb has none. One that lets the machine go on is answered when it
 * stands again; gdb does not know then that it has moved. */
#include "debug/gdb.h"
#include "halbox/monitor.h"

static void print_line(void *context, const char *line)
{
    gdb_console(context, line);
}

void gdb_monitor(struct gdb_server *g, const char *words)
{
    struct hb_error error;

    if (debug_command(g->d, words, print_line, g, &error) != HB_OK)
        gdb_console(g, error.text);
    g->order = (struct debug_order){.kind = DEBUG_GO};
    g->ordered = g->monitors = debug_has_order(g->d);
    if (!g->ordered || debug_is_quit(g->d)) /* then it stands no more */
        gdb_ok(g);
}

void gdb_monitor_stopped(struct gdb_server *g)
{
    char line[MACHINE_STOP_TEXT + 256];

    debug_where(g->d, line, sizeof line);
    gdb_console(g, line);
    gdb_console(g, "the machine has moved: `maintenance flush "
                   "register-cache`, then `frame`");
    gdb_ok(g);
    gdb_send(g, &g->reply);
    g->monitors = false;
}
