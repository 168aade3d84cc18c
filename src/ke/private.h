/* src/ke/private.h -- the kernel's state and what its files share. Saved state
 * is struct ke_state alone: plain numbers, guest addresses, growing arrays. */
#ifndef KE_PRIVATE_H
#define KE_PRIVATE_H

#include <stdio.h>

#include "base/vec.h"
#include "ke/call.h"
#include "ke/ke.h"
#include "ke/layout.h"
#include "ke/status.h"
#include "mm/mm.h"

/** Routines of the trap core, numbered after all rows of the tables. */
enum {
    ROUTINE_INTERNAL = 0x8000,
    ROUTINE_INTERRUPT = ROUTINE_INTERNAL, /* a service chain                */
    ROUTINE_DISPATCH,   /* DPCs, timers, thread switch, APCs: irql < 2      */
    ROUTINE_EXCEPTION,  /* dispatch over fs:[0]                             */
    ROUTINE_SERVICE,    /* int 2Eh                                          */
    ROUTINE_USER_START, /* first return to ring 3                           */
    ROUTINE_BUGCHECK,   /* bugcheck callbacks                               */
    ROUTINE_END
};

/** A routine that has called back or waits: what the design page calls the
 *  record of a call. Records of a thread form a chain, newest first. */
struct record {
    uint32_t below;         /* index + 1 of the next older one; 0: none       */
    uint32_t routine;       /* row number or ROUTINE_x                        */
    uint32_t state;         /* to be entered in                               */
    uint32_t entry_esp;     /* at the VMCALL: on the return address, or on the
                               EIP of a trap frame                            */
    uint32_t entry_eip;     /* after the VMCALL: its ret or iretd             */
    uint32_t esp;           /* that its callee must come back with            */
    uint32_t frame;         /* where the caller's EBP was pushed; 0: not yet  */
    uint32_t locals;        /* bytes in use below it: call_locals()           */
    uint32_t reg[CPU_REGS]; /* at entry */
    uint16_t seg[CPU_SEGS]; /* selectors, when they were not the kernel's */
    uint32_t exception_list; /* fs:[0] of what a trap interrupted        */
    uint32_t w[CALL_WORDS];
    uint64_t due; /* of its wait */
    uint8_t used;
    uint8_t user;     /* entered from ring 3                             */
    uint8_t segments; /* seg[] is to be loaded again                     */
    uint8_t trap;     /* a trap frame lies at entry_esp: leave by iretd   */
    uint8_t irql;     /* when it called out: the callee must keep it     */
    uint8_t old_irql; /* of what a trap interrupted                      */
    uint8_t mode;     /* PreviousMode before, | MODE_RESTORE             */
    uint8_t waiting, wait_all;
    uint8_t wait_user; /* in user mode: over when the thread is to end */
};
enum { MODE_RESTORE = 2 };

/** Most elements of each growing array: the guest cannot make them larger. */
enum {
    RECORDS_MOST = 1 << 20,
    WAITS_MOST = 1 << 17,
    TIMERS_MOST = 1 << 16,
    TIMERS_AT_ONCE = 64,
    DPCS_MOST = 1 << 16,
    APCS_MOST = 1 << 16,
    WORK_MOST = 1 << 16,
    CONNECTIONS_MOST = 1024,
    IMAGES_MOST = 1024,
    LOCKS_MOST = 1024,
};

enum thread_state {
    THREAD_FREE,
    THREAD_READY,
    THREAD_RUNNING,
    THREAD_WAITING,
    THREAD_ENDED
};

