/* src/ke/ending.c -- how a routine ended, put into effect on the CPU, the
 * guest's stack and the thread. Docs: docs/ke.md, "A call". */
#include <string.h>

#include "ke/ending.h"

/* ---- endings
 * ------------------------------------------------------------------------ */

/** Call guest code on top of what the record has on the stack. */
static void apply_guest(struct ke *ke, struct record *r,
                        const struct call_target *t, unsigned next)
{
    struct cpu_state *s = &ke->cpu->s;
    uint32_t push[CALL_ARGS + 1], esp;

    if (!(r = record_keep(ke, r)) || !record_frame(ke, r))
        return;
    esp = record_base(r);
    r->esp = t->cdecl_cleanup ? esp - 4 * t->count : esp;
    push[0] = trampoline(TRAP_RETURN).v;
    memcpy(push + 1, t->args, 4 * t->count);
    if (!stack_push(ke, &esp, push, t->count + 1))
        return;
    r->state = next;
    r->irql = t->irql_back ? (uint8_t)(t->irql_back - 1) : ke_irql(ke);
    s->reg[ESP] = esp;
    s->reg[EBP] = t->set_ebp ? t->ebp : r->frame;
    if (t->fastcall) {
        s->reg[ECX] = t->ecx;
        s->reg[EDX] = t->edx;
    }
    s->eflags &= ~(uint32_t)FLAG_DF;
    s->eip = t->routine.v;
    EMIT(ke->events, callback, ke_current_thread(ke),
         EVENT_STRING(registry_name(ke, r->routine)), t->routine.v);
}

/** The record is entered again through the trampoline. */
static void go_on_again(struct ke *ke, struct record *r, unsigned next)
{
    struct cpu_state *s = &ke->cpu->s;

    r->state = next;
    r->irql = ke_irql(ke);
    r->esp = record_base(r);
    s->reg[ESP] = r->esp;
    s->eip = trampoline(TRAP_AGAIN).v;
}

/** The thread leaves the CPU until its record is entered again. */
static void block(struct ke *ke, enum thread_state state)
{
    struct thread *t = thread_current(ke);

    thread_save(ke);
    t->state = (uint8_t)state;
    if (state == THREAD_READY)
        t->ready_seq = ++ke->s.seq;
    thread_switch(ke);
}

/* Only a thread's own code leaves the CPU: above it, in a DPC, and in the idle
 * thread, where only service routines run, it is a bugcheck. */
static bool must_stay(struct ke *ke, const char *what)
{
    enum { IDLE_THREAD = 0 };

    if (ke_irql(ke) < DISPATCH_LEVEL && !ke->s.dpc_active &&
        ke->s.current != IDLE_THREAD)
        return false;
    ke_bugcheck(ke, BUGCHECK_ATTEMPTED_SWITCH_FROM_DPC,
                ke_thread_object(ke, ke_current_thread(ke)).v, 0, 0, 0, what);
    return true;
}

/** Wait, or go on at once with *eax when nothing is to be waited for. */
enum applied wait_or_go_on(struct ke *ke, struct record *r, uint32_t *eax)
{
    uint32_t index = record_index(ke, r);
    bool over = wait_try(ke, index, thread_current(ke), eax);

    if (!over && r->wait_user && thread_current(ke)->ending) {
        *eax = STATUS_USER_APC;
        over = true;
    }
    if (!over && r->due <= ke->s.interrupt_time) {
        *eax = STATUS_TIMEOUT;
        over = true;
    }
    if (over) {
        wait_blocks_drop(ke, index);
        r->waiting = 0;
        return ROUTINE_GOES_ON;
    }
    if (must_stay(ke,
                  "a wait at DISPATCH_LEVEL or above, or in the idle thread"))
        return GUEST_GOES_ON;
    r->waiting = 1;
    go_on_again(ke, r, r->state);
    block(ke, THREAD_WAITING);
    return GUEST_GOES_ON;
}

static enum applied apply_wait(struct ke *ke, struct record *r,
                               const struct call_end *e, uint32_t *eax)
{
    if (!(r = record_keep(ke, r)))
        return GUEST_GOES_ON;
    r->state = e->next;
    r->due = e->due;
    r->wait_all = e->all;
    r->wait_user = e->user && thread_current(ke)->user;
    r->waiting = 1;
    wait_block_add(ke, record_index(ke, r), ke->s.current, e->count, e->object);
    return wait_or_go_on(ke, r, eax);
}

/** PreviousMode as it was before the call. */
static void restore_mode(struct ke *ke, const struct record *r)
{
    if (r->mode & MODE_RESTORE)
        thread_current(ke)->mode = r->mode & 1;
}

static void apply_return(struct ke *ke, struct record *r, uint64_t value,
                         bool wide)
{
    struct cpu_state *s = &ke->cpu->s;

    s->reg[EAX] = (uint32_t)value;
    if (wide)
        s->reg[EDX] = (uint32_t)(value >> 32);
    s->reg[ESP] = r->entry_esp;
    s->reg[EBP] = r->reg[EBP];
    s->eip = r->entry_eip;
    restore_mode(ke, r);
    EMIT(ke->events, call_return, ke_current_thread(ke),
         EVENT_STRING(registry_name(ke, r->routine)), (uint32_t)value);
    record_discard(ke, r);
}

