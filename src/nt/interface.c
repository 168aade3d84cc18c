/* src/nt/interface.c -- device interfaces and device properties.
 * Source: WDK IoRegisterDeviceInterface, IoSetDeviceInterfaceState,
 * IoGetDeviceProperty; hal_io fact sheet 9. */
#include <stdio.h>
#include <string.h>

#include "nt/devobj.h"
#include "nt/exports.h"
#include "nt/guest.h"
#include "nt/object.h"
#include "nt/pnp.h"

static void guid_text(const uint8_t g[16], char out[40])
{
    snprintf(out, 40,
             "{%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-"
             "%02x%02x%02x%02x%02x%02x}",
             g[3], g[2], g[1], g[0], g[5], g[4], g[7], g[6], g[8], g[9], g[10],
             g[11], g[12], g[13], g[14], g[15]);
}

/* \??\PCI#VEN_1234&DEV_11E8#0001#{guid}: the instance path with # for \. */
static void link_name(const struct nt_device *d, uint32_t number,
                      const uint8_t guid[16], struct nt_string *out)
{
    char text[NT_NAME * 2], id[40];
    size_t n;

    guid_text(guid, id);
    snprintf(text, sizeof text, "\\??\\%s#%04u#%s", d->card.hardware_id, number,
             id);
    n = strlen(text);
    for (size_t i = 4; i < n; i++)
        if (text[i] == '\\')
            text[i] = '#';
    string_set(out, text);
}

static struct nt_interface *by_name(const struct nt *nt,
                                    const struct nt_string *name)
{
    for (uint32_t i = 0; i < nt->s.interfaces.count; i++) {
        struct nt_interface *f =
            VEC_AT(struct nt_interface, &nt->s.interfaces, i);
        if (string_equal(f->name, f->name_count, name->unit, name->count))
            return f;
    }
    return NULL;
}

static uint32_t interface_number(const struct nt *nt,
                                 const struct nt_interface *f)
{
    return (uint32_t)(f - (const struct nt_interface *)nt->s.interfaces.data) +
           1;
}

/* NTSTATUS IoRegisterDeviceInterface(Pdo, *Guid, *Reference, *LinkName). */
void thunk_IoRegisterDeviceInterface(struct call *c)
{
    struct nt *nt = nt_of(c);
    struct nt_interface f = {.device = pnp_by_pdo(nt, call_u32(c, 0))};
    struct nt_string name, reference = {0};
    uint32_t buffer;

    load(c, call_va(c, 1), f.guid, sizeof f.guid);
    if (call_u32(c, 2))
        string_load(c, call_u32(c, 2), &reference);
    if (!call_ok(c))
        return;
    if (f.device == NT_NONE) {
        call_return(c, STATUS_INVALID_DEVICE_REQUEST);
        return;
    }
    link_name(pnp_device(nt, f.device), f.device, f.guid, &name);
    if (name.count + 1u + reference.count > NT_NAME) {
        call_return(c, STATUS_NAME_TOO_LONG);
        return;
    }
    if (reference.count) {
        name.unit[name.count++] = '\\';
        memcpy(name.unit + name.count, reference.unit, reference.count * 2u);
        name.count = (uint16_t)(name.count + reference.count);
    }
    buffer = nt_pool_paged(nt, name.count * 2u + 2, TAG('I', 'o', 'I', 'f'));
    f.name_count = name.count;
    memcpy(f.name, name.unit, name.count * 2u);
    if (!buffer ||
        (!by_name(nt, &name) && !nt_push(&nt->s.interfaces, sizeof f, &f))) {
        call_return(c, STATUS_INSUFFICIENT_RESOURCES);
        return;
    }
    string_store(nt, call_u32(c, 3), buffer, name.unit, name.count);
    call_return(c, STATUS_SUCCESS);
}

static uint32_t enable(struct nt *nt, struct nt_interface *f)
{
    struct nt_string link = {.count = f->name_count}, target;
    char path[NT_NAME];
    uint32_t status, number;

    memcpy(link.unit, f->name, f->name_count * 2u);
    ob_path(nt, ob_find(nt, pnp_device(nt, f->device)->pdo), path, sizeof path);
    string_set(&target, path);
    status = ob_symlink(nt, &link, &target, &number);
    if (status == STATUS_SUCCESS) {
        ob_at(nt, number)->permanent = true;
        f->link = number;
        f->enabled = 1;
    }
    return status;
}

