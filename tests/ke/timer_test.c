/* When a timer's DPC comes: for relative and absolute times, never early. */
#include "rig.h"

enum { MS = 10000 };

static uint32_t make_timer(struct rig *r)
{
    uint32_t timer = pool(r, 0x28);

    ke_event_init(r->ke, gva_of(timer), TIMER_NOTIFICATION, false);
    return timer;
}

static uint32_t noting_dpc(struct rig *r)
{
    uint32_t dpc = pool(r, 0x20), routine = here(r);

    note(r, 7);
    ret(r, 16);
    set(r, dpc, 0x01000013);
    set(r, dpc + 0xc, routine);
    return dpc;
}

/* Sets it by KeSetTimer for @due; notes the result. */
static void set_timer(struct rig *r, uint32_t timer, int64_t due, uint32_t dpc)
{
    emit_push(r, dpc);
    emit_push(r, (uint32_t)((uint64_t)due >> 32));
    emit_push(r, (uint32_t)due);
    emit_push(r, timer);
    call(r, "KeSetTimer");
    note_eax(r);
}

/* Runs @code until the DPC has come: how long that took, in ns. */
static uint64_t time_to_dpc(struct rig *r, uint32_t code)
{
    uint64_t from = r->clock.now;

    r->notes = 0;
    start(r, code, 0);
    while (!r->notes || r->note[r->notes - 1] != 7)
        assert_true(step(r, UINT64_MAX));
    return (r->clock.now - from) * RIG_NS_PER_TICK;
}

/* INT-032: a negative time is relative, a positive one absolute system time;
 * the DPC comes at the first clock interrupt after it, not before; setting it
 * again says TRUE and the last time counts. */
static void a_timer_is_never_early(void **state)
{
    static const unsigned ms[] = {1, 9, 10, 11, 25, 100};
    struct rig *r = *state;
    uint32_t timer = make_timer(r), dpc = noting_dpc(r);

    for (unsigned i = 0; i < 12; i++) {
        unsigned wait = ms[i / 2];
        uint64_t now = ke_system_time(r->ke);
        /* The system time stands still between clock interrupts. */
        int64_t due = i & 1 ? (int64_t)now + (int64_t)(wait + 11) * MS
                            : -(int64_t)wait * MS;
        uint32_t code = here(r);
        uint64_t ns;

        set_timer(r, timer, -500 * MS, dpc);
        set_timer(r, timer, due, dpc); /* it was set: TRUE */
        ret(r, 4);
        ns = time_to_dpc(r, code);
        NOTES(r, 0, 1, 7);
        assert_true(ke_system_time(r->ke) >=
                    now + (uint64_t)(i & 1 ? wait + 11 : wait) * MS);
        assert_true(ns <= (wait + 11 + 22) * UINT64_C(1000000));
        r->at = code; /* the code is done with */
    }
}

/* INT-033: cancelled before it expires its DPC does not come. */
static void a_cancelled_timer_queues_nothing(void **state)
{
    struct rig *r = *state;
    uint32_t timer = make_timer(r), dpc = noting_dpc(r), code = here(r);

    set_timer(r, timer, -20 * MS, dpc);
    emit_push(r, timer);
    call(r, "KeCancelTimer");
    note_eax(r);
    ret(r, 4);
    go(r, code);
    run(r, 100000000 / RIG_NS_PER_TICK);
    NOTES(r, 0, 1);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_timer_is_never_early),
        TEST(a_cancelled_timer_queues_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
