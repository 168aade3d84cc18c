/* src/nt/create.c -- ZwCreateFile, ZwOpenFile, ZwClose: IRP_MJ_CREATE, CLEANUP
 * and CLOSE. Source: WDK ZwCreateFile, ZwClose; DispatchCleanup, DispatchClose.
 */
#include "nt/devobj.h"
#include "nt/exports.h"
#include "nt/file.h"
#include "nt/guest.h"
#include "nt/irp.h"
#include "nt/object.h"
#include "nt/service.h"

enum { W_IRP, W_FILE };
enum { SYNCHRONOUS_OPTIONS = 0x30, FILE_OPEN = 1 };
enum { IO_NO_PARAMETER_CHECKING = 0x100 };
enum { SECURITY_CONTEXT_ACCESS = 8, SECURITY_CONTEXT_OPTIONS = 12 };

struct open {
    uint32_t handle, access, attributes, iosb;
    uint32_t file_attributes, share, disposition, options;
};

/* Is the device there for this caller? */
static uint32_t may_open(struct nt *nt, uint32_t device)
{
    uint32_t flags = nt_get32(nt, device + DEVOBJ_Flags), pnp;
    const struct nt_object *bottom =
        ob_at(nt, ob_find(nt, device_bottom(nt, device)));

    if (flags & DO_DEVICE_INITIALIZING)
        return STATUS_NO_SUCH_DEVICE;
    if ((flags & DO_EXCLUSIVE) && nt_get32(nt, device + DEVOBJ_ReferenceCount))
        return STATUS_ACCESS_DENIED;
    pnp = bottom ? bottom->data : 0;
    if (pnp && VEC_AT(struct nt_device, &nt->s.devices, pnp - 1)->state !=
                   NT_DEVICE_STARTED)
        return STATUS_NO_SUCH_DEVICE;
    return STATUS_SUCCESS;
}

static uint32_t make_irp(struct nt *nt, const struct open *o, uint32_t file)
{
    uint32_t irp = file_irp(nt, file, IRP_MJ_CREATE), at;
    uint32_t context = file + FILEOBJ_BYTES;

    if (irp == 0)
        return 0;
    at = irp_next(nt, irp);
    if (o->options & SYNCHRONOUS_OPTIONS)
        nt_put32(nt, file + FILEOBJ_Flags, FO_SYNCHRONOUS_IO);
    nt_put32(nt, context + SECURITY_CONTEXT_ACCESS, file_access(o->access));
    nt_put32(nt, context + SECURITY_CONTEXT_OPTIONS, o->options);
    nt_put32(nt, irp + IRP_Flags, IRP_CREATE_OPERATION | IRP_SYNCHRONOUS_API);
    nt_put32(nt, irp + IRP_UserIosb, o->iosb);
    nt_put8(nt, irp + IRP_RequestorMode, (uint8_t)ke_previous_mode(nt->w.ke));
    nt_put32(nt, at + SL_Create_SecurityContext, context);
    nt_put32(nt, at + SL_Create_Options, o->disposition << 24 | o->options);
    nt_put16(nt, at + SL_Create_FileAttributes, (uint16_t)o->file_attributes);
    nt_put16(nt, at + SL_Create_ShareAccess, (uint16_t)o->share);
    return irp;
}

