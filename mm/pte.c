/* mm/pte.c -- editing page tables. Directories are where mm put them,
 * so 32-bit and PAE differ here in the size of an entry alone. Tables of the
 * system half belong to all spaces: their directory entry goes into each.
 * Source: SDM vol. 3A 4.3-4.5, 4.10; NT's self map: docs/mm.md. */
#include "base/vec.h"
#include "mm/pte_private.h"

enum { PDE_BITS = PTE_P | PTE_RW | PTE_A | PTE_D };

uint64_t pte_value(const struct mm *mm, gpa_t pa, unsigned rights,
                   enum mm_cache cache)
{
    uint64_t e = (pa.v & PTE_FRAME_MASK) | PTE_P;

    if (rights & MM_W && !(rights & MM_COPY))
        e |= PTE_RW;
    if (rights & MM_COPY)
        e |= PTE_COW;
    e |= rights & MM_USER ? PTE_US : PTE_A | PTE_D;
    if (cache == MM_NONCACHED)
        e |= PTE_PCD | PTE_PWT;
    else if (cache == MM_WRITE_COMBINED)
        e |= PTE_PCD;
    if (mm->s.settings.pae && mm->s.settings.nx && !(rights & MM_X))
        e |= PTE_NX;
    return e;
}

/* ---- slots ------------------------------------------------------------------
 */

static uint64_t slot_read(const struct mm *mm, gpa_t slot)
{
    return mm->s.settings.pae ? ram_read64(mm->ram, slot)
                              : ram_read32(mm->ram, slot);
}

/* The only writer of entries. @va: what the entry maps; a directory entry maps
 * its table in the self map. */
static void slot_write(struct mm *mm, uint32_t space, gva_t va, gpa_t slot,
                       uint64_t value)
{
    uint64_t old = slot_read(mm, slot);

    if (mm->s.settings.pae)
        ram_write64(mm->ram, slot, value);
    else
        ram_write32(mm->ram, slot, (uint32_t)value);
    if (mm->tlb)
        tlb_flush_page(mm->tlb, va);
    EMIT(mm->events, pte_write, space, va.v, old, value);
}

static gpa_t pde_slot(const struct mm *mm, const struct space *sp, gva_t va)
{
    if (mm->s.settings.pae)
        return gpa_of(sp->directory[va.v >> 30] + 8 * ((va.v >> 21) & 0x1ff));
    return gpa_of(sp->directory[0] + 4 * (va.v >> 22));
}

static uint32_t table_span(const struct mm *mm)
{
    return mm->s.settings.pae ? 1u << 21 : 1u << 22;
}

static gva_t self_va(const struct mm *mm, gva_t va)
{
    uint32_t at = mm->s.settings.pae ? MM_PTE_VA_PAE(va.v) : MM_PTE_VA32(va.v);

    return gva_of(at & ~(uint32_t)PAGE_MASK);
}

/* Is there a page table for @va, and where in it is the entry? */
static bool pte_slot(const struct mm *mm, const struct space *sp, gva_t va,
                     gpa_t *slot)
{
    uint64_t pde = slot_read(mm, pde_slot(mm, sp, va));

    if (!(pde & PTE_P) || pde & PTE_PS)
        return false;
    slot->v = (pde & PTE_FRAME_MASK);
    slot->v += mm->s.settings.pae ? 8 * ((va.v >> 12) & 0x1ff)
                                  : 4 * ((va.v >> 12) & 0x3ff);
    return true;
}

uint64_t pte_get(const struct mm *mm, uint32_t space, gva_t va)
{
    const struct space *sp = space_find(mm, space);
    gpa_t slot;

    return sp && pte_slot(mm, sp, va, &slot) ? slot_read(mm, slot) : 0;
}

/* ---- tables -----------------------------------------------------------------
 */

void pte_set_pde(struct mm *mm, const struct space *sp, gva_t va,
                 uint64_t value)
{
    slot_write(mm, sp->id, self_va(mm, va), pde_slot(mm, sp, va), value);
}

/* The table itself is not in the self map; its entries map the directories. */
void pte_set_pdpte(struct mm *mm, const struct space *sp, unsigned i)
{
    gva_t directory = self_va(mm, self_va(mm, gva_of(i << 30)));

    slot_write(mm, sp->id, directory, gpa_of(sp->cr3 + 8 * i),
               sp->directory[i] | PTE_P);
}

uint64_t pte_get_pde(const struct mm *mm, const struct space *sp, gva_t va)
{
    return slot_read(mm, pde_slot(mm, sp, va));
}

static enum hb_status add_table(struct mm *mm, struct space *sp, gva_t va)
{
    bool system = va.v >= MM_SYSTEM_START;
    const struct frame_request req = {.owner = FRAME_TABLE};
    uint64_t pde;
    uint32_t pfn;

    if (frames_alloc(mm, &req, &pfn) != HB_OK)
        return HB_NO_PAGES;
    frames_assign(mm, pfn, system ? 0 : sp->id,
                  gva_of(va.v & ~(table_span(mm) - 1)));
    pde = ((uint64_t)pfn << PAGE_SHIFT) | PDE_BITS | (system ? 0 : PTE_US);
    if (!system) {
        pte_set_pde(mm, sp, va, pde);
        return HB_OK;
    }
    for (uint32_t i = 0; i < mm->s.space.count; i++)
        pte_set_pde(mm, VEC_AT(struct space, &mm->s.space, i), va, pde);
    return HB_OK;
}

