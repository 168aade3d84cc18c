/* src/cpu/fpu.h -- the x87 register stack, its exceptions and pointers, as the
 * op_x87_*.c files share them. Source: SDM vol. 1, chapter 8. */
#ifndef CPU_FPU_H
#define CPU_FPU_H

#include "cpu/ops.h"

/** Status word, besides the exceptions of x80.h. */
enum {
    SW_ES = 1 << 7,
    SW_C0 = 1 << 8,
    SW_C1 = X80_C1,
    SW_C2 = 1 << 10,
    SW_C3 = 1 << 14,
    SW_TOP = 7 << 11,
    SW_B = 1 << 15,
};
enum {
    CW_ONE = 1 << 6,                      /* reads as one */
    CW_LEGAL = 0x1f00 | X80_ALL | CW_ONE, /* what FLDCW can set */
    CW_INIT = 0x37f,
};

/** fpu_check() - what stands before an instruction of the FPU, MMX or SSE:
 *  CR0, CR4 and a pending exception; @rules are its F_ flags. SDM vol. 3A,
 *  table 2-2 and 13.1. */
void fpu_check(struct cpu *cpu, unsigned rules);
/** fpu_reset() - RESET#. */
void fpu_reset(struct cpu_fpu *f);
/** fpu_summary() - ES and B from flags and masks. */
void fpu_summary(struct cpu_fpu *f);
/** fpu_tags() - the full tag word, from the contents. */
uint16_t fpu_tags(const struct cpu_fpu *f);

static inline unsigned fpu_physical(const struct cpu_fpu *f, unsigned n)
{
    return ((f->sw >> 11) + n) & 7;
}

static inline bool fpu_empty(const struct cpu_fpu *f, unsigned n)
{
    return !(f->full >> fpu_physical(f, n) & 1);
}

static inline struct x80 fpu_get(const struct cpu_fpu *f, unsigned n)
{
    return f->r[fpu_physical(f, n)];
}

static inline void fpu_set(struct cpu_fpu *f, unsigned n, struct x80 v)
{
    unsigned r = fpu_physical(f, n);

    f->r[r] = v;
    f->full |= (uint8_t)(1u << r);
}

static inline void fpu_free(struct cpu_fpu *f, unsigned n)
{
    f->full &= (uint8_t) ~(1u << fpu_physical(f, n));
}

static inline void fpu_turn(struct cpu_fpu *f, unsigned by)
{
    f->sw = (uint16_t)((f->sw & ~SW_TOP) | ((f->sw + (by << 11)) & SW_TOP));
}

static inline void fpu_pop(struct cpu_fpu *f)
{
    fpu_free(f, 0);
    fpu_turn(f, 1);
}

static inline void fpu_push(struct cpu_fpu *f, struct x80 v)
{
    fpu_turn(f, 7);
    fpu_set(f, 0, v);
}

static inline struct x80_env fpu_env(const struct cpu_fpu *f)
{
    return (struct x80_env){.cw = f->cw};
}

/** fpu_raise() - @flags go to the status word, C1 with them. False: one that is
 *  not masked forbids the result (#I, #D, #Z). */
static inline bool fpu_raise(struct cpu_fpu *f, unsigned flags)
{
    enum { BEFORE = X80_IE | X80_DE | X80_ZE };
    unsigned bad = flags & ~(unsigned)f->cw & X80_ALL;

    if (bad & BEFORE) /* the operation was not done */
        flags &= BEFORE | X80_SF | (flags & X80_SF ? X80_C1 : 0);
    f->sw = (uint16_t)((f->sw & ~SW_C1) | flags | (bad ? SW_ES | SW_B : 0));
    return !(bad & BEFORE);
}

/** fpu_stores() - does a result go to memory that raised @flags? */
static inline bool fpu_stores(const struct cpu_fpu *f, unsigned flags)
{
    return !(flags & ~(unsigned)f->cw & (X80_ALL & ~X80_PE));
}

/** fpu_underflow(), fpu_overflow() - the stack fault's flags. */
enum { FPU_UNDERFLOW = X80_IE | X80_SF };
enum { FPU_OVERFLOW = X80_IE | X80_SF | X80_C1 };

/** fpu_note() - last instruction pointer and opcode; fpu_note_at() - and the
 *  operand's at offset @at of i->seg. SDM vol. 1, 8.1.8. */
static inline void fpu_note(struct cpu *cpu, const struct insn *i)
{
    struct cpu_fpu *f = &cpu->s.fpu;

    f->fip = cpu->s.eip;
    f->fcs = cpu->s.seg[CS].selector;
    f->fop =
        (uint16_t)((i->opcode & 7) << 8 | i->mod << 6 | i->reg << 3 | i->rm);
}

static inline void fpu_note_at(struct cpu *cpu, const struct insn *i,
                               uint32_t at)
{
    fpu_note(cpu, i);
    cpu->s.fpu.fdp = at;
    cpu->s.fpu.fds = cpu->s.seg[i->seg].selector;
}

/** fpu_ferr() - FERR# goes with the exception that it tells of. */
void fpu_ferr(struct cpu *cpu);

/** What is computed of ST(0), or of ST(0) and another. */
typedef struct x80 fpu_one(struct x80_env *e, struct x80 a);
typedef struct x80 fpu_two(struct x80_env *e, struct x80 a, struct x80 b);

/** fpu_of_one() - ST(0) becomes @run of itself, unless it is empty or an
 *  exception that is not masked forbids it. */
void fpu_of_one(struct cpu *cpu, const struct insn *i, fpu_one *run);
/** fpu_of_two() - *@v is @run of ST(0) and ST(@n), or the masked response;
 * false: an exception forbids any result. */
bool fpu_of_two(struct cpu *cpu, const struct insn *i, unsigned n, fpu_two *run,
                struct x80 *v);

#endif
