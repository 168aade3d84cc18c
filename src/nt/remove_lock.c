/* src/nt/remove_lock.c -- remove locks: in the driver's memory, 18h bytes of
 * Common whatever size it passes (a checked build's debug block behind is never
 * touched). Source: hal_io fact sheet 9; WDK IoInitializeRemoveLockEx.
 *      Common: Removed +0, IoCount +4, RemoveEvent +8
 * With the verifier's checks each hold is kept with its tag, as a checked build
 * does: a release whose tag holds nothing is bugcheck 0xC4. */
#include "nt/exports.h"
#include "nt/guest.h"
#include "nt/verify.h"

enum { LOCK_REMOVED = 0, LOCK_COUNT = 4, LOCK_EVENT = 8, LOCK_BYTES = 0x18 };

enum { VERIFIER = 0xc4, RELEASE_TAG = 0xd5, RELEASE_AND_WAIT_TAG = 0xd6 };

/* ---- tags -------------------------------------------------------------------
 */

static void hold(struct nt *nt, uint32_t lock, uint32_t tag)
{
    const struct nt_hold h = {lock, tag};

    if (nt_checks(nt))
        nt_push(&nt->s.holds, sizeof h, &h);
}

/* The hold with @tag goes. False: there is none, and the entry has ended with
 * the verifier's bugcheck @what (lock, tag, a tag that holds it). */
static bool let_go(struct call *c, uint32_t lock, uint32_t tag, uint32_t what)
{
    struct nt *nt = nt_of(c);
    uint32_t other = 0;

    if (!nt_checks(nt))
        return true;
    for (uint32_t i = 0; i < nt->s.holds.count; i++) {
        const struct nt_hold *h = VEC_AT(struct nt_hold, &nt->s.holds, i);

        if (h->lock != lock)
            continue;
        if (h->tag == tag) {
            vec_remove(&nt->s.holds, sizeof *h, i);
            return true;
        }
        other = h->tag;
    }
    call_finding(c, "remove-lock",
                 "remove lock %08X is released with tag %08X, which did not "
                 "acquire it",
                 lock, tag);
    call_bugcheck(c, VERIFIER, what, lock, tag, other);
    return false;
}

/* ---- routines ---------------------------------------------------------------
 */

/* VOID IoInitializeRemoveLockEx(Lock, Tag, MaxMinutes, HighWater, Size). */
void thunk_IoInitializeRemoveLockEx(struct call *c)
{
    uint32_t lock = call_u32(c, 0);

    store_zero(c, gva_of(lock), LOCK_BYTES);
    store_u32(c, gva_of(lock + LOCK_COUNT), 1);
    if (!call_ok(c))
        return;
    ke_event_init(nt_of(c)->w.ke, gva_of(lock + LOCK_EVENT),
                  EVENT_SYNCHRONIZATION, false);
    call_return(c, 0);
}

/* Count one down; at none its event is set. */
static void release(struct call *c, uint32_t lock)
{
    uint32_t count = load_u32(c, gva_of(lock + LOCK_COUNT));

    store_u32(c, gva_of(lock + LOCK_COUNT), count - 1);
    if (!call_ok(c))
        return;
    if (count == 1)
        ke_signal_event(nt_of(c)->w.ke, gva_of(lock + LOCK_EVENT));
    else if (count == 0)
        call_finding(c, "remove-lock",
                     "remove lock %08X is released more "
                     "often than acquired",
                     lock);
}

/* NTSTATUS IoAcquireRemoveLockEx(Lock, Tag, File, Line, Size). */
void thunk_IoAcquireRemoveLockEx(struct call *c)
{
    uint32_t lock = call_u32(c, 0);
    uint32_t count = load_u32(c, gva_of(lock + LOCK_COUNT));
    bool removed = load_u8(c, gva_of(lock + LOCK_REMOVED));

    store_u32(c, gva_of(lock + LOCK_COUNT), count + 1);
    if (removed)
        release(c, lock);
    else if (call_ok(c))
        hold(nt_of(c), lock, call_u32(c, 1));
    if (call_ok(c))
        call_return(c, removed ? STATUS_DELETE_PENDING : STATUS_SUCCESS);
}

/* VOID IoReleaseRemoveLockEx(Lock, Tag, Size). */
void thunk_IoReleaseRemoveLockEx(struct call *c)
{
    if (!let_go(c, call_u32(c, 0), call_u32(c, 1), RELEASE_TAG))
        return;
    release(c, call_u32(c, 0));
    if (call_ok(c))
        call_return(c, 0);
}

/* VOID IoReleaseRemoveLockAndWaitEx(Lock, Tag, Size): the caller's own hold and
 * the one of initialisation go, then it waits for the others'. */
void thunk_IoReleaseRemoveLockAndWaitEx(struct call *c)
{
    uint32_t lock = call_u32(c, 0);
    gva_t event = gva_of(lock + LOCK_EVENT);

    if (c->state != 0) {
        call_return(c, 0);
        return;
    }
    if (!let_go(c, lock, call_u32(c, 1), RELEASE_AND_WAIT_TAG))
        return;
    store_u8(c, gva_of(lock + LOCK_REMOVED), 1);
    release(c, lock);
    if (call_ok(c))
        release(c, lock);
    if (!call_ok(c))
        return;
    if (load_u32(c, gva_of(lock + LOCK_COUNT)) == 0)
        call_return(c, 0);
    else
        call_wait(c, 1, &event, true, WAIT_FOREVER, 1);
}