/** Slot i of the table is thread 4 * i; slot 0 is the idle thread. */
struct thread {
    uint8_t state;   /* enum thread_state */
    uint8_t mode;    /* PreviousMode */
    uint8_t irql;    /* while it does not run: 0 or 1 */
    uint8_t user;    /* has a ring-3 side */
    uint8_t ending;  /* asked to end: does so when it next leaves the kernel */
    uint8_t exiting; /* its exit routine runs */
    uint8_t system_wait;  /* a worker thread: its waiting is no deadlock */
    uint8_t wait_follows; /* a signal with Wait = TRUE was the last call */
    uint8_t wait_irql;    /* that the wait goes back to */
    int8_t priority;
    int8_t increment; /* what KeSetBasePriorityThread tells next */
    int8_t quantum;   /* clock interrupts left */
    uint16_t apc_disable;
    uint16_t process, attached; /* attached: whose CR3, else 0 */
    uint32_t object, stack_top, teb;
    uint32_t exit_routine;               /* guest stub, 0: none */
    uint32_t top;                        /* index + 1 of its newest record */
    uint32_t reg[CPU_REGS], eip, eflags; /* while it does not run */
    uint32_t exception_list;             /* fs:[0] while it does not run */
    struct cpu_fpu fpu;                  /* likewise */
    uint32_t exit_status;
    uint64_t ready_seq;
    char name[32];
};
enum {
    THREAD_ID_STEP = 4,
    QUANTUM = 6,
    KERNEL_STACK_BYTES = KERNEL_STACK_PAGES * PAGE_BYTES
};
/** fpu_of_thread() - as NT starts one: 53 bits, all masked. */
void fpu_of_thread(struct cpu_fpu *f);

struct process {
    uint8_t used;
    uint32_t space, cr3, object;
};

/** One object that one record waits for; FIFO by position. */
struct wait_block {
    uint32_t object;
    uint32_t record; /* index + 1 */
    uint16_t thread; /* slot */
    uint16_t index;  /* in the caller's list */
};

struct timer {
    uint32_t object, dpc;
    uint64_t due, period; /* 100 ns; period 0: once */
    uint64_t seq;
};

struct apc {
    uint32_t thread; /* number */
    uint32_t routine, arg[3];
};

struct work {
    uint32_t routine, parameter;
};

struct image {
    uint32_t base, bytes;
    uint8_t unloaded; /* kept to tell 0xCE from 0x50 */
    char name[KE_NAME];
};

struct missing {
    char image[KE_NAME], dll[32], name[KE_NAME];
};

/** A bugcheck with callbacks to be called. */
enum dying { NOT_DYING, DYING_ASKED, DYING };

struct ke_state {
    uint8_t booted;
    uint8_t dpc_active;    /* the DPC stack is in use */
    uint8_t dpc_requested; /* a DPC of more than low importance is queued */
    uint8_t switch_wanted; /* another thread should run */
    uint8_t timers_due;
    uint8_t dying; /* enum dying */
    uint8_t pae;
    uint16_t pic_mask;           /* lines masked at the 8259 pair */
    uint16_t pic_level;          /* lines that are level triggered (ELCR) */
    uint16_t pending;            /* noted: came while the IRQL masked them */
    uint32_t unhandled[KE_IRQS]; /* in a row, nobody's */
    uint64_t text_gpa;           /* first page of trap and stub code */
    uint64_t kpcr, kuser, tss;   /* gpa */
    uint64_t tick_data;          /* gpa of KeTickCount */
    uint32_t current;            /* slot of the running thread */
    uint32_t free_record;
    uint32_t dpc_stack_top;
    uint32_t work_event; /* guest KSEMAPHORE that workers wait on */
    uint64_t interrupt_time, boot_time; /* 100 ns */
    uint64_t tick_count;
    uint64_t idle_count; /* clock interrupts that found the idle thread */
    uint64_t tick_ns;    /* when the last clock interrupt was served */
    uint64_t seq;
    uint32_t fault_count[KE_FAULTS], fault_at[KE_FAULTS]; /* fault.c */
    struct ke_bugcheck bugcheck;
    struct vec record, thread, process, wait, timer, dpc, apc, work;
    struct vec connection; /* struct ke_interrupt, in connect order */
    struct vec image, missing, bugcheck_callback;
    struct vec held_lock; /* u32, with the verifier's checks alone */
};

