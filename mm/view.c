/* mm/view.c -- views of physical memory. Source: docs/mm.md; WDK,
 * ZwMapViewOfSection. */
#include "mm/view.h"

#include <stdio.h>

#include "mm/system.h"

enum { GRANULARITY = 0x10000, ZERO_BITS_ROOM = 20, ZERO_BITS_MOST = 22 };

static uint64_t physical_end(const struct mm *mm)
{
    return (uint64_t)1 << (mm->s.settings.pae ? 36 : 32);
}

/* Offset and length as the view will have them. */
static enum view_answer settle(const struct mm *mm,
                               const struct view_request *req, uint64_t *offset,
                               uint64_t *bytes)
{
    uint64_t wanted = req->bytes;

    if (req->user_mode &&
        (req->offset > mm->ram->top || wanted > mm->ram->top - req->offset))
        return VIEW_BAD_OFFSET;
    if (!wanted && req->offset < mm->ram->top)
        wanted = mm->ram->top - req->offset;
    if (!wanted || req->offset >= physical_end(mm) ||
        wanted > physical_end(mm) - req->offset)
        return VIEW_BAD_OFFSET;
    *offset = req->offset & ~(uint64_t)(GRANULARITY - 1);
    *bytes =
        (wanted + (req->offset - *offset) + PAGE_MASK) & ~(uint64_t)PAGE_MASK;
    return *bytes > MM_HIGHEST_USER ? VIEW_NO_ROOM : VIEW_OK;
}

static enum view_answer check_base(const struct view_request *req, gva_t *base,
                                   uint64_t bytes)
{
    if (req->zero_bits >= ZERO_BITS_MOST)
        return VIEW_BAD_ZERO_BITS;
    if (req->zero_bits >= ZERO_BITS_ROOM)
        return VIEW_NO_ROOM;
    base->v = req->base.v & ~(uint32_t)(GRANULARITY - 1);
    if (req->base.v &&
        (base->v < MM_LOWEST_USER || base->v + bytes > MM_USER_PROBE))
        return VIEW_BAD_BASE;
    return VIEW_OK;
}

/* XP and later refuse a second cache type; before, the one that is there wins
 * or both stand. */
static enum view_answer check_cache(struct mm *mm, uint64_t offset,
                                    uint64_t bytes, enum mm_cache cache)
{
    if (!io_conflicts(mm, (uint32_t)(offset >> PAGE_SHIFT),
                      (uint32_t)(bytes >> PAGE_SHIFT), cache))
        return VIEW_OK;
    EMIT(mm->events, finding, EVENT_STRING("S37"),
         EVENT_STRING("a physical page is mapped with two cache types"));
    return mm->s.settings.era >= MM_XP ? VIEW_CONFLICT : VIEW_OK;
}

/* IOS-034: pages that are somebody's own; the first one is named. */
static void remark_on_owner(struct mm *mm, uint64_t offset, uint64_t bytes)
{
    uint64_t end = (offset + bytes) >> PAGE_SHIFT;
    char text[96];

    for (uint64_t pfn = offset >> PAGE_SHIFT; pfn < end; pfn++) {
        const struct frame *f = frames_find(mm, (uint32_t)pfn);

        if (!f || !f->refs)
            continue;
        snprintf(text, sizeof text, "view of page %x, which is of kind %s",
                 f->pfn, frames_owner_name(f->owner));
        EMIT(mm->events, finding, EVENT_STRING("S33"), EVENT_STRING(text));
        return;
    }
}

enum view_answer view_map(struct mm *mm, uint32_t space,
                          struct view_request *req)
{
    uint64_t offset, bytes;
    gva_t base;
    enum view_answer answer = settle(mm, req, &offset, &bytes);
    enum hb_status st;

    if (answer == VIEW_OK)
        answer = check_base(req, &base, bytes);
    if (answer == VIEW_OK)
        answer = check_cache(mm, offset, bytes, req->cache);
    if (answer != VIEW_OK)
        return answer;
    st = user_view_run(mm, space, &base, (uint32_t)(offset >> PAGE_SHIFT),
                       (uint32_t)(bytes >> PAGE_SHIFT), AREA_PHYSICAL,
                       req->rights | MM_USER, req->cache);
    if (st != HB_OK)
        return st == HB_BAD_STATE ? VIEW_CONFLICT : VIEW_NO_ROOM;
    remark_on_owner(mm, offset, bytes);
    req->base = base;
    req->offset = offset;
    req->bytes = bytes;
    return VIEW_OK;
}

enum hb_status view_unmap(struct mm *mm, uint32_t space, gva_t va)
{
    const struct area *a = user_area(mm, space, va);

    if (!a || a->kind != AREA_PHYSICAL)
        return HB_NOT_FOUND;
    return user_free(mm, space, gva_of(a->start));
}
