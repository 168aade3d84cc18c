/* src/cpu/control.c -- control registers, and the flushes that changing
 * them means. Source: SDM vol. 3A 2.5, 4.10.4. */
#include "cpu/ops.h"

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
    alignment_changed(cpu);
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

/* The bits of CR4 that come with a feature; others are reserved. */
static uint32_t cr4_legal(const struct cpu_model *m)
{
    static const struct {
        uint16_t feature, bits;
    } row[] = {
        {FEATURE_VME, CR4_VME | CR4_PVI},
        {FEATURE_TSC, CR4_TSD},
        {FEATURE_DE, CR4_DE},
        {FEATURE_PSE, CR4_PSE},
        {FEATURE_PAE, CR4_PAE},
        {FEATURE_MCE, CR4_MCE},
        {FEATURE_PGE, CR4_PGE},
        {FEATURE_PMC, CR4_PCE},
        {FEATURE_FXSR, CR4_OSFXSR},
        {FEATURE_SSE, CR4_OSXMMEXCPT},
    };
    uint32_t legal = 0;

    for (unsigned n = 0; n < sizeof row / sizeof *row; n++)
        if (model_has(m, (enum cpu_feature)row[n].feature))
            legal |= row[n].bits;
    return legal;
}

bool cpu_set_cr4(struct cpu *cpu, uint32_t value)
{
    uint32_t old = cpu->s.cr4;
    struct walk_in in;

    if (value & ~cr4_legal(&cpu->model))
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
