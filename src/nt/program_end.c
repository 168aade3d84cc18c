/* src/nt/program_end.c -- how a program ends. Each thread, when it is asked to
 * or falls to an exception, runs NtpThreadExit in the kernel: its requests are
 * cancelled and waited for; the last one closes the process's handles, whose
 * drivers hear CLEANUP and CLOSE, and gives the address space back.
 * Source: WDK, "Cancelling IRPs" and DispatchCleanup; as PspExitThread does. */
#include <stdio.h>
#include <string.h>

#include "nt/exports.h"
#include "nt/guest.h"
#include "nt/irp.h"
#include "nt/object.h"
#include "nt/pnp.h"
#include "nt/program.h"
#include "nt/section.h"

enum {
    EXIT_BEGIN,
    EXIT_CANCEL,
    EXIT_WAIT,
    EXIT_CLOSE,
};
enum { W_CURSOR, W_WAITS, W_STATUS };
/* Polls of 10 ms: after five minutes NT gives up a request, too. */
enum { WAITS_MOST = 30000 };
#define POLL_TIME (-100000ll)

static struct nt_thread *thread_of(const struct nt *nt, uint32_t thread)
{
    for (uint32_t i = 0; i < nt->s.threads.count; i++)
        if (VEC_AT(struct nt_thread, &nt->s.threads, i)->thread == thread)
            return VEC_AT(struct nt_thread, &nt->s.threads, i);
    return NULL;
}

void program_end(struct nt *nt, uint32_t process, uint32_t exit_status)
{
    struct nt_process *p = process_at(nt, process);

    if (!p || p->program != PROGRAM_RUNNING)
        return;
    p->program = PROGRAM_ENDING;
    p->exit_status = exit_status;
    for (uint32_t i = 0; i < nt->s.threads.count; i++) {
        const struct nt_thread *t = VEC_AT(struct nt_thread, &nt->s.threads, i);

        if (t->process != process)
            continue;
        VEC_AT(struct nt_thread, &nt->s.threads, i)->exit_status = exit_status;
        ke_thread_terminate(nt->w.ke, t->thread, exit_status);
    }
}

/* ---- the report ------------------------------------------------------------
 */

static const char *code_name(uint32_t code)
{
    static const struct {
        uint32_t code;
        const char *name;
    } names[] = {
        {0x80000002, "misaligned data"},
        {0x80000003, "break point"},
        {0x80000004, "single step"},
        {0xc0000005, "access violation"},
        {0xc000001d, "illegal instruction"},
        {0xc000008c, "array bounds exceeded"},
        {0xc0000090, "floating-point exception"},
        {0xc0000094, "integer division by zero"},
        {0xc0000095, "integer overflow"},
        {0xc0000096, "privileged instruction"},
        {0xc000007a, "missing import"},
        {0xc0000017, "no memory"},
        {0xc00000fd, "stack overflow"},
    };

    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i].code == code)
            return names[i].name;
    return "exception";
}

static int describe_access(const struct program_fault *f, char *out,
                           size_t room)
{
    const char *what = f->info[0] == 1   ? "writing"
                       : f->info[0] == 8 ? "executing"
                                         : "reading";

    if (f->text)
        return snprintf(out, room, ": %s", f->text);
    if (f->code != STATUS_ACCESS_VIOLATION || f->parameters < 2)
        return snprintf(out, room, "%s", "");
    if (f->info[1] == 0xffffffffu)
        return snprintf(out, room, ": protection fault");
    return snprintf(out, room, ": %s %08x", what, f->info[1]);
}

void program_exception(struct nt *nt, uint32_t process,
                       const struct program_fault *f)
{
    struct nt_process *p = process_at(nt, process);
    const struct nt_module *m = module_at(nt, process, f->address);
    char where[NT_PATH + 16] = "no module", access[128], text[512];
    int n;

    if (m)
        snprintf(where, sizeof where, "%s+%x", m->name, f->address - m->base);
    describe_access(f, access, sizeof access);
    n = snprintf(text, sizeof text, "%s (process %u): %s %08x at %08x (%s)%s",
                 p->name, process, code_name(f->code), f->code, f->address,
                 where, access);
    if (f->registers && n > 0 && (size_t)n < sizeof text)
        snprintf(text + n, sizeof text - (size_t)n,
                 "; eax=%08x ebx=%08x ecx=%08x edx=%08x esi=%08x edi=%08x "
                 "ebp=%08x esp=%08x efl=%08x",
                 f->reg[EAX], f->reg[EBX], f->reg[ECX], f->reg[EDX],
                 f->reg[ESI], f->reg[EDI], f->reg[EBP], f->reg[ESP], f->eflags);
    p->exception = 1;
    EMIT(nt->w.events, program_exception, process, f->code, f->address,
         EVENT_STRING(text));
    nt_finding(nt, "USER", "%s", text);
}

