/* src/nt/inspect_device.c -- drivers, device objects and stacks for a client to
 * look at. Reads only. */
#include "halbox/inspect_io.h"

#include <stdio.h>

#include "nt/devobj.h"
#include "nt/guest.h"
#include "nt/object.h"

static gva_t pointer(const struct nt *nt, uint32_t at)
{
    return gva_of(nt_get32(nt, at));
}

/** The number of object @index among those of @type, 0: there are fewer. */
static uint32_t nth_of_type(const struct nt *nt, enum nt_type type,
                            unsigned index)
{
    for (uint32_t number = 1; number <= nt->s.objects.count; number++) {
        const struct nt_object *o = ob_at(nt, number);

        if (o && o->type == type && index-- == 0)
            return number;
    }
    return 0;
}

bool nt_driver_at(const struct nt *nt, unsigned index,
                  struct inspect_driver *out)
{
    uint32_t number = nth_of_type(nt, TYPE_DRIVER, index), at, extension;

    if (!number)
        return false;
    at = ob_at(nt, number)->body;
    extension = nt_get32(nt, at + DRVOBJ_DriverExtension);
    *out = (struct inspect_driver){
        .at = gva_of(at),
        .image = nt_image_find(nt, pointer(nt, at + DRVOBJ_DriverStart)),
        .flags = nt_get32(nt, at + DRVOBJ_Flags),
        .device = pointer(nt, at + DRVOBJ_DeviceObject),
        .init = pointer(nt, at + DRVOBJ_DriverInit),
        .start_io = pointer(nt, at + DRVOBJ_DriverStartIo),
        .unload = pointer(nt, at + DRVOBJ_DriverUnload),
        .add_device = pointer(nt, extension + DRVEXT_AddDevice),
        .fast_io = pointer(nt, at + DRVOBJ_FastIoDispatch),
    };
    for (unsigned i = 0; i < INSPECT_MAJORS; i++)
        out->major[i] = pointer(nt, at + DRVOBJ_MajorFunction + 4 * i);
    ob_path(nt, number, out->name, sizeof out->name);
    return true;
}

/* ---- device queues -------------------------------------------------------*/

/** Walk the queue of @device to entry @index. Returns its address, 0: there are
 *  fewer, or the list is no list. *@count: entries passed. */
static uint32_t queue_walk(const struct nt *nt, uint32_t device, unsigned index,
                           unsigned *count)
{
    enum { MOST = 4096 };
    uint32_t head = device + DEVOBJ_DeviceQueue + DEVQ_DeviceListHead;
    uint32_t before = head, at = nt_get32(nt, head);

    for (*count = 0; *count < MOST && at && at != head && at != before;) {
        if ((*count)++ == index)
            return at;
        before = at;
        at = nt_get32(nt, at);
    }
    return 0;
}

bool nt_queued_at(const struct nt *nt, gva_t device, unsigned index, gva_t *irp)
{
    unsigned count;
    uint32_t entry =
        device_is(nt, device.v) ? queue_walk(nt, device.v, index, &count) : 0;

    *irp = gva_of(entry - IRP_DeviceQueueEntry);
    return entry != 0;
}

/* ---- device objects ------------------------------------------------------*/

/** Who is attached to device object @at, 0: nobody. */
static uint32_t above(const struct nt *nt, uint32_t at)
{
    for (uint32_t number = 1; number <= nt->s.objects.count; number++) {
        const struct nt_object *o = ob_at(nt, number);

        if (o && o->type == TYPE_DEVICE && o->below == at)
            return o->body;
    }
    return 0;
}

static uint32_t pnp_number(const struct nt *nt, uint32_t pdo)
{
    for (uint32_t i = 0; i < nt->s.devices.count; i++)
        if (VEC_AT(struct nt_device, &nt->s.devices, i)->pdo == pdo)
            return i + 1;
    return NT_NONE;
}

static void describe(const struct nt *nt, uint32_t number,
                     struct inspect_device_object *out)
{
    const struct nt_object *o = ob_at(nt, number);
    uint32_t at = o->body;

    *out = (struct inspect_device_object){
        .at = gva_of(at),
        .driver = pointer(nt, at + DEVOBJ_DriverObject),
        .pnp = pnp_number(nt, at),
        .below = gva_of(o->below),
        .above = gva_of(above(nt, at)),
        .extension = pointer(nt, at + DEVOBJ_DeviceExtension),
        .flags = nt_get32(nt, at + DEVOBJ_Flags),
        .characteristics = nt_get32(nt, at + DEVOBJ_Characteristics),
        .type = nt_get32(nt, at + DEVOBJ_DeviceType),
        .stack_size = nt_get8(nt, at + DEVOBJ_StackSize),
        .alignment = nt_get32(nt, at + DEVOBJ_AlignmentRequirement),
        .references = o->references,
        .current = pointer(nt, at + DEVOBJ_CurrentIrp),
        .busy = nt_get8(nt, at + DEVOBJ_DeviceQueue + DEVQ_Busy),
    };
    out->image =
        nt_image_find(nt, pointer(nt, out->driver.v + DRVOBJ_DriverStart));
    queue_walk(nt, at, UINT32_MAX, &out->queued);
    ob_path(nt, number, out->name, sizeof out->name);
    ob_path(nt, ob_find(nt, out->driver.v), out->driver_name,
            sizeof out->driver_name);
}

bool nt_device_object_at(const struct nt *nt, unsigned index,
                         struct inspect_device_object *out)
{
    uint32_t number = nth_of_type(nt, TYPE_DEVICE, index);

    if (number)
        describe(nt, number, out);
    return number != 0;
}

bool nt_stack_at(const struct nt *nt, gva_t device, unsigned index,
                 struct inspect_device_object *out)
{
    uint32_t at;

    if (!device_is(nt, device.v) || index >= STACK_MOST)
        return false;
    at = device_bottom(nt, device.v);
    while (at && index--)
        at = above(nt, at);
    if (at)
        describe(nt, ob_find(nt, at), out);
    return at != 0;
}
