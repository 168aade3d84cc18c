/* src/base/clock.h -- virtual time: one tick per retired instruction, a fixed
 * number of ns per tick; due work is ordered by (tick, sequence). */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "halbox/state.h"

/** Who is served: the board has one function per kind. */
enum clock_kind {
    CLOCK_DEVICE, /* target device, arg step: model->step(dev, step, DMA_OK)  */
    CLOCK_DMA,    /* target DMA engine slot: the bus for its next operation   */
    CLOCK_DMA_CONTROLLER, /* target device: ask its next()                    */
    CLOCK_KERNEL,         /* ke_clock(): time for bugcheck callbacks is over  */
    CLOCK_KINDS
};

/** Time ends here (22 years at 5 ns a tick): no run passes it, what would be
 *  due later never is, and so no sum of ticks is too big for its type. */
#define CLOCK_END (UINT64_C(1) << 57)

struct clock_entry {
    uint64_t due; /* tick */
    uint64_t seq;
    uint16_t kind;
    uint16_t target;
    uint32_t arg;
};

struct clock {
    uint64_t now;    /* ticks; the CPU counts it up as it retires            */
    uint64_t until;  /* the running cpu_run ends here; a new entry lowers it */
    uint64_t seq;    /* of the next entry                                    */
    uint64_t served; /* pieces of work done at tick `served_at`              */
    uint64_t served_at;
    uint32_t ns_per_tick;
    struct vec heap; /* of clock_entry, a binary heap                        */
};

void clock_init(struct clock *c, uint32_t ns_per_tick);
void clock_fini(struct clock *c);
extern const struct state_row clock_rows[];

/** clock_at() - have (kind, target, arg) served at tick @due. Due now: before
 *  the next instruction; in the past: at the next tick. There is one entry for
 *  each (kind, target, arg): asking again moves it, behind all others that are
 *  due at the same tick. */
void clock_at(struct clock *c, uint64_t due, enum clock_kind kind,
              uint16_t target, uint32_t arg);
/** clock_good() - could a clock have come to this state? After loading one.  */
bool clock_good(const struct clock *c);
/** clock_drop() - (kind, target, arg) will not come. Returns if it was due. */
bool clock_drop(struct clock *c, enum clock_kind kind, uint16_t target,
                uint32_t arg);
/** clock_next() - tick of the next entry, UINT64_MAX when none. */
uint64_t clock_next(const struct clock *c);
/** clock_take_due() - the next entry that is due now; false: none. */
bool clock_take_due(struct clock *c, struct clock_entry *e);
/** clock_count() - one more piece of work is done at the present tick that is
 *  no entry: a tenure is over, the CPU was reset or goes to a handler.
 * clock_served_now() - how many: with `now` and the tenure's cursor it is a
 * position in the run. */
void clock_count(struct clock *c);
uint64_t clock_served_now(const struct clock *c);
/** clock_ns() of devices is clock_now_ns() here. */
uint64_t clock_now_ns(const struct clock *c);
/** clock_ticks() - ns to ticks, rounded up, at least one. */
uint64_t clock_ticks(const struct clock *c, uint64_t ns);

#endif
