/* src/nt/job_device.c -- a device is offered to a driver and started. Each IRP
 * is a step: what is put in, what is made of the answer.
 * Source: hal_io fact sheet 4; WDK, "PnP minor IRPs". */
#include "nt/devobj.h"
#include "nt/guest.h"
#include "nt/irp.h"
#include "nt/loader.h"
#include "nt/object.h"
#include "nt/pnp.h"

enum { CAPABILITIES_VERSION = 1, BUS_RELATIONS = 0 };

enum {
    S_BEGIN,
    S_REQUIREMENTS, /* the bus's answer is here      */
    S_ADDED,        /* an AddDevice is back          */
    S_FILTERED,
    S_STARTED,
    S_CAPABILITIES,
    S_STATE,
    S_RELATIONS,
    S_REMOVED, /* after a failed start */
};

/* Nothing came of it. A child of a driver's bus is offered to the next image,
 * others are by whoever asked. */
static bool not_started(struct call *c, struct nt_ticket *t,
                        struct nt_device *d, uint32_t status)
{
    struct nt *nt = nt_of(c);

    nt_pool_free(nt, d->requirements);
    d->requirements = 0;
    d->status = status;
    if (!t->any_image || d->image != NT_NONE)
        return job_over(c, t, status);
    nt->s.job = (struct nt_job){.ticket = t->number, .step = S_BEGIN};
    return job_device_start(c, t);
}

static bool start_failed(struct call *c, struct nt_ticket *t,
                         struct nt_device *d, uint32_t status)
{
    d->status = nt_of(c)->s.job.result = status;
    if (pnp_send(c, d, MN_REMOVE_DEVICE, 0, 0, S_REMOVED))
        return true;
    d->state = NT_DEVICE_FAILED;
    d->image = NT_NONE;
    return not_started(c, t, d, status);
}

static bool begin(struct call *c, struct nt_ticket *t, struct nt_device *d)
{
    struct nt *nt = nt_of(c);
    const struct nt_image *image;

    if (t->any_image && d)
        t->image = stack_next_image(nt, t->device, t->image);
    image = loader_image(nt, t->image);
    if (d == NULL || image == NULL || !image->started || image->unloaded ||
        d->state == NT_DEVICE_STARTED || d->state == NT_DEVICE_STOPPED)
        return job_over(c, t, STATUS_INVALID_PARAMETER);
    if (nt_get32(nt, image->extension + DRVEXT_AddDevice) == 0 ||
        !stack_may_serve(nt, t->device, t->image))
        return job_over(c, t, STATUS_INVALID_DEVICE_REQUEST);
    pnp_plug(nt, d, true);
    if (!pnp_make_pdo(nt, t->device) ||
        !pnp_send(c, d, MN_QUERY_RESOURCE_REQUIREMENTS, 0, 0, S_REQUIREMENTS))
        return job_over(c, t, STATUS_INSUFFICIENT_RESOURCES);
    return true;
}

/* AddDevice of the next driver of the stack, or on to the filtering. */
static bool add_next(struct call *c, struct nt_ticket *t, struct nt_device *d)
{
    struct nt *nt = nt_of(c);
    uint32_t number, args[2] = {0, d->pdo};
    const struct nt_image *image;

    switch (stack_driver(nt, t->device, t->image, nt->s.job.cursor, &number)) {
    case STACK_DRIVER:
        image = loader_image(nt, number);
        args[0] = image->driver;
        return job_call(c, nt_get32(nt, image->extension + DRVEXT_AddDevice), 2,
                        args, S_ADDED);
    case STACK_MISSING:
        pnp_note(nt, d, "no-filter", STATUS_OBJECT_NAME_NOT_FOUND);
        if (device_top(nt, d->pdo) == d->pdo)
            return not_started(c, t, d, STATUS_OBJECT_NAME_NOT_FOUND);
        return start_failed(c, t, d, STATUS_OBJECT_NAME_NOT_FOUND);
    default:
        d->state = NT_DEVICE_ADDED;
        d->image = t->image;
        if (pnp_send_filter(c, d, S_FILTERED))
            return true;
        return start_failed(c, t, d, STATUS_INSUFFICIENT_RESOURCES);
    }
}

static bool add_device(struct call *c, struct nt_ticket *t, struct nt_device *d)
{
    struct nt *nt = nt_of(c);
    uint32_t configured = resources_configured(nt, t->device);

    nt_pool_free(nt, d->requirements);
    d->requirements = nt_success(nt->s.job.status) ? nt->s.job.information : 0;
    if (configured) {
        nt_pool_free(nt, d->requirements);
        d->requirements = configured;
    }
    nt->s.job.cursor = 0;
    return add_next(c, t, d);
}

