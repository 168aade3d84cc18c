/* src/cpu/flags.c -- the arithmetic flags. Source: SDM vol. 1, 3.4.3.1. */
#include "cpu/private.h"

enum { ARITHMETIC = FLAG_CF | FLAG_PF | FLAG_AF | FLAG_ZF | FLAG_SF | FLAG_OF };

static uint32_t szp(uint32_t r, unsigned bits)
{
    uint32_t flags = 0;

    r &= mask_of(bits);
    if (!r)
        flags |= FLAG_ZF;
    if (r >> (bits - 1))
        flags |= FLAG_SF;
    if (!(0x6996 >> ((r ^ r >> 4) & 15) & 1)) /* parity of four bits */
        flags |= FLAG_PF;
    return flags;
}

void flags_szp(struct cpu *cpu, uint32_t result, unsigned bits)
{
    cpu->s.eflags =
        (cpu->s.eflags & ~(FLAG_ZF | FLAG_SF | FLAG_PF)) | szp(result, bits);
}

/* AF, undefined after logic, is clear: as on every P6 and later. */
void flags_logic(struct cpu *cpu, uint32_t result, unsigned bits)
{
    cpu->s.eflags = (cpu->s.eflags & ~(uint32_t)ARITHMETIC) | szp(result, bits);
}

void flags_add(struct cpu *cpu, uint32_t a, uint32_t b, uint32_t carry,
               unsigned bits)
{
    uint32_t mask = mask_of(bits);
    uint64_t wide = (uint64_t)(a & mask) + (b & mask) + carry;
    uint32_t r = (uint32_t)wide & mask;
    uint32_t flags = szp(r, bits);

    if (wide >> bits)
        flags |= FLAG_CF;
    if ((a ^ b ^ r) & 16)
        flags |= FLAG_AF;
    if (((a ^ r) & (b ^ r)) >> (bits - 1) & 1)
        flags |= FLAG_OF;
    cpu->s.eflags = (cpu->s.eflags & ~(uint32_t)ARITHMETIC) | flags;
}

void flags_sub(struct cpu *cpu, uint32_t a, uint32_t b, uint32_t borrow,
               unsigned bits)
{
    uint32_t mask = mask_of(bits);
    uint64_t wide = (uint64_t)(a & mask) - (b & mask) - borrow;
    uint32_t r = (uint32_t)wide & mask;
    uint32_t flags = szp(r, bits);

    if (wide >> 63)
        flags |= FLAG_CF;
    if ((a ^ b ^ r) & 16)
        flags |= FLAG_AF;
    if (((a ^ b) & (a ^ r)) >> (bits - 1) & 1)
        flags |= FLAG_OF;
    cpu->s.eflags = (cpu->s.eflags & ~(uint32_t)ARITHMETIC) | flags;
}

/* Condition codes of Jcc, SETcc, CMOVcc; SDM vol. 1, appendix B. */
bool condition(const struct cpu *cpu, unsigned code)
{
    uint32_t f = cpu->s.eflags;
    bool less = !(f & FLAG_SF) != !(f & FLAG_OF), is;

    switch (code >> 1 & 7) {
    case 0:
        is = f & FLAG_OF;
        break;
    case 1:
        is = f & FLAG_CF;
        break;
    case 2:
        is = f & FLAG_ZF;
        break;
    case 3:
        is = f & (FLAG_CF | FLAG_ZF);
        break;
    case 4:
        is = f & FLAG_SF;
        break;
    case 5:
        is = f & FLAG_PF;
        break;
    case 6:
        is = less;
        break;
    default:
        is = less || (f & FLAG_ZF);
        break;
    }
    return is != (code & 1);
}
