/* tests/bus/dispatch_test.c -- who answers a port or an address, and in which
 * sizes. ids: device contracts. */
#include "fake.h"

static int setup(void **state)
{
    *state = bench_create();
    return 0;
}

static struct bench *with(struct bench *b, const struct device_model *model)
{
    bench_add(b, model, NULL);
    bench_start(b);
    for (unsigned i = 0; i < 256; i++)
        fake_of(b->dev)->reg[i] = (uint8_t)(i + 1);
    return b;
}

/* DEV-022 */
static void unclaimed_ports_read_ones_and_drop_writes(void **state)
{
    struct bench *b = *state;

    bench_start(b);
    bus_out(b->bus, 0x2e8, 4, 0x12345678);
    assert_int_equal(bus_in(b->bus, 0x2e8, 1), 0xff);
    assert_int_equal(bus_in(b->bus, 0x2e8, 2), 0xffff);
    assert_int_equal(bus_in(b->bus, 0x2e8, 4), 0xffffffff);
    assert_int_equal(bus_in(b->bus, 0xffff, 4), 0xffffffff);
}

static void unclaimed_memory_reads_ones_and_drops_writes(void **state)
{
    struct bench *b = *state;

    bench_start(b);
    bus_store(b->bus, gpa_of(0xd0000000), 4, 0x12345678);
    assert_int_equal(bus_load(b->bus, gpa_of(0xd0000000), 1), 0xff);
    assert_int_equal(bus_load(b->bus, gpa_of(0xd0000000), 4), 0xffffffff);
    assert_int_equal(bus_load(b->bus, gpa_of(UINT64_MAX - 3), 4), 0xffffffff);
}

/* DEV-032: all sizes and offsets at a register that takes dwords alone. */
static void dword_registers_refuse_other_sizes(void **state)
{
    struct bench *b = with(*state, &fake_dwords);

    bench_trace(b, "guest_error");
    assert_int_equal(bench_get(b, 4, 4), 0x08070605);
    assert_int_equal(bench_get(b, 4, 1), 0xff);
    assert_int_equal(bench_get(b, 4, 2), 0xffff);
    assert_int_equal(bench_count(b, "refused"), 2);
    bench_put(b, 4, 1, 0);
    bench_put(b, 4, 2, 0);
    assert_int_equal(fake_of(b->dev)->writes, 0);
    assert_int_equal(bench_get(b, 4, 4), 0x08070605);
}

/* DEV-032 */
static void byte_registers_split_wider_accesses(void **state)
{
    struct bench *b = with(*state, &fake_bytes);

    assert_int_equal(bus_in(b->bus, 0x2e0, 4), 0x04030201);
    assert_int_equal(fake_of(b->dev)->reads, 4);
    bus_out(b->bus, 0x2e1, 2, 0xbbaa);
    assert_int_equal(fake_of(b->dev)->writes, 2);
    assert_int_equal(fake_of(b->dev)->reg[1], 0xaa);
    assert_int_equal(fake_of(b->dev)->reg[2], 0xbb);
}

static void an_access_over_a_windows_end_is_shared(void **state)
{
    struct bench *b = with(*state, &fake_bytes);

    assert_int_equal(bus_in(b->bus, 0x2df, 2), 0x01ff);
    assert_int_equal(bus_in(b->bus, 0x2e6, 4), 0xffff0807);
    assert_int_equal(bus_in(b->bus, 0x2e7, 2), 0xff08);
}

static void neighbours_share_a_wide_access(void **state)
{
    struct bench *b = with(*state, &fake_bytes);
    struct bus_place beside = {.base = {0x2e8}};
    struct device *second = bench_add(b, &fake_bytes, &beside);

    bench_start(b);
    fake_of(second)->reg[0] = 0x99;
    assert_int_equal(bus_in(b->bus, 0x2e7, 2), 0x9908);
}

/* DEV-023 */
static void ten_bit_decode_answers_at_every_1k(void **state)
{
    struct bench *b = with(*state, &fake_ten_bits);

    for (unsigned at = 0x3f0; at < 0x10000; at += 0x400)
        assert_int_equal(bus_in(b->bus, (uint16_t)(at + 2), 1), 3);
    assert_int_equal(bus_in(b->bus, 0x4f0, 1), 0xff);
}

/* DEV-023 */
static void an_exact_decode_wins_over_an_alias(void **state)
{
    struct bench *b = with(*state, &fake_ten_bits);
    struct bus_place at = {.base = {0x7f0}};
    struct device *exact = bench_add(b, &fake_bytes, &at);

    bench_start(b);
    fake_of(exact)->reg[0] = 0x77;
    assert_int_equal(bus_in(b->bus, 0x7f0, 1), 0x77);
    assert_int_equal(bus_in(b->bus, 0xbf0, 1), 1);
}

