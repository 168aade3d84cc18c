/* src/nt/irp.c -- packets made, sent and waited for. See irp.h. */
#include "nt/irp.h"

#include <string.h>

#include "nt/devobj.h"
#include "nt/guest.h"
#include "nt/verify.h"

struct nt_irp *irp_record(const struct nt *nt, uint32_t at)
{
    if (at == 0)
        return NULL;
    for (uint32_t i = 0; i < nt->s.irps.count; i++) {
        struct nt_irp *r = VEC_AT(struct nt_irp, &nt->s.irps, i);
        if (r->at == at)
            return r;
    }
    return NULL;
}

static struct nt_irp *new_record(struct nt *nt)
{
    for (uint32_t i = 0; i < nt->s.irps.count; i++) {
        struct nt_irp *r = VEC_AT(struct nt_irp, &nt->s.irps, i);
        if (r->at == 0)
            return r;
    }
    return nt_push(&nt->s.irps, sizeof(struct nt_irp), NULL);
}

void irp_initialize(struct nt *nt, uint32_t at, uint16_t bytes, unsigned count)
{
    static const uint8_t zero[IRP_BYTES];
    uint32_t end = at + IRP_BYTES + count * SL_BYTES;

    for (uint32_t p = at; p < at + bytes;) {
        uint32_t n = at + bytes - p;
        if (n > sizeof zero)
            n = sizeof zero;
        nt_put(nt, p, zero, n);
        p += n;
    }
    nt_put16(nt, at + IRP_Type, IRP_TYPE);
    nt_put16(nt, at + IRP_Size, bytes);
    nt_put8(nt, at + IRP_StackCount, (uint8_t)count);
    nt_put8(nt, at + IRP_CurrentLocation, (uint8_t)(count + 1));
    nt_put32(nt, at + IRP_ThreadListEntry + LIST_ENTRY_Flink,
             at + IRP_ThreadListEntry);
    nt_put32(nt, at + IRP_ThreadListEntry + LIST_ENTRY_Blink,
             at + IRP_ThreadListEntry);
    nt_put32(nt, at + IRP_CurrentStackLocation, end);
}

uint32_t irp_allocate(struct nt *nt, unsigned count, enum irp_origin origin)
{
    uint32_t bytes = IRP_BYTES + count * SL_BYTES, at;
    struct nt_irp *r;

    if (count > IRP_MOST_LOCATIONS || !(r = new_record(nt)))
        return 0;
    at = nt_pool(nt, bytes, TAG('I', 'r', 'p', ' '));
    if (at == 0)
        return 0;
    irp_initialize(nt, at, (uint16_t)bytes, count);
    *r = (struct nt_irp){.at = at,
                         .origin = (uint8_t)origin,
                         .thread = ke_current_thread(nt->w.ke)};
    if (origin != IRP_DRIVER)
        nt_put32(nt, at + IRP_Thread, ke_thread_object(nt->w.ke, r->thread).v);
    return at;
}

void irp_free(struct nt *nt, uint32_t at)
{
    struct nt_irp *r = irp_record(nt, at);

    if (r)
        *r = (struct nt_irp){0};
    nt_pool_free(nt, at);
}

uint32_t irp_current(const struct nt *nt, uint32_t irp)
{
    return nt_get32(nt, irp + IRP_CurrentStackLocation);
}

uint32_t irp_next(const struct nt *nt, uint32_t irp)
{
    return irp_current(nt, irp) - SL_BYTES;
}

/* Is it a packet for a device object, at a level where one may be sent? Without
 * the checks what is no device faults as it would on NT. */
static bool may_send(struct call *c, uint32_t device, uint32_t irp)
{
    if (load_u16(c, gva_of(irp + IRP_Type)) != IRP_TYPE && call_ok(c) &&
        !io_misuse(c, IO_SEND_TYPE, irp, 0, 0,
                   "IoCallDriver of %08X, which is no IRP", irp))
        return false;
    if (!device_is(nt_of(c), device) && call_ok(c) &&
        !io_misuse(c, IO_SEND_DEVICE, device, 0, 0,
                   "IoCallDriver to %08X, which is no device object", device))
        return false;
    if (call_irql(c) > DISPATCH_LEVEL && call_ok(c) &&
        !io_misuse(c, IO_SEND_IRQL, call_irql(c), 0, 0,
                   "IoCallDriver at IRQL %u", call_irql(c)))
        return false;
    return call_ok(c);
}

