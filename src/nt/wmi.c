/* src/nt/wmi.c -- providers: IoWMIRegistrationControl, and the worker that asks
 * a device what it provides. Source: WDK IRP_MN_REGINFO_EX, IRP_MN_REGINFO,
 * WMIREGINFO; wmistr.h. */
#include "nt/wmi.h"

#include <string.h>

#include "nt/devobj.h"
#include "nt/exports.h"
#include "nt/guest.h"
#include "nt/irp.h"
#include "nt/object.h"

enum { /* actions; flags stand in the high word */
       WMIREG_REGISTER = 1,
       WMIREG_DEREGISTER,
       WMIREG_REREGISTER,
       WMIREG_UPDATE_GUIDS,
       WMIREG_BLOCK_IRPS,
};
#define WMIREG_FLAG_CALLBACK 0x80000000u
enum { WMIREGISTER, WMIUPDATE };
enum { /* WMIREGINFO and WMIREGGUID */
       INFO_BYTES = 0,
       INFO_COUNT = 0x10,
       INFO_GUIDS = 0x14,
       GUID_FLAGS = 0x10,
       GUID_INSTANCES = 0x14,
       GUID_ENTRY = 0x1c,
       GUIDS_MOST = 1024,
};
enum { FIRST_BYTES = 4096, BYTES_MOST = 65536 };

/* ---- requests
 * --------------------------------------------------------------------
 */

bool wmi_send(struct call *c, uint8_t minor, uint32_t device, uint32_t path,
              uint32_t buffer, uint32_t bytes, unsigned state)
{
    struct nt *nt = nt_of(c);
    uint32_t top = device_top(nt, device);
    uint32_t irp =
        irp_allocate(nt, nt_get8(nt, top + DEVOBJ_StackSize), IRP_MANAGER);
    uint32_t event = nt_pool(nt, 16, TAG('W', 'm', 'i', 'p')), at;

    if (irp == 0 || event == 0) {
        if (irp)
            irp_free(nt, irp);
        nt_pool_free(nt, event);
        return false;
    }
    ke_event_init(nt->w.ke, gva_of(event), EVENT_NOTIFICATION, false);
    irp_record(nt, irp)->wake = event;
    nt_put32(nt, irp + IRP_Status, STATUS_NOT_SUPPORTED);
    at = irp_next(nt, irp);
    nt_put8(nt, at + SL_MajorFunction, IRP_MJ_SYSTEM_CONTROL);
    nt_put8(nt, at + SL_MinorFunction, minor);
    nt_put32(nt, at + SL_WMI_ProviderId, device);
    nt_put32(nt, at + SL_WMI_DataPath, path);
    nt_put32(nt, at + SL_WMI_BufferSize, bytes);
    nt_put32(nt, at + SL_WMI_Buffer, buffer);
    c->w[W_IRP] = irp;
    c->w[W_EVENT] = event;
    irp_send(c, top, irp, state);
    return true;
}

bool wmi_back(struct call *c, unsigned state, uint32_t *status,
              uint32_t *information)
{
    struct nt *nt = nt_of(c);
    const struct nt_irp *r = irp_record(nt, c->w[W_IRP]);

    if (!irp_wait(c, c->w[W_IRP], state))
        return false;
    *information = r ? r->information : 0;
    *status = irp_finish(c, c->w[W_IRP]);
    nt_pool_free(nt, c->w[W_EVENT]);
    return true;
}

/* ---- who provides what
 * -----------------------------------------------------------
 */

static struct nt_wmi_guid *guid_at(const struct nt *nt, uint32_t i)
{
    return VEC_AT(struct nt_wmi_guid, &nt->s.wmi_guids, i);
}

static bool is_device(const struct nt *nt, uint32_t device)
{
    const struct nt_object *o = ob_at(nt, ob_find(nt, device));

    return o && o->type == TYPE_DEVICE;
}

uint32_t wmi_provider(const struct nt *nt, const uint8_t guid[16], uint32_t *i,
                      uint32_t *flags)
{
    while (*i < nt->s.wmi_guids.count) {
        const struct nt_wmi_guid *g = guid_at(nt, (*i)++);

        if (memcmp(g->guid, guid, sizeof g->guid) != 0 ||
            !is_device(nt, g->device))
            continue;
        *flags = g->flags;
        return g->device;
    }
    return 0;
}

static void forget_guids(struct nt *nt, uint32_t device)
{
    for (uint32_t i = nt->s.wmi_guids.count; i-- > 0;)
        if (guid_at(nt, i)->device == device)
            vec_remove(&nt->s.wmi_guids, sizeof(struct nt_wmi_guid), i);
}

static bool registered(const struct nt *nt, uint32_t device, uint32_t *index)
{
    for (*index = 0; *index < nt->s.wmi_providers.count; ++*index)
        if (*VEC_AT(uint32_t, &nt->s.wmi_providers, *index) == device)
            return true;
    return false;
}

/* The registration that @device wrote at @at, @bytes of it. */
static void note_guids(struct nt *nt, uint32_t device, uint32_t at,
                       uint32_t bytes)
{
    uint32_t count = nt_get32(nt, at + INFO_COUNT), index;

    forget_guids(nt, device);
    if (!registered(nt, device, &index))
        return; /* it has left meanwhile */
    for (uint32_t i = 0; i < count && i < GUIDS_MOST &&
                         INFO_GUIDS + (i + 1) * GUID_ENTRY <= bytes;
         i++) {
        uint32_t entry = at + INFO_GUIDS + i * GUID_ENTRY;
        struct nt_wmi_guid g = {.device = device,
                                .flags = nt_get32(nt, entry + GUID_FLAGS),
                                .instances =
                                    nt_get32(nt, entry + GUID_INSTANCES)};

        ke_read(nt->w.ke, gva_of(entry), g.guid, sizeof g.guid);
        nt_push(&nt->s.wmi_guids, sizeof g, &g);
    }
}

