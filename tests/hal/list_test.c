/* tests/hal/list_test.c -- scatter/gather lists. */
#include "rig.h"

#include <stdlib.h>

enum { MOST = 300 };

struct list {
    struct hal_element e[MOST];
    uint32_t count, set, request;
    gva_t at;
};

/* Ask, be called, map: what the thunk of GetScatterGatherList does. */
static enum hb_status get_list(struct rig *r, struct hal_adapter *ad,
                               const struct buffer *b, enum dma_dir dir,
                               struct list *l)
{
    const uint32_t at = 0x81300000 + 0x100 * hal_page_count(r->hal);
    bool packed = hal_list_elements(ad, b->count) < b->count &&
                  hal_ragged(b->f, b->count);
    struct hal_ask ask = {.list = true,
                          .owned = true,
                          .registers = packed ? hal_pack_pages(b->f, b->bytes)
                                              : b->count,
                          .mdl = b->mdl,
                          .va = b->va,
                          .bytes = b->bytes,
                          .dir = dir,
                          .buffer = gva_of(at)};
    enum hb_status status;
    struct hal_run run;

    if (packed) {
        ask.packed = true;
        assert_int_equal(hal_pack_alloc(r->hal, ask.registers, &ask.frames),
                         HB_OK);
    }
    assert_int_equal(hal_channel_ask(r->hal, ad, &ask), HB_OK);
    assert_true(hal_run_next(r->hal, &run));
    assert_true(run.list);
    l->at = gva_of(at);
    l->request = run.request;
    status = hal_list_map(r->hal, run.request, b->f, b->count, l->e, &l->count,
                          &l->set);
    while (hal_copy(r->hal, l->set))
        ;
    hal_run_done(r->hal, run.request,
                 status == HB_OK ? HAL_DEALLOCATE_OBJECT_KEEP_REGISTERS
                                 : HAL_DEALLOCATE_OBJECT);
    return status;
}

static void put_list(struct rig *r, const struct list *l, enum dma_dir dir)
{
    uint32_t set;

    hal_list_flush(r->hal, l->at, dir, &set);
    while (hal_copy(r->hal, set))
        ;
    hal_list_put(r->hal, l->at);
}

/* Lengths > 0 that sum up the device sees every byte. */
static void check_elements(const struct rig *r, const struct list *l,
                           const struct buffer *b, uint8_t seed)
{
    uint32_t i, sum = 0;

    for (i = 0; i < l->count; i++) {
        assert_true(l->e[i].bytes > 0);
        assert_true(
            card_reads(r, l->e[i].at, l->e[i].bytes, (uint8_t)(seed + sum)));
        sum += l->e[i].bytes;
    }
    assert_int_equal(sum, b->bytes);
}

/* Fragmented buffers up to 256 pages, every kind. */
static void long_lists_go_both_ways(void **state)
{
    static const uint32_t pages[] = {1, 2, 17, 48, 256};
    enum hal_kind kind;
    unsigned i, k;

    (void)state;
    for (kind = 0; kind < HAL_KINDS; kind++)
        for (i = 0; i < 5; i++) {
            struct rig *r = rig_of(kind);
            struct hal_device dev = pci_master(r, true, true, 0x100000);
            struct hal_adapter *ad = rig_adapter(r, &dev);
            struct buffer b;
            struct list l;
            uint32_t at = 0;

            rig_scatter(r, &b, 0x3800, 0x100, pages[i] * PAGE_BYTES - 0x200);
            buffer_fill(r, &b, 4);
            assert_int_equal(get_list(r, ad, &b, DMA_TO_DEVICE, &l), HB_OK);
            check_elements(r, &l, &b, 4);
            if (kind == HAL_BOUNCE)
                assert_int_equal(l.count, pages[i]);
            put_list(r, &l, DMA_TO_DEVICE);
            assert_int_equal(get_list(r, ad, &b, DMA_FROM_DEVICE, &l), HB_OK);
            for (k = 0; k < l.count; at += l.e[k++].bytes)
                card_writes(r, l.e[k].at, l.e[k].bytes, (uint8_t)(at + 60));
            put_list(r, &l, DMA_FROM_DEVICE);
            assert_true(buffer_is(r, &b, 60));
            assert_int_equal(hal_page_count(r->hal), 0);
            assert_int_equal(r->findings, 0);
            rig_free(r);
        }
}

static void without_scatter_gather_there_is_one_element(void **state)
{
    enum hal_kind kind;

    (void)state;
    for (kind = 0; kind < HAL_KINDS; kind++) {
        struct rig *r = rig_of(kind);
        struct hal_device dev = pci_master(r, false, true, 0x10000);
        struct hal_adapter *ad = rig_adapter(r, &dev);
        struct buffer b;
        struct list l;

        rig_scatter(r, &b, 0x3000, 0x10, 5 * PAGE_BYTES - 0x20);
        buffer_fill(r, &b, 1);
        assert_int_equal(get_list(r, ad, &b, DMA_TO_DEVICE, &l), HB_OK);
        assert_int_equal(l.count, 1);
        check_elements(r, &l, &b, 1);
        put_list(r, &l, DMA_TO_DEVICE);
        rig_free(r);
    }
}

