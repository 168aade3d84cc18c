/* src/cpu/fpu.c -- the FPU's state as a whole, and what stands before each of
 * its instructions. Source: SDM vol. 1, 8.1; vol. 3A, 2.5, 9.2, 13.1. */
#include "cpu/fpu.h"

void fpu_summary(struct cpu_fpu *f)
{
    f->sw &= (uint16_t) ~(SW_ES | SW_B);
    if (f->sw & ~f->cw & X80_ALL)
        f->sw |= SW_ES | SW_B;
}

void fpu_init(struct cpu_fpu *f)
{
    f->cw = CW_INIT;
    f->sw = f->fop = f->fcs = f->fds = 0;
    f->fip = f->fdp = 0;
    f->full = 0;
}

/* Table 9-1: RESET# leaves zeros that are tagged as such. */
void fpu_reset(struct cpu_fpu *f)
{
    *f = (struct cpu_fpu){.cw = CW_ONE, .full = 0xff, .mxcsr = MXCSR_INIT};
}

static unsigned tag(struct x80 v)
{
    enum { VALID, ZERO, SPECIAL };

    if (x80_zero(v))
        return ZERO;
    return x80_exp(v) && x80_exp(v) != X80_INF && v.m >> 63 ? VALID : SPECIAL;
}

uint16_t fpu_tags(const struct cpu_fpu *f)
{
    enum { EMPTY = 3 };
    unsigned tags = 0;

    for (unsigned n = 0; n < 8; n++)
        tags |= (f->full >> n & 1 ? tag(f->r[n]) : EMPTY) << 2 * n;
    return (uint16_t)tags;
}

void fpu_of_one(struct cpu *cpu, const struct insn *i, fpu_one *run)
{
    struct cpu_fpu *f = &cpu->s.fpu;
    struct x80_env e = fpu_env(f);
    struct x80 v = x80_indefinite();

    fpu_note(cpu, i);
    if (fpu_empty(f, 0))
        e.flags = FPU_UNDERFLOW;
    else
        v = run(&e, fpu_get(f, 0));
    if (fpu_raise(f, e.flags))
        fpu_set(f, 0, v);
}

bool fpu_of_two(struct cpu *cpu, const struct insn *i, unsigned n, fpu_two *run,
                struct x80 *v)
{
    struct cpu_fpu *f = &cpu->s.fpu;
    struct x80_env e = fpu_env(f);

    fpu_note(cpu, i);
    *v = x80_indefinite();
    if (fpu_empty(f, 0) || fpu_empty(f, n))
        e.flags = FPU_UNDERFLOW;
    else
        *v = run(&e, fpu_get(f, 0), fpu_get(f, n));
    return fpu_raise(f, e.flags);
}

void fpu_ferr(struct cpu *cpu)
{
    if (!(cpu->s.fpu.sw & SW_ES))
        bus_ferr(cpu->bus, false);
}

/* SDM vol. 1, D.2.1: with CR0.NE clear the board is told, as P6 do it before
 * the next instruction that waits; it stands until an interrupt comes, or
 * IGNNE# lets it pass. */
static void pending(struct cpu *cpu)
{
    if (!(cpu->s.fpu.sw & SW_ES))
        return;
    if (cpu->s.cr0 & CR0_NE)
        cpu_fault_plain(cpu, EXC_MF);
    bus_ferr(cpu->bus, true);
    if (!cpu->p->pins->ignne)
        cpu_freeze(cpu);
}

void fpu_check(struct cpu *cpu, unsigned rules)
{
    uint32_t cr0 = cpu->s.cr0;

    if ((rules & (F_MMX | F_SSE)) && (cr0 & CR0_EM))
        cpu_fault_plain(cpu, EXC_UD);
    if ((rules & F_SSE) && !(cpu->s.cr4 & CR4_OSFXSR))
        cpu_fault_plain(cpu, EXC_UD);
    if (cr0 & (CR0_EM | CR0_TS))
        cpu_fault_plain(cpu, EXC_NM);
    if (rules & (F_FPU | F_MMX))
        pending(cpu);
}

void op_fwait(struct cpu *cpu, const struct insn *i)
{
    (void)i;
    if ((cpu->s.cr0 & (CR0_MP | CR0_TS)) == (CR0_MP | CR0_TS))
        cpu_fault_plain(cpu, EXC_NM);
    pending(cpu);
}
