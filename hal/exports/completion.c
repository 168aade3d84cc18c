/* hal/exports/completion.c -- the DMA controllers' interrupt and the DPC that
 * calls DmaCompletionRoutine. Source: WDK, DMA_COMPLETION_ROUTINE. */
#include "hal/exports/thunk.h"
#include "ke/ke.h"
#include "mm/pool.h"

enum {
    KDPC_BYTES = 0x20,
    KDPC_TYPE = 0x13,
    KDPC_ROUTINE = 0x0c,
    KINTERRUPT_BYTES = 0x1e4,
};

void completion_kick(struct call *c)
{
    struct hal *h = call_hal(c);

    if (hal_completion_due(h) && hal_completion_dpc(h).v)
        ke_dpc_queue(c->ke, hal_completion_dpc(h), 0, 0);
}

/* BOOLEAN DmaInterrupt(Interrupt, Context): a channel has reached terminal
 * count. */
void thunk_DmaInterrupt(struct call *c)
{
    bool ours = hal_completion_interrupt(call_hal(c));

    completion_kick(c);
    call_return(c, ours);
}

/* VOID DmaCompletion(Dpc, Context, Argument1, Argument2): calls
 * DmaCompletionRoutine(Adapter, DeviceObject, Context, Status) of each transfer
 * that has ended. */
void thunk_DmaCompletion(struct call *c)
{
    struct hal_completed done;

    if (!hal_completion_next(call_hal(c), &done)) {
        call_return(c, 0);
        return;
    }
    const uint32_t args[4] = {done.adapter.v, done.device.v, done.context,
                              done.status};

    call_guest(c, done.routine, 4, args, 0);
}

static enum hb_status zeroed(struct ke *ke, uint32_t bytes, gva_t *at)
{
    static const uint8_t zero[KINTERRUPT_BYTES];

    if (pool_alloc(ke_mm(ke), POOL_NONPAGED, bytes, HAL_TAG, at) != HB_OK)
        return HB_NO_PAGES;
    return ke_write(ke, *at, zero, bytes) ? HB_OK : HB_NO_PAGES;
}

enum hb_status completion_boot(struct hal *hal, struct ke *ke)
{
    unsigned irq = hal_interrupt(hal);
    struct ke_interrupt how = {
        .routine = ke_stub(ke, "DmaInterrupt").v,
        .vector = ke_irq_vector(irq),
        .irql = ke_irq_level(irq),
        .synchronize_irql = ke_irq_level(irq),
        .latched = true,
        .share = true,
    };
    gva_t dpc, object;

    if (!irq)
        return HB_OK;
    if (zeroed(ke, KDPC_BYTES, &dpc) != HB_OK ||
        zeroed(ke, KINTERRUPT_BYTES, &object) != HB_OK)
        return HB_NO_PAGES;
    ke_write_u32(ke, dpc, KDPC_TYPE | 1u << 24); /* MediumImportance */
    ke_write_u32(ke, gva_add(dpc, KDPC_ROUTINE),
                 ke_stub(ke, "DmaCompletion").v);
    hal_set_completion_dpc(hal, dpc);
    how.object = object.v;
    return ke_interrupt_connect(ke, &how) == STATUS_SUCCESS ? HB_OK
                                                            : HB_NO_PAGES;
}
