/* src/cpu/sse_round.c -- exceptions of SSE's floating point, and how a result
 * reaches its register. Source: SDM vol. 1, 4.9, 11.5. */
#include "cpu/sse_host.h"

const uint32_t sse_host_csr = MXCSR_INIT;

void sse_raise(struct cpu *cpu, uint32_t csr)
{
    enum { BEFORE = X80_IE | X80_DE | X80_ZE };
    uint32_t open = ~(cpu->s.fpu.mxcsr >> 7) & X80_ALL, flags = csr & X80_ALL;

    if (flags & open & BEFORE) /* 11.5.3: then no other is looked for */
        flags &= BEFORE;
    cpu->s.fpu.mxcsr |= flags;
    if (flags & open)
        cpu_fault_plain(cpu, cpu->s.cr4 & CR4_OSXMMEXCPT ? EXC_XM : EXC_UD);
}

/* An #O or #U that is not masked: whether #P comes with it hangs on a result of
 * unbounded exponent (SDM vol. 1, 4.9.1.4, 4.9.1.5), and a tiny exact result is
 * #U too. So each lane is done again as the x87 would. */
static struct x80 again(struct x80_env *e, enum sse_operation op, struct x80 a,
                        struct x80 b)
{
    switch (op) {
    case SSE_ADD:
        return x80_add(e, a, b);
    case SSE_SUB:
        return x80_sub(e, a, b);
    case SSE_MUL:
        return x80_mul(e, a, b);
    default:
        return x80_div(e, a, b);
    }
}

static uint32_t lane(const struct cpu *cpu, enum sse_operation op, bool wide,
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
                      enum sse_operation op, __m128i a, __m128i b)
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

void sse_finish(struct cpu *cpu, const struct insn *i, __m128i r, uint32_t csr)
{
    sse_raise(cpu, csr);
    xmm_set(cpu, i->reg, r);
}

void sse_finish_arith(struct cpu *cpu, const struct insn *i,
                      enum sse_operation op, __m128i a, __m128i b, __m128i r,
                      uint32_t flags)
{
    enum { AFTER = X80_OE | X80_UE | X80_PE };

    if (open_rounding(cpu, flags))
        flags = (flags & ~(uint32_t)AFTER) | lanes(cpu, i, op, a, b);
    sse_finish(cpu, i, r, flags);
}

void sse_finish_narrow(struct cpu *cpu, const struct insn *i, unsigned count,
                       __m128i b, __m128i r, uint32_t flags)
{
    enum { AFTER = X80_OE | X80_UE | X80_PE };
    uint64_t d[2];

    memcpy(d, &b, sizeof d);
    if (open_rounding(cpu, flags)) {
        flags &= ~(uint32_t)AFTER;
        for (unsigned n = 0; n < count; n++)
            flags |= lane(cpu, SSE_ADD, false, wider(cpu, d[n]),
                          x80_make(d[n] >> 63, 0, 0));
    }
    sse_finish(cpu, i, r, flags);
}
