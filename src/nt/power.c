/* src/nt/power.c -- power states and power IRPs on request. One at a time:
 * power_queue.c. Source: WDK PoSetPowerState, PoRequestPowerIrp. */
#include "nt/devobj.h"
#include "nt/exports.h"
#include "nt/guest.h"
#include "nt/irp.h"
#include "nt/object.h"
#include "nt/pnp.h"

enum { SYSTEM_POWER_STATE, DEVICE_POWER_STATE };
enum { MN_WAIT_WAKE = 0 };

/* POWER_STATE PoSetPowerState(Device, Type, State): the state before, 0
 * (unspecified) at first. Each device object has one of either kind; what its
 * stack's device is at is what the last one said. */
void thunk_PoSetPowerState(struct call *c)
{
    struct nt *nt = nt_of(c);
    uint32_t device = call_u32(c, 0), type = call_u32(c, 1), before;
    uint8_t state = call_u8(c, 2);
    struct nt_object *o = ob_at(nt, ob_find(nt, device));
    struct nt_device *d =
        pnp_device(nt, pnp_by_pdo(nt, device_bottom(nt, device)));

    if (o == NULL || o->type != TYPE_DEVICE || type > DEVICE_POWER_STATE) {
        call_return(c, 0);
        return;
    }
    if (type == SYSTEM_POWER_STATE) {
        before = o->system_power;
        o->system_power = state;
    } else {
        before = o->device_power;
        o->device_power = state;
        if (d)
            d->power = state;
    }
    call_return(c, before);
}

/* ---- PoRequestPowerIrp
 * -------------------------------------------------------- A power IRP from the
 * top of the stack; its end calls the requester. What is needed then lies in
 * pool, the completion routine's context. */

enum {
    REQUEST_DEVICE,
    REQUEST_MINOR = 4,
    REQUEST_STATE = 8,
    REQUEST_ROUTINE = 12,
    REQUEST_CONTEXT = 16,
    REQUEST_BYTES = 20,
};

static uint32_t power_irp(struct call *c, uint32_t top, uint32_t request)
{
    struct nt *nt = nt_of(c);
    uint32_t irp =
        irp_allocate(nt, nt_get8(nt, top + DEVOBJ_StackSize), IRP_DRIVER);
    uint32_t at;

    if (irp == 0)
        return 0;
    at = irp_next(nt, irp);
    nt_put32(nt, irp + IRP_Status, STATUS_NOT_SUPPORTED);
    nt_put8(nt, at + SL_MajorFunction, IRP_MJ_POWER);
    nt_put8(nt, at + SL_MinorFunction, call_u8(c, 1));
    if (call_u8(c, 1) == MN_WAIT_WAKE) {
        nt_put32(nt, at + SL_Parameters, call_u32(c, 2)); /* PowerState */
    } else {
        nt_put32(nt, at + SL_Power_Type, DEVICE_POWER_STATE);
        nt_put32(nt, at + SL_Power_State, call_u32(c, 2));
    }
    nt_put8(nt, at + SL_Control,
            SL_INVOKE_ON_SUCCESS | SL_INVOKE_ON_ERROR | SL_INVOKE_ON_CANCEL);
    nt_put32(nt, at + SL_CompletionRoutine, call_stub(c, "NtpPowerDone").v);
    nt_put32(nt, at + SL_Context, request);
    return irp;
}

/* NTSTATUS PoRequestPowerIrp(Device, Minor, State, Routine, Context, *Irp). */
void thunk_PoRequestPowerIrp(struct call *c)
{
    struct nt *nt = nt_of(c);
    uint32_t top = device_top(nt, call_u32(c, 0)), request, send[2];
    uint8_t minor = call_u8(c, 1);

    if (c->state != 0) {
        call_return(c, STATUS_PENDING);
        return;
    }
    if (minor != MN_WAIT_WAKE && minor != MN_SET_POWER &&
        minor != MN_QUERY_POWER) {
        call_return(c, STATUS_INVALID_PARAMETER_2);
        return;
    }
    request = nt_pool(nt, REQUEST_BYTES, TAG('P', 'o', 'R', 'q'));
    send[0] = top;
    send[1] = request ? power_irp(c, top, request) : 0;
    if (send[1] == 0) {
        nt_pool_free(nt, request);
        call_return(c, STATUS_INSUFFICIENT_RESOURCES);
        return;
    }
    nt_put32(nt, request + REQUEST_DEVICE, call_u32(c, 0));
    nt_put32(nt, request + REQUEST_MINOR, minor);
    nt_put32(nt, request + REQUEST_STATE, call_u32(c, 2));
    nt_put32(nt, request + REQUEST_ROUTINE, call_u32(c, 3));
    nt_put32(nt, request + REQUEST_CONTEXT, call_u32(c, 4));
    if (call_u32(c, 5))
        store_u32(c, call_va(c, 5), send[1]);
    if (call_ok(c))
        call_guest(c, call_stub(c, "PoCallDriver"), 2, send, 1);
}

/* Completion routine: (Device, Irp, Request). Calls Routine(Device, Minor,
 * State, Context, *IoStatus). */
void thunk_NtpPowerDone(struct call *c)
{
    struct nt *nt = nt_of(c);
    uint32_t irp = call_u32(c, 1), request = call_u32(c, 2);
    uint32_t routine = nt_get32(nt, request + REQUEST_ROUTINE);
    uint32_t args[5] = {nt_get32(nt, request + REQUEST_DEVICE),
                        nt_get32(nt, request + REQUEST_MINOR),
                        nt_get32(nt, request + REQUEST_STATE),
                        nt_get32(nt, request + REQUEST_CONTEXT),
                        irp + IRP_Status};

    if (c->state == 0 && routine) {
        call_guest(c, gva_of(routine), 5, args, 1);
        return;
    }
    nt_pool_free(nt, request);
    irp_free(nt, irp);
    call_return(c, STATUS_MORE_PROCESSING_REQUIRED);
}
