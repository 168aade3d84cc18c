/* src/ke/ending.h -- the endings of a routine, between those who ask for them,
 * do them and run routines. Private to src/ke. */
#ifndef KE_ENDING_H
#define KE_ENDING_H

#include "ke/private.h"

enum end_kind {
    END_NONE,
    END_RETURN,
    END_RETURN64,
    END_GUEST,
    END_WAIT,
    END_AGAIN,
    END_RAISE,
    END_BUGCHECK,
    END_JUMP,
    END_THREAD,
    END_TRAP_RETURN,
    END_YIELD,
    END_RESUME,
};

/** What apply() made of an ending. */
enum applied {
    GUEST_GOES_ON,   /* the CPU's state is what it continues with */
    ROUTINE_GOES_ON, /* enter the record's routine again now */
};

/** apply() - put c->end into effect for @r, which may lie on the host's stack.
 *  ROUTINE_GOES_ON: the thread's newest record is to be entered now, *eax. */
enum applied apply(struct ke *ke, struct call *c, struct record *r,
                   uint32_t *eax);
/** wait_or_go_on() - the wait of the kept record @r: over at once, or block. */
enum applied wait_or_go_on(struct ke *ke, struct record *r, uint32_t *eax);
/** apply_thread_end() - the current thread ends, another one runs. */
enum applied apply_thread_end(struct ke *ke, uint32_t status);

#endif
