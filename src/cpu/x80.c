/* src/cpu/x80.c -- see x80.h: classes, rounding, the four operations, square
 * root, comparison. */
#include "cpu/x80.h"

#include <emmintrin.h>

#define TOP   (1ull << 63)
#define QUIET (1ull << 62)

enum { WRAP = 24576 }; /* unmasked over- and underflow, SDM vol. 1, 4.9.1.4 */

struct x80_part x80_part(struct x80 a)
{
    unsigned shift = (unsigned)__builtin_clzll(a.m), exp = x80_exp(a);

    return (struct x80_part){(int32_t)(exp ? exp : 1) - (int32_t)shift,
                             a.m << shift};
}

/* ---- NaNs: SDM vol. 1, table 4-7 ------------------------------------------
 */

static struct x80 quieted(struct x80 a)
{
    a.m |= QUIET;
    return a;
}

static struct x80 invalid(struct x80_env *e)
{
    e->flags |= X80_IE;
    return x80_indefinite();
}

bool x80_nan1(struct x80_env *e, struct x80 a, struct x80 *out)
{
    if (x80_unsupported(a)) {
        *out = invalid(e);
        return true;
    }
    if (!x80_nan(a))
        return false;
    if (x80_snan(a))
        e->flags |= X80_IE;
    *out = quieted(a);
    return true;
}

/* The larger significand wins; of equal ones the positive. */
static struct x80 larger(struct x80 a, struct x80 b)
{
    if (a.m != b.m)
        return a.m > b.m ? a : b;
    return a.se < b.se ? a : b;
}

bool x80_nans(struct x80_env *e, struct x80 a, struct x80 b, struct x80 *out)
{
    bool sa = x80_snan(a), sb = x80_snan(b);

    if (x80_unsupported(a) || x80_unsupported(b)) {
        *out = invalid(e);
        return true;
    }
    if (!x80_nan(a) && !x80_nan(b))
        return false;
    if (sa || sb)
        e->flags |= X80_IE;
    if (!x80_nan(b) || (x80_nan(a) && sb && !sa))
        *out = quieted(a);
    else if (!x80_nan(a) || (sa && !sb))
        *out = quieted(b);
    else
        *out = quieted(larger(a, b));
    return true;
}

static void note_denormal(struct x80_env *e, struct x80 a)
{
    if (x80_denormal(a))
        e->flags |= X80_DE;
}

/* ---- rounding -------------------------------------------------------------
 */

static bool rounds_up(const struct x80_env *e, bool sign, bool odd,
                      uint64_t rest)
{
    switch (x80_rc(e)) {
    case X80_NEAREST:
        return rest > TOP || (rest == TOP && odd);
    case X80_DOWN:
        return sign && rest;
    case X80_UP:
        return !sign && rest;
    default:
        return false;
    }
}

/* What is rounded: kept bits, and those behind them as a fraction of a unit. */
struct cut {
    uint64_t kept, unit, rest;
};

static struct cut cut(uint64_t hi, uint64_t lo, unsigned bits)
{
    unsigned drop = 64 - bits;

    if (!drop)
        return (struct cut){hi, 1, lo};
    return (struct cut){hi >> drop << drop, 1ull << drop,
                        hi << bits | (lo != 0)};
}

static void shift_right(uint64_t *hi, uint64_t *lo, unsigned n)
{
    u128 v = (u128)*hi << 64 | *lo;

    if (n > 127)
        v = v != 0;
    else if (n)
        v = v >> n | ((v << (128 - n)) != 0);
    *hi = (uint64_t)(v >> 64);
    *lo = (uint64_t)v;
}

static struct x80 overflow(struct x80_env *e, bool sign, unsigned bits)
{
    unsigned rc = x80_rc(e);

    e->flags |= X80_OE | X80_PE;
    if (rc == X80_CHOP || rc == (sign ? X80_UP : X80_DOWN))
        return x80_make(sign, X80_INF - 1, UINT64_MAX << (64 - bits));
    e->flags |= X80_C1;
    return x80_make(sign, X80_INF, TOP);
}

