/* src/board/start.c -- the usual beginning: each image's DriverEntry, then each
 * card is offered to the drivers until one starts it. How far it is stands in
 * the board's state: called again on a machine saved in its midst, it goes on.
 */
#include <stdio.h>
#include <string.h>

#include "board/board.h"
#include "halbox/inspect.h"

/** How much virtual time is left for all of it. */
struct start {
    struct machine *m;
    uint64_t until; /* tick */
    struct hb_error *error;
};

static uint64_t ns_left(const struct start *s)
{
    uint64_t now = machine_position(s->m).tick;
    uint64_t per_tick = machine_config(s->m)->ns_per_tick;

    return now < s->until ? (s->until - now) * per_tick : 0;
}

static enum hb_status finish(struct start *s, uint32_t ticket, const char *what,
                             uint32_t *nt_status)
{
    struct machine_stop stop;
    struct machine_result result = {0};
    enum machine_stop_reason reason;

    if (ticket == MACHINE_NONE)
        return hb_fail(s->error, HB_NO_MEMORY, "cannot post: %s", what);
    s->m->s.start_ticket = ticket;
    do {
        reason = machine_wait(s->m, ticket, WAIT_DONE, ns_left(s), &stop);
    } while (reason == STOP_BREAKPOINT || reason == STOP_WATCH);
    s->m->s.start_ticket = 0;
    if (reason != STOP_TICKET)
        return hb_fail(s->error,
                       reason == STOP_LIMIT ? HB_LIMIT : HB_GUEST_FAILED,
                       "%s: %s%s%s", what, machine_stop_name(reason),
                       stop.text[0] ? ": " : "", stop.text);
    machine_result(s->m, ticket, &result);
    machine_ticket_free(s->m, ticket);
    if (nt_status)
        *nt_status = result.status;
    return HB_OK;
}

static enum hb_status start_images(struct start *s)
{
    struct inspect_image image;
    enum hb_status status = HB_OK;

    for (unsigned i = 0; inspect_image_at(s->m, i, &image); i++) {
        char what[96];

        if (image.started || image.unloaded || image.entry_status)
            continue;
        snprintf(what, sizeof what, "DriverEntry of %s", image.name);
        status = finish(s, machine_driver_start(s->m, i + 1), what, NULL);
        if (status != HB_OK)
            break;
    }
    return status;
}

/* The first WDM image, from @index on, that has started. */
static bool next_wdm(const struct start *s, unsigned *index)
{
    struct inspect_image image;

    for (; inspect_image_at(s->m, *index, &image); ++*index) {
        if (image.started && image.wdm && !image.unloaded)
            return true;
    }
    return false;
}

static enum hb_status offer(struct start *s, uint32_t device)
{
    struct inspect_pnp pnp;
    enum hb_status status;
    char what[160];

    for (unsigned i = s->m->s.start_image; next_wdm(s, &i); i++) {
        s->m->s.start_device = device;
        s->m->s.start_image = i + 1;
        if (!inspect_pnp_at(s->m, device - 1, &pnp) ||
            pnp.state == PNP_STATE_STARTED)
            break;
        snprintf(what, sizeof what, "starting %s", pnp.hardware_id);
        status =
            finish(s, machine_device_start(s->m, device, i + 1), what, NULL);
        if (status != HB_OK)
            return status;
    }
    s->m->s.start_device = device + 1;
    s->m->s.start_image = 0;
    return HB_OK;
}

/* The board's own PCI functions are the system's, not a driver's. */
static bool is_offered(const struct start *s, const struct inspect_pnp *pnp)
{
    enum { PCI_BUS = 5 };
    struct inspect_device device;

    if (pnp->bus != PCI_BUS)
        return true;
    for (unsigned i = 0; inspect_device_at(s->m, i, &device); i++) {
        if (device.pci && device.slot == pnp->slot &&
            device.function == pnp->function)
            return device.card;
    }
    return false;
}

static enum hb_status start_devices(struct start *s)
{
    struct inspect_pnp pnp;
    enum hb_status status = HB_OK;
    unsigned index = 0, count = 0;

    if (!next_wdm(s, &index))
        return HB_OK; /* legacy drivers made their devices in DriverEntry */
    while (inspect_pnp_at(s->m, count, &pnp))
        count++;
    if (!machine_config(s->m)->devices && !s->m->s.start_device)
        return offer(s, machine_root_device(s->m, "ROOT\\HALBOX"));
    for (uint32_t d = s->m->s.start_device ? s->m->s.start_device : 1;
         status == HB_OK && d <= count; d++) {
        if (inspect_pnp_at(s->m, d - 1, &pnp) && is_offered(s, &pnp))
            status = offer(s, d);
    }
    return status;
}

enum hb_status machine_start(struct machine *m, uint64_t limit_ns,
                             struct hb_error *error)
{
    struct start s = {.m = m, .error = error};
    enum hb_status status = HB_OK;

    s.until = machine_position(m).tick + machine_ticks(m, limit_ns);
    if (m->s.start_ticket)
        status = finish(&s, m->s.start_ticket, "start that was saved", NULL);
    if (status == HB_OK)
        status = start_images(&s);
    if (status == HB_OK)
        status = start_devices(&s);
    m->s.start_device = m->s.start_image = 0;
    return status;
}
