/* tests/mm_exports/iospace_test.c -- device memory as drivers map it. */
#include <stdio.h>

#include "rig.h"

#define PA(v) (uint32_t)(v), (uint32_t)((uint64_t)(v) >> 32)

/* IOS-001, IOS-002: all of the range, at any IRQL, in any process. */
static void a_mapping_reaches_its_range_everywhere(void **state)
{
    struct rig *r = *state;
    uint32_t va, last, other, seen;

    va = CALL(r, "MmMapIoSpace", PA(RIG_BAR + 0x123), 0x2000, 0);
    assert_int_equal(va & 0xfff, 0x123);
    assert_true(va >= 0x80000000);
    last = va + 0x1fff;
    assert_int_equal(call64(r, "MmGetPhysicalAddress", 1, &last),
                     RIG_BAR + 0x2122);
    for (uint8_t irql = 0; irql < 32; irql += 31) {
        r->irql = irql;
        CODE(r, 0xc6, 0x05, DWORD(va), 0x11, 0xc6, 0x05, DWORD(last), 0x22);
        seen =
            CODE(r, 0x0f, 0xb6, 0x05, DWORD(last), 0x8a, 0x25, DWORD(va)).eax;
        assert_int_equal(seen, 0x1122);
    }
    assert_int_equal(space_create(&r->mm, &other), HB_OK);
    assert_int_equal(pte_get(&r->mm, other, gva_of(va)),
                     pte_get(&r->mm, r->space, gva_of(va)));
}

struct seen {
    char line[8][48];
    unsigned count;
};

static void see(void *context, const struct hb_event *e)
{
    struct seen *s = context;

    if (s->count < 8)
        snprintf(s->line[s->count++], sizeof s->line[0], "%c%u %x %x",
                 e->id == EV_mmio_read ? 'r' : 'w', (unsigned)e->args[1],
                 (unsigned)(e->args[0] - RIG_REGISTERS), (unsigned)e->args[2]);
}

/* IOS-003: plain loads and stores reach the card one by one, as they are. */
static void accesses_keep_size_and_order(void **state)
{
    /* the card's registers are dwords: it refuses the rest, after the bus */
    static const char *const want[] = {"w1 0 11", "w2 4 2233", "w4 8 44556677",
                                       "r4 8 1",  "w4 20 1",   "r2 4 ffff",
                                       "r1 0 ff"};
    struct rig *r = *state;
    struct seen s = {.count = 0};
    uint32_t va;

    va = CALL(r, "MmMapIoSpace", PA(RIG_REGISTERS), 0x1000, 0);
    assert_int_equal(events_listen(&r->events, see, &s, "mmio_*"), HB_OK);
    CODE(r, 0xc6, 0x05, DWORD(va), 0x11,              /* mov byte          */
         0x66, 0xc7, 0x05, DWORD(va + 4), 0x33, 0x22, /* mov word          */
         0xc7, 0x05, DWORD(va + 8), DWORD(0x44556677), 0x56, 0x57, 0xbe,
         DWORD(va + 8), 0xbf, DWORD(va + 0x20), 0xa5, 0x5f, 0x5e, /* movsd */
         0x66, 0xa1, DWORD(va + 4), 0xa0, DWORD(va));
    for (unsigned i = 0; i < s.count; i++)
        fprintf(stderr, "%s\n", s.line[i]);
    for (unsigned i = 0; i < 7; i++)
        assert_string_equal(s.line[i], want[i]);
    assert_int_equal(s.count, 7);
}

/* IOS-010: exactly its PTEs go, and a touch is 0x50. */
static void an_unmapped_range_faults(void **state)
{
    struct rig *r = *state;
    uint32_t free = sysptes_free_count(&r->mm), va, other;

    va = CALL(r, "MmMapIoSpace", PA(RIG_BAR + 0x800), 0x1000, 0);
    other = CALL(r, "MmMapIoSpace", PA(RIG_BAR), 0x1000, 0);
    CODE(r, 0xa1, DWORD(va)); /* its translation is in the TLB */
    CALL(r, "MmUnmapIoSpace", va, 0x1000);
    assert_int_equal(free - sysptes_free_count(&r->mm), 1);
    assert_int_equal(CALL(r, "MmIsAddressValid", other), 1);
    assert_false(CODE(r, 0xa1, DWORD(va)).returned);
    assert_int_equal(ke_bugcheck_state(r->ke)->code, 0x50);
    assert_int_equal(ke_bugcheck_state(r->ke)->p[0], va);
}

