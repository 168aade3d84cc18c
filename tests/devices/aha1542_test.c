/* tests/devices/aha1542_test.c -- the AHA-1542CF against its manuals, and
 * SCSI-2 targets through it: adapter commands, mailboxes, CCBs with one buffer
 * and with a list, residual, sense, media. */
#include <string.h>

#include "disk_rig.h"
#include "scsi_rig.h"

enum { MAIL = HA_MAIL, CCB = HA_CCB, LIST = HA_LIST, BUFFER = HA_BUFFER };
enum { DISK_BYTES = 256 << 10, CD = 3, SEED = 5 };

static int setup(void **state)
{
    struct ha *r = ha_create("aha1542", false);

    disk_insert(r->b->dev, 0, MEDIA_DISK, DISK_BYTES, SEED, false);
    disk_insert(r->b->dev, CD, MEDIA_CDROM, DISK_BYTES, SEED, true);
    ha_power_on(r);
    *state = r;
    return 0;
}

/* ---- adapter commands --------------------------------------------------- */

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

/* ---- CCBs --------------------------------------------------------------- */

/* The unit attention of power-on is told once. */
static void clear_attention(struct ha *r, unsigned target)
{
    struct bench *b = r->b;

    ha_ccb(r, 0, target, "\0\0\0\0\0\0", 6, 0, 0);
    assert_int_equal(ha_start(r, 0), 4);
    assert_int_equal(b->ram[CCB + 15], 2);
    assert_int_equal(b->ram[CCB + 24 + 2], 6);     /* sense key */
    assert_int_equal(b->ram[CCB + 24 + 12], 0x29); /* reset     */
    ha_ccb(r, 0, target, "\0\0\0\0\0\0", 6, 0, 0);
    assert_int_equal(ha_start(r, 0), 1);
}

static void inquiry_names_disk_and_cd(void **state)
{
    struct ha *r = *state;
    struct bench *b = r->b;

    ha_mailboxes(r, 1);
    ha_ccb(r, 0, 0, "\x12\0\0\0\x24\0", 6, BUFFER, 36);
    assert_int_equal(ha_start(r, 0), 1);
    assert_memory_equal(b->ram + BUFFER, "\0\0\2\2\x1f\0\0\0HALBOX  DISK ", 21);
    ha_ccb(r, 0, CD, "\x12\0\0\0\x24\0", 6, BUFFER, 36);
    assert_int_equal(ha_start(r, 0), 1);
    assert_memory_equal(b->ram + BUFFER, "\5\x80\2", 3);
}

static void nobody_at_an_id_is_a_selection_timeout(void **state)
{
    struct ha *r = *state;
    struct bench *b = r->b;

    ha_mailboxes(r, 1);
    for (unsigned id = 1; id < 8; id++) {
        if (id == CD)
            continue;
        ha_ccb(r, 0, id, "\0\0\0\0\0\0", 6, 0, 0);
        assert_int_equal(ha_start(r, 0), 4);
        assert_int_equal(b->ram[CCB + 14], 0x11);
    }
}

static void blocks_are_read_and_written(void **state)
{
    struct ha *r = *state;
    struct bench *b = r->b;

    ha_mailboxes(r, 1);
    clear_attention(r, 0);
    ha_ccb(r, 0, 0, "\x28\0\0\0\0\x05\0\0\x64\0", 10, BUFFER, 100 * 512);
    assert_int_equal(ha_start(r, 0), 1);
    disk_check(b->ram + BUFFER, SEED, 5 * 512, 100 * 512);
    for (unsigned i = 0; i < 1024; i++)
        b->ram[BUFFER + i] = (uint8_t)(i * 11);
    ha_ccb(r, 0, 0, "\x0a\0\0\x07\2\0", 6, BUFFER, 1024);
    assert_int_equal(ha_start(r, 0), 1);
    ha_ccb(r, 0, 0, "\x08\0\0\x07\2\0", 6, BUFFER + 4096, 1024);
    assert_int_equal(ha_start(r, 0), 1);
    assert_memory_equal(b->ram + BUFFER, b->ram + BUFFER + 4096, 1024);
    ha_ccb(r, 0, 0, "\x2f\2\0\0\0\x07\0\0\2\0", 10, BUFFER, 1024);
    assert_int_equal(ha_start(r, 0), 1); /* VERIFY with compare */
    b->ram[BUFFER + 600] ^= 1;
    ha_ccb(r, 0, 0, "\x2f\2\0\0\0\x07\0\0\2\0", 10, BUFFER, 1024);
    assert_int_equal(ha_start(r, 0), 4);
    assert_int_equal(b->ram[CCB + 28 + 2], 14); /* miscompare */
}

