/* src/nt/eresource.c -- executive resources: one writer or many readers, each
 * of whom may acquire again. Source: WDK, "Introduction to ERESOURCE routines"
 * and the reference page of each; layouts of ERESOURCE (NT 5.x, 38h bytes).
 *
 *      OwnerThreads[0]  who holds it exclusively
 *      OwnerThreads[1]  the first who shares it; more in OwnerTable (pool)
 *
 * A release hands the resource on before those who waited run: waiting writers
 * get the mark HANDED as owner, and put themselves there when they wake. */
#include "nt/exports.h"
#include "nt/guest.h"

enum { /* ERESOURCE */
       RES_LIST = 0,
       RES_TABLE = 8,
       RES_ACTIVE = 0xc,
       RES_FLAG = 0xe,
       RES_SHARED_SEMAPHORE = 0x10,
       RES_EXCLUSIVE_EVENT = 0x14,
       RES_OWNER = 0x18,
       RES_CONTENTION = 0x28,
       RES_SHARED_WAITERS = 0x2c,
       RES_EXCLUSIVE_WAITERS = 0x2e,
       RES_BYTES = 0x38,
};
enum { /* OWNER_ENTRY: a thread and its count; of the table's first: its size */
       OWNER_THREAD = 0,
       OWNER_COUNT = 4,
       OWNER_BYTES = 8,
       TABLE_FIRST = 4,
       TABLE_MOST = 1 << 14,
};
enum { NEVER_EXCLUSIVE = 0x10, OWNED_EXCLUSIVE = 0x80, NO_BOOST = 0x100 };
enum { HANDED = 1, EVENT_BYTES = 0x10, SEMAPHORE_BYTES = 0x14 };
enum { RESOURCE_NOT_OWNED = 0xe3 };

enum share { SHARE_FAIRLY, SHARE_STARVE_EXCLUSIVE, SHARE_WAIT_FOR_EXCLUSIVE };

static gva_t at(struct call *c, uint32_t field)
{
    return gva_of(call_u32(c, 0) + field);
}

static uint32_t current(const struct call *c)
{
    struct ke *ke = nt_of(c)->w.ke;

    return ke_thread_object(ke, ke_current_thread(ke)).v;
}

static uint16_t count_of(struct call *c, uint32_t field)
{
    return load_u16(c, at(c, field));
}

static bool exclusive(struct call *c)
{
    return load_u16(c, at(c, RES_FLAG)) & OWNED_EXCLUSIVE;
}

static void set_flag(struct call *c, uint16_t flag, bool on)
{
    uint16_t old = load_u16(c, at(c, RES_FLAG));

    store_u16(c, at(c, RES_FLAG),
              (uint16_t)(on ? old | flag : old & (uint16_t)~flag));
}

static void set_owner(struct call *c, uint32_t entry, uint32_t thread,
                      uint32_t count)
{
    store_u32(c, gva_of(entry + OWNER_THREAD), thread);
    store_u32(c, gva_of(entry + OWNER_COUNT), count);
}

/* ---- the owners' table
 * ---------------------------------------------------------
 */

static uint32_t table_size(struct call *c, uint32_t table)
{
    uint32_t size = table ? load_u32(c, gva_of(table + OWNER_COUNT)) : 0;

    return size > TABLE_MOST ? 0 : size;
}

/* The entry of a shared owner, 0. @thread 0 finds a free one. */
static uint32_t find_shared(struct call *c, uint32_t thread)
{
    uint32_t first = call_u32(c, 0) + RES_OWNER + OWNER_BYTES;
    uint32_t table = load_u32(c, at(c, RES_TABLE));
    uint32_t size = table_size(c, table);

    if (load_u32(c, gva_of(first)) == thread)
        return first;
    for (uint32_t i = 1; i < size && call_ok(c); i++)
        if (load_u32(c, gva_of(table + i * OWNER_BYTES)) == thread)
            return table + i * OWNER_BYTES;
    return 0;
}

/* A larger table with the old one's entries. Returns its first free entry, 0:
 * no pool. */
