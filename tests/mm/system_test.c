/* tests/mm/system_test.c -- what lives in the system PTE area. */
#include "mm_fixture.h"

static bool mapped(struct machine *m, uint32_t va)
{
    return entry_by_hand(m, 0, va) & PTE_P;
}

/* PTE-024 */
static void a_stack_is_12k_above_a_guard_page(void **state)
{
    struct machine *m = *state;
    uint32_t ptes = sysptes_free_count(&m->mm);
    uint64_t pages = frames_in_use(&m->mm);
    gva_t top, other;

    assert_int_equal(stack_alloc(&m->mm, &top), HB_OK);
    assert_int_equal(sysptes_free_count(&m->mm), ptes - 4);
    assert_true(mapped(m, top.v - 1));
    assert_true(mapped(m, top.v - 0x3000));
    assert_false(mapped(m, top.v - 0x3001));
    assert_int_equal(stack_alloc(&m->mm, &other), HB_OK);
    assert_int_equal(stack_free(&m->mm, gva_add(top, 4096)), HB_NOT_FOUND);
    assert_int_equal(stack_free(&m->mm, top), HB_OK);
    assert_int_equal(stack_free(&m->mm, top), HB_NOT_FOUND);
    assert_int_equal(stack_free(&m->mm, other), HB_OK);
    assert_int_equal(sysptes_free_count(&m->mm), ptes);
    assert_true(frames_in_use(&m->mm) <= pages + 1); /* a table stays */
}

/* PTE-025 */
static void an_image_takes_its_span_and_gives_it_back(void **state)
{
    struct machine *m = *state;
    uint32_t ptes = sysptes_free_count(&m->mm);
    gva_t va;

    assert_int_equal(system_alloc(&m->mm, 7, MM_RWX, &va), HB_OK);
    assert_int_equal(sysptes_free_count(&m->mm), ptes - 7);
    kernel_protect(&m->mm, va, 2, MM_X);
    assert_int_equal(entry_by_hand(m, 0, va.v) & PTE_RW, 0);
    assert_int_equal(entry_by_hand(m, 0, va.v + 0x2000) & PTE_RW, PTE_RW);
    assert_int_equal(system_free(&m->mm, gva_add(va, 4096)), HB_NOT_FOUND);
    assert_int_equal(system_free(&m->mm, va), HB_OK);
    assert_int_equal(sysptes_free_count(&m->mm), ptes);
}

/* PTE-026, PTE-039, PTE-041 */
static void io_space_takes_the_span_of_address_and_length(void **state)
{
    const struct {
        uint32_t pa, bytes, pages;
    } table[] = {{0xf0000fff, 1, 1},    {0xf0000fff, 2, 2},
                 {0xf0000fff, 4096, 2}, {0xf0000fff, 4097, 2},
                 {0xf0000fff, 4098, 3}, {0xf0000000, 4096, 1}};
    struct machine *m = *state;
    struct mm_misuse why;

    for (unsigned i = 0; i < 6; i++) {
        uint32_t before = sysptes_free_count(&m->mm);
        gva_t va;

        assert_int_equal(io_map(&m->mm, gpa_of(table[i].pa), table[i].bytes,
                                MM_NONCACHED, &va),
                         HB_OK);
        assert_int_equal(va.v & 0xfff, table[i].pa & 0xfff);
        assert_int_equal(before - sysptes_free_count(&m->mm), table[i].pages);
        assert_int_equal(entry_by_hand(m, m->user, va.v),
                         (table[i].pa & ~0xfffu) | 0x7b); /* ARM3 template */
        assert_true(va.v >= MM_SYSTEM_PTES && va.v < MM_SYSTEM_PTES_END);
        assert_int_equal(io_unmap(&m->mm, va, table[i].bytes, &why), HB_OK);
        assert_int_equal(sysptes_free_count(&m->mm), before);
    }
}

