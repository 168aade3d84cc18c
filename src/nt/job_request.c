/* src/nt/job_request.c -- what is asked of a device that has a driver: stopped,
 * started again, powered; the end of the system. Rebalancing and removal have
 * files of their own. Source: hal_io fact sheet 4; WDK, "PnP minor IRPs". */
#include "nt/devobj.h"
#include "nt/guest.h"
#include "nt/irp.h"
#include "nt/pnp.h"

enum { R_BEGIN, R_ASKED, R_DONE, R_CANCELLED, R_NEXT, R_REMOVED };

static bool stop(struct call *c, struct nt_ticket *t, struct nt_device *d)
{
    struct nt *nt = nt_of(c);
    struct nt_job *job = &nt->s.job;

    switch (job->step) {
    case R_BEGIN:
        if (pnp_send(c, d, MN_QUERY_STOP_DEVICE, 0, 0, R_ASKED))
            return true;
        return job_over(c, t, STATUS_INSUFFICIENT_RESOURCES);
    case R_ASKED:
        job->result = job->status;
        if (nt_success(job->status)
                ? pnp_send(c, d, MN_STOP_DEVICE, 0, 0, R_DONE)
                : pnp_send(c, d, MN_CANCEL_STOP_DEVICE, 0, 0, R_CANCELLED))
            return true;
        return job_over(c, t, job->result);
    case R_DONE:
        pnp_must(nt, d, "stop", job->status);
        pnp_leaks(nt, d, "STOP_DEVICE");
        d->state = NT_DEVICE_STOPPED;
        resources_release(nt, d);
        return job_over(c, t, STATUS_SUCCESS);
    default:
        return job_over(c, t, job->result);
    }
}

static bool restart(struct call *c, struct nt_ticket *t, struct nt_device *d)
{
    struct nt *nt = nt_of(c);
    struct nt_job *job = &nt->s.job;
    uint32_t status;

    switch (job->step) {
    case R_BEGIN:
        status = resources_assign(nt, t->device, d->requirements, false);
        if (!nt_success(status))
            return job_over(c, t, status);
        if (pnp_send(c, d, MN_START_DEVICE, d->raw, d->translated, R_DONE))
            return true;
        return job_over(c, t, STATUS_INSUFFICIENT_RESOURCES);
    case R_DONE:
        pnp_note(nt, d, "start", job->status);
        resources_lent(nt, d);
        d->status = job->result = job->status;
        if (nt_success(job->status)) {
            d->state = NT_DEVICE_STARTED;
            return job_over(c, t, job->status);
        }
        if (pnp_send(c, d, MN_REMOVE_DEVICE, 0, 0, R_REMOVED))
            return true;
        return job_over(c, t, job->result);
    default:
        pnp_removed(nt, d, job->status, "a failed START_DEVICE");
        d->state = NT_DEVICE_FAILED;
        return job_over(c, t, job->result);
    }
}

static bool power(struct call *c, struct nt_ticket *t, struct nt_device *d,
                  uint8_t state)
{
    struct nt *nt = nt_of(c);
    uint32_t top = device_top(nt, d->pdo), irp, at;

    if (nt->s.job.step == R_BEGIN) {
        irp = job_irp(nt, top, IRP_MJ_POWER, MN_SET_POWER);
        if (irp == 0)
            return job_over(c, t, STATUS_INSUFFICIENT_RESOURCES);
        at = irp_next(nt, irp);
        nt_put32(nt, at + SL_Power_Type, 1); /* DevicePowerState */
        nt_put32(nt, at + SL_Power_State, state);
        return job_send(c, top, irp, R_DONE);
    }
    if (nt_success(nt->s.job.status))
        d->power = state;
    return job_over(c, t, nt->s.job.status);
}

/* IRP_MJ_SHUTDOWN to each device that asked for it, last registered first. */
static bool shut_down(struct call *c, struct nt_ticket *t)
{
    struct nt *nt = nt_of(c);
    struct nt_job *job = &nt->s.job;

    while (job->cursor < nt->s.shutdown.count) {
        uint32_t i = nt->s.shutdown.count - 1 - job->cursor++;
        uint32_t device =
            VEC_AT(struct nt_shutdown, &nt->s.shutdown, i)->device;
        uint32_t top = device_top(nt, device);
        uint32_t irp = job_irp(nt, top, IRP_MJ_SHUTDOWN, 0);

        if (irp)
            return job_send(c, top, irp, R_NEXT);
    }
    return job_over(c, t, STATUS_SUCCESS);
}

/* Is the device in a state for @request? */
static bool fits(const struct nt_device *d, uint8_t request)
{
    switch (request) {
    case NT_PNP_STOP:
    case NT_PNP_REBALANCE:
        return d->state == NT_DEVICE_STARTED;
    case NT_PNP_RESTART:
        return d->state == NT_DEVICE_STOPPED;
    case NT_PNP_REMOVE:
    case NT_PNP_EJECT:
        return !(d->flags & PNP_DEVICE_NOT_DISABLEABLE);
    default:
        return true;
    }
}

bool job_device_request(struct call *c, struct nt_ticket *t)
{
    struct nt *nt = nt_of(c);
    struct nt_device *d = pnp_device(nt, t->device);

    if (t->request == NT_PNP_SHUTDOWN)
        return shut_down(c, t);
    if (nt->s.job.step == R_BEGIN) {
        if (d == NULL || !pnp_has_stack(d))
            return job_over(c, t, STATUS_NO_SUCH_DEVICE);
        if (!fits(d, t->request))
            return job_over(c, t, STATUS_INVALID_DEVICE_REQUEST);
    }
    switch (t->request) {
    case NT_PNP_STOP:
        return stop(c, t, d);
    case NT_PNP_REBALANCE:
        return job_rebalance(c, t, d);
    case NT_PNP_REMOVE:
    case NT_PNP_EJECT:
        return job_remove(c, t, d);
    case NT_PNP_SURPRISE:
    case NT_PNP_FAILED:
        return job_surprise(c, t);
    case NT_PNP_RESTART:
        return restart(c, t, d);
    case NT_PNP_POWER_DOWN:
        return power(c, t, d, 4);
    case NT_PNP_POWER_UP:
        return power(c, t, d, 1);
    default:
        return job_over(c, t, STATUS_INVALID_PARAMETER);
    }
}
