/* tests/hal/adapter_exports_test.c -- IoGetDmaAdapter, HalGetAdapter and the
 * object they give, as guest code sees them. Contract ids: DMA-xxx. */
#include "guest.h"

/* DMA-029, 024..026: header and table */
static void adapter_object_is_as_drivers_read_it(void **state)
{
    static const uint32_t size[] = {0x34, 0x34, 0x40};
    struct guest *g = guest_of(HAL_TRANSLATE);
    struct hal_device dev = pci_master(&g->r, false, true, 0x10000);
    uint32_t adapter = 0, count, offset;

    (void)state;
    for (dev.version = 0; dev.version < 3; dev.version++) {
        adapter = guest_adapter(g, &dev, &count);
        assert_int_not_equal(adapter, 0);
        assert_int_equal(guest_get(g, adapter) & 0xffff, 1);
        assert_int_equal(count, 17);
        assert_int_equal(guest_entry(g, adapter, 0), size[dev.version]);
        for (offset = 4; offset < size[dev.version]; offset += 4)
            assert_non_null(ke_routine_name(
                g->ke, gva_of(guest_entry(g, adapter, offset))));
    }
    assert_int_equal(guest_get(g, adapter + 4) != 0, 1);
    guest_free(g);
}

/* DMA-028: refused, the count untouched */
static void an_unknown_version_is_null(void **state)
{
    struct guest *g = guest_of(HAL_TRANSLATE);
    struct hal_device dev = pci_master(&g->r, false, true, 0x10000);
    uint32_t count;

    (void)state;
    dev.version = 7;
    assert_int_equal(guest_adapter(g, &dev, &count), 0);
    assert_int_equal(count, 0);
    guest_free(g);
}

/* DMA-048: an unknown bus type is the PDO's; on `adapter` so is the slot */
static void the_pdo_says_bus_and_slot(void **state)
{
    static const int32_t unknown[] = {HAL_INTERFACE_UNDEFINED,
                                      HAL_INTERFACE_PNPBUS};
    struct hal_adapter_info info;
    unsigned i;

    (void)state;
    for (i = 0; i < 2; i++) {
        struct guest *g = guest_of(HAL_ADAPTER);
        struct hal_device dev = pci_master(&g->r, true, false, 0x1000);
        uint32_t count;

        dev.interface = unknown[i];
        g->pdo = GUEST_PDO;
        assert_int_not_equal(guest_adapter(g, &dev, &count), 0);
        assert_true(hal_adapter_at(g->r.hal, 0, &info));
        assert_int_equal(info.limit, 0xffffffff); /* S/G on PCI: DMA-044 */
        assert_int_equal(info.requester, g->r.requester);
        g->pdo = GUEST_PDO + 4; /* nobody's: Internal, any master */
        assert_int_not_equal(guest_adapter(g, &dev, &count), 0);
        assert_true(hal_adapter_at(g->r.hal, 1, &info));
        assert_int_equal(info.limit, 0xffffff);
        assert_int_equal(info.requester, 0xffff);
        guest_free(g);
    }
}

/* DMA-052: HalGetAdapter's object has the table too */
static void nt4_adapter_has_a_table(void **state)
{
    struct guest *g = guest_of(HAL_TRANSLATE);
    uint32_t at = guest_alloc(g, 0x28), n = guest_alloc(g, 4), adapter;

    (void)state;
    guest_set(g, at + 0x14, HAL_INTERFACE_ISA);
    guest_set(g, at + 0x10, 2);
    guest_set(g, at + 0x20, 0x2000);
    adapter = guest_call(g, "HalGetAdapter", at, n);
    assert_int_not_equal(adapter, 0);
    assert_int_equal(guest_get(g, n), 3);
    assert_int_equal(guest_call(g, "HalGetAdapter", at, n), adapter);
    table_call(g, adapter, OP_PUT);
    assert_int_equal(table_call(g, adapter, OP_ALIGNMENT), 1);
    table_call(g, adapter, OP_PUT);
    assert_int_equal(hal_adapter_count(g->r.hal), 0);
    guest_free(g);
}

/* DMA-077 */
static void crash_dump_registers(void **state)
{
    struct guest *g = guest_of(HAL_TRANSLATE);
    struct hal_device dev = isa_slave(3, 0x4000);
    uint32_t adapter, count, n = guest_alloc(g, 4);

    (void)state;
    adapter = guest_adapter(g, &dev, &count);
    guest_set(g, n, 100);
    assert_int_not_equal(
        guest_call(g, "HalAllocateCrashDumpRegisters", adapter, n), 0);
    assert_int_equal(guest_get(g, n), count);
    guest_free(g);
}

/* DMA-057 */
static void alignment_is_the_platforms(void **state)
{
    const struct rig_options o = {.settings = {.alignment = 32}};
    struct guest *g = guest_new(&o);
    struct hal_device dev = pci_master(&g->r, false, true, 0x1000);
    uint32_t adapter, count;

    (void)state;
    adapter = guest_adapter(g, &dev, &count);
    assert_int_equal(table_call(g, adapter, OP_ALIGNMENT), 32);
    guest_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(adapter_object_is_as_drivers_read_it),
        cmocka_unit_test(an_unknown_version_is_null),
        cmocka_unit_test(the_pdo_says_bus_and_slot),
        cmocka_unit_test(nt4_adapter_has_a_table),
        cmocka_unit_test(crash_dump_registers),
        cmocka_unit_test(alignment_is_the_platforms),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
