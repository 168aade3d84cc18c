/* tests/hal/adapter_test.c -- what a DEVICE_DESCRIPTION gets: adapter or
 * refusal, grant, limit, sharing. */
#include "rig.h"

#include <string.h>

static bool served(struct rig *r, const struct hal_device *dev)
{
    return hal_adapter_check(r->hal, dev);
}

static uint32_t grant_of(struct rig *r, const struct hal_device *dev)
{
    return hal_adapter_grant(rig_adapter(r, dev));
}

static struct hal_adapter_info info_of(struct rig *r,
                                       const struct hal_adapter *ad)
{
    struct hal_adapter_info info = {0};
    unsigned i;

    for (i = 0; hal_adapter_at(r->hal, i, &info); i++)
        if (hal_adapter_find(r->hal, info.at) == ad)
            break;
    return info;
}

/* Offsets of the DDK's DEVICE_DESCRIPTION. */
static void decodes_the_28h_bytes(void **state)
{
    uint8_t raw[HAL_DEVICE_BYTES] = {0};
    struct hal_device dev;

    (void)state;
    raw[0x00] = 2;
    raw[0x04] = 1;
    raw[0x06] = 0x80;
    raw[0x08] = 1;
    raw[0x0b] = 1;
    raw[0x10] = 5;
    raw[0x14] = raw[0x15] = raw[0x16] = raw[0x17] = 0xff;
    raw[0x18] = 1;
    raw[0x22] = 1;
    hal_device_decode(raw, &dev);
    assert_int_equal(dev.version, 2);
    assert_true(dev.master && dev.demand && dev.dma32 && dev.dma64);
    assert_false(dev.scatter_gather || dev.auto_init || dev.ignore_count);
    assert_int_equal(dev.channel, 5);
    assert_int_equal(dev.interface, HAL_INTERFACE_UNDEFINED);
    assert_int_equal(dev.width, 1);
    assert_int_equal(dev.maximum_length, 0x10000);
}

static void versions_above_the_platforms_are_refused(void **state)
{
    struct rig *xp = rig_of(HAL_TRANSLATE), *w2k;
    struct rig_options o = {.settings = {.version_most = 1}};
    struct hal_device dev = isa_slave(2, 512);

    (void)state;
    w2k = rig_new(&o);
    for (dev.version = 0; dev.version <= 2; dev.version++) {
        assert_true(served(xp, &dev));
        assert_int_equal(served(w2k, &dev), dev.version < 2);
    }
    dev.version = 3;
    assert_false(served(xp, &dev));
    dev.version = 7;
    assert_false(served(xp, &dev));
    rig_free(xp);
    rig_free(w2k);
}

/* Which table. */
static void table_follows_the_version(void **state)
{
    struct rig *r = rig_of(HAL_TRANSLATE);
    struct hal_device dev = pci_master(r, false, true, 4096);

    (void)state;
    assert_int_equal(hal_adapter_table(rig_adapter(r, &dev)), 1);
    dev.version = 1;
    assert_int_equal(hal_adapter_table(rig_adapter(r, &dev)), 1);
    dev.version = 2;
    assert_int_equal(hal_adapter_table(rig_adapter(r, &dev)), 2);
    rig_free(r);
}

/* At most BYTES_TO_PAGES(MaximumLength) + 1, never 0. */
static void grant_is_pages_and_one_at_most(void **state)
{
    static const uint32_t length[] = {0,      1,       0x1000,  0x1001,
                                      0xffff, 0x10000, 0x10001, 0x100000};
    enum hal_kind kind;
    unsigned i;

    (void)state;
    for (kind = 0; kind < HAL_KINDS; kind++) {
        struct rig *r = rig_of(kind);

        for (i = 0; i < sizeof length / sizeof length[0]; i++) {
            struct hal_device dev = pci_master(r, false, true, length[i]);
            uint32_t most = (length[i] + 0xfff) / 0x1000 + 1;
            uint32_t grant = grant_of(r, &dev);

            assert_in_range(grant, 1, most);
            if (kind == HAL_BOUNCE)
                assert_int_equal(grant, most < 16 ? most : 16);
            else
                assert_int_equal(grant, most);
        }
        rig_free(r);
    }
}

static void sg_master_on_bounce_is_granted_without_a_cap(void **state)
{
    struct rig *r = rig_of(HAL_BOUNCE);
    struct hal_device dev = pci_master(r, true, true, 0x100000);
    struct hal_adapter *ad = rig_adapter(r, &dev);

    (void)state;
    assert_int_equal(hal_adapter_grant(ad), 0x101);
    assert_false(info_of(r, ad).uses_registers);
    rig_free(r);
}

/* SEC-013: extremes */
static void extreme_lengths_do_not_overflow(void **state)
{
    struct rig *r = rig_of(HAL_TRANSLATE);
    struct hal_device dev = pci_master(r, false, true, 0xffffffff);

    (void)state;
    assert_int_equal(grant_of(r, &dev), 2048 / 4);
    dev.maximum_length = 0x80000001; /* bit 31 does not count */
    assert_int_equal(grant_of(r, &dev), 2);
    rig_free(r);
}

