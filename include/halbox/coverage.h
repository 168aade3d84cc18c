/* include/halbox/coverage.h -- which code ran. Numbers are kept for the client
 * alone: nothing of it is in the machine's state, and what the machine does
 * does not depend on it. Docs: docs/symbols.md, "Coverage". */
#ifndef HALBOX_COVERAGE_H
#define HALBOX_COVERAGE_H

#include "halbox/symbols.h"

/**
 * machine_count_code() - from now on count how often the instruction at each
 * virtual address of [at, at + bytes) is started, whoever's address space it
 * is; a repeated one (REP) counts each time it goes on. Between runs; a
 * listener may ask for a range when others are counted already.
 * @at, @bytes: whole pages of 4 KiB
 * @counts:     @bytes numbers, borrowed until machine_count_end(); NULL: that
 *              range no more
 *
 * Returns HB_OK, HB_BAD_ARGUMENT (not whole pages), HB_NO_MEMORY.
 */
HB_API enum hb_status machine_count_code(struct machine *m, gva_t at,
                                         uint32_t bytes, uint32_t *counts,
                                         struct hb_error *error);
/** machine_count_end() - nothing is counted any more. Between runs. */
HB_API void machine_count_end(struct machine *m);

/* ---- lines of driver images ----------------------------------------------*/

/** What ran, over one machine or several. */
struct coverage;

/** coverage_create() - NULL: no memory. coverage_destroy() - of one that
 *  watches no machine; NULL is nothing. */
HB_API struct coverage *coverage_create(void);
HB_API void coverage_destroy(struct coverage *coverage);
/** coverage_watch() - count what the driver images of @m run from now on, those
 *  that are there and those that will be loaded. One machine at a time. */
HB_API enum hb_status coverage_watch(struct coverage *coverage,
                                     struct machine *m, struct hb_error *error);
/** coverage_gather() - add what was counted to what is known, and watch @m no
 *  more. Lines come from the files that the images were loaded from; an image
 *  that has none is left out. HB_NO_MEMORY: not all was added. */
HB_API enum hb_status coverage_gather(struct coverage *coverage,
                                      struct machine *m,
                                      struct hb_error *error);
/** coverage_write() - all of it as an lcov tracefile. HB_NO_FILE. */
HB_API enum hb_status coverage_write(struct coverage *coverage,
                                     const char *path, struct hb_error *error);

#endif
