/* mm/pool.h -- nonpaged and paged pool; pages of the latter come when they are
 * touched and may be trimmed. A block of a page or more is page aligned; a
 * smaller one is 8-byte aligned, never crosses a page and has an 8-byte
 * POOL_HEADER in front in guest memory. What is allocated is known by host
 * records alone: a driver that writes over headers gets its bugcheck and harms
 * nobody. */
#ifndef MM_POOL_H
#define MM_POOL_H

#include "mm/pte.h"

/** POOL_TYPE; bit 0 is paged. Values and modifiers: docs/mm.md. */
enum {
    POOL_NONPAGED = 0,
    POOL_PAGED = 1,
    POOL_MUST_SUCCEED = 2,
    POOL_CACHE_ALIGNED = 4,
};

struct pool_page {
    uint8_t kind;     /* free, small blocks, first of big, more of big */
    uint8_t backed;   /* paged pool: it is in RAM or in the paging file      */
    uint16_t largest; /* bytes: no free hole in it is larger            */
};

/** A live allocation. */
struct pool_block {
    uint32_t va;    /* what the caller got */
    uint32_t bytes; /* what the caller asked for */
    uint32_t tag;
    uint32_t type;
};

/** pool_alloc() - @type: POOL_TYPE, modifiers ignored. Not cleared: a fresh
 *  page is zero, a used one keeps its old bytes. 0 bytes count as 1.
 *  HB_NO_PAGES: none left. */
enum hb_status pool_alloc(struct mm *mm, uint32_t type, uint32_t bytes,
                          uint32_t tag, gva_t *va);
/** pool_free() - @check_tag: 0, or the tag it must have. HB_BAD_STATE: *misuse
 *  is 0xC2 (not a block, freed twice, other tag) or 0x19 (a header was written
 *  over); nothing is freed then. */
enum hb_status pool_free(struct mm *mm, gva_t va, uint32_t check_tag,
                         struct mm_misuse *misuse);
/** pool_find() - the live block @va lies in, NULL. */
const struct pool_block *pool_find(const struct mm *mm, gva_t va);
/** pool_contains() - is @va inside the region of the nonpaged/paged pool? */
bool pool_contains(const struct mm *mm, bool paged, gva_t va);

#endif
