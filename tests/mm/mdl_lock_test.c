/* tests/mm/mdl_lock_test.c -- probing, locking, unlocking, building. */
#include "mm_fixture.h"

static gva_t buffer(struct machine *m, uint32_t pages, unsigned rights)
{
    gva_t va = {0};

    assert_int_equal(user_alloc(&m->mm, m->user, &va, pages, rights), HB_OK);
    return va;
}

static enum hb_status lock(struct machine *m, gva_t mdl, enum mdl_access access)
{
    return mdl_lock(&m->mm, m->user, mdl, true, access, NULL);
}

static uint32_t locks(struct machine *m, gva_t mdl, uint32_t i)
{
    const struct frame *f = frames_find(&m->mm, pfn_in(m, mdl, i));

    return f ? f->locks : 0;
}

/* MDL-012: pages come in, PFNs are the frames, 0002h. */
static void locking_brings_pages_in_and_names_their_frames(void **state)
{
    struct machine *m = *state;
    gva_t va = buffer(m, 3, MM_RW), mdl = mdl_for(m, va.v + 0x10, 0x2800);

    poke32(m, m->user, va.v + 0x1000, 0xabc);
    assert_int_equal(user_page_out(&m->mm, m->user, va, 3), HB_OK);
    assert_int_equal(lock(m, mdl, MDL_READ_ACCESS), HB_OK);
    assert_int_equal(flags_of(m, mdl) & MDL_PAGES_LOCKED, MDL_PAGES_LOCKED);
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(pfn_in(m, mdl, i),
                         pfn_of(m, m->user, va.v + i * 4096));
        assert_int_equal(locks(m, mdl, i), 1);
    }
    assert_int_equal(peek32(m, m->user, va.v + 0x1000), 0xabc);
    assert_int_equal(user_page_out(&m->mm, m->user, va, 3), HB_BAD_STATE);
}

/* MDL-013: by each of the three operations. */
static void write_operations_are_marked(void **state)
{
    struct machine *m = *state;
    gva_t va = buffer(m, 1, MM_RW);
    const unsigned want[] = {0, 0x80, 0x80};

    for (unsigned op = 0; op < 3; op++) {
        gva_t mdl = mdl_for(m, va.v, 16);

        poke32(m, 0, mdl.v + MDL_SIZE, 0x00880020); /* an old 0080h */
        assert_int_equal(lock(m, mdl, (enum mdl_access)op), HB_OK);
        assert_int_equal(flags_of(m, mdl) & 0x80, want[op]);
    }
}

/* MDL-014, MDL-026: of user and of kernel addresses. */
static void user_pages_are_charged_to_their_process(void **state)
{
    struct machine *m = *state;
    struct mm_misuse why;
    gva_t user, kernel, pool;

    space_set_process(&m->mm, m->user, gva_of(0x81112220));
    user = locked_for(m, 0x100, 0x1000);
    assert_int_equal(peek32(m, 0, user.v + MDL_PROCESS), 0x81112220);
    assert_int_equal(space_find(&m->mm, m->user)->locked, 2);
    assert_int_equal(pool_alloc(&m->mm, 1, 100, 1, &pool), HB_OK);
    kernel = mdl_for(m, pool.v, 100);
    assert_int_equal(
        mdl_lock(&m->mm, m->user, kernel, false, MDL_WRITE_ACCESS, NULL),
        HB_OK);
    assert_int_equal(peek32(m, 0, kernel.v + MDL_PROCESS), 0);
    assert_int_equal(space_find(&m->mm, m->user)->locked, 2);
    assert_int_equal(space_destroy(&m->mm, m->user, &why), HB_BAD_STATE);
    assert_int_equal(why.code, 0x76);
    assert_int_equal(why.p[0], 0);
    assert_int_equal(why.p[1], 0x81112220);
    assert_int_equal(why.p[2], 2);
    assert_int_equal(locks(m, user, 0), 1); /* the device may still write */
    assert_int_equal(mdl_unlock(&m->mm, 0, user, NULL), HB_OK);
    assert_null(frames_find(&m->mm, pfn_in(m, user, 0)));
}

static void refused(struct machine *m, gva_t mdl, enum mdl_access access)
{
    uint64_t before = frames_in_use(&m->mm);

    assert_int_equal(lock(m, mdl, access), HB_FAULT);
    assert_int_equal(pfn_in(m, mdl, 0), 0xffffffff);
    assert_int_equal(flags_of(m, mdl) & MDL_PAGES_LOCKED, 0);
    assert_int_equal(frames_in_use(&m->mm), before);
}

