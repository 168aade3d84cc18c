/* hal/pool.c -- where map registers come from: a window of one table of the
 * unit, or bounce pages that lie one after the other below a limit. First fit,
 * so that a run of logical pages is contiguous and the same in every run. */
#include <string.h>

#include "hal/private.h"
#include "mm/frames.h"

enum {
    LOW_BOUNCE_PAGES = 64,   /* 256 KiB below 16 MiB, 64 KiB aligned */
    HIGH_BOUNCE_PAGES = 256, /* 1 MiB below 4 GiB                    */
    LOW_ALIGN_PAGES = 32,    /* 128 KiB: the line of 16-bit channels */
};
#define LOW_LIMIT  0xffffffu
#define HIGH_LIMIT 0xffffffffu

static bool is_used(const struct hal_pool *pool, uint32_t i)
{
    return pool->used[i / 8] >> i % 8 & 1;
}

static void set_used(struct hal_pool *pool, uint32_t i, bool used)
{
    uint8_t bit = (uint8_t)(1u << i % 8);

    if (used)
        pool->used[i / 8] |= bit;
    else
        pool->used[i / 8] &= (uint8_t)~bit;
}

static enum hb_status bounce_pages(struct hal *h, struct hal_pool *pool)
{
    bool low = pool->limit <= LOW_LIMIT;
    struct frame_request req = {
        .owner = FRAME_HAL,
        .lowest = pool->limit < LOW_LIMIT ? PAGE_BYTES : (uint64_t)1 << 20,
        .highest = pool->limit,
        .boundary = 0,
        .align_pages = low ? LOW_ALIGN_PAGES : 1,
    };
    uint32_t pages = low ? LOW_BOUNCE_PAGES : HIGH_BOUNCE_PAGES, first;

    for (; pages >= 2; pages /= 2)
        if (frames_alloc_run(h->mm, &req, pages, &first) == HB_OK) {
            pool->count = pages;
            pool->first = (uint64_t)first << PAGE_SHIFT;
            return HB_OK;
        }
    return HB_NO_PAGES;
}

static void unit_window(struct hal *h, struct hal_pool *pool)
{
    const struct hal_unit *u = &h->s.unit;
    uint32_t half = u->count[pool->window] / 2;

    pool->first = u->base[pool->window];
    pool->count = u->count[pool->window];
    /* On `adapter` a driver that names no PCI function gets registers in every
     * master's table: the upper half of each is kept for those. */
    if (h->s.settings.kind == HAL_ADAPTER && pool->requester < 0x100)
        pool->count = half;
    if (h->s.settings.kind == HAL_ADAPTER && pool->requester == HAL_ANY_MASTER)
        pool->start = half;
}

static struct hal_pool *pool_find(struct hal *h, const struct hal_pool *want)
{
    uint32_t i;

    for (i = 0; i < h->s.pool.count; i++)
        if (HAL_POOL_AT(h, i)->window == want->window &&
            HAL_POOL_AT(h, i)->requester == want->requester &&
            HAL_POOL_AT(h, i)->limit == want->limit)
            return HAL_POOL_AT(h, i);
    return NULL;
}

uint32_t pool_get(struct hal *h, uint32_t requester, uint64_t limit)
{
    struct hal_pool want = {
        .window = limit > LOW_LIMIT, /* 28-bit devices: the low one too */
        .requester =
            h->s.settings.kind == HAL_ADAPTER ? requester : HAL_ANY_MASTER,
        .bounce = h->s.settings.kind == HAL_BOUNCE,
        .limit = limit > LOW_LIMIT ? HIGH_LIMIT : LOW_LIMIT,
    };
    struct hal_pool *pool;

    if (limit > LOW_LIMIT && limit < HIGH_LIMIT) {
        want.window = 0;
        want.limit = LOW_LIMIT;
    }
    if (limit < LOW_LIMIT) { /* a master of fewer than 24 bits: version 3 */
        if (!want.bounce)
            return HAL_NONE; /* no logical window lies so low */
        want.limit = limit;
    }
    pool = pool_find(h, &want);
    if (!pool) {
        if (h->s.pool.count == HAL_POOLS)
            return HAL_NONE;
        if (want.bounce) {
            if (bounce_pages(h, &want) != HB_OK)
                return HAL_NONE;
        } else {
            unit_window(h, &want);
        }
        pool = vec_push(&h->s.pool, sizeof want, &want);
        if (!pool)
            return HAL_NONE;
    }
    return (uint32_t)(pool - HAL_POOL_AT(h, 0));
}

uint32_t pool_most(const struct hal_pool *pool)
{
    return pool->count - pool->start;
}

/* Does the run [first, first + count) lie within one stretch of @boundary? */
static bool inside_boundary(const struct hal_pool *pool, uint32_t first,
                            uint32_t count, uint64_t boundary)
{
    uint64_t from = pool->first + ((uint64_t)first << PAGE_SHIFT);
    uint64_t last = from + ((uint64_t)count << PAGE_SHIFT) - 1;

    return !boundary || from / boundary == last / boundary;
}

bool pool_take(struct hal_pool *pool, uint32_t count, uint64_t boundary,
               uint32_t *first)
{
    uint32_t i, run = 0;

    if (!count || count > pool_most(pool) - pool->in_use)
        return false;
    for (i = pool->start; i < pool->count; i++) {
        run = is_used(pool, i) ? 0 : run + 1;
        if (run >= count &&
            inside_boundary(pool, i + 1 - count, count, boundary))
            break;
    }
    if (i == pool->count)
        return false;
    *first = i + 1 - count;
    for (i = *first; i < *first + count; i++)
        set_used(pool, i, true);
    pool->in_use += count;
    return true;
}

uint32_t pool_largest(const struct hal_pool *pool)
{
    uint32_t i, run = 0, most = 0;

    for (i = pool->start; i < pool->count; i++) {
        run = is_used(pool, i) ? 0 : run + 1;
        if (run > most)
            most = run;
    }
    return most;
}

void pool_give(struct hal_pool *pool, uint32_t first, uint32_t count)
{
    uint32_t i;

    for (i = first; i < first + count; i++)
        set_used(pool, i, false);
    pool->in_use -= count;
}

bool hal_pool_at(const struct hal *h, unsigned index,
                 struct hal_pool_info *info)
{
    const struct hal_pool *pool;
    uint32_t i;

    if (index >= h->s.pool.count)
        return false;
    pool = HAL_POOL_AT(h, index);
    *info = (struct hal_pool_info){
        .bounce = pool->bounce,
        .requester = pool->requester,
        .registers = pool_most(pool),
        .in_use = pool->in_use,
        .first = pool->first + ((uint64_t)pool->start << PAGE_SHIFT),
    };
    for (i = 0; i < h->s.request.count; i++) {
        const struct hal_request *r = HAL_REQUEST_AT(h, i);
        const struct hal_adapter *ad = adapter_by_id(h, r->adapter);

        info->waiting += r->state == REQUEST_STARVED && ad && ad->pool == index;
    }
    return true;
}
