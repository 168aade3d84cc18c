/* mm/pool_private.h -- between mm/pool.c (pages, interface) and
 * mm/pool_block.c (small blocks in a page, their headers). */
#ifndef MM_POOL_PRIVATE_H
#define MM_POOL_PRIVATE_H

#include "mm/pool.h"

enum { POOL_FREE_PAGE, POOL_SMALL, POOL_BIG_FIRST, POOL_BIG_MORE };
enum { POOL_HEADER = 8, POOL_UNIT = 8, CACHE_LINE = 32 };
/** Largest request that shares a page with others, as in NT. */
enum { POOL_SMALL_MOST = PAGE_BYTES - 2 * POOL_HEADER };

/** pool_boot() - limits from RAM size. */
void pool_boot(struct mm *mm);
/** pool_backed() - the paged pool's page at @va has come for the first time. */
void pool_backed(struct mm *mm, gva_t va);
/** pool_check() - after a load. */
bool pool_check(const struct mm *mm);

/** pool_block_index() - first live block at or above @va. */
uint32_t pool_block_index(const struct pool *p, uint32_t va);
/** pool_small_fit() - can page number @page take the block? Then *va. */
bool pool_small_fit(struct pool *p, uint32_t page,
                    const struct pool_block *want, uint32_t *va);
/** pool_small_enter() - put @b there: record and headers. */
bool pool_small_enter(struct mm *mm, struct pool *p,
                      const struct pool_block *b);
/** pool_small_intact() - are the headers at and behind block @i as written? If
 *  not, *misuse is 0x19. */
bool pool_small_intact(struct mm *mm, const struct pool *p, uint32_t i,
                       struct mm_misuse *misuse);
/** pool_small_leave() - take block @i out; true: its page is empty now. */
bool pool_small_leave(struct mm *mm, struct pool *p, uint32_t i);

#endif
