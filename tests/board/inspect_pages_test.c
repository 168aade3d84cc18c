/* tests/board/inspect_pages_test.c -- physical pages, who maps them, and pool,
 * against the allocators' events and page walks. */
#include "demo.h"

#include <stdio.h>

static const struct demo_bench benches[] = {
    {HALBOX_IMAGES "/edu.sys", "edu", "\\\\.\\Edu0", "translate", "16M",
     DEMO_BYTES},
    {HALBOX_IMAGES "/edu.sys", "edu", "\\\\.\\Edu0", "pae", "64M", DEMO_BYTES},
    {HALBOX_IMAGES "/edu.sys", "edu", "\\\\.\\Edu0", "bounce", "16M",
     DEMO_BYTES},
};

enum { PAGES = 16384 };
/* What the events said last of each page. */
struct book {
    char owner[PAGES][16];
};

static void on_page(void *context, const struct hb_event *event)
{
    struct book *b = context;
    uint64_t pfn = event->args[0];

    if (pfn >= PAGES)
        return;
    snprintf(b->owner[pfn], sizeof b->owner[pfn], "%.15s",
             event->id == EV_page_free
                 ? "free"
                 : (const char *)(uintptr_t)event->args[1]);
}

static void owners_are_those_of_the_events(void **state)
{
    static struct book book;
    uint8_t owners[PAGES];
    struct inspect_frame f;
    struct hb_error e;
    unsigned told = 0;
    struct demo d;

    (void)state;
    memset(&book, 0, sizeof book);
    demo_create(&d, &benches[0]);
    assert_int_equal(
        machine_listen(d.m, on_page, &book, "page_alloc,page_free", &e), HB_OK);
    demo_until(&d, DEMO_WRITE, "dma_start");
    inspect_owners(d.m, 0, PAGES, owners);
    for (uint32_t pfn = 0; pfn < PAGES; pfn++) {
        const char *name = inspect_owner_name((enum inspect_owner)owners[pfn]);

        assert_int_equal(inspect_frame(d.m, pfn, &f),
                         owners[pfn] != OWNER_NO_RAM);
        assert_int_equal(f.owner, owners[pfn]);
        if (!book.owner[pfn][0])
            continue;
        told++;
        assert_string_equal(name, book.owner[pfn]);
    }
    assert_true(told > 0);
    assert_int_equal(owners[0], OWNER_RESERVED);
    assert_int_equal(owners[PAGES - 1], OWNER_NO_RAM); /* 16 MiB of RAM */
    machine_unlisten(d.m, on_page, &book);
    machine_destroy(d.m);
}

static void a_buffer_is_its_processes_and_locked(const struct demo_bench *bench)
{
    struct inspect_frame f;
    struct inspect_walk w;
    struct demo d;

    demo_create(&d, bench);
    demo_until(&d, DEMO_WRITE, "dma_start");
    assert_true(inspect_translate(d.m, d.process, d.out, &w));
    assert_int_equal(w.pa.v >> 12, 0x5a0);
    assert_true(inspect_frame(d.m, 0x5a0, &f));
    assert_int_equal(f.owner, OWNER_USER);
    assert_int_equal(f.process, d.process);
    assert_int_equal(f.va.v, d.out.v & ~0xfffu);
    assert_int_equal(f.locks, 1);
    assert_true(demo_run(&d, MACHINE_FOR_EVER));
    assert_true(inspect_frame(d.m, 0x5a0, &f));
    assert_int_equal(f.locks, 0);
    machine_destroy(d.m);
}

static void buffers(void **state)
{
    (void)state;
    for (unsigned i = 0; i < sizeof benches / sizeof *benches; i++)
        a_buffer_is_its_processes_and_locked(&benches[i]);
}

/* Every page that a mapping query finds translates there, and it finds what a
 * walk over all addresses does. */
