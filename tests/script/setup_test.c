/* tests/script/setup_test.c -- options win over scenario over file over
 * platform. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench.h"

static void set(struct bench *b, enum setup_level level, const char *key,
                const char *value)
{
    assert_int_equal(setup_set(&b->setup, level, key, value, &b->error), HB_OK);
}

static struct machine_config config_of(struct bench *b)
{
    struct machine_config config;

    if (setup_config(&b->setup, &config, &b->error) != HB_OK)
        fail_msg("%s", b->error.text);
    return config;
}

static enum hb_status machine_file(struct bench *b, const char *text)
{
    char path[] = "/tmp/machine-XXXXXX";
    int fd = mkstemp(path);
    enum hb_status status;

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    status = setup_file(&b->setup, path, &b->error);
    unlink(path);
    return status;
}

static void later_sides_win(void **state)
{
    struct bench *b = *state;

    set(b, SETUP_OPTIONS, "memory", "32M");
    set(b, SETUP_FILE, "memory", "16M");
    set(b, SETUP_SCENARIO, "memory", "24M");
    assert_int_equal(config_of(b).memory, 32 << 20);
    setup_clear(&b->setup, SETUP_OPTIONS);
    assert_int_equal(config_of(b).memory, 24 << 20);
    setup_clear(&b->setup, SETUP_SCENARIO);
    assert_int_equal(config_of(b).memory, 16 << 20);
}

/* Whichever side names the platform, it does not undo another's settings. */
static void a_platform_is_set_before_all_else(void **state)
{
    struct bench *b = *state;

    set(b, SETUP_FILE, "memory", "16M");
    set(b, SETUP_OPTIONS, "platform", "bounce");
    assert_int_equal(config_of(b).registers, REGISTERS_BOUNCE);
    assert_int_equal(config_of(b).memory, 16 << 20);
}

static void cards_are_those_of_the_side_that_wins(void **state)
{
    struct bench *b = *state;

    assert_int_equal(setup_device(&b->setup, SETUP_FILE, "isacard", &b->error),
                     HB_OK);
    assert_int_equal(config_of(b).devices, 1);
    assert_string_equal(config_of(b).device[0].model, "isacard");
    assert_int_equal(
        setup_device(&b->setup, SETUP_OPTIONS, "edu,dma_bits=32", &b->error),
        HB_OK);
    assert_int_equal(config_of(b).devices, 1);
    assert_string_equal(config_of(b).device[0].model, "edu");
}

static void underscores_count_as_hyphens(void **state)
{
    struct bench *b = *state;

    set(b, SETUP_SCENARIO, "strict_dma", "on");
    assert_true(config_of(b).strict_dma);
}

static void dma_has_settings(void **state)
{
    struct bench *b = *state;
    struct machine_config config;
    struct machine *m;

    set(b, SETUP_SCENARIO, "platform", "eisa");
    set(b, SETUP_SCENARIO, "dma.alignment", "32");
    config = config_of(b);
    assert_true(config.eisa);
    assert_int_equal(config.dma_alignment, 32);
    config.dma_alignment = 24;
    assert_int_equal(machine_create(&m, &config, &b->error), HB_BAD_ARGUMENT);
    assert_non_null(strstr(b->error.text, "dma.alignment"));
}

static void a_machine_file_is_json(void **state)
{
    struct bench *b = *state;
    struct machine_config config;

    assert_int_equal(
        machine_file(b, "{\"platform\": \"adapter\", \"memory\": \"16M\","
                        " \"strict-dma\": true, \"grant\": {\"master\": 17},"
                        " \"devices\": [\"isacard\","
                        " {\"model\": \"edu\", \"dma_bits\": 30}]}"),
        HB_OK);
    config = config_of(b);
    assert_int_equal(config.registers, REGISTERS_ADAPTER);
    assert_int_equal(config.memory, 16 << 20);
    assert_true(config.strict_dma);
    assert_int_equal(config.grant_master, 17);
    assert_int_equal(config.devices, 2);
    assert_string_equal(config.device[1].setting[0].name, "dma_bits");
    assert_int_equal(config.device[1].setting[0].value, 30);
}

static void a_bad_machine_file_says_where(void **state)
{
    struct bench *b = *state;

    assert_int_equal(machine_file(b, "{\n \"memory\": }"), HB_BAD_ARGUMENT);
    assert_non_null(strstr(b->error.text, ":2:"));
    assert_int_equal(machine_file(b, "[1]"), HB_BAD_ARGUMENT);
    assert_int_equal(machine_file(b, "{\"memory\": 1.5}"), HB_BAD_ARGUMENT);
    assert_non_null(strstr(b->error.text, "\"memory\""));
    assert_int_equal(machine_file(b, "{\"devices\": [{\"irq\": 3}]}"),
                     HB_BAD_ARGUMENT);
    assert_non_null(strstr(b->error.text, "device 1"));
    assert_int_equal(setup_file(&b->setup, "/nowhere.json", &b->error),
                     HB_NO_FILE);
}

static void a_wrong_setting_is_named(void **state)
{
    struct bench *b = *state;
    struct machine_config config;

    set(b, SETUP_SCENARIO, "colour", "red");
    assert_int_equal(setup_config(&b->setup, &config, &b->error), HB_NOT_FOUND);
    assert_non_null(strstr(b->error.text, "colour"));
}

int main(void)
{
#define T(name)                                                                \
    cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)
    const struct CMUnitTest tests[] = {
        T(later_sides_win),
        T(a_platform_is_set_before_all_else),
        T(cards_are_those_of_the_side_that_wins),
        T(underscores_count_as_hyphens),
        T(dma_has_settings),
        T(a_machine_file_is_json),
        T(a_bad_machine_file_says_where),
        T(a_wrong_setting_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
