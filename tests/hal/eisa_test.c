/* tests/hal/eisa_test.c -- system DMA on the controllers of EISA: widths,
 * speeds, 32 bits of address, 24 of count. Oracle: 82374EB data sheet, DMA
 * registers; the card's bytes after real cycles. Contract ids: DMA-xxx. */
#include "isa.h"

enum { EXTENDED_0 = 0x40b, EXTENDED_1 = 0x4d6 };

static struct rig *rig_with(enum hal_kind kind, bool eisa, unsigned channel)
{
    const struct rig_options o = {.kind = kind,
                                  .chips = true,
                                  .isa = channel + 1,
                                  .settings = {.eisa = eisa}};

    return rig_new(&o);
}

/* The byte last written to @port, -1: none. */
static int written(const struct rig *r, unsigned port)
{
    unsigned i;

    for (i = r->outs; i-- > 0;)
        if (r->out[i].port == port)
            return (int)r->out[i].value;
    return -1;
}

/* @bytes to the card and back; the ticks it took. */
static uint64_t there_and_back(struct rig *r, struct hal_adapter *ad,
                               const struct buffer *b)
{
    uint32_t base = rig_registers(r, ad, b->count);
    uint64_t before = r->clock.now;
    struct hal_mapped m;

    buffer_fill(r, b, 7);
    m = rig_map(r, ad, base, b->f, b->count, DMA_TO_DEVICE);
    assert_int_equal(m.bytes, b->bytes);
    hal_system_start(r->hal, ad, m.at, m.bytes, DMA_TO_DEVICE);
    isa_start(r, DMA_TO_DEVICE, ISA_SINGLE, false);
    assert_int_equal(isa_run(r, b->bytes), b->bytes);
    assert_true(isa_terminal_count(r));
    assert_int_equal(hal_system_left(r->hal, ad), 0);
    rig_flush(r, ad, base, b, DMA_TO_DEVICE);

    buffer_fill(r, b, 100);
    m = rig_map(r, ad, base, b->f, b->count, DMA_FROM_DEVICE);
    hal_system_start(r->hal, ad, m.at, m.bytes, DMA_FROM_DEVICE);
    isa_start(r, DMA_FROM_DEVICE, ISA_SINGLE, false);
    assert_int_equal(isa_run(r, b->bytes), b->bytes);
    rig_flush(r, ad, base, b, DMA_FROM_DEVICE);
    assert_int_equal(hal_registers_free(r->hal, ad, base, b->count), HB_OK);
    assert_true(buffer_is(r, b, 7));
    assert_int_equal(r->findings, 0);
    return r->clock.now - before;
}

/* DMA-041: without EISA no speed changes anything: no port, no time, no byte.
 */
static void speed_has_no_effect_on_isa(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    {
        uint64_t ticks = 0, now;

        for (uint32_t speed = 0; speed < 6; speed++) {
            struct rig *r = rig_with(kind, false, 1);
            struct hal_device dev = isa_slave(1, 0x4000);
            struct hal_adapter *ad;
            struct buffer b;

            dev.speed = speed;
            assert_true(hal_adapter_check(r->hal, &dev));
            ad = rig_adapter(r, &dev);
            assert_int_equal(written(r, EXTENDED_0), -1);
            rig_scatter(r, &b, 0x2000, 0x123, 0x1000);
            now = there_and_back(r, ad, &b);
            assert_true(!speed || now == ticks);
            ticks = now;
            rig_free(r);
        }
    }
}

/* DMA-041: on EISA the description's speed and width are written when the
 * adapter is asked for; type F is refused, on every channel. */
static void speed_and_width_are_written_on_eisa(void **state)
{
    static const uint8_t cycle[] = {0x00, 0x0c, 0x08}; /* 8, 16, 32 bits */

    (void)state;
    for (unsigned channel = 0; channel < 8; channel++)
        for (uint32_t width = 0; width < 4; width++)
            for (uint32_t speed = 0; speed < 6; speed++) {
                struct rig *r = rig_with(HAL_TRANSLATE, true, 1);
                struct hal_device dev = isa_slave(channel, 0x1000);
                bool served = channel != 4 && width < 3 && speed < 4;

                dev.width = width;
                dev.speed = speed;
                assert_int_equal(hal_adapter_check(r->hal, &dev), served);
                if (served) {
                    rig_adapter(r, &dev);
                    assert_int_equal(
                        written(r, channel < 4 ? EXTENDED_0 : EXTENDED_1),
                        (int)(channel & 3) | cycle[width] | (int)speed << 4);
                    assert_int_equal(
                        written(r, channel < 4 ? EXTENDED_1 : EXTENDED_0), -1);
                }
                rig_free(r);
            }
}

