/* src/ke/ke_time.c -- reading and passing time. Source: WDK KeQuerySystemTime,
 * KeQueryPerformanceCounter, KeStallExecutionProcessor. */
#include "ke/private.h"

void thunk_KeQuerySystemTime(struct call *c)
{
    store_u64(c, call_va(c, 0), ke_system_time(c->ke));
    call_return(c, 0);
}

void thunk_KeQueryInterruptTime(struct call *c)
{
    call_return64(c, ke_interrupt_time(c->ke));
}

void thunk_KeQueryTickCount(struct call *c)
{
    store_u64(c, call_va(c, 0), c->ke->s.tick_count);
    call_return(c, 0);
}

void thunk_KeQueryTimeIncrement(struct call *c)
{
    call_return(c, CLOCK_INCREMENT);
}

/** The PC HAL counts the 8254's input: 1.193182 MHz. */
void thunk_KeQueryPerformanceCounter(struct call *c)
{
    uint64_t ns = clock_now_ns(c->ke->clock);
    uint64_t count =
        ns / 1000000000u * PIT_HZ + ns % 1000000000u * PIT_HZ / 1000000000u;

    if (call_u32(c, 0))
        store_u64(c, call_va(c, 0), PIT_HZ);
    call_return64(c, count);
}

/** The clock moves to the end, stopping wherever something is due before, so
 *  that devices and interrupts have their turn there. */
void thunk_KeStallExecutionProcessor(struct call *c)
{
    struct clock *clock = c->ke->clock;
    uint64_t end, next = clock_next(clock);

    if (c->state == 0) {
        end = clock->now + clock_ticks(clock, call_u32(c, 0) * 1000ull);
        if (!call_ok(c))
            return;
        c->w[0] = (uint32_t)end;
        c->w[1] = (uint32_t)(end >> 32);
    }
    end = c->w[0] | (uint64_t)c->w[1] << 32;
    if (next < end) {
        if (clock->now < next)
            clock->now = next;
        call_again(c, 1);
        return;
    }
    if (clock->now < end)
        clock->now = end;
    call_return(c, 0);
}
