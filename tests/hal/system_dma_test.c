/* tests/hal/system_dma_test.c -- slaves on the 8237: what is written to which
 * port, in which order; counter; flush. Oracle: 8237A data sheet, PC/AT page
 * registers. */
#include "rig.h"

struct port_write {
    uint16_t port;
    uint8_t value;
};

static void expect(const struct rig *r, const struct port_write *w, unsigned n)
{
    unsigned i;

    assert_int_equal(r->outs, n);
    for (i = 0; i < n; i++) {
        assert_int_equal(r->out[i].port, w[i].port);
        assert_int_equal(r->out[i].value, w[i].value);
    }
}

static struct hal_adapter *slave(struct rig *r, unsigned channel)
{
    struct hal_device dev = isa_slave(channel, 0x8000);

    return rig_adapter(r, &dev);
}

/* The eight writes of an 8-bit channel. */
static void byte_channel_is_programmed_in_order(void **state)
{
    static const struct port_write w[] = {
        {0x0c, 0},    {0x0b, 0x4a}, {0x04, 0x34}, {0x04, 0x20},
        {0x81, 0x1f}, {0x05, 0xff}, {0x05, 0x01}, {0x0a, 2}};
    struct rig *r = rig_of(HAL_BOUNCE);
    struct hal_adapter *ad = slave(r, 2);

    (void)state;
    hal_system_start(r->hal, ad, dla_of(0x1f2034), 0x200, DMA_TO_DEVICE);
    expect(r, w, 8);
    rig_free(r);
}

/* Words; address >> 1, page bit 0 is A16's and goes to the counter. */
static void word_channel_is_programmed_in_words(void **state)
{
    static const struct port_write w[] = {
        {0xd8, 0},    {0xd6, 0x45}, {0xc4, 0x1a}, {0xc4, 0x90},
        {0x8b, 0x1f}, {0xc6, 0xff}, {0xc6, 0x00}, {0xd4, 1}};
    struct rig *r = rig_of(HAL_BOUNCE);
    struct hal_adapter *ad = slave(r, 5);

    (void)state;
    hal_system_start(r->hal, ad, dla_of(0x1f2034), 0x200, DMA_FROM_DEVICE);
    expect(r, w, 8);
    rig_free(r);
}

static void mode_byte_follows_the_description(void **state)
{
    static const struct {
        uint8_t version, demand, automatic, mode;
    } row[] = {{0, 1, 0, 0x45}, {1, 1, 0, 0x45}, {2, 1, 0, 0x05},
               {2, 0, 1, 0x55}, {0, 0, 1, 0x55}, {2, 1, 1, 0x15}};
    unsigned i;

    (void)state;
    for (i = 0; i < sizeof row / sizeof row[0]; i++) {
        struct rig *r = rig_of(HAL_BOUNCE);
        struct hal_device dev = isa_slave(1, 0x1000);

        dev.version = row[i].version;
        dev.demand = row[i].demand;
        dev.auto_init = row[i].automatic;
        hal_system_start(r->hal, rig_adapter(r, &dev), dla_of(0x1000), 16,
                         DMA_FROM_DEVICE);
        assert_int_equal(r->out[1].port, 0x0b);
        assert_int_equal(r->out[1].value, row[i].mode);
        rig_free(r);
    }
}

/* Every channel's own ports. */
static void each_channel_has_its_ports(void **state)
{
    static const struct {
        uint16_t address, page, count, mask;
    } row[8] = {{0x00, 0x87, 0x01, 0x0a},
                {0x02, 0x83, 0x03, 0x0a},
                {0x04, 0x81, 0x05, 0x0a},
                {0x06, 0x82, 0x07, 0x0a},
                {0, 0, 0, 0},
                {0xc4, 0x8b, 0xc6, 0xd4},
                {0xc8, 0x89, 0xca, 0xd4},
                {0xcc, 0x8a, 0xce, 0xd4}};
    unsigned i;

    (void)state;
    for (i = 0; i < 8; i++) {
        struct rig *r;

        if (i == 4)
            continue;
        r = rig_of(HAL_BOUNCE);
        hal_system_start(r->hal, slave(r, i), dla_of(0), 2, DMA_TO_DEVICE);
        assert_int_equal(r->out[2].port, row[i].address);
        assert_int_equal(r->out[4].port, row[i].page);
        assert_int_equal(r->out[5].port, row[i].count);
        assert_int_equal(r->out[7].port, row[i].mask);
        rig_free(r);
    }
}

