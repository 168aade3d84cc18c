/* src/nt/inspect_irp.c -- the IRPs that are alive, for a client to look at.
 * Which there are is nt's own record; what they hold is guest memory, of which
 * a driver may have made anything. Reads only. */
#include "halbox/inspect_io.h"

#include "nt/devobj.h"
#include "nt/guest.h"
#include "nt/irp.h"
#include "nt/object.h"

static gva_t pointer(const struct nt *nt, uint32_t at)
{
    return gva_of(nt_get32(nt, at));
}

/** Location @number (from 1) by its number, not by the packet's pointer. */
static uint32_t location_at(uint32_t irp, unsigned number)
{
    return irp + IRP_BYTES + (number - 1) * SL_BYTES;
}

static bool is_damaged(const struct nt *nt, uint32_t at,
                       const struct inspect_irp *irp)
{
    return nt_get16(nt, at + IRP_Type) != IRP_TYPE ||
           irp->stack_count > IRP_MOST_LOCATIONS || irp->location == 0 ||
           irp->location > irp->stack_count + 2 ||
           (irp->location <= irp->stack_count &&
            irp_current(nt, at) != location_at(at, irp->location));
}

static const char *where(const struct nt *nt, const struct nt_irp *record,
                         const struct inspect_irp *irp)
{
    const uint32_t entry = irp->at.v + IRP_DeviceQueueEntry;

    if (record->done || irp->location > irp->stack_count + 1)
        return "complete";
    if (irp->location > irp->stack_count)
        return "new";
    if (device_is(nt, irp->device.v) &&
        nt_get32(nt, irp->device.v + DEVOBJ_CurrentIrp) == irp->at.v)
        return "current";
    if (irp->pending && nt_get8(nt, entry + DEVQE_Inserted) == 1)
        return "queued";
    return "driver";
}

/** What the current location says. */
static void current_location(const struct nt *nt, struct inspect_irp *irp)
{
    uint32_t at = location_at(irp->at.v, irp->location);

    irp->major = nt_get8(nt, at + SL_MajorFunction);
    irp->minor = nt_get8(nt, at + SL_MinorFunction);
    irp->device = pointer(nt, at + SL_DeviceObject);
    irp->pending = nt_get8(nt, at + SL_Control) & SL_PENDING_RETURNED;
}

static void describe(const struct nt *nt, const struct nt_irp *record,
                     struct inspect_irp *irp)
{
    static const char *const origins[] = {
        [IRP_DRIVER] = "driver",    [IRP_ASYNC] = "asynchronous",
        [IRP_SYNC] = "synchronous", [IRP_SERVICE] = "service",
        [IRP_MANAGER] = "manager",
    };
    uint32_t at = record->at;

    *irp = (struct inspect_irp){
        .at = gva_of(at),
        .origin = origins[record->origin],
        .thread = record->thread,
        .client = record->client,
        .file = gva_of(record->file),
        .flags = nt_get32(nt, at + IRP_Flags),
        .status = nt_get32(nt, at + IRP_Status),
        .information = nt_get32(nt, at + IRP_Information),
        .stack_count = nt_get8(nt, at + IRP_StackCount),
        .location = nt_get8(nt, at + IRP_CurrentLocation),
        .pending_returned = nt_get8(nt, at + IRP_PendingReturned),
        .cancel = nt_get8(nt, at + IRP_Cancel),
        .requestor_mode = nt_get8(nt, at + IRP_RequestorMode),
        .cancel_irql = nt_get8(nt, at + IRP_CancelIrql),
        .cancel_routine = pointer(nt, at + IRP_CancelRoutine),
        .mdl = pointer(nt, at + IRP_MdlAddress),
        .system_buffer = pointer(nt, at + IRP_AssociatedIrp_SystemBuffer),
        .user_buffer = pointer(nt, at + IRP_UserBuffer),
        .user_iosb = pointer(nt, at + IRP_UserIosb),
    };
    irp->damaged = is_damaged(nt, at, irp);
    if (irp->location && irp->location <= irp->stack_count)
        current_location(nt, irp);
    irp->where = where(nt, record, irp);
}

bool nt_irp_at(const struct nt *nt, unsigned index, struct inspect_irp *irp)
{
    for (uint32_t i = 0; i < nt->s.irps.count; i++) {
        const struct nt_irp *r = VEC_AT(struct nt_irp, &nt->s.irps, i);

        if (r->at == 0 || index-- != 0)
            continue;
        describe(nt, r, irp);
        return true;
    }
    return false;
}

bool nt_location_at(const struct nt *nt, gva_t irp, unsigned index,
                    struct inspect_location *out)
{
    unsigned count = nt_get8(nt, irp.v + IRP_StackCount);
    uint32_t at;
    uint8_t control;

    if (irp_record(nt, irp.v) == NULL || count > IRP_MOST_LOCATIONS ||
        index >= count)
        return false;
    at = location_at(irp.v, count - index);
    control = nt_get8(nt, at + SL_Control);
    *out = (struct inspect_location){
        .at = gva_of(at),
        .number = count - index,
        .current = nt_get8(nt, irp.v + IRP_CurrentLocation) == count - index,
        .major = nt_get8(nt, at + SL_MajorFunction),
        .minor = nt_get8(nt, at + SL_MinorFunction),
        .flags = nt_get8(nt, at + SL_Flags),
        .pending = control & SL_PENDING_RETURNED,
        .on_success = control & SL_INVOKE_ON_SUCCESS,
        .on_error = control & SL_INVOKE_ON_ERROR,
        .on_cancel = control & SL_INVOKE_ON_CANCEL,
        .device = pointer(nt, at + SL_DeviceObject),
        .file = pointer(nt, at + SL_FileObject),
        .routine = pointer(nt, at + SL_CompletionRoutine),
        .context = pointer(nt, at + SL_Context),
    };
    for (uint32_t i = 0; i < 4; i++)
        out->parameter[i] = nt_get32(nt, at + SL_Parameters + 4 * i);
    if (!device_is(nt, out->device.v))
        return true;
    out->driver = pointer(nt, out->device.v + DEVOBJ_DriverObject);
    ob_path(nt, ob_find(nt, out->driver.v), out->driver_name,
            sizeof out->driver_name);
    return true;
}