/* MDL-015: the first bad page undoes the good ones before it. */
static void an_unmapped_page_is_an_access_violation(void **state)
{
    struct machine *m = *state;
    gva_t va = buffer(m, 2, MM_RW), mdl = mdl_for(m, va.v, 0x2001);
    const struct frame *f;

    refused(m, mdl, MDL_READ_ACCESS);
    f = frames_find(&m->mm, pfn_of(m, m->user, va.v));
    assert_int_equal(f->locks, 0);
    refused(m, mdl_for(m, 0x100, 4), MDL_READ_ACCESS);
}

/* MDL-016: UserMode must end below the probe address and not wrap. */
static void user_mode_ranges_end_below_the_probe_address(void **state)
{
    struct machine *m = *state;
    gva_t pool;

    refused(m, mdl_for(m, 0x7ffef000, 0x2000), MDL_READ_ACCESS);
    refused(m, mdl_for(m, 0xfffff000, 0x2000), MDL_READ_ACCESS);
    refused(m, mdl_for(m, 0x80000000, 1), MDL_READ_ACCESS);
    assert_int_equal(pool_alloc(&m->mm, 0, 10, 1, &pool), HB_OK);
    refused(m, mdl_for(m, pool.v, 10), MDL_READ_ACCESS);
}

/* Half of MDL-017. */
static void refuse_read_only(struct machine *m)
{
    gva_t ro = buffer(m, 1, MM_R), mdl = mdl_for(m, ro.v, 64);

    refused(m, mdl, MDL_WRITE_ACCESS);
    refused(m, mdl, MDL_MODIFY_ACCESS);
    assert_int_equal(lock(m, mdl, MDL_READ_ACCESS), HB_OK);
}

/* MDL-017: a read-only page is refused, one that is copied on write is copied
 * first and the copy's frame recorded. */
static void write_access_needs_a_page_of_ones_own(void **state)
{
    struct machine *m = *state;
    gva_t va = buffer(m, 1, MM_RW | MM_COPY), read, write;
    uint32_t shared;

    poke32(m, m->user, va.v, 0x1111);
    shared = pfn_of(m, m->user, va.v);
    read = mdl_for(m, va.v, 64);
    assert_int_equal(lock(m, read, MDL_READ_ACCESS), HB_OK);
    assert_int_equal(pfn_in(m, read, 0), shared);
    write = mdl_for(m, va.v, 64);
    assert_int_equal(lock(m, write, MDL_WRITE_ACCESS), HB_OK);
    assert_int_not_equal(pfn_in(m, write, 0), shared);
    assert_int_equal(pfn_in(m, write, 0), pfn_of(m, m->user, va.v));
    assert_int_equal(peek32(m, m->user, va.v), 0x1111);
    refuse_read_only(m);
}

/* MDL-018: the same for a view that ends. */
static void locked_pages_outlive_their_view(void **state)
{
    const struct frame_request req = {.owner = FRAME_HAL};
    struct machine *m = *state;
    gva_t va = {0}, mdl;
    uint32_t pfn;

    assert_int_equal(frames_alloc(&m->mm, &req, &pfn), HB_OK);
    assert_int_equal(user_view(&m->mm, m->user, &va, &pfn, 1, MM_RW, MM_CACHED),
                     HB_OK);
    poke32(m, m->user, va.v, 0x88);
    mdl = mdl_for(m, va.v, 64);
    assert_int_equal(lock(m, mdl, MDL_WRITE_ACCESS), HB_OK);
    assert_int_equal(user_free(&m->mm, m->user, va), HB_OK);
    frames_free(&m->mm, pfn); /* its owner's, too */
    assert_int_equal(ram_read32(&m->ram, gpa_of((uint64_t)pfn << 12)), 0x88);
    assert_int_equal(pfn_in(m, mdl, 0), pfn);
    assert_non_null(frames_find(&m->mm, pfn));
    assert_int_equal(mdl_unlock(&m->mm, m->user, mdl, NULL), HB_OK);
    assert_null(frames_find(&m->mm, pfn));
}

