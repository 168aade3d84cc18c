/* src/cpu/string.h -- runs of elements of string instructions in host memory,
 * in the order that the SDM gives them (vol. 2, MOVS and STOS with REP). */
#ifndef CPU_STRING_H
#define CPU_STRING_H

#include <stdint.h>
#include <string.h>

/** string_copy() - @count elements of @n bytes, upwards, one after the other:
 *  where @to lies shortly behind @from, a pattern repeats itself. */
static inline void string_copy(uint8_t *to, const uint8_t *from, unsigned n,
                               uint32_t count)
{
    if (to <= from || to >= from + count * n) {
        memmove(to, from, count * n);
        return;
    }
    for (; count; count--, to += n, from += n) {
        uint32_t v;

        memcpy(&v, from, n);
        memcpy(to, &v, n);
    }
}

/** string_fill() - @count elements of the low @n bytes of @v. */
static inline void string_fill(uint8_t *to, uint32_t v, unsigned n,
                               uint32_t count)
{
    enum { PIECE = 32 };
    uint8_t piece[PIECE];
    uint32_t bytes = count * n;

    if (n == 1) {
        memset(to, (int)(v & 255), count);
        return;
    }
    for (unsigned at = 0; at < PIECE; at += n)
        memcpy(piece + at, &v, n);
    for (; bytes >= PIECE; bytes -= PIECE, to += PIECE)
        memcpy(to, piece, PIECE);
    for (unsigned at = 0; at < bytes; at += n)
        memcpy(to + at, &v, n);
}

#endif
