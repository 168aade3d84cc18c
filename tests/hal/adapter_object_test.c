/* tests/hal/adapter_object_test.c -- where an adapter object comes from and
 * goes, on every kind of map registers. Contract ids: DMA-xxx. */
#include "driver.h"

#include <string.h>

static struct hal_adapter_info info_of(struct driver *d, uint32_t adapter)
{
    struct hal_adapter_info info;

    for (unsigned i = 0; hal_adapter_at(d->g->r.hal, i, &info); i++)
        if (info.at.v == adapter)
            return info;
    fail();
    return info;
}

/* The adapter for @dev at PASSIVE_LEVEL, 0: refused. */
static uint32_t get(struct driver *d, const struct hal_device *dev,
                    uint32_t *count)
{
    uint32_t adapter;

    guest_irql(d->g, 0);
    adapter = guest_adapter(d->g, dev, count);
    guest_irql(d->g, 2);
    return adapter;
}

/* DMA-048: an unknown bus type is what the PDO's property says, else Internal.
 */
static void the_pdo_says_the_bus(void **state)
{
    static const int32_t unknown[] = {HAL_INTERFACE_UNDEFINED,
                                      HAL_INTERFACE_PNPBUS};

    (void)state;
    EVERY_KIND(kind)
    for (unsigned i = 0; i < 2; i++) {
        struct driver *d = driver_new(kind, NULL);
        struct hal_device dev = a_master(true, false, 0x1000);
        struct hal_adapter_info info;
        uint32_t count;

        dev.interface = unknown[i];
        d->g->pdo = GUEST_PDO; /* PCI: DMA with 32 bits */
        info = info_of(d, get(d, &dev, &count));
        assert_int_equal(info.limit, 0xffffffff);
        if (kind == HAL_ADAPTER)
            assert_int_equal(info.requester, d->g->r.requester);
        d->g->pdo = GUEST_PDO + 4; /* a PDO without the property */
        assert_int_equal(info_of(d, get(d, &dev, &count)).limit, 0xffffff);
        d->g->pdo = 0;
        assert_int_equal(info_of(d, get(d, &dev, &count)).limit, 0xffffff);
        driver_free(d);
    }
}

/* DMA-049, DMA-051: without a PDO, and with anything in the fields that do not
 * count for a PCI master. */
static void fields_that_do_not_count(void **state)
{
    static const uint8_t ignored[] = {0x0a, 0x0c, 0x10, 0x18, 0x1c, 0x24};

    (void)state;
    EVERY_KIND(kind)
    for (unsigned i = 0; i <= sizeof ignored; i++) {
        struct hal_device dev = a_master(false, true, 0x4000);
        struct driver *d = driver_new(kind, NULL);
        uint8_t raw[HAL_DEVICE_BYTES_V3];
        struct hal_adapter_info info;
        struct buffer b;

        guest_encode(&dev, raw);
        if (i < sizeof ignored)
            memset(raw + ignored[i], 0xa4, ignored[i] == 0x0a ? 1 : 4);
        if (i == 2)
            raw[0x10] = 4, raw[0x11] = raw[0x12] = raw[0x13] = 0;
        guest_irql(d->g, 0);
        d->g->pdo = 0;
        d->adapter = guest_raw(d->g, "IoGetDmaAdapter", raw, &d->count);
        guest_irql(d->g, 2);
        assert_int_equal(d->count, 5);
        info = info_of(d, d->adapter);
        assert_true(info.master);
        assert_int_equal(info.limit, 0xffffffff);
        assert_int_equal(info.channel, -1);
        d->device = guest_device(d->g, 0);
        d->length = guest_alloc(d->g, 4);
        driver_buffer(d, &b, NULL, 1, 0x3000, 1);
        driver_moves(d, &b);
        driver_free(d);
    }
}

/* DMA-052: HalGetAdapter's object is IoGetDmaAdapter's: the table serves it,
 * and the NT 4 names serve the other. */