void irp_send(struct call *c, uint32_t device, uint32_t irp, unsigned next)
{
    int8_t location = (int8_t)load_u8(c, gva_of(irp + IRP_CurrentLocation));
    uint32_t at =
        load_u32(c, gva_of(irp + IRP_CurrentStackLocation)) - SL_BYTES;
    uint32_t driver, routine, args[2] = {device, irp};
    uint8_t major, minor;

    if (!call_ok(c) || !may_send(c, device, irp))
        return;
    if (location - 1 <= 0) {
        call_bugcheck(c, 0x35, irp, 0, 0, 0); /* NO_MORE_IRP_STACK_LOCATIONS */
        return;
    }
    major = load_u8(c, gva_of(at + SL_MajorFunction));
    minor = load_u8(c, gva_of(at + SL_MinorFunction));
    driver = load_u32(c, gva_of(device + DEVOBJ_DriverObject));
    routine = load_u32(c, gva_of(driver + DRVOBJ_MajorFunction + 4u * major));
    if (!call_ok(c))
        return;
    store_u8(c, gva_of(irp + IRP_CurrentLocation), (uint8_t)(location - 1));
    store_u32(c, gva_of(irp + IRP_CurrentStackLocation), at);
    store_u32(c, gva_of(at + SL_DeviceObject), device);
    if (!call_ok(c))
        return;
    c->w[IRP_SENT_WORD] = at;
    EMIT(nt_of(c)->w.events, irp_call, irp, major, minor, device,
         (uint64_t)location - 1);
    call_guest(c, gva_of(routine), 2, args, next);
}

/* The dispatch routine that location @at was for. */
static uint32_t dispatch_routine(const struct nt *nt, uint32_t at)
{
    uint32_t device = nt_get32(nt, at + SL_DeviceObject);
    uint32_t driver = nt_get32(nt, device + DEVOBJ_DriverObject);

    return nt_get32(nt, driver + DRVOBJ_MajorFunction +
                            4u * nt_get8(nt, at + SL_MajorFunction));
}

static void mark_mismatch(struct call *c, uint32_t irp, bool marked)
{
    call_finding(c, "IRP-016",
                 marked ? "IRP %08X was marked pending and %08X returned"
                        : "IRP %08X was not marked pending and %08X "
                          "returned",
                 irp, c->eax);
}

bool irp_returned(struct call *c, uint32_t irp)
{
    const struct nt *nt = nt_of(c);
    const struct nt_irp *r = irp_record(nt, irp);
    uint32_t at = c->w[IRP_SENT_WORD];
    bool marked;

    EMIT(nt->w.events, irp_return, irp, c->eax);
    if (r && r->done) { /* up to its issuer: what the top said of it counts */
        marked = r->returned_pending;
        if (marked != (c->eax == STATUS_PENDING))
            mark_mismatch(c, irp, marked);
        return true;
    }
    /* Completed, or passed on to a driver below: its routine may carry the mark
     * up later. */
    if (r == NULL || irp_current(nt, irp) != at)
        return true;
    marked = nt_get8(nt, at + SL_Control) & SL_PENDING_RETURNED;
    if (marked != (c->eax == STATUS_PENDING))
        mark_mismatch(c, irp, marked);
    return marked || c->eax == STATUS_PENDING ||
           io_misuse(c, IO_DISPATCH_FORGOT, dispatch_routine(nt, at), irp, 0,
                     "a dispatch routine returned %08X without completing, "
                     "passing on or pending IRP %08X",
                     c->eax, irp);
}

bool irp_wait(struct call *c, uint32_t irp, unsigned state)
{
    struct nt *nt = nt_of(c);
    struct nt_irp *r = irp_record(nt, irp);
    gva_t wake;

    if (c->state == state && r && !irp_returned(c, irp))
        return false;
    if (r == NULL || r->done)
        return true;
    if (c->state == state && c->eax != STATUS_PENDING) {
        nt_put32(nt, irp + IRP_Status, c->eax); /* the driver forgot it */
        return true;
    }
    if (c->state == state + 1 && c->eax == STATUS_USER_APC) {
        /* the thread is to end: the request is cancelled, and waited for */
        call_guest(c, call_stub(c, "IoCancelIrp"), 1, &irp, state + 1);
        return false;
    }
    wake = gva_of(r->wake);
    ke_reset_event(nt->w.ke, wake);
    call_wait(c, 1, &wake, true, WAIT_FOREVER, state + 1);
    return false;
}