static uint32_t grow(struct call *c)
{
    struct nt *nt = nt_of(c);
    uint32_t old = load_u32(c, at(c, RES_TABLE)), size = table_size(c, old);
    uint32_t more = size + TABLE_FIRST, table;

    if (!call_ok(c) || more > TABLE_MOST)
        return 0;
    table = nt_pool(nt, more * OWNER_BYTES, TAG('R', 'e', 's', 'T'));
    if (table == 0)
        return 0;
    for (uint32_t i = 1; i < size; i++)
        set_owner(c, table + i * OWNER_BYTES,
                  load_u32(c, gva_of(old + i * OWNER_BYTES)),
                  load_u32(c, gva_of(old + i * OWNER_BYTES + OWNER_COUNT)));
    nt_put32(nt, table + OWNER_COUNT, more);
    store_u32(c, at(c, RES_TABLE), table);
    nt_pool_free(nt, old);
    return table + (size ? size : 1) * OWNER_BYTES;
}

/* The current thread shares the resource, once more or for the first time.
 * @counted: a release has counted it as active already. */
static void share(struct call *c, bool counted)
{
    uint32_t thread = current(c), entry = find_shared(c, thread);
    uint16_t active = count_of(c, RES_ACTIVE);
    bool again = entry != 0;
    int delta;

    if (again)
        set_owner(c, entry, thread,
                  load_u32(c, gva_of(entry + OWNER_COUNT)) + 1);
    else if ((entry = find_shared(c, 0)) || (entry = grow(c)))
        set_owner(c, entry, thread, 1);
    if (!call_ok(c))
        return;
    delta = (entry && !again) - counted;
    store_u16(c, at(c, RES_ACTIVE), (uint16_t)(active + delta));
    if (!call_ok(c))
        return;
    if (entry == 0)
        call_raise(c, STATUS_INSUFFICIENT_RESOURCES);
    else
        call_return(c, 1);
}

/* ---- waiting
 * -------------------------------------------------------------------
 */

/* The object that waiters wait on is made when the first comes. */
static uint32_t wait_object(struct call *c, uint32_t field)
{
    struct nt *nt = nt_of(c);
    bool event = field == RES_EXCLUSIVE_EVENT;
    uint32_t object = load_u32(c, at(c, field));

    if (!call_ok(c) || object)
        return object;
    object = nt_pool(nt, event ? EVENT_BYTES : SEMAPHORE_BYTES,
                     TAG('R', 'e', 's', 'W'));
    if (object == 0)
        return 0;
    ke_event_init(nt->w.ke, gva_of(object), EVENT_SYNCHRONIZATION, false);
    if (!event) { /* Type, Size in dwords; Limit */
        nt_put32(nt, object, OBJECT_SEMAPHORE | (SEMAPHORE_BYTES / 4) << 16);
        nt_put32(nt, object + EVENT_BYTES, INT32_MAX);
    }
    store_u32(c, at(c, field), object);
    return object;
}

static void wait_for(struct call *c, uint32_t object_field,
                     uint32_t count_field)
{
    gva_t object;

    if (!call_bool(c, 1)) { /* Wait */
        call_return(c, 0);
        return;
    }
    object = gva_of(wait_object(c, object_field));
    if (!call_ok(c))
        return;
    if (object.v == 0) {
        call_raise(c, STATUS_INSUFFICIENT_RESOURCES);
        return;
    }
    store_u16(c, at(c, count_field), (uint16_t)(count_of(c, count_field) + 1));
    store_u32(c, at(c, RES_CONTENTION), load_u32(c, at(c, RES_CONTENTION)) + 1);
    if (call_ok(c))
        call_wait(c, 1, &object, true, WAIT_FOREVER, 1);
}

/* ---- acquiring
 * ------------------------------------------------------------------
 */