static void a_list_scatters_and_gathers(void **state)
{
    struct ha *r = *state;
    struct bench *b = r->b;
    static const uint32_t at[] = {BUFFER + 1, BUFFER + 0x2003, BUFFER + 0x4000};
    static const uint32_t bytes[] = {700, 3, 833};
    uint32_t done = 0;

    ha_mailboxes(r, 1);
    clear_attention(r, 0);
    for (unsigned i = 0; i < 3; i++)
        ha_segment(r, i, at[i], bytes[i]);
    ha_ccb(r, 2, 0, "\x08\0\0\x09\3\0", 6, LIST, 18);
    assert_int_equal(ha_start(r, 0), 1);
    for (unsigned i = 0; i < 3; i++) {
        disk_check(b->ram + at[i], SEED, 9 * 512 + done, bytes[i]);
        done += bytes[i];
    }
    ha_ccb(r, 2, 0, "\x0a\0\0\x20\3\0", 6, LIST, 18);
    assert_int_equal(ha_start(r, 0), 1);
    ha_ccb(r, 0, 0, "\x08\0\0\x20\3\0", 6, BUFFER + 0x8000, 1536);
    assert_int_equal(ha_start(r, 0), 1);
    disk_check(b->ram + BUFFER + 0x8000, SEED, 9 * 512, 1536);
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
    clear_attention(r, 0);
    memset(b->ram + BUFFER, 0x77, 2048);
    ha_ccb(r, 0, 0, "\x08\0\0\0\2\0", 6, BUFFER, 700);
    assert_int_equal(ha_start(r, 0), 4);
    assert_int_equal(b->ram[CCB + 14], 0x12);
    assert_int_equal(b->ram[BUFFER + 700], 0x77);
}

static void errors_come_with_their_sense(void **state)
{
    static const struct {
        const char *cdb;
        unsigned bytes, target, key, asc;
    } rows[] = {
        {"\x28\0\0\0\x02\0\0\0\1\0", 10, 0, 5, 0x21}, /* past the end    */
        {"\xc0\0\0\0\0\0", 6, 0, 5, 0x20},            /* no such command */
        {"\x2b\0\0\0\x02\0\0\0\0\0", 10, 0, 5, 0x21}, /* to it         */
        {"\x25\0\0\0\0\1\0\0\0\0", 10, 0, 5, 0x24},   /* a block, no PMI */
        {"\x1a\0\xc0\0\xff\0", 6, 0, 5, 0x39},        /* saved values    */
        {"\x12\1\x55\0\xff\0", 6, 0, 5, 0x24},        /* no such page    */
        {"\x0a\0\0\0\1\0", 6, CD, 7, 0x27},           /* read only       */
        {"\x43\0\0\0\0\0\x05\0\xff\0", 10, CD, 5, 0x24},
    };
    struct ha *r = *state;
    struct bench *b = r->b;

    ha_mailboxes(r, 1);
    clear_attention(r, 0);
    clear_attention(r, CD);
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const uint8_t *sense = b->ram + CCB + 18 + rows[i].bytes;

        ha_ccb(r, 0, rows[i].target, rows[i].cdb, rows[i].bytes, BUFFER, 4096);
        assert_int_equal(ha_start(r, 0), 4);
        assert_int_equal(b->ram[CCB + 14], 0);
        assert_int_equal(b->ram[CCB + 15], 2);
        assert_int_equal(sense[0] & 0x7f, 0x70);
        assert_int_equal(sense[2], rows[i].key);
        assert_int_equal(sense[12], rows[i].asc);
    }
}

