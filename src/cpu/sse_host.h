/* src/cpu/sse_host.h -- SSE floating point by the host's own instruction, under
 * the guest's rounding, DAZ and FTZ with all masked: IEEE 754 and the SDM say
 * every bit of it, on every host. Source: SDM vol. 1, 10.2.3, 11.5. */
#ifndef CPU_SSE_HOST_H
#define CPU_SSE_HOST_H

#include "cpu/sse.h"

/** What the host's own code runs under. */
extern const uint32_t sse_host_csr;

enum sse_operation { SSE_ADD, SSE_SUB, SSE_MUL, SSE_DIV };

/** sse_finish() - the flags in @csr are raised, then @r is the destination.
 *  sse_finish_arith() - of @op on @a and @b, which may be too large or tiny;
 *  sse_finish_narrow() - the same of @count doubles in @b made singles. */
void sse_finish(struct cpu *cpu, const struct insn *i, __m128i r, uint32_t csr);
void sse_finish_arith(struct cpu *cpu, const struct insn *i,
                      enum sse_operation op, __m128i a, __m128i b, __m128i r,
                      uint32_t csr);
void sse_finish_narrow(struct cpu *cpu, const struct insn *i, unsigned count,
                       __m128i b, __m128i r, uint32_t csr);

/** SSE_HOST() - host_NAME(a, b, csr): the host's instruction with *@csr as
 *  MXCSR, which then has its flags. */
#define SSE_HOST(name)                                                         \
    static inline __m128i host_##name(__m128i a, __m128i b, uint32_t *csr)     \
    {                                                                          \
        __asm__ volatile("ldmxcsr %1\n\t" #name " %2, %0\n\tstmxcsr %1\n\t"    \
                         "ldmxcsr %3"                                          \
                         : "+x"(a), "+m"(*csr)                                 \
                         : "x"(b), "m"(sse_host_csr));                         \
        return a;                                                              \
    }

/** SSE_OP() - op_NAME: of the operand that @get reads, what @finish does. */
#define SSE_OP(name, get, finish, ...)                                         \
    SSE_HOST(name)                                                             \
    void op_##name(struct cpu *cpu, const struct insn *i)                      \
    {                                                                          \
        uint32_t csr = sse_host(cpu);                                          \
        __m128i b = get(cpu, i);                                               \
        __m128i r = host_##name(xmm_get(cpu, i->reg), b, &csr);                \
                                                                               \
        finish(cpu, i, ##__VA_ARGS__, r, csr);                                 \
    }

#endif
