/* src/nt/bus.c -- the built-in bus driver that owns the PDOs: its dispatch
 * routine is a row of internal.def, so a request reaches it as it reaches any
 * driver. Source: hal_io fact sheet 4, 9; WDK, "PnP minor IRPs". */
#include <stdio.h>
#include <string.h>

#include "hal/pci.h"
#include "nt/devobj.h"
#include "nt/exports.h"
#include "nt/guest.h"
#include "nt/irp.h"
#include "nt/object.h"
#include "nt/pnp.h"

enum { ID_DEVICE, ID_HARDWARE, ID_COMPATIBLE, ID_INSTANCE };
enum { CAPS_SURPRISE_OK = 1 << 9, CAPS_UNIQUE = 1 << 6 };
enum { TARGET_DEVICE_RELATION = 4 };
enum { DEVICE_STATES = 7 }; /* DEVICE_CAPABILITIES.DeviceState[] */

/* ---- ids --------------------------------------------------------------------
 */

static unsigned put_text(uint16_t *out, unsigned at, unsigned room,
                         const char *text)
{
    for (; *text && at + 1 < room; text++)
        out[at++] = (uint8_t)*text;
    if (at < room)
        out[at++] = 0;
    return at;
}

unsigned bus_id(const struct nt_card *card, uint32_t number, unsigned type,
                uint16_t *out, unsigned room)
{
    char instance[16];
    unsigned n;

    snprintf(instance, sizeof instance, "%04u", number);
    switch (type) {
    case ID_DEVICE:
        return put_text(out, 0, room, card->hardware_id);
    case ID_HARDWARE:
        n = put_text(out, 0, room, card->hardware_id);
        out[n++] = 0;
        return n;
    case ID_INSTANCE:
        return put_text(out, 0, room, instance);
    default:
        return 0;
    }
}

/* ---- answers ----------------------------------------------------------------
 * Each returns the status; *information is preset with what the packet has. */

struct query {
    struct nt *nt;
    struct nt_device *device;
    uint32_t number, pdo;
    uint32_t at; /* stack location */
    uint32_t information;
    uint32_t status; /* as the packet came */
};

static uint32_t query_id(struct query *q)
{
    uint16_t id[NT_PATH * 2];
    unsigned n =
        bus_id(&q->device->card, q->number,
               nt_get32(q->nt, q->at + SL_QueryId_IdType), id, NT_PATH * 2 - 2);

    if (n == 0)
        return STATUS_NOT_SUPPORTED;
    q->information = nt_pool_paged(q->nt, n * 2, TAG('P', 'n', 'p', 'I'));
    if (q->information == 0)
        return STATUS_INSUFFICIENT_RESOURCES;
    nt_put(q->nt, q->information, id, n * 2);
    return STATUS_SUCCESS;
}

static uint32_t query_text(struct query *q)
{
    uint16_t text[NT_PATH];
    unsigned n;

    if (nt_get32(q->nt, q->at + SL_QueryDeviceText_DeviceTextType) > 1)
        return STATUS_NOT_SUPPORTED;
    n = put_text(text, 0, NT_PATH, q->device->card.description);
    q->information = nt_pool_paged(q->nt, n * 2, TAG('P', 'n', 'p', 'T'));
    if (q->information == 0)
        return STATUS_INSUFFICIENT_RESOURCES;
    nt_put(q->nt, q->information, text, n * 2);
    return STATUS_SUCCESS;
}

static uint32_t query_capabilities(struct query *q)
{
    static const uint8_t state_of[DEVICE_STATES] = {0, 1, 4, 4, 4, 4, 4};
    struct nt *nt = q->nt;
    uint32_t caps = nt_get32(nt, q->at + SL_DeviceCapabilities_Capabilities);
    uint32_t address = 0xffffffffu;

    if (nt_get16(nt, caps + DEVCAPS_Version) != 1)
        return STATUS_UNSUCCESSFUL;
    if (q->device->card.bus == NT_PCI)
        address =
            (uint32_t)q->device->card.slot << 16 | q->device->card.function;
    nt_put32(nt, caps + 4,
             nt_get32(nt, caps + 4) | CAPS_SURPRISE_OK | CAPS_UNIQUE);
    nt_put32(nt, caps + DEVCAPS_Address, address);
    for (unsigned i = 0; i < DEVICE_STATES; i++)
        nt_put32(nt, caps + DEVCAPS_DeviceState + 4 * i, state_of[i]);
    return STATUS_SUCCESS;
}

