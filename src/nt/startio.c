/* src/nt/startio.c -- StartIo: one packet at a time through a device queue.
 * The queue is the DEVICE_OBJECT's KDEVICE_QUEUE in guest memory; entries are
 * the packets' DeviceQueueEntry. Source: hal_io fact sheet 6 "StartIo"; WDK
 * IoStartPacket, IoStartNextPacket. */
#include "nt/devobj.h"
#include "nt/exports.h"
#include "nt/guest.h"
#include "nt/irp.h"
#include "nt/object.h"

enum { QUEUE_MOST = 65536 };
enum { W_IRQL, W_IRP };

static uint32_t queue_of(uint32_t device)
{
    return device + DEVOBJ_DeviceQueue;
}

/* ---- the queue: a bounded walk over what the guest can write ----------------
 */

static void link_before(struct call *c, uint32_t entry, uint32_t after)
{
    uint32_t before = load_u32(c, gva_of(after + LIST_ENTRY_Blink));

    store_u32(c, gva_of(entry + LIST_ENTRY_Flink), after);
    store_u32(c, gva_of(entry + LIST_ENTRY_Blink), before);
    store_u32(c, gva_of(before + LIST_ENTRY_Flink), entry);
    store_u32(c, gva_of(after + LIST_ENTRY_Blink), entry);
}

/* The first entry whose key is above @key (or not below it), or the head; any
 * when the list has no end. */
static uint32_t find_key(struct call *c, uint32_t head, uint32_t key,
                         bool equal)
{
    uint32_t at = load_u32(c, gva_of(head + LIST_ENTRY_Flink));

    for (unsigned i = 0; call_ok(c) && at != head; i++) {
        uint32_t k = load_u32(c, gva_of(at + DEVQE_SortKey));

        if (k > key || (equal && k == key))
            break;
        if (i == QUEUE_MOST) {
            call_finding(c, "device-queue",
                         "the list of device queue %08X has no end",
                         head - DEVQ_DeviceListHead);
            break;
        }
        at = load_u32(c, gva_of(at + LIST_ENTRY_Flink));
    }
    return at;
}

static void insert(struct call *c, uint32_t device, uint32_t irp, bool sorted,
                   uint32_t key)
{
    uint32_t head = queue_of(device) + DEVQ_DeviceListHead;
    uint32_t entry = irp + IRP_DeviceQueueEntry, at = head;

    store_u32(c, gva_of(entry + DEVQE_SortKey), key);
    store_u8(c, gva_of(entry + DEVQE_Inserted), 1);
    if (sorted)
        at = find_key(c, head, key, false);
    if (call_ok(c))
        link_before(c, entry, at);
}

/* Take the first entry, or the first with a key of at least @key; 0: none, the
 * queue is idle now. */
static uint32_t take(struct call *c, uint32_t device, bool by_key, uint32_t key)
{
    uint32_t head = queue_of(device) + DEVQ_DeviceListHead;
    uint32_t first = load_u32(c, gva_of(head + LIST_ENTRY_Flink)), at = first;
    uint32_t next, before;

    if (!call_ok(c))
        return 0;
    if (first == head) {
        store_u8(c, gva_of(queue_of(device) + DEVQ_Busy), 0);
        return 0;
    }
    if (by_key)
        at = find_key(c, head, key, true);
    if (at == head) /* all are below: begin again at the front */
        at = first;
    next = load_u32(c, gva_of(at + LIST_ENTRY_Flink));
    before = load_u32(c, gva_of(at + LIST_ENTRY_Blink));
    store_u32(c, gva_of(before + LIST_ENTRY_Flink), next);
    store_u32(c, gva_of(next + LIST_ENTRY_Blink), before);
    store_u8(c, gva_of(at + DEVQE_Inserted), 0);
    return at - IRP_DeviceQueueEntry;
}

static void start_io(struct call *c, uint32_t device, uint32_t irp,
                     unsigned next)
{
    uint32_t driver = load_u32(c, gva_of(device + DEVOBJ_DriverObject));
    uint32_t routine = load_u32(c, gva_of(driver + DRVOBJ_DriverStartIo));
    uint32_t args[2] = {device, irp};

    store_u32(c, gva_of(device + DEVOBJ_CurrentIrp), irp);
    if (call_ok(c))
        call_guest(c, gva_of(routine), 2, args, next);
}

/* ---- deferred StartIo
 * --------------------------------------------------------- With
 * DeferredStartIo a StartIo asked for from inside StartIo begins when that one
 * has returned: the stack stays as deep as it is. The device's record: */

static struct nt_object *record(const struct nt *nt, uint32_t device)
{
    struct nt_object *o = ob_at(nt, ob_find(nt, device));

