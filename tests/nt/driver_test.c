/* tests/nt/driver_test.c -- images on the machine: loaded, entered, unloaded.
 */
#include "rig.h"

static int setup(void **state)
{
    *state = rig_create(NULL);
    return 0;
}

static int teardown(void **state)
{
    rig_destroy(*state);
    return 0;
}

static void driver_entry_runs_on_a_system_thread(void **state)
{
    struct rig *r = *state;
    uint32_t image = rig_load(r, "hello.sys");
    struct inspect_image info;

    assert_int_equal(rig_finish(r, machine_driver_start(r->m, image)), 0);
    assert_true(rig_has(r, "CurrentControlSet\\\\Services\\\\hello"));
    assert_true(inspect_image_at(r->m, 0, &info));
    assert_true(info.started);
    assert_false(info.wdm);
}

static void unload_runs_and_the_image_is_gone(void **state)
{
    struct rig *r = *state;
    uint32_t image = rig_load(r, "hello.sys");
    struct inspect_image info;

    rig_finish(r, machine_driver_start(r->m, image));
    assert_int_equal(rig_finish(r, machine_driver_unload(r->m, image)), 0);
    assert_true(rig_has(r, "hello: goodbye"));
    assert_true(inspect_image_at(r->m, 0, &info));
    assert_true(info.unloaded);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(driver_entry_runs_on_a_system_thread,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(unload_runs_and_the_image_is_gone,
                                        setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
