/* src/cpu/op_packed.c -- packed integers in MMX and XMM registers: one handler
 * for both, told apart by the mandatory prefix. An MMX operand is the low half
 * of a vector whose high half is zero. Source: SDM vol. 2 under each
 * instruction. The host's SSE2 does them: integers are the same everywhere. */
#include "cpu/sse.h"

typedef __m128i packed(__m128i a, __m128i b);

static inline void run(struct cpu *cpu, const struct insn *i, packed *f)
{
    if (i->simd == SIMD_NP) {
        __m128i b = from64(source_q(cpu, i));

        mmx_set(cpu, i->reg, low64(f(from64(mmx_get(cpu, i->reg)), b)));
    } else {
        __m128i b = source_x(cpu, i);

        xmm_set(cpu, i->reg, f(xmm_get(cpu, i->reg), b));
    }
}

#define PACKED(name, value)                                                    \
    static inline __m128i name(__m128i a, __m128i b)                           \
    {                                                                          \
        return value;                                                          \
    }                                                                          \
    void op_##name(struct cpu *cpu, const struct insn *i)                      \
    {                                                                          \
        run(cpu, i, name);                                                     \
    }

/* clang-format off */
PACKED(paddb, _mm_add_epi8(a, b))
PACKED(paddw, _mm_add_epi16(a, b))
PACKED(paddd, _mm_add_epi32(a, b))
PACKED(paddq, _mm_add_epi64(a, b))
PACKED(paddsb, _mm_adds_epi8(a, b))
PACKED(paddsw, _mm_adds_epi16(a, b))
PACKED(paddusb, _mm_adds_epu8(a, b))
PACKED(paddusw, _mm_adds_epu16(a, b))
PACKED(psubb, _mm_sub_epi8(a, b))
PACKED(psubw, _mm_sub_epi16(a, b))
PACKED(psubd, _mm_sub_epi32(a, b))
PACKED(psubq, _mm_sub_epi64(a, b))
PACKED(psubsb, _mm_subs_epi8(a, b))
PACKED(psubsw, _mm_subs_epi16(a, b))
PACKED(psubusb, _mm_subs_epu8(a, b))
PACKED(psubusw, _mm_subs_epu16(a, b))
PACKED(pmullw, _mm_mullo_epi16(a, b))
PACKED(pmulhw, _mm_mulhi_epi16(a, b))
PACKED(pmulhuw, _mm_mulhi_epu16(a, b))
PACKED(pmuludq, _mm_mul_epu32(a, b))
PACKED(pmaddwd, _mm_madd_epi16(a, b))
PACKED(psadbw, _mm_sad_epu8(a, b))
PACKED(pavgb, _mm_avg_epu8(a, b))
PACKED(pavgw, _mm_avg_epu16(a, b))
PACKED(pminub, _mm_min_epu8(a, b))
PACKED(pminsw, _mm_min_epi16(a, b))
PACKED(pmaxub, _mm_max_epu8(a, b))
PACKED(pmaxsw, _mm_max_epi16(a, b))
PACKED(pcmpeqb, _mm_cmpeq_epi8(a, b))
PACKED(pcmpeqw, _mm_cmpeq_epi16(a, b))
PACKED(pcmpeqd, _mm_cmpeq_epi32(a, b))
PACKED(pcmpgtb, _mm_cmpgt_epi8(a, b))
PACKED(pcmpgtw, _mm_cmpgt_epi16(a, b))
PACKED(pcmpgtd, _mm_cmpgt_epi32(a, b))
PACKED(pand, _mm_and_si128(a, b))
PACKED(pandn, _mm_andnot_si128(a, b))
PACKED(por, _mm_or_si128(a, b))
PACKED(pxor, _mm_xor_si128(a, b))
PACKED(psllw, _mm_sll_epi16(a, b))
PACKED(pslld, _mm_sll_epi32(a, b))
PACKED(psllq, _mm_sll_epi64(a, b))
PACKED(psrlw, _mm_srl_epi16(a, b))
PACKED(psrld, _mm_srl_epi32(a, b))
PACKED(psrlq, _mm_srl_epi64(a, b))
PACKED(psraw, _mm_sra_epi16(a, b))
PACKED(psrad, _mm_sra_epi32(a, b))
/* clang-format on */

