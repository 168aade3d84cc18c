/* hal/exports/sglist_ex.c -- scatter/gather lists of version 3: along a chain
 * of MDLs from an offset, at once if the caller wants, with a context by which
 * the request can be cancelled. For bus masters alone.
 *
 * The DDI pages say that a list's resources are released when its routine has
 * returned, and also that PutScatterGatherList flushes it: as with the lists of
 * version 1 the registers stay with the list until it is put, and what is free
 * when the routine returns (or by FreeAdapterObject) is the channel.
 * Source: WDK, PGET_SCATTER_GATHER_LIST_EX, PBUILD_SCATTER_GATHER_LIST_EX. */
#include "hal/exports/thunk.h"
#include "ke/ke.h"
#include "mm/pool.h"

/** Argument slots. */
enum {
    DEVICE = 1,
    CONTEXT = 2,
    MDL = 3,
    OFFSET = 4,
    LENGTH = 6,
    FLAGS = 7,
    ROUTINE = 8,
    ROUTINE_CONTEXT = 9,
    DIRECTION = 10,
    GET_LIST = 13,
    BUILD_BUFFER = 11,
    BUILD_BYTES = 12,
    BUILD_LIST = 15
};

static bool arguments_ok(struct call *c, gva_t list_at)
{
    uint32_t flags = call_u32(c, FLAGS);

    if (!call_u32(c, CONTEXT) || !call_u32(c, LENGTH) ||
        flags & ~(uint32_t)DMA_SYNCHRONOUS_CALLBACK)
        return false;
    return call_u32(c, ROUTINE) || (flags && list_at.v);
}

/* Where the list goes; NTSTATUS. */
static uint32_t list_memory(struct call *c, bool build,
                            const struct list_need *need, struct hal_ask *ask)
{
    if (build) {
        ask->buffer = call_va(c, BUILD_BUFFER);
        return call_u32(c, BUILD_BYTES) < need->bytes ? STATUS_BUFFER_TOO_SMALL
                                                      : STATUS_SUCCESS;
    }
    ask->owned = pool_alloc(ke_mm(c->ke), POOL_NONPAGED, need->bytes, HAL_TAG,
                            &ask->buffer) == HB_OK;
    return ask->owned ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

static void refused(struct call *c, const struct hal_ask *ask, uint32_t status)
{
    hal_pack_free(call_hal(c), ask->frames, ask->registers);
    if (ask->owned)
        pool_free(ke_mm(c->ke), ask->buffer, 0, &(struct mm_misuse){0});
    call_return(c, status);
}

/* The request is made; the caller's pointer is set before anything runs. */
static void request(struct call *c, struct hal_adapter *ad,
                    const struct hal_ask *ask, gva_t list_at)
{
    bool now = call_u32(c, FLAGS) & DMA_SYNCHRONOUS_CALLBACK;
    enum hb_status status;
    struct hal_run run;

    if (now)
        status = hal_channel_ask_now(call_hal(c), ad, ask, &run);
    else
        status = hal_channel_ask(call_hal(c), ad, ask);
    if (status != HB_OK) {
        refused(c, ask, ask_status(status));
        return;
    }
    if (list_at.v)
        store_u32(c, list_at, ask->buffer.v);
    if (ask->routine.v) {
        serve(c, STATUS_SUCCESS);
    } else if (!serve_list(c, &run, STATUS_SUCCESS) && call_ok(c)) {
        list_drop(c, &run);
        serve(c, STATUS_INSUFFICIENT_RESOURCES);
    }
}

static void make_list(struct call *c, bool build)
{
    gva_t list_at = call_va(c, build ? BUILD_LIST : GET_LIST), mdl = {0};
    struct hal_adapter *ad = arg_adapter(c, 0);
    struct list_need need = {0};
    uint32_t status;
    struct hal_ask ask = {
        .list = true,
        .device = call_va(c, DEVICE),
        .context_at = call_va(c, CONTEXT),
        .bytes = call_u32(c, LENGTH),
        .routine = call_va(c, ROUTINE),
        .context = call_u32(c, ROUTINE_CONTEXT),
        .dir = arg_dir(c, DIRECTION),
    };

    if (!call_ok(c))
        return;
    if (!ad || !hal_adapter_master(ad) || !arguments_ok(c, list_at)) {
        call_return(c, STATUS_INVALID_PARAMETER);
        return;
    }
    ask.irp = load_u32(c, gva_add(ask.device, DEVICE_CURRENT_IRP));
    store_u32(c, ask.context_at, load_u32(c, ask.context_at)); /* writable? */
    if (list_at.v)
        store_u32(c, list_at, load_u32(c, list_at));
    need.status = STATUS_BUFFER_TOO_SMALL;
    if (chain_at(c, call_va(c, MDL), call_u64(c, OFFSET), &mdl, &ask.va) &&
        !list_need(c, ad, mdl, ask.va, ask.bytes, &need))
        return;
    if (!call_ok(c))
        return;
    ask.mdl = mdl.v;
    ask.registers = need.pages;
    status = need.status == STATUS_SUCCESS ? list_memory(c, build, &need, &ask)
             : need.status == STATUS_BUFFER_TOO_SMALL
                 ? STATUS_INVALID_PARAMETER /* past the chain's end */
                 : need.status;
    if (status == STATUS_SUCCESS && need.packed)
        status = list_pack(c, &need, &ask);
    if (status == STATUS_SUCCESS)
        request(c, ad, &ask, list_at);
    else
        refused(c, &ask, status);
}

/* NTSTATUS GetScatterGatherListEx(Adapter, DeviceObject, DmaTransferContext,
 * Mdl, Offset, Length, Flags, ExecutionRoutine, Context, WriteToDevice, unused,
 * unused, **ScatterGatherList) */
void thunk_DmaGetScatterGatherListEx(struct call *c)
{
    if (!serve_state(c))
        make_list(c, false);
}

/* NTSTATUS BuildScatterGatherListEx(..., WriteToDevice, ScatterGatherBuffer,
 * BufferLength, unused, unused, *ScatterGatherList) */
void thunk_DmaBuildScatterGatherListEx(struct call *c)
{
    if (!serve_state(c))
        make_list(c, true);
}
