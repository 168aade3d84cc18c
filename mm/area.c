/* mm/area.c -- which user addresses are in use: runs of pages, ascending by
 * (space, start). Source: docs/mm.md, "User space". */
#include "base/vec.h"
#include "mm/user_private.h"

enum { AREAS_MOST = 1 << 20, GRANULARITY = 0x10000 };

static struct area *area_at(const struct mm *mm, uint32_t i)
{
    return VEC_AT(struct area, &mm->s.area, i);
}

static uint32_t area_end(const struct area *a)
{
    return a->start + a->pages * PAGE_BYTES;
}

/* First area that ends above @va in @space, or the first of a later space. */
static uint32_t lower_bound(const struct mm *mm, uint32_t space, uint32_t va)
{
    uint32_t low = 0, high = mm->s.area.count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const struct area *a = area_at(mm, middle);

        if (a->space < space || (a->space == space && area_end(a) <= va))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

uint32_t area_find(const struct mm *mm, uint32_t space, gva_t va)
{
    uint32_t i = lower_bound(mm, space, va.v);

    if (i < mm->s.area.count && area_at(mm, i)->space == space &&
        area_at(mm, i)->start <= va.v)
        return i;
    return UINT32_MAX;
}

const struct area *user_area(const struct mm *mm, uint32_t space, gva_t va)
{
    uint32_t i = area_find(mm, space, va);

    return i == UINT32_MAX ? NULL : area_at(mm, i);
}

static bool in_user_half(uint32_t va, uint32_t pages)
{
    return va >= MM_LOWEST_USER && !(va & PAGE_MASK) && pages &&
           va + (uint64_t)pages * PAGE_BYTES <= (uint64_t)MM_HIGHEST_USER + 1;
}

/* Where an area of @pages at @va goes in the vec; false: something is there. */
static bool slot_for(const struct mm *mm, uint32_t space, uint32_t va,
                     uint32_t pages, uint32_t *slot)
{
    uint32_t i = lower_bound(mm, space, va);

    *slot = i;
    return i == mm->s.area.count || area_at(mm, i)->space != space ||
           area_at(mm, i)->start >= va + (uint64_t)pages * PAGE_BYTES;
}

/* Lowest free range on a 64 KiB boundary. */
static bool choose(const struct mm *mm, uint32_t space, uint32_t pages,
                   uint32_t *va)
{
    uint64_t at = MM_LOWEST_USER;
    uint32_t i = lower_bound(mm, space, 0);

    for (; i < mm->s.area.count && area_at(mm, i)->space == space; i++) {
        const struct area *a = area_at(mm, i);

        if (at + (uint64_t)pages * PAGE_BYTES <= a->start)
            break;
        if (area_end(a) > at)
            at = ((uint64_t)area_end(a) + GRANULARITY - 1) &
                 ~(uint64_t)(GRANULARITY - 1);
    }
    *va = (uint32_t)at;
    return at <= MM_HIGHEST_USER && in_user_half((uint32_t)at, pages);
}

enum hb_status area_add(struct mm *mm, uint32_t space, gva_t *va,
                        uint32_t pages, enum area_kind kind, unsigned rights)
{
    struct area new = {.space = space,
                       .start = va->v,
                       .pages = pages,
                       .kind = (uint8_t)kind,
                       .rights = (uint8_t)rights};
    uint32_t slot;

    if (!space_find(mm, space) || !pages)
        return HB_BAD_ARGUMENT;
    if (!new.start && !choose(mm, space, pages, &new.start))
        return HB_NO_PAGES;
    if (!in_user_half(new.start, pages))
        return HB_BAD_ARGUMENT;
    if (!slot_for(mm, space, new.start, pages, &slot))
        return HB_BAD_STATE;
    if (mm->s.area.count >= AREAS_MOST ||
        !vec_insert(&mm->s.area, sizeof new, slot, &new))
        return HB_NO_PAGES;
    va->v = new.start;
    return HB_OK;
}
