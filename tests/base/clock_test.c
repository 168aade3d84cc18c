/* tests/base/clock_test.c -- due work comes in the order (tick, sequence). */
#include "test.h"

#include "base/clock.h"
#include "base/save.h"
#include "base/vec.h"

static int setup(void **state)
{
    static struct clock c; /* each test starts it anew */

    clock_init(&c, 10);
    *state = &c;
    return 0;
}

static int teardown(void **state)
{
    clock_fini(*state);
    return 0;
}

static void nothing_is_due_on_a_new_clock(void **state)
{
    struct clock_entry e;

    assert_false(clock_take_due(*state, &e));
    assert_true(clock_next(*state) == UINT64_MAX);
}

static void entries_come_by_tick_then_in_the_order_they_were_made(void **state)
{
    struct clock *c = *state;
    const uint32_t want[] = {3, 1, 4, 0, 2};
    struct clock_entry e;

    clock_at(c, 20, CLOCK_DEVICE, 0, 0);
    clock_at(c, 10, CLOCK_DEVICE, 0, 1);
    clock_at(c, 20, CLOCK_DEVICE, 0, 2);
    clock_at(c, 5, CLOCK_DEVICE, 0, 3);
    clock_at(c, 10, CLOCK_DEVICE, 0, 4);
    c->now = 20;
    for (unsigned i = 0; i < 5; i++) {
        assert_true(clock_take_due(c, &e));
        assert_int_equal(e.arg, want[i]);
    }
    assert_false(clock_take_due(c, &e));
}

static void many_entries_come_sorted(void **state)
{
    struct clock *c = *state;
    struct clock_entry e, last = {0};
    uint32_t x = 1;

    for (uint32_t i = 0; i < 2000; i++) {
        x = x * 1664525 + 1013904223;
        clock_at(c, x >> 24, CLOCK_DEVICE, (uint16_t)i, 0);
    }
    c->now = 255;
    for (unsigned i = 0; i < 2000; i++, last = e) {
        assert_true(clock_take_due(c, &e));
        assert_true(e.due > last.due ||
                    (e.due == last.due && (!i || e.seq > last.seq)));
    }
}

static void setting_an_entry_again_moves_it(void **state)
{
    struct clock *c = *state;
    struct clock_entry e;

    clock_at(c, 5, CLOCK_DEVICE, 1, 7);
    clock_at(c, 9, CLOCK_DEVICE, 1, 7);
    assert_int_equal(clock_next(c), 9);
    c->now = 9;
    assert_true(clock_take_due(c, &e));
    assert_false(clock_take_due(c, &e));
}

static void a_dropped_entry_does_not_come(void **state)
{
    struct clock *c = *state;

    clock_at(c, 5, CLOCK_DEVICE, 1, 7);
    clock_at(c, 6, CLOCK_DEVICE, 1, 8);
    assert_true(clock_drop(c, CLOCK_DEVICE, 1, 7));
    assert_false(clock_drop(c, CLOCK_DEVICE, 1, 7));
    assert_int_equal(clock_next(c), 6);
}

static void an_entry_of_the_past_is_due_at_the_next_tick(void **state)
{
    struct clock *c = *state;

    c->now = 50;
    clock_at(c, 3, CLOCK_DEVICE, 0, 0);
    assert_int_equal(clock_next(c), 51);
}

static void a_new_entry_brings_the_end_of_the_run_nearer(void **state)
{
    struct clock *c = *state;

    c->until = 100;
    clock_at(c, 200, CLOCK_DEVICE, 0, 0);
    assert_int_equal(c->until, 100);
    clock_at(c, 30, CLOCK_DEVICE, 0, 1);
    assert_int_equal(c->until, 30);
}

static void served_counts_within_one_tick(void **state)
{
    struct clock *c = *state;
    struct clock_entry e;

    clock_at(c, 1, CLOCK_DEVICE, 0, 0);
    clock_at(c, 1, CLOCK_DEVICE, 0, 1);
    c->now = 1;
    assert_int_equal(clock_served_now(c), 0);
    clock_take_due(c, &e);
    clock_take_due(c, &e);
    assert_int_equal(clock_served_now(c), 2);
    c->now = 2;
    assert_int_equal(clock_served_now(c), 0);
}

static void nanoseconds_round_up_to_at_least_one_tick(void **state)
{
    struct clock *c = *state;

    assert_int_equal(clock_ticks(c, 0), 1);
    assert_int_equal(clock_ticks(c, 1), 1);
    assert_int_equal(clock_ticks(c, 10), 1);
    assert_int_equal(clock_ticks(c, 11), 2);
    c->now = 7;
    assert_int_equal(clock_now_ns(c), 70);
}

static void a_loaded_clock_serves_as_the_saved_one(void **state)
{
    struct clock *c = *state, other;
    struct saver s = {0}, again = {0};
    struct loader l;
    struct clock_entry a, b;

    for (uint32_t i = 0; i < 100; i++)
        clock_at(c, i * 37 % 50, CLOCK_DEVICE, 0, i);
    save_rows(&s, c, clock_rows);
    clock_init(&other, 1);
    l = (struct loader){.bytes = s.bytes, .count = s.count};
    assert_true(load_rows(&l, &other, clock_rows));
    save_rows(&again, &other, clock_rows);
    assert_int_equal(again.count, s.count);
    assert_memory_equal(again.bytes, s.bytes, s.count);
    c->now = other.now = 50;
    while (clock_take_due(c, &a)) {
        assert_true(clock_take_due(&other, &b));
        assert_int_equal(a.arg, b.arg);
    }
    clock_fini(&other);
    saver_fini(&s);
    saver_fini(&again);
}

static void a_damaged_clock_is_told_from_a_good_one(void **state)
{
    struct clock *c = *state;

    for (uint32_t i = 0; i < 9; i++)
        clock_at(c, 9 - i, CLOCK_DEVICE, 0, i);
    assert_true(clock_good(c));
    VEC_AT(struct clock_entry, &c->heap, 0)->due = 100; /* above later ones */
    assert_false(clock_good(c));
    VEC_AT(struct clock_entry, &c->heap, 0)->due = 0;
    assert_true(clock_good(c));
    c->now = UINT64_MAX; /* one tick more is the first one */
    assert_false(clock_good(c));
    c->now = 0;
    c->ns_per_tick = 0;
    assert_false(clock_good(c));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(nothing_is_due_on_a_new_clock),
        T(entries_come_by_tick_then_in_the_order_they_were_made),
        T(many_entries_come_sorted),
        T(setting_an_entry_again_moves_it),
        T(a_dropped_entry_does_not_come),
        T(an_entry_of_the_past_is_due_at_the_next_tick),
        T(a_new_entry_brings_the_end_of_the_run_nearer),
        T(served_counts_within_one_tick),
        T(nanoseconds_round_up_to_at_least_one_tick),
        T(a_loaded_clock_serves_as_the_saved_one),
        T(a_damaged_clock_is_told_from_a_good_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
