/* mm/system.c -- what lives in the system PTE area: images, stacks, device
 * memory, contiguous and non-cached memory. Source: docs/mm.md. */
#include "mm/system.h"

#include "base/vec.h"
#include "mm/paging.h"
#include "mm/section.h"
#include "mm/system_private.h"

static gva_t page_at(gva_t va, uint32_t i)
{
    return gva_add(va, i * PAGE_BYTES);
}

static gpa_t page_of(uint32_t pfn)
{
    return gpa_of((uint64_t)pfn << PAGE_SHIFT);
}

/* ---- pages ------------------------------------------------------------------
 */

void system_pages_free(struct mm *mm, enum frame_owner owner, gva_t va,
                       uint32_t pages)
{
    bool all = true;

    for (uint32_t i = 0; i < pages; i++) {
        if (!paging_drop(mm, owner, 0, page_at(va, i)))
            all = false;
    }
    if (!all)
        paging_sweep(mm, owner, 0, va, pages);
}

/* @pages fresh pages at @va, or none. */
static enum hb_status pages_make(struct mm *mm, enum frame_owner owner,
                                 gva_t va, uint32_t pages, unsigned rights,
                                 enum mm_cache cache)
{
    const struct frame_request req = {.owner = owner};
    uint32_t pfn;

    for (uint32_t i = 0; i < pages; i++) {
        gva_t at = page_at(va, i);

        if (frames_alloc(mm, &req, &pfn) != HB_OK) {
            system_pages_free(mm, owner, va, i);
            return HB_NO_PAGES;
        }
        frames_find(mm, pfn)->cache = (uint8_t)cache;
        frames_assign(mm, pfn, 0, at);
        if (pte_edit(mm, 0, at, pte_value(mm, page_of(pfn), rights, cache)) !=
            HB_OK) {
            system_pages_free(mm, owner, va, i + 1);
            return HB_NO_PAGES;
        }
    }
    return HB_OK;
}

/* A run of @ptes of which the @pages from @skip on get fresh pages. */
static enum hb_status run_make(struct mm *mm, enum pte_use use, uint32_t ptes,
                               uint32_t skip, uint32_t pages,
                               enum frame_owner owner, unsigned rights,
                               enum mm_cache cache, gva_t *va)
{
    gva_t at;

    if (!pages || pages > paging_available(mm) ||
        sysptes_alloc(mm, ptes, use, &at) != HB_OK)
        return HB_NO_PAGES;
    if (pages_make(mm, owner, page_at(at, skip), pages, rights, cache) !=
        HB_OK) {
        sysptes_free(mm, at, ptes, NULL);
        return HB_NO_PAGES;
    }
    *va = at;
    return HB_OK;
}

/* @bare of the run's entries have no page: the first (@skip) or the last. */
static enum hb_status run_free(struct mm *mm, enum pte_use use, gva_t va,
                               uint32_t skip, uint32_t bare,
                               enum frame_owner owner)
{
    const struct pte_run *r = sysptes_find(mm, va);

    if (!r || r->use != (uint32_t)use || r->va != va.v)
        return HB_NOT_FOUND;
    system_pages_free(mm, owner, page_at(va, skip), r->pages - bare);
    return sysptes_free(mm, va, r->pages, NULL);
}

enum hb_status system_alloc(struct mm *mm, uint32_t pages, unsigned rights,
                            gva_t *va)
{
    return run_make(mm, PTES_IMAGE, pages, 0, pages, FRAME_SYSTEM, rights,
                    MM_CACHED, va);
}

enum hb_status system_free(struct mm *mm, gva_t va)
{
    const struct pte_run *r = sysptes_find(mm, va);

    if (!r || r->use != PTES_IMAGE)
        return HB_NOT_FOUND;
    section_remove(mm, va);
    return run_free(mm, PTES_IMAGE, va, 0, 0, FRAME_SYSTEM);
}

/* ---- lent pages: a page that is not present tells who comes back to it ----*/

enum hb_status lent_alloc(struct mm *mm, gva_t *va)
{
    return run_make(mm, PTES_LENT, 1, 0, 1, FRAME_SYSTEM, MM_RW, MM_CACHED, va);
}

static bool is_lent(const struct mm *mm, gva_t va)
{
    const struct pte_run *r = sysptes_find(mm, va);

    return r && r->use == PTES_LENT;
}

void lent_back(struct mm *mm, gva_t va)
{
    uint64_t e = pte_get(mm, 0, va);

    if (is_lent(mm, va) && e & PTE_P)
        pte_edit(mm, 0, va, e & ~(uint64_t)PTE_P);
}