/* Below the normal numbers. Tiny is what still is after rounding to unbounded
 * exponents, SDM vol. 1, 4.9.1.5. */
static struct x80 underflow(struct x80_env *e, bool sign, int32_t exp,
                            uint64_t hi, uint64_t lo, unsigned bits)
{
    struct cut c = cut(hi, lo, bits);
    bool tiny = exp < 0 || !rounds_up(e, sign, c.kept & c.unit, c.rest) ||
                c.kept + c.unit;
    bool up;

    shift_right(&hi, &lo, (unsigned)(1 - exp));
    c = cut(hi, lo, bits);
    up = rounds_up(e, sign, c.kept & c.unit, c.rest);
    if (up)
        c.kept += c.unit;
    if (c.rest)
        e->flags |= X80_PE | (tiny ? X80_UE : 0) | (up ? X80_C1 : 0);
    return x80_make(sign, (unsigned)(c.kept >> 63), c.kept);
}

/* Is it tiny for an unmasked #U? */
static bool tiny(const struct x80_env *e, bool sign, int32_t exp,
                 const struct cut *c)
{
    return exp < 0 ||
           (exp == 0 && (!rounds_up(e, sign, c->kept & c->unit, c->rest) ||
                         c->kept + c->unit));
}

struct x80 x80_round(struct x80_env *e, bool sign, int32_t exp, uint64_t hi,
                     uint64_t lo, unsigned bits)
{
    struct cut c = cut(hi, lo, bits);
    bool up;

    if (exp <= 0) {
        if ((e->cw & X80_UE) || !tiny(e, sign, exp, &c))
            return underflow(e, sign, exp, hi, lo, bits);
        e->flags |= X80_UE;
        exp += WRAP;
        if (exp <= 0) { /* FSCALE alone comes here */
            e->flags |= X80_PE;
            return x80_make(sign, 0, 0);
        }
    }
    up = rounds_up(e, sign, c.kept & c.unit, c.rest);
    if (up) {
        c.kept += c.unit;
        if (!c.kept) {
            c.kept = TOP;
            exp++;
        }
    }
    if (exp >= X80_INF) {
        if (e->cw & X80_OE)
            return overflow(e, sign, bits);
        e->flags |= X80_OE;
        exp -= WRAP;
        if (exp >= X80_INF) { /* FSCALE too */
            e->flags |= X80_PE | X80_C1;
            return x80_make(sign, X80_INF, TOP);
        }
    }
    if (c.rest)
        e->flags |= X80_PE | (up ? X80_C1 : 0);
    return x80_make(sign, (unsigned)exp, c.kept);
}

/* ---- the four operations --------------------------------------------------
 */

static unsigned precision(const struct x80_env *e)
{
    static const uint8_t bits[4] = {24, 64, 53, 64};

    return bits[e->cw >> 8 & 3];
}

static struct x80 zero_sum(const struct x80_env *e)
{
    return x80_make(x80_rc(e) == X80_DOWN, 0, 0);
}

static struct x80 add_parts(struct x80_env *e, bool sa, struct x80_part a,
                            bool sb, struct x80_part b)
{
    u128 big, small;
    int32_t d = a.exp - b.exp;
    unsigned n;

    if (d < 0 || (d == 0 && a.m < b.m)) {
        struct x80_part t = a;
        bool s = sa;

        a = b;
        b = t;
        sa = sb;
        sb = s;
        d = -d;
    }
    big = (u128)a.m << 63;
    small = (u128)b.m << 63;
    if (d > 126)
        small = 1;
    else if (d)
        small = small >> d | ((small << (128 - d)) != 0);
    big = sa == sb ? big + small : big - small;
    if (!big)
        return zero_sum(e);
    n = big >> 64 ? (unsigned)__builtin_clzll((uint64_t)(big >> 64))
                  : 64 + (unsigned)__builtin_clzll((uint64_t)big);
    big <<= n;
    return x80_round(e, sa, a.exp + 1 - (int32_t)n, (uint64_t)(big >> 64),
                     (uint64_t)big, precision(e));
}