/* NTSTATUS IoSetDeviceInterfaceState(*LinkName, Enable). */
void thunk_IoSetDeviceInterfaceState(struct call *c)
{
    struct nt *nt = nt_of(c);
    struct nt_string name;
    struct nt_interface *f;
    bool on = call_bool(c, 1);
    uint32_t status = STATUS_SUCCESS;

    if (!string_load(c, call_u32(c, 0), &name)) {
        if (call_ok(c))
            call_return(c, STATUS_INVALID_PARAMETER);
        return;
    }
    f = by_name(nt, &name);
    if (f == NULL) {
        status = STATUS_OBJECT_NAME_NOT_FOUND;
    } else if (on == f->enabled) {
        status = on ? STATUS_OBJECT_NAME_EXISTS : STATUS_OBJECT_NAME_NOT_FOUND;
    } else if (on) {
        status = enable(nt, f);
    } else {
        ob_destroy(nt, f->link);
        f->link = f->enabled = 0;
    }
    if (status == STATUS_SUCCESS)
        pnp_post_notify(nt, interface_number(nt, f), on);
    call_return(c, status);
}

/* NTSTATUS IoGetDeviceInterfaces(*Guid, Pdo, Flags, **List): a multi-sz. */
void thunk_IoGetDeviceInterfaces(struct call *c)
{
    enum { INCLUDE_NONACTIVE = 1 };
    struct nt *nt = nt_of(c);
    uint8_t guid[16];
    uint32_t bytes = 2, list, at = 0;

    load(c, call_va(c, 0), guid, sizeof guid);
    for (int pass = 0; call_ok(c) && pass < 2; pass++) {
        if (pass == 1) {
            list = nt_pool_paged(nt, bytes, TAG('I', 'o', 'I', 'L'));
            store_u32(c, call_va(c, 3), list);
            if (list == 0 && call_ok(c)) {
                call_return(c, STATUS_INSUFFICIENT_RESOURCES);
                return;
            }
            at = list;
        }
        for (uint32_t i = 0; i < nt->s.interfaces.count; i++) {
            const struct nt_interface *f =
                VEC_AT(struct nt_interface, &nt->s.interfaces, i);
            if (memcmp(f->guid, guid, sizeof guid) != 0 ||
                (!f->enabled && !(call_u32(c, 2) & INCLUDE_NONACTIVE)) ||
                (call_u32(c, 1) && pnp_by_pdo(nt, call_u32(c, 1)) != f->device))
                continue;
            if (pass == 0) {
                bytes += f->name_count * 2u + 2;
            } else {
                nt_put(nt, at, f->name, f->name_count * 2u);
                at += f->name_count * 2u + 2;
            }
        }
    }
    if (call_ok(c))
        call_return(c, STATUS_SUCCESS);
}

/* ---- properties -------------------------------------------------------------
 */

enum property {
    P_DESCRIPTION = 0,
    P_HARDWARE_ID = 1,
    P_COMPATIBLE_IDS = 2,
    P_BOOT_CONFIGURATION = 3,
    P_BOOT_TRANSLATED = 4,
    P_CLASS_NAME = 5,
    P_MANUFACTURER = 8,
    P_FRIENDLY_NAME = 9,
    P_LOCATION = 0xa,
    P_PDO_NAME = 0xb,
    P_LEGACY_BUS_TYPE = 0xd,
    P_BUS_NUMBER = 0xe,
    P_ENUMERATOR = 0xf,
    P_ADDRESS = 0x10,
    P_UI_NUMBER = 0x11,
    P_ALLOCATED = 0x15,
};

struct property_value {
    uint8_t bytes[1024];
    uint32_t count;
};

static void value_text(struct property_value *v, const char *text)
{
    for (; *text && v->count + 4 < sizeof v->bytes; text++) {
        v->bytes[v->count++] = (uint8_t)*text;
        v->bytes[v->count++] = 0;
    }
    v->bytes[v->count++] = 0;
    v->bytes[v->count++] = 0;
}

