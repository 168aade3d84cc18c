/* src/ke/ke_raise.c -- exceptions raised on request. Source: WDK ExRaiseStatus,
 * RtlRaiseException. */
#include "ke/private.h"

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
        .chain = load_u32(c, gva_add(at, EXCEPTION_CHAIN)),
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
