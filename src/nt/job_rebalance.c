/* src/nt/job_rebalance.c -- a started device gets other resources: asked, new
 * ones found, stopped, started with them. Who refuses keeps what he has.
 * Source: hal_io fact sheet 4; WDK IRP_MN_QUERY_STOP_DEVICE, "Stopping a Device
 * to Rebalance Resources". */
#include "nt/guest.h"
#include "nt/pnp.h"

enum {
    B_BEGIN,
    B_ASKED,
    B_REQUIREMENTS, /* asked for again */
    B_FILTERED,
    B_STOPPED,
    B_STARTED,
    B_CANCELLED,
    B_REMOVED,
};

static bool cancel(struct call *c, struct nt_ticket *t, struct nt_device *d,
                   uint32_t status)
{
    nt_of(c)->s.job.result = status;
    if (pnp_send(c, d, MN_CANCEL_STOP_DEVICE, 0, 0, B_CANCELLED))
        return true;
    return job_over(c, t, status);
}

/* Where else can it be? Then it is stopped. */
static bool find(struct call *c, struct nt_ticket *t, struct nt_device *d)
{
    struct nt *nt = nt_of(c);
    uint32_t status;

    d->leaving = d->chosen;
    for (unsigned i = 0; i < d->chosen; i++)
        d->left[i] = d->held[i];
    status = resources_assign(nt, t->device, d->requirements, true);
    if (!nt_success(status)) {
        pnp_note(nt, d, "conflict", status);
        return cancel(c, t, d, status);
    }
    if (pnp_send(c, d, MN_STOP_DEVICE, 0, 0, B_STOPPED))
        return true;
    return job_over(c, t, STATUS_INSUFFICIENT_RESOURCES);
}

static bool asked(struct call *c, struct nt_ticket *t, struct nt_device *d)
{
    struct nt *nt = nt_of(c);
    uint32_t status = nt->s.job.status;

    if (!nt_success(status))
        return cancel(c, t, d, status);
    if (status != STATUS_RESOURCE_REQUIREMENTS_CHANGED && !t->handle)
        return find(c, t, d);
    if (pnp_send(c, d, MN_QUERY_RESOURCE_REQUIREMENTS, 0, 0, B_REQUIREMENTS))
        return true;
    return cancel(c, t, d, STATUS_INSUFFICIENT_RESOURCES);
}

static bool answered(struct call *c, struct nt_ticket *t, struct nt_device *d)
{
    struct nt *nt = nt_of(c);

    nt_pool_free(nt, d->requirements);
    d->requirements = nt_success(nt->s.job.status) ? nt->s.job.information : 0;
    if (pnp_send_filter(c, d, B_FILTERED))
        return true;
    return cancel(c, t, d, STATUS_INSUFFICIENT_RESOURCES);
}

static bool stopped(struct call *c, struct nt_ticket *t, struct nt_device *d)
{
    struct nt *nt = nt_of(c);

    pnp_must(nt, d, "stop", nt->s.job.status);
    pnp_left(nt, d, "STOP_DEVICE");
    d->state = NT_DEVICE_STOPPED;
    if (pnp_send(c, d, MN_START_DEVICE, d->raw, d->translated, B_STARTED))
        return true;
    return job_over(c, t, STATUS_INSUFFICIENT_RESOURCES);
}

static bool started(struct call *c, struct nt_ticket *t, struct nt_device *d)
{
    struct nt *nt = nt_of(c);
    uint32_t status = nt->s.job.status;

    pnp_note(nt, d, "start", status);
    resources_lent(nt, d);
    d->status = nt->s.job.result = status;
    if (nt_success(status)) {
        d->state = NT_DEVICE_STARTED;
        return job_over(c, t, STATUS_SUCCESS);
    }
    if (pnp_send(c, d, MN_REMOVE_DEVICE, 0, 0, B_REMOVED))
        return true;
    return job_over(c, t, status);
}

bool job_rebalance(struct call *c, struct nt_ticket *t, struct nt_device *d)
{
    struct nt *nt = nt_of(c);
    struct nt_job *job = &nt->s.job;

    switch (job->step) {
    case B_BEGIN:
        if (pnp_send(c, d, MN_QUERY_STOP_DEVICE, 0, 0, B_ASKED))
            return true;
        return job_over(c, t, STATUS_INSUFFICIENT_RESOURCES);
    case B_ASKED:
        return asked(c, t, d);
    case B_REQUIREMENTS:
        return answered(c, t, d);
    case B_FILTERED:
        if (nt_success(job->status))
            d->requirements = job->information;
        return find(c, t, d);
    case B_STOPPED:
        return stopped(c, t, d);
    case B_STARTED:
        return started(c, t, d);
    case B_CANCELLED:
        return job_over(c, t, job->result);
    default:
        pnp_removed(nt, d, job->status, "a failed START_DEVICE");
        d->state = NT_DEVICE_FAILED;
        return job_over(c, t, job->result);
    }
}
