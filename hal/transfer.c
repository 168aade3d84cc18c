/* hal/transfer.c -- MapTransferEx and FlushAdapterBuffersEx: an operation's
 * elements in one call, along a chain of MDLs.
 * Source: WDK, PMAP_TRANSFER_EX and PFLUSH_ADAPTER_BUFFERS_EX. */
#include "hal/private.h"

/* Whose registers these are; a NULL base is the channel holder's. */
static uint32_t context_of(const struct hal *h, const struct hal_adapter *ad,
                           const struct hal_set *set)
{
    const struct hal_request *r = request_by_id(h, ad->holder);

    if (!set->direct)
        return set->context;
    return r ? r->transfer : 0;
}

/* Of a NULL base, which many operations share, only the same bytes tell. */
static bool is_mapped(const struct hal *h, const struct hal_set *set,
                      const struct hal_fragment *first)
{
    uint32_t i;

    if (!set->direct)
        return set->pages;
    for (i = 0; i < h->s.page.count; i++)
        if (HAL_PAGE_AT(h, i)->set == set->id &&
            HAL_PAGE_AT(h, i)->mdl == first->mdl &&
            HAL_PAGE_AT(h, i)->va == first->va)
            return true;
    return false;
}

/* What was mapped from page @from on goes again. */
static void undo(struct hal *h, uint32_t set_id, uint32_t from)
{
    struct hal_set *set = set_by_id(h, set_id);
    uint32_t i;

    for (i = from; i < h->s.page.count; i++)
        HAL_PAGE_AT(h, i)->leaving = true;
    set_unmap(h, set, false);
}

static enum hb_status map_elements(struct hal *h, struct hal_adapter *ad,
                                   uint32_t set, const struct hal_fragment *f,
                                   uint32_t count, enum dma_dir dir,
                                   uint32_t most, struct hal_transfer *out)
{
    struct hal_mapped mapped;
    enum hb_status status;
    uint32_t done = 0;

    while (done < count && out->elements < most) {
        status = map_into(h, ad, set, f + done, count - done, dir, &mapped);
        if (status != HB_OK)
            return status;
        if (!mapped.bytes)
            break;
        out->element[out->elements++] =
            (struct hal_element){mapped.at, mapped.bytes};
        out->bytes += mapped.bytes;
        out->set = mapped.set ? mapped.set : out->set;
        done += fragments_cover(f + done, count - done, mapped.bytes);
    }
    return HB_OK;
}

enum hb_status hal_transfer_map(struct hal *h, struct hal_adapter *ad,
                                uint32_t base, const struct hal_fragment *f,
                                uint32_t count, enum dma_dir dir, uint32_t most,
                                struct hal_transfer *out)
{
    struct hal_set *set = set_of_base(h, ad, base, "S18");
    const struct hal_context *context;
    uint32_t before, id;
    enum hb_status status;

    if (!set)
        return HB_BAD_ARGUMENT;
    id = set->id;
    context = context_find(h, context_of(h, ad, set));
    if (context && context->cancelled)
        return HB_BAD_STATE;
    if (is_mapped(h, set, f))
        hal_finding(h, "S03",
                    "MapTransferEx on map registers %08x of adapter %08x: what "
                    "was mapped before was not flushed",
                    base, ad->at);
    before = h->s.page.count;
    status = map_elements(h, ad, id, f, count, dir,
                          hal_adapter_runs(ad) ? most : 1, out);
    if (status != HB_OK)
        undo(h, id, before);
    else if (!out->bytes)
        status = HB_NO_MAP_REGISTERS;
    else
        set_by_id(h, id)->extended = true;
    return status;
}

/* The page that the transfer began with; pages of one transfer stand in a row,
 * others of a NULL base between them at most. */
static uint32_t first_page(const struct hal *h, const struct hal_set *set,
                           uint32_t mdl, uint32_t va)
{
    uint32_t i;

    for (i = 0; i < h->s.page.count; i++)
        if (HAL_PAGE_AT(h, i)->set == set->id &&
            HAL_PAGE_AT(h, i)->mdl == mdl && HAL_PAGE_AT(h, i)->va == va)
            break;
    return i;
}

enum hb_status hal_transfer_flush(struct hal *h, struct hal_adapter *ad,
                                  uint32_t base, uint32_t mdl, uint32_t va,
                                  uint32_t bytes, enum dma_dir dir,
                                  uint32_t *set_id)
{
    struct hal_set *set = set_of_base(h, ad, base, "S22");
    uint32_t moved = moved_bytes(h, ad, bytes, dir), at = 0, i;
    struct hal_page *page;

    *set_id = 0;
    if (!set)
        return HB_BAD_ARGUMENT;
    i = first_page(h, set, mdl, va);
    if (i == h->s.page.count) {
        hal_finding(h, "S22",
                    "flush of MDL %08x from %08x, %u bytes, on map registers "
                    "%08x: no transfer began there",
                    mdl, va, bytes, base);
        return HB_NOT_FOUND;
    }
    for (; i < h->s.page.count && at < bytes; i++) {
        page = HAL_PAGE_AT(h, i);
        if (page->set != set->id)
            continue;
        page_leaves(h, ad, page, at, moved, dir);
        at += page->bytes;
    }
    EMIT(h->events, hal_flush, ad->at, va, bytes, (uint64_t)dir);
    *set_id = set->id;
    return HB_OK;
}

void hal_transfer_limits(const struct hal *h, const struct hal_adapter *ad,
                         uint32_t *elements, uint32_t *bits, uint32_t *unit)
{
    (void)h;
    *elements = hal_adapter_runs(ad) ? ad->grant : 1;
    for (*bits = 0; *bits < 64 && ad->limit >> *bits; ++*bits)
        ;
    *unit = ad->master ? 1 : ad->width / 8u;
}
