/* src/nt/legacy.c -- drivers that find and report their hardware themselves, as
 * on NT 4. Source: hal_io fact sheet 2; WDK IoAssignResources,
 * IoReportResourceUsage, IoReportDetectedDevice. */
#include <stdio.h>

#include "nt/arbiter.h"
#include "nt/devobj.h"
#include "nt/exports.h"
#include "nt/guest.h"
#include "nt/object.h"
#include "nt/pnp.h"

enum { NO_BUS = 0xffffffff, BUS_MOST = 16 };

void legacy_drop(struct nt *nt, uint32_t driver, uint32_t device)
{
    for (uint32_t i = nt->s.claims.count; i-- > 0;) {
        const struct nt_claim *k = VEC_AT(struct nt_claim, &nt->s.claims, i);
        if (k->driver == driver && k->device == device)
            vec_remove(&nt->s.claims, sizeof *k, i);
    }
}

bool legacy_claim(struct nt *nt, uint32_t driver, uint32_t device,
                  const struct nt_resource *r, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        struct nt_claim k = {driver, device, r[i]};
        if (nt->s.claims.count >= NT_CLAIMS_MOST ||
            !nt_push(&nt->s.claims, sizeof k, &k))
            return false;
    }
    return true;
}

/* One reported list takes the place of the one before. *@conflict is set if
 * somebody else has some of it. STATUS_x. */
static uint32_t report(struct nt *nt, uint32_t driver, uint32_t device,
                       uint32_t list, bool override, bool *conflict)
{
    struct nt_resource r[NT_RESOURCES];
    unsigned count = 0;
    uint32_t status = STATUS_SUCCESS;
    bool clash = false;

    legacy_drop(nt, driver, device);
    if (list)
        status = resources_parse(nt, list, r, &count);
    if (status != STATUS_SUCCESS)
        return status;
    for (unsigned i = 0; i < count; i++)
        clash |= arbiter_conflict(nt, NT_NONE, driver, &r[i]) != NULL;
    *conflict |= clash;
    if (clash && !override)
        return STATUS_SUCCESS;
    return legacy_claim(nt, driver, device, r, count)
               ? STATUS_SUCCESS
               : STATUS_INSUFFICIENT_RESOURCES;
}

/* Driver's and device's lists, as both reporting routines take them. */
static uint32_t report_both(struct call *c, unsigned first, bool override,
                            bool *conflict)
{
    struct nt *nt = nt_of(c);
    uint32_t driver = call_u32(c, first);
    uint32_t driver_list = call_u32(c, first + 1);
    uint32_t device = call_u32(c, first + 3);
    uint32_t device_list = call_u32(c, first + 4), status;

    *conflict = false;
    status = report(nt, driver, 0, driver_list, override, conflict);
    if (status == STATUS_SUCCESS && device)
        status = report(nt, driver, device, device_list, override, conflict);
    return status;
}

/* NTSTATUS IoReportResourceUsage(Class, Driver, List, Bytes, Device, List,
 * Bytes, Override, *Conflict). */
void thunk_IoReportResourceUsage(struct call *c)
{
    bool conflict;
    uint32_t status = report_both(c, 1, call_bool(c, 7), &conflict);

    store_u8(c, call_va(c, 8), conflict);
    if (call_ok(c))
        call_return(c, status);
}

/* NTSTATUS IoReportResourceForDetection(Driver, List, Bytes, Device, List,
 * Bytes, *Conflict). */
void thunk_IoReportResourceForDetection(struct call *c)
{
    bool conflict;
    uint32_t status = report_both(c, 0, false, &conflict);

    store_u8(c, call_va(c, 6), conflict);
    if (status == STATUS_SUCCESS && conflict)
        status = STATUS_CONFLICTING_ADDRESSES;
    if (call_ok(c))
        call_return(c, status);
}

/* NTSTATUS IoAssignResources(RegistryPath, Class, Driver, Device, Requirements,
 * **Assigned): raw, bus relative; NULL requirements release. */
void thunk_IoAssignResources(struct call *c)
{
    struct nt *nt = nt_of(c);
    uint32_t driver = call_u32(c, 2), device = call_u32(c, 3);
    uint32_t list = call_u32(c, 4), out, status;
    struct nt_resource r[NT_RESOURCES];
    unsigned count = 0;

    legacy_drop(nt, driver, device);
    if (list == 0) {
        call_return(c, STATUS_SUCCESS);
        return;
    }
    store_u32(c, call_va(c, 5), 0);
    if (!call_ok(c))
        return;
    status = resources_pick(nt, driver, list, r, &count);
    if (status == STATUS_SUCCESS) {
        out = resources_list(nt, nt_get8(nt, list + IO_REQS_InterfaceType),
                             nt_get32(nt, list + IO_REQS_BusNumber), r, count,
                             false);
        if (out == 0 || !legacy_claim(nt, driver, device, r, count))
            status = STATUS_INSUFFICIENT_RESOURCES;
        else
            store_u32(c, call_va(c, 5), out);
    }
    call_return(c, status);
}

/* NTSTATUS IoReportDetectedDevice(Driver, BusType, Bus, Slot, Resources,
 * Requirements, ResourceAssigned, *Device): a PDO that counts as started; no
 * AddDevice, no START_DEVICE comes for it. */
void thunk_IoReportDetectedDevice(struct call *c)
{
    struct nt *nt = nt_of(c);
    uint32_t list = call_u32(c, 4), number, status = STATUS_SUCCESS;
    uint32_t bus = call_u32(c, 1), given = load_u32(c, call_va(c, 7));
    struct nt_card card = {
        .bus = bus == NO_BUS || bus > BUS_MOST ? NT_INTERNAL : (uint8_t)bus};
    struct nt_device *d;
    unsigned count = 0;

    if (!call_ok(c))
        return;
    if (list)
        status = resources_parse(nt, list, card.resource, &count);
    if (status != STATUS_SUCCESS) {
        call_return(c, status);
        return;
    }
    card.resources = (uint8_t)count;
    snprintf(card.hardware_id, sizeof card.hardware_id, "ROOT\\DETECTED%04u",
             nt->s.devices.count + 1);
    snprintf(card.description, sizeof card.description,
             "reported by its driver");
    number = nt_card_add(nt, &card);
    d = pnp_device(nt, number);
    if (d && given)
        d->pdo = given;
    if (d == NULL || !pnp_make_pdo(nt, number)) {
        call_return(c, STATUS_INSUFFICIENT_RESOURCES);
        return;
    }
    d->state = NT_DEVICE_STARTED;
    d->image = nt_image_find(
        nt, gva_of(nt_get32(nt, call_u32(c, 0) + DRVOBJ_DriverStart)));
    d->chosen = count;
    for (unsigned i = 0; i < count; i++)
        d->held[i] = card.resource[i];
    store_u32(c, call_va(c, 7), d->pdo);
    if (call_ok(c))
        call_return(c, STATUS_SUCCESS);
}
