/* src/cpu/op_string.c -- MOVS, CMPS, STOS, LODS, SCAS, INS, OUTS. A call does
 * one iteration; with a repeat prefix the run loop comes back while `repeat` is
 * set, one tick each, and interrupts come between. Source: SDM vol. 2, REP. */
#include "cpu/ops.h"

static unsigned bytes_of(const struct insn *i)
{
    return i->opcode & 1 ? i->bits / 8u : 1;
}

static uint32_t index_get(const struct cpu *cpu, const struct insn *i,
                          unsigned reg)
{
    return reg_get(cpu, reg, i->abits);
}

static void index_step(struct cpu *cpu, const struct insn *i, unsigned reg)
{
    uint32_t by = bytes_of(i);

    if (cpu->s.eflags & FLAG_DF)
        by = 0 - by;
    reg_set(cpu, reg, i->abits, index_get(cpu, i, reg) + by);
}

/* False: a repeat with a count of zero does nothing at all. */
static bool begin(struct cpu *cpu, const struct insn *i)
{
    return !i->rep || index_get(cpu, i, ECX);
}

/* Counts the iteration; @more: the condition of REPE/REPNE holds. */
static void end(struct cpu *cpu, const struct insn *i, bool more)
{
    uint32_t left;

    if (!i->rep)
        return;
    left = index_get(cpu, i, ECX) - 1;
    reg_set(cpu, ECX, i->abits, left);
    cpu->p->repeat = left && more;
}

static bool compare_goes_on(const struct cpu *cpu, const struct insn *i)
{
    return !(cpu->s.eflags & FLAG_ZF) == (i->rep == 0xf2);
}

void op_movs(struct cpu *cpu, const struct insn *i)
{
    unsigned n = bytes_of(i);

    if (!begin(cpu, i))
        return;
    seg_write(cpu, ES, index_get(cpu, i, EDI), n,
              seg_read(cpu, i->seg, index_get(cpu, i, ESI), n));
    index_step(cpu, i, ESI);
    index_step(cpu, i, EDI);
    end(cpu, i, true);
}

void op_stos(struct cpu *cpu, const struct insn *i)
{
    if (!begin(cpu, i))
        return;
    seg_write(cpu, ES, index_get(cpu, i, EDI), bytes_of(i), cpu->s.reg[EAX]);
    index_step(cpu, i, EDI);
    end(cpu, i, true);
}

void op_lods(struct cpu *cpu, const struct insn *i)
{
    unsigned n = bytes_of(i);

    if (!begin(cpu, i))
        return;
    reg_set(cpu, EAX, 8 * n, seg_read(cpu, i->seg, index_get(cpu, i, ESI), n));
    index_step(cpu, i, ESI);
    end(cpu, i, true);
}

void op_cmps(struct cpu *cpu, const struct insn *i)
{
    unsigned n = bytes_of(i);
    uint32_t a, b;

    if (!begin(cpu, i))
        return;
    a = seg_read(cpu, i->seg, index_get(cpu, i, ESI), n);
    b = seg_read(cpu, ES, index_get(cpu, i, EDI), n);
    flags_sub(cpu, a, b, 0, 8 * n);
    index_step(cpu, i, ESI);
    index_step(cpu, i, EDI);
    end(cpu, i, compare_goes_on(cpu, i));
}

void op_scas(struct cpu *cpu, const struct insn *i)
{
    unsigned n = bytes_of(i);
    uint32_t b;

    if (!begin(cpu, i))
        return;
    b = seg_read(cpu, ES, index_get(cpu, i, EDI), n);
    flags_sub(cpu, reg_get(cpu, EAX, 8 * n), b, 0, 8 * n);
    index_step(cpu, i, EDI);
    end(cpu, i, compare_goes_on(cpu, i));
}

/* INS probes its destination before the port is read: a read may not be lost.
 */
void op_ins(struct cpu *cpu, const struct insn *i)
{
    unsigned n = bytes_of(i);
    uint16_t port = (uint16_t)cpu->s.reg[EDX];
    uint32_t at;

    if (!begin(cpu, i))
        return;
    if (!io_allowed(cpu, port, n))
        cpu_fault(cpu, EXC_GP, 0);
    at = seg_linear(cpu, ES, index_get(cpu, i, EDI), n, true);
    mem_probe(cpu, at, n, cpu_user(cpu));
    seg_write(cpu, ES, index_get(cpu, i, EDI), n, bus_in(cpu->bus, port, n));
    index_step(cpu, i, EDI);
    end(cpu, i, true);
}

void op_outs(struct cpu *cpu, const struct insn *i)
{
    unsigned n = bytes_of(i);
    uint16_t port = (uint16_t)cpu->s.reg[EDX];

    if (!begin(cpu, i))
        return;
    if (!io_allowed(cpu, port, n))
        cpu_fault(cpu, EXC_GP, 0);
    bus_out(cpu->bus, port, n,
            seg_read(cpu, i->seg, index_get(cpu, i, ESI), n));
    index_step(cpu, i, ESI);
    end(cpu, i, true);
}