/* IOS-010 */
static void an_unmapped_range_faults_with_d1_at_dispatch(void **state)
{
    struct rig *r = *state;
    uint32_t va = CALL(r, "MmMapIoSpace", PA(RIG_BAR), 0x1000, 0);

    CALL(r, "MmUnmapIoSpace", va, 0x1000);
    r->irql = 2;
    assert_false(CODE(r, 0xa1, DWORD(va)).returned);
    assert_int_equal(ke_bugcheck_state(r->ke)->code, 0xd1);
    assert_int_equal(ke_bugcheck_state(r->ke)->p[0], va);
}

/* PTE-026, IOS-004, SEC-025: an address or NULL, and nothing is left. */
static void MmMapIoSpace_maps_or_gives_null(void **state)
{
    struct rig *r = *state;
    uint32_t free = sysptes_free_count(&r->mm), va;

    va = CALL(r, "MmMapIoSpace", PA(0xf0000ffe), 4, 0);
    assert_int_equal(va & 0xfff, 0xffe);
    assert_int_equal(free - sysptes_free_count(&r->mm), 2);
    assert_int_equal(call64(r, "MmGetPhysicalAddress", 1, &va), 0xf0000ffe);
    CALL(r, "MmUnmapIoSpace", va, 4);
    assert_int_equal(sysptes_free_count(&r->mm), free);
    assert_int_equal(CALL(r, "MmMapIoSpace", PA(0xf0000000), 0, 0), 0);
    assert_int_equal(CALL(r, "MmMapIoSpace", PA(0), 0xffffffff, 0), 0);
    assert_int_equal(CALL(r, "MmMapIoSpace", PA(UINT64_MAX), 2, 0), 0);
    assert_int_equal(CALL(r, "MmMapIoSpace", PA(0xf0000000), 4, 6), 0);
    use_up_ptes(r);
    assert_int_equal(CALL(r, "MmMapIoSpace", PA(0xf0000000), 4, 0), 0);
}

/* IOS-007: XP's own word on it. */
static void MmMapIoSpace_over_ram_is_a_finding_and_works(void **state)
{
    struct rig *r = *state;
    uint32_t va = CALL(r, "MmMapIoSpace", PA(0x300000), 4096, 1);

    assert_string_equal(r->rule, "S37");
    set(r, va, 0x777);
    assert_int_equal(ram_read32(&r->ram, gpa_of(0x300000)), 0x777);
}

/* IOS-007 */
static void MmMapIoSpace_over_free_ram_is_c4_83_with_checks(void **state)
{
    struct rig *r = *state;

    STOPS(r, 0xc4, 0x83, "MmMapIoSpace", PA(0x300010), 0x1800, 1);
    assert_int_equal(ke_bugcheck_state(r->ke)->p[1], 0x300010);
    assert_int_equal(ke_bugcheck_state(r->ke)->p[2], 0x1800);
    assert_int_equal(ke_bugcheck_state(r->ke)->p[3], 0x300);
}

/* IOS-007 */
static void MmMapIoSpace_over_free_ram_is_1a_1233_later(void **state)
{
    struct rig *r = rig_new(&(struct rig_options){.mm = {.era = MM_W8}});

    (void)state;
    STOPS(r, 0x1a, 0x1233, "MmMapIoSpace", PA(0x300010), 0x1800, 1);
    assert_int_equal(ke_bugcheck_state(r->ke)->p[1], 0x300);
    rig_free(r);
}

