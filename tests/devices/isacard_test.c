/* tests/devices/isacard_test.c -- the ISA data card: its registers alone, and
 * how it asks a channel for units. Oracle: docs/devices/isacard.md. */
#include "bench.h"

enum {
    DATA = 0,
    ID = 2,
    CONTROL = 4,
    STATUS = 6,
    POINTER = 8,
    COUNT = 10,
    PERIOD = 12,
    BURST = 14
};
enum {
    RUN = 1,
    TO_MEMORY = 2,
    IRQ = 4,
    CONTINUE = 8,
    DEMAND = 0x10,
    BLOCK = 0x20,
    RESET = 0x80
};
enum { BUSY = 1, TC = 2, INTERRUPT = 4, DREQ = 8, COUNTED = 16 };

static struct bench *begin(int irq, int channel)
{
    struct bench *b = bench_create();

    bench_add_isa(b, device_model_find("isacard"), irq, channel);
    bench_add(b, device_model_find("dma8237"), NULL);
    bench_start(b);
    bench_out8(b, 0xd6, 0xc0);
    bench_out8(b, 0xd4, 0);
    return b;
}

static int setup(void **state)
{
    *state = begin(5, 1);
    return 0;
}

static int setup_words(void **state)
{
    *state = begin(5, 5);
    return 0;
}

/* Channel 1 at 1000h, @bytes, mode @mode | 1, open. */
static void open_channel(struct bench *b, unsigned mode, unsigned bytes)
{
    bench_out8(b, 0x0a, 5);
    bench_out8(b, 0x0c, 0);
    bench_out8(b, 0x0b, (uint8_t)(mode | 1));
    bench_out8(b, 2, 0);
    bench_out8(b, 2, 0x10);
    bench_out8(b, 0x83, 0);
    bench_out8(b, 3, (uint8_t)(bytes - 1));
    bench_out8(b, 3, (uint8_t)((bytes - 1) >> 8));
    bench_out8(b, 0x0a, 1);
}

static void fill(struct bench *b, unsigned bytes)
{
    bench_set16(b, POINTER, 0);
    for (unsigned i = 0; i < bytes; i++)
        bench_set8(b, DATA, (uint8_t)(i + 1));
    bench_set16(b, POINTER, 0);
}

/* ---- registers ---------------------------------------------------------- */

static void id_is_read_only(void **state)
{
    assert_int_equal(bench_get16(*state, ID), 0x4349);
    bench_set16(*state, ID, 0);
    assert_int_equal(bench_get16(*state, ID), 0x4349);
}

static void data_moves_the_pointer_by_its_size(void **state)
{
    struct bench *b = *state;

    bench_set16(b, POINTER, 0x100);
    bench_set16(b, DATA, 0x2211);
    bench_set8(b, DATA, 0x33);
    bench_set32(b, DATA, 0); /* split: a word of DATA, then ID */
    assert_int_equal(bench_get16(b, POINTER), 0x105);
    bench_set16(b, POINTER, 0x100);
    assert_int_equal(bench_get8(b, DATA), 0x11);
    assert_int_equal(bench_get16(b, DATA), 0x3322);
}

static void pointer_wraps_at_64k(void **state)
{
    struct bench *b = *state;

    bench_set16(b, POINTER, 0xffff);
    bench_set16(b, DATA, 0xbbaa);
    assert_int_equal(bench_get16(b, POINTER), 1);
    bench_set16(b, POINTER, 0);
    assert_int_equal(bench_get8(b, DATA), 0xbb);
}

static void looking_at_data_moves_nothing(void **state)
{
    struct bench *b = *state;

    fill(b, 4);
    assert_int_equal(bus_peek_port(b->bus, 0x300, 2), 0x0201);
    assert_int_equal(bench_get16(b, POINTER), 0);
}

static void plain_registers_read_back(void **state)
{
    struct bench *b = *state;

    bench_set16(b, COUNT, 0x1234);
    bench_set16(b, PERIOD, 0x2345);
    bench_set16(b, BURST, 0x3456);
    assert_int_equal(bench_get16(b, COUNT), 0x1234);
    assert_int_equal(bench_get16(b, PERIOD), 0x2345);
    assert_int_equal(bench_get16(b, BURST), 0x3456);
    bench_set8(b, COUNT, 0); /* words alone */
    assert_int_equal(bench_get16(b, COUNT), 0x1234);
}

