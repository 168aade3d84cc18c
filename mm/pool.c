/* mm/pool.c -- nonpaged and paged pool: pages come and go as blocks need them,
 * at the lowest address that fits. Source: docs/mm.md, "Pool"; bugcheck
 * parameters: WDK, bug checks 0x19 and 0xC2. */
#include "mm/pool.h"

#include "base/vec.h"
#include "mm/paging.h"
#include "mm/pool_private.h"
#include "mm/pte_form.h"

enum { NONPAGED_LEAST = 256 };
/** ExFreePoolWithTag must name this one. */
#define POOL_PROTECTED_TAG 0x80000000u

static uint32_t least(uint64_t a, uint64_t b)
{
    return (uint32_t)(a < b ? a : b);
}

void pool_boot(struct mm *mm)
{
    uint64_t pages = mm->ram->bytes / PAGE_BYTES;
    struct pool *nonpaged = &mm->s.pool[0], *paged = &mm->s.pool[1];

    nonpaged->start = MM_NONPAGED_POOL;
    nonpaged->pages_most =
        least(pages / 4 > NONPAGED_LEAST ? pages / 4 : NONPAGED_LEAST,
              (MM_NONPAGED_POOL_END - MM_NONPAGED_POOL) / PAGE_BYTES);
    paged->start = MM_PAGED_POOL;
    paged->pages_most =
        least(pages / 2, (MM_PAGED_POOL_END - MM_PAGED_POOL) / PAGE_BYTES);
}

bool pool_check(const struct mm *mm)
{
    for (unsigned k = 0; k < 2; k++) {
        const struct pool *p = &mm->s.pool[k];
        uint32_t end = p->start + p->page.count * PAGE_BYTES, last = 0;

        if (p->page.count > p->pages_most)
            return false;
        for (uint32_t i = 0; i < p->block.count; i++) {
            const struct pool_block *b =
                VEC_AT(struct pool_block, &p->block, i);

            if (b->va < p->start || b->va <= last || b->bytes > end - b->va)
                return false;
            last = b->va;
        }
    }
    return true;
}

/* ---- pages ------------------------------------------------------------------
 */

static struct pool_page *page_at(const struct pool *p, uint32_t i)
{
    return VEC_AT(struct pool_page, &p->page, i);
}

static gva_t va_of(const struct pool *p, uint32_t page)
{
    return gva_of(p->start + page * PAGE_BYTES);
}

static bool is_paged(const struct mm *mm, const struct pool *p)
{
    return p == &mm->s.pool[1];
}

static void uncommit(struct mm *mm, struct pool *p, uint32_t page,
                     uint32_t pages)
{
    enum frame_owner owner = is_paged(mm, p) ? FRAME_PAGED_POOL : FRAME_POOL;
    bool all = true;

    for (uint32_t i = page; i < page + pages; i++) {
        bool owned = paging_drop(mm, owner, 0, va_of(p, i));

        page_at(p, i)->kind = POOL_FREE_PAGE;
        all &= owned || !page_at(p, i)->backed;
        page_at(p, i)->backed = 0;
    }
    if (!all)
        paging_sweep(mm, owner, 0, va_of(p, page), pages);
    if (is_paged(mm, p))
        mm->s.committed -= pages;
}

void pool_backed(struct mm *mm, gva_t va)
{
    struct pool *paged = &mm->s.pool[1];
    uint32_t page = (va.v - paged->start) / PAGE_BYTES;

    if (page < paged->page.count)
        page_at(paged, page)->backed = 1;
}

/* Of paged pool the entry alone: the page comes with the first touch. */
static bool promise_page(struct mm *mm, struct pool *p, uint32_t page)
{
    return pte_edit(mm, 0, va_of(p, page), pte_demand_zero(MM_RWX)) == HB_OK;
}

