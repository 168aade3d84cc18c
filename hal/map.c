/* hal/map.c -- MapTransfer and FlushAdapterBuffers. With the unit every page
 * gets a map register and the piece is one logical run. Without it (bounce) a
 * piece is used where it lies if the device can, else it goes through bounce
 * pages: the copy to them is made now, the one back at the flush, one page at
 * a time. What was bounced is known page by page.
 * Source: WDK, PMAP_TRANSFER and PFLUSH_ADAPTER_BUFFERS; docs/hal.md. */
#include <string.h>

#include "hal/private.h"

static bool has_unit(const struct hal *h)
{
    return h->s.settings.kind != HAL_BOUNCE;
}

static bool reaches(const struct hal_adapter *ad, uint64_t at)
{
    return (at | PAGE_MASK) <= ad->limit;
}

enum hb_status page_add(struct hal *h, const struct hal_adapter *ad,
                        struct hal_set *set, const struct hal_page *page)
{
    const struct hal_pool *pool;
    unsigned flags;

    if (h->s.page.count >= HAL_PAGES ||
        !vec_push(&h->s.page, sizeof *page, page))
        return HB_NO_MEMORY;
    if (!set->pages++) {
        set->first_va = page->va;
        set->mdl = page->mdl;
    }
    set->next_va = page->va + page->bytes;
    if (set->pool != HAL_NONE && has_unit(h)) {
        pool = HAL_POOL_AT(h, set->pool);
        flags = UNIT_VALID;
        if (page->common || page->dir == DMA_TO_DEVICE)
            flags |= UNIT_READ;
        if (page->common || page->dir == DMA_FROM_DEVICE)
            flags |= UNIT_WRITE;
        unit_set(h, pool->requester, pool->window, set->first + page->index,
                 page->to & ~(uint64_t)PAGE_MASK, flags);
    }
    if (!page->common && page->dir == DMA_TO_DEVICE)
        HAL_PAGE_AT(h, h->s.page.count - 1)->sum = page_sum(h, page);
    EMIT(h->events, hal_map, ad->at, page->index, page->va, page->owner,
         page->dla, page->bytes, page->dir, page->mdl);
    return HB_OK;
}

/* A NULL base has no set of its own to be freed with: what is remembered for
 * the inspector is bounded, the oldest go. */
static void forget_oldest(struct hal *h, struct hal_set *set)
{
    uint32_t i;

    for (i = 0; set->pages >= HAL_DIRECT_PAGES && i < h->s.page.count; i++)
        if (HAL_PAGE_AT(h, i)->set == set->id) {
            HAL_PAGE_AT(h, i)->leaving = true;
            set_unmap(h, set, false);
            return;
        }
}

/* How many fragments from the first one follow each other in physical memory,
 * without crossing a line that the adapter's pieces must not cross. */
static uint32_t physical_run(const struct hal *h, const struct hal_adapter *ad,
                             const struct hal_fragment *f, uint32_t count)
{
    uint64_t line = adapter_boundary(h, ad);
    uint32_t n;

    for (n = 1; n < count; n++)
        if (f[n].at != f[n - 1].at + f[n - 1].bytes ||
            f[n].at / line != f[0].at / line)
            break;
    return n;
}

/* How many fragments can follow each other in pages of ours: the pieces of one
 * MDL; the ragged edge between two MDLs of a chain ends a run. */
static uint32_t page_run(const struct hal_fragment *f, uint32_t count)
{
    uint32_t n;

    for (n = 1; n < count; n++)
        if (f[n].at & PAGE_MASK || ((f[n - 1].at + f[n - 1].bytes) & PAGE_MASK))
            break;
    return n;
}

/* How a piece is going to be mapped. */
struct plan {
    uint32_t count; /* fragments                          */
    uint32_t index; /* first register                     */
    bool bounce;
};

static uint32_t unreachable_run(const struct hal_adapter *ad,
                                const struct hal_fragment *f, uint32_t count)
{
    uint32_t n;

    for (n = 0; n < count && !reaches(ad, f[n].at); n++)
        ;
    return n;
}

