/* tests/mm_exports/map_test.c -- mappings of MDLs as drivers ask for them. */
#include "rig.h"

enum { CACHED = 1 };

/* MDL-041, MDL-051 */
static void a_locked_buffer_is_seen_through_its_mapping(void **state)
{
    struct rig *r = *state;
    uint32_t at = locked(r, 0x123, 0x2000), va;
    uint32_t buffer = get(r, at + MDL_START_VA) + 0x123;
    uint32_t free = sysptes_free_count(&r->mm);

    va = CALL(r, "MmMapLockedPagesSpecifyCache", at, KERNEL_MODE, CACHED, 0, 0,
              16);
    assert_int_equal(va & 0xfff, 0x123);
    set(r, buffer + 0x1234, 0xabcdef);
    assert_int_equal(get(r, va + 0x1234), 0xabcdef);
    assert_int_equal(get(r, at + MDL_MAPPED_VA), va);
    CALL(r, "MmUnmapLockedPages", va, at);
    assert_int_equal(sysptes_free_count(&r->mm), free);
    assert_int_equal(CALL(r, "MmIsAddressValid", va), 0);
}

/* MDL-047, MDL-048 */
static void NT4_before_SP4_returns_the_page(void **state)
{
    const uint8_t eras[] = {MM_NT4, MM_NT4_SP4, MM_2000, MM_XP};

    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        struct rig *r = rig_new(&(struct rig_options){.mm = {.era = eras[i]}});
        uint32_t at = locked(r, 0x123, 0x1000), va;

        va = CALL(r, "MmMapLockedPages", at, KERNEL_MODE);
        assert_int_equal(va & 0xfff, eras[i] == MM_NT4 ? 0 : 0x123);
        set(r, (va & ~0xfffu) + get(r, at + MDL_BYTE_OFFSET), 0x55aa);
        assert_int_equal(get(r, get(r, at + MDL_START_VA) + 0x123), 0x55aa);
        rig_free(r);
    }
}

/* MDL-042, PTE-033: NULL when the caller can take it. */
static void without_ptes_the_safe_form_gives_null(void **state)
{
    struct rig *r = *state;
    uint32_t at = locked(r, 0, 0x1000);

    use_up_ptes(r);
    assert_int_equal(CALL(r, "MmMapLockedPagesSpecifyCache", at, KERNEL_MODE,
                          CACHED, 0, 0, 16),
                     0);
    set(r, at + MDL_SIZE, (get(r, at + MDL_SIZE)) | 0x2000u << 16);
    assert_int_equal(CALL(r, "MmMapLockedPages", at, KERNEL_MODE), 0);
}

/* MDL-049, PTE-034 */
static void without_ptes_MmMapLockedPages_is_3f(void **state)
{
    struct rig *r = *state;
    uint32_t at = locked(r, 0, 0x2000);

    use_up_ptes(r);
    STOPS(r, 0x3f, 0, "MmMapLockedPages", at, KERNEL_MODE);
    assert_int_equal(ke_bugcheck_state(r->ke)->p[1], 2);
    assert_int_equal(ke_bugcheck_state(r->ke)->p[2], 0);
    assert_int_equal(ke_bugcheck_state(r->ke)->p[3], sysptes_total(&r->mm));
}

/* PTE-035 */
static void with_TrackPtes_the_largest_holder_is_counted(void **state)
{
    struct rig *r = *state;
    uint32_t at = locked(r, 0, 0x2000);

    CALL(r, "MmMapIoSpace", 0xf0000000, 0, 0x5000, 0);
    CALL(r, "MmMapIoSpace", 0xf0010000, 0, 0x3000, 0);
    use_up_ptes(r);
    r->mm.s.settings.track_ptes = 1;
    STOPS(r, 0xd8, 0, "MmMapLockedPages", at, KERNEL_MODE);
    assert_int_equal(ke_bugcheck_state(r->ke)->p[1], 8);
    assert_int_equal(ke_bugcheck_state(r->ke)->p[2], 0);
    assert_int_equal(ke_bugcheck_state(r->ke)->p[3], sysptes_total(&r->mm));
}

static void without_ptes_bugcheck_on_failure_is_3f(void **state)
{
    struct rig *r = *state;
    uint32_t at = locked(r, 0, 0x2000);

    use_up_ptes(r);
    STOPS(r, 0x3f, 0, "MmMapLockedPagesSpecifyCache", at, KERNEL_MODE, CACHED,
          0, 1, 16);
}

/* MDL-043, MDL-033 */
static void a_nonpaged_buffer_is_shown_to_the_user(void **state)
{
    struct rig *r = *state;
    uint32_t p = CALL(r, "ExAllocatePool", 0, 0x2000), at, va, free;

    at = mdl(r, p, 0x2000);
    CALL(r, "MmBuildMdlForNonPagedPool", at);
    set(r, p + 0x1000, 0x1111);
    free = sysptes_free_count(&r->mm);
    va = CALL(r, "MmMapLockedPagesSpecifyCache", at, USER_MODE, CACHED,
              0x6000000, 0, 16);
    assert_int_equal(va, 0x6000000);
    assert_int_equal(get(r, va + 0x1000), 0x1111);
    assert_int_equal(sysptes_free_count(&r->mm), free);
    RAISES(r, 0xc0000018, "MmMapLockedPagesSpecifyCache", at, USER_MODE, CACHED,
           0x6000000, 0, 16);
    CALL(r, "MmUnmapLockedPages", va, at);
    assert_int_equal(CALL(r, "MmIsAddressValid", va), 0);
    CALL(r, "MmUnmapLockedPages", va, at); /* again: a finding */
    assert_string_equal(r->rule, "S10");
}

