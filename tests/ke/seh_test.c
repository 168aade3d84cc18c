/* Structured exceptions: dispatch over fs:[0], unwinding, the compiler's
 * __try frames, what nobody handles. */
#include "frames.h"

#include <string.h>

/* A handler that skips @skip bytes and says: continue execution. */
static uint32_t skipping_handler(struct rig *r, uint8_t skip)
{
    uint32_t at = here(r);

    CODE(r, 0x8b, 0x44, 0x24, 0x04); /* mov eax, [esp+4]: record */
    CODE(r, 0xff, 0x30);             /* push [eax]: its code */
    call(r, "TestNote");
    CODE(r, 0x8b, 0x44, 0x24, 0x0c); /* mov eax, [esp+12]: context */
    CODE(r, 0x83, 0x80);             /* add dword [eax+B8h], skip */
    dword(r, 0xb8);
    CODE(r, skip);
    CODE(r, 0x31, 0xc0); /* xor eax, eax */
    ret(r, 0);
    return at;
}

static uint32_t passing_handler(struct rig *r, uint32_t v)
{
    uint32_t at = here(r);

    note(r, v);
    mov_eax(r, 1); /* continue search */
    ret(r, 0);
    return at;
}

/* mov [10h], eax: five bytes that fault */
static void fault(struct rig *r)
{
    CODE(r, 0xa3);
    dword(r, 0x10);
}

static void a_handler_may_change_the_context_and_go_on(void **state)
{
    struct rig *r = *state;
    uint32_t outer = skipping_handler(r, 5), inner = passing_handler(r, 2);
    uint32_t code = here(r);

    install(r, outer);
    install(r, inner);
    CODE(r, 0xbb, 1, 0, 0, 0); /* mov ebx, 1 */
    fault(r);
    CODE(r, 0x89, 0xd8); /* mov eax, ebx */
    note_eax(r);
    uninstall(r);
    uninstall(r);
    ret(r, 4);
    go(r, code);
    NOTES(r, 2, 0xc0000005, 1);
}

static void division_and_bad_opcodes_have_their_codes(void **state)
{
    struct rig *r = *state;
    uint32_t handler = skipping_handler(r, 2), code = here(r);

    install(r, handler);
    CODE(r, 0x31, 0xc9, 0xf7, 0xf1); /* xor ecx, ecx; div ecx */
    CODE(r, 0x0f, 0x0b);             /* ud2 */
    uninstall(r);
    ret(r, 4);
    go(r, code);
    NOTES(r, 0xc0000094, 0xc000001d);
}

static void nobody(struct rig *r, uint32_t code, uint32_t bugcheck, uint32_t p0)
{
    start(r, code, 0);
    assert_true(run(r, 10000000));
    assert_int_equal(ke_bugcheck_state(r->ke)->code, bugcheck);
    assert_int_equal(ke_bugcheck_state(r->ke)->p[0], p0);
}

static void what_nobody_handles_in_a_system_thread_is_0x7e(void **state)
{
    struct rig *r = *state;
    uint32_t handler = passing_handler(r, 1), code = here(r);

    install(r, handler);
    fault(r);
    nobody(r, code, 0x7e, 0xc0000005);
    NOTES(r, 1);
    assert_string_equal(ke_bugcheck_state(r->ke)->image, "test.sys");
}

static void before_nt_5_1_it_is_0x1e(void **state)
{
    struct rig *r = rig_create(MM_2000);
    uint32_t code = here(r);

    (void)state;
    fault(r);
    nobody(r, code, 0x1e, 0xc0000005);
    assert_int_equal(ke_bugcheck_state(r->ke)->p[1], code);
    assert_int_equal(ke_bugcheck_state(r->ke)->p[2], 1); /* write */
    assert_int_equal(ke_bugcheck_state(r->ke)->p[3], 0x10);
    rig_destroy(r);
}

static void a_bad_kernel_address_is_0x50(void **state)
{
    struct rig *r = *state;
    uint32_t code = here(r);

    CODE(r, 0xa1);
    dword(r, 0xdead0000);
    nobody(r, code, 0x50, 0xdead0000);
    assert_int_equal(ke_bugcheck_state(r->ke)->p[1], 0);
    assert_int_equal(ke_bugcheck_state(r->ke)->p[2], code);
}

