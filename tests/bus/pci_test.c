/* tests/bus/pci_test.c -- configuration space as every PCI model has it.
 * Oracle: PCI 2.2, chapter 6; ids: device contracts. */
#include "fake.h"

static int setup(void **state)
{
    struct bench *b = bench_create();
    const struct bus_place at = {.has_slot = true, .slot = 9};

    *state = b;
    bench_add(b, &fake_io, &at);
    bus_reset(b->bus);
    return 0;
}

static uint32_t get(struct bench *b, unsigned offset, unsigned bytes)
{
    return bus_config_read(b->bus, 0, 9, 0, offset, bytes);
}

static void put(struct bench *b, unsigned offset, unsigned bytes,
                uint32_t value)
{
    bus_config_write(b->bus, 0, 9, 0, offset, bytes, value);
}

static void identity_is_the_models(void **state)
{
    struct bench *b = *state;

    assert_int_equal(get(b, 0, 4), 0x00014842);
    assert_int_equal(get(b, 8, 4), 0xff010203);
    assert_int_equal(get(b, 0x2c, 4), 0x00074842);
    assert_int_equal(get(b, 0x3d, 1), 1);
    put(b, 0, 4, 0xffffffff);
    put(b, 8, 4, 0xffffffff);
    assert_int_equal(get(b, 0, 4), 0x00014842);
    assert_int_equal(get(b, 8, 4), 0xff010203);
}

/* DEV-026 */
static void an_absent_function_reads_ones_and_drops_writes(void **state)
{
    struct bench *b = *state;

    for (unsigned slot = 0; slot < 32; slot++)
        for (unsigned function = 0; function < 8; function++) {
            if (slot == 9 && !function)
                continue;
            bus_config_write(b->bus, 0, slot, function, 4, 4, 7);
            assert_int_equal(bus_config_read(b->bus, 0, slot, function, 0, 4),
                             0xffffffff);
            assert_int_equal(bus_config_read(b->bus, 0, slot, function, 0, 2),
                             0xffff);
        }
    assert_int_equal(bus_config_read(b->bus, 1, 9, 0, 0, 4), 0xffffffff);
}

/* DEV-026 */
static void bytes_and_words_touch_only_their_own(void **state)
{
    struct bench *b = *state;

    put(b, 0x0c, 1, 0x10); /* cache line */
    put(b, 0x0d, 1, 0x40); /* latency    */
    assert_int_equal(get(b, 0x0c, 2), 0x4010);
    put(b, 0x10, 4, 0xabcd0000);
    put(b, 0x12, 1, 0x12);
    assert_int_equal(get(b, 0x10, 4), 0xab120000);
    put(b, 0x12, 2, 0x7777);
    assert_int_equal(get(b, 0x10, 4), 0x77770000);
    assert_int_equal(get(b, 0x13, 1), 0x77);
    put(b, 0x3c, 1, 11);
    assert_int_equal(get(b, 0x3c, 4), 0x010b);
}

/* DEV-027 */
static void all_ones_read_back_the_size_and_type(void **state)
{
    struct bench *b = *state;

    for (unsigned bar = 0; bar < 6; bar++)
        put(b, 0x10 + 4 * bar, 4, 0xffffffff);
    assert_int_equal(get(b, 0x10, 4), 0xffff0000);
    assert_int_equal(get(b, 0x14, 4), 0xffffffe1);
    assert_int_equal(get(b, 0x18, 4), 0xfffffff9);
    assert_int_equal(get(b, 0x1c, 4), 0);
    assert_int_equal(get(b, 0x24, 4), 0);
    assert_int_equal(get(b, 0x30, 4), 0); /* no ROM */
}

/* DEV-027 */
static void decoding_follows_the_command_bits(void **state)
{
    struct bench *b = *state;
    struct fake *s = fake_of(b->dev);

    s->reg[0] = 0x5a;
    put(b, 0x10, 4, 0xf4000000);
    put(b, 0x14, 4, 0xc000);
    assert_int_equal(bus_load(b->bus, gpa_of(0xf4000000), 1), 0xff);
    assert_int_equal(bus_in(b->bus, 0xc000, 1), 0xff);
    put(b, 4, 2, 2);
    assert_int_equal(bus_load(b->bus, gpa_of(0xf4000000), 1), 0x5a);
    assert_int_equal(bus_in(b->bus, 0xc000, 1), 0xff);
    put(b, 4, 2, 1);
    assert_int_equal(bus_load(b->bus, gpa_of(0xf4000000), 1), 0xff);
    assert_int_equal(bus_in(b->bus, 0xc000, 1), 0x5a);
    put(b, 0x14, 4, 0xd000);
    assert_int_equal(bus_in(b->bus, 0xc000, 1), 0xff);
    assert_int_equal(bus_in(b->bus, 0xd000, 1), 0x5a);
}

static void a_port_bar_beyond_64k_answers_nothing(void **state)
{
    struct bench *b = *state;

    put(b, 4, 2, 1);
    put(b, 0x14, 4, 0x1c000);
    assert_int_equal(bus_in(b->bus, 0xc000, 1), 0xff);
}

static void command_bits_that_mean_nothing_stay_0(void **state)
{
    struct bench *b = *state;

    put(b, 4, 2, 0xffff);
    assert_int_equal(get(b, 4, 2), 0x0147);
    put(b, 4, 2, 0);
    assert_int_equal(get(b, 4, 2), 0);
}

