/* hal/exports/transfer_ex.c -- version 3: MapTransferEx, FlushAdapterBuffersEx,
 * GetDmaAdapterInfo, GetDmaTransferInfo. Bounced pages are copied one per
 * entry, as in transfer.c. Source: WDK, PMAP_TRANSFER_EX and its siblings. */
#include <stdlib.h>

#include "hal/exports/thunk.h"

enum { STATE_PAGES = STATE_OWN };
/* words of MapTransferEx beside W_SET */
enum { W_LOW = 4, W_BYTES };
enum { INFO_VERSION = 1 };

/* ---- MapTransferEx -------------------------------------------------------*/

/* All pages are where the device finds them: a slave's channel may go. */
static void map_done(struct call *c)
{
    struct hal *h = call_hal(c);
    struct hal_adapter *ad = hal_adapter_find(h, call_va(c, 0));

    if (ad && c->w[W_BYTES]) {
        hal_completion_arm(h, ad, call_u32(c, 2), call_va(c, 10),
                           call_u32(c, 11));
        hal_system_start(h, ad, dla_of(c->w[W_LOW]), c->w[W_BYTES],
                         arg_dir(c, 7));
    }
    completion_kick(c); /* of a transfer before, which was not flushed */
    call_return(c, STATUS_SUCCESS);
}

static void map_pages(struct call *c)
{
    if (hal_copy(call_hal(c), c->w[W_SET]))
        call_again(c, STATE_PAGES);
    else
        map_done(c);
}

/* Elements that the caller's buffer holds; a slave needs none of it. */
static uint32_t list_room(struct call *c, const struct hal_adapter *ad)
{
    uint32_t bytes = call_u32(c, 9), elements, bits, unit;

    if (!call_u32(c, 8)) {
        hal_transfer_limits(call_hal(c), ad, &elements, &bits, &unit);
        return hal_adapter_master(ad) ? 0 : elements;
    }
    return bytes < list_bytes(1) ? 0 : (bytes - list_bytes(0)) / 16;
}

static uint32_t map_status(enum hb_status status)
{
    switch (status) {
    case HB_OK:
        return STATUS_SUCCESS;
    case HB_BAD_ARGUMENT:
        return STATUS_INVALID_PARAMETER;
    case HB_BAD_STATE:
        return STATUS_CANCELLED;
    default:
        return STATUS_INSUFFICIENT_RESOURCES;
    }
}

/* Is the list writable to its end? Afterwards too much has changed. */
static void touch_list(struct call *c, uint32_t elements)
{
    uint32_t bytes = list_bytes(elements), at;
    gva_t list = call_va(c, 8);

    for (at = 0; at < bytes && call_ok(c); at += PAGE_BYTES)
        store_u8(c, gva_add(list, at), load_u8(c, gva_add(list, at)));
    store_u8(c, gva_add(list, bytes - 1), load_u8(c, gva_add(list, bytes - 1)));
}

static void map_fragments(struct call *c, struct hal_adapter *ad,
                          const struct fragments *fr, uint32_t room)
{
    uint32_t most = fr->count < room ? fr->count : room;
    struct hal_transfer t = {0};
    enum hb_status status = HB_NO_MEMORY;

    if (call_u32(c, 8))
        touch_list(c, most);
    if (!call_ok(c))
        return;
    t.element = calloc(most, sizeof *t.element);
    if (t.element)
        status = hal_transfer_map(call_hal(c), ad, call_u32(c, 2), fr->f,
                                  fr->count, arg_dir(c, 7), most, &t);
    if (status == HB_OK) {
        c->w[W_LOW] = (uint32_t)t.element[0].at.v;
        c->w[W_BYTES] = t.bytes;
        c->w[W_SET] = t.set;
        store_u32(c, call_va(c, 6), t.bytes);
        if (call_u32(c, 8))
            store_list(c, call_va(c, 8), t.element, t.elements);
    }
    free(t.element);
    if (!call_ok(c))
        return;
    if (status == HB_OK)
        map_pages(c);
    else
        call_return(c, map_status(status));
}

/* Nothing wanted is nothing mapped: an empty list. */
static void map_nothing(struct call *c)
{
    if (call_u32(c, 8))
        store_list(c, call_va(c, 8), NULL, 0);
    if (call_ok(c))
        call_return(c, STATUS_SUCCESS);
}

/* The bytes that are asked for. False: a fault, or the call has returned. */
static bool wanted(struct call *c, uint32_t bytes, struct fragments *fr)
{
    uint32_t va;
    gva_t mdl;
    bool well = chain_at(c, call_va(c, 1), call_u64(c, 3), &mdl, &va);

    if (!call_ok(c))
        return false;
    if (!well) {
        hal_finding(call_hal(c), "S08",
                    "offset %llx lies outside the MDLs at %08x",
                    (unsigned long long)call_u64(c, 3), call_u32(c, 1));
        call_return(c, STATUS_INVALID_PARAMETER);
        return false;
    }
    if (!fragments_read(c, mdl, va, bytes, READ_CHAIN, fr)) {
        if (call_ok(c))
            call_return(c, STATUS_INSUFFICIENT_RESOURCES);
        return false;
    }
    if (!fr->corrupt && !fr->missed)
        return true;
    if (fr->missed)
        hal_finding(call_hal(c), "S07", "%u bytes lie past the MDLs at %08x",
                    fr->missed, call_u32(c, 1));
    fragments_fini(fr);
    call_return(c, STATUS_INVALID_PARAMETER);
    return false;
}

