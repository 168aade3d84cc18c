/* tests/devices/pic8259_test.c -- each mode of the 8259A data sheet by name. */
#include "bench.h"

#include <stdlib.h>

extern const struct device_model pic8259_model;

enum { M0 = 0x20, M1 = 0x21, S0 = 0xa0, S1 = 0xa1, ELCR0 = 0x4d0, ELCR1 };
enum { EOI = 0x20, READ_IRR = 0x0a, READ_ISR = 0x0b };

/* A board full of cards: pin n drives IRQ n. */
struct cards {
    struct device dev;
};

/* clang-format off */
static const struct device_pin cards_pins[] = {
    {0, true, WIRE_IRQ0}, {1, true, WIRE_IRQ0 + 1}, {3, true, WIRE_IRQ0 + 3},
    {4, true, WIRE_IRQ0 + 4}, {5, true, WIRE_IRQ0 + 5}, {6, true, WIRE_IRQ0 + 6},
    {7, true, WIRE_IRQ0 + 7}, {8, true, WIRE_IRQ0 + 8}, {9, true, WIRE_IRQ0 + 9},
    {10, true, WIRE_IRQ0 + 10}, {12, true, WIRE_IRQ0 + 12},
    {15, true, WIRE_IRQ15}, {0, false, WIRE_NONE},
};
/* clang-format on */

static const struct state_row cards_rows[] = {STATE_END};
static const struct device_model cards_model = {.name = "cards",
                                                .title = "IRQ sources",
                                                .version = 1,
                                                .state_size =
                                                    sizeof(struct cards),
                                                .rows = cards_rows,
                                                .pins = cards_pins};

static void program(struct bench *b, uint8_t icw1, uint8_t icw4)
{
    bench_out8(b, M0, icw1);
    bench_out8(b, M1, 0x30);
    bench_out8(b, M1, 0x04);
    bench_out8(b, M1, icw4);
    bench_out8(b, S0, icw1);
    bench_out8(b, S1, 0x38);
    bench_out8(b, S1, 0x02);
    bench_out8(b, S1, icw4);
    bench_out8(b, M1, 0);
    bench_out8(b, S1, 0);
}

static int setup(void **state)
{
    struct bench *b = bench_create();

    *state = b;
    bench_add(b, &pic8259_model, NULL);
    b->dev = bench_add(b, &cards_model, NULL);
    bench_start(b);
    program(b, 0x11, 1);
    return 0;
}

static void irq(struct bench *b, unsigned n, bool level)
{
    line_set(b->dev, n, level);
}

static bool intr(const struct bench *b)
{
    return bus_pins(b->bus)->intr;
}

static uint8_t isr(struct bench *b, uint16_t port)
{
    bench_out8(b, port, READ_ISR);
    return bench_in8(b, port);
}

static uint8_t irr(struct bench *b, uint16_t port)
{
    bench_out8(b, port, READ_IRR);
    return bench_in8(b, port);
}

static void vector_is_base_plus_input(void **state)
{
    struct bench *b = *state;

    irq(b, 5, true);
    assert_true(intr(b));
    assert_int_equal(bus_inta(b->bus), 0x35);
    assert_false(intr(b));
    assert_int_equal(isr(b, M0), 0x20);
}

static void slave_comes_through_input_2(void **state)
{
    struct bench *b = *state;

    irq(b, 12, true);
    assert_int_equal(bus_inta(b->bus), 0x3c);
    assert_int_equal(isr(b, M0), 0x04);
    assert_int_equal(isr(b, S0), 0x10);
}

static void fully_nested_holds_back_lower_priorities(void **state)
{
    struct bench *b = *state;

    irq(b, 4, true);
    assert_int_equal(bus_inta(b->bus), 0x34);
    irq(b, 6, true);
    assert_false(intr(b));
    irq(b, 1, true);
    assert_true(intr(b));
    assert_int_equal(bus_inta(b->bus), 0x31);
    bench_out8(b, M0, EOI); /* of 1, the highest in service */
    assert_int_equal(isr(b, M0), 0x10);
    bench_out8(b, M0, EOI);
    assert_int_equal(bus_inta(b->bus), 0x36);
}

static void lower_number_wins_among_simultaneous_requests(void **state)
{
    struct bench *b = *state;

    bench_out8(b, M1, 0xff);
    irq(b, 7, true);
    irq(b, 3, true);
    bench_out8(b, M1, 0);
    assert_int_equal(bus_inta(b->bus), 0x33);
}

/* DEV-024 */
static void edge_triggered_line_kept_high_interrupts_once(void **state)
{
    struct bench *b = *state;

    irq(b, 5, true);
    assert_int_equal(bus_inta(b->bus), 0x35);
    bench_out8(b, M0, EOI);
    assert_false(intr(b));
    irq(b, 5, false);
    irq(b, 5, true);
    assert_true(intr(b));
}

