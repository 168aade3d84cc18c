/* tests/devices/ide_atapi_test.c -- CD-ROM drives on the PIIX3's IDE function:
 * the PACKET protocol and each packet command. Against ATA-6, 9.8 and 9.9,
 * SFF-8020i 2.6, MMC-3. */
#include "disk_rig.h"

#include <string.h>

enum { ERR = 1, DRQ = 8, DRDY = 0x40, BSY = 0x80 };
enum { CD = 2, SECTORS = 100, SEED = 11, AT = 0x100000, TABLE = 0x8000 };
enum { REASON_STATUS = 3, REASON_IN = 2 };

static int setup(void **state)
{
    struct bench *b = ide_bench();

    disk_insert(b->dev, CD, MEDIA_CDROM, SECTORS * 2048, SEED, true);
    bus_drive(b->dev, 3, MEDIA_CDROM, NULL);
    ide_start(b);
    *state = b;
    return 0;
}

static unsigned pieces; /* of the last reply */

/* The whole data phase by PIO. Returns its bytes; at the end is the status. */
static uint32_t data_in(struct bench *b, uint8_t *to, uint32_t most,
                        uint16_t limit)
{
    uint32_t got = 0;

    for (pieces = 0; ide_wait(b, 1) & DRQ; pieces++) {
        uint32_t n = ide_in(b, 1, 4) | (uint32_t)ide_in(b, 1, 5) << 8;

        assert_int_equal(ide_in(b, 1, 2) & 3, REASON_IN);
        assert_true(ide_irq(b, 1));
        ide_in(b, 1, 7);
        assert_true(n > 0 && n <= limit && got + n <= most);
        ide_words_in(b, 1, to + got, n);
        got += n;
    }
    return got;
}

static uint8_t reply[0x10000];

/* A packet whose data comes by PIO; status phase without CHK. */
static uint32_t asks(struct bench *b, const uint8_t *packet)
{
    uint32_t n;

    memset(reply, 0xee, sizeof reply);
    ide_packet(b, CD, packet, 0xfffe, false);
    n = data_in(b, reply, sizeof reply, 0xfffe);
    assert_int_equal(ide_wait(b, 1) & (ERR | DRQ | DRDY), DRDY);
    assert_int_equal(ide_in(b, 1, 2) & 3, REASON_STATUS);
    assert_true(ide_irq(b, 1));
    ide_in(b, 1, 7);
    return n;
}

static void sense_is(struct bench *b, unsigned drive, uint8_t key, uint8_t asc)
{
    static const uint8_t sense[12] = {0x03, 0, 0, 0, 18};

    ide_packet(b, drive, sense, 0xfffe, false);
    assert_int_equal(data_in(b, reply, 18, 0xfffe), 18);
    assert_int_equal(reply[0], 0x70);
    assert_int_equal(reply[2], key);
    assert_int_equal(reply[12], asc);
}

/* Ends with CHK, this sense key and code. */
static void fails(struct bench *b, unsigned drive, const uint8_t *packet,
                  uint8_t key, uint8_t asc)
{
    assert_int_equal(ide_packet(b, drive, packet, 0xfffe, false) & (ERR | DRQ),
                     ERR);
    assert_int_equal(ide_in(b, 1, 1) >> 4, key);
    assert_int_equal(ide_in(b, 1, 2) & 3, REASON_STATUS);
    assert_true(ide_irq(b, 1));
    ide_in(b, 1, 7);
    sense_is(b, drive, key, asc);
}

static const uint8_t ready[12] = {0x00};

/* The attention of power-on is told. */
static void settle(struct bench *b)
{
    fails(b, CD, ready, 6, 0x29);
}

/* ---- the drive as a device ---- */

static void signature_is_that_of_a_packet_device(void **state)
{
    struct bench *b = *state;

    assert_int_equal(ide_in(b, 1, 1), 1);
    assert_int_equal(ide_in(b, 1, 2), 1);
    assert_int_equal(ide_in(b, 1, 3), 1);
    assert_int_equal(ide_in(b, 1, 4), 0x14);
    assert_int_equal(ide_in(b, 1, 5), 0xeb);
    assert_int_equal(ide_in(b, 1, 7), 0);
}

