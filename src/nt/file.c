/* src/nt/file.c -- file objects: see file.h. */
#include "nt/file.h"

#include "nt/devobj.h"
#include "nt/guest.h"
#include "nt/irp.h"
#include "nt/object.h"
#include "nt/pnp.h"

enum {
    SECURITY_CONTEXT_BYTES = 16
}; /* IO_SECURITY_CONTEXT behind the object */

uint32_t file_create(struct nt *nt, uint32_t device, const uint16_t *rest,
                     unsigned rest_count)
{
    uint32_t at = nt_pool(nt, FILEOBJ_BYTES + SECURITY_CONTEXT_BYTES,
                          TAG('F', 'i', 'l', 'e'));
    uint32_t number = at ? ob_create(nt, TYPE_FILE, at) : 0;
    uint32_t name = 0;

    if (number && rest_count)
        name = nt_pool(nt, rest_count * 2 + 2, TAG('I', 'o', 'N', 'm'));
    if (number == 0 || (rest_count && !name)) {
        nt_pool_free(nt, at);
        if (number)
            ob_destroy(nt, number);
        return 0;
    }
    nt_put16(nt, at + FILEOBJ_Type, IO_TYPE_FILE);
    nt_put16(nt, at + FILEOBJ_Size, FILEOBJ_BYTES);
    nt_put32(nt, at + FILEOBJ_DeviceObject, device);
    if (name)
        string_store(nt, at + FILEOBJ_FileName, name, rest, rest_count);
    ke_event_init(nt->w.ke, gva_of(at + FILEOBJ_Event), EVENT_NOTIFICATION,
                  false);
    ke_event_init(nt->w.ke, gva_of(at + FILEOBJ_Lock), EVENT_SYNCHRONIZATION,
                  true);
    nt_put32(nt, device + DEVOBJ_ReferenceCount,
             nt_get32(nt, device + DEVOBJ_ReferenceCount) + 1);
    return number;
}

void file_destroy(struct nt *nt, uint32_t number)
{
    uint32_t file = ob_body(nt, number);
    uint32_t device = nt_get32(nt, file + FILEOBJ_DeviceObject);
    const struct nt_object *bottom =
        ob_at(nt, ob_find(nt, device_bottom(nt, device)));
    uint32_t pnp = bottom ? bottom->data : NT_NONE;

    if (file == 0)
        return;
    nt_pool_free(nt, nt_get32(nt, file + FILEOBJ_FileName + USTR_Buffer));
    ob_destroy(nt, number);
    nt_pool_free(nt, file);
    device_file_closed(nt, device);
    pnp_file_closed(nt, pnp);
}

uint32_t file_device(const struct nt *nt, uint32_t file)
{
    return device_top(nt, nt_get32(nt, file + FILEOBJ_DeviceObject));
}

bool file_synchronous(const struct nt *nt, uint32_t file)
{
    return nt_get32(nt, file + FILEOBJ_Flags) & FO_SYNCHRONOUS_IO;
}

uint32_t file_irp(struct nt *nt, uint32_t file, uint8_t major)
{
    uint32_t device = file_device(nt, file), irp, at;
    struct nt_irp *r;

    irp = irp_allocate(nt, nt_get8(nt, device + DEVOBJ_StackSize), IRP_SERVICE);
    if (irp == 0)
        return 0;
    r = irp_record(nt, irp);
    r->waited = 1;
    r->wake = file + FILEOBJ_Event;
    for (uint32_t i = 0; i < nt->s.clients.count; i++)
        if (VEC_AT(struct nt_client, &nt->s.clients, i)->thread == r->thread)
            r->client = i + 1;
    ke_reset_event(nt->w.ke, gva_of(r->wake));
    nt_put32(nt, irp + IRP_OriginalFileObject, file);
    at = irp_next(nt, irp);
    nt_put8(nt, at + SL_MajorFunction, major);
    nt_put32(nt, at + SL_FileObject, file);
    return irp;
}

void file_close_later(struct nt *nt, uint32_t number)
{
    struct nt_object *o = ob_at(nt, number);

    o->references = 1; /* the job's */
    pnp_post_close(nt, number);
}
