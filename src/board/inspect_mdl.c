/* src/board/inspect_mdl.c -- memory descriptor lists: one at an address, and
 * those in use. */
#include "base/vec.h"
#include "board/board.h"
#include "halbox/inspect.h"
#include "mm/mdl.h"
#include "mm/pool.h"

bool inspect_mdl(const struct machine *m, gva_t at, struct inspect_mdl *mdl)
{
    struct mdl raw;
    unsigned most;

    if (m->config.bare || mdl_load(&m->mm, 0, at, &raw) == HB_FAULT)
        return false;
    *mdl = (struct inspect_mdl){.at = at,
                                .next = gva_of(raw.next),
                                .process = gva_of(raw.process),
                                .mapped = gva_of(raw.mapped),
                                .start = gva_of(raw.start),
                                .size = raw.size,
                                .flags = raw.flags,
                                .bytes = raw.bytes,
                                .offset = raw.offset,
                                .pages = raw.pages};
    most = raw.pages < INSPECT_MDL_PAGES ? raw.pages : INSPECT_MDL_PAGES;
    return !most ||
           inspect_virtual(m, SPACE_SYSTEM, gva_add(at, MDL_PFNS), mdl->pfn,
                           most * (uint32_t)sizeof *mdl->pfn);
}

/* ---- those in use --------------------------------------------------------*/

static bool has_mapped(const struct machine *m, uint32_t mdl)
{
    struct hal_page_info page;

    for (unsigned i = 0; hal_page_at(m->hal, i, &page); i++)
        if (page.mdl == mdl)
            return true;
    return false;
}

/** Is there an MDL in use at @at? */
static bool in_use(const struct machine *m, uint32_t at,
                   struct inspect_mdl_use *use)
{
    const uint16_t users = MDL_PAGES_LOCKED | MDL_SOURCE_IS_NONPAGED_POOL;
    struct mdl raw;

    *use = (struct inspect_mdl_use){.at = gva_of(at), .dma = has_mapped(m, at)};
    if (mdl_load(&m->mm, 0, gva_of(at), &raw) != HB_OK)
        return use->dma; /* written over while it is mapped */
    use->locked = raw.flags & MDL_PAGES_LOCKED;
    use->nonpaged = raw.flags & MDL_SOURCE_IS_NONPAGED_POOL;
    use->mapped_va = raw.flags & MDL_MAPPED_TO_SYSTEM_VA;
    use->process =
        nt_process_of(m->nt, ke_process_by_object(m->ke, gva_of(raw.process)));
    return use->dma || raw.flags & users;
}

static bool is_pool_mdl(const struct machine *m, uint32_t at)
{
    const struct pool_block *b = pool_find(&m->mm, gva_of(at));

    return b && b->va == at && b->tag == MDL_TAG;
}

/** Did the HAL map another page of the same MDL before page @index? */
static bool is_told(const struct machine *m, unsigned index, uint32_t mdl)
{
    struct hal_page_info page;

    for (unsigned i = 0; i < index && hal_page_at(m->hal, i, &page); i++)
        if (page.mdl == mdl)
            return true;
    return false;
}

bool inspect_mdl_at(const struct machine *m, unsigned index,
                    struct inspect_mdl_use *use)
{
    const struct vec *blocks = &m->mm.s.pool[POOL_NONPAGED].block;
    struct hal_page_info page;

    if (m->config.bare)
        return false;
    for (uint32_t i = 0; i < blocks->count; i++) {
        const struct pool_block *b = VEC_AT(struct pool_block, blocks, i);

        if (b->tag == MDL_TAG && in_use(m, b->va, use) && index-- == 0)
            return true;
    }
    for (unsigned i = 0; hal_page_at(m->hal, i, &page); i++) {
        if (page.mdl && !is_pool_mdl(m, page.mdl) && !is_told(m, i, page.mdl) &&
            in_use(m, page.mdl, use) && index-- == 0)
            return true;
    }
    return false;
}
