/* mm/frames.c -- who has which page of RAM. An entry exists while somebody owns
 * or locks the page. Where no limit is wished, pages above 16 MiB go first and
 * upwards, then those below it downwards: what ISA devices reach stays free as
 * long as it can. Source of the states: docs/mm.md, "Physical pages". */
#include "mm/frames.h"

#include "base/vec.h"
#include "mm/frame_index.h"
#include "mm/pagefile.h"
#include "mm/paging.h"

#define ISA_REACH ((uint64_t)16 << 20)

static const char *const owner_name[FRAME_OWNERS] = {
    [FRAME_RESERVED] = "reserved",
    [FRAME_TABLE] = "table",
    [FRAME_KERNEL] = "kernel",
    [FRAME_POOL] = "pool",
    [FRAME_STACK] = "stack",
    [FRAME_SYSTEM] = "system",
    [FRAME_CONTIGUOUS] = "contiguous",
    [FRAME_USER] = "user",
    [FRAME_MDL] = "mdl",
    [FRAME_HAL] = "hal",
    [FRAME_PAGED_POOL] = "paged pool",
};

const char *frames_owner_name(unsigned owner)
{
    return owner < FRAME_OWNERS ? owner_name[owner] : "?";
}

struct frame *frames_find(const struct mm *mm, uint32_t pfn)
{
    uint32_t entry = pfn < mm->index->pages ? mm->index->entry[pfn] : 0;

    return entry ? VEC_AT(struct frame, &mm->s.frame, entry - 1) : NULL;
}

bool frames_is_ram(const struct mm *mm, uint32_t pfn)
{
    return ram_is(mm->ram, gpa_of((uint64_t)pfn << PAGE_SHIFT), PAGE_BYTES);
}

uint64_t frames_in_use(const struct mm *mm)
{
    return mm->s.frame.count;
}

uint64_t frames_free_count(const struct mm *mm)
{
    return mm->ram->bytes / PAGE_BYTES - mm->s.frame.count;
}

static bool enter(struct mm *mm, uint32_t pfn, enum frame_owner owner)
{
    struct frame new = {.pfn = pfn,
                        .owner = (uint8_t)owner,
                        .cache = MM_CACHE_UNSET,
                        .refs = 1};

    if (!vec_push(&mm->s.frame, sizeof new, &new))
        return false;
    frame_index_set(mm->index, pfn, mm->s.frame.count);
    mm->index->owned[owner]++;
    EMIT(mm->events, page_alloc, pfn, EVENT_STRING(owner_name[owner]));
    return true;
}

/* The last of the vec moves into the gap. */
static void leave(struct mm *mm, struct frame *f)
{
    struct vec *v = &mm->s.frame;
    uint32_t pfn = f->pfn;
    struct frame *last = VEC_AT(struct frame, v, v->count - 1);

    mm->index->owned[f->owner]--;
    frame_index_set(mm->index, last->pfn, mm->index->entry[pfn]);
    frame_index_set(mm->index, pfn, 0);
    *f = *last;
    v->count--;
    EMIT(mm->events, page_free, pfn);
}

static void clear(struct mm *mm, uint64_t first, uint64_t pages)
{
    static const uint8_t zero[PAGE_BYTES];

    for (uint64_t p = first; p < first + pages; p++) {
        /* a page never written is zero: leave it out of saves */
        if (ram_next_touched(mm->ram, p) == p)
            ram_write(mm->ram, gpa_of(p << PAGE_SHIFT), zero, PAGE_BYTES);
    }
}

/* ---- search ----------------------------------------------------------------
 */

struct run_wish {
    uint64_t pages, align, boundary; /* all in pages; boundary 0: none */
};

/* Lowest start >= @p that alignment and boundary allow. */
static uint64_t settle_up(const struct run_wish *w, uint64_t p)
{
    for (;;) {
        uint64_t was = p;

        p = (p + w->align - 1) / w->align * w->align;
        if (w->boundary && p / w->boundary != (p + w->pages - 1) / w->boundary)
            p = (p / w->boundary + 1) * w->boundary;
        if (p == was)
            return p;
    }
}

