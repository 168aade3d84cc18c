/* tests/board/code.h -- machine code of a bare program, put together here: port
 * accesses whose results are left in memory. */
#ifndef TESTS_BOARD_CODE_H
#define TESTS_BOARD_CODE_H

#include "bare.h"

/** A program that grows; @results counts dwords at CODE_RESULTS. */
struct code {
    uint8_t bytes[2048];
    size_t count;
    uint32_t results;
};
enum { CODE_RESULTS = 0x200000 };

/** code_out() - OUT of @value to @port, @bytes 1 or 4. code_in() - IN, its
 *  value is result number (what this returns). code_raw() - any bytes. */
void code_out(struct code *c, uint16_t port, uint32_t value, unsigned bytes);
uint32_t code_in(struct code *c, uint16_t port, unsigned bytes);
void code_raw(struct code *c, const void *bytes, size_t count);
/** code_keep() - EAX is the next result. */
uint32_t code_keep(struct code *c);
/** code_run() - on a bare machine with @cards until it halts. */
struct machine *code_run(struct code *c, const char *const *cards);
/** code_result() - that number. */
uint32_t code_result(const struct machine *m, uint32_t number);

#endif
