/* src/nt/remove_lock.c -- remove locks: in the driver's memory, 18h bytes of
 * Common whatever size it passes (a checked build's debug block behind is never
 * touched). Source: hal_io fact sheet 9; WDK IoInitializeRemoveLockEx.
 *      Common: Removed +0, IoCount +4, RemoveEvent +8 */
#include "nt/exports.h"
#include "nt/guest.h"

enum { LOCK_REMOVED = 0, LOCK_COUNT = 4, LOCK_EVENT = 8, LOCK_BYTES = 0x18 };

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
    if (call_ok(c))
        call_return(c, removed ? STATUS_DELETE_PENDING : STATUS_SUCCESS);
}

/* VOID IoReleaseRemoveLockEx(Lock, Tag, Size). */
void thunk_IoReleaseRemoveLockEx(struct call *c)
{
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