static void mappings(const struct machine *m, uint32_t space, uint32_t pfn,
                     gva_t known)
{
    struct inspect_mapping map;
    struct inspect_walk w;
    uint64_t cursor = 0;
    bool found = false;

    while (inspect_mapping_next(m, space, pfn, &cursor, &map)) {
        assert_true(inspect_translate(m, space, map.va, &w));
        assert_true(w.mapped);
        assert_int_equal(w.pa.v >> 12, pfn);
        assert_int_equal(w.level[w.levels - 1].slot.v, map.slot.v);
        assert_int_equal(w.writable, map.writable);
        assert_int_equal(w.user, map.user);
        found |= map.va.v == (known.v & ~0xfffu);
    }
    assert_true(found);
}

static void who_maps_a_page(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct inspect_mapping map;
        struct inspect_image image;
        struct inspect_walk w;
        uint64_t cursor = 0;
        struct demo d;

        demo_create(&d, &benches[i]);
        demo_until(&d, DEMO_WRITE, "dma_start");
        mappings(d.m, d.process, 0x5a0, d.out);
        assert_true(inspect_image_at(d.m, 0, &image));
        assert_true(inspect_translate(d.m, SPACE_SYSTEM, image.base, &w));
        mappings(d.m, SPACE_SYSTEM, (uint32_t)(w.pa.v >> 12), image.base);
        mappings(d.m, SPACE_CPU, (uint32_t)(w.pa.v >> 12), image.base);
        assert_false(inspect_mapping_next(d.m, 99, 0x5a0, &cursor, &map));
        machine_destroy(d.m);
    }
}

static void pool_by_block_and_by_tag(void **state)
{
    struct inspect_pool block, found;
    struct inspect_tag tag, last = {0};
    uint64_t bytes = 0, sum = 0, cursor = 0;
    unsigned blocks = 0, count = 0;
    struct inspect_irp irp;
    struct demo d;

    (void)state;
    demo_create(&d, &benches[0]);
    demo_until(&d, DEMO_WRITE, "dma_start");
    for (unsigned i = 0; inspect_pool_at(d.m, i, &block); i++, blocks++) {
        bytes += block.bytes;
        assert_true(inspect_pool(
            d.m, gva_add(block.at, block.bytes ? block.bytes - 1 : 0), &found));
        assert_int_equal(found.at.v, block.at.v);
    }
    while (inspect_tag_next(d.m, &cursor, &tag)) {
        assert_true(tag.paged > last.paged || tag.tag > last.tag ||
                    last.blocks == 0);
        sum += tag.bytes;
        count += tag.blocks;
        last = tag;
    }
    assert_int_equal(count, blocks);
    assert_int_equal(sum, bytes);
    assert_true(inspect_irp_at(d.m, 0, &irp));
    assert_true(inspect_pool(d.m, irp.at, &block));
    assert_memory_equal(&block.tag, "Irp ", 4);
    assert_int_equal(block.at.v, irp.at.v);
    assert_false(inspect_pool(d.m, gva_of(0x1000), &block));
    machine_destroy(d.m);
}

static void a_bare_machine_has_ram_of_nobody(void **state)
{
    struct machine *m = bare_create(NULL, "\xf4", 1);
    struct inspect_mapping map;
    struct inspect_frame f;
    struct inspect_pool p;
    struct inspect_tag t;
    uint64_t cursor = 0;

    (void)state;
    assert_true(inspect_frame(m, 0x100, &f));
    assert_int_equal(f.owner, OWNER_UNKNOWN);
    assert_false(inspect_frame(m, 0xf0000, &f));
    assert_false(inspect_pool_at(m, 0, &p));
    assert_false(inspect_tag_next(m, &cursor, &t));
    assert_false(inspect_mapping_next(m, SPACE_CPU, 0x100, &cursor, &map));
    machine_destroy(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(owners_are_those_of_the_events),
        cmocka_unit_test(buffers),
        cmocka_unit_test(who_maps_a_page),
        cmocka_unit_test(pool_by_block_and_by_tag),
        cmocka_unit_test(a_bare_machine_has_ram_of_nobody),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
