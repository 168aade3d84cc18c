/* tests/nt/kernel_test.c -- time, threads, DPCs, interlocked routines, the
 * debugger's and the kernel's variables, called by guest code as the WDK's
 * reference pages describe them. */
#include <string.h>

#include "board/board.h"
#include "caller.h"

#define BREAKPOINT            0x80000003u
#define DEBUGGER_INACTIVE     0xC0000354u
#define ILLEGAL_FLOAT_CONTEXT 0xC000014Au

/* INTERLOCKED_RESULT of i386 */
enum { RESULT_POSITIVE = 0, RESULT_ZERO = 0x4000, RESULT_NEGATIVE = 0x8000 };
enum { LOW_IMPORTANCE, MEDIUM_IMPORTANCE, HIGH_IMPORTANCE };

static uint64_t qword(struct caller *c, uint32_t at)
{
    return caller_dword(c, at) | (uint64_t)caller_dword(c, at + 4) << 32;
}

static uint64_t interrupt_time(struct caller *c)
{
    uint32_t low = NO_CALL(c, "KeQueryInterruptTime");

    return low | (uint64_t)c->edx << 32;
}

/* Each right behind a clock interrupt, so that both are of one tick. */
static void interrupt_time_goes_by_clock_ticks(void **state)
{
    struct caller *c = *state;
    uint32_t interval[2] = {(uint32_t)-500000, UINT32_MAX}; /* 50 ms */
    uint64_t time[2], ticks[2];

    caller_put(c, c->data, interval, sizeof interval);
    for (unsigned i = 0; i < 2; i++) {
        STD_CALL(c, "KeDelayExecutionThread", 0, 0, c->data);
        time[i] = interrupt_time(c);
        STD_CALL(c, "KeQueryTickCount", c->data + 8);
        ticks[i] = qword(c, c->data + 8);
        assert_int_equal(caller_variable(c, "KeTickCount"), ticks[i]);
    }
    assert_in_range(ticks[1] - ticks[0], 3, 5); /* of some 15 ms */
    assert_int_equal(time[1] - time[0], (ticks[1] - ticks[0]) *
                                            NO_CALL(c, "KeQueryTimeIncrement"));
}

static void priorities_change_and_tell_the_old_one(void **state)
{
    struct caller *c = *state;
    uint32_t t = NO_CALL(c, "KeGetCurrentThread");

    assert_int_equal(STD_CALL(c, "KeQueryPriorityThread", t), 8);
    assert_int_equal(STD_CALL(c, "KeSetPriorityThread", t, 16), 8);
    assert_int_equal(STD_CALL(c, "KeQueryPriorityThread", t), 16);
    assert_int_equal(STD_CALL(c, "KeSetPriorityThread", t, 8), 16);
}

/* Over the process's 8; a class below real time ends at 15 and 1, +16 and -16
 * mean these. */
static void base_priorities_are_increments(void **state)
{
    static const struct {
        int32_t increment;
        uint32_t priority;
    } step[] = {{2, 10}, {16, 15}, {-16, 1}, {9, 15}, {-1, 7}, {0, 8}};
    struct caller *c = *state;
    uint32_t t = NO_CALL(c, "KeGetCurrentThread");
    int32_t before = 0;

    for (unsigned i = 0; i < sizeof step / sizeof step[0]; i++) {
        assert_int_equal((int32_t)STD_CALL(c, "KeSetBasePriorityThread", t,
                                           (uint32_t)step[i].increment),
                         before);
        assert_int_equal(STD_CALL(c, "KeQueryPriorityThread", t),
                         step[i].priority);
        before = step[i].increment == 9 ? 7 : step[i].increment;
    }
}

static void there_is_one_processor(void **state)
{
    struct caller *c = *state;

    STD_CALL(c, "KeSetSystemAffinityThread", 1);
    assert_int_equal(NO_CALL(c, "KeQueryActiveProcessors"), 1);
    NO_CALL(c, "KeRevertToUserAffinityThread");
    assert_int_equal(NO_CALL(c, "KeQueryActiveProcessors"), 1);
    assert_int_equal(NO_CALL(c, "KeGetPreviousMode") & 0xff, 0);
}

