/* tests/devices/pit8254_test.c -- each mode and command of the 8254 data sheet
 * by name, on counter 2, whose gate port 61h drives; counter 0 for OUT as IRQ
 * 0. */
#include "bench.h"

extern const struct device_model pit8254_model;

enum { C0 = 0x40, C2 = 0x42, CONTROL = 0x43, PORT_B = 0x61, HERTZ = 1193182 };

static int setup(void **state)
{
    struct bench *b = bench_create();

    *state = b;
    bench_add(b, &pit8254_model, NULL);
    bench_start(b);
    bench_out8(b, PORT_B, 1);
    return 0;
}

static uint64_t clocks(const struct bench *b)
{
    return (uint64_t)((unsigned __int128)bench_now_ns(b) * HERTZ / 1000000000);
}

/* To the first tick at which @n more clocks have begun. */
static void pass(struct bench *b, uint64_t n)
{
    uint64_t to = clocks(b) + n;

    while (clocks(b) < to)
        bench_tick(b);
}

static void control(struct bench *b, unsigned n, unsigned rw, unsigned mode,
                    bool bcd)
{
    bench_out8(b, CONTROL, (uint8_t)(n << 6 | rw << 4 | mode << 1 | bcd));
}

static void load(struct bench *b, unsigned mode, uint16_t count)
{
    control(b, 2, 3, mode, false);
    bench_out8(b, C2, (uint8_t)count);
    bench_out8(b, C2, (uint8_t)(count >> 8));
}

static uint16_t latch(struct bench *b)
{
    uint8_t low;

    bench_out8(b, CONTROL, 0x80);
    low = bench_in8(b, C2);
    return (uint16_t)(low | bench_in8(b, C2) << 8);
}

static bool out2(struct bench *b)
{
    return bench_in8(b, PORT_B) & 0x20;
}

static void mode_0_rises_at_terminal_count(void **state)
{
    struct bench *b = *state;

    load(b, 0, 5);
    assert_false(out2(b));
    pass(b, 5); /* one to load, four counted */
    assert_int_equal(latch(b), 1);
    assert_false(out2(b));
    pass(b, 1);
    assert_true(out2(b));
    pass(b, 1); /* goes on counting from FFFFh */
    assert_int_equal(latch(b), 0xffff);
    assert_true(out2(b));
}

static void mode_0_gate_stops_counting(void **state)
{
    struct bench *b = *state;

    load(b, 0, 10);
    pass(b, 4);
    bench_out8(b, PORT_B, 0);
    pass(b, 20);
    assert_int_equal(latch(b), 7);
    bench_out8(b, PORT_B, 1);
    pass(b, 7);
    assert_true(out2(b));
}

static void mode_0_first_byte_of_a_new_count_drops_out(void **state)
{
    struct bench *b = *state;

    load(b, 0, 2);
    pass(b, 5);
    assert_true(out2(b));
    bench_out8(b, C2, 9);
    assert_false(out2(b));
}

static void mode_1_is_triggered_by_the_gate_and_again(void **state)
{
    struct bench *b = *state;

    bench_out8(b, PORT_B, 0);
    load(b, 1, 6);
    pass(b, 3);
    assert_true(out2(b));
    bench_out8(b, PORT_B, 1);
    pass(b, 3);
    assert_false(out2(b));
    bench_out8(b, PORT_B, 0);
    bench_out8(b, PORT_B, 1); /* retriggered: six more */
    pass(b, 6);
    assert_false(out2(b));
    pass(b, 1);
    assert_true(out2(b));
}

static void mode_2_is_low_for_one_clock_in_n(void **state)
{
    struct bench *b = *state;
    unsigned low = 0;

    load(b, 2, 4);
    pass(b, 1);
    for (unsigned i = 0; i < 40; i++) {
        low += !out2(b);
        pass(b, 1);
    }
    assert_int_equal(low, 10);
}

static void mode_2_new_count_waits_for_the_period(void **state)
{
    struct bench *b = *state;

    load(b, 2, 10);
    pass(b, 4);
    bench_out8(b, C2, 4);
    bench_out8(b, C2, 0);
    assert_int_equal(latch(b), 7);
    pass(b, 7);
    assert_int_equal(latch(b), 4);
}

static void mode_2_gate_low_forces_out_high_and_restarts(void **state)
{
    struct bench *b = *state;

    load(b, 2, 8);
    pass(b, 8);
    assert_false(out2(b));
    bench_out8(b, PORT_B, 0);
    assert_true(out2(b));
    bench_out8(b, PORT_B, 1);
    pass(b, 1);
    assert_int_equal(latch(b), 8);
}

static void mode_3_is_high_for_half_and_counts_by_two(void **state)
{
    struct bench *b = *state;

    load(b, 3, 6);
    pass(b, 1);
    assert_true(out2(b));
    assert_int_equal(latch(b), 6);
    pass(b, 1);
    assert_int_equal(latch(b), 4);
    pass(b, 2);
    assert_false(out2(b));
    assert_int_equal(latch(b), 6);
    pass(b, 3);
    assert_true(out2(b));
}

