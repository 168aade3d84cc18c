/* tests/mm/mdl_test.c -- the MDL as a structure that drivers read inline.
 * Oracle: offsets and values of the documented layout. */
#include "mm_fixture.h"

static uint32_t word(struct machine *m, gva_t mdl, uint32_t offset)
{
    return peek32(m, 0, mdl.v + offset);
}

/* MDL-001: fields as documented; Size is that of the description. */
static void a_new_mdl_describes_its_buffer(void **state)
{
    struct machine *m = *state;
    gva_t mdl = mdl_for(m, 0x12345, 0x2000);

    assert_int_equal(word(m, mdl, 0x00), 0);
    assert_int_equal(peek16(m, 0, mdl.v + 4), 0x28);
    assert_int_equal(peek16(m, 0, mdl.v + 6), 0x0008);
    assert_int_equal(word(m, mdl, 0x10), 0x12000);
    assert_int_equal(word(m, mdl, 0x14), 0x2000);
    assert_int_equal(word(m, mdl, 0x18), 0x345);
}

/* MDL-003: 23 pages from the fixed size, 24 from pool; both are freed. */
static void fixed_size_ends_at_23_pages(void **state)
{
    struct machine *m = *state;
    uint32_t before = m->mm.s.pool[0].bytes_used;
    gva_t a = mdl_for(m, 0, 23 * 4096), b = mdl_for(m, 0, 24 * 4096);

    assert_int_equal(flags_of(m, a), MDL_ALLOCATED_FIXED_SIZE);
    assert_int_equal(flags_of(m, b), 0);
    assert_int_equal(mdl_free(&m->mm, 0, a, NULL), HB_OK);
    assert_int_equal(mdl_free(&m->mm, 0, b, NULL), HB_OK);
    assert_int_equal(m->mm.s.pool[0].bytes_used, before);
}

static struct machine *machine_of_era(enum mm_era era)
{
    const struct mm_settings set = {.era = (uint8_t)era};

    return machine_new(256 * MIB, &set);
}

/* MDL-004: before Windows 8 one page more is refused. */
static void the_largest_mdl_has_16376_pages(void **state)
{
    enum mm_era era;

    (void)state;
    for (era = MM_NT4; era <= MM_XP; era++) {
        struct machine *m = machine_of_era(era);
        gva_t mdl = mdl_for(m, 0, 0x3ff8000);

        assert_int_equal(peek16(m, 0, mdl.v + 4), 0x1c + 4 * 16376);
        assert_int_equal(mdl_create(&m->mm, gva_of(0), 0x3ff9000, &mdl),
                         HB_BAD_ARGUMENT);
        assert_int_equal(mdl_create(&m->mm, gva_of(1), 0x3ff8000, &mdl),
                         HB_BAD_ARGUMENT);
        machine_free(m);
    }
}

/* MDL-005: Size wraps and limits nothing; 100 MB are locked, mapped in part and
 * unlocked. */
static void the_largest_mdl_of_windows_8_has_4_gib(void **state)
{
    const uint32_t bytes = 100 << 20, pages = bytes >> PAGE_SHIFT;
    struct machine *m = machine_of_era(MM_W8);
    gva_t all, part;
    gva_t mdl;

    (void)state;
    assert_int_equal(mdl_create(&m->mm, gva_of(0), 0xfffff001, &mdl),
                     HB_BAD_ARGUMENT);
    mdl = mdl_for(m, 0, 0xfffff000);
    assert_int_equal(word(m, mdl, 0x14), 0xfffff000);
    assert_int_equal(mdl_free(&m->mm, 0, mdl, NULL), HB_OK);

    all = locked_for(m, 0, bytes);
    assert_int_equal(peek16(m, 0, all.v + 4), (0x1c + 4 * pages) & 0xffff);
    assert_int_equal(pfn_in(m, all, pages - 1),
                     pfn_of(m, m->user, word(m, all, 0x10) + bytes - 4096));
    part = mdl_for(m, word(m, all, 0x10) + 0x5000000, 0x2000);
    assert_int_equal(mdl_partial(&m->mm, m->user, all, part,
                                 gva_of(word(m, all, 0x10) + 0x5000000), 0x2000,
                                 NULL),
                     HB_OK);
    assert_int_equal(pfn_in(m, part, 1), pfn_in(m, all, 0x5001));
    assert_int_equal(mdl_unlock(&m->mm, m->user, all, NULL), HB_OK);
    machine_free(m);
}

