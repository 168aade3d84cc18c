/* Ring 3: system services, PreviousMode, what a user thread cannot do. */
#include "rig.h"

#include <string.h>

enum { USER_CODE = 0x10000, USER_STACK = 0x30000 };

/* A process with a page of code and one of stack; returns its number. */
static uint32_t process(struct rig *r, uint32_t *space)
{
    gva_t code = gva_of(USER_CODE), stack = gva_of(USER_STACK);

    assert_int_equal(space_create(&r->mm, space), HB_OK);
    assert_int_equal(user_alloc(&r->mm, *space, &code, 1, MM_RWX | MM_USER),
                     HB_OK);
    assert_int_equal(user_alloc(&r->mm, *space, &stack, 1, MM_RW | MM_USER),
                     HB_OK);
    return ke_process_create(r->ke, *space);
}

/* A thread of @process that runs @bytes from USER_CODE. */
static uint32_t user_thread(struct rig *r, uint32_t p, uint32_t space,
                            unsigned count, const uint8_t *b)
{
    struct ke_thread_start how = {.process = p,
                                  .start = gva_of(USER_CODE),
                                  .user = true,
                                  .user_esp = USER_STACK + 0x800,
                                  .teb = 0x7ffdd000,
                                  .name = "user"};
    uint32_t status, id;

    assert_int_equal(mm_write(&r->mm, space, gva_of(USER_CODE), b, count),
                     HB_OK);
    id = ke_thread_create(r->ke, &how, &status);
    assert_int_not_equal(id, 0);
    ke_kick(r->ke);
    return id;
}
#define USER(r, p, space, ...)                                                 \
    user_thread((r), (p), (space), sizeof((uint8_t[]){__VA_ARGS__}),           \
                (const uint8_t[]){__VA_ARGS__})

static const struct ke_service services[] = {{"ZwTest"}, {"TestNote"}};

static void serve(struct rig *r)
{
    struct hb_error e;

    assert_int_equal(ke_set_services(r->ke, services, 2, &e), HB_OK);
}

static uint32_t user_u32(struct rig *r, uint32_t space, uint32_t at)
{
    uint32_t v = 0;

    assert_int_equal(mm_read(&r->mm, space, gva_of(at), &v, 4), HB_OK);
    return v;
}

/* mov eax, n; mov edx, args; int 2Eh */
#define SERVICE(n) 0xb8, (n), 0, 0, 0, 0xba, 0x40, 0x00, 0x03, 0x00, 0xcd, 0x2e
/* mov [30080h], eax; jmp $ */
#define KEEP 0xa3, 0x80, 0x00, 0x03, 0x00, 0xeb, 0xfe

static void a_service_gets_its_arguments_and_user_mode(void **state)
{
    struct rig *r = *state;
    const uint32_t args[2] = {30, 12};
    uint32_t space, p = process(r, &space);

    serve(r);
    mm_write(&r->mm, space, gva_of(USER_STACK + 0x40), args, sizeof args);
    USER(r, p, space, SERVICE(0), KEEP);
    run(r, 300000);
    assert_int_equal(user_u32(r, space, USER_STACK + 0x80), 42);
}

static void the_same_routine_called_by_a_driver_sees_kernel_mode(void **state)
{
    struct rig *r = *state;
    uint32_t code = here(r);

    emit_push(r, 12);
    emit_push(r, 30);
    call(r, "ZwTest");
    note_eax(r);
    call(r, "ExGetPreviousMode");
    note_eax(r);
    ret(r, 4);
    start(r, code, 0);
    assert_true(run(r, 1000000));
    assert_int_equal(r->note[0], 18);
    assert_int_equal(r->note[1], 0);
}

static void an_unknown_service_is_a_status(void **state)
{
    struct rig *r = *state;
    uint32_t space, p = process(r, &space);

    serve(r);
    USER(r, p, space, SERVICE(9), KEEP);
    run(r, 300000);
    assert_int_equal(user_u32(r, space, USER_STACK + 0x80), 0xc000001c);
}

static void arguments_that_cannot_be_read_are_a_status(void **state)
{
    struct rig *r = *state;
    uint32_t space, p = process(r, &space);

    serve(r);
    /* edx = 80000000h: there, but not for ring 3 */
    USER(r, p, space, 0xb8, 0, 0, 0, 0, 0xba, 0, 0, 0, 0x80, 0xcd, 0x2e, KEEP);
    run(r, 300000);
    assert_int_equal(user_u32(r, space, USER_STACK + 0x80), 0xc0000005);
}

