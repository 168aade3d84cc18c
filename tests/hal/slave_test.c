/* tests/hal/slave_test.c -- system DMA as the driver of an ISA card does it:
 * the HAL's calls in guest code, real cycles of the 8237 and a real card, on
 * every kind of map registers. Contract ids: DMA-xxx. */
#include "driver.h"
#include "isa.h"

#include "mm/mdl.h"
#include "mm/system.h"

struct slave {
    struct driver *d;
    struct rig *r;
    unsigned channel;
};

static struct slave slave_for(enum hal_kind kind, const struct hal_device *dev)
{
    const struct rig_options o = {.kind = kind, .isa = dev->channel + 1};
    struct driver *d = driver_on(&o, dev);

    d->g->r.isa_period = 30000; /* a driver's call comes between two units */
    return (struct slave){d, &d->g->r, dev->channel};
}

static struct slave slave_on(enum hal_kind kind, unsigned channel)
{
    const struct hal_device dev = isa_slave(channel, 0x10000);

    return slave_for(kind, &dev);
}

static void slave_done(struct slave *s)
{
    driver_free_channel(s->d);
    assert_int_equal(s->r->findings, 0);
    assert_int_equal(driver_in_use(s->d), 0);
    driver_free(s->d);
}

static uint32_t counter(struct slave *s)
{
    return table_call(s->d->g, s->d->adapter, OP_COUNTER);
}

static const unsigned channels[] = {0, 1, 3, 5, 6, 7};
#define EVERY_CHANNEL(i) for (unsigned i = 0; i < 6; i++)

/* DMA-092, DMA-093: of buffers over a 64 KiB and a 128 KiB line, and of others,
 * the piece crosses no line of the channel's; of a word channel it is even. */
static void no_piece_crosses_the_channels_line(void **state)
{
    static const uint32_t pfn[][3] = {{0x20f, 0x210, 0x211}, /* 64 KiB line */
                                      {0x21f, 0x220, 0x221}, /* and 128 KiB */
                                      {0x1f, 0x20, 0x21},
                                      {0x230, 0x231, 0x232},
                                      {0x2000, 0x300, 0x30f}};

    (void)state;
    EVERY_KIND(kind)
    EVERY_CHANNEL(c)
    for (unsigned i = 0; i < 5; i++) {
        struct slave s = slave_on(kind, channels[c]);
        uint64_t line = s.channel < 4 ? 0x10000 : 0x20000;
        uint32_t n = 0x1900;
        struct buffer b;
        dla_t dla;

        if (pfn[i][0] < 0x100 && frames_find(&s.r->mm, pfn[i][0])) {
            driver_free(s.d);
            continue; /* the system has that page */
        }
        driver_buffer(s.d, &b, pfn[i], 0x800, n, 1);
        assert_int_equal(driver_allocate(s.d, 3, HAL_KEEP_OBJECT), 0);
        dla = driver_map(s.d, &b, driver_base(s.d), 0, &n, WRITE);
        assert_int_equal(n, 0x1900);
        assert_int_equal(dla.v / line, (dla.v + n - 1) / line);
        assert_true(dla.v + n - 1 <= 0xffffff);
        assert_int_equal(dla.v & 1, 0);
        if (kind == HAL_BOUNCE && i == 3) /* inside the line: in place */
            assert_int_equal(dla.v, b.f[0].at);
        driver_flush(s.d, &b, driver_base(s.d), 0, n, WRITE);
        slave_done(&s);
    }
}

/* DMA-097, DMA-099: flip-flop, mode, address, page, count, unmask, in this
 * order; bytes or words less one, A0-15 or A1-16 and the page. */
