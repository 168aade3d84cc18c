/* src/cpu/op_sse_convert.c -- conversions of SSE and SSE2, by the formats of
 * the source: what a packed one does not look at is zero, so that the host's
 * instruction raises nothing for it. Source: SDM vol. 2 under each. */
#include "cpu/sse_host.h"

SSE_OP(cvtps2pd, source_x64, sse_finish)
SSE_OP(cvtss2sd, source_x32, sse_finish)
SSE_OP(cvtdq2ps, source_x, sse_finish)
SSE_OP(cvtps2dq, source_x, sse_finish)
SSE_OP(cvttps2dq, source_x, sse_finish)
SSE_OP(cvtdq2pd, source_x64, sse_finish)
SSE_OP(cvtpd2dq, source_x, sse_finish)
SSE_OP(cvttpd2dq, source_x, sse_finish)

/* To single: may be too large or tiny. */
#define NARROW(name, get, count) SSE_OP(name, get, sse_finish_narrow, count, b)

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
                         : "r"(v), "m"(sse_host_csr));                         \
        sse_finish(cpu, i, a, csr);                                            \
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
                         : "x"(b), "m"(sse_host_csr));                         \
        sse_raise(cpu, csr);                                                   \
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

    sse_raise(cpu, csr);
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
        sse_raise(cpu, csr);                                                   \
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
