/* tests/hal/description_test.c -- what each field of a DEVICE_DESCRIPTION gives
 * a driver, on every kind of map registers. Contract ids: DMA-xxx. */
#include "driver.h"
#include "isa.h"

#include <string.h>

#include "mm/system.h"

enum { TABLE_SIZE = 0 };

/* The adapter for @dev at PASSIVE_LEVEL, 0: refused. */
static uint32_t get(struct driver *d, const struct hal_device *dev,
                    uint32_t *count)
{
    uint32_t adapter;

    guest_irql(d->g, 0);
    adapter = guest_adapter(d->g, dev, count);
    guest_irql(d->g, 2);
    return adapter;
}

/* The bytes written to @port since rig_forget(), the last one; -1: none. */
static int written(const struct rig *r, unsigned port)
{
    for (unsigned i = r->outs; i-- > 0;)
        if (r->out[i].port == port)
            return (int)r->out[i].value;
    return -1;
}

/* DMA-024, DMA-025, DMA-026, DMA-029: the table's size and what the object says
 * of itself; IgnoreCount counts from version 1 on: a short read leaves the
 * buffer's tail, or zeros in it where the HAL bounced. */
static void version_decides_table_and_ignore_count(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    for (uint32_t version = 0; version < 3; version++) {
        const struct rig_options o = {.kind = kind, .isa = 2};
        struct hal_device dev = isa_slave(1, 0x1000);
        struct driver *d;
        struct buffer b;
        uint32_t n = 512;
        bool zeros = kind == HAL_BOUNCE && version >= 1;

        dev.version = version;
        dev.ignore_count = true;
        d = driver_on(&o, &dev);
        assert_int_equal(guest_entry(d->g, d->adapter, TABLE_SIZE),
                         version < 2 ? 0x34 : 0x40);
        assert_int_equal(guest_get(d->g, d->adapter) & 0xffff, 1);
        driver_buffer(d, &b, NULL, 0, 512, 1);
        isa_fill(&d->g->r, 512, 90);
        assert_int_equal(driver_allocate(d, 1, HAL_KEEP_OBJECT), 0);
        driver_map(d, &b, driver_base(d), 0, &n, READ);
        isa_start(&d->g->r, DMA_FROM_DEVICE, ISA_SINGLE, false);
        assert_int_equal(isa_run(&d->g->r, 100), 100);
        driver_flush(d, &b, driver_base(d), 0, n, READ);
        for (uint32_t i = 0; i < 512; i++)
            assert_int_equal(buffer_byte(&d->g->r, &b, i),
                             i < 100 ? (uint8_t)(90 + i)
                             : zeros ? 0
                                     : (uint8_t)(1 + i));
        driver_free_channel(d);
        driver_free(d);
    }
}

/* DMA-026, DMA-028: version 2 is none of Windows 2000, 7 is none at all: NULL,
 * and the count stays as it was. */
static void unknown_versions_are_null(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    for (unsigned old = 0; old < 2; old++) {
        const struct rig_options o = {
            .kind = kind, .settings = {.version_most = (uint8_t)old}};
        struct guest *g = guest_new(&o);
        struct hal_device dev = a_master(true, true, 0x4000);
        uint8_t raw[HAL_DEVICE_BYTES_V3];
        uint32_t count = 0x5555;

        dev.version = old ? 2 : 7;
        guest_encode(&dev, raw);
        assert_int_equal(guest_raw(g, "IoGetDmaAdapter", raw, &count), 0);
        assert_int_equal(guest_raw(g, "HalGetAdapter", raw, &count), 0);
        assert_int_equal(count, 0x5555);
        dev.version = old ? 1 : 2;
        guest_encode(&dev, raw);
        assert_int_not_equal(guest_raw(g, "IoGetDmaAdapter", raw, &count), 0);
        guest_free(g);
    }
}

/* DMA-030: the description ends with the last mapped page. */
static void nothing_past_28h_is_read(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    for (uint32_t version = 0; version < 3; version++) {
        struct guest *g = guest_of(kind);
        uint32_t n = guest_alloc(g, 4), at;
        gva_t va;

        assert_int_equal(system_alloc(&g->r.mm, 1, MM_RW, &va), HB_OK);
        at = va.v + PAGE_BYTES - HAL_DEVICE_BYTES;
        guest_set(g, at, version);
        guest_set(g, at + 0x04, 1);
        guest_set(g, at + 0x14, HAL_INTERFACE_PCI);
        assert_int_not_equal(guest_call(g, "IoGetDmaAdapter", 0, at, n), 0);
        guest_free(g);
    }
}

