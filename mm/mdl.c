/* mm/mdl.c -- MDLs as structures in guest memory: reading one defensively,
 * making, freeing, and describing part of another.
 * Source: docs/mm.md, "MDLs"; WDK, IoAllocateMdl, IoBuildPartialMdl. */
#include "mm/mdl.h"

#include <stdlib.h>

#include "mm/mdl_private.h"
#include "mm/pool.h"

/* ---- reading ----------------------------------------------------------------
 */

static uint32_t le32(const uint8_t *at)
{
    uint32_t v;

    memcpy(&v, at, sizeof v);
    return v;
}

static uint16_t le16(const uint8_t *at)
{
    uint16_t v;

    memcpy(&v, at, sizeof v);
    return v;
}

enum {
    MOST_PAGES = 16376,      /* 1Ch + 4 * 16,376 is the most in 16 bits */
    MOST_PAGES_W8 = 1 << 20, /* 4 GiB - 4096 bytes at any offset        */
    MOST_BYTES = 0x7fffffff, /* SEC-023                                 */
};
#define MOST_BYTES_W8 0xfffff000u

uint32_t mdl_most_bytes(const struct mm *mm)
{
    return mm->s.settings.era >= MM_W8 ? MOST_BYTES_W8 : MOST_BYTES;
}

uint32_t mdl_most_pages(const struct mm *mm)
{
    return mm->s.settings.era >= MM_W8 ? MOST_PAGES_W8 : MOST_PAGES;
}

/* From Windows Vista on buffers of up to 4 GiB have an MDL and Size wraps, so
 * that it limits nothing. The array is then as long as the pool block; an MDL
 * in a driver's own memory must have the Size that MmInitializeMdl gives it. */
bool mdl_holds(const struct mm *mm, gva_t at, uint16_t size, uint32_t pages)
{
    uint64_t need = MDL_BYTES + (uint64_t)pages * 4;
    const struct pool_block *block;

    if (need <= size)
        return true;
    if (mm->s.settings.era < MM_W8)
        return false;
    block = pool_find(mm, at);
    if (block && block->va == at.v)
        return need <= block->bytes;
    return need > UINT16_MAX && size == (uint16_t)need;
}

enum hb_status mdl_load(const struct mm *mm, uint32_t space, gva_t at,
                        struct mdl *out)
{
    uint8_t raw[MDL_BYTES];
    uint32_t pages;

    if (mm_read(mm, space, at, raw, sizeof raw) != HB_OK)
        return HB_FAULT;
    *out = (struct mdl){
        .at = at,
        .next = le32(raw + MDL_NEXT),
        .size = le16(raw + MDL_SIZE),
        .flags = le16(raw + MDL_FLAGS),
        .process = le32(raw + MDL_PROCESS),
        .mapped = le32(raw + MDL_MAPPED_VA),
        .start = le32(raw + MDL_START_VA),
        .bytes = le32(raw + MDL_BYTE_COUNT),
        .offset = le32(raw + MDL_BYTE_OFFSET),
    };
    if (out->start & PAGE_MASK || out->offset > PAGE_MASK ||
        (uint64_t)out->start + out->offset + out->bytes > (uint64_t)1 << 32)
        return HB_BAD_ARGUMENT;
    pages = mm_span(out->offset, out->bytes);
    if (!mdl_holds(mm, at, out->size, pages))
        return HB_BAD_ARGUMENT;
    out->pages = pages;
    return HB_OK;
}

/* SEC-009: RAM, or device memory that the MDL says it is. */
static bool pfn_allowed(const struct mm *mm, const struct mdl *m, uint32_t pfn)
{
    unsigned bits = mm->s.settings.pae ? 24 : 20;

    if (pfn >> bits)
        return false;
    return m->flags & MDL_IO_SPACE || frames_is_ram(mm, pfn);
}

