/* src/ke/ke.h -- the kernel's heart: entry from guest code, call records,
 * threads, waits, interrupts, DPCs, exceptions, bugchecks and the registry of
 * exports. Everything the machine must remember lies in guest RAM or in
 * struct ke's state rows; host pointers are wiring. Docs: docs/ke.md.
 * Source of the facts: WDK reference pages; hal_io and mm fact sheets; SDM. */
#ifndef KE_KE_H
#define KE_KE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/events.h"
#include "cpu/cpu.h"
#include "halbox/status.h"
#include "ke/export.h"

struct ke;
struct mm;
struct call;
struct inspect_call;
struct inspect_dpc;
struct inspect_interrupt;
struct inspect_irq;
struct inspect_thread;
struct inspect_timer;

/* ---- life ------------------------------------------------------------------
 */

/** What the board built before; all borrowed, all outlive the kernel. */
struct ke_wiring {
    struct ram *ram;
    struct bus *bus;
    struct cpu *cpu;
    struct clock *clock;
    struct events *events;
    struct mm *mm;
};

/**
 * ke_create() - a kernel that has not booted.
 * @tables: rows of every folder, each with the context that its thunks get;
 *          copied. The kernel's own rows come first and are not in the list.
 *          Order is part of what a save means.
 *
 * Two rows of the same name in one dll: HB_BAD_ARGUMENT naming it.
 */
enum hb_status ke_create(struct ke **out, const struct ke_wiring *wiring,
                         const struct export_table *tables, unsigned count,
                         struct hb_error *error);
void ke_destroy(struct ke *ke);

/**
 * ke_boot() - build in guest memory what NT finds at run time (GDT, IDT, TSS,
 * KPCR, KPRCB, KUSER_SHARED_DATA, ntoskrnl.exe, hal.dll, trampolines, stacks),
 * set the CPU into the idle thread, program 8259 pair and 8254 channel 0.
 * Needs mm booted (paging on, the self-map there). The machine can run after.
 */
enum hb_status ke_boot(struct ke *ke, struct hb_error *error);

/** Saved state: save_rows(ke_state(ke), ke_state_rows). After loading into a
 *  kernel that was created with the same tables: ke_loaded(), which refuses
 * what no kernel could have saved (HB_BAD_IMAGE). */
void *ke_state(struct ke *ke);
extern const struct state_row ke_state_rows[];
enum { KE_STATE_VERSION = 4 };
enum hb_status ke_loaded(struct ke *ke, struct hb_error *error);

/* ---- what the run loop calls ------------------------------------------------
 */

/** ke_entry() - cpu_run ended with CPU_VMCALL: run the routine entered there
 *  until it ends; cpu_run goes on after, unless ke_ended(). */
void ke_entry(struct ke *ke);
/** ke_shutdown() - cpu_run ended with CPU_SHUTDOWN: bugcheck 0x7F (8). */
void ke_shutdown(struct ke *ke);
/** ke_kick() - something outside an entry (a client's input, a host core) made
 *  a thread ready or queued a DPC: enter the dispatcher before the next
 *  instruction if IF and IRQL allow, else when they do. */
void ke_kick(struct ke *ke);
/** ke_clock() - a clock entry of kind CLOCK_KERNEL is due. */
void ke_clock(struct ke *ke);
/** ke_ended() - the guest system has stopped: ke_bugcheck_state() says how. */
bool ke_ended(const struct ke *ke);
/** ke_idle() - the idle thread runs, nothing is queued and no kernel timer or
 *  timeout will ever expire: only a device or a client can wake the guest. */
bool ke_idle(const struct ke *ke);
/** ke_waits_text() - who waits for what, one line per thread. Returns the
 *  length it has or would have, as snprintf. */
int ke_waits_text(const struct ke *ke, char *out, size_t room);

/* ---- bugchecks -------------------------------------------------------------
 */

enum { KE_NAME = 64, KE_TEXT = 256 };

struct ke_bugcheck {
    uint8_t ended;
    uint32_t code, p[4];
    uint32_t eip, esp, thread;
    char image[KE_NAME];   /* that EIP lies in, "" if none            */
    char routine[KE_NAME]; /* kernel routine that was running, or ""  */
    char text[KE_TEXT];    /* one line more for a person, or ""       */
};

