/* mm/system.h -- the system PTE area and what lives there: kernel stacks,
 * driver images, device memory, contiguous and non-cached memory. A run of
 * PTEs is cut from the high end of the smallest free run that fits; released
 * runs join their neighbours. Source: docs/mm.md, "System PTEs". */
#ifndef MM_SYSTEM_H
#define MM_SYSTEM_H

#include "mm/pte.h"

enum pte_use {
    PTES_FREE,
    PTES_STACK,
    PTES_IMAGE,
    PTES_IO,         /* MmMapIoSpace                   */
    PTES_MDL,        /* mappings of locked pages       */
    PTES_NONCACHED,  /* MmAllocateNonCachedMemory      */
    PTES_CONTIGUOUS, /* MmAllocateContiguousMemory     */
    PTES_RESERVED,   /* MmAllocateMappingAddress       */
    PTES_LENT,       /* what drivers may read for a while */
    PTES_USES
};

/** A run of system PTEs; the runs, free or not, cover the area in order. */
struct pte_run {
    uint32_t va;
    uint32_t pages;
    uint32_t use;    /* enum pte_use */
    uint32_t tag;    /* of a reservation */
    uint32_t pfn;    /* device memory: first page that it shows */
    uint32_t cache;  /* ... and how, enum mm_cache */
    uint32_t owner;  /* guest code that asked for it, 0: not known */
    uint32_t mapped; /* pages of it that are mapped (reservations) */
};

/** sysptes_alloc() - @pages PTEs in a row, all 0. HB_NO_PAGES: no such run. */
enum hb_status sysptes_alloc(struct mm *mm, uint32_t pages, enum pte_use use,
                             gva_t *va);
/** sysptes_free() - a whole run back, its entries cleared first.
 *  HB_BAD_STATE: @va..@pages is not exactly a run in use; *misuse (may be
 *  NULL) is the bugcheck 0xDA that NT would make of it. */
enum hb_status sysptes_free(struct mm *mm, gva_t va, uint32_t pages,
                            struct mm_misuse *misuse);
/** sysptes_find() - the run @va lies in, NULL outside the area. */
struct pte_run *sysptes_find(const struct mm *mm, gva_t va);
/** sysptes_own() - the run at @va was asked for by guest code at @owner. */
void sysptes_own(struct mm *mm, gva_t va, gva_t owner);
/** sysptes_owned() - the next run at or above *@va that code in @bytes from
 *  @image asked for; NULL: none is left. */
const struct pte_run *sysptes_owned(const struct mm *mm, gva_t va, gva_t image,
                                    uint32_t bytes);
/** sysptes_leaks() - image @name, @bytes at @image, is about to go: finding S37
 *  for each run that its code asked for and never gave back. Returns PTEs. */
uint32_t sysptes_leaks(struct mm *mm, const char *name, gva_t image,
                       uint32_t bytes);
/** sysptes_free_count()/sysptes_total() - the performance counter. */
uint32_t sysptes_free_count(const struct mm *mm);
uint32_t sysptes_total(const struct mm *mm);
/** sysptes_largest() - pages of the largest free run. */
uint32_t sysptes_largest(const struct mm *mm);
/** sysptes_exhausted() - what a shortage of @pages is as a bugcheck: 0x3F(0,
 *  pages, free, total), or 0xD8 with TrackPtes. */
void sysptes_exhausted(const struct mm *mm, uint32_t pages,
                       struct mm_misuse *misuse);

/** system_alloc() - zeroed pages in the area, not physically contiguous, for
 *  driver images (MM_RWX). HB_NO_PAGES: nothing changed. */
enum hb_status system_alloc(struct mm *mm, uint32_t pages, unsigned rights,
                            gva_t *va);
/** system_free() - what system_alloc() gave, by its start. HB_NOT_FOUND. */
enum hb_status system_free(struct mm *mm, gva_t va);

/** lent_alloc() - a zeroed page that drivers are lent. lent_back() - it is not
 *  theirs any more: the next access that a driver makes is finding RES-011
 * (one, then the page is there again). lent_free() - by its start. */
enum hb_status lent_alloc(struct mm *mm, gva_t *va);
void lent_back(struct mm *mm, gva_t va);
void lent_free(struct mm *mm, gva_t va);
/** lent_fault() - was it such an access? Then it can be tried again. */
bool lent_fault(struct mm *mm, gva_t va);

/** stack_alloc() - a kernel stack of 12 KiB above a guard page. @top: first
 *  byte above it (initial ESP); the limit is top - 0x3000. */
enum hb_status stack_alloc(struct mm *mm, gva_t *top);
/** stack_free() - by @top. HB_NOT_FOUND. */
enum hb_status stack_free(struct mm *mm, gva_t top);

/** io_map() - MmMapIoSpace. HB_BAD_ARGUMENT: no bytes, or past the physical
 *  address space; HB_NO_PAGES. @va carries the byte offset of @pa. */
enum hb_status io_map(struct mm *mm, gpa_t pa, uint64_t bytes,
                      enum mm_cache cache, gva_t *va);
/** io_conflicts() - is one of these pages shown with another cache type now, by
 *  a device mapping, a physical view, or as RAM by its own attribute? */
bool io_conflicts(const struct mm *mm, uint32_t pfn, uint32_t pages,
                  enum mm_cache cache);
/** io_unmap() - by the address given and the length. HB_BAD_STATE: no such
 *  mapping, *misuse 0xDA(400h, base, pages); HB_BAD_ARGUMENT: the length has
 *  another number of pages, the mapping is gone all the same. */
enum hb_status io_unmap(struct mm *mm, gva_t va, uint32_t bytes,
                        struct mm_misuse *misuse);

/** Limits of contiguous memory; zero: no wish. */
struct contiguous {
    uint64_t lowest, highest; /* gpa; highest inclusive, 0: any */
    uint64_t boundary;        /* power of two, page multiple */
    enum mm_cache cache;
    bool zero;
};
/** contiguous_alloc() - physically contiguous pages, mapped. @pa may be NULL.
 *  HB_BAD_ARGUMENT: no bytes, odd boundary; HB_NO_PAGES. */
enum hb_status contiguous_alloc(struct mm *mm, uint32_t bytes,
                                const struct contiguous *limits, gva_t *va,
                                gpa_t *pa);
/** contiguous_free() - by its start. HB_NOT_FOUND. */
enum hb_status contiguous_free(struct mm *mm, gva_t va);

/** noncached_alloc()/noncached_free() - whole pages, not contiguous, PCD|PWT;
 *  costs one PTE more than its pages. */
enum hb_status noncached_alloc(struct mm *mm, uint32_t bytes, gva_t *va);
enum hb_status noncached_free(struct mm *mm, gva_t va, uint32_t bytes,
                              struct mm_misuse *misuse);

/** mm_virtual() - MmGetVirtualForPhysical: false when no system page shows it.
 */
bool mm_virtual(const struct mm *mm, gpa_t pa, gva_t *va);

#endif
