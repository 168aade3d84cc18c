/* src/nt/transfer.c -- ZwReadFile, ZwWriteFile, ZwDeviceIoControlFile: one
 * packet each, with the buffer as the device or the IOCTL's method wants it.
 * Source: hal_io fact sheet 6 "Buffering"; WDK, "Methods for Accessing Data
 * Buffers". */
#include "nt/transfer.h"
#include "mm/mdl.h"
#include "nt/devobj.h"
#include "nt/exports.h"
#include "nt/file.h"
#include "nt/guest.h"
#include "nt/irp.h"
#include "nt/object.h"
#include "nt/service.h"

enum { W_IRP, W_NUMBER };

bool buffer_copy_in(struct call *c, uint32_t from, uint32_t to, uint32_t bytes)
{
    uint8_t piece[512];

    for (uint32_t at = 0; at < bytes; at += sizeof piece) {
        uint32_t n = bytes - at;
        if (n > sizeof piece)
            n = sizeof piece;
        load(c, gva_of(from + at), piece, n);
        if (call_caught(c) || !call_ok(c))
            return false;
        nt_put(nt_of(c), to + at, piece, n);
    }
    return true;
}

uint32_t buffer_system(struct call *c, uint32_t irp, const struct buffers *b,
                       uint32_t bytes, bool input)
{
    struct nt *nt = nt_of(c);
    uint32_t flags = nt_get32(nt, irp + IRP_Flags) | IRP_BUFFERED_IO, at = 0;

    if (bytes) {
        at = nt_pool(nt, bytes, TAG('I', 'o', 'S', 'B'));
        if (at == 0)
            return STATUS_INSUFFICIENT_RESOURCES;
        nt_put32(nt, irp + IRP_AssociatedIrp_SystemBuffer, at);
        flags |= IRP_DEALLOCATE_BUFFER;
    }
    if (input)
        flags |= IRP_INPUT_OPERATION;
    nt_put32(nt, irp + IRP_Flags, flags);
    if (b->in_bytes && !buffer_copy_in(c, b->in, at, b->in_bytes))
        return STATUS_ACCESS_VIOLATION;
    return STATUS_SUCCESS;
}

uint32_t buffer_direct(struct call *c, uint32_t irp, uint32_t va,
                       uint32_t bytes, bool device_writes)
{
    struct nt *nt = nt_of(c);
    struct mm_misuse misuse;
    gva_t mdl;

    if (bytes == 0)
        return STATUS_SUCCESS;
    if (mdl_create(nt->w.mm, gva_of(va), bytes, &mdl) != HB_OK)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (mdl_lock(nt->w.mm, nt_space(nt), mdl, call_user(c),
                 device_writes ? MDL_WRITE_ACCESS : MDL_READ_ACCESS,
                 &misuse) != HB_OK) {
        mdl_free(nt->w.mm, nt_space(nt), mdl, &misuse);
        return STATUS_ACCESS_VIOLATION;
    }
    nt_put32(nt, irp + IRP_MdlAddress, mdl.v);
    return STATUS_SUCCESS;
}

void buffer_undo(struct call *c, uint32_t irp)
{
    struct nt *nt = nt_of(c);

    irp_unlock_mdls(c, irp);
    irp_free_mdls(c, irp);
    if (nt_get32(nt, irp + IRP_Flags) & IRP_DEALLOCATE_BUFFER)
        nt_pool_free(nt, nt_get32(nt, irp + IRP_AssociatedIrp_SystemBuffer));
    irp_free(nt, irp);
}

uint32_t buffer_transfer(struct call *c, uint32_t irp, uint32_t device_flags,
                         const struct buffers *b)
{
    struct nt *nt = nt_of(c);
    bool read = b->out_bytes != 0 || b->out != 0;
    uint32_t va = read ? b->out : b->in;
    uint32_t bytes = read ? b->out_bytes : b->in_bytes;

    nt_put32(nt, irp + IRP_UserBuffer, va);
    if (device_flags & DO_BUFFERED_IO)
        return buffer_system(c, irp, b, bytes, read);
    if (device_flags & DO_DIRECT_IO)
        return buffer_direct(c, irp, va, bytes, read);
    return STATUS_SUCCESS;
}