static void the_channel_is_programmed_in_order(void **state)
{
    static const struct {
        uint16_t clear, mode, address, page, count, mask;
    } port[] = {{0x0c, 0x0b, 0x00, 0x87, 0x01, 0x0a},
                {0x0c, 0x0b, 0x02, 0x83, 0x03, 0x0a},
                {0x0c, 0x0b, 0x06, 0x82, 0x07, 0x0a},
                {0xd8, 0xd6, 0xc4, 0x8b, 0xc6, 0xd4},
                {0xd8, 0xd6, 0xc8, 0x89, 0xca, 0xd4},
                {0xd8, 0xd6, 0xcc, 0x8a, 0xce, 0xd4}};
    static const uint32_t pfn[] = {0x1f2};

    (void)state;
    EVERY_KIND(kind)
    EVERY_CHANNEL(i)
    {
        struct slave s = slave_on(kind, channels[i]);
        bool words = s.channel > 3;
        uint32_t n = 0x234, low, count, k = 0;
        struct buffer b;
        dla_t dla;

        driver_buffer(s.d, &b, pfn, 0x34, n, 1); /* PA 1F2034h */
        assert_int_equal(driver_allocate(s.d, 1, HAL_KEEP_OBJECT), 0);
        rig_forget(s.r);
        dla = driver_map(s.d, &b, driver_base(s.d), 0, &n, WRITE);
        if (kind == HAL_BOUNCE)
            assert_int_equal(dla.v, 0x1f2034);
        low = (uint32_t)(words ? dla.v >> 1 : dla.v);
        count = (words ? n / 2 : n) - 1;
        const struct {
            uint16_t port;
            uint8_t value;
        } want[] = {{port[i].clear, 0},
                    {port[i].mode, (uint8_t)(0x48 | (s.channel & 3))},
                    {port[i].address, (uint8_t)low},
                    {port[i].address, (uint8_t)(low >> 8)},
                    {port[i].page, (uint8_t)(dla.v >> 16)},
                    {port[i].count, (uint8_t)count},
                    {port[i].count, (uint8_t)(count >> 8)},
                    {port[i].mask, (uint8_t)(s.channel & 3)}};

        while (k < s.r->outs && s.r->out[k].port != port[i].clear)
            k++;
        assert_true(k + 8 <= s.r->outs);
        for (unsigned w = 0; w < 8; w++) {
            assert_int_equal(s.r->out[k + w].port, want[w].port);
            if (w) /* what is written to the flip-flop does not matter */
                assert_int_equal(s.r->out[k + w].value, want[w].value);
        }
        /* the channel is live: the card need only ask */
        isa_start(s.r, DMA_TO_DEVICE, ISA_SINGLE, false);
        assert_int_equal(isa_run(s.r, n), n);
        assert_true(isa_is(s.r, n, 1));
        driver_flush(s.d, &b, driver_base(s.d), 0, n, WRITE);
        slave_done(&s);
    }
}

/* A buffer to the card and other bytes back; the address that MapTransfer gives
 * is thrown away. */
static void both_ways(struct slave *s, struct buffer *b, enum isa_request how)
{
    for (uint32_t write = 2; write-- > 0;) {
        enum dma_dir dir = write ? DMA_TO_DEVICE : DMA_FROM_DEVICE;
        uint32_t n = b->bytes, done;

        buffer_fill(s->r, b, write ? 9 : 150);
        if (!write)
            isa_fill(s->r, n, 77);
        assert_int_equal(driver_allocate(s->d, b->count, HAL_KEEP_OBJECT), 0);
        driver_map(s->d, b, driver_base(s->d), 0, &n, write);
        assert_int_equal(n, b->bytes);
        isa_start(s->r, dir, how, false);
        done = isa_run(s->r, n);
        assert_int_equal(done, n);
        assert_true(isa_terminal_count(s->r));
        assert_int_equal(counter(s), 0);
        assert_int_equal(driver_flush(s->d, b, driver_base(s->d), 0, n, write),
                         1);
        if (write)
            assert_true(isa_is(s->r, n, 9));
        else
            assert_true(buffer_is(s->r, b, 77));
        if (write)
            driver_free_channel(s->d);
    }
}

/* DMA-100: who ignores the returned address is served all the same. */
static void the_returned_address_may_be_ignored(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    EVERY_CHANNEL(i)
    {
        struct slave s = slave_on(kind, channels[i]);
        struct buffer b;

        driver_buffer(s.d, &b, NULL, 0x7fe, 0x3004, 1);
        both_ways(&s, &b, ISA_SINGLE);
        slave_done(&s);
    }
}

/* A channel in demand mode, and a card that asks in bursts. */
static void demand_mode_moves_the_same_bytes(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    for (unsigned channel = 1; channel < 8; channel += 4) {
        struct hal_device dev = isa_slave(channel, 0x10000);
        struct slave s;
        struct buffer b;

        dev.version = 2;
        dev.demand = true;
        s = slave_for(kind, &dev);
        driver_buffer(s.d, &b, NULL, 0x10, 0x2100, 1);
        both_ways(&s, &b, ISA_DEMAND);
        slave_done(&s);
    }
}

