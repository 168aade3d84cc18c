/* tests/mm/walk_test.c -- the page walk counted over its whole input space
 * against an oracle written from the SDM's sentences (vol. 3A 4.3-4.7), which
 * knows entries only as lists of yes and no. */
#include "test.h"

#include "mm/walk.h"

enum { CR3 = 0x1000, TABLE = 0x2000, PDPT = 0x3000 };
#define VA 0x00c03abcu /* PDE 3, PTE 3; PAE: PDE 6, PTE 3 */

static int setup(void **state)
{
    static struct ram ram; /* each test creates it anew */
    const struct ram_range all = {0, 0x10000};

    *state = &ram;
    return ram_create(&ram, &all, 1, NULL);
}

static int teardown(void **state)
{
    ram_destroy(*state);
    return 0;
}

/** What the sentences of the SDM are about. */
struct level {
    bool present, writable, user, nx, reserved;
};

struct access {
    bool user, write, fetch, wp, nxe;
};

enum { MAPPED = -1 };

/* 4.7: error code of an access through @n levels, MAPPED if there is none.
 * Levels are looked at from the root on; the first that is not present, or has
 * a reserved bit set, ends the walk. Rights are those of all levels (4.6). */
static int oracle(const struct level *l, unsigned n, struct access a)
{
    int code = (a.write ? 2 : 0) + (a.user ? 4 : 0);
    bool all_user = true, all_writable = true, any_nx = false, denied;

    if (a.nxe && a.fetch)
        code += 16;
    for (unsigned i = 0; i < n; i++) {
        if (!l[i].present)
            return code;
        if (l[i].reserved)
            return code + 1 + 8;
        all_user = all_user && l[i].user;
        all_writable = all_writable && l[i].writable;
        any_nx = any_nx || l[i].nx;
    }
    if (a.user)
        denied = !all_user || (a.write && !all_writable);
    else
        denied = a.write && a.wp && !all_writable;
    denied = denied || (a.fetch && any_nx);
    return denied ? code + 1 : MAPPED;
}

static bool bit(unsigned *n)
{
    bool b = *n & 1;

    *n >>= 1;
    return b;
}

static void check(struct ram *ram, const struct walk_in *in, int want,
                  uint64_t pa, uint32_t page_bytes)
{
    struct walk_out out;
    bool mapped = walk(ram, in, gva_of(VA), &out);

    assert_int_equal(mapped ? MAPPED : (int)out.error, want);
    if (mapped) {
        assert_true(out.pa.v == pa);
        assert_int_equal(out.page_bytes, page_bytes);
    }
}

static void one_32bit_walk(struct ram *ram, unsigned n)
{
    struct level l[2] = {{0}};
    struct access a = {0};
    struct walk_in in = {.cr3 = gpa_of(CR3), .paging = true};
    bool ps, bit21, bit13, large, deep;
    uint32_t pde, pte;

    l[0].present = bit(&n);
    l[0].writable = bit(&n);
    l[0].user = bit(&n);
    l[1].present = bit(&n);
    l[1].writable = bit(&n);
    l[1].user = bit(&n);
    in.user = a.user = bit(&n);
    in.write = a.write = bit(&n);
    in.fetch = a.fetch = bit(&n);
    in.wp = a.wp = bit(&n);
    in.pse = bit(&n);
    in.nx = bit(&n); /* means nothing outside PAE */
    ps = bit(&n);
    bit21 = bit(&n);
    bit13 = bit(&n);
    deep = bit(&n);
    assert_int_equal(n, 0);
    in.physical_bits = deep ? 36 : 32;

    pde = (uint32_t)l[0].present | l[0].writable << 1 | l[0].user << 2;
    pde |= ps << 7 | bit21 << 21 | bit13 << 13;
    large = in.pse && ps;
    if (!large)
        pde = (pde & 0xfff) | TABLE;
    else
        pde |= 0x40000000;
    pte = (uint32_t)l[1].present | l[1].writable << 1 | l[1].user << 2 | 0x80;
    pte |= 0x7000;
    ram_write32(ram, gpa_of(CR3 + 4 * 3), pde);
    ram_write32(ram, gpa_of(TABLE + 4 * 3), pte);
    /* table 4-4: bit 21 is always reserved, 13 is physical bit 32 if the CPU
     * has 36 of them */
    l[0].reserved = large && (bit21 || (bit13 && !deep));
    check(ram, &in, oracle(l, large ? 1 : 2, a),
          large ? 0x40003abc + ((uint64_t)bit13 << 32) : 0x7abc,
          large ? 4u << 20 : 4096);
}