uint32_t buffer_control(struct call *c, uint32_t irp, uint32_t code,
                        const struct buffers *b)
{
    struct nt *nt = nt_of(c);
    uint32_t at = irp_next(nt, irp), method = code & 3, status;
    uint32_t most = b->in_bytes > b->out_bytes ? b->in_bytes : b->out_bytes;

    nt_put32(nt, at + SL_DeviceIoControl_OutputBufferLength, b->out_bytes);
    nt_put32(nt, at + SL_DeviceIoControl_InputBufferLength, b->in_bytes);
    nt_put32(nt, at + SL_DeviceIoControl_IoControlCode, code);
    nt_put32(nt, irp + IRP_UserBuffer, b->out);
    switch (method) {
    case METHOD_BUFFERED:
        return buffer_system(c, irp, b, most, b->out_bytes != 0);
    case METHOD_NEITHER:
        nt_put32(nt, at + SL_DeviceIoControl_Type3InputBuffer, b->in);
        return STATUS_SUCCESS;
    default:
        if (b->in_bytes) {
            status = buffer_system(c, irp, b, b->in_bytes, false);
            if (status != STATUS_SUCCESS)
                return status;
        }
        return buffer_direct(c, irp, b->out, b->out_bytes,
                             method == METHOD_OUT_DIRECT);
    }
}

/* ---- the services -----------------------------------------------------------
 */

struct request {
    uint32_t handle, event, iosb;
    uint8_t major;
    uint32_t code;        /* IOCTL */
    uint32_t offset, key; /* pointers */
    struct buffers buffers;
};

static uint32_t wanted_access(const struct request *q)
{
    if (q->major == IRP_MJ_FLUSH_BUFFERS)
        return 0;
    if (q->major == IRP_MJ_READ)
        return FILE_READ_DATA;
    if (q->major == IRP_MJ_WRITE)
        return FILE_WRITE_DATA | FILE_APPEND_DATA;
    return q->code >> 14 & 3; /* FILE_READ_ACCESS 1, FILE_WRITE_ACCESS 2 */
}

static bool allowed(const struct request *q, uint32_t access)
{
    uint32_t want = wanted_access(q);

    if (q->major == IRP_MJ_WRITE)
        return access & want;
    return (access & want) == want;
}

/* ByteOffset and Key into the location. STATUS_x. */
static uint32_t put_position(struct call *c, const struct request *q,
                             uint32_t irp, uint32_t file)
{
    struct nt *nt = nt_of(c);
    uint32_t at = irp_next(nt, irp), key = 0;
    uint32_t bytes =
        q->major == IRP_MJ_READ ? q->buffers.out_bytes : q->buffers.in_bytes;
    uint64_t offset = 0;

    if (q->offset) {
        if (!probe(c, q->offset, 8))
            return STATUS_ACCESS_VIOLATION;
        offset = load_u64(c, gva_of(q->offset));
    } else if (file_synchronous(nt, file)) {
        offset = nt_get32(nt, file + FILEOBJ_CurrentByteOffset);
    } else {
        return STATUS_INVALID_PARAMETER;
    }
    if (q->key)
        key = load_u32(c, gva_of(q->key));
    if (call_caught(c))
        return STATUS_ACCESS_VIOLATION;
    nt_put32(nt, at + SL_Read_Length, bytes);
    nt_put32(nt, at + SL_Read_Key, key);
    nt_put(nt, at + SL_Read_ByteOffset, &offset, sizeof offset);
    return STATUS_SUCCESS;
}

static uint32_t fill(struct call *c, const struct request *q, uint32_t irp,
                     uint32_t file)
{
    struct nt *nt = nt_of(c);
    uint32_t flags, status;

    flags = nt_get32(nt, file_device(nt, file) + DEVOBJ_Flags);
    nt_put32(nt, irp + IRP_UserIosb, q->iosb);
    nt_put8(nt, irp + IRP_RequestorMode, (uint8_t)ke_previous_mode(nt->w.ke));
    nt_put32(nt, irp + IRP_Flags,
             (file_synchronous(nt, file) ? IRP_SYNCHRONOUS_API : 0u) |
                 (q->major == IRP_MJ_READ    ? IRP_READ_OPERATION
                  : q->major == IRP_MJ_WRITE ? IRP_WRITE_OPERATION
                                             : 0u));
    if (q->major == IRP_MJ_DEVICE_CONTROL)
        return buffer_control(c, irp, q->code, &q->buffers);
    if (q->major == IRP_MJ_FLUSH_BUFFERS)
        return STATUS_SUCCESS;
    status = put_position(c, q, irp, file);
    return status == STATUS_SUCCESS
               ? buffer_transfer(c, irp, flags, &q->buffers)
               : status;
}

static uint32_t take_event(struct call *c, const struct request *q,
                           struct nt_irp *r)
{
    struct nt *nt = nt_of(c);
    uint32_t number, status;

