/* IRQL, hardware interrupts, DPCs: their order. */
#include "levels.h"

#include <string.h>

enum { IRQL_3 = 24, IRQL_11 = 16 };

/* INT-001, INT-002 */
static void every_irql_is_set_read_and_restored(void **state)
{
    struct rig *r = *state;
    uint32_t code = here(r);

    for (uint8_t irql = 0; irql < 32; irql++) {
        raise_to(r, irql);
        CODE(r, 0x64, 0x0f, 0xb6, 0x05); /* movzx eax, byte fs:[24h] */
        dword(r, 0x24);
        note_eax(r);
        call(r, "KeGetCurrentIrql");
        note_eax(r);
        lower_to(r, 0);
    }
    ret(r, 4);
    go(r, code);
    assert_int_equal(r->notes, 64);
    for (uint32_t i = 0; i < 64; i++)
        assert_int_equal(r->note[i], i / 2);
}

/* INT-005 */
static void a_spin_lock_is_its_irql_and_its_word_stays_0(void **state)
{
    struct rig *r = *state;
    uint32_t lock = pool(r, 8), code = here(r);

    mov_ecx(r, lock);
    call(r, "KfAcquireSpinLock");
    note_eax(r);
    CODE(r, 0xa1); /* mov eax, [lock] */
    dword(r, lock);
    note_eax(r);
    call(r, "KeGetCurrentIrql");
    note_eax(r);
    mov_ecx(r, lock);
    mov_edx(r, 0);
    call(r, "KfReleaseSpinLock");
    call(r, "KeGetCurrentIrql");
    note_eax(r);
    ret(r, 4);
    go(r, code);
    NOTES(r, 0, 0, 2, 0);
}

/* INT-011, INT-018: at SynchronizeIrql with IF set */
static void a_service_routine_runs_at_its_irql_with_interrupts_on(void **state)
{
    struct rig *r = *state;
    uint32_t isr = here(r), code, object;

    call(r, "KeGetCurrentIrql");
    note_eax(r);
    CODE(r, 0x9c, 0x58, 0x25); /* pushfd; pop eax; and eax, IF */
    dword(r, FLAG_IF);
    note_eax(r);
    CODE(r, 0xff, 0x74, 0x24, 0x04); /* KINTERRUPT */
    call(r, "TestNote");
    CODE(r, 0xff, 0x74, 0x24, 0x08); /* context */
    call(r, "TestNote");
    out_card(r, 0, 0);
    mov_eax(r, 1);
    ret(r, 8);
    object = connect_isr(r, 3, isr, 77, false, true);
    code = here(r);
    out_card(r, 0, 1);
    CODE(r, 0x90, 0x90);
    note(r, 1000);
    ret(r, 4);
    go(r, code);
    NOTES(r, IRQL_3, FLAG_IF, object, 77, 1000);
}

/* INT-004: noted, masked, replayed when the level falls */
static void an_interrupt_that_the_irql_masks_comes_when_it_falls(void **state)
{
    struct rig *r = *state;
    uint32_t isr = make_isr(r, 5, 0, 1), code;

    connect_isr(r, 3, isr, 0, true, false);
    code = here(r);
    raise_to(r, IRQL_3);
    out_card(r, 0, 1);
    CODE(r, 0x90, 0x90, 0x90);
    note(r, 1);
    lower_to(r, IRQL_3 - 1);
    note(r, 2);
    lower_to(r, 0);
    note(r, 3);
    ret(r, 4);
    go(r, code);
    NOTES(r, 1, 5, 2, 3);
}

static void a_masked_level_interrupt_comes_once(void **state)
{
    struct rig *r = *state;
    uint32_t isr = make_isr(r, 5, 1, 1), code;

    connect_isr(r, 11, isr, 0, false, true);
    code = here(r);
    raise_to(r, 31);
    out_card(r, 1, 1);
    CODE(r, 0x90, 0x90, 0x90);
    lower_to(r, 0);
    note(r, 3);
    CODE(r, 0x90, 0x90, 0x90);
    ret(r, 4);
    go(r, code);
    NOTES(r, 5, 3);
}

