/* tests/mm/tlb_test.c -- an entry leaves only by an architectural flush. */
#include "test.h"

#include "mm/tlb.h"

struct bench {
    struct ram ram;
    struct tlb tlb;
};

static int setup(void **state)
{
    static struct bench b; /* each test creates it anew */
    const struct ram_range all = {0, 0x800000};

    *state = &b;
    return ram_create(&b.ram, &all, 1, NULL) || tlb_create(&b.tlb, NULL);
}

static int teardown(void **state)
{
    struct bench *b = *state;

    tlb_destroy(&b->tlb);
    ram_destroy(&b->ram);
    return 0;
}

static struct tlb_entry *fill(struct bench *b, uint32_t va, uint64_t pa,
                              struct walk_out out, bool write)
{
    struct walk_in in = {.paging = true, .wp = true, .nx = true};

    in.write = write;
    out.pa = gpa_of(pa);
    out.page_bytes = out.page_bytes ? out.page_bytes : PAGE_BYTES;
    return tlb_fill(&b->tlb, &b->ram, gva_of(va), &in, &out);
}

static void rights_become_what_is_allowed(void **state)
{
    struct bench *b = *state;

    for (unsigned n = 0; n < 64; n++) {
        bool rw = n & 1, us = n & 2, nx = n & 4, dirty = n & 8;
        bool write = n & 16, wp = n & 32, d = dirty || write;
        struct walk_in in = {.wp = wp, .nx = true, .write = write};
        struct walk_out out = {.pa = gpa_of(0x5000), .dirty = dirty};
        unsigned want = TLB_READ;

        out.page_bytes = PAGE_BYTES;
        out.rights = (rw ? PTE_RW : 0u) | (us ? PTE_US : 0u);
        out.rights |= nx ? PTE_NX : 0;
        want |= nx ? 0 : TLB_FETCH;
        want |= d && (rw || !wp) ? TLB_WRITE : 0;
        if (us) {
            want |= TLB_READ << 3 | (nx ? 0 : TLB_FETCH << 3);
            want |= d && rw ? TLB_WRITE << 3 : 0;
        }
        assert_int_equal(
            tlb_fill(&b->tlb, &b->ram, gva_of(0), &in, &out)->allow, want);
    }
}

static void a_write_entry_marks_its_page_and_a_read_entry_does_not(void **state)
{
    struct bench *b = *state;
    struct walk_out out = {.rights = PTE_RW, .dirty = true};
    struct tlb_entry *e = fill(b, 0x3000, 0x5123, out, false);

    assert_int_equal(e->frame, 0x5000);
    assert_ptr_equal(e->host, b->ram.base + 0x5000);
    assert_true(e->allow & TLB_WRITE);
    assert_false(e->fast & TLB_WRITE);
    assert_true(ram_next_touched(&b->ram, 0) == UINT64_MAX);
    tlb_open_write(&b->ram, e);
    assert_true(e->fast & TLB_WRITE);
    assert_int_equal(ram_next_touched(&b->ram, 0), 5);
    tlb_write_protect(&b->tlb);
    assert_false(e->fast & TLB_WRITE);
    assert_true(e->fast & TLB_READ);
}

static void what_is_not_ram_takes_the_slow_path(void **state)
{
    struct bench *b = *state;
    struct walk_out out = {.rights = PTE_RW};
    struct tlb_entry *e = fill(b, 0x3000, 0xf0000000, out, true);

    assert_null(e->host);
    assert_true(e->allow & TLB_WRITE);
    assert_int_equal(e->fast, 0);
}

