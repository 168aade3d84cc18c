/* tests/devices/uart16550_test.c -- registers and modes of the PC16550D data
 * sheet by name. What leaves is read off the event stream_out. */
#include "bench.h"

extern const struct device_model uart16550_model;

enum { RBR, IER, IIR, LCR, MCR, LSR, MSR, SCR };
enum { FCR = 2, CHARACTER_NS = 1041667 }; /* 10 bits at 9,600 baud */

static int setup(void **state)
{
    struct bench *b = bench_create();

    *state = b;
    b->dev = bench_add_isa(b, &uart16550_model, 4, -1);
    bench_start(b);
    bench_trace(b, "stream_out");
    bench_set8(b, LCR, 3);
    bench_set8(b, MCR, 8);
    return 0;
}

static void receive(struct bench *b, uint8_t byte)
{
    b->dev->model->receive(b->dev, byte);
}

static void divisor_latch_is_behind_dlab(void **state)
{
    struct bench *b = *state;

    bench_set8(b, LCR, 0x83);
    assert_int_equal(bench_get8(b, 0) | bench_get8(b, 1) << 8, 12);
    bench_set8(b, 0, 0x80);
    bench_set8(b, 1, 0x01);
    assert_int_equal(bench_get8(b, 0), 0x80);
    bench_set8(b, LCR, 3);
    assert_int_equal(bench_get8(b, IER), 0);
}

static void scratch_register_keeps_a_byte(void **state)
{
    bench_set8(*state, SCR, 0xa5);
    assert_int_equal(bench_get8(*state, SCR), 0xa5);
}

static void sends_a_byte_after_its_bits_time(void **state)
{
    struct bench *b = *state;

    bench_set8(b, RBR, 'A');
    assert_int_equal(bench_get8(b, LSR) & 0x60, 0x20); /* THR moved on */
    bench_advance_ns(b, CHARACTER_NS - 1000);
    assert_int_equal(bench_count(b, "byte=41"), 0);
    bench_advance_ns(b, 2000);
    assert_int_equal(bench_count(b, "byte=41"), 1);
    assert_int_equal(bench_get8(b, LSR) & 0x60, 0x60);
}

static void thr_empty_interrupt_is_cleared_by_iir(void **state)
{
    struct bench *b = *state;

    bench_set8(b, IER, 2);
    assert_true(bench_irq(b)); /* enabling it while empty asks at once */
    assert_int_equal(bench_get8(b, IIR), 2);
    assert_false(bench_irq(b));
    assert_int_equal(bench_get8(b, IIR), 1);
    bench_set8(b, RBR, 'x');
    assert_true(bench_irq(b));
}

static void fifo_sends_sixteen_in_order(void **state)
{
    struct bench *b = *state;

    bench_set8(b, FCR, 1);
    for (unsigned i = 0; i < 16; i++)
        bench_set8(b, RBR, (uint8_t)(0x30 + i));
    bench_advance_ns(b, 17 * (uint64_t)CHARACTER_NS);
    assert_int_equal(bench_count(b, "stream_out"), 16);
    assert_int_equal(bench_count(b, "byte=3f"), 1);
}

static void received_byte_sets_data_ready(void **state)
{
    struct bench *b = *state;

    bench_set8(b, IER, 1);
    receive(b, 0x55);
    assert_true(bench_irq(b));
    assert_int_equal(bench_get8(b, IIR), 4);
    assert_int_equal(bench_get8(b, LSR) & 1, 1);
    assert_int_equal(bench_get8(b, RBR), 0x55);
    assert_int_equal(bench_get8(b, LSR) & 1, 0);
    assert_false(bench_irq(b));
}

static void overrun_is_told_once(void **state)
{
    struct bench *b = *state;

    bench_set8(b, IER, 4);
    receive(b, 1);
    receive(b, 2);
    assert_int_equal(bench_get8(b, IIR), 6);
    assert_int_equal(bench_get8(b, LSR) & 2, 2);
    assert_int_equal(bench_get8(b, LSR) & 2, 0);
    assert_int_equal(bench_get8(b, RBR), 2);
}

static void fifo_trigger_levels(void **state)
{
    static const uint8_t level[4] = {1, 4, 8, 14};
    struct bench *b = *state;

    bench_set8(b, IER, 1);
    for (unsigned t = 0; t < 4; t++) {
        bench_set8(b, FCR, (uint8_t)(t << 6 | 3));
        for (unsigned i = 0; i < level[t]; i++) {
            assert_false(bench_irq(b));
            receive(b, (uint8_t)i);
        }
        assert_true(bench_irq(b));
        assert_int_equal(bench_get8(b, IIR), 0xc4);
    }
}

