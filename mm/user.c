/* mm/user.c -- pages of the user half: allocated, placed frame by frame, shown
 * from elsewhere, protected, trimmed and given back. Entries are the guest's to
 * write over; what a space owns is known by the frames.
 * Source: docs/mm.md, "User space". */
#include "mm/user.h"

#include "base/vec.h"
#include "mm/user_private.h"

/* Protection codes of invalid entries, docs/mm.md. */
enum { CODE_SHIFT = 5, CODE_MASK = 0x1f, CODE_GUARD = 0x10 };

static gva_t page_at(gva_t va, uint32_t i)
{
    return gva_add(va, i * PAGE_BYTES);
}

static uint32_t code_of(unsigned rights)
{
    uint32_t code = rights & MM_COPY ? 5 : rights & MM_W ? 4 : 1;

    if (rights & MM_X)
        code += 2;
    return code | (rights & MM_GUARD ? CODE_GUARD : 0);
}

static unsigned rights_of_code(uint32_t code)
{
    static const uint8_t base[8] = {[1] = MM_R,
                                    [2] = MM_X,
                                    [3] = MM_X,
                                    [4] = MM_W,
                                    [5] = MM_W | MM_COPY,
                                    [6] = MM_W | MM_X,
                                    [7] = MM_W | MM_X | MM_COPY};

    return base[code & 7] | (code & CODE_GUARD ? MM_GUARD : 0u) | MM_USER;
}

static unsigned rights_of_entry(const struct mm *mm, uint64_t e)
{
    unsigned rights = MM_USER;

    if (!(e & PTE_P))
        return rights_of_code((uint32_t)(e >> CODE_SHIFT) & CODE_MASK);
    if (e & PTE_RW)
        rights |= MM_W;
    if (e & PTE_COW)
        rights |= MM_W | MM_COPY;
    if (!(e & PTE_NX) && mm->s.settings.nx)
        rights |= MM_X;
    return rights;
}

static uint64_t transition(gpa_t pa, unsigned rights)
{
    return (pa.v & PTE_FRAME_MASK) | PTE_TRANSITION |
           (uint64_t)code_of(rights) << CODE_SHIFT;
}

/* A page with these rights; guard pages wait as transition entries. */
static uint64_t entry_for(const struct mm *mm, gpa_t pa, unsigned rights,
                          enum mm_cache cache)
{
    if (rights & MM_GUARD)
        return transition(pa, rights);
    return pte_value(mm, pa, rights | MM_USER, cache);
}

static gpa_t page_of(uint32_t pfn)
{
    return gpa_of((uint64_t)pfn << PAGE_SHIFT);
}

/* ---- giving back ------------------------------------------------------------
 */

static bool drop_page(struct mm *mm, uint32_t space, gva_t at)
{
    uint64_t e = pte_get(mm, space, at);
    const struct frame *f = frames_shown(mm, FRAME_USER, space, at, e);

    if (e)
        pte_edit(mm, space, at, 0);
    if (f)
        frames_free(mm, f->pfn);
    return f;
}

