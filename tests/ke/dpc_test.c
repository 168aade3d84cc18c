/* DPCs: when they run, in which order, with what. */
#include "levels.h"

/* INT-028, INT-026 */
static void
a_dpc_queued_below_dispatch_has_run_when_the_call_returns(void **state)
{
    struct rig *r = *state;
    uint32_t dpc = make_dpc(r, 7), code = here(r);

    queue_dpc(r, dpc, 70);
    note_eax(r);
    ret(r, 4);
    go(r, code);
    NOTES(r, 7, 70, 1);
}

/* INT-025 */
static void a_dpc_is_queued_once_and_keeps_its_first_arguments(void **state)
{
    struct rig *r = *state;
    uint32_t dpc = make_dpc(r, 7), code = here(r);

    raise_to(r, 2);
    queue_dpc(r, dpc, 70);
    note_eax(r);
    queue_dpc(r, dpc, 71);
    note_eax(r);
    lower_to(r, 0);
    note(r, 3);
    ret(r, 4);
    go(r, code);
    NOTES(r, 1, 0, 7, 70, 3);
}

/* INT-027 */
static void a_dpc_may_queue_itself_again(void **state)
{
    struct rig *r = *state;
    uint32_t dpc = pool(r, 0x20), left = pool(r, 4), routine = here(r), code;

    CODE(r, 0xa1);
    dword(r, dpc + 0x1c); /* DpcData */
    note_eax(r);
    CODE(r, 0xff, 0x0d); /* dec [left] */
    dword(r, left);
    CODE(r, 0x74, 20); /* jz over */
    queue_dpc(r, dpc, 0);
    ret(r, 16);
    set(r, dpc, 0x01000013);
    set(r, dpc + 0xc, routine);
    set(r, left, 3);
    code = here(r);
    queue_dpc(r, dpc, 0);
    note(r, 9);
    ret(r, 4);
    go(r, code);
    NOTES(r, 0, 0, 0, 9);
}

/* INT-029 */
static void importance_orders_the_queue(void **state)
{
    struct rig *r = *state;
    uint32_t low = make_dpc(r, 1), medium = make_dpc(r, 2);
    uint32_t high = make_dpc(r, 3), code;

    set(r, low, 0x00000013);
    set(r, high, 0x02000013);
    code = here(r);
    queue_dpc(r, low, 0); /* requests nothing by itself */
    note(r, 100);
    raise_to(r, 2);
    queue_dpc(r, medium, 0);
    queue_dpc(r, high, 0);
    lower_to(r, 0);
    note(r, 101);
    ret(r, 4);
    go(r, code);
    NOTES(r, 100, 3, 0, 1, 0, 2, 0, 101);
}

/* INT-030 */
static void a_removed_dpc_does_not_run(void **state)
{
    struct rig *r = *state;
    uint32_t dpc = make_dpc(r, 7), code = here(r);

    raise_to(r, 2);
    queue_dpc(r, dpc, 70);
    for (unsigned i = 0; i < 2; i++) {
        emit_push(r, dpc);
        call(r, "KeRemoveQueueDpc");
        note_eax(r);
    }
    lower_to(r, 0);
    note(r, 3);
    ret(r, 4);
    go(r, code);
    NOTES(r, 1, 0, 3);
}

/* INT-026: after the service routine, before the thread */
static void
a_dpc_of_a_service_routine_runs_before_the_thread_goes_on(void **state)
{
    struct rig *r = *state;
    uint32_t dpc = make_dpc(r, 7), isr = here(r), code;

    note(r, 1);
    queue_dpc(r, dpc, 70);
    out_card(r, 0, 0);
    note(r, 2);
    mov_eax(r, 1);
    ret(r, 8);
    connect_isr(r, 3, isr, 0, false, true);
    code = here(r);
    CODE(r, 0xbb, 1, 2, 3, 4, 0xbf, 5, 6, 7, 8); /* mov ebx; mov edi */
    mov_ecx(r, 0x1111);
    out_card(r, 0, 1);
    CODE(r, 0x90);
    CODE(r, 0x89, 0xc8); /* mov eax, ecx: interrupts leave registers alone */
    note_eax(r);
    CODE(r, 0x89, 0xd8);
    note_eax(r);
    CODE(r, 0x89, 0xf8);
    note_eax(r);
    ret(r, 4);
    go(r, code);
    NOTES(r, 1, 2, 7, 70, 0x1111, 0x04030201, 0x08070605);
}

