/* Calls, callbacks, their records; hostile callees: design invariants 1, 2
 * and 4. */
#include "rig.h"

#include <stdlib.h>
#include <string.h>

/* A routine that notes its argument and returns it times ten. */
static uint32_t emit_callee(struct rig *r)
{
    uint32_t at = here(r);

    CODE(r, 0xff, 0x74, 0x24, 0x04); /* push [esp+4] */
    call(r, "TestNote");
    CODE(r, 0x8b, 0x44, 0x24, 0x04); /* mov eax, [esp+4] */
    CODE(r, 0x6b, 0xc0, 0x0a);       /* imul eax, eax, 10 */
    ret(r, 4);
    return at;
}

static uint32_t emit_caller(struct rig *r, uint32_t callee)
{
    uint32_t at = here(r);

    emit_push(r, callee);
    call(r, "TestTwice");
    note_eax(r);
    ret(r, 4);
    return at;
}

static void a_routine_calls_back_and_goes_on(void **state)
{
    struct rig *r = *state;
    uint32_t code = emit_caller(r, emit_callee(r));
    uint32_t thread = start(r, code, 0);

    assert_true(run(r, 1000000));
    assert_false(ke_ended(r->ke));
    assert_int_equal(r->notes, 3);
    assert_int_equal(r->note[0], 1);
    assert_int_equal(r->note[1], 2);
    assert_int_equal(r->note[2], 30);
    assert_false(ke_thread_exists(r->ke, thread));
}

static void callbacks_nest_and_the_stack_comes_back(void **state)
{
    struct rig *r = *state;
    uint32_t callee = emit_callee(r), inner = here(r), code;

    emit_push(r, callee);
    call(r, "TestTwice"); /* 30 */
    ret(r, 4);
    code = here(r);
    CODE(r, 0x89, 0xe3); /* mov ebx, esp */
    emit_push(r, inner);
    call(r, "TestTwice");
    note_eax(r);
    CODE(r, 0x29, 0xe3, 0x89, 0xd8); /* sub ebx, esp; mov eax, ebx */
    note_eax(r);
    ret(r, 4);
    start(r, code, 0);
    assert_true(run(r, 1000000));
    assert_int_equal(r->notes, 6);
    assert_int_equal(r->note[4], 60);
    assert_int_equal(r->note[5], 0);
}

static void fastcall_arguments_go_both_ways(void **state)
{
    struct rig *r = *state;
    uint32_t callee = here(r), code;

    CODE(r, 0x8d, 0x04, 0x11);       /* lea eax, [ecx+edx] */
    CODE(r, 0x03, 0x44, 0x24, 0x04); /* add eax, [esp+4] */
    ret(r, 4);
    code = here(r);
    emit_push(r, 200);
    mov_ecx(r, callee);
    mov_edx(r, 1000);
    call(r, "TestFast");
    note_eax(r);
    ret(r, 4);
    start(r, code, 0);
    assert_true(run(r, 1000000));
    assert_int_equal(r->note[0], 1207);
}

static void a_routine_may_come_back_many_times(void **state)
{
    struct rig *r = *state;
    uint32_t code = here(r);

    emit_push(r, 100);
    call(r, "TestAgain");
    note_eax(r);
    ret(r, 4);
    start(r, code, 0);
    assert_true(run(r, 1000000));
    assert_int_equal(r->note[0], 0x1234);
}

/* ---- hostile
 * --------------------------------------------------------------------- */

static void wrong_pop(struct rig *r, uint16_t pop, uint32_t bytes_off)
{
    uint32_t callee = here(r);
    const struct ke_bugcheck *b;

    ret(r, pop);
    start(r, emit_caller(r, callee), 0);
    assert_true(run(r, 1000000));
    b = ke_bugcheck_state(r->ke);
    assert_true(b->ended);
    assert_int_equal(b->code, 0xf7);
    assert_int_equal(b->p[2], bytes_off);
    assert_non_null(strstr(b->text, "TestTwice"));
}

/* SEC-018 */
static void a_callee_that_pops_too_much_is_told_by_how_many_bytes(void **state)
{
    wrong_pop(*state, 12, 8);
    assert_non_null(strstr(ke_bugcheck_state(((struct rig *)*state)->ke)->text,
                           "8 bytes too many"));
}

/* SEC-018: a cdecl routine where stdcall is due */
static void
a_callee_that_pops_too_little_is_told_by_how_many_bytes(void **state)
{
    wrong_pop(*state, 0, (uint32_t)-4);
    assert_non_null(strstr(ke_bugcheck_state(((struct rig *)*state)->ke)->text,
                           "4 bytes too few"));
}

static void a_smashed_frame_faults_in_the_guest(void **state)
{
    struct rig *r = *state;
    uint32_t callee = here(r);

    CODE(r, 0xc7, 0x04, 0x24); /* mov dword [esp], 5 */
    dword(r, 5);
    ret(r, 4);
    start(r, emit_caller(r, callee), 0);
    assert_true(run(r, 1000000));
    assert_int_equal(ke_bugcheck_state(r->ke)->code, 0x7e);
    assert_int_equal(ke_bugcheck_state(r->ke)->p[0], 0xc0000005);
    assert_int_equal(ke_bugcheck_state(r->ke)->p[1], 5);
}

/* SEC-019: the host's stack stays as it is, the guest's ends */
static void recursion_ends_with_the_guests_stack(void **state)
{
    struct rig *r = *state;
    uint32_t at = here(r);

    emit_push(r, at);
    call(r, "TestTwice");
    ret(r, 4);
    start(r, at, 0);
    assert_true(run(r, 10000000));
    assert_int_equal(ke_bugcheck_state(r->ke)->code, 0x7f);
    assert_int_equal(ke_bugcheck_state(r->ke)->p[0], 8);
}

