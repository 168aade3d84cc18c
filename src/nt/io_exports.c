/* src/nt/io_exports.c -- device objects, stacks, symbolic links: Io routines.
 * Source: WDK reference pages; hal_io fact sheet 7. */
#include "nt/devobj.h"
#include "nt/exports.h"
#include "nt/file.h"
#include "nt/guest.h"
#include "nt/object.h"
#include "nt/verify.h"

/* NTSTATUS IoCreateDevice(Driver, ExtensionSize, Name, Type, Characteristics,
 * Exclusive, *Device). */
void thunk_IoCreateDevice(struct call *c)
{
    struct nt *nt = nt_of(c);
    struct device_wish wish = {.driver = call_u32(c, 0),
                               .extension_bytes = call_u32(c, 1),
                               .named = call_u32(c, 2) != 0,
                               .type = call_u32(c, 3),
                               .characteristics = call_u32(c, 4),
                               .exclusive = call_bool(c, 5)};
    uint32_t device = 0, status;
    char name[NT_NAME], driver[NT_NAME];

    if (wish.named && !string_load(c, call_u32(c, 2), &wish.name)) {
        if (call_ok(c))
            call_return(c, STATUS_OBJECT_NAME_INVALID);
        return;
    }
    store_u32(c, call_va(c, 6), 0);
    if (!call_ok(c))
        return;
    status = device_create(nt, &wish, &device);
    if (status == STATUS_SUCCESS) {
        store_u32(c, call_va(c, 6), device);
        ob_path(nt, ob_find(nt, device), name, sizeof name);
        ob_path(nt, ob_find(nt, wish.driver), driver, sizeof driver);
        EMIT(nt->w.events, device_create, EVENT_STRING(name), device,
             EVENT_STRING(driver));
    }
    call_return(c, status);
}

/* A device object that has another beneath it, or that somebody has open, is
 * not deleted in good order: 0xC9 (201h) and 0x36 with checks. Without them one
 * that is open lasts until its last file is closed. One that has another above
 * it is: in REMOVE_DEVICE the lower drivers go first. */
static bool may_delete(struct call *c, uint32_t device)
{
    enum { DEVICE_REFERENCE_COUNT_NOT_ZERO = 0x36 };
    struct nt *nt = nt_of(c);
    const struct nt_object *o = ob_at(nt, ob_find(nt, device));
    uint32_t count = nt_get32(nt, device + DEVOBJ_ReferenceCount);
    uint32_t caller = call_caller(c);

    if (o == NULL || o->type != TYPE_DEVICE) {
        call_finding(c, "SEC-029",
                     "IoDeleteDevice of %08X, which is no "
                     "device object",
                     device);
        return true;
    }
    if (o->below &&
        !io_misuse(c, IO_DELETE_ATTACHED, caller, device, 0,
                   "device %08X is deleted while it is attached to another",
                   device))
        return false;
    if (count == 0 || !nt_checks(nt))
        return true;
    call_bugcheck(c, DEVICE_REFERENCE_COUNT_NOT_ZERO, device, 0, 0, 0);
    return false;
}

void thunk_IoDeleteDevice(struct call *c)
{
    if (!may_delete(c, call_u32(c, 0)))
        return;
    device_delete(nt_of(c), call_u32(c, 0));
    call_return(c, 0);
}

/* ---- stacks -----------------------------------------------------------------
 */

/* The top of the stack that @device is in, read as the driver would: it faults
 * where a link leads nowhere. */
static uint32_t attached(struct call *c, uint32_t device)
{
    uint32_t at = device;

    for (unsigned i = 0; i < STACK_MOST; i++) {
        uint32_t up = load_u32(c, gva_of(at + DEVOBJ_AttachedDevice));

        if (up == 0)
            return at;
        at = up;
    }
    call_finding(c, "SEC-030", "the stack above device %08X has no end",
                 device);
    return at;
}

void thunk_IoAttachDeviceToDeviceStack(struct call *c)
{
    call_return(c, device_attach(nt_of(c), call_u32(c, 0), call_u32(c, 1)));
}

void thunk_IoAttachDeviceToDeviceStackSafe(struct call *c)
{
    uint32_t below = device_attach(nt_of(c), call_u32(c, 0), call_u32(c, 1));

    store_u32(c, call_va(c, 2), below);
    if (call_ok(c))
        call_return(c, below ? STATUS_SUCCESS : STATUS_NO_SUCH_DEVICE);
}

void thunk_IoDetachDevice(struct call *c)
{
    device_detach(nt_of(c), call_u32(c, 0));
    call_return(c, 0);
}

/* The device object at a path; 0 with *@status. */
static uint32_t device_by_name(struct call *c, uint32_t name_at,
                               uint32_t *status)
{
    struct nt *nt = nt_of(c);
    struct nt_string path;
    uint32_t number;
    unsigned rest;

    *status = STATUS_OBJECT_NAME_INVALID;
    if (!string_load(c, name_at, &path))
        return 0;
    *status = ob_lookup(nt, &path, true, &number, &rest);
    if (*status != STATUS_SUCCESS)
        return 0;
    if (ob_at(nt, number)->type != TYPE_DEVICE || rest < path.count) {
        *status = STATUS_OBJECT_TYPE_MISMATCH;
        return 0;
    }
    return ob_body(nt, number);
}

