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

/* Sets time and date (BCD) and lets one second pass. */
static void pass(struct bench *b, uint8_t mode, uint8_t hour, uint8_t wday,
                 uint8_t day, uint8_t month)
{
    set(b, B, 0x80 | mode);
    set(b, SEC, 0x59);
    set(b, MIN, 0x59);
    set(b, HOUR, hour);
    set(b, WDAY, wday);
    set(b, DAY, day);
    set(b, MON, month);
    set(b, B, mode);
    bench_advance_ns(b, SECOND_NS);
    assert_int_equal(get(b, SEC), 0);
    assert_int_equal(get(b, MIN), 0);
}

/* Every month's last day, in a leap year and in another. */
static void months_have_their_days(void **state)
{
    static const uint8_t last[2][12] = {{0x31, 0x29, 0x31, 0x30, 0x31, 0x30,
                                         0x31, 0x31, 0x30, 0x31, 0x30, 0x31},
                                        {0x31, 0x28, 0x31, 0x30, 0x31, 0x30,
                                         0x31, 0x31, 0x30, 0x31, 0x30, 0x31}};
    struct bench *b = *state;

    for (uint8_t year = 0; year < 2; year++)
        for (uint8_t m = 0; m < 12; m++) {
            uint8_t month = m < 9 ? m + 1 : m + 7, n = m + 1;
            uint8_t end = last[year][m], before = end & 15 ? 1 : 7;

            before = (uint8_t)(end - before);
            set(b, YEAR, 0x24 + year);
            pass(b, 2, 0x23, 7, before, month);
            assert_int_equal(get(b, DAY), end);
            assert_int_equal(get(b, WDAY), 1);
            pass(b, 2, 0x23, 3, end, month);
            assert_int_equal(get(b, DAY), 1);
            assert_int_equal(get(b, MON), m == 11 ? 1 : n < 9 ? n + 1 : n + 7);
            assert_int_equal(get(b, YEAR), 0x24 + year + (m == 11));
        }
}

static void midnight_is_12_am(void **state)
{
    struct bench *b = *state;

    pass(b, 0, 0x91, 4, 0x10, 1); /* 11:59:59 PM */
    assert_int_equal(get(b, HOUR), 0x12);
    assert_int_equal(get(b, DAY), 0x11);
    pass(b, 0, 0x12, 4, 0x10, 1); /* 12:59:59 AM */
    assert_int_equal(get(b, HOUR), 0x01);
    assert_int_equal(get(b, DAY), 0x10);
}

/* Register B, DSE: 2024's last Sundays of April and October. */
static void daylight_saving_leaves_out_and_repeats_an_hour(void **state)
{
    struct bench *b = *state;

    pass(b, 3, 1, 1, 0x28, 4);
    assert_int_equal(get(b, HOUR), 3);
    pass(b, 3, 1, 1, 0x27, 0x10);
    assert_int_equal(get(b, HOUR), 1);
    pass(b, 3, 1, 1, 0x27, 0x10); /* the second time */
    assert_int_equal(get(b, HOUR), 2);
    pass(b, 3, 0x23, 1, 0x27, 0x10);
    pass(b, 1, 1, 1, 0x26, 0x10); /* another year's, with AM and PM */
    assert_int_equal(get(b, HOUR), 1);
}

static void other_days_and_no_dse_have_all_hours(void **state)
{
    struct bench *b = *state;

    pass(b, 2, 1, 1, 0x28, 4);
    assert_int_equal(get(b, HOUR), 2);
    pass(b, 3, 1, 1, 0x21, 4); /* not the last Sunday */
    assert_int_equal(get(b, HOUR), 2);
    pass(b, 3, 1, 2, 0x28, 4); /* no Sunday */
    assert_int_equal(get(b, HOUR), 2);
    pass(b, 3, 1, 1, 0x28, 5);
    assert_int_equal(get(b, HOUR), 2);
    pass(b, 3, 0x13, 1, 0x28, 4); /* 1:59:59 PM */
    assert_int_equal(get(b, HOUR), 0x14);
}

