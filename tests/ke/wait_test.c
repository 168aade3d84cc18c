/* Threads, waits, timers, work items, APCs. */
#include "rig.h"

#include <stdio.h>
#include <string.h>

enum { MS = 10000 }; /* 100 ns units in a millisecond */

static void wait_for(struct rig *r, uint32_t object, uint32_t timeout)
{
    emit_push(r, timeout);
    emit_push(r, 0);
    emit_push(r, 0);
    emit_push(r, 0);
    emit_push(r, object);
    call(r, "KeWaitForSingleObject");
}

static void set_event(struct rig *r, uint32_t event)
{
    emit_push(r, 0);
    emit_push(r, 0);
    emit_push(r, event);
    call(r, "KeSetEvent");
}

static uint32_t make_event(struct rig *r, enum ke_object_type type)
{
    uint32_t event = pool(r, 16);

    ke_event_init(r->ke, gva_of(event), type, false);
    return event;
}

static uint32_t interval(struct rig *r, int64_t v)
{
    uint32_t at = pool(r, 8);

    assert_true(ke_write(r->ke, gva_of(at), &v, sizeof v));
    return at;
}

/* A thread that notes @before, waits for @object, notes the status + @after. */
static uint32_t waiter(struct rig *r, uint32_t object, uint32_t timeout,
                       uint32_t before, uint32_t after)
{
    uint32_t code = here(r);

    note(r, before);
    wait_for(r, object, timeout);
    CODE(r, 0x05); /* add eax, after */
    dword(r, after);
    note_eax(r);
    ret(r, 4);
    return start(r, code, 0);
}

static uint32_t setter(struct rig *r, uint32_t event, unsigned times)
{
    uint32_t code = here(r);

    for (unsigned i = 0; i < times; i++) {
        set_event(r, event);
        note_eax(r);
    }
    ret(r, 4);
    return start(r, code, 0);
}

static void a_synchronization_event_wakes_one_waiter_in_order(void **state)
{
    struct rig *r = *state;
    uint32_t event = make_event(r, EVENT_SYNCHRONIZATION);

    waiter(r, event, 0, 1, 100);
    waiter(r, event, 0, 2, 200);
    run_out(r);
    NOTES(r, 1, 2);
    setter(r, event, 1);
    run_out(r);
    NOTES(r, 1, 2, 0, 100);
    assert_int_equal(get(r, event + 4), 0);
}

static void a_notification_event_wakes_all_and_stays(void **state)
{
    struct rig *r = *state;
    uint32_t event = make_event(r, EVENT_NOTIFICATION);

    waiter(r, event, 0, 1, 100);
    waiter(r, event, 0, 2, 200);
    setter(r, event, 2);
    run_out(r);
    NOTES(r, 1, 2, 0, 1, 100, 200);
    assert_int_equal(get(r, event + 4), 1);
}

static void an_event_set_from_the_host_wakes_the_waiter(void **state)
{
    struct rig *r = *state;
    uint32_t event = make_event(r, EVENT_SYNCHRONIZATION);

    waiter(r, event, 0, 1, 100);
    run_out(r);
    assert_int_equal(ke_signal_event(r->ke, gva_of(event)), 0);
    ke_kick(r->ke);
    run_out(r);
    NOTES(r, 1, 100);
}

static void a_wait_ends_after_its_time_and_not_before(void **state)
{
    struct rig *r = *state;
    uint32_t event = make_event(r, EVENT_NOTIFICATION);
    uint64_t from;

    waiter(r, event, interval(r, -50 * MS), 1, 0);
    from = r->clock.now;
    run_out(r);
    NOTES(r, 1, 0x102);
    assert_true((r->clock.now - from) * RIG_NS_PER_TICK >= 50000000);
    assert_true((r->clock.now - from) * RIG_NS_PER_TICK <= 71000000);
}

static void a_zero_timeout_polls(void **state)
{
    struct rig *r = *state;
    uint32_t event = make_event(r, EVENT_SYNCHRONIZATION);
    uint32_t zero = interval(r, 0);

    waiter(r, event, zero, 1, 0);
    run_out(r);
    setter(r, event, 1);
    waiter(r, event, zero, 2, 0);
    run_out(r);
    NOTES(r, 1, 0x102, 0, 2, 0);
}

