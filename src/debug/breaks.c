/* src/debug/breaks.c -- breakpoints: what hangs where, and what a hit comes to.
 * In the past they are met again; only the count of hits is of the present. */
#include <stdio.h>
#include <string.h>

#include "debug/debugger.h"

static struct breaker *find(struct debug *d, int id)
{
    for (unsigned i = 0; id > 0 && i < DEBUG_BREAKS; i++)
        if (d->breaker[i].id == id)
            return &d->breaker[i];
    return NULL;
}

/* ---- hits ---------------------------------------------------------------- */

static void met(struct breaker *k)
{
    struct debug *d = k->d;

    if (k->b.disabled)
        return;
    if (!d->looking) {
        k->b.hits++;
        if (k->b.hits <= k->b.ignore)
            return;
    }
    if (!d->hit)
        d->hit = k->id;
    debug_look_soon(d);
}

static void hear_event(void *context, const struct hb_event *event)
{
    struct breaker *k = context;

    if (breakpoint_holds(&k->b.event, event))
        met(k);
}

static void hear_watch(void *context, const struct machine_watch_hit *hit)
{
    struct breaker *k = context;

    if (k->b.kind == DEBUG_BREAK_WATCH)
        machine_watch_text(hit, k->found, sizeof k->found);
    met(k);
}

/* ---- hanging them -------------------------------------------------------- */

static bool hang_event(struct breaker *k, struct hb_error *error)
{
    const char *glob = k->b.event.glob;

    if (!breakpoint_good(&k->b.event, error))
        return false;
    switch (events_listen(&k->d->m->events, hear_event, k, glob)) {
    case HB_OK:
        return true;
    case HB_BAD_ARGUMENT:
        hb_fail(error, HB_BAD_ARGUMENT,
                "'%s' names no event: see `halbox list events`", glob);
        return false;
    default:
        hb_fail(error, HB_NO_MEMORY, "no memory for a breakpoint");
        return false;
    }
}

static bool hang_watch(struct breaker *k, struct hb_error *error)
{
    struct machine_watch watch = k->b.watch;

    if (k->b.kind == DEBUG_BREAK_CODE)
        watch = (struct machine_watch){.space = WATCH_VIRTUAL,
                                       .process = SPACE_CPU,
                                       .at = k->b.code.v,
                                       .bytes = 1,
                                       .access = WATCH_EXECUTE};
    k->watch = machine_watch(k->d->m, &watch, hear_watch, k, error);
    watches_always(k->d->m, k->watch);
    return k->watch != 0;
}

static void take_down(struct breaker *k)
{
    if (k->b.kind == DEBUG_BREAK_EVENT)
        events_unlisten(&k->d->m->events, hear_event, k);
    else
        machine_unwatch(k->d->m, k->watch);
    *k = (struct breaker){0};
}

static struct breaker *free_one(struct debug *d)
{
    for (unsigned i = 0; i < DEBUG_BREAKS; i++)
        if (!d->breaker[i].id)
            return &d->breaker[i];
    return NULL;
}

int debug_break_add(struct debug *d, const struct debug_break *b,
                    struct hb_error *error)
{
    struct breaker *k = free_one(d);

    if (!k) {
        hb_fail(error, HB_FULL, "at most %d breakpoints", (int)DEBUG_BREAKS);
        return 0;
    }
    *k = (struct breaker){.d = d, .b = *b};
    k->b.hits = 0;
    if (!(b->kind == DEBUG_BREAK_EVENT ? hang_event(k, error)
                                       : hang_watch(k, error)))
        return 0;
    return k->id = ++d->break_ids;
}

bool debug_break_remove(struct debug *d, int id)
{
    struct breaker *k = find(d, id);

    if (k)
        take_down(k);
    return k != NULL;
}

bool debug_break_set(struct debug *d, int id, const struct debug_break *b)
{
    struct breaker *k = find(d, id);

    if (!k)
        return false;
    k->b.disabled = b->disabled;
    k->b.ignore = b->ignore;
    return true;
}

/* In the order of their ids. */
bool debug_break_at(const struct debug *d, unsigned index, int *id,
                    struct debug_break *b)
{
    int last = 0;

    for (unsigned n = 0;; n++) {
        const struct breaker *next = NULL;

        for (unsigned i = 0; i < DEBUG_BREAKS; i++) {
            const struct breaker *k = &d->breaker[i];

            if (k->id > last && (!next || k->id < next->id))
                next = k;
        }
        if (!next)
            return false;
        last = next->id;
        if (n < index)
            continue;
        *id = next->id;
        *b = next->b;
        return true;
    }
}

void breaks_fini(struct debug *d)
{
    for (unsigned i = 0; i < DEBUG_BREAKS; i++)
        if (d->breaker[i].id)
            take_down(&d->breaker[i]);
}

const char *breaks_text(const struct debug *d, int id)
{
    for (unsigned i = 0; i < DEBUG_BREAKS; i++)
        if (d->breaker[i].id == id)
            return d->breaker[i].found[0] ? d->breaker[i].found
                                          : d->breaker[i].b.text;
    return "";
}

bool breaks_behind(const struct debug *d, int id)
{
    for (unsigned i = 0; id && i < DEBUG_BREAKS; i++)
        if (d->breaker[i].id == id)
            return d->breaker[i].b.kind == DEBUG_BREAK_WATCH &&
                   !(d->breaker[i].b.watch.access & WATCH_EXECUTE);
    return false;
}

void breaks_met(struct debug *d, int id)
{
    struct breaker *k = find(d, id);

    if (k && k->b.once)
        take_down(k);
}
