/* src/cpu/far.c -- far jumps, calls, returns, IRET, and the change of stacks
 * that goes with privilege. Source: SDM vol. 3A 5.8, vol. 2 (CALL, JMP, RET,
 * IRET). */
#include "cpu/private.h"

static void check_offset(struct cpu *cpu, const struct cpu_segment *cs,
                         uint32_t offset)
{
    if (offset > cs->limit)
        cpu_fault(cpu, EXC_GP, 0);
}

/* Reads a far target's descriptor; null and outside the table are #GP. */
static struct cpu_segment target_segment(struct cpu *cpu, uint16_t selector,
                                         struct descriptor *d)
{
    if (!(selector & 0xfffc))
        cpu_fault(cpu, EXC_GP, 0);
    if (!descriptor_read(cpu, selector, d))
        cpu_fault(cpu, EXC_GP, selector & 0xfffc);
    return segment_of(selector, d);
}

/* A direct transfer keeps CPL: conforming code of DPL <= CPL, other code of
 * DPL == CPL reached with RPL <= CPL. */
static void check_direct(struct cpu *cpu, const struct cpu_segment *s)
{
    unsigned dpl = seg_dpl(s->access), error = s->selector & 0xfffc;
    bool good = s->access & SEG_CONFORMING
                    ? dpl <= cpu->s.cpl
                    : dpl == cpu->s.cpl && (s->selector & 3) <= cpu->s.cpl;

    if (!good)
        cpu_fault(cpu, EXC_GP, error);
    if (!(s->access & SEG_P))
        cpu_fault(cpu, EXC_NP, error);
}

static bool is_code(const struct cpu_segment *s)
{
    return (s->access & SEG_S) && (s->access & SEG_CODE);
}

struct gate {
    uint16_t selector;
    uint32_t offset;
    unsigned bits, count;
};

/* A call gate's checks and what it points at; others are #GP. A @jump goes to
 * no inner code. */
static struct gate call_gate(struct cpu *cpu, const struct cpu_segment *s,
                             const struct descriptor *d,
                             struct descriptor *code, bool jump)
{
    unsigned type = s->access & SEG_TYPE, error = s->selector & 0xfffc;
    unsigned rpl = s->selector & 3, dpl = seg_dpl(s->access);
    struct gate g = {.selector = (uint16_t)(d->low >> 16),
                     .offset = d->low & 0xffff,
                     .bits = 16,
                     .count = d->high & 31};
    struct cpu_segment cs;

    if ((s->access & SEG_S) || (type != SYS_CALL16 && type != SYS_CALL32) ||
        dpl < cpu->s.cpl || dpl < rpl)
        cpu_fault(cpu, EXC_GP, error);
    if (!(s->access & SEG_P))
        cpu_fault(cpu, EXC_NP, error);
    if (type == SYS_CALL32) {
        g.bits = 32;
        g.offset |= d->high & 0xffff0000;
    }
    cs = target_segment(cpu, g.selector, code);
    if (!is_code(&cs) || seg_dpl(cs.access) > cpu->s.cpl ||
        (jump && !(cs.access & SEG_CONFORMING) &&
         seg_dpl(cs.access) != cpu->s.cpl))
        cpu_fault(cpu, EXC_GP, g.selector & 0xfffc);
    if (!(cs.access & SEG_P))
        cpu_fault(cpu, EXC_NP, g.selector & 0xfffc);
    check_offset(cpu, &cs, g.offset);
    return g;
}

/* Real and V86 mode: the limit is the one CS has already. */
static void real_jump(struct cpu *cpu, uint16_t selector, uint32_t offset)
{
    check_offset(cpu, &cpu->s.seg[CS], offset);
    segment_real(cpu, CS, selector);
    cpu->p->next_eip = offset;
}

