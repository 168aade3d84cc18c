/* tests/nt/objects_test.c -- dispatcher objects, raised statuses, remove locks,
 * event handles and register buffers, called by guest code as the WDK's
 * reference pages describe them. */
#include "handmade.h"

#define ACCESS_VIOLATION 0xC0000005u
#define MISALIGNMENT     0x80000002u
#define DELETE_PENDING   0xC0000056u
#define INVALID_HANDLE   0xC0000008u
#define MUTANT_NOT_OWNED 0xC0000046u
enum { TIMEOUT = 0x102, SIGNAL_STATE = 4 };

/* A wait that only looks: the timeout of zero lies at the end of the data. */
static uint32_t look(struct caller *c, uint32_t object)
{
    uint32_t zero[2] = {0, 0}, at = c->data + 0xff0;

    caller_put(c, at, zero, sizeof zero);
    return STD_CALL(c, "KeWaitForSingleObject", object, 0, 0, 0, at);
}

static void events_are_set_reset_and_pulsed(void **state)
{
    struct caller *c = *state;
    uint32_t e = c->data;

    STD_CALL(c, "KeInitializeEvent", e, 0, 1);
    assert_int_equal(STD_CALL(c, "KeReadStateEvent", e), 1);
    assert_int_equal(look(c, e), 0);
    assert_int_equal(STD_CALL(c, "KeResetEvent", e), 1);
    assert_int_equal(STD_CALL(c, "KeResetEvent", e), 0);
    assert_int_equal(look(c, e), TIMEOUT);
    assert_int_equal(STD_CALL(c, "KePulseEvent", e, 0, 0), 0);
    assert_int_equal(caller_dword(c, e + SIGNAL_STATE), 0);
}

static void mutants_count_their_owner(void **state)
{
    struct caller *c = *state;
    uint32_t m = c->data;

    STD_CALL(c, "KeInitializeMutant", m, 0);
    assert_int_equal(STD_CALL(c, "KeReadStateMutex", m), 1);
    assert_int_equal(look(c, m), 0);
    assert_int_equal(STD_CALL(c, "KeReadStateMutex", m), 0);
    assert_int_equal(STD_CALL(c, "KeReleaseMutant", m, 0, 0, 0), 0);
    assert_int_equal(STD_CALL(c, "KeReadStateMutex", m), 1);
    CALL_RAISES(c, MUTANT_NOT_OWNED, "KeReleaseMutant", m, 0, 0, 0);
}

static void mutex_waits_are_object_waits(void **state)
{
    struct caller *c = *state;
    uint32_t m = c->data;

    STD_CALL(c, "KeInitializeMutex", m, 0);
    assert_int_equal(STD_CALL(c, "KeWaitForMutexObject", m, 0, 0, 0, 0), 0);
    assert_int_equal((int32_t)STD_CALL(c, "KeReleaseMutex", m, 0), 0);
}

static void semaphores_tell_their_count(void **state)
{
    struct caller *c = *state;
    uint32_t s = c->data;

    STD_CALL(c, "KeInitializeSemaphore", s, 2, 5);
    assert_int_equal(STD_CALL(c, "KeReadStateSemaphore", s), 2);
    assert_int_equal(look(c, s), 0);
    assert_int_equal(STD_CALL(c, "KeReadStateSemaphore", s), 1);
}

static void timers_expire_on_the_virtual_clock(void **state)
{
    struct caller *c = *state;
    uint32_t t = c->data, due = (uint32_t)-300000; /* 30 ms from now */

    STD_CALL(c, "KeInitializeTimer", t);
    assert_int_equal(look(c, t), TIMEOUT);
    assert_int_equal(STD_CALL(c, "KeSetTimer", t, due, UINT32_MAX, 0), 0);
    assert_int_equal(STD_CALL(c, "KeSetTimer", t, due, UINT32_MAX, 0), 1);
    assert_int_equal(STD_CALL(c, "KeWaitForSingleObject", t, 0, 0, 0, 0), 0);
    STD_CALL(c, "KeInitializeTimerEx", t, 1);
    assert_int_equal(caller_dword(c, t) & 255, 9);
}

static void statuses_are_raised(void **state)
{
    struct caller *c = *state;

    CALL_RAISES(c, 0xC0000123u, "RtlRaiseStatus", 0xC0000123u);
    CALL_RAISES(c, 0xC0000123u, "ExRaiseStatus", 0xC0000123u);
    assert_int_equal(caller_try(c, "ExRaiseAccessViolation", 0, 0, NULL),
                     CALLER_RAISED);
    assert_int_equal(c->status, ACCESS_VIOLATION);
    assert_int_equal(caller_try(c, "ExRaiseDatatypeMisalignment", 0, 0, NULL),
                     CALLER_RAISED);
    assert_int_equal(c->status, MISALIGNMENT);
}

