/* tests/devices/aha1542_test.c -- the AHA-1542CF against its manuals, and
 * SCSI-2 targets through it: adapter commands, mailboxes, CCBs with one buffer
 * and with a list, residual, sense, media. */
#include "bench.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "media/media.h"

enum { STATUS, DATA, FLAGS };
enum { IDLE = 0x10, INIT = 0x20, FULL = 4, INVALID = 1 };
enum { DONE = 0x84, IN = 0x81, OUT = 0x82 };
enum { MAIL = 0x5000, CCB = 0x6000, LIST = 0x7000, BUFFER = 0x10000 };
enum { DISK_BYTES = 1 << 20, CD = 3 };

struct rig {
    struct bench *b;
    char path[64];
    uint8_t *disk; /* what the file holds at first */
};

static struct medium *medium(struct rig *r, bool fixed)
{
    struct medium *m = NULL;

    assert_int_equal(medium_open(&m, r->path, true, fixed, NULL), HB_OK);
    return m;
}

static int setup(void **state)
{
    struct rig *r = calloc(1, sizeof *r);
    struct bench *b = r->b = bench_create();
    int fd;

    r->disk = malloc(DISK_BYTES);
    for (unsigned i = 0; i < DISK_BYTES; i++)
        r->disk[i] = (uint8_t)(i >> 9 ^ i * 3);
    strcpy(r->path, "/tmp/halbox-scsi-XXXXXX");
    fd = mkstemp(r->path);
    if (fd < 0 || write(fd, r->disk, DISK_BYTES) != DISK_BYTES)
        return -1;
    close(fd);
    bench_add(b, device_model_find("aha1542"), NULL);
    bench_add(b, device_model_find("dma8237"), NULL);
    bus_drive(b->dev, 0, MEDIA_DISK, medium(r, false));
    bus_drive(b->dev, CD, MEDIA_CDROM, medium(r, true));
    bench_start(b);
    bench_out8(b, 0xd6, 0xc0); /* channel 4, then 5: cascade, open */
    bench_out8(b, 0xd4, 0);
    bench_out8(b, 0xd6, 0xc1);
    bench_out8(b, 0xd4, 1);
    *state = r;
    return 0;
}

static int teardown(void **state)
{
    struct rig *r = *state;

    bench_destroy(r->b);
    unlink(r->path);
    free(r->disk);
    free(r);
    return 0;
}

static struct bench *bench_of(void **state)
{
    return ((struct rig *)*state)->b;
}

/* ---- adapter commands -------------------------------------------------------
 */

static void command(struct bench *b, const char *bytes, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        bench_set8(b, DATA, (uint8_t)bytes[i]);
}

static void acknowledge(struct bench *b)
{
    bench_set8(b, STATUS, 0x20);
    bench_advance_ns(b, 20);
}

static unsigned answer(struct bench *b, uint8_t *to)
{
    unsigned n = 0;

    while (bench_get8(b, STATUS) & FULL)
        to[n++] = bench_get8(b, DATA);
    assert_int_equal(bench_get8(b, FLAGS), DONE);
    acknowledge(b);
    return n;
}

static void mailboxes(struct bench *b, unsigned n)
{
    const char bytes[] = {1, (char)n, MAIL >> 16, MAIL >> 8 & 0xff,
                          MAIL & 0xff};

    memset(b->ram + MAIL, 0, 8 * n);
    command(b, bytes, 5);
    assert_int_equal(bench_get8(b, FLAGS), DONE);
    acknowledge(b);
    assert_int_equal(bench_get8(b, STATUS), IDLE);
}

static void reset_asks_for_mailboxes(void **state)
{
    struct bench *b = bench_of(state);

    assert_int_equal(bench_get8(b, STATUS), INIT | IDLE);
    mailboxes(b, 2);
    bench_set8(b, STATUS, 0x40);
    assert_int_equal(bench_get8(b, STATUS), INIT | IDLE);
}