static uint32_t reachable_run(const struct hal_adapter *ad,
                              const struct hal_fragment *f, uint32_t count)
{
    uint32_t n;

    for (n = 0; n < count && reaches(ad, f[n].at); n++)
        ;
    return n;
}

/* Without a unit: section 7 of the DMA facts, "when the HAL double-buffers". */
static void plan_bounce(const struct hal *h, const struct hal_adapter *ad,
                        const struct hal_set *set, const struct hal_fragment *f,
                        uint32_t count, struct plan *plan)
{
    uint32_t run = physical_run(h, ad, f, count);
    uint32_t near = reachable_run(ad, f, run);

    plan->bounce = false;
    plan->count = run;
    if (set->pool == HAL_NONE)
        return;
    if (ad->master && ad->scatter_gather) {
        plan->count = near;
        if (!near) {
            plan->bounce = true;
            plan->count = page_run(f, unreachable_run(ad, f, count));
        }
    } else if (near < count) {
        plan->bounce = true;
        plan->count = page_run(f, count);
    }
}

/* The next piece may begin in the page where the one before ended: the same
 * register serves both. */
static uint32_t next_index(const struct hal *h, const struct hal_set *set,
                           const struct hal_fragment *f)
{
    uint32_t i;

    if (!set->used || set->direct || set->mdl != f->mdl ||
        set->next_va != f->va || !(f->va & PAGE_MASK))
        return set->used;
    for (i = h->s.page.count; i-- > 0;)
        if (HAL_PAGE_AT(h, i)->set == set->id)
            return HAL_PAGE_AT(h, i)->index == set->used - 1 ? set->used - 1
                                                             : set->used;
    return set->used;
}

static void make_plan(const struct hal *h, const struct hal_adapter *ad,
                      const struct hal_set *set, const struct hal_fragment *f,
                      uint32_t count, struct plan *plan)
{
    plan->index = next_index(h, set, f);
    if (set->pool != HAL_NONE && count > set->count - plan->index)
        count = set->count - plan->index;
    plan->count = 0;
    plan->bounce = false;
    if (!count)
        return;
    if (has_unit(h) && set->pool != HAL_NONE)
        plan->count = page_run(f, count);
    else
        plan_bounce(h, ad, set, f, count, plan);
}

void page_zero(struct hal *h, uint64_t at, uint32_t bytes)
{
    static const uint8_t zero[PAGE_BYTES];

    ram_write(h->ram, gpa_of(at), zero, bytes);
}

/* Record fragment @i of the plan. */
static enum hb_status map_fragment(struct hal *h, const struct hal_adapter *ad,
                                   struct hal_set *set,
                                   const struct hal_fragment *f,
                                   const struct plan *plan, uint32_t i,
                                   enum dma_dir dir)
{
    struct hal_page page = {
        .set = set->id,
        .index = set->direct ? set->pages : plan->index + i,
        .mdl = f->mdl,
        .va = f->va,
        .owner = f->at,
        .to = f->at,
        .dla = f->at,
        .bytes = f->bytes,
        .dir = (uint8_t)dir,
        .bounced = plan->bounce,
    };

    if (set->pool != HAL_NONE && (has_unit(h) || plan->bounce))
        page.dla = HAL_POOL_AT(h, set->pool)->first +
                   ((uint64_t)(set->first + page.index) << PAGE_SHIFT) +
                   (f->at & PAGE_MASK);
    if (plan->bounce) {
        page.to = page.dla;
        if (dir == DMA_TO_DEVICE)
            page.copy = f->bytes;
        else if (ad->ignore_count && !ad->master)
            page_zero(h, page.to, page.bytes);
    }
    if (set->direct && !set->list)
        forget_oldest(h, set);
    return page_add(h, ad, set, &page);
}

static uint32_t total(const struct hal_fragment *f, uint32_t count)
{
    uint32_t i, sum = 0;

    for (i = 0; i < count; i++)
        sum += f[i].bytes;
    return sum;
}

enum hb_status map_into(struct hal *h, struct hal_adapter *ad, uint32_t set_id,
                        const struct hal_fragment *f, uint32_t count,
                        enum dma_dir dir, struct hal_mapped *mapped)
{
    struct hal_set *set = set_by_id(h, set_id);
    enum hb_status status;
    struct plan plan;
    uint32_t i;

