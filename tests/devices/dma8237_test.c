/* tests/devices/dma8237_test.c -- every register and transfer mode of the 8237A
 * data sheet, with the data card as the slave. Oracle: the data sheet (231466)
 * and the PC/AT wiring; ids are those of the device contracts. */
#include "dma8237_rig.h"

#include <string.h>

/* ---- registers ---------------------------------------------------------- */

/* DEV-001 */
static void channels_lie_at_their_ports(void **state)
{
    struct bench *b = *state;

    for (unsigned ch = 0; ch < 8; ch++) {
        bench_out8(b, control_port(ch, 12), 0);
        write_word(b, address_port(ch), 0x1100 + ch);
        write_word(b, count_port(ch), 0x2200 + ch);
    }
    for (unsigned ch = 0; ch < 8; ch++) {
        assert_int_equal(read_word(b, address_port(ch)), 0x1100 + ch);
        assert_int_equal(read_word(b, count_port(ch)), 0x2200 + ch);
    }
}

/* DEV-002 */
static void page_registers_read_back(void **state)
{
    struct bench *b = *state;

    for (uint16_t port = 0x80; port < 0x90; port++)
        bench_out8(b, port, (uint8_t)(port ^ 0x5a));
    for (uint16_t port = 0x80; port < 0x90; port++)
        assert_int_equal(bench_in8(b, port), port ^ 0x5a);
}

/* DEV-002: the byte that goes out shows which port holds the page. */
static void page_port_of_each_channel(void **state)
{
    (void)state;
    for (int ch = 0; ch < 8; ch++) {
        void *own;
        struct bench *b;

        if (ch == 4)
            continue;
        dma_setup_on(&own, ch);
        b = own;
        for (uint16_t port = 0x80; port < 0x90; port++)
            bench_out8(b, port, 0x0a); /* everybody else: page 0Ah */
        fill_card(b, 2);
        program(b, (unsigned)ch, MODE_WRITE | MODE_SINGLE, 0x800, 0x06, 0);
        unmask(b, (unsigned)ch);
        bench_set16(b, CARD_CONTROL, RUN | TO_MEMORY);
        bench_run(b);
        assert_int_equal(b->ram[ch < 4 ? 0x60800 : 0x61000], card_byte(0));
        bench_destroy(b);
    }
}

/* DEV-003 */
static void flip_flop_is_one_per_controller(void **state)
{
    struct bench *b = *state;

    bench_out8(b, 0x0c, 0);
    bench_out8(b, 0xd8, 0);
    write_word(b, 0x02, 0x1234);
    assert_int_equal(bench_in8(b, 0x02), 0x34);
    assert_int_equal(bench_in8(b, 0x03) != 0x34, 1); /* high byte: shared */
    assert_int_equal(bench_in8(b, 0x02), 0x34);
    write_word(b, 0xc4, 0x5678); /* the other chip still stands at low */
    assert_int_equal(read_word(b, 0xc4), 0x5678);
    bench_out8(b, 0x0c, 0);
    assert_int_equal(bench_in8(b, 0x02), 0x34);
}

/* DEV-004 */
static void base_and_current_are_written_together(void **state)
{
    struct bench *b = *state;

    fill_card(b, 8);
    program(b, 1, MODE_WRITE | MODE_SINGLE, 0x1000, 0, 7);
    unmask(b, 1);
    bench_set16(b, CARD_COUNT, 3);
    bench_set16(b, CARD_CONTROL, RUN | TO_MEMORY);
    bench_run(b);
    bench_out8(b, 0x0c, 0);
    assert_int_equal(read_word(b, 2), 0x1003);
    assert_int_equal(read_word(b, 3), 4);
    bench_out8(b, 2, 0x10); /* low byte alone: base 1010h goes to current */
    bench_out8(b, 0x0c, 0);
    assert_int_equal(read_word(b, 2), 0x1010);
}

/* DEV-004 */
static void count_0_moves_one_unit_and_ends_at_ffff(void **state)
{
    struct bench *b = *state;

    fill_card(b, 4);
    program(b, 1, MODE_WRITE | MODE_SINGLE, 0x1000, 0, 0);
    unmask(b, 1);
    bench_set16(b, CARD_CONTROL, RUN | TO_MEMORY);
    bench_run(b);
    assert_int_equal(b->ram[0x1000], card_byte(0));
    assert_int_equal(b->ram[0x1001], 0);
    bench_out8(b, 0x0c, 0);
    assert_int_equal(read_word(b, 3), 0xffff);
    assert_int_equal(bench_in8(b, 8) & 2, 2);
}

