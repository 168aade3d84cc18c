/* tests/devices/buslogic_test.c -- the BT-958: what drivers ask it first, and
 * mailboxes, CCBs and segments of 32 bits. Targets: scsi_test.c. */
#include <string.h>

#include "disk_rig.h"
#include "scsi_rig.h"

enum { MAIL = 0x1000000 + HA_MAIL, CCB = 0x1000000 + HA_CCB };
enum { BUFFER = 0x1000000 + HA_BUFFER };
enum { LIST = 0x1000000 + HA_LIST, N = 4, DISK = 9 };
enum { DISK_BYTES = 256 << 10, SEED = 11 };

static int setup(void **state)
{
    struct ha *r = ha_create("buslogic", false);

    disk_insert(r->b->dev, DISK, MEDIA_DISK, DISK_BYTES, SEED, false);
    ha_power_on(r);
    *state = r;
    return 0;
}

static void put32(struct bench *b, uint32_t at, uint32_t v)
{
    ram_write32(&b->mem, gpa_of(at), v);
}

static uint32_t get32(struct bench *b, uint32_t at)
{
    return ram_read32(&b->mem, gpa_of(at));
}

static void a_hard_reset_tests_the_adapter(void **state)
{
    struct ha *r = *state;
    struct bench *b = r->b;

    bench_set8(b, HA_STATUS, 0x80);
    assert_int_equal(bench_get8(b, HA_STATUS), 0x80);
    bench_advance_ns(b, 1100000);
    assert_int_equal(bench_get8(b, HA_STATUS), HA_INIT | HA_IDLE);
    assert_int_not_equal(bench_get8(b, HA_GEOMETRY), 0xff);
}

static void it_says_what_it_is(void **state)
{
    struct ha *r = *state;
    struct bench *b = r->b;
    uint8_t got[256];

    assert_int_equal(bus_config_read(b->bus, 0, 3, 0, 0, 4), 0x1040104b);
    assert_int_equal(ha_ask(r, "\x04", 1, got), 4);
    assert_memory_equal(got, "AA50", 4);
    assert_int_equal(ha_ask(r, "\x84", 1, got), 1);
    assert_int_equal(got[0], '7');
    assert_int_equal(ha_ask(r, "\x8b\x05", 2, got), 5);
    assert_string_equal((const char *)got, "958");
    assert_int_equal(ha_ask(r, "\x86", 1, got), 4);
    assert_int_equal(got[0], 6); /* no ISA port */
    ha_mailboxes(r, N);
    assert_int_equal(ha_ask(r, "\x8d\x0e", 2, got), 14);
    assert_memory_equal(got,
                        "E\0\x80\0\x04\0\x50\0\x01\x40"
                        "07B\x09",
                        14);
    assert_int_equal(ha_ask(r, "\x24", 1, got), 2);
    assert_memory_equal(got, "\0\x02", 2);
    assert_int_equal(ha_ask(r, "\x23", 1, got), 8);
    assert_memory_equal(got, "\0\1\0\0\0\0\0\0", 8);
}

static void blocks_move_by_lists_of_32_bits(void **state)
{
    struct ha *r = *state;
    struct bench *b = r->b;
    static uint8_t got[40000];
    static const uint32_t bytes[] = {20001, 11, 40960 - 20012};
    uint32_t at = BUFFER;

    ha_mailboxes(r, N);
    ha_clear_attention(r, DISK);
    for (unsigned i = 0; i < 3; i++) {
        ha_segment(r, i, at, bytes[i]);
        at += bytes[i];
    }
    ha_ccb(r, 2, DISK, "\x28\0\0\0\0\x03\0\0\x50\0", 10, LIST, 24);
    assert_int_equal(ha_start(r, 1), 1);
    ram_read(&b->mem, gpa_of(BUFFER), got, sizeof got);
    disk_check(got, SEED, 3 * 512, sizeof got);
    ha_ccb(r, 2, DISK, "\x2a\0\0\0\x01\x03\0\0\x50\0", 10, LIST, 24);
    assert_int_equal(ha_start(r, 2), 1);
    ha_ccb(r, 3, DISK, "\x28\0\0\0\x01\x03\0\0\x4e\0", 10, BUFFER + 0x20000,
           40000);
    assert_int_equal(ha_start(r, 3), 1);
    assert_int_equal(get32(b, CCB + 4), 40000 - 78 * 512);
    ram_read(&b->mem, gpa_of(BUFFER + 0x20000), got, 78 * 512);
    disk_check(got, SEED, 3 * 512, 78 * 512);
}

static void strict_round_robin_waits_at_a_free_mailbox(void **state)
{
    struct ha *r = *state;
    struct bench *b = r->b;
    uint8_t got[8];

    ha_mailboxes(r, N);
    ha_ask(r, "\x8f\x01", 2, got);
    ha_ccb(r, 0, DISK, "\x12\0\0\0\x24\0", 6, BUFFER, 36);
    put32(b, MAIL + 8, CCB);
    put32(b, MAIL + 12, 1u << 24); /* the second; the first is free */
    bench_set8(b, HA_DATA, 2);
    bench_advance_ns(b, 1000000);
    assert_int_equal(bench_get8(b, HA_FLAGS), 0);
    assert_int_equal(ha_start(r, 0), 1);
    assert_int_equal(get32(b, MAIL + 8 * (N + 1) + 4) >> 24, 1); /* and it */
}

#define T(test) cmocka_unit_test_setup_teardown(test, setup, ha_teardown)

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
