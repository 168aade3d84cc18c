/* tests/devices/lpt_test.c -- the parallel port against IEEE 1284-1994,
 * compatibility mode, and the PC/AT's registers. */
#include "bench.h"

extern const struct device_model lpt_model;

enum { DATA = 0x378, STATUS, CONTROL };
enum { ACK = 0x40, READY = 0x80 };

static int setup(void **state)
{
    struct bench *b = bench_create();

    *state = b;
    b->dev = bench_add(b, &lpt_model, NULL);
    bench_start(b);
    bus_out(b->bus, CONTROL, 1, 0x0c); /* INIT# high, selected */
    return 0;
}

static void strobe(struct bench *b, uint8_t byte, unsigned control)
{
    bus_out(b->bus, DATA, 1, byte);
    bus_out(b->bus, CONTROL, 1, control | 1);
    bus_out(b->bus, CONTROL, 1, control);
}

static void registers_read_back(void **state)
{
    struct bench *b = *state;

    bus_out(b->bus, DATA, 1, 0xaa);
    assert_int_equal(bus_in(b->bus, DATA, 1), 0xaa);
    assert_int_equal(bus_in(b->bus, CONTROL, 1), 0xcc);
    assert_int_equal(bus_in(b->bus, STATUS, 1), 0xdf); /* ready, selected */
}

static void a_strobe_prints_and_is_acknowledged(void **state)
{
    struct bench *b = *state;

    bench_trace(b, "stream_out");
    strobe(b, 'A', 0x0c);
    assert_false(bus_in(b->bus, STATUS, 1) & READY);
    strobe(b, 'B', 0x0c); /* too early: lost */
    bench_advance_ns(b, 10000);
    assert_false(bus_in(b->bus, STATUS, 1) & ACK);
    bench_advance_ns(b, 5000);
    assert_int_equal(bus_in(b->bus, STATUS, 1) & (ACK | READY), ACK | READY);
    strobe(b, 'C', 0x0c);
    assert_non_null(strstr(b->trace, "byte=41"));
    assert_null(strstr(b->trace, "byte=42"));
    assert_non_null(strstr(b->trace, "byte=43"));
}

static void the_end_of_ack_interrupts_when_enabled(void **state)
{
    struct bench *b = *state;

    strobe(b, 'A', 0x0c);
    bench_advance_ns(b, 20000);
    assert_false(bus_wire(b->bus, WIRE_IRQ0 + 7));
    strobe(b, 'A', 0x1c);
    bench_advance_ns(b, 14000);
    assert_false(bus_wire(b->bus, WIRE_IRQ0 + 7));
    bench_advance_ns(b, 2000);
    assert_true(bus_wire(b->bus, WIRE_IRQ0 + 7));
    bus_out(b->bus, CONTROL, 1, 0x0c);
    assert_false(bus_wire(b->bus, WIRE_IRQ0 + 7));
}

static void init_stops_the_printer(void **state)
{
    struct bench *b = *state;

    strobe(b, 'A', 0x0c);
    bus_out(b->bus, CONTROL, 1, 0x08);
    assert_true(bus_in(b->bus, STATUS, 1) & READY);
    bench_advance_ns(b, 20000);
    assert_true(bus_in(b->bus, STATUS, 1) & READY);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, bench_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(registers_read_back),
        T(a_strobe_prints_and_is_acknowledged),
        T(the_end_of_ack_interrupts_when_enabled),
        T(init_stops_the_printer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