/* DEV-009 */
static void status_register_shows_tc_once_and_dreq(void **state)
{
    struct bench *b = *state;

    bench_set16(b, CARD_CONTROL, RUN | TO_MEMORY);
    assert_int_equal(bench_in8(b, 8), 0x20);
    program(b, 1, MODE_WRITE | MODE_SINGLE, 0x1000, 0, 0);
    unmask(b, 1);
    bench_run(b);
    assert_int_equal(bench_in8(b, 8), 0x02);
    assert_int_equal(bench_in8(b, 8), 0x00);
}

/* DEV-010 */
static void mask_registers_single_all_and_clear(void **state)
{
    struct bench *b = *state;

    assert_int_equal(bench_in8(b, 0x0f), 0x0f); /* after reset */
    bench_out8(b, 0x0a, 2);
    assert_int_equal(bench_in8(b, 0x0f), 0x0b);
    bench_out8(b, 0x0a, 6);
    assert_int_equal(bench_in8(b, 0x0f), 0x0f);
    bench_out8(b, 0x0e, 0);
    assert_int_equal(bench_in8(b, 0x0f), 0x00);
    bench_out8(b, 0x0f, 0x05);
    assert_int_equal(bench_in8(b, 0x0f), 0x05);
    assert_int_equal(bench_in8(b, 0xde), 0x0e); /* channel 4 is open */
}

/* DEV-010 */
static void master_clear_is_a_reset(void **state)
{
    struct bench *b = *state;

    bench_out8(b, 8, 4);
    bench_out8(b, 0x0e, 0);
    bench_out8(b, 2, 0x34);
    bench_out8(b, 0x0d, 0);
    assert_int_equal(bench_in8(b, 0x0f), 0x0f);
    assert_int_equal(bench_in8(b, 8), 0);
    write_word(b, 2, 0x1234); /* the flip-flop stands at low again */
    assert_int_equal(read_word(b, 2), 0x1234);
    fill_card(b, 1);
    program(b, 1, MODE_WRITE | MODE_SINGLE, 0x1000, 0, 0);
    unmask(b, 1);
    bench_set16(b, CARD_CONTROL, RUN | TO_MEMORY);
    bench_run(b); /* the command register is 0: not disabled */
    assert_int_equal(b->ram[0x1000], card_byte(0));
}

/* ---- modes -------------------------------------------------------------- */

/* DEV-007: all values of the mode register for channel 1. */
static void mode_register_all_values(void **state)
{
    (void)state;
    for (unsigned mode = 0; mode < 64; mode++) {
        unsigned type = mode & 3, kind = mode >> 4, down = mode >> 3 & 1;
        bool moves = kind != 3, to_memory = moves && type == 1;
        unsigned first = 0x1000, other = down ? 0xfff : 0x1001;
        void *own;
        struct bench *b;

        dma_setup(&own);
        b = own;
        fill_card(b, 4);
        memset(b->ram + 0xff0, 0xee, 0x20);
        program(b, 1, mode << 2, first, 0, 1);
        unmask(b, 1);
        bench_set16(b, CARD_COUNT, 2);
        bench_set16(b, CARD_CONTROL,
                    RUN | (type == 1 ? TO_MEMORY : 0) |
                        (kind == 0   ? DEMAND
                         : kind == 2 ? BLOCK
                                     : SINGLE));
        bench_run(b);
        assert_int_equal(b->ram[first], to_memory ? card_byte(0) : 0xee);
        assert_int_equal(b->ram[other], to_memory ? card_byte(1) : 0xee);
        assert_int_equal(bench_in8(b, 8) & 2, moves ? 2 : 0);
        /* auto-init leaves it open */
        assert_int_equal(bench_in8(b, 0x0f) & 2, moves && !(mode & 4) ? 2 : 0);
        bench_out8(b, 0x0c, 0);
        assert_int_equal(read_word(b, 2), !moves || (mode & 4) ? first
                                          : down               ? first - 2
                                                               : first + 2);
        bench_destroy(b);
    }
}

static void read_transfer_empties_memory_into_the_card(void **state)
{
    struct bench *b = *state;

    memcpy(b->ram + 0x1000, "abcdef", 6);
    program(b, 1, MODE_READ | MODE_SINGLE, 0x1000, 0, 5);
    unmask(b, 1);
    bench_set16(b, CARD_CONTROL, RUN | IRQ);
    assert_true(bench_run_until_irq(b));
    bench_set16(b, CARD_POINTER, 0);
    for (unsigned i = 0; i < 6; i++)
        assert_int_equal(bench_get8(b, CARD_DATA), "abcdef"[i]);
}