/* DEV-024 */
static void elcr_makes_a_line_level_triggered(void **state)
{
    struct bench *b = *state;

    bench_out8(b, ELCR0, 0x20);
    irq(b, 5, true);
    assert_int_equal(bus_inta(b->bus), 0x35);
    bench_out8(b, M0, EOI);
    assert_true(intr(b));
    bus_inta(b->bus);
    irq(b, 5, false);
    bench_out8(b, M0, EOI);
    assert_false(intr(b));
}

static void elcr_keeps_timer_keyboard_cascade_and_rtc_edge(void **state)
{
    struct bench *b = *state;

    bench_out8(b, ELCR0, 0xff);
    bench_out8(b, ELCR1, 0xff);
    assert_int_equal(bench_in8(b, ELCR0), 0xf8);
    assert_int_equal(bench_in8(b, ELCR1), 0xde);
}

/* DEV-025 */
static void vanished_edge_is_spurious_7_without_service_bit(void **state)
{
    struct bench *b = *state;

    irq(b, 5, true);
    irq(b, 5, false);
    assert_int_equal(bus_inta(b->bus), 0x37);
    assert_int_equal(isr(b, M0), 0);
}

/* DEV-025 */
static void vanished_edge_on_the_slave_is_spurious_15(void **state)
{
    struct bench *b = *state;

    irq(b, 12, true);
    irq(b, 12, false);
    assert_int_equal(bus_inta(b->bus), 0x3f);
    assert_int_equal(isr(b, S0), 0);
    assert_int_equal(isr(b, M0), 0x04); /* the master did not see it go */
}

static void mask_register_holds_requests_without_losing_them(void **state)
{
    struct bench *b = *state;

    bench_out8(b, M1, 0x20);
    irq(b, 5, true);
    assert_false(intr(b));
    assert_int_equal(irr(b, M0), 0x20);
    assert_int_equal(bench_in8(b, M1), 0x20);
    bench_out8(b, M1, 0);
    assert_true(intr(b));
}

static void specific_eoi_ends_that_input(void **state)
{
    struct bench *b = *state;

    irq(b, 4, true);
    bus_inta(b->bus);
    irq(b, 1, true);
    bus_inta(b->bus);
    bench_out8(b, M0, 0x60 | 4);
    assert_int_equal(isr(b, M0), 0x02);
}

static void rotate_on_non_specific_eoi_makes_it_the_lowest(void **state)
{
    struct bench *b = *state;

    irq(b, 4, true);
    bus_inta(b->bus);
    bench_out8(b, M0, 0xa0);
    bench_out8(b, M1, 0xff);
    irq(b, 4, false);
    irq(b, 4, true);
    irq(b, 5, true);
    bench_out8(b, M1, 0);
    assert_int_equal(bus_inta(b->bus), 0x35);
}

static void rotate_on_specific_eoi_and_set_priority(void **state)
{
    struct bench *b = *state;

    bench_out8(b, M0, 0xc0 | 5); /* 5 lowest, so 6 is the highest */
    bench_out8(b, M1, 0xff);
    irq(b, 6, true);
    irq(b, 0, true);
    bench_out8(b, M1, 0);
    assert_int_equal(bus_inta(b->bus), 0x36);
    bench_out8(b, M0, 0xe0 | 6); /* ends 6, now 6 is the lowest */
    assert_int_equal(isr(b, M0), 0);
    irq(b, 7, true);
    assert_int_equal(bus_inta(b->bus), 0x37);
}

static void automatic_eoi_leaves_no_service_bit(void **state)
{
    struct bench *b = *state;

    program(b, 0x11, 3);
    irq(b, 4, true);
    assert_int_equal(bus_inta(b->bus), 0x34);
    assert_int_equal(isr(b, M0), 0);
}

static void rotate_in_automatic_eoi_mode(void **state)
{
    struct bench *b = *state;

    program(b, 0x11, 3);
    bench_out8(b, M0, 0x80);
    irq(b, 4, true);
    bus_inta(b->bus);
    bench_out8(b, M1, 0xff);
    irq(b, 4, false);
    irq(b, 4, true);
    irq(b, 6, true);
    bench_out8(b, M1, 0);
    assert_int_equal(bus_inta(b->bus), 0x36);
}

static void special_mask_mode_lets_lower_priorities_in(void **state)
{
    struct bench *b = *state;

    irq(b, 4, true);
    bus_inta(b->bus);
    bench_out8(b, M1, 0x10);
    bench_out8(b, M0, 0x68);
    irq(b, 6, true);
    assert_int_equal(bus_inta(b->bus), 0x36);
    bench_out8(b, M0, 0x48); /* normal again: 4 in service holds 7 back */
    irq(b, 7, true);
    assert_false(intr(b));
}

