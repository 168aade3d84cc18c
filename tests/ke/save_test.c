/* The machine saved in the middle of everything the kernel does at once:
 * threads, a wait, timers, an interrupt, DPCs, an exception. Invariant 2. */
#include "rig.h"

#include <stdlib.h>
#include <string.h>

/* A service routine that queues a DPC, which sets the event that a thread waits
 * for; the thread then raises and catches, and delays. */
static void build(struct rig *r)
{
    uint32_t event = pool(r, 16), dpc = pool(r, 0x20), interval = pool(r, 8);
    int64_t due = -150000;
    uint32_t dpc_routine, isr, handler, waiter, spinner;

    ke_event_init(r->ke, gva_of(event), EVENT_SYNCHRONIZATION, false);
    ke_write(r->ke, gva_of(interval), &due, 8);
    dpc_routine = here(r);
    emit_push(r, 0);
    emit_push(r, 0);
    emit_push(r, event);
    call(r, "KeSetEvent");
    ret(r, 16);
    set(r, dpc, 0x01000013);
    set(r, dpc + 0xc, dpc_routine);
    isr = here(r);
    note(r, 1);
    emit_push(r, 0);
    emit_push(r, 0);
    emit_push(r, dpc);
    call(r, "KeInsertQueueDpc");
    out_card(r, 0, 0);
    mov_eax(r, 1);
    ret(r, 8);
    connect_isr(r, 3, isr, 0, false, true);
    handler = here(r);
    CODE(r, 0x8b, 0x44, 0x24, 0x0c, 0x83, 0x80); /* context.eip += 2 */
    dword(r, 0xb8);
    CODE(r, 2, 0x31, 0xc0, 0xc3);
    waiter = here(r);
    for (unsigned i = 0; i < 5; i++)
        emit_push(r, i == 4 ? event : 0);
    call(r, "KeWaitForSingleObject");
    note(r, 2);
    emit_push(r, handler);
    CODE(r, 0x64, 0xff, 0x35, 0, 0, 0, 0);
    CODE(r, 0x64, 0x89, 0x25, 0, 0, 0, 0);
    CODE(r, 0x0f, 0x0b); /* ud2 */
    note(r, 3);
    CODE(r, 0x64, 0x8f, 0x05, 0, 0, 0, 0, 0x58);
    emit_push(r, interval);
    emit_push(r, 0);
    emit_push(r, 0);
    call(r, "KeDelayExecutionThread");
    note(r, 4);
    ret(r, 4);
    spinner = here(r);
    mov_ecx(r, 31);
    call(r, "KfRaiseIrql");
    out_card(r, 0, 1);
    mov_ecx(r, 0);
    call(r, "KfLowerIrql");
    note(r, 5);
    ret(r, 4);
    start(r, waiter, 0);
    start(r, spinner, 0);
}

static void finish(struct rig *r)
{
    static const uint32_t order[] = {1, 5, 2, 3, 4};

    assert_true(run(r, 10000000));
    assert_false(ke_ended(r->ke));
    assert_int_equal(r->notes, 5);
    for (uint32_t i = 0; i < 5; i++)
        assert_int_equal(r->note[i], order[i]);
}

/* Loaded in another machine at any instruction before the last delay, it ends
 * in the same state, byte for byte. */
static void saved_at_every_instruction_it_ends_the_same(void **state)
{
    struct rig *whole = *state, *half = rig_create(MM_XP);
    struct saver end, again, *mid = calloc(400, sizeof *mid);
    unsigned count = 0;

    build(whole);
    while (whole->notes < 4 && count < 400) {
        mid[count++] = rig_save(whole);
        assert_true(step(whole, whole->clock.now + 1));
    }
    assert_true(count > 60 && count < 400);
    finish(whole);
    end = rig_save(whole);
    for (unsigned i = 0; i < count; i++) {
        rig_load(half, &mid[i]);
        finish(half);
        again = rig_save(half);
        assert_int_equal(end.count, again.count);
        assert_memory_equal(end.bytes, again.bytes, end.count);
        free(again.bytes);
        free(mid[i].bytes);
    }
    free(end.bytes);
    free(mid);
    rig_destroy(half);
}

/* The same code on the same machine: the same events, in two runs and however
 * the run is cut. */
static void the_events_do_not_depend_on_how_the_run_is_cut(void **state)
{
    struct rig *r = *state, *cut = rig_create(MM_XP);

    rig_trace(r, "*");
    build(r);
    finish(r);
    rig_trace(cut, "*");
    build(cut);
    while (step(cut, cut->clock.now + 7))
        assert_false(ke_ended(cut->ke));
    assert_string_equal(r->trace, cut->trace);
    rig_destroy(cut);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)
    const struct CMUnitTest tests[] = {
        TEST(saved_at_every_instruction_it_ends_the_same),
        TEST(the_events_do_not_depend_on_how_the_run_is_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