    if (q->event == 0)
        return STATUS_SUCCESS;
    status = service_object(c, q->event, TYPE_EVENT, NULL, &number);
    if (status != STATUS_SUCCESS)
        return status;
    ob_reference(nt, number);
    r->event = number;
    ke_reset_event(nt->w.ke, gva_of(ob_body(nt, number)));
    nt_put32(nt, r->at + IRP_UserEvent, ob_body(nt, number));
    return STATUS_SUCCESS;
}

static uint32_t begin(struct call *c, const struct request *q)
{
    struct nt *nt = nt_of(c);
    struct nt_handle *handle;
    struct nt_irp *r;
    uint32_t number, file, irp;
    uint32_t status = service_object(c, q->handle, TYPE_FILE, &handle, &number);

    if (status != STATUS_SUCCESS)
        return status;
    if (!allowed(q, handle->access) && call_user(c))
        return STATUS_ACCESS_DENIED;
    if (!probe(c, q->iosb, IOSB_BYTES))
        return STATUS_ACCESS_VIOLATION;
    if ((q->major != IRP_MJ_DEVICE_CONTROL ||
         (q->code & 3) != METHOD_NEITHER) &&
        (!probe(c, q->buffers.in, q->buffers.in_bytes) ||
         !probe(c, q->buffers.out, q->buffers.out_bytes)))
        return STATUS_ACCESS_VIOLATION;
    file = ob_body(nt, number);
    irp = file_irp(nt, file, q->major);
    if (irp == 0)
        return STATUS_INSUFFICIENT_RESOURCES;
    r = irp_record(nt, irp);
    r->out_bytes = q->buffers.out_bytes;
    status = fill(c, q, irp, file);
    if (status == STATUS_SUCCESS)
        status = take_event(c, q, r);
    if (status != STATUS_SUCCESS) {
        buffer_undo(c, irp);
        return status;
    }
    ob_reference(nt, number);
    r->file = file;
    c->w[W_IRP] = irp;
    c->w[W_NUMBER] = number;
    irp_send(c, file_device(nt, file), irp, 1);
    return STATUS_PENDING;
}

static void request(struct call *c, const struct request *q)
{
    struct nt *nt = nt_of(c);
    struct nt_irp *r;

    if (c->state == 0) {
        uint32_t status = begin(c, q);
        if (status != STATUS_PENDING)
            call_return(c, status);
        return;
    }
    r = irp_record(nt, c->w[W_IRP]);
    if (r && c->state == 1 && !r->done && c->eax == STATUS_PENDING &&
        !file_synchronous(nt, r->file)) {
        r->waited = 0; /* its end will find the thread by itself */
        if (irp_returned(c, c->w[W_IRP]))
            call_return(c, STATUS_PENDING);
        return;
    }
    if (irp_wait(c, c->w[W_IRP], 1))
        call_return(c, irp_finish(c, c->w[W_IRP]));
}

void thunk_ZwReadFile(struct call *c)
{
    request(c, &(struct request){.handle = call_u32(c, 0),
                                 .event = call_u32(c, 1),
                                 .iosb = call_u32(c, 4),
                                 .major = IRP_MJ_READ,
                                 .offset = call_u32(c, 7),
                                 .key = call_u32(c, 8),
                                 .buffers = {.out = call_u32(c, 5),
                                             .out_bytes = call_u32(c, 6)}});
}

void thunk_ZwWriteFile(struct call *c)
{
    request(c, &(struct request){.handle = call_u32(c, 0),
                                 .event = call_u32(c, 1),
                                 .iosb = call_u32(c, 4),
                                 .major = IRP_MJ_WRITE,
                                 .offset = call_u32(c, 7),
                                 .key = call_u32(c, 8),
                                 .buffers = {.in = call_u32(c, 5),
                                             .in_bytes = call_u32(c, 6)}});
}

void thunk_ZwDeviceIoControlFile(struct call *c)
{
    request(c, &(struct request){.handle = call_u32(c, 0),
                                 .event = call_u32(c, 1),
                                 .iosb = call_u32(c, 4),
                                 .major = IRP_MJ_DEVICE_CONTROL,
                                 .code = call_u32(c, 5),
                                 .buffers = {call_u32(c, 6), call_u32(c, 8),
                                             call_u32(c, 7), call_u32(c, 9)}});
}

/* (FileHandle, *IoStatusBlock): a packet without buffers. */
void thunk_NtpFlushBuffersFile(struct call *c)
{
    request(c, &(struct request){.handle = call_u32(c, 0),
                                 .iosb = call_u32(c, 1),
                                 .major = IRP_MJ_FLUSH_BUFFERS});
}