/* MDL-018, MDL-019: freed while two MDLs hold it. */
static void locked_pages_outlive_their_address(void **state)
{
    struct machine *m = *state;
    gva_t va = buffer(m, 1, MM_RW), a = mdl_for(m, va.v, 64),
          b = mdl_for(m, va.v, 64);
    uint32_t pfn;

    poke32(m, m->user, va.v, 0x77);
    assert_int_equal(lock(m, a, MDL_WRITE_ACCESS), HB_OK);
    assert_int_equal(lock(m, b, MDL_WRITE_ACCESS), HB_OK);
    pfn = pfn_in(m, a, 0);
    assert_int_equal(user_free(&m->mm, m->user, va), HB_OK);
    va = buffer(m, 8, MM_RW);
    for (uint32_t i = 0; i < 8; i++)
        assert_int_not_equal(pfn_of(m, m->user, va.v + i * 4096), pfn);
    assert_int_equal(ram_read32(&m->ram, gpa_of((uint64_t)pfn << 12)), 0x77);
    assert_int_equal(mdl_unlock(&m->mm, m->user, a, NULL), HB_OK);
    assert_non_null(frames_find(&m->mm, pfn));
    assert_int_equal(mdl_unlock(&m->mm, m->user, b, NULL), HB_OK);
    assert_null(frames_find(&m->mm, pfn));
}

/* Without checks: finding S10, and the driver goes on. */
static void locking_twice_is_a_finding(void)
{
    const struct mm_settings set = {.era = MM_XP};
    struct machine *m = machine_new(64 * MIB, &set);
    gva_t va = buffer(m, 1, MM_RW), mdl = mdl_for(m, va.v, 16);
    struct mm_misuse why = {0};

    assert_int_equal(lock(m, mdl, MDL_READ_ACCESS), HB_OK);
    mdl_lock(&m->mm, m->user, mdl, true, MDL_READ_ACCESS, &why);
    assert_int_equal(m->findings, 1);
    assert_string_equal(m->rule, "S10");
    assert_int_not_equal(why.code, 0xc4);
    machine_free(m);
}

/* MDL-020: 0xC4(B0h) with checks, for each kind; else finding S10. */
static void locking_what_must_not_be_locked(void **state)
{
    const unsigned bad[] = {MDL_PAGES_LOCKED, MDL_SOURCE_IS_NONPAGED_POOL,
                            MDL_PARTIAL, MDL_MAPPED_TO_SYSTEM_VA};
    struct machine *m = *state;
    gva_t va = buffer(m, 1, MM_RW);
    struct mm_misuse why;

    for (unsigned i = 0; i < 4; i++) {
        gva_t mdl = mdl_for(m, va.v, 16);

        poke32(m, 0, mdl.v + MDL_SIZE, 0x20 | bad[i] << 16);
        assert_int_equal(
            mdl_lock(&m->mm, m->user, mdl, true, MDL_READ_ACCESS, &why),
            HB_BAD_STATE);
        assert_int_equal(why.code, 0xc4);
        assert_int_equal(why.p[0], 0xb0);
        assert_int_equal(why.p[1], mdl.v);
        assert_int_equal(why.p[2], bad[i]);
        assert_int_equal(why.p[3], bad[i]);
    }
    locking_twice_is_a_finding();
}

/* MDL-022 */
static void device_memory_locks_with_io_space_set(void **state)
{
    struct machine *m = *state;
    gva_t va, mdl;

    assert_int_equal(
        io_map(&m->mm, gpa_of(0xf0000000), 8192, MM_NONCACHED, &va), HB_OK);
    mdl = mdl_for(m, va.v, 8192);
    assert_int_equal(mdl_lock(&m->mm, 0, mdl, false, MDL_WRITE_ACCESS, NULL),
                     HB_OK);
    assert_int_equal(flags_of(m, mdl) & (MDL_IO_SPACE | MDL_PAGES_LOCKED),
                     MDL_IO_SPACE | MDL_PAGES_LOCKED);
    assert_int_equal(pfn_in(m, mdl, 1), 0xf0001);
    assert_int_equal(mdl_unlock(&m->mm, 0, mdl, NULL), HB_OK);
}

static void device_memory_is_c4_6f_with_checks(void **state)
{
    struct machine *m = *state;
    struct mm_misuse why;
    gva_t va, mdl;

    assert_int_equal(
        io_map(&m->mm, gpa_of(0xf0000000), 4096, MM_NONCACHED, &va), HB_OK);
    mdl = mdl_for(m, va.v, 16);
    assert_int_equal(mdl_lock(&m->mm, 0, mdl, false, MDL_WRITE_ACCESS, &why),
                     HB_BAD_STATE);
    assert_int_equal(why.code, 0xc4);
    assert_int_equal(why.p[0], 0x6f);
    assert_int_equal(why.p[2], 0xf0000);
}

