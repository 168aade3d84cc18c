/* mm/mm.c -- the memory manager's life: created empty, booted once, saved and
 * loaded by rows. Source: docs/mm.md. */
#include "mm/mm.h"

#include "base/vec.h"
#include "mm/frame_index.h"
#include "mm/pagefile.h"
#include "mm/pool_private.h"
#include "mm/section.h"
#include "mm/system_private.h"
#include "mm/user.h"

/* ---- rows -------------------------------------------------------------------
 */

static const struct state_row settings_rows[] = {
    STATE_INT(struct mm_settings, pae),
    STATE_INT(struct mm_settings, era),
    STATE_INT(struct mm_settings, checks),
    STATE_INT(struct mm_settings, track_ptes),
    STATE_INT(struct mm_settings, track_locks),
    STATE_INT(struct mm_settings, nx),
    STATE_INT(struct mm_settings, strict),
    STATE_INT(struct mm_settings, system_pages),
    STATE_END,
};

static const struct state_row frame_rows[] = {
    STATE_INT(struct frame, pfn),
    STATE_INT(struct frame, owner),
    STATE_INT(struct frame, cache),
    STATE_INT(struct frame, freed),
    STATE_INT(struct frame, refs),
    STATE_INT(struct frame, locks),
    STATE_INT(struct frame, va),
    STATE_INT(struct frame, space),
    STATE_INT(struct frame, slot),
    STATE_INT(struct frame, dirty),
    STATE_INT(struct frame, trimmed),
    STATE_INT(struct frame, trim_seq),
    STATE_END,
};

static const struct state_row space_rows[] = {
    STATE_INT(struct space, id),     STATE_INT(struct space, process),
    STATE_INT(struct space, cr3),    STATE_INTS(struct space, directory),
    STATE_INT(struct space, locked), STATE_END,
};

static const struct state_row area_rows[] = {
    STATE_INT(struct area, space),     STATE_INT(struct area, start),
    STATE_INT(struct area, pages),     STATE_INT(struct area, kind),
    STATE_INT(struct area, rights),    STATE_INT(struct area, pfn),
    STATE_INT(struct area, cache),     STATE_INT(struct area, owned),
    STATE_INT(struct area, committed), STATE_END,
};

static const struct state_row run_rows[] = {
    STATE_INT(struct pte_run, va),
    STATE_INT(struct pte_run, pages),
    STATE_INT(struct pte_run, use),
    STATE_INT(struct pte_run, tag),
    STATE_INT(struct pte_run, pfn),
    STATE_INT(struct pte_run, cache),
    STATE_INT(struct pte_run, owner),
    STATE_INT(struct pte_run, mapped),
    STATE_END,
};

static const struct state_row lock_rows[] = {
    STATE_INT(struct locked_mdl, space),
    STATE_INT(struct locked_mdl, mdl),
    STATE_INT(struct locked_mdl, pages),
    STATE_INT(struct locked_mdl, owner),
    STATE_END,
};

static const struct state_row page_rows[] = {
    STATE_INT(struct pool_page, kind),
    STATE_INT(struct pool_page, backed),
    STATE_INT(struct pool_page, largest),
    STATE_END,
};

static const struct state_row block_rows[] = {
    STATE_INT(struct pool_block, va),
    STATE_INT(struct pool_block, bytes),
    STATE_INT(struct pool_block, tag),
    STATE_INT(struct pool_block, type),
    STATE_END,
};

static const struct state_row pool_rows[] = {
    STATE_INT(struct pool, start),
    STATE_INT(struct pool, pages_most),
    STATE_INT(struct pool, bytes_used),
    STATE_VEC(struct pool, page, struct pool_page, 1 << 20, page_rows),
    STATE_VEC(struct pool, block, struct pool_block, 1 << 25, block_rows),
    STATE_END,
};

static const struct state_row section_rows[] = {
    STATE_INT(struct image_section, image),
    STATE_INT(struct image_section, va),
    STATE_INT(struct image_section, bytes),
    STATE_INT(struct image_section, first),
    STATE_INT(struct image_section, pages),
    STATE_INT(struct image_section, locks),
    STATE_INT(struct image_section, pageable),
    STATE_INT(struct image_section, paged),
    STATE_END,
};

static const struct state_row slot_rows[] = {
    STATE_INT(struct page_slot, space),
    STATE_INT(struct page_slot, va),
    STATE_INT(struct page_slot, owner),
    STATE_END,
};

const struct state_row mm_rows[] = {
    STATE_STRUCT(struct mm_state, settings, settings_rows),
    STATE_INT(struct mm_state, next_space),
    STATE_INT(struct mm_state, kuser),
    STATE_INT(struct mm_state, kpcr),
    STATE_INT(struct mm_state, pte_total),
    STATE_INT(struct mm_state, pte_free),
    STATE_VEC(struct mm_state, frame, struct frame, 1 << 25, frame_rows),
    STATE_VEC(struct mm_state, space, struct space, 4096, space_rows),
    STATE_VEC(struct mm_state, area, struct area, 1 << 20, area_rows),
    STATE_VEC(struct mm_state, run, struct pte_run, 1 << 18, run_rows),
    STATE_VEC(struct mm_state, section, struct image_section, 1 << 16,
              section_rows),
    STATE_VEC(struct mm_state, slot, struct page_slot, PAGEFILE_MOST,
              slot_rows),
    STATE_INT(struct mm_state, slots_used),
    STATE_INT(struct mm_state, slot_free),
    STATE_INT(struct mm_state, committed),
    STATE_INT(struct mm_state, read_debt),
    STATE_INT(struct mm_state, trim_hand),
    STATE_INT(struct mm_state, trim_seq),
    STATE_VEC(struct mm_state, lock, struct locked_mdl, MM_LOCKS_MOST,
              lock_rows),
    STATE_STRUCTS(struct mm_state, pool, pool_rows),
    STATE_END,
};