/* NTSTATUS IoAttachDevice(Source, TargetName, *Attached): by name. */
void thunk_IoAttachDevice(struct call *c)
{
    uint32_t status, target = device_by_name(c, call_u32(c, 1), &status);
    uint32_t below;

    if (!call_ok(c))
        return;
    below = target ? device_attach(nt_of(c), call_u32(c, 0), target) : 0;
    store_u32(c, call_va(c, 2), below);
    if (target && !below)
        status = STATUS_NO_SUCH_DEVICE;
    if (call_ok(c))
        call_return(c, status);
}

void thunk_IoGetAttachedDevice(struct call *c)
{
    call_return(c, attached(c, call_u32(c, 0)));
}

void thunk_IoGetAttachedDeviceReference(struct call *c)
{
    struct nt *nt = nt_of(c);
    uint32_t top = attached(c, call_u32(c, 0));

    if (!call_ok(c))
        return;
    ob_reference(nt, ob_find(nt, top));
    call_return(c, top);
}

/* PDEVICE_OBJECT IoGetLowerDeviceObject(Device): the one it is attached to,
 * with a reference; NULL: none. */
void thunk_IoGetLowerDeviceObject(struct call *c)
{
    struct nt *nt = nt_of(c);
    const struct nt_object *o = ob_at(nt, ob_find(nt, call_u32(c, 0)));
    uint32_t below = o && o->type == TYPE_DEVICE ? o->below : 0;

    ob_reference(nt, ob_find(nt, below));
    call_return(c, below);
}

/* PDEVICE_OBJECT IoGetDeviceAttachmentBaseRef(Device): the stack's lowest, with
 * a reference. */
void thunk_IoGetDeviceAttachmentBaseRef(struct call *c)
{
    struct nt *nt = nt_of(c);
    uint32_t base = device_bottom(nt, call_u32(c, 0));

    ob_reference(nt, ob_find(nt, base));
    call_return(c, base);
}

void thunk_IoGetRelatedDeviceObject(struct call *c)
{
    call_return(c, file_device(nt_of(c), call_u32(c, 0)));
}

/* ---- symbolic links ---------------------------------------------------------
 */

static void create_link(struct call *c)
{
    struct nt *nt = nt_of(c);
    struct nt_string link, target;
    uint32_t number, status;

    if (!string_load(c, call_u32(c, 0), &link) ||
        !string_load(c, call_u32(c, 1), &target)) {
        if (call_ok(c))
            call_return(c, STATUS_OBJECT_NAME_INVALID);
        return;
    }
    status = ob_symlink(nt, &link, &target, &number);
    if (status == STATUS_SUCCESS)
        ob_at(nt, number)->permanent = true;
    call_return(c, status);
}

void thunk_IoCreateSymbolicLink(struct call *c)
{
    create_link(c);
}

void thunk_IoCreateUnprotectedSymbolicLink(struct call *c)
{
    create_link(c);
}

void thunk_IoDeleteSymbolicLink(struct call *c)
{
    struct nt *nt = nt_of(c);
    struct nt_string link;
    uint32_t number, status;
    unsigned rest;

    if (!string_load(c, call_u32(c, 0), &link)) {
        if (call_ok(c))
            call_return(c, STATUS_OBJECT_NAME_INVALID);
        return;
    }
    status = ob_lookup(nt, &link, false, &number, &rest);
    if (status == STATUS_SUCCESS) {
        if (ob_at(nt, number)->type == TYPE_SYMLINK)
            ob_destroy(nt, number);
        else
            status = STATUS_OBJECT_TYPE_MISMATCH;
    }
    call_return(c, status);
}

/* ---- driver object extensions -----------------------------------------------
 */

static struct nt_driver_extension *extension(const struct nt *nt,
                                             uint32_t driver, uint32_t identity)
{
    for (uint32_t i = 0; i < nt->s.extensions.count; i++) {
        struct nt_driver_extension *e =
            VEC_AT(struct nt_driver_extension, &nt->s.extensions, i);
        if (e->driver == driver && e->identity == identity)
            return e;
    }
    return NULL;
}

/* NTSTATUS IoAllocateDriverObjectExtension(Driver, Identity, Size, **Out). */
void thunk_IoAllocateDriverObjectExtension(struct call *c)
{
    struct nt *nt = nt_of(c);
    struct nt_driver_extension e = {call_u32(c, 0), call_u32(c, 1), 0};
    uint32_t bytes = call_u32(c, 2), status = STATUS_SUCCESS;

    if (extension(nt, e.driver, e.identity))
        status = STATUS_OBJECT_NAME_COLLISION;
    else if (!(e.at = nt_pool(nt, bytes, TAG('D', 'r', 'v', 'E'))) ||
             !nt_push(&nt->s.extensions, sizeof e, &e))
        status = STATUS_INSUFFICIENT_RESOURCES;
    store_u32(c, call_va(c, 3), status == STATUS_SUCCESS ? e.at : 0);
    if (call_ok(c))
        call_return(c, status);
}

void thunk_IoGetDriverObjectExtension(struct call *c)
{
    const struct nt_driver_extension *e =
        extension(nt_of(c), call_u32(c, 0), call_u32(c, 1));

    call_return(c, e ? e->at : 0);
}

/* WDM versions served: 1.20 (Windows XP) and what is older. */
void thunk_IoIsWdmVersionAvailable(struct call *c)
{
    uint8_t major = call_u8(c, 0), minor = call_u8(c, 1);

    call_return(c, major < 1 || (major == 1 && minor <= 0x20));
}
