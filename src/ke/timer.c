/* src/ke/timer.c -- time: the clock interrupt, KTIMERs and the DPC queue.
 * Kernel time moves at clock interrupts (10.0144 ms, as on a PC HAL); what
 * expires then is handled by the software interrupt of DISPATCH_LEVEL. Docs:
 * docs/ke.md, "Time". Source: WDK KeSetTimerEx, KeInsertQueueDpc; hal_io fact
 * sheet 5, 9. */
#include "ke/private.h"

/* ---- time
 * ----------------------------------------------------------------------- */

uint64_t ke_interrupt_time(const struct ke *ke)
{
    return ke->s.interrupt_time;
}

uint64_t ke_idle_time(const struct ke *ke)
{
    return ke->s.idle_count * CLOCK_INCREMENT;
}

uint64_t ke_system_time(const struct ke *ke)
{
    return ke->s.boot_time + ke->s.interrupt_time;
}

/** A relative time counts from now, not from the last clock interrupt: nothing
 *  expires early. */
uint64_t ke_deadline(const struct ke *ke, int64_t timeout)
{
    uint64_t since = (clock_now_ns(ke->clock) - ke->s.tick_ns) / 100;
    uint64_t now = ke->s.interrupt_time +
                   (since < CLOCK_INCREMENT ? since : CLOCK_INCREMENT);

    if (!timeout)
        return 0;
    if (timeout > 0)
        return (uint64_t)timeout > ke->s.boot_time
                   ? (uint64_t)timeout - ke->s.boot_time
                   : 1;
    return now + (uint64_t) - (timeout + 1) + 1;
}

/** KSYSTEM_TIME: the reader compares High1 and High2, so they frame Low. */
static void put_time(struct ke *ke, uint64_t at, uint64_t v)
{
    ram_write32(ke->ram, gpa_of(at + 8), (uint32_t)(v >> 32));
    ram_write32(ke->ram, gpa_of(at), (uint32_t)v);
    ram_write32(ke->ram, gpa_of(at + 4), (uint32_t)(v >> 32));
}

static bool any_timeout_due(const struct ke *ke)
{
    for (uint32_t slot = 1; slot < ke->s.thread.count; slot++) {
        const struct thread *t = thread_slot(ke, slot);
        const struct record *r = record_at(ke, t->top);

        if (t->state == THREAD_WAITING && r && r->waiting == 1 &&
            r->due <= ke->s.interrupt_time)
            return true;
    }
    return timers_any_due(ke);
}

/** The clock's service routine, at CLOCK_LEVEL. */
void clock_interrupt(struct ke *ke)
{
    struct thread *t = thread_current(ke);

    ke->s.interrupt_time += CLOCK_INCREMENT;
    ke->s.tick_ns = clock_now_ns(ke->clock);
    ke->s.tick_count++;
    ke->s.idle_count += ke->s.current == 0;
    put_time(ke, ke->s.kuser + USER_INTERRUPT_TIME, ke->s.interrupt_time);
    put_time(ke, ke->s.kuser + USER_SYSTEM_TIME, ke_system_time(ke));
    put_time(ke, ke->s.kuser + USER_TICK_COUNT, ke->s.tick_count);
    ram_write32(ke->ram, gpa_of(ke->s.kuser + USER_TICK_LOW),
                (uint32_t)ke->s.tick_count);
    put_time(ke, ke->s.tick_data, ke->s.tick_count);
    if (any_timeout_due(ke))
        ke->s.timers_due = 1;
    if (ke->s.dpc.count)
        ke->s.dpc_requested = 1; /* those of low importance go with the clock */
    if (--t->quantum > 0)
        return;
    t->quantum = QUANTUM;
    if (thread_better_ready(ke, true))
        ke->s.switch_wanted = 1;
}

/* ---- KTIMER
 * ------------------------------------------------------------------------ */

static struct timer *timer_at(const struct ke *ke, uint32_t i)
{
    return VEC_AT(struct timer, &ke->s.timer, i);
}

bool ke_timer_cancel(struct ke *ke, gva_t timer)
{
    static const uint8_t zero;

    for (uint32_t i = 0; i < ke->s.timer.count; i++)
        if (timer_at(ke, i)->object == timer.v) {
            vec_remove(&ke->s.timer, sizeof(struct timer), i);
            ke_write(ke, gva_add(timer, HEADER_INSERTED), &zero, 1);
            return true;
        }
    return false;
}

