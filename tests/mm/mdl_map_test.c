/* tests/mm/mdl_map_test.c -- mappings of MDLs, pages made for MDLs, and
 * reservations. */
#include "mm_fixture.h"

static enum hb_status map(struct machine *m, gva_t mdl, gva_t *va,
                          struct mm_misuse *why)
{
    return mdl_map(&m->mm, m->user, mdl, MM_CACHED, MM_RWX, va, why);
}

/* MDL-041, PTE-027 */
static void a_system_mapping_takes_the_span_and_keeps_the_offset(void **state)
{
    struct machine *m = *state;
    gva_t mdl = locked_for(m, 0x123, 0x2000), va;
    uint32_t free = sysptes_free_count(&m->mm);

    assert_int_equal(map(m, mdl, &va, NULL), HB_OK);
    assert_int_equal(free - sysptes_free_count(&m->mm), 3);
    assert_int_equal(va.v & 0xfff, 0x123);
    assert_int_equal(mapped_of(m, mdl), va.v);
    assert_int_equal(flags_of(m, mdl) & 0x21, 1);
    poke32(m, 0, va.v + 0x1ffc, 0x1234);
    assert_int_equal(
        ram_read32(&m->ram,
                   gpa_of(((uint64_t)pfn_in(m, mdl, 2) << 12) + 0x11f)),
        0x1234);
}

/* MDL-051 */
static void unmapping_frees_the_ptes_and_the_address_faults(void **state)
{
    struct machine *m = *state;
    gva_t mdl = locked_for(m, 0x10, 0x1000), va;
    uint32_t free = sysptes_free_count(&m->mm);
    gpa_t pa;

    assert_int_equal(map(m, mdl, &va, NULL), HB_OK);
    assert_int_equal(mdl_unmap(&m->mm, m->user, mdl, va, NULL), HB_OK);
    assert_int_equal(flags_of(m, mdl) & 0x221, 0);
    assert_int_equal(flags_of(m, mdl) & MDL_PAGES_LOCKED, MDL_PAGES_LOCKED);
    assert_int_equal(sysptes_free_count(&m->mm), free);
    assert_false(mm_physical(&m->mm, 0, va, &pa));
    assert_int_equal(mdl_unmap(&m->mm, m->user, mdl, va, NULL), HB_BAD_STATE);
}

/* MDL-042: shortage is told, nothing is half mapped. */
static void without_ptes_nothing_is_mapped(void **state)
{
    struct machine *m = *state;
    gva_t mdl = locked_for(m, 0, 0x2000), va;

    while (sysptes_largest(&m->mm) > 1)
        sysptes_alloc(&m->mm, sysptes_largest(&m->mm) - 1, PTES_IO, &va);
    assert_int_equal(map(m, mdl, &va, NULL), HB_NO_PAGES);
    assert_int_equal(flags_of(m, mdl) & MDL_MAPPED_TO_SYSTEM_VA, 0);
}

/* MDL-043, PTE-040: no system PTE, 0001h stays clear. */
static void a_user_mapping_is_of_its_process_alone(void **state)
{
    struct machine *m = *state;
    gva_t pool, mdl, va = {0}, wanted = {0x5000123};
    uint32_t free = sysptes_free_count(&m->mm), other;

    assert_int_equal(pool_alloc(&m->mm, 0, 8192, 1, &pool), HB_OK);
    poke32(m, 0, pool.v + 0x40, 0x4711);
    mdl = mdl_for(m, pool.v + 0x40, 0x1000);
    assert_int_equal(mdl_build_nonpaged(&m->mm, 0, mdl, NULL), HB_OK);
    assert_int_equal(mdl_map_user(&m->mm, m->user, mdl, MM_CACHED, &va), HB_OK);
    assert_true(va.v < 0x7fff0000 && (va.v & 0xfff) == 0x40);
    assert_int_equal(peek32(m, m->user, va.v), 0x4711);
    assert_int_equal(entry_by_hand(m, m->user, va.v) & PTE_US, PTE_US);
    assert_int_equal(flags_of(m, mdl) & MDL_MAPPED_TO_SYSTEM_VA, 0);
    assert_int_equal(sysptes_free_count(&m->mm), free);
    assert_int_equal(mdl_map_user(&m->mm, m->user, mdl, MM_CACHED, &wanted),
                     HB_OK);
    assert_int_equal(wanted.v, 0x5000040);
    assert_int_equal(space_create(&m->mm, &other), HB_OK);
    /* elsewhere it is not there to be removed */
    assert_int_equal(mdl_unmap(&m->mm, other, mdl, va, NULL), HB_NOT_FOUND);
    assert_int_equal(mdl_unmap(&m->mm, m->user, mdl, va, NULL), HB_OK);
    assert_int_equal(entry_by_hand(m, m->user, va.v), 0);
    assert_int_equal(peek32(m, 0, pool.v + 0x40), 0x4711);
}

