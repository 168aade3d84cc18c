/* src/nt/probe.c -- ProbeForRead, ProbeForWrite: raise what the WDK says for a
 * range that is not the user's. */
#include "mm/mm.h"
#include "nt/exports.h"

#define STATUS_DATATYPE_MISALIGNMENT 0x80000002u
#define STATUS_BAD_ACCESS            0xC0000005u
#define USER_PROBE_ADDRESS           0x7fff0000u

enum { PAGES_AT_ONCE = 64 };

/* (Address, Length, Alignment); false: raised. */
static bool range_ok(struct call *c)
{
    uint32_t at = call_u32(c, 0), bytes = call_u32(c, 1);
    uint32_t alignment = call_u32(c, 2), end = at + bytes;

    if (alignment && at & (alignment - 1)) {
        call_raise(c, STATUS_DATATYPE_MISALIGNMENT);
        return false;
    }
    if (end < at || end > USER_PROBE_ADDRESS) {
        call_raise(c, STATUS_BAD_ACCESS);
        return false;
    }
    return true;
}

void thunk_ProbeForRead(struct call *c)
{
    if (call_u32(c, 1) == 0 || range_ok(c))
        call_return(c, 0);
}

/* Touches each page for writing; what that faults with is raised. w[0]: pages
 * done, for which mm may have had to find memory. */
void thunk_ProbeForWrite(struct call *c)
{
    uint32_t at = call_u32(c, 0), bytes = call_u32(c, 1);

    if (bytes && !range_ok(c))
        return;
    for (uint32_t i = c->w[0]; bytes && i < mm_span(at, bytes); i++) {
        gva_t page =
            gva_of(i ? (at & ~(uint32_t)PAGE_MASK) + (i << PAGE_SHIFT) : at);

        if (i - c->w[0] == PAGES_AT_ONCE) {
            c->w[0] = i;
            call_spend(c, PAGES_AT_ONCE);
            call_again(c, 1);
            return;
        }
        store_u8(c, page, load_u8(c, page));
        if (!call_ok(c))
            return;
    }
    call_return(c, 0);
}
