/* tests/nt/extest_test.c -- families of exports tried out by the driver
 * extest.sys, which checks itself: images/extest has a file for each. */
#include "../../images/extest/extest.h"
#include "board/board.h"
#include "caller.h"
#include "iotest.h"

static int setup(void **state)
{
    return io_setup_driver(state, "extest.sys", "\\\\.\\ExTest");
}

/* The driver found nothing wrong in @least checks or more. */
static void passes(void **state, enum extest_family family, unsigned least)
{
    struct extest_result result;
    struct io *io = *state;

    assert_int_equal(
        io_control(io, EXTEST_CODE(family), NULL, 0, &result, sizeof result)
            .status,
        0);
    result.first[sizeof result.first - 1] = '\0';
    if (result.failed)
        fail_msg("%u of %u checks: %s", result.failed, result.checks,
                 result.first);
    assert_in_range(result.checks, least, 10000);
}

static void resources_have_one_writer_or_many_readers(void **state)
{
    passes(state, EXTEST_RESOURCES, 50);
}

static void rundown_waits_for_the_last_hold(void **state)
{
    passes(state, EXTEST_RUNDOWN, 20);
}

static void callbacks_are_called_in_order_until_unregistered(void **state)
{
    passes(state, EXTEST_CALLBACKS, 20);
}

static void ranges_are_kept_asked_for_and_found(void **state)
{
    passes(state, EXTEST_RANGES, 60);
}

static void partitions_are_read_and_written(void **state)
{
    passes(state, EXTEST_DISKS, 80);
}

static void wmi_reaches_providers_and_consumers(void **state)
{
    passes(state, EXTEST_WMI, 60);
}

static void descriptors_and_privileges(void **state)
{
    passes(state, EXTEST_SECURITY, 60);
}

static void a_device_reports_changes_and_is_ejected(void **state)
{
    passes(state, EXTEST_TARGETS, 10);
}

/* The forms that take and give several holds: no import library has them. */
static void holds_are_taken_and_given_by_number(void **state)
{
    static const char *const name[2][2] = {
        {"ExAcquireRundownProtectionEx", "ExReleaseRundownProtectionEx"},
        {"ExAcquireRundownProtectionCacheAwareEx",
         "ExReleaseRundownProtectionCacheAwareEx"}};
    struct caller *c = *state;
    uint32_t word[2] = {c->data, c->data + 0x30};

    FAST_CALL(c, "ExInitializeRundownProtection", word[0]);
    STD_CALL(c, "ExInitializeRundownProtectionCacheAware", c->data + 0x20,
             NO_CALL(c, "ExSizeOfRundownProtectionCacheAware"));
    for (unsigned i = 0; i < 2; i++) {
        uint32_t at = i ? c->data + 0x20 : word[0];

        assert_int_equal(FAST_CALL(c, name[i][0], at, 3), 1);
        assert_int_equal(caller_dword(c, word[i]), 6);
        FAST_CALL(c, name[i][1], at, 2);
        assert_int_equal(caller_dword(c, word[i]), 2);
        assert_int_equal(rig_count(c->r, "released more often"), i);
        FAST_CALL(c, name[i][1], at, 2);
    }
    assert_int_equal(rig_count(c->r, "released more often"), 2);
}

/* Whose it is not: bugcheck 0xE3. */
static void a_resource_is_released_by_its_owner_alone(void **state)
{
    struct caller *c = *state;

    STD_CALL(c, "ExInitializeResourceLite", c->data);
    STD_CALL(c, "ExAcquireResourceExclusiveLite", c->data, 1);
    assert_int_equal(caller_try(c, "ExReleaseResourceForThreadLite", 0, 2,
                                (uint32_t[]){c->data, 0x1234}),
                     CALLER_STOPPED);
    assert_int_equal(ke_bugcheck_state(c->r->m->ke)->code, 0xe3);
    assert_int_equal(ke_bugcheck_state(c->r->m->ke)->p[0], c->data);
    assert_int_equal(ke_bugcheck_state(c->r->m->ke)->p[1], 0x1234);
}

#define EX_TEST(name) cmocka_unit_test_setup_teardown(name, setup, io_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EX_TEST(resources_have_one_writer_or_many_readers),
        EX_TEST(rundown_waits_for_the_last_hold),
        EX_TEST(callbacks_are_called_in_order_until_unregistered),
        EX_TEST(ranges_are_kept_asked_for_and_found),
        EX_TEST(partitions_are_read_and_written),
        EX_TEST(wmi_reaches_providers_and_consumers),
        EX_TEST(descriptors_and_privileges),
        EX_TEST(a_device_reports_changes_and_is_ejected),
        CALLER_TEST(holds_are_taken_and_given_by_number),
        CALLER_TEST(a_resource_is_released_by_its_owner_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
