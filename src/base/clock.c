/* src/base/clock.c -- virtual time: a binary heap of due work, ordered by
 * (tick, sequence), so that the order never depends on the heap's shape. */
#include "base/clock.h"

#include <assert.h>
#include <stdlib.h>

#include "base/vec.h"

static const struct state_row entry_rows[] = {
    STATE_INT(struct clock_entry, due),  STATE_INT(struct clock_entry, seq),
    STATE_INT(struct clock_entry, kind), STATE_INT(struct clock_entry, target),
    STATE_INT(struct clock_entry, arg),  STATE_END,
};

const struct state_row clock_rows[] = {
    STATE_INT(struct clock, now),
    STATE_INT(struct clock, seq),
    STATE_INT(struct clock, served),
    STATE_INT(struct clock, served_at),
    STATE_INT(struct clock, ns_per_tick),
    STATE_VEC(struct clock, heap, struct clock_entry, 1u << 20, entry_rows),
    STATE_END,
};

void clock_init(struct clock *c, uint32_t ns_per_tick)
{
    assert(ns_per_tick > 0);
    *c = (struct clock){.ns_per_tick = ns_per_tick};
}

void clock_fini(struct clock *c)
{
    vec_free(&c->heap);
}

static struct clock_entry *at(const struct clock *c, uint32_t i)
{
    return VEC_AT(struct clock_entry, &c->heap, i);
}

static bool before(const struct clock_entry *a, const struct clock_entry *b)
{
    return a->due < b->due || (a->due == b->due && a->seq < b->seq);
}

static void swap(struct clock *c, uint32_t i, uint32_t j)
{
    struct clock_entry e = *at(c, i);

    *at(c, i) = *at(c, j);
    *at(c, j) = e;
}

static void sift_up(struct clock *c, uint32_t i)
{
    for (; i && before(at(c, i), at(c, (i - 1) / 2)); i = (i - 1) / 2)
        swap(c, i, (i - 1) / 2);
}

static void sift_down(struct clock *c, uint32_t i)
{
    for (;;) {
        uint32_t least = i, child = 2 * i + 1;

        for (uint32_t k = child; k < child + 2 && k < c->heap.count; k++) {
            if (before(at(c, k), at(c, least)))
                least = k;
        }
        if (least == i)
            return;
        swap(c, i, least);
        i = least;
    }
}

static void take_out(struct clock *c, uint32_t i)
{
    if (i == --c->heap.count)
        return; /* the last one, often the only one */
    *at(c, i) = *at(c, c->heap.count);
    sift_up(c, i);
    sift_down(c, i);
}

bool clock_drop(struct clock *c, enum clock_kind kind, uint16_t target,
                uint32_t arg)
{
    for (uint32_t i = 0; i < c->heap.count; i++) {
        const struct clock_entry *e = at(c, i);

        if (e->kind == kind && e->target == target && e->arg == arg) {
            take_out(c, i);
            return true;
        }
    }
    return false;
}

void clock_at(struct clock *c, uint64_t due, enum clock_kind kind,
              uint16_t target, uint32_t arg)
{
    struct clock_entry *e;

    if (due < c->now)
        due = c->now + 1;
    clock_drop(c, kind, target, arg);
    e = vec_push(&c->heap, sizeof *e, NULL);
    if (!e)
        abort();  /* a lost timer would change the run; entries are bounded */
    e->due = due; /* in place: a copy would wait for its parts */
    e->seq = c->seq++;
    e->kind = (uint16_t)kind;
    e->target = target;
    e->arg = arg;
    sift_up(c, c->heap.count - 1);
    if (due < c->until)
        c->until = due;
}

/* A routine's cost may pass what is due, so entries can lie in the past. */
bool clock_good(const struct clock *c)
{
    for (uint32_t i = 1; i < c->heap.count; i++) {
        if (before(at(c, i), at(c, (i - 1) / 2)))
            return false;
    }
    return c->ns_per_tick && c->now <= CLOCK_END;
}

uint64_t clock_next(const struct clock *c)
{
    return c->heap.count ? at(c, 0)->due : UINT64_MAX;
}

bool clock_take_due(struct clock *c, struct clock_entry *e)
{
    const struct clock_entry *first;

    if (clock_next(c) > c->now || !c->heap.count)
        return false;
    first = at(c, 0);
    e->due = first->due; /* by parts, as it was written a moment ago */
    e->seq = first->seq;
    e->kind = first->kind;
    e->target = first->target;
    e->arg = first->arg;
    take_out(c, 0);
    clock_count(c);
    return true;
}

void clock_count(struct clock *c)
{
    c->served = clock_served_now(c) + 1;
    c->served_at = c->now;
}

uint64_t clock_served_now(const struct clock *c)
{
    return c->served_at == c->now ? c->served : 0;
}

uint64_t clock_now_ns(const struct clock *c)
{
    return c->now * c->ns_per_tick;
}

uint64_t clock_ticks(const struct clock *c, uint64_t ns)
{
    uint64_t ticks;

    if (ns <= UINT32_MAX) /* nearly always, and the shorter division */
        ticks = (uint32_t)ns / c->ns_per_tick +
                ((uint32_t)ns % c->ns_per_tick != 0);
    else
        ticks = ns / c->ns_per_tick + (ns % c->ns_per_tick != 0);
    return ticks ? ticks : 1;
}
