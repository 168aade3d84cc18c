/* src/cpu/op_system.c -- HLT, IF, MSRs, CPUID, time, SYSENTER. Source: SDM
 * vol. 2; vol. 3A 2.8; vol. 4 (MSRs). */
#include "cpu/ops.h"

enum {
    MSR_TSC = 0x10,
    MSR_SYSENTER_CS = 0x174,
    MSR_SYSENTER_ESP = 0x175,
    MSR_SYSENTER_EIP = 0x176,
};
#define MSR_EFER 0xc0000080u
enum { EFER_NXE = 1 << 11 };

void op_nop(struct cpu *cpu, const struct insn *i)
{
    (void)cpu;
    (void)i;
}

/* No FPU yet: every x87 opcode is #NM, as with CR0.EM. */
void op_fpu(struct cpu *cpu, const struct insn *i)
{
    (void)i;
    cpu_fault_plain(cpu, EXC_NM);
}

void op_fwait(struct cpu *cpu, const struct insn *i)
{
    (void)i;
    if ((cpu->s.cr0 & (CR0_MP | CR0_TS)) == (CR0_MP | CR0_TS))
        cpu_fault_plain(cpu, EXC_NM);
}

void op_hlt(struct cpu *cpu, const struct insn *i)
{
    (void)i;
    cpu->s.halted = 1;
}

static void check_iopl(struct cpu *cpu)
{
    if (!real_mode(cpu) && cpu->s.cpl > (cpu->s.eflags >> 12 & 3))
        cpu_fault(cpu, EXC_GP, 0);
}

void op_cli(struct cpu *cpu, const struct insn *i)
{
    (void)i;
    check_iopl(cpu);
    flag_set(cpu, FLAG_IF, false);
}

void op_sti(struct cpu *cpu, const struct insn *i)
{
    (void)i;
    check_iopl(cpu);
    if (!(cpu->s.eflags & FLAG_IF))
        cpu->p->shadow = SHADOW_STI;
    flag_set(cpu, FLAG_IF, true);
}

void op_clts(struct cpu *cpu, const struct insn *i)
{
    (void)i;
    cpu->s.cr0 &= ~(uint32_t)CR0_TS;
}

/* ---- MSRs, CPUID, time ---- */

static uint64_t tsc(const struct cpu *cpu)
{
    return cpu->clock->now + cpu->s.tsc_offset;
}

void op_rdtsc(struct cpu *cpu, const struct insn *i)
{
    (void)i;
    if ((cpu->s.cr4 & CR4_TSD) && cpu->s.cpl)
        cpu_fault(cpu, EXC_GP, 0);
    cpu->s.reg[EAX] = (uint32_t)tsc(cpu);
    cpu->s.reg[EDX] = (uint32_t)(tsc(cpu) >> 32);
}

void op_rdmsr(struct cpu *cpu, const struct insn *i)
{
    uint64_t v = 0;

    (void)i;
    switch (cpu->s.reg[ECX]) {
    case MSR_TSC:
        v = tsc(cpu);
        break;
    case MSR_SYSENTER_CS:
        v = cpu->s.sysenter_cs;
        break;
    case MSR_SYSENTER_ESP:
        v = cpu->s.sysenter_esp;
        break;
    case MSR_SYSENTER_EIP:
        v = cpu->s.sysenter_eip;
        break;
    case MSR_EFER:
        v = cpu->s.efer_nxe ? EFER_NXE : 0;
        break;
    default:
        cpu_fault(cpu, EXC_GP, 0);
    }
    cpu->s.reg[EAX] = (uint32_t)v;
    cpu->s.reg[EDX] = (uint32_t)(v >> 32);
}

void op_wrmsr(struct cpu *cpu, const struct insn *i)
{
    uint32_t low = cpu->s.reg[EAX];
    uint64_t v = low | (uint64_t)cpu->s.reg[EDX] << 32;
    struct walk_in in;

    (void)i;
    switch (cpu->s.reg[ECX]) {
    case MSR_TSC:
        cpu->s.tsc_offset = v - cpu->clock->now;
        break;
    case MSR_SYSENTER_CS:
        cpu->s.sysenter_cs = low;
        break;
    case MSR_SYSENTER_ESP:
        cpu->s.sysenter_esp = low;
        break;
    case MSR_SYSENTER_EIP:
        cpu->s.sysenter_eip = low;
        break;
    case MSR_EFER:
        if (v & ~(uint64_t)EFER_NXE)
            cpu_fault(cpu, EXC_GP, 0);
        cpu->s.efer_nxe = !!(v & EFER_NXE);
        cpu_walk_in(cpu, &in);
        tlb_allow(&cpu->tlb, &in);
        break;
    default:
        cpu_fault(cpu, EXC_GP, 0);
    }
}

enum {
    CPUID_VME = 1 << 1,
    CPUID_DE = 1 << 2,
    CPUID_PSE = 1 << 3,
    CPUID_TSC = 1 << 4,
    CPUID_MSR = 1 << 5,
    CPUID_PAE = 1 << 6,
    CPUID_CX8 = 1 << 8,
    CPUID_SEP = 1 << 11,
    CPUID_PGE = 1 << 13,
    CPUID_CMOV = 1 << 15,
    CPUID_NX = 1 << 20,
};

static void text12(struct cpu *cpu, const char *t, const unsigned order[3])
{
    for (unsigned r = 0; r < 3; r++, t += 4)
        cpu->s.reg[order[r]] = (uint8_t)t[0] | (uint32_t)(uint8_t)t[1] << 8 |
                               (uint32_t)(uint8_t)t[2] << 16 |
                               (uint32_t)(uint8_t)t[3] << 24;
}

/* A P6-class CPU without FPU; what is not modelled is not announced. */
void op_cpuid(struct cpu *cpu, const struct insn *i)
{
    static const unsigned order[3] = {EBX, EDX, ECX};
    uint32_t leaf = cpu->s.reg[EAX];

    (void)i;
    cpu->s.reg[EBX] = cpu->s.reg[ECX] = cpu->s.reg[EDX] = 0;
    switch (leaf) {
    case 0:
        cpu->s.reg[EAX] = 1;
        text12(cpu, "GenuineIntel", order);
        break;
    case 0x80000000:
        cpu->s.reg[EAX] = 0x80000001;
        break;
    case 0x80000001:
        cpu->s.reg[EAX] = 0;
        cpu->s.reg[EDX] = CPUID_NX;
        break;
    default: /* leaves past the last give the last basic one's */
        cpu->s.reg[EAX] = 0x633; /* family 6, model 3, stepping 3 */
        cpu->s.reg[EDX] = CPUID_DE | CPUID_PSE | CPUID_TSC | CPUID_MSR |
                          CPUID_PAE | CPUID_CX8 | CPUID_SEP | CPUID_PGE |
                          CPUID_CMOV;
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
