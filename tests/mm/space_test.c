/* tests/mm/space_test.c -- address spaces as the page tables in RAM show them.
 * Oracle: entry_by_hand(), and the self-map formulas of the NT layout. */
#include "mm_fixture.h"

enum { TAG = 0x61616161 };

/* PTE-001: the system half is one, the user half each space's own. */
static void system_half_is_shared_and_user_half_is_not(void **state)
{
    struct machine *m = *state;
    gva_t pool, a = {0}, b = {0};
    uint32_t other;

    assert_int_equal(space_create(&m->mm, &other), HB_OK);
    assert_int_equal(pool_alloc(&m->mm, 0, 5000, TAG, &pool), HB_OK);
    poke32(m, m->user, pool.v, 0x1234);
    assert_int_equal(peek32(m, other, pool.v), 0x1234);
    assert_int_equal(user_alloc(&m->mm, m->user, &a, 1, MM_RW), HB_OK);
    assert_int_equal(user_alloc(&m->mm, other, &b, 1, MM_RW), HB_OK);
    assert_int_equal(a.v, b.v);
    poke32(m, m->user, a.v, 1);
    poke32(m, other, b.v, 2);
    assert_int_equal(peek32(m, m->user, a.v), 1);
    assert_int_equal(peek32(m, other, b.v), 2);
}

/* PTE-002 */
static void a_store_changes_its_frame_alone(void **state)
{
    struct machine *m = *state;
    gva_t va = {0};
    gpa_t pa;

    assert_int_equal(user_alloc(&m->mm, m->user, &va, 2, MM_RW), HB_OK);
    poke32(m, m->user, va.v + 0xffe, 0x44332211);
    assert_true(mm_physical(&m->mm, m->user, va, &pa));
    assert_int_equal(ram_read16(&m->ram, gpa_add(pa, 0xffe)), 0x2211);
    assert_true(mm_physical(&m->mm, m->user, gva_add(va, 4096), &pa));
    assert_int_equal(ram_read16(&m->ram, pa), 0x4433);
}

static void walk_and_hand_agree(struct machine *m, uint32_t space, uint32_t va)
{
    uint64_t e = entry_by_hand(m, space, va);
    gpa_t pa;

    assert_int_equal(mm_physical(&m->mm, space, gva_of(va), &pa), e & 1);
    if (e & 1)
        assert_int_equal(pa.v, e & 0xffffff000ull);
}

static void tables_in_ram_say_what_the_walk_says(void **state)
{
    struct machine *m = *state;
    gva_t va = {0}, stack;

    assert_int_equal(user_alloc(&m->mm, m->user, &va, 3, MM_RW), HB_OK);
    assert_int_equal(stack_alloc(&m->mm, &stack), HB_OK);
    for (uint32_t i = 0; i < 5; i++) {
        walk_and_hand_agree(m, m->user, va.v + i * 4096);
        walk_and_hand_agree(m, m->user, stack.v - i * 4096);
        walk_and_hand_agree(m, 0, stack.v - i * 4096);
    }
    walk_and_hand_agree(m, m->user, MM_KPCR);
    walk_and_hand_agree(m, m->user, MM_KUSER);
    walk_and_hand_agree(m, m->user, MM_USER_KUSER);
}

/* PTE-004: PTE of va at C0000000+(va>>12)*4, PDE at C0300000+(va>>22)*4. */
static void self_map_32_shows_tables(void **state)
{
    struct machine *m = *state;
    gva_t va = {0x12345000};
    uint64_t cr3 = space_cr3(&m->mm, m->user);
    uint32_t pde;

    assert_int_equal(user_alloc(&m->mm, m->user, &va, 1, MM_RW), HB_OK);
    assert_int_equal(peek32(m, m->user, 0xc0000000 + (va.v >> 12) * 4),
                     entry_by_hand(m, m->user, va.v));
    pde = ram_read32(&m->ram, gpa_of(cr3 + (va.v >> 22) * 4));
    assert_int_equal(peek32(m, m->user, 0xc0300000 + (va.v >> 22) * 4), pde);
    assert_int_equal(peek32(m, m->user, 0xc0300c00) & ~0xfffu, cr3);
    assert_int_equal(peek32(m, m->user, 0xc0000000 + (MM_KPCR >> 12) * 4),
                     entry_by_hand(m, m->user, MM_KPCR));
}