/* SEC-025 */
static void impossible_io_ranges_are_refused(void **state)
{
    struct machine *m = *state;
    gva_t va;

    assert_int_equal(io_map(&m->mm, gpa_of(0xf0000000), 0, MM_CACHED, &va),
                     HB_BAD_ARGUMENT);
    assert_int_equal(io_map(&m->mm, gpa_of(0xfffff000), 0x1001, MM_CACHED, &va),
                     HB_BAD_ARGUMENT);
    assert_int_equal(io_map(&m->mm, gpa_of(UINT64_MAX), 2, MM_CACHED, &va),
                     HB_BAD_ARGUMENT);
    assert_int_equal(
        io_map(&m->mm, gpa_of(0), (uint64_t)1 << 32, MM_CACHED, &va),
        HB_NO_PAGES);
}

/* Allowed, and real. */
static void io_space_over_ram_is_ram(void **state)
{
    struct machine *m = *state;
    gva_t va;

    assert_int_equal(
        io_map(&m->mm, gpa_of(space_cr3(&m->mm, 0)), 4096, MM_CACHED, &va),
        HB_OK);
    assert_int_equal(peek32(m, 0, va.v + 0xc00), peek32(m, 0, 0xc0300c00));
}

static void unmapping_what_is_no_io_mapping_is_da_400(void **state)
{
    struct machine *m = *state;
    struct mm_misuse why;
    gva_t va, other;

    assert_int_equal(io_map(&m->mm, gpa_of(0xf0000000), 8192, MM_CACHED, &va),
                     HB_OK);
    assert_int_equal(stack_alloc(&m->mm, &other), HB_OK);
    assert_int_equal(io_unmap(&m->mm, gva_of(0x81000000), 1, &why),
                     HB_BAD_STATE);
    assert_int_equal(why.code, 0xda);
    assert_int_equal(why.p[0], 0x400);
    assert_int_equal(io_unmap(&m->mm, gva_of(other.v - 0x4000), 0x4000, &why),
                     HB_BAD_STATE);
    assert_int_equal(why.p[0], 0x400);
    /* another page count, yet the mapping goes */
    assert_int_equal(io_unmap(&m->mm, va, 4096, &why), HB_BAD_ARGUMENT);
    assert_int_equal(io_unmap(&m->mm, va, 8192, &why), HB_BAD_STATE);
    assert_int_equal(why.p[2], 2);
}

static void contiguous_memory_keeps_its_limits(void **state)
{
    struct machine *m = *state;
    const struct contiguous isa = {
        .highest = 0xffffff, .boundary = 0x10000, .cache = MM_CACHED};
    const struct contiguous odd = {.boundary = 0x3000},
                            small = {.boundary = 0x800};
    uint32_t before = sysptes_free_count(&m->mm);
    gva_t va;
    gpa_t pa;

    assert_int_equal(contiguous_alloc(&m->mm, 0x5001, &isa, &va, &pa), HB_OK);
    assert_int_equal(sysptes_free_count(&m->mm), before - 6);
    assert_true(pa.v + 0x6000 <= 0x1000000);
    assert_int_equal(pa.v / 0x10000, (pa.v + 0x5fff) / 0x10000);
    for (uint32_t i = 0; i < 6; i++)
        assert_int_equal(pfn_of(m, 0, va.v + i * 4096), (pa.v >> 12) + i);
    assert_int_equal(contiguous_free(&m->mm, gva_add(va, 4096)), HB_NOT_FOUND);
    assert_int_equal(contiguous_free(&m->mm, va), HB_OK);
    assert_int_equal(sysptes_free_count(&m->mm), before);
    assert_int_equal(contiguous_alloc(&m->mm, 1, &odd, &va, &pa),
                     HB_BAD_ARGUMENT);
    assert_int_equal(contiguous_alloc(&m->mm, 1, &small, &va, &pa),
                     HB_BAD_ARGUMENT);
    assert_int_equal(contiguous_alloc(&m->mm, 0, &isa, &va, &pa),
                     HB_BAD_ARGUMENT);
    assert_int_equal(contiguous_alloc(&m->mm, 0x20000, &isa, &va, &pa),
                     HB_NO_PAGES);
}

