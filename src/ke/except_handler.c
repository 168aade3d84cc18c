/* src/ke/except_handler.c -- __except, __finally: the frames of the compiler,
 * and the routines that its code calls for them. Source: M. Pietrek, "A Crash
 * Course on the Depths of Win32 Structured Exception Handling" (MSJ, January
 * 1997) for the tables; docs/ke.md. */
#include "ke/seh.h"

/** Registration of a function with __try blocks: {next, handler, scope table,
 *  level, saved EBP}; its EBP is 10h above, EXCEPTION_POINTERS* 4 below. A
 *  scope is {enclosing level, filter or 0, handler}. */
enum {
    FRAME_POINTERS = -4,
    FRAME_TABLE = 8,
    FRAME_LEVEL = 0xc,
    FRAME_EBP = 0x10,
    SCOPE_BYTES = 12,
    SCOPE_ENCLOSING = 0,
    SCOPE_FILTER = 4,
    SCOPE_HANDLER = 8,
    LEVELS_MOST = 4096,
};
#define LEVEL_NONE 0xffffffffu

/** Words of the frame handlers. */
enum { W_FRAME, W_LEVEL, W_STOP, W_STEPS };

static gva_t scope(struct call *c)
{
    uint32_t table = load_u32(c, gva_of(c->w[W_FRAME] + FRAME_TABLE));

    return gva_of(table + c->w[W_LEVEL] * SCOPE_BYTES);
}

/** Another level is looked at. False: there cannot be so many. */
static bool level_counts(struct call *c)
{
    if (c->w[W_STEPS]++ < LEVELS_MOST)
        return true;
    call_finding(c, "seh", "the scope table of frame %08X has no end",
                 c->w[W_FRAME]);
    return false;
}

static void call_funclet(struct call *c, uint32_t routine, unsigned next)
{
    struct call_target to = {.routine = gva_of(routine),
                             .set_ebp = true,
                             .ebp = c->w[W_FRAME] + FRAME_EBP};

    call_guest_with(c, &to, next);
}

/** One step of leaving levels down to w[W_STOP]: calls the next __finally and
 *  comes back in @next, or returns false: none is left. */
static bool leave_level(struct call *c, unsigned next)
{
    gva_t level_at = gva_of(c->w[W_FRAME] + FRAME_LEVEL);

    while (call_ok(c) && level_counts(c)) {
        gva_t s;

        c->w[W_LEVEL] = load_u32(c, level_at);
        if (c->w[W_LEVEL] == LEVEL_NONE || c->w[W_LEVEL] == c->w[W_STOP])
            return false;
        s = scope(c);
        store_u32(c, level_at, load_u32(c, s));
        if (!load_u32(c, gva_add(s, SCOPE_FILTER))) {
            call_funclet(c, load_u32(c, gva_add(s, SCOPE_HANDLER)), next);
            return true;
        }
    }
    return false;
}

/** VOID _local_unwind2(registration, level): cdecl. */
void thunk__local_unwind2(struct call *c)
{
    if (c->state == 0) {
        c->w[W_FRAME] = call_u32(c, 0);
        c->w[W_STOP] = call_u32(c, 1);
    }
    if (!leave_level(c, 1))
        call_return(c, 0);
}

/** VOID _global_unwind2(registration): cdecl. */
void thunk__global_unwind2(struct call *c)
{
    const uint32_t args[4] = {call_u32(c, 0), 0, 0, 0};

    if (c->state == 0)
        call_guest(c, call_stub(c, "RtlUnwind"), 4, args, 1);
    else
        call_return(c, 0);
}

enum {
    FILTERS,     /* search: call filters from the innermost level out   */
    FILTERED,    /* a filter has answered                               */
    FRAMES_GONE, /* inner functions' frames are unwound                 */
    FINALLIES,   /* this function's inner __finally blocks              */
    UNWIND_STEP, /* called for unwinding                                */
};

/** Search on from w[W_LEVEL]. */
static void next_filter(struct call *c)
{
    while (call_ok(c) && c->w[W_LEVEL] != LEVEL_NONE && level_counts(c)) {
        gva_t s = scope(c);
        uint32_t filter = load_u32(c, gva_add(s, SCOPE_FILTER));

        if (filter) {
            call_funclet(c, filter, FILTERED);
            return;
        }
        c->w[W_LEVEL] = load_u32(c, s);
    }
    call_return(c, CONTINUE_SEARCH);
}

static void start_search(struct call *c)
{
    uint32_t pointers[2] = {call_u32(c, 0), call_u32(c, 2)};
    gva_t at = call_locals(c, sizeof pointers);

    store(c, at, pointers, sizeof pointers);
    store_u32(c, gva_of(c->w[W_FRAME] + FRAME_POINTERS), at.v);
    c->w[W_LEVEL] = load_u32(c, gva_of(c->w[W_FRAME] + FRAME_LEVEL));
    if (call_ok(c))
        next_filter(c);
}

/** The filter said "execute the handler": unwind what is inside, jump. */
static void run_handler(struct call *c)
{
    uint32_t level = c->w[W_STOP];
    gva_t s;

    if (leave_level(c, FINALLIES))
        return;
    c->w[W_LEVEL] = level;
    s = scope(c);
    store_u32(c, gva_of(c->w[W_FRAME] + FRAME_LEVEL), load_u32(c, s));
    call_jump(c, gva_of(load_u32(c, gva_add(s, SCOPE_HANDLER))),
              record_base(c->record), c->w[W_FRAME] + FRAME_EBP, 0);
}

/** EXCEPTION_DISPOSITION _except_handler3(record, registration, context,
 *  dispatcher): cdecl; the handler of every function with __try. */
void thunk__except_handler3(struct call *c)
{
    if (c->state == FILTERS) {
        uint32_t flags = load_u32(c, gva_add(call_va(c, 0), EXCEPTION_FLAGS));

        c->w[W_FRAME] = call_u32(c, 1);
        if (!call_ok(c))
            return;
        if (!(flags & (EXCEPTION_UNWINDING | EXCEPTION_EXIT_UNWIND))) {
            start_search(c);
            return;
        }
        c->w[W_STOP] = LEVEL_NONE;
    }
    if (c->state == FILTERS || c->state == UNWIND_STEP) {
        if (!leave_level(c, UNWIND_STEP))
            call_return(c, CONTINUE_SEARCH);
    } else if (c->state == FILTERED && (int32_t)c->eax < 0) {
        call_return(c, CONTINUE_EXECUTION);
    } else if (c->state == FILTERED && !c->eax) {
        c->w[W_LEVEL] = load_u32(c, scope(c));
        next_filter(c);
    } else if (c->state == FILTERED) {
        const uint32_t args[4] = {c->w[W_FRAME], 0, 0, 0};

        c->w[W_STOP] = c->w[W_LEVEL];
        call_guest(c, call_stub(c, "RtlUnwind"), 4, args, FRAMES_GONE);
    } else {
        run_handler(c);
    }
}
