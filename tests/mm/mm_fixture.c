/* tests/mm/mm_fixture.c -- see mm_fixture.h. */
#include "mm_fixture.h"

#include <string.h>

#include <stdio.h>
#include <stdlib.h>

static void note(void *context, const struct hb_event *e)
{
    struct machine *m = context;

    if (e->id == EV_finding) {
        m->findings++;
        memccpy(m->rule, (const char *)(uintptr_t)e->args[0], 0,
                sizeof m->rule - 1);
        return;
    }
    if (m->seen_count == SEEN_MOST)
        m->seen_count = 0;
    m->seen[m->seen_count].space = (uint32_t)e->args[0];
    m->seen[m->seen_count].va = (uint32_t)e->args[1];
    m->seen[m->seen_count].old = e->args[2];
    m->seen[m->seen_count++].new = e->args[3];
}

static unsigned lay_out(uint64_t bytes, struct ram_range r[RAM_RANGES])
{
    uint64_t rest = bytes - 640 * 1024 - 14 * MIB;
    uint64_t low = rest < 3 * GIB - 16 * MIB ? rest : 3 * GIB - 16 * MIB;

    r[0] = (struct ram_range){0, 640 * 1024};
    r[1] = (struct ram_range){1 * MIB, 14 * MIB};
    r[2] = (struct ram_range){16 * MIB, low & ~(uint64_t)PAGE_MASK};
    if (rest == low)
        return 3;
    r[3] = (struct ram_range){4 * GIB, (rest - low) & ~(uint64_t)PAGE_MASK};
    return 4;
}

struct machine *machine_new(uint64_t bytes, const struct mm_settings *set)
{
    struct machine *m = calloc(1, sizeof *m);
    struct ram_range range[RAM_RANGES];
    unsigned ranges = lay_out(bytes, range);
    struct hb_error error;

    assert_non_null(m);
    assert_int_equal(ram_create(&m->ram, range, ranges, &error), HB_OK);
    assert_int_equal(tlb_create(&m->tlb, &error), HB_OK);
    clock_init(&m->clock, 10);
    events_init(&m->events, &m->clock);
    assert_int_equal(events_listen(&m->events, note, m, "pte_write,finding"),
                     HB_OK);
    assert_int_equal(mm_create(&m->mm, &m->ram, &m->tlb, &m->events, &error),
                     HB_OK);
    assert_int_equal(mm_boot(&m->mm, set, &error), HB_OK);
    assert_int_equal(space_create(&m->mm, &m->user), HB_OK);
    return m;
}

void machine_free(struct machine *m)
{
    mm_destroy(&m->mm);
    events_fini(&m->events);
    clock_fini(&m->clock);
    tlb_destroy(&m->tlb);
    ram_destroy(&m->ram);
    free(m);
}

int setup_32(void **state)
{
    const struct mm_settings set = {.era = MM_XP};

    *state = machine_new(64 * MIB, &set);
    return 0;
}

int setup_pae(void **state)
{
    const struct mm_settings set = {.era = MM_XP, .pae = 1};

    *state = machine_new(6 * GIB, &set);
    return 0;
}

int setup_checks(void **state)
{
    const struct mm_settings set = {.era = MM_XP, .checks = 1};

    *state = machine_new(64 * MIB, &set);
    return 0;
}

int teardown(void **state)
{
    machine_free(*state);
    return 0;
}

uint64_t entry_by_hand(const struct machine *m, uint32_t space, uint32_t va)
{
    uint64_t cr3 = space_cr3(&m->mm, space), e;

    if (!m->mm.s.settings.pae) {
        e = ram_read32(&m->ram, gpa_of(cr3 + va / 0x400000 * 4));
        if (!(e & 1))
            return 0;
        return ram_read32(&m->ram,
                          gpa_of((e & ~0xfffull) + va / 0x1000 % 1024 * 4));
    }
    e = ram_read64(&m->ram, gpa_of(cr3 + va / 0x40000000 * 8));
    if (!(e & 1))
        return 0;
    e = ram_read64(&m->ram,
                   gpa_of((e & 0xffffff000ull) + va / 0x200000 % 512 * 8));
    if (!(e & 1))
        return 0;
    return ram_read64(&m->ram,
                      gpa_of((e & 0xffffff000ull) + va / 0x1000 % 512 * 8));
}

uint32_t peek32(const struct machine *m, uint32_t space, uint32_t va)
{
    uint32_t v;

    assert_int_equal(mm_read(&m->mm, space, gva_of(va), &v, 4), HB_OK);
    return v;
}

void poke32(struct machine *m, uint32_t space, uint32_t va, uint32_t v)
{
    assert_int_equal(mm_write(&m->mm, space, gva_of(va), &v, 4), HB_OK);
}

uint32_t pfn_of(const struct machine *m, uint32_t space, uint32_t va)
{
    gpa_t pa;

    assert_true(mm_physical(&m->mm, space, gva_of(va), &pa));
    return (uint32_t)(pa.v >> PAGE_SHIFT);
}

uint16_t peek16(const struct machine *m, uint32_t space, uint32_t va)
{
    uint16_t v;

    assert_int_equal(mm_read(&m->mm, space, gva_of(va), &v, 2), HB_OK);
    return v;
}

gva_t mdl_for(struct machine *m, uint32_t va, uint32_t bytes)
{
    gva_t mdl;

    assert_int_equal(mdl_create(&m->mm, gva_of(va), bytes, &mdl), HB_OK);
    return mdl;
}

unsigned flags_of(const struct machine *m, gva_t mdl)
{
    return peek16(m, 0, mdl.v + MDL_FLAGS);
}

uint32_t mapped_of(const struct machine *m, gva_t mdl)
{
    return peek32(m, 0, mdl.v + MDL_MAPPED_VA);
}

uint32_t pfn_in(const struct machine *m, gva_t mdl, uint32_t i)
{
    return peek32(m, 0, mdl.v + MDL_PFNS + 4 * i);
}

gva_t locked_for(struct machine *m, uint32_t offset, uint32_t bytes)
{
    gva_t va = {0}, mdl;

    assert_int_equal(
        user_alloc(&m->mm, m->user, &va, mm_span(offset, bytes), MM_RW), HB_OK);
    mdl = mdl_for(m, va.v + offset, bytes);
    assert_int_equal(
        mdl_lock(&m->mm, m->user, mdl, true, MDL_WRITE_ACCESS, NULL), HB_OK);
    return mdl;
}
