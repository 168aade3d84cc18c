/* src/cpu/op_x87_trans.c -- x87 transcendental instructions. Source: SDM vol. 2
 * under each; vol. 1, 8.3.7 to 8.3.11. */
#include "cpu/fpu.h"
#include "cpu/x80_trans.h"

void op_f2xm1(struct cpu *cpu, const struct insn *i)
{
    fpu_of_one(cpu, i, x80_2xm1);
}

/* Of ST(0) and ST(1) to ST(1), and ST(0) goes. */
static void of_two(struct cpu *cpu, const struct insn *i, fpu_two *run)
{
    struct cpu_fpu *f = &cpu->s.fpu;
    struct x80 v;

    if (!fpu_of_two(cpu, i, 1, run, &v))
        return;
    fpu_set(f, 1, v);
    fpu_pop(f);
}

static struct x80 arc_tangent(struct x80_env *e, struct x80 x, struct x80 y)
{
    return x80_atan2(e, y, x);
}

void op_fyl2x(struct cpu *cpu, const struct insn *i)
{
    of_two(cpu, i, x80_yl2x);
}

void op_fyl2xp1(struct cpu *cpu, const struct insn *i)
{
    of_two(cpu, i, x80_yl2xp1);
}

void op_fpatan(struct cpu *cpu, const struct insn *i)
{
    of_two(cpu, i, arc_tangent);
}

/* ---- of angles: C2 tells one that cannot be reduced -----------------------
 * FPTAN pushes 1, FSINCOS the cosine. */

static bool reducible(struct cpu_fpu *f)
{
    f->sw &= (uint16_t) ~(SW_C1 | SW_C2);
    if (fpu_empty(f, 0) || x80_angle(fpu_get(f, 0)) ||
        x80_unsupported(fpu_get(f, 0)))
        return true;
    f->sw |= SW_C2;
    return false;
}

static void one(struct cpu *cpu, const struct insn *i, fpu_one *run)
{
    fpu_note(cpu, i);
    if (reducible(&cpu->s.fpu))
        fpu_of_one(cpu, i, run);
}

static struct x80 unit(struct x80_env *e, struct x80 a)
{
    (void)e;
    return x80_nan(a) ? a : x80_make(false, X80_BIAS, 1ull << 63);
}

static void two(struct cpu *cpu, const struct insn *i, fpu_one *run,
                fpu_one *pushed)
{
    struct cpu_fpu *f = &cpu->s.fpu;
    struct x80_env e = fpu_env(f), other = e;
    struct x80 v = x80_indefinite(), w = v;

    fpu_note(cpu, i);
    if (fpu_empty(f, 0)) {
        e.flags = FPU_UNDERFLOW;
    } else if (!fpu_empty(f, 7)) {
        e.flags = FPU_OVERFLOW;
    } else {
        if (!reducible(f))
            return;
        v = run(&e, fpu_get(f, 0));
        w = pushed == unit ? unit(&e, v) : pushed(&other, fpu_get(f, 0));
        e.flags |= other.flags & (uint16_t)~X80_C1;
    }
    f->sw &= (uint16_t)~SW_C2;
    if (!fpu_raise(f, e.flags))
        return;
    fpu_set(f, 0, v);
    fpu_push(f, w);
}

void op_fsin(struct cpu *cpu, const struct insn *i)
{
    one(cpu, i, x80_sin);
}

void op_fcos(struct cpu *cpu, const struct insn *i)
{
    one(cpu, i, x80_cos);
}

void op_fsincos(struct cpu *cpu, const struct insn *i)
{
    two(cpu, i, x80_sin, x80_cos);
}

void op_fptan(struct cpu *cpu, const struct insn *i)
{
    two(cpu, i, x80_tan, unit);
}
