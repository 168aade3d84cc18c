/* mm/fault.c -- page faults: what is not resident comes in, copies on write are
 * made. Source: docs/mm.md, "Paging". */
#include "mm/paging.h"
#include "mm/pte_form.h"
#include "mm/system.h"
#include "mm/user_private.h"

/* Bytes of @from into @to; the old frame is held while a new one is found, as
 * that may send pages away. */
static bool copied(struct mm *mm, uint32_t from, uint32_t *to)
{
    const struct frame_request req = {
        .owner = FRAME_USER, .top_down = true, .dirty = true};
    bool held = frames_lock(mm, from);
    enum hb_status st = frames_alloc(mm, &req, to);
    uint8_t bytes[PAGE_BYTES] = {0};

    if (st == HB_OK) {
        ram_read(mm->ram, gpa_of((uint64_t)from << PAGE_SHIFT), bytes,
                 sizeof bytes);
        ram_write(mm->ram, gpa_of((uint64_t)*to << PAGE_SHIFT), bytes,
                  sizeof bytes);
    }
    if (held)
        frames_unlock(mm, from);
    return st == HB_OK;
}

static enum mm_fault copy_page(struct mm *mm, uint32_t space, gva_t at,
                               uint64_t e)
{
    uint32_t old = (uint32_t)((e & PTE_FRAME_MASK) >> PAGE_SHIFT), pfn;
    bool own = frames_shown(mm, FRAME_USER, space, at, e) != NULL;

    if (!copied(mm, old, &pfn))
        return MM_FAULT_NO_PAGES;
    if (own) {
        frames_free(mm, old);
        paging_owned(mm, space, at, -1);
    }
    return user_show_own(mm, space, at, pfn,
                         pte_entry_rights(mm, at, e) & ~(unsigned)MM_COPY) ==
                   HB_OK
               ? MM_FAULT_RESOLVED
               : MM_FAULT_NO_PAGES;
}

enum mm_fault mm_fault(struct mm *mm, uint32_t space, gva_t va, uint32_t error)
{
    gva_t at = gva_of(va.v & ~(uint32_t)PAGE_MASK);
    bool system = va.v >= MM_SYSTEM_START;
    uint64_t e;

    if (system && error & PF_U)
        return MM_FAULT_VIOLATION;
    if (system && lent_fault(mm, va))
        return MM_FAULT_RESOLVED;
    if (!system && !user_area(mm, space, va))
        return MM_FAULT_VIOLATION;
    e = pte_get(mm, system ? 0 : space, at);
    if (e & PTE_P) {
        bool copy = !system && error & PF_W && e & PTE_COW && !(e & PTE_RW);

        return copy ? copy_page(mm, space, at, e) : MM_FAULT_VIOLATION;
    }
    return paging_resolve(mm, space, at, e);
}
