/* src/cpu/x80_convert.c -- see x80.h: other formats, integral values,
 * remainder, scaling. */
#include "cpu/x80.h"

#define TOP (1ull << 63)

/* ---- single and double ----------------------------------------------------
 */

/* Of a format with @frac fraction bits and @width exponent bits. */
static struct x80 widen(struct x80_env *e, uint64_t v, unsigned frac,
                        unsigned width)
{
    bool sign = v >> (frac + width) & 1;
    unsigned most = (1u << width) - 1, exp = (unsigned)(v >> frac) & most;
    uint64_t m = v << (63 - frac) & ~TOP;
    int32_t bias = (int32_t)(most >> 1);
    unsigned shift;

    if (exp == most)
        return x80_make(sign, X80_INF, m | TOP);
    if (exp)
        return x80_make(sign, (unsigned)((int32_t)exp - bias + X80_BIAS),
                        m | TOP);
    if (!m)
        return x80_make(sign, 0, 0);
    e->flags |= X80_DE;
    shift = (unsigned)__builtin_clzll(m);
    return x80_make(sign, (unsigned)(1 - bias + X80_BIAS - (int32_t)shift),
                    m << shift);
}

struct x80 x80_from_f32(struct x80_env *e, uint32_t v)
{
    return widen(e, v, 23, 8);
}

struct x80 x80_from_f64(struct x80_env *e, uint64_t v)
{
    return widen(e, v, 52, 11);
}

struct format {
    unsigned frac, width;
};

static uint64_t narrow_pack(struct format f, bool sign, unsigned exp,
                            uint64_t m)
{
    return (uint64_t)sign << (f.frac + f.width) | (uint64_t)exp << f.frac |
           (m << 1 >> (64 - f.frac));
}

static uint64_t narrow_overflow(struct x80_env *e, struct format f, bool sign)
{
    unsigned most = (1u << f.width) - 1, rc = x80_rc(e);

    e->flags |= X80_OE | X80_PE;
    if (rc == X80_CHOP || rc == (sign ? X80_UP : X80_DOWN))
        return narrow_pack(f, sign, most - 1, UINT64_MAX);
    e->flags |= X80_C1;
    return narrow_pack(f, sign, most, TOP);
}

static bool up_of(const struct x80_env *e, bool sign, bool odd, uint64_t rest)
{
    unsigned rc = x80_rc(e);

    if (rc == X80_NEAREST)
        return rest > TOP || (rest == TOP && odd);
    return rest && (rc == (sign ? X80_DOWN : X80_UP));
}

/* Round @m (top bit at 63) to frac + 1 bits; *@exp counts a carry. */
static uint64_t narrow_round(struct x80_env *e, struct format f, bool sign,
                             uint64_t m, bool sticky, bool *carry)
{
    unsigned drop = 63 - f.frac;
    uint64_t kept = m >> drop, rest = m << (64 - drop) | sticky;
    bool up = up_of(e, sign, kept & 1, rest);

    kept += up;
    if (rest)
        e->flags |= X80_PE | (up ? X80_C1 : 0);
    *carry = kept >> (f.frac + 1);
    return *carry ? TOP : kept << drop;
}

static uint64_t narrow_tiny(struct x80_env *e, struct format f, bool sign,
                            int32_t exp, uint64_t m)
{
    struct x80_env trial = *e;
    unsigned shift = exp < -64 ? 66 : (unsigned)(1 - exp);
    bool carry, sticky = false, tiny;
    uint16_t before = e->flags;

    narrow_round(&trial, f, sign, m, false, &carry);
    tiny = exp < 0 || !carry;
    if (shift > 64) {
        m = 0;
        sticky = true;
    } else if (shift == 64) {
        sticky = m & ~TOP;
        m = m >> 63; /* moved to the last place that is looked at */
    } else {
        sticky = m << (64 - shift) != 0;
        m >>= shift;
    }
    e->flags &= (uint16_t) ~(X80_PE | X80_C1);
    m = narrow_round(e, f, sign, m, sticky, &carry);
    if (tiny && ((e->flags & X80_PE) || !(e->cw & X80_UE)))
        e->flags |= X80_UE;
    e->flags |= before;
    return narrow_pack(f, sign, (unsigned)(m >> 63), m);
}

