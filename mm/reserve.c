/* mm/reserve.c -- mapping addresses: system PTEs set aside, so that an MDL can
 * be shown later without fail. Two PTEs in front of the range hold the count,
 * (pages + 2) * 2, and the tag without its lowest bit: both not present.
 * Source: docs/mm.md, "Reservations"; WDK, bug check 0xDA. */
#include "mm/mdl_private.h"
#include "mm/system_private.h"

enum { FRONT = 2 };

enum hb_status reserve_alloc(struct mm *mm, uint32_t bytes, uint32_t tag,
                             gva_t *va)
{
    uint32_t pages = mm_span(0, bytes);
    gva_t at;

    if (!bytes || sysptes_alloc(mm, pages + FRONT, PTES_RESERVED, &at) != HB_OK)
        return HB_NO_PAGES;
    if (pte_edit(mm, 0, at, (pages + FRONT) * 2) != HB_OK ||
        pte_edit(mm, 0, gva_add(at, PAGE_BYTES), tag & ~1u) != HB_OK) {
        sysptes_free(mm, at, pages + FRONT, NULL);
        return HB_NO_PAGES;
    }
    sysptes_find(mm, at)->tag = tag & ~1u;
    *va = gva_add(at, FRONT * PAGE_BYTES);
    return HB_OK;
}

static enum hb_status wrong(struct mm_misuse *misuse, uint32_t kind, gva_t va,
                            uint32_t p3, uint32_t p4)
{
    return mm_misused(misuse, 0xda, kind, va.v, p3, p4);
}

/* The reservation whose range starts at @va; @kind is what a wrong tag is. */
static enum hb_status find(const struct mm *mm, gva_t va, uint32_t tag,
                           uint32_t kind, struct pte_run **run,
                           struct mm_misuse *misuse)
{
    struct pte_run *r = sysptes_find(mm, gva_of(va.v - FRONT * PAGE_BYTES));

    if (!r || r->use != PTES_RESERVED || r->va != va.v - FRONT * PAGE_BYTES)
        return sysptes_check(mm, va, 0, PTES_RESERVED, misuse);
    if (r->tag != (tag & ~1u))
        return wrong(misuse, kind, va, tag, r->tag);
    *run = r;
    return HB_OK;
}

enum hb_status reserve_free(struct mm *mm, gva_t va, uint32_t tag,
                            struct mm_misuse *misuse)
{
    struct pte_run *r;

    if (find(mm, va, tag, 0x101, &r, misuse) != HB_OK)
        return HB_BAD_STATE;
    if (r->mapped)
        return wrong(misuse, 0x103, va, r->mapped, r->pages - FRONT);
    return sysptes_free(mm, gva_of(r->va), r->pages, misuse);
}

enum hb_status reserve_map(struct mm *mm, uint32_t space, gva_t va,
                           uint32_t tag, gva_t mdl, enum mm_cache cache,
                           gva_t *out, struct mm_misuse *misuse)
{
    struct pte_run *r;
    struct mdl m;
    enum hb_status st = find(mm, va, tag, 0x104, &r, misuse);

    if (st == HB_OK && r->mapped)
        st = wrong(misuse, 0x107, va, pte_self_va(mm, va), 0);
    if (st == HB_OK)
        st = mdl_load(mm, space, mdl, &m);
    if (st == HB_OK && (!m.pages || m.pages > r->pages - FRONT))
        st = HB_BAD_ARGUMENT;
    if (st != HB_OK)
        return st;
    st = mdl_map_pages(mm, space, &m, va, cache, MM_RWX, misuse);
    if (st != HB_OK) {
        kernel_unmap(mm, va, m.pages);
        return st;
    }
    r->mapped = m.pages;
    *out = gva_add(va, m.offset);
    mdl_put32(mm, space, mdl, MDL_MAPPED_VA, va.v); /* without the offset */
    return mdl_set_flags(mm, space, &m,
                         m.flags | MDL_MAPPED_TO_SYSTEM_VA |
                             (m.flags & MDL_PARTIAL
                                  ? (unsigned)MDL_PARTIAL_HAS_BEEN_MAPPED
                                  : 0u));
}

enum hb_status reserve_unmap(struct mm *mm, uint32_t space, gva_t va,
                             uint32_t tag, gva_t mdl, struct mm_misuse *misuse)
{
    const unsigned gone = MDL_MAPPED_TO_SYSTEM_VA | MDL_PARTIAL_HAS_BEEN_MAPPED;
    struct pte_run *r;
    struct mdl m;
    enum hb_status st = find(mm, va, tag, 0x108, &r, misuse);

    if (st == HB_OK)
        st = mdl_load(mm, space, mdl, &m);
    if (st != HB_OK)
        return st;
    if (m.pages > r->pages - FRONT)
        return wrong(misuse, 0x10a, va, m.pages, r->pages - FRONT);
    if (m.pages > r->mapped)
        return wrong(misuse, 0x10b, va, m.pages, r->mapped);
    if (m.pages < r->mapped)
        return wrong(misuse, 0x10c, va, m.pages, r->mapped);
    kernel_unmap(mm, va, m.pages);
    r->mapped = 0;
    return mdl_set_flags(mm, space, &m, m.flags & ~gone);
}
