/* src/ke/ke_spinlock.c -- spin locks of a uniprocessor HAL: the IRQL alone, the
 * lock word stays 0. Source: WDK KeAcquireSpinLock, KeSynchronizeExecution;
 * hal_io fact sheet 5. */
#include "ke/private.h"

enum { HANDLE_NEXT = 0, HANDLE_LOCK = 4, HANDLE_IRQL = 8 };

static void raise_and_return(struct call *c, uint8_t irql)
{
    call_return(c, call_set_irql(c, irql));
}

static void lower_and_return(struct call *c, uint8_t irql)
{
    if (!call_ok(c))
        return;
    call_set_irql(c, irql);
    call_return(c, 0);
}

/* ---- the verifier's checks --------------------------------------------------
 */

/** Index of @lock among those held, or the count. */
static uint32_t held_index(const struct ke *ke, uint32_t lock)
{
    uint32_t i = 0;

    while (i < ke->s.held_lock.count &&
           *VEC_AT(uint32_t, &ke->s.held_lock, i) != lock)
        i++;
    return i;
}

bool lock_taken(struct ke *ke, uint32_t lock)
{
    if (!ke_checks(ke))
        return true;
    if (held_index(ke, lock) < ke->s.held_lock.count)
        return false;
    if (ke->s.held_lock.count < LOCKS_MOST)
        vec_push(&ke->s.held_lock, sizeof lock, &lock);
    return true;
}

void lock_given(struct ke *ke, uint32_t lock)
{
    uint32_t i = held_index(ke, lock);

    if (i < ke->s.held_lock.count)
        vec_remove(&ke->s.held_lock, sizeof(uint32_t), i);
}

/** A lock that is held is taken again: for ever, on one processor. */
static bool take(struct call *c, uint32_t lock)
{
    if (lock_taken(c->ke, lock))
        return true;
    call_bugcheck(c, BUGCHECK_SPIN_LOCK_ALREADY_OWNED, lock, 0, 0, 0);
    return false;
}

static bool note_acquire(struct call *c)
{
    return take(c, call_u32(c, 0));
}

static void note_release(struct call *c)
{
    lock_given(c->ke, call_u32(c, 0));
}

/** KeInitializeSpinLock(PKSPIN_LOCK) */
void thunk_KeInitializeSpinLock(struct call *c)
{
    store_u32(c, call_va(c, 0), 0);
    call_return(c, 0);
}

void thunk_KfAcquireSpinLock(struct call *c)
{
    if (note_acquire(c))
        raise_and_return(c, DISPATCH_LEVEL);
}

void thunk_KfReleaseSpinLock(struct call *c)
{
    note_release(c);
    lower_and_return(c, call_u8(c, 1));
}

void thunk_KeAcquireSpinLock(struct call *c)
{
    store_u8(c, call_va(c, 1), call_irql(c));
    if (call_ok(c) && note_acquire(c))
        raise_and_return(c, DISPATCH_LEVEL);
}

void thunk_KeReleaseSpinLock(struct call *c)
{
    note_release(c);
    lower_and_return(c, call_u8(c, 1));
}

void thunk_KeAcquireSpinLockRaiseToSynch(struct call *c)
{
    raise_and_return(c, DISPATCH_LEVEL);
}

/* At DISPATCH_LEVEL already: nothing is left to do on one processor. */
static void nothing(struct call *c)
{
    call_return(c, 0);
}

static void acquire_at_dispatch(struct call *c)
{
    if (note_acquire(c))
        nothing(c);
}

static void release_at_dispatch(struct call *c)
{
    note_release(c);
    nothing(c);
}

void thunk_KeAcquireSpinLockAtDpcLevel(struct call *c)
{
    acquire_at_dispatch(c);
}

void thunk_KeReleaseSpinLockFromDpcLevel(struct call *c)
{
    release_at_dispatch(c);
}

void thunk_KefAcquireSpinLockAtDpcLevel(struct call *c)
{
    acquire_at_dispatch(c);
}

void thunk_KefReleaseSpinLockFromDpcLevel(struct call *c)
{
    release_at_dispatch(c);
}

void thunk_KiAcquireSpinLock(struct call *c)
{
    nothing(c);
}