/* Once more by its exclusive owner. */
static bool recurse(struct call *c)
{
    uint32_t owner = call_u32(c, 0) + RES_OWNER;
    uint32_t thread = load_u32(c, gva_of(owner));

    if (!exclusive(c) || !call_ok(c) || thread != current(c))
        return false;
    set_owner(c, owner, thread, load_u32(c, gva_of(owner + OWNER_COUNT)) + 1);
    if (call_ok(c))
        call_return(c, 1);
    return true;
}

/* BOOLEAN ExAcquireResourceExclusiveLite(Resource, Wait): FALSE if others hold
 * it and Wait is not set. A thread that shares it waits for itself too. */
void thunk_ExAcquireResourceExclusiveLite(struct call *c)
{
    uint32_t owner = call_u32(c, 0) + RES_OWNER;

    if (c->state == 1) {
        set_owner(c, owner, current(c), 1);
        if (call_ok(c))
            call_return(c, 1);
    } else if (count_of(c, RES_ACTIVE) == 0) {
        set_flag(c, OWNED_EXCLUSIVE, true);
        store_u16(c, at(c, RES_ACTIVE), 1);
        set_owner(c, owner, current(c), 1);
        if (call_ok(c))
            call_return(c, 1);
    } else if (!recurse(c)) {
        wait_for(c, RES_EXCLUSIVE_EVENT, RES_EXCLUSIVE_WAITERS);
    }
}

static bool may_share(struct call *c, enum share how)
{
    if (count_of(c, RES_ACTIVE) == 0)
        return true;
    if (exclusive(c) || !call_ok(c))
        return false;
    if (how == SHARE_STARVE_EXCLUSIVE ||
        count_of(c, RES_EXCLUSIVE_WAITERS) == 0)
        return true;
    return how == SHARE_FAIRLY && find_shared(c, current(c)) != 0;
}

static void acquire_shared(struct call *c, enum share how)
{
    if (c->state == 1)
        share(c, true);
    else if (may_share(c, how))
        share(c, false);
    else if (call_ok(c) && !recurse(c))
        wait_for(c, RES_SHARED_SEMAPHORE, RES_SHARED_WAITERS);
}

/* BOOLEAN (Resource, Wait). The first waits behind a writer that waits, unless
 * its thread shares the resource already; the second does not care for those
 * that wait; the third always waits behind them. */
void thunk_ExAcquireResourceSharedLite(struct call *c)
{
    acquire_shared(c, SHARE_FAIRLY);
}

void thunk_ExAcquireSharedStarveExclusive(struct call *c)
{
    acquire_shared(c, SHARE_STARVE_EXCLUSIVE);
}

void thunk_ExAcquireSharedWaitForExclusive(struct call *c)
{
    acquire_shared(c, SHARE_WAIT_FOR_EXCLUSIVE);
}

/* ---- releasing
 * ------------------------------------------------------------------
 */

/* All readers that wait share it now. */
static void hand_to_readers(struct call *c, uint16_t readers)
{
    struct ke *ke = nt_of(c)->w.ke;
    gva_t object = gva_of(load_u32(c, at(c, RES_SHARED_SEMAPHORE)));
    uint32_t signal = load_u32(c, gva_add(object, 4));

    store_u16(c, at(c, RES_SHARED_WAITERS), 0);
    store_u32(c, gva_add(object, 4), signal + readers);
    if (call_ok(c))
        ke_signal_object(ke, object);
}

/* The writer that waits longest has it now. */
static void hand_to_writer(struct call *c, uint16_t writers)
{
    gva_t event = gva_of(load_u32(c, at(c, RES_EXCLUSIVE_EVENT)));

    set_flag(c, OWNED_EXCLUSIVE, true);
    set_owner(c, call_u32(c, 0) + RES_OWNER, HANDED, 1);
    store_u16(c, at(c, RES_ACTIVE), 1);
    store_u16(c, at(c, RES_EXCLUSIVE_WAITERS), (uint16_t)(writers - 1));
    load_u32(c, event);
    if (call_ok(c))
        ke_signal_event(nt_of(c)->w.ke, event);
}

