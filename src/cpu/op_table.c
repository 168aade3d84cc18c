/* src/cpu/op_table.c -- descriptor-table registers, LDTR and TR, and what looks
 * at descriptors without loading them. VMCALL shares an opcode with SGDT.
 * Source: SDM vol. 2; vol. 3A 2.4, 5.10. */
#include "cpu/ops.h"

static void store_table(struct cpu *cpu, const struct insn *i,
                        const struct cpu_table *t)
{
    uint32_t at = ea(cpu, i);
    uint32_t linear = seg_linear(cpu, i->seg, at, 6, true);

    mem_probe(cpu, linear, 6, cpu_user(cpu));
    mem_write16(cpu, linear, t->limit, cpu_user(cpu));
    mem_write32(cpu, linear + 2, t->base, cpu_user(cpu));
}

static void load_table(struct cpu *cpu, const struct insn *i,
                       struct cpu_table *t)
{
    uint32_t at = ea(cpu, i);
    uint16_t limit = (uint16_t)seg_read(cpu, i->seg, at, 2);
    uint32_t base = seg_read(cpu, i->seg, (at + 2) & mask_of(i->abits), 4);

    *t = (struct cpu_table){i->bits == 16 ? base & 0xffffff : base, limit};
}

/* 0F 01 C1, VMCALL: kernel entry, an instruction in the stub pages alone. */
static void vmcall(struct cpu *cpu)
{
    gpa_t at;

    if (cpu->s.cpl || real_mode(cpu) || v86_mode(cpu))
        cpu_fault_plain(cpu, EXC_UD);
    at = code_physical(cpu, cpu->s.seg[CS].base + cpu->s.eip);
    if (at.v < cpu->vmcall_low.v || at.v >= cpu->vmcall_high.v)
        cpu_fault_plain(cpu, EXC_UD);
    cpu->vmcall_at = at;
    cpu->p->vmcall = true;
}

/* 0F 01 /0: SGDT of memory; of its register forms VMCALL is one. */
void op_sgdt(struct cpu *cpu, const struct insn *i)
{
    if (i->mod != 3)
        store_table(cpu, i, &cpu->s.gdtr);
    else if (i->rm == 1)
        vmcall(cpu);
    else
        cpu_fault_plain(cpu, EXC_UD);
}

void op_sidt(struct cpu *cpu, const struct insn *i)
{
    store_table(cpu, i, &cpu->s.idtr);
}

void op_lgdt(struct cpu *cpu, const struct insn *i)
{
    load_table(cpu, i, &cpu->s.gdtr);
}

void op_lidt(struct cpu *cpu, const struct insn *i)
{
    load_table(cpu, i, &cpu->s.idtr);
}

static void store_selector(struct cpu *cpu, const struct insn *i, uint16_t v)
{
    if (i->mod == 3)
        reg_set(cpu, i->rm, i->bits, v);
    else
        seg_write(cpu, i->seg, ea(cpu, i), 2, v);
}

void op_sldt(struct cpu *cpu, const struct insn *i)
{
    store_selector(cpu, i, cpu->s.ldtr.selector);
}

void op_str(struct cpu *cpu, const struct insn *i)
{
    store_selector(cpu, i, cpu->s.tr.selector);
}

/* A system segment of the GDT, or faults. */
static struct cpu_segment system_segment(struct cpu *cpu, uint16_t selector,
                                         unsigned type, unsigned other,
                                         struct descriptor *d)
{
    uint16_t code = selector & 0xfffc;
    struct cpu_segment s;

    if ((selector & 4) || !descriptor_read(cpu, selector, d))
        cpu_fault(cpu, EXC_GP, code);
    s = segment_of(selector, d);
    if ((s.access & SEG_S) ||
        ((s.access & SEG_TYPE) != type && (s.access & SEG_TYPE) != other))
        cpu_fault(cpu, EXC_GP, code);
    if (!(s.access & SEG_P))
        cpu_fault(cpu, EXC_NP, code);
    return s;
}

