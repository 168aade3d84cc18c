/* include/halbox/debug.h -- a debugger on a machine: stops where its user says,
 * steps forward and back, and goes on, whoever drives the machine: a scenario,
 * a command, a test. It stops between two pieces of a run, so a debugged run is
 * the run that it would have been. Only a change made in the past makes it
 * another one. Reading is inspect.h and symbols.h. Docs: docs/debugger.md. */
#ifndef HALBOX_DEBUG_H
#define HALBOX_DEBUG_H

#include "halbox/control.h"
#include "halbox/symbols.h"
#include "halbox/watch.h"

struct debug;

/* ---- places --------------------------------------------------------------*/

/** A place in a run: ordered, exact, the same in every run. */
struct debug_place {
    struct machine_position at;
    uint32_t inputs; /* that had entered from outside */
};
/** debug_place_order() - below, above or at zero: @a is before, after, at @b.
 */
HB_API int debug_place_order(const struct debug_place *a,
                             const struct debug_place *b);

enum debug_reason {
    DEBUG_ATTACHED,   /* at the beginning                                    */
    DEBUG_PAUSED,     /* debug_pause()                                       */
    DEBUG_STEPPED,    /* the step is over                                    */
    DEBUG_BREAKPOINT, /* at one, see `breakpoint`                            */
    DEBUG_ENDED,      /* the guest system has stopped, nothing more can
                         happen, or a finding with verify=stop               */
    DEBUG_OVER,       /* whoever drove the machine is through with it        */
    DEBUG_FIRST       /* back at the earliest place that is kept             */
};

/** Where and why the machine stands. */
struct debug_stop {
    enum debug_reason reason;
    struct debug_place at;
    int breakpoint; /* its id, with DEBUG_BREAKPOINT                         */
    bool past;      /* the run had come further                              */
    char text[MACHINE_STOP_TEXT]; /* for a person                            */
};
/** debug_reason_name() - in lower case, for messages and files. */
HB_API const char *debug_reason_name(enum debug_reason reason);

/* ---- orders --------------------------------------------------------------*/

/** Steps; the table src/debug/steps.c has a row for each. */
enum debug_step {
    DEBUG_INSTRUCTION,
    DEBUG_LINE, /* to another source line, into calls that have lines    */
    DEBUG_OVER_INSTRUCTION, /* a call or a repeated instruction as one       */
    DEBUG_OVER_LINE,        /* to another line of this function or a caller  */
    DEBUG_OUT,              /* until the function has returned               */
    DEBUG_BYTE,             /* of DMA, as machine_step()                     */
    DEBUG_BURST,
    DEBUG_PAGE,
    DEBUG_TRANSFER,
    DEBUG_IRQ,         /* an interrupt is taken                              */
    DEBUG_IRP,         /* an IRP goes to a driver                            */
    DEBUG_DRIVER_CALL, /* a kernel routine calls driver code                 */
    DEBUG_KERNEL_CALL, /* the driver calls a kernel routine                  */
    DEBUG_STEPS
};
/** A step's name, as commands and files have it ("byte"); NULL past the last.
 *  debug_step_help() - what it does, for a person. */
HB_API const char *debug_step_name(enum debug_step step);
HB_API const char *debug_step_help(enum debug_step step);

enum debug_order_kind {
    DEBUG_GO,    /* on, to a breakpoint; back: to the one before           */
    DEBUG_STEP,  /* one step; back: undoes the one that was taken to here, else
                    to the last place where one would have ended             */
    DEBUG_GO_TO, /* to a place of the run that is kept, or at a tick ahead */
    DEBUG_QUIT   /* the machine stops for good: STOP_ASKED from now on     */
};

/** What the machine is to do next. */
struct debug_order {
    enum debug_order_kind kind;
    bool back, here; /* here: DEBUG_GO back also meets a watch of the access
                        that led to where it begins; it does not move then   */
    enum debug_step step;
    char device[MACHINE_NAME]; /* steps of DMA: of this device; "": any      */
    struct debug_place to;     /* DEBUG_GO_TO                                */
};

/* ---- life ----------------------------------------------------------------*/