static void a_cr3_load_keeps_global_entries(void **state)
{
    struct bench *b = *state;
    struct walk_out global = {.global = true}, plain = {0};

    for (uint32_t i = 0; i < 100; i++)
        fill(b, i << 12, i << 12, i % 3 ? plain : global, false);
    tlb_flush(&b->tlb, false);
    assert_int_equal(b->tlb.used_count, 34);
    for (uint32_t i = 0; i < 100; i++)
        assert_int_equal(tlb_entry(&b->tlb, gva_of(i << 12))->allow != 0,
                         i % 3 == 0);
    tlb_flush(&b->tlb, true);
    assert_int_equal(b->tlb.used_count, 0);
    assert_int_equal(tlb_entry(&b->tlb, gva_of(0))->allow, 0);
}

static void invlpg_drops_one_entry_even_if_global(void **state)
{
    struct bench *b = *state;
    struct walk_out global = {.global = true};

    for (uint32_t i = 0; i < 5; i++)
        fill(b, i << 12, i << 12, global, false);
    tlb_flush_page(&b->tlb, gva_of(0x2fff));
    assert_int_equal(b->tlb.used_count, 4);
    assert_int_equal(tlb_entry(&b->tlb, gva_of(0x2000))->allow, 0);
    for (uint32_t i = 0; i < 5; i++)
        tlb_flush_page(&b->tlb, gva_of(i << 12));
    assert_int_equal(b->tlb.used_count, 0);
}

static void invlpg_drops_all_pieces_of_a_large_page(void **state)
{
    struct bench *b = *state;
    struct walk_out four = {.page_bytes = 4u << 20};
    struct walk_out two = {.page_bytes = 2u << 20}, plain = {0};

    fill(b, 0x400000, 0x400000, four, false);
    fill(b, 0x7ff000, 0x7ff000, four, false);
    fill(b, 0x800000, 0x400000, two, false);
    fill(b, 0xa00000, 0x400000, two, false);
    fill(b, 0xbff000, 0x5ff000, two, false);
    fill(b, 0xc00000, 0x1000, plain, false);
    tlb_flush_page(&b->tlb, gva_of(0x500000)); /* a piece not entered */
    assert_int_equal(b->tlb.used_count, 4);
    tlb_flush_page(&b->tlb, gva_of(0xa01000));
    assert_int_equal(b->tlb.used_count, 2);
    assert_true(tlb_entry(&b->tlb, gva_of(0x800000))->allow);
    assert_int_equal(b->tlb.large_count, 1);
}

static void a_changed_entry_in_memory_leaves_the_tlb_stale(void **state)
{
    struct bench *b = *state;
    struct walk_in in = {.cr3 = gpa_of(0x1000), .paging = true};
    struct walk_out out;

    in.physical_bits = 32;
    ram_write32(&b->ram, gpa_of(0x1000), 0x2003);
    ram_write32(&b->ram, gpa_of(0x2000 + 4 * 9), 0x7003);
    assert_true(walk(&b->ram, &in, gva_of(0x9000), &out));
    tlb_fill(&b->tlb, &b->ram, gva_of(0x9000), &in, &out);
    ram_write32(&b->ram, gpa_of(0x2000 + 4 * 9), 0);
    assert_int_equal(tlb_entry(&b->tlb, gva_of(0x9000))->frame, 0x7000);
}

static void write_protect_of_cr0_is_looked_at_anew(void **state)
{
    struct bench *b = *state;
    struct walk_out out = {.dirty = true};
    struct walk_in in = {.wp = false, .nx = true};
    struct tlb_entry *e = fill(b, 0, 0, out, false);

    assert_false(e->allow & TLB_WRITE);
    tlb_allow(&b->tlb, &in);
    assert_true(e->allow & TLB_WRITE);
}

static unsigned page_5000(void *context, gva_t va, gpa_t frame)
{
    (void)context;
    (void)va;
    return frame.v == 0x5000 ? TLB_READ | TLB_WRITE | TLB_FETCH : 0;
}

