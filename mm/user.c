/* mm/user.c -- pages of the user half: allocated, placed frame by frame, shown
 * from elsewhere, protected, trimmed and given back. Entries are the guest's to
 * write over; what a space owns is known by the frames.
 * Source: docs/mm.md, "User space". */
#include "mm/user.h"

#include "base/vec.h"
#include "mm/paging.h"
#include "mm/pte_form.h"
#include "mm/user_private.h"

static gva_t page_at(gva_t va, uint32_t i)
{
    return gva_add(va, i * PAGE_BYTES);
}

/* A page with these rights; guard pages wait as transition entries. */
static uint64_t entry_for(const struct mm *mm, gpa_t pa, unsigned rights,
                          enum mm_cache cache)
{
    if (rights & MM_GUARD)
        return pte_transition(pa, rights | MM_USER);
    return pte_value(mm, pa, rights | MM_USER, cache);
}

static gpa_t page_of(uint32_t pfn)
{
    return gpa_of((uint64_t)pfn << PAGE_SHIFT);
}

/* ---- giving back ------------------------------------------------------------
 */

/* What the area owns beyond what its entries say is found by the count. */
static void drop_area(struct mm *mm, uint32_t i)
{
    struct area a = *VEC_AT(struct area, &mm->s.area, i);
    uint32_t owned = 0;

    vec_remove(&mm->s.area, sizeof a, i);
    for (uint32_t k = 0; k < a.pages; k++)
        owned +=
            paging_drop(mm, FRAME_USER, a.space, page_at(gva_of(a.start), k));
    if (owned < a.owned)
        paging_sweep(mm, FRAME_USER, a.space, gva_of(a.start), a.pages);
    mm->s.committed -= a.committed;
}

enum hb_status user_free(struct mm *mm, uint32_t space, gva_t va)
{
    uint32_t i = area_find(mm, space, va);

    if (i == UINT32_MAX || VEC_AT(struct area, &mm->s.area, i)->start != va.v)
        return HB_NOT_FOUND;
    drop_area(mm, i);
    return HB_OK;
}

void user_free_all(struct mm *mm, uint32_t space)
{
    for (uint32_t i = mm->s.area.count; i-- > 0;) {
        const struct area *a = VEC_AT(struct area, &mm->s.area, i);

        if (a->space != space)
            continue;
        if (a->kind == AREA_VIEW || a->kind == AREA_PHYSICAL) /* IOS-038 */
            EMIT(mm->events, finding, EVENT_STRING("S37"),
                 EVENT_STRING("a process ends with a view not unmapped"));
        drop_area(mm, i);
    }
}

/* ---- making -----------------------------------------------------------------
 */

enum hb_status user_show_own(struct mm *mm, uint32_t space, gva_t at,
                             uint32_t pfn, unsigned rights)
{
    enum hb_status st =
        pte_edit(mm, space, at, entry_for(mm, page_of(pfn), rights, MM_CACHED));

    if (st != HB_OK) {
        frames_free(mm, pfn);
        return st;
    }
    frames_find(mm, pfn)->cache = MM_CACHED;
    frames_assign(mm, pfn, space, at);
    paging_owned(mm, space, at, 1);
    return HB_OK;
}

/* The area's pages are all promised from now on. */
static enum hb_status add_private(struct mm *mm, uint32_t space, gva_t *at,
                                  uint32_t pages, unsigned rights)
{
    enum hb_status st = paging_fits(mm, pages) ? area_add(mm, space, at, pages,
                                                          AREA_PRIVATE, rights)
                                               : HB_NO_PAGES;

    if (st == HB_OK)
        user_promise(mm, space, *at, (int32_t)pages);
    return st;
}

enum hb_status user_alloc(struct mm *mm, uint32_t space, gva_t *va,
                          uint32_t pages, unsigned rights)
{
    const struct frame_request req = {.owner = FRAME_USER, .top_down = true};
    gva_t at = *va;
    uint32_t pfn;
    enum hb_status st;

    if (pages > paging_available(mm))
        return HB_NO_PAGES;
    st = add_private(mm, space, &at, pages, rights);
    for (uint32_t i = 0; st == HB_OK && i < pages; i++) {
        st = frames_alloc(mm, &req, &pfn);
        if (st == HB_OK)
            st = user_show_own(mm, space, page_at(at, i), pfn, rights);
        if (st != HB_OK)
            user_free(mm, space, at);
    }
    if (st == HB_OK)
        *va = at;
    return st;
}

static enum hb_status take_all(struct mm *mm, const uint32_t *pfn,
                               uint32_t pages)
{
    for (uint32_t i = 0; i < pages; i++) {
        enum hb_status st = frames_take(mm, pfn[i], FRAME_USER);

        if (st != HB_OK) {
            while (i-- > 0)
                frames_free(mm, pfn[i]);
            return st;
        }
    }
    return HB_OK;
}

enum hb_status user_place(struct mm *mm, uint32_t space, gva_t *va,
                          const uint32_t *pfn, uint32_t pages, unsigned rights)
{
    gva_t at = *va;
    enum hb_status st = take_all(mm, pfn, pages);
    uint32_t i = 0;

    if (st != HB_OK)
        return st;
    st = add_private(mm, space, &at, pages, rights);
    if (st == HB_OK) {
        for (; st == HB_OK && i < pages; i++)
            st = user_show_own(mm, space, page_at(at, i), pfn[i], rights);
        if (st != HB_OK)
            user_free(mm, space, at);
    }
    if (st == HB_OK)
        *va = at;
    else
        for (; i < pages; i++)
            frames_free(mm, pfn[i]);
    return st;
}

