/* src/cpu/x80_trans.c -- the transcendental functions, by series on 128-bit
 * significands: the errors of all steps together stay below 2^-100 of the
 * result, so that but for one case in 2^36 the result is the correctly rounded
 * one. Exact results are told from rounded ones. Source: SDM vol. 1, 8.3.7 to
 * 8.3.11 (arguments, the 66-bit pi); vol. 2 (special operands). */
#include "cpu/x80_trans.h"

#define TOP (1ull << 63)

/* m * 2^(exp - 127), m >> 127 == 1; zero: m == 0. */
struct wide {
    bool sign;
    int32_t exp;
    u128 m;
};

#define W(hi, lo) ((u128)(hi) << 64 | (lo))

static const struct wide one = {false, 0, W(TOP, 0)};
static const struct wide ln2 = {false, -1,
                                W(0xb17217f7d1cf79ab, 0xc9e3b39803f2f6af)};
static const struct wide log2e = {false, 0,
                                  W(0xb8aa3b295c17f0bb, 0xbe87fed0691d3e89)};
static const struct wide pi = {false, 1,
                               W(0xc90fdaa22168c234, 0xc4c6628b80dc1cd1)};
static const struct wide half_pi = {false, 0,
                                    W(0xc90fdaa22168c234, 0xc4c6628b80dc1cd1)};

/* ---- arithmetic, cut off --------------------------------------------------
 */

static struct wide normalized(bool sign, int32_t exp, u128 m)
{
    uint64_t hi = (uint64_t)(m >> 64);
    unsigned n;

    if (!m)
        return (struct wide){sign, 0, 0};
    n = hi ? (unsigned)__builtin_clzll(hi)
           : 64 + (unsigned)__builtin_clzll((uint64_t)m);
    return (struct wide){sign, exp - (int32_t)n, m << n};
}

static struct wide widened(struct x80 a)
{
    struct x80_part p;

    if (x80_zero(a))
        return (struct wide){x80_sign(a), 0, 0};
    p = x80_part(a);
    return (struct wide){x80_sign(a), p.exp - X80_BIAS, (u128)p.m << 64};
}

static struct wide integer(int32_t v)
{
    return normalized(v < 0, 127, (u128)(v < 0 ? -(int64_t)v : v));
}

static struct wide mul(struct wide a, struct wide b)
{
    uint64_t a1 = (uint64_t)(a.m >> 64), a0 = (uint64_t)a.m;
    uint64_t b1 = (uint64_t)(b.m >> 64), b0 = (uint64_t)b.m;
    u128 low = (u128)a0 * b0, x = (u128)a1 * b0, y = (u128)a0 * b1;
    u128 middle = (low >> 64) + (uint64_t)x + (uint64_t)y;
    u128 high = (u128)a1 * b1 + (x >> 64) + (y >> 64) + (middle >> 64);

    if (!a.m || !b.m)
        return (struct wide){a.sign != b.sign, 0, 0};
    if (high >> 127)
        return (struct wide){a.sign != b.sign, a.exp + b.exp + 1, high};
    return (struct wide){a.sign != b.sign, a.exp + b.exp,
                         high << 1 | (uint64_t)middle >> 63};
}

static struct wide add(struct wide a, struct wide b)
{
    u128 x, y;
    int32_t d;

    if (!a.m)
        return b;
    if (!b.m)
        return a;
    d = a.exp - b.exp;
    if (d < 0 || (d == 0 && a.m < b.m)) {
        struct wide t = a;

        a = b;
        b = t;
        d = -d;
    }
    if (d > 126)
        return a;
    x = a.m >> 1; /* room for a carry */
    y = b.m >> 1 >> d;
    return normalized(a.sign, a.exp + 1, a.sign == b.sign ? x + y : x - y);
}

static struct wide negated(struct wide a)
{
    a.sign = !a.sign;
    return a;
}

static struct wide over(struct wide a, struct wide b)
{
    u128 r = a.m, q = 0;
    int32_t exp = a.exp - b.exp;

