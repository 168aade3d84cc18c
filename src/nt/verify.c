/* src/nt/verify.c -- see verify.h. */
#include "nt/verify.h"

#include <stdarg.h>
#include <stdio.h>

enum { IO_MANAGER_VIOLATION = 0xc9, TEXT = 160 };

bool nt_checks(const struct nt *nt)
{
    return nt->w.mm->s.settings.checks != 0;
}

bool io_misuse(struct call *c, enum io_violation what, uint32_t a, uint32_t b,
               uint32_t d, const char *format, ...)
{
    char text[TEXT], rule[16];
    va_list ap;

    va_start(ap, format);
    vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    snprintf(rule, sizeof rule, "C9-%X", (unsigned)what);
    call_finding(c, rule, "%s", text);
    if (!nt_checks(nt_of(c)))
        return true;
    call_bugcheck(c, IO_MANAGER_VIOLATION, what, a, b, d);
    return false;
}