/* ---- where MMX is not the low half of SSE2 --------------------------------
 */

/* PACK: MMX packs both operands into 64 bits. */
static inline void run_pack(struct cpu *cpu, const struct insn *i, packed *f)
{
    if (i->simd == SIMD_NP) {
        __m128i b = from64(source_q(cpu, i));
        __m128i ab = _mm_unpacklo_epi64(from64(mmx_get(cpu, i->reg)), b);

        mmx_set(cpu, i->reg, low64(f(ab, ab)));
    } else {
        run(cpu, i, f);
    }
}

#define PACK(name, value)                                                      \
    static inline __m128i name(__m128i a, __m128i b)                           \
    {                                                                          \
        return value;                                                          \
    }                                                                          \
    void op_##name(struct cpu *cpu, const struct insn *i)                      \
    {                                                                          \
        run_pack(cpu, i, name);                                                \
    }

/* clang-format off */
PACK(packsswb, _mm_packs_epi16(a, b))
PACK(packssdw, _mm_packs_epi32(a, b))
PACK(packuswb, _mm_packus_epi16(a, b))
/* clang-format on */

/* PUNPCKL of MMX reads 32 bits of memory; PUNPCKH takes the high half of what
 * all eight bytes interleave to. */
static inline void run_low(struct cpu *cpu, const struct insn *i, packed *f)
{
    uint64_t b;

    if (i->simd != SIMD_NP) {
        run(cpu, i, f);
        return;
    }
    b = i->mod == 3 ? mmx_get(cpu, i->rm)
                    : seg_read(cpu, i->seg, ea(cpu, i), 4);
    mmx_set(cpu, i->reg, low64(f(from64(mmx_get(cpu, i->reg)), from64(b))));
}

static inline void run_high(struct cpu *cpu, const struct insn *i, packed *low,
                            packed *high)
{
    if (i->simd == SIMD_NP) {
        __m128i b = from64(source_q(cpu, i));
        __m128i v = low(from64(mmx_get(cpu, i->reg)), b);

        mmx_set(cpu, i->reg, low64(_mm_unpackhi_epi64(v, v)));
    } else {
        run(cpu, i, high);
    }
}

