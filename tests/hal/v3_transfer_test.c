/* tests/hal/v3_transfer_test.c -- MapTransferEx, FlushAdapterBuffersEx,
 * CancelMappedTransfer and what can be asked before. Contract ids: DMA-xxx. */
#include "v3.h"

#include "mm/mdl.h"

enum { LIST_BYTES = 0x400, ALL = FIRST_BYTES + SECOND_BYTES };

/* A guest with a chain of two MDLs and an adapter that holds registers. */
struct bench {
    struct guest *g;
    struct buffer b[2];
    uint32_t context, list;
    struct v3_map m;
};

static void bench_start(struct bench *t, enum hal_kind kind, bool slave,
                        bool sg, uint32_t registers)
{
    struct guest *g = v3_guest(kind, false);

    *t = (struct bench){.g = g};
    v3_chain(g, t->b);
    t->list = guest_alloc(g, LIST_BYTES);
    t->m.adapter = slave ? v3_slave(g, 0x8000) : v3_master(g, sg, 24, 0x8000);
    t->context = v3_context(g, t->m.adapter);
    t->m.base = v3_hold(g, t->m.adapter, t->context, registers);
    t->m.mdl = t->b[0].mdl;
    t->m.list = t->list;
    t->m.list_bytes = LIST_BYTES;
}

/* GetDmaTransferInfo of @bytes at @offset: registers, elements, list bytes. */
static uint32_t ask_info(const struct bench *t, uint32_t version,
                         uint64_t offset, uint32_t bytes, uint32_t out[3])
{
    uint32_t at = guest_alloc(t->g, 0x20), status;

    for (unsigned i = 0; i < 0x20; i += 4)
        guest_set(t->g, at + i, 0xdddddddd);
    guest_set(t->g, at, version);
    status =
        table_call(t->g, t->m.adapter, OP_TRANSFER_INFO, t->m.mdl,
                   (uint32_t)offset, (uint32_t)(offset >> 32), bytes, READ, at);
    for (unsigned i = 0; i < 3; i++)
        out[i] = guest_get(t->g, at + 4 + 4 * i);
    /* DMA_TRANSFER_INFO_V1 ends here */
    assert_int_equal(guest_get(t->g, at + 0x10), 0xdddddddd);
    return status;
}

/* DMA-153: version 1 is known, another one is not; what it says suffices. */
static void the_transfer_info_suffices(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    {
        struct bench t;
        uint32_t need[3], base;

        bench_start(&t, kind, false, true, 1);
        table_call(t.g, t.m.adapter, OP_FREE_OBJECT, HAL_DEALLOCATE_OBJECT);
        assert_int_equal(ask_info(&t, 9, 0, ALL, need), NOT_SUPPORTED);
        assert_int_equal(ask_info(&t, 0, 0, ALL, need), NOT_SUPPORTED);
        assert_int_equal(need[0], 0xdddddddd);
        assert_int_equal(ask_info(&t, 1, 0x1234, ALL - 0x1234, need), SUCCESS);
        assert_true(need[1] >= 1 && need[2] >= 8 + 16 * need[1]);
        t.context = v3_context(t.g, t.m.adapter);
        base = v3_hold(t.g, t.m.adapter, t.context, need[0]);
        t.m.base = base;
        t.m.offset = 0x1234;
        t.m.bytes = ALL - 0x1234;
        t.m.list_bytes = need[2];
        assert_int_equal(v3_map(t.g, &t.m), SUCCESS);
        assert_int_equal(t.m.mapped, ALL - 0x1234);
        assert_true(guest_get(t.g, t.list) <= need[1]);
        /* outside the chain; no bytes */
        assert_int_equal(ask_info(&t, 1, ALL, 1, need), INVALID_PARAMETER);
        assert_int_equal(ask_info(&t, 1, 1, ALL, need), INVALID_PARAMETER);
        assert_int_equal(ask_info(&t, 1, (uint64_t)1 << 32, 1, need),
                         INVALID_PARAMETER);
        assert_int_equal(ask_info(&t, 1, 0, 0, need), INVALID_PARAMETER);
        guest_free(t.g);
    }
}

