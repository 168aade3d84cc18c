/* hal/exports/sglist.c -- scatter/gather lists.
 * Source: WDK, PGET_SCATTER_GATHER_LIST and its siblings. */
#include "hal/exports/thunk.h"
#include "ke/ke.h"
#include "mm/mdl.h"
#include "mm/pool.h"

enum { STATE_FLUSH = STATE_OWN };

static uint32_t check_need(const struct hal_adapter *ad,
                           const struct list_need *need,
                           const struct fragments *fr, uint32_t bytes)
{
    if (!bytes)
        return STATUS_INVALID_PARAMETER;
    if (fr->corrupt || fr->outside || fr->missed)
        return STATUS_BUFFER_TOO_SMALL;
    if (need->pages > hal_adapter_grant(ad))
        return STATUS_INSUFFICIENT_RESOURCES;
    return STATUS_SUCCESS;
}

bool list_need(struct call *c, const struct hal_adapter *ad, gva_t mdl,
               uint32_t va, uint32_t bytes, struct list_need *need)
{
    struct fragments fr = {0};

    if (bytes && !fragments_read(c, mdl, va, bytes, READ_CHAIN, &fr)) {
        need->status = STATUS_INSUFFICIENT_RESOURCES;
        return call_ok(c);
    }
    need->packed = hal_list_elements(ad, fr.count) < fr.count &&
                   hal_ragged(fr.f, fr.count);
    need->pages = need->packed ? hal_pack_pages(fr.f, fr.bytes) : fr.count;
    need->bytes = list_bytes(hal_list_elements(ad, fr.count));
    need->status = check_need(ad, need, &fr, bytes);
    fragments_fini(&fr);
    return true;
}

uint32_t list_pack(struct call *c, const struct list_need *need,
                   struct hal_ask *ask)
{
    ask->packed = true;
    return hal_pack_alloc(call_hal(c), need->pages, &ask->frames) == HB_OK
               ? STATUS_SUCCESS
               : STATUS_INSUFFICIENT_RESOURCES;
}

/* Get and Build: (Adapter, DeviceObject, Mdl, CurrentVa, Length, Routine,
 * Context, WriteToDevice [, Buffer, BufferLength]). */
static void make_list(struct call *c, bool build)
{
    struct hal_adapter *ad = arg_adapter(c, 0);
    struct list_need need = {.status = STATUS_INSUFFICIENT_RESOURCES};
    struct hal_ask ask = {
        .list = true,
        .owned = !build,
        .device = call_va(c, 1),
        .mdl = call_u32(c, 2),
        .va = call_u32(c, 3),
        .bytes = call_u32(c, 4),
        .routine = call_va(c, 5),
        .context = call_u32(c, 6),
        .dir = arg_dir(c, 7),
    };

    ask.irp = load_u32(c, gva_add(ask.device, DEVICE_CURRENT_IRP));
    if (!call_ok(c) ||
        (ad && !list_need(c, ad, gva_of(ask.mdl), ask.va, ask.bytes, &need)))
        return;
    ask.registers = need.pages;
    if (need.status == STATUS_SUCCESS && build) {
        ask.buffer = call_va(c, 8);
        if (call_u32(c, 9) < need.bytes)
            need.status = STATUS_BUFFER_TOO_SMALL;
    } else if (need.status == STATUS_SUCCESS &&
               pool_alloc(ke_mm(c->ke), POOL_NONPAGED, need.bytes, HAL_TAG,
                          &ask.buffer) != HB_OK) {
        need.status = STATUS_INSUFFICIENT_RESOURCES;
    }
    if (need.status == STATUS_SUCCESS && need.packed)
        need.status = list_pack(c, &need, &ask);
    if (need.status != STATUS_SUCCESS) {
        if (ask.owned && ask.buffer.v)
            pool_free(ke_mm(c->ke), ask.buffer, 0, &(struct mm_misuse){0});
        call_return(c, need.status);
        return;
    }
    if (hal_channel_ask(call_hal(c), ad, &ask) == HB_OK) {
        serve(c, STATUS_SUCCESS);
        return;
    }
    hal_pack_free(call_hal(c), ask.frames, need.pages);
    if (ask.owned)
        pool_free(ke_mm(c->ke), ask.buffer, 0, &(struct mm_misuse){0});
    call_return(c, STATUS_INSUFFICIENT_RESOURCES);
}

/* NTSTATUS GetScatterGatherList(...) */
void thunk_DmaGetScatterGatherList(struct call *c)
{
    if (!serve_state(c))
        make_list(c, false);
}

/* NTSTATUS BuildScatterGatherList(..., ScatterGatherBuffer, Length) */
void thunk_DmaBuildScatterGatherList(struct call *c)
{
    if (!serve_state(c))
        make_list(c, true);
}

/* NTSTATUS CalculateScatterGatherList(Adapter, Mdl opt, CurrentVa, Length,
 * *Size, *NumberOfMapRegisters opt) */