    if (!a.m)
        return a;
    if (r < b.m)
        exp--;
    else
        r -= b.m, q = 1;
    for (unsigned n = q ? 127 : 128; n; n--) {
        bool carry = r >> 127;

        r <<= 1;
        q <<= 1;
        if (carry || r >= b.m) {
            r -= b.m;
            q |= 1;
        }
    }
    return (struct wide){a.sign != b.sign, exp, q};
}

static struct wide over_int(struct wide a, uint32_t n)
{
    struct wide q = normalized(a.sign, a.exp, a.m / n);

    return q;
}

/* To 64 bits; @inexact: it is not the value itself. */
static struct x80 rounded(struct x80_env *e, struct wide a, bool inexact)
{
    if (!a.m)
        return x80_make(a.sign, 0, 0);
    return x80_round(e, a.sign, a.exp + X80_BIAS, (uint64_t)(a.m >> 64),
                     (uint64_t)a.m | inexact, 64);
}

/* What a series came to that is below one but was cut off to it. */
static struct wide below_one(struct wide s)
{
    return s.exp < 0 ? s : (struct wide){false, -1, ~(u128)0};
}

/* 1 + y/n (1 + y/(n+step) (1 + ...)), with y/n as y / (n (n-1)) where @pairs.
 */
static struct wide factorial_series(struct wide y, uint32_t first,
                                    uint32_t last, bool pairs)
{
    struct wide s = one;

    for (uint32_t n = last; n >= first; n -= pairs ? 2 : 1)
        s = add(one, over_int(mul(s, y), pairs ? n * (n - 1) : n));
    return s;
}

/* 1 + y/3 + y^2/5 + ... */
static struct wide odd_series(struct wide y, uint32_t last)
{
    struct wide s = {false, 0, 0};

    for (uint32_t n = last; n >= 3; n -= 2)
        s = mul(add(s, over_int(one, n)), y);
    return add(one, s);
}

/* ---- 2^x - 1, logarithms --------------------------------------------------
 */

static void note_denormal(struct x80_env *e, struct x80 a)
{
    if (x80_denormal(a))
        e->flags |= X80_DE;
}

static struct x80 invalid(struct x80_env *e)
{
    e->flags |= X80_IE;
    return x80_indefinite();
}

static struct x80 infinity(bool sign)
{
    return x80_make(sign, X80_INF, TOP);
}

struct x80 x80_2xm1(struct x80_env *e, struct x80 a)
{
    struct wide y;
    struct x80 nan;

    if (x80_nan1(e, a, &nan))
        return nan;
    if (x80_zero(a))
        return a;
    note_denormal(e, a);
    if (x80_exp(a) >= X80_BIAS) { /* -1 and +1 are the last defined */
        if (x80_exp(a) == X80_BIAS && a.m == TOP)
            return x80_make(x80_sign(a), X80_BIAS - x80_sign(a), TOP);
        return x80_sign(a) && x80_inf(a) ? x80_make(true, X80_BIAS, TOP) : a;
    }
    y = mul(widened(a), ln2);
    return rounded(e, mul(y, factorial_series(y, 2, 34, false)), true);
}

/* log2(u), u > 0, by ln((1+z)/(1-z)) = 2 (z + z^3/3 + ...). */
static struct wide log2_of(struct wide u)
{
    int32_t exp = u.exp;
    struct wide z;

    u.exp = 0;
    if (u.m > W(0xb504f333f9de6484, 0)) { /* sqrt(2): |z| < 0.172 */
        u.exp = -1;
        exp++;
    }
    z = over(add(u, negated(one)), add(u, one));
    z = mul(z, odd_series(mul(z, z), 53));
    z.exp++;
    return add(integer(exp), mul(z, log2e));
}

/* Of log2(x) * y with x infinite or y infinite or zero: @log is the sign of the
 * logarithm, 0 where it is zero. */
static struct x80 log_special(struct x80_env *e, int log, bool infinite,
                              struct x80 y)
{
    bool sign = x80_sign(y) != (log < 0);

    if (infinite ? x80_zero(y) : x80_inf(y) && !log)
        return invalid(e);
    if (infinite || x80_inf(y))
        return infinity(sign);
    return x80_make(sign, 0, 0);
}

/* log2 of zero. */
static struct x80 log_pole(struct x80_env *e, struct x80 y)
{
    if (x80_zero(y))
        return invalid(e);
    if (!x80_inf(y))
        e->flags |= X80_ZE;
    return infinity(!x80_sign(y));
}

