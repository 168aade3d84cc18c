/* src/nt/program_services.c -- the system services that programs need beside
 * those of files: waits, threads, time, console, ends. Source: WDK and Platform
 * SDK pages of the Nt routines; winternl.h. */
#include <stdio.h>
#include <string.h>

#include "mm/user.h"
#include "nt/exports.h"
#include "nt/guest.h"
#include "nt/object.h"
#include "nt/program.h"
#include "nt/service.h"

#define CURRENT_PROCESS 0xffffffffu
#define CURRENT_THREAD  0xfffffffeu
enum { THREAD_ALL_ACCESS = 0x1f03ff };

/* A timeout's pointer as a deadline; false: bad pointer, the entry has ended.
 */
static bool deadline(struct call *c, uint32_t at, uint64_t *due)
{
    uint64_t timeout = 0;

    *due = WAIT_FOREVER;
    if (at == 0)
        return true;
    if (probe(c, at, 8)) {
        timeout = load_u64(c, gva_of(at));
        if (!call_caught(c)) {
            *due = ke_deadline(nt_of(c)->w.ke, (int64_t)timeout);
            return call_ok(c);
        }
    }
    call_return(c, STATUS_ACCESS_VIOLATION);
    return false;
}

/* ---- waits ------------------------------------------------------------------
 */

static bool is_held(const void *held, const void *thread)
{
    return ((const struct nt_held *)held)->thread == *(const uint32_t *)thread;
}

/* What the current thread holds goes. */
static void release(struct nt *nt)
{
    uint32_t thread = ke_current_thread(nt->w.ke);

    for (uint32_t i = 0; i < nt->s.held.count; i++) {
        const struct nt_held *h = VEC_AT(struct nt_held, &nt->s.held, i);

        if (h->thread == thread)
            ob_dereference(nt, h->object);
    }
    vec_drop(&nt->s.held, sizeof(struct nt_held), is_held, &thread);
}

/* The objects that are waited for are referenced meanwhile. */
static uint32_t hold(struct call *c, uint32_t handle, gva_t *object)
{
    struct nt *nt = nt_of(c);
    struct nt_held h = {.thread = ke_current_thread(nt->w.ke)};
    uint32_t status = service_object(c, handle, TYPE_NONE, NULL, &h.object);

    if (status != STATUS_SUCCESS)
        return status;
    object->v = waitable(nt, h.object);
    if (object->v == 0)
        return STATUS_OBJECT_TYPE_MISMATCH;
    if (!nt_push(&nt->s.held, sizeof h, &h))
        return STATUS_INSUFFICIENT_RESOURCES;
    ob_reference(nt, h.object);
    return STATUS_SUCCESS;
}

static uint32_t load_objects(struct call *c, uint32_t count, uint32_t at,
                             gva_t *object)
{
    uint32_t handle[CALL_OBJECTS], status = STATUS_SUCCESS;

    if (count == 0 || count > CALL_OBJECTS)
        return STATUS_INVALID_PARAMETER_1;
    if (!probe(c, at, 4 * count))
        return STATUS_ACCESS_VIOLATION;
    load(c, gva_of(at), handle, 4 * count);
    if (call_caught(c))
        return STATUS_ACCESS_VIOLATION;
    for (uint32_t i = 0; status == STATUS_SUCCESS && call_ok(c) && i < count;
         i++)
        status = hold(c, handle[i], &object[i]);
    return status;
}

/* (Count, *Handles, WaitType 0 all 1 any, Alertable, *Timeout) */
void thunk_NtpWaitForMultipleObjects(struct call *c)
{
    struct nt *nt = nt_of(c);
    uint32_t count = call_u32(c, 0), status;
    gva_t object[CALL_OBJECTS];
    uint64_t due;

    if (c->state != 0) {
        release(nt);
        call_return(c, c->eax);
        return;
    }
    if (!deadline(c, call_u32(c, 4), &due))
        return;
    status = load_objects(c, count, call_u32(c, 1), object);
    if (status == STATUS_SUCCESS && call_ok(c)) {
        call_wait(c, count, object, call_u32(c, 2) == 0, due, 1);
        return;
    }
    release(nt);
    if (call_ok(c))
        call_return(c, status);
}