static void an_absolute_time_in_the_past_is_over_at_once(void **state)
{
    struct rig *r = *state;

    waiter(r, make_event(r, EVENT_SYNCHRONIZATION), interval(r, 5), 1, 0);
    run_out(r);
    NOTES(r, 1, 0x102);
}

static void wait_multiple(struct rig *r, uint32_t count, uint32_t list,
                          uint32_t type, uint32_t blocks)
{
    emit_push(r, blocks);
    emit_push(r, 0);
    emit_push(r, 0);
    emit_push(r, 0);
    emit_push(r, 0);
    emit_push(r, type);
    emit_push(r, list);
    emit_push(r, count);
    call(r, "KeWaitForMultipleObjects");
    note_eax(r);
}

static void waiting_for_any_tells_which_and_for_all_takes_all(void **state)
{
    struct rig *r = *state;
    uint32_t a = make_event(r, EVENT_SYNCHRONIZATION);
    uint32_t b = make_event(r, EVENT_SYNCHRONIZATION), list = pool(r, 8), code;

    set(r, list, a);
    set(r, list + 4, b);
    code = here(r);
    wait_multiple(r, 2, list, 1, 0);
    wait_multiple(r, 2, list, 0, 0);
    ret(r, 4);
    start(r, code, 0);
    run_out(r);
    setter(r, b, 1);
    run_out(r);
    NOTES(r, 0, 1);
    setter(r, a, 1);
    run_out(r);
    NOTES(r, 0, 1, 0); /* not both yet: a stays signalled */
    assert_int_equal(get(r, a + 4), 1);
    setter(r, b, 1);
    run_out(r);
    NOTES(r, 0, 1, 0, 0, 0);
    assert_int_equal(get(r, a + 4), 0);
    assert_int_equal(get(r, b + 4), 0);
}

static void more_than_three_objects_need_wait_blocks(void **state)
{
    struct rig *r = *state;
    uint32_t list = pool(r, 16), code;

    for (unsigned i = 0; i < 4; i++)
        set(r, list + 4 * i, make_event(r, EVENT_NOTIFICATION));
    code = here(r);
    wait_multiple(r, 4, list, 1, 0);
    start(r, code, 0);
    assert_true(run(r, 10000000));
    assert_int_equal(ke_bugcheck_state(r->ke)->code, 0x0c);
}

static void a_semaphore_counts_and_raises_beyond_its_limit(void **state)
{
    struct rig *r = *state;
    uint32_t sem = pool(r, 0x14), code = here(r);

    emit_push(r, 2); /* limit */
    emit_push(r, 1);
    emit_push(r, sem);
    call(r, "KeInitializeSemaphore");
    wait_for(r, sem, 0);
    emit_push(r, 0);
    emit_push(r, 2);
    emit_push(r, 0);
    emit_push(r, sem);
    call(r, "KeReleaseSemaphore");
    note_eax(r);
    emit_push(r, 0);
    emit_push(r, 1);
    emit_push(r, 0);
    emit_push(r, sem);
    call(r, "KeReleaseSemaphore");
    note(r, 9);
    start(r, code, 0);
    assert_true(run(r, 10000000));
    NOTES(r, 0);
    assert_int_equal(ke_bugcheck_state(r->ke)->p[0], 0xc0000047);
    assert_int_equal(get(r, sem + 4), 2);
}

static void a_mutex_is_recursive_and_handed_over_in_order(void **state)
{
    struct rig *r = *state;
    uint32_t mutex = pool(r, 0x20), code = here(r);
    uint32_t event = make_event(r, EVENT_SYNCHRONIZATION);

    emit_push(r, 0);
    emit_push(r, mutex);
    call(r, "KeInitializeMutex");
    wait_for(r, mutex, 0);
    wait_for(r, mutex, 0);
    wait_for(r, event, 0);
    for (unsigned i = 0; i < 2; i++) {
        emit_push(r, 0);
        emit_push(r, mutex);
        call(r, "KeReleaseMutex");
        note_eax(r);
    }
    ret(r, 4);
    start(r, code, 0);
    run_out(r);
    waiter(r, mutex, 0, 1, 100);
    run_out(r);
    setter(r, event, 1);
    run_out(r);
    NOTES(r, 1, 0, 0xffffffff, 0, 100);
}