static struct x80 add(struct x80_env *e, struct x80 a, struct x80 b)
{
    struct x80_part p;

    note_denormal(e, a);
    note_denormal(e, b);
    if (x80_inf(a))
        return x80_inf(b) && x80_sign(a) != x80_sign(b) ? invalid(e) : a;
    if (x80_inf(b))
        return b;
    if (x80_zero(a) && x80_zero(b))
        return x80_sign(a) == x80_sign(b) ? a : zero_sum(e);
    if (x80_zero(a) || x80_zero(b)) {
        struct x80 c = x80_zero(a) ? b : a;

        p = x80_part(c);
        return x80_round(e, x80_sign(c), p.exp, p.m, 0, precision(e));
    }
    return add_parts(e, x80_sign(a), x80_part(a), x80_sign(b), x80_part(b));
}

/* Both normal: what most operands are. */
static bool normal(struct x80 a)
{
    return a.m >> 63 && x80_exp(a) - 1u < X80_INF - 1u;
}

static struct x80_part normal_part(struct x80 a)
{
    return (struct x80_part){(int32_t)x80_exp(a), a.m};
}

struct x80 x80_add(struct x80_env *e, struct x80 a, struct x80 b)
{
    struct x80 nan;

    if (normal(a) && normal(b))
        return add_parts(e, x80_sign(a), normal_part(a), x80_sign(b),
                         normal_part(b));
    return x80_nans(e, a, b, &nan) ? nan : add(e, a, b);
}

struct x80 x80_sub(struct x80_env *e, struct x80 a, struct x80 b)
{
    struct x80 nan;

    if (normal(a) && normal(b))
        return add_parts(e, x80_sign(a), normal_part(a), !x80_sign(b),
                         normal_part(b));
    if (x80_nans(e, a, b, &nan))
        return nan;
    b.se ^= X80_SIGN;
    return add(e, a, b);
}

struct x80 x80_mul(struct x80_env *e, struct x80 a, struct x80 b)
{
    bool sign = x80_sign(a) != x80_sign(b);
    struct x80_part pa, pb;
    struct x80 nan;
    int32_t exp;
    u128 p;

    if (normal(a) && normal(b)) {
        pa = normal_part(a);
        pb = normal_part(b);
    } else {
        if (x80_nans(e, a, b, &nan))
            return nan;
        if ((x80_inf(a) && x80_zero(b)) || (x80_zero(a) && x80_inf(b)))
            return invalid(e);
        note_denormal(e, a);
        note_denormal(e, b);
        if (x80_inf(a) || x80_inf(b))
            return x80_make(sign, X80_INF, TOP);
        if (x80_zero(a) || x80_zero(b))
            return x80_make(sign, 0, 0);
        pa = x80_part(a);
        pb = x80_part(b);
    }
    p = (u128)pa.m * pb.m;
    exp = pa.exp + pb.exp - X80_BIAS + 1;
    if (!(p >> 127)) {
        p <<= 1;
        exp--;
    }
    return x80_round(e, sign, exp, (uint64_t)(p >> 64), (uint64_t)p,
                     precision(e));
}

/* high:0 / d for high < d. GCC's own division of 128 bits is a call. */
static uint64_t divide(uint64_t high, uint64_t low, uint64_t d,
                       uint64_t *remainder)
{
    uint64_t q;

    __asm__("divq %4"
            : "=a"(q), "=d"(*remainder)
            : "a"(low), "d"(high), "rm"(d)
            : "cc");
    return q;
}

struct x80 x80_div(struct x80_env *e, struct x80 a, struct x80 b)
{
    bool sign = x80_sign(a) != x80_sign(b), above;
    struct x80_part pa, pb;
    struct x80 nan;
    uint64_t q, r;

