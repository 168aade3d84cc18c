/* src/ke/ke_wait.c -- KeWaitForSingleObject and friends. Source: WDK reference
 * pages; hal_io fact sheet 9. */
#include "ke/private.h"

void wait_follows(struct call *c, bool wait)
{
    struct thread *t = thread_current(c->ke);

    if (!wait || t->wait_follows || !call_ok(c))
        return;
    if (call_irql(c) > APC_LEVEL)
        call_finding(c, "IRQL",
                     "%s with Wait = TRUE called at IRQL %u, highest "
                     "allowed 1",
                     c->export->name, call_irql(c));
    t->wait_follows = 1;
    t->wait_irql = call_set_irql(c, DISPATCH_LEVEL);
}

/** The wait that a signal with Wait = TRUE promised: nothing ran in between. */
static void wait_begins(struct call *c)
{
    struct thread *t = thread_current(c->ke);

    if (!t->wait_follows)
        return;
    t->wait_follows = 0;
    call_set_irql(c, t->wait_irql);
}

/** A PLARGE_INTEGER timeout argument as call_wait's deadline. */
static uint64_t deadline(struct call *c, unsigned slot)
{
    gva_t at = call_va(c, slot);

    return at.v ? ke_deadline(c->ke, (int64_t)load_u64(c, at)) : WAIT_FOREVER;
}

/** With checks a wait at DISPATCH_LEVEL that is no poll is 0xC4: 121h without a
 *  timeout, 122h with one; above DISPATCH_LEVEL 120h. */
static bool may_wait(struct call *c, uint32_t object, unsigned slot,
                     uint64_t due)
{
    uint8_t irql = call_irql(c);

    if (!ke_checks(c->ke) || irql < DISPATCH_LEVEL ||
        (irql == DISPATCH_LEVEL && !due))
        return true;
    call_bugcheck(c, BUGCHECK_VERIFIER,
                  irql > DISPATCH_LEVEL ? 0x120
                  : due == WAIT_FOREVER ? 0x121
                                        : 0x122,
                  irql, object, call_u32(c, slot));
    return false;
}

/** (Object, Reason, Mode, Alertable, *Timeout) */
void thunk_KeWaitForSingleObject(struct call *c)
{
    gva_t object = call_va(c, 0);
    uint64_t due;

    if (c->state == 1) {
        call_return(c, c->eax);
        return;
    }
    wait_begins(c);
    due = deadline(c, 4);
    if (!may_wait(c, object.v, 4, due))
        return;
    call_wait(c, 1, &object, false, due, 1);
    if (call_bool(c, 2))
        call_wait_user(c);
}

void thunk_KeWaitForMutexObject(struct call *c)
{
    thunk_KeWaitForSingleObject(c);
}

enum { THREAD_WAIT_BLOCKS = 3, MAXIMUM_WAIT_OBJECTS_EXCEEDED = 0x0c };

/** (Count, *Objects[], WaitType 0 all 1 any, Reason, Mode, Alertable,
 *  *Timeout, WaitBlocks): more than three need the caller's blocks. */
void thunk_KeWaitForMultipleObjects(struct call *c)
{
    uint32_t count = call_u32(c, 0);
    gva_t list = call_va(c, 1), objects[CALL_OBJECTS];
    bool all = call_u32(c, 2) == 0;
    uint64_t due;

    if (c->state == 1) {
        call_return(c, c->eax);
        return;
    }
    wait_begins(c);
    if (count > CALL_OBJECTS ||
        (count > THREAD_WAIT_BLOCKS && !call_u32(c, 7))) {
        call_bugcheck(c, MAXIMUM_WAIT_OBJECTS_EXCEEDED, 0, 0, 0, 0);
        return;
    }
    for (uint32_t i = 0; i < count; i++)
        objects[i] = gva_of(load_u32(c, gva_add(list, 4 * i)));
    due = deadline(c, 6);
    if (!may_wait(c, list.v, 6, due))
        return;
    call_wait(c, count, objects, all, due, 1);
    if (call_bool(c, 4))
        call_wait_user(c);
}

/** (Mode, Alertable, *Interval). An interval of 0 gives way to others. */
void thunk_KeDelayExecutionThread(struct call *c)
{
    uint64_t due;

    if (c->state == 1) {
        call_return(c, c->eax == STATUS_USER_APC ? STATUS_USER_APC
                                                 : STATUS_SUCCESS);
        return;
    }
    wait_begins(c);
    due = deadline(c, 2);
    if (!call_ok(c))
        return;
    if (!due)
        call_yield(c, 1);
    else
        call_wait(c, 0, NULL, false, due, 1);
    if (due && call_bool(c, 0))
        call_wait_user(c);
}
