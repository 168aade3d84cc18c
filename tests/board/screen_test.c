/* tests/board/screen_test.c -- a machine's screen as clients see it. */
#include "bare.h"

#include <stdlib.h>

#include "board/board.h"

static void index_out(struct machine *m, uint16_t port, uint8_t index,
                      uint8_t value)
{
    bus_out(m->bus, port, 2, (uint32_t)value << 8 | index);
}

/* What inspect_text() needs of mode 3: 80 columns, 25 rows of 16 lines. */
static void text_mode(struct machine *m)
{
    bus_out(m->bus, 0x3c2, 1, 0x67);
    index_out(m, 0x3c4, 2, 3);
    index_out(m, 0x3c4, 4, 2);
    index_out(m, 0x3ce, 5, 0x10);
    index_out(m, 0x3ce, 6, 0x0e);
    index_out(m, 0x3ce, 8, 0xff);
    index_out(m, 0x3d4, 0x01, 79);
    index_out(m, 0x3d4, 0x12, 0x8f);
    index_out(m, 0x3d4, 0x18, 0xff);
    index_out(m, 0x3d4, 0x07, 0x12);
    index_out(m, 0x3d4, 0x09, 0x4f);
    index_out(m, 0x3d4, 0x13, 40);
    index_out(m, 0x3d4, 0x17, 0xa3);
}

static void put(struct machine *m, unsigned cell, const char *text)
{
    for (; *text; text++, cell++)
        bus_store(m->bus, gpa_of(0xb8000 + 2 * cell), 1, (uint8_t)*text);
}

/* The board of a PC has a display adapter. */
static struct machine *machine_with(bool pc)
{
    struct machine_config config;
    struct machine *m;

    assert_int_equal(machine_config_init(&config, NULL, NULL), HB_OK);
    config.bare = true;
    config.pc = pc;
    config.memory = 16 << 20;
    assert_int_equal(machine_create(&m, &config, NULL), HB_OK);
    return m;
}

static void text_is_read_as_lines(void **state)
{
    struct machine *m = machine_with(true);
    struct inspect_screen s;
    static const char lines[] = " Hello\n╔═ ☺üπ\n\n\n";
    char text[4096], little[6];
    int n;

    (void)state;
    text_mode(m);
    put(m, 1, "Hello ");
    put(m, 80, "\xc9\xcd \x01\x81\xe3");
    put(m, 80 * 24 + 79, "~");
    assert_true(inspect_screen(m, 0, &s, NULL, 0));
    assert_int_equal(s.columns, 80);
    assert_int_equal(s.rows, 25);
    n = inspect_text(m, 0, text, sizeof text);
    assert_int_equal(n, strlen(text));
    assert_memory_equal(text, lines, sizeof lines - 1);
    assert_string_equal(text + n - 2, "~\n");
    assert_int_equal(inspect_text(m, 0, little, sizeof little), n);
    assert_string_equal(little, " Hell");
    machine_destroy(m);
}

static void a_picture_needs_room_and_changes_nothing(void **state)
{
    struct machine *m = machine_with(true), *before;
    struct inspect_screen s;
    uint32_t *pixels = malloc(720 * 400 * sizeof *pixels);
    uint8_t *bytes;
    size_t count;

    (void)state;
    text_mode(m);
    assert_int_equal(machine_save_bytes(m, &bytes, &count, NULL), HB_OK);
    assert_int_equal(machine_load_bytes(&before, bytes, count, NULL), HB_OK);
    assert_false(inspect_screen(m, 0, &s, pixels, 720 * 400 - 1));
    assert_int_equal(s.width, 720);
    assert_int_equal(s.height, 400);
    assert_true(inspect_screen(m, 0, &s, pixels, 720 * 400));
    bare_equal(m, before);
    free(bytes);
    free(pixels);
    machine_destroy(before);
    machine_destroy(m);
}

static void without_an_adapter_there_is_no_screen(void **state)
{
    struct machine *m = machine_with(false);
    struct inspect_screen s;
    char text[2] = "x";

    (void)state;
    assert_false(inspect_screen(m, 0, &s, NULL, 0));
    assert_int_equal(inspect_text(m, 0, text, sizeof text), 0);
    assert_string_equal(text, "");
    machine_destroy(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_read_as_lines),
        cmocka_unit_test(a_picture_needs_room_and_changes_nothing),
        cmocka_unit_test(without_an_adapter_there_is_no_screen),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
