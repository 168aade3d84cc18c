/* src/ke/seh.c -- structured exceptions of i386 NT: an EXCEPTION_RECORD and a
 * CONTEXT on the guest's stack, handlers called along the chain at fs:[0].
 * Sources: WDK, "Handling exceptions"; M. Pietrek, "A Crash Course on the
 * Depths of Win32 Structured Exception Handling" (MSJ, January 1997) for the
 * chain and the dispositions; docs/ke.md. */
#include <string.h>

#include "ke/seh.h"

enum { RAISES_MOST = 8 }; /* exceptions in handling one exception */

uint32_t exception_list(const struct ke *ke)
{
    return ram_read32(ke->ram, gpa_of(ke->s.kpcr + PCR_EXCEPTION_LIST));
}

void set_exception_list(struct ke *ke, uint32_t registration)
{
    ram_write32(ke->ram, gpa_of(ke->s.kpcr + PCR_EXCEPTION_LIST), registration);
}

bool seh_plausible(const struct ke *ke, uint32_t registration, uint32_t last)
{
    uint32_t stack = KERNEL_STACK_PAGES * PAGE_BYTES - 8;
    const struct thread *t = thread_current(ke);

    return !(registration & 3) && registration > last &&
           (t->stack_top - 8 - registration <= stack ||
            ke->s.dpc_stack_top - 8 - registration <= stack);
}

/* ---- raising
 * ------------------------------------------------------------------ */

bool exception_begin(struct ke *ke, struct record *r, const struct exception *e,
                     const struct resume *at)
{
    uint8_t context[CONTEXT_BYTES];
    uint32_t record[EXCEPTION_BYTES / 4] = {e->code, e->flags, e->chain,
                                            e->address, e->parameters};
    uint32_t base;

    memcpy(record + 5, e->info, sizeof e->info);
    if (!record_locals(ke, r, SEH_BYTES))
        return false;
    base = record_base(r);
    context_build(at, context);
    if (!ke_write(ke, gva_of(base + SEH_RECORD), record, sizeof record) ||
        !ke_write(ke, gva_of(base + SEH_CONTEXT), context, sizeof context)) {
        ke_bugcheck(ke, BUGCHECK_UNEXPECTED_TRAP, EXC_DF, base, 0, 0,
                    "the kernel stack is full");
        return false;
    }
    EMIT(ke->events, raise, e->code, e->address);
    r->routine = ROUTINE_EXCEPTION;
    r->state = 0;
    memset(r->w, 0, sizeof r->w);
    r->w[W_BASE] = base;
    r->w[W_RECORD] = base + SEH_RECORD;
    r->w[W_CONTEXT] = base + SEH_CONTEXT;
    return true;
}

/** Does the thread's own first frame lie at the end of the chain? What comes in
 *  by a trap starts with an empty chain of its own. */
static bool in_thread_itself(const struct ke *ke)
{
    const struct record *r = record_at(ke, thread_current(ke)->top);

    for (; r; r = record_at(ke, r->below))
        if (r->routine == ROUTINE_INTERRUPT || r->routine == ROUTINE_DISPATCH ||
            r->routine == ROUTINE_SERVICE)
            return false;
    return true;
}

/** NT 5.1 on: the frame in which system threads start turns it into 0x7E; where
 *  there is none it is 0x8E. */
void seh_unhandled(struct call *c)
{
    struct ke *ke = c->ke;
    gva_t at = gva_of(c->w[W_RECORD]);
    uint32_t code = ke_read_u32(ke, at);
    uint32_t address = ke_read_u32(ke, gva_add(at, EXCEPTION_ADDRESS));
    uint32_t i0 = ke_read_u32(ke, gva_add(at, EXCEPTION_INFO));
    uint32_t i1 = ke_read_u32(ke, gva_add(at, EXCEPTION_INFO + 4));

    if (ke->mm->s.settings.era < MM_XP)
        ke_bugcheck_at(ke, address, BUGCHECK_KMODE_EXCEPTION, code, address, i0,
                       i1, NULL);
    else if (thread_current(ke)->process == KE_SYSTEM_PROCESS &&
             ke->s.current && in_thread_itself(ke))
        ke_bugcheck_at(ke, address, BUGCHECK_SYSTEM_THREAD_EXCEPTION, code,
                       address, at.v, c->w[W_CONTEXT], NULL);
    else
        ke_bugcheck_at(ke, address, BUGCHECK_KERNEL_MODE_EXCEPTION, code,
                       address, c->record->entry_esp, 0, NULL);
}

/* ---- handlers and their guards
 * ------------------------------------------------ */

void seh_call_handler(struct call *c, const char *guard, unsigned next)
{
    uint32_t registration = c->w[W_REGISTRATION], base = c->w[W_BASE];
    const uint32_t frame[3] = {exception_list(c->ke), call_stub(c, guard).v,
                               registration};
    struct call_target to = {.count = 4, .cdecl_cleanup = true};

    to.routine =
        gva_of(load_u32(c, gva_of(registration + REGISTRATION_HANDLER)));
    store(c, gva_of(base), frame, sizeof frame);
    if (!call_ok(c))
        return;
    set_exception_list(c->ke, base);
    to.args[0] = c->w[W_RECORD];
    to.args[1] = registration;
    to.args[2] = c->w[W_CONTEXT];
    to.args[3] = base + SEH_DISPATCHER;
    c->w[W_LAST] = registration;
    call_guest_with(c, &to, next);
}