static void the_board_says_what_and_where_it_is(void **state)
{
    struct bench *b = bench_of(state);
    uint8_t r[256];

    command(b, "\x04", 1);
    assert_int_equal(answer(b, r), 4);
    assert_int_equal(r[0], 0x45);
    command(b, "\x0b", 1);
    assert_int_equal(answer(b, r), 3);
    assert_memory_equal(r, "\x20\x04\x07", 3); /* channel 5, IRQ 11, id 7 */
    command(b, "\x0a", 1);
    assert_int_equal(answer(b, r), 8);
    assert_memory_equal(r, "\1\0\0\1\0\0\0\0", 8);
    command(b, "\x0d\x11", 2);
    assert_int_equal(answer(b, r), 17);
}

static void echo_and_what_is_no_command(void **state)
{
    struct bench *b = bench_of(state);
    uint8_t r[8];

    command(b, "\x1f\x5a", 2);
    assert_int_equal(bench_get8(b, FLAGS), 0);
    assert_int_equal(answer(b, r), 1);
    assert_int_equal(r[0], 0x5a);
    command(b, "\x77", 1);
    assert_int_equal(bench_get8(b, STATUS) & INVALID, INVALID);
    assert_true(bench_irq(b));
    acknowledge(b);
    assert_false(bench_irq(b));
    command(b, "\x01\0\0\0\0", 5); /* no mailboxes at all */
    assert_int_equal(bench_get8(b, STATUS) & (INVALID | INIT), INVALID | INIT);
}

static void the_fifo_goes_to_memory_and_back(void **state)
{
    struct bench *b = bench_of(state);

    for (unsigned i = 0; i < 64; i++)
        b->ram[0x8000 + i] = (uint8_t)(i * 5 + 1);
    command(b, "\x1c\0\x80\0", 4);
    assert_true(bench_run_until_irq(b));
    acknowledge(b);
    command(b, "\x1d\0\x90\0", 4);
    assert_true(bench_run_until_irq(b));
    assert_memory_equal(b->ram + 0x9000, b->ram + 0x8000, 64);
}

static void a_locked_interface_wants_its_code(void **state)
{
    struct bench *b = bench_of(state);
    uint8_t r[8];

    bench_set(b, b->dev, "extended", 1);
    bench_set8(b, STATUS, 0x80);
    command(b, "\x01\x01\0\x50\0", 5);
    assert_int_equal(bench_get8(b, STATUS) & INVALID, INVALID);
    acknowledge(b);
    command(b, "\x28", 1);
    assert_int_equal(answer(b, r), 2);
    assert_int_equal(r[0], 8);
    assert_int_not_equal(r[1], 0);
    command(b, "\x29\0", 2);
    bench_set8(b, DATA, r[1]);
    acknowledge(b);
    mailboxes(b, 1);
}

/* ---- CCBs
 * --------------------------------------------------------------------- */

static void put24(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)(v >> 16);
    p[1] = (uint8_t)(v >> 8);
    p[2] = (uint8_t)v;
}

static void ccb(struct bench *b, unsigned op, unsigned target, const void *cdb,
                unsigned cdb_bytes, uint32_t at, uint32_t bytes)
{
    uint8_t *c = b->ram + CCB;

    memset(c, 0, 64);
    c[0] = (uint8_t)op;
    c[1] = (uint8_t)(target << 5);
    c[2] = (uint8_t)cdb_bytes;
    put24(c + 4, bytes);
    put24(c + 7, at);
    memcpy(c + 18, cdb, cdb_bytes);
}

