/* Exceptions in handling exceptions, unwinds that meet unwinds, and contexts
 * that handlers change. */
#include "frames.h"

enum {
    UNWINDING = 2,
    NESTED = 0x10,
    NONCONTINUABLE = 1,
    SEARCH = 1,
    CODE_AT = 0,
    FLAGS_AT = 4,
    CHAIN_AT = 8,
    CONTEXT_EBX_AT = 0xa4,
    CONTEXT_EIP_AT = 0xb8,
    CONTEXT_EFLAGS_AT = 0xc0,
    CONTEXT_ESP_AT = 0xc4,
};
#define BAD_OPCODE      0xc000001du
#define VIOLATION       0xc0000005u
#define NO_CONTINUATION 0xc0000025u
#define BAD_DISPOSITION 0xc0000026u
#define UNWIND          0xc0000027u
#define BAD_TARGET      0xc0000029u

/* mov eax, [esp+4]: the record; push [eax+field]; note */
static void note_field(struct rig *r, uint8_t field)
{
    CODE(r, 0x8b, 0x44, 0x24, 0x04, 0xff, 0x70, field);
    call(r, "TestNote");
}

/* Notes @v, the record's code and its flags. */
static uint32_t begin_handler(struct rig *r, uint32_t v)
{
    uint32_t at = here(r);

    note(r, v);
    note_field(r, CODE_AT);
    note_field(r, FLAGS_AT);
    return at;
}

/* mov eax, [esp+4]; cmp dword [eax+field], v; jne over: patched by over() */
static uint32_t if_equal(struct rig *r, uint8_t field, uint32_t v)
{
    CODE(r, 0x8b, 0x44, 0x24, 0x04, 0x81, 0x78, field);
    dword(r, v);
    CODE(r, 0x75, 0);
    return here(r);
}

static void over(struct rig *r, uint32_t from)
{
    uint8_t skip = (uint8_t)(here(r) - from);

    assert_true(ke_write(r->ke, gva_of(from - 1), &skip, 1));
}

static void done(struct rig *r, uint32_t disposition)
{
    mov_eax(r, disposition);
    ret(r, 0);
}

/* mov eax, [esp+12]: the context; add dword [eax+field], v */
static void add_to_context(struct rig *r, uint8_t field, uint32_t v)
{
    CODE(r, 0x8b, 0x44, 0x24, 0x0c, 0x81, 0x80);
    dword(r, field);
    dword(r, v);
}

/* mov [10h], eax: five bytes that fault */
static void fault(struct rig *r)
{
    CODE(r, 0xa3);
    dword(r, 0x10);
}

static void bad_opcode(struct rig *r)
{
    CODE(r, 0x0f, 0x0b);
}

/* The inner handler fails itself: it is asked again, in a nested call; the
 * outer one is beyond the frame that failed and mends both. */
static void an_exception_in_a_handler_is_a_nested_call(void **state)
{
    struct rig *r = *state;
    uint32_t outer = begin_handler(r, 1), inner, code, skip;

    skip = if_equal(r, CODE_AT, BAD_OPCODE);
    add_to_context(r, CONTEXT_EIP_AT, 2);
    done(r, 0);
    over(r, skip);
    add_to_context(r, CONTEXT_EIP_AT, 5);
    done(r, 0);
    inner = begin_handler(r, 2);
    skip = if_equal(r, CODE_AT, VIOLATION);
    bad_opcode(r);
    over(r, skip);
    done(r, SEARCH);
    code = here(r);
    install(r, outer);
    install(r, inner);
    fault(r);
    note(r, 8);
    uninstall(r);
    uninstall(r);
    ret(r, 4);
    go(r, code);
    NOTES(r, 2, VIOLATION, 0, 2, BAD_OPCODE, NESTED, 1, BAD_OPCODE, 0, 1,
          VIOLATION, 0, 8);
}

/* A frame whose handler fails while it is unwound: whoever takes that unwinds
 * again, but the frame is left already and not called twice. */
