/* tests/board/inspect_all.h -- every query of the inspection model. */
#ifndef TESTS_BOARD_INSPECT_ALL_H
#define TESTS_BOARD_INSPECT_ALL_H

#include "bare.h"

/** inspect_all() - ask each query of halbox/inspect.h about all that there is.
 *  Returns how many answers there were. */
unsigned inspect_all(const struct machine *m);

#endif
