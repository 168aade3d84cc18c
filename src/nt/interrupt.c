/* src/nt/interrupt.c -- IoConnectInterrupt, IoDisconnectInterrupt and their Ex
 * forms: the object is made here, the chain of routines is ke's. Source: hal_io
 * fact sheet 5; WDK, "Registering an ISR". */
#include "nt/devobj.h"
#include "nt/exports.h"
#include "nt/guest.h"
#include "nt/pnp.h"

enum { KINTERRUPT_BYTES = 0x1e4 };

/* Connects @how into the pointer at @out; STATUS_x. */
static uint32_t connect(struct call *c, struct ke_interrupt *how, gva_t out)
{
    struct nt *nt = nt_of(c);
    uint32_t status;

    how->object = nt_pool(nt, KINTERRUPT_BYTES, TAG('K', 'e', 'I', ' '));
    if (how->object == 0)
        return STATUS_INSUFFICIENT_RESOURCES;
    status = ke_interrupt_connect(nt->w.ke, how);
    if (status == STATUS_SUCCESS)
        store_u32(c, out, how->object);
    else
        nt_pool_free(nt, how->object);
    return status;
}

static void disconnect(struct call *c, uint32_t object)
{
    struct nt *nt = nt_of(c);

    if (ke_interrupt_disconnect(nt->w.ke, gva_of(object)))
        nt_pool_free(nt, object);
    else
        call_finding(c, "INT-019",
                     "IoDisconnectInterrupt of %08X, which is "
                     "not connected",
                     object);
    call_return(c, 0);
}

/* NTSTATUS IoConnectInterrupt(**Object, Routine, Context, SpinLock, Vector,
 * Irql, SynchronizeIrql, Mode, Share, Affinity, FloatingSave). */
void thunk_IoConnectInterrupt(struct call *c)
{
    struct ke_interrupt how = {.routine = call_u32(c, 1),
                               .context = call_u32(c, 2),
                               .lock = call_u32(c, 3),
                               .vector = call_u32(c, 4),
                               .irql = call_u8(c, 5),
                               .synchronize_irql = call_u8(c, 6),
                               .latched = (uint8_t)(call_u32(c, 7) != 0),
                               .share = call_bool(c, 8)};
    uint32_t status = STATUS_INVALID_PARAMETER;

    store_u32(c, call_va(c, 0), 0);
    if (!call_ok(c))
        return;
    if (call_u32(c, 9) & 1 && !call_bool(c, 10))
        status = connect(c, &how, call_va(c, 0));
    call_return(c, status);
}

void thunk_IoDisconnectInterrupt(struct call *c)
{
    disconnect(c, call_u32(c, 0));
}

/* ---- the Ex forms -----------------------------------------------------------
 */

enum { CONNECT_FULLY_SPECIFIED = 1, CONNECT_LINE_BASED, CONNECT_MESSAGE_BASED };
enum { /* IO_CONNECT_INTERRUPT_PARAMETERS */
       EX_VERSION = 0,
       EX_PDO = 4,
       EX_OBJECT = 8,
       EX_ROUTINE = 0xc,
       EX_CONTEXT = 0x10,
       EX_LOCK = 0x14,
       EX_SYNCHRONIZE = 0x18,
       EX_FLOATING = 0x19,
       EX_SHARE = 0x1a,
       EX_VECTOR = 0x1c,
       EX_IRQL = 0x20,
       EX_MODE = 0x24,
       EX_PROCESSORS = 0x28,
       EX_FALLBACK = 0x1c, /* of the message-based form */
};
enum { /* CM_RESOURCE_LIST of one full descriptor */
       LIST_COUNT = 0x10,
       LIST_FIRST = 0x14,
       DESCRIPTOR_BYTES = 0x10,
       DESCRIPTOR_SHARE = 1,
       DESCRIPTOR_FLAGS = 2,
       DESCRIPTOR_LEVEL = 4,
       DESCRIPTOR_VECTOR = 8,
       TYPE_INTERRUPT = 2,
       SHARED = 3,
       LATCHED = 1,
       DESCRIPTORS_MOST = 64,
};