static void an_unwind_that_meets_an_unwind_goes_on_behind_it(void **state)
{
    struct rig *r = *state;
    uint32_t inner = begin_handler(r, 2), outer, code, skip, end;

    skip = if_equal(r, FLAGS_AT, UNWINDING);
    bad_opcode(r);
    over(r, skip);
    done(r, SEARCH);
    end = here(r);
    note(r, 9);
    CODE(r, 0x89, 0xdc); /* mov esp, ebx */
    uninstall(r);
    ret(r, 4);
    outer = begin_handler(r, 1);
    CODE(r, 0x6a, 0, 0x6a, 0, 0x6a, 0, 0x53); /* push 0, 0, 0, ebx */
    call(r, "RtlUnwind");
    jmp_at(r, end);
    code = here(r);
    install(r, outer);
    CODE(r, 0x89, 0xe3); /* mov ebx, esp: the target */
    install(r, inner);
    CODE(r, 0x6a, 0, 0x6a, 0, 0x6a, 0, 0x53);
    call(r, "RtlUnwind");
    note(r, 0xbad);
    rig_trace(r, "unwound");
    go(r, code);
    NOTES(r, 2, UNWIND, UNWINDING, 2, BAD_OPCODE, 0, 1, BAD_OPCODE, 0, 9);
}

/* Registers, flags and stack are what the handler made of them. */
static void a_handler_may_change_all_registers(void **state)
{
    struct rig *r = *state;
    uint32_t handler = here(r), code;

    add_to_context(r, CONTEXT_EIP_AT, 5);
    add_to_context(r, CONTEXT_EBX_AT, 0x1111);
    add_to_context(r, CONTEXT_EFLAGS_AT, 1); /* CF */
    add_to_context(r, CONTEXT_ESP_AT, 4);
    done(r, 0);
    code = here(r);
    install(r, handler);
    CODE(r, 0xbb, 0x22, 0, 0, 0, 0xf8); /* mov ebx, 22h; clc */
    emit_push(r, 77);
    fault(r);
    CODE(r, 0x0f, 0x92, 0xc0, 0x0f, 0xb6, 0xc0); /* setc al; movzx */
    note_eax(r);
    CODE(r, 0x89, 0xd8);
    note_eax(r);
    uninstall(r); /* the 77 is gone */
    ret(r, 4);
    go(r, code);
    NOTES(r, 1, 0x1133);
}

static void ends_with(struct rig *r, uint32_t code, uint32_t p0)
{
    start(r, code, 0);
    assert_true(run(r, 10000000));
    assert_int_equal(ke_bugcheck_state(r->ke)->code, 0x7e);
    assert_int_equal(ke_bugcheck_state(r->ke)->p[0], p0);
}

/* mov eax, [esp+4]; mov eax, [eax+8]: the record it came of; push [eax] */
static void note_chained(struct rig *r)
{
    CODE(r, 0x8b, 0x44, 0x24, 0x04, 0x8b, 0x40, CHAIN_AT, 0xff, 0x30);
    call(r, "TestNote");
}

/* The second exception's record points at the first's. */
static void a_noncontinuable_exception_cannot_be_continued(void **state)
{
    struct rig *r = *state;
    uint32_t handler = begin_handler(r, 1), code, skip;

    skip = if_equal(r, CODE_AT, NO_CONTINUATION);
    note_chained(r);
    done(r, SEARCH);
    over(r, skip);
    done(r, 0);
    code = here(r);
    install(r, handler);
    emit_push(r, 0xc0000123);
    call(r, "ExRaiseStatus");
    ends_with(r, code, NO_CONTINUATION);
    NOTES(r, 1, 0xc0000123, NONCONTINUABLE, 1, NO_CONTINUATION, NONCONTINUABLE,
          0xc0000123);
}

static void an_unknown_disposition_is_an_exception(void **state)
{
    struct rig *r = *state;
    uint32_t handler = begin_handler(r, 1), code, skip;

    skip = if_equal(r, CODE_AT, BAD_DISPOSITION);
    note_chained(r);
    done(r, SEARCH);
    over(r, skip);
    done(r, 17);
    code = here(r);
    install(r, handler);
    bad_opcode(r);
    ends_with(r, code, BAD_DISPOSITION);
    NOTES(r, 1, BAD_OPCODE, 0, 1, BAD_DISPOSITION, NONCONTINUABLE, BAD_OPCODE);
}

/* RtlRaiseException keeps the record that the caller's points at. */
static void a_raised_record_keeps_its_chain(void **state)
{
    struct rig *r = *state;
    uint32_t handler = begin_handler(r, 1), record = pool(r, 0x50);
    uint32_t before = pool(r, 0x50), code;

    note_chained(r);
    done(r, 0);
    set(r, before, 0xe0000001);
    set(r, record, 0xe0000002);
    set(r, record + CHAIN_AT, before);
    code = here(r);
    install(r, handler);
    emit_push(r, record);
    call(r, "RtlRaiseException");
    note(r, 8);
    uninstall(r);
    ret(r, 4);
    go(r, code);
    NOTES(r, 1, 0xe0000002, 0, 0xe0000001, 8);
}