static void sysenter_through_the_shared_page_comes_back(void **state)
{
    struct rig *r = *state;
    uint32_t space, p = process(r, &space);

    serve(r);
    /* call stub; mov [..], eax; jmp $; stub: mov eax, 0; mov ecx, 7FFE0300h;
       call ecx; ret 8 -- with two arguments pushed */
    USER(r, p, space, 0x6a, 12, 0x6a, 30, 0xe8, 7, 0, 0, 0, KEEP, 0xb8, 0, 0, 0,
         0, 0xb9, 0x00, 0x03, 0xfe, 0x7f, 0xff, 0xd1, 0xc2, 8, 0);
    run(r, 300000);
    assert_int_equal(user_u32(r, space, USER_STACK + 0x80), 42);
}

static void ends_by(struct rig *r, uint32_t thread, const char *code)
{
    assert_true(run(r, 10000000));
    assert_false(ke_ended(r->ke));
    assert_false(ke_thread_exists(r->ke, thread));
    assert_non_null(strstr(r->trace, code));
}

static void vmcall_in_ring_3_is_no_instruction(void **state)
{
    struct rig *r = *state;
    uint32_t space, p = process(r, &space), thread;

    rig_trace(r, "finding");
    thread = USER(r, p, space, 0x0f, 0x01, 0xc1);
    ends_by(r, thread, "c000001d");
}

static void a_stub_is_out_of_reach_of_ring_3(void **state)
{
    struct rig *r = *state;
    uint32_t space, p = process(r, &space), thread;
    uint32_t to = ke_stub(r->ke, "TestNote").v;

    rig_trace(r, "finding");
    thread = USER(r, p, space, 0xb8, (uint8_t)to, (uint8_t)(to >> 8),
                  (uint8_t)(to >> 16), (uint8_t)(to >> 24), 0xff, 0xd0);
    ends_by(r, thread, "c0000005");
    assert_int_equal(r->notes, 0);
}

/* PTE-009: a supervisor page that is there, a hole, and paged pool that is
 * away are all the same to ring 3: an access violation, never a bugcheck, and
 * nothing comes in. */
static void supervisor_pages_are_violations_in_ring_3(void **state)
{
    struct rig *r = *state;
    uint32_t space, p = process(r, &space);
    gva_t away;
    uint32_t at[3];

    assert_int_equal(pool_alloc(&r->mm, POOL_PAGED, 4096, 1, &away), HB_OK);
    at[0] = pool(r, 16);
    at[1] = 0x90000000;
    at[2] = away.v;
    rig_trace(r, "finding");
    for (unsigned i = 0; i < 3; i++) {
        uint32_t thread =
            USER(r, p, space, 0xa1, (uint8_t)at[i], (uint8_t)(at[i] >> 8),
                 (uint8_t)(at[i] >> 16), (uint8_t)(at[i] >> 24), KEEP);

        ends_by(r, thread, "c0000005");
        assert_false(ke_ended(r->ke));
        ke_thread_release(r->ke, thread);
    }
    assert_false(pte_get(&r->mm, 0, away) & PTE_P);
}

static void privileged_instructions_end_a_user_thread(void **state)
{
    struct rig *r = *state;
    uint32_t space, p = process(r, &space), thread;

    rig_trace(r, "finding");
    thread = USER(r, p, space, 0xfa); /* cli */
    ends_by(r, thread, "c0000096");
    ke_thread_release(r->ke, thread);
    ke_process_destroy(r->ke, p);
    assert_int_equal(space_destroy(&r->mm, space, NULL), HB_OK);
}

static void ring_3_cannot_spin_others_out(void **state)
{
    struct rig *r = *state;
    uint32_t space, p = process(r, &space), code;

    USER(r, p, space, 0xeb, 0xfe);
    run(r, 200000);
    code = here(r);
    note(r, 1);
    ret(r, 4);
    start(r, code, 0);
    run(r, 2000000);
    assert_int_equal(r->notes, 1);
}

static void user_segments_and_registers_survive_interrupts(void **state)
{
    struct rig *r = *state;
    uint32_t space, p = process(r, &space);

    /* mov ebx, 11223344h; loop: inc [30080h]; cmp ebx..; mov ax, fs;
       mov [30090h], eax; jmp loop */
    USER(r, p, space, 0xbb, 0x44, 0x33, 0x22, 0x11, 0xff, 0x05, 0x80, 0x00,
         0x03, 0x00, 0x89, 0x1d, 0x84, 0x00, 0x03, 0x00, 0x31, 0xc0, 0x66, 0x8c,
         0xe0, 0xa3, 0x90, 0x00, 0x03, 0x00, 0xeb, 0xe8);
    run(r, 1000000);
    assert_true(user_u32(r, space, USER_STACK + 0x80) > 1000);
    assert_int_equal(user_u32(r, space, USER_STACK + 0x84), 0x11223344);
    assert_int_equal(user_u32(r, space, USER_STACK + 0x90), 0x3b);
    assert_true(ke_interrupt_time(r->ke) > 0);
}

