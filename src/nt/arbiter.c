/* src/nt/arbiter.c -- the search: of each group of alternatives one, of several
 * lists one whole. A PCI function's BARs and its line can move, what a card is
 * strapped to cannot. */
#include "nt/arbiter.h"

#include <string.h>

#include "nt/guest.h"
#include "nt/pnp.h"

enum {
    OPTION_PREFERRED = 1,
    OPTION_ALTERNATIVE = 8,
    LISTS_MOST = 16,
    DESCRIPTORS_MOST = 64,
    TRIES_MOST = 4096 /* places looked at in one list */
};
enum { SHARE_DRIVER = 2, SHARE_SHARED = 3, CONFIG_DATA = 0x80 };

static bool is_range(uint8_t kind)
{
    return kind == NT_PORT || kind == NT_MEMORY;
}

/* ---- conflicts -----------------------------------------------------------*/

static uint64_t end_of(const struct nt_resource *r)
{
    return r->start + (r->length ? r->length : 1);
}

static bool clash(const struct nt_resource *a, const struct nt_resource *b)
{
    return a->kind == b->kind && resource_known(a->kind) &&
           (a->share != SHARE_SHARED || b->share != SHARE_SHARED) &&
           a->start < end_of(b) && b->start < end_of(a);
}

/* What the HAL keeps of a PC: interrupt controllers, DMA, timer, clock,
 * configuration mechanism. No driver is to have it. */
static const struct nt_resource *hal_has(const struct nt_resource *r)
{
    static const struct nt_resource own[] = {
        {.kind = NT_PORT, .start = 0x00, .length = 0x10},
        {.kind = NT_PORT, .start = 0x20, .length = 2},
        {.kind = NT_PORT, .start = 0x40, .length = 4},
        {.kind = NT_PORT, .start = 0x70, .length = 2},
        {.kind = NT_PORT, .start = 0x80, .length = 0x10},
        {.kind = NT_PORT, .start = 0xa0, .length = 2},
        {.kind = NT_PORT, .start = 0xc0, .length = 0x20},
        {.kind = NT_PORT, .start = 0x4d0, .length = 2},
        {.kind = NT_PORT, .start = 0xcf8, .length = 8},
        {.kind = NT_INTERRUPT, .start = 0},
        {.kind = NT_INTERRUPT, .start = 2},
        {.kind = NT_INTERRUPT, .start = 8},
        {.kind = NT_INTERRUPT, .start = 13},
        {.kind = NT_DMA, .start = 4},
    };

    for (unsigned i = 0; i < sizeof own / sizeof own[0]; i++)
        if (clash(&own[i], r))
            return &own[i];
    return NULL;
}

const struct nt_resource *arbiter_conflict(const struct nt *nt, uint32_t number,
                                           uint32_t driver,
                                           const struct nt_resource *r)
{
    for (uint32_t i = 0; i < nt->s.devices.count; i++) {
        const struct nt_device *d = pnp_device(nt, i + 1);

        for (unsigned k = 0; i + 1 != number && k < d->chosen; k++)
            if (clash(&d->held[k], r))
                return &d->held[k];
    }
    for (uint32_t i = 0; i < nt->s.claims.count; i++) {
        const struct nt_claim *k = VEC_AT(struct nt_claim, &nt->s.claims, i);

        if (k->driver != driver && clash(&k->resource, r))
            return &k->resource;
    }
    return hal_has(r);
}

/* A window of another device of the board, which a BAR must not cover: whether
 * or not a driver has it, it is there. */
static bool covers(const struct arbiter *a, const struct nt_resource *r,
                   struct nt_resource *other)
{
    const struct device *dev;
    struct bus_place place;

    for (unsigned i = 0; (dev = bus_device(a->nt->w.bus, i)); i++) {
        bus_device_place(dev, &place);
        if (dev->model->pci.vendor && place.slot == a->card->slot &&
            place.function == a->card->function)
            continue;
        for (unsigned w = 0; w < DEVICE_WINDOWS; w++) {
            const struct device_window *window = &dev->model->windows[w];

            *other = (struct nt_resource){
                .kind = window->kind == WINDOW_PORT     ? NT_PORT
                        : window->kind == WINDOW_MEMORY ? NT_MEMORY
                                                        : 0,
                .start = place.base[w],
                .length = window->bytes};
            if (other->kind && other->length && other->start && clash(other, r))
                return true;
        }
    }
    return false;
}

/* Who is in the way of @r, as it is chosen now? */
static const struct nt_resource *in_the_way(struct arbiter *a,
                                            const struct nt_resource *r,
                                            struct nt_resource *room)
{
    const struct nt_resource *taken;

