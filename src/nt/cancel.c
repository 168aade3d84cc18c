/* src/nt/cancel.c -- cancelling: IoCancelIrp, the cancel spin lock,
 * ZwCancelIoFile. Source: hal_io fact sheet 6 "Cancel"; WDK IoCancelIrp. */
#include "nt/exports.h"
#include "nt/guest.h"
#include "nt/irp.h"
#include "nt/object.h"
#include "nt/service.h"

static uint8_t take_lock(struct call *c)
{
    struct nt *nt = nt_of(c);

    if (nt->s.cancel_held)
        call_finding(c, "INT-006",
                     "the cancel spin lock is acquired while it "
                     "is held");
    nt->s.cancel_held = 1;
    return call_set_irql(c, DISPATCH_LEVEL);
}

static void release_lock(struct call *c, uint8_t irql)
{
    nt_of(c)->s.cancel_held = 0;
    call_set_irql(c, irql);
}

void thunk_IoAcquireCancelSpinLock(struct call *c)
{
    uint8_t old = call_irql(c);

    store_u8(c, call_va(c, 0), old);
    if (!call_ok(c))
        return;
    take_lock(c);
    call_return(c, 0);
}

void thunk_IoReleaseCancelSpinLock(struct call *c)
{
    release_lock(c, call_u8(c, 0));
    call_return(c, 0);
}

/* Cancel @irp: 1 its routine is being called (the entry has ended, it goes on
 * in @next), 0 it has none, -1 the entry has ended for good. */
static int cancel(struct call *c, uint32_t irp, unsigned next)
{
    uint32_t routine = load_u32(c, gva_of(irp + IRP_CancelRoutine)), at;
    int8_t location = (int8_t)load_u8(c, gva_of(irp + IRP_CurrentLocation));
    int8_t count = (int8_t)load_u8(c, gva_of(irp + IRP_StackCount));
    struct call_target to = {.routine = gva_of(routine),
                             .count = 2,
                             .args = {0, irp},
                             /* it gives the cancel spin lock back */
                             .irql_back = (uint8_t)(call_irql(c) + 1)};

    store_u8(c, gva_of(irp + IRP_Cancel), 1);
    store_u32(c, gva_of(irp + IRP_CancelRoutine), 0);
    if (!call_ok(c))
        return -1;
    if (routine == 0)
        return 0;
    if (location > count + 1) {
        call_bugcheck(c, 0x48, irp, routine, 0, 0);
        return -1;
    }
    at = load_u32(c, gva_of(irp + IRP_CurrentStackLocation));
    to.args[0] = load_u32(c, gva_of(at + SL_DeviceObject));
    store_u8(c, gva_of(irp + IRP_CancelIrql), call_irql(c));
    if (!call_ok(c))
        return -1;
    take_lock(c);
    call_guest_with(c, &to, next);
    return 1;
}

void thunk_IoCancelIrp(struct call *c)
{
    if (c->state == 0) {
        if (cancel(c, call_u32(c, 0), 1) == 0)
            call_return(c, 0);
    } else {
        call_return(c, 1);
    }
}

/* ---- ZwCancelIoFile ---------------------------------------------------------
 * Requests on the file by any thread of the calling process: a client's thread
 * that waits in a synchronous request cannot ask for itself. */

enum { W_NEXT, W_FILE };

static bool of_process(const struct nt *nt, const struct nt_irp *r)
{
    return ke_thread_process(nt->w.ke, r->thread) ==
           ke_current_process(nt->w.ke);
}

void thunk_ZwCancelIoFile(struct call *c)
{
    struct nt *nt = nt_of(c);
    uint32_t number, status;

    if (c->state == 0) {
        status = service_object(c, call_u32(c, 0), TYPE_FILE, NULL, &number);
        if (status != STATUS_SUCCESS) {
            call_return(c, status);
            return;
        }
        c->w[W_FILE] = ob_body(nt, number);
        c->w[W_NEXT] = 0;
    }
    while (c->w[W_NEXT] < nt->s.irps.count) {
        const struct nt_irp *r =
            VEC_AT(struct nt_irp, &nt->s.irps, c->w[W_NEXT]++);
        if (r->at && r->file == c->w[W_FILE] && of_process(nt, r) && !r->done &&
            cancel(c, r->at, 1) != 0)
            return;
    }
    service_store(c, call_u32(c, 1) + IOSB_Status, STATUS_SUCCESS);
    service_store(c, call_u32(c, 1) + IOSB_Information, 0);
    call_return(c, STATUS_SUCCESS);
}
