/* src/cli/live.c -- running a machine with live inputs. While the CPU works,
 * the machine runs in slices of virtual time and sources are asked between two;
 * when it waits, the host waits too: for a source, or for the time of the next
 * work that is due. Idle time is then let pass before what came is handed in,
 * so that its stamp says when it came. */
#include "cli/live.h"

#include <time.h>

enum { SLICE_NS = 1000000, SLICE_LEAST_NS = 10000, SECOND_NS = 1000000000 };

/** One round of asking all sources. */
struct round {
    struct pollfd fd[LIVE_FDS];
    unsigned count[LIVE_SOURCES]; /* of fd, per source */
    unsigned fds;
    uint64_t wait_ns;
};

bool live_add(struct live *live, const struct live_source *source)
{
    if (live->sources == LIVE_SOURCES)
        return false;
    live->source[live->sources++] = *source;
    return true;
}

static void source_over(struct live *live, unsigned i)
{
    live->sources--;
    for (; i < live->sources; i++)
        live->source[i] = live->source[i + 1];
}

static void ask(struct live *live, struct round *r)
{
    r->fds = 0;
    for (unsigned i = 0; i < live->sources;) {
        const struct live_source *s = &live->source[i];
        int n =
            s->want(s->context, r->fd + r->fds, LIVE_FDS - r->fds, &r->wait_ns);

        if (n < 0) {
            source_over(live, i);
            continue;
        }
        r->count[i++] = (unsigned)n;
        r->fds += (unsigned)n;
    }
}

static void take(struct live *live, const struct round *r)
{
    unsigned at = 0;

    for (unsigned i = 0; i < live->sources; i++) {
        const struct live_source *s = &live->source[i];

        s->take(s->context, r->fd + at, r->count[i]);
        at += r->count[i];
    }
}

static uint64_t host_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * SECOND_NS + (uint64_t)t.tv_nsec;
}

/* At most r->wait_ns; returns how long it was. */
static uint64_t host_wait(struct round *r)
{
    uint64_t begun = host_ns();
    struct timespec t = {.tv_sec = (time_t)(r->wait_ns / SECOND_NS),
                         .tv_nsec = (long)(r->wait_ns % SECOND_NS)};

    for (unsigned i = 0; i < r->fds; i++)
        r->fd[i].revents = 0;
    if (ppoll(r->fd, r->fds, &t, NULL) < 0) {
        for (unsigned i = 0; i < r->fds; i++)
            r->fd[i].revents = 0; /* a signal: nothing is known */
    }
    return host_ns() - begun;
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t tick_after(const struct machine *m, uint64_t ns)
{
    return machine_position(m).tick + machine_ticks(m, ns);
}

/* The CPU waits: so does the host, then that time passes in the machine. */
static enum machine_stop_reason idle(struct live *live, uint64_t until,
                                     struct machine_stop *stop)
{
    struct machine *m = live->m;
    uint64_t now = machine_position(m).tick;
    uint64_t wake = least(stop->wake, until) - now;
    uint64_t tick_ns = machine_config(m)->ns_per_tick, slept;
    struct round r = {.wait_ns = SECOND_NS};

    if (wake < SECOND_NS / tick_ns)
        r.wait_ns = wake * tick_ns;
    ask(live, &r);
    slept = host_wait(&r);
    until = least(until, tick_after(m, slept));
    machine_run_live(m, until, until, stop);
    if (stop->reason == STOP_LIMIT || stop->reason == STOP_WAITING)
        take(live, &r);
    return stop->reason;
}

/* The CPU works: up to @slice, then whatever is there already. */
static enum machine_stop_reason busy(struct live *live, uint64_t until,
                                     struct machine_stop *stop)
{
    struct machine *m = live->m;
    struct round r = {.wait_ns = SLICE_NS};

    ask(live, &r);
    if (r.wait_ns < SLICE_LEAST_NS)
        r.wait_ns = SLICE_LEAST_NS; /* it must come on, whoever is in haste */
    until = least(until, tick_after(m, r.wait_ns));
    r.wait_ns = 0;
    host_wait(&r);
    take(live, &r);
    return machine_run_live(m, until, 0, stop);
}

enum machine_stop_reason live_run(struct live *live, uint64_t until,
                                  struct machine_stop *stop)
{
    struct machine_stop own;
    bool waits = false;

    if (!stop)
        stop = &own;
    while (live->sources) {
        enum machine_stop_reason why =
            waits ? idle(live, until, stop) : busy(live, until, stop);

        waits = why == STOP_WAITING;
        if (!waits &&
            (why != STOP_LIMIT || machine_position(live->m).tick >= until))
            return why;
    }
    return machine_run(live->m, until, stop);
}
