/* src/nt/nt.c -- life of the executive: creation, boot, state. */
#include <stdlib.h>

#include "nt/callback.h"
#include "nt/description.h"
#include "nt/devobj.h"
#include "nt/exports.h"
#include "nt/guest.h"
#include "nt/object.h"
#include "nt/pnp.h"
#include "nt/security.h"
#include "nt/services.h"

enum hb_status nt_create(struct nt **out, const struct nt_wiring *wiring,
                         const struct nt_settings *settings,
                         struct hb_error *error)
{
    struct nt *nt = calloc(1, sizeof *nt);

    if (nt == NULL)
        return hb_fail(error, HB_NO_MEMORY,
                       "the executive: the host has no memory");
    nt->w = (struct wiring){.mm = wiring->mm,
                            .cpu = wiring->cpu,
                            .ram = wiring->ram,
                            .bus = wiring->bus,
                            .clock = wiring->clock,
                            .events = wiring->events,
                            .hal = wiring->hal};
    nt->s.settings.missing_fail = settings->missing_fail;
    *out = nt;
    return HB_OK;
}

void nt_destroy(struct nt *nt)
{
    if (nt == NULL)
        return;
    state_free(&nt->s, nt_state_rows);
    free(nt);
}

unsigned nt_tables(struct nt *nt, struct export_table tables[NT_TABLES])
{
    tables[0] = (struct export_table){nt_exports, nt_exports_count, nt};
    tables[1] = (struct export_table){nt_rtl_exports, nt_rtl_exports_count, nt};
    tables[2] = (struct export_table){nt_internal_exports,
                                      nt_internal_exports_count, nt};
    return 3;
}

void nt_wire_ke(struct nt *nt, struct ke *ke)
{
    nt->w.ke = ke;
}

void *nt_state_of(struct nt *nt)
{
    return &nt->s;
}

/* ---- boot -------------------------------------------------------------------
 */

static bool make_event(struct nt *nt, uint32_t *at)
{
    *at = nt_pool(nt, 16, TAG('N', 't', 'E', 'v'));
    if (*at)
        ke_event_init(nt->w.ke, gva_of(*at), EVENT_NOTIFICATION, false);
    return *at != 0;
}

/* The driver object that owns the PDOs: all its entries are one stub. */
static bool make_bus_driver(struct nt *nt)
{
    uint32_t stub = ke_stub(nt->w.ke, "NtpBusDispatch").v;

    nt->s.default_dispatch = ke_stub(nt->w.ke, "NtpInvalidDeviceRequest").v;
    nt->s.bus_driver = driver_create(nt, "PnpManager");
    for (unsigned i = 0; nt->s.bus_driver && i < 28; i++)
        nt_put32(nt, nt->s.bus_driver + DRVOBJ_MajorFunction + 4 * i, stub);
    return nt->s.bus_driver != 0;
}

static bool make_threads(struct nt *nt)
{
    struct ke_thread_start how = {.process = KE_SYSTEM_PROCESS,
                                  .start = ke_stub(nt->w.ke, "NtpPnpThread"),
                                  .name = "PnP manager"};
    uint32_t status;

    return make_event(nt, &nt->s.pnp_event) &&
           make_event(nt, &nt->s.pnp_done) &&
           ke_thread_create(nt->w.ke, &how, &status) != 0;
}

static void fill_data_exports(struct nt *nt)
{
    gva_t system = ke_process_object(nt->w.ke, KE_SYSTEM_PROCESS);
    gva_t at = ke_stub(nt->w.ke, "PsInitialSystemProcess");

    if (at.v)
        nt_put32(nt, at.v, system.v);
}

static bool make_system_process(struct nt *nt)
{
    gva_t body = ke_process_object(nt->w.ke, KE_SYSTEM_PROCESS);
    uint32_t number = ob_create(nt, TYPE_PROCESS, body.v);

    if (number)
        ob_at(nt, number)->permanent = true;
    return number != 0;
}

enum hb_status nt_boot(struct nt *nt, struct hb_error *error)
{
    enum hb_status st;

    if (!hive_init(&nt->s.registry) || !description_init(&nt->s.registry))
        return hb_fail(error, HB_NO_MEMORY, "no memory for the registry");
    if (!ob_boot(nt) || !make_system_process(nt) || !make_bus_driver(nt) ||
        !make_threads(nt) || !callback_boot(nt) || !token_boot(nt))
        return hb_fail(error, HB_NO_PAGES,
                       "the executive does not fit: give the machine more "
                       "memory");
    nt->s.configuration =
        nt_pool(nt, CONFIG_INFO_BYTES + 16, TAG('I', 'o', 'C', 'f'));
    fill_data_exports(nt);
    st = services_boot(nt, error);
    if (st == HB_OK)
        st = pci_scan(nt, error);
    nt->s.booted = st == HB_OK;
    return st;
}

/* ---- devices ----------------------------------------------------------------
 */

uint32_t nt_card_add(struct nt *nt, const struct nt_card *card)
{
    struct nt_device d = {.card = *card};

    if (d.card.resources > NT_RESOURCES)
        d.card.resources = NT_RESOURCES;
    d.card.hardware_id[NT_PATH - 1] = d.card.description[NT_PATH - 1] = '\0';
    for (unsigned i = 0; i < d.card.resources; i++) {
        const struct nt_resource *r = &d.card.resource[i];

        if (r->bar && r->bar <= NT_BARS)
            d.bar[r->bar - 1] = (uint32_t)r->start;
        if (r->kind == NT_INTERRUPT && d.card.bus == NT_PCI)
            d.line = (uint8_t)r->start;
    }
    return nt_push(&nt->s.devices, sizeof d, &d) ? nt->s.devices.count
                                                 : NT_NONE;
}

bool nt_device_at(const struct nt *nt, unsigned index,
                  struct nt_device_info *info)
{
    const struct nt_device *d = pnp_device(nt, index + 1);

    if (d == NULL)
        return false;
    *info = (struct nt_device_info){
        .card = d->card,
        .state = d->state,
        .image = d->image,
        .pdo = gva_of(d->pdo),
        .top = gva_of(d->pdo ? device_top(nt, d->pdo) : 0),
        .status = d->status};
    return true;
}
