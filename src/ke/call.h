/* src/ke/call.h -- a kernel routine as the guest calls it. A routine is
 * `void f(struct call *c)`, entered in state 0 by its stub and again, in the
 * state it named, when what it started has come back. It ends each time with
 * exactly one of: call_return, call_guest, call_wait, call_again, call_raise,
 * call_jump, call_bugcheck. Loads and stores latch the first fault: read all,
 * test call_ok() once, then change state. Docs: docs/ke.md. */
#ifndef KE_CALL_H
#define KE_CALL_H

#include <stdbool.h>
#include <stdint.h>

#include "cpu/cpu.h"
#include "halbox/addr.h"

struct ke;
struct export;

enum { CALL_WORDS = 8 };

/** One entry into a routine; lives on the host stack during that entry only.
 *  What must last over a callback or a wait stands in w[] (saved with the
 *  thread's record) or, if it must outlive an unwound call, in the object. */
struct call {
    struct ke *ke;
    struct cpu *cpu;
    void *context; /* what the export's table was registered with: the nt, hal,
                      mm_kernel ... that the thunk works on */
    const struct export *export;
    unsigned state;           /* 0 on entry from the guest                   */
    uint32_t eax;             /* result of the callback or wait that ended   */
    uint32_t edx;             /* high half of a 64-bit callback result       */
    uint32_t w[CALL_WORDS];   /* the record's words                          */
    struct cpu_fault fault;   /* first fault latched by a load or store      */
    bool ended;
};

/* ---- arguments ----------------------------------------------------------- */

/** call_u32() - argument slot @i by the row's convention (stdcall/cdecl: stack;
 *  fastcall: ECX, EDX, then stack). Valid in every state. */
uint32_t call_u32(struct call *c, unsigned i);
/** call_bool() - BOOLEAN/UCHAR: the low byte alone counts. */
bool call_bool(struct call *c, unsigned i);
uint8_t call_u8(struct call *c, unsigned i);
uint16_t call_u16(struct call *c, unsigned i);
/** call_u64() - two slots, low first (PHYSICAL_ADDRESS, LARGE_INTEGER). */
uint64_t call_u64(struct call *c, unsigned i);
gva_t call_va(struct call *c, unsigned i);

/* ---- guest memory as the caller sees it ---------------------------------- */

uint8_t load_u8(struct call *c, gva_t at);
uint16_t load_u16(struct call *c, gva_t at);
uint32_t load_u32(struct call *c, gva_t at);
uint64_t load_u64(struct call *c, gva_t at);
void load(struct call *c, gva_t at, void *to, uint32_t bytes);
void store_u8(struct call *c, gva_t at, uint8_t v);
void store_u16(struct call *c, gva_t at, uint16_t v);
void store_u32(struct call *c, gva_t at, uint32_t v);
void store_u64(struct call *c, gva_t at, uint64_t v);
void store(struct call *c, gva_t at, const void *from, uint32_t bytes);
void store_zero(struct call *c, gva_t at, uint32_t bytes);
/** call_ok() - false after a fault: the routine returns at once, the trap core
 *  makes of it a page-in, a raised exception or a bugcheck. */
bool call_ok(const struct call *c);

/* ---- endings -------------------------------------------------------------- */

/** call_return() - to the caller with EAX; call_return64() EDX:EAX. */
void call_return(struct call *c, uint32_t eax);
void call_return64(struct call *c, uint64_t value);
/** call_guest() - call stdcall guest code at @routine with @count arguments;
 *  the routine goes on in @next with c->eax, c->edx. */
void call_guest(struct call *c, gva_t routine, unsigned count,
                const uint32_t *args, unsigned next);
/** call_wait() - wait for @count dispatcher objects, as
 *  KeWaitForMultipleObjects: @all or any. @due: absolute 100 ns deadline in
 *  interrupt time, WAIT_FOREVER, or 0 = test only. Goes on in @next with
 *  c->eax = STATUS_WAIT_0 + index, STATUS_TIMEOUT, ... Needs IRQL < 2 unless
 *  due == 0. */
#define WAIT_FOREVER UINT64_MAX
void call_wait(struct call *c, unsigned count, const gva_t *objects, bool all,
               uint64_t due, unsigned next);
/** call_again() - come back in @next after interrupts had their turn. */
void call_again(struct call *c, unsigned next);
/** call_raise() - raise @status at the caller (ExRaiseStatus). */
void call_raise(struct call *c, uint32_t status);
/** call_bugcheck() - KeBugCheckEx. */
void call_bugcheck(struct call *c, uint32_t code, uint32_t p1, uint32_t p2,
                   uint32_t p3, uint32_t p4);
/** call_jump() - leave by a jump: unwinding; no return. */
void call_jump(struct call *c, gva_t eip, uint32_t esp, uint32_t ebp,
               uint32_t eax);
/** call_tail() - go on as export @name's routine in state 0 with the present
 *  arguments' slots replaced: a thunk that is another one under a new name. */

#endif
