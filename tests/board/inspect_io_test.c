/* tests/board/inspect_io_test.c -- requests, device stacks, drivers and MDLs as
 * an inspector lists them, against the events and what lies in memory. Offsets
 * are those of the WDK's wdm.h on i386. */
#include "demo.h"

#include <stdlib.h>

enum { /* IRP, IO_STACK_LOCATION, DEVICE_OBJECT, DRIVER_OBJECT */
       IRP_MDL_ADDRESS = 0x04,
       IRP_STACK_COUNT = 0x22,
       IRP_CURRENT_LOCATION = 0x23,
       IRP_CURRENT_STACK_LOCATION = 0x60,
       SL_PARAMETERS = 0x04,
       SL_DEVICE = 0x14,
       DEVICE_DRIVER = 0x08,
       DEVICE_ATTACHED = 0x10,
       DEVICE_QUEUE_HEAD = 0x64,
       DEVICE_EXTENSION = 0x28,
       DRIVER_DEVICE = 0x04,
       DRIVER_UNLOAD = 0x34,
       DRIVER_MAJOR = 0x38,
       MJ_WRITE = 4,
};

static const struct demo_bench bench = {HALBOX_IMAGES "/edu.sys",
                                        "edu",
                                        "\\\\.\\Edu0",
                                        "translate",
                                        "16M",
                                        DEMO_BYTES};

static uint32_t word(const struct machine *m, uint32_t at)
{
    uint32_t v = 0;

    assert_true(inspect_virtual(m, SPACE_SYSTEM, gva_of(at), &v, 4));
    return v;
}

/* The last IRP that was sent with IRP_MJ_WRITE. */
struct sent {
    uint32_t irp, device;
};

static void on_call(void *context, const struct hb_event *event)
{
    struct sent *s = context;

    if (event->args[1] == MJ_WRITE)
        *s = (struct sent){.irp = (uint32_t)event->args[0],
                           .device = (uint32_t)event->args[3]};
}

static void to_write(struct demo *d, struct sent *s)
{
    struct hb_error e;

    *s = (struct sent){0};
    demo_create(d, &bench);
    assert_int_equal(machine_listen(d->m, on_call, s, "irp_call", &e), HB_OK);
    demo_until(d, DEMO_WRITE, "dma_start");
    machine_unlisten(d->m, on_call, s);
}

static bool find_irp(const struct machine *m, uint32_t at,
                     struct inspect_irp *irp)
{
    for (unsigned i = 0; inspect_irp_at(m, i, irp); i++)
        if (irp->at.v == at)
            return true;
    return false;
}

static void a_request_is_listed_with_its_locations(void **state)
{
    struct inspect_location l;
    struct inspect_irp irp;
    struct sent sent;
    struct demo d;

    (void)state;
    to_write(&d, &sent);
    assert_true(find_irp(d.m, sent.irp, &irp));
    assert_int_equal(irp.device.v, sent.device);
    assert_string_equal(inspect_major_name(irp.major), "IRP_MJ_WRITE");
    assert_string_equal(irp.origin, "service");
    assert_false(irp.damaged);
    assert_int_equal(irp.client, d.client);
    assert_int_equal(irp.mdl.v, word(d.m, sent.irp + IRP_MDL_ADDRESS));
    assert_int_equal(irp.location,
                     word(d.m, sent.irp + IRP_CURRENT_LOCATION) & 0xff);
    for (unsigned i = 0; i < irp.stack_count; i++) {
        assert_true(inspect_location_at(d.m, irp.at, i, &l));
        assert_int_equal(l.number, irp.stack_count - i);
        if (!l.current)
            continue;
        assert_int_equal(l.at.v,
                         word(d.m, sent.irp + IRP_CURRENT_STACK_LOCATION));
        assert_int_equal(l.device.v, word(d.m, l.at.v + SL_DEVICE));
        assert_int_equal(l.driver.v, word(d.m, l.device.v + DEVICE_DRIVER));
        assert_int_equal(l.parameter[0], DEMO_BYTES);
        assert_string_equal(l.driver_name, "\\Driver\\edu");
    }
    assert_false(inspect_location_at(d.m, irp.at, irp.stack_count, &l));
    assert_false(inspect_location_at(d.m, gva_of(12), 0, &l));
    assert_true(demo_run(&d, MACHINE_FOR_EVER));
    assert_false(find_irp(d.m, sent.irp, &irp));
    machine_destroy(d.m);
}

static void a_stack_goes_from_the_bus_upwards(void **state)
{
    struct inspect_device_object low, high, again;
    struct inspect_pnp pnp;
    struct sent sent;
    struct demo d;

    (void)state;
    to_write(&d, &sent);
    assert_true(inspect_pnp_at(d.m, d.pnp - 1, &pnp));
    assert_true(inspect_stack_at(d.m, pnp.top, 0, &low));
    assert_true(inspect_stack_at(d.m, pnp.pdo, 1, &high));
    assert_int_equal(low.at.v, pnp.pdo.v);
    assert_int_equal(low.pnp, d.pnp);
    assert_int_equal(high.at.v, pnp.top.v);
    assert_int_equal(low.above.v, word(d.m, low.at.v + DEVICE_ATTACHED));
    assert_int_equal(high.below.v, low.at.v);
    assert_int_equal(high.extension.v, word(d.m, high.at.v + DEVICE_EXTENSION));
    assert_string_equal(high.driver_name, "\\Driver\\edu");
    assert_int_equal(high.image, d.image);
    assert_false(inspect_stack_at(d.m, pnp.pdo, 2, &again));
    assert_false(inspect_stack_at(d.m, gva_of(0x1000), 0, &again));
    for (unsigned i = 0; inspect_device_object_at(d.m, i, &again); i++)
        assert_true(inspect_stack_at(d.m, again.at, 0, &low));
    machine_destroy(d.m);
}

