/* tests/cpu/rows.h -- where each row of the opcode table is tested. */
#ifndef TESTS_CPU_ROWS_H
#define TESTS_CPU_ROWS_H

#include "forms.h"

/** row_on_silicon() - silicon_test.c runs it. */
bool row_on_silicon(const struct form *f);
/** row_on_fpu_silicon() - silicon_fpu_test.c does. */
bool row_on_fpu_silicon(const struct form *f);
/** row_elsewhere() - the file with a test of it by hand, or NULL. */
const char *row_elsewhere(const struct form *f);

#endif
