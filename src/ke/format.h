/* src/ke/format.h -- the printf family of the kernel's C run time over guest
 * memory: DbgPrint, sprintf, swprintf, _snprintf and the v forms. The result is
 * built in host memory; the caller stores it. Source: the Microsoft C run
 * time's format specification (%C %S %Z %wZ %I64 %h %l %w %p); no floating
 * point, as in the kernel: a driver may not use it there. */
#ifndef KE_FORMAT_H
#define KE_FORMAT_H

#include "ke/call.h"

enum { FORMAT_MOST = 65536 }; /* units of output and of one string argument */

/** What came out: 16-bit units, 8-bit ones in the low half. */
struct format_out {
    uint16_t *unit; /* free() it */
    uint32_t count; /* without a terminator */
};

/**
 * format_guest() - format as the guest asks.
 * @format: guest string of bytes, or of 16-bit units when @wide
 * @args:   guest address of the first variable argument
 *
 * Faults are latched in @c as by load(); the result then counts for nothing.
 * Output past FORMAT_MOST is cut. Returns false when the host has no memory.
 */
bool format_guest(struct call *c, bool wide, gva_t format, gva_t args,
                  struct format_out *out);
/** format_args() - address of stack slot @slot of a cdecl call in state 0. */
gva_t format_args(struct call *c, unsigned slot);

#endif