void thunk_DmaCalculateScatterGatherList(struct call *c)
{
    struct hal_adapter *ad = arg_adapter(c, 0);
    uint32_t va = call_u32(c, 2), bytes = call_u32(c, 3);
    struct list_need need = {.status = STATUS_INSUFFICIENT_RESOURCES};

    if (!call_ok(c))
        return;
    if (ad && call_u32(c, 1)) {
        if (!list_need(c, ad, call_va(c, 1), va, bytes, &need))
            return;
    } else if (ad) {
        need.pages = mm_span(va, bytes);
        need.bytes = list_bytes(hal_list_elements(ad, need.pages));
        if (need.pages <= hal_adapter_grant(ad))
            need.status = STATUS_SUCCESS;
    }
    if (need.status == STATUS_SUCCESS) {
        store_u32(c, call_va(c, 4), need.bytes);
        if (call_u32(c, 5))
            store_u32(c, call_va(c, 5), need.pages);
    }
    if (call_ok(c))
        call_return(c, need.status);
}

static void put_pages(struct call *c)
{
    struct hal *h = call_hal(c);
    gva_t at = call_va(c, 1);
    struct hal_adapter *ad = hal_adapter_find(h, call_va(c, 0));
    struct hal_list_view view;

    if (hal_copy(h, c->w[W_SET])) {
        call_again(c, STATE_FLUSH);
        return;
    }
    if (ad && hal_list_find(h, ad, at, &view)) {
        hal_list_put(h, at);
        if (view.target_mdl && view.target_mdl != view.mdl)
            mdl_free(ke_mm(c->ke), 0, gva_of(view.target_mdl),
                     &(struct mm_misuse){0});
        if (view.owned)
            pool_free(ke_mm(c->ke), at, 0, &(struct mm_misuse){0});
    }
    serve(c, 0);
}

/* VOID PutScatterGatherList(Adapter, ScatterGather, WriteToDevice). What the
 * driver made of the list in memory does not count. */
void thunk_DmaPutScatterGatherList(struct call *c)
{
    struct hal *h = call_hal(c);
    struct hal_adapter *ad;
    struct hal_list_view view;

    if (serve_state(c))
        return;
    if (c->state == STATE_FLUSH) {
        put_pages(c);
        return;
    }
    ad = arg_adapter(c, 0);
    if (!call_ok(c))
        return;
    if (!ad || !hal_list_find(h, ad, call_va(c, 1), &view)) {
        if (ad)
            hal_list_unknown(h, ad, call_va(c, 1));
        serve(c, 0);
        return;
    }
    hal_list_flush(h, view.at, arg_dir(c, 2), &c->w[W_SET]);
    put_pages(c);
}

/* A new MDL over the pages that the device really uses. When they are no run of
 * whole pages, as of a ragged chain in several elements, there is none. */
static uint32_t target_mdl(struct call *c, const struct hal_list_view *view,
                           gva_t original)
{
    struct hal *h = call_hal(c);
    struct mm *mm = ke_mm(c->ke);
    uint32_t cursor = 0, i;
    bool bounced = false, any = false;
    gva_t mdl, list = view->at;
    gpa_t to;

    for (i = 0; hal_list_page(h, list, &cursor, &to, &bounced); i++)
        any |= bounced;
    if (!any)
        return original.v;
    if (i != mm_span(view->va, view->bytes) ||
        mdl_create(mm, gva_of(view->va), view->bytes, &mdl) != HB_OK)
        return 0;
    cursor = 0;
    for (i = 0; hal_list_page(h, list, &cursor, &to, &bounced); i++)
        store_u32(c, gva_add(mdl, MDL_PFNS + 4 * i),
                  (uint32_t)(to.v >> PAGE_SHIFT));
    store_u16(c, gva_add(mdl, MDL_FLAGS),
              load_u16(c, gva_add(mdl, MDL_FLAGS)) | MDL_PAGES_LOCKED);
    return mdl.v;
}

/* NTSTATUS BuildMdlFromScatterGatherList(Adapter, ScatterGather, OriginalMdl,
 * *TargetMdl) */
void thunk_DmaBuildMdlFromScatterGatherList(struct call *c)
{
    struct hal *h = call_hal(c);
    struct hal_adapter *ad = arg_adapter(c, 0);
    gva_t list = call_va(c, 1), original = call_va(c, 2);
    struct hal_list_view view;
    uint32_t mdl;

    if (!call_ok(c))
        return;
    if (!original.v || !ad || !hal_list_find(h, ad, list, &view)) {
        call_return(c, STATUS_INVALID_PARAMETER);
        return;
    }
    if (view.asked_mdl) {
        call_return(c, STATUS_NONE_MAPPED);
        return;
    }
    mdl = target_mdl(c, &view, original);
    if (mdl)
        store_u32(c, call_va(c, 3), mdl);
    if (!call_ok(c))
        return;
    if (mdl)
        hal_list_set_mdl(h, list, mdl);
    call_return(c, mdl ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES);
}
