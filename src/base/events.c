/* src/base/events.c -- the one event stream: who listens, and the hand-out. */
#include "base/events.h"

#include "base/finding.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void events_init(struct events *ev, const struct clock *clock)
{
    *ev = (struct events){.clock = clock};
}

void events_fini(struct events *ev)
{
    free(ev->listener);
    free(ev->post);
    *ev = (struct events){0};
}

static void arm(struct events *ev)
{
    memset(ev->armed, 0, sizeof ev->armed);
    for (unsigned i = 0; i < ev->listeners; i++) {
        for (unsigned id = 0; id < EVENT_COUNT; id++)
            ev->armed[id] |= ev->listener[i].wants[id];
    }
}

static enum hb_status listen(struct events *ev, struct event_listener new,
                             const char *glob)
{
    struct event_listener *grown;
    bool any = false;

    for (unsigned id = 0; id < EVENT_COUNT; id++) {
        new.wants[id] = hb_event_matches((enum event_id)id, glob);
        any |= new.wants[id];
    }
    if (!any)
        return HB_BAD_ARGUMENT;
    grown = realloc(ev->listener, (ev->listeners + 1) * sizeof new);
    if (!grown)
        return HB_NO_MEMORY;
    ev->listener = grown;
    ev->listener[ev->listeners++] = new;
    arm(ev);
    return HB_OK;
}

enum hb_status events_listen(struct events *ev, hb_event_fn *fn, void *context,
                             const char *glob)
{
    return listen(ev, (struct event_listener){.fn = fn, .context = context},
                  glob);
}

enum hb_status events_listen_once(struct events *ev, hb_event_fn *fn,
                                  void *context, const char *glob)
{
    return listen(
        ev, (struct event_listener){.fn = fn, .context = context, .once = true},
        glob);
}

void events_unlisten(struct events *ev, hb_event_fn *fn, const void *context)
{
    unsigned kept = 0;

    for (unsigned i = 0; i < ev->listeners; i++) {
        const struct event_listener *l = &ev->listener[i];

        if (l->fn != fn || l->context != context)
            ev->listener[kept++] = *l;
    }
    ev->listeners = kept;
    arm(ev);
}

void event_emit(struct events *ev, enum event_id id, const uint64_t *args,
                unsigned count)
{
    struct hb_event event = {
        .id = id, .tick = ev->clock ? ev->clock->now : 0, .count = count};

    assert(count <= EVENT_ARGS);
    memcpy(event.args, args, count * sizeof *args);
    ev->depth++;
    for (unsigned i = 0; i < ev->listeners; i++) {
        const struct event_listener *l = &ev->listener[i];

        if (l->wants[id] && !(l->once && ev->past))
            l->fn(l->context, &event);
    }
    if (--ev->depth == 0 && ev->posts)
        finding_flush(ev);
}
