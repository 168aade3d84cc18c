/* tests/mm/paging_test.c -- pages that come with the first touch, leave for the
 * paging file and come back. */
#include "mm_fixture.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/save.h"
#include "mm/pagefile.h"
#include "mm/paging.h"
#include "mm/pte_form.h"
#include "mm/section.h"
#include "mm/view.h"

enum { FILE_PAGES = 4096 };

static int paged(void **state, int (*setup)(void **state), uint32_t pages)
{
    struct machine *m;
    struct hb_error error;

    setup(state);
    m = *state;
    assert_int_equal(pagefile_open(&m->mm, "", pages, &error), HB_OK);
    return 0;
}

static int setup_paged(void **state)
{
    return paged(state, setup_32, FILE_PAGES);
}

static int setup_paged_pae(void **state)
{
    return paged(state, setup_pae, FILE_PAGES);
}

/* 17 MiB of RAM: some 580 pages are free after boot, 4 of the file. */
static int setup_small(void **state)
{
    const struct mm_settings set = {.era = MM_XP};
    struct hb_error error;

    *state = machine_new(17 * MIB, &set);
    assert_int_equal(
        pagefile_open(&((struct machine *)*state)->mm, "", FILE_PAGES, &error),
        HB_OK);
    return 0;
}

static gva_t lazy(struct machine *m, uint32_t pages, unsigned rights)
{
    gva_t va = {0};

    assert_int_equal(user_lazy(&m->mm, m->user, &va, pages, rights), HB_OK);
    return va;
}

static enum pte_kind kind_of(const struct machine *m, uint32_t space,
                             uint32_t va)
{
    return pte_decode(&m->mm, entry_by_hand(m, space, va)).kind;
}

static void touch(struct machine *m, uint32_t space, uint32_t va)
{
    assert_int_equal(mm_fault(&m->mm, space, gva_of(va), 0), MM_FAULT_RESOLVED);
}

/* A promised page is an entry with protection alone; reading it from
 * outside changes nothing, a touch gives a zeroed frame. */
static void a_page_comes_with_the_first_touch(void **state)
{
    struct machine *m = *state;
    gva_t va = lazy(m, 3, MM_RW);
    uint64_t before = frames_in_use(&m->mm), e;
    gpa_t pa;

    e = entry_by_hand(m, m->user, va.v + 0x1000);
    assert_int_equal(e, 4 << 5);
    assert_int_equal(kind_of(m, m->user, va.v), PTE_DEMAND_ZERO);
    assert_int_equal(peek32(m, m->user, va.v + 0x1ffe), 0);
    assert_false(mm_physical(&m->mm, m->user, va, &pa));
    assert_int_equal(frames_in_use(&m->mm), before);
    touch(m, m->user, va.v + 0x1234);
    assert_int_equal(frames_in_use(&m->mm), before + 1);
    assert_int_equal(peek32(m, m->user, va.v + 0x1000), 0);
    assert_int_equal(entry_by_hand(m, m->user, va.v + 0x1000) & 7,
                     PTE_P | PTE_RW | PTE_US);
    assert_int_equal(paging_debt(&m->mm), 0);
    assert_int_equal(user_free(&m->mm, m->user, va), HB_OK);
    assert_int_equal(frames_in_use(&m->mm), before);
}

/* Valid, transition, page file and back, the bytes the same;
 * the entry names file 0 and the page in it. */