static void mode_3_odd_count_is_high_one_clock_longer(void **state)
{
    struct bench *b = *state;
    unsigned high = 0;

    load(b, 3, 5);
    pass(b, 1);
    for (unsigned i = 0; i < 50; i++) {
        high += out2(b);
        pass(b, 1);
    }
    assert_int_equal(high, 30);
}

/** Modes 2 and 3 clock by clock, as the data sheet tells them. */
struct wave {
    unsigned mode, written; /* the count register */
    unsigned left;          /* clocks to the next load; 0: none was */
    bool out;
};

static void wave_clock(struct wave *w)
{
    if (w->mode == 2) {
        w->left = w->left > 1 ? w->left - 1 : w->written;
        w->out = w->left != 1;
    } else if (w->left > 1) {
        w->left--;
    } else { /* a half is over; the first one is high */
        w->out = w->left ? !w->out : true;
        w->left = w->out ? (w->written + 1) / 2 : w->written / 2;
    }
}

/* @first runs for @clocks, then @second is written. */
static void compare_waves(struct bench *b, unsigned mode, unsigned first,
                          unsigned clocks, unsigned second)
{
    struct wave w = {.mode = mode, .written = first, .out = true};

    control(b, 2, 1, mode, false);
    bench_out8(b, C2, (uint8_t)first);
    for (unsigned i = 0; i < clocks + 25; i++) {
        pass(b, 1);
        wave_clock(&w);
        if (out2(b) != w.out)
            fail_msg("mode %u: %u, after %u clocks %u: clock %u", mode, first,
                     clocks, second, i);
        if (i + 1 == clocks) {
            bench_out8(b, C2, (uint8_t)second);
            w.written = second;
        }
    }
}

static void a_new_count_in_modes_2_and_3_comes_at_its_boundary(void **state)
{
    for (unsigned mode = 2; mode < 4; mode++)
        for (unsigned first = 2; first < 8; first++)
            for (unsigned second = 2; second < 8; second++)
                for (unsigned clocks = 1; clocks < 18; clocks++)
                    compare_waves(*state, mode, first, clocks, second);
}

static void mode_4_strobes_once(void **state)
{
    struct bench *b = *state;

    load(b, 4, 3);
    assert_true(out2(b));
    pass(b, 3);
    assert_true(out2(b));
    pass(b, 1);
    assert_false(out2(b));
    pass(b, 1);
    assert_true(out2(b));
}

static void mode_5_strobes_after_the_gate(void **state)
{
    struct bench *b = *state;

    bench_out8(b, PORT_B, 0);
    load(b, 5, 3);
    pass(b, 9);
    assert_true(out2(b));
    bench_out8(b, PORT_B, 1);
    pass(b, 4);
    assert_false(out2(b));
    pass(b, 1);
    assert_true(out2(b));
}

/* But their status is "exactly as written", data sheet, "Read-Back Command". */
static void modes_6_and_7_are_2_and_3(void **state)
{
    struct bench *b = *state;

    load(b, 6, 4);
    bench_out8(b, CONTROL, 0xe8); /* status of counter 2 */
    assert_int_equal(bench_in8(b, C2) >> 1 & 7, 6);
    pass(b, 4);
    assert_int_equal(latch(b), 1);
    assert_false(out2(b));
    load(b, 7, 4);
    bench_out8(b, CONTROL, 0xe8);
    assert_int_equal(bench_in8(b, C2) >> 1 & 7, 7);
    pass(b, 3);
    assert_int_equal(latch(b), 4);
    assert_false(out2(b));
}

static void bcd_counts_in_decimal(void **state)
{
    struct bench *b = *state;

    control(b, 2, 3, 0, true);
    bench_out8(b, C2, 0x00);
    bench_out8(b, C2, 0x10); /* 1000 */
    pass(b, 2);
    assert_int_equal(latch(b), 0x999);
}

static void count_zero_is_the_largest(void **state)
{
    struct bench *b = *state;

    load(b, 2, 0);
    pass(b, 2);
    assert_int_equal(latch(b), 0xffff);
}

static void lsb_and_msb_only_forms(void **state)
{
    struct bench *b = *state;

    control(b, 2, 1, 2, false);
    bench_out8(b, C2, 200);
    pass(b, 1);
    assert_int_equal(bench_in8(b, C2), 200);
    control(b, 2, 2, 2, false);
    bench_out8(b, C2, 2);
    pass(b, 1);
    assert_int_equal(bench_in8(b, C2), 2);
}

