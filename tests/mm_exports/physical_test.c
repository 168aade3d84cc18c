/* tests/mm_exports/physical_test.c -- physical pages and contiguous memory,
 * translation. */
#include "rig.h"

#define PA(v) (uint32_t)(v), (uint32_t)((uint64_t)(v) >> 32)

/* IOS-016, IOS-017: one run below the limit, inclusive; cached; SpecifyCache's
 * three limits; NULL if there is none. */
static void contiguous_memory_is_contiguous(void **state)
{
    struct rig *r = *state;
    uint32_t va = CALL(r, "MmAllocateContiguousMemory", 0x3000, PA(0xffffff));
    uint64_t pa;

    assert_int_not_equal(va, 0);
    pa = call64(r, "MmGetPhysicalAddress", 1, &va);
    assert_true(pa + 0x3000 <= 0x1000000);
    assert_int_equal(va & 0xfff, 0);
    assert_int_equal(pte_get(&r->mm, 0, gva_of(va)) & (PTE_PCD | PTE_PWT), 0);
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
    assert_int_equal(CALL(r, "MmAllocateContiguousMemorySpecifyCache", 0x1000,
                          PA(0), PA(-1), PA(0x800), 1),
                     0);
    va = CALL(r, "MmAllocateContiguousMemorySpecifyCache", 0x1000, PA(0x200001),
              PA(0x201fff), PA(0), 1);
    assert_int_equal(call64(r, "MmGetPhysicalAddress", 1, &va), 0x201000);
    assert_int_equal(CALL(r, "MmAllocateContiguousMemorySpecifyCache", 0x1000,
                          PA(0x202001), PA(0x203ffe), PA(0), 1),
                     0);
    assert_int_equal(CALL(r, "MmAllocateContiguousMemory", 0, PA(-1)), 0);
    assert_int_not_equal(CALL(r, "MmAllocateContiguousMemory", 1, PA(-1)), 0);
}

/* IOS-018: not even an address inside a block; it stays. */
static void freeing_what_is_not_contiguous_memory_is_c2_60(void **state)
{
    struct rig *r = *state;
    uint32_t va = CALL(r, "MmAllocateContiguousMemory", 0x3000, PA(0xffffff));

    STOPS(r, 0xc2, 0x60, "MmFreeContiguousMemory", va + 0x1000);
    assert_int_not_equal(pte_get(&r->mm, 0, gva_of(va)) & PTE_P, 0);
    assert_int_not_equal(pte_get(&r->mm, 0, gva_of(va + 0x1000)) & PTE_P, 0);
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

/* MDL-053, MDL-054, MDL-055 */
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

/* MDL-054 */
static void freeing_locked_user_pages_as_mdl_pages_is_1a_1236(void **state)
{
    struct rig *r = *state;

    STOPS(r, 0x1a, 0x1236, "MmFreePagesFromMdl", locked(r, 0, 0x1000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(f, setup) cmocka_unit_test_setup_teardown(f, setup, teardown)
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
