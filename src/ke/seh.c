/* src/ke/seh.c -- structured exceptions of i386 NT: an EXCEPTION_RECORD and a
 * CONTEXT on the guest's stack, handlers called along the chain at fs:[0].
 * Sources: WDK, "Handling exceptions"; M. Pietrek, "A Crash Course on the
 * Depths of Win32 Structured Exception Handling" (MSJ, January 1997) for the
 * chain, the dispositions and the tables of __except; docs/ke.md. */
#include <string.h>

#include "ke/private.h"

/** EXCEPTION_DISPOSITION */
enum { CONTINUE_EXECUTION, CONTINUE_SEARCH, NESTED_EXCEPTION, COLLIDED_UNWIND };

enum { SPACE = EXCEPTION_BYTES + CONTEXT_BYTES + 4 };
enum { RAISES_MOST = 8 }; /* exceptions in handling one exception */

/** Words of ROUTINE_EXCEPTION and of RtlUnwind. */
enum {
    W_REGISTRATION,
    W_RECORD,
    W_CONTEXT,
    W_DISPATCHER,
    W_LAST,   /* registrations only go up the stack: no loop is endless */
    W_NESTED, /* a nested exception's frame */
    W_RAISES,
};

uint32_t exception_list(const struct ke *ke)
{
    return ram_read32(ke->ram, gpa_of(ke->s.kpcr + PCR_EXCEPTION_LIST));
}

void set_exception_list(struct ke *ke, uint32_t registration)
{
    ram_write32(ke->ram, gpa_of(ke->s.kpcr + PCR_EXCEPTION_LIST), registration);
}

/** A registration lies on the thread's stack or on the DPC stack, aligned,
 *  above the one before. */
static bool plausible(const struct ke *ke, uint32_t registration, uint32_t last)
{
    uint32_t stack = KERNEL_STACK_PAGES * PAGE_BYTES - 8;
    const struct thread *t = thread_current(ke);

    return !(registration & 3) && registration > last &&
           (t->stack_top - 8 - registration <= stack ||
            ke->s.dpc_stack_top - 8 - registration <= stack);
}

/* ---- CONTEXT
 * ------------------------------------------------------------------------ */

static const struct {
    uint16_t at;
    uint8_t reg;
} context_reg[CPU_REGS] = {{CONTEXT_EAX, EAX}, {CONTEXT_ECX, ECX},
                           {CONTEXT_EDX, EDX}, {CONTEXT_EBX, EBX},
                           {CONTEXT_ESP, ESP}, {CONTEXT_EBP, EBP},
                           {CONTEXT_ESI, ESI}, {CONTEXT_EDI, EDI}};

static void put(uint8_t *context, unsigned at, uint32_t v)
{
    memcpy(context + at, &v, 4);
}

void context_build(const struct resume *at, uint8_t *context)
{
    memset(context, 0, CONTEXT_BYTES);
    put(context, CONTEXT_FLAGS, CONTEXT_FULL);
    put(context, CONTEXT_FS, SEL_PCR);
    put(context, CONTEXT_ES, SEL_USER_DATA);
    put(context, CONTEXT_DS, SEL_USER_DATA);
    put(context, CONTEXT_CS, SEL_CODE);
    put(context, CONTEXT_SS, SEL_DATA);
    for (unsigned i = 0; i < CPU_REGS; i++)
        put(context, context_reg[i].at, at->reg[context_reg[i].reg]);
    put(context, CONTEXT_EIP, at->eip);
    put(context, CONTEXT_EFLAGS, at->eflags);
}

/** The registers that a handler may have changed; flags within reason. */
static void context_read(struct call *c, uint32_t context, struct resume *to)
{
    const uint32_t flags = 0x00000dd5u | FLAG_IF;

    for (unsigned i = 0; i < CPU_REGS; i++)
        to->reg[context_reg[i].reg] =
            load_u32(c, gva_of(context + context_reg[i].at));
    to->eip = load_u32(c, gva_of(context + CONTEXT_EIP));
    to->eflags = (load_u32(c, gva_of(context + CONTEXT_EFLAGS)) & flags) | 2;
}

/* ---- raising
 * ----------------------------------------------------------------------------
 */

bool exception_begin(struct ke *ke, struct record *r, const struct exception *e,
                     const struct resume *at)
{
    uint8_t context[CONTEXT_BYTES];
    uint32_t record[EXCEPTION_BYTES / 4] = {e->code, e->flags, 0, e->address,
                                            e->parameters};
    uint32_t base;

    memcpy(record + 5, e->info, sizeof e->info);
    if (!record_locals(ke, r, SPACE))
        return false;
    base = record_base(r);
    context_build(at, context);
    if (!ke_write(ke, gva_of(base + 4), record, sizeof record) ||
        !ke_write(ke, gva_of(base + 4 + EXCEPTION_BYTES), context,
                  sizeof context)) {
        ke_bugcheck(ke, BUGCHECK_UNEXPECTED_TRAP, EXC_DF, base, 0, 0,
                    "the kernel stack is full");
        return false;
    }
    EMIT(ke->events, raise, e->code, e->address);
    r->routine = ROUTINE_EXCEPTION;
    r->state = 0;
    memset(r->w, 0, sizeof r->w);
    r->w[W_DISPATCHER] = base;
    r->w[W_RECORD] = base + 4;
    r->w[W_CONTEXT] = base + 4 + EXCEPTION_BYTES;
    return true;
}

