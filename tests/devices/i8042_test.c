/* tests/devices/i8042_test.c -- controller, keyboard and mouse against the IBM
 * PS/2 Hardware Interface Technical Reference. */
#include "bench.h"

enum { DATA = 0x60, COMMAND = 0x64 };
enum { FULL = 1, SYSTEM = 4, WROTE_COMMAND = 8, AUX = 0x20 };
enum { KEY_A = 0x04, KEY_PAUSE = 0x48, KEY_PRINT = 0x46, KEY_RIGHT = 0x4f };
enum { KEY_F7 = 0x40, KEY_F1 = 0x3a, KEY_SHIFT = 0xe1 };
#define BYTE_NS 500000ull

static void advance(struct bench *b)
{
    bench_advance_ns(b, BYTE_NS + 10);
}

/* Power-on is over: self tests passed, interfaces on, no translation. */
static int setup(void **state)
{
    struct bench *b = bench_create();

    bench_add(b, device_model_find("i8042"), NULL);
    bench_start(b);
    *state = b;
    return 0;
}

static uint8_t next(struct bench *b)
{
    advance(b);
    assert_true(bench_in8(b, COMMAND) & FULL);
    return bench_in8(b, DATA);
}

static void nothing(struct bench *b)
{
    advance(b);
    assert_false(bench_in8(b, COMMAND) & FULL);
}

static void command_byte(struct bench *b, uint8_t v)
{
    bench_out8(b, COMMAND, 0x60);
    bench_out8(b, DATA, v);
}

static struct bench *running(void **state, uint8_t byte)
{
    struct bench *b = *state;

    bench_advance_ns(b, 5000000);
    command_byte(b, byte);
    assert_int_equal(next(b), 0xaa);
    if (!(byte & 0x20)) {
        assert_int_equal(next(b), 0xaa);
        assert_int_equal(next(b), 0x00);
    }
    return b;
}

static void key(struct bench *b, uint16_t usage, bool down)
{
    b->dev->model->key(b->dev, usage, down);
}

static void expect(struct bench *b, const uint8_t *bytes, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        assert_int_equal(next(b), bytes[i]);
    nothing(b);
}
#define EXPECT(b, ...)                                                         \
    do {                                                                       \
        static const uint8_t bytes_[] = {__VA_ARGS__};                         \
        expect(b, bytes_, sizeof bytes_);                                      \
    } while (0)

static void keyboard_says(struct bench *b, uint8_t command, uint8_t answer)
{
    bench_out8(b, DATA, command);
    assert_int_equal(next(b), answer);
}

static void aux(struct bench *b, uint8_t byte)
{
    bench_out8(b, COMMAND, 0xd4);
    bench_out8(b, DATA, byte);
}

static void aux_says(struct bench *b, uint8_t byte, uint8_t answer)
{
    aux(b, byte);
    advance(b);
    assert_int_equal(bench_in8(b, COMMAND) & (FULL | AUX), FULL | AUX);
    assert_int_equal(bench_in8(b, DATA), answer);
}

/* ---- the controller --------------------------------------------------------
 */

static void self_test_answers_55_and_disables_both(void **state)
{
    struct bench *b = *state;

    bench_out8(b, COMMAND, 0xaa);
    assert_int_equal(bench_in8(b, COMMAND) & (FULL | SYSTEM | WROTE_COMMAND),
                     FULL | SYSTEM | WROTE_COMMAND);
    assert_int_equal(bench_in8(b, DATA), 0x55);
    bench_out8(b, COMMAND, 0x20);
    assert_int_equal(bench_in8(b, DATA), 0x34);
}

static void interface_tests_find_no_error(void **state)
{
    struct bench *b = *state;

    bench_out8(b, COMMAND, 0xab);
    assert_int_equal(bench_in8(b, DATA), 0);
    bench_out8(b, COMMAND, 0xa9);
    assert_int_equal(bench_in8(b, DATA), 0);
}

static void its_ram_is_read_and_written(void **state)
{
    struct bench *b = *state;

    for (uint8_t i = 1; i < 32; i++) {
        bench_out8(b, COMMAND, (uint8_t)(0x60 + i));
        bench_out8(b, DATA, (uint8_t)(i * 7));
    }
    for (uint8_t i = 1; i < 32; i++) {
        bench_out8(b, COMMAND, (uint8_t)(0x20 + i));
        assert_int_equal(bench_in8(b, DATA), (uint8_t)(i * 7));
    }
}