/* DMA-018, DMA-031, DMA-032: never 0, at most the pages and one; where the HAL
 * bounces at most 16. */
static void the_count_is_pages_and_one(void **state)
{
    static const uint32_t length[] = {0,      1,       0xfff,   0x1000,
                                      0x1001, 0x10000, 0x10001, 0x100000};

    (void)state;
    EVERY_KIND(kind)
    for (unsigned which = 0; which < 6; which++) {
        struct driver *d = driver_new(kind, NULL);

        for (unsigned i = 0; i < sizeof length / sizeof *length; i++) {
            struct hal_device dev = a_master(which & 1, which & 2, length[i]);
            uint32_t most = (length[i] >> 12) + ((length[i] & 0xfff) != 0) + 1;
            bool bounces = kind == HAL_BOUNCE && which != 1 && which != 3;
            uint32_t count = 0;

            if (which >= 4)
                dev = isa_slave(which == 4 ? 1 : 5, length[i]);
            if (which >= 4 && most > (which == 4 ? 16 : 32))
                most = which == 4 ? 16 : 32; /* the channel's window */
            assert_int_not_equal(get(d, &dev, &count), 0);
            assert_in_range(count, 1, most);
            if (bounces)
                assert_in_range(count, 1, 16);
            if (bounces && which < 4) /* a channel's grant only grows */
                assert_int_equal(count, most < 16 ? most : 16);
            else if (which < 4 && length[i] <= 0x10000)
                assert_int_equal(count, most);
        }
        driver_free(d);
    }
}

/* DMA-033: a scatter/gather PCI master where the HAL bounces: any count, a NULL
 * base that every routine takes. */
static void no_registers_is_a_null_base(void **state)
{
    struct hal_device dev = a_master(true, true, 0x200000);
    struct driver *d = driver_new(HAL_BOUNCE, &dev);
    struct buffer b;

    (void)state;
    assert_int_equal(d->count, 0x201);
    assert_int_equal(driver_take(d, 0x201), 0);
    driver_buffer(d, &b, NULL, 0x123, 40 * PAGE_BYTES, 1);
    driver_moves(d, &b);
    assert_int_equal(d->g->r.copies, 0);
    driver_free(d);
}

/* DMA-034: a slave that says ScatterGather has one register: page after page is
 * mapped while the channel is held. */
static void a_slave_with_scatter_gather_goes_page_by_page(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    for (uint32_t write = 0; write < 2; write++) {
        const struct rig_options o = {.kind = kind, .isa = 2};
        enum dma_dir dir = write ? DMA_TO_DEVICE : DMA_FROM_DEVICE;
        struct hal_device dev = isa_slave(1, 0x10000);
        struct driver *d;
        struct buffer b;
        uint32_t at, n;

        dev.scatter_gather = true;
        d = driver_on(&o, &dev);
        assert_int_equal(d->count, 1);
        driver_buffer(d, &b, NULL, 0x800, 0x2000, 33);
        isa_fill(&d->g->r, 0x2000, 99);
        assert_int_equal(driver_allocate(d, 1, HAL_KEEP_OBJECT), 0);
        for (at = 0; at < b.bytes; at += n) {
            n = b.bytes - at;
            driver_map(d, &b, driver_base(d), at, &n, write);
            assert_int_equal(n, PAGE_BYTES - ((b.va + at) & PAGE_MASK) <
                                        b.bytes - at
                                    ? PAGE_BYTES - ((b.va + at) & PAGE_MASK)
                                    : b.bytes - at);
            isa_start(&d->g->r, dir, ISA_SINGLE, false);
            assert_int_equal(isa_run(&d->g->r, n), n);
            assert_true(isa_terminal_count(&d->g->r));
            if (write)
                assert_true(isa_is(&d->g->r, n, (uint8_t)(33 + at)));
            driver_flush(d, &b, driver_base(d), at, n, write);
            if (!write) /* the card begins its buffer anew each time */
                assert_int_equal(buffer_byte(&d->g->r, &b, at), 99);
        }
        assert_int_equal(guest_called(d->g), 1);
        driver_free_channel(d);
        assert_int_equal(d->g->r.findings, 0);
        driver_free(d);
    }
}

/* DMA-035, DMA-056: one channel is one adapter, its count never shrinks, and it
 * goes on for the other holder when one lets go. */