/* IOS-011: twice, never mapped, and another page count. */
static void unmapping_twice_is_da_400(void **state)
{
    struct rig *r = *state;
    uint32_t va = CALL(r, "MmMapIoSpace", PA(0xf0000000), 16, 0);

    CALL(r, "MmUnmapIoSpace", va, 16);
    CALL(r, "MmUnmapIoSpace", va, 16); /* a finding */
    assert_string_equal(r->rule, "S37");
    CALL(r, "MmUnmapIoSpace", 0x81000000, 16);
    assert_int_equal(r->findings, 2);
    va = CALL(r, "MmMapIoSpace", PA(0xf0000000), 16, 0);
    CALL(r, "MmUnmapIoSpace", va, 16 + 4096);
    assert_int_equal(r->findings, 3);
    r->mm.s.settings.track_ptes = 1;
    STOPS(r, 0xda, 0x400, "MmUnmapIoSpace", va, 4097);
    assert_int_equal(ke_bugcheck_state(r->ke)->p[1], va);
    assert_int_equal(ke_bugcheck_state(r->ke)->p[2], 2);
    assert_int_equal(ke_bugcheck_state(r->ke)->p[3], 0);
}

/* IOS-005, PTE-039: the low byte is the type; one page costs one PTE. */
static void cache_types_are_read_by_their_low_byte(void **state)
{
    const uint32_t type[] = {0, 1, 2, 3, 4, 5, 0x100};
    const uint64_t both = PTE_PCD | PTE_PWT;
    const uint64_t want[] = {both, 0, PTE_PCD, 0, both, PTE_PCD, both};
    struct rig *r = *state;

    for (uint32_t i = 0; i < 7; i++) {
        uint32_t va =
            CALL(r, "MmMapIoSpace", PA(0xf0000000 + i * 4096), 16, type[i]);

        assert_int_equal(pte_get(&r->mm, 0, gva_of(va)) & both, want[i]);
    }
    assert_int_equal(CALL(r, "MmMapIoSpace", PA(0xf0000000), 16, 0x106), 0);
}

/* IOS-006, IOS-009, IOS-015 */
static void two_cache_types_of_one_page_are_a_finding(void **state)
{
    struct rig *r = *state;
    uint32_t a = CALL(r, "MmMapIoSpace", PA(0xf0000000), 16, 0), b;

    assert_int_equal(r->findings, 0);
    b = CALL(r, "MmMapIoSpace", PA(0xf0000000), 16, 0);
    assert_int_equal(r->findings, 0);
    assert_int_not_equal(a, b);
    CALL(r, "MmMapIoSpace", PA(0xf0000000), 16, 1);
    assert_int_equal(r->findings, 1);
    CALL(r, "MmMapIoSpace", PA(0xf0000000), 0, 0);
    assert_int_equal(r->findings, 2);
}

/* IOS-008 */
static void high_addresses_need_pae(void **state)
{
    struct rig *r = *state;
    uint32_t va = CALL(r, "MmMapIoSpace", PA(0xc00000000), 16, 0);

    assert_int_equal(va != 0, r->mm.s.settings.pae);
    if (va)
        assert_int_equal(call64(r, "MmGetPhysicalAddress", 1, &va),
                         0xc00000000);
}

/* IOS-012: 2 is fine to map at, reported when unmapping. */
static void irql_is_checked(void **state)
{
    struct rig *r = *state;
    uint32_t va;

    for (uint8_t irql = 1; irql <= 2; irql++) {
        r->irql = irql;
        va = CALL(r, "MmMapIoSpace", PA(0xf0000000), 16, 0);
        assert_int_not_equal(va, 0);
        CALL(r, "MmUnmapIoSpace", va, 16);
        assert_int_equal(r->findings, irql == 2);
    }
    r->irql = 3;
    STOPS(r, 0xc4, 0x73, "MmMapIoSpace", PA(0xf0000000), 16, 0);
    assert_int_equal(ke_bugcheck_state(r->ke)->p[1], 3);
    assert_int_equal(ke_bugcheck_state(r->ke)->p[2], 0xf0000000);
    assert_int_equal(ke_bugcheck_state(r->ke)->p[3], 16);
}

/* IOS-012 */
static void unmapping_above_dispatch_is_c4_7b(void **state)
{
    struct rig *r = *state;
    uint32_t va = CALL(r, "MmMapIoSpace", PA(0xf0000000), 16, 0);

    r->irql = 3;
    STOPS(r, 0xc4, 0x7b, "MmUnmapIoSpace", va, 16);
    assert_int_equal(ke_bugcheck_state(r->ke)->p[1], 3);
    assert_int_equal(ke_bugcheck_state(r->ke)->p[2], va);
    assert_int_equal(ke_bugcheck_state(r->ke)->p[3], 16);
}