/* DMA-153: of a channel: one element, 24 bits, its counter can be read. */
static void the_adapter_info_is_the_controllers(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    {
        struct guest *g = v3_guest(kind, false);
        uint32_t at = guest_alloc(g, 0x18), i;
        const uint32_t adapter[] = {v3_slave(g, 0x4000),
                                    v3_master(g, false, 32, 0x4000)};
        static const uint32_t want[][6] = {{1, 1, 1, 24, 0, 1},
                                           {1, 0, 1, 32, 0, 1}};

        for (unsigned k = 0; k < 2; k++) {
            guest_set(g, at, 9);
            assert_int_equal(table_call(g, adapter[k], OP_ADAPTER_INFO, at),
                             NOT_SUPPORTED);
            guest_set(g, at, 1);
            assert_int_equal(table_call(g, adapter[k], OP_ADAPTER_INFO, at),
                             SUCCESS);
            for (i = 0; i < 6; i++)
                assert_int_equal(guest_get(g, at + 4 * i), want[k][i]);
        }
        guest_free(g);
    }
}

/* DMA-158: from an offset in the second MDL; out of the first into the second;
 * both ways. */
static void a_transfer_goes_along_the_chain(void **state)
{
    static const uint32_t from[] = {FIRST_BYTES + 0x345, 0x1234, 0};

    (void)state;
    EVERY_KIND(kind)
    for (unsigned i = 0; i < 6; i++) {
        uint32_t bytes = ALL - from[i / 2];
        struct bench t;

        bench_start(&t, kind, false, true, 8);
        t.m.offset = from[i / 2];
        t.m.bytes = bytes;
        t.m.write = i & 1;
        v3_fill(t.g, t.b, 0, ALL, 0x51);
        if (t.m.write)
            v3_fill(t.g, t.b, from[i / 2], bytes, 0x33);
        assert_int_equal(v3_map(t.g, &t.m), SUCCESS);
        assert_int_equal(t.m.mapped, bytes);
        assert_int_equal(v3_list_sum(t.g, t.list), bytes);
        if (t.m.write)
            assert_true(v3_list_reads(t.g, t.list, 0x33));
        else
            v3_list_writes(t.g, t.list, 0x77);
        assert_int_equal(v3_flush(t.g, &t.m), SUCCESS);
        if (!t.m.write)
            assert_true(v3_is(t.g, t.b, from[i / 2], bytes, 0x77));
        assert_true(v3_is(t.g, t.b, 0, from[i / 2], 0x51));
        assert_int_equal(hal_page_count(t.g->r.hal), 0);
        assert_int_equal(t.g->r.findings, 0);
        guest_free(t.g);
    }
}

/* DMA-158: with too few registers or elements less is mapped, and the driver
 * goes on from there. */
static void what_does_not_fit_comes_with_the_next_call(void **state)
{
    static const struct {
        uint32_t registers, elements;
    } few[] = {{2, 20}, {8, 1}, {3, 2}};

    (void)state;
    EVERY_KIND(kind)
    for (unsigned i = 0; i < 3; i++) {
        struct bench t;
        unsigned calls = 0;

        bench_start(&t, kind, false, true, few[i].registers);
        t.m.list_bytes = 8 + 16 * few[i].elements;
        t.m.bytes = ALL;
        while (t.m.offset < ALL) {
            assert_int_equal(v3_map(t.g, &t.m), SUCCESS);
            assert_in_range(t.m.mapped, 1, t.m.bytes);
            assert_int_equal(v3_list_sum(t.g, t.list), t.m.mapped);
            assert_true(guest_get(t.g, t.list) <= few[i].elements);
            v3_list_writes(t.g, t.list, (uint8_t)(3 + t.m.offset));
            assert_int_equal(v3_flush(t.g, &t.m), SUCCESS);
            t.m.offset += t.m.mapped;
            t.m.bytes -= t.m.mapped;
            calls++;
        }
        assert_true(calls > 1);
        assert_true(v3_is(t.g, t.b, 0, ALL, 3));
        assert_int_equal(t.g->r.findings, 0);
        guest_free(t.g);
    }
}

/* DMA-158: a device without scatter/gather gets one element, to the ragged edge
 * of the chain. */
static void one_element_for_a_device_of_one(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    {
        struct bench t;

        bench_start(&t, kind, false, false, 8);
        t.m.bytes = ALL;
        assert_int_equal(v3_map(t.g, &t.m), SUCCESS);
        assert_int_equal(guest_get(t.g, t.list), 1);
        assert_int_equal(t.m.mapped, FIRST_BYTES);
        v3_list_writes(t.g, t.list, 1);
        assert_int_equal(v3_flush(t.g, &t.m), SUCCESS);
        assert_true(v3_is(t.g, t.b, 0, FIRST_BYTES, 1));
        guest_free(t.g);
    }
}

/* DMA-159: a list for no element, no list, a cancelled context, an offset or a
 * length past the chain, a base that is none. */
