/* tests/mm/state_test.c -- boot costs, saving and loading, damaged saves. */
#include "mm_fixture.h"

#include "base/save.h"

static void work(struct machine *m)
{
    gva_t va = {0}, x;
    uint32_t other;

    assert_int_equal(space_create(&m->mm, &other), HB_OK);
    assert_int_equal(user_alloc(&m->mm, other, &va, 9, MM_RW), HB_OK);
    locked_for(m, 0x123, 0x3000);
    for (unsigned i = 0; i < 50; i++) {
        assert_int_equal(pool_alloc(&m->mm, i & 1, i * 97, i, &x), HB_OK);
        if (i % 3 == 0)
            assert_int_equal(pool_free(&m->mm, x, 0, NULL), HB_OK);
    }
    assert_int_equal(stack_alloc(&m->mm, &x), HB_OK);
    assert_int_equal(io_map(&m->mm, gpa_of(0xf0000000), 9000, 0, &x), HB_OK);
}

/* The same bytes after save(load(save)), and the same future. */
static void a_loaded_manager_goes_on_as_the_saved_one(void **state)
{
    struct machine *m = *state;
    struct saver first = {0}, second = {0};
    struct loader l;
    struct hb_error error;
    struct mm copy;
    gva_t a, b;

    work(m);
    save_rows(&first, &m->mm.s, mm_rows);
    assert_int_equal(mm_create(&copy, &m->ram, &m->tlb, &m->events, &error),
                     HB_OK);
    l = (struct loader){.bytes = first.bytes, .count = first.count};
    assert_true(load_rows(&l, &copy.s, mm_rows));
    assert_int_equal(mm_loaded(&copy, &error), HB_OK);
    save_rows(&second, &copy.s, mm_rows);
    assert_int_equal(first.count, second.count);
    assert_memory_equal(first.bytes, second.bytes, first.count);
    for (unsigned i = 0; i < 20; i++) {
        const struct frame_request req = {.owner = FRAME_HAL};
        uint32_t x, y;

        assert_int_equal(frames_alloc(&m->mm, &req, &x), HB_OK);
        assert_int_equal(frames_alloc(&copy, &req, &y), HB_OK);
        assert_int_equal(x, y);
        assert_int_equal(sysptes_alloc(&m->mm, i % 3 + 1, PTES_IO, &a), HB_OK);
        assert_int_equal(sysptes_alloc(&copy, i % 3 + 1, PTES_IO, &b), HB_OK);
        assert_int_equal(a.v, b.v);
    }
    mm_destroy(&copy);
    saver_fini(&first);
    saver_fini(&second);
}

/* 6 GiB cost what 64 MiB cost: neither start nor save grows with RAM. */
static void untouched_ram_costs_nothing(void **state)
{
    struct machine *big = *state;
    const struct mm_settings set = {.era = MM_XP, .pae = 1};
    struct machine *small = machine_new(64 * MIB, &set);
    struct saver a = {0}, b = {0};
    uint64_t page = 0, touched = 0;

    save_rows(&a, &big->mm.s, mm_rows);
    save_rows(&b, &small->mm.s, mm_rows);
    assert_int_equal(a.count, b.count);
    assert_true(a.count < 4096);
    while ((page = ram_next_touched(&big->ram, page)) != UINT64_MAX) {
        touched++;
        page++;
    }
    assert_true(touched < 40);
    saver_fini(&a);
    saver_fini(&b);
    machine_free(small);
}

/* Any byte of a save flipped: refused, or a manager that can be worked with. */
static void damaged_saves_are_refused_or_harmless(void **state)
{
    struct machine *m = *state;
    struct saver whole = {0};
    struct hb_error error;

    work(m);
    save_rows(&whole, &m->mm.s, mm_rows);
    for (size_t i = 0; i < whole.count; i += 3) {
        struct loader l = {.bytes = whole.bytes, .count = whole.count};
        struct mm copy;
        gva_t va;

        whole.bytes[i] ^= (uint8_t)(1u << i % 8);
        assert_int_equal(mm_create(&copy, &m->ram, NULL, &m->events, &error),
                         HB_OK);
        if (load_rows(&l, &copy.s, mm_rows) &&
            mm_loaded(&copy, &error) == HB_OK) {
            pool_alloc(&copy, 0, 100, 1, &va);
            sysptes_alloc(&copy, 1, PTES_IO, &va);
            stack_alloc(&copy, &va);
        }
        mm_destroy(&copy);
        whole.bytes[i] ^= (uint8_t)(1u << i % 8);
    }
    saver_fini(&whole);
}

static void impossible_settings_are_refused(void **state)
{
    const struct mm_settings bad[] = {
        {.era = MM_W8 + 1}, {.pae = 2}, {.nx = 1}};
    struct machine *m = *state;
    struct hb_error error;
    struct mm mm;

    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(mm_create(&mm, &m->ram, NULL, &m->events, &error),
                         HB_OK);
        assert_int_equal(mm_boot(&mm, &bad[i], &error), HB_BAD_ARGUMENT);
        mm_destroy(&mm);
    }
    assert_int_equal(mm_boot(&m->mm, &(struct mm_settings){0}, &error),
                     HB_BAD_STATE);
}

static void no_execute_marks_all_but_code(void **state)
{
    const struct mm_settings set = {.era = MM_XP, .pae = 1, .nx = 1};
    struct machine *m = machine_new(64 * MIB, &set);
    gva_t data = {0}, code = {0};

    (void)state;
    assert_int_equal(user_alloc(&m->mm, m->user, &data, 1, MM_RW), HB_OK);
    assert_int_equal(user_alloc(&m->mm, m->user, &code, 1, MM_X), HB_OK);
    assert_true(entry_by_hand(m, m->user, data.v) >> 63);
    assert_false(entry_by_hand(m, m->user, code.v) >> 63);
    user_page_out(&m->mm, m->user, code, 1);
    mm_fault(&m->mm, m->user, code, PF_U);
    assert_false(entry_by_hand(m, m->user, code.v) >> 63);
    machine_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(f, setup) cmocka_unit_test_setup_teardown(f, setup, teardown)
        CASE(a_loaded_manager_goes_on_as_the_saved_one, setup_32),
        CASE(a_loaded_manager_goes_on_as_the_saved_one, setup_pae),
        CASE(untouched_ram_costs_nothing, setup_pae),
        CASE(damaged_saves_are_refused_or_harmless, setup_32),
        CASE(impossible_settings_are_refused, setup_32),
        cmocka_unit_test(no_execute_marks_all_but_code),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