/* PTE-005, PTE-006: 8-byte entries, directories at C0600000, self entries at
 * C0603000, PDPT aligned and below 4 GiB, frames above 4 GiB. */
static void self_map_pae_shows_tables(void **state)
{
    struct machine *m = *state;
    gva_t va = {0x12345000};
    uint64_t cr3 = space_cr3(&m->mm, m->user), e, directory;

    assert_int_equal(cr3 & 31, 0);
    assert_int_equal(user_alloc(&m->mm, m->user, &va, 1, MM_RW), HB_OK);
    e = entry_by_hand(m, m->user, va.v);
    assert_true((e & 0xffffff000ull) >= 4 * GIB);
    assert_int_equal(peek32(m, m->user, 0xc0000000 + (va.v >> 12) * 8),
                     (uint32_t)e);
    assert_int_equal(peek32(m, m->user, 0xc0000004 + (va.v >> 12) * 8),
                     (uint32_t)(e >> 32));
    directory = ram_read64(&m->ram, gpa_of(cr3)) & ~0xfffull;
    assert_int_equal(peek32(m, m->user, 0xc0600000 + (va.v >> 21) * 8),
                     ram_read32(&m->ram, gpa_of(directory + (va.v >> 21) * 8)));
    for (uint32_t i = 0; i < 4; i++) {
        directory = ram_read64(&m->ram, gpa_of(cr3 + 8 * i)) & ~0xfffull;
        assert_int_equal(peek32(m, m->user, 0xc0603000 + 8 * i) & ~0xfffu,
                         directory);
    }
}

static void every_edit_drops_the_tlb_entry_and_is_an_event(void **state)
{
    struct machine *m = *state;
    struct walk_in in;
    struct walk_out out;
    gva_t va;

    assert_int_equal(pool_alloc(&m->mm, 0, 4096, TAG, &va), HB_OK);
    assert_true(mm_translate(&m->mm, 0, va, &out));
    assert_true(space_walk_in(&m->mm, 0, &in));
    tlb_fill(&m->tlb, &m->ram, va, &in, &out);
    assert_int_not_equal(tlb_entry(&m->tlb, va)->used, 0);
    m->seen_count = 0;
    kernel_protect(&m->mm, va, 1, MM_R);
    assert_int_equal(tlb_entry(&m->tlb, va)->used, 0);
    assert_int_equal(m->seen_count, 1);
    assert_int_equal(m->seen[0].va, va.v);
    assert_int_equal(m->seen[0].old & PTE_RW, PTE_RW);
    assert_int_equal(m->seen[0].new &PTE_RW, 0);
}

/* No area reaches into them. */
static void lowest_and_highest_64k_of_user_space_are_never_mapped(void **state)
{
    struct machine *m = *state;
    const uint32_t never[] = {0, 0xf000, 0x7fff0000, 0x7ffff000};
    gpa_t pa;

    for (unsigned i = 0; i < 4; i++) {
        gva_t va = {never[i]};

        assert_false(mm_physical(&m->mm, m->user, va, &pa));
        if (va.v)
            assert_int_equal(user_alloc(&m->mm, m->user, &va, 1, MM_RW),
                             HB_BAD_ARGUMENT);
    }
}

static void user_shared_data_is_one_page_read_only_for_ring_3(void **state)
{
    struct machine *m = *state;
    uint64_t e = entry_by_hand(m, m->user, MM_USER_KUSER);

    assert_int_equal(e & (PTE_US | PTE_RW | PTE_P), PTE_US | PTE_P);
    poke32(m, 0, MM_KUSER + 0x320, 99);
    assert_int_equal(peek32(m, m->user, MM_USER_KUSER + 0x320), 99);
}

