/* mm/trim.c -- pages go: from a working set to transition, from there to the
 * paging file. Victims are chosen by state alone, so that every run chooses the
 * same. Source: docs/mm.md, "Paging". */
#include <stdlib.h>

#include "base/vec.h"
#include "mm/frame_index.h"
#include "mm/pagefile.h"
#include "mm/paging.h"
#include "mm/pool_private.h"
#include "mm/pte_form.h"
#include "mm/section.h"

/* ---- one page ---------------------------------------------------------------
 */

static bool trim_page(struct mm *mm, uint32_t space, gva_t at)
{
    enum frame_owner owner;
    struct frame *f;
    uint64_t e;

    if (!paging_owner(mm, &space, at, &owner) ||
        (owner == FRAME_SYSTEM && !section_pageable(mm, at)))
        return false;
    e = pte_get(mm, space, at);
    f = e & PTE_P ? frames_shown(mm, owner, space, at, e) : NULL;
    if (!f || f->locks || f->refs != 1)
        return false;
    f->dirty |= (e & PTE_D) != 0;
    f->trimmed = 1;
    f->trim_seq = ++mm->s.trim_seq;
    pte_edit(mm, space, at,
             pte_transition(gpa_of(e & PTE_FRAME_MASK),
                            pte_entry_rights(mm, at, e)));
    return true;
}

/* The file is full, but pages in RAM keep their places in it: take one. */
static bool steal_slot(struct mm *mm)
{
    for (uint32_t i = 0; i < mm->s.frame.count; i++) {
        struct frame *f = VEC_AT(struct frame, &mm->s.frame, i);

        if (f->slot && !f->trimmed) {
            pagefile_give(mm, f->slot);
            f->slot = 0;
            f->dirty = 1;
            return true;
        }
    }
    return false;
}

/* The trimmed page's bytes are in its slot afterwards. */
static bool write_out(struct mm *mm, struct frame *f)
{
    uint8_t bytes[PAGE_BYTES];
    gva_t va = gva_of(f->va);
    bool taken = false;

    f->slot = frames_slot(mm, f);
    if (f->slot && !f->dirty)
        return true;
    if (!f->slot) {
        taken = pagefile_take(mm, f->owner, f->space, va, &f->slot);
        if (!taken && steal_slot(mm))
            taken = pagefile_take(mm, f->owner, f->space, va, &f->slot);
        if (!taken)
            return false;
    }
    if (ram_read(mm->ram, gpa_of((uint64_t)f->pfn << PAGE_SHIFT), bytes,
                 sizeof bytes) &&
        pagefile_write(mm, f->slot, bytes)) {
        f->dirty = 0;
        return true;
    }
    if (taken) {
        pagefile_give(mm, f->slot);
        f->slot = 0;
    }
    return false;
}

/* A trimmed page leaves RAM; its entry follows if it is still ours. */
static bool evict(struct mm *mm, struct frame *f)
{
    gva_t at = gva_of(f->va);
    uint32_t space = f->space, pfn = f->pfn, slot;
    struct pte_form form;
    uint64_t e;

    if (!f->trimmed || f->locks || f->refs != 1 || !write_out(mm, f))
        return false;
    e = pte_get(mm, space, at);
    form = pte_decode(mm, e);
    slot = f->slot;
    f->slot = 0; /* the entry's from now on */
    if (form.kind == PTE_TRANSITIONAL && form.pfn == pfn)
        pte_edit(mm, space, at,
                 pte_page_file(mm, slot, pte_entry_rights(mm, at, e)));
    EMIT(mm->events, page_out, space, at.v, pfn, slot);
    frames_free(mm, pfn);
    return true;
}

/* ---- on request -------------------------------------------------------------
 */

uint32_t paging_trim(struct mm *mm, uint32_t space, gva_t va, uint32_t pages,
                     bool out)
{
    uint32_t left = 0, home = va.v < MM_SYSTEM_START ? space : 0;

    for (uint32_t i = 0; i < pages; i++) {
        gva_t at = gva_add(va, i * PAGE_BYTES);
        bool gone = trim_page(mm, space, at);
        struct pte_form form;
        struct frame *f;

        if (out) {
            form = pte_decode(mm, pte_get(mm, home, at));
            f = form.kind == PTE_TRANSITIONAL ? frames_find(mm, form.pfn)
                                              : NULL;
            if (f && f->trimmed && f->va == at.v && f->space == home)
                gone |= evict(mm, f);
        }
        left += gone;
    }
    return left;
}