/* MDL-023 */
static void a_stack_buffer_can_be_locked(void **state)
{
    struct machine *m = *state;
    gva_t top, mdl;

    assert_int_equal(stack_alloc(&m->mm, &top), HB_OK);
    mdl = mdl_for(m, top.v - 0x1010, 0x20);
    assert_int_equal(mdl_lock(&m->mm, 0, mdl, false, MDL_WRITE_ACCESS, NULL),
                     HB_OK);
    assert_int_equal(mdl_unlock(&m->mm, 0, mdl, NULL), HB_OK);
}

/* MDL-024 */
static void unlocking_takes_the_system_mapping_off_first(void **state)
{
    struct machine *m = *state;
    gva_t mdl = locked_for(m, 0x123, 0x2000), va;
    uint32_t free = sysptes_free_count(&m->mm), pfn = pfn_in(m, mdl, 0);

    assert_int_equal(mdl_map(&m->mm, 0, mdl, MM_CACHED, MM_RW, &va, NULL),
                     HB_OK);
    assert_int_equal(sysptes_free_count(&m->mm), free - 3);
    assert_int_equal(mdl_unlock(&m->mm, m->user, mdl, NULL), HB_OK);
    assert_int_equal(sysptes_free_count(&m->mm), free);
    assert_int_equal(flags_of(m, mdl) & 3, 0);
    assert_int_equal(frames_find(&m->mm, pfn)->locks, 0);
    assert_int_equal(entry_by_hand(m, 0, va.v), 0);
}

/* MDL-025 */
static void wrong_unlocks_are_told_apart_with_checks(void **state)
{
    const struct {
        unsigned flags;
        uint32_t code;
    } table[] = {
        {0, 0x7c}, {MDL_SOURCE_IS_NONPAGED_POOL, 0x7d}, {MDL_PARTIAL, 0xb4}};
    struct machine *m = *state;
    struct mm_misuse why;

    for (unsigned i = 0; i < 3; i++) {
        gva_t mdl = mdl_for(m, 0x400000, 16);

        poke32(m, 0, mdl.v + MDL_SIZE, 0x20 | table[i].flags << 16);
        assert_int_equal(mdl_unlock(&m->mm, 0, mdl, &why), HB_BAD_STATE);
        assert_int_equal(why.code, 0xc4);
        assert_int_equal(why.p[0], table[i].code);
        assert_int_equal(why.p[1], mdl.v);
        assert_int_equal(why.p[2], table[i].flags);
    }
}

static void a_second_unlock_is_76_or_4e_without_checks(void **state)
{
    struct machine *m = *state;
    struct mm_misuse why;
    gva_t mdl, kernel, pool;

    space_set_process(&m->mm, m->user, gva_of(0x81112220));
    mdl = locked_for(m, 0, 16);
    assert_int_equal(mdl_unlock(&m->mm, m->user, mdl, &why), HB_OK);
    assert_int_equal(mdl_unlock(&m->mm, m->user, mdl, &why), HB_BAD_STATE);
    assert_int_equal(why.code, 0x76);
    assert_int_equal(why.p[0], 1);
    assert_int_equal(why.p[1], mdl.v);
    assert_int_equal(pool_alloc(&m->mm, 0, 16, 1, &pool), HB_OK);
    kernel = mdl_for(m, pool.v, 16);
    assert_int_equal(mdl_lock(&m->mm, 0, kernel, false, MDL_READ_ACCESS, NULL),
                     HB_OK);
    assert_int_equal(mdl_unlock(&m->mm, 0, kernel, NULL), HB_OK);
    assert_int_equal(mdl_unlock(&m->mm, 0, kernel, &why), HB_BAD_STATE);
    assert_int_equal(why.code, 0x4e);
    assert_int_equal(why.p[0], 7);
    assert_int_equal(why.p[1], pfn_in(m, kernel, 0));
}

