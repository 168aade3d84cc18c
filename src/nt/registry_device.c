/* src/nt/registry_device.c -- the keys that belong to a device and to a device
 * interface. Source: WDK IoOpenDeviceRegistryKey,
 * IoOpenDeviceInterfaceRegistryKey. */
#include <stdio.h>
#include <string.h>

#include "nt/exports.h"
#include "nt/guest.h"
#include "nt/pnp.h"

enum { PLUGPLAY_REGKEY_DEVICE = 1, PLUGPLAY_REGKEY_DRIVER = 2 };

/* A handle to the key at @path, made if it is not there, stored at @to. */
static void answer(struct call *c, const char *path, uint32_t access,
                   uint32_t to)
{
    struct nt *nt = nt_of(c);
    uint32_t handle = 0, key, status;

    store_u32(c, gva_of(to), 0);
    if (!call_ok(c))
        return;
    key = hive_make_text(&nt->s.registry, path);
    status = key ? hive_handle(nt, key, access, &handle)
                 : STATUS_INSUFFICIENT_RESOURCES;
    store_u32(c, gva_of(to), handle);
    call_return(c, status);
}

/* NTSTATUS IoOpenDeviceRegistryKey(Pdo, Type, Access, *Handle). */
void thunk_IoOpenDeviceRegistryKey(struct call *c)
{
    struct nt *nt = nt_of(c);
    uint32_t number = pnp_by_pdo(nt, call_u32(c, 0));
    const struct nt_device *d = pnp_device(nt, number);
    char path[256];

    if (!d) {
        call_return(c, STATUS_INVALID_DEVICE_REQUEST);
        return;
    }
    switch (call_u32(c, 1) & 3) {
    case PLUGPLAY_REGKEY_DEVICE:
        pnp_key(nt, number, "Device Parameters", path, sizeof path);
        break;
    case PLUGPLAY_REGKEY_DRIVER:
        snprintf(path, sizeof path,
                 "Machine\\System\\CurrentControlSet\\Control\\Class\\%04u",
                 number);
        break;
    default:
        call_return(c, STATUS_INVALID_PARAMETER);
        return;
    }
    answer(c, path, call_u32(c, 2), call_u32(c, 3));
}

/* NTSTATUS IoOpenDeviceInterfaceRegistryKey(LinkName, Access, *Handle): the key
 * is named after the link, its backslashes made '#'. */
void thunk_IoOpenDeviceInterfaceRegistryKey(struct call *c)
{
    static const char base[] =
        "Machine\\System\\CurrentControlSet\\Control\\DeviceClasses\\";
    struct nt_string name;
    char path[sizeof base + NT_NAME];
    char *at = path + sizeof base - 1;

    if (!string_load(c, call_u32(c, 0), &name) || !name.count ||
        name.count >= NT_NAME) {
        if (call_ok(c))
            call_return(c, STATUS_INVALID_PARAMETER);
        return;
    }
    memcpy(path, base, sizeof base);
    string_text(name.unit, name.count, at, NT_NAME);
    for (; *at; at++)
        if (*at == '\\')
            *at = '#';
    answer(c, path, call_u32(c, 1), call_u32(c, 2));
}
