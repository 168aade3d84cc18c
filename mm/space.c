/* mm/space.c -- address spaces: directories in guest RAM, made and unmade, and
 * access to what they show. Source: docs/mm.md, "Address spaces". */
#include <stddef.h>

#include "base/vec.h"
#include "mm/paging.h"
#include "mm/pte_private.h"
#include "mm/user.h"
#include "mm/user_private.h"

enum { SPACES_MOST = 4096 };

/* ---- finding ----------------------------------------------------------------
 */

static struct space *space_at(const struct mm *mm, uint32_t i)
{
    return VEC_AT(struct space, &mm->s.space, i);
}

struct space *space_find(const struct mm *mm, uint32_t id)
{
    uint32_t low = 0, high = mm->s.space.count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (space_at(mm, middle)->id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < mm->s.space.count && space_at(mm, low)->id == id
               ? space_at(mm, low)
               : NULL;
}

uint32_t space_cr3(const struct mm *mm, uint32_t id)
{
    const struct space *sp = space_find(mm, id);

    return sp ? (uint32_t)sp->cr3 : 0;
}

bool space_by_cr3(const struct mm *mm, uint32_t cr3, uint32_t *id)
{
    for (uint32_t i = 0; i < mm->s.space.count; i++) {
        if (((uint32_t)space_at(mm, i)->cr3 ^ cr3) >> 5 == 0) {
            *id = space_at(mm, i)->id;
            return true;
        }
    }
    return false;
}

void space_set_process(struct mm *mm, uint32_t id, gva_t process)
{
    struct space *sp = space_find(mm, id);

    if (sp)
        sp->process = process.v;
}

/* ---- life -------------------------------------------------------------------
 */

/* A directory page; the PDPT must lie below 4 GiB (SDM 4.4.1). */
static bool table_page(struct mm *mm, uint32_t id, uint64_t *page)
{
    const struct frame_request req = {.owner = FRAME_TABLE,
                                      .highest = UINT32_MAX};
    uint32_t pfn;

    if (frames_alloc(mm, &req, &pfn) != HB_OK)
        return false;
    frames_assign(mm, pfn, id, gva_of(0));
    *page = (uint64_t)pfn << PAGE_SHIFT;
    return true;
}

static void free_tables(struct mm *mm, uint32_t id)
{
    uint32_t i = 0;

    while (i < mm->s.frame.count) {
        const struct frame *f = VEC_AT(struct frame, &mm->s.frame, i);

        if (f->owner == FRAME_TABLE && f->space == id && f->refs)
            frames_free(mm, f->pfn); /* another one takes its place */
        else
            i++;
    }
}

static bool make_directories(struct mm *mm, struct space *sp)
{
    bool pae = mm->s.settings.pae;

    for (unsigned i = 0; i < (pae ? 4u : 1u); i++) {
        if (!table_page(mm, sp->id, &sp->directory[i]))
            return false;
    }
    if (!pae) {
        sp->cr3 = sp->directory[0];
        return true;
    }
    if (!table_page(mm, sp->id, &sp->cr3))
        return false;
    for (unsigned i = 0; i < 4; i++)
        pte_set_pdpte(mm, sp, i);
    return true;
}

enum hb_status space_create(struct mm *mm, uint32_t *id)
{
    struct space sp = {.id = mm->s.next_space};

    if (mm->s.space.count >= SPACES_MOST)
        return HB_NO_PAGES;
    if (!make_directories(mm, &sp) || !vec_push(&mm->s.space, sizeof sp, &sp)) {
        free_tables(mm, sp.id);
        return HB_NO_PAGES;
    }
    pte_self_map(mm, &sp);
    if (sp.id)
        pte_share_system(mm, &sp);
    mm->s.next_space++;
    if (sp.id && user_share_kuser(mm, sp.id) != HB_OK) {
        space_destroy(mm, sp.id, NULL);
        return HB_NO_PAGES;
    }
    *id = sp.id;
    return HB_OK;
}

/* The MDL that a driver left locked is named if locks were tracked. */
static enum hb_status left_locked(struct mm *mm, uint32_t id, uint32_t process,
                                  uint32_t locked, struct mm_misuse *misuse)
{
    for (uint32_t i = 0; i < mm->s.lock.count; i++) {
        const struct locked_mdl *l = VEC_AT(struct locked_mdl, &mm->s.lock, i);

        if (l->space == id)
            return mm_misused(misuse, 0xcb, l->owner, 0, l->mdl, l->pages);
    }
    return mm_misused(misuse, 0x76, 0, process, locked, 0);
}

enum hb_status space_destroy(struct mm *mm, uint32_t id,
                             struct mm_misuse *misuse)
{
    struct space *sp = space_find(mm, id);
    uint32_t locked, process;

