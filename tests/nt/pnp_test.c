/* tests/nt/pnp_test.c -- a WDM driver and its PCI card: found, added, started,
 * used, stopped, removed. Contract ids: RES-001 ... RES-041. */
#include <string.h>

#include "board/board.h"
#include "iotest.h"

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

static uint32_t request(struct pnp *p, enum machine_pnp what)
{
    return rig_finish(p->r, machine_device_request(p->r->m, p->device, what));
}

static struct inspect_pnp device(const struct pnp *p)
{
    struct inspect_pnp d;

    assert_true(inspect_pnp_at(p->r->m, p->device - 1, &d));
    return d;
}

/* The log's lines from the first that contains @a on contain @b later. */
static void assert_order(const struct rig *r, const char *a, const char *b)
{
    const char *at = strstr(r->log, a);

    assert_non_null(at);
    assert_non_null(strstr(at, b));
}

/* RES-001, RES-034: requirements are asked for before AddDevice, the filter
 * comes after it, then START; then what can it do, how is it, what is below. */
static void a_start_asks_in_the_documented_order(void **state)
{
    struct pnp *p = *state;

    start(p);
    assert_order(p->r, "major=1b minor=b ", "minor=add");
    assert_order(p->r, "minor=add", "major=1b minor=d ");
    assert_order(p->r, "major=1b minor=d ", "major=1b minor=0 ");
    assert_order(p->r, "major=1b minor=0 ", "major=1b minor=9 ");
    assert_order(p->r, "major=1b minor=9 ", "major=1b minor=14 ");
    assert_order(p->r, "major=1b minor=14 ", "major=1b minor=7 ");
    assert_int_equal(device(p).state, PNP_STATE_STARTED);
    assert_int_equal(device(p).image, p->image);
    assert_int_not_equal(device(p).top.v, device(p).pdo.v);
}

/* RES-035: before START there is nothing to open. */
static void an_unstarted_device_cannot_be_opened(void **state)
{
    struct pnp *p = *state;
    struct machine_call call = {.kind = CALL_OPEN, .path = "\\\\.\\Edu0"};

    assert_int_not_equal(rig_call(p->r, &call).status, SUCCESS);
}

/* RES-037: QUERY_STOP, STOP; then START with lists as before. */
static void a_stopped_device_starts_again(void **state)
{
    struct pnp *p = *state;
    struct machine_call call = {.kind = CALL_OPEN, .path = "\\\\.\\Edu0"};

    start(p);
    assert_int_equal(request(p, PNP_STOP), SUCCESS);
    assert_int_equal(device(p).state, PNP_STATE_STOPPED);
    assert_order(p->r, "major=1b minor=5 ", "major=1b minor=4 ");
    assert_int_not_equal(rig_call(p->r, &call).status, SUCCESS);
    assert_int_equal(request(p, PNP_RESTART), SUCCESS);
    assert_int_equal(rig_call(p->r, &call).status, SUCCESS);
}

/* RES-039: QUERY_REMOVE, REMOVE; the function driver's device is gone, and the
 * device can be started once more. */
static void a_removed_device_leaves_its_stack(void **state)
{
    struct pnp *p = *state;

    start(p);
    assert_int_equal(request(p, PNP_REMOVE), SUCCESS);
    assert_order(p->r, "major=1b minor=1 ", "major=1b minor=2 ");
    assert_int_equal(device(p).state, PNP_STATE_REMOVED);
    assert_int_equal(device(p).top.v, device(p).pdo.v);
    start(p);
    assert_int_not_equal(rig_open(p->r, "\\\\.\\Edu0"), 0);
}

/* RES-039: SURPRISE_REMOVAL at once, REMOVE when the last handle is closed. */
static void a_pulled_device_is_removed_when_its_file_is_closed(void **state)
{
    struct pnp *p = *state;
    struct machine_call close = {.kind = CALL_CLOSE};
    struct machine_stop stop;

    start(p);
    close.handle = rig_open(p->r, "\\\\.\\Edu0");
    assert_int_equal(request(p, PNP_SURPRISE), SUCCESS);
    assert_int_equal(device(p).state, PNP_STATE_SURPRISED);
    assert_false(rig_has(p->r, "major=1b minor=2 "));
    rig_call(p->r, &close);
    machine_run(p->r->m, machine_position(p->r->m).tick + 100000, &stop);
    assert_true(rig_has(p->r, "major=1b minor=2 "));
    assert_int_equal(device(p).state, PNP_STATE_REMOVED);
}

