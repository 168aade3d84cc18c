/* tests/hal/common_test.c -- common buffers. */
#include "rig.h"

#include "mm/mm.h"

static gpa_t physical(const struct rig *r, gva_t va)
{
    gpa_t pa;

    assert_true(mm_physical(&r->mm, 0, va, &pa));
    return pa;
}

/* One run for the device, the same bytes for both at once. */
static void both_sides_see_each_others_bytes(void **state)
{
    enum hal_kind kind;

    (void)state;
    for (kind = 0; kind < HAL_KINDS; kind++) {
        struct rig *r = rig_of(kind);
        struct hal_device dev = pci_master(r, false, true, 0x10000);
        struct hal_adapter *ad = rig_adapter(r, &dev);
        uint8_t byte = 0;
        gva_t va;
        dla_t at;
        gpa_t to;

        assert_int_equal(hal_common_alloc(r->hal, ad, 0x2800, &va, &at), HB_OK);
        assert_int_equal(va.v & PAGE_MASK, 0);
        assert_int_equal(at.v & PAGE_MASK, 0);
        assert_int_equal(at.v == physical(r, va).v, kind == HAL_BOUNCE);
        card_writes(r, at, 0x2800, 3);
        assert_int_equal(mm_read(&r->mm, 0, gva_add(va, 0x2000), &byte, 1),
                         HB_OK);
        assert_int_equal(byte, (uint8_t)(3 + 0x2000));
        byte = 0x5a;
        mm_write(&r->mm, 0, gva_add(va, 0x1001), &byte, 1);
        assert_true(rig_reach(r, dla_add(at, 0x1001), DMA_TO_DEVICE, &to));
        assert_int_equal(ram_read8(&r->ram, to), 0x5a);
        assert_int_equal(hal_common_free(r->hal, ad, 0x2800, at, va), HB_OK);
        if (kind != HAL_BOUNCE)
            assert_false(rig_reach(r, at, DMA_TO_DEVICE, &to)); /* S27 */
        assert_int_equal(hal_page_count(r->hal), 0);
        rig_free(r);
    }
}

/* Limits and lines. */
static void blocks_stay_where_the_device_reaches(void **state)
{
    static const uint32_t size[] = {1, 0x1000, 0x3000, 0x8000, 0x10000};
    enum hal_kind kind;
    unsigned channel, i;

    (void)state;
    for (kind = 0; kind < HAL_KINDS; kind++) {
        struct rig *r = rig_of(kind);

        for (channel = 1; channel < 6; channel += 4) {
            struct hal_device dev = isa_slave(channel, 0x10000);
            struct hal_adapter *ad = rig_adapter(r, &dev);
            uint64_t line = channel < 4 ? 0x10000 : 0x20000;

            for (i = 0; i < 5; i++) {
                gva_t va;
                dla_t at;

                assert_int_equal(
                    hal_common_alloc(r->hal, ad, size[i], &va, &at), HB_OK);
                assert_true(at.v + size[i] <= 0x1000000);
                assert_int_equal(at.v / line, (at.v + size[i] - 1) / line);
            }
        }
        rig_free(r);
    }
}

/* Registers are tied up; more than the grant is refused. */
static void a_buffer_takes_registers_and_the_grant_counts(void **state)
{
    struct rig *r = rig_of(HAL_TRANSLATE);
    struct hal_device dev = pci_master(r, false, true, 0x8000);
    struct hal_adapter *ad = rig_adapter(r, &dev);
    struct hal_pool_info pool;
    gva_t va;
    dla_t at;

    (void)state;
    assert_int_equal(hal_common_alloc(r->hal, ad, 10 * PAGE_BYTES, &va, &at),
                     HB_NO_MAP_REGISTERS);
    assert_int_equal(hal_common_alloc(r->hal, ad, 9 * PAGE_BYTES, &va, &at),
                     HB_OK);
    assert_true(hal_pool_at(r->hal, 0, &pool));
    assert_int_equal(pool.in_use, 9);
    hal_common_free(r->hal, ad, 9 * PAGE_BYTES, at, va);
    assert_true(hal_pool_at(r->hal, 0, &pool));
    assert_int_equal(pool.in_use, 0);
    rig_free(r);
}

/* SEC-020 */
static void only_the_exact_tuple_frees(void **state)
{
    struct rig *r = rig_of(HAL_BOUNCE);
    struct hal_device dev = pci_master(r, false, true, 0x8000);
    struct hal_adapter *ad, *other;
    uint32_t first;
    gva_t va;
    dla_t at;

    (void)state;
    rig_adapter(r, &dev);
    first = r->next_object;
    rig_adapter(r, &dev);
    ad = hal_adapter_find(r->hal, gva_of(first));
    other = hal_adapter_find(r->hal, gva_of(r->next_object));
    assert_int_equal(hal_common_alloc(r->hal, ad, 0x1800, &va, &at), HB_OK);
    assert_int_equal(hal_common_free(r->hal, ad, 0x1000, at, va), HB_NOT_FOUND);
    assert_int_equal(hal_common_free(r->hal, ad, 0x1800, dla_add(at, 1), va),
                     HB_NOT_FOUND);
    assert_int_equal(hal_common_free(r->hal, ad, 0x1800, at, gva_add(va, 4096)),
                     HB_NOT_FOUND);
    assert_int_equal(hal_common_free(r->hal, other, 0x1800, at, va),
                     HB_NOT_FOUND);
    assert_int_equal(r->findings, 5); /* S14 of the one without any */
    assert_string_equal(r->rule, "S15");
    assert_int_equal(hal_common_free(r->hal, ad, 0x1800, at, va), HB_OK);
    assert_int_equal(hal_common_free(r->hal, ad, 0x1800, at, va), HB_NOT_FOUND);
    rig_free(r);
}

/* No memory, nothing held; small ones may still do. */
static void a_block_too_large_leaves_nothing_behind(void **state)
{
    struct rig *r = rig_of(HAL_BOUNCE);
    struct hal_device dev = pci_master(r, true, true, 0x8000000);
    struct hal_adapter *ad = rig_adapter(r, &dev);
    uint64_t before = frames_in_use(&r->mm);
    gva_t va;
    dla_t at;

    (void)state;
    assert_int_equal(hal_common_alloc(r->hal, ad, 0x7f000000, &va, &at),
                     HB_NO_PAGES);
    assert_int_equal(hal_common_alloc(r->hal, ad, 0, &va, &at),
                     HB_BAD_ARGUMENT);
    assert_int_equal(frames_in_use(&r->mm), before);
    assert_int_equal(hal_common_alloc(r->hal, ad, 1, &va, &at), HB_OK);
    rig_free(r);
}

/* DMA-147 */
static void contents_are_a_pattern(void **state)
{
    struct rig *r = rig_of(HAL_TRANSLATE);
    struct hal_device dev = pci_master(r, false, true, 0x8000);
    struct hal_adapter *ad = rig_adapter(r, &dev);
    uint32_t word = 0;
    gva_t va;
    dla_t at;

    (void)state;
    hal_common_alloc(r->hal, ad, 0x1000, &va, &at);
    mm_read(&r->mm, 0, gva_add(va, 0xffc), &word, 4);
    assert_int_equal(word, 0xcbcbcbcb);
    rig_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_sides_see_each_others_bytes),
        cmocka_unit_test(blocks_stay_where_the_device_reaches),
        cmocka_unit_test(a_buffer_takes_registers_and_the_grant_counts),
        cmocka_unit_test(only_the_exact_tuple_frees),
        cmocka_unit_test(a_block_too_large_leaves_nothing_behind),
        cmocka_unit_test(contents_are_a_pattern),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
