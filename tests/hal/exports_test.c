/* tests/hal/exports_test.c -- channels and transfers as guest code calls them:
 * whole operations through the table and through the NT 4 names, callbacks,
 * stack cleanup (the fixture's call returns only when it is right).
 * Contract ids: DMA-xxx. */
#include "guest.h"

/* DMA-014: pages above 4 GiB under PAE, a 32-bit card, every kind */
static void pages_above_4_gib(void **state)
{
    const uint32_t pfn[] = {0x100007, 0x2000, 0x110000};
    enum hal_kind kind;

    (void)state;
    for (kind = 0; kind < HAL_KINDS; kind++) {
        const struct rig_options o = {.kind = kind, .ram = 6 * GIB};
        struct guest *g = guest_new(&o);
        struct hal_device dev = pci_master(&g->r, false, true, 0x10000);
        uint32_t adapter, count, length = guest_alloc(g, 4), base, low;
        struct buffer b;

        adapter = guest_adapter(g, &dev, &count);
        rig_buffer(&g->r, &b, pfn, 0x100, 0x2000);
        guest_mdl(g, &b);
        buffer_fill(&g->r, &b, 21);
        guest_irql(g, 2);
        guest_answer(g, HAL_DEALLOCATE_OBJECT_KEEP_REGISTERS);
        guest_call(g, "IoAllocateAdapterChannel", adapter, guest_device(g, 0),
                   3, guest_callback(g), 0);
        base = guest_argument(g, 0, 2);
        guest_set(g, length, b.bytes);
        low = guest_call(g, "IoMapTransfer", adapter, b.mdl, base, b.va, length,
                         WRITE);
        assert_int_equal(g->edx, 0);
        assert_int_equal(guest_get(g, length), b.bytes);
        assert_true(card_reads(&g->r, dla_of(low), b.bytes, 21));
        guest_free(g);
    }
}

/* A whole operation of a bus master: channel, map, flush, free, put.
 * DMA-021, 023, 052, 058, 064, 070, 107 */
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
        /* DMA-075 */
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

/* DMA-059, 060, 078: waiters' routines run inside FreeAdapterChannel */
static void free_channel_calls_the_next_waiter(void **state)
{
    struct guest *g = guest_of(HAL_TRANSLATE);
    struct hal_device dev = isa_slave(1, 0x4000);
    uint32_t adapter, count, device[3], i;

    (void)state;
    adapter = guest_adapter(g, &dev, &count);
    guest_irql(g, 2);
    guest_answer(g, HAL_KEEP_OBJECT);
    for (i = 0; i < 3; i++) {
        device[i] = guest_device(g, 0);
        assert_int_equal(guest_call(g, "IoAllocateAdapterChannel", adapter,
                                    device[i], 2, guest_callback(g), i),
                         0);
    }
    assert_int_equal(guest_called(g), 1);
    for (i = 1; i < 3; i++) {
        guest_call(g, "IoFreeAdapterChannel", adapter);
        assert_int_equal(guest_called(g), i + 1);
        assert_int_equal(guest_argument(g, i, 0), device[i]);
        assert_int_equal(guest_argument(g, i, 3), i);
    }
    guest_free(g);
}

/* DMA-069: all waiters at once when each gives the channel back */
static void a_chain_of_waiters_runs_in_one_call(void **state)
{
    struct guest *g = guest_of(HAL_TRANSLATE);
    struct hal_device dev = isa_slave(1, 0x4000);
    uint32_t adapter, count, i;

    (void)state;
    adapter = guest_adapter(g, &dev, &count);
    guest_irql(g, 2);
    guest_answer(g, HAL_KEEP_OBJECT);
    for (i = 0; i < 8; i++)
        guest_call(g, "IoAllocateAdapterChannel", adapter, guest_device(g, 0),
                   1, guest_callback(g), i);
    guest_answer(g, HAL_DEALLOCATE_OBJECT);
    guest_call(g, "IoFreeAdapterChannel", adapter);
    assert_int_equal(guest_called(g), 8);
    for (i = 0; i < 8; i++)
        assert_int_equal(guest_argument(g, i, 3), i);
    guest_free(g);
}

