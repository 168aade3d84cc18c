/* src/nt/irp_complete.c -- IofCompleteRequest: up the stack over the completion
 * routines, then the end that the packet's origin asks for.
 * Source: hal_io fact sheet, section 6 "Completion"; WDK, "Completing IRPs". */
#include "hal/verify.h"
#include "nt/irp.h"

#include "mm/mdl.h"
#include "nt/guest.h"
#include "nt/object.h"
#include "nt/verify.h"

enum { W_IRP, W_RESULT, W_LOCATION };

/* ---- MDLs -------------------------------------------------------------------
 */

void irp_unlock_mdls(struct call *c, uint32_t irp)
{
    struct nt *nt = nt_of(c);
    uint32_t mdl = nt_get32(nt, irp + IRP_MdlAddress);
    struct mm_misuse misuse;

    for (unsigned i = 0; mdl && i < IRP_MOST_MDLS; i++) {
        uint16_t flags = load_u16(c, gva_of(mdl + MDL_FLAGS));
        uint32_t next = load_u32(c, gva_of(mdl + MDL_NEXT));

        if (!call_ok(c))
            return;
        if (flags & MDL_PAGES_LOCKED)
            mdl_unlock(nt->w.mm, nt_space(nt), gva_of(mdl), &misuse);
        mdl = next;
    }
    if (mdl)
        call_finding(c, "S10", "the MDL chain of IRP %08X has no end", irp);
}

void irp_free_mdls(struct call *c, uint32_t irp)
{
    struct nt *nt = nt_of(c);
    uint32_t mdl = nt_get32(nt, irp + IRP_MdlAddress), next;
    struct mm_misuse misuse;

    for (unsigned i = 0; mdl && i < IRP_MOST_MDLS; i++, mdl = next) {
        enum hb_status st;

        next = load_u32(c, gva_of(mdl + MDL_NEXT));
        if (!call_ok(c))
            return;
        st = mdl_free(nt->w.mm, nt_space(nt), gva_of(mdl), &misuse);
        if (st == HB_BAD_STATE)
            call_bugcheck(c, misuse.code, misuse.p[0], misuse.p[1], misuse.p[2],
                          misuse.p[3]);
        if (st != HB_OK)
            break;
    }
    nt_put32(nt, irp + IRP_MdlAddress, 0);
}

/* ---- the end, in the issuer's thread ----------------------------------------
 */

static bool copy_out(struct call *c, uint32_t from, uint32_t to, uint32_t bytes)
{
    uint8_t piece[512];

    for (uint32_t at = 0; at < bytes; at += sizeof piece) {
        uint32_t n = bytes - at;
        if (n > sizeof piece)
            n = sizeof piece;
        load(c, gva_of(from + at), piece, n);
        store(c, gva_of(to + at), piece, n);
        if (call_caught(c) || !call_ok(c))
            return false;
    }
    return true;
}

/* The system buffer of a buffered request goes back to the user's. Returns the
 * request's status after it. */
static uint32_t buffered_end(struct call *c, const struct nt_irp *r,
                             uint32_t irp, uint32_t status)
{
    struct nt *nt = nt_of(c);
    uint32_t flags = nt_get32(nt, irp + IRP_Flags);
    uint32_t buffer = nt_get32(nt, irp + IRP_AssociatedIrp_SystemBuffer);
    uint32_t bytes = nt_get32(nt, irp + IRP_Information);

    if (!(flags & IRP_BUFFERED_IO))
        return status;
    if ((flags & IRP_INPUT_OPERATION) && !nt_error(status) &&
        status != STATUS_VERIFY_REQUIRED && bytes) {
        if (bytes > r->out_bytes) {
            call_finding(c, "IRP-023",
                         "IRP %08X: Information %u is more than "
                         "the %u bytes asked for",
                         irp, bytes, r->out_bytes);
            bytes = r->out_bytes;
        }
        if (!copy_out(c, buffer, nt_get32(nt, irp + IRP_UserBuffer), bytes))
            status = STATUS_ACCESS_VIOLATION;
    }
    if (flags & IRP_DEALLOCATE_BUFFER)
        nt_pool_free(nt, buffer);
    return status;
}