    if (x80_nans(e, a, b, &nan))
        return nan;
    if ((x80_inf(a) && x80_inf(b)) || (x80_zero(a) && x80_zero(b)))
        return invalid(e);
    if (x80_zero(b) && !x80_inf(a)) {
        e->flags |= X80_ZE;
        return x80_make(sign, X80_INF, TOP);
    }
    note_denormal(e, a);
    note_denormal(e, b);
    if (x80_inf(a))
        return x80_make(sign, X80_INF, TOP);
    if (x80_inf(b) || x80_zero(a))
        return x80_make(sign, 0, 0);
    pa = x80_part(a);
    pb = x80_part(b);
    above = pa.m >= pb.m;
    q = above ? divide(pa.m >> 1, pa.m << 63, pb.m, &r)
              : divide(pa.m, 0, pb.m, &r);
    if (r) /* less than, equal to or more than half a unit is left */
        r = r > pb.m - r ? 3ull << 62 : r == pb.m - r ? TOP : 1;
    return x80_round(e, sign, pa.exp - pb.exp + X80_BIAS - !above, q, r,
                     precision(e));
}

/* floor(sqrt(v)), v >= 2^126, by Newton from the host's double: that root is
 * exact to rounding everywhere, IEEE 754. */
static uint64_t root128(u128 v)
{
    __m128d high = _mm_set_sd((double)(uint64_t)(v >> 64));
    double guess = _mm_cvtsd_f64(_mm_sqrt_sd(high, high)) * 4294967296.0;
    uint64_t r = guess >= 18446744073709551615.0 ? UINT64_MAX : (uint64_t)guess;

    for (unsigned n = 0; n < 2; n++) {
        u128 sum = v / r + r;

        r = sum >> 65 ? UINT64_MAX : (uint64_t)(sum >> 1);
    }
    while ((u128)r * r > v)
        r--;
    while (r != UINT64_MAX && (u128)(r + 1) * (r + 1) <= v)
        r++;
    return r;
}

struct x80 x80_sqrt(struct x80_env *e, struct x80 a)
{
    struct x80_part p;
    struct x80 nan;
    uint64_t r, rest = 0;
    u128 v, left;
    bool odd;

    if (x80_nan1(e, a, &nan))
        return nan;
    if (x80_zero(a))
        return a;
    if (x80_sign(a))
        return invalid(e);
    note_denormal(e, a);
    if (x80_inf(a))
        return a;
    p = x80_part(a);
    odd = (p.exp - X80_BIAS) & 1;
    v = (u128)p.m << (odd ? 64 : 63);
    r = root128(v);
    left = v - (u128)r * r;
    if (left) /* the root is above r + 1/2 when more than r is left */
        rest = left > r ? 3ull << 62 : 1;
    return x80_round(e, false, ((p.exp - X80_BIAS - odd) >> 1) + X80_BIAS, r,
                     rest, precision(e));
}

/* ---- comparison -----------------------------------------------------------
 */

enum x80_order x80_compare(struct x80_env *e, struct x80 a, struct x80 b,
                           bool quiet)
{
    struct x80_part pa = {0, 0}, pb = {0, 0};
    bool less;

    if (x80_unsupported(a) || x80_unsupported(b) || x80_nan(a) || x80_nan(b)) {
        if (!quiet || x80_unsupported(a) || x80_unsupported(b) || x80_snan(a) ||
            x80_snan(b))
            e->flags |= X80_IE;
        return X80_UNORDERED;
    }
    note_denormal(e, a);
    note_denormal(e, b);
    if (x80_zero(a) && x80_zero(b))
        return X80_EQUAL;
    if (x80_sign(a) != x80_sign(b))
        return x80_sign(a) ? X80_LESS : X80_GREATER;
    if (!x80_zero(a))
        pa = x80_part(a);
    if (!x80_zero(b))
        pb = x80_part(b);
    if (pa.exp == pb.exp && pa.m == pb.m)
        return X80_EQUAL;
    if (!pa.m || !pb.m)
        less = !pa.m;
    else
        less = pa.exp != pb.exp ? pa.exp < pb.exp : pa.m < pb.m;
    return less != x80_sign(a) ? X80_LESS : X80_GREATER;
}