/* (Handle, *PreviousState opt) */
static void reset_event(struct call *c, uint32_t previous_at)
{
    struct nt *nt = nt_of(c);
    uint32_t number, previous, status;

    status = service_object(c, call_u32(c, 0), TYPE_EVENT, NULL, &number);
    if (status == STATUS_SUCCESS) {
        previous =
            (uint32_t)ke_reset_event(nt->w.ke, gva_of(ob_body(nt, number)));
        if (previous_at && !service_store(c, previous_at, previous))
            status = STATUS_ACCESS_VIOLATION;
    }
    if (call_ok(c))
        call_return(c, status);
}

void thunk_NtpResetEvent(struct call *c)
{
    reset_event(c, call_u32(c, 1));
}

void thunk_NtpClearEvent(struct call *c)
{
    reset_event(c, 0);
}

/* ---- semaphores
 * -------------------------------------------------------------- */

enum { SEMAPHORE_BODY = 0x14, SEMAPHORE_COUNT = 4, SEMAPHORE_MOST = 0x10 };
enum { SEMAPHORE_ALL_ACCESS = 0x1f0003 };

static uint32_t make_semaphore(struct nt *nt, uint32_t count, uint32_t most)
{
    uint32_t body = nt_pool(nt, SEMAPHORE_BODY, TAG('S', 'e', 'm', 'a'));
    uint32_t number = body ? ob_create(nt, TYPE_SEMAPHORE, body) : 0;

    if (number == 0) {
        nt_pool_free(nt, body);
        return 0;
    }
    ob_at(nt, number)->owns_body = 1;
    ke_event_init(nt->w.ke, gva_of(body), OBJECT_SEMAPHORE, false);
    nt_put32(nt, body + SEMAPHORE_COUNT, count);
    nt_put32(nt, body + SEMAPHORE_MOST, most);
    return number;
}

/* (*Handle, Access, Attributes opt, Count, Most): without a name. */
void thunk_NtpCreateSemaphore(struct call *c)
{
    struct nt *nt = nt_of(c);
    uint32_t count = call_u32(c, 3), most = call_u32(c, 4), number, handle = 0;
    uint32_t status = STATUS_SUCCESS;

    if ((int32_t)most <= 0 || count > most) {
        call_return(c, STATUS_INVALID_PARAMETER);
        return;
    }
    number = make_semaphore(nt, count, most);
    if (number) {
        handle = handle_create(nt, ke_current_process(nt->w.ke), number,
                               SEMAPHORE_ALL_ACCESS, 0);
        ob_dereference(nt, number);
    }
    if (handle == 0)
        status = STATUS_INSUFFICIENT_RESOURCES;
    else if (!service_store(c, call_u32(c, 0), handle))
        status = STATUS_ACCESS_VIOLATION;
    if (call_ok(c))
        call_return(c, status);
}

/* (Handle, Release, *Previous opt) */
void thunk_NtpReleaseSemaphore(struct call *c)
{
    struct nt *nt = nt_of(c);
    uint32_t more = call_u32(c, 1), number, body, count, status;

    status = service_object(c, call_u32(c, 0), TYPE_SEMAPHORE, NULL, &number);
    if (status != STATUS_SUCCESS) {
        call_return(c, status);
        return;
    }
    body = ob_body(nt, number);
    count = nt_get32(nt, body + SEMAPHORE_COUNT);
    if ((int32_t)more <= 0)
        status = STATUS_INVALID_PARAMETER;
    else if (count + more > nt_get32(nt, body + SEMAPHORE_MOST))
        status = STATUS_SEMAPHORE_LIMIT_EXCEEDED;
    else if (call_u32(c, 2) && !service_store(c, call_u32(c, 2), count))
        status = STATUS_ACCESS_VIOLATION;
    if (!call_ok(c))
        return;
    if (status == STATUS_SUCCESS) {
        nt_put32(nt, body + SEMAPHORE_COUNT, count + more);
        ke_signal_object(nt->w.ke, gva_of(body));
    }
    call_return(c, status);
}

