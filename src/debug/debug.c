/* src/debug/debug.c -- the debugger's loop. It sits at the boundaries of
 * whatever run drives the machine. In the past, and when nobody drives it any
 * more, it runs the machine from there itself; else it lets that run go on, a
 * piece at a time where a step must be looked at. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "debug/debugger.h"

enum { FRAME_NS = 1000000000 / 60, SLICE_NS = 2000000, SLICE_FIRST = 100000 };
enum { HISTORY_BYTES = 256 << 20 };

const char *debug_reason_name(enum debug_reason reason)
{
    static const char *const names[] = {
        [DEBUG_ATTACHED] = "attached", [DEBUG_PAUSED] = "paused",
        [DEBUG_STEPPED] = "stepped",   [DEBUG_BREAKPOINT] = "breakpoint",
        [DEBUG_ENDED] = "ended",       [DEBUG_OVER] = "over",
        [DEBUG_FIRST] = "first",
    };

    return (unsigned)reason < sizeof names / sizeof *names ? names[reason]
                                                           : "unknown";
}

/* ---- asking the client --------------------------------------------------- */

static uint64_t host_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

void debug_poll(struct debug *d)
{
    uint64_t now = host_ns();

    if (now - d->asked_ns < FRAME_NS)
        return;
    if (d->client.running)
        d->client.running(d->client.context, d);
    d->asked_ns = host_ns();
}

void debug_stop_at(struct debug *d, enum debug_reason reason, const char *text)
{
    d->pending = true;
    d->stop = (struct debug_stop){.reason = reason};
    snprintf(d->stop.text, sizeof d->stop.text, "%s", text);
}

/* False: the run that drives the machine ends here. */
static bool tell(struct debug *d)
{
    if (d->ordered)
        steps_end(d);
    d->pending = d->pause = d->ordered = d->has_order = false;
    d->hit = 0;
    d->order = (struct debug_order){.kind = DEBUG_GO};
    d->stop.at = debug_now(d);
    d->stop.past = d->history && history_past(d->history);
    if (!d->client.stopped)
        return false;
    d->m->watches.running = false; /* what the client does is no hit */
    d->standing = true;
    d->client.stopped(d->client.context, d, &d->stop);
    d->standing = false;
    d->m->watches.running = true;
    d->asked_ns = host_ns();
    return true;
}

/* ---- orders -------------------------------------------------------------- */

static bool needs_history(const struct debug *d,
                          const struct debug_order *order)
{
    const struct debug_place now = debug_now(d);

    return order->back || (order->kind == DEBUG_GO_TO &&
                           debug_place_order(&order->to, &now) < 0);
}

enum hb_status debug_order(struct debug *d, const struct debug_order *order,
                           struct hb_error *error)
{
    if ((unsigned)order->step >= DEBUG_STEPS ||
        (unsigned)order->kind > DEBUG_QUIT)
        return hb_fail(error, HB_BAD_ARGUMENT, "no such order");
    if (needs_history(d, order) && !d->history)
        return hb_fail(error, HB_BAD_STATE, "cannot go back: %s", d->why);
    d->order = *order;
    d->ordered = false;
    d->has_order = true;
    if (order->kind != DEBUG_STEP)
        d->trail_count = 0;
    d->quit |= order->kind == DEBUG_QUIT;
    return HB_OK;
}

static void begin(struct debug *d)
{
    const struct debug_place now = debug_now(d);

    d->ordered = true;
    if (d->order.kind == DEBUG_STEP && !d->order.back)
        steps_begin(d);
    if (d->order.kind == DEBUG_GO_TO &&
        debug_place_order(&d->order.to, &now) == 0)
        debug_stop_at(d, DEBUG_STEPPED, "to");
}

void debug_look_soon(struct debug *d)
{
    d->m->hook[HOOK_DEBUG].tick = 0;
    d->m->cpu.stop = true;
}

/* ---- at a boundary ------------------------------------------------------- */