uint32_t paging_trim_space(struct mm *mm, uint32_t space, bool out)
{
    uint32_t left = 0;

    for (uint32_t i = 0; i < mm->s.area.count; i++) {
        const struct area *a = VEC_AT(struct area, &mm->s.area, i);

        if (a->space == space && a->kind == AREA_PRIVATE)
            left += paging_trim(mm, space, gva_of(a->start), a->pages, out);
    }
    return left;
}

uint32_t paging_trim_system(struct mm *mm, bool out)
{
    const struct pool *paged = &mm->s.pool[1];
    uint32_t left =
        paging_trim(mm, 0, gva_of(paged->start), paged->page.count, out);

    for (uint32_t i = 0; i < mm->s.section.count; i++) {
        const struct image_section *s =
            VEC_AT(struct image_section, &mm->s.section, i);

        left += paging_trim(mm, 0, gva_of(s->first), s->pages, out);
    }
    return left;
}

/* ---- when frames run low ----------------------------------------------------
 */

struct victim {
    uint64_t seq;
    uint32_t pfn;
};

static int by_age(const void *a, const void *b)
{
    uint64_t x = ((const struct victim *)a)->seq,
             y = ((const struct victim *)b)->seq;

    return x < y ? -1 : x > y;
}

static bool within(const struct frame *f, uint64_t low, uint64_t high)
{
    return f->pfn >= low && f->pfn < high;
}

/* Evict trimmed pages, longest trimmed first. */
static uint32_t evict_oldest(struct mm *mm, uint32_t wanted, uint64_t low,
                             uint64_t high)
{
    struct victim *v = malloc((mm->s.frame.count + 1u) * sizeof *v);
    uint32_t count = 0, done = 0;

    for (uint32_t i = 0; v && i < mm->s.frame.count; i++) {
        const struct frame *f = VEC_AT(struct frame, &mm->s.frame, i);

        if (f->trimmed && within(f, low, high))
            v[count++] = (struct victim){f->trim_seq, f->pfn};
    }
    if (count)
        qsort(v, count, sizeof *v, by_age);
    for (uint32_t i = 0; i < count && done < wanted; i++) {
        struct frame *f = frames_find(mm, v[i].pfn);

        done += f && evict(mm, f);
    }
    free(v);
    return done;
}

static bool is_pageable(const struct frame *f)
{
    return (f->owner == FRAME_USER || f->owner == FRAME_PAGED_POOL ||
            f->owner == FRAME_SYSTEM) &&
           f->va && !f->trimmed && !f->locks;
}

/* A page used since the hand came by last is passed once. */
static bool second_chance(struct mm *mm, const struct frame *f)
{
    gva_t at = gva_of(f->va);
    uint64_t e = pte_get(mm, f->space, at);

    if (!(e & PTE_A))
        return false;
    pte_edit(mm, f->space, at, e & ~(uint64_t)PTE_A);
    return true;
}

/* The hand goes twice round the pages in use, trimming. */
static uint32_t trim_by_hand(struct mm *mm, uint32_t wanted, uint64_t low,
                             uint64_t high)
{
    uint64_t end = mm->index->pages < high ? mm->index->pages : high;
    uint64_t hand = mm->s.trim_hand;
    uint32_t done = 0;

    if (hand < low || hand >= end)
        hand = low;
    for (unsigned round = 0; round < 3 && done < wanted; hand = low, round++) {
        while (done < wanted &&
               (hand = frame_index_next(mm->index, true, hand, end)) < end) {
            struct frame *f = frames_find(mm, (uint32_t)hand++);

            if (is_pageable(f) && !second_chance(mm, f))
                done += trim_page(mm, f->space, gva_of(f->va));
        }
        mm->s.trim_hand = (uint32_t)hand;
    }
    return done;
}

uint32_t paging_reclaim(struct mm *mm, uint32_t wanted, uint64_t low,
                        uint64_t high)
{
    uint32_t done;

    if (!pagefile_pages(mm))
        return 0;
    done = evict_oldest(mm, wanted, low, high);
    if (done < wanted && trim_by_hand(mm, wanted - done, low, high))
        done += evict_oldest(mm, wanted - done, low, high);
    return done;
}
