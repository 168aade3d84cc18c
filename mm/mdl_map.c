/* mm/mdl_map.c -- showing the pages of an MDL: in system PTEs, in the user half
 * of a space, in a reservation.
 * Source: docs/mm.md, "MDLs"; WDK, MmMapLockedPagesSpecifyCache and relatives;
 * bugcheck parameters: WDK, bug checks 0xC4 and 0xDA. */
#include <stdlib.h>

#include "mm/mdl_private.h"
#include "mm/system_private.h"

static gva_t page_start(gva_t va)
{
    return gva_of(va.v & ~(uint32_t)PAGE_MASK);
}

static gpa_t page_of(uint32_t pfn)
{
    return gpa_of((uint64_t)pfn << PAGE_SHIFT);
}

/* Copy of the PFNs; a bad one is what NT makes of an MDL it cannot trust. */
static enum hb_status pages_of(struct mm *mm, uint32_t space,
                               const struct mdl *m, uint32_t **pfn,
                               struct mm_misuse *misuse)
{
    uint32_t bad = 0, value = 0;
    enum hb_status st = mdl_pfns(mm, space, m, pfn, &bad);

    if (st != HB_BAD_ARGUMENT)
        return st;
    mm_read(mm, space, gva_add(m->at, MDL_PFNS + 4 * bad), &value, 4);
    return mm_misused(misuse, 0x1a, 0x1236, m->at.v,
                      m->at.v + MDL_PFNS + 4 * bad, value);
}

/* The page's own attribute wins; one without takes @wish. */
static enum mm_cache settle_cache(struct mm *mm, uint32_t pfn,
                                  enum mm_cache wish)
{
    struct frame *f = frames_find(mm, pfn);

    if (!f)
        return wish;
    if (f->cache == MM_CACHE_UNSET)
        f->cache = (uint8_t)wish;
    return f->cache;
}

enum hb_status mdl_map_pages(struct mm *mm, uint32_t space, const struct mdl *m,
                             gva_t va, enum mm_cache cache, unsigned rights,
                             struct mm_misuse *misuse)
{
    uint32_t *pfn;
    enum hb_status st = pages_of(mm, space, m, &pfn, misuse);

    for (uint32_t i = 0; st == HB_OK && i < m->pages; i++)
        st = kernel_map(mm, gva_add(va, i * PAGE_BYTES), page_of(pfn[i]), 1,
                        rights, settle_cache(mm, pfn[i], cache));
    if (st == HB_OK)
        free(pfn);
    return st;
}

/* ---- system space -----------------------------------------------------------
 */

static enum hb_status map_refused(struct mm *mm, const struct mdl *m,
                                  struct mm_misuse *misuse)
{
    const unsigned bad = MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL |
                         MDL_PARTIAL_HAS_BEEN_MAPPED;
    const unsigned need = MDL_PAGES_LOCKED | MDL_PARTIAL;

    if (!m->pages)
        return HB_BAD_ARGUMENT;
    if (m->flags & bad && mdl_verify(mm, m, 0xb2, m->flags & bad, misuse))
        return HB_BAD_STATE;
    if (!(m->flags & (need | MDL_SOURCE_IS_NONPAGED_POOL)) &&
        mdl_verify(mm, m, 0xb3, need, misuse))
        return HB_BAD_STATE;
    return HB_OK;
}

enum hb_status mdl_map(struct mm *mm, uint32_t space, gva_t mdl,
                       enum mm_cache cache, unsigned rights, gva_t *va,
                       struct mm_misuse *misuse)
{
    struct mdl m;
    enum hb_status st = mdl_load(mm, space, mdl, &m);
    gva_t at;

    if (st == HB_OK)
        st = map_refused(mm, &m, misuse);
    if (st == HB_OK)
        st = sysptes_alloc(mm, m.pages, PTES_MDL, &at);
    if (st != HB_OK)
        return st;
    st = mdl_map_pages(mm, space, &m, at, cache, rights, misuse);
    if (st != HB_OK) {
        sysptes_free(mm, at, m.pages, NULL);
        return st;
    }
    *va = gva_add(at, m.offset);
    mdl_put32(mm, space, mdl, MDL_MAPPED_VA, va->v);
    return mdl_set_flags(mm, space, &m,
                         m.flags | MDL_MAPPED_TO_SYSTEM_VA |
                             (m.flags & MDL_PARTIAL
                                  ? (unsigned)MDL_PARTIAL_HAS_BEEN_MAPPED
                                  : 0u));
}