/* ---- time -------------------------------------------------------------------
 */

/* (Alertable, *Interval) */
void thunk_NtpDelayExecution(struct call *c)
{
    uint64_t due;

    if (c->state != 0) {
        call_return(c, c->eax == STATUS_TIMEOUT ? STATUS_SUCCESS : c->eax);
        return;
    }
    if (call_u32(c, 1) == 0)
        call_return(c, STATUS_ACCESS_VIOLATION);
    else if (deadline(c, call_u32(c, 1), &due))
        call_wait(c, 0, NULL, false, due, 1);
}

/* Others of the same priority run: a delay of nothing. */
void thunk_NtpYieldExecution(struct call *c)
{
    if (c->state == 0) {
        gva_t interval = call_locals(c, 8);

        if (interval.v == 0)
            return;
        store_u64(c, interval, 0);
        if (call_ok(c))
            call_guest(c, call_stub(c, "KeDelayExecutionThread"), 3,
                       (uint32_t[]){USER_MODE, 0, interval.v}, 1);
    } else {
        call_return(c, STATUS_SUCCESS);
    }
}

enum { W_FREQUENCY };

/* (*Counter, *Frequency opt): the HAL's. */
void thunk_NtpQueryPerformanceCounter(struct call *c)
{
    uint64_t value[2];
    uint32_t at = call_u32(c, 0), frequency_at = call_u32(c, 1);

    if (c->state == 0) {
        c->w[W_FREQUENCY] = call_locals(c, 8).v;
        if (c->w[W_FREQUENCY])
            call_guest(c, call_stub(c, "KeQueryPerformanceCounter"), 1,
                       &c->w[W_FREQUENCY], 1);
        return;
    }
    value[0] = c->eax | (uint64_t)c->edx << 32;
    value[1] = load_u64(c, gva_of(c->w[W_FREQUENCY]));
    if (!call_ok(c))
        return;
    if (!probe(c, at, 8) || !probe(c, frequency_at, 8)) {
        call_return(c, STATUS_ACCESS_VIOLATION);
        return;
    }
    store_u64(c, gva_of(at), value[0]);
    if (frequency_at)
        store_u64(c, gva_of(frequency_at), value[1]);
    if (call_caught(c))
        call_return(c, STATUS_ACCESS_VIOLATION);
    else if (call_ok(c))
        call_return(c, STATUS_SUCCESS);
}

/* ---- threads ----------------------------------------------------------------
 */

static uint32_t caller(const struct nt *nt)
{
    return process_number(nt, ke_current_process(nt->w.ke));
}

static struct nt_thread *thread_record(const struct nt *nt, uint32_t thread)
{
    for (uint32_t i = 0; i < nt->s.threads.count; i++)
        if (VEC_AT(struct nt_thread, &nt->s.threads, i)->thread == thread)
            return VEC_AT(struct nt_thread, &nt->s.threads, i);
    return NULL;
}

enum { CONTEXT_EIP_AT = 0xb8, CONTEXT_ESP_AT = 0xc4 };

/* Where it starts and its stack: CONTEXT and INITIAL_TEB. STATUS_x. */
static uint32_t load_start(struct call *c, uint32_t words[4])
{
    uint32_t context = call_u32(c, 5), stack = call_u32(c, 6);

    if (!probe(c, context, CONTEXT_ESP_AT + 4) || !probe(c, stack, 16))
        return STATUS_ACCESS_VIOLATION;
    words[0] = load_u32(c, gva_of(context + CONTEXT_EIP_AT));
    words[1] = load_u32(c, gva_of(context + CONTEXT_ESP_AT));
    words[2] = load_u32(c, gva_of(stack + 8));
    words[3] = load_u32(c, gva_of(stack + 12));
    return call_caught(c) ? STATUS_ACCESS_VIOLATION : STATUS_SUCCESS;
}