/** Nobody took it. NT 5.1 on tells a system thread's from a client's. */
static void unhandled(struct call *c)
{
    struct ke *ke = c->ke;
    gva_t at = gva_of(c->w[W_RECORD]);
    uint32_t code = ke_read_u32(ke, at);
    uint32_t address = ke_read_u32(ke, gva_add(at, EXCEPTION_ADDRESS));
    uint32_t i0 = ke_read_u32(ke, gva_add(at, EXCEPTION_INFO));
    uint32_t i1 = ke_read_u32(ke, gva_add(at, EXCEPTION_INFO + 4));

    if (ke->mm->s.settings.era < MM_XP || ke_irql(ke) >= DISPATCH_LEVEL)
        ke_bugcheck_at(ke, address, BUGCHECK_KMODE_EXCEPTION, code, address, i0,
                       i1, NULL);
    else if (thread_current(ke)->process == KE_SYSTEM_PROCESS)
        ke_bugcheck_at(ke, address, BUGCHECK_SYSTEM_THREAD_EXCEPTION, code,
                       address, at.v, c->w[W_CONTEXT], NULL);
    else
        ke_bugcheck_at(ke, address, BUGCHECK_KERNEL_MODE_EXCEPTION, code,
                       address, c->record->entry_esp, 0, NULL);
}

/** Call the handler of registration w[W_REGISTRATION]. */
static void call_handler(struct call *c, unsigned next)
{
    uint32_t registration = c->w[W_REGISTRATION];
    struct call_target to = {.count = 4, .cdecl_cleanup = true};

    to.routine =
        gva_of(load_u32(c, gva_of(registration + REGISTRATION_HANDLER)));
    to.args[0] = c->w[W_RECORD];
    to.args[1] = registration;
    to.args[2] = c->w[W_CONTEXT];
    to.args[3] = c->w[W_DISPATCHER];
    c->w[W_LAST] = registration;
    call_guest_with(c, &to, next);
}

static void set_flags(struct call *c, uint32_t set, uint32_t clear)
{
    gva_t at = gva_of(c->w[W_RECORD] + EXCEPTION_FLAGS);

    store_u32(c, at, (load_u32(c, at) & ~clear) | set);
}

/** An exception in dispatching one: its record replaces the first's. */
static void restart(struct call *c, uint32_t code)
{
    gva_t at = gva_of(c->w[W_RECORD]);

    if (c->w[W_RAISES]++ >= RAISES_MOST) {
        unhandled(c);
        return;
    }
    store_u32(c, at, code);
    store_u32(c, gva_add(at, EXCEPTION_FLAGS), EXCEPTION_NONCONTINUABLE);
    EMIT(c->ke->events, raise, code, c->record->entry_eip);
    c->w[W_LAST] = 0;
    call_again(c, 0);
}

static void continue_execution(struct call *c)
{
    struct resume to;

    if (load_u32(c, gva_of(c->w[W_RECORD] + EXCEPTION_FLAGS)) &
        EXCEPTION_NONCONTINUABLE) {
        restart(c, STATUS_NONCONTINUABLE_EXCEPTION);
        return;
    }
    context_read(c, c->w[W_CONTEXT], &to);
    call_resume(c, &to);
}

void run_exception(struct call *c)
{
    struct ke *ke = c->ke;
    uint32_t registration;

    if (c->state == 0) {
        registration = exception_list(ke);
    } else {
        switch (c->eax) {
        case CONTINUE_EXECUTION:
            continue_execution(c);
            return;
        case CONTINUE_SEARCH:
            break;
        case NESTED_EXCEPTION:
            set_flags(c, EXCEPTION_NESTED_CALL, 0);
            break;
        default:
            restart(c, STATUS_INVALID_DISPOSITION);
            return;
        }
        registration = load_u32(c, gva_of(c->w[W_REGISTRATION]));
    }
    if (registration == REGISTRATION_END ||
        !plausible(ke, registration, c->w[W_LAST])) {
        unhandled(c);
        return;
    }
    c->w[W_REGISTRATION] = registration;
    call_handler(c, 1);
}

/* ---- RtlUnwind
 * ----------------------------------------------------------------------------
 */

/** VOID RtlUnwind(PVOID TargetFrame, PVOID TargetIp, PEXCEPTION_RECORD, PVOID
 *  ReturnValue): handlers up to TargetFrame are called for unwinding and taken
 *  off the chain. On i386 it returns to its caller, TargetIp is not used. */
