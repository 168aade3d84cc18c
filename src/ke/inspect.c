/* src/ke/inspect.c -- what a client may look at: threads and the calls that
 * they are inside of. Reads only. */
#include "halbox/inspect.h"

#include <string.h>

#include "ke/private.h"

static const char *state_name(const struct thread *t)
{
    static const char *const names[] = {
        [THREAD_READY] = "ready",
        [THREAD_RUNNING] = "running",
        [THREAD_WAITING] = "waiting",
        [THREAD_ENDED] = "ended",
    };

    return names[t->state];
}

/** The CPU's registers, or those to go on with. */
static void registers(const struct ke *ke, const struct thread *t,
                      struct inspect_thread *out)
{
    const struct cpu_state *cpu = &ke->cpu->s;
    bool here = t == thread_current(ke);

    memcpy(out->reg, here ? cpu->reg : t->reg, sizeof out->reg);
    out->eip = here ? cpu->eip : t->eip;
    out->eflags = here ? cpu->eflags : t->eflags;
    out->exception_list = here ? exception_list(ke) : t->exception_list;
    out->irql = here ? ke_irql(ke) : t->irql;
}

static unsigned chain_length(const struct ke *ke, const struct thread *t)
{
    unsigned n = 0;

    for (uint32_t r = t->top; r; r = record_at(ke, r)->below)
        n++;
    return n;
}

bool ke_thread_at(const struct ke *ke, unsigned index,
                  struct inspect_thread *out)
{
    const struct thread *t = NULL;

    for (uint32_t slot = 0; slot < ke->s.thread.count; slot++) {
        t = thread_slot(ke, slot);
        if (t->state != THREAD_FREE && index-- == 0)
            break;
        t = NULL;
    }
    if (!t)
        return false;
    *out = (struct inspect_thread){
        .number = thread_id(ke, t),
        .process = t->process,
        .attached = t->attached ? t->attached : t->process,
        .state = state_name(t),
        .user = t->user,
        .user_mode = t->mode == USER_MODE,
        .priority = t->priority,
        .object = gva_of(t->object),
        .teb = gva_of(t->teb),
        .stack = gva_of(t->stack_top),
        .exit_status = t->exit_status,
        .calls = chain_length(ke, t),
    };
    if (t->stack_top)
        out->stack_limit = gva_of(t->stack_top - KERNEL_STACK_BYTES);
    memcpy(out->name, t->name, sizeof out->name);
    registers(ke, t, out);
    if (t->state == THREAD_WAITING)
        wait_text(ke, t, out->waits, sizeof out->waits);
    return true;
}

bool ke_call_at(const struct ke *ke, uint32_t thread, unsigned index,
                struct inspect_call *out)
{
    const struct thread *t =
        thread ? thread_find(ke, thread) : thread_slot(ke, 0);
    const struct record *r = t ? record_at(ke, t->top) : NULL;

    while (r && index--)
        r = record_at(ke, r->below);
    if (!r)
        return false;
    *out = (struct inspect_call){
        .routine = registry_name(ke, r->routine),
        .state = r->state,
        .caller = gva_of(ke_read_u32(ke, gva_of(r->entry_esp))),
        .entry = gva_of(r->entry_esp),
        .frame = gva_of(r->frame),
        .irql = r->irql,
        .trap = r->trap,
        .user = r->user,
        .waiting = r->waiting,
    };
    memcpy(out->reg, r->reg, sizeof out->reg);
    return true;
}
