/* tests/mm_exports/mdl_test.c -- IoAllocateMdl and relatives as drivers call
 * them. */
#include "rig.h"

enum { IRP_MDL = 4 };

static uint32_t irp(struct rig *r)
{
    uint32_t at = CALL(r, "ExAllocatePool", 0, 0x70);

    set(r, at + IRP_MDL, 0);
    return at;
}

/* MDL-001, MDL-008: through the stubs. */
static void IoAllocateMdl_and_MmSizeOfMdl_agree(void **state)
{
    static const uint32_t table[][3] = {{0, 0x1000, 0x20},
                                        {1, 0x1000, 0x24},
                                        {0xfff, 2, 0x24},
                                        {0x12345, 0x2000, 0x28},
                                        {0, 1, 0x20}};
    struct rig *r = *state;

    for (unsigned i = 0; i < 5; i++) {
        uint32_t at = mdl(r, table[i][0], table[i][1]);

        assert_int_equal(CALL(r, "MmSizeOfMdl", table[i][0], table[i][1]),
                         table[i][2]);
        assert_int_equal(get16(r, at + MDL_SIZE), table[i][2]);
        CALL(r, "IoFreeMdl", at);
    }
}

/* MDL-006 */
static void an_irp_gets_the_new_mdl_and_drops_the_old(void **state)
{
    struct rig *r = *state;
    uint32_t p = irp(r), a, b;

    a = CALL(r, "IoAllocateMdl", 0x400000, 16, 0, 0, p);
    assert_int_equal(get(r, p + IRP_MDL), a);
    b = CALL(r, "IoAllocateMdl", 0x400000, 16, 0x100, 0, p); /* FALSE */
    assert_int_equal(get(r, p + IRP_MDL), b);
    assert_int_equal(get(r, a), 0);
}

/* MDL-007, SEC-023 */
static void a_secondary_buffer_goes_to_the_end_of_the_chain(void **state)
{
    struct rig *r = *state;
    uint32_t p = irp(r), chain[3];

    for (unsigned i = 0; i < 3; i++)
        chain[i] = CALL(r, "IoAllocateMdl", 0x400000, 16, 1, 0, p);
    assert_int_equal(get(r, p + IRP_MDL), chain[0]);
    assert_int_equal(get(r, chain[0]), chain[1]);
    assert_int_equal(get(r, chain[1]), chain[2]);
    assert_int_equal(get(r, chain[2]), 0);
}

/* MDL-002, MDL-010: no PFN is written; the address is an index and need not be
 * anybody's. */
static void a_new_mdl_has_no_pages_yet(void **state)
{
    struct rig *r = *state;
    uint32_t old = mdl(r, 0, 0x2000), at;

    set(r, old + MDL_PFNS, 0xabcde);
    set(r, old + MDL_PFNS + 4, 0xabcdf);
    CALL(r, "IoFreeMdl", old);
    at = mdl(r, 0x6543210, 0x1800);
    assert_int_equal(at, old); /* the lookaside list's */
    assert_int_equal(get(r, at + MDL_PFNS), 0xabcde);
    assert_int_equal(get(r, at + MDL_PFNS + 4), 0xabcdf);
    assert_int_equal(get(r, at + MDL_START_VA) + get(r, at + MDL_BYTE_OFFSET),
                     0x6543210);
    assert_int_equal(CALL(r, "MmIsAddressValid", 0x6543210), 0);
}

/* MDL-039: one is freed, not the chain behind it, and locked pages stay. */
static void IoFreeMdl_frees_one_and_unlocks_nothing(void **state)
{
    struct rig *r = *state;
    uint32_t first = locked(r, 0, 0x1000), next = locked(r, 0, 0x1000);
    uint32_t pfn = get(r, first + MDL_PFNS);

    set(r, first, next);
    CALL(r, "IoFreeMdl", first);
    assert_int_equal(frames_find(&r->mm, pfn)->locks, 1);
    assert_int_equal(flags(r, next) & MDL_PAGES_LOCKED, MDL_PAGES_LOCKED);
    CALL(r, "MmUnlockPages", next);
    CALL(r, "IoFreeMdl", next);
}

/* MDL-039 */
static void freeing_a_mapped_mdl_is_c4_b8_with_checks(void **state)
{
    struct rig *r = *state;
    uint32_t at = locked(r, 0, 0x1000);

    CALL(r, "MmMapLockedPages", at, KERNEL_MODE);
    STOPS(r, 0xc4, 0xb8, "IoFreeMdl", at);
    assert_int_equal(ke_bugcheck_state(r->ke)->p[1], at);
}

/* SEC-010 */
static void a_chain_that_bites_its_tail_ends(void **state)
{
    struct rig *r = *state;
    uint32_t p = irp(r), a = mdl(r, 0x400000, 16);

    set(r, p + IRP_MDL, a);
    set(r, a, a);
    assert_int_not_equal(CALL(r, "IoAllocateMdl", 0x400000, 16, 1, 0, p), 0);
    assert_string_equal(r->rule, "S10");
    assert_int_equal(get(r, a), a);
}

