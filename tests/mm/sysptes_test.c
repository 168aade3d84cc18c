/* tests/mm/sysptes_test.c -- the pool of system PTEs. Oracle: counts. */
#include "mm/region.h"
#include "mm_fixture.h"

static gva_t take(struct machine *m, uint32_t pages)
{
    gva_t va;

    assert_int_equal(sysptes_alloc(&m->mm, pages, PTES_MDL, &va), HB_OK);
    return va;
}

static void give(struct machine *m, gva_t va, uint32_t pages)
{
    assert_int_equal(sysptes_free(&m->mm, va, pages, NULL), HB_OK);
}

/* PTE-018, PTE-021: the size is fixed at boot, by RAM. */
static void size_follows_ram(void **state)
{
    const struct {
        uint64_t ram;
        uint32_t ptes;
    } table[] = {{16 * MIB, 7000},   {20 * MIB, 11000},  {32 * MIB, 11000},
                 {33 * MIB, 22000},  {256 * MIB, 22000}, {257 * MIB, 44000},
                 {2048 * MIB, 44000}};
    const struct mm_settings set = {.era = MM_2000};

    (void)state;
    for (unsigned i = 0; i < sizeof table / sizeof *table; i++) {
        struct machine *m = machine_new(table[i].ram, &set);

        assert_int_equal(sysptes_total(&m->mm), table[i].ptes);
        assert_int_equal(sysptes_free_count(&m->mm), table[i].ptes);
        machine_free(m);
    }
}

/* PTE-019, PTE-020: regions in order, without overlap, at three RAM sizes; the
 * PTE pool lies between paged pool and the nonpaged pool's expansion. */
static void the_regions_of_the_system_half_are_apart(void **state)
{
    static const char *const want[] = {"user",
                                       "kernel and HAL images",
                                       "nonpaged pool",
                                       "system mapped views",
                                       "page tables",
                                       "hyperspace",
                                       "system cache working set",
                                       "system cache",
                                       "paged pool",
                                       "system PTEs",
                                       "nonpaged pool expansion",
                                       "crash dump",
                                       "HAL"};
    const uint64_t ram[] = {16 * MIB, 64 * MIB, 512 * MIB};
    const struct mm_settings set = {.era = MM_2000};

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        struct machine *m = machine_new(ram[i], &set);
        struct mm_region r;
        uint64_t end = 0;
        unsigned n = 0;

        for (; mm_region_at(&m->mm, n, &r); n++) {
            assert_string_equal(r.name, want[n]);
            assert_int_equal(r.start, end);
            assert_true(r.end > r.start);
            end = r.end;
            if (strcmp(r.name, "system PTEs") == 0)
                assert_int_equal((r.end - r.start) >> 12,
                                 sysptes_total(&m->mm));
        }
        assert_int_equal(n, sizeof want / sizeof *want);
        assert_int_equal(end, (uint64_t)1 << 32);
        machine_free(m);
    }
}

static uint32_t total_with(uint8_t era, uint32_t system_pages)
{
    const struct mm_settings set = {.era = era, .system_pages = system_pages};
    struct machine *m = machine_new(64 * MIB, &set);
    uint32_t total = sysptes_total(&m->mm);

    machine_free(m);
    return total;
}

/* PTE-022: NT4 adds, later systems replace, FFFFFFFF is the most. */
static void system_pages_setting_adds_or_replaces_by_era(void **state)
{
    (void)state;
    assert_int_equal(total_with(MM_NT4, 0), 22000);
    assert_int_equal(total_with(MM_NT4, 5000), 27000);
    assert_int_equal(total_with(MM_NT4_SP4, 100000), 50000);
    assert_int_equal(total_with(MM_NT4, UINT32_MAX), 50000);
    assert_int_equal(total_with(MM_2000, 5000), 5000);
    assert_int_equal(total_with(MM_2000, UINT32_MAX), 50000);
    assert_int_equal(total_with(MM_XP, 9000), 9000);
    assert_int_equal(total_with(MM_XP, UINT32_MAX),
                     (MM_SYSTEM_PTES_END - MM_SYSTEM_PTES) / 4096);
}

/* PTE-023 */
static void counts_move_by_exactly_what_is_taken(void **state)
{
    struct machine *m = *state;
    uint32_t before = sysptes_free_count(&m->mm);
    gva_t a = take(m, 5), b = take(m, 1);

    assert_int_equal(sysptes_free_count(&m->mm), before - 6);
    give(m, a, 5);
    assert_int_equal(sysptes_free_count(&m->mm), before - 1);
    give(m, b, 1);
    assert_int_equal(sysptes_free_count(&m->mm), before);
}

static void runs_are_cut_from_the_high_end(void **state)
{
    struct machine *m = *state;
    gva_t a = take(m, 5), b = take(m, 3);

    assert_int_equal(a.v + 5 * 4096,
                     MM_SYSTEM_PTES + sysptes_total(&m->mm) * 4096);
    assert_int_equal(b.v + 3 * 4096, a.v);
}

/* PTE-031: free runs of 3, 8 and 5; 4 come from the 5. */
static void the_smallest_run_that_fits_is_used(void **state)
{
    struct machine *m = *state;
    gva_t three = take(m, 3), wall1 = take(m, 1), eight = take(m, 8),
          wall2 = take(m, 1), five = take(m, 5), four;

    take(m, 1);
    give(m, three, 3);
    give(m, eight, 8);
    give(m, five, 5);
    four = take(m, 4);
    assert_int_equal(four.v, five.v + 4096);
    assert_int_not_equal(wall1.v, wall2.v);
}