/** A row in the registry. */
struct routine {
    const struct export *row;
    void *context;
    uint32_t va;   /* of its stub or variable */
    bool zw;       /* sets PreviousMode */
    uint8_t fault; /* row of faults.def + 1; 0: it is never made to fail */
};

struct ke {
    struct ke_state s;
    /* wiring, not saved */
    struct ram *ram;
    struct bus *bus;
    struct cpu *cpu;
    struct clock *clock;
    struct events *events;
    struct mm *mm;
    /* registry: made from the tables at creation */
    struct routine *routine;
    uint32_t routines;
    uint32_t *by_name;           /* indices, ascending by name */
    uint32_t *stub[EXPORT_DLLS]; /* index of the row by stub number */
    uint32_t stubs[EXPORT_DLLS];
    uint32_t text_pages[EXPORT_DLLS], data_pages[EXPORT_DLLS];
    const struct ke_service *service;
    uint32_t services;
    const char *running; /* routine of the entry in progress, or NULL */
    bool entered;        /* in ke_entry() */
    bool fresh;          /* it was entered by its stub just now */
};

/* ---- registry.c, image.c, boot.c ----------------------------------------- */

enum hb_status registry_build(struct ke *ke, const struct export_table *tables,
                              unsigned count, struct hb_error *error);
void registry_free(struct ke *ke);
struct routine *registry_find(const struct ke *ke, const char *name, int dll);
/** faults_bind() - rows of faults.def to routines. fault_due() - the request
 *  that @c begins is to fail, and has: fault.c. */
void faults_bind(struct ke *ke);
bool fault_due(struct call *c, const struct routine *routine);
/** registry_name() - of a row or ROUTINE_x, for events and reports. */
const char *registry_name(const struct ke *ke, uint32_t routine);
gva_t trampoline(unsigned offset); /* TRAP_x of layout.h */
uint32_t dll_text(unsigned dll);   /* address of .text of an image of ours */
enum hb_status images_build(struct ke *ke, struct hb_error *error);
enum hb_status tables_build(struct ke *ke, struct hb_error *error);
void cpu_enter_kernel(struct ke *ke);
uint32_t pool_zeroed(struct ke *ke, uint32_t bytes, uint32_t tag);

/** state_sound() - could a kernel have saved this? Links, numbers, counts. */
bool state_sound(const struct ke *ke);
/** image_unloaded_at() - was @at in an image that is gone? Its name, or NULL.
 */
const char *image_unloaded_at(const struct ke *ke, gva_t at);
/** pending_in_image() - a finding for each thing queued or connected that lies
 *  or runs in [base, base + bytes). */
void pending_in_image(struct ke *ke, const char *name, uint32_t base,
                      uint32_t bytes);

/* ---- entry.c ---------------------------------------------------------------
 */

/** record_alloc() - a used, cleared one: its index + 1, 0 when out of room. */
uint32_t record_alloc(struct ke *ke);
struct record *record_at(const struct ke *ke, uint32_t index_plus_1);
/** record_is_kept() - in a thread's chain, not on the host's stack. */
bool record_is_kept(const struct ke *ke, const struct record *r);
/** record_keep() - make @r the current thread's newest record; NULL: bugcheck.
 *  Pointers to records move when one is allocated. */
struct record *record_keep(struct ke *ke, struct record *r);
void record_discard(struct ke *ke, struct record *r);
/** record_unwound() - drop the newest record of @t, with the event. */
void record_unwound(struct ke *ke, struct thread *t);
/** records_drop_stale() - those below where the guest's stack now ends. */
void records_drop_stale(struct ke *ke, uint32_t esp);
uint32_t record_index(const struct ke *ke, const struct record *r);
/** record_frame() - push the caller's EBP, if not yet done; false: bugcheck. */
bool record_frame(struct ke *ke, struct record *r);
/** record_locals() - @bytes more below the frame; false: bugcheck. */
bool record_locals(struct ke *ke, struct record *r, uint32_t bytes);
/** record_base() - below what the record has on the stack. */
uint32_t record_base(const struct record *r);
/** leave() - the CPU stands where it goes on: let pending interrupts, DPCs,
 *  thread switches and APCs come first if the IRQL allows. */