bool lent_fault(struct mm *mm, gva_t va)
{
    gva_t page = gva_of(va.v & ~(uint32_t)PAGE_MASK);
    uint64_t e;

    if (!is_lent(mm, page))
        return false;
    e = pte_get(mm, 0, page);
    if (e & PTE_P || !(e & PTE_FRAME_MASK))
        return false;
    EMIT(mm->events, finding, EVENT_STRING("RES-011"),
         EVENT_STRING("a resource list of START_DEVICE is read after that "
                      "request; a driver that wants it later copies it"));
    return pte_edit(mm, 0, page, e | PTE_P) == HB_OK;
}

void lent_free(struct mm *mm, gva_t va)
{
    uint64_t e;

    if (!va.v || !is_lent(mm, va))
        return;
    e = pte_get(mm, 0, va);
    if (!(e & PTE_P))
        pte_edit(mm, 0, va, e | PTE_P);
    run_free(mm, PTES_LENT, va, 0, 0, FRAME_SYSTEM);
}

/* ---- stacks -----------------------------------------------------------------
 */

enum { STACK_PTES = KERNEL_STACK_PAGES + 1 };

enum hb_status stack_alloc(struct mm *mm, gva_t *top)
{
    gva_t va;
    enum hb_status st =
        run_make(mm, PTES_STACK, STACK_PTES, 1, KERNEL_STACK_PAGES, FRAME_STACK,
                 MM_RW, MM_CACHED, &va);

    if (st == HB_OK)
        *top = page_at(va, STACK_PTES);
    return st;
}

enum hb_status stack_free(struct mm *mm, gva_t top)
{
    return run_free(mm, PTES_STACK, gva_of(top.v - STACK_PTES * PAGE_BYTES), 1,
                    1, FRAME_STACK);
}

/* ---- device memory ----------------------------------------------------------
 */

static uint64_t physical_end(const struct mm *mm)
{
    return (uint64_t)1 << (mm->s.settings.pae ? 36 : 32);
}

/* What RAM already has wins over what is asked for. */
static enum mm_cache cache_of(const struct mm *mm, uint32_t pfn,
                              enum mm_cache wish)
{
    const struct frame *f = frames_find(mm, pfn);

    return f && f->cache != MM_CACHE_UNSET ? f->cache : wish;
}

static bool overlap(uint32_t a, uint32_t a_pages, uint32_t b, uint32_t b_pages)
{
    return a < (uint64_t)b + b_pages && b < (uint64_t)a + a_pages;
}

bool io_conflicts(const struct mm *mm, uint32_t pfn, uint32_t pages,
                  enum mm_cache cache)
{
    for (uint32_t i = 0; i < mm->s.run.count; i++) {
        const struct pte_run *r = VEC_AT(struct pte_run, &mm->s.run, i);

        if (r->use == PTES_IO && r->cache != (uint32_t)cache &&
            overlap(pfn, pages, r->pfn, r->pages))
            return true;
    }
    for (uint32_t i = 0; i < mm->s.area.count; i++) {
        const struct area *a = VEC_AT(struct area, &mm->s.area, i);

        if (a->kind == AREA_PHYSICAL && a->cache != (uint16_t)cache &&
            overlap(pfn, pages, a->pfn, a->pages))
            return true;
    }
    for (uint32_t i = 0; i < mm->s.frame.count; i++) {
        const struct frame *f = VEC_AT(struct frame, &mm->s.frame, i);

        if (f->cache != MM_CACHE_UNSET && f->cache != cache &&
            overlap(pfn, pages, f->pfn, 1))
            return true;
    }
    return false;
}

static enum hb_status show_run(struct mm *mm, gva_t at, uint32_t first,
                               uint32_t pages, enum mm_cache cache)
{
    enum hb_status st = HB_OK;

    for (uint32_t i = 0; st == HB_OK && i < pages; i++)
        st = kernel_map(mm, page_at(at, i), page_of(first + i), 1, MM_RW,
                        cache_of(mm, first + i, cache));
    return st;
}

enum hb_status io_map(struct mm *mm, gpa_t pa, uint64_t bytes,
                      enum mm_cache cache, gva_t *va)
{
    uint32_t offset = (uint32_t)(pa.v & PAGE_MASK), pages, first;
    gva_t at;
    struct pte_run *r;