/* VOID Dpc(Dpc, Context, ..): appends Context to what lies at @log. */
static uint32_t dpc_routine(struct caller *c, uint32_t at, uint32_t log)
{
    uint8_t code[] = {0x8b, 0x4c, 0x24, 8, 0xa1, 0,  0, 0,    0,
                      0x89, 0x0c, 0x85, 0, 0,    0,  0, 0xff, 0x05,
                      0,    0,    0,    0, 0xc2, 16, 0};
    uint32_t list = log + 4;

    memcpy(code + 5, &log, 4);   /* mov ecx, [esp+8]; mov eax, [log] */
    memcpy(code + 12, &list, 4); /* mov [log+4+eax*4], ecx */
    memcpy(code + 18, &log, 4);  /* inc dword [log]; ret 16 */
    caller_put(c, at, code, sizeof code);
    return at;
}

static void important_dpcs_run_first(void **state)
{
    static const uint8_t importance[] = {MEDIUM_IMPORTANCE, LOW_IMPORTANCE,
                                         HIGH_IMPORTANCE};
    static const uint32_t order[] = {3, 3, 1, 2}; /* count, contexts */
    struct caller *c = *state;
    uint32_t log = c->data, dpc = c->data + 0x100;
    uint32_t routine = dpc_routine(c, c->data + 0x80, log), got[4];

    NO_CALL(c, "KeRaiseIrqlToDpcLevel");
    for (uint32_t i = 0; i < 3; i++) {
        STD_CALL(c, "KeInitializeDpc", dpc + 0x20 * i, routine, i + 1);
        STD_CALL(c, "KeSetImportanceDpc", dpc + 0x20 * i, importance[i]);
        STD_CALL(c, "KeSetTargetProcessorDpc", dpc + 0x20 * i, 0);
        assert_int_equal(
            STD_CALL(c, "KeInsertQueueDpc", dpc + 0x20 * i, 0, 0) & 0xff, 1);
    }
    assert_int_equal(caller_dword(c, log), 0);
    FAST_CALL(c, "KfLowerIrql", 0);
    caller_get(c, log, got, sizeof got);
    assert_memory_equal(got, order, sizeof got);
}

/* Once for each save; what was not saved cannot come back. */
static void floating_point_state_is_saved_once(void **state)
{
    struct caller *c = *state;

    assert_int_equal(STD_CALL(c, "KeSaveFloatingPointState", c->data), 0);
    assert_int_equal(STD_CALL(c, "KeRestoreFloatingPointState", c->data), 0);
    assert_int_equal(STD_CALL(c, "KeRestoreFloatingPointState", c->data),
                     ILLEGAL_FLOAT_CONTEXT);
}

static void interlocked_longs_tell_zero_and_sign(void **state)
{
    struct caller *c = *state;
    uint32_t n = c->data;

    caller_set(c, n, UINT32_MAX - 1);
    assert_int_equal(FAST_CALL(c, "Exfi386InterlockedIncrementLong", n),
                     RESULT_NEGATIVE);
    assert_int_equal(FAST_CALL(c, "Exfi386InterlockedIncrementLong", n),
                     RESULT_ZERO);
    assert_int_equal(FAST_CALL(c, "Exfi386InterlockedIncrementLong", n),
                     RESULT_POSITIVE);
    assert_int_equal(STD_CALL(c, "ExInterlockedDecrementLong", n, 0),
                     RESULT_ZERO);
    assert_int_equal(STD_CALL(c, "Exi386InterlockedDecrementLong", n),
                     RESULT_NEGATIVE);
    assert_int_equal(STD_CALL(c, "Exi386InterlockedExchangeUlong", n, 7),
                     UINT32_MAX);
    assert_int_equal(caller_dword(c, n), 7);
}

/* LONGLONG (*Destination, *Exchange, *Comperand, Lock): the value before. */
static void sixty_four_bits_are_exchanged_if_equal(void **state)
{
    static const uint64_t value[3] = {0x1111111122222222, 0x3333333344444444,
                                      0x1111111122222222};
    struct caller *c = *state;
    uint32_t at = c->data;

    caller_put(c, at, value, sizeof value);
    for (unsigned i = 0; i < 2; i++) { /* the second time it differs */
        assert_int_equal(FAST_CALL(c, "ExInterlockedCompareExchange64", at,
                                   at + 8, at + 16, at + 24),
                         (uint32_t)value[i]);
        assert_int_equal(c->edx, value[i] >> 32);
        assert_int_equal(qword(c, at), value[1]);
    }
}

