/* mm/pool_block.c -- blocks that share a page. A page is filled without gaps
 * by items, live blocks and holes, each led by a POOL_HEADER in guest memory:
 *
 *     | 8 | block          | 8 | hole    | 8 | block        | 8 | hole ...  |
 *
 * The headers are there to be looked at, by people and by the check on free;
 * the allocator goes by its own records.
 * Layout of POOL_HEADER: PreviousSize:9 PoolIndex:7 BlockSize:9 PoolType:7
 * PoolTag:32, sizes in units of 8 bytes, PoolType 0 for a hole. */
#include "base/vec.h"
#include "mm/pool_private.h"

static struct pool_block *block_at(const struct pool *p, uint32_t i)
{
    return VEC_AT(struct pool_block, &p->block, i);
}

static uint32_t round_up(uint32_t v, uint32_t to)
{
    return (v + to - 1) / to * to;
}

uint32_t pool_block_index(const struct pool *p, uint32_t va)
{
    uint32_t low = 0, high = p->block.count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (block_at(p, middle)->va < va)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* ---- items ------------------------------------------------------------------
 */

static uint32_t item_start(const struct pool_block *b)
{
    return b->va - POOL_HEADER;
}

static uint32_t item_end(const struct pool_block *b)
{
    return b->va + round_up(b->bytes ? b->bytes : 1, POOL_UNIT);
}

static uint32_t page_start(uint32_t va)
{
    return va & ~(uint32_t)PAGE_MASK;
}

static bool in_page(const struct pool *p, uint32_t i, uint32_t page_va)
{
    return i < p->block.count && page_start(block_at(p, i)->va) == page_va;
}

/* End of what lies before block @i in its page, or the page's start. */
static uint32_t end_before(const struct pool *p, uint32_t i, uint32_t page_va)
{
    return i && in_page(p, i - 1, page_va) ? item_end(block_at(p, i - 1))
                                           : page_va;
}

/* Start of block @i if it is in the page, else the page's end. */
static uint32_t start_after(const struct pool *p, uint32_t i, uint32_t page_va)
{
    return in_page(p, i, page_va) ? item_start(block_at(p, i))
                                  : page_va + PAGE_BYTES;
}

/* ---- headers ----------------------------------------------------------------
 */

struct header {
    uint32_t sizes, tag;
};

static struct header header_of(uint32_t before, uint32_t start, uint32_t end,
                               uint32_t type, uint32_t tag)
{
    uint32_t previous = (start - before) / POOL_UNIT;
    uint32_t size = (end - start) / POOL_UNIT;

    return (struct header){
        (previous & 0x1ff) | (size & 0x1ff) << 16 | (type & 0x7f) << 25, tag};
}

static void put(struct mm *mm, uint32_t at, struct header h)
{
    mm_write(mm, 0, gva_of(at), &h, sizeof h);
}

/* Start of the item that ends where item @start begins. */
static uint32_t item_before(const struct pool *p, uint32_t i, uint32_t start,
                            uint32_t page_va)
{
    if (start == page_va)
        return start;
    if (end_before(p, i, page_va) < start) /* a hole */
        return end_before(p, i, page_va);
    return item_start(block_at(p, i - 1));
}

static struct header block_header(const struct pool *p, uint32_t i)
{
    const struct pool_block *b = block_at(p, i);
    uint32_t start = item_start(b);

    return header_of(item_before(p, i, start, page_start(b->va)), start,
                     item_end(b), (b->type & 7) + 1, b->tag);
}

/* The hole in front of block @i (or of the page's end), if there is one. */
static bool hole_before(const struct pool *p, uint32_t i, uint32_t page_va,
                        uint32_t *at, struct header *h)
{
    uint32_t start = end_before(p, i, page_va);
    uint32_t end = start_after(p, i, page_va);

    if (start == end)
        return false;
    *at = start;
    *h = header_of(item_before(p, i, start, page_va), start, end, 0, 0);
    return true;
}

static void put_hole(struct mm *mm, const struct pool *p, uint32_t i,
                     uint32_t page_va)
{
    struct header h;
    uint32_t at;

    if (hole_before(p, i, page_va, &at, &h))
        put(mm, at, h);
}

/* ---- interface --------------------------------------------------------------
 */

bool pool_small_fit(struct pool *p, uint32_t page,
                    const struct pool_block *want, uint32_t *va)
{
    struct pool_page *pg = VEC_AT(struct pool_page, &p->page, page);
    uint32_t page_va = p->start + page * PAGE_BYTES, largest = 0;
    uint32_t need = round_up(want->bytes ? want->bytes : 1, POOL_UNIT);
    uint32_t align = want->type & POOL_CACHE_ALIGNED ? CACHE_LINE : POOL_UNIT;
    uint32_t i = pool_block_index(p, page_va);

    if (pg->largest < need + POOL_HEADER)
        return false;
    for (;; i++) {
        uint32_t start = end_before(p, i, page_va);
        uint32_t end = start_after(p, i, page_va);
        uint32_t at = round_up(start + POOL_HEADER, align);

        if (at + need <= end) {
            *va = at;
            return true;
        }
        largest = end - start > largest ? end - start : largest;
        if (!in_page(p, i, page_va))
            break;
    }
    pg->largest = (uint16_t)largest;
    return false;
}

bool pool_small_enter(struct mm *mm, struct pool *p, const struct pool_block *b)
{
    uint32_t page_va = page_start(b->va), i = pool_block_index(p, b->va);

    if (!vec_insert(&p->block, sizeof *b, i, b))
        return false;
    put_hole(mm, p, i, page_va);
    put(mm, item_start(b), block_header(p, i));
    put_hole(mm, p, i + 1, page_va);
    if (in_page(p, i + 1, page_va))
        put(mm, item_start(block_at(p, i + 1)), block_header(p, i + 1));
    return true;
}

static bool is_there(const struct mm *mm, uint32_t at, struct header want)
{
    struct header h;

    return mm_read(mm, 0, gva_of(at), &h, sizeof h) == HB_OK &&
           h.sizes == want.sizes && h.tag == want.tag;
}

bool pool_small_intact(struct mm *mm, const struct pool *p, uint32_t i,
                       struct mm_misuse *misuse)
{
    const struct pool_block *b = block_at(p, i);
    uint32_t page_va = page_start(b->va), next = item_end(b);
    struct header own = block_header(p, i), behind;
    bool last = next == page_va + PAGE_BYTES;

    if (!last && !hole_before(p, i + 1, page_va, &next, &behind))
        behind = block_header(p, i + 1);
    if (is_there(mm, item_start(b), own) &&
        (last || is_there(mm, next, behind)))
        return true;
    mm_misused(misuse, 0x19, 0x20, item_start(b), next, own.sizes);
    return false;
}

bool pool_small_leave(struct mm *mm, struct pool *p, uint32_t i)
{
    uint32_t page_va = page_start(block_at(p, i)->va);
    struct pool_page *pg =
        VEC_AT(struct pool_page, &p->page, (page_va - p->start) / PAGE_BYTES);

    vec_remove(&p->block, sizeof(struct pool_block), i);
    pg->largest = PAGE_BYTES; /* no better known: found at the next look */
    if (!in_page(p, i, page_va) && (!i || !in_page(p, i - 1, page_va)))
        return true;
    put_hole(mm, p, i, page_va);
    if (in_page(p, i, page_va))
        put(mm, item_start(block_at(p, i)), block_header(p, i));
    return false;
}
