/* src/cpu/debug.c -- debug registers and what they match. Source: SDM vol. 3B
 * 17.2, 17.3; 6.8.3 (MOV SS).
 * Unarmed they cost nothing: pages with a data breakpoint get no fast TLB
 * entry, and a CPU with any breakpoint is never `quiet`. */
#include "cpu/ops.h"

enum {
    DR6_BD = 1 << 13,
    DR6_BS = 1 << 14,
    DR6_BT = 1 << 15,
    DR7_LOCAL = 0x155, /* L0-L3, LE */
    DR7_GD = 1 << 13,
    RW_CODE = 0,
    RW_WRITE = 1,
    RW_IO = 2,
    RW_DATA = 3,
    DEBUGCTL_LBR = 1,
    DEBUGCTL_BTF = 2,
};

static bool enabled(const struct cpu *cpu, unsigned n)
{
    return cpu->s.dr[7] >> 2 * n & 3;
}

static unsigned kind(const struct cpu *cpu, unsigned n)
{
    return cpu->s.dr[7] >> (16 + 4 * n) & 3;
}

/* LEN of 10b is undefined here: it is taken as the eight bytes of later CPUs.
 */
static uint32_t bytes_of(const struct cpu *cpu, unsigned n)
{
    static const uint8_t bytes[] = {1, 2, 8, 4};

    return bytes[cpu->s.dr[7] >> (18 + 4 * n) & 3];
}

static uint32_t start_of(const struct cpu *cpu, unsigned n)
{
    return cpu->s.dr[n] & ~(bytes_of(cpu, n) - 1);
}

static bool overlaps(const struct cpu *cpu, unsigned n, uint32_t at,
                     uint32_t bytes)
{
    uint32_t start = start_of(cpu, n);

    return at - start < bytes_of(cpu, n) || start - at < bytes;
}

static bool is_data(const struct cpu *cpu, unsigned n)
{
    return enabled(cpu, n) && (kind(cpu, n) & RW_WRITE);
}

/* ---- pages without a fast way ----------------------------------------------
 */

bool debug_on_page(const struct cpu *cpu, uint32_t at)
{
    for (unsigned n = 0; n < 4; n++)
        if (is_data(cpu, n) && (start_of(cpu, n) ^ at) <= PAGE_MASK)
            return true;
    return false;
}

static void look_again(struct cpu *cpu, uint32_t at)
{
    const struct tlb_entry *e = tlb_entry(&cpu->tlb, gva_of(at));

    tlb_slow(&cpu->tlb, gva_of(at), slow_of(cpu, at, e->frame));
}

/* Breakpoints are aligned: none lies in two pages. */
void debug_arm(struct cpu *cpu)
{
    struct cpu_private *p = cpu->p;
    unsigned before = p->watched;

    p->watched &= (uint8_t)~WATCHED_BY_GUEST;
    for (unsigned n = 0; n < 4; n++)
        if (is_data(cpu, n))
            p->watched |= (uint8_t)(1u << n);
    for (unsigned n = 0; n < 4; n++) {
        if (before >> n & 1)
            look_again(cpu, p->watch[n]);
        p->watch[n] = start_of(cpu, n);
        if (p->watched >> n & 1)
            look_again(cpu, p->watch[n]);
    }
}

/* ---- matches ----------------------------------------------------------------
 */

void debug_data(struct cpu *cpu, uint32_t at, uint32_t bytes, bool write)
{
    for (unsigned n = 0; n < 4; n++)
        if (is_data(cpu, n) && (write || kind(cpu, n) == RW_DATA) &&
            overlaps(cpu, n, at, bytes))
            cpu->s.debug_pending |= 1u << n;
}

void debug_port(struct cpu *cpu, uint16_t port, unsigned bytes)
{
    if (!(cpu->s.cr4 & CR4_DE))
        return;
    for (unsigned n = 0; n < 4; n++)
        if (enabled(cpu, n) && kind(cpu, n) == RW_IO &&
            overlaps(cpu, n, port, bytes))
            cpu->s.debug_pending |= 1u << n;
}

