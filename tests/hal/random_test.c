/* tests/hal/random_test.c -- the contract of MapTransfer and of the queues over
 * many random buffers and many random calls; the oracle is the buffer's bytes
 * as the bus shows them, and counting. The generator is ours: every run is the
 * same. */
#include "rig.h"

#include <stdlib.h>

struct dice {
    uint64_t s;
};

static uint32_t roll(struct dice *d, uint32_t below)
{
    d->s = d->s * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(d->s >> 33) % below;
}

/* Free pages, shuffled: below 15 MiB, from 16 MiB, above 4 GiB. */
static void shuffled(struct dice *d, uint32_t pfn[], uint32_t count, bool high)
{
    uint32_t i, k, t;

    for (i = 0; i < count; i++) {
        t = i % (high ? 3 : 2);
        pfn[i] = (t == 0 ? 0xa00 : t == 1 ? 0x2000 : 0x100100) + i;
    }
    for (i = count; i-- > 1;) {
        k = roll(d, i + 1);
        t = pfn[i];
        pfn[i] = pfn[k];
        pfn[k] = t;
    }
}

static struct hal_device random_device(struct rig *r, struct dice *d)
{
    struct hal_device dev = pci_master(r, roll(d, 2), roll(d, 2), 0x20000);

    dev.dma64 = roll(d, 4) == 0;
    if (roll(d, 4) == 0)
        dev.interface = HAL_INTERFACE_INTERNAL;
    if (roll(d, 4) == 0)
        dev = isa_slave(roll(d, 2) ? 1 : 5, 0x20000);
    return dev;
}

static uint64_t limit_of(const struct hal_device *dev)
{
    if (!dev->master)
        return 0xffffff;
    if (dev->dma64)
        return UINT64_MAX;
    return dev->dma32 ||
                   (dev->scatter_gather && dev->interface == HAL_INTERFACE_PCI)
               ? 0xffffffff
               : 0xffffff;
}

/* Reads by a slave go by the shared table on `translate`, as the card's do; on
 * `adapter` it has a table of its own: leave that to the 8237's test. */
static bool sees(const struct rig *r, const struct hal_device *dev)
{
    return dev->master || hal_kind(r->hal) != HAL_ADAPTER;
}

static uint32_t map_all(struct rig *r, struct hal_adapter *ad,
                        const struct hal_device *dev, uint32_t base,
                        const struct buffer *b, enum dma_dir dir, uint8_t seed)
{
    const struct hal_fragment *f;
    struct hal_mapped m;
    uint32_t done, pieces = 0;

    for (done = 0; done < b->bytes; done += m.bytes, pieces++) {
        uint32_t n = buffer_cut(b, done, &f);

        m = rig_map(r, ad, base, f, n, dir);
        assert_in_range(m.bytes, 1, b->bytes - done);
        assert_int_equal(m.at.v & PAGE_MASK, (b->va + done) & PAGE_MASK);
        assert_true(m.at.v + m.bytes - 1 <= limit_of(dev));
        if (!dev->scatter_gather || !dev->master)
            assert_int_equal(m.bytes, b->bytes);
        if (!sees(r, dev))
            continue;
        if (dir == DMA_TO_DEVICE)
            assert_true(card_reads(r, m.at, m.bytes, (uint8_t)(seed + done)));
        else
            card_writes(r, m.at, m.bytes, (uint8_t)(seed + done));
    }
    return pieces;
}

/* The HAL's flush of a slave reads a counter: as if all had been moved. */
static void one_buffer(struct rig *r, struct dice *d, bool high)
{
    struct hal_device dev = random_device(r, d);
    struct hal_adapter *ad = rig_adapter(r, &dev);
    uint32_t pfn[40], most = hal_adapter_grant(ad), offset, bytes, base, i;
    struct buffer *b = calloc(1, sizeof *b);
    bool write = roll(d, 2);

    most = most < 32 ? most : 32;
    if (!dev.master && dev.scatter_gather)
        most = 1;
    shuffled(d, pfn, 40, high);
    offset = roll(d, PAGE_BYTES);
    bytes = 1 + roll(d, most * PAGE_BYTES - offset);
    rig_buffer(r, b, pfn, offset, bytes);
    buffer_fill(r, b, 3);
    base = rig_registers(r, ad, b->count);
    map_all(r, ad, &dev, base, b, write ? DMA_TO_DEVICE : DMA_FROM_DEVICE,
            write ? 3 : 77);
    rig_flush(r, ad, base, b, write ? DMA_TO_DEVICE : DMA_FROM_DEVICE);
    if (write)
        assert_true(buffer_is(r, b, 3));
    else if (dev.master)
        assert_true(buffer_is(r, b, 77));
    assert_int_equal(hal_registers_free(r->hal, ad, base, b->count), HB_OK);
    assert_int_equal(r->findings, 0);
    assert_int_equal(hal_page_count(r->hal), 0);
    for (i = 0; i < b->count; i++)
        frames_free(&r->mm, pfn[i]);
    hal_adapter_put(r->hal, ad);
    free(b);
}

