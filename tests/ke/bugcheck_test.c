/* Bugcheck callbacks: in order, at HIGH_LEVEL, bounded; the first bugcheck is
 * the one that counts. Source: WDK KeRegisterBugCheckCallback. */
#include "rig.h"

enum { STATE_AT = 0x1c, CHECKSUM_AT = 0x18, FINISHED = 3, STARTED = 2 };
enum { OWN_CODE = 0xe2, SECOND_TICKS = 1000000000 / RIG_NS_PER_TICK };

/* Notes @v, the IRQL, buffer and length. */
static uint32_t callback(struct rig *r, uint32_t v)
{
    uint32_t at = here(r);

    note(r, v);
    call(r, "KeGetCurrentIrql");
    note_eax(r);
    for (uint8_t i = 4; i <= 8; i = (uint8_t)(i + 4)) {
        CODE(r, 0xff, 0x74, 0x24, i);
        call(r, "TestNote");
    }
    ret(r, 8);
    return at;
}

static uint32_t register_callback(struct rig *r, uint32_t routine,
                                  uint32_t buffer, uint32_t length)
{
    uint32_t record = pool(r, 0x20);

    emit_push(r, 0x1000); /* component */
    emit_push(r, length);
    emit_push(r, buffer);
    emit_push(r, routine);
    emit_push(r, record);
    call(r, "KeRegisterBugCheckCallback");
    return record;
}

static void crash(struct rig *r)
{
    for (uint32_t i = 4; i > 0; i--)
        emit_push(r, i);
    emit_push(r, OWN_CODE);
    call(r, "KeBugCheckEx");
}

static void ends_as_asked(struct rig *r, uint32_t code)
{
    const struct ke_bugcheck *b = ke_bugcheck_state(r->ke);

    start(r, code, 0);
    assert_true(run(r, 10 * SECOND_TICKS));
    assert_true(ke_ended(r->ke));
    assert_int_equal(b->code, OWN_CODE);
    for (uint32_t i = 0; i < 4; i++)
        assert_int_equal(b->p[i], i + 1);
    assert_string_equal(b->image, "test.sys");
    assert_string_equal(b->routine, "KeBugCheckEx");
    assert_int_equal(get(r, ke_stub(r->ke, "KiBugCheckData").v), OWN_CODE);
}

static void callbacks_run_in_order_at_high_level(void **state)
{
    struct rig *r = *state;
    uint32_t one = callback(r, 1), two = callback(r, 2), code = here(r);
    uint32_t first = register_callback(r, one, 0x77, 8), second;

    second = register_callback(r, two, 0x88, 16);
    crash(r);
    ends_as_asked(r, code);
    NOTES(r, 1, 31, 0x77, 8, 2, 31, 0x88, 16);
    assert_int_equal(get(r, first + STATE_AT) & 0xff, FINISHED);
    assert_int_equal(get(r, second + STATE_AT) & 0xff, FINISHED);
}

static void one_that_was_taken_back_or_damaged_is_not_called(void **state)
{
    struct rig *r = *state;
    uint32_t one = callback(r, 1), two = callback(r, 2), code = here(r);
    uint32_t first = register_callback(r, one, 0x77, 8), second;

    second = register_callback(r, two, 0x88, 16);
    emit_push(r, first);
    call(r, "KeDeregisterBugCheckCallback");
    CODE(r, 0xff, 0x05); /* inc [checksum] */
    dword(r, second + CHECKSUM_AT);
    crash(r);
    ends_as_asked(r, code);
    assert_int_equal(r->notes, 0);
}

static void one_that_fails_is_the_last(void **state)
{
    struct rig *r = *state;
    uint32_t bad = here(r), good, code, first;

    note(r, 1);
    CODE(r, 0x0f, 0x0b);
    good = callback(r, 2);
    code = here(r);
    first = register_callback(r, bad, 0, 0);
    register_callback(r, good, 0, 0);
    crash(r);
    ends_as_asked(r, code);
    NOTES(r, 1);
    assert_int_equal(get(r, first + STATE_AT) & 0xff, STARTED);
}

