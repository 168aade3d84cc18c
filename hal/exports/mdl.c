/* hal/exports/mdl.c -- an MDL in guest memory as physical fragments. The MDL is
 * bytes that anybody may have written: every field is checked, no PFN past the
 * array is read. Source: WDK, MDL; docs/mm.md. */
#include <stdlib.h>
#include <string.h>

#include "hal/exports/thunk.h"
#include "ke/ke.h"
#include "mm/frames.h"
#include "mm/mdl.h"

enum { CHAIN_MOST = 4096, FRAGMENTS_MOST = 1 << 18 };

struct header {
    uint32_t next, start, bytes, offset;
    uint16_t size, flags;
};

static uint32_t u32_at(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
           (uint32_t)p[3] << 24;
}

static bool header_load(struct call *c, gva_t at, struct header *m)
{
    uint8_t raw[MDL_BYTES];

    load(c, at, raw, sizeof raw);
    if (!call_ok(c))
        return false;
    *m = (struct header){
        .next = u32_at(raw + MDL_NEXT),
        .size = (uint16_t)u32_at(raw + MDL_SIZE),
        .flags = (uint16_t)(u32_at(raw + MDL_SIZE) >> 16),
        .start = u32_at(raw + MDL_START_VA),
        .bytes = u32_at(raw + MDL_BYTE_COUNT),
        .offset = u32_at(raw + MDL_BYTE_OFFSET),
    };
    return true;
}

static bool header_ok(const struct call *c, gva_t at, const struct header *m)
{
    return !(m->start & PAGE_MASK) && m->offset <= PAGE_MASK &&
           (uint64_t)m->start + m->offset + m->bytes <= (uint64_t)1 << 32 &&
           mdl_holds(ke_mm(c->ke), at, m->size, mm_span(m->offset, m->bytes));
}

static bool push(struct fragments *out, const struct hal_fragment *f)
{
    struct hal_fragment *grown;

    if (out->count == out->room) {
        if (out->room >= FRAGMENTS_MOST)
            return false;
        out->room = out->room ? out->room * 2 : 16;
        grown = realloc(out->f, out->room * sizeof *grown);
        if (!grown)
            return false;
        out->f = grown;
    }
    out->f[out->count++] = *f;
    out->bytes += f->bytes;
    return true;
}

static bool breaks_run(const struct fragments *out,
                       const struct hal_fragment *f)
{
    const struct hal_fragment *last;

    if (!out->count)
        return false;
    last = &out->f[out->count - 1];
    return last->at + last->bytes != f->at;
}

/* S10: pages that an MDL calls nonpaged pool's, and that are nobody's to count
 * on: a process's, or the paged pool's, and not locked. S33: pages that no
 * device should be let at. The first of a piece tells. */
static void remark_on_page(struct call *c, gva_t mdl, const struct header *m,
                           uint32_t pfn)
{
    const struct frame *f = frames_find(ke_mm(c->ke), pfn);

    if (!f)
        return;
    if ((m->flags & MDL_SOURCE_IS_NONPAGED_POOL) && !f->locks &&
        (f->owner == FRAME_USER ||
         (f->va >= MM_PAGED_POOL && f->va < MM_PAGED_POOL_END)))
        hal_misuse(call_hal(c), "S10", HAL_CODE(0x0e, mdl.v, 0, 0),
                   "MDL %08x says nonpaged pool of pageable page %x", mdl.v,
                   pfn);
    if (f->owner == FRAME_TABLE || f->owner == FRAME_KERNEL)
        hal_finding(call_hal(c), "S33", "MDL %08x: page %x is of kind %s",
                    mdl.v, pfn, frames_owner_name(f->owner));
}

/* Bytes [at, at + bytes) of one MDL. False: stop, *why says if that is well. */
static bool read_pages(struct call *c, gva_t mdl, const struct header *m,
                       uint32_t at, uint32_t bytes, unsigned how,
                       struct fragments *out, bool *well)
{
    const struct mm *mm = ke_mm(c->ke);
    struct hal_fragment f;
    uint32_t in, page, pfn;

