/* tests/nt/driver_test.c -- images on the machine: loaded, entered, unloaded.
 */
#include <stdio.h>
#include <string.h>

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

/* Imports from another .sys by name, by ordinal and of data; DllInitialize is
 * called first, once: it sets the data. 42 + -42 is success. */
static void a_driver_binds_to_an_export_driver(void **state)
{
    struct rig *r = *state;
    uint32_t image;

    rig_load(r, "exporter.sys");
    image = rig_load(r, "importer.sys");
    assert_false(rig_has(r, "missing_import"));
    assert_int_equal(rig_finish(r, machine_driver_start(r->m, image)), 0);
    assert_int_equal(rig_finish(r, machine_driver_start(r->m, image - 1)), 0);
    assert_int_equal(rig_count(r, "Services\\\\exporter"), 1);
}

/* Whatever the order in which they are given. */
static void an_importer_is_mapped_after_what_it_imports_from(void **state)
{
    static const char *const files[] = {HALBOX_IMAGES "/importer.sys",
                                        HALBOX_IMAGES "/hello.sys",
                                        HALBOX_IMAGES "/exporter.sys"};
    struct rig *r = *state;
    struct inspect_image info;
    struct hb_error error;

    assert_int_equal(machine_load_driver_files(r->m, files, 3, &error), HB_OK);
    assert_false(rig_has(r, "missing_import"));
    assert_true(inspect_image_at(r->m, 2, &info));
    assert_string_equal(info.name, "importer.sys");
    assert_int_equal(rig_finish(r, machine_driver_start(r->m, 3)), 0);
}

/* SEC-034: named at load; a call to it ends the run with both names. */
static void a_missing_import_is_named_and_its_call_is_a_bugcheck(void **state)
{
    struct rig *r = *state;
    uint32_t image = rig_load(r, "importer.sys");
    struct machine_stop stop;

    assert_true(rig_has(r, "missing_import image=importer.sys "
                           "dll=exporter.sys name=Exported_Add"));
    assert_int_equal(machine_wait(r->m, machine_driver_start(r->m, image),
                                  WAIT_DONE, RIG_SECOND, &stop),
                     STOP_ENDED);
    assert_non_null(strstr(stop.text, "importer.sys"));
    assert_non_null(strstr(stop.text, "exporter.sys!"));
}

static enum hb_status load_status(struct rig *r, const char *name,
                                  const uint8_t *bytes, size_t count)
{
    struct hb_error error;
    uint32_t image;

    return machine_load_driver(r->m, name, bytes, count, &image, &error);
}

/* --missing fail: nothing of the image is left in the machine. */
static void missing_imports_can_refuse_the_image(void **state)
{
    struct machine_config config;
    struct machine *m;
    struct hb_error error;
    struct inspect_image info;
    uint32_t image;

    (void)state;
    assert_int_equal(machine_config_init(&config, NULL, &error), HB_OK);
    config.missing_fail = true;
    assert_int_equal(machine_create(&m, &config, &error), HB_OK);
    assert_int_equal(machine_load_driver_file(m, HALBOX_IMAGES "/importer.sys",
                                              &image, &error),
                     HB_NOT_FOUND);
    assert_non_null(strstr(error.text, "Exported_"));
    assert_false(inspect_image_at(m, 0, &info));
    machine_destroy(m);
}

static void a_damaged_image_is_refused(void **state)
{
    static const uint8_t bytes[64] = {'M', 'Z'};
    struct inspect_image info;
    struct rig *r = *state;

    assert_int_equal(load_status(r, "broken.sys", bytes, sizeof bytes),
                     HB_BAD_IMAGE);
    assert_false(inspect_image_at(r->m, 0, &info));
}

/* PE/COFF, "CheckSum": drivers are checked at load; 0 is none. */
static void a_driver_whose_checksum_is_wrong_is_refused(void **state)
{
    enum { PE_AT = 60, SUM_AT = 24 + 64, MOST = 1 << 16 };
    static uint8_t bytes[MOST];
    FILE *file = fopen(HALBOX_IMAGES "/hello.sys", "rb");
    struct rig *r = *state;
    size_t count;

    assert_non_null(file);
    count = fread(bytes, 1, MOST, file);
    fclose(file);
    bytes[count - 1] ^= 1;
    assert_int_equal(load_status(r, "hello.sys", bytes, count), HB_BAD_IMAGE);
    memset(bytes + bytes[PE_AT] + SUM_AT, 0, 4);
    assert_int_equal(load_status(r, "hello.sys", bytes, count), HB_OK);
}

/* The driver object's name is taken: the second copy is refused. */
static void an_image_loads_once(void **state)
{
    struct rig *r = *state;
    struct hb_error error;
    uint32_t image;

    rig_load(r, "hello.sys");
    assert_int_equal(machine_load_driver_file(r->m, HALBOX_IMAGES "/hello.sys",
                                              &image, &error),
                     HB_BAD_STATE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(driver_entry_runs_on_a_system_thread,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(unload_runs_and_the_image_is_gone,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(a_driver_binds_to_an_export_driver,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(
            an_importer_is_mapped_after_what_it_imports_from, setup, teardown),
        cmocka_unit_test_setup_teardown(
            a_missing_import_is_named_and_its_call_is_a_bugcheck, setup,
            teardown),
        cmocka_unit_test(missing_imports_can_refuse_the_image),
        cmocka_unit_test_setup_teardown(a_damaged_image_is_refused, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(
            a_driver_whose_checksum_is_wrong_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(an_image_loads_once, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
