/* tests/mm_exports/trim_test.c -- memory that is away, as guest code meets it:
 * faults, waits for the paging file, sections of drivers, IRQL. */
#include "rig.h"

#include "mm/pagefile.h"
#include "mm/paging.h"
#include "mm/pte_form.h"
#include "mm/section.h"

#define READ(va)     0xa1, DWORD(va)                 /* mov eax, [va]  */
#define WRITE(va, v) 0xc7, 0x05, DWORD(va), DWORD(v) /* mov [va], v    */
#define CALL_AT(va)  0xb8, DWORD(va), 0xff, 0xd0     /* mov eax, va; call eax */

enum { FILE_PAGES = 4096, PAGED = 1 };

static int paged(void **state, int (*setup)(void **state))
{
    struct rig *r;
    struct hb_error error;

    setup(state);
    r = *state;
    assert_int_equal(pagefile_open(&r->mm, "", FILE_PAGES, &error), HB_OK);
    return 0;
}

static int setup_paged(void **state)
{
    return paged(state, setup_xp);
}

static int setup_paged_pae(void **state)
{
    return paged(state, setup_pae);
}

static enum pte_kind kind_of(struct rig *r, uint32_t va)
{
    uint32_t space = va < MM_SYSTEM_START ? r->space : 0;

    return pte_decode(&r->mm, pte_get(&r->mm, space, gva_of(va))).kind;
}

static void must_stop(struct rig *r, uint32_t code, uint32_t p1)
{
    assert_true(ke_ended(r->ke));
    assert_int_equal(ke_bugcheck_state(r->ke)->code, code);
    assert_int_equal(ke_bugcheck_state(r->ke)->p[0], p1);
}

static uint64_t ms(const struct rig *r)
{
    return clock_now_ns(&r->clock) / 1000000;
}

/* PTE-003: paged pool that was trimmed faults, comes in and the instruction
 * goes on; from the paging file that takes a disk's time, which the thread
 * waits for. */
static void trimmed_pool_comes_in_by_a_touch(void **state)
{
    struct rig *r = *state;
    uint32_t va = CALL(r, "ExAllocatePool", PAGED, 3 * 4096);
    uint64_t start;

    assert_int_equal(kind_of(r, va), PTE_DEMAND_ZERO);
    assert_int_equal(CODE(r, READ(va)).eax, 0);
    assert_true(CODE(r, WRITE(va, 0x5151)).returned);
    assert_int_equal(paging_trim_system(&r->mm, false), 1);
    assert_int_equal(kind_of(r, va), PTE_TRANSITIONAL);
    start = ms(r);
    assert_int_equal(CODE(r, READ(va)).eax, 0x5151);
    assert_true(ms(r) - start < 5);
    assert_int_equal(paging_trim_system(&r->mm, true), 1);
    assert_int_equal(kind_of(r, va), PTE_PAGE_FILE);
    start = ms(r);
    assert_int_equal(CODE(r, READ(va)).eax, 0x5151);
    assert_true(ms(r) - start >= 5);
    assert_int_equal(kind_of(r, va), PTE_VALID);
    assert_int_equal(r->mm.s.read_debt, 0);
}

/* The same for what a routine of the kernel reads for its caller. */
static void a_routine_waits_for_what_it_reads(void **state)
{
    struct rig *r = *state;
    uint32_t va = user(r, 2, MM_RW), at = mdl(r, va, 0x2000);
    uint64_t start;

    set(r, va, 1);
    set(r, va + 4096, 2);
    assert_int_equal(paging_trim_space(&r->mm, r->space, true), 2);
    start = ms(r);
    CALL(r, "MmProbeAndLockPages", at, USER_MODE, MDL_WRITE_ACCESS);
    assert_true(ms(r) - start >= 10);
    assert_int_equal(get(r, va + 4096), 2);
    assert_int_equal(get(r, at + MDL_PFNS + 4),
                     pte_get(&r->mm, r->space, gva_of(va + 4096)) >> 12 &
                         0xffffff);
    CALL(r, "MmUnlockPages", at);
}

/* PTE-003: from DISPATCH_LEVEL on the touch of a trimmed page is the
 * driver's bugcheck, resident or not it works below. */
