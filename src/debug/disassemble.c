/* src/debug/disassemble.c -- instructions in Intel syntax, by Zydis. Bytes come
 * from guest memory, whatever they are. */
#include <Zydis/Zydis.h>
#include <stdio.h>
#include <string.h>

#include "halbox/symbols.h"

enum {
    CODE_SEGMENT = 1,
    SEGMENT_BIG = 1 << 14,
};

struct code_view code_view_cpu(const struct machine *m)
{
    struct inspect_cpu cpu;

    inspect_cpu(m, &cpu);
    return (struct code_view){
        .space = SPACE_CPU,
        .bits = cpu.segment[CODE_SEGMENT].access & SEGMENT_BIG ? 32 : 16,
        .base = cpu.segment[CODE_SEGMENT].base};
}

gva_t code_at(const struct machine *m)
{
    struct inspect_cpu cpu;

    inspect_cpu(m, &cpu);
    return gva_of(cpu.segment[CODE_SEGMENT].base + cpu.eip);
}

/** What the names in an operand come from. */
struct naming {
    const struct symbols *symbols;
    const struct machine *m;
    uint32_t base;
    ZydisFormatterFunc plain; /* how Zydis prints an address */
};

/* A long name is cut, so that it fits whatever else is in the text. */
static ZyanStatus print_address(const ZydisFormatter *formatter,
                                ZydisFormatterBuffer *buffer,
                                ZydisFormatterContext *context)
{
    const struct naming *n = context->user_data;
    char name[INSTRUCTION_TEXT / 2];
    ZyanStringView view;
    ZyanString *text;
    ZyanU64 at;
    int bytes;

    if (!ZYAN_SUCCESS(ZydisCalcAbsoluteAddress(context->instruction,
                                               context->operand,
                                               context->runtime_address, &at)))
        return n->plain(formatter, buffer, context);
    bytes = symbols_text(n->symbols, n->m, gva_of((uint32_t)at + n->base), name,
                         sizeof name);
    if (bytes <= 0 ||
        !ZYAN_SUCCESS(ZydisFormatterBufferAppend(buffer, ZYDIS_TOKEN_SYMBOL)) ||
        !ZYAN_SUCCESS(ZydisFormatterBufferGetString(buffer, &text)))
        return n->plain(formatter, buffer, context);
    ZyanStringViewInsideBuffer(&view, name);
    return ZyanStringAppend(text, &view);
}

static void format(struct naming *naming, const ZydisDecodedInstruction *i,
                   const ZydisDecodedOperand *operands, uint32_t eip,
                   struct instruction *out)
{
    const void *hook = (const void *)print_address;
    ZydisFormatter f;

    ZydisFormatterInit(&f, ZYDIS_FORMATTER_STYLE_INTEL);
    ZydisFormatterSetProperty(&f, ZYDIS_FORMATTER_PROP_HEX_UPPERCASE, false);
    ZydisFormatterSetHook(&f, ZYDIS_FORMATTER_FUNC_PRINT_ADDRESS_ABS, &hook);
    naming->plain = (ZydisFormatterFunc)hook;
    if (!ZYAN_SUCCESS(ZydisFormatterFormatInstruction(
            &f, i, operands, i->operand_count_visible, out->text,
            sizeof out->text, eip, naming)))
        snprintf(out->text, sizeof out->text, "%s",
                 ZydisMnemonicGetString(i->mnemonic));
}

static enum instruction_flow flow_of(const ZydisDecodedInstruction *i)
{
    enum {
        REPEATS = ZYDIS_ATTRIB_HAS_REP | ZYDIS_ATTRIB_HAS_REPE |
                  ZYDIS_ATTRIB_HAS_REPNE
    };

    switch (i->meta.category) {
    case ZYDIS_CATEGORY_UNCOND_BR:
        return FLOW_JUMP;
    case ZYDIS_CATEGORY_COND_BR:
        return FLOW_BRANCH;
    case ZYDIS_CATEGORY_CALL:
    case ZYDIS_CATEGORY_INTERRUPT:
        return FLOW_CALL;
    case ZYDIS_CATEGORY_RET:
        return FLOW_RETURN;
    default:
        return i->attributes & REPEATS ? FLOW_REPEAT : FLOW_NEXT;
    }
}

/* Only what the instruction itself names. */
static void find_target(const ZydisDecodedInstruction *i,
                        const ZydisDecodedOperand *operand,
                        struct code_view view, struct instruction *out)
{
    ZyanU64 at;

    if (!i->operand_count_visible ||
        operand->type != ZYDIS_OPERAND_TYPE_IMMEDIATE ||
        !operand->imm.is_relative ||
        !ZYAN_SUCCESS(
            ZydisCalcAbsoluteAddress(i, operand, out->at.v - view.base, &at)))
        return;
    out->has_target = true;
    out->target = gva_of((uint32_t)at + view.base);
}