void far_jump(struct cpu *cpu, uint16_t selector, uint32_t offset,
              unsigned bits)
{
    struct descriptor d, code;
    struct cpu_segment s;
    struct gate g;

    (void)bits;
    if (real_mode(cpu) || v86_mode(cpu)) {
        real_jump(cpu, selector, offset);
        return;
    }
    s = target_segment(cpu, selector, &d);
    if (is_code(&s)) {
        check_direct(cpu, &s);
        check_offset(cpu, &s, offset);
        load_cs(cpu, selector, &d, cpu->s.cpl);
        cpu->p->next_eip = offset;
        return;
    }
    if (task_transfer(cpu, &s, &d, TASK_JUMP))
        return;
    g = call_gate(cpu, &s, &d, &code, true);
    load_cs(cpu, g.selector, &code, cpu->s.cpl);
    cpu->p->next_eip = g.offset;
}

/* ---- a stack that is not the current one yet --------------------------------
 */

void new_stack_push(struct cpu *cpu, struct new_stack *st, unsigned bytes,
                    uint32_t v)
{
    uint32_t mask = st->ss.access & SEG_DB ? UINT32_MAX : 0xffff;
    uint32_t at = (st->esp - bytes) & mask, last = at + bytes - 1;
    bool down = st->ss.access & SEG_DOWN;
    bool good = last >= at && (down ? at > st->ss.limit && last <= mask
                                    : last <= st->ss.limit);

    if (!good)
        cpu_fault(cpu, EXC_SS, st->error);
    if (bytes == 4)
        mem_write32(cpu, st->ss.base + at, v, st->user);
    else
        mem_write16(cpu, st->ss.base + at, (uint16_t)v, st->user);
    st->esp = (st->esp & ~mask) | at;
}

/* SS:ESP of privilege @cpl from the TSS, SDM vol. 3A 5.8.5 and 7.2.1. */
struct new_stack new_stack_of(struct cpu *cpu, unsigned cpl)
{
    const struct cpu_segment *tr = &cpu->s.tr;
    bool wide = (tr->access & SEG_TYPE & ~2) == SYS_TSS32;
    uint32_t at = wide ? 4 + 8 * cpl : 2 + 4 * cpl;
    uint32_t bytes = wide ? 6 : 4;
    struct new_stack st = {.user = cpl == 3};
    uint16_t ss;

    if (at + bytes - 1 > tr->limit)
        cpu_fault(cpu, EXC_TS, tr->selector & 0xfffcu);
    st.esp = wide ? mem_read32(cpu, tr->base + at, false)
                  : mem_read16(cpu, tr->base + at, false);
    ss = mem_read16(cpu, tr->base + at + bytes - 2, false);
    st.ss = segment_stack(cpu, ss, cpl, EXC_TS);
    st.error = ss & 0xfffcu;
    return st;
}

static void call_inner(struct cpu *cpu, const struct gate *g,
                       const struct descriptor *code, unsigned dpl)
{
    unsigned bytes = g->bits / 8;
    struct new_stack st = new_stack_of(cpu, dpl);
    uint32_t mask = stack_mask(cpu), old = cpu->s.reg[ESP];

    new_stack_push(cpu, &st, bytes, cpu->s.seg[SS].selector);
    new_stack_push(cpu, &st, bytes, old);
    for (unsigned n = g->count; n-- > 0;)
        new_stack_push(cpu, &st, bytes,
                       seg_read(cpu, SS, (old + n * bytes) & mask, bytes));
    new_stack_push(cpu, &st, bytes, cpu->s.seg[CS].selector);
    new_stack_push(cpu, &st, bytes, cpu->p->next_eip);
    load_cs(cpu, g->selector, code, dpl);
    cpu->s.seg[SS] = st.ss;
    cpu->s.reg[ESP] = st.esp;
    cpu->p->next_eip = g->offset;
}

