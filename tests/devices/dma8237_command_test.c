/* tests/devices/dma8237_command_test.c -- requests, priorities, the command
 * register's bits, the cascade, and EISA's registers. Oracle: 8237A data sheet
 * (231466), 82374EB (290476); ids are those of the device contracts. */
#include "dma8237_rig.h"

#include <string.h>

/* ---- requests and the command register ---------------------------------- */

/* DEV-011 */
static void unmasking_while_dreq_is_high_starts(void **state)
{
    struct bench *b = *state;

    fill_card(b, 4);
    program(b, 1, MODE_WRITE | MODE_SINGLE, 0x1000, 0, 3);
    bench_set16(b, CARD_CONTROL, RUN | TO_MEMORY);
    bench_run(b);
    assert_int_equal(b->ram[0x1000], 0);
    unmask(b, 1);
    assert_int_equal(b->ram[0x1000], 0); /* not inside the OUT */
    bench_run(b);
    assert_card_bytes(b->ram + 0x1000, 0, 4);
}

/* DEV-013 */
static void command_bit_2_disables_the_controller(void **state)
{
    struct bench *b = *state;

    fill_card(b, 4);
    bench_out8(b, 8, 4);
    program(b, 1, MODE_WRITE | MODE_SINGLE, 0x1000, 0, 3);
    unmask(b, 1);
    bench_set16(b, CARD_CONTROL, RUN | TO_MEMORY);
    bench_run(b);
    assert_int_equal(b->ram[0x1000], 0);
    bench_out8(b, 8, 0);
    bench_run(b);
    assert_card_bytes(b->ram + 0x1000, 0, 4);
}

static void command_bit_6_makes_dreq_active_low(void **state)
{
    struct bench *b = *state;

    fill_card(b, 4);
    bench_out8(b, 8, 0x40);
    assert_int_equal(bench_in8(b, 8), 0xf0);
    program(b, 1, MODE_WRITE | MODE_SINGLE, 0x1000, 0, 0);
    unmask(b, 1);
    bench_run(b); /* the card is idle: its line is low: it asks */
    assert_int_equal(b->ram[0x1000], card_byte(0));
}

/* Neither compressed timing, extended write nor DACK sense moves other bytes.
 */
static void command_timing_and_dack_bits_change_no_bytes(void **state)
{
    struct bench *b = *state;

    fill_card(b, 4);
    bench_out8(b, 8, 0x08 | 0x20 | 0x80);
    program(b, 1, MODE_WRITE | MODE_SINGLE, 0x1000, 0, 3);
    unmask(b, 1);
    bench_set16(b, CARD_CONTROL, RUN | TO_MEMORY);
    bench_run(b);
    assert_card_bytes(b->ram + 0x1000, 0, 4);
}

static void software_request_runs_a_block_even_when_masked(void **state)
{
    struct bench *b = *state;

    fill_card(b, 8);
    program(b, 1, MODE_WRITE | MODE_BLOCK, 0x1000, 0, 7);
    bench_out8(b, 9, 4 | 1);
    bench_run(b);
    assert_card_bytes(b->ram + 0x1000, 0, 8);
    bench_out8(b, 0x0c, 0);
    write_word(b, 3, 3); /* TC has taken the request back */
    bench_run(b);
    assert_int_equal(b->ram[0x1008], 0);
}

static void software_request_can_be_taken_back(void **state)
{
    struct bench *b = *state;

    fill_card(b, 8);
    program(b, 1, MODE_WRITE | MODE_BLOCK, 0x1000, 0, 7);
    bench_out8(b, 9, 4 | 1);
    bench_out8(b, 9, 1);
    bench_run(b);
    assert_int_equal(b->ram[0x1000], 0);
}

/* Two cards on channels 1 and 3; who comes first is read off the bursts. */
static struct bench *two_cards(unsigned command)
{
    struct bus_place second = {
        .has_irq = true, .irq = 7, .has_dma = true, .dma = 3, .base = {0x320}};
    void *own;
    struct bench *b;

