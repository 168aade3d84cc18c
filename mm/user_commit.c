/* mm/user_commit.c -- user memory reserved, committed and decommitted: what a
 * process is promised comes page by page when it is touched. Source:
 * docs/mm.md, "User space"; WDK, ZwAllocateVirtualMemory. */
#include "base/vec.h"
#include "mm/paging.h"
#include "mm/pte_form.h"
#include "mm/user_private.h"

static gva_t page_at(gva_t va, uint32_t i)
{
    return gva_add(va, i * PAGE_BYTES);
}

void user_promise(struct mm *mm, uint32_t space, gva_t va, int32_t pages)
{
    uint32_t i = area_find(mm, space, va);
    struct area *a;

    if (i == UINT32_MAX)
        return;
    a = VEC_AT(struct area, &mm->s.area, i);
    a->committed += (uint32_t)pages;
    mm->s.committed += (uint32_t)pages;
}

/* A private area that holds all these pages. */
static bool inside(const struct mm *mm, uint32_t space, gva_t va,
                   uint32_t pages)
{
    const struct area *a = user_area(mm, space, va);

    return a && a->kind == AREA_PRIVATE && !(va.v & PAGE_MASK) && pages &&
           pages <= a->pages - (va.v - a->start) / PAGE_BYTES;
}

/* Decommitted pages count as not committed: their code is the guard's alone. */
static bool is_committed(const struct mm *mm, uint64_t e)
{
    struct pte_form form = pte_decode(mm, e);

    return form.kind != PTE_ZERO &&
           !(form.kind == PTE_DEMAND_ZERO && form.code == CODE_GUARD);
}

bool user_committed(const struct mm *mm, uint32_t space, gva_t va)
{
    return user_area(mm, space, va) &&
           is_committed(
               mm, pte_get(mm, space, gva_of(va.v & ~(uint32_t)PAGE_MASK)));
}

enum hb_status user_reserve(struct mm *mm, uint32_t space, gva_t *va,
                            uint32_t pages, unsigned rights)
{
    return area_add(mm, space, va, pages, AREA_PRIVATE, rights);
}

enum hb_status user_commit(struct mm *mm, uint32_t space, gva_t va,
                           uint32_t pages, unsigned rights)
{
    uint32_t new = 0;

    if (!inside(mm, space, va, pages))
        return HB_NOT_FOUND;
    for (uint32_t i = 0; i < pages; i++)
        new += !is_committed(mm, pte_get(mm, space, page_at(va, i)));
    if (!paging_fits(mm, new))
        return HB_NO_PAGES;
    for (uint32_t i = 0; i < pages; i++) {
        gva_t at = page_at(va, i);

        if (is_committed(mm, pte_get(mm, space, at)))
            continue;
        if (pte_edit(mm, space, at, pte_demand_zero(rights)) != HB_OK)
            return HB_NO_PAGES; /* no table: what there is stays */
        user_promise(mm, space, at, 1);
    }
    return HB_OK;
}

enum hb_status user_decommit(struct mm *mm, uint32_t space, gva_t va,
                             uint32_t pages)
{
    if (!inside(mm, space, va, pages))
        return HB_NOT_FOUND;
    for (uint32_t i = 0; i < pages; i++) {
        gva_t at = page_at(va, i);
        const struct area *a = user_area(mm, space, va);

        if (!is_committed(mm, pte_get(mm, space, at)))
            continue;
        if (paging_drop(mm, FRAME_USER, space, at))
            paging_owned(mm, space, at, -1);
        pte_edit(mm, space, at, pte_decommitted());
        if (a->committed)
            user_promise(mm, space, at, -1);
    }
    return HB_OK;
}

enum hb_status user_lazy(struct mm *mm, uint32_t space, gva_t *va,
                         uint32_t pages, unsigned rights)
{
    gva_t at = *va;
    enum hb_status st = paging_fits(mm, pages)
                            ? user_reserve(mm, space, &at, pages, rights)
                            : HB_NO_PAGES;

    if (st != HB_OK)
        return st;
    st = user_commit(mm, space, at, pages, rights);
    if (st == HB_OK)
        *va = at;
    else
        user_free(mm, space, at);
    return st;
}
