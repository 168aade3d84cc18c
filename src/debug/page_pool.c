/* src/debug/page_pool.c -- see page_pool.h. */
#include "debug/page_pool.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/vec.h"
#include "mm/walk.h"

enum { CHUNK = 2 << 20 };

void page_pool_give(struct page_pool *pool, uint8_t *page)
{
    if (!page)
        return;
    memcpy(page, &pool->free, sizeof pool->free);
    pool->free = page;
}

static void more(struct page_pool *pool)
{
    uint8_t *chunk = aligned_alloc(CHUNK, CHUNK);

    if (!chunk || !vec_push(&pool->chunk, sizeof chunk, &chunk)) {
        free(chunk);
        return;
    }
    madvise(chunk, CHUNK, MADV_HUGEPAGE);
    for (unsigned at = CHUNK; at > 0; at -= PAGE_BYTES)
        page_pool_give(pool, chunk + at - PAGE_BYTES);
}

uint8_t *page_pool_take(struct page_pool *pool)
{
    uint8_t *page;

    if (!pool->free)
        more(pool);
    page = pool->free;
    if (page)
        memcpy(&pool->free, page, sizeof pool->free);
    return page;
}

void page_pool_fini(struct page_pool *pool)
{
    for (uint32_t i = 0; i < pool->chunk.count; i++)
        free(*VEC_AT(void *, &pool->chunk, i));
    vec_free(&pool->chunk);
    *pool = (struct page_pool){0};
}
