/* src/cpu/segment.c -- descriptors and loads of segment registers. Source: SDM
 * vol. 3A chapters 3 and 5, vol. 2 under MOV. */
#include "cpu/private.h"

bool descriptor_read(struct cpu *cpu, uint16_t selector, struct descriptor *d)
{
    uint32_t at = selector & 0xfff8, base = cpu->s.gdtr.base;
    uint32_t limit = cpu->s.gdtr.limit;

    if (selector & 4) {
        if (!(cpu->s.ldtr.access & SEG_P))
            return false;
        base = cpu->s.ldtr.base;
        limit = cpu->s.ldtr.limit;
    }
    if (at + 7 > limit)
        return false;
    d->at = base + at;
    d->low = mem_read32(cpu, d->at, false);
    d->high = mem_read32(cpu, d->at + 4, false);
    return true;
}

struct cpu_segment segment_of(uint16_t selector, const struct descriptor *d)
{
    struct cpu_segment s = {
        .selector = selector,
        .access = (uint16_t)(d->high >> 8 & 0xf0ff),
        .base = d->low >> 16 | (d->high & 0xff) << 16 | (d->high & 0xff000000),
        .limit = (d->low & 0xffff) | (d->high & 0xf0000),
    };

    if (s.access & SEG_G)
        s.limit = s.limit << 12 | 0xfff;
    return s;
}

/* Loading a code or data segment sets its accessed bit in memory. */
void descriptor_touch(struct cpu *cpu, struct descriptor *d)
{
    if (d->high & 1u << 8)
        return;
    d->high |= 1u << 8;
    mem_write8(cpu, d->at + 5, (uint8_t)(d->high >> 8), false);
}

/* Real and V86 mode: base = selector * 16; in real mode limits stay. */
void segment_real(struct cpu *cpu, unsigned seg, uint16_t selector)
{
    struct cpu_segment *s = &cpu->s.seg[seg];

    s->selector = selector;
    s->base = (uint32_t)selector << 4;
    if (!v86_mode(cpu))
        return;
    s->limit = 0xffff;
    s->access = SEG_ACCESSED | SEG_WRITABLE | SEG_S | SEG_DPL | SEG_P;
}

struct cpu_segment segment_stack(struct cpu *cpu, uint16_t selector,
                                 unsigned cpl, unsigned vector)
{
    uint32_t error = selector & 0xfffc;
    struct descriptor d;
    struct cpu_segment s;

    if (!error || (selector & 3) != cpl || !descriptor_read(cpu, selector, &d))
        cpu_fault(cpu, vector, error);
    s = segment_of(selector, &d);
    if (!(s.access & SEG_S) || (s.access & SEG_CODE) ||
        !(s.access & SEG_WRITABLE) || seg_dpl(s.access) != cpl)
        cpu_fault(cpu, vector, error);
    if (!(s.access & SEG_P))
        cpu_fault(cpu, EXC_SS, error);
    descriptor_touch(cpu, &d);
    s.access |= SEG_ACCESSED;
    return s;
}

void segment_load(struct cpu *cpu, unsigned seg, uint16_t selector)
{
    uint32_t error = selector & 0xfffc;
    struct descriptor d;
    struct cpu_segment s;

    if (real_mode(cpu) || v86_mode(cpu)) {
        segment_real(cpu, seg, selector);
        return;
    }
    if (seg == SS) {
        cpu->s.seg[SS] = segment_stack(cpu, selector, cpu->s.cpl, EXC_GP);
        return;
    }
    if (!error) {
        cpu->s.seg[seg] = (struct cpu_segment){.selector = selector};
        return;
    }
    if (!descriptor_read(cpu, selector, &d))
        cpu_fault(cpu, EXC_GP, error);
    s = segment_of(selector, &d);
    if (!(s.access & SEG_S) ||
        ((s.access & SEG_CODE) && !(s.access & SEG_READABLE)))
        cpu_fault(cpu, EXC_GP, error);
    if (!((s.access & SEG_CODE) && (s.access & SEG_CONFORMING)) &&
        ((selector & 3u) > seg_dpl(s.access) || cpu->s.cpl > seg_dpl(s.access)))
        cpu_fault(cpu, EXC_GP, error);
    if (!(s.access & SEG_P))
        cpu_fault(cpu, EXC_NP, error);
    descriptor_touch(cpu, &d);
    s.access |= SEG_ACCESSED;
    cpu->s.seg[seg] = s;
}

void load_cs(struct cpu *cpu, uint16_t selector, const struct descriptor *d,
             unsigned cpl)
{
    struct descriptor touched = *d;

    descriptor_touch(cpu, &touched);
    cpu->s.seg[CS] =
        segment_of((uint16_t)((selector & 0xfffc) | cpl), &touched);
    cpu->s.cpl = (uint8_t)cpl;
}