/* INT-014: in connect order until one claims it */
static void a_shared_level_chain_ends_at_the_first_that_claims_it(void **state)
{
    struct rig *r = *state;
    uint32_t no = make_isr(r, 1, 1, 0), yes = make_isr(r, 2, 1, 1);
    uint32_t never = make_isr(r, 3, 2, 1), code;

    connect_isr(r, 11, no, 0, false, true);
    connect_isr(r, 11, yes, 0, false, true);
    connect_isr(r, 11, never, 0, false, true);
    code = here(r);
    out_card(r, 1, 1);
    CODE(r, 0x90, 0x90);
    note(r, 9);
    ret(r, 4);
    go(r, code);
    NOTES(r, 1, 2, 9);
}

/* INT-015 */
static void
a_shared_latched_chain_is_walked_until_nobody_claims_it(void **state)
{
    struct rig *r = *state;
    uint32_t once, second, code, flag = pool(r, 4);

    once = here(r); /* claims the first time alone */
    note(r, 1);
    CODE(r, 0x31, 0xc0, 0x87, 0x05); /* xor eax, eax; xchg [flag], eax */
    dword(r, flag);
    ret(r, 8);
    second = make_isr(r, 2, 1, 0);
    set(r, flag, 1);
    connect_isr(r, 11, once, 0, true, true);
    connect_isr(r, 11, second, 0, true, true);
    code = here(r);
    out_card(r, 1, 1);
    CODE(r, 0x90, 0x90);
    note(r, 9);
    ret(r, 4);
    go(r, code);
    NOTES(r, 1, 2, 1, 2, 9);
}

/* INT-017: IRQ 3 goes before IRQ 11, whatever the 8259's priorities say */
static void a_higher_irql_preempts_a_service_routine(void **state)
{
    struct rig *r = *state;
    uint32_t high = make_isr(r, 30, 0, 1), low = here(r), code;

    note(r, 10);
    out_card(r, 0, 1);
    CODE(r, 0x90, 0x90);
    note(r, 11);
    out_card(r, 1, 0);
    mov_eax(r, 1);
    ret(r, 8);
    connect_isr(r, 3, high, 0, false, true);
    connect_isr(r, 11, low, 0, false, true);
    code = here(r);
    out_card(r, 1, 1);
    CODE(r, 0x90, 0x90);
    note(r, 9);
    ret(r, 4);
    go(r, code);
    NOTES(r, 10, 30, 11, 9);
}

static void a_lower_irql_waits_for_the_service_routine(void **state)
{
    struct rig *r = *state;
    uint32_t low = make_isr(r, 30, 1, 1), high = here(r), code;

    note(r, 10);
    out_card(r, 1, 1);
    CODE(r, 0x90, 0x90);
    note(r, 11);
    out_card(r, 0, 0);
    mov_eax(r, 1);
    ret(r, 8);
    connect_isr(r, 3, high, 0, false, true);
    connect_isr(r, 11, low, 0, false, true);
    code = here(r);
    out_card(r, 0, 1);
    CODE(r, 0x90, 0x90);
    note(r, 9);
    ret(r, 4);
    go(r, code);
    NOTES(r, 10, 11, 30, 9);
}

/* INT-010 */
static void impossible_connections_are_refused(void **state)
{
    struct rig *r = *state;
    struct ke_interrupt how = {.object = pool(r, 0x1e4),
                               .routine = here(r),
                               .vector = ke_irq_vector(3),
                               .irql = 24,
                               .synchronize_irql = 23,
                               .share = 1};

    assert_int_equal(ke_interrupt_connect(r->ke, &how), 0xc000000d);
    how.synchronize_irql = 24;
    how.vector = 0x2f;
    assert_int_equal(ke_interrupt_connect(r->ke, &how), 0xc000000d);
    how.vector = 0x40;
    assert_int_equal(ke_interrupt_connect(r->ke, &how), 0xc000000d);
    how.vector = ke_irq_vector(3);
    assert_int_equal(ke_interrupt_connect(r->ke, &how), 0);
    how.latched = 1;
    assert_int_equal(ke_interrupt_connect(r->ke, &how), 0xc000000d);
    how.latched = 0;
    how.share = 0;
    assert_int_equal(ke_interrupt_connect(r->ke, &how), 0xc000000d);
}