static bool search_up(const struct frame_index *ix, const struct run_wish *w,
                      uint64_t from, uint64_t end, uint64_t *first)
{
    uint64_t p = from, used;

    for (;;) {
        p = settle_up(w, frame_index_next(ix, false, p, end));
        if (p + w->pages > end)
            return false;
        used = frame_index_next(ix, true, p, p + w->pages);
        if (used == p + w->pages) {
            *first = p;
            return true;
        }
        p = used + 1;
    }
}

static bool crosses(const struct run_wish *w, uint64_t p)
{
    return w->boundary && p / w->boundary != (p + w->pages - 1) / w->boundary;
}

static bool search_down(const struct frame_index *ix, const struct run_wish *w,
                        uint64_t from, uint64_t end, uint64_t *first)
{
    uint64_t p, used;

    for (;;) {
        end = frame_index_last(ix, false, from, end) + 1;
        if (!end || end < from + w->pages)
            return false;
        p = (end - w->pages) / w->align * w->align;
        if (p < from)
            return false;
        if (crosses(w, p)) {
            end = (p + w->pages - 1) / w->boundary * w->boundary;
            continue;
        }
        used = frame_index_last(ix, true, p, p + w->pages);
        if (used == UINT64_MAX) {
            *first = p;
            return true;
        }
        end = used;
    }
}

/* All ranges of RAM inside pages [low, high), up or down. */
static bool search(const struct mm *mm, const struct run_wish *w, uint64_t low,
                   uint64_t high, bool down, uint64_t *first)
{
    for (unsigned i = 0; i < mm->ram->ranges; i++) {
        const struct ram_range *r =
            &mm->ram->range[down ? mm->ram->ranges - 1 - i : i];
        uint64_t from = r->start >> PAGE_SHIFT;
        uint64_t end = from + (r->bytes >> PAGE_SHIFT);

        from = from > low ? from : low;
        end = end < high ? end : high;
        if (from >= end)
            continue;
        if (down ? search_down(mm->index, w, from, end, first)
                 : search_up(mm->index, w, from, end, first))
            return true;
    }
    return false;
}

/* Highest page + 1 that a table entry of this machine can name. */
static uint64_t reach(const struct mm *mm)
{
    return (uint64_t)1 << (mm->s.settings.pae ? 36 - PAGE_SHIFT
                                              : 32 - PAGE_SHIFT);
}

static bool find_run(const struct mm *mm, const struct frame_request *req,
                     uint32_t pages, uint64_t *first)
{
    const struct run_wish w = {.pages = pages,
                               .align = req->align_pages ? req->align_pages : 1,
                               .boundary = req->boundary >> PAGE_SHIFT};
    const uint64_t isa = ISA_REACH >> PAGE_SHIFT;
    uint64_t low = (req->lowest >> PAGE_SHIFT) + !!(req->lowest & PAGE_MASK);
    uint64_t high = reach(mm), middle;

    if (req->highest && req->highest < high << PAGE_SHIFT)
        high = (req->highest + 1) >> PAGE_SHIFT;
    if (low >= high || !pages || (w.boundary && pages > w.boundary))
        return false;
    if (req->top_down)
        return search(mm, &w, low, high, true, first);
    middle = low > isa ? low : isa < high ? isa : high;
    return search(mm, &w, middle, high, false, first) ||
           search(mm, &w, low, middle, true, first);
}

/* ---- interface --------------------------------------------------------------
 */

static bool leaves(enum frame_owner owner)
{
    return owner == FRAME_USER || owner == FRAME_PAGED_POOL;
}

/* Pageable pages make room, inside what is wished for. */
static bool find_room(struct mm *mm, const struct frame_request *req,
                      uint32_t pages, uint64_t *at)
{
    enum { LOW_WATER = 32 };
    uint64_t low = req->lowest >> PAGE_SHIFT, high = reach(mm);

    if (frames_free_count(mm) < pages + (uint64_t)LOW_WATER)
        paging_reclaim(mm, pages + 2 * LOW_WATER, 0, high);
    if (find_run(mm, req, pages, at))
        return true;
    if (req->highest && req->highest >> PAGE_SHIFT < high)
        high = (req->highest >> PAGE_SHIFT) + 1;
    while (paging_reclaim(mm, pages, low, high))
        if (find_run(mm, req, pages, at))
            return true;
    return false;
}