static void a_page_goes_to_the_file_and_comes_back(void **state)
{
    struct machine *m = *state;
    bool pae = m->mm.s.settings.pae;
    gva_t va = lazy(m, 2, MM_RW);
    uint64_t before, e;

    poke32(m, m->user, va.v + 8, 0x12345678);
    before = frames_in_use(&m->mm);
    assert_int_equal(paging_trim(&m->mm, m->user, va, 1, false), 1);
    assert_int_equal(kind_of(m, m->user, va.v), PTE_TRANSITIONAL);
    assert_int_equal(peek32(m, m->user, va.v + 8), 0x12345678);
    assert_int_equal(frames_in_use(&m->mm), before);
    assert_int_equal(paging_trim(&m->mm, m->user, va, 1, true), 1);
    e = entry_by_hand(m, m->user, va.v);
    assert_int_equal(e & 0xfff, 4 << 5); /* file 0, read and write */
    assert_int_equal(e >> (pae ? 32 : 12), 1);
    assert_int_equal(frames_in_use(&m->mm), before - 1);
    assert_int_equal(peek32(m, m->user, va.v + 8), 0x12345678);
    assert_int_equal(kind_of(m, m->user, va.v), PTE_PAGE_FILE);
    touch(m, m->user, va.v);
    assert_int_equal(paging_debt(&m->mm), 1); /* somebody has to wait */
    assert_int_equal(peek32(m, m->user, va.v + 8), 0x12345678);
    assert_int_equal(frames_in_use(&m->mm), before);
    assert_int_equal(user_free(&m->mm, m->user, va), HB_OK);
    assert_int_equal(pagefile_used(&m->mm), 0);
}

/* What the file has is used again while nobody wrote: the CPU says so in the
 * entry, the host and DMA with the frame. */
static void a_clean_page_keeps_its_copy(void **state)
{
    struct machine *m = *state;
    gva_t va = lazy(m, 1, MM_RW);
    uint32_t pfn;

    poke32(m, m->user, va.v, 1);
    paging_trim(&m->mm, m->user, va, 1, true);
    touch(m, m->user, va.v);
    pfn = pfn_of(m, m->user, va.v);
    assert_int_equal(frames_find(&m->mm, pfn)->slot, 1);
    /* a write that nobody tells of: the old bytes come back */
    ram_write32(&m->ram, gpa_of((uint64_t)pfn << 12), 2);
    paging_trim(&m->mm, m->user, va, 1, true);
    touch(m, m->user, va.v);
    assert_int_equal(peek32(m, m->user, va.v), 1);
    /* the CPU's write */
    pfn = pfn_of(m, m->user, va.v);
    ram_write32(&m->ram, gpa_of((uint64_t)pfn << 12), 3);
    pte_edit(&m->mm, m->user, va, pte_get(&m->mm, m->user, va) | PTE_D | PTE_A);
    paging_trim(&m->mm, m->user, va, 1, true);
    touch(m, m->user, va.v);
    assert_int_equal(peek32(m, m->user, va.v), 3);
    /* the host's write */
    poke32(m, m->user, va.v, 4);
    paging_trim(&m->mm, m->user, va, 1, true);
    assert_int_equal(peek32(m, m->user, va.v), 4);
    assert_int_equal(pagefile_used(&m->mm), 1);
}

/* MDL-012: a buffer that is in the file comes in and stays: locked pages are
 * neither trimmed nor sent out, and what a device writes is not lost. */
static void locked_pages_come_in_and_stay(void **state)
{
    struct machine *m = *state;
    gva_t va = lazy(m, 3, MM_RW), mdl;
    uint32_t pfn;

    for (unsigned i = 0; i < 3; i++)
        poke32(m, m->user, va.v + i * 4096, 0x100 + i);
    assert_int_equal(paging_trim(&m->mm, m->user, va, 3, true), 3);
    mdl = mdl_for(m, va.v, 3 * 4096);
    assert_int_equal(
        mdl_lock(&m->mm, m->user, mdl, true, MDL_WRITE_ACCESS, NULL), HB_OK);
    assert_int_equal(paging_debt(&m->mm), 3);
    assert_true(flags_of(m, mdl) & MDL_PAGES_LOCKED);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(pfn_in(m, mdl, i),
                         pfn_of(m, m->user, va.v + i * 4096));
        assert_int_equal(peek32(m, m->user, va.v + i * 4096), 0x100 + i);
    }
    assert_int_equal(paging_trim(&m->mm, m->user, va, 3, true), 0);
    assert_int_equal(paging_reclaim(&m->mm, 3, 0, 1 << 20), 0);
    pfn = pfn_in(m, mdl, 1); /* a device writes by the frame's number */
    ram_write32(&m->ram, gpa_of((uint64_t)pfn << 12), 0xd0d0);
    assert_int_equal(mdl_unlock(&m->mm, m->user, mdl, NULL), HB_OK);
    assert_int_equal(paging_trim(&m->mm, m->user, va, 3, true), 3);
    assert_int_equal(peek32(m, m->user, va.v + 4096), 0xd0d0);
}

