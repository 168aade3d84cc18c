/* tests/mm/user_test.c -- the user half: areas, placed pages, faults. */
#include "mm_fixture.h"

static gva_t alloc(struct machine *m, uint32_t at, uint32_t pages,
                   unsigned rights)
{
    gva_t va = {at};

    assert_int_equal(user_alloc(&m->mm, m->user, &va, pages, rights), HB_OK);
    return va;
}

static void areas_go_to_the_lowest_64k_boundary(void **state)
{
    struct machine *m = *state;
    gva_t a = alloc(m, 0, 1, MM_RW), b = alloc(m, 0, 17, MM_RW), c, d;

    assert_int_equal(a.v, 0x10000);
    assert_int_equal(b.v, 0x20000);
    c = alloc(m, 0, 1, MM_RW);
    assert_int_equal(c.v, 0x40000);
    assert_int_equal(user_free(&m->mm, m->user, b), HB_OK);
    d = alloc(m, 0, 2, MM_RW);
    assert_int_equal(d.v, b.v);
}

static void chosen_addresses_are_kept_and_never_overlap(void **state)
{
    struct machine *m = *state;
    gva_t a = alloc(m, 0x400000, 4, MM_RW), b = {0x403000}, c = {0x3ff000};

    assert_int_equal(a.v, 0x400000);
    assert_int_equal(user_alloc(&m->mm, m->user, &b, 1, MM_RW), HB_BAD_STATE);
    assert_int_equal(user_alloc(&m->mm, m->user, &c, 2, MM_RW), HB_BAD_STATE);
    assert_int_equal(user_alloc(&m->mm, m->user, &c, 1, MM_RW), HB_OK);
    b.v = 0x7ffdf000; /* up to, not into, KUSER_SHARED_DATA */
    assert_int_equal(user_alloc(&m->mm, m->user, &b, 2, MM_RW), HB_BAD_STATE);
    assert_int_equal(user_alloc(&m->mm, m->user, &b, 1, MM_RW), HB_OK);
    b.v = 0x400800;
    assert_int_equal(user_alloc(&m->mm, m->user, &b, 1, MM_RW),
                     HB_BAD_ARGUMENT);
    b.v = 0x80000000;
    assert_int_equal(user_alloc(&m->mm, m->user, &b, 1, MM_RW),
                     HB_BAD_ARGUMENT);
    b.v = 0x500000;
    assert_int_equal(user_alloc(&m->mm, m->user, &b, 0xffffffff, MM_RW),
                     HB_NO_PAGES);
    assert_int_equal(user_alloc(&m->mm, m->user, &b, 0, MM_RW),
                     HB_BAD_ARGUMENT);
    assert_int_equal(user_alloc(&m->mm, 99, &b, 1, MM_RW), HB_BAD_ARGUMENT);
}

static void a_buffer_is_placed_page_by_page(void **state)
{
    struct machine *m = *state;
    const uint32_t pfn[] = {0x1804, 0x0201, 0x1a00, 0x0080};
    uint64_t before = frames_in_use(&m->mm);
    gva_t va = {0x700000};

    assert_int_equal(user_place(&m->mm, m->user, &va, pfn, 4, MM_RW), HB_OK);
    for (uint32_t i = 0; i < 4; i++)
        assert_int_equal(pfn_of(m, m->user, va.v + i * 4096), pfn[i]);
    assert_int_equal(user_free(&m->mm, m->user, va), HB_OK);
    /* the page table stays for later */
    assert_int_equal(frames_in_use(&m->mm), before + 1);
}

static void a_page_in_use_refuses_the_whole_placement(void **state)
{
    struct machine *m = *state;
    const uint32_t used[] = {0x1804, 0}, hole[] = {0x1804, 0xf80};
    uint64_t before = frames_in_use(&m->mm);
    gva_t va = {0};

    assert_int_equal(user_place(&m->mm, m->user, &va, used, 2, MM_RW),
                     HB_BAD_STATE);
    assert_int_equal(user_place(&m->mm, m->user, &va, hole, 2, MM_RW),
                     HB_NOT_FOUND);
    va = gva_of(MM_USER_KUSER);
    assert_int_equal(user_place(&m->mm, m->user, &va, used, 1, MM_RW),
                     HB_BAD_STATE);
    assert_int_equal(frames_in_use(&m->mm), before);
}

