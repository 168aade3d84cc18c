/* hal/exports/adapter.c -- HalGetAdapter, IoGetDmaAdapter, PutDmaAdapter,
 * GetDmaAlignment. Source: WDK reference pages. */
#include "hal/exports/thunk.h"
#include "ke/ke.h"
#include "mm/pool.h"

/** DEVICE_REGISTRY_PROPERTY. */
enum { PROPERTY_LEGACY_BUS_TYPE = 0x0d, PROPERTY_ADDRESS = 0x10 };

enum { STATE_BUS_TYPE = STATE_OWN, STATE_ADDRESS };
/* words of IoGetDmaAdapter */
enum { W_SCRATCH = 4, W_INTERFACE, W_REQUESTER };

static void write_object(struct call *c, gva_t at, unsigned version)
{
    store_zero(c, at, HAL_OBJECT_BYTES);
    store_u16(c, at, 1); /* DMA_ADAPTER.Version is 1 for every table */
    store_u16(c, gva_add(at, 2), HAL_OBJECT_BYTES);
    store_u32(c, gva_add(at, 4), hal_operations(call_hal(c), version).v);
}

/* The adapter object of @dev, its count at @count_at; 0: refused. */
static uint32_t get_adapter(struct call *c, const struct hal_device *dev,
                            gva_t count_at)
{
    struct hal *h = call_hal(c);
    struct mm *mm = ke_mm(c->ke);
    uint32_t grant;
    gva_t at;

    at = hal_adapter_share(h, dev, &grant);
    if (!at.v) {
        if (pool_alloc(mm, POOL_NONPAGED, HAL_OBJECT_BYTES, HAL_TAG, &at) !=
            HB_OK)
            return 0;
        if (hal_adapter_add(h, dev, at, &grant) != HB_OK) {
            pool_free(mm, at, 0, &(struct mm_misuse){0});
            return 0;
        }
    }
    write_object(c, at, hal_adapter_table(hal_adapter_find(h, at)));
    store_u32(c, count_at, grant);
    return at.v;
}

static bool read_description(struct call *c, gva_t at, struct hal_device *dev)
{
    uint8_t raw[HAL_DEVICE_BYTES];

    load(c, at, raw, sizeof raw);
    if (!call_ok(c))
        return false;
    hal_device_decode(raw, dev);
    return true;
}

/* The end of both: all has been read, now things change. */
static void finish(struct call *c, const struct hal_device *dev, gva_t count_at)
{
    uint32_t at;

    if (!hal_adapter_check(call_hal(c), dev)) {
        call_return(c, 0);
        return;
    }
    store_u32(c, count_at, load_u32(c, count_at)); /* is it writable? */
    if (!call_ok(c))
        return;
    at = get_adapter(c, dev, count_at);
    if (call_ok(c))
        call_return(c, at);
}

/* PADAPTER_OBJECT HalGetAdapter(DeviceDescription, *NumberOfMapRegisters) */
void thunk_HalGetAdapter(struct call *c)
{
    struct hal_device dev;

    if (read_description(c, call_va(c, 0), &dev))
        finish(c, &dev, call_va(c, 1));
}

/* Ask PnP about the PDO: IoGetDeviceProperty(Pdo, @property, 4, scratch,
 * scratch + 4). False: there is nobody to ask. */
static bool ask_property(struct call *c, uint32_t property, unsigned next)
{
    gva_t routine = call_stub(c, "IoGetDeviceProperty"), scratch;

    if (!routine.v || !call_u32(c, 0))
        return false;
    if (!c->w[W_SCRATCH]) {
        if (pool_alloc(ke_mm(c->ke), POOL_NONPAGED, 8, HAL_TAG, &scratch) !=
            HB_OK)
            return false;
        c->w[W_SCRATCH] = scratch.v;
    }
    const uint32_t args[5] = {call_u32(c, 0), property, 4, c->w[W_SCRATCH],
                              c->w[W_SCRATCH] + 4};

    call_guest(c, routine, 5, args, next);
    return true;
}

/* The answer, or @otherwise. */
static uint32_t property(struct call *c, uint32_t otherwise)
{
    return c->eax == STATUS_SUCCESS ? load_u32(c, gva_of(c->w[W_SCRATCH]))
                                    : otherwise;
}

static bool unknown_bus(const struct hal_device *dev)
{
    return dev->interface == HAL_INTERFACE_UNDEFINED ||
           dev->interface == HAL_INTERFACE_PNPBUS;
}

/* PDMA_ADAPTER IoGetDmaAdapter(PhysicalDeviceObject, DeviceDescription,
 * *NumberOfMapRegisters). An unknown bus type is asked of the PDO; on platform
 * `adapter` so is the slot, because that names the table. */
void thunk_IoGetDmaAdapter(struct call *c)
{
    struct hal_device dev;

    if (!read_description(c, call_va(c, 1), &dev))
        return;
    if (c->state == STATE_BUS_TYPE)
        c->w[W_INTERFACE] = property(c, HAL_INTERFACE_INTERNAL);
    if (c->state == STATE_ADDRESS)
        c->w[W_REQUESTER] = property(c, 0xffff);
    if (!call_ok(c))
        return;
    if (c->state == STATE_ENTER && unknown_bus(&dev) &&
        ask_property(c, PROPERTY_LEGACY_BUS_TYPE, STATE_BUS_TYPE))
        return;
    if (unknown_bus(&dev))
        dev.interface = (int32_t)c->w[W_INTERFACE];
    if (c->state != STATE_ADDRESS && dev.master &&
        dev.interface == HAL_INTERFACE_PCI &&
        hal_kind(call_hal(c)) == HAL_ADAPTER &&
        ask_property(c, PROPERTY_ADDRESS, STATE_ADDRESS))
        return;
    if (c->state == STATE_ADDRESS && c->w[W_REQUESTER] != 0xffff)
        dev.requester =
            (c->w[W_REQUESTER] >> 16 & 31) * 8 + (c->w[W_REQUESTER] & 7);
    if (c->w[W_SCRATCH])
        pool_free(ke_mm(c->ke), gva_of(c->w[W_SCRATCH]), 0,
                  &(struct mm_misuse){0});
    c->w[W_SCRATCH] = 0;
    finish(c, &dev, call_va(c, 2));
}

/* VOID PutDmaAdapter(DmaAdapter) */
void thunk_DmaPutDmaAdapter(struct call *c)
{
    struct hal_adapter *ad;

    if (serve_state(c))
        return;
    ad = arg_adapter(c, 0);
    if (!call_ok(c))
        return;
    if (ad && hal_adapter_put(call_hal(c), ad))
        pool_free(ke_mm(c->ke), call_va(c, 0), 0, &(struct mm_misuse){0});
    serve(c, 0);
}

/* ULONG GetDmaAlignment(DmaAdapter) */
void thunk_DmaGetDmaAlignment(struct call *c)
{
    if (arg_adapter(c, 0) || call_ok(c))
        call_return(c, hal_alignment(call_hal(c)));
}
