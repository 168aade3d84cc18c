/* tests/devices/bridges_test.c -- i440FX (configuration mechanism 1), PIIX3
 * (interrupt steering) and adapter RAM, together as on the board. */
#include "bench.h"

extern const struct device_model i440fx_model, piix3_model, adram_model;

static int setup(void **state)
{
    struct bench *b = bench_create();
    struct bus_place host = {.has_slot = true, .slot = 0};
    struct bus_place isa = {.has_slot = true, .slot = 1};
    struct bus_place card = {.has_slot = true, .slot = 3};

    *state = b;
    bench_add(b, &i440fx_model, &host);
    bench_add(b, &piix3_model, &isa);
    b->dev = bench_add(b, &adram_model, &card);
    bench_start(b);
    return 0;
}

static void select_register(struct bench *b, unsigned slot, unsigned offset)
{
    bus_out(b->bus, 0xcf8, 4, 0x80000000u | slot << 11 | (offset & 0xfc));
}

static uint32_t config(struct bench *b, unsigned slot, unsigned offset,
                       unsigned bytes)
{
    select_register(b, slot, offset);
    return bus_in(b->bus, (uint16_t)(0xcfc + (offset & 3)), bytes);
}

/* DEV-026 */
static void mechanism_1_reaches_functions_by_slot(void **state)
{
    struct bench *b = *state;

    assert_int_equal(config(b, 0, 0, 4), 0x12378086);
    assert_int_equal(config(b, 1, 0, 4), 0x70008086);
    assert_int_equal(config(b, 3, 0, 4), 0x10ad1234);
    assert_int_equal(config(b, 3, 2, 2), 0x10ad);
    assert_int_equal(config(b, 3, 3, 1), 0x10);
}

/* DEV-026 */
static void absent_function_reads_ones_and_drops_writes(void **state)
{
    struct bench *b = *state;

    assert_int_equal(config(b, 9, 0, 4), UINT32_MAX);
    select_register(b, 9, 4);
    bus_out(b->bus, 0xcfc, 4, 7);
    assert_int_equal(config(b, 9, 4, 4), UINT32_MAX);
}

static void address_register_takes_dwords_alone(void **state)
{
    struct bench *b = *state;

    bus_out(b->bus, 0xcf8, 4, 0x80001800);
    bus_out(b->bus, 0xcf8, 1, 0x55);
    bus_out(b->bus, 0xcfa, 2, 0x5555);
    assert_int_equal(bus_in(b->bus, 0xcf8, 4), 0x80001800);
}

static void disabled_address_makes_no_cycle(void **state)
{
    struct bench *b = *state;

    bus_out(b->bus, 0xcf8, 4, 0x00001800);
    assert_int_equal(bus_in(b->bus, 0xcfc, 4), UINT32_MAX);
}

static void bridge_registers_keep_their_writable_bits(void **state)
{
    struct bench *b = *state;

    select_register(b, 0, 0x58);
    bus_out(b->bus, 0xcfc, 4, 0xffffffff);
    assert_int_equal(config(b, 0, 0x58, 4), 0xfffff0ff);
    select_register(b, 1, 0x60);
    bus_out(b->bus, 0xcfc, 4, 0xffffffff);
    assert_int_equal(config(b, 1, 0x60, 4), 0x8f8f8f8f);
}

/* DEV-031 */
static void intx_is_steered_to_the_routed_irq(void **state)
{
    struct bench *b = *state;
    unsigned pirq = bus_pirq(3, 1) - WIRE_PIRQA;

    bench_write(b, b->dev, 1, 8, 4, 1);
    assert_true(bus_wire(b->bus, bus_pirq(3, 1)));
    for (unsigned irq = 0; irq < 16; irq++)
        assert_false(bus_wire(b->bus, WIRE_IRQ0 + irq));
    select_register(b, 1, 0x60);
    bus_out(b->bus, (uint16_t)(0xcfc + pirq), 1, 11);
    assert_true(bus_wire(b->bus, WIRE_IRQ0 + 11));
    bench_write(b, b->dev, 1, 8, 4, 0);
    assert_false(bus_wire(b->bus, WIRE_IRQ0 + 11));
}

static void reserved_irqs_are_never_driven(void **state)
{
    static const uint8_t reserved[] = {0, 1, 2, 8, 13};
    struct bench *b = *state;
    unsigned pirq = bus_pirq(3, 1) - WIRE_PIRQA;

    bench_write(b, b->dev, 1, 8, 4, 1);
    for (unsigned i = 0; i < sizeof reserved; i++) {
        select_register(b, 1, 0x60);
        bus_out(b->bus, (uint16_t)(0xcfc + pirq), 1, reserved[i]);
        assert_false(bus_wire(b->bus, WIRE_IRQ0 + reserved[i]));
    }
}

static void reset_control_pulses_reset(void **state)
{
    struct bench *b = *state;

    bench_trace(b, "line");
    bus_out(b->bus, 0xcf9, 1, 2);
    assert_int_equal(bench_count(b, "line"), 0);
    bus_out(b->bus, 0xcf9, 1, 6);
    assert_int_equal(bench_count(b, "line"), 2);
    bus_out(b->bus, 0xcf9, 1, 6); /* no rising bit */
    assert_int_equal(bench_count(b, "line"), 2);
    assert_true(bus_pins(b->bus)->reset);
    assert_false(bus_pins(b->bus)->init);
    bus_out(b->bus, 0xcf9, 1, 0);
    bus_out(b->bus, 0xcf9, 1, 4); /* the CPU alone */
    assert_true(bus_pins(b->bus)->init);
}