static void disable_commands_set_bits_of_the_command_byte(void **state)
{
    static const struct {
        uint8_t command, set, clear;
    } rows[] = {
        {0xad, 0x10, 0}, {0xae, 0, 0x10}, {0xa7, 0x20, 0}, {0xa8, 0, 0x20}};
    struct bench *b = running(state, 0x20);

    for (unsigned i = 0; i < 4; i++) {
        uint8_t v;

        bench_out8(b, COMMAND, rows[i].command);
        bench_out8(b, COMMAND, 0x20);
        v = bench_in8(b, DATA);
        assert_int_equal(v & rows[i].set, rows[i].set);
        assert_int_equal(v & rows[i].clear, 0);
    }
}

static void a20_follows_the_output_port_and_its_commands(void **state)
{
    struct bench *b = *state;

    assert_true(bus_wire(b->bus, WIRE_A20));
    bench_out8(b, COMMAND, 0xd1);
    bench_out8(b, DATA, 0xdd);
    assert_false(bus_wire(b->bus, WIRE_A20));
    bench_out8(b, COMMAND, 0xd0);
    assert_int_equal(bench_in8(b, DATA) & 3, 1);
    bench_out8(b, COMMAND, 0xdf);
    assert_true(bus_wire(b->bus, WIRE_A20));
    bench_out8(b, COMMAND, 0xdd);
    assert_false(bus_wire(b->bus, WIRE_A20));
}

static void pulsing_bit_0_restarts_the_cpu_alone(void **state)
{
    struct bench *b = *state;

    bench_out8(b, COMMAND, 0xff);
    assert_false(bus_pins(b->bus)->init);
    bench_out8(b, COMMAND, 0xfe);
    assert_true(bus_pins(b->bus)->init);
    bus_take_init(b->bus);
    bench_out8(b, COMMAND, 0xd1);
    bench_out8(b, DATA, 0x02);
    assert_true(bus_pins(b->bus)->init);
}

static void bytes_can_be_put_into_either_output_buffer(void **state)
{
    struct bench *b = running(state, 0x03);

    bench_out8(b, COMMAND, 0xd2);
    bench_out8(b, DATA, 0x5a);
    assert_true(bus_wire(b->bus, WIRE_IRQ0 + 1));
    assert_false(bench_in8(b, COMMAND) & AUX);
    assert_int_equal(bench_in8(b, DATA), 0x5a);
    bench_out8(b, COMMAND, 0xd3);
    bench_out8(b, DATA, 0xa5);
    assert_true(bus_wire(b->bus, WIRE_IRQ0 + 12));
    assert_true(bench_in8(b, COMMAND) & AUX);
    assert_int_equal(bench_in8(b, DATA), 0xa5);
    assert_false(bus_wire(b->bus, WIRE_IRQ0 + 12));
}

static void input_port_and_test_inputs(void **state)
{
    struct bench *b = running(state, 0x00);

    bench_out8(b, COMMAND, 0xc0);
    assert_int_equal(bench_in8(b, DATA) & 0x80, 0x80);
    bench_out8(b, COMMAND, 0xe0);
    assert_int_equal(bench_in8(b, DATA), 3);
    bench_out8(b, COMMAND, 0xad);
    bench_out8(b, COMMAND, 0xe0);
    assert_int_equal(bench_in8(b, DATA), 2);
}

/* ---- the keyboard ----------------------------------------------------------
 */

static void a_byte_takes_its_time_and_raises_irq_1_once(void **state)
{
    struct bench *b = running(state, 0x21);

    key(b, KEY_A, true);
    key(b, KEY_A, false);
    bench_advance_ns(b, BYTE_NS - 100);
    assert_false(bus_wire(b->bus, WIRE_IRQ0 + 1));
    bench_advance_ns(b, 200);
    assert_true(bus_wire(b->bus, WIRE_IRQ0 + 1));
    assert_int_equal(bench_in8(b, DATA), 0x1c);
    assert_false(bus_wire(b->bus, WIRE_IRQ0 + 1));
    assert_int_equal(next(b), 0xf0);
    assert_int_equal(next(b), 0x1c);
    nothing(b);
}