/* RemlockSize 18h: nothing beyond the common block is touched. */
static void a_remove_lock_ends_with_its_last_holder(void **state)
{
    struct caller *c = *state;
    uint32_t lock = c->data, guard = 0x12345678;

    caller_put(c, lock + 0x18, &guard, 4);
    STD_CALL(c, "IoInitializeRemoveLockEx", lock, 0, 0, 0, 0x18);
    assert_int_equal(caller_dword(c, lock + 4), 1);
    assert_int_equal(STD_CALL(c, "IoAcquireRemoveLockEx", lock, 0, 0, 0, 0x18),
                     0);
    assert_int_equal(STD_CALL(c, "IoAcquireRemoveLockEx", lock, 0, 0, 0, 0x18),
                     0);
    STD_CALL(c, "IoReleaseRemoveLockEx", lock, 0, 0x18);
    STD_CALL(c, "IoReleaseRemoveLockAndWaitEx", lock, 0, 0x18);
    assert_int_equal(STD_CALL(c, "IoAcquireRemoveLockEx", lock, 0, 0, 0, 0x18),
                     DELETE_PENDING);
    assert_int_equal(caller_dword(c, lock + 0x18), guard);
}

/* With the checks a release has to have the tag of an acquisition. */
static void a_remove_lock_is_released_by_its_tag(void **state)
{
    enum { ONE = 0x11, TWO = 0x22 };
    struct caller *c = *state;
    uint32_t lock = c->data, wrong[] = {lock, ONE, 0x18};

    handmade_checks(c);
    STD_CALL(c, "IoInitializeRemoveLockEx", lock, 0, 0, 0, 0x18);
    STD_CALL(c, "IoAcquireRemoveLockEx", lock, ONE, 0, 0, 0x18);
    STD_CALL(c, "IoAcquireRemoveLockEx", lock, TWO, 0, 0, 0x18);
    STD_CALL(c, "IoReleaseRemoveLockEx", lock, ONE, 0x18);
    BUGCHECKS(c, caller_try(c, "IoReleaseRemoveLockEx", 0, 3, wrong), 0xc4,
              0xd5);
    assert_int_equal(handmade_bugcheck(c).p[1], lock);
    assert_int_equal(handmade_bugcheck(c).p[2], ONE);
}

static void a_remove_lock_is_left_by_its_tag(void **state)
{
    enum { ONE = 0x11, TWO = 0x22 };
    struct caller *c = *state;
    uint32_t lock = c->data, wrong[] = {lock, ONE, 0x18};

    handmade_checks(c);
    STD_CALL(c, "IoInitializeRemoveLockEx", lock, 0, 0, 0, 0x18);
    STD_CALL(c, "IoAcquireRemoveLockEx", lock, TWO, 0, 0, 0x18);
    BUGCHECKS(c, caller_try(c, "IoReleaseRemoveLockAndWaitEx", 0, 3, wrong),
              0xc4, 0xd6);
    assert_int_equal(handmade_bugcheck(c).p[3], TWO);
}

static void event_handles_are_set_and_closed(void **state)
{
    struct caller *c = *state;
    uint32_t at = c->data, handle;

    assert_int_equal(STD_CALL(c, "ZwCreateEvent", at, 0x1f0003, 0, 0, 0), 0);
    handle = caller_dword(c, at);
    assert_int_not_equal(handle, 0);
    assert_int_equal(STD_CALL(c, "ZwSetEvent", handle, at + 4), 0);
    assert_int_equal(caller_dword(c, at + 4), 0);
    assert_int_equal(STD_CALL(c, "ZwSetEvent", handle, at + 4), 0);
    assert_int_equal(caller_dword(c, at + 4), 1);
    assert_int_equal(STD_CALL(c, "NtClose", handle), 0);
    assert_int_equal(STD_CALL(c, "ZwSetEvent", handle, at + 4), INVALID_HANDLE);
}

/* REGISTER buffers advance on both sides, count in elements. */
static void register_buffers_advance(void **state)
{
    static const uint8_t bytes[] = {1, 2, 3, 4, 5, 6, 7, 8};
    struct caller *c = *state;
    uint32_t from = c->data, to = c->data + 0x100;
    uint8_t got[8];

    caller_put(c, from, bytes, 8);
    STD_CALL(c, "READ_REGISTER_BUFFER_UCHAR", from, to, 3);
    STD_CALL(c, "READ_REGISTER_BUFFER_USHORT", from + 4, to + 4, 2);
    caller_get(c, to, got, 8);
    assert_memory_equal(got, ((uint8_t[]){1, 2, 3, 0, 5, 6, 7, 8}), 8);
    STD_CALL(c, "WRITE_REGISTER_BUFFER_USHORT", to + 0x20, from, 1);
    STD_CALL(c, "WRITE_REGISTER_BUFFER_ULONG", to + 0x24, from, 1);
    caller_get(c, to + 0x20, got, 8);
    assert_memory_equal(got, ((uint8_t[]){1, 2, 0, 0, 1, 2, 3, 4}), 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CALLER_TEST(events_are_set_reset_and_pulsed),
        CALLER_TEST(mutants_count_their_owner),
        CALLER_TEST(mutex_waits_are_object_waits),
        CALLER_TEST(semaphores_tell_their_count),
        CALLER_TEST(timers_expire_on_the_virtual_clock),
        CALLER_TEST(statuses_are_raised),
        CALLER_TEST(a_remove_lock_ends_with_its_last_holder),
        CALLER_TEST(a_remove_lock_is_released_by_its_tag),
        CALLER_TEST(a_remove_lock_is_left_by_its_tag),
        CALLER_TEST(event_handles_are_set_and_closed),
        CALLER_TEST(register_buffers_advance),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
