/* src/ke/thread.c -- threads and processes: making, choosing, switching and
 * ending them. One processor; the highest priority runs, equals take turns by
 * quantum. A switch happens in a wait, a yield or an end, never elsewhere.
 * Docs: docs/ke.md, "Threads". */
#include <string.h>

#include "ke/private.h"
#include "mm/pool.h"
#include "mm/system.h"

enum { STACK_BYTES = KERNEL_STACK_PAGES * PAGE_BYTES };

struct thread *thread_slot(const struct ke *ke, uint32_t slot)
{
    return VEC_AT(struct thread, &ke->s.thread, slot);
}

struct thread *thread_current(const struct ke *ke)
{
    return thread_slot(ke, ke->s.current);
}

uint32_t thread_id(const struct ke *ke, const struct thread *t)
{
    return (uint32_t)(t - thread_slot(ke, 0)) * THREAD_ID_STEP;
}

struct thread *thread_find(const struct ke *ke, uint32_t id)
{
    uint32_t slot = id / THREAD_ID_STEP;

    if (!id || id % THREAD_ID_STEP || slot >= ke->s.thread.count ||
        thread_slot(ke, slot)->state == THREAD_FREE)
        return NULL;
    return thread_slot(ke, slot);
}

static struct process *process_find(const struct ke *ke, uint32_t process)
{
    struct process *p;

    if (!process || process > ke->s.process.count)
        return NULL;
    p = VEC_AT(struct process, &ke->s.process, process - 1);
    return p->used ? p : NULL;
}

/* ---- choosing and switching ------------------------------------------------
 */

static struct thread *best_ready(const struct ke *ke)
{
    struct thread *best = NULL;

    for (uint32_t i = 0; i < ke->s.thread.count; i++) {
        struct thread *t = thread_slot(ke, i);

        if (t->state != THREAD_READY)
            continue;
        if (!best || t->priority > best->priority ||
            (t->priority == best->priority && t->ready_seq < best->ready_seq))
            best = t;
    }
    return best;
}

/** Is there a thread that should run instead of the current one? */
bool thread_better_ready(const struct ke *ke, bool equal)
{
    const struct thread *best = best_ready(ke);
    const struct thread *now = thread_current(ke);

    return best && (best->priority > now->priority ||
                    (equal && best->priority == now->priority));
}

void thread_ready(struct ke *ke, struct thread *t, uint32_t eax)
{
    t->state = THREAD_READY;
    t->reg[EAX] = eax;
    t->ready_seq = ++ke->s.seq;
    t->quantum = QUANTUM;
    if (t->priority > thread_current(ke)->priority)
        ke->s.switch_wanted = 1;
}

void fpu_of_thread(struct cpu_fpu *f)
{
    enum { NT_CW = 0x27f };

    *f = (struct cpu_fpu){.mxcsr = MXCSR_INIT};
    fpu_init(f);
    f->cw = NT_CW;
}

void thread_save(struct ke *ke)
{
    struct thread *t = thread_current(ke);
    const struct cpu_state *s = &ke->cpu->s;

    memcpy(t->reg, s->reg, sizeof t->reg);
    t->eip = s->eip;
    t->eflags = s->eflags;
    t->fpu = s->fpu;
    t->exception_list =
        ram_read32(ke->ram, gpa_of(ke->s.kpcr + PCR_EXCEPTION_LIST));
    t->irql = ke_irql(ke);
}

void thread_address_space(struct ke *ke, const struct thread *t)
{
    const struct process *p =
        process_find(ke, t->attached ? t->attached : t->process);

    if (p && ke->cpu->s.cr3 != p->cr3)
        cpu_set_cr3(ke->cpu, p->cr3);
}

