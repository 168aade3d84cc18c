/* mm/user.h -- the user half of an address space: areas of virtual memory,
 * their pages, protection and page faults. */
#ifndef MM_USER_H
#define MM_USER_H

#include "mm/pte.h"

enum area_kind {
    AREA_PRIVATE,  /* pages of its own                                       */
    AREA_VIEW,     /* shows frames that belong to others (MDL, device memory) */
    AREA_SHARED,   /* KUSER_SHARED_DATA                                      */
    AREA_PHYSICAL, /* view of \Device\PhysicalMemory (mm/view.h)           */
};

/** A run of user VA in use. */
struct area {
    uint32_t space;
    uint32_t start, pages;
    uint8_t kind;       /* enum area_kind */
    uint8_t rights;     /* MM_x it was made with */
    uint16_t cache;     /* enum mm_cache, of a physical view */
    uint32_t pfn;       /* first page that a physical view shows */
    uint32_t owned;     /* its pages that are in RAM or in the paging file */
    uint32_t committed; /* its pages that are promised */
};

/** user_alloc() - zeroed pages. @va: page aligned, or 0 for the lowest free
 *  range at 64 KiB granularity; out: where. Pages come from the top of RAM.
 *  HB_BAD_ARGUMENT: not user space; HB_BAD_STATE: VA in use; HB_NO_PAGES. */
enum hb_status user_alloc(struct mm *mm, uint32_t space, gva_t *va,
                          uint32_t pages, unsigned rights);
/** user_lazy() - the same, and each page comes when it is touched first. */
enum hb_status user_lazy(struct mm *mm, uint32_t space, gva_t *va,
                         uint32_t pages, unsigned rights);
/** user_reserve() - addresses alone; a touch is a violation until pages are
 *  committed. */
enum hb_status user_reserve(struct mm *mm, uint32_t space, gva_t *va,
                            uint32_t pages, unsigned rights);
/** user_commit() - whole pages inside one private area; those that are
 *  committed stay as they are. HB_NOT_FOUND: no such area; HB_NO_PAGES: more
 *  than RAM and paging file have. user_decommit() - the reverse. */
enum hb_status user_commit(struct mm *mm, uint32_t space, gva_t va,
                           uint32_t pages, unsigned rights);
enum hb_status user_decommit(struct mm *mm, uint32_t space, gva_t va,
                             uint32_t pages);
/** user_committed() - is there a page for @va, or the promise of one? */
bool user_committed(const struct mm *mm, uint32_t space, gva_t va);
/** user_place() - as user_alloc with exactly these frames, page by page, taken
 *  if all are free. HB_NOT_FOUND: one is not RAM; HB_BAD_STATE: one is in use
 *  or the VA is. */
enum hb_status user_place(struct mm *mm, uint32_t space, gva_t *va,
                          const uint32_t *pfn, uint32_t pages, unsigned rights);
/** user_view() - map frames of others; freeing the area leaves them. */
enum hb_status user_view(struct mm *mm, uint32_t space, gva_t *va,
                         const uint32_t *pfn, uint32_t pages, unsigned rights,
                         enum mm_cache cache);
/** user_view_run() - the same for @pages from @pfn on, as an area of @kind. */
enum hb_status user_view_run(struct mm *mm, uint32_t space, gva_t *va,
                             uint32_t pfn, uint32_t pages, enum area_kind kind,
                             unsigned rights, enum mm_cache cache);
/** user_free() - the area that starts at @va. Locked pages live on until they
 *  are unlocked. HB_NOT_FOUND. */
enum hb_status user_free(struct mm *mm, uint32_t space, gva_t va);
/** user_protect() - other rights for whole pages inside one area. */
enum hb_status user_protect(struct mm *mm, uint32_t space, gva_t va,
                            uint32_t pages, unsigned rights);
/** user_page_out() - as if trimmed: resident private pages become transition
 *  entries; the next touch faults them in. Views stay as they are (IOS-035).
 *  HB_BAD_STATE: a locked page. */
enum hb_status user_page_out(struct mm *mm, uint32_t space, gva_t va,
                             uint32_t pages);
/** user_area() - the area @va lies in, NULL. Valid until the next change. */
const struct area *user_area(const struct mm *mm, uint32_t space, gva_t va);

enum mm_fault {
    MM_FAULT_RESOLVED,  /* touch it again                                   */
    MM_FAULT_VIOLATION, /* STATUS_ACCESS_VIOLATION / bugcheck by address    */
    MM_FAULT_GUARD,     /* STATUS_GUARD_PAGE_VIOLATION, the guard is gone   */
    MM_FAULT_NO_PAGES,  /* STATUS_NO_MEMORY                                 */
    MM_FAULT_IN_PAGE,   /* STATUS_IN_PAGE_ERROR: the paging file, unread    */
};
/** mm_fault() - a #PF at @va with SDM error code @error (PF_x) in @space: pages
 *  that are not resident come in, copy on write is done. */
enum mm_fault mm_fault(struct mm *mm, uint32_t space, gva_t va, uint32_t error);

#endif
