/* src/debug/unwind.c -- call frame information, by libdw: where the caller's
 * registers are. The expressions it gives are computed here, in few steps.
 * Source: DWARF 5, 2.5 and 6.4; System V ABI, Intel386 supplement: registers.
 */
#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

#include "debug/unwind.h"

enum { ESP = 4, REGISTERS = 8, STEPS = 64, DEEP = 16 };

/** A DWARF expression's stack. */
struct stack {
    const struct unwind *u;
    uint32_t cfa, value[DEEP];
    unsigned depth;
    bool is_value; /* the result is no address of it */
};

static bool push(struct stack *s, uint32_t value)
{
    if (s->depth >= DEEP)
        return false;
    s->value[s->depth++] = value;
    return true;
}

static bool binary(struct stack *s, uint8_t atom)
{
    uint32_t b, *a;

    if (s->depth < 2)
        return false;
    b = s->value[--s->depth];
    a = &s->value[s->depth - 1];
    switch (atom) {
    case DW_OP_plus:
        *a += b;
        return true;
    case DW_OP_minus:
        *a -= b;
        return true;
    case DW_OP_and:
        *a &= b;
        return true;
    default:
        return false;
    }
}

static bool push_register(struct stack *s, uint64_t reg, uint32_t offset)
{
    return reg < REGISTERS && s->u->known >> reg & 1 &&
           push(s, s->u->reg[reg] + offset);
}

static bool step(struct stack *s, const Dwarf_Op *op)
{
    if (op->atom >= DW_OP_breg0 && op->atom <= DW_OP_breg31)
        return push_register(s, op->atom - DW_OP_breg0, (uint32_t)op->number);
    if (op->atom >= DW_OP_lit0 && op->atom <= DW_OP_lit31)
        return push(s, op->atom - DW_OP_lit0);
    switch (op->atom) {
    case DW_OP_bregx:
        return push_register(s, op->number, (uint32_t)op->number2);
    case DW_OP_call_frame_cfa:
        return push(s, s->cfa);
    case DW_OP_addr:
    case DW_OP_const1u ... DW_OP_consts:
        return push(s, (uint32_t)op->number);
    case DW_OP_plus_uconst:
        if (!s->depth)
            return false;
        s->value[s->depth - 1] += (uint32_t)op->number;
        return true;
    case DW_OP_deref:
        return s->depth && unwind_read(s->u, s->value[s->depth - 1],
                                       &s->value[s->depth - 1]);
    case DW_OP_stack_value:
        s->is_value = true;
        return true;
    case DW_OP_nop:
        return true;
    default:
        return binary(s, op->atom);
    }
}

static bool compute(struct stack *s, const Dwarf_Op *ops, size_t count,
                    uint32_t *result)
{
    for (size_t i = 0; i < count; i++)
        if (i >= STEPS || !step(s, &ops[i]))
            return false;
    if (!s->depth)
        return false;
    *result = s->value[s->depth - 1];
    return true;
}

enum found { UNKNOWN, SAME, FOUND };

static enum found register_of(Dwarf_Frame *frame, const struct unwind *u,
                              uint32_t cfa, int number, uint32_t *value)
{
    struct stack s = {.u = u, .cfa = cfa};
    Dwarf_Op memory[3], *ops;
    size_t count;

    if (dwarf_frame_register(frame, number, memory, &ops, &count) != 0)
        return UNKNOWN;
    if (!count)
        return ops ? UNKNOWN : SAME;
    if (!compute(&s, ops, count, value))
        return UNKNOWN;
    return s.is_value || unwind_read(u, *value, value) ? FOUND : UNKNOWN;
}

static bool apply(Dwarf_Frame *frame, struct unwind *u)
{
    struct unwind out = *u;
    struct stack s = {.u = u};
    int eip = dwarf_frame_info(frame, NULL, NULL, NULL);
    Dwarf_Op *ops;
    size_t count;

    if (dwarf_frame_cfa(frame, &ops, &count) != 0 ||
        !compute(&s, ops, count, &out.cfa) ||
        register_of(frame, u, out.cfa, eip, &out.eip) != FOUND)
        return false;
    for (int i = 0; i < REGISTERS; i++) {
        enum found found = register_of(frame, u, out.cfa, i, &out.reg[i]);

        if (found == UNKNOWN)
            out.known &= (uint8_t) ~(1u << i);
        else if (found == FOUND)
            out.known |= (uint8_t)(1u << i);
    }
    out.reg[ESP] = out.cfa;
    out.known |= 1u << ESP;
    *u = out;
    return true;
}

static bool by_table(Dwarf_CFI *table, uint32_t address, struct unwind *u)
{
    Dwarf_Frame *frame = NULL;
    bool good;

    if (!table || dwarf_cfi_addrframe(table, address, &frame) != 0)
        return false;
    good = apply(frame, u);
    free(frame);
    return good;
}

bool unwind_cfi(const struct symbol_file *f, uint32_t rva, struct unwind *u)
{
    return by_table(f->frames, f->link + rva, u) ||
           by_table(f->eh_frames, f->link + rva, u);
}
