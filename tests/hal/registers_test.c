/* tests/hal/registers_test.c -- the life of map registers: granted, handed out
 * as a base, gone, and what a device meets then; on every kind of map
 * registers. Contract ids: DMA-xxx. */
#include "driver.h"
#include "edu.h"
#include "isa.h"

/* DMA-019: where little register memory is left the count is what there is, and
 * it can be had; where none is, there is no adapter. */
static void a_grant_can_be_backed(void **state)
{
    static const uint32_t left[] = {0, 1, 2, 3, 8, 40}; /* pages */

    (void)state;
    EVERY_KIND(kind)
    for (unsigned i = 0; i < 6; i++) {
        const struct rig_options o = {.kind = kind,
                                      .registers = left[i] < 16 ? 16 : left[i]};
        struct driver *d = driver_on(&o, NULL);
        struct hal_device dev = a_master(false, true, 0x40000);
        uint32_t adapter, count = 0, pfn;

        if (kind == HAL_BOUNCE) { /* all RAM is taken but so many pages */
            const struct frame_request req = {.owner = FRAME_USER};

            while (frames_alloc(&d->g->r.mm, &req, &pfn) == HB_OK)
                ;
            for (pfn = 0x2000; pfn < 0x2000 + left[i]; pfn++)
                frames_free(&d->g->r.mm, pfn);
        }
        guest_irql(d->g, 0);
        adapter = guest_adapter(d->g, &dev, &count);
        guest_irql(d->g, 2);
        assert_int_equal(adapter == 0, kind == HAL_BOUNCE && left[i] < 2);
        if (kind == HAL_BOUNCE)
            assert_true(count <= left[i]);
        if (adapter) {
            assert_in_range(count, 1, 65);
            d->adapter = adapter;
            d->count = count;
            d->device = guest_device(d->g, 0);
            driver_take(d, count);
            assert_int_equal(driver_in_use(d), count);
        } else {
            assert_int_equal(count, 0);
        }
        driver_free(d);
    }
}

/* DMA-020: the HAL takes back the base that it gave, in every routine. */
static void the_base_is_a_handle(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    for (unsigned sg = 0; sg < 2; sg++) {
        struct hal_device dev = a_master(sg, true, 0x8000);
        struct driver *d = driver_new(kind, &dev);
        uint32_t base, n, i;
        struct buffer b;

        driver_buffer(d, &b, NULL, 0, 2 * PAGE_BYTES, 1);
        base = driver_take(d, 2);
        assert_int_equal(base == 0, kind == HAL_BOUNCE && sg);
        for (i = 0; i < 2; i++) {
            n = b.bytes;
            driver_map(d, &b, base, 0, &n, READ);
            assert_true(n > 0);
            driver_flush(d, &b, base, 0, n, READ);
        }
        driver_free_registers(d, base, 2);
        assert_int_equal(driver_allocate(d, 1, HAL_KEEP_OBJECT), 0);
        base = driver_base(d);
        n = PAGE_BYTES;
        driver_map(d, &b, base, 0, &n, WRITE);
        driver_flush(d, &b, base, 0, n, WRITE);
        driver_free_channel(d);
        assert_int_equal(driver_in_use(d), 0);
        assert_int_equal(d->g->r.findings, 0);
        driver_free(d);
    }
}

/* DMA-022: after FlushAdapterBuffers and FreeMapRegisters a PCI master's access
 * is a master abort, a channel reads FFh and its writes go nowhere; on `bounce`
 * RAM is reached. */
static void a_stale_logical_address_is_refused(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    {
        struct hal_device dev = a_master(false, false, 0x4000);
        struct driver *d = driver_new(kind, &dev);
        struct rig *r = &d->g->r;
        uint32_t n, base;
        struct buffer b;
        uint16_t status;
        dla_t dla = {0};

        driver_buffer(d, &b, NULL, 0, PAGE_BYTES, 1);
        n = b.bytes;
        base = driver_take(d, 1);
        for (unsigned i = 0; i < 3; i++) { /* a register's third generation */
            dla = driver_map(d, &b, base, 0, &n, READ);
            driver_flush(d, &b, base, 0, n, READ);
        }
        driver_free_registers(d, base, 1);
        buffer_fill(r, &b, 77);
        edu_enable(r);
        rig_forget(r);
        assert_int_equal(edu_moves(r, dla, 64, DMA_FROM_DEVICE),
                         kind == HAL_BOUNCE);
        status = edu_status(r);
        assert_int_equal(status >> 13 & 1, kind != HAL_BOUNCE);
        assert_int_equal(r->faults, kind != HAL_BOUNCE);
        if (r->faults) {
            assert_int_equal(r->fault_at, dla.v);
            assert_string_equal(r->fault_device, "edu");
            assert_int_equal(r->fault_generation, 3);
        }
        assert_true(buffer_is(r, &b, 77));
        driver_free(d);
    }
}

/* DMA-022: the same of a channel. */
static void a_channels_stale_address_is_refused(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    {
        const struct rig_options o = {.kind = kind, .isa = 2};
        struct hal_device dev = isa_slave(1, 0x1000);
        struct driver *d = driver_on(&o, &dev);
        struct hal_adapter *ad =
            hal_adapter_find(d->g->r.hal, gva_of(d->adapter));
        struct rig *r = &d->g->r;
        uint32_t n;
        struct buffer b;
        dla_t dla;

        driver_buffer(d, &b, NULL, 0, 256, 1);
        n = b.bytes;
        assert_int_equal(driver_allocate(d, 1, HAL_KEEP_OBJECT), 0);
        dla = driver_map(d, &b, driver_base(d), 0, &n, WRITE);
        driver_flush(d, &b, driver_base(d), 0, n, WRITE);
        driver_free_channel(d);
        isa_fill(r, 256, 3);
        rig_forget(r);
        for (unsigned write = 0; write < 2; write++) {
            enum dma_dir dir = write ? DMA_TO_DEVICE : DMA_FROM_DEVICE;

            hal_system_start(r->hal, ad, dla, 256, dir);
            isa_start(r, dir, ISA_SINGLE, false);
            assert_int_equal(isa_run(r, 256), 256);
            assert_true(isa_terminal_count(r));
            assert_true(buffer_is(r, &b, 1));
            assert_int_equal(r->faults > 0, kind != HAL_BOUNCE);
            if (write)
                assert_int_equal(isa_all(r, 256, 0xff), kind != HAL_BOUNCE);
        }
        driver_free(d);
    }
}

/* DMA-023: a device's bytes may be in the buffer before the flush, or be
 * missing there on `bounce`; after it they are there on every kind. */
static void the_flush_makes_them_equal(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    {
        struct hal_device dev = a_master(false, false, 0x4000);
        struct driver *d = driver_new(kind, &dev);
        uint32_t n, base;
        struct buffer b;
        dla_t dla;

        driver_buffer(d, &b, NULL, 0x80, 0x1800, 1);
        n = b.bytes;
        base = driver_take(d, b.count);
        dla = driver_map(d, &b, base, 0, &n, READ);
        card_writes(&d->g->r, dla, n, 66);
        assert_true(buffer_is(&d->g->r, &b, kind == HAL_BOUNCE ? 1 : 66));
        assert_int_equal(driver_flush(d, &b, base, 0, n, READ), 1);
        assert_true(buffer_is(&d->g->r, &b, 66));
        driver_free(d);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_grant_can_be_backed),
        cmocka_unit_test(the_base_is_a_handle),
        cmocka_unit_test(a_stale_logical_address_is_refused),
        cmocka_unit_test(a_channels_stale_address_is_refused),
        cmocka_unit_test(the_flush_makes_them_equal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
