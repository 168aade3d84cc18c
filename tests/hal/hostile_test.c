/* tests/hal/hostile_test.c -- DMA routines called with what no driver should
 * give them. Contract ids: SEC-xxx. */
#include "guest.h"

#include <string.h>

/* SEC-016: a NULL routine faults in the guest at EIP 0 */
static void a_null_control_routine_is_a_guest_fault(void **state)
{
    struct guest *g = guest_of(HAL_TRANSLATE);
    struct hal_device dev = isa_slave(1, 0x4000);
    uint32_t adapter, count, eax;

    (void)state;
    adapter = guest_adapter(g, &dev, &count);
    guest_irql(g, 2);
    assert_false(guest_try(
        g, ke_stub(g->ke, "IoAllocateAdapterChannel").v, 5,
        (const uint32_t[]){adapter, guest_device(g, 0), 1, 0, 0}, &eax));
    assert_true(ke_ended(g->ke));
    assert_int_equal(ke_bugcheck_state(g->ke)->p[0], 0);
    guest_free(g);
}

/* SEC-003 */
static void a_pointer_that_is_no_adapter_is_reported(void **state)
{
    struct guest *g = guest_of(HAL_TRANSLATE);
    uint32_t junk = guest_alloc(g, 64), length = guest_alloc(g, 4);

    (void)state;
    guest_irql(g, 2);
    guest_set(g, length, 100);
    assert_int_equal(
        guest_call(g, "IoMapTransfer", junk, junk, 0, 0, length, WRITE), 0);
    assert_int_equal(guest_get(g, length), 0);
    assert_string_equal(g->r.rule, "S20");
    guest_call(g, "IoFlushAdapterBuffers", junk, junk, 0, 0, 1, READ);
    guest_call(g, "IoFreeMapRegisters", junk, 0x10, 1);
    guest_call(g, "IoFreeAdapterChannel", junk);
    assert_int_equal(guest_call(g, "HalReadDmaCounter", junk), 0);
    assert_int_equal(guest_call(g, "IoAllocateAdapterChannel", junk, junk, 1,
                                guest_callback(g), 0),
                     0xc000009a);
    assert_int_equal(
        guest_call(g, "HalAllocateCommonBuffer", junk, 4096, junk, 1), 0);
    guest_free(g);
}

/* SEC-002: NULL faults at 0 + 4, as the CPU would */
static void a_null_adapter_is_a_guest_fault(void **state)
{
    static const struct {
        const char *name;
        unsigned count;
    } row[] = {{"IoMapTransfer", 6},          {"IoFlushAdapterBuffers", 6},
               {"IoFreeMapRegisters", 3},     {"IoFreeAdapterChannel", 1},
               {"HalReadDmaCounter", 1},      {"IoAllocateAdapterChannel", 5},
               {"DmaPutDmaAdapter", 1},       {"DmaGetScatterGatherList", 8},
               {"DmaPutScatterGatherList", 3}};
    static const uint32_t zero[8];
    unsigned i;

    (void)state;
    for (i = 0; i < sizeof row / sizeof row[0]; i++) {
        struct guest *g = guest_of(HAL_TRANSLATE);
        uint32_t eax;

        guest_irql(g, 2);
        assert_false(guest_try(g, ke_stub(g->ke, row[i].name).v, row[i].count,
                               zero, &eax));
        assert_true(ke_ended(g->ke));
        assert_int_not_equal(ke_bugcheck_state(g->ke)->code, 0);
        guest_free(g);
    }
}

/* Map @bytes from @va of a buffer of 1800h bytes: *Length afterwards. */
static uint32_t map_wrongly(uint32_t add, uint32_t bytes, char rule[8])
{
    struct guest *g = guest_of(HAL_TRANSLATE);
    struct hal_device dev = pci_master(&g->r, true, true, 0x10000);
    uint32_t adapter, count, length = guest_alloc(g, 4), got;
    struct buffer b;

    adapter = guest_adapter(g, &dev, &count);
    rig_scatter(&g->r, &b, 0x2000, 0x800, 0x1800);
    guest_mdl(g, &b);
    guest_irql(g, 2);
    guest_answer(g, HAL_DEALLOCATE_OBJECT_KEEP_REGISTERS);
    guest_call(g, "IoAllocateAdapterChannel", adapter, guest_device(g, 0), 4,
               guest_callback(g), 0);
    guest_set(g, length, bytes);
    guest_call(g, "IoMapTransfer", adapter, b.mdl, guest_argument(g, 0, 2),
               b.va + add, length, WRITE);
    got = guest_get(g, length);
    memcpy(rule, g->r.rule, 8);
    guest_free(g);
    return got;
}

