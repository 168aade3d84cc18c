/* src/nt/pnp.c -- tickets and the PnP thread that works on them. The thread's
 * place in a job is in nt_state.job, so it can be saved at any instruction. */
#include "nt/pnp.h"

#include "nt/devobj.h"
#include "nt/exports.h"
#include "nt/file.h"
#include "nt/guest.h"
#include "nt/irp.h"
#include "nt/object.h"

/* States of the thread's routine. */
enum { P_START, P_WOKEN, P_IRP, P_IRP_WAITED, P_CALLED };

enum { TICKETS_MOST = 65536 };

/* ---- tickets ----------------------------------------------------------------
 */

struct nt_ticket *ticket_find(const struct nt *nt, uint32_t number)
{
    for (uint32_t i = 0; number && i < nt->s.tickets.count; i++) {
        struct nt_ticket *t = VEC_AT(struct nt_ticket, &nt->s.tickets, i);
        if (t->number == number)
            return t;
    }
    return NULL;
}

struct nt_ticket *ticket_new(struct nt *nt, enum job_kind kind)
{
    struct nt_ticket *t;

    if (nt->s.tickets.count >= TICKETS_MOST)
        return NULL;
    t = nt_push(&nt->s.tickets, sizeof *t, NULL);
    if (t == NULL)
        return NULL;
    t->number = ++nt->s.next_ticket;
    t->state = TICKET_POSTED;
    t->kind = (uint8_t)kind;
    return t;
}

static void ticket_drop(struct nt *nt, const struct nt_ticket *t)
{
    vec_remove(&nt->s.tickets, sizeof *t,
               (uint32_t)(t - (const struct nt_ticket *)nt->s.tickets.data));
}

void ticket_done(struct nt *nt, struct nt_ticket *t, uint32_t status)
{
    t->status = status;
    t->state = TICKET_DONE;
    if (t->nobody)
        ticket_drop(nt, t);
}

void nt_ticket_free(struct nt *nt, uint32_t ticket)
{
    struct nt_ticket *t = ticket_find(nt, ticket);

    if (t == NULL)
        return;
    if (t->state == TICKET_DONE)
        ticket_drop(nt, t);
    else
        t->nobody = 1;
}

void pnp_wake(struct nt *nt)
{
    ke_signal_event(nt->w.ke, gva_of(nt->s.pnp_event));
    ke_kick(nt->w.ke);
}

static uint32_t post(struct nt *nt, enum job_kind kind, uint32_t image,
                     uint32_t device, uint8_t request)
{
    struct nt_ticket *t = ticket_new(nt, kind);
    uint32_t number;

    if (t == NULL)
        return NT_NONE;
    t->image = image;
    t->device = device;
    t->request = request;
    number = t->number;
    pnp_wake(nt);
    return number;
}

uint32_t nt_driver_start(struct nt *nt, uint32_t image)
{
    return post(nt, JOB_DRIVER_START, image, 0, 0);
}

uint32_t nt_driver_unload(struct nt *nt, uint32_t image)
{
    return post(nt, JOB_DRIVER_UNLOAD, image, 0, 0);
}

uint32_t nt_device_start(struct nt *nt, uint32_t device, uint32_t image)
{
    return post(nt, JOB_DEVICE_START, image, device, 0);
}

uint32_t nt_device_request(struct nt *nt, uint32_t device,
                           enum nt_pnp_request what)
{
    return post(nt, JOB_DEVICE_REQUEST, 0, device, (uint8_t)what);
}

void pnp_post_close(struct nt *nt, uint32_t number)
{
    struct nt_ticket *t = ticket_new(nt, JOB_FILE_CLOSE);

    if (t == NULL)
        return;
    t->object = number;
    t->nobody = 1;
    ke_signal_event(nt->w.ke, gva_of(nt->s.pnp_event));
}

void pnp_post_invalidate(struct nt *nt, uint32_t device, uint8_t minor,
                         uint32_t type)
{
    struct nt_ticket *t = ticket_new(nt, JOB_INVALIDATE);

    if (t == NULL)
        return;
    t->device = device;
    t->request = minor;
    t->handle = type;
    t->nobody = 1;
    ke_signal_event(nt->w.ke, gva_of(nt->s.pnp_event));
}

void pnp_post_notify(struct nt *nt, uint32_t interface, bool come)
{
    struct nt_ticket *t;

    if (nt->s.listeners.count == 0 || !(t = ticket_new(nt, JOB_NOTIFY)))
        return;
    t->object = interface;
    t->request = come;
    t->nobody = 1;
    ke_signal_event(nt->w.ke, gva_of(nt->s.pnp_event));
}

/* ---- what jobs do -----------------------------------------------------------
 */

bool job_over(struct call *c, struct nt_ticket *t, uint32_t status)
{
    struct nt *nt = nt_of(c);

    /* tickets that the job posted may have moved its own */
    t = ticket_find(nt, nt->s.job.ticket);
    nt->s.job = (struct nt_job){0};
    if (t)
        ticket_done(nt, t, status);
    return false;
}

