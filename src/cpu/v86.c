/* src/cpu/v86.c -- IF without IOPL: virtual-8086 mode's sensitive instructions,
 * its extensions (CR4.VME: VIF, VIP, the redirection bitmap) and protected
 * mode's virtual interrupts (CR4.PVI). Source: SDM vol. 3A 20.2.7, 20.3, 20.4;
 * vol. 2 under CLI, STI, PUSHF, POPF, IRET, INT n. */
#include "cpu/ops.h"

enum { IO_MAP_AT = 0x66, REDIRECTION_BYTES = 32 };

static bool iopl_denies(const struct cpu *cpu)
{
    return !real_mode(cpu) && cpu->s.cpl > (cpu->s.eflags >> 12 & 3);
}

/* IF is another's: true when VIF stands for it. */
static bool virtual_if(const struct cpu *cpu)
{
    unsigned bit = v86_mode(cpu) ? CR4_VME : CR4_PVI;

    return (cpu->s.cr4 & bit) && cpu->s.cpl == 3;
}

void op_cli(struct cpu *cpu, const struct insn *i)
{
    (void)i;
    if (!iopl_denies(cpu))
        flag_set(cpu, FLAG_IF, false);
    else if (virtual_if(cpu))
        flag_set(cpu, FLAG_VIF, false);
    else
        cpu_fault(cpu, EXC_GP, 0);
}

void op_sti(struct cpu *cpu, const struct insn *i)
{
    (void)i;
    if (iopl_denies(cpu)) {
        if (!virtual_if(cpu) || (cpu->s.eflags & FLAG_VIP))
            cpu_fault(cpu, EXC_GP, 0);
        flag_set(cpu, FLAG_VIF, true);
        return;
    }
    if (!(cpu->s.eflags & FLAG_IF))
        cpu->p->shadow = SHADOW_STI;
    flag_set(cpu, FLAG_IF, true);
}

/* V86 code below IOPL 3: only words, and only with VME. */
static bool v86_flags(struct cpu *cpu, unsigned bits)
{
    if (!v86_mode(cpu) || !iopl_denies(cpu))
        return false;
    if (!(cpu->s.cr4 & CR4_VME) || bits == 32)
        cpu_fault(cpu, EXC_GP, 0);
    return true;
}

/* What such code sees: VIF as IF, IOPL 3. */
static uint32_t virtual_flags(const struct cpu *cpu)
{
    uint32_t v = cpu->s.eflags & ~(uint32_t)FLAG_IF;

    return v | FLAG_IOPL | (cpu->s.eflags & FLAG_VIF ? FLAG_IF : 0u);
}

static void set_virtual_flags(struct cpu *cpu, uint32_t v)
{
    const uint32_t mask = FLAG_CF | FLAG_PF | FLAG_AF | FLAG_ZF | FLAG_SF |
                          FLAG_DF | FLAG_OF | FLAG_NT;

    cpu_write_eflags(cpu, v, mask | FLAG_TF);
    flag_set(cpu, FLAG_VIF, v & FLAG_IF);
}

static void check_virtual_flags(struct cpu *cpu, uint32_t v)
{
    if ((v & FLAG_TF) || ((v & FLAG_IF) && (cpu->s.eflags & FLAG_VIP)))
        cpu_fault(cpu, EXC_GP, 0);
}

void op_pushf(struct cpu *cpu, const struct insn *i)
{
    uint32_t v = v86_flags(cpu, i->bits) ? virtual_flags(cpu) : cpu->s.eflags;

    push(cpu, i->bits / 8, v & ~(uint32_t)(FLAG_VM | FLAG_RF));
}

