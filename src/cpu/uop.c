/* src/cpu/uop.c -- from a decoded instruction to the handler that does it: its
 * operands put where handlers want them, its form, its row. */
#include <assert.h>

#include "cpu/fast.h"

static_assert(offsetof(struct cpu, s.reg) + sizeof(uint32_t) * CPU_REGS <= 256,
              "registers have offsets of a byte");

static uint8_t reg_offset(unsigned reg, unsigned bits)
{
    return (uint8_t)(bits == 8 && reg > 3 ? register_offset(reg - 4) + 1
                                          : register_offset(reg));
}

enum operand_kind { NONE, REGISTER, IMMEDIATE, MEMORY, OTHER };

/* What kind of operand it is, and which register. */
static enum operand_kind operand_kind(const struct insn *i, unsigned code,
                                      unsigned *reg)
{
    switch (code) {
    case O_NONE:
        return NONE;
    case O_Eb:
    case O_Ew:
    case O_Ed:
    case O_Ev:
        *reg = i->rm;
        return i->mod == 3 ? REGISTER : MEMORY;
    case O_M:
    case O_Ob:
    case O_Ov:
        return MEMORY;
    case O_Gb:
    case O_Gw:
    case O_Gd:
    case O_Gv:
        *reg = i->reg;
        return REGISTER;
    case O_Zb:
    case O_Zv:
        *reg = i->opcode & 7;
        return REGISTER;
    case O_AL:
    case O_AX:
    case O_eAX:
        *reg = EAX;
        return REGISTER;
    case O_CL:
        *reg = ECX;
        return REGISTER;
    case O_Ib:
    case O_Iw:
    case O_Iv:
    case O_sIb:
    case O_ONE:
        return IMMEDIATE;
    default:
        return OTHER;
    }
}

static uint16_t address_register(uint8_t reg_and_one)
{
    return reg_and_one ? register_offset(reg_and_one - 1u) : REGISTER_NONE;
}

/* FS and GS have bases and limits; LEA asks for neither. */
static bool in_segment(const struct insn *i)
{
    return i->seg > DS && i->run != op_lea;
}

/* False: addresses of 16 bits; a code segment may not be read. */
static bool put_address(struct uop *u, const struct insn *i)
{
    if (i->abits != 32 || (i->seg == CS && i->run != op_lea))
        return false;
    u->base = address_register(i->base);
    u->index = address_register(i->index);
    u->scale = i->scale;
    u->disp = i->disp;
    u->seg = i->seg;
    return true;
}

/* FAST_FORMS: there is none. */
static enum fast_form form_of(enum operand_kind dst, enum operand_kind src,
                              const struct insn *i)
{
    enum { BASE, INDEX, SEGMENT }; /* the order of forms in fast.h */
    unsigned how = in_segment(i) ? SEGMENT : i->index ? INDEX : BASE;

    if (dst == REGISTER && src == REGISTER)
        return FORM_RR;
    if (dst == REGISTER && (src == IMMEDIATE || src == NONE))
        return FORM_RI;
    if (dst == REGISTER && src == MEMORY)
        return FORM_RM + how;
    if (dst == MEMORY && src == REGISTER)
        return FORM_MR + how;
    if (dst == MEMORY && (src == IMMEDIATE || src == NONE))
        return FORM_MI + how;
    return FAST_FORMS;
}

static const struct fast_row *row_of(op_run *run)
{
    static const struct fast_row *const table[] = {
        fast_move_rows, fast_alu_rows, fast_shift_rows, fast_multiply_rows};

    for (unsigned t = 0; t < sizeof table / sizeof *table; t++) {
        for (const struct fast_row *row = table[t]; row->run; row++) {
            if (row->run == run)
                return row;
        }
    }
    return NULL;
}

static uop_run *by_row(const struct insn *i, enum fast_form form)
{
    unsigned bits = operand_bits(i, i->op->dst);
    const struct fast_row *row = row_of(i->run);

    if (!row || form == FAST_FORMS)
        return NULL;
    if (i->op->src >= O_Eb && i->op->src <= O_Ev) {
        unsigned from = operand_bits(i, i->op->src);

        if (i->run == op_mov && from != bits) /* MOVZX */
            row = &fast_movzx_row;
        if (i->run == op_movsx || row == &fast_movzx_row) {
            if (bits != 32)
                return NULL;
            bits = from;
        }
    }
    return row->form[bits == 8 ? 0 : bits == 16 ? 1 : 2][form];
}

static uop_run *by_condition(const struct insn *i, enum operand_kind dst,
                             enum operand_kind src)
{
    const struct fast_condition *c = &fast_conditions[i->opcode & 15];

    if (i->run == op_setcc)
        return dst == REGISTER ? c->set : NULL;
    if (i->run != op_cmov || i->bits != 32)
        return NULL;
    return src == REGISTER ? c->move : i->index ? c->move_index : c->move_base;
}

static uop_run *choose(const struct block *b, struct uop *u,
                       const struct insn *i)
{
    unsigned dst_reg = 0, src_reg = 0;
    enum operand_kind dst = operand_kind(i, i->op->dst, &dst_reg);
    enum operand_kind src = operand_kind(i, i->op->src, &src_reg);
    bool memory = dst == MEMORY || src == MEMORY;
    uop_run *run;

    u->dst = reg_offset(dst_reg, operand_bits(i, i->op->dst));
    u->src = reg_offset(src_reg, operand_bits(i, i->op->src));
    u->imm = i->op->src == O_ONE ? 1 : i->imm;
    if (memory && !put_address(u, i))
        return NULL;
    run = by_row(i, form_of(dst, src, i));
    if (memory && in_segment(i))
        return run;
    if (!run)
        run = by_condition(i, dst, src);
    if (!run)
        run = fast_stack(u, i);
    if (!run)
        run = fast_string(i);
    if (!run)
        run = fast_port(u, i);
    if (!run)
        run = fast_extend(i);
    return run ? run : fast_jump(b, u, i);
}

void uop_make(const struct block *b, struct uop *u, const struct insn *i)
{
    bool is_flat = (b->key >> MODE_SHIFT) == (MODE_BIG | MODE_FLAT);
    uop_run *run = NULL;

    if (!i) {
        u->run =
            (b->key & PAGE_MASK) + u->at < PAGE_BYTES ? uop_end : uop_end_far;
        return;
    }
    if (is_flat && !i->lock && !i->checked)
        run = choose(b, u, i);
    else if (is_flat && !i->lock && !(i->checked & ~F_UNIT) &&
             (i->mod == 3 || (!in_segment(i) && put_address(u, i))))
        run = fast_fpu(u, i);
    u->run = run ? run : uop_generic;
}