static void adapters_of_both_calls_are_the_same(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    {
        struct hal_device dev = a_master(false, true, 0x4000);
        struct driver *d = driver_new(kind, &dev);
        uint8_t raw[HAL_DEVICE_BYTES_V3];
        uint32_t base;
        struct buffer b;

        driver_buffer(d, &b, NULL, 0x77, 0x2000, 1);
        guest_answer(d->g, HAL_KEEP_OBJECT);
        assert_int_equal(guest_call(d->g, "IoAllocateAdapterChannel",
                                    d->adapter, d->device, 3,
                                    guest_callback(d->g), 0),
                         0);
        base = driver_base(d);
        guest_set(d->g, d->length, b.bytes);
        guest_call(d->g, "IoMapTransfer", d->adapter, b.mdl, base, b.va,
                   d->length, WRITE);
        assert_int_equal(guest_get(d->g, d->length), b.bytes);
        assert_int_equal(guest_call(d->g, "IoFlushAdapterBuffers", d->adapter,
                                    b.mdl, base, b.va, b.bytes, WRITE) &
                             0xff,
                         1);
        guest_call(d->g, "IoFreeAdapterChannel", d->adapter);
        guest_encode(&dev, raw);
        guest_irql(d->g, 0);
        d->adapter = guest_raw(d->g, "HalGetAdapter", raw, &d->count);
        guest_irql(d->g, 2);
        driver_moves(d, &b); /* through its table */
        table_call(d->g, d->adapter, OP_PUT);
        driver_free(d);
    }
}

/* DMA-055: PutDmaAdapter, at DISPATCH_LEVEL too, gives back a reference, and in
 * the end all there was. */
static void put_leaves_nothing(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    {
        struct driver *d = driver_new(kind, NULL);
        struct hal_device dev = a_master(true, true, 0x4000);
        uint64_t before = 0;
        uint32_t count, adapter;

        guest_irql(d->g, 0);
        for (unsigned i = 0; i < 300; i++) {
            adapter = guest_adapter(d->g, &dev, &count);
            assert_int_not_equal(adapter, 0);
            guest_irql(d->g, i & 2);
            table_call(d->g, adapter, OP_PUT);
            guest_irql(d->g, 0);
            assert_int_equal(hal_adapter_count(d->g->r.hal), 0);
            if (i == 10)
                before = frames_in_use(&d->g->r.mm);
        }
        /* the fixture's own descriptions: 48 bytes a round with pool headers */
        assert_true(frames_in_use(&d->g->r.mm) - before < 300 * 64 / 4096 + 4);
        assert_int_equal(d->g->r.findings, 0);
        driver_free(d);
    }
}

/* DMA-057: 1 on a coherent PC, the cache line where the platform says so. */
static void alignment_is_the_platforms(void **state)
{
    static const uint8_t line[] = {0, 1, 16, 32, 64, 128};

    (void)state;
    EVERY_KIND(kind)
    for (unsigned i = 0; i < sizeof line; i++) {
        const struct rig_options o = {.kind = kind,
                                      .settings = {.alignment = line[i]}};
        struct hal_device dev = a_master(false, true, 0x4000);
        struct driver *d = driver_on(&o, &dev);
        uint32_t n = line[i] ? line[i] : 1;
        struct buffer b;

        guest_irql(d->g, 0);
        assert_int_equal(table_call(d->g, d->adapter, OP_ALIGNMENT), n);
        guest_irql(d->g, 2);
        driver_buffer(d, &b, NULL, n & PAGE_MASK, 24 * 128, 1);
        driver_moves(d, &b);
        driver_free(d);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_pdo_says_the_bus),
        cmocka_unit_test(fields_that_do_not_count),
        cmocka_unit_test(adapters_of_both_calls_are_the_same),
        cmocka_unit_test(put_leaves_nothing),
        cmocka_unit_test(alignment_is_the_platforms),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