/* SEC-001: a routine's bad pointer is the caller's exception */
static void a_routine_faults_at_its_caller(void **state)
{
    struct rig *r = *state;
    uint32_t handler = skipping_handler(r, 0), code = here(r);

    install(r, handler);
    emit_push(r, 0x20);
    call(r, "TestLoad");
    note(r, 5);
    uninstall(r);
    ret(r, 4);
    go(r, code);
    NOTES(r, 0xc0000005, 5);
}

static void a_routine_with_a_bad_kernel_pointer_is_0x50(void **state)
{
    struct rig *r = *state;
    uint32_t code = here(r);

    emit_push(r, 0xdead0000);
    call(r, "TestLoad");
    nobody(r, code, 0x50, 0xdead0000);
}

static void a_routine_with_a_bad_pointer_at_dispatch_level_is_0x0a(void **state)
{
    struct rig *r = *state;
    uint32_t code = here(r);

    mov_ecx(r, 2);
    call(r, "KfRaiseIrql");
    emit_push(r, 0x20);
    call(r, "TestLoad");
    nobody(r, code, 0x0a, 0x20);
    assert_string_equal(ke_bugcheck_state(r->ke)->routine, "TestLoad");
}

static void a_raised_status_cannot_be_continued(void **state)
{
    struct rig *r = *state;
    uint32_t handler = skipping_handler(r, 0), code = here(r);

    install(r, handler);
    emit_push(r, 0xc0000123);
    call(r, "ExRaiseStatus");
    nobody(r, code, 0x7e, 0xc0000025);
    assert_int_equal(r->note[0], 0xc0000123);
    assert_int_equal(r->note[1], 0xc0000025);
}

static void a_circular_chain_of_handlers_ends(void **state)
{
    struct rig *r = *state;
    uint32_t handler = passing_handler(r, 1), code = here(r);

    install(r, handler);
    CODE(r, 0x89, 0x24, 0x24); /* mov [esp], esp: next is itself */
    fault(r);
    nobody(r, code, 0x7e, 0xc0000005);
    NOTES(r, 1);
}

static void a_handler_off_the_stack_is_not_called(void **state)
{
    struct rig *r = *state;
    uint32_t handler = passing_handler(r, 1), frame = pool(r, 8), code;

    set(r, frame, 0xffffffff);
    set(r, frame + 4, handler);
    code = here(r);
    mov_eax(r, frame);
    CODE(r, 0x64, 0xa3, 0, 0, 0, 0); /* mov fs:[0], eax */
    fault(r);
    nobody(r, code, 0x7e, 0xc0000005);
    assert_int_equal(r->notes, 0);
}

/* ---- the compiler's frames
 * -------------------------------------------------------- */

/* Prologue of a function with __try: registration at ebp-10h. */
static void try_function(struct rig *r, uint32_t scopes)
{
    CODE(r, 0x55, 0x89, 0xe5, 0x6a, 0xff); /* push ebp; mov ebp, esp; push -1 */
    emit_push(r, scopes);
    emit_push(r, ke_stub(r->ke, "_except_handler3").v);
    CODE(r, 0x64, 0xff, 0x35, 0, 0, 0, 0); /* push fs:[0] */
    CODE(r, 0x64, 0x89, 0x25, 0, 0, 0, 0); /* mov fs:[0], esp */
    CODE(r, 0x83, 0xec, 0x08);             /* sub esp, 8 */
    CODE(r, 0x89, 0x65, 0xe8);             /* mov [ebp-18h], esp */
}

static void try_level(struct rig *r, uint8_t level)
{
    CODE(r, 0xc7, 0x45, 0xfc); /* mov dword [ebp-4], level */
    dword(r, level == 0xff ? 0xffffffff : level);
}

static void try_end(struct rig *r, uint16_t pop)
{
    CODE(r, 0x8b, 0x45, 0xf0);       /* mov eax, [ebp-10h] */
    CODE(r, 0x64, 0xa3, 0, 0, 0, 0); /* mov fs:[0], eax */
    CODE(r, 0x89, 0xec, 0x5d);       /* mov esp, ebp; pop ebp */
    ret(r, pop);
}

/* An __except block: notes @v and returns from the function. */
static uint32_t except_block(struct rig *r, uint32_t v, uint16_t pop)
{
    uint32_t at = here(r);

    CODE(r, 0x8b, 0x65, 0xe8); /* mov esp, [ebp-18h] */
    note(r, v);
    try_level(r, 0xff);
    try_end(r, pop);
    return at;
}

