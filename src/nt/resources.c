/* src/nt/resources.c -- resource lists as drivers see them: requirements of a
 * card, what was chosen, raw and translated. Who gets what: arbiter.c.
 * Source: hal_io fact sheet 3; WDK CM_PARTIAL_RESOURCE_DESCRIPTOR,
 * IO_RESOURCE_DESCRIPTOR. Translation on a PC: the identity for ports and
 * memory; an IRQ becomes vector and DIRQL. */
#include <stdlib.h>
#include <string.h>

#include "hal/hal.h"
#include "mm/system.h"
#include "nt/arbiter.h"
#include "nt/guest.h"
#include "nt/pnp.h"

enum {
    OPTION_PREFERRED = 1,
    OPTION_ALTERNATIVE = 8,
    LISTS_MOST = 16,
    DESCRIPTORS_MOST = 64,
    LIST_BYTES_MOST = 1 << 16 /* of a requirements list */
};
enum { DEVICE_SPECIFIC = 5, FLAG_PORT_IO = 1 };
/* Where the BARs of a PC can go: ports above the board's own, memory in the
 * hole below 4 GiB. */
enum { FIRST_PORT = 0xc000, LAST_PORT = 0xffff };
#define FIRST_MEMORY 0xf0000000u
#define LAST_MEMORY  0xfe9fffffu
enum { FIRST_LINE = 3, LAST_LINE = 15 };

static void put(uint8_t *at, uint64_t v, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        at[i] = (uint8_t)(v >> 8 * i);
}

/* ---- requirements -----------------------------------------------------------
 */

void resources_requirement(uint8_t *d, const struct nt_resource *r,
                           uint8_t option, uint64_t least, uint64_t most)
{
    d[IO_DESC_Option] = option;
    d[IO_DESC_Type] = r->kind;
    d[IO_DESC_ShareDisposition] = r->share;
    put(d + IO_DESC_Flags, r->flags, 2);
    if (r->kind == NT_PORT || r->kind == NT_MEMORY) {
        put(d + IO_DESC_Port_Length, r->length, 4);
        put(d + IO_DESC_Port_Alignment, r->bar ? r->length : 1, 4);
        put(d + IO_DESC_Port_MinimumAddress, least, 8);
        put(d + IO_DESC_Port_MaximumAddress, most, 8);
    } else {
        put(d + IO_DESC_Interrupt_MinimumVector, least, 4);
        put(d + IO_DESC_Interrupt_MaximumVector, most, 4);
    }
}

/* Descriptors of one of the card's resources: where it is; where it can be
 * instead. Returns how many. */
static unsigned requirement(uint8_t *d, const struct nt_card *card,
                            const struct nt_resource *r)
{
    uint64_t last = r->start + (r->length ? r->length - 1 : 0);
    bool line = r->kind == NT_INTERRUPT && card->bus == NT_PCI;

    resources_requirement(d, r, r->bar || line ? OPTION_PREFERRED : 0, r->start,
                          last);
    if (r->bar && r->kind == NT_PORT)
        resources_requirement(d + IO_DESC_BYTES, r, OPTION_ALTERNATIVE,
                              FIRST_PORT, LAST_PORT);
    else if (r->bar)
        resources_requirement(d + IO_DESC_BYTES, r, OPTION_ALTERNATIVE,
                              FIRST_MEMORY, LAST_MEMORY);
    else if (line)
        resources_requirement(d + IO_DESC_BYTES, r, OPTION_ALTERNATIVE,
                              FIRST_LINE, LAST_LINE);
    return r->bar || line ? 2 : 1;
}