/* Options of the platform. */
static void grants_are_an_option_for_masters_and_for_slaves(void **state)
{
    static const uint32_t option[] = {1, 2, 16};
    unsigned i;

    (void)state;
    for (i = 0; i < 3; i++) {
        struct rig_options o = {
            .settings = {.grant_master = option[i], .grant_slave = 3}};
        struct rig *r = rig_new(&o);
        struct hal_device dev = pci_master(r, true, true, 0x40000);

        assert_int_equal(grant_of(r, &dev), option[i]);
        dev = isa_slave(1, 0x10000);
        assert_int_equal(grant_of(r, &dev), 3);
        rig_free(r);
    }
}

static void slave_with_scatter_gather_gets_one_register(void **state)
{
    struct rig *r = rig_of(HAL_TRANSLATE);
    struct hal_device dev = isa_slave(2, 0x10000);

    (void)state;
    dev.scatter_gather = true;
    assert_int_equal(grant_of(r, &dev), 1);
    rig_free(r);
}

/* An 8237 channel moves at most 64 KiB, or 128 KiB of words. */
static void slave_grants_end_at_the_channels_window(void **state)
{
    struct rig *r = rig_of(HAL_TRANSLATE);
    struct hal_device dev = isa_slave(2, 0x100000);

    (void)state;
    assert_int_equal(grant_of(r, &dev), 16);
    dev = isa_slave(5, 0x100000);
    assert_int_equal(grant_of(r, &dev), 32);
    rig_free(r);
}

static void one_channel_is_one_adapter_whose_grant_only_grows(void **state)
{
    struct rig *r = rig_of(HAL_TRANSLATE);
    struct hal_device big = isa_slave(2, 0x8000), small = isa_slave(2, 0x1000);
    struct hal_adapter *ad = rig_adapter(r, &big);

    (void)state;
    assert_ptr_equal(rig_adapter(r, &small), ad);
    assert_int_equal(hal_adapter_grant(ad), 9);
    assert_int_equal(info_of(r, ad).references, 2);
    assert_false(hal_adapter_put(r->hal, ad));
    assert_int_equal(hal_adapter_count(r->hal), 1);
    assert_true(hal_adapter_put(r->hal, ad));
    assert_int_equal(hal_adapter_count(r->hal), 0);
    rig_free(r);
}

static void masters_get_an_adapter_each(void **state)
{
    struct rig *r = rig_of(HAL_TRANSLATE);
    struct hal_device dev = pci_master(r, false, true, 0x1000);

    (void)state;
    rig_adapter(r, &dev);
    rig_adapter(r, &dev);
    assert_int_equal(hal_adapter_count(r->hal), 2);
    rig_free(r);
}

static void channel_4_is_refused(void **state)
{
    struct rig *r = rig_of(HAL_TRANSLATE);
    struct hal_device dev = isa_slave(4, 512);

    (void)state;
    dev.width = 0;
    assert_false(served(r, &dev));
    dev.width = 1;
    assert_false(served(r, &dev));
    dev.master = true;
    assert_false(served(r, &dev));
    dev.interface = HAL_INTERFACE_PCI; /* Not a channel there. */
    assert_true(served(r, &dev));
    rig_free(r);
}

/* SEC-014: every channel with every width */
static void width_must_be_the_channels(void **state)
{
    struct rig *r = rig_of(HAL_TRANSLATE);
    struct hal_device dev;
    uint32_t channel, width;

    (void)state;
    for (channel = 0; channel < 12; channel++)
        for (width = 0; width < 5; width++) {
            dev = isa_slave(channel, 512);
            dev.width = width;
            assert_int_equal(served(r, &dev),
                             (channel < 4 && width == 0) ||
                                 (channel > 4 && channel < 8 && width == 1));
            dev.interface = HAL_INTERFACE_INTERNAL;
            if (channel > 7)
                assert_false(served(r, &dev));
        }
    rig_free(r);
}

static void isa_master_cascades_its_channel_at_once(void **state)
{
    struct rig *r = rig_of(HAL_TRANSLATE);
    struct hal_device dev = isa_slave(6, 0x1000);

    (void)state;
    dev.master = true;
    rig_adapter(r, &dev);
    assert_int_equal(r->outs, 2);
    assert_int_equal(r->out[0].port, 0xd6);
    assert_int_equal(r->out[0].value, 0xc2);
    assert_int_equal(r->out[1].port, 0xd4);
    assert_int_equal(r->out[1].value, 2);
    rig_forget(r);
    dev.channel = 0xffffffff;
    rig_adapter(r, &dev);
    assert_int_equal(r->outs, 0);
    rig_free(r);
}

