/* src/cpu/task.c -- task switches through a TSS or a task gate. Source: SDM
 * vol. 3A 7.2, 7.3 (its steps in order), tables 7-1 and 7-2.
 * All that can fault in the old task is read and probed first; from the commit
 * on, faults are the new task's, at its first instruction. */
#include "cpu/private.h"

/* Offsets of a TSS, by its width. */
struct layout {
    uint8_t least; /* limit */
    uint8_t eip, eflags, reg, seg, segs, ldt, bytes;
};
static const struct layout tss16 = {0x2b, 14, 16, 18, 34, 4, 42, 2};
static const struct layout tss32 = {0x67, 32, 36, 40, 72, 6, 96, 4};
enum { LINK = 0, CR3_AT = 28, T_AT = 100 };
enum { BUSY = 2 }; /* of a descriptor's type */

struct image {
    uint32_t cr3, eip, eflags, reg[CPU_REGS];
    uint16_t seg[CPU_SEGS], ldt;
    bool trap;
};

static bool is_wide(const struct cpu_segment *tss)
{
    return (tss->access & SEG_TYPE & ~BUSY) == SYS_TSS32;
}

static const struct layout *layout_of(const struct cpu_segment *tss)
{
    return is_wide(tss) ? &tss32 : &tss16;
}

static uint32_t get(struct cpu *cpu, uint32_t at, unsigned bytes)
{
    return bytes == 4 ? mem_read32(cpu, at, false) : mem_read16(cpu, at, false);
}

static void put(struct cpu *cpu, uint32_t at, unsigned bytes, uint32_t v)
{
    if (bytes == 4)
        mem_write32(cpu, at, v, false);
    else
        mem_write16(cpu, at, (uint16_t)v, false);
}

static void read_image(struct cpu *cpu, const struct cpu_segment *tss,
                       struct image *in)
{
    const struct layout *l = layout_of(tss);
    uint32_t high = l->bytes == 2 ? 0xffff0000 : 0; /* undefined: all ones */

    *in = (struct image){
        .cr3 = l->bytes == 4 ? get(cpu, tss->base + CR3_AT, 4) : cpu->s.cr3,
        .eip = get(cpu, tss->base + l->eip, l->bytes),
        .eflags = get(cpu, tss->base + l->eflags, l->bytes),
        .ldt = (uint16_t)get(cpu, tss->base + l->ldt, 2),
        .trap = l->bytes == 4 && (get(cpu, tss->base + T_AT, 2) & 1)};
    for (unsigned r = 0; r < CPU_REGS; r++)
        in->reg[r] =
            get(cpu, tss->base + l->reg + r * l->bytes, l->bytes) | high;
    for (unsigned n = 0; n < l->segs; n++)
        in->seg[n] = (uint16_t)get(cpu, tss->base + l->seg + n * l->bytes, 2);
}

static void save_image(struct cpu *cpu, uint32_t eip, uint32_t eflags)
{
    const struct cpu_segment *tss = &cpu->s.tr;
    const struct layout *l = layout_of(tss);

    put(cpu, tss->base + l->eip, l->bytes, eip);
    put(cpu, tss->base + l->eflags, l->bytes, eflags);
    for (unsigned r = 0; r < CPU_REGS; r++)
        put(cpu, tss->base + l->reg + r * l->bytes, l->bytes, cpu->s.reg[r]);
    for (unsigned n = 0; n < l->segs; n++)
        put(cpu, tss->base + l->seg + n * l->bytes, 2, cpu->s.seg[n].selector);
}

static void set_busy(struct cpu *cpu, uint32_t at, bool busy)
{
    uint8_t type = mem_read8(cpu, at + 5, false);

    mem_write8(cpu, at + 5, (uint8_t)(busy ? type | BUSY : type & ~BUSY),
               false);
}

/* ---- the new task's segments: table 7-1 ------------------------------------
 */

static _Noreturn void bad(struct cpu *cpu, unsigned vector, uint16_t selector)
{
    cpu_fault(cpu, vector, selector & 0xfffc);
}

