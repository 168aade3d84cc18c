/* tests/devices/aha1542_test.c -- the AHA-1542CF against its manuals: adapter
 * commands, mailboxes, CCBs with one buffer and with a list, residual. The
 * targets behind it: scsi_test.c. */
#include <string.h>

#include "disk_rig.h"
#include "scsi_rig.h"

enum { MAIL = HA_MAIL, CCB = HA_CCB, LIST = HA_LIST, BUFFER = HA_BUFFER };

/* ---- adapter commands ---------------------------------------------------- */

static void reset_asks_for_mailboxes(void **state)
{
    struct ha *r = *state;
    struct bench *b = r->b;

    assert_int_equal(bench_get8(b, HA_STATUS), HA_INIT | HA_IDLE);
    ha_mailboxes(r, 2);
    bench_set8(b, HA_STATUS, 0x40);
    assert_int_equal(bench_get8(b, HA_STATUS), HA_INIT | HA_IDLE);
}

static void the_board_says_what_and_where_it_is(void **state)
{
    struct ha *r = *state;
    uint8_t got[256];

    assert_int_equal(ha_ask(r, "\x04", 1, got), 4);
    assert_int_equal(got[0], 0x45);
    assert_int_equal(ha_ask(r, "\x0b", 1, got), 3);
    assert_memory_equal(got, "\x20\x04\x07", 3); /* channel 5, IRQ 11, id 7 */
    assert_int_equal(ha_ask(r, "\x0a", 1, got), 8);
    assert_memory_equal(got, "\1\0\0\1\0\0\0\0", 8);
    assert_int_equal(ha_ask(r, "\x0d\x11", 2, got), 17);
}

static void echo_and_what_is_no_command(void **state)
{
    struct ha *r = *state;
    struct bench *b = r->b;
    uint8_t got[8];

    ha_command(r, "\x1f\x5a", 2);
    assert_int_equal(bench_get8(b, HA_FLAGS), 0);
    assert_int_equal(ha_answer(r, got), 1);
    assert_int_equal(got[0], 0x5a);
    ha_command(r, "\x77", 1);
    assert_int_equal(bench_get8(b, HA_STATUS) & HA_INVALID, HA_INVALID);
    assert_true(bench_irq(b));
    ha_acknowledge(r);
    assert_false(bench_irq(b));
    ha_command(r, "\x01\0\0\0\0", 5); /* no mailboxes at all */
    assert_int_equal(bench_get8(b, HA_STATUS) & (HA_INVALID | HA_INIT),
                     HA_INVALID | HA_INIT);
}

static void the_fifo_goes_to_memory_and_back(void **state)
{
    struct ha *r = *state;
    struct bench *b = r->b;

    for (unsigned i = 0; i < 64; i++)
        b->ram[0x8000 + i] = (uint8_t)(i * 5 + 1);
    ha_command(r, "\x1c\0\x80\0", 4);
    assert_true(bench_run_until_irq(b));
    ha_acknowledge(r);
    ha_command(r, "\x1d\0\x90\0", 4);
    assert_true(bench_run_until_irq(b));
    assert_memory_equal(b->ram + 0x9000, b->ram + 0x8000, 64);
}

/* A master of ISA has 16 data lines: from an odd address a byte, words, and
 * the byte that is left. */
static void memory_is_reached_by_words(void **state)
{
    struct ha *r = *state;

    bench_trace(r->b, "dma_beat");
    ha_command(r, "\x1c\0\x80\1", 4);
    assert_true(bench_run_until_irq(r->b));
    assert_int_equal(bench_count(r->b, "bytes=1"), 2);
    assert_int_equal(bench_count(r->b, "bytes=2"), 31);
    assert_int_equal(bench_count(r->b, "dma_beat"), 33);
}