static void special_fully_nested_mode_nests_inside_the_slave(void **state)
{
    struct bench *b = *state;

    program(b, 0x11, 0x11);
    irq(b, 12, true);
    assert_int_equal(bus_inta(b->bus), 0x3c);
    irq(b, 9, true); /* higher inside the slave */
    assert_true(intr(b));
    assert_int_equal(bus_inta(b->bus), 0x39);
}

static void without_it_the_slave_waits(void **state)
{
    struct bench *b = *state;

    irq(b, 12, true);
    bus_inta(b->bus);
    irq(b, 9, true);
    assert_false(intr(b));
}

static void poll_acknowledges_by_a_read(void **state)
{
    struct bench *b = *state;

    bench_out8(b, M0, 0x0c);
    assert_int_equal(bench_in8(b, M0), 0);
    irq(b, 3, true);
    bench_out8(b, M0, 0x0c);
    assert_int_equal(bench_in8(b, M0), 0x83);
    assert_int_equal(isr(b, M0), 0x08);
}

static void level_mode_of_icw1_applies_to_all_inputs(void **state)
{
    struct bench *b = *state;

    program(b, 0x19, 1);
    irq(b, 3, true);
    bus_inta(b->bus);
    bench_out8(b, M0, EOI);
    assert_true(intr(b));
}

static void icw1_clears_mask_service_and_edges(void **state)
{
    struct bench *b = *state;

    irq(b, 3, true);
    irq(b, 4, true);
    bus_inta(b->bus);
    bench_out8(b, M1, 0xff);
    program(b, 0x11, 1);
    assert_int_equal(bench_in8(b, M1), 0);
    assert_int_equal(isr(b, M0), 0);
    assert_int_equal(irr(b, M0), 0);
    assert_false(intr(b));
}

static void single_mode_has_no_icw3(void **state)
{
    struct bench *b = *state;

    bench_out8(b, M0, 0x13);
    bench_out8(b, M1, 0x50);
    bench_out8(b, M1, 0x01);
    irq(b, 1, true);
    assert_int_equal(bus_inta(b->bus), 0x51);
}

/* Without a slave at input 2 its vector is the master's own. */
static void icw3_says_where_a_slave_is(void **state)
{
    struct bench *b = *state;

    irq(b, 8, true);
    assert_int_equal(bus_inta(b->bus), 0x38);
    program(b, 0x11, 1);
    bench_out8(b, M0, 0x11);
    bench_out8(b, M1, 0x30);
    bench_out8(b, M1, 0);
    bench_out8(b, M1, 1);
    irq(b, 8, false);
    irq(b, 8, true);
    assert_int_equal(bus_inta(b->bus), 0x32);
}

static void single_mode_has_no_slave(void **state)
{
    struct bench *b = *state;

    bench_out8(b, M0, 0x13);
    bench_out8(b, M1, 0x50);
    bench_out8(b, M1, 0x01);
    irq(b, 8, true);
    assert_int_equal(bus_inta(b->bus), 0x52);
}

static void state_survives_a_save(void **state)
{
    struct bench *b = *state, *copy;
    struct saver s = {0};
    void *other;

    irq(b, 4, true);
    bus_inta(b->bus);
    irq(b, 1, true);
    bench_save(b, &s);
    setup(&other);
    copy = other;
    bench_load(copy, &s);
    bench_same(b, copy);
    assert_int_equal(bus_inta(copy->bus), 0x31);
    bench_teardown(&other);
    free(s.bytes);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, bench_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(vector_is_base_plus_input),
        CASE(slave_comes_through_input_2),
        CASE(fully_nested_holds_back_lower_priorities),
        CASE(lower_number_wins_among_simultaneous_requests),
        CASE(edge_triggered_line_kept_high_interrupts_once),
        CASE(elcr_makes_a_line_level_triggered),
        CASE(elcr_keeps_timer_keyboard_cascade_and_rtc_edge),
        CASE(vanished_edge_is_spurious_7_without_service_bit),
        CASE(vanished_edge_on_the_slave_is_spurious_15),
        CASE(mask_register_holds_requests_without_losing_them),
        CASE(specific_eoi_ends_that_input),
        CASE(rotate_on_non_specific_eoi_makes_it_the_lowest),
        CASE(rotate_on_specific_eoi_and_set_priority),
        CASE(automatic_eoi_leaves_no_service_bit),
        CASE(rotate_in_automatic_eoi_mode),
        CASE(special_mask_mode_lets_lower_priorities_in),
        CASE(special_fully_nested_mode_nests_inside_the_slave),
        CASE(without_it_the_slave_waits),
        CASE(poll_acknowledges_by_a_read),
        CASE(level_mode_of_icw1_applies_to_all_inputs),
        CASE(icw1_clears_mask_service_and_edges),
        CASE(single_mode_has_no_icw3),
        CASE(icw3_says_where_a_slave_is),
        CASE(single_mode_has_no_slave),
        CASE(state_survives_a_save),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