    *well = true;
    for (; bytes; at += f.bytes, bytes -= f.bytes) {
        in = (m->offset + at) & PAGE_MASK;
        page = (m->offset + at) >> PAGE_SHIFT;
        pfn = load_u32(c, gva_add(mdl, MDL_PFNS + 4 * page));
        if (!call_ok(c))
            return *well = false;
        if (!(m->flags & MDL_IO_SPACE) && !frames_is_ram(mm, pfn)) {
            out->corrupt = true;
            return false;
        }
        f = (struct hal_fragment){
            .at = ((uint64_t)pfn << PAGE_SHIFT) | in,
            .va = m->start + m->offset + at,
            .bytes = PAGE_BYTES - in < bytes ? PAGE_BYTES - in : bytes,
            .mdl = mdl.v,
        };
        if ((how & READ_RUN) && breaks_run(out, &f))
            return false;
        if (!out->count)
            remark_on_page(c, mdl, m, pfn);
        if (!push(out, &f))
            return *well = false;
    }
    return true;
}

static bool lies_in(const struct header *m, uint32_t va)
{
    return va - (m->start + m->offset) < m->bytes;
}

/* One MDL of the chain; *left counts down, *va is where to begin in it. */
static bool read_mdl(struct call *c, gva_t mdl, struct header *m, uint32_t *va,
                     uint32_t *left, unsigned how, struct fragments *out,
                     bool *more)
{
    uint32_t at, n;
    bool well;

    *more = false;
    if (!header_load(c, mdl, m))
        return false;
    if (!header_ok(c, mdl, m)) {
        out->corrupt = true;
        return true;
    }
    if (!(m->flags &
          (MDL_PAGES_LOCKED | MDL_SOURCE_IS_NONPAGED_POOL | MDL_PARTIAL)))
        hal_misuse(call_hal(c), "S10", HAL_CODE(0x0e, mdl.v, 0, 0),
                   "MDL %08x is not locked", mdl.v);
    if (out->count)
        *va = m->start + m->offset;
    if (!lies_in(m, *va)) {
        out->outside = !out->count;
        return true;
    }
    at = *va - (m->start + m->offset);
    n = m->bytes - at < *left ? m->bytes - at : *left;
    if (read_pages(c, mdl, m, at, n, how, out, &well)) {
        *left -= n;
        *more = true;
        return true;
    }
    if (!out->corrupt)
        *left = 0;
    return well;
}

bool fragments_read(struct call *c, gva_t mdl, uint32_t va, uint32_t bytes,
                    unsigned how, struct fragments *out)
{
    uint32_t left = bytes, i;
    bool more = true, ok = true;
    struct header m = {0};

    *out = (struct fragments){0};
    for (i = 0; ok && more && left && mdl.v && i < CHAIN_MOST; i++) {
        ok = read_mdl(c, mdl, &m, &va, &left, how, out, &more);
        if (!(how & READ_CHAIN))
            break;
        mdl = gva_of(m.next);
    }
    if (!ok) {
        fragments_fini(out);
        return false;
    }
    if (i == CHAIN_MOST && left && mdl.v)
        hal_finding(call_hal(c), "S10", "the chain of MDLs has no end");
    out->missed = left;
    if (out->corrupt)
        hal_finding(call_hal(c), "S10", "MDL %08x is corrupt", mdl.v);
    return true;
}

bool chain_at(struct call *c, gva_t mdl, uint64_t offset, gva_t *in,
              uint32_t *va)
{
    struct header m;
    uint32_t i;

    for (i = 0; mdl.v && i < CHAIN_MOST; i++) {
        if (!header_load(c, mdl, &m))
            return false;
        if (!header_ok(c, mdl, &m)) {
            hal_finding(call_hal(c), "S10", "MDL %08x is corrupt", mdl.v);
            return false;
        }
        if (offset < m.bytes) {
            *in = mdl;
            *va = m.start + m.offset + (uint32_t)offset;
            return true;
        }
        offset -= m.bytes;
        mdl = gva_of(m.next);
    }
    if (mdl.v)
        hal_finding(call_hal(c), "S10", "the chain of MDLs has no end");
    return false;
}

void fragments_fini(struct fragments *fr)
{
    free(fr->f);
    *fr = (struct fragments){0};
}
