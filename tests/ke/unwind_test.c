/* The routines that the compiler's code calls to leave __try blocks, and those
 * that look at a caller: registers, frames, translations. */
#include "frames.h"

/* A __finally block: notes @v and [ebp]. */
static uint32_t finally_block(struct rig *r, uint32_t v)
{
    uint32_t at = here(r);

    note(r, v);
    CODE(r, 0xff, 0x75, 0x00); /* push dword [ebp] */
    call(r, "TestNote");
    ret(r, 0);
    return at;
}

/* Leaves a frame of three nested __finally blocks down to @level; its EBP, 10h
 * above the registration, points at the dword 77. */
static void leave_to(struct rig *r, uint32_t level)
{
    uint32_t frame = pool(r, 0x20), table = pool(r, 36), code;

    for (uint32_t i = 0; i < 3; i++) {
        set(r, table + 12 * i, i - 1);
        set(r, table + 12 * i + 4, 0);
        set(r, table + 12 * i + 8, finally_block(r, i));
    }
    set(r, frame + 8, table);
    set(r, frame + 12, 2);
    set(r, frame + 16, 77);
    code = here(r);
    emit_push(r, level);
    emit_push(r, frame);
    call(r, "_local_unwind2");
    CODE(r, 0x83, 0xc4, 0x08); /* add esp, 8: cdecl */
    ret(r, 4);
    go(r, code);
    assert_int_equal(get(r, frame + 12), level);
}

static void local_unwind_runs_finally_blocks_down_to_a_level(void **state)
{
    leave_to(*state, 0xffffffff);
    NOTES(*state, 2, 77, 1, 77, 0, 77);
}

static void local_unwind_stops_above_its_level(void **state)
{
    leave_to(*state, 0);
    NOTES(*state, 2, 77, 1, 77);
}

/* A handler that notes @v and the record's code and flags, and passes on. */
static uint32_t handler(struct rig *r, uint32_t v)
{
    uint32_t at = here(r);

    note(r, v);
    for (uint8_t field = 0; field < 8; field = (uint8_t)(field + 4)) {
        CODE(r, 0x8b, 0x44, 0x24, 0x04); /* mov eax, [esp+4]: record */
        CODE(r, 0xff, 0x70, field);      /* push [eax+field] */
        call(r, "TestNote");
    }
    mov_eax(r, 1);
    ret(r, 0);
    return at;
}

/* EXCEPTION_UNWINDING to the frames inside, none to the target itself, which
 * is the first afterwards; code STATUS_UNWIND. */
static void global_unwind_leaves_the_inner_frames(void **state)
{
    struct rig *r = *state;
    uint32_t outer = handler(r, 1), inner = handler(r, 2), code = here(r);

    CODE(r, 0x89, 0xe7); /* mov edi, esp */
    install(r, outer);
    CODE(r, 0x89, 0xe3); /* mov ebx, esp */
    install(r, inner);
    install(r, inner);
    CODE(r, 0x53); /* push ebx */
    call(r, "_global_unwind2");
    CODE(r, 0x64, 0xa1, 0, 0, 0, 0); /* mov eax, fs:[0] */
    CODE(r, 0x29, 0xd8);             /* sub eax, ebx */
    note_eax(r);
    CODE(r, 0x8b, 0x03);             /* mov eax, [ebx] */
    CODE(r, 0x64, 0xa3, 0, 0, 0, 0); /* mov fs:[0], eax */
    CODE(r, 0x89, 0xfc);             /* mov esp, edi */
    ret(r, 4);
    go(r, code);
    NOTES(r, 2, 0xc0000027, 2, 2, 0xc0000027, 2, 0);
}

