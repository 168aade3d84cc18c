/* src/cpu/fast_shift.c -- shifts and rotates of registers and memory. What
 * flags the SDM leaves open are as in op_bit.c. */
#include "cpu/fast.h"

/* Rotates leave the others alone. */
static inline void flags_of_rotate(struct cpu *cpu, uint32_t carry,
                                   uint32_t overflow)
{
    uint32_t f = cpu->fast.flags & ~(uint32_t)(HOST_CF | HOST_OF);

    cpu->fast.flags = (uint16_t)(f | carry << 8 | overflow);
}

#define TOP(v, bits)    ((uint32_t)(v) >> (bits - 1) & 1)
#define SIGNED(v, bits) ((int32_t)(int##bits##_t)(v))

#define SHIFTS_OF(bits)                                                        \
    static inline void flags_of##bits(struct cpu *cpu, uint##bits##_t r,       \
                                      uint32_t carry, uint32_t overflow)       \
    {                                                                          \
        uint32_t f;                                                            \
                                                                               \
        __asm__("test %1, %1\n\tlahf" : "=a"(f) : "q"(r) : "cc");              \
        f &= HOST_SF | HOST_ZF | HOST_PF;                                      \
        cpu->fast.flags = (uint16_t)(f | carry << 8 | overflow);               \
    }                                                                          \
    static inline uint##bits##_t shl##bits(struct cpu *cpu, uint##bits##_t a,  \
                                           uint32_t count)                     \
    {                                                                          \
        unsigned n = count & 31;                                               \
        uint64_t wide = (uint64_t)a << n;                                      \
        uint##bits##_t r = (uint##bits##_t)wide;                               \
        uint32_t carry = wide >> bits & 1;                                     \
                                                                               \
        if (n)                                                                 \
            flags_of##bits(cpu, r, carry, TOP(r, bits) ^ carry);               \
        return r;                                                              \
    }                                                                          \
    static inline uint##bits##_t shr##bits(struct cpu *cpu, uint##bits##_t a,  \
                                           uint32_t count)                     \
    {                                                                          \
        unsigned n = count & 31;                                               \
        uint##bits##_t r = (uint##bits##_t)((uint32_t)a >> n);                 \
                                                                               \
        if (n)                                                                 \
            flags_of##bits(cpu, r, (uint32_t)a >> (n - 1) & 1,                 \
                           n == 1 ? TOP(a, bits)                               \
                                  : TOP((uint32_t)r << 1, bits));              \
        return r;                                                              \
    }                                                                          \
    static inline uint##bits##_t sar##bits(struct cpu *cpu, uint##bits##_t a,  \
                                           uint32_t count)                     \
    {                                                                          \
        unsigned n = count & 31;                                               \
        uint##bits##_t r = (uint##bits##_t)(SIGNED(a, bits) >> n);             \
                                                                               \
        if (n)                                                                 \
            flags_of##bits(cpu, r, (uint32_t)(SIGNED(a, bits) >> (n - 1)) & 1, \
                           0);                                                 \
        return r;                                                              \
    }                                                                          \
    static inline uint##bits##_t rol##bits(struct cpu *cpu, uint##bits##_t a,  \
                                           uint32_t count)                     \
    {                                                                          \
        unsigned n = count & (bits - 1);                                       \
        uint##bits##_t r = (uint##bits##_t)((uint32_t)a << n |                 \
                                            (uint32_t)a >> (-n & (bits - 1))); \
                                                                               \
        if (count & 31)                                                        \
            flags_of_rotate(cpu, r & 1u, TOP(r, bits) ^ (r & 1u));             \
        return r;                                                              \
    }                                                                          \
    static inline uint##bits##_t ror##bits(struct cpu *cpu, uint##bits##_t a,  \
                                           uint32_t count)                     \
    {                                                                          \
        unsigned n = count & (bits - 1);                                       \
        uint##bits##_t r = (uint##bits##_t)((uint32_t)a >> n |                 \
                                            (uint32_t)a << (-n & (bits - 1))); \
                                                                               \
        if (count & 31)                                                        \
            flags_of_rotate(cpu, TOP(r, bits),                                 \
                            TOP(r, bits) ^ TOP((uint32_t)r << 1, bits));       \
        return r;                                                              \
    }
SHIFTS_OF(8)
SHIFTS_OF(16)
SHIFTS_OF(32)

/* The count in CL is a source register of eight bits: forms RR, MR, XR. */
#define SHIFT_OF(name, bits)                                                   \
    FAST_REGISTER(name, bits, true, *reg8(cpu, u->src), rr)                    \
    FAST_STORE(name, bits, true, at_base, *reg8(cpu, u->src), mr)              \
    FAST_STORE(name, bits, true, at_index, *reg8(cpu, u->src), xr)             \
    FAST_STORE(name, bits, true, at_segment, *reg8(cpu, u->src), sr)           \
    FAST_IMM_FORMS_OF(name, bits, true)
#define SHIFT(name) SHIFT_OF(name, 8) SHIFT_OF(name, 16) SHIFT_OF(name, 32)
SHIFT(shl)
SHIFT(shr)
SHIFT(sar)
SHIFT(rol)
SHIFT(ror)

#define FORMS(name, bits)                                                      \
    {                                                                          \
        [FORM_RR] = name##bits##_rr, [FORM_RI] = name##bits##_ri,              \
        [FORM_MR] = name##bits##_mr, [FORM_XR] = name##bits##_xr,              \
        [FORM_MI] = name##bits##_mi, [FORM_XI] = name##bits##_xi,              \
        [FORM_SR] = name##bits##_sr, [FORM_SI] = name##bits##_si               \
    }
#define ROW(name)                                                              \
    {                                                                          \
        op_##name,                                                             \
        {                                                                      \
            FORMS(name, 8), FORMS(name, 16), FORMS(name, 32)                   \
        }                                                                      \
    }

const struct fast_row fast_shift_rows[] = {
    ROW(shl), ROW(shr), ROW(sar), ROW(rol), ROW(ror), {0},
};