/* EXCEPTION_RECORD and CONTEXT lie on the kernel stack: ours, but a guest could
 * have written over them. */
static void exception_read(const struct nt *nt, uint32_t record,
                           uint32_t context, struct program_fault *f)
{
    static const uint16_t at[8] = {
        [EAX] = 0xb0, [ECX] = 0xac, [EDX] = 0xa8, [EBX] = 0xa4,
        [ESP] = 0xc4, [EBP] = 0xb4, [ESI] = 0xa0, [EDI] = 0x9c};

    f->code = nt_get32(nt, record);
    f->address = nt_get32(nt, record + 0x0c);
    f->parameters = nt_get32(nt, record + 0x10);
    f->info[0] = nt_get32(nt, record + 0x14);
    f->info[1] = nt_get32(nt, record + 0x18);
    f->registers = true;
    for (unsigned i = 0; i < 8; i++)
        f->reg[i] = nt_get32(nt, context + at[i]);
    f->eflags = nt_get32(nt, context + 0xc0);
}

/* The lowest page of a stack, as the TEB has it, stands for its end. */
static void name_overflow(const struct nt *nt, struct program_fault *f)
{
    const struct nt_thread *t = thread_of(nt, ke_current_thread(nt->w.ke));
    uint32_t low;

    if (f->code == STATUS_ACCESS_VIOLATION && f->parameters == 2 &&
        mm_read(nt->w.mm, nt_space(nt), gva_of(t->teb + TEB_STACK_LOW), &low,
                4) == HB_OK &&
        f->info[1] - low < PAGE_BYTES)
        f->code = STATUS_STACK_OVERFLOW;
}

/* ---- the exit routine ------------------------------------------------------
 */

static uint32_t own_process(const struct nt *nt)
{
    const struct nt_thread *t = thread_of(nt, ke_current_thread(nt->w.ke));

    return t ? t->process : NT_NONE;
}

static void begin(struct call *c)
{
    struct nt *nt = nt_of(c);
    uint32_t process = own_process(nt);
    struct program_fault fault = {0};

    ke_detach(nt->w.ke, 0); /* a driver may have left it elsewhere */
    c->w[W_CURSOR] = c->w[W_WAITS] = 0;
    c->w[W_STATUS] =
        process ? thread_of(nt, ke_current_thread(nt->w.ke))->exit_status : 0;
    if (call_u32(c, 0) != KE_EXIT_EXCEPTION || process == NT_NONE)
        return;
    exception_read(nt, call_u32(c, 1), call_u32(c, 2), &fault);
    name_overflow(nt, &fault);
    program_exception(nt, process, &fault);
    program_end(nt, process, fault.code);
    c->w[W_STATUS] = fault.code;
}

/* Ask the next request of this thread to be cancelled. True: the entry has
 * ended. */
static bool cancel_next(struct call *c)
{
    struct nt *nt = nt_of(c);
    uint32_t thread = ke_current_thread(nt->w.ke);

    while (c->w[W_CURSOR] < nt->s.irps.count) {
        const struct nt_irp *r =
            VEC_AT(struct nt_irp, &nt->s.irps, c->w[W_CURSOR]++);

        if (r->at && r->thread == thread && !r->done &&
            r->origin == IRP_SERVICE) {
            call_guest(c, call_stub(c, "IoCancelIrp"), 1, &r->at, EXIT_CANCEL);
            return true;
        }
    }
    return false;
}

static struct nt_irp *pending_request(const struct nt *nt, uint32_t thread)
{
    for (uint32_t i = 0; i < nt->s.irps.count; i++) {
        struct nt_irp *r = VEC_AT(struct nt_irp, &nt->s.irps, i);

        if (r->at && r->thread == thread && r->origin == IRP_SERVICE)
            return r;
    }
    return NULL;
}