/* In a view only what copy on write put there is the area's own. */
static void drop_area(struct mm *mm, uint32_t i)
{
    struct area a = *VEC_AT(struct area, &mm->s.area, i);
    bool all = true;

    vec_remove(&mm->s.area, sizeof a, i);
    for (uint32_t k = 0; k < a.pages; k++)
        all &= drop_page(mm, a.space, page_at(gva_of(a.start), k));
    if (!all && a.kind == AREA_PRIVATE)
        frames_sweep(mm, FRAME_USER, a.space, gva_of(a.start), a.pages);
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

/* Takes over @pfn, which its caller allocated, also when it fails. */
static enum hb_status show_own(struct mm *mm, uint32_t space, gva_t at,
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
    return HB_OK;
}

enum hb_status user_alloc(struct mm *mm, uint32_t space, gva_t *va,
                          uint32_t pages, unsigned rights)
{
    const struct frame_request req = {.owner = FRAME_USER, .top_down = true};
    gva_t at = *va;
    uint32_t pfn;
    enum hb_status st;

    if (pages > frames_free_count(mm))
        return HB_NO_PAGES;
    st = area_add(mm, space, &at, pages, AREA_PRIVATE, rights);
    for (uint32_t i = 0; st == HB_OK && i < pages; i++) {
        st = frames_alloc(mm, &req, &pfn);
        if (st == HB_OK)
            st = show_own(mm, space, page_at(at, i), pfn, rights);
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
    st = area_add(mm, space, &at, pages, AREA_PRIVATE, rights);
    if (st == HB_OK) {
        for (; st == HB_OK && i < pages; i++)
            st = show_own(mm, space, page_at(at, i), pfn[i], rights);
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

enum hb_status user_protect(struct mm *mm, uint32_t space, gva_t va,
                            uint32_t pages, unsigned rights)
{
    if (!inside_area(mm, space, va, pages))
        return HB_NOT_FOUND;
    for (uint32_t i = 0; i < pages; i++) {
        gva_t at = page_at(va, i);
        uint64_t e = pte_get(mm, space, at);
        uint64_t cache = e & PTE_P ? e & (PTE_PCD | PTE_PWT) : 0;
        uint64_t new =
            entry_for(mm, gpa_of(e & PTE_FRAME_MASK), rights, MM_CACHED);

        pte_edit(mm, space, at, new &PTE_P ? new | cache : new);
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
    if (user_area(mm, space, va)->kind != AREA_PRIVATE)
        return HB_OK; /* the pages of a view are not the process's to trim */
    for (uint32_t i = 0; i < pages; i++) {
        gva_t at = page_at(va, i);
        uint64_t e = pte_get(mm, space, at);

        if (e & PTE_P)
            pte_edit(
                mm, space, at,
                transition(gpa_of(e & PTE_FRAME_MASK), rights_of_entry(mm, e)));
    }
    return HB_OK;
}

/* ---- faults -----------------------------------------------------------------
 */

static enum mm_fault copy_page(struct mm *mm, uint32_t space, gva_t at,
                               uint64_t e)
{
    const struct frame_request req = {.owner = FRAME_USER, .top_down = true};
    struct frame *old =
        frames_find(mm, (uint32_t)((e & PTE_FRAME_MASK) >> PAGE_SHIFT));
    bool own = old && old->owner == FRAME_USER && old->space == space &&
               old->va == at.v;
    uint32_t old_pfn = own ? old->pfn : 0, pfn;
    uint8_t bytes[PAGE_BYTES];

    if (frames_alloc(mm, &req, &pfn) != HB_OK)
        return MM_FAULT_NO_PAGES;
    if (ram_read(mm->ram, gpa_of(e & PTE_FRAME_MASK), bytes, sizeof bytes))
        ram_write(mm->ram, page_of(pfn), bytes, sizeof bytes);
    if (own)
        frames_free(mm, old_pfn);
    if (show_own(mm, space, at, pfn,
                 rights_of_entry(mm, e) & ~(unsigned)MM_COPY) != HB_OK)
        return MM_FAULT_NO_PAGES;
    return MM_FAULT_RESOLVED;
}

enum mm_fault mm_fault(struct mm *mm, uint32_t space, gva_t va, uint32_t error)
{
    gva_t at = gva_of(va.v & ~(uint32_t)PAGE_MASK);
    uint64_t e;
    unsigned rights;

    if (va.v >= MM_SYSTEM_START || !user_area(mm, space, va))
        return MM_FAULT_VIOLATION;
    e = pte_get(mm, space, at);
    if (e & PTE_P) {
        bool copy = error & PF_W && e & PTE_COW && !(e & PTE_RW);

        return copy ? copy_page(mm, space, at, e) : MM_FAULT_VIOLATION;
    }
    if (!(e & PTE_TRANSITION) || e & PTE_PROTOTYPE)
        return MM_FAULT_VIOLATION;
    rights = rights_of_entry(mm, e);
    pte_edit(mm, space, at,
             entry_for(mm, gpa_of(e & PTE_FRAME_MASK),
                       rights & ~(unsigned)MM_GUARD, MM_CACHED));
    return rights & MM_GUARD ? MM_FAULT_GUARD : MM_FAULT_RESOLVED;
}