struct x80 x80_yl2x(struct x80_env *e, struct x80 x, struct x80 y)
{
    bool is_one = x80_exp(x) == X80_BIAS && x.m == TOP, power;
    struct x80 nan;

    if (x80_nans(e, x, y, &nan))
        return nan;
    if (x80_zero(x))
        return log_pole(e, y);
    if (x80_sign(x))
        return invalid(e);
    if (!(x80_inf(x) && x80_zero(y)) && !(is_one && x80_inf(y))) {
        note_denormal(e, x);
        note_denormal(e, y);
    }
    if (x80_inf(x) || x80_inf(y) || x80_zero(y) || is_one)
        return log_special(e,
                           is_one                  ? 0
                           : x80_exp(x) < X80_BIAS ? -1
                                                   : 1,
                           x80_inf(x), y);
    power = x80_part(x).m == TOP;
    return rounded(e, mul(log2_of(widened(x)), widened(y)), !power);
}

struct x80 x80_yl2xp1(struct x80_env *e, struct x80 x, struct x80 y)
{
    struct wide w, z;
    struct x80 nan;

    if (x80_nans(e, x, y, &nan))
        return nan;
    if (x80_sign(x) && x80_exp(x) >= X80_BIAS)
        return x80_exp(x) == X80_BIAS && x.m == TOP ? log_pole(e, y)
                                                    : invalid(e);
    if (!(x80_inf(x) && x80_zero(y)) && !(x80_zero(x) && x80_inf(y))) {
        note_denormal(e, x);
        note_denormal(e, y);
    }
    if (x80_zero(x) && !x80_inf(y))
        return x80_make(x80_sign(x) != x80_sign(y), 0, 0);
    if (x80_inf(x) || x80_inf(y) || x80_zero(y))
        return log_special(e,
                           x80_zero(x)   ? 0
                           : x80_sign(x) ? -1
                                         : 1,
                           x80_inf(x), y);
    w = widened(x);
    if (w.exp >= -2)
        return rounded(e, mul(log2_of(add(w, one)), widened(y)), true);
    z = over(w, add(w, integer(2))); /* nothing is lost near one */
    z = mul(z, odd_series(mul(z, z), 53));
    z.exp++;
    return rounded(e, mul(mul(z, log2e), widened(y)), true);
}

/* ---- sine, cosine, tangent ------------------------------------------------
 */

/* |a| = quadrant * pi/2 + r, |r| <= pi/4, exact for the 66-bit pi. */
static struct wide reduce(struct x80 a, unsigned *quadrant)
{
    static const u128 half = W(3, 0x243f6a8885a308d3); /* pi/2 * 2^65 */
    struct wide w = widened(a);
    bool other;
    u128 v, r;

    w.sign = false;
    *quadrant = 0;
    if (w.exp < -2)
        return w;
    v = (w.m >> 64) << (w.exp + 2); /* |a| * 2^65; exp is 62 at most */
    r = v % half;
    other = r > half - r;
    *quadrant = (unsigned)(v / half) + other;
    return normalized(other, 127 - 65, other ? half - r : r);
}

static struct wide sine(struct wide r)
{
    struct wide s = factorial_series(negated(mul(r, r)), 3, 35, true);

    return mul(r, below_one(s));
}

static struct wide cosine(struct wide r)
{
    return below_one(factorial_series(negated(mul(r, r)), 2, 34, true));
}

/* By quadrants: sin, cos, -sin, -cos. */
static struct wide by_quadrant(struct wide r, unsigned quadrant, bool negative)
{
    struct wide s = quadrant & 1 ? cosine(r) : sine(r);

    s.sign ^= (quadrant >> 1 & 1) ^ negative;
    return s;
}

bool x80_angle(struct x80 a)
{
    return x80_exp(a) < X80_BIAS + 63 || x80_exp(a) == X80_INF;
}

/* NaN, infinity, zero; false: none of them. */
static bool special_angle(struct x80_env *e, struct x80 a, struct x80 *out)
{
    if (x80_nan1(e, a, out))
        return true;
    if (x80_inf(a)) {
        *out = invalid(e);
        return true;
    }
    *out = a;
    note_denormal(e, a);
    return x80_zero(a);
}