static void signal_end(struct call *c, const struct nt_irp *r, uint32_t irp,
                       uint32_t status)
{
    struct nt *nt = nt_of(c);
    uint32_t iosb = nt_get32(nt, irp + IRP_UserIosb);
    uint32_t event = nt_get32(nt, irp + IRP_UserEvent);

    if (iosb) {
        store_u32(c, gva_of(iosb + IOSB_Status), status);
        store_u32(c, gva_of(iosb + IOSB_Information),
                  nt_get32(nt, irp + IRP_Information));
        call_caught(c);
    }
    if (event)
        ke_signal_event(nt->w.ke, gva_of(event));
    if (r->file)
        ke_signal_event(nt->w.ke, gva_of(r->file + FILEOBJ_Event));
}

uint32_t irp_finish(struct call *c, uint32_t irp)
{
    struct nt *nt = nt_of(c);
    const struct nt_irp *found = irp_record(nt, irp);
    struct nt_irp r;
    uint32_t status = nt_get32(nt, irp + IRP_Status);
    bool synchronous;

    if (found == NULL)
        return status;
    r = *found;
    synchronous = (nt_get32(nt, irp + IRP_Flags) & IRP_SYNCHRONOUS_API) != 0;
    status = buffered_end(c, &r, irp, status);
    irp_free_mdls(c, irp);
    if (!nt_error(status) || (r.returned_pending && !synchronous))
        signal_end(c, &r, irp, status);
    if (r.event)
        ob_dereference(nt, r.event);
    if (r.file && r.origin == IRP_SERVICE)
        ob_dereference(nt, ob_find(nt, r.file));
    irp_free(nt, irp);
    return status;
}

/* Completion is above the top of the stack: what now? */
static void over(struct call *c, uint32_t irp)
{
    struct nt *nt = nt_of(c);
    struct nt_irp *r = irp_record(nt, irp);
    uint32_t status = nt_get32(nt, irp + IRP_Status);
    const struct hal_violation *violation;

    EMIT(nt->w.events, irp_complete, irp, status,
         nt_get32(nt, irp + IRP_Information));
    if (r == NULL || r->origin == IRP_DRIVER) {
        call_finding(c, "IRP-021",
                     "IRP %08X of a driver's own completed with "
                     "nobody above to free it",
                     irp);
        return;
    }
    hal_mdl_goes(nt->w.hal, nt_get32(nt, irp + IRP_MdlAddress));
    violation = hal_violation(nt->w.hal);
    if (violation) {
        call_bugcheck_text(c, HAL_BUGCHECK, violation->p, violation->text);
        return;
    }
    r->returned_pending = nt_get8(nt, irp + IRP_PendingReturned) != 0;
    r->status = status;
    r->information = nt_get32(nt, irp + IRP_Information);
    irp_unlock_mdls(c, irp);
    if (!call_ok(c))
        return;
    if (r->origin == IRP_MANAGER || r->waited) {
        r->done = 1;
        ke_signal_event(nt->w.ke, gva_of(r->wake));
        return;
    }
    if (r->thread == ke_current_thread(nt->w.ke) && call_irql(c) <= APC_LEVEL) {
        irp_finish(c, irp);
        return;
    }
    if (!ke_queue_apc(nt->w.ke, r->thread, ke_stub(nt->w.ke, "NtpFinishIrp"),
                      irp, 0, 0))
        irp_finish(c, irp); /* its thread has ended */
}

/* An associated packet ends: is its master due? 0: no. */
static uint32_t associated_end(struct call *c, uint32_t irp)
{
    struct nt *nt = nt_of(c);
    uint32_t master = nt_get32(nt, irp + IRP_AssociatedIrp_MasterIrp);
    uint32_t count = load_u32(c, gva_of(master + IRP_AssociatedIrp_IrpCount));

    store_u32(c, gva_of(master + IRP_AssociatedIrp_IrpCount), count - 1);
    if (!call_ok(c))
        return 0;
    irp_free_mdls(c, irp);
    if (!call_ok(c))
        return 0;
    irp_free(nt, irp);
    return count == 1 ? master : 0;
}

/* ---- the walk ---------------------------------------------------------------
 */

static bool acceptable(struct call *c, uint32_t irp)
{
    uint16_t type = load_u16(c, gva_of(irp + IRP_Type));
    int8_t location = (int8_t)load_u8(c, gva_of(irp + IRP_CurrentLocation));
    int8_t count = (int8_t)load_u8(c, gva_of(irp + IRP_StackCount));
    uint32_t status = load_u32(c, gva_of(irp + IRP_Status));
    uint32_t cancel = load_u32(c, gva_of(irp + IRP_CancelRoutine));

    if (!call_ok(c))
        return false;
    if (type != IRP_TYPE || location > count + 1 || location < 1) {
        call_bugcheck(c, 0x44, irp, 0, 0, 0); /* MULTIPLE_IRP_COMPLETE_... */
        return false;
    }
    if ((status == STATUS_PENDING || status == 0xffffffffu) &&
        !io_misuse(c, IO_COMPLETE_STATUS, status, irp, 0,
                   "IRP %08X completed with status %08X", irp, status))
        return false;
    return !cancel || io_misuse(c, IO_COMPLETE_CANCEL, cancel, irp, 0,
                                "IRP %08X completed with cancel routine %08X "
                                "still set",
                                irp, cancel);
}