/** The TEB descriptor's base, as NT edits it at each switch. */
static void set_teb(struct ke *ke, uint32_t teb)
{
    gva_t at = gva_of(ke->cpu->s.gdtr.base + (SEL_TEB & ~7u));
    uint32_t low = ke_read_u32(ke, at), high = ke_read_u32(ke, gva_add(at, 4));

    low = (low & 0xffffu) | teb << 16;
    high = (high & 0x00ffff00u) | (teb >> 16 & 0xffu) | (teb & 0xff000000u);
    ke_write_u32(ke, at, low);
    ke_write_u32(ke, gva_add(at, 4), high);
}

static void put_on_cpu(struct ke *ke, struct thread *t)
{
    struct cpu_state *s = &ke->cpu->s;
    gpa_t pcr = gpa_of(ke->s.kpcr);

    memcpy(s->reg, t->reg, sizeof s->reg);
    s->eip = t->eip;
    s->eflags = t->eflags;
    s->fpu = t->fpu;
    s->halted = 0;
    kernel_segments(ke);
    ram_write32(ke->ram, gpa_add(pcr, PCR_EXCEPTION_LIST), t->exception_list);
    ram_write32(ke->ram, gpa_add(pcr, PCR_STACK_BASE), t->stack_top);
    ram_write32(ke->ram, gpa_add(pcr, PCR_STACK_LIMIT),
                t->stack_top - STACK_BYTES);
    ram_write32(ke->ram, gpa_add(pcr, PCR_PRCB_DATA + PRCB_CURRENT_THREAD),
                t->object);
    ram_write32(ke->ram, gpa_of(ke->s.tss + TSS_ESP0), t->stack_top);
    s->sysenter_esp = t->stack_top;
    ke_set_irql(ke, t->irql);
    thread_address_space(ke, t);
    if (t->user)
        set_teb(ke, t->teb);
}

/** The best ready thread gets the CPU; the idle thread is always ready. */
void thread_switch(struct ke *ke)
{
    struct thread *t;
    uint32_t from = ke->s.current;

    if (thread_current(ke)->state == THREAD_RUNNING) {
        thread_current(ke)->state = THREAD_READY;
        thread_current(ke)->ready_seq = ++ke->s.seq;
    }
    t = best_ready(ke);
    t->state = THREAD_RUNNING;
    ke->s.current = (uint32_t)(t - thread_slot(ke, 0));
    ke->s.switch_wanted = 0;
    put_on_cpu(ke, t);
    if (from != ke->s.current)
        EMIT(ke->events, thread_switch, from * THREAD_ID_STEP,
             ke->s.current * THREAD_ID_STEP);
}

/* ---- processes
 * ---------------------------------------------------------------- */

uint32_t ke_process_create(struct ke *ke, uint32_t space)
{
    uint32_t object = pool_zeroed(ke, PROCESS_BYTES, PROCESS_TAG), n = 0;
    struct process *p;

    if (!object)
        return 0;
    while (n < ke->s.process.count &&
           VEC_AT(struct process, &ke->s.process, n)->used)
        n++;
    if (n == ke->s.process.count &&
        (n >= KE_PROCESSES ||
         !vec_push(&ke->s.process, sizeof(struct process), NULL))) {
        pool_free(ke->mm, gva_of(object), 0, NULL);
        return 0;
    }
    p = VEC_AT(struct process, &ke->s.process, n);
    *p = (struct process){1, space, space_cr3(ke->mm, space), object};
    ke_event_init(ke, gva_of(object), OBJECT_PROCESS, false);
    ke_write_u32(ke, gva_of(object + PROCESS_DIRECTORY), p->cr3);
    ke_write_u32(ke, gva_of(object + PROCESS_ID), (n + 1) * 4);
    space_set_process(ke->mm, space, gva_of(object));
    return n + 1;
}

void ke_process_destroy(struct ke *ke, uint32_t process)
{
    struct process *p = process_find(ke, process);

    if (!p || process == KE_SYSTEM_PROCESS)
        return;
    if (ke->cpu->s.cr3 == p->cr3)
        cpu_set_cr3(ke->cpu, space_cr3(ke->mm, 0));
    pool_free(ke->mm, gva_of(p->object), 0, NULL);
    p->used = 0;
}

