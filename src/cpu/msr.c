/* src/cpu/msr.c -- RDMSR, WRMSR, RDPMC, RDTSC. Registers that act are here by
 * name, the others are rows of msrs.def. Source: SDM vol. 4. */
#include <stddef.h>

#include "cpu/ops.h"

enum {
    MSR_TSC = 0x10,
    MSR_SYSENTER_CS = 0x174,
    MSR_SYSENTER_ESP = 0x175,
    MSR_SYSENTER_EIP = 0x176,
};
#define MSR_EFER 0xc0000080u
enum { EFER_NXE = 1 << 11 };

/** What a value must be besides. */
enum msr_rule { ANY, READ_ONLY, PAIR, TYPE, TYPES, PAT_TYPES, BANK };

/** Who has it: families, or a feature. */
enum { P5 = 1, P6 = 2, P4 = 4, FEATURE = 0x80 };
#define WITH(f) (FEATURE | FEATURE_##f)

struct msr_row {
    uint32_t first, count, at; /* at: in struct cpu_msr */
    uint64_t writable, ones;
    uint8_t rule, who;
};

#define ALL     UINT64_MAX
#define BITS(n) (UINT64_MAX >> (64 - (n)))
#define MSR(first, count, field, n, writable, ones, rule, who)                 \
    {                                                                          \
        first,                                                                 \
        count,                                                                 \
        offsetof(struct cpu_msr, field) + (n) * sizeof(uint64_t),              \
        writable,                                                              \
        ones,                                                                  \
        rule,                                                                  \
        who},
static const struct msr_row rows[] = {
#include "cpu/msrs.def"
};
#undef MSR

static bool has(const struct cpu_model *m, unsigned who)
{
    unsigned family = model_family(m);

    if (who & FEATURE)
        return model_has(m, (enum cpu_feature)(who & ~FEATURE));
    return who & (family == 5 ? P5 : family == 6 ? P6 : family == 15 ? P4 : 0u);
}

static const struct msr_row *row_of(const struct cpu *cpu, uint32_t msr)
{
    for (unsigned n = 0; n < sizeof rows / sizeof *rows; n++)
        if (msr - rows[n].first < rows[n].count &&
            has(&cpu->model, rows[n].who))
            return &rows[n];
    return NULL;
}

static const uint64_t *value_of(const struct cpu_msr *values,
                                const struct msr_row *row, uint32_t msr)
{
    const uint8_t *at = (const uint8_t *)values + row->at;

    /* `none` stands for all of a row of zeroes */
    return (const uint64_t *)(const void *)at +
           (row->at ? msr - row->first : 0);
}

/* SDM table 11-8; table 11-10 has UC- too. */
static bool is_type(uint64_t type, bool pat)
{
    return type <= 1 || (type >= 4 && type <= 6) || (pat && type == 7);
}

static bool all_types(uint64_t v, bool pat)
{
    for (unsigned n = 0; n < 8; n++)
        if (!is_type(v >> 8 * n & 255, pat))
            return false;
    return true;
}

static bool is_good(const struct msr_row *row, uint32_t msr, uint64_t v)
{
    switch (row->rule) {
    case READ_ONLY:
        return false;
    case PAIR: /* base with its type, mask with its valid bit */
        return msr & 1 ? !(v & 0x7ff) : !(v & 0xf00) && is_type(v & 255, false);
    case TYPE:
        return is_type(v & 255, false);
    case TYPES:
    case PAT_TYPES:
        return all_types(v, row->rule == PAT_TYPES);
    case BANK: /* STATUS is cleared, not written: 15.3.2.2 */
        return !(msr & 1) || !v;
    default:
        return true;
    }
}

void msr_reset(struct cpu *cpu)
{
    cpu->s.msr = (struct cpu_msr){
        .pat = 0x0007040600070406, /* 11.12.4 */
        .misc_enable = 1,          /* fast strings */
    };
}

static uint64_t tsc(const struct cpu *cpu)
{
    return cpu->clock->now + cpu->s.tsc_offset;
}

static void return64(struct cpu *cpu, uint64_t v)
{
    cpu->s.reg[EAX] = (uint32_t)v;
    cpu->s.reg[EDX] = (uint32_t)(v >> 32);
}

void op_rdtsc(struct cpu *cpu, const struct insn *i)
{
    (void)i;
    if ((cpu->s.cr4 & CR4_TSD) && cpu->s.cpl)
        cpu_fault(cpu, EXC_GP, 0);
    return64(cpu, tsc(cpu));
}