static uint32_t query_bus(struct query *q)
{
    /* PNP_BUS_INFORMATION: bus type GUID, LegacyBusType, BusNumber.
     * GUID_BUS_TYPE_INTERNAL, _ISAPNP, _PCI of the DDK's wdmguid.h. */
    static const uint8_t guid[][16] = {
        [0] = {0x73, 0xea, 0x30, 0x15, 0x6b, 0x08, 0xd1, 0x11, 0xa0, 0x9f, 0x00,
               0xc0, 0x4f, 0xc3, 0x40, 0xb1},
        [1] = {0x54, 0xf8, 0x76, 0xe6, 0x7d, 0xd8, 0xd0, 0x11, 0x92, 0xb2, 0x00,
               0xa0, 0xc9, 0x05, 0x5f, 0xc5},
        [2] = {0xb0, 0xdf, 0xeb, 0xc8, 0x10, 0xb5, 0xd0, 0x11, 0x80, 0xe5, 0x00,
               0xa0, 0xc9, 0x25, 0x42, 0xe3},
    };
    unsigned which = q->device->card.bus == NT_INTERNAL ? 0
                     : q->device->card.bus == NT_ISA    ? 1
                                                        : 2;
    uint32_t at = nt_pool_paged(q->nt, 24, TAG('P', 'n', 'p', 'B'));

    if (at == 0)
        return STATUS_INSUFFICIENT_RESOURCES;
    nt_put(q->nt, at, guid[which], 16);
    nt_put32(q->nt, at + 16, q->device->card.bus);
    nt_put32(q->nt, at + 20, q->device->card.bus_number);
    q->information = at;
    return STATUS_SUCCESS;
}

static uint32_t query_relations(struct query *q)
{
    uint32_t at;

    if (nt_get32(q->nt, q->at + SL_QueryDeviceRelations_Type) !=
        TARGET_DEVICE_RELATION)
        return q->status; /* a driver's above, which knows the children */
    at = nt_pool_paged(q->nt, 8, TAG('P', 'n', 'p', 'D'));
    if (at == 0)
        return STATUS_INSUFFICIENT_RESOURCES;
    nt_put32(q->nt, at + DEVRELS_Count, 1);
    nt_put32(q->nt, at + DEVRELS_Objects, q->pdo);
    ob_reference(q->nt, ob_find(q->nt, q->pdo));
    q->information = at;
    return STATUS_SUCCESS;
}

/* READ_CONFIG and WRITE_CONFIG of a PCI function. */
static uint32_t config(struct query *q, bool write)
{
    const struct nt_card *card = &q->device->card;
    struct nt *nt = q->nt;
    uint32_t buffer = nt_get32(nt, q->at + SL_ReadWriteConfig_Buffer);
    uint32_t offset = nt_get32(nt, q->at + SL_ReadWriteConfig_Offset);
    uint32_t bytes = nt_get32(nt, q->at + SL_ReadWriteConfig_Length);
    uint8_t data[PCI_CONFIG_BYTES];
    uint64_t at;

    if (card->bus != NT_PCI)
        return STATUS_NOT_SUPPORTED;
    if (nt_get32(nt, q->at + SL_ReadWriteConfig_WhichSpace)) /* the ROM */
        return STATUS_INVALID_PARAMETER_1;
    if (offset > PCI_CONFIG_BYTES || bytes > PCI_CONFIG_BYTES - offset)
        return STATUS_INVALID_PARAMETER;
    if (write) {
        if (!ke_read(nt->w.ke, gva_of(buffer), data, bytes))
            return STATUS_INVALID_PARAMETER;
        q->information = hal_pci_write(nt->w.bus, card->bus_number, card->slot,
                                       card->function, offset, data, bytes);
        if (hal_pci_over_ram(nt->w.bus, nt->w.ram, card->bus_number, card->slot,
                             card->function, &at))
            nt_finding(nt, "SEC-031",
                       "%s: a base address register at %08x decodes over RAM",
                       card->hardware_id, (uint32_t)at);
    } else {
        q->information = hal_pci_read(nt->w.bus, card->bus_number, card->slot,
                                      card->function, offset, data, bytes);
        nt_put(nt, buffer, data, q->information);
    }
    return STATUS_SUCCESS;
}

