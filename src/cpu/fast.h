/* src/cpu/fast.h -- tables that say which fast handler does an instruction: by
 * its generic handler in opcodes.def, the form of its operands, their size. */
#ifndef CPU_FAST_H
#define CPU_FAST_H

#include "cpu/ops.h"
#include "cpu/uop.h"

/** Register, immediate; memory (by base, with an index, in FS or GS) as source,
 *  as destination, with immediate. */
enum fast_form {
    FORM_RR,
    FORM_RI,
    FORM_RM,
    FORM_RX,
    FORM_RS,
    FORM_MR,
    FORM_XR,
    FORM_SR,
    FORM_MI,
    FORM_XI,
    FORM_SI,
    FAST_FORMS
};

struct fast_row {
    op_run *run;
    uop_run *form[3][FAST_FORMS]; /* 8, 16, 32 bits; NULL: generic */
};

extern const struct fast_row fast_alu_rows[], fast_move_rows[],
    fast_shift_rows[], fast_multiply_rows[];
extern const struct fast_row fast_movzx_row;

/** By condition: Jcc inside the page, out of it, SETcc, CMOVcc of registers
 *  and of memory. */
struct fast_condition {
    uop_run *near, *far, *set, *move, *move_base, *move_index;
};
extern const struct fast_condition fast_conditions[16];

/** fast_jump() - the handler of a jump, call, return or stack instruction of a
 *  flat block, with its operands in @u; NULL: generic. */
uop_run *fast_jump(const struct block *b, struct uop *u, const struct insn *i);
/** fast_stack() - the same of PUSH, POP, LEAVE. */
uop_run *fast_stack(struct uop *u, const struct insn *i);

/** fast_extend() - the same of CDQ and CWDE. */
uop_run *fast_extend(const struct insn *i);
/** fast_port() - the same of IN and OUT, the port in @u as an address. */
uop_run *fast_port(struct uop *u, const struct insn *i);
/** fast_string() - the same of MOVS, STOS, LODS. */
uop_run *fast_string(const struct insn *i);

/** fast_fpu() - the same of the FPU, MMX and SSE, a memory operand's address in
 *  @u already. */
uop_run *fast_fpu(struct uop *u, const struct insn *i);

/** What names registers in a uop: their place in struct cpu, or that of a word
 *  of zero. */
enum { REGISTER_NONE = offsetof(struct cpu, fast.zero) };
static inline uint8_t register_offset(unsigned reg)
{
    return (uint8_t)(offsetof(struct cpu, s.reg) + sizeof(uint32_t) * reg);
}

/* ---- handlers made by macro: NAME(a, b) is what an instruction does
 * --------*/

#define FAST_HANDLER(name)                                                     \
    static const struct uop *name(struct cpu *cpu, const struct uop *u)

#define FAST_REGISTER(name, bits, stores, source, form)                        \
    FAST_HANDLER(name##bits##_##form)                                          \
    {                                                                          \
        uint##bits##_t *to = reg##bits(cpu, u->dst);                           \
        uint##bits##_t r = name##bits(cpu, *to, source);                       \
                                                                               \
        if (stores)                                                            \
            *to = r;                                                           \
        NEXT;                                                                  \
    }
#define FAST_LOAD(name, bits, stores, where, form)                             \
    FAST_HANDLER(name##bits##_##form)                                          \
    {                                                                          \
        const uint8_t *at = host_##where(cpu, u, bits / 8, cpu->fast.read);    \
        uint##bits##_t *to = reg##bits(cpu, u->dst), v, r;                     \
                                                                               \
        if (!at)                                                               \
            GENERIC;                                                           \
        memcpy(&v, at, sizeof v);                                              \
        r = name##bits(cpu, *to, v);                                           \
        if (stores)                                                            \
            *to = r;                                                           \
        NEXT;                                                                  \
    }
#define FAST_STORE(name, bits, stores, where, source, form)                    \
    FAST_HANDLER(name##bits##_##form)                                          \
    {                                                                          \
        uint8_t *at = host_##where(cpu, u, bits / 8,                           \
                                   stores ? cpu->fast.write : cpu->fast.read); \
        uint##bits##_t v, r;                                                   \
                                                                               \
        if (!at)                                                               \
            GENERIC;                                                           \
        memcpy(&v, at, sizeof v);                                              \
        r = name##bits(cpu, v, source);                                        \
        if (stores)                                                            \
            memcpy(at, &r, sizeof r);                                          \
        NEXT;                                                                  \
    }
#define FAST_IMM(bits) ((uint##bits##_t)u->imm)
#define FAST_SRC(bits) (*reg##bits(cpu, u->src))
#define FAST_FORMS_OF(name, bits, stores)                                      \
    FAST_REGISTER(name, bits, stores, FAST_SRC(bits), rr)                      \
    FAST_LOAD(name, bits, stores, at_base, rm)                                 \
    FAST_LOAD(name, bits, stores, at_index, rx)                                \
    FAST_LOAD(name, bits, stores, at_segment, rs)                              \
    FAST_STORE(name, bits, stores, at_base, FAST_SRC(bits), mr)                \
    FAST_STORE(name, bits, stores, at_index, FAST_SRC(bits), xr)               \
    FAST_STORE(name, bits, stores, at_segment, FAST_SRC(bits), sr)             \
    FAST_IMM_FORMS_OF(name, bits, stores)
#define FAST_IMM_FORMS_OF(name, bits, stores)                                  \
    FAST_REGISTER(name, bits, stores, FAST_IMM(bits), ri)                      \
    FAST_STORE(name, bits, stores, at_base, FAST_IMM(bits), mi)                \
    FAST_STORE(name, bits, stores, at_index, FAST_IMM(bits), xi)               \
    FAST_STORE(name, bits, stores, at_segment, FAST_IMM(bits), si)
#define FAST_ROW_OF(name, bits)                                                \
    {                                                                          \
        name##bits##_rr, name##bits##_ri, name##bits##_rm, name##bits##_rx,    \
            name##bits##_rs, name##bits##_mr, name##bits##_xr,                 \
            name##bits##_sr, name##bits##_mi, name##bits##_xi, name##bits##_si \
    }
#define FAST_IMM_ROW_OF(name, bits)                                            \
    {                                                                          \
        [FORM_RI] = name##bits##_ri, [FORM_MI] = name##bits##_mi,              \
        [FORM_XI] = name##bits##_xi, [FORM_SI] = name##bits##_si               \
    }

#endif
