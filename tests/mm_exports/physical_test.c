/* tests/mm_exports/physical_test.c -- device memory, physical pages,
 * translation. */
#include "rig.h"

#define PA(v) (uint32_t)(v), (uint32_t)((uint64_t)(v) >> 32)

/* PTE-026, PTE-033, SEC-025 */
static void MmMapIoSpace_maps_or_gives_null(void **state)
{
    struct rig *r = *state;
    uint32_t free = sysptes_free_count(&r->mm), va;

    va = CALL(r, "MmMapIoSpace", PA(0xf0000ffe), 4, 0);
    assert_int_equal(va & 0xfff, 0xffe);
    assert_int_equal(free - sysptes_free_count(&r->mm), 2);
    assert_int_equal(call64(r, "MmGetPhysicalAddress", 1, &va), 0xf0000ffe);
    CALL(r, "MmUnmapIoSpace", va, 4);
    assert_int_equal(sysptes_free_count(&r->mm), free);
    assert_int_equal(CALL(r, "MmMapIoSpace", PA(0xf0000000), 0, 0), 0);
    assert_int_equal(CALL(r, "MmMapIoSpace", PA(0), 0xffffffff, 0), 0);
    assert_int_equal(CALL(r, "MmMapIoSpace", PA(UINT64_MAX), 2, 0), 0);
    assert_int_equal(CALL(r, "MmMapIoSpace", PA(0xf0000000), 4, 6), 0);
    use_up_ptes(r);
    assert_int_equal(CALL(r, "MmMapIoSpace", PA(0xf0000000), 4, 0), 0);
}

/* SEC-026 */
static void MmMapIoSpace_over_ram_is_a_finding_and_works(void **state)
{
    struct rig *r = *state;
    uint32_t va = CALL(r, "MmMapIoSpace", PA(0x300000), 4096, 1);

    assert_string_equal(r->rule, "S37");
    set(r, va, 0x777);
    assert_int_equal(ram_read32(&r->ram, gpa_of(0x300000)), 0x777);
}

static void MmMapIoSpace_over_free_ram_is_c4_83_with_checks(void **state)
{
    struct rig *r = *state;

    STOPS(r, 0xc4, 0x83, "MmMapIoSpace", PA(0x300000), 4096, 1);
}

static void unmapping_twice_is_da_400(void **state)
{
    struct rig *r = *state;
    uint32_t va = CALL(r, "MmMapIoSpace", PA(0xf0000000), 16, 0);

    CALL(r, "MmUnmapIoSpace", va, 16);
    CALL(r, "MmUnmapIoSpace", va, 16); /* a finding */
    assert_string_equal(r->rule, "S37");
    r->mm.s.settings.track_ptes = 1;
    STOPS(r, 0xda, 0x400, "MmUnmapIoSpace", va, 16);
}

/* IOS-005: the low byte is the type. */
static void cache_types_are_read_by_their_low_byte(void **state)
{
    const uint32_t type[] = {0, 1, 2, 3, 4, 5, 0x100};
    const uint64_t both = PTE_PCD | PTE_PWT;
    const uint64_t want[] = {both, 0, PTE_PCD, 0, both, PTE_PCD, both};
    struct rig *r = *state;

    for (uint32_t i = 0; i < 7; i++) {
        uint32_t va =
            CALL(r, "MmMapIoSpace", PA(0xf0000000 + i * 4096), 16, type[i]);

        assert_int_equal(pte_get(&r->mm, 0, gva_of(va)) & both, want[i]);
    }
    assert_int_equal(CALL(r, "MmMapIoSpace", PA(0xf0000000), 16, 0x106), 0);
}

