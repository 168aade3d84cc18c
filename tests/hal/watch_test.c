/* tests/hal/watch_test.c -- DMA outside of what was mapped: a card moves bytes
 * by real bus tenures, and the HAL says what is wrong. */
#include "rig.h"

#include <string.h>

enum {
    EDU_BAR = 0xf0000000u,
    EDU_BUFFER = 0x40000,
    EDU_SOURCE = 0x80,
    EDU_TARGET = 0x88,
    EDU_COUNT = 0x90,
    EDU_COMMAND = 0x98,
    STEPS_MOST = 10000,
};

static void card_set(struct rig *r, uint32_t reg, uint64_t value)
{
    bus_store(r->bus, gpa_of(EDU_BAR + reg), 4, (uint32_t)value);
    bus_store(r->bus, gpa_of(EDU_BAR + reg + 4), 4, (uint32_t)(value >> 32));
}

/* One operation of the card, to its end. */
static void card_dma(struct rig *r, dla_t at, uint32_t bytes, enum dma_dir dir)
{
    unsigned slot = r->requester >> 3, steps = 0;
    struct clock_entry due;

    bus_config_write(r->bus, 0, slot, 0, 0x10, 4, EDU_BAR);
    bus_config_write(r->bus, 0, slot, 0, 0x04, 2, 6);
    card_set(r, EDU_SOURCE, dir == DMA_TO_DEVICE ? at.v : EDU_BUFFER);
    card_set(r, EDU_TARGET, dir == DMA_TO_DEVICE ? EDU_BUFFER : at.v);
    card_set(r, EDU_COUNT, bytes);
    card_set(r, EDU_COMMAND, dir == DMA_TO_DEVICE ? 1 : 3);
    while (steps++ < STEPS_MOST) {
        if (bus_tenure(r->bus)->bytes)
            tenure_move(r->bus);
        else if (clock_take_due(&r->clock, &due))
            bus_serve(r->bus, &due);
        else if (clock_next(&r->clock) >= CLOCK_END)
            return;
        else
            r->clock.now = clock_next(&r->clock);
    }
}

static struct rig *verified(enum hal_kind kind)
{
    const struct rig_options o = {.kind = kind,
                                  .settings.verify = HAL_VERIFY_STOP};

    return rig_new(&o);
}

struct mapping {
    struct rig *r;
    struct hal_adapter *ad;
    uint32_t base;
    struct buffer b;
    struct hal_mapped m;
};

static void map_buffer(struct mapping *x, enum hal_kind kind, uint32_t offset,
                       uint32_t bytes, enum dma_dir dir)
{
    struct hal_device dev;

    *x = (struct mapping){.r = verified(kind)};
    dev = pci_master(x->r, false, true, 0x10000);
    x->ad = rig_adapter(x->r, &dev);
    x->base = rig_registers(x->r, x->ad, 4);
    rig_scatter(x->r, &x->b, 0x2000, offset, bytes);
    buffer_fill(x->r, &x->b, 7);
    x->m = rig_map(x->r, x->ad, x->base, x->b.f, x->b.count, dir);
    assert_int_equal(x->m.bytes, bytes);
}

/* DMA-007: a byte moves; its neighbour is S06, 0xE6(0Fh, 2 or 5, ..). */
static void one_byte_and_its_neighbour(void **state)
{
    enum hal_kind kind;

    (void)state;
    for (kind = 0; kind < HAL_KINDS; kind++) {
        struct mapping x;

        map_buffer(&x, kind, 0x123, 1, DMA_FROM_DEVICE);
        card_dma(x.r, x.m.at, 1, DMA_FROM_DEVICE);
        assert_int_equal(x.r->findings, 0);
        assert_null(hal_violation(x.r->hal));
        card_dma(x.r, dla_add(x.m.at, 1), 1, DMA_FROM_DEVICE);
        assert_string_equal(x.r->rule, "S06");
        assert_int_equal(hal_violation(x.r->hal)->p[0], 0x0f);
        assert_int_equal(hal_violation(x.r->hal)->p[1], 2);
        rig_free(x.r);
        map_buffer(&x, kind, 0x123, 1, DMA_TO_DEVICE);
        card_dma(x.r, x.m.at, 2, DMA_TO_DEVICE);
        assert_string_equal(x.r->rule, "S06");
        rig_free(x.r);
    }
}

