/* tests/mm/view_test.c -- views of physical memory. */
#include "mm/view.h"

#include "mm_fixture.h"

static enum view_answer map(struct machine *m, struct view_request *req)
{
    return view_map(&m->mm, m->user, req);
}

/* IOS-024: down to 64 KiB, up to pages, covering what was asked. */
static void offset_and_size_are_rounded_outwards(void **state)
{
    struct machine *m = *state;
    struct view_request req = {.offset = 0xa0123,
                               .bytes = 0x10,
                               .rights = MM_RW,
                               .cache = MM_NONCACHED};

    assert_int_equal(map(m, &req), VIEW_OK);
    assert_int_equal(req.offset, 0xa0000);
    assert_int_equal(req.bytes, 0x1000);
    assert_int_equal(req.base.v & 0xffff, 0);
    assert_int_equal(pfn_of(m, m->user, req.base.v), 0xa0);
    req = (struct view_request){.offset = 0xf001f800,
                                .bytes = 0x1000,
                                .rights = MM_RW,
                                .cache = MM_NONCACHED};
    assert_int_equal(map(m, &req), VIEW_OK);
    assert_int_equal(req.offset, 0xf0010000);
    assert_int_equal(req.bytes, 0x11000);
    assert_int_equal(pfn_of(m, m->user, req.base.v + 0x10000), 0xf0020);
}

/* IOS-025, IOS-027 */
static void the_base_is_kept_or_refused(void **state)
{
    struct machine *m = *state;
    struct view_request req = {.base = {0x5001234},
                               .offset = 0xf0000000,
                               .bytes = 0x3000,
                               .rights = MM_RW,
                               .cache = MM_NONCACHED};

    assert_int_equal(map(m, &req), VIEW_OK);
    assert_int_equal(req.base.v, 0x5000000);
    assert_int_equal(map(m, &req), VIEW_CONFLICT);
    req.base.v = 0x80000000;
    assert_int_equal(map(m, &req), VIEW_BAD_BASE);
    req.base.v = 0x7ffe0000;
    req.bytes = 0x20000;
    assert_int_equal(map(m, &req), VIEW_BAD_BASE);
}

/* IOS-026, IOS-028 */
static void no_room_and_zero_bits(void **state)
{
    struct machine *m = *state;
    const struct view_request ask = {
        .offset = 0x80000000, .bytes = 0x10000, .cache = MM_NONCACHED};
    struct view_request req = ask;

    req.bytes = 0x7fffffff;
    assert_int_equal(map(m, &req), VIEW_NO_ROOM);
    for (uint32_t bits = 20; bits < 24; bits++) {
        req = ask;
        req.zero_bits = bits;
        assert_int_equal(map(m, &req),
                         bits < 22 ? VIEW_NO_ROOM : VIEW_BAD_ZERO_BITS);
    }
    req = ask;
    assert_int_equal(map(m, &req), VIEW_OK);
}

static void users_see_ram_alone(void **state)
{
    struct machine *m = *state;
    struct view_request req = {.offset = 0xf0000000,
                               .bytes = 0x1000,
                               .cache = MM_NONCACHED,
                               .user_mode = true};

    assert_int_equal(map(m, &req), VIEW_BAD_OFFSET);
    req = (struct view_request){.offset = 0x300000,
                                .bytes = 0x1000,
                                .cache = MM_CACHED,
                                .user_mode = true};
    assert_int_equal(map(m, &req), VIEW_OK);
    req = (struct view_request){.offset = (uint64_t)1 << 32, .bytes = 1};
    assert_int_equal(map(m, &req), VIEW_BAD_OFFSET);
    req = (struct view_request){.offset = UINT64_MAX, .bytes = UINT64_MAX};
    assert_int_equal(map(m, &req), VIEW_BAD_OFFSET);
}

/* IOS-032 */
static void cache_types_are_bits_of_the_entries(void **state)
{
    const unsigned want[] = {PTE_PCD | PTE_PWT, 0, PTE_PCD};
    struct machine *m = *state;

    for (unsigned i = 0; i < 3; i++) {
        struct view_request req = {.offset = 0xf0000000 + i * 0x10000,
                                   .bytes = 1,
                                   .cache = (enum mm_cache)i};

        assert_int_equal(map(m, &req), VIEW_OK);
        assert_int_equal(entry_by_hand(m, m->user, req.base.v) &
                             (PTE_PCD | PTE_PWT | PTE_RW | PTE_US),
                         want[i] | PTE_US);
    }
}