/* Behind a piece of work: does the machine stop here? */
static void look(struct debug *d)
{
    if (d->pending)
        return;
    if (d->hit) {
        debug_stop_at(d, DEBUG_BREAKPOINT, breaks_text(d, d->hit));
        d->stop.breakpoint = d->hit;
        breaks_met(d, d->hit);
    } else if (d->order.kind == DEBUG_STEP && steps_over(d)) {
        debug_stop_at(d, DEBUG_STEPPED, debug_step_name(d->order.step));
        steps_taken(d);
    } else if (d->order.kind == DEBUG_GO_TO &&
               d->m->clock.now >= d->order.to.at.tick &&
               !(d->history && history_past(d->history))) {
        debug_stop_at(d, DEBUG_STEPPED, "to");
    } else if (d->pause) {
        debug_stop_at(d, DEBUG_PAUSED, "");
    }
}

static uint64_t until_of(const struct debug *d)
{
    uint64_t until = d->m->clock.now + d->slice;

    if (d->order.kind == DEBUG_STEP && steps_fine(d))
        return d->m->clock.now + 1;
    return d->order.kind == DEBUG_GO_TO && d->order.to.at.tick < until
               ? d->order.to.at.tick
               : until;
}

static void note_owner(struct debug *d)
{
    d->owner = bus_tenure(d->m->bus)->owner;
}

static void past_piece(struct debug *d)
{
    const struct debug_place present = history_present(d->history);
    const struct debug_place *to =
        d->order.kind == DEBUG_GO_TO ? &d->order.to : &present;
    struct debug_place now = debug_now(d);

    if (d->order.kind == DEBUG_GO_TO && debug_place_order(&now, to) >= 0) {
        debug_stop_at(d, DEBUG_STEPPED, "to");
        return;
    }
    note_owner(d);
    if (!history_piece(d->history, to, until_of(d))) {
        now = debug_now(d);
        if (history_past(d->history) && debug_place_order(&now, to) < 0 &&
            d->m->clock.now < to->at.tick)
            return; /* a slice without anything to do */
    }
    look(d);
}

/* Nobody else runs the machine. */
static void alone_piece(struct debug *d)
{
    struct machine_stop stop;
    uint64_t until = until_of(d);
    bool ran;

    note_owner(d);
    d->m->inner = true;
    run_begin(d->m, &stop);
    ran = run_piece(d->m, until, until, &stop);
    d->m->inner = false;
    look(d);
    if (!ran && !d->pending && stop.reason != STOP_LIMIT &&
        stop.reason != STOP_WAITING)
        debug_stop_at(d, DEBUG_ENDED, stop.text);
}

/* How the run that drives the machine goes on from here. */
static void arm(struct debug *d)
{
    struct boundary_hook *h = &d->m->hook[HOOK_DEBUG];
    bool each = d->order.kind == DEBUG_STEP &&
                (steps_fine(d) || d->order.step == DEBUG_BYTE);

    d->m->cpu.stop = d->m->stop_asked; /* debug_look_soon() has been heard */
    note_owner(d);
    h->slice = d->order.kind == DEBUG_STEP && steps_fine(d) ? 1 : 0;
    h->tick = each || d->pause || d->hit ? 0 : until_of(d);
}

static void loop(struct debug *d)
{
    for (;;) {
        if (d->history)
            history_keep(d->history);
        if ((d->pending && !tell(d)) || d->quit) {
            machine_stop(d->m);
            d->m->hook[HOOK_DEBUG].tick = 0; /* when it is run again */
            return;
        }
        debug_poll(d);
        if (d->quit)
            continue;
        if (!d->ordered)
            begin(d);
        if (d->pending)
            continue;
        if (needs_history(d, &d->order)) {
            d->went_back = true;
            back_run(d);
        } else if (d->history && history_past(d->history))
            past_piece(d);
        else if (d->pause)
            look(d);
        else if (d->alone)
            alone_piece(d);
        else
            break;
    }
    arm(d);
}