/* An operation that leaves the last page of its mapping. */
static void past_the_last_page_is_an_overrun(void **state)
{
    enum hal_kind kind;

    (void)state;
    for (kind = 0; kind < HAL_KINDS; kind++) {
        struct mapping x;

        map_buffer(&x, kind, 0, 0x2000, DMA_TO_DEVICE);
        card_dma(x.r, x.m.at, 0x1000, DMA_TO_DEVICE);
        assert_int_equal(x.r->findings, 0);
        card_dma(x.r, dla_add(x.m.at, 0x1ff0), 0x20, DMA_TO_DEVICE);
        assert_int_equal(x.r->findings, 1);
        assert_string_equal(x.r->rule, "S06");
        rig_free(x.r);
    }
}

/* DMA-083: registers freed before the flush are S13, 0xE6(10h, count), and DMA
 * through them is S27. */
static void registers_freed_before_the_flush(void **state)
{
    enum hal_kind kind;

    (void)state;
    for (kind = 0; kind < HAL_KINDS; kind++) {
        struct mapping x;

        map_buffer(&x, kind, 0, 0x2000, DMA_FROM_DEVICE);
        hal_registers_free(x.r->hal, x.ad, x.base, 4);
        assert_string_equal(x.r->first.rule, "S13");
        assert_int_equal(x.r->first.p[0], 0x10);
        assert_int_equal(x.r->first.p[1], 2);
        card_dma(x.r, x.m.at, 16, DMA_FROM_DEVICE);
        assert_string_equal(x.r->rule, "S27");
        rig_free(x.r);
    }
}

/* DMA after the flush is S27; after another mapping has the register, an
 * overrun of that one is S06: told apart by who was there last. */
static void after_the_flush_it_is_gone(void **state)
{
    enum hal_kind kind;

    (void)state;
    for (kind = 0; kind < HAL_KINDS; kind++) {
        struct mapping x;

        map_buffer(&x, kind, 0, 0x1000, DMA_TO_DEVICE);
        rig_flush(x.r, x.ad, x.base, &x.b, DMA_TO_DEVICE);
        card_dma(x.r, x.m.at, 16, DMA_TO_DEVICE);
        assert_string_equal(x.r->rule, "S27");
        rig_forget(x.r);
        x.m = rig_map(x.r, x.ad, x.base, x.b.f, 1, DMA_TO_DEVICE);
        card_dma(x.r, x.m.at, 16, DMA_TO_DEVICE);
        assert_int_equal(x.r->findings, 0);
        card_dma(x.r, dla_add(x.m.at, 0xff0), 0x20, DMA_TO_DEVICE);
        assert_string_equal(x.r->rule, "S06");
        rig_free(x.r);
    }
}

/* DMA-002: a kernel virtual address is S02; on a unit also a bus fault; no
 * byte of RAM changes. */
static void a_kernel_address_is_told(void **state)
{
    enum hal_kind kind;

    (void)state;
    for (kind = 0; kind < HAL_KINDS; kind++) {
        struct mapping x;
        uint8_t before[16], after[16];
        gva_t va;
        gpa_t pa;

        map_buffer(&x, kind, 0, 0x1000, DMA_FROM_DEVICE);
        {
            dla_t at;

            assert_int_equal(hal_common_alloc(x.r->hal, x.ad, 0x1000, &va, &at),
                             HB_OK);
            assert_true(rig_reach(x.r, at, DMA_FROM_DEVICE, &pa));
        }
        ram_read(&x.r->ram, pa, before, sizeof before);
        rig_forget(x.r);
        card_dma(x.r, dla_of(va.v), 16, DMA_FROM_DEVICE);
        assert_string_equal(x.r->rule, "S02");
        assert_int_equal(x.r->faults, 1);
        ram_read(&x.r->ram, pa, after, sizeof after);
        assert_memory_equal(before, after, sizeof after);
        rig_free(x.r);
    }
}

