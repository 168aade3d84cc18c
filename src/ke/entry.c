/* src/ke/entry.c -- from a VMCALL to a routine and back. A routine that calls
 * back or waits leaves a record with its thread; the trampoline finds it again
 * by ESP. Docs: docs/ke.md, "A call"; design: "A kernel routine that calls
 * back". */
#include <string.h>

#include "ke/ending.h"

/* ---- running a routine
 * ------------------------------------------------------------- */

static void run_internal(struct call *c, uint32_t routine)
{
    static void (*const run[])(struct call *) = {run_interrupt,  run_dispatch,
                                                 run_exception,  run_service,
                                                 run_user_start, run_bugcheck};

    run[routine - ROUTINE_INTERNAL](c);
}

/** One entry of @local's routine; the record's home may move meanwhile, so it
 *  works on a copy. */
static void run_once(struct ke *ke, struct call *c, struct record *local)
{
    ke->running = registry_name(ke, local->routine);
    memcpy(c->w, local->w, sizeof c->w);
    if (local->routine < ke->routines) {
        const struct routine *r = &ke->routine[local->routine];
        bool fresh = ke->fresh && r->fault;

        ke->fresh = false;
        c->context = r->context;
        c->export = r->row;
        if (!fresh || !fault_due(c, r))
            c->export->run(c);
    } else {
        run_internal(c, local->routine);
    }
    memcpy(local->w, c->w, sizeof local->w);
}

static void run(struct ke *ke, const struct record *r, uint32_t eax)
{
    uint32_t index = record_is_kept(ke, r) ? record_index(ke, r) : 0;
    struct record local = *r;

    for (;;) {
        struct call c = {.ke = ke,
                         .cpu = ke->cpu,
                         .state = local.state,
                         .eax = eax,
                         .edx = ke->cpu->s.reg[EDX],
                         .record = &local};

        run_once(ke, &c, &local);
        if (index)
            *record_at(ke, index) = local;
        eax = 0;
        if (apply(ke, &c, index ? record_at(ke, index) : &local, &eax) ==
            GUEST_GOES_ON)
            break;
        index = thread_current(ke)->top;
        local = *record_at(ke, index);
    }
    ke->running = NULL;
}

void raise_begin(struct ke *ke, struct record *r, const struct exception *e,
                 const struct resume *at)
{
    if ((r = record_keep(ke, r)) && exception_begin(ke, r, e, at))
        run(ke, r, 0);
}

void enter(struct ke *ke, const struct record *r)
{
    run(ke, r, 0);
}

static void emit_call(struct ke *ke, const struct record *r)
{
    const struct export *row = ke->routine[r->routine].row;
    uint32_t a[6] = {r->reg[ECX], r->reg[EDX]};

    for (unsigned i = 0; i < 4; i++)
        a[2 + i] = ke_read_u32(ke, gva_of(r->entry_esp + 4 + 4 * i));
    if (row->convention == FASTCALL)
        EMIT(ke->events, call, ke_current_thread(ke), EVENT_STRING(row->name),
             a[0], a[1], a[2], a[3]);
    else
        EMIT(ke->events, call, ke_current_thread(ke), EVENT_STRING(row->name),
             a[2], a[3], a[4], a[5]);
}

/** A Zw routine works for the kernel, unless a service came to it. */
static void set_mode(struct ke *ke, struct record *r)
{
    struct thread *t = thread_current(ke);
    const struct record *below = record_at(ke, t->top);

    if (!ke->routine[r->routine].zw)
        return;
    if (below && below->routine == ROUTINE_SERVICE &&
        ke_read_u32(ke, gva_of(r->entry_esp)) == trampoline(TRAP_RETURN).v)
        return;
    r->mode = (uint8_t)(MODE_RESTORE | t->mode);
    t->mode = KERNEL_MODE;
}

static void enter_stub(struct ke *ke, uint32_t routine)
{
    const struct cpu_state *s = &ke->cpu->s;
    const struct export *row = ke->routine[routine].row;
    struct record r = {
        .routine = routine, .entry_esp = s->reg[ESP], .entry_eip = s->eip};

    memcpy(r.reg, s->reg, sizeof r.reg);
    records_drop_stale(ke, s->reg[ESP]);
    set_mode(ke, &r);
    if (ke->events->armed[EV_call])
        emit_call(ke, &r);
    ke->clock->now += row->ticks;
    ke->fresh = true;
    if (level_check(ke, row, &r))
        enter(ke, &r);
    ke->fresh = false;
}

static void enter_missing(struct ke *ke, uint32_t n)
{
    char text[KE_TEXT];

    if (n < ke->s.missing.count) {
        const struct missing *m = VEC_AT(struct missing, &ke->s.missing, n);

        snprintf(text, sizeof text, "%s called %s!%s, which nothing serves",
                 m->image, m->dll, m->name);
    } else {
        snprintf(text, sizeof text, "an unused stub was called");
    }
    /* 0x1E with STATUS_PROCEDURE_NOT_FOUND and the caller's address. */
    ke_bugcheck(ke, BUGCHECK_KMODE_EXCEPTION, 0xc000007au,
                ke_read_u32(ke, gva_of(ke->cpu->s.reg[ESP])), 0, 0, text);
}

/* ---- coming back
 * ---------------------------------------------------------------------- */

