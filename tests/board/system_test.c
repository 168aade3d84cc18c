/* tests/board/system_test.c -- a machine with kernel and HAL, as a client meets
 * it: starts, driver start, ends. */
#include "bare.h"

#include <stdio.h>
#include <stdlib.h>

static struct machine *create(const char *platform, const char *memory,
                              const char *card)
{
    struct machine_config config;
    struct machine *m = NULL;
    struct hb_error e = {0};

    if (machine_config_init(&config, platform, &e) ||
        machine_config_set(&config, "memory", memory, &e) ||
        (card && machine_config_device(&config, card, &e)) ||
        machine_create(&m, &config, &e))
        fail_msg("%s", e.text);
    return m;
}

static void every_platform_starts_with_any_memory(void **state)
{
    const char *const sizes[] = {"16M", "256M", "6G", "64G"};
    struct machine_platform row;

    (void)state;
    for (unsigned p = 0; machine_platform_at(p, &row); p++) {
        for (unsigned i = 0; i < 4; i++) {
            struct machine *m = create(row.name, sizes[i], "edu");
            uint8_t *bytes;
            size_t count;

            assert_int_equal(machine_position(m).tick, 0);
            assert_int_equal(machine_save_bytes(m, &bytes, &count, NULL),
                             HB_OK);
            assert_in_range(count, 64 << 10, 256 << 10);
            free(bytes);
            machine_destroy(m);
        }
    }
}

static void a_system_with_nothing_to_do_says_who_waits(void **state)
{
    struct machine *m = create(NULL, "64M", NULL);
    struct machine_stop stop;

    (void)state;
    assert_int_equal(machine_run(m, MACHINE_FOR_EVER, &stop), STOP_IDLE);
    assert_non_null(strstr(stop.text, "waits"));
    assert_in_range(stop.at.tick, 1, 1000000);
    machine_destroy(m);
}

static void drivers_start_on_the_card_they_are_for(void **state)
{
    struct machine *m = create(NULL, "64M", "edu");
    struct inspect_image image;
    struct inspect_pnp pnp;
    struct hb_error e = {0};
    uint32_t number;
    unsigned started = 0;

    (void)state;
    assert_int_equal(
        machine_load_driver_file(m, HALBOX_IMAGES "/hello.sys", &number, &e),
        HB_OK);
    assert_int_equal(
        machine_load_driver_file(m, HALBOX_IMAGES "/edu.sys", &number, &e),
        HB_OK);
    if (machine_start(m, 1000000000, &e) != HB_OK)
        fail_msg("%s", e.text);
    for (unsigned i = 0; inspect_image_at(m, i, &image); i++) {
        assert_true(image.started);
        assert_int_equal(image.wdm, i == 1);
    }
    for (unsigned i = 0; inspect_pnp_at(m, i, &pnp); i++) {
        if (pnp.state == PNP_STATE_STARTED) {
            assert_string_equal(pnp.hardware_id, "PCI\\VEN_1234&DEV_11E8");
            assert_int_equal(pnp.image, 2);
            started++;
        }
    }
    assert_int_equal(started, 1);
    machine_destroy(m);
}

static void without_a_card_a_driver_gets_a_root_device(void **state)
{
    struct machine *m = create(NULL, "64M", NULL);
    struct inspect_pnp pnp = {.bus = 9};
    struct hb_error e = {0};
    uint32_t number;

    (void)state;
    assert_int_equal(
        machine_load_driver_file(m, HALBOX_IMAGES "/edu.sys", &number, &e),
        HB_OK);
    if (machine_start(m, 1000000000, &e) != HB_OK)
        fail_msg("%s", e.text);
    for (unsigned i = 0; inspect_pnp_at(m, i, &pnp); i++)
        ;
    assert_int_equal(pnp.bus, 0);
    assert_int_equal(pnp.state, PNP_STATE_FAILED); /* no registers for it */
    machine_destroy(m);
}