const struct ke_bugcheck *ke_bugcheck_state(const struct ke *ke);
/** ke_bugcheck() - stop the guest system. The first one counts. @text may be
 *  NULL. Inside a routine use call_bugcheck(). What an entry stops runs the
 *  drivers' bugcheck callbacks first, for a second of virtual time at most. */
void ke_bugcheck(struct ke *ke, uint32_t code, uint32_t p1, uint32_t p2,
                 uint32_t p3, uint32_t p4, const char *text);

/* ---- requests that fail
 * ------------------------------------------------------ */

/** What a driver asks for; rows of routines: faults.def. */
enum ke_fault {
    KE_FAULT_POOL,
    KE_FAULT_PTE,
    KE_FAULT_MAP_REGISTER,
    KE_FAULT_MDL,
    KE_FAULT_RESOURCE,
    KE_FAULTS
};
/** ke_fault_name()/ke_fault_find() - "pool", "pte", "map-register", ...; NULL
 *  and false: no such kind. */
const char *ke_fault_name(enum ke_fault kind);
bool ke_fault_find(const char *text, enum ke_fault *kind);
/** ke_fault_routine() - of row @index; NULL past the last. */
const char *ke_fault_routine(unsigned index);
/** ke_fault_arm() - count requests of @kind anew, and let the @n-th (from 1)
 *  fail; 0: none. */
void ke_fault_arm(struct ke *ke, enum ke_fault kind, uint32_t n);
/** ke_fault_count() - requests since then. */
uint32_t ke_fault_count(const struct ke *ke, enum ke_fault kind);

/* ---- exports and images
 * ------------------------------------------------------ */

/** ke_stub() - address of routine or variable @name in any dll or INTERNAL; 0
 *  when there is none. What tables of pointers and call_guest need. */
gva_t ke_stub(const struct ke *ke, const char *name);
/** ke_export_address() - as the loader binds: @dll "ntoskrnl.exe" or "hal.dll"
 *  in any case; by @name, or by @ordinal when @name is NULL. 0: no such. */
gva_t ke_export_address(const struct ke *ke, const char *dll, const char *name,
                        uint16_t ordinal);
/** ke_export_row() - row @index of all tables, in the order of their names;
 *  NULL past the last. */
const struct export *ke_export_row(const struct ke *ke, unsigned index);
/** ke_is_kernel_dll() - do we serve this dll name? */
bool ke_is_kernel_dll(const char *dll);
/** ke_missing_stub() - a stub for an import nothing serves: entering it is a
 *  bugcheck that names @image, @dll and @name. 0 when the stubs (1,024) are
 *  used up. */
gva_t ke_missing_stub(struct ke *ke, const char *image, const char *dll,
                      const char *name);
/** ke_running() - the routine of the entry in progress, or NULL. */
const char *ke_running(const struct ke *ke);
/** ke_routine_name() - of the stub that holds @at, or NULL. For traces. */
const char *ke_routine_name(const struct ke *ke, gva_t at);

/** What lies at an address of ntoskrnl.exe or hal.dll. */
enum ke_symbol_kind {
    KE_SYMBOL_ROUTINE,    /* the stub of a row                         */
    KE_SYMBOL_MISSING,    /* of an import that nothing serves          */
    KE_SYMBOL_VECTOR,     /* VMCALL; iretd, entered through the IDT    */
    KE_SYMBOL_TRAP,       /* the same, entered in another way; an iretd */
    KE_SYMBOL_TRAMPOLINE, /* where guest code that we called returns   */
    KE_SYMBOL_IDLE,       /* sti; hlt; jmp                             */
    KE_SYMBOL_DATA,       /* a variable                                */
};
struct ke_symbol {
    enum ke_symbol_kind kind;
    unsigned dll; /* enum export_dll: whose image it lies in */
    char name[64];
    gva_t start;
    uint32_t bytes;
};
/** ke_symbol_at() - false: nothing that has a name. */
bool ke_symbol_at(const struct ke *ke, gva_t at, struct ke_symbol *symbol);
/** An image of ours in guest memory. */
struct ke_dll {
    const char *name;
    gva_t base, text, data;
    uint32_t bytes, text_bytes, data_bytes;
};
/** ke_dll_at() - @dll is an enum export_dll. */
void ke_dll_at(const struct ke *ke, unsigned dll, struct ke_dll *image);