static void a_channel_is_shared(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    {
        const struct rig_options o = {.kind = kind, .isa = 3};
        struct hal_device big = isa_slave(2, 0x10000);
        struct hal_device small = isa_slave(2, 0x1000);
        struct driver *d = driver_on(&o, &big);
        uint32_t count = 0, n;
        struct buffer b;

        assert_int_equal(get(d, &small, &count), d->adapter);
        assert_true(count >= d->count);
        table_call(d->g, d->adapter, OP_PUT);
        driver_buffer(d, &b, NULL, 0x10, 0x1800, 5);
        assert_int_equal(driver_allocate(d, 2, HAL_KEEP_OBJECT), 0);
        n = b.bytes;
        driver_map(d, &b, driver_base(d), 0, &n, WRITE);
        isa_start(&d->g->r, DMA_TO_DEVICE, ISA_SINGLE, false);
        assert_int_equal(isa_run(&d->g->r, n), n);
        assert_true(isa_is(&d->g->r, n, 5));
        driver_flush(d, &b, driver_base(d), 0, n, WRITE);
        driver_free_channel(d);
        table_call(d->g, d->adapter, OP_PUT);
        assert_int_equal(hal_adapter_count(d->g->r.hal), 0);
        assert_int_equal(d->g->r.findings, 0);
        driver_free(d);
    }
}

/* DMA-036: masters get an adapter each, with its own queue. */
static void masters_get_an_adapter_each(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    for (unsigned sg = 0; sg < 2; sg++) {
        struct hal_device dev = a_master(sg, true, 0x4000);
        struct driver *d = driver_new(kind, &dev), other;

        driver_other(&other, d, &dev);
        assert_int_not_equal(other.adapter, d->adapter);
        assert_int_equal(driver_allocate(d, 1, HAL_KEEP_OBJECT), 0);
        assert_int_equal(driver_allocate(&other, 1, HAL_KEEP_OBJECT), 0);
        assert_int_equal(guest_called(d->g), 2); /* it did not wait */
        driver_free(d);
    }
}

/* DMA-037, DMA-038: channel 4 and widths that the channel has not. */
static void channels_have_their_widths(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    {
        struct driver *d = driver_new(kind, NULL);
        struct hal_device dev;
        uint32_t count, channel, width;

        for (channel = 0; channel < 9; channel++)
            for (width = 0; width < 4; width++) {
                bool fits = channel != 4 && channel < 8 &&
                            width == (channel < 4 ? 0u : 1u);

                dev = isa_slave(channel, 0x1000);
                dev.width = width;
                assert_int_equal(get(d, &dev, &count) != 0, fits);
            }
        dev = a_master(false, false, 0x1000);
        dev.channel = 4;
        dev.interface = HAL_INTERFACE_ISA;
        assert_int_equal(get(d, &dev, &count), 0);
        dev.interface = HAL_INTERFACE_EISA;
        assert_int_equal(get(d, &dev, &count), 0);
        driver_free(d);
    }
}

/* DMA-039, DMA-040: an ISA or EISA master's channel is put in cascade mode and
 * unmasked by the call; without a channel no port of the 8237 is touched. */
static void an_isa_master_cascades_its_channel(void **state)
{
    static const uint32_t channel[] = {0, 1, 2, 3, 5, 6, 7, 8, 0xffffffff};

    (void)state;
    EVERY_KIND(kind)
    for (unsigned i = 0; i < sizeof channel / sizeof *channel; i++) {
        struct driver *d = driver_new(kind, NULL);
        struct hal_device dev = a_master(false, false, 0x1000);
        bool second = channel[i] > 3;
        uint32_t count;

        dev.channel = channel[i];
        dev.interface = i & 1 ? HAL_INTERFACE_EISA : HAL_INTERFACE_ISA;
        rig_forget(&d->g->r);
        assert_int_not_equal(get(d, &dev, &count), 0);
        if (channel[i] < 8) {
            assert_int_equal(written(&d->g->r, second ? 0xd6 : 0x0b),
                             (int)(0xc0 | (channel[i] & 3)));
            assert_int_equal(written(&d->g->r, second ? 0xd4 : 0x0a),
                             (int)(channel[i] & 3));
        } else {
            for (unsigned k = 0; k < d->g->r.outs; k++)
                assert_false(d->g->r.out[k].port < 0x10 ||
                             (d->g->r.out[k].port >= 0x80 &&
                              d->g->r.out[k].port < 0x90) ||
                             (d->g->r.out[k].port >= 0xc0 &&
                              d->g->r.out[k].port < 0xe0));
        }
        driver_free(d);
    }
}

/* DMA-042, DMA-043, DMA-098: the mode byte that MapTransfer writes: direction,
 * auto-initialise, demand in version 2 alone, else single. */