static void releasing_a_mutex_of_another_thread_raises(void **state)
{
    struct rig *r = *state;
    uint32_t mutex = pool(r, 0x20), code = here(r);

    emit_push(r, 0);
    emit_push(r, mutex);
    call(r, "KeInitializeMutex");
    emit_push(r, 0);
    emit_push(r, mutex);
    call(r, "KeReleaseMutex");
    start(r, code, 0);
    assert_true(run(r, 10000000));
    assert_int_equal(ke_bugcheck_state(r->ke)->p[0], 0xc0000046);
}

static void fast(struct rig *r, const char *what, uint32_t mutex)
{
    mov_ecx(r, mutex);
    call(r, what);
}

static void a_fast_mutex_raises_to_apc_level_and_waits_its_turn(void **state)
{
    struct rig *r = *state;
    uint32_t mutex = pool(r, 0x20), code;
    uint32_t event = make_event(r, EVENT_SYNCHRONIZATION);

    set(r, mutex, 1); /* ExInitializeFastMutex is inline */
    ke_event_init(r->ke, gva_of(mutex + 0xc), EVENT_SYNCHRONIZATION, false);
    code = here(r);
    fast(r, "ExAcquireFastMutex", mutex);
    call(r, "KeGetCurrentIrql");
    note_eax(r);
    wait_for(r, event, 0);
    fast(r, "ExReleaseFastMutex", mutex);
    call(r, "KeGetCurrentIrql");
    note_eax(r);
    ret(r, 4);
    start(r, code, 0);
    run_out(r);
    code = here(r);
    fast(r, "ExTryToAcquireFastMutex", mutex);
    note_eax(r);
    fast(r, "ExAcquireFastMutex", mutex);
    note(r, 50);
    fast(r, "ExReleaseFastMutex", mutex);
    ret(r, 4);
    start(r, code, 0);
    run_out(r);
    NOTES(r, 1, 0);
    setter(r, event, 1);
    run_out(r);
    NOTES(r, 1, 0, 0, 0, 50);
    assert_int_equal(get(r, mutex), 1);
    assert_int_equal(get(r, mutex + 8), 1); /* Contention */
}

static void a_thread_object_is_signalled_when_it_ends(void **state)
{
    struct rig *r = *state;
    uint32_t event = make_event(r, EVENT_SYNCHRONIZATION);
    uint32_t first = waiter(r, event, 0, 1, 100);
    uint32_t object = ke_thread_object(r->ke, first).v;

    waiter(r, object, 0, 2, 200);
    run_out(r);
    NOTES(r, 1, 2);
    setter(r, event, 1);
    run_out(r);
    NOTES(r, 1, 2, 0, 100, 200);
    assert_int_equal(ke_thread_by_object(r->ke, gva_of(object)), first);
    ke_thread_release(r->ke, first);
    assert_int_equal(ke_thread_object(r->ke, first).v, 0);
}

static void the_current_thread_is_at_fs_124(void **state)
{
    struct rig *r = *state;
    uint32_t code = here(r), thread;

    CODE(r, 0x64, 0xa1); /* mov eax, fs:[124h] */
    dword(r, 0x124);
    note_eax(r);
    call(r, "KeGetCurrentThread");
    note_eax(r);
    ret(r, 4);
    thread = start(r, code, 0);
    run_out(r);
    NOTES(r, ke_thread_object(r->ke, thread).v,
          ke_thread_object(r->ke, thread).v);
}

