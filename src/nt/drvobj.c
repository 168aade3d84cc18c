/* src/nt/drvobj.c -- driver objects: made for an image before DriverEntry and
 * for the bus driver that owns the PDOs. Source: hal_io fact sheet 7. */
#include <stdio.h>

#include "nt/devobj.h"
#include "nt/guest.h"
#include "nt/irp.h"
#include "nt/object.h"

enum { DRIVER_EXTENSION_ROOM = 0x40 }; /* the real one is larger than DDK's */

static bool name_it(struct nt *nt, uint32_t number, uint32_t driver,
                    uint32_t extension, const char *service)
{
    static const char hardware[] =
        "\\REGISTRY\\MACHINE\\HARDWARE\\DESCRIPTION\\SYSTEM";
    char path[NT_PATH + 16];
    struct nt_string name;
    uint32_t database;

    snprintf(path, sizeof path, "\\Driver\\%s", service);
    string_set(&name, path);
    if (ob_name(nt, number, &name) != STATUS_SUCCESS ||
        !string_alloc(nt, driver + DRVOBJ_DriverName, path) ||
        !string_alloc(nt, extension + DRVEXT_ServiceKeyName, service))
        return false;
    database = nt_pool(nt, USTR_BYTES, TAG('H', 'w', 'D', 'b'));
    nt_put32(nt, driver + DRVOBJ_HardwareDatabase, database);
    return database && string_alloc(nt, database, hardware);
}

uint32_t driver_create(struct nt *nt, const char *service)
{
    uint32_t at = nt_pool(nt, DRVOBJ_BYTES + DRIVER_EXTENSION_ROOM,
                          TAG('D', 'r', 'i', 'v'));
    uint32_t number = at ? ob_create(nt, TYPE_DRIVER, at) : 0;
    uint32_t extension = at + DRVOBJ_BYTES;

    if (number == 0) {
        nt_pool_free(nt, at);
        return 0;
    }
    ob_at(nt, number)->owns_body = true;
    nt_put16(nt, at + DRVOBJ_Type, IO_TYPE_DRIVER);
    nt_put16(nt, at + DRVOBJ_Size, DRVOBJ_BYTES);
    nt_put32(nt, at + DRVOBJ_DriverExtension, extension);
    nt_put32(nt, extension + DRVEXT_DriverObject, at);
    for (unsigned i = 0; i < IRP_MJ_COUNT; i++)
        nt_put32(nt, at + DRVOBJ_MajorFunction + 4 * i, nt->s.default_dispatch);
    if (!name_it(nt, number, at, extension, service)) {
        driver_delete(nt, at);
        return 0;
    }
    return at;
}

static bool listener_of(const void *listener, const void *driver)
{
    return ((const struct nt_listener *)listener)->driver ==
           *(const uint32_t *)driver;
}

static bool reinitialization_of(const void *r, const void *driver)
{
    return ((const struct nt_reinitialization *)r)->driver ==
           *(const uint32_t *)driver;
}

static bool claim_of(const void *claim, const void *driver)
{
    return ((const struct nt_claim *)claim)->driver ==
           *(const uint32_t *)driver;
}

void driver_delete(struct nt *nt, uint32_t driver)
{
    uint32_t number = ob_find(nt, driver);
    uint32_t database = nt_get32(nt, driver + DRVOBJ_HardwareDatabase);

    if (number == 0)
        return;
    for (uint32_t i = nt->s.extensions.count; i-- > 0;) {
        const struct nt_driver_extension *e =
            VEC_AT(struct nt_driver_extension, &nt->s.extensions, i);
        if (e->driver == driver) {
            nt_pool_free(nt, e->at);
            vec_remove(&nt->s.extensions, sizeof *e, i);
        }
    }
    vec_drop(&nt->s.listeners, sizeof(struct nt_listener), listener_of,
             &driver);
    vec_drop(&nt->s.reinitializations, sizeof(struct nt_reinitialization),
             reinitialization_of, &driver);
    vec_drop(&nt->s.claims, sizeof(struct nt_claim), claim_of, &driver);
    nt_pool_free(nt, nt_get32(nt, driver + DRVOBJ_DriverName + USTR_Buffer));
    nt_pool_free(nt, nt_get32(nt, driver + DRVOBJ_BYTES +
                                      DRVEXT_ServiceKeyName + USTR_Buffer));
    if (database) {
        nt_pool_free(nt, nt_get32(nt, database + USTR_Buffer));
        nt_pool_free(nt, database);
    }
    ob_unname(nt, number);
    ob_dereference(nt, number);
}

void driver_initialized(struct nt *nt, uint32_t driver)
{
    uint32_t device = nt_get32(nt, driver + DRVOBJ_DeviceObject);

    for (unsigned i = 0; device && i < DEVICES_MOST; i++) {
        uint32_t flags = nt_get32(nt, device + DEVOBJ_Flags);
        nt_put32(nt, device + DEVOBJ_Flags, flags & ~DO_DEVICE_INITIALIZING);
        device = nt_get32(nt, device + DEVOBJ_NextDevice);
    }
}