/* Several at once; the channel is free after each. */
static void several_lists_at_once(void **state)
{
    struct rig *r = rig_of(HAL_TRANSLATE);
    struct hal_device dev = pci_master(r, true, true, 0x10000);
    struct hal_adapter *ad = rig_adapter(r, &dev);
    struct hal_adapter_info info;
    struct buffer b[3];
    struct list l[3];
    uint32_t i;

    (void)state;
    for (i = 0; i < 3; i++) {
        rig_scatter(r, &b[i], 0x3800 - 0x400 * i, 0, 2 * PAGE_BYTES);
        buffer_fill(r, &b[i], (uint8_t)(10 * i));
        assert_int_equal(get_list(r, ad, &b[i], DMA_TO_DEVICE, &l[i]), HB_OK);
    }
    hal_adapter_at(r->hal, 0, &info);
    assert_false(info.busy);
    assert_int_equal(info.lists, 3);
    for (i = 0; i < 3; i++)
        check_elements(r, &l[i], &b[i], (uint8_t)(10 * i));
    put_list(r, &l[1], DMA_TO_DEVICE);
    check_elements(r, &l[2], &b[2], 20);
    check_elements(r, &l[0], &b[0], 0);
    rig_free(r);
}

/* The edge between two MDLs of a chain: two elements with S/G ... */
static void a_ragged_chain_is_several_elements(void **state)
{
    enum hal_kind kind;

    (void)state;
    for (kind = 0; kind < HAL_KINDS; kind++) {
        struct rig *r = rig_of(kind);
        struct hal_device dev = pci_master(r, true, true, 0x10000);
        struct hal_adapter *ad = rig_adapter(r, &dev);
        struct buffer a, b;
        struct list l;

        rig_scatter(r, &a, 0x3000, 0x800, 0x900);
        rig_scatter(r, &b, 0x2000, 0x40, 0x300);
        a.f[a.count] = b.f[0];
        a.f[a.count++].mdl = 0x81400000;
        a.bytes += b.bytes;
        buffer_fill(r, &a, 8);
        assert_int_equal(get_list(r, ad, &a, DMA_TO_DEVICE, &l), HB_OK);
        check_elements(r, &l, &a, 8);
        assert_true(l.count >= 2);
        put_list(r, &l, DMA_TO_DEVICE);
        assert_int_equal(hal_page_count(r->hal), 0);
        rig_free(r);
    }
}

/* ... and one without: packed into pages of the HAL, there and back, and these
 * pages are given back. */
static void a_ragged_chain_is_packed_into_one_element(void **state)
{
    static const uint32_t piece[][2] = {{0x800, 0x900},
                                        {0x40, 0x300},
                                        {0xfff, 1},
                                        {0x7fe, 0x1804},
                                        {0, 0x1000}};

    (void)state;
    EVERY_KIND(kind)
    {
        struct rig *r = rig_of(kind);
        struct hal_device dev = pci_master(r, false, true, 0x10000);
        struct hal_adapter *ad = rig_adapter(r, &dev);
        uint64_t before = frames_in_use(&r->mm);
        struct hal_pool_info pool;
        struct buffer a = {0}, b;
        struct list l;

        for (unsigned i = 0; i < 5; i++) {
            rig_scatter(r, &b, 0x3000 - 0x400 * i, piece[i][0], piece[i][1]);
            for (unsigned k = 0; k < b.count; k++) {
                b.f[k].mdl += 0x100 * i;
                a.f[a.count++] = b.f[k];
            }
            a.bytes += b.bytes;
            before += b.count;
        }
        buffer_fill(r, &a, 8);
        assert_int_equal(get_list(r, ad, &a, DMA_TO_DEVICE, &l), HB_OK);
        assert_int_equal(l.count, 1);
        check_elements(r, &l, &a, 8);
        put_list(r, &l, DMA_TO_DEVICE);
        assert_int_equal(get_list(r, ad, &a, DMA_FROM_DEVICE, &l), HB_OK);
        card_writes(r, l.e[0].at, l.e[0].bytes, 90);
        put_list(r, &l, DMA_FROM_DEVICE);
        assert_true(buffer_is(r, &a, 90));
        assert_int_equal(hal_page_count(r->hal), 0);
        hal_pool_at(r->hal, 0, &pool);
        assert_int_equal(pool.in_use, 0);
        assert_int_equal(frames_in_use(&r->mm), before);
        assert_int_equal(r->findings, 0);
        rig_free(r);
    }
}