/* MDL-004 */
static void too_long_is_null(void **state)
{
    struct rig *r = *state;

    assert_int_not_equal(CALL(r, "IoAllocateMdl", 0, 0x3ff8000, 0, 0, 0), 0);
    assert_int_equal(CALL(r, "IoAllocateMdl", 0, 0x3ff9000, 0, 0, 0), 0);
    assert_int_equal(CALL(r, "IoAllocateMdl", 0, 0x80000000, 0, 0, 0), 0);
}

/* MDL-009 */
static void MmCreateMdl_allocates_or_initialises(void **state)
{
    struct rig *r = *state;
    uint32_t own = CALL(r, "ExAllocatePool", 0, 0x40), at;

    set(r, own + MDL_PROCESS, 0x5555);
    assert_int_equal(CALL(r, "MmCreateMdl", own, 0x1234, 0x1000), own);
    assert_int_equal(get16(r, own + MDL_SIZE), 0x24);
    assert_int_equal(get(r, own + MDL_BYTE_OFFSET), 0x234);
    at = CALL(r, "MmCreateMdl", 0, 0x1234, 0x1000);
    assert_int_equal(get(r, at + MDL_START_VA), 0x1000);
    CALL(r, "ExFreePool", at);
}

/* By the stub; the whole lines are in tests/mm. */
static void pages_are_locked_for_the_current_process(void **state)
{
    struct rig *r = *state;
    uint32_t va = user(r, 3, MM_RW), at = mdl(r, va + 0x100, 0x2000);
    gpa_t pa;

    CALL(r, "MmProbeAndLockPages", at, USER_MODE, MDL_WRITE_ACCESS);
    assert_int_equal(flags(r, at) & 0x82, 0x82);
    assert_int_equal(get(r, at + MDL_PROCESS),
                     ke_process_object(r->ke, r->process).v);
    for (uint32_t i = 0; i < 3; i++) {
        assert_true(mm_physical(&r->mm, r->space, gva_of(va + i * 4096), &pa));
        assert_int_equal(get(r, at + MDL_PFNS + 4 * i), pa.v >> 12);
    }
    CALL(r, "MmUnlockPages", at);
    assert_int_equal(flags(r, at) & 3, 0);
    CALL(r, "IoFreeMdl", at);
}

/* MDL-015, MDL-016 */
static void lock_errors_are_raised(void **state)
{
    struct rig *r = *state;
    uint32_t ro = user(r, 1, MM_R), at = mdl(r, ro, 0x10),
             hole = mdl(r, ro, 0x1001), high = mdl(r, 0x7ffef000, 0x2000);

    RAISES(r, 0xc0000005, "MmProbeAndLockPages", at, USER_MODE, 1);
    assert_int_equal(get(r, at + MDL_PFNS), 0xffffffff);
    RAISES(r, 0xc0000005, "MmProbeAndLockPages", hole, KERNEL_MODE, 0);
    RAISES(r, 0xc0000005, "MmProbeAndLockPages", high, USER_MODE, 0);
    assert_int_equal(flags(r, hole) & MDL_PAGES_LOCKED, 0);
    CALL(r, "MmProbeAndLockPages", at, USER_MODE, 0);
}

/* MDL-021 */
static void locking_above_dispatch_is_c4_70_with_checks(void **state)
{
    struct rig *r = *state;
    uint32_t at = mdl(r, user(r, 1, MM_RW), 0x10);

    r->irql = 5;
    STOPS(r, 0xc4, 0x70, "MmProbeAndLockPages", at, USER_MODE, 0);
    assert_int_equal(ke_bugcheck_state(r->ke)->p[1], 5);
    assert_int_equal(ke_bugcheck_state(r->ke)->p[2], at);
}

/* MDL-026: a process that ends with locked pages; TrackLockedPages names the
 * MDL and the code that locked it. */
static void pages_left_locked_are_76_or_cb(void **state)
{
    (void)state;
    for (uint8_t track = 0; track < 2; track++) {
        struct rig *r = rig_new(
            &(struct rig_options){.mm = {.era = MM_XP, .track_locks = track}});
        uint32_t gone = locked(r, 0, 0x1000), at = locked(r, 0, 0x3000);
        struct mm_misuse why;

        CALL(r, "MmUnlockPages", gone);
        assert_int_equal(space_destroy(&r->mm, r->space, &why), HB_BAD_STATE);
        assert_int_equal(why.code, track ? 0xcb : 0x76);
        if (track) {
            assert_in_range(why.p[0], r->code, r->code + 4095);
            assert_int_equal(why.p[1], 0);
            assert_int_equal(why.p[2], at);
            assert_int_equal(why.p[3], 3);
        } else {
            assert_int_equal(why.p[0], 0);
            assert_int_equal(why.p[1], ke_process_object(r->ke, r->process).v);
            assert_int_equal(why.p[2], 3);
        }
        rig_free(r);
    }
}