static void control_bit_7_resets(void **state)
{
    struct bench *b = *state;

    bench_set16(b, COUNT, 5);
    bench_set16(b, CONTROL, RUN | IRQ);
    bench_set16(b, CONTROL, RESET);
    assert_int_equal(bench_get16(b, CONTROL), 0);
    assert_int_equal(bench_get16(b, STATUS), 0);
    assert_int_equal(bench_get16(b, COUNT), 0);
    assert_int_equal(bench_get16(b, BURST), 16);
    assert_false(bus_wire(b->bus, WIRE_DREQ0 + 1));
}

static void run_raises_dreq_and_its_end_lowers_it(void **state)
{
    struct bench *b = *state;

    bench_set16(b, CONTROL, RUN);
    assert_int_equal(bench_get16(b, STATUS), BUSY | DREQ);
    assert_true(bus_wire(b->bus, WIRE_DREQ0 + 1));
    bench_set16(b, CONTROL, 0);
    assert_int_equal(bench_get16(b, STATUS), 0);
    assert_false(bus_wire(b->bus, WIRE_DREQ0 + 1));
}

/* ---- transfers ---------------------------------------------------------- */

static void terminal_count_interrupts_and_ends(void **state)
{
    struct bench *b = *state;

    fill(b, 8);
    open_channel(b, 0x44, 8);
    bench_set16(b, CONTROL, RUN | TO_MEMORY | IRQ);
    assert_false(bench_irq(b));
    assert_true(bench_run_until_irq(b));
    assert_int_equal(b->ram[0x1007], 8); /* the last byte is there before */
    assert_int_equal(bench_get16(b, STATUS), TC | INTERRUPT);
    assert_int_equal(bench_get16(b, CONTROL), TO_MEMORY | IRQ);
    assert_int_equal(bench_get16(b, POINTER), 8);
    bench_set16(b, STATUS, INTERRUPT);
    assert_false(bench_irq(b));
    assert_int_equal(bench_get16(b, STATUS), TC);
}

static void without_the_bit_no_interrupt_comes(void **state)
{
    struct bench *b = *state;

    open_channel(b, 0x44, 8);
    bench_set16(b, CONTROL, RUN | TO_MEMORY);
    bench_run(b);
    assert_false(bench_irq(b));
    assert_int_equal(bench_get16(b, STATUS), TC);
}

static void count_ends_before_terminal_count(void **state)
{
    struct bench *b = *state;

    fill(b, 512);
    open_channel(b, 0x44, 512);
    bench_set16(b, COUNT, 100);
    bench_set16(b, CONTROL, RUN | TO_MEMORY | IRQ);
    assert_true(bench_run_until_irq(b));
    assert_int_equal(bench_get16(b, STATUS), COUNTED | INTERRUPT);
    assert_int_equal(b->ram[0x1063], 100);
    assert_int_equal(b->ram[0x1064], 0);
    bench_out8(b, 0x0c, 0);
    assert_int_equal(bench_in8(b, 3), (511 - 100) & 0xff);
}

static void a_masked_channel_gives_nothing(void **state)
{
    struct bench *b = *state;

    open_channel(b, 0x44, 8);
    bench_out8(b, 0x0a, 5);
    bench_set16(b, CONTROL, RUN | TO_MEMORY | IRQ);
    bench_run(b);
    assert_int_equal(bench_get16(b, STATUS), BUSY | DREQ);
}

static void period_paces_single_requests(void **state)
{
    struct bench *b = *state;

    open_channel(b, 0x44, 4);
    bench_set16(b, PERIOD, 5000);
    bench_set16(b, CONTROL, RUN | TO_MEMORY | IRQ);
    assert_true(bench_run_until_irq(b));
    assert_int_equal(bench_now_ns(b), 10 + 3 * (5000 + 10));
}

static void demand_requests_come_in_bursts(void **state)
{
    struct bench *b = *state;

    open_channel(b, 0x04, 64);
    bench_trace(b, "dma_burst");
    bench_set16(b, BURST, 24);
    bench_set16(b, CONTROL, RUN | TO_MEMORY | IRQ | DEMAND);
    assert_true(bench_run_until_irq(b));
    assert_int_equal(bench_count(b, "bytes=24"), 2);
    assert_int_equal(bench_count(b, "bytes=16"), 1);
}