/* A buffer's physical address is S01, 0xE6(26h, device, address, type). */
static void a_physical_address_is_told(void **state)
{
    enum hal_kind kind;

    (void)state;
    for (kind = 0; kind < HAL_KINDS; kind++) {
        struct mapping x;

        map_buffer(&x, kind, 0, 0x1000, DMA_FROM_DEVICE);
        card_dma(x.r, dla_of(0x1800000), 16, DMA_FROM_DEVICE);
        assert_string_equal(x.r->rule, "S01");
        assert_int_equal(hal_violation(x.r->hal)->p[0], 0x26);
        assert_int_equal(hal_violation(x.r->hal)->p[2], 0x1800000);
        rig_free(x.r);
    }
}

/* DMA-140, DMA-147: a buffer of one byte takes a page, whose other bytes are
 * not its own; what nobody wrote is told when the device reads it. */
static void common_buffers_have_ends_and_contents(void **state)
{
    enum hal_kind kind;

    (void)state;
    for (kind = 0; kind < HAL_KINDS; kind++) {
        struct rig *r = verified(kind);
        struct hal_device dev = pci_master(r, false, true, 0x10000);
        struct hal_adapter *ad = rig_adapter(r, &dev);
        gva_t va, next;
        dla_t at, other;
        gpa_t pa;

        assert_int_equal(hal_common_alloc(r->hal, ad, 1, &va, &at), HB_OK);
        assert_int_equal(hal_common_alloc(r->hal, ad, 64, &next, &other),
                         HB_OK);
        assert_int_equal(va.v & 0xfff, 0);
        assert_int_not_equal(va.v >> 12, next.v >> 12);
        card_dma(r, at, 1, DMA_FROM_DEVICE);
        assert_int_equal(r->findings, 0);
        card_dma(r, dla_add(at, 1), 1, DMA_FROM_DEVICE);
        assert_string_equal(r->rule, "S06");
        rig_forget(r);
        card_dma(r, other, 16, DMA_TO_DEVICE);
        assert_string_equal(r->rule, "S31");
        rig_forget(r);
        assert_true(rig_reach(r, other, DMA_TO_DEVICE, &pa));
        ram_write32(&r->ram, pa, 0x12345678);
        card_dma(r, other, 16, DMA_TO_DEVICE);
        assert_int_equal(r->findings, 0);
        rig_free(r);
    }
}

/* DMA-095: what the CPU writes after MapTransfer is S05, on bounce it does not
 * reach the device. */
static void a_buffer_changed_after_mapping_is_told(void **state)
{
    enum hal_kind kind;

    (void)state;
    for (kind = 0; kind < HAL_KINDS; kind++) {
        struct mapping x;

        map_buffer(&x, kind, 0x10, 0x1800, DMA_TO_DEVICE);
        buffer_set(x.r, &x.b, 5, 0xee);
        if (kind == HAL_BOUNCE)
            assert_true(card_reads(x.r, x.m.at, 0x1800, 7));
        rig_flush(x.r, x.ad, x.base, &x.b, DMA_TO_DEVICE);
        assert_string_equal(x.r->rule, "S05");
        rig_free(x.r);
    }
}