static void value_u32(struct property_value *v, uint32_t word)
{
    memcpy(v->bytes, &word, sizeof word);
    v->count = sizeof word;
}

/* A resource list of @r, by way of pool. */
static bool value_list(struct nt *nt, const struct nt_device *d,
                       const struct nt_resource *r, unsigned count,
                       bool translated, struct property_value *v)
{
    uint32_t list = count ? resources_list(nt, d->card.bus, d->card.bus_number,
                                           r, count, translated)
                          : 0;
    bool ok;

    v->count = CM_LIST_List + CM_FULL_PartialResourceList +
               CM_PARTIAL_PartialDescriptors + count * CM_DESC_BYTES;
    ok = list && v->count <= sizeof v->bytes &&
         ke_read(nt->w.ke, gva_of(list), v->bytes, v->count);
    nt_pool_free(nt, list);
    return ok;
}

static uint32_t address_of(const struct nt_card *card)
{
    return card->bus == NT_PCI ? (uint32_t)card->slot << 16 | card->function
                               : 0xffffffffu;
}

/* The value of @which; false: the device has none. */
static bool property(struct nt *nt, const struct nt_device *d, uint32_t which,
                     struct property_value *v)
{
    const struct nt_card *card = &d->card;
    char text[NT_NAME];

    switch (which) {
    case P_DESCRIPTION:
    case P_FRIENDLY_NAME:
        value_text(v, card->description);
        return true;
    case P_HARDWARE_ID:
        value_text(v, card->hardware_id);
        v->bytes[v->count++] = 0;
        v->bytes[v->count++] = 0;
        return true;
    case P_CLASS_NAME:
        value_text(v, "Unknown");
        return true;
    case P_MANUFACTURER:
        value_text(v, "halbox");
        return true;
    case P_BOOT_CONFIGURATION:
    case P_BOOT_TRANSLATED:
        return value_list(nt, d, card->resource, card->resources,
                          which == P_BOOT_TRANSLATED, v);
    case P_ALLOCATED:
        return value_list(nt, d, d->held, d->chosen, false, v);
    case P_LOCATION:
        snprintf(text, sizeof text, "bus %u, slot %u, function %u",
                 card->bus_number, card->slot, card->function);
        value_text(v, text);
        return true;
    case P_PDO_NAME:
        ob_path(nt, ob_find(nt, d->pdo), text, sizeof text);
        value_text(v, text);
        return true;
    case P_LEGACY_BUS_TYPE:
        value_u32(v, card->bus);
        return true;
    case P_BUS_NUMBER:
        value_u32(v, card->bus_number);
        return true;
    case P_ENUMERATOR:
        value_text(v, card->bus == NT_PCI   ? "PCI"
                      : card->bus == NT_ISA ? "ISAPNP"
                                            : "Root");
        return true;
    case P_ADDRESS:
        value_u32(v, address_of(card));
        return true;
    default:
        return false;
    }
}

/* NTSTATUS IoGetDeviceProperty(Pdo, Property, Length, Buffer, *ResultLength).
 */
void thunk_IoGetDeviceProperty(struct call *c)
{
    struct nt *nt = nt_of(c);
    const struct nt_device *d = pnp_device(nt, pnp_by_pdo(nt, call_u32(c, 0)));
    struct property_value v = {.count = 0};
    uint32_t status = STATUS_SUCCESS;

    if (d == NULL) {
        call_return(c, STATUS_INVALID_DEVICE_REQUEST);
        return;
    }
    if (!property(nt, d, call_u32(c, 1), &v)) {
        v.count = 0;
        status = STATUS_OBJECT_NAME_NOT_FOUND;
    }
    store_u32(c, call_va(c, 4), v.count);
    if (status == STATUS_SUCCESS) {
        if (call_u32(c, 2) < v.count)
            status = STATUS_BUFFER_TOO_SMALL;
        else
            store(c, call_va(c, 3), v.bytes, v.count);
    }
    if (call_ok(c))
        call_return(c, status);
}
