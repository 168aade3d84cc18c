/* src/nt/crt.h -- guest text of bytes or 16-bit units, for the C run time's and
 * the run-time library's routines. Reads stop at the first fault. */
#ifndef NT_CRT_H
#define NT_CRT_H

#include "ke/call.h"

/** text_unit() - unit @i of the text at @at; 0 after a fault. */
static inline uint16_t text_unit(struct call *c, gva_t at, uint32_t i,
                                 bool wide)
{
    uint16_t u =
        wide ? load_u16(c, gva_add(at, 2 * i)) : load_u8(c, gva_add(at, i));

    return call_ok(c) ? u : 0;
}

static inline void text_put(struct call *c, gva_t at, uint32_t i, bool wide,
                            uint16_t unit)
{
    if (wide)
        store_u16(c, gva_add(at, 2 * i), unit);
    else
        store_u8(c, gva_add(at, i), (uint8_t)unit);
}

/** text_part() - the head of a loop over units from i = w[0]: true when a part
 *  is done; the routine has then asked to come again and w[0] is @i. */
enum { TEXT_PART = 4096 };
bool text_part(struct call *c, uint32_t i);
/** text_length() - units before the terminator, at most @most: for what bounds
 *  a text itself, as a counted string does. */
uint32_t text_length(struct call *c, gva_t at, uint32_t most, bool wide);
/** text_upper()/text_lower() - of one unit: ASCII, and Latin-1 when wide. */
uint16_t text_upper(uint16_t unit, bool wide);
uint16_t text_lower(uint16_t unit, bool wide);

#endif