uint32_t resources_requirements(struct nt *nt, const struct nt_card *card)
{
    uint8_t list[IO_REQS_List + IO_LIST_Descriptors +
                 2 * NT_RESOURCES * IO_DESC_BYTES] = {0};
    uint8_t *first = list + IO_REQS_List;
    uint32_t bytes, count = 0, at;

    if (card->resources == 0)
        return 0;
    for (unsigned i = 0; i < card->resources; i++)
        count +=
            requirement(first + IO_LIST_Descriptors + count * IO_DESC_BYTES,
                        card, &card->resource[i]);
    bytes = IO_REQS_List + IO_LIST_Descriptors + count * IO_DESC_BYTES;
    put(list + IO_REQS_ListSize, bytes, 4);
    put(list + IO_REQS_InterfaceType, card->bus, 4);
    put(list + IO_REQS_BusNumber, card->bus_number, 4);
    put(list + IO_REQS_SlotNumber, card->slot | (unsigned)card->function << 5,
        4);
    put(list + IO_REQS_AlternativeLists, 1, 4);
    put(first + IO_LIST_Version, 1, 2);
    put(first + IO_LIST_Revision, 1, 2);
    put(first + IO_LIST_Count, count, 4);
    at = nt_pool_paged(nt, bytes, TAG('P', 'n', 'p', 'R'));
    if (at)
        nt_put(nt, at, list, bytes);
    return at;
}

/* ---- resource lists ---------------------------------------------------------
 */

/* Where the CPU reaches a range: the type may be the other one then. */
static void range(struct nt *nt, uint8_t *d, const struct nt_resource *r,
                  bool translated)
{
    uint64_t start = r->start;
    bool port = r->kind == NT_PORT;

    if (translated && (port || r->kind == NT_MEMORY)) {
        hal_translate(nt->w.bus, &port, &start, r->length);
        if (port != (r->kind == NT_PORT)) {
            d[CM_DESC_Type] = port ? NT_PORT : NT_MEMORY;
            put(d + CM_DESC_Flags, port ? FLAG_PORT_IO : 0, 2);
        }
    }
    put(d + CM_DESC_Port_Start, start, 8);
    put(d + CM_DESC_Port_Length, r->length, 4);
}

static void partial(struct nt *nt, uint8_t *d, const struct nt_resource *r,
                    bool translated)
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
        range(nt, d, r, translated);
    }
}

enum {
    FIRST = CM_LIST_List + CM_FULL_PartialResourceList +
            CM_PARTIAL_PartialDescriptors,
    LIST_MOST = FIRST + NT_RESOURCES * CM_DESC_BYTES
};

/* Returns its bytes. */
static uint32_t make_list(struct nt *nt, uint8_t list[LIST_MOST], uint8_t bus,
                          uint32_t bus_number, const struct nt_resource *r,
                          unsigned count, bool translated)
{
    uint8_t *full = list + CM_LIST_List;
    uint8_t *part = full + CM_FULL_PartialResourceList;

    memset(list, 0, LIST_MOST);
    put(list + CM_LIST_Count, 1, 4);
    put(full + CM_FULL_InterfaceType, bus, 4);
    put(full + CM_FULL_BusNumber, bus_number, 4);
    put(part + CM_PARTIAL_Version, 1, 2);
    put(part + CM_PARTIAL_Revision, 1, 2);
    put(part + CM_PARTIAL_Count, count, 4);
    for (unsigned i = 0; i < count; i++)
        partial(nt, list + FIRST + i * CM_DESC_BYTES, &r[i], translated);
    return FIRST + count * (uint32_t)CM_DESC_BYTES;
}

