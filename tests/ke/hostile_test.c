/* What a hostile guest can throw at the kernel: every export with bad pointers,
 * random code, random stacks. The host stays up; the guest gets one documented
 * outcome. */
#include "rig.h"

#include <stdlib.h>
#include <string.h>

static const char *const names[] = {
#define EXPORT(name, ...) #name,
#define EXPORT_DATA(...)
#include "ke/exports.def"
#undef EXPORT
#undef EXPORT_DATA
};

static const uint8_t slots[] = {
#define EXPORT(name, dll, call, slots_, ...) slots_,
#define EXPORT_DATA(...)
#include "ke/exports.def"
#undef EXPORT
#undef EXPORT_DATA
};
enum { NAMES = sizeof names / sizeof names[0] };

/* Every argument and both registers are @bad. */
static void call_with(const char *name, unsigned count, uint32_t bad,
                      uint8_t irql)
{
    struct rig *r = rig_create(MM_XP);
    uint32_t code = here(r);

    if (irql) {
        mov_ecx(r, irql);
        call(r, "KfRaiseIrql");
    }
    for (unsigned i = 0; i < count + 2; i++)
        emit_push(r, bad);
    mov_ecx(r, bad);
    mov_edx(r, bad);
    call(r, name);
    note(r, 1);
    CODE(r, 0xeb, 0xfe); /* the stack is not cared for: spin */
    start(r, code, 0);
    run(r, 20000);
    assert_true(r->notes || ke_ended(r->ke) || ke_current_thread(r->ke) == 0 ||
                !strcmp(name, "KiSystemWorker") || bad >= 0x80400000u ||
                strstr(name, "Stall") || strstr(name, "Delay") ||
                strstr(name, "Synchronize") || strstr(name, "Ipi"));
    rig_destroy(r);
}

/* SEC-001 */
static void every_export_survives_bad_pointers(void **state)
{
    static const uint32_t bad[] = {0,          1,          0x1000,
                                   0x7ffe0000, 0x7fff0000, 0xdeadbee0,
                                   0xffffffff, 0x80400000, 0xffdff000};

    (void)state;
    for (unsigned i = 0; i < NAMES; i++)
        for (unsigned b = 0; b < sizeof bad / sizeof bad[0]; b++)
            call_with(names[i], slots[i], bad[b], b & 1 ? 2 : 0);
}

static uint32_t next(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

/* Random bytes as kernel code, salted with calls of real routines. */
static void random_code_ends_or_goes_on(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= 150; seed++) {
        struct rig *r = rig_create(seed & 1 ? MM_XP : MM_2000);
        uint32_t s = seed, code = here(r);

        for (unsigned i = 0; i < 200; i++) {
            uint32_t v = next(&s);

            switch (v & 7) {
            case 0:
            case 1:
                call(r, names[(v >> 3) % NAMES]);
                break;
            case 2:
                emit_push(r, code + (v >> 3) % 2000);
                break;
            case 3:
                mov_ecx(r, (v >> 3) % 32);
                break;
            case 4:
                call_at(r, MM_NT_IMAGE + 0x1000 + (v >> 3) % 0x840);
                break;
            default:
                CODE(r, (uint8_t)(v >> 3), (uint8_t)(v >> 11));
                break;
            }
        }
        start(r, code, 0);
        start(r, code + 7, 0);
        run(r, 50000);
        rig_destroy(r);
    }
}

/* SEC-017 */
static void a_callback_that_never_returns_meets_the_limit(void **state)
{
    struct rig *r = *state;
    uint32_t callee = here(r), code;

    CODE(r, 0xeb, 0xfe);
    code = here(r);
    emit_push(r, callee);
    call(r, "TestTwice");
    start(r, code, 0);
    assert_false(run(r, 500000));
    assert_false(ke_ended(r->ke));
}

/* jmp $ as a service routine of card 0 and as a DPC: time goes on, also for
 * whoever has a higher level. */
static void a_service_routine_that_loops_meets_the_limit(void **state)
{
    struct rig *r = *state;
    uint32_t loop = here(r), code;

    CODE(r, 0xeb, 0xfe);
    connect_isr(r, 3, loop, 0, false, true);
    code = here(r);
    out_card(r, 0, 1);
    note(r, 1);
    ret(r, 4);
    start(r, code, 0);
    assert_false(run(r, 500000));
    assert_false(ke_ended(r->ke));
    assert_int_equal(r->notes, 0);
}

