/* src/nt/job_remove.c -- devices go: asked first, with all that depend on them,
 * or pulled out. Source: hal_io fact sheet 4; WDK, "Removing a Device". */
#include "nt/devobj.h"
#include "nt/guest.h"
#include "nt/object.h"
#include "nt/pnp.h"

enum { EJECTION_RELATIONS = 1, REMOVAL_RELATIONS = 3 };

enum {
    M_BEGIN,
    M_RELATIONS, /* who else goes            */
    M_ASKED,
    M_CANCELLED, /* somebody said no         */
    M_REMOVED,
    M_EJECTED,
    M_SURPRISED,
};

/* ---- who goes: children before their parents ------------------------------*/

static bool leaves(const struct nt *nt, uint32_t number)
{
    for (uint32_t i = 0; i < nt->s.leaving.count; i++)
        if (VEC_AT(struct nt_number, &nt->s.leaving, i)->v == number)
            return true;
    return false;
}

static void add(struct nt *nt, uint32_t number)
{
    struct nt_number n = {number};
    const struct nt_device *d = pnp_device(nt, number);

    if (d && pnp_has_stack(d) && !leaves(nt, number))
        nt_push(&nt->s.leaving, sizeof n, &n);
}

/* How far below @top @number hangs; 0: not at all. */
static unsigned depth(const struct nt *nt, uint32_t number, uint32_t top)
{
    const struct nt_device *d = pnp_device(nt, number);

    for (unsigned n = 1; d && d->parent && n <= STACK_MOST; n++) {
        if (d->parent == top)
            return n;
        d = pnp_device(nt, d->parent);
    }
    return 0;
}

static void add_tree(struct nt *nt, uint32_t number)
{
    unsigned deepest = 0;

    for (uint32_t i = 1; i <= nt->s.devices.count; i++)
        if (depth(nt, i, number) > deepest)
            deepest = depth(nt, i, number);
    for (; deepest; deepest--)
        for (uint32_t i = 1; i <= nt->s.devices.count; i++)
            if (depth(nt, i, number) == deepest)
                add(nt, i);
    add(nt, number);
}

/* The relations that the device's drivers name. */
static void add_relations(struct nt *nt, uint32_t list)
{
    uint32_t count = list ? nt_get32(nt, list + DEVRELS_Count) : 0;

    for (uint32_t i = 0; i < count && i < DEVICES_MOST; i++) {
        uint32_t number =
            pnp_by_pdo(nt, nt_get32(nt, list + DEVRELS_Objects + 4 * i));

        if (number != NT_NONE)
            add_tree(nt, number);
    }
}

static struct nt_device *leaver(const struct nt *nt, uint32_t i)
{
    return i < nt->s.leaving.count
               ? pnp_device(nt, VEC_AT(struct nt_number, &nt->s.leaving, i)->v)
               : NULL;
}

/* ---- gone -----------------------------------------------------------------*/

void pnp_removed(struct nt *nt, struct nt_device *d, uint32_t status,
                 const char *when)
{
    uint32_t pdo = d->pdo;
    const struct nt_object *o;

    pnp_must(nt, d, "remove", status);
    pnp_leaks(nt, d, when);
    bus_enable(nt, d, false);
    resources_release(nt, d);
    nt_pool_free(nt, d->requirements);
    d->requirements = 0;
    d->flags = 0;
    d->state = NT_DEVICE_REMOVED;
    d->image = NT_NONE;
    o = ob_at(nt, ob_find(nt, pdo));
    if (d->reported && (d->missing || (o && o->deleted))) {
        d->pdo = 0; /* the bus's driver does not report it any more */
        ob_dereference(nt, ob_find(nt, pdo));
    }
}

/* ---- orderly --------------------------------------------------------------*/

/* REMOVE_DEVICE for the next, after the last one the end. */
static bool remove_next(struct call *c, struct nt_ticket *t,
                        struct nt_device *d)
{
    struct nt *nt = nt_of(c);
    struct nt_job *job = &nt->s.job;
    struct nt_device *next = leaver(nt, job->cursor);

    if (next && pnp_send(c, next, MN_REMOVE_DEVICE, 0, 0, M_REMOVED))
        return true;
    nt->s.leaving.count = 0;
    if (!next && t->request == NT_PNP_EJECT && d->pdo &&
        pnp_send(c, d, MN_EJECT, 0, 0, M_EJECTED))
        return true;
    return job_over(c, t, STATUS_SUCCESS);
}

/* QUERY_REMOVE_DEVICE for the next; all agreed: they go. */
static bool ask_next(struct call *c, struct nt_ticket *t, struct nt_device *d)
{
    struct nt *nt = nt_of(c);
    struct nt_device *next = leaver(nt, nt->s.job.cursor);

    if (next && pnp_send(c, next, MN_QUERY_REMOVE_DEVICE, 0, 0, M_ASKED))
        return true;
    nt->s.job.cursor = 0;
    return remove_next(c, t, d);
}

/* Who was asked, the last first, hears that nothing comes of it. */
static bool cancel_next(struct call *c, struct nt_ticket *t)
{
    struct nt *nt = nt_of(c);
    struct nt_device *d = leaver(nt, nt->s.job.cursor);

    if (d && pnp_send(c, d, MN_CANCEL_REMOVE_DEVICE, 0, 0, M_CANCELLED))
        return true;
    nt->s.leaving.count = 0;
    return job_over(c, t, nt->s.job.result);
}