/* DMA-065: the IRP is CurrentIrp of the moment of the call, though queued */
static void the_irp_is_that_of_the_call(void **state)
{
    struct guest *g = guest_of(HAL_TRANSLATE);
    struct hal_device dev = isa_slave(1, 0x4000);
    uint32_t adapter, count, device = guest_device(g, 0x81111000);

    (void)state;
    adapter = guest_adapter(g, &dev, &count);
    guest_irql(g, 2);
    guest_answer(g, HAL_KEEP_OBJECT);
    guest_call(g, "IoAllocateAdapterChannel", adapter, guest_device(g, 0), 1,
               guest_callback(g), 0);
    guest_call(g, "IoAllocateAdapterChannel", adapter, device, 1,
               guest_callback(g), 0);
    guest_set(g, device + 0x14, 0x81222000);
    guest_call(g, "IoFreeAdapterChannel", adapter);
    assert_int_equal(guest_argument(g, 1, 0), device);
    assert_int_equal(guest_argument(g, 1, 1), 0x81111000);
    guest_free(g);
}

/* DMA-087, 088, 089: CurrentVa is an index: into an MDL whose StartVa is 0, and
 * into one whose addresses nobody has mapped */
static void current_va_is_an_index(void **state)
{
    static const uint32_t start[] = {0, 0x00400000, 0xdead0000};
    unsigned i;

    (void)state;
    for (i = 0; i < 3; i++) {
        struct guest *g = guest_of(HAL_TRANSLATE);
        struct hal_device dev = pci_master(&g->r, true, true, 0x10000);
        uint32_t adapter, count, length = guest_alloc(g, 4), low;
        struct buffer b;
        gpa_t to;

        adapter = guest_adapter(g, &dev, &count);
        rig_scatter(&g->r, &b, 0x2000, 0x200, 0x3000);
        b.va = start[i] + 0x200;
        guest_mdl(g, &b);
        guest_irql(g, 2);
        guest_answer(g, HAL_DEALLOCATE_OBJECT_KEEP_REGISTERS);
        guest_call(g, "IoAllocateAdapterChannel", adapter, guest_device(g, 0),
                   4, guest_callback(g), 0);
        guest_set(g, length, 0x100);
        low = guest_call(g, "IoMapTransfer", adapter, b.mdl,
                         guest_argument(g, 0, 2), b.va + 0x1800, length, WRITE);
        assert_int_equal(guest_get(g, length), 0x100);
        assert_int_equal(low & PAGE_MASK, 0xa00);
        assert_true(rig_reach(&g->r, dla_of(low), DMA_TO_DEVICE, &to));
        assert_int_equal(to.v, (b.f[1].at & ~(uint64_t)PAGE_MASK) + 0xa00);
        assert_int_equal(g->r.findings, 0);
        guest_free(g);
    }
}

/* DMA-117: a slave maps, flushes, maps the next piece on the same base */
static void slave_maps_and_flushes_piece_by_piece(void **state)
{
    enum hal_kind kind;

    (void)state;
    for (kind = 0; kind < HAL_KINDS; kind++) {
        struct guest *g = guest_of(kind);
        struct hal_device dev = isa_slave(1, 0x1000);
        uint32_t adapter, count, length = guest_alloc(g, 4), i;
        struct buffer b;

        dev.scatter_gather = true; /* one register: DMA-034 */
        adapter = guest_adapter(g, &dev, &count);
        assert_int_equal(count, 1);
        rig_scatter(&g->r, &b, 0x2000, 0, 3 * PAGE_BYTES);
        guest_mdl(g, &b);
        guest_irql(g, 2);
        guest_answer(g, HAL_KEEP_OBJECT);
        guest_call(g, "IoAllocateAdapterChannel", adapter, guest_device(g, 0),
                   1, guest_callback(g), 0);
        for (i = 0; i < 3; i++) {
            guest_set(g, length, b.bytes - i * PAGE_BYTES);
            guest_call(g, "IoMapTransfer", adapter, b.mdl,
                       guest_argument(g, 0, 2), b.va + i * PAGE_BYTES, length,
                       WRITE);
            assert_int_equal(guest_get(g, length), PAGE_BYTES);
            guest_call(g, "IoFlushAdapterBuffers", adapter, b.mdl,
                       guest_argument(g, 0, 2), b.va + i * PAGE_BYTES,
                       PAGE_BYTES, WRITE);
        }
        guest_call(g, "IoFreeAdapterChannel", adapter);
        assert_int_equal(g->r.findings, 0);
        guest_free(g);
    }
}

/* DMA-061 */
static void above_the_grant_is_an_error_code(void **state)
{
    struct guest *g = guest_of(HAL_TRANSLATE);
    struct hal_device dev = isa_slave(1, 0x4000);
    uint32_t adapter, count;

    (void)state;
    adapter = guest_adapter(g, &dev, &count);
    guest_irql(g, 2);
    assert_int_equal(guest_call(g, "IoAllocateAdapterChannel", adapter,
                                guest_device(g, 0), count + 1,
                                guest_callback(g), 0),
                     0xc000009a);
    assert_int_equal(guest_called(g), 0);
    guest_free(g);
}