/* INT-019 */
static void after_disconnect_a_latched_edge_reaches_nobody(void **state)
{
    struct rig *r = *state;
    uint32_t isr = make_isr(r, 5, 0, 1), object, code;

    object = connect_isr(r, 3, isr, 0, true, false);
    code = here(r);
    raise_to(r, 31);
    out_card(r, 0, 1);
    CODE(r, 0x90, 0x90);
    emit_push(r, 1);
    call(r, "TestNote");
    CODE(r, 0xf4); /* hlt: the test disconnects here */
    note(r, 2);
    lower_to(r, 0);
    note(r, 3);
    ret(r, 4);
    start(r, code, 0);
    while (r->notes < 1)
        step(r, UINT64_MAX);
    while (!r->cpu.s.halted)
        step(r, r->clock.now + 1);
    assert_true(ke_interrupt_disconnect(r->ke, gva_of(object)));
    assert_false(ke_interrupt_disconnect(r->ke, gva_of(object)));
    r->cpu.s.halted = 0;
    assert_true(run(r, 10000000));
    NOTES(r, 1, 2, 3);
}

/* INT-019: a shared sibling goes on. */
static void after_disconnect_the_sibling_goes_on(void **state)
{
    struct rig *r = *state;
    uint32_t first = make_isr(r, 1, 1, 0), second = make_isr(r, 2, 1, 1);
    uint32_t gone = connect_isr(r, 11, first, 0, false, true), code;

    connect_isr(r, 11, second, 0, false, true);
    assert_true(ke_interrupt_disconnect(r->ke, gva_of(gone)));
    code = here(r);
    out_card(r, 1, 1);
    CODE(r, 0x90, 0x90);
    note(r, 9);
    ret(r, 4);
    go(r, code);
    NOTES(r, 2, 9);
}

/* INT-013: a device of two vectors: both routines run at the higher one's
 * level, the dispatch of the lower one starts at its own. */
static void a_routine_runs_at_synchronize_irql(void **state)
{
    struct rig *r = *state;
    struct ke_interrupt how = {.object = pool(r, 0x1e4),
                               .routine = here(r),
                               .vector = ke_irq_vector(11),
                               .irql = IRQL_11,
                               .synchronize_irql = IRQL_3};
    uint32_t code;

    call(r, "KeGetCurrentIrql");
    note_eax(r);
    out_card(r, 0, 1); /* the other vector waits meanwhile */
    CODE(r, 0x90, 0x90);
    note(r, 1);
    out_card(r, 1, 0);
    mov_eax(r, 1);
    ret(r, 8);
    assert_int_equal(ke_interrupt_connect(r->ke, &how), 0);
    connect_isr(r, 3, make_isr(r, 5, 0, 1), 0, true, false);
    code = here(r);
    out_card(r, 1, 1);
    CODE(r, 0x90, 0x90);
    note(r, 9);
    ret(r, 4);
    rig_trace(r, "irql");
    go(r, code);
    NOTES(r, IRQL_3, 1, 5, 9);
    assert_non_null(strstr(r->trace, "from=0 to=16"));
    assert_non_null(strstr(r->trace, "from=16 to=24"));
    assert_non_null(strstr(r->trace, "from=24 to=16"));
}

/* INT-020 */
static void an_interrupt_with_nothing_connected_is_masked_and_told(void **state)
{
    struct rig *r = *state;
    uint32_t code;

    rig_trace(r, "finding");
    /* unmask the line behind the kernel's back */
    bus_out(r->bus, 0x21, 1, 0);
    code = here(r);
    out_card(r, 0, 1);
    CODE(r, 0x90, 0x90);
    note(r, 1);
    ret(r, 4);
    go(r, code);
    NOTES(r, 1);
    assert_non_null(strstr(r->trace, "S38"));
    assert_non_null(strstr(r->trace, "IRQ 3"));
}

