/* tests/devices/scsi_test.c -- SCSI-2 targets, a disk and a CD-ROM drive,
 * through the AHA-1542CF: commands, sense, modes, contents, media that change.
 */
#include <string.h>

#include "disk_rig.h"
#include "scsi_rig.h"

enum { CCB = HA_CCB, BUFFER = HA_BUFFER };

static void inquiry_names_disk_and_cd(void **state)
{
    struct ha *r = *state;
    struct bench *b = r->b;

    ha_mailboxes(r, 1);
    ha_ccb(r, 0, 0, "\x12\0\0\0\x24\0", 6, BUFFER, 36);
    assert_int_equal(ha_start(r, 0), 1);
    assert_memory_equal(b->ram + BUFFER, "\0\0\2\2\x1f\0\0\0HALBOX  DISK ", 21);
    ha_ccb(r, 0, HA_CD, "\x12\0\0\0\x24\0", 6, BUFFER, 36);
    assert_int_equal(ha_start(r, 0), 1);
    assert_memory_equal(b->ram + BUFFER, "\5\x80\2", 3);
}

static void blocks_are_read_and_written(void **state)
{
    struct ha *r = *state;
    struct bench *b = r->b;

    ha_mailboxes(r, 1);
    ha_clear_attention(r, 0);
    ha_ccb(r, 0, 0, "\x28\0\0\0\0\x05\0\0\x64\0", 10, BUFFER, 100 * 512);
    assert_int_equal(ha_start(r, 0), 1);
    disk_check(b->ram + BUFFER, HA_SEED, 5 * 512, 100 * 512);
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
        {"\x0a\0\0\0\1\0", 6, HA_CD, 7, 0x27},        /* read only       */
        {"\x43\0\0\0\0\0\x05\0\xff\0", 10, HA_CD, 5, 0x24},
    };
    struct ha *r = *state;
    struct bench *b = r->b;

    ha_mailboxes(r, 1);
    ha_clear_attention(r, 0);
    ha_clear_attention(r, HA_CD);
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
    ha_clear_attention(r, 0);
    ha_clear_attention(r, HA_CD);
    ha_ccb(r, 0, 0, "\x25\0\0\0\0\0\0\0\0\0", 10, BUFFER, 8);
    assert_int_equal(ha_start(r, 0), 1);
    assert_memory_equal(b->ram + BUFFER, "\0\0\x01\xff\0\0\2\0", 8);
    ha_ccb(r, 0, HA_CD, "\x25\0\0\0\0\0\0\0\0\0", 10, BUFFER, 8);
    assert_int_equal(ha_start(r, 0), 1);
    assert_memory_equal(b->ram + BUFFER, "\0\0\0\x7f\0\0\x08\0", 8);
    ha_ccb(r, 0, 0, "\x1a\0\x08\0\xff\0", 6, BUFFER, 255);
    assert_int_equal(ha_start(r, 0), 1);
    assert_memory_equal(b->ram + BUFFER, "\x17\0\0\x08\0\0\x02\0\0\0\2\0\x08",
                        13);
    ha_ccb(r, 0, HA_CD, "\x43\0\0\0\0\0\0\0\xff\0", 10, BUFFER, 255);
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
    ha_clear_attention(r, HA_CD);
    ha_ccb(r, 0, HA_CD, "\x43\2\0\0\0\0\1\0\xff\0", 10, BUFFER, 255);
    assert_int_equal(ha_start(r, 0), 1);
    assert_memory_equal(b->ram + BUFFER,
                        "\0\x12\1\1\0\x14\1\0\0\0\2\0\0\x14"
                        "\xaa\0\0\0\3\x35",
                        20);
    ha_ccb(r, 0, HA_CD, "\x43\0\0\0\0\0\xaa\0\xff\0", 10, BUFFER, 255);
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
    ha_clear_attention(r, 0);
    ha_ccb(r, 0, 0, "\x2f\2\0\0\0\0\0\0\1\0", 10, BUFFER, 512);
    b->ram[BUFFER] = (uint8_t)(disk_byte(HA_SEED, 0) + 1);
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

static void sense_is_kept_when_it_is_not_asked_for(void **state)
{
    struct ha *r = *state;
    struct bench *b = r->b;

    ha_mailboxes(r, 1);
    ha_clear_attention(r, 0);
    ha_ccb(r, 0, 0, "\xc0\0\0\0\0\0", 6, 0, 0);
    b->ram[CCB + 3] = 1; /* no automatic request sense */
    assert_int_equal(ha_start(r, 0), 4);
    assert_int_equal(b->ram[CCB + 24], 0);
    ha_ccb(r, 0, 0, "\x03\0\0\0\x12\0", 6, BUFFER, 18);
    assert_int_equal(ha_start(r, 0), 1);
    assert_int_equal(b->ram[BUFFER + 2], 5);
    assert_int_equal(b->ram[BUFFER + 12], 0x20);
}

static void a_changed_medium_is_an_attention(void **state)
{
    struct ha *r = *state;
    struct bench *b = r->b;

    ha_mailboxes(r, 1);
    ha_clear_attention(r, HA_CD);
    bus_drive_change(b->dev, HA_CD, NULL);
    ha_ccb(r, 0, HA_CD, "\0\0\0\0\0\0", 6, 0, 0);
    assert_int_equal(ha_start(r, 0), 4);
    assert_int_equal(b->ram[CCB + 24 + 12], 0x28);
    ha_ccb(r, 0, HA_CD, "\0\0\0\0\0\0", 6, 0, 0);
    assert_int_equal(ha_start(r, 0), 4);
    assert_int_equal(b->ram[CCB + 24 + 2], 2);
    assert_int_equal(b->ram[CCB + 24 + 12], 0x3a);
}

/* One command without data for the HA_CD drive; its sense key, 0 when good. */
static unsigned tray(struct ha *r, const char *cdb, unsigned asc)
{
    const uint8_t *sense = r->b->ram + CCB + 24;

    ha_ccb(r, 0, HA_CD, cdb, 6, 0, 0);
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
    ha_clear_attention(r, HA_CD);
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

#define T(test) cmocka_unit_test_setup_teardown(test, ha_setup, ha_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(inquiry_names_disk_and_cd),
        T(blocks_are_read_and_written),
        T(errors_come_with_their_sense),
        T(capacity_modes_and_contents),
        T(contents_are_told_in_minutes_too),
        T(sense_tells_the_block_it_is_about),
        T(sense_is_kept_when_it_is_not_asked_for),
        T(a_changed_medium_is_an_attention),
        T(a_tray_opens_unless_it_is_locked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
