/* tests/hal/map_test.c -- MapTransfer and FlushAdapterBuffers on the three
 * kinds of map registers. */
#include "rig.h"

/* One whole operation of a master without scatter/gather over @b: to the device
 * and back, on any kind; the device sees one run. */
static void both_ways(struct rig *r, struct hal_adapter *ad,
                      const struct buffer *b)
{
    uint32_t base = rig_registers(r, ad, b->count);
    struct hal_mapped m;

    buffer_fill(r, b, 7);
    m = rig_map(r, ad, base, b->f, b->count, DMA_TO_DEVICE);
    assert_int_equal(m.bytes, b->bytes);
    assert_int_equal(m.at.v & PAGE_MASK, b->va & PAGE_MASK);
    assert_true(card_reads(r, m.at, b->bytes, 7));
    rig_flush(r, ad, base, b, DMA_TO_DEVICE);
    assert_true(buffer_is(r, b, 7));

    m = rig_map(r, ad, base, b->f, b->count, DMA_FROM_DEVICE);
    assert_int_equal(m.bytes, b->bytes);
    card_writes(r, m.at, b->bytes, 99);
    rig_flush(r, ad, base, b, DMA_FROM_DEVICE);
    assert_true(buffer_is(r, b, 99));
    assert_int_equal(hal_registers_free(r->hal, ad, base, b->count), HB_OK);
    assert_int_equal(r->findings, 0);
    assert_int_equal(hal_page_count(r->hal), 0);
}

static void on_all_kinds(uint64_t ram, bool dma32, uint32_t pfn,
                         uint32_t offset, uint32_t bytes)
{
    enum hal_kind kind;

    for (kind = 0; kind < HAL_KINDS; kind++) {
        struct rig_options o = {.kind = kind, .ram = ram};
        struct rig *r = rig_new(&o);
        struct hal_device dev = pci_master(r, false, dma32, 0x20000);
        struct hal_adapter *ad = rig_adapter(r, &dev);
        struct buffer b;

        if (kind == HAL_BOUNCE &&
            (offset + bytes + PAGE_MASK) / PAGE_BYTES > hal_adapter_grant(ad))
            bytes = hal_adapter_grant(ad) * PAGE_BYTES - offset;
        rig_scatter(r, &b, pfn, offset, bytes);
        both_ways(r, ad, &b);
        rig_free(r);
    }
}

static void one_byte_at_the_end_of_a_page(void **state)
{
    (void)state;
    on_all_kinds(0, true, 0x2000, 0xfff, 1);
}

static void one_page(void **state)
{
    (void)state;
    on_all_kinds(0, true, 0x2000, 0, PAGE_BYTES);
}

/* Three scattered pages, the first with an offset, the last
 * partial, alias to three consecutive logical pages. */
static void three_scattered_pages(void **state)
{
    (void)state;
    on_all_kinds(0, true, 0x2000, 0x800, 2 * PAGE_BYTES);
}

static void three_scattered_pages_below_16_mib(void **state)
{
    (void)state;
    on_all_kinds(0, false, 0x2000, 0x800, 2 * PAGE_BYTES);
}

static void sixty_four_kib_less_one(void **state)
{
    (void)state;
    on_all_kinds(0, true, 0x3000, 0, 0xffff);
    on_all_kinds(0, true, 0x3000, 0x123, 0xffff);
}

/* Pages on both sides of 16 MiB for a 24-bit device. */
static void across_16_mib(void **state)
{
    const uint32_t pfn[] = {0xe80, 0x1100, 0xe7f};
    enum hal_kind kind;

    (void)state;
    for (kind = 0; kind < HAL_KINDS; kind++) {
        struct rig *r = rig_of(kind);
        struct hal_device dev = pci_master(r, false, false, 0x10000);
        struct hal_adapter *ad = rig_adapter(r, &dev);
        struct hal_mapped m;
        struct buffer b;
        uint32_t base;

        rig_buffer(r, &b, pfn, 0x10, 2 * PAGE_BYTES);
        both_ways(r, ad, &b);
        base = rig_registers(r, ad, 3);
        m = rig_map(r, ad, base, b.f, b.count, DMA_TO_DEVICE);
        assert_true(m.at.v + b.bytes - 1 <= 0xffffff);
        rig_free(r);
    }
}