/* True: a wait has ended the entry. A driver that never completes a cancelled
 * request does not keep its program for ever. */
static bool wait_requests(struct call *c)
{
    struct nt *nt = nt_of(c);
    uint32_t thread = ke_current_thread(nt->w.ke);
    struct nt_irp *r = pending_request(nt, thread);

    if (!r)
        return false;
    if (c->w[W_WAITS]++ < WAITS_MOST) {
        call_wait(c, 0, NULL, false, ke_deadline(nt->w.ke, POLL_TIME),
                  EXIT_WAIT);
        return true;
    }
    while (r) {
        call_finding(c, "IRP-032",
                     "IRP %08X was not completed five minutes after its "
                     "program ended and it was cancelled",
                     r->at);
        r->thread = 0; /* nobody's: its end touches no user memory */
        r->waited = 0;
        r->out_bytes = 0;
        nt_put32(nt, r->at + IRP_UserIosb, 0);
        r = pending_request(nt, thread);
    }
    return false;
}

static uint32_t threads_left(const struct nt *nt, uint32_t process)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < nt->s.threads.count; i++)
        count +=
            VEC_AT(struct nt_thread, &nt->s.threads, i)->process == process;
    return count;
}

/* True: a handle is being closed, the entry has ended. */
static bool close_next(struct call *c, const struct nt_process *p)
{
    struct nt *nt = nt_of(c);

    for (uint32_t i = 0; i < nt->s.handles.count; i++) {
        const struct nt_handle *h = VEC_AT(struct nt_handle, &nt->s.handles, i);

        if (h->process == p->ke) {
            call_guest(c, call_stub(c, "ZwClose"), 1, &h->value, EXIT_CLOSE);
            return true;
        }
    }
    return false;
}

static bool of_process(const void *module, const void *process)
{
    return ((const struct nt_module *)module)->process ==
           *(const uint32_t *)process;
}

/* Views and user mappings that are left are findings of mm's (IOS-038), pages
 * still locked a bugcheck (MDL-026). True: the entry has ended with it. */
static bool give_back(struct call *c, uint32_t process)
{
    struct nt *nt = nt_of(c);
    struct nt_process *p = process_at(nt, process);
    struct nt_ticket *t;
    struct mm_misuse misuse;
    uint32_t space = p->space;
    enum hb_status st;

    section_process_ended(nt, p->ke);
    ke_attach(nt->w.ke, KE_SYSTEM_PROCESS);
    p->space = 0;
    p->program = PROGRAM_ENDED;
    vec_drop(&nt->s.modules, sizeof(struct nt_module), of_process, &process);
    ke_process_ended(nt->w.ke, p->ke);
    st = space_destroy(nt->w.mm, space, &misuse);
    EMIT(nt->w.events, program_exit, process, EVENT_STRING(p->name),
         p->exit_status);
    t = ticket_find(nt, p->ticket);
    if (t)
        ticket_done(nt, t, p->exit_status);
    if (st == HB_OK)
        return false;
    call_bugcheck(c, misuse.code, misuse.p[0], misuse.p[1], misuse.p[2],
                  misuse.p[3]);
    return true;
}

static void forget_thread(struct nt *nt, uint32_t thread)
{
    const struct nt_thread *t = thread_of(nt, thread);

    if (t)
        vec_remove(&nt->s.threads, sizeof *t,
                   (uint32_t)(t - VEC_AT(struct nt_thread, &nt->s.threads, 0)));
}

/* void NtpThreadExit(Reason, ExceptionRecord, Context): see ke.h. */
void thunk_NtpThreadExit(struct call *c)
{
    struct nt *nt = nt_of(c);
    uint32_t process = own_process(nt);
    struct nt_process *p = process_at(nt, process);

    if (c->state == EXIT_BEGIN)
        begin(c);
    if (c->state <= EXIT_CANCEL && cancel_next(c))
        return;
    if (c->state <= EXIT_WAIT && wait_requests(c))
        return;
    if (p && threads_left(nt, process) == 1) {
        if (p->program == PROGRAM_RUNNING) { /* its last thread ended itself */
            p->program = PROGRAM_ENDING;
            p->exit_status = c->w[W_STATUS];
        }
        if (close_next(c, p) || give_back(c, process))
            return;
    }
    forget_thread(nt, ke_current_thread(nt->w.ke));
    call_thread_end(c, c->w[W_STATUS]);
}
