/* tests/hal/list_exports_test.c -- scatter/gather lists through the table,
 * as guest code calls them. Contract ids: SEC-xxx. */
#include "guest.h"

/* SEC-022: what the driver makes of a list in memory does not count, and a list
 * put twice is told. */
static void list_goes_to_the_routine_and_back(void **state)
{
    enum hal_kind kind;

    (void)state;
    for (kind = 0; kind < HAL_KINDS; kind++) {
        struct guest *g = guest_of(kind);
        struct hal_device dev = pci_master(&g->r, true, true, 0x10000);
        uint32_t adapter, count, list, n, i, at = 0, mdl;
        struct buffer b;

        dev.requester = 0xffff;
        adapter = guest_adapter(g, &dev, &count);
        rig_scatter(&g->r, &b, 0x2000, 0x123, 3 * PAGE_BYTES);
        mdl = guest_mdl(g, &b);
        guest_irql(g, 2);
        assert_int_equal(table_call(g, adapter, OP_GET_LIST,
                                    guest_device(g, 0x81999000), mdl, b.va,
                                    b.bytes, guest_callback(g), 77, READ),
                         0);
        assert_int_equal(guest_called(g), 1);
        assert_int_equal(guest_argument(g, 0, 1), 0x81999000);
        assert_int_equal(guest_argument(g, 0, 3), 77);
        list = guest_argument(g, 0, 2);
        n = guest_get(g, list);
        assert_int_equal(n, kind == HAL_BOUNCE ? b.count : 1);
        for (i = 0; i < n; i++) {
            assert_int_equal(guest_get(g, list + 8 + 16 * i + 4), 0);
            card_writes(&g->r, dla_of(guest_get(g, list + 8 + 16 * i)),
                        guest_get(g, list + 8 + 16 * i + 8), (uint8_t)(at + 5));
            at += guest_get(g, list + 8 + 16 * i + 8);
        }
        assert_int_equal(at, b.bytes);
        guest_set(g, list, 0xffffffff); /* ours counts */
        table_call(g, adapter, OP_PUT_LIST, list, READ);
        assert_true(buffer_is(&g->r, &b, 5));
        assert_int_equal(hal_page_count(g->r.hal), 0);
        assert_int_equal(g->r.findings, 0);
        table_call(g, adapter, OP_PUT_LIST, list, READ);
        assert_string_equal(g->r.rule, "S16");
        guest_free(g);
    }
}

/* SEC-010: a chain of three MDLs, then one that bites its tail. */
static void a_chain_of_mdls_is_one_list(void **state)
{
    struct guest *g = guest_of(HAL_TRANSLATE);
    struct hal_device dev = pci_master(&g->r, true, true, 0x10000);
    struct buffer b[3];
    uint32_t adapter, count, i, list, sum = 0;

    (void)state;
    adapter = guest_adapter(g, &dev, &count);
    for (i = 0; i < 3; i++) {
        rig_scatter(&g->r, &b[i], 0x3000 - 0x400 * i, 0x10 * i, 0x1800);
        guest_mdl(g, &b[i]);
        if (i)
            guest_set(g, b[i - 1].mdl, b[i].mdl);
    }
    guest_irql(g, 2);
    assert_int_equal(table_call(g, adapter, OP_GET_LIST, guest_device(g, 0),
                                b[0].mdl, b[0].va + 0x100, 0x4000,
                                guest_callback(g), 0, WRITE),
                     0);
    list = guest_argument(g, 0, 2);
    for (i = 0; i < guest_get(g, list); i++)
        sum += guest_get(g, list + 8 + 16 * i + 8);
    assert_int_equal(sum, 0x4000);
    /* A byte more than the chain has. */
    assert_int_equal(table_call(g, adapter, OP_GET_LIST, guest_device(g, 0),
                                b[0].mdl, b[0].va + 0x100, 0x4701,
                                guest_callback(g), 0, WRITE),
                     0xc0000023);
    /* a chain that bites its tail */
    guest_set(g, b[2].mdl, b[0].mdl);
    assert_int_equal(table_call(g, adapter, OP_GET_LIST, guest_device(g, 0),
                                b[0].mdl, b[0].va, 0x7fffffff,
                                guest_callback(g), 0, WRITE) >>
                         30,
                     3);
    assert_int_equal(guest_called(g), 1);
    guest_free(g);
}

