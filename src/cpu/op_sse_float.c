/* src/cpu/op_sse_float.c -- SSE and SSE2 floating point. The host's own
 * instruction does it under the guest's rounding, DAZ and FTZ with all masked:
 * IEEE 754 and the SDM say every bit of it, on every host. What MXCSR costs is
 * saved where the result cannot raise what is not set already.
 * Source: SDM vol. 1, 10.2.3, 11.5; vol. 2 under each instruction. */
#include "cpu/sse.h"

static const uint32_t host_csr = MXCSR_INIT;

/* ---- exceptions -----------------------------------------------------------
 */

void sse_raise(struct cpu *cpu, uint32_t flags)
{
    enum { BEFORE = X80_IE | X80_DE | X80_ZE };
    uint32_t open = ~(cpu->s.fpu.mxcsr >> 7) & X80_ALL;

    if (flags & open & BEFORE) /* 11.5.3: then no other is looked for */
        flags &= BEFORE;
    cpu->s.fpu.mxcsr |= flags;
    if (flags & open)
        cpu_fault_plain(cpu, cpu->s.cr4 & CR4_OSXMMEXCPT ? EXC_XM : EXC_UD);
}

/* An #O or #U that is not masked: whether #P comes with it hangs on a result of
 * unbounded exponent (SDM vol. 1, 4.9.1.4, 4.9.1.5), and a tiny exact result is
 * #U too. So each lane is done again as the x87 would. */
enum operation { ADD, SUB, MUL, DIV };

static struct x80 again(struct x80_env *e, enum operation op, struct x80 a,
                        struct x80 b)
{
    switch (op) {
    case ADD:
        return x80_add(e, a, b);
    case SUB:
        return x80_sub(e, a, b);
    case MUL:
        return x80_mul(e, a, b);
    default:
        return x80_div(e, a, b);
    }
}

static uint32_t lane(const struct cpu *cpu, enum operation op, bool wide,
                     struct x80 a, struct x80 b)
{
    uint32_t csr = cpu->s.fpu.mxcsr, inexact;
    struct x80_env e = {.cw = (uint16_t)(X80_ALL | (wide ? 2 : 0) << 8 |
                                         (csr >> 13 & 3) << 10)};
    int32_t most = wide ? 1023 : 127, exp;
    struct x80 r = again(&e, op, a, b);

    inexact = e.flags & X80_PE;
    exp = (int32_t)x80_exp(r) - X80_BIAS;
    if (x80_zero(r) || x80_exp(r) == X80_INF)
        return 0;
    if (exp > most)
        return X80_OE | (csr & MXCSR_OM ? X80_PE : inexact);
    if (exp >= 1 - most)
        return inexact;
    if (!(csr & MXCSR_UM))
        return X80_UE | inexact;
    e.flags = 0;
    if (wide)
        x80_to_f64(&e, r);
    else
        x80_to_f32(&e, r);
    return (inexact || e.flags || (csr & MXCSR_FTZ)) ? X80_UE | X80_PE : 0;
}

static struct x80 single(const struct cpu *cpu, uint32_t v)
{
    struct x80_env e = {0};
    struct x80 a = x80_from_f32(&e, v);

    return (e.flags & X80_DE) && (cpu->s.fpu.mxcsr & MXCSR_DAZ)
               ? x80_make(x80_sign(a), 0, 0)
               : a;
}

static struct x80 wider(const struct cpu *cpu, uint64_t v)
{
    struct x80_env e = {0};
    struct x80 a = x80_from_f64(&e, v);

    return (e.flags & X80_DE) && (cpu->s.fpu.mxcsr & MXCSR_DAZ)
               ? x80_make(x80_sign(a), 0, 0)
               : a;
}

/* Flags of rounding, of all lanes that the prefix names. */
static uint32_t lanes(const struct cpu *cpu, const struct insn *i,
                      enum operation op, __m128i a, __m128i b)
{
    uint32_t s[2][4], flags = 0;
    uint64_t d[2][2];

    memcpy(s[0], &a, 16);
    memcpy(s[1], &b, 16);
    memcpy(d[0], &a, 16);
    memcpy(d[1], &b, 16);
    if (i->simd == SIMD_66 || i->simd == SIMD_F2) {
        for (unsigned n = 0; n < (i->simd == SIMD_F2 ? 1 : 2); n++)
            flags |=
                lane(cpu, op, true, wider(cpu, d[0][n]), wider(cpu, d[1][n]));
    } else {
        for (unsigned n = 0; n < (i->simd == SIMD_F3 ? 1 : 4); n++)
            flags |= lane(cpu, op, false, single(cpu, s[0][n]),
                          single(cpu, s[1][n]));
    }
    return flags;
}

