/* src/debug/monitor_breaks.c -- breakpoints, traces of events, saves. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "debug/monitor.h"

/* ---- breakpoints --------------------------------------------------------- */

enum hb_status command_break(struct ask *a)
{
    int id = debug_break_parse(a->d, a->rest, a->error);

    if (id) {
        say(a, "breakpoint %d: %s", id, a->rest);
        return HB_OK;
    }
    if (a->error->status == HB_NOT_FOUND)
        return hb_fail(a->error, HB_NOT_FOUND,
                       "'%.200s' is no event, address, or name or line of an "
                       "image that is loaded: `break image_load` and `go` "
                       "load one, `symbol` finds names",
                       a->rest);
    return a->error->status;
}

enum hb_status command_breaks(struct ask *a)
{
    static const char *const kinds[] = {"event", "code", "watch"};
    struct debug_break b;
    struct table t;
    int id;

    table_begin(&t, a, "id:u kind:s state:s hits:u ignore:u at:s");
    for (unsigned i = 0; debug_break_at(a->d, i, &id, &b); i++) {
        table_number(&t, (uint64_t)id);
        table_text(&t, "%s", kinds[b.kind]);
        table_text(&t, "%s", b.disabled ? "off" : b.once ? "once" : "on");
        table_number(&t, b.hits);
        table_number(&t, b.ignore);
        table_text(&t, "%s", b.text);
    }
    return table_end(&t);
}

/* Word 0 as the next id after @last that it names; 0: no more. */
static int next_id(struct ask *a, int last, struct debug_break *b)
{
    bool all = strcmp(a->word[0], "all") == 0;
    char *end;
    long asked = strtol(a->word[0], &end, 10);
    int id;

    for (unsigned i = 0; debug_break_at(a->d, i, &id, b); i++)
        if (id > last && (all || (!*end && id == asked)))
            return id;
    if (!last && !all)
        hb_fail(a->error, HB_NOT_FOUND,
                "there is no breakpoint '%s': see `breaks`", a->word[0]);
    return 0;
}

enum hb_status command_delete(struct ask *a)
{
    struct debug_break b;

    for (int id = 0; (id = next_id(a, id, &b)) != 0;)
        debug_break_remove(a->d, id);
    return a->error->status;
}

static enum hb_status able(struct ask *a, bool disabled)
{
    struct debug_break b;

    for (int id = 0; (id = next_id(a, id, &b)) != 0;) {
        b.disabled = disabled;
        debug_break_set(a->d, id, &b);
    }
    return a->error->status;
}

enum hb_status command_enable(struct ask *a)
{
    return able(a, false);
}

enum hb_status command_disable(struct ask *a)
{
    return able(a, true);
}

enum hb_status command_ignore(struct ask *a)
{
    struct debug_break b;
    uint64_t count;

    if (ask_number(a, 1, &count) != HB_OK)
        return a->error->status;
    if (count > UINT32_MAX)
        return hb_fail(a->error, HB_BAD_ARGUMENT, "at most %u times",
                       UINT32_MAX);
    for (int id = 0; (id = next_id(a, id, &b)) != 0;) {
        b.ignore = (uint32_t)count;
        debug_break_set(a->d, id, &b);
    }
    return a->error->status;
}

/* ---- traces -------------------------------------------------------------- */

static void hear(void *context, const struct hb_event *event)
{
    const struct trace *trace = context;
    const struct debug_client *client = &trace->d->client;
    char line[1024];

    hb_event_text(event, line, sizeof line);
    if (client->print)
        client->print(client->context, line);
}

static enum hb_status trace_on(struct ask *a, const char *glob)
{
    struct monitor *monitor = a->d->monitor;
    enum hb_status status;

    for (unsigned i = 0; i < TRACES; i++) {
        struct trace *t = &monitor->trace[i];

        if (t->glob[0])
            continue;
        if (strlen(glob) >= sizeof t->glob)
            return hb_fail(a->error, HB_BAD_ARGUMENT, "a glob too long");
        t->d = a->d;
        status = machine_listen(a->m, hear, t, glob, a->error);
        if (status == HB_OK)
            strcpy(t->glob, glob);
        return status;
    }
    return hb_fail(a->error, HB_FULL,
                   "%d globs are traced: `trace off`, or join some by commas",
                   (int)TRACES);
}

static void trace_off(struct debug *d, const char *glob)
{
    for (unsigned i = 0; i < TRACES; i++) {
        struct trace *t = &d->monitor->trace[i];

        if (!t->glob[0] || (glob && strcmp(glob, t->glob) != 0))
            continue;
        machine_unlisten(d->m, hear, t);
        t->glob[0] = 0;
    }
}

void monitor_trace_end(struct debug *d)
{
    trace_off(d, NULL);
}

enum hb_status command_trace(struct ask *a)
{
    if (a->count && strcmp(a->word[0], "off") == 0) {
        trace_off(a->d, a->count > 1 ? a->word[1] : NULL);
        return HB_OK;
    }
    if (a->count == 2 && strcmp(a->word[0], "on") == 0)
        return trace_on(a, a->word[1]);
    if (a->count)
        return hb_fail(a->error, HB_BAD_ARGUMENT,
                       "write: trace on GLOB, or trace off [GLOB]; events are "
                       "in `halbox list events`");
    for (unsigned i = 0; i < TRACES; i++)
        if (a->d->monitor->trace[i].glob[0])
            say(a, "%s", a->d->monitor->trace[i].glob);
    return HB_OK;
}

/* ---- saves --------------------------------------------------------------- */

enum hb_status command_save(struct ask *a)
{
    enum hb_status status = machine_save(a->m, a->word[0], a->error);

    if (status == HB_OK)
        say(a, "saved to %s", a->word[0]);
    return status;
}
