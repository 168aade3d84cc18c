/* tests/board/bios_test.c -- a machine that starts in its BIOS ROM. */
#include "bare.h"

#include <stdlib.h>

#define ROM HALBOX_IMAGES "/rom.bin"

/** What left by the debug console, until port F4h was written. */
struct said {
    struct machine *m;
    char text[64];
    unsigned count;
    bool over;
};

static void hear(void *context, const struct hb_event *event)
{
    struct said *s = context;
    const char *device = (const char *)(uintptr_t)event->args[0];

    if (strcmp(device, "debugexit") == 0) {
        s->over = true;
        machine_stop(s->m);
    } else if (strcmp(device, "debugcon") == 0 &&
               s->count < sizeof s->text - 1) {
        s->text[s->count++] = (char)event->args[1];
    }
}

static void describe(struct machine_config *config)
{
    struct hb_error e;

    assert_int_equal(machine_config_init(config, NULL, &e), HB_OK);
    config->bare = true;
    config->memory = 16 << 20;
    assert_int_equal(machine_config_set(config, "bios", ROM, &e), HB_OK);
    assert_int_equal(machine_config_set(config, "debug-exit", "on", &e), HB_OK);
}

static void run(struct said *s, struct machine *m)
{
    struct machine_stop stop;

    s->m = m;
    assert_int_equal(machine_listen(m, hear, s, "stream_out", NULL), HB_OK);
    machine_run(m, 1000000, &stop);
    machine_unlisten(m, hear, s);
}

static void a_bios_shadows_itself(void **state)
{
    struct machine_config config;
    struct machine *m;
    struct said s = {0};

    (void)state;
    describe(&config);
    assert_int_equal(machine_create(&m, &config, NULL), HB_OK);
    run(&s, m);
    assert_string_equal(s.text, "RRWWR");
    assert_true(s.over);
    machine_destroy(m);
}

/* The file is not read again: the save has the ROM, and who answers where. */
static void a_save_has_the_rom_and_the_shadow(void **state)
{
    struct machine_config config;

    (void)state;
    describe(&config);
    for (uint64_t tick = 1; tick < 33000; tick += tick < 60 ? 1 : 6131) {
        struct machine *a, *b;
        struct said s = {0};
        struct machine_stop stop;
        uint8_t *bytes;
        size_t count;

        assert_int_equal(machine_create(&a, &config, NULL), HB_OK);
        assert_int_equal(machine_listen(a, hear, &s, "stream_out", NULL),
                         HB_OK);
        s.m = a;
        machine_run(a, tick, &stop);
        assert_int_equal(machine_save_bytes(a, &bytes, &count, NULL), HB_OK);
        assert_int_equal(machine_load_bytes(&b, bytes, count, NULL), HB_OK);
        bare_equal(a, b);
        machine_destroy(a);
        run(&s, b);
        assert_string_equal(s.text, "RRWWR");
        machine_destroy(b);
        free(bytes);
    }
}

static void a_file_that_is_no_rom_is_refused(void **state)
{
    struct machine_config config;
    struct machine *m;
    struct hb_error e = {.text = ""};

    (void)state;
    describe(&config);
    machine_config_set(&config, "bios", HALBOX_IMAGES "/hello.sys", &e);
    assert_int_equal(machine_create(&m, &config, &e), HB_BAD_IMAGE);
    assert_non_null(strstr(e.text, "whole pages"));
    machine_config_set(&config, "bios", "/nowhere/bios.bin", &e);
    assert_int_equal(machine_create(&m, &config, &e), HB_NO_FILE);
    machine_config_set(&config, "bios", ROM, &e);
    config.bare = false;
    assert_int_equal(machine_create(&m, &config, &e), HB_BAD_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bios_shadows_itself),
        cmocka_unit_test(a_save_has_the_rom_and_the_shadow),
        cmocka_unit_test(a_file_that_is_no_rom_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