static void a_page_made_slow_has_no_fast_path_under_any_address(void **state)
{
    struct bench *b = *state;
    struct walk_out out = {.rights = PTE_RW};

    fill(b, 0x1000, 0x5000, out, true);
    fill(b, 0x9000, 0x5000, out, false);
    fill(b, 0x2000, 0x6000, out, true);
    tlb_slow_all(&b->tlb, page_5000, NULL);
    assert_int_equal(tlb_entry(&b->tlb, gva_of(0x1000))->fast, 0);
    assert_int_equal(tlb_entry(&b->tlb, gva_of(0x9000))->fast, 0);
    assert_true(tlb_entry(&b->tlb, gva_of(0x1000))->allow & TLB_WRITE);
    tlb_open_write(&b->ram, tlb_entry(&b->tlb, gva_of(0x1000)));
    tlb_open_write(&b->ram, tlb_entry(&b->tlb, gva_of(0x2000)));
    assert_int_equal(tlb_entry(&b->tlb, gva_of(0x1000))->fast, 0);
    assert_true(tlb_entry(&b->tlb, gva_of(0x2000))->fast & TLB_WRITE);
}

static void only_what_is_watched_goes_slow(void **state)
{
    struct bench *b = *state;
    struct walk_out out = {.rights = PTE_RW | PTE_US};
    const struct tlb_entry *e = tlb_entry(&b->tlb, gva_of(0x1000));

    fill(b, 0x1000, 0x5000, out, true);
    tlb_slow(&b->tlb, gva_of(0x1000), TLB_WRITE);
    tlb_open_write(&b->ram, tlb_entry(&b->tlb, gva_of(0x1000)));
    assert_int_equal(e->fast, (TLB_READ | TLB_FETCH) * 9);
    assert_ptr_equal(e->host, b->ram.base + 0x5000);
    tlb_slow(&b->tlb, gva_of(0x1000), TLB_FETCH);
    tlb_open_write(&b->ram, tlb_entry(&b->tlb, gva_of(0x1000)));
    assert_int_equal(e->fast, (TLB_READ | TLB_WRITE) * 9);
    tlb_slow(&b->tlb, gva_of(0x1000), 0);
    tlb_open_write(&b->ram, tlb_entry(&b->tlb, gva_of(0x1000)));
    assert_int_equal(e->fast, e->allow);
}

static void contents_are_saved_in_their_order(void **state)
{
    struct bench *b = *state;
    struct walk_out out = {.rights = PTE_RW};
    struct saver s = {0}, again = {0};
    struct loader l;

    for (uint32_t i = 0; i < 50; i++)
        fill(b, i * 0x7001000, i << 12, out, i & 1);
    tlb_flush_page(&b->tlb, gva_of(0));
    tlb_save(&b->tlb, &s);
    tlb_flush(&b->tlb, true);
    l = (struct loader){.bytes = s.bytes, .count = s.count};
    assert_true(tlb_load(&b->tlb, &b->ram, &l));
    tlb_save(&b->tlb, &again);
    assert_int_equal(s.count, again.count);
    assert_memory_equal(s.bytes, again.bytes, s.count);
    assert_ptr_equal(tlb_entry(&b->tlb, gva_of(0x7001000))->host,
                     b->ram.base + 0x1000);
    l = (struct loader){.bytes = s.bytes, .count = s.count - 1};
    assert_false(tlb_load(&b->tlb, &b->ram, &l));
    saver_fini(&s);
    saver_fini(&again);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(rights_become_what_is_allowed),
        T(a_write_entry_marks_its_page_and_a_read_entry_does_not),
        T(what_is_not_ram_takes_the_slow_path),
        T(a_cr3_load_keeps_global_entries),
        T(invlpg_drops_one_entry_even_if_global),
        T(invlpg_drops_all_pieces_of_a_large_page),
        T(a_changed_entry_in_memory_leaves_the_tlb_stale),
        T(write_protect_of_cr0_is_looked_at_anew),
        T(a_page_made_slow_has_no_fast_path_under_any_address),
        T(only_what_is_watched_goes_slow),
        T(contents_are_saved_in_their_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
