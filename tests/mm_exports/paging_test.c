/* tests/mm_exports/paging_test.c -- the tables as the guest's own instructions
 * see them: reads, writes, faults. Opcodes: SDM vol. 2. */
#include "rig.h"

#define READ(va)     0xa1, DWORD(va)                 /* mov eax, [va]  */
#define WRITE(va, v) 0xc7, 0x05, DWORD(va), DWORD(v) /* mov [va], v    */

static uint32_t system_page(struct rig *r)
{
    gva_t va;

    assert_int_equal(system_alloc(&r->mm, 1, MM_RW, &va), HB_OK);
    return va.v;
}

static uint32_t pte_va(const struct rig *r, uint32_t va)
{
    return r->mm.s.settings.pae ? MM_PTE_VA_PAE(va) : MM_PTE_VA32(va);
}

static void must_stop(struct rig *r, uint32_t code, uint32_t p1)
{
    assert_true(ke_ended(r->ke));
    assert_int_equal(ke_bugcheck_state(r->ke)->code, code);
    assert_int_equal(ke_bugcheck_state(r->ke)->p[0], p1);
}

/* PTE-008, MDL-046 */
static void a_write_to_a_read_only_system_page_is_be(void **state)
{
    struct rig *r = *state;
    uint32_t va = system_page(r);

    kernel_protect(&r->mm, gva_of(va), 1, MM_R);
    assert_true(CODE(r, READ(va)).returned);
    CODE(r, WRITE(va + 8, 1));
    must_stop(r, 0xbe, va + 8);
    assert_int_equal(ke_bugcheck_state(r->ke)->p[1],
                     pte_get(&r->mm, 0, gva_of(va)));
}

/* PTE-010 */
static void hardware_marks_accessed_and_dirty(void **state)
{
    struct rig *r = *state;
    uint32_t va = user(r, 1, MM_RW);

    assert_int_equal(pte_get(&r->mm, r->space, gva_of(va)) & (PTE_A | PTE_D),
                     0);
    assert_true(CODE(r, READ(va)).returned);
    assert_int_equal(pte_get(&r->mm, r->space, gva_of(va)) & (PTE_A | PTE_D),
                     PTE_A);
    assert_true(CODE(r, WRITE(va, 1)).returned);
    assert_int_equal(pte_get(&r->mm, r->space, gva_of(va)) & (PTE_A | PTE_D),
                     PTE_A | PTE_D);
}

/* PTE-016 */
static void null_and_the_last_64k_are_access_violations(void **state)
{
    const uint32_t never[] = {0, 0xfffc, 0x7fff0000, 0x7ffffffc};
    struct rig *r = *state;

    for (unsigned i = 0; i < 4; i++) {
        struct outcome out = CODE(r, READ(never[i]));

        assert_true(out.raised);
        assert_int_equal(out.status, 0xc0000005);
    }
}

/* Below DISPATCH_LEVEL a trimmed page comes in by itself. */
static void a_trimmed_page_comes_in_by_a_touch(void **state)
{
    struct rig *r = *state;
    uint32_t va = user(r, 1, MM_RW);
    struct outcome out;

    set(r, va, 0x5151);
    user_page_out(&r->mm, r->space, gva_of(va), 1);
    out = CODE(r, READ(va));
    assert_true(out.returned);
    assert_int_equal(out.eax, 0x5151);
}

/* MDL-051: after the unmap the address faults, also where the TLB had it. */
static void a_removed_mapping_faults(void **state)
{
    struct rig *r = *state;
    uint32_t at = locked(r, 0, 0x1000);
    uint32_t va = CALL(r, "MmMapLockedPages", at, KERNEL_MODE);

    assert_true(CODE(r, READ(va)).returned);
    CALL(r, "MmUnmapLockedPages", va, at);
    CODE(r, READ(va));
    must_stop(r, 0x50, va);
}

/* PTE-041: device mappings work at any IRQL. */
static void an_io_mapping_is_reached_at_high_irql(void **state)
{
    struct rig *r = *state;
    uint32_t va = CALL(r, "MmMapIoSpace", 0x300000, 0, 4096, 1);
    struct outcome out;

    ram_write32(&r->ram, gpa_of(0x300000), 0x1357);
    r->irql = HIGH_LEVEL;
    out = CODE(r, READ(va));
    assert_true(out.returned);
    assert_int_equal(out.eax, 0x1357);
}

/* PTE-004, PTE-005: as the guest reads them. */
static void the_guest_reads_its_tables_at_c0000000(void **state)
{
    struct rig *r = *state;
    uint32_t va = system_page(r);

    assert_int_equal(CODE(r, READ(pte_va(r, va))).eax,
                     (uint32_t)pte_get(&r->mm, 0, gva_of(va)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(f, setup) cmocka_unit_test_setup_teardown(f, setup, teardown)
        CASE(a_write_to_a_read_only_system_page_is_be, setup_xp),
        CASE(hardware_marks_accessed_and_dirty, setup_xp),
        CASE(hardware_marks_accessed_and_dirty, setup_pae),
        CASE(null_and_the_last_64k_are_access_violations, setup_xp),
        CASE(a_trimmed_page_comes_in_by_a_touch, setup_xp),
        CASE(a_removed_mapping_faults, setup_xp),
        CASE(an_io_mapping_is_reached_at_high_irql, setup_xp),
        CASE(the_guest_reads_its_tables_at_c0000000, setup_xp),
        CASE(the_guest_reads_its_tables_at_c0000000, setup_pae),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
