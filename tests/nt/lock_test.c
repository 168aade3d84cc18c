/* tests/nt/lock_test.c -- spin locks, fast mutexes and regions: results and
 * IRQLs as the WDK's reference pages and the uniprocessor HAL have them. */
#include "caller.h"

enum { PASSIVE, APC, DISPATCH, ISA = 1, LATCHED = 1 };
enum { LOCK = 0x10, HANDLE = 0x20, OLD = 0x40, MUTEX = 0x80 }; /* in the data */

static uint32_t irql(struct caller *c)
{
    return NO_CALL(c, "KeGetCurrentIrql") & 0xff;
}

static uint32_t new_lock(struct caller *c)
{
    uint32_t lock = c->data + LOCK;

    caller_set(c, lock, 0xdeadbeef);
    STD_CALL(c, "KeInitializeSpinLock", lock);
    assert_int_equal(caller_dword(c, lock), 0);
    return lock;
}

static void a_spin_lock_is_held_at_dispatch_level(void **state)
{
    struct caller *c = *state;
    uint32_t lock = new_lock(c);

    assert_int_equal(FAST_CALL(c, "KfAcquireSpinLock", lock) & 0xff, PASSIVE);
    assert_int_equal(irql(c), DISPATCH);
    FAST_CALL(c, "KfReleaseSpinLock", lock, PASSIVE);
    assert_int_equal(irql(c), PASSIVE);
    assert_int_equal(FAST_CALL(c, "KeAcquireSpinLockRaiseToSynch", lock) & 0xff,
                     PASSIVE);
    assert_int_equal(irql(c), DISPATCH); /* SYNCH_LEVEL of one processor */
    FAST_CALL(c, "KfReleaseSpinLock", lock, PASSIVE);
    assert_int_equal(irql(c), PASSIVE);
}

static void at_dispatch_level_the_irql_stays(void **state)
{
    struct caller *c = *state;
    uint32_t lock = new_lock(c);

    NO_CALL(c, "KeRaiseIrqlToDpcLevel");
    STD_CALL(c, "KeAcquireSpinLockAtDpcLevel", lock);
    assert_int_equal(irql(c), DISPATCH);
    STD_CALL(c, "KeReleaseSpinLockFromDpcLevel", lock);
    FAST_CALL(c, "KefAcquireSpinLockAtDpcLevel", lock);
    FAST_CALL(c, "KefReleaseSpinLockFromDpcLevel", lock);
    FAST_CALL(c, "KiAcquireSpinLock", lock);
    FAST_CALL(c, "KiReleaseSpinLock", lock);
    assert_int_equal(irql(c), DISPATCH);
    assert_int_equal(caller_dword(c, lock), 0);
    FAST_CALL(c, "KfLowerIrql", PASSIVE);
}

static void queued_locks_raise_to_synch(void **state)
{
    struct caller *c = *state;
    uint32_t lock = new_lock(c), handle = c->data + HANDLE;
    uint32_t old = c->data + OLD;

    FAST_CALL(c, "KeAcquireInStackQueuedSpinLockRaiseToSynch", lock, handle);
    assert_int_equal(irql(c), DISPATCH);
    FAST_CALL(c, "KeReleaseInStackQueuedSpinLock", handle);
    assert_int_equal(irql(c), PASSIVE);
    assert_int_equal(FAST_CALL(c, "KeAcquireQueuedSpinLock", 4) & 0xff,
                     PASSIVE);
    assert_int_equal(irql(c), DISPATCH);
    FAST_CALL(c, "KeReleaseQueuedSpinLock", 4, PASSIVE);
    FAST_CALL(c, "KfRaiseIrql", APC);
    assert_int_equal(
        FAST_CALL(c, "KeAcquireQueuedSpinLockRaiseToSynch", 4) & 0xff, APC);
    assert_int_equal(irql(c), DISPATCH);
    FAST_CALL(c, "KeReleaseQueuedSpinLock", 4, APC);
    caller_set(c, old, 0xffffffff);
    assert_int_equal(
        FAST_CALL(c, "KeTryToAcquireQueuedSpinLockRaiseToSynch", 4, old), 1);
    assert_int_equal(caller_dword(c, old) & 0xff, APC);
    assert_int_equal(irql(c), DISPATCH);
    FAST_CALL(c, "KeReleaseQueuedSpinLock", 4, PASSIVE);
    assert_int_equal(irql(c), PASSIVE);
}

