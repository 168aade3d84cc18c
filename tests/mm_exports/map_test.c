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
static void with_TrackPtes_the_largest_holder_is_named(void **state)
{
    struct rig *r = *state;
    uint32_t at = locked(r, 0, 0x2000), name;

    CALL(r, "MmMapIoSpace", 0xf0000000, 0, 0x5000, 0);
    CALL(r, "MmMapIoSpace", 0xf0010000, 0, 0x3000, 0);
    use_up_ptes(r);
    r->mm.s.settings.track_ptes = 1;
    assert_false(
        try_call(r, "MmMapLockedPages", 2, (uint32_t[]){at, KERNEL_MODE})
            .returned);
    assert_int_equal(ke_bugcheck_state(r->ke)->code, 0xd8);
    name = ke_bugcheck_state(r->ke)->p[0]; /* UNICODE_STRING "test.sys" */
    assert_int_equal(get(r, name), 18 << 16 | 16);
    assert_int_equal(get(r, get(r, name + 4)), 'e' << 16 | 't');
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

/* MDL-056, MDL-057, PTE-027: (pages + 2) PTEs, and none for the mapping. */
static void reservations_work_through_their_routines(void **state)
{
    enum { TAG = 0x42 };
    struct rig *r = *state;
    uint32_t at = locked(r, 0x44, 0x1000), va, big = locked(r, 0, 0x4000);
    uint32_t free;

    free = sysptes_free_count(&r->mm);
    va = CALL(r, "MmAllocateMappingAddress", 0x2000, TAG);
    assert_int_not_equal(va, 0);
    assert_int_equal(free - sysptes_free_count(&r->mm), 4);
    use_up_ptes(r);
    assert_int_equal(CALL(r, "MmAllocateMappingAddress", 0x2000, TAG), 0);
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

/* A misuse of a reservation: bugcheck 0xDA with this number. */
struct misuse {
    uint32_t number;
    const char *routine;
    uint32_t tag;
    unsigned mapped; /* pages of an MDL in the reservation; 0: none */
    unsigned pages;  /* of the MDL that the routine is given        */
};

/* MDL-058 */
static void misuse_of_a_reservation_is_da(void **state)
{
    static const struct misuse rows[] = {
        {0x101, "MmFreeMappingAddress", 0x52, 0, 1},
        {0x103, "MmFreeMappingAddress", 0x42, 1, 1},
        {0x104, "MmMapLockedPagesWithReservedMapping", 0x52, 0, 1},
        {0x107, "MmMapLockedPagesWithReservedMapping", 0x42, 1, 1},
        {0x108, "MmUnmapReservedMapping", 0x52, 1, 1},
        {0x10a, "MmUnmapReservedMapping", 0x42, 1, 3},
        {0x10b, "MmUnmapReservedMapping", 0x42, 0, 1},
        {0x10c, "MmUnmapReservedMapping", 0x42, 2, 1}};

    (void)state;
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct misuse *row = &rows[i];
        struct rig *r = rig_new(&(struct rig_options){.mm = {.era = MM_XP}});
        uint32_t va = CALL(r, "MmAllocateMappingAddress", 0x2000, 0x42);

        if (row->mapped)
            CALL(r, "MmMapLockedPagesWithReservedMapping", va, 0x42,
                 locked(r, 0, row->mapped << 12), CACHED);
        if (row->routine[2] == 'F')
            STOPS(r, 0xda, row->number, "MmFreeMappingAddress", va, row->tag);
        else
            STOPS(r, 0xda, row->number, row->routine, va, row->tag,
                  locked(r, 0, row->pages << 12), CACHED);
        rig_free(r);
    }
}

/* What the macros MmGetSystemAddressForMdl and, with @safe, ...Safe compile to.
 */
static struct outcome system_address(struct rig *r, uint32_t at, bool safe)
{
    struct outcome mapped = {.returned = true,
                             .eax = get(r, at + MDL_MAPPED_VA)};

    if (flags(r, at) & (MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL))
        return mapped;
    return safe ? try_call(r, "MmMapLockedPagesSpecifyCache", 6,
                           (uint32_t[]){at, KERNEL_MODE, CACHED, 0, 0, 16})
                : try_call(r, "MmMapLockedPages", 2,
                           (uint32_t[]){at, KERNEL_MODE});
}

/* MDL-050, MDL-032, PTE-027: four states of the flags, and a shortage. */
static void the_system_address_is_made_once(void **state)
{
    struct rig *r = *state;
    uint32_t pool = CALL(r, "ExAllocatePool", 0, 0x2000), at, va, free;

    at = mdl(r, pool, 0x2000);
    CALL(r, "MmBuildMdlForNonPagedPool", at);
    free = sysptes_free_count(&r->mm);
    assert_int_equal(system_address(r, at, true).eax, pool);
    assert_int_equal(system_address(r, at, false).eax, pool);
    at = locked(r, 0x10, 0x2000);
    free = sysptes_free_count(&r->mm);
    va = system_address(r, at, true).eax;
    assert_int_equal(free - sysptes_free_count(&r->mm), 3);
    assert_int_equal(system_address(r, at, false).eax, va);
    assert_int_equal(system_address(r, at, true).eax, va);
    assert_int_equal(free - sysptes_free_count(&r->mm), 3);
    at = locked(r, 0, 0x1000);
    use_up_ptes(r);
    assert_int_equal(system_address(r, at, true).eax, 0);
    assert_false(system_address(r, at, false).returned);
    assert_int_equal(ke_bugcheck_state(r->ke)->code, 0x3f);
}

/* MDL-052: in another process nothing goes, and it is 0xC4(B9h). */
static void a_user_mapping_goes_in_its_process_alone(void **state)
{
    struct rig *r = *state;
    uint32_t at = locked(r, 0, 0x1000), va, home = r->process;

    va = CALL(r, "MmMapLockedPagesSpecifyCache", at, USER_MODE, CACHED, 0, 0,
              16);
    r->process = KE_SYSTEM_PROCESS;
    STOPS(r, 0xc4, 0xb9, "MmUnmapLockedPages", va, at);
    r->process = home;
    assert_int_not_equal(pte_get(&r->mm, r->space, gva_of(va)) & PTE_P, 0);
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
        CASE(with_TrackPtes_the_largest_holder_is_named, setup_xp),
        CASE(a_nonpaged_buffer_is_shown_to_the_user, setup_xp),
        CASE(an_unknown_cache_type_gives_null, setup_xp),
        CASE(MmProtectMdlSystemAddress_answers_as_documented, setup_xp),
        cmocka_unit_test(no_write_mappings_of_windows_8),
        CASE(reservations_work_through_their_routines, setup_xp),
        cmocka_unit_test(misuse_of_a_reservation_is_da),
        CASE(the_system_address_is_made_once, setup_xp),
        CASE(a_user_mapping_goes_in_its_process_alone, setup_checks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