/* Find the device, make file object and packet, send it. */
static uint32_t begin(struct call *c, const struct open *o)
{
    struct nt *nt = nt_of(c);
    struct captured name;
    uint32_t status = capture_attributes(c, o->attributes, &name), number, irp;
    uint32_t file, device;
    unsigned rest;

    if (status != STATUS_SUCCESS)
        return status;
    if (!probe(c, o->iosb, IOSB_BYTES) || !probe(c, o->handle, 4))
        return STATUS_ACCESS_VIOLATION;
    status = ob_lookup(nt, &name.path, true, &number, &rest);
    if (status != STATUS_SUCCESS)
        return status;
    if (ob_at(nt, number)->type != TYPE_DEVICE)
        return STATUS_OBJECT_TYPE_MISMATCH;
    device = ob_body(nt, number);
    status = may_open(nt, device);
    if (status != STATUS_SUCCESS)
        return status;
    file =
        file_create(nt, device, name.path.unit + rest, name.path.count - rest);
    if (file == 0)
        return STATUS_INSUFFICIENT_RESOURCES;
    irp = make_irp(nt, o, ob_body(nt, file));
    if (irp == 0) {
        file_destroy(nt, file);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    c->w[W_IRP] = irp;
    c->w[W_FILE] = file;
    irp_send(c, device_top(nt, device), irp, 1);
    return STATUS_PENDING;
}

static void opened(struct call *c, const struct open *o)
{
    struct nt *nt = nt_of(c);
    uint32_t status = irp_finish(c, c->w[W_IRP]), handle;
    uint32_t file = c->w[W_FILE], process = ke_current_process(nt->w.ke);

    if (!nt_success(status)) {
        file_destroy(nt, file);
        call_return(c, status);
        return;
    }
    handle = handle_create(nt, process, file, file_access(o->access), 0);
    ob_dereference(nt, file); /* the handle holds it now */
    if (handle == 0)
        status = STATUS_INSUFFICIENT_RESOURCES;
    else if (!service_store(c, o->handle, handle))
        status = STATUS_ACCESS_VIOLATION;
    call_return(c, status);
}

static void create_file(struct call *c, const struct open *o)
{
    if (c->state == 0) {
        uint32_t status = begin(c, o);
        if (status != STATUS_PENDING)
            call_return(c, status);
    } else if (irp_wait(c, c->w[W_IRP], 1)) {
        opened(c, o);
    }
}

void thunk_ZwCreateFile(struct call *c)
{
    create_file(c,
                &(struct open){call_u32(c, 0), call_u32(c, 1), call_u32(c, 2),
                               call_u32(c, 3), call_u32(c, 5), call_u32(c, 6),
                               call_u32(c, 7), call_u32(c, 8)});
}

void thunk_ZwOpenFile(struct call *c)
{
    create_file(c, &(struct open){call_u32(c, 0), call_u32(c, 1),
                                  call_u32(c, 2), call_u32(c, 3), 0,
                                  call_u32(c, 4), FILE_OPEN, call_u32(c, 5)});
}

/* NTSTATUS IoCreateFile(..., CreateFileType, Extra, Options): as NtCreateFile
 * for all that is no pipe or mailslot, so by default for the previous mode. */
void thunk_IoCreateFile(struct call *c)
{
    if (c->state == 0 && call_u32(c, 13) & IO_NO_PARAMETER_CHECKING)
        call_for_kernel(c);
    thunk_ZwCreateFile(c);
}

/* Send CLEANUP or CLOSE for file object @number; false: no memory. */
static bool file_send(struct call *c, uint32_t number, uint8_t major,
                      unsigned state, uint32_t *irp)
{
    struct nt *nt = nt_of(c);
    uint32_t file = ob_body(nt, number);

    *irp = file_irp(nt, file, major);
    if (*irp == 0)
        return false;
    nt_put32(nt, *irp + IRP_Flags, IRP_CLOSE_OPERATION | IRP_SYNCHRONOUS_API);
    irp_send(c, file_device(nt, file), *irp, state);
    return true;
}

/* ---- IoGetDeviceObjectPointer
 * ------------------------------------------------- An open and a cleanup: what
 * is left is a file object that holds the device. */

enum { POINTER_OPENED = 1, POINTER_CLEANED = 3 };

static uint32_t pointer_begin(struct call *c)
{
    static const struct open as_reader = {
        .access = 0x80, .share = 7, .disposition = FILE_OPEN, .options = 0x40};
    struct nt *nt = nt_of(c);
    uint32_t number, status, file, device;
    struct nt_string path;
    unsigned rest;

    if (!string_load(c, call_u32(c, 0), &path))
        return STATUS_OBJECT_NAME_INVALID;
    status = ob_lookup(nt, &path, true, &number, &rest);
    if (status != STATUS_SUCCESS)
        return status;
    if (ob_at(nt, number)->type != TYPE_DEVICE || rest < path.count)
        return STATUS_OBJECT_TYPE_MISMATCH;
    device = ob_body(nt, number);
    status = may_open(nt, device);
    if (status != STATUS_SUCCESS)
        return status;
    file = file_create(nt, device, NULL, 0);
    c->w[W_FILE] = file;
    c->w[W_IRP] = file ? make_irp(nt, &as_reader, ob_body(nt, file)) : 0;
    if (c->w[W_IRP] == 0) {
        file_destroy(nt, file);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    irp_send(c, device_top(nt, device), c->w[W_IRP], POINTER_OPENED);
    return STATUS_PENDING;
}

static void pointer_done(struct call *c)
{
    struct nt *nt = nt_of(c);
    uint32_t file = ob_body(nt, c->w[W_FILE]);

    store_u32(c, call_va(c, 2), file);
    store_u32(c, call_va(c, 3), file_device(nt, file));
    if (call_ok(c))
        call_return(c, STATUS_SUCCESS);
}

/* NTSTATUS IoGetDeviceObjectPointer(Name, Access, *File, *Device). */
void thunk_IoGetDeviceObjectPointer(struct call *c)
{
    bool opened = c->state < POINTER_CLEANED;
    uint32_t status;

    if (c->state == 0) {
        status = pointer_begin(c);
        if (status != STATUS_PENDING && call_ok(c))
            call_return(c, status);
        return;
    }
    if (!irp_wait(c, c->w[W_IRP], opened ? POINTER_OPENED : POINTER_CLEANED))
        return;
    status = irp_finish(c, c->w[W_IRP]);
    if (!opened) {
        pointer_done(c);
    } else if (!nt_success(status)) {
        file_destroy(nt_of(c), c->w[W_FILE]);
        call_return(c, status);
    } else if (!file_send(c, c->w[W_FILE], IRP_MJ_CLEANUP, POINTER_CLEANED,
                          &c->w[W_IRP])) {
        pointer_done(c);
    }
}

/* ---- closing ----------------------------------------------------------------
 */

/* States of ZwClose on the last handle of a file. */
enum { CLOSE_START, CLEANUP_SENT, CLEANUP_WAITED, CLOSE_SENT, CLOSE_WAITED };

static void close_done(struct call *c)
{
    file_destroy(nt_of(c), c->w[W_FILE]);
    call_return(c, STATUS_SUCCESS);
}

static void cleaned_up(struct call *c)
{
    struct nt *nt = nt_of(c);
    struct nt_object *o = ob_at(nt, c->w[W_FILE]);

    if (o == NULL) {
        call_return(c, STATUS_INVALID_HANDLE);
    } else if (o->references > 1) { /* requests or drivers still hold it */
        ob_dereference(nt, c->w[W_FILE]);
        call_return(c, STATUS_SUCCESS);
    } else if (!file_send(c, c->w[W_FILE], IRP_MJ_CLOSE, CLOSE_SENT,
                          &c->w[W_IRP])) {
        close_done(c);
    }
}

static void close_start(struct call *c)
{
    struct nt *nt = nt_of(c);
    struct nt_handle *handle;
    uint32_t number, status;
    const struct nt_object *o;

    status = service_object(c, call_u32(c, 0), TYPE_NONE, &handle, &number);
    if (status != STATUS_SUCCESS) {
        call_return(c, status);
        return;
    }
    handle_remove(nt, handle);
    o = ob_at(nt, number);
    if (o->type != TYPE_FILE || o->handles) {
        ob_dereference(nt, number);
        call_return(c, STATUS_SUCCESS);
        return;
    }
    c->w[W_FILE] = number; /* the handle's reference is now this call's */
    if (!file_send(c, number, IRP_MJ_CLEANUP, CLEANUP_SENT, &c->w[W_IRP]))
        cleaned_up(c);
}

void thunk_ZwClose(struct call *c)
{
    switch (c->state) {
    case CLOSE_START:
        close_start(c);
        break;
    case CLEANUP_SENT:
    case CLEANUP_WAITED:
        if (!irp_wait(c, c->w[W_IRP], CLEANUP_SENT))
            return;
        irp_finish(c, c->w[W_IRP]);
        cleaned_up(c);
        break;
    default:
        if (!irp_wait(c, c->w[W_IRP], CLOSE_SENT))
            return;
        irp_finish(c, c->w[W_IRP]);
        close_done(c);
    }
}

void thunk_NtClose(struct call *c)
{
    thunk_ZwClose(c);
}