static void unmapping_in_another_process_is_c4_b9_with_checks(void **state)
{
    struct machine *m = *state;
    struct mm_misuse why;
    gva_t mdl = locked_for(m, 0, 16), va = {0};
    uint32_t other;

    assert_int_equal(mdl_map_user(&m->mm, m->user, mdl, MM_CACHED, &va), HB_OK);
    assert_int_equal(space_create(&m->mm, &other), HB_OK);
    assert_int_equal(mdl_unmap(&m->mm, other, mdl, va, &why), HB_BAD_STATE);
    assert_int_equal(why.code, 0xc4);
    assert_int_equal(why.p[0], 0xb9);
}

/* MDL-044 */
static void a_page_keeps_its_cache_type(void **state)
{
    const unsigned pcd = PTE_PCD | PTE_PWT;
    const struct mdl_pages fresh = {
        .high = UINT64_MAX, .bytes = 4096, .cache = MM_CACHE_UNSET};
    struct machine *m = *state;
    gva_t ram = locked_for(m, 0, 4096), mdl, va;

    assert_int_equal(mdl_map(&m->mm, 0, ram, MM_NONCACHED, MM_RW, &va, NULL),
                     HB_OK);
    assert_int_equal(entry_by_hand(m, 0, va.v) & pcd, 0);
    assert_int_equal(mdl_pages_alloc(&m->mm, &fresh, &mdl), HB_OK);
    assert_int_equal(mdl_map(&m->mm, 0, mdl, MM_NONCACHED, MM_RW, &va, NULL),
                     HB_OK);
    assert_int_equal(entry_by_hand(m, 0, va.v) & pcd, pcd);
    assert_int_equal(mdl_unmap(&m->mm, 0, mdl, va, NULL), HB_OK);
    assert_int_equal(mdl_map(&m->mm, 0, mdl, MM_CACHED, MM_RW, &va, NULL),
                     HB_OK);
    assert_int_equal(entry_by_hand(m, 0, va.v) & pcd, pcd);
}

/* MDL-045 */
static void wrong_mappings_are_c4_with_checks(void **state)
{
    struct machine *m = *state;
    gva_t mdl = locked_for(m, 0, 16), bare = mdl_for(m, 0x400000, 16), va;
    struct mm_misuse why;

    assert_int_equal(map(m, mdl, &va, &why), HB_OK);
    assert_int_equal(map(m, mdl, &va, &why), HB_BAD_STATE);
    assert_int_equal(why.code, 0xc4);
    assert_int_equal(why.p[0], 0xb2);
    assert_int_equal(why.p[3], MDL_MAPPED_TO_SYSTEM_VA);
    assert_int_equal(map(m, bare, &va, &why), HB_BAD_STATE);
    assert_int_equal(why.p[0], 0xb3);
    /* freed while mapped */
    assert_int_equal(mdl_free(&m->mm, m->user, mdl, &why), HB_BAD_STATE);
    assert_int_equal(why.p[0], 0xb8);
}

static void unmapping_what_is_not_mapped_is_c4_b6_with_checks(void **state)
{
    struct machine *m = *state;
    gva_t mdl = locked_for(m, 0, 16);
    struct mm_misuse why;

    assert_int_equal(
        mdl_unmap(&m->mm, m->user, mdl, gva_of(MM_SYSTEM_PTES), &why),
        HB_BAD_STATE);
    assert_int_equal(why.p[0], 0xb6);
}

static void a_bad_pfn_is_1a_1236(void **state)
{
    struct machine *m = *state;
    gva_t mdl = locked_for(m, 0, 0x2000), va;
    uint32_t free = sysptes_free_count(&m->mm);
    struct mm_misuse why;

    poke32(m, 0, mdl.v + MDL_PFNS + 4, 0x00fff000);
    assert_int_equal(map(m, mdl, &va, &why), HB_BAD_STATE);
    assert_int_equal(why.code, 0x1a);
    assert_int_equal(why.p[0], 0x1236);
    assert_int_equal(why.p[1], mdl.v);
    assert_int_equal(why.p[2], mdl.v + MDL_PFNS + 4);
    assert_int_equal(why.p[3], 0x00fff000);
    assert_int_equal(sysptes_free_count(&m->mm), free);
}