/** ke_image_add()/remove() - the loader tells which image lies where: for
 *  bugchecks, traces and to tell 0x0A from 0xD1. Removing it (before its pages
 *  go) is a finding for each DPC, timer, work item or service routine it
 * leaves; touching its pages afterwards is bugcheck 0xCE. */
void ke_image_add(struct ke *ke, const char *name, gva_t base, uint32_t bytes);
void ke_image_remove(struct ke *ke, gva_t base);
/** ke_image_at() - name of the image that @at lies in, or NULL. */
const char *ke_image_at(const struct ke *ke, gva_t at);

/** A system service: int 2Eh with EAX = its index enters export @name's
 *  routine with the arguments at EDX, PreviousMode = UserMode. */
struct ke_service {
    const char *name; /* of an export (Zw...) or INTERNAL row */
};
/** ke_set_services() - services 0..@count-1; borrowed for ever (a const table
 *  of the caller). The row's slots say how many arguments are copied. */
enum hb_status ke_set_services(struct ke *ke, const struct ke_service *rows,
                               unsigned count, struct hb_error *error);

/* ---- kernel memory outside a call
 * -------------------------------------------- */

/** ke_read()/ke_write() - kernel virtual memory as the host kernel's own data
 *  (cpu_peek/cpu_poke): no fault, no device; false if not mapped to RAM. */
bool ke_read(const struct ke *ke, gva_t at, void *to, uint32_t bytes);
bool ke_write(struct ke *ke, gva_t at, const void *from, uint32_t bytes);
uint32_t ke_read_u32(const struct ke *ke, gva_t at); /* 0 if not mapped */
bool ke_write_u32(struct ke *ke, gva_t at, uint32_t v);
struct mm *ke_mm(const struct ke *ke);
struct bus *ke_bus(const struct ke *ke);
struct events *ke_events(const struct ke *ke);

/* ---- threads ----------------------------------------------------------------
 */

enum ke_mode { KERNEL_MODE, USER_MODE };
enum { KE_THREADS = 1024, KE_NO_THREAD = 0 };
enum { KE_PRIORITY_LOW = 0, KE_PRIORITY_NORMAL = 8, KE_PRIORITY_HIGH = 31 };

/** Process numbers; 1 is System, in mm's space 0. */
enum { KE_SYSTEM_PROCESS = 1, KE_PROCESSES = 256 };
/**
 * ke_process_create() - a process number for mm's address space @space.
 * Allocates its guest EPROCESS and tells mm (space_set_process). 0: no room.
 * The caller goes on owning the address space.
 */
uint32_t ke_process_create(struct ke *ke, uint32_t space);
/** ke_process_destroy() - all its threads have ended; frees the EPROCESS. */
void ke_process_destroy(struct ke *ke, uint32_t process);
/** ke_process_ended() - its address space is about to go: who works in it works
 *  in the system's from now on; its object is signalled and stays. */
void ke_process_ended(struct ke *ke, uint32_t process);
uint32_t ke_process_space(const struct ke *ke, uint32_t process);
gva_t ke_process_object(const struct ke *ke, uint32_t process);
uint32_t ke_process_by_object(const struct ke *ke, gva_t object);
uint32_t ke_current_process(const struct ke *ke);

/** What a new thread is. */
struct ke_thread_start {
    uint32_t process; /* KE_SYSTEM_PROCESS for a system thread               */
    gva_t start;      /* kernel: start(context), stdcall; user: its EIP      */
    uint32_t context; /* kernel only                                         */
    bool user;        /* starts in ring 3 at start with ESP user_esp         */
    uint32_t user_esp;
    uint32_t teb;     /* FS base in ring 3                                   */
    uint32_t exit;    /* user: routine(reason, record, context), stdcall, that
                         ends it (enum ke_exit); 0: it ends at once          */
    int priority;     /* 0: KE_PRIORITY_NORMAL                               */
    const char *name; /* for reports; may be NULL                            */
};
/** Why a user thread's exit routine runs. It runs at PASSIVE_LEVEL on the
 *  thread's empty kernel stack, for the kernel, and ends with
 *  call_thread_end(). */