static void
identify_device_and_read_sectors_abort_with_the_signature(void **state)
{
    static const uint8_t commands[] = {0xec, 0x20};
    struct bench *b = *state;

    for (unsigned i = 0; i < 2; i++) {
        ide_issue(b, CD, commands[i], 0x123456, 1);
        assert_int_equal(ide_wait(b, 1) & (ERR | DRQ), ERR);
        assert_int_equal(ide_in(b, 1, 1), 4);
        assert_int_equal(ide_in(b, 1, 4), 0x14);
        assert_int_equal(ide_in(b, 1, 5), 0xeb);
    }
}

static void identify_packet_device(void **state)
{
    struct bench *b = *state;
    uint16_t w[256];

    ide_issue(b, CD, 0xa1, 0, 0);
    assert_int_equal(ide_wait(b, 1) & DRQ, DRQ);
    assert_true(ide_irq(b, 1));
    ide_words_in(b, 1, w, 512);
    assert_int_equal(w[0], 0x85c0); /* CD-ROM, removable, 12 bytes */
    assert_int_equal(w[49] & 0x300, 0x300);
    assert_int_equal(w[63] & 7, 7);
    assert_int_equal(w[82] & 0x10, 0x10);
}

static void device_reset_ends_a_command_in_the_middle(void **state)
{
    static const uint8_t read[12] = {0x28, 0, 0, 0, 0, 0, 0, 0, 30};
    struct bench *b = *state;

    settle(b);
    ide_packet(b, CD, read, 2048, false);
    ide_out(b, 1, 7, 0x08);
    assert_int_equal(ide_in(b, 1, 7), 0);
    assert_int_equal(ide_in(b, 1, 5), 0xeb);
    bench_advance_ns(b, 10000000);
    assert_int_equal(ide_in(b, 1, 7), 0);
    ide_packet(b, CD, ready, 0xfffe, false);
    assert_int_equal(ide_wait(b, 1) & (ERR | DRQ), 0);
}

/* ---- sense ---- */

static void unit_attention_is_told_once_and_not_to_inquiry(void **state)
{
    static const uint8_t inquiry[12] = {0x12, 0, 0, 0, 36};
    struct bench *b = *state;

    assert_int_equal(asks(b, inquiry), 36);
    fails(b, CD, ready, 6, 0x29);
    assert_int_equal(asks(b, ready), 0);
    sense_is(b, CD, 0, 0);
}

static void empty_drive_is_not_ready(void **state)
{
    static const uint8_t capacity[12] = {0x25};
    static const uint8_t read[12] = {0x28, 0, 0, 0, 0, 0, 0, 0, 1};
    static const uint8_t toc[12] = {0x43, 0, 0, 0, 0, 0, 0, 0, 100};
    struct bench *b = *state;

    fails(b, 3, ready, 6, 0x29);
    fails(b, 3, ready, 2, 0x3a);
    fails(b, 3, capacity, 2, 0x3a);
    fails(b, 3, read, 2, 0x3a);
    fails(b, 3, toc, 2, 0x3a);
}

static void packet_that_is_not_there_is_an_illegal_request(void **state)
{
    static const uint8_t known[] = {0x00, 0x03, 0x12, 0x1b, 0x1e, 0x25,
                                    0x28, 0x2b, 0x43, 0x46, 0x4a, 0x5a,
                                    0xa8, 0xbb, 0xbd, 0xbe};
    struct bench *b = *state;

    settle(b);
    for (unsigned code = 0; code < 256; code++) {
        uint8_t packet[12] = {(uint8_t)code};

        if (!memchr(known, (int)code, sizeof known))
            fails(b, CD, packet, 5, 0x20);
    }
}

