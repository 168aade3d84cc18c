/* src/nt/timer.c -- IoInitializeTimer and its like: one kernel timer of a
 * second serves all devices. Source: WDK IoInitializeTimer, IoStartTimer. */
#include "nt/devobj.h"
#include "nt/exports.h"
#include "nt/guest.h"

enum { KTIMER_BYTES = 0x28, KDPC_BYTES = 0x20, SECOND_MS = 1000 };
#define SECOND_100NS 10000000

static struct nt_timer *find(const struct nt *nt, uint32_t device)
{
    for (uint32_t i = 0; i < nt->s.timers.count; i++) {
        struct nt_timer *t = VEC_AT(struct nt_timer, &nt->s.timers, i);
        if (t->device == device)
            return t;
    }
    return NULL;
}

/* The timer and its DPC come to be with the first device that wants one. */
static bool make(struct call *c)
{
    struct nt *nt = nt_of(c);
    uint32_t dpc;

    if (nt->s.timer)
        return true;
    nt->s.timer =
        nt_pool(nt, KTIMER_BYTES + KDPC_BYTES, TAG('I', 'o', 'T', 'm'));
    if (nt->s.timer == 0)
        return false;
    dpc = nt->s.timer_dpc = nt->s.timer + KTIMER_BYTES;
    nt_put8(nt, nt->s.timer, TIMER_SYNCHRONIZATION);
    nt_put8(nt, nt->s.timer + 2, KTIMER_BYTES / 4);
    nt_put32(nt, nt->s.timer + 8, nt->s.timer + 8); /* WaitListHead */
    nt_put32(nt, nt->s.timer + 12, nt->s.timer + 8);
    nt_put8(nt, dpc, 0x13);  /* DpcObject */
    nt_put8(nt, dpc + 1, 1); /* MediumImportance */
    nt_put32(nt, dpc + 0xc, call_stub(c, "NtpTimerDpc").v);
    return true;
}

/* NTSTATUS IoInitializeTimer(Device, Routine, Context). */
void thunk_IoInitializeTimer(struct call *c)
{
    struct nt *nt = nt_of(c);
    struct nt_timer t = {call_u32(c, 0), call_u32(c, 1), call_u32(c, 2), 0};
    struct nt_timer *old = find(nt, t.device);

    if (!make(c)) {
        call_return(c, STATUS_INSUFFICIENT_RESOURCES);
        return;
    }
    if (old)
        *old = t;
    else if (!nt_push(&nt->s.timers, sizeof t, &t)) {
        call_return(c, STATUS_INSUFFICIENT_RESOURCES);
        return;
    }
    call_return(c, STATUS_SUCCESS);
}

static void run(struct call *c, bool on)
{
    struct nt *nt = nt_of(c);
    struct nt_timer *t = find(nt, call_u32(c, 0));
    unsigned running = 0;

    if (t)
        t->running = on;
    for (uint32_t i = 0; i < nt->s.timers.count; i++)
        running += VEC_AT(struct nt_timer, &nt->s.timers, i)->running;
    if (t && on && running == 1)
        ke_timer_set(nt->w.ke, gva_of(nt->s.timer),
                     ke_deadline(nt->w.ke, -(int64_t)SECOND_100NS), SECOND_MS,
                     gva_of(nt->s.timer_dpc));
    else if (t && running == 0)
        ke_timer_cancel(nt->w.ke, gva_of(nt->s.timer));
    call_return(c, 0);
}

void thunk_IoStartTimer(struct call *c)
{
    run(c, true);
}

void thunk_IoStopTimer(struct call *c)
{
    run(c, false);
}

/* The DPC: each running timer's Routine(Device, Context). */
void thunk_NtpTimerDpc(struct call *c)
{
    struct nt *nt = nt_of(c);

    while (c->w[0] < nt->s.timers.count) {
        const struct nt_timer *t =
            VEC_AT(struct nt_timer, &nt->s.timers, c->w[0]++);
        uint32_t args[2] = {t->device, t->context};

        if (t->running) {
            call_guest(c, gva_of(t->routine), 2, args, 1);
            return;
        }
    }
    call_return(c, 0);
}
