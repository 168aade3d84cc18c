/* include/halbox/inspect_ke.h -- the kernel's threads and the routines that
 * they are inside of; interrupts, DPCs and timers. Part of halbox/inspect.h; a
 * bare machine has none. */
#ifndef HALBOX_INSPECT_KE_H
#define HALBOX_INSPECT_KE_H

#include "halbox/addr.h"
#include "halbox/machine.h"

/** A thread. Number 0 is the idle thread, index 0. */
struct inspect_thread {
    uint32_t number;   /* its Cid, a multiple of 4                           */
    uint32_t process;  /* a process's number; MACHINE_NONE: System           */
    uint32_t attached; /* whose address space it works in: a process's number,
                          or SPACE_SYSTEM                                    */
    char name[32];
    const char *state;        /* running, ready, waiting, ended            */
    bool user, user_mode;     /* has a ring-3 side; PreviousMode           */
    int priority;             /* 0-31                                      */
    uint8_t irql;             /* now, or when it runs again                */
    gva_t object, teb;        /* ETHREAD, TEB                              */
    gva_t stack_limit, stack; /* its kernel stack: lowest byte, end        */
    uint32_t reg[8], eip;     /* EAX ECX EDX EBX ESP EBP ESI EDI: of the   */
    uint32_t eflags;          /* CPU when it runs, else to go on with      */
    uint32_t exception_list;  /* fs:[0]                                    */
    uint32_t exit_status;     /* of one that has ended                     */
    unsigned calls;           /* kernel routines that it is inside of      */
    char waits[256];          /* for what, when waiting                    */
};
HB_API bool inspect_thread_at(const struct machine *m, unsigned index,
                              struct inspect_thread *thread);

/** A kernel routine that called guest code or waits, and is not over. */
struct inspect_call {
    const char *routine; /* its export's name, or "(interrupt)" ...          */
    unsigned state;      /* it will be entered in                            */
    gva_t caller;        /* where it returns to                              */
    gva_t entry;         /* ESP at its entry, on that address                */
    gva_t frame;         /* saved EBP of the caller; 0: not saved            */
    uint32_t reg[8];     /* at its entry                                     */
    uint8_t irql;        /* when it called out                               */
    bool trap, user;     /* came by the IDT; from ring 3                     */
    bool waiting;
};
/** inspect_call_at() - of thread number @thread, the newest is index 0. */
HB_API bool inspect_call_at(const struct machine *m, uint32_t thread,
                            unsigned index, struct inspect_call *call);

/* ---- interrupts, DPCs, timers --------------------------------------------*/

/** A connected interrupt object. */
struct inspect_interrupt {
    gva_t object, routine, context; /* KINTERRUPT; ServiceRoutine            */
    gva_t lock;                     /* KSPIN_LOCK of the caller; 0: its own  */
    uint32_t vector;
    unsigned irq;
    uint8_t irql, synchronize_irql;
    bool latched, shared;
};
/** inspect_interrupt_at() - in the order in which they were connected, which is
 *  that in which they are called. */
HB_API bool inspect_interrupt_at(const struct machine *m, unsigned index,
                                 struct inspect_interrupt *interrupt);

/** A queued DPC. */
struct inspect_dpc {
    gva_t object, routine, context;
    uint32_t argument[2];
    const char *importance; /* low, medium, high */
};
/** inspect_dpc_at() - the next one to run is index 0. */
HB_API bool inspect_dpc_at(const struct machine *m, unsigned index,
                           struct inspect_dpc *dpc);

/** A timer that is set. */
struct inspect_timer {
    gva_t object, dpc; /* KTIMER; its KDPC or 0                              */
    gva_t routine;     /* of that DPC                                        */
    uint64_t due;      /* in 100 ns of interrupt time; it expires with the
                          first clock interrupt from then on                 */
    uint64_t period;   /* in 100 ns; 0: once                                 */
};
HB_API bool inspect_timer_at(const struct machine *m, unsigned index,
                             struct inspect_timer *timer);
/** inspect_interrupt_time() - the kernel's time since boot in 100 ns, as of the
 *  last clock interrupt. */
HB_API uint64_t inspect_interrupt_time(const struct machine *m);

#endif
