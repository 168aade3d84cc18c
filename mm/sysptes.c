/* mm/sysptes.c -- the pool of system PTEs as runs that cover its area in order.
 * A request takes the high end of the smallest run that fits, the lowest of
 * equals. Source: docs/mm.md, "System PTEs". */
#include <stdio.h>

#include "base/vec.h"
#include "mm/system.h"
#include "mm/system_private.h"

#define MIB            ((uint64_t)1 << 20)
#define PTES_IN_REGION ((MM_SYSTEM_PTES_END - MM_SYSTEM_PTES) / PAGE_BYTES)

enum { PTES_MOST_NT4 = 50000 };

/* ---- size -------------------------------------------------------------------
 */

static uint32_t computed_total(uint64_t ram_bytes)
{
    if (ram_bytes < 19 * MIB)
        return 7000;
    if (ram_bytes <= 32 * MIB)
        return 11000;
    return ram_bytes <= 256 * MIB ? 22000 : 44000;
}

/* SystemPages: NT4 adds it, 2000 and later take it instead. */
static uint32_t wished_total(const struct mm *mm)
{
    const struct mm_settings *set = &mm->s.settings;
    uint32_t computed = computed_total(mm->ram->bytes);
    uint32_t most =
        set->era <= MM_2000 ? PTES_MOST_NT4 : (uint32_t)PTES_IN_REGION;
    uint64_t total = computed;

    if (set->system_pages == UINT32_MAX)
        total = most;
    else if (set->system_pages && set->era <= MM_NT4_SP4)
        total += set->system_pages;
    else if (set->system_pages)
        total = set->system_pages;
    return (uint32_t)(total < most ? total : most);
}

bool sysptes_boot(struct mm *mm)
{
    struct pte_run all = {.va = MM_SYSTEM_PTES, .pages = wished_total(mm)};

    mm->s.pte_total = all.pages;
    mm->s.pte_free = all.pages;
    return vec_push(&mm->s.run, sizeof all, &all);
}

uint32_t sysptes_free_count(const struct mm *mm)
{
    return mm->s.pte_free;
}

uint32_t sysptes_total(const struct mm *mm)
{
    return mm->s.pte_total;
}

/* ---- runs -------------------------------------------------------------------
 */

static struct pte_run *run_at(const struct mm *mm, uint32_t i)
{
    return VEC_AT(struct pte_run, &mm->s.run, i);
}

static uint32_t index_of(const struct mm *mm, gva_t va)
{
    uint32_t low = 0, high = mm->s.run.count;

    if (va.v < MM_SYSTEM_PTES)
        return UINT32_MAX;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const struct pte_run *r = run_at(mm, middle);

        if (r->va + r->pages * PAGE_BYTES <= va.v)
            low = middle + 1;
        else
            high = middle;
    }
    return low < mm->s.run.count ? low : UINT32_MAX;
}

struct pte_run *sysptes_find(const struct mm *mm, gva_t va)
{
    uint32_t i = index_of(mm, va);

    return i == UINT32_MAX ? NULL : run_at(mm, i);
}

void sysptes_own(struct mm *mm, gva_t va, gva_t owner)
{
    struct pte_run *r = sysptes_find(mm, va);

    if (r && r->use != PTES_FREE)
        r->owner = owner.v;
}

const struct pte_run *sysptes_owned(const struct mm *mm, gva_t va, gva_t image,
                                    uint32_t bytes)
{
    for (uint32_t i = 0; i < mm->s.run.count; i++) {
        const struct pte_run *r = run_at(mm, i);

        if (r->va >= va.v && r->use != PTES_FREE && r->owner >= image.v &&
            r->owner - image.v < bytes)
            return r;
    }
    return NULL;
}

uint32_t sysptes_leaks(struct mm *mm, const char *name, gva_t image,
                       uint32_t bytes)
{
    static const char *const use[PTES_USES] = {
        [PTES_IO] = "MmMapIoSpace",
        [PTES_MDL] = "a mapping of an MDL",
        [PTES_NONCACHED] = "non-cached memory",
        [PTES_CONTIGUOUS] = "contiguous memory",
        [PTES_RESERVED] = "a mapping address",
    };
    const struct pte_run *r = sysptes_owned(mm, gva_of(0), image, bytes);
    uint32_t ptes = 0;
    char text[160];

    for (; r; r = sysptes_owned(mm, gva_of(r->va + 1), image, bytes)) {
        snprintf(text, sizeof text,
                 "%.40s leaves %u pages of %s at %08x, asked for at %08x", name,
                 r->pages, use[r->use] ? use[r->use] : "system PTEs", r->va,
                 r->owner);
        EMIT(mm->events, finding, EVENT_STRING("S37"), EVENT_STRING(text));
        ptes += r->pages;
    }
    return ptes;
}

