/* src/ke/ke_irql.c -- the interrupt request level. It is lazy: raising writes
 * fs:[24h] alone; what a lower level lets through comes when the routine that
 * lowered it is about to return. Source: WDK KeRaiseIrql, KeLowerIrql; hal_io
 * fact sheet 5. */
#include "ke/private.h"

/** One processor: the level that keeps others out of the dispatcher. */
enum { SYNCH_LEVEL = DISPATCH_LEVEL };

static void raise_to(struct call *c, uint8_t irql)
{
    call_return(c, call_set_irql(c, irql));
}

void thunk_KeGetCurrentIrql(struct call *c)
{
    call_return(c, call_irql(c));
}

/** With the verifier's checks a "raise" that lowers is 0xC4 (30h), a "lower"
 *  that raises 0xC4 (31h); without them both just set the level. */
static bool right_direction(struct call *c, uint8_t irql, bool up)
{
    uint8_t now = call_irql(c);

    if (!ke_checks(c->ke) || (up ? irql >= now : irql <= now))
        return true;
    call_bugcheck(c, BUGCHECK_VERIFIER, up ? 0x30 : 0x31, now, irql, 0);
    return false;
}

void thunk_KfRaiseIrql(struct call *c)
{
    if (right_direction(c, call_u8(c, 0), true))
        raise_to(c, call_u8(c, 0));
}

static void lower_to(struct call *c, uint8_t irql)
{
    if (!call_ok(c) || !right_direction(c, irql, false))
        return;
    call_set_irql(c, irql);
    call_return(c, 0);
}

void thunk_KfLowerIrql(struct call *c)
{
    lower_to(c, call_u8(c, 0));
}

void thunk_KeRaiseIrql(struct call *c)
{
    uint8_t irql = call_u8(c, 0);

    store_u8(c, call_va(c, 1), call_irql(c));
    if (call_ok(c) && right_direction(c, irql, true))
        raise_to(c, irql);
}

void thunk_KeLowerIrql(struct call *c)
{
    lower_to(c, call_u8(c, 0));
}

void thunk_KeRaiseIrqlToDpcLevel(struct call *c)
{
    raise_to(c, DISPATCH_LEVEL);
}

void thunk_KeRaiseIrqlToSynchLevel(struct call *c)
{
    raise_to(c, SYNCH_LEVEL);
}

/** ULONG_PTR KeIpiGenericCall(function, context): on every processor at
 *  IPI_LEVEL: there is one. */
void thunk_KeIpiGenericCall(struct call *c)
{
    uint32_t context = call_u32(c, 1);
    gva_t function = call_va(c, 0);

    if (!call_ok(c))
        return;
    if (c->state == 0) {
        c->w[0] = call_set_irql(c, IPI_LEVEL);
        call_guest(c, function, 1, &context, 1);
    } else {
        call_set_irql(c, (uint8_t)c->w[0]);
        call_return(c, c->eax);
    }
}
