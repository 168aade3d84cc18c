/* src/nt/rundown.c -- rundown protection: holds on something that goes away
 * once the last is released, and then gives no more. Source: WDK "Run-Down
 * Protection"; ntddk.h. One word in the driver's memory: twice the number of
 * holds, or with bit 0 set the address of the block of who waits for them to
 * end (its count and its event), 1 when that is over.
 *
 * The cache-aware form keeps such a word per processor; here is one processor:
 *      RunRefs +0, PoolToFree +4, RunRefSize +8, Number +0Ch, the word +10h */
#include "nt/exports.h"
#include "nt/guest.h"

enum { ACTIVE = 1, HOLD = 2 };
enum { BLOCK_COUNT = 0, BLOCK_EVENT = 4, BLOCK_BYTES = 0x14 };
enum { AWARE_REFS = 0, AWARE_BYTES = 0x14 };

static uint32_t plain(struct call *c)
{
    return call_u32(c, 0);
}

/* The word of the cache-aware form. */
static uint32_t aware(struct call *c)
{
    return load_u32(c, gva_of(call_u32(c, 0) + AWARE_REFS));
}

static void acquire(struct call *c, uint32_t at, uint32_t holds)
{
    uint32_t v = load_u32(c, gva_of(at));

    if (!(v & ACTIVE))
        store_u32(c, gva_of(at), v + holds * HOLD);
    call_return(c, !(v & ACTIVE));
}

/* The last hold of a rundown in progress wakes who waits. */
static void release(struct call *c, uint32_t at, uint32_t holds)
{
    uint32_t v = load_u32(c, gva_of(at)), block = v & ~(uint32_t)ACTIVE, left;

    if (!(v & ACTIVE)) {
        store_u32(c, gva_of(at), v - holds * HOLD);
        if (v < holds * HOLD && call_ok(c))
            call_finding(c, "rundown",
                         "rundown protection %08X is released more often "
                         "than acquired",
                         at);
        call_return(c, 0);
        return;
    }
    left = load_u32(c, gva_of(block + BLOCK_COUNT)) - holds;
    store_u32(c, gva_of(block + BLOCK_COUNT), left);
    if (!call_ok(c))
        return;
    if (left == 0)
        ke_signal_event(nt_of(c)->w.ke, gva_of(block + BLOCK_EVENT));
    call_return(c, 0);
}

/* No hold is given any more; back when those that are have been released. */
static void wait(struct call *c, uint32_t at)
{
    uint32_t v = load_u32(c, gva_of(at)), block;
    gva_t event;

    if (c->state == 1 || v == ACTIVE) {
        store_u32(c, gva_of(at), ACTIVE);
        call_return(c, 0);
        return;
    }
    if (v == 0) {
        store_u32(c, gva_of(at), ACTIVE);
        call_return(c, 0);
        return;
    }
    block = call_locals(c, BLOCK_BYTES).v;
    if (block == 0 || !call_ok(c))
        return;
    event = gva_of(block + BLOCK_EVENT);
    store_u32(c, gva_of(block + BLOCK_COUNT), v / HOLD);
    store_u32(c, gva_of(at), block | ACTIVE);
    if (!call_ok(c))
        return;
    ke_event_init(nt_of(c)->w.ke, event, EVENT_SYNCHRONIZATION, false);
    call_wait(c, 1, &event, true, WAIT_FOREVER, 1);
}

static void set(struct call *c, uint32_t at, uint32_t v)
{
    store_u32(c, gva_of(at), v);
    call_return(c, 0);
}

/* ---- one word
 * --------------------------------------------------------------------
 */

void thunk_ExInitializeRundownProtection(struct call *c)
{
    set(c, plain(c), 0);
}

/* After a rundown: holds are given again. */
void thunk_ExReInitializeRundownProtection(struct call *c)
{
    set(c, plain(c), 0);
}

/* BOOLEAN: FALSE once a rundown has begun. */
void thunk_ExAcquireRundownProtection(struct call *c)
{
    acquire(c, plain(c), 1);
}

void thunk_ExAcquireRundownProtectionEx(struct call *c)
{
    acquire(c, plain(c), call_u32(c, 1));
}

void thunk_ExReleaseRundownProtection(struct call *c)
{
    release(c, plain(c), 1);
}

void thunk_ExReleaseRundownProtectionEx(struct call *c)
{
    release(c, plain(c), call_u32(c, 1));
}

void thunk_ExWaitForRundownProtectionRelease(struct call *c)
{
    wait(c, plain(c));
}

/* As after a wait. */
void thunk_ExRundownCompleted(struct call *c)
{
    set(c, plain(c), ACTIVE);
}

/* ---- cache-aware
 * -----------------------------------------------------------------
 */

/* SIZE_T: bytes that ExInitializeRundownProtectionCacheAware takes. */
void thunk_ExSizeOfRundownProtectionCacheAware(struct call *c)
{
    call_return(c, AWARE_BYTES);
}

static void initialize_aware(struct call *c, uint32_t at)
{
    const uint32_t words[5] = {at + 0x10, 0, 4, 1, 0};

    store(c, gva_of(at), words, sizeof words);
}

/* VOID (RunRefCacheAware, RunRefSize). */
void thunk_ExInitializeRundownProtectionCacheAware(struct call *c)
{
    if (call_u32(c, 1) < AWARE_BYTES)
        call_finding(c, "rundown",
                     "%u bytes for cache-aware rundown protection, which "
                     "takes %u",
                     call_u32(c, 1), AWARE_BYTES);
    initialize_aware(c, call_u32(c, 0));
    call_return(c, 0);
}

/* PEX_RUNDOWN_REF_CACHE_AWARE (PoolType, PoolTag): NULL without memory. */
void thunk_ExAllocateCacheAwareRundownProtection(struct call *c)
{
    struct nt *nt = nt_of(c);
    uint32_t at = call_u32(c, 0) & 1
                      ? nt_pool_paged(nt, AWARE_BYTES, call_u32(c, 1))
                      : nt_pool(nt, AWARE_BYTES, call_u32(c, 1));

    if (at)
        initialize_aware(c, at);
    call_return(c, at);
}

void thunk_ExFreeCacheAwareRundownProtection(struct call *c)
{
    if (!nt_pool_free(nt_of(c), call_u32(c, 0)))
        call_finding(c, "rundown", "%08X is no rundown protection of pool",
                     call_u32(c, 0));
    call_return(c, 0);
}

void thunk_ExReInitializeRundownProtectionCacheAware(struct call *c)
{
    set(c, aware(c), 0);
}

void thunk_ExAcquireRundownProtectionCacheAware(struct call *c)
{
    acquire(c, aware(c), 1);
}

void thunk_ExAcquireRundownProtectionCacheAwareEx(struct call *c)
{
    acquire(c, aware(c), call_u32(c, 1));
}

void thunk_ExReleaseRundownProtectionCacheAware(struct call *c)
{
    release(c, aware(c), 1);
}

void thunk_ExReleaseRundownProtectionCacheAwareEx(struct call *c)
{
    release(c, aware(c), call_u32(c, 1));
}

void thunk_ExWaitForRundownProtectionReleaseCacheAware(struct call *c)
{
    wait(c, aware(c));
}

void thunk_ExRundownCompletedCacheAware(struct call *c)
{
    set(c, aware(c), ACTIVE);
}