    *mapped = (struct hal_mapped){0};
    make_plan(h, ad, set, f, count, &plan);
    for (i = 0; i < plan.count; i++) {
        status = map_fragment(h, ad, set, &f[i], &plan, i, dir);
        if (status != HB_OK)
            return status;
        if (!i)
            mapped->at = dla_of(HAL_PAGE_AT(h, h->s.page.count - 1)->dla);
    }
    if (!plan.count)
        return HB_OK;
    if (!set->direct)
        set->used = plan.index + plan.count;
    mapped->bytes = total(f, plan.count);
    mapped->set = plan.bounce && dir == DMA_TO_DEVICE ? set->id : 0;
    return HB_OK;
}

struct hal_set *set_of_base(struct hal *h, struct hal_adapter *ad,
                            uint32_t base, const char *rule)
{
    struct hal_set *set = set_by_id(h, base);

    if (!base && ad->pool == HAL_NONE)
        return set_direct(h, ad);
    if (!set || set->adapter != ad->id || set->common || set->direct) {
        hal_misuse(h, rule,
                   rule[2] == '8' ? HAL_CODE(0x0c, 1, 0, 0)
                                  : HAL_CODE(0x20, base, 0, 0),
                   "%08x is no MapRegisterBase of adapter %08x", base, ad->at);
        return NULL;
    }
    return set;
}

/* S19: the first byte is mapped by this set already. */
static void check_twice(struct hal *h, const struct hal_set *set,
                        const struct hal_fragment *f)
{
    const struct hal_page *page;
    uint32_t i;

    for (i = 0; !set->direct && set->pages && i < h->s.page.count; i++) {
        page = HAL_PAGE_AT(h, i);
        if (page->set != set->id || page->mdl != f->mdl ||
            f->va - page->va >= page->bytes)
            continue;
        hal_misuse(
            h, "S19", HAL_CODE(0x1d, page->va, page->va + page->bytes, f->va),
            "%08x is mapped on map registers %08x already", f->va, set->id);
        return;
    }
}

enum hb_status hal_map(struct hal *h, struct hal_adapter *ad, uint32_t base,
                       const struct hal_fragment *f, uint32_t count,
                       enum dma_dir dir, struct hal_mapped *mapped)
{
    struct hal_set *set;
    enum hb_status status;

    *mapped = (struct hal_mapped){0};
    if (!count) {
        hal_misuse(h, "S20", HAL_CODE(0x21, 0, 0, 0),
                   "MapTransfer of no bytes on adapter %08x", ad->at);
        return HB_OK;
    }
    set = set_of_base(h, ad, base, "S18");
    if (!set)
        return HB_OK;
    check_twice(h, set, f);
    status = map_into(h, ad, set->id, f, count, dir, mapped);
    set = set_by_id(h, base);
    if (!set)
        return status;
    if (status == HB_OK && !ad->scatter_gather &&
        mapped->bytes < total(f, count))
        hal_misuse(h, "S18", HAL_CODE(0x0c, count, set->count, 0),
                   "%u bytes to map on adapter %08x, its registers %08x "
                   "hold %u",
                   total(f, count), ad->at, base, mapped->bytes);
    else if (status == HB_OK && !mapped->bytes)
        hal_misuse(h, "S18", HAL_CODE(0x0c, set->used + 1, set->count, 0),
                   "map registers %08x are used up", base);
    return status;
}

/* One page between its owner and its bounce page. Owners may be RAM or, of an
 * MDL over device memory, a card: then byte by byte over the bus. */
static void copy_page(struct hal *h, uint64_t from, uint64_t to, uint32_t bytes)
{
    uint8_t buffer[PAGE_BYTES];
    uint32_t i;

    if (!ram_read(h->ram, gpa_of(from), buffer, bytes))
        for (i = 0; i < bytes; i++)
            buffer[i] = (uint8_t)bus_load(h->bus, gpa_of(from + i), 1);
    if (!ram_write(h->ram, gpa_of(to), buffer, bytes))
        for (i = 0; i < bytes; i++)
            bus_store(h->bus, gpa_of(to + i), 1, buffer[i]);
    EMIT(h->events, hal_copy, from, to, bytes);
}