/* A whole clean transfer in both directions: nothing is said. */
static void a_clean_transfer_is_silent(void **state)
{
    enum hal_kind kind;
    unsigned dir;

    (void)state;
    for (kind = 0; kind < HAL_KINDS; kind++)
        for (dir = 0; dir < 2; dir++) {
            struct mapping x;

            map_buffer(&x, kind, 0x7ff, 0x1801, (enum dma_dir)dir);
            card_dma(x.r, x.m.at, 0x801, (enum dma_dir)dir);
            card_dma(x.r, dla_add(x.m.at, 0x801), 0x1000, (enum dma_dir)dir);
            rig_flush(x.r, x.ad, x.base, &x.b, (enum dma_dir)dir);
            hal_registers_free(x.r->hal, x.ad, x.base, 4);
            hal_adapter_put(x.r->hal, x.ad);
            assert_int_equal(x.r->findings, 0);
            rig_free(x.r);
        }
}

/* DMA-165: free registers that do not follow each other: 0xE6(0, 2, needed,
 * largest run) in mode stop, else the request waits. */
static void fragments_are_told_or_waited_for(void **state)
{
    enum hal_kind kind;
    unsigned stop;

    (void)state;
    for (kind = 0; kind < HAL_KINDS; kind++)
        for (stop = 0; stop < 2; stop++) {
            const struct rig_options o = {
                .kind = kind,
                .registers = 64,
                .settings.verify = stop ? HAL_VERIFY_STOP : HAL_VERIFY_REPORT};
            struct rig *r = rig_new(&o);
            struct hal_device dev = pci_master(r, false, true, 0x4000);
            struct hal_adapter *ad = rig_adapter(r, &dev);
            const struct hal_ask ask = {.registers = 2,
                                        .device = gva_of(0x81100000),
                                        .routine = gva_of(0xeb001000)};
            struct hal_pool_info pool;
            uint32_t base[256], n = 0;
            struct hal_run run;

            for (;;) {
                assert_true(hal_pool_at(r->hal, 0, &pool));
                if (pool.in_use == pool.registers)
                    break;
                base[n++] = rig_registers(r, ad, 1);
            }
            for (uint32_t i = 0; i < n; i += 2)
                hal_registers_free(r->hal, ad, base[i], 1);
            hal_channel_ask(r->hal, ad, &ask);
            assert_false(hal_run_next(r->hal, &run));
            if (stop) {
                const struct hal_violation *v = hal_violation(r->hal);

                assert_non_null(v);
                assert_int_equal(v->p[0], 0);
                assert_int_equal(v->p[1], 2);
                assert_int_equal(v->p[2], 2);
                assert_int_equal(v->p[3], 1);
            } else {
                assert_int_equal(r->findings, 0);
                hal_registers_free(r->hal, ad, base[1], 1);
                assert_true(hal_run_next(r->hal, &run));
            }
            rig_free(r);
        }
}

/* DMA-167: at unload, every adapter of the driver that is still there, beside
 * what it holds. */
static void what_a_driver_leaves_is_told(void **state)
{
    enum hal_kind kind;

    (void)state;
    for (kind = 0; kind < HAL_KINDS; kind++) {
        struct mapping x;

        map_buffer(&x, kind, 0, 0x1000, DMA_TO_DEVICE);
        hal_image_goes(x.r->hal, "other.sys", gva_of(0x80000000), 0x1000);
        assert_int_equal(x.r->findings, 0);
        hal_image_goes(x.r->hal, "bad.sys", gva_of(0), 0x1000);
        assert_string_equal(x.r->first.rule, "S11");
        assert_string_equal(x.r->rule, "S20");
        assert_int_equal(x.r->findings, 2);
        rig_free(x.r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_byte_and_its_neighbour),
        cmocka_unit_test(past_the_last_page_is_an_overrun),
        cmocka_unit_test(registers_freed_before_the_flush),
        cmocka_unit_test(after_the_flush_it_is_gone),
        cmocka_unit_test(a_kernel_address_is_told),
        cmocka_unit_test(a_physical_address_is_told),
        cmocka_unit_test(common_buffers_have_ends_and_contents),
        cmocka_unit_test(a_buffer_changed_after_mapping_is_told),
        cmocka_unit_test(a_clean_transfer_is_silent),
        cmocka_unit_test(fragments_are_told_or_waited_for),
        cmocka_unit_test(what_a_driver_leaves_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
