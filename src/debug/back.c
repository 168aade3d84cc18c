/* src/debug/back.c -- the way back: the machine is put to the state kept before
 * the present place and runs up to it again; the last place on that way where a
 * step would have ended, or a breakpoint was met, is where it goes. Where that
 * has to be asked behind each instruction, only the last stretch is asked, and
 * longer ones when nothing is found. */
#include <string.h>

#include "debug/debugger.h"

enum { STRETCH_FIRST = 64, STRETCH_TIMES = 16 };

/** What is looked for, and what was found. */
struct search {
    struct debug *d;
    struct debug_place here; /* what is found lies before it              */
    struct debug_place end;  /* of the part of the run that is looked at  */
    struct debug_place found;
    int breakpoint;
    bool any, given_up;
};

static bool before(const struct debug_place *a, const struct debug_place *b)
{
    return debug_place_order(a, b) < 0;
}

/* Is this a place that is looked for? */
static void look(struct search *s)
{
    struct debug *d = s->d;
    struct debug_place now = debug_now(d);
    bool here = d->order.kind == DEBUG_STEP ? steps_over(d) : d->hit != 0;
    bool last =
        d->order.kind == DEBUG_GO && d->order.here && breaks_behind(d, d->hit);

    if (here && (before(&now, &s->here) || last)) {
        s->found = now;
        s->breakpoint = d->order.kind == DEBUG_GO ? d->hit : 0;
        s->any = true;
    }
    d->hit = 0;
}

/* From where the machine stands up to @to; asked behind each instruction if the
 * step needs it. */
static void walk_to(struct search *s, const struct debug_place *to, bool asked)
{
    struct debug *d = s->d;
    bool fine = d->order.kind == DEBUG_STEP && steps_fine(d);
    struct debug_place now = debug_now(d);

    while (before(&now, to) && !s->given_up) {
        uint64_t tick = d->m->clock.now;

        d->owner = bus_tenure(d->m->bus)->owner;
        if (!history_piece(d->history, to,
                           fine && asked ? tick + 1 : tick + d->slice) &&
            d->m->clock.now == tick)
            break;
        if (asked)
            look(s);
        history_keep(d->history);
        debug_poll(d);
        s->given_up = d->pause || d->quit;
        now = debug_now(d);
    }
}

/* The stretch of @ticks in front of the end, not before @state. */
static void search_stretch(struct search *s, const struct debug_place *state,
                           uint64_t ticks)
{
    struct debug *d = s->d;
    struct debug_place from = *state;

    if (history_leap(d->history, state, NULL) != HB_OK) {
        s->given_up = true;
        return;
    }
    if (s->end.at.tick - state->at.tick > ticks) {
        from = (struct debug_place){.at.tick = s->end.at.tick - ticks};
        d->m->debug_grain = UINT32_MAX;
        walk_to(s, &from, false);
        history_mark(d->history);
        d->hit = 0;
        d->step_event = false;
    }
    if (d->order.kind == DEBUG_STEP && d->order.step == DEBUG_BYTE)
        d->m->debug_grain = 1;
    board_grain(d->m);
    walk_to(s, &s->end, true);
}

static bool is_stretched(const struct debug *d)
{
    return d->order.kind == DEBUG_STEP &&
           (steps_fine(d) || d->order.step == DEBUG_BYTE);
}

/* Backwards from state to state. */
static void search(struct search *s)
{
    struct debug_place state;

    while (!s->any && !s->given_up &&
           history_before(s->d->history, &s->end, &state)) {
        uint64_t all = s->end.at.tick - state.at.tick;
        uint64_t ticks = is_stretched(s->d) ? STRETCH_FIRST : all;

        search_stretch(s, &state, ticks);
        while (!s->any && !s->given_up && ticks < all) {
            ticks *= STRETCH_TIMES;
            search_stretch(s, &state, ticks);
        }
        s->end = state;
    }
}

static void go(struct debug *d, const struct debug_place *to)
{
    struct hb_error error = {0};

    if (history_go(d->history, to, &error) != HB_OK)
        debug_stop_at(d, DEBUG_ENDED, error.text);
}

static void search_and_go(struct debug *d)
{
    struct search s = {.d = d, .here = debug_now(d), .end = debug_now(d)};
    struct debug_place first = history_begin(d->history);

    if (d->order.kind == DEBUG_STEP)
        steps_begin(d);
    d->looking = true;
    search(&s);
    d->looking = false;
    d->hit = 0;
    steps_end(d);
    if (s.given_up) {
        go(d, &s.here);
        debug_stop_at(d, DEBUG_PAUSED, "the way back was given up");
        return;
    }
    go(d, s.any ? &s.found : &first);
    if (!s.any) {
        debug_stop_at(d, DEBUG_FIRST, "nothing earlier is kept");
    } else if (s.breakpoint) {
        debug_stop_at(d, DEBUG_BREAKPOINT, breaks_text(d, s.breakpoint));
        d->stop.breakpoint = s.breakpoint;
    } else {
        debug_stop_at(d, DEBUG_STEPPED, debug_step_name(d->order.step));
    }
}

void back_run(struct debug *d)
{
    struct debug_place to = d->order.to;

    if (d->order.kind == DEBUG_STEP && steps_undo(d, &to)) {
        go(d, &to);
        debug_stop_at(d, DEBUG_STEPPED, debug_step_name(d->order.step));
    } else if (d->order.kind != DEBUG_GO_TO) {
        search_and_go(d);
    } else {
        go(d, &to);
        debug_stop_at(d, DEBUG_STEPPED, "to");
    }
}