/* NTSTATUS MapTransferEx(Adapter, Mdl, MapRegisterBase, Offset, DeviceOffset,
 * *Length, WriteToDevice, ScatterGatherBuffer, BufferLength,
 * DmaCompletionRoutine, CompletionContext). The card's register is at a fixed
 * port: DeviceOffset, of controllers that address it, says nothing. */
void thunk_DmaMapTransferEx(struct call *c)
{
    struct hal_adapter *ad;
    struct fragments fr;
    uint32_t bytes, room;

    if (c->state == STATE_PAGES) {
        map_pages(c);
        return;
    }
    ad = arg_adapter(c, 0);
    bytes = load_u32(c, call_va(c, 6));
    store_u32(c, call_va(c, 6), bytes); /* writable? nothing has changed yet */
    if (!call_ok(c))
        return;
    room = ad ? list_room(c, ad) : 0;
    if (!room) {
        call_return(c, STATUS_INVALID_PARAMETER);
    } else if (!bytes) {
        map_nothing(c);
    } else if (wanted(c, bytes, &fr)) {
        map_fragments(c, ad, &fr, room);
        fragments_fini(&fr);
    }
}

/* ---- FlushAdapterBuffersEx -----------------------------------------------*/

static void flush_pages(struct call *c)
{
    if (hal_copy(call_hal(c), c->w[W_SET])) {
        call_again(c, STATE_PAGES);
        return;
    }
    hal_flush_end(call_hal(c), c->w[W_SET]);
    call_return(c, STATUS_SUCCESS);
}

/* NTSTATUS FlushAdapterBuffersEx(Adapter, Mdl, MapRegisterBase, Offset, Length,
 * WriteToDevice). No bytes: that was mapped by a call for no bytes. */
void thunk_DmaFlushAdapterBuffersEx(struct call *c)
{
    struct hal_adapter *ad;
    enum hb_status status = HB_NOT_FOUND;
    uint32_t va;
    bool well;
    gva_t mdl;

    if (c->state == STATE_PAGES) {
        flush_pages(c);
        return;
    }
    ad = arg_adapter(c, 0);
    well = ad && chain_at(c, call_va(c, 1), call_u64(c, 3), &mdl, &va);
    if (!call_ok(c))
        return;
    if (well && !call_u32(c, 5)) {
        call_return(c, STATUS_SUCCESS);
        return;
    }
    if (well)
        status =
            hal_transfer_flush(call_hal(c), ad, call_u32(c, 2), mdl.v, va,
                               call_u32(c, 5), arg_dir(c, 6), &c->w[W_SET]);
    else if (ad)
        hal_finding(call_hal(c), "S22",
                    "flush at offset %llx outside the MDLs at %08x",
                    (unsigned long long)call_u64(c, 3), call_u32(c, 1));
    completion_kick(c);
    if (status == HB_OK)
        flush_pages(c);
    else
        call_return(c, STATUS_INVALID_PARAMETER);
}

/* ---- what can be done, what is needed ------------------------------------*/

/* NTSTATUS GetDmaAdapterInfo(Adapter, *AdapterInfo): DMA_ADAPTER_INFO_V1. */
void thunk_DmaGetDmaAdapterInfo(struct call *c)
{
    const struct hal_adapter *ad = arg_adapter(c, 0);
    gva_t info = call_va(c, 1);
    uint32_t version = load_u32(c, info), elements, bits, unit;

    if (!call_ok(c))
        return;
    if (!ad || version != INFO_VERSION) {
        call_return(c, ad ? STATUS_NOT_SUPPORTED : STATUS_INVALID_PARAMETER);
        return;
    }
    hal_transfer_limits(call_hal(c), ad, &elements, &bits, &unit);
    store_u32(c, gva_add(info, 0x04), !hal_adapter_master(ad));
    store_u32(c, gva_add(info, 0x08), elements);
    store_u32(c, gva_add(info, 0x0c), bits);
    store_u32(c, gva_add(info, 0x10), 0); /* Flags: none are defined */
    store_u32(c, gva_add(info, 0x14), unit);
    if (call_ok(c))
        call_return(c, STATUS_SUCCESS);
}

/* NTSTATUS GetDmaTransferInfo(Adapter, Mdl, Offset, Length, WriteOnly,
 * *TransferInfo): DMA_TRANSFER_INFO_V1. Caches are coherent: a read needs no
 * more than a write. */
void thunk_DmaGetDmaTransferInfo(struct call *c)
{
    const struct hal_adapter *ad = arg_adapter(c, 0);
    gva_t info = call_va(c, 6), mdl = call_va(c, 1);
    uint32_t version = load_u32(c, info), bytes = call_u32(c, 4), va, elements;
    struct fragments fr = {0};

    if (!call_ok(c))
        return;
    if (ad && version != INFO_VERSION) {
        call_return(c, STATUS_NOT_SUPPORTED);
        return;
    }
    if (!ad || !bytes || !chain_at(c, mdl, call_u64(c, 2), &mdl, &va) ||
        !fragments_read(c, mdl, va, bytes, READ_CHAIN, &fr) || fr.corrupt ||
        fr.missed) {
        fragments_fini(&fr);
        if (call_ok(c))
            call_return(c, STATUS_INVALID_PARAMETER);
        return;
    }
    elements = hal_list_elements(ad, fr.count);
    store_u32(c, gva_add(info, 0x04), fr.count);
    store_u32(c, gva_add(info, 0x08), elements);
    store_u32(c, gva_add(info, 0x0c), list_bytes(elements));
    fragments_fini(&fr);
    if (call_ok(c))
        call_return(c, STATUS_SUCCESS);
}