/* (*Handle, Access, Attributes, Process, *ClientId, Context, InitialTeb,
 * Suspended) */
void thunk_NtpCreateThread(struct call *c)
{
    struct nt *nt = nt_of(c);
    uint32_t process = caller(nt), words[4] = {0}, status, thread, teb;
    uint32_t handle = 0;
    const struct nt_process *p = process_at(nt, process);

    if (!p || p->program != PROGRAM_RUNNING)
        status = STATUS_PROCESS_IS_TERMINATING;
    else if (call_u32(c, 3) != CURRENT_PROCESS)
        status = STATUS_INVALID_HANDLE;
    else if (call_bool(c, 7))
        status = STATUS_NOT_SUPPORTED;
    else
        status = load_start(c, words);
    if (status != STATUS_SUCCESS || !call_ok(c)) {
        if (call_ok(c))
            call_return(c, status);
        return;
    }
    status = STATUS_NO_MEMORY;
    teb = teb_build(nt, process, words[2], words[3]);
    thread =
        teb ? program_thread(nt, process, words[0], words[1], teb, &status) : 0;
    if (thread)
        handle = handle_create(nt, ke_current_process(nt->w.ke),
                               thread_record(nt, thread)->object,
                               THREAD_ALL_ACCESS, 0);
    if (!thread || !handle) {
        call_return(c, status ? status : STATUS_NO_MEMORY);
        return;
    }
    if (call_u32(c, 4) && (!service_store(c, call_u32(c, 4), p->ke * 4) ||
                           !service_store(c, call_u32(c, 4) + 4, thread)))
        status = STATUS_ACCESS_VIOLATION;
    if (call_ok(c) && !service_store(c, call_u32(c, 0), handle))
        status = STATUS_ACCESS_VIOLATION;
    if (call_ok(c))
        call_return(c, status);
}

/* A thread of the calling process by handle. STATUS_x. */
static uint32_t thread_by_handle(struct call *c, uint32_t handle,
                                 uint32_t *thread)
{
    struct nt *nt = nt_of(c);
    uint32_t number, status;

    if (handle == CURRENT_THREAD || handle == 0) {
        *thread = ke_current_thread(nt->w.ke);
        return STATUS_SUCCESS;
    }
    status = service_object(c, handle, TYPE_THREAD, NULL, &number);
    if (status == STATUS_SUCCESS)
        *thread = ob_at(nt, number)->data;
    return status;
}

/* (Handle, ExitStatus) */
void thunk_NtpTerminateThread(struct call *c)
{
    struct nt *nt = nt_of(c);
    uint32_t thread, status = thread_by_handle(c, call_u32(c, 0), &thread);
    struct nt_thread *t = status ? NULL : thread_record(nt, thread);

    if (t) {
        t->exit_status = call_u32(c, 1);
        ke_thread_terminate(nt->w.ke, thread, call_u32(c, 1));
    }
    call_return(c, status);
}

/* (Handle, *Status): what the thread ended with, STILL_ACTIVE (103h) before. */
void thunk_NtpThreadStatus(struct call *c)
{
    struct nt *nt = nt_of(c);
    uint32_t thread, status = thread_by_handle(c, call_u32(c, 0), &thread);

    if (status == STATUS_SUCCESS &&
        !service_store(c, call_u32(c, 1),
                       ke_thread_exists(nt->w.ke, thread)
                           ? STATUS_PENDING
                           : ke_thread_exit_status(nt->w.ke, thread)))
        status = STATUS_ACCESS_VIOLATION;
    if (call_ok(c))
        call_return(c, status);
}