/* PTE-029: every second page free is no run of two. */
static void a_run_must_be_contiguous(void **state)
{
    struct machine *m = *state;
    uint32_t total = sysptes_total(&m->mm);
    gva_t low = gva_of(MM_SYSTEM_PTES), va;

    for (uint32_t i = 0; i < total; i++)
        take(m, 1);
    assert_int_equal(sysptes_alloc(&m->mm, 1, PTES_MDL, &va), HB_NO_PAGES);
    for (uint32_t i = 0; i < total; i += 2)
        give(m, gva_add(low, i * 4096), 1);
    assert_int_equal(sysptes_free_count(&m->mm), (total + 1) / 2);
    assert_int_equal(sysptes_largest(&m->mm), 1);
    assert_int_equal(sysptes_alloc(&m->mm, 2, PTES_MDL, &va), HB_NO_PAGES);
    for (uint32_t i = 1; i < total; i += 2)
        give(m, gva_add(low, i * 4096), 1);
    assert_int_equal(sysptes_largest(&m->mm), total);
}

/* PTE-030: released in any order, the largest run is the first one again. */
static void released_runs_merge(void **state)
{
    enum { N = 64 };
    struct machine *m = *state;
    uint32_t largest = sysptes_largest(&m->mm), random = 1;
    gva_t va[N];
    uint32_t pages[N];

    for (unsigned i = 0; i < N; i++)
        va[i] = take(m, pages[i] = i % 7 + 1);
    for (unsigned left = N; left; left--) {
        unsigned k;

        random = random * 1103515245 + 12345;
        k = (random >> 16) % left;
        give(m, va[k], pages[k]);
        va[k] = va[left - 1];
        pages[k] = pages[left - 1];
    }
    assert_int_equal(sysptes_largest(&m->mm), largest);
    assert_int_equal(m->mm.s.run.count, 1);
}

/* PTE-032: entries read 0 and the address is gone from the TLB. */
static void released_entries_are_zero_at_once(void **state)
{
    struct machine *m = *state;
    struct walk_in in;
    struct walk_out out;
    gva_t va;

    assert_int_equal(system_alloc(&m->mm, 2, MM_RW, &va), HB_OK);
    assert_true(space_walk_in(&m->mm, 0, &in));
    assert_true(mm_translate(&m->mm, 0, va, &out));
    tlb_fill(&m->tlb, &m->ram, va, &in, &out);
    assert_int_equal(system_free(&m->mm, va), HB_OK);
    assert_int_equal(entry_by_hand(m, 0, va.v), 0);
    assert_int_equal(tlb_entry(&m->tlb, va)->used, 0);
}

/* PTE-043, the numbers of XP. */
static void misuse_of_release_is_da(void **state)
{
    struct machine *m = *state;
    struct mm_misuse why;
    gva_t va = take(m, 4);
    uint32_t pte = 0xc0000000 + (va.v >> 12) * 4;

    assert_int_equal(sysptes_free(&m->mm, va, 3, &why), HB_BAD_STATE);
    assert_int_equal(why.code, 0xda);
    assert_int_equal(why.p[0], 0x305);
    assert_int_equal(why.p[1], pte);
    assert_int_equal(why.p[2], 3);
    assert_int_equal(why.p[3], 4);
    give(m, va, 4);
    assert_int_equal(sysptes_free(&m->mm, va, 4, &why), HB_BAD_STATE);
    assert_int_equal(why.p[0], 0x306);
    assert_int_equal(why.p[1], pte);
    assert_int_equal(why.p[3], 4);
    assert_int_equal(sysptes_free(&m->mm, gva_of(0x81000000), 1, &why),
                     HB_BAD_STATE);
    assert_int_equal(why.p[0], 0x302);
    assert_int_equal(why.p[1], 0x81000000);
}

/* PTE-034, PTE-035 */
static void shortage_is_told_with_counts(void **state)
{
    struct machine *m = *state;
    struct mm_misuse why;

    take(m, 10);
    sysptes_exhausted(&m->mm, 99, &why);
    assert_int_equal(why.code, 0x3f);
    assert_int_equal(why.p[0], 0);
    assert_int_equal(why.p[1], 99);
    assert_int_equal(why.p[2], sysptes_total(&m->mm) - 10);
    assert_int_equal(why.p[3], sysptes_total(&m->mm));
    m->mm.s.settings.track_ptes = 1;
    sysptes_exhausted(&m->mm, 99, &why);
    assert_int_equal(why.code, 0xd8);
    assert_int_equal(why.p[1], 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(f, setup) cmocka_unit_test_setup_teardown(f, setup, teardown)
        cmocka_unit_test(size_follows_ram),
        cmocka_unit_test(the_regions_of_the_system_half_are_apart),
        cmocka_unit_test(system_pages_setting_adds_or_replaces_by_era),
        CASE(counts_move_by_exactly_what_is_taken, setup_32),
        CASE(runs_are_cut_from_the_high_end, setup_32),
        CASE(the_smallest_run_that_fits_is_used, setup_32),
        CASE(a_run_must_be_contiguous, setup_32),
        CASE(released_runs_merge, setup_32),
        CASE(released_entries_are_zero_at_once, setup_32),
        CASE(released_entries_are_zero_at_once, setup_pae),
        CASE(misuse_of_release_is_da, setup_32),
        CASE(shortage_is_told_with_counts, setup_32),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
