/* src/ke/ke_timer.c -- timers and DPCs. Source: WDK KeInitializeTimerEx,
 * KeSetTimerEx, KeInitializeDpc, KeInsertQueueDpc, KeSetImportanceDpc. */
#include "ke/private.h"

static void init_timer(struct call *c, uint8_t type)
{
    gva_t at = call_va(c, 0);

    store_header(c, at, type, TIMER_BYTES, 0);
    store_zero(c, gva_add(at, TIMER_DUE), TIMER_BYTES - TIMER_DUE);
    call_return(c, 0);
}

void thunk_KeInitializeTimer(struct call *c)
{
    init_timer(c, TIMER_NOTIFICATION);
}

void thunk_KeInitializeTimerEx(struct call *c)
{
    init_timer(c,
               call_u8(c, 1) & 1 ? TIMER_SYNCHRONIZATION : TIMER_NOTIFICATION);
}

/** The whole KTIMER is there: what follows cannot fault. */
static bool timer_there(struct call *c)
{
    uint8_t bytes[TIMER_BYTES];

    load(c, call_va(c, 0), bytes, sizeof bytes);
    store(c, call_va(c, 0), bytes, sizeof bytes);
    return call_ok(c);
}

static void set_timer(struct call *c, uint32_t period_ms, gva_t dpc)
{
    uint64_t due = ke_deadline(c->ke, (int64_t)call_u64(c, 1));

    if (timer_there(c))
        call_return(c, ke_timer_set(c->ke, call_va(c, 0), due, period_ms, dpc));
}

/** BOOLEAN KeSetTimer(Timer, LARGE_INTEGER DueTime, Dpc) */
void thunk_KeSetTimer(struct call *c)
{
    set_timer(c, 0, call_va(c, 3));
}

/** BOOLEAN KeSetTimerEx(Timer, LARGE_INTEGER DueTime, Period ms, Dpc) */
void thunk_KeSetTimerEx(struct call *c)
{
    set_timer(c, call_u32(c, 3), call_va(c, 4));
}

void thunk_KeCancelTimer(struct call *c)
{
    if (timer_there(c))
        call_return(c, ke_timer_cancel(c->ke, call_va(c, 0)));
}

/* ---- DPCs
 * -------------------------------------------------------------------------- */

enum { MEDIUM_IMPORTANCE = 1 };

/** KeInitializeDpc(Dpc, Routine, Context) */
void thunk_KeInitializeDpc(struct call *c)
{
    const uint32_t dpc[DPC_BYTES / 4] = {
        [0] = DPC_OBJECT | (uint32_t)MEDIUM_IMPORTANCE << 24,
        [DPC_ROUTINE / 4] = call_u32(c, 1),
        [DPC_CONTEXT / 4] = call_u32(c, 2),
    };

    store(c, call_va(c, 0), dpc, sizeof dpc);
    call_return(c, 0);
}

static bool dpc_there(struct call *c)
{
    uint8_t bytes[DPC_BYTES];

    load(c, call_va(c, 0), bytes, sizeof bytes);
    store(c, call_va(c, 0), bytes, sizeof bytes);
    return call_ok(c);
}

/** BOOLEAN KeInsertQueueDpc(Dpc, SystemArgument1, SystemArgument2) */
void thunk_KeInsertQueueDpc(struct call *c)
{
    uint32_t a1 = call_u32(c, 1), a2 = call_u32(c, 2);

    if (dpc_there(c))
        call_return(c, ke_dpc_queue(c->ke, call_va(c, 0), a1, a2));
}

void thunk_KeRemoveQueueDpc(struct call *c)
{
    if (dpc_there(c))
        call_return(c, ke_dpc_remove(c->ke, call_va(c, 0)));
}

void thunk_KeSetImportanceDpc(struct call *c)
{
    store_u8(c, gva_add(call_va(c, 0), DPC_IMPORTANCE), call_u8(c, 1));
    call_return(c, 0);
}

void thunk_KeSetTargetProcessorDpc(struct call *c)
{
    store_u8(c, gva_add(call_va(c, 0), DPC_NUMBER), call_u8(c, 1));
    call_return(c, 0);
}

/** All DPCs queued before it have run when it returns: also those of low
 *  importance. */
void thunk_KeFlushQueuedDpcs(struct call *c)
{
    if (c->state == 0 && c->ke->s.dpc.count) {
        c->ke->s.dpc_requested = 1;
        call_again(c, 1);
    } else {
        call_return(c, 0);
    }
}