#define UNPACK(letters, bits)                                                  \
    static inline __m128i low_##letters(__m128i a, __m128i b)                  \
    {                                                                          \
        return _mm_unpacklo_epi##bits(a, b);                                   \
    }                                                                          \
    static inline __m128i high_##letters(__m128i a, __m128i b)                 \
    {                                                                          \
        return _mm_unpackhi_epi##bits(a, b);                                   \
    }                                                                          \
    void op_punpckl##letters(struct cpu *cpu, const struct insn *i)            \
    {                                                                          \
        run_low(cpu, i, low_##letters);                                        \
    }                                                                          \
    void op_punpckh##letters(struct cpu *cpu, const struct insn *i)            \
    {                                                                          \
        run_high(cpu, i, low_##letters, high_##letters);                       \
    }

UNPACK(bw, 8)
UNPACK(wd, 16)
UNPACK(dq, 32)
UNPACK(qdq, 64)

/* ---- shifts by an immediate: groups 12 to 14 ------------------------------
 */

static inline void shift(struct cpu *cpu, const struct insn *i, packed *f)
{
    __m128i count = from64(i->imm);

    if (i->simd == SIMD_NP)
        mmx_set(cpu, i->rm, low64(f(from64(mmx_get(cpu, i->rm)), count)));
    else
        xmm_set(cpu, i->rm, f(xmm_get(cpu, i->rm), count));
}

#define SHIFT(name)                                                            \
    void op_##name##_imm(struct cpu *cpu, const struct insn *i)                \
    {                                                                          \
        shift(cpu, i, name);                                                   \
    }

SHIFT(psllw)
SHIFT(pslld)
SHIFT(psllq)
SHIFT(psrlw)
SHIFT(psrld)
SHIFT(psrlq)
SHIFT(psraw)
SHIFT(psrad)

/* By whole bytes; XMM alone. */
void op_psrldq(struct cpu *cpu, const struct insn *i)
{
    uint8_t from[32] = {0};

    memcpy(from, cpu->s.fpu.xmm[i->rm], 16);
    memcpy(cpu->s.fpu.xmm[i->rm], from + (i->imm < 16 ? i->imm : 16), 16);
}

void op_pslldq(struct cpu *cpu, const struct insn *i)
{
    uint8_t from[32] = {0};

    memcpy(from + 16, cpu->s.fpu.xmm[i->rm], 16);
    memcpy(cpu->s.fpu.xmm[i->rm], from + 16 - (i->imm < 16 ? i->imm : 16), 16);
}

/* ---- shuffles, single words, masks ----------------------------------------
 */

/* Four of four words as the immediate's bit pairs say. */
static uint64_t shuffle_words(uint64_t v, uint32_t order)
{
    uint64_t out = 0;

    for (unsigned n = 0; n < 4; n++)
        out |= (v >> 16 * (order >> 2 * n & 3) & 0xffff) << 16 * n;
    return out;
}

/* PSHUFW, PSHUFD (66), PSHUFHW (F3), PSHUFLW (F2). */
void op_pshuf(struct cpu *cpu, const struct insn *i)
{
    uint64_t v[2];
    uint32_t d[4], out[4];

    if (i->simd == SIMD_NP) {
        mmx_set(cpu, i->reg, shuffle_words(source_q(cpu, i), i->imm));
        return;
    }
    _mm_storeu_si128((__m128i *)(void *)v, source_x(cpu, i));
    if (i->simd == SIMD_66) {
        memcpy(d, v, sizeof d);
        for (unsigned n = 0; n < 4; n++)
            out[n] = d[i->imm >> 2 * n & 3];
        memcpy(v, out, sizeof v);
    } else {
        unsigned half = i->simd == SIMD_F3;

        v[half] = shuffle_words(v[half], i->imm);
    }
    memcpy(cpu->s.fpu.xmm[i->reg], v, sizeof v);
}

void op_pinsrw(struct cpu *cpu, const struct insn *i)
{
    uint64_t w = i->mod == 3 ? cpu->s.reg[i->rm] & 0xffff
                             : seg_read(cpu, i->seg, ea(cpu, i), 2);
    unsigned shift = 16 * (i->imm & 3);
    uint64_t keep = ~(0xffffull << shift), *x;

    if (i->simd == SIMD_NP) {
        mmx_set(cpu, i->reg, (mmx_get(cpu, i->reg) & keep) | w << shift);
        return;
    }
    x = &cpu->s.fpu.xmm[i->reg][i->imm >> 2 & 1];
    *x = (*x & keep) | w << shift;
}

void op_pextrw(struct cpu *cpu, const struct insn *i)
{
    unsigned shift = 16 * (i->imm & 3);
    uint64_t v;

    if (i->simd == SIMD_NP) {
        v = mmx_get(cpu, i->rm);
        mmx_begin(cpu);
    } else {
        v = cpu->s.fpu.xmm[i->rm][i->imm >> 2 & 1];
    }
    cpu->s.reg[i->reg] = v >> shift & 0xffff;
}

void op_pmovmskb(struct cpu *cpu, const struct insn *i)
{
    if (i->simd == SIMD_NP) {
        cpu->s.reg[i->reg] =
            (uint32_t)_mm_movemask_epi8(from64(mmx_get(cpu, i->rm)));
        mmx_begin(cpu);
    } else {
        cpu->s.reg[i->reg] = (uint32_t)_mm_movemask_epi8(xmm_get(cpu, i->rm));
    }
}

void op_emms(struct cpu *cpu, const struct insn *i)
{
    (void)i;
    mmx_begin(cpu);
    cpu->s.fpu.full = 0;
}