static void recursion_of_guest_code_alone_is_a_double_fault_too(void **state)
{
    struct rig *r = *state;
    uint32_t at = here(r);

    call_at(r, at);
    start(r, at, 0);
    assert_true(run(r, 10000000));
    assert_int_equal(ke_bugcheck_state(r->ke)->code, 0x7f);
    assert_int_equal(ke_bugcheck_state(r->ke)->p[0], 8);
}

/* A callee that jumps out to its caller's caller: the record is dropped. */
static void a_record_that_was_unwound_past_is_dropped(void **state)
{
    struct rig *r = *state;
    uint32_t callee = here(r), code;

    CODE(r, 0x89, 0xdc); /* mov esp, ebx: as a longjmp */
    CODE(r, 0xff, 0xe6); /* jmp esi */
    code = here(r);
    CODE(r, 0x89, 0xe3); /* mov ebx, esp */
    CODE(r, 0xbe);       /* mov esi, after */
    dword(r, here(r) + 4 + 5 + 5);
    emit_push(r, callee);
    call(r, "TestTwice");
    note(r, 99); /* after */
    ret(r, 4);
    rig_trace(r, "unwound");
    start(r, code, 0);
    assert_true(run(r, 1000000));
    assert_false(ke_ended(r->ke));
    assert_int_equal(r->note[0], 99);
    assert_non_null(strstr(r->trace, "TestTwice"));
}

static void vmcall_in_a_copied_page_is_no_instruction(void **state)
{
    struct rig *r = *state;
    uint32_t code = here(r);

    CODE(r, 0x0f, 0x01, 0xc1, 0xc3);
    start(r, code, 0);
    assert_true(run(r, 1000000));
    assert_int_equal(ke_bugcheck_state(r->ke)->code, 0x7e);
    assert_int_equal(ke_bugcheck_state(r->ke)->p[0], 0xc000001d);
    assert_int_equal(ke_bugcheck_state(r->ke)->p[1], code);
}

/* SEC-034 */
static void a_missing_import_is_named_when_it_is_called(void **state)
{
    struct rig *r = *state;
    uint32_t code = here(r);

    call_at(r, ke_missing_stub(r->ke, "a.sys", "b.sys", "Foo").v);
    start(r, code, 0);
    assert_true(run(r, 1000000));
    assert_non_null(
        strstr(ke_bugcheck_state(r->ke)->text, "a.sys called b.sys!Foo"));
}

/* SEC-033 */
static void a_bugcheck_on_request_keeps_code_and_parameters(void **state)
{
    struct rig *r = *state;
    const struct ke_bugcheck *b;
    uint32_t code = here(r);

    for (uint32_t i = 4; i > 0; i--)
        emit_push(r, i);
    emit_push(r, 0xe2);
    call(r, "KeBugCheckEx");
    start(r, code, 0);
    assert_true(run(r, 1000000));
    b = ke_bugcheck_state(r->ke);
    assert_int_equal(b->code, 0xe2);
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(b->p[i], i + 1);
    assert_string_equal(b->image, "test.sys");
    assert_string_equal(b->routine, "KeBugCheckEx");
}

/* ---- saving
 * -------------------------------------------------------------------------- */

static void bytes_equal(const struct saver *a, const struct saver *b)
{
    assert_int_equal(a->count, b->count);
    assert_memory_equal(a->bytes, b->bytes, a->count);
}

/* The machine can be saved at every instruction between a call and its
 * callback's return, loaded elsewhere, and goes the same way. */
static void saved_at_every_instruction_of_a_callback_it_goes_on(void **state)
{
    struct rig *whole = *state, *half;
    struct saver end, again;
    uint64_t from, to;

    start(whole, emit_caller(whole, emit_callee(whole)), 0);
    from = whole->clock.now;
    half = rig_create(MM_XP);
    for (uint64_t at = from; !ke_idle(whole->ke) || whole->notes < 3; at++) {
        struct saver mid = rig_save(whole);

        rig_load(half, &mid);
        again = rig_save(half);
        bytes_equal(&mid, &again);
        free(again.bytes);
        for (to = whole->clock.now; whole->clock.now == to;)
            assert_true(step(whole, to + 1));
        while (half->clock.now < whole->clock.now)
            assert_true(step(half, to + 1));
        end = rig_save(whole);
        again = rig_save(half);
        bytes_equal(&end, &again);
        free(end.bytes);
        free(again.bytes);
        free(mid.bytes);
        assert_true(at < from + 500);
    }
    assert_int_equal(whole->note[2], 30);
    rig_destroy(half);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_routine_calls_back_and_goes_on),
        TEST(callbacks_nest_and_the_stack_comes_back),
        TEST(fastcall_arguments_go_both_ways),
        TEST(a_routine_may_come_back_many_times),
        TEST(a_callee_that_pops_too_much_is_told_by_how_many_bytes),
        TEST(a_callee_that_pops_too_little_is_told_by_how_many_bytes),
        TEST(a_smashed_frame_faults_in_the_guest),
        TEST(recursion_ends_with_the_guests_stack),
        TEST(recursion_of_guest_code_alone_is_a_double_fault_too),
        TEST(a_record_that_was_unwound_past_is_dropped),
        TEST(vmcall_in_a_copied_page_is_no_instruction),
        TEST(a_missing_import_is_named_when_it_is_called),
        TEST(a_bugcheck_on_request_keeps_code_and_parameters),
        TEST(saved_at_every_instruction_of_a_callback_it_goes_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