    for (unsigned i = 0; i < a->count; i++)
        if (clash(&a->out[i], r))
            return &a->out[i];
    taken = arbiter_conflict(a->nt, a->number, a->driver, r);
    if (!taken && r->bar && covers(a, r, room))
        taken = room;
    a->clashed |= taken != NULL;
    return taken;
}

/* ---- places --------------------------------------------------------------*/

static bool solve(struct arbiter *a, unsigned at);

/* Take @r, serve the rest from descriptor @next on; else give it back. */
static bool take(struct arbiter *a, const struct nt_resource *r, unsigned next)
{
    unsigned count = a->count;

    if (count == NT_RESOURCES)
        return false;
    a->out[a->count++] = *r;
    if (solve(a, next))
        return true;
    a->count = count;
    return false;
}

static uint64_t aligned(uint64_t at, uint64_t step)
{
    return (at + step - 1) / step * step;
}

/* Does the device stand at @r now? */
static bool stands(const struct arbiter *a, const struct nt_resource *r)
{
    const struct nt_device *d = pnp_device(a->nt, a->number);

    for (unsigned i = 0; a->elsewhere && d && i < d->chosen; i++)
        if (d->held[i].kind == r->kind && d->held[i].bar == r->bar &&
            d->held[i].start == r->start && is_range(r->kind))
            return true;
    return false;
}

/* @r at each place of [first, last], @step apart. */
static bool each_place(struct arbiter *a, struct nt_resource *r, uint64_t first,
                       uint64_t last, uint64_t step, unsigned next)
{
    uint64_t length = r->length ? r->length : 1;

    for (r->start = aligned(first, step); a->budget && r->start >= first &&
                                          r->start <= last &&
                                          last - r->start >= length - 1;) {
        struct nt_resource room;
        const struct nt_resource *taken = in_the_way(a, r, &room);

        a->budget--;
        if (!taken && !stands(a, r) && take(a, r, next))
            return true;
        r->start = taken ? aligned(end_of(taken), step) : r->start + step;
    }
    return false;
}

/* A PCI function's line: what its link is on already, else what the router can
 * do of @d's range. */
static bool each_line(struct arbiter *a, struct nt_resource *r, uint32_t least,
                      uint32_t most, unsigned next)
{
    uint8_t line;

    for (unsigned i = 0; (line = pci_line(a->nt, a->number, a->card, i)); i++) {
        struct nt_resource room;

        r->start = line;
        if (line >= least && line <= most && a->budget &&
            !in_the_way(a, r, &room) && take(a, r, next))
            return true;
    }
    return false;
}

/* What descriptor @d asks for, unplaced. */
static struct nt_resource wanted(const uint8_t *d)
{
    return (struct nt_resource){
        .kind = d[IO_DESC_Type],
        .share = d[IO_DESC_ShareDisposition],
        .flags = get_le16(d + IO_DESC_Flags),
        .length =
            is_range(d[IO_DESC_Type]) ? get_le32(d + IO_DESC_Port_Length) : 0};
}

static void range_of(const uint8_t *d, uint64_t *least, uint64_t *most,
                     uint64_t *step)
{
    bool range = is_range(d[IO_DESC_Type]);

    *least = range ? get_le64(d + IO_DESC_Port_MinimumAddress)
                   : get_le32(d + IO_DESC_Interrupt_MinimumVector);
    *most = range ? get_le64(d + IO_DESC_Port_MaximumAddress)
                  : get_le32(d + IO_DESC_Interrupt_MaximumVector);
    *step = range ? get_le32(d + IO_DESC_Port_Alignment) : 1;
    if (!*step)
        *step = 1;
}

/* The card's resource @has serves descriptor @d. */
static bool serve(struct arbiter *a, const struct nt_resource *has,
                  const uint8_t *d, unsigned next)
{
    struct nt_resource r = *has, room;
    uint64_t least, most, step;

    range_of(d, &least, &most, &step);
    if (is_range(r.kind)) {
        r.length = get_le32(d + IO_DESC_Port_Length);
        if (!r.length || r.length > has->length)
            return false;
    }
    if (has->bar)
        return each_place(a, &r, least, most,
                          step > has->length ? step : has->length, next);
    if (r.kind == NT_INTERRUPT && a->card->bus == NT_PCI)
        return each_line(a, &r, (uint32_t)least, (uint32_t)most, next);
    return r.start >= least && end_of(&r) - 1 <= most &&
           !in_the_way(a, &r, &room) && take(a, &r, next);
}

