/* tests/bus/rom_test.c -- expansion ROMs against PCI 2.2, 6.2.5.2. */
#include "bench.h"

#include <stdlib.h>

struct romcard {
    struct device dev;
};

static const struct state_row rows[] = {STATE_END};

static const struct device_model romcard_model = {
    .name = "romcard",
    .title = "a card with a socket for a ROM",
    .version = 1,
    .state_size = sizeof(struct romcard),
    .rows = rows,
    .pci = {.vendor = 0x1234, .device = 1, .base_class = 2},
    .windows = {[PCI_ROM] = {.kind = WINDOW_MEMORY, .ram = true, .rom = true}},
};

enum { SLOT = 3, COMMAND = 4, ROM = 0x30, BASE = 0xfe000000 };

static int setup(void **state)
{
    const struct bus_place place = {.has_slot = true, .slot = SLOT};
    struct bench *b = bench_create();

    *state = b;
    b->dev = bench_add(b, &romcard_model, &place);
    return 0;
}

static void put_rom(struct bench *b, uint32_t bytes)
{
    uint8_t *rom = calloc(1, bytes);

    rom[0] = 0x55;
    rom[1] = 0xaa;
    rom[bytes - 1] = 0x77;
    assert_int_equal(bus_rom(b->dev, rom, bytes, NULL), HB_OK);
    free(rom);
    bus_reset(b->bus);
}

static uint32_t config(struct bench *b, unsigned offset)
{
    return bus_config_read(b->bus, 0, SLOT, 0, offset, 4);
}

static void set_config(struct bench *b, unsigned offset, uint32_t value)
{
    bus_config_write(b->bus, 0, SLOT, 0, offset, 4, value);
}

static void an_empty_socket_has_no_base_register(void **state)
{
    struct bench *b = *state;

    bus_reset(b->bus);
    set_config(b, ROM, 0xffffffff);
    assert_int_equal(config(b, ROM), 0);
    set_config(b, COMMAND, 0xffff);
    assert_false(config(b, COMMAND) & 2);
}

static void the_size_is_a_power_of_two(void **state)
{
    struct bench *b = *state;

    put_rom(b, 40000);
    set_config(b, ROM, 0xfffff800);
    assert_int_equal(config(b, ROM), 0xffff0000);
    set_config(b, ROM, 0xffffffff);
    assert_int_equal(config(b, ROM), 0xffff0001);
}

static void it_decodes_when_both_enables_are_set(void **state)
{
    struct bench *b = *state;

    put_rom(b, 2048);
    for (unsigned both = 0; both < 4; both++) {
        set_config(b, ROM, BASE | (both & 1));
        set_config(b, COMMAND, both & 2);
        assert_int_equal(bus_load(b->bus, gpa_of(BASE), 2),
                         both == 3 ? 0xaa55 : 0xffff);
    }
    assert_int_equal(bus_load(b->bus, gpa_of(BASE + 2047), 1), 0x77);
    assert_int_equal(bus_load(b->bus, gpa_of(BASE + 2048), 1), 0xff);
}

static void writes_do_not_change_it(void **state)
{
    struct bench *b = *state;

    put_rom(b, 2048);
    set_config(b, ROM, BASE | 1);
    set_config(b, COMMAND, 2);
    bus_store(b->bus, gpa_of(BASE), 4, 0);
    assert_int_equal(bus_load(b->bus, gpa_of(BASE), 2), 0xaa55);
}

/* The machine that loads has an empty socket: size and bytes are in the save.
 */
static void a_save_has_the_rom(void **state)
{
    struct bench *b = *state, *other = bench_create();
    const struct bus_place place = {.has_slot = true, .slot = SLOT};
    struct saver s = {0};
    struct loader l;

    put_rom(b, 3000);
    set_config(b, ROM, BASE | 1);
    set_config(b, COMMAND, 2);
    bus_save(b->bus, &s);
    bench_add(other, &romcard_model, &place);
    bus_reset(other->bus);
    l = (struct loader){.bytes = s.bytes, .count = s.count};
    assert_int_equal(bus_load_state(other->bus, &l, NULL), HB_OK);
    assert_int_equal(bus_load(other->bus, gpa_of(BASE + 2999), 1), 0x77);
    assert_int_equal(bus_load(other->bus, gpa_of(BASE + 4096), 1), 0xff);
    saver_fini(&s);
    bench_destroy(other);
}

static void what_is_no_rom_is_refused(void **state)
{
    struct bench *b = *state;
    struct hb_error e;
    uint8_t byte = 0;

    assert_int_equal(bus_rom(b->dev, &byte, 0, &e), HB_BAD_ARGUMENT);
    assert_int_equal(bus_rom(b->dev, &byte, (16 << 20) + 1, &e),
                     HB_BAD_ARGUMENT);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, bench_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(an_empty_socket_has_no_base_register),
        T(the_size_is_a_power_of_two),
        T(it_decodes_when_both_enables_are_set),
        T(writes_do_not_change_it),
        T(a_save_has_the_rom),
        T(what_is_no_rom_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
