/* hal/exports/channel_ex.c -- channels of version 3: AllocateAdapterChannelEx,
 * its transfer contexts, cancelling, FreeAdapterObject.
 * Source: WDK, PALLOCATE_ADAPTER_CHANNEL_EX and its siblings. */
#include "hal/exports/thunk.h"
#include "ke/ke.h"
#include "mm/pool.h"

enum { CONTEXT_BYTES = 64 }; /* DMA_TRANSFER_CONTEXT_SIZE_V1 on i386 */

uint32_t ask_status(enum hb_status status)
{
    switch (status) {
    case HB_OK:
        return STATUS_SUCCESS;
    case HB_BAD_ARGUMENT: /* the transfer context is in use */
        return STATUS_INVALID_PARAMETER;
    case HB_BAD_STATE:
        return STATUS_CANCELLED;
    default:
        return STATUS_INSUFFICIENT_RESOURCES;
    }
}

/* NTSTATUS InitializeDmaTransferContext(Adapter, DmaTransferContext). What is
 * in the 64 bytes says nothing: they are zero, and written to be there. */
void thunk_DmaInitializeDmaTransferContext(struct call *c)
{
    const struct hal_adapter *ad = arg_adapter(c, 0);
    gva_t at = call_va(c, 1);

    if (!call_ok(c))
        return;
    if (!ad || !at.v) {
        call_return(c, STATUS_INVALID_PARAMETER);
        return;
    }
    store_zero(c, at, CONTEXT_BYTES);
    if (!call_ok(c))
        return;
    hal_context_init(call_hal(c), at);
    call_return(c, STATUS_SUCCESS);
}

/* What the arguments must be, whatever is free. */
static bool arguments_ok(struct call *c)
{
    uint32_t flags = call_u32(c, 4), routine = call_u32(c, 5);
    uint32_t base_at = call_u32(c, 7);

    if (!call_u32(c, 2) || flags & ~(uint32_t)DMA_SYNCHRONOUS_CALLBACK)
        return false;
    return flags ? routine || base_at : routine && !base_at;
}

/* At once: the base goes to the caller, then the routine, if any, is called. */
static void allocate_now(struct call *c, struct hal_adapter *ad,
                         const struct hal_ask *ask, gva_t base_at)
{
    struct hal_run run;
    enum hb_status status = hal_channel_ask_now(call_hal(c), ad, ask, &run);

    if (status != HB_OK) {
        call_return(c, ask_status(status));
        return;
    }
    if (base_at.v)
        store_u32(c, base_at, run.base);
    serve(c, STATUS_SUCCESS);
}

/* NTSTATUS AllocateAdapterChannelEx(Adapter, DeviceObject, DmaTransferContext,
 * NumberOfMapRegisters, Flags, ExecutionRoutine, ExecutionContext,
 * *MapRegisterBase). The device object's own WAIT_CONTEXT_BLOCK is not used. */
void thunk_DmaAllocateAdapterChannelEx(struct call *c)
{
    struct hal_adapter *ad;
    gva_t base_at = call_va(c, 7);
    enum hb_status status;
    struct hal_ask ask;

    if (serve_state(c))
        return;
    ad = arg_adapter(c, 0);
    ask = (struct hal_ask){
        .device = call_va(c, 1),
        .context_at = call_va(c, 2),
        .registers = call_u32(c, 3),
        .routine = call_va(c, 5),
        .context = call_u32(c, 6),
    };
    if (!call_ok(c))
        return;
    if (!ad || !arguments_ok(c)) {
        call_return(c, STATUS_INVALID_PARAMETER);
        return;
    }
    ask.irp = load_u32(c, gva_add(ask.device, DEVICE_CURRENT_IRP));
    store_u32(c, ask.context_at, load_u32(c, ask.context_at)); /* writable? */
    if (base_at.v)
        store_u32(c, base_at, load_u32(c, base_at));
    if (!call_ok(c))
        return;
    if (call_u32(c, 4) & DMA_SYNCHRONOUS_CALLBACK) {
        allocate_now(c, ad, &ask, base_at);
        return;
    }
    status = hal_channel_ask(call_hal(c), ad, &ask);
    if (status == HB_OK)
        serve(c, STATUS_SUCCESS);
    else
        call_return(c, ask_status(status));
}

/* NTSTATUS ConfigureAdapterChannel(Adapter, FunctionNumber, Context): functions
 * of a DMA controller's own; an 8237 has none. */
void thunk_DmaConfigureAdapterChannel(struct call *c)
{
    arg_adapter(c, 0);
    if (call_ok(c))
        call_return(c, STATUS_NOT_IMPLEMENTED);
}

/* BOOLEAN CancelAdapterChannel(Adapter, DeviceObject, DmaTransferContext). The
 * channel of a request that has gone may be another one's turn. */
void thunk_DmaCancelAdapterChannel(struct call *c)
{
    struct hal_adapter *ad;
    bool cancelled;
    gva_t buffer = {0};

    if (serve_state(c))
        return;
    ad = arg_adapter(c, 0);
    if (!call_ok(c))
        return;
    cancelled = ad && call_u32(c, 2) &&
                hal_context_cancel(call_hal(c), ad, call_va(c, 2), &buffer);
    if (buffer.v)
        pool_free(ke_mm(c->ke), buffer, 0, &(struct mm_misuse){0});
    serve(c, cancelled);
}

/* VOID FreeAdapterObject(Adapter, IO_ALLOCATION_ACTION) */
void thunk_DmaFreeAdapterObject(struct call *c)
{
    struct hal_adapter *ad;

    if (serve_state(c))
        return;
    ad = arg_adapter(c, 0);
    if (!call_ok(c))
        return;
    if (ad)
        hal_object_free(call_hal(c), ad, call_u32(c, 1));
    completion_kick(c);
    serve(c, 0);
}

/* NTSTATUS CancelMappedTransfer(Adapter, DmaTransferContext) */
void thunk_DmaCancelMappedTransfer(struct call *c)
{
    struct hal_adapter *ad = arg_adapter(c, 0);
    enum hb_status status = HB_NOT_FOUND;

    if (!call_ok(c))
        return;
    if (ad)
        status = hal_context_stop(call_hal(c), ad, call_va(c, 1));
    completion_kick(c);
    call_return(c, status == HB_OK ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER);
}
