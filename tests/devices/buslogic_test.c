/* tests/devices/buslogic_test.c -- the BT-958: what drivers ask it first, and
 * mailboxes, CCBs and segments of 32 bits. Targets: aha1542_test.c. */
#include "bench.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "media/media.h"

enum { STATUS, DATA, FLAGS, GEOMETRY };
enum { MAIL = 0x1005000, CCB = 0x1006000, LIST = 0x1007000 };
enum { BUFFER = 0x1010000, SENSE = 0x1008000, N = 4, DISK = 9 };
enum { DISK_BYTES = 1 << 20, IDLE = 0x10, INIT = 0x20, FULL = 4 };

struct rig {
    struct bench *b;
    char path[64];
    uint8_t *disk;
};

static int setup(void **state)
{
    struct rig *r = calloc(1, sizeof *r);
    struct bench *b = r->b = bench_create();
    struct medium *m = NULL;
    int fd;

    r->disk = malloc(DISK_BYTES);
    for (unsigned i = 0; i < DISK_BYTES; i++)
        r->disk[i] = (uint8_t)(i >> 9 ^ i * 3);
    strcpy(r->path, "/tmp/halbox-scsi-XXXXXX");
    fd = mkstemp(r->path);
    if (fd < 0 || write(fd, r->disk, DISK_BYTES) != DISK_BYTES)
        return -1;
    close(fd);
    assert_int_equal(medium_open(&m, r->path, true, false, NULL), HB_OK);
    bench_add(b, device_model_find("buslogic"), NULL);
    bus_drive(b->dev, DISK, MEDIA_DISK, m);
    bench_start(b);
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

static void acknowledge(struct bench *b)
{
    bench_set8(b, STATUS, 0x20);
    bench_advance_ns(b, 20);
}

static unsigned ask(struct bench *b, const char *bytes, unsigned n, uint8_t *to)
{
    unsigned got = 0;

    for (unsigned i = 0; i < n; i++)
        bench_set8(b, DATA, (uint8_t)bytes[i]);
    while (bench_get8(b, STATUS) & FULL)
        to[got++] = bench_get8(b, DATA);
    assert_int_equal(bench_get8(b, FLAGS), 0x84);
    acknowledge(b);
    return got;
}

static void put32(struct bench *b, uint32_t at, uint32_t v)
{
    ram_write32(&b->mem, gpa_of(at), v);
}

static uint32_t get32(struct bench *b, uint32_t at)
{
    return ram_read32(&b->mem, gpa_of(at));
}

static void mailboxes(struct bench *b)
{
    uint8_t r[8];

    assert_int_equal(ask(b, "\x81\x04\0\x50\0\x01", 6, r), 0);
    assert_int_equal(bench_get8(b, STATUS), IDLE);
}

/* A CCB of 32 bits for the disk, its data direction unchecked. */
static void ccb(struct bench *b, unsigned op, const void *cdb, unsigned n,
                uint32_t at, uint32_t bytes)
{
    uint8_t c[40] = {(uint8_t)op, 0, (uint8_t)n, 18};

    c[16] = DISK;
    memcpy(c + 18, cdb, n);
    ram_write(&b->mem, gpa_of(CCB), c, sizeof c);
    put32(b, CCB + 4, bytes);
    put32(b, CCB + 8, at);
    put32(b, CCB + 36, SENSE);
}

static unsigned start(struct bench *b, unsigned i)
{
    uint32_t out = MAIL + 8 * i, in = MAIL + 8 * (N + i);
    unsigned code;

    put32(b, out, CCB);
    put32(b, out + 4, 1u << 24);
    bench_set8(b, DATA, 2);
    assert_true(bench_run_until_irq(b));
    assert_int_equal(bench_get8(b, FLAGS), 0x81);
    assert_int_equal(get32(b, out + 4), 0);
    assert_int_equal(get32(b, in), CCB);
    code = get32(b, in + 4) >> 24;
    assert_int_equal(get32(b, in + 4) & 0xffff,
                     get32(b, CCB + 12) >> 16); /* the CCB's statuses */
    put32(b, in + 4, 0);
    acknowledge(b);
    bench_advance_ns(b, 100000);
    return code;
}

static void a_hard_reset_tests_the_adapter(void **state)
{
    struct bench *b = bench_of(state);

    bench_set8(b, STATUS, 0x80);
    assert_int_equal(bench_get8(b, STATUS), 0x80);
    bench_advance_ns(b, 1100000);
    assert_int_equal(bench_get8(b, STATUS), INIT | IDLE);
    assert_int_not_equal(bench_get8(b, GEOMETRY), 0xff);
}

static void it_says_what_it_is(void **state)
{
    struct bench *b = bench_of(state);
    uint8_t r[256];

    assert_int_equal(bus_config_read(b->bus, 0, 3, 0, 0, 4), 0x1040104b);
    assert_int_equal(ask(b, "\x04", 1, r), 4);
    assert_memory_equal(r, "AA50", 4);
    assert_int_equal(ask(b, "\x84", 1, r), 1);
    assert_int_equal(r[0], '7');
    assert_int_equal(ask(b, "\x8b\x05", 2, r), 5);
    assert_string_equal((const char *)r, "958");
    assert_int_equal(ask(b, "\x86", 1, r), 4);
    assert_int_equal(r[0], 6); /* no ISA port */
    mailboxes(b);
    assert_int_equal(ask(b, "\x8d\x0e", 2, r), 14);
    assert_memory_equal(r,
                        "E\0\x80\0\x04\0\x50\0\x01\x40"
                        "07B\x09",
                        14);
    assert_int_equal(ask(b, "\x24", 1, r), 2);
    assert_memory_equal(r, "\0\x02", 2);
    assert_int_equal(ask(b, "\x23", 1, r), 8);
    assert_memory_equal(r, "\0\1\0\0\0\0\0\0", 8);
}

static void blocks_move_by_lists_of_32_bits(void **state)
{
    struct rig *r = *state;
    struct bench *b = r->b;
    static uint8_t got[40000];
    static const uint32_t bytes[] = {20001, 11, 40960 - 20012};
    uint32_t at = BUFFER;

    mailboxes(b);
    ccb(b, 0, "\0\0\0\0\0\0", 6, 0, 0);
    assert_int_equal(start(b, 0), 4);
    assert_int_equal(get32(b, SENSE) >> 16 & 15, 6);
    for (unsigned i = 0; i < 3; i++) {
        put32(b, LIST + 8 * i, bytes[i]);
        put32(b, LIST + 8 * i + 4, at);
        at += bytes[i];
    }
    ccb(b, 2, "\x28\0\0\0\0\x03\0\0\x50\0", 10, LIST, 24);
    assert_int_equal(start(b, 1), 1);
    ram_read(&b->mem, gpa_of(BUFFER), got, sizeof got);
    assert_memory_equal(got, r->disk + 3 * 512, sizeof got);
    ccb(b, 2, "\x2a\0\0\0\x01\x03\0\0\x50\0", 10, LIST, 24);
    assert_int_equal(start(b, 2), 1);
    ccb(b, 3, "\x28\0\0\0\x01\x03\0\0\x4e\0", 10, BUFFER + 0x20000, 40000);
    assert_int_equal(start(b, 3), 1);
    assert_int_equal(get32(b, CCB + 4), 40000 - 78 * 512);
    ram_read(&b->mem, gpa_of(BUFFER + 0x20000), got, 78 * 512);
    assert_memory_equal(got, r->disk + 3 * 512, 78 * 512);
}

static void strict_round_robin_waits_at_a_free_mailbox(void **state)
{
    struct bench *b = bench_of(state);
    uint8_t r[8];

    mailboxes(b);
    ask(b, "\x8f\x01", 2, r);
    ccb(b, 0, "\x12\0\0\0\x24\0", 6, BUFFER, 36);
    put32(b, MAIL + 8, CCB);
    put32(b, MAIL + 12, 1u << 24); /* the second; the first is free */
    bench_set8(b, DATA, 2);
    bench_advance_ns(b, 1000000);
    assert_int_equal(bench_get8(b, FLAGS), 0);
    assert_int_equal(start(b, 0), 1);
    assert_int_equal(get32(b, MAIL + 8 * (N + 1) + 4) >> 24, 1); /* and it */
}

#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_hard_reset_tests_the_adapter),
        T(it_says_what_it_is),
        T(blocks_move_by_lists_of_32_bits),
        T(strict_round_robin_waits_at_a_free_mailbox),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