static void limits_follow_the_address_flags(void **state)
{
    struct rig *r = rig_of(HAL_TRANSLATE);
    struct hal_device dev = pci_master(r, false, false, 0x1000);

    (void)state;
    assert_int_equal(info_of(r, rig_adapter(r, &dev)).limit, 0xffffff);
    dev.dma32 = true;
    assert_int_equal(info_of(r, rig_adapter(r, &dev)).limit, 0xffffffff);
    dev.dma32 = false;
    dev.scatter_gather = true;
    assert_int_equal(info_of(r, rig_adapter(r, &dev)).limit, 0xffffffff);
    dev.interface = HAL_INTERFACE_ISA;
    dev.channel = 0xffffffff;
    assert_int_equal(info_of(r, rig_adapter(r, &dev)).limit, 0xffffff);
    dev.dma64 = true;
    assert_true(info_of(r, rig_adapter(r, &dev)).limit == UINT64_MAX);
    rig_free(r);
}

/* Each kind of device has its reachable logical range. */
static void inspector_lists_the_logical_range(void **state)
{
    struct rig *r = rig_of(HAL_TRANSLATE);
    struct hal_device slave = isa_slave(1, 512);
    struct hal_device master = pci_master(r, false, true, 512);
    struct hal_adapter_info info;

    (void)state;
    info = info_of(r, rig_adapter(r, &slave));
    assert_int_equal(info.first.v, 0xf00000);
    assert_int_equal(info.last.v, 0xffffff);
    assert_int_equal(info.channel, 1);
    info = info_of(r, rig_adapter(r, &master));
    assert_int_equal(info.first.v, 0xe0000000);
    assert_int_equal(info.channel, -1);
    assert_int_equal(info.requester, r->requester);
    rig_free(r);
}

/* What is out at the last release is reported and taken back. */
static void release_with_things_out_is_reported(void **state)
{
    struct rig *r = rig_of(HAL_TRANSLATE);
    struct hal_device dev = pci_master(r, false, true, 0x10000);
    struct hal_adapter *ad = rig_adapter(r, &dev);
    struct hal_pool_info pool;
    struct buffer b;
    uint32_t base;

    (void)state;
    base = rig_registers(r, ad, 2);
    rig_scatter(r, &b, 0x2000, 0, 0x1000);
    rig_map(r, ad, base, b.f, 1, DMA_TO_DEVICE);
    assert_true(hal_adapter_put(r->hal, ad));
    assert_string_equal(r->rule, "S11");
    assert_true(hal_pool_at(r->hal, 0, &pool));
    assert_int_equal(pool.in_use, 0);
    assert_int_equal(hal_page_count(r->hal), 0);
    rig_free(r);
}

static void refuses_settings_out_of_range(void **state)
{
    struct rig *r = rig_of(HAL_BOUNCE);
    struct hal_wiring w = {r->bus, &r->ram, &r->mm, &r->events};
    struct hal_settings bad = {.kind = HAL_KINDS};
    struct hal *hal;

    (void)state;
    assert_int_equal(hal_create(&hal, &w, &bad, NULL), HB_BAD_ARGUMENT);
    bad = (struct hal_settings){.alignment = 3};
    assert_int_equal(hal_create(&hal, &w, &bad, NULL), HB_BAD_ARGUMENT);
    rig_free(r);
}

/* A kind that needs the unit does not boot without one. */
static void boot_without_a_unit_fails_with_a_line(void **state)
{
    struct rig *r = rig_of(HAL_BOUNCE);
    struct hal_wiring w = {r->bus, &r->ram, &r->mm, &r->events};
    struct hal_settings s = {.kind = HAL_TRANSLATE};
    struct hb_error error;
    struct hal *hal;

    (void)state;
    assert_int_equal(hal_create(&hal, &w, &s, NULL), HB_OK);
    assert_int_equal(hal_boot(hal, &error), HB_NOT_FOUND);
    assert_non_null(strstr(error.text, "map-register unit"));
    hal_destroy(hal);
    rig_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decodes_the_28h_bytes),
        cmocka_unit_test(versions_above_the_platforms_are_refused),
        cmocka_unit_test(table_follows_the_version),
        cmocka_unit_test(grant_is_pages_and_one_at_most),
        cmocka_unit_test(sg_master_on_bounce_is_granted_without_a_cap),
        cmocka_unit_test(extreme_lengths_do_not_overflow),
        cmocka_unit_test(grants_are_an_option_for_masters_and_for_slaves),
        cmocka_unit_test(slave_with_scatter_gather_gets_one_register),
        cmocka_unit_test(slave_grants_end_at_the_channels_window),
        cmocka_unit_test(one_channel_is_one_adapter_whose_grant_only_grows),
        cmocka_unit_test(masters_get_an_adapter_each),
        cmocka_unit_test(channel_4_is_refused),
        cmocka_unit_test(width_must_be_the_channels),
        cmocka_unit_test(isa_master_cascades_its_channel_at_once),
        cmocka_unit_test(limits_follow_the_address_flags),
        cmocka_unit_test(inspector_lists_the_logical_range),
        cmocka_unit_test(release_with_things_out_is_reported),
        cmocka_unit_test(refuses_settings_out_of_range),
        cmocka_unit_test(boot_without_a_unit_fails_with_a_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
