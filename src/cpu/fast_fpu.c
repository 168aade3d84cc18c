/* src/cpu/fast_fpu.c -- FPU, MMX and SSE instructions inside a block: their
 * ordinary handlers, where it is sure beforehand that they cannot fault. */
#include "cpu/fast.h"
#include "cpu/sse.h"

/* Nothing of CR0 is in the way and no exception waits. */
static inline bool x87_ready(const struct cpu *cpu)
{
    return !((cpu->s.cr0 & (CR0_EM | CR0_TS)) | (cpu->s.fpu.sw & SW_ES));
}

static inline bool sse_allowed(const struct cpu *cpu)
{
    return !(cpu->s.cr0 & (CR0_EM | CR0_TS)) && (cpu->s.cr4 & CR4_OSFXSR);
}

static inline bool sse_ready(const struct cpu *cpu)
{
    return sse_allowed(cpu) && x87_ready(cpu) &&
           (cpu->s.fpu.mxcsr & MXCSR_MASKS) == MXCSR_MASKS;
}

/* In RAM as a whole, and aligned where that matters. */
static inline bool there(struct cpu *cpu, const struct uop *u)
{
    enum { MOST = 16 };
    uint32_t at = at_index(cpu, u);

    return !(at & u->dst) &&
           host_at(cpu, at, MOST, u->src ? cpu->fast.write : cpu->fast.read);
}

static inline void run_at(struct cpu *cpu, const struct uop *u)
{
    const struct insn *i = &block_of(u)->insn[u->number];

    cpu->s.eip += u->at; /* the FPU keeps it */
    i->run(cpu, i);
    cpu->s.eip -= u->at;
}

#define FAST_FPU(name, condition)                                              \
    FAST_HANDLER(name)                                                         \
    {                                                                          \
        if (__builtin_expect(!(condition), 0))                                 \
            GENERIC;                                                           \
        run_at(cpu, u);                                                        \
        NEXT;                                                                  \
    }
/* The same of what reads or writes EFLAGS. */
#define FAST_FPU_FLAGS(name, condition)                                        \
    FAST_HANDLER(name)                                                         \
    {                                                                          \
        if (__builtin_expect(!(condition), 0))                                 \
            GENERIC;                                                           \
        flags_from_host(cpu);                                                  \
        run_at(cpu, u);                                                        \
        flags_to_host(cpu);                                                    \
        NEXT;                                                                  \
    }

FAST_FPU(x87, x87_ready(cpu))
FAST_FPU(x87_memory, x87_ready(cpu) && there(cpu, u))
FAST_FPU(sse, sse_ready(cpu))
FAST_FPU(sse_memory, sse_ready(cpu) && there(cpu, u))
FAST_FPU_FLAGS(x87_flags, x87_ready(cpu))
FAST_FPU_FLAGS(sse_flags, sse_ready(cpu))
FAST_FPU_FLAGS(sse_flags_memory, sse_ready(cpu) && there(cpu, u))

/* ---- the commonest, without their handlers --------------------------------
 */

#define FAST_ARITH(name, simd, cast, back)                                     \
    FAST_HANDLER(name)                                                         \
    {                                                                          \
        __m128i a = xmm_get(cpu, u->dst), b = xmm_get(cpu, u->src), r;         \
                                                                               \
        if (__builtin_expect(sse_allowed(cpu) && sse_plain(cpu) &&             \
                                 sse_usual(simd, a) && sse_usual(simd, b),     \
                             1)) {                                             \
            r = back(_mm_##name(cast(a), cast(b)));                            \
            if (__builtin_expect(sse_usual(simd, r), 1)) {                     \
                xmm_set(cpu, u->dst, r);                                       \
                NEXT;                                                          \
            }                                                                  \
        }                                                                      \
        return sse(cpu, u);                                                    \
    }
#define FAST_ARITH4(op)                                                        \
    FAST_ARITH(op##_ps, SIMD_NP, _mm_castsi128_ps, _mm_castps_si128)           \
    FAST_ARITH(op##_pd, SIMD_66, _mm_castsi128_pd, _mm_castpd_si128)           \
    FAST_ARITH(op##_ss, SIMD_F3, _mm_castsi128_ps, _mm_castps_si128)           \
    FAST_ARITH(op##_sd, SIMD_F2, _mm_castsi128_pd, _mm_castpd_si128)

FAST_ARITH4(add)
FAST_ARITH4(sub)
FAST_ARITH4(mul)
FAST_ARITH4(div)

FAST_HANDLER(move_xmm)
{
    if (__builtin_expect(!sse_allowed(cpu), 0))
        GENERIC;
    xmm_set(cpu, u->dst, xmm_get(cpu, u->src));
    NEXT;
}

#define ARITH_ROWS(op)                                                         \
    {op_##op##ps, op##_ps}, {op_##op##pd, op##_pd}, {op_##op##ss, op##_ss},    \
    {                                                                          \
        op_##op##sd, op##_sd                                                   \
    }

static uop_run *of_registers(op_run *run)
{
    static const struct {
        op_run *run;
        uop_run *fast;
    } rows[] = {
        ARITH_ROWS(add), ARITH_ROWS(sub),          ARITH_ROWS(mul),
        ARITH_ROWS(div), {op_mova_load, move_xmm}, {op_movu_load, move_xmm},
    };

    for (unsigned n = 0; n < sizeof rows / sizeof *rows; n++)
        if (rows[n].run == run)
            return rows[n].fast;
    return NULL;
}

/* More than 16 bytes, or #GP by what is in memory. */
static bool needs_all(op_run *run)
{
    static op_run *const runs[] = {
        op_fldenv,  op_fnstenv, op_frstor,   op_fnsave,     op_fxsave,
        op_fxrstor, op_ldmxcsr, op_maskmovq, op_maskmovdqu,
    };

    for (unsigned n = 0; n < sizeof runs / sizeof *runs; n++)
        if (runs[n] == run)
            return true;
    return false;
}

static bool with_flags(op_run *run)
{
    return run == op_fcmov || run == op_fcomi || run == op_comiss ||
           run == op_comisd || run == op_ucomiss || run == op_ucomisd;
}

/* May an operand that is not aligned be #GP? */
static bool packed(const struct insn *i)
{
    return i->simd == SIMD_NP || i->simd == SIMD_66 || i->run == op_cvttps2dq ||
           i->run == op_cvtpd2dq || i->run == op_pshuf;
}

uop_run *fast_fpu(struct uop *u, const struct insn *i)
{
    bool memory = i->mod != 3;
    uop_run *run = memory ? NULL : of_registers(i->run);

    if (needs_all(i->run))
        return NULL;
    if (run) {
        u->dst = i->reg;
        u->src = i->rm;
        return run;
    }
    u->dst = 0; /* alignment, less one */
    u->src = (i->op->flags & F_STORE) != 0;
    if (!(i->checked & F_SSE)) {
        if (memory)
            return x87_memory;
        return with_flags(i->run) ? x87_flags : x87;
    }
    if (packed(i))
        u->dst = 15; /* of some 4 and 8 bytes are enough: no harm */
    if (with_flags(i->run))
        return memory ? sse_flags_memory : sse_flags;
    return memory ? sse_memory : sse;
}
