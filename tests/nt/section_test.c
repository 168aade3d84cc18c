/* tests/nt/section_test.c -- both ways of showing adapter RAM to a process:
 * the section on \Device\PhysicalMemory, and MmMapIoSpace with an MDL; and
 * sections of pages of their own. The caller is a driver's thread in the
 * process System. */
#include "caller.h"

#include "board/board.h"
#include "mm/system.h"

enum { READ = 4, WRITE = 2, ALL = 0xf001f }; /* SECTION_MAP_x */
enum { PAGE_NOACCESS = 1, PAGE_READONLY = 2, PAGE_READWRITE = 4 };
enum { NOCACHE = 0x200, VIEW_UNMAP = 2, SEC_COMMIT = 0x8000000 };
enum { PCI = 4, PCI_BUS = 5, USER_MODE_ = 1, CACHED = 1 };
#define ME 0xffffffffu

enum { /* in the caller's scratch */
       HANDLE = 0,
       BASE = 4,
       SIZE = 8,
       OFFSET = 16,
       SPACE = 24,
       BUS_ADDRESS = 32,
       TRANSLATED = 40,
       ATTRIBUTES = 64,
       NAME = 96,
       OBJECT = 112,
       TEXT = 128,
       CONFIG = 512,
};

/* OBJECT_ATTRIBUTES for @path; 0: no name. */
static uint32_t attributes(struct caller *c, const char *path)
{
    uint32_t at = c->data + ATTRIBUTES,
             units = path ? (uint32_t)strlen(path) : 0;
    const uint32_t words[6] = {24, 0, path ? c->data + NAME : 0, 0x240, 0, 0};

    if (path)
        caller_counted(c, c->data + NAME, (uint16_t)(2 * units),
                       (uint16_t)(2 * units + 2),
                       caller_wide(c, c->data + TEXT, path));
    caller_put(c, at, words, sizeof words);
    return at;
}

static uint32_t open_physical(struct caller *c, uint32_t access)
{
    assert_int_equal(STD_CALL(c, "ZwOpenSection", c->data + HANDLE, access,
                              attributes(c, "\\Device\\PhysicalMemory")),
                     0);
    return caller_dword(c, c->data + HANDLE);
}

/* ZwMapViewOfSection's status; where and how much are in the scratch. */
static uint32_t map_at(struct caller *c, uint32_t handle, uint32_t base,
                       uint64_t offset, uint32_t bytes, uint32_t protect)
{
    caller_set(c, c->data + BASE, base);
    caller_set(c, c->data + SIZE, bytes);
    caller_put(c, c->data + OFFSET, &offset, 8);
    return STD_CALL(c, "ZwMapViewOfSection", handle, ME, c->data + BASE, 0,
                    bytes, c->data + OFFSET, c->data + SIZE, VIEW_UNMAP, 0,
                    protect);
}

static uint32_t unmap(struct caller *c, uint32_t va)
{
    return STD_CALL(c, "ZwUnmapViewOfSection", ME, va);
}

/* The card's memory as its BAR 0 says, translated by the HAL. */
static uint32_t adapter_ram(struct caller *c)
{
    uint64_t zero = 0;
    uint32_t bar = 0;

    for (uint32_t slot = 0; slot < 32 && !bar; slot++) {
        STD_CALL(c, "HalGetBusDataByOffset", PCI, 0, slot, c->data + CONFIG, 0,
                 64);
        if (caller_dword(c, c->data + CONFIG + 8) >> 24 == 5)
            bar = caller_dword(c, c->data + CONFIG + 0x10) & ~0xfu;
        if (bar) /* it decodes memory */
            STD_CALL(c, "HalSetBusDataByOffset", PCI, 0, slot,
                     caller_text(c, c->data + TEXT, "\2"), 4, 2);
    }
    assert_int_not_equal(bar, 0);
    caller_put(c, c->data + TRANSLATED, &zero, 8);
    caller_set(c, c->data + SPACE, 0);
    assert_int_equal(STD_CALL(c, "HalTranslateBusAddress", PCI_BUS, 0, bar, 0,
                              c->data + SPACE, c->data + TRANSLATED) &
                         0xff,
                     1);
    assert_int_equal(caller_dword(c, c->data + SPACE), 0);
    assert_int_equal(caller_dword(c, c->data + TRANSLATED), bar);
    return bar;
}

