/* src/cpu/x80.h -- arithmetic on the x87's 80-bit numbers, in integers alone:
 * the same on every host. Nothing here knows a CPU. Source: SDM vol.
 * 1, 4.2, 4.8 (formats, NaNs, rounding), 8.1.5 (control word), 8.5
 * (exceptions). */
#ifndef CPU_X80_H
#define CPU_X80_H

#include <stdbool.h>
#include <stdint.h>

__extension__ typedef unsigned __int128 u128;

/** Significand with its integer bit; sign and biased exponent. */
struct x80 {
    uint64_t m;
    uint16_t se;
};

enum { X80_BIAS = 16383, X80_INF = 0x7fff, X80_SIGN = 0x8000 };

/** Status word bits; the first six also mask bits of the control word. */
enum {
    X80_IE = 1 << 0,
    X80_DE = 1 << 1,
    X80_ZE = 1 << 2,
    X80_OE = 1 << 3,
    X80_UE = 1 << 4,
    X80_PE = 1 << 5,
    X80_ALL = 63,
    X80_SF = 1 << 6,
    X80_C1 = 1 << 9, /* with PE: the result was rounded up */
};
enum { X80_NEAREST, X80_DOWN, X80_UP, X80_CHOP };

/** The control word in force, and what an operation raised. */
struct x80_env {
    uint16_t cw, flags;
};

static inline unsigned x80_rc(const struct x80_env *e)
{
    return e->cw >> 10 & 3;
}

static inline unsigned x80_exp(struct x80 a)
{
    return a.se & X80_INF;
}

static inline bool x80_sign(struct x80 a)
{
    return a.se >> 15;
}

/** Pseudo-NaN, pseudo-infinity, unnormal: no operand since the 387. */
static inline bool x80_unsupported(struct x80 a)
{
    return x80_exp(a) && !(a.m >> 63);
}

static inline bool x80_nan(struct x80 a)
{
    return x80_exp(a) == X80_INF && a.m << 1;
}

static inline bool x80_snan(struct x80 a)
{
    return x80_nan(a) && !(a.m >> 62 & 1);
}

static inline bool x80_inf(struct x80 a)
{
    return x80_exp(a) == X80_INF && a.m == 1ull << 63;
}

static inline bool x80_zero(struct x80 a)
{
    return !x80_exp(a) && !a.m;
}

/** Denormal or pseudo-denormal: #D as an operand. */
static inline bool x80_denormal(struct x80 a)
{
    return !x80_exp(a) && a.m;
}

static inline struct x80 x80_make(bool sign, unsigned exp, uint64_t m)
{
    return (struct x80){m, (uint16_t)((sign ? X80_SIGN : 0) | exp)};
}

/** The real indefinite: the masked response to an invalid operation. */
static inline struct x80 x80_indefinite(void)
{
    return x80_make(true, X80_INF, 3ull << 62);
}

/** A finite number that is not zero: m * 2^(exp - BIAS - 63), m >> 63 == 1. */
struct x80_part {
    int32_t exp;
    uint64_t m;
};
struct x80_part x80_part(struct x80 a);

/** x80_round() - (hi:lo) * 2^(exp - BIAS - 127), hi >> 63 == 1, to @bits (24,
 *  53, 64) of significand, with overflow and underflow. */
struct x80 x80_round(struct x80_env *e, bool sign, int32_t exp, uint64_t hi,
                     uint64_t lo, unsigned bits);

/** x80_nans() - an operand is NaN or unsupported: *@out is the answer. */
bool x80_nans(struct x80_env *e, struct x80 a, struct x80 b, struct x80 *out);
/** As x80_nans() of one operand. */
bool x80_nan1(struct x80_env *e, struct x80 a, struct x80 *out);

struct x80 x80_add(struct x80_env *e, struct x80 a, struct x80 b);
struct x80 x80_sub(struct x80_env *e, struct x80 a, struct x80 b);
struct x80 x80_mul(struct x80_env *e, struct x80 a, struct x80 b);
struct x80 x80_div(struct x80_env *e, struct x80 a, struct x80 b);
struct x80 x80_sqrt(struct x80_env *e, struct x80 a);
/** x80_scale() - a * 2^trunc(b), FSCALE. */
struct x80 x80_scale(struct x80_env *e, struct x80 a, struct x80 b);
/** x80_extract() - FXTRACT: the significand; *@exponent the exponent. */
struct x80 x80_extract(struct x80_env *e, struct x80 a, struct x80 *exponent);
struct x80 x80_rint(struct x80_env *e, struct x80 a);
/** x80_rem() - FPREM, FPREM1 (@nearest). *@quotient: its low bits; *@partial:
 *  not reduced yet. */
struct x80 x80_rem(struct x80_env *e, struct x80 a, struct x80 b, bool nearest,
                   unsigned *quotient, bool *partial);

enum x80_order { X80_LESS, X80_EQUAL, X80_GREATER, X80_UNORDERED };
/** x80_compare() - @quiet: FUCOM, a QNaN raises nothing. */
enum x80_order x80_compare(struct x80_env *e, struct x80 a, struct x80 b,
                           bool quiet);

struct x80 x80_from_int(int64_t v);
/** x80_from_f32(), x80_from_f64() - raise #D alone: an SNaN stays one. */
struct x80 x80_from_f32(struct x80_env *e, uint32_t v);
struct x80 x80_from_f64(struct x80_env *e, uint64_t v);
uint32_t x80_to_f32(struct x80_env *e, struct x80 a);
uint64_t x80_to_f64(struct x80_env *e, struct x80 a);
/** x80_to_int() - rounded as @rc says, to @bits; #IA: the integer indefinite.
 */
int64_t x80_to_int(struct x80_env *e, struct x80 a, unsigned bits, unsigned rc);

#endif