/* SEC-005, SEC-006, SEC-007: lengths and addresses outside the MDL. */
static void lengths_are_clipped_to_the_mdl(void **state)
{
    char rule[8];

    (void)state;
    assert_int_equal(map_wrongly(0, 0x1800, rule), 0x1800);
    assert_string_equal(rule, "");
    assert_int_equal(map_wrongly(0, 0x1801, rule), 0x1800);
    assert_string_equal(rule, "S07");
    assert_int_equal(map_wrongly(0x800, 0x2000, rule), 0x1000);
    assert_string_equal(rule, "S07");
    assert_int_equal(map_wrongly(0, 0xffffffff, rule), 0x1800);
    assert_string_equal(rule, "S07");
    assert_int_equal(map_wrongly(0x1800, 1, rule), 0);
    assert_string_equal(rule, "S08");
    assert_int_equal(map_wrongly((uint32_t)-1, 1, rule), 0);
    assert_string_equal(rule, "S08");
    assert_int_equal(map_wrongly(0, 0, rule), 0);
    assert_string_equal(rule, "S20");
}

/* SEC-009: each field of the MDL damaged */
static void a_corrupt_mdl_maps_nothing(void **state)
{
    static const struct {
        uint32_t offset, value;
    } row[] = {{0x10, 0x00400001},
               {0x18, 0x1000},
               {0x04, 0x0002001c},
               {0x14, 0xffffffff},
               {0x1c, 0x00fffff0}};
    unsigned i;

    (void)state;
    for (i = 0; i < sizeof row / sizeof row[0]; i++) {
        struct guest *g = guest_of(HAL_TRANSLATE);
        struct hal_device dev = pci_master(&g->r, true, true, 0x10000);
        uint32_t adapter, count, length = guest_alloc(g, 4);
        struct buffer b;

        adapter = guest_adapter(g, &dev, &count);
        rig_scatter(&g->r, &b, 0x2000, 0, 0x1000);
        guest_mdl(g, &b);
        guest_set(g, b.mdl + row[i].offset, row[i].value);
        guest_irql(g, 2);
        guest_answer(g, HAL_DEALLOCATE_OBJECT_KEEP_REGISTERS);
        guest_call(g, "IoAllocateAdapterChannel", adapter, guest_device(g, 0),
                   4, guest_callback(g), 0);
        guest_set(g, length, 0x1000);
        guest_call(g, "IoMapTransfer", adapter, b.mdl, guest_argument(g, 0, 2),
                   b.va, length, WRITE);
        assert_int_equal(guest_get(g, length), 0);
        assert_string_equal(g->r.rule, "S10");
        guest_free(g);
    }
}

/* SEC-021: only the low byte of a BOOLEAN counts */
static void booleans_are_bytes(void **state)
{
    static const struct {
        uint32_t value;
        bool write;
    } row[] = {{0x100, false}, {2, true}, {0xffffff00, false}, {0xff, true}};
    unsigned i;

    (void)state;
    for (i = 0; i < 4; i++) {
        struct guest *g = guest_of(HAL_TRANSLATE);
        struct hal_device dev = pci_master(&g->r, true, true, 0x10000);
        uint32_t adapter, count, length = guest_alloc(g, 4);
        struct hal_page_info page;
        struct buffer b;

        adapter = guest_adapter(g, &dev, &count);
        rig_scatter(&g->r, &b, 0x2000, 0, 0x1000);
        guest_mdl(g, &b);
        guest_irql(g, 2);
        guest_answer(g, HAL_DEALLOCATE_OBJECT_KEEP_REGISTERS);
        guest_call(g, "IoAllocateAdapterChannel", adapter, guest_device(g, 0),
                   4, guest_callback(g), 0);
        guest_set(g, length, 0x1000);
        guest_call(g, "IoMapTransfer", adapter, b.mdl, guest_argument(g, 0, 2),
                   b.va, length, row[i].value);
        assert_true(hal_page_at(g->r.hal, 0, &page));
        assert_int_equal(page.dir == DMA_TO_DEVICE, row[i].write);
        guest_free(g);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_null_control_routine_is_a_guest_fault),
        cmocka_unit_test(a_pointer_that_is_no_adapter_is_reported),
        cmocka_unit_test(a_null_adapter_is_a_guest_fault),
        cmocka_unit_test(lengths_are_clipped_to_the_mdl),
        cmocka_unit_test(a_corrupt_mdl_maps_nothing),
        cmocka_unit_test(booleans_are_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
