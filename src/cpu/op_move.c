/* src/cpu/op_move.c -- moves, stack, exchange, flags. Source: SDM vol. 2. What
 * pops or pushes more than once relies on ESP being put back by a fault. */
#include "cpu/ops.h"

void op_mov(struct cpu *cpu, const struct insn *i)
{
    operand_set(cpu, i, i->op->dst, operand_get(cpu, i, i->op->src));
}

void op_movsx(struct cpu *cpu, const struct insn *i)
{
    uint32_t v = operand_get(cpu, i, i->op->src);

    operand_set(cpu, i, i->op->dst,
                operand_bits(i, i->op->src) == 8 ? (uint32_t)(int8_t)v
                                                 : (uint32_t)(int16_t)v);
}

void op_lea(struct cpu *cpu, const struct insn *i)
{
    operand_set(cpu, i, i->op->dst, ea(cpu, i));
}

void op_xchg(struct cpu *cpu, const struct insn *i)
{
    uint32_t a = operand_modify(cpu, i, i->op->dst);
    uint32_t b = operand_get(cpu, i, i->op->src);

    operand_set(cpu, i, i->op->dst, b); /* the one that may be memory */
    operand_set(cpu, i, i->op->src, a);
}

void op_xadd(struct cpu *cpu, const struct insn *i)
{
    uint32_t a = operand_modify(cpu, i, i->op->dst);
    uint32_t b = operand_get(cpu, i, i->op->src);

    if (i->mod == 3) { /* the sum wins when both are one register */
        operand_set(cpu, i, i->op->src, a);
        operand_set(cpu, i, i->op->dst, a + b);
    } else {
        operand_set(cpu, i, i->op->dst, a + b);
        operand_set(cpu, i, i->op->src, a);
    }
    flags_add(cpu, a, b, 0, operand_bits(i, i->op->dst));
}

void op_cmpxchg(struct cpu *cpu, const struct insn *i)
{
    unsigned bits = operand_bits(i, i->op->dst);
    uint32_t a = operand_modify(cpu, i, i->op->dst);
    uint32_t eax = reg_get(cpu, EAX, bits);
    bool equal = a == eax;

    /* the destination is written either way: a read-only page faults */
    operand_set(cpu, i, i->op->dst,
                equal ? operand_get(cpu, i, i->op->src) : a);
    if (!equal)
        reg_set(cpu, EAX, bits, a);
    flags_sub(cpu, eax, a, 0, bits);
}

void op_cmpxchg8b(struct cpu *cpu, const struct insn *i)
{
    uint32_t at = ea(cpu, i);
    uint32_t linear = seg_linear(cpu, i->seg, at, 8, true);
    uint32_t low, high;
    bool equal;

    check_alignment(cpu, linear, 8);
    mem_probe(cpu, linear, 8, cpu_user(cpu));
    low = mem_read32(cpu, linear, cpu_user(cpu));
    high = mem_read32(cpu, linear + 4, cpu_user(cpu));
    equal = low == cpu->s.reg[EAX] && high == cpu->s.reg[EDX];
    mem_write32(cpu, linear, equal ? cpu->s.reg[EBX] : low, cpu_user(cpu));
    mem_write32(cpu, linear + 4, equal ? cpu->s.reg[ECX] : high, cpu_user(cpu));
    if (!equal) {
        cpu->s.reg[EAX] = low;
        cpu->s.reg[EDX] = high;
    }
    flag_set(cpu, FLAG_ZF, equal);
}

void op_cmov(struct cpu *cpu, const struct insn *i)
{
    uint32_t v = operand_get(cpu, i, i->op->src); /* read in any case */

    if (condition(cpu, i->opcode & 15))
        operand_set(cpu, i, i->op->dst, v);
}

void op_setcc(struct cpu *cpu, const struct insn *i)
{
    operand_set(cpu, i, i->op->dst, condition(cpu, i->opcode & 15));
}

void op_xlat(struct cpu *cpu, const struct insn *i)
{
    uint32_t at = (cpu->s.reg[EBX] + reg_get(cpu, EAX, 8)) & mask_of(i->abits);

    reg_set(cpu, EAX, 8, seg_read(cpu, i->seg, at, 1));
}

void op_cbw(struct cpu *cpu, const struct insn *i)
{
    uint32_t v = i->bits == 16 ? (uint32_t)(int8_t)cpu->s.reg[EAX]
                               : (uint32_t)(int16_t)cpu->s.reg[EAX];

    reg_set(cpu, EAX, i->bits, v);
}

void op_cwd(struct cpu *cpu, const struct insn *i)
{
    reg_set(cpu, EDX, i->bits,
            reg_get(cpu, EAX, i->bits) >> (i->bits - 1) ? UINT32_MAX : 0);
}

/* ---- stack -----------------------------------------------------------------
 */

void op_push(struct cpu *cpu, const struct insn *i)
{
    push(cpu, i->bits / 8, operand_get(cpu, i, i->op->dst));
}

/* POP computes its address with ESP already raised (SDM vol. 2, POP). */
void op_pop(struct cpu *cpu, const struct insn *i)
{
    operand_set(cpu, i, i->op->dst, pop(cpu, i->bits / 8));
}