enum ke_exit {
    KE_EXIT_ASKED,     /* ke_thread_terminate(): record and context are 0     */
    KE_EXIT_EXCEPTION, /* in ring 3: guest EXCEPTION_RECORD and CONTEXT       */
};
/** ke_thread_create() - ready to run; number > 0, or 0 with *@status the
 *  NTSTATUS. Numbers are Cids: multiples of 4. */
uint32_t ke_thread_create(struct ke *ke, const struct ke_thread_start *how,
                          uint32_t *status);
/** ke_thread_terminate() - a user thread ends with @exit_status when it would
 *  next return to ring 3, at once if it waits in a service with no driver's
 *  code on its stack; its object is signalled. With an exit routine such a wait
 *  ends with STATUS_USER_APC and the routine runs instead of the return. A
 *  system thread ends only by itself (call_thread_end()). */
void ke_thread_terminate(struct ke *ke, uint32_t thread, uint32_t exit_status);
uint32_t ke_current_thread(const struct ke *ke);
bool ke_thread_exists(const struct ke *ke, uint32_t thread); /* not ended */
/** ke_thread_exit_status() - of one that has ended and was not released. */
uint32_t ke_thread_exit_status(const struct ke *ke, uint32_t thread);
/** ke_thread_object() - guest ETHREAD (a dispatcher object), 0 if none.
 *  It lasts until ke_thread_release(). */
gva_t ke_thread_object(const struct ke *ke, uint32_t thread);
uint32_t ke_thread_by_object(const struct ke *ke, gva_t object);
uint32_t ke_thread_process(const struct ke *ke, uint32_t thread);
/** ke_thread_release() - nobody refers to the object of an ended thread now:
 *  the object and the number are free again. */
void ke_thread_release(struct ke *ke, uint32_t thread);
enum ke_mode ke_previous_mode(const struct ke *ke); /* of the current thread */
int ke_thread_priority(const struct ke *ke, uint32_t thread);
/** Returns the old priority. */
int ke_thread_set_priority(struct ke *ke, uint32_t thread, int priority);

/** ke_attach()/ke_detach() - the current thread works in another process's
 *  address space (CR3). attach returns the process to hand to detach. */
uint32_t ke_attach(struct ke *ke, uint32_t process);
void ke_detach(struct ke *ke, uint32_t process);

/**
 * ke_queue_apc() - have @thread call @routine(a0, a1, a2), stdcall, at
 * APC_LEVEL in its own context as soon as it runs below APC_LEVEL with APCs
 * enabled; a wait it is in is taken up again afterwards. For I/O completion:
 * nt queues an INTERNAL row's stub with the IRP as a0; the row's thunk then
 * runs in the originator's address space, copies, signals and frees.
 * False: no such thread (it ended): complete in place.
 */
bool ke_queue_apc(struct ke *ke, uint32_t thread, gva_t routine, uint32_t a0,
                  uint32_t a1, uint32_t a2);

/** ke_queue_work() - @routine(parameter), stdcall, at PASSIVE_LEVEL in a system
 *  worker thread, in order of queueing. False: 65,536 are queued. */
bool ke_queue_work(struct ke *ke, gva_t routine, uint32_t parameter);

/* ---- dispatcher objects
 * ------------------------------------------------------- */

/** DISPATCHER_HEADER.Type. */
enum ke_object_type {
    EVENT_NOTIFICATION = 0,
    EVENT_SYNCHRONIZATION = 1,
    OBJECT_MUTANT = 2,
    OBJECT_PROCESS = 3,
    OBJECT_QUEUE = 4,
    OBJECT_SEMAPHORE = 5,
    OBJECT_THREAD = 6,
    TIMER_NOTIFICATION = 8,
    TIMER_SYNCHRONIZATION = 9,
};

/** Objects lie in guest memory (layouts: DISPATCHER_HEADER ...), wait blocks on
 *  our side. These work from any host core; a thread that becomes ready runs
 *  when the entry in progress leaves (outside an entry: ke_kick). */
void ke_event_init(struct ke *ke, gva_t event, enum ke_object_type type,
                   bool signalled);
