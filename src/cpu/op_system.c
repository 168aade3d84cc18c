/* src/cpu/op_system.c -- HLT, CPUID, SYSENTER. Source: SDM
 * vol. 2; vol. 3A 2.8. */
#include "cpu/ops.h"

void op_nop(struct cpu *cpu, const struct insn *i)
{
    (void)cpu;
    (void)i;
}

void op_hlt(struct cpu *cpu, const struct insn *i)
{
    (void)i;
    cpu->s.halted = 1;
}

void op_clts(struct cpu *cpu, const struct insn *i)
{
    (void)i;
    cpu->s.cr0 &= ~(uint32_t)CR0_TS;
}

/* ---- CPUID: the model's row of cpus.def ---- */

static void return_leaf(struct cpu *cpu, uint32_t eax, uint32_t ebx,
                        uint32_t ecx, uint32_t edx)
{
    cpu->s.reg[EAX] = eax;
    cpu->s.reg[EBX] = ebx;
    cpu->s.reg[ECX] = ecx;
    cpu->s.reg[EDX] = edx;
}

/* Leaves past the last give the last basic one's. */
void op_cpuid(struct cpu *cpu, const struct insn *i)
{
    const struct cpu_model *m = &cpu->model;
    uint32_t leaf = cpu->s.reg[EAX], hidden = 1u << FEATURE_PMC;

    (void)i;
    if (m->extended && leaf >> 1 == 0x80000000 >> 1) {
        return_leaf(cpu, leaf & 1 ? 0 : 0x80000001, 0, 0,
                    leaf & 1 ? m->extended : 0);
        return;
    }
    switch (leaf < m->basic ? leaf : m->basic) {
    case 0: /* GenuineIntel */
        return_leaf(cpu, m->basic, 0x756e6547, 0x6c65746e, 0x49656e69);
        break;
    case 1:
        return_leaf(cpu, m->signature, m->brand, 0, m->features & ~hidden);
        break;
    default:
        return_leaf(cpu, m->cache[0], m->cache[1], m->cache[2], m->cache[3]);
        break;
    }
}

/* ---- SYSENTER, SYSEXIT: fixed flat segments, SDM vol. 2 ---- */

static struct cpu_segment flat(uint32_t selector, unsigned type, unsigned dpl)
{
    return (struct cpu_segment){.selector = (uint16_t)(selector | dpl),
                                .access = (uint16_t)(type | SEG_ACCESSED |
                                                     SEG_S | dpl << 5 | SEG_P |
                                                     SEG_DB | SEG_G),
                                .limit = UINT32_MAX};
}

void op_sysenter(struct cpu *cpu, const struct insn *i)
{
    uint32_t cs = cpu->s.sysenter_cs & 0xfffc;

    (void)i;
    if (!cs || real_mode(cpu))
        cpu_fault(cpu, EXC_GP, 0);
    cpu->s.eflags &= ~(uint32_t)(FLAG_VM | FLAG_IF | FLAG_RF);
    cpu->s.seg[CS] = flat(cs, SEG_CODE | SEG_READABLE, 0);
    cpu->s.seg[SS] = flat(cs + 8, SEG_WRITABLE, 0);
    cpu->s.cpl = 0;
    cpu->s.reg[ESP] = cpu->s.sysenter_esp;
    cpu->p->next_eip = cpu->s.sysenter_eip;
}

void op_sysexit(struct cpu *cpu, const struct insn *i)
{
    uint32_t cs = cpu->s.sysenter_cs & 0xfffc;

    (void)i;
    if (!cs || real_mode(cpu))
        cpu_fault(cpu, EXC_GP, 0);
    cpu->s.seg[CS] = flat(cs + 16, SEG_CODE | SEG_READABLE, 3);
    cpu->s.seg[SS] = flat(cs + 24, SEG_WRITABLE, 3);
    cpu->s.cpl = 3;
    cpu->s.reg[ESP] = cpu->s.reg[ECX];
    cpu->p->next_eip = cpu->s.reg[EDX];
}
