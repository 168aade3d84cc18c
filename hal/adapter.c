/* hal/adapter.c -- adapter objects: what a DEVICE_DESCRIPTION asks for, what
 * the platform grants, references. Source: WDK, DEVICE_DESCRIPTION and
 * IoGetDmaAdapter. */
#include <string.h>

#include "hal/private.h"

enum {
    NO_CHANNEL = 0xff,
    CASCADE_CHANNEL = 4,
    BOUNCE_GRANT = 16, /* cap of adapters that bounce, 64 KiB */
    WIDTH_32 = 2,      /* DMA_WIDTH */
    SPEED_TYPE_C = 3,  /* DMA_SPEED; 4 is type F, which EISA has not */
};

static uint32_t u32_at(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
           (uint32_t)p[3] << 24;
}

void hal_device_decode(const uint8_t raw[HAL_DEVICE_BYTES],
                       struct hal_device *dev)
{
    *dev = (struct hal_device){
        .version = u32_at(raw),
        .master = raw[0x04],
        .scatter_gather = raw[0x05],
        .demand = raw[0x06],
        .auto_init = raw[0x07],
        .dma32 = raw[0x08],
        .ignore_count = raw[0x09],
        .dma64 = raw[0x0b],
        .channel = u32_at(raw + 0x10),
        .interface = (int32_t)u32_at(raw + 0x14),
        .width = u32_at(raw + 0x18),
        .speed = u32_at(raw + 0x1c),
        .maximum_length = u32_at(raw + 0x20),
        .requester = HAL_ANY_MASTER,
    };
}

void hal_device_decode_v3(const uint8_t raw[HAL_DEVICE_BYTES_V3],
                          struct hal_device *dev)
{
    hal_device_decode(raw, dev);
    dev->address_width = u32_at(raw + 0x28);
}

unsigned hal_version_most(const struct hal *h)
{
    return h->s.settings.version_most;
}

static bool is_isa(const struct hal_device *dev)
{
    return dev->interface == HAL_INTERFACE_ISA ||
           dev->interface == HAL_INTERFACE_EISA;
}

/* A slave's channel, or the one that an ISA master cascades through. */
static uint8_t device_8237(const struct hal_device *dev)
{
    if (dev->channel < 8 && (!dev->master || is_isa(dev)))
        return (uint8_t)dev->channel;
    return NO_CHANNEL;
}

bool hal_adapter_check(const struct hal *h, const struct hal_device *dev)
{
    if (dev->version > h->s.settings.version_most)
        return false;
    if (dev->version >= 3 && dev->master &&
        (!dev->address_width || dev->address_width > 64))
        return false;
    if (dev->master)
        return !is_isa(dev) || dev->channel != CASCADE_CHANNEL;
    if (dev->channel > 7 || dev->channel == CASCADE_CHANNEL)
        return false;
    if (h->s.settings.eisa)
        return dev->width <= WIDTH_32 && dev->speed <= SPEED_TYPE_C;
    return dev->width == (dev->channel < 4 ? 0u : 1u);
}

/* The highest byte that the device reaches. */
static uint64_t device_limit(const struct hal *h, const struct hal_device *dev)
{
    if (!dev->master)
        return h->s.settings.eisa ? UINT32_MAX : 0xffffff;
    if (dev->version >= 3)
        return UINT64_MAX >> (64 - dev->address_width);
    if (dev->dma64)
        return UINT64_MAX;
    if (dev->dma32 ||
        (dev->scatter_gather && dev->interface == HAL_INTERFACE_PCI))
        return UINT32_MAX;
    return 0xffffff;
}

/* On `bounce` a scatter/gather master that reaches all RAM uses physical
 * addresses and a NULL MapRegisterBase; everything else needs registers. */
static bool needs_registers(const struct hal *h, const struct hal_device *dev)
{
    return h->s.settings.kind != HAL_BOUNCE || !dev->master ||
           !dev->scatter_gather || device_limit(h, dev) < h->ram->top - 1;
}

static uint32_t requester_of(const struct hal_device *dev)
{
    uint8_t channel = device_8237(dev);

    if (!dev->master)
        return 0x100;
    if (channel != NO_CHANNEL)
        return 0x110u + channel;
    return dev->requester < 0x100 ? dev->requester : HAL_ANY_MASTER;
}

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* One adapter cannot own the whole pool: a quarter of the bus's table, half of
 * a master's own. */
static uint32_t pool_share(const struct hal *h, const struct hal_pool *pool)
{
    uint32_t part = h->s.settings.kind == HAL_ADAPTER ? 2 : 4;

    return pool_most(pool) >= part ? pool_most(pool) / part : 1;
}

/* BYTES_TO_PAGES(MaximumLength) + 1, bit 31 ignored, capped by the platform:
 * 64 or 128 KiB of a system channel that is not EISA's; one register for a
 * slave with ScatterGather. */