/* IOS-019, IOS-020, IOS-021, IOS-023: translate, open, reference, map, close; a
 * section lives on by the reference; a second mapping for DPCs. */
static void adapter_ram_is_shown_by_the_section(void **state)
{
    struct caller *c = *state;
    uint32_t pa = adapter_ram(c), handle, object, va, io;

    handle = open_physical(c, ALL);
    assert_int_equal(STD_CALL(c, "ObReferenceObjectByHandle", handle, ALL,
                              caller_variable(c, "MmSectionObjectType"), 0,
                              c->data + OBJECT, 0),
                     0);
    object = caller_dword(c, c->data + OBJECT);
    assert_int_equal(map_at(c, handle, 0, pa, 0x2000, PAGE_READWRITE | NOCACHE),
                     0);
    assert_int_equal(STD_CALL(c, "ZwClose", handle), 0);
    va = caller_dword(c, c->data + BASE);
    assert_in_range(va, 0x10000, 0x7ffeffff);
    io = STD_CALL(c, "MmMapIoSpace", pa, 0, 0x2000, 0);
    STD_CALL(c, "WRITE_REGISTER_ULONG", va + 0x1004, 0x600df00d);
    assert_int_equal(STD_CALL(c, "READ_REGISTER_ULONG", io + 0x1004),
                     0x600df00d);
    STD_CALL(c, "WRITE_REGISTER_ULONG", io, 0x12345678);
    assert_int_equal(STD_CALL(c, "READ_REGISTER_ULONG", va), 0x12345678);
    STD_CALL(c, "MmUnmapIoSpace", io, 0x2000);
    assert_int_equal(unmap(c, va), 0);
    assert_int_equal(STD_CALL(c, "MmIsAddressValid", va) & 0xff, 0);
    /* the handle has gone, the reference has not */
    assert_int_equal(STD_CALL(c, "ObOpenObjectByPointer", object, 0, 0, ALL, 0,
                              0, c->data + HANDLE),
                     0);
    handle = caller_dword(c, c->data + HANDLE);
    assert_int_equal(map_at(c, handle, 0, pa, 0x1000, PAGE_READONLY | NOCACHE),
                     0);
    assert_int_equal(unmap(c, caller_dword(c, c->data + BASE)), 0);
    STD_CALL(c, "ZwClose", handle);
    FAST_CALL(c, "ObfDereferenceObject", object);
    assert_false(rig_has(c->r, "finding"));
}

/* IOS-024, IOS-032, IOS-037: down to 64 KiB and up to pages, the cache type in
 * the entries, any address takes the view away, once. */
static void a_view_is_rounded_and_goes_whole(void **state)
{
    struct caller *c = *state;
    uint32_t handle = open_physical(c, ALL), va, pte;

    assert_int_equal(
        map_at(c, handle, 0, 0xf00a0123, 0x10, PAGE_READWRITE | NOCACHE), 0);
    va = caller_dword(c, c->data + BASE);
    assert_int_equal(va & 0xffff, 0);
    assert_int_equal(caller_dword(c, c->data + OFFSET), 0xf00a0000);
    assert_int_equal(caller_dword(c, c->data + SIZE), 0x1000);
    pte = caller_dword(c, 0xc0000000 + (va >> 12) * 4);
    assert_int_equal(pte & 0xfffff01f, 0xf00a0017 | 8);
    assert_int_equal(unmap(c, va + 0x800), 0);
    assert_int_equal(unmap(c, va + 0x800), 0xc0000019);
    assert_int_equal(unmap(c, 0x5550000), 0xc0000019);
}

