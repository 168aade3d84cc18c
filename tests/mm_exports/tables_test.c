/* tests/mm_exports/tables_test.c -- contract lines about the tables that need
 * more than one machine or mode to show whole. */
#include "rig.h"

#define READ(va)     0xa1, DWORD(va)                 /* mov eax, [va]  */
#define WRITE(va, v) 0xc7, 0x05, DWORD(va), DWORD(v) /* mov [va], v    */
#define TO_EDX       0x89, 0xc2                      /* mov edx, eax   */
#define INVLPG(va)   0x0f, 0x01, 0x3d, DWORD(va)
#define RELOAD_CR3   0x0f, 0x20, 0xd8, 0x0f, 0x22, 0xd8
#define HOLE         0x90000010u

static uint32_t pte_va(const struct rig *r, uint32_t va)
{
    return r->mm.s.settings.pae ? MM_PTE_VA_PAE(va) : MM_PTE_VA32(va);
}

static uint32_t pde_va(const struct rig *r, uint32_t va)
{
    return r->mm.s.settings.pae ? MM_PDE_VA_PAE(va) : MM_PDE_VA32(va);
}

static uint32_t system_page(struct rig *r, uint32_t value)
{
    gva_t va;

    assert_int_equal(system_alloc(&r->mm, 1, MM_RW, &va), HB_OK);
    set(r, va.v, value);
    return va.v;
}

/* PTE-007: a guest write to an entry shows after INVLPG, and so after a reload
 * of CR3; before that the TLB may show the old page, and here does. */
static void a_written_entry_shows_after_a_flush(void **state)
{
    struct rig *r = *state;
    uint32_t a = system_page(r, 0xaaaa), b = system_page(r, 0xbbbb);
    uint32_t c = system_page(r, 0xcccc);
    struct outcome out;

    out = CODE(r, READ(a), WRITE(pte_va(r, a), get(r, pte_va(r, b))), READ(a),
               TO_EDX, INVLPG(a), READ(a));
    assert_true(out.returned);
    assert_int_equal(out.edx, 0xaaaa);
    assert_int_equal(out.eax, 0xbbbb);
    out = CODE(r, READ(a), WRITE(pte_va(r, a), get(r, pte_va(r, c))), READ(a),
               TO_EDX, RELOAD_CR3, READ(a));
    assert_true(out.returned);
    assert_int_equal(out.edx, 0xbbbb);
    assert_int_equal(out.eax, 0xcccc);
}

/* PTE-011: a 4 KiB page, a large page of either size, a hole. */
static void MmGetPhysicalAddress_is_whole(void **state)
{
    struct rig *r = *state;
    bool pae = r->mm.s.settings.pae;
    uint32_t va = user(r, 1, MM_RW) + 0x123, large = 0x90000000, hole;
    uint64_t pa = pte_get(&r->mm, r->space, gva_of(va)) & PTE_FRAME_MASK;

    assert_int_equal(call64(r, "MmGetPhysicalAddress", 1, &va), pa + 0x123);
    if (pae) {
        assert_true(pa >> 32); /* EDX counts */
        set(r, pde_va(r, large) + 4, 1);
    }
    set(r, pde_va(r, large), 0x00800000 | PTE_PS | PTE_P | PTE_RW);
    large += 0x112345;
    assert_int_equal(call64(r, "MmGetPhysicalAddress", 1, &large),
                     0x00912345 + ((uint64_t)pae << 32));
    hole = 0x98000000;
    assert_int_equal(call64(r, "MmGetPhysicalAddress", 1, &hole), 0);
}

static const struct ke_bugcheck *end_of(struct rig *r)
{
    assert_true(ke_ended(r->ke));
    return ke_bugcheck_state(r->ke);
}

static struct rig *fresh(uint8_t irql)
{
    struct rig *r = rig_new(&(struct rig_options){.mm = {.era = MM_XP}});

    r->irql = irql;
    return r;
}

