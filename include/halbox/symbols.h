/* include/halbox/symbols.h -- what the guest's code is: instructions in words,
 * and names, source lines and callers of addresses. Clients of a machine: reads
 * only, nothing here is part of its state. Docs: docs/symbols.md. */
#ifndef HALBOX_SYMBOLS_H
#define HALBOX_SYMBOLS_H

#include "halbox/inspect.h"

/** What a client knows of the images that run: names and lines from files. */
struct symbols;

/** symbols_text() - @at in words: "edu!edu_start+0x12", nothing when it has no
 *  name. @symbols: NULL knows the kernel's routines alone. Returns the length
 *  it has or would have, as snprintf. */
HB_API int symbols_text(const struct symbols *symbols, const struct machine *m,
                        gva_t at, char *out, size_t room);

/* ---- instructions --------------------------------------------------------*/

/** How code is to be read. */
struct code_view {
    uint32_t space; /* whose virtual addresses: halbox/inspect.h             */
    unsigned bits;  /* 16 or 32                                              */
    uint32_t base;  /* of CS: an address is base + EIP                       */
};
/** code_view_cpu() - as the CPU reads it now. code_at() - of its EIP. */
HB_API struct code_view code_view_cpu(const struct machine *m);
HB_API gva_t code_at(const struct machine *m);

/** Where an instruction goes on. */
enum instruction_flow {
    FLOW_NEXT,
    FLOW_JUMP,   /* elsewhere                                                */
    FLOW_BRANCH, /* elsewhere or behind it                                   */
    FLOW_CALL,   /* behind it, once the callee has come back; INT too        */
    FLOW_RETURN, /* RET, IRET                                                */
    FLOW_REPEAT, /* behind it, once its REP prefix has counted down          */
    FLOW_BAD     /* these bytes are none, or cannot be read                  */
};
enum { INSTRUCTION_BYTES = 15, INSTRUCTION_TEXT = 192 };
struct instruction {
    gva_t at;
    uint8_t bytes[INSTRUCTION_BYTES];
    uint8_t length; /* FLOW_BAD: 1                                           */
    bool readable;
    enum instruction_flow flow;
    bool has_target; /* of a jump, branch or call, when the code names it    */
    gva_t target;
    char text[INSTRUCTION_TEXT]; /* Intel syntax; "??": not readable         */
};
/** disassemble() - the instruction at @at. @symbols: NULL, or for the names in
 *  its text. */
HB_API void disassemble(const struct symbols *symbols, const struct machine *m,
                        struct code_view view, gva_t at,
                        struct instruction *instruction);
/** disassemble_list() - @count instructions in their order, up to @before of
 *  them in front of the one at @at. Returns which of them is that one. Where
 *  instructions in front of it start is known from the function's start, else
 *  a guess. */
HB_API unsigned disassemble_list(const struct symbols *symbols,
                                 const struct machine *m, struct code_view view,
                                 gva_t at, unsigned before,
                                 struct instruction *list, unsigned count);

#endif