/* Nothing for a master. */
static void a_master_touches_no_port(void **state)
{
    struct rig *r = rig_of(HAL_BOUNCE);
    struct hal_device dev = pci_master(r, false, true, 0x1000);
    struct hal_adapter *ad = rig_adapter(r, &dev);

    (void)state;
    hal_system_start(r->hal, ad, dla_of(0x1000), 16, DMA_TO_DEVICE);
    hal_system_stop(r->hal, ad);
    assert_int_equal(hal_system_left(r->hal, ad), 0);
    assert_int_equal(r->outs, 0);
    rig_free(r);
}

/* Whatever the buffer, no piece crosses the channel's line. */
static void pieces_stay_inside_the_channels_line(void **state)
{
    const uint32_t pfn[] = {0x20f, 0x210}; /* physically across 210000h */
    enum hal_kind kind;
    unsigned channel;

    (void)state;
    for (kind = 0; kind < HAL_KINDS; kind++)
        for (channel = 1; channel < 6; channel += 4) {
            struct rig *r = rig_of(kind);
            struct hal_adapter *ad = slave(r, channel);
            uint64_t line = channel < 4 ? 0x10000 : 0x20000;
            struct hal_mapped m;
            struct buffer b;

            rig_buffer(r, &b, pfn, 0x800, 0x1000);
            m = rig_map(r, ad, rig_registers(r, ad, 2), b.f, b.count,
                        DMA_FROM_DEVICE);
            assert_int_equal(m.bytes, 0x1000);
            assert_int_equal(m.at.v / line, (m.at.v + 0xfff) / line);
            assert_true(m.at.v < 0x1000000);
            rig_free(r);
        }
}

/* The real controller: count and page as the ports give them back. */
static struct rig *rig_with_8237(void)
{
    struct rig *r = rig_of(HAL_BOUNCE);
    const struct device_model *model = device_model_find("dma8237");

    assert_non_null(model);
    assert_int_equal(bus_add(r->bus, model, NULL, NULL, NULL), HB_OK);
    bus_reset(r->bus);
    assert_int_equal(hal_boot(r->hal, NULL), HB_OK);
    rig_forget(r);
    return r;
}

/* Bytes to go, doubled for words. */
static void counter_reads_what_is_left(void **state)
{
    struct rig *r = rig_with_8237();
    struct hal_adapter *ad = slave(r, 1);

    (void)state;
    hal_system_start(r->hal, ad, dla_of(0x10000), 0x234, DMA_TO_DEVICE);
    assert_int_equal(hal_system_left(r->hal, ad), 0x234);
    ad = slave(r, 6);
    hal_system_start(r->hal, ad, dla_of(0x10000), 0x234, DMA_TO_DEVICE);
    assert_int_equal(hal_system_left(r->hal, ad), 0x234);
    rig_free(r);
}

/* The flush masks the channel before anything else. */
static void flush_masks_the_channel(void **state)
{
    struct rig *r = rig_with_8237();
    struct hal_adapter *ad = slave(r, 1);
    uint32_t base = rig_registers(r, ad, 1);
    struct buffer b;

    (void)state;
    rig_scatter(r, &b, 0x2000, 0, 0x200);
    rig_map(r, ad, base, b.f, 1, DMA_TO_DEVICE);
    rig_forget(r);
    rig_flush(r, ad, base, &b, DMA_TO_DEVICE);
    assert_int_equal(r->out[0].port, 0x0a);
    assert_int_equal(r->out[0].value, 5);
    rig_free(r);
}