static void all_32bit_walks_are_as_the_manual_says(void **state)
{
    for (unsigned n = 0; n < 1u << 16; n++)
        one_32bit_walk(*state, n);
}

static void one_pae_walk(struct ram *ram, unsigned n)
{
    struct level l[3] = {{.writable = true, .user = true}};
    struct access a = {0};
    struct walk_in in = {
        .cr3 = gpa_of(PDPT), .paging = true, .pae = true, .physical_bits = 36};
    uint64_t pde, pte = 0x7000;
    bool ps, low;

    l[0].present = bit(&n);
    for (unsigned i = 1; i < 3; i++) {
        l[i].present = bit(&n);
        l[i].writable = bit(&n);
        l[i].user = bit(&n);
        l[i].nx = bit(&n);
        l[i].reserved = bit(&n);
    }
    in.user = a.user = bit(&n);
    in.write = a.write = bit(&n);
    in.fetch = a.fetch = bit(&n);
    in.wp = a.wp = bit(&n);
    in.nx = a.nxe = bit(&n);
    in.pse = bit(&n); /* means nothing under PAE */
    ps = bit(&n);
    low = bit(&n);
    assert_int_equal(n, 0);

    in.pdpte[0] = CR3 | l[0].present;
    pde = (uint64_t)l[1].present | l[1].writable << 1 | l[1].user << 2 |
          ps << 7 | (uint64_t)l[1].nx << 63 | (uint64_t)l[1].reserved << 36;
    pde |= ps ? 0xf40000000 | (uint64_t)low << 13 : TABLE;
    pte |= (uint64_t)l[2].present | l[2].writable << 1 | l[2].user << 2 | 0x80 |
           (uint64_t)l[2].nx << 63 | (uint64_t)l[2].reserved << 51;
    ram_write64(ram, gpa_of(CR3 + 8 * 6), pde);
    ram_write64(ram, gpa_of(TABLE + 8 * 3), pte);
    for (unsigned i = 1; i < 3; i++) {
        l[i].reserved = l[i].reserved || (l[i].nx && !a.nxe);
        l[i].nx = l[i].nx && a.nxe;
    }
    l[1].reserved = l[1].reserved || (ps && low); /* table 4-9, 20:13 */
    check(ram, &in, oracle(l, ps ? 2 : 3, a), ps ? 0xf40003abc : 0x7abc,
          ps ? 2u << 20 : 4096);
}

static void all_pae_walks_are_as_the_manual_says(void **state)
{
    for (unsigned n = 0; n < 1u << 19; n++)
        one_pae_walk(*state, n);
}

static void slots_and_entries_are_told_at_each_level(void **state)
{
    struct walk_in in = {.cr3 = gpa_of(CR3), .paging = true, .pge = true};
    struct walk_out out;

    in.physical_bits = 32;
    ram_write32(*state, gpa_of(CR3 + 12), TABLE | 7);
    ram_write32(*state, gpa_of(TABLE + 12), 0x7000 | PTE_P | PTE_G | PTE_D);
    assert_true(walk(*state, &in, gva_of(VA), &out));
    assert_int_equal(out.slot[0].v, CR3 + 12);
    assert_int_equal(out.slot[1].v, TABLE + 12);
    assert_int_equal(out.entry[0], TABLE | 7);
    assert_int_equal(out.leaf, 1);
    assert_int_equal(out.entry_bytes, 4);
    assert_true(out.global && out.dirty);
    assert_int_equal(out.rights & (PTE_RW | PTE_US), 0);
    in.pge = false;
    assert_true(walk(*state, &in, gva_of(VA), &out));
    assert_false(out.global);
}

