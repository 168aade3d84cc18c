/* tests/nt/caller.h -- a whole HAL machine on which guest code in a system
 * thread calls one export after the other, as a driver does, inside a __try. */
#ifndef TESTS_NT_CALLER_H
#define TESTS_NT_CALLER_H

#include "rig.h"

enum { CALLER_SCRATCH = 0x10000 };

struct caller {
    struct rig *r;
    uint32_t code;          /* guest code, written anew for each call         */
    uint32_t data;          /* CALLER_SCRATCH bytes of nonpaged pool          */
    uint32_t eax, edx, ecx; /* in: registers before the call; out: after */
    uint32_t status; /* of the exception that came to the __except, or 0 */
};

int caller_setup(void **state);
/** caller_setup_with() - with the cards of @devices (NULL ends them). */
int caller_setup_with(void **state, const char *const *devices);
int caller_setup_adram(void **state); /* with that card: adapter RAM */
int caller_teardown(void **state);

/** CALLER_WAITS: it has not come back for a while. */
enum caller_end {
    CALLER_RETURNED,
    CALLER_RAISED,
    CALLER_STOPPED,
    CALLER_WAITS
};

/** caller_try() - call @name with @count dwords. @pops: bytes that the caller
 *  takes off the stack afterwards (cdecl); the stack must then be as it was. */
enum caller_end caller_try(struct caller *c, const char *name, uint32_t pops,
                           unsigned count, const uint32_t *args);
/** caller_end_of() - the same for any routine: it may wait for ever, and leave
 *  the stack as it likes. For a short while. */
enum caller_end caller_end_of(struct caller *c, const char *name, uint32_t pops,
                              unsigned count, const uint32_t *args);
/** caller_within() - the same for code at @at (a stub, or the test's own), for
 *  so many ticks at most. */
enum caller_end caller_within(struct caller *c, uint64_t ticks, uint32_t at,
                              uint32_t pops, unsigned count,
                              const uint32_t *args);
uint32_t caller_call(struct caller *c, const char *name, bool cdecl_row,
                     unsigned count, const uint32_t *args);
#define CDECL_CALL(c, name, ...)                                               \
    caller_call((c), (name), true, sizeof((uint32_t[]){__VA_ARGS__}) / 4,      \
                (uint32_t[]){__VA_ARGS__})
#define STD_CALL(c, name, ...)                                                 \
    caller_call((c), (name), false, sizeof((uint32_t[]){__VA_ARGS__}) / 4,     \
                (uint32_t[]){__VA_ARGS__})
/** NO_CALL() - without arguments. FAST_CALL() - fastcall: ECX, EDX, and the
 *  stack for what comes after them. */
#define NO_CALL(c, name) caller_call((c), (name), false, 0, NULL)
#define FAST_CALL(c, name, ...)                                                \
    caller_fast((c), (name), sizeof((uint32_t[]){__VA_ARGS__}) / 4,            \
                (uint32_t[]){__VA_ARGS__})
uint32_t caller_fast(struct caller *c, const char *name, unsigned count,
                     const uint32_t *args);
/** CALL_RAISES() - it must raise @status. */
#define CALL_RAISES(c, expected, name, ...)                                    \
    do {                                                                       \
        assert_int_equal(caller_try((c), (name), 0,                            \
                                    sizeof((uint32_t[]){__VA_ARGS__}) / 4,     \
                                    (uint32_t[]){__VA_ARGS__}),                \
                         CALLER_RAISED);                                       \
        assert_int_equal((c)->status, (expected));                             \
    } while (0)

void caller_put(struct caller *c, uint32_t at, const void *from,
                uint32_t bytes);
void caller_set(struct caller *c, uint32_t at, uint32_t v);
/** caller_variable() - the dword of a data export. */
uint32_t caller_variable(struct caller *c, const char *name);
void caller_get(struct caller *c, uint32_t at, void *to, uint32_t bytes);
uint32_t caller_dword(struct caller *c, uint32_t at);
/** caller_result_at() - where the guest keeps EAX once the call has returned.
 */
uint32_t caller_result_at(const struct caller *c);
/** caller_alias() - user address @at, @bytes long (of 4 MiB each), is one page
 *  full of @dword again and again, as a driver that writes page directory
 *  entries can have it. */
void caller_alias(struct caller *c, uint32_t at, uint32_t bytes,
                  uint32_t dword);
/** caller_text()/caller_wide() - ASCII with its terminator at @at, as bytes or
 *  16-bit units; @at. */
uint32_t caller_text(struct caller *c, uint32_t at, const char *text);
uint32_t caller_wide(struct caller *c, uint32_t at, const char *text);
/** caller_counted() - a UNICODE_STRING (or STRING) at @at over @buffer. */
uint32_t caller_counted(struct caller *c, uint32_t at, uint16_t length,
                        uint16_t maximum, uint32_t buffer);

#define CALLER_TEST(name)                                                      \
    cmocka_unit_test_setup_teardown(name, caller_setup, caller_teardown)

#endif
