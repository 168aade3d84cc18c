/* tests/debug/core.h -- a machine's present state as an ELF core file, so that
 * gdb can say what it makes of a stack. */
#ifndef TESTS_DEBUG_CORE_H
#define TESTS_DEBUG_CORE_H

#include "halbox/inspect.h"

/** A range of guest memory, and where it comes from. */
struct core_range {
    uint32_t start, bytes;
};
/** core_write() - registers and @ranges of memory, which can be read. */
void core_write(const struct machine *m, const struct core_range *ranges,
                unsigned count, const char *path);

#endif