static void every_row_of_the_table_answers(void **state)
{
    static const struct {
        uint8_t packet[12];
        uint32_t bytes;
    } rows[] = {
        {{0x00}, 0},
        {{0x03, 0, 0, 0, 18}, 18},
        {{0x12, 0, 0, 0, 255}, 36},
        {{0x1b, 0, 0, 0, 1}, 0},
        {{0x1e}, 0},
        {{0x25}, 8},
        {{0x28}, 0}, /* no sectors */
        {{0x2b, 0, 0, 0, 0, 99}, 0},
        {{0x43, 0, 0, 0, 0, 0, 0, 0, 100}, 20},
        {{0x46, 0, 0, 0, 0, 0, 0, 0, 200}, 36},
        {{0x4a, 1, 0, 0, 0x10, 0, 0, 0, 200}, 8},
        {{0x5a, 0, 0x2a, 0, 0, 0, 0, 0, 200}, 28},
        {{0xa8, 0, 0, 0, 0, 1, 0, 0, 0, 1}, 2048},
        {{0xbb}, 0},
        {{0xbd, 0, 0, 0, 0, 0, 0, 0, 0, 8}, 8},
        {{0xbe, 8, 0, 0, 0, 1, 0, 0, 2, 0x10}, 4096},
    };
    struct bench *b = *state;

    settle(b);
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(asks(b, rows[i].packet), rows[i].bytes);
}

/* ---- data ---- */

static void read_10_comes_in_pieces_of_the_byte_count(void **state)
{
    static const struct {
        uint16_t limit;
        unsigned pieces;
    } rows[] = {{0xffff, 2}, {0xfffe, 2}, {2048, 33}, {4096, 17}, {3001, 23}};
    static const uint8_t read[12] = {0x28, 0, 0, 0, 0, 7, 0, 0, 33};
    static uint8_t got[33 * 2048];
    struct bench *b = *state;

    settle(b);
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        memset(got, 0, sizeof got);
        ide_packet(b, CD, read, rows[i].limit, false);
        assert_int_equal(data_in(b, got, sizeof got, rows[i].limit),
                         sizeof got);
        disk_check(got, SEED, 7 * 2048, sizeof got);
        if (rows[i].limit % 2048 == 0)
            assert_int_equal(pieces, rows[i].pieces);
        assert_int_equal(ide_wait(b, 1) & (ERR | DRQ), 0);
        assert_true(ide_irq(b, 1));
    }
}

static void byte_count_0_is_aborted_when_data_would_come(void **state)
{
    static const uint8_t read[12] = {0x28, 0, 0, 0, 0, 0, 0, 0, 1};
    struct bench *b = *state;

    settle(b);
    assert_int_equal(ide_packet(b, CD, read, 0, false) & (ERR | DRQ), ERR);
    assert_int_equal(ide_in(b, 1, 1), 4);
    ide_packet(b, CD, ready, 0, false); /* none comes */
    assert_int_equal(ide_wait(b, 1) & (ERR | DRQ), 0);
}

static void read_12_by_dma(void **state)
{
    static const uint8_t read[12] = {0xa8, 0, 0, 0, 0, 20, 0, 0, 0, 70};
    static const struct prd prd[] = {
        {AT, 0}, {AT + 0x10000, 0}, {AT + 0x20000, 12288 | PRD_EOT}};
    struct bench *b = *state;

    settle(b);
    ide_table(b, 1, TABLE, prd, 3);
    ide_bm(b, 1, 8);
    ide_packet(b, CD, read, 0, true);
    ide_bm(b, 1, 9);
    ide_wait_irq(b, 1);
    assert_int_equal(ide_wait(b, 1) & (ERR | DRQ | DRDY), DRDY);
    assert_int_equal(ide_in(b, 1, 2) & 3, REASON_STATUS);
    assert_int_equal(ide_bm_status(b, 1), 4);
    disk_check(b->ram + AT, SEED, 20 * 2048, 70 * 2048);
}

static void short_reply_by_dma(void **state)
{
    static const uint8_t inquiry[12] = {0x12, 0, 0, 0, 36};
    static const struct prd prd[] = {{AT, 64 | PRD_EOT}};
    struct bench *b = *state;

    ide_table(b, 1, TABLE, prd, 1);
    ide_packet(b, CD, inquiry, 0, true);
    ide_bm(b, 1, 9);
    ide_wait_irq(b, 1);
    assert_int_equal(ide_bm_status(b, 1), 5); /* room is left: active */
    assert_memory_equal(b->ram + AT + 8, "HALBOX  CD-ROM", 14);
    assert_int_equal(b->ram[AT + 36], 0);
}

