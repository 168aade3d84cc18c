/* src/ke/unwind.c -- RtlUnwind: frames are left from the inside out. Sources as
 * for seh.c. */
#include <string.h>

#include "ke/seh.h"

static void unwind_start(struct call *c)
{
    uint32_t record = call_u32(c, 2);
    uint8_t context[CONTEXT_BYTES];
    struct resume at;
    gva_t base = call_locals(c, SEH_BYTES);

    if (!call_ok(c))
        return;
    memcpy(at.reg, c->record->reg, sizeof at.reg);
    at.eip = load_u32(c, gva_of(c->record->entry_esp));
    at.reg[ESP] = c->record->entry_esp + 4;
    at.eflags = c->cpu->s.eflags;
    context_build(&at, context);
    c->w[W_BASE] = base.v;
    c->w[W_CONTEXT] = base.v + SEH_CONTEXT;
    store(c, gva_of(c->w[W_CONTEXT]), context, sizeof context);
    c->w[W_RECORD] = record ? record : base.v + SEH_RECORD;
    if (!record) {
        store_zero(c, gva_add(base, SEH_RECORD), EXCEPTION_BYTES);
        store_u32(c, gva_add(base, SEH_RECORD), STATUS_UNWIND);
        store_u32(c, gva_add(base, SEH_RECORD + EXCEPTION_ADDRESS), at.eip);
    }
    seh_flags(c,
              EXCEPTION_UNWINDING |
                  (call_u32(c, 0) ? 0u : (uint32_t)EXCEPTION_EXIT_UNWIND),
              0);
}

/** It cannot go on: raised at the caller, with the record that it unwinds for.
 */
static void unwind_fails(struct call *c, uint32_t status)
{
    call_raise_exception(c,
                         &(struct exception){.code = status,
                                             .flags = EXCEPTION_NONCONTINUABLE,
                                             .chain = c->w[W_RECORD]});
}

/** The handler is back: its frame is left. An unwind that was at work here when
 *  an exception came has left the frames inside; so the one whose handler it
 * was calling is left now, and its handler not called again. */
static bool frame_left(struct call *c)
{
    uint32_t registration = c->w[W_REGISTRATION];

    seh_handler_back(c);
    if (c->eax == COLLIDED_UNWIND) {
        registration = load_u32(c, gva_of(c->w[W_BASE] + SEH_DISPATCHER));
        c->w[W_LAST] = registration;
    } else if (c->eax != CONTINUE_SEARCH) {
        unwind_fails(c, STATUS_INVALID_DISPOSITION);
        return false;
    }
    set_exception_list(c->ke, load_u32(c, gva_of(registration)));
    return call_ok(c);
}

/** VOID RtlUnwind(PVOID TargetFrame, PVOID TargetIp, PEXCEPTION_RECORD, PVOID
 *  ReturnValue): handlers up to TargetFrame are called for unwinding and taken
 *  off the chain. On i386 it returns to its caller, TargetIp is not used. A
 *  target that is not in the chain, or none: nobody took the exception. */
void thunk_RtlUnwind(struct call *c)
{
    uint32_t target = call_u32(c, 0), registration;

    if (c->state == 0)
        unwind_start(c);
    else if (!frame_left(c))
        return;
    if (!call_ok(c))
        return;
    registration = exception_list(c->ke);
    if (registration == target) {
        call_return(c, call_u32(c, 3));
    } else if (registration == REGISTRATION_END) {
        seh_unhandled(c);
    } else if (target && registration > target) {
        unwind_fails(c, STATUS_INVALID_UNWIND_TARGET);
    } else if (!seh_plausible(c->ke, registration, c->w[W_LAST])) {
        unwind_fails(c, STATUS_BAD_STACK);
    } else {
        c->w[W_REGISTRATION] = registration;
        seh_call_handler(c, "KiUnwindGuard", 1);
    }
}