static void
a_dpc_that_loops_meets_the_limit_and_lets_interrupts_in(void **state)
{
    struct rig *r = *state;
    uint32_t dpc = pool(r, 0x20), isr = here(r), loop, code;

    out_card(r, 0, 0);
    note(r, 1);
    mov_eax(r, 1);
    ret(r, 8);
    connect_isr(r, 3, isr, 0, false, true);
    loop = here(r);
    out_card(r, 0, 1);
    CODE(r, 0xeb, 0xfe);
    code = here(r);
    set(r, dpc, 0x01000013);
    set(r, dpc + 0xc, loop);
    emit_push(r, 0);
    emit_push(r, 0);
    emit_push(r, dpc);
    call(r, "KeInsertQueueDpc");
    note(r, 2);
    ret(r, 4);
    start(r, code, 0);
    assert_false(run(r, 500000));
    assert_false(ke_ended(r->ke));
    assert_int_equal(r->notes, 1);
    assert_int_equal(r->note[0], 1);
}

/* SEC-016: a DPC routine that is nowhere */
static void a_null_dpc_routine_faults_in_the_guest(void **state)
{
    struct rig *r = *state;
    uint32_t dpc = pool(r, 0x20), code = here(r);

    set(r, dpc, 0x01000013);
    emit_push(r, 0);
    emit_push(r, 0);
    emit_push(r, dpc);
    call(r, "KeInsertQueueDpc");
    start(r, code, 0);
    assert_true(run(r, 500000));
    assert_int_equal(ke_bugcheck_state(r->ke)->code, 0x0a);
    assert_int_equal(ke_bugcheck_state(r->ke)->p[0], 0);
    assert_int_equal(ke_bugcheck_state(r->ke)->p[3], 0);
}

/* A device queue whose list runs in a circle. */
/* A service routine of card 0 that lowers IRQL to PASSIVE_LEVEL and does what
 * @name does, while the idle thread runs. */
static void in_the_idle_thread(struct rig *r, const char *name, unsigned args,
                               uint32_t first)
{
    uint32_t isr = here(r);

    mov_ecx(r, 0);
    call(r, "KfLowerIrql");
    for (unsigned i = 1; i < args; i++)
        emit_push(r, 0);
    emit_push(r, first);
    call(r, name);
    note(r, 1);
    ret(r, 8);
    connect_isr(r, 3, isr, 0, false, true);
    assert_true(run(r, 100000));
    assert_int_equal(ke_current_thread(r->ke), 0);
    bus_out(r->bus, CARD_PORT, 1, 1);
    run(r, 100000);
    assert_int_equal(r->notes, 0);
    assert_true(ke_ended(r->ke));
    assert_int_equal(ke_bugcheck_state(r->ke)->code, 0xb8);
}

static void the_idle_thread_does_not_wait(void **state)
{
    struct rig *r = rig_create(MM_XP);

    (void)state;
    in_the_idle_thread(r, "KeWaitForSingleObject", 5, pool(r, 16));
    rig_destroy(r);
    r = rig_create(MM_XP);
    in_the_idle_thread(r, "KeWaitForMutexObject", 5, pool(r, 16));
    rig_destroy(r);
}

static void a_circular_device_queue_ends(void **state)
{
    struct rig *r = *state;
    uint32_t queue = pool(r, 0x14), entry = pool(r, 0x10), code = here(r);

    set(r, queue + 4, entry);
    set(r, queue + 0x10, 1);
    set(r, entry, entry);
    set(r, entry + 4, entry);
    emit_push(r, 5);
    emit_push(r, pool(r, 0x10));
    emit_push(r, queue);
    call(r, "KeInsertByKeyDeviceQueue");
    note(r, 1);
    ret(r, 4);
    start(r, code, 0);
    assert_true(run(r, 500000));
    assert_int_equal(r->notes, 1);
}

/* INT-016: a service routine that never takes its request away: the guest
 * hangs, time goes on, and it is told. */
static void a_level_interrupt_nobody_clears_is_told(void **state)
{
    struct rig *r = *state;
    uint32_t isr = here(r), code;

    mov_eax(r, 0);
    ret(r, 8);
    connect_isr(r, 3, isr, 0, false, true);
    rig_trace(r, "finding");
    code = here(r);
    out_card(r, 0, 1);
    CODE(r, 0xeb, 0xfe);
    start(r, code, 0);
    assert_false(run(r, 500000));
    assert_non_null(strstr(r->trace, "S38"));
}

