/* src/cpu/op_sse_move.c -- moves of MMX and XMM registers, and what takes them
 * apart. Source: SDM vol. 2 under each instruction. */
#include "cpu/sse.h"

/* ---- whole registers ------------------------------------------------------
 */

/* MOVQ P, Q. */
void op_movq_load(struct cpu *cpu, const struct insn *i)
{
    mmx_set(cpu, i->reg, source_q(cpu, i));
}

void op_movq_store(struct cpu *cpu, const struct insn *i)
{
    uint64_t v = mmx_get(cpu, i->reg);

    if (i->mod == 3) {
        mmx_set(cpu, i->rm, v);
        return;
    }
    seg_write64(cpu, i->seg, ea(cpu, i), v);
    mmx_begin(cpu);
}

/* MOVAPS, MOVAPD, MOVDQA; MOVNT of XMM stores as they do. */
void op_mova_load(struct cpu *cpu, const struct insn *i)
{
    xmm_set(cpu, i->reg, source_x(cpu, i));
}

void op_mova_store(struct cpu *cpu, const struct insn *i)
{
    if (i->mod == 3)
        xmm_set(cpu, i->rm, xmm_get(cpu, i->reg));
    else
        store128(cpu, i, aligned_ea(cpu, i), xmm_get(cpu, i->reg));
}

/* MOVUPS, MOVUPD, MOVDQU. */
void op_movu_load(struct cpu *cpu, const struct insn *i)
{
    xmm_set(cpu, i->reg,
            i->mod == 3 ? xmm_get(cpu, i->rm) : load128(cpu, i, ea(cpu, i)));
}

void op_movu_store(struct cpu *cpu, const struct insn *i)
{
    if (i->mod == 3)
        xmm_set(cpu, i->rm, xmm_get(cpu, i->reg));
    else
        store128(cpu, i, ea(cpu, i), xmm_get(cpu, i->reg));
}

/* ---- scalars: memory zeroes what is above, a register keeps it ------------
 */

void op_movss_load(struct cpu *cpu, const struct insn *i)
{
    if (i->mod == 3)
        memcpy(cpu->s.fpu.xmm[i->reg], cpu->s.fpu.xmm[i->rm], 4);
    else
        xmm_set(cpu, i->reg, source_x32(cpu, i));
}

void op_movss_store(struct cpu *cpu, const struct insn *i)
{
    if (i->mod == 3)
        memcpy(cpu->s.fpu.xmm[i->rm], cpu->s.fpu.xmm[i->reg], 4);
    else
        seg_write(cpu, i->seg, ea(cpu, i), 4,
                  (uint32_t)cpu->s.fpu.xmm[i->reg][0]);
}

void op_movsd_load(struct cpu *cpu, const struct insn *i)
{
    if (i->mod == 3)
        cpu->s.fpu.xmm[i->reg][0] = cpu->s.fpu.xmm[i->rm][0];
    else
        xmm_set(cpu, i->reg, source_x64(cpu, i));
}

void op_movsd_store(struct cpu *cpu, const struct insn *i)
{
    if (i->mod == 3)
        cpu->s.fpu.xmm[i->rm][0] = cpu->s.fpu.xmm[i->reg][0];
    else
        seg_write64(cpu, i->seg, ea(cpu, i), cpu->s.fpu.xmm[i->reg][0]);
}

/* MOVQ V, W and W, V: a register's high half becomes zero too. */
void op_movq_x_load(struct cpu *cpu, const struct insn *i)
{
    xmm_set(cpu, i->reg, from64(low64(source_x64(cpu, i))));
}

void op_movq_x_store(struct cpu *cpu, const struct insn *i)
{
    uint64_t v = cpu->s.fpu.xmm[i->reg][0];

    if (i->mod == 3)
        xmm_set(cpu, i->rm, from64(v));
    else
        seg_write64(cpu, i->seg, ea(cpu, i), v);
}

/* MOVD: 32 bits of a general register or memory. */
void op_movd_load(struct cpu *cpu, const struct insn *i)
{
    uint32_t v =
        i->mod == 3 ? cpu->s.reg[i->rm] : seg_read(cpu, i->seg, ea(cpu, i), 4);

    if (i->simd == SIMD_NP)
        mmx_set(cpu, i->reg, v);
    else
        xmm_set(cpu, i->reg, from64(v));
}

void op_movd_store(struct cpu *cpu, const struct insn *i)
{
    uint32_t v = (uint32_t)(i->simd == SIMD_NP ? mmx_get(cpu, i->reg)
                                               : cpu->s.fpu.xmm[i->reg][0]);

    if (i->mod == 3)
        cpu->s.reg[i->rm] = v;
    else
        seg_write(cpu, i->seg, ea(cpu, i), 4, v);
    if (i->simd == SIMD_NP)
        mmx_begin(cpu);
}

void op_movnti(struct cpu *cpu, const struct insn *i)
{
    seg_write(cpu, i->seg, ea(cpu, i), 4, cpu->s.reg[i->reg]);
}

/* ---- halves ---------------------------------------------------------------
 */

/* MOVLPS, MOVLPD; of two registers MOVHLPS. */
void op_movlp_load(struct cpu *cpu, const struct insn *i)
{
    cpu->s.fpu.xmm[i->reg][0] = i->mod == 3
                                    ? cpu->s.fpu.xmm[i->rm][1]
                                    : seg_read64(cpu, i->seg, ea(cpu, i));
}