/* A 32-bit device, pages above 4 GiB. */
static void above_4_gib(void **state)
{
    const uint32_t pfn[] = {0x100007, 0x2000, 0x110000};
    enum hal_kind kind;

    (void)state;
    for (kind = 0; kind < HAL_KINDS; kind++) {
        struct rig_options o = {.kind = kind, .ram = 6 * GIB};
        struct rig *r = rig_new(&o);
        struct hal_device dev = pci_master(r, false, true, 0x10000);
        struct hal_adapter *ad = rig_adapter(r, &dev);
        struct hal_mapped m;
        struct buffer b;
        uint32_t base;

        rig_buffer(r, &b, pfn, 0xffe, PAGE_BYTES + 4);
        both_ways(r, ad, &b);
        base = rig_registers(r, ad, 3);
        m = rig_map(r, ad, base, b.f, b.count, DMA_TO_DEVICE);
        assert_int_equal(m.at.v >> 32, 0);
        rig_free(r);
    }
}

/* Exactly one live register per page touched. */
static void registers_live_are_the_pages_touched(void **state)
{
    static const struct {
        uint32_t offset, bytes, span;
    } row[] = {{0xffe, 4, 2},  {0, 0x1000, 1},     {0, 1, 1},
               {1, 0x1000, 2}, {0x800, 0x2000, 3}, {0xfff, 0x1002, 3}};
    unsigned i;

    (void)state;
    for (i = 0; i < sizeof row / sizeof row[0]; i++) {
        struct rig *r = rig_of(HAL_TRANSLATE);
        struct hal_device dev = pci_master(r, false, true, 0x10000);
        struct hal_adapter *ad = rig_adapter(r, &dev);
        struct gate_register live[16];
        struct buffer b;
        uint64_t from = 0;

        rig_scatter(r, &b, 0x2000, row[i].offset, row[i].bytes);
        assert_int_equal(b.count, row[i].span);
        rig_map(r, ad, rig_registers(r, ad, 8), b.f, b.count, DMA_TO_DEVICE);
        assert_int_equal(bus_registers(r->bus, &from, live, 16), row[i].span);
        rig_free(r);
    }
}

/* No logical page is its own physical page, none overlaps RAM. */
static void logical_pages_are_not_physical_ones(void **state)
{
    struct rig *r = rig_of(HAL_TRANSLATE);
    struct hal_device dev = pci_master(r, false, false, 0x10000);
    struct hal_adapter *ad = rig_adapter(r, &dev);
    struct hal_mapped m;
    struct buffer b;

    (void)state;
    rig_scatter(r, &b, 0x2000, 0, 3 * PAGE_BYTES);
    m = rig_map(r, ad, rig_registers(r, ad, 3), b.f, 3, DMA_TO_DEVICE);
    assert_false(ram_is(&r->ram, gpa_of(m.at.v), 1));
    assert_false(ram_is(&r->ram, gpa_of(m.at.v + b.bytes - 1), 1));
    rig_free(r);
}

/* The inspector's three addresses agree with the bus's own walk. */
static void inspector_shows_three_addresses(void **state)
{
    enum hal_kind kind;

    (void)state;
    for (kind = 0; kind < HAL_KINDS; kind++) {
        struct rig *r = rig_of(kind);
        struct hal_device dev = pci_master(r, false, false, 0x10000);
        struct hal_adapter *ad = rig_adapter(r, &dev);
        struct hal_page_info page;
        struct hal_mapped m;
        struct buffer b;
        unsigned i;
        gpa_t to;

        rig_scatter(r, &b, 0x2000, 0x234, 2 * PAGE_BYTES);
        m = rig_map(r, ad, rig_registers(r, ad, 3), b.f, b.count,
                    DMA_TO_DEVICE);
        assert_int_equal(hal_page_count(r->hal), 3);
        for (i = 0; i < 3; i++) {
            assert_true(hal_page_at(r->hal, i, &page));
            assert_int_equal(page.va.v, b.f[i].va);
            assert_int_equal(page.owner.v, b.f[i].at);
            assert_true(rig_reach(r, page.dla, DMA_TO_DEVICE, &to));
            assert_int_equal(page.to.v, to.v);
            assert_int_equal(page.bounced, kind == HAL_BOUNCE);
            assert_int_equal(page.to.v == page.owner.v, kind != HAL_BOUNCE);
        }
        assert_true(
            hal_page_find(r->hal, gva_of(0), dla_add(m.at, PAGE_BYTES), &page));
        assert_int_equal(page.va.v, b.f[1].va);
        rig_free(r);
    }
}