static void
user_entries_are_rights_alone_until_hardware_marks_them(void **state)
{
    struct machine *m = *state;
    gva_t rw = alloc(m, 0, 1, MM_RW), ro = alloc(m, 0, 1, MM_R);

    assert_int_equal(entry_by_hand(m, m->user, rw.v) & 0xfff,
                     PTE_P | PTE_RW | PTE_US);
    assert_int_equal(entry_by_hand(m, m->user, ro.v) & 0xfff, PTE_P | PTE_US);
}

static void a_view_shows_frames_and_leaves_them(void **state)
{
    struct machine *m = *state;
    const uint32_t pfn[] = {0xe0000, 0x1000};
    gva_t va = {0};

    frames_take(&m->mm, 0x1000, FRAME_HAL);
    assert_int_equal(
        user_view(&m->mm, m->user, &va, pfn, 2, MM_RW, MM_NONCACHED), HB_OK);
    assert_int_equal(pfn_of(m, m->user, va.v), 0xe0000);
    assert_int_equal(entry_by_hand(m, m->user, va.v) & (PTE_PCD | PTE_PWT),
                     PTE_PCD | PTE_PWT);
    assert_int_equal(user_free(&m->mm, m->user, va), HB_OK);
    assert_int_equal(entry_by_hand(m, m->user, va.v), 0);
}

static void protection_changes_page_by_page(void **state)
{
    struct machine *m = *state;
    gva_t va = alloc(m, 0, 3, MM_RW);

    assert_int_equal(user_protect(&m->mm, m->user, gva_add(va, 4096), 1, MM_R),
                     HB_OK);
    assert_int_equal(entry_by_hand(m, m->user, va.v) & PTE_RW, PTE_RW);
    assert_int_equal(entry_by_hand(m, m->user, va.v + 4096) & PTE_RW, 0);
    assert_int_equal(user_protect(&m->mm, m->user, va, 4, MM_R), HB_NOT_FOUND);
    assert_int_equal(
        user_protect(&m->mm, m->user, gva_of(MM_USER_KUSER), 1, MM_RW),
        HB_NOT_FOUND);
}

/* A trimmed page is a transition entry, no walk takes it for
 * valid, and the fault brings the same bytes and rights back. */
static void a_trimmed_page_faults_in_again(void **state)
{
    struct machine *m = *state;
    gva_t va = alloc(m, 0, 1, MM_R);
    uint64_t before = entry_by_hand(m, m->user, va.v), e;
    gpa_t pa;

    poke32(m, m->user, va.v, 0x77);
    assert_int_equal(user_page_out(&m->mm, m->user, va, 1), HB_OK);
    e = entry_by_hand(m, m->user, va.v);
    assert_int_equal(e & (PTE_P | PTE_PROTOTYPE | PTE_TRANSITION),
                     PTE_TRANSITION);
    assert_int_equal((e >> 5) & 31, 1); /* read only */
    assert_int_equal(e & ~0xfffull, before & ~0xfffull);
    assert_false(mm_physical(&m->mm, m->user, va, &pa));
    assert_int_equal(mm_fault(&m->mm, m->user, gva_add(va, 5), PF_U),
                     MM_FAULT_RESOLVED);
    assert_int_equal(entry_by_hand(m, m->user, va.v), before | PTE_A);
    assert_int_equal(peek32(m, m->user, va.v), 0x77);
}

static void a_guard_page_faults_once(void **state)
{
    struct machine *m = *state;
    gva_t va = alloc(m, 0, 1, MM_RW | MM_GUARD);

    assert_int_equal(entry_by_hand(m, m->user, va.v) & PTE_P, 0);
    assert_int_equal(mm_fault(&m->mm, m->user, va, PF_U | PF_W),
                     MM_FAULT_GUARD);
    assert_int_equal(entry_by_hand(m, m->user, va.v) & 7,
                     PTE_P | PTE_RW | PTE_US);
}

