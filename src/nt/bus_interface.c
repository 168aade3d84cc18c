/* src/nt/bus_interface.c -- GUID_BUS_INTERFACE_STANDARD asked of a PDO's stack,
 * for IoGetDmaAdapter: a bus driver may have a GetDmaAdapter of its own.
 * Source: WDK, IRP_MN_QUERY_INTERFACE and BUS_INTERFACE_STANDARD. */
#include "nt/devobj.h"
#include "nt/exports.h"
#include "nt/guest.h"
#include "nt/irp.h"
#include "nt/pnp.h"

enum { INTERFACE_BYTES = 0x20, INTERFACE_VERSION = 1 };
/* what the routine needs in guest memory while it waits */
enum { AT_EVENT = 0, AT_GUID = 16, PLACE_BYTES = 32 };
enum { W_IRP, W_PLACE };
enum { ASK_ENTER, ASK_SENT }; /* irp_wait() has ASK_SENT + 1 too */

/* {496B8280-6F25-11D0-BEAF-08002BE2092F}, wdmguid.h */
static const uint8_t bus_interface_standard[16] = {
    0x80, 0x82, 0x6b, 0x49, 0x25, 0x6f, 0xd0, 0x11,
    0xbe, 0xaf, 0x08, 0x00, 0x2b, 0xe2, 0x09, 0x2f};

static uint32_t make_irp(struct nt *nt, uint32_t top, uint32_t place,
                         uint32_t interface)
{
    uint32_t irp = job_irp(nt, top, IRP_MJ_PNP, MN_QUERY_INTERFACE), at;

    if (!irp)
        return 0;
    irp_record(nt, irp)->wake = place + AT_EVENT;
    ke_event_init(nt->w.ke, gva_of(place + AT_EVENT), EVENT_NOTIFICATION,
                  false);
    nt_put(nt, place + AT_GUID, bus_interface_standard, 16);
    at = irp_next(nt, irp);
    nt_put32(nt, at + SL_QueryInterface_InterfaceType, place + AT_GUID);
    nt_put16(nt, at + SL_QueryInterface_Size, INTERFACE_BYTES);
    nt_put16(nt, at + SL_QueryInterface_Version, INTERFACE_VERSION);
    nt_put32(nt, at + SL_QueryInterface_Interface, interface);
    return irp;
}

/* NTSTATUS NtpQueryBusInterface(Pdo, *Interface): 20h zeroed bytes of nonpaged
 * memory. Below DISPATCH_LEVEL, as it waits for the stack. */
void thunk_NtpQueryBusInterface(struct call *c)
{
    struct nt *nt = nt_of(c);
    uint32_t pdo = call_u32(c, 0), top, status;

    if (c->state == ASK_ENTER) {
        if (!device_is(nt, pdo)) {
            call_return(c, STATUS_NO_SUCH_DEVICE);
            return;
        }
        top = device_top(nt, pdo);
        c->w[W_PLACE] = nt_pool(nt, PLACE_BYTES, TAG('P', 'n', 'p', 'I'));
        c->w[W_IRP] = c->w[W_PLACE]
                          ? make_irp(nt, top, c->w[W_PLACE], call_u32(c, 1))
                          : 0;
        if (!c->w[W_IRP]) {
            nt_pool_free(nt, c->w[W_PLACE]);
            call_return(c, STATUS_INSUFFICIENT_RESOURCES);
            return;
        }
        irp_send(c, top, c->w[W_IRP], ASK_SENT);
        return;
    }
    if (!irp_wait(c, c->w[W_IRP], ASK_SENT))
        return;
    status = irp_finish(c, c->w[W_IRP]);
    nt_pool_free(nt, c->w[W_PLACE]);
    call_return(c, status);
}
