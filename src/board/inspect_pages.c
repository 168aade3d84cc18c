/* src/board/inspect_pages.c -- physical pages and whose they are, who maps
 * them, and pool. */
#include "halbox/inspect.h"

#include "base/vec.h"
#include "board/board.h"
#include "board/space.h"
#include "mm/frames.h"
#include "mm/pool.h"

/* ---- frames --------------------------------------------------------------*/

static const uint8_t owners[FRAME_OWNERS] = {
    [FRAME_RESERVED] = OWNER_RESERVED,
    [FRAME_TABLE] = OWNER_TABLE,
    [FRAME_KERNEL] = OWNER_KERNEL,
    [FRAME_POOL] = OWNER_POOL,
    [FRAME_STACK] = OWNER_STACK,
    [FRAME_SYSTEM] = OWNER_SYSTEM,
    [FRAME_CONTIGUOUS] = OWNER_CONTIGUOUS,
    [FRAME_USER] = OWNER_USER,
    [FRAME_MDL] = OWNER_MDL,
    [FRAME_HAL] = OWNER_BOUNCE,
    [FRAME_PAGED_POOL] = OWNER_PAGED_POOL,
};

const char *inspect_owner_name(enum inspect_owner owner)
{
    static const char *const names[INSPECT_OWNERS] = {
        "none",   "ram",  "free",  "reserved",   "table",
        "kernel", "pool", "stack", "system",     "contiguous",
        "user",   "mdl",  "hal",   "paged pool",
    };

    return (unsigned)owner < INSPECT_OWNERS ? names[owner] : "?";
}

static bool is_ram(const struct machine *m, uint32_t pfn)
{
    return ram_is(&m->ram, gpa_of((uint64_t)pfn << PAGE_SHIFT), PAGE_BYTES);
}

static enum inspect_owner owner_of(const struct machine *m, uint32_t pfn,
                                   const struct frame **frame)
{
    *frame = m->config.bare ? NULL : frames_find(&m->mm, pfn);
    if (*frame)
        return (enum inspect_owner)owners[(*frame)->owner];
    if (!is_ram(m, pfn))
        return OWNER_NO_RAM;
    return m->config.bare ? OWNER_UNKNOWN : OWNER_FREE;
}

void inspect_owners(const struct machine *m, uint32_t pfn, uint32_t count,
                    uint8_t *owner)
{
    const struct frame *frame;

    for (uint32_t i = 0; i < count; i++)
        owner[i] = (uint8_t)owner_of(m, pfn + i, &frame);
}

bool inspect_frame(const struct machine *m, uint32_t pfn,
                   struct inspect_frame *out)
{
    static const char *const caches[] = {
        [MM_NONCACHED] = "not cached",
        [MM_CACHED] = "cached",
        [MM_WRITE_COMBINED] = "write combined",
        [MM_CACHE_UNSET] = "any",
    };
    const struct frame *f;

    *out = (struct inspect_frame){.owner = owner_of(m, pfn, &f),
                                  .cache = caches[MM_CACHE_UNSET]};
    if (!f)
        return out->owner != OWNER_NO_RAM;
    out->references = f->refs;
    out->locks = f->locks;
    out->process = nt_process_of_space(m->nt, f->space);
    out->va = gva_of(f->va);
    out->cache = caches[f->cache];
    out->freed = f->freed;
    out->trimmed = f->trimmed;
    out->in_paging_file = f->slot != 0;
    return true;
}

/* ---- who maps a page -----------------------------------------------------*/

/** Bytes that the entry at which a walk ended stands for. */
static uint64_t span_of(const struct walk_in *in, const struct walk_out *out,
                        bool mapped)
{
    static const uint64_t pae[] = {1u << 30, 2u << 20, PAGE_BYTES};
    static const uint64_t plain[] = {4u << 20, PAGE_BYTES};

    if (mapped)
        return out->page_bytes;
    return in->pae ? pae[out->leaf] : plain[out->leaf];
}

bool inspect_mapping_next(const struct machine *m, uint32_t space, uint32_t pfn,
                          uint64_t *cursor, struct inspect_mapping *out)
{
    const uint64_t wanted = (uint64_t)pfn << PAGE_SHIFT;
    struct walk_in in;

    if (!space_walk(m, space, &in) || !in.paging)
        return false;
    while (*cursor <= UINT32_MAX) {
        struct walk_out w = {0};
        uint32_t va = (uint32_t)*cursor;
        bool mapped = walk(&m->ram, &in, gva_of(va), &w);
        uint64_t span = span_of(&in, &w, mapped), inside = va & (span - 1);
        uint64_t page = w.pa.v - inside;

        *cursor = va - inside + span;
        if (!mapped || wanted < page || wanted - page >= span)
            continue;
        *out = (struct inspect_mapping){
            .va = gva_of((uint32_t)(va - inside + (wanted - page))),
            .slot = w.slot[w.leaf],
            .entry = w.entry[w.leaf],
            .page_bytes = w.page_bytes,
            .writable = w.rights & PTE_RW,
            .user = w.rights & PTE_US};
        return true;
    }
    return false;
}

/* ---- pool ----------------------------------------------------------------*/

static void describe(const struct pool_block *b, struct inspect_pool *out)
{
    *out = (struct inspect_pool){.at = gva_of(b->va),
                                 .bytes = b->bytes,
                                 .tag = b->tag,
                                 .paged = b->type & POOL_PAGED};
}

bool inspect_pool(const struct machine *m, gva_t at, struct inspect_pool *out)
{
    const struct pool_block *b = m->config.bare ? NULL : pool_find(&m->mm, at);

    if (b)
        describe(b, out);
    return b != NULL;
}

bool inspect_pool_at(const struct machine *m, unsigned index,
                     struct inspect_pool *out)
{
    for (unsigned p = 0; !m->config.bare && p < 2; p++) {
        const struct vec *blocks = &m->mm.s.pool[p].block;

        if (index < blocks->count) {
            describe(VEC_AT(struct pool_block, blocks, index), out);
            return true;
        }
        index -= blocks->count;
    }
    return false;
}

/** The lowest tag of @blocks that is not below @from, with what it has. */
static bool lowest_tag(const struct vec *blocks, uint64_t from,
                       struct inspect_tag *out)
{
    *out = (struct inspect_tag){.tag = UINT32_MAX};
    for (uint32_t i = 0; i < blocks->count; i++) {
        const struct pool_block *b = VEC_AT(struct pool_block, blocks, i);

        if (b->tag < from || b->tag > out->tag)
            continue;
        if (b->tag < out->tag)
            *out = (struct inspect_tag){.tag = b->tag};
        out->blocks++;
        out->bytes += b->bytes;
    }
    return out->blocks != 0;
}

bool inspect_tag_next(const struct machine *m, uint64_t *cursor,
                      struct inspect_tag *out)
{
    const uint64_t tags = (uint64_t)UINT32_MAX + 1;

    while (!m->config.bare && *cursor < 2 * tags) {
        bool paged = *cursor >= tags;
        const struct vec *blocks = &m->mm.s.pool[paged].block;

        if (lowest_tag(blocks, *cursor % tags, out)) {
            out->paged = paged;
            *cursor = (paged ? tags : 0) + out->tag + 1;
            return true;
        }
        *cursor = paged ? 2 * tags : tags;
    }
    return false;
}
