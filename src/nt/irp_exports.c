/* src/nt/irp_exports.c -- Io routines on IRPs. Source: WDK reference pages;
 * hal_io fact sheet 6. */
#include "mm/mdl.h"
#include "nt/devobj.h"
#include "nt/exports.h"
#include "nt/guest.h"
#include "nt/irp.h"
#include "nt/object.h"
#include "nt/transfer.h"
#include "nt/verify.h"

/* ---- sending and completing -------------------------------------------------
 */

void irp_call_returned(struct call *c, uint32_t device, uint32_t irp)
{
    uint8_t before = call_irql_before(c), after = call_irql(c);

    if (after != before &&
        !io_misuse(c, IO_DISPATCH_IRQL, device, before, after,
                   "a dispatch routine was called at IRQL %u and returned at "
                   "%u",
                   before, after))
        return;
    if (irp_returned(c, irp))
        call_return(c, c->eax);
}

static void call_driver(struct call *c)
{
    if (c->state == 0)
        irp_send(c, call_u32(c, 0), call_u32(c, 1), 1);
    else
        irp_call_returned(c, call_u32(c, 0), call_u32(c, 1));
}

void thunk_IofCallDriver(struct call *c)
{
    call_driver(c);
}

void thunk_IoCallDriver(struct call *c)
{
    call_driver(c);
}

static void complete_request(struct call *c)
{
    if (c->state == 0) {
        c->w[0] = call_u32(c, 0);
        c->w[1] = STATUS_SUCCESS;
        if (call_irql(c) > DISPATCH_LEVEL &&
            !io_misuse(c, IO_COMPLETE_IRQL, call_irql(c), c->w[0], 0,
                       "IRP %08X completed at IRQL %u", c->w[0], call_irql(c)))
            return;
    }
    irp_complete(c);
}

void thunk_IofCompleteRequest(struct call *c)
{
    complete_request(c);
}

void thunk_IoCompleteRequest(struct call *c)
{
    complete_request(c);
}

/* The kernel APC that ends a request in its issuer's thread. */
void thunk_NtpFinishIrp(struct call *c)
{
    irp_finish(c, call_u32(c, 0));
    if (call_ok(c))
        call_return(c, 0);
}

/* ---- allocating -------------------------------------------------------------
 */

void thunk_IoAllocateIrp(struct call *c)
{
    call_return(c, irp_allocate(nt_of(c), call_u8(c, 0), IRP_DRIVER));
}

/* Is it still on its thread's list? So are those of IoBuildSynchronous...,
 * IoBuildDeviceIoControlRequest and of services, which completion frees. */
static bool of_thread(const struct nt *nt, const struct nt_irp *r)
{
    uint32_t list = r->at + IRP_ThreadListEntry;

    return r->origin == IRP_SYNC || r->origin == IRP_SERVICE ||
           r->origin == IRP_MANAGER ||
           nt_get32(nt, list + LIST_ENTRY_Flink) != list;
}

void thunk_IoFreeIrp(struct call *c)
{
    struct nt *nt = nt_of(c);
    uint32_t irp = call_u32(c, 0);
    const struct nt_irp *r = irp_record(nt, irp);

    if (load_u16(c, gva_of(irp + IRP_Type)) != IRP_TYPE || r == NULL) {
        if (!call_ok(c) ||
            !io_misuse(c, IO_FREE_TYPE, irp, 0, 0,
                       "IoFreeIrp of %08X, which IoAllocateIrp did not give",
                       irp))
            return;
    } else if (of_thread(nt, r) &&
               !io_misuse(c, IO_FREE_IN_USE, irp, 0, 0,
                          "IoFreeIrp of %08X, which is still its thread's",
                          irp)) {
        return;
    }
    if (r)
        irp_free(nt, irp);
    call_return(c, 0);
}

void thunk_IoInitializeIrp(struct call *c)
{
    uint32_t irp = call_u32(c, 0);
    uint16_t bytes = call_u16(c, 1);
    uint8_t count = call_u8(c, 2);

    store_zero(c, gva_of(irp), bytes);
    if (!call_ok(c))
        return;
    irp_initialize(nt_of(c), irp, bytes, count);
    call_return(c, 0);
}

void thunk_IoReuseIrp(struct call *c)
{
    struct nt *nt = nt_of(c);
    uint32_t irp = call_u32(c, 0), status = call_u32(c, 1);
    uint16_t bytes = load_u16(c, gva_of(irp + IRP_Size));
    uint8_t count = load_u8(c, gva_of(irp + IRP_StackCount));
    uint8_t flags = load_u8(c, gva_of(irp + IRP_AllocationFlags));

    if (!call_ok(c))
        return;
    irp_initialize(nt, irp, bytes, count);
    nt_put8(nt, irp + IRP_AllocationFlags, flags);
    nt_put32(nt, irp + IRP_Status, status);
    call_return(c, 0);
}

