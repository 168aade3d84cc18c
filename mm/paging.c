/* mm/paging.c -- pages come in: demand zero, from transition, from the paging
 * file. Entries are the guest's to write over; what a page owns is known by
 * frames and slots. Source: docs/mm.md, "Paging". */
#include "mm/paging.h"

#include <string.h>

#include "base/vec.h"
#include "mm/frame_index.h"
#include "mm/pagefile.h"
#include "mm/pool_private.h"
#include "mm/pte_form.h"
#include "mm/section.h"
#include "mm/user_private.h"

static gpa_t page_of(uint32_t pfn)
{
    return gpa_of((uint64_t)pfn << PAGE_SHIFT);
}

/* ---- what is pageable -------------------------------------------------------
 */

bool paging_owner(const struct mm *mm, uint32_t *space, gva_t va,
                  enum frame_owner *owner)
{
    if (va.v < MM_SYSTEM_START) {
        *owner = FRAME_USER;
        return user_area(mm, *space, va) != NULL;
    }
    *space = 0;
    if (pool_contains(mm, true, va)) {
        *owner = FRAME_PAGED_POOL;
        return true;
    }
    *owner = FRAME_SYSTEM;
    return section_page(mm, va);
}

void paging_owned(struct mm *mm, uint32_t space, gva_t va, int by)
{
    uint32_t i;

    if (va.v >= MM_SYSTEM_START) {
        if (by > 0)
            pool_backed(mm, va);
        return;
    }
    i = area_find(mm, space, va);
    if (i != UINT32_MAX)
        VEC_AT(struct area, &mm->s.area, i)->owned += (uint32_t)by;
}

/* ---- in ---------------------------------------------------------------------
 */

/* The entry of a page that has come: used, and clean if the file has it. */
static uint64_t entry_in(const struct mm *mm, uint32_t pfn, unsigned rights)
{
    const struct frame *f = frames_find(mm, pfn);
    uint64_t e =
        pte_value(mm, page_of(pfn), rights & ~(unsigned)MM_GUARD, MM_CACHED) |
        PTE_A;

    return f && f->slot && !f->dirty ? e & ~(uint64_t)PTE_D : e;
}

static enum mm_fault show(struct mm *mm, uint32_t space, gva_t at, uint32_t pfn,
                          unsigned rights)
{
    return pte_edit(mm, space, at, entry_in(mm, pfn, rights)) == HB_OK
               ? MM_FAULT_RESOLVED
               : MM_FAULT_NO_PAGES;
}

/* A frame for @owner's page at @at. */
static bool frame_for(struct mm *mm, enum frame_owner owner, uint32_t space,
                      gva_t at, bool zeroed, uint32_t *pfn)
{
    const struct frame_request req = {
        .owner = owner, .top_down = owner == FRAME_USER, .dirty = !zeroed};

    if (frames_alloc(mm, &req, pfn) != HB_OK)
        return false;
    frames_find(mm, *pfn)->cache = MM_CACHED;
    frames_assign(mm, *pfn, space, at);
    return true;
}

static enum mm_fault from_zero(struct mm *mm, enum frame_owner owner,
                               uint32_t space, gva_t at, unsigned rights)
{
    uint32_t pfn;

    if (!frame_for(mm, owner, space, at, true, &pfn))
        return MM_FAULT_NO_PAGES;
    paging_owned(mm, space, at, 1);
    EMIT(mm->events, page_in, space, at.v, pfn, EVENT_STRING("zero"));
    return show(mm, space, at, pfn, rights);
}

/* Also an entry of a driver's own making, which names what it likes. */
static enum mm_fault from_transition(struct mm *mm, enum frame_owner owner,
                                     uint32_t space, gva_t at, uint64_t e,
                                     unsigned rights)
{
    struct frame *f = frames_shown(mm, owner, space, at, e);
    uint32_t pfn = (uint32_t)((e & PTE_FRAME_MASK) >> PAGE_SHIFT);

    if (f)
        f->trimmed = 0;
    EMIT(mm->events, page_in, space, at.v, pfn, EVENT_STRING("transition"));
    return show(mm, space, at, pfn, rights);
}

static enum mm_fault from_file(struct mm *mm, enum frame_owner owner,
                               uint32_t space, gva_t at, uint32_t slot,
                               unsigned rights)
{
    uint8_t bytes[PAGE_BYTES];
    uint32_t pfn;

    if (!pagefile_holds(mm, slot, space, at))
        return MM_FAULT_VIOLATION;
    if (!pagefile_read(mm, slot, bytes))
        return MM_FAULT_IN_PAGE;
    if (!frame_for(mm, owner, space, at, false, &pfn))
        return MM_FAULT_NO_PAGES;
    ram_write(mm->ram, page_of(pfn), bytes, sizeof bytes);
    frames_find(mm, pfn)->slot = slot;
    mm->s.read_debt++;
    EMIT(mm->events, page_in, space, at.v, pfn, EVENT_STRING("file"));
    return show(mm, space, at, pfn, rights);
}

