/* tests/mm/pool_test.c -- pool in guest memory: NT's alignment rules, and what
 * corruption and bad frees come to. */
#include "mm_fixture.h"

enum { TAG = 0x31676154 }; /* "Tag1" */

static uint32_t get(struct machine *m, uint32_t type, uint32_t bytes)
{
    gva_t va;

    assert_int_equal(pool_alloc(&m->mm, type, bytes, TAG, &va), HB_OK);
    return va.v;
}

static void put(struct machine *m, uint32_t va)
{
    struct mm_misuse why = {0};

    assert_int_equal(pool_free(&m->mm, gva_of(va), 0, &why), HB_OK);
}

static void refused(struct machine *m, uint32_t va, uint32_t code, uint32_t p1)
{
    struct mm_misuse why = {0};

    assert_int_equal(pool_free(&m->mm, gva_of(va), 0, &why), HB_BAD_STATE);
    assert_int_equal(why.code, code);
    assert_int_equal(why.p[0], p1);
}

static void every_size_is_aligned_and_small_ones_cross_no_page(void **state)
{
    struct machine *m = *state;

    for (uint32_t bytes = 0; bytes < 9000; bytes += bytes < 200 ? 1 : 37) {
        uint32_t va = get(m, bytes & 1, bytes);

        if (bytes >= 4096)
            assert_int_equal(va & 0xfff, 0);
        else
            assert_true((va & 7) == 0 &&
                        (va >> 12) == (va + (bytes ? bytes - 1 : 0)) >> 12);
        if (bytes >= 4) {
            poke32(m, m->user, va, bytes);
            poke32(m, m->user, va + bytes - 4, bytes);
        }
    }
    assert_true(pool_contains(&m->mm, false, gva_of(get(m, 0, 1))));
    assert_true(pool_contains(&m->mm, true, gva_of(get(m, 1, 1))));
}

static void cache_aligned_blocks_start_a_line(void **state)
{
    struct machine *m = *state;

    for (uint32_t i = 1; i < 300; i += 7)
        assert_int_equal(get(m, 4, i) & 31, 0);
}

static void blocks_do_not_overlap_and_all_pages_return(void **state)
{
    enum { N = 400 };
    struct machine *m = *state;
    uint64_t before = frames_in_use(&m->mm);
    uint32_t va[N], bytes[N], random = 7;

    for (unsigned round = 0; round < 3; round++) {
        for (unsigned i = 0; i < N; i++) {
            random = random * 1103515245 + 12345;
            bytes[i] = (random >> 16) % 1500 + 4;
            va[i] = get(m, random >> 30 & 1, bytes[i]);
            for (uint32_t k = 0; k + 4 <= bytes[i]; k += 4)
                poke32(m, 0, va[i] + k, i);
        }
        for (unsigned i = 0; i < N; i++) {
            for (uint32_t k = 0; k + 4 <= bytes[i]; k += 4)
                assert_int_equal(peek32(m, 0, va[i] + k), i);
        }
        for (unsigned i = 0; i < N; i++)
            put(m, va[i * 7 % N]);
    }
    assert_int_equal(m->mm.s.pool[0].bytes_used, 0);
    assert_int_equal(m->mm.s.pool[1].bytes_used, 0);
    assert_true(frames_in_use(&m->mm) <= before + 2); /* page tables */
}

/* The header in front says size, type and tag, as NT's does. */
static void a_header_stands_before_a_small_block(void **state)
{
    struct machine *m = *state;
    uint32_t a = get(m, 0, 20), b = get(m, 1, 8);

    assert_int_equal(peek32(m, 0, a - 4), TAG);
    assert_int_equal(peek32(m, 0, a - 8) >> 16 & 0x1ff, (8 + 24) / 8);
    assert_int_equal(peek32(m, 0, a - 8) >> 25, 1); /* PoolType + 1 */
    assert_int_equal(peek32(m, 0, b - 8) >> 25, 2);
}

/* SEC-027 */
static void bad_frees_are_c2(void **state)
{
    struct machine *m = *state;
    uint32_t small = get(m, 0, 40), big = get(m, 0, 10000),
             paged = get(m, 1, 10000), keep = get(m, 0, 40);

    refused(m, 0, 0xc2, 0x40);
    refused(m, 0x12345678, 0xc2, 0x40);
    refused(m, 0xc0000000, 0xc2, 0x43);
    refused(m, MM_SYSTEM_PTES, 0xc2, 0x43);
    refused(m, small + 8, 0xc2, 7);
    refused(m, small + 1, 0xc2, 7);
    refused(m, big + 4096, 0xc2, 0x41);
    refused(m, paged + 4096, 0xc2, 0x50);
    put(m, small);
    refused(m, small, 0xc2, 7);
    put(m, big);
    refused(m, big, 0xc2, 0x41);
    put(m, paged);
    refused(m, paged, 0xc2, 0x50);
    put(m, keep);
}

