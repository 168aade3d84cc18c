/* tests/hal/misuse_test.c -- map registers handled wrongly: what is reported,
 * and that nobody else's are touched. */
#include "rig.h"

static void more_pages_than_registers_is_a_finding(void **state)
{
    enum hal_kind kind;

    (void)state;
    for (kind = 0; kind < HAL_KINDS; kind++) {
        struct rig *r = rig_of(kind);
        struct hal_device dev = pci_master(r, false, false, 0x10000);
        struct hal_adapter *ad = rig_adapter(r, &dev);
        uint32_t mine = rig_registers(r, ad, 4), next;
        struct buffer b, d;
        struct hal_mapped m, n;

        next = rig_registers(r, ad, 1);
        rig_scatter(r, &d, 0x3000, 0, PAGE_BYTES);
        buffer_fill(r, &d, 77);
        n = rig_map(r, ad, next, d.f, 1, DMA_TO_DEVICE);
        rig_scatter(r, &b, 0x2000, 0, 5 * PAGE_BYTES);
        m = rig_map(r, ad, mine, b.f, 5, DMA_TO_DEVICE);
        assert_int_equal(m.bytes, 4 * PAGE_BYTES);
        assert_string_equal(r->rule, "S18");
        assert_true(card_reads(r, n.at, PAGE_BYTES, 77));
        rig_free(r);
    }
}

/* SEC-004 */
static void an_altered_base_maps_and_flushes_nothing(void **state)
{
    struct rig *r = rig_of(HAL_TRANSLATE);
    struct hal_device dev = pci_master(r, false, true, 0x10000);
    struct hal_adapter *ad = rig_adapter(r, &dev);
    uint32_t base = rig_registers(r, ad, 1), set;
    struct buffer b;

    (void)state;
    rig_scatter(r, &b, 0x2000, 0, PAGE_BYTES);
    assert_int_equal(rig_map(r, ad, base + 1, b.f, 1, DMA_TO_DEVICE).bytes, 0);
    assert_string_equal(r->rule, "S18");
    assert_int_equal(rig_map(r, ad, base + 4, b.f, 1, DMA_TO_DEVICE).bytes, 0);
    assert_int_equal(rig_map(r, ad, 0, b.f, 1, DMA_TO_DEVICE).bytes, 0);
    rig_map(r, ad, base, b.f, 1, DMA_TO_DEVICE);
    hal_flush(r->hal, ad, base + 4, b.mdl, b.va, b.bytes, DMA_TO_DEVICE, &set);
    assert_int_equal(set, 0);
    assert_string_equal(r->rule, "S22");
    assert_int_equal(hal_page_count(r->hal), 1);
    rig_free(r);
}

/* SEC-004: the base of another adapter */
static void a_base_of_another_adapter_is_refused(void **state)
{
    struct rig *r = rig_of(HAL_TRANSLATE);
    struct hal_device dev = pci_master(r, false, true, 0x10000);
    struct hal_adapter *ad = rig_adapter(r, &dev), *other;
    uint32_t base = rig_registers(r, ad, 1);
    struct buffer b;

    (void)state;
    other = rig_adapter(r, &dev);
    rig_scatter(r, &b, 0x2000, 0, PAGE_BYTES);
    assert_int_equal(rig_map(r, other, base, b.f, 1, DMA_TO_DEVICE).bytes, 0);
    assert_int_equal(hal_registers_free(r->hal, other, base, 1), HB_NOT_FOUND);
    assert_string_equal(r->rule, "S12");
    rig_free(r);
}

/* SEC-005 */
static void zero_length_maps_nothing(void **state)
{
    struct rig *r = rig_of(HAL_TRANSLATE);
    struct hal_device dev = pci_master(r, false, true, 0x10000);
    struct hal_adapter *ad = rig_adapter(r, &dev);
    uint32_t base = rig_registers(r, ad, 1);

    (void)state;
    assert_int_equal(rig_map(r, ad, base, NULL, 0, DMA_TO_DEVICE).bytes, 0);
    assert_string_equal(r->rule, "S20");
    assert_int_equal(hal_page_count(r->hal), 0);
    rig_free(r);
}

/* DMA-120 */
static void flush_at_another_address_writes_no_unrelated_byte(void **state)
{
    struct rig *r = rig_of(HAL_BOUNCE);
    struct hal_device dev = pci_master(r, false, false, 0x10000);
    struct hal_adapter *ad = rig_adapter(r, &dev);
    uint32_t base = rig_registers(r, ad, 2);
    struct buffer b, wrong;
    struct hal_mapped m;

    (void)state;
    rig_scatter(r, &b, 0x2000, 0, 0x2000);
    buffer_fill(r, &b, 1);
    m = rig_map(r, ad, base, b.f, 2, DMA_FROM_DEVICE);
    card_writes(r, m.at, b.bytes, 40);
    wrong = b;
    wrong.va += 0x1000;
    rig_flush(r, ad, base, &wrong, DMA_FROM_DEVICE);
    assert_string_equal(r->rule, "S22");
    assert_int_equal(buffer_byte(r, &b, 0), 1); /* page 0 is as it was */
    assert_int_equal(buffer_byte(r, &b, 0x1000), (uint8_t)(40 + 0x1000));
    rig_free(r);
}

/* DMA-083, SEC-015 */
static void freeing_registers_wrongly_is_reported(void **state)
{
    struct rig *r = rig_of(HAL_TRANSLATE);
    struct hal_device dev = pci_master(r, false, true, 0x10000);
    struct hal_adapter *ad = rig_adapter(r, &dev);
    uint32_t base = rig_registers(r, ad, 2), other = rig_registers(r, ad, 2);
    struct hal_pool_info pool;
    struct buffer b;

    (void)state;
    assert_int_equal(hal_registers_free(r->hal, ad, 0, 9), HB_OK);
    assert_int_equal(r->findings, 0);
    hal_registers_free(r->hal, ad, base, 3);
    assert_string_equal(r->rule, "S15");
    assert_int_equal(hal_registers_free(r->hal, ad, base, 2), HB_NOT_FOUND);
    assert_string_equal(r->rule, "S12");
    assert_true(hal_pool_at(r->hal, 0, &pool));
    assert_int_equal(pool.in_use, 2); /* the other set lives */
    rig_scatter(r, &b, 0x2000, 0, PAGE_BYTES);
    rig_map(r, ad, other, b.f, 1, DMA_TO_DEVICE);
    hal_registers_free(r->hal, ad, other, 2);
    assert_string_equal(r->rule, "S03"); /* behind S13 */
    rig_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(more_pages_than_registers_is_a_finding),
        cmocka_unit_test(an_altered_base_maps_and_flushes_nothing),
        cmocka_unit_test(a_base_of_another_adapter_is_refused),
        cmocka_unit_test(zero_length_maps_nothing),
        cmocka_unit_test(flush_at_another_address_writes_no_unrelated_byte),
        cmocka_unit_test(freeing_registers_wrongly_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