void seh_handler_back(struct call *c)
{
    set_exception_list(c->ke, load_u32(c, gva_of(c->w[W_BASE])));
}

void seh_flags(struct call *c, uint32_t set, uint32_t clear)
{
    gva_t at = gva_of(c->w[W_RECORD] + EXCEPTION_FLAGS);

    store_u32(c, at, (load_u32(c, at) & ~clear) | set);
}

/** A guard's answer (record, registration, context, dispatcher): @disposition
 *  with the frame whose handler ran, when the record is of the guard's kind. */
static void answer(struct call *c, bool unwinding, uint32_t disposition)
{
    uint32_t flags = load_u32(c, gva_add(call_va(c, 0), EXCEPTION_FLAGS));
    bool now = flags & (EXCEPTION_UNWINDING | EXCEPTION_EXIT_UNWIND);

    if (now == unwinding)
        store_u32(c, call_va(c, 3),
                  load_u32(c, gva_add(call_va(c, 1), GUARD_FRAME)));
    else
        disposition = CONTINUE_SEARCH;
    if (call_ok(c))
        call_return(c, disposition);
}

/** Below a handler that an exception called. */
void thunk_KiExceptionGuard(struct call *c)
{
    answer(c, false, NESTED_EXCEPTION);
}

/** Below a handler that RtlUnwind called. */
void thunk_KiUnwindGuard(struct call *c)
{
    answer(c, true, COLLIDED_UNWIND);
}

/* ---- dispatching
 * -------------------------------------------------------------- */

/** An exception in dispatching one: a record of its own that points at the
 *  first, whose address and registers it keeps. */
static void raise_nested(struct call *c, uint32_t code)
{
    uint32_t record[EXCEPTION_BYTES / 4] = {code, EXCEPTION_NONCONTINUABLE};
    uint8_t context[CONTEXT_BYTES];
    gva_t base;

    if (c->w[W_RAISES] >= RAISES_MOST) {
        seh_unhandled(c);
        return;
    }
    record[EXCEPTION_CHAIN / 4] = c->w[W_RECORD];
    record[EXCEPTION_ADDRESS / 4] =
        load_u32(c, gva_of(c->w[W_RECORD] + EXCEPTION_ADDRESS));
    load(c, gva_of(c->w[W_CONTEXT]), context, sizeof context);
    base = call_locals(c, SEH_BYTES);
    store(c, gva_add(base, SEH_RECORD), record, sizeof record);
    store(c, gva_add(base, SEH_CONTEXT), context, sizeof context);
    if (!call_ok(c))
        return;
    EMIT(c->ke->events, raise, code, record[EXCEPTION_ADDRESS / 4]);
    c->w[W_BASE] = base.v;
    c->w[W_RECORD] = base.v + SEH_RECORD;
    c->w[W_CONTEXT] = base.v + SEH_CONTEXT;
    c->w[W_RAISES]++;
    c->w[W_LAST] = c->w[W_NESTED] = 0;
    call_again(c, 0);
}

static void continue_execution(struct call *c)
{
    struct resume to;

    if (load_u32(c, gva_of(c->w[W_RECORD] + EXCEPTION_FLAGS)) &
        EXCEPTION_NONCONTINUABLE) {
        raise_nested(c, STATUS_NONCONTINUABLE_EXCEPTION);
        return;
    }
    context_read(c, c->w[W_CONTEXT], &to);
    call_resume(c, &to);
}

/** The handler met the guard of one that was at work: until the frame of that
 *  one EXCEPTION_NESTED_CALL is set. */
static void nested(struct call *c)
{
    uint32_t frame = load_u32(c, gva_of(c->w[W_BASE] + SEH_DISPATCHER));

    seh_flags(c, EXCEPTION_NESTED_CALL, 0);
    if (frame > c->w[W_NESTED])
        c->w[W_NESTED] = frame;
}

/** What a handler said. True: the search goes on. */
static bool search_goes_on(struct call *c)
{
    uint32_t flags;

    seh_handler_back(c);
    if (c->w[W_NESTED] == c->w[W_REGISTRATION]) {
        seh_flags(c, 0, EXCEPTION_NESTED_CALL);
        c->w[W_NESTED] = 0;
    }
    switch (c->eax) {
    case CONTINUE_EXECUTION:
        continue_execution(c);
        return false;
    case CONTINUE_SEARCH:
        flags = load_u32(c, gva_of(c->w[W_RECORD] + EXCEPTION_FLAGS));
        if (!(flags & EXCEPTION_STACK_INVALID))
            return true;
        seh_unhandled(c);
        return false;
    case NESTED_EXCEPTION:
        nested(c);
        return true;
    default:
        raise_nested(c, STATUS_INVALID_DISPOSITION);
        return false;
    }
}

void run_exception(struct call *c)
{
    struct ke *ke = c->ke;
    uint32_t registration;

    if (c->state == 0)
        registration = exception_list(ke);
    else if (search_goes_on(c))
        registration = load_u32(c, gva_of(c->w[W_REGISTRATION]));
    else
        return;
    if (!call_ok(c))
        return;
    if (registration == REGISTRATION_END) {
        seh_unhandled(c);
        return;
    }
    if (!seh_plausible(ke, registration, c->w[W_LAST])) {
        seh_flags(c, EXCEPTION_STACK_INVALID, 0);
        seh_unhandled(c);
        return;
    }
    c->w[W_REGISTRATION] = registration;
    seh_call_handler(c, "KiExceptionGuard", 1);
}
