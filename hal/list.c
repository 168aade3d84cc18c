/* hal/list.c -- scatter/gather lists. The driver sees the list in guest memory;
 * what is mapped for it stands here, whatever the driver does to the list.
 * Source: WDK, PGET_SCATTER_GATHER_LIST and its siblings. */
#include "hal/private.h"

uint32_t hal_list_elements(const struct hal_adapter *ad, uint32_t pages)
{
    return ad->scatter_gather && ad->master ? pages : 1;
}

static struct hal_list *list_find(const struct hal *h, uint32_t at)
{
    uint32_t i;

    for (i = 0; i < h->s.list.count; i++)
        if (HAL_LIST_AT(h, i)->at == at)
            return HAL_LIST_AT(h, i);
    return NULL;
}

/* Pieces end at fragment ends. */
uint32_t fragments_cover(const struct hal_fragment *f, uint32_t count,
                         uint32_t bytes)
{
    uint32_t n;

    for (n = 0; n < count && bytes; n++)
        bytes -= f[n].bytes;
    return n;
}

/* Map all of it, element by element. */
static enum hb_status map_elements(struct hal *h, struct hal_adapter *ad,
                                   uint32_t set, const struct hal_fragment *f,
                                   uint32_t count, enum dma_dir dir,
                                   struct hal_element *element,
                                   uint32_t *elements)
{
    uint32_t most = hal_list_elements(ad, count), done = 0;
    struct hal_mapped mapped;
    enum hb_status status;

    for (*elements = 0; done < count; (*elements)++) {
        if (*elements == most)
            return HB_BAD_ARGUMENT;
        status = map_into(h, ad, set, f + done, count - done, dir, &mapped);
        if (status != HB_OK)
            return status;
        if (!mapped.bytes)
            return HB_BAD_ARGUMENT;
        element[*elements] = (struct hal_element){mapped.at, mapped.bytes};
        done += fragments_cover(f + done, count - done, mapped.bytes);
    }
    return HB_OK;
}

/* ... or all of it as one element, in pages of ours. */
static enum hb_status map_packed(struct hal *h, struct hal_adapter *ad,
                                 uint32_t set, const struct hal_fragment *f,
                                 uint32_t count, enum dma_dir dir,
                                 struct hal_element *element,
                                 uint32_t *elements)
{
    struct hal_mapped mapped;
    enum hb_status status =
        pack_into(h, ad, set_by_id(h, set), f, count, dir, &mapped);

    if (status == HB_OK) {
        *element = (struct hal_element){mapped.at, mapped.bytes};
        *elements = 1;
    }
    return status;
}

enum hb_status hal_list_map(struct hal *h, uint32_t request,
                            const struct hal_fragment *f, uint32_t count,
                            struct hal_element *element, uint32_t *elements,
                            uint32_t *set_id)
{
    struct hal_request *r = request_by_id(h, request);
    struct hal_adapter *ad = r ? adapter_by_id(h, r->adapter) : NULL;
    struct hal_set *set;
    struct hal_list list;
    enum hb_status status;

    if (!ad || !count)
        return HB_BAD_ARGUMENT;
    set = r->set ? set_by_id(h, r->set) : set_create_direct(h, ad);
    if (!set || h->s.list.count >= HAL_SETS)
        return HB_NO_MEMORY;
    set->list = true;
    set->frames = r->frames;
    r->frames = 0;
    r->set = *set_id = set->id;
    list = (struct hal_list){
        .at = r->buffer,
        .adapter = ad->id,
        .set = set->id,
        .mdl = r->mdl,
        .bytes = r->bytes,
        .owned = r->owned,
        .dir = r->dir,
        .request = ad->master ? 0 : r->id,
    };
    status = (r->packed ? map_packed : map_elements)(
        h, ad, set->id, f, count, (enum dma_dir)r->dir, element, elements);
    if (status == HB_OK && !vec_push(&h->s.list, sizeof list, &list))
        status = HB_NO_MEMORY;
    if (status == HB_OK) {
        ad->lists++;
        ad->lists_made++;
    } else {
        set_destroy(h, *set_id);
        r->set = *set_id = 0;
    }
    return status;
}

void hal_list_start(struct hal *h, uint32_t request)
{
    const struct hal_request *r = request_by_id(h, request);
    const struct hal_adapter *ad = r ? adapter_by_id(h, r->adapter) : NULL;
    uint32_t i;

    if (!ad || ad->master)
        return;
    for (i = 0; i < h->s.page.count; i++)
        if (HAL_PAGE_AT(h, i)->set == r->set) {
            hal_system_start(h, ad, dla_of(HAL_PAGE_AT(h, i)->dla), r->bytes,
                             (enum dma_dir)r->dir);
            return;
        }
}

