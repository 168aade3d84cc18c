/* user/msvcrt/float.c -- a double's decimal digits, all of them, then rounded
 * once: binary fractions end, so the digits are exact. Source: IEEE 754. */
#include "msvcrt/msvcrt.h"

enum { WORDS = 36, CHUNK = 9 };
#define CHUNK_BASE 1000000000u

/* The integer m * 2^e, e >= 0, as digits at @to. Returns their number. */
static int integer_digits(unsigned long long m, int e, char *to)
{
    uint32_t word[WORDS] = {0}, chunk[WORDS + 4];
    int top = WORDS, chunks = 0, n = 0;

    word[e / 32] = (uint32_t)(m << e % 32);
    word[e / 32 + 1] = (uint32_t)(m << e % 32 >> 32);
    if (e % 32)
        word[e / 32 + 2] = (uint32_t)(m >> (64 - e % 32));
    for (;;) {
        unsigned long long rest = 0;

        while (top && !word[top - 1])
            top--;
        if (!top)
            break;
        for (int i = top; i-- > 0;) {
            rest = rest << 32 | word[i];
            word[i] = (uint32_t)(rest / CHUNK_BASE);
            rest %= CHUNK_BASE;
        }
        chunk[chunks++] = (uint32_t)rest;
    }
    while (chunks-- > 0) {
        uint32_t by = CHUNK_BASE / 10;

        for (int i = 0; i < CHUNK; i++, by /= 10)
            if (n || chunk[chunks] / by % 10)
                to[n++] = (char)('0' + chunk[chunks] / by % 10);
    }
    return n;
}

/* The fraction m / 2^bits, m < 2^bits, bits <= 1074: at most @room digits, a
 * last '1' standing for what is left. */
static int fraction_digits(unsigned long long m, int bits, char *to, int room)
{
    uint32_t word[WORDS] = {0};
    int words = (bits + 31) / 32, shift = words * 32 - bits, n = 0;

    word[0] = (uint32_t)(m << shift);
    if (words > 1)
        word[1] = (uint32_t)(m << shift >> 32);
    if (words > 2 && shift)
        word[2] = (uint32_t)(m >> (64 - shift));
    for (;;) {
        unsigned long long carry = 0;
        uint32_t any = 0, by = CHUNK_BASE / 10;

        for (int i = 0; i < words; i++)
            any |= word[i];
        if (!any)
            return n;
        if (n + CHUNK > room) {
            to[n++] = '1';
            return n;
        }
        for (int i = 0; i < words; i++) {
            carry += (unsigned long long)word[i] * CHUNK_BASE;
            word[i] = (uint32_t)carry;
            carry >>= 32;
        }
        for (int i = 0; i < CHUNK; i++, by /= 10)
            to[n++] = (char)('0' + carry / by % 10);
    }
}

/* Half and more goes up. Returns the number of digits left. */
static int round_at(char *digit, int count, int keep, int *point)
{
    int up = keep >= 0 && keep < count && digit[keep] >= '5';

    if (keep < 0)
        return 0;
    if (keep > count)
        return count;
    for (int i = keep; up && i-- > 0;) {
        up = digit[i] == '9';
        digit[i] = (char)(up ? '0' : digit[i] + 1);
    }
    if (!up)
        return keep;
    memmove(digit + 1, digit, (size_t)keep);
    digit[0] = '1';
    ++*point;
    return keep + 1;
}

int float_digits(double v, int places, int significant, char *digit, int *point)
{
    union {
        double v;
        unsigned long long bits;
    } u = {v};
    int e = (int)(u.bits >> 52 & 0x7ff), count, lead = 0;
    unsigned long long m = u.bits & ((1ull << 52) - 1);

    if (e)
        m |= 1ull << 52;
    else
        e = 1;
    e -= 1075;
    if (e >= 0) {
        count = *point = integer_digits(m, e, digit);
    } else {
        unsigned long long whole = e > -64 ? m >> -e : 0;

        count = *point = integer_digits(whole, 0, digit);
        count += fraction_digits(e > -64 ? m & ((1ull << -e) - 1) : m, -e,
                                 digit + count, FLOAT_ROOM - count - 16);
    }
    while (lead < count && digit[lead] == '0')
        lead++;
    memmove(digit, digit + lead, (size_t)(count - lead));
    count -= lead;
    *point -= lead;
    return round_at(digit, count, significant ? places : *point + places,
                    point);
}
