/* tests/bus/save_test.c -- the buses' section of a save: what is refused, and
 * what a refusal leaves behind. Equality of saves: tests/devices/chop_test.c.
 */
#include "fake.h"

#include <string.h>

static struct bench *board(void)
{
    struct bench *b = bench_create_lean();

    bench_add(b, device_model_find("edu"), NULL);
    bench_add(b, device_model_find("dma8237"), NULL);
    bench_add(b, device_model_find("isacard"), NULL);
    bench_add_mapregs(b, false);
    bench_start(b);
    return b;
}

/* A board in the middle of a tenure. */
static struct bench *busy(void)
{
    struct bench *b = board();

    bench_windows_on(b);
    bench_map(b, 0, 0xf00000, 0x30000, 7);
    bench_set32(b, 0x80, 0xf00010);
    bench_set32(b, 0x88, 0x40000);
    bench_set32(b, 0x90, 100);
    bench_set32(b, 0x98, 5);
    b->moved = 0;
    b->stop_after = 30;
    bus_grain(b->bus, 1);
    bench_run(b);
    assert_int_equal(bus_tenure(b->bus)->moved, 30);
    return b;
}

static enum hb_status load(struct bench *b, const uint8_t *bytes, size_t count,
                           struct hb_error *error)
{
    struct loader l = {.bytes = bytes, .count = count};

    return bus_load_state(b->bus, &l, error);
}

static void a_file_cut_short_is_refused_at_each_length(void **state)
{
    struct bench *b = busy(), *other = board();
    struct saver s = {0};
    struct hb_error error;

    (void)state;
    bus_save(b->bus, &s);
    for (size_t n = 0; n < s.count; n += n < 4096 ? 1 : 97) {
        assert_int_equal(load(other, s.bytes, n, &error), HB_BAD_IMAGE);
        assert_true(strlen(error.text) > 0);
    }
    assert_int_equal(load(other, s.bytes, s.count, &error), HB_OK);
    assert_int_equal(bus_tenure(other->bus)->moved, 30);
    saver_fini(&s);
    bench_destroy(b);
    bench_destroy(other);
}

static void a_refused_file_leaves_a_board_after_reset(void **state)
{
    struct bench *b = busy(), *other = busy();
    struct saver s = {0};
    struct hb_error error;

    (void)state;
    bus_save(b->bus, &s);
    assert_int_equal(load(other, s.bytes, s.count / 2, &error), HB_BAD_IMAGE);
    assert_int_equal(bus_tenure(other->bus)->bytes, 0);
    assert_int_equal(bus_operations(other->bus, NULL, 0), 0);
    bench_start(other);
    assert_int_equal(bench_get32(other, 0), 0x010000ed);
    saver_fini(&s);
    bench_destroy(b);
    bench_destroy(other);
}

static void another_set_of_devices_is_refused(void **state)
{
    struct bench *b = busy(), *other = bench_create_lean();
    struct saver s = {0};
    struct hb_error error;

    (void)state;
    bench_add(other, device_model_find("isacard"), NULL);
    bench_start(other);
    bus_save(b->bus, &s);
    assert_int_equal(load(other, s.bytes, s.count, &error), HB_BAD_IMAGE);
    saver_fini(&s);
    bench_destroy(b);
    bench_destroy(other);
}

/* Each byte wrong in turn: refused, or a state that runs. */
static void no_wrong_byte_does_harm(void **state)
{
    struct bench *b = busy();
    struct saver s = {0};
    struct hb_error error;
    struct bench *other = board();

    (void)state;
    bus_save(b->bus, &s);
    for (size_t at = 0; at < s.count; at += at < 3000 ? 1 : 61) {
        s.bytes[at] ^= 0xff;
        if (load(other, s.bytes, s.count, &error) == HB_OK)
            bench_advance_ns(other, 10000);
        s.bytes[at] ^= 0xff;
    }
    saver_fini(&s);
    bench_destroy(b);
    bench_destroy(other);
}

static void adapter_ram_is_saved_by_touched_pages(void **state)
{
    struct bench *b = bench_create_lean(), *other = bench_create_lean();
    struct device *one = bench_add(b, device_model_find("adram"), NULL);
    struct device *two = bench_add(other, device_model_find("adram"), NULL);
    struct saver s = {0};
    struct hb_error error;

    (void)state;
    bench_start(b);
    bench_start(other);
    bench_write(b, one, 0, 0x5ff8, 4, 0x12345678);
    bench_write(other, two, 0, 0x9000, 4, 0x99999999);
    bus_save(b->bus, &s);
    assert_true(s.count < 2 * PAGE_BYTES);
    assert_int_equal(load(other, s.bytes, s.count, &error), HB_OK);
    assert_int_equal(bench_read(other, two, 0, 0x5ff8, 4), 0x12345678);
    assert_int_equal(bench_read(other, two, 0, 0x9000, 4), 0);
    saver_fini(&s);
    bench_destroy(b);
    bench_destroy(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_cut_short_is_refused_at_each_length),
        cmocka_unit_test(a_refused_file_leaves_a_board_after_reset),
        cmocka_unit_test(another_set_of_devices_is_refused),
        cmocka_unit_test(no_wrong_byte_does_harm),
        cmocka_unit_test(adapter_ram_is_saved_by_touched_pages),
    };

    return cmocka_run_group_tests_name("save", tests, NULL, NULL);
}