uint32_t debug_code(const struct cpu *cpu)
{
    uint32_t at = cpu->s.seg[CS].base + cpu->s.eip, hits = 0;

    if (cpu->s.eflags & FLAG_RF || cpu->s.interrupt_shadow == SHADOW_SS)
        return 0;
    for (unsigned n = 0; n < 4; n++)
        if (enabled(cpu, n) && kind(cpu, n) == RW_CODE && cpu->s.dr[n] == at)
            hits |= 1u << n;
    return hits;
}

/* TF was set when the instruction began: a trap behind it, unless it went
 * through the IDT itself or holds debug traps back (MOV SS, POP SS). With BTF
 * only branches count. 17.3.1.4, 17.4.3 */
void debug_step(struct cpu *cpu, uint32_t behind)
{
    bool branches = cpu->s.msr.debug_control & DEBUGCTL_BTF;

    if (cpu->p->trap_taken || cpu->s.interrupt_shadow == SHADOW_SS ||
        cpu->p->vmcall || /* the kernel is entered first */
        (branches && cpu->s.eip == behind))
        return;
    cpu->s.debug_pending |= DR6_BS;
}

void debug_task(struct cpu *cpu, bool trap)
{
    if (trap)
        cpu->s.debug_pending |= DR6_BT;
    if (cpu->s.dr[7] & DR7_LOCAL) {
        cpu->s.dr[7] &= ~(uint32_t)DR7_LOCAL;
        debug_arm(cpu);
    }
}

/* #DB is entered, for whatever reason but INT n. */
void debug_entered(struct cpu *cpu)
{
    cpu->s.dr[7] &= ~(uint32_t)DR7_GD;
    cpu->s.msr.debug_control &= ~(uint64_t)(DEBUGCTL_LBR | DEBUGCTL_BTF);
}

void debug_deliver(struct cpu *cpu, uint32_t hits)
{
    cpu->s.dr[6] |= hits;
    cpu->s.halted = 0;
    cpu->p->esp_before = cpu->s.reg[ESP];
    if (!trap_deliver(cpu, EXC_DB, false, 0, cpu->s.eip, TRAP_FAULT))
        cpu->s.shutdown = 1;
}

void debug_traps(struct cpu *cpu)
{
    uint32_t hits = cpu->s.debug_pending;

    if (cpu->s.interrupt_shadow == SHADOW_SS || cpu->p->vmcall)
        return;
    cpu->s.debug_pending = 0;
    debug_deliver(cpu, hits);
}

/* ---- MOV DRn ----------------------------------------------------------------
 */

/* DR4 and DR5 are DR6 and DR7 unless CR4.DE; GD makes a fault of any access. */
static unsigned debug_register(struct cpu *cpu, const struct insn *i)
{
    unsigned n = i->reg;

    if (n == 4 || n == 5) {
        if (cpu->s.cr4 & CR4_DE)
            cpu_fault_plain(cpu, EXC_UD);
        n += 2;
    }
    if (cpu->s.dr[7] & DR7_GD) {
        cpu->s.dr[6] |= DR6_BD;
        cpu_fault_plain(cpu, EXC_DB);
    }
    return n;
}

void op_mov_from_dr(struct cpu *cpu, const struct insn *i)
{
    operand_set(cpu, i, O_Rd, cpu->s.dr[debug_register(cpu, i)]);
}

void debug_set(struct cpu *cpu, unsigned n, uint32_t v)
{
    if (n == 6)
        v = (v & 0xe00f) | 0xffff0ff0;
    else if (n == 7)
        v = (v & 0xffff2fff) | 0x400;
    cpu->s.dr[n] = v;
    if (n != 6)
        debug_arm(cpu);
}

void op_mov_to_dr(struct cpu *cpu, const struct insn *i)
{
    unsigned n = debug_register(cpu, i);
    uint32_t v = operand_get(cpu, i, O_Rd);

    debug_set(cpu, n, v);
}
