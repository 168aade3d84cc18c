/* src/cpu/op_alu.c -- integer arithmetic and logic. Source: SDM vol. 2. */
#include "cpu/ops.h"

static unsigned width(const struct insn *i)
{
    return operand_bits(i, i->op->dst);
}

void op_add(struct cpu *cpu, const struct insn *i)
{
    uint32_t a = operand_modify(cpu, i, i->op->dst);
    uint32_t b = operand_get(cpu, i, i->op->src);

    operand_set(cpu, i, i->op->dst, a + b);
    flags_add(cpu, a, b, 0, width(i));
}

void op_adc(struct cpu *cpu, const struct insn *i)
{
    uint32_t a = operand_modify(cpu, i, i->op->dst);
    uint32_t b = operand_get(cpu, i, i->op->src);
    uint32_t carry = cpu->s.eflags & FLAG_CF;

    operand_set(cpu, i, i->op->dst, a + b + carry);
    flags_add(cpu, a, b, carry, width(i));
}

void op_sub(struct cpu *cpu, const struct insn *i)
{
    uint32_t a = operand_modify(cpu, i, i->op->dst);
    uint32_t b = operand_get(cpu, i, i->op->src);

    operand_set(cpu, i, i->op->dst, a - b);
    flags_sub(cpu, a, b, 0, width(i));
}

void op_sbb(struct cpu *cpu, const struct insn *i)
{
    uint32_t a = operand_modify(cpu, i, i->op->dst);
    uint32_t b = operand_get(cpu, i, i->op->src);
    uint32_t borrow = cpu->s.eflags & FLAG_CF;

    operand_set(cpu, i, i->op->dst, a - b - borrow);
    flags_sub(cpu, a, b, borrow, width(i));
}

void op_cmp(struct cpu *cpu, const struct insn *i)
{
    uint32_t a = operand_get(cpu, i, i->op->dst);

    flags_sub(cpu, a, operand_get(cpu, i, i->op->src), 0, width(i));
}

void op_and(struct cpu *cpu, const struct insn *i)
{
    uint32_t r =
        operand_modify(cpu, i, i->op->dst) & operand_get(cpu, i, i->op->src);

    operand_set(cpu, i, i->op->dst, r);
    flags_logic(cpu, r, width(i));
}

void op_or(struct cpu *cpu, const struct insn *i)
{
    uint32_t r =
        operand_modify(cpu, i, i->op->dst) | operand_get(cpu, i, i->op->src);

    operand_set(cpu, i, i->op->dst, r);
    flags_logic(cpu, r, width(i));
}

void op_xor(struct cpu *cpu, const struct insn *i)
{
    uint32_t r =
        operand_modify(cpu, i, i->op->dst) ^ operand_get(cpu, i, i->op->src);

    operand_set(cpu, i, i->op->dst, r);
    flags_logic(cpu, r, width(i));
}

void op_test(struct cpu *cpu, const struct insn *i)
{
    flags_logic(
        cpu, operand_get(cpu, i, i->op->dst) & operand_get(cpu, i, i->op->src),
        width(i));
}

void op_test_imm(struct cpu *cpu, const struct insn *i)
{
    flags_logic(cpu, operand_get(cpu, i, i->op->dst) & i->imm, width(i));
}

void op_not(struct cpu *cpu, const struct insn *i)
{
    operand_set(cpu, i, i->op->dst, ~operand_modify(cpu, i, i->op->dst));
}

void op_neg(struct cpu *cpu, const struct insn *i)
{
    uint32_t a = operand_modify(cpu, i, i->op->dst);

    operand_set(cpu, i, i->op->dst, 0 - a);
    flags_sub(cpu, 0, a, 0, width(i));
}

/* INC and DEC keep CF. */
void op_inc(struct cpu *cpu, const struct insn *i)
{
    uint32_t a = operand_modify(cpu, i, i->op->dst);
    bool carry = cpu->s.eflags & FLAG_CF;

    operand_set(cpu, i, i->op->dst, a + 1);
    flags_add(cpu, a, 1, 0, width(i));
    flag_set(cpu, FLAG_CF, carry);
}

