/* src/ke/ke_debug.c -- DbgPrint, break points, bugchecks on request. Source:
 * WDK DbgPrintEx, KeBugCheckEx. */
#include <stdlib.h>
#include <string.h>

#include "ke/format.h"
#include "ke/private.h"

/** DbgPrint passes on at most 512 bytes (WDK). */
enum { PRINT_MOST = 512, PREFIX_MOST = 128 };

/** Text of @prefix (0: none) and @format as one event. Returns call_ok(). */
static void print(struct call *c, gva_t prefix, gva_t format, gva_t args)
{
    struct format_out out = {0};
    char text[PREFIX_MOST + PRINT_MOST + 1];
    uint32_t n = 0;

    for (char ch; prefix.v && n < PREFIX_MOST; n++) {
        ch = (char)load_u8(c, gva_add(prefix, n));
        if (!ch || !call_ok(c))
            break;
        text[n] = ch;
    }
    if (call_ok(c) && format_guest(c, false, format, args, &out) &&
        call_ok(c)) {
        for (uint32_t i = 0; i < out.count && i < PRINT_MOST; i++)
            text[n++] = (char)out.unit[i];
        text[n] = 0;
        EMIT(c->ke->events, debug_print, EVENT_STRING(text));
    }
    free(out.unit);
    call_return(c, STATUS_SUCCESS);
}

/** ULONG DbgPrint(Format, ...) */
void thunk_DbgPrint(struct call *c)
{
    print(c, gva_of(0), call_va(c, 0), format_args(c, 1));
}

/** ULONG DbgPrintEx(ComponentId, Level, Format, ...) */
void thunk_DbgPrintEx(struct call *c)
{
    print(c, gva_of(0), call_va(c, 2), format_args(c, 3));
}

/** ULONG vDbgPrintEx(ComponentId, Level, Format, va_list) */
void thunk_vDbgPrintEx(struct call *c)
{
    print(c, gva_of(0), call_va(c, 2), call_va(c, 3));
}

/** ULONG vDbgPrintExWithPrefix(Prefix, ComponentId, Level, Format, va_list) */
void thunk_vDbgPrintExWithPrefix(struct call *c)
{
    print(c, call_va(c, 0), call_va(c, 3), call_va(c, 4));
}

/** No kernel debugger is there: an exception like any other. */
void thunk_DbgBreakPoint(struct call *c)
{
    call_raise(c, STATUS_BREAKPOINT);
}

void thunk_DbgBreakPointWithStatus(struct call *c)
{
    call_raise(c, STATUS_BREAKPOINT);
}

/** Guest text up to its NUL, at most @room - 1 bytes of it. */
static void text_of(struct call *c, gva_t at, char *out, uint32_t room)
{
    uint32_t n = 0;

    while (at.v && n + 1 < room && call_ok(c)) {
        out[n] = (char)load_u8(c, gva_add(at, n));
        if (!out[n])
            break;
        n++;
    }
    out[n] = 0;
}

/** VOID RtlAssert(Assertion, File, Line, Message): told, then a break point,
 *  which nobody answers. */
void thunk_RtlAssert(struct call *c)
{
    char assertion[PREFIX_MOST], file[PREFIX_MOST], message[PREFIX_MOST];
    char text[PREFIX_MOST + PRINT_MOST + 1];

    text_of(c, call_va(c, 0), assertion, sizeof assertion);
    text_of(c, call_va(c, 1), file, sizeof file);
    text_of(c, call_va(c, 3), message, sizeof message);
    if (!call_ok(c))
        return;
    snprintf(text, sizeof text,
             "*** Assertion failed: %s%s\n***   Source File: %s, line %u\n",
             message, assertion, file, call_u32(c, 2));
    EMIT(c->ke->events, debug_print, EVENT_STRING(text));
    call_raise(c, STATUS_BREAKPOINT);
}

static void bugcheck(struct call *c, const uint32_t *p)
{
    call_bugcheck(c, p[0], p[1], p[2], p[3], p[4]);
}

void thunk_KeBugCheck(struct call *c)
{
    const uint32_t p[5] = {call_u32(c, 0)};

    bugcheck(c, p);
}

void thunk_KeBugCheckEx(struct call *c)
{
    uint32_t p[5];

    for (unsigned i = 0; i < 5; i++)
        p[i] = call_u32(c, i);
    bugcheck(c, p);
}

/* ---- the kernel debugger: absent
 * ------------------------------------------------- */

#define STATUS_DEBUGGER_INACTIVE 0xc0000354u

void thunk_KdDisableDebugger(struct call *c)
{
    call_return(c, STATUS_DEBUGGER_INACTIVE);
}

void thunk_KdEnableDebugger(struct call *c)
{
    call_return(c, STATUS_DEBUGGER_INACTIVE);
}

void thunk_KdRefreshDebuggerNotPresent(struct call *c)
{
    call_return(c, 1);
}