static void at_dispatch_a_trimmed_page_is_d1(void **state)
{
    struct rig *r = *state;
    uint32_t va = CALL(r, "ExAllocatePool", PAGED, 64);

    assert_true(CODE(r, WRITE(va, 7)).returned);
    r->irql = DISPATCH_LEVEL;
    assert_int_equal(CODE(r, READ(va)).eax, 7); /* NT's luck */
    paging_trim_system(&r->mm, false);
    CODE(r, READ(va));
    must_stop(r, 0xd1, va);
    assert_int_equal(ke_bugcheck_state(r->ke)->p[1], DISPATCH_LEVEL);
    assert_int_equal(ke_bugcheck_state(r->ke)->p[2], 0);
}

/* What a routine of the kernel touches for its caller from
 * DISPATCH_LEVEL on is 0x0A. */
static void at_dispatch_the_kernels_touch_is_0a(void **state)
{
    struct rig *r = *state;

    r->irql = DISPATCH_LEVEL;
    STOPS(r, 0x0a, 0x90000004, "MmUnlockPages", 0x90000000);
    assert_int_equal(ke_bugcheck_state(r->ke)->p[1], DISPATCH_LEVEL);
    assert_int_equal(ke_bugcheck_state(r->ke)->p[2], 0);
}

/* MDL-021: nonpaged memory is locked up to DISPATCH_LEVEL, pageable memory up
 * to APC_LEVEL; what is away at DISPATCH_LEVEL is 0x0A. */
static void pageable_memory_is_locked_below_dispatch(void **state)
{
    struct rig *r = *state;
    uint32_t pool = CALL(r, "ExAllocatePool", 0, 4096), va = user(r, 1, MM_RW);
    uint32_t a = mdl(r, pool, 4096), b = mdl(r, va, 4096);

    user_page_out(&r->mm, r->space, gva_of(va), 1);
    r->irql = APC_LEVEL;
    CALL(r, "MmProbeAndLockPages", b, USER_MODE, MDL_READ_ACCESS);
    CALL(r, "MmUnlockPages", b);
    user_page_out(&r->mm, r->space, gva_of(va), 1);
    r->irql = DISPATCH_LEVEL;
    CALL(r, "MmProbeAndLockPages", a, KERNEL_MODE, MDL_READ_ACCESS);
    STOPS(r, 0x0a, va, "MmProbeAndLockPages", b, USER_MODE, MDL_READ_ACCESS);
}

/* PTE-012: TRUE only if a touch would not fault now; nothing comes in. */
static void MmIsAddressValid_pages_nothing_in(void **state)
{
    struct rig *r = *state;
    uint32_t pool = CALL(r, "ExAllocatePool", PAGED, 3 * 4096);
    uint32_t va = user(r, 1, MM_RW);
    gva_t promised = {0}, large = gva_of(0x90000000);

    assert_int_equal(user_lazy(&r->mm, r->space, &promised, 1, MM_RW | MM_USER),
                     HB_OK);
    assert_int_equal(CALL(r, "MmIsAddressValid", 0x98765000), 0); /* a hole */
    assert_int_equal(CALL(r, "MmIsAddressValid", promised.v), 0);
    assert_int_equal(CALL(r, "MmIsAddressValid", pool + 4096), 0);
    set(r, pool, 1);
    assert_int_equal(CALL(r, "MmIsAddressValid", pool), 1);
    paging_trim_system(&r->mm, false);
    assert_int_equal(CALL(r, "MmIsAddressValid", pool), 0);
    paging_trim_system(&r->mm, true);
    assert_int_equal(CALL(r, "MmIsAddressValid", pool), 0);
    assert_int_equal(kind_of(r, pool), PTE_PAGE_FILE);
    assert_int_equal(CALL(r, "MmIsAddressValid", va), 1);
    paging_trim_space(&r->mm, r->space, false);
    assert_int_equal(CALL(r, "MmIsAddressValid", va), 0);
    assert_int_equal(kind_of(r, va), PTE_TRANSITIONAL);
    /* a large page of a driver's own making */
    if (r->mm.s.settings.pae)
        set(r, MM_PDE_VA_PAE(large.v) + 4, 0);
    set(r, r->mm.s.settings.pae ? MM_PDE_VA_PAE(large.v) : MM_PDE_VA32(large.v),
        0x400000 | PTE_PS | PTE_P | PTE_RW);
    assert_int_equal(CALL(r, "MmIsAddressValid", large.v + 0x12345), 1);
}

/* PTE-042: each decodes, and none of the forms is taken for a mapping by any
 * routine. */