static void tables_in_no_ram_read_as_ones(void **state)
{
    struct walk_in in = {.cr3 = gpa_of(0xfffff000), .paging = true};
    struct walk_out out;

    in.physical_bits = 32;
    assert_true(walk(*state, &in, gva_of(0xffffffff), &out));
    assert_true(out.pa.v == 0xffffffff);
    walk_touch(*state, &out, true); /* vanishes */
}

static void without_paging_every_address_is_itself(void **state)
{
    struct walk_in in = {.user = true, .write = true};
    struct walk_out out;

    assert_true(walk(*state, &in, gva_of(0xdeadbeef), &out));
    assert_true(out.pa.v == 0xdeadbeef);
    walk_touch(*state, &out, true);
    assert_int_equal(ram_read32(*state, gpa_of(0)), 0);
}

static void touching_sets_accessed_on_all_levels_dirty_on_the_leaf(void **state)
{
    struct walk_in in = {.cr3 = gpa_of(CR3), .paging = true};
    struct walk_out out;

    in.physical_bits = 32;
    ram_write32(*state, gpa_of(CR3 + 12), TABLE | 3);
    ram_write32(*state, gpa_of(TABLE + 12), 0x7000 | 3);
    assert_true(walk(*state, &in, gva_of(VA), &out));
    assert_int_equal(ram_read32(*state, gpa_of(CR3 + 12)), TABLE | 3);
    walk_touch(*state, &out, false);
    assert_int_equal(ram_read32(*state, gpa_of(CR3 + 12)), TABLE | 0x23);
    assert_int_equal(ram_read32(*state, gpa_of(TABLE + 12)), 0x7023);
    walk_touch(*state, &out, true);
    assert_int_equal(ram_read32(*state, gpa_of(CR3 + 12)), TABLE | 0x23);
    assert_int_equal(ram_read32(*state, gpa_of(TABLE + 12)), 0x7063);
}

static void touching_under_pae_leaves_the_pdpte_alone(void **state)
{
    struct walk_in in = {.cr3 = gpa_of(PDPT),
                         .paging = true,
                         .pae = true,
                         .nx = true,
                         .physical_bits = 36};
    struct walk_out out;

    ram_write64(*state, gpa_of(PDPT), CR3 | 1);
    ram_write64(*state, gpa_of(CR3 + 48), TABLE | 3);
    ram_write64(*state, gpa_of(TABLE + 24), PTE_NX | 0x7003);
    assert_true(walk_load_pdptes(*state, &in));
    in.write = true;
    assert_true(walk(*state, &in, gva_of(VA), &out));
    assert_int_equal(out.slot[0].v, PDPT);
    walk_touch(*state, &out, true);
    assert_int_equal(ram_read64(*state, gpa_of(PDPT)), CR3 | 1);
    assert_int_equal(ram_read64(*state, gpa_of(CR3 + 48)), TABLE | 0x23);
    assert_true(ram_read64(*state, gpa_of(TABLE + 24)) == (PTE_NX | 0x7063));
}

static void a_reserved_bit_in_a_present_pdpte_fails_the_load(void **state)
{
    struct walk_in in = {.cr3 = gpa_of(PDPT + 0x20), .physical_bits = 36};

    for (unsigned b = 0; b < 64; b++) {
        bool reserved = b == 1 || b == 2 || (b >= 5 && b <= 8) || b >= 36;
        uint64_t e = (uint64_t)1 << b;

        ram_write64(*state, gpa_of(PDPT + 0x38), e | 1);
        assert_int_equal(walk_load_pdptes(*state, &in), !reserved);
        ram_write64(*state, gpa_of(PDPT + 0x38), e & ~(uint64_t)1);
        assert_true(walk_load_pdptes(*state, &in));
    }
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(all_32bit_walks_are_as_the_manual_says),
        T(all_pae_walks_are_as_the_manual_says),
        T(slots_and_entries_are_told_at_each_level),
        T(tables_in_no_ram_read_as_ones),
        T(without_paging_every_address_is_itself),
        T(touching_sets_accessed_on_all_levels_dirty_on_the_leaf),
        T(touching_under_pae_leaves_the_pdpte_alone),
        T(a_reserved_bit_in_a_present_pdpte_fails_the_load),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