static void continue_goes_round_an_autoinit_channel(void **state)
{
    struct bench *b = *state;

    fill(b, 64);
    open_channel(b, 0x54, 16);
    bench_set16(b, COUNT, 40);
    bench_set16(b, CONTROL, RUN | TO_MEMORY | IRQ | CONTINUE);
    assert_true(bench_run_until_irq(b));
    assert_int_equal(bench_get16(b, STATUS) & ~DREQ, BUSY | TC | INTERRUPT);
    bench_set16(b, STATUS, TC | INTERRUPT);
    assert_true(bench_run_until_irq(b));
    assert_int_equal(b->ram[0x1000], 17);
    bench_set16(b, STATUS, TC | INTERRUPT);
    assert_true(bench_run_until_irq(b));
    assert_int_equal(bench_get16(b, STATUS), COUNTED | INTERRUPT);
    assert_int_equal(b->ram[0x1007], 40);
    assert_int_equal(b->ram[0x1008], 25);
}

static void continue_asks_for_the_next_block(void **state)
{
    struct bench *b = *state;

    fill(b, 64);
    open_channel(b, 0x94, 16);
    bench_set16(b, COUNT, 32);
    bench_set16(b, CONTROL, RUN | TO_MEMORY | BLOCK | CONTINUE);
    bench_run(b);
    assert_int_equal(b->ram[0x1000], 17);
    assert_int_equal(bench_get16(b, STATUS), TC | COUNTED);
}

static void words_on_a_16_bit_channel(void **state)
{
    struct bench *b = *state;

    fill(b, 8);
    bench_out8(b, 0xd6, 0x45);
    bench_out8(b, 0xc4, 0x00);
    bench_out8(b, 0xc4, 0x08);
    bench_out8(b, 0xc6, 3);
    bench_out8(b, 0xc6, 0);
    bench_out8(b, 0xd4, 1);
    bench_set16(b, COUNT, 2);
    bench_set16(b, CONTROL, RUN | TO_MEMORY | IRQ);
    assert_true(bench_run_until_irq(b));
    assert_int_equal(bench_get16(b, POINTER), 4); /* COUNT is units */
    assert_int_equal(b->ram[0x1003], 4);
    assert_int_equal(b->ram[0x1004], 0);
}

static void irq_and_ports_are_where_the_board_says(void **state)
{
    struct bench *b = bench_create();
    struct bus_place at = {
        .has_irq = true, .irq = 10, .has_dma = true, .dma = 3, .base = {0x340}};

    (void)state;
    bench_add(b, device_model_find("isacard"), &at);
    bench_start(b);
    assert_int_equal(bus_in(b->bus, 0x342, 2), 0x4349);
    assert_int_equal(bus_in(b->bus, 0x302, 2), 0xffff);
    bus_out(b->bus, 0x344, 2, RUN);
    assert_true(bus_wire(b->bus, WIRE_DREQ0 + 3));
    bench_destroy(b);
}

static void straps_default_to_irq_5_and_channel_1(void **state)
{
    struct bench *b = bench_create();
    struct bus_place at;

    (void)state;
    bench_add(b, device_model_find("isacard"), NULL);
    bus_device_place(b->dev, &at);
    assert_int_equal(at.irq, 5);
    assert_int_equal(at.dma, 1);
    bench_destroy(b);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, bench_teardown)
    const struct CMUnitTest tests[] = {
        T(id_is_read_only),
        T(data_moves_the_pointer_by_its_size),
        T(pointer_wraps_at_64k),
        T(looking_at_data_moves_nothing),
        T(plain_registers_read_back),
        T(control_bit_7_resets),
        T(run_raises_dreq_and_its_end_lowers_it),
        T(terminal_count_interrupts_and_ends),
        T(without_the_bit_no_interrupt_comes),
        T(count_ends_before_terminal_count),
        T(a_masked_channel_gives_nothing),
        T(period_paces_single_requests),
        T(demand_requests_come_in_bursts),
        T(continue_goes_round_an_autoinit_channel),
        T(continue_asks_for_the_next_block),
        cmocka_unit_test_setup_teardown(words_on_a_16_bit_channel, setup_words,
                                        bench_teardown),
        cmocka_unit_test(irq_and_ports_are_where_the_board_says),
        cmocka_unit_test(straps_default_to_irq_5_and_channel_1),
    };

    return cmocka_run_group_tests_name("isacard", tests, NULL, NULL);
}
