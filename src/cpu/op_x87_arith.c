/* src/cpu/op_x87_arith.c -- x87 arithmetic and comparison. Source: SDM vol. 2
 * under each instruction; vol. 1, 8.3.5, 8.3.6, 8.5. */
#include "cpu/fpu.h"

/* ---- two operands ---------------------------------------------------------
 */

static struct x80 sub_reversed(struct x80_env *e, struct x80 a, struct x80 b)
{
    return x80_sub(e, b, a);
}

static struct x80 div_reversed(struct x80_env *e, struct x80 a, struct x80 b)
{
    return x80_div(e, b, a);
}

/* By ModRM.reg, of ST(0) and the other; 2 and 3 compare. */
static fpu_two *const arithmetic[8] = {
    [0] = x80_add,      [1] = x80_mul, [4] = x80_sub,
    [5] = sub_reversed, [6] = x80_div, [7] = div_reversed,
};

static void registers(struct cpu *cpu, const struct insn *i, unsigned to,
                      bool pop)
{
    struct cpu_fpu *f = &cpu->s.fpu;
    struct x80 v;

    if (!fpu_of_two(cpu, i, i->rm, arithmetic[i->reg], &v))
        return;
    fpu_set(f, to, v);
    if (pop)
        fpu_pop(f);
}

void op_farith_st0(struct cpu *cpu, const struct insn *i)
{
    registers(cpu, i, 0, false);
}

void op_farith_sti(struct cpu *cpu, const struct insn *i)
{
    registers(cpu, i, i->rm, false);
}

void op_farith_pop(struct cpu *cpu, const struct insn *i)
{
    registers(cpu, i, i->rm, true);
}

/* A NaN, an invalid operation or #Z comes before a denormal operand: SDM vol.
 * 1, 4.9.2. */
static void drop_denormal(struct x80_env *e, struct x80 a, struct x80 b)
{
    if ((e->flags & (X80_IE | X80_ZE)) || x80_nan(a) || x80_nan(b))
        e->flags &= (uint16_t)~X80_DE;
}

static void with_memory(struct cpu *cpu, const struct insn *i, struct x80 b,
                        uint16_t flags)
{
    struct cpu_fpu *f = &cpu->s.fpu;
    struct x80_env e = {f->cw, flags};
    struct x80 a = fpu_get(f, 0), v;

    if (fpu_empty(f, 0)) {
        e.flags = FPU_UNDERFLOW;
        v = x80_indefinite();
    } else {
        v = arithmetic[i->reg](&e, a, b);
        drop_denormal(&e, a, b);
    }
    if (fpu_raise(f, e.flags))
        fpu_set(f, 0, v);
}

/* ---- comparison -----------------------------------------------------------
 */

/* Condition codes, or none if @flags forbid. */
static bool set_codes(struct cpu_fpu *f, enum x80_order order, unsigned flags)
{
    static const uint16_t codes[] = {
        [X80_LESS] = SW_C0,
        [X80_EQUAL] = SW_C3,
        [X80_GREATER] = 0,
        [X80_UNORDERED] = SW_C0 | SW_C2 | SW_C3,
    };

    if (!fpu_raise(f, flags))
        return false;
    f->sw = (uint16_t)((f->sw & ~(SW_C0 | SW_C2 | SW_C3)) | codes[order]);
    return true;
}

static void pops(struct cpu_fpu *f, unsigned n)
{
    while (n--)
        fpu_pop(f);
}

static void compare_registers(struct cpu *cpu, const struct insn *i,
                              unsigned with, bool quiet, unsigned pop)
{
    struct cpu_fpu *f = &cpu->s.fpu;
    struct x80_env e = fpu_env(f);
    enum x80_order order = X80_UNORDERED;

    fpu_note(cpu, i);
    if (fpu_empty(f, 0) || fpu_empty(f, with))
        e.flags = FPU_UNDERFLOW;
    else
        order = x80_compare(&e, fpu_get(f, 0), fpu_get(f, with), quiet);
    if (set_codes(f, order, e.flags))
        pops(f, pop);
}

void op_fcom_st(struct cpu *cpu, const struct insn *i)
{
    compare_registers(cpu, i, i->rm, false, 0);
}

void op_fcomp_st(struct cpu *cpu, const struct insn *i)
{
    compare_registers(cpu, i, i->rm, false, 1);
}