static bool is_disabled_for_good(struct nt *nt)
{
    for (uint32_t i = 0; i < nt->s.leaving.count; i++)
        if (leaver(nt, i)->flags & PNP_DEVICE_NOT_DISABLEABLE)
            return true;
    return false;
}

bool job_remove(struct call *c, struct nt_ticket *t, struct nt_device *d)
{
    struct nt *nt = nt_of(c);
    struct nt_job *job = &nt->s.job;
    struct nt_device *gone;

    switch (job->step) {
    case M_BEGIN:
        nt->s.leaving.count = 0;
        if (pnp_send(c, d, MN_QUERY_DEVICE_RELATIONS,
                     t->request == NT_PNP_EJECT ? EJECTION_RELATIONS
                                                : REMOVAL_RELATIONS,
                     0, M_RELATIONS))
            return true;
        return job_over(c, t, STATUS_INSUFFICIENT_RESOURCES);
    case M_RELATIONS:
        if (nt_success(job->status)) {
            add_relations(nt, job->information);
            pnp_release_relations(nt, job->information);
        }
        add_tree(nt, t->device);
        if (is_disabled_for_good(nt))
            return job_over(c, t, STATUS_INVALID_DEVICE_REQUEST);
        job->cursor = 0;
        return ask_next(c, t, d);
    case M_ASKED:
        job->result = job->status;
        if (!nt_success(job->status))
            return cancel_next(c, t);
        job->cursor++;
        return ask_next(c, t, d);
    case M_CANCELLED:
        job->cursor--; /* before the first: past the end */
        return cancel_next(c, t);
    case M_REMOVED:
        gone = leaver(nt, job->cursor++);
        if (gone)
            pnp_removed(nt, gone, job->status, "REMOVE_DEVICE");
        return remove_next(c, t, d);
    default: /* ejected */
        pnp_note(nt, d, "eject", job->status);
        if (nt_success(job->status))
            pnp_plug(nt, d, false);
        return job_over(c, t, job->status);
    }
}

/* ---- by surprise ----------------------------------------------------------*/

static unsigned opens(const struct nt *nt, const struct nt_device *d)
{
    uint32_t device = d->pdo;
    unsigned count = 0;

    for (unsigned i = 0; device && i < STACK_MOST; i++) {
        count += nt_get32(nt, device + DEVOBJ_ReferenceCount);
        device = nt_get32(nt, device + DEVOBJ_AttachedDevice);
    }
    return count;
}

/* Is the device, or one below it, still open? Then it goes when its last handle
 * is closed. */
static bool lasts(const struct nt *nt, uint32_t number)
{
    for (uint32_t i = 1; i <= nt->s.devices.count; i++) {
        const struct nt_device *d = pnp_device(nt, i);

        if ((i == number || depth(nt, i, number)) && pnp_has_stack(d) &&
            opens(nt, d))
            return true;
    }
    return false;
}

/* SURPRISE_REMOVAL to all, then REMOVE_DEVICE. */
static bool step_on(struct call *c, struct nt_ticket *t)
{
    struct nt *nt = nt_of(c);
    struct nt_job *job = &nt->s.job;
    uint32_t count = nt->s.leaving.count;

    for (; job->cursor < 2 * count; job->cursor++) {
        uint32_t i = job->cursor % count;
        uint32_t number = VEC_AT(struct nt_number, &nt->s.leaving, i)->v;
        const struct nt_device *d = leaver(nt, i);

        if (!d)
            continue;
        if (job->cursor < count) {
            if (d->state != NT_DEVICE_SURPRISED &&
                pnp_send(c, d, MN_SURPRISE_REMOVAL, 0, 0, M_SURPRISED))
                return true;
        } else if (!lasts(nt, number) && pnp_has_stack(d)) {
            if (pnp_send(c, d, MN_REMOVE_DEVICE, 0, 0, M_REMOVED))
                return true;
        }
    }
    nt->s.leaving.count = 0;
    return job_over(c, t, STATUS_SUCCESS);
}

bool job_surprise(struct call *c, struct nt_ticket *t)
{
    struct nt *nt = nt_of(c);
    struct nt_job *job = &nt->s.job;
    struct nt_device *d;

    switch (job->step) {
    case M_BEGIN:
        nt->s.leaving.count = 0;
        add_tree(nt, t->device);
        if (t->request == NT_PNP_SURPRISE)
            pnp_plug(nt, pnp_device(nt, t->device), false);
        break;
    case M_SURPRISED:
        d = leaver(nt, job->cursor);
        if (d) {
            pnp_must(nt, d, "surprise", job->status);
            d->state = NT_DEVICE_SURPRISED;
        }
        job->cursor++;
        break;
    default:
        d = nt->s.leaving.count
                ? leaver(nt, job->cursor++ % nt->s.leaving.count)
                : NULL;
        if (d) {
            pnp_removed(nt, d, job->status, "REMOVE_DEVICE");
            if (t->request == NT_PNP_FAILED)
                d->state = NT_DEVICE_FAILED;
        }
    }
    return step_on(c, t);
}

void pnp_file_closed(struct nt *nt, uint32_t number)
{
    struct nt_device *d = pnp_device(nt, number), *up;

    if (!d || d->state != NT_DEVICE_SURPRISED || opens(nt, d))
        return;
    while ((up = pnp_device(nt, d->parent)) &&
           up->state == NT_DEVICE_SURPRISED) {
        number = d->parent;
        d = up;
    }
    nt_ticket_free(
        nt, nt_device_request(nt, number,
                              d->pulled ? NT_PNP_SURPRISE : NT_PNP_FAILED));
}