static void unwind_start(struct call *c)
{
    uint32_t record = call_u32(c, 2);
    uint8_t context[CONTEXT_BYTES];
    struct resume at;
    gva_t base = call_locals(c, SPACE);

    if (!call_ok(c))
        return;
    memcpy(at.reg, c->record->reg, sizeof at.reg);
    at.eip = load_u32(c, gva_of(c->record->entry_esp));
    at.reg[ESP] = c->record->entry_esp + 4;
    at.eflags = c->cpu->s.eflags;
    context_build(&at, context);
    c->w[W_DISPATCHER] = base.v;
    c->w[W_CONTEXT] = base.v + 4 + EXCEPTION_BYTES;
    store(c, gva_of(c->w[W_CONTEXT]), context, sizeof context);
    c->w[W_RECORD] = record ? record : base.v + 4;
    if (!record) {
        store_zero(c, gva_add(base, 4), EXCEPTION_BYTES);
        store_u32(c, gva_add(base, 4), STATUS_UNWIND);
        store_u32(c, gva_add(base, 4 + EXCEPTION_ADDRESS), at.eip);
    }
    set_flags(c,
              EXCEPTION_UNWINDING |
                  (call_u32(c, 0) ? 0u : (uint32_t)EXCEPTION_EXIT_UNWIND),
              0);
}

void thunk_RtlUnwind(struct call *c)
{
    uint32_t target = call_u32(c, 0), registration;

    if (c->state == 0) {
        unwind_start(c);
        if (!call_ok(c))
            return;
    } else if (c->eax == CONTINUE_SEARCH) {
        set_exception_list(c->ke, load_u32(c, gva_of(c->w[W_REGISTRATION])));
    } else if (c->eax == COLLIDED_UNWIND) {
        registration = load_u32(c, gva_of(c->w[W_DISPATCHER]));
        set_exception_list(c->ke, load_u32(c, gva_of(registration)));
    } else {
        call_raise(c, STATUS_INVALID_DISPOSITION);
        return;
    }
    registration = exception_list(c->ke);
    if (registration == target || registration == REGISTRATION_END) {
        call_return(c, call_u32(c, 3));
        return;
    }
    if (target && registration > target) {
        call_raise(c, STATUS_INVALID_UNWIND_TARGET);
        return;
    }
    if (!plausible(c->ke, registration, c->w[W_LAST])) {
        call_raise(c, STATUS_BAD_STACK);
        return;
    }
    c->w[W_REGISTRATION] = registration;
    call_handler(c, 1);
}

/* ---- __except, __finally: the compiler's frames
 * --------------------------------------------- */

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

    while (call_ok(c) && c->w[W_STEPS]++ < LEVELS_MOST) {
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
    while (call_ok(c) && c->w[W_LEVEL] != LEVEL_NONE &&
           c->w[W_STEPS]++ < LEVELS_MOST) {
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

/* ---- raising on request
 * ------------------------------------------------------------------------ */

void thunk_ExRaiseStatus(struct call *c)
{
    call_raise(c, call_u32(c, 0));
}

void thunk_ExRaiseAccessViolation(struct call *c)
{
    call_raise(c, STATUS_ACCESS_VIOLATION);
}

void thunk_ExRaiseDatatypeMisalignment(struct call *c)
{
    call_raise(c, STATUS_DATATYPE_MISALIGNMENT);
}

void thunk_RtlRaiseStatus(struct call *c)
{
    call_raise(c, call_u32(c, 0));
}

/** VOID RtlRaiseException(PEXCEPTION_RECORD): as the caller filled it. */
void thunk_RtlRaiseException(struct call *c)
{
    gva_t at = call_va(c, 0);
    struct exception e = {
        .code = load_u32(c, at),
        .flags = load_u32(c, gva_add(at, EXCEPTION_FLAGS)),
        .parameters = load_u32(c, gva_add(at, EXCEPTION_COUNT)),
        .address = load_u32(c, gva_of(c->record->entry_esp)),
    };

    if (e.parameters > EXCEPTION_PARAMETERS)
        e.parameters = EXCEPTION_PARAMETERS;
    if (e.parameters)
        load(c, gva_add(at, EXCEPTION_INFO), e.info, 4 * e.parameters);
    if (call_ok(c))
        call_raise_exception(c, &e);
}

/** VOID RtlCaptureContext(PCONTEXT): the caller's registers. */
void thunk_RtlCaptureContext(struct call *c)
{
    uint8_t context[CONTEXT_BYTES];
    struct resume at;

    memcpy(at.reg, c->record->reg, sizeof at.reg);
    at.eip = load_u32(c, gva_of(c->record->entry_esp));
    at.reg[ESP] = c->record->entry_esp + 8;
    at.eflags = c->cpu->s.eflags;
    context_build(&at, context);
    store(c, call_va(c, 0), context, sizeof context);
    call_return(c, 0);
}