void op_lldt(struct cpu *cpu, const struct insn *i)
{
    uint16_t selector = (uint16_t)operand_get(cpu, i, i->op->dst);
    struct descriptor d;

    if (!(selector & 0xfffc))
        cpu->s.ldtr = (struct cpu_segment){.selector = selector};
    else
        cpu->s.ldtr = system_segment(cpu, selector, SYS_LDT, SYS_LDT, &d);
}

void op_ltr(struct cpu *cpu, const struct insn *i)
{
    uint16_t selector = (uint16_t)operand_get(cpu, i, i->op->dst);
    struct descriptor d;
    struct cpu_segment s;

    if (!(selector & 0xfffc))
        cpu_fault(cpu, EXC_GP, 0);
    s = system_segment(cpu, selector, SYS_TSS32, SYS_TSS16, &d);
    mem_write32(cpu, d.at + 4, d.high | 2u << 8, false); /* busy */
    s.access |= 2;
    cpu->s.tr = s;
}

/* LAR, LSL, VERR, VERW: a selector that cannot be used clears ZF, no fault. */
static bool visible(struct cpu *cpu, uint16_t selector, struct cpu_segment *s,
                    uint32_t types)
{
    struct descriptor d;
    unsigned dpl;

    if (!(selector & 0xfffc) || !descriptor_read(cpu, selector, &d))
        return false;
    *s = segment_of(selector, &d);
    dpl = seg_dpl(s->access);
    if (!(s->access & SEG_S))
        return types >> (s->access & SEG_TYPE) & 1 && dpl >= cpu->s.cpl &&
               dpl >= (selector & 3);
    if ((s->access & SEG_CODE) && (s->access & SEG_CONFORMING))
        return true;
    return dpl >= cpu->s.cpl && dpl >= (selector & 3);
}

void op_lar(struct cpu *cpu, const struct insn *i)
{
    uint16_t selector = (uint16_t)operand_get(cpu, i, i->op->src);
    struct cpu_segment s;
    bool good = visible(cpu, selector, &s, 0x1a3e | 1u << SYS_CALL32);

    flag_set(cpu, FLAG_ZF, good);
    if (good)
        operand_set(cpu, i, i->op->dst, (uint32_t)s.access << 8);
}

void op_lsl(struct cpu *cpu, const struct insn *i)
{
    uint16_t selector = (uint16_t)operand_get(cpu, i, i->op->src);
    struct cpu_segment s;
    bool good = visible(cpu, selector, &s, 0x0a0e);

    flag_set(cpu, FLAG_ZF, good);
    if (good)
        operand_set(cpu, i, i->op->dst, s.limit);
}

void op_verr(struct cpu *cpu, const struct insn *i)
{
    struct cpu_segment s;
    bool good =
        visible(cpu, (uint16_t)operand_get(cpu, i, i->op->dst), &s, 0) &&
        (!(s.access & SEG_CODE) || (s.access & SEG_READABLE));

    flag_set(cpu, FLAG_ZF, good);
}

void op_verw(struct cpu *cpu, const struct insn *i)
{
    struct cpu_segment s;
    bool good =
        visible(cpu, (uint16_t)operand_get(cpu, i, i->op->dst), &s, 0) &&
        !(s.access & SEG_CODE) && (s.access & SEG_WRITABLE);

    flag_set(cpu, FLAG_ZF, good);
}

void op_arpl(struct cpu *cpu, const struct insn *i)
{
    uint32_t a = operand_get(cpu, i, i->op->dst);
    uint32_t b = operand_get(cpu, i, i->op->src);
    bool lower = (a & 3) < (b & 3);

    if (lower)
        operand_set(cpu, i, i->op->dst, (a & ~3u) | (b & 3));
    flag_set(cpu, FLAG_ZF, lower);
}