void op_dec(struct cpu *cpu, const struct insn *i)
{
    uint32_t a = operand_modify(cpu, i, i->op->dst);
    bool carry = cpu->s.eflags & FLAG_CF;

    operand_set(cpu, i, i->op->dst, a - 1);
    flags_sub(cpu, a, 1, 0, width(i));
    flag_set(cpu, FLAG_CF, carry);
}

/* ---- multiply and divide; the flags the SDM leaves open after a multiply are
 * those of its low half, as SF is on every P6 and later ----------------------
 */

static int64_t sign_extend(uint32_t v, unsigned bits)
{
    return (int64_t)((uint64_t)v << (64 - bits)) >> (64 - bits);
}

static void multiply_flags(struct cpu *cpu, uint32_t low, unsigned bits,
                           bool overflow)
{
    flags_szp(cpu, low, bits);
    flag_set(cpu, FLAG_AF, false);
    flag_set(cpu, FLAG_CF | FLAG_OF, overflow);
}

/* The double-width result to AX, DX:AX or EDX:EAX. */
static void set_product(struct cpu *cpu, uint64_t v, unsigned bits)
{
    if (bits == 8) {
        reg_set(cpu, EAX, 16, (uint32_t)v);
        return;
    }
    reg_set(cpu, EAX, bits, (uint32_t)v);
    reg_set(cpu, EDX, bits, (uint32_t)(v >> bits));
}

void op_mul(struct cpu *cpu, const struct insn *i)
{
    unsigned bits = width(i);
    uint64_t v =
        (uint64_t)operand_get(cpu, i, i->op->dst) * reg_get(cpu, EAX, bits);

    set_product(cpu, v, bits);
    multiply_flags(cpu, (uint32_t)v, bits, v >> bits);
}

void op_imul1(struct cpu *cpu, const struct insn *i)
{
    unsigned bits = width(i);
    int64_t v = sign_extend(operand_get(cpu, i, i->op->dst), bits) *
                sign_extend(reg_get(cpu, EAX, bits), bits);

    set_product(cpu, (uint64_t)v, bits);
    multiply_flags(cpu, (uint32_t)v, bits, v != sign_extend((uint32_t)v, bits));
}

static void imul(struct cpu *cpu, const struct insn *i, uint32_t a, uint32_t b)
{
    unsigned bits = i->bits;
    int64_t v = sign_extend(a, bits) * sign_extend(b, bits);

    operand_set(cpu, i, i->op->dst, (uint32_t)v);
    multiply_flags(cpu, (uint32_t)v, bits,
                   v != sign_extend((uint32_t)v & mask_of(bits), bits));
}

void op_imul2(struct cpu *cpu, const struct insn *i)
{
    imul(cpu, i, operand_get(cpu, i, i->op->dst),
         operand_get(cpu, i, i->op->src));
}

void op_imul3(struct cpu *cpu, const struct insn *i)
{
    imul(cpu, i, operand_get(cpu, i, i->op->src), i->imm);
}

static uint64_t dividend(const struct cpu *cpu, unsigned bits)
{
    if (bits == 8)
        return reg_get(cpu, EAX, 16);
    return (uint64_t)reg_get(cpu, EDX, bits) << bits | reg_get(cpu, EAX, bits);
}

static void set_quotient(struct cpu *cpu, uint32_t q, uint32_t r, unsigned bits)
{
    if (bits == 8) {
        reg_set(cpu, EAX, 16, (q & 255) | (r & 255) << 8);
        return;
    }
    reg_set(cpu, EAX, bits, q);
    reg_set(cpu, EDX, bits, r);
}

