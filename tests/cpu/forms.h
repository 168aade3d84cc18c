/* tests/cpu/forms.h -- instruction forms made from the rows of the opcode
 * table, with operands that stay inside the pages of silicon.h. */
#ifndef TESTS_CPU_FORMS_H
#define TESTS_CPU_FORMS_H

#include <stdbool.h>
#include <stdint.h>

#include "cpu/private.h"
#include "silicon.h"

/** One row of the table, as the opcode bytes that select it. */
struct form {
    const struct opcode *outer; /* operands */
    const struct opcode *row; /* name, handler, rules; of a group its member */
    bool two_byte;
    uint8_t opcode;
    int reg;        /* ModRM.reg of a group's member, else -1 */
    uint8_t fixed;  /* the whole of ModRM, or 0 */
    uint8_t prefix; /* mandatory: 66h, F2h, F3h, or 0 */
    bool simd;      /* of opcode_sse */
};

enum { FORMS_MOST = 1024 };

/** forms_all() - every row that has a handler; returns how many. */
unsigned forms_all(struct form out[FORMS_MOST]);
/** form_text() - "0f b1 cmpxchg" for messages. */
void form_text(const struct form *f, char *out, unsigned bytes);

/** form_in_64() - 64-bit mode does the same with it. */
bool form_in_64(const struct form *f);
/** form_fpu() - of the FPU, MMX or SSE. */
bool form_fpu(const struct form *f);

/** A made case. */
struct form_case {
    uint8_t code[24];
    unsigned bytes;
    unsigned bits; /* operand size */
    bool plain;    /* only address forms that 64-bit mode has too */
    bool memory;   /* r/m is memory, at `target` */
    uint32_t target;
    struct silicon in;
    struct {
        uint32_t at, value;
        unsigned bytes;
    } poke[2]; /* memory that the case wants first */
    unsigned pokes;
    uint8_t operand[512]; /* of the FPU: its memory operand, at `target` */
    unsigned operand_bytes;
};

/** form_make() - a random case of @f from *@seed. */
void form_make(const struct form *f, uint64_t *seed, struct form_case *c);

/** form_undefined() - status flags that the SDM leaves undefined after it. */
uint32_t form_undefined(const struct form *f, const struct form_case *c);

uint32_t form_random(uint64_t *seed);

#endif
