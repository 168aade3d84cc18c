/* src/ke/seh.h -- what dispatching (seh.c), unwinding (unwind.c), the
 * compiler's frames (except_handler.c) and CONTEXT (context.c) share. */
#ifndef KE_SEH_H
#define KE_SEH_H

#include "ke/private.h"

/** EXCEPTION_DISPOSITION */
enum { CONTINUE_EXECUTION, CONTINUE_SEARCH, NESTED_EXCEPTION, COLLIDED_UNWIND };

/** What a dispatch or an unwind has on the guest's stack, from its base up: the
 *  guard's registration {next, handler, the frame whose handler runs}, the
 *  dispatcher context, EXCEPTION_RECORD, CONTEXT. */
enum {
    GUARD_FRAME = 8,
    SEH_DISPATCHER = 12,
    SEH_RECORD = 16,
    SEH_CONTEXT = SEH_RECORD + EXCEPTION_BYTES,
    SEH_BYTES = SEH_CONTEXT + CONTEXT_BYTES,
};

/** Words of ROUTINE_EXCEPTION and of RtlUnwind. */
enum {
    W_REGISTRATION, /* whose handler runs                                    */
    W_RECORD,
    W_CONTEXT,
    W_BASE,   /* of the above                                                */
    W_LAST,   /* registrations only go up the stack: no loop is endless      */
    W_NESTED, /* frames up to this one were met in a nested exception        */
    W_RAISES,
};

/** seh_plausible() - a registration lies on the thread's stack or on the DPC
 *  stack, aligned, above @last. */
bool seh_plausible(const struct ke *ke, uint32_t registration, uint32_t last);
/** seh_call_handler() - call the handler of w[W_REGISTRATION] inside a guard:
 *  @guard's routine answers for exceptions that come from within. */
void seh_call_handler(struct call *c, const char *guard, unsigned next);
/** seh_handler_back() - the handler is back: the guard is off the chain. */
void seh_handler_back(struct call *c);
/** seh_flags() - change ExceptionFlags of w[W_RECORD]. */
void seh_flags(struct call *c, uint32_t set, uint32_t clear);
/** seh_unhandled() - nobody takes w[W_RECORD]: bugcheck. */
void seh_unhandled(struct call *c);
/** context_read() - the registers that a handler may have changed. */
void context_read(struct call *c, uint32_t context, struct resume *to);

#endif
