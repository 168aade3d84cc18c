/* mm/section.h -- sections of driver images: which of their pages may be
 * trimmed now. A section is pageable by its name; a driver may lock it in
 * memory, or make its whole image pageable. Source: WDK,
 * MmLockPagableDataSection, MmPageEntireDriver, MmResetDriverPaging. */
#ifndef MM_SECTION_H
#define MM_SECTION_H

#include "mm/pte.h"

struct image_section {
    uint32_t image;        /* where the image begins                          */
    uint32_t va, bytes;    /* of the section                                  */
    uint32_t first, pages; /* pages that hold nothing but it                  */
    uint32_t locks;        /* MmLockPagableDataSection less unlocks           */
    uint8_t pageable;      /* by its name                                     */
    uint8_t paged;         /* now                                             */
};

/** section_add() - a section of the image at @s->image; @s->paged starts as
 *  @s->pageable. HB_NO_PAGES: the host has no memory. */
enum hb_status section_add(struct mm *mm, const struct image_section *s);
/** section_remove() - all sections of the image at @image. */
void section_remove(struct mm *mm, gva_t image);
/** section_find() - the one @va lies in, NULL. Valid until the next change. */
struct image_section *section_find(const struct mm *mm, gva_t va);
/** section_page() - is @va in a page of an image that holds one section only?
 *  section_pageable() - and may that page be trimmed now? */
bool section_page(const struct mm *mm, gva_t va);
bool section_pageable(const struct mm *mm, gva_t va);

/** section_lock() - bring the section of @va in and hold it. HB_BAD_STATE:
 *  *misuse 0x1A(1234h); HB_NO_PAGES: no room to bring it in. */
enum hb_status section_lock(struct mm *mm, gva_t va, struct mm_misuse *misuse);
/** section_unlock() - HB_BAD_STATE: *misuse 0x1A(1010h), not locked. */
enum hb_status section_unlock(struct mm *mm, gva_t va,
                              struct mm_misuse *misuse);
/** section_page_all() - every section of the image of @va becomes pageable
 *  (@on), or what its name says again, which brings in the others. @image:
 *  where it begins. HB_NOT_FOUND; HB_NO_PAGES. */
enum hb_status section_page_all(struct mm *mm, gva_t va, bool on, gva_t *image);

#endif