/* The lock of a connected interrupt is held at its SynchronizeIrql. */
static void an_interrupts_lock_is_held_at_its_irql(void **state)
{
    struct caller *c = *state;
    uint32_t at = c->data, vector, level, interrupt;

    vector = STD_CALL(c, "HalGetInterruptVector", ISA, 0, 5, 5, at, at + 4);
    level = caller_dword(c, at) & 0xff;
    assert_true(level > DISPATCH);
    assert_int_equal(STD_CALL(c, "IoConnectInterrupt", at + 8, c->code, 0, 0,
                              vector, level, level, LATCHED, 0,
                              caller_dword(c, at + 4), 0),
                     0);
    interrupt = caller_dword(c, at + 8);
    assert_int_equal(
        STD_CALL(c, "KeAcquireInterruptSpinLock", interrupt) & 0xff, PASSIVE);
    assert_int_equal(irql(c), level);
    STD_CALL(c, "KeReleaseInterruptSpinLock", interrupt, PASSIVE);
    assert_int_equal(irql(c), PASSIVE);
    STD_CALL(c, "IoDisconnectInterrupt", interrupt);
}

/* What ExInitializeFastMutex, a macro, leaves. */
static uint32_t new_mutex(struct caller *c)
{
    uint32_t mutex = c->data + MUTEX;

    caller_put(c, mutex, (uint32_t[]){1, 0, 0}, 12);
    STD_CALL(c, "KeInitializeEvent", mutex + 12, 1, 0);
    return mutex;
}

static void an_unsafe_fast_mutex_leaves_the_irql(void **state)
{
    struct caller *c = *state;
    uint32_t mutex = new_mutex(c);

    NO_CALL(c, "KeEnterCriticalRegion");
    FAST_CALL(c, "ExAcquireFastMutexUnsafe", mutex);
    assert_int_equal(irql(c), PASSIVE);
    assert_int_equal(caller_dword(c, mutex), 0);
    assert_int_equal(caller_dword(c, mutex + 4),
                     NO_CALL(c, "KeGetCurrentThread"));
    assert_int_equal(FAST_CALL(c, "ExTryToAcquireFastMutex", mutex) & 0xff, 0);
    FAST_CALL(c, "ExReleaseFastMutexUnsafe", mutex);
    assert_int_equal(caller_dword(c, mutex), 1);
    assert_int_equal(caller_dword(c, mutex + 4), 0);
    assert_int_equal(irql(c), PASSIVE);
    assert_int_equal(FAST_CALL(c, "ExTryToAcquireFastMutex", mutex) & 0xff, 1);
    assert_int_equal(irql(c), APC);
    FAST_CALL(c, "ExReleaseFastMutex", mutex);
    assert_int_equal(irql(c), PASSIVE);
    NO_CALL(c, "KeLeaveCriticalRegion");
}

static void guarded_regions_nest(void **state)
{
    struct caller *c = *state;

    assert_int_equal(NO_CALL(c, "KeAreApcsDisabled") & 0xff, 0);
    NO_CALL(c, "KeEnterGuardedRegion");
    NO_CALL(c, "KeEnterGuardedRegion");
    assert_int_equal(NO_CALL(c, "KeAreApcsDisabled") & 0xff, 1);
    NO_CALL(c, "KeLeaveGuardedRegion");
    assert_int_equal(NO_CALL(c, "KeAreApcsDisabled") & 0xff, 1);
    NO_CALL(c, "KeLeaveGuardedRegion");
    assert_int_equal(NO_CALL(c, "KeAreApcsDisabled") & 0xff, 0);
    assert_int_equal(irql(c), PASSIVE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CALLER_TEST(a_spin_lock_is_held_at_dispatch_level),
        CALLER_TEST(at_dispatch_level_the_irql_stays),
        CALLER_TEST(queued_locks_raise_to_synch),
        CALLER_TEST(an_interrupts_lock_is_held_at_its_irql),
        CALLER_TEST(an_unsafe_fast_mutex_leaves_the_irql),
        CALLER_TEST(guarded_regions_nest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
