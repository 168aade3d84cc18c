/* tests/nt/bus_interface_test.c -- IoGetDmaAdapter and the PDO's own
 * GetDmaAdapter, on a whole machine. Contract ids: DMA-050. */
#include <string.h>

#include "../../images/small/bus_dma.h"
#include "rig.h"

static struct bus_dma ask(struct rig *r, uint32_t pdo, enum bus_answer how)
{
    struct machine_call call = {.kind = CALL_CONTROL,
                                .code = IOCTL_BUS_DMA,
                                .in_bytes = 8,
                                .out_bytes = sizeof(struct bus_dma)};
    const uint32_t in[2] = {pdo, how};
    struct bus_dma seen = {0};
    struct hb_error error;

    call.handle = rig_open(r, "\\\\.\\BusDma");
    machine_buffer(r->m, r->process, sizeof seen, &call.in, &error);
    call.out = call.in;
    machine_user_write(r->m, r->process, call.in, in, sizeof in, &error);
    assert_int_equal(rig_call(r, &call).status, 0);
    assert_true(
        inspect_virtual(r->m, r->process, call.out, &seen, sizeof seen));
    return seen;
}

/* Number and PDO of the edu card's device. */
static uint32_t edu(const struct rig *r, uint32_t *pdo)
{
    struct inspect_pnp d;

    for (unsigned i = 0; inspect_pnp_at(r->m, i, &d); i++)
        if (strncmp(d.hardware_id, "PCI\\VEN_1234&DEV_11E8", 21) == 0) {
            *pdo = d.pdo.v;
            return i + 1;
        }
    fail();
    return 0;
}

static struct rig *machine_with_both(const char *platform, uint32_t *pdo)
{
    static const char *const cards[] = {"edu", NULL};
    struct rig *r = rig_create_on(platform, cards);
    uint32_t image = rig_load(r, "edu.sys"), bus;

    assert_int_equal(rig_finish(r, machine_driver_start(r->m, image)), 0);
    assert_int_equal(
        rig_finish(r, machine_device_start(r->m, edu(r, pdo), image)), 0);
    edu(r, pdo); /* it has a PDO now */
    bus = rig_load(r, "bus_dma.sys");
    assert_int_equal(rig_finish(r, machine_driver_start(r->m, bus)), 0);
    return r;
}

static void on_platform(const char *platform)
{
    uint32_t pdo;
    struct rig *r = machine_with_both(platform, &pdo);

    for (unsigned how = 0; how < BUS_ANSWERS; how++) {
        bool theirs = how == BUS_GIVES || how == BUS_PENDS;
        struct bus_dma seen = ask(r, pdo, how);

        assert_int_equal(seen.adapter, 1);
        assert_int_equal(seen.own, theirs);
        assert_int_equal(seen.count, theirs ? 0x77 : 5);
        assert_int_equal(seen.asked, how != BUS_REFUSES);
        assert_int_equal(seen.references, 0);
        assert_int_equal(seen.irql, 0);
        assert_int_equal(seen.given, theirs || how == BUS_GIVES_NULL);
        assert_int_equal(seen.arguments, seen.given);
        if (seen.asked) {
            assert_int_equal(seen.bytes, 0x20);
            assert_int_equal(seen.version, 1);
            assert_int_equal(seen.status_before, 0xc00000bb);
        }
    }
    assert_false(rig_has(r, "finding"));
    rig_destroy(r);
}

/* DMA-050: an adapter that the PDO's bus interface gives is returned, with what
 * it says; from a bus that gives none comes the HAL's. */
static void the_bus_drivers_adapter_goes_first(void **state)
{
    (void)state;
    on_platform("translate");
    on_platform("bounce");
    on_platform("adapter");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_bus_drivers_adapter_goes_first),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