static void scan_codes_of_set_2(void **state)
{
    struct bench *b = running(state, 0x20);

    key(b, KEY_RIGHT, true);
    key(b, KEY_RIGHT, false);
    EXPECT(b, 0xe0, 0x74, 0xe0, 0xf0, 0x74);
    key(b, KEY_F7, true);
    key(b, KEY_F7, false);
    EXPECT(b, 0x83, 0xf0, 0x83);
    key(b, KEY_PAUSE, true);
    key(b, KEY_PAUSE, false);
    EXPECT(b, 0xe1, 0x14, 0x77, 0xe1, 0xf0, 0x14, 0xf0, 0x77);
    key(b, KEY_PRINT, true);
    key(b, KEY_PRINT, false);
    EXPECT(b, 0xe0, 0x12, 0xe0, 0x7c, 0xe0, 0xf0, 0x7c, 0xe0, 0xf0, 0x12);
}

static void translation_makes_set_1_of_them(void **state)
{
    struct bench *b = running(state, 0x60);

    key(b, KEY_A, true);
    key(b, KEY_A, false);
    assert_int_equal(next(b), 0x1e);
    advance(b); /* F0 is no byte of its own */
    EXPECT(b, 0x9e);
    key(b, KEY_F7, true);
    EXPECT(b, 0x41);
    keyboard_says(b, 0xf2, 0xfa);
    EXPECT(b, 0xab, 0x41);
}

static void set_1_is_what_translation_gives(void **state)
{
    struct bench *b = running(state, 0x20);

    keyboard_says(b, 0xf0, 0xfa);
    keyboard_says(b, 1, 0xfa);
    key(b, KEY_RIGHT, true);
    key(b, KEY_RIGHT, false);
    EXPECT(b, 0xe0, 0x4d, 0xe0, 0xcd);
    keyboard_says(b, 0xf0, 0xfa);
    keyboard_says(b, 0, 0xfa);
    EXPECT(b, 1);
}

static void set_3_has_kinds_of_keys(void **state)
{
    struct bench *b = running(state, 0x20);

    keyboard_says(b, 0xf0, 0xfa);
    keyboard_says(b, 3, 0xfa);
    key(b, KEY_F1, true); /* make alone at power-on */
    key(b, KEY_F1, false);
    EXPECT(b, 0x07);
    keyboard_says(b, 0xfc, 0xfa);
    keyboard_says(b, 0x07, 0xfa);
    key(b, KEY_F1, true);
    key(b, KEY_F1, false);
    EXPECT(b, 0x07, 0xf0, 0x07);
    keyboard_says(b, 0xf9, 0xfa);
    key(b, KEY_SHIFT, true);
    key(b, KEY_SHIFT, false);
    EXPECT(b, 0x12);
}

static void a_held_key_repeats_after_its_delay_at_its_rate(void **state)
{
    struct bench *b = running(state, 0x20);

    keyboard_says(b, 0xf3, 0xfa);
    keyboard_says(b, 0x00, 0xfa); /* 250 ms, 30 a second */
    key(b, KEY_A, true);
    assert_int_equal(next(b), 0x1c);
    bench_advance_ns(b, 249000000 - BYTE_NS);
    nothing(b);
    bench_advance_ns(b, 1000000);
    assert_int_equal(next(b), 0x1c);
    bench_advance_ns(b, 32000000);
    nothing(b);
    assert_int_equal(next(b), 0x1c);
    key(b, KEY_A, false);
    EXPECT(b, 0xf0, 0x1c);
    bench_advance_ns(b, 400000000);
    nothing(b);
}

static void commands_are_acknowledged_others_asked_again(void **state)
{
    struct bench *b = running(state, 0x20);

    keyboard_says(b, 0xee, 0xee);
    keyboard_says(b, 0xed, 0xfa);
    keyboard_says(b, 0x07, 0xfa);
    keyboard_says(b, 0xef, 0xfe);
    keyboard_says(b, 0xf2, 0xfa);
    EXPECT(b, 0xab, 0x83);
    keyboard_says(b, 0xfe, 0x83);
    keyboard_says(b, 0xf5, 0xfa);
    key(b, KEY_A, true);
    nothing(b);
    keyboard_says(b, 0xf4, 0xfa);
    key(b, KEY_A, true);
    EXPECT(b, 0x1c);
}

static void reset_is_acknowledged_and_ends_with_the_self_test(void **state)
{
    struct bench *b = running(state, 0x20);

    keyboard_says(b, 0xff, 0xfa);
    nothing(b);
    bench_advance_ns(b, 5000000);
    EXPECT(b, 0xaa);
}

static void a_full_buffer_says_so(void **state)
{
    struct bench *b = running(state, 0x20);
    unsigned bytes = 0;

    bench_out8(b, COMMAND, 0xad);
    for (unsigned i = 0; i < 40; i++)
        key(b, KEY_A, true);
    bench_out8(b, COMMAND, 0xae);
    for (;; bytes++) {
        advance(b);
        if (!(bench_in8(b, COMMAND) & FULL))
            break;
        assert_int_equal(bench_in8(b, DATA), bytes < 15 ? 0x1c : 0x00);
    }
    assert_int_equal(bytes, 16);
}