static void load_ldt(struct cpu *cpu, uint16_t selector)
{
    struct descriptor d;
    struct cpu_segment s;

    cpu->s.ldtr = (struct cpu_segment){.selector = selector};
    if (!(selector & 0xfffc))
        return;
    if ((selector & 4) || !descriptor_read(cpu, selector, &d))
        bad(cpu, EXC_TS, selector);
    s = segment_of(selector, &d);
    if ((s.access & (SEG_S | SEG_TYPE)) != SYS_LDT || !(s.access & SEG_P))
        bad(cpu, EXC_TS, selector);
    cpu->s.ldtr = s;
}

static void load_code(struct cpu *cpu, uint16_t selector)
{
    unsigned rpl = selector & 3, dpl;
    struct descriptor d;
    struct cpu_segment s;

    if (!(selector & 0xfffc) || !descriptor_read(cpu, selector, &d))
        bad(cpu, EXC_TS, selector);
    s = segment_of(selector, &d);
    dpl = seg_dpl(s.access);
    if (!(s.access & SEG_S) || !(s.access & SEG_CODE) ||
        (s.access & SEG_CONFORMING ? dpl > rpl : dpl != rpl))
        bad(cpu, EXC_TS, selector);
    if (!(s.access & SEG_P))
        bad(cpu, EXC_NP, selector);
    load_cs(cpu, selector, &d, rpl);
}

static void load_data(struct cpu *cpu, unsigned seg, uint16_t selector)
{
    unsigned dpl;
    struct descriptor d;
    struct cpu_segment s;

    if (!(selector & 0xfffc))
        return;
    if (!descriptor_read(cpu, selector, &d))
        bad(cpu, EXC_TS, selector);
    s = segment_of(selector, &d);
    dpl = seg_dpl(s.access);
    if (!(s.access & SEG_S) ||
        ((s.access & SEG_CODE) && !(s.access & SEG_READABLE)))
        bad(cpu, EXC_TS, selector);
    if (!((s.access & SEG_CODE) && (s.access & SEG_CONFORMING)) &&
        ((selector & 3u) > dpl || cpu->s.cpl > dpl))
        bad(cpu, EXC_TS, selector);
    if (!(s.access & SEG_P))
        bad(cpu, EXC_NP, selector);
    descriptor_touch(cpu, &d);
    s.access |= SEG_ACCESSED;
    cpu->s.seg[seg] = s;
}

/* Selectors first, unusable, so that a fault leaves what the TSS names. */
static void load_segments(struct cpu *cpu, const struct image *in)
{
    static const uint8_t data[] = {DS, ES, FS, GS};

    for (unsigned n = 0; n < CPU_SEGS; n++)
        cpu->s.seg[n] = (struct cpu_segment){.selector = in->seg[n]};
    cpu->s.cpl = in->eflags & FLAG_VM ? 3 : in->seg[CS] & 3;
    load_ldt(cpu, in->ldt);
    if (in->eflags & FLAG_VM) {
        for (unsigned n = 0; n < CPU_SEGS; n++)
            segment_real(cpu, n, in->seg[n]);
        return;
    }
    load_code(cpu, in->seg[CS]);
    cpu->s.seg[SS] = segment_stack(cpu, in->seg[SS], cpu->s.cpl, EXC_TS);
    for (unsigned n = 0; n < 4; n++)
        load_data(cpu, data[n], in->seg[data[n]]);
}

/* ---- the switch -------------------------------------------------------------
 */

/* Step 3-5: whom to, in which state its descriptor must be. */
static struct cpu_segment new_tss(struct cpu *cpu, uint16_t selector,
                                  enum task_source source, struct descriptor *d)
{
    unsigned vector = source == TASK_IRET ? EXC_TS : EXC_GP, type;
    struct cpu_segment s;

    if ((selector & 4) || !(selector & 0xfffc) ||
        !descriptor_read(cpu, selector, d))
        bad(cpu, vector, selector);
    s = segment_of(selector, d);
    type = s.access & SEG_TYPE;
    if ((s.access & SEG_S) || (type & ~(BUSY | 8u)) != SYS_TSS16 ||
        !(type & BUSY) == (source == TASK_IRET))
        bad(cpu, vector, selector);
    if (!(s.access & SEG_P))
        bad(cpu, EXC_NP, selector);
    if (s.limit < layout_of(&s)->least)
        bad(cpu, EXC_TS, selector);
    return s;
}