/* Paged pool comes with the first touch, too, and goes and comes. */
static void paged_pool_is_pageable(void **state)
{
    struct machine *m = *state;
    uint64_t before = frames_in_use(&m->mm);
    gva_t big, small;

    assert_int_equal(pool_alloc(&m->mm, POOL_PAGED, 3 * 4096, 1, &big), HB_OK);
    assert_int_equal(kind_of(m, 0, big.v), PTE_DEMAND_ZERO);
    assert_int_equal(pool_alloc(&m->mm, POOL_PAGED, 40, 1, &small), HB_OK);
    poke32(m, 0, big.v + 4096, 0xb16);
    poke32(m, 0, small.v, 0x5a11);
    assert_int_equal(paging_trim_system(&m->mm, false), 2);
    assert_int_equal(kind_of(m, 0, small.v), PTE_TRANSITIONAL);
    assert_int_equal(paging_trim_system(&m->mm, true), 2);
    assert_int_equal(kind_of(m, 0, small.v), PTE_PAGE_FILE);
    assert_int_equal(mm_fault(&m->mm, m->user, small, PF_U),
                     MM_FAULT_VIOLATION); /* not for ring 3 */
    touch(m, m->user, small.v);
    assert_int_equal(peek32(m, 0, small.v), 0x5a11);
    assert_int_equal(peek32(m, 0, big.v + 4096), 0xb16);
    assert_int_equal(pool_free(&m->mm, small, 0, NULL), HB_OK);
    assert_int_equal(pool_free(&m->mm, big, 0, NULL), HB_OK);
    assert_int_equal(pagefile_used(&m->mm), 0);
    assert_true(frames_in_use(&m->mm) <= before + 1); /* a page table */
    assert_int_equal(mm_fault(&m->mm, 0, big, 0), MM_FAULT_VIOLATION);
}

/* More pages than RAM has are touched, changed and read again. */
static void more_than_ram_works(void **state)
{
    struct machine *m = *state;
    uint32_t pages = (uint32_t)frames_free_count(&m->mm) + 500;
    gva_t va = lazy(m, pages, MM_RW);

    for (unsigned round = 0; round < 2; round++)
        for (uint32_t i = 0; i < pages; i++) {
            assert_int_equal(peek32(m, m->user, va.v + i * 4096 + 8),
                             round ? i ^ 0x55aa : 0);
            poke32(m, m->user, va.v + i * 4096 + 8, round ? i : i ^ 0x55aa);
        }
    for (uint32_t i = 0; i < pages; i++)
        assert_int_equal(peek32(m, m->user, va.v + i * 4096 + 8), i);
    assert_true(pagefile_used(&m->mm) >= 500);
    assert_int_equal(user_free(&m->mm, m->user, va), HB_OK);
    assert_int_equal(pagefile_used(&m->mm), 0);
}

/* What is promised is never more than RAM and file: then STATUS_COMMITMENT_
 * LIMIT, and what was promised comes for all that. */
static void promises_are_kept(void **state)
{
    struct machine *m = *state;
    uint32_t room = (uint32_t)(paging_limit(&m->mm) - paging_commit(&m->mm));
    gva_t va = {0}, stack;

    assert_int_equal(user_lazy(&m->mm, m->user, &va, room + 1, MM_RW),
                     HB_NO_PAGES);
    room -= 16; /* tables */
    va = lazy(m, room, MM_RW);
    while (stack_alloc(&m->mm, &stack) == HB_OK)
        ;
    for (uint32_t i = 0; i < room; i++)
        poke32(m, m->user, va.v + i * 4096, i);
    for (uint32_t i = 0; i < room; i++)
        assert_int_equal(peek32(m, m->user, va.v + i * 4096), i);
}