/* MDL-029, MDL-032: no PTE, no 0002h, the buffer's own address. */
static void building_for_nonpaged_pool_takes_nothing(void **state)
{
    struct machine *m = *state;
    gva_t pool, mdl;
    uint32_t free;

    assert_int_equal(pool_alloc(&m->mm, 0, 9000, 1, &pool), HB_OK);
    mdl = mdl_for(m, pool.v + 0x123, 0x1f00);
    free = sysptes_free_count(&m->mm);
    assert_int_equal(mdl_build_nonpaged(&m->mm, 0, mdl, NULL), HB_OK);
    assert_int_equal(flags_of(m, mdl),
                     MDL_SOURCE_IS_NONPAGED_POOL | MDL_ALLOCATED_FIXED_SIZE);
    assert_int_equal(mapped_of(m, mdl), pool.v + 0x123);
    assert_int_equal(peek32(m, 0, mdl.v + MDL_PROCESS), 0);
    for (uint32_t i = 0; i < 3; i++)
        assert_int_equal(pfn_in(m, mdl, i), pfn_of(m, 0, pool.v + i * 4096));
    assert_int_equal(sysptes_free_count(&m->mm), free);
}

/* MDL-030: the method of KB Q189327, step 4. */
static void building_over_io_space_sets_io_space(void **state)
{
    struct machine *m = *state;
    gva_t va, mdl;

    assert_int_equal(
        io_map(&m->mm, gpa_of(0xf0000800), 4096, MM_NONCACHED, &va), HB_OK);
    mdl = mdl_for(m, va.v, 4096);
    assert_int_equal(mdl_build_nonpaged(&m->mm, 0, mdl, NULL), HB_OK);
    assert_int_equal(flags_of(m, mdl) & 0x0804, 0x0804);
    assert_int_equal(pfn_in(m, mdl, 0), 0xf0000);
    assert_int_equal(pfn_in(m, mdl, 1), 0xf0001);
}

/* MDL-031 */
static void building_over_a_hole_is_1a_1240(void **state)
{
    struct machine *m = *state;
    struct mm_misuse why;
    gva_t pool, mdl = mdl_for(m, 0x90000123, 16), paged;

    assert_int_equal(mdl_build_nonpaged(&m->mm, 0, mdl, &why), HB_BAD_STATE);
    assert_int_equal(why.code, 0x1a);
    assert_int_equal(why.p[0], 0x1240);
    assert_int_equal(why.p[1], mdl.v);
    assert_int_equal(why.p[2], 0xc0000000 + (0x90000000u >> 12) * 4);
    assert_int_equal(pool_alloc(&m->mm, 1, 16, 1, &pool), HB_OK);
    paged = mdl_for(m, pool.v, 16);
    assert_int_equal(mdl_build_nonpaged(&m->mm, 0, paged, NULL), HB_OK);
    m->mm.s.settings.checks = 1;
    assert_int_equal(mdl_build_nonpaged(&m->mm, 0, paged, &why), HB_BAD_STATE);
    assert_int_equal(why.code, 0xc4);
    assert_int_equal(why.p[0], 0x7f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(f, setup) cmocka_unit_test_setup_teardown(f, setup, teardown)
        CASE(locking_brings_pages_in_and_names_their_frames, setup_32),
        CASE(locking_brings_pages_in_and_names_their_frames, setup_pae),
        CASE(write_operations_are_marked, setup_32),
        CASE(user_pages_are_charged_to_their_process, setup_32),
        CASE(an_unmapped_page_is_an_access_violation, setup_32),
        CASE(user_mode_ranges_end_below_the_probe_address, setup_32),
        CASE(write_access_needs_a_page_of_ones_own, setup_32),
        CASE(locked_pages_outlive_their_address, setup_32),
        CASE(locked_pages_outlive_their_view, setup_32),
        CASE(locking_what_must_not_be_locked, setup_checks),
        CASE(device_memory_locks_with_io_space_set, setup_32),
        CASE(device_memory_is_c4_6f_with_checks, setup_checks),
        CASE(a_stack_buffer_can_be_locked, setup_32),
        CASE(unlocking_takes_the_system_mapping_off_first, setup_32),
        CASE(wrong_unlocks_are_told_apart_with_checks, setup_checks),
        CASE(a_second_unlock_is_76_or_4e_without_checks, setup_32),
        CASE(building_for_nonpaged_pool_takes_nothing, setup_32),
        CASE(building_over_io_space_sets_io_space, setup_32),
        CASE(building_over_a_hole_is_1a_1240, setup_32),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