/* The device gave 100 of 512 bytes: the counter says 412 are left. */
static void short_read(bool ignore, struct buffer *b, struct rig **out)
{
    struct rig *r = rig_with_8237();
    struct hal_device dev = isa_slave(1, 0x1000);
    struct hal_adapter *ad;
    struct hal_mapped m;
    uint32_t base, i;

    dev.version = ignore;
    dev.ignore_count = true; /* Not read in version 0. */
    ad = rig_adapter(r, &dev);
    base = rig_registers(r, ad, 1);
    rig_scatter(r, b, 0x2000, 0, 512);
    buffer_fill(r, b, 1);
    m = rig_map(r, ad, base, b->f, 1, DMA_FROM_DEVICE);
    for (i = 0; i < 100; i++)
        ram_write8(&r->ram, gpa_of(m.at.v + i), 0xee);
    /* as the controller stands after 100 cycles */
    hal_system_start(r->hal, ad, dla_add(m.at, 100), 412, DMA_FROM_DEVICE);
    rig_flush(r, ad, base, b, DMA_FROM_DEVICE);
    *out = r;
}

static void a_short_read_leaves_the_tail(void **state)
{
    struct rig *r;
    struct buffer b;

    (void)state;
    short_read(false, &b, &r);
    assert_int_equal(buffer_byte(r, &b, 99), 0xee);
    assert_int_equal(buffer_byte(r, &b, 100), 101);
    assert_int_equal(buffer_byte(r, &b, 511), (uint8_t)512);
    rig_free(r);
}

static void with_ignore_count_the_tail_is_zero(void **state)
{
    struct rig *r;
    struct buffer b;

    (void)state;
    short_read(true, &b, &r);
    assert_int_equal(buffer_byte(r, &b, 99), 0xee);
    assert_int_equal(buffer_byte(r, &b, 100), 0);
    assert_int_equal(buffer_byte(r, &b, 511), 0);
    rig_free(r);
}

/* On `adapter` the 8237 pair is a requester of its own: what its registers lead
 * to is the buffer, and no other master sees them. */
static void the_8237_has_a_table_of_its_own(void **state)
{
    const struct rig_options o = {.kind = HAL_ADAPTER, .chips = true};
    struct rig *r = rig_new(&o);
    struct hal_adapter *ad = slave(r, 1);
    const struct device *pair = bus_find(r->bus, "dma8237");
    uint32_t base = rig_registers(r, ad, 3), i;
    struct gate_view view;
    struct hal_mapped m;
    struct buffer b;
    gpa_t to;

    (void)state;
    assert_non_null(pair);
    rig_scatter(r, &b, 0x2000, 0x345, 2 * PAGE_BYTES);
    m = rig_map(r, ad, base, b.f, b.count, DMA_FROM_DEVICE);
    for (i = 0; i < b.count; i++) {
        bus_translate(r->bus, pair, dla_add(m.at, b.f[i].va - b.va),
                      DMA_FROM_DEVICE, &view);
        assert_int_equal(view.result, GATE_OK);
        assert_int_equal(view.to.v, b.f[i].at);
    }
    assert_false(rig_reach(r, m.at, DMA_FROM_DEVICE, &to));
    rig_free(r);
}

/* Start: both controllers clear and masked, the cascade open. */
static void boot_opens_the_cascade_alone(void **state)
{
    static const struct port_write w[] = {{0x0d, 0},    {0x08, 0}, {0x0f, 0xf},
                                          {0xda, 0},    {0xd0, 0}, {0xde, 0xf},
                                          {0xd6, 0xc0}, {0xd4, 0}};
    struct rig *r = rig_of(HAL_BOUNCE);
    unsigned i;

    (void)state;
    assert_int_equal(hal_boot(r->hal, NULL), HB_OK);
    assert_true(r->outs >= 8);
    for (i = 0; i < 8; i++) {
        assert_int_equal(r->out[i].port, w[i].port);
        assert_int_equal(r->out[i].value, w[i].value);
    }
    rig_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(byte_channel_is_programmed_in_order),
        cmocka_unit_test(word_channel_is_programmed_in_words),
        cmocka_unit_test(mode_byte_follows_the_description),
        cmocka_unit_test(each_channel_has_its_ports),
        cmocka_unit_test(a_master_touches_no_port),
        cmocka_unit_test(pieces_stay_inside_the_channels_line),
        cmocka_unit_test(counter_reads_what_is_left),
        cmocka_unit_test(flush_masks_the_channel),
        cmocka_unit_test(a_short_read_leaves_the_tail),
        cmocka_unit_test(with_ignore_count_the_tail_is_zero),
        cmocka_unit_test(the_8237_has_a_table_of_its_own),
        cmocka_unit_test(boot_opens_the_cascade_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
