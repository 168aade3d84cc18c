/* src/cpu/op_system.c -- system instructions: control registers, descriptor
 * tables, MSRs, CPUID, SYSENTER. Source: SDM vol. 2 and vol. 3A chapters 2, 5.
 */
#include "cpu/ops.h"

enum {
    MSR_TSC = 0x10,
    MSR_APIC_BASE = 0x1b,
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

/* ---- control and debug registers -------------------------------------------
 */

/* Flushes by SDM 4.10.4.1: PG, PE, WP changes matter as rights are derived. */
bool cpu_set_cr0(struct cpu *cpu, uint32_t value)
{
    uint32_t old = cpu->s.cr0;
    struct walk_in in;

    if ((value & CR0_PG) && !(value & CR0_PE))
        return false;
    if ((value & CR0_NW) && !(value & CR0_CD))
        return false;
    value = (value & (CR0_PE | CR0_MP | CR0_EM | CR0_TS | CR0_NE | CR0_WP |
                      CR0_AM | CR0_NW | CR0_CD | CR0_PG)) |
            CR0_ET;
    if ((value & CR0_PG) && ((old ^ value) & (CR0_PG | CR0_CD | CR0_NW)) &&
        (cpu->s.cr4 & CR4_PAE)) { /* 4.4.1: these load the PDPTEs */
        cpu_walk_in(cpu, &in);
        if (!walk_load_pdptes(cpu->ram, &in))
            return false;
        for (unsigned n = 0; n < 4; n++)
            cpu->s.pdpte[n] = in.pdpte[n];
    }
    cpu->s.cr0 = value;
    if ((old ^ value) & (CR0_PG | CR0_PE)) {
        tlb_flush(&cpu->tlb, true);
    } else if ((old ^ value) & CR0_WP) {
        cpu_walk_in(cpu, &in);
        tlb_allow(&cpu->tlb, &in);
    }
    return true;
}

bool cpu_set_cr3(struct cpu *cpu, uint32_t value)
{
    struct walk_in in;

    if ((cpu->s.cr4 & CR4_PAE) && (cpu->s.cr0 & CR0_PG)) {
        cpu_walk_in(cpu, &in);
        in.cr3 = gpa_of(value);
        if (!walk_load_pdptes(cpu->ram, &in))
            return false;
        for (unsigned n = 0; n < 4; n++)
            cpu->s.pdpte[n] = in.pdpte[n];
    }
    cpu->s.cr3 = value;
    tlb_flush(&cpu->tlb, false);
    return true;
}

bool cpu_set_cr4(struct cpu *cpu, uint32_t value)
{
    uint32_t legal = CR4_VME | CR4_PVI | CR4_TSD | CR4_DE | CR4_PSE | CR4_PAE |
                     CR4_MCE | CR4_PGE | CR4_PCE;
    uint32_t old = cpu->s.cr4;
    struct walk_in in;

    if (value & ~legal)
        return false;
    cpu->s.cr4 = value;
    if ((cpu->s.cr0 & CR0_PG) && (value & CR4_PAE) &&
        ((old ^ value) & (CR4_PAE | CR4_PGE | CR4_PSE))) {
        cpu_walk_in(cpu, &in);
        if (!walk_load_pdptes(cpu->ram, &in)) {
            cpu->s.cr4 = old;
            return false;
        }
        for (unsigned n = 0; n < 4; n++)
            cpu->s.pdpte[n] = in.pdpte[n];
    }
    if ((old ^ value) & (CR4_PSE | CR4_PAE | CR4_PGE))
        tlb_flush(&cpu->tlb, true);
    return true;
}

void op_mov_from_cr(struct cpu *cpu, const struct insn *i)
{
    switch (i->reg) {
    case 0:
        operand_set(cpu, i, O_Rd, cpu->s.cr0);
        break;
    case 2:
        operand_set(cpu, i, O_Rd, cpu->s.cr2);
        break;
    case 3:
        operand_set(cpu, i, O_Rd, cpu->s.cr3);
        break;
    case 4:
        operand_set(cpu, i, O_Rd, cpu->s.cr4);
        break;
    default:
        cpu_fault_plain(cpu, EXC_UD);
    }
}

void op_mov_to_cr(struct cpu *cpu, const struct insn *i)
{
    uint32_t v = operand_get(cpu, i, O_Rd);
    bool good = true;

    switch (i->reg) {
    case 0:
        good = cpu_set_cr0(cpu, v);
        break;
    case 2:
        cpu->s.cr2 = v;
        break;
    case 3:
        good = cpu_set_cr3(cpu, v);
        break;
    case 4:
        good = cpu_set_cr4(cpu, v);
        break;
    default:
        cpu_fault_plain(cpu, EXC_UD);
    }
    if (!good)
        cpu_fault(cpu, EXC_GP, 0);
}

/* DR4 and DR5 are DR6 and DR7 unless CR4.DE, SDM vol. 3B 17.2.2. */
static unsigned debug_register(struct cpu *cpu, const struct insn *i)
{
    if (i->reg == 4 || i->reg == 5) {
        if (cpu->s.cr4 & CR4_DE)
            cpu_fault_plain(cpu, EXC_UD);
        return i->reg + 2u;
    }
    return i->reg;
}

void op_mov_from_dr(struct cpu *cpu, const struct insn *i)
{
    operand_set(cpu, i, O_Rd, cpu->s.dr[debug_register(cpu, i)]);
}

void op_mov_to_dr(struct cpu *cpu, const struct insn *i)
{
    unsigned n = debug_register(cpu, i);
    uint32_t v = operand_get(cpu, i, O_Rd);

    if (n == 6)
        v = (v & 0xe00f) | 0xffff0ff0;
    else if (n == 7)
        v = (v & 0xffff2fff) | 0x400;
    cpu->s.dr[n] = v;
}

void op_smsw(struct cpu *cpu, const struct insn *i)
{
    if (i->mod == 3)
        reg_set(cpu, i->rm, i->bits, cpu->s.cr0);
    else
        seg_write(cpu, i->seg, ea(cpu, i), 2, cpu->s.cr0);
}

/* LMSW sets PE, MP, EM, TS; it cannot clear PE. */
void op_lmsw(struct cpu *cpu, const struct insn *i)
{
    uint32_t v = operand_get(cpu, i, i->op->dst) & 15;

    cpu_set_cr0(cpu, (cpu->s.cr0 & ~14u) | v | (cpu->s.cr0 & CR0_PE));
}

void op_invlpg(struct cpu *cpu, const struct insn *i)
{
    tlb_flush_page(&cpu->tlb, gva_of(cpu->s.seg[i->seg].base + ea(cpu, i)));
}

/* ---- descriptor tables ------------------------------------------------------
 */

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

/* ---- MSRs, CPUID, time
 * ------------------------------------------------------- */

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

/* ---- SYSENTER, SYSEXIT: fixed flat segments, SDM vol. 2
 * ---------------------- */

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
