/* tests/devices/shadow_test.c -- who answers from A0000h to FFFFFh: PAM and
 * SMRAM of the host bridge against the 82441FX data sheet, 3.2.18 and 3.2.26.
 */
#include "bench.h"

#include <stdlib.h>

extern const struct device_model i440fx_model;

/** A bus over RAM with the hole of a PC. */
struct board {
    struct ram memory;
    struct clock clock;
    struct events events;
    struct bus *bus;
};

enum { SLOT = 0, PAM0 = 0x59, SMRAM = 0x72 };

static int setup(void **state)
{
    static const struct ram_range ranges[] = {{0, 0xa0000},
                                              {0x100000, 0x100000}};
    static const struct bus_place host = {.has_slot = true, .slot = SLOT};
    struct board *b = calloc(1, sizeof *b);

    *state = b;
    clock_init(&b->clock, 5);
    events_init(&b->events, &b->clock);
    if (ram_create(&b->memory, ranges, 2, NULL) != HB_OK ||
        bus_create(&b->bus, &b->memory, &b->clock, &b->events, NULL, NULL) !=
            HB_OK ||
        bus_add(b->bus, &i440fx_model, &host, NULL, NULL) != HB_OK)
        return -1;
    bus_reset(b->bus);
    return 0;
}

static int teardown(void **state)
{
    struct board *b = *state;

    bus_destroy(b->bus);
    ram_destroy(&b->memory);
    events_fini(&b->events);
    clock_fini(&b->clock);
    free(b);
    return 0;
}

static void pam(struct board *b, unsigned reg, unsigned value)
{
    bus_config_write(b->bus, 0, SLOT, 0, reg, 1, value);
}

static void check(struct board *b, uint64_t at, bool reads, bool writes)
{
    assert_int_equal(ram_reads(&b->memory, gpa_of(at), 1), reads);
    assert_int_equal(ram_writes(&b->memory, gpa_of(at), 1), writes);
}

static void after_reset_the_bus_answers(void **state)
{
    struct board *b = *state;

    for (uint64_t at = 0xa0000; at < 0x100000; at += 0x4000)
        check(b, at, false, false);
    check(b, 0x9ffff, true, true);
    check(b, 0x100000, true, true);
}

/* Each segment has bits of its own, all of them, and no other's. */
static void each_segment_follows_its_register(void **state)
{
    struct board *b = *state;

    for (unsigned segment = 0; segment < 13; segment++) {
        unsigned reg = segment < 12 ? PAM0 + 1 + segment / 2 : PAM0;
        unsigned shift = segment < 12 ? segment % 2 * 4 : 4;
        uint64_t first = 0xc0000 + 0x4000ull * segment;
        uint64_t end = segment < 12 ? first + 0x4000 : 0x100000;

        for (unsigned bits = 1; bits < 4; bits++) {
            pam(b, reg, bits << shift);
            for (uint64_t at = 0xa0000; at < 0x100000; at += 0x4000)
                check(b, at, at >= first && at < end && (bits & 1),
                      at >= first && at < end && (bits & 2));
            check(b, end - 1, bits & 1, bits & 2);
        }
        pam(b, reg, 0);
    }
}

static void adjacent_ram_is_one_run(void **state)
{
    struct board *b = *state;

    for (unsigned i = 0; i < 7; i++)
        pam(b, PAM0 + i, 0x33);
    assert_true(ram_is(&b->memory, gpa_of(0xc0000), 0x50000));
    assert_false(ram_is(&b->memory, gpa_of(0xbffff), 2));
}

static void smram_opens_and_locks(void **state)
{
    struct board *b = *state;

    pam(b, SMRAM, 0x40); /* D_OPEN without G_SMRAME */
    check(b, 0xa0000, false, false);
    pam(b, SMRAM, 0x48);
    check(b, 0xa0000, true, true);
    check(b, 0xbffff, true, true);
    check(b, 0xc0000, false, false);
    pam(b, SMRAM, 0x68); /* D_CLS */
    check(b, 0xa0000, false, false);
    pam(b, SMRAM, 0x58); /* D_LCK takes D_OPEN away */
    check(b, 0xa0000, false, false);
    assert_int_equal(bus_config_read(b->bus, 0, SLOT, 0, SMRAM, 1), 0x1a);
    pam(b, SMRAM, 0x48);
    assert_int_equal(bus_config_read(b->bus, 0, SLOT, 0, SMRAM, 1), 0x1a);
    bus_reset(b->bus);
    pam(b, SMRAM, 0x48);
    check(b, 0xa0000, true, true);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(after_reset_the_bus_answers),
        T(each_segment_follows_its_register),
        T(adjacent_ram_is_one_run),
        T(smram_opens_and_locks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