/** Who is asked; each may be NULL. */
struct debug_client {
    void *context;
    /** The machine stands. Returns when debug_order() has been called, or with
     *  no order: on. May read, poke, and change breakpoints. */
    void (*stopped)(void *context, struct debug *d,
                    const struct debug_stop *stop);
    /** About 60 times a second of the host's time while the machine runs,
     *  forward or back, so that a window can draw and hear its user. */
    void (*running)(void *context, struct debug *d);
    /** A line for the console. */
    void (*print)(void *context, const char *line);
};

struct debug_options {
    uint64_t history; /* bytes for going back; 0: 256 MiB; UINT64_MAX: none  */
    bool stop_first;  /* stop before anything runs: DEBUG_ATTACHED           */
    struct symbols *symbols; /* borrowed, may be NULL: source lines          */
};

/**
 * debug_attach() - @m is debugged from now on, whatever runs it.
 * @client: copied; without stopped() a stop ends the call that runs the machine
 *          (STOP_ASKED), and debug_stopped() tells more
 *
 * Returns HB_OK, HB_NO_MEMORY. Where the machine cannot be put back (a disk
 * that is written in place), orders back are refused with that text.
 */
HB_API enum hb_status debug_attach(struct debug **out, struct machine *m,
                                   const struct debug_options *options,
                                   const struct debug_client *client,
                                   struct hb_error *error);
/** debug_detach() - before the machine goes; it is at its present then. */
HB_API void debug_detach(struct debug *d);
HB_API struct machine *debug_machine(const struct debug *d);
HB_API struct symbols *debug_symbols(const struct debug *d);

/** debug_order() - what to do when stopped() returns, or when the machine is
 *  run again. HB_BAD_STATE with one line: it cannot be done. */
HB_API enum hb_status debug_order(struct debug *d,
                                  const struct debug_order *order,
                                  struct hb_error *error);
/** debug_pause() - from running(), or any listener: stop at the next boundary.
 */
HB_API void debug_pause(struct debug *d);
/** debug_over() - whoever drives the machine needs it no more: the user may
 *  still look, go back, and go on without a driver, until DEBUG_QUIT or on. */
HB_API void debug_over(struct debug *d);
/** debug_stopped() - the last stop. debug_is_quit() - after DEBUG_QUIT. */
HB_API const struct debug_stop *debug_stopped(const struct debug *d);
HB_API bool debug_is_quit(const struct debug *d);
/** debug_changed() - call after a poke: in the past, the present is here now,
 *  and the run goes on without whoever drove it. */
HB_API void debug_changed(struct debug *d);

/** debug_now(), debug_begin(), debug_present() - where the machine stands; the
 *  earliest place it can be put back to; how far the run has come. */
HB_API struct debug_place debug_now(const struct debug *d);
HB_API struct debug_place debug_begin(const struct debug *d);
HB_API struct debug_place debug_present(const struct debug *d);

/* ---- breakpoints ---------------------------------------------------------*/

enum { DEBUG_TEXT = 128 };
enum debug_break_kind {
    DEBUG_BREAK_EVENT, /* behind an event: `event`                           */
    DEBUG_BREAK_CODE,  /* before the instruction at `code`                   */
    DEBUG_BREAK_WATCH, /* after a byte was touched: `watch`                  */
};
struct debug_break {
    enum debug_break_kind kind;
    bool disabled, once; /* once: gone after its first stop                  */
    uint32_t ignore;     /* so many times first                              */
    uint64_t hits;       /* by now                                           */
    struct machine_breakpoint event;
    gva_t code;
    struct machine_watch watch;
    char text[DEBUG_TEXT]; /* as the user wrote it                           */
};
/** debug_break_add() - its id from 1 up, or 0 with @error. debug_break_parse()
 *  - the same from words: a place in the code ("dma.c:120", "edu!Start",
 * "0x8..."), a watch ("write virtual:0x1000,4 by edu"), or an event ("dma
 * device=edu", "finding", "pool_alloc tag=0x..."). docs/debugger.md. */
HB_API int debug_break_add(struct debug *d, const struct debug_break *b,
                           struct hb_error *error);
HB_API int debug_break_parse(struct debug *d, const char *words,
                             struct hb_error *error);
HB_API bool debug_break_at(const struct debug *d, unsigned index, int *id,
                           struct debug_break *b);
/** debug_break_set() - disabled and ignore as in @b. False: no such id. */
HB_API bool debug_break_set(struct debug *d, int id,
                            const struct debug_break *b);
HB_API bool debug_break_remove(struct debug *d, int id);

#endif