void thunk_IoMakeAssociatedIrp(struct call *c)
{
    struct nt *nt = nt_of(c);
    uint32_t master = call_u32(c, 0);
    uint32_t irp = irp_allocate(nt, call_u8(c, 1), IRP_DRIVER);

    if (irp) {
        nt_put32(nt, irp + IRP_Flags, IRP_ASSOCIATED_IRP);
        nt_put32(nt, irp + IRP_AssociatedIrp_MasterIrp, master);
        nt_put32(nt, irp + IRP_Thread,
                 load_u32(c, gva_of(master + IRP_Thread)));
        if (!call_ok(c))
            return;
    }
    call_return(c, irp);
}

/* NTSTATUS IoSetCompletionRoutineEx(Device, Irp, Routine, Context, Success,
 * Error, Cancel): into the next location, as the inline macro does. */
void thunk_IoSetCompletionRoutineEx(struct call *c)
{
    uint32_t irp = call_u32(c, 1);
    uint32_t at =
        load_u32(c, gva_of(irp + IRP_CurrentStackLocation)) - SL_BYTES;
    unsigned control = (call_bool(c, 4) ? SL_INVOKE_ON_SUCCESS : 0u) |
                       (call_bool(c, 5) ? SL_INVOKE_ON_ERROR : 0u) |
                       (call_bool(c, 6) ? SL_INVOKE_ON_CANCEL : 0u);

    store_u32(c, gva_of(at + SL_CompletionRoutine), call_u32(c, 2));
    store_u32(c, gva_of(at + SL_Context), call_u32(c, 3));
    store_u8(c, gva_of(at + SL_Control), (uint8_t)control);
    if (call_ok(c))
        call_return(c, STATUS_SUCCESS);
}

/* IO_PAGING_PRIORITY IoGetPagingIoPriority(Irp): 0 it is no paging request, 1
 * normal, 2 high. */
void thunk_IoGetPagingIoPriority(struct call *c)
{
    uint32_t flags = load_u32(c, gva_of(call_u32(c, 0) + IRP_Flags));

    if (!(flags & IRP_PAGING_IO))
        call_return(c, 0);
    else
        call_return(c, flags & IRP_HIGH_PRIORITY_PAGING_IO ? 2 : 1);
}

/* ---- building ---------------------------------------------------------------
 */

struct build {
    uint8_t major;
    bool internal;
    uint32_t device, code, event, iosb, offset;
    struct buffers buffers;
    enum irp_origin origin;
};

static bool needs_buffers(uint8_t major)
{
    return major == IRP_MJ_READ || major == IRP_MJ_WRITE ||
           major == IRP_MJ_DEVICE_CONTROL ||
           major == IRP_MJ_INTERNAL_DEVICE_CONTROL;
}

static uint32_t build_buffers(struct call *c, const struct build *b,
                              uint32_t irp)
{
    struct nt *nt = nt_of(c);
    uint32_t at = irp_next(nt, irp);
    uint64_t offset = 0;

    if (b->major != IRP_MJ_READ && b->major != IRP_MJ_WRITE)
        return buffer_control(c, irp, b->code, &b->buffers);
    if (b->offset)
        offset = load_u64(c, gva_of(b->offset));
    nt_put32(nt, at + SL_Read_Length,
             b->major == IRP_MJ_READ ? b->buffers.out_bytes
                                     : b->buffers.in_bytes);
    nt_put(nt, at + SL_Read_ByteOffset, &offset, sizeof offset);
    return buffer_transfer(c, irp, nt_get32(nt, b->device + DEVOBJ_Flags),
                           &b->buffers);
}

static void build(struct call *c, const struct build *b)
{
    struct nt *nt = nt_of(c);
    uint8_t count = load_u8(c, gva_of(b->device + DEVOBJ_StackSize));
    uint32_t irp, status = STATUS_SUCCESS;

    if (!call_ok(c))
        return;
    call_for_kernel(c); /* the buffers are the driver's own */
    irp = irp_allocate(nt, count, b->origin);
    if (irp == 0) {
        call_return(c, 0);
        return;
    }
    irp_record(nt, irp)->out_bytes = b->buffers.out_bytes;
    nt_put8(nt, irp_next(nt, irp) + SL_MajorFunction, b->major);
    nt_put32(nt, irp + IRP_UserIosb, b->iosb);
    nt_put32(nt, irp + IRP_UserEvent, b->event);
    if (needs_buffers(b->major))
        status = build_buffers(c, b, irp);
    if (status != STATUS_SUCCESS || !call_ok(c)) {
        buffer_undo(c, irp);
        if (call_ok(c))
            call_return(c, 0);
        return;
    }
    call_return(c, irp);
}

