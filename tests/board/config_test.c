/* tests/board/config_test.c -- descriptions by platform, name and text. */
#include "test.h"

#include "board/config.h"
#include "halbox/machine.h"

#define MIB ((uint64_t)1 << 20)
#define GIB ((uint64_t)1 << 30)

static int setup(void **state)
{
    static struct machine_config c; /* each test starts it anew */

    *state = &c;
    return machine_config_init(&c, NULL, NULL);
}

static enum hb_status set(struct machine_config *c, const char *key,
                          const char *value)
{
    return machine_config_set(c, key, value, NULL);
}

static void every_platform_of_the_table_is_a_good_description(void **state)
{
    struct machine_config *c = *state;
    struct machine_platform row;
    unsigned n = 0;

    for (; machine_platform_at(n, &row); n++) {
        assert_int_equal(machine_config_init(c, row.name, NULL), HB_OK);
        assert_string_equal(c->platform, row.name);
        assert_int_equal(config_check(c, NULL), HB_OK);
    }
    assert_true(n >= 3);
    assert_int_equal(machine_config_init(c, "no such", NULL), HB_NOT_FOUND);
}

static void settings_are_set_by_name(void **state)
{
    struct machine_config *c = *state;

    assert_int_equal(set(c, "memory", "6G"), HB_OK);
    assert_true(c->memory == 6 * GIB);
    assert_int_equal(set(c, "pae", "on"), HB_OK);
    assert_true(c->pae);
    assert_int_equal(set(c, "pae", "off"), HB_OK);
    assert_false(c->pae);
    assert_int_equal(set(c, "registers", "adapter"), HB_OK);
    assert_int_equal(c->registers, REGISTERS_ADAPTER);
    assert_int_equal(set(c, "dma.tenure", "0x40"), HB_OK);
    assert_int_equal(c->dma_tenure, 64);
    assert_int_equal(set(c, "missing", "fail"), HB_OK);
    assert_true(c->missing_fail);
    assert_int_equal(set(c, "platform", "bounce"), HB_OK);
    assert_int_equal(c->registers, REGISTERS_BOUNCE);
}

static void the_boot_order_is_letters(void **state)
{
    static const char *const bad[] = {"", "x", "aa", "aca", "acdn", "a "};
    struct machine_config *c = *state;

    assert_int_equal(c->boot_order,
                     BOOT_FLOPPY | BOOT_DISK << 4 | BOOT_CDROM << 8);
    assert_int_equal(set(c, "boot", "dn"), HB_OK);
    assert_int_equal(c->boot_order, BOOT_CDROM | BOOT_NETWORK << 4);
    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(set(c, "boot", bad[i]), HB_BAD_ARGUMENT);
    assert_int_equal(c->boot_order, BOOT_CDROM | BOOT_NETWORK << 4);
    assert_int_equal(set(c, "fdc.speed", "5"), HB_BAD_ARGUMENT);
}

static void bad_settings_are_named_and_change_nothing(void **state)
{
    struct machine_config *c = *state, before = *c;
    struct hb_error e;

    assert_int_equal(machine_config_set(c, "memory", "3M", &e),
                     HB_BAD_ARGUMENT);
    assert_non_null(strstr(e.text, "memory"));
    assert_int_equal(machine_config_set(c, "pae", "maybe", &e),
                     HB_BAD_ARGUMENT);
    assert_non_null(strstr(e.text, "off, on"));
    assert_int_equal(machine_config_set(c, "colour", "red", &e), HB_NOT_FOUND);
    assert_int_equal(set(c, "memory", ""), HB_BAD_ARGUMENT);
    assert_int_equal(set(c, "memory", "64MB"), HB_BAD_ARGUMENT);
    assert_int_equal(set(c, "memory", "-1"), HB_BAD_ARGUMENT);
    assert_int_equal(set(c, "memory", "99999999999999999999G"),
                     HB_BAD_ARGUMENT);
    assert_int_equal(set(c, "cpu", "z80"), HB_BAD_ARGUMENT);
    assert_int_equal(set(c, "platform", ""), HB_NOT_FOUND);
    assert_memory_equal(c, &before, sizeof before);
}