    if (!bytes || bytes > physical_end(mm) || pa.v > physical_end(mm) - bytes)
        return HB_BAD_ARGUMENT;
    if (bytes > (uint64_t)MM_SYSTEM_PTES_END)
        return HB_NO_PAGES;
    pages = (uint32_t)((offset + bytes + PAGE_MASK) >> PAGE_SHIFT);
    first = (uint32_t)(pa.v >> PAGE_SHIFT);
    if (sysptes_alloc(mm, pages, PTES_IO, &at) != HB_OK)
        return HB_NO_PAGES;
    if (show_run(mm, at, first, pages, cache) != HB_OK) {
        sysptes_free(mm, at, pages, NULL);
        return HB_NO_PAGES;
    }
    r = sysptes_find(mm, at);
    r->pfn = first;
    r->cache = cache;
    va->v = at.v + offset;
    return HB_OK;
}

enum hb_status io_unmap(struct mm *mm, gva_t va, uint32_t bytes,
                        struct mm_misuse *misuse)
{
    gva_t start = gva_of(va.v & ~(uint32_t)PAGE_MASK);
    uint32_t pages = mm_span(va.v, bytes);
    const struct pte_run *r = sysptes_find(mm, start);
    bool same;

    if (!r || r->use != PTES_IO || r->va != start.v)
        return mm_misused(misuse, 0xda, 0x400, start.v, pages, 0);
    same = r->pages == pages;
    sysptes_free(mm, start, r->pages, NULL);
    return same ? HB_OK : HB_BAD_ARGUMENT;
}

/* ---- contiguous memory ------------------------------------------------------
 */

static bool boundary_ok(uint64_t boundary)
{
    return !(boundary & (boundary - 1)) && !(boundary & PAGE_MASK);
}

enum hb_status contiguous_alloc(struct mm *mm, uint32_t bytes,
                                const struct contiguous *limits, gva_t *va,
                                gpa_t *pa)
{
    const struct frame_request req = {
        .owner = FRAME_CONTIGUOUS,
        .lowest = limits->lowest,
        .highest = limits->highest,
        .boundary = limits->boundary,
        .dirty = !limits->zero,
    };
    uint32_t pages = mm_span(0, bytes), first;
    gva_t at;

    if (!bytes || !boundary_ok(limits->boundary))
        return HB_BAD_ARGUMENT;
    if (frames_alloc_run(mm, &req, pages, &first) != HB_OK)
        return HB_NO_PAGES;
    if (sysptes_alloc(mm, pages, PTES_CONTIGUOUS, &at) != HB_OK)
        goto no_ptes;
    if (kernel_map(mm, at, page_of(first), pages, MM_RW, limits->cache) !=
        HB_OK)
        goto no_table;
    for (uint32_t i = 0; i < pages; i++) {
        frames_find(mm, first + i)->cache = (uint8_t)limits->cache;
        frames_assign(mm, first + i, 0, page_at(at, i));
    }
    *va = at;
    if (pa)
        *pa = page_of(first);
    return HB_OK;
no_table:
    sysptes_free(mm, at, pages, NULL);
no_ptes:
    for (uint32_t i = 0; i < pages; i++)
        frames_free(mm, first + i);
    return HB_NO_PAGES;
}

enum hb_status contiguous_free(struct mm *mm, gva_t va)
{
    return run_free(mm, PTES_CONTIGUOUS, va, 0, 0, FRAME_CONTIGUOUS);
}

/* ---- non-cached memory ------------------------------------------------------
 */

enum hb_status noncached_alloc(struct mm *mm, uint32_t bytes, gva_t *va)
{
    uint32_t pages = mm_span(0, bytes);

    return run_make(mm, PTES_NONCACHED, pages + 1, 0, pages, FRAME_SYSTEM,
                    MM_RW, MM_NONCACHED, va);
}

enum hb_status noncached_free(struct mm *mm, gva_t va, uint32_t bytes,
                              struct mm_misuse *misuse)
{
    enum hb_status st =
        sysptes_check(mm, va, mm_span(0, bytes) + 1, PTES_NONCACHED, misuse);

    return st == HB_OK ? run_free(mm, PTES_NONCACHED, va, 0, 1, FRAME_SYSTEM)
                       : st;
}

/* ---- back from physical -----------------------------------------------------
 */

bool mm_virtual(const struct mm *mm, gpa_t pa, gva_t *va)
{
    const struct frame *f = NULL;

    if (pa.v >> PAGE_SHIFT <= UINT32_MAX)
        f = frames_find(mm, (uint32_t)(pa.v >> PAGE_SHIFT));
    if (!f || f->va < MM_SYSTEM_START || f->owner == FRAME_TABLE)
        return false;
    va->v = f->va | (uint32_t)(pa.v & PAGE_MASK);
    return true;
}