void leave(struct ke *ke);
/** set_segments() - the kernel's DS, ES, FS, GS. */
void kernel_segments(struct ke *ke);
/** stack_push() - on the guest's stack as the CPU would; a push that cannot be
 *  done is bugcheck 0x7F (8). */
bool stack_push(struct ke *ke, uint32_t *esp, const uint32_t *values,
                unsigned count);
/** records_drop() - all of a thread's records. */
void records_drop(struct ke *ke, struct thread *t);
/** enter() - begin @r, a fresh record on the host's stack; it becomes one of
 *  the current thread's when it calls back or waits. */
void enter(struct ke *ke, const struct record *r);
/** call_trap_return() - ending of an internal routine: registers as they were,
 *  IRQL as it was, iretd. */
void call_trap_return(struct call *c);
/** call_yield() - ending: another thread may run; goes on in @next. */
void call_yield(struct call *c, unsigned next);
/** call_resume() - ending: go on with all registers as given, at CPL 0. */
void call_resume(struct call *c, const struct resume *r);

void run_interrupt(struct call *c);
void run_dispatch(struct call *c);
void run_exception(struct call *c);
void run_service(struct call *c);
void run_user_start(struct call *c);
void run_bugcheck(struct call *c);

/* ---- object.c, timer.c, thread.c ... ---------------------------------------
 */

struct thread *thread_slot(const struct ke *ke, uint32_t slot);
struct thread *thread_current(const struct ke *ke);
struct thread *thread_find(const struct ke *ke, uint32_t id);
struct process *process_find(const struct ke *ke, uint32_t process);
uint32_t thread_id(const struct ke *ke, const struct thread *t);
void thread_ready(struct ke *ke, struct thread *t, uint32_t eax);
/** thread_save()/thread_switch() - the running thread's CPU state into its
 *  slot; the best ready thread onto the CPU. */
void thread_save(struct ke *ke);
void thread_switch(struct ke *ke);
void thread_end(struct ke *ke, struct thread *t, uint32_t exit_status);
/** thread_exit_begin() - the current thread's exit routine runs on its empty
 *  kernel stack; @e (NULL: it was asked to end) happened at @at. False: it has
 *  none, or is in it. */
bool thread_exit_begin(struct ke *ke, const struct exception *e,
                       const struct resume *at);
bool thread_better_ready(const struct ke *ke, bool equal);
void thread_address_space(struct ke *ke, const struct thread *t);
bool apc_deliverable(const struct ke *ke);
bool apc_pop(struct ke *ke, struct apc *apc);
void apc_drop(struct ke *ke, uint32_t thread);

/** wait_try() - can record @r of thread @t have its objects now? If so they
 *  are taken and *status is the result. */
bool wait_try(struct ke *ke, uint32_t record, struct thread *t,
              uint32_t *status);
void wait_block_add(struct ke *ke, uint32_t record, uint32_t slot,
                    unsigned count, const uint32_t *objects);
void wait_blocks_drop(struct ke *ke, uint32_t record);
bool wait_expire(struct ke *ke); /* timeouts that are due */
/** wait_text() - what @t waits for. As snprintf. */
int wait_text(const struct ke *ke, const struct thread *t, char *out,
              size_t room);
/** wait_end_user() - @t is to end: a wait of it in user mode is over. */
void wait_end_user(struct ke *ke, struct thread *t);
void timers_expire(struct ke *ke);
bool timers_any_due(const struct ke *ke);
bool dpc_pop(struct ke *ke, uint32_t *dpc);
void clock_interrupt(struct ke *ke);

/* ---- level.c
 * ------------------------------------------------------------------ */

