/* tests/board/clock_test.c -- a guest that compares its clocks finds them to
 * agree: images/bare/clocks.S. What they must show is worked out from their
 * frequencies alone. */
#include "bare.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

enum { RECORDS = 0x200000, HERTZ = 1193182, TICK_NS = 5 };
enum { A_UIP = 0x80 };

/* In the program's order. */
enum {
    BEGUN,
    PORTS_READ,
    COPIED,
    COUNTER_2,
    COUNTED,
    MINUTE,
    MINUTE_OVER,
    FAST,
    INTERRUPTS_OFF,
    INTERRUPTS_ON,
    SLOW,
    NEW_RATE,
    SAMPLES = NEW_RATE + 3
};

struct sample {
    uint64_t tsc;
    uint16_t counter, none;
    uint32_t interrupts;
    uint8_t second, minute, reg_a, spurious;
};
static_assert(sizeof(struct sample) == 24, "as the program leaves it");

static struct machine *clocks_machine(void)
{
    const char *const cards[] = {"edu", NULL};

    return bare_kernel(cards, "clocks");
}

static void samples(const struct machine *m, struct sample s[SAMPLES + 1])
{
    assert_true(
        inspect_physical(m, gpa_of(RECORDS), s, (SAMPLES + 1) * sizeof *s));
    assert_true(s[SAMPLES - 1].tsc);
    assert_false(s[SAMPLES].tsc);
}

static int setup(void **state)
{
    static struct sample s[SAMPLES + 1];
    struct machine *m = clocks_machine();
    struct machine_stop stop;

    assert_int_equal(machine_run(m, MACHINE_FOR_EVER, &stop), STOP_IDLE);
    samples(m, s);
    machine_destroy(m);
    *state = s;
    return 0;
}

/* Clocks of the 8254 that lie between two readings of the TSC; to one. */
static int64_t clocks(const struct sample *from, const struct sample *to)
{
    return (int64_t)((to->tsc - from->tsc) * TICK_NS * HERTZ / 1000000000);
}

/* The same by counter 0 and its interrupts. */
static int64_t counted(const struct sample *from, const struct sample *to,
                       uint32_t period)
{
    return (int64_t)(to->interrupts - from->interrupts) * period +
           (from->counter ? from->counter : 65536) -
           (to->counter ? to->counter : 65536);
}

static void assert_near(int64_t a, int64_t b)
{
    if (a - b > 1 || b - a > 1)
        fail_msg("%lld clocks are not %lld", (long long)a, (long long)b);
}

static void the_tsc_and_the_8254_agree_over_port_reads(void **state)
{
    const struct sample *s = *state;

    assert_in_range(s[PORTS_READ].tsc - s[BEGUN].tsc, 40000, 40100);
    assert_near(clocks(s + BEGUN, s + PORTS_READ),
                counted(s + BEGUN, s + PORTS_READ, 65536));
}

static void the_tsc_and_the_8254_agree_over_tenures(void **state)
{
    const struct sample *s = *state;

    assert_near(clocks(s + PORTS_READ, s + COPIED),
                counted(s + PORTS_READ, s + COPIED, 65536));
}

/* As Linux measures its TSC: by counter 2 in mode 0, OUT at port 61h. */
static void a_calibration_finds_the_true_rate(void **state)
{
    const struct sample *s = *state;

    assert_near(clocks(s + COUNTER_2, s + COUNTED), 1193);
    assert_near(clocks(s + COUNTER_2, s + COUNTED),
                counted(s + COUNTER_2, s + COUNTED, 65536));
}

/* Halted but for 1,092 interrupts of the 8254 and 60 of the CMOS clock. */
static void all_clocks_agree_over_a_minute_of_idling(void **state)
{
    const struct sample *s = *state;
    const uint64_t minute = UINT64_C(60000000000) / TICK_NS;

    assert_in_range(s[MINUTE_OVER].tsc - s[MINUTE].tsc, minute - 60,
                    minute + 60);
    assert_in_range(s[MINUTE_OVER].interrupts - s[MINUTE].interrupts, 1092,
                    1093);
    assert_near(clocks(s + MINUTE, s + MINUTE_OVER),
                counted(s + MINUTE, s + MINUTE_OVER, 65536));
    assert_int_equal(s[MINUTE_OVER].second, s[MINUTE].second);
    assert_int_equal(s[MINUTE_OVER].minute, s[MINUTE].minute + 1);
    assert_false((s[MINUTE].reg_a | s[MINUTE_OVER].reg_a) & A_UIP);
}

/* The 8259 remembers one edge; the counter goes on. */
static void interrupts_that_were_off_come_once(void **state)
{
    const struct sample *s = *state;
    int64_t off = clocks(s + FAST, s + INTERRUPTS_OFF);

    assert_int_equal(s[INTERRUPTS_OFF].interrupts, s[FAST].interrupts);
    assert_int_equal(s[INTERRUPTS_ON].interrupts, s[FAST].interrupts + 1);
    assert_true(off > 20 * 119);
    off -= counted(s + FAST, s + INTERRUPTS_OFF, 119);
    assert_near((off + 1) % 119, 1); /* whole periods, to a clock */
    for (unsigned i = 0; i < SAMPLES; i++)
        assert_int_equal(s[i].spurious, 0);
}

/* The period that was begun ends first: 8254 data sheet, "Mode 2". */
static void a_new_rate_comes_at_the_end_of_the_period(void **state)
{
    const struct sample *s = *state;

    assert_near(clocks(s + SLOW, s + NEW_RATE), s[SLOW].counter);
    for (unsigned i = NEW_RATE; i < SAMPLES; i++) {
        assert_near(s[i].counter, 2000);
        assert_int_equal(s[i].interrupts,
                         s[SLOW].interrupts + i - NEW_RATE + 1);
        if (i > NEW_RATE)
            assert_near(clocks(s + i - 1, s + i), 2000);
    }
}

/* A host that waits while the guest does, and wakes too soon now and then. */
static void live_time_neither_stops_nor_runs_twice(void **state)
{
    const struct sample *straight = *state;
    struct machine *m = clocks_machine();
    struct sample live[SAMPLES + 1];
    enum machine_stop_reason why;
    struct machine_stop stop;
    unsigned waits = 0;

    while ((why = machine_run_live(m, MACHINE_FOR_EVER, 0, &stop)) ==
           STOP_WAITING) {
        uint64_t now = stop.at.tick, wake = stop.wake;

        assert_true(wake > now);
        if (waits++ % 2)
            wake -= (wake - now) / 2;
        machine_run_live(m, wake, wake, &stop);
        assert_int_equal(stop.at.tick, wake);
    }
    assert_int_equal(why, STOP_IDLE);
    assert_true(waits > 1000);
    samples(m, live);
    assert_memory_equal(live, straight, sizeof live);
    machine_destroy(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_tsc_and_the_8254_agree_over_port_reads),
        cmocka_unit_test(the_tsc_and_the_8254_agree_over_tenures),
        cmocka_unit_test(a_calibration_finds_the_true_rate),
        cmocka_unit_test(all_clocks_agree_over_a_minute_of_idling),
        cmocka_unit_test(interrupts_that_were_off_come_once),
        cmocka_unit_test(a_new_rate_comes_at_the_end_of_the_period),
        cmocka_unit_test(live_time_neither_stops_nor_runs_twice),
    };

    return cmocka_run_group_tests(tests, setup, NULL);
}
