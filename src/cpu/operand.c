/* src/cpu/operand.c -- operands of a decoded instruction: registers, memory,
 * immediates by operand code. Source: SDM vol. 2, 2.1 and appendix A.2. */
#include "cpu/ops.h"

uint32_t ea(struct cpu *cpu, const struct insn *i)
{
    uint32_t at = i->disp;

    if (i->base)
        at += cpu->s.reg[i->base - 1];
    if (i->index)
        at += cpu->s.reg[i->index - 1] << i->scale;
    return at & mask_of(i->abits);
}

uint32_t reg_get(const struct cpu *cpu, unsigned reg, unsigned bits)
{
    if (bits == 8)
        return (reg < 4 ? cpu->s.reg[reg] : cpu->s.reg[reg - 4] >> 8) & 255;
    return cpu->s.reg[reg] & mask_of(bits);
}

void reg_set(struct cpu *cpu, unsigned reg, unsigned bits, uint32_t v)
{
    uint32_t *r = &cpu->s.reg[bits == 8 ? reg & 3 : reg];
    unsigned shift = bits == 8 && reg > 3 ? 8 : 0;
    uint32_t mask = mask_of(bits) << shift;

    *r = (*r & ~mask) | (v << shift & mask);
}

unsigned operand_bits(const struct insn *i, unsigned code)
{
    static const uint8_t fixed[] = {
        [O_Eb] = 8,  [O_Gb] = 8,  [O_Zb] = 8,  [O_Ib] = 8,  [O_Ob] = 8,
        [O_AL] = 8,  [O_CL] = 8,  [O_Ew] = 16, [O_Gw] = 16, [O_Iw] = 16,
        [O_Sw] = 16, [O_AX] = 16, [O_DX] = 16, [O_Ed] = 32, [O_Gd] = 32,
        [O_Rd] = 32, [O_ONE] = 0, /* 0: as the operand size says */
    };

    return fixed[code] ? fixed[code] : i->bits;
}

uint32_t operand_get(struct cpu *cpu, const struct insn *i, unsigned code)
{
    unsigned bits = operand_bits(i, code);

    switch (code) {
    case O_Eb:
    case O_Ew:
    case O_Ed:
    case O_Ev:
        if (i->mod == 3)
            return reg_get(cpu, i->rm, bits);
        return seg_read(cpu, i->seg, ea(cpu, i), bits / 8);
    case O_Gb:
    case O_Gw:
    case O_Gd:
    case O_Gv:
        return reg_get(cpu, i->reg, bits);
    case O_Zb:
    case O_Zv:
        return reg_get(cpu, i->opcode & 7, bits);
    case O_Rd:
        return cpu->s.reg[i->rm];
    case O_Ob:
    case O_Ov:
        return seg_read(cpu, i->seg, i->disp, bits / 8);
    case O_AL:
    case O_AX:
    case O_eAX:
        return reg_get(cpu, EAX, bits);
    case O_CL:
        return cpu->s.reg[ECX] & 255;
    case O_DX:
        return cpu->s.reg[EDX] & 0xffff;
    case O_ONE:
        return 1;
    case O_I2b:
        return i->imm2;
    default:
        return i->imm;
    }
}

/* A read that a write follows: both must be possible first. */
uint32_t operand_modify(struct cpu *cpu, const struct insn *i, unsigned code)
{
    if (i->mod != 3 && code >= O_Eb && code <= O_Ev) {
        unsigned bytes = operand_bits(i, code) / 8;

        return seg_modify(cpu, i->seg, ea(cpu, i), bytes);
    }
    return operand_get(cpu, i, code);
}

void operand_set(struct cpu *cpu, const struct insn *i, unsigned code,
                 uint32_t v)
{
    unsigned bits = operand_bits(i, code);

    switch (code) {
    case O_Eb:
    case O_Ew:
    case O_Ed:
    case O_Ev:
        if (i->mod == 3)
            reg_set(cpu, i->rm, bits, v);
        else
            seg_write(cpu, i->seg, ea(cpu, i), bits / 8, v);
        break;
    case O_Gb:
    case O_Gw:
    case O_Gd:
    case O_Gv:
        reg_set(cpu, i->reg, bits, v);
        break;
    case O_Zb:
    case O_Zv:
        reg_set(cpu, i->opcode & 7, bits, v);
        break;
    case O_Rd:
        cpu->s.reg[i->rm] = v;
        break;
    case O_Ob:
    case O_Ov:
        seg_write(cpu, i->seg, i->disp, bits / 8, v);
        break;
    default: /* AL, AX, eAX */
        reg_set(cpu, EAX, bits, v);
        break;
    }
}
