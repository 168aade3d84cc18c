/* src/nt/legacy_slot.c -- a driver that found its PCI card itself gets what the
 * card asks for. It is a routine of hal.dll, but what it gives is the
 * arbiter's. Source: NT 4 DDK, HalAssignSlotResources. */
#include "nt/exports.h"
#include "nt/guest.h"
#include "nt/pnp.h"

/* The device in a PCI_SLOT_NUMBER: device bits 0-4, function 5-7. */
static uint32_t in_slot(const struct nt *nt, uint32_t bus, uint32_t slot)
{
    for (uint32_t i = 1; i <= nt->s.devices.count; i++) {
        const struct nt_device *d = pnp_device(nt, i);

        if (d->card.bus == NT_PCI && d->card.bus_number == bus &&
            (d->card.slot | (uint32_t)d->card.function << 5) == slot &&
            !d->pulled)
            return i;
    }
    return NT_NONE;
}

/* Claimed for @driver and @device, and in the card. STATUS_x. */
static uint32_t assign(struct call *c, struct nt_device *d, uint32_t *list)
{
    struct nt *nt = nt_of(c);
    struct nt_resource r[NT_RESOURCES];
    uint32_t driver = call_u32(c, 2), device = call_u32(c, 3), status;
    unsigned count = 0;

    legacy_drop(nt, driver, device);
    status = resources_pick_card(nt, driver, &d->card, r, &count);
    if (status != STATUS_SUCCESS)
        return status;
    *list =
        resources_list(nt, d->card.bus, d->card.bus_number, r, count, false);
    if (!*list || !legacy_claim(nt, driver, device, r, count))
        return STATUS_INSUFFICIENT_RESOURCES;
    bus_assign(nt, d, r, count);
    return STATUS_SUCCESS;
}

/* NTSTATUS HalAssignSlotResources(RegistryPath, DriverClassName, DriverObject,
 * DeviceObject, BusType, BusNumber, SlotNumber, **AllocatedResources): raw; the
 * BARs are written, the card decodes; the caller frees the list. */
void thunk_HalAssignSlotResources(struct call *c)
{
    struct nt *nt = nt_of(c);
    struct nt_device *d;
    uint32_t list = 0, status;

    store_u32(c, call_va(c, 7), 0);
    if (!call_ok(c))
        return;
    d = pnp_device(nt, in_slot(nt, call_u32(c, 5), call_u32(c, 6)));
    if (call_u32(c, 4) != NT_PCI || d == NULL)
        status = STATUS_NO_SUCH_DEVICE;
    else if (d->chosen) /* a Plug and Play driver has it */
        status = STATUS_CONFLICTING_ADDRESSES;
    else
        status = assign(c, d, &list);
    if (nt_success(status))
        store_u32(c, call_va(c, 7), list);
    if (call_ok(c))
        call_return(c, status);
}
