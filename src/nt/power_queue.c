/* src/nt/power_queue.c -- power IRPs one at a time: a device object has at most
 * one set or query IRP of each kind, system and device; others wait until its
 * driver calls PoStartNextPowerIrp. Windows Vista and later hold none back.
 * Source: WDK PoCallDriver, PoStartNextPowerIrp, "Calling IoCallDriver vs.
 * Calling PoCallDriver". */
#include "nt/devobj.h"
#include "nt/exports.h"
#include "nt/guest.h"
#include "nt/irp.h"
#include "nt/object.h"
#include "nt/pnp.h"
#include "nt/verify.h"

enum { SYSTEM_POWER_STATE = 0 };

/* Is the location at @at one of those that come one at a time? */
static bool one_at_a_time(struct call *c, uint32_t at, bool *system)
{
    uint8_t minor = load_u8(c, gva_of(at + SL_MinorFunction));

    *system = load_u32(c, gva_of(at + SL_Power_Type)) == SYSTEM_POWER_STATE;
    return load_u8(c, gva_of(at + SL_MajorFunction)) == IRP_MJ_POWER &&
           (minor == MN_SET_POWER || minor == MN_QUERY_POWER) && call_ok(c) &&
           nt_of(c)->w.mm->s.settings.era < MM_W8;
}

/* The device object's record, unless it is one of the bus driver, which always
 * asks for the next one at once. */
static struct nt_object *holder(const struct nt *nt, uint32_t device)
{
    struct nt_object *o = ob_at(nt, ob_find(nt, device));

    return o && o->type == TYPE_DEVICE &&
                   nt_get32(nt, device + DEVOBJ_DriverObject) !=
                       nt->s.bus_driver
               ? o
               : NULL;
}

static uint8_t bit(bool system)
{
    return system ? 1 : 2;
}

/* The sender's location says that the packet is pending. */
static void mark_pending(struct call *c, uint32_t irp, uint32_t current)
{
    uint8_t location = load_u8(c, gva_of(irp + IRP_CurrentLocation));
    gva_t control = gva_of(current + SL_Control);

    if (location <= load_u8(c, gva_of(irp + IRP_StackCount)))
        store_u8(c, control, load_u8(c, control) | SL_PENDING_RETURNED);
}

/* NTSTATUS PoCallDriver(Device, Irp). */
void thunk_PoCallDriver(struct call *c)
{
    struct nt *nt = nt_of(c);
    uint32_t device = call_u32(c, 0), irp = call_u32(c, 1), current;
    struct nt_power waits = {.device = device, .irp = irp};
    struct nt_object *o;
    bool system;

    if (c->state != 0) {
        irp_call_returned(c, device, irp);
        return;
    }
    current = load_u32(c, gva_of(irp + IRP_CurrentStackLocation));
    o = holder(nt, device);
    if (o == NULL || !one_at_a_time(c, current - SL_BYTES, &system)) {
        if (call_ok(c))
            irp_send(c, device, irp, 1);
        return;
    }
    if (!(o->power_busy & bit(system))) {
        o->power_busy |= bit(system);
        irp_send(c, device, irp, 1);
        return;
    }
    mark_pending(c, irp, current);
    waits.system = system;
    if (!call_ok(c))
        return;
    call_return(c, nt_push(&nt->s.power, sizeof waits, &waits)
                       ? STATUS_PENDING
                       : STATUS_INSUFFICIENT_RESOURCES);
}

/* The first that waits for @device; 0: none. */
static uint32_t take(struct nt *nt, uint32_t device, bool system)
{
    for (uint32_t i = 0; i < nt->s.power.count; i++) {
        const struct nt_power p = *VEC_AT(struct nt_power, &nt->s.power, i);

        if (p.device != device || p.system != system)
            continue;
        vec_remove(&nt->s.power, sizeof p, i);
        return p.irp;
    }
    return 0;
}

/* VOID PoStartNextPowerIrp(Irp): in the driver that the packet's location is
 * of. */
void thunk_PoStartNextPowerIrp(struct call *c)
{
    struct nt *nt = nt_of(c);
    uint32_t irp = call_u32(c, 0), at, device, next;
    struct nt_object *o;
    bool system;

    if (c->state != 0) {
        call_return(c, 0);
        return;
    }
    if (load_u16(c, gva_of(irp + IRP_Type)) != IRP_TYPE && call_ok(c) &&
        !io_misuse(c, IO_SEND_TYPE, irp, 0, 0,
                   "PoStartNextPowerIrp of %08X, which is no IRP", irp))
        return;
    at = load_u32(c, gva_of(irp + IRP_CurrentStackLocation));
    if (!call_ok(c))
        return;
    call_return(c, 0);
    if (load_u8(c, gva_of(irp + IRP_CurrentLocation)) >
            load_u8(c, gva_of(irp + IRP_StackCount)) ||
        !one_at_a_time(c, at, &system))
        return;
    device = load_u32(c, gva_of(at + SL_DeviceObject));
    o = holder(nt, device);
    if (!call_ok(c) || o == NULL)
        return;
    next = take(nt, device, system);
    if (next)
        irp_send(c, device, next, 1);
    else
        o->power_busy &= (uint8_t)~bit(system);
}

static bool power_of(const void *power, const void *device)
{
    return ((const struct nt_power *)power)->device ==
           *(const uint32_t *)device;
}

void power_forget(struct nt *nt, uint32_t device)
{
    vec_drop(&nt->s.power, sizeof(struct nt_power), power_of, &device);
}