/** level_check() - may @row's routine be called at this IRQL? A finding if not;
 *  false: with the verifier's checks it was bugcheck 0xC4. */
bool level_check(struct ke *ke, const struct export *row,
                 const struct record *r);

/* ---- interrupt.c
 * -------------------------------------------------------------- */

void pic_init(struct ke *ke);
void pic_set_mask(struct ke *ke, uint16_t mask);
void pic_eoi(struct ke *ke, unsigned irq);
uint8_t irq_level(unsigned irq); /* the clock is at CLOCK_LEVEL */

/* ---- trap.c ----------------------------------------------------------------
 */

void trap_entry(struct ke *ke, unsigned vector);
/** dispatch_enter() - the software interrupt of DISPATCH_LEVEL has come. */
void dispatch_enter(struct ke *ke);
bool dispatch_pending(const struct ke *ke);
void sysenter_enter(struct ke *ke);
void interrupt_enter(struct ke *ke, unsigned irq);
/** interrupt_over()/dpc_over() - tell that what @r ran is over. */
void interrupt_over(struct ke *ke, const struct record *r);
void dpc_over(struct ke *ke, const struct record *r);
/** trap_record() - @r for @routine on the trap frame at ESP. */
void trap_record(struct ke *ke, uint32_t routine, struct record *r);
/** raise_begin() - keep @r and dispatch @e there; registers go on as @at. */
void raise_begin(struct ke *ke, struct record *r, const struct exception *e,
                 const struct resume *at);
/** fault_to_exception() - what a latched fault or #PF comes to at this IRQL:
 *  true: *e is to be raised; false: it was a bugcheck. */
bool fault_to_exception(struct ke *ke, const struct cpu_fault *fault,
                        uint32_t eip, struct exception *e);

/* ---- seh.c
 * ------------------------------------------------------------------------ */

/** exception_begin() - turn the kept record @r into ROUTINE_EXCEPTION: the
 *  guest's EXCEPTION_RECORD and CONTEXT are built in its locals. @at: registers
 *  as they go on when a handler says so. False: bugcheck (stack full). */
bool exception_begin(struct ke *ke, struct record *r, const struct exception *e,
                     const struct resume *at);
void context_build(const struct resume *at, uint8_t *context);
uint32_t exception_list(const struct ke *ke);
void set_exception_list(struct ke *ke, uint32_t registration);

/** ke_stopping() - a bugcheck is done or begins: what is going on is over. */
bool ke_stopping(const struct ke *ke);
/** bugcheck_callbacks() - the entry is over: call them if that was asked for.
 */
void bugcheck_callbacks(struct ke *ke);
/** ke_bugcheck_at() - as ke_bugcheck() with EIP known. */
void ke_bugcheck_at(struct ke *ke, uint32_t eip, uint32_t code, uint32_t p1,
                    uint32_t p2, uint32_t p3, uint32_t p4, const char *text);

/** wait_follows() - the signal had Wait = TRUE: the dispatcher stays locked, at
 *  DISPATCH_LEVEL, until the wait that follows. */
void wait_follows(struct call *c, bool wait);
/** lock_taken() - with the verifier's checks: is @lock free? It is noted as
 * held then. False: held already. lock_given() - it is free again. */
bool lock_taken(struct ke *ke, uint32_t lock);
void lock_given(struct ke *ke, uint32_t lock);

/** ke_checks() - the verifier's checks are on: misuse is bugcheck 0xC4. */
bool ke_checks(const struct ke *ke);
/** store_header() - a DISPATCHER_HEADER in the caller's memory. */
void store_header(struct call *c, gva_t at, uint8_t type, uint32_t bytes,
                  uint32_t state);

#define EXPORT(name, ...) void thunk_##name(struct call *c);
#define EXPORT_DATA(...)
#include "ke/exports.def"
#undef EXPORT
#undef EXPORT_DATA
extern const struct export ke_exports[];
extern const unsigned ke_exports_count;

#endif