static void read_past_the_end_is_refused(void **state)
{
    static const uint8_t last[12] = {0x28, 0, 0, 0, 0, 99, 0, 0, 1};
    static const uint8_t two[12] = {0x28, 0, 0, 0, 0, 99, 0, 0, 2};
    static const uint8_t far[12] = {0xa8, 0,   255, 255, 255,
                                    255,  255, 255, 255, 255};
    struct bench *b = *state;

    settle(b);
    assert_int_equal(asks(b, last), 2048);
    disk_check(reply, SEED, 99 * 2048, 2048);
    fails(b, CD, two, 5, 0x21);
    fails(b, CD, far, 5, 0x21);
}

static void allocation_length_cuts_a_reply(void **state)
{
    static const uint8_t inquiry[12] = {0x12, 0, 0, 0, 5};
    static const uint8_t none[12] = {0x12};
    struct bench *b = *state;

    assert_int_equal(asks(b, inquiry), 5);
    assert_int_equal(reply[0], 5);
    assert_int_equal(reply[1], 0x80);
    assert_int_equal(reply[4], 31);
    assert_int_equal(asks(b, none), 0);
}

static void read_capacity_and_toc(void **state)
{
    static const uint8_t capacity[12] = {0x25};
    static const uint8_t lba[12] = {0x43, 0, 0, 0, 0, 0, 0, 0, 100};
    static const uint8_t msf[12] = {0x43, 2, 0, 0, 0, 0, 0, 0, 100};
    static const uint8_t session[12] = {0x43, 0, 1, 0, 0, 0, 0, 0, 100};
    static const uint8_t sff[12] = {0x43, 0, 0, 0, 0, 0, 0, 0, 100, 0x40};
    static const uint8_t out[12] = {0x43, 0, 0, 0, 0, 0, 0xaa, 0, 100};
    static const uint8_t none[12] = {0x43, 0, 0, 0, 0, 0, 2, 0, 100};
    struct bench *b = *state;

    settle(b);
    assert_int_equal(asks(b, capacity), 8);
    assert_memory_equal(reply, "\0\0\0\143\0\0\10\0", 8);
    assert_int_equal(asks(b, lba), 20);
    assert_memory_equal(reply, "\0\022\1\1\0\024\1\0\0\0\0\0", 12);
    assert_memory_equal(reply + 12, "\0\024\252\0\0\0\0\144", 8);
    assert_int_equal(asks(b, msf), 20); /* 00:02:00; 250 frames: 00:03:25 */
    assert_memory_equal(reply + 8, "\0\0\2\0", 4);
    assert_memory_equal(reply + 16, "\0\0\3\031", 4);
    assert_int_equal(asks(b, session), 12);
    assert_int_equal(asks(b, sff), 12);
    assert_int_equal(asks(b, out), 12);
    assert_int_equal(reply[6], 0xaa);
    fails(b, CD, none, 5, 0x24);
}

static void mode_sense_has_its_pages(void **state)
{
    static const uint8_t all[12] = {0x5a, 0, 0x3f, 0, 0, 0, 0, 0, 200};
    static const uint8_t saved[12] = {0x5a, 0, 0xea, 0, 0, 0, 0, 0, 200};
    static const uint8_t none[12] = {0x5a, 0, 0x11, 0, 0, 0, 0, 0, 200};
    struct bench *b = *state;

    settle(b);
    assert_int_equal(asks(b, all), 8 + 8 + 8 + 20);
    assert_int_equal(reply[1], 42);
    assert_int_equal(reply[8], 0x01);
    assert_int_equal(reply[16], 0x0d);
    assert_int_equal(reply[24], 0x2a);
    fails(b, CD, saved, 5, 0x39);
    fails(b, CD, none, 5, 0x24);
}

/* ---- tray and medium ---- */

