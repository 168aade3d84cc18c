/* src/cpu/chain.c -- running blocks: the generic way of one instruction inside
 * a block, and the ways in and out. Time, EIP and flags are exact whenever
 * anything but a fast handler can look. */
#include "cpu/uop.h"

const struct uop *chain_find(struct cpu *cpu, const struct block **link)
{
    uint32_t emptied = cpu->p->blocks->emptied;
    const struct block *b = block_here(cpu);

    if (!b)
        return NULL;
    if (link && cpu->p->blocks->emptied == emptied)
        *link = b;
    return in_time(cpu, b) ? b->uop : NULL;
}

/* May the block go on behind an instruction that could do anything? */
static bool goes_on(const struct cpu *cpu, const struct block *b,
                    const struct uop *u, uint32_t changes)
{
    const struct cpu_state *s = &cpu->s;

    return u[1].number < b->count && b->key && !cpu->p->repeat &&
           !cpu->p->vmcall && cpu->tlb.changes == changes && undisturbed(cpu) &&
           !s->halted && !s->interrupt_shadow && !s->debug_pending;
}

const struct uop *uop_generic(struct cpu *cpu, const struct uop *u)
{
    struct block *b = block_of(u);
    uint32_t changes = cpu->tlb.changes;
    struct clock *clock = cpu->clock;
    bool on;

    flags_from_host(cpu);
    cpu->s.eip += u->at;
    clock->now += u->number;
    run_insn(cpu, &b->insn[u->number]);
    on = goes_on(cpu, b, u, changes) &&
         clock->now + b->count - u[1].number <= clock->until;
    flags_to_host(cpu);
    if (!on)
        return NULL;
    cpu->s.eip -= u[1].at;
    clock->now -= u[1].number;
    return u + 1;
}

const struct uop *uop_end(struct cpu *cpu, const struct uop *u)
{
    return follow(cpu, u, u->number, u->at, 0);
}

const struct uop *uop_end_far(struct cpu *cpu, const struct uop *u)
{
    return follow_far(cpu, u->number, cpu->s.eip + u->at);
}

/* Time is up inside the block: its first instructions, one by one. */
static void run_part(struct cpu *cpu, const struct block *b)
{
    const struct uop *u = b->uop;
    uint32_t changes = cpu->tlb.changes;

    do {
        if (cpu->p->counts)
            code_started(cpu, cpu->s.eip);
        run_insn(cpu, &b->insn[u->number]);
    } while (cpu->clock->now < cpu->clock->until &&
             goes_on(cpu, b, u++, changes));
}

/* Segments that a 32-bit program cannot tell from none: SDM vol. 3A, 3.2.1. */
static bool flat(const struct cpu_segment *s, unsigned mask, unsigned want)
{
    return !s->base && s->limit == UINT32_MAX && (s->access & mask) == want;
}

static uint64_t mode_of(const struct cpu *cpu)
{
    enum {
        DATA = SEG_P | SEG_S | SEG_WRITABLE,
        ODD = SEG_CODE | SEG_DOWN,
        CODE = SEG_P | SEG_S | SEG_CODE | SEG_DB,
    };
    const struct cpu_segment *s = cpu->s.seg;
    uint64_t mode = s[CS].access & SEG_DB ? MODE_BIG : 0;

    if (flat(&s[CS], CODE & ~SEG_CODE, CODE & ~SEG_CODE) &&
        flat(&s[DS], DATA | ODD, DATA) && flat(&s[ES], DATA | ODD, DATA) &&
        flat(&s[SS], DATA | ODD | SEG_DB, DATA | SEG_DB))
        mode |= MODE_FLAT;
    return mode << MODE_SHIFT;
}

/* What is looked at before or behind each instruction needs them one by one. */
static bool one_by_one(const struct cpu *cpu)
{
    const struct cpu_state *s = &cpu->s;

    return cpu->p->plain || s->interrupt_shadow || s->debug_pending ||
           (s->eflags & FLAG_TF) || (s->dr[7] & DR7_ENABLED);
}

bool chain_run(struct cpu *cpu)
{
    enum { FEW = 4 }; /* a debugger's steps make no blocks */
    bool user = cpu_user(cpu);
    const struct block *b;
    const struct uop *u;

    if (one_by_one(cpu) || cpu->clock->until - cpu->clock->now < FEW)
        return false;
    cpu->fast.mode = mode_of(cpu);
    cpu->fast.read = (uint8_t)fast_need(cpu, TLB_READ, user);
    cpu->fast.write = (uint8_t)fast_need(cpu, TLB_WRITE, user);
    cpu->fast.code = (uint8_t)(TLB_FETCH << (user ? TLB_USER : 0));
    b = block_here(cpu);
    if (!b) {
        const struct insn *i = crossing_here(cpu, true);

        if (!i)
            return false;
        cpu->s.eflags &= ~(uint32_t)FLAG_RF;
        if (cpu->p->counts)
            code_started(cpu, cpu->s.eip);
        run_insn(cpu, i);
        return true;
    }
    cpu->s.eflags &= ~(uint32_t)FLAG_RF;
    if (!in_time(cpu, b)) {
        run_part(cpu, b);
        return true;
    }
    flags_to_host(cpu);
    for (u = b->uop; u;)
        u = u->run(cpu, u);
    flags_from_host(cpu);
    return true;
}
