/* src/nt/irp.c -- packets made, sent and waited for. See irp.h. */
#include "nt/irp.h"

#include <string.h>

#include "nt/guest.h"

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

void irp_send(struct call *c, uint32_t device, uint32_t irp, unsigned next)
{
    int8_t location = (int8_t)load_u8(c, gva_of(irp + IRP_CurrentLocation));
    uint32_t at =
        load_u32(c, gva_of(irp + IRP_CurrentStackLocation)) - SL_BYTES;
    uint32_t driver, routine, args[2] = {device, irp};
    uint8_t major, minor;

    if (!call_ok(c))
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
    EMIT(nt_of(c)->w.events, irp_call, irp, major, minor, device);
    call_guest(c, gva_of(routine), 2, args, next);
}

void irp_returned(struct call *c, uint32_t irp)
{
    const struct nt *nt = nt_of(c);
    const struct nt_irp *r = irp_record(nt, irp);
    uint32_t at = c->w[IRP_SENT_WORD];
    bool marked;

    /* Completed, or passed on to a driver below: its routine may carry the mark
     * up later. */
    if (r == NULL || r->done || irp_current(nt, irp) != at)
        return;
    marked = nt_get8(nt, at + SL_Control) & SL_PENDING_RETURNED;
    if (marked != (c->eax == STATUS_PENDING))
        call_finding(c, "IRP-016",
                     marked ? "IRP %08X was marked pending and %08X returned"
                            : "IRP %08X was not marked pending and %08X "
                              "returned",
                     irp, c->eax);
}

bool irp_wait(struct call *c, uint32_t irp, unsigned state)
{
    struct nt *nt = nt_of(c);
    struct nt_irp *r = irp_record(nt, irp);
    gva_t wake;

    if (r == NULL || r->done)
        return true;
    if (c->state == state && c->eax == STATUS_PENDING)
        irp_returned(c, irp);
    if (c->state == state && c->eax != STATUS_PENDING) {
        call_finding(c, "C9-226",
                     "dispatch routine returned %08X without "
                     "completing, passing on or pending IRP %08X",
                     c->eax, irp);
        nt_put32(nt, irp + IRP_Status, c->eax);
        return true;
    }
    wake = gva_of(r->wake);
    ke_reset_event(nt->w.ke, wake);
    call_wait(c, 1, &wake, true, WAIT_FOREVER, state + 1);
    return false;
}
