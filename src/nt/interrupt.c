/* src/nt/interrupt.c -- IoConnectInterrupt, IoDisconnectInterrupt: the object
 * is made here, the chain of routines is ke's. Source: hal_io fact sheet 5;
 * WDK. */
#include "nt/exports.h"
#include "nt/guest.h"

enum { KINTERRUPT_BYTES = 0x1e4 };

/* NTSTATUS IoConnectInterrupt(**Object, Routine, Context, SpinLock, Vector,
 * Irql, SynchronizeIrql, Mode, Share, Affinity, FloatingSave). */
void thunk_IoConnectInterrupt(struct call *c)
{
    struct nt *nt = nt_of(c);
    struct ke_interrupt how = {.routine = call_u32(c, 1),
                               .context = call_u32(c, 2),
                               .vector = call_u32(c, 4),
                               .irql = call_u8(c, 5),
                               .synchronize_irql = call_u8(c, 6),
                               .latched = (uint8_t)(call_u32(c, 7) != 0),
                               .share = call_bool(c, 8)};
    uint32_t status = STATUS_INVALID_PARAMETER;

    store_u32(c, call_va(c, 0), 0);
    if (!call_ok(c))
        return;
    if (!(call_u32(c, 9) & 1) || call_bool(c, 10) || how.irql > HIGH_LEVEL) {
        call_return(c, status);
        return;
    }
    how.object = nt_pool(nt, KINTERRUPT_BYTES, TAG('K', 'e', 'I', ' '));
    if (how.object == 0) {
        call_return(c, STATUS_INSUFFICIENT_RESOURCES);
        return;
    }
    status = ke_interrupt_connect(nt->w.ke, &how);
    if (status == STATUS_SUCCESS)
        store_u32(c, call_va(c, 0), how.object);
    else
        nt_pool_free(nt, how.object);
    call_return(c, status);
}

void thunk_IoDisconnectInterrupt(struct call *c)
{
    struct nt *nt = nt_of(c);
    uint32_t object = call_u32(c, 0);

    if (ke_interrupt_disconnect(nt->w.ke, gva_of(object)))
        nt_pool_free(nt, object);
    else
        call_finding(c, "INT-019",
                     "IoDisconnectInterrupt of %08X, which is "
                     "not connected",
                     object);
    call_return(c, 0);
}