/* PTE-028: one PTE more than pages, PCD and PWT set. */
static void noncached_memory_costs_a_pte_more(void **state)
{
    struct machine *m = *state;
    struct mm_misuse why;
    uint32_t before = sysptes_free_count(&m->mm);
    uint64_t pages;
    gva_t va;

    assert_int_equal(noncached_alloc(&m->mm, 0x2001, &va), HB_OK);
    pages = frames_in_use(&m->mm);
    assert_int_equal(sysptes_free_count(&m->mm), before - 4);
    assert_int_equal(entry_by_hand(m, 0, va.v + 0x2000) &
                         (PTE_PCD | PTE_PWT | PTE_P),
                     PTE_PCD | PTE_PWT | PTE_P);
    assert_false(mapped(m, va.v + 0x3000));
    assert_int_equal(noncached_free(&m->mm, va, 0x1000, &why), HB_BAD_STATE);
    assert_int_equal(why.code, 0xda);
    assert_int_equal(noncached_free(&m->mm, va, 0x2001, &why), HB_OK);
    assert_int_equal(sysptes_free_count(&m->mm), before);
    assert_int_equal(frames_in_use(&m->mm), pages - 3);
}

/* PTE-033, PTE-036: with nothing left each consumer fails, none is doubled. */
static void with_no_ptes_left_every_consumer_fails(void **state)
{
    struct machine *m = *state;
    uint64_t pages = frames_in_use(&m->mm);
    const struct contiguous any = {.cache = MM_CACHED};
    gva_t va;

    while (sysptes_alloc(&m->mm, 1, PTES_MDL, &va) == HB_OK)
        ;
    assert_int_equal(stack_alloc(&m->mm, &va), HB_NO_PAGES);
    assert_int_equal(system_alloc(&m->mm, 1, MM_RW, &va), HB_NO_PAGES);
    assert_int_equal(io_map(&m->mm, gpa_of(0xf0000000), 1, MM_CACHED, &va),
                     HB_NO_PAGES);
    assert_int_equal(contiguous_alloc(&m->mm, 1, &any, &va, NULL), HB_NO_PAGES);
    assert_int_equal(noncached_alloc(&m->mm, 1, &va), HB_NO_PAGES);
    assert_int_equal(frames_in_use(&m->mm), pages);
}

static void with_no_ram_left_nothing_is_half_done(void **state)
{
    struct machine *m = *state;
    const struct frame_request all = {.owner = FRAME_HAL};
    const struct contiguous any = {.cache = MM_CACHED};
    uint32_t ptes = sysptes_free_count(&m->mm), pfn;
    gva_t va;

    while (frames_free_count(&m->mm) > 2)
        assert_int_equal(frames_alloc(&m->mm, &all, &pfn), HB_OK);
    assert_int_equal(stack_alloc(&m->mm, &va), HB_NO_PAGES);
    assert_int_equal(system_alloc(&m->mm, 3, MM_RW, &va), HB_NO_PAGES);
    assert_int_equal(system_alloc(&m->mm, 2, MM_RW, &va), HB_NO_PAGES);
    assert_int_equal(contiguous_alloc(&m->mm, 8192, &any, &va, NULL),
                     HB_NO_PAGES);
    assert_int_equal(sysptes_free_count(&m->mm), ptes);
    while (frames_alloc(&m->mm, &all, &pfn) == HB_OK)
        ;
    assert_int_equal(
        io_map(&m->mm, gpa_of(0xf0000000), 12 << 20, MM_CACHED, &va),
        HB_NO_PAGES);
    assert_int_equal(sysptes_free_count(&m->mm), ptes);
}