static void a_bad_image_is_one_error(void **state)
{
    struct machine *m = create(NULL, "64M", NULL);
    struct inspect_image image;
    struct hb_error e = {0};
    uint32_t number = 77;

    (void)state;
    assert_int_equal(machine_load_driver(m, "bad.sys",
                                         (const uint8_t *)"MZ rubbish", 10,
                                         &number, &e),
                     HB_BAD_IMAGE);
    assert_non_null(strstr(e.text, "bad.sys"));
    assert_int_equal(number, 77);
    assert_false(inspect_image_at(m, 0, &image));
    assert_int_equal(machine_load_driver_file(m, "/no/such.sys", &number, &e),
                     HB_NO_FILE);
    machine_destroy(m);
}

static void a_limit_ends_a_start_that_takes_too_long(void **state)
{
    struct machine *m = create(NULL, "64M", "edu");
    struct hb_error e = {0};
    uint32_t number;

    (void)state;
    assert_int_equal(
        machine_load_driver_file(m, HALBOX_IMAGES "/edu.sys", &number, &e),
        HB_OK);
    assert_int_equal(machine_start(m, 1000, &e), HB_LIMIT);
    assert_non_null(strstr(e.text, "edu.sys"));
    machine_destroy(m);
}

static void what_needs_a_kernel_is_refused_on_a_bare_machine(void **state)
{
    struct machine *m = bare_create(NULL, NULL, 0);
    const struct machine_call call = {.kind = CALL_CLOSE};
    struct inspect_walk walk;
    struct hb_error e;
    uint32_t number;

    (void)state;
    assert_int_equal(
        machine_load_driver(m, "x", (const uint8_t *)"x", 1, &number, &e),
        HB_BAD_STATE);
    assert_int_equal(machine_process(m, "x", &e), MACHINE_NONE);
    assert_int_equal(machine_post(m, 1, &call), MACHINE_NONE);
    assert_false(inspect_translate(m, SPACE_SYSTEM, gva_of(0), &walk));
    assert_int_equal(machine_wait(m, 1, WAIT_DONE, 1, NULL), STOP_IDLE);
    machine_destroy(m);
}

static void a_program_is_refused_where_a_kernel_runs(void **state)
{
    struct machine *m = create(NULL, "64M", NULL);
    struct hb_error e;

    (void)state;
    assert_int_equal(machine_load_program(m, PROGRAM_FLAT, (const uint8_t *)"x",
                                          1, gpa_of(0x1000), &e),
                     HB_BAD_STATE);
    machine_destroy(m);
}

static void a_save_of_another_version_of_a_part_is_refused(void **state)
{
    struct machine *m = create(NULL, "64M", "edu"), *again = NULL;
    struct hb_error e;
    uint8_t *bytes;
    size_t count, at = 0;

    (void)state;
    assert_int_equal(machine_save_bytes(m, &bytes, &count, NULL), HB_OK);
    /* the section's header: length, name, version */
    for (at = 0; at + 16 < count; at++) {
        if (memcmp(bytes + at, "\x02\0\0\0mm", 6) == 0)
            break;
    }
    assert_true(at + 16 < count);
    bytes[at + 6]++;
    assert_int_equal(machine_load_bytes(&again, bytes, count, &e),
                     HB_BAD_IMAGE);
    assert_non_null(strstr(e.text, "'mm' is version"));
    free(bytes);
    machine_destroy(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_platform_starts_with_any_memory),
        cmocka_unit_test(a_system_with_nothing_to_do_says_who_waits),
        cmocka_unit_test(drivers_start_on_the_card_they_are_for),
        cmocka_unit_test(without_a_card_a_driver_gets_a_root_device),
        cmocka_unit_test(a_bad_image_is_one_error),
        cmocka_unit_test(a_limit_ends_a_start_that_takes_too_long),
        cmocka_unit_test(what_needs_a_kernel_is_refused_on_a_bare_machine),
        cmocka_unit_test(a_program_is_refused_where_a_kernel_runs),
        cmocka_unit_test(a_save_of_another_version_of_a_part_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