static void capacity_modes_and_contents(void **state)
{
    struct ha *r = *state;
    struct bench *b = r->b;

    ha_mailboxes(r, 1);
    clear_attention(r, 0);
    clear_attention(r, CD);
    ha_ccb(r, 0, 0, "\x25\0\0\0\0\0\0\0\0\0", 10, BUFFER, 8);
    assert_int_equal(ha_start(r, 0), 1);
    assert_memory_equal(b->ram + BUFFER, "\0\0\x01\xff\0\0\2\0", 8);
    ha_ccb(r, 0, CD, "\x25\0\0\0\0\0\0\0\0\0", 10, BUFFER, 8);
    assert_int_equal(ha_start(r, 0), 1);
    assert_memory_equal(b->ram + BUFFER, "\0\0\0\x7f\0\0\x08\0", 8);
    ha_ccb(r, 0, 0, "\x1a\0\x08\0\xff\0", 6, BUFFER, 255);
    assert_int_equal(ha_start(r, 0), 1);
    assert_memory_equal(b->ram + BUFFER, "\x17\0\0\x08\0\0\x02\0\0\0\2\0\x08",
                        13);
    ha_ccb(r, 0, CD, "\x43\0\0\0\0\0\0\0\xff\0", 10, BUFFER, 255);
    assert_int_equal(ha_start(r, 0), 1);
    assert_memory_equal(b->ram + BUFFER,
                        "\0\x12\1\1\0\x14\1\0\0\0\0\0\0\x14"
                        "\xaa\0\0\0\0\x80",
                        20);
}

/* 2 seconds before the first block; the end: 150 + 128 frames. */
static void contents_are_told_in_minutes_too(void **state)
{
    struct ha *r = *state;
    struct bench *b = r->b;

    ha_mailboxes(r, 1);
    clear_attention(r, CD);
    ha_ccb(r, 0, CD, "\x43\2\0\0\0\0\1\0\xff\0", 10, BUFFER, 255);
    assert_int_equal(ha_start(r, 0), 1);
    assert_memory_equal(b->ram + BUFFER,
                        "\0\x12\1\1\0\x14\1\0\0\0\2\0\0\x14"
                        "\xaa\0\0\0\3\x35",
                        20);
    ha_ccb(r, 0, CD, "\x43\0\0\0\0\0\xaa\0\xff\0", 10, BUFFER, 255);
    assert_int_equal(ha_start(r, 0), 1);
    assert_memory_equal(b->ram + BUFFER, "\0\x0a\1\1\0\x14\xaa\0\0\0\0\x80",
                        12);
}

/* The information bytes are the block's, valid for block 0 as well, and those
 * of an earlier error are not told with a later one. */
static void sense_tells_the_block_it_is_about(void **state)
{
    struct ha *r = *state;
    struct bench *b = r->b;
    const uint8_t *sense = b->ram + BUFFER;

    ha_mailboxes(r, 1);
    clear_attention(r, 0);
    ha_ccb(r, 0, 0, "\x2f\2\0\0\0\0\0\0\1\0", 10, BUFFER, 512);
    b->ram[BUFFER] = (uint8_t)(disk_byte(SEED, 0) + 1);
    assert_int_equal(ha_start(r, 0), 4);
    assert_int_equal(b->ram[CCB + 28], 0xf0);
    assert_memory_equal(b->ram + CCB + 28 + 3, "\0\0\0\0", 4);
    ha_ccb(r, 0, 0, "\x28\0\0\x12\x34\x56\0\0\1\0", 10, BUFFER, 512);
    b->ram[CCB + 3] = 1; /* no automatic request sense */
    assert_int_equal(ha_start(r, 0), 4);
    ha_ccb(r, 0, 0, "\xc0\0\0\0\0\0", 6, 0, 0);
    b->ram[CCB + 3] = 1;
    assert_int_equal(ha_start(r, 0), 4);
    ha_ccb(r, 0, 0, "\x03\0\0\0\x12\0", 6, BUFFER, 18);
    assert_int_equal(ha_start(r, 0), 1);
    assert_int_equal(sense[0], 0x70);
    assert_memory_equal(sense + 3, "\0\0\0\0", 4);
    assert_int_equal(sense[12], 0x20);
}

static void a_changed_medium_is_an_attention(void **state)
{
    struct ha *r = *state;
    struct bench *b = r->b;

    ha_mailboxes(r, 1);
    clear_attention(r, CD);
    bus_drive_change(b->dev, CD, NULL);
    ha_ccb(r, 0, CD, "\0\0\0\0\0\0", 6, 0, 0);
    assert_int_equal(ha_start(r, 0), 4);
    assert_int_equal(b->ram[CCB + 24 + 12], 0x28);
    ha_ccb(r, 0, CD, "\0\0\0\0\0\0", 6, 0, 0);
    assert_int_equal(ha_start(r, 0), 4);
    assert_int_equal(b->ram[CCB + 24 + 2], 2);
    assert_int_equal(b->ram[CCB + 24 + 12], 0x3a);
}