/* DMA-110, DMA-111, DMA-112, DMA-150: half way the counter says what is left;
 * the flush masks the channel first and the transfer ends; what was moved is in
 * the buffer, the tail is as it was, or zero where the HAL bounced and the
 * count is not to be believed. */
static void a_flush_half_way(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    for (unsigned ignore = 0; ignore < 2; ignore++)
        for (unsigned channel = 1; channel < 8; channel += 4) {
            struct hal_device dev = isa_slave(channel, 0x4000);
            uint32_t n = 0x1200, some = 0x900, i;
            bool zeros = kind == HAL_BOUNCE && ignore;
            struct slave s;
            struct buffer b;

            dev.version = 1;
            dev.ignore_count = ignore;
            s = slave_for(kind, &dev);
            driver_buffer(s.d, &b, NULL, 0xf00, n, 1);
            isa_fill(s.r, n, 140);
            assert_int_equal(driver_allocate(s.d, 3, HAL_KEEP_OBJECT), 0);
            driver_map(s.d, &b, driver_base(s.d), 0, &n, READ);
            assert_int_equal(counter(&s), n);
            isa_start(s.r, DMA_FROM_DEVICE, ISA_SINGLE, false);
            assert_int_equal(isa_run(s.r, some), some);
            assert_int_equal(counter(&s), n - some);
            rig_forget(s.r);
            driver_flush(s.d, &b, driver_base(s.d), 0, n, READ);
            assert_int_equal(s.r->out[0].port, channel < 4 ? 0x0a : 0xd4);
            assert_int_equal(s.r->out[0].value, 4 | (channel & 3));
            assert_int_equal(isa_run(s.r, n), 0); /* it asks in vain */
            for (i = 0; i < n; i++)
                assert_int_equal(buffer_byte(s.r, &b, i),
                                 i < some ? (uint8_t)(140 + i)
                                 : zeros  ? 0
                                          : (uint8_t)(1 + i));
            slave_done(&s);
        }
}

/* DMA-150: the two bytes of the count are of one moment, at each step of a
 * transfer; 0 after terminal count. */
static void the_counter_follows_the_transfer(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    for (unsigned channel = 1; channel < 8; channel += 4) {
        struct slave s = slave_on(kind, channel);
        uint32_t n = 0x284, unit = channel < 4 ? 1 : 2, left;
        struct buffer b;

        driver_buffer(s.d, &b, NULL, 0, n, 1);
        assert_int_equal(driver_allocate(s.d, 1, HAL_KEEP_OBJECT), 0);
        driver_map(s.d, &b, driver_base(s.d), 0, &n, WRITE);
        assert_int_equal(counter(&s), n);
        isa_start(s.r, DMA_TO_DEVICE, ISA_SINGLE, false);
        for (left = n; left; left -= unit) {
            assert_int_equal(isa_run(s.r, unit), unit);
            assert_int_equal(counter(&s), left - unit);
        }
        assert_int_equal(counter(&s), 0);
        assert_true(isa_terminal_count(s.r));
        driver_flush(s.d, &b, driver_base(s.d), 0, n, WRITE);
        slave_done(&s);
    }
}

/* DMA-117: a slave has one flush for each MapTransfer, on one base. */
static void a_slave_flushes_each_piece(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    {
        struct slave s = slave_on(kind, 1);
        uint32_t at, n, k = 0;
        struct buffer b;

        driver_buffer(s.d, &b, NULL, 0, 3 * 0x1800, 1);
        assert_int_equal(driver_allocate(s.d, 3, HAL_KEEP_OBJECT), 0);
        for (at = 0; at < b.bytes; at += n, k++) {
            n = 0x1800;
            isa_fill(s.r, n, (uint8_t)(55 + at));
            driver_map(s.d, &b, driver_base(s.d), at, &n, READ);
            isa_start(s.r, DMA_FROM_DEVICE, ISA_SINGLE, false);
            assert_int_equal(isa_run(s.r, n), n);
            driver_flush(s.d, &b, driver_base(s.d), at, n, READ);
            assert_int_equal(hal_page_count(s.r->hal), 0);
        }
        assert_int_equal(k, 3);
        assert_true(buffer_is(s.r, &b, 55));
        slave_done(&s);
    }
}

