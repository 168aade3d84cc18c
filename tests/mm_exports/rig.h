/* tests/mm_exports/rig.h -- RAM, bus, CPU, kernel and the memory manager's
 * rows; no HAL, no executive. A routine is called as a driver calls it, by
 * guest code in a thread of a process with user memory:
 *
 *     result = call(r, "MmSizeOfMdl", 2, (uint32_t[]){0, 4096});
 */
#ifndef TESTS_MM_EXPORTS_RIG_H
#define TESTS_MM_EXPORTS_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bus/bus.h"
#include "cpu/cpu.h"
#include "halbox/devices.h"
#include "ke/ke.h"
#include "mm/exports/mm_exports.h"
#include "mm/mdl.h"
#include "mm/pool.h"

#define MIB ((uint64_t)1 << 20)
#define GIB ((uint64_t)1 << 30)

enum { RIG_TEXT = 256, RIG_CARD = 5 };
#define RIG_BAR       0xfeb00000u
#define RIG_REGISTERS 0xfea00000u

struct rig {
    struct ram ram;
    struct clock clock;
    struct events events;
    struct bus *bus;
    struct cpu cpu;
    struct mm mm;
    struct ke *ke;
    uint32_t space, process; /* the one that calls run in           */
    uint32_t code;           /* a page of guest code, written anew  */
    uint32_t results;        /* guest memory that the code fills    */
    uint8_t irql;            /* to call at                          */
    unsigned findings;
    char rule[80]; /* of the last one */
};

struct rig_options {
    struct mm_settings mm;
    uint64_t ram; /* 0: 32 MiB; more than 3 GiB wants PAE */
    bool card; /* adapter RAM in slot RIG_CARD, its BARs at these addresses */
};

struct rig *rig_new(const struct rig_options *options);
void rig_free(struct rig *r);
int setup_xp(void **state);
int setup_pae(void **state); /* 6 GiB */
int setup_checks(void **state);
int setup_card(void **state);
int teardown(void **state);

/** How a call ended. */
struct outcome {
    bool returned;
    uint32_t eax, edx;
    int32_t esp;     /* bytes that the stack is off after it: 0 */
    bool raised;     /* an exception came to the caller's __except */
    uint32_t status; /* of it */
};

/** try_call() - returned, raised, or neither: ke_bugcheck_state() says. */
struct outcome try_call(struct rig *r, const char *routine, unsigned count,
                        const uint32_t *args);
/** try_code() - the same with these bytes of machine code in place of a call;
 *  EAX and EDX are results, EBX and ESP must stay. */
struct outcome try_code(struct rig *r, unsigned count, const uint8_t *code);
#define CODE(r, ...)                                                           \
    try_code((r), sizeof((uint8_t[]){__VA_ARGS__}), (uint8_t[]){__VA_ARGS__})
/** A dword in code. */
#define DWORD(v)                                                               \
    (uint8_t)(v), (uint8_t)((v) >> 8), (uint8_t)((v) >> 16),                   \
        (uint8_t)((v) >> 24)
/** call() - it must return, with the stack as it was. */
uint32_t call(struct rig *r, const char *routine, unsigned count,
              const uint32_t *args);
uint64_t call64(struct rig *r, const char *routine, unsigned count,
                const uint32_t *args);
#define CALL(r, routine, ...)                                                  \
    call((r), (routine), sizeof((uint32_t[]){__VA_ARGS__}) / 4,                \
         (uint32_t[]){__VA_ARGS__})
#define CALL0(r, routine) call((r), (routine), 0, NULL)
/** raises() - it must raise @status. stops() - it must be bugcheck @code with
 *  @p1 first. */
void raises(struct rig *r, uint32_t status, const char *routine, unsigned count,
            const uint32_t *args);
void stops(struct rig *r, uint32_t code, uint32_t p1, const char *routine,
           unsigned count, const uint32_t *args);
#define RAISES(r, status, routine, ...)                                        \
    raises((r), (status), (routine), sizeof((uint32_t[]){__VA_ARGS__}) / 4,    \
           (uint32_t[]){__VA_ARGS__})
#define STOPS(r, code, p1, routine, ...)                                       \
    stops((r), (code), (p1), (routine), sizeof((uint32_t[]){__VA_ARGS__}) / 4, \
          (uint32_t[]){__VA_ARGS__})

uint32_t get(struct rig *r, uint32_t va);
uint16_t get16(struct rig *r, uint32_t va);
void set(struct rig *r, uint32_t va, uint32_t v);
/** user() - fresh user memory. mdl() - IoAllocateMdl. locked() - a locked one
 *  over fresh user pages. */
uint32_t user(struct rig *r, uint32_t pages, unsigned rights);
uint32_t mdl(struct rig *r, uint32_t va, uint32_t bytes);
uint32_t locked(struct rig *r, uint32_t offset, uint32_t bytes);
unsigned flags(struct rig *r, uint32_t mdl_at);
/** use_up_ptes() - all but the stack that the next call runs on. */
void use_up_ptes(struct rig *r);

#endif