/* After FlushAdapterBuffers and FreeMapRegisters no register is left. */
static void a_freed_register_is_a_bus_fault(void **state)
{
    struct rig *r = rig_of(HAL_TRANSLATE);
    struct hal_device dev = pci_master(r, false, true, 0x10000);
    struct hal_adapter *ad = rig_adapter(r, &dev);
    uint32_t base = rig_registers(r, ad, 2);
    struct hal_mapped m;
    struct buffer b;
    gpa_t to;

    (void)state;
    rig_scatter(r, &b, 0x2000, 0, 2 * PAGE_BYTES);
    m = rig_map(r, ad, base, b.f, 2, DMA_TO_DEVICE);
    assert_true(rig_reach(r, m.at, DMA_TO_DEVICE, &to));
    assert_false(rig_reach(r, m.at, DMA_FROM_DEVICE, &to)); /* S24 */
    rig_flush(r, ad, base, &b, DMA_TO_DEVICE);
    hal_registers_free(r->hal, ad, base, 2);
    assert_false(rig_reach(r, m.at, DMA_TO_DEVICE, &to));
    rig_free(r);
}

/* Two cards on `adapter`: the same logical page, two physical ones. */
static void each_master_has_its_own_table(void **state)
{
    struct rig *r = rig_of(HAL_ADAPTER);
    struct hal_device dev = pci_master(r, false, true, 0x10000);
    struct hal_adapter *ad = rig_adapter(r, &dev), *other;
    uint32_t at = r->next_object;
    struct hal_mapped m, n;
    struct buffer b, d;
    gpa_t to;

    (void)state;
    dev.requester = 31 * 8;
    other = rig_adapter(r, &dev);
    ad = hal_adapter_find(r->hal, gva_of(at));
    rig_scatter(r, &b, 0x2000, 0, PAGE_BYTES);
    rig_scatter(r, &d, 0x3000, 0, PAGE_BYTES);
    m = rig_map(r, ad, rig_registers(r, ad, 1), b.f, 1, DMA_TO_DEVICE);
    n = rig_map(r, other, rig_registers(r, other, 1), d.f, 1, DMA_TO_DEVICE);
    assert_int_equal(m.at.v, n.at.v);
    assert_true(rig_reach(r, m.at, DMA_TO_DEVICE, &to));
    assert_int_equal(to.v, b.f[0].at);
    rig_free(r);
}

/* An adapter of nobody in particular is served in every master's table. */
static void unknown_master_on_adapter_kind(void **state)
{
    struct rig *r = rig_of(HAL_ADAPTER);
    struct hal_device dev = pci_master(r, false, true, 0x10000);
    struct hal_adapter *ad;
    struct buffer b;

    (void)state;
    dev.requester = 0xffff;
    ad = rig_adapter(r, &dev);
    rig_scatter(r, &b, 0x2000, 3, 3 * PAGE_BYTES);
    both_ways(r, ad, &b);
    rig_free(r);
}

/* The middle of an MDL picks the right page and offset. */
static void mapping_from_the_middle(void **state)
{
    struct rig *r = rig_of(HAL_TRANSLATE);
    struct hal_device dev = pci_master(r, true, true, 0x10000);
    struct hal_adapter *ad = rig_adapter(r, &dev);
    struct hal_mapped m;
    struct buffer b;
    gpa_t to;

    (void)state;
    rig_scatter(r, &b, 0x2000, 0x800, 0x4000);
    m = rig_map(r, ad, rig_registers(r, ad, 5), b.f + 2, 3, DMA_TO_DEVICE);
    assert_int_equal(m.at.v & PAGE_MASK, 0);
    assert_true(rig_reach(r, m.at, DMA_TO_DEVICE, &to));
    assert_int_equal(to.v, b.f[2].at);
    rig_free(r);
}

/* Pieces in ascending order take successive registers. */
static void pieces_take_successive_registers(void **state)
{
    struct rig *r = rig_of(HAL_TRANSLATE);
    struct hal_device dev = pci_master(r, true, true, 0x10000);
    struct hal_adapter *ad = rig_adapter(r, &dev);
    uint32_t base = rig_registers(r, ad, 4), i;
    struct hal_mapped m[4];
    struct buffer b;
    gpa_t to;

    (void)state;
    rig_scatter(r, &b, 0x2000, 0, 0x4000);
    for (i = 0; i < 4; i++)
        m[i] = rig_map(r, ad, base, b.f + i, 1, DMA_TO_DEVICE);
    for (i = 0; i < 4; i++) {
        assert_true(rig_reach(r, m[i].at, DMA_TO_DEVICE, &to));
        assert_int_equal(to.v, b.f[i].at);
    }
    rig_flush(r, ad, base, &b, DMA_TO_DEVICE);
    assert_int_equal(hal_page_count(r->hal), 0);
    rig_free(r);
}

