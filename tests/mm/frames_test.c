/* tests/mm/frames_test.c -- who gets which page of RAM. Oracle: the request. */
#include "mm_fixture.h"

static uint32_t one(struct machine *m, const struct frame_request *req)
{
    uint32_t pfn;

    assert_int_equal(frames_alloc(&m->mm, req, &pfn), HB_OK);
    return pfn;
}

static void pages_start_above_16m_and_isa_memory_goes_last(void **state)
{
    struct machine *m = *state;
    const struct frame_request req = {.owner = FRAME_SYSTEM};
    uint32_t first = one(m, &req), pfn;

    assert_true(first >= 0x1000);
    while (frames_alloc(&m->mm, &req, &pfn) == HB_OK && pfn >= 0x1000)
        ;
    assert_int_equal(pfn, 0xeff); /* top of the 1-15M range */
    while (frames_alloc(&m->mm, &req, &pfn) == HB_OK)
        assert_true(pfn < 0xeff);
    assert_int_equal(frames_free_count(&m->mm), 0);
    frames_free(&m->mm, first);
    assert_int_equal(one(m, &req), first);
}

static void limits_and_holes_are_kept(void **state)
{
    struct machine *m = *state;
    const struct frame_request isa = {.owner = FRAME_HAL, .highest = 0xffffff};
    const struct frame_request window = {
        .owner = FRAME_HAL, .lowest = 0x9f000, .highest = 0x100fff};
    const struct frame_request hole = {
        .owner = FRAME_HAL, .lowest = 0xf00000, .highest = 0xffffff};
    uint32_t pfn;

    assert_true(one(m, &isa) <= 0xeff);
    assert_int_equal(one(m, &window), 0x100);
    assert_int_equal(one(m, &window), 0x9f);
    assert_int_equal(frames_alloc(&m->mm, &window, &pfn), HB_NO_PAGES);
    assert_int_equal(frames_alloc(&m->mm, &hole, &pfn), HB_NO_PAGES);
}

static void runs_are_aligned_and_cross_no_boundary(void **state)
{
    struct machine *m = *state;

    for (unsigned i = 0; i < 40; i++) {
        const struct frame_request req = {.owner = FRAME_HAL,
                                          .highest = i & 1 ? 0xffffff : 0,
                                          .align_pages = i % 3 ? 2 : 1,
                                          .boundary = 0x10000,
                                          .top_down = i & 2};
        uint32_t pages = i % 16 + 1, first;

        assert_int_equal(frames_alloc_run(&m->mm, &req, pages, &first), HB_OK);
        assert_int_equal(first / 16, (first + pages - 1) / 16);
        assert_int_equal(first % (i % 3 ? 2 : 1), 0);
        for (uint32_t k = 0; k < pages; k++)
            assert_int_equal(frames_find(&m->mm, first + k)->owner, FRAME_HAL);
    }
}

static void a_run_longer_than_its_boundary_is_refused(void **state)
{
    struct machine *m = *state;
    const struct frame_request req = {.owner = FRAME_HAL, .boundary = 0x4000};
    uint32_t first;

    assert_int_equal(frames_alloc_run(&m->mm, &req, 5, &first), HB_NO_PAGES);
    assert_int_equal(frames_alloc_run(&m->mm, &req, 0, &first), HB_NO_PAGES);
}

static void a_run_needs_neighbours(void **state)
{
    struct machine *m = *state;
    const struct frame_request low = {.owner = FRAME_HAL, .highest = 0x9ffff};
    uint32_t first;

    for (uint32_t pfn = 2; pfn < 0xa0; pfn += 2)
        assert_int_equal(frames_take(&m->mm, pfn, FRAME_HAL), HB_OK);
    assert_int_equal(frames_alloc_run(&m->mm, &low, 2, &first), HB_NO_PAGES);
    frames_free(&m->mm, 0x50);
    assert_int_equal(frames_alloc_run(&m->mm, &low, 3, &first), HB_OK);
    assert_int_equal(first, 0x4f);
}

