/* src/nt/services.c -- the service table, and the services that are no file's:
 * waiting, events. User memory: memory.c. Source: WDK Zw routines. */
#include "nt/services.h"

#include "nt/exports.h"
#include "nt/guest.h"
#include "nt/irp.h"
#include "nt/object.h"
#include "nt/service.h"

#define SERVICE(number, routine, slots, user) {#routine},
static const struct ke_service services[NT_SERVICES] = {
#include "nt/services.def"
};

enum hb_status services_boot(struct nt *nt, struct hb_error *error)
{
    return ke_set_services(nt->w.ke, services, NT_SERVICES, error);
}

/* ---- waiting ----------------------------------------------------------------
 */

uint32_t waitable(const struct nt *nt, uint32_t number)
{
    const struct nt_object *o = ob_at(nt, number);

    switch (o->type) {
    case TYPE_FILE:
        return o->body + FILEOBJ_Event;
    case TYPE_EVENT:
    case TYPE_SEMAPHORE:
    case TYPE_THREAD:
    case TYPE_PROCESS:
        return o->body;
    default:
        return 0;
    }
}

void thunk_ZwWaitForSingleObject(struct call *c)
{
    struct nt *nt = nt_of(c);
    uint32_t number, status, timeout = call_u32(c, 2);
    uint64_t due = WAIT_FOREVER;
    gva_t object;

    if (c->state != 0) {
        ob_dereference(nt, c->w[0]);
        call_return(c, c->eax);
        return;
    }
    status = service_object(c, call_u32(c, 0), TYPE_NONE, NULL, &number);
    if (status == STATUS_SUCCESS && timeout) {
        if (!probe(c, timeout, 8))
            status = STATUS_ACCESS_VIOLATION;
        else
            due = load_u64(c, gva_of(timeout));
        if (call_caught(c))
            status = STATUS_ACCESS_VIOLATION;
        due = ke_deadline(nt->w.ke, (int64_t)due);
    }
    if (status == STATUS_SUCCESS && waitable(nt, number) == 0)
        status = STATUS_OBJECT_TYPE_MISMATCH;
    if (status != STATUS_SUCCESS) {
        call_return(c, status);
        return;
    }
    ob_reference(nt, number);
    c->w[0] = number;
    object = gva_of(waitable(nt, number));
    call_wait(c, 1, &object, true, due, 1);
}

/* ---- events -----------------------------------------------------------------
 */

/* A new or, by name, an existing event with a handle. STATUS_x. */
static uint32_t make_event(struct call *c, const struct nt_string *name,
                           enum ke_object_type type, bool signalled,
                           uint32_t *number, uint32_t *handle)
{
    struct nt *nt = nt_of(c);
    uint32_t status = STATUS_SUCCESS, found;
    struct nt_string path;
    unsigned rest;

    if (name && name->count) {
        path = *name;
        if (ob_lookup(nt, &path, true, &found, &rest) == STATUS_SUCCESS &&
            ob_at(nt, found)->type == TYPE_EVENT) {
            *number = found;
            *handle = handle_create(nt, ke_current_process(nt->w.ke), found,
                                    0x1f0003, 0);
            return STATUS_OBJECT_NAME_EXISTS;
        }
    }
    *number = ob_create(nt, TYPE_EVENT, 0);
    if (*number == 0)
        return STATUS_INSUFFICIENT_RESOURCES;
    ke_event_init(nt->w.ke, gva_of(ob_body(nt, *number)), type, signalled);
    if (name && name->count)
        status = ob_name(nt, *number, name);
    if (status == STATUS_SUCCESS) {
        *handle = handle_create(nt, ke_current_process(nt->w.ke), *number,
                                0x1f0003, 0);
        if (*handle == 0)
            status = STATUS_INSUFFICIENT_RESOURCES;
    }
    ob_dereference(nt, *number);
    return status;
}