/* Physically contiguous memory below 16 MiB is found by sending pages out. */
static void pages_make_room_where_it_is_wished(void **state)
{
    struct machine *m = *state;
    const struct contiguous wish = {
        .highest = 0xffffff, .cache = MM_CACHED, .boundary = 0x10000};
    uint32_t pages = (uint32_t)frames_free_count(&m->mm) - 40;
    gva_t va = lazy(m, pages, MM_RW), at;
    gpa_t pa;

    for (uint32_t i = 0; i < pages; i++)
        poke32(m, m->user, va.v + i * 4096, i);
    assert_int_equal(contiguous_alloc(&m->mm, 0x10000, &wish, &at, &pa), HB_OK);
    assert_true(pa.v <= 0xff0000);
    for (uint32_t i = 0; i < pages; i++)
        assert_int_equal(peek32(m, m->user, va.v + i * 4096), i);
}

/* Without a paging file pages are trimmed and stay in RAM. */
static void without_a_file_nothing_leaves(void **state)
{
    struct machine *m = *state;
    gva_t va = lazy(m, 2, MM_RW);

    poke32(m, m->user, va.v, 7);
    assert_int_equal(paging_trim(&m->mm, m->user, va, 2, true), 1);
    assert_int_equal(kind_of(m, m->user, va.v), PTE_TRANSITIONAL);
    assert_int_equal(paging_reclaim(&m->mm, 1, 0, 1 << 20), 0);
    touch(m, m->user, va.v);
    assert_int_equal(peek32(m, m->user, va.v), 7);
}

/* A file of one page: the second page stays in RAM, and when the first comes in
 * and is changed, its place is taken. */
static void a_full_file_keeps_pages_in_ram(void **state)
{
    struct machine *m = *state;
    gva_t va = lazy(m, 2, MM_RW);

    poke32(m, m->user, va.v, 1);
    poke32(m, m->user, va.v + 4096, 2);
    paging_trim(&m->mm, m->user, va, 2, true);
    assert_int_equal(kind_of(m, m->user, va.v), PTE_PAGE_FILE);
    assert_int_equal(kind_of(m, m->user, va.v + 4096), PTE_TRANSITIONAL);
    touch(m, m->user, va.v);
    paging_trim(&m->mm, m->user, gva_add(va, 4096), 1, true);
    assert_int_equal(kind_of(m, m->user, va.v + 4096), PTE_PAGE_FILE);
    assert_int_equal(peek32(m, m->user, va.v), 1);
    assert_int_equal(peek32(m, m->user, va.v + 4096), 2);
}

static int setup_one_page(void **state)
{
    return paged(state, setup_32, 1);
}

/* PTE-042: each form of an invalid entry decodes by the table; a driver that
 * forges one gets no mapping and no page of another. */
