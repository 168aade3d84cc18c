/* src/nt/ps.c -- threads and processes: Ps routines.
 * Source: WDK PsCreateSystemThread, PsTerminateSystemThread. */
#include "nt/exports.h"
#include "nt/guest.h"
#include "nt/object.h"
#include "nt/program.h"
#include "nt/service.h"

enum { THREAD_ALL_ACCESS = 0x1f03ff };

/* Thread objects whose references went before the thread ended. */
void threads_sweep(struct nt *nt)
{
    for (uint32_t i = 0; i < nt->s.objects.count; i++) {
        const struct nt_object *o = ob_at(nt, i + 1);
        if (o && o->type == TYPE_THREAD && o->references == 0 &&
            !ke_thread_exists(nt->w.ke, o->data))
            ob_destroy(nt, i + 1);
    }
}

/* NTSTATUS PsCreateSystemThread(*Handle, Access, Attributes, Process, ClientId,
 * Start, Context). */
void thunk_PsCreateSystemThread(struct call *c)
{
    struct nt *nt = nt_of(c);
    struct ke_thread_start how = {.process = KE_SYSTEM_PROCESS,
                                  .start = call_va(c, 5),
                                  .context = call_u32(c, 6),
                                  .name = "system thread"};
    uint32_t status = STATUS_INSUFFICIENT_RESOURCES, thread, number, handle;

    threads_sweep(nt);
    thread = ke_thread_create(nt->w.ke, &how, &status);
    if (thread == 0) {
        call_return(c, status);
        return;
    }
    number = ob_create(nt, TYPE_THREAD, ke_thread_object(nt->w.ke, thread).v);
    handle = 0;
    if (number) {
        ob_at(nt, number)->data = thread;
        ob_at(nt, number)->permanent = true; /* until the thread has ended */
        handle = handle_create(nt, ke_current_process(nt->w.ke), number,
                               THREAD_ALL_ACCESS, 0);
        ob_dereference(nt, number);
    }
    store_u32(c, call_va(c, 0), handle);
    if (call_u32(c, 4)) { /* CLIENT_ID */
        store_u32(c, call_va(c, 4), 4);
        store_u32(c, gva_of(call_u32(c, 4) + 4), thread);
    }
    if (call_ok(c))
        call_return(c, handle ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES);
}

void thunk_PsTerminateSystemThread(struct call *c)
{
    call_thread_end(c, call_u32(c, 0));
}

void thunk_IoGetCurrentProcess(struct call *c)
{
    struct nt *nt = nt_of(c);

    call_return(c, ke_process_object(nt->w.ke, ke_current_process(nt->w.ke)).v);
}

void thunk_PsGetCurrentProcessId(struct call *c)
{
    call_return(c, 4 * ke_current_process(nt_of(c)->w.ke));
}

void thunk_PsGetCurrentThreadId(struct call *c)
{
    call_return(c, ke_current_thread(nt_of(c)->w.ke));
}

void thunk_PsIsThreadTerminating(struct call *c)
{
    struct ke *ke = nt_of(c)->w.ke;

    call_return(c,
                !ke_thread_exists(ke, ke_thread_by_object(ke, call_va(c, 0))));
}
