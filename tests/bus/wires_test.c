/* tests/bus/wires_test.c -- wired-or lines and the pins on them. */
#include "fake.h"

static int setup(void **state)
{
    struct bench *b = bench_create();

    *state = b;
    bench_add(b, &fake_pins, NULL); /* hears IRQ5 and PIRQA */
    return 0;
}

static struct fake *listener(struct bench *b)
{
    return fake_of(b->dev);
}

/* DEV-031 */
static void intx_is_a_wired_or(void **state)
{
    struct bench *b = *state;
    struct bus_place a = {.has_slot = true, .slot = 5};
    struct bus_place c = {.has_slot = true, .slot = 9};
    struct device *one = bench_add(b, &fake_master, &a);
    struct device *two = bench_add(b, &fake_master, &c);

    bench_start(b);
    assert_int_equal(bus_pirq(5, 1), WIRE_PIRQA);
    assert_int_equal(bus_pirq(9, 1), WIRE_PIRQA);
    irq_set(one, true);
    irq_set(two, true);
    irq_set(one, true); /* again: nothing new */
    assert_true(bus_wire(b->bus, WIRE_PIRQA));
    irq_set(one, false);
    assert_true(bus_wire(b->bus, WIRE_PIRQA));
    irq_set(two, false);
    assert_false(bus_wire(b->bus, WIRE_PIRQA));
    assert_int_equal(listener(b)->lines, 2); /* heard its rise and its fall */
    assert_int_equal(listener(b)->line_pin[0], 1);
    assert_int_equal(listener(b)->line_level[0], 1);
    assert_int_equal(listener(b)->line_level[1], 0);
}

static void slots_rotate_their_interrupt_pins(void **state)
{
    (void)state;
    for (unsigned slot = 0; slot < 32; slot++)
        for (unsigned pin = 1; pin <= 4; pin++)
            assert_int_equal(bus_pirq(slot, pin),
                             WIRE_PIRQA + (slot + 3 + pin - 1) % 4);
}

static void isa_cards_drive_the_irq_they_are_strapped_to(void **state)
{
    struct bench *b = *state;
    struct bus_place at = {.has_irq = true, .irq = 5};
    struct device *card = bench_add(b, &fake_bytes, &at);

    bench_start(b);
    irq_set(card, true);
    assert_true(bus_wire(b->bus, WIRE_IRQ0 + 5));
    assert_true(line_get(b->dev, 0));
    assert_int_equal(listener(b)->line_pin[0], 0);
}

static void an_output_pin_and_a_card_share_a_wire(void **state)
{
    struct bench *b = *state;
    struct bus_place at = {.has_irq = true, .irq = 5};
    struct device *card = bench_add(b, &fake_bytes, &at);

    bench_start(b);
    line_set(b->dev, 3, true);
    irq_set(card, true);
    line_set(b->dev, 3, false);
    assert_true(bus_wire(b->bus, WIRE_IRQ0 + 5));
    irq_set(card, false);
    assert_false(bus_wire(b->bus, WIRE_IRQ0 + 5));
}

static void intr_is_a_pin_of_the_cpu(void **state)
{
    struct bench *b = *state;

    bench_start(b);
    assert_false(bus_pins(b->bus)->intr);
    line_set(b->dev, 0, true);
    assert_true(bus_pins(b->bus)->intr);
    line_set(b->dev, 0, false);
    assert_false(bus_pins(b->bus)->intr);
}

static void a_pulse_on_reset_is_latched(void **state)
{
    struct bench *b = *state;

    bench_start(b);
    line_set(b->dev, 1, true);
    line_set(b->dev, 1, false);
    assert_true(bus_pins(b->bus)->reset);
    bus_reset(b->bus);
    assert_false(bus_pins(b->bus)->reset);
}

static void a20_follows_its_driver_and_is_open_without_one(void **state)
{
    struct bench *b = *state, *other = bench_create();

    bench_start(b);
    assert_false(bus_pins(b->bus)->a20);
    line_set(b->dev, 2, true);
    assert_true(bus_pins(b->bus)->a20);
    bench_start(other);
    assert_true(bus_pins(other->bus)->a20);
    bench_destroy(other);
}

static void reset_lets_go_of_every_wire(void **state)
{
    struct bench *b = *state;
    struct device *card = bench_add(b, &fake_master, NULL);

    bench_start(b);
    irq_set(card, true);
    line_set(b->dev, 0, true);
    bus_reset_device(card);
    assert_false(bus_wire(b->bus, bus_pirq(3, 1)));
    assert_true(bus_pins(b->bus)->intr);
    bus_reset(b->bus);
    assert_false(bus_pins(b->bus)->intr);
}

static void a_wire_change_is_an_event(void **state)
{
    struct bench *b = *state;

    bench_start(b);
    bench_trace(b, "line");
    line_set(b->dev, 0, true);
    line_set(b->dev, 0, true);
    line_set(b->dev, 0, false);
    assert_string_equal(b->trace,
                        "0 line line=INTR level=1\n0 line line=INTR level=0\n");
}

static void every_wire_has_a_name_of_its_own(void **state)
{
    (void)state;
    for (unsigned i = 0; i < WIRE_COUNT; i++) {
        assert_non_null(bus_wire_name((enum wire)i));
        for (unsigned j = 0; j < i; j++)
            assert_string_not_equal(bus_wire_name((enum wire)i),
                                    bus_wire_name((enum wire)j));
    }
    assert_string_equal(bus_wire_name(WIRE_IRQ0 + 12), "IRQ12");
    assert_string_equal(bus_wire_name(WIRE_DREQ0 + 6), "DREQ6");
    assert_string_equal(bus_wire_name(WIRE_REFRESH), "REFRESH");
}

static void inta_without_a_controller_reads_ones(void **state)
{
    struct bench *b = *state;

    bench_start(b);
    assert_int_equal(bus_inta(b->bus), 0xff);
}

static void wires_survive_a_save(void **state)
{
    struct bench *b = *state, *other;
    struct saver saved;

    bench_start(b);
    line_set(b->dev, 0, true);
    bench_save(b, &saved);
    other = bench_create();
    bench_add(other, &fake_pins, NULL);
    bench_start(other);
    bench_load(other, &saved);
    assert_true(bus_pins(other->bus)->intr);
    line_set(other->dev, 0, false);
    assert_false(bus_pins(other->bus)->intr);
    saver_fini(&saved);
    bench_destroy(other);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, bench_teardown)
    const struct CMUnitTest tests[] = {
        T(intx_is_a_wired_or),
        T(slots_rotate_their_interrupt_pins),
        T(isa_cards_drive_the_irq_they_are_strapped_to),
        T(an_output_pin_and_a_card_share_a_wire),
        T(intr_is_a_pin_of_the_cpu),
        T(a_pulse_on_reset_is_latched),
        T(a20_follows_its_driver_and_is_open_without_one),
        T(reset_lets_go_of_every_wire),
        T(a_wire_change_is_an_event),
        T(every_wire_has_a_name_of_its_own),
        T(inta_without_a_controller_reads_ones),
        T(wires_survive_a_save),
    };

    return cmocka_run_group_tests_name("wires", tests, NULL, NULL);
}
