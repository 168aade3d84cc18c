/* src/cpu/op_bit.c -- shifts, rotates, bit tests and scans. Source: SDM vol. 2.
 * A count of zero changes no flag; OF after counts other than one is what P6
 * and later give: that of the last step. */
#include "cpu/ops.h"

static unsigned width(const struct insn *i)
{
    return operand_bits(i, i->op->dst);
}

static uint32_t count_of(struct cpu *cpu, const struct insn *i)
{
    return operand_get(cpu, i, i->op->src) & 31;
}

static bool top(uint32_t v, unsigned bits)
{
    return v >> (bits - 1) & 1;
}

void op_shl(struct cpu *cpu, const struct insn *i)
{
    unsigned bits = width(i), n = count_of(cpu, i);
    uint32_t a = operand_modify(cpu, i, i->op->dst);
    uint64_t wide = (uint64_t)a << n;
    uint32_t r = (uint32_t)wide & mask_of(bits);
    bool carry = wide >> bits & 1;

    operand_set(cpu, i, i->op->dst, r);
    if (!n)
        return;
    flags_logic(cpu, r, bits);
    flag_set(cpu, FLAG_CF, carry);
    flag_set(cpu, FLAG_OF, top(r, bits) != carry);
}

void op_shr(struct cpu *cpu, const struct insn *i)
{
    unsigned bits = width(i), n = count_of(cpu, i);
    uint32_t a = operand_modify(cpu, i, i->op->dst), r = a >> n;

    operand_set(cpu, i, i->op->dst, r);
    if (!n)
        return;
    flags_logic(cpu, r, bits);
    flag_set(cpu, FLAG_CF, a >> (n - 1) & 1);
    flag_set(cpu, FLAG_OF, top(n == 1 ? a : r << 1, bits));
}

void op_sar(struct cpu *cpu, const struct insn *i)
{
    unsigned bits = width(i), n = count_of(cpu, i);
    uint32_t a = operand_modify(cpu, i, i->op->dst);
    int64_t wide = (int64_t)((uint64_t)a << (64 - bits)) >> (64 - bits);
    uint32_t r = (uint32_t)(wide >> n) & mask_of(bits);

    operand_set(cpu, i, i->op->dst, r);
    if (!n)
        return;
    flags_logic(cpu, r, bits);
    flag_set(cpu, FLAG_CF, wide >> (n - 1) & 1);
}

void op_rol(struct cpu *cpu, const struct insn *i)
{
    unsigned bits = width(i), n = count_of(cpu, i), by = n % bits;
    uint32_t a = operand_modify(cpu, i, i->op->dst);
    uint32_t r = by ? (a << by | a >> (bits - by)) & mask_of(bits) : a;

    operand_set(cpu, i, i->op->dst, r);
    if (!n)
        return;
    flag_set(cpu, FLAG_CF, r & 1);
    flag_set(cpu, FLAG_OF, top(r, bits) != (r & 1));
}

void op_ror(struct cpu *cpu, const struct insn *i)
{
    unsigned bits = width(i), n = count_of(cpu, i), by = n % bits;
    uint32_t a = operand_modify(cpu, i, i->op->dst);
    uint32_t r = by ? (a >> by | a << (bits - by)) & mask_of(bits) : a;

    operand_set(cpu, i, i->op->dst, r);
    if (!n)
        return;
    flag_set(cpu, FLAG_CF, top(r, bits));
    flag_set(cpu, FLAG_OF, top(r, bits) != top(r << 1, bits));
}

/* Through carry: bits + 1 places, the carry on top. */
static void rotate_carry(struct cpu *cpu, const struct insn *i, bool left)
{
    unsigned bits = width(i), n = count_of(cpu, i) % (bits + 1);
    uint32_t a = operand_modify(cpu, i, i->op->dst);
    uint64_t v = (uint64_t)(cpu->s.eflags & FLAG_CF) << bits | a;
    uint64_t mask = ((uint64_t)2 << bits) - 1;
    unsigned by = left ? n : (bits + 1 - n) % (bits + 1);
    uint32_t r;

    if (by)
        v = (v << by | v >> (bits + 1 - by)) & mask;
    r = (uint32_t)v & mask_of(bits);
    operand_set(cpu, i, i->op->dst, r);
    if (!n)
        return;
    flag_set(cpu, FLAG_CF, v >> bits & 1);
    flag_set(cpu, FLAG_OF,
             left ? top(r, bits) != (v >> bits & 1)
                  : top(r, bits) != top(r << 1, bits));
}

void op_rcl(struct cpu *cpu, const struct insn *i)
{
    rotate_carry(cpu, i, true);
}

void op_rcr(struct cpu *cpu, const struct insn *i)
{
    rotate_carry(cpu, i, false);
}

/* With 16-bit operands and a count above 16, undefined in the SDM, the bits
 * come from destination:source:destination, as P6 and later do. */