/** A trap's end: registers as they were, then iretd. */
static void apply_trap_return(struct ke *ke, struct record *r)
{
    struct cpu_state *s = &ke->cpu->s;
    struct thread *t = thread_current(ke);

    restore_mode(ke, r);
    if (r->user && t->ending && thread_exit_begin(ke, NULL, NULL))
        return;
    if (r->user && t->ending) {
        thread_end(ke, t, t->exit_status);
        thread_switch(ke);
        return;
    }
    memcpy(s->reg, r->reg, sizeof s->reg);
    s->reg[ESP] = r->entry_esp;
    s->eip = r->entry_eip;
    s->eflags &= ~(uint32_t)(FLAG_IF | FLAG_DF);
    if (r->segments) {
        static const enum cpu_seg seg[] = {DS, ES, FS, GS};

        for (unsigned i = 0; i < 4; i++)
            if (!cpu_set_segment(ke->cpu, seg[i], r->seg[seg[i]]))
                s->seg[seg[i]] = (struct cpu_segment){0, 0, 0, 0};
    }
    set_exception_list(ke, r->exception_list);
    ke_set_irql(ke, r->old_irql);
    record_discard(ke, r);
}

static void apply_jump(struct ke *ke, struct record *r, const struct resume *to)
{
    struct cpu_state *s = &ke->cpu->s;

    memcpy(s->reg, to->reg, sizeof s->reg);
    s->eip = to->eip;
    s->eflags = to->eflags;
    restore_mode(ke, r);
    record_discard(ke, r);
}

/** As seen by the routine's caller: where an exception it raises happens. */
static void caller_context(const struct ke *ke, const struct record *r,
                           struct resume *at)
{
    memcpy(at->reg, r->reg, sizeof at->reg);
    at->eip = ke_read_u32(ke, gva_of(r->entry_esp));
    at->reg[ESP] = r->entry_esp + 4;
    if (r->routine < ke->routines) {
        const struct export *row = ke->routine[r->routine].row;

        if (row->convention == STDCALL)
            at->reg[ESP] += 4u * row->slots;
        else if (row->convention == FASTCALL && row->slots > 2)
            at->reg[ESP] += 4u * (row->slots - 2u);
    }
    at->eflags = ke->cpu->s.eflags;
}

static enum applied raise_at_caller(struct ke *ke, struct record *r,
                                    const struct exception *e)
{
    struct resume at;

    caller_context(ke, r, &at);
    restore_mode(ke, r);
    r->mode = 0;
    if (!(r = record_keep(ke, r)) || !exception_begin(ke, r, e, &at))
        return GUEST_GOES_ON;
    return ROUTINE_GOES_ON;
}

static enum applied apply_fault(struct ke *ke, struct call *c, struct record *r)
{
    struct exception e;
    uint32_t eip = r->entry_eip - 3;

    if (!fault_to_exception(ke, &c->fault, eip, &e))
        return GUEST_GOES_ON;
    return raise_at_caller(ke, r, &e);
}

enum applied apply_thread_end(struct ke *ke, uint32_t status)
{
    if (must_stay(ke,
                  "a thread ended at DISPATCH_LEVEL or above, or the idle one"))
        return GUEST_GOES_ON;
    thread_end(ke, thread_current(ke), status);
    thread_switch(ke);
    return GUEST_GOES_ON;
}

enum applied apply(struct ke *ke, struct call *c, struct record *r,
                   uint32_t *eax)
{
    const struct call_end *e = &c->end;
    struct exception raised;

    if (ke_stopping(ke))
        return GUEST_GOES_ON;
    if (c->fault.faulted)
        return apply_fault(ke, c, r);
    switch ((enum end_kind)e->kind) {
    case END_RETURN:
    case END_RETURN64:
        apply_return(ke, r, e->value, e->kind == END_RETURN64);
        return GUEST_GOES_ON;
    case END_GUEST:
        apply_guest(ke, r, &e->target, e->next);
        return GUEST_GOES_ON;
    case END_WAIT:
        return apply_wait(ke, r, e, eax);
    case END_AGAIN:
    case END_YIELD:
        if ((r = record_keep(ke, r)))
            go_on_again(ke, r, e->next);
        if (r && e->kind == END_YIELD)
            block(ke, THREAD_READY);
        return GUEST_GOES_ON;
    case END_RAISE:
        raised = e->exception;
        if (!raised.address)
            raised.address = r->entry_eip - 3;
        return raise_at_caller(ke, r, &raised);
    case END_JUMP:
    case END_RESUME:
        apply_jump(ke, r, &e->resume);
        return GUEST_GOES_ON;
    case END_THREAD:
        return apply_thread_end(ke, (uint32_t)e->value);
    case END_TRAP_RETURN:
        apply_trap_return(ke, r);
        return GUEST_GOES_ON;
    case END_BUGCHECK:
    case END_NONE:
        break;
    }
    ke_bugcheck(ke, e->p[0], e->p[1], e->p[2], e->p[3], e->p[4], e->text);
    return GUEST_GOES_ON;
}
