/* src/cpu/trap.c -- exceptions and interrupts through the IDT. Source: SDM
 * vol. 3A, 6.10-6.15 (gates, error codes, double fault). */
#include "cpu/private.h"

_Noreturn void cpu_fault(struct cpu *cpu, unsigned vector, uint32_t error)
{
    if (vector >= EXC_TS && vector <= EXC_GP) /* 6.13 */
        error |= cpu->p->external;
    cpu->p->vector = (uint8_t)vector;
    cpu->p->has_error = true;
    cpu->p->error = error;
    cpu->p->piecewise = false;
    siglongjmp(cpu->p->fault, 1);
}

_Noreturn void cpu_fault_plain(struct cpu *cpu, unsigned vector)
{
    cpu->p->vector = (uint8_t)vector;
    cpu->p->has_error = false;
    cpu->p->error = 0;
    siglongjmp(cpu->p->fault, 1);
}

_Noreturn void cpu_freeze(struct cpu *cpu)
{
    cpu->p->frozen = true;
    siglongjmp(cpu->p->fault, 1);
}

/* Real mode: the vector table at IDTR, 16-bit frame. */
static void enter_real(struct cpu *cpu, unsigned vector, uint32_t return_eip)
{
    uint32_t at = cpu->s.idtr.base + 4 * vector;
    uint16_t ip, cs;

    if (4 * vector + 3 > cpu->s.idtr.limit)
        cpu_fault(cpu, EXC_GP, 8 * vector + 2);
    ip = mem_read16(cpu, at, false);
    cs = mem_read16(cpu, at + 2, false);
    if (ip > cpu->s.seg[CS].limit)
        cpu_fault(cpu, EXC_GP, 0);
    push(cpu, 2, cpu->s.eflags);
    push(cpu, 2, cpu->s.seg[CS].selector);
    push(cpu, 2, return_eip);
    cpu->s.eflags &= ~(uint32_t)(FLAG_IF | FLAG_TF | FLAG_AC | FLAG_RF);
    alignment_changed(cpu);
    segment_real(cpu, CS, cs);
    cpu->p->next_eip = ip;
}

struct trap {
    unsigned vector, bits;
    bool clears_if, task;
    uint16_t selector;
    uint32_t offset;
    struct descriptor code;
    struct cpu_segment cs;
};

/* The gate's checks, 6.12.1: presence, type, privilege of software interrupts,
 * and the code segment it names. The high offset word of a 16-bit gate is not
 * looked at. */
static void read_gate(struct cpu *cpu, struct trap *t, bool software)
{
    uint32_t error = 8 * t->vector + 2, at = cpu->s.idtr.base + 8 * t->vector;
    uint32_t low, high;
    unsigned type;

    if (8 * t->vector + 7 > cpu->s.idtr.limit)
        cpu_fault(cpu, EXC_GP, error);
    low = mem_read32(cpu, at, false);
    high = mem_read32(cpu, at + 4, false);
    type = high >> 8 & 31;
    if (type != SYS_INT16 && type != SYS_TRAP16 && type != SYS_INT32 &&
        type != SYS_TRAP32 && type != SYS_TASK_GATE)
        cpu_fault(cpu, EXC_GP, error);
    if (software && (high >> 13 & 3) < cpu->s.cpl)
        cpu_fault(cpu, EXC_GP, error);
    if (!(high & 1u << 15))
        cpu_fault(cpu, EXC_NP, error);
    t->bits = type & 8 ? 32 : 16;
    t->clears_if = !(type & 1);
    t->task = type == SYS_TASK_GATE;
    t->selector = (uint16_t)(low >> 16);
    t->offset = (low & 0xffff) | (t->bits == 32 ? high & 0xffff0000 : 0);
}

static void read_target(struct cpu *cpu, struct trap *t)
{
    uint32_t error = t->selector & 0xfffcu;

    if (!error || !descriptor_read(cpu, t->selector, &t->code))
        cpu_fault(cpu, EXC_GP, error);
    t->cs = segment_of(t->selector, &t->code);
    if (!(t->cs.access & SEG_S) || !(t->cs.access & SEG_CODE) ||
        seg_dpl(t->cs.access) > cpu->s.cpl)
        cpu_fault(cpu, EXC_GP, error);
    if (!(t->cs.access & SEG_P))
        cpu_fault(cpu, EXC_NP, error);
    if (t->offset > t->cs.limit)
        cpu_fault(cpu, EXC_GP, 0);
}

/* From V86 mode the data segments go on the stack too and become null. */
static void push_v86_segments(struct cpu *cpu, struct new_stack *st,
                              unsigned bytes)
{
    static const uint8_t order[] = {GS, FS, DS, ES};

    for (unsigned n = 0; n < 4; n++)
        new_stack_push(cpu, st, bytes, cpu->s.seg[order[n]].selector);
}