/* Must the flags of rounding be looked at lane by lane? */
static bool open_rounding(const struct cpu *cpu, uint32_t flags)
{
    uint32_t csr = cpu->s.fpu.mxcsr;

    return !(csr & MXCSR_UM) || ((flags & X80_OE) && !(csr & MXCSR_OM));
}

static void finish(struct cpu *cpu, const struct insn *i, __m128i r,
                   uint32_t flags)
{
    if (flags & X80_ALL)
        sse_raise(cpu, flags & X80_ALL);
    xmm_set(cpu, i->reg, r);
}

static void finish_arith(struct cpu *cpu, const struct insn *i,
                         enum operation op, __m128i a, __m128i b, __m128i r,
                         uint32_t flags)
{
    enum { AFTER = X80_OE | X80_UE | X80_PE };

    if (open_rounding(cpu, flags))
        flags = (flags & ~(uint32_t)AFTER) | lanes(cpu, i, op, a, b);
    finish(cpu, i, r, flags);
}

/* ---- arithmetic -----------------------------------------------------------
 */

#define ARITH(name, ps, op)                                                    \
    static inline __m128i host_##name(__m128i a, __m128i b, uint32_t *csr)     \
    {                                                                          \
        __asm__ volatile("ldmxcsr %1\n\t" #name " %2, %0\n\tstmxcsr %1\n\t"    \
                         "ldmxcsr %3"                                          \
                         : "+x"(a), "+m"(*csr)                                 \
                         : "x"(b), "m"(host_csr));                             \
        return a;                                                              \
    }                                                                          \
    static inline __m128i plain_##name(__m128i a, __m128i b)                   \
    {                                                                          \
        __asm__(#name " %1, %0" : "+x"(a) : "x"(b));                           \
        return a;                                                              \
    }                                                                          \
    void op_##name(struct cpu *cpu, const struct insn *i)                      \
    {                                                                          \
        __m128i b = source_float(cpu, i), a = xmm_get(cpu, i->reg), r;         \
        uint32_t csr;                                                          \
                                                                               \
        if (sse_plain(cpu) && sse_usual(ps, a) && sse_usual(ps, b)) {          \
            r = plain_##name(a, b);                                            \
            if (sse_usual(ps, r)) {                                            \
                xmm_set(cpu, i->reg, r);                                       \
                return;                                                        \
            }                                                                  \
        }                                                                      \
        csr = sse_host(cpu);                                                   \
        r = host_##name(a, b, &csr);                                           \
        finish_arith(cpu, i, op, a, b, r, csr);                                \
    }

#define ARITH4(name, op)                                                       \
    ARITH(name##ps, SIMD_NP, op)                                               \
    ARITH(name##pd, SIMD_66, op)                                               \
    ARITH(name##ss, SIMD_F3, op)                                               \
    ARITH(name##sd, SIMD_F2, op)

ARITH4(add, ADD)
ARITH4(sub, SUB)
ARITH4(mul, MUL)
ARITH4(div, DIV)

/* Those that never round to something tiny. */
#define OTHER(name)                                                            \
    static inline __m128i host_##name(__m128i a, __m128i b, uint32_t *csr)     \
    {                                                                          \
        __asm__ volatile("ldmxcsr %1\n\t" #name " %2, %0\n\tstmxcsr %1\n\t"    \
                         "ldmxcsr %3"                                          \
                         : "+x"(a), "+m"(*csr)                                 \
                         : "x"(b), "m"(host_csr));                             \
        return a;                                                              \
    }                                                                          \
    void op_##name(struct cpu *cpu, const struct insn *i)                      \
    {                                                                          \
        uint32_t csr = sse_host(cpu);                                          \
        __m128i b = source_float(cpu, i);                                      \
        __m128i r = host_##name(xmm_get(cpu, i->reg), b, &csr);                \
                                                                               \
        finish(cpu, i, r, csr);                                                \
    }

#define OTHER4(name)                                                           \
    OTHER(name##ps) OTHER(name##pd) OTHER(name##ss) OTHER(name##sd)

OTHER4(sqrt)
OTHER4(min)
OTHER4(max)

/* ---- comparison -----------------------------------------------------------
 */

#define COMPARE_CASE(suffix, n)                                                \
    case n:                                                                    \
        __asm__ volatile("ldmxcsr %1\n\tcmp" #suffix " $" #n                   \
                         ", %2, %0\n\tstmxcsr %1\n\tldmxcsr %3"                \
                         : "+x"(a), "+m"(*csr)                                 \
                         : "x"(b), "m"(host_csr));                             \
        return a;

#define COMPARE(suffix)                                                        \
    static __m128i host_cmp##suffix(__m128i a, __m128i b, unsigned how,        \
                                    uint32_t *csr)                             \
    {                                                                          \
        switch (how & 7) {                                                     \
            COMPARE_CASE(suffix, 0)                                            \
            COMPARE_CASE(suffix, 1)                                            \
            COMPARE_CASE(suffix, 2)                                            \
            COMPARE_CASE(suffix, 3)                                            \
            COMPARE_CASE(suffix, 4)                                            \
            COMPARE_CASE(suffix, 5)                                            \
            COMPARE_CASE(suffix, 6)                                            \
            COMPARE_CASE(suffix, 7)                                            \
        }                                                                      \
        return a;                                                              \
    }                                                                          \
    void op_cmp##suffix(struct cpu *cpu, const struct insn *i)                 \
    {                                                                          \
        uint32_t csr = sse_host(cpu);                                          \
        __m128i b = source_float(cpu, i);                                      \
        __m128i r = host_cmp##suffix(xmm_get(cpu, i->reg), b, i->imm, &csr);   \
                                                                               \
        finish(cpu, i, r, csr);                                                \
    }

COMPARE(ps)
COMPARE(pd)
COMPARE(ss)
COMPARE(sd)

/* COMISS, COMISD, UCOMISS, UCOMISD: to EFLAGS. */
static void to_flags(struct cpu *cpu, uint32_t flags, uint32_t csr)
{
    if (csr & X80_ALL)
        sse_raise(cpu, csr & X80_ALL);
    cpu->s.eflags = (cpu->s.eflags & ~(uint32_t)(FLAG_OF | FLAG_SF | FLAG_ZF |
                                                 FLAG_AF | FLAG_PF | FLAG_CF)) |
                    flags;
}

#define COMPARE_FLAGS(name, get)                                               \
    void op_##name(struct cpu *cpu, const struct insn *i)                      \
    {                                                                          \
        uint32_t csr = sse_host(cpu);                                          \
        uint8_t zf, pf, cf;                                                    \
        __m128i b = get(cpu, i);                                               \
                                                                               \
        __asm__ volatile("ldmxcsr %3\n\t" #name " %4, %5\n\tsetz %0\n\t"       \
                         "setp %1\n\tsetc %2\n\tstmxcsr %3\n\tldmxcsr %6"      \
                         : "=&q"(zf), "=&q"(pf), "=&q"(cf), "+m"(csr)          \
                         : "x"(b), "x"(xmm_get(cpu, i->reg)), "m"(host_csr)    \
                         : "cc");                                              \
        to_flags(cpu,                                                          \
                 (zf ? FLAG_ZF : 0) | (pf ? FLAG_PF : 0) | (cf ? FLAG_CF : 0), \
                 csr);                                                         \
    }

COMPARE_FLAGS(comiss, source_x32)
COMPARE_FLAGS(comisd, source_x64)
COMPARE_FLAGS(ucomiss, source_x32)
COMPARE_FLAGS(ucomisd, source_x64)

/* ---- bits -----------------------------------------------------------------
 */

#define BITS(name, value)                                                      \
    void op_##name(struct cpu *cpu, const struct insn *i)                      \
    {                                                                          \
        __m128i b = source_x(cpu, i), a = xmm_get(cpu, i->reg);                \
                                                                               \
        xmm_set(cpu, i->reg, value);                                           \
    }

BITS(andps, _mm_and_si128(a, b))
BITS(andnps, _mm_andnot_si128(a, b))
BITS(orps, _mm_or_si128(a, b))
BITS(xorps, _mm_xor_si128(a, b))

/* ---- approximations -------------------------------------------------------
 * RCP and RSQRT promise 1.5 * 2^-12 and no exception; hosts differ. Ours: the
 * quotient in double, rounded to 13 bits of significand, 2^-13 of it at most.
 * SDM vol. 2: denormals count as zero, in and out. */

static float float_of(uint32_t v)
{
    float f;

    memcpy(&f, &v, 4);
    return f;
}

/* A positive normal double as a single of 13 bits; tiny: zero. */
static uint32_t rough(double d)
{
    enum { DROP = 52 - 12, WIDTH = 12 };
    uint64_t v;
    int32_t exp;

    memcpy(&v, &d, 8);
    if ((int32_t)(v >> 52) - 1023 + 127 <= 0)
        return 0;
    v += 1ull << (DROP - 1);
    exp = (int32_t)(v >> 52) - 1023 + 127;
    return (uint32_t)exp << 23 | (uint32_t)(v >> DROP & ((1u << WIDTH) - 1))
                                     << (23 - WIDTH);
}

enum { SIGN32 = INT32_MIN, INF32 = 0x7f800000, QUIET32 = 0x400000 };

static uint32_t reciprocal(uint32_t v)
{
    uint32_t sign = v & (uint32_t)SIGN32, a = v ^ sign;

    if (a > INF32)
        return v | QUIET32;
    if (a == INF32)
        return sign;
    if (a < 0x800000)
        return sign | INF32;
    return sign | rough(1.0 / (double)float_of(a));
}

static uint32_t reciprocal_root(uint32_t v)
{
    uint32_t sign = v & (uint32_t)SIGN32, a = v ^ sign;
    __m128d d;

    if (a > INF32)
        return v | QUIET32;
    if (a < 0x800000)
        return sign | INF32;
    if (sign)
        return 0xffc00000;
    if (a == INF32)
        return 0;
    d = _mm_set_sd((double)float_of(a));
    return rough(1.0 / _mm_cvtsd_f64(_mm_sqrt_sd(d, d)));
}

static void approximate(struct cpu *cpu, const struct insn *i,
                        uint32_t (*f)(uint32_t))
{
    uint32_t v[4], *to = (uint32_t *)(void *)cpu->s.fpu.xmm[i->reg];

    _mm_storeu_si128((__m128i *)(void *)v, source_float(cpu, i));
    for (unsigned n = 0; n < (i->simd == SIMD_F3 ? 1 : 4); n++)
        to[n] = f(v[n]);
}

void op_rcp(struct cpu *cpu, const struct insn *i)
{
    approximate(cpu, i, reciprocal);
}

void op_rsqrt(struct cpu *cpu, const struct insn *i)
{
    approximate(cpu, i, reciprocal_root);
}

/* ---- conversions ----------------------------------------------------------
 * Of the formats of the source: what a packed one does not look at is zero, so
 * that the host's instruction raises nothing for it. */

#define CONVERT(name)                                                          \
    static inline __m128i host_##name(__m128i a, __m128i b, uint32_t *csr)     \
    {                                                                          \
        __asm__ volatile("ldmxcsr %1\n\t" #name " %2, %0\n\tstmxcsr %1\n\t"    \
                         "ldmxcsr %3"                                          \
                         : "+x"(a), "+m"(*csr)                                 \
                         : "x"(b), "m"(host_csr));                             \
        return a;                                                              \
    }

#define CONVERT_XMM(name, get)                                                 \
    CONVERT(name)                                                              \
    void op_##name(struct cpu *cpu, const struct insn *i)                      \
    {                                                                          \
        uint32_t csr = sse_host(cpu);                                          \
        __m128i b = get(cpu, i);                                               \
        __m128i r = host_##name(xmm_get(cpu, i->reg), b, &csr);                \
                                                                               \
        finish(cpu, i, r, csr);                                                \
    }

CONVERT_XMM(cvtps2pd, source_x64)
CONVERT_XMM(cvtss2sd, source_x32)
CONVERT_XMM(cvtdq2ps, source_x)
CONVERT_XMM(cvtps2dq, source_x)
CONVERT_XMM(cvttps2dq, source_x)
CONVERT_XMM(cvtdq2pd, source_x64)
CONVERT_XMM(cvtpd2dq, source_x)
CONVERT_XMM(cvttpd2dq, source_x)

/* To single: may be too large or tiny. */
static void finish_narrow(struct cpu *cpu, const struct insn *i, unsigned count,
                          __m128i b, __m128i r, uint32_t flags)
{
    enum { AFTER = X80_OE | X80_UE | X80_PE };
    uint64_t d[2];

    memcpy(d, &b, sizeof d);
    if (open_rounding(cpu, flags)) {
        flags &= ~(uint32_t)AFTER;
        for (unsigned n = 0; n < count; n++)
            flags |= lane(cpu, ADD, false, wider(cpu, d[n]),
                          x80_make(d[n] >> 63, 0, 0));
    }
    finish(cpu, i, r, flags);
}

#define NARROW(name, get, count)                                               \
    CONVERT(name)                                                              \
    void op_##name(struct cpu *cpu, const struct insn *i)                      \
    {                                                                          \
        uint32_t csr = sse_host(cpu);                                          \
        __m128i b = get(cpu, i);                                               \
        __m128i r = host_##name(xmm_get(cpu, i->reg), b, &csr);                \
                                                                               \
        finish_narrow(cpu, i, count, b, r, csr);                               \
    }

NARROW(cvtpd2ps, source_x, 2)
NARROW(cvtsd2ss, source_x64, 1)

/* From a general register or memory: CVTSI2SS, CVTSI2SD. */
#define FROM_INT(name)                                                         \
    void op_##name(struct cpu *cpu, const struct insn *i)                      \
    {                                                                          \
        uint32_t csr = sse_host(cpu);                                          \
        uint32_t v = i->mod == 3 ? cpu->s.reg[i->rm]                           \
                                 : seg_read(cpu, i->seg, ea(cpu, i), 4);       \
        __m128i a = xmm_get(cpu, i->reg);                                      \
                                                                               \
        __asm__ volatile("ldmxcsr %1\n\t" #name "l %2, %0\n\tstmxcsr %1\n\t"   \
                         "ldmxcsr %3"                                          \
                         : "+x"(a), "+m"(csr)                                  \
                         : "r"(v), "m"(host_csr));                             \
        finish(cpu, i, a, csr);                                                \
    }

FROM_INT(cvtsi2ss)
FROM_INT(cvtsi2sd)

/* To a general register. */
#define TO_INT(name, get)                                                      \
    void op_##name(struct cpu *cpu, const struct insn *i)                      \
    {                                                                          \
        uint32_t csr = sse_host(cpu), v;                                       \
        __m128i b = get(cpu, i);                                               \
                                                                               \
        __asm__ volatile("ldmxcsr %1\n\t" #name " %2, %0\n\tstmxcsr %1\n\t"    \
                         "ldmxcsr %3"                                          \
                         : "=&r"(v), "+m"(csr)                                 \
                         : "x"(b), "m"(host_csr));                             \
        if (csr & X80_ALL)                                                     \
            sse_raise(cpu, csr &X80_ALL);                                      \
        cpu->s.reg[i->reg] = v;                                                \
    }

TO_INT(cvtss2si, source_x32)
TO_INT(cvttss2si, source_x32)
TO_INT(cvtsd2si, source_x64)
TO_INT(cvttsd2si, source_x64)

/* Two integers: from memory that is no MMX instruction (SDM vol. 2, CVTPI2PD;
 * AMD's do so for PS too). */
static __m128i two_integers(struct cpu *cpu, const struct insn *i)
{
    if (i->mod == 3)
        fpu_check(cpu, F_MMX);
    return from64(source_q(cpu, i));
}

/* The high half of the destination stays. */
void op_cvtpi2ps(struct cpu *cpu, const struct insn *i)
{
    uint32_t csr = sse_host(cpu);
    __m128i b = two_integers(cpu, i);
    __m128i r = host_cvtdq2ps(b, b, &csr);

    if (csr & X80_ALL)
        sse_raise(cpu, csr & X80_ALL);
    cpu->s.fpu.xmm[i->reg][0] = low64(r);
    if (i->mod == 3)
        mmx_begin(cpu);
}

void op_cvtpi2pd(struct cpu *cpu, const struct insn *i)
{
    uint32_t csr = sse_host(cpu);
    __m128i b = two_integers(cpu, i);

    xmm_set(cpu, i->reg, host_cvtdq2pd(b, b, &csr));
    if (i->mod == 3)
        mmx_begin(cpu);
}

/* To MMX. */
#define TO_MMX(name, by, get)                                                  \
    void op_##name(struct cpu *cpu, const struct insn *i)                      \
    {                                                                          \
        uint32_t csr = sse_host(cpu);                                          \
        __m128i b = get(cpu, i);                                               \
        __m128i r = host_##by(b, b, &csr);                                     \
                                                                               \
        if (csr & X80_ALL)                                                     \
            sse_raise(cpu, csr &X80_ALL);                                      \
        mmx_set(cpu, i->reg, low64(r));                                        \
    }

static __m128i source_low(struct cpu *cpu, const struct insn *i)
{
    return from64(low64(source_x64(cpu, i)));
}

TO_MMX(cvtps2pi, cvtps2dq, source_low)
TO_MMX(cvttps2pi, cvttps2dq, source_low)
TO_MMX(cvtpd2pi, cvtpd2dq, source_x)
TO_MMX(cvttpd2pi, cvttpd2dq, source_x)
