/* tests/devices/rtc_test.c -- registers and interrupts of the MC146818. */
#include "bench.h"

extern const struct device_model rtc_model;

enum { SEC, SEC_A, MIN, MIN_A, HOUR, HOUR_A, WDAY, DAY, MON, YEAR, A, B, C, D };
enum { SECOND_NS = 1000000000, CENTURY = 0x32 };

static struct bench *bench_at(uint64_t date)
{
    struct bench *b = bench_create();
    struct device *dev = bench_add(b, &rtc_model, NULL);

    bench_set(b, dev, "date", date);
    bench_start(b);
    return b;
}

static int setup(void **state)
{
    *state = bench_at(20240228);
    return 0;
}

static uint8_t get(struct bench *b, uint8_t i)
{
    bench_out8(b, 0x70, i);
    return bench_in8(b, 0x71);
}

static void set(struct bench *b, uint8_t i, uint8_t v)
{
    bench_out8(b, 0x70, i);
    bench_out8(b, 0x71, v);
}

static void starts_at_the_set_date_in_bcd(void **state)
{
    struct bench *b = *state;

    assert_int_equal(get(b, YEAR), 0x24);
    assert_int_equal(get(b, CENTURY), 0x20);
    assert_int_equal(get(b, MON), 0x02);
    assert_int_equal(get(b, DAY), 0x28);
    assert_int_equal(get(b, WDAY), 4); /* a Wednesday */
    assert_int_equal(get(b, D), 0x80);
}

static void carries_through_midnight_and_leap_day(void **state)
{
    struct bench *b = *state;

    set(b, B, 0x82);
    set(b, SEC, 0x59);
    set(b, MIN, 0x59);
    set(b, HOUR, 0x23);
    set(b, B, 0x02);
    bench_advance_ns(b, SECOND_NS);
    assert_int_equal(get(b, SEC), 0);
    assert_int_equal(get(b, HOUR), 0);
    assert_int_equal(get(b, DAY), 0x29);
    assert_int_equal(get(b, WDAY), 5);
}

static void century_follows_the_year(void **state)
{
    struct bench *b = bench_at(20991231);

    (void)state;
    set(b, B, 0x82);
    set(b, SEC, 0x59);
    set(b, MIN, 0x59);
    set(b, HOUR, 0x23);
    set(b, B, 0x02);
    bench_advance_ns(b, SECOND_NS);
    assert_int_equal(get(b, YEAR), 0);
    assert_int_equal(get(b, CENTURY), 0x21);
    bench_destroy(b);
}

static void twelve_hours_with_pm_in_binary(void **state)
{
    struct bench *b = *state;

    set(b, B, 0x84); /* binary, 12 hours, stopped */
    set(b, SEC, 59);
    set(b, MIN, 59);
    set(b, HOUR, 11);
    set(b, B, 0x04);
    bench_advance_ns(b, SECOND_NS);
    assert_int_equal(get(b, HOUR), 0x80 | 12);
}

static void set_bit_stops_the_time(void **state)
{
    struct bench *b = *state;

    set(b, B, 0x82);
    bench_advance_ns(b, 3 * (uint64_t)SECOND_NS);
    assert_int_equal(get(b, SEC), 0);
}

static void update_in_progress_before_the_second(void **state)
{
    struct bench *b = *state;

    assert_int_equal(get(b, A) & 0x80, 0);
    bench_advance_ns(b, SECOND_NS - 1000000);
    assert_int_equal(get(b, A) & 0x80, 0x80);
    bench_advance_ns(b, 2000000);
    assert_int_equal(get(b, A) & 0x80, 0);
}

static void update_ended_interrupt(void **state)
{
    struct bench *b = *state;

    set(b, B, 0x12);
    bench_advance_ns(b, SECOND_NS);
    assert_true(bus_wire(b->bus, WIRE_IRQ0 + 8));
    assert_int_equal(get(b, C) & 0x90, 0x90);
    assert_false(bus_wire(b->bus, WIRE_IRQ0 + 8));
    assert_int_equal(get(b, C), 0);
}

static void alarm_with_dont_care_bytes(void **state)
{
    struct bench *b = *state;

    set(b, SEC_A, 0x03);
    set(b, MIN_A, 0xff);
    set(b, HOUR_A, 0xc0);
    set(b, B, 0x22);
    bench_advance_ns(b, 2 * (uint64_t)SECOND_NS);
    assert_false(bus_wire(b->bus, WIRE_IRQ0 + 8));
    bench_advance_ns(b, SECOND_NS);
    assert_true(bus_wire(b->bus, WIRE_IRQ0 + 8));
    assert_int_equal(get(b, C) & 0xa0, 0xa0);
}

/* Not one tick early or late in two seconds, though 1/1,024 s is no whole
 * number of ns. */
static void periodic_interrupt_at_1024_hz(void **state)
{
    struct bench *b = *state;

    set(b, B, 0x42);
    for (uint64_t n = 1; n <= 2048; n++) {
        uint64_t tick = (n * SECOND_NS / 1024 + 9) / BENCH_NS_PER_TICK;

        bench_advance_ns(b, (tick - 1 - b->clock.now) * BENCH_NS_PER_TICK);
        assert_false(bus_wire(b->bus, WIRE_IRQ0 + 8));
        bench_advance_ns(b, BENCH_NS_PER_TICK);
        assert_true(bus_wire(b->bus, WIRE_IRQ0 + 8));
        get(b, C);
    }
    assert_int_equal(b->clock.now * BENCH_NS_PER_TICK, 2ull * SECOND_NS);
}

/* The rates of register A with a 32.768 kHz time base. */
static void periodic_rates_of_register_a(void **state)
{
    struct bench *b = *state;

    set(b, B, 0x42);
    for (uint8_t rate = 1; rate < 16; rate++) {
        uint64_t hz = rate < 3 ? 512u >> rate : 65536u >> rate;
        uint64_t ticks = (SECOND_NS / hz + 9) / BENCH_NS_PER_TICK;

        set(b, A, 0x20 | rate);
        bench_advance_ns(b, (ticks - 1) * BENCH_NS_PER_TICK);
        assert_int_equal(get(b, C) & 0xc0, 0);
        bench_advance_ns(b, BENCH_NS_PER_TICK);
        assert_int_equal(get(b, C) & 0xc0, 0xc0);
    }
    set(b, A, 0x20);
    bench_advance_ns(b, SECOND_NS);
    assert_int_equal(get(b, C) & 0xc0, 0);
}

static void cmos_bytes_keep_what_is_written(void **state)
{
    struct bench *b = *state;

    for (uint8_t i = 14; i < 128; i++)
        set(b, i, (uint8_t)(i * 3));
    for (uint8_t i = 14; i < 128; i++)
        assert_int_equal(get(b, i), (uint8_t)(i * 3));
    set(b, D, 0);
    assert_int_equal(get(b, D), 0x80);
    assert_int_equal(bench_in8(b, 0x70), 0xff);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, bench_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(starts_at_the_set_date_in_bcd),
        CASE(carries_through_midnight_and_leap_day),
        CASE(century_follows_the_year),
        CASE(twelve_hours_with_pm_in_binary),
        CASE(set_bit_stops_the_time),
        CASE(update_in_progress_before_the_second),
        CASE(update_ended_interrupt),
        CASE(alarm_with_dont_care_bytes),
        CASE(periodic_interrupt_at_1024_hz),
        CASE(periodic_rates_of_register_a),
        CASE(cmos_bytes_keep_what_is_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
