/* hal/common.c -- common buffers: memory that CPU and device see at once.
 * Contiguous pages; with the unit they get registers for as long as they live,
 * without it they lie where the device reaches.
 * Source: WDK, PALLOCATE_COMMON_BUFFER; contents are unspecified: a pattern. */
#include <string.h>

#include "hal/private.h"
#include "mm/system.h"

enum { PATTERN = 0xcb };

/* The window whose registers lie below @highest. */
static uint32_t pool_below(struct hal *h, const struct hal_adapter *ad,
                           uint64_t highest)
{
    return highest >= ad->limit ? ad->pool
                                : pool_get(h, ad->requester, highest);
}

static enum hb_status set_for(struct hal *h, struct hal_adapter *ad,
                              uint32_t pages, uint64_t highest,
                              struct hal_set **set)
{
    enum hb_status status;
    uint32_t pool;

    if (h->s.settings.kind == HAL_BOUNCE) {
        *set = set_create_direct(h, ad);
        status = *set ? HB_OK : HB_NO_MEMORY;
    } else if (pages > ad->grant) {
        return HB_NO_MAP_REGISTERS;
    } else {
        pool = pool_below(h, ad, highest);
        if (pool == HAL_NONE)
            return HB_NO_MAP_REGISTERS;
        status = set_create_in(h, ad, pool, pages, set);
    }
    if (status == HB_OK)
        (*set)->common = true;
    return status;
}

static enum hb_status memory_for(struct hal *h, const struct hal_adapter *ad,
                                 uint32_t bytes, uint64_t highest, bool cached,
                                 gva_t *va, gpa_t *pa)
{
    struct contiguous limits = {.cache = cached ? MM_CACHED : MM_NONCACHED};

    if (highest > ad->limit)
        highest = ad->limit;
    if (h->s.settings.kind == HAL_BOUNCE) {
        limits.highest = highest == UINT64_MAX ? 0 : highest;
        limits.boundary = adapter_boundary(h, ad);
    }
    return contiguous_alloc(h->mm, bytes, &limits, va, pa);
}

static void fill_pattern(struct hal *h, uint64_t pa)
{
    uint8_t page[PAGE_BYTES];

    memset(page, PATTERN, sizeof page);
    ram_write(h->ram, gpa_of(pa), page, sizeof page);
}

static enum hb_status map_pages(struct hal *h, const struct hal_adapter *ad,
                                struct hal_set *set,
                                const struct hal_common *buffer, uint32_t pages)
{
    enum hb_status status = HB_OK;
    uint32_t i, done;

    for (i = 0; i < pages && status == HB_OK; i++) {
        done = i << PAGE_SHIFT;
        struct hal_page page = {
            .set = set->id,
            .index = i,
            .va = buffer->va + done,
            .owner = buffer->pa + done,
            .to = buffer->pa + done,
            .dla = buffer->dla + done,
            .bytes = buffer->bytes - done < PAGE_BYTES ? buffer->bytes - done
                                                       : PAGE_BYTES,
            .common = true,
        };

        fill_pattern(h, page.to);
        status = page_add(h, ad, set, &page);
    }
    return status;
}

enum hb_status hal_common_alloc(struct hal *h, struct hal_adapter *ad,
                                uint32_t bytes, gva_t *va, dla_t *at)
{
    return hal_common_alloc_ex(h, ad, bytes, UINT64_MAX, true, va, at);
}

enum hb_status hal_common_alloc_ex(struct hal *h, struct hal_adapter *ad,
                                   uint32_t bytes, uint64_t highest,
                                   bool cached, gva_t *va, dla_t *at)
{
    struct hal_common buffer = {.adapter = ad->id, .bytes = bytes};
    uint32_t pages = (bytes >> 12) + ((bytes & PAGE_MASK) != 0);
    enum hb_status status;
    struct hal_set *set;
    gpa_t pa;

    if (!bytes || !highest)
        return HB_BAD_ARGUMENT;
    status = memory_for(h, ad, bytes, highest, cached, va, &pa);
    if (status != HB_OK)
        return status;
    status = set_for(h, ad, pages, highest, &set);
    if (status != HB_OK) {
        contiguous_free(h->mm, *va);
        return status;
    }
    buffer.set = set->id;
    buffer.va = va->v;
    buffer.pa = buffer.dla = pa.v;
    if (set->pool != HAL_NONE)
        buffer.dla = HAL_POOL_AT(h, set->pool)->first +
                     ((uint64_t)set->first << PAGE_SHIFT);
    status = map_pages(h, ad, set, &buffer, pages);
    if (status == HB_OK && !vec_push(&h->s.common, sizeof buffer, &buffer))
        status = HB_NO_MEMORY;
    if (status != HB_OK) {
        set_destroy(h, buffer.set);
        contiguous_free(h->mm, *va);
        return status;
    }
    ad->buffers++;
    *at = dla_of(buffer.dla);
    return HB_OK;
}

enum hb_status hal_common_free(struct hal *h, struct hal_adapter *ad,
                               uint32_t bytes, dla_t at, gva_t va)
{
    const struct hal_common *b = NULL;
    uint32_t i;

    for (i = 0; i < h->s.common.count; i++) {
        b = HAL_COMMON_AT(h, i);
        if (b->adapter == ad->id && b->va == va.v && b->bytes == bytes &&
            b->dla == at.v)
            break;
    }
    if (i == h->s.common.count && !ad->buffers)
        hal_misuse(h, "S14", HAL_CODE(0x03, 1, 0, 0),
                   "adapter %08x has no common buffers, one more is freed",
                   ad->at);
    if (i == h->s.common.count) {
        hal_finding(h, "S15",
                    "adapter %08x has no common buffer of %u bytes at %08x, "
                    "logical %llx",
                    ad->at, bytes, va.v, (unsigned long long)at.v);
        return HB_NOT_FOUND;
    }
    set_destroy(h, b->set);
    vec_remove(&h->s.common, sizeof *b, i);
    contiguous_free(h->mm, va);
    ad->buffers--;
    requests_advance(h);
    return HB_OK;
}
