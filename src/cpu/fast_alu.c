/* src/cpu/fast_alu.c -- arithmetic and logic by the host's own instruction, in
 * every form. Rows as in op_alu.c. */
#include "cpu/fast.h"

#define FLAGS_OUT "\n\tlahf\n\tseto %%al"

/* What the host's flags say goes to the guest, but for @undefined ones. */
#define HOST_TWO(name, instruction, bits, undefined)                           \
    static inline uint##bits##_t name##bits(struct cpu *cpu, uint##bits##_t a, \
                                            uint##bits##_t b)                  \
    {                                                                          \
        uint32_t f;                                                            \
                                                                               \
        __asm__(instruction " %2, %0" FLAGS_OUT                                \
                : "+q"(a), "=&a"(f)                                            \
                : "q"(b)                                                       \
                : "cc");                                                       \
        cpu->fast.flags = (uint16_t)(f & ~(uint32_t)(undefined));              \
        return a;                                                              \
    }
/* With the guest's carry in the host's; INC and DEC keep it that way. */
#define HOST_CARRY(name, instruction, bits)                                    \
    static inline uint##bits##_t name##bits(struct cpu *cpu, uint##bits##_t a, \
                                            uint##bits##_t b)                  \
    {                                                                          \
        uint32_t f, old = cpu->fast.flags;                                     \
                                                                               \
        __asm__("btl $8, %3\n\t" instruction FLAGS_OUT                         \
                : "+q"(a), "=&a"(f)                                            \
                : "q"(b), "r"(old)                                             \
                : "cc");                                                       \
        cpu->fast.flags = (uint16_t)f;                                         \
        return a;                                                              \
    }
#define SIZES(make, name, ...)                                                 \
    make(name, __VA_ARGS__, 8) make(name, __VA_ARGS__, 16)                     \
        make(name, __VA_ARGS__, 32)
#define TWO(name, instruction, undefined, stores, bits)                        \
    HOST_TWO(name, instruction, bits, undefined)                               \
    FAST_FORMS_OF(name, bits, stores)
#define CARRY(name, instruction, stores, bits)                                 \
    HOST_CARRY(name, instruction, bits)                                        \
    FAST_FORMS_OF(name, bits, stores)
#define ONE(name, instruction, stores, bits)                                   \
    HOST_CARRY(name, instruction, bits)                                        \
    FAST_IMM_FORMS_OF(name, bits, stores)

SIZES(TWO, add, "add", 0, true)
SIZES(TWO, sub, "sub", 0, true)
SIZES(TWO, cmp, "cmp", 0, false)
SIZES(TWO, and, "and", HOST_AF, true)
SIZES(TWO, or, "or", HOST_AF, true)
SIZES(TWO, xor, "xor", HOST_AF, true)
SIZES(TWO, test, "test", HOST_AF, false)
SIZES(CARRY, adc, "adc %2, %0", true)
SIZES(CARRY, sbb, "sbb %2, %0", true)
SIZES(ONE, inc, "inc %0", true)
SIZES(ONE, dec, "dec %0", true)
SIZES(ONE, neg, "neg %0", true)

#define NOT(name, bits)                                                        \
    static inline uint##bits##_t name##bits(struct cpu *cpu, uint##bits##_t a, \
                                            uint##bits##_t b)                  \
    {                                                                          \
        (void)cpu;                                                             \
        (void)b;                                                               \
        return (uint##bits##_t) ~a;                                            \
    }                                                                          \
    FAST_IMM_FORMS_OF(name, bits, true)
NOT(not, 8)
NOT(not, 16)
NOT(not, 32)

#define ROW(op, name)                                                          \
    {                                                                          \
        op,                                                                    \
        {                                                                      \
            FAST_ROW_OF(name, 8), FAST_ROW_OF(name, 16), FAST_ROW_OF(name, 32) \
        }                                                                      \
    }
#define ROW_ONE(op, name)                                                      \
    {                                                                          \
        op,                                                                    \
        {                                                                      \
            FAST_IMM_ROW_OF(name, 8), FAST_IMM_ROW_OF(name, 16),               \
                FAST_IMM_ROW_OF(name, 32)                                      \
        }                                                                      \
    }

const struct fast_row fast_alu_rows[] = {
    ROW(op_add, add),           ROW(op_sub, sub),      ROW(op_cmp, cmp),
    ROW(op_and, and),           ROW(op_or, or),        ROW(op_xor, xor),
    ROW(op_test, test),         ROW(op_adc, adc),      ROW(op_sbb, sbb),
    ROW_ONE(op_test_imm, test), ROW_ONE(op_inc, inc),  ROW_ONE(op_dec, dec),
    ROW_ONE(op_neg, neg),       ROW_ONE(op_not, not ), {0},
};