enum mm_fault paging_resolve(struct mm *mm, uint32_t space, gva_t at,
                             uint64_t e)
{
    struct pte_form form = pte_decode(mm, e);
    unsigned rights = pte_entry_rights(mm, at, e);
    enum frame_owner owner;
    enum mm_fault fault;

    if (!paging_owner(mm, &space, at, &owner) ||
        !(form.code & 7)) /* decommitted or no access */
        return MM_FAULT_VIOLATION;
    switch (form.kind) {
    case PTE_DEMAND_ZERO:
        fault = from_zero(mm, owner, space, at, rights);
        break;
    case PTE_TRANSITIONAL:
        fault = from_transition(mm, owner, space, at, e, rights);
        break;
    case PTE_PAGE_FILE:
        fault = from_file(mm, owner, space, at, form.slot, rights);
        break;
    default: /* a prototype: nothing pageable is shared here */
        return MM_FAULT_VIOLATION;
    }
    return fault == MM_FAULT_RESOLVED && rights & MM_GUARD ? MM_FAULT_GUARD
                                                           : fault;
}

bool paging_make_resident(struct mm *mm, uint32_t space, gva_t at)
{
    gva_t page = gva_of(at.v & ~(uint32_t)PAGE_MASK);
    uint32_t debt = mm->s.read_debt;
    uint64_t e = pte_get(mm, at.v < MM_SYSTEM_START ? space : 0, page);
    enum mm_fault fault;
    gpa_t pa;

    if (e & PTE_P || mm_physical(mm, space, page, &pa))
        return true;
    fault = paging_resolve(mm, space, page, e);
    mm->s.read_debt = debt;
    return fault == MM_FAULT_RESOLVED || fault == MM_FAULT_GUARD;
}

/* ---- looking ----------------------------------------------------------------
 */

bool paging_peek(const struct mm *mm, uint32_t space, gva_t va, void *to,
                 uint32_t bytes)
{
    gva_t at = gva_of(va.v & ~(uint32_t)PAGE_MASK);
    uint8_t page[PAGE_BYTES];
    enum frame_owner owner;
    struct pte_form form;

    if (bytes > PAGE_BYTES - (va.v & PAGE_MASK) ||
        !paging_owner(mm, &space, va, &owner))
        return false;
    form = pte_decode(mm, pte_get(mm, space, at));
    switch (form.kind) {
    case PTE_DEMAND_ZERO:
        memset(to, 0, bytes);
        return (form.code & 7) != 0;
    case PTE_TRANSITIONAL:
        return ram_read(mm->ram,
                        gpa_of(page_of(form.pfn).v + (va.v & PAGE_MASK)), to,
                        bytes);
    case PTE_PAGE_FILE:
        if (!pagefile_holds(mm, form.slot, space, at) ||
            !pagefile_read(mm, form.slot, page))
            return false;
        memcpy(to, page + (va.v & PAGE_MASK), bytes);
        return true;
    default:
        return false;
    }
}

/* ---- giving back ------------------------------------------------------------
 */

bool paging_drop(struct mm *mm, enum frame_owner owner, uint32_t space,
                 gva_t at)
{
    uint64_t e = pte_get(mm, space, at);
    struct pte_form form = pte_decode(mm, e);
    const struct frame *f = NULL;
    bool slot = false;

    if (form.kind == PTE_VALID || form.kind == PTE_TRANSITIONAL)
        f = frames_shown(mm, owner, space, at, e);
    if (form.kind == PTE_PAGE_FILE)
        slot = pagefile_holds(mm, form.slot, space, at);
    if (e)
        pte_edit(mm, space, at, 0);
    if (f)
        frames_free(mm, f->pfn);
    if (slot)
        pagefile_give(mm, form.slot);
    return f || slot;
}

void paging_sweep(struct mm *mm, enum frame_owner owner, uint32_t space,
                  gva_t va, uint32_t pages)
{
    frames_sweep(mm, owner, space, va, pages);
    pagefile_sweep(mm, space, va, pages);
}

/* ---- accounts ---------------------------------------------------------------
 */

uint32_t paging_debt(struct mm *mm)
{
    uint32_t debt = mm->s.read_debt;

    mm->s.read_debt = 0;
    return debt;
}

uint64_t paging_limit(const struct mm *mm)
{
    return mm->ram->bytes / PAGE_BYTES + pagefile_pages(mm);
}

/* Frames that cannot leave, and what was promised of those that can. */
uint64_t paging_commit(const struct mm *mm)
{
    const uint32_t *owned = mm->index->owned;

    return mm->s.frame.count - owned[FRAME_USER] - owned[FRAME_PAGED_POOL] +
           mm->s.committed;
}

bool paging_fits(const struct mm *mm, uint64_t pages)
{
    uint64_t commit = paging_commit(mm), limit = paging_limit(mm);

    return commit <= limit && pages <= limit - commit;
}

uint64_t paging_available(const struct mm *mm)
{
    const uint32_t *owned = mm->index->owned;

    if (!pagefile_pages(mm))
        return frames_free_count(mm);
    return frames_free_count(mm) + owned[FRAME_USER] + owned[FRAME_PAGED_POOL];
}

void paging_written(struct mm *mm, gpa_t pa, uint64_t bytes)
{
    uint64_t page = pa.v >> PAGE_SHIFT,
             end = (pa.v + bytes + PAGE_MASK) >> PAGE_SHIFT;
    struct frame *f;

    if (!mm->s.slots_used)
        return; /* nothing is there to be old */
    for (; page < end && page <= UINT32_MAX; page++)
        if ((f = frames_find(mm, (uint32_t)page)))
            f->dirty = 1;
}