static void counter_latch_holds_until_it_is_read(void **state)
{
    struct bench *b = *state;

    load(b, 2, 1000);
    pass(b, 11);
    bench_out8(b, CONTROL, 0x80);
    pass(b, 100);
    bench_out8(b, CONTROL, 0x80); /* ignored: the first is not read yet */
    assert_int_equal(bench_in8(b, C2), 990 & 255);
    assert_int_equal(bench_in8(b, C2), 990 >> 8);
}

static void read_back_latches_status_then_count(void **state)
{
    struct bench *b = *state;

    load(b, 2, 50);
    pass(b, 11);
    bench_out8(b, CONTROL, 0xc8);
    assert_int_equal(bench_in8(b, C2), 0x80 | 0x30 | 2 << 1);
    assert_int_equal(bench_in8(b, C2), 40);
    assert_int_equal(bench_in8(b, C2), 0);
}

static void null_count_tells_that_a_count_waits(void **state)
{
    struct bench *b = *state;

    load(b, 2, 50);
    pass(b, 5);
    bench_out8(b, C2, 9);
    bench_out8(b, C2, 0);
    bench_out8(b, CONTROL, 0xe8);
    assert_int_equal(bench_in8(b, C2) & 0x40, 0x40);
    pass(b, 50);
    bench_out8(b, CONTROL, 0xe8);
    assert_int_equal(bench_in8(b, C2) & 0x40, 0);
}

/* Until the clock that loads it. */
static void null_count_of_a_first_count(void **state)
{
    struct bench *b = *state;

    load(b, 0, 50);
    bench_out8(b, CONTROL, 0xe8);
    assert_int_equal(bench_in8(b, C2), 0x40 | 0x30);
    pass(b, 1);
    bench_out8(b, CONTROL, 0xe8);
    assert_int_equal(bench_in8(b, C2), 0x30);
}

static void out_0_is_irq_0_at_the_programmed_rate(void **state)
{
    struct bench *b = *state;
    unsigned edges = 0;
    bool before;

    control(b, 0, 3, 3, false);
    bench_out8(b, C0, 1193 & 255);
    bench_out8(b, C0, 1193 >> 8);
    before = bus_wire(b->bus, WIRE_IRQ0);
    for (unsigned us = 0; us < 10500; us++) {
        bench_advance_ns(b, 1000);
        edges += !before && bus_wire(b->bus, WIRE_IRQ0);
        before = bus_wire(b->bus, WIRE_IRQ0);
    }
    assert_int_equal(edges, 10);
}

static void port_61_gates_the_speaker(void **state)
{
    struct bench *b = *state;

    bench_out8(b, PORT_B, 0);
    load(b, 1, 6); /* OUT 2 is high */
    assert_false(bus_wire(b->bus, WIRE_SPEAKER));
    bench_out8(b, PORT_B, 2);
    assert_true(bus_wire(b->bus, WIRE_SPEAKER));
    assert_int_equal(bench_in8(b, PORT_B) & 0x0f, 2);
}

static void port_61_refresh_bit_toggles(void **state)
{
    struct bench *b = *state;
    uint8_t before = bench_in8(b, PORT_B) & 0x10;

    pass(b, 18);
    assert_int_not_equal(bench_in8(b, PORT_B) & 0x10, before);
}

/* As a damaged save has it. */
static void a_timer_of_no_counter_changes_nothing(void **state)
{
    struct bench *b = *state;
    struct device *pit = bus_find(b->bus, "pit8254");

    load(b, 3, 1000);
    pit8254_model.step(pit, 3, DMA_OK);
    pit8254_model.step(pit, 54785, DMA_OK);
    assert_in_range(latch(b), 900, 1000);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, bench_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(mode_0_rises_at_terminal_count),
        CASE(mode_0_gate_stops_counting),
        CASE(mode_0_first_byte_of_a_new_count_drops_out),
        CASE(mode_1_is_triggered_by_the_gate_and_again),
        CASE(mode_2_is_low_for_one_clock_in_n),
        CASE(mode_2_new_count_waits_for_the_period),
        CASE(mode_2_gate_low_forces_out_high_and_restarts),
        CASE(mode_3_is_high_for_half_and_counts_by_two),
        CASE(mode_3_odd_count_is_high_one_clock_longer),
        CASE(a_new_count_in_modes_2_and_3_comes_at_its_boundary),
        CASE(mode_4_strobes_once),
        CASE(mode_5_strobes_after_the_gate),
        CASE(modes_6_and_7_are_2_and_3),
        CASE(bcd_counts_in_decimal),
        CASE(count_zero_is_the_largest),
        CASE(lsb_and_msb_only_forms),
        CASE(counter_latch_holds_until_it_is_read),
        CASE(read_back_latches_status_then_count),
        CASE(null_count_tells_that_a_count_waits),
        CASE(null_count_of_a_first_count),
        CASE(out_0_is_irq_0_at_the_programmed_rate),
        CASE(port_61_gates_the_speaker),
        CASE(port_61_refresh_bit_toggles),
        CASE(a_timer_of_no_counter_changes_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