static void flags_are_set_without_their_enables(void **state)
{
    struct bench *b = *state;

    set(b, SEC_A, 0xff);
    set(b, MIN_A, 0xff);
    set(b, HOUR_A, 0xff);
    bench_advance_ns(b, SECOND_NS);
    assert_false(bus_wire(b->bus, WIRE_IRQ0 + 8));
    set(b, C, 0); /* read only */
    assert_int_equal(get(b, C), 0x70);
    assert_int_equal(get(b, C), 0);
}

static void enabling_a_flag_that_is_set_interrupts(void **state)
{
    struct bench *b = *state;

    bench_advance_ns(b, SECOND_NS);
    set(b, B, 0x12);
    assert_true(bus_wire(b->bus, WIRE_IRQ0 + 8));
    set(b, B, 0x02);
    assert_false(bus_wire(b->bus, WIRE_IRQ0 + 8));
}

static void set_clears_the_update_interrupts_enable(void **state)
{
    struct bench *b = *state;

    set(b, B, 0x92);
    assert_int_equal(get(b, B), 0x82);
}

/* Register A, DV: a divider in reset holds the time; the first update comes
 * half a second after it starts. */
static void divider_reset_stops_the_time(void **state)
{
    struct bench *b = *state;

    set(b, A, 0x76);
    bench_advance_ns(b, 3 * (uint64_t)SECOND_NS);
    assert_int_equal(get(b, SEC), 0);
    assert_int_equal(get(b, C), 0);
    set(b, A, 0x26);
    bench_advance_ns(b, SECOND_NS / 2 - 1000);
    assert_int_equal(get(b, SEC), 0);
    bench_advance_ns(b, 2000);
    assert_int_equal(get(b, SEC), 1);
    assert_int_equal(get(b, A) & 0x7f, 0x26);
}

static void an_alarm_at_an_hour_of_the_afternoon(void **state)
{
    struct bench *b = *state;

    set(b, SEC_A, 0);
    set(b, MIN_A, 0);
    set(b, HOUR_A, 0x82);
    pass(b, 0x20, 0x01, 4, 0x10, 1); /* 2:00:00 AM */
    assert_false(bus_wire(b->bus, WIRE_IRQ0 + 8));
    pass(b, 0x20, 0x81, 4, 0x10, 1); /* 2:00:00 PM */
    assert_true(bus_wire(b->bus, WIRE_IRQ0 + 8));
}

/* RESET#: PIE, AIE, UIE, SQWE and the flags go, time and memory stay. */
static void reset_keeps_time_and_memory(void **state)
{
    struct bench *b = *state;

    pass(b, 2, 0x12, 4, 0x10, 1);
    set(b, 0x40, 0x5a);
    set(b, A, 0x2f);
    set(b, B, 0x7b);
    bench_advance_ns(b, SECOND_NS);
    bench_start(b);
    assert_false(bus_wire(b->bus, WIRE_IRQ0 + 8));
    assert_int_equal(get(b, B), 0x03);
    assert_int_equal(get(b, C), 0);
    assert_int_equal(get(b, A) & 0x7f, 0x2f);
    assert_int_equal(get(b, HOUR), 0x13);
    assert_int_equal(get(b, SEC), 1);
    assert_int_equal(get(b, 0x40), 0x5a);
    bench_advance_ns(b, SECOND_NS);
    assert_int_equal(get(b, SEC), 2);
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
        CASE(months_have_their_days),
        CASE(midnight_is_12_am),
        CASE(daylight_saving_leaves_out_and_repeats_an_hour),
        CASE(other_days_and_no_dse_have_all_hours),
        CASE(flags_are_set_without_their_enables),
        CASE(enabling_a_flag_that_is_set_interrupts),
        CASE(set_clears_the_update_interrupts_enable),
        CASE(divider_reset_stops_the_time),
        CASE(an_alarm_at_an_hour_of_the_afternoon),
        CASE(reset_keeps_time_and_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