enum hb_status mdl_frame(const struct mm *mm, uint32_t space,
                         const struct mdl *m, uint32_t i, uint32_t *pfn)
{
    uint32_t v;

    if (i >= m->pages)
        return HB_BAD_ARGUMENT;
    if (mm_read(mm, space, gva_add(m->at, MDL_PFNS + 4 * i), &v, 4) != HB_OK)
        return HB_FAULT;
    if (!pfn_allowed(mm, m, v))
        return HB_BAD_ARGUMENT;
    *pfn = v;
    return HB_OK;
}

enum hb_status mdl_byte(const struct mm *mm, uint32_t space,
                        const struct mdl *m, uint32_t at, gpa_t *pa,
                        uint32_t *run)
{
    uint32_t in_page = (m->offset + at) & PAGE_MASK, pfn, rest;
    enum hb_status st;

    if (at >= m->bytes)
        return HB_BAD_ARGUMENT;
    st = mdl_frame(mm, space, m,
                   (uint32_t)(((uint64_t)m->offset + at) >> PAGE_SHIFT), &pfn);
    if (st != HB_OK)
        return st;
    rest = m->bytes - at;
    *pa = gpa_of(((uint64_t)pfn << PAGE_SHIFT) | in_page);
    *run = PAGE_BYTES - in_page < rest ? PAGE_BYTES - in_page : rest;
    return HB_OK;
}

enum hb_status mdl_pfns(const struct mm *mm, uint32_t space,
                        const struct mdl *m, uint32_t **pfn, uint32_t *bad)
{
    uint32_t *copy = malloc(m->pages ? m->pages * sizeof *copy : 4);

    if (!copy)
        return HB_NO_MEMORY;
    for (uint32_t i = 0; i < m->pages; i++) {
        enum hb_status st = mdl_frame(mm, space, m, i, &copy[i]);

        if (st != HB_OK) {
            free(copy);
            if (bad)
                *bad = i;
            return st;
        }
    }
    *pfn = copy;
    return HB_OK;
}

/* ---- writing ----------------------------------------------------------------
 */

enum hb_status mdl_put16(struct mm *mm, uint32_t space, gva_t mdl,
                         uint32_t offset, uint16_t v)
{
    return mm_write(mm, space, gva_add(mdl, offset), &v, sizeof v);
}

enum hb_status mdl_put32(struct mm *mm, uint32_t space, gva_t mdl,
                         uint32_t offset, uint32_t v)
{
    return mm_write(mm, space, gva_add(mdl, offset), &v, sizeof v);
}

enum hb_status mdl_set_flags(struct mm *mm, uint32_t space, struct mdl *m,
                             unsigned flags)
{
    m->flags = (uint16_t)flags;
    return mdl_put16(mm, space, m->at, MDL_FLAGS, m->flags);
}

enum hb_status mdl_put_pfns(struct mm *mm, uint32_t space, gva_t mdl,
                            const uint32_t *pfn, uint32_t count)
{
    return mm_write(mm, space, gva_add(mdl, MDL_PFNS), pfn, count * 4);
}

enum hb_status mdl_init(struct mm *mm, uint32_t space, gva_t mdl, gva_t va,
                        uint32_t bytes, uint16_t flags)
{
    uint32_t size = MDL_BYTES + 4 * mm_span(va.v, bytes);

    /* Process, MappedSystemVa and PFNs stay as they are */
    if (mdl_put32(mm, space, mdl, MDL_NEXT, 0) != HB_OK ||
        mdl_put16(mm, space, mdl, MDL_SIZE, (uint16_t)size) != HB_OK ||
        mdl_put16(mm, space, mdl, MDL_FLAGS, flags) != HB_OK ||
        mdl_put32(mm, space, mdl, MDL_START_VA, va.v & ~(uint32_t)PAGE_MASK) !=
            HB_OK ||
        mdl_put32(mm, space, mdl, MDL_BYTE_COUNT, bytes) != HB_OK)
        return HB_FAULT;
    return mdl_put32(mm, space, mdl, MDL_BYTE_OFFSET, va.v & PAGE_MASK);
}