static void errors_of_maptransferex(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    {
        struct bench t;
        uint32_t status;

        bench_start(&t, kind, false, false, 4);
        t.m.bytes = 0x1000;
        t.m.list_bytes = 8 + 15;
        status = v3_map(t.g, &t.m);
        assert_true(status == INVALID_PARAMETER || status == BUFFER_TOO_SMALL);
        t.m.list = t.m.list_bytes = 0;
        assert_int_equal(v3_map(t.g, &t.m), INVALID_PARAMETER);
        assert_int_equal(t.g->r.findings, 0);
        t.m.list = t.list;
        t.m.list_bytes = LIST_BYTES;
        t.m.offset = ALL;
        assert_int_equal(v3_map(t.g, &t.m), INVALID_PARAMETER);
        assert_string_equal(t.g->r.rule, "S08");
        t.m.offset = (uint64_t)1 << 32;
        assert_int_equal(v3_map(t.g, &t.m), INVALID_PARAMETER);
        t.m.offset = ALL - 0xfff;
        assert_int_equal(v3_map(t.g, &t.m), INVALID_PARAMETER);
        assert_string_equal(t.g->r.rule, "S07");
        t.m.offset = 0;
        t.m.base ^= 0x10000;
        assert_int_equal(v3_map(t.g, &t.m), INVALID_PARAMETER);
        assert_string_equal(t.g->r.rule, "S18");
        t.m.base ^= 0x10000;
        assert_int_equal(hal_page_count(t.g->r.hal), 0);
        assert_int_equal(t.m.mapped, 0x1000); /* *Length as it was */

        assert_int_equal(
            table_call(t.g, t.m.adapter, OP_CANCEL_MAPPED, t.context), SUCCESS);
        assert_int_equal(v3_map(t.g, &t.m), CANCELLED);
        assert_int_equal(hal_page_count(t.g->r.hal), 0);
        guest_free(t.g);

        /* a slave needs no list */
        bench_start(&t, kind, true, false, 4);
        t.m.bytes = 0x1000;
        t.m.list = t.m.list_bytes = 0;
        assert_int_equal(v3_map(t.g, &t.m), SUCCESS);
        assert_int_equal(t.m.mapped, 0x1000);
        assert_int_equal(v3_flush(t.g, &t.m), SUCCESS);
        t.m.list = t.list; /* but gets one that it wants */
        t.m.list_bytes = 24;
        assert_int_equal(v3_map(t.g, &t.m), SUCCESS);
        assert_int_equal(v3_list_sum(t.g, t.list), 0x1000);
        assert_int_equal(v3_flush(t.g, &t.m), SUCCESS);
        assert_int_equal(
            table_call(t.g, t.m.adapter, OP_CANCEL_MAPPED, t.context), SUCCESS);
        assert_int_equal(v3_map(t.g, &t.m), CANCELLED);
        assert_int_equal(table_call(t.g, t.m.adapter, OP_CANCEL_MAPPED,
                                    v3_context(t.g, t.m.adapter)),
                         INVALID_PARAMETER); /* nothing was asked with it */
        assert_int_equal(t.g->r.findings, 0);
        guest_free(t.g);
    }
}

/* No bytes are legal and map nothing. */
static void no_bytes_are_an_empty_list(void **state)
{
    struct bench t;

    (void)state;
    bench_start(&t, HAL_BOUNCE, false, true, 4);
    guest_set(t.g, t.list, 7);
    assert_int_equal(v3_map(t.g, &t.m), SUCCESS);
    assert_int_equal(guest_get(t.g, t.list), 0);
    assert_int_equal(v3_flush(t.g, &t.m), SUCCESS);
    assert_int_equal(t.g->r.findings, 0);
    guest_free(t.g);
}

/* DMA-160: one flush for each MapTransferEx, before the next and also after
 * CancelMappedTransfer; without it finding S03. */