static bool in_self_map(const struct mm *mm, gva_t va)
{
    uint32_t bytes = mm->s.settings.pae ? 8u << 20 : 4u << 20;

    return va.v - MM_SELF_MAP < bytes;
}

enum hb_status pte_edit(struct mm *mm, uint32_t space, gva_t va, uint64_t value)
{
    struct space *sp = space_find(mm, va.v >= MM_SYSTEM_START ? 0 : space);
    gpa_t slot;

    if (!sp)
        return HB_NOT_FOUND;
    if (in_self_map(mm, va))
        return HB_BAD_ARGUMENT;
    if (!pte_slot(mm, sp, va, &slot)) {
        if (!value)
            return HB_OK;
        if (add_table(mm, sp, va) != HB_OK)
            return HB_NO_PAGES;
        if (!pte_slot(mm, sp, va, &slot))
            return HB_NO_PAGES;
    }
    slot_write(mm, sp->id, va, slot, value);
    return HB_OK;
}

void pte_share_system(struct mm *mm, const struct space *sp)
{
    const struct space *system = space_find(mm, 0);
    uint64_t va = MM_SYSTEM_START;

    for (; va < (uint64_t)1 << 32; va += table_span(mm)) {
        gva_t at = gva_of((uint32_t)va);
        uint64_t pde = pte_get_pde(mm, system, at);

        if (pde && !in_self_map(mm, at))
            pte_set_pde(mm, sp, at, pde);
    }
}

void pte_self_map(struct mm *mm, const struct space *sp)
{
    unsigned directories = mm->s.settings.pae ? 4 : 1;

    for (unsigned i = 0; i < directories; i++)
        pte_set_pde(mm, sp, gva_of(MM_SELF_MAP + i * table_span(mm)),
                    sp->directory[i] | PDE_BITS);
}

/* ---- system pages -----------------------------------------------------------
 */

static gva_t page_at(gva_t va, uint32_t i)
{
    return gva_add(va, i * PAGE_BYTES);
}

enum hb_status kernel_map(struct mm *mm, gva_t va, gpa_t pa, uint32_t pages,
                          unsigned rights, enum mm_cache cache)
{
    for (uint32_t i = 0; i < pages; i++) {
        gpa_t page = gpa_add(pa, (uint64_t)i * PAGE_BYTES);

        if (pte_edit(mm, 0, page_at(va, i),
                     pte_value(mm, page, rights, cache)) != HB_OK) {
            kernel_unmap(mm, va, i);
            return HB_NO_PAGES;
        }
    }
    return HB_OK;
}

void kernel_unmap(struct mm *mm, gva_t va, uint32_t pages)
{
    for (uint32_t i = 0; i < pages; i++)
        pte_edit(mm, 0, page_at(va, i), 0);
}

void kernel_protect(struct mm *mm, gva_t va, uint32_t pages, unsigned rights)
{
    const uint64_t change = PTE_RW | PTE_US | PTE_NX;

    for (uint32_t i = 0; i < pages; i++) {
        gva_t at = page_at(va, i);
        uint64_t e = pte_get(mm, 0, at);

        if (e & PTE_P)
            pte_edit(
                mm, 0, at,
                (e & ~change) |
                    (pte_value(mm, gpa_of(0), rights, MM_CACHED) & change));
    }
}

static enum hb_status place_frames(struct mm *mm, gva_t va, uint32_t pages,
                                   uint32_t *first)
{
    const struct frame_request exactly = {
        .owner = FRAME_KERNEL,
        .lowest = va.v - MM_SYSTEM_START,
        .highest = va.v - MM_SYSTEM_START + (uint64_t)pages * PAGE_BYTES - 1,
    };
    const struct frame_request anywhere = {.owner = FRAME_KERNEL};

    if (frames_alloc_run(mm, &exactly, pages, first) == HB_OK)
        return HB_OK;
    return frames_alloc_run(mm, &anywhere, pages, first);
}

enum hb_status kernel_place(struct mm *mm, gva_t va, uint32_t pages,
                            unsigned rights, gpa_t *pa)
{
    uint32_t first;
    gpa_t at;

    if (va.v < MM_SYSTEM_START || va.v & PAGE_MASK || !pages ||
        pages > (MM_SELF_MAP - MM_SYSTEM_START) / PAGE_BYTES)
        return HB_BAD_ARGUMENT;
    if (place_frames(mm, va, pages, &first) != HB_OK)
        return HB_NO_PAGES;
    at = gpa_of((uint64_t)first << PAGE_SHIFT);
    if (kernel_map(mm, va, at, pages, rights, MM_CACHED) != HB_OK) {
        for (uint32_t i = 0; i < pages; i++)
            frames_free(mm, first + i);
        return HB_NO_PAGES;
    }
    for (uint32_t i = 0; i < pages; i++)
        frames_assign(mm, first + i, 0, page_at(va, i));
    if (pa)
        *pa = at;
    return HB_OK;
}
