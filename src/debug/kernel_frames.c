/* src/debug/kernel_frames.c -- call frame information of the kernel's stubs,
 * vectors and trampolines: what docs/ke.md says lies on the guest's stack
 * there. Source: DWARF 4, 6.4; System V ABI, Intel386 supplement: registers. */
#include <dwarf.h>
#include <string.h>

#include "debug/kernel_frames.h"
#include "debug/symbols.h"

enum { ESP = 4, EBP = 5, EIP = 8 };

static void put(struct vec *out, const void *bytes, uint32_t count)
{
    uint32_t at = out->count;

    if (vec_resize(out, 1, at + count))
        memcpy((uint8_t *)out->data + at, bytes, count);
    else
        vec_free(out); /* what is too short at the end is seen there */
}

static void put32(struct vec *out, uint32_t value)
{
    put(out, &value, sizeof value);
}

/** Instructions for one range. */
struct rules {
    const uint8_t *bytes;
    uint32_t count;
};
#define RULES(...)                                                             \
    (struct rules)                                                             \
    {                                                                          \
        (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}) \
    }

/* An entry's length comes first and ends on a multiple of 4. */
static void end_entry(struct vec *out, uint32_t start)
{
    uint32_t bytes;

    while (out->count & 3)
        put(out, &(uint8_t){DW_CFA_nop}, 1);
    bytes = out->count - start - 4;
    if (out->count > start)
        memcpy((uint8_t *)out->data + start, &bytes, sizeof bytes);
}

/* A common information entry; "zS": what it calls was interrupted. */
static uint32_t common(struct vec *out, bool interrupted, const uint8_t *rules,
                       uint32_t bytes)
{
    static const uint8_t call[] = {1, 0, 1, 0x7c, EIP};
    static const uint8_t trap[] = {1, 'z', 'S', 0, 1, 0x7c, EIP, 0};
    uint32_t start = out->count;

    put32(out, 0);
    put32(out, DW_CIE_ID_32);
    if (interrupted)
        put(out, trap, sizeof trap);
    else
        put(out, call, sizeof call);
    put(out, rules, bytes);
    end_entry(out, start);
    return start;
}

static void range(struct vec *out, uint32_t entry, bool interrupted, gva_t at,
                  uint32_t bytes, struct rules rules)
{
    uint32_t start = out->count;

    put32(out, 0);
    put32(out, entry);
    put32(out, at.v);
    put32(out, bytes);
    if (interrupted)
        put(out, &(uint8_t){0}, 1); /* bytes of its augmentation */
    put(out, rules.bytes, rules.count);
    end_entry(out, start);
}

/* A routine's stub: the return address is on top. */
static const uint8_t stub_rules[] = {DW_CFA_def_cfa, ESP, 4,
                                     DW_CFA_offset | EIP, 1};
/* A trap frame, EIP CS EFLAGS, is on top. */
static const uint8_t trap_rules[] = {DW_CFA_def_cfa, ESP, 12,
                                     DW_CFA_offset | EIP, 3};
static const uint8_t no_caller[] = {DW_CFA_def_cfa, ESP, 4, DW_CFA_undefined,
                                    EIP};
/* EBP is the frame that the kernel pushed when it called guest code: saved EBP,
 * then the return address of the routine's stub, or the trap frame of what was
 * interrupted. That is told by CS being the kernel's and by the bits of EFLAGS
 * that are always so (SDM vol. 1, 3.4.3): the CFA is 8 bytes on, or 16. Where
 * a page ends it is 8, unasked: the DPCs' stack ends there, and what cannot be
 * read stops gdb's `next`. */