/* The interrupt that @pdo was given. */
static bool line_of(const struct nt *nt, uint32_t pdo, struct ke_interrupt *how)
{
    const struct nt_device *d = pnp_device(nt, pnp_by_pdo(nt, pdo));
    uint32_t count;

    if (d == NULL || d->translated == 0)
        return false;
    count = nt_get32(nt, d->translated + LIST_COUNT);
    for (uint32_t i = 0; i < count && i < DESCRIPTORS_MOST; i++) {
        uint32_t at = d->translated + LIST_FIRST + i * DESCRIPTOR_BYTES;

        if (nt_get8(nt, at) != TYPE_INTERRUPT)
            continue;
        how->vector = nt_get32(nt, at + DESCRIPTOR_VECTOR);
        how->irql = nt_get8(nt, at + DESCRIPTOR_LEVEL);
        how->latched = nt_get16(nt, at + DESCRIPTOR_FLAGS) & LATCHED;
        how->share = nt_get8(nt, at + DESCRIPTOR_SHARE) == SHARED;
        return true;
    }
    return false;
}

static void read_fully(struct call *c, gva_t at, struct ke_interrupt *how)
{
    how->share = load_u8(c, gva_add(at, EX_SHARE)) != 0;
    how->vector = load_u32(c, gva_add(at, EX_VECTOR));
    how->irql = load_u8(c, gva_add(at, EX_IRQL));
    how->latched = load_u32(c, gva_add(at, EX_MODE)) != 0;
}

/* The version that is done: looking up a device's lines came with Windows
 * Vista, and a message-based request of a device that has none is connected by
 * its line. 0: what the caller asks for is not there. */
static uint32_t served(const struct nt *nt, uint32_t version)
{
    if (version == CONNECT_FULLY_SPECIFIED)
        return version;
    if (nt->w.mm->s.settings.era < MM_W8 || version < CONNECT_LINE_BASED ||
        version > CONNECT_MESSAGE_BASED)
        return 0;
    return CONNECT_LINE_BASED;
}

/* NTSTATUS IoConnectInterruptEx(*Parameters). Before Vista its place is taken
 * by a library that knows the fully specified form and says so in Version. */
void thunk_IoConnectInterruptEx(struct call *c)
{
    gva_t at = call_va(c, 0), out;
    uint32_t version = load_u32(c, gva_add(at, EX_VERSION)), as;
    struct ke_interrupt how = {0};
    uint32_t pdo = load_u32(c, gva_add(at, EX_PDO));
    bool fits;

    if (!call_ok(c))
        return;
    as = served(nt_of(c), version);
    if (as == 0) {
        store_u32(c, gva_add(at, EX_VERSION), CONNECT_FULLY_SPECIFIED);
        if (call_ok(c))
            call_return(c, STATUS_NOT_SUPPORTED);
        return;
    }
    out = gva_of(load_u32(c, gva_add(at, EX_OBJECT)));
    how.routine =
        load_u32(c, gva_add(at, version == CONNECT_MESSAGE_BASED ? EX_FALLBACK
                                                                 : EX_ROUTINE));
    how.context = load_u32(c, gva_add(at, EX_CONTEXT));
    how.lock = load_u32(c, gva_add(at, EX_LOCK));
    how.synchronize_irql = load_u8(c, gva_add(at, EX_SYNCHRONIZE));
    fits = !load_u8(c, gva_add(at, EX_FLOATING));
    if (as == CONNECT_FULLY_SPECIFIED) {
        read_fully(c, at, &how);
        fits = fits && load_u32(c, gva_add(at, EX_PROCESSORS)) & 1;
    } else {
        fits = fits && line_of(nt_of(c), pdo, &how) && how.routine;
        if (how.synchronize_irql == 0)
            how.synchronize_irql = how.irql;
    }
    store_u32(c, gva_add(at, EX_VERSION), as);
    store_u32(c, out, 0);
    if (!call_ok(c))
        return;
    call_return(c, fits ? connect(c, &how, out) : STATUS_INVALID_PARAMETER);
}

/* VOID IoDisconnectInterruptEx(*Parameters): Version, object. */
void thunk_IoDisconnectInterruptEx(struct call *c)
{
    uint32_t object = load_u32(c, gva_add(call_va(c, 0), 4));

    if (call_ok(c))
        disconnect(c, object);
}
