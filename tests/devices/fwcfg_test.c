/* tests/devices/fwcfg_test.c -- firmware configuration against QEMU's
 * docs/specs/fw_cfg: selector and data, directory, DMA. */
#include "bench.h"

extern const struct device_model fwcfg_model;

enum { SELECTOR = 0x510, DATA = 0x511, DMA = 0x514 };
enum { CONTROL = 0x1000, BUFFER = 0x2000 };
enum { C_ERROR = 1, C_READ = 2, C_SKIP = 4, C_SELECT = 8, C_WRITE = 16 };

static bool give(struct bench *b, const char *name, const void *bytes,
                 uint32_t n)
{
    return fwcfg_model.give(b->dev, name, bytes, n);
}

static int setup(void **state)
{
    struct bench *b = bench_create();

    *state = b;
    b->dev = bench_add(b, &fwcfg_model, NULL);
    assert_true(give(b, "signature", "QEMU", 4));
    assert_true(give(b, "id", "\3\0\0\0", 4));
    assert_true(give(b, "etc/first", "0123456789", 10));
    assert_true(give(b, "etc/second", "", 0));
    bench_start(b);
    return 0;
}

static void reads(struct bench *b, const void *want, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        assert_int_equal(bus_in(b->bus, DATA, 1), ((const uint8_t *)want)[i]);
}

static void select_item(struct bench *b, unsigned key)
{
    bus_out(b->bus, SELECTOR, 2, key);
}

static void items_are_read_byte_by_byte(void **state)
{
    struct bench *b = *state;

    select_item(b, 0);
    reads(b, "QEMU\0\0", 6); /* beyond the end: zeroes */
    select_item(b, 0);
    reads(b, "QE", 2);
    select_item(b, 1);
    reads(b, "\3\0\0\0", 4);
    select_item(b, 0x8001); /* not there */
    reads(b, "\0\0\0\0", 4);
}

static void the_directory_lists_the_files(void **state)
{
    struct bench *b = *state;
    uint8_t want[4 + 2 * 64] = {0, 0, 0, 2};

    want[4 + 3] = 10;
    want[4 + 5] = 0x20;
    memcpy(want + 4 + 8, "etc/first", 9);
    want[4 + 64 + 5] = 0x21;
    memcpy(want + 4 + 64 + 8, "etc/second", 10);
    select_item(b, 0x19);
    reads(b, want, sizeof want);
    select_item(b, 0x20);
    reads(b, "0123456789", 10);
}

static void a_name_is_given_once_and_fits(void **state)
{
    struct bench *b = *state;

    assert_false(give(b, "signature", "x", 1));
    assert_false(give(b,
                      "a name that is longer than what an entry of the "
                      "directory holds",
                      "x", 1));
}

static void dma(struct bench *b, uint32_t control, uint32_t bytes, uint64_t at)
{
    const uint32_t words[4] = {__builtin_bswap32(control),
                               __builtin_bswap32(bytes),
                               __builtin_bswap32((uint32_t)(at >> 32)),
                               __builtin_bswap32((uint32_t)at)};

    memcpy(b->ram + CONTROL, words, sizeof words);
    bus_out(b->bus, DMA, 4, 0);
    bus_out(b->bus, DMA + 4, 4, __builtin_bswap32(CONTROL));
}

static uint32_t result(const struct bench *b)
{
    uint32_t v;

    memcpy(&v, b->ram + CONTROL, sizeof v);
    return __builtin_bswap32(v);
}

static void dma_moves_an_item_and_zeroes_behind_it(void **state)
{
    struct bench *b = *state;

    assert_int_equal(bus_in(b->bus, DMA, 4), 0x554d4551);
    memset(b->ram + BUFFER, 0xcc, 6000);
    dma(b, 0x20u << 16 | C_SELECT | C_READ, 5000, BUFFER);
    assert_int_not_equal(result(b), 0); /* nothing moves in the handler */
    bench_run(b);
    assert_int_equal(result(b), 0);
    assert_memory_equal(b->ram + BUFFER, "0123456789\0\0", 12);
    assert_int_equal(b->ram[BUFFER + 4999], 0);
    assert_int_equal(b->ram[BUFFER + 5000], 0xcc);
}

static void dma_reaches_beyond_the_isa_bus(void **state)
{
    struct bench *b = *state;

    dma(b, 0x20u << 16 | C_SELECT | C_READ, 10, BENCH_RAM - 16);
    bench_run(b);
    assert_int_equal(result(b), 0);
    assert_memory_equal(b->ram + BENCH_RAM - 16, "0123456789", 10);
}

static void dma_goes_on_where_it_was_and_skips(void **state)
{
    struct bench *b = *state;

    dma(b, 0x20u << 16 | C_SELECT | C_READ, 2, BUFFER);
    bench_run(b);
    dma(b, C_SKIP, 3, 0);
    bench_run(b);
    assert_int_equal(result(b), 0);
    dma(b, C_READ, 2, BUFFER + 2);
    bench_run(b);
    assert_memory_equal(b->ram + BUFFER, "0156", 4);
}

static void dma_tells_its_errors(void **state)
{
    struct bench *b = *state;

    dma(b, 0x20u << 16 | C_SELECT | C_WRITE, 4, BUFFER);
    bench_run(b);
    assert_int_equal(result(b), C_ERROR);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, bench_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(items_are_read_byte_by_byte),
        T(the_directory_lists_the_files),
        T(a_name_is_given_once_and_fits),
        T(dma_moves_an_item_and_zeroes_behind_it),
        T(dma_reaches_beyond_the_isa_bus),
        T(dma_goes_on_where_it_was_and_skips),
        T(dma_tells_its_errors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
