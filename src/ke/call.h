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
struct record;

enum { CALL_WORDS = 8, CALL_ARGS = 16, CALL_OBJECTS = 64 };

/** Guest code to be called. Zero what is not needed. */
struct call_target {
    gva_t routine;
    unsigned count; /* arguments on the stack, at most CALL_ARGS */
    uint32_t args[CALL_ARGS];
    bool cdecl_cleanup; /* the callee leaves its arguments */
    bool fastcall;      /* ECX and EDX below are arguments */
    uint32_t ecx, edx;
    bool set_ebp; /* a funclet of a frame: EBP as given */
    uint32_t ebp;
    uint8_t irql_back; /* the level + 1 it comes back at; 0: as it is called */
};

/** All registers to go on with. */
struct resume {
    uint32_t reg[CPU_REGS], eip, eflags;
};

/** An exception to raise: what EXCEPTION_RECORD holds. */
enum { EXCEPTION_PARAMETERS = 15 };
struct exception {
    uint32_t code, flags, chain, address, parameters;
    uint32_t info[EXCEPTION_PARAMETERS];
};

/** How a routine ended; filled by the call_x endings, read by the trap core. */
struct call_end {
    uint8_t kind;
    unsigned next;
    uint64_t value;
    struct call_target target;
    uint32_t p[5];
    const char *text; /* of a bugcheck */
    unsigned count;
    uint32_t object[CALL_OBJECTS];
    bool all, user;
    uint64_t due;
    struct resume resume;
    struct exception exception;
};

/** One entry into a routine; lives on the host stack during that entry only.
 *  What must last over a callback or a wait stands in w[] (saved with the
 *  thread's record) or, if it must outlive an unwound call, in the object. */
struct call {
    struct ke *ke;
    struct cpu *cpu;
    void *context; /* what the export's table was registered with: the nt, hal,
                      mm_kernel ... that the thunk works on */
    const struct export *export;
    unsigned state;         /* 0 on entry from the guest                   */
    uint32_t eax;           /* result of the callback or wait that ended   */
    uint32_t edx;           /* high half of a 64-bit callback result       */
    uint32_t w[CALL_WORDS]; /* the record's words                          */
    struct cpu_fault fault; /* first fault latched by a load or store      */
    struct call_end end;    /* private to src/ke: how the routine ended    */
    struct record *record;  /* private to src/ke                           */
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
/** call_caught() - __except around the loads and stores before: true if one
 *  had faulted on a user address at IRQL < DISPATCH_LEVEL; the latch is open
 *  again and the routine goes on (services: STATUS_ACCESS_VIOLATION). Other
 *  faults stay latched and give false. */
bool call_caught(struct call *c);

/* ---- endings --------------------------------------------------------------
 */

/** call_return() - to the caller with EAX; call_return64() EDX:EAX. */
void call_return(struct call *c, uint32_t eax);
void call_return64(struct call *c, uint64_t value);
/** call_guest() - call stdcall guest code at @routine with @count arguments;
 *  the routine goes on in @next with c->eax, c->edx. */
void call_guest(struct call *c, gva_t routine, unsigned count,
                const uint32_t *args, unsigned next);
/** call_guest_fastcall() - the same; slots 0 and 1 of @args go to ECX, EDX. */
void call_guest_fastcall(struct call *c, gva_t routine, unsigned count,
                         const uint32_t *args, unsigned next);
/** call_guest_with() - the general form. */
void call_guest_with(struct call *c, const struct call_target *target,
                     unsigned next);
/** call_wait() - wait for @count dispatcher objects, as
 *  KeWaitForMultipleObjects: @all or any. @due: absolute 100 ns deadline in
 *  interrupt time, WAIT_FOREVER, or 0 = test only. Goes on in @next with
 *  c->eax = STATUS_WAIT_0 + index, STATUS_TIMEOUT, ... Needs IRQL < 2 unless
 *  due == 0. */
#define WAIT_FOREVER UINT64_MAX
void call_wait(struct call *c, unsigned count, const gva_t *objects, bool all,
               uint64_t due, unsigned next);
/** call_wait_user() - after call_wait(): it is one in user mode, over with
 *  STATUS_USER_APC when the thread is asked to end. */
void call_wait_user(struct call *c);
/** call_again() - come back in @next after interrupts had their turn. */
void call_again(struct call *c, unsigned next);
/** call_raise() - raise @status at the caller (ExRaiseStatus). */
void call_raise(struct call *c, uint32_t status);
/** call_raise_exception() - the same with flags and parameters; address 0: the
 *  routine's own. */
void call_raise_exception(struct call *c, const struct exception *e);
/** call_bugcheck() - KeBugCheckEx. */
void call_bugcheck(struct call *c, uint32_t code, uint32_t p1, uint32_t p2,
                   uint32_t p3, uint32_t p4);
/** call_bugcheck_text() - the same with a line for people, which lives as long
 *  as the entry; it also wins over a fault that is latched. */
void call_bugcheck_text(struct call *c, uint32_t code, const uint32_t p[4],
                        const char *text);
/** call_jump() - leave by a jump: unwinding; no return. */
void call_jump(struct call *c, gva_t eip, uint32_t esp, uint32_t ebp,
               uint32_t eax);
/** call_thread_end() - the current thread ends; no return. */
void call_thread_end(struct call *c, uint32_t exit_status);

/* ---- what thunks often ask ----------------------------------------------- */

/** call_locals() - @bytes (rounded up to 4) of the guest's stack for what this
 *  call hands to guest code; they stand until it ends. Not cleared. 0, with the
 *  bugcheck done, when the stack is full. */
gva_t call_locals(struct call *c, uint32_t bytes);
/** call_stub() - ke_stub(): another routine's address for call_guest, which is
 *  how a routine reaches one that may itself call back or wait. */
gva_t call_stub(const struct call *c, const char *name);
/** call_user() - PreviousMode is UserMode. */
bool call_user(const struct call *c);
/** call_open() - is there, in any thread, an open call of a routine of the same
 *  table whose w[@word] is @value? An exception may have unwound it. */
bool call_open(const struct call *c, unsigned word, uint32_t value);
/** call_for_kernel() - KernelMode until the routine ends. */
void call_for_kernel(struct call *c);
/** call_spend() - before call_again(): long work costs more than its row says.
 *  The clock moves on by @ticks, or to what is due before. */
void call_spend(struct call *c, unsigned ticks);
/** call_irql()/call_set_irql() - fs:[24h]; what a lower level lets through
 *  comes when the routine ends. */
uint8_t call_irql(const struct call *c);
uint8_t call_set_irql(struct call *c, uint8_t irql);
/** call_irql_before() - the level at which the callback that came back was
 *  called. call_caller() - the address that the routine returns to. */
uint8_t call_irql_before(const struct call *c);
uint32_t call_caller(const struct call *c);
/** call_finding() - a verifier's remark about the caller: event `finding`. */
void call_finding(struct call *c, const char *rule, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
