/* src/cpu/fast_shift.c -- shifts and rotates of registers and memory of 32
 * bits. What flags the SDM leaves open are as in op_bit.c. */
#include "cpu/fast.h"

static inline uint32_t top(uint32_t v)
{
    return v >> 31;
}

static inline void flags_of(struct cpu *cpu, uint32_t r, uint32_t carry,
                            uint32_t overflow)
{
    uint32_t f;

    __asm__("test %1, %1\n\tlahf" : "=a"(f) : "r"(r) : "cc");
    f &= HOST_SF | HOST_ZF | HOST_PF;
    cpu->fast.flags = (uint16_t)(f | carry << 8 | overflow);
}

/* Rotates leave the others alone. */
static inline void flags_of_rotate(struct cpu *cpu, uint32_t carry,
                                   uint32_t overflow)
{
    uint32_t f = cpu->fast.flags & ~(uint32_t)(HOST_CF | HOST_OF);

    cpu->fast.flags = (uint16_t)(f | carry << 8 | overflow);
}

static inline uint32_t shl32(struct cpu *cpu, uint32_t a, uint32_t count)
{
    unsigned n = count & 31;
    uint32_t r = a << n, carry;

    if (!n)
        return a;
    carry = a >> (32 - n) & 1;
    flags_of(cpu, r, carry, top(r) ^ carry);
    return r;
}

static inline uint32_t shr32(struct cpu *cpu, uint32_t a, uint32_t count)
{
    unsigned n = count & 31;
    uint32_t r = a >> n;

    if (!n)
        return a;
    flags_of(cpu, r, a >> (n - 1) & 1, top(n == 1 ? a : r << 1));
    return r;
}

static inline uint32_t sar32(struct cpu *cpu, uint32_t a, uint32_t count)
{
    unsigned n = count & 31;
    uint32_t r = (uint32_t)((int32_t)a >> n);

    if (!n)
        return a;
    flags_of(cpu, r, (uint32_t)((int32_t)a >> (n - 1)) & 1, 0);
    return r;
}

static inline uint32_t rol32(struct cpu *cpu, uint32_t a, uint32_t count)
{
    unsigned n = count & 31;
    uint32_t r = a << n | a >> (-n & 31);

    if (n)
        flags_of_rotate(cpu, r & 1, top(r) ^ (r & 1));
    return r;
}

static inline uint32_t ror32(struct cpu *cpu, uint32_t a, uint32_t count)
{
    unsigned n = count & 31;
    uint32_t r = a >> n | a << (-n & 31);

    if (n)
        flags_of_rotate(cpu, top(r), top(r) ^ top(r << 1));
    return r;
}

/* The count in CL is a source register of eight bits: forms RR, MR, XR. */
#define SHIFT(name)                                                            \
    FAST_REGISTER(name, 32, true, *reg8(cpu, u->src), rr)                      \
    FAST_STORE(name, 32, true, at_base, *reg8(cpu, u->src), mr)                \
    FAST_STORE(name, 32, true, at_index, *reg8(cpu, u->src), xr)               \
    FAST_IMM_FORMS_OF(name, 32, true)
SHIFT(shl)
SHIFT(shr)
SHIFT(sar)
SHIFT(rol)
SHIFT(ror)

#define ROW(name)                                                              \
    {                                                                          \
        op_##name,                                                             \
        {                                                                      \
            {0}, {0},                                                          \
            {                                                                  \
                [FORM_RR] = name##32_rr, [FORM_RI] = name##32_ri,              \
                [FORM_MR] = name##32_mr, [FORM_XR] = name##32_xr,              \
                [FORM_MI] = name##32_mi, [FORM_XI] = name##32_xi               \
            }                                                                  \
        }                                                                      \
    }

const struct fast_row fast_shift_rows[] = {
    ROW(shl), ROW(shr), ROW(sar), ROW(rol), ROW(ror), {0},
};