uint32_t sysptes_largest(const struct mm *mm)
{
    uint32_t largest = 0;

    for (uint32_t i = 0; i < mm->s.run.count; i++) {
        const struct pte_run *r = run_at(mm, i);

        if (r->use == PTES_FREE && r->pages > largest)
            largest = r->pages;
    }
    return largest;
}

static uint32_t best_fit(const struct mm *mm, uint32_t pages)
{
    uint32_t best = UINT32_MAX;

    for (uint32_t i = 0; i < mm->s.run.count; i++) {
        const struct pte_run *r = run_at(mm, i);

        if (r->use == PTES_FREE && r->pages >= pages &&
            (best == UINT32_MAX || r->pages < run_at(mm, best)->pages))
            best = i;
    }
    return best;
}

enum hb_status sysptes_alloc(struct mm *mm, uint32_t pages, enum pte_use use,
                             gva_t *va)
{
    uint32_t i = pages ? best_fit(mm, pages) : UINT32_MAX;
    struct pte_run new = {.pages = pages, .use = use};
    struct pte_run *r;

    if (i == UINT32_MAX)
        return HB_NO_PAGES;
    r = run_at(mm, i);
    new.va = r->va + (r->pages - pages) * PAGE_BYTES;
    if (r->pages == pages) {
        *r = new;
    } else {
        if (!vec_insert(&mm->s.run, sizeof new, i + 1, &new))
            return HB_NO_PAGES;
        run_at(mm, i)->pages -= pages;
    }
    mm->s.pte_free -= pages;
    va->v = new.va;
    return HB_OK;
}

static bool is_free(const struct mm *mm, uint32_t i)
{
    return i < mm->s.run.count && run_at(mm, i)->use == PTES_FREE;
}

static void release(struct mm *mm, uint32_t i)
{
    struct pte_run *r = run_at(mm, i);

    mm->s.pte_free += r->pages;
    *r = (struct pte_run){.va = r->va, .pages = r->pages};
    if (is_free(mm, i + 1)) {
        r->pages += run_at(mm, i + 1)->pages;
        vec_remove(&mm->s.run, sizeof *r, i + 1);
    }
    if (i && is_free(mm, i - 1)) {
        run_at(mm, i - 1)->pages += run_at(mm, i)->pages;
        vec_remove(&mm->s.run, sizeof *r, i);
    }
}

/* ---- release and its misuse -------------------------------------------------
 */

uint32_t pte_self_va(const struct mm *mm, gva_t va)
{
    return mm->s.settings.pae ? MM_PTE_VA_PAE(va.v) : MM_PTE_VA32(va.v);
}

/* 0xDA: the numbers of Windows 2000 and those of later systems. */
static void misused(const struct mm *mm, struct mm_misuse *misuse,
                    uint32_t kind_2000, uint32_t kind, uint32_t p2, uint32_t p3,
                    uint32_t p4)
{
    mm_misused(misuse, 0xda, mm->s.settings.era <= MM_2000 ? kind_2000 : kind,
               p2, p3, p4);
}

enum hb_status sysptes_check(const struct mm *mm, gva_t va, uint32_t pages,
                             enum pte_use use, struct mm_misuse *misuse)
{
    const struct pte_run *r = sysptes_find(mm, va);
    uint32_t first = pte_self_va(mm, va);

    if (!r ||
        (r->use != PTES_FREE && use != PTES_USES && r->use != (uint32_t)use)) {
        misused(mm, misuse, 0x0f, 0x302, va.v, 0, 0);
        return HB_BAD_STATE;
    }
    if (r->use == PTES_FREE) {
        misused(mm, misuse, 0x09, 0x306, first, first, pages);
        return HB_BAD_STATE;
    }
    if (r->va != va.v || r->pages != pages) {
        misused(mm, misuse, 0x08, 0x305, first, pages, r->pages);
        return HB_BAD_STATE;
    }
    return HB_OK;
}

enum hb_status sysptes_free(struct mm *mm, gva_t va, uint32_t pages,
                            struct mm_misuse *misuse)
{
    enum hb_status st = sysptes_check(mm, va, pages, PTES_USES, misuse);

    if (st == HB_OK) {
        kernel_unmap(mm, va, pages);
        release(mm, index_of(mm, va));
    }
    return st;
}

void sysptes_exhausted(const struct mm *mm, uint32_t pages,
                       struct mm_misuse *misuse)
{
    uint32_t taken = mm->s.pte_total - mm->s.pte_free;

    if (mm->s.settings.track_ptes)
        mm_misused(misuse, 0xd8, 0, taken, mm->s.pte_free, mm->s.pte_total);
    else
        mm_misused(misuse, 0x3f, 0, pages, mm->s.pte_free, mm->s.pte_total);
}