/* What a write to such a page does. */
static void copy_on_write_makes_a_private_page(void **state)
{
    struct machine *m = *state;
    const struct frame_request req = {.owner = FRAME_HAL};
    uint32_t pfn;
    gva_t va = {0};
    uint64_t before;

    assert_int_equal(frames_alloc(&m->mm, &req, &pfn), HB_OK);
    ram_write32(&m->ram, gpa_of((uint64_t)pfn << 12), 0x1111);
    assert_int_equal(
        user_view(&m->mm, m->user, &va, &pfn, 1, MM_RW | MM_COPY, MM_CACHED),
        HB_OK);
    before = frames_in_use(&m->mm);
    assert_int_equal(mm_fault(&m->mm, m->user, va, PF_P | PF_U),
                     MM_FAULT_VIOLATION);
    assert_int_equal(mm_fault(&m->mm, m->user, va, PF_P | PF_W | PF_U),
                     MM_FAULT_RESOLVED);
    assert_int_not_equal(pfn_of(m, m->user, va.v), pfn);
    assert_int_equal(peek32(m, m->user, va.v), 0x1111);
    poke32(m, m->user, va.v, 0x2222);
    assert_int_equal(ram_read32(&m->ram, gpa_of((uint64_t)pfn << 12)), 0x1111);
    assert_int_equal(frames_in_use(&m->mm), before + 1);
    assert_int_equal(user_free(&m->mm, m->user, va), HB_OK);
    assert_int_equal(frames_in_use(&m->mm), before);
}

static void a_fault_elsewhere_is_a_violation(void **state)
{
    struct machine *m = *state;
    gva_t va = alloc(m, 0, 1, MM_R);

    assert_int_equal(mm_fault(&m->mm, m->user, gva_of(0x5000000), 0),
                     MM_FAULT_VIOLATION);
    assert_int_equal(mm_fault(&m->mm, m->user, gva_of(0), PF_U),
                     MM_FAULT_VIOLATION);
    assert_int_equal(mm_fault(&m->mm, m->user, gva_of(MM_KPCR), PF_P | PF_U),
                     MM_FAULT_VIOLATION);
    assert_int_equal(mm_fault(&m->mm, m->user, va, PF_P | PF_W | PF_U),
                     MM_FAULT_VIOLATION);
}

static void all_of_ram_can_be_asked_for_and_given_back(void **state)
{
    struct machine *m = *state;
    uint64_t before = frames_in_use(&m->mm);
    uint32_t all = (uint32_t)frames_free_count(&m->mm);
    gva_t va = {0};

    assert_int_equal(user_alloc(&m->mm, m->user, &va, all, MM_RW),
                     HB_NO_PAGES); /* nothing left for tables */
    assert_int_equal(user_alloc(&m->mm, m->user, &va, all - 64, MM_RW), HB_OK);
    assert_int_equal(user_free(&m->mm, m->user, va), HB_OK);
    assert_true(frames_in_use(&m->mm) < before + 64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(f, setup) cmocka_unit_test_setup_teardown(f, setup, teardown)
        CASE(areas_go_to_the_lowest_64k_boundary, setup_32),
        CASE(chosen_addresses_are_kept_and_never_overlap, setup_32),
        CASE(a_buffer_is_placed_page_by_page, setup_32),
        CASE(a_page_in_use_refuses_the_whole_placement, setup_32),
        CASE(user_entries_are_rights_alone_until_hardware_marks_them, setup_32),
        CASE(a_view_shows_frames_and_leaves_them, setup_32),
        CASE(protection_changes_page_by_page, setup_32),
        CASE(protection_changes_page_by_page, setup_pae),
        CASE(a_trimmed_page_faults_in_again, setup_32),
        CASE(a_trimmed_page_faults_in_again, setup_pae),
        CASE(a_guard_page_faults_once, setup_32),
        CASE(copy_on_write_makes_a_private_page, setup_32),
        CASE(copy_on_write_makes_a_private_page, setup_pae),
        CASE(a_fault_elsewhere_is_a_violation, setup_32),
        CASE(all_of_ram_can_be_asked_for_and_given_back, setup_32),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