/* IOS-006, IOS-009, IOS-015 */
static void two_cache_types_of_one_page_are_a_finding(void **state)
{
    struct rig *r = *state;
    uint32_t a = CALL(r, "MmMapIoSpace", PA(0xf0000000), 16, 0), b;

    assert_int_equal(r->findings, 0);
    b = CALL(r, "MmMapIoSpace", PA(0xf0000000), 16, 0);
    assert_int_equal(r->findings, 0);
    assert_int_not_equal(a, b);
    CALL(r, "MmMapIoSpace", PA(0xf0000000), 16, 1);
    assert_int_equal(r->findings, 1);
    CALL(r, "MmMapIoSpace", PA(0xf0000000), 0, 0);
    assert_int_equal(r->findings, 2);
}

/* IOS-008 */
static void high_addresses_need_pae(void **state)
{
    struct rig *r = *state;
    uint32_t va = CALL(r, "MmMapIoSpace", PA(0xc00000000), 16, 0);

    assert_int_equal(va != 0, r->mm.s.settings.pae);
    if (va)
        assert_int_equal(call64(r, "MmGetPhysicalAddress", 1, &va),
                         0xc00000000);
}

/* IOS-012 */
static void mapping_io_space_above_dispatch_is_c4_73_with_checks(void **state)
{
    struct rig *r = *state;

    r->irql = 5;
    STOPS(r, 0xc4, 0x73, "MmMapIoSpace", PA(0xf0000000), 16, 0);
}

/* IOS-014, PTE-038: what an image leaves behind is named. */
static void leaks_are_told_by_image(void **state)
{
    struct rig *r = *state;
    uint32_t va = CALL(r, "MmMapIoSpace", PA(0xf0000000), 0x2001, 0);

    CALL(r, "MmAllocateContiguousMemory", 0x1000, PA(-1));
    CALL(r, "MmAllocateNonCachedMemory", 0x1000);
    CALL(r, "MmAllocateMappingAddress", 0x1000, 0x42);
    CALL(r, "MmMapLockedPages", locked(r, 0, 0x1000), KERNEL_MODE);
    assert_int_equal(sysptes_leaks(&r->mm, "test.sys", gva_of(r->code), 8192),
                     3 + 1 + 2 + 3 + 1);
    assert_int_equal(r->findings, 5);
    assert_string_equal(r->rule, "S37");
    CALL(r, "MmUnmapIoSpace", va, 0x2001);
    assert_int_equal(sysptes_leaks(&r->mm, "test.sys", gva_of(r->code), 8192),
                     7);
    assert_int_equal(sysptes_leaks(&r->mm, "x.sys", gva_of(0x1000), 8192), 0);
}

static void video_display_is_the_same_mapping(void **state)
{
    struct rig *r = *state;
    uint32_t va = CALL(r, "MmMapVideoDisplay", PA(0xa0000), 0x10000, 0);

    assert_int_equal(call64(r, "MmGetPhysicalAddress", 1, &va), 0xa0000);
    CALL(r, "MmUnmapVideoDisplay", va, 0x10000);
}

static void NT4_reads_the_cache_argument_as_a_boolean(void **state)
{
    struct rig *r = rig_new(&(struct rig_options){.mm = {.era = MM_NT4}});
    uint32_t va = CALL(r, "MmMapIoSpace", PA(0xf0000000), 4, 0x12345600);

    (void)state;
    assert_int_equal(pte_get(&r->mm, 0, gva_of(va)) & (PTE_PCD | PTE_PWT),
                     PTE_PCD | PTE_PWT);
    rig_free(r);
}