void op_div(struct cpu *cpu, const struct insn *i)
{
    unsigned bits = width(i);
    uint64_t n = dividend(cpu, bits), d = operand_get(cpu, i, i->op->dst);

    if (!d || n / d > mask_of(bits))
        cpu_fault_plain(cpu, EXC_DE);
    set_quotient(cpu, (uint32_t)(n / d), (uint32_t)(n % d), bits);
}

void op_idiv(struct cpu *cpu, const struct insn *i)
{
    unsigned bits = width(i);
    uint64_t raw = dividend(cpu, bits);
    int64_t n = (int64_t)(raw << (64 - 2 * bits)) >> (64 - 2 * bits), q;
    int64_t d = sign_extend(operand_get(cpu, i, i->op->dst), bits);

    if (!d || (n == INT64_MIN && d == -1))
        cpu_fault_plain(cpu, EXC_DE);
    q = n / d;
    if (q != sign_extend((uint32_t)q & mask_of(bits), bits))
        cpu_fault_plain(cpu, EXC_DE);
    set_quotient(cpu, (uint32_t)q, (uint32_t)(n % d), bits);
}

/* ---- decimal adjust -------------------------------------------------------
 */

void op_daa(struct cpu *cpu, const struct insn *i)
{
    uint32_t al = reg_get(cpu, EAX, 8), old = al;
    bool carry = cpu->s.eflags & FLAG_CF, high = old > 0x99 || carry;
    bool low = (al & 15) > 9 || (cpu->s.eflags & FLAG_AF);

    (void)i;
    if (low)
        al += 6;
    if (high)
        al += 0x60;
    reg_set(cpu, EAX, 8, al);
    flags_logic(cpu, al, 8);
    flag_set(cpu, FLAG_AF, low);
    flag_set(cpu, FLAG_CF, high);
}

void op_das(struct cpu *cpu, const struct insn *i)
{
    uint32_t al = reg_get(cpu, EAX, 8), old = al;
    bool carry = cpu->s.eflags & FLAG_CF, high = old > 0x99 || carry;
    bool low = (al & 15) > 9 || (cpu->s.eflags & FLAG_AF);
    bool borrow = low && (carry || old < 6);

    (void)i;
    if (low)
        al -= 6;
    if (high)
        al -= 0x60;
    reg_set(cpu, EAX, 8, al);
    flags_logic(cpu, al, 8);
    flag_set(cpu, FLAG_AF, low);
    flag_set(cpu, FLAG_CF, high || borrow);
}

static void ascii_adjust(struct cpu *cpu, int by)
{
    uint32_t ax = reg_get(cpu, EAX, 16);
    bool adjust = (ax & 15) > 9 || (cpu->s.eflags & FLAG_AF);

    if (adjust)
        ax += (uint32_t)(by * 0x106);
    reg_set(cpu, EAX, 16, ax & 0xff0f);
    flags_szp(cpu, ax & 15, 8);
    flag_set(cpu, FLAG_OF, false);
    flag_set(cpu, FLAG_AF | FLAG_CF, adjust);
}

void op_aaa(struct cpu *cpu, const struct insn *i)
{
    (void)i;
    ascii_adjust(cpu, 1);
}

void op_aas(struct cpu *cpu, const struct insn *i)
{
    (void)i;
    ascii_adjust(cpu, -1);
}

void op_aam(struct cpu *cpu, const struct insn *i)
{
    uint32_t al = reg_get(cpu, EAX, 8);

    if (!i->imm)
        cpu_fault_plain(cpu, EXC_DE);
    reg_set(cpu, EAX, 16, (al / i->imm) << 8 | al % i->imm);
    flags_logic(cpu, al % i->imm, 8);
}

void op_aad(struct cpu *cpu, const struct insn *i)
{
    uint32_t ax = reg_get(cpu, EAX, 16);
    uint32_t al = ((ax & 255) + (ax >> 8) * i->imm) & 255;

    reg_set(cpu, EAX, 16, al);
    flags_logic(cpu, al, 8);
}