static void each_map_needs_its_flush(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    for (unsigned slave = 0; slave < 2; slave++) {
        struct bench t;

        bench_start(&t, kind, slave, true, 8);
        t.m.bytes = 0x1000;
        for (unsigned i = 0; i < 2; i++) { /* with the flush: nothing to say */
            assert_int_equal(v3_map(t.g, &t.m), SUCCESS);
            assert_int_equal(v3_flush(t.g, &t.m), SUCCESS);
        }
        assert_int_equal(t.g->r.findings, 0);
        assert_int_equal(v3_map(t.g, &t.m), SUCCESS);
        t.m.offset = 0x1000;
        t.m.bytes = 0x800;
        assert_int_equal(v3_map(t.g, &t.m), SUCCESS);
        assert_int_equal(t.g->r.findings, 1);
        assert_string_equal(t.g->r.rule, "S03");
        guest_free(t.g);

        bench_start(&t, kind, slave, true, 8);
        t.m.bytes = 0x1000;
        assert_int_equal(v3_map(t.g, &t.m), SUCCESS);
        assert_int_equal(
            table_call(t.g, t.m.adapter, OP_CANCEL_MAPPED, t.context), SUCCESS);
        table_call(t.g, t.m.adapter, OP_FREE_OBJECT, HAL_DEALLOCATE_OBJECT);
        assert_int_equal(t.g->r.findings, 1);
        assert_string_equal(t.g->r.rule, "S03");
        assert_int_equal(hal_page_count(t.g->r.hal), 0);
        guest_free(t.g);

        bench_start(&t, kind, slave, true, 8);
        t.m.bytes = 0x1000;
        assert_int_equal(v3_map(t.g, &t.m), SUCCESS);
        assert_int_equal(
            table_call(t.g, t.m.adapter, OP_CANCEL_MAPPED, t.context), SUCCESS);
        assert_int_equal(v3_flush(t.g, &t.m), SUCCESS);
        table_call(t.g, t.m.adapter, OP_FREE_OBJECT, HAL_DEALLOCATE_OBJECT);
        assert_int_equal(t.g->r.findings, 0);
        guest_free(t.g);
    }
}

/* Without registers (`bounce`, a device that reaches all RAM) the base is NULL
 * and serves several transfers; the same bytes twice are seen. */
static void a_null_base_serves_many(void **state)
{
    struct guest *g = v3_guest(HAL_BOUNCE, false);
    uint32_t adapter = v3_master(g, true, 64, 0x8000);
    struct v3_map m = {.adapter = adapter,
                       .bytes = ALL,
                       .list = guest_alloc(g, LIST_BYTES),
                       .list_bytes = LIST_BYTES};
    struct v3_map other = m;
    struct buffer b[2];

    (void)state;
    v3_chain(g, b);
    m.mdl = b[0].mdl;
    m.base = v3_hold(g, adapter, v3_context(g, adapter), 8);
    assert_int_equal(m.base, 0);
    assert_int_equal(v3_map(g, &m), SUCCESS);
    v3_list_writes(g, m.list, 8);
    other.mdl = b[1].mdl;
    other.offset = 0x1001;
    other.bytes = 0x100;
    assert_int_equal(v3_map(g, &other), SUCCESS);
    assert_int_equal(g->r.findings, 0);
    assert_int_equal(v3_map(g, &other), SUCCESS);
    assert_string_equal(g->r.rule, "S03");
    assert_int_equal(v3_flush(g, &m), SUCCESS);
    assert_true(v3_is(g, b, 0, ALL, 8));
    assert_int_equal(v3_flush(g, &other), SUCCESS);
    assert_int_equal(v3_flush(g, &other), SUCCESS);
    assert_int_equal(hal_page_count(g->r.hal), 0);
    assert_int_equal(v3_flush(g, &other), INVALID_PARAMETER);
    assert_string_equal(g->r.rule, "S22");
    guest_free(g);
}

/* The older flush takes MDL by MDL what MapTransferEx mapped. */
static void the_older_flush_goes_mdl_by_mdl(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    {
        struct bench t;

        bench_start(&t, kind, false, true, 8);
        t.m.bytes = ALL;
        assert_int_equal(v3_map(t.g, &t.m), SUCCESS);
        v3_list_writes(t.g, t.list, 99);
        for (unsigned i = 0; i < 2; i++)
            table_call(t.g, t.m.adapter, OP_FLUSH, t.b[i].mdl, t.m.base,
                       t.b[i].va, t.b[i].bytes, READ);
        assert_true(v3_is(t.g, t.b, 0, ALL, 99));
        assert_int_equal(hal_page_count(t.g->r.hal), 0);
        assert_int_equal(t.g->r.findings, 0);
        guest_free(t.g);
    }
}

/* A locked MDL of @bytes in pool, on frames 2000h to 2fffh again and again; 0:
 * there is none so large. */
static uint32_t large_mdl(struct guest *g, uint32_t bytes)
{
    uint32_t pages = bytes >> PAGE_SHIFT, i, flags;
    gva_t mdl;

    if (mdl_create(&g->r.mm, gva_of(0x10000000), bytes, &mdl) != HB_OK)
        return 0;
    flags = guest_get(g, mdl.v + MDL_SIZE) | MDL_PAGES_LOCKED << 16;
    guest_set(g, mdl.v + MDL_SIZE, flags);
    for (i = 0; i < pages; i++)
        guest_set(g, mdl.v + MDL_PFNS + 4 * i, 0x2000 + i % 0x1000);
    return mdl.v;
}