static void forged_entries_are_no_mappings(void **state)
{
    struct rig *r = *state;
    bool pae = r->mm.s.settings.pae;
    const uint64_t high = (uint64_t)0x123 << (pae ? 32 : 12);
    const struct {
        uint64_t e;
        enum pte_kind kind;
    } form[] = {
        {0, PTE_ZERO},
        {4 << 5, PTE_DEMAND_ZERO},
        {high | 4 << 5, PTE_PAGE_FILE},
        {0x123000 | 1 << 11 | 4 << 5, PTE_TRANSITIONAL},
        {high | 1 << 10, PTE_PROTO},
        /* a free run of several as NT links them: the next one's index */
        {pae ? high : 0x12345000, PTE_PAGE_FILE},
        {pae ? high | 2 : 0x12345002, PTE_PAGE_FILE}, /* of one entry */
    };
    uint32_t at = mdl(r, MM_SYSTEM_PTES, 16);
    gva_t va;

    assert_int_equal(system_alloc(&r->mm, 1, MM_RW, &va), HB_OK);
    for (unsigned i = 0; i < sizeof form / sizeof *form; i++) {
        assert_int_equal(pte_decode(&r->mm, form[i].e).kind, form[i].kind);
        pte_edit(&r->mm, 0, va, form[i].e);
        assert_int_equal(CALL(r, "MmIsAddressValid", va.v + 8), 0);
        assert_int_equal(call64(r, "MmGetPhysicalAddress", 1, &va.v), 0);
        set(r, at + MDL_START_VA, va.v);
        set(r, at + MDL_BYTE_OFFSET, 0);
        RAISES(r, 0xc0000005, "MmProbeAndLockPages", at, KERNEL_MODE,
               MDL_READ_ACCESS);
    }
    STOPS(r, 0x1a, 0x1240, "MmBuildMdlForNonPagedPool", at);
}

/* ---- sections of drivers ----------------------------------------------------
 */

/* A driver of three pages: code, PAGE, data; PAGE has a routine at its start
 * that returns 0x77. */
static uint32_t load_driver(struct rig *r)
{
    static const uint8_t routine[] = {0xb8, 0x77, 0, 0, 0, 0xc3};
    struct image_section s;
    gva_t va;

    assert_int_equal(system_alloc(&r->mm, 3, MM_RWX, &va), HB_OK);
    ke_image_add(r->ke, "paged.sys", va, 3 * 4096);
    for (unsigned i = 0; i < 3; i++) {
        s = (struct image_section){.image = va.v,
                                   .va = va.v + i * 4096,
                                   .bytes = i == 1 ? 0x800 : 4096,
                                   .first = va.v + i * 4096,
                                   .pages = 1,
                                   .pageable = i == 1};
        assert_int_equal(section_add(&r->mm, &s), HB_OK);
    }
    mm_write(&r->mm, 0, gva_of(va.v + 4096), routine, sizeof routine);
    set(r, va.v + 8192, 0xda7a);
    return va.v;
}

/* PTE-003: pageable code that was trimmed runs below DISPATCH_LEVEL
 * and is 0xD1 above, at itself: the driver's mistake is found. */
static void pageable_code_faults_at_dispatch(void **state)
{
    struct rig *r = *state;
    uint32_t image = load_driver(r);

    assert_int_equal(paging_trim_system(&r->mm, true), 1);
    assert_int_equal(kind_of(r, image + 4096), PTE_PAGE_FILE);
    assert_int_equal(kind_of(r, image), PTE_VALID);
    assert_int_equal(CODE(r, CALL_AT(image + 4096)).eax, 0x77);
    paging_trim_system(&r->mm, true);
    r->irql = DISPATCH_LEVEL;
    CODE(r, CALL_AT(image + 4096));
    must_stop(r, 0xd1, image + 4096);
    assert_int_equal(ke_bugcheck_state(r->ke)->p[3], image + 4096);
}

/* A locked section comes in and stays, then runs at DISPATCH_LEVEL. */
static void a_locked_section_stays(void **state)
{
    struct rig *r = *state;
    uint32_t image = load_driver(r), handle;

    paging_trim_system(&r->mm, true);
    handle = CALL(r, "MmLockPagableDataSection", image + 4096 + 2);
    assert_int_equal(handle, image + 4096);
    assert_int_equal(kind_of(r, image + 4096), PTE_VALID);
    assert_int_equal(paging_trim_system(&r->mm, true), 0);
    CALL(r, "MmLockPagableSectionByHandle", handle);
    CALL(r, "MmUnlockPagableImageSection", handle);
    assert_int_equal(paging_trim_system(&r->mm, true), 0);
    r->irql = DISPATCH_LEVEL;
    assert_int_equal(CODE(r, CALL_AT(image + 4096)).eax, 0x77);
    r->irql = 0;
    CALL(r, "MmUnlockPagableImageSection", handle);
    assert_int_equal(paging_trim_system(&r->mm, true), 1);
    STOPS(r, 0x1a, 0x1010, "MmUnlockPagableImageSection", handle);
}