/* INT-021 */
static void synchronized_execution_keeps_the_service_routine_out(void **state)
{
    struct rig *r = *state;
    uint32_t isr = make_isr(r, 5, 0, 1), inside = here(r), code, object;

    call(r, "KeGetCurrentIrql");
    note_eax(r);
    out_card(r, 0, 1);
    CODE(r, 0x90, 0x90, 0x90);
    CODE(r, 0xff, 0x74, 0x24, 0x04);
    call(r, "TestNote");
    mov_eax(r, 0x101); /* BOOLEAN: the low byte */
    ret(r, 4);
    object = connect_isr(r, 3, isr, 0, true, false);
    code = here(r);
    emit_push(r, 66);
    emit_push(r, inside);
    emit_push(r, object);
    call(r, "KeSynchronizeExecution");
    note_eax(r);
    call(r, "KeGetCurrentIrql");
    note_eax(r);
    ret(r, 4);
    go(r, code);
    NOTES(r, IRQL_3, 66, 5, 1, 0);
}

/* INT-008: polling is allowed, waiting is not */
static void a_wait_in_a_dpc_is_a_bugcheck_unless_it_polls(void **state)
{
    struct rig *r = *state;
    uint32_t event = pool(r, 16), zero = pool(r, 8), dpc = pool(r, 0x20);
    uint32_t routine = here(r), code;

    for (unsigned i = 0; i < 2; i++) {
        emit_push(r, i ? 0 : zero);
        emit_push(r, 0);
        emit_push(r, 0);
        emit_push(r, 0);
        emit_push(r, event);
        call(r, "KeWaitForSingleObject");
        note_eax(r);
    }
    ret(r, 16);
    set(r, dpc, 0x01000013);
    set(r, dpc + 0xc, routine);
    code = here(r);
    queue_dpc(r, dpc, 0);
    ret(r, 4);
    start(r, code, 0);
    assert_true(run(r, 1000000));
    NOTES(r, 0x102);
    assert_int_equal(ke_bugcheck_state(r->ke)->code, 0xb8);
}

/* INT-007 */
static void a_bad_address_at_dispatch_level_is_0xd1(void **state)
{
    struct rig *r = *state;
    const struct ke_bugcheck *b;
    uint32_t code = here(r), at;

    raise_to(r, 2);
    at = here(r);
    CODE(r, 0xa3); /* mov [12345678h], eax */
    dword(r, 0x12345678);
    start(r, code, 0);
    assert_true(run(r, 1000000));
    b = ke_bugcheck_state(r->ke);
    assert_int_equal(b->code, 0xd1);
    assert_int_equal(b->p[0], 0x12345678);
    assert_int_equal(b->p[1], 2);
    assert_int_equal(b->p[2], 1);
    assert_int_equal(b->p[3], at);
    assert_string_equal(b->image, "test.sys");
}

/* ---- with the verifier's checks
 * --------------------------------------------------- */

static struct rig *checked(void)
{
    struct rig *r = rig_create(MM_XP);

    r->mm.s.settings.checks = 1;
    return r;
}

static void verifier_says(struct rig *r, uint32_t code, uint32_t bugcheck,
                          uint32_t p0)
{
    start(r, code, 0);
    assert_true(run(r, 1000000));
    assert_int_equal(ke_bugcheck_state(r->ke)->code, bugcheck);
    assert_int_equal(ke_bugcheck_state(r->ke)->p[0], p0);
    rig_destroy(r);
}

/* INT-003 */
static void a_raise_that_lowers_is_set_or_with_checks_0xc4(void **state)
{
    struct rig *r = *state;
    uint32_t code = here(r);

    raise_to(r, 5);
    raise_to(r, 3);
    note_eax(r);
    lower_to(r, 7);
    call(r, "KeGetCurrentIrql");
    note_eax(r);
    lower_to(r, 0);
    ret(r, 4);
    go(r, code);
    NOTES(r, 5, 7);

    r = checked();
    code = here(r);
    raise_to(r, 5);
    raise_to(r, 3);
    verifier_says(r, code, 0xc4, 0x30);

    r = checked();
    code = here(r);
    lower_to(r, 5);
    verifier_says(r, code, 0xc4, 0x31);
}