static void one_that_never_returns_has_a_second(void **state)
{
    struct rig *r = *state;
    uint32_t bad = here(r), code;
    uint64_t from = r->clock.now;

    CODE(r, 0xeb, 0xfe);
    code = here(r);
    register_callback(r, bad, 0, 0);
    crash(r);
    ends_as_asked(r, code);
    assert_in_range(r->clock.now - from, SECOND_TICKS,
                    SECOND_TICKS + SECOND_TICKS / 100);
}

static void one_that_halts_has_a_second(void **state)
{
    struct rig *r = *state;
    uint32_t bad = here(r), code;

    CODE(r, 0xf4, 0xeb, 0xfd); /* hlt; jmp */
    code = here(r);
    register_callback(r, bad, 0, 0);
    crash(r);
    ends_as_asked(r, code);
}

/* From a DPC, at raised IRQL, in a service routine: a stack of its own. */
static void they_run_wherever_it_stopped(void **state)
{
    struct rig *r = *state;
    uint32_t one = callback(r, 1), dpc = pool(r, 0x20), routine = here(r), code;

    crash(r);
    set(r, dpc, 0x01000013);
    set(r, dpc + 0xc, routine);
    code = here(r);
    register_callback(r, one, 5, 6);
    emit_push(r, 0);
    emit_push(r, 0);
    emit_push(r, dpc);
    call(r, "KeInsertQueueDpc");
    ends_as_asked(r, code);
    NOTES(r, 1, 31, 5, 6);
}

static void a_stack_that_is_full_stops_with_callbacks_too(void **state)
{
    struct rig *r = *state;
    uint32_t one = callback(r, 1), deep = here(r), code;

    call_at(r, deep);
    code = here(r);
    register_callback(r, one, 5, 6);
    jmp_at(r, deep);
    start(r, code, 0);
    assert_true(run(r, SECOND_TICKS));
    assert_int_equal(ke_bugcheck_state(r->ke)->code, 0x7f);
    NOTES(r, 1, 31, 5, 6);
}

/* A machine saved while a callback runs goes on as if nothing had been: also
 * its time is over at the same tick. */
static void a_save_among_callbacks_goes_on(void **state)
{
    struct rig *r = *state, *copy;
    uint32_t one = callback(r, 1), bad = here(r), code;
    struct saver saved, end, again;

    CODE(r, 0xeb, 0xfe);
    code = here(r);
    register_callback(r, one, 5, 6);
    register_callback(r, bad, 0, 0);
    crash(r);
    start(r, code, 0);
    while (r->notes < 2)
        step(r, UINT64_MAX);
    saved = rig_save(r);
    copy = rig_create(MM_XP);
    rig_load(copy, &saved);
    assert_true(run(r, 10 * SECOND_TICKS));
    while (!ke_ended(copy->ke)) /* in other slices */
        step(copy, copy->clock.now + 777);
    end = rig_save(r);
    again = rig_save(copy);
    assert_int_equal(copy->clock.now, r->clock.now);
    assert_int_equal(again.count, end.count);
    assert_memory_equal(again.bytes, end.bytes, end.count);
    saver_fini(&saved);
    saver_fini(&end);
    saver_fini(&again);
    rig_destroy(copy);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)
    const struct CMUnitTest tests[] = {
        TEST(callbacks_run_in_order_at_high_level),
        TEST(one_that_was_taken_back_or_damaged_is_not_called),
        TEST(one_that_fails_is_the_last),
        TEST(one_that_never_returns_has_a_second),
        TEST(one_that_halts_has_a_second),
        TEST(they_run_wherever_it_stopped),
        TEST(a_stack_that_is_full_stops_with_callbacks_too),
        TEST(a_save_among_callbacks_goes_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