static void enter_protected(struct cpu *cpu, struct trap *t, bool has_error,
                            uint32_t error, uint32_t flags, uint32_t return_eip)
{
    unsigned bytes = t->bits / 8, dpl = seg_dpl(t->cs.access);
    bool conforming = t->cs.access & SEG_CONFORMING, v86 = v86_mode(cpu);
    bool inner = !conforming && dpl < cpu->s.cpl;
    struct new_stack st = {
        .ss = cpu->s.seg[SS], .esp = cpu->s.reg[ESP], .user = cpu_user(cpu)};

    if (v86 && (conforming || dpl))
        cpu_fault(cpu, EXC_GP, t->selector & 0xfffcu);
    if (inner) {
        st = new_stack_of(cpu, dpl);
        if (v86)
            push_v86_segments(cpu, &st, bytes);
        new_stack_push(cpu, &st, bytes, cpu->s.seg[SS].selector);
        new_stack_push(cpu, &st, bytes, cpu->s.reg[ESP]);
    }
    new_stack_push(cpu, &st, bytes, flags);
    new_stack_push(cpu, &st, bytes, cpu->s.seg[CS].selector);
    new_stack_push(cpu, &st, bytes, return_eip);
    if (has_error)
        new_stack_push(cpu, &st, bytes, error);
    load_cs(cpu, t->selector, &t->code, inner ? dpl : cpu->s.cpl);
    cpu->s.seg[SS] = st.ss;
    cpu->s.reg[ESP] = st.esp;
    if (v86)
        for (unsigned seg = ES; seg < CPU_SEGS; seg++)
            if (seg != CS && seg != SS)
                cpu->s.seg[seg] = (struct cpu_segment){0};
    cpu->s.eflags &= ~(uint32_t)(FLAG_TF | FLAG_NT | FLAG_RF | FLAG_VM);
    if (t->clears_if)
        cpu->s.eflags &= ~(uint32_t)FLAG_IF;
    cpu->p->next_eip = t->offset;
}

/* Through a task gate: the error code goes on the new task's stack. */
static void enter_task(struct cpu *cpu, const struct trap *t, bool has_error,
                       uint32_t error, uint32_t flags, uint32_t return_eip)
{
    task_switch(cpu, t->selector, TASK_INT, return_eip, flags);
    if (has_error)
        push(cpu, task_wide(cpu) ? 4 : 2, error);
}

void trap_enter(struct cpu *cpu, unsigned vector, enum trap_source source,
                bool has_error, uint32_t error, uint32_t return_eip)
{
    struct cpu_private *p = cpu->p;
    struct trap t = {.vector = vector};
    uint32_t flags = cpu->s.eflags;

    p->trap_taken = true;
    p->external = source != TRAP_SOFTWARE;
    /* a fault pushes RF so that its restart is not a breakpoint: 17.3.1.1 */
    if (source == TRAP_FAULT && vector != EXC_DB)
        flags |= FLAG_RF;
    if (real_mode(cpu)) {
        enter_real(cpu, vector, return_eip);
    } else {
        read_gate(cpu, &t, source == TRAP_SOFTWARE);
        if (t.task) {
            enter_task(cpu, &t, has_error, error, flags, return_eip);
        } else {
            read_target(cpu, &t);
            enter_protected(cpu, &t, has_error, error, flags, return_eip);
        }
    }
    p->external = 0;
    if (vector == EXC_DB && source != TRAP_SOFTWARE)
        debug_entered(cpu);
}

enum { MOST_ROUNDS = 8 };

static bool contributory(unsigned vector)
{
    return vector == EXC_DE || (vector >= EXC_TS && vector <= EXC_GP);
}

/* Table 6-5: what a second fault makes of the first. */
static bool makes_double_fault(unsigned first, unsigned second)
{
    return (contributory(first) && contributory(second)) ||
           (first == EXC_PF && (second == EXC_PF || contributory(second)));
}

bool trap_deliver(struct cpu *cpu, unsigned vector, bool has_error,
                  uint32_t error, uint32_t return_eip, enum trap_source source)
{
    struct cpu_private *p = cpu->p;
    volatile struct pending {
        unsigned vector;
        uint32_t error;
        bool has_error;
        enum trap_source source;
        uint32_t return_eip;
    } now = {vector, error, has_error, source, return_eip};

    clock_count(cpu->clock); /* no instruction retires: a place of its own */
    p->delivered = true;
    p->task_switched = false;
    p->rounds = 0;
    if (vector == EXC_PF && source == TRAP_FAULT)
        cpu->s.cr2 = p->pf_address;
    while (sigsetjmp(p->fault, 0)) {
        unsigned second = p->vector;

        p->external = 0;
        cpu->s.reg[ESP] = p->esp_before;
        /* #AC whose delivery is misaligned has no end: time must go on */
        if (++p->rounds == MOST_ROUNDS)
            return true;
        if (second == EXC_PF)
            cpu->s.cr2 = p->pf_address;
        if (p->task_switched) /* the new task's, at its first instruction */
            now.return_eip = cpu->s.eip;
        if (now.source != TRAP_EXTERNAL && now.vector == EXC_DF)
            return false;
        if (now.source != TRAP_EXTERNAL &&
            makes_double_fault(now.vector, second)) {
            now.vector = EXC_DF;
            now.error = 0;
            now.has_error = true;
        } else {
            now.vector = second;
            now.error = p->error;
            now.has_error = p->has_error;
        }
        now.source = TRAP_FAULT;
    }
    if (now.source == TRAP_EXTERNAL)
        EMIT(cpu->events, cpu_interrupt, now.vector, now.return_eip);
    else
        EMIT(cpu->events, cpu_exception, now.vector, now.error, now.return_eip,
             cpu->s.cr2);
    trap_enter(cpu, now.vector, now.source, now.has_error, now.error,
               now.return_eip);
    cpu->s.eip = p->next_eip;
    return true;
}