static void character_timeout_below_the_trigger(void **state)
{
    struct bench *b = *state;

    bench_set8(b, IER, 1);
    bench_set8(b, FCR, 0xc1);
    receive(b, 7);
    assert_false(bench_irq(b));
    bench_advance_ns(b, 4 * (uint64_t)CHARACTER_NS + 1000);
    assert_true(bench_irq(b));
    assert_int_equal(bench_get8(b, IIR), 0xcc);
    assert_int_equal(bench_get8(b, RBR), 7);
    assert_false(bench_irq(b));
}

static void loop_back_returns_bytes_and_modem_lines(void **state)
{
    struct bench *b = *state;

    bench_set8(b, MCR, 0x1f);
    assert_int_equal(bench_get8(b, MSR) & 0xf0, 0xf0);
    bench_set8(b, MCR, 0x10);
    assert_int_equal(bench_get8(b, MSR), 0x0f); /* all changed, RI fell */
    bench_set8(b, RBR, 0x99);
    bench_advance_ns(b, 2 * (uint64_t)CHARACTER_NS);
    assert_int_equal(bench_get8(b, RBR), 0x99);
    assert_int_equal(bench_count(b, "stream_out"), 0);
}

static void out2_gates_the_interrupt(void **state)
{
    struct bench *b = *state;

    bench_set8(b, IER, 1);
    receive(b, 1);
    bench_set8(b, MCR, 0);
    assert_false(bench_irq(b));
    bench_set8(b, MCR, 8);
    assert_true(bench_irq(b));
}

static void fcr_clears_each_fifo(void **state)
{
    struct bench *b = *state;

    bench_set8(b, FCR, 1);
    receive(b, 1);
    bench_set8(b, FCR, 3);
    assert_int_equal(bench_get8(b, LSR) & 1, 0);
    bench_set8(b, RBR, 'a'); /* in the shift register by now */
    bench_set8(b, RBR, 'b');
    bench_set8(b, FCR, 5);
    bench_advance_ns(b, 4 * (uint64_t)CHARACTER_NS);
    assert_int_equal(bench_count(b, "stream_out"), 1);
}

static void break_holds_bytes_back(void **state)
{
    struct bench *b = *state;

    bench_set8(b, LCR, 0x43);
    bench_set8(b, RBR, 'a');
    bench_advance_ns(b, 2 * (uint64_t)CHARACTER_NS);
    assert_int_equal(bench_count(b, "stream_out"), 0);
}

/* Table I of the data sheet. */
static void reset_values(void **state)
{
    static const uint8_t want[] = {[IER] = 0, 1, 0, 0, 0x60, 0xb0};
    struct bench *b = *state;

    bench_set8(b, IER, 0xf);
    bench_set8(b, FCR, 0xc1);
    bench_set8(b, LCR, 0x7f);
    bench_set8(b, RBR, 1);
    bench_start(b);
    for (unsigned i = IER; i <= MSR; i++)
        assert_int_equal(bench_get8(b, i), want[i]);
    assert_false(bench_irq(b));
}

static void bits_that_are_not_there_read_0(void **state)
{
    struct bench *b = *state;

    bench_set8(b, IER, 0xff);
    assert_int_equal(bench_get8(b, IER), 0x0f);
    bench_set8(b, MCR, 0xff);
    assert_int_equal(bench_get8(b, MCR), 0x1f);
    bench_set8(b, LCR, 0x7f);
    assert_int_equal(bench_get8(b, LCR), 0x7f);
}

static void lsr_and_msr_are_not_written(void **state)
{
    struct bench *b = *state;

    bench_set8(b, LSR, 0);
    bench_set8(b, MSR, 0xff);
    assert_int_equal(bench_get8(b, LSR), 0x60);
    assert_int_equal(bench_get8(b, MSR), 0xb0);
}

/* LCR bits 0-3: start, 5 to 8 bits, parity, 1 or 2 stop bits. */
static void a_characters_time_is_that_of_its_bits(void **state)
{
    struct bench *b = *state;

    for (uint8_t lcr = 0; lcr < 16; lcr++) {
        unsigned bits = 1 + 5 + (lcr & 3) + (lcr >> 3) + 1 + (lcr >> 2 & 1);
        uint64_t ns = bits * 1000000000ull / 9600;

        bench_set8(b, LCR, lcr);
        bench_set8(b, RBR, 0xff);
        bench_advance_ns(b, ns - 1000);
        assert_int_equal(bench_get8(b, LSR) & 0x40, 0);
        bench_advance_ns(b, 2000);
        assert_int_equal(bench_get8(b, LSR) & 0x40, 0x40);
    }
}