static void verify_transfer_counts_and_moves_nothing(void **state)
{
    struct bench *b = *state;

    fill_card(b, 8);
    memset(b->ram + 0x1000, 0xee, 8);
    bench_trace(b, "dma_*");
    program(b, 1, MODE_VERIFY | MODE_SINGLE, 0x1000, 0, 7);
    unmask(b, 1);
    bench_set16(b, CARD_CONTROL, RUN | IRQ);
    assert_true(bench_run_until_irq(b)); /* TC reaches the card */
    assert_int_equal(b->ram[0x1000], 0xee);
    assert_int_equal(bench_get16(b, CARD_POINTER), 0);
    bench_out8(b, 0x0c, 0);
    assert_int_equal(read_word(b, 2), 0x1008);
    assert_int_equal(bench_count(b, "dma_burst"), 0);
    assert_int_equal(bench_count(b, "dma_end"), 1);
}

/* DEV-012 */
static void single_mode_moves_one_unit_per_request(void **state)
{
    struct bench *b = *state;

    fill_card(b, 4);
    program(b, 1, MODE_WRITE | MODE_SINGLE, 0x1000, 0, 3);
    unmask(b, 1);
    bench_set16(b, CARD_PERIOD, 20000);
    bench_set16(b, CARD_CONTROL, RUN | TO_MEMORY);
    bench_advance_ns(b, 10000);
    bench_out8(b, 0x0c, 0);
    assert_int_equal(read_word(b, 3), 2);
    bench_advance_ns(b, 20000);
    assert_int_equal(read_word(b, 3), 1);
    bench_run(b);
    assert_card_bytes(b->ram + 0x1000, 0, 4);
}

/* DEV-012: between units the bus is free and the count can be read. */
static void single_mode_leaves_an_isa_cycle_between_units(void **state)
{
    struct bench *b = *state;
    uint64_t begun;

    fill_card(b, 4);
    program(b, 1, MODE_WRITE | MODE_SINGLE, 0x1000, 0, 3);
    unmask(b, 1);
    bench_set16(b, CARD_CONTROL, RUN | TO_MEMORY | IRQ);
    begun = bench_now_ns(b);
    bench_out8(b, 0x0c, 0);
    bench_tick(b);
    assert_int_equal(read_word(b, 3), 2);
    bench_advance_ns(b, 950);
    assert_int_equal(read_word(b, 3), 2);
    bench_tick(b);
    assert_int_equal(read_word(b, 3), 1);
    bench_run_until_irq(b);
    assert_int_equal(bench_now_ns(b) - begun, 10 + 3 * 960);
}

/* DEV-012 */
static void demand_mode_goes_on_until_dreq_drops(void **state)
{
    struct bench *b = *state;

    fill_card(b, 32);
    program(b, 1, MODE_WRITE | MODE_DEMAND, 0x1000, 0, 31);
    unmask(b, 1);
    bench_set16(b, CARD_BURST, 10);
    bench_set16(b, CARD_PERIOD, 50000);
    bench_trace(b, "dma_burst");
    bench_set16(b, CARD_CONTROL, RUN | TO_MEMORY | DEMAND);
    bench_tick(b);
    bench_out8(b, 0x0c, 0);
    assert_int_equal(read_word(b, 3), 21);
    assert_int_equal(bench_in8(b, 8) & 0x20, 0);
    bench_run(b);
    assert_int_equal(bench_count(b, "bytes=10"), 3);
    assert_int_equal(bench_count(b, "bytes=2"), 1);
    assert_card_bytes(b->ram + 0x1000, 0, 32);
}

/* DEV-012 */
static void block_mode_goes_on_until_tc_whatever_dreq_does(void **state)
{
    struct bench *b = *state;

    fill_card(b, 0x1800);
    program(b, 1, MODE_WRITE | MODE_BLOCK, 0x1400, 0, 0x17ff);
    unmask(b, 1);
    bench_trace(b, "dma_burst,line");
    bench_set16(b, CARD_CONTROL, RUN | TO_MEMORY | BLOCK);
    bench_tick(b); /* all of it in one tick, page by page */
    assert_card_bytes(b->ram + 0x1400, 0, 0x1800);
    assert_int_equal(bench_count(b, "dma_burst"), 2);
    assert_int_equal(bench_count(b, "DREQ1"), 2);
    bench_out8(b, 0x0c, 0);
    assert_int_equal(read_word(b, 3), 0xffff);
}

