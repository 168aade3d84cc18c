/* tests/hal/adapter_exports_test.c -- IoGetDmaAdapter, HalGetAdapter and the
 * object they give, as guest code sees them. */
#include "guest.h"

/* Header and table. */
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(adapter_object_is_as_drivers_read_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