/* A filter that notes the exception's code and says @answer. */
static uint32_t filter(struct rig *r, uint32_t answer)
{
    uint32_t at = here(r);

    CODE(r, 0x8b, 0x45, 0xec); /* mov eax, [ebp-14h]: EXCEPTION_POINTERS */
    CODE(r, 0x8b, 0x00);       /* mov eax, [eax]: record */
    CODE(r, 0xff, 0x30);       /* push [eax] */
    call(r, "TestNote");
    mov_eax(r, answer);
    ret(r, 0);
    return at;
}

static uint32_t finally_block(struct rig *r, uint32_t v)
{
    uint32_t at = here(r);

    note(r, v);
    ret(r, 0);
    return at;
}

static void scope(struct rig *r, uint32_t at, uint32_t enclosing,
                  uint32_t filter_at, uint32_t handler)
{
    set(r, at, enclosing);
    set(r, at + 4, filter_at);
    set(r, at + 8, handler);
}

static void an_except_block_catches_what_its_filter_takes(void **state)
{
    struct rig *r = *state;
    uint32_t scopes = pool(r, 24), code;

    scope(r, scopes, 0xffffffff, filter(r, 1), except_block(r, 55, 4));
    code = here(r);
    try_function(r, scopes);
    try_level(r, 0);
    emit_push(r, 0xc0000123);
    call(r, "ExRaiseStatus");
    go(r, code);
    NOTES(r, 0xc0000123, 55);
}

static void a_filter_may_continue_execution(void **state)
{
    struct rig *r = *state;
    uint32_t scopes = pool(r, 24), filter_at = here(r), code;

    CODE(r, 0x8b, 0x45, 0xec, 0x8b, 0x40, 0x04); /* context */
    CODE(r, 0x83, 0x80);                         /* eip += 5 */
    dword(r, 0xb8);
    CODE(r, 5);
    mov_eax(r, 0xffffffff);
    ret(r, 0);
    scope(r, scopes, 0xffffffff, filter_at, 0);
    code = here(r);
    try_function(r, scopes);
    try_level(r, 0);
    fault(r);
    note(r, 8);
    try_end(r, 4);
    go(r, code);
    NOTES(r, 8);
}

/* Level 0 catches; level 1 inside it has a __finally; the function called from
 * there has one too. Filters first, then blocks from the innermost out. */
static void finally_blocks_run_from_the_inside_out(void **state)
{
    struct rig *r = *state;
    uint32_t outer = pool(r, 24), inner = pool(r, 12), callee, code;

    scope(r, outer, 0xffffffff, filter(r, 1), except_block(r, 55, 4));
    scope(r, outer + 12, 0, 0, finally_block(r, 44));
    scope(r, inner, 0xffffffff, 0, finally_block(r, 33));
    callee = here(r);
    try_function(r, inner);
    try_level(r, 0);
    fault(r);
    code = here(r);
    try_function(r, outer);
    try_level(r, 1);
    call_at(r, callee);
    go(r, code);
    NOTES(r, 0xc0000005, 33, 44, 55);
}

static void a_filter_that_declines_passes_to_the_enclosing_level(void **state)
{
    struct rig *r = *state;
    uint32_t scopes = pool(r, 24), code;

    scope(r, scopes, 0xffffffff, filter(r, 1), except_block(r, 55, 4));
    scope(r, scopes + 12, 0, filter(r, 0), 0);
    code = here(r);
    try_function(r, scopes);
    try_level(r, 1);
    fault(r);
    go(r, code);
    NOTES(r, 0xc0000005, 0xc0000005, 55);
}

/* The exception crosses a kernel routine that called back. */
static void unwinding_past_a_routine_drops_its_record(void **state)
{
    struct rig *r = *state;
    uint32_t scopes = pool(r, 12), callee = here(r), code;

    fault(r);
    ret(r, 4);
    scope(r, scopes, 0xffffffff, filter(r, 1), except_block(r, 55, 4));
    code = here(r);
    try_function(r, scopes);
    try_level(r, 0);
    emit_push(r, callee);
    call(r, "TestTwice");
    rig_trace(r, "unwound");
    go(r, code);
    NOTES(r, 0xc0000005, 55);
    assert_non_null(strstr(r->trace, "TestTwice"));
}

