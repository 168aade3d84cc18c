/* src/nt/misc.c -- configuration information, shutdown notification, error log,
 * requests for re-enumeration. Source: WDK reference pages; fact sheet 9. */
#include "nt/devobj.h"
#include "nt/exports.h"
#include "nt/guest.h"
#include "nt/object.h"
#include "nt/pnp.h"

enum { ERROR_LOG_MOST = 0xf0 }; /* ERROR_LOG_MAXIMUM_SIZE */

void thunk_IoGetConfigurationInformation(struct call *c)
{
    call_return(c, nt_of(c)->s.configuration);
}

/* PGENERIC_MAPPING of files: read, write, execute, all. It lies behind the
 * configuration information. */
void thunk_IoGetFileObjectGenericMapping(struct call *c)
{
    static const uint32_t mapping[4] = {0x120089, 0x120116, 0x1200a0, 0x1f01ff};
    struct nt *nt = nt_of(c);
    uint32_t at = nt->s.configuration + CONFIG_INFO_BYTES;

    nt_put(nt, at, mapping, sizeof mapping);
    call_return(c, at);
}

/* ---- shutdown ---------------------------------------------------------------
 */

static void register_shutdown(struct call *c, bool last_chance)
{
    struct nt *nt = nt_of(c);
    struct nt_shutdown s = {call_u32(c, 0), last_chance};
    uint32_t flags = load_u32(c, gva_of(s.device + DEVOBJ_Flags));

    store_u32(c, gva_of(s.device + DEVOBJ_Flags),
              flags | DO_SHUTDOWN_REGISTERED);
    if (!call_ok(c))
        return;
    call_return(c, nt_push(&nt->s.shutdown, sizeof s, &s)
                       ? STATUS_SUCCESS
                       : STATUS_INSUFFICIENT_RESOURCES);
}

void thunk_IoRegisterShutdownNotification(struct call *c)
{
    register_shutdown(c, false);
}

void thunk_IoRegisterLastChanceShutdownNotification(struct call *c)
{
    register_shutdown(c, true);
}

void thunk_IoUnregisterShutdownNotification(struct call *c)
{
    struct nt *nt = nt_of(c);
    uint32_t device = call_u32(c, 0);
    uint32_t flags = load_u32(c, gva_of(device + DEVOBJ_Flags));

    shutdown_forget(nt, device);
    store_u32(c, gva_of(device + DEVOBJ_Flags),
              flags & ~(uint32_t)DO_SHUTDOWN_REGISTERED);
    if (call_ok(c))
        call_return(c, 0);
}

/* ---- error log --------------------------------------------------------------
 */

void thunk_IoAllocateErrorLogEntry(struct call *c)
{
    uint8_t bytes = call_u8(c, 1);

    call_return(c, bytes && bytes <= ERROR_LOG_MOST
                       ? nt_pool(nt_of(c), bytes, TAG('I', 'o', 'E', 'r'))
                       : 0);
}

/* IO_ERROR_LOG_PACKET: ErrorCode at +0Ch, FinalStatus at +14h. */
void thunk_IoWriteErrorLogEntry(struct call *c)
{
    struct nt *nt = nt_of(c);
    uint32_t at = call_u32(c, 0);

    nt_finding(nt, "error-log", "a driver logs error %08X, final status %08X",
               nt_get32(nt, at + 0x0c), nt_get32(nt, at + 0x14));
    nt_pool_free(nt, at);
    call_return(c, 0);
}

void thunk_IoFreeErrorLogEntry(struct call *c)
{
    nt_pool_free(nt_of(c), call_u32(c, 0));
    call_return(c, 0);
}

/* ---- what has no effect here
 * --------------------------------------------------
 */

/* VOID IoSetHardErrorOrVerifyDevice(Irp, Device): which device a hard-error box
 * would be about; there is no such box. */
void thunk_IoSetHardErrorOrVerifyDevice(struct call *c)
{
    call_return(c, 0);
}

/* ---- reinitialization
 * ---------------------------------------------------------
 */

/* VOID IoRegister...DriverReinitialization(Driver, Routine, Context): called
 * with (Driver, Context, Count) after DriverEntry has returned, those of boot
 * drivers first. */
static void register_reinitialization(struct call *c, bool boot)
{
    struct nt *nt = nt_of(c);
    struct nt_reinitialization r = {call_u32(c, 0), call_u32(c, 1),
                                    call_u32(c, 2), boot};

    nt_push(&nt->s.reinitializations, sizeof r, &r);
    call_return(c, 0);
}

void thunk_IoRegisterDriverReinitialization(struct call *c)
{
    register_reinitialization(c, false);
}

void thunk_IoRegisterBootDriverReinitialization(struct call *c)
{
    register_reinitialization(c, true);
}

/* ---- re-enumeration ---------------------------------------------------------
 */

/* VOID IoInvalidateDeviceRelations(Pdo, Type). */
void thunk_IoInvalidateDeviceRelations(struct call *c)
{
    struct nt *nt = nt_of(c);

    pnp_post_invalidate(nt, pnp_by_pdo(nt, call_u32(c, 0)),
                        MN_QUERY_DEVICE_RELATIONS, call_u32(c, 1));
    call_return(c, 0);
}

/* VOID IoInvalidateDeviceState(Pdo). */
void thunk_IoInvalidateDeviceState(struct call *c)
{
    struct nt *nt = nt_of(c);

    pnp_post_invalidate(nt, pnp_by_pdo(nt, call_u32(c, 0)),
                        MN_QUERY_PNP_DEVICE_STATE, 0);
    call_return(c, 0);
}
