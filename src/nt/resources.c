/* src/nt/resources.c -- resource lists: requirements of a card, what is chosen
 * from a (guest's) requirements list, raw and translated.
 * Source: hal_io fact sheet 3; WDK CM_PARTIAL_RESOURCE_DESCRIPTOR,
 * IO_RESOURCE_DESCRIPTOR. Translation on a PC: the identity for ports and
 * memory; an IRQ becomes vector and DIRQL. */

#include "hal/hal.h"
#include "nt/guest.h"
#include "nt/pnp.h"

enum {
    OPTION_ALTERNATIVE = 8,
    LISTS_MOST = 16,
    DESCRIPTORS_MOST = 64,
    TRIES_MOST = 2 * NT_CLAIMS_MOST /* each passes something that is taken */
};
enum { SHARE_SHARED = 3, DEVICE_SPECIFIC = 5, CONFIG_DATA = 0x80 };

static uint16_t le16(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

static void put(uint8_t *at, uint64_t v, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        at[i] = (uint8_t)(v >> 8 * i);
}

static uint32_t le32(const uint8_t *p)
{
    return le16(p) | (uint32_t)le16(p + 2) << 16;
}

static uint64_t le64(const uint8_t *p)
{
    return le32(p) | (uint64_t)le32(p + 4) << 32;
}

/* ---- requirements -----------------------------------------------------------
 */

static void requirement(uint8_t *d, const struct nt_resource *r)
{
    d[IO_DESC_Type] = r->kind;
    d[IO_DESC_ShareDisposition] = r->share;
    put(d + IO_DESC_Flags, r->flags, 2);
    if (r->kind == NT_PORT || r->kind == NT_MEMORY) {
        put(d + IO_DESC_Port_Length, r->length, 4);
        put(d + IO_DESC_Port_Alignment, 1, 4);
        put(d + IO_DESC_Port_MinimumAddress, r->start, 8);
        put(d + IO_DESC_Port_MaximumAddress, r->start + r->length - 1, 8);
    } else {
        put(d + IO_DESC_Interrupt_MinimumVector, r->start, 4);
        put(d + IO_DESC_Interrupt_MaximumVector, r->start, 4);
    }
}

uint32_t resources_requirements(struct nt *nt, const struct nt_card *card)
{
    uint8_t list[IO_REQS_List + IO_LIST_Descriptors +
                 NT_RESOURCES * IO_DESC_BYTES] = {0};
    uint32_t bytes = IO_REQS_List + IO_LIST_Descriptors +
                     card->resources * (uint32_t)IO_DESC_BYTES,
             at;
    uint8_t *first = list + IO_REQS_List;

    if (card->resources == 0)
        return 0;
    put(list + IO_REQS_ListSize, bytes, 4);
    put(list + IO_REQS_InterfaceType, card->bus, 4);
    put(list + IO_REQS_BusNumber, card->bus_number, 4);
    put(list + IO_REQS_SlotNumber, card->slot | (unsigned)card->function << 5,
        4);
    put(list + IO_REQS_AlternativeLists, 1, 4);
    put(first + IO_LIST_Version, 1, 2);
    put(first + IO_LIST_Revision, 1, 2);
    put(first + IO_LIST_Count, card->resources, 4);
    for (unsigned i = 0; i < card->resources; i++)
        requirement(first + IO_LIST_Descriptors + i * IO_DESC_BYTES,
                    &card->resource[i]);
    at = nt_pool_paged(nt, bytes, TAG('P', 'n', 'p', 'R'));
    if (at)
        nt_put(nt, at, list, bytes);
    return at;
}

/* ---- resource lists ---------------------------------------------------------
 */

static void partial(uint8_t *d, const struct nt_resource *r, bool translated)
{
    uint32_t vector = (uint32_t)r->start, affinity = 1;
    uint8_t level = (uint8_t)r->start;

    d[CM_DESC_Type] = r->kind;
    d[CM_DESC_ShareDisposition] = r->share;
    put(d + CM_DESC_Flags, r->flags, 2);
    switch (r->kind) {
    case NT_INTERRUPT:
        if (translated)
            hal_interrupt_vector((unsigned)r->start, &vector, &level,
                                 &affinity);
        put(d + CM_DESC_Interrupt_Level, level, 4);
        put(d + CM_DESC_Interrupt_Vector, vector, 4);
        put(d + CM_DESC_Interrupt_Affinity, affinity, 4);
        break;
    case NT_DMA:
        put(d + CM_DESC_Dma_Channel, r->start, 4);
        break;
    default:
        put(d + CM_DESC_Port_Start, r->start, 8);
        put(d + CM_DESC_Port_Length, r->length, 4);
    }
}

uint32_t resources_list(struct nt *nt, uint8_t bus, uint32_t bus_number,
                        const struct nt_resource *r, unsigned count,
                        bool translated)
{
    enum {
        HEAD = CM_LIST_List + CM_FULL_PartialResourceList +
               CM_PARTIAL_PartialDescriptors
    };
    uint8_t list[HEAD + NT_RESOURCES * CM_DESC_BYTES] = {0};
    uint32_t bytes = HEAD + count * (uint32_t)CM_DESC_BYTES, at;
    uint8_t *full = list + CM_LIST_List;
    uint8_t *part = full + CM_FULL_PartialResourceList;

    put(list + CM_LIST_Count, 1, 4);
    put(full + CM_FULL_InterfaceType, bus, 4);
    put(full + CM_FULL_BusNumber, bus_number, 4);
    put(part + CM_PARTIAL_Version, 1, 2);
    put(part + CM_PARTIAL_Revision, 1, 2);
    put(part + CM_PARTIAL_Count, count, 4);
    for (unsigned i = 0; i < count; i++)
        partial(list + HEAD + i * CM_DESC_BYTES, &r[i], translated);
    at = nt_pool_paged(nt, bytes, TAG('P', 'n', 'p', 'L'));
    if (at)
        nt_put(nt, at, list, bytes);
    return at;
}

uint32_t resources_boot(struct nt *nt, const struct nt_card *card,
                        bool translated)
{
    return card->resources
               ? resources_list(nt, card->bus, card->bus_number, card->resource,
                                card->resources, translated)
               : 0;
}

void resources_release(struct nt *nt, struct nt_device *d)
{
    nt_pool_free(nt, d->raw);
    nt_pool_free(nt, d->translated);
    d->raw = d->translated = 0;
    d->chosen = 0;
}

/* ---- choosing ---------------------------------------------------------------
 */

struct choice {
    const struct nt *nt;
    const struct nt_card *card; /* NULL: whatever is free, for @driver */
    uint32_t driver;
    bool used[NT_RESOURCES];
    struct nt_resource out[NT_RESOURCES];
    unsigned count;
};

/* Can card resource @r serve descriptor @d? */
static bool serves(const struct nt_resource *r, const uint8_t *d)
{
    if (r->kind != d[IO_DESC_Type])
        return false;
    if (r->kind == NT_PORT || r->kind == NT_MEMORY)
        return le32(d + IO_DESC_Port_Length) <= r->length &&
               r->start >= le64(d + IO_DESC_Port_MinimumAddress) &&
               r->start + le32(d + IO_DESC_Port_Length) - 1 <=
                   le64(d + IO_DESC_Port_MaximumAddress);
    return r->start >= le32(d + IO_DESC_Interrupt_MinimumVector) &&
           r->start <= le32(d + IO_DESC_Interrupt_MaximumVector);
}

static bool known(uint8_t type)
{
    return type >= NT_PORT && type <= NT_DMA;
}

static bool clash(const struct nt_resource *a, const struct nt_resource *b)
{
    uint64_t a_end = a->start + (a->length ? a->length : 1);
    uint64_t b_end = b->start + (b->length ? b->length : 1);

    return a->kind == b->kind && known(a->kind) &&
           (a->share != SHARE_SHARED || b->share != SHARE_SHARED) &&
           a->start < b_end && b->start < a_end;
}

const struct nt_resource *resources_conflict(const struct nt *nt,
                                             uint32_t number, uint32_t driver,
                                             const struct nt_resource *r)
{
    for (uint32_t i = 0; i < nt->s.devices.count; i++) {
        const struct nt_device *d = pnp_device(nt, i + 1);

        if (i + 1 == number || d->state != NT_DEVICE_STARTED)
            continue;
        for (unsigned k = 0; k < d->card.resources; k++)
            if (clash(&d->card.resource[k], r))
                return &d->card.resource[k];
    }
    for (uint32_t i = 0; i < nt->s.claims.count; i++) {
        const struct nt_claim *k = VEC_AT(struct nt_claim, &nt->s.claims, i);

        if (k->driver != driver && clash(&k->resource, r))
            return &k->resource;
    }
    return NULL;
}

static uint64_t aligned(uint64_t at, uint64_t step)
{
    return (at + step - 1) / step * step;
}

/* The first place in descriptor @d's range that nobody else has. */
static bool choose_free(struct choice *ch, const uint8_t *d)
{
    bool range = d[IO_DESC_Type] == NT_PORT || d[IO_DESC_Type] == NT_MEMORY;
    struct nt_resource r = {.kind = d[IO_DESC_Type],
                            .share = d[IO_DESC_ShareDisposition],
                            .flags = le16(d + IO_DESC_Flags)};
    uint64_t step = 1, last = le32(d + IO_DESC_Interrupt_MaximumVector);

    r.start = le32(d + IO_DESC_Interrupt_MinimumVector);
    if (range) {
        r.length = le32(d + IO_DESC_Port_Length);
        step = le32(d + IO_DESC_Port_Alignment);
        step = step ? step : 1;
        r.start = le64(d + IO_DESC_Port_MinimumAddress);
        r.start = aligned(r.start, step);
        last = le64(d + IO_DESC_Port_MaximumAddress);
    }
    for (unsigned i = 0; i < TRIES_MOST && ch->count < NT_RESOURCES; i++) {
        uint64_t end = r.start + (r.length ? r.length - 1 : 0);
        const struct nt_resource *taken;

        if (end > last || end < r.start)
            return false;
        taken = resources_conflict(ch->nt, NT_NONE, ch->driver, &r);
        if (!taken) {
            ch->out[ch->count++] = r;
            return true;
        }
        r.start =
            aligned(taken->start + (taken->length ? taken->length : 1), step);
    }
    return false;
}

/* Not arbitrated (bit 7, but for a list's priority): of no concern to the
 * system, three words for the driver. */
static bool pass_through(struct choice *ch, const uint8_t *d)
{
    if (ch->count == NT_RESOURCES)
        return false;
    ch->out[ch->count++] = (struct nt_resource){
        .kind = d[IO_DESC_Type],
        .share = d[IO_DESC_ShareDisposition],
        .flags = le16(d + IO_DESC_Flags),
        .start = le64(d + IO_DESC_DevicePrivate_Data),
        .length = le32(d + IO_DESC_DevicePrivate_Data + 8)};
    return true;
}

static bool choose(struct choice *ch, const uint8_t *d)
{
    if (ch->card == NULL)
        return choose_free(ch, d);
    for (unsigned i = 0; i < ch->card->resources; i++) {
        if (ch->used[i] || !serves(&ch->card->resource[i], d))
            continue;
        if (ch->count == NT_RESOURCES)
            return false;
        ch->used[i] = true;
        ch->out[ch->count] = ch->card->resource[i];
        if (ch->out[ch->count].length)
            ch->out[ch->count].length = le32(d + IO_DESC_Port_Length);
        ch->count++;
        return true;
    }
    return false;
}

/* One alternative list: of each group of alternatives exactly one. */
static bool choose_list(struct choice *ch, const uint8_t *desc, unsigned count)
{
    bool served = true;

    for (unsigned i = 0; i < count; i++, desc += IO_DESC_BYTES) {
        bool alternative = desc[IO_DESC_Option] & OPTION_ALTERNATIVE;

        if (desc[IO_DESC_Type] > CONFIG_DATA && !pass_through(ch, desc))
            return false;
        if (!known(desc[IO_DESC_Type]))
            continue;
        if (!alternative) {
            if (!served)
                return false;
            served = false;
        } else if (served) {
            continue;
        }
        served = choose(ch, desc);
    }
    return served;
}

/* Read a guest's list; every count is checked against its size. */
static uint32_t choose_from(struct nt *nt, uint32_t list, struct choice *ch)
{
    uint8_t head[IO_REQS_List], list_head[IO_LIST_Descriptors];
    uint8_t desc[DESCRIPTORS_MOST * IO_DESC_BYTES];
    uint32_t bytes, lists, at = list + IO_REQS_List, end;

    if (!ke_read(nt->w.ke, gva_of(list), head, sizeof head))
        return STATUS_INVALID_PARAMETER;
    bytes = le32(head + IO_REQS_ListSize);
    lists = le32(head + IO_REQS_AlternativeLists);
    end = list + bytes;
    if (bytes < IO_REQS_List || end < list || lists > LISTS_MOST)
        return STATUS_INVALID_PARAMETER;
    for (unsigned i = 0; i < lists; i++) {
        uint32_t count, need;

        if (end - at < sizeof list_head ||
            !ke_read(nt->w.ke, gva_of(at), list_head, sizeof list_head))
            return STATUS_INVALID_PARAMETER;
        count = le32(list_head + IO_LIST_Count);
        at += IO_LIST_Descriptors;
        need = count * (uint32_t)IO_DESC_BYTES;
        if (count > DESCRIPTORS_MOST || end - at < need ||
            (need && !ke_read(nt->w.ke, gva_of(at), desc, need)))
            return STATUS_INVALID_PARAMETER;
        *ch = (struct choice){.nt = nt, .card = ch->card, .driver = ch->driver};
        if (choose_list(ch, desc, count))
            return STATUS_SUCCESS;
        at += need;
    }
    return STATUS_DEVICE_CONFIGURATION_ERROR;
}

uint32_t resources_assign(struct nt *nt, uint32_t number, uint32_t list)
{
    struct nt_device *d = pnp_device(nt, number);
    struct choice ch = {.nt = nt, .card = &d->card};
    uint32_t status;

    resources_release(nt, d);
    if (list == 0)
        return STATUS_SUCCESS;
    status = choose_from(nt, list, &ch);
    if (status != STATUS_SUCCESS) {
        nt_finding(nt, "SEC-030",
                   "device %u: its resource requirements list "
                   "cannot be served (%08X)",
                   number, status);
        return status;
    }
    for (unsigned i = 0; i < ch.count; i++)
        if (resources_conflict(nt, number, 0, &ch.out[i]))
            return STATUS_CONFLICTING_ADDRESSES;
    if (ch.count == 0)
        return STATUS_SUCCESS;
    d->raw = resources_list(nt, d->card.bus, d->card.bus_number, ch.out,
                            ch.count, false);
    d->translated = resources_list(nt, d->card.bus, d->card.bus_number, ch.out,
                                   ch.count, true);
    d->chosen = ch.count;
    return d->raw && d->translated ? STATUS_SUCCESS
                                   : STATUS_INSUFFICIENT_RESOURCES;
}

/* ---- drivers that report by themselves: NT 4's way
 * ---------------------------
 */

uint32_t resources_pick(struct nt *nt, uint32_t driver, uint32_t list,
                        struct nt_resource out[NT_RESOURCES], unsigned *count)
{
    struct choice ch = {.nt = nt, .driver = driver};
    uint32_t status = choose_from(nt, list, &ch);

    if (status != STATUS_SUCCESS)
        return status == STATUS_DEVICE_CONFIGURATION_ERROR
                   ? STATUS_CONFLICTING_ADDRESSES
                   : status;
    for (unsigned i = 0; i < ch.count; i++)
        out[i] = ch.out[i];
    *count = ch.count;
    return STATUS_SUCCESS;
}

static struct nt_resource read_partial(const uint8_t *d)
{
    struct nt_resource r = {.kind = d[CM_DESC_Type],
                            .share = d[CM_DESC_ShareDisposition],
                            .flags = le16(d + CM_DESC_Flags)};

    if (r.kind == NT_PORT || r.kind == NT_MEMORY) {
        r.start = le64(d + CM_DESC_Port_Start);
        r.length = le32(d + CM_DESC_Port_Length);
    } else {
        r.start = le32(d + CM_DESC_Interrupt_Level);
    }
    return r;
}

uint32_t resources_parse(struct nt *nt, uint32_t list,
                         struct nt_resource out[NT_RESOURCES], unsigned *count)
{
    enum { HEAD = CM_FULL_PartialResourceList + CM_PARTIAL_PartialDescriptors };
    uint32_t lists = nt_get32(nt, list + CM_LIST_Count);
    uint32_t at = list + CM_LIST_List;

    *count = 0;
    if (lists > LISTS_MOST)
        return STATUS_INVALID_PARAMETER;
    for (unsigned i = 0; i < lists; i++) {
        uint32_t n =
            nt_get32(nt, at + CM_FULL_PartialResourceList + CM_PARTIAL_Count);

        if (n > DESCRIPTORS_MOST)
            return STATUS_INVALID_PARAMETER;
        at += HEAD;
        for (unsigned k = 0; k < n; k++) {
            uint8_t d[CM_DESC_BYTES];

            if (!ke_read(nt->w.ke, gva_of(at), d, sizeof d))
                return STATUS_INVALID_PARAMETER;
            at += CM_DESC_BYTES;
            if (d[CM_DESC_Type] == DEVICE_SPECIFIC)
                at += le32(d + CM_DESC_DeviceSpecificData_DataSize);
            if (known(d[CM_DESC_Type]) && *count < NT_RESOURCES)
                out[(*count)++] = read_partial(d);
        }
    }
    return STATUS_SUCCESS;
}