bool hal_copy(struct hal *h, uint32_t set)
{
    struct hal_page *page;
    uint32_t i;

    for (i = 0; set && i < h->s.page.count; i++) {
        page = HAL_PAGE_AT(h, i);
        if (page->set != set || !page->copy)
            continue;
        if (page->dir == DMA_TO_DEVICE)
            copy_page(h, page->owner, page->to, page->copy);
        else
            copy_page(h, page->to, page->owner, page->copy);
        page->copy = 0;
        return true;
    }
    return false;
}

/* A slave's flush ends its transfer; only what was moved is copied back. */
uint32_t moved_bytes(struct hal *h, const struct hal_adapter *ad,
                     uint32_t bytes, enum dma_dir dir)
{
    uint32_t left;

    if (ad->master)
        return bytes;
    hal_system_stop(h, ad);
    completion_stopped(h, ad, HAL_DMA_ABORTED);
    if (dir == DMA_TO_DEVICE || ad->ignore_count || ad->auto_init)
        return bytes;
    left = hal_system_left(h, ad);
    return left < bytes ? bytes - left : 0;
}

void page_leaves(struct hal *h, const struct hal_adapter *ad,
                 struct hal_page *page, uint32_t at, uint32_t moved,
                 enum dma_dir dir)
{
    uint32_t rest;

    page->leaving = true;
    page->copy = 0;
    page_check(h, page);
    if (page->dir != dir)
        hal_finding(h, "S24",
                    "adapter %08x: page %08x flushed in the other "
                    "direction than it was mapped",
                    ad->at, page->va);
    if (page->dir != DMA_FROM_DEVICE || dir != DMA_FROM_DEVICE ||
        !page->bounced || at >= moved)
        return;
    rest = moved - at;
    page->copy = rest < page->bytes ? rest : page->bytes;
}

/* Bytes from @va on that the registers of @set can hold. */
static uint32_t room_of(const struct hal_set *set, uint32_t va)
{
    return (set->count << PAGE_SHIFT) - (va & PAGE_MASK);
}

void hal_flush(struct hal *h, struct hal_adapter *ad, uint32_t base,
               uint32_t mdl, uint32_t va, uint32_t bytes, enum dma_dir dir,
               uint32_t *set_id)
{
    struct hal_set *set = set_of_base(h, ad, base, "S22");
    struct hal_page *page;
    uint32_t i, moved, hits = 0;
    bool whole, apart;

    *set_id = 0;
    moved = moved_bytes(h, ad, bytes, dir);
    if (!set)
        return;
    /* the whole operation when it starts where the first piece did; NULL bases
     * and chains of MDLs (MapTransferEx) are flushed MDL by MDL */
    apart = set->direct || set->extended;
    whole = !apart && va == set->first_va && mdl == set->mdl;
    for (i = 0; i < h->s.page.count; i++) {
        page = HAL_PAGE_AT(h, i);
        if (page->set != set->id ||
            (!whole && (page->mdl != mdl || page->va - va >= bytes)))
            continue;
        page_leaves(h, ad, page, page->va - va, moved, dir);
        hits++;
    }
    EMIT(h->events, hal_flush, ad->at, va, bytes, (uint64_t)dir);
    if (!set->direct && !hits)
        hal_misuse(h, "S22", HAL_CODE(0x20, base, va, mdl),
                   "flush of %08x, %u bytes on map registers %08x: nothing "
                   "mapped",
                   va, bytes, base);
    else if (!set->direct && !whole && !apart)
        hal_misuse(h, "S22", HAL_CODE(0x16, base, 0, 0),
                   "flush of %08x, %u bytes on map registers %08x: not where "
                   "the transfer began",
                   va, bytes, base);
    else if (!set->direct && bytes > room_of(set, va))
        hal_misuse(h, "S07", HAL_CODE(0x00, 1, room_of(set, va), bytes),
                   "flush of %u bytes runs past map registers %08x", bytes,
                   base);
    if (hits)
        *set_id = set->id;
}

void hal_flush_end(struct hal *h, uint32_t set_id)
{
    struct hal_set *set = set_by_id(h, set_id);

    if (set)
        set_unmap(h, set, false);
}