/* ---- the mouse -------------------------------------------------------------
 */

static void move(struct bench *b, int dx, int dy, int dz, uint8_t buttons)
{
    b->dev->model->pointer(b->dev, dx, dy, dz, buttons);
    bench_advance_ns(b, 13000000);
}

static void the_mouse_reports_at_its_sample_rate(void **state)
{
    struct bench *b = running(state, 0x02);

    move(b, 5, 3, 0, 0);
    nothing(b); /* not enabled */
    aux_says(b, 0xf4, 0xfa);
    move(b, 5, 3, 0, 1);
    EXPECT(b, 0x29, 5, 0xfd);
    move(b, -300, 0, 0, 1); /* more than a report holds: two */
    EXPECT(b, 0x19, 0x01, 0x00);
    bench_advance_ns(b, 10000000);
    EXPECT(b, 0x19, 0xd3, 0x00);
}

static void status_resolution_and_remote_mode(void **state)
{
    struct bench *b = running(state, 0x00);

    aux_says(b, 0xe8, 0xfa);
    aux_says(b, 3, 0xfa);
    aux_says(b, 0xf3, 0xfa);
    aux_says(b, 40, 0xfa);
    aux_says(b, 0xe7, 0xfa);
    aux_says(b, 0xf0, 0xfa);
    aux_says(b, 0xe9, 0xfa);
    EXPECT(b, 0x50, 3, 40);
    move(b, 1, 0, 0, 0);
    nothing(b);
    aux_says(b, 0xeb, 0xfa);
    EXPECT(b, 0x08, 1, 0);
}

static void wrap_mode_echoes(void **state)
{
    struct bench *b = running(state, 0x00);

    aux_says(b, 0xee, 0xfa);
    aux_says(b, 0x12, 0x12);
    aux_says(b, 0xf4, 0xf4);
    aux_says(b, 0xec, 0xfa);
    aux_says(b, 0xf4, 0xfa);
}

static void knocking_finds_the_wheel_and_five_buttons(void **state)
{
    static const uint8_t knock[2][3] = {{200, 100, 80}, {200, 200, 80}};
    struct bench *b = running(state, 0x00);

    for (unsigned k = 0; k < 2; k++) {
        for (unsigned i = 0; i < 3; i++) {
            aux_says(b, 0xf3, 0xfa);
            aux_says(b, knock[k][i], 0xfa);
        }
        aux_says(b, 0xf2, 0xfa);
        assert_int_equal(next(b), 3 + k);
    }
    aux_says(b, 0xf4, 0xfa);
    move(b, 0, 0, -1, 0x10);
    EXPECT(b, 0x08, 0, 0, 0x2f);
}

static void a_mouse_reset_answers_with_test_and_id(void **state)
{
    struct bench *b = running(state, 0x00);

    aux_says(b, 0xff, 0xfa);
    bench_advance_ns(b, 5000000);
    EXPECT(b, 0xaa, 0x00);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, bench_teardown)
    const struct CMUnitTest tests[] = {
        CASE(self_test_answers_55_and_disables_both),
        CASE(interface_tests_find_no_error),
        CASE(its_ram_is_read_and_written),
        CASE(disable_commands_set_bits_of_the_command_byte),
        CASE(a20_follows_the_output_port_and_its_commands),
        CASE(pulsing_bit_0_restarts_the_cpu_alone),
        CASE(bytes_can_be_put_into_either_output_buffer),
        CASE(input_port_and_test_inputs),
        CASE(a_byte_takes_its_time_and_raises_irq_1_once),
        CASE(scan_codes_of_set_2),
        CASE(translation_makes_set_1_of_them),
        CASE(set_1_is_what_translation_gives),
        CASE(set_3_has_kinds_of_keys),
        CASE(a_held_key_repeats_after_its_delay_at_its_rate),
        CASE(commands_are_acknowledged_others_asked_again),
        CASE(reset_is_acknowledged_and_ends_with_the_self_test),
        CASE(a_full_buffer_says_so),
        CASE(the_mouse_reports_at_its_sample_rate),
        CASE(status_resolution_and_remote_mode),
        CASE(wrap_mode_echoes),
        CASE(knocking_finds_the_wheel_and_five_buttons),
        CASE(a_mouse_reset_answers_with_test_and_id),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
