/* src/nt/job_relations.c -- what a driver's bus reports: children that are new
 * are asked who they are and offered to drivers, those that are missing go; and
 * what a driver says about the state of its device. Source: hal_io fact sheet
 * 4; WDK IRP_MN_QUERY_DEVICE_RELATIONS, IRP_MN_QUERY_PNP_DEVICE_STATE, bug
 * check 0xCA. */
#include <string.h>

#include "nt/devobj.h"
#include "nt/guest.h"
#include "nt/irp.h"
#include "nt/object.h"
#include "nt/pnp.h"

enum { BUS_RELATIONS = 0 };
enum { ID_DEVICE = 0, ID_HARDWARE = 1, ID_INSTANCE = 3 };
enum { PNP_DETECTED_FATAL_ERROR = 0xca, INVALID_PDO = 2, INVALID_ID = 3 };

enum {
    E_LIST,
    E_NEXT, /* child number job.cursor */
    E_DEVICE,
    E_HARDWARE,
    E_INSTANCE,
    E_CAPABILITIES,
    E_TEXT,
    E_BUS,
};

/* ---- the list -------------------------------------------------------------*/

void pnp_release_relations(struct nt *nt, uint32_t list)
{
    uint32_t count = list ? nt_get32(nt, list + DEVRELS_Count) : 0;

    for (uint32_t i = 0; i < count && i < DEVICES_MOST; i++)
        ob_dereference(
            nt, ob_find(nt, nt_get32(nt, list + DEVRELS_Objects + 4 * i)));
    nt_pool_free(nt, list);
}

/* A PDO not seen before; the reference that the driver took stays ours. */
static bool add_child(struct nt *nt, uint32_t parent, uint32_t pdo)
{
    struct nt_device d = {.card = {.bus = NT_INTERNAL},
                          .pdo = pdo,
                          .parent = parent,
                          .reported = 1,
                          .unasked = 1};

    if (!nt_push(&nt->s.devices, sizeof d, &d))
        return false;
    ob_at(nt, ob_find(nt, pdo))->data = nt->s.devices.count;
    nt_put32(nt, pdo + DEVOBJ_Flags,
             nt_get32(nt, pdo + DEVOBJ_Flags) | DO_BUS_ENUMERATED_DEVICE);
    return true;
}

/* The children of @parent after its list: false ends in a bugcheck. */
static bool take_list(struct call *c, uint32_t parent, uint32_t list)
{
    struct nt *nt = nt_of(c);
    uint32_t count = list ? nt_get32(nt, list + DEVRELS_Count) : 0;

    for (uint32_t i = 1; i <= nt->s.devices.count; i++)
        if (pnp_device(nt, i)->parent == parent && pnp_device(nt, i)->pdo)
            pnp_device(nt, i)->missing = 1;
    for (uint32_t i = 0; i < count && i < DEVICES_MOST; i++) {
        uint32_t pdo = nt_get32(nt, list + DEVRELS_Objects + 4 * i);
        struct nt_device *d = pnp_device(nt, pnp_by_pdo(nt, pdo));

        if (!device_is(nt, pdo)) {
            call_bugcheck(c, PNP_DETECTED_FATAL_ERROR, INVALID_PDO, pdo, 0, 0);
            return false;
        }
        if (d) {
            d->missing = 0;
            ob_dereference(nt, ob_find(nt, pdo));
        } else if (!add_child(nt, parent, pdo)) {
            ob_dereference(nt, ob_find(nt, pdo));
        }
    }
    nt_pool_free(nt, list);
    return true;
}

/* Those that it does not name any more: their stacks go, or only what we know
 * of them. */
static void drop_missing(struct nt *nt, uint32_t parent)
{
    for (uint32_t i = 1; i <= nt->s.devices.count; i++) {
        struct nt_device *d = pnp_device(nt, i);
        uint32_t pdo = d->pdo;

        if (d->parent != parent || !d->missing || !pdo)
            continue;
        if (pnp_has_stack(d)) {
            nt_ticket_free(nt, nt_device_request(nt, i, NT_PNP_SURPRISE));
        } else {
            d->pdo = 0;
            d->state = NT_DEVICE_REMOVED;
            ob_dereference(nt, ob_find(nt, pdo));
        }
    }
}

/* ---- who a child is -------------------------------------------------------*/

/* A string of the driver's as ASCII; its pool goes. False: a character that no
 * id may have. */
static bool take_text(struct nt *nt, uint32_t at, char *out, unsigned room,
                      bool is_id)
{
    unsigned n = 0;
    bool good = true;

    for (; at && n + 1 < room; n++) {
        uint16_t unit = nt_get16(nt, at + 2 * n);

        if (!unit)
            break;
        good &= unit > 0x20 && unit < 0x80 && unit != ',';
        out[n] = (char)(unit < 0x80 ? unit : '?');
    }
    out[n] = 0;
    nt_pool_free(nt, at);
    return good || !is_id;
}

static bool send_to_pdo(struct call *c, const struct nt_device *d,
                        uint8_t minor, uint32_t a, uint32_t step)
{
    return pnp_send(c, d, minor, a, 0, step);
}

static struct nt_device *next_new(struct nt *nt, uint32_t parent)
{
    for (uint32_t i = nt->s.job.cursor; i <= nt->s.devices.count; i++) {
        struct nt_device *d = pnp_device(nt, i);

        if (i && d->parent == parent && d->unasked && d->pdo) {
            nt->s.job.cursor = i;
            return d;
        }
    }
    return NULL;
}

