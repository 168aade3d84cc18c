/* src/debug/coverage.h -- counts on their way to an lcov tracefile. Private to
 * src/debug. */
#ifndef DEBUG_COVERAGE_H
#define DEBUG_COVERAGE_H

#include <stdio.h>

#include "debug/strings.h"
#include "halbox/coverage.h"

/** An image that is being counted. */
struct counted {
    char name[64];
    gva_t base;
    uint32_t bytes; /* whole pages */
    uint32_t *counts;
};

/** How often a line or function ran. */
struct lcov_row {
    uint32_t path, name; /* in string; name "": a line */
    uint32_t line;
    bool known; /* from machines before */
    uint64_t count;
};
/** What is known of lines and functions, over all machines. */
struct lcov {
    struct vec row; /* of struct lcov_row */
    struct strings string;
};

/** lcov_add() - a line (@name "") or function ran @count times. Of several
 *  words on one line by the same machine the largest counts. False: no
 *  memory. */
bool lcov_add(struct lcov *l, const char *path, uint32_t line, const char *name,
              uint32_t count);
/** lcov_sum() - that was all of one machine: add it to what is known. */
void lcov_sum(struct lcov *l);
/** lcov_print() - as a tracefile: geninfo(1), "FILES". */
void lcov_print(const struct lcov *l, FILE *to);
void lcov_free(struct lcov *l);

struct coverage {
    struct machine *m; /* that is watched, or NULL */
    struct symbols *symbols;
    struct vec counted; /* of struct counted */
    struct lcov known;
    bool incomplete;
};

#endif