/* RES-041: its registers and its configuration space read as ones, writes to
 * them go nowhere; put in again it is as after power-on. */
static void a_pulled_card_answers_no_more(void **state)
{
    struct pnp *p = *state;
    struct bus *bus = p->r->m->bus;
    uint32_t bar;

    start(p);
    bar = inspect_config(p->r->m, 0, device(p).slot, 0, 0x10) & ~15u;
    assert_int_not_equal(bus_load(bus, gpa_of(bar), 4), 0xffffffffu);
    assert_int_equal(request(p, PNP_SURPRISE), SUCCESS);
    assert_int_equal(bus_load(bus, gpa_of(bar), 4), 0xffffffffu);
    bus_store(bus, gpa_of(bar + 4), 4, 0x12345678);
    assert_int_equal(bus_load(bus, gpa_of(bar + 4), 4), 0xffffffffu);
    assert_int_equal(inspect_config(p->r->m, 0, device(p).slot, 0, 0),
                     0xffffffffu);
    start(p);
    assert_int_not_equal(bus_load(bus, gpa_of(bar + 4), 4), ~0x12345678u);
    assert_int_equal(device(p).state, PNP_STATE_STARTED);
}

/* RES-041: and so do its ports. */
static void a_pulled_cards_ports_are_ones(void **state)
{
    struct pnp *p = *state;
    static const char *const cards[] = {"isacard", NULL};
    struct rig *r = rig_create(cards);
    uint32_t image = rig_load(r, "isa_slave.sys");
    uint32_t number = find_device(r, "ISA\\HBX0001");

    (void)p;
    rig_finish(r, machine_driver_start(r->m, image));
    assert_int_equal(rig_finish(r, machine_device_start(r->m, number, image)),
                     SUCCESS);
    assert_int_not_equal(bus_in(r->m->bus, 0x300, 2), 0xffff);
    rig_finish(r, machine_device_request(r->m, number, PNP_SURPRISE));
    assert_int_equal(bus_in(r->m->bus, 0x300, 2), 0xffff);
    bus_out(r->m->bus, 0x30e, 2, 0);
    assert_int_equal(bus_in(r->m->bus, 0x30e, 2), 0xffff);
    rig_destroy(r);
}

static void power_goes_down_and_up(void **state)
{
    struct pnp *p = *state;

    start(p);
    assert_int_equal(request(p, PNP_POWER_DOWN), SUCCESS);
    assert_int_equal(request(p, PNP_POWER_UP), SUCCESS);
    assert_int_equal(rig_count(p->r, "major=16 minor=2 "), 4);
}

static void requests_that_do_not_fit_are_refused(void **state)
{
    struct pnp *p = *state;

    assert_int_not_equal(request(p, PNP_STOP), SUCCESS);
    assert_int_not_equal(request(p, PNP_RESTART), SUCCESS);
    start(p);
    assert_int_not_equal(
        rig_finish(p->r, machine_device_start(p->r->m, p->device, p->image)),
        SUCCESS);
    assert_int_not_equal(
        rig_finish(p->r, machine_device_start(p->r->m, 99, p->image)), SUCCESS);
}

/* A device opened through its interface: a path of its class's GUID. */
static void an_interface_is_opened_by_its_guid(void **state)
{
    struct pnp *p = *state;

    start(p);
    assert_int_not_equal(
        rig_open(p->r, "{6a2f9c1e-31d4-4c8b-9e57-0bd1a5e0ed00}"), 0);
}

/* The edu driver's interface class. */
static const uint8_t guid[16] = {0x1e, 0x9c, 0x2f, 0x6a, 0xd4, 0x31,
                                 0x8b, 0x4c, 0x9e, 0x57, 0x0b, 0xd1,
                                 0xa5, 0xe0, 0xed, 0x00};