static uint32_t answer(struct query *q, uint8_t minor, uint32_t status)
{
    switch (minor) {
    case MN_START_DEVICE:
        bus_enable(q->nt, q->device, true);
        return STATUS_SUCCESS;
    case MN_STOP_DEVICE:
    case MN_REMOVE_DEVICE:
        bus_enable(q->nt, q->device, false);
        return STATUS_SUCCESS;
    case MN_QUERY_REMOVE_DEVICE:
    case MN_CANCEL_REMOVE_DEVICE:
    case MN_QUERY_STOP_DEVICE:
    case MN_CANCEL_STOP_DEVICE:
    case MN_SURPRISE_REMOVAL:
    case MN_EJECT:
    case MN_QUERY_PNP_DEVICE_STATE:
        return STATUS_SUCCESS;
    case MN_QUERY_DEVICE_RELATIONS:
        return query_relations(q);
    case MN_QUERY_CAPABILITIES:
        return query_capabilities(q);
    case MN_QUERY_RESOURCES:
        q->information = resources_boot(q->nt, &q->device->card, false);
        return STATUS_SUCCESS;
    case MN_QUERY_RESOURCE_REQUIREMENTS:
        q->information = resources_requirements(q->nt, &q->device->card);
        return STATUS_SUCCESS;
    case MN_QUERY_DEVICE_TEXT:
        return query_text(q);
    case MN_READ_CONFIG:
    case MN_WRITE_CONFIG:
        return config(q, minor == MN_WRITE_CONFIG);
    case MN_QUERY_ID:
        return query_id(q);
    case MN_QUERY_BUS_INFORMATION:
        return query_bus(q);
    default:
        return status; /* as it came: NOT_SUPPORTED, or a driver's above */
    }
}

static uint32_t serve(struct call *c, uint32_t pdo, uint32_t irp)
{
    struct nt *nt = nt_of(c);
    uint32_t at = irp_current(nt, irp);
    uint32_t status = nt_get32(nt, irp + IRP_Status);
    struct query q = {.nt = nt,
                      .number = pnp_by_pdo(nt, pdo),
                      .pdo = pdo,
                      .at = at,
                      .status = status,
                      .information = nt_get32(nt, irp + IRP_Information)};

    q.device = pnp_device(nt, q.number);
    switch (nt_get8(nt, at + SL_MajorFunction)) {
    case IRP_MJ_CREATE:
    case IRP_MJ_CLOSE:
    case IRP_MJ_CLEANUP:
        status = STATUS_SUCCESS;
        break;
    case IRP_MJ_POWER:
        if (nt_get8(nt, at + SL_MinorFunction) == MN_SET_POWER ||
            nt_get8(nt, at + SL_MinorFunction) == MN_QUERY_POWER)
            status = STATUS_SUCCESS;
        break;
    case IRP_MJ_SYSTEM_CONTROL:
        break;
    case IRP_MJ_PNP:
        if (q.device)
            status = answer(&q, nt_get8(nt, at + SL_MinorFunction), status);
        nt_put32(nt, irp + IRP_Information, q.information);
        break;
    default:
        status = STATUS_INVALID_DEVICE_REQUEST;
    }
    nt_put32(nt, irp + IRP_Status, status);
    return status;
}

/* NTSTATUS Dispatch(DeviceObject, Irp) of every PDO. */
void thunk_NtpBusDispatch(struct call *c)
{
    if (c->state == 0) {
        c->w[0] = call_u32(c, 1);
        c->w[1] = serve(c, call_u32(c, 0), c->w[0]);
    }
    irp_complete(c);
}

/* What the 28 entries of a new driver object point at. */
void thunk_NtpInvalidDeviceRequest(struct call *c)
{
    if (c->state == 0) {
        c->w[0] = call_u32(c, 1);
        c->w[1] = STATUS_INVALID_DEVICE_REQUEST;
        store_u32(c, gva_of(c->w[0] + IRP_Status), c->w[1]);
        store_u32(c, gva_of(c->w[0] + IRP_Information), 0);
        if (!call_ok(c))
            return;
    }
    irp_complete(c);
}