/* The array of an MDL in memory of the driver's own is as long as Size says,
 * the wrapped one too (Windows 8). */
static void size_counts_where_no_pool_block_does(void **state)
{
    struct machine *m = machine_of_era(MM_W8);
    struct mdl got;
    gva_t at;

    (void)state;
    assert_int_equal(pool_alloc(&m->mm, POOL_NONPAGED, 0x40000, 1, &at), HB_OK);
    at = gva_add(at, 64); /* not where the block begins */
    mdl_init(&m->mm, 0, at, gva_of(0x400000), 0x6400000, 0);
    assert_int_equal(mdl_load(&m->mm, 0, at, &got), HB_OK);
    assert_int_equal(got.pages, 0x6400);
    poke32(m, 0, at.v + MDL_SIZE, 0x20);
    assert_int_equal(mdl_load(&m->mm, 0, at, &got), HB_BAD_ARGUMENT);
    machine_free(m);
}

/* SEC-023 */
static void odd_lengths_of_an_mdl(void **state)
{
    struct machine *m = *state;
    gva_t mdl;

    assert_int_equal(mdl_create(&m->mm, gva_of(0), 0x80000000, &mdl),
                     HB_BAD_ARGUMENT);
    mdl = mdl_for(m, 0x5000, 0);
    assert_int_equal(word(m, mdl, 0x14), 0);
    assert_int_equal(mdl_lock(&m->mm, 0, mdl, false, MDL_READ_ACCESS, NULL),
                     HB_BAD_ARGUMENT);
}

/* MDL-011: offset FFFh length 1002h: 1, 4096 and 1 bytes. */
static void each_entry_is_one_page_of_the_buffer(void **state)
{
    struct machine *m = *state;
    gva_t at = locked_for(m, 0xfff, 0x1002);
    const uint32_t starts[] = {0, 1, 0x1001}, runs[] = {1, 4096, 1};
    struct mdl mdl;
    uint32_t run, pfn;
    gpa_t pa, want;

    assert_int_equal(mdl_load(&m->mm, 0, at, &mdl), HB_OK);
    assert_int_equal(mdl.pages, 3);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(mdl_byte(&m->mm, 0, &mdl, starts[i], &pa, &run),
                         HB_OK);
        assert_int_equal(run, runs[i]);
        assert_true(mm_physical(&m->mm, m->user,
                                gva_add(mdl_va(&mdl), starts[i]), &want));
        assert_int_equal(pa.v, want.v);
    }
    assert_int_equal(mdl_byte(&m->mm, 0, &mdl, 0x1002, &pa, &run),
                     HB_BAD_ARGUMENT);
    assert_int_equal(mdl_frame(&m->mm, 0, &mdl, 3, &pfn), HB_BAD_ARGUMENT);
}

/* SEC-009: what contradicts itself is refused. */
static void a_corrupt_header_is_refused(void **state)
{
    static const struct {
        uint32_t offset, value;
    } bad[] = {
        {MDL_START_VA, 0x12001},
        {MDL_BYTE_OFFSET, 0x1000},
        {MDL_BYTE_OFFSET, 0xffffffff},
        {MDL_BYTE_COUNT, 0x3000},
        {MDL_BYTE_COUNT, 0xffffffff},
        {MDL_START_VA, 0xfffff000},
        {MDL_SIZE, 0x27},
        {MDL_SIZE, 0},
    };
    struct machine *m = *state;
    struct mdl mdl;

    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
        gva_t at = mdl_for(m, 0x12345, 0x2000);

        poke32(m, 0, at.v + bad[i].offset, bad[i].value);
        assert_int_equal(mdl_load(&m->mm, 0, at, &mdl), HB_BAD_ARGUMENT);
    }
    assert_int_equal(mdl_load(&m->mm, 0, gva_of(0x5000), &mdl), HB_FAULT);
}