static uint32_t device_grant(const struct hal *h, const struct hal_device *dev,
                             const struct hal_pool *pool)
{
    const struct hal_settings *s = &h->s.settings;
    uint32_t bytes = dev->maximum_length & 0x7fffffff;
    uint32_t grant = (bytes >> 12) + ((bytes & PAGE_MASK) != 0) + 1;
    uint32_t option = dev->master ? s->grant_master : s->grant_slave;

    if (option)
        grant = least(grant, option);
    if (!pool)
        return grant;
    if (s->kind == HAL_BOUNCE)
        grant = least(grant, least(BOUNCE_GRANT, pool_most(pool)));
    else
        grant = least(grant, pool_share(h, pool));
    if (!dev->master && !s->eisa)
        grant = least(grant, dev->width ? 32 : 16);
    if (!dev->master && dev->scatter_gather)
        grant = 1;
    return grant;
}

static void set_modes(struct hal_adapter *ad, const struct hal_device *dev)
{
    ad->scatter_gather = dev->scatter_gather;
    ad->demand = dev->version == 2 && dev->demand;
    ad->auto_init = !dev->master && dev->auto_init;
    ad->ignore_count = dev->version >= 1 && dev->ignore_count;
    ad->version = (uint8_t)(dev->version > 1 ? dev->version : 1);
}

static uint8_t channel_width(const struct hal_device *dev)
{
    return (uint8_t)(8u << (dev->width & 3));
}

gva_t hal_adapter_share(struct hal *h, const struct hal_device *dev,
                        uint32_t *grant)
{
    uint8_t channel = device_8237(dev), most;
    struct hal_adapter *ad;
    uint32_t i, now;

    for (i = 0; channel != NO_CHANNEL && i < h->s.adapter.count; i++) {
        ad = HAL_ADAPTER_AT(h, i);
        if (ad->channel != channel || ad->master != dev->master)
            continue;
        now = device_grant(h, dev, HAL_POOL_AT(h, ad->pool));
        if (now > ad->grant)
            ad->grant = now;
        most = ad->version;
        set_modes(ad, dev);
        if (ad->version < most) /* the first holder's table does not shrink */
            ad->version = most;
        ad->width = channel_width(dev);
        dma8237_extended(h, ad, dev->speed);
        ad->references++;
        *grant = ad->grant;
        return gva_of(ad->at);
    }
    return gva_of(0);
}

static const char *adapter_text(const struct hal_adapter *ad)
{
    if (!ad->master)
        return "system";
    return ad->scatter_gather ? "master s/g" : "master";
}

enum hb_status hal_adapter_add(struct hal *h, const struct hal_device *dev,
                               gva_t at, uint32_t *grant)
{
    struct hal_adapter ad = {
        .at = at.v,
        .pool = HAL_NONE,
        .requester = requester_of(dev),
        .limit = device_limit(h, dev),
        .master = dev->master,
        .channel = device_8237(dev),
        .width = channel_width(dev),
        .references = 1,
    };
    const struct hal_pool *pool = NULL;

    if (!hal_adapter_check(h, dev))
        return HB_BAD_ARGUMENT;
    if (needs_registers(h, dev)) {
        ad.pool = pool_get(h, ad.requester, ad.limit);
        if (ad.pool == HAL_NONE)
            return HB_NO_MAP_REGISTERS;
        pool = HAL_POOL_AT(h, ad.pool);
        if (!pool_most(pool))
            return HB_NO_MAP_REGISTERS;
    }
    ad.grant = device_grant(h, dev, pool);
    set_modes(&ad, dev);
    ad.id = hal_new_id(h);
    hal_here(h, &ad.owner);
    if (h->s.adapter.count >= HAL_ADAPTERS ||
        !vec_push(&h->s.adapter, sizeof ad, &ad))
        return HB_NO_MEMORY;
    if (dev->master && ad.channel != NO_CHANNEL)
        dma8237_cascade(h, ad.channel);
    dma8237_extended(h, &ad, dev->speed);
    EMIT(h->events, adapter, ad.at, EVENT_STRING(adapter_text(&ad)), ad.grant,
         ad.limit);
    *grant = ad.grant;
    return HB_OK;
}

struct hal_adapter *hal_adapter_find(const struct hal *h, gva_t at)
{
    uint32_t i;

    for (i = 0; i < h->s.adapter.count; i++)
        if (HAL_ADAPTER_AT(h, i)->at == at.v)
            return HAL_ADAPTER_AT(h, i);
    return NULL;
}

struct hal_adapter *hal_adapter_null(struct hal *h)
{
    if (!h->s.settings.nt4)
        return NULL;
    h->null = (struct hal_adapter){.pool = HAL_NONE,
                                   .limit = UINT64_MAX,
                                   .master = true,
                                   .scatter_gather = true,
                                   .channel = NO_CHANNEL};
    return &h->null;
}