static void a_locked_interface_wants_its_code(void **state)
{
    struct ha *r = *state;
    struct bench *b = r->b;
    uint8_t got[8];

    bench_set(b, b->dev, "extended", 1);
    bench_set8(b, HA_STATUS, 0x80);
    ha_command(r, "\x01\x01\0\x50\0", 5);
    assert_int_equal(bench_get8(b, HA_STATUS) & HA_INVALID, HA_INVALID);
    ha_acknowledge(r);
    assert_int_equal(ha_ask(r, "\x28", 1, got), 2);
    assert_int_equal(got[0], 8);
    assert_int_not_equal(got[1], 0);
    ha_command(r, "\x29\0", 2);
    bench_set8(b, HA_DATA, got[1]);
    ha_acknowledge(r);
    ha_mailboxes(r, 1);
}

/* ---- CCBs ---------------------------------------------------------------- */

static void nobody_at_an_id_is_a_selection_timeout(void **state)
{
    struct ha *r = *state;
    struct bench *b = r->b;

    ha_mailboxes(r, 1);
    for (unsigned id = 1; id < 8; id++) {
        if (id == HA_CD)
            continue;
        ha_ccb(r, 0, id, "\0\0\0\0\0\0", 6, 0, 0);
        assert_int_equal(ha_start(r, 0), 4);
        assert_int_equal(b->ram[CCB + 14], 0x11);
    }
}

static void a_list_scatters_and_gathers(void **state)
{
    struct ha *r = *state;
    struct bench *b = r->b;
    static const uint32_t at[] = {BUFFER + 1, BUFFER + 0x2003, BUFFER + 0x4000};
    static const uint32_t bytes[] = {700, 3, 833};
    uint32_t done = 0;

    ha_mailboxes(r, 1);
    ha_clear_attention(r, 0);
    for (unsigned i = 0; i < 3; i++)
        ha_segment(r, i, at[i], bytes[i]);
    ha_ccb(r, 2, 0, "\x08\0\0\x09\3\0", 6, LIST, 18);
    assert_int_equal(ha_start(r, 0), 1);
    for (unsigned i = 0; i < 3; i++) {
        disk_check(b->ram + at[i], HA_SEED, 9 * 512 + done, bytes[i]);
        done += bytes[i];
    }
    ha_ccb(r, 2, 0, "\x0a\0\0\x20\3\0", 6, LIST, 18);
    assert_int_equal(ha_start(r, 0), 1);
    ha_ccb(r, 0, 0, "\x08\0\0\x20\3\0", 6, BUFFER + 0x8000, 1536);
    assert_int_equal(ha_start(r, 0), 1);
    disk_check(b->ram + BUFFER + 0x8000, HA_SEED, 9 * 512, 1536);
}

static void the_residual_is_what_was_not_moved(void **state)
{
    struct ha *r = *state;
    struct bench *b = r->b;

    ha_mailboxes(r, 1);
    ha_ccb(r, 3, 0, "\x12\0\0\0\x24\0", 6, BUFFER, 100);
    assert_int_equal(ha_start(r, 0), 1);
    assert_memory_equal(b->ram + CCB + 4, "\0\0\x40", 3);
    for (unsigned i = 0; i < 3; i++)
        ha_segment(r, i, BUFFER + 64 * i, 30);
    ha_ccb(r, 4, 0, "\x12\0\0\0\x24\0", 6, LIST, 18);
    assert_int_equal(ha_start(r, 0), 1);
    assert_memory_equal(b->ram + CCB + 4, "\0\0\x36", 3); /* 90 - 36 */
}

static void more_data_than_room_is_an_overrun(void **state)
{
    struct ha *r = *state;
    struct bench *b = r->b;

    ha_mailboxes(r, 1);
    ha_clear_attention(r, 0);
    memset(b->ram + BUFFER, 0x77, 2048);
    ha_ccb(r, 0, 0, "\x08\0\0\0\2\0", 6, BUFFER, 700);
    assert_int_equal(ha_start(r, 0), 4);
    assert_int_equal(b->ram[CCB + 14], 0x12);
    assert_int_equal(b->ram[BUFFER + 700], 0x77);
}