/* The same with a card whose DREQ falls and rises again at once. */
static void a_quick_dreq_does_not_shorten_the_isa_cycle(void **state)
{
    struct bench *b = *state;

    program(b, 1, MODE_WRITE | MODE_SINGLE, 0x1000, 0, 3);
    unmask(b, 1);
    bench_set16(b, CARD_PERIOD, 20);
    bench_set16(b, CARD_CONTROL, RUN | TO_MEMORY | IRQ);
    assert_true(bench_run_until_irq(b));
    assert_int_equal(bench_now_ns(b), 10 + 3 * 960);
}

/* Held over two pages, it has taken the ISA bus for all of its units. */
static void a_block_keeps_the_isa_bus_for_its_time(void **state)
{
    struct bench *b = *state;
    uint64_t begun;

    program(b, 1, MODE_WRITE | MODE_BLOCK, 0x1f80, 0, 255);
    unmask(b, 1);
    begun = bench_now_ns(b);
    bench_set16(b, CARD_CONTROL, RUN | TO_MEMORY | BLOCK | IRQ);
    assert_true(bench_run_until_irq(b));
    program(b, 1, MODE_WRITE | MODE_SINGLE, 0x3000, 0, 0);
    unmask(b, 1);
    bench_set16(b, CARD_STATUS, 4);
    bench_set16(b, CARD_CONTROL, RUN | TO_MEMORY | IRQ);
    assert_true(bench_run_until_irq(b));
    assert_int_equal(bench_now_ns(b) - begun, 10 + 256 * 960);
}

/* DEV-008 */
static void tc_masks_without_autoinit(void **state)
{
    struct bench *b = *state;

    program(b, 1, MODE_WRITE | MODE_SINGLE, 0x1000, 0, 1);
    unmask(b, 1);
    assert_int_equal(bench_in8(b, 0x0f) & 2, 0);
    bench_set16(b, CARD_CONTROL, RUN | TO_MEMORY);
    bench_run(b);
    assert_int_equal(bench_in8(b, 0x0f) & 2, 2);
}

/* DEV-008 */
static void autoinit_reloads_and_goes_on(void **state)
{
    struct bench *b = *state;

    fill_card(b, 12);
    program(b, 1, MODE_WRITE | MODE_SINGLE | MODE_AUTO, 0x1000, 0, 3);
    unmask(b, 1);
    bench_set16(b, CARD_COUNT, 10);
    bench_set16(b, CARD_CONTROL, RUN | TO_MEMORY | CONTINUE);
    bench_run(b);
    assert_int_equal(b->ram[0x1000], card_byte(8));
    assert_int_equal(b->ram[0x1001], card_byte(9));
    assert_int_equal(b->ram[0x1002], card_byte(6));
    assert_int_equal(b->ram[0x1003], card_byte(7));
    assert_int_equal(b->ram[0x1004], 0);
    bench_out8(b, 0x0c, 0);
    assert_int_equal(read_word(b, 2), 0x1002);
    assert_int_equal(read_word(b, 3), 1);
}

/* DEV-014 */
static void decrement_moves_downward(void **state)
{
    struct bench *b = *state;

    fill_card(b, 16);
    program(b, 1, MODE_WRITE | MODE_BLOCK | MODE_DOWN, 0x100f, 0, 15);
    unmask(b, 1);
    bench_set16(b, CARD_CONTROL, RUN | TO_MEMORY | BLOCK);
    bench_run(b);
    for (unsigned i = 0; i < 16; i++)
        assert_int_equal(b->ram[0x100f - i], card_byte(i));
    bench_out8(b, 0x0c, 0);
    assert_int_equal(read_word(b, 2), 0xfff);
}

static void decrement_crosses_a_page_downward(void **state)
{
    struct bench *b = *state;

    fill_card(b, 0x20);
    program(b, 1, MODE_WRITE | MODE_BLOCK | MODE_DOWN, 0x200f, 0, 0x1f);
    unmask(b, 1);
    bench_set16(b, CARD_CONTROL, RUN | TO_MEMORY | BLOCK);
    bench_run(b);
    for (unsigned i = 0; i < 0x20; i++)
        assert_int_equal(b->ram[0x200f - i], card_byte(i));
}

/* DEV-005 */
static void bytes_wrap_inside_64k(void **state)
{
    struct bench *b = *state;

    fill_card(b, 4);
    bench_trace(b, "finding");
    program(b, 1, MODE_WRITE | MODE_BLOCK, 0xfffe, 1, 3);
    unmask(b, 1);
    bench_set16(b, CARD_CONTROL, RUN | TO_MEMORY | BLOCK);
    bench_run(b);
    assert_int_equal(b->ram[0x1fffe], card_byte(0));
    assert_int_equal(b->ram[0x1ffff], card_byte(1));
    assert_int_equal(b->ram[0x10000], card_byte(2));
    assert_int_equal(b->ram[0x10001], card_byte(3));
    assert_int_equal(b->ram[0x20000], 0);
    assert_int_equal(bench_count(b, "S25"), 1);
}