/* SEC-009: PFNs are RAM, or device memory that the MDL says it is. */
static void a_pfn_of_nowhere_is_refused(void **state)
{
    static const uint32_t nowhere[] = {0xffffffff, 0x100000, 0xf00, 0xe0000};
    struct machine *m = *state;
    gva_t at = locked_for(m, 0, 0x1000);
    struct mdl mdl;
    uint32_t pfn;

    for (unsigned i = 0; i < 4; i++) {
        poke32(m, 0, at.v + MDL_PFNS, nowhere[i]);
        assert_int_equal(mdl_load(&m->mm, 0, at, &mdl), HB_OK);
        assert_int_equal(mdl_frame(&m->mm, 0, &mdl, 0, &pfn), HB_BAD_ARGUMENT);
    }
    mdl.flags |= MDL_IO_SPACE;
    assert_int_equal(mdl_frame(&m->mm, 0, &mdl, 0, &pfn), HB_OK);
}

/* ---- partial MDLs -----------------------------------------------------------
 */

/* MDL-034: flags, process and PFNs of the subrange. */
static void a_partial_takes_its_part(void **state)
{
    struct machine *m = *state;
    gva_t source = locked_for(m, 0x800, 0x3000), target;
    uint32_t va = word(m, source, 0x10) + 0x1900;

    target = mdl_for(m, va, 0x1000);
    poke32(m, 0, source.v + MDL_PROCESS, 0x81234560);
    assert_int_equal(
        mdl_partial(&m->mm, 0, source, target, gva_of(va), 0x1000, NULL),
        HB_OK);
    assert_int_equal(flags_of(m, target),
                     MDL_PARTIAL | MDL_ALLOCATED_FIXED_SIZE);
    assert_int_equal(word(m, target, MDL_PROCESS), 0x81234560);
    assert_int_equal(word(m, target, MDL_START_VA), va & ~0xfffu);
    assert_int_equal(word(m, target, MDL_BYTE_OFFSET), 0x900);
    assert_int_equal(pfn_in(m, target, 0), pfn_in(m, source, 1));
    assert_int_equal(pfn_in(m, target, 1), pfn_in(m, source, 2));
}

static void flag_matrix_of_partial_mdls(void **state)
{
    struct machine *m = *state;
    gva_t source = locked_for(m, 0, 0x1000), target;
    uint32_t va = word(m, source, 0x10);

    for (unsigned bit = 0; bit < 16; bit++) {
        target = mdl_for(m, va, 0x1000);
        poke32(m, 0, source.v + MDL_SIZE, 0x20 | 1u << (16 + bit));
        poke32(m, 0, target.v + MDL_SIZE, 0x20);
        mdl_partial(&m->mm, 0, source, target, gva_of(va), 0x1000, NULL);
        assert_int_equal(flags_of(m, target),
                         MDL_PARTIAL | (1u << bit & 0x0845));
        poke32(m, 0, source.v + MDL_SIZE, 0x20);
        poke32(m, 0, target.v + MDL_SIZE, 0x20 | 1u << (16 + bit));
        mdl_partial(&m->mm, 0, source, target, gva_of(va), 0x1000, NULL);
        assert_int_equal(flags_of(m, target),
                         MDL_PARTIAL | (1u << bit & 0x4008));
    }
}

/* MDL-035 */
static void length_zero_is_the_rest(void **state)
{
    struct machine *m = *state;
    gva_t source = locked_for(m, 0x10, 0x2345), target;
    uint32_t va = word(m, source, 0x10) + 0x10 + 0x100;

    target = mdl_for(m, va, 0x2245);
    assert_int_equal(
        mdl_partial(&m->mm, 0, source, target, gva_of(va), 0, NULL), HB_OK);
    assert_int_equal(word(m, target, MDL_BYTE_COUNT), 0x2245);
}

/* MDL-036, MDL-038: a mapped source is shared, an unmapped one mapped anew and
 * released with the partial. */