    if (misuse)
        *misuse = (struct mm_misuse){0};
    if (!sp || !id)
        return HB_NOT_FOUND;
    locked = sp->locked;
    process = sp->process;
    user_free_all(mm, id);
    vec_remove(&mm->s.space, sizeof *sp, (uint32_t)(sp - space_at(mm, 0)));
    free_tables(mm, id);
    if (!locked)
        return HB_OK;
    return left_locked(mm, id, process, locked, misuse);
}

/* ---- walking ----------------------------------------------------------------
 */

bool space_walk_in(const struct mm *mm, uint32_t id, struct walk_in *in)
{
    const struct space *sp = space_find(mm, id);

    if (!sp)
        return false;
    *in = (struct walk_in){
        .cr3 = gpa_of(sp->cr3),
        .paging = true,
        .pae = mm->s.settings.pae,
        .nx = mm->s.settings.nx,
        .pse = true,
        .pge = true,
        .wp = true,
        .physical_bits = mm->s.settings.pae ? 36 : 32,
    };
    for (unsigned i = 0; in->pae && i < 4; i++)
        in->pdpte[i] = sp->directory[i] | PTE_P;
    return true;
}

bool mm_translate(const struct mm *mm, uint32_t space, gva_t va,
                  struct walk_out *out)
{
    struct walk_in in;

    return space_walk_in(mm, space, &in) && walk(mm->ram, &in, va, out);
}

bool mm_physical(const struct mm *mm, uint32_t space, gva_t va, gpa_t *pa)
{
    struct walk_out out;

    if (!mm_translate(mm, space, va, &out))
        return false;
    *pa = out.pa;
    return true;
}

/* One page's worth of bytes at @at, at most @bytes; 0: not in RAM. */
static uint32_t piece(const struct mm *mm, const struct walk_in *in, gva_t at,
                      uint32_t bytes, gpa_t *pa)
{
    uint32_t most = PAGE_BYTES - (at.v & PAGE_MASK);
    struct walk_out out;

    bytes = bytes < most ? bytes : most;
    if (!walk(mm->ram, in, at, &out) || !ram_is(mm->ram, out.pa, bytes))
        return 0;
    *pa = out.pa;
    return bytes;
}

/* @bytes of one page, wherever they are. */
static bool read_piece(const struct mm *mm, const struct walk_in *in,
                       uint32_t space, gva_t at, void *to, uint32_t bytes)
{
    gpa_t pa;

    if (piece(mm, in, at, bytes, &pa))
        return ram_read(mm->ram, pa, to, bytes);
    return paging_peek(mm, space, at, to, bytes);
}

static uint32_t in_page(gva_t at, uint32_t bytes)
{
    uint32_t most = PAGE_BYTES - (at.v & PAGE_MASK);

    return bytes < most ? bytes : most;
}

static bool all_there(const struct mm *mm, const struct walk_in *in,
                      uint32_t space, gva_t at, uint32_t bytes)
{
    uint8_t byte;

    while (bytes) {
        uint32_t n = in_page(at, bytes);
        gpa_t pa;

        if (!piece(mm, in, at, n, &pa) && !paging_peek(mm, space, at, &byte, 1))
            return false;
        at = gva_add(at, n);
        bytes -= n;
    }
    return true;
}

enum hb_status mm_read(const struct mm *mm, uint32_t space, gva_t at, void *to,
                       uint32_t bytes)
{
    uint8_t *out = to;
    struct walk_in in;

    if (!space_walk_in(mm, space, &in) || !all_there(mm, &in, space, at, bytes))
        return HB_FAULT;
    while (bytes) {
        uint32_t n = in_page(at, bytes);

        if (!read_piece(mm, &in, space, at, out, n))
            return HB_FAULT;
        out += n;
        at = gva_add(at, n);
        bytes -= n;
    }
    return HB_OK;
}

enum hb_status mm_write(struct mm *mm, uint32_t space, gva_t at,
                        const void *from, uint32_t bytes)
{
    const uint8_t *in_bytes = from;
    struct walk_in in;
    gpa_t pa;

    if (!space_walk_in(mm, space, &in) || !all_there(mm, &in, space, at, bytes))
        return HB_FAULT;
    while (bytes) {
        /* what we write may be a page table: then the way may end here */
        uint32_t n = in_page(at, bytes);

        if (!piece(mm, &in, at, n, &pa) &&
            (!paging_make_resident(mm, space, at) ||
             !piece(mm, &in, at, n, &pa)))
            return HB_FAULT;
        ram_write(mm->ram, pa, in_bytes, n);
        paging_written(mm, pa, n);
        in_bytes += n;
        at = gva_add(at, n);
        bytes -= n;
    }
    return HB_OK;
}