/* SEC-027: written past the end, before the start, or anywhere between. */
static void a_header_written_over_is_19(void **state)
{
    struct machine *m = *state;
    uint32_t a = get(m, 0, 40), b = get(m, 0, 40), last;

    poke32(m, 0, a + 40, 0xdeadbeef); /* runs into b's header */
    refused(m, a, 0x19, 0x20);
    refused(m, b, 0x19, 0x20);
    last = get(m, 0, 40);
    poke32(m, 0, last + 40, 0); /* the hole behind it */
    refused(m, last, 0x19, 0x20);
}

static void freed_neighbours_become_one_hole(void **state)
{
    struct machine *m = *state;
    uint32_t a = get(m, 0, 1000), b = get(m, 0, 1000), c = get(m, 0, 1000),
             d = get(m, 0, 900);

    put(m, b);
    put(m, a);
    assert_int_equal(get(m, 0, 2008), a);
    put(m, d);
    put(m, c);
    put(m, a);
}

static void protected_tags_must_be_named(void **state)
{
    struct machine *m = *state;
    struct mm_misuse why;
    gva_t va;

    assert_int_equal(pool_alloc(&m->mm, 0, 8, 0x80000000u | TAG, &va), HB_OK);
    assert_int_equal(pool_free(&m->mm, va, TAG, &why), HB_BAD_STATE);
    assert_int_equal(why.code, 0xc2);
    assert_int_equal(why.p[0], 0x0a);
    assert_int_equal(pool_free(&m->mm, va, 0x80000000u | TAG, &why), HB_OK);
    va.v = get(m, 0, 8);
    assert_int_equal(pool_free(&m->mm, va, 1, &why), HB_OK);
    va.v = get(m, 0, 8);
    m->mm.s.settings.checks = 1;
    assert_int_equal(pool_free(&m->mm, va, 1, &why), HB_BAD_STATE);
    assert_int_equal(why.p[0], 0x0a);
}

static void exhaustion_is_no_pages_and_leaves_what_was(void **state)
{
    struct machine *m = *state;
    uint64_t before;
    gva_t va, most;

    assert_int_equal(pool_alloc(&m->mm, 0, 0x7fffffff, TAG, &va), HB_NO_PAGES);
    assert_int_equal(pool_alloc(&m->mm, 0, 0xffffffff, TAG, &va), HB_NO_PAGES);
    assert_int_equal(
        pool_alloc(&m->mm, 0, m->mm.s.pool[0].pages_most * 4096, TAG, &most),
        HB_OK);
    before = frames_in_use(&m->mm);
    assert_int_equal(pool_alloc(&m->mm, 0, 1, TAG, &va), HB_NO_PAGES);
    assert_int_equal(frames_in_use(&m->mm), before);
    put(m, most.v);
    get(m, 0, 1);
}

static void an_address_inside_finds_its_block(void **state)
{
    struct machine *m = *state;
    uint32_t a = get(m, 0, 100), b = get(m, 1, 9000);

    assert_int_equal(pool_find(&m->mm, gva_of(a + 99))->va, a);
    assert_null(pool_find(&m->mm, gva_of(a + 100)));
    assert_null(pool_find(&m->mm, gva_of(a - 1)));
    assert_int_equal(pool_find(&m->mm, gva_of(b + 8999))->tag, TAG);
    assert_null(pool_find(&m->mm, gva_of(b + 9000)));
    assert_null(pool_find(&m->mm, gva_of(5)));
}

/* The guest may unmap pool behind mm's back: no harm to the host. */
static void pool_survives_entries_written_over(void **state)
{
    struct machine *m = *state;
    uint32_t a = get(m, 0, 40), big = get(m, 0, 8192);
    uint64_t before = frames_in_use(&m->mm);

    poke32(m, 0, 0xc0000000 + (a >> 12) * 4, 0);
    poke32(m, 0, 0xc0000000 + (big >> 12) * 4, 0xfffff003);
    refused(m, a, 0x19, 0x20);
    put(m, big);
    assert_int_equal(frames_in_use(&m->mm), before - 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(f, setup) cmocka_unit_test_setup_teardown(f, setup, teardown)
        CASE(every_size_is_aligned_and_small_ones_cross_no_page, setup_32),
        CASE(cache_aligned_blocks_start_a_line, setup_32),
        CASE(blocks_do_not_overlap_and_all_pages_return, setup_32),
        CASE(blocks_do_not_overlap_and_all_pages_return, setup_pae),
        CASE(a_header_stands_before_a_small_block, setup_32),
        CASE(bad_frees_are_c2, setup_32),
        CASE(a_header_written_over_is_19, setup_32),
        CASE(freed_neighbours_become_one_hole, setup_32),
        CASE(protected_tags_must_be_named, setup_32),
        CASE(exhaustion_is_no_pages_and_leaves_what_was, setup_32),
        CASE(an_address_inside_finds_its_block, setup_32),
        CASE(pool_survives_entries_written_over, setup_32),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
