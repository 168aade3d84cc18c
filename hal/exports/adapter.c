/* hal/exports/adapter.c -- HalGetAdapter, IoGetDmaAdapter, PutDmaAdapter,
 * GetDmaAlignment. Source: WDK reference pages. */
#include "hal/exports/thunk.h"
#include "ke/ke.h"
#include "mm/pool.h"

/** DEVICE_REGISTRY_PROPERTY. */
enum { PROPERTY_LEGACY_BUS_TYPE = 0x0d, PROPERTY_ADDRESS = 0x10 };

/** BUS_INTERFACE_STANDARD. */
enum {
    BUS_CONTEXT = 0x04,
    BUS_DEREFERENCE = 0x0c,
    BUS_GET_DMA_ADAPTER = 0x14,
    BUS_BYTES = 0x20
};

enum {
    STATE_BUS = STATE_OWN, /* the PDO's bus interface has been asked for   */
    STATE_THEIRS,          /* its GetDmaAdapter is back                    */
    STATE_LET_GO,          /* ... and its InterfaceDereference             */
    STATE_BUS_TYPE,
    STATE_ADDRESS
};
/* words of IoGetDmaAdapter; in the scratch memory a property and its length, or
 * the bus interface */
enum { W_THEIRS = 3, W_SCRATCH, W_INTERFACE, W_REQUESTER };

enum { VERSIONS = 3 }; /* of DEVICE_DESCRIPTION, up to Windows 8 */

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
    uint8_t raw[HAL_DEVICE_BYTES_V3];

    load(c, at, raw, HAL_DEVICE_BYTES);
    if (!call_ok(c))
        return false;
    hal_device_decode(raw, dev);
    if (dev->version != 3 || dev->version > hal_version_most(call_hal(c)))
        return true; /* there may be no more bytes than these */
    load(c, at, raw, HAL_DEVICE_BYTES_V3);
    if (!call_ok(c))
        return false;
    hal_device_decode_v3(raw, dev);
    return true;
}

/* The end of both: all has been read, now things change. */
static void finish(struct call *c, const struct hal_device *dev, gva_t count_at)
{
    uint32_t at;

    if (dev->version > VERSIONS)
        hal_misuse(call_hal(c), "W25", HAL_CODE(0x25, 0, 0, 0),
                   "DEVICE_DESCRIPTION of unknown version %u", dev->version);
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

    if (hal_is_wdm(call_hal(c), gva_of(call_caller(c))))
        hal_misuse(call_hal(c), "S23", HAL_CODE(0x1e, 0, 0, 0),
                   "HalGetAdapter called by a WDM driver: IoGetDmaAdapter is "
                   "what gives adapters");
    if (read_description(c, call_va(c, 0), &dev))
        finish(c, &dev, call_va(c, 1));
}

/* Can PnP be asked about the PDO by @routine? There is scratch memory then. */
static bool can_ask(struct call *c, gva_t routine)
{
    gva_t scratch;

    if (!routine.v || !call_u32(c, 0))
        return false;
    if (c->w[W_SCRATCH])
        return true;
    if (pool_alloc(ke_mm(c->ke), POOL_NONPAGED, BUS_BYTES, HAL_TAG, &scratch) !=
        HB_OK)
        return false;
    c->w[W_SCRATCH] = scratch.v;
    return true;
}

static void free_scratch(struct call *c)
{
    if (c->w[W_SCRATCH])
        pool_free(ke_mm(c->ke), gva_of(c->w[W_SCRATCH]), 0,
                  &(struct mm_misuse){0});
    c->w[W_SCRATCH] = 0;
}

/* ---- a bus driver's own GetDmaAdapter --------------------------------------
 * The PDO is asked for GUID_BUS_INTERFACE_STANDARD; what its GetDmaAdapter
 * gives is the answer. The reference that the interface came with is given
 * back. Source: WDK, DMA_ADAPTER and BUS_INTERFACE_STANDARD. */

static uint32_t bus_word(struct call *c, uint32_t offset)
{
    return load_u32(c, gva_of(c->w[W_SCRATCH] + offset));
}

static bool ask_bus(struct call *c)
{
    gva_t routine = call_stub(c, "NtpQueryBusInterface");

    if (call_irql(c) >= DISPATCH_LEVEL || !can_ask(c, routine))
        return false;
    store_zero(c, gva_of(c->w[W_SCRATCH]), BUS_BYTES);
    const uint32_t args[2] = {call_u32(c, 0), c->w[W_SCRATCH]};

    call_guest(c, routine, 2, args, STATE_BUS);
    return true;
}

static bool let_go(struct call *c)
{
    uint32_t routine = bus_word(c, BUS_DEREFERENCE);
    const uint32_t context = bus_word(c, BUS_CONTEXT);

    if (!routine || !call_ok(c))
        return false;
    call_guest(c, gva_of(routine), 1, &context, STATE_LET_GO);
    return true;
}

static bool ask_for_theirs(struct call *c)
{
    uint32_t routine = bus_word(c, BUS_GET_DMA_ADAPTER);
    const uint32_t args[3] = {bus_word(c, BUS_CONTEXT), call_u32(c, 1),
                              call_u32(c, 2)};

    if (!routine || !call_ok(c))
        return false;
    call_guest(c, gva_of(routine), 3, args, STATE_THEIRS);
    return true;
}

/* True: this entry is over. False: the HAL's own adapter it is. */
static bool bus_adapter(struct call *c)
{
    switch (c->state) {
    case STATE_ENTER:
        return ask_bus(c);
    case STATE_BUS:
        if ((int32_t)c->eax < 0)
            return false;
        return ask_for_theirs(c) || let_go(c);
    case STATE_THEIRS:
        c->w[W_THEIRS] = c->eax;
        if (let_go(c))
            return true;
        break;
    case STATE_LET_GO:
        break;
    default:
        return false;
    }
    if (!c->w[W_THEIRS])
        return false;
    free_scratch(c);
    call_return(c, c->w[W_THEIRS]);
    return true;
}

/* ---- properties of the PDO ------------------------------------------------*/

/* Ask PnP about the PDO: IoGetDeviceProperty(Pdo, @property, 4, scratch,
 * scratch + 4). False: there is nobody to ask. */
static bool ask_property(struct call *c, uint32_t property, unsigned next)
{
    gva_t routine = call_stub(c, "IoGetDeviceProperty");

    if (!can_ask(c, routine))
        return false;
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
 * *NumberOfMapRegisters). The PDO's bus driver may give one; else the HAL does.
 * An unknown bus type is asked of the PDO; on platform `adapter` so is the
 * slot, because that names the table. */
void thunk_IoGetDmaAdapter(struct call *c)
{
    struct hal_device dev;

    if (!read_description(c, call_va(c, 1), &dev) || bus_adapter(c) ||
        !call_ok(c))
        return;
    if (c->state == STATE_BUS_TYPE)
        c->w[W_INTERFACE] = property(c, HAL_INTERFACE_INTERNAL);
    if (c->state == STATE_ADDRESS)
        c->w[W_REQUESTER] = property(c, 0xffff);
    if (!call_ok(c))
        return;
    if (c->state < STATE_BUS_TYPE && unknown_bus(&dev) &&
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
    free_scratch(c);
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
