/* src/nt/work.c -- work items: on ke's worker thread at PASSIVE_LEVEL.
 * Source: WDK IoAllocateWorkItem, IoQueueWorkItem.
 * An IO_WORKITEM is opaque pool: WORK_QUEUE_ITEM, routine, device, context, and
 * whether the routine is one of IoQueueWorkItemEx. */
#include "nt/exports.h"
#include "nt/guest.h"
#include "nt/object.h"

enum {
    ITEM_ROUTINE = WORK_ITEM_BYTES,
    ITEM_DEVICE = WORK_ITEM_BYTES + 4,
    ITEM_CONTEXT = WORK_ITEM_BYTES + 8,
    ITEM_QUEUED = WORK_ITEM_BYTES + 12,
    ITEM_EXTENDED = WORK_ITEM_BYTES + 16,
    ITEM_BYTES = WORK_ITEM_BYTES + 20
};

void thunk_IoAllocateWorkItem(struct call *c)
{
    struct nt *nt = nt_of(c);
    uint32_t at = nt_pool(nt, ITEM_BYTES, TAG('I', 'o', 'W', 'I'));

    if (at)
        nt_put32(nt, at + ITEM_DEVICE, call_u32(c, 0));
    call_return(c, at);
}

void thunk_IoFreeWorkItem(struct call *c)
{
    if (!nt_pool_free(nt_of(c), call_u32(c, 0)))
        call_finding(c, "SEC-027",
                     "IoFreeWorkItem of %08X, which is no work "
                     "item",
                     call_u32(c, 0));
    call_return(c, 0);
}

/* (Item, Routine, QueueType, Context) of both forms. */
static void queue_item(struct call *c, bool extended)
{
    struct nt *nt = nt_of(c);
    uint32_t item = call_u32(c, 0), routine = call_u32(c, 1);
    uint32_t context = call_u32(c, 3);
    uint32_t queued = load_u32(c, gva_of(item + ITEM_QUEUED));

    store_u32(c, gva_of(item + ITEM_ROUTINE), routine);
    store_u32(c, gva_of(item + ITEM_CONTEXT), context);
    store_u32(c, gva_of(item + ITEM_QUEUED), 1);
    store_u32(c, gva_of(item + ITEM_EXTENDED), extended);
    if (!call_ok(c))
        return;
    if (queued)
        call_finding(c, "INT-036", "work item %08X is queued twice", item);
    else if (ke_queue_work(nt->w.ke, call_stub(c, "NtpIoWorkItem"), item))
        ob_reference(nt, ob_find(nt, nt_get32(nt, item + ITEM_DEVICE)));
    call_return(c, 0);
}

/* VOID IoQueueWorkItem(Item, Routine, QueueType, Context). */
void thunk_IoQueueWorkItem(struct call *c)
{
    queue_item(c, false);
}

/* VOID IoQueueWorkItemEx(the same): the routine gets the item, too. */
void thunk_IoQueueWorkItemEx(struct call *c)
{
    queue_item(c, true);
}

/* On the worker thread: Routine(DeviceObject, Context [, Item]). The item may
 * be freed by the routine. */
void thunk_NtpIoWorkItem(struct call *c)
{
    struct nt *nt = nt_of(c);
    uint32_t item = call_u32(c, 0), args[3];
    unsigned count;

    if (c->state == 0) {
        args[0] = c->w[0] = load_u32(c, gva_of(item + ITEM_DEVICE));
        args[1] = load_u32(c, gva_of(item + ITEM_CONTEXT));
        args[2] = item;
        count = load_u32(c, gva_of(item + ITEM_EXTENDED)) ? 3 : 2;
        store_u32(c, gva_of(item + ITEM_QUEUED), 0);
        if (call_ok(c))
            call_guest(c, gva_of(nt_get32(nt, item + ITEM_ROUTINE)), count,
                       args, 1);
        return;
    }
    ob_dereference(nt, ob_find(nt, c->w[0]));
    call_return(c, 0);
}