void op_fcompp(struct cpu *cpu, const struct insn *i)
{
    compare_registers(cpu, i, 1, false, 2);
}

void op_fucom(struct cpu *cpu, const struct insn *i)
{
    compare_registers(cpu, i, i->rm, true, 0);
}

void op_fucomp(struct cpu *cpu, const struct insn *i)
{
    compare_registers(cpu, i, i->rm, true, 1);
}

void op_fucompp(struct cpu *cpu, const struct insn *i)
{
    compare_registers(cpu, i, 1, true, 2);
}

/* FCOMI, FUCOMI (reg 5), popped by DF: the result goes to EFLAGS. */
void op_fcomi(struct cpu *cpu, const struct insn *i)
{
    static const uint32_t codes[] = {
        [X80_LESS] = FLAG_CF,
        [X80_EQUAL] = FLAG_ZF,
        [X80_GREATER] = 0,
        [X80_UNORDERED] = FLAG_CF | FLAG_ZF | FLAG_PF,
    };
    struct cpu_fpu *f = &cpu->s.fpu;
    struct x80_env e = fpu_env(f);
    enum x80_order order = X80_UNORDERED;

    fpu_note(cpu, i);
    if (fpu_empty(f, 0) || fpu_empty(f, i->rm))
        e.flags = FPU_UNDERFLOW;
    else
        order = x80_compare(&e, fpu_get(f, 0), fpu_get(f, i->rm), i->reg == 5);
    if (!fpu_raise(f, e.flags))
        return;
    cpu->s.eflags &=
        ~(uint32_t)(FLAG_OF | FLAG_SF | FLAG_ZF | FLAG_AF | FLAG_PF | FLAG_CF);
    cpu->s.eflags |= codes[order];
    if (i->opcode == 0xdf)
        fpu_pop(f);
}

static void compare_memory(struct cpu *cpu, const struct insn *i, struct x80 b,
                           uint16_t flags)
{
    struct cpu_fpu *f = &cpu->s.fpu;
    struct x80_env e = {f->cw, flags};
    enum x80_order order = X80_UNORDERED;
    struct x80 a = fpu_get(f, 0);

    if (fpu_empty(f, 0)) {
        e.flags = FPU_UNDERFLOW;
    } else {
        order = x80_compare(&e, a, b, false);
        drop_denormal(&e, a, b);
    }
    if (set_codes(f, order, e.flags))
        pops(f, i->reg & 1);
}

void op_ftst(struct cpu *cpu, const struct insn *i)
{
    struct cpu_fpu *f = &cpu->s.fpu;
    struct x80_env e = fpu_env(f);
    enum x80_order order = X80_UNORDERED;

    fpu_note(cpu, i);
    if (fpu_empty(f, 0))
        e.flags = FPU_UNDERFLOW;
    else
        order = x80_compare(&e, fpu_get(f, 0), x80_make(false, 0, 0), false);
    set_codes(f, order, e.flags);
}

void op_fxam(struct cpu *cpu, const struct insn *i)
{
    struct cpu_fpu *f = &cpu->s.fpu;
    struct x80 a = fpu_get(f, 0);
    unsigned code = SW_C2; /* normal */

    fpu_note(cpu, i);
    if (fpu_empty(f, 0))
        code = SW_C3 | SW_C0;
    else if (x80_unsupported(a))
        code = 0;
    else if (x80_nan(a))
        code = SW_C0;
    else if (x80_inf(a))
        code = SW_C2 | SW_C0;
    else if (x80_zero(a))
        code = SW_C3;
    else if (x80_denormal(a))
        code = SW_C3 | SW_C2;
    f->sw = (uint16_t)((f->sw & ~(SW_C0 | SW_C1 | SW_C2 | SW_C3)) | code |
                       (x80_sign(a) ? SW_C1 : 0));
}

/* ---- with memory: the operand's format is the opcode's --------------------
 */

static void two_or_compare(struct cpu *cpu, const struct insn *i, struct x80 b,
                           uint16_t flags)
{
    if ((i->reg & 6) == 2)
        compare_memory(cpu, i, b, flags);
    else
        with_memory(cpu, i, b, flags);
}