static void of_two_that_overlap_the_first_placed_answers(void **state)
{
    struct bench *b = *state;
    struct device *second = bench_add(b, &fake_io, NULL);

    bus_reset(b->bus);
    fake_of(b->dev)->reg[0] = 1;
    fake_of(second)->reg[0] = 2;
    bus_config_write(b->bus, 0, 3, 0, 0x10, 4, 0xf4000000);
    bus_config_write(b->bus, 0, 3, 0, 4, 2, 2);
    assert_int_equal(bus_load(b->bus, gpa_of(0xf4000000), 1), 2);
    put(b, 0x10, 4, 0xf4000000);
    put(b, 4, 2, 2);
    assert_int_equal(bus_load(b->bus, gpa_of(0xf4000000), 1), 1);
    put(b, 4, 2, 0);
    assert_int_equal(bus_load(b->bus, gpa_of(0xf4000000), 1), 2);
}

static void reset_clears_command_and_bars(void **state)
{
    struct bench *b = *state;

    put(b, 0x10, 4, 0xf4000000);
    put(b, 4, 2, 7);
    bus_reset(b->bus);
    assert_int_equal(get(b, 0x10, 4), 0);
    assert_int_equal(get(b, 4, 2), 0);
    assert_int_equal(get(b, 6, 2), 0x0200); /* medium DEVSEL */
}

static void beyond_the_header_reads_0_without_a_model(void **state)
{
    struct bench *b = *state;

    put(b, 0x40, 4, 0xffffffff);
    assert_int_equal(get(b, 0x40, 4), 0);
    assert_int_equal(get(b, 0xfc, 4), 0);
    assert_int_equal(get(b, 0x34, 1), 0); /* no capabilities */
}

static void a_taken_slot_is_refused(void **state)
{
    struct bench *b = *state;
    struct bus_place at = {.has_slot = true, .slot = 9};
    struct hb_error error;

    assert_int_equal(bus_add(b->bus, &fake_io, &at, NULL, &error),
                     HB_BAD_ARGUMENT);
    at.function = 1;
    assert_int_equal(bus_add(b->bus, &fake_io, &at, NULL, &error), HB_OK);
    assert_int_equal(bus_config_read(b->bus, 0, 9, 1, 0, 2), 0x4842);
    at.slot = 32;
    assert_int_equal(bus_add(b->bus, &fake_io, &at, NULL, &error),
                     HB_BAD_ARGUMENT);
}

static void cards_get_the_first_free_slot(void **state)
{
    struct bench *b = *state;
    struct bus_place at;

    for (unsigned slot = 3; slot < 12; slot++) {
        struct device *dev = bench_add(b, &fake_master, NULL);

        bus_device_place(dev, &at);
        assert_int_equal(at.slot, slot < 9 ? slot : slot + 1);
    }
}

static void every_cycle_is_an_event(void **state)
{
    struct bench *b = *state;

    bench_trace(b, "pci_*");
    get(b, 0, 2);
    put(b, 4, 2, 7);
    assert_int_equal(bench_count(b, "pci_config_read bus=0 slot=9 function=0 "
                                    "offset=0 value=4842"),
                     1);
    assert_int_equal(bench_count(b, "pci_config_write bus=0 slot=9 function=0 "
                                    "offset=4 value=7"),
                     1);
}

/* 6.2.5.1 */
static void a_bar_decodes_a_power_of_two(void **state)
{
    static const struct {
        uint8_t kind;
        uint32_t bytes;
    } bad[] = {{WINDOW_MEMORY, 8},
               {WINDOW_MEMORY, 5000},
               {WINDOW_PORT, 2},
               {WINDOW_PORT, 48}};
    struct bench *b = *state;
    struct hb_error error;

    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct device_model model = fake_io;

        model.windows[1].kind = bad[i].kind;
        model.windows[1].bytes = bad[i].bytes;
        assert_int_equal(bus_add(b->bus, &model, NULL, NULL, &error),
                         HB_BAD_ARGUMENT);
        assert_non_null(strstr(error.text, "power of two"));
    }
}

static void a_size_by_setting_is_a_power_of_two(void **state)
{
    struct bench *b = *state;
    struct device *dev = bench_add(b, device_model_find("adram"), NULL);
    struct hb_error error;

    assert_int_equal(bus_set(dev, "bytes", 5000, &error), HB_BAD_ARGUMENT);
    assert_non_null(strstr(error.text, "power of two"));
    assert_int_equal(bus_set(dev, "bytes", 8192, &error), HB_OK);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, bench_teardown)
    const struct CMUnitTest tests[] = {
        T(identity_is_the_models),
        T(an_absent_function_reads_ones_and_drops_writes),
        T(bytes_and_words_touch_only_their_own),
        T(all_ones_read_back_the_size_and_type),
        T(decoding_follows_the_command_bits),
        T(a_port_bar_beyond_64k_answers_nothing),
        T(command_bits_that_mean_nothing_stay_0),
        T(of_two_that_overlap_the_first_placed_answers),
        T(reset_clears_command_and_bars),
        T(beyond_the_header_reads_0_without_a_model),
        T(a_taken_slot_is_refused),
        T(cards_get_the_first_free_slot),
        T(every_cycle_is_an_event),
        T(a_bar_decodes_a_power_of_two),
        T(a_size_by_setting_is_a_power_of_two),
    };

    return cmocka_run_group_tests_name("pci", tests, NULL, NULL);
}