static void an_unknown_cache_type_gives_null(void **state)
{
    struct rig *r = *state;

    assert_int_equal(CALL(r, "MmMapLockedPagesSpecifyCache",
                          locked(r, 0, 0x1000), KERNEL_MODE, 6, 0, 0, 16),
                     0);
}

/* MDL-059 */
static void MmProtectMdlSystemAddress_answers_as_documented(void **state)
{
    struct rig *r = *state;
    uint32_t at = locked(r, 0, 0x1000), va;

    assert_int_equal(CALL(r, "MmProtectMdlSystemAddress", at, 2), 0xc0000019);
    va = CALL(r, "MmMapLockedPages", at, KERNEL_MODE);
    assert_int_equal(CALL(r, "MmProtectMdlSystemAddress", at, 1), 0xc0000045);
    assert_int_equal(CALL(r, "MmProtectMdlSystemAddress", at, 0), 0xc0000045);
    assert_int_equal(CALL(r, "MmProtectMdlSystemAddress", at, 2), 0);
    assert_int_equal(pte_get(&r->mm, 0, gva_of(va)) & PTE_RW, 0);
    assert_int_equal(CALL(r, "MmProtectMdlSystemAddress", at, 0x40), 0);
    assert_int_equal(pte_get(&r->mm, 0, gva_of(va)) & PTE_RW, PTE_RW);
}

/* MDL-046 */
static void no_write_mappings_of_windows_8(void **state)
{
    struct rig *r = rig_new(&(struct rig_options){.mm = {.era = MM_W8}});
    uint32_t va;

    (void)state;
    va = CALL(r, "MmMapLockedPagesSpecifyCache", locked(r, 0, 0x1000),
              KERNEL_MODE, CACHED, 0, 0, 0x80000010u);
    assert_int_equal(pte_get(&r->mm, 0, gva_of(va)) & PTE_RW, 0);
    rig_free(r);
}

/* MDL-056 to MDL-058 */
static void reservations_work_through_their_routines(void **state)
{
    enum { TAG = 0x42 };
    struct rig *r = *state;
    uint32_t at = locked(r, 0x44, 0x1000), va, big = locked(r, 0, 0x4000);

    va = CALL(r, "MmAllocateMappingAddress", 0x2000, TAG);
    assert_int_not_equal(va, 0);
    assert_int_equal(CALL(r, "MmIsAddressValid", va), 0);
    assert_int_equal(
        CALL(r, "MmMapLockedPagesWithReservedMapping", va, TAG, big, CACHED),
        0);
    assert_int_equal(
        CALL(r, "MmMapLockedPagesWithReservedMapping", va, TAG, at, CACHED),
        va + 0x44);
    assert_int_equal(get(r, at + MDL_MAPPED_VA), va);
    CALL(r, "MmUnmapReservedMapping", va, TAG, at);
    CALL(r, "MmFreeMappingAddress", va, TAG);
    STOPS(r, 0xda, 0x306, "MmFreeMappingAddress", va, TAG);
}

static void a_reservation_freed_under_another_tag_is_da_101(void **state)
{
    struct rig *r = *state;
    uint32_t va = CALL(r, "MmAllocateMappingAddress", 0x2000, 0x42);

    STOPS(r, 0xda, 0x101, "MmFreeMappingAddress", va, 0x52);
}

static void a_mapping_over_a_mapping_is_da_107(void **state)
{
    struct rig *r = *state;
    uint32_t va = CALL(r, "MmAllocateMappingAddress", 0x2000, 0x42);
    uint32_t at = locked(r, 0, 0x1000), other = locked(r, 0, 0x1000);

    CALL(r, "MmMapLockedPagesWithReservedMapping", va, 0x42, at, CACHED);
    STOPS(r, 0xda, 0x107, "MmMapLockedPagesWithReservedMapping", va, 0x42,
          other, CACHED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(f, setup) cmocka_unit_test_setup_teardown(f, setup, teardown)
        CASE(a_locked_buffer_is_seen_through_its_mapping, setup_xp),
        CASE(a_locked_buffer_is_seen_through_its_mapping, setup_pae),
        cmocka_unit_test(NT4_before_SP4_returns_the_page),
        CASE(without_ptes_the_safe_form_gives_null, setup_xp),
        CASE(without_ptes_MmMapLockedPages_is_3f, setup_xp),
        CASE(without_ptes_bugcheck_on_failure_is_3f, setup_xp),
        CASE(with_TrackPtes_the_largest_holder_is_counted, setup_xp),
        CASE(a_nonpaged_buffer_is_shown_to_the_user, setup_xp),
        CASE(an_unknown_cache_type_gives_null, setup_xp),
        CASE(MmProtectMdlSystemAddress_answers_as_documented, setup_xp),
        cmocka_unit_test(no_write_mappings_of_windows_8),
        CASE(reservations_work_through_their_routines, setup_xp),
        CASE(a_reservation_freed_under_another_tag_is_da_101, setup_xp),
        CASE(a_mapping_over_a_mapping_is_da_107, setup_xp),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
