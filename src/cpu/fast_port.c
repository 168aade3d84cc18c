/* src/cpu/fast_port.c -- IN and OUT of programs that may use every port. What
 * the device does about it may end the block and who listens may look at the
 * CPU: time, EIP and flags are exact, and all is asked anew behind it. */
#include "cpu/fast.h"

/* Other programs' are in the TSS. */
static inline bool ports_free(const struct cpu *cpu)
{
    return cpu->s.cpl <= (cpu->s.eflags >> 12 & 3) && !v86_mode(cpu);
}

static inline void leave_block(struct cpu *cpu, const struct uop *u)
{
    flags_from_host(cpu);
    cpu->s.eip += u->at;
    cpu->clock->now += u->number;
}

/* The instruction is done. May the block go on? */
static inline const struct uop *go_on(struct cpu *cpu, const struct uop *u,
                                      uint32_t changes)
{
    const struct block *b = block_of(u);
    const struct clock *clock = cpu->clock;

    cpu->s.eip += u->bytes;
    cpu->clock->now++;
    if (!b->key || cpu->tlb.changes != changes || !undisturbed(cpu) ||
        clock->now + b->count - u[1].number > clock->until)
        return NULL;
    cpu->s.eip -= u[1].at;
    cpu->clock->now -= u[1].number;
    NEXT;
}

#define PORT(bits)                                                             \
    FAST_HANDLER(in##bits)                                                     \
    {                                                                          \
        uint16_t port = (uint16_t)at_base(cpu, u);                             \
        uint32_t changes = cpu->tlb.changes;                                   \
                                                                               \
        if (!ports_free(cpu))                                                  \
            GENERIC;                                                           \
        leave_block(cpu, u);                                                   \
        *reg##bits(cpu, u->dst) =                                              \
            (uint##bits##_t)bus_in(cpu->bus, port, bits / 8);                  \
        return go_on(cpu, u, changes);                                         \
    }                                                                          \
    FAST_HANDLER(out##bits)                                                    \
    {                                                                          \
        uint16_t port = (uint16_t)at_base(cpu, u);                             \
        uint32_t changes = cpu->tlb.changes;                                   \
                                                                               \
        if (!ports_free(cpu))                                                  \
            GENERIC;                                                           \
        leave_block(cpu, u);                                                   \
        bus_out(cpu->bus, port, bits / 8, *reg##bits(cpu, u->src));            \
        look_at_map(cpu);                                                      \
        return go_on(cpu, u, changes);                                         \
    }
PORT(8)
PORT(16)
PORT(32)

uop_run *fast_port(struct uop *u, const struct insn *i)
{
    static uop_run *const in[] = {in8, in16, in32};
    static uop_run *const out[] = {out8, out16, out32};
    unsigned code = i->run == op_in ? i->op->src : i->op->dst;
    unsigned size = !(i->opcode & 1) ? 0 : i->bits == 16 ? 1 : 2;

    if (i->run != op_in && i->run != op_out)
        return NULL;
    u->base = code == O_DX ? register_offset(EDX) : REGISTER_NONE;
    u->disp = code == O_DX ? 0 : i->imm;
    return i->run == op_in ? in[size] : out[size];
}