/* ---- registering
 * -----------------------------------------------------------------
 */

enum { W_BYTES = W_OWN, W_MINOR };
enum { WORK_DEVICE = 0, WORK_PATH = 4, WORK_BYTES = 8 };

static void registration_over(struct call *c)
{
    struct nt *nt = nt_of(c);

    nt_pool_free(nt, c->w[W_BUFFER]);
    ob_dereference(nt, ob_find(nt, nt_get32(nt, call_u32(c, 0) + WORK_DEVICE)));
    nt_pool_free(nt, call_u32(c, 0));
    call_return(c, 0);
}

static void ask_registration(struct call *c, uint8_t minor, uint32_t bytes)
{
    struct nt *nt = nt_of(c);
    uint32_t work = call_u32(c, 0);

    nt_pool_free(nt, c->w[W_BUFFER]);
    c->w[W_BUFFER] = nt_pool(nt, bytes, TAG('W', 'm', 'i', 'R'));
    c->w[W_BYTES] = bytes;
    c->w[W_MINOR] = minor;
    if (c->w[W_BUFFER] == 0 ||
        !wmi_send(c, minor, nt_get32(nt, work + WORK_DEVICE),
                  nt_get32(nt, work + WORK_PATH), c->w[W_BUFFER], bytes, 1))
        registration_over(c);
}

/* A worker's routine (Work): the Ex form first, as XP asks; a driver that wants
 * more room says how much in the first dword. */
void thunk_NtpWmiRegister(struct call *c)
{
    struct nt *nt = nt_of(c);
    uint32_t status, information, wanted;
    uint32_t device = nt_get32(nt, call_u32(c, 0) + WORK_DEVICE);

    if (c->state == 0) {
        c->w[W_BUFFER] = 0;
        if (is_device(nt, device))
            ask_registration(c, MN_REGINFO_EX, FIRST_BYTES);
        else
            registration_over(c);
        return;
    }
    if (!wmi_back(c, 1, &status, &information))
        return;
    wanted = nt_get32(nt, c->w[W_BUFFER] + INFO_BYTES);
    if (status == STATUS_BUFFER_TOO_SMALL ||
        (nt_success(status) && information == 4)) {
        if (wanted > c->w[W_BYTES] && wanted <= BYTES_MOST)
            ask_registration(c, (uint8_t)c->w[W_MINOR], wanted);
        else
            registration_over(c);
        return;
    }
    if (!nt_success(status) && c->w[W_MINOR] == MN_REGINFO_EX) {
        ask_registration(c, MN_REGINFO, FIRST_BYTES);
        return;
    }
    if (nt_success(status))
        note_guids(nt, device, c->w[W_BUFFER],
                   wanted < c->w[W_BYTES] ? wanted : c->w[W_BYTES]);
    registration_over(c);
}

static uint32_t post(struct nt *nt, uint32_t device, uint32_t path)
{
    uint32_t work = nt_pool(nt, WORK_BYTES, TAG('W', 'm', 'i', 'W'));

    if (work == 0)
        return STATUS_INSUFFICIENT_RESOURCES;
    nt_put32(nt, work + WORK_DEVICE, device);
    nt_put32(nt, work + WORK_PATH, path);
    if (!ke_queue_work(nt->w.ke, ke_stub(nt->w.ke, "NtpWmiRegister"), work)) {
        nt_pool_free(nt, work);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    ob_reference(nt, ob_find(nt, device));
    return STATUS_SUCCESS;
}

static uint32_t enter(struct nt *nt, uint32_t device)
{
    uint32_t index;

    if (registered(nt, device, &index))
        return STATUS_OBJECT_NAME_EXISTS;
    if (!nt_push(&nt->s.wmi_providers, sizeof device, &device))
        return STATUS_INSUFFICIENT_RESOURCES;
    return post(nt, device, WMIREGISTER);
}

static uint32_t leave(struct nt *nt, uint32_t device)
{
    uint32_t index;

    if (!registered(nt, device, &index))
        return STATUS_INVALID_PARAMETER;
    vec_remove(&nt->s.wmi_providers, sizeof device, index);
    forget_guids(nt, device);
    return STATUS_SUCCESS;
}

/* NTSTATUS IoWMIRegistrationControl(Device, Action): a worker asks the device
 * for its blocks after it. A trace provider registers a callback instead, which
 * nobody calls: there is no trace session. */
void thunk_IoWMIRegistrationControl(struct call *c)
{
    struct nt *nt = nt_of(c);
    uint32_t device = call_u32(c, 0), action = call_u32(c, 1), index;

    if (action & WMIREG_FLAG_CALLBACK) {
        call_return(c, STATUS_SUCCESS);
        return;
    }
    action &= 0xffff;
    if (!is_device(nt, device))
        call_return(c, STATUS_INVALID_PARAMETER);
    else if (action == WMIREG_REGISTER)
        call_return(c, enter(nt, device));
    else if (action == WMIREG_DEREGISTER)
        call_return(c, leave(nt, device));
    else if (!registered(nt, device, &index) || action > WMIREG_BLOCK_IRPS ||
             action == 0)
        call_return(c, STATUS_INVALID_PARAMETER);
    else if (action == WMIREG_BLOCK_IRPS) {
        forget_guids(nt, device);
        call_return(c, STATUS_SUCCESS);
    } else
        call_return(
            c, post(nt, device,
                    action == WMIREG_UPDATE_GUIDS ? WMIUPDATE : WMIREGISTER));
}
