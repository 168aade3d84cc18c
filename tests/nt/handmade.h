/* tests/nt/handmade.h -- a driver made by hand on the caller's machine: its
 * routines are guest code that the test writes, byte by byte. */
#ifndef TESTS_NT_HANDMADE_H
#define TESTS_NT_HANDMADE_H

#include "board/board.h"
#include "caller.h"

enum { MAJOR_READ = 3, MAJOR_POWER = 0x16, LOCATION_BYTES = 0x24 };

/** Guest code being written; `at` is where the next byte goes. */
struct text {
    struct caller *c;
    uint32_t at;
};
void text_bytes(struct text *t, unsigned count, const uint8_t *bytes);
#define TEXT(t, ...)                                                           \
    text_bytes((t), sizeof((const uint8_t[]){__VA_ARGS__}),                    \
               (const uint8_t[]){__VA_ARGS__})
void text_dword(struct text *t, uint32_t v);
void text_push(struct text *t, uint32_t v);
void text_call(struct text *t, const char *name);         /* a kernel routine */
void text_store(struct text *t, uint32_t at, uint32_t v); /* mov [at], v */
void text_count(struct text *t, uint32_t at);             /* inc [at] */
void text_ret(struct text *t, uint32_t eax, uint16_t pop);

/** handmade_driver() - hello.sys, started: its DRIVER_OBJECT. */
uint32_t handmade_driver(struct caller *c);
/** handmade_device() - an unnamed device object of it. */
uint32_t handmade_device(struct caller *c, uint32_t driver);
void handmade_dispatch(struct caller *c, uint32_t driver, unsigned major,
                       uint32_t code);
/** handmade_irp() - of @locations, the top one for @major. */
uint32_t handmade_irp(struct caller *c, unsigned locations, uint8_t major);
/** handmade_checks() - misuse is a bugcheck from now on. */
void handmade_checks(struct caller *c);
/** handmade_try() - a fastcall routine of two arguments. */
enum caller_end handmade_try(struct caller *c, const char *name, uint32_t ecx,
                             uint32_t edx);
/** BUGCHECKS() - @end says the machine stopped, with this code and p[0]. */
#define BUGCHECKS(c, end, code_, p0_)                                          \
    do {                                                                       \
        assert_int_equal((end), CALLER_STOPPED);                               \
        assert_int_equal(handmade_bugcheck(c).code, (code_));                  \
        assert_int_equal(handmade_bugcheck(c).p[0], (p0_));                    \
    } while (0)
struct inspect_bugcheck handmade_bugcheck(struct caller *c);

#endif
