/* tests/hal/flush_test.c -- FlushAdapterBuffers of bus masters, and when
 * bounced bytes move; on every kind of map registers. Contract ids: DMA-xxx. */
#include "driver.h"

static struct driver *driver_with(enum hal_kind kind, bool sg, bool dma32)
{
    struct hal_device dev = a_master(sg, dma32, 0x10000);

    return driver_new(kind, &dev);
}

/* DMA-095, DMA-096: bounced bytes are those of the moment: to the device those
 * of MapTransfer, from it not before the flush. */
static void bounced_bytes_are_those_of_the_moment(void **state)
{
    struct driver *d = driver_with(HAL_BOUNCE, false, false);
    uint32_t n, base;
    struct buffer b;
    dla_t dla;

    (void)state;
    driver_buffer(d, &b, NULL, 0x700, 0x2000, 1);
    base = driver_take(d, 3);
    n = b.bytes;
    dla = driver_map(d, &b, base, 0, &n, WRITE);
    buffer_fill(&d->g->r, &b, 50);
    assert_true(card_reads(&d->g->r, dla, n, 1));
    driver_flush(d, &b, base, 0, n, WRITE);
    assert_true(buffer_is(&d->g->r, &b, 50));
    dla = driver_map(d, &b, base, 0, &n, READ);
    card_writes(&d->g->r, dla, n, 9);
    assert_true(buffer_is(&d->g->r, &b, 50));
    driver_flush(d, &b, base, 0, n, READ);
    assert_true(buffer_is(&d->g->r, &b, 9));
    driver_free(d);
}

/* DMA-104, DMA-118: twelve pages through five registers in rounds of 5, 5 and
 * 2; after a flush the same base begins with its first register again. */
static void rounds_on_one_base(void **state)
{
    static const uint32_t round[] = {5, 5, 2};

    (void)state;
    EVERY_KIND(kind)
    for (unsigned sg = 0; sg < 2; sg++) {
        const struct rig_options o = {.kind = kind,
                                      .settings = {.grant_master = 5}};
        struct hal_device dev = a_master(sg, true, 0x10000);
        struct driver *d = driver_on(&o, &dev);
        uint32_t base, i, at = 0, n, done;
        struct buffer b;
        dla_t dla, first = {0};

        assert_int_equal(d->count, 5);
        driver_buffer(d, &b, NULL, 0, 12 * PAGE_BYTES, 1);
        base = driver_take(d, 5);
        for (i = 0; i < 3; at += round[i++] * PAGE_BYTES) {
            for (done = 0; done < round[i] * PAGE_BYTES; done += n) {
                n = round[i] * PAGE_BYTES - done;
                dla = driver_map(d, &b, base, at + done, &n, READ);
                assert_true(n > 0);
                if (!i && !done)
                    first = dla;
                if (!done && kind != HAL_BOUNCE)
                    assert_int_equal(dla.v, first.v);
                card_writes(&d->g->r, dla, n, (uint8_t)(33 + at + done));
            }
            assert_int_equal(driver_flush(d, &b, base, at, done, READ), 1);
        }
        assert_true(buffer_is(&d->g->r, &b, 33));
        assert_int_equal(guest_called(d->g), 1);
        assert_int_equal(d->g->r.findings, 0);
        driver_free(d);
    }
}

/* DMA-113, DMA-114: the flush says TRUE; of a write it changes no byte of the
 * buffer, whatever the CPU put there meanwhile. */
static void a_flush_of_a_write_changes_nothing(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    for (unsigned which = 0; which < 3; which++) {
        struct hal_device dev = a_master(which == 1, which == 1, 0x8000);
        struct driver *d;
        struct buffer b;
        uint32_t n;

        if (which == 2)
            dev = isa_slave(1, 0x8000);
        d = driver_on(&(struct rig_options){.kind = kind}, &dev);
        driver_buffer(d, &b, NULL, 0x10, 0x3000, 1);
        assert_int_equal(driver_allocate(d, 4, HAL_KEEP_OBJECT), 0);
        n = b.bytes;
        driver_map(d, &b, driver_base(d), 0, &n, WRITE);
        buffer_fill(&d->g->r, &b, 130);
        assert_int_equal(driver_flush(d, &b, driver_base(d), 0, n, WRITE), 1);
        assert_true(buffer_is(&d->g->r, &b, 130));
        n = b.bytes;
        driver_map(d, &b, driver_base(d), 0, &n, READ);
        assert_int_equal(driver_flush(d, &b, driver_base(d), 0, n, READ), 1);
        driver_free(d);
    }
}

/* DMA-115: nor does the flush of a read that was not bounced. */
static void a_flush_of_what_was_not_bounced_changes_nothing(void **state)
{
    static const uint32_t pfn[] = {0x300, 0x301, 0x302};

    (void)state;
    EVERY_KIND(kind)
    {
        struct driver *d = driver_with(kind, false, false);
        uint32_t n = 0x2800, base;
        struct buffer b;

        driver_buffer(d, &b, pfn, 0x10, n, 1);
        base = driver_take(d, 3);
        driver_map(d, &b, base, 0, &n, READ);
        buffer_fill(&d->g->r, &b, 130); /* the device wrote nothing */
        driver_flush(d, &b, base, 0, n, READ);
        assert_true(buffer_is(&d->g->r, &b, 130));
        assert_int_equal(d->g->r.copies, 0);
        driver_free(d);
    }
}

/* DMA-116: low, high, low pages in several pieces: the one flush copies back
 * the high ones, whichever comes first. */
static void bounced_is_decided_page_by_page(void **state)
{
    static const uint32_t pfn[][4] = {{0x2000, 0x100005, 0x2002, 0x2003},
                                      {0x100005, 0x2000, 0x100009, 0x2003}};
    const struct rig_options o = {.kind = HAL_BOUNCE, .ram = 6 * GIB};

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct hal_device dev = a_master(true, true, 0x8000);
        struct driver *d = driver_on(&o, &dev);
        uint32_t base, done, n;
        struct buffer b;
        dla_t dla;

        driver_buffer(d, &b, pfn[i], 0x20, 0x3f00, 1);
        base = driver_take(d, 4);
        for (done = 0; done < b.bytes; done += n) {
            n = b.bytes - done;
            dla = driver_map(d, &b, base, done, &n, READ);
            card_writes(&d->g->r, dla, n, (uint8_t)(9 + done));
        }
        rig_forget(&d->g->r);
        driver_flush(d, &b, base, 0, b.bytes, READ);
        assert_int_equal(d->g->r.copies, 1 + i);
        assert_true(buffer_is(&d->g->r, &b, 9));
        driver_free(d);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bounced_bytes_are_those_of_the_moment),
        cmocka_unit_test(rounds_on_one_base),
        cmocka_unit_test(a_flush_of_a_write_changes_nothing),
        cmocka_unit_test(a_flush_of_what_was_not_bounced_changes_nothing),
        cmocka_unit_test(bounced_is_decided_page_by_page),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