static void adapter_ram_is_memory_of_its_size(void **state)
{
    struct bench *b = *state;
    uint64_t base = bench_base(b->dev, 0);

    assert_int_equal(bench_read(b, b->dev, 1, 0, 4), 0x4d524441);
    assert_int_equal(bench_read(b, b->dev, 1, 4, 4), 1 << 20);
    bus_store(b->bus, gpa_of(base + 0xffffc), 4, 0xdeadbeef);
    assert_int_equal(bus_load(b->bus, gpa_of(base + 0xffffd), 1), 0xbe);
    assert_int_equal(bus_load(b->bus, gpa_of(base), 4), 0);
}

/* docs/devices/adram.md, BAR 1 */
static void adapter_ram_interrupt_drives_inta(void **state)
{
    struct bench *b = *state;

    bench_write(b, b->dev, 1, 8, 4, UINT32_MAX);
    assert_int_equal(bench_read(b, b->dev, 1, 8, 4), 1);
    assert_true(bench_irq(b));
    bench_write(b, b->dev, 1, 8, 4, 0xfffffffe);
    assert_int_equal(bench_read(b, b->dev, 1, 8, 4), 0);
    assert_false(bench_irq(b));
    bench_write(b, b->dev, 1, 8, 4, 1);
    bus_reset(b->bus);
    assert_false(bench_irq(b));
}

static void adapter_ram_id_and_bytes_are_read_only(void **state)
{
    struct bench *b = *state;

    bench_trace(b, "guest_error");
    for (uint32_t offset = 0; offset < 16; offset += 4)
        if (offset != 8)
            bench_write(b, b->dev, 1, offset, 4, 0x12345678);
    assert_int_equal(bench_count(b, "read only"), 3);
    assert_int_equal(bench_read(b, b->dev, 1, 0, 4), 0x4d524441);
    assert_int_equal(bench_read(b, b->dev, 1, 4, 4), 1 << 20);
    assert_int_equal(bench_read(b, b->dev, 1, 12, 4), 0);
}

static void adapter_ram_registers_take_dwords_alone(void **state)
{
    struct bench *b = *state;

    bench_trace(b, "guest_error");
    assert_int_equal(bench_read(b, b->dev, 1, 0, 1), 0xff);
    assert_int_equal(bench_read(b, b->dev, 1, 0, 2), 0xffff);
    assert_int_equal(bench_read(b, b->dev, 1, 2, 4), UINT32_MAX);
    bench_write(b, b->dev, 1, 8, 1, 1);
    assert_int_equal(bench_read(b, b->dev, 1, 8, 4), 0);
    assert_true(bench_count(b, "guest_error") >= 4);
}

/* DEV-027 */
static void adapter_ram_bar_reads_back_its_size_mask(void **state)
{
    struct bench *b = *state;

    select_register(b, 3, 0x10);
    bus_out(b->bus, 0xcfc, 4, UINT32_MAX);
    assert_int_equal(bus_in(b->bus, 0xcfc, 4) & ~15u, 0xfff00000);
}

/* 82371SB, 2.5.6 */
static void port_92_gates_a20_and_restarts_the_cpu(void **state)
{
    struct bench *b = *state;

    assert_int_equal(bus_in(b->bus, 0x92, 1), 0);
    assert_false(bus_wire(b->bus, WIRE_A20));
    bus_out(b->bus, 0x92, 1, 2);
    assert_true(bus_wire(b->bus, WIRE_A20));
    assert_false(bus_pins(b->bus)->init);
    bus_out(b->bus, 0x92, 1, 3);
    assert_true(bus_pins(b->bus)->init);
    bus_take_init(b->bus);
    bus_out(b->bus, 0x92, 1, 3); /* it has not risen again */
    assert_false(bus_pins(b->bus)->init);
}

/* 82371SB, FERR# and IGNNE#. */
static void coprocessor_errors_are_irq_13_until_port_f0_is_written(void **state)
{
    struct bench *b = *state;

    bus_out(b->bus, 0xf0, 1, 0); /* no error: IGNNE# stays off */
    assert_false(bus_pins(b->bus)->ignne);
    bus_ferr(b->bus, true);
    assert_true(bus_wire(b->bus, WIRE_IRQ0 + 13));
    assert_false(bus_pins(b->bus)->ignne);
    bus_out(b->bus, 0xf0, 1, 0);
    assert_false(bus_wire(b->bus, WIRE_IRQ0 + 13));
    assert_true(bus_pins(b->bus)->ignne);
    bus_ferr(b->bus, false);
    assert_false(bus_pins(b->bus)->ignne);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, bench_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(mechanism_1_reaches_functions_by_slot),
        CASE(absent_function_reads_ones_and_drops_writes),
        CASE(address_register_takes_dwords_alone),
        CASE(disabled_address_makes_no_cycle),
        CASE(bridge_registers_keep_their_writable_bits),
        CASE(intx_is_steered_to_the_routed_irq),
        CASE(reserved_irqs_are_never_driven),
        CASE(reset_control_pulses_reset),
        CASE(adapter_ram_is_memory_of_its_size),
        CASE(adapter_ram_interrupt_drives_inta),
        CASE(adapter_ram_id_and_bytes_are_read_only),
        CASE(adapter_ram_registers_take_dwords_alone),
        CASE(adapter_ram_bar_reads_back_its_size_mask),
        CASE(port_92_gates_a20_and_restarts_the_cpu),
        CASE(coprocessor_errors_are_irq_13_until_port_f0_is_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