/* Mailbox @i starts the CCB; returns the code in incoming mailbox @in. */
static unsigned start(struct bench *b, unsigned n, unsigned i, unsigned in)
{
    uint8_t *out = b->ram + MAIL + 4 * i, *back = b->ram + MAIL + 4 * (n + in);
    unsigned code;

    put24(out + 1, CCB);
    out[0] = 1;
    command(b, "\x02", 1);
    assert_true(bench_run_until_irq(b));
    assert_int_equal(bench_get8(b, FLAGS), IN);
    assert_int_equal(out[0], 0);
    assert_int_equal(back[1] << 16 | back[2] << 8 | back[3], CCB);
    code = back[0];
    back[0] = 0;
    acknowledge(b);
    bench_advance_ns(b, 100000);
    return code;
}

/* The unit attention of power-on is told once. */
static void clear_attention(struct bench *b, unsigned target)
{
    ccb(b, 0, target, "\0\0\0\0\0\0", 6, 0, 0);
    assert_int_equal(start(b, 1, 0, 0), 4);
    assert_int_equal(b->ram[CCB + 15], 2);
    assert_int_equal(b->ram[CCB + 24 + 2], 6);     /* sense key */
    assert_int_equal(b->ram[CCB + 24 + 12], 0x29); /* reset     */
    ccb(b, 0, target, "\0\0\0\0\0\0", 6, 0, 0);
    assert_int_equal(start(b, 1, 0, 0), 1);
}

static void inquiry_names_disk_and_cd(void **state)
{
    struct bench *b = bench_of(state);

    mailboxes(b, 1);
    ccb(b, 0, 0, "\x12\0\0\0\x24\0", 6, BUFFER, 36);
    assert_int_equal(start(b, 1, 0, 0), 1);
    assert_memory_equal(b->ram + BUFFER, "\0\0\2\2\x1f\0\0\0HALBOX  DISK ", 21);
    ccb(b, 0, CD, "\x12\0\0\0\x24\0", 6, BUFFER, 36);
    assert_int_equal(start(b, 1, 0, 0), 1);
    assert_memory_equal(b->ram + BUFFER, "\5\x80\2", 3);
}

static void nobody_at_an_id_is_a_selection_timeout(void **state)
{
    struct bench *b = bench_of(state);

    mailboxes(b, 1);
    for (unsigned id = 1; id < 8; id++) {
        if (id == CD)
            continue;
        ccb(b, 0, id, "\0\0\0\0\0\0", 6, 0, 0);
        assert_int_equal(start(b, 1, 0, 0), 4);
        assert_int_equal(b->ram[CCB + 14], 0x11);
    }
}

static void blocks_are_read_and_written(void **state)
{
    struct rig *r = *state;
    struct bench *b = r->b;

    mailboxes(b, 1);
    clear_attention(b, 0);
    ccb(b, 0, 0, "\x28\0\0\0\0\x05\0\0\x64\0", 10, BUFFER, 100 * 512);
    assert_int_equal(start(b, 1, 0, 0), 1);
    assert_memory_equal(b->ram + BUFFER, r->disk + 5 * 512, 100 * 512);
    for (unsigned i = 0; i < 1024; i++)
        b->ram[BUFFER + i] = (uint8_t)(i * 11);
    ccb(b, 0, 0, "\x0a\0\0\x07\2\0", 6, BUFFER, 1024);
    assert_int_equal(start(b, 1, 0, 0), 1);
    ccb(b, 0, 0, "\x08\0\0\x07\2\0", 6, BUFFER + 4096, 1024);
    assert_int_equal(start(b, 1, 0, 0), 1);
    assert_memory_equal(b->ram + BUFFER, b->ram + BUFFER + 4096, 1024);
    ccb(b, 0, 0, "\x2f\2\0\0\0\x07\0\0\2\0", 10, BUFFER, 1024);
    assert_int_equal(start(b, 1, 0, 0), 1); /* VERIFY with compare */
    b->ram[BUFFER + 600] ^= 1;
    ccb(b, 0, 0, "\x2f\2\0\0\0\x07\0\0\2\0", 10, BUFFER, 1024);
    assert_int_equal(start(b, 1, 0, 0), 4);
    assert_int_equal(b->ram[CCB + 28 + 2], 14); /* miscompare */
}