void thunk_KiReleaseSpinLock(struct call *c)
{
    nothing(c);
}

/* ---- queued locks ----------------------------------------------------------
 */

static void fill_handle(struct call *c, uint8_t irql)
{
    gva_t handle = call_va(c, 1);

    store_u32(c, gva_add(handle, HANDLE_NEXT), 0);
    store_u32(c, gva_add(handle, HANDLE_LOCK), call_u32(c, 0));
    store_u8(c, gva_add(handle, HANDLE_IRQL), irql);
}

void thunk_KeAcquireInStackQueuedSpinLock(struct call *c)
{
    fill_handle(c, call_irql(c));
    if (call_ok(c))
        raise_and_return(c, DISPATCH_LEVEL);
}

void thunk_KeAcquireInStackQueuedSpinLockRaiseToSynch(struct call *c)
{
    thunk_KeAcquireInStackQueuedSpinLock(c);
}

void thunk_KeReleaseInStackQueuedSpinLock(struct call *c)
{
    lower_and_return(c, load_u8(c, gva_add(call_va(c, 0), HANDLE_IRQL)));
}

void thunk_KeAcquireInStackQueuedSpinLockAtDpcLevel(struct call *c)
{
    fill_handle(c, call_irql(c));
    call_return(c, 0);
}

void thunk_KeReleaseInStackQueuedSpinLockFromDpcLevel(struct call *c)
{
    nothing(c);
}

void thunk_KeAcquireQueuedSpinLock(struct call *c)
{
    raise_and_return(c, DISPATCH_LEVEL);
}

void thunk_KeAcquireQueuedSpinLockRaiseToSynch(struct call *c)
{
    raise_and_return(c, DISPATCH_LEVEL);
}

void thunk_KeReleaseQueuedSpinLock(struct call *c)
{
    lower_and_return(c, call_u8(c, 1));
}

/** LOGICAL KeTryToAcquireQueuedSpinLock(number, *OldIrql): always free. */
void thunk_KeTryToAcquireQueuedSpinLock(struct call *c)
{
    store_u8(c, call_va(c, 1), call_irql(c));
    if (!call_ok(c))
        return;
    call_set_irql(c, DISPATCH_LEVEL);
    call_return(c, 1);
}

void thunk_KeTryToAcquireQueuedSpinLockRaiseToSynch(struct call *c)
{
    thunk_KeTryToAcquireQueuedSpinLock(c);
}

/* ---- interrupt locks
 * ---------------------------------------------------------- */

static uint8_t synchronize_irql(struct call *c)
{
    return load_u8(c, gva_add(call_va(c, 0), INTERRUPT_SYNCHRONIZE));
}

/** The lock of the KINTERRUPT that is argument 0. */
static uint32_t interrupt_lock(struct call *c)
{
    return load_u32(c, gva_add(call_va(c, 0), INTERRUPT_ACTUAL_LOCK));
}

void thunk_KeAcquireInterruptSpinLock(struct call *c)
{
    uint8_t irql = synchronize_irql(c);
    uint32_t lock = interrupt_lock(c);

    if (call_ok(c) && take(c, lock))
        raise_and_return(c, irql);
}

void thunk_KeReleaseInterruptSpinLock(struct call *c)
{
    uint32_t lock = interrupt_lock(c);

    if (!call_ok(c))
        return;
    lock_given(c->ke, lock);
    lower_and_return(c, call_u8(c, 1));
}

/** BOOLEAN KeSynchronizeExecution(Interrupt, Routine, Context). */
void thunk_KeSynchronizeExecution(struct call *c)
{
    uint8_t irql = synchronize_irql(c);
    uint32_t context = call_u32(c, 2), lock = interrupt_lock(c);
    gva_t routine = call_va(c, 1);

    if (!call_ok(c))
        return;
    if (c->state == 0) {
        if (!take(c, lock))
            return;
        c->w[0] = call_irql(c);
        c->w[1] = lock;
        call_set_irql(c, irql);
        call_guest(c, routine, 1, &context, 1);
    } else {
        lock_given(c->ke, c->w[1]);
        call_set_irql(c, (uint8_t)c->w[0]);
        call_return(c, c->eax & 0xff);
    }
}