bool ke_timer_set(struct ke *ke, gva_t timer, uint64_t due, uint32_t period_ms,
                  gva_t dpc)
{
    static const uint8_t one = 1;
    bool was_set = ke_timer_cancel(ke, timer);
    const struct timer t = {timer.v, dpc.v, due, period_ms * 10000ull,
                            ++ke->s.seq};

    ke_write_u32(ke, gva_add(timer, HEADER_SIGNAL), 0);
    ke_write(ke, gva_add(timer, TIMER_DUE), &due, sizeof due);
    ke_write_u32(ke, gva_add(timer, TIMER_DPC), dpc.v);
    ke_write_u32(ke, gva_add(timer, TIMER_PERIOD), period_ms);
    ke_write(ke, gva_add(timer, HEADER_INSERTED), &one, 1);
    if (ke->s.timer.count < TIMERS_MOST)
        vec_push(&ke->s.timer, sizeof t, &t);
    if (due <= ke->s.interrupt_time)
        ke->s.timers_due = 1;
    return was_set;
}

/** The due timer that comes first, by (due, seq). */
static struct timer *first_due(const struct ke *ke)
{
    struct timer *first = NULL;

    for (uint32_t i = 0; i < ke->s.timer.count; i++) {
        struct timer *t = timer_at(ke, i);

        if (t->due <= ke->s.interrupt_time &&
            (!first || t->due < first->due ||
             (t->due == first->due && t->seq < first->seq)))
            first = t;
    }
    return first;
}

bool timers_any_due(const struct ke *ke)
{
    return first_due(ke) != NULL;
}

static void expire(struct ke *ke, struct timer *t)
{
    const struct timer now = *t;

    if (now.period) {
        t->due += now.period;
        if (t->due <= ke->s.interrupt_time) /* missed ones are not made up */
            t->due = ke->s.interrupt_time + now.period;
        t->seq = ++ke->s.seq;
    } else {
        ke_timer_cancel(ke, gva_of(now.object));
    }
    ke_write_u32(ke, gva_of(now.object + HEADER_SIGNAL), 1);
    ke_signal_object(ke, gva_of(now.object));
    if (now.dpc)
        ke_dpc_queue(ke, gva_of(now.dpc), (uint32_t)ke_system_time(ke),
                     (uint32_t)(ke_system_time(ke) >> 32));
}

/** What is due, a few at a time: `timers_due` stands while more are. A timer of
 *  a short period comes once per clock interrupt, so this ends. */
void timers_expire(struct ke *ke)
{
    struct timer *t = NULL;

    for (unsigned n = 0; n < TIMERS_AT_ONCE && (t = first_due(ke)); n++)
        expire(ke, t);
    ke->s.timers_due = first_due(ke) != NULL;
    wait_expire(ke);
}

/* ---- DPC queue
 * ------------------------------------------------------------------------ */

enum { LOW_IMPORTANCE, MEDIUM_IMPORTANCE, HIGH_IMPORTANCE };

static uint32_t *dpc_at(const struct ke *ke, uint32_t i)
{
    return VEC_AT(uint32_t, &ke->s.dpc, i);
}

static uint32_t dpc_find(const struct ke *ke, uint32_t dpc)
{
    uint32_t i = 0;

    while (i < ke->s.dpc.count && *dpc_at(ke, i) != dpc)
        i++;
    return i;
}

bool ke_dpc_queue(struct ke *ke, gva_t dpc, uint32_t a1, uint32_t a2)
{
    uint8_t importance = MEDIUM_IMPORTANCE;
    const uint32_t args[3] = {a1, a2, dpc.v};

    if (dpc_find(ke, dpc.v) < ke->s.dpc.count || ke->s.dpc.count >= DPCS_MOST)
        return false;
    ke_read(ke, gva_add(dpc, DPC_IMPORTANCE), &importance, 1);
    ke_write(ke, gva_add(dpc, DPC_ARG1), args, sizeof args); /* and DpcData */
    if (!vec_push(&ke->s.dpc, sizeof dpc.v, &dpc.v))
        return false;
    EMIT(ke->events, dpc_queue, dpc.v,
         ke_read_u32(ke, gva_add(dpc, DPC_ROUTINE)));
    if (importance == HIGH_IMPORTANCE) {
        for (uint32_t i = ke->s.dpc.count - 1; i > 0; i--)
            *dpc_at(ke, i) = *dpc_at(ke, i - 1);
        *dpc_at(ke, 0) = dpc.v;
    }
    if (importance != LOW_IMPORTANCE)
        ke->s.dpc_requested = 1;
    return true;
}

bool ke_dpc_remove(struct ke *ke, gva_t dpc)
{
    uint32_t i = dpc_find(ke, dpc.v);

    if (i == ke->s.dpc.count)
        return false;
    vec_remove(&ke->s.dpc, sizeof dpc.v, i);
    ke_write_u32(ke, gva_add(dpc, DPC_DATA), 0);
    return true;
}

bool dpc_pop(struct ke *ke, uint32_t *dpc)
{
    if (!ke->s.dpc.count) {
        ke->s.dpc_requested = 0;
        return false;
    }
    *dpc = *dpc_at(ke, 0);
    vec_remove(&ke->s.dpc, sizeof *dpc, 0);
    ke_write_u32(ke, gva_of(*dpc + DPC_DATA), 0); /* it may queue itself */
    return true;
}