static void what_is_no_section_is_1a(void **state)
{
    STOPS(*state, 0x1a, 0x1234, "MmLockPagableDataSection", 0x90000000);
}

static void a_whole_driver_is_paged_and_reset(void **state)
{
    struct rig *r = *state;
    uint32_t image = load_driver(r);

    assert_int_equal(CALL(r, "MmPageEntireDriver", image + 8200), image);
    assert_int_equal(paging_trim_system(&r->mm, true), 3);
    assert_int_equal(kind_of(r, image + 8192), PTE_PAGE_FILE);
    assert_int_equal(CODE(r, READ(image + 8192)).eax, 0xda7a);
    paging_trim_system(&r->mm, true);
    CALL(r, "MmResetDriverPaging", image);
    assert_int_equal(kind_of(r, image), PTE_VALID);
    assert_int_equal(kind_of(r, image + 8192), PTE_VALID);
    assert_int_equal(kind_of(r, image + 4096), PTE_PAGE_FILE);
    assert_int_equal(paging_trim_system(&r->mm, true), 0);
    assert_int_equal(CALL(r, "MmPageEntireDriver", 0x90000000), 0);
    assert_int_equal(system_free(&r->mm, gva_of(image)), HB_OK);
    assert_int_equal(pagefile_used(&r->mm), 0);
    assert_null(section_find(&r->mm, gva_of(image)));
}

/* What is away belongs to one process for all that: the same user
 * address of another does not show it. */
static void the_page_of_one_process_is_no_others(void **state)
{
    struct rig *r = *state;
    uint32_t va = user(r, 1, MM_RW), other;

    set(r, va, 0x1234);
    paging_trim_space(&r->mm, r->space, true);
    assert_int_equal(space_create(&r->mm, &other), HB_OK);
    assert_int_equal(mm_fault(&r->mm, other, gva_of(va), PF_U),
                     MM_FAULT_VIOLATION);
    assert_int_equal(CODE(r, READ(va)).eax, 0x1234);
}

/* A kernel access to paged memory that cannot come is 0x7A, a driver's to user
 * memory an exception that it can handle. */
static void what_cannot_come_is_7a_or_raised(void **state)
{
    struct rig *r = *state;
    uint32_t pool = CALL(r, "ExAllocatePool", PAGED, 4096);
    uint32_t va = user(r, 1, MM_RW);
    struct outcome out;

    set(r, pool, 1);
    paging_trim_system(&r->mm, true);
    paging_trim_space(&r->mm, r->space, true);
    pagefile_close(&r->mm); /* the host lost it */
    out = CODE(r, READ(va));
    assert_true(out.raised);
    assert_int_equal(out.status, 0xc0000006);
    CODE(r, READ(pool));
    assert_true(ke_ended(r->ke));
    assert_int_equal(ke_bugcheck_state(r->ke)->code, 0x7a);
    assert_int_equal(ke_bugcheck_state(r->ke)->p[3], pool);
}

static void a_guard_page_raises_once(void **state)
{
    struct rig *r = *state;
    uint32_t va = user(r, 1, MM_RW | MM_GUARD);
    struct outcome out = CODE(r, READ(va));

    assert_true(out.raised);
    assert_int_equal(out.status, 0x80000001);
    assert_true(CODE(r, READ(va)).returned);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(f, setup) cmocka_unit_test_setup_teardown(f, setup, teardown)
#define BOTH(f)        CASE(f, setup_paged), CASE(f, setup_paged_pae)
        BOTH(trimmed_pool_comes_in_by_a_touch),
        BOTH(a_routine_waits_for_what_it_reads),
        BOTH(at_dispatch_a_trimmed_page_is_d1),
        CASE(at_dispatch_the_kernels_touch_is_0a, setup_xp),
        BOTH(pageable_memory_is_locked_below_dispatch),
        BOTH(MmIsAddressValid_pages_nothing_in),
        BOTH(forged_entries_are_no_mappings),
        BOTH(pageable_code_faults_at_dispatch),
        BOTH(a_locked_section_stays),
        CASE(what_is_no_section_is_1a, setup_xp),
        BOTH(a_whole_driver_is_paged_and_reset),
        BOTH(the_page_of_one_process_is_no_others),
        BOTH(what_cannot_come_is_7a_or_raised),
        CASE(a_guard_page_raises_once, setup_xp),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