/* All known: it is offered to the drivers. */
static void offer(struct nt *nt, uint32_t number)
{
    struct nt_ticket *t = ticket_new(nt, JOB_DEVICE_START);

    pnp_device(nt, number)->unasked = 0;
    if (t == NULL)
        return;
    t->device = number;
    t->any_image = 1;
    t->nobody = 1;
}

static bool answered(struct call *c, struct nt_device *d)
{
    struct nt *nt = nt_of(c);
    struct nt_job *job = &nt->s.job;
    uint32_t at = nt_success(job->status) ? job->information : 0;

    switch (job->step) {
    case E_DEVICE:
        if (!take_text(nt, at, d->card.hardware_id, NT_PATH, true)) {
            call_bugcheck(c, PNP_DETECTED_FATAL_ERROR, INVALID_ID, d->pdo, at,
                          1);
            return true;
        }
        return send_to_pdo(c, d, MN_QUERY_ID, ID_HARDWARE, E_HARDWARE);
    case E_HARDWARE:
        nt_pool_free(nt, at);
        return send_to_pdo(c, d, MN_QUERY_ID, ID_INSTANCE, E_INSTANCE);
    case E_INSTANCE:
        if (!take_text(nt, at, d->instance, NT_PATH, true)) {
            call_bugcheck(c, PNP_DETECTED_FATAL_ERROR, INVALID_ID, d->pdo, at,
                          2);
            return true;
        }
        job->result = pnp_capabilities(nt);
        return send_to_pdo(c, d, MN_QUERY_CAPABILITIES, job->result,
                           E_CAPABILITIES);
    case E_CAPABILITIES:
        nt_pool_free(nt, job->result);
        return send_to_pdo(c, d, MN_QUERY_DEVICE_TEXT, 0, E_TEXT);
    case E_TEXT:
        take_text(nt, at, d->card.description, NT_PATH, false);
        return send_to_pdo(c, d, MN_QUERY_BUS_INFORMATION, 0, E_BUS);
    default:
        if (at) {
            d->card.bus = nt_get8(nt, at + 16);
            d->card.bus_number = nt_get8(nt, at + 20);
            nt_pool_free(nt, at);
        }
        return false;
    }
}

/* JOB_RELATIONS: t->device the bus, t->handle its answer. */
bool job_relations(struct call *c, struct nt_ticket *t)
{
    struct nt *nt = nt_of(c);
    struct nt_job *job = &nt->s.job;
    uint32_t bus = t->device; /* @t moves when tickets are posted */
    struct nt_device *d;

    if (job->step == E_LIST) {
        if (!take_list(c, bus, t->handle))
            return true;
        drop_missing(nt, bus);
        job->step = E_NEXT;
    } else if (job->step > E_NEXT) {
        d = pnp_device(nt, job->cursor);
        if (answered(c, d))
            return true;
        offer(nt, job->cursor);
        job->step = E_NEXT;
    }
    while ((d = next_new(nt, bus))) {
        if (send_to_pdo(c, d, MN_QUERY_ID, ID_DEVICE, E_DEVICE))
            return true;
        d->unasked = 0;
    }
    return job_over(c, t, STATUS_SUCCESS);
}

void pnp_post_relations(struct nt *nt, uint32_t device, uint32_t list)
{
    struct nt_ticket *t = ticket_new(nt, JOB_RELATIONS);

    if (t == NULL) {
        pnp_release_relations(nt, list);
        return;
    }
    t->device = device;
    t->handle = list;
    t->nobody = 1;
    pnp_wake(nt);
}

/* ---- asked again ----------------------------------------------------------*/

void pnp_state_said(struct nt *nt, uint32_t number, uint32_t flags)
{
    struct nt_device *d = pnp_device(nt, number);
    bool changed = flags & PNP_DEVICE_RESOURCE_REQUIREMENTS_CHANGED;
    uint32_t ticket = NT_NONE;

    d->flags = flags;
    pnp_note(nt, d, "state", flags);
    if (flags & PNP_DEVICE_REMOVED)
        ticket = nt_device_request(nt, number, NT_PNP_FAILED);
    else if (changed)
        ticket = nt_device_request(nt, number, NT_PNP_REBALANCE);
    else if (flags & PNP_DEVICE_FAILED)
        ticket = nt_device_request(nt, number, NT_PNP_FAILED);
    else if (flags & PNP_DEVICE_DISABLED)
        ticket = nt_device_request(nt, number, NT_PNP_REMOVE);
    if (ticket_find(nt, ticket) && changed)
        ticket_find(nt, ticket)->handle = 1; /* requirements are asked again */
    nt_ticket_free(nt, ticket);
}

bool job_invalidate(struct call *c, struct nt_ticket *t)
{
    struct nt *nt = nt_of(c);
    struct nt_job *job = &nt->s.job;
    const struct nt_device *d = pnp_device(nt, t->device);
    bool relations = t->request == MN_QUERY_DEVICE_RELATIONS;

    if (job->step == 0 && d && d->state == NT_DEVICE_STARTED &&
        pnp_send(c, d, t->request, relations ? t->handle : 0, 0, 1))
        return true;
    if (job->step == 1 && nt_success(job->status)) {
        if (!relations)
            pnp_state_said(nt, t->device, job->information);
        else if (t->handle == BUS_RELATIONS)
            pnp_post_relations(nt, t->device, job->information);
        else
            pnp_release_relations(nt, job->information);
    }
    return job_over(c, t, job->status);
}
