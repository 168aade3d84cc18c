/* tests/consumer/driver_test.c -- a driver's own test: it writes a buffer that
 * is scattered over memory, and looks where each page went in all three address
 * spaces. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <halbox/control.h>
#include <halbox/inspect.h>

static const uint32_t frames[] = {0x5a0, 0x321, 0x777}; /* physical pages */

/** A machine with the card, the driver started, a client with the buffer. */
struct bench {
    struct machine *m;
    uint32_t process, client;
    gva_t buffer;
};

static int setup(void **state)
{
    static struct bench b; /* each test starts it anew */
    struct machine_config config;
    struct hb_error e = {0};
    uint32_t image;

    *state = &b;
    if (machine_config_init(&config, "translate", &e) ||
        machine_config_device(&config, "edu", &e) ||
        machine_create(&b.m, &config, &e) ||
        machine_load_driver_file(b.m, DRIVER, &image, &e) ||
        machine_start(b.m, 1000000000, &e) ||
        !(b.process = machine_process(b.m, "test", &e)) ||
        !(b.client = machine_client(b.m, b.process, &e)) ||
        machine_buffer_pages(b.m, b.process, frames, 3, 0, &b.buffer, &e))
        fail_msg("%s", e.text);
    return 0;
}

static int teardown(void **state)
{
    machine_destroy(((struct bench *)*state)->m);
    return 0;
}

static void call(struct bench *b, const struct machine_call *what,
                 struct machine_result *result)
{
    uint32_t ticket = machine_post(b->m, b->client, what);
    struct machine_stop stop = {0};

    if (machine_wait(b->m, ticket, WAIT_IO, 1000000000, &stop) != STOP_TICKET)
        fail_msg("%s: %s", machine_stop_name(stop.reason), stop.text);
    assert_true(machine_result(b->m, ticket, result));
    assert_int_equal(result->io_status, 0);
}

/** The page of the buffer at @va as the HAL mapped it for DMA. */
static struct inspect_page mapped_page(struct bench *b, gva_t va)
{
    struct inspect_page page;

    for (unsigned i = 0; inspect_page_at(b->m, i, &page); i++) {
        if (!page.common && page.va.v == va.v)
            return page;
    }
    fail_msg("0x%08x is not mapped for DMA", va.v);
    return page;
}

static void each_page_goes_where_the_map_register_says(void **state)
{
    struct bench *b = *state;
    struct machine_call open = {.kind = CALL_OPEN, .path = "\\\\.\\Edu0"};
    struct machine_call write = {.kind = CALL_WRITE, .in_bytes = 3 * 4096};
    struct machine_breakpoint start = {.glob = "dma_start"};
    struct machine_result r;

    call(b, &open, &r);
    write.handle = r.handle;
    write.in = b->buffer;
    machine_post(b->m, b->client, &write);
    assert_true(machine_break(b->m, &start, NULL));
    assert_int_equal(machine_run(b->m, MACHINE_FOR_EVER, NULL),
                     STOP_BREAKPOINT);
    for (unsigned i = 0; i < 3; i++) {
        gva_t va = gva_add(b->buffer, i * 4096);
        struct inspect_page page = mapped_page(b, va);
        struct inspect_logical bus;
        struct inspect_walk walk;

        assert_true(inspect_translate(b->m, b->process, va, &walk));
        assert_int_equal(walk.pa.v, frames[i] * 4096); /* virtual, PTE */
        assert_int_equal(page.owner.v, walk.pa.v);     /* MDL */
        assert_true(
            inspect_logical(b->m, "edu", page.dla, DMA_TO_DEVICE, &bus));
        assert_true(bus.in_window && bus.pa.v == walk.pa.v); /* map register */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            each_page_goes_where_the_map_register_says, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