/* The run to give back: the one that starts at @va, or after MmAdvanceMdl the
 * one it lies in. */
static enum hb_status unmap_system(struct mm *mm, const struct mdl *m, gva_t va,
                                   struct mm_misuse *misuse)
{
    const struct pte_run *r = sysptes_find(mm, va);

    if (m->flags & MDL_FREE_EXTRA_PTES && r && r->use == PTES_MDL)
        return sysptes_free(mm, gva_of(r->va), r->pages, misuse);
    if (sysptes_check(mm, page_start(va), m->pages, PTES_MDL, misuse) != HB_OK)
        return HB_BAD_STATE;
    return sysptes_free(mm, page_start(va), m->pages, misuse);
}

static enum hb_status unmap_user(struct mm *mm, uint32_t space,
                                 const struct mdl *m, gva_t va,
                                 struct mm_misuse *misuse)
{
    const struct area *a = user_area(mm, space, va);

    if (a && a->kind == AREA_VIEW && a->start == page_start(va).v)
        return user_free(mm, space, page_start(va));
    if (!mdl_verify(mm, m, 0xb9, va.v, misuse))
        return HB_NOT_FOUND;
    return HB_BAD_STATE;
}

enum hb_status mdl_unmap(struct mm *mm, uint32_t space, gva_t mdl, gva_t va,
                         struct mm_misuse *misuse)
{
    const unsigned gone = MDL_MAPPED_TO_SYSTEM_VA |
                          MDL_PARTIAL_HAS_BEEN_MAPPED | MDL_FREE_EXTRA_PTES;
    struct mdl m;
    enum hb_status st = mdl_load(mm, space, mdl, &m);

    if (st != HB_OK)
        return st;
    if (va.v < MM_SYSTEM_START)
        return unmap_user(mm, space, &m, va, misuse);
    if (!(m.flags & MDL_MAPPED_TO_SYSTEM_VA) &&
        mdl_verify(mm, &m, 0xb6, MDL_MAPPED_TO_SYSTEM_VA, misuse))
        return HB_BAD_STATE;
    st = unmap_system(mm, &m, va, misuse);
    if (st != HB_OK)
        return st;
    return mdl_set_flags(mm, space, &m, m.flags & ~gone);
}

enum hb_status mdl_protect(struct mm *mm, uint32_t space, gva_t mdl,
                           unsigned rights, struct mm_misuse *misuse)
{
    struct mdl m;
    enum hb_status st = mdl_load(mm, space, mdl, &m);
    gva_t at;

    if (st != HB_OK)
        return st;
    if (m.flags & MDL_SOURCE_IS_NONPAGED_POOL) {
        return mm_misused(misuse, 0x1a, 0x1235, mdl.v, m.mapped, 0);
    }
    at = page_start(gva_of(m.mapped));
    if (!(m.flags & MDL_MAPPED_TO_SYSTEM_VA) ||
        sysptes_check(mm, at, m.pages, PTES_MDL, NULL) != HB_OK)
        return HB_NOT_FOUND;
    kernel_protect(mm, at, m.pages, rights);
    return HB_OK;
}

/* ---- user space -------------------------------------------------------------
 */

enum hb_status mdl_map_user(struct mm *mm, uint32_t space, gva_t mdl,
                            enum mm_cache cache, gva_t *va)
{
    struct mdl m;
    struct mm_misuse misuse;
    gva_t at = page_start(*va);
    uint32_t *pfn;
    enum hb_status st = mdl_load(mm, space, mdl, &m);

    if (st == HB_OK && !m.pages)
        st = HB_BAD_ARGUMENT;
    if (st == HB_OK)
        st = pages_of(mm, space, &m, &pfn, &misuse);
    if (st != HB_OK)
        return st;
    for (uint32_t i = 0; i < m.pages; i++)
        settle_cache(mm, pfn[i], cache);
    st = user_view(mm, space, &at, pfn, m.pages, MM_RW, cache);
    free(pfn);
    if (st == HB_OK)
        *va = gva_add(at, m.offset);
    return st;
}
