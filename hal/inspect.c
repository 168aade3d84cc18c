/* hal/inspect.c -- what the HAL shows of itself. */
#include "hal/private.h"

unsigned hal_adapter_count(const struct hal *h)
{
    return h->s.adapter.count;
}

static uint32_t queued(const struct hal *h, uint32_t adapter)
{
    uint32_t i, n = 0;

    for (i = 0; i < h->s.request.count; i++)
        n += HAL_REQUEST_AT(h, i)->adapter == adapter &&
             HAL_REQUEST_AT(h, i)->state <= REQUEST_STARVED;
    return n;
}

bool hal_adapter_at(const struct hal *h, unsigned index,
                    struct hal_adapter_info *info)
{
    const struct hal_adapter *ad;
    const struct hal_pool *pool;

    if (index >= h->s.adapter.count)
        return false;
    ad = HAL_ADAPTER_AT(h, index);
    *info = (struct hal_adapter_info){
        .at = gva_of(ad->at),
        .master = ad->master,
        .scatter_gather = ad->scatter_gather,
        .busy = ad->busy,
        .uses_registers = ad->pool != HAL_NONE,
        .channel = ad->channel == 0xff ? -1 : ad->channel,
        .width = ad->width,
        .requester = ad->requester,
        .grant = ad->grant,
        .limit = ad->limit,
        .references = ad->references,
        .registers = ad->registers,
        .buffers = ad->buffers,
        .lists = ad->lists,
        .queued = queued(h, ad->id),
    };
    if (ad->pool != HAL_NONE) {
        pool = HAL_POOL_AT(h, ad->pool);
        info->first =
            dla_of(pool->first + ((uint64_t)pool->start << PAGE_SHIFT));
        info->last =
            dla_of(pool->first + ((uint64_t)pool->count << PAGE_SHIFT) - 1);
    }
    return true;
}

unsigned hal_page_count(const struct hal *h)
{
    return h->s.page.count;
}

bool hal_page_at(const struct hal *h, unsigned index,
                 struct hal_page_info *info)
{
    const struct hal_adapter *ad;
    const struct hal_page *page;
    const struct hal_set *set;

    if (index >= h->s.page.count)
        return false;
    page = HAL_PAGE_AT(h, index);
    set = set_by_id(h, page->set);
    ad = set ? adapter_by_id(h, set->adapter) : NULL;
    *info = (struct hal_page_info){
        .adapter = gva_of(ad ? ad->at : 0),
        .base = set && set->pool != HAL_NONE ? set->id : 0,
        .index = page->index,
        .va = gva_of(page->va),
        .owner = gpa_of(page->owner),
        .dla = dla_of(page->dla),
        .to = gpa_of(page->to),
        .bytes = page->bytes,
        .dir = page->dir,
        .bounced = page->bounced,
        .common = page->common,
        .mdl = page->mdl,
    };
    return true;
}

bool hal_page_find(const struct hal *h, gva_t adapter, dla_t at,
                   struct hal_page_info *info)
{
    uint32_t i;

    for (i = 0; i < h->s.page.count; i++)
        if (at.v - HAL_PAGE_AT(h, i)->dla < HAL_PAGE_AT(h, i)->bytes &&
            hal_page_at(h, i, info) &&
            (!adapter.v || info->adapter.v == adapter.v))
            return true;
    return false;
}
