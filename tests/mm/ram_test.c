/* tests/mm/ram_test.c -- bounds, holes, marks, and that size costs nothing. */
#include "test.h"

#include <sys/mman.h>

#include "mm/ram.h"

#define MIB ((uint64_t)1 << 20)
#define GIB ((uint64_t)1 << 30)

static const struct ram_range pc[] = {
    {0, 0xa0000}, {MIB, 14 * MIB}, {16 * MIB, 16 * MIB}};

static int setup(void **state)
{
    static struct ram ram; /* each test creates it anew */

    *state = &ram;
    return ram_create(&ram, pc, 3, NULL);
}

static int teardown(void **state)
{
    ram_destroy(*state);
    return 0;
}

static void what_was_written_is_read_at_any_width_and_alignment(void **state)
{
    struct ram *r = *state;

    ram_write64(r, gpa_of(0xffd), 0x8877665544332211); /* crosses a page */
    assert_int_equal(ram_read8(r, gpa_of(0xffd)), 0x11);
    assert_int_equal(ram_read16(r, gpa_of(0xffe)), 0x3322);
    assert_int_equal(ram_read32(r, gpa_of(0xfff)), 0x66554433);
    assert_true(ram_read64(r, gpa_of(0xffd)) == 0x8877665544332211);
    ram_write8(r, gpa_of(0x2000), 1);
    ram_write16(r, gpa_of(0x2001), 0x302);
    ram_write32(r, gpa_of(0x2003), 0x7060504);
    assert_true(ram_read64(r, gpa_of(0x2000)) == 0x0007060504030201);
}

static void a_hole_reads_all_ones_and_swallows_writes(void **state)
{
    struct ram *r = *state;

    ram_write32(r, gpa_of(0xa0000), 0x12345678);
    assert_true(ram_read32(r, gpa_of(0xa0000)) == 0xffffffff);
    ram_write32(r, gpa_of(0x9fffe), 0x12345678); /* half of it is RAM */
    assert_true(ram_read32(r, gpa_of(0x9fffe)) == 0xffff5678);
    assert_true(ram_read16(r, gpa_of(15 * MIB)) == 0xffff);
    assert_true(ram_read64(r, gpa_of(32 * MIB)) == UINT64_MAX);
    assert_true(ram_read8(r, gpa_of(UINT64_MAX)) == 0xff);
}

static void bounds_do_not_wrap(void **state)
{
    struct ram *r = *state;
    uint8_t b[8];

    assert_true(ram_is(r, gpa_of(0), 0xa0000));
    assert_false(ram_is(r, gpa_of(0), 0xa0001));
    assert_false(ram_is(r, gpa_of(1), UINT64_MAX));
    assert_false(ram_is(r, gpa_of(UINT64_MAX), 2));
    assert_false(ram_is(r, gpa_of(UINT64_MAX - 3), 8));
    assert_true(ram_is(r, gpa_of(32 * MIB - 1), 1));
    assert_false(ram_is(r, gpa_of(32 * MIB - 1), 2));
    assert_false(ram_read(r, gpa_of(UINT64_MAX - 3), b, 8));
    assert_false(ram_write(r, gpa_of(0x9fffc), "12345678", 8));
    assert_int_equal(ram_read32(r, gpa_of(0x9fffc)), 0); /* nothing moved */
    assert_null(ram_host(r, gpa_of(0xa0000)));
    assert_non_null(ram_host(r, gpa_of(0x9ffff)));
}

static void adjacent_ranges_are_one_run(void **state)
{
    const struct ram_range two[] = {{0, 4096}, {4096, 4096}};
    struct ram r;

    (void)state;
    assert_int_equal(ram_create(&r, two, 2, NULL), HB_OK);
    assert_true(ram_is(&r, gpa_of(0), 8192));
    ram_write32(&r, gpa_of(4094), 0xa1b2c3d4);
    assert_true(ram_read32(&r, gpa_of(4094)) == 0xa1b2c3d4);
    ram_destroy(&r);
}