/* Bytes of a save changed at random: an error, or a machine that goes on. */
static void a_damaged_save_is_refused_or_goes_on(void **state)
{
    struct rig *r = *state;
    uint32_t event = pool(r, 16), code = here(r), s = 1, refused = 0;
    struct saver whole = {0};

    ke_event_init(r->ke, gva_of(event), EVENT_SYNCHRONIZATION, false);
    emit_push(r, 0);
    for (unsigned i = 0; i < 4; i++)
        emit_push(r, i == 3 ? event : 0);
    call(r, "KeWaitForSingleObject");
    ret(r, 4);
    start(r, code, 0);
    start(r, code, 0);
    run(r, 1000000);
    save_rows(&whole, ke_state(r->ke), ke_state_rows);
    for (unsigned i = 0; i < 300; i++) {
        struct rig *other = rig_create(MM_XP);
        uint8_t *bytes_ = malloc(whole.count);
        struct loader l = {.bytes = bytes_, .count = whole.count};
        struct hb_error e;

        memcpy(bytes_, whole.bytes, whole.count);
        for (unsigned n = 0; n < 3; n++)
            bytes_[next(&s) % whole.count] = (uint8_t)next(&s);
        if (!load_rows(&l, ke_state(other->ke), ke_state_rows) ||
            ke_loaded(other->ke, &e) != HB_OK)
            refused++;
        else
            run(other, 30000);
        free(bytes_);
        rig_destroy(other);
    }
    assert_in_range(refused, 10, 299);
    free(whole.bytes);
}

/* INT-024 */
static void what_an_unloaded_image_leaves_is_told_and_is_0xce(void **state)
{
    struct rig *r = *state;
    uint32_t dpc = pool(r, 0x20), timer = pool(r, 0x28), routine = here(r);

    note(r, 1);
    ret(r, 16);
    set(r, dpc, 0x01000013);
    set(r, dpc + 0xc, routine);
    ke_event_init(r->ke, gva_of(timer), TIMER_NOTIFICATION, false);
    ke_timer_set(r->ke, gva_of(timer), 300000, 0, gva_of(dpc));
    rig_trace(r, "finding");
    ke_image_remove(r->ke, gva_of(r->code));
    assert_non_null(
        strstr(r->trace, "test.sys is unloaded and leaves a timer"));
    assert_int_equal(system_free(&r->mm, gva_of(r->code)), HB_OK);
    assert_true(run(r, 10000000));
    assert_int_equal(ke_bugcheck_state(r->ke)->code, 0xce);
    assert_int_equal(ke_bugcheck_state(r->ke)->p[0], routine);
    assert_string_equal(ke_bugcheck_state(r->ke)->text, "test.sys");
}

/* More than one entry of the kernel serves: those left are not forgotten. */
static void a_thousand_timers_due_at_once_all_expire(void **state)
{
    enum { TIMERS = 1000, BYTES = 0x28, SIGNAL = 4 };
    struct rig *r = *state;
    uint32_t timer = pool(r, TIMERS * BYTES);

    for (uint32_t i = 0; i < TIMERS; i++) {
        ke_event_init(r->ke, gva_of(timer + i * BYTES), TIMER_NOTIFICATION,
                      false);
        ke_timer_set(r->ke, gva_of(timer + i * BYTES), 300000, 0, gva_of(0));
    }
    run(r, 1000000);
    for (uint32_t i = 0; i < TIMERS; i++)
        assert_int_equal(get(r, timer + i * BYTES + SIGNAL), 1);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_export_survives_bad_pointers),
        cmocka_unit_test(random_code_ends_or_goes_on),
        TEST(a_callback_that_never_returns_meets_the_limit),
        TEST(a_service_routine_that_loops_meets_the_limit),
        TEST(a_dpc_that_loops_meets_the_limit_and_lets_interrupts_in),
        TEST(a_null_dpc_routine_faults_in_the_guest),
        cmocka_unit_test(the_idle_thread_does_not_wait),
        TEST(a_circular_device_queue_ends),
        TEST(a_level_interrupt_nobody_clears_is_told),
        TEST(a_damaged_save_is_refused_or_goes_on),
        TEST(a_thousand_timers_due_at_once_all_expire),
        TEST(what_an_unloaded_image_leaves_is_told_and_is_0xce),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