enum hb_status frames_alloc_run(struct mm *mm, const struct frame_request *req,
                                uint32_t pages, uint32_t *first)
{
    uint64_t at;

    if (!leaves(req->owner) && !paging_fits(mm, pages))
        return HB_NO_PAGES; /* promised to those that are not here now */
    if (!find_room(mm, req, pages, &at))
        return HB_NO_PAGES;
    for (uint32_t i = 0; i < pages; i++) {
        if (!enter(mm, (uint32_t)at + i, req->owner)) {
            while (i-- > 0)
                frames_free(mm, (uint32_t)at + i);
            return HB_NO_PAGES;
        }
    }
    if (!req->dirty)
        clear(mm, at, pages);
    *first = (uint32_t)at;
    return HB_OK;
}

enum hb_status frames_alloc(struct mm *mm, const struct frame_request *req,
                            uint32_t *pfn)
{
    return frames_alloc_run(mm, req, 1, pfn);
}

enum hb_status frames_take(struct mm *mm, uint32_t pfn, enum frame_owner owner)
{
    if (!frames_is_ram(mm, pfn) || pfn >= reach(mm))
        return HB_NOT_FOUND;
    if (frames_find(mm, pfn))
        return HB_BAD_STATE;
    if (!enter(mm, pfn, owner))
        return HB_NO_PAGES;
    clear(mm, pfn, 1);
    return HB_OK;
}

void frames_free(struct mm *mm, uint32_t pfn)
{
    struct frame *f = frames_find(mm, pfn);

    if (!f || !f->refs || --f->refs)
        return;
    pagefile_give(mm, frames_slot(mm, f));
    f->va = 0;
    f->slot = 0;
    f->trimmed = 0;
    if (f->locks)
        f->freed = true;
    else
        leave(mm, f);
}

uint32_t frames_slot(const struct mm *mm, const struct frame *f)
{
    return f->slot && pagefile_holds(mm, f->slot, f->space, gva_of(f->va))
               ? f->slot
               : 0;
}

void frames_hold(struct mm *mm, uint32_t pfn)
{
    struct frame *f = frames_find(mm, pfn);

    if (f && f->refs < UINT32_MAX)
        f->refs++;
}

bool frames_lock(struct mm *mm, uint32_t pfn)
{
    struct frame *f = frames_find(mm, pfn);

    if (!f) { /* an entry of a driver's own making may name a free page */
        if (!frames_is_ram(mm, pfn) || !enter(mm, pfn, FRAME_SYSTEM))
            return false;
        f = frames_find(mm, pfn);
        f->refs = 0;
        f->freed = true;
    }
    if (f->locks == UINT32_MAX)
        return false;
    f->locks++;
    return true;
}

bool frames_unlock(struct mm *mm, uint32_t pfn)
{
    struct frame *f = frames_find(mm, pfn);

    if (!f || !f->locks)
        return false;
    if (!--f->locks && !f->refs)
        leave(mm, f);
    return true;
}

void frames_assign(struct mm *mm, uint32_t pfn, uint32_t space, gva_t va)
{
    struct frame *f = frames_find(mm, pfn);

    if (!f)
        return;
    f->space = space;
    f->va = va.v;
}

struct frame *frames_shown(const struct mm *mm, enum frame_owner owner,
                           uint32_t space, gva_t va, uint64_t entry)
{
    struct frame *f =
        frames_find(mm, (uint32_t)((entry & PTE_FRAME_MASK) >> PAGE_SHIFT));

    return f && f->owner == owner && f->space == space && f->va == va.v &&
                   f->refs
               ? f
               : NULL;
}

static bool in_range(const struct frame *f, enum frame_owner owner,
                     uint32_t space, gva_t va, uint32_t pages)
{
    return f->owner == owner && f->space == space && f->refs && f->va >= va.v &&
           (f->va - va.v) >> PAGE_SHIFT < pages;
}

void frames_sweep(struct mm *mm, enum frame_owner owner, uint32_t space,
                  gva_t va, uint32_t pages)
{
    uint32_t i = 0;

    while (i < mm->s.frame.count) {
        const struct frame *f = VEC_AT(struct frame, &mm->s.frame, i);
        uint32_t pfn = f->pfn;

        if (in_range(f, owner, space, va, pages))
            frames_free(mm, pfn); /* then another may stand at i */
        else
            i++;
        if (i < mm->s.frame.count &&
            VEC_AT(struct frame, &mm->s.frame, i)->pfn == pfn)
            i++; /* still in use: locked */
    }
}