static uint64_t narrow(struct x80_env *e, struct x80 a, struct format f)
{
    int32_t most = (1 << f.width) - 1, exp;
    bool sign = x80_sign(a), carry;
    struct x80_part p;
    struct x80 nan;
    uint64_t m;

    if (x80_nan1(e, a, &nan))
        return narrow_pack(f, x80_sign(nan), (unsigned)most, nan.m);
    if (x80_inf(a))
        return narrow_pack(f, sign, (unsigned)most, TOP);
    if (x80_zero(a))
        return narrow_pack(f, sign, 0, 0);
    p = x80_part(a);
    exp = p.exp - X80_BIAS + (most >> 1);
    if (exp <= 0)
        return narrow_tiny(e, f, sign, exp, p.m);
    if (exp >= most)
        return narrow_overflow(e, f, sign);
    m = narrow_round(e, f, sign, p.m, false, &carry);
    exp += carry;
    if (exp >= most)
        return narrow_overflow(e, f, sign);
    return narrow_pack(f, sign, (unsigned)exp, m);
}

uint32_t x80_to_f32(struct x80_env *e, struct x80 a)
{
    return (uint32_t)narrow(e, a, (struct format){23, 8});
}

uint64_t x80_to_f64(struct x80_env *e, struct x80 a)
{
    return narrow(e, a, (struct format){52, 11});
}

/* ---- integers -------------------------------------------------------------
 */

struct x80 x80_from_int(int64_t v)
{
    uint64_t m = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    unsigned shift;

    if (!v)
        return x80_make(false, 0, 0);
    shift = (unsigned)__builtin_clzll(m);
    return x80_make(v < 0, X80_BIAS + 63 - shift, m << shift);
}

/* |a| as an integer, rounded; false: 2^64 or more. */
static bool integral(struct x80_env *e, struct x80 a, unsigned rc,
                     uint64_t *out)
{
    struct x80_env local = {.cw = (uint16_t)(rc << 10)};
    struct x80_part p = x80_part(a);
    int32_t shift = X80_BIAS + 63 - p.exp;
    uint64_t kept, rest;
    bool up;

    if (shift < 0)
        return false;
    kept = shift > 63 ? 0 : p.m >> shift;
    rest = shift > 64 ? 1 : shift == 64 ? p.m : shift ? p.m << (64 - shift) : 0;
    up = up_of(&local, x80_sign(a), kept & 1, rest);
    if (up && kept == UINT64_MAX)
        return false;
    *out = kept + up;
    if (rest)
        e->flags |= X80_PE | (up ? X80_C1 : 0);
    return true;
}

int64_t x80_to_int(struct x80_env *e, struct x80 a, unsigned bits, unsigned rc)
{
    uint64_t indefinite = 1ull << (bits - 1), v = 0;
    uint16_t before = e->flags;

    if (x80_zero(a))
        return 0;
    if (!x80_unsupported(a) && x80_exp(a) != X80_INF &&
        integral(e, a, rc, &v) && v <= indefinite - !x80_sign(a))
        return (int64_t)(x80_sign(a) ? 0 - v : v);
    e->flags = before | X80_IE;
    return (int64_t)(0 - indefinite);
}

struct x80 x80_rint(struct x80_env *e, struct x80 a)
{
    struct x80 nan;
    uint64_t v;
    unsigned shift;

    if (x80_nan1(e, a, &nan))
        return nan;
    if (x80_zero(a) || x80_exp(a) >= X80_BIAS + 63)
        return a;
    if (x80_denormal(a))
        e->flags |= X80_DE;
    if (!integral(e, a, x80_rc(e), &v)) /* 2^64 - 1/2 and above */
        return x80_make(x80_sign(a), X80_BIAS + 64, TOP);
    if (!v)
        return x80_make(x80_sign(a), 0, 0);
    shift = (unsigned)__builtin_clzll(v);
    return x80_make(x80_sign(a), X80_BIAS + 63 - shift, v << shift);
}

/* ---- scaling, exponent, remainder -----------------------------------------
 */

static struct x80 invalid(struct x80_env *e)
{
    e->flags |= X80_IE;
    return x80_indefinite();
}

static void note_denormal(struct x80_env *e, struct x80 a)
{
    if (x80_denormal(a))
        e->flags |= X80_DE;
}

struct x80 x80_scale(struct x80_env *e, struct x80 a, struct x80 b)
{
    enum { FAR = 0x10000 }; /* beyond all exponents */
    struct x80_env quiet = {0};
    struct x80_part p;
    struct x80 nan;
    int64_t by;