static void a_given_page_is_taken_once(void **state)
{
    struct machine *m = *state;

    assert_int_equal(frames_take(&m->mm, 0x123, FRAME_USER), HB_OK);
    assert_int_equal(frames_take(&m->mm, 0x123, FRAME_USER), HB_BAD_STATE);
    assert_int_equal(frames_take(&m->mm, 0, FRAME_USER), HB_BAD_STATE);
    assert_int_equal(frames_take(&m->mm, 0xf00, FRAME_USER), HB_NOT_FOUND);
    assert_int_equal(frames_take(&m->mm, 0xffffffff, FRAME_USER), HB_NOT_FOUND);
}

static void old_bytes_are_cleared_unless_wished(void **state)
{
    struct machine *m = *state;
    struct frame_request req = {.owner = FRAME_HAL};
    uint32_t pfn = one(m, &req);
    gpa_t at = gpa_of((uint64_t)pfn << 12);

    ram_write32(&m->ram, at, 0x55);
    frames_free(&m->mm, pfn);
    assert_int_equal(one(m, &req), pfn);
    assert_int_equal(ram_read32(&m->ram, at), 0);
    ram_write32(&m->ram, at, 0x55);
    frames_free(&m->mm, pfn);
    req.dirty = true;
    assert_int_equal(one(m, &req), pfn);
    assert_int_equal(ram_read32(&m->ram, at), 0x55);
}

/* One page: two locks, the second unlock lets go. */
static void a_locked_page_outlives_its_owner(void **state)
{
    struct machine *m = *state;
    const struct frame_request req = {.owner = FRAME_HAL};
    uint32_t pfn = one(m, &req);

    assert_true(frames_lock(&m->mm, pfn));
    assert_true(frames_lock(&m->mm, pfn));
    frames_free(&m->mm, pfn);
    assert_true(frames_find(&m->mm, pfn)->freed);
    assert_true(frames_unlock(&m->mm, pfn));
    assert_int_not_equal(one(m, &req), pfn);
    assert_true(frames_unlock(&m->mm, pfn));
    assert_null(frames_find(&m->mm, pfn));
    assert_false(frames_unlock(&m->mm, pfn));
    assert_false(frames_lock(&m->mm, 0xf00));
}

static void held_pages_need_as_many_frees(void **state)
{
    struct machine *m = *state;
    const struct frame_request req = {.owner = FRAME_HAL};
    uint32_t pfn = one(m, &req);

    frames_hold(&m->mm, pfn);
    frames_free(&m->mm, pfn);
    assert_non_null(frames_find(&m->mm, pfn));
    frames_free(&m->mm, pfn);
    assert_null(frames_find(&m->mm, pfn));
    frames_free(&m->mm, pfn); /* of a free page: nothing */
}

static void user_pages_come_from_the_top_of_ram(void **state)
{
    struct machine *m = *state;
    const struct frame_request req = {.owner = FRAME_USER, .top_down = true};
    uint32_t a = one(m, &req), b = one(m, &req);

    assert_int_equal(b, a - 1);
    assert_true((uint64_t)a << 12 >= 4 * GIB);
}

static void every_page_in_use_has_a_name_for_its_owner(void **state)
{
    (void)state;
    for (unsigned i = 0; i < FRAME_OWNERS; i++)
        assert_string_not_equal(frames_owner_name(i), "?");
    assert_string_equal(frames_owner_name(FRAME_OWNERS), "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(f, setup) cmocka_unit_test_setup_teardown(f, setup, teardown)
        CASE(pages_start_above_16m_and_isa_memory_goes_last, setup_32),
        CASE(limits_and_holes_are_kept, setup_32),
        CASE(runs_are_aligned_and_cross_no_boundary, setup_32),
        CASE(runs_are_aligned_and_cross_no_boundary, setup_pae),
        CASE(a_run_longer_than_its_boundary_is_refused, setup_32),
        CASE(a_run_needs_neighbours, setup_32),
        CASE(a_given_page_is_taken_once, setup_32),
        CASE(old_bytes_are_cleared_unless_wished, setup_32),
        CASE(a_locked_page_outlives_its_owner, setup_32),
        CASE(held_pages_need_as_many_frees, setup_32),
        CASE(user_pages_come_from_the_top_of_ram, setup_pae),
        cmocka_unit_test(every_page_in_use_has_a_name_for_its_owner),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