/* DMA-117: a scatter/gather master has one for all its pieces. */
static void a_master_flushes_once(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    for (unsigned dma32 = 0; dma32 < 2; dma32++) {
        struct hal_device dev = a_master(true, dma32, 0x8000);
        struct driver *d;
        uint32_t done, n, base;
        struct buffer b;
        dla_t dla;

        if (!dma32)
            dev.interface = HAL_INTERFACE_ISA, dev.channel = UINT32_MAX;
        d = driver_on(&(struct rig_options){.kind = kind}, &dev);
        driver_buffer(d, &b, NULL, 0x10, 0x5000, 1);
        base = driver_take(d, b.count);
        for (done = 0; done < b.bytes; done += n) {
            n = b.bytes - done;
            dla = driver_map(d, &b, base, done, &n, READ);
            card_writes(&d->g->r, dla, n, (uint8_t)(8 + done));
        }
        driver_flush(d, &b, base, 0, b.bytes, READ);
        assert_int_equal(hal_page_count(d->g->r.hal), 0);
        assert_true(buffer_is(&d->g->r, &b, 8));
        assert_int_equal(d->g->r.findings, 0);
        driver_free(d);
    }
}

/* The MDL that IoAllocateMdl and MmBuildMdlForNonPagedPool make of it. */
static void common_mdl(struct driver *d, struct buffer *b, uint32_t va,
                       uint32_t bytes)
{
    struct mm_misuse misuse;
    gva_t mdl;
    gpa_t pa;

    assert_int_equal(mdl_create(&d->g->r.mm, gva_of(va), bytes, &mdl), HB_OK);
    assert_int_equal(mdl_build_nonpaged(&d->g->r.mm, 0, mdl, &misuse), HB_OK);
    *b = (struct buffer){
        .va = va, .bytes = bytes, .mdl = mdl.v, .count = mm_span(va, bytes)};
    assert_true(mm_physical(&d->g->r.mm, 0, gva_of(va), &pa));
    b->f[0] = (struct hal_fragment){.at = pa.v, .va = va, .bytes = bytes};
}

/* DMA-106, DMA-148, DMA-151: a common buffer on a channel that begins again:
 * mapped once by its MDL, it runs for three laps, the device sees what the CPU
 * writes meanwhile, the counter begins again with each lap. */
static void a_common_buffer_goes_round(void **state)
{
    enum { BYTES = 0x400, LAPS = 3 };

    (void)state;
    EVERY_KIND(kind)
    for (unsigned channel = 1; channel < 8; channel += 4)
        for (uint32_t write = 0; write < 2; write++) {
            struct hal_device dev = isa_slave(channel, 0x4000);
            enum dma_dir dir = write ? DMA_TO_DEVICE : DMA_FROM_DEVICE;
            uint32_t at, va, n, moved, lap;
            struct slave s;
            struct buffer b;

            dev.auto_init = true;
            s = slave_for(kind, &dev);
            at = guest_alloc(s.d->g, 8);
            guest_irql(s.d->g, 0);
            va = table_call(s.d->g, s.d->adapter, OP_ALLOCATE_COMMON, BYTES, at,
                            1);
            guest_irql(s.d->g, 2);
            assert_int_not_equal(va, 0);
            common_mdl(s.d, &b, va, BYTES);
            buffer_fill(s.r, &b, 3);
            isa_fill(s.r, BYTES * LAPS, 100);
            assert_int_equal(driver_allocate(s.d, 1, HAL_KEEP_OBJECT), 0);
            n = BYTES;
            driver_map(s.d, &b, driver_base(s.d), 0, &n, write);
            assert_int_equal(n, BYTES);
            isa_start(s.r, dir, ISA_SINGLE, true);
            for (lap = 0; lap < LAPS; lap++) {
                for (moved = 0; moved < BYTES; moved += 0x100) {
                    assert_int_equal(isa_run(s.r, 0x100), 0x100);
                    assert_int_equal(counter(&s),
                                     BYTES - (moved + 0x100) % BYTES);
                    if (!write) /* the CPU sees it at once */
                        assert_int_equal(buffer_byte(s.r, &b, moved),
                                         (uint8_t)(100 + lap * BYTES + moved));
                }
                if (write) /* the next lap takes these */
                    buffer_fill(s.r, &b, (uint8_t)(3 + (lap + 1) * BYTES));
            }
            assert_true(isa_terminal_count(s.r));
            driver_flush(s.d, &b, driver_base(s.d), 0, n, write);
            if (write)
                assert_true(isa_is(s.r, BYTES, 3));
            else
                assert_true(buffer_is(s.r, &b, 100));
            driver_free_channel(s.d);
            assert_int_equal(s.r->findings, 0);
            driver_free(s.d);
        }
}