/* The entry of a page that others own: its attribute wins if it has one. */
static enum hb_status show_other(struct mm *mm, uint32_t space, gva_t at,
                                 uint32_t pfn, unsigned rights,
                                 enum mm_cache wish)
{
    const struct frame *f = frames_find(mm, pfn);
    enum mm_cache cache = f && f->cache != MM_CACHE_UNSET ? f->cache : wish;

    return pte_edit(mm, space, at, entry_for(mm, page_of(pfn), rights, cache));
}

enum hb_status user_view(struct mm *mm, uint32_t space, gva_t *va,
                         const uint32_t *pfn, uint32_t pages, unsigned rights,
                         enum mm_cache cache)
{
    gva_t at = *va;
    enum hb_status st = area_add(mm, space, &at, pages, AREA_VIEW, rights);

    for (uint32_t i = 0; st == HB_OK && i < pages; i++) {
        st = show_other(mm, space, page_at(at, i), pfn[i], rights, cache);
        if (st != HB_OK)
            user_free(mm, space, at);
    }
    if (st == HB_OK)
        *va = at;
    return st;
}

enum hb_status user_view_run(struct mm *mm, uint32_t space, gva_t *va,
                             uint32_t pfn, uint32_t pages, enum area_kind kind,
                             unsigned rights, enum mm_cache cache)
{
    gva_t at = *va;
    enum hb_status st = area_add(mm, space, &at, pages, kind, rights);
    struct area *a;

    for (uint32_t i = 0; st == HB_OK && i < pages; i++) {
        st = show_other(mm, space, page_at(at, i), pfn + i, rights, cache);
        if (st != HB_OK)
            user_free(mm, space, at);
    }
    if (st != HB_OK)
        return st;
    a = VEC_AT(struct area, &mm->s.area, area_find(mm, space, at));
    a->pfn = pfn;
    a->cache = (uint16_t)cache;
    *va = at;
    return HB_OK;
}

enum hb_status user_share_kuser(struct mm *mm, uint32_t space)
{
    gva_t va = gva_of(MM_USER_KUSER);

    return user_view_run(mm, space, &va, (uint32_t)(mm->s.kuser >> PAGE_SHIFT),
                         1, AREA_SHARED, MM_R, MM_CACHED);
}

/* ---- changing ---------------------------------------------------------------
 */

static bool inside_area(const struct mm *mm, uint32_t space, gva_t va,
                        uint32_t pages)
{
    const struct area *a = user_area(mm, space, va);

    return a && !(va.v & PAGE_MASK) && a->kind != AREA_SHARED && pages &&
           pages <= a->pages - (va.v - a->start) / PAGE_BYTES;
}

/* What the entry at @at stands for, with other rights. */
static uint64_t with_rights(const struct mm *mm, uint64_t e, unsigned rights)
{
    struct pte_form form = pte_decode(mm, e);
    uint64_t new;

    switch (form.kind) {
    case PTE_DEMAND_ZERO:
        return pte_demand_zero(rights);
    case PTE_PAGE_FILE:
        return pte_page_file(mm, form.slot, rights);
    case PTE_TRANSITIONAL:
        if (frames_find(mm, form.pfn) && frames_find(mm, form.pfn)->trimmed)
            return pte_transition(page_of(form.pfn), rights | MM_USER);
        break;
    case PTE_VALID:
        break;
    default:
        return e;
    }
    new = entry_for(mm, page_of(form.pfn), rights, MM_CACHED);
    if (e & PTE_P && new &PTE_P)
        new |= e &(PTE_PCD | PTE_PWT | PTE_D);
    return new;
}

enum hb_status user_protect(struct mm *mm, uint32_t space, gva_t va,
                            uint32_t pages, unsigned rights)
{
    if (!inside_area(mm, space, va, pages))
        return HB_NOT_FOUND;
    for (uint32_t i = 0; i < pages; i++) {
        gva_t at = page_at(va, i);
        uint64_t e = pte_get(mm, space, at);
        struct frame *f =
            e & PTE_D ? frames_shown(mm, FRAME_USER, space, at, e) : NULL;

        if (f && e & PTE_P)
            f->dirty = 1; /* the new entry may have no place to say so */
        pte_edit(mm, space, at, with_rights(mm, e, rights));
    }
    return HB_OK;
}

enum hb_status user_page_out(struct mm *mm, uint32_t space, gva_t va,
                             uint32_t pages)
{
    if (!inside_area(mm, space, va, pages))
        return HB_NOT_FOUND;
    for (uint32_t i = 0; i < pages; i++) {
        uint64_t e = pte_get(mm, space, page_at(va, i));
        const struct frame *f =
            frames_find(mm, (uint32_t)((e & PTE_FRAME_MASK) >> PAGE_SHIFT));

        if (e & PTE_P && f && f->locks)
            return HB_BAD_STATE;
    }
    if (user_area(mm, space, va)->kind == AREA_PRIVATE)
        paging_trim(mm, space, va, pages, false);
    return HB_OK; /* the pages of a view are not the process's to trim */
}
