/* tests/hal/bounce_test.c -- when the HAL double-buffers, and what it copies
 * when. Oracle: the table "When bounce copies" of docs/hal.md, from the WDK. */
#include "rig.h"

static struct rig *bounce_rig(uint64_t ram, struct hal_adapter **ad)
{
    struct rig_options o = {.kind = HAL_BOUNCE, .ram = ram};
    struct rig *r = rig_new(&o);
    struct hal_device dev = pci_master(r, true, true, 0x100000);

    *ad = rig_adapter(r, &dev);
    return r;
}

/* A 64-bit S/G master may get a high part. */
static void sixty_four_bit_master_gets_high_addresses_on_bounce(void **state)
{
    const struct rig_options o = {.kind = HAL_BOUNCE, .ram = 6 * GIB};
    const uint32_t pfn[] = {0x100007};
    struct rig *r = rig_new(&o);
    struct hal_device dev = pci_master(r, true, false, 0x10000);
    struct hal_adapter *ad;
    struct buffer b;

    (void)state;
    dev.dma64 = true;
    ad = rig_adapter(r, &dev);
    rig_buffer(r, &b, pfn, 4, 8);
    assert_int_equal(rig_map(r, ad, 0, b.f, b.count, DMA_TO_DEVICE).at.v,
                     0x100007004);
    assert_int_equal(r->copies, 0);
    rig_free(r);
}

/* NULL base, pieces are physical runs, merged. */
static void sg_master_gets_physical_runs(void **state)
{
    const uint32_t pfn[] = {0x2000, 0x2001, 0x2002, 0x2100, 0x1f00, 0x1f01};
    static const uint32_t piece[] = {0x2800, 0x1000, 0x1800};
    const struct hal_fragment *f;
    struct hal_adapter *ad;
    struct rig *r = bounce_rig(0, &ad);
    uint32_t done = 0, n, i;
    struct hal_mapped m;
    struct buffer b;

    (void)state;
    assert_int_equal(hal_adapter_grant(ad), 0x101);
    rig_buffer(r, &b, pfn, 0x800, 0x5000);
    assert_int_equal(rig_registers(r, ad, b.count), 0);
    for (i = 0; i < 3; i++, done += m.bytes) {
        n = buffer_cut(&b, done, &f);
        m = rig_map(r, ad, 0, f, n, DMA_FROM_DEVICE);
        assert_int_equal(m.bytes, piece[i]);
        assert_int_equal(m.at.v, f->at);
    }
    assert_int_equal(done, b.bytes);
    rig_flush(r, ad, 0, &b, DMA_FROM_DEVICE);
    assert_int_equal(hal_page_count(r->hal), 0);
    assert_int_equal(hal_registers_free(r->hal, ad, 0, b.count), HB_OK);
    assert_int_equal(r->copies, 0);
    assert_int_equal(r->findings, 0);
    rig_free(r);
}

/* Neighbours across 4 GiB are two pieces. */
static void sg_piece_does_not_cross_4_gib(void **state)
{
    const struct rig_options o = {.kind = HAL_BOUNCE, .ram = 6 * GIB};
    struct rig *r = rig_new(&o);
    struct hal_device dev = pci_master(r, true, true, 0x10000);
    const struct hal_fragment f[2] = {{0xfffff000, 0x1000, 4096, 1},
                                      {0x100000000, 0x2000, 4096, 1}};
    struct hal_adapter *ad;

    (void)state;
    dev.dma64 = true;
    ad = rig_adapter(r, &dev);
    assert_int_equal(rig_map(r, ad, 0, f, 2, DMA_TO_DEVICE).bytes, 4096);
    rig_free(r);
}

/* Low, high, low: only the high page is bounced, decided per page. */
static void one_flush_copies_back_the_bounced_pages_only(void **state)
{
    const uint32_t pfn[] = {0x2000, 0x100005, 0x2002};
    const struct hal_fragment *f;
    struct hal_adapter *ad;
    struct rig *r = bounce_rig(6 * GIB, &ad);
    uint32_t base, done = 0, n, pieces = 0;
    struct hal_mapped m;
    struct buffer b;

    (void)state;
    assert_int_equal(hal_adapter_grant(ad), 16);
    rig_buffer(r, &b, pfn, 0, 3 * PAGE_BYTES);
    base = rig_registers(r, ad, 3);
    assert_int_not_equal(base, 0);
    for (; done < b.bytes; done += m.bytes, pieces++) {
        n = buffer_cut(&b, done, &f);
        m = rig_map(r, ad, base, f, n, DMA_FROM_DEVICE);
        assert_true(m.at.v + m.bytes <= 4 * GIB);
        card_writes(r, m.at, m.bytes, (uint8_t)done);
    }
    assert_int_equal(pieces, 3);
    assert_int_equal(r->copies, 0);
    rig_flush(r, ad, base, &b, DMA_FROM_DEVICE);
    assert_int_equal(r->copies, 1);
    assert_true(buffer_is(r, &b, 0));
    assert_int_equal(r->findings, 0);
    rig_free(r);
}