static bool commit_page(struct mm *mm, struct pool *p, uint32_t page)
{
    const struct frame_request req = {.owner = FRAME_POOL};
    gva_t va = va_of(p, page);
    uint32_t pfn;

    if (frames_alloc(mm, &req, &pfn) != HB_OK)
        return false;
    frames_find(mm, pfn)->cache = MM_CACHED;
    frames_assign(mm, pfn, 0, va);
    if (kernel_map(mm, va, gpa_of((uint64_t)pfn << PAGE_SHIFT), 1, MM_RWX,
                   MM_CACHED) == HB_OK) {
        page_at(p, page)->backed = 1;
        return true;
    }
    frames_free(mm, pfn);
    return false;
}

static bool commit(struct mm *mm, struct pool *p, uint32_t page, uint32_t pages)
{
    bool paged = is_paged(mm, p);

    if (paged && !paging_fits(mm, pages))
        return false;
    if (paged)
        mm->s.committed += pages;
    for (uint32_t i = 0; i < pages; i++) {
        if (!(paged ? promise_page(mm, p, page + i)
                    : commit_page(mm, p, page + i))) {
            if (paged)
                mm->s.committed -= pages - i;
            uncommit(mm, p, page, i);
            return false;
        }
        page_at(p, page + i)->kind = i ? POOL_BIG_MORE : POOL_BIG_FIRST;
    }
    return true;
}

/* Lowest run of free pages; the vec of pages grows as far as needed. */
static bool find_pages(struct pool *p, uint32_t pages, uint32_t *first)
{
    uint32_t run = 0, i = 0;

    if (!pages || pages > p->pages_most)
        return false;
    for (; i < p->page.count && run < pages; i++)
        run = page_at(p, i)->kind == POOL_FREE_PAGE ? run + 1 : 0;
    *first = i - run;
    if (run >= pages)
        return true;
    return *first <= p->pages_most - pages &&
           vec_resize(&p->page, sizeof(struct pool_page), *first + pages);
}

static uint32_t pages_of(const struct pool_block *b)
{
    return (b->bytes + PAGE_MASK) / PAGE_BYTES;
}

/* ---- allocation -------------------------------------------------------------
 */

static bool alloc_big(struct mm *mm, struct pool *p, struct pool_block *b)
{
    uint32_t pages = pages_of(b), first;

    if (b->bytes > (uint32_t)INT32_MAX ||
        (!is_paged(mm, p) && pages > paging_available(mm)) ||
        !find_pages(p, pages, &first) || !commit(mm, p, first, pages))
        return false;
    b->va = va_of(p, first).v;
    if (vec_insert(&p->block, sizeof *b, pool_block_index(p, b->va), b))
        return true;
    uncommit(mm, p, first, pages);
    return false;
}

static bool alloc_small(struct mm *mm, struct pool *p, struct pool_block *b)
{
    uint32_t page = 0;

    for (; page < p->page.count; page++) {
        if (page_at(p, page)->kind == POOL_SMALL &&
            pool_small_fit(p, page, b, &b->va))
            return pool_small_enter(mm, p, b);
    }
    if (!find_pages(p, 1, &page) || !commit(mm, p, page, 1))
        return false;
    page_at(p, page)->kind = POOL_SMALL;
    page_at(p, page)->largest = PAGE_BYTES;
    if (pool_small_fit(p, page, b, &b->va) && pool_small_enter(mm, p, b))
        return true;
    uncommit(mm, p, page, 1);
    return false;
}

enum hb_status pool_alloc(struct mm *mm, uint32_t type, uint32_t bytes,
                          uint32_t tag, gva_t *va)
{
    struct pool *p = &mm->s.pool[type & POOL_PAGED];
    struct pool_block b = {.bytes = bytes, .tag = tag, .type = type & 7};
    bool ok =
        bytes > POOL_SMALL_MOST ? alloc_big(mm, p, &b) : alloc_small(mm, p, &b);

    if (!ok)
        return HB_NO_PAGES;
    p->bytes_used += bytes;
    va->v = b.va;
    EMIT(mm->events, pool_alloc, b.va, bytes, tag, type);
    return HB_OK;
}

/* ---- release ----------------------------------------------------------------
 */