    if (x80_nans(e, a, b, &nan))
        return nan;
    if (x80_inf(b)) {
        if (x80_sign(b) ? x80_inf(a) : x80_zero(a))
            return invalid(e);
        note_denormal(e, a);
        if (x80_sign(b))
            return x80_make(x80_sign(a), 0, 0);
        return x80_make(x80_sign(a), X80_INF, TOP);
    }
    note_denormal(e, a);
    note_denormal(e, b);
    if (x80_inf(a) || x80_zero(a))
        return a;
    by = x80_exp(b) > X80_BIAS + 16 ? (x80_sign(b) ? -FAR : FAR)
                                    : x80_to_int(&quiet, b, 64, X80_CHOP);
    p = x80_part(a);
    return x80_round(e, x80_sign(a), p.exp + (int32_t)by, p.m, 0, 64);
}

struct x80 x80_extract(struct x80_env *e, struct x80 a, struct x80 *exponent)
{
    struct x80_part p;
    struct x80 nan;

    if (x80_nan1(e, a, &nan)) {
        *exponent = nan;
        return nan;
    }
    if (x80_inf(a)) {
        *exponent = x80_make(false, X80_INF, TOP);
        return a;
    }
    if (x80_zero(a)) {
        e->flags |= X80_ZE;
        *exponent = x80_make(true, X80_INF, TOP);
        return a;
    }
    note_denormal(e, a);
    p = x80_part(a);
    *exponent = x80_from_int(p.exp - X80_BIAS);
    return x80_make(x80_sign(a), X80_BIAS, p.m);
}

/* FPREM1 rounds the quotient to nearest: the remainder changes its side. */
static bool other_side(uint64_t r, uint64_t m, bool odd)
{
    return r > m - r || (r == m - r && odd);
}

static struct x80 rem_pack(struct x80_env *e, bool sign, int32_t exp,
                           uint64_t r)
{
    unsigned shift;

    if (!r)
        return x80_make(sign, 0, 0);
    shift = (unsigned)__builtin_clzll(r);
    return x80_round(e, sign, exp - (int32_t)shift, r << shift, 0, 64);
}

/* The dividend is smaller than the divisor's half place: only FPREM1 can do
 * anything, when it is more than half the divisor. */
static struct x80 rem_small(struct x80_env *e, struct x80 a, struct x80_part pa,
                            struct x80_part pb, bool nearest, unsigned *q)
{
    if (!nearest || pa.exp + 1 < pb.exp || pa.m <= pb.m)
        return x80_round(e, x80_sign(a), pa.exp, pa.m, 0, 64);
    *q = 1;
    /* b - a, in units of half of b's last place */
    return rem_pack(e, !x80_sign(a), pa.exp, (pb.m << 1) - pa.m);
}

struct x80 x80_rem(struct x80_env *e, struct x80 a, struct x80 b, bool nearest,
                   unsigned *quotient, bool *partial)
{
    struct x80_part pa, pb;
    bool sign = x80_sign(a);
    struct x80 nan;
    int32_t d, n;
    u128 v, q;
    uint64_t r;

    *quotient = 0;
    *partial = false;
    if (x80_nans(e, a, b, &nan))
        return nan;
    if (x80_inf(a) || x80_zero(b))
        return invalid(e);
    note_denormal(e, a);
    note_denormal(e, b);
    if (x80_inf(b) || x80_zero(a)) {
        a.se |= (uint16_t)(!x80_exp(a) && a.m >> 63); /* pseudo-denormal */
        return a;
    }
    pa = x80_part(a);
    pb = x80_part(b);
    d = pa.exp - pb.exp;
    if (d < 0)
        return rem_small(e, a, pa, pb, nearest, quotient);
    n = d < 64 ? d : 32 + d % 32; /* SDM vol. 2, FPREM: 32 to 63 */
    v = (u128)pa.m << n;
    q = v / pb.m;
    r = (uint64_t)(v % pb.m);
    if (d >= 64) {
        *partial = true;
        return rem_pack(e, sign, pb.exp + d - n, r);
    }
    if (nearest && other_side(r, pb.m, q & 1)) {
        r = pb.m - r;
        sign = !sign;
        q++;
    }
    *quotient = (unsigned)q & 7;
    return rem_pack(e, sign, pb.exp, r);
}