/* SEC-008: a span that would wrap is too long; the size is what Build needs. */
static void calculated_size_is_what_build_needs(void **state)
{
    struct guest *g = guest_of(HAL_BOUNCE);
    struct hal_device dev = pci_master(&g->r, true, true, 0x10000);
    uint32_t adapter, count, size = guest_alloc(g, 8), worst, list;
    struct buffer b;

    (void)state;
    dev.version = 2;
    adapter = guest_adapter(g, &dev, &count);
    rig_scatter(&g->r, &b, 0x2000, 0x800, 0x3000);
    guest_mdl(g, &b);
    guest_irql(g, 2);
    assert_int_equal(
        table_call(g, adapter, OP_CALCULATE, 0, b.va, b.bytes, size, 0), 0);
    worst = guest_get(g, size);
    assert_int_equal(table_call(g, adapter, OP_CALCULATE, b.mdl, b.va, b.bytes,
                                size, size + 4),
                     0);
    assert_true(worst >= guest_get(g, size));
    assert_int_equal(guest_get(g, size + 4), 4);
    assert_int_equal(
        table_call(g, adapter, OP_CALCULATE, b.mdl, b.va, b.bytes + 1, size, 0),
        0xc0000023);
    assert_int_equal(
        table_call(g, adapter, OP_CALCULATE, 0, 0xfffff000, 0x2000, size, 0),
        0); /* 3 pages would be 0 if it wrapped */
    assert_int_equal(
        table_call(g, adapter, OP_CALCULATE, 0, 0, 0xffffffff, size, 0),
        0xc000009a);
    list = guest_alloc(g, worst);
    assert_int_equal(table_call(g, adapter, OP_BUILD, guest_device(g, 0), b.mdl,
                                b.va, b.bytes, guest_callback(g), 0, WRITE,
                                list, worst - 1),
                     0xc0000023);
    assert_int_equal(guest_called(g), 0);
    assert_int_equal(table_call(g, adapter, OP_BUILD, guest_device(g, 0), b.mdl,
                                b.va, b.bytes, guest_callback(g), 0, WRITE,
                                list, worst),
                     0);
    assert_int_equal(guest_argument(g, 0, 2), list);
    table_call(g, adapter, OP_PUT_LIST, list, WRITE);
    guest_get(g, list); /* still the caller's memory */
    guest_free(g);
}

/* The table's entries are the HAL's rows, and what goes by name is the same. */
static void the_table_leads_to_the_hals_rows(void **state)
{
    static const struct {
        uint32_t offset;
        const char *name;
    } row[] = {
        {OP_PUT, "DmaPutDmaAdapter"},
        {OP_ALLOCATE_COMMON, "HalAllocateCommonBuffer"},
        {OP_FREE_COMMON, "HalFreeCommonBuffer"},
        {OP_ALIGNMENT, "DmaGetDmaAlignment"},
        {OP_GET_LIST, "DmaGetScatterGatherList"},
        {OP_PUT_LIST, "DmaPutScatterGatherList"},
        {OP_CALCULATE, "DmaCalculateScatterGatherList"},
        {OP_BUILD, "DmaBuildScatterGatherList"},
        {OP_BUILD_MDL, "DmaBuildMdlFromScatterGatherList"},
    };
    struct guest *g = guest_of(HAL_TRANSLATE);
    struct hal_device dev = pci_master(&g->r, false, true, 0x10000);
    uint32_t adapter, count, at = guest_alloc(g, 8), va;

    (void)state;
    dev.version = 2;
    adapter = guest_adapter(g, &dev, &count);
    for (unsigned i = 0; i < sizeof row / sizeof row[0]; i++)
        assert_int_equal(guest_entry(g, adapter, row[i].offset),
                         ke_stub(g->ke, row[i].name).v);
    assert_int_equal(guest_call(g, "DmaGetDmaAlignment", adapter), 1);
    va = guest_call(g, "HalAllocateCommonBuffer", adapter, 100, at, 0);
    assert_int_not_equal(va, 0);
    guest_call(g, "HalFreeCommonBuffer", adapter, 100, guest_get(g, at), 0, va,
               0);
    assert_int_equal(hal_page_count(g->r.hal), 0);
    assert_int_equal(g->r.findings, 0);
    guest_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(list_goes_to_the_routine_and_back),
        cmocka_unit_test(a_chain_of_mdls_is_one_list),
        cmocka_unit_test(calculated_size_is_what_build_needs),
        cmocka_unit_test(the_table_leads_to_the_hals_rows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