static void release_exclusive(struct call *c)
{
    uint16_t readers = count_of(c, RES_SHARED_WAITERS);
    uint16_t writers = count_of(c, RES_EXCLUSIVE_WAITERS);

    set_owner(c, call_u32(c, 0) + RES_OWNER, 0, 0);
    if (readers || !writers) {
        set_flag(c, OWNED_EXCLUSIVE, false);
        store_u16(c, at(c, RES_ACTIVE), readers);
    }
    if (readers && call_ok(c))
        hand_to_readers(c, readers);
    else if (writers && call_ok(c))
        hand_to_writer(c, writers);
}

static void release_shared(struct call *c, uint32_t entry)
{
    uint16_t active = (uint16_t)(count_of(c, RES_ACTIVE) - 1);
    uint16_t writers = count_of(c, RES_EXCLUSIVE_WAITERS);

    set_owner(c, entry, 0, 0);
    store_u16(c, at(c, RES_ACTIVE), active);
    if (active == 0 && writers && call_ok(c))
        hand_to_writer(c, writers);
}

static void release(struct call *c, uint32_t thread)
{
    uint32_t owner = call_u32(c, 0) + RES_OWNER, count;
    bool alone = exclusive(c);
    uint32_t table = load_u32(c, at(c, RES_TABLE));

    if (!alone)
        owner = find_shared(c, thread);
    else if (load_u32(c, gva_of(owner)) != thread)
        owner = 0;
    if (!call_ok(c))
        return;
    if (owner == 0 || thread == 0) {
        call_bugcheck(c, RESOURCE_NOT_OWNED, call_u32(c, 0), thread, table,
                      alone ? 1 : 2);
        return;
    }
    count = load_u32(c, gva_of(owner + OWNER_COUNT));
    if (count > 1)
        set_owner(c, owner, thread, count - 1);
    else if (alone)
        release_exclusive(c);
    else
        release_shared(c, owner);
    if (call_ok(c))
        call_return(c, 0);
}

/* VOID ExReleaseResourceLite(Resource): by one of its owners, else bugcheck
 * 0xE3 (resource, thread, owner table, 1 exclusive 2 shared). */
void thunk_ExReleaseResourceLite(struct call *c)
{
    release(c, current(c));
}

/* VOID ExReleaseResourceForThreadLite(Resource, Thread). */
void thunk_ExReleaseResourceForThreadLite(struct call *c)
{
    release(c, call_u32(c, 1));
}

/* VOID ExConvertExclusiveToSharedLite(Resource): and readers that wait come
 * in. */
void thunk_ExConvertExclusiveToSharedLite(struct call *c)
{
    uint32_t owner = call_u32(c, 0) + RES_OWNER, thread = current(c);
    uint32_t count = load_u32(c, gva_of(owner + OWNER_COUNT));
    uint16_t readers = count_of(c, RES_SHARED_WAITERS);
    bool mine = exclusive(c) && load_u32(c, gva_of(owner)) == thread;
    uint32_t table = load_u32(c, at(c, RES_TABLE));

    if (!call_ok(c))
        return;
    if (!mine) {
        call_bugcheck(c, RESOURCE_NOT_OWNED, call_u32(c, 0), thread, table, 1);
        return;
    }
    set_owner(c, owner, 0, 0);
    set_owner(c, owner + OWNER_BYTES, thread, count);
    set_flag(c, OWNED_EXCLUSIVE, false);
    store_u16(c, at(c, RES_ACTIVE), (uint16_t)(1 + readers));
    if (readers && call_ok(c))
        hand_to_readers(c, readers);
    if (call_ok(c))
        call_return(c, 0);
}

/* VOID ExSetResourceOwnerPointer(Resource, Owner): what the current thread
 * holds is somebody's now who gives this number at the release. */