/* Pages that wait with a request go when its adapter goes. */
static void a_packed_list_that_never_came_leaves_nothing(void **state)
{
    struct rig *r = rig_of(HAL_TRANSLATE);
    struct hal_device dev = pci_master(r, false, true, 0x10000);
    struct hal_adapter *ad = rig_adapter(r, &dev);
    uint64_t before = frames_in_use(&r->mm);
    struct hal_ask ask = {.list = true, .packed = true, .registers = 3};

    (void)state;
    assert_int_equal(hal_pack_alloc(r->hal, 3, &ask.frames), HB_OK);
    assert_int_equal(hal_channel_ask(r->hal, ad, &ask), HB_OK);
    assert_int_equal(frames_in_use(&r->mm), before + 3);
    assert_true(hal_adapter_put(r->hal, ad));
    assert_int_equal(frames_in_use(&r->mm), before);
    rig_free(r);
}

/* DMA-134: put in the other direction than it was made for: finding S24, and
 * the buffer stays as it is: what the device wrote is in it already, or still
 * in the bounce pages. */
static void put_in_the_wrong_direction_leaves_the_buffer(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    for (unsigned write = 0; write < 2; write++) {
        struct rig *r = rig_of(kind);
        struct hal_device dev = pci_master(r, false, false, 0x10000);
        struct hal_adapter *ad = rig_adapter(r, &dev);
        struct buffer b;
        struct list l;

        rig_scatter(r, &b, 0x2000, 0, 0x2000);
        buffer_fill(r, &b, 1);
        get_list(r, ad, &b, write ? DMA_TO_DEVICE : DMA_FROM_DEVICE, &l);
        if (!write)
            card_writes(r, l.e[0].at, 0x2000, 90);
        put_list(r, &l, write ? DMA_FROM_DEVICE : DMA_TO_DEVICE);
        assert_true(buffer_is(r, &b, write || kind == HAL_BOUNCE ? 1 : 90));
        assert_int_equal(r->findings, 1);
        assert_string_equal(r->rule, "S24");
        rig_free(r);
    }
}

/* SEC-020: S16: another adapter's list, put twice */
static void a_list_belongs_to_its_adapter(void **state)
{
    struct rig *r = rig_of(HAL_TRANSLATE);
    struct hal_device dev = pci_master(r, true, true, 0x10000);
    struct hal_list_view view;
    struct hal_adapter *ad, *other;
    uint32_t at;
    struct buffer b;
    struct list l;

    (void)state;
    rig_adapter(r, &dev);
    at = r->next_object;
    rig_adapter(r, &dev);
    ad = hal_adapter_find(r->hal, gva_of(at));
    other = hal_adapter_find(r->hal, gva_of(r->next_object));
    rig_scatter(r, &b, 0x2000, 0, 0x2000);
    get_list(r, ad, &b, DMA_TO_DEVICE, &l);
    assert_true(hal_list_find(r->hal, ad, l.at, &view));
    assert_false(hal_list_find(r->hal, other, l.at, &view));
    put_list(r, &l, DMA_TO_DEVICE);
    assert_false(hal_list_find(r->hal, ad, l.at, &view));
    hal_list_put(r->hal, l.at);
    rig_free(r);
}

/* The pages that the device really uses. */
static void pages_of_a_bounced_list_are_the_bounce_pages(void **state)
{
    struct rig *r = rig_of(HAL_BOUNCE);
    struct hal_device dev = pci_master(r, false, false, 0x10000);
    struct hal_adapter *ad = rig_adapter(r, &dev);
    struct buffer b;
    struct list l;
    uint32_t cursor = 0;
    bool bounced;
    gpa_t to;

    (void)state;
    rig_scatter(r, &b, 0x2000, 0, 0x2000);
    get_list(r, ad, &b, DMA_TO_DEVICE, &l);
    for (uint32_t i = 0; i < 2; i++) {
        assert_true(hal_list_page(r->hal, l.at, &cursor, &to, &bounced));
        assert_true(bounced);
        assert_int_equal(to.v, l.e[0].at.v + i * PAGE_BYTES);
    }
    assert_false(hal_list_page(r->hal, l.at, &cursor, &to, &bounced));
    rig_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(long_lists_go_both_ways),
        cmocka_unit_test(without_scatter_gather_there_is_one_element),
        cmocka_unit_test(several_lists_at_once),
        cmocka_unit_test(a_ragged_chain_is_several_elements),
        cmocka_unit_test(a_ragged_chain_is_packed_into_one_element),
        cmocka_unit_test(a_packed_list_that_never_came_leaves_nothing),
        cmocka_unit_test(put_in_the_wrong_direction_leaves_the_buffer),
        cmocka_unit_test(a_list_belongs_to_its_adapter),
        cmocka_unit_test(pages_of_a_bounced_list_are_the_bounce_pages),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