static const uint8_t callback_rules[] = {
    /* clang-format off */
    DW_CFA_def_cfa_expression, 44,
    DW_OP_breg0 + EBP, 8,
    DW_OP_dup, DW_OP_const2u, 0xff, 0xf, DW_OP_and, DW_OP_lit0, DW_OP_ne,
    DW_OP_breg0 + EBP, 0, DW_OP_lit31, DW_OP_shr, DW_OP_and,
    DW_OP_lit0, DW_OP_eq, DW_OP_bra, 25, 0,       /* a page's end, no EBP */
    DW_OP_dup, DW_OP_deref,
    DW_OP_lit8, DW_OP_eq,                         /* [EBP+8]: CS?        */
    DW_OP_bra, 3, 0, DW_OP_skip, 15, 0,           /* no: to the end      */
    DW_OP_dup, DW_OP_plus_uconst, 4, DW_OP_deref, /* [EBP+12]: EFLAGS?   */
    DW_OP_const4u, 0x2a, 0x80, 0xc0, 0xff, DW_OP_and, DW_OP_lit2, DW_OP_eq,
    DW_OP_lit8, DW_OP_mul, DW_OP_plus,            /* yes: 8 more         */
    DW_CFA_expression, EBP, 2, DW_OP_breg0 + EBP, 0,
    DW_CFA_expression, EIP, 2, DW_OP_breg0 + EBP, 4,
    /* clang-format on */
};

static bool has_error_code(unsigned vector)
{
    return vector == 8 || (vector >= 10 && vector <= 14) || vector == 17;
}

/* SDM vol. 3A 6.13: until the kernel was entered, an error code is on top. */
static void vector_range(struct vec *out, uint32_t entry, unsigned vector,
                         const struct inspect_kernel_symbol *k)
{
    enum { VMCALL_BYTES = 3 };

    if (has_error_code(vector))
        range(out, entry, true, k->start, k->bytes,
              RULES(DW_CFA_def_cfa_offset, 16,
                    DW_CFA_advance_loc | VMCALL_BYTES, DW_CFA_def_cfa_offset,
                    12));
    else
        range(out, entry, true, k->start, k->bytes, RULES(DW_CFA_nop));
}

/** The common entries, by what they stand for. */
struct entries {
    uint32_t stub, trap, callback, end;
};

/* The last of a stub's bytes is filling. A debugger looks one byte in front of
 * a return address, so a trampoline has its neighbour's. */
static void one(struct vec *out, const struct entries *e, gva_t text,
                const struct inspect_kernel_symbol *symbol)
{
    struct inspect_kernel_symbol narrow = *symbol, *k = &narrow;

    if (k->kind == KERNEL_TRAMPOLINE)
        k->start.v--;
    else
        k->bytes--;
    switch (k->kind) {
    case KERNEL_ROUTINE:
        range(out, e->stub, false, k->start, k->bytes, RULES(DW_CFA_nop));
        return;
    case KERNEL_VECTOR:
        vector_range(out, e->trap, (k->start.v - text.v) / symbol->bytes, k);
        return;
    case KERNEL_TRAP:
        range(out, e->trap, true, k->start, k->bytes, RULES(DW_CFA_nop));
        return;
    case KERNEL_TRAMPOLINE:
        if (strcmp(k->name, "KiThreadEnd") != 0) {
            range(out, e->callback, false, k->start, k->bytes,
                  RULES(DW_CFA_nop));
            return;
        }
        /* fall through */
    case KERNEL_IDLE:
        range(out, e->end, false, k->start, k->bytes, RULES(DW_CFA_nop));
        return;
    case KERNEL_MISSING:
    case KERNEL_DATA:
        return;
    }
}

bool kernel_frames(const struct machine *m, struct vec *out)
{
    struct inspect_kernel_image image;
    struct inspect_kernel_symbol k;
    struct entries e;

    e.stub = common(out, false, stub_rules, sizeof stub_rules);
    e.trap = common(out, true, trap_rules, sizeof trap_rules);
    e.callback = common(out, false, callback_rules, sizeof callback_rules);
    e.end = common(out, false, no_caller, sizeof no_caller);
    for (unsigned i = 0; inspect_kernel_image_at(m, i, &image); i++)
        for (uint32_t at = 0; kernel_next(m, &image, &at, &k);)
            one(out, &e, image.text, &k);
    return e.end && out->count > e.end;
}