void thunk_ExSetResourceOwnerPointer(struct call *c)
{
    uint32_t entry = call_u32(c, 0) + RES_OWNER, thread = current(c);

    if (!exclusive(c))
        entry = find_shared(c, thread);
    else if (load_u32(c, gva_of(entry)) != thread)
        entry = 0;
    if (!call_ok(c))
        return;
    if (entry)
        store_u32(c, gva_of(entry), call_u32(c, 1));
    else
        call_finding(c, "resource",
                     "ExSetResourceOwnerPointer of resource %08X, which the "
                     "thread does not hold",
                     call_u32(c, 0));
    if (call_ok(c))
        call_return(c, 0);
}

/* ---- life, questions
 * -------------------------------------------------------------
 */

/* NTSTATUS ExInitializeResourceLite(Resource). */
void thunk_ExInitializeResourceLite(struct call *c)
{
    uint32_t resource = call_u32(c, 0);

    store_zero(c, gva_of(resource), RES_BYTES);
    store_u32(c, gva_of(resource + RES_LIST), resource);
    store_u32(c, gva_of(resource + RES_LIST + 4), resource);
    if (call_ok(c))
        call_return(c, STATUS_SUCCESS);
}

/* NTSTATUS ExReinitializeResourceLite(Resource): nobody holds it any more; its
 * table and wait objects stay. */
void thunk_ExReinitializeResourceLite(struct call *c)
{
    uint32_t table = load_u32(c, at(c, RES_TABLE)), size = table_size(c, table);

    for (uint32_t i = 1; i < size && call_ok(c); i++)
        set_owner(c, table + i * OWNER_BYTES, 0, 0);
    store_u32(c, at(c, RES_ACTIVE), 0); /* and the flags */
    store_zero(c, at(c, RES_OWNER), 2 * OWNER_BYTES);
    store_zero(c, at(c, RES_CONTENTION), 8); /* and who waits */
    if (call_ok(c))
        call_return(c, STATUS_SUCCESS);
}

/* NTSTATUS ExDeleteResourceLite(Resource). */
void thunk_ExDeleteResourceLite(struct call *c)
{
    struct nt *nt = nt_of(c);
    uint32_t resource = call_u32(c, 0);
    const uint32_t held[3] = {load_u32(c, at(c, RES_TABLE)),
                              load_u32(c, at(c, RES_SHARED_SEMAPHORE)),
                              load_u32(c, at(c, RES_EXCLUSIVE_EVENT))};

    if (count_of(c, RES_ACTIVE) && call_ok(c))
        call_finding(c, "resource",
                     "resource %08X is deleted while a thread holds it",
                     resource);
    store_zero(c, gva_of(resource), RES_BYTES);
    if (!call_ok(c))
        return;
    for (unsigned i = 0; i < 3; i++)
        nt_pool_free(nt, held[i]);
    call_return(c, STATUS_SUCCESS);
}

/* VOID ExDisableResourceBoostLite(Resource): waking a waiter raises nobody's
 * priority here, so the flag is for who reads it. */
void thunk_ExDisableResourceBoostLite(struct call *c)
{
    set_flag(c, NO_BOOST, true);
    if (call_ok(c))
        call_return(c, 0);
}

/* BOOLEAN: does the current thread own it exclusively? */
void thunk_ExIsResourceAcquiredExclusiveLite(struct call *c)
{
    call_return(c, exclusive(c) && load_u32(c, at(c, RES_OWNER)) == current(c));
}

/* ULONG: how often has the current thread acquired it, either way? */
void thunk_ExIsResourceAcquiredSharedLite(struct call *c)
{
    uint32_t entry = call_u32(c, 0) + RES_OWNER, thread = current(c);

    if (!exclusive(c))
        entry = find_shared(c, thread);
    else if (load_u32(c, gva_of(entry)) != thread)
        entry = 0;
    call_return(c, entry ? load_u32(c, gva_of(entry + OWNER_COUNT)) : 0);
}

void thunk_ExGetExclusiveWaiterCount(struct call *c)
{
    call_return(c, count_of(c, RES_EXCLUSIVE_WAITERS));
}

void thunk_ExGetSharedWaiterCount(struct call *c)
{
    call_return(c, count_of(c, RES_SHARED_WAITERS));
}