/* Pieces that are cut inside a page share its register: page spans of the
 * whole, not of each piece. */
static void a_piece_that_starts_inside_a_page_shares_its_register(void **state)
{
    enum hal_kind kind;

    (void)state;
    for (kind = 0; kind < HAL_KINDS; kind++) {
        struct rig *r = rig_of(kind);
        struct hal_device dev = pci_master(r, false, false, 0x10000);
        struct hal_adapter *ad = rig_adapter(r, &dev);
        uint32_t base = rig_registers(r, ad, 1);
        struct hal_fragment half[2];
        struct hal_mapped m, n;
        struct buffer b;

        rig_scatter(r, &b, 0x2000, 0, 0x1000);
        buffer_fill(r, &b, 0);
        half[0] = half[1] = b.f[0];
        half[0].bytes = half[1].bytes = 0x800;
        half[1].at += 0x800;
        half[1].va += 0x800;
        m = rig_map(r, ad, base, &half[0], 1, DMA_TO_DEVICE);
        n = rig_map(r, ad, base, &half[1], 1, DMA_TO_DEVICE);
        assert_int_equal(n.at.v, m.at.v + 0x800);
        assert_true(card_reads(r, m.at, 0x1000, 0));
        assert_int_equal(r->findings, 0);
        rig_flush(r, ad, base, &b, DMA_TO_DEVICE);
        assert_int_equal(hal_page_count(r->hal), 0);
        rig_free(r);
    }
}

/* 12 pages through 5 registers in rounds of 5, 5 and 2. */
static void rounds_of_map_and_flush_reuse_one_base(void **state)
{
    static const uint32_t round[] = {5, 5, 2};
    enum hal_kind kind;

    (void)state;
    for (kind = 0; kind < HAL_KINDS; kind++) {
        struct rig *r = rig_of(kind);
        struct hal_device dev = pci_master(r, false, true, 0x4000);
        struct hal_adapter *ad = rig_adapter(r, &dev);
        struct buffer all, part;
        uint32_t base, i, at = 0;

        assert_int_equal(hal_adapter_grant(ad), 5);
        rig_scatter(r, &all, 0x3000, 0, 12 * PAGE_BYTES);
        base = rig_registers(r, ad, 5);
        for (i = 0; i < 3; at += round[i++]) {
            struct hal_mapped m =
                rig_map(r, ad, base, all.f + at, round[i], DMA_FROM_DEVICE);

            assert_int_equal(m.bytes, round[i] * PAGE_BYTES);
            card_writes(r, m.at, m.bytes, 5);
            part = all;
            part.va = all.f[at].va;
            part.bytes = m.bytes;
            rig_flush(r, ad, base, &part, DMA_FROM_DEVICE);
        }
        assert_true(buffer_is(r, &all, 5));
        assert_int_equal(r->findings, 0);
        rig_free(r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_byte_at_the_end_of_a_page),
        cmocka_unit_test(one_page),
        cmocka_unit_test(three_scattered_pages),
        cmocka_unit_test(three_scattered_pages_below_16_mib),
        cmocka_unit_test(sixty_four_kib_less_one),
        cmocka_unit_test(across_16_mib),
        cmocka_unit_test(above_4_gib),
        cmocka_unit_test(registers_live_are_the_pages_touched),
        cmocka_unit_test(logical_pages_are_not_physical_ones),
        cmocka_unit_test(inspector_shows_three_addresses),
        cmocka_unit_test(a_freed_register_is_a_bus_fault),
        cmocka_unit_test(each_master_has_its_own_table),
        cmocka_unit_test(unknown_master_on_adapter_kind),
        cmocka_unit_test(mapping_from_the_middle),
        cmocka_unit_test(pieces_take_successive_registers),
        cmocka_unit_test(a_piece_that_starts_inside_a_page_shares_its_register),
        cmocka_unit_test(rounds_of_map_and_flush_reuse_one_base),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