    return o && o->type == TYPE_DEVICE && o->deferred_start ? o : NULL;
}

/* Is a StartIo running that the one asked for now has to wait for? */
static bool must_wait(struct call *c, uint32_t device, bool by_key,
                      uint32_t key)
{
    struct nt_object *o = record(nt_of(c), device);

    if (o == NULL)
        return false;
    if (!o->starting) {
        o->starting = 1;
        return false;
    }
    o->start_wanted = by_key ? 2 : 1;
    o->start_key = key;
    return true;
}

/* StartIo is back: the packet to start now, 0 when none was asked for. */
static uint32_t wanted_next(struct call *c, uint32_t device)
{
    struct nt_object *o = record(nt_of(c), device);
    uint32_t irp = 0;

    if (o && o->start_wanted) {
        irp = take(c, device, o->start_wanted == 2, o->start_key);
        o->start_wanted = 0;
    }
    if (o && irp == 0)
        o->starting = 0;
    return irp;
}

/* VOID IoSetStartIoAttributes(Device, DeferredStartIo, NonCancelable). */
void thunk_IoSetStartIoAttributes(struct call *c)
{
    struct nt *nt = nt_of(c);
    struct nt_object *o = ob_at(nt, ob_find(nt, call_u32(c, 0)));

    if (o && o->type == TYPE_DEVICE)
        o->deferred_start = call_bool(c, 1);
    call_return(c, 0);
}

/* ---- routines ---------------------------------------------------------------
 */

static void call_cancel(struct call *c, uint32_t device, uint32_t irp,
                        uint32_t routine)
{
    uint32_t args[2] = {device, irp};

    store_u32(c, gva_of(irp + IRP_CancelRoutine), 0);
    store_u8(c, gva_of(irp + IRP_CancelIrql), DISPATCH_LEVEL);
    nt_of(c)->s.cancel_held = 1;
    if (call_ok(c))
        call_guest(c, gva_of(routine), 2, args, 1);
}

/* VOID IoStartPacket(Device, Irp, *Key, CancelFunction). */
void thunk_IoStartPacket(struct call *c)
{
    uint32_t device = call_u32(c, 0), irp = call_u32(c, 1), key = 0;
    uint32_t cancel = call_u32(c, 3), key_at = call_u32(c, 2);
    bool busy, cancelled;

    if (c->state != 0) {
        irp = wanted_next(c, device);
        if (irp) {
            start_io(c, device, irp, 1);
        } else {
            call_set_irql(c, (uint8_t)c->w[W_IRQL]);
            call_return(c, 0);
        }
        return;
    }
    if (key_at)
        key = load_u32(c, gva_of(key_at));
    if (cancel)
        store_u32(c, gva_of(irp + IRP_CancelRoutine), cancel);
    busy = load_u8(c, gva_of(queue_of(device) + DEVQ_Busy));
    cancelled = load_u8(c, gva_of(irp + IRP_Cancel));
    store_u8(c, gva_of(queue_of(device) + DEVQ_Busy), 1);
    if (!call_ok(c))
        return;
    c->w[W_IRQL] = call_set_irql(c, DISPATCH_LEVEL);
    if (!busy) {
        must_wait(c, device, false, 0); /* idle: nothing runs, it is noted */
        start_io(c, device, irp, 1);
        return;
    }
    insert(c, device, irp, key_at != 0, key);
    if (!call_ok(c))
        return;
    if (cancel && cancelled) {
        call_cancel(c, device, irp, cancel);
        return;
    }
    call_set_irql(c, (uint8_t)c->w[W_IRQL]);
    call_return(c, 0);
}

/* Cancelable only says that the cancel lock is held around the exchange:
 * nothing runs in between here. */
static void start_next(struct call *c, bool by_key, uint32_t key)
{
    uint32_t device = call_u32(c, 0), irp;

    if (c->state != 0) {
        irp = wanted_next(c, device);
        if (irp)
            start_io(c, device, irp, 1);
        else
            call_return(c, 0);
        return;
    }
    store_u32(c, gva_of(device + DEVOBJ_CurrentIrp), 0);
    if (must_wait(c, device, by_key, key)) {
        call_return(c, 0);
        return;
    }
    irp = take(c, device, by_key, key);
    if (!call_ok(c))
        return;
    if (irp == 0)
        irp = wanted_next(c, device);
    if (irp)
        start_io(c, device, irp, 1);
    else
        call_return(c, 0);
}

void thunk_IoStartNextPacket(struct call *c)
{
    start_next(c, false, 0);
}

void thunk_IoStartNextPacketByKey(struct call *c)
{
    start_next(c, true, call_u32(c, 2));
}