/* A DPC and another thread that interrupt ring 3 find the kernel's FS. */
static void what_interrupts_ring_3_runs_with_the_kernels_segments(void **state)
{
    struct rig *r = *state;
    uint32_t space, p = process(r, &space), dpc = pool(r, 0x20), code, thread;
    uint32_t timer = pool(r, 0x28);

    code = here(r);
    CODE(r, 0x64, 0xa1); /* mov eax, fs:[124h] */
    dword(r, 0x124);
    note_eax(r);
    ret(r, 16);
    set(r, dpc, 0x01000013);
    set(r, dpc + 0xc, code);
    ke_event_init(r->ke, gva_of(timer), TIMER_NOTIFICATION, false);
    /* mov ax, ds; mov [30090h], eax; mov ax, fs; ...; jmp */
    thread = USER(r, p, space, 0x31, 0xc0, 0x66, 0x8c, 0xe0, 0xa3, 0x90, 0x00,
                  0x03, 0x00, 0xeb, 0xf4);
    run(r, 100000);
    ke_timer_set(r->ke, gva_of(timer), 1, 0, gva_of(dpc));
    run(r, 400000);
    assert_int_equal(r->notes, 1);
    assert_int_equal(r->note[0], ke_thread_object(r->ke, thread).v);
    code = here(r);
    CODE(r, 0x64, 0xa1);
    dword(r, 0x124);
    note_eax(r);
    ret(r, 4);
    thread = start(r, code, 0);
    run(r, 2000000);
    assert_int_equal(r->notes, 2);
    assert_int_equal(r->note[1], ke_thread_object(r->ke, thread).v);
    assert_int_equal(user_u32(r, space, USER_STACK + 0x90), 0x3b);
}

static void a_spinning_user_thread_can_be_ended(void **state)
{
    struct rig *r = *state;
    uint32_t space, p = process(r, &space), thread;

    thread = USER(r, p, space, 0xeb, 0xfe);
    run(r, 100000);
    assert_true(ke_thread_exists(r->ke, thread));
    ke_thread_terminate(r->ke, thread, 7);
    assert_true(run(r, 1000000));
    assert_false(ke_thread_exists(r->ke, thread));
}

/* A driver's wait in user mode is over when the thread is to end, and so is the
 * next one; in kernel mode it goes on. */
static void a_wait_in_user_mode_ends_with_its_thread(void **state)
{
    static const struct ke_service twice[] = {{"TestTwice"}};
    struct rig *r = *state;
    uint32_t space, p = process(r, &space), thread, driver = here(r);
    uint32_t event = pool(r, 16);
    struct hb_error e;

    emit_push(r, 0);
    emit_push(r, 0);
    emit_push(r, USER_MODE);
    emit_push(r, 0);
    emit_push(r, event);
    call(r, "KeWaitForSingleObject");
    note_eax(r);
    ret(r, 4);
    assert_int_equal(ke_set_services(r->ke, twice, 1, &e), HB_OK);
    mm_write(&r->mm, space, gva_of(USER_STACK + 0x40), &driver, 4);
    thread = USER(r, p, space, SERVICE(0), KEEP);
    run(r, 100000);
    assert_int_equal(r->notes, 0);
    ke_thread_terminate(r->ke, thread, 7);
    ke_kick(r->ke);
    assert_true(run(r, 1000000));
    NOTES(r, 0xc0, 0xc0);
    assert_false(ke_thread_exists(r->ke, thread));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_service_gets_its_arguments_and_user_mode),
        TEST(the_same_routine_called_by_a_driver_sees_kernel_mode),
        TEST(an_unknown_service_is_a_status),
        TEST(arguments_that_cannot_be_read_are_a_status),
        TEST(sysenter_through_the_shared_page_comes_back),
        TEST(vmcall_in_ring_3_is_no_instruction),
        TEST(a_stub_is_out_of_reach_of_ring_3),
        TEST(supervisor_pages_are_violations_in_ring_3),
        TEST(privileged_instructions_end_a_user_thread),
        TEST(ring_3_cannot_spin_others_out),
        TEST(user_segments_and_registers_survive_interrupts),
        TEST(what_interrupts_ring_3_runs_with_the_kernels_segments),
        TEST(a_spinning_user_thread_can_be_ended),
        TEST(a_wait_in_user_mode_ends_with_its_thread),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