/* A target below the first frame is none; one that is not in the chain leaves
 * all frames, and nobody has taken the exception. */
static void a_target_outside_the_chain_is_refused(void **state)
{
    struct rig *r = *state;
    uint32_t handler = begin_handler(r, 1), code;

    done(r, SEARCH);
    code = here(r);
    install(r, handler);
    CODE(r, 0x6a, 0, 0x6a, 0, 0x6a, 0, 0x89, 0xe0, 0x83, 0xe8, 0x40, 0x50);
    call(r, "RtlUnwind"); /* push 0 (3); lea eax, [esp-40h]; push eax */
    ends_with(r, code, BAD_TARGET);
    NOTES(r, 1, BAD_TARGET, NONCONTINUABLE);
}

static void a_target_beyond_the_chain_leaves_all_frames(void **state)
{
    struct rig *r = *state;
    uint32_t handler = begin_handler(r, 1), code;

    done(r, SEARCH);
    code = here(r);
    install(r, handler);
    CODE(r, 0x6a, 0, 0x6a, 0, 0x6a, 0, 0x6a, 0xfe); /* FFFFFFFEh */
    call(r, "RtlUnwind");
    ends_with(r, code, UNWIND);
    NOTES(r, 1, UNWIND, UNWINDING);
}

/* Handlers that fail for ever: each level asks the same handler again, until
 * the guest's stack is full. The host's stays as it is. */
static void a_handler_that_always_fails_ends_with_the_stack(void **state)
{
    struct rig *r = *state;
    uint32_t handler = here(r), code;

    bad_opcode(r);
    code = here(r);
    install(r, handler);
    bad_opcode(r);
    start(r, code, 0);
    assert_true(run(r, 10000000));
    assert_int_equal(ke_bugcheck_state(r->ke)->code, 0x7f);
    assert_int_equal(ke_bugcheck_state(r->ke)->p[0], 8);
}

/* A service routine's exception is not the interrupted code's: handled inside
 * it is nobody else's affair, else it is the end, although a frame is there. */
static void a_service_routine_has_its_own_chain(void **state)
{
    struct rig *r = *state;
    uint32_t handler = here(r), outer, isr, code;

    add_to_context(r, CONTEXT_EIP_AT, 2);
    done(r, 0);
    outer = begin_handler(r, 1);
    done(r, SEARCH);
    for (unsigned handled = 2; handled-- > 0;) {
        uint32_t object;

        isr = here(r);
        out_card(r, 0, 0);
        if (handled)
            install(r, handler);
        bad_opcode(r);
        if (handled)
            uninstall(r);
        note(r, 5);
        mov_eax(r, 1);
        ret(r, 8);
        object = connect_isr(r, 3, isr, 0, false, true);
        code = here(r);
        install(r, outer);
        out_card(r, 0, 1);
        CODE(r, 0x90, 0x90);
        note(r, 9);
        uninstall(r);
        ret(r, 4);
        if (handled) {
            go(r, code);
            NOTES(r, 5, 9);
            assert_true(ke_interrupt_disconnect(r->ke, gva_of(object)));
        }
    }
    r->notes = 0;
    start(r, code, 0);
    assert_true(run(r, 10000000));
    assert_int_equal(ke_bugcheck_state(r->ke)->code, 0x8e);
    assert_int_equal(ke_bugcheck_state(r->ke)->p[0], BAD_OPCODE);
    assert_int_equal(r->notes, 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)
    const struct CMUnitTest tests[] = {
        TEST(an_exception_in_a_handler_is_a_nested_call),
        TEST(an_unwind_that_meets_an_unwind_goes_on_behind_it),
        TEST(a_handler_may_change_all_registers),
        TEST(a_noncontinuable_exception_cannot_be_continued),
        TEST(an_unknown_disposition_is_an_exception),
        TEST(a_raised_record_keeps_its_chain),
        TEST(a_target_outside_the_chain_is_refused),
        TEST(a_target_beyond_the_chain_leaves_all_frames),
        TEST(a_handler_that_always_fails_ends_with_the_stack),
        TEST(a_service_routine_has_its_own_chain),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