static void forms_decode_and_map_nothing(void **state)
{
    struct machine *m = *state;
    bool pae = m->mm.s.settings.pae;
    gva_t mine = lazy(m, 1, MM_RW), va = lazy(m, 1, MM_RW), mdl;
    const uint64_t high = (uint64_t)0xabcde << (pae ? 32 : 12);
    const struct {
        uint64_t e;
        enum pte_kind kind;
        uint32_t code;
    } form[] = {
        {0, PTE_ZERO, 0},
        {1 << 5, PTE_DEMAND_ZERO, 1},
        {0x1f << 5, PTE_DEMAND_ZERO, 0x1f},
        {high | 3 << 1 | 4 << 5, PTE_PAGE_FILE, 4},
        {0x123000 | 1 << 11 | 6 << 5, PTE_TRANSITIONAL, 6},
        {high | 1 << 10, PTE_PROTO, 0},
        {high | 1 << 10 | 1 << 11, PTE_PROTO, pae ? 1 : 0},
    };
    gpa_t pa;

    poke32(m, m->user, mine.v, 0x111);
    paging_trim(&m->mm, m->user, mine, 1, true); /* slot 1 is taken */
    for (unsigned i = 0; i < 7; i++) {
        struct pte_form f = pte_decode(&m->mm, form[i].e);

        assert_int_equal(f.kind, form[i].kind);
        assert_int_equal(f.code, form[i].code);
        if (f.kind == PTE_PAGE_FILE) {
            assert_int_equal(f.file, 3);
            assert_int_equal(f.slot, 0xabcde);
        }
        if (f.kind == PTE_TRANSITIONAL)
            assert_int_equal(f.pfn, 0x123);
        pte_edit(&m->mm, m->user, va, form[i].e);
        assert_false(mm_physical(&m->mm, m->user, va, &pa));
        assert_false(mm_translate(&m->mm, m->user, va, &(struct walk_out){0}));
        if (f.kind != PTE_PAGE_FILE && f.kind != PTE_PROTO &&
            f.kind != PTE_ZERO)
            continue;
        assert_int_equal(mm_fault(&m->mm, m->user, va, PF_U),
                         MM_FAULT_VIOLATION);
        mdl = mdl_for(m, va.v, 4096);
        assert_int_equal(
            mdl_lock(&m->mm, m->user, mdl, true, MDL_READ_ACCESS, NULL),
            HB_FAULT);
    }
    /* the page of another, by its slot */
    pte_edit(&m->mm, m->user, va, pte_get(&m->mm, m->user, mine));
    assert_int_equal(mm_fault(&m->mm, m->user, va, PF_U), MM_FAULT_VIOLATION);
    assert_int_equal(peek32(m, m->user, mine.v), 0x111);
    assert_int_equal(
        pte_decode(&m->mm, (uint64_t)0x80000000u << (pae ? 32 : 0) | 1 << 10 |
                               (pae ? 0 : 1 << 11 | 6))
            .prototype,
        pae ? 0x80000000u : (0x80000800u >> 11 << 9) + (6 << 1));
}

/* A driver that writes over entries loses sight of its pages; the machine does
 * not: all come back when the area goes. */
static void forged_entries_leak_nothing(void **state)
{
    struct machine *m = *state;
    gva_t va = lazy(m, 8, MM_RW);
    uint64_t before = frames_in_use(&m->mm);

    for (unsigned i = 0; i < 8; i++)
        poke32(m, m->user, va.v + i * 4096, i);
    paging_trim(&m->mm, m->user, va, 4, true);
    paging_trim(&m->mm, m->user, gva_add(va, 0x4000), 2, false);
    for (unsigned i = 0; i < 8; i++)
        pte_edit(&m->mm, m->user, gva_add(va, i * 4096),
                 i & 1 ? 0 : 0x7ffff000 | 4 << 5);
    assert_int_equal(user_free(&m->mm, m->user, va), HB_OK);
    assert_int_equal(frames_in_use(&m->mm), before);
    assert_int_equal(pagefile_used(&m->mm), 0);
}