static void start_stop_opens_and_closes_unless_prevented(void **state)
{
    static const uint8_t open[12] = {0x1b, 0, 0, 0, 2};
    static const uint8_t close[12] = {0x1b, 0, 0, 0, 3};
    static const uint8_t prevent[12] = {0x1e, 0, 0, 0, 1};
    static const uint8_t allow[12] = {0x1e};
    static const uint8_t mechanism[12] = {0xbd, 0, 0, 0, 0, 0, 0, 0, 0, 8};
    struct bench *b = *state;

    settle(b);
    assert_int_equal(asks(b, prevent), 0);
    fails(b, CD, open, 5, 0x53);
    assert_int_equal(asks(b, allow), 0);
    assert_int_equal(asks(b, open), 0);
    asks(b, mechanism);
    assert_int_equal(reply[1], 0x10);
    fails(b, CD, ready, 2, 0x3a);
    assert_int_equal(asks(b, close), 0);
    fails(b, CD, ready, 6, 0x28);
    assert_int_equal(asks(b, ready), 0);
}

static void another_medium_is_an_attention_and_an_event(void **state)
{
    static const uint8_t event[12] = {0x4a, 1, 0, 0, 0x10, 0, 0, 0, 8};
    static const uint8_t capacity[12] = {0x25};
    struct bench *b = *state;

    settle(b);
    disk_insert(b->dev, CD, MEDIA_CDROM, 50 * 2048, 9, true);
    fails(b, CD, capacity, 6, 0x28);
    asks(b, event);
    assert_int_equal(reply[4] & 15, 2);
    assert_int_equal(reply[5], 2);
    asks(b, event);
    assert_int_equal(reply[4] & 15, 0);
    asks(b, capacity);
    assert_int_equal(reply[3], 49);
    bus_drive_change(b->dev, CD, NULL);
    fails(b, CD, ready, 2, 0x3a);
    asks(b, event);
    assert_int_equal(reply[4] & 15, 3);
    assert_int_equal(reply[5], 0);
}

static void medium_taken_out_while_it_is_read(void **state)
{
    static const uint8_t read[12] = {0x28, 0, 0, 0, 0, 0, 0, 0, 60};
    struct bench *b = *state;

    settle(b);
    ide_packet(b, CD, read, 0xfffe, false);
    bus_drive_change(b->dev, CD, NULL);
    data_in(b, reply, sizeof reply, 0xfffe);
    assert_int_equal(ide_wait(b, 1) & (ERR | DRQ), ERR);
    assert_int_equal(ide_in(b, 1, 1) >> 4, 2);
}

static void get_configuration_tells_the_profile_by_size(void **state)
{
    static const uint8_t all[12] = {0x46, 0, 0, 0, 0, 0, 0, 0, 100};
    static const uint8_t core[12] = {0x46, 2, 0, 1, 0, 0, 0, 0, 100};
    static const uint8_t rest[12] = {0x46, 0, 0, 2, 0, 0, 0, 0, 100};
    struct bench *b = *state;

    settle(b);
    assert_int_equal(asks(b, all), 36);
    assert_int_equal(reply[7], 8); /* CD-ROM */
    assert_int_equal(reply[3], 32);
    assert_int_equal(asks(b, core), 16);
    assert_int_equal(reply[9], 1);
    assert_int_equal(asks(b, rest), 16);
    assert_int_equal(reply[9], 3);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, bench_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(signature_is_that_of_a_packet_device),
        TEST(identify_device_and_read_sectors_abort_with_the_signature),
        TEST(identify_packet_device),
        TEST(device_reset_ends_a_command_in_the_middle),
        TEST(unit_attention_is_told_once_and_not_to_inquiry),
        TEST(empty_drive_is_not_ready),
        TEST(packet_that_is_not_there_is_an_illegal_request),
        TEST(every_row_of_the_table_answers),
        TEST(read_10_comes_in_pieces_of_the_byte_count),
        TEST(byte_count_0_is_aborted_when_data_would_come),
        TEST(read_12_by_dma),
        TEST(short_reply_by_dma),
        TEST(read_past_the_end_is_refused),
        TEST(allocation_length_cuts_a_reply),
        TEST(read_capacity_and_toc),
        TEST(mode_sense_has_its_pages),
        TEST(start_stop_opens_and_closes_unless_prevented),
        TEST(another_medium_is_an_attention_and_an_event),
        TEST(medium_taken_out_while_it_is_read),
        TEST(get_configuration_tells_the_profile_by_size),
    };

    return cmocka_run_group_tests_name("ide atapi", tests, NULL, NULL);
}