/* SDM vol. 2, POPF: IOPL changes at ring 0 alone, IF when CPL <= IOPL. */
void op_popf(struct cpu *cpu, const struct insn *i)
{
    uint32_t mask = FLAG_CF | FLAG_PF | FLAG_AF | FLAG_ZF | FLAG_SF | FLAG_TF |
                    FLAG_DF | FLAG_OF | FLAG_NT;

    if (v86_flags(cpu, i->bits)) {
        uint32_t v = pop(cpu, 2);

        check_virtual_flags(cpu, v);
        set_virtual_flags(cpu, v);
        return;
    }
    if (i->bits == 32)
        mask |= FLAG_AC | FLAG_ID;
    if (!cpu->s.cpl)
        mask |= FLAG_IOPL;
    if (!iopl_denies(cpu))
        mask |= FLAG_IF;
    cpu_write_eflags(cpu, pop(cpu, i->bits / 8), mask);
}

bool v86_return(struct cpu *cpu, unsigned bits)
{
    uint32_t mask = stack_mask(cpu), esp = cpu->s.reg[ESP], ip, cs, flags;

    if (!v86_flags(cpu, bits))
        return false;
    ip = seg_read(cpu, SS, esp & mask, 2);
    cs = seg_read(cpu, SS, (esp + 2) & mask, 2);
    flags = seg_read(cpu, SS, (esp + 4) & mask, 2);
    check_virtual_flags(cpu, flags);
    if (ip > cpu->s.seg[CS].limit)
        cpu_fault(cpu, EXC_GP, 0);
    cpu->s.nmi_blocked = 0;
    segment_real(cpu, CS, (uint16_t)cs);
    set_esp(cpu, esp + 6);
    set_virtual_flags(cpu, flags);
    cpu->p->next_eip = ip;
    return true;
}

/* The bit of @vector in the 32 bytes before the I/O map: clear, the program's
 * own handler takes it. */
static bool is_redirected(struct cpu *cpu, unsigned vector)
{
    const struct cpu_segment *tr = &cpu->s.tr;
    uint32_t at;

    if (tr->limit < IO_MAP_AT + 1)
        cpu_fault(cpu, EXC_GP, 0);
    at = mem_read16(cpu, tr->base + IO_MAP_AT, false);
    if (at < REDIRECTION_BYTES ||
        at - REDIRECTION_BYTES + vector / 8 > tr->limit)
        cpu_fault(cpu, EXC_GP, 0);
    at += tr->base - REDIRECTION_BYTES + vector / 8;
    return !(mem_read8(cpu, at, false) >> (vector & 7) & 1);
}

/* Through the interrupt vector table at linear 0, as in real mode; below IOPL 3
 * the program's IF is VIF. */
static void through_own_table(struct cpu *cpu, unsigned vector)
{
    bool own_if = !iopl_denies(cpu);
    uint32_t flags = own_if ? cpu->s.eflags : virtual_flags(cpu);
    uint16_t ip = mem_read16(cpu, 4 * vector, cpu_user(cpu));
    uint16_t cs = mem_read16(cpu, 4 * vector + 2, cpu_user(cpu));
    uint32_t back = cpu->p->next_eip;

    push(cpu, 2, flags & 0xffff);
    push(cpu, 2, cpu->s.seg[CS].selector);
    push(cpu, 2, back);
    segment_real(cpu, CS, cs);
    flag_set(cpu, FLAG_TF, false);
    flag_set(cpu, own_if ? FLAG_IF : FLAG_VIF, false);
    cpu->p->next_eip = ip;
    cpu->p->trap_taken = true;
}

/* INT n, table 20-2. */
void op_int(struct cpu *cpu, const struct insn *i)
{
    if (v86_mode(cpu)) {
        if ((cpu->s.cr4 & CR4_VME) && is_redirected(cpu, i->imm)) {
            through_own_table(cpu, i->imm);
            return;
        }
        if (iopl_denies(cpu))
            cpu_fault(cpu, EXC_GP, 0);
    }
    trap_enter(cpu, i->imm, TRAP_SOFTWARE, false, 0, cpu->p->next_eip);
}