/* CONTEXT: Ebx A4h, Eax B0h, Ebp B4h, Eip B8h, Cs BCh, Esp C4h. */
static void a_captured_context_is_the_callers(void **state)
{
    struct rig *r = *state;
    uint32_t context = pool(r, 0x2cc), code = here(r), after;

    CODE(r, 0xbb, 0x11, 0, 0, 0); /* mov ebx, 11h */
    CODE(r, 0xbd, 0x22, 0, 0, 0); /* mov ebp, 22h */
    mov_eax(r, 0x33);
    emit_push(r, context);
    call(r, "RtlCaptureContext");
    after = here(r);
    CODE(r, 0x89, 0xe0); /* mov eax, esp */
    note_eax(r);
    ret(r, 4);
    go(r, code);
    assert_int_equal(get(r, context + 0xa4), 0x11);
    assert_int_equal(get(r, context + 0xb4), 0x22);
    assert_int_equal(get(r, context + 0xb0), 0x33);
    assert_int_equal(get(r, context + 0xb8), after);
    assert_int_equal(get(r, context + 0xbc) & 0xffff, 8);
    assert_int_equal(get(r, context + 0xc4), r->note[0]);
}

/* Function @inner called by a function with a frame of its own: the callers are
 * the return addresses, the nearest first. */
static void a_frame_chain_has_the_callers(void **state)
{
    struct rig *r = *state;
    uint32_t out = pool(r, 64), inner = here(r), first, second, code;

    CODE(r, 0x55, 0x89, 0xe5); /* push ebp; mov ebp, esp */
    emit_push(r, 0);
    emit_push(r, 2);
    emit_push(r, out);
    call(r, "RtlWalkFrameChain");
    first = here(r);
    note_eax(r);
    emit_push(r, 1); /* the user's stack */
    emit_push(r, 8);
    emit_push(r, out);
    call(r, "RtlWalkFrameChain");
    note_eax(r);
    CODE(r, 0x5d); /* pop ebp */
    ret(r, 0);
    code = here(r);
    CODE(r, 0x55, 0x89, 0xe5);
    call_at(r, inner);
    second = here(r);
    CODE(r, 0x5d);
    ret(r, 4);
    go(r, code);
    NOTES(r, 2, 0);
    assert_int_equal(get(r, out), first);
    assert_int_equal(get(r, out + 4), second);
    assert_int_equal(get(r, out + 8), 0);
}

/* mov eax, [va]; note */
static void look(struct rig *r, uint32_t va)
{
    CODE(r, 0xa1);
    dword(r, va);
    note_eax(r);
}

/* The guest moves a page through the self-map: a translation that is in the TLB
 * holds until it is flushed. */
static void flushing_the_tb_drops_stale_translations(void **state)
{
    struct rig *r = *state;
    uint32_t a = pool(r, PAGE_BYTES), b = pool(r, PAGE_BYTES), code = here(r);

    set(r, a, 1);
    set(r, b, 2);
    look(r, a);
    CODE(r, 0xa1); /* mov eax, [PTE of b] */
    dword(r, 0xc0000000 + (b >> 12) * 4);
    CODE(r, 0x8b, 0x0d); /* mov ecx, [PTE of a] */
    dword(r, 0xc0000000 + (a >> 12) * 4);
    CODE(r, 0xa3); /* mov [PTE of a], eax */
    dword(r, 0xc0000000 + (a >> 12) * 4);
    CODE(r, 0x89, 0xcb); /* mov ebx, ecx */
    look(r, a);
    emit_push(r, 1);
    emit_push(r, 1);
    call(r, "KeFlushEntireTb");
    look(r, a);
    CODE(r, 0x89, 0x1d); /* as it was */
    dword(r, 0xc0000000 + (a >> 12) * 4);
    ret(r, 4);
    go(r, code);
    NOTES(r, 1, 1, 2);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(local_unwind_runs_finally_blocks_down_to_a_level),
        TEST(local_unwind_stops_above_its_level),
        TEST(global_unwind_leaves_the_inner_frames),
        TEST(a_captured_context_is_the_callers),
        TEST(a_frame_chain_has_the_callers),
        TEST(flushing_the_tb_drops_stale_translations),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