/* PTE-017: a touch of an unmapped system address by a driver below
 * DISPATCH_LEVEL is 0x50, from there on 0xD1, by the kernel 0x0A. */
static void an_unmapped_touch_ends_in_one_of_three(void **state)
{
    (void)state;
    for (uint8_t irql = 0; irql < 4; irql++)
        for (uint32_t write = 0; write < 2; write++) {
            struct rig *r = fresh(irql);
            const struct ke_bugcheck *b;
            bool high = irql >= DISPATCH_LEVEL;

            if (write)
                CODE(r, WRITE(HOLE, 1));
            else
                CODE(r, READ(HOLE));
            b = end_of(r);
            assert_int_equal(b->code, high ? 0xd1 : 0x50);
            assert_int_equal(b->p[0], HOLE);
            assert_int_equal(b->p[1], high ? irql : write);
            assert_true(b->p[high ? 3 : 2] - r->code < 4096);
            if (high)
                assert_int_equal(b->p[2], write);
            rig_free(r);
            if (!high)
                continue;
            r = fresh(irql);
            try_call(r, "MmUnlockPages", 1, (uint32_t[]){HOLE});
            b = end_of(r);
            assert_int_equal(b->code, 0x0a);
            assert_int_equal(b->p[0], HOLE + MDL_SIZE);
            assert_int_equal(b->p[1], irql);
            assert_int_equal(b->p[2], 0);
            rig_free(r);
        }
}

/* SEC-026: RAM that holds the kernel, its tables or anything else can be mapped
 * and is what it is, with finding S37; where no RAM is there is none of the
 * host's either. */
static void mapped_ram_is_real_and_the_hosts_is_not_there(void **state)
{
    struct rig *r = *state;
    uint32_t stub = ke_stub(r->ke, "MmMapIoSpace").v, page, at, va;
    uint64_t pa = call64(r, "MmGetPhysicalAddress", 1, &stub);

    at = CALL(r, "MmMapIoSpace", 0, 0, 4096, 1); /* physical 0 */
    assert_string_equal(r->rule, "S37");
    assert_true(CODE(r, WRITE(at, 0x600d)).returned);
    assert_int_equal(ram_read32(&r->ram, gpa_of(0)), 0x600d);
    at = CALL(r, "MmMapIoSpace", (uint32_t)pa, 0, 8, 1); /* the kernel's text */
    assert_int_equal(CODE(r, READ(at)).eax, get(r, stub));
    page = system_page(r, 0x1111); /* and through its table, a page */
    va = pte_va(r, page);
    pa = call64(r, "MmGetPhysicalAddress", 1, &va);
    at = CALL(r, "MmMapIoSpace", (uint32_t)pa, (uint32_t)(pa >> 32), 4, 1);
    assert_int_equal(CODE(r, READ(at)).eax, get(r, va));
    va = system_page(r, 0x2222);
    assert_int_equal(
        CODE(r, WRITE(at, get(r, pte_va(r, va))), INVLPG(page), READ(page)).eax,
        0x2222);
    at = CALL(r, "MmMapIoSpace", 0xe0000000, 0, 4096, 1);
    assert_int_equal(CODE(r, WRITE(at, 5), READ(at)).eax, 0xffffffff);
    assert_int_equal(CALL(r, "MmMapIoSpace", 0, 0x1000, 4096, 1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(f, setup) cmocka_unit_test_setup_teardown(f, setup, teardown)
        CASE(a_written_entry_shows_after_a_flush, setup_xp),
        CASE(a_written_entry_shows_after_a_flush, setup_pae),
        CASE(MmGetPhysicalAddress_is_whole, setup_xp),
        CASE(MmGetPhysicalAddress_is_whole, setup_pae),
        cmocka_unit_test(an_unmapped_touch_ends_in_one_of_three),
        CASE(mapped_ram_is_real_and_the_hosts_is_not_there, setup_xp),
        CASE(mapped_ram_is_real_and_the_hosts_is_not_there, setup_pae),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