/* MDL-059 */
static void protection_of_a_mapping_changes_at_once(void **state)
{
    struct machine *m = *state;
    gva_t mdl = locked_for(m, 0, 0x1000), va, pool, built;
    struct mm_misuse why;

    assert_int_equal(mdl_protect(&m->mm, m->user, mdl, MM_R, &why),
                     HB_NOT_FOUND);
    assert_int_equal(map(m, mdl, &va, NULL), HB_OK);
    assert_int_equal(mdl_protect(&m->mm, m->user, mdl, MM_R, &why), HB_OK);
    assert_int_equal(entry_by_hand(m, 0, va.v) & PTE_RW, 0);
    assert_int_equal(mdl_protect(&m->mm, m->user, mdl, MM_RW, &why), HB_OK);
    assert_int_equal(entry_by_hand(m, 0, va.v) & PTE_RW, PTE_RW);
    assert_int_equal(pool_alloc(&m->mm, 0, 16, 1, &pool), HB_OK);
    built = mdl_for(m, pool.v, 16);
    mdl_build_nonpaged(&m->mm, 0, built, NULL);
    assert_int_equal(mdl_protect(&m->mm, 0, built, MM_R, &why), HB_BAD_STATE);
    assert_int_equal(why.p[0], 0x1235);
}

/* ---- MmAllocatePagesForMdl --------------------------------------------------
 */

/* MDL-053 */
static void pages_for_an_mdl_are_zero_locked_and_inside_limits(void **state)
{
    const struct mdl_pages wish = {.low = 0x200000,
                                   .high = 0x2fffff,
                                   .bytes = 0x8000,
                                   .cache = MM_CACHE_UNSET};
    struct machine *m = *state;
    gva_t mdl;

    ram_write32(&m->ram, gpa_of(0x2fe000), 0x55);
    assert_int_equal(mdl_pages_alloc(&m->mm, &wish, &mdl), HB_OK);
    assert_int_equal(flags_of(m, mdl), MDL_PAGES_LOCKED);
    assert_int_equal(peek32(m, 0, mdl.v + MDL_START_VA), 0);
    assert_int_equal(peek32(m, 0, mdl.v + MDL_BYTE_COUNT), 0x8000);
    for (uint32_t i = 0; i < 8; i++) {
        uint32_t pfn = pfn_in(m, mdl, i);

        assert_true(pfn >= 0x200 && pfn <= 0x2ff);
        assert_int_equal(frames_find(&m->mm, pfn)->locks, 1);
        assert_int_equal(ram_read32(&m->ram, gpa_of((uint64_t)pfn << 12)), 0);
    }
}

static void too_much_gives_less_or_nothing(void **state)
{
    struct mdl_pages wish = {
        .high = UINT64_MAX, .bytes = 0x80000000u, .cache = MM_CACHE_UNSET};
    struct machine *m = *state;
    struct mm_misuse why;
    uint64_t before = frames_in_use(&m->mm);
    uint32_t bytes;
    gva_t mdl;

    assert_int_equal(mdl_pages_alloc(&m->mm, &wish, &mdl), HB_OK);
    bytes = peek32(m, 0, mdl.v + MDL_BYTE_COUNT);
    assert_true(bytes > 32 * MIB && bytes < 64 * MIB);
    assert_int_equal(mdl_pages_free(&m->mm, 0, mdl, &why), HB_OK);
    assert_int_equal(pool_free(&m->mm, mdl, 0, &why), HB_OK);
    wish.flags = MDL_FULLY_REQUIRED;
    assert_int_equal(mdl_pages_alloc(&m->mm, &wish, &mdl), HB_NO_PAGES);
    wish = (struct mdl_pages){.low = 0xf00000, .high = 0xffffff, .bytes = 4096};
    assert_int_equal(mdl_pages_alloc(&m->mm, &wish, &mdl), HB_NO_PAGES);
    wish = (struct mdl_pages){.high = UINT64_MAX};
    assert_int_equal(mdl_pages_alloc(&m->mm, &wish, &mdl), HB_NO_PAGES);
    assert_true(frames_in_use(&m->mm) <= before + 1);
}

static void skip_moves_the_window(void **state)
{
    const struct mdl_pages wish = {.low = 0x200000,
                                   .high = 0x201fff,
                                   .skip = 0x100000,
                                   .bytes = 0x6000,
                                   .cache = MM_CACHE_UNSET};
    struct machine *m = *state;
    gva_t mdl;

    assert_int_equal(mdl_pages_alloc(&m->mm, &wish, &mdl), HB_OK);
    for (uint32_t i = 0; i < 6; i++)
        assert_int_equal(pfn_in(m, mdl, i) >> 8, 2 + i / 2);
}

