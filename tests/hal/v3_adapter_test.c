/* tests/hal/v3_adapter_test.c -- which versions of DEVICE_DESCRIPTION a
 * platform serves, what is read of each, and the address width of version 3.
 * Contract ids: DMA-xxx. */
#include "v3.h"

#include "mm/system.h"

/* Windows 2000, XP and 8 */
static const uint8_t most[] = {1, 2, 3};

static struct guest *platform(enum hal_kind kind, unsigned version_most)
{
    const struct rig_options o = {
        .kind = kind, .settings = {.version_most = (uint8_t)version_most}};

    return guest_new(&o);
}

/* The table that a description of @version gives, 0: none is given. */
static uint32_t table_bytes(struct guest *g, unsigned version)
{
    struct hal_device dev = pci_master(&g->r, true, true, 0x10000);
    uint32_t adapter, count, at;

    dev.version = version;
    dev.address_width = 32;
    adapter = guest_adapter(g, &dev, &count);
    if (!adapter)
        return 0;
    assert_int_equal(guest_get(g, adapter) & 0xffff, 1);
    for (at = 4; at < guest_entry(g, adapter, 0); at += 4)
        assert_non_null(
            ke_routine_name(g->ke, gva_of(guest_entry(g, adapter, at))));
    return guest_entry(g, adapter, 0);
}

/* DMA-026, DMA-027: table sizes, and NULL above what the platform serves. */
static void each_platform_has_its_tables(void **state)
{
    static const uint32_t bytes[] = {0x34, 0x34, 0x40, 0x74};

    (void)state;
    EVERY_KIND(kind)
    for (unsigned i = 0; i < sizeof most; i++) {
        struct guest *g = platform(kind, most[i]);

        for (unsigned version = 0; version <= 4; version++)
            assert_int_equal(table_bytes(g, version),
                             version <= most[i] ? bytes[version] : 0);
        guest_free(g);
    }
}

/* DMA-030: the description of an older version may end where memory ends. A
 * version 3 that is read to 40h faults there; one that is refused is not. */
static void no_byte_past_an_older_description_is_read(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    for (unsigned i = 0; i < sizeof most; i++) {
        struct guest *g = platform(kind, most[i]);
        uint32_t n = guest_alloc(g, 4), at, eax;
        gva_t va;

        assert_int_equal(system_alloc(&g->r.mm, 1, MM_RW, &va), HB_OK);
        at = va.v + PAGE_BYTES - HAL_DEVICE_BYTES;
        guest_set(g, at + 0x04, 1);
        guest_set(g, at + 0x14, HAL_INTERFACE_PCI);
        for (unsigned version = 0; version < 3; version++) {
            guest_set(g, at, version);
            assert_int_equal(guest_call(g, "IoGetDmaAdapter", 0, at, n) != 0,
                             version <= most[i]);
        }
        guest_set(g, at, 3);
        const uint32_t args[3] = {0, at, n};

        assert_int_equal(
            guest_try(g, ke_stub(g->ke, "IoGetDmaAdapter").v, 3, args, &eax),
            most[i] < 3);
        guest_free(g);
    }
}

/* What a master of @bits reaches; 0: it gets no adapter. */
static uint64_t limit_of(struct guest *g, unsigned bits, bool dma32, bool dma64)
{
    struct hal_device dev = pci_master(&g->r, true, dma32, 0x4000);
    struct hal_adapter_info info;
    uint32_t count;

    dev.version = 3;
    dev.address_width = bits;
    dev.dma64 = dma64;
    if (!guest_adapter(g, &dev, &count))
        return 0;
    assert_true(count >= 1);
    assert_true(
        hal_adapter_at(g->r.hal, hal_adapter_count(g->r.hal) - 1, &info));
    return info.limit;
}

/* DMA-047: 2^n - 1, whatever the flags say. Fewer bits than a logical window or
 * a page needs are refused for want of registers. */
static void a_master_has_the_bits_that_it_says(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    {
        struct guest *g = platform(kind, 3);
        unsigned bits;

        for (bits = 24; bits <= 64; bits++) {
            uint64_t limit = bits < 64 ? ((uint64_t)1 << bits) - 1 : UINT64_MAX;

            assert_true(limit_of(g, bits, bits & 1, bits & 2) == limit);
        }
        for (bits = 20; bits < 24; bits++)
            assert_int_equal(limit_of(g, bits, true, true),
                             kind == HAL_BOUNCE ? (1 << bits) - 1 : 0);
        assert_int_equal(limit_of(g, 0, true, true), 0);
        assert_int_equal(limit_of(g, 65, true, true), 0);
        assert_int_equal(limit_of(g, 0xffffffff, true, true), 0);
        guest_free(g);
    }
}

/* DMA-047: ... and no address that it gets has more. */
static void no_address_has_more_bits(void **state)
{
    static const unsigned widths[] = {24, 25, 28, 32};

    (void)state;
    EVERY_KIND(kind)
    for (unsigned i = 0; i < 4; i++) {
        struct guest *g = v3_guest(kind, false);
        uint32_t adapter = v3_master(g, true, widths[i], 0x8000);
        uint32_t context = v3_context(g, adapter), list = guest_alloc(g, 0x100);
        struct v3_map m = {.adapter = adapter,
                           .write = READ,
                           .bytes = 0x3000,
                           .list = list,
                           .list_bytes = 0x100};
        struct buffer b;

        rig_scatter(&g->r, &b, 0x3fff, 0x123, m.bytes);
        m.mdl = guest_mdl(g, &b);
        m.base = v3_hold(g, adapter, context, 4);
        assert_int_equal(v3_map(g, &m), SUCCESS);
        assert_int_equal(m.mapped, m.bytes);
        for (uint32_t k = 0; k < guest_get(g, list); k++) {
            uint32_t at = list + 8 + 16 * k;

            assert_int_equal(guest_get(g, at + 4), 0);
            assert_int_equal(
                ((uint64_t)guest_get(g, at) + guest_get(g, at + 8) - 1) >>
                    widths[i],
                0);
        }
        v3_list_writes(g, list, 9);
        assert_int_equal(v3_flush(g, &m), SUCCESS);
        assert_true(buffer_is(&g->r, &b, 9));
        guest_free(g);
    }
}

/* The first holder's table of a shared channel does not shrink. */
static void a_shared_channel_keeps_the_larger_table(void **state)
{
    struct guest *g = v3_guest(HAL_TRANSLATE, false);
    struct hal_device dev = isa_slave(SLAVE_CHANNEL, 0x1000);
    uint32_t adapter = v3_slave(g, 0x1000), count;

    (void)state;
    guest_irql(g, 0);
    assert_int_equal(guest_adapter(g, &dev, &count), adapter);
    assert_int_equal(guest_entry(g, adapter, 0), 0x74);
    guest_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_platform_has_its_tables),
        cmocka_unit_test(no_byte_past_an_older_description_is_read),
        cmocka_unit_test(a_master_has_the_bits_that_it_says),
        cmocka_unit_test(no_address_has_more_bits),
        cmocka_unit_test(a_shared_channel_keeps_the_larger_table),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
