/* mm/mdl_pages.c -- MmAllocatePagesForMdl: physical pages that an MDL alone
 * owns, inside limits, maybe fewer than asked for.
 * Source: docs/mm.md, "MDLs"; WDK, MmAllocatePagesForMdlEx. */
#include <stdlib.h>

#include "base/vec.h"
#include "mm/mdl_private.h"
#include "mm/paging.h"
#include "mm/pool.h"

enum { KEPT_PAGES = 256, PAGES_TAG = 0x6c646d4d }; /* "Mmdl" */

/* From one window of physical space into @pfn; returns how many it has now. */
static uint32_t gather(struct mm *mm, const struct mdl_pages *wish,
                       uint64_t low, uint64_t high, uint32_t *pfn,
                       uint32_t have, uint32_t pages)
{
    const struct frame_request req = {.owner = FRAME_MDL,
                                      .lowest = low,
                                      .highest = high ? high : 1,
                                      .dirty = wish->flags & MDL_DONT_ZERO};
    uint32_t first;

    if (wish->flags & MDL_CONTIGUOUS_CHUNKS && !wish->skip) {
        if (frames_alloc_run(mm, &req, pages - have, &first) != HB_OK)
            return have;
        while (have < pages)
            pfn[have++] = first++;
        return have;
    }
    while (have < pages && frames_alloc(mm, &req, &pfn[have]) == HB_OK)
        have++;
    return have;
}

static uint32_t gather_all(struct mm *mm, const struct mdl_pages *wish,
                           uint32_t *pfn, uint32_t pages)
{
    uint64_t low = wish->low, high = wish->high;
    uint32_t have = gather(mm, wish, low, high, pfn, 0, pages);

    /* the window moves by skip until it leaves RAM */
    while (wish->skip >= PAGE_BYTES && have < pages && low <= UINT64_MAX / 2 &&
           high <= UINT64_MAX / 2) {
        low += wish->skip;
        high += wish->skip;
        if (low >= mm->ram->top || wish->skip > UINT64_MAX / 4)
            break;
        have = gather(mm, wish, low, high, pfn, have, pages);
    }
    return have;
}

static enum hb_status describe(struct mm *mm, const struct mdl_pages *wish,
                               const uint32_t *pfn, uint32_t pages,
                               uint32_t bytes, gva_t mdl)
{
    mdl_init(mm, 0, mdl, gva_of(0), bytes, MDL_PAGES_LOCKED);
    mdl_put32(mm, 0, mdl, MDL_PROCESS, 0);
    mdl_put32(mm, 0, mdl, MDL_MAPPED_VA, 0);
    for (uint32_t i = 0; i < pages; i++) {
        frames_find(mm, pfn[i])->cache = (uint8_t)wish->cache;
        frames_lock(mm, pfn[i]);
    }
    return mdl_put_pfns(mm, 0, mdl, pfn, pages);
}

/* Nobody gets the last of RAM: tables and stacks must still be made. */
static uint32_t pages_wished(const struct mm *mm, uint64_t all)
{
    uint64_t most = paging_available(mm);

    most -= most / 8 < KEPT_PAGES ? most / 8 : KEPT_PAGES;
    most = most < mdl_most_pages(mm) ? most : mdl_most_pages(mm);
    return (uint32_t)(all < most ? all : most);
}

static enum hb_status fill(struct mm *mm, const struct mdl_pages *wish,
                           uint64_t all, uint32_t pages, uint32_t *pfn,
                           gva_t mdl)
{
    uint32_t have = gather_all(mm, wish, pfn, pages);
    uint64_t bytes = have == all ? wish->bytes : (uint64_t)have * PAGE_BYTES;

    if (have && (have == all || !(wish->flags & MDL_FULLY_REQUIRED)))
        return describe(mm, wish, pfn, have, (uint32_t)bytes, mdl);
    while (have-- > 0)
        frames_free(mm, pfn[have]);
    return HB_NO_PAGES;
}

enum hb_status mdl_pages_alloc(struct mm *mm, const struct mdl_pages *wish,
                               gva_t *mdl)
{
    uint64_t all = (wish->bytes >> PAGE_SHIFT) + !!(wish->bytes & PAGE_MASK);
    uint32_t pages = pages_wished(mm, all), *pfn;
    enum hb_status st;
    gva_t at;

    if (!pages || pool_alloc(mm, POOL_NONPAGED, MDL_BYTES + 4 * pages,
                             PAGES_TAG, &at) != HB_OK)
        return HB_NO_PAGES;
    pfn = malloc(pages * sizeof *pfn);
    st = pfn ? fill(mm, wish, all, pages, pfn, at) : HB_NO_PAGES;
    free(pfn);
    if (st == HB_OK)
        *mdl = at;
    else
        pool_free(mm, at, 0, NULL);
    return st;
}

/* Each page must be of the kind, and locked by this MDL alone. */
static enum hb_status check_pages(struct mm *mm, const struct mdl *m,
                                  const uint32_t *pfn, struct mm_misuse *misuse)
{
    for (uint32_t i = 0; i < m->pages; i++) {
        const struct frame *f = frames_find(mm, pfn[i]);

        if (!f || f->owner != FRAME_MDL || !f->refs || !f->locks) {
            return mm_misused(misuse, 0x1a, 0x1236, m->at.v,
                              m->at.v + MDL_PFNS + 4 * i, pfn[i]);
        }
        if (f->locks > 1) {
            return mm_misused(misuse, 0x4e, 0x9a, pfn[i], f->owner,
                              f->refs + f->locks);
        }
    }
    return HB_OK;
}

enum hb_status mdl_pages_free(struct mm *mm, uint32_t space, gva_t mdl,
                              struct mm_misuse *misuse)
{
    struct mdl m;
    enum hb_status st = mdl_load(mm, space, mdl, &m);
    uint32_t *pfn;

    if (st == HB_OK)
        st = mdl_pfns(mm, space, &m, &pfn, NULL);
    if (st != HB_OK)
        return st;
    st = check_pages(mm, &m, pfn, misuse);
    for (uint32_t i = 0; st == HB_OK && i < m.pages; i++) {
        frames_unlock(mm, pfn[i]);
        frames_free(mm, pfn[i]);
    }
    free(pfn);
    if (st != HB_OK)
        return st;
    return mdl_set_flags(mm, space, &m, m.flags & ~(unsigned)MDL_PAGES_LOCKED);
}