/* (Handle, ExitStatus): 0 and the pseudo-handle are the caller's process; with
 * 0 the other threads alone are asked. */
void thunk_NtpTerminateProcess(struct call *c)
{
    struct nt *nt = nt_of(c);
    uint32_t handle = call_u32(c, 0);

    if (handle != CURRENT_PROCESS && handle != 0) {
        call_return(c, STATUS_INVALID_HANDLE);
        return;
    }
    program_end(nt, caller(nt), call_u32(c, 1));
    call_return(c, STATUS_SUCCESS);
}

/* ---- what ends a program otherwise ------------------------------------------
 */

/* (*ExceptionRecord, *Context, FirstChance): there are no handlers. */
void thunk_NtpRaiseException(struct call *c)
{
    struct nt *nt = nt_of(c);
    uint32_t at = call_u32(c, 0), context = call_u32(c, 1);
    struct program_fault f = {.code = STATUS_ACCESS_VIOLATION};

    if (probe(c, at, 0x1c) && probe(c, context, 0xcc)) {
        f.code = load_u32(c, gva_of(at));
        f.address = load_u32(c, gva_of(at + 0x0c));
        f.parameters = load_u32(c, gva_of(at + 0x10));
        f.info[0] = load_u32(c, gva_of(at + 0x14));
        f.info[1] = load_u32(c, gva_of(at + 0x18));
        if (call_caught(c))
            f.code = STATUS_ACCESS_VIOLATION;
        if (!call_ok(c))
            return;
    }
    if (caller(nt) != NT_NONE &&
        process_at(nt, caller(nt))->program == PROGRAM_RUNNING) {
        program_exception(nt, caller(nt), &f);
        program_end(nt, caller(nt), f.code);
    }
    call_return(c, STATUS_SUCCESS);
}

/* (Number, ReturnAddress): a stub of program_module.c was called. */
void thunk_NtpMissingImport(struct call *c)
{
    struct nt *nt = nt_of(c);
    uint32_t number = call_u32(c, 0), process = caller(nt);
    struct program_fault f = {.code = STATUS_PROCEDURE_NOT_FOUND};
    const struct nt_user_missing *m;
    char text[160] = "an import that nothing serves";

    if (number < nt->s.user_missing.count) {
        m = VEC_AT(struct nt_user_missing, &nt->s.user_missing, number);
        snprintf(text, sizeof text, "it called %s%s%s, which nothing serves",
                 m->dll, m->dll[0] ? "!" : "", m->name);
    }
    f.text = text;
    f.address = call_u32(c, 1);
    if (process != NT_NONE &&
        process_at(nt, process)->program == PROGRAM_RUNNING) {
        program_exception(nt, process, &f);
        program_end(nt, process, f.code);
    }
    call_return(c, STATUS_SUCCESS);
}

/* ---- console ----------------------------------------------------------------
 */

enum { WRITE_MOST = 1 << 20 };

/* (Stream 1 output 2 error, *Bytes, Count) */
void thunk_NtpWriteConsole(struct call *c)
{
    struct nt *nt = nt_of(c);
    uint32_t at = call_u32(c, 1), count = call_u32(c, 2), process = caller(nt);
    uint8_t stream = call_u32(c, 0) == 2 ? 2 : 1, piece[512];

    if (process == NT_NONE || count > WRITE_MOST || !probe(c, at, count)) {
        call_return(c, STATUS_INVALID_PARAMETER);
        return;
    }
    for (uint32_t done = 0; done < count;) {
        uint32_t n = count - done;

        if (n > sizeof piece)
            n = sizeof piece;
        load(c, gva_of(at + done), piece, n);
        if (call_caught(c)) {
            call_return(c, STATUS_ACCESS_VIOLATION);
            return;
        }
        if (!call_ok(c))
            return;
        output_add(nt, process, stream, piece, n);
        done += n;
    }
    EMIT(nt->w.events, program_output, process, stream, count);
    call_return(c, STATUS_SUCCESS);
}