/* DMA-011, DMA-013, DMA-084, DMA-085, DMA-086: random pages in any order, sizes
 * and offsets: in one operation without scatter/gather, else in pieces that
 * follow each other, each 1 byte at least and none above the device's limit. */
static void any_buffer_on_any_device_on_any_kind(void **state)
{
    struct dice d = {20261121};
    enum hal_kind kind;
    unsigned i, high;

    (void)state;
    for (kind = 0; kind < HAL_KINDS; kind++)
        for (high = 0; high < 2; high++) {
            const struct rig_options o = {.kind = kind,
                                          .ram = high ? 6 * GIB : 0};
            struct rig *r = rig_new(&o);

            for (i = 0; i < 150; i++)
                one_buffer(r, &d, high);
            assert_int_equal(hal_adapter_count(r->hal), 0);
            rig_free(r);
        }
}

/* ---- random calls, right and wrong
 * -----------------------------------------*/

enum { BASES = 16, ADAPTERS = 4 };

struct world {
    struct rig *r;
    uint32_t at[ADAPTERS];
    uint32_t base[BASES];
    uint32_t running[BASES];
    struct buffer b;
};

static struct hal_adapter *any_adapter(struct world *w, struct dice *d)
{
    return hal_adapter_find(w->r->hal, gva_of(w->at[roll(d, ADAPTERS)]));
}

/* The pools' counts are the sum of what the adapters hold; nothing negative. */
static void check_sums(struct world *w)
{
    struct hal_pool_info pool;
    struct hal_adapter_info ad;
    uint64_t in_pools = 0, in_adapters = 0;
    unsigned i;

    for (i = 0; hal_pool_at(w->r->hal, i, &pool); i++) {
        assert_true(pool.in_use <= pool.registers);
        in_pools += pool.in_use;
    }
    for (i = 0; hal_adapter_at(w->r->hal, i, &ad); i++)
        in_adapters += ad.registers;
    assert_int_equal(in_pools, in_adapters);
}

static void random_call(struct world *w, struct dice *d)
{
    struct hal_adapter *ad = any_adapter(w, d);
    uint32_t k = roll(d, BASES), set;
    struct hal_mapped m;
    struct hal_run run;
    struct hal_ask ask = {.registers = roll(d, 20)};

    switch (roll(d, 8)) {
    case 0:
        hal_channel_ask(w->r->hal, ad, &ask);
        break;
    case 1:
        if (hal_run_next(w->r->hal, &run)) {
            w->running[k] = run.request;
            w->base[k] = run.base;
        }
        break;
    case 2:
        hal_run_done(w->r->hal, w->running[k], roll(d, 5));
        break;
    case 3:
        hal_channel_free(w->r->hal, ad);
        break;
    case 4:
        hal_registers_free(w->r->hal, ad, w->base[k] + roll(d, 2), roll(d, 20));
        break;
    case 5:
        hal_map(w->r->hal, ad, w->base[k], w->b.f + roll(d, 4), 1 + roll(d, 4),
                roll(d, 2) ? DMA_TO_DEVICE : DMA_FROM_DEVICE, &m);
        break;
    case 6:
        hal_flush(w->r->hal, ad, w->base[k], w->b.mdl,
                  w->b.va + roll(d, 3) * 0x1000, roll(d, 0x5000),
                  roll(d, 2) ? DMA_TO_DEVICE : DMA_FROM_DEVICE, &set);
        while (hal_copy(w->r->hal, set))
            ;
        hal_flush_end(w->r->hal, set);
        break;
    default:
        hal_copy(w->r->hal, w->base[k]);
        break;
    }
}

/* SEC-004, SEC-015: right and wrong calls in any order, with stale and altered
 * bases: no register is lost or counted twice. */
static void random_calls_keep_the_sums(void **state)
{
    struct dice d = {4711};
    enum hal_kind kind;
    unsigned i;

    (void)state;
    for (kind = 0; kind < HAL_KINDS; kind++) {
        const struct rig_options o = {.kind = kind, .registers = 64};
        struct world *w = calloc(1, sizeof *w);
        struct hal_pool_info pool;

        w->r = rig_new(&o);
        rig_scatter(w->r, &w->b, 0x2000, 0x100, 8 * PAGE_BYTES - 0x200);
        for (i = 0; i < ADAPTERS; i++) {
            struct hal_device dev =
                i == 3 ? isa_slave(1, 0x10000)
                       : pci_master(w->r, i & 1, i > 1, 0x10000);

            rig_adapter(w->r, &dev);
            w->at[i] = w->r->next_object;
        }
        for (i = 0; i < 8000; i++) {
            random_call(w, &d);
            check_sums(w);
        }
        for (i = 0; i < ADAPTERS; i++)
            hal_adapter_put(w->r->hal,
                            hal_adapter_find(w->r->hal, gva_of(w->at[i])));
        for (i = 0; hal_pool_at(w->r->hal, i, &pool); i++)
            assert_int_equal(pool.in_use, 0);
        assert_int_equal(hal_page_count(w->r->hal), 0);
        rig_free(w->r);
        free(w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_buffer_on_any_device_on_any_kind),
        cmocka_unit_test(random_calls_keep_the_sums),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