static void a_spinning_thread_does_not_starve_its_equals(void **state)
{
    struct rig *r = *state;
    uint32_t flag = pool(r, 4), spin = here(r), other;

    note(r, 1);
    CODE(r, 0x83, 0x3d); /* cmp dword [flag], 0 */
    dword(r, flag);
    CODE(r, 0x00, 0x74, 0xf7); /* jz: spin */
    note(r, 3);
    ret(r, 4);
    other = here(r);
    note(r, 2);
    CODE(r, 0xff, 0x05); /* inc [flag] */
    dword(r, flag);
    ret(r, 4);
    start(r, spin, 0);
    start(r, other, 0);
    run_out(r);
    NOTES(r, 1, 2, 3);
}

static void a_woken_thread_of_higher_priority_runs_at_once(void **state)
{
    struct rig *r = *state;
    uint32_t event = make_event(r, EVENT_SYNCHRONIZATION);
    uint32_t high = waiter(r, event, 0, 1, 100);

    assert_int_equal(ke_thread_set_priority(r->ke, high, 12), 8);
    run_out(r);
    setter(r, event, 1);
    run_out(r);
    NOTES(r, 1, 100, 0);
}

static void who_waits_for_what_is_told(void **state)
{
    struct rig *r = *state;
    uint32_t event = make_event(r, EVENT_SYNCHRONIZATION);
    char text[256], at[16];

    waiter(r, event, 0, 1, 100);
    run_out(r);
    assert_true(ke_idle(r->ke));
    assert_true(ke_waits_text(r->ke, text, sizeof text) > 0);
    snprintf(at, sizeof at, "%08x", event);
    assert_non_null(strstr(text, at));
    assert_non_null(strstr(text, "KeWaitForSingleObject"));
    assert_non_null(strstr(text, "synchronization event"));
}

/* ---- time
 * ------------------------------------------------------------------------ */

static void delay(struct rig *r, uint32_t interval_at)
{
    emit_push(r, interval_at);
    emit_push(r, 0);
    emit_push(r, 0);
    call(r, "KeDelayExecutionThread");
}

static void set_timer(struct rig *r, uint32_t timer, int32_t due_ms,
                      uint32_t period, uint32_t dpc)
{
    int64_t due = -(int64_t)due_ms * MS;

    emit_push(r, dpc);
    emit_push(r, period);
    emit_push(r, (uint32_t)((uint64_t)due >> 32));
    emit_push(r, (uint32_t)due);
    emit_push(r, timer);
    call(r, "KeSetTimerEx");
    note_eax(r);
}

static uint32_t make_timer(struct rig *r, enum ke_object_type type)
{
    uint32_t timer = pool(r, 0x28);

    ke_event_init(r->ke, gva_of(timer), type, false);
    return timer;
}

static uint32_t noting_dpc(struct rig *r, uint32_t v)
{
    uint32_t dpc = pool(r, 0x20), routine = here(r);

    note(r, v);
    ret(r, 16);
    set(r, dpc, 0x01000013);
    set(r, dpc + 0xc, routine);
    return dpc;
}

/* INT-032, INT-033 */
static void a_timer_queues_its_dpc_and_a_periodic_one_repeats(void **state)
{
    struct rig *r = *state;
    uint32_t timer = make_timer(r, TIMER_NOTIFICATION);
    uint32_t dpc = noting_dpc(r, 7), wait = interval(r, -175 * MS);
    uint32_t code = here(r);

    set_timer(r, timer, 30, 50, dpc);
    set_timer(r, timer, 40, 50, dpc); /* it was set already: TRUE */
    delay(r, wait);
    emit_push(r, timer);
    call(r, "KeCancelTimer");
    note_eax(r);
    emit_push(r, timer);
    call(r, "KeCancelTimer");
    note_eax(r);
    delay(r, wait);
    emit_push(r, timer);
    call(r, "KeReadStateTimer");
    note_eax(r);
    ret(r, 4);
    start(r, code, 0);
    run_out(r);
    NOTES(r, 0, 1, 7, 7, 7, 1, 0, 1);
}

static void a_synchronization_timer_releases_one_wait(void **state)
{
    struct rig *r = *state;
    uint32_t timer = make_timer(r, TIMER_SYNCHRONIZATION), code = here(r);

    set_timer(r, timer, 20, 0, 0);
    wait_for(r, timer, 0);
    note_eax(r);
    ret(r, 4);
    start(r, code, 0);
    run_out(r);
    NOTES(r, 0, 0);
    assert_int_equal(get(r, timer + 4), 0);
}