static void mailboxes_go_round(void **state)
{
    struct ha *r = *state;

    ha_mailboxes(r, 3);
    for (unsigned i = 0; i < 7; i++) {
        ha_ccb(r, 0, 0, "\x12\0\0\0\x24\0", 6, BUFFER, 36);
        assert_int_equal(ha_start(r, i % 3), 1);
    }
}

static void an_incoming_mailbox_is_waited_for(void **state)
{
    struct ha *r = *state;
    struct bench *b = r->b;
    uint8_t *in = b->ram + MAIL + 4;

    ha_mailboxes(r, 1);
    in[0] = 1; /* the host has not taken it */
    ha_ccb(r, 0, 0, "\x12\0\0\0\x24\0", 6, BUFFER, 36);
    ha_post(r, 0, 1);
    bench_advance_ns(b, 1000000);
    assert_int_equal(bench_get8(b, HA_FLAGS), 0);
    in[0] = 0;
    bench_advance_ns(b, 200000);
    assert_int_equal(bench_get8(b, HA_FLAGS), HA_IN);
    assert_int_equal(in[0], 1);
}

static void an_interrupt_waits_for_the_one_before(void **state)
{
    struct ha *r = *state;
    struct bench *b = r->b;

    ha_mailboxes(r, 1);
    ha_command(r, "\0", 1); /* NOP: its interrupt is not reset yet */
    assert_int_equal(bench_get8(b, HA_FLAGS), HA_DONE);
    ha_ccb(r, 0, 0, "\x12\0\0\0\x24\0", 6, BUFFER, 36);
    ha_post(r, 0, 1);
    bench_advance_ns(b, 1000000);
    assert_int_equal(bench_get8(b, HA_FLAGS), HA_DONE);
    bench_set8(b, HA_STATUS, 0x20);
    assert_false(bench_irq(b));
    bench_advance_ns(b, 20);
    assert_true(bench_irq(b));
    assert_int_equal(bench_get8(b, HA_FLAGS), HA_IN);
}

static void aborts_find_nothing_that_is_under_way(void **state)
{
    struct ha *r = *state;
    struct bench *b = r->b;

    ha_mailboxes(r, 1);
    ha_ccb(r, 0, 0, "\x12\0\0\0\x24\0", 6, BUFFER, 36);
    ha_post(r, 0, 2);
    assert_true(bench_run_until_irq(b));
    assert_int_equal(b->ram[MAIL + 4], 3);
}

static void a_closed_channel_keeps_it_off_the_bus(void **state)
{
    struct ha *r = *state;
    struct bench *b = r->b;

    ha_mailboxes(r, 1);
    bench_out8(b, 0xd4, 5); /* mask channel 5 */
    ha_ccb(r, 0, 0, "\x12\0\0\0\x24\0", 6, BUFFER, 36);
    ha_post(r, 0, 1);
    bench_advance_ns(b, 1000000);
    assert_int_equal(b->ram[MAIL], 1);
    bench_out8(b, 0xd4, 1);
    assert_true(bench_run_until_irq(b));
}

#define T(test) cmocka_unit_test_setup_teardown(test, ha_setup, ha_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(reset_asks_for_mailboxes),
        T(the_board_says_what_and_where_it_is),
        T(echo_and_what_is_no_command),
        T(the_fifo_goes_to_memory_and_back),
        T(memory_is_reached_by_words),
        T(a_locked_interface_wants_its_code),
        T(nobody_at_an_id_is_a_selection_timeout),
        T(a_list_scatters_and_gathers),
        T(the_residual_is_what_was_not_moved),
        T(more_data_than_room_is_an_overrun),
        T(mailboxes_go_round),
        T(an_incoming_mailbox_is_waited_for),
        T(an_interrupt_waits_for_the_one_before),
        T(aborts_find_nothing_that_is_under_way),
        T(a_closed_channel_keeps_it_off_the_bus),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