/* IOS-014, PTE-038: what an image leaves behind is named. */
static void leaks_are_told_by_image(void **state)
{
    struct rig *r = *state;
    uint32_t va = CALL(r, "MmMapIoSpace", PA(0xf0000000), 0x2001, 0);

    CALL(r, "MmAllocateContiguousMemory", 0x1000, PA(-1));
    CALL(r, "MmAllocateNonCachedMemory", 0x1000);
    CALL(r, "MmAllocateMappingAddress", 0x1000, 0x42);
    CALL(r, "MmMapLockedPages", locked(r, 0, 0x1000), KERNEL_MODE);
    assert_int_equal(sysptes_leaks(&r->mm, "test.sys", gva_of(r->code), 8192),
                     3 + 1 + 2 + 3 + 1);
    assert_int_equal(r->findings, 5);
    assert_string_equal(r->rule, "S37");
    CALL(r, "MmUnmapIoSpace", va, 0x2001);
    assert_int_equal(sysptes_leaks(&r->mm, "test.sys", gva_of(r->code), 8192),
                     7);
    assert_int_equal(sysptes_leaks(&r->mm, "x.sys", gva_of(0x1000), 8192), 0);
}

/* IOS-013 */
static void video_display_is_the_same_mapping(void **state)
{
    struct rig *r = *state;
    uint32_t free = sysptes_free_count(&r->mm),
             va = CALL(r, "MmMapVideoDisplay", PA(0xa0000), 0x10000, 0);

    assert_int_equal(call64(r, "MmGetPhysicalAddress", 1, &va), 0xa0000);
    assert_int_equal(free - sysptes_free_count(&r->mm), 16);
    CALL(r, "MmUnmapVideoDisplay", va, 0x10000);
    assert_int_equal(sysptes_free_count(&r->mm), free);
    CALL(r, "MmUnmapVideoDisplay", va, 0x10000);
    assert_string_equal(r->rule, "S37");
}

static void NT4_reads_the_cache_argument_as_a_boolean(void **state)
{
    struct rig *r = rig_new(&(struct rig_options){.mm = {.era = MM_NT4}});
    uint32_t va = CALL(r, "MmMapIoSpace", PA(0xf0000000), 4, 0x12345600);

    (void)state;
    assert_int_equal(pte_get(&r->mm, 0, gva_of(va)) & (PTE_PCD | PTE_PWT),
                     PTE_PCD | PTE_PWT);
    rig_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(f, setup) cmocka_unit_test_setup_teardown(f, setup, teardown)
        CASE(a_mapping_reaches_its_range_everywhere, setup_card),
        CASE(accesses_keep_size_and_order, setup_card),
        CASE(an_unmapped_range_faults, setup_card),
        CASE(an_unmapped_range_faults_with_d1_at_dispatch, setup_card),
        CASE(MmMapIoSpace_maps_or_gives_null, setup_xp),
        CASE(MmMapIoSpace_over_ram_is_a_finding_and_works, setup_xp),
        CASE(MmMapIoSpace_over_free_ram_is_c4_83_with_checks, setup_checks),
        CASE(unmapping_twice_is_da_400, setup_xp),
        CASE(cache_types_are_read_by_their_low_byte, setup_xp),
        CASE(two_cache_types_of_one_page_are_a_finding, setup_xp),
        CASE(high_addresses_need_pae, setup_xp),
        CASE(high_addresses_need_pae, setup_pae),
        CASE(irql_is_checked, setup_checks),
        CASE(unmapping_above_dispatch_is_c4_7b, setup_checks),
        cmocka_unit_test(MmMapIoSpace_over_free_ram_is_1a_1233_later),
        CASE(leaks_are_told_by_image, setup_xp),
        CASE(video_display_is_the_same_mapping, setup_xp),
        cmocka_unit_test(NT4_reads_the_cache_argument_as_a_boolean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
