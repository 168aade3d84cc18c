/* tests/ke/rig.h -- RAM, bus with the 8259 pair and the 8254, CPU, mm and the
 * kernel; guest code is assembled by hand. No HAL, no executive, no board.
 *
 *     uint32_t f = here(r);          the address of what comes next
 *     emit_push(r, 7); call(r, "TestNote"); ret(r, 4);
 *     start(r, f, 0); run(r, 100000);
 */
#ifndef TESTS_KE_RIG_H
#define TESTS_KE_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/save.h"
#include "bus/bus.h"
#include "cpu/cpu.h"
#include "halbox/devices.h"
#include "ke/call.h"
#include "ke/ke.h"
#include "mm/mm.h"
#include "mm/pool.h"
#include "mm/system.h"
#include "mm/user.h"

enum { RIG_NS_PER_TICK = 100, RIG_CODE_PAGES = 4, RIG_NOTES = 256 };

struct rig {
    struct ram ram;
    struct clock clock;
    struct events events;
    struct bus *bus;
    struct cpu cpu;
    struct mm mm;
    struct ke *ke;
    uint32_t code, at;        /* guest code: base, next byte */
    uint32_t note[RIG_NOTES]; /* what TestNote was called with */
    unsigned notes;
    char *trace; /* text of the events named to rig_trace() */
    size_t trace_bytes;
};

int rig_setup(void **state);
int rig_teardown(void **state);
struct rig *rig_create(enum mm_era era);
void rig_destroy(struct rig *r);
/** rig_trace() - keep the text of these events in r->trace from now on. */
void rig_trace(struct rig *r, const char *glob);

/** run() - until the kernel ends, nothing can happen any more, or @ticks have
 *  passed. Returns true in the first two cases. */
bool run(struct rig *r, uint64_t ticks);
/** run_out() - run() until nothing can happen any more; a bugcheck fails. */
void run_out(struct rig *r);
/** go() - run_out() with a system thread at @code; notes begin anew. */
void go(struct rig *r, uint32_t code);
/** step() - one piece of the run loop; false: nothing can happen any more. */
bool step(struct rig *r, uint64_t until);

/** start() - a system thread at @code with @context; its number. */
uint32_t start(struct rig *r, uint32_t code, uint32_t context);
/** pool() - cleared nonpaged pool. */
uint32_t pool(struct rig *r, uint32_t bytes);
uint32_t get(struct rig *r, uint32_t va);
void set(struct rig *r, uint32_t va, uint32_t v);

/** The bytes that a save of the rig would hold. */
struct saver rig_save(struct rig *r);
void rig_load(struct rig *r, const struct saver *from);

/* ---- cards with one line: a write of 1 or 0 to port CARD_PORT + n drives it:
 * card 0 on IRQ 3, cards 1 and 2 on IRQ 11 ---- */

enum { CARD_PORT = 0x300 };
/** connect_isr() - @isr(interrupt, context) on @irq; returns the KINTERRUPT. */
uint32_t connect_isr(struct rig *r, unsigned irq, uint32_t isr,
                     uint32_t context, bool latched, bool share);

/* ---- the assembler
 * --------------------------------------------------------------- */

uint32_t here(const struct rig *r);
void bytes(struct rig *r, unsigned count, const uint8_t *b);
#define CODE(r, ...)                                                           \
    do {                                                                       \
        const uint8_t code_[] = {__VA_ARGS__};                                 \
        bytes((r), sizeof code_, code_);                                       \
    } while (0)
void dword(struct rig *r, uint32_t v);
void emit_push(struct rig *r, uint32_t v); /* push imm32 */
void emit_push_eax(struct rig *r);
void mov_ecx(struct rig *r, uint32_t v);
void mov_edx(struct rig *r, uint32_t v);
void mov_eax(struct rig *r, uint32_t v);
void call(struct rig *r, const char *name); /* call rel32 to a stub */
void call_at(struct rig *r, uint32_t to);
void jmp_at(struct rig *r, uint32_t to);
void ret(struct rig *r, uint16_t pop);
void note(struct rig *r, uint32_t v); /* push v; call TestNote */
void note_eax(struct rig *r);
/** NOTES() - these are all the notes so far. */
void notes_are(struct rig *r, unsigned count, const uint32_t *v);
#define NOTES(r, ...)                                                          \
    do {                                                                       \
        const uint32_t v_[] = {__VA_ARGS__};                                   \
        notes_are((r), sizeof v_ / sizeof v_[0], v_);                          \
    } while (0)
/** out_card() - card @n drives its line. */
void out_card(struct rig *r, unsigned n, uint8_t v);

#endif
