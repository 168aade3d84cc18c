/* src/ke/thread.c -- threads: finding, choosing and switching them. One
 * processor; the highest priority runs, equals take turns by quantum. A switch
 * happens in a wait, a yield or an end, never elsewhere. Docs: docs/ke.md,
 * "Threads". */
#include <string.h>

#include "ke/private.h"

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
                t->stack_top - KERNEL_STACK_BYTES);
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

uint32_t ke_thread_exit_status(const struct ke *ke, uint32_t thread)
{
    const struct thread *t = thread_find(ke, thread);

    return t ? t->exit_status : 0;
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
