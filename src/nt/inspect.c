/* src/nt/inspect.c -- what a client may look at: objects, device objects, IRPs.
 * Reads only. */
#include <stdio.h>
#include <string.h>

#include "nt/devobj.h"
#include "nt/guest.h"
#include "nt/irp.h"
#include "nt/object.h"

bool nt_object_next(const struct nt *nt, uint32_t *cursor,
                    struct nt_object_info *info)
{
    for (; *cursor < nt->s.objects.count; ++*cursor) {
        const struct nt_object *o = ob_at(nt, *cursor + 1);

        if (o == NULL)
            continue;
        ++*cursor;
        *info = (struct nt_object_info){.body = gva_of(o->body),
                                        .references = o->references,
                                        .handles = o->handles};
        snprintf(info->type, sizeof info->type, "%s", ob_type_name(o->type));
        ob_path(nt, *cursor, info->name, sizeof info->name);
        string_text(o->target, o->target_count, info->target,
                    sizeof info->target);
        return true;
    }
    return false;
}

bool nt_device_object(const struct nt *nt, gva_t at,
                      struct nt_device_object_info *info)
{
    uint32_t number = ob_find(nt, at.v);
    const struct nt_object *o = ob_at(nt, number);
    char driver[NT_NAME];

    if (o == NULL || o->type != TYPE_DEVICE)
        return false;
    *info = (struct nt_device_object_info){
        .at = at,
        .driver = gva_of(nt_get32(nt, at.v + DEVOBJ_DriverObject)),
        .attached_to = gva_of(o->below),
        .attached = gva_of(nt_get32(nt, at.v + DEVOBJ_AttachedDevice)),
        .extension = gva_of(nt_get32(nt, at.v + DEVOBJ_DeviceExtension)),
        .current_irp = gva_of(nt_get32(nt, at.v + DEVOBJ_CurrentIrp)),
        .flags = nt_get32(nt, at.v + DEVOBJ_Flags),
        .type = nt_get32(nt, at.v + DEVOBJ_DeviceType),
    };
    info->image = nt_image_find(
        nt, gva_of(nt_get32(nt, info->driver.v + DRVOBJ_DriverStart)));
    ob_path(nt, number, info->name, sizeof info->name);
    ob_path(nt, ob_find(nt, info->driver.v), driver, sizeof driver);
    snprintf(info->driver_name, sizeof info->driver_name, "%.*s", NT_PATH - 1,
             driver);
    return true;
}

bool nt_irp_next(const struct nt *nt, uint32_t *cursor,
                 struct nt_irp_info *info)
{
    for (; *cursor < nt->s.irps.count; ++*cursor) {
        const struct nt_irp *r = VEC_AT(struct nt_irp, &nt->s.irps, *cursor);
        uint32_t at = r->at, location;

        if (at == 0)
            continue;
        ++*cursor;
        location = irp_current(nt, at);
        *info = (struct nt_irp_info){
            .at = gva_of(at),
            .location = nt_get8(nt, at + IRP_CurrentLocation),
            .stack_count = nt_get8(nt, at + IRP_StackCount),
            .cancel = nt_get8(nt, at + IRP_Cancel),
            .mdl = gva_of(nt_get32(nt, at + IRP_MdlAddress)),
            .system_buffer =
                gva_of(nt_get32(nt, at + IRP_AssociatedIrp_SystemBuffer)),
            .user_buffer = gva_of(nt_get32(nt, at + IRP_UserBuffer)),
            .status = nt_get32(nt, at + IRP_Status),
            .information = nt_get32(nt, at + IRP_Information),
            .file = gva_of(r->file),
            .client = r->client};
        if (info->location <= info->stack_count) {
            info->major = nt_get8(nt, location + SL_MajorFunction);
            info->minor = nt_get8(nt, location + SL_MinorFunction);
            info->pending =
                nt_get8(nt, location + SL_Control) & SL_PENDING_RETURNED;
            info->device = gva_of(nt_get32(nt, location + SL_DeviceObject));
        }
        return true;
    }
    return false;
}
