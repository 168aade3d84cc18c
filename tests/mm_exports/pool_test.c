/* tests/mm_exports/pool_test.c -- pool as drivers call it. */
#include "rig.h"

enum { TAG = 0x31676154, PAGED = 1, MUST_SUCCEED = 2 };

static void every_routine_allocates_and_frees(void **state)
{
    struct rig *r = *state;
    uint32_t used = r->mm.s.pool[0].bytes_used;
    uint32_t a = CALL(r, "ExAllocatePool", 0, 100),
             b = CALL(r, "ExAllocatePoolWithTag", 0, 100, TAG),
             c = CALL(r, "ExAllocatePoolWithQuota", 0, 100),
             d = CALL(r, "ExAllocatePoolWithQuotaTag", 8, 100, TAG),
             e = CALL(r, "ExAllocatePoolWithTagPriority", 0, 100, TAG, 16);

    assert_int_equal(pool_find(&r->mm, gva_of(a))->tag, 0x656e6f4e);
    assert_int_equal(pool_find(&r->mm, gva_of(b))->tag, TAG);
    assert_int_equal(pool_find(&r->mm, gva_of(c))->bytes, 100);
    assert_int_equal(pool_find(&r->mm, gva_of(d))->tag, TAG);
    assert_int_equal(pool_find(&r->mm, gva_of(e))->tag, TAG);
    CALL(r, "ExFreePool", a);
    CALL(r, "ExFreePoolWithTag", b, TAG);
    CALL(r, "ExFreePool", c);
    CALL(r, "ExFreePool", d);
    CALL(r, "ExFreePool", e);
    assert_int_equal(r->mm.s.pool[0].bytes_used, used);
    a = CALL(r, "ExAllocatePool", PAGED, 5000);
    assert_true(pool_contains(&r->mm, true, gva_of(a)));
    assert_int_equal(a & 0xfff, 0);
}

static void shortage_is_null_or_raised(void **state)
{
    struct rig *r = *state;

    assert_int_equal(CALL(r, "ExAllocatePool", 0, 0x70000000), 0);
    assert_int_equal(CALL(r, "ExAllocatePoolWithQuotaTag", 8, 0x70000000, TAG),
                     0);
    RAISES(r, 0xc000009a, "ExAllocatePoolWithQuota", 0, 0x70000000);
    RAISES(r, 0xc000009a, "ExAllocatePoolWithQuotaTag", 0, 0x70000000, TAG);
    RAISES(r, 0xc000009a, "ExAllocatePoolWithTag", 0x10, 0x70000000, TAG);
}

/* PTE-037 */
static void a_must_succeed_request_that_cannot_is_41(void **state)
{
    struct rig *r = *state;

    STOPS(r, 0x41, 0x70000000, "ExAllocatePool", MUST_SUCCEED, 0x70000000);
}

/* SEC-027 */
static void freeing_null_is_c2_40(void **state)
{
    STOPS(*state, 0xc2, 0x40, "ExFreePool", 0);
}

static void freeing_the_middle_is_c2(void **state)
{
    struct rig *r = *state;
    uint32_t a = CALL(r, "ExAllocatePool", 0, 100);

    STOPS(r, 0xc2, 7, "ExFreePool", a + 8);
}

static void freeing_twice_is_c2(void **state)
{
    struct rig *r = *state;
    uint32_t keep = CALL(r, "ExAllocatePool", 0, 100),
             a = CALL(r, "ExAllocatePool", 0, 100);

    assert_int_not_equal(keep, a);
    CALL(r, "ExFreePoolWithTag", a, 0);
    STOPS(r, 0xc2, 7, "ExFreePoolWithTag", a, 0);
}

static void an_overrun_is_19(void **state)
{
    struct rig *r = *state;
    gva_t a, b;

    pool_alloc(&r->mm, 0, 96, TAG, &a);
    pool_alloc(&r->mm, 0, 96, TAG, &b);
    assert_int_equal(b.v, a.v + 104);
    set(r, a.v + 96, 0xffffffff);
    STOPS(r, 0x19, 0x20, "ExFreePool", a.v);
}

static void paged_pool_at_dispatch_is_a_finding(void **state)
{
    struct rig *r = *state;

    r->irql = DISPATCH_LEVEL;
    assert_int_not_equal(CALL(r, "ExAllocatePool", PAGED, 16), 0);
    assert_string_equal(r->rule, "S21");
}

static void paged_pool_at_dispatch_is_c4_1_with_checks(void **state)
{
    struct rig *r = *state;

    r->irql = DISPATCH_LEVEL;
    STOPS(r, 0xc4, 1, "ExAllocatePool", PAGED, 16);
    assert_int_equal(ke_bugcheck_state(r->ke)->p[1], DISPATCH_LEVEL);
}

static void no_bytes_are_a_finding(void **state)
{
    struct rig *r = *state;

    assert_int_not_equal(CALL(r, "ExAllocatePool", 0, 0), 0);
    assert_int_equal(r->findings, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(f, setup) cmocka_unit_test_setup_teardown(f, setup, teardown)
        CASE(every_routine_allocates_and_frees, setup_xp),
        CASE(shortage_is_null_or_raised, setup_xp),
        CASE(a_must_succeed_request_that_cannot_is_41, setup_xp),
        CASE(freeing_null_is_c2_40, setup_xp),
        CASE(freeing_the_middle_is_c2, setup_xp),
        CASE(freeing_twice_is_c2, setup_xp),
        CASE(an_overrun_is_19, setup_xp),
        CASE(paged_pool_at_dispatch_is_a_finding, setup_xp),
        CASE(paged_pool_at_dispatch_is_c4_1_with_checks, setup_checks),
        CASE(no_bytes_are_a_finding, setup_xp),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
