/* src/cpu/op_x87_move.c -- x87 loads, stores, constants, exchange, conditional
 * moves. Source: SDM vol. 2 under each instruction; vol. 1, 8.3.2 to 8.3.5. */
#include "cpu/fpu.h"

/* ---- loads ----------------------------------------------------------------
 */

/* @flags came with @v. A denormal is loaded in any case. */
static void load(struct cpu_fpu *f, struct x80 v, unsigned flags)
{
    if (!fpu_empty(f, 7) && !(flags & X80_SF)) {
        flags = FPU_OVERFLOW;
        v = x80_indefinite();
    }
    if (fpu_raise(f, flags) || !(flags & X80_IE))
        fpu_push(f, v);
}

void op_fld_m32(struct cpu *cpu, const struct insn *i)
{
    struct x80_env e = fpu_env(&cpu->s.fpu);
    uint32_t at = ea(cpu, i), raw = seg_read(cpu, i->seg, at, 4);
    struct x80 v = x80_from_f32(&e, raw);

    fpu_note_at(cpu, i, at);
    x80_nan1(&e, v, &v);
    load(&cpu->s.fpu, v, e.flags);
}

void op_fld_m64(struct cpu *cpu, const struct insn *i)
{
    struct x80_env e = fpu_env(&cpu->s.fpu);
    uint32_t at = ea(cpu, i);
    struct x80 v = x80_from_f64(&e, seg_read64(cpu, i->seg, at));

    fpu_note_at(cpu, i, at);
    x80_nan1(&e, v, &v);
    load(&cpu->s.fpu, v, e.flags);
}

void op_fld_m80(struct cpu *cpu, const struct insn *i)
{
    uint32_t at = ea(cpu, i);
    struct x80 v = seg_read80(cpu, i->seg, at);

    fpu_note_at(cpu, i, at);
    load(&cpu->s.fpu, v, 0);
}

/* 16 bits by DF, 32 by DB. */
void op_fild(struct cpu *cpu, const struct insn *i)
{
    unsigned bytes = i->opcode == 0xdf ? 2 : 4;
    uint32_t at = ea(cpu, i), raw = seg_read(cpu, i->seg, at, bytes);

    fpu_note_at(cpu, i, at);
    load(&cpu->s.fpu, x80_from_int(bytes == 2 ? (int16_t)raw : (int32_t)raw),
         0);
}

void op_fild_m64(struct cpu *cpu, const struct insn *i)
{
    uint32_t at = ea(cpu, i);
    int64_t v = (int64_t)seg_read64(cpu, i->seg, at);

    fpu_note_at(cpu, i, at);
    load(&cpu->s.fpu, x80_from_int(v), 0);
}

/* Eighteen digits, two a byte, and a sign. Others than 0-9 are undefined: they
 * count as what their bits say. */
void op_fbld(struct cpu *cpu, const struct insn *i)
{
    uint32_t at = ea(cpu, i);
    struct x80 raw = seg_read80(cpu, i->seg, at), v;
    uint64_t sum = 0;

    sum = (raw.se >> 4 & 15) * 10 + (raw.se & 15);
    for (unsigned shift = 64; shift; shift -= 4)
        sum = sum * 10 + (raw.m >> (shift - 4) & 15);
    v = x80_from_int((int64_t)sum);
    v.se |= raw.se & X80_SIGN;
    fpu_note_at(cpu, i, at);
    load(&cpu->s.fpu, v, 0);
}

/* FLD ST(i): the operand is named before the push. */
void op_fld_st(struct cpu *cpu, const struct insn *i)
{
    struct cpu_fpu *f = &cpu->s.fpu;
    struct x80 v = fpu_get(f, i->rm);
    unsigned flags = 0;

    fpu_note(cpu, i);
    if (fpu_empty(f, i->rm)) {
        flags = FPU_UNDERFLOW;
        v = x80_indefinite();
    }
    load(f, v, flags);
}

/* FLD1, FLDL2T, FLDL2E, FLDPI, FLDLG2, FLDLN2, FLDZ: rounded as RC says,
 * without #P. The value is a little above .m; .nearest says to which side. */