static void reserve_commit_and_decommit(void **state)
{
    struct machine *m = *state;
    uint64_t commit = paging_commit(&m->mm);
    gva_t va = {0};

    assert_int_equal(user_reserve(&m->mm, m->user, &va, 16, MM_RW), HB_OK);
    assert_int_equal(mm_fault(&m->mm, m->user, va, PF_U), MM_FAULT_VIOLATION);
    assert_int_equal(user_commit(&m->mm, m->user, gva_add(va, 4096), 4, MM_RW),
                     HB_OK);
    assert_int_equal(m->mm.s.committed, 4);
    poke32(m, m->user, va.v + 4096, 9);
    assert_int_equal(user_commit(&m->mm, m->user, va, 16, MM_RW), HB_OK);
    assert_int_equal(m->mm.s.committed, 16);
    assert_int_equal(peek32(m, m->user, va.v + 4096), 9);
    assert_int_equal(user_decommit(&m->mm, m->user, gva_add(va, 4096), 2),
                     HB_OK);
    assert_int_equal(m->mm.s.committed, 14);
    assert_int_equal(entry_by_hand(m, m->user, va.v + 4096), 0x10 << 5);
    assert_int_equal(mm_fault(&m->mm, m->user, gva_add(va, 4096), PF_U),
                     MM_FAULT_VIOLATION);
    assert_int_equal(user_commit(&m->mm, m->user, va, 17, MM_RW), HB_NOT_FOUND);
    assert_int_equal(user_free(&m->mm, m->user, va), HB_OK);
    assert_int_equal(m->mm.s.committed, 0);
    assert_true(paging_commit(&m->mm) <= commit + 1); /* a page table */
}

/* Rights change while the page is away, and hold when it is back. */
static void rights_travel_with_the_page(void **state)
{
    struct machine *m = *state;
    gva_t va = lazy(m, 3, MM_RW);

    poke32(m, m->user, va.v, 1);
    poke32(m, m->user, va.v + 4096, 2);
    paging_trim(&m->mm, m->user, va, 1, true);
    paging_trim(&m->mm, m->user, gva_add(va, 4096), 1, false);
    assert_int_equal(user_protect(&m->mm, m->user, va, 3, MM_R), HB_OK);
    for (unsigned i = 0; i < 3; i++) {
        touch(m, m->user, va.v + i * 4096);
        assert_int_equal(entry_by_hand(m, m->user, va.v + i * 4096) & PTE_RW,
                         0);
    }
    assert_int_equal(peek32(m, m->user, va.v), 1);
    assert_int_equal(peek32(m, m->user, va.v + 4096), 2);
}

/* IOS-035: the working set is emptied and frames are short; the entries of a
 * view of physical memory, RAM's and a device's, stay valid all the time. */
static void views_are_neither_trimmed_nor_sent_out(void **state)
{
    struct machine *m = *state;
    struct view_request ram = {
        .bytes = 0x10000, .rights = MM_RW, .cache = MM_CACHED};
    struct view_request card = {
        .offset = 0xf0000000, .bytes = 0x2000, .rights = MM_RW};
    gva_t own = lazy(m, 1, MM_RW);
    uint64_t entry[3];

    assert_int_equal(frames_take(&m->mm, 0x240, FRAME_HAL), HB_OK);
    ram.offset = 0x240000;
    assert_int_equal(view_map(&m->mm, m->user, &ram), VIEW_OK);
    assert_int_equal(view_map(&m->mm, m->user, &card), VIEW_OK);
    poke32(m, m->user, own.v, 1);
    poke32(m, m->user, ram.base.v, 2);
    entry[0] = entry_by_hand(m, m->user, ram.base.v);
    entry[1] = entry_by_hand(m, m->user, card.base.v);
    entry[2] = entry_by_hand(m, m->user, card.base.v + 4096);
    assert_int_equal(paging_trim_space(&m->mm, m->user, true), 1);
    paging_trim(&m->mm, m->user, ram.base, 16, true);
    paging_trim(&m->mm, m->user, card.base, 2, true);
    paging_reclaim(&m->mm, 1000, 0, 1 << 20);
    assert_int_equal(kind_of(m, m->user, own.v), PTE_PAGE_FILE);
    assert_int_equal(entry_by_hand(m, m->user, ram.base.v), entry[0]);
    assert_int_equal(entry_by_hand(m, m->user, card.base.v), entry[1]);
    assert_int_equal(entry_by_hand(m, m->user, card.base.v + 4096), entry[2]);
    assert_int_equal(peek32(m, m->user, ram.base.v), 2);
    assert_int_equal(ram_read32(&m->ram, gpa_of(0x240000)), 2);
}

/* ---- the host's side --------------------------------------------------------
 */