static void the_clock_moves_the_shared_page_and_the_tick_count(void **state)
{
    struct rig *r = *state;
    uint32_t code = here(r);

    delay(r, interval(r, -100 * MS));
    CODE(r, 0xa1); /* KUSER_SHARED_DATA.TickCount */
    dword(r, 0xffdf0320);
    note_eax(r);
    CODE(r, 0xa1);
    dword(r, ke_stub(r->ke, "KeTickCount").v);
    note_eax(r);
    call(r, "KeQueryTimeIncrement");
    note_eax(r);
    CODE(r, 0xa1); /* InterruptTime */
    dword(r, 0xffdf0008);
    note_eax(r);
    ret(r, 4);
    start(r, code, 0);
    run_out(r);
    assert_int_equal(r->notes, 4);
    assert_int_equal(r->note[0], 10);
    assert_int_equal(r->note[1], 10);
    assert_int_equal(r->note[2], 100144);
    assert_int_equal(r->note[3], 10 * 100144);
}

/* INT-035 */
static void a_stall_moves_the_clock_by_its_microseconds(void **state)
{
    struct rig *r = *state;
    uint32_t code = here(r);
    uint64_t from;

    note(r, 1);
    emit_push(r, 35000);
    call(r, "KeStallExecutionProcessor");
    note(r, 2);
    ret(r, 4);
    start(r, code, 0);
    while (r->notes < 1)
        step(r, UINT64_MAX);
    from = r->clock.now;
    while (r->notes < 2)
        step(r, UINT64_MAX);
    assert_in_range((r->clock.now - from) * RIG_NS_PER_TICK, 35000000,
                    35200000);
    assert_int_equal(ke_interrupt_time(r->ke), 3 * 100144); /* ticks came */
}

/* INT-036 */
static void the_performance_counter_follows_the_virtual_clock(void **state)
{
    struct rig *r = *state;
    uint32_t frequency = pool(r, 8), code = here(r);

    emit_push(r, frequency);
    call(r, "KeQueryPerformanceCounter");
    note_eax(r);
    delay(r, interval(r, -1000 * MS));
    emit_push(r, 0);
    call(r, "KeQueryPerformanceCounter");
    note_eax(r);
    ret(r, 4);
    start(r, code, 0);
    run_out(r);
    assert_int_equal(get(r, frequency), 1193182);
    assert_in_range(r->note[1] - r->note[0], 1193182, 1193182 + 30000);
}

/* INT-036 */
static void work_items_run_in_a_system_thread_in_order(void **state)
{
    struct rig *r = *state;
    uint32_t routine = here(r), item = pool(r, 0x20), code;

    call(r, "KeGetCurrentIrql");
    note_eax(r);
    CODE(r, 0xff, 0x74, 0x24, 0x04);
    call(r, "TestNote");
    ret(r, 4);
    for (uint32_t i = 0; i < 2; i++) {
        set(r, item + 16 * i + 8, routine);
        set(r, item + 16 * i + 12, 70 + i);
    }
    code = here(r);
    for (uint32_t i = 0; i < 2; i++) {
        emit_push(r, 1);
        emit_push(r, item + 16 * i);
        call(r, "ExQueueWorkItem");
    }
    ret(r, 4);
    start(r, code, 0);
    run_out(r);
    NOTES(r, 0, 70, 0, 71);
}

/* A work item that waits for one queued after it does not stop the queue. */
static void a_stuck_work_item_does_not_stop_the_others(void **state)
{
    struct rig *r = *state;
    uint32_t event = make_event(r, EVENT_SYNCHRONIZATION);
    uint32_t first = here(r), second;

    note(r, 1);
    wait_for(r, event, 0);
    note(r, 3);
    ret(r, 4);
    second = here(r);
    note(r, 2);
    set_event(r, event);
    ret(r, 4);
    assert_true(ke_queue_work(r->ke, gva_of(first), 0));
    ke_kick(r->ke);
    run_out(r);
    assert_true(ke_queue_work(r->ke, gva_of(second), 0));
    ke_kick(r->ke);
    run_out(r);
    NOTES(r, 1, 2, 3);
}