/* One command without data for the CD drive; its sense key, 0 when good. */
static unsigned tray(struct ha *r, const char *cdb, unsigned asc)
{
    const uint8_t *sense = r->b->ram + CCB + 24;

    ha_ccb(r, 0, CD, cdb, 6, 0, 0);
    if (ha_start(r, 0) == 1)
        return 0;
    assert_int_equal(sense[12], asc);
    return sense[2];
}

static void a_tray_opens_unless_it_is_locked(void **state)
{
    static const char ready[] = "\0\0\0\0\0\0";
    static const char eject[] = "\x1b\0\0\0\2\0", load[] = "\x1b\0\0\0\3\0";
    struct ha *r = *state;

    ha_mailboxes(r, 1);
    clear_attention(r, CD);
    assert_int_equal(tray(r, "\x1e\0\0\0\1\0", 0), 0); /* PREVENT */
    assert_int_equal(tray(r, eject, 0x53), 5);
    assert_int_equal(r->b->ram[CCB + 24 + 13], 2);
    assert_int_equal(tray(r, ready, 0), 0);
    assert_int_equal(tray(r, "\x1e\0\0\0\0\0", 0), 0);
    assert_int_equal(tray(r, eject, 0), 0);
    assert_int_equal(tray(r, ready, 0x3a), 2);
    bench_set8(r->b, HA_STATUS, 0x10); /* a bus reset shuts nothing */
    assert_int_equal(tray(r, ready, 0x29), 6);
    assert_int_equal(tray(r, ready, 0x3a), 2);
    assert_int_equal(tray(r, load, 0), 0);
    assert_int_equal(tray(r, ready, 0x28), 6);
    assert_int_equal(tray(r, ready, 0), 0);
    assert_int_equal(tray(r, "\x1b\0\0\0\0\0", 0), 0); /* stop */
    assert_int_equal(tray(r, ready, 0x04), 2);
}

static void sense_is_kept_when_it_is_not_asked_for(void **state)
{
    struct ha *r = *state;
    struct bench *b = r->b;

    ha_mailboxes(r, 1);
    clear_attention(r, 0);
    ha_ccb(r, 0, 0, "\xc0\0\0\0\0\0", 6, 0, 0);
    b->ram[CCB + 3] = 1; /* no automatic request sense */
    assert_int_equal(ha_start(r, 0), 4);
    assert_int_equal(b->ram[CCB + 24], 0);
    ha_ccb(r, 0, 0, "\x03\0\0\0\x12\0", 6, BUFFER, 18);
    assert_int_equal(ha_start(r, 0), 1);
    assert_int_equal(b->ram[BUFFER + 2], 5);
    assert_int_equal(b->ram[BUFFER + 12], 0x20);
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

#define T(test) cmocka_unit_test_setup_teardown(test, setup, ha_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(reset_asks_for_mailboxes),
        T(the_board_says_what_and_where_it_is),
        T(echo_and_what_is_no_command),
        T(the_fifo_goes_to_memory_and_back),
        T(memory_is_reached_by_words),
        T(a_locked_interface_wants_its_code),
        T(inquiry_names_disk_and_cd),
        T(nobody_at_an_id_is_a_selection_timeout),
        T(blocks_are_read_and_written),
        T(a_list_scatters_and_gathers),
        T(the_residual_is_what_was_not_moved),
        T(more_data_than_room_is_an_overrun),
        T(errors_come_with_their_sense),
        T(capacity_modes_and_contents),
        T(contents_are_told_in_minutes_too),
        T(sense_tells_the_block_it_is_about),
        T(a_changed_medium_is_an_attention),
        T(a_tray_opens_unless_it_is_locked),
        T(sense_is_kept_when_it_is_not_asked_for),
        T(mailboxes_go_round),
        T(an_incoming_mailbox_is_waited_for),
        T(an_interrupt_waits_for_the_one_before),
        T(aborts_find_nothing_that_is_under_way),
        T(a_closed_channel_keeps_it_off_the_bus),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