void far_call(struct cpu *cpu, uint16_t selector, uint32_t offset,
              unsigned bits)
{
    uint16_t old = cpu->s.seg[CS].selector;
    struct descriptor d, code;
    struct cpu_segment s;
    struct gate g = {selector, offset, bits, 0};
    unsigned dpl;

    if (real_mode(cpu) || v86_mode(cpu)) {
        uint32_t back = cpu->p->next_eip;

        check_offset(cpu, &cpu->s.seg[CS], offset);
        push(cpu, bits / 8, old);
        push(cpu, bits / 8, back);
        real_jump(cpu, selector, offset);
        return;
    }
    s = target_segment(cpu, selector, &d);
    if (is_code(&s)) {
        check_direct(cpu, &s);
        check_offset(cpu, &s, offset);
        code = d;
    } else if (task_transfer(cpu, &s, &d, TASK_CALL)) {
        return;
    } else {
        g = call_gate(cpu, &s, &d, &code, false);
        s = segment_of(g.selector, &code);
        dpl = seg_dpl(s.access);
        if (!(s.access & SEG_CONFORMING) && dpl < cpu->s.cpl) {
            call_inner(cpu, &g, &code, dpl);
            return;
        }
    }
    push(cpu, g.bits / 8, old);
    push(cpu, g.bits / 8, cpu->p->next_eip);
    load_cs(cpu, g.selector, &code, cpu->s.cpl);
    cpu->p->next_eip = g.offset;
}

/* Data segments that the outer privilege may not have become null. */
static void drop_inner_segments(struct cpu *cpu)
{
    static const uint8_t data[] = {ES, DS, FS, GS};

    for (unsigned n = 0; n < 4; n++) {
        struct cpu_segment *s = &cpu->s.seg[data[n]];
        bool conforming =
            (s->access & SEG_CODE) && (s->access & SEG_CONFORMING);

        if (!conforming && seg_dpl(s->access) < cpu->s.cpl)
            *s = (struct cpu_segment){0};
    }
}

/* The code segment that RET and IRET go back to; RPL is the new CPL. */
static struct cpu_segment return_segment(struct cpu *cpu, uint16_t selector,
                                         struct descriptor *d)
{
    struct cpu_segment s = target_segment(cpu, selector, d);
    unsigned rpl = selector & 3, dpl = seg_dpl(s.access);
    unsigned error = selector & 0xfffc;

    if (rpl < cpu->s.cpl || !is_code(&s) ||
        (s.access & SEG_CONFORMING ? dpl > rpl : dpl != rpl))
        cpu_fault(cpu, EXC_GP, error);
    if (!(s.access & SEG_P))
        cpu_fault(cpu, EXC_NP, error);
    return s;
}

static uint32_t stack_slot(struct cpu *cpu, uint32_t offset, unsigned bytes)
{
    return seg_read(cpu, SS, (cpu->s.reg[ESP] + offset) & stack_mask(cpu),
                    bytes);
}

/* To CS:@eip, popping @offset bytes, and to the outer stack if RPL says so. */
static void return_to(struct cpu *cpu, uint16_t selector, uint32_t eip,
                      uint32_t offset, unsigned bytes, uint32_t extra)
{
    unsigned rpl = selector & 3;
    struct descriptor d;
    struct cpu_segment cs = return_segment(cpu, selector, &d), ss;
    uint32_t esp;

    check_offset(cpu, &cs, eip);
    if (rpl == cpu->s.cpl) {
        load_cs(cpu, selector, &d, rpl);
        set_esp(cpu, cpu->s.reg[ESP] + offset + extra);
        cpu->p->next_eip = eip;
        return;
    }
    offset += extra;
    esp = stack_slot(cpu, offset, bytes);
    ss = segment_stack(cpu, (uint16_t)stack_slot(cpu, offset + bytes, bytes),
                       rpl, EXC_GP);
    load_cs(cpu, selector, &d, rpl);
    cpu->s.seg[SS] = ss;
    if (ss.access & SEG_DB)
        cpu->s.reg[ESP] = esp + extra;
    else
        set_esp(cpu, esp + extra);
    cpu->p->next_eip = eip;
    drop_inner_segments(cpu);
}