/* IOS-025, IOS-027: a base that the caller chose. */
static void a_wanted_base_is_taken_or_refused(void **state)
{
    struct caller *c = *state;
    uint32_t handle = open_physical(c, ALL);

    assert_int_equal(
        map_at(c, handle, 0x5000000, 0xf0000000, 0x1000, PAGE_READWRITE), 0);
    assert_int_equal(caller_dword(c, c->data + BASE), 0x5000000);
    assert_int_equal(
        map_at(c, handle, 0x5000000, 0xf0000000, 0x1000, PAGE_READWRITE),
        0xc0000018);
    assert_int_equal(
        map_at(c, handle, 0x80000000, 0xf0000000, 0x1000, PAGE_READWRITE),
        0xc00000f1);
    assert_int_equal(
        map_at(c, handle, 0x7ffe0000, 0xf0000000, 0x20000, PAGE_READWRITE),
        0xc00000f1);
}

/* IOS-026, IOS-028: no room in the user half, and ZeroBits. */
static void a_view_too_large_leaves_the_section_usable(void **state)
{
    const uint32_t zero_bits[] = {20, 21, 22, 0xffffffff};
    struct caller *c = *state;
    uint32_t handle = open_physical(c, ALL);

    assert_int_equal(map_at(c, handle, 0x40000000, 0xf0000000, 0x1000,
                            PAGE_READONLY | NOCACHE),
                     0);
    assert_int_equal(
        map_at(c, handle, 0, 0x80000000, 0x79000000, PAGE_READONLY | NOCACHE),
        0xc0000017);
    for (unsigned i = 0; i < 4; i++) {
        caller_set(c, c->data + BASE, 0);
        caller_set(c, c->data + SIZE, 0x1000);
        assert_int_equal(STD_CALL(c, "ZwMapViewOfSection", handle, ME,
                                  c->data + BASE, zero_bits[i], 0,
                                  c->data + OFFSET, c->data + SIZE, VIEW_UNMAP,
                                  0, PAGE_READONLY),
                         i < 2 ? 0xc0000017 : 0xc00000f2);
    }
    assert_int_equal(
        map_at(c, handle, 0, 0xf0000000, 0x1000, PAGE_READONLY | NOCACHE), 0);
}

/* IOS-029: dispositions, allocation types and protections that are none. */
static void words_that_are_none_are_refused(void **state)
{
    const uint32_t bad_protect[] = {0, 3, 0x8000, NOCACHE | 0x404, 0x201};
    struct caller *c = *state;
    uint32_t handle = open_physical(c, ALL);

    caller_set(c, c->data + BASE, 0);
    caller_set(c, c->data + SIZE, 0x1000);
    for (uint32_t inherit = 0; inherit < 4; inherit += 3)
        assert_int_equal(STD_CALL(c, "ZwMapViewOfSection", handle, ME,
                                  c->data + BASE, 0, 0, c->data + OFFSET,
                                  c->data + SIZE, inherit, 0, PAGE_READWRITE),
                         0xc00000f6);
    assert_int_equal(STD_CALL(c, "ZwMapViewOfSection", handle, ME,
                              c->data + BASE, 0, 0, c->data + OFFSET,
                              c->data + SIZE, VIEW_UNMAP, 0x1000,
                              PAGE_READWRITE),
                     0xc00000f7);
    for (unsigned i = 0; i < 5; i++)
        assert_int_equal(map_at(c, handle, 0, 0, 0x1000, bad_protect[i]),
                         0xc0000045);
}

/* IOS-031: handles of nothing and of another type. */
static void wrong_handles_are_told_apart(void **state)
{
    struct caller *c = *state;
    uint32_t event;

    assert_int_equal(map_at(c, 0, 0, 0, 0x1000, PAGE_READWRITE), 0xc0000008);
    assert_int_equal(map_at(c, 0xdeadbeef, 0, 0, 0x1000, PAGE_READWRITE),
                     0xc0000008);
    assert_int_equal(
        STD_CALL(c, "ZwCreateEvent", c->data + HANDLE, 0x1f0003, 0, 0, 0), 0);
    event = caller_dword(c, c->data + HANDLE);
    assert_int_equal(map_at(c, event, 0, 0, 0x1000, PAGE_READWRITE),
                     0xc0000024);
    caller_set(c, c->data + BASE, 0);
    assert_int_equal(STD_CALL(c, "ZwMapViewOfSection", open_physical(c, ALL),
                              event, c->data + BASE, 0, 0, c->data + OFFSET,
                              c->data + SIZE, VIEW_UNMAP, 0, PAGE_READWRITE),
                     0xc0000024);
    assert_int_equal(STD_CALL(c, "ZwUnmapViewOfSection", 0xdeadbeec, 0x10000),
                     0xc0000008);
    assert_int_equal(STD_CALL(c, "ZwOpenSection", c->data + HANDLE, ALL,
                              attributes(c, "\\Device\\Nothing")),
                     0xc0000034);
    assert_int_equal(STD_CALL(c, "ZwOpenSection", c->data + HANDLE, ALL,
                              attributes(c, "\\Device")),
                     0xc0000024);
}