/* MDL-025 */
static void unlocking_twice_is_76(void **state)
{
    struct rig *r = *state;
    uint32_t at = locked(r, 0, 0x1000);

    CALL(r, "MmUnlockPages", at);
    STOPS(r, 0x76, 1, "MmUnlockPages", at);
}

/* MDL-029 */
static void MmBuildMdlForNonPagedPool_shows_the_pools_own_pages(void **state)
{
    struct rig *r = *state;
    uint32_t p = CALL(r, "ExAllocatePool", 0, 9000);
    uint32_t at = mdl(r, p + 0x321, 0x1800);

    CALL(r, "MmBuildMdlForNonPagedPool", at);
    assert_int_equal(flags(r, at) & 7, 4);
    assert_int_equal(get(r, at + MDL_MAPPED_VA), p + 0x321);
    assert_int_equal((uint64_t)get(r, at + MDL_PFNS) << 12,
                     call64(r, "MmGetPhysicalAddress", 1, &p));
}

/* MDL-031 */
static void building_over_a_hole_is_1a(void **state)
{
    struct rig *r = *state;

    STOPS(r, 0x1a, 0x1240, "MmBuildMdlForNonPagedPool",
          mdl(r, 0x90000000, 0x10));
}

/* MDL-034, MDL-035 */
static void IoBuildPartialMdl_describes_a_part(void **state)
{
    struct rig *r = *state;
    uint32_t source = locked(r, 0x10, 0x3000);
    uint32_t start = get(r, source + MDL_START_VA) + 0x10;
    uint32_t target = mdl(r, start + 0x1000, 0x1000);

    CALL(r, "IoBuildPartialMdl", source, target, start + 0x1000, 0x1000);
    assert_int_equal(flags(r, target) & MDL_PARTIAL, MDL_PARTIAL);
    assert_int_equal(get(r, target + MDL_PFNS), get(r, source + MDL_PFNS + 4));
    CALL(r, "IoBuildPartialMdl", source, target, start + 0x2000, 0);
    assert_int_equal(get(r, target + MDL_BYTE_COUNT), 0x1000);
    CALL(r, "IoFreeMdl", target);
}

/* MDL-037 */
static void a_partial_outside_its_source_is_12e(void **state)
{
    struct rig *r = *state;
    uint32_t source = locked(r, 0, 0x1000), target = mdl(r, 0, 0x1000);

    STOPS(r, 0x12e, source, "IoBuildPartialMdl", source, target, 0x1000, 16);
}

/* MDL-040 */
static void MmAdvanceMdl_moves_and_refuses_past_the_end(void **state)
{
    struct rig *r = *state;
    uint32_t at = locked(r, 0, 0x2000);

    assert_int_equal(CALL(r, "MmAdvanceMdl", at, 0x1001), 0);
    assert_int_equal(get(r, at + MDL_BYTE_OFFSET), 1);
    assert_int_equal(CALL(r, "MmAdvanceMdl", at, 0x1000), 0xc00000f0);
    assert_int_equal(get(r, at + MDL_BYTE_COUNT), 0xfff);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(f, setup) cmocka_unit_test_setup_teardown(f, setup, teardown)
        CASE(IoAllocateMdl_and_MmSizeOfMdl_agree, setup_xp),
        CASE(an_irp_gets_the_new_mdl_and_drops_the_old, setup_xp),
        CASE(a_secondary_buffer_goes_to_the_end_of_the_chain, setup_xp),
        CASE(a_new_mdl_has_no_pages_yet, setup_xp),
        CASE(IoFreeMdl_frees_one_and_unlocks_nothing, setup_xp),
        CASE(freeing_a_mapped_mdl_is_c4_b8_with_checks, setup_checks),
        CASE(a_chain_that_bites_its_tail_ends, setup_xp),
        CASE(too_long_is_null, setup_xp),
        CASE(MmCreateMdl_allocates_or_initialises, setup_xp),
        CASE(pages_are_locked_for_the_current_process, setup_xp),
        CASE(pages_are_locked_for_the_current_process, setup_pae),
        CASE(lock_errors_are_raised, setup_xp),
        CASE(locking_above_dispatch_is_c4_70_with_checks, setup_checks),
        cmocka_unit_test(pages_left_locked_are_76_or_cb),
        CASE(unlocking_twice_is_76, setup_xp),
        CASE(MmBuildMdlForNonPagedPool_shows_the_pools_own_pages, setup_xp),
        CASE(MmBuildMdlForNonPagedPool_shows_the_pools_own_pages, setup_pae),
        CASE(building_over_a_hole_is_1a, setup_xp),
        CASE(IoBuildPartialMdl_describes_a_part, setup_xp),
        CASE(a_partial_outside_its_source_is_12e, setup_xp),
        CASE(MmAdvanceMdl_moves_and_refuses_past_the_end, setup_xp),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
