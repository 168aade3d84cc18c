/* src/ke/ke_queue.c -- device queues: KDEVICE_QUEUE lies in guest memory, its
 * list too; every walk is bounded. Source: WDK KeInsertDeviceQueue,
 * KeInsertByKeyDeviceQueue, KeRemoveByKeyDeviceQueue. */
#include "ke/private.h"

enum { ENTRIES_MOST = 65536 };

void thunk_KeInitializeDeviceQueue(struct call *c)
{
    gva_t q = call_va(c, 0);
    uint32_t list = q.v + QUEUE_LIST;

    store_u32(c, q, QUEUE_OBJECT | (uint32_t)QUEUE_BYTES << 16);
    store_u32(c, gva_of(list), list);
    store_u32(c, gva_of(list + 4), list);
    store_u32(c, gva_add(q, QUEUE_LOCK), 0);
    store_u8(c, gva_add(q, QUEUE_BUSY), 0);
    call_return(c, 0);
}

/** Put @entry in front of @next in a doubly linked list. */
static void link_before(struct call *c, uint32_t next, uint32_t entry)
{
    uint32_t back = load_u32(c, gva_of(next + 4));

    store_u32(c, gva_of(entry), next);
    store_u32(c, gva_of(entry + 4), back);
    store_u32(c, gva_of(back), entry);
    store_u32(c, gva_of(next + 4), entry);
}

static void take_out(struct call *c, uint32_t entry)
{
    uint32_t next = load_u32(c, gva_of(entry));
    uint32_t back = load_u32(c, gva_of(entry + 4));

    store_u32(c, gva_of(back), next);
    store_u32(c, gva_of(next + 4), back);
    store_u8(c, gva_of(entry + QUEUE_ENTRY_INSERTED), 0);
}

/** An idle queue becomes busy and takes nothing: FALSE. */
static bool was_idle(struct call *c, gva_t queue, uint32_t entry)
{
    if (load_u8(c, gva_add(queue, QUEUE_BUSY)))
        return false;
    store_u8(c, gva_add(queue, QUEUE_BUSY), 1);
    store_u8(c, gva_of(entry + QUEUE_ENTRY_INSERTED), 0);
    call_return(c, 0);
    return true;
}

/** BOOLEAN KeInsertDeviceQueue(Queue, Entry) */
void thunk_KeInsertDeviceQueue(struct call *c)
{
    gva_t q = call_va(c, 0);
    uint32_t entry = call_u32(c, 1);

    if (was_idle(c, q, entry))
        return;
    link_before(c, q.v + QUEUE_LIST, entry);
    store_u8(c, gva_of(entry + QUEUE_ENTRY_INSERTED), 1);
    call_return(c, 1);
}

/** The first entry whose key is above @key (or not below it), or the head; any
 *  when the list has no end. */
static uint32_t find_key(struct call *c, uint32_t head, uint32_t key,
                         bool equal)
{
    uint32_t at = load_u32(c, gva_of(head));

    for (unsigned n = 0; at != head && call_ok(c); n++) {
        uint32_t k = load_u32(c, gva_of(at + QUEUE_ENTRY_KEY));

        if (k > key || (equal && k == key))
            break;
        if (n == ENTRIES_MOST) {
            call_finding(c, "device-queue",
                         "the list of device queue %08X has no end",
                         head - QUEUE_LIST);
            break;
        }
        at = load_u32(c, gva_of(at));
    }
    return at;
}

/** BOOLEAN KeInsertByKeyDeviceQueue(Queue, Entry, SortKey): behind equals. */
void thunk_KeInsertByKeyDeviceQueue(struct call *c)
{
    gva_t q = call_va(c, 0);
    uint32_t entry = call_u32(c, 1), key = call_u32(c, 2);

    store_u32(c, gva_of(entry + QUEUE_ENTRY_KEY), key);
    if (was_idle(c, q, entry))
        return;
    link_before(c, find_key(c, q.v + QUEUE_LIST, key, false), entry);
    store_u8(c, gva_of(entry + QUEUE_ENTRY_INSERTED), 1);
    call_return(c, 1);
}

/** Take @entry, or make the queue idle when it is the head. */
static void remove_or_idle(struct call *c, gva_t q, uint32_t entry)
{
    if (entry == q.v + QUEUE_LIST) {
        store_u8(c, gva_add(q, QUEUE_BUSY), 0);
        call_return(c, 0);
        return;
    }
    take_out(c, entry);
    call_return(c, entry);
}

void thunk_KeRemoveDeviceQueue(struct call *c)
{
    gva_t q = call_va(c, 0);

    remove_or_idle(c, q, load_u32(c, gva_add(q, QUEUE_LIST)));
}

/** PKDEVICE_QUEUE_ENTRY KeRemoveByKeyDeviceQueue(Queue, SortKey): the first
 *  with a key not below it, else the very first. */
void thunk_KeRemoveByKeyDeviceQueue(struct call *c)
{
    gva_t q = call_va(c, 0);
    uint32_t head = q.v + QUEUE_LIST;
    uint32_t at = find_key(c, head, call_u32(c, 1), true);

    remove_or_idle(c, q, at == head ? load_u32(c, gva_of(head)) : at);
}

void thunk_KeRemoveByKeyDeviceQueueIfBusy(struct call *c)
{
    if (load_u8(c, gva_add(call_va(c, 0), QUEUE_BUSY)))
        thunk_KeRemoveByKeyDeviceQueue(c);
    else
        call_return(c, 0);
}

/** BOOLEAN KeRemoveEntryDeviceQueue(Queue, Entry) */
void thunk_KeRemoveEntryDeviceQueue(struct call *c)
{
    uint32_t entry = call_u32(c, 1);
    bool in = load_u8(c, gva_of(entry + QUEUE_ENTRY_INSERTED)) != 0;

    if (in)
        take_out(c, entry);
    call_return(c, in);
}