static void cards_are_described_by_a_line(void **state)
{
    struct machine_config *c = *state;
    struct hb_error e;

    assert_int_equal(machine_config_device(c, "edu", &e), HB_OK);
    assert_int_equal(
        machine_config_device(c, "adram,bytes=64K,slot=9,name=ram", &e), HB_OK);
    assert_int_equal(c->devices, 2);
    assert_int_equal(c->device[0].slot, -1);
    assert_int_equal(c->device[1].slot, 9);
    assert_string_equal(c->device[1].name, "ram");
    assert_string_equal(c->device[1].setting[0].name, "bytes");
    assert_int_equal(c->device[1].setting[0].value, 65536);

    assert_int_equal(machine_config_device(c, "nothing", &e), HB_NOT_FOUND);
    assert_non_null(strstr(e.text, "nothing"));
    assert_int_equal(machine_config_device(c, "edu,warp=9", &e), HB_NOT_FOUND);
    assert_int_equal(machine_config_device(c, "edu,slot=32", &e),
                     HB_BAD_ARGUMENT);
    assert_int_equal(machine_config_device(c, "adram,bytes=1", &e),
                     HB_BAD_ARGUMENT);
    assert_int_equal(machine_config_device(c, "edu,slot", &e), HB_BAD_ARGUMENT);
    assert_int_equal(machine_config_device(c, "", &e), HB_NOT_FOUND);
    assert_int_equal(c->devices, 2);
    while (c->devices < MACHINE_DEVICES)
        assert_int_equal(machine_config_device(c, "edu", &e), HB_OK);
    assert_int_equal(machine_config_device(c, "edu", &e), HB_FULL);
}

static void ram_leaves_the_holes_of_a_pc_free(void **state)
{
    struct machine_config *c = *state;
    struct ram_range r[RAM_RANGES];
    const uint64_t sizes[] = {16 * MIB, 256 * MIB, 3 * GIB, 6 * GIB, 64 * GIB};

    for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        uint64_t sum = 0;
        unsigned n;

        c->memory = sizes[i];
        n = config_ram(c, r);
        for (unsigned k = 0; k < n; k++) {
            uint64_t end = r[k].start + r[k].bytes;

            sum += r[k].bytes;
            assert_true(end <= 15 * MIB || r[k].start >= 16 * MIB);
            assert_true(end <= 3 * GIB || r[k].start >= 4 * GIB);
        }
        /* all but the 384 KiB below 1 MiB */
        assert_true(sum == sizes[i] - (384 << 10));
    }
}

static void what_comes_from_a_file_is_checked(void **state)
{
    struct machine_config *c = *state;

    c->registers = 7;
    assert_int_equal(config_check(c, NULL), HB_BAD_ARGUMENT);
    c->registers = 0;
    c->ns_per_tick = 0;
    assert_int_equal(config_check(c, NULL), HB_BAD_ARGUMENT);
    c->ns_per_tick = 1;
    c->memory = 16 * MIB + 1;
    assert_int_equal(config_check(c, NULL), HB_BAD_ARGUMENT);
    c->memory = 16 * MIB;
    c->devices = MACHINE_DEVICES + 1;
    assert_int_equal(config_check(c, NULL), HB_BAD_ARGUMENT);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup(f, setup)
    const struct CMUnitTest tests[] = {
        T(every_platform_of_the_table_is_a_good_description),
        T(settings_are_set_by_name),
        T(the_boot_order_is_letters),
        T(bad_settings_are_named_and_change_nothing),
        T(cards_are_described_by_a_line),
        T(ram_leaves_the_holes_of_a_pc_free),
        T(what_comes_from_a_file_is_checked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