static void a_list_scatters_and_gathers(void **state)
{
    struct rig *r = *state;
    struct bench *b = r->b;
    static const uint32_t at[] = {BUFFER + 1, BUFFER + 0x2003, BUFFER + 0x4000};
    static const uint32_t bytes[] = {700, 3, 833};
    uint32_t done = 0;

    mailboxes(b, 1);
    clear_attention(b, 0);
    for (unsigned i = 0; i < 3; i++) {
        put24(b->ram + LIST + 6 * i, bytes[i]);
        put24(b->ram + LIST + 6 * i + 3, at[i]);
    }
    ccb(b, 2, 0, "\x08\0\0\x09\3\0", 6, LIST, 18);
    assert_int_equal(start(b, 1, 0, 0), 1);
    for (unsigned i = 0; i < 3; i++) {
        assert_memory_equal(b->ram + at[i], r->disk + 9 * 512 + done, bytes[i]);
        done += bytes[i];
    }
    ccb(b, 2, 0, "\x0a\0\0\x20\3\0", 6, LIST, 18);
    assert_int_equal(start(b, 1, 0, 0), 1);
    ccb(b, 0, 0, "\x08\0\0\x20\3\0", 6, BUFFER + 0x8000, 1536);
    assert_int_equal(start(b, 1, 0, 0), 1);
    assert_memory_equal(b->ram + BUFFER + 0x8000, r->disk + 9 * 512, 1536);
}

static void the_residual_is_what_was_not_moved(void **state)
{
    struct bench *b = bench_of(state);

    mailboxes(b, 1);
    ccb(b, 3, 0, "\x12\0\0\0\x24\0", 6, BUFFER, 100);
    assert_int_equal(start(b, 1, 0, 0), 1);
    assert_memory_equal(b->ram + CCB + 4, "\0\0\x40", 3);
    for (unsigned i = 0; i < 3; i++) {
        put24(b->ram + LIST + 6 * i, 30);
        put24(b->ram + LIST + 6 * i + 3, BUFFER + 64 * i);
    }
    ccb(b, 4, 0, "\x12\0\0\0\x24\0", 6, LIST, 18);
    assert_int_equal(start(b, 1, 0, 0), 1);
    assert_memory_equal(b->ram + CCB + 4, "\0\0\x36", 3); /* 90 - 36 */
}

static void more_data_than_room_is_an_overrun(void **state)
{
    struct bench *b = bench_of(state);

    mailboxes(b, 1);
    clear_attention(b, 0);
    memset(b->ram + BUFFER, 0x77, 2048);
    ccb(b, 0, 0, "\x08\0\0\0\2\0", 6, BUFFER, 700);
    assert_int_equal(start(b, 1, 0, 0), 4);
    assert_int_equal(b->ram[CCB + 14], 0x12);
    assert_int_equal(b->ram[BUFFER + 700], 0x77);
}

static void errors_come_with_their_sense(void **state)
{
    static const struct {
        const char *cdb;
        unsigned bytes, target, key, asc;
    } rows[] = {
        {"\x28\0\0\0\x08\0\0\0\1\0", 10, 0, 5, 0x21}, /* past the end    */
        {"\xc0\0\0\0\0\0", 6, 0, 5, 0x20},            /* no such command */
        {"\x1a\0\xc0\0\xff\0", 6, 0, 5, 0x39},        /* saved values    */
        {"\x12\1\x55\0\xff\0", 6, 0, 5, 0x24},        /* no such page    */
        {"\x0a\0\0\0\1\0", 6, CD, 7, 0x27},           /* read only       */
        {"\x43\0\0\0\0\0\x05\0\xff\0", 10, CD, 5, 0x24},
    };
    struct bench *b = bench_of(state);

    mailboxes(b, 1);
    clear_attention(b, 0);
    clear_attention(b, CD);
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const uint8_t *sense = b->ram + CCB + 18 + rows[i].bytes;

        ccb(b, 0, rows[i].target, rows[i].cdb, rows[i].bytes, BUFFER, 4096);
        assert_int_equal(start(b, 1, 0, 0), 4);
        assert_int_equal(b->ram[CCB + 14], 0);
        assert_int_equal(b->ram[CCB + 15], 2);
        assert_int_equal(sense[0] & 0x7f, 0x70);
        assert_int_equal(sense[2], rows[i].key);
        assert_int_equal(sense[12], rows[i].asc);
    }
}