static void put_list(struct slave *s, uint32_t list, uint32_t write)
{
    table_call(s->d->g, s->d->adapter, OP_PUT_LIST, list, write);
}

static uint32_t get_list(struct slave *s, const struct buffer *b,
                         uint32_t write)
{
    uint32_t before = guest_called(s->d->g), list;

    assert_int_equal(table_call(s->d->g, s->d->adapter, OP_GET_LIST,
                                s->d->device, b->mdl, b->va, b->bytes,
                                guest_callback(s->d->g), 0, write),
                     0);
    assert_int_equal(guest_called(s->d->g), before + 1);
    list = guest_argument(s->d->g, before, 2);
    assert_int_equal(guest_get(s->d->g, list), 1);
    assert_int_equal(guest_get(s->d->g, list + 16), b->bytes);
    return list;
}

/* GetScatterGatherList of a channel: one element, the channel is live when the
 * routine runs and is held till the list is put; then also what was moved half
 * way is in the buffer, a chain of two MDLs. */
static void a_list_runs_on_a_channel(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    for (unsigned channel = 1; channel < 8; channel += 4) {
        struct slave s = slave_on(kind, channel);
        uint32_t list, i, n = 0x1800, some = 0x900, called;
        struct buffer b, second;

        rig_scatter(s.r, &second, 0x1c00, 0x20, 0x1000);
        guest_mdl(s.d->g, &second);
        driver_buffer(s.d, &b, NULL, 0x10, 0x800, 70);
        guest_set(s.d->g, b.mdl, second.mdl);
        b.bytes = n;
        for (i = 0; i < 0x1000; i++)
            buffer_set(s.r, &second, i, (uint8_t)(70 + 0x800 + i));
        list = get_list(&s, &b, WRITE);
        isa_start(s.r, DMA_TO_DEVICE, ISA_SINGLE, false);
        assert_int_equal(isa_run(s.r, n), n);
        assert_true(isa_is(s.r, n, 70));
        called = guest_called(s.d->g);
        assert_int_equal(driver_allocate(s.d, 1, HAL_DEALLOCATE_OBJECT), 0);
        assert_int_equal(guest_called(s.d->g), called); /* it waits */
        put_list(&s, list, WRITE);
        assert_int_equal(guest_called(s.d->g), called + 1);

        isa_fill(s.r, n, 170);
        list = get_list(&s, &b, READ);
        isa_start(s.r, DMA_FROM_DEVICE, ISA_SINGLE, false);
        assert_int_equal(isa_run(s.r, some), some);
        assert_int_equal(counter(&s), n - some);
        put_list(&s, list, READ);
        for (i = 0; i < n; i++)
            assert_int_equal(i < 0x800 ? buffer_byte(s.r, &b, i)
                                       : buffer_byte(s.r, &second, i - 0x800),
                             (uint8_t)((i < some ? 170 : 70) + i));
        assert_int_equal(s.r->findings, 0);
        assert_int_equal(driver_in_use(s.d), 0);
        assert_int_equal(driver_allocate(s.d, 1, HAL_KEEP_OBJECT), 0);
        assert_int_equal(guest_called(s.d->g), called + 3);
        driver_free(s.d);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_piece_crosses_the_channels_line),
        cmocka_unit_test(the_channel_is_programmed_in_order),
        cmocka_unit_test(the_returned_address_may_be_ignored),
        cmocka_unit_test(demand_mode_moves_the_same_bytes),
        cmocka_unit_test(a_flush_half_way),
        cmocka_unit_test(the_counter_follows_the_transfer),
        cmocka_unit_test(a_slave_flushes_each_piece),
        cmocka_unit_test(a_master_flushes_once),
        cmocka_unit_test(a_common_buffer_goes_round),
        cmocka_unit_test(a_list_runs_on_a_channel),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
