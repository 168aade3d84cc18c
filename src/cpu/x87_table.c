/* src/cpu/x87_table.c -- the rows of x87.def as tables. */
#include "cpu/fpu.h"

/* F_QUIET rows do not wait for a pending exception. */
#define NEEDS(flags) ((flags) >> F_NEEDS_SHIFT ? 0 : F_NEEDS(FPU))
#define RULES(flags) (((flags)&F_QUIET ? 0 : F_FPU) | NEEDS(flags) | (flags))
#define ROW_OF(n, run, f)                                                      \
    {                                                                          \
        n, 0, 0, 0, run, RULES(f), 0                                           \
    }
#define X87_MEM(op, reg, n, run, f) [(op)&7][reg] = ROW_OF(n, run, (f) | F_MEM),
#define X87_STI(op, reg, n, run, f)
#define X87_ONE(op, modrm, n, run, f)
const struct opcode opcode_x87_mem[8][8] = {
#include "cpu/x87.def"
};

#undef X87_MEM
#undef X87_STI
#undef X87_ONE
#define X87_MEM(op, reg, n, run, f)
#define X87_STI(op, reg, n, run, f)                                            \
    [(op)&7][8 * (reg)... 8 * (reg) + 7] = ROW_OF(n, run, (f) | F_REG),
#define X87_ONE(op, modrm, n, run, f)                                          \
    [(op)&7][(modrm)&63] = ROW_OF(n, run, (f) | F_REG),
const struct opcode opcode_x87_reg[8][64] = {
#include "cpu/x87.def"
};
