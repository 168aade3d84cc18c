/* src/cpu/uop.h -- what the fast handlers share. They run in blocks whose data
 * segments need no checks, and do the whole of an instruction or nothing: what
 * would miss the TLB, leave its page or fault goes to uop_generic().
 *
 * The arithmetic flags are kept as the host's LAHF and SETO give them: low byte
 * of EFLAGS in bits 8-15, OF in bit 0. Only results that the SDM defines are
 * taken from the host; AF after logic is cleared, as everywhere. */
#ifndef CPU_UOP_H
#define CPU_UOP_H

#include <string.h>

#include "cpu/block.h"

enum {
    HOST_OF = 1,
    HOST_CF = FLAG_CF << 8,
    HOST_PF = FLAG_PF << 8,
    HOST_AF = FLAG_AF << 8,
    HOST_ZF = FLAG_ZF << 8,
    HOST_SF = FLAG_SF << 8,
};
enum { ARITHMETIC = FLAG_CF | FLAG_PF | FLAG_AF | FLAG_ZF | FLAG_SF | FLAG_OF };

static inline void flags_to_host(struct cpu *cpu)
{
    uint32_t f = cpu->s.eflags;

    cpu->fast.flags = (uint16_t)((f & ARITHMETIC & 0xff) << 8 | (f >> 11 & 1));
}

static inline void flags_from_host(struct cpu *cpu)
{
    uint32_t h = cpu->fast.flags;

    cpu->s.eflags = (cpu->s.eflags & ~(uint32_t)ARITHMETIC) |
                    (h >> 8 & ARITHMETIC) | (h & HOST_OF) << 11;
}

/** Go on with the next instruction of the block: a jump, when optimised. */
#define NEXT return u[1].run(cpu, u + 1)
/** The whole instruction by the handler that knows all cases. */
#define GENERIC return uop_generic(cpu, u)

const struct uop *uop_generic(struct cpu *cpu, const struct uop *u);
/** uop_end() - of no instruction: goes on to what follows the block. */
const struct uop *uop_end(struct cpu *cpu, const struct uop *u);
const struct uop *uop_end_far(struct cpu *cpu, const struct uop *u);
/** chain_find() - the block at CS:EIP, into *@link; its first uop, or NULL if
 *  there is none or it would pass the end of the run. */
const struct uop *chain_find(struct cpu *cpu, const struct block **link);

static inline uint32_t *reg32(struct cpu *cpu, unsigned offset)
{
    return (uint32_t *)(void *)((char *)cpu + offset);
}
static inline uint16_t *reg16(struct cpu *cpu, unsigned offset)
{
    return (uint16_t *)(void *)((char *)cpu + offset);
}
static inline uint8_t *reg8(struct cpu *cpu, unsigned offset)
{
    return (uint8_t *)cpu + offset;
}

/** The forms of a memory operand: base and displacement, or all of it. */
static inline uint32_t at_base(struct cpu *cpu, const struct uop *u)
{
    return *reg32(cpu, u->base) + u->disp;
}
static inline uint32_t at_index(struct cpu *cpu, const struct uop *u)
{
    return *reg32(cpu, u->base) + u->disp + (*reg32(cpu, u->index) << u->scale);
}

/** Where @bytes at @at lie in the host, or NULL. */
static inline uint8_t *host_at(const struct cpu *cpu, uint32_t at,
                               unsigned bytes, unsigned need)
{
    const struct tlb_entry *e = tlb_entry(&cpu->tlb, gva_of(at));

    if (__builtin_expect(
            !(e->fast & need) || (at & PAGE_MASK) > PAGE_BYTES - bytes, 0))
        return NULL;
    return e->host + (at & PAGE_MASK);
}

static inline uint8_t *host_at_base(struct cpu *cpu, const struct uop *u,
                                    unsigned bytes, unsigned need)
{
    return host_at(cpu, at_base(cpu, u), bytes, need);
}
static inline uint8_t *host_at_index(struct cpu *cpu, const struct uop *u,
                                     unsigned bytes, unsigned need)
{
    return host_at(cpu, at_index(cpu, u), bytes, need);
}
/** The same in a segment with base and limit: data that may be written, not
 *  expanding down, or the generic way asks. */
static inline uint8_t *host_at_segment(struct cpu *cpu, const struct uop *u,
                                       unsigned bytes, unsigned need)
{
    enum {
        DATA = SEG_P | SEG_S | SEG_WRITABLE,
        ODD = SEG_CODE | SEG_DOWN,
    };
    const struct cpu_segment *s = &cpu->s.seg[u->seg];
    uint32_t offset = at_index(cpu, u);

    if (__builtin_expect((s->access & (DATA | ODD)) != DATA ||
                             offset > s->limit || s->limit - offset < bytes - 1,
                         0))
        return NULL;
    return host_at(cpu, s->base + offset, bytes, need);
}

/* ---- going from block to block ---------------------------------------------
 * Through the loop of chain_run(): where calls are not made jumps of (without
 * optimisation, under sanitizers) the host's stack holds one block's at most.
 */

static inline bool in_time(const struct cpu *cpu, const struct block *b)
{
    return cpu->clock->now + b->count <= cpu->clock->until;
}

/** follow() - @ticks are done; on to @by bytes from this block's first, where
 *  @way leads. Inside a page no translation can have changed. */
static inline const struct uop *follow(struct cpu *cpu, const struct uop *u,
                                       unsigned ticks, uint32_t by,
                                       unsigned way)
{
    struct block *b = block_of(u);
    const struct block *to = b->link[way];

    cpu->s.eip += by;
    cpu->clock->now += ticks;
    if (__builtin_expect(
            to->key == b->key + (uint64_t)(int32_t)by && in_time(cpu, to), 1))
        return to->uop;
    return chain_find(cpu, &b->link[way]);
}

/** follow_far() - as follow(), to wherever @eip is. */
static inline const struct uop *follow_far(struct cpu *cpu, unsigned ticks,
                                           uint32_t eip)
{
    const struct tlb_entry *e = tlb_entry(&cpu->tlb, gva_of(eip));
    const struct block **slot;
    uint64_t key;

    cpu->s.eip = eip;
    cpu->clock->now += ticks;
    key = (uint64_t)(uintptr_t)e->host + (eip & PAGE_MASK) + cpu->fast.mode;
    slot = block_slot(cpu->p->blocks, key);
    if (__builtin_expect((*slot)->key == key && (e->fast & cpu->fast.code) &&
                             in_time(cpu, *slot),
                         1))
        return (*slot)->uop;
    return chain_find(cpu, NULL);
}

/* ---- conditions, SDM vol. 1, appendix B -----------------------------------*/

static inline bool host_condition(uint32_t f, unsigned code)
{
    bool less = (f >> 15 ^ f) & 1, is = false;

    switch (code >> 1) {
    case 0:
        is = f & HOST_OF;
        break;
    case 1:
        is = f & HOST_CF;
        break;
    case 2:
        is = f & HOST_ZF;
        break;
    case 3:
        is = f & (HOST_CF | HOST_ZF);
        break;
    case 4:
        is = f & HOST_SF;
        break;
    case 5:
        is = f & HOST_PF;
        break;
    case 6:
        is = less;
        break;
    case 7:
        is = less || (f & HOST_ZF);
        break;
    }
    return is != (code & 1);
}

#endif