static void capacity_modes_and_contents(void **state)
{
    struct bench *b = bench_of(state);

    mailboxes(b, 1);
    clear_attention(b, 0);
    clear_attention(b, CD);
    ccb(b, 0, 0, "\x25\0\0\0\0\0\0\0\0\0", 10, BUFFER, 8);
    assert_int_equal(start(b, 1, 0, 0), 1);
    assert_memory_equal(b->ram + BUFFER, "\0\0\x07\xff\0\0\2\0", 8);
    ccb(b, 0, CD, "\x25\0\0\0\0\0\0\0\0\0", 10, BUFFER, 8);
    assert_int_equal(start(b, 1, 0, 0), 1);
    assert_memory_equal(b->ram + BUFFER, "\0\0\x01\xff\0\0\x08\0", 8);
    ccb(b, 0, 0, "\x1a\0\x08\0\xff\0", 6, BUFFER, 255);
    assert_int_equal(start(b, 1, 0, 0), 1);
    assert_memory_equal(b->ram + BUFFER, "\x17\0\0\x08\0\0\x08\0\0\0\2\0\x08",
                        13);
    ccb(b, 0, CD, "\x43\0\0\0\0\0\0\0\xff\0", 10, BUFFER, 255);
    assert_int_equal(start(b, 1, 0, 0), 1);
    assert_memory_equal(b->ram + BUFFER,
                        "\0\x12\1\1\0\x14\1\0\0\0\0\0\0\x14"
                        "\xaa\0\0\0\2\0",
                        20);
}

static void a_changed_medium_is_an_attention(void **state)
{
    struct rig *r = *state;
    struct bench *b = r->b;

    mailboxes(b, 1);
    clear_attention(b, CD);
    bus_drive_change(b->dev, CD, NULL);
    ccb(b, 0, CD, "\0\0\0\0\0\0", 6, 0, 0);
    assert_int_equal(start(b, 1, 0, 0), 4);
    assert_int_equal(b->ram[CCB + 24 + 12], 0x28);
    ccb(b, 0, CD, "\0\0\0\0\0\0", 6, 0, 0);
    assert_int_equal(start(b, 1, 0, 0), 4);
    assert_int_equal(b->ram[CCB + 24 + 2], 2);
    assert_int_equal(b->ram[CCB + 24 + 12], 0x3a);
}

static void sense_is_kept_when_it_is_not_asked_for(void **state)
{
    struct bench *b = bench_of(state);

    mailboxes(b, 1);
    clear_attention(b, 0);
    ccb(b, 0, 0, "\xc0\0\0\0\0\0", 6, 0, 0);
    b->ram[CCB + 3] = 1; /* no automatic request sense */
    assert_int_equal(start(b, 1, 0, 0), 4);
    assert_int_equal(b->ram[CCB + 24], 0);
    ccb(b, 0, 0, "\x03\0\0\0\x12\0", 6, BUFFER, 18);
    assert_int_equal(start(b, 1, 0, 0), 1);
    assert_int_equal(b->ram[BUFFER + 2], 5);
    assert_int_equal(b->ram[BUFFER + 12], 0x20);
}

static void mailboxes_go_round(void **state)
{
    struct bench *b = bench_of(state);

    mailboxes(b, 3);
    for (unsigned i = 0; i < 7; i++) {
        ccb(b, 0, 0, "\x12\0\0\0\x24\0", 6, BUFFER, 36);
        assert_int_equal(start(b, 3, i % 3, i % 3), 1);
    }
}