void op_farith_m32(struct cpu *cpu, const struct insn *i)
{
    struct x80_env e = {0};
    uint32_t at = ea(cpu, i);
    struct x80 b = x80_from_f32(&e, seg_read(cpu, i->seg, at, 4));

    fpu_note_at(cpu, i, at);
    two_or_compare(cpu, i, b, e.flags);
}

void op_farith_m64(struct cpu *cpu, const struct insn *i)
{
    struct x80_env e = {0};
    uint32_t at = ea(cpu, i);
    struct x80 b = x80_from_f64(&e, seg_read64(cpu, i->seg, at));

    fpu_note_at(cpu, i, at);
    two_or_compare(cpu, i, b, e.flags);
}

/* 32 bits by DA, 16 by DE. */
void op_farith_int(struct cpu *cpu, const struct insn *i)
{
    uint32_t at = ea(cpu, i);
    uint32_t raw = seg_read(cpu, i->seg, at, i->opcode == 0xda ? 4 : 2);

    fpu_note_at(cpu, i, at);
    two_or_compare(
        cpu, i, x80_from_int(i->opcode == 0xda ? (int32_t)raw : (int16_t)raw),
        0);
}

/* ---- one operand ----------------------------------------------------------
 */

static struct x80 changed_sign(struct x80_env *e, struct x80 a)
{
    (void)e;
    a.se ^= X80_SIGN;
    return a;
}

static struct x80 absolute(struct x80_env *e, struct x80 a)
{
    (void)e;
    a.se &= X80_INF;
    return a;
}

void op_fchs(struct cpu *cpu, const struct insn *i)
{
    fpu_of_one(cpu, i, changed_sign);
}

void op_fabs(struct cpu *cpu, const struct insn *i)
{
    fpu_of_one(cpu, i, absolute);
}

void op_fsqrt(struct cpu *cpu, const struct insn *i)
{
    fpu_of_one(cpu, i, x80_sqrt);
}

void op_frndint(struct cpu *cpu, const struct insn *i)
{
    fpu_of_one(cpu, i, x80_rint);
}

void op_fscale(struct cpu *cpu, const struct insn *i)
{
    struct x80 v;

    if (fpu_of_two(cpu, i, 1, x80_scale, &v))
        fpu_set(&cpu->s.fpu, 0, v);
}

/* FXTRACT: the exponent takes the operand's place, the significand is pushed.
 */
void op_fxtract(struct cpu *cpu, const struct insn *i)
{
    struct cpu_fpu *f = &cpu->s.fpu;
    struct x80_env e = fpu_env(f);
    struct x80 exponent = x80_indefinite(), v = exponent;

    fpu_note(cpu, i);
    if (fpu_empty(f, 0))
        e.flags = FPU_UNDERFLOW;
    else if (!fpu_empty(f, 7))
        e.flags = FPU_OVERFLOW;
    else
        v = x80_extract(&e, fpu_get(f, 0), &exponent);
    if (!fpu_raise(f, e.flags))
        return;
    fpu_set(f, 0, exponent);
    fpu_push(f, v);
}

/* FPREM, FPREM1 (F5): C2 while there is more to reduce, else the quotient's
 * bits in C0, C3, C1. */
void op_fprem(struct cpu *cpu, const struct insn *i)
{
    struct cpu_fpu *f = &cpu->s.fpu;
    struct x80_env e = fpu_env(f);
    struct x80 v = x80_indefinite();
    unsigned quotient = 0, codes = 0;
    bool partial = false;

    fpu_note(cpu, i);
    if (fpu_empty(f, 0) || fpu_empty(f, 1))
        e.flags = FPU_UNDERFLOW;
    else
        v = x80_rem(&e, fpu_get(f, 0), fpu_get(f, 1), i->rm == 5, &quotient,
                    &partial);
    f->sw &= (uint16_t)~SW_C2;
    if (!fpu_raise(f, e.flags))
        return;
    fpu_set(f, 0, v);
    if (x80_nan(v)) /* C0 and C3 stay */
        return;
    codes = (quotient & 1 ? SW_C1 : 0) | (quotient & 2 ? SW_C3 : 0) |
            (quotient & 4 ? SW_C0 : 0) | (partial ? SW_C2 : 0);
    f->sw = (uint16_t)((f->sw & ~(SW_C0 | SW_C1 | SW_C2 | SW_C3)) | codes);
}