static void the_mode_byte_follows_the_description(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    for (unsigned bits = 0; bits < 24; bits++) {
        const struct rig_options o = {.kind = kind};
        unsigned channel = bits & 8 ? 5 : 2, version = bits >> 1 & 3;
        bool automatic = bits & 1, demand = bits & 16;
        struct hal_device dev = isa_slave(channel, 0x1000);
        struct driver *d;
        struct buffer b;
        uint32_t n, write, mode;

        if (version > 2)
            continue;
        dev.version = version;
        dev.auto_init = automatic;
        dev.demand = demand;
        d = driver_on(&o, &dev);
        driver_buffer(d, &b, NULL, 0, 0x200, 1);
        assert_int_equal(driver_allocate(d, 1, HAL_KEEP_OBJECT), 0);
        for (write = 0; write < 2; write++) {
            rig_forget(&d->g->r);
            n = b.bytes;
            driver_map(d, &b, driver_base(d), 0, &n, write);
            mode = (channel & 3) | (write ? 0x08 : 0x04) |
                   (automatic ? 0x10 : 0) | (demand && version == 2 ? 0 : 0x40);
            assert_int_equal(written(&d->g->r, channel > 3 ? 0xd6 : 0x0b),
                             (int)mode);
            driver_flush(d, &b, driver_base(d), 0, n, write);
        }
        driver_free(d);
    }
}

/* DMA-042: on a master AutoInitialize changes nothing. */
static void a_master_ignores_auto_initialize(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    {
        struct hal_device dev = a_master(false, true, 0x4000);
        struct driver *d;
        struct buffer b;

        dev.auto_init = dev.demand = true;
        dev.version = 2;
        d = driver_on(&(struct rig_options){.kind = kind}, &dev);
        driver_buffer(d, &b, NULL, 0x10, 0x2000, 1);
        rig_forget(&d->g->r);
        driver_moves(d, &b);
        assert_int_equal(written(&d->g->r, 0x0b), -1);
        assert_int_equal(written(&d->g->r, 0xd6), -1);
        driver_free(d);
    }
}

/* The highest logical byte of a buffer of one page at @pfn, and was it copied?
 */
static uint64_t last_byte(enum hal_kind kind, const struct hal_device *dev,
                          uint64_t ram, uint32_t pfn, bool *copied)
{
    const struct rig_options o = {.kind = kind, .ram = ram};
    struct driver *d = driver_on(&o, dev);
    uint32_t n = PAGE_BYTES;
    struct buffer b;
    dla_t dla;

    driver_buffer(d, &b, &pfn, 0, PAGE_BYTES, 1);
    rig_forget(&d->g->r);
    dla = driver_map(d, &b, driver_take(d, 1), 0, &n, WRITE);
    assert_int_equal(n, PAGE_BYTES);
    assert_true(card_reads(&d->g->r, dla, n, 1));
    *copied = d->g->r.copies > 0;
    driver_free(d);
    return dla.v + n - 1;
}

/* DMA-044, DMA-045, DMA-046: how far a device reaches, by its flags: a page at
 * 20 MiB and one at 5 GiB. */
static void flags_say_how_far_a_device_reaches(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    for (unsigned flags = 0; flags < 8; flags++)
        for (unsigned high = 0; high < 2; high++) {
            bool sg = flags & 1, dma32 = flags & 2, dma64 = flags & 4, copied;
            struct hal_device dev = a_master(sg, dma32, 0x4000);
            uint32_t pfn = high ? 0x140000 : 0x1400;
            uint64_t limit = dma64         ? UINT64_MAX
                             : sg || dma32 ? 0xffffffff
                                           : 0xffffff;
            uint64_t own = ((uint64_t)pfn << 12) + PAGE_MASK, last;

            dev.dma64 = dma64;
            last = last_byte(kind, &dev, high ? 6 * GIB : 0, pfn, &copied);
            assert_true(last <= limit);
            assert_int_equal(copied, kind == HAL_BOUNCE && own > limit);
            if (kind == HAL_BOUNCE && own <= limit)
                assert_true(last == own);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(version_decides_table_and_ignore_count),
        cmocka_unit_test(unknown_versions_are_null),
        cmocka_unit_test(nothing_past_28h_is_read),
        cmocka_unit_test(the_count_is_pages_and_one),
        cmocka_unit_test(no_registers_is_a_null_base),
        cmocka_unit_test(a_slave_with_scatter_gather_goes_page_by_page),
        cmocka_unit_test(a_channel_is_shared),
        cmocka_unit_test(masters_get_an_adapter_each),
        cmocka_unit_test(channels_have_their_widths),
        cmocka_unit_test(an_isa_master_cascades_its_channel),
        cmocka_unit_test(the_mode_byte_follows_the_description),
        cmocka_unit_test(a_master_ignores_auto_initialize),
        cmocka_unit_test(flags_say_how_far_a_device_reaches),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
