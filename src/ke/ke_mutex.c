/* src/ke/ke_mutex.c -- mutants (KMUTEX), fast and guarded mutexes. Source: WDK
 * KeInitializeMutex, KeReleaseMutex, ExAcquireFastMutex; mm, hal_io fact
 * sheets; layouts: KMUTANT, FAST_MUTEX. */
#include "ke/private.h"

/* ---- mutants
 * ------------------------------------------------------------------ */

static void init_mutant(struct call *c, bool owned, uint8_t apc_disable)
{
    gva_t at = call_va(c, 0);
    uint32_t owner =
        owned ? ke_thread_object(c->ke, ke_current_thread(c->ke)).v : 0;

    store_header(c, at, OBJECT_MUTANT, MUTANT_BYTES, !owned);
    store_zero(c, gva_add(at, MUTANT_LIST), 8);
    store_u32(c, gva_add(at, MUTANT_OWNER), owner);
    store_u8(c, gva_add(at, MUTANT_ABANDONED), 0);
    store_u8(c, gva_add(at, MUTANT_APC_DISABLE), apc_disable);
    call_return(c, 0);
}

/** KeInitializeMutex(Mutex, Level): its owner gets no kernel APCs. */
void thunk_KeInitializeMutex(struct call *c)
{
    init_mutant(c, false, 1);
}

/** KeInitializeMutant(Mutant, InitialOwner) */
void thunk_KeInitializeMutant(struct call *c)
{
    init_mutant(c, call_bool(c, 1), 0);
}

/** The previous state; raises unless the current thread owns it. */
static void release_mutant(struct call *c, bool wait)
{
    gva_t at = call_va(c, 0);
    struct thread *t = thread_current(c->ke);
    uint32_t state = load_u32(c, gva_add(at, HEADER_SIGNAL));
    uint32_t owner = load_u32(c, gva_add(at, MUTANT_OWNER));
    uint8_t apc_disable = load_u8(c, gva_add(at, MUTANT_APC_DISABLE));

    if (!call_ok(c))
        return;
    if (owner != t->object) {
        call_raise(c, STATUS_MUTANT_NOT_OWNED);
        return;
    }
    store_u32(c, gva_add(at, HEADER_SIGNAL), state + 1);
    if (state + 1 == 1) {
        store_u32(c, gva_add(at, MUTANT_OWNER), 0);
        if (!call_ok(c))
            return;
        if (t->apc_disable >= apc_disable)
            t->apc_disable = (uint16_t)(t->apc_disable - apc_disable);
        ke_signal_object(c->ke, at);
    }
    call_return(c, state);
    wait_follows(c, wait);
}

/** LONG KeReleaseMutex(Mutex, Wait) */
void thunk_KeReleaseMutex(struct call *c)
{
    release_mutant(c, call_bool(c, 1));
}

/** LONG KeReleaseMutant(Mutant, Increment, Abandoned, Wait) */
void thunk_KeReleaseMutant(struct call *c)
{
    release_mutant(c, call_bool(c, 3));
}

/* ---- fast mutexes
 * -------------------------------------------------------------- */

/** What a kind of fast mutex does besides the count. */
enum {
    RAISES = 1, /* to APC_LEVEL while it is held */
    REGION = 2, /* kernel APCs are disabled while it is held */
};

static gva_t field(struct call *c, uint32_t at)
{
    return gva_add(call_va(c, 0), at);
}

static void own(struct call *c, unsigned kind)
{
    uint32_t thread = ke_thread_object(c->ke, ke_current_thread(c->ke)).v;

    store_u32(c, field(c, FAST_MUTEX_OWNER), thread);
    if (kind & RAISES)
        store_u32(c, field(c, FAST_MUTEX_IRQL), c->w[0]);
}

/** Count 1 is free; each who comes takes one, and waits below 1. */
static void acquire(struct call *c, unsigned kind)
{
    int32_t count;
    gva_t event = field(c, FAST_MUTEX_EVENT);

    if (c->state == 1) {
        own(c, kind);
        call_return(c, 0);
        return;
    }
    count = (int32_t)load_u32(c, field(c, FAST_MUTEX_COUNT)) - 1;
    store_u32(c, field(c, FAST_MUTEX_COUNT), (uint32_t)count);
    if (!call_ok(c))
        return;
    if (kind & REGION)
        thread_current(c->ke)->apc_disable++;
    c->w[0] = kind & RAISES ? call_set_irql(c, APC_LEVEL) : call_irql(c);
    if (count >= 0) {
        own(c, kind);
        call_return(c, 0);
        return;
    }
    store_u32(c, field(c, FAST_MUTEX_CONTENTION),
              load_u32(c, field(c, FAST_MUTEX_CONTENTION)) + 1);
    call_wait(c, 1, &event, false, WAIT_FOREVER, 1);
}

static void release(struct call *c, unsigned kind)
{
    struct thread *t = thread_current(c->ke);
    int32_t count = (int32_t)load_u32(c, field(c, FAST_MUTEX_COUNT)) + 1;
    uint32_t irql = kind & RAISES ? load_u32(c, field(c, FAST_MUTEX_IRQL)) : 0;

    store_u32(c, field(c, FAST_MUTEX_OWNER), 0);
    store_u32(c, field(c, FAST_MUTEX_COUNT), (uint32_t)count);
    if (!call_ok(c))
        return;
    if (count <= 0)
        ke_signal_event(c->ke, field(c, FAST_MUTEX_EVENT));
    if (kind & RAISES)
        call_set_irql(c, (uint8_t)irql);
    if (kind & REGION && t->apc_disable)
        t->apc_disable--;
    call_return(c, 0);
}

static void try_acquire(struct call *c, unsigned kind)
{
    int32_t count = (int32_t)load_u32(c, field(c, FAST_MUTEX_COUNT));

    if (count != 1) {
        call_return(c, 0);
        return;
    }
    c->w[0] = call_irql(c);
    store_u32(c, field(c, FAST_MUTEX_COUNT), 0);
    own(c, kind);
    if (!call_ok(c))
        return;
    if (kind & RAISES)
        call_set_irql(c, APC_LEVEL);
    if (kind & REGION)
        thread_current(c->ke)->apc_disable++;
    call_return(c, 1);
}

void thunk_ExAcquireFastMutex(struct call *c)
{
    acquire(c, RAISES);
}

void thunk_ExReleaseFastMutex(struct call *c)
{
    release(c, RAISES);
}

void thunk_ExTryToAcquireFastMutex(struct call *c)
{
    try_acquire(c, RAISES);
}

void thunk_ExAcquireFastMutexUnsafe(struct call *c)
{
    acquire(c, 0);
}

void thunk_ExReleaseFastMutexUnsafe(struct call *c)
{
    release(c, 0);
}

/** KGUARDED_MUTEX has the fast mutex's fields; its gate is an event here. */
void thunk_KeInitializeGuardedMutex(struct call *c)
{
    store_u32(c, field(c, FAST_MUTEX_COUNT), 1);
    store_u32(c, field(c, FAST_MUTEX_OWNER), 0);
    store_u32(c, field(c, FAST_MUTEX_CONTENTION), 0);
    store_header(c, field(c, FAST_MUTEX_EVENT), EVENT_SYNCHRONIZATION,
                 HEADER_BYTES, 0);
    call_return(c, 0);
}

void thunk_KeAcquireGuardedMutex(struct call *c)
{
    acquire(c, REGION);
}

void thunk_KeReleaseGuardedMutex(struct call *c)
{
    release(c, REGION);
}

void thunk_KeTryToAcquireGuardedMutex(struct call *c)
{
    try_acquire(c, REGION);
}
