/* mm/pte.h -- editing page tables: pte_edit() is the only writer of entries. It
 * writes guest RAM, drops the TLB entry and emits pte_write. */
#ifndef MM_PTE_H
#define MM_PTE_H

#include "mm/frames.h"

/** What a mapping allows; user pages add MM_USER. */
enum {
    MM_R = 0,
    MM_W = 1,         /* writable                                        */
    MM_X = 2,         /* executable: matters under PAE with NX alone     */
    MM_USER = 4,      /* reachable from ring 3                           */
    MM_GUARD = 8,     /* user pages: one-shot guard page                 */
    MM_COPY = 16,     /* user pages: copy on write                       */
    MM_NOACCESS = 32, /* user pages: committed, every touch a fault   */
    MM_RW = MM_W,
    MM_RWX = MM_W | MM_X,
};

/** pte_value() - a present entry for @pa: accessed and dirty already for system
 *  pages, as NT's templates are; not global, so that CR3 loads flush it. */
uint64_t pte_value(const struct mm *mm, gpa_t pa, unsigned rights,
                   enum mm_cache cache);
/** pte_get() - the 4 KiB entry of @va; 0 if there is no table (or a large
 *  page). */
uint64_t pte_get(const struct mm *mm, uint32_t space, gva_t va);
/** pte_edit() - set the entry of @va, making the page table if it is missing;
 *  an entry of the system half is set for all spaces.
 *  HB_NO_PAGES: no RAM for a table. HB_NOT_FOUND: no such space. */
enum hb_status pte_edit(struct mm *mm, uint32_t space, gva_t va,
                        uint64_t value);

/** kernel_map() - map @pages system pages from physical @pa on at @va.
 *  HB_NO_PAGES: undone. Ranges come from the layout; nobody counts them. */
enum hb_status kernel_map(struct mm *mm, gva_t va, gpa_t pa, uint32_t pages,
                          unsigned rights, enum mm_cache cache);
/** kernel_unmap() - entries become 0; frames are the caller's. */
void kernel_unmap(struct mm *mm, gva_t va, uint32_t pages);
/** kernel_protect() - other rights for mapped system pages (PE sections). */
void kernel_protect(struct mm *mm, gva_t va, uint32_t pages, unsigned rights);
/** kernel_place() - zeroed, physically contiguous pages at a fixed system @va,
 *  at physical va - 80000000 where that is free, as NT's loader does for kernel
 *  and HAL. @pa (may be NULL) tells where: stub pages are known by it. */
enum hb_status kernel_place(struct mm *mm, gva_t va, uint32_t pages,
                            unsigned rights, gpa_t *pa);

#endif