static void a_named_file_leaves_nothing_behind(void **state)
{
    char path[] = "/tmp/halbox-paging-XXXXXX";
    struct machine *m = *state;
    struct hb_error error;
    int fd = mkstemp(path);
    gva_t va;

    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(pagefile_open(&m->mm, path, 8, &error), HB_NO_FILE);
    assert_non_null(strstr(error.text, path)); /* it exists: not ours */
    unlink(path);
    assert_int_equal(pagefile_open(&m->mm, path, 8, &error), HB_OK);
    assert_int_equal(access(path, F_OK), -1);
    va = lazy(m, 1, MM_RW);
    poke32(m, m->user, va.v, 0xf11e);
    paging_trim(&m->mm, m->user, va, 1, true);
    assert_int_equal(kind_of(m, m->user, va.v), PTE_PAGE_FILE);
    touch(m, m->user, va.v);
    assert_int_equal(peek32(m, m->user, va.v), 0xf11e);
    pagefile_close(&m->mm);
    assert_int_equal(pagefile_open(&m->mm, "/no/such/folder/file", 8, &error),
                     HB_NO_FILE);
    assert_int_equal(pagefile_open(&m->mm, "", 0, &error), HB_BAD_ARGUMENT);
    assert_int_equal(pagefile_open(&m->mm, "", 1 << 20, &error),
                     HB_BAD_ARGUMENT);
}

/* The host's disk is full: told once, and the page stays in RAM. */
static void a_page_that_cannot_be_written_stays(void **state)
{
    char path[] = "/tmp/halbox-paging-XXXXXX";
    const struct rlimit small = {4096, RLIM_INFINITY};
    struct rlimit before;
    struct machine *m = *state;
    struct hb_error error;
    int fd = mkstemp(path);
    gva_t va;

    close(fd);
    unlink(path);
    assert_int_equal(pagefile_open(&m->mm, path, 8, &error), HB_OK);
    va = lazy(m, 3, MM_RW);
    for (unsigned i = 0; i < 3; i++)
        poke32(m, m->user, va.v + i * 4096, i);
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before);
    setrlimit(RLIMIT_FSIZE, &small);
    paging_trim(&m->mm, m->user, va, 3, true);
    setrlimit(RLIMIT_FSIZE, &before);
    assert_int_equal(kind_of(m, m->user, va.v), PTE_PAGE_FILE);
    assert_int_equal(kind_of(m, m->user, va.v + 4096), PTE_TRANSITIONAL);
    assert_int_equal(kind_of(m, m->user, va.v + 8192), PTE_TRANSITIONAL);
    assert_int_equal(m->findings, 1);
    assert_string_equal(m->rule, "HOST");
    assert_int_equal(pagefile_used(&m->mm), 1);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(peek32(m, m->user, va.v + i * 4096), i);
}

/* Saved with what is in the file, and loaded into another file. */
static void a_save_has_the_pages_of_the_file(void **state)
{
    struct machine *m = *state;
    struct saver rows = {0}, pages = {0}, again = {0};
    gva_t va = lazy(m, 5, MM_RW);
    struct hb_error error;
    struct loader l;
    struct mm copy;
    uint32_t v;

    for (unsigned i = 0; i < 5; i++)
        poke32(m, m->user, va.v + i * 4096, 0xc0de0 + i);
    paging_trim(&m->mm, m->user, va, 4, true);
    paging_trim(&m->mm, m->user, gva_add(va, 4 * 4096), 1, false);
    touch(m, m->user, va.v + 4096);
    save_rows(&rows, &m->mm.s, mm_rows);
    pagefile_save(&m->mm, &pages);
    assert_int_equal(mm_create(&copy, &m->ram, NULL, &m->events, &error),
                     HB_OK);
    assert_int_equal(pagefile_open(&copy, "", FILE_PAGES, &error), HB_OK);
    l = (struct loader){.bytes = rows.bytes, .count = rows.count};
    assert_true(load_rows(&l, &copy.s, mm_rows));
    assert_int_equal(mm_loaded(&copy, &error), HB_OK);
    l = (struct loader){.bytes = pages.bytes, .count = pages.count};
    assert_true(pagefile_load(&copy, &l));
    for (unsigned i = 0; i < 5; i++) {
        mm_read(&copy, m->user, gva_add(va, i * 4096), &v, 4);
        assert_int_equal(v, 0xc0de0 + i);
    }
    pagefile_save(&copy, &again);
    assert_int_equal(pages.count, again.count);
    assert_memory_equal(pages.bytes, again.bytes, again.count);
    l = (struct loader){.bytes = pages.bytes, .count = pages.count - 1};
    assert_false(pagefile_load(&copy, &l));
    mm_destroy(&copy);
    saver_fini(&rows);
    saver_fini(&pages);
    saver_fini(&again);
}