bool job_call(struct call *c, uint32_t routine, unsigned count,
              const uint32_t *args, uint32_t step)
{
    nt_of(c)->s.job.step = step;
    call_guest(c, gva_of(routine), count, args, P_CALLED);
    return true;
}

uint32_t job_irp(struct nt *nt, uint32_t device, uint8_t major, uint8_t minor)
{
    uint32_t irp = irp_allocate(nt, nt_get8(nt, device + DEVOBJ_StackSize),
                                IRP_MANAGER),
             at;

    if (irp == 0)
        return 0;
    irp_record(nt, irp)->wake = nt->s.pnp_done;
    nt_put32(nt, irp + IRP_Status, STATUS_NOT_SUPPORTED);
    at = irp_next(nt, irp);
    nt_put8(nt, at + SL_MajorFunction, major);
    nt_put8(nt, at + SL_MinorFunction, minor);
    return irp;
}

bool job_send(struct call *c, uint32_t device, uint32_t irp, uint32_t step)
{
    struct nt_job *job = &nt_of(c)->s.job;
    const uint32_t send[2] = {device, irp};

    job->irp = irp;
    job->top = device;
    job->resume = step;
    if (nt_get8(nt_of(c), irp_next(nt_of(c), irp) + SL_MajorFunction) ==
        IRP_MJ_POWER)
        call_guest(c, call_stub(c, "PoCallDriver"), 2, send, P_IRP);
    else
        irp_send(c, device, irp, P_IRP);
    return true;
}

/* The packet the job waits for: false while it is not back. */
static bool irp_back(struct call *c)
{
    struct nt *nt = nt_of(c);
    struct nt_job *job = &nt->s.job;
    const struct nt_irp *r = irp_record(nt, job->irp);

    if (!irp_wait(c, job->irp, P_IRP))
        return false;
    job->information = r ? r->information : 0;
    job->status = irp_finish(c, job->irp);
    job->irp = 0;
    job->step = job->resume;
    return true;
}

/* ---- the thread -------------------------------------------------------------
 */

static bool take_job(struct nt *nt)
{
    for (uint32_t i = 0; i < nt->s.tickets.count; i++) {
        struct nt_ticket *t = VEC_AT(struct nt_ticket, &nt->s.tickets, i);
        if (t->state == TICKET_POSTED && t->kind != JOB_CLIENT_CALL) {
            t->state = TICKET_RUNNING;
            nt->s.job = (struct nt_job){.ticket = t->number};
            return true;
        }
    }
    return false;
}

static bool step(struct call *c)
{
    struct nt *nt = nt_of(c);
    struct nt_ticket *t = ticket_find(nt, nt->s.job.ticket);

    switch (t->kind) {
    case JOB_DRIVER_START:
        return job_driver_start(c, t);
    case JOB_DRIVER_UNLOAD:
        return job_driver_unload(c, t);
    case JOB_DEVICE_START:
        return job_device_start(c, t);
    case JOB_DEVICE_REQUEST:
        return job_device_request(c, t);
    case JOB_FILE_CLOSE:
        return job_file_close(c, t);
    case JOB_NOTIFY:
        return job_notify(c, t);
    case JOB_TARGET:
        return job_target(c, t);
    case JOB_RELATIONS:
        return job_relations(c, t);
    default:
        return job_invalidate(c, t);
    }
}

void thunk_NtpPnpThread(struct call *c)
{
    struct nt *nt = nt_of(c);
    gva_t event = gva_of(nt->s.pnp_event);

    if (c->state == P_CALLED)
        nt->s.job.status = c->eax;
    if (nt->s.job.irp && !irp_back(c))
        return;
    for (;;) {
        if (nt->s.job.ticket == 0 && !take_job(nt)) {
            ke_reset_event(nt->w.ke, event);
            call_wait(c, 1, &event, true, WAIT_FOREVER, P_WOKEN);
            return;
        }
        if (step(c))
            return;
    }
}

/* ---- a small job
 * -------------------------------------------------------------
 */

bool job_file_close(struct call *c, struct nt_ticket *t)
{
    struct nt *nt = nt_of(c);
    uint32_t file = ob_body(nt, t->object), irp;
    uint32_t device = file_device(nt, file);

    if (nt->s.job.step == 0) {
        irp = file ? job_irp(nt, device, IRP_MJ_CLOSE, 0) : 0;
        if (irp) {
            nt_put32(nt, irp_next(nt, irp) + SL_FileObject, file);
            nt_put32(nt, irp + IRP_OriginalFileObject, file);
            nt_put32(nt, irp + IRP_Flags,
                     IRP_CLOSE_OPERATION | IRP_SYNCHRONOUS_API);
            return job_send(c, device, irp, 1);
        }
    }
    file_destroy(nt, t->object);
    return job_over(c, t, STATUS_SUCCESS);
}