static void a_partials_mapping_is_shared_or_its_own(void **state)
{
    struct machine *m = *state;
    gva_t source = locked_for(m, 0x10, 0x3000), shared, own, va;
    uint32_t start = word(m, source, 0x10) + 0x10, free, after;

    own = mdl_for(m, start + 0x1000, 0x100);
    mdl_partial(&m->mm, 0, source, own, gva_of(start + 0x1000), 0x100, NULL);
    free = sysptes_free_count(&m->mm);
    assert_int_equal(mdl_map(&m->mm, 0, own, MM_CACHED, MM_RW, &va, NULL),
                     HB_OK);
    assert_int_equal(flags_of(m, own) & 0x21, 0x21);
    assert_int_equal(sysptes_free_count(&m->mm), free - 1);
    assert_int_equal(mdl_map(&m->mm, 0, source, MM_CACHED, MM_RW, &va, NULL),
                     HB_OK);
    after = sysptes_free_count(&m->mm);
    shared = mdl_for(m, start + 0x1000, 0x100);
    mdl_partial(&m->mm, 0, source, shared, gva_of(start + 0x1000), 0x100, NULL);
    assert_int_equal(mapped_of(m, shared), va.v + 0x1000);
    assert_int_equal(flags_of(m, shared) & 0x21, 0x01);
    assert_int_equal(mdl_free(&m->mm, 0, shared, NULL), HB_OK);
    assert_int_equal(sysptes_free_count(&m->mm), after);
    assert_int_equal(mdl_free(&m->mm, 0, own, NULL), HB_OK);
    assert_int_equal(sysptes_free_count(&m->mm), after + 1);
}

/* MDL-037, SEC-024: 0x12E, 0x40, and nothing written. */
static void a_partial_outside_or_too_large_is_a_bugcheck(void **state)
{
    struct machine *m = *state;
    gva_t source = locked_for(m, 0, 0x3000), small;
    uint32_t start = word(m, source, 0x10);
    const uint32_t from[] = {start - 1, start + 0x3000, start + 0x2fff, start,
                             start + 0x1000};
    const uint32_t bytes[] = {1, 1, 2, 0x3001, 0xfffff000};
    struct mm_misuse why;

    small = mdl_for(m, start, 0x1000);
    poke32(m, 0, small.v + MDL_PFNS + 4, 0x5a5a5a5a);
    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(mdl_partial(&m->mm, 0, source, small, gva_of(from[i]),
                                     bytes[i], &why),
                         HB_BAD_STATE);
        assert_int_equal(why.code, 0x12e);
        assert_int_equal(why.p[0], source.v);
        assert_int_equal(why.p[1], small.v);
        assert_int_equal(why.p[2], from[i]);
        assert_int_equal(why.p[3], bytes[i]);
    }
    assert_int_equal(
        mdl_partial(&m->mm, 0, source, small, gva_of(start), 0x2000, &why),
        HB_BAD_STATE);
    assert_int_equal(why.code, 0x40);
    assert_int_equal(word(m, small, MDL_PFNS + 4), 0x5a5a5a5a);
}

/* ---- advancing --------------------------------------------------------------
 */

/* MDL-040 */
static void advancing_moves_start_pages_and_mapping(void **state)
{
    struct machine *m = *state;
    gva_t mdl = locked_for(m, 0x800, 0x3000), va;
    uint32_t first = pfn_in(m, mdl, 0), second = pfn_in(m, mdl, 1);
    uint32_t start = word(m, mdl, 0x10), free = sysptes_free_count(&m->mm);

    assert_int_equal(mdl_map(&m->mm, 0, mdl, MM_CACHED, MM_RW, &va, NULL),
                     HB_OK);
    assert_int_equal(mdl_advance(&m->mm, 0, mdl, 1, NULL), HB_OK);
    assert_int_equal(word(m, mdl, MDL_BYTE_OFFSET), 0x801);
    assert_int_equal(word(m, mdl, MDL_BYTE_COUNT), 0x2fff);
    assert_int_equal(mapped_of(m, mdl), va.v + 1);
    assert_int_equal(mdl_advance(&m->mm, 0, mdl, 0x1000, NULL), HB_OK);
    assert_int_equal(word(m, mdl, MDL_START_VA), start + 0x1000);
    assert_int_equal(word(m, mdl, MDL_BYTE_COUNT), 0x1fff);
    assert_int_equal(pfn_in(m, mdl, 0), second);
    assert_int_equal(frames_find(&m->mm, first)->locks, 0);
    assert_int_equal(frames_find(&m->mm, second)->locks, 1);
    assert_int_equal(mdl_advance(&m->mm, 0, mdl, 0x2000, NULL),
                     HB_BAD_ARGUMENT);
    assert_int_equal(word(m, mdl, MDL_BYTE_COUNT), 0x1fff);
    assert_int_equal(mdl_unlock(&m->mm, m->user, mdl, NULL), HB_OK);
    assert_int_equal(sysptes_free_count(&m->mm), free);
    assert_int_equal(frames_find(&m->mm, second)->locks, 0);
}

