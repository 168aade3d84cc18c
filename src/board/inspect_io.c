/* src/board/inspect_io.c -- drivers, device stacks and requests; the names that
 * the WDK gives to function codes. */
#include "board/board.h"
#include "halbox/inspect.h"

bool inspect_driver_at(const struct machine *m, unsigned index,
                       struct inspect_driver *driver)
{
    return !m->config.bare && nt_driver_at(m->nt, index, driver);
}

bool inspect_device_object_at(const struct machine *m, unsigned index,
                              struct inspect_device_object *device)
{
    return !m->config.bare && nt_device_object_at(m->nt, index, device);
}

bool inspect_stack_at(const struct machine *m, gva_t device, unsigned index,
                      struct inspect_device_object *out)
{
    return !m->config.bare && nt_stack_at(m->nt, device, index, out);
}

bool inspect_queued_at(const struct machine *m, gva_t device, unsigned index,
                       gva_t *irp)
{
    return !m->config.bare && nt_queued_at(m->nt, device, index, irp);
}

bool inspect_irp_at(const struct machine *m, unsigned index,
                    struct inspect_irp *irp)
{
    return !m->config.bare && nt_irp_at(m->nt, index, irp);
}

bool inspect_location_at(const struct machine *m, gva_t irp, unsigned index,
                         struct inspect_location *out)
{
    return !m->config.bare && nt_location_at(m->nt, irp, index, out);
}

/* ---- names ---------------------------------------------------------------*/

enum { MJ_POWER = 0x16, MJ_PNP = 0x1b };

#define NAME_IN(names, i)                                                      \
    ((i) < sizeof(names) / sizeof *(names) && (names)[i] ? (names)[i] : "")

const char *inspect_major_name(uint8_t major)
{
    static const char *const names[INSPECT_MAJORS] = {
        "IRP_MJ_CREATE",
        "IRP_MJ_CREATE_NAMED_PIPE",
        "IRP_MJ_CLOSE",
        "IRP_MJ_READ",
        "IRP_MJ_WRITE",
        "IRP_MJ_QUERY_INFORMATION",
        "IRP_MJ_SET_INFORMATION",
        "IRP_MJ_QUERY_EA",
        "IRP_MJ_SET_EA",
        "IRP_MJ_FLUSH_BUFFERS",
        "IRP_MJ_QUERY_VOLUME_INFORMATION",
        "IRP_MJ_SET_VOLUME_INFORMATION",
        "IRP_MJ_DIRECTORY_CONTROL",
        "IRP_MJ_FILE_SYSTEM_CONTROL",
        "IRP_MJ_DEVICE_CONTROL",
        "IRP_MJ_INTERNAL_DEVICE_CONTROL",
        "IRP_MJ_SHUTDOWN",
        "IRP_MJ_LOCK_CONTROL",
        "IRP_MJ_CLEANUP",
        "IRP_MJ_CREATE_MAILSLOT",
        "IRP_MJ_QUERY_SECURITY",
        "IRP_MJ_SET_SECURITY",
        "IRP_MJ_POWER",
        "IRP_MJ_SYSTEM_CONTROL",
        "IRP_MJ_DEVICE_CHANGE",
        "IRP_MJ_QUERY_QUOTA",
        "IRP_MJ_SET_QUOTA",
        "IRP_MJ_PNP",
    };

    return NAME_IN(names, major);
}

const char *inspect_minor_name(uint8_t major, uint8_t minor)
{
    static const char *const pnp[] = {
        "IRP_MN_START_DEVICE",
        "IRP_MN_QUERY_REMOVE_DEVICE",
        "IRP_MN_REMOVE_DEVICE",
        "IRP_MN_CANCEL_REMOVE_DEVICE",
        "IRP_MN_STOP_DEVICE",
        "IRP_MN_QUERY_STOP_DEVICE",
        "IRP_MN_CANCEL_STOP_DEVICE",
        "IRP_MN_QUERY_DEVICE_RELATIONS",
        "IRP_MN_QUERY_INTERFACE",
        "IRP_MN_QUERY_CAPABILITIES",
        "IRP_MN_QUERY_RESOURCES",
        "IRP_MN_QUERY_RESOURCE_REQUIREMENTS",
        "IRP_MN_QUERY_DEVICE_TEXT",
        "IRP_MN_FILTER_RESOURCE_REQUIREMENTS",
        NULL,
        "IRP_MN_READ_CONFIG",
        "IRP_MN_WRITE_CONFIG",
        "IRP_MN_EJECT",
        "IRP_MN_SET_LOCK",
        "IRP_MN_QUERY_ID",
        "IRP_MN_QUERY_PNP_DEVICE_STATE",
        "IRP_MN_QUERY_BUS_INFORMATION",
        "IRP_MN_DEVICE_USAGE_NOTIFICATION",
        "IRP_MN_SURPRISE_REMOVAL",
    };
    static const char *const power[] = {
        "IRP_MN_WAIT_WAKE",
        "IRP_MN_POWER_SEQUENCE",
        "IRP_MN_SET_POWER",
        "IRP_MN_QUERY_POWER",
    };

    if (major == MJ_PNP)
        return NAME_IN(pnp, minor);
    return major == MJ_POWER ? NAME_IN(power, minor) : "";
}