    dma_setup(&own);
    b = own;
    bench_add(b, device_model_find("isacard"), &second);
    bench_start(b);
    bench_out8(b, 0xd6, MODE_CASCADE);
    bench_out8(b, 0xd4, 0);
    bench_out8(b, 8, (uint8_t)command);
    program(b, 1, MODE_WRITE | MODE_SINGLE, 0x1000, 0, 2);
    program(b, 3, MODE_WRITE | MODE_SINGLE, 0x3000, 0, 2);
    bench_out8(b, 0x0f, 0x05);
    bench_trace(b, "dma_burst");
    bus_out(b->bus, 0x320 + CARD_CONTROL, 2, RUN | TO_MEMORY);
    bench_set16(b, CARD_CONTROL, RUN | TO_MEMORY);
    bench_run(b);
    return b;
}

static void assert_order(const struct bench *b, const char *order)
{
    const char *at = b->trace;

    for (; *order; order++) {
        at = strstr(at, "dla=");
        assert_non_null(at);
        assert_int_equal(at[4], *order);
        at++;
    }
    assert_null(strstr(at, "dla="));
}

/* DEV-015 */
static void fixed_priority_serves_the_lower_channel_first(void **state)
{
    struct bench *b = two_cards(0);

    (void)state;
    assert_order(b, "111333");
    bench_destroy(b);
}

/* DEV-015 */
static void rotating_priority_takes_turns(void **state)
{
    struct bench *b = two_cards(0x10);

    (void)state;
    assert_order(b, "131313");
    bench_destroy(b);
}

/* DEV-016 */
static void masked_channel_4_cuts_off_channels_0_to_3(void **state)
{
    struct bench *b = *state;

    fill_card(b, 4);
    bench_out8(b, 0xd4, 4);
    program(b, 1, MODE_WRITE | MODE_SINGLE, 0x1000, 0, 3);
    unmask(b, 1);
    bench_set16(b, CARD_CONTROL, RUN | TO_MEMORY);
    bench_run(b);
    assert_int_equal(b->ram[0x1000], 0);
    assert_int_equal(bench_in8(b, 0xd0) & 0x10, 0x10); /* the cascade asks */
    bench_out8(b, 0xd4, 0);
    bench_run(b);
    assert_card_bytes(b->ram + 0x1000, 0, 4);
}

/* DEV-016 */
static void masked_channel_4_leaves_channel_5_alone(void **state)
{
    struct bench *b = *state;

    fill_card(b, 4);
    bench_out8(b, 0xd4, 4);
    program(b, 5, MODE_WRITE | MODE_SINGLE, 0x800, 0, 1);
    unmask(b, 5);
    bench_set16(b, CARD_CONTROL, RUN | TO_MEMORY);
    bench_run(b);
    assert_card_bytes(b->ram + 0x1000, 0, 4);
}

/* DEV-017: the controller itself moves nothing in cascade mode. */
static void cascade_mode_moves_no_data_itself(void **state)
{
    struct bench *b = *state;

    fill_card(b, 4);
    program(b, 1, MODE_WRITE | MODE_CASCADE, 0x1000, 0, 3);
    unmask(b, 1);
    bench_set16(b, CARD_CONTROL, RUN | TO_MEMORY);
    bench_run(b);
    assert_int_equal(b->ram[0x1000], 0);
    bench_out8(b, 0x0c, 0);
    assert_int_equal(read_word(b, 3), 3);
}

static void program_memory_to_memory(struct bench *b, unsigned from,
                                     unsigned to, unsigned count)
{
    program(b, 0, MODE_READ | MODE_BLOCK, from & 0xffff, from >> 16, count);
    program(b, 1, MODE_WRITE | MODE_BLOCK, to & 0xffff, to >> 16, count);
}

static void memory_to_memory_copies_through_the_temporary_register(void **state)
{
    struct bench *b = *state;

    memcpy(b->ram + 0x31000, "0123456789", 10);
    program_memory_to_memory(b, 0x31000, 0x12345, 9);
    bench_out8(b, 8, 1);
    bench_out8(b, 9, 4);
    assert_int_equal(b->ram[0x12345], 0);
    bench_trace(b, "dma_*");
    bench_run(b);
    assert_memory_equal(b->ram + 0x12345, "0123456789", 10);
    assert_int_equal(b->ram[0x12345 + 10], 0);
    assert_int_equal(bench_in8(b, 0x0d), '9');
    assert_int_equal(bench_in8(b, 8) & 3, 2); /* TC of channel 1 alone */
    assert_int_equal(bench_count(b, "dma_burst"), 20);
    assert_int_equal(bench_count(b, "dma_start"), 1);
    assert_int_equal(bench_count(b, "dma_end"), 1);
}