void op_fld_const(struct cpu *cpu, const struct insn *i)
{
    static const struct {
        uint16_t exp;
        uint64_t m;
        bool inexact, nearest_up;
    } row[7] = {
        {0x3fff, 1ull << 63, false, false},
        {0x4000, 0xd49a784bcd1b8afe, true, false},
        {0x3fff, 0xb8aa3b295c17f0bb, true, true},
        {0x4000, 0xc90fdaa22168c234, true, true},
        {0x3ffd, 0x9a209a84fbcff798, true, true},
        {0x3ffe, 0xb17217f7d1cf79ab, true, true},
        {0, 0, false, false},
    };
    struct cpu_fpu *f = &cpu->s.fpu;
    struct x80_env e = fpu_env(f);
    unsigned rc = x80_rc(&e), n = i->rm;
    bool up = row[n].inexact &&
              (rc == X80_UP || (rc == X80_NEAREST && row[n].nearest_up));

    fpu_note(cpu, i);
    load(f, x80_make(false, row[n].exp, row[n].m + up), 0);
}

/* ---- stores ---------------------------------------------------------------
 */

/* ST(0), or what an empty one counts as. */
static struct x80 top(const struct cpu_fpu *f, struct x80_env *e)
{
    if (!fpu_empty(f, 0))
        return fpu_get(f, 0);
    e->flags |= FPU_UNDERFLOW;
    return x80_indefinite();
}

/* An unmasked #O or #U leaves memory as it is, and there is no rounding. */
static void give_up(const struct cpu_fpu *f, struct x80_env *e)
{
    if (e->flags & ~f->cw & (X80_OE | X80_UE))
        e->flags &= (uint16_t) ~(X80_PE | X80_C1);
}

/* The value has been written where it had to be: no fault comes after this. */
static void stored(struct cpu *cpu, const struct insn *i, uint32_t at,
                   const struct x80_env *e, bool pop)
{
    struct cpu_fpu *f = &cpu->s.fpu;
    bool done = fpu_stores(f, e->flags);

    fpu_note_at(cpu, i, at);
    fpu_raise(f, e->flags);
    if (done && pop)
        fpu_pop(f);
}

void op_fst_m32(struct cpu *cpu, const struct insn *i)
{
    struct cpu_fpu *f = &cpu->s.fpu;
    struct x80_env e = fpu_env(f);
    uint32_t at = ea(cpu, i), v = x80_to_f32(&e, top(f, &e));

    give_up(f, &e);
    if (fpu_stores(f, e.flags))
        seg_write(cpu, i->seg, at, 4, v);
    stored(cpu, i, at, &e, i->reg == 3);
}

void op_fst_m64(struct cpu *cpu, const struct insn *i)
{
    struct cpu_fpu *f = &cpu->s.fpu;
    struct x80_env e = fpu_env(f);
    uint32_t at = ea(cpu, i);
    uint64_t v = x80_to_f64(&e, top(f, &e));

    give_up(f, &e);
    if (fpu_stores(f, e.flags))
        seg_write64(cpu, i->seg, at, v);
    stored(cpu, i, at, &e, i->reg == 3);
}

void op_fstp_m80(struct cpu *cpu, const struct insn *i)
{
    struct cpu_fpu *f = &cpu->s.fpu;
    struct x80_env e = fpu_env(f);
    uint32_t at = ea(cpu, i);
    struct x80 v = top(f, &e);

    if (fpu_stores(f, e.flags))
        seg_write80(cpu, i->seg, at, v);
    stored(cpu, i, at, &e, true);
}

static int64_t to_int(const struct cpu_fpu *f, struct x80_env *e, unsigned bits)
{
    struct x80 v = top(f, e);

    if (e->flags) /* empty: the integer indefinite */
        v = x80_indefinite();
    return x80_to_int(e, v, bits, x80_rc(e));
}

/* FIST, FISTP: 16 bits by DF, 32 by DB. */
void op_fist(struct cpu *cpu, const struct insn *i)
{
    struct cpu_fpu *f = &cpu->s.fpu;
    struct x80_env e = fpu_env(f);
    unsigned bytes = i->opcode == 0xdf ? 2 : 4;
    uint32_t at = ea(cpu, i), v = (uint32_t)to_int(f, &e, 8 * bytes);

    if (fpu_stores(f, e.flags))
        seg_write(cpu, i->seg, at, bytes, v & mask_of(8 * bytes));
    stored(cpu, i, at, &e, i->reg == 3);
}

void op_fistp_m64(struct cpu *cpu, const struct insn *i)
{
    struct cpu_fpu *f = &cpu->s.fpu;
    struct x80_env e = fpu_env(f);
    uint32_t at = ea(cpu, i);
    uint64_t v = (uint64_t)to_int(f, &e, 64);

    if (fpu_stores(f, e.flags))
        seg_write64(cpu, i->seg, at, v);
    stored(cpu, i, at, &e, true);
}

/* SDM vol. 1, table 4-10: eighteen digits and a sign, or the packed BCD
 * indefinite. */