static void dpcs_run_on_a_stack_of_their_own_at_dispatch_level(void **state)
{
    struct rig *r = *state;
    uint32_t dpc = pool(r, 0x20), routine = here(r), code;

    call(r, "KeGetCurrentIrql");
    note_eax(r);
    CODE(r, 0x89, 0xe0, 0x29, 0xd8); /* mov eax, esp; sub eax, ebx */
    CODE(r, 0xc1, 0xe8, 13);         /* shr eax, 13: more than 8 KiB away */
    CODE(r, 0x0f, 0x95, 0xc0, 0x0f, 0xb6, 0xc0); /* setnz al; movzx */
    note_eax(r);
    ret(r, 16);
    set(r, dpc, 0x01000013);
    set(r, dpc + 0xc, routine);
    code = here(r);
    CODE(r, 0x89, 0xe3); /* mov ebx, esp */
    queue_dpc(r, dpc, 0);
    ret(r, 4);
    go(r, code);
    NOTES(r, 2, 1);
}

/* INT-031: IoRequestDpc is KeInsertQueueDpc of the device's DPC with packet and
 * context: three interrupts while it cannot run are one call, with the first
 * one's packet. */
static void one_dpc_for_several_interrupts(void **state)
{
    struct rig *r = *state;
    uint32_t dpc = pool(r, 0x20), left = pool(r, 4), routine, isr, code;

    routine = here(r); /* DpcForIsr(Dpc, DeviceObject, Irp, Context) */
    for (uint8_t at = 4; at <= 16; at = (uint8_t)(at + 4)) {
        CODE(r, 0xff, 0x74, 0x24, at);
        call(r, "TestNote");
    }
    ret(r, 16);
    set(r, dpc, 0x01000013);
    set(r, dpc + 0xc, routine);
    set(r, dpc + 0x10, 0x1111); /* DeferredContext: the device object */
    isr = here(r);
    CODE(r, 0xff, 0x05); /* inc [left]: the packet */
    dword(r, left);
    emit_push(r, 0x3333);
    CODE(r, 0xff, 0x35);
    dword(r, left);
    emit_push(r, dpc);
    call(r, "KeInsertQueueDpc");
    out_card(r, 0, 0);
    mov_eax(r, 1);
    ret(r, 8);
    connect_isr(r, 3, isr, 0, true, false);
    code = here(r);
    raise_to(r, 2);
    for (unsigned i = 0; i < 3; i++) {
        out_card(r, 0, 1);
        CODE(r, 0x90, 0x90);
    }
    CODE(r, 0xa1);
    dword(r, left);
    note_eax(r);
    lower_to(r, 0);
    note(r, 9);
    out_card(r, 0, 1); /* the next one queues it again */
    CODE(r, 0x90, 0x90);
    note(r, 10);
    ret(r, 4);
    go(r, code);
    NOTES(r, 3, dpc, 0x1111, 1, 0x3333, 9, dpc, 0x1111, 4, 0x3333, 10);
}

/* INT-017: a service routine preempts a DPC. */
static void an_interrupt_preempts_a_dpc(void **state)
{
    struct rig *r = *state;
    uint32_t isr = make_isr(r, 5, 0, 1), dpc = pool(r, 0x20);
    uint32_t routine = here(r), code;

    note(r, 1);
    out_card(r, 0, 1);
    CODE(r, 0x90, 0x90);
    note(r, 2);
    ret(r, 16);
    set(r, dpc, 0x01000013);
    set(r, dpc + 0xc, routine);
    connect_isr(r, 3, isr, 0, false, true);
    code = here(r);
    queue_dpc(r, dpc, 0);
    note(r, 3);
    ret(r, 4);
    go(r, code);
    NOTES(r, 1, 5, 2, 3);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_dpc_queued_below_dispatch_has_run_when_the_call_returns),
        TEST(a_dpc_is_queued_once_and_keeps_its_first_arguments),
        TEST(a_dpc_may_queue_itself_again),
        TEST(importance_orders_the_queue),
        TEST(a_removed_dpc_does_not_run),
        TEST(a_dpc_of_a_service_routine_runs_before_the_thread_goes_on),
        TEST(dpcs_run_on_a_stack_of_their_own_at_dispatch_level),
        TEST(one_dpc_for_several_interrupts),
        TEST(an_interrupt_preempts_a_dpc),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
