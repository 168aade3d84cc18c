/* src/ke/thread_life.c -- making threads and ending them. Docs: docs/ke.md,
 * "Threads". */
#include "ke/private.h"
#include "mm/pool.h"
#include "mm/system.h"

/* ---- making threads
 * -------------------------------------------------------------- */

static struct thread *free_slot(struct ke *ke)
{
    for (uint32_t i = 1; i < ke->s.thread.count; i++)
        if (thread_slot(ke, i)->state == THREAD_FREE)
            return thread_slot(ke, i);
    if (ke->s.thread.count >= KE_THREADS)
        return NULL;
    return vec_push(&ke->s.thread, sizeof(struct thread), NULL);
}

static void fill_object(struct ke *ke, const struct thread *t)
{
    const struct process *p = process_find(ke, t->process);

    ke_event_init(ke, gva_of(t->object), OBJECT_THREAD, false);
    ke_write_u32(ke, gva_of(t->object + THREAD_INITIAL_STACK), t->stack_top);
    ke_write_u32(ke, gva_of(t->object + THREAD_STACK_LIMIT),
                 t->stack_top - KERNEL_STACK_BYTES);
    ke_write_u32(ke, gva_of(t->object + THREAD_TEB), t->teb);
    ke_write_u32(ke, gva_of(t->object + THREAD_PROCESS), p->object);
    ke_write_u32(ke, gva_of(t->object + THREAD_CID_PROCESS), t->process * 4u);
    ke_write_u32(ke, gva_of(t->object + THREAD_CID_THREAD), thread_id(ke, t));
    ke_write(ke, gva_of(t->object + THREAD_PRIORITY), &t->priority, 1);
}

/** A system thread starts as if called by the trampoline that ends it. */
static void start_kernel(struct ke *ke, struct thread *t,
                         const struct ke_thread_start *how)
{
    uint32_t esp = t->stack_top - 16;

    ke_write_u32(ke, gva_of(esp), trampoline(TRAP_THREAD_END).v);
    ke_write_u32(ke, gva_of(esp + 4), how->context);
    t->reg[ESP] = esp;
    t->eip = how->start.v;
    t->eflags = 2 | FLAG_IF;
}

/** A user thread starts in a record that returns to ring 3 when it is entered:
 *  its trap frame lies at the top of the kernel stack. */
static bool start_user(struct ke *ke, struct thread *t,
                       const struct ke_thread_start *how)
{
    uint32_t esp = t->stack_top - 20;
    const uint32_t frame[5] = {how->start.v, SEL_USER_CODE, 2 | FLAG_IF,
                               how->user_esp, SEL_USER_DATA};
    uint32_t index = record_alloc(ke);
    struct record *r = record_at(ke, index);

    if (!r || !ke_write(ke, gva_of(esp), frame, sizeof frame))
        return false;
    r->user = 1;
    r->trap = 1;
    r->routine = ROUTINE_USER_START;
    r->entry_esp = r->esp = esp;
    r->entry_eip = trampoline(TRAP_IRETD).v;
    r->seg[DS] = r->seg[ES] = SEL_USER_DATA;
    r->seg[FS] = SEL_TEB;
    r->segments = 1;
    r->exception_list = REGISTRATION_END;
    t->top = index;
    t->reg[ESP] = esp;
    t->eip = trampoline(TRAP_AGAIN).v;
    t->eflags = 2;
    t->user = 1;
    t->mode = USER_MODE;
    return true;
}

uint32_t ke_thread_create(struct ke *ke, const struct ke_thread_start *how,
                          uint32_t *status)
{
    struct thread *t = free_slot(ke);
    gva_t top;

    *status = STATUS_INSUFFICIENT_RESOURCES;
    if (!t || !process_find(ke, how->process) ||
        stack_alloc(ke->mm, &top) != HB_OK)
        return KE_NO_THREAD;
    *t = (struct thread){
        .process = (uint16_t)how->process,
        .priority =
            (int8_t)(how->priority ? how->priority : KE_PRIORITY_NORMAL),
        .increment =
            (int8_t)(how->priority ? how->priority - KE_PRIORITY_NORMAL : 0),
        .stack_top = top.v,
        .teb = how->teb,
        .exit_routine = how->exit,
        .exception_list = REGISTRATION_END,
        .object = pool_zeroed(ke, THREAD_BYTES, THREAD_TAG),
    };
    fpu_of_thread(&t->fpu);
    if (!t->object || (how->user && !start_user(ke, t, how))) {
        if (t->object)
            pool_free(ke->mm, gva_of(t->object), 0, NULL);
        stack_free(ke->mm, top);
        *t = (struct thread){0};
        return KE_NO_THREAD;
    }
    if (!how->user)
        start_kernel(ke, t, how);
    snprintf(t->name, sizeof t->name, "%s", how->name ? how->name : "");
    fill_object(ke, t);
    thread_ready(ke, t, 0);
    *status = STATUS_SUCCESS;
    return thread_id(ke, t);
}

/* ---- ending threads
 * ----------------------------------------------------------- */

/** It never runs again: its waiters go on, its stack is free. When it is the
 *  running one the caller switches at once. The idle thread does not end. */
void thread_end(struct ke *ke, struct thread *t, uint32_t exit_status)
{
    if (t == thread_slot(ke, 0)) {
        ke_bugcheck(ke, BUGCHECK_ATTEMPTED_SWITCH_FROM_DPC, t->object, 0, 0, 0,
                    "the idle thread was to end");
        return;
    }
    records_drop(ke, t);
    apc_drop(ke, thread_id(ke, t));
    t->state = THREAD_ENDED;
    t->exit_status = exit_status;
    stack_free(ke->mm, gva_of(t->stack_top));
    ke_write_u32(ke, gva_of(t->object + HEADER_SIGNAL), 1);
    ke_signal_object(ke, gva_of(t->object));
    ke->s.switch_wanted = 1;
}

/** A user thread that waits inside one service has no driver's frame on its
 *  stack: it can end where it is. */
static bool can_end_now(struct ke *ke, const struct thread *t)
{
    struct record *r = record_at(ke, t->top);

    if (!t->user || t->state != THREAD_WAITING || !r || !r->below)
        return false;
    r = record_at(ke, r->below);
    return r->routine == ROUTINE_SERVICE && !r->below;
}

/** Its wait is over with STATUS_USER_APC: the service goes back to ring 3, and
 *  so comes to its exit routine. */
static void end_wait(struct ke *ke, struct thread *t)
{
    if (record_at(ke, t->top)->waiting != 1)
        return;
    wait_blocks_drop(ke, t->top);
    record_at(ke, t->top)->waiting = 0;
    thread_ready(ke, t, STATUS_USER_APC);
}

void ke_thread_terminate(struct ke *ke, uint32_t thread, uint32_t exit_status)
{
    struct thread *t = thread_find(ke, thread);

    if (!t || t->state == THREAD_ENDED || t->exiting)
        return;
    t->ending = 1;
    t->exit_status = exit_status;
    if (!can_end_now(ke, t))
        wait_end_user(ke, t);
    else if (t->exit_routine)
        end_wait(ke, t);
    else
        thread_end(ke, t, exit_status);
}

void ke_thread_release(struct ke *ke, uint32_t thread)
{
    struct thread *t = thread_find(ke, thread);

    if (!t || t->state != THREAD_ENDED)
        return;
    pool_free(ke->mm, gva_of(t->object), 0, NULL);
    *t = (struct thread){0};
}