bool mdl_verify(struct mm *mm, const struct mdl *m, uint32_t code,
                uint32_t which, struct mm_misuse *misuse)
{
    if (mm->s.settings.checks) {
        mm_misused(misuse, 0xc4, code, m->at.v, m->flags, which);
        return true;
    }
    EMIT(mm->events, finding, EVENT_STRING("S10"),
         EVENT_STRING("MDL used against its state"));
    return false;
}

/* ---- life -------------------------------------------------------------------
 */

enum hb_status mdl_create(struct mm *mm, gva_t va, uint32_t bytes, gva_t *mdl)
{
    uint32_t pages = mm_span(va.v, bytes), room = pages;
    uint16_t flags = 0;
    enum hb_status st;

    if (bytes > mdl_most_bytes(mm) || pages > mdl_most_pages(mm))
        return HB_BAD_ARGUMENT;
    if (pages <= MDL_LOOKASIDE_PAGES) {
        room = MDL_LOOKASIDE_PAGES;
        flags = MDL_ALLOCATED_FIXED_SIZE;
    }
    st = pool_alloc(mm, POOL_NONPAGED, MDL_BYTES + 4 * room, MDL_TAG, mdl);
    if (st != HB_OK)
        return st;
    return mdl_init(mm, 0, *mdl, va, bytes, flags);
}

enum hb_status mdl_free(struct mm *mm, uint32_t space, gva_t mdl,
                        struct mm_misuse *misuse)
{
    const unsigned own = MDL_PARTIAL | MDL_PARTIAL_HAS_BEEN_MAPPED;
    struct mdl m = {0};
    enum hb_status st = mdl_load(mm, space, mdl, &m);

    if (st == HB_FAULT)
        return st;
    if (m.flags & MDL_PARTIAL_HAS_BEEN_MAPPED && st == HB_OK) {
        st = mdl_unmap(mm, space, mdl, gva_of(m.mapped), misuse);
        if (st != HB_OK)
            return st;
    } else if (m.flags & MDL_MAPPED_TO_SYSTEM_VA && !(m.flags & own) &&
               mdl_verify(mm, &m, 0xb8, MDL_MAPPED_TO_SYSTEM_VA, misuse)) {
        return HB_BAD_STATE;
    }
    return pool_free(mm, mdl, 0, misuse);
}

/* ---- part of another --------------------------------------------------------
 */

static bool inside(const struct mdl *source, gva_t va, uint32_t bytes)
{
    uint32_t from = va.v - mdl_va(source).v;

    return va.v >= mdl_va(source).v && from < source->bytes &&
           bytes <= source->bytes - from;
}

/* The range as the target's fields; PFNs and flags too. */
static enum hb_status describe(struct mm *mm, uint32_t space,
                               const struct mdl *source, struct mdl *target,
                               gva_t va, uint32_t bytes)
{
    const unsigned kept = MDL_ALLOCATED_FIXED_SIZE | MDL_ALLOCATED_MUST_SUCCEED;
    const unsigned taken = MDL_IO_PAGE_READ | MDL_SOURCE_IS_NONPAGED_POOL |
                           MDL_MAPPED_TO_SYSTEM_VA | MDL_IO_SPACE;
    uint32_t delta = va.v - mdl_va(source).v;
    uint32_t first = (source->offset + delta) >> PAGE_SHIFT;
    uint32_t *pfn;
    enum hb_status st = mdl_pfns(mm, space, source, &pfn, NULL);

    if (st != HB_OK)
        return st;
    mdl_put_pfns(mm, space, target->at, pfn + first, mm_span(va.v, bytes));
    free(pfn);
    mdl_put32(mm, space, target->at, MDL_PROCESS, source->process);
    mdl_put32(mm, space, target->at, MDL_MAPPED_VA, source->mapped + delta);
    mdl_put32(mm, space, target->at, MDL_START_VA, va.v & ~(uint32_t)PAGE_MASK);
    mdl_put32(mm, space, target->at, MDL_BYTE_COUNT, bytes);
    mdl_put32(mm, space, target->at, MDL_BYTE_OFFSET, va.v & PAGE_MASK);
    return mdl_set_flags(mm, space, target,
                         (target->flags & kept) | (source->flags & taken) |
                             MDL_PARTIAL);
}