static uint32_t at_irql(struct rig *r, uint8_t irql, const char *routine)
{
    uint32_t lock = pool(r, 4), code = here(r);

    raise_to(r, irql);
    mov_ecx(r, lock);
    mov_edx(r, 0);
    call(r, routine);
    return code;
}

/* INT-006 */
static void spin_lock_misuse_is_told_with_checks(void **state)
{
    struct rig *r = checked();
    uint32_t lock, code;

    (void)state;
    verifier_says(r, at_irql(r, 0, "KfReleaseSpinLock"), 0xc4, 0x32);
    r = checked();
    verifier_says(r, at_irql(r, 0, "KefAcquireSpinLockAtDpcLevel"), 0xc4, 0x40);
    r = checked();
    verifier_says(r, at_irql(r, 5, "KfAcquireSpinLock"), 0xc4, 0x42);
    r = checked();
    lock = pool(r, 4);
    code = here(r);
    mov_ecx(r, lock);
    call(r, "KfAcquireSpinLock");
    mov_ecx(r, lock);
    call(r, "KfAcquireSpinLock");
    verifier_says(r, code, 0x0f, lock);
}

/* INT-008 */
static void a_wait_at_dispatch_level_is_told_with_checks(void **state)
{
    struct rig *r = checked();
    uint32_t event = pool(r, 16), code = here(r);

    (void)state;
    raise_to(r, 2);
    for (unsigned i = 0; i < 5; i++)
        emit_push(r, i == 4 ? event : 0);
    call(r, "KeWaitForSingleObject");
    verifier_says(r, code, 0xc4, 0x121);

    r = checked();
    event = pool(r, 24);
    set(r, event + 16, 1); /* a time limit that is not 0 */
    code = here(r);
    raise_to(r, 2);
    for (unsigned i = 0; i < 5; i++)
        emit_push(r, i == 4 ? event : i == 0 ? event + 16 : 0);
    call(r, "KeWaitForSingleObject");
    verifier_says(r, code, 0xc4, 0x122);
}

/* INT-023 */
static void a_service_routine_must_keep_its_irql(void **state)
{
    struct rig *r = checked();
    uint32_t isr = here(r), code;

    (void)state;
    raise_to(r, 31);
    mov_eax(r, 1);
    ret(r, 8);
    connect_isr(r, 3, isr, 0, false, true);
    code = here(r);
    out_card(r, 0, 1);
    CODE(r, 0xeb, 0xfe);
    verifier_says(r, code, 0xc4, 0x111);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)
    const struct CMUnitTest tests[] = {
        TEST(every_irql_is_set_read_and_restored),
        TEST(a_spin_lock_is_its_irql_and_its_word_stays_0),
        TEST(a_service_routine_runs_at_its_irql_with_interrupts_on),
        TEST(an_interrupt_that_the_irql_masks_comes_when_it_falls),
        TEST(a_masked_level_interrupt_comes_once),
        TEST(a_shared_level_chain_ends_at_the_first_that_claims_it),
        TEST(a_shared_latched_chain_is_walked_until_nobody_claims_it),
        TEST(a_higher_irql_preempts_a_service_routine),
        TEST(a_lower_irql_waits_for_the_service_routine),
        TEST(impossible_connections_are_refused),
        TEST(after_disconnect_a_latched_edge_reaches_nobody),
        TEST(after_disconnect_the_sibling_goes_on),
        TEST(a_routine_runs_at_synchronize_irql),
        TEST(an_interrupt_with_nothing_connected_is_masked_and_told),
        TEST(synchronized_execution_keeps_the_service_routine_out),
        TEST(a_wait_in_a_dpc_is_a_bugcheck_unless_it_polls),
        TEST(a_bad_address_at_dispatch_level_is_0xd1),
        TEST(a_raise_that_lowers_is_set_or_with_checks_0xc4),
        cmocka_unit_test(spin_lock_misuse_is_told_with_checks),
        cmocka_unit_test(a_wait_at_dispatch_level_is_told_with_checks),
        cmocka_unit_test(a_service_routine_must_keep_its_irql),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