struct x80 x80_sin(struct x80_env *e, struct x80 a)
{
    unsigned quadrant;
    struct wide r;
    struct x80 out;

    if (special_angle(e, a, &out))
        return out;
    r = reduce(a, &quadrant);
    return rounded(e, by_quadrant(r, quadrant, x80_sign(a)), true);
}

struct x80 x80_cos(struct x80_env *e, struct x80 a)
{
    unsigned quadrant;
    struct wide r;
    struct x80 out;

    if (special_angle(e, a, &out))
        return x80_zero(a) ? x80_make(false, X80_BIAS, TOP) : out;
    r = reduce(a, &quadrant);
    return rounded(e, by_quadrant(r, quadrant + 1, false), true);
}

struct x80 x80_tan(struct x80_env *e, struct x80 a)
{
    unsigned quadrant;
    struct wide r, s, c;
    struct x80 out;

    if (special_angle(e, a, &out))
        return out;
    r = reduce(a, &quadrant);
    s = by_quadrant(r, quadrant, x80_sign(a));
    c = by_quadrant(r, quadrant + 1, false);
    return rounded(e, over(s, c), true);
}

/* ---- arc tangent ----------------------------------------------------------
 */

/* atan(t), 0 < t <= 1: atan(k/8) + atan((t - k/8) / (1 + t k/8)). */
static struct wide arc_tangent(struct wide t)
{
    static const struct wide atan8[9] = {
        {false, 0, 0},
        {false, -4, W(0xfeadd4d5617b6e32, 0xc897989f3e888ef8)},
        {false, -3, W(0xfadbafc96406eb15, 0x6dc79ef5f7a217e6)},
        {false, -2, W(0xb7b0ca0f26f78473, 0x8aa32122dcfe4483)},
        {false, -2, W(0xed63382b0dda7b45, 0x6fe445ecbc3a8d03)},
        {false, -1, W(0x8f005d5ef7f59f9b, 0x5c835e1665c43748)},
        {false, -1, W(0xa4bc7d1934f70924, 0x19a87f2a457dac9f)},
        {false, -1, W(0xb8053e2bc2319e73, 0xcb2da55210a4443d)},
        {false, -1, W(0xc90fdaa22168c234, 0xc4c6628b80dc1cd1)},
    };
    unsigned k = t.exp < -4 ? 0 : (unsigned)((t.m >> (123 - t.exp)) + 1) / 2;
    struct wide c = over_int(integer((int32_t)k), 8);
    struct wide z = k ? over(add(t, negated(c)), add(one, mul(t, c))) : t;
    struct wide s = odd_series(negated(mul(z, z)), 33);

    return add(atan8[k], mul(z, k ? s : below_one(s)));
}

/* The angle of an axis or diagonal, in eighths of a turn. */
static struct x80 eighths(struct x80_env *e, bool sign, unsigned n)
{
    struct wide a = over_int(mul(pi, integer((int32_t)n)), 4);

    a.sign = sign;
    return rounded(e, a, n != 0);
}

struct x80 x80_atan2(struct x80_env *e, struct x80 y, struct x80 x)
{
    bool left = x80_sign(x), swap;
    struct wide a, b, t;
    struct x80 nan;

    if (x80_nans(e, x, y, &nan))
        return nan;
    note_denormal(e, x);
    note_denormal(e, y);
    if (x80_inf(x) && x80_inf(y))
        return eighths(e, x80_sign(y), left ? 3 : 1);
    if (x80_zero(y) || x80_inf(x))
        return eighths(e, x80_sign(y), left ? 4 : 0);
    if (x80_inf(y) || x80_zero(x))
        return eighths(e, x80_sign(y), 2);
    a = widened(y);
    b = widened(x);
    a.sign = b.sign = false;
    swap = a.exp > b.exp || (a.exp == b.exp && a.m > b.m);
    t = arc_tangent(swap ? over(b, a) : over(a, b));
    if (swap)
        t = add(half_pi, negated(t));
    if (left)
        t = add(pi, negated(t));
    t.sign = x80_sign(y);
    return rounded(e, t, true);
}