static bool wants(struct call *c, uint32_t irp, uint8_t control)
{
    uint32_t status = load_u32(c, gva_of(irp + IRP_Status));

    if (nt_success(status) ? control & SL_INVOKE_ON_SUCCESS
                           : control & SL_INVOKE_ON_ERROR)
        return true;
    return (control & SL_INVOKE_ON_CANCEL) &&
           load_u8(c, gva_of(irp + IRP_Cancel));
}

/* Leave the finished location at @at: its routine is called (true: the entry
 * has ended) or its pending bit goes up. */
static bool leave_location(struct call *c, uint32_t irp, uint32_t at,
                           uint8_t location, uint8_t count)
{
    uint8_t control = load_u8(c, gva_of(at + SL_Control));
    uint32_t routine = load_u32(c, gva_of(at + SL_CompletionRoutine));
    uint32_t context = load_u32(c, gva_of(at + SL_Context)), device = 0;
    uint8_t pending = control & SL_PENDING_RETURNED;
    bool top = location == count;

    store_u8(c, gva_of(irp + IRP_CurrentLocation), (uint8_t)(location + 1));
    store_u32(c, gva_of(irp + IRP_CurrentStackLocation), at + SL_BYTES);
    store_u8(c, gva_of(irp + IRP_PendingReturned), pending);
    if (!top)
        device = load_u32(c, gva_of(at + SL_BYTES + SL_DeviceObject));
    store_u8(c, gva_of(at + SL_MinorFunction), 0);
    store_u8(c, gva_of(at + SL_Flags), 0);
    store_u8(c, gva_of(at + SL_Control), 0);
    store_zero(c, gva_of(at + SL_Parameters), 16);
    store_u32(c, gva_of(at + SL_FileObject), 0);
    if (!call_ok(c))
        return true;
    EMIT(nt_of(c)->w.events, irp_up, irp, location,
         nt_get32(nt_of(c), irp + IRP_Status));
    if (wants(c, irp, control) && call_ok(c)) {
        uint32_t args[3] = {device, irp, context};
        call_guest(c, gva_of(routine), 3, args, IRP_COMPLETE_STATE);
        return true;
    }
    if (pending && !top) {
        uint8_t up = load_u8(c, gva_of(at + SL_BYTES + SL_Control));
        store_u8(c, gva_of(at + SL_BYTES + SL_Control),
                 up | SL_PENDING_RETURNED);
    }
    return !call_ok(c);
}

void irp_complete(struct call *c)
{
    struct nt *nt = nt_of(c);

    if (c->state == 0) {
        if (!acceptable(c, c->w[W_IRP]))
            return;
    } else if (c->eax == STATUS_MORE_PROCESSING_REQUIRED) {
        call_return(c, c->w[W_RESULT]);
        return;
    }
    for (;;) {
        uint32_t irp = c->w[W_IRP], flags;
        uint32_t at = load_u32(c, gva_of(irp + IRP_CurrentStackLocation));
        uint8_t location = load_u8(c, gva_of(irp + IRP_CurrentLocation));
        uint8_t count = load_u8(c, gva_of(irp + IRP_StackCount));

        if (!call_ok(c))
            return;
        if (location >= 1 && location <= count) {
            if (leave_location(c, irp, at, location, count))
                return;
            continue;
        }
        nt_put8(nt, irp + IRP_CurrentLocation, (uint8_t)(count + 2));
        flags = nt_get32(nt, irp + IRP_Flags);
        if (flags & IRP_ASSOCIATED_IRP) {
            c->w[W_IRP] = associated_end(c, irp);
            if (!call_ok(c))
                return;
            if (c->w[W_IRP] && acceptable(c, c->w[W_IRP]))
                continue;
            if (c->w[W_IRP])
                return;
        } else {
            over(c, irp);
        }
        if (call_ok(c))
            call_return(c, c->w[W_RESULT]);
        return;
    }
}