/* A second request for the channel: what it says now counts. */
static void a_later_request_sets_the_channel_anew(void **state)
{
    struct rig *r = rig_with(HAL_TRANSLATE, true, 1);
    struct hal_device dev = isa_slave(1, 0x1000);
    struct hal_adapter *ad = rig_adapter(r, &dev);

    (void)state;
    dev.speed = 2;
    dev.width = 1;
    assert_ptr_equal(rig_adapter(r, &dev), ad);
    assert_int_equal(written(r, EXTENDED_0), 0x2d);
    rig_free(r);
}

/* The fourth address byte, the third of the count; bytes on a word channel. */
static void channel_is_programmed_with_32_and_24_bits(void **state)
{
    static const struct {
        uint16_t port;
        uint8_t value;
    } w[] = {{0xd8, 0},     {0xd6, 0x49}, {0xc4, 0x34}, {0xc4, 0x20},
             {0x8b, 0x1f},  {0x48b, 2},   {0xc6, 0xff}, {0xc6, 0x01},
             {0x4c6, 0x03}, {0xd4, 1}};
    struct rig *r = rig_with(HAL_BOUNCE, true, 5);
    struct hal_device dev = isa_slave(5, 0x100000);
    struct hal_adapter *ad = rig_adapter(r, &dev);

    (void)state;
    rig_forget(r);
    hal_system_start(r->hal, ad, dla_of(0x21f2034), 0x30200, DMA_TO_DEVICE);
    assert_int_equal(r->outs, sizeof w / sizeof *w);
    for (unsigned i = 0; i < sizeof w / sizeof *w; i++) {
        assert_int_equal(r->out[i].port, w[i].port);
        assert_int_equal(r->out[i].value, w[i].value);
    }
    assert_int_equal(hal_system_left(r->hal, ad), 0x30200);
    rig_free(r);
}

/* DMA-041: memory above 16 MiB is reached, 64 KiB lines do not cut. A buffer
 * that lies in a row is used in place on `bounce`. */
static void transfers_cross_16_mib_and_64_kib(void **state)
{
    static const unsigned channel[] = {1, 5};

    (void)state;
    EVERY_KIND(kind)
    for (unsigned i = 0; i < 2; i++) {
        struct rig *r = rig_with(kind, true, channel[i]);
        struct hal_device dev = isa_slave(channel[i], 0x10000);
        struct hal_adapter *ad = rig_adapter(r, &dev);
        struct hal_adapter_info info;
        uint32_t pfn[12];
        struct buffer b;

        assert_true(hal_adapter_at(r->hal, 0, &info));
        assert_int_equal(info.limit, 0xffffffff);
        for (unsigned k = 0; k < 12; k++)
            pfn[k] = 0x20f8 + k; /* 20F8000h over 2100000h */
        rig_buffer(r, &b, pfn, 0x10, 0xb000);
        rig_forget(r);
        there_and_back(r, ad, &b);
        assert_int_equal(r->copies, 0);
        rig_free(r);
    }
}

/* ... and of scattered pages above 16 MiB one run is made, as ever. */
static void scattered_pages_are_one_run_on_eisa(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    {
        struct rig *r = rig_with(kind, true, 1);
        struct hal_device dev = isa_slave(1, 0x8000);
        struct hal_adapter *ad = rig_adapter(r, &dev);
        struct buffer b;

        rig_scatter(r, &b, 0x3000, 0x801, 0x4002);
        there_and_back(r, ad, &b);
        rig_free(r);
    }
}

/* More than a channel of an AT could: 96 KiB in one operation. */
static void an_operation_may_be_longer_than_64_kib(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    {
        struct rig *r = rig_with(kind, true, 1);
        struct hal_device dev = isa_slave(1, 0x18000);
        struct hal_adapter *ad = rig_adapter(r, &dev);
        uint32_t pfn[24], grant = hal_adapter_grant(ad);
        struct buffer b;

        assert_int_equal(grant, kind == HAL_BOUNCE ? 16 : 25);
        for (unsigned k = 0; k < 24; k++)
            pfn[k] = 0x2000 + k;
        rig_buffer(r, &b, pfn, 0,
                   (grant < 24 ? grant : 24) * (uint32_t)PAGE_BYTES);
        there_and_back(r, ad, &b);
        rig_free(r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(speed_has_no_effect_on_isa),
        cmocka_unit_test(speed_and_width_are_written_on_eisa),
        cmocka_unit_test(a_later_request_sets_the_channel_anew),
        cmocka_unit_test(channel_is_programmed_with_32_and_24_bits),
        cmocka_unit_test(transfers_cross_16_mib_and_64_kib),
        cmocka_unit_test(scattered_pages_are_one_run_on_eisa),
        cmocka_unit_test(an_operation_may_be_longer_than_64_kib),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