static bool added(struct call *c, struct nt_ticket *t, struct nt_device *d)
{
    struct nt *nt = nt_of(c);
    uint32_t status = nt->s.job.status;

    pnp_note(nt, d, "add", status);
    if (!nt_success(status)) {
        if (device_top(nt, d->pdo) == d->pdo)
            return not_started(c, t, d, status);
        return start_failed(c, t, d, status); /* filters are there already */
    }
    nt->s.job.cursor++;
    return add_next(c, t, d);
}

static bool filtered(struct call *c, struct nt_ticket *t, struct nt_device *d)
{
    struct nt *nt = nt_of(c);
    uint32_t status;

    if (nt_success(nt->s.job.status))
        d->requirements = nt->s.job.information;
    status = resources_assign(nt, t->device, d->requirements, false);
    if (!nt_success(status)) {
        pnp_note(nt, d,
                 status == STATUS_CONFLICTING_ADDRESSES ? "conflict" : "assign",
                 status);
        return start_failed(c, t, d, status);
    }
    if (!pnp_send(c, d, MN_START_DEVICE, d->raw, d->translated, S_STARTED))
        return start_failed(c, t, d, STATUS_INSUFFICIENT_RESOURCES);
    return true;
}

static bool query_capabilities(struct call *c, struct nt_ticket *t,
                               struct nt_device *d)
{
    struct nt *nt = nt_of(c);
    uint32_t caps;

    pnp_note(nt, d, "start", nt->s.job.status);
    resources_lent(nt, d);
    if (!nt_success(nt->s.job.status))
        return start_failed(c, t, d, nt->s.job.status);
    d->state = NT_DEVICE_STARTED;
    d->power = 1;
    nt->s.job.cursor = caps = pnp_capabilities(nt);
    if (caps && pnp_send(c, d, MN_QUERY_CAPABILITIES, caps, 0, S_CAPABILITIES))
        return true;
    return job_over(c, t, STATUS_SUCCESS);
}

uint32_t pnp_capabilities(struct nt *nt)
{
    uint32_t caps = nt_pool(nt, DEVCAPS_BYTES, TAG('P', 'n', 'p', 'C'));

    if (caps == 0)
        return 0;
    nt_put16(nt, caps + DEVCAPS_Size, DEVCAPS_BYTES);
    nt_put16(nt, caps + DEVCAPS_Version, CAPABILITIES_VERSION);
    nt_put32(nt, caps + DEVCAPS_Address, 0xffffffffu);
    nt_put32(nt, caps + DEVCAPS_UINumber, 0xffffffffu);
    return caps;
}

static bool failed_and_removed(struct call *c, struct nt_ticket *t,
                               struct nt_device *d)
{
    struct nt *nt = nt_of(c);
    uint32_t status = nt->s.job.result;

    pnp_note(nt, d, "remove", nt->s.job.status);
    pnp_leaks(nt, d, "a failed START_DEVICE");
    bus_enable(nt, d, false);
    resources_release(nt, d);
    d->state = NT_DEVICE_FAILED;
    d->image = NT_NONE;
    return not_started(c, t, d, status);
}

bool job_device_start(struct call *c, struct nt_ticket *t)
{
    struct nt *nt = nt_of(c);
    struct nt_job *job = &nt->s.job;
    struct nt_device *d = pnp_device(nt, t->device);

    switch (job->step) {
    case S_BEGIN:
        return begin(c, t, d);
    case S_REQUIREMENTS:
        return add_device(c, t, d);
    case S_ADDED:
        return added(c, t, d);
    case S_FILTERED:
        return filtered(c, t, d);
    case S_STARTED:
        return query_capabilities(c, t, d);
    case S_CAPABILITIES:
        nt_pool_free(nt, job->cursor);
        if (pnp_send(c, d, MN_QUERY_PNP_DEVICE_STATE, 0, 0, S_STATE))
            return true;
        break;
    case S_STATE:
        if (nt_success(job->status))
            pnp_state_said(nt, t->device, job->information);
        if (pnp_send(c, d, MN_QUERY_DEVICE_RELATIONS, BUS_RELATIONS, 0,
                     S_RELATIONS))
            return true;
        break;
    case S_RELATIONS:
        if (nt_success(job->status))
            pnp_post_relations(nt, t->device, job->information);
        break;
    default:
        return failed_and_removed(c, t, d);
    }
    return job_over(c, t, STATUS_SUCCESS);
}