static void a_word_has_5_to_8_bits(void **state)
{
    static const struct {
        uint8_t word;
        const char *sent;
    } row[] = {{0x1f, "byte=1f"},
               {0x3f, "byte=3f"},
               {0x7f, "byte=7f"},
               {0xff, "byte=ff"}};
    struct bench *b = *state;

    for (uint8_t lcr = 0; lcr < 4; lcr++) {
        bench_set8(b, LCR, lcr);
        bench_set8(b, RBR, 0xff);
        bench_advance_ns(b, 2 * (uint64_t)CHARACTER_NS);
        assert_int_equal(bench_count(b, row[lcr].sent), 1);
        receive(b, 0xff);
        assert_int_equal(bench_get8(b, RBR), row[lcr].word);
    }
}

/* Table IV: line status, data, transmitter, modem status. */
static void interrupts_come_by_priority(void **state)
{
    struct bench *b = *state;

    bench_set8(b, MCR, 0x10); /* through loop-back the modem lines change */
    (void)bench_get8(b, MSR);
    bench_set8(b, IER, 0xf);
    bench_set8(b, MCR, 8);
    receive(b, 1);
    receive(b, 2);
    assert_int_equal(bench_get8(b, IIR), 6);
    (void)bench_get8(b, LSR);
    assert_int_equal(bench_get8(b, IIR), 4);
    (void)bench_get8(b, RBR);
    assert_int_equal(bench_get8(b, IIR), 2);
    assert_int_equal(bench_get8(b, IIR), 0);
    assert_true(bench_irq(b));
    assert_int_equal(bench_get8(b, MSR) & 15, 11);
    assert_int_equal(bench_get8(b, IIR), 1);
    assert_false(bench_irq(b));
}

/* A break is a character of 0 with its error, seen when it is the first; bit 7
 * stays while it is in the FIFO. */
static void an_error_waits_for_its_character(void **state)
{
    struct bench *b = *state;

    bench_set8(b, FCR, 0xc1);
    receive(b, 'a');
    bench_set8(b, MCR, 0x18);
    bench_set8(b, LCR, 0x43);
    assert_int_equal(bench_get8(b, LSR) & 0x9f, 0x81);
    assert_int_equal(bench_get8(b, LSR) & 0x9f, 0x81);
    assert_int_equal(bench_get8(b, RBR), 'a');
    assert_int_equal(bench_get8(b, LSR) & 0x9f, 0x99);
    assert_int_equal(bench_get8(b, LSR) & 0x9f, 0x01);
    assert_int_equal(bench_get8(b, RBR), 0);
    assert_int_equal(bench_get8(b, LSR) & 0x9f, 0);
}

static void clearing_a_full_transmitter_is_thr_empty(void **state)
{
    struct bench *b = *state;

    bench_set8(b, FCR, 1);
    bench_set8(b, RBR, 'a');
    bench_set8(b, RBR, 'b');
    bench_set8(b, IER, 2);
    assert_false(bench_irq(b));
    bench_set8(b, FCR, 5);
    assert_true(bench_irq(b));
    assert_int_equal(bench_get8(b, IIR), 0xc2);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, bench_teardown)

/* A damaged save can have anything in them. */
static void positions_outside_the_fifos_are_refused(void **state)
{
    static const char *const names[] = {"rx_first", "tx_first"};
    struct bench *b = *state;
    struct device *uart = bus_find(b->bus, "uart16550");

    for (unsigned i = 0; i < 2; i++) {
        const struct state_row *row = uart16550_model.rows;
        uint8_t *field;

        while (strcmp(row->name, names[i]))
            row++;
        field = (uint8_t *)uart + row->offset;
        *field = 15;
        assert_true(uart16550_model.check(uart));
        *field = 16;
        assert_false(uart16550_model.check(uart));
        *field = 0;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(divisor_latch_is_behind_dlab),
        CASE(scratch_register_keeps_a_byte),
        CASE(sends_a_byte_after_its_bits_time),
        CASE(thr_empty_interrupt_is_cleared_by_iir),
        CASE(fifo_sends_sixteen_in_order),
        CASE(received_byte_sets_data_ready),
        CASE(overrun_is_told_once),
        CASE(fifo_trigger_levels),
        CASE(character_timeout_below_the_trigger),
        CASE(loop_back_returns_bytes_and_modem_lines),
        CASE(out2_gates_the_interrupt),
        CASE(fcr_clears_each_fifo),
        CASE(break_holds_bytes_back),
        CASE(reset_values),
        CASE(bits_that_are_not_there_read_0),
        CASE(lsr_and_msr_are_not_written),
        CASE(a_characters_time_is_that_of_its_bits),
        CASE(a_word_has_5_to_8_bits),
        CASE(interrupts_come_by_priority),
        CASE(an_error_waits_for_its_character),
        CASE(clearing_a_full_transmitter_is_thr_empty),
        CASE(positions_outside_the_fifos_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