uint32_t resources_list(struct nt *nt, uint8_t bus, uint32_t bus_number,
                        const struct nt_resource *r, unsigned count,
                        bool translated)
{
    uint8_t list[LIST_MOST];
    uint32_t bytes = make_list(nt, list, bus, bus_number, r, count, translated);
    uint32_t at = nt_pool_paged(nt, bytes, TAG('P', 'n', 'p', 'L'));

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

/* ---- the lists of START_DEVICE: a page that drivers are lent
 * ---------------*/

enum { TRANSLATED_AT = PAGE_BYTES / 2 };

void resources_lent(struct nt *nt, struct nt_device *d)
{
    if (d->lent)
        lent_back(nt->w.mm, gva_of(d->lent));
}

/* Both lists of @r for the next START_DEVICE. False: no memory. */
static bool lend(struct nt *nt, const struct nt_card *card,
                 const struct nt_resource *r, unsigned count, uint32_t *page)
{
    uint8_t list[LIST_MOST];
    uint32_t bytes;
    gva_t va;

    *page = 0;
    if (count == 0)
        return true;
    if (lent_alloc(nt->w.mm, &va) != HB_OK)
        return false;
    *page = va.v;
    bytes = make_list(nt, list, card->bus, card->bus_number, r, count, false);
    nt_put(nt, va.v, list, bytes);
    bytes = make_list(nt, list, card->bus, card->bus_number, r, count, true);
    nt_put(nt, va.v + TRANSLATED_AT, list, bytes);
    return true;
}

void resources_release(struct nt *nt, struct nt_device *d)
{
    lent_free(nt->w.mm, gva_of(d->lent));
    d->lent = d->raw = d->translated = 0;
    d->chosen = 0;
}

/* ---- choosing -------------------------------------------------------------*/

/* A guest's list as bytes of the host's; the caller frees them. STATUS_x. */
static uint32_t read_requirements(struct nt *nt, uint32_t list, uint8_t **bytes,
                                  uint32_t *count)
{
    uint8_t head[IO_REQS_List];

    if (!ke_read(nt->w.ke, gva_of(list), head, sizeof head))
        return STATUS_INVALID_PARAMETER;
    *count = get_le32(head + IO_REQS_ListSize);
    if (*count < sizeof head || *count > LIST_BYTES_MOST ||
        list + *count < list)
        return STATUS_INVALID_PARAMETER;
    *bytes = malloc(*count);
    if (!*bytes)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (ke_read(nt->w.ke, gva_of(list), *bytes, *count))
        return STATUS_SUCCESS;
    free(*bytes);
    return STATUS_INVALID_PARAMETER;
}

static uint32_t solve(struct arbiter *a, uint32_t list)
{
    uint8_t *bytes;
    uint32_t count, status = read_requirements(a->nt, list, &bytes, &count);

    if (status != STATUS_SUCCESS)
        return status;
    status = arbiter_solve(a, bytes, count);
    if (status != STATUS_SUCCESS && a->elsewhere) {
        a->elsewhere = false; /* nowhere else: where it is, then */
        status = arbiter_solve(a, bytes, count);
    }
    free(bytes);
    return status;
}

/* ---- what the registry says: Enum\<id>\<n>\LogConf ------------------------*/

enum { HEAD = CM_FULL_PartialResourceList + CM_PARTIAL_PartialDescriptors };

static struct nt_resource read_partial(const uint8_t *d);

static const struct registry_value *logconf(const struct nt *nt,
                                            uint32_t number, const char *name)
{
    char path[256];
    uint32_t key;

    pnp_key(nt, number, "LogConf", path, sizeof path);
    key = hive_find_text(&nt->s.registry, path);
    return key ? hive_value_text(&nt->s.registry, key, name) : NULL;
}

/* ForcedConfig, a CM_RESOURCE_LIST: what of its first full descriptor the
 * arbiter knows. False: there is none. */
static bool forced(const struct nt *nt, uint32_t number,
                   struct nt_resource out[NT_RESOURCES], unsigned *count)
{
    const struct registry_value *v = logconf(nt, number, "ForcedConfig");
    const uint8_t *p = v ? hive_data(&nt->s.registry, v) : NULL;
    uint32_t n;

    *count = 0;
    if (!v || v->bytes < CM_LIST_List + HEAD || !get_le32(p + CM_LIST_Count))
        return false;
    p += CM_LIST_List;
    n = get_le32(p + CM_FULL_PartialResourceList + CM_PARTIAL_Count);
    if (n > (v->bytes - CM_LIST_List - HEAD) / CM_DESC_BYTES)
        return false;
    for (uint32_t i = 0; i < n && *count < NT_RESOURCES; i++) {
        const uint8_t *d = p + HEAD + i * CM_DESC_BYTES;

        if (resource_known(d[CM_DESC_Type]))
            out[(*count)++] = read_partial(d);
    }
    return *count > 0;
}

uint32_t resources_configured(struct nt *nt, uint32_t number)
{
    const struct registry_value *v =
        logconf(nt, number, "OverrideConfigVector");
    uint32_t at;

    if (!v)
        v = logconf(nt, number, "BasicConfigVector");
    if (!v || v->bytes < IO_REQS_List || v->bytes > LIST_BYTES_MOST)
        return 0;
    at = nt_pool_paged(nt, v->bytes, TAG('P', 'n', 'p', 'R'));
    if (at) {
        nt_put(nt, at, hive_data(&nt->s.registry, v), v->bytes);
        nt_put32(nt, at + IO_REQS_ListSize, v->bytes);
    }
    return at;
}

/* ---- a device's lists -----------------------------------------------------*/

static uint32_t find(struct arbiter *a, uint32_t list)
{
    struct nt_resource want[NT_RESOURCES];
    unsigned count;
    uint32_t status = STATUS_SUCCESS;

    if (forced(a->nt, a->number, want, &count))
        return arbiter_force(a, want, count);
    if (list)
        status = solve(a, list);
    if (status == STATUS_INVALID_PARAMETER)
        nt_finding(a->nt, "SEC-030",
                   "device %u: its resource requirements list is none",
                   a->number);
    return status;
}

uint32_t resources_assign(struct nt *nt, uint32_t number, uint32_t list,
                          bool elsewhere)
{
    struct nt_device *d = pnp_device(nt, number);
    /* a child of a driver's bus: what it has only that driver knows */
    struct arbiter a = {.nt = nt,
                        .number = number,
                        .card = d->reported ? NULL : &d->card,
                        .elsewhere = elsewhere};
    uint32_t status = find(&a, list), page;

    if (status != STATUS_SUCCESS)
        return status;
    if (!lend(nt, &d->card, a.out, a.count, &page))
        return STATUS_INSUFFICIENT_RESOURCES;
    resources_release(nt, d);
    d->lent = d->raw = page;
    d->translated = page ? page + TRANSLATED_AT : 0;
    d->chosen = a.count;
    memcpy(d->held, a.out, a.count * sizeof a.out[0]);
    return STATUS_SUCCESS;
}

/* ---- drivers that report by themselves: NT 4's way ------------------------*/

static uint32_t pick(struct arbiter *a, uint32_t list, struct nt_resource *out,
                     unsigned *count)
{
    uint32_t status = solve(a, list);

    if (status == STATUS_DEVICE_CONFIGURATION_ERROR)
        status = STATUS_CONFLICTING_ADDRESSES;
    if (status != STATUS_SUCCESS)
        return status;
    memcpy(out, a->out, a->count * sizeof a->out[0]);
    *count = a->count;
    return STATUS_SUCCESS;
}

uint32_t resources_pick(struct nt *nt, uint32_t driver, uint32_t list,
                        struct nt_resource out[NT_RESOURCES], unsigned *count)
{
    struct arbiter a = {.nt = nt, .driver = driver};

    return pick(&a, list, out, count);
}

uint32_t resources_pick_card(struct nt *nt, uint32_t driver,
                             const struct nt_card *card,
                             struct nt_resource out[NT_RESOURCES],
                             unsigned *count)
{
    struct arbiter a = {.nt = nt, .driver = driver, .card = card};
    uint32_t list = resources_requirements(nt, card), status;

    *count = 0;
    if (list == 0)
        return card->resources ? STATUS_INSUFFICIENT_RESOURCES : STATUS_SUCCESS;
    status = pick(&a, list, out, count);
    nt_pool_free(nt, list);
    return status;
}

static struct nt_resource read_partial(const uint8_t *d)
{
    struct nt_resource r = {.kind = d[CM_DESC_Type],
                            .share = d[CM_DESC_ShareDisposition],
                            .flags = get_le16(d + CM_DESC_Flags)};

    if (r.kind == NT_PORT || r.kind == NT_MEMORY) {
        r.start = get_le64(d + CM_DESC_Port_Start);
        r.length = get_le32(d + CM_DESC_Port_Length);
    } else {
        r.start = get_le32(d + CM_DESC_Interrupt_Level);
    }
    return r;
}

uint32_t resources_parse(struct nt *nt, uint32_t list,
                         struct nt_resource out[NT_RESOURCES], unsigned *count)
{
    uint32_t at = list + CM_LIST_List;
    uint8_t head[4];
    uint32_t lists;

    *count = 0;
    if (!ke_read(nt->w.ke, gva_of(list + CM_LIST_Count), head, sizeof head))
        return STATUS_INVALID_PARAMETER;
    lists = get_le32(head);
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
                at += get_le32(d + CM_DESC_DeviceSpecificData_DataSize);
            if (resource_known(d[CM_DESC_Type]) && *count < NT_RESOURCES)
                out[(*count)++] = read_partial(d);
        }
    }
    return STATUS_SUCCESS;
}
