/* src/nt/crt_format.c -- sprintf and its like over ke/format.h. Source: the
 * Microsoft C run time: _snprintf writes no terminator when the text just fits
 * and returns -1 when it does not, after writing what fits. */
#include <stdlib.h>

#include "ke/format.h"
#include "nt/crt.h"
#include "nt/exports.h"

/* Formats at @to; @room units in all, UINT32_MAX: as many as it takes. */
static void print(struct call *c, bool wide, gva_t to, uint32_t room,
                  gva_t format, gva_t args)
{
    struct format_out out;
    uint32_t n;

    if (!format_guest(c, wide, format, args, &out)) {
        call_return(c, UINT32_MAX);
        return;
    }
    n = out.count < room ? out.count : room;
    for (uint32_t i = 0; i < n && call_ok(c); i++)
        text_put(c, to, i, wide, out.unit[i]);
    if (n < room && call_ok(c))
        text_put(c, to, n, wide, 0);
    if (call_ok(c))
        call_return(c, out.count > room ? UINT32_MAX : out.count);
    free(out.unit);
}

void thunk_sprintf(struct call *c)
{
    print(c, false, call_va(c, 0), UINT32_MAX, call_va(c, 1),
          format_args(c, 2));
}

void thunk_swprintf(struct call *c)
{
    print(c, true, call_va(c, 0), UINT32_MAX, call_va(c, 1), format_args(c, 2));
}

void thunk_vsprintf(struct call *c)
{
    print(c, false, call_va(c, 0), UINT32_MAX, call_va(c, 1), call_va(c, 2));
}

void thunk__snprintf(struct call *c)
{
    print(c, false, call_va(c, 0), call_u32(c, 1), call_va(c, 2),
          format_args(c, 3));
}

void thunk__snwprintf(struct call *c)
{
    print(c, true, call_va(c, 0), call_u32(c, 1), call_va(c, 2),
          format_args(c, 3));
}

void thunk__vsnprintf(struct call *c)
{
    print(c, false, call_va(c, 0), call_u32(c, 1), call_va(c, 2),
          call_va(c, 3));
}

void thunk__vsnwprintf(struct call *c)
{
    print(c, true, call_va(c, 0), call_u32(c, 1), call_va(c, 2), call_va(c, 3));
}