static void touched_pages_are_found_in_order(void **state)
{
    struct ram *r = *state;

    assert_true(ram_next_touched(r, 0) == UINT64_MAX);
    ram_write8(r, gpa_of(31 * MIB), 0); /* a zero is a write as well */
    ram_write16(r, gpa_of(0x7fff), 1);  /* two pages */
    assert_int_equal(ram_next_touched(r, 0), 7);
    assert_int_equal(ram_next_touched(r, 8), 8);
    assert_int_equal(ram_next_touched(r, 9), 31 * MIB / PAGE_BYTES);
    assert_true(ram_next_touched(r, 31 * MIB / PAGE_BYTES + 1) == UINT64_MAX);
    assert_true(ram_next_touched(r, UINT64_MAX) == UINT64_MAX);
}

/* What the host has given for all of it. */
static unsigned resident_pages(const struct ram *r)
{
    enum { STEP = GIB >> PAGE_SHIFT };
    static uint8_t here[STEP];
    unsigned count = 0;

    for (uint64_t at = 0; at < r->top; at += GIB) {
        assert_int_equal(mincore(r->base + at, GIB, here), 0);
        for (unsigned i = 0; i < STEP; i++)
            count += here[i] & 1;
    }
    return count;
}

static void a_well_used_region_is_a_huge_page_and_keeps_its_bytes(void **state)
{
    struct ram *r = *state;
    uint64_t at = 4 * MIB, page;

    for (page = 0; page < 2 * MIB / PAGE_BYTES; page++)
        ram_write32(r, gpa_of(at + page * PAGE_BYTES + 8), (uint32_t)page + 1);
    for (page = 0; page < 2 * MIB / PAGE_BYTES; page++) {
        uint64_t v = ram_read64(r, gpa_of(at + page * PAGE_BYTES + 8));

        assert_true(v == page + 1);
        assert_true(*(r->base + at + page * PAGE_BYTES + 8) ==
                    (uint8_t)(page + 1));
    }
    assert_int_equal((uintptr_t)r->base % (2 * MIB), 0);
}

static void sixty_four_gib_cost_nothing_until_touched(void **state)
{
    const struct ram_range big[] = {{0, 3 * GIB}, {4 * GIB, 61 * GIB}};
    struct ram r;
    uint8_t page[PAGE_BYTES];

    (void)state;
    assert_int_equal(ram_create(&r, big, 2, NULL), HB_OK);
    assert_true(r.bytes == 64 * GIB);
    /* reading a whole GiB touches nothing either */
    for (uint64_t at = 4 * GIB; at < 5 * GIB; at += PAGE_BYTES)
        assert_true(ram_read(&r, gpa_of(at), page, sizeof page));
    ram_write8(&r, gpa_of(65 * GIB - 1), 9);
    ram_write8(&r, gpa_of(40 * GIB), 8);
    assert_int_equal(ram_next_touched(&r, 0), 40 * GIB >> PAGE_SHIFT);
    assert_int_equal(ram_next_touched(&r, (40 * GIB >> PAGE_SHIFT) + 1),
                     (65 * GIB >> PAGE_SHIFT) - 1);
    assert_int_equal(resident_pages(&r), 2);
    ram_destroy(&r);
}

static void bad_ranges_are_refused(void **state)
{
    const struct ram_range overlap[] = {{0, 8192}, {4096, 4096}};
    const struct ram_range odd[] = {{0, 100}};
    const struct ram_range many[] = {{0, 65 * GIB}};
    const struct ram_range wraps[] = {{UINT64_MAX - 4095, 8192}};
    struct ram r;
    struct hb_error e;

    (void)state;
    assert_int_equal(ram_create(&r, overlap, 2, &e), HB_BAD_ARGUMENT);
    assert_int_equal(ram_create(&r, odd, 1, &e), HB_BAD_ARGUMENT);
    assert_int_equal(ram_create(&r, many, 1, &e), HB_BAD_ARGUMENT);
    assert_int_equal(ram_create(&r, wraps, 1, &e), HB_BAD_ARGUMENT);
    assert_int_equal(ram_create(&r, many, 0, &e), HB_BAD_ARGUMENT);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(what_was_written_is_read_at_any_width_and_alignment),
        T(a_hole_reads_all_ones_and_swallows_writes),
        T(bounds_do_not_wrap),
        T(touched_pages_are_found_in_order),
        T(a_well_used_region_is_a_huge_page_and_keeps_its_bytes),
        cmocka_unit_test(adjacent_ranges_are_one_run),
        cmocka_unit_test(sixty_four_gib_cost_nothing_until_touched),
        cmocka_unit_test(bad_ranges_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
