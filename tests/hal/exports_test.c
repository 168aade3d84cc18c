/* tests/hal/exports_test.c -- channels and transfers as guest code calls them:
 * whole operations through the table and through the NT 4 names, callbacks,
 * stack cleanup (the fixture's call returns only when it is right). */
#include "guest.h"

/* A whole operation of a bus master: channel, map, flush, free, put.
 *. */
static void master_operation(enum hal_kind kind, bool names)
{
    struct guest *g = guest_of(kind);
    struct hal_device dev = pci_master(&g->r, false, true, 0x10000);
    uint32_t adapter, count, device, length = guest_alloc(g, 4), base, low, i;
    struct buffer b;
    uint32_t mdl;

    dev.requester = 0xffff;
    adapter = guest_adapter(g, &dev, &count);
    device = guest_device(g, 0x81777000);
    rig_scatter(&g->r, &b, 0x2000, 0x800, 2 * PAGE_BYTES);
    mdl = guest_mdl(g, &b);
    guest_irql(g, 2);
    for (i = 0; i < 2; i++) {
        uint32_t write = i ? READ : WRITE;

        buffer_fill(&g->r, &b, 11);
        guest_answer(g, HAL_DEALLOCATE_OBJECT_KEEP_REGISTERS);
        if (names)
            assert_int_equal(guest_call(g, "IoAllocateAdapterChannel", adapter,
                                        device, b.count, guest_callback(g),
                                        0xc0ffee),
                             0);
        else
            assert_int_equal(table_call(g, adapter, OP_ALLOCATE_CHANNEL, device,
                                        b.count, guest_callback(g), 0xc0ffee),
                             0);
        assert_int_equal(guest_called(g), i + 1);
        assert_int_equal(guest_argument(g, i, 0), device);
        assert_int_equal(guest_argument(g, i, 1), 0x81777000);
        assert_int_equal(guest_argument(g, i, 3), 0xc0ffee);
        assert_int_equal(guest_called_irql(g, i), 2);
        base = guest_argument(g, i, 2);
        assert_int_not_equal(base, 0);

        assert_int_equal(guest_get(g, device + 0x34 + 0x14), 0xc0ffee);
        assert_int_equal(guest_get(g, device + 0x34 + 0x1c), device);

        guest_set(g, length, b.bytes);
        if (names)
            low = guest_call(g, "IoMapTransfer", adapter, mdl, base, b.va,
                             length, write);
        else
            low =
                table_call(g, adapter, OP_MAP, mdl, base, b.va, length, write);
        assert_int_equal(guest_get(g, length), b.bytes);
        assert_int_equal(g->edx, 0);
        if (write)
            assert_true(card_reads(&g->r, dla_of(low), b.bytes, 11));
        else
            card_writes(&g->r, dla_of(low), b.bytes, 44);
        if (names)
            assert_int_equal(guest_call(g, "IoFlushAdapterBuffers", adapter,
                                        mdl, base, b.va, b.bytes, write) &
                                 0xff,
                             1);
        else
            assert_int_equal(table_call(g, adapter, OP_FLUSH, mdl, base, b.va,
                                        b.bytes, write) &
                                 0xff,
                             1);
        assert_true(buffer_is(&g->r, &b, write ? 11 : 44));
        if (names)
            guest_call(g, "IoFreeMapRegisters", adapter, base, b.count);
        else
            table_call(g, adapter, OP_FREE_REGISTERS, base, b.count);
    }
    guest_irql(g, 0);
    table_call(g, adapter, OP_PUT);
    assert_int_equal(hal_adapter_count(g->r.hal), 0);
    assert_int_equal(g->r.findings, 0);
    guest_free(g);
}

static void master_through_the_table_on_every_kind(void **state)
{
    enum hal_kind kind;

    (void)state;
    for (kind = 0; kind < HAL_KINDS; kind++)
        master_operation(kind, false);
}

static void master_by_the_nt4_names_on_every_kind(void **state)
{
    enum hal_kind kind;

    (void)state;
    for (kind = 0; kind < HAL_KINDS; kind++)
        master_operation(kind, true);
}

/* Bounce copies come one page per entry: interrupts can come between. */
static void a_bounced_map_takes_an_entry_per_page(void **state)
{
    struct guest *g = guest_of(HAL_BOUNCE);
    struct hal_device dev = pci_master(&g->r, false, false, 0x10000);
    uint32_t adapter, count, length = guest_alloc(g, 4), mdl;
    struct buffer b;

    (void)state;
    adapter = guest_adapter(g, &dev, &count);
    rig_scatter(&g->r, &b, 0x2000, 0, 5 * PAGE_BYTES);
    mdl = guest_mdl(g, &b);
    guest_irql(g, 2);
    guest_answer(g, HAL_DEALLOCATE_OBJECT_KEEP_REGISTERS);
    guest_call(g, "IoAllocateAdapterChannel", adapter, guest_device(g, 0), 5,
               guest_callback(g), 0);
    guest_set(g, length, b.bytes);
    guest_call(g, "IoMapTransfer", adapter, mdl, guest_argument(g, 0, 2), b.va,
               length, WRITE);
    assert_int_equal(g->r.copies, 5);
    guest_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(master_through_the_table_on_every_kind),
        cmocka_unit_test(master_by_the_nt4_names_on_every_kind),
        cmocka_unit_test(a_bounced_map_takes_an_entry_per_page),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
