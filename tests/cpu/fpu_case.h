/* tests/cpu/fpu_case.h -- random states and operands of the FPU, MMX and SSE,
 * and the comparison of two states. */
#ifndef TESTS_CPU_FPU_CASE_H
#define TESTS_CPU_FPU_CASE_H

#include "bench.h"
#include "forms.h"

/** fpu_case_make() - a state in c->in.fx and a memory operand, on top of what
 *  form_make() made. */
void fpu_case_make(const struct form *f, uint64_t *seed, struct form_case *c);
/** fpu_load_image() - what FXRSTOR makes of @fx, with NE, OSFXSR and
 *  OSXMMEXCPT; fpu_save_image() - the other way, FIP and FDP in 64 bits. */
void fpu_load_image(struct cpu *cpu, const uint8_t fx[512]);
void fpu_save_image(const struct cpu *cpu, uint8_t fx[512]);
/** fpu_case_differs() - what of the two results is not equal and must be, as
 *  text; NULL: nothing. */
const char *fpu_case_differs(const struct form *f, const struct form_case *c,
                             const struct silicon *their,
                             const struct silicon *our);
/** fpu_case_flags() - bits of EFLAGS that may differ. */
uint32_t fpu_case_flags(const struct form *f, const uint8_t theirs[512]);
void fpu_case_explain(const uint8_t in[512], const uint8_t theirs[512],
                      const uint8_t ours[512]);

#endif