static void an_incoming_mailbox_is_waited_for(void **state)
{
    struct bench *b = bench_of(state);
    uint8_t *in = b->ram + MAIL + 4;

    mailboxes(b, 1);
    in[0] = 1; /* the host has not taken it */
    ccb(b, 0, 0, "\x12\0\0\0\x24\0", 6, BUFFER, 36);
    put24(b->ram + MAIL + 1, CCB);
    b->ram[MAIL] = 1;
    command(b, "\x02", 1);
    bench_advance_ns(b, 1000000);
    assert_int_equal(bench_get8(b, FLAGS), 0);
    in[0] = 0;
    bench_advance_ns(b, 200000);
    assert_int_equal(bench_get8(b, FLAGS), IN);
    assert_int_equal(in[0], 1);
}

static void an_interrupt_waits_for_the_one_before(void **state)
{
    struct bench *b = bench_of(state);

    mailboxes(b, 1);
    command(b, "\0", 1); /* NOP: its interrupt is not reset yet */
    assert_int_equal(bench_get8(b, FLAGS), DONE);
    ccb(b, 0, 0, "\x12\0\0\0\x24\0", 6, BUFFER, 36);
    put24(b->ram + MAIL + 1, CCB);
    b->ram[MAIL] = 1;
    command(b, "\x02", 1);
    bench_advance_ns(b, 1000000);
    assert_int_equal(bench_get8(b, FLAGS), DONE);
    bench_set8(b, STATUS, 0x20);
    assert_false(bench_irq(b));
    bench_advance_ns(b, 20);
    assert_true(bench_irq(b));
    assert_int_equal(bench_get8(b, FLAGS), IN);
}

static void aborts_find_nothing_that_is_under_way(void **state)
{
    struct bench *b = bench_of(state);

    mailboxes(b, 1);
    ccb(b, 0, 0, "\x12\0\0\0\x24\0", 6, BUFFER, 36);
    put24(b->ram + MAIL + 1, CCB);
    b->ram[MAIL] = 2;
    command(b, "\x02", 1);
    assert_true(bench_run_until_irq(b));
    assert_int_equal(b->ram[MAIL + 4], 3);
}

static void a_closed_channel_keeps_it_off_the_bus(void **state)
{
    struct bench *b = bench_of(state);

    mailboxes(b, 1);
    bench_out8(b, 0xd4, 5); /* mask channel 5 */
    ccb(b, 0, 0, "\x12\0\0\0\x24\0", 6, BUFFER, 36);
    put24(b->ram + MAIL + 1, CCB);
    b->ram[MAIL] = 1;
    command(b, "\x02", 1);
    bench_advance_ns(b, 1000000);
    assert_int_equal(b->ram[MAIL], 1);
    bench_out8(b, 0xd4, 1);
    assert_true(bench_run_until_irq(b));
}

#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(reset_asks_for_mailboxes),
        T(the_board_says_what_and_where_it_is),
        T(echo_and_what_is_no_command),
        T(the_fifo_goes_to_memory_and_back),
        T(a_locked_interface_wants_its_code),
        T(inquiry_names_disk_and_cd),
        T(nobody_at_an_id_is_a_selection_timeout),
        T(blocks_are_read_and_written),
        T(a_list_scatters_and_gathers),
        T(the_residual_is_what_was_not_moved),
        T(more_data_than_room_is_an_overrun),
        T(errors_come_with_their_sense),
        T(capacity_modes_and_contents),
        T(a_changed_medium_is_an_attention),
        T(sense_is_kept_when_it_is_not_asked_for),
        T(mailboxes_go_round),
        T(an_incoming_mailbox_is_waited_for),
        T(an_interrupt_waits_for_the_one_before),
        T(aborts_find_nothing_that_is_under_way),
        T(a_closed_channel_keeps_it_off_the_bus),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