uint32_t ke_process_space(const struct ke *ke, uint32_t process)
{
    const struct process *p = process_find(ke, process);

    return p ? p->space : 0;
}

gva_t ke_process_object(const struct ke *ke, uint32_t process)
{
    const struct process *p = process_find(ke, process);

    return gva_of(p ? p->object : 0);
}

uint32_t ke_process_by_object(const struct ke *ke, gva_t object)
{
    for (uint32_t i = 0; i < ke->s.process.count; i++) {
        const struct process *p = VEC_AT(struct process, &ke->s.process, i);

        if (p->used && p->object == object.v)
            return i + 1;
    }
    return 0;
}

uint32_t ke_current_process(const struct ke *ke)
{
    const struct thread *t = thread_current(ke);

    return t->attached ? t->attached : t->process;
}

uint32_t ke_attach(struct ke *ke, uint32_t process)
{
    struct thread *t = thread_current(ke);
    uint32_t old = t->attached;

    if (process_find(ke, process))
        t->attached = (uint16_t)process;
    thread_address_space(ke, t);
    return old;
}

void ke_detach(struct ke *ke, uint32_t process)
{
    struct thread *t = thread_current(ke);

    t->attached = (uint16_t)(process_find(ke, process) ? process : 0);
    thread_address_space(ke, t);
}

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
                 t->stack_top - STACK_BYTES);
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

void ke_thread_terminate(struct ke *ke, uint32_t thread, uint32_t exit_status)
{
    struct thread *t = thread_find(ke, thread);

    if (!t || t->state == THREAD_ENDED)
        return;
    t->ending = 1;
    t->exit_status = exit_status;
    if (can_end_now(ke, t))
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

/* ---- asking
 * -------------------------------------------------------------------- */

uint32_t ke_current_thread(const struct ke *ke)
{
    return ke->s.current * THREAD_ID_STEP;
}

bool ke_thread_exists(const struct ke *ke, uint32_t thread)
{
    const struct thread *t = thread_find(ke, thread);

    return t && t->state != THREAD_ENDED;
}

gva_t ke_thread_object(const struct ke *ke, uint32_t thread)
{
    const struct thread *t =
        thread ? thread_find(ke, thread) : thread_slot(ke, 0);

    return gva_of(t ? t->object : 0);
}

uint32_t ke_thread_by_object(const struct ke *ke, gva_t object)
{
    for (uint32_t i = 1; i < ke->s.thread.count; i++) {
        const struct thread *t = thread_slot(ke, i);

        if (t->state != THREAD_FREE && t->object == object.v)
            return i * THREAD_ID_STEP;
    }
    return KE_NO_THREAD;
}

uint32_t ke_thread_process(const struct ke *ke, uint32_t thread)
{
    const struct thread *t = thread_find(ke, thread);

    return t ? t->process : KE_SYSTEM_PROCESS;
}

enum ke_mode ke_previous_mode(const struct ke *ke)
{
    return thread_current(ke)->mode ? USER_MODE : KERNEL_MODE;
}

int ke_thread_priority(const struct ke *ke, uint32_t thread)
{
    const struct thread *t = thread_find(ke, thread);

    return t ? t->priority : 0;
}

int ke_thread_set_priority(struct ke *ke, uint32_t thread, int priority)
{
    struct thread *t = thread_find(ke, thread);
    int old;

    if (!t)
        return 0;
    old = t->priority;
    t->priority = (int8_t)(priority < 1 ? 1 : priority > 31 ? 31 : priority);
    ke_write(ke, gva_of(t->object + THREAD_PRIORITY), &t->priority, 1);
    if (thread_better_ready(ke, false))
        ke->s.switch_wanted = 1;
    return old;
}

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
