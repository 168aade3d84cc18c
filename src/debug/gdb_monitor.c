/* src/debug/gdb_monitor.c -- `monitor WORDS` of gdb: what gdb has no command
 * for. */
#include <stdlib.h>
#include <string.h>

#include "debug/gdb.h"

static void list_breaks(struct gdb_server *g, const char *words)
{
    struct debug_break b;
    char line[256];
    int id;

    (void)words;
    for (unsigned i = 0; debug_break_at(g->d, i, &id, &b); i++) {
        if (gdb_point_of(g, id) || id == g->images)
            continue;
        snprintf(line, sizeof line, "%d: %s, hits: %llu", id, b.text,
                 (unsigned long long)b.hits);
        gdb_console(g, line);
    }
}

static void add_break(struct gdb_server *g, const char *words)
{
    struct hb_error error;
    char line[256];
    int id = debug_break_parse(g->d, words, &error);

    snprintf(line, sizeof line, "breakpoint %d: %s", id, words);
    gdb_console(g, id ? line : error.text);
}

static void remove_break(struct gdb_server *g, const char *words)
{
    int id = atoi(words);

    if (gdb_point_of(g, id) || id == g->images || !debug_break_remove(g->d, id))
        gdb_console(g, "no such breakpoint: see `monitor breaks`");
}

static void where(struct gdb_server *g, const char *words)
{
    const struct debug_stop *stop = debug_stopped(g->d);
    char line[MACHINE_STOP_TEXT + 128];

    (void)words;
    snprintf(line, sizeof line, "%s%s%s at tick %llu%s, IRQL %u",
             debug_reason_name(stop->reason), stop->text[0] ? ": " : "",
             stop->text, (unsigned long long)stop->at.at.tick,
             stop->past ? ", in the past" : "", inspect_irql(gdb_machine(g)));
    gdb_console(g, line);
}

static void help(struct gdb_server *g, const char *words);

static const struct row {
    const char *name, *help;
    void (*run)(struct gdb_server *g, const char *words);
} rows[] = {
    {"help", "this text", help},
    {"where", "why and when the machine stands", where},
    {"break",
     "WORDS: stop there, as --break has it: dma, irp_call, "
     "write logical:0x1000,4 by edu",
     add_break},
    {"breaks", "the breakpoints that are not gdb's", list_breaks},
    {"delete", "NUMBER: remove one of them", remove_break},
};
enum { ROWS = sizeof rows / sizeof *rows };

static void help(struct gdb_server *g, const char *words)
{
    char line[256];

    (void)words;
    for (unsigned i = 0; i < ROWS; i++) {
        snprintf(line, sizeof line, "%-8s %s", rows[i].name, rows[i].help);
        gdb_console(g, line);
    }
}

void gdb_monitor(struct gdb_server *g, const char *words)
{
    size_t n = strcspn(words, " ");
    unsigned i = 0;

    while (i < ROWS &&
           (strlen(rows[i].name) != n || strncmp(rows[i].name, words, n) != 0))
        i++;
    if (i < ROWS)
        rows[i].run(g, words + n + strspn(words + n, " "));
    else
        gdb_console(g, "no such command: see `monitor help`");
    gdb_ok(g);
}