/* Caught again and again, the stack stays where it is. */
static void many_caught_exceptions_leave_nothing_behind(void **state)
{
    struct rig *r = *state;
    uint32_t scopes = pool(r, 12), left = pool(r, 4), function, code;

    scope(r, scopes, 0xffffffff, here(r), 0);
    mov_eax(r, 1); /* filter */
    ret(r, 0);
    scope(r, scopes, 0xffffffff, get(r, scopes + 4), here(r));
    CODE(r, 0x8b, 0x65, 0xe8);
    try_level(r, 0xff);
    try_end(r, 0);
    function = here(r);
    try_function(r, scopes);
    try_level(r, 0);
    emit_push(r, 0x20);
    call(r, "TestLoad");
    code = here(r);
    set(r, left, 500);
    call_at(r, function);
    CODE(r, 0xff, 0x0d); /* dec [left] */
    dword(r, left);
    CODE(r, 0x75, 0xf3); /* jnz code */
    note(r, 1);
    ret(r, 4);
    go(r, code);
    NOTES(r, 1);
}

static void queue_dpc(struct rig *r, uint32_t routine)
{
    uint32_t dpc = pool(r, 0x20);

    set(r, dpc, 0x01000013);
    set(r, dpc + 0xc, routine);
    emit_push(r, 0);
    emit_push(r, 0);
    emit_push(r, dpc);
    call(r, "KeInsertQueueDpc");
}

/* A thread's handlers are not for what interrupts it. */
static void a_dpc_is_not_inside_the_interrupted_try_block(void **state)
{
    struct rig *r = *state;
    uint32_t handler = passing_handler(r, 1), dpc = here(r), code;

    CODE(r, 0x0f, 0x0b);
    code = here(r);
    install(r, handler);
    queue_dpc(r, dpc);
    nobody(r, code, 0x8e, 0xc000001d);
    assert_int_equal(r->notes, 0);
}

/* A DPC that jumps back into the thread: later DPCs run all the same. */
static void a_dpc_that_jumps_out_of_its_stack_is_dropped(void **state)
{
    struct rig *r = *state;
    uint32_t jumps = here(r), notes, code;

    CODE(r, 0x89, 0xdc, 0xff, 0xe6); /* mov esp, ebx; jmp esi */
    notes = here(r);
    note(r, 5);
    ret(r, 16);
    code = here(r);
    CODE(r, 0x89, 0xe3, 0xbe); /* mov ebx, esp; mov esi, after */
    dword(r, here(r) + 4 + 20);
    queue_dpc(r, jumps);
    mov_ecx(r, 0); /* after */
    call(r, "KfLowerIrql");
    queue_dpc(r, notes);
    note(r, 6);
    CODE(r, 0x64, 0xc7, 0x05, 0, 0, 0, 0); /* fs:[0] = end of chain */
    dword(r, 0xffffffff);
    ret(r, 4);
    rig_trace(r, "unwound");
    go(r, code);
    NOTES(r, 5, 6);
    assert_non_null(strstr(r->trace, "dispatch"));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_handler_may_change_the_context_and_go_on),
        TEST(division_and_bad_opcodes_have_their_codes),
        TEST(what_nobody_handles_in_a_system_thread_is_0x7e),
        cmocka_unit_test(before_nt_5_1_it_is_0x1e),
        TEST(a_bad_kernel_address_is_0x50),
        TEST(a_routine_faults_at_its_caller),
        TEST(a_routine_with_a_bad_kernel_pointer_is_0x50),
        TEST(a_routine_with_a_bad_pointer_at_dispatch_level_is_0x0a),
        TEST(a_raised_status_cannot_be_continued),
        TEST(a_circular_chain_of_handlers_ends),
        TEST(a_handler_off_the_stack_is_not_called),
        TEST(an_except_block_catches_what_its_filter_takes),
        TEST(a_filter_may_continue_execution),
        TEST(finally_blocks_run_from_the_inside_out),
        TEST(a_filter_that_declines_passes_to_the_enclosing_level),
        TEST(unwinding_past_a_routine_drops_its_record),
        TEST(many_caught_exceptions_leave_nothing_behind),
        TEST(a_dpc_is_not_inside_the_interrupted_try_block),
        TEST(a_dpc_that_jumps_out_of_its_stack_is_dropped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