void op_pusha(struct cpu *cpu, const struct insn *i)
{
    unsigned bytes = i->bits / 8;
    uint32_t esp = cpu->s.reg[ESP];

    /* all eight must go: the lowest is probed first */
    seg_linear(cpu, SS, (esp - 8 * bytes) & stack_mask(cpu), bytes, true);
    mem_probe(cpu, cpu->s.seg[SS].base + ((esp - 8 * bytes) & stack_mask(cpu)),
              bytes, cpu_user(cpu));
    for (unsigned r = EAX; r <= EDI; r++)
        push(cpu, bytes, r == ESP ? esp : cpu->s.reg[r]);
}

void op_popa(struct cpu *cpu, const struct insn *i)
{
    uint32_t v[CPU_REGS];

    for (int r = EDI; r >= EAX; r--)
        v[r] = pop(cpu, i->bits / 8);
    for (unsigned r = EAX; r <= EDI; r++)
        if (r != ESP)
            reg_set(cpu, r, i->bits, v[r]);
}

void op_enter(struct cpu *cpu, const struct insn *i)
{
    unsigned bytes = i->bits / 8, level = i->imm2 & 31;
    uint32_t mask = stack_mask(cpu), ebp = cpu->s.reg[EBP], frame, esp;

    push(cpu, bytes, ebp);
    frame = cpu->s.reg[ESP];
    for (unsigned n = 1; n < level; n++) {
        ebp -= bytes;
        push(cpu, bytes, seg_read(cpu, SS, ebp & mask, bytes));
    }
    if (level)
        push(cpu, bytes, frame);
    esp = cpu->s.reg[ESP] - i->imm;
    /* the new top must be writable, SDM vol. 2 ENTER */
    seg_linear(cpu, SS, esp & mask, bytes, true);
    mem_probe(cpu, cpu->s.seg[SS].base + (esp & mask), bytes, cpu_user(cpu));
    set_esp(cpu, esp);
    reg_set(cpu, EBP, i->bits, frame);
}

void op_leave(struct cpu *cpu, const struct insn *i)
{
    uint32_t mask = stack_mask(cpu), at = cpu->s.reg[EBP] & mask;
    uint32_t v = seg_read(cpu, SS, at, i->bits / 8);

    set_esp(cpu, at + i->bits / 8);
    reg_set(cpu, EBP, i->bits, v);
}

static unsigned segment_in_opcode(const struct insn *i)
{
    return i->opcode >> 3 & 7;
}

void op_push_seg(struct cpu *cpu, const struct insn *i)
{
    push(cpu, i->bits / 8, cpu->s.seg[segment_in_opcode(i)].selector);
}

void op_pop_seg(struct cpu *cpu, const struct insn *i)
{
    unsigned seg = segment_in_opcode(i);
    uint32_t mask = stack_mask(cpu), esp = cpu->s.reg[ESP];
    uint32_t v = seg_read(cpu, SS, esp & mask, i->bits / 8);

    segment_load(cpu, seg, (uint16_t)v);
    set_esp(cpu, esp + i->bits / 8);
    if (seg == SS)
        cpu->p->shadow = SHADOW_SS;
}

void op_mov_from_seg(struct cpu *cpu, const struct insn *i)
{
    uint32_t v;

    if (i->reg >= CPU_SEGS)
        cpu_fault_plain(cpu, EXC_UD);
    v = cpu->s.seg[i->reg].selector;
    if (i->mod == 3)
        reg_set(cpu, i->rm, i->bits, v);
    else
        seg_write(cpu, i->seg, ea(cpu, i), 2, v);
}

void op_mov_to_seg(struct cpu *cpu, const struct insn *i)
{
    if (i->reg >= CPU_SEGS || i->reg == CS)
        cpu_fault_plain(cpu, EXC_UD);
    segment_load(cpu, i->reg, (uint16_t)operand_get(cpu, i, i->op->src));
    if (i->reg == SS)
        cpu->p->shadow = SHADOW_SS;
}

/* LES, LDS, LSS, LFS, LGS. */
void op_load_far(struct cpu *cpu, const struct insn *i)
{
    unsigned bytes = i->bits / 8;
    unsigned seg = i->opcode == 0xc4   ? ES
                   : i->opcode == 0xc5 ? DS
                   : i->opcode == 0xb2 ? SS
                                       : i->opcode & 7;
    uint32_t at = ea(cpu, i);
    uint32_t offset = seg_read(cpu, i->seg, at, bytes);
    uint32_t selector =
        seg_read(cpu, i->seg, (at + bytes) & mask_of(i->abits), 2);

    segment_load(cpu, seg, (uint16_t)selector);
    operand_set(cpu, i, i->op->dst, offset);
}

/* ---- flags ------------------------------------------------------------------
 */

void op_flag(struct cpu *cpu, const struct insn *i)
{
    switch (i->opcode) {
    case 0xf5:
        cpu->s.eflags ^= FLAG_CF;
        break;
    case 0xf8:
    case 0xf9:
        flag_set(cpu, FLAG_CF, i->opcode & 1);
        break;
    default:
        flag_set(cpu, FLAG_DF, i->opcode & 1);
        break;
    }
}

void op_lahf(struct cpu *cpu, const struct insn *i)
{
    (void)i;
    reg_set(cpu, ESP, 8, (cpu->s.eflags & 0xd7) | 2); /* register 4 is AH */
}

void op_sahf(struct cpu *cpu, const struct insn *i)
{
    (void)i;
    cpu->s.eflags = (cpu->s.eflags & ~0xd5u) | (reg_get(cpu, ESP, 8) & 0xd5);
}

void op_salc(struct cpu *cpu, const struct insn *i)
{
    (void)i;
    reg_set(cpu, EAX, 8, cpu->s.eflags & FLAG_CF ? 0xff : 0);
}