static void an_apc_runs_in_its_thread_whose_wait_goes_on_after(void **state)
{
    struct rig *r = *state;
    uint32_t event = make_event(r, EVENT_SYNCHRONIZATION), routine = here(r);
    uint32_t thread;

    call(r, "KeGetCurrentIrql");
    note_eax(r);
    call(r, "KeGetCurrentThread");
    note_eax(r);
    CODE(r, 0xff, 0x74, 0x24, 0x0c); /* a2 */
    call(r, "TestNote");
    ret(r, 12);
    thread = waiter(r, event, 0, 1, 100);
    run_out(r);
    assert_true(ke_queue_apc(r->ke, thread, gva_of(routine), 5, 6, 7));
    ke_kick(r->ke);
    run_out(r);
    NOTES(r, 1, 1, ke_thread_object(r->ke, thread).v, 7);
    setter(r, event, 1);
    run_out(r);
    assert_int_equal(r->note[4], 0);
    assert_int_equal(r->note[5], 100);
    assert_false(ke_queue_apc(r->ke, thread, gva_of(routine), 0, 0, 0));
}

static void an_apc_waits_for_the_end_of_a_critical_region(void **state)
{
    struct rig *r = *state;
    uint32_t event = make_event(r, EVENT_SYNCHRONIZATION), routine = here(r);
    uint32_t thread, code;

    note(r, 7);
    ret(r, 12);
    code = here(r);
    call(r, "KeEnterCriticalRegion");
    call(r, "KeAreApcsDisabled");
    note_eax(r);
    wait_for(r, event, 0);
    note(r, 2);
    call(r, "KeLeaveCriticalRegion");
    note(r, 3);
    ret(r, 4);
    thread = start(r, code, 0);
    run_out(r);
    assert_true(ke_queue_apc(r->ke, thread, gva_of(routine), 0, 0, 0));
    ke_kick(r->ke);
    run_out(r);
    NOTES(r, 1);
    setter(r, event, 1);
    run_out(r);
    NOTES(r, 1, 0, 2, 7, 3);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_synchronization_event_wakes_one_waiter_in_order),
        TEST(a_notification_event_wakes_all_and_stays),
        TEST(an_event_set_from_the_host_wakes_the_waiter),
        TEST(a_wait_ends_after_its_time_and_not_before),
        TEST(a_zero_timeout_polls),
        TEST(an_absolute_time_in_the_past_is_over_at_once),
        TEST(waiting_for_any_tells_which_and_for_all_takes_all),
        TEST(more_than_three_objects_need_wait_blocks),
        TEST(a_semaphore_counts_and_raises_beyond_its_limit),
        TEST(a_mutex_is_recursive_and_handed_over_in_order),
        TEST(releasing_a_mutex_of_another_thread_raises),
        TEST(a_fast_mutex_raises_to_apc_level_and_waits_its_turn),
        TEST(a_thread_object_is_signalled_when_it_ends),
        TEST(the_current_thread_is_at_fs_124),
        TEST(a_spinning_thread_does_not_starve_its_equals),
        TEST(a_woken_thread_of_higher_priority_runs_at_once),
        TEST(who_waits_for_what_is_told),
        TEST(a_timer_queues_its_dpc_and_a_periodic_one_repeats),
        TEST(a_synchronization_timer_releases_one_wait),
        TEST(the_clock_moves_the_shared_page_and_the_tick_count),
        TEST(a_stall_moves_the_clock_by_its_microseconds),
        TEST(the_performance_counter_follows_the_virtual_clock),
        TEST(work_items_run_in_a_system_thread_in_order),
        TEST(a_stuck_work_item_does_not_stop_the_others),
        TEST(an_apc_runs_in_its_thread_whose_wait_goes_on_after),
        TEST(an_apc_waits_for_the_end_of_a_critical_region),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
