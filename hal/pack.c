/* hal/pack.c -- a chain of MDLs whose edges lie inside pages, for a device that
 * takes one piece: map registers turn whole pages, so its bytes are packed into
 * pages of the HAL, one after the other, and copied as bounced pages are. On
 * `bounce` these are the bounce pages; with the unit they are any RAM, and the
 * map registers lead to them.
 * Source: WDK, GetScatterGatherList: one element without scatter/gather. */
#include "hal/private.h"
#include "mm/frames.h"

bool hal_ragged(const struct hal_fragment *f, uint32_t count)
{
    uint32_t i;

    for (i = 1; i < count; i++)
        if (f[i].at & PAGE_MASK || ((f[i - 1].at + f[i - 1].bytes) & PAGE_MASK))
            return true;
    return false;
}

uint32_t hal_pack_pages(const struct hal_fragment *f, uint32_t bytes)
{
    return (uint32_t)(((f->at & PAGE_MASK) + bytes + PAGE_MASK) >> PAGE_SHIFT);
}

enum hb_status hal_pack_alloc(struct hal *h, uint32_t pages, uint32_t *frames)
{
    const struct frame_request req = {.owner = FRAME_HAL};

    *frames = 0;
    if (h->s.settings.kind == HAL_BOUNCE)
        return HB_OK;
    return frames_alloc_run(h->mm, &req, pages, frames);
}

void hal_pack_free(struct hal *h, uint32_t frames, uint32_t pages)
{
    uint32_t i;

    for (i = 0; frames && i < pages; i++)
        frames_free(h->mm, frames + i);
}

/* @bytes of @f from byte @in on become one page's: at @place of the packed
 * run. */
static enum hb_status pack_part(struct hal *h, const struct hal_adapter *ad,
                                struct hal_set *set,
                                const struct hal_fragment *f, uint32_t in,
                                uint32_t place, uint32_t bytes,
                                enum dma_dir dir)
{
    uint64_t first =
        HAL_POOL_AT(h, set->pool)->first + ((uint64_t)set->first << PAGE_SHIFT);
    struct hal_page page = {
        .set = set->id,
        .index = place >> PAGE_SHIFT,
        .mdl = f->mdl,
        .va = f->va + in,
        .owner = f->at + in,
        .dla = first + place,
        .bytes = bytes,
        .copy = dir == DMA_TO_DEVICE ? bytes : 0,
        .dir = (uint8_t)dir,
        .bounced = true,
    };

    page.to =
        set->frames ? ((uint64_t)set->frames << PAGE_SHIFT) + place : page.dla;
    if (dir == DMA_FROM_DEVICE && ad->ignore_count && !ad->master)
        page_zero(h, page.to, bytes);
    return page_add(h, ad, set, &page);
}

enum hb_status pack_into(struct hal *h, struct hal_adapter *ad,
                         struct hal_set *set, const struct hal_fragment *f,
                         uint32_t count, enum dma_dir dir,
                         struct hal_mapped *mapped)
{
    uint32_t start = (uint32_t)(f->at & PAGE_MASK), place = start, i, in, n;
    uint64_t room = (uint64_t)set->count << PAGE_SHIFT;
    enum hb_status status = HB_OK;

    for (i = 0; i < count; i++)
        for (in = 0; in < f[i].bytes; in += n, place += n) {
            n = PAGE_BYTES - (place & PAGE_MASK);
            if (n > f[i].bytes - in)
                n = f[i].bytes - in;
            if ((uint64_t)place + n > room)
                return HB_BAD_ARGUMENT; /* the chain grew while it waited */
            status = pack_part(h, ad, set, &f[i], in, place, n, dir);
            if (status != HB_OK)
                return status;
        }
    set->used = (place + PAGE_MASK) >> PAGE_SHIFT;
    *mapped = (struct hal_mapped){
        .at = dla_of(HAL_POOL_AT(h, set->pool)->first +
                     ((uint64_t)set->first << PAGE_SHIFT) + start),
        .bytes = place - start,
    };
    return HB_OK;
}
