/* tests/nt/pnp_test.c -- a WDM driver and its PCI card: found, added, started,
 * used, stopped, removed. Contract ids: RES-001 ... RES-041. */
#include <string.h>

#include "rig.h"

enum { SUCCESS = 0, DIRECT = 0x10 };

struct pnp {
    struct rig *r;
    uint32_t image, device;
};

/* The number of the first device whose hardware id begins with @id. */
static uint32_t find_device(const struct rig *r, const char *id)
{
    struct inspect_pnp d;

    for (unsigned i = 0; inspect_pnp_at(r->m, i, &d); i++)
        if (strncmp(d.hardware_id, id, strlen(id)) == 0)
            return i + 1;
    fail_msg("no device %s", id);
    return 0;
}

static int setup(void **state)
{
    static const char *const cards[] = {"edu", NULL};
    static struct pnp place;
    struct pnp *p = &place;

    p->r = rig_create(cards);
    p->image = rig_load(p->r, "edu.sys");
    p->device = find_device(p->r, "PCI\\VEN_1234&DEV_11E8");
    assert_int_equal(rig_finish(p->r, machine_driver_start(p->r->m, p->image)),
                     SUCCESS);
    *state = p;
    return 0;
}

static int teardown(void **state)
{
    struct pnp *p = *state;

    rig_destroy(p->r);
    return 0;
}

static void start(struct pnp *p)
{
    assert_int_equal(
        rig_finish(p->r, machine_device_start(p->r->m, p->device, p->image)),
        SUCCESS);
}

static void a_started_device_can_be_opened(void **state)
{
    struct pnp *p = *state;

    start(p);
    assert_int_not_equal(rig_open(p->r, "\\\\.\\Edu0"), 0);
}

static void a_buffer_goes_out_and_comes_back(void **state)
{
    struct pnp *p = *state;
    struct machine_call call = {.kind = CALL_WRITE, .in_bytes = 4096};
    struct hb_error error;
    uint8_t out[4096], back[4096];
    struct machine_result result;

    start(p);
    call.handle = rig_open(p->r, "\\\\.\\Edu0");
    for (unsigned i = 0; i < sizeof out; i++)
        out[i] = (uint8_t)(i * 7 + i / 256);
    machine_buffer(p->r->m, p->r->process, 4096, &call.in, &error);
    machine_buffer(p->r->m, p->r->process, 4096, &call.out, &error);
    machine_user_write(p->r->m, p->r->process, call.in, out, sizeof out,
                       &error);
    result = rig_call(p->r, &call);
    assert_int_equal(result.status, SUCCESS);
    assert_int_equal(result.information, 4096);
    call.kind = CALL_READ;
    call.out_bytes = 4096;
    result = rig_call(p->r, &call);
    assert_int_equal(result.status, SUCCESS);
    assert_true(
        inspect_virtual(p->r->m, p->r->process, call.out, back, sizeof back));
    assert_memory_equal(out, back, sizeof out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_started_device_can_be_opened, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_buffer_goes_out_and_comes_back, setup,
                                        teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
