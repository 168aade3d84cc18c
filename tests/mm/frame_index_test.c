/* tests/mm/frame_index_test.c -- the search for used and free pages, against a
 * loop over single pages. */
#include "mm/frame_index.h"

#include "mm_fixture.h"

enum { PAGES = 20000 };

static uint64_t next_by_hand(const uint8_t *used, bool want, uint64_t from,
                             uint64_t end)
{
    while (from < end && used[from] != want)
        from++;
    return from < end ? from : end;
}

static uint64_t last_by_hand(const uint8_t *used, bool want, uint64_t from,
                             uint64_t end)
{
    while (end > from && used[end - 1] != want)
        end--;
    return end > from ? end - 1 : UINT64_MAX;
}

static void search_equals_a_loop_over_pages(void **state)
{
    static uint8_t used[PAGES];
    const struct ram ram = {.top = (uint64_t)PAGES << PAGE_SHIFT};
    struct frame_index *index = frame_index_create(&ram);
    uint32_t random = 1;

    (void)state;
    assert_non_null(index);
    for (unsigned round = 0; round < 4000; round++) {
        uint32_t at, run, set;
        uint64_t from, end;

        random = random * 1103515245 + 12345;
        at = random / 7 % PAGES;
        run = random % 13 ? random % 5 : random / 3 % 9000;
        set = random >> 30 & 1;
        for (uint32_t i = at; i < at + run && i < PAGES; i++) {
            frame_index_set(index, i, set ? i + 1 : 0);
            used[i] = (uint8_t)set;
        }
        from = random / 11 % PAGES;
        end = from + random / 5 % (PAGES - from + 1);
        for (unsigned want = 0; want < 2; want++) {
            assert_int_equal(frame_index_next(index, want, from, end),
                             next_by_hand(used, want, from, end));
            assert_int_equal(frame_index_last(index, want, from, end),
                             last_by_hand(used, want, from, end));
        }
    }
    frame_index_clear(index);
    assert_int_equal(frame_index_next(index, true, 0, PAGES), PAGES);
    frame_index_destroy(index);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(search_equals_a_loop_over_pages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
