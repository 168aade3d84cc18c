/* src/ke/apc.c -- kernel APCs: queued for a thread, taken when it runs low
 * enough. Docs: docs/ke.md, "Waits". */
#include "ke/private.h"

/* ---- APCs
 * ------------------------------------------------------------------------ */

/** A waiting thread leaves its wait for the APC; waiting == 2 says that the
 *  record takes it up again when it is entered next. */
static void interrupt_wait(struct ke *ke, struct thread *t)
{
    struct record *r = record_at(ke, t->top);

    if (t->state != THREAD_WAITING || t->irql || t->apc_disable || !r ||
        r->waiting != 1)
        return;
    r->waiting = 2;
    thread_ready(ke, t, 0);
}

bool ke_queue_apc(struct ke *ke, uint32_t thread, gva_t routine, uint32_t a0,
                  uint32_t a1, uint32_t a2)
{
    struct thread *t = thread_find(ke, thread);
    const struct apc apc = {thread, routine.v, {a0, a1, a2}};

    if (!t || t->state == THREAD_ENDED || ke->s.apc.count >= APCS_MOST ||
        !vec_push(&ke->s.apc, sizeof apc, &apc))
        return false;
    interrupt_wait(ke, t);
    return true;
}

static struct apc *first_apc(const struct ke *ke, uint32_t thread)
{
    for (uint32_t i = 0; i < ke->s.apc.count; i++)
        if (VEC_AT(struct apc, &ke->s.apc, i)->thread == thread)
            return VEC_AT(struct apc, &ke->s.apc, i);
    return NULL;
}

bool apc_deliverable(const struct ke *ke)
{
    return ke->s.apc.count && !thread_current(ke)->apc_disable &&
           first_apc(ke, ke_current_thread(ke));
}

bool apc_pop(struct ke *ke, struct apc *apc)
{
    struct apc *first = first_apc(ke, ke_current_thread(ke));

    if (!first)
        return false;
    *apc = *first;
    vec_remove(&ke->s.apc, sizeof *first,
               (uint32_t)(first - VEC_AT(struct apc, &ke->s.apc, 0)));
    return true;
}

static bool apc_of(const void *apc, const void *thread)
{
    return ((const struct apc *)apc)->thread == *(const uint32_t *)thread;
}

void apc_drop(struct ke *ke, uint32_t thread)
{
    vec_drop(&ke->s.apc, sizeof(struct apc), apc_of, &thread);
}