/** ke_signal_event() - KeSetEvent; returns the previous state. */
int32_t ke_signal_event(struct ke *ke, gva_t event);
int32_t ke_reset_event(struct ke *ke, gva_t event);
/** ke_signal_object() - SignalState of @object went up: serve its waiters. */
void ke_signal_object(struct ke *ke, gva_t object);

/** Time in 100 ns since boot, and since 1601; both move at clock interrupts. */
uint64_t ke_interrupt_time(const struct ke *ke);
uint64_t ke_system_time(const struct ke *ke);
/** ke_idle_time() - of it, what clock interrupts found idle; 100 ns. */
uint64_t ke_idle_time(const struct ke *ke);
/** ke_deadline() - a LARGE_INTEGER timeout (negative relative, else absolute
 *  system time) as call_wait's due. */
uint64_t ke_deadline(const struct ke *ke, int64_t timeout);

/** ke_timer_set() - KeSetTimerEx on a KTIMER. @due as ke_deadline() gives it,
 *  @period_ms 0: once, @dpc may be 0. Returns whether it was set before. */
bool ke_timer_set(struct ke *ke, gva_t timer, uint64_t due, uint32_t period_ms,
                  gva_t dpc);
bool ke_timer_cancel(struct ke *ke, gva_t timer);
/** ke_dpc_queue() - KeInsertQueueDpc; false if it was queued already. */
bool ke_dpc_queue(struct ke *ke, gva_t dpc, uint32_t a1, uint32_t a2);
bool ke_dpc_remove(struct ke *ke, gva_t dpc);

/* ---- IRQL and interrupts
 * ------------------------------------------------------ */

/** The lazy IRQL, fs:[24h]. Setting it lower lets what it masked come when the
 *  entry in progress leaves. ke_set_irql returns the old level. */
uint8_t ke_irql(const struct ke *ke);
uint8_t ke_set_irql(struct ke *ke, uint8_t irql);

enum { KE_IRQS = 16, KE_VECTOR_BASE = 0x30 };
static inline uint32_t ke_irq_vector(unsigned irq)
{
    return KE_VECTOR_BASE + irq;
}
static inline uint8_t ke_irq_level(unsigned irq)
{
    return (uint8_t)(PROFILE_LEVEL - irq);
}

/** One connected service routine; the KINTERRUPT is guest memory of the caller
 *  (x_KINTERRUPT_NT5, 1E4h bytes of nonpaged pool). */
struct ke_interrupt {
    uint32_t object; /* KINTERRUPT                                         */
    uint32_t routine, context;
    uint32_t vector; /* KE_VECTOR_BASE + irq                               */
    uint32_t lock;   /* KSPIN_LOCK of the caller; 0: the object's own      */
    uint8_t irql, synchronize_irql;
    uint8_t latched; /* Mode: 0 level, 1 latched                           */
    uint8_t share;
};
/** ke_interrupt_connect() - STATUS_SUCCESS, or STATUS_INVALID_PARAMETER as
 *  IoConnectInterrupt says (impossible vector, held exclusively, other mode,
 *  SynchronizeIrql < Irql). Fills the KINTERRUPT, unmasks the line. */
uint32_t ke_interrupt_connect(struct ke *ke, const struct ke_interrupt *how);
/** ke_interrupt_disconnect() - false: not connected. */
bool ke_interrupt_disconnect(struct ke *ke, gva_t object);

/* ---- inspection: reads only
 * -------------------------------------------------- */

/** ke_thread_at(), ke_call_at() - halbox/inspect_ke.h; processes by the
 *  kernel's numbers. */
bool ke_thread_at(const struct ke *ke, unsigned index,
                  struct inspect_thread *out);
bool ke_call_at(const struct ke *ke, uint32_t thread, unsigned index,
                struct inspect_call *out);
/** ke_irq() - the kernel's part of a line: irql, noted, connected. */
void ke_irq(const struct ke *ke, unsigned irq, struct inspect_irq *out);
bool ke_interrupt_at(const struct ke *ke, unsigned index,
                     struct inspect_interrupt *out);
bool ke_dpc_at(const struct ke *ke, unsigned index, struct inspect_dpc *out);
bool ke_timer_at(const struct ke *ke, unsigned index,
                 struct inspect_timer *out);

#endif