static bool in_pool(const struct pool *p, uint32_t va)
{
    return va >= p->start && (va - p->start) / PAGE_BYTES < p->pages_most;
}

bool pool_contains(const struct mm *mm, bool paged, gva_t va)
{
    return in_pool(&mm->s.pool[paged], va.v);
}

static struct pool *pool_of(struct mm *mm, gva_t va)
{
    for (unsigned k = 0; k < 2; k++) {
        if (in_pool(&mm->s.pool[k], va.v))
            return &mm->s.pool[k];
    }
    return NULL;
}

const struct pool_block *pool_find(const struct mm *mm, gva_t va)
{
    for (unsigned k = 0; k < 2; k++) {
        const struct pool *p = &mm->s.pool[k];
        uint32_t i = pool_block_index(p, va.v);
        const struct pool_block *b;

        if (!in_pool(p, va.v))
            continue;
        if (i < p->block.count &&
            VEC_AT(struct pool_block, &p->block, i)->va == va.v)
            return VEC_AT(struct pool_block, &p->block, i);
        if (!i)
            return NULL;
        b = VEC_AT(struct pool_block, &p->block, i - 1);
        return va.v - b->va < b->bytes ? b : NULL;
    }
    return NULL;
}

/* An address that is no block: 0xC2 with the kind of mistake in P1. */
static void bad_address(struct mm *mm, gva_t va, struct mm_misuse *misuse)
{
    const struct pool *p = pool_of(mm, va);
    struct mm_misuse m = {0xc2, {0x43, va.v, 0, 0}};
    uint32_t page = p ? (va.v - p->start) / PAGE_BYTES : 0;

    if (va.v < MM_SYSTEM_START) {
        m.p[0] = 0x40;
        m.p[2] = MM_SYSTEM_START;
    } else if (p && page < p->page.count &&
               page_at(p, page)->kind == POOL_SMALL) {
        m.p[0] = 7;
        mm_read(mm, 0, gva_of(va.v - POOL_HEADER), &m.p[2], 4);
        m.p[3] = va.v;
        m.p[1] = 0;
    } else if (p && p == &mm->s.pool[1]) {
        m.p[0] = 0x50;
        m.p[2] = page;
        m.p[3] = p->pages_most * PAGE_BYTES;
    } else if (p) {
        m.p[0] = 0x41;
        m.p[3] = (uint32_t)(mm->ram->top >> PAGE_SHIFT) - 1;
    }
    mm_misused(misuse, m.code, m.p[0], m.p[1], m.p[2], m.p[3]);
}

static bool tag_wrong(const struct mm *mm, const struct pool_block *b,
                      uint32_t tag)
{
    if (b->tag & POOL_PROTECTED_TAG)
        return tag != b->tag;
    return mm->s.settings.checks && tag && tag != b->tag;
}

enum hb_status pool_free(struct mm *mm, gva_t va, uint32_t check_tag,
                         struct mm_misuse *misuse)
{
    struct pool *p = pool_of(mm, va);
    uint32_t i = p ? pool_block_index(p, va.v) : 0, page;
    struct pool_block b;

    if (!p || i == p->block.count ||
        VEC_AT(struct pool_block, &p->block, i)->va != va.v) {
        bad_address(mm, va, misuse);
        return HB_BAD_STATE;
    }
    b = *VEC_AT(struct pool_block, &p->block, i);
    page = (va.v - p->start) / PAGE_BYTES;
    if (tag_wrong(mm, &b, check_tag)) {
        return mm_misused(misuse, 0xc2, 0x0a, va.v, b.tag, check_tag);
    }
    if (page_at(p, page)->kind != POOL_SMALL) {
        vec_remove(&p->block, sizeof b, i);
        uncommit(mm, p, page, pages_of(&b));
    } else {
        if (!pool_small_intact(mm, p, i, misuse))
            return HB_BAD_STATE;
        if (pool_small_leave(mm, p, i))
            uncommit(mm, p, page, 1);
    }
    p->bytes_used -= b.bytes;
    EMIT(mm->events, pool_free, va.v, b.tag);
    return HB_OK;
}