static void a_buffer_that_ends_at_64k_is_no_wrap(void **state)
{
    struct bench *b = *state;

    fill_card(b, 4);
    bench_trace(b, "finding");
    program(b, 1, MODE_WRITE | MODE_BLOCK, 0xfffc, 1, 3);
    unmask(b, 1);
    bench_set16(b, CARD_CONTROL, RUN | TO_MEMORY | BLOCK);
    bench_run(b);
    assert_card_bytes(b->ram + 0x1fffc, 0, 4);
    assert_int_equal(bench_count(b, "S25"), 0);
}

/* DEV-006 */
static void words_wrap_inside_128k_and_page_bit_0_is_ignored(void **state)
{
    struct bench *b = *state;

    fill_card(b, 8);
    program(b, 5, MODE_WRITE | MODE_BLOCK, 0xfffe, 3, 3);
    unmask(b, 5);
    bench_set16(b, CARD_CONTROL, RUN | TO_MEMORY | BLOCK);
    bench_run(b);
    assert_card_bytes(b->ram + 0x3fffc, 0, 4);
    assert_card_bytes(b->ram + 0x20000, 4, 4);
    assert_int_equal(b->ram[0x40000], 0);
}

/* DEV-001 */
static void channel_5_counts_words(void **state)
{
    struct bench *b = *state;

    fill_card(b, 16);
    program(b, 5, MODE_WRITE | MODE_SINGLE, 0x1800, 0, 5);
    unmask(b, 5);
    bench_set16(b, CARD_COUNT, 4);
    bench_set16(b, CARD_CONTROL, RUN | TO_MEMORY);
    bench_run(b);
    assert_card_bytes(b->ram + 0x3000, 0, 8);
    assert_int_equal(b->ram[0x3008], 0);
    bench_out8(b, 0xd8, 0);
    assert_int_equal(read_word(b, 0xc4), 0x1804);
    assert_int_equal(read_word(b, 0xc6), 1);
}

static void words_downward_keep_their_byte_order(void **state)
{
    struct bench *b = *state;

    fill_card(b, 4);
    program(b, 5, MODE_WRITE | MODE_BLOCK | MODE_DOWN, 0x1801, 0, 1);
    unmask(b, 5);
    bench_set16(b, CARD_CONTROL, RUN | TO_MEMORY | BLOCK);
    bench_run(b);
    assert_card_bytes(b->ram + 0x3002, 0, 2);
    assert_card_bytes(b->ram + 0x3000, 2, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, dma_setup, bench_teardown)
#define W(name)                                                                \
    cmocka_unit_test_setup_teardown(name, dma_setup_words, bench_teardown)
        T(channels_lie_at_their_ports),
        T(page_registers_read_back),
        cmocka_unit_test(page_port_of_each_channel),
        T(flip_flop_is_one_per_controller),
        T(base_and_current_are_written_together),
        T(count_0_moves_one_unit_and_ends_at_ffff),
        T(status_register_shows_tc_once_and_dreq),
        T(mask_registers_single_all_and_clear),
        T(master_clear_is_a_reset),
        cmocka_unit_test(mode_register_all_values),
        T(read_transfer_empties_memory_into_the_card),
        T(verify_transfer_counts_and_moves_nothing),
        T(single_mode_moves_one_unit_per_request),
        T(single_mode_leaves_an_isa_cycle_between_units),
        T(demand_mode_goes_on_until_dreq_drops),
        T(block_mode_goes_on_until_tc_whatever_dreq_does),
        T(a_quick_dreq_does_not_shorten_the_isa_cycle),
        T(a_block_keeps_the_isa_bus_for_its_time),
        T(tc_masks_without_autoinit),
        T(autoinit_reloads_and_goes_on),
        T(decrement_moves_downward),
        T(decrement_crosses_a_page_downward),
        T(bytes_wrap_inside_64k),
        T(a_buffer_that_ends_at_64k_is_no_wrap),
        W(words_wrap_inside_128k_and_page_bit_0_is_ignored),
        W(channel_5_counts_words),
        W(words_downward_keep_their_byte_order),
    };

    return cmocka_run_group_tests_name("dma8237", tests, NULL, NULL);
}