static uint32_t create(struct caller *c, uint64_t bytes, uint32_t protect)
{
    caller_put(c, c->data + OFFSET, &bytes, 8);
    return STD_CALL(c, "ZwCreateSection", c->data + HANDLE, ALL,
                    attributes(c, NULL), c->data + OFFSET, protect, SEC_COMMIT,
                    0);
}

/* IOS-030: a section that may only be read. */
static void a_read_only_section_is_not_mapped_for_writing(void **state)
{
    struct caller *c = *state;
    uint32_t handle;

    assert_int_equal(create(c, 0x3000, PAGE_READONLY), 0);
    handle = caller_dword(c, c->data + HANDLE);
    assert_int_equal(map_at(c, handle, 0, 0, 0, PAGE_READWRITE), 0xc000004e);
    assert_int_equal(caller_dword(c, c->data + BASE), 0);
    assert_int_equal(map_at(c, handle, 0, 0, 0, PAGE_READONLY), 0);
    assert_int_equal(caller_dword(c, c->data + SIZE), 0x3000);
}

/* IOS-033: XP refuses a second cache type. */
static void a_second_cache_type_is_refused(void **state)
{
    struct caller *c = *state;
    uint32_t handle = open_physical(c, ALL);

    STD_CALL(c, "MmMapIoSpace", 0xf0000000, 0, 0x1000, 0);
    assert_int_equal(map_at(c, handle, 0, 0xf0000000, 0x1000, PAGE_READWRITE),
                     0xc0000018);
    assert_true(rig_has(c->r, "S37"));
}

/* Its views share its pages, and keep them when the handle has gone. */
static void a_section_of_its_own_pages_is_shared(void **state)
{
    struct caller *c = *state;
    uint64_t frames = frames_free_count(&c->r->m->mm);
    uint32_t handle, a, b;

    assert_int_equal(create(c, 0x1f000, PAGE_READWRITE), 0);
    handle = caller_dword(c, c->data + HANDLE);
    assert_int_equal(map_at(c, handle, 0, 0, 0, PAGE_READWRITE), 0);
    a = caller_dword(c, c->data + BASE);
    assert_int_equal(caller_dword(c, c->data + SIZE), 0x1f000);
    assert_int_equal(map_at(c, handle, 0, 0x10000, 0x1000, PAGE_READONLY), 0);
    b = caller_dword(c, c->data + BASE);
    assert_int_equal(caller_dword(c, a + 0x10000), 0);
    caller_set(c, a + 0x10010, 0xfeed);
    assert_int_equal(caller_dword(c, b + 0x10), 0xfeed);
    STD_CALL(c, "ZwClose", handle);
    assert_int_equal(unmap(c, a), 0);
    assert_int_equal(caller_dword(c, b + 0x10), 0xfeed);
    assert_int_equal(unmap(c, b), 0);
    assert_in_range(frames - frames_free_count(&c->r->m->mm), 0, 2);
}