/* The slice is what the host does in SLICE_NS, at most doubled at once. */
static void pace(struct debug *d)
{
    uint64_t took = host_ns() - d->paced_ns, ticks = d->m->clock.now - d->paced;

    if (ticks >= d->slice && took < SLICE_NS && d->slice < UINT32_MAX)
        d->slice *= 2;
    else if (took > 2 * SLICE_NS && d->slice > SLICE_FIRST)
        d->slice /= 2;
}

static void at_boundary(void *context, struct machine *m)
{
    struct debug *d = context;

    (void)m;
    pace(d);
    if (d->ordered)
        look(d);
    loop(d);
    d->paced_ns = host_ns();
    d->paced = d->m->clock.now;
}

static void at_end(void *context, const struct machine_stop *stop)
{
    struct debug *d = context;

    if (d->quit)
        return;
    do { /* once more, when its user has been back and comes here again */
        debug_stop_at(d, DEBUG_ENDED, stop->text);
        d->went_back = false;
        loop(d);
    } while (d->went_back && !d->quit);
}

/* ---- life ---------------------------------------------------------------- */

enum hb_status debug_attach(struct debug **out, struct machine *m,
                            const struct debug_options *options,
                            const struct debug_client *client,
                            struct hb_error *error)
{
    struct debug *d = calloc(1, sizeof *d);
    struct hb_error why = {.text = "no history was asked for"};

    if (!d)
        return hb_fail(error, HB_NO_MEMORY, "no memory for a debugger");
    d->m = m;
    d->client = *client;
    d->standing = !client->stopped; /* then the run itself ends at a stop */
    d->symbols = options->symbols;
    d->slice = SLICE_FIRST;
    if (options->history != UINT64_MAX)
        history_create(&d->history, m,
                       options->history ? options->history : HISTORY_BYTES,
                       &why);
    memcpy(d->why, why.text, sizeof d->why);
    if (options->stop_first)
        debug_stop_at(d, DEBUG_ATTACHED, "");
    m->hook[HOOK_DEBUG] =
        (struct boundary_hook){.fn = at_boundary, .context = d};
    m->ended = at_end;
    m->ended_context = d;
    *out = d;
    return HB_OK;
}

void debug_detach(struct debug *d)
{
    struct debug_place present;

    if (!d)
        return;
    debug_monitor_end(d);
    steps_end(d);
    if (d->history && history_past(d->history)) {
        present = history_present(d->history);
        history_go(d->history, &present, NULL);
    }
    breaks_fini(d);
    d->m->hook[HOOK_DEBUG] = (struct boundary_hook){.fn = NULL};
    d->m->ended = NULL;
    history_destroy(d->history);
    free(d);
}

void debug_over(struct debug *d)
{
    d->alone = true;
    if (d->quit || !d->client.stopped)
        return;
    debug_stop_at(d, DEBUG_OVER, "the run is over");
    loop(d);
}

void debug_changed(struct debug *d)
{
    if (!d->history || !history_past(d->history))
        return;
    history_fork(d->history);
    d->alone = true;
    if (d->client.print)
        d->client.print(d->client.context,
                        "the past was changed: the run goes on from here "
                        "without what drove it");
}

void debug_pause(struct debug *d)
{
    d->pause = true;
    debug_look_soon(d);
}

struct machine *debug_machine(const struct debug *d)
{
    return d->m;
}

struct symbols *debug_symbols(const struct debug *d)
{
    return d->symbols;
}

const struct debug_stop *debug_stopped(const struct debug *d)
{
    return &d->stop;
}

bool debug_is_quit(const struct debug *d)
{
    return d->quit;
}

/* ---- places -------------------------------------------------------------- */

struct debug_place debug_now(const struct debug *d)
{
    return (struct debug_place){machine_position(d->m),
                                d->m->inputs.entry.count};
}

struct debug_place debug_begin(const struct debug *d)
{
    return d->history ? history_begin(d->history) : debug_now(d);
}

struct debug_place debug_present(const struct debug *d)
{
    return d->history ? history_present(d->history) : debug_now(d);
}
