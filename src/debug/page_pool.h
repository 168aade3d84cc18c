/* src/debug/page_pool.h -- memory for kept pages, from huge pages of the host:
 * a state that keeps thousands at once takes few faults. */
#ifndef DEBUG_PAGE_POOL_H
#define DEBUG_PAGE_POOL_H

#include <stdint.h>

#include "halbox/state.h"

/** Zeroed is empty. */
struct page_pool {
    struct vec chunk; /* of void *: owned                    */
    void *free;       /* the first free page; it holds the next */
};

/** page_pool_take() - room for a page of the guest, or NULL: no memory.
 *  page_pool_give() - back; NULL is nothing. page_pool_fini() - all of it. */
uint8_t *page_pool_take(struct page_pool *pool);
void page_pool_give(struct page_pool *pool, uint8_t *page);
void page_pool_fini(struct page_pool *pool);

#endif