static struct x80 to_bcd(struct x80_env *e, struct x80 a)
{
    const int64_t most = 999999999999999999;
    uint16_t before = e->flags;
    int64_t v = x80_to_int(e, a, 64, x80_rc(e));
    uint64_t rest;
    struct x80 out = {.se = a.se & X80_SIGN};

    if ((e->flags & ~before & X80_IE) || before || v > most || v < -most) {
        e->flags = before | X80_IE;
        return (struct x80){.m = 3ull << 62, .se = 0xffff};
    }
    rest = (uint64_t)(v < 0 ? -v : v);
    for (unsigned shift = 0; shift < 64; shift += 4, rest /= 10)
        out.m |= rest % 10 << shift;
    out.se |= (uint16_t)(rest % 10 | rest / 10 << 4);
    return out;
}

void op_fbstp(struct cpu *cpu, const struct insn *i)
{
    struct cpu_fpu *f = &cpu->s.fpu;
    struct x80_env e = fpu_env(f);
    uint32_t at = ea(cpu, i);
    struct x80 a = top(f, &e), v = to_bcd(&e, a);

    if (fpu_stores(f, e.flags))
        seg_write80(cpu, i->seg, at, v);
    stored(cpu, i, at, &e, true);
}

static void copy(struct cpu *cpu, const struct insn *i, bool pop)
{
    struct cpu_fpu *f = &cpu->s.fpu;
    struct x80_env e = fpu_env(f);
    struct x80 v = top(f, &e);

    fpu_note(cpu, i);
    if (!fpu_raise(f, e.flags))
        return;
    fpu_set(f, i->rm, v);
    if (pop)
        fpu_pop(f);
}

void op_fst_st(struct cpu *cpu, const struct insn *i)
{
    copy(cpu, i, false);
}

void op_fstp_st(struct cpu *cpu, const struct insn *i)
{
    copy(cpu, i, true);
}

/* D9 /3: an alias of FSTP ST(i) that an empty register does not stop. */
void op_fstpnce(struct cpu *cpu, const struct insn *i)
{
    struct cpu_fpu *f = &cpu->s.fpu;

    fpu_note(cpu, i);
    fpu_raise(f, 0);
    if (!fpu_empty(f, 0))
        fpu_set(f, i->rm, fpu_get(f, 0));
    fpu_pop(f);
}

/* ---- among the registers --------------------------------------------------
 */

void op_fxch(struct cpu *cpu, const struct insn *i)
{
    struct cpu_fpu *f = &cpu->s.fpu;
    bool e0 = fpu_empty(f, 0), en = fpu_empty(f, i->rm);
    struct x80 a = e0 ? x80_indefinite() : fpu_get(f, 0);
    struct x80 b = en ? x80_indefinite() : fpu_get(f, i->rm);

    fpu_note(cpu, i);
    if (!fpu_raise(f, e0 || en ? FPU_UNDERFLOW : 0))
        return;
    fpu_set(f, 0, b);
    fpu_set(f, i->rm, a);
}

/* FCMOVcc: B, E, BE, U by DA; their opposites by DB. */
void op_fcmov(struct cpu *cpu, const struct insn *i)
{
    static const uint32_t bits[4] = {FLAG_CF, FLAG_ZF, FLAG_CF | FLAG_ZF,
                                     FLAG_PF};
    struct cpu_fpu *f = &cpu->s.fpu;
    bool holds = cpu->s.eflags & bits[i->reg & 3];

    fpu_note(cpu, i);
    if (fpu_empty(f, 0) || fpu_empty(f, i->rm)) {
        if (fpu_raise(f, FPU_UNDERFLOW))
            fpu_set(f, 0, x80_indefinite());
        return;
    }
    if (holds != (i->opcode & 1))
        fpu_set(f, 0, fpu_get(f, i->rm));
}

void op_ffree(struct cpu *cpu, const struct insn *i)
{
    fpu_note(cpu, i);
    fpu_raise(&cpu->s.fpu, 0);
    fpu_free(&cpu->s.fpu, i->rm);
}

/* Not documented by Intel, and there since the 287. */
void op_ffreep(struct cpu *cpu, const struct insn *i)
{
    op_ffree(cpu, i);
    fpu_pop(&cpu->s.fpu);
}

void op_fturn(struct cpu *cpu, const struct insn *i) /* FDECSTP, FINCSTP */
{
    fpu_note(cpu, i);
    fpu_raise(&cpu->s.fpu, 0);
    fpu_turn(&cpu->s.fpu, i->rm == 6 ? 7 : 1);
}

void op_fnop(struct cpu *cpu, const struct insn *i)
{
    fpu_note(cpu, i);
}