/* MDL-055 */
static void contiguous_chunks_are_one_block_or_nothing(void **state)
{
    struct mdl_pages wish = {.high = 0x9ffff,
                             .bytes = 0x8000,
                             .cache = MM_CACHED,
                             .flags = MDL_CONTIGUOUS_CHUNKS | MDL_DONT_ZERO};
    struct machine *m = *state;
    gva_t mdl;

    assert_int_equal(mdl_pages_alloc(&m->mm, &wish, &mdl), HB_OK);
    for (uint32_t i = 1; i < 8; i++)
        assert_int_equal(pfn_in(m, mdl, i), pfn_in(m, mdl, 0) + i);
    for (uint32_t pfn = 3; pfn < 0xa0; pfn += 7)
        frames_take(&m->mm, pfn, FRAME_HAL);
    assert_int_equal(mdl_pages_alloc(&m->mm, &wish, &mdl), HB_NO_PAGES);
    wish.flags = 0;
    assert_int_equal(mdl_pages_alloc(&m->mm, &wish, &mdl), HB_OK);
}

/* MDL-054, MDL-027 */
static void freeing_pages_of_another_kind_is_a_bugcheck(void **state)
{
    const struct mdl_pages wish = {
        .high = UINT64_MAX, .bytes = 8192, .cache = MM_CACHE_UNSET};
    struct machine *m = *state;
    gva_t user = locked_for(m, 0, 16), mdl;
    struct mm_misuse why;

    assert_int_equal(mdl_pages_free(&m->mm, 0, user, &why), HB_BAD_STATE);
    assert_int_equal(why.code, 0x1a);
    assert_int_equal(why.p[0], 0x1236);
    assert_int_equal(why.p[2], user.v + MDL_PFNS);
    assert_int_equal(mdl_pages_alloc(&m->mm, &wish, &mdl), HB_OK);
    assert_true(frames_lock(&m->mm, pfn_in(m, mdl, 1)));
    assert_int_equal(mdl_pages_free(&m->mm, 0, mdl, &why), HB_BAD_STATE);
    assert_int_equal(why.code, 0x4e);
    assert_int_equal(why.p[0], 0x9a);
    assert_int_equal(why.p[1], pfn_in(m, mdl, 1));
    frames_unlock(&m->mm, pfn_in(m, mdl, 1));
    assert_int_equal(mdl_pages_free(&m->mm, 0, mdl, &why), HB_OK);
    assert_int_equal(mdl_pages_free(&m->mm, 0, mdl, &why), HB_BAD_STATE);
}

/* ---- reservations -----------------------------------------------------------
 */

enum { TAG = 0x21 };

/* MDL-056: pages + 2 PTEs; count and tag stand in front. */
static void a_reservation_holds_ptes_that_fault(void **state)
{
    struct machine *m = *state;
    uint32_t free = sysptes_free_count(&m->mm);
    gpa_t pa;
    gva_t va;

    assert_int_equal(reserve_alloc(&m->mm, 0x3000, TAG, &va), HB_OK);
    assert_int_equal(free - sysptes_free_count(&m->mm), 5);
    assert_int_equal(entry_by_hand(m, 0, va.v - 0x2000), 5 * 2);
    assert_int_equal(entry_by_hand(m, 0, va.v - 0x1000), TAG & ~1);
    for (int i = -2; i < 3; i++)
        assert_false(
            mm_physical(&m->mm, 0, gva_add(va, (uint32_t)i * 4096), &pa));
    assert_int_equal(reserve_free(&m->mm, va, TAG, NULL), HB_OK);
    assert_int_equal(sysptes_free_count(&m->mm), free);
    assert_int_equal(reserve_alloc(&m->mm, 0xffffffff, TAG, &va), HB_NO_PAGES);
}

