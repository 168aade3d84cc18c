/* src/debug/unwind.h -- from one frame to its caller, by call frame
 * information. Private to src/debug. */
#ifndef DEBUG_UNWIND_H
#define DEBUG_UNWIND_H

#include "debug/symbols.h"

/** Registers of a frame, and whose memory they point into. */
struct unwind {
    const struct machine *m;
    uint32_t space;
    uint32_t reg[8], eip;
    uint8_t known;
    uint32_t cfa; /* out */
};

static inline bool unwind_read(const struct unwind *u, uint32_t at,
                               uint32_t *value)
{
    return inspect_virtual(u->m, u->space, gva_of(at), value, 4);
}

/** unwind_cfi() - make @u its caller's, by what @f says of @rva. False: it says
 *  nothing usable, and @u is as it was. */
bool unwind_cfi(const struct symbol_file *f, uint32_t rva, struct unwind *u);

#endif
