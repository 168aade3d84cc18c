/* tests/devices/edu_test.c -- the teaching bus master, and through it the PCI
 * header and the tenures of a master. */
#include "bench.h"

#include <string.h>

extern const struct device_model edu_model;

enum { SRC = 0x80, DST = 0x88, COUNT = 0x90, CMD = 0x98 };
enum { RUN = 1, TO_RAM = 2, IRQ = 4 };
enum { BUFFER = 0x40000 };

static int setup(void **state)
{
    struct bench *b = bench_create();

    *state = b;
    bench_add(b, &edu_model, NULL);
    bench_add_mapregs(b, false);
    bench_start(b);
    return 0;
}

static void start_read(struct bench *b, uint32_t at, uint32_t bytes)
{
    bench_set32(b, SRC, at);
    bench_set32(b, DST, BUFFER);
    bench_set32(b, COUNT, bytes);
    bench_set32(b, CMD, RUN | IRQ);
}

static void start_write(struct bench *b, uint32_t at, uint32_t bytes)
{
    bench_set32(b, SRC, BUFFER);
    bench_set32(b, DST, at);
    bench_set32(b, COUNT, bytes);
    bench_set32(b, CMD, RUN | TO_RAM | IRQ);
}

static void id_is_the_published_one(void **state)
{
    assert_int_equal(bench_get32(*state, 0), 0x010000ed);
}

static void liveness_reads_back_inverted(void **state)
{
    bench_set32(*state, 4, 0x12345678);
    assert_int_equal(bench_get32(*state, 4), ~0x12345678u);
}

static void passes_physical_addresses_after_reset(void **state)
{
    struct bench *b = *state;

    memcpy(b->ram + 0x1000, "hello", 5);
    start_read(b, 0x1000, 5);
    assert_true(bench_run_until_irq(b));
    bench_set32(b, 0x64, 0x100);
    assert_false(bench_irq(b));
    start_write(b, 0x2000, 5);
    assert_int_equal(b->ram[0x2000], 0);
    assert_true(bench_run_until_irq(b));
    assert_memory_equal(b->ram + 0x2000, "hello", 5);
}

static void moves_through_map_registers(void **state)
{
    struct bench *b = *state;
    uint32_t logical = 0x00f00000u;

    bench_windows_on(b);
    bench_map(b, 0, logical, 0x300000, 7);
    bench_map(b, 0, logical + 0x1000, 0x100000, 7);
    memcpy(b->ram + 0x300ffc, "abcd", 4);
    memcpy(b->ram + 0x100000, "efgh", 4);
    bench_trace(b, "dma_*");
    start_read(b, logical + 0xffc, 8);
    assert_true(bench_run_until_irq(b));
    bench_set32(b, 0x64, 0x100);
    start_write(b, logical + 0x10, 8);
    assert_true(bench_run_until_irq(b));
    assert_memory_equal(b->ram + 0x300010, "abcdefgh", 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, bench_teardown)
        T(id_is_the_published_one),
        T(liveness_reads_back_inverted),
        T(passes_physical_addresses_after_reset),
        T(moves_through_map_registers),
    };

    return cmocka_run_group_tests_name("edu", tests, NULL, NULL);
}