/* PTE-013 */
static void physical_leads_back_to_virtual(void **state)
{
    struct machine *m = *state;
    gva_t va, back, user = {0};
    gpa_t pa;

    assert_int_equal(system_alloc(&m->mm, 2, MM_RW, &va), HB_OK);
    assert_true(mm_physical(&m->mm, 0, gva_add(va, 0x1234), &pa));
    assert_true(mm_virtual(&m->mm, pa, &back));
    assert_int_equal(back.v, va.v + 0x1234);
    assert_int_equal(user_alloc(&m->mm, m->user, &user, 1, MM_RW), HB_OK);
    assert_true(mm_physical(&m->mm, m->user, user, &pa));
    assert_false(mm_virtual(&m->mm, pa, &back));
    assert_false(mm_virtual(&m->mm, gpa_of(0xf0000000), &back));
    assert_false(mm_virtual(&m->mm, gpa_of(UINT64_MAX), &back));
}

/* The kernel's fixed pages lie where NT's loader puts them. */
static void placed_pages_are_contiguous_and_at_va_minus_80000000(void **state)
{
    struct machine *m = *state;
    gpa_t pa;

    assert_int_equal(kernel_place(&m->mm, gva_of(MM_NT_IMAGE), 64, MM_RWX, &pa),
                     HB_OK);
    assert_int_equal(pa.v, MM_NT_IMAGE - 0x80000000u);
    for (uint32_t i = 0; i < 64; i++)
        assert_int_equal(pfn_of(m, m->user, MM_NT_IMAGE + i * 4096), 0x400 + i);
    assert_int_equal(kernel_place(&m->mm, gva_of(0x8009f000), 4, MM_RW, &pa),
                     HB_OK); /* into the hole: elsewhere, still in a row */
    assert_int_not_equal(pa.v, 0x9f000);
    assert_int_equal(pfn_of(m, 0, 0x800a2000), (pa.v >> 12) + 3);
    assert_int_equal(kernel_place(&m->mm, gva_of(0x1000), 1, MM_RW, &pa),
                     HB_BAD_ARGUMENT);
}

/* A 4 MiB page of somebody's making. */
static void physical_address_under_a_large_page(void **state)
{
    struct machine *m = *state;
    gpa_t pa;

    ram_write32(&m->ram, gpa_of(space_cr3(&m->mm, 0) + 4 * 0x2c0),
                0x00800000 | PTE_P | PTE_RW | PTE_PS);
    assert_true(mm_physical(&m->mm, 0, gva_of(0xb0012345), &pa));
    assert_int_equal(pa.v, 0x00812345);
    assert_int_equal(pte_get(&m->mm, 0, gva_of(0xb0012000)), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(f, setup) cmocka_unit_test_setup_teardown(f, setup, teardown)
        CASE(a_stack_is_12k_above_a_guard_page, setup_32),
        CASE(a_stack_is_12k_above_a_guard_page, setup_pae),
        CASE(an_image_takes_its_span_and_gives_it_back, setup_32),
        CASE(io_space_takes_the_span_of_address_and_length, setup_32),
        CASE(io_space_takes_the_span_of_address_and_length, setup_pae),
        CASE(impossible_io_ranges_are_refused, setup_32),
        CASE(io_space_over_ram_is_ram, setup_32),
        CASE(unmapping_what_is_no_io_mapping_is_da_400, setup_32),
        CASE(contiguous_memory_keeps_its_limits, setup_32),
        CASE(contiguous_memory_keeps_its_limits, setup_pae),
        CASE(noncached_memory_costs_a_pte_more, setup_32),
        CASE(with_no_ptes_left_every_consumer_fails, setup_32),
        CASE(with_no_ram_left_nothing_is_half_done, setup_32),
        CASE(physical_leads_back_to_virtual, setup_32),
        CASE(placed_pages_are_contiguous_and_at_va_minus_80000000, setup_32),
        CASE(physical_address_under_a_large_page, setup_32),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