static void sections_that_cannot_be_are_refused(void **state)
{
    struct caller *c = *state;
    uint32_t handle;

    assert_int_equal(create(c, 0, PAGE_READWRITE), 0xc00000f2);
    assert_int_equal(create(c, 0x1000, PAGE_NOACCESS), 0xc0000045);
    assert_int_equal(create(c, 0x3f00000, PAGE_READWRITE), 0xc000012d);
    assert_int_equal(create(c, (uint64_t)1 << 40, PAGE_READWRITE), 0xc0000040);
    assert_int_equal(STD_CALL(c, "ZwCreateSection", c->data + HANDLE, ALL, 0, 0,
                              PAGE_READWRITE, 0x1000000, 0x44),
                     0xc00000f4);
    assert_int_equal(STD_CALL(c, "ZwCreateSection", c->data + HANDLE, ALL, 0, 0,
                              PAGE_READWRITE, SEC_COMMIT, 0x44),
                     0xc0000020);
    assert_int_equal(create(c, 0x20000, PAGE_READWRITE), 0);
    handle = caller_dword(c, c->data + HANDLE);
    assert_int_equal(map_at(c, handle, 0, 0x8000, 0x1000, PAGE_READWRITE),
                     0xc0000220);
    assert_int_equal(map_at(c, handle, 0, 0x10000, 0x20000, PAGE_READWRITE),
                     0xc000001f);
}

/* IOS-039, IOS-040, IOS-041: MmMapIoSpace, an MDL over it, a user mapping; and
 * what is undone in reverse leaves nothing behind. */
static void adapter_ram_is_shown_by_an_mdl(void **state)
{
    struct caller *c = *state;
    uint32_t pa = adapter_ram(c), bytes = 0x3000, io, mdl, va;
    uint32_t ptes = sysptes_free_count(&c->r->m->mm);
    uint64_t frames;

    STD_CALL(c, "ExFreePool", STD_CALL(c, "ExAllocatePool", 0, 64));
    frames = frames_free_count(&c->r->m->mm);
    io = STD_CALL(c, "MmMapIoSpace", pa + 0x100, 0, bytes, 0);
    mdl = STD_CALL(c, "IoAllocateMdl", io, bytes, 0, 0, 0);
    STD_CALL(c, "MmBuildMdlForNonPagedPool", mdl);
    va = STD_CALL(c, "MmMapLockedPages", mdl, USER_MODE_);
    assert_in_range(va, 0x10000, 0x7ffeffff);
    assert_int_equal(va & 0xfff, 0x100);
    STD_CALL(c, "WRITE_REGISTER_ULONG", va + 0x2ef0, 0xabad1dea);
    assert_int_equal(STD_CALL(c, "READ_REGISTER_ULONG", io + 0x2ef0),
                     0xabad1dea);
    assert_int_equal(caller_dword(c, mdl + 0x1c), pa >> 12);
    assert_int_equal(caller_dword(c, mdl + 0x1c + 12), (pa >> 12) + 3);
    STD_CALL(c, "MmUnmapLockedPages", va, mdl);
    STD_CALL(c, "IoFreeMdl", mdl);
    STD_CALL(c, "MmUnmapIoSpace", io, bytes);
    assert_int_equal(sysptes_free_count(&c->r->m->mm), ptes);
    assert_in_range(frames - frames_free_count(&c->r->m->mm), 0, 1);
    assert_int_equal(STD_CALL(c, "MmIsAddressValid", va) & 0xff, 0);
    assert_false(rig_has(c->r, "finding"));
}

#define ADRAM_TEST(name)                                                       \
    cmocka_unit_test_setup_teardown(name, caller_setup_adram, caller_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ADRAM_TEST(adapter_ram_is_shown_by_the_section),
        ADRAM_TEST(adapter_ram_is_shown_by_an_mdl),
        CALLER_TEST(a_view_is_rounded_and_goes_whole),
        CALLER_TEST(a_wanted_base_is_taken_or_refused),
        CALLER_TEST(a_view_too_large_leaves_the_section_usable),
        CALLER_TEST(words_that_are_none_are_refused),
        CALLER_TEST(wrong_handles_are_told_apart),
        CALLER_TEST(a_read_only_section_is_not_mapped_for_writing),
        CALLER_TEST(a_second_cache_type_is_refused),
        CALLER_TEST(a_section_of_its_own_pages_is_shared),
        CALLER_TEST(sections_that_cannot_be_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