static void a_driver_shows_its_dispatch_routines(void **state)
{
    struct inspect_driver driver;
    struct inspect_image image;
    struct sent sent;
    struct demo d;
    unsigned found = 0;

    (void)state;
    to_write(&d, &sent);
    assert_true(inspect_image_at(d.m, d.image - 1, &image));
    for (unsigned i = 0; inspect_driver_at(d.m, i, &driver); i++) {
        if (driver.image != d.image)
            continue;
        found++;
        assert_string_equal(driver.name, "\\Driver\\edu");
        assert_int_equal(driver.at.v, image.driver.v);
        assert_int_equal(driver.device.v,
                         word(d.m, driver.at.v + DRIVER_DEVICE));
        assert_int_equal(driver.unload.v,
                         word(d.m, driver.at.v + DRIVER_UNLOAD));
        for (uint32_t j = 0; j < INSPECT_MAJORS; j++)
            assert_int_equal(driver.major[j].v,
                             word(d.m, driver.at.v + DRIVER_MAJOR + 4 * j));
        assert_in_range(driver.major[MJ_WRITE].v, image.base.v,
                        image.base.v + image.bytes - 1);
    }
    assert_int_equal(found, 1);
    machine_destroy(d.m);
}

static void the_mdl_of_a_transfer_is_in_use(void **state)
{
    struct inspect_mdl_use use = {0};
    struct inspect_mdl mdl;
    struct inspect_irp irp;
    struct sent sent;
    struct demo d;

    (void)state;
    to_write(&d, &sent);
    assert_true(find_irp(d.m, sent.irp, &irp));
    for (unsigned i = 0; use.at.v != irp.mdl.v; i++)
        assert_true(inspect_mdl_at(d.m, i, &use));
    assert_true(use.locked && use.dma && !use.nonpaged);
    assert_int_equal(use.process, d.process);
    assert_true(inspect_mdl(d.m, use.at, &mdl));
    assert_int_equal(mdl.pages, 2);
    assert_int_equal(mdl.pfn[0], 0x5a0);
    assert_int_equal(mdl.pfn[1], 0x321);
    assert_true(demo_run(&d, MACHINE_FOR_EVER));
    for (unsigned i = 0; inspect_mdl_at(d.m, i, &use); i++)
        assert_false(use.dma);
    machine_destroy(d.m);
}

static void all(const struct machine *m)
{
    struct inspect_device_object device;
    struct inspect_location location;
    struct inspect_driver driver;
    struct inspect_mdl_use use;
    struct inspect_irp irp;
    gva_t queued;

    for (unsigned i = 0; inspect_irp_at(m, i, &irp); i++)
        for (unsigned j = 0; inspect_location_at(m, irp.at, j, &location); j++)
            ;
    for (unsigned i = 0; inspect_device_object_at(m, i, &device); i++) {
        for (unsigned j = 0; inspect_stack_at(m, device.at, j, &device); j++)
            ;
        for (unsigned j = 0; inspect_queued_at(m, device.at, j, &queued); j++)
            assert_true(j < 4096);
    }
    for (unsigned i = 0; inspect_driver_at(m, i, &driver); i++)
        ;
    for (unsigned i = 0; inspect_mdl_at(m, i, &use); i++)
        ;
}

static void poke(struct machine *m, uint32_t at, uint32_t value)
{
    struct hb_error e;

    assert_int_equal(machine_poke_virtual(m, gva_of(at), &value, 4, &e), HB_OK);
}

static void a_packet_of_rubbish_is_told(void **state)
{
    struct inspect_irp irp;
    struct sent sent;
    struct demo d;

    (void)state;
    to_write(&d, &sent);
    for (uint32_t value = 0; value < 4; value++) {
        for (uint32_t i = 0; i < 0x70; i += 4)
            poke(d.m, sent.irp + i, value * 0x55555555);
        all(d.m);
        assert_true(find_irp(d.m, sent.irp, &irp));
        assert_true(irp.damaged);
    }
    machine_destroy(d.m);
}

static void lists_without_an_end_do_not_hold_us(void **state)
{
    struct inspect_device_object device;
    struct sent sent;
    struct demo d;
    uint32_t head;

    (void)state;
    to_write(&d, &sent);
    head = sent.device + DEVICE_QUEUE_HEAD;
    poke(d.m, head, sent.irp + 0x40); /* a ring that misses the head */
    poke(d.m, sent.irp + 0x40, sent.irp + 0x48);
    poke(d.m, sent.irp + 0x48, sent.irp + 0x40);
    all(d.m);
    poke(d.m, sent.irp + 0x40, sent.irp + 0x40); /* itself */
    all(d.m);
    poke(d.m, head, 0xfffffffe); /* nowhere */
    all(d.m);
    poke(d.m, sent.device + DEVICE_ATTACHED, sent.device);
    all(d.m);
    for (uint32_t i = 0; i < 0xb8; i += 4)
        poke(d.m, sent.device + i, 0xfffffff1);
    all(d.m);
    assert_true(inspect_stack_at(d.m, gva_of(sent.device), 0, &device));
    machine_destroy(d.m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_listed_with_its_locations),
        cmocka_unit_test(a_stack_goes_from_the_bus_upwards),
        cmocka_unit_test(a_driver_shows_its_dispatch_routines),
        cmocka_unit_test(the_mdl_of_a_transfer_is_in_use),
        cmocka_unit_test(a_packet_of_rubbish_is_told),
        cmocka_unit_test(lists_without_an_end_do_not_hold_us),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