static uint32_t first_va(const struct hal *h, uint32_t set)
{
    const struct hal_set *s = set_by_id(h, set);

    return s ? s->first_va : 0;
}

bool hal_list_find(const struct hal *h, const struct hal_adapter *ad, gva_t at,
                   struct hal_list_view *view)
{
    const struct hal_list *list = list_find(h, at.v);

    if (!list || list->adapter != ad->id)
        return false;
    *view = (struct hal_list_view){
        .at = at,
        .mdl = list->mdl,
        .set = list->set,
        .va = first_va(h, list->set),
        .bytes = list->bytes,
        .owned = list->owned,
        .asked_mdl = list->asked_mdl,
        .target_mdl = list->target_mdl,
        .dir = (enum dma_dir)list->dir,
    };
    return true;
}

void hal_list_unknown(struct hal *h, const struct hal_adapter *ad, gva_t at)
{
    hal_misuse(h, "S16", HAL_CODE(0x06, ad->lists_made, ad->lists_put + 1, 0),
               "%08x is no scatter/gather list of adapter %08x", at.v, ad->at);
}

void hal_list_set_mdl(struct hal *h, gva_t at, uint32_t target_mdl)
{
    struct hal_list *list = list_find(h, at.v);

    if (list) {
        list->asked_mdl = true;
        list->target_mdl = target_mdl;
    }
}

void hal_list_flush(struct hal *h, gva_t at, enum dma_dir dir, uint32_t *set)
{
    const struct hal_list *list = list_find(h, at.v);
    struct hal_adapter *ad;
    struct hal_page *page;
    uint32_t i, first_va = 0, moved, done = 0;
    bool any = false;

    *set = 0;
    if (!list)
        return;
    *set = list->set;
    if (dir != (enum dma_dir)list->dir)
        hal_finding(h, "S24",
                    "list %08x put in the other direction than it "
                    "was made for",
                    at.v);
    ad = adapter_by_id(h, list->adapter);
    moved = list->bytes;
    if (ad && list->request && ad->holder == list->request)
        moved = moved_bytes(h, ad, list->bytes, dir);
    for (i = 0; i < h->s.page.count; i++) {
        page = HAL_PAGE_AT(h, i);
        if (page->set != list->set)
            continue;
        if (!any)
            first_va = page->va;
        any = true;
        page->leaving = true;
        page_check(h, page);
        page->copy = 0;
        if (page->bounced && page->dir == DMA_FROM_DEVICE &&
            dir == DMA_FROM_DEVICE && done < moved)
            page->copy =
                moved - done < page->bytes ? moved - done : page->bytes;
        done += page->bytes;
    }
    EMIT(h->events, hal_flush, ad ? ad->at : 0, first_va, list->bytes,
         (uint64_t)dir);
}

void hal_list_put(struct hal *h, gva_t at)
{
    struct hal_list *list = list_find(h, at.v);
    struct hal_adapter *ad = list ? adapter_by_id(h, list->adapter) : NULL;
    struct hal_set *set;

    if (!list)
        return;
    set = set_by_id(h, list->set);
    if (set)
        set_unmap(h, set, true);
    set_destroy(h, list->set);
    if (ad) {
        ad->lists--;
        ad->lists_put++;
    }
    if (ad && list->request && ad->holder == list->request)
        channel_idle(h, ad);
    vec_remove(&h->s.list, sizeof *list, (uint32_t)(list - HAL_LIST_AT(h, 0)));
    requests_advance(h);
}

/* Of a packed list several pieces lie in one page. */
static bool same_page_as_before(const struct hal *h, uint32_t index)
{
    const struct hal_page *page = HAL_PAGE_AT(h, index), *before;

    if (!index)
        return false;
    before = HAL_PAGE_AT(h, index - 1);
    return before->set == page->set &&
           before->to >> PAGE_SHIFT == page->to >> PAGE_SHIFT;
}

bool hal_list_page(const struct hal *h, gva_t at, uint32_t *cursor, gpa_t *to,
                   bool *bounced)
{
    const struct hal_list *list = list_find(h, at.v);

    while (list && *cursor < h->s.page.count) {
        const struct hal_page *page = HAL_PAGE_AT(h, (*cursor)++);

        if (page->set == list->set && !same_page_as_before(h, *cursor - 1)) {
            *to = gpa_of(page->to);
            *bounced = page->bounced;
            return true;
        }
    }
    return false;
}