/* Entries at +10h, +18h, +20h of a list head; NULL when it was empty. */
static void interlocked_inserts_tell_the_old_end(void **state)
{
    struct caller *c = *state;
    uint32_t head = c->data, e = c->data + 0x10;

    caller_put(c, head, (uint32_t[]){head, head}, 8);
    assert_int_equal(
        STD_CALL(c, "ExInterlockedInsertTailList", head, e, head + 8), 0);
    assert_int_equal(
        STD_CALL(c, "ExInterlockedInsertTailList", head, e + 8, head + 8), e);
    assert_int_equal(
        FAST_CALL(c, "ExfInterlockedInsertHeadList", head, e + 16, head + 8),
        e);
    assert_int_equal(caller_dword(c, head), e + 16);
    assert_int_equal(caller_dword(c, e + 16), e);
    assert_int_equal(caller_dword(c, e), e + 8);
    assert_int_equal(caller_dword(c, e + 8), head);
    assert_int_equal(caller_dword(c, head + 4), e + 8);
}

static void text_for_the_debugger_is_formatted(void **state)
{
    struct caller *c = *state;
    uint32_t format = caller_text(c, c->data, "rows %d-%x\n");

    assert_int_equal(CDECL_CALL(c, "DbgPrintEx", 77, 0, format, 12, 0xab), 0);
    assert_true(rig_has(c->r, "rows 12-ab"));
    caller_put(c, c->data + 0x40, (uint32_t[]){34, 0xcd}, 8);
    assert_int_equal(STD_CALL(c, "vDbgPrintEx", 77, 0, format, c->data + 0x40),
                     0);
    assert_true(rig_has(c->r, "rows 34-cd"));
}

static void no_debugger_is_there(void **state)
{
    struct caller *c = *state;

    CALL_RAISES(c, BREAKPOINT, "DbgBreakPointWithStatus", 3);
    assert_int_equal(caller_variable(c, "KdDebuggerEnabled") & 0xff, 0);
    assert_int_equal(caller_variable(c, "KdDebuggerNotPresent") & 0xff, 1);
    assert_int_equal(NO_CALL(c, "KdDisableDebugger"), DEBUGGER_INACTIVE);
    assert_int_equal(NO_CALL(c, "KdEnableDebugger"), DEBUGGER_INACTIVE);
    assert_int_equal(caller_variable(c, "KdDebuggerEnabled") & 0xff, 0);
    assert_int_equal(caller_variable(c, "KdComPortInUse"), 0);
}

/* Free build of one processor, the build number below: F0000000h + build. */
static void variables_of_a_system_that_has_booted(void **state)
{
    struct caller *c = *state;

    assert_int_equal(caller_variable(c, "NtBuildNumber"), 0xf0000000u | 2600);
    assert_int_equal(caller_variable(c, "InitSafeBootMode"), 0);
    assert_int_equal(caller_variable(c, "NlsMbCodePageTag") & 0xff, 0);
    assert_int_equal(caller_variable(c, "KeLoaderBlock"), 0);
    assert_int_equal(caller_variable(c, "HalPrivateDispatchTable"), 0);
}

static void a_bugcheck_leaves_its_data(void **state)
{
    struct caller *c = *state;
    uint32_t data = ke_stub(c->r->m->ke, "KiBugCheckData").v;

    assert_int_equal(caller_dword(c, data), 0);
    assert_int_equal(caller_try(c, "KeBugCheck", 0, 1, (uint32_t[]){0xe2}),
                     CALLER_STOPPED);
    assert_int_equal(ke_bugcheck_state(c->r->m->ke)->code, 0xe2);
    assert_int_equal(caller_dword(c, data), 0xe2);
    assert_int_equal(caller_dword(c, data + 4), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CALLER_TEST(interrupt_time_goes_by_clock_ticks),
        CALLER_TEST(priorities_change_and_tell_the_old_one),
        CALLER_TEST(base_priorities_are_increments),
        CALLER_TEST(there_is_one_processor),
        CALLER_TEST(important_dpcs_run_first),
        CALLER_TEST(floating_point_state_is_saved_once),
        CALLER_TEST(interlocked_longs_tell_zero_and_sign),
        CALLER_TEST(sixty_four_bits_are_exchanged_if_equal),
        CALLER_TEST(interlocked_inserts_tell_the_old_end),
        CALLER_TEST(text_for_the_debugger_is_formatted),
        CALLER_TEST(no_debugger_is_there),
        CALLER_TEST(variables_of_a_system_that_has_booted),
        CALLER_TEST(a_bugcheck_leaves_its_data),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