/* ---- life -------------------------------------------------------------------
 */

enum hb_status mm_create(struct mm *mm, struct ram *ram, struct tlb *tlb,
                         struct events *events, struct hb_error *error)
{
    *mm = (struct mm){.ram = ram, .tlb = tlb, .events = events};
    mm->index = frame_index_create(ram);
    if (!mm->index)
        return hb_fail(error, HB_NO_MEMORY, "no memory for the page database");
    return HB_OK;
}

void mm_destroy(struct mm *mm)
{
    state_free(&mm->s, mm_rows);
    frame_index_destroy(mm->index);
    pagefile_close(mm);
    *mm = (struct mm){0};
}

/* ---- boot -------------------------------------------------------------------
 */

static bool fixed_page(struct mm *mm, uint32_t va, uint64_t *page)
{
    gpa_t pa;

    if (kernel_place(mm, gva_of(va), 1, MM_RW, &pa) != HB_OK)
        return false;
    *page = pa.v;
    return true;
}

enum hb_status mm_boot(struct mm *mm, const struct mm_settings *settings,
                       struct hb_error *error)
{
    uint32_t id;

    if (mm->s.space.count)
        return hb_fail(error, HB_BAD_STATE, "memory manager booted twice");
    if (settings->era > MM_W8 || settings->pae > 1 ||
        (settings->nx && !settings->pae))
        return hb_fail(error, HB_BAD_ARGUMENT,
                       "memory manager: era, PAE or NX setting unknown");
    mm->s.settings = *settings;
    frames_take(mm, 0, FRAME_RESERVED); /* NULL stays nobody's */
    pool_boot(mm);
    if (!sysptes_boot(mm) || space_create(mm, &id) != HB_OK ||
        !fixed_page(mm, MM_KUSER, &mm->s.kuser) ||
        !fixed_page(mm, MM_KPCR, &mm->s.kpcr))
        return hb_fail(error, HB_NO_PAGES,
                       "too little RAM for the first page tables");
    return HB_OK;
}

/* ---- load -------------------------------------------------------------------
 */

static bool frames_loaded(struct mm *mm)
{
    frame_index_clear(mm->index);
    for (uint32_t i = 0; i < mm->s.frame.count; i++) {
        const struct frame *f = VEC_AT(struct frame, &mm->s.frame, i);

        if (f->owner >= FRAME_OWNERS || f->cache > MM_CACHE_UNSET ||
            !frames_is_ram(mm, f->pfn) || frames_find(mm, f->pfn) ||
            !(f->refs || f->locks) ||
            (f->slot && !pagefile_holds(mm, f->slot, f->space, gva_of(f->va))))
            return false;
        frame_index_set(mm->index, f->pfn, i + 1);
        mm->index->owned[f->owner]++;
    }
    return true;
}

static bool runs_cover(const struct mm *mm)
{
    uint64_t va = MM_SYSTEM_PTES;

    for (uint32_t i = 0; i < mm->s.run.count; i++) {
        const struct pte_run *r = VEC_AT(struct pte_run, &mm->s.run, i);

        if (r->va != va || !r->pages || r->use >= PTES_USES)
            return false;
        va += (uint64_t)r->pages * PAGE_BYTES;
    }
    return va == MM_SYSTEM_PTES + (uint64_t)mm->s.pte_total * PAGE_BYTES &&
           va <= MM_SYSTEM_PTES_END;
}

/* Areas lie in the user half, ascending, apart. */
static bool areas_in_place(const struct mm *mm)
{
    uint32_t space = 0;
    uint64_t end = 0;

    for (uint32_t i = 0; i < mm->s.area.count; i++) {
        const struct area *a = VEC_AT(struct area, &mm->s.area, i);

        if (a->space < space || a->start & PAGE_MASK || !a->pages ||
            a->kind > AREA_PHYSICAL || (a->space == space && a->start < end))
            return false;
        space = a->space;
        end = a->start + (uint64_t)a->pages * PAGE_BYTES;
        if (end > MM_USER_PROBE)
            return false;
    }
    return true;
}

/* Sections lie where images do: what walks their pages comes to an end. */
static bool sections_in_place(const struct mm *mm)
{
    for (uint32_t i = 0; i < mm->s.section.count; i++) {
        const struct image_section *s =
            VEC_AT(struct image_section, &mm->s.section, i);

        if (s->first < MM_SYSTEM_PTES || s->first & PAGE_MASK ||
            s->first > MM_SYSTEM_PTES_END ||
            s->pages > (MM_SYSTEM_PTES_END - s->first) >> PAGE_SHIFT)
            return false;
    }
    return true;
}

/* What is promised is the sum of what each promised. */
static bool promises_add_up(const struct mm *mm)
{
    const struct vec *pages = &mm->s.pool[1].page;
    uint64_t sum = 0;

    for (uint32_t i = 0; i < mm->s.area.count; i++)
        sum += VEC_AT(struct area, &mm->s.area, i)->committed;
    for (uint32_t i = 0; i < pages->count; i++)
        sum += VEC_AT(struct pool_page, pages, i)->kind != POOL_FREE_PAGE;
    return sum == mm->s.committed;
}

enum hb_status mm_loaded(struct mm *mm, struct hb_error *error)
{
    if (!pagefile_check(mm) || !frames_loaded(mm) || !runs_cover(mm) ||
        !pool_check(mm) || !promises_add_up(mm) || !sections_in_place(mm) ||
        !areas_in_place(mm))
        return hb_fail(error, HB_BAD_IMAGE,
                       "saved memory manager state contradicts itself");
    return HB_OK;
}