static void memory_to_memory_with_address_hold_fills(void **state)
{
    struct bench *b = *state;

    b->ram[0x31000] = 0x77;
    program_memory_to_memory(b, 0x31000, 0x12345, 9);
    bench_out8(b, 8, 1 | 2);
    bench_out8(b, 9, 4);
    bench_run(b);
    for (unsigned i = 0; i < 10; i++)
        assert_int_equal(b->ram[0x12345 + i], 0x77);
    assert_int_equal(b->ram[0x12345 + 10], 0);
}

/* DEV-019: low and high byte of one instant; between two reads of one pair a
 * unit may move, which the HAL sees by reading again. */
static void count_reads_during_a_transfer_are_live(void **state)
{
    struct bench *b = *state;
    unsigned before = 0x1ff, now;

    program(b, 1, MODE_WRITE | MODE_SINGLE, 0x1000, 0, 0x1ff);
    unmask(b, 1);
    bench_set16(b, CARD_CONTROL, RUN | TO_MEMORY);
    bench_out8(b, 0x0c, 0);
    for (unsigned i = 0; i < 0x200; i++) {
        bench_advance_ns(b, 960);
        now = read_word(b, 3);
        assert_true(before == now || before - now == 1 || now == 0xffff);
        before = now;
    }
    assert_int_equal(before, 0xffff);
}

/* ---- who may read nothing ----------------------------------------------- */

static void outside_ram_reads_are_ff_and_writes_vanish(void **state)
{
    struct bench *b = *state;

    fill_card(b, 4);
    program(b, 1, MODE_READ | MODE_SINGLE, 0x1000, 0xf8, 3); /* the hole */
    unmask(b, 1);
    bench_set16(b, CARD_CONTROL, RUN | IRQ);
    assert_true(bench_run_until_irq(b)); /* the channel counts on */
    bench_set16(b, CARD_POINTER, 0);
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(bench_get8(b, CARD_DATA), 0xff);
}

/* ---- EISA --------------------------------------------------------------- */

static int setup_eisa_on(void **state, int channel)
{
    struct bench *b = bench_create();
    struct device *chip;

    *state = b;
    bench_add_isa(b, device_model_find("isacard"), 5, channel);
    chip = bench_add(b, device_model_find("dma8237"), NULL);
    bench_set(b, chip, "eisa", 1);
    bench_start(b);
    bench_out8(b, 0xd6, MODE_CASCADE);
    bench_out8(b, 0xd4, 0);
    return 0;
}

static int setup_eisa(void **state)
{
    return setup_eisa_on(state, 1);
}

static int setup_eisa_words(void **state)
{
    return setup_eisa_on(state, 5);
}

/* DEV-018 */
static void eisa_high_page_gives_32_bits_without_wrap(void **state)
{
    struct bench *b = *state;

    fill_card(b, 8);
    program(b, 1, MODE_WRITE | MODE_BLOCK, 0xfffc, 0x21, 7);
    bench_out8(b, 0x483, 0x01); /* 0121FFFCh */
    assert_int_equal(bench_in8(b, 0x483), 1);
    unmask(b, 1);
    bench_set16(b, CARD_CONTROL, RUN | TO_MEMORY | BLOCK);
    bench_run(b);
    assert_card_bytes(b->ram + 0x121fffc, 0, 8);
}

/* DEV-018 */
static void eisa_low_page_alone_is_the_8237(void **state)
{
    struct bench *b = *state;

    fill_card(b, 4);
    program(b, 1, MODE_WRITE | MODE_BLOCK, 0xfffe, 1, 3);
    bench_out8(b, 0x483, 0x01);
    bench_out8(b, 0x83, 0x01); /* clears the high page again */
    assert_int_equal(bench_in8(b, 0x483), 0);
    unmask(b, 1);
    bench_set16(b, CARD_CONTROL, RUN | TO_MEMORY | BLOCK);
    bench_run(b);
    assert_card_bytes(b->ram + 0x10000, 2, 2);
}

/* DEV-018 */
static void eisa_count_has_24_bits(void **state)
{
    struct bench *b = *state;

    fill_card(b, 0x10000);
    program(b, 1, MODE_WRITE | MODE_BLOCK, 0, 0x10, 0x0fff);
    bench_out8(b, 0x483, 0x01);
    bench_out8(b, 0x403, 0x01); /* 011000h bytes */
    assert_int_equal(bench_in8(b, 0x403), 1);
    unmask(b, 1);
    bench_set16(b, CARD_CONTROL, RUN | TO_MEMORY | BLOCK);
    bench_run(b);
    assert_card_bytes(b->ram + 0x1100000, 0, 0x1000);
    assert_card_bytes(b->ram + 0x1110000, 0, 0x1000);
    assert_int_equal(bench_in8(b, 8) & 2, 2);
}