static void contiguous_memory_is_contiguous(void **state)
{
    struct rig *r = *state;
    uint32_t va = CALL(r, "MmAllocateContiguousMemory", 0x3000, PA(0xffffff));
    uint64_t pa;

    assert_int_not_equal(va, 0);
    pa = call64(r, "MmGetPhysicalAddress", 1, &va);
    assert_true(pa + 0x3000 <= 0x1000000);
    for (uint32_t i = 1; i < 3; i++) {
        uint32_t page = va + i * 4096;

        assert_int_equal(call64(r, "MmGetPhysicalAddress", 1, &page),
                         pa + i * 4096);
    }
    CALL(r, "MmFreeContiguousMemory", va);
    assert_int_equal(CALL(r, "MmIsAddressValid", va), 0);
    va = CALL(r, "MmAllocateContiguousMemorySpecifyCache", 0x5000, PA(0x200000),
              PA(0xefffff), PA(0x10000), 0);
    pa = call64(r, "MmGetPhysicalAddress", 1, &va);
    assert_true(pa >= 0x200000 && pa + 0x5000 <= 0xf00000);
    assert_int_equal(pa >> 16, (pa + 0x4fff) >> 16);
    CALL(r, "MmFreeContiguousMemorySpecifyCache", va, 0x5000, 0);
    assert_int_equal(CALL(r, "MmAllocateContiguousMemorySpecifyCache", 0x5000,
                          PA(0), PA(-1), PA(0x3000), 1),
                     0);
    assert_int_equal(CALL(r, "MmAllocateContiguousMemory", 0, PA(-1)), 0);
    assert_int_not_equal(CALL(r, "MmAllocateContiguousMemory", 1, PA(-1)), 0);
}

static void freeing_what_is_not_contiguous_memory_is_c2_60(void **state)
{
    struct rig *r = *state;

    STOPS(r, 0xc2, 0x60, "MmFreeContiguousMemory", 0x81000000);
}

/* PTE-028 */
static void noncached_memory_is_not_cached(void **state)
{
    struct rig *r = *state;
    uint32_t free = sysptes_free_count(&r->mm);
    uint32_t va = CALL(r, "MmAllocateNonCachedMemory", 0x1800);

    assert_int_equal(free - sysptes_free_count(&r->mm), 3);
    assert_int_equal(pte_get(&r->mm, 0, gva_of(va)) & (PTE_PCD | PTE_PWT),
                     PTE_PCD | PTE_PWT);
    CALL(r, "MmFreeNonCachedMemory", va, 0x1800);
    STOPS(r, 0xda, 0x306, "MmFreeNonCachedMemory", va, 0x1800);
}

/* PTE-011, PTE-012 */
static void addresses_translate_or_are_invalid(void **state)
{
    struct rig *r = *state;
    uint32_t va = user(r, 1, MM_RW), hole = 0x90000000;
    gpa_t pa;

    va += 0x123;
    assert_true(mm_physical(&r->mm, r->space, gva_of(va), &pa));
    assert_int_equal(call64(r, "MmGetPhysicalAddress", 1, &va), pa.v);
    assert_int_equal(call64(r, "MmGetPhysicalAddress", 1, &hole), 0);
    assert_int_equal(CALL(r, "MmIsAddressValid", va), 1);
    assert_int_equal(CALL(r, "MmIsAddressValid", hole), 0);
    assert_int_equal(CALL(r, "MmIsAddressValid", 0), 0);
    user_page_out(&r->mm, r->space, gva_of(va & ~0xfffu), 1);
    assert_int_equal(CALL(r, "MmIsAddressValid", va), 0);
    assert_int_equal(CALL(r, "MmIsAddressValid", va), 0); /* none came in */
}

static void frames_above_4g_come_whole(void **state)
{
    struct rig *r = *state;
    uint32_t va = user(r, 1, MM_RW);

    assert_true(call64(r, "MmGetPhysicalAddress", 1, &va) >= 4 * GIB);
}

/* PTE-013 */
static void MmGetVirtualForPhysical_inverts(void **state)
{
    struct rig *r = *state;
    uint32_t va = CALL(r, "ExAllocatePool", 0, 0x2000) + 0x1234;
    uint64_t pa = call64(r, "MmGetPhysicalAddress", 1, &va);

    assert_int_equal(CALL(r, "MmGetVirtualForPhysical", PA(pa)), va);
    assert_int_equal(CALL(r, "MmGetVirtualForPhysical", PA(0xf0000000)), 0);
}