/* A read that was not bounced: the flush writes no byte. */
static void flush_of_an_unbounced_read_copies_nothing(void **state)
{
    const uint32_t pfn[] = {0x200, 0x201};
    struct rig *r = rig_of(HAL_BOUNCE);
    struct hal_device dev = pci_master(r, false, false, 0x10000);
    struct hal_adapter *ad = rig_adapter(r, &dev);
    uint32_t base = rig_registers(r, ad, 2);
    struct buffer b;

    (void)state;
    rig_buffer(r, &b, pfn, 0, 0x2000);
    assert_int_equal(rig_map(r, ad, base, b.f, 2, DMA_FROM_DEVICE).at.v,
                     0x200000);
    buffer_fill(r, &b, 3);
    rig_flush(r, ad, base, &b, DMA_FROM_DEVICE);
    assert_true(buffer_is(r, &b, 3));
    assert_int_equal(r->copies, 0);
    rig_free(r);
}

/* The limit is inclusive. */
static void a_buffer_that_ends_at_the_line_needs_no_bounce(void **state)
{
    const struct hal_fragment last = {0xfff000, 0x1000, 4096, 1};
    const struct hal_fragment first = {0x1000000, 0x1000, 4096, 1};
    struct rig *r = rig_of(HAL_BOUNCE);
    struct hal_device dev = pci_master(r, false, false, 0x10000);
    struct hal_adapter *ad = rig_adapter(r, &dev);
    uint32_t base = rig_registers(r, ad, 2);

    (void)state;
    assert_int_equal(rig_map(r, ad, base, &last, 1, DMA_FROM_DEVICE).at.v,
                     0xfff000);
    assert_int_not_equal(rig_map(r, ad, base, &first, 1, DMA_FROM_DEVICE).at.v,
                         0x1000000);
    rig_free(r);
}

/* Bounced data is that of the moment of the call. */
static void bounced_data_moves_at_map_and_at_flush(void **state)
{
    struct rig *r = rig_of(HAL_BOUNCE);
    struct hal_device dev = pci_master(r, false, false, 0x10000);
    struct hal_adapter *ad = rig_adapter(r, &dev);
    uint32_t base = rig_registers(r, ad, 2);
    struct hal_mapped m;
    struct buffer b;

    (void)state;
    rig_scatter(r, &b, 0x2000, 0, 0x2000);
    buffer_fill(r, &b, 1);
    m = rig_map(r, ad, base, b.f, 2, DMA_TO_DEVICE);
    assert_int_equal(r->copies, 2);
    buffer_fill(r, &b, 50);
    assert_true(card_reads(r, m.at, b.bytes, 1));
    rig_flush(r, ad, base, &b, DMA_TO_DEVICE);
    assert_true(buffer_is(r, &b, 50));

    m = rig_map(r, ad, base, b.f, 2, DMA_FROM_DEVICE);
    card_writes(r, m.at, b.bytes, 9);
    assert_true(buffer_is(r, &b, 50));
    rig_flush(r, ad, base, &b, DMA_FROM_DEVICE);
    assert_true(buffer_is(r, &b, 9));
    rig_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sixty_four_bit_master_gets_high_addresses_on_bounce),
        cmocka_unit_test(sg_master_gets_physical_runs),
        cmocka_unit_test(sg_piece_does_not_cross_4_gib),
        cmocka_unit_test(one_flush_copies_back_the_bounced_pages_only),
        cmocka_unit_test(flush_of_an_unbounced_read_copies_nothing),
        cmocka_unit_test(a_buffer_that_ends_at_the_line_needs_no_bounce),
        cmocka_unit_test(bounced_data_moves_at_map_and_at_flush),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