static void a_space_that_ends_gives_all_its_pages_back(void **state)
{
    struct machine *m = *state;
    struct mm_misuse misuse;
    uint64_t before = frames_in_use(&m->mm);
    gva_t a = {0}, b = {0x30000000}, pool;
    uint32_t id, tables_later;

    assert_int_equal(space_create(&m->mm, &id), HB_OK);
    assert_int_equal(user_alloc(&m->mm, id, &a, 20, MM_RW), HB_OK);
    assert_int_equal(user_alloc(&m->mm, id, &b, 3, MM_R), HB_OK);
    /* a table of the system half made meanwhile is nobody's in particular */
    assert_int_equal(pool_alloc(&m->mm, 1, 10, TAG, &pool), HB_OK);
    tables_later = 2; /* the table and the pool's page */
    assert_int_equal(space_destroy(&m->mm, id, &misuse), HB_OK);
    assert_int_equal(frames_in_use(&m->mm), before + tables_later);
    poke32(m, m->user, pool.v, 5);
    assert_null(space_find(&m->mm, id));
    assert_int_equal(space_create(&m->mm, &tables_later), HB_OK);
    assert_int_not_equal(tables_later, id);
}

static void ended_space_survives_entries_a_driver_wrote_over(void **state)
{
    struct machine *m = *state;
    struct mm_misuse misuse;
    uint64_t before = frames_in_use(&m->mm);
    gva_t a = {0};
    uint32_t id;

    assert_int_equal(space_create(&m->mm, &id), HB_OK);
    assert_int_equal(user_alloc(&m->mm, id, &a, 3, MM_RW), HB_OK);
    poke32(m, id, 0xc0000000 + (a.v >> 12) * 4, 0);
    poke32(m, id, 0xc0000000 + ((a.v + 4096) >> 12) * 4,
           (uint32_t)m->mm.s.kuser | 7);
    poke32(m, id, 0xc0300000 + 4 * 100, space_cr3(&m->mm, 0) | 7);
    assert_int_equal(space_destroy(&m->mm, id, &misuse), HB_OK);
    assert_int_equal(frames_in_use(&m->mm), before);
}

static void cr3_leads_back_to_the_space(void **state)
{
    struct machine *m = *state;
    uint32_t id = 99;

    assert_true(space_by_cr3(&m->mm, space_cr3(&m->mm, m->user), &id));
    assert_int_equal(id, m->user);
    assert_true(space_by_cr3(&m->mm, space_cr3(&m->mm, 0), &id));
    assert_int_equal(id, 0);
    assert_false(space_by_cr3(&m->mm, 0, &id));
}

static void reads_and_writes_move_nothing_when_a_page_is_missing(void **state)
{
    struct machine *m = *state;
    uint8_t bytes[8192] = {1, 2, 3};
    gva_t va = {0};

    assert_int_equal(user_alloc(&m->mm, m->user, &va, 1, MM_RW), HB_OK);
    assert_int_equal(mm_write(&m->mm, m->user, va, bytes, sizeof bytes),
                     HB_FAULT);
    assert_int_equal(peek32(m, m->user, va.v), 0);
    assert_int_equal(mm_read(&m->mm, m->user, gva_of(0xfffffffe), bytes, 8),
                     HB_FAULT);
    assert_int_equal(mm_read(&m->mm, 77, va, bytes, 1), HB_FAULT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(f, setup) cmocka_unit_test_setup_teardown(f, setup, teardown)
        CASE(system_half_is_shared_and_user_half_is_not, setup_32),
        CASE(system_half_is_shared_and_user_half_is_not, setup_pae),
        CASE(a_store_changes_its_frame_alone, setup_32),
        CASE(a_store_changes_its_frame_alone, setup_pae),
        CASE(tables_in_ram_say_what_the_walk_says, setup_32),
        CASE(tables_in_ram_say_what_the_walk_says, setup_pae),
        CASE(self_map_32_shows_tables, setup_32),
        CASE(self_map_pae_shows_tables, setup_pae),
        CASE(every_edit_drops_the_tlb_entry_and_is_an_event, setup_32),
        CASE(lowest_and_highest_64k_of_user_space_are_never_mapped, setup_32),
        CASE(user_shared_data_is_one_page_read_only_for_ring_3, setup_32),
        CASE(a_space_that_ends_gives_all_its_pages_back, setup_32),
        CASE(a_space_that_ends_gives_all_its_pages_back, setup_pae),
        CASE(ended_space_survives_entries_a_driver_wrote_over, setup_32),
        CASE(cr3_leads_back_to_the_space, setup_32),
        CASE(cr3_leads_back_to_the_space, setup_pae),
        CASE(reads_and_writes_move_nothing_when_a_page_is_missing, setup_32),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