/* Bits of a save fall over: it is refused, or what it loads does no harm. */
static void a_damaged_save_harms_nobody(void **state)
{
    struct machine *m = *state;
    const struct image_section s = {.image = MM_SYSTEM_PTES,
                                    .va = MM_SYSTEM_PTES,
                                    .bytes = 4096,
                                    .first = MM_SYSTEM_PTES,
                                    .pages = 1,
                                    .pageable = 1};
    gva_t va = lazy(m, 6, MM_RW);
    struct saver rows = {0};
    struct hb_error error;

    for (unsigned i = 0; i < 6; i++)
        poke32(m, m->user, va.v + i * 4096, i);
    paging_trim(&m->mm, m->user, va, 4, true);
    section_add(&m->mm, &s);
    save_rows(&rows, &m->mm.s, mm_rows);
    for (size_t i = 0; i < rows.count; i++) {
        struct loader l = {.bytes = rows.bytes, .count = rows.count};
        struct mm copy;

        rows.bytes[i] ^= (uint8_t)(1u << i % 8);
        assert_int_equal(mm_create(&copy, &m->ram, NULL, &m->events, &error),
                         HB_OK);
        assert_int_equal(pagefile_open(&copy, "", FILE_PAGES, &error), HB_OK);
        if (load_rows(&l, &copy.s, mm_rows) &&
            mm_loaded(&copy, &error) == HB_OK) {
            mm_fault(&copy, m->user, va, 0);
            paging_trim_space(&copy, m->user, true);
            paging_trim_system(&copy, true);
            paging_reclaim(&copy, 4, 0, 1 << 20);
            user_free(&copy, m->user, va);
        }
        mm_destroy(&copy);
        rows.bytes[i] ^= (uint8_t)(1u << i % 8);
    }
    saver_fini(&rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(f, setup) cmocka_unit_test_setup_teardown(f, setup, teardown)
#define BOTH(f)        CASE(f, setup_paged), CASE(f, setup_paged_pae)
        BOTH(a_page_comes_with_the_first_touch),
        BOTH(a_page_goes_to_the_file_and_comes_back),
        BOTH(a_clean_page_keeps_its_copy),
        BOTH(locked_pages_come_in_and_stay),
        BOTH(paged_pool_is_pageable),
        BOTH(forms_decode_and_map_nothing),
        BOTH(forged_entries_leak_nothing),
        BOTH(reserve_commit_and_decommit),
        BOTH(rights_travel_with_the_page),
        BOTH(views_are_neither_trimmed_nor_sent_out),
        CASE(more_than_ram_works, setup_small),
        CASE(promises_are_kept, setup_small),
        CASE(pages_make_room_where_it_is_wished, setup_small),
        CASE(without_a_file_nothing_leaves, setup_32),
        CASE(a_full_file_keeps_pages_in_ram, setup_one_page),
        CASE(a_page_that_cannot_be_written_stays, setup_32),
        CASE(a_named_file_leaves_nothing_behind, setup_32),
        BOTH(a_save_has_the_pages_of_the_file),
        CASE(a_damaged_save_harms_nobody, setup_paged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