void op_rdpmc(struct cpu *cpu, const struct insn *i)
{
    uint32_t n = cpu->s.reg[ECX];
    bool p6 = model_family(&cpu->model) == 6;

    (void)i;
    if ((!(cpu->s.cr4 & CR4_PCE) && cpu->s.cpl) || n >= (p6 ? 2 : 18))
        cpu_fault(cpu, EXC_GP, 0);
    return64(cpu, p6 ? cpu->s.msr.perf_counter[n] : 0);
}

/** False: this CPU has no such register. */
static bool read_msr(const struct cpu *cpu, uint32_t msr, uint64_t *v)
{
    const struct msr_row *row = row_of(cpu, msr);
    bool sep = model_has(&cpu->model, FEATURE_SEP);

    if (msr == MSR_TSC)
        *v = tsc(cpu);
    else if (msr == MSR_SYSENTER_CS && sep)
        *v = cpu->s.sysenter_cs;
    else if (msr == MSR_SYSENTER_ESP && sep)
        *v = cpu->s.sysenter_esp;
    else if (msr == MSR_SYSENTER_EIP && sep)
        *v = cpu->s.sysenter_eip;
    else if (msr == MSR_EFER && (cpu->model.extended & CPUID_NX))
        *v = cpu->s.efer_nxe ? EFER_NXE : 0;
    else if (row)
        *v = *value_of(&cpu->s.msr, row, msr) | row->ones;
    else
        return false;
    return true;
}

bool cpu_msr_at(const struct cpu *cpu, unsigned index, uint32_t *msr,
                uint64_t *value)
{
    static const uint32_t named[] = {MSR_TSC, MSR_SYSENTER_CS, MSR_SYSENTER_ESP,
                                     MSR_SYSENTER_EIP, MSR_EFER};

    for (unsigned n = 0; n < sizeof named / sizeof *named; n++) {
        *msr = named[n];
        if (read_msr(cpu, *msr, value) && index-- == 0)
            return true;
    }
    for (unsigned n = 0; n < sizeof rows / sizeof *rows; n++) {
        if (!has(&cpu->model, rows[n].who))
            continue;
        *msr = rows[n].first + index;
        if (index < rows[n].count)
            return read_msr(cpu, *msr, value);
        index -= rows[n].count;
    }
    return false;
}

void op_rdmsr(struct cpu *cpu, const struct insn *i)
{
    uint64_t v;

    (void)i;
    if (!read_msr(cpu, cpu->s.reg[ECX], &v))
        cpu_fault(cpu, EXC_GP, 0);
    return64(cpu, v);
}

static void write_efer(struct cpu *cpu, uint64_t v)
{
    struct walk_in in;

    if (v & ~(uint64_t)EFER_NXE)
        cpu_fault(cpu, EXC_GP, 0);
    cpu->s.efer_nxe = !!(v & EFER_NXE);
    cpu_walk_in(cpu, &in);
    tlb_allow(&cpu->tlb, &in);
}

static void write_row(struct cpu *cpu, uint32_t msr, uint64_t v)
{
    const struct msr_row *row = row_of(cpu, msr);

    if (!row || (v & ~(row->writable | row->ones)) || !is_good(row, msr, v))
        cpu_fault(cpu, EXC_GP, 0);
    *(uint64_t *)value_of(&cpu->s.msr, row, msr) = v & row->writable;
}

void op_wrmsr(struct cpu *cpu, const struct insn *i)
{
    uint32_t low = cpu->s.reg[EAX], msr = cpu->s.reg[ECX];
    uint64_t v = low | (uint64_t)cpu->s.reg[EDX] << 32;
    bool sep = model_has(&cpu->model, FEATURE_SEP);

    (void)i;
    if (msr == MSR_TSC)
        cpu->s.tsc_offset = v - cpu->clock->now;
    else if (msr == MSR_SYSENTER_CS && sep)
        cpu->s.sysenter_cs = low;
    else if (msr == MSR_SYSENTER_ESP && sep)
        cpu->s.sysenter_esp = low;
    else if (msr == MSR_SYSENTER_EIP && sep)
        cpu->s.sysenter_eip = low;
    else if (msr == MSR_EFER && (cpu->model.extended & CPUID_NX))
        write_efer(cpu, v);
    else
        write_row(cpu, msr, v);
}