/* DEV-018: addressing mode 3 of 4D6h. */
static void eisa_words_may_be_counted_in_bytes(void **state)
{
    struct bench *b = *state;

    fill_card(b, 16);
    bench_out8(b, 0x4d6, 3 << 2 | 1);
    program(b, 5, MODE_WRITE | MODE_BLOCK, 0xfffc, 0x13, 7); /* no shift */
    bench_out8(b, 0x48b, 0x01);
    unmask(b, 5);
    bench_set16(b, CARD_CONTROL, RUN | TO_MEMORY | BLOCK);
    bench_run(b);
    assert_card_bytes(b->ram + 0x113fffc, 0, 8);
    assert_int_equal(b->ram[0x1140004], 0);
    assert_int_equal(bench_in8(b, 0xd0) & 2, 2);
}

/* DEV-018: a 32-bit address of a channel that counts words. */
static void eisa_high_page_of_a_word_channel(void **state)
{
    struct bench *b = *state;

    fill_card(b, 8);
    program(b, 5, MODE_WRITE | MODE_BLOCK, 0xfffe, 0x13, 3); /* 13FFFCh */
    bench_out8(b, 0x48b, 0x01);
    unmask(b, 5);
    bench_set16(b, CARD_CONTROL, RUN | TO_MEMORY | BLOCK);
    bench_run(b);
    assert_card_bytes(b->ram + 0x113fffc, 0, 8); /* over the 128 KB line */
}

/* DEV-018 */
static void eisa_32_bit_cycles_are_not_built_in(void **state)
{
    struct bench *b = *state;

    bench_trace(b, "guest_error");
    bench_out8(b, 0x40b, 2 << 2 | 1);
    assert_int_equal(bench_count(b, "32-bit"), 1);
    fill_card(b, 2);
    program(b, 1, MODE_WRITE | MODE_BLOCK, 0x1000, 0, 1);
    unmask(b, 1);
    bench_set16(b, CARD_CONTROL, RUN | TO_MEMORY | BLOCK);
    bench_run(b);
    assert_card_bytes(b->ram + 0x1000, 0, 2);
}

static void without_the_option_eisa_ports_are_empty(void **state)
{
    struct bench *b = *state;

    bench_out8(b, 0x483, 0x12);
    assert_int_equal(bench_in8(b, 0x483), 0xff);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, dma_setup, bench_teardown)
#define W(name)                                                                \
    cmocka_unit_test_setup_teardown(name, dma_setup_words, bench_teardown)
#define EW(name)                                                               \
    cmocka_unit_test_setup_teardown(name, setup_eisa_words, bench_teardown)
#define E(name)                                                                \
    cmocka_unit_test_setup_teardown(name, setup_eisa, bench_teardown)
        T(unmasking_while_dreq_is_high_starts),
        T(command_bit_2_disables_the_controller),
        T(command_bit_6_makes_dreq_active_low),
        T(command_timing_and_dack_bits_change_no_bytes),
        T(software_request_runs_a_block_even_when_masked),
        T(software_request_can_be_taken_back),
        cmocka_unit_test(fixed_priority_serves_the_lower_channel_first),
        cmocka_unit_test(rotating_priority_takes_turns),
        T(masked_channel_4_cuts_off_channels_0_to_3),
        W(masked_channel_4_leaves_channel_5_alone),
        T(cascade_mode_moves_no_data_itself),
        T(memory_to_memory_copies_through_the_temporary_register),
        T(memory_to_memory_with_address_hold_fills),
        T(count_reads_during_a_transfer_are_live),
        T(outside_ram_reads_are_ff_and_writes_vanish),
        E(eisa_high_page_gives_32_bits_without_wrap),
        E(eisa_low_page_alone_is_the_8237),
        E(eisa_count_has_24_bits),
        EW(eisa_words_may_be_counted_in_bytes),
        EW(eisa_high_page_of_a_word_channel),
        E(eisa_32_bit_cycles_are_not_built_in),
        T(without_the_option_eisa_ports_are_empty),
    };

    return cmocka_run_group_tests_name("dma8237_command", tests, NULL, NULL);
}