/* Nothing that follows may fault in the old task. */
static void probe(struct cpu *cpu, const struct cpu_segment *new,
                  uint32_t new_at, uint32_t old_at, enum task_source source)
{
    const struct cpu_segment *old = &cpu->s.tr;
    const struct layout *l = layout_of(old);

    if (old->limit < l->least)
        bad(cpu, EXC_TS, old->selector);
    mem_probe(cpu, old->base + l->eip, (uint32_t)(l->ldt - l->eip), false);
    if (source == TASK_JUMP || source == TASK_IRET)
        mem_probe(cpu, old_at + 5, 1, false);
    if (source != TASK_IRET)
        mem_probe(cpu, new_at + 5, 1, false);
    if (source == TASK_CALL || source == TASK_INT)
        mem_probe(cpu, new->base + LINK, 2, false);
}

void task_switch(struct cpu *cpu, uint16_t selector, enum task_source source,
                 uint32_t return_eip, uint32_t eflags)
{
    struct cpu_private *p = cpu->p;
    bool nests = source == TASK_CALL || source == TASK_INT;
    struct descriptor d;
    struct cpu_segment new = new_tss(cpu, selector, source, &d);
    uint16_t old = cpu->s.tr.selector;
    uint32_t old_at = cpu->s.gdtr.base + (old & 0xfff8u);
    struct image in;

    read_image(cpu, &new, &in);
    probe(cpu, &new, d.at, old_at, source);
    if (!nests)
        set_busy(cpu, old_at, false);
    if (source == TASK_IRET)
        eflags &= ~(uint32_t)FLAG_NT;
    save_image(cpu, return_eip, eflags);
    if (nests) {
        mem_write16(cpu, new.base + LINK, old, false);
        in.eflags |= FLAG_NT;
    }
    if (source != TASK_IRET)
        set_busy(cpu, d.at, true);
    /* the commit */
    new.access |= BUSY;
    cpu->s.tr = new;
    cpu->s.cr0 |= CR0_TS;
    for (unsigned r = 0; r < CPU_REGS; r++)
        cpu->s.reg[r] = in.reg[r];
    cpu->s.eip = p->next_eip = in.eip;
    p->esp_before = in.reg[ESP];
    p->trap_taken = p->task_switched = true;
    cpu_write_eflags(cpu, in.eflags, 0x3f7fd5);
    debug_task(cpu, in.trap);
    if ((cpu->s.cr0 & CR0_PG) && in.cr3 != cpu->s.cr3 &&
        !cpu_set_cr3(cpu, in.cr3))
        cpu_fault(cpu, EXC_GP, 0);
    load_segments(cpu, &in);
    if (in.eip > cpu->s.seg[CS].limit)
        cpu_fault(cpu, EXC_GP, 0);
}

bool task_wide(const struct cpu *cpu)
{
    return is_wide(&cpu->s.tr);
}

/* IRET with NT: back along the link, 7.4. */
void task_return(struct cpu *cpu)
{
    uint16_t link = mem_read16(cpu, cpu->s.tr.base + LINK, false);

    task_switch(cpu, link, TASK_IRET, cpu->p->next_eip, cpu->s.eflags);
}

/* JMP or CALL far to @s, a TSS or a task gate; false: it is neither. */
bool task_transfer(struct cpu *cpu, const struct cpu_segment *s,
                   const struct descriptor *d, enum task_source source)
{
    unsigned type = s->access & SEG_TYPE, dpl = seg_dpl(s->access);
    uint16_t selector = s->selector;

    if ((s->access & SEG_S) ||
        (type != SYS_TASK_GATE && type != SYS_TSS16 && type != SYS_TSS32))
        return false;
    if (dpl < cpu->s.cpl || dpl < (selector & 3u))
        bad(cpu, EXC_GP, selector);
    if (type == SYS_TASK_GATE) {
        if (!(s->access & SEG_P))
            bad(cpu, EXC_NP, selector);
        selector = (uint16_t)(d->low >> 16);
    }
    task_switch(cpu, selector, source, cpu->p->next_eip, cpu->s.eflags);
    return true;
}
