/* src/nt/power.c -- Po routines that every WDM driver calls.
 * Source: WDK PoStartNextPowerIrp, PoSetPowerState. (PoCallDriver is
 * irp_exports.c's: power IRPs are not serialised by halbox, so it is
 * IoCallDriver.) */
#include "nt/devobj.h"
#include "nt/exports.h"
#include "nt/guest.h"
#include "nt/object.h"
#include "nt/pnp.h"

enum { DEVICE_POWER_STATE = 1, POWER_D0 = 1 };

/* Power IRPs come one at a time from the PnP thread: the next one is sent when
 * it is asked for. */
void thunk_PoStartNextPowerIrp(struct call *c)
{
    uint16_t type = load_u16(c, call_va(c, 0));

    if (!call_ok(c))
        return;
    if (type != 6)
        call_finding(c, "C9-3", "PoStartNextPowerIrp of %08X, which is no IRP",
                     call_u32(c, 0));
    call_return(c, 0);
}

/* POWER_STATE PoSetPowerState(Device, Type, State): the state before. */
void thunk_PoSetPowerState(struct call *c)
{
    struct nt *nt = nt_of(c);
    uint32_t number = pnp_by_pdo(nt, device_bottom(nt, call_u32(c, 0)));
    struct nt_device *d = pnp_device(nt, number);
    uint32_t before = POWER_D0;

    if (call_u32(c, 1) == DEVICE_POWER_STATE && d) {
        before = d->power ? d->power : POWER_D0;
        d->power = call_u8(c, 2);
    }
    call_return(c, before);
}