/* Major, device, buffer, length, offset of the two Fsd builders. */
static struct build fsd(struct call *c, enum irp_origin origin)
{
    struct build b = {.major = call_u8(c, 0),
                      .device = call_u32(c, 1),
                      .offset = call_u32(c, 4),
                      .origin = origin};

    if (b.major == IRP_MJ_READ) {
        b.buffers.out = call_u32(c, 2);
        b.buffers.out_bytes = call_u32(c, 3);
    } else {
        b.buffers.in = call_u32(c, 2);
        b.buffers.in_bytes = call_u32(c, 3);
    }
    return b;
}

void thunk_IoBuildSynchronousFsdRequest(struct call *c)
{
    struct build b = fsd(c, IRP_SYNC);

    b.event = call_u32(c, 5);
    b.iosb = call_u32(c, 6);
    build(c, &b);
}

void thunk_IoBuildAsynchronousFsdRequest(struct call *c)
{
    struct build b = fsd(c, IRP_ASYNC);

    b.iosb = call_u32(c, 5);
    build(c, &b);
}

void thunk_IoBuildDeviceIoControlRequest(struct call *c)
{
    build(c, &(struct build){.major = call_bool(c, 6)
                                          ? IRP_MJ_INTERNAL_DEVICE_CONTROL
                                          : IRP_MJ_DEVICE_CONTROL,
                             .code = call_u32(c, 0),
                             .device = call_u32(c, 1),
                             .buffers = {call_u32(c, 2), call_u32(c, 4),
                                         call_u32(c, 3), call_u32(c, 5)},
                             .event = call_u32(c, 7),
                             .iosb = call_u32(c, 8),
                             .origin = IRP_SYNC});
}

/* ---- IoForwardIrpSynchronously ----------------------------------------------
 * Copy the location down, wait in a completion routine's stead on an event
 * that lives in the record of the call: a block of pool. */

enum { W_IRP, W_EVENT, W_STATUS };

static void forward_done(struct call *c)
{
    nt_pool_free(nt_of(c), c->w[W_EVENT]);
    call_return(c, 1);
}

void thunk_IoForwardIrpSynchronously(struct call *c)
{
    struct nt *nt = nt_of(c);
    uint32_t device = call_u32(c, 0), irp = call_u32(c, 1);
    uint32_t at = load_u32(c, gva_of(irp + IRP_CurrentStackLocation)), next;
    uint8_t copy[SL_CompletionRoutine];
    gva_t event = gva_of(c->w[W_EVENT]);

    if (c->state == 1 && c->eax == STATUS_PENDING) {
        call_wait(c, 1, &event, true, WAIT_FOREVER, 2);
        return;
    }
    if (c->state != 0) {
        forward_done(c);
        return;
    }
    next = at - SL_BYTES;
    load(c, gva_of(at), copy, sizeof copy);
    if (!call_ok(c))
        return;
    if ((int8_t)nt_get8(nt, irp + IRP_CurrentLocation) <= 1) {
        call_return(c, 0); /* no location is left */
        return;
    }
    c->w[W_EVENT] = nt_pool(nt, 16, TAG('I', 'o', 'F', 'w'));
    if (c->w[W_EVENT] == 0) {
        call_return(c, 0);
        return;
    }
    ke_event_init(nt->w.ke, gva_of(c->w[W_EVENT]), EVENT_NOTIFICATION, false);
    copy[SL_Control] =
        SL_INVOKE_ON_SUCCESS | SL_INVOKE_ON_ERROR | SL_INVOKE_ON_CANCEL;
    store(c, gva_of(next), copy, sizeof copy);
    store_u32(c, gva_of(next + SL_CompletionRoutine),
              call_stub(c, "NtpForwardDone").v);
    store_u32(c, gva_of(next + SL_Context), c->w[W_EVENT]);
    if (call_ok(c))
        irp_send(c, device, irp, 1);
}

/* Completion routine of the above: (DeviceObject, Irp, Event). */
void thunk_NtpForwardDone(struct call *c)
{
    uint32_t irp = call_u32(c, 1);

    if (load_u8(c, gva_of(irp + IRP_PendingReturned)) && call_ok(c))
        ke_signal_event(nt_of(c)->w.ke, call_va(c, 2));
    if (call_ok(c))
        call_return(c, STATUS_MORE_PROCESSING_REQUIRED);
}
