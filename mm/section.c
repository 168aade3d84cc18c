/* mm/section.c -- see section.h. */
#include "mm/section.h"

#include "base/vec.h"
#include "mm/paging.h"

enum { SECTIONS_MOST = 1 << 16 };

static struct image_section *at(const struct mm *mm, uint32_t i)
{
    return VEC_AT(struct image_section, &mm->s.section, i);
}

enum hb_status section_add(struct mm *mm, const struct image_section *s)
{
    struct image_section new = *s;

    new.locks = 0;
    new.paged = s->pageable;
    return mm->s.section.count < SECTIONS_MOST &&
                   vec_push(&mm->s.section, sizeof new, &new)
               ? HB_OK
               : HB_NO_PAGES;
}

void section_remove(struct mm *mm, gva_t image)
{
    for (uint32_t i = mm->s.section.count; i-- > 0;)
        if (at(mm, i)->image == image.v)
            vec_remove(&mm->s.section, sizeof(struct image_section), i);
}

struct image_section *section_find(const struct mm *mm, gva_t va)
{
    for (uint32_t i = 0; i < mm->s.section.count; i++)
        if (va.v - at(mm, i)->va < at(mm, i)->bytes)
            return at(mm, i);
    return NULL;
}

static const struct image_section *of_page(const struct mm *mm, gva_t va)
{
    for (uint32_t i = 0; i < mm->s.section.count; i++) {
        const struct image_section *s = at(mm, i);

        if (va.v >= s->first && (va.v - s->first) >> PAGE_SHIFT < s->pages)
            return s;
    }
    return NULL;
}

bool section_page(const struct mm *mm, gva_t va)
{
    return of_page(mm, va) != NULL;
}

bool section_pageable(const struct mm *mm, gva_t va)
{
    const struct image_section *s = of_page(mm, va);

    return s && s->paged && !s->locks;
}

static bool bring_in(struct mm *mm, const struct image_section *s)
{
    for (uint32_t i = 0; i < s->pages; i++) {
        gva_t page = gva_of(s->first + i * PAGE_BYTES);
        uint64_t e = pte_get(mm, 0, page);

        if (e && !(e & PTE_P) &&
            paging_resolve(mm, 0, page, e) != MM_FAULT_RESOLVED)
            return false;
    }
    return true;
}

enum hb_status section_lock(struct mm *mm, gva_t va, struct mm_misuse *misuse)
{
    struct image_section *s = section_find(mm, va);

    if (!s)
        return mm_misused(misuse, 0x1a, 0x1234, va.v, 0, 0);
    if (s->locks < UINT32_MAX)
        s->locks++; /* first: what comes in must not go again */
    if (bring_in(mm, s))
        return HB_OK;
    s->locks--;
    return HB_NO_PAGES;
}

enum hb_status section_unlock(struct mm *mm, gva_t va, struct mm_misuse *misuse)
{
    struct image_section *s = section_find(mm, va);

    if (!s)
        return mm_misused(misuse, 0x1a, 0x1234, va.v, 0, 0);
    if (!s->locks)
        return mm_misused(misuse, 0x1a, 0x1010, s->va, 0, 0);
    s->locks--;
    return HB_OK;
}

enum hb_status section_page_all(struct mm *mm, gva_t va, bool on, gva_t *image)
{
    const struct image_section *found = section_find(mm, va);
    uint32_t base;

    if (!found)
        return HB_NOT_FOUND;
    base = found->image;
    for (uint32_t i = 0; i < mm->s.section.count; i++) {
        struct image_section *s = at(mm, i);

        if (s->image != base)
            continue;
        s->paged = on || s->pageable;
        if (!s->paged && !bring_in(mm, s)) {
            s->paged = 1;
            return HB_NO_PAGES;
        }
    }
    image->v = base;
    return HB_OK;
}