/** The callee left ESP where no record expects it. */
static void wrong_stack(struct ke *ke, uint32_t esp)
{
    const struct record *r = record_at(ke, thread_current(ke)->top);
    char text[KE_TEXT];

    if (!r) {
        snprintf(text, sizeof text,
                 "the return trampoline was reached with no call open");
        ke_bugcheck(ke, BUGCHECK_DRIVER_STACK, esp, 0, 0, 0, text);
        return;
    }
    snprintf(text, sizeof text,
             "a routine that %s called cleaned its stack wrongly: %d bytes "
             "too %s",
             registry_name(ke, r->routine),
             esp > r->esp ? (int)(esp - r->esp) : (int)(r->esp - esp),
             esp > r->esp ? "many" : "few");
    ke_bugcheck(ke, BUGCHECK_DRIVER_STACK, esp, r->esp, esp - r->esp, 0, text);
}

/** Find the record that ESP belongs to; those nearer the top go. */
static struct record *find_by_esp(struct ke *ke, uint32_t esp)
{
    struct thread *t = thread_current(ke);
    uint32_t index = t->top;

    while (index && record_at(ke, index)->esp != esp)
        index = record_at(ke, index)->below;
    if (!index)
        return NULL;
    while (t->top != index)
        record_unwound(ke, t);
    return record_at(ke, index);
}

static void check_callee_irql(struct ke *ke, const struct record *r)
{
    char text[KE_TEXT];

    if (ke_irql(ke) == r->irql || !ke->events->armed[EV_finding])
        return;
    snprintf(text, sizeof text,
             "a routine that %s called at IRQL %u came back at IRQL %u",
             registry_name(ke, r->routine), r->irql, ke_irql(ke));
    EMIT(ke->events, finding, EVENT_STRING("IRQL"), EVENT_STRING(text));
}

static void come_back(struct ke *ke, bool from_guest)
{
    uint32_t esp = ke->cpu->s.reg[ESP], eax = ke->cpu->s.reg[EAX];
    struct record *r = find_by_esp(ke, esp);

    if (!r) {
        wrong_stack(ke, esp);
        return;
    }
    if (from_guest)
        check_callee_irql(ke, r);
    if (r->waiting == 2) { /* an APC came between: take the wait up again */
        if (wait_or_go_on(ke, r, &eax) == GUEST_GOES_ON)
            return;
        r = record_at(ke, thread_current(ke)->top);
    }
    run(ke, r, eax);
}

/* ---- the VMCALL
 * -------------------------------------------------------------------------- */

static void enter_trap_page(struct ke *ke, uint32_t offset)
{
    if (offset < 256 * TRAP_STRIDE)
        trap_entry(ke, offset / TRAP_STRIDE);
    else if (offset == TRAP_RETURN || offset == TRAP_AGAIN)
        come_back(ke, offset == TRAP_RETURN);
    else if (offset == TRAP_THREAD_END)
        apply_thread_end(ke, STATUS_SUCCESS);
    else if (offset == TRAP_DISPATCH)
        dispatch_enter(ke);
    else if (offset == TRAP_SYSENTER)
        sysenter_enter(ke);
}

void ke_entry(struct ke *ke)
{
    uint64_t offset = ke->cpu->vmcall_at.v - ke->s.text_gpa;
    uint64_t nt = (uint64_t)ke->text_pages[NTOSKRNL] << PAGE_SHIFT;
    unsigned dll = offset < nt ? NTOSKRNL : HAL;
    uint64_t n = (offset - (dll == HAL ? nt : PAGE_BYTES)) / STUB_BYTES;

    if (ke_ended(ke))
        return;
    ke->entered = true;
    if (offset < PAGE_BYTES)
        enter_trap_page(ke, (uint32_t)offset);
    else if (n < ke->stubs[dll])
        enter_stub(ke, ke->stub[dll][n]);
    else
        enter_missing(ke, (uint32_t)n - ke->stubs[dll]);
    leave(ke);
    bugcheck_callbacks(ke);
    ke->entered = false;
}

/** Does the CPU stand at the iretd of a trap that came from ring 3? */
static bool going_to_user(const struct ke *ke)
{
    const struct cpu_state *s = &ke->cpu->s;
    uint32_t offset = s->eip - trampoline(0).v;

    return offset < TRAP_BYTES && offset % TRAP_STRIDE == 3 &&
           (ke_read_u32(ke, gva_of(s->reg[ESP] + 4)) & 3) == 3;
}

/** Replay what was noted, then the software interrupt, in order of level. */
void leave(struct ke *ke)
{
    struct cpu_state *s = &ke->cpu->s;
    const uint32_t frame[3] = {s->eip, SEL_CODE, s->eflags};
    uint8_t irql = ke_irql(ke);

    if (ke_stopping(ke) || ke->s.dying)
        return;
    for (unsigned irq = 0; ke->s.pending >> irq; irq++)
        if (ke->s.pending >> irq & 1 && irq_level(irq) > irql) {
            ke->s.pending &= (uint16_t) ~(1u << irq);
            cpu_exception(ke->cpu, ke_irq_vector(irq), false, 0);
            return;
        }
    if (thread_current(ke)->ending && !irql && going_to_user(ke)) {
        if (!thread_exit_begin(ke, NULL, NULL))
            apply_thread_end(ke, thread_current(ke)->exit_status);
        return;
    }
    if (!dispatch_pending(ke))
        return;
    if (stack_push(ke, &s->reg[ESP], frame, 3)) {
        s->eip = trampoline(TRAP_DISPATCH).v;
        s->eflags &= ~(uint32_t)FLAG_IF;
    }
}

void ke_kick(struct ke *ke)
{
    struct cpu_state *s = &ke->cpu->s;

    if (!ke->s.booted || ke_stopping(ke) || !(s->eflags & FLAG_IF) ||
        s->interrupt_shadow || !dispatch_pending(ke))
        return;
    s->halted = 0;
    if (s->cpl == 0)
        leave(ke);
    else
        cpu_exception(ke->cpu, DISPATCH_VECTOR, false, 0);
}
