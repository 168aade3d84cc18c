/* src/cpu/op_sse_float.c -- SSE and SSE2 floating point: arithmetic,
 * comparison, bits, approximations. What MXCSR costs is saved where the result
 * cannot raise what is not set already. Source: SDM vol. 1, 11.5; vol. 2 under
 * each. */
#include "cpu/sse_host.h"

/* ---- arithmetic -----------------------------------------------------------
 */

#define ARITH(name, ps, op)                                                    \
    SSE_HOST(name)                                                             \
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
        sse_finish_arith(cpu, i, op, a, b, r, csr);                            \
    }

#define ARITH4(name, op)                                                       \
    ARITH(name##ps, SIMD_NP, op)                                               \
    ARITH(name##pd, SIMD_66, op)                                               \
    ARITH(name##ss, SIMD_F3, op)                                               \
    ARITH(name##sd, SIMD_F2, op)

ARITH4(add, SSE_ADD)
ARITH4(sub, SSE_SUB)
ARITH4(mul, SSE_MUL)
ARITH4(div, SSE_DIV)

/* Those that never round to something tiny. */
#define OTHER4(name)                                                           \
    SSE_OP(name##ps, source_float, sse_finish)                                 \
    SSE_OP(name##pd, source_float, sse_finish)                                 \
    SSE_OP(name##ss, source_float, sse_finish)                                 \
    SSE_OP(name##sd, source_float, sse_finish)

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
                         : "x"(b), "m"(sse_host_csr));                         \
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
        sse_finish(cpu, i, r, csr);                                            \
    }

COMPARE(ps)
COMPARE(pd)
COMPARE(ss)
COMPARE(sd)

/* COMISS, COMISD, UCOMISS, UCOMISD: to EFLAGS. */
static void to_flags(struct cpu *cpu, uint32_t flags, uint32_t csr)
{
    sse_raise(cpu, csr);
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
                         : "x"(b), "x"(xmm_get(cpu, i->reg)),                  \
                           "m"(sse_host_csr)                                   \
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
