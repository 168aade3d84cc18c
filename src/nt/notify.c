/* src/nt/notify.c -- Plug and Play notification of device interfaces: the PnP
 * thread calls who registered. Source: WDK IoRegisterPlugPlayNotification,
 * DEVICE_INTERFACE_CHANGE_NOTIFICATION. */
#include <string.h>

#include "nt/exports.h"
#include "nt/guest.h"
#include "nt/object.h"
#include "nt/pnp.h"

enum { CATEGORY_INTERFACE = 2, CATEGORY_TARGET = 3, INCLUDE_EXISTING = 1 };
enum { /* DEVICE_INTERFACE_CHANGE_NOTIFICATION */
       CHANGE_VERSION = 0,
       CHANGE_SIZE = 2,
       CHANGE_EVENT = 4,
       CHANGE_CLASS = 20,
       CHANGE_NAME = 36,
       CHANGE_BYTES = 40,
};

/* GUID_DEVICE_INTERFACE_ARRIVAL, _REMOVAL: {cb3a4004-46f0-11d0-b08f-
 * 00609713053f}, {cb3a4005-...}; wdmguid.h of the DDK. */
static void event_guid(bool come, uint8_t guid[16])
{
    static const uint8_t arrival[16] = {0x04, 0x40, 0x3a, 0xcb, 0xf0, 0x46,
                                        0xd0, 0x11, 0xb0, 0x8f, 0x00, 0x60,
                                        0x97, 0x13, 0x05, 0x3f};

    memcpy(guid, arrival, sizeof arrival);
    if (!come)
        guid[0]++;
}

static const struct nt_interface *interface_at(const struct nt *nt,
                                               uint32_t number)
{
    return number && number <= nt->s.interfaces.count
               ? VEC_AT(struct nt_interface, &nt->s.interfaces, number - 1)
               : NULL;
}

/* The notification in pool, its name behind it; 0: no memory. */
static uint32_t make_change(struct nt *nt, const struct nt_interface *f,
                            bool come)
{
    uint32_t at =
        nt_pool_paged(nt, CHANGE_BYTES + USTR_BYTES + f->name_count * 2u + 2,
                      TAG('P', 'n', 'p', 'N'));
    uint32_t name = at + CHANGE_BYTES;
    uint8_t guid[16];

    if (at == 0)
        return 0;
    event_guid(come, guid);
    nt_put16(nt, at + CHANGE_VERSION, 1);
    nt_put16(nt, at + CHANGE_SIZE, CHANGE_BYTES);
    nt_put(nt, at + CHANGE_EVENT, guid, sizeof guid);
    nt_put(nt, at + CHANGE_CLASS, f->guid, sizeof f->guid);
    nt_put32(nt, at + CHANGE_NAME, name);
    string_store(nt, name, name + USTR_BYTES, f->name, f->name_count);
    return at;
}

/* Step: one listener after the other; job.top is the notification. */
bool job_notify(struct call *c, struct nt_ticket *t)
{
    struct nt *nt = nt_of(c);
    struct nt_job *job = &nt->s.job;
    const struct nt_interface *f = interface_at(nt, t->object);

    if (f && job->top == 0)
        job->top = make_change(nt, f, t->request);
    while (f && job->top && job->cursor < nt->s.listeners.count) {
        const struct nt_listener *l =
            VEC_AT(struct nt_listener, &nt->s.listeners, job->cursor++);
        uint32_t args[2] = {job->top, l->context};

        if (l->file == 0 && memcmp(l->guid, f->guid, sizeof l->guid) == 0 &&
            (t->listener == 0 || l->number == t->listener))
            return job_call(c, l->routine, 2, args, 1);
    }
    nt_pool_free(nt, job->top);
    return job_over(c, t, STATUS_SUCCESS);
}

/* Interfaces that are there already, for the new listener alone. */
static void post_existing(struct nt *nt, const struct nt_listener *l)
{
    for (uint32_t i = 0; i < nt->s.interfaces.count; i++) {
        const struct nt_interface *f = interface_at(nt, i + 1);
        struct nt_ticket *t;

        if (!f->enabled || memcmp(f->guid, l->guid, sizeof f->guid) != 0 ||
            !(t = ticket_new(nt, JOB_NOTIFY)))
            continue;
        t->object = i + 1;
        t->listener = l->number;
        t->request = true;
        t->nobody = 1;
    }
    ke_signal_event(nt->w.ke, gva_of(nt->s.pnp_event));
}

/* NTSTATUS IoRegisterPlugPlayNotification(Category, Flags, Data, Driver,
 * Routine, Context, *Entry). Data: the GUID of an interface class, or the file
 * object of a device. Of the third category, hardware profiles, entry is taken
 * note and nothing ever happens in it. */
void thunk_IoRegisterPlugPlayNotification(struct call *c)
{
    struct nt *nt = nt_of(c);
    struct nt_listener l = {.driver = call_u32(c, 3),
                            .routine = call_u32(c, 4),
                            .context = call_u32(c, 5)};
    uint32_t category = call_u32(c, 0);
    bool interfaces = category == CATEGORY_INTERFACE, known = interfaces;

    if (interfaces)
        load(c, call_va(c, 2), l.guid, sizeof l.guid);
    if (!call_ok(c))
        return;
    if (category == CATEGORY_TARGET) {
        const struct nt_object *o = ob_at(nt, ob_find(nt, call_u32(c, 2)));

        if (o == NULL || o->type != TYPE_FILE) {
            call_return(c, STATUS_INVALID_PARAMETER);
            return;
        }
        l.file = o->body;
        known = true;
    }
    l.number = nt_pool(nt, 8, TAG('P', 'n', 'p', 'L'));
    store_u32(c, call_va(c, 6), l.number);
    if (!call_ok(c))
        return;
    if (l.number == 0 || (known && !nt_push(&nt->s.listeners, sizeof l, &l))) {
        call_return(c, STATUS_INSUFFICIENT_RESOURCES);
        return;
    }
    ob_reference(nt, ob_find(nt, l.file));
    if (interfaces && (call_u32(c, 1) & INCLUDE_EXISTING))
        post_existing(nt, &l);
    call_return(c, STATUS_SUCCESS);
}

void thunk_IoUnregisterPlugPlayNotification(struct call *c)
{
    struct nt *nt = nt_of(c);
    uint32_t number = call_u32(c, 0);

    for (uint32_t i = nt->s.listeners.count; i-- > 0;) {
        struct nt_listener l = *VEC_AT(struct nt_listener, &nt->s.listeners, i);

        if (l.number != number)
            continue;
        vec_remove(&nt->s.listeners, sizeof l, i);
        ob_dereference(nt, ob_find(nt, l.file));
    }
    if (!nt_pool_free(nt, number))
        call_finding(c, "SEC-003",
                     "IoUnregisterPlugPlayNotification of %08X, "
                     "which is no entry",
                     number);
    call_return(c, STATUS_SUCCESS);
}