void thunk_ZwCreateEvent(struct call *c)
{
    struct captured name = {.path = {.count = 0}};
    uint32_t number, handle, status = STATUS_SUCCESS;

    if (call_u32(c, 2))
        status = capture_attributes(c, call_u32(c, 2), &name);
    if (status == STATUS_SUCCESS && call_u32(c, 3) > EVENT_SYNCHRONIZATION)
        status = STATUS_INVALID_PARAMETER;
    if (status == STATUS_SUCCESS)
        status = make_event(c, &name.path, call_u32(c, 3) & 1, call_bool(c, 4),
                            &number, &handle);
    if (nt_success(status) && !service_store(c, call_u32(c, 0), handle))
        status = STATUS_ACCESS_VIOLATION;
    call_return(c, status);
}

void thunk_ZwSetEvent(struct call *c)
{
    struct nt *nt = nt_of(c);
    uint32_t number, previous, status;

    status = service_object(c, call_u32(c, 0), TYPE_EVENT, NULL, &number);
    if (status == STATUS_SUCCESS) {
        previous =
            (uint32_t)ke_signal_event(nt->w.ke, gva_of(ob_body(nt, number)));
        if (call_u32(c, 1) && !service_store(c, call_u32(c, 1), previous))
            status = STATUS_ACCESS_VIOLATION;
    }
    call_return(c, status);
}

/* ---- directories and names
 * ----------------------------------------------------
 */

enum { OBJ_PERMANENT = 0x10, DIRECTORY_ACCESS = 0xf000f };

/* NTSTATUS ZwCreateDirectoryObject(*Handle, Access, Attributes). */
void thunk_ZwCreateDirectoryObject(struct call *c)
{
    struct nt *nt = nt_of(c);
    struct captured name;
    uint32_t status = capture_attributes(c, call_u32(c, 2), &name), number;
    uint32_t handle;

    if (status != STATUS_SUCCESS) {
        call_return(c, status);
        return;
    }
    number = ob_create(nt, TYPE_DIRECTORY, 0);
    if (number == 0) {
        call_return(c, STATUS_INSUFFICIENT_RESOURCES);
        return;
    }
    ob_at(nt, number)->permanent = (name.attributes & OBJ_PERMANENT) != 0;
    status = name.path.count ? ob_name(nt, number, &name.path) : STATUS_SUCCESS;
    if (status != STATUS_SUCCESS) {
        ob_destroy(nt, number);
        call_return(c, status);
        return;
    }
    handle = handle_create(nt, ke_current_process(nt->w.ke), number,
                           DIRECTORY_ACCESS, name.attributes);
    ob_dereference(nt, number);
    if (handle == 0)
        status = STATUS_INSUFFICIENT_RESOURCES;
    else if (!service_store(c, call_u32(c, 0), handle))
        status = STATUS_ACCESS_VIOLATION;
    call_return(c, status);
}

/* NTSTATUS ZwMakeTemporaryObject(Handle): it goes with its last handle. */
void thunk_ZwMakeTemporaryObject(struct call *c)
{
    struct nt *nt = nt_of(c);
    uint32_t number, status;

    status = service_object(c, call_u32(c, 0), TYPE_NONE, NULL, &number);
    if (status == STATUS_SUCCESS)
        ob_at(nt, number)->permanent = false;
    call_return(c, status);
}

/* PKEVENT IoCreate...Event(Name, *Handle). */
static void create_named_event(struct call *c, enum ke_object_type type)
{
    struct nt_string name;
    uint32_t number, handle, status;

    if (!string_load(c, call_u32(c, 0), &name)) {
        if (call_ok(c))
            call_return(c, 0);
        return;
    }
    status = make_event(c, &name, type, true, &number, &handle);
    if (!nt_success(status)) {
        call_return(c, 0);
        return;
    }
    store_u32(c, call_va(c, 1), handle);
    if (call_ok(c))
        call_return(c, ob_body(nt_of(c), number));
}

void thunk_IoCreateNotificationEvent(struct call *c)
{
    create_named_event(c, EVENT_NOTIFICATION);
}

void thunk_IoCreateSynchronizationEvent(struct call *c)
{
    create_named_event(c, EVENT_SYNCHRONIZATION);
}