/* What another driver learns about the PDO: properties, interfaces, power. */
static void a_pdo_answers_questions(void **state)
{
    struct pnp *p = *state;
    struct machine_call call = {.kind = CALL_CONTROL,
                                .code = IOTEST_PDO,
                                .in_bytes = 20,
                                .out_bytes = 64};
    struct hb_error error;
    uint32_t out[IOTEST_WORDS], pdo;
    struct machine_stop stop;
    unsigned relations, states;
    uint8_t in[20];

    rig_finish(p->r,
               machine_driver_start(p->r->m, rig_load(p->r, "iotest.sys")));
    start(p);
    relations = rig_count(p->r, "major=1b minor=7 ");
    states = rig_count(p->r, "major=1b minor=14 ");
    pdo = device(p).pdo.v;
    memcpy(in, &pdo, 4);
    memcpy(in + 4, guid, 16);
    call.handle = rig_open(p->r, "\\\\.\\IoTest");
    machine_buffer(p->r->m, p->r->process, 64, &call.in, &error);
    call.out = call.in;
    machine_user_write(p->r->m, p->r->process, call.in, in, 20, &error);
    assert_int_equal(rig_call(p->r, &call).status, SUCCESS);
    assert_true(inspect_virtual(p->r->m, p->r->process, call.out, out, 64));
    assert_int_equal(out[0], SUCCESS);
    assert_int_equal(out[1], 2 * (sizeof "PCI\\VEN_1234&DEV_11E8" + 1));
    assert_int_equal(out[2], 1);
    assert_int_equal(out[3], 0xc0000023u); /* BUFFER_TOO_SMALL */
    assert_int_equal(out[5], 5);           /* PCIBus */
    assert_int_equal(out[7], (uint32_t)device(p).slot << 16);
    assert_int_equal(out[8], SUCCESS);
    assert_int_equal(out[9], 1);
    assert_int_equal(out[10], 0x103); /* PENDING */
    assert_int_equal(out[11], 1);
    assert_int_equal(out[12], 0x201); /* SET_POWER, D0 */
    assert_int_equal(out[13], 0x31);
    assert_int_equal(out[14], SUCCESS);
    assert_int_equal(out[15], 0xc0000010u);
    /* IoInvalidateDeviceRelations and IoInvalidateDeviceState: asked again */
    machine_run(p->r->m, machine_position(p->r->m).tick + 100000, &stop);
    assert_int_equal(rig_count(p->r, "major=1b minor=7 "), 2 * relations);
    assert_int_equal(rig_count(p->r, "major=1b minor=14 "), 2 * states);
    assert_int_equal(rig_irps(p->r), 0);
}

/* Who registered hears of what is there, of removals and of arrivals. */
static void listeners_hear_of_interfaces(void **state)
{
    struct pnp *p = *state;
    struct machine_call call = {
        .kind = CALL_CONTROL, .code = IOTEST_LISTEN, .in_bytes = sizeof guid};
    struct hb_error error;
    uint32_t listener = rig_load(p->r, "iotest.sys");

    rig_finish(p->r, machine_driver_start(p->r->m, listener));
    start(p);
    call.handle = rig_open(p->r, "\\\\.\\IoTest");
    machine_buffer(p->r->m, p->r->process, 16, &call.in, &error);
    machine_user_write(p->r->m, p->r->process, call.in, guid, sizeof guid,
                       &error);
    assert_int_equal(rig_call(p->r, &call).status, SUCCESS);
    request(p, PNP_REMOVE);
    start(p);
    call = (struct machine_call){.kind = CALL_CLOSE, .handle = call.handle};
    rig_call(p->r, &call);
    assert_int_equal(rig_count(p->r, "iotest: arrival"), 2);
    assert_int_equal(rig_count(p->r, "iotest: removal"), 1);
    assert_true(rig_has(p->r, "PCI#VEN_1234&DEV_11E8#"));
    assert_int_equal(rig_finish(p->r, machine_driver_unload(p->r->m, listener)),
                     SUCCESS);
}

#define PNP_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PNP_TEST(a_started_device_can_be_opened),
        PNP_TEST(a_buffer_goes_out_and_comes_back),
        PNP_TEST(a_start_asks_in_the_documented_order),
        PNP_TEST(an_unstarted_device_cannot_be_opened),
        PNP_TEST(a_stopped_device_starts_again),
        PNP_TEST(a_removed_device_leaves_its_stack),
        PNP_TEST(a_pulled_device_is_removed_when_its_file_is_closed),
        PNP_TEST(a_pulled_card_answers_no_more),
        PNP_TEST(a_pulled_cards_ports_are_ones),
        PNP_TEST(power_goes_down_and_up),
        PNP_TEST(requests_that_do_not_fit_are_refused),
        PNP_TEST(a_pdo_answers_questions),
        PNP_TEST(listeners_hear_of_interfaces),
        PNP_TEST(an_interface_is_opened_by_its_guid),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