/* DMA-073 */
static void control_sees_dispatch_level_whatever_the_callers(void **state)
{
    struct guest *g = guest_of(HAL_TRANSLATE);
    struct hal_device dev = isa_slave(1, 0x4000);
    uint32_t adapter, count;

    (void)state;
    adapter = guest_adapter(g, &dev, &count);
    guest_answer(g, HAL_DEALLOCATE_OBJECT);
    guest_call(g, "IoAllocateAdapterChannel", adapter, guest_device(g, 0), 1,
               guest_callback(g), 0);
    assert_int_equal(guest_called_irql(g, 0), 2);
    assert_string_equal(g->r.rule, "S21");
    assert_int_equal(ke_irql(g->ke), 0);
    guest_free(g);
}

/* DMA-076 */
static void hal_form_takes_the_callers_wcb(void **state)
{
    struct guest *g = guest_of(HAL_TRANSLATE);
    struct hal_device dev = isa_slave(1, 0x4000);
    uint32_t adapter, count, wcb = guest_alloc(g, 0x28);

    (void)state;
    adapter = guest_adapter(g, &dev, &count);
    guest_set(g, wcb + 0x14, 0x1234);
    guest_set(g, wcb + 0x1c, 0x81abc000);
    guest_set(g, wcb + 0x20, 0x81def000);
    guest_irql(g, 2);
    guest_answer(g, HAL_DEALLOCATE_OBJECT);
    assert_int_equal(guest_call(g, "HalAllocateAdapterChannel", adapter, wcb, 1,
                                guest_callback(g)),
                     0);
    assert_int_equal(guest_argument(g, 0, 0), 0x81abc000);
    assert_int_equal(guest_argument(g, 0, 1), 0x81def000);
    assert_int_equal(guest_argument(g, 0, 3), 0x1234);
    guest_free(g);
}

/* DMA-097, 110, 150: a slave's channel is live after MapTransfer */
static void slave_channel_is_live_after_map(void **state)
{
    struct guest *g = guest_of(HAL_TRANSLATE);
    struct hal_device dev = isa_slave(1, 0x4000);
    uint32_t adapter, count, length = guest_alloc(g, 4), base;
    struct buffer b;

    (void)state;
    adapter = guest_adapter(g, &dev, &count);
    rig_scatter(&g->r, &b, 0x2000, 0x800, 0x1800);
    guest_mdl(g, &b);
    guest_irql(g, 2);
    guest_answer(g, HAL_KEEP_OBJECT);
    guest_call(g, "IoAllocateAdapterChannel", adapter, guest_device(g, 0), 2,
               guest_callback(g), 0);
    base = guest_argument(g, 0, 2);
    guest_set(g, length, b.bytes);
    rig_forget(&g->r);
    guest_call(g, "IoMapTransfer", adapter, b.mdl, base, b.va, length, WRITE);
    assert_int_equal(g->r.out[g->r.outs - 1].port, 0x0a);
    assert_int_equal(g->r.out[g->r.outs - 1].value, 1);
    assert_int_equal(guest_call(g, "HalReadDmaCounter", adapter), b.bytes);
    rig_forget(&g->r);
    guest_call(g, "IoFlushAdapterBuffers", adapter, b.mdl, base, b.va, b.bytes,
               WRITE);
    assert_int_equal(g->r.out[0].port, 0x0a);
    assert_int_equal(g->r.out[0].value, 5);
    guest_call(g, "IoFreeAdapterChannel", adapter);
    assert_int_equal(g->r.findings, 0);
    guest_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_above_4_gib),
        cmocka_unit_test(master_through_the_table_on_every_kind),
        cmocka_unit_test(master_by_the_nt4_names_on_every_kind),
        cmocka_unit_test(a_bounced_map_takes_an_entry_per_page),
        cmocka_unit_test(free_channel_calls_the_next_waiter),
        cmocka_unit_test(a_chain_of_waiters_runs_in_one_call),
        cmocka_unit_test(the_irp_is_that_of_the_call),
        cmocka_unit_test(current_va_is_an_index),
        cmocka_unit_test(slave_maps_and_flushes_piece_by_piece),
        cmocka_unit_test(above_the_grant_is_an_error_code),
        cmocka_unit_test(control_sees_dispatch_level_whatever_the_callers),
        cmocka_unit_test(hal_form_takes_the_callers_wcb),
        cmocka_unit_test(slave_channel_is_live_after_map),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
