/* tests/board/bare.h -- a bare machine that runs a few bytes of code. */
#ifndef TESTS_BOARD_BARE_H
#define TESTS_BOARD_BARE_H

#include "halbox/control.h"
#include "halbox/inspect.h"
#include "test.h"

enum { BARE_CODE = 0x100000 };

/** bare_create() - 16 MiB, cards as machine_config_device() wants them (NULL
 *  ends the list), @code at BARE_CODE and the CPU there. */
struct machine *bare_create(const char *const *cards, const void *code,
                            size_t bytes);
/** bare_kernel() - the same with the kernel @image of images/. */
struct machine *bare_kernel(const char *const *cards, const char *image);
/** bare_trace() - collect the events that @glob names as text; free with
 *  bare_trace_end(). */
struct trace {
    struct machine *m;
    char *text;
    size_t bytes, room;
};
void bare_trace(struct trace *t, struct machine *m, const char *glob);
void bare_trace_end(struct trace *t);
/** bare_equal() - do two machines save the same bytes? */
void bare_equal(const struct machine *a, const struct machine *b);

#endif
