/* src/debug/debugger.h -- the debugger from inside: what its files share. */
#ifndef DEBUG_DEBUGGER_H
#define DEBUG_DEBUGGER_H

#include "board/board.h"
#include "debug/history.h"
#include "halbox/debug.h"

enum { DEBUG_BREAKS = 64 };

/** A breakpoint, and where it hangs. */
struct breaker {
    int id;    /* 0: free */
    int watch; /* of machine_watch(), 0: none */
    struct debug *d;
    struct debug_break b;
    char found[MACHINE_STOP_TEXT]; /* the last hit of a watch, in words */
};

/** Where a step began. */
struct step_start {
    struct debug_place at;
    uint32_t thread, esp, eip;
    uint8_t irql;
    struct instruction instruction;
    bool anywhere; /* it began where no source is: in any thread */
    struct source_function function; /* start == end: none */
};

enum { TRAIL = 256 };

/** A step that was taken: the same step back undoes it. */
struct taken_step {
    enum debug_step step;
    char device[MACHINE_NAME];
    struct debug_place from, to;
};

struct debug {
    struct machine *m;
    struct symbols *symbols;
    struct debug_client client;
    struct history *history; /* NULL: none, why says so */
    char why[sizeof((struct hb_error *)0)->text];
    struct debug_order order;
    bool ordered;   /* the order has been begun                          */
    bool listening; /* to the events of its step                         */
    bool alone;     /* nobody drives the machine but the debugger        */
    bool pause, quit, looking; /* looking: for a place in the past       */
    bool standing;   /* stopped() is being called                         */
    bool has_order;  /* given since then                                  */
    bool step_event; /* the event that ends the step has come            */
    bool went_back;  /* since the run that drives the machine stopped    */
    int hit;         /* breakpoint that was met                          */
    uint16_t owner;  /* of the bus, before the piece                     */
    struct step_start start;
    struct taken_step trail[TRAIL]; /* the latest last                      */
    unsigned trail_count;
    bool pending; /* `stop` has not been told yet */
    struct debug_stop stop;
    struct breaker breaker[DEBUG_BREAKS];
    int break_ids;
    uint64_t asked_ns; /* host time of the last running()               */
    uint64_t slice;    /* ticks between two looks at the host's clock   */
    uint64_t paced, paced_ns; /* tick and host time of the last boundary     */
    struct monitor *monitor;  /* NULL: no command was given                  */
};

/** debug_look_soon() - ask the debugger at the next boundary. */
void debug_look_soon(struct debug *d);

/* ---- steps.c ------------------------------------------------------------- */

/** steps_begin()/steps_end() - around a step in @d->order: from where the
 *  machine stands. */
void steps_begin(struct debug *d);
void steps_end(struct debug *d);
/** steps_over() - at a boundary behind a piece of work: is the step over? For a
 *  way back: would one end here? */
bool steps_over(struct debug *d);
/** steps_taken() - the step in @d->order has come to an end here: keep it.
 *  steps_undo() - from where does the step lead that ended here? False: none
 *  like d->order did. */
void steps_taken(struct debug *d);
bool steps_undo(struct debug *d, struct debug_place *from);
/** steps_fine() - must it look behind each instruction? */
bool steps_fine(const struct debug *d);

/* ---- back.c -------------------------------------------------------------- */

/** back_run() - carry out an order back: the machine is put where it leads, and
 *  d->stop says where that is. */
void back_run(struct debug *d);

/* ---- debug.c ------------------------------------------------------------- */

/** debug_stop_at() - the next thing is to tell of a stop. */
void debug_stop_at(struct debug *d, enum debug_reason reason, const char *text);
/** debug_poll() - now and then, running(). */
void debug_poll(struct debug *d);

/* ---- monitor.c ----------------------------------------------------------- */

/** debug_monitor_end() - free what commands keep. */
void debug_monitor_end(struct debug *d);

/* ---- breaks.c ------------------------------------------------------------ */

void breaks_fini(struct debug *d);
const char *breaks_text(const struct debug *d, int id);
/** breaks_behind() - is @id a watch, which is met behind an access? */
bool breaks_behind(const struct debug *d, int id);
/** breaks_met() - breakpoint @id stopped the machine: it may go now. */
void breaks_met(struct debug *d, int id);

#endif