/* IOS-015, IOS-033 */
static void a_second_cache_type_is_refused_from_xp_on(void **state)
{
    struct machine *m = *state;
    struct view_request req = {
        .offset = 0xf0000000, .bytes = 0x1000, .cache = MM_CACHED};
    gva_t va, pool;
    gpa_t pa;

    assert_int_equal(io_map(&m->mm, gpa_of(0xf0000800), 16, MM_NONCACHED, &va),
                     HB_OK);
    assert_int_equal(map(m, &req), VIEW_CONFLICT);
    req.cache = MM_NONCACHED;
    assert_int_equal(map(m, &req), VIEW_OK);
    assert_true(io_conflicts(&m->mm, 0xf0000, 1, MM_CACHED));
    io_unmap(&m->mm, va, 16, NULL);
    assert_true(io_conflicts(&m->mm, 0xf0000, 1, MM_CACHED));
    assert_false(io_conflicts(&m->mm, 0xf0001, 5, MM_CACHED));
    assert_int_equal(pool_alloc(&m->mm, 0, 4096, 1, &pool), HB_OK);
    assert_true(mm_physical(&m->mm, 0, pool, &pa));
    req = (struct view_request){
        .offset = pa.v, .bytes = 1, .cache = MM_NONCACHED};
    assert_int_equal(map(m, &req), VIEW_CONFLICT);
    m->mm.s.settings.era = MM_2000;
    assert_int_equal(map(m, &req), VIEW_OK);
}

/* IOS-037: the view is the page. */
static void any_address_takes_the_whole_view_away(void **state)
{
    struct machine *m = *state;
    struct view_request req = {.offset = 0x300000,
                               .bytes = 0x5000,
                               .rights = MM_RW,
                               .cache = MM_CACHED};

    assert_int_equal(map(m, &req), VIEW_OK);
    poke32(m, m->user, req.base.v + 0x2004, 0x1234);
    assert_int_equal(ram_read32(&m->ram, gpa_of(0x302004)), 0x1234);
    assert_int_equal(view_unmap(&m->mm, m->user, gva_add(req.base, 0x2345)),
                     HB_OK);
    for (uint32_t i = 0; i < 5; i++)
        assert_int_equal(entry_by_hand(m, m->user, req.base.v + i * 4096), 0);
    assert_int_equal(view_unmap(&m->mm, m->user, req.base), HB_NOT_FOUND);
    assert_int_equal(view_unmap(&m->mm, m->user, gva_of(MM_USER_KUSER)),
                     HB_NOT_FOUND);
}

/* IOS-034: over another's page it is told whose. */
static void a_view_of_anothers_page_is_a_finding(void **state)
{
    struct machine *m = *state;
    struct view_request req = {.offset = 0xf0000000, .bytes = 0x1000};

    assert_int_equal(map(m, &req), VIEW_OK);
    assert_int_equal(m->findings, 0);
    frames_take(&m->mm, 0x305, FRAME_HAL);
    req = (struct view_request){
        .offset = 0x300000, .bytes = 0x10000, .cache = MM_CACHED};
    assert_int_equal(map(m, &req), VIEW_OK);
    assert_int_equal(m->findings, 1);
    assert_string_equal(m->rule, "S33");
}

/* IOS-038: and it was not trimmed before. */
static void a_view_is_not_trimmed_and_told_when_its_process_ends(void **state)
{
    struct machine *m = *state;
    struct view_request req = {.offset = 0xf0000000, .bytes = 0x1000};
    struct mm_misuse why;

    assert_int_equal(map(m, &req), VIEW_OK);
    assert_int_equal(user_page_out(&m->mm, m->user, req.base, 1), HB_OK);
    assert_int_equal(entry_by_hand(m, m->user, req.base.v) & PTE_P, PTE_P);
    assert_int_equal(space_destroy(&m->mm, m->user, &why), HB_OK);
    assert_int_equal(m->findings, 1);
    assert_string_equal(m->rule, "S37");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(f, setup) cmocka_unit_test_setup_teardown(f, setup, teardown)
        CASE(offset_and_size_are_rounded_outwards, setup_32),
        CASE(offset_and_size_are_rounded_outwards, setup_pae),
        CASE(the_base_is_kept_or_refused, setup_32),
        CASE(no_room_and_zero_bits, setup_32),
        CASE(users_see_ram_alone, setup_32),
        CASE(cache_types_are_bits_of_the_entries, setup_32),
        CASE(a_second_cache_type_is_refused_from_xp_on, setup_32),
        CASE(any_address_takes_the_whole_view_away, setup_32),
        CASE(a_view_of_anothers_page_is_a_finding, setup_32),
        CASE(a_view_is_not_trimmed_and_told_when_its_process_ends, setup_32),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