static void advancing_to_the_end_leaves_no_page(void **state)
{
    struct machine *m = *state;
    gva_t mdl = locked_for(m, 0x10, 0x20);
    uint32_t pfn = pfn_in(m, mdl, 0);

    assert_int_equal(mdl_advance(&m->mm, 0, mdl, 0x20, NULL), HB_OK);
    assert_int_equal(word(m, mdl, MDL_BYTE_COUNT), 0);
    assert_int_equal(frames_find(&m->mm, pfn)->locks, 0);
}

/* Bytes of chance in the whole header and array: an answer, never harm. */
static void random_mdls_get_an_answer_from_every_routine(void **state)
{
    struct machine *m = *state;
    gva_t good = locked_for(m, 0, 0x3000), va, user;
    uint32_t random = 12345, words[12];

    for (unsigned round = 0; round < 3000; round++) {
        gva_t mdl = mdl_for(m, 0x400000, 0x3000);
        struct mdl seen;

        for (unsigned i = 0; i < 12; i++) {
            random = random * 1103515245 + 12345;
            words[i] = random >> (random >> 16 & 31);
            if (random & 0x40000000)
                words[i] &= 0xfffff000;
        }
        if (random & 0x20000000)
            words[1] = 0xfff0 | (words[1] & 0xff) << 16;
        mm_write(&m->mm, 0, mdl, words, sizeof words);
        mdl_load(&m->mm, 0, mdl, &seen);
        switch (round % 8) {
        case 0:
            mdl_lock(&m->mm, m->user, mdl, round & 8, MDL_WRITE_ACCESS, NULL);
            break;
        case 1:
            mdl_unlock(&m->mm, m->user, mdl, NULL);
            break;
        case 2:
            mdl_map(&m->mm, m->user, mdl, MM_CACHED, MM_RW, &va, NULL);
            break;
        case 3:
            mdl_unmap(&m->mm, m->user, mdl, gva_of(words[3]), NULL);
            break;
        case 4:
            mdl_partial(&m->mm, m->user, good, mdl, gva_of(words[4]), words[5],
                        NULL);
            break;
        case 5:
            mdl_advance(&m->mm, m->user, mdl, words[6] & 0x1fff, NULL);
            break;
        case 6:
            mdl_pages_free(&m->mm, m->user, mdl, NULL);
            break;
        case 7:
            user = gva_of(0);
            mdl_map_user(&m->mm, m->user, mdl, MM_CACHED, &user);
            mdl_build_nonpaged(&m->mm, m->user, mdl, NULL);
            break;
        }
        mdl_free(&m->mm, m->user, mdl, NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(f, setup) cmocka_unit_test_setup_teardown(f, setup, teardown)
        CASE(a_new_mdl_describes_its_buffer, setup_32),
        CASE(fixed_size_ends_at_23_pages, setup_32),
        cmocka_unit_test(the_largest_mdl_has_16376_pages),
        cmocka_unit_test(the_largest_mdl_of_windows_8_has_4_gib),
        cmocka_unit_test(size_counts_where_no_pool_block_does),
        CASE(odd_lengths_of_an_mdl, setup_32),
        CASE(each_entry_is_one_page_of_the_buffer, setup_32),
        CASE(each_entry_is_one_page_of_the_buffer, setup_pae),
        CASE(a_corrupt_header_is_refused, setup_32),
        CASE(a_pfn_of_nowhere_is_refused, setup_32),
        CASE(a_partial_takes_its_part, setup_32),
        CASE(flag_matrix_of_partial_mdls, setup_32),
        CASE(length_zero_is_the_rest, setup_32),
        CASE(a_partials_mapping_is_shared_or_its_own, setup_32),
        CASE(a_partial_outside_or_too_large_is_a_bugcheck, setup_32),
        CASE(advancing_moves_start_pages_and_mapping, setup_32),
        CASE(advancing_to_the_end_leaves_no_page, setup_32),
        CASE(random_mdls_get_an_answer_from_every_routine, setup_32),
        CASE(random_mdls_get_an_answer_from_every_routine, setup_pae),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