static bool choose(struct arbiter *a, const uint8_t *d, unsigned next)
{
    struct nt_resource r = wanted(d);
    uint64_t least, most, step;

    if (a->card == NULL) {
        range_of(d, &least, &most, &step);
        return each_place(a, &r, least, most, step, next);
    }
    for (unsigned i = 0; i < a->card->resources; i++) {
        if (a->used[i] || a->card->resource[i].kind != r.kind)
            continue;
        if (!a->budget--) {
            a->budget = 0;
            return false;
        }
        a->used[i] = true;
        if (serve(a, &a->card->resource[i], d, next))
            return true;
        a->used[i] = false;
    }
    return false;
}

/* ---- lists ---------------------------------------------------------------*/

static const uint8_t *descriptor(const struct arbiter *a, unsigned i)
{
    return a->desc + i * IO_DESC_BYTES;
}

/* Not arbitrated (bit 7, but for a list's priority): of no concern to the
 * system, three words for the driver. */
static struct nt_resource passed(const uint8_t *d)
{
    return (struct nt_resource){
        .kind = d[IO_DESC_Type],
        .share = d[IO_DESC_ShareDisposition],
        .flags = get_le16(d + IO_DESC_Flags),
        .start = get_le64(d + IO_DESC_DevicePrivate_Data),
        .length = get_le32(d + IO_DESC_DevicePrivate_Data + 8)};
}

/* The group of alternatives that begins at @at, those preferred first. */
static bool solve_group(struct arbiter *a, unsigned at)
{
    unsigned end = at + 1;

    while (end < a->descs &&
           descriptor(a, end)[IO_DESC_Option] & OPTION_ALTERNATIVE)
        end++;
    for (unsigned pass = 0; pass < 2; pass++)
        for (unsigned i = at; i < end; i++) {
            const uint8_t *d = descriptor(a, i);
            bool preferred = d[IO_DESC_Option] & OPTION_PREFERRED;

            if (preferred == (pass == 0) && resource_known(d[IO_DESC_Type]) &&
                choose(a, d, end))
                return true;
        }
    return false;
}

static bool solve(struct arbiter *a, unsigned at)
{
    const uint8_t *d;

    if (at == a->descs)
        return true;
    d = descriptor(a, at);
    if (d[IO_DESC_Type] > CONFIG_DATA) {
        struct nt_resource r = passed(d);

        return take(a, &r, at + 1);
    }
    return resource_known(d[IO_DESC_Type]) ? solve_group(a, at)
                                           : solve(a, at + 1);
}

static bool solve_list(struct arbiter *a, const uint8_t *desc, unsigned count)
{
    a->desc = desc;
    a->descs = count;
    a->count = 0;
    a->budget = TRIES_MOST;
    memset(a->used, 0, sizeof a->used);
    return solve(a, 0);
}

uint32_t arbiter_solve(struct arbiter *a, const uint8_t *list, uint32_t bytes)
{
    uint32_t lists, at = IO_REQS_List;

    if (bytes < IO_REQS_List)
        return STATUS_INVALID_PARAMETER;
    lists = get_le32(list + IO_REQS_AlternativeLists);
    if (lists > LISTS_MOST)
        return STATUS_INVALID_PARAMETER;
    a->clashed = false;
    for (unsigned i = 0; i < lists; i++) {
        uint32_t count, need;

        if (bytes - at < IO_LIST_Descriptors)
            return STATUS_INVALID_PARAMETER;
        count = get_le32(list + at + IO_LIST_Count);
        at += IO_LIST_Descriptors;
        need = count * (uint32_t)IO_DESC_BYTES;
        if (count > DESCRIPTORS_MOST || bytes - at < need)
            return STATUS_INVALID_PARAMETER;
        if (solve_list(a, list + at, count))
            return STATUS_SUCCESS;
        at += need;
    }
    a->count = 0;
    return a->clashed ? STATUS_CONFLICTING_ADDRESSES
                      : STATUS_DEVICE_CONFIGURATION_ERROR;
}

uint32_t arbiter_force(struct arbiter *a, const struct nt_resource *want,
                       unsigned count)
{
    uint8_t desc[NT_RESOURCES * IO_DESC_BYTES] = {0};

    a->clashed = false;
    for (unsigned i = 0; i < count; i++)
        resources_requirement(desc + i * IO_DESC_BYTES, &want[i], 0,
                              want[i].start, end_of(&want[i]) - 1);
    if (solve_list(a, desc, count))
        return STATUS_SUCCESS;
    a->count = 0;
    return a->clashed ? STATUS_CONFLICTING_ADDRESSES
                      : STATUS_DEVICE_CONFIGURATION_ERROR;
}
