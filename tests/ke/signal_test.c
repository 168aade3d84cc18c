/* A signal with Wait = TRUE and the wait that follows are one: nothing runs in
 * between. Source: WDK KeSetEvent, KeReleaseSemaphore, KeReleaseMutex. */
#include "rig.h"

enum { HIGH_PRIORITY = 12, BY_EVENT = 1, BY_SEMAPHORE, BY_MUTEX, BY_PULSE };

static void wait_for(struct rig *r, uint32_t object)
{
    for (unsigned i = 0; i < 4; i++)
        emit_push(r, 0);
    emit_push(r, object);
    call(r, "KeWaitForSingleObject");
}

static uint32_t make_event(struct rig *r)
{
    uint32_t at = pool(r, 16);

    ke_event_init(r->ke, gva_of(at), EVENT_SYNCHRONIZATION, false);
    return at;
}

static void set_event(struct rig *r, uint32_t event, uint32_t wait)
{
    emit_push(r, wait);
    emit_push(r, 0);
    emit_push(r, event);
    call(r, "KeSetEvent");
}

static void note_irql(struct rig *r)
{
    call(r, "KeGetCurrentIrql");
    note_eax(r);
}

/* Makes what @how releases; the thread that will release a mutex takes it. */
static uint32_t make(struct rig *r, unsigned how)
{
    uint32_t at = pool(r, 0x20);

    if (how == BY_EVENT || how == BY_PULSE)
        return make_event(r);
    if (how == BY_SEMAPHORE) {
        emit_push(r, 9);
        emit_push(r, 0);
        emit_push(r, at);
        call(r, "KeInitializeSemaphore");
    } else {
        emit_push(r, 0);
        emit_push(r, at);
        call(r, "KeInitializeMutex");
        wait_for(r, at);
    }
    return at;
}

static void release(struct rig *r, unsigned how, uint32_t at, uint32_t wait)
{
    if (how == BY_EVENT) {
        set_event(r, at, wait);
    } else if (how == BY_PULSE) {
        emit_push(r, wait);
        emit_push(r, 0);
        emit_push(r, at);
        call(r, "KePulseEvent");
    } else if (how == BY_SEMAPHORE) {
        emit_push(r, wait);
        emit_push(r, 1);
        emit_push(r, 0);
        emit_push(r, at);
        call(r, "KeReleaseSemaphore");
    } else {
        emit_push(r, wait);
        emit_push(r, at);
        call(r, "KeReleaseMutex");
    }
}

/* A thread of high priority waits for what the other releases; with Wait it
 * runs when the other waits itself, without it at once. */
static void hand_over(void **state, unsigned how, uint32_t wait)
{
    struct rig *r = *state;
    uint32_t ready = make_event(r), back = make_event(r), code, other, object;
    uint32_t fixup;

    other = here(r);
    wait_for(r, ready);
    fixup = here(r);
    wait_for(r, 0x11111111); /* patched below */
    note(r, 5);
    set_event(r, back, 0);
    ret(r, 4);
    code = here(r);
    object = make(r, how);
    set(r, fixup + 4 * 5 + 1, object);
    set_event(r, ready, 0); /* the other one runs till it waits for it */
    release(r, how, object, wait);
    note_irql(r);
    wait_for(r, back);
    note_eax(r);
    note_irql(r);
    ret(r, 4);
    ke_thread_set_priority(r->ke, start(r, other, 0), HIGH_PRIORITY);
    go(r, code);
}

static void with_wait_nothing_runs_in_between(void **state)
{
    for (unsigned how = BY_EVENT; how <= BY_PULSE; how++) {
        hand_over(state, how, 1);
        NOTES((struct rig *)*state, 2, 5, 0, 0);
    }
}

static void without_wait_a_better_thread_runs_at_once(void **state)
{
    for (unsigned how = BY_EVENT; how <= BY_PULSE; how++) {
        hand_over(state, how, 0);
        NOTES((struct rig *)*state, 5, 0, 0, 0);
    }
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)
    const struct CMUnitTest tests[] = {
        TEST(with_wait_nothing_runs_in_between),
        TEST(without_wait_a_better_thread_runs_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
