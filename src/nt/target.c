/* src/nt/target.c -- what a driver tells those who hold its device open, and
 * its wish to be ejected. Source: WDK IoReportTargetDeviceChangeAsynchronous,
 * TARGET_DEVICE_CUSTOM_NOTIFICATION, IoRequestDeviceEject. */
#include <string.h>

#include "nt/devobj.h"
#include "nt/exports.h"
#include "nt/guest.h"
#include "nt/object.h"
#include "nt/pnp.h"

enum { /* TARGET_DEVICE_CUSTOM_NOTIFICATION */
       CUSTOM_VERSION = 0,
       CUSTOM_SIZE = 2,
       CUSTOM_EVENT = 4,
       CUSTOM_FILE = 0x14,
       CUSTOM_NAME = 0x18,
       CUSTOM_BYTES = 0x1c,
};
enum { INVALID_PDO = 2, PNP_DETECTED_FATAL_ERROR = 0xca };
enum { T_NEXT = 1, T_CALLED_BACK = 2 };

/* Events of Plug and Play's own: {cb3a4006-...} query remove, 7 remove
 * cancelled, 8 remove complete; no driver may report them. */
static bool reserved(const uint8_t guid[16])
{
    static const uint8_t pnp[15] = {0x40, 0x3a, 0xcb, 0xf0, 0x46,
                                    0xd0, 0x11, 0xb0, 0x8f, 0x00,
                                    0x60, 0x97, 0x13, 0x05, 0x3f};

    return guid[0] >= 6 && guid[0] <= 8 && !memcmp(guid + 1, pnp, sizeof pnp);
}

/* The device that @pdo is of; NT_NONE, with the bugcheck done: none. */
static uint32_t device_of(struct call *c, uint32_t pdo)
{
    uint32_t device = pnp_by_pdo(nt_of(c), pdo);

    if (device == NT_NONE)
        call_bugcheck(c, PNP_DETECTED_FATAL_ERROR, INVALID_PDO, pdo, 0, 0);
    return device;
}

/* NTSTATUS IoReportTargetDeviceChangeAsynchronous(Pdo, *Notification, Callback,
 * Context): all who registered for a file of the device are called from the PnP
 * thread with a copy, then the callback. */
void thunk_IoReportTargetDeviceChangeAsynchronous(struct call *c)
{
    struct nt *nt = nt_of(c);
    uint32_t from = call_u32(c, 1), copy, device;
    uint16_t bytes = load_u16(c, gva_of(from + CUSTOM_SIZE));
    uint16_t version = load_u16(c, gva_of(from + CUSTOM_VERSION));
    uint8_t guid[16], piece[64];
    struct nt_ticket *t;

    load(c, gva_of(from + CUSTOM_EVENT), guid, sizeof guid);
    if (!call_ok(c) || (device = device_of(c, call_u32(c, 0))) == NT_NONE)
        return;
    if (version != 1 || bytes < CUSTOM_BYTES || reserved(guid)) {
        call_return(c, STATUS_INVALID_DEVICE_REQUEST);
        return;
    }
    copy = nt_pool(nt, bytes, TAG('P', 'n', 'p', 'T'));
    for (uint32_t at = 0; copy && at < bytes && call_ok(c);
         at += sizeof piece) {
        uint32_t n = bytes - at < sizeof piece ? bytes - at : sizeof piece;

        load(c, gva_of(from + at), piece, n);
        nt_put(nt, copy + at, piece, n);
    }
    t = copy && call_ok(c) ? ticket_new(nt, JOB_TARGET) : NULL;
    if (t == NULL) {
        nt_pool_free(nt, copy);
        call_return(c, STATUS_INSUFFICIENT_RESOURCES);
        return;
    }
    t->device = device;
    t->block = copy;
    t->nobody = 1;
    t->call.args[0] = call_u32(c, 2);
    t->call.args[1] = call_u32(c, 3);
    pnp_wake(nt);
    call_return(c, STATUS_PENDING);
}

/* Step: one listener after the other, at last the reporter's callback. */
bool job_target(struct call *c, struct nt_ticket *t)
{
    struct nt *nt = nt_of(c);
    struct nt_job *job = &nt->s.job;
    const struct nt_device *d = pnp_device(nt, t->device);

    while (d && d->pdo && job->cursor < nt->s.listeners.count) {
        const struct nt_listener *l =
            VEC_AT(struct nt_listener, &nt->s.listeners, job->cursor++);
        uint32_t args[2] = {t->block, l->context};
        uint32_t device =
            l->file ? nt_get32(nt, l->file + FILEOBJ_DeviceObject) : 0;

        if (device == 0 || device_bottom(nt, device) != d->pdo)
            continue;
        nt_put32(nt, t->block + CUSTOM_FILE, l->file);
        return job_call(c, l->routine, 2, args, T_NEXT);
    }
    if (t->call.args[0] && job->step != T_CALLED_BACK)
        return job_call(c, t->call.args[0], 1, &t->call.args[1], T_CALLED_BACK);
    nt_pool_free(nt, t->block);
    return job_over(c, t, STATUS_SUCCESS);
}

/* VOID IoRequestDeviceEject(Pdo): as if somebody had pressed its button. */
void thunk_IoRequestDeviceEject(struct call *c)
{
    struct nt *nt = nt_of(c);
    uint32_t device = device_of(c, call_u32(c, 0));

    if (device == NT_NONE)
        return;
    nt_ticket_free(nt, nt_device_request(nt, device, NT_PNP_EJECT));
    call_return(c, 0);
}