/* MDL-005: a buffer of 100 MB, whose MDL has a Size that wrapped, is mapped at
 * 80 MB. */
static void a_large_mdl_is_mapped_at_its_end(void **state)
{
    const uint32_t bytes = 100 << 20, at = 80 << 20;

    (void)state;
    EVERY_KIND(kind)
    {
        struct bench t;
        uint32_t i, pfn;
        gpa_t to;

        bench_start(&t, kind, false, false, 4);
        t.m.mdl = large_mdl(t.g, bytes);
        assert_int_not_equal(t.m.mdl, 0);
        assert_true((guest_get(t.g, t.m.mdl + MDL_SIZE) & 0xffff) <
                    MDL_BYTES + 4 * (bytes >> PAGE_SHIFT));
        t.m.offset = at + 0x123;
        t.m.bytes = 0x3000;
        for (i = 0; i < 4; i++) {
            pfn = 0x2000 + ((at >> PAGE_SHIFT) + i) % 0x1000;
            ram_write8(&t.g->r.ram, gpa_of(((uint64_t)pfn << 12) + 0x200),
                       (uint8_t)(0x60 + i));
        }
        t.m.write = WRITE;
        assert_int_equal(v3_map(t.g, &t.m), SUCCESS);
        assert_int_equal(t.m.mapped, 0x3000);
        for (i = 0; i < 3; i++) {
            dla_t byte = dla_of(guest_get(t.g, t.list + 8) + (i << 12) + 0xdd);

            assert_true(rig_reach(&t.g->r, byte, DMA_TO_DEVICE, &to));
            assert_int_equal(ram_read8(&t.g->r.ram, to), 0x60 + i);
        }
        assert_int_equal(v3_flush(t.g, &t.m), SUCCESS);
        assert_int_equal(t.g->r.findings, 0);
        guest_free(t.g);
    }
}

/* MDL-004: before Windows 8 there is none of more than 16,376 pages, and one
 * whose Size wrapped is corrupt to the HAL. */
static void a_large_mdl_is_none_before_windows_8(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    {
        struct guest *g = guest_of(kind);
        struct hal_device dev = pci_master(&g->r, true, true, 0x8000);
        uint32_t length = guest_alloc(g, 4), adapter, count, mdl;

        assert_int_equal(large_mdl(g, 0x3ff9000), 0);
        mdl = large_mdl(g, 0x3ff8000);
        assert_int_not_equal(mdl, 0);
        adapter = guest_adapter(g, &dev, &count);
        guest_irql(g, 2);
        guest_answer(g, HAL_DEALLOCATE_OBJECT_KEEP_REGISTERS);
        table_call(g, adapter, OP_ALLOCATE_CHANNEL, guest_device(g, 0), 2,
                   guest_callback(g), 0);
        guest_set(g, length, 0x1000);
        table_call(g, adapter, OP_MAP, mdl, guest_argument(g, 0, 2),
                   0x10000000 + 0x3ff7000, length, WRITE);
        assert_int_equal(guest_get(g, length), 0x1000);
        assert_int_equal(g->r.findings, 0);
        guest_set(g, mdl + MDL_BYTE_COUNT, 0x3ff9000);
        table_call(g, adapter, OP_MAP, mdl, guest_argument(g, 0, 2),
                   0x10000000 + 0x3ff8000, length, WRITE);
        assert_int_equal(guest_get(g, length), 0);
        assert_string_equal(g->r.rule, "S10");
        guest_free(g);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_transfer_info_suffices),
        cmocka_unit_test(the_adapter_info_is_the_controllers),
        cmocka_unit_test(a_transfer_goes_along_the_chain),
        cmocka_unit_test(what_does_not_fit_comes_with_the_next_call),
        cmocka_unit_test(one_element_for_a_device_of_one),
        cmocka_unit_test(errors_of_maptransferex),
        cmocka_unit_test(no_bytes_are_an_empty_list),
        cmocka_unit_test(each_map_needs_its_flush),
        cmocka_unit_test(a_null_base_serves_many),
        cmocka_unit_test(the_older_flush_goes_mdl_by_mdl),
        cmocka_unit_test(a_large_mdl_is_mapped_at_its_end),
        cmocka_unit_test(a_large_mdl_is_none_before_windows_8),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