/* As many as can be read, at least 0. */
static unsigned read_code(const struct machine *m, uint32_t space, gva_t at,
                          uint8_t *to)
{
    for (unsigned n = INSTRUCTION_BYTES; n; n--)
        if (inspect_virtual(m, space, at, to, n))
            return n;
    return 0;
}

static bool decode(struct code_view view, const uint8_t *bytes, unsigned count,
                   ZydisDecodedInstruction *i, ZydisDecodedOperand *operands)
{
    bool big = view.bits != 16;
    ZydisDecoder d;

    return ZYAN_SUCCESS(ZydisDecoderInit(&d,
                                         big ? ZYDIS_MACHINE_MODE_LEGACY_32
                                             : ZYDIS_MACHINE_MODE_LEGACY_16,
                                         big ? ZYDIS_STACK_WIDTH_32
                                             : ZYDIS_STACK_WIDTH_16)) &&
           ZYAN_SUCCESS(ZydisDecoderDecodeFull(&d, bytes, count, i, operands));
}

void disassemble(const struct symbols *symbols, const struct machine *m,
                 struct code_view view, gva_t at, struct instruction *out)
{
    struct naming naming = {.symbols = symbols, .m = m, .base = view.base};
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
    ZydisDecodedInstruction i;
    unsigned bytes;

    *out = (struct instruction){.at = at, .length = 1, .flow = FLOW_BAD};
    bytes = read_code(m, view.space, at, out->bytes);
    out->readable = bytes != 0;
    if (!bytes) {
        strcpy(out->text, "??");
    } else if (!decode(view, out->bytes, bytes, &i, operands)) {
        snprintf(out->text, sizeof out->text, "(bad) 0x%02x", out->bytes[0]);
    } else {
        out->length = i.length;
        out->flow = flow_of(&i);
        find_target(&i, operands, view, out);
        format(&naming, &i, operands, at.v - view.base, out);
    }
    memset(out->bytes + out->length, 0, sizeof out->bytes - out->length);
}

/* ---- a listing -----------------------------------------------------------*/

enum { BEHIND = 512 }; /* bytes looked at in front of an address */

static unsigned length_at(const struct machine *m, struct code_view view,
                          gva_t at)
{
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
    ZydisDecodedInstruction i;
    uint8_t bytes[INSTRUCTION_BYTES];
    unsigned n = read_code(m, view.space, at, bytes);

    return n && decode(view, bytes, n, &i, operands) ? i.length : 0;
}

/* Where the list starts: the instructions from there on meet @at, and as many
 * of them as are wanted lie in front of it. The farthest start in the function
 * is its first instruction; without one, what most starts agree on is right,
 * because instructions fall into step. */
static gva_t list_start(const struct machine *m, struct code_view view,
                        gva_t at, uint32_t reach, unsigned before)
{
    uint16_t steps[BEHIND + 1]; /* instructions up to @at; 0: misses it */
    unsigned start = 0;

    steps[0] = 1;
    for (unsigned back = 1; back <= reach; back++) {
        unsigned n = length_at(m, view, gva_of(at.v - back));

        steps[back] = 0;
        if (n && n <= back && steps[back - n])
            steps[back] = (uint16_t)(steps[back - n] + 1);
        if (steps[back])
            start = back;
    }
    while (steps[start] > before + 1u)
        start -= length_at(m, view, gva_of(at.v - start));
    return gva_of(at.v - start);
}

/* How far in front of @at an instruction starts that is known to: the first of
 * its function, or of a source line. 0: none is. */
static uint32_t known_start(const struct symbols *symbols,
                            const struct machine *m, gva_t at, uint32_t most)
{
    struct source_line line;
    struct symbol s;
    gva_t start = at;

    /* in front of a function's first instruction is the function before */
    if (symbols_find(symbols, m, gva_of(at.v - 1), &s) && s.code &&
        at.v - s.start.v <= BEHIND)
        return at.v - s.start.v;
    while (at.v - start.v < most &&
           symbols_line(symbols, m, gva_of(start.v - 1), &line) &&
           at.v - line.start.v <= BEHIND)
        start = line.start;
    return at.v - start.v;
}

static uint32_t reach_of(const struct symbols *symbols, const struct machine *m,
                         gva_t at, unsigned before)
{
    uint32_t most = before < BEHIND / INSTRUCTION_BYTES
                        ? INSTRUCTION_BYTES * before
                        : BEHIND;
    uint32_t known = known_start(symbols, m, at, most);

    return known ? known : most;
}

unsigned disassemble_list(const struct symbols *symbols,
                          const struct machine *m, struct code_view view,
                          gva_t at, unsigned before, struct instruction *list,
                          unsigned count)
{
    gva_t next =
        list_start(m, view, at, reach_of(symbols, m, at, before), before);
    unsigned here = 0;

    for (unsigned i = 0; i < count; i++) {
        if (next.v == at.v)
            here = i;
        disassemble(symbols, m, view, next, &list[i]);
        next = gva_add(next, list[i].length);
    }
    return here;
}