/* What a driver left behind at its last PutDmaAdapter is taken back, so that
 * others find registers; the memory of its common buffers stays lost. */
static void take_back(struct hal *h, uint32_t id)
{
    uint32_t i;

    contexts_forget(h, id);
    completions_forget(h, id);
    for (i = h->s.request.count; i-- > 0;)
        if (HAL_REQUEST_AT(h, i)->adapter == id)
            request_drop(h, i);
    for (i = h->s.list.count; i-- > 0;)
        if (HAL_LIST_AT(h, i)->adapter == id)
            vec_remove(&h->s.list, sizeof(struct hal_list), i);
    for (i = h->s.common.count; i-- > 0;)
        if (HAL_COMMON_AT(h, i)->adapter == id)
            vec_remove(&h->s.common, sizeof(struct hal_common), i);
    for (i = h->s.set.count; i-- > 0;)
        if (HAL_SET_AT(h, i)->adapter == id)
            set_destroy(h, HAL_SET_AT(h, i)->id);
}

static void report_leaks(struct hal *h, const struct hal_adapter *ad)
{
    if (ad->buffers)
        hal_misuse(h, "S14", HAL_CODE(0x07, ad->at, ad->buffers, 0),
                   "adapter %08x released with %u common buffers allocated",
                   ad->at, ad->buffers);
    if (ad->busy)
        hal_misuse(h, "S17", HAL_CODE(0x08, ad->at, 1, 0),
                   "adapter %08x released with its channel held", ad->at);
    if (ad->registers)
        hal_misuse(h, "S11", HAL_CODE(0x09, ad->at, ad->registers, 0),
                   "adapter %08x released with %u map registers allocated",
                   ad->at, ad->registers);
    if (ad->lists)
        hal_misuse(h, "S16", HAL_CODE(0x0a, ad->at, ad->lists, 0),
                   "adapter %08x released with %u scatter/gather lists out",
                   ad->at, ad->lists);
}

static uint32_t wdm_at(const struct hal *h, gva_t at)
{
    uint32_t i;

    for (i = 0; i < h->s.wdm.count; i++)
        if (at.v - HAL_WDM_AT(h, i)->base < HAL_WDM_AT(h, i)->bytes)
            break;
    return i;
}

bool hal_is_wdm(const struct hal *h, gva_t at)
{
    return wdm_at(h, at) < h->s.wdm.count;
}

void hal_image_wdm(struct hal *h, gva_t image, uint32_t bytes)
{
    const struct hal_image new = {image.v, bytes};

    if (!hal_is_wdm(h, image) && h->s.wdm.count < HAL_IMAGES)
        vec_push(&h->s.wdm, sizeof new, &new);
}

void hal_image_goes(struct hal *h, const char *name, gva_t image,
                    uint32_t bytes)
{
    const struct hal_adapter *ad;
    uint32_t i;

    if (hal_is_wdm(h, image))
        vec_remove(&h->s.wdm, sizeof(struct hal_image), wdm_at(h, image));
    for (i = 0; i < h->s.adapter.count; i++) {
        ad = HAL_ADAPTER_AT(h, i);
        if (ad->owner - image.v >= bytes)
            continue;
        report_leaks(h, ad);
        hal_misuse(h, "S20", HAL_CODE(0x11, ad->references, ad->at, 0),
                   "%s is unloaded and never released adapter %08x", name,
                   ad->at);
    }
}

bool hal_adapter_put(struct hal *h, struct hal_adapter *ad)
{
    uint32_t id = ad->id;

    if (--ad->references)
        return false;
    report_leaks(h, ad);
    take_back(h, id);
    ad = adapter_by_id(h, id);
    vec_remove(&h->s.adapter, sizeof *ad,
               (uint32_t)(ad - HAL_ADAPTER_AT(h, 0)));
    requests_advance(h);
    return true;
}

uint32_t hal_adapter_grant(const struct hal_adapter *ad)
{
    return ad->grant;
}

bool hal_adapter_runs(const struct hal_adapter *ad)
{
    return ad->master && ad->scatter_gather;
}

bool hal_adapter_master(const struct hal_adapter *ad)
{
    return ad->master;
}

unsigned hal_adapter_table(const struct hal_adapter *ad)
{
    return ad->version;
}

uint32_t hal_alignment(const struct hal *h)
{
    return h->s.settings.alignment;
}

gva_t hal_operations(const struct hal *h, unsigned version)
{
    return gva_of(h->s.operations[version - 1]);
}

void hal_set_operations(struct hal *h, unsigned version, gva_t at)
{
    h->s.operations[version - 1] = at.v;
}