void op_movlp_store(struct cpu *cpu, const struct insn *i)
{
    seg_write64(cpu, i->seg, ea(cpu, i), cpu->s.fpu.xmm[i->reg][0]);
}

/* MOVHPS, MOVHPD; of two registers MOVLHPS. */
void op_movhp_load(struct cpu *cpu, const struct insn *i)
{
    cpu->s.fpu.xmm[i->reg][1] = i->mod == 3
                                    ? cpu->s.fpu.xmm[i->rm][0]
                                    : seg_read64(cpu, i->seg, ea(cpu, i));
}

void op_movhp_store(struct cpu *cpu, const struct insn *i)
{
    seg_write64(cpu, i->seg, ea(cpu, i), cpu->s.fpu.xmm[i->reg][1]);
}

void op_movq2dq(struct cpu *cpu, const struct insn *i)
{
    xmm_set(cpu, i->reg, from64(mmx_get(cpu, i->rm)));
    mmx_begin(cpu);
}

void op_movdq2q(struct cpu *cpu, const struct insn *i)
{
    mmx_set(cpu, i->reg, cpu->s.fpu.xmm[i->rm][0]);
}

/* ---- shuffles and masks ---------------------------------------------------
 */

void op_unpcklps(struct cpu *cpu, const struct insn *i)
{
    xmm_set(cpu, i->reg,
            _mm_unpacklo_epi32(xmm_get(cpu, i->reg), source_x(cpu, i)));
}

void op_unpckhps(struct cpu *cpu, const struct insn *i)
{
    xmm_set(cpu, i->reg,
            _mm_unpackhi_epi32(xmm_get(cpu, i->reg), source_x(cpu, i)));
}

void op_unpcklpd(struct cpu *cpu, const struct insn *i)
{
    xmm_set(cpu, i->reg,
            _mm_unpacklo_epi64(xmm_get(cpu, i->reg), source_x(cpu, i)));
}

void op_unpckhpd(struct cpu *cpu, const struct insn *i)
{
    xmm_set(cpu, i->reg,
            _mm_unpackhi_epi64(xmm_get(cpu, i->reg), source_x(cpu, i)));
}

/* The low two from the destination, the high two from the source. */
void op_shufps(struct cpu *cpu, const struct insn *i)
{
    uint32_t a[4], b[4], out[4];

    _mm_storeu_si128((__m128i *)(void *)b, source_x(cpu, i));
    memcpy(a, cpu->s.fpu.xmm[i->reg], sizeof a);
    for (unsigned n = 0; n < 4; n++)
        out[n] = (n < 2 ? a : b)[i->imm >> 2 * n & 3];
    memcpy(cpu->s.fpu.xmm[i->reg], out, sizeof out);
}

void op_shufpd(struct cpu *cpu, const struct insn *i)
{
    uint64_t b[2], *a = cpu->s.fpu.xmm[i->reg], low;

    _mm_storeu_si128((__m128i *)(void *)b, source_x(cpu, i));
    low = a[i->imm & 1];
    a[1] = b[i->imm >> 1 & 1];
    a[0] = low;
}

void op_movmskps(struct cpu *cpu, const struct insn *i)
{
    cpu->s.reg[i->reg] =
        (uint32_t)_mm_movemask_ps(_mm_castsi128_ps(xmm_get(cpu, i->rm)));
}

void op_movmskpd(struct cpu *cpu, const struct insn *i)
{
    cpu->s.reg[i->reg] =
        (uint32_t)_mm_movemask_pd(_mm_castsi128_pd(xmm_get(cpu, i->rm)));
}

/* ---- MASKMOVQ, MASKMOVDQU: bytes to DS:EDI --------------------------------
 * Bytes that the mask leaves out are neither written nor probed. */
static void masked(struct cpu *cpu, const struct insn *i, const uint8_t *v,
                   const uint8_t *mask, unsigned bytes)
{
    uint32_t at = cpu->s.reg[EDI] & mask_of(i->abits), linear;
    bool user = cpu_user(cpu);

    linear = seg_linear(cpu, i->seg, at, bytes, true);
    for (unsigned n = 0; n < bytes; n++)
        if (mask[n] & 0x80)
            mem_probe(cpu, linear + n, 1, user);
    for (unsigned n = 0; n < bytes; n++)
        if (mask[n] & 0x80)
            mem_write8(cpu, linear + n, v[n], user);
}

void op_maskmovq(struct cpu *cpu, const struct insn *i)
{
    uint64_t v = mmx_get(cpu, i->reg), mask = mmx_get(cpu, i->rm);
    uint8_t from[8], by[8];

    memcpy(from, &v, 8);
    memcpy(by, &mask, 8);
    masked(cpu, i, from, by, 8);
    mmx_begin(cpu);
}

void op_maskmovdqu(struct cpu *cpu, const struct insn *i)
{
    uint8_t from[16], by[16];

    memcpy(from, cpu->s.fpu.xmm[i->reg], 16);
    memcpy(by, cpu->s.fpu.xmm[i->rm], 16);
    masked(cpu, i, from, by, 16);
}
