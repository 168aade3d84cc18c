/* src/base/events.h -- the one event stream. Each event is a row of events.def;
 * log, traces, breakpoints, verifier and coverage subscribe, nothing else hooks
 * the machine. What is emitted never depends on who listens. */
#ifndef BASE_EVENTS_H
#define BASE_EVENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "halbox/event.h"
#include "halbox/status.h"

struct event_listener {
    hb_event_fn *fn;
    void *context;
    bool wants[EVENT_COUNT];
    bool once; /* what is run through again it does not hear again */
};

struct finding_post; /* base/finding.c */

/** Host-side only: nothing of it is saved. */
struct events {
    const struct clock *clock;
    bool armed[EVENT_COUNT]; /* somebody wants it: the predicted branch */
    struct event_listener *listener;
    unsigned listeners;
    unsigned depth; /* event_emit() calls that are open     */
    struct finding_post *post;
    unsigned posts; /* findings that wait for their event's end */
    bool past;      /* this was run through before, and is again */
};

/** events_init() - nobody listens yet. @clock stamps the events; borrowed. */
void events_init(struct events *ev, const struct clock *clock);
void events_fini(struct events *ev);
/**
 * events_listen() - have @fn called for each event that @glob names, in the
 * order of subscription. @fn and @context identify the listener.
 *
 * Returns HB_OK; HB_BAD_ARGUMENT when @glob names no event; HB_NO_MEMORY.
 */
enum hb_status events_listen(struct events *ev, hb_event_fn *fn, void *context,
                             const char *glob);
/** events_listen_once() - the same for who is outside, a trace or a scenario:
 *  what is run through again after the machine was put back to an earlier state
 *  (@past) it has heard. */
enum hb_status events_listen_once(struct events *ev, hb_event_fn *fn,
                                  void *context, const char *glob);
/** events_unlisten() - the listener hears nothing more. */
void events_unlisten(struct events *ev, hb_event_fn *fn, const void *context);

/** event_emit() - hand an event to its listeners; use EMIT. */
void event_emit(struct events *ev, enum event_id id, const uint64_t *args,
                unsigned count);

/** EMIT(stream, name, args...) - integers as they are; a string (kind s) as
 *  EVENT_STRING(pointer), valid during the call only. */
#define EVENT_STRING(p) ((uint64_t)(uintptr_t)(p))
#define EMIT(ev, name, ...)                                                    \
    do {                                                                       \
        if (__builtin_expect((ev)->armed[EV_##name], 0)) {                     \
            const uint64_t emit_args_[] = {__VA_ARGS__};                       \
            event_emit((ev), EV_##name, emit_args_,                            \
                       sizeof emit_args_ / sizeof emit_args_[0]);              \
        }                                                                      \
    } while (0)

#endif