enum hb_status mdl_partial(struct mm *mm, uint32_t space, gva_t source,
                           gva_t target, gva_t va, uint32_t bytes,
                           struct mm_misuse *misuse)
{
    struct mdl from, to;
    enum hb_status st = mdl_load(mm, space, source, &from);
    uint32_t length = bytes;

    if (st == HB_OK && mdl_load(mm, space, target, &to) == HB_FAULT)
        st = HB_FAULT; /* a target says nothing yet but its size */
    if (st != HB_OK)
        return st;
    if (!bytes)
        length = mdl_va(&from).v + from.bytes - va.v;
    if (!inside(&from, va, length)) {
        return mm_misused(misuse, 0x12e, source.v, target.v, va.v, bytes);
    }
    if (!mdl_holds(mm, target, to.size, mm_span(va.v, length))) {
        return mm_misused(misuse, 0x40, 0, 0, 0, 0);
    }
    return describe(mm, space, &from, &to, va, length);
}

/* ---- advancing --------------------------------------------------------------
 */

/* How many PTEs before MappedSystemVa belong to the mapping already. */
static uint32_t extra_ptes(const struct mm *mm, uint32_t space,
                           const struct mdl *m)
{
    uint32_t n = 0;

    if (m->flags & MDL_FREE_EXTRA_PTES)
        mm_read(mm, space, gva_add(m->at, MDL_PFNS + 4 * m->pages), &n, 4);
    return n;
}

static enum hb_status advance(struct mm *mm, uint32_t space, struct mdl *m,
                              uint32_t bytes, uint32_t passed,
                              const uint32_t *pfn)
{
    uint32_t left = m->pages - passed;
    unsigned flags = m->flags;
    uint32_t extra = extra_ptes(mm, space, m) + passed;
    const unsigned either =
        MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL;

    mdl_put_pfns(mm, space, m->at, pfn + passed, left);
    mdl_put32(mm, space, m->at, MDL_START_VA,
              m->start +
                  (m->offset + bytes - ((m->offset + bytes) & PAGE_MASK)));
    mdl_put32(mm, space, m->at, MDL_BYTE_COUNT, m->bytes - bytes);
    mdl_put32(mm, space, m->at, MDL_BYTE_OFFSET,
              (m->offset + bytes) & PAGE_MASK);
    if (flags & either)
        mdl_put32(mm, space, m->at, MDL_MAPPED_VA, m->mapped + bytes);
    if (passed && (flags & either) == MDL_MAPPED_TO_SYSTEM_VA) {
        mdl_put32(mm, space, m->at, MDL_PFNS + 4 * left, extra);
        flags |= MDL_FREE_EXTRA_PTES;
    }
    return mdl_set_flags(mm, space, m, flags);
}

enum hb_status mdl_advance(struct mm *mm, uint32_t space, gva_t mdl,
                           uint32_t bytes, struct mm_misuse *misuse)
{
    uint32_t passed, *pfn;
    struct mdl m;
    enum hb_status st = mdl_load(mm, space, mdl, &m);

    if (st != HB_OK)
        return st;
    if (bytes > m.bytes)
        return HB_BAD_ARGUMENT;
    st = mdl_pfns(mm, space, &m, &pfn, NULL);
    if (st != HB_OK)
        return st;
    passed = bytes == m.bytes ? m.pages : (m.offset + bytes) >> PAGE_SHIFT;
    if (m.flags & MDL_PAGES_LOCKED)
        st = mdl_unlock_frames(mm, &m, pfn, passed, misuse);
    if (st == HB_OK)
        st = advance(mm, space, &m, bytes, passed, pfn);
    free(pfn);
    return st;
}