void op_shld(struct cpu *cpu, const struct insn *i)
{
    unsigned bits = i->bits, n = operand_get(cpu, i, i->op->ext) & 31;
    uint32_t a = operand_modify(cpu, i, i->op->dst);
    uint32_t b = operand_get(cpu, i, i->op->src), r;
    uint64_t v =
        bits == 16 ? (uint64_t)a << 32 | b << 16 | a : (uint64_t)a << 32 | b;
    bool carry;

    if (!n)
        return;
    r = (uint32_t)(bits == 16 ? v << n >> 32 & 0xffff : v << n >> 32);
    carry = bits == 16 ? v >> (48 - n) & 1 : v >> (64 - n) & 1;
    operand_set(cpu, i, i->op->dst, r);
    flags_logic(cpu, r, bits);
    flag_set(cpu, FLAG_CF, carry);
    flag_set(cpu, FLAG_OF, top(r, bits) != top(a, bits));
}

void op_shrd(struct cpu *cpu, const struct insn *i)
{
    unsigned bits = i->bits, n = operand_get(cpu, i, i->op->ext) & 31;
    uint32_t a = operand_modify(cpu, i, i->op->dst);
    uint32_t b = operand_get(cpu, i, i->op->src), r;
    uint64_t v =
        bits == 16 ? (uint64_t)a << 32 | b << 16 | a : (uint64_t)b << 32 | a;

    if (!n)
        return;
    r = (uint32_t)(v >> n) & mask_of(bits);
    operand_set(cpu, i, i->op->dst, r);
    flags_logic(cpu, r, bits);
    flag_set(cpu, FLAG_CF, v >> (n - 1) & 1);
    flag_set(cpu, FLAG_OF, top(r, bits) != top(r << 1, bits));
}

/* BT, BTS, BTR, BTC by bits 4-3 of the opcode or of ModRM. */
static uint32_t bit_result(unsigned kind, uint32_t v, uint32_t bit)
{
    switch (kind & 3) {
    case 1:
        return v | bit;
    case 2:
        return v & ~bit;
    case 3:
        return v ^ bit;
    default:
        return v;
    }
}

void op_bit_imm(struct cpu *cpu, const struct insn *i)
{
    uint32_t v = i->reg & 3 ? operand_modify(cpu, i, i->op->dst)
                            : operand_get(cpu, i, i->op->dst);
    uint32_t bit = 1u << (i->imm & (i->bits - 1u));

    if (i->reg & 3)
        operand_set(cpu, i, i->op->dst, bit_result(i->reg, v, bit));
    flag_set(cpu, FLAG_CF, v & bit);
}

/* A register bit offset reaches beyond the memory operand, signed. */
void op_bit_reg(struct cpu *cpu, const struct insn *i)
{
    uint32_t n = operand_get(cpu, i, i->op->src);
    uint32_t bit = 1u << (n & (i->bits - 1u)), at, v;
    unsigned kind = i->opcode >> 3;
    int32_t words =
        (i->bits == 16 ? (int16_t)n : (int32_t)n) >> (i->bits == 16 ? 4 : 5);

    if (i->mod == 3) {
        v = reg_get(cpu, i->rm, i->bits);
        reg_set(cpu, i->rm, i->bits, bit_result(kind, v, bit));
    } else {
        at =
            (ea(cpu, i) + (uint32_t)words * (i->bits / 8u)) & mask_of(i->abits);
        v = kind & 3 ? seg_modify(cpu, i->seg, at, i->bits / 8)
                     : seg_read(cpu, i->seg, at, i->bits / 8);
        if (kind & 3)
            seg_write(cpu, i->seg, at, i->bits / 8, bit_result(kind, v, bit));
    }
    flag_set(cpu, FLAG_CF, v & bit);
}

/* A zero source sets ZF and leaves the destination, as every CPU does. */
static void scan(struct cpu *cpu, const struct insn *i, bool forward)
{
    uint32_t v = operand_get(cpu, i, i->op->src);

    flag_set(cpu, FLAG_ZF, !v);
    if (v)
        operand_set(
            cpu, i, i->op->dst,
            (uint32_t)(forward ? __builtin_ctz(v) : 31 - __builtin_clz(v)));
}

void op_bsf(struct cpu *cpu, const struct insn *i)
{
    scan(cpu, i, true);
}

void op_bsr(struct cpu *cpu, const struct insn *i)
{
    scan(cpu, i, false);
}

void op_bswap(struct cpu *cpu, const struct insn *i)
{
    /* undefined for 16-bit operands: P6 and later clear the register's half */
    uint32_t v =
        i->bits == 16 ? 0 : __builtin_bswap32(cpu->s.reg[i->opcode & 7]);

    operand_set(cpu, i, i->op->dst, v);
}