/* MDL-057 */
static void a_reservation_maps_without_new_ptes(void **state)
{
    struct machine *m = *state;
    gva_t mdl = locked_for(m, 0x44, 0x2000), big = locked_for(m, 0, 0x4000), va,
          out, x;

    assert_int_equal(reserve_alloc(&m->mm, 0x3000, TAG, &va), HB_OK);
    while (sysptes_alloc(&m->mm, 1, PTES_IO, &x) == HB_OK)
        ;
    assert_int_equal(
        reserve_map(&m->mm, m->user, va, TAG, big, MM_CACHED, &out, NULL),
        HB_BAD_ARGUMENT);
    assert_int_equal(
        reserve_map(&m->mm, m->user, va, TAG, mdl, MM_CACHED, &out, NULL),
        HB_OK);
    assert_int_equal(out.v, va.v + 0x44);
    assert_int_equal(mapped_of(m, mdl), va.v);
    assert_int_equal(pfn_of(m, 0, va.v), pfn_in(m, mdl, 0));
    assert_int_equal(reserve_unmap(&m->mm, m->user, va, TAG, mdl, NULL), HB_OK);
    assert_int_equal(entry_by_hand(m, 0, va.v), 0);
    assert_int_equal(flags_of(m, mdl) & MDL_MAPPED_TO_SYSTEM_VA, 0);
}

static void is_da(const struct mm_misuse *why, uint32_t p1)
{
    assert_int_equal(why->code, 0xda);
    assert_int_equal(why->p[0], p1);
}

/* MDL-058 */
static void misuse_of_a_reservation_is_da(void **state)
{
    struct machine *m = *state;
    gva_t one = locked_for(m, 0, 0x1000), two = locked_for(m, 0, 0x2000),
          three = locked_for(m, 0, 0x3000), four = locked_for(m, 0, 0x4000), va,
          out;
    struct mm_misuse why;

    assert_int_equal(reserve_alloc(&m->mm, 0x3000, TAG, &va), HB_OK);
    reserve_map(&m->mm, 0, va, 0x40, two, MM_CACHED, &out, &why);
    is_da(&why, 0x104);
    reserve_unmap(&m->mm, 0, va, TAG, two, &why);
    is_da(&why, 0x10b);
    reserve_map(&m->mm, 0, va, TAG, two, MM_CACHED, &out, &why);
    reserve_map(&m->mm, 0, va, TAG, two, MM_CACHED, &out, &why);
    is_da(&why, 0x107);
    reserve_unmap(&m->mm, 0, va, 0x40, two, &why);
    is_da(&why, 0x108);
    reserve_unmap(&m->mm, 0, va, TAG, four, &why);
    is_da(&why, 0x10a);
    reserve_unmap(&m->mm, 0, va, TAG, three, &why);
    is_da(&why, 0x10b);
    reserve_unmap(&m->mm, 0, va, TAG, one, &why);
    is_da(&why, 0x10c);
    reserve_free(&m->mm, va, TAG, &why);
    is_da(&why, 0x103);
    assert_int_equal(reserve_unmap(&m->mm, 0, va, TAG, two, &why), HB_OK);
    reserve_free(&m->mm, va, 0x40, &why);
    is_da(&why, 0x101);
    reserve_free(&m->mm, gva_of(0x1234), TAG, &why);
    is_da(&why, 0x302);
    assert_int_equal(reserve_free(&m->mm, va, TAG, &why), HB_OK);
    assert_int_equal(reserve_free(&m->mm, va, TAG, &why), HB_BAD_STATE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(f, setup) cmocka_unit_test_setup_teardown(f, setup, teardown)
        CASE(a_system_mapping_takes_the_span_and_keeps_the_offset, setup_32),
        CASE(a_system_mapping_takes_the_span_and_keeps_the_offset, setup_pae),
        CASE(unmapping_frees_the_ptes_and_the_address_faults, setup_32),
        CASE(without_ptes_nothing_is_mapped, setup_32),
        CASE(a_user_mapping_is_of_its_process_alone, setup_32),
        CASE(a_user_mapping_is_of_its_process_alone, setup_pae),
        CASE(unmapping_in_another_process_is_c4_b9_with_checks, setup_checks),
        CASE(a_page_keeps_its_cache_type, setup_32),
        CASE(wrong_mappings_are_c4_with_checks, setup_checks),
        CASE(unmapping_what_is_not_mapped_is_c4_b6_with_checks, setup_checks),
        CASE(a_bad_pfn_is_1a_1236, setup_32),
        CASE(protection_of_a_mapping_changes_at_once, setup_32),
        CASE(pages_for_an_mdl_are_zero_locked_and_inside_limits, setup_32),
        CASE(too_much_gives_less_or_nothing, setup_32),
        CASE(skip_moves_the_window, setup_32),
        CASE(contiguous_chunks_are_one_block_or_nothing, setup_32),
        CASE(freeing_pages_of_another_kind_is_a_bugcheck, setup_32),
        CASE(a_reservation_holds_ptes_that_fault, setup_32),
        CASE(a_reservation_maps_without_new_ptes, setup_32),
        CASE(misuse_of_a_reservation_is_da, setup_32),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
