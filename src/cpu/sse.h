/* src/cpu/sse.h -- operands of MMX and SSE instructions, and SSE's exceptions,
 * as the op_packed.c and op_sse_*.c files share them. Source: SDM vol. 1,
 * chapters 9 to 11. */
#ifndef CPU_SSE_H
#define CPU_SSE_H

#include <emmintrin.h>
#include <string.h>

#include "cpu/fpu.h"

/** MXCSR: flags as in the x87's status word, their masks seven bits higher. */
enum {
    MXCSR_DAZ = 1 << 6,
    MXCSR_MASKS = X80_ALL << 7,
    MXCSR_OM = X80_OE << 7,
    MXCSR_UM = X80_UE << 7,
    MXCSR_PM = X80_PE << 7,
    MXCSR_RC = 3 << 13,
    MXCSR_FTZ = 1 << 15,
    MXCSR_LEGAL = 0xffff,
};

/* ---- registers ------------------------------------------------------------
 */

static inline __m128i xmm_get(const struct cpu *cpu, unsigned n)
{
    return _mm_loadu_si128((const __m128i *)(const void *)cpu->s.fpu.xmm[n]);
}

static inline void xmm_set(struct cpu *cpu, unsigned n, __m128i v)
{
    _mm_storeu_si128((__m128i *)(void *)cpu->s.fpu.xmm[n], v);
}

static inline uint64_t low64(__m128i v)
{
    return (uint64_t)_mm_cvtsi128_si64(v);
}

static inline __m128i from64(uint64_t v)
{
    return _mm_cvtsi64_si128((long long)v);
}

/** mmx_get() - MMn is the significand of physical register n. */
static inline uint64_t mmx_get(const struct cpu *cpu, unsigned n)
{
    return cpu->s.fpu.r[n].m;
}

/** mmx_begin() - what each MMX instruction does to the x87's state: all
 *  registers valid, TOP zero. SDM vol. 1, 9.5.1. */
static inline void mmx_begin(struct cpu *cpu)
{
    cpu->s.fpu.sw &= (uint16_t)~SW_TOP;
    cpu->s.fpu.full = 0xff;
}

static inline void mmx_set(struct cpu *cpu, unsigned n, uint64_t v)
{
    mmx_begin(cpu);
    cpu->s.fpu.r[n] = (struct x80){v, 0xffff};
}

/* ---- memory ---------------------------------------------------------------
 */

/** mem128() - an aligned operand: #GP(0) if it is not. */
static inline uint32_t aligned_ea(struct cpu *cpu, const struct insn *i)
{
    uint32_t at = ea(cpu, i);

    if ((cpu->s.seg[i->seg].base + at) & 15)
        cpu_fault(cpu, EXC_GP, 0);
    return at;
}

static inline __m128i load128(struct cpu *cpu, const struct insn *i,
                              uint32_t at)
{
    __m128i v;

    seg_read_block(cpu, i->seg, at, &v, sizeof v);
    return v;
}

static inline void store128(struct cpu *cpu, const struct insn *i, uint32_t at,
                            __m128i v)
{
    seg_write_block(cpu, i->seg, at, &v, sizeof v);
}

/* ---- sources, by what r/m may be ------------------------------------------
 */

/** MMX register or 64 bits. */
static inline uint64_t source_q(struct cpu *cpu, const struct insn *i)
{
    return i->mod == 3 ? mmx_get(cpu, i->rm)
                       : seg_read64(cpu, i->seg, ea(cpu, i));
}

/** XMM register or 128 aligned bits. */
static inline __m128i source_x(struct cpu *cpu, const struct insn *i)
{
    return i->mod == 3 ? xmm_get(cpu, i->rm)
                       : load128(cpu, i, aligned_ea(cpu, i));
}

/** XMM register, or 64 or 32 bits with zeros above. */
static inline __m128i source_x64(struct cpu *cpu, const struct insn *i)
{
    return i->mod == 3 ? xmm_get(cpu, i->rm)
                       : from64(seg_read64(cpu, i->seg, ea(cpu, i)));
}

static inline __m128i source_x32(struct cpu *cpu, const struct insn *i)
{
    return i->mod == 3 ? xmm_get(cpu, i->rm)
                       : from64(seg_read(cpu, i->seg, ea(cpu, i), 4));
}

/** The floating-point operand that the mandatory prefix says: packed, packed,
 *  single (F3), double (F2). */
static inline __m128i source_float(struct cpu *cpu, const struct insn *i)
{
    if (i->simd == SIMD_F2)
        return source_x64(cpu, i);
    return i->simd == SIMD_F3 ? source_x32(cpu, i) : source_x(cpu, i);
}

/* ---- exceptions -----------------------------------------------------------
 */

/** sse_host() - MXCSR for the host's own instruction: the guest's rounding, DAZ
 *  and FTZ, all masked, no flags. FTZ works with #U masked alone. */
static inline uint32_t sse_host(const struct cpu *cpu)
{
    uint32_t v = cpu->s.fpu.mxcsr;

    if (!(v & MXCSR_UM))
        v &= ~(uint32_t)MXCSR_FTZ;
    return (v & ~(uint32_t)X80_ALL) | MXCSR_MASKS;
}

/** sse_raise() - the exceptions in @csr go to MXCSR; one that is not masked
 * ends the instruction: #XM, or #UD without CR4.OSXMMEXCPT. */
void sse_raise(struct cpu *cpu, uint32_t csr);

/* ---- without MXCSR --------------------------------------------------------
 * Where #P is masked and set already, rounding is to nearest and denormals are
 * not flushed, normal operands with a normal result change nothing in it. */

static inline bool sse_plain(const struct cpu *cpu)
{
    enum { ASKED = MXCSR_RC | MXCSR_DAZ | MXCSR_FTZ | MXCSR_PM | X80_PE };

    return (cpu->s.fpu.mxcsr & ASKED) == (MXCSR_PM | X80_PE);
}

/* Neither zero, denormal, infinity nor NaN; nor next to denormals. */
static inline bool usual64(uint64_t v)
{
    return (v >> 52 & 0x7ff) - 2 < 0x7fd;
}

static inline bool usual32(uint32_t v)
{
    return (v >> 23 & 0xff) - 2 < 0xfd;
}

static inline bool sse_usual(unsigned simd, __m128i v)
{
    uint64_t low = low64(v), high;

    switch (simd) {
    case SIMD_F2:
        return usual64(low);
    case SIMD_F3:
        return usual32((uint32_t)low);
    }
    high = low64(_mm_unpackhi_epi64(v, v));
    if (simd == SIMD_66)
        return usual64(low) && usual64(high);
    return usual32((uint32_t)low) && usual32((uint32_t)(low >> 32)) &&
           usual32((uint32_t)high) && usual32((uint32_t)(high >> 32));
}

#endif
