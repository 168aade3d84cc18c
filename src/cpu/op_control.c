/* src/cpu/op_control.c -- jumps, calls, returns, interrupts, ports. Source: SDM
 * vol. 2; ports: vol. 1, 19.5. */
#include "cpu/ops.h"

/* A near target must lie inside CS before anything changes. */
static void jump(struct cpu *cpu, const struct insn *i, uint32_t target)
{
    target &= mask_of(i->bits);
    if (target > cpu->s.seg[CS].limit)
        cpu_fault(cpu, EXC_GP, 0);
    cpu->p->next_eip = target;
}

static uint32_t relative(const struct cpu *cpu, const struct insn *i)
{
    return cpu->p->next_eip + i->imm;
}

void op_jmp(struct cpu *cpu, const struct insn *i)
{
    jump(cpu, i, relative(cpu, i));
}

void op_jmp_near(struct cpu *cpu, const struct insn *i)
{
    jump(cpu, i, operand_get(cpu, i, i->op->dst));
}

void op_jcc(struct cpu *cpu, const struct insn *i)
{
    if (condition(cpu, i->opcode & 15))
        jump(cpu, i, relative(cpu, i));
}

void op_loop(struct cpu *cpu, const struct insn *i)
{
    uint32_t left = reg_get(cpu, ECX, i->abits) - 1;
    bool zero = cpu->s.eflags & FLAG_ZF;
    bool go = left & mask_of(i->abits);

    if (i->opcode == 0xe0)
        go = go && !zero;
    else if (i->opcode == 0xe1)
        go = go && zero;
    if (go)
        jump(cpu, i, relative(cpu, i));
    reg_set(cpu, ECX, i->abits, left);
}

void op_jcxz(struct cpu *cpu, const struct insn *i)
{
    if (!reg_get(cpu, ECX, i->abits))
        jump(cpu, i, relative(cpu, i));
}

static void call(struct cpu *cpu, const struct insn *i, uint32_t target)
{
    uint32_t back = cpu->p->next_eip;

    jump(cpu, i, target);
    push(cpu, i->bits / 8, back);
}

void op_call(struct cpu *cpu, const struct insn *i)
{
    call(cpu, i, relative(cpu, i));
}

void op_call_near(struct cpu *cpu, const struct insn *i)
{
    call(cpu, i, operand_get(cpu, i, i->op->dst));
}

void op_ret(struct cpu *cpu, const struct insn *i)
{
    jump(cpu, i, pop(cpu, i->bits / 8));
    if (i->opcode == 0xc2)
        set_esp(cpu, cpu->s.reg[ESP] + i->imm);
}

void op_jmp_far(struct cpu *cpu, const struct insn *i)
{
    far_jump(cpu, (uint16_t)i->imm2, i->imm, i->bits);
}

void op_call_far(struct cpu *cpu, const struct insn *i)
{
    far_call(cpu, (uint16_t)i->imm2, i->imm, i->bits);
}

static uint16_t far_operand(struct cpu *cpu, const struct insn *i,
                            uint32_t *offset)
{
    uint32_t at = ea(cpu, i);

    *offset = seg_read(cpu, i->seg, at, i->bits / 8);
    return (uint16_t)seg_read(cpu, i->seg,
                              (at + i->bits / 8) & mask_of(i->abits), 2);
}

void op_jmp_far_mem(struct cpu *cpu, const struct insn *i)
{
    uint32_t offset;
    uint16_t selector = far_operand(cpu, i, &offset);

    far_jump(cpu, selector, offset, i->bits);
}

void op_call_far_mem(struct cpu *cpu, const struct insn *i)
{
    uint32_t offset;
    uint16_t selector = far_operand(cpu, i, &offset);

    far_call(cpu, selector, offset, i->bits);
}

void op_ret_far(struct cpu *cpu, const struct insn *i)
{
    far_return(cpu, i->bits, i->opcode == 0xca ? i->imm : 0);
}

void op_iret(struct cpu *cpu, const struct insn *i)
{
    interrupt_return(cpu, i->bits);
}

void op_int3(struct cpu *cpu, const struct insn *i)
{
    (void)i;
    trap_enter(cpu, EXC_BP, TRAP_SOFTWARE, false, 0, cpu->p->next_eip);
}

/* INT1 is a hardware exception to the gate's privilege check. */
void op_int1(struct cpu *cpu, const struct insn *i)
{
    (void)i;
    trap_enter(cpu, EXC_DB, TRAP_FAULT, false, 0, cpu->p->next_eip);
}

void op_into(struct cpu *cpu, const struct insn *i)
{
    (void)i;
    if (cpu->s.eflags & FLAG_OF)
        trap_enter(cpu, EXC_OF, TRAP_SOFTWARE, false, 0, cpu->p->next_eip);
}

void op_bound(struct cpu *cpu, const struct insn *i)
{
    unsigned bytes = i->bits / 8, shift = 32 - i->bits;
    uint32_t at = ea(cpu, i);
    int32_t low = (int32_t)(seg_read(cpu, i->seg, at, bytes) << shift);
    int32_t high =
        (int32_t)(seg_read(cpu, i->seg, (at + bytes) & mask_of(i->abits), bytes)
                  << shift);
    int32_t n = (int32_t)(operand_get(cpu, i, i->op->dst) << shift);

    if (n < low || n > high)
        cpu_fault_plain(cpu, EXC_BR);
}

/* ---- ports -----------------------------------------------------------------
 */

/* CPL <= IOPL, or the TSS's bitmap has a zero for every byte; its base is at
 * offset 66h, and a byte past the bitmap must lie in the TSS too. */
static bool io_allowed(struct cpu *cpu, uint16_t port, unsigned bytes)
{
    unsigned iopl = cpu->s.eflags >> 12 & 3;
    const struct cpu_segment *tr = &cpu->s.tr;
    uint32_t base, bits;

    if (real_mode(cpu) || (!v86_mode(cpu) && cpu->s.cpl <= iopl))
        return true;
    if ((tr->access & SEG_TYPE & ~2) != SYS_TSS32 || tr->limit < 0x67)
        return false;
    base = mem_read16(cpu, tr->base + 0x66, false);
    if (base + port / 8 + 1 > tr->limit)
        return false;
    bits = mem_read16(cpu, tr->base + base + port / 8, false);
    return !(bits >> (port & 7) & ((1u << bytes) - 1));
}

void check_port(struct cpu *cpu, uint16_t port, unsigned bytes)
{
    if (!io_allowed(cpu, port, bytes))
        cpu_fault(cpu, EXC_GP, 0);
    if (cpu->s.dr[7] & 0xff)
        debug_port(cpu, port, bytes);
}

void op_in(struct cpu *cpu, const struct insn *i)
{
    uint16_t port = (uint16_t)operand_get(cpu, i, i->op->src);
    unsigned bytes = operand_bits(i, i->op->dst) / 8;

    check_port(cpu, port, bytes);
    operand_set(cpu, i, i->op->dst, bus_in(cpu->bus, port, bytes));
}

void op_out(struct cpu *cpu, const struct insn *i)
{
    uint16_t port = (uint16_t)operand_get(cpu, i, i->op->dst);
    unsigned bytes = operand_bits(i, i->op->src) / 8;

    check_port(cpu, port, bytes);
    bus_out(cpu->bus, port, bytes, operand_get(cpu, i, i->op->src));
    look_at_map(cpu);
}