void far_return(struct cpu *cpu, unsigned bits, uint32_t extra)
{
    unsigned bytes = bits / 8;
    uint32_t eip = stack_slot(cpu, 0, bytes);
    uint16_t selector = (uint16_t)stack_slot(cpu, bytes, bytes);

    if (real_mode(cpu) || v86_mode(cpu)) {
        real_jump(cpu, selector, eip);
        set_esp(cpu, cpu->s.reg[ESP] + 2 * bytes + extra);
        return;
    }
    return_to(cpu, selector, eip, 2 * bytes, bytes, extra);
}

void cpu_write_eflags(struct cpu *cpu, uint32_t v, uint32_t mask)
{
    cpu->s.eflags = (cpu->s.eflags & ~mask) | (v & mask) | 2;
    alignment_changed(cpu);
}

/* IRET to V86 mode from ring 0: all segments come from the stack. */
static void return_to_v86(struct cpu *cpu, uint32_t eip, uint16_t cs,
                          uint32_t flags)
{
    static const uint8_t order[] = {ES, DS, FS, GS};
    uint32_t esp = stack_slot(cpu, 12, 4), selector[4];
    uint16_t ss = (uint16_t)stack_slot(cpu, 16, 4);

    for (unsigned n = 0; n < 4; n++)
        selector[n] = stack_slot(cpu, 20 + 4 * n, 4);
    cpu_write_eflags(cpu, flags, 0x3f7fd5);
    cpu->s.cpl = 3;
    segment_real(cpu, CS, cs);
    segment_real(cpu, SS, ss);
    for (unsigned n = 0; n < 4; n++)
        segment_real(cpu, order[n], (uint16_t)selector[n]);
    cpu->s.reg[ESP] = esp;
    cpu->p->next_eip = eip & 0xffff;
}

void interrupt_return(struct cpu *cpu, unsigned bits)
{
    uint32_t mask = FLAG_CF | FLAG_PF | FLAG_AF | FLAG_ZF | FLAG_SF | FLAG_TF |
                    FLAG_DF | FLAG_OF | FLAG_NT;
    unsigned bytes = bits / 8, cpl = cpu->s.cpl;
    unsigned iopl = cpu->s.eflags >> 12 & 3;
    uint32_t eip, flags;
    uint16_t cs;

    if (v86_return(cpu, bits))
        return;
    if (!real_mode(cpu) && !v86_mode(cpu) && (cpu->s.eflags & FLAG_NT)) {
        task_return(cpu);
        cpu->s.nmi_blocked = 0;
        return;
    }
    eip = stack_slot(cpu, 0, bytes);
    cs = (uint16_t)stack_slot(cpu, bytes, bytes);
    flags = stack_slot(cpu, 2 * bytes, bytes);
    cpu->s.nmi_blocked = 0;
    if (bits == 32)
        mask |= FLAG_RF | FLAG_AC | FLAG_ID;
    if (real_mode(cpu) || v86_mode(cpu)) {
        real_jump(cpu, cs, eip);
        set_esp(cpu, cpu->s.reg[ESP] + 3 * bytes);
        cpu_write_eflags(cpu, flags,
                         mask | FLAG_IF | (real_mode(cpu) ? FLAG_IOPL : 0));
        return;
    }
    if (bits == 32 && !cpl && (flags & FLAG_VM)) {
        return_to_v86(cpu, eip, cs, flags);
        return;
    }
    return_to(cpu, cs, eip, 3 * bytes, bytes, 0);
    if (cpl <= iopl)
        mask |= FLAG_IF;
    if (!cpl)
        mask |= FLAG_IOPL | (bits == 32 ? FLAG_VIF | FLAG_VIP : 0);
    cpu_write_eflags(cpu, flags, mask);
}