static void looking_has_no_side_effects(void **state)
{
    struct bench *b = with(*state, &fake_bytes);

    bench_trace(b, "*");
    assert_int_equal(bus_peek_port(b->bus, 0x2e0, 2), 0x0201);
    assert_int_equal(bus_peek_port(b->bus, 0x2f0, 2), 0xffff);
    assert_int_equal(bus_peek(b->bus, gpa_of(0xd0000000), 4), 0xffffffff);
    assert_int_equal(fake_of(b->dev)->reads, 0);
    assert_int_equal(b->trace_bytes, 0);
}

static void a_window_can_be_looked_at_where_it_is_not_mapped(void **state)
{
    struct bench *b = *state;
    uint32_t v;

    bench_add(b, &fake_master, NULL);
    bus_reset(b->bus); /* its BAR decodes nothing */
    fake_of(b->dev)->reg[8] = 0x31;
    assert_true(bus_peek_window(b->dev, 0, 8, 1, &v));
    assert_int_equal(v, 0x31);
    assert_false(bus_peek_window(b->dev, 0, 4094, 4, &v));
    assert_false(bus_peek_window(b->dev, 1, 0, 4, &v));
    assert_false(bus_peek_window(b->dev, 0, 0, 3, &v));
}

static void every_access_is_an_event(void **state)
{
    struct bench *b = with(*state, &fake_dwords);

    bench_trace(b, "port_*,mmio_*");
    bus_in(b->bus, 0x2e8, 2);
    bus_out(b->bus, 0x80, 1, 0x15);
    bench_get(b, 0, 4);
    bench_put(b, 8, 4, 0xabc);
    assert_string_equal(b->trace, "0 port_read port=2e8 bytes=2 value=ffff\n"
                                  "0 port_write port=80 bytes=1 value=15\n"
                                  "0 mmio_read gpa=d0000 bytes=4 "
                                  "value=4030201\n"
                                  "0 mmio_write gpa=d0008 bytes=4 value=abc\n");
}

static void adapter_ram_is_memory(void **state)
{
    struct bench *b = *state;
    struct device *card = bench_add(b, device_model_find("adram"), NULL);
    uint64_t base, changes;
    uint8_t *host;

    bench_start(b);
    base = bench_base(card, 0);
    bus_store(b->bus, gpa_of(base + 0x1234), 4, 0xcafe1234);
    assert_int_equal(bus_load(b->bus, gpa_of(base + 0x1236), 2), 0xcafe);
    host = bus_memory(b->bus, gpa_of(base + 0x1000));
    assert_non_null(host);
    assert_int_equal(host[0x234], 0x34);
    assert_null(bus_memory(b->bus, gpa_of(base - 0x1000)));
    assert_null(bus_memory(b->bus, gpa_of(bench_base(card, 1))));
    changes = bus_map_changes(b->bus);
    bench_command(b, card, 0);
    assert_true(bus_map_changes(b->bus) != changes);
    assert_null(bus_memory(b->bus, gpa_of(base + 0x1000)));
}

static void settings_are_checked(void **state)
{
    struct bench *b = *state;
    struct device *card = bench_add(b, device_model_find("adram"), NULL);
    struct hb_error error;

    assert_int_equal(bus_set(card, "bytes", 8192, &error), HB_OK);
    assert_int_equal(bus_set(card, "bytes", 1, &error), HB_BAD_ARGUMENT);
    assert_int_equal(bus_set(card, "colour", 1, &error), HB_NOT_FOUND);
    bench_start(b);
    bus_config_write(b->bus, 0, 3, 0, 0x10, 4, 0xffffffff);
    assert_int_equal(bus_config_read(b->bus, 0, 3, 0, 0x10, 4), 0xffffe000);
}

static void devices_have_names_of_their_own(void **state)
{
    struct bench *b = *state;
    struct bus_place named = {.name = "left"};
    struct device *one = bench_add(b, &fake_master, NULL);
    struct device *two = bench_add(b, &fake_master, NULL);
    struct device *left = bench_add(b, &fake_master, &named);

    assert_string_equal(bus_device_name(one), "fake");
    assert_string_equal(bus_device_name(two), "fake2");
    assert_ptr_equal(bus_find(b->bus, "left"), left);
    assert_null(bus_find(b->bus, "right"));
    assert_ptr_equal(bus_device(b->bus, 1), two);
    assert_null(bus_device(b->bus, 3));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, bench_teardown)
    const struct CMUnitTest tests[] = {
        T(unclaimed_ports_read_ones_and_drop_writes),
        T(unclaimed_memory_reads_ones_and_drops_writes),
        T(dword_registers_refuse_other_sizes),
        T(byte_registers_split_wider_accesses),
        T(an_access_over_a_windows_end_is_shared),
        T(neighbours_share_a_wide_access),
        T(ten_bit_decode_answers_at_every_1k),
        T(an_exact_decode_wins_over_an_alias),
        T(looking_has_no_side_effects),
        T(a_window_can_be_looked_at_where_it_is_not_mapped),
        T(every_access_is_an_event),
        T(adapter_ram_is_memory),
        T(settings_are_checked),
        T(devices_have_names_of_their_own),
    };

    return cmocka_run_group_tests_name("dispatch", tests, NULL, NULL);
}