/* PTE-014 */
static void memory_ranges_sum_to_ram(void **state)
{
    struct rig *r = *state;
    uint32_t list = CALL0(r, "MmGetPhysicalMemoryRanges");
    uint64_t sum = 0;

    for (uint32_t at = list;; at += 16) {
        uint64_t bytes = get(r, at + 8) | (uint64_t)get(r, at + 12) << 32;

        if (!bytes)
            break;
        sum += bytes;
    }
    assert_int_equal(sum, r->ram.bytes);
    CALL(r, "ExFreePool", list);
}

/* MDL-053 to MDL-055 */
static void pages_for_mdls_come_and_go(void **state)
{
    struct rig *r = *state;
    uint32_t at =
        CALL(r, "MmAllocatePagesForMdl", PA(0), PA(-1), PA(0), 0x5000);

    assert_int_equal(flags(r, at), MDL_PAGES_LOCKED);
    assert_int_equal(get(r, at + MDL_BYTE_COUNT), 0x5000);
    CALL(r, "MmFreePagesFromMdl", at);
    CALL(r, "ExFreePool", at);
    at = CALL(r, "MmAllocatePagesForMdlEx", PA(0), PA(0xffffff), PA(0), 0x4000,
              1, 0x20);
    assert_int_equal(get(r, at + MDL_PFNS) + 3, get(r, at + MDL_PFNS + 12));
    assert_true(get(r, at + MDL_PFNS + 12) < 0x1000);
    assert_int_equal(CALL(r, "MmAllocatePagesForMdlEx", PA(0), PA(0xffff),
                          PA(0), 0x40000, 1, 4),
                     0);
    assert_int_equal(
        CALL(r, "MmAllocatePagesForMdlEx", PA(0), PA(-1), PA(0), 0x1000, 99, 0),
        0);
}

static void freeing_locked_user_pages_as_mdl_pages_is_1a_1236(void **state)
{
    struct rig *r = *state;

    STOPS(r, 0x1a, 0x1236, "MmFreePagesFromMdl", locked(r, 0, 0x1000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(f, setup) cmocka_unit_test_setup_teardown(f, setup, teardown)
        CASE(MmMapIoSpace_maps_or_gives_null, setup_xp),
        CASE(MmMapIoSpace_over_ram_is_a_finding_and_works, setup_xp),
        CASE(MmMapIoSpace_over_free_ram_is_c4_83_with_checks, setup_checks),
        CASE(unmapping_twice_is_da_400, setup_xp),
        CASE(cache_types_are_read_by_their_low_byte, setup_xp),
        CASE(two_cache_types_of_one_page_are_a_finding, setup_xp),
        CASE(high_addresses_need_pae, setup_xp),
        CASE(high_addresses_need_pae, setup_pae),
        CASE(mapping_io_space_above_dispatch_is_c4_73_with_checks,
             setup_checks),
        CASE(leaks_are_told_by_image, setup_xp),
        CASE(video_display_is_the_same_mapping, setup_xp),
        cmocka_unit_test(NT4_reads_the_cache_argument_as_a_boolean),
        CASE(contiguous_memory_is_contiguous, setup_xp),
        CASE(contiguous_memory_is_contiguous, setup_pae),
        CASE(freeing_what_is_not_contiguous_memory_is_c2_60, setup_xp),
        CASE(noncached_memory_is_not_cached, setup_xp),
        CASE(addresses_translate_or_are_invalid, setup_xp),
        CASE(frames_above_4g_come_whole, setup_pae),
        CASE(MmGetVirtualForPhysical_inverts, setup_xp),
        CASE(memory_ranges_sum_to_ram, setup_xp),
        CASE(memory_ranges_sum_to_ram, setup_pae),
        CASE(pages_for_mdls_come_and_go, setup_xp),
        CASE(freeing_locked_user_pages_as_mdl_pages_is_1a_1236, setup_xp),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
