/* tests/hal/spaces_test.c -- virtual, physical and logical addresses, and what
 * a map register does between the last two, as a driver and its device see it
 * on every kind of map registers. Contract ids: DMA-xxx. */
#include "driver.h"
#include "edu.h"
#include "isa.h"

#include <string.h>

#include "mm/mdl.h"

/* A buffer of nonpaged pool: its virtual addresses are mapped. */
static void pool_buffer(struct driver *d, struct buffer *b, uint32_t offset,
                        uint32_t bytes)
{
    uint32_t va = guest_alloc(d->g, bytes + 2 * PAGE_BYTES), left, n;
    gpa_t pa;

    va = ((va + PAGE_MASK) & ~(uint32_t)PAGE_MASK) + offset;
    *b = (struct buffer){.bytes = bytes, .va = va};
    for (left = bytes; left; left -= n) {
        uint32_t at = va + bytes - left;

        n = PAGE_BYTES - (at & PAGE_MASK) < left ? PAGE_BYTES - (at & PAGE_MASK)
                                                 : left;
        assert_true(mm_physical(&d->g->r.mm, 0, gva_of(at), &pa));
        b->f[b->count++] =
            (struct hal_fragment){.at = pa.v, .va = at, .bytes = n};
    }
    guest_mdl(d->g, b);
}

/* DMA-001: for each byte at a page's ends, three addresses; the CPU's walk and
 * the device's end in the same byte, but on `bounce`: there in the bounce page,
 * shown with its owner, or in the page itself. */
static void a_byte_has_three_addresses(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    for (unsigned sg = 0; sg < 2; sg++) {
        struct hal_device dev = a_master(sg, sg, 0x8000);
        struct driver *d = driver_new(kind, &dev);
        struct hal_page_info page;
        struct buffer b;
        uint32_t base, n, done;
        gpa_t to, pa;
        dla_t dla;

        pool_buffer(d, &b, 0x234, 3 * PAGE_BYTES);
        base = driver_take(d, b.count);
        for (done = 0; done < b.bytes; done += n) {
            n = b.bytes - done;
            dla = driver_map(d, &b, base, done, &n, WRITE);
            assert_true(
                hal_page_find(d->g->r.hal, gva_of(d->adapter), dla, &page));
            assert_int_equal(page.va.v, b.va + done);
            assert_true(mm_physical(&d->g->r.mm, 0, gva_of(b.va + done), &pa));
            assert_int_equal(page.owner.v, pa.v);
            assert_int_equal(page.mdl, b.mdl);
            assert_true(rig_reach(&d->g->r, dla, DMA_TO_DEVICE, &to));
            assert_int_equal(page.to.v, to.v);
            if (!page.bounced)
                assert_int_equal(to.v, pa.v);
            if (kind != HAL_BOUNCE)
                assert_false(page.bounced);
            if (kind != HAL_BOUNCE)
                assert_int_not_equal(dla.v, pa.v);
        }
        driver_free(d);
    }
}

/* DMA-003: a logical page is never its physical page and never RAM; a card that
 * is given a physical address reaches RAM with a finding, or is refused. */
static void logical_pages_are_not_physical_ones(void **state)
{
    (void)state;
    for (unsigned strict = 0; strict < 2; strict++)
        for (unsigned dma32 = 0; dma32 < 2; dma32++) {
            const struct rig_options o = {.strict = strict};
            struct hal_device dev = a_master(false, dma32, 0x10000);
            struct driver *d = driver_on(&o, &dev);
            struct rig *r = &d->g->r;
            struct buffer b;
            uint32_t n, i;
            dla_t dla;

            driver_buffer(d, &b, NULL, 0x10, 5 * PAGE_BYTES, 7);
            n = b.bytes;
            dla = driver_map(d, &b, driver_take(d, b.count), 0, &n, WRITE);
            for (i = 0; i < n; i += 0x10) {
                assert_false(ram_is(&r->ram, gpa_of(dla.v + i), 1));
                assert_false(ram_is(&r->ram, gpa_of(dla.v + i), 0x10));
            }
            edu_enable(r);
            rig_forget(r);
            assert_true(edu_moves(r, dla, 0x800, DMA_TO_DEVICE));
            assert_int_equal(r->findings, 0);
            /* MapTransfer skipped: the address MmGetPhysicalAddress gives */
            assert_int_equal(
                edu_moves(r, dla_of(b.f[0].at), 0x100, DMA_TO_DEVICE), !strict);
            if (strict)
                assert_int_equal(r->fault_at, b.f[0].at);
            else
                assert_string_equal(r->rule, "S01");
            driver_free(d);
        }
}

/* mov eax, [esp + 4]; mov eax, [eax]; ret 4 */
static uint32_t cpu_load_code(struct driver *d)
{
    static const uint8_t code[] = {0x8b, 0x44, 0x24, 0x04, 0x8b,
                                   0x00, 0xc2, 0x04, 0x00};
    uint32_t at = guest_alloc(d->g, sizeof code);

    guest_put(d->g, at, code, sizeof code);
    return at;
}

/* A page of @dword at user address @va, by page-table entries (no PAE). */
static void map_user_page(struct driver *d, uint32_t va, uint32_t dword)
{
    const struct frame_request req = {.owner = FRAME_USER};
    uint32_t pde = 0xc0300000 + (va >> 22) * 4, table, page, i;

    assert_int_equal(frames_alloc(&d->g->r.mm, &req, &page), HB_OK);
    for (i = 0; i < PAGE_BYTES; i += 4)
        ram_write(&d->g->r.ram, gpa_of((uint64_t)page << 12 | i), &dword, 4);
    if (!(guest_get(d->g, pde) & 1)) {
        assert_int_equal(frames_alloc(&d->g->r.mm, &req, &table), HB_OK);
        guest_set(d->g, pde, table << 12 | 7);
    }
    guest_set(d->g, 0xc0000000 + (va >> 12) * 4, page << 12 | 7);
}

/* DMA-004: the CPU takes the number for a virtual address: a page fault, or
 * what is mapped there, never the buffer's bytes. */
static void the_cpu_takes_a_logical_address_for_a_virtual_one(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    for (unsigned physical = 0; physical < 2; physical++)
        for (unsigned mapped = 0; mapped < 2; mapped++) {
            struct hal_device dev = a_master(false, false, 0x4000);
            struct driver *d = driver_new(kind, &dev);
            uint32_t n, eax = 0, code = cpu_load_code(d);
            struct buffer b;
            dla_t dla;

            driver_buffer(d, &b, NULL, 0, 0x1000, 0x21);
            n = b.bytes;
            dla = driver_map(d, &b, driver_take(d, 1), 0, &n, WRITE);
            if (physical)
                dla = dla_of(b.f[0].at);
            if (mapped) {
                map_user_page(d, (uint32_t)dla.v, 0xabcd1234);
                assert_int_equal(
                    guest_call_at(d->g, code, 1, (uint32_t[]){(uint32_t)dla.v}),
                    0xabcd1234);
            } else {
                assert_false(guest_try(d->g, code, 1,
                                       (uint32_t[]){(uint32_t)dla.v}, &eax));
                assert_int_equal(ke_bugcheck_state(d->g->ke)->p[0], dla.v);
            }
            driver_free(d);
        }
}

static const struct {
    uint32_t offset, bytes, span;
} spans[] = {{0xffe, 4, 2},      {0, 0x1000, 1},     {0, 1, 1},
             {0xfff, 1, 1},      {0xfff, 2, 2},      {0, 0x1001, 2},
             {0x800, 0x1000, 2}, {0x800, 0x3000, 4}, {1, 0x1000, 2}};

/* DMA-005: with a register per page touched all is mapped, with one less not;
 * on `translate` just so many are live. */
static void a_register_per_page_touched(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    for (unsigned i = 0; i < sizeof spans / sizeof *spans; i++) {
        struct hal_device dev = a_master(false, false, 0x8000);
        struct driver *d = driver_new(kind, &dev);
        struct gate_register live[16];
        uint32_t n;
        uint64_t from = 0;
        struct buffer b;

        driver_buffer(d, &b, NULL, spans[i].offset, spans[i].bytes, 1);
        assert_int_equal(b.count, spans[i].span);
        n = b.bytes;
        driver_map(d, &b, driver_take(d, spans[i].span), 0, &n, WRITE);
        assert_int_equal(n, b.bytes);
        assert_int_equal(d->g->r.findings, 0);
        if (kind == HAL_TRANSLATE)
            assert_int_equal(bus_registers(d->g->r.bus, &from, live, 16),
                             spans[i].span);
        if (spans[i].span > 1) {
            n = b.bytes;
            driver_map(d, &b, driver_take(d, spans[i].span - 1), 0, &n, WRITE);
            assert_true(n < b.bytes);
            assert_string_equal(d->g->r.rule, "S18");
        }
        driver_free(d);
    }
}

/* DMA-006, DMA-010: the offset in the page is the same; byte k is at logical
 * base + k, and logical pages begin where the buffer's do. */
static void offsets_and_page_ends_are_the_same(void **state)
{
    static const uint32_t offset[] = {0, 1, 0x7ff, 0x800, 0xfff};

    (void)state;
    EVERY_KIND(kind)
    for (unsigned i = 0; i < 5; i++) {
        struct hal_device dev = a_master(false, false, 0x8000);
        struct driver *d = driver_new(kind, &dev);
        struct hal_page_info page;
        struct buffer b;
        uint32_t n, k;
        dla_t dla;

        driver_buffer(d, &b, NULL, offset[i], 0x3800, 5);
        n = b.bytes;
        dla = driver_map(d, &b, driver_take(d, b.count), 0, &n, WRITE);
        assert_int_equal(n, 0x3800);
        assert_int_equal(dla.v & PAGE_MASK, offset[i]);
        for (k = 0; k < n; k++) {
            assert_true(
                card_reads(&d->g->r, dla_add(dla, k), 1, (uint8_t)(5 + k)));
            assert_int_equal((dla.v + k) & PAGE_MASK, (b.va + k) & PAGE_MASK);
        }
        assert_true(hal_page_at(d->g->r.hal, 0, &page));
        assert_int_equal(page.bytes, PAGE_BYTES - offset[i]);
        assert_true(hal_page_at(d->g->r.hal, b.count - 1, &page));
        assert_int_equal(page.bytes, b.f[b.count - 1].bytes);
        driver_free(d);
    }
}

/* DMA-007: one byte goes both ways, and nothing beside it. */
static void one_byte_is_a_buffer(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    for (unsigned i = 0; i < 3; i++) {
        static const uint32_t at[] = {0, 0x123, 0xfff};
        struct hal_device dev = a_master(i == 1, i > 0, 0x1000);
        struct driver *d = driver_new(kind, &dev);
        struct buffer whole, b;
        uint32_t n = 1;

        driver_buffer(d, &whole, NULL, 0, PAGE_BYTES, 0);
        b = whole;
        b.va += at[i];
        b.f[0].at += at[i];
        b.bytes = b.f[0].bytes = 1;
        guest_mdl(d->g, &b);
        driver_moves(d, &b);
        buffer_set(&d->g->r, &b, 0, (uint8_t)at[i]);
        assert_true(buffer_is(&d->g->r, &whole, 0));
        driver_map(d, &b, driver_take(d, 1), 0, &n, WRITE);
        assert_int_equal(n, 1);
        driver_free(d);
    }
}

static struct hal_device isa_master(uint32_t bytes)
{
    struct hal_device dev = a_master(false, false, bytes);

    dev.interface = HAL_INTERFACE_ISA;
    dev.channel = UINT32_MAX;
    return dev;
}

/* DMA-008, DMA-009, DMA-013: scattered pages, high and low, are one run of
 * logical pages; of an ISA master, a channel and a 24-bit PCI master below 16
 * MiB. */
static void scattered_pages_are_one_run(void **state)
{
    static const uint32_t pfn[] = {0x2007, 0x1d00, 0x2001};

    (void)state;
    EVERY_KIND(kind)
    for (unsigned which = 0; which < 4; which++) {
        struct driver *d = driver_new(kind, NULL), first = *d;
        struct hal_device dev = isa_master(0x8000);
        struct buffer b;
        uint32_t n;
        dla_t dla;

        if (which == 1)
            dev = isa_slave(2, 0x8000);
        if (which > 1)
            dev = a_master(false, which == 3, 0x8000);
        driver_other(d, &first, &dev);
        driver_buffer(d, &b, pfn, 0x800, 0x2800, 3);
        assert_int_equal(b.count, 3);
        n = b.bytes;
        dla = driver_map(d, &b, driver_take(d, 3), 0, &n, WRITE);
        assert_int_equal(n, b.bytes);
        assert_true(which == 3 || dla.v + n - 1 <= 0xffffff);
        assert_true(dla.v + n - 1 <= 0xffffffff);
        if (which != 1 || kind != HAL_ADAPTER) /* the 8237's table is its own */
            assert_true(card_reads(&d->g->r, dla, n, 3));
        if (which != 1) {
            driver_flush(d, &b, driver_base(d), 0, n, WRITE);
            driver_free_registers(d, driver_base(d), 3);
            driver_moves(d, &b);
        }
        driver_free(d);
    }
}

/* A slave's round trip by real cycles of the 8237. */
static void channel_moves(struct driver *d, struct buffer *b)
{
    struct rig *r = &d->g->r;
    uint32_t write, n, base;

    for (write = 2; write-- > 0;) {
        enum dma_dir dir = write ? DMA_TO_DEVICE : DMA_FROM_DEVICE;

        buffer_fill(r, b, write ? 9 : 200);
        assert_int_equal(driver_allocate(d, b->count, HAL_KEEP_OBJECT), 0);
        base = driver_base(d);
        n = b->bytes;
        driver_map(d, b, base, 0, &n, write);
        assert_int_equal(n, b->bytes);
        isa_start(r, dir, ISA_SINGLE, false);
        assert_int_equal(isa_run(r, n), n);
        assert_int_equal(driver_flush(d, b, base, 0, n, write), 1);
        driver_free_channel(d);
        assert_true(buffer_is(r, b, 9));
        if (write)
            assert_true(isa_is(r, n, 9));
    }
    assert_int_equal(r->findings, 0);
    assert_int_equal(driver_in_use(d), 0);
}

/* DMA-012: system channel, ISA and EISA master, PCI masters with and without
 * scatter/gather: the same calls serve them all, and the inspector says how far
 * each reaches and what its logical range is. */
static void every_sort_of_device_is_served(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    for (unsigned which = 0; which < 5; which++) {
        const struct rig_options o = {.kind = kind, .isa = 3};
        struct driver *d = driver_on(&o, NULL), first = *d;
        struct hal_device dev = isa_slave(2, 0x8000);
        struct hal_adapter_info info;
        struct buffer b;

        if (which == 1 || which == 2)
            dev = isa_master(0x8000);
        if (which == 2)
            dev.interface = HAL_INTERFACE_EISA;
        if (which > 2)
            dev = a_master(which == 4, true, 0x8000);
        driver_other(d, &first, &dev);
        assert_int_equal(hal_adapter_count(d->g->r.hal), 1);
        assert_true(hal_adapter_at(d->g->r.hal, 0, &info));
        assert_int_equal(info.limit, which < 3 ? 0xffffff : 0xffffffff);
        assert_int_equal(info.uses_registers, which < 4 || kind != HAL_BOUNCE);
        if (info.uses_registers) {
            assert_true(info.first.v < info.last.v);
            assert_true(info.last.v <= info.limit);
        }
        driver_buffer(d, &b, NULL, 0x7fe, 0x2804, 1);
        if (which)
            driver_moves(d, &b);
        else
            channel_moves(d, &b);
        driver_free(d);
    }
}

/* DMA-014: a 32-bit device and pages above 4 GiB: HighPart is 0, bytes right.
 */
static void a_32_bit_device_moves_pages_above_4_gib(void **state)
{
    static const uint32_t pfn[] = {0x100007, 0x2000, 0x110000, 0x17ffff};

    (void)state;
    EVERY_KIND(kind)
    for (unsigned sg = 0; sg < 2; sg++) {
        const struct rig_options o = {.kind = kind, .ram = 6 * GIB};
        struct hal_device dev = a_master(sg, true, 0x8000);
        struct driver *d = driver_on(&o, &dev);
        struct buffer b;
        uint32_t n;

        driver_buffer(d, &b, pfn, 0x100, 0x3000, 21);
        driver_moves(d, &b);
        n = b.bytes;
        assert_int_equal(
            driver_map(d, &b, driver_take(d, 4), 0, &n, WRITE).v >> 32, 0);
        driver_free(d);
    }
}

/* DMA-015: a page just below 32 GiB goes through MDL, MapTransfer and list; a
 * 64-bit master may get the high part. */
static void physical_addresses_have_36_bits(void **state)
{
    static const uint32_t pfn[] = {0x7fffff, 0x7ffffd};

    (void)state;
    EVERY_KIND(kind)
    for (unsigned wide = 0; wide < 2; wide++) {
        const struct rig_options o = {.kind = kind, .ram = 32 * GIB};
        struct hal_device dev = a_master(true, true, 0x8000);
        struct driver *d;
        uint32_t list, n, i, at = 0;
        uint64_t first = 0;
        struct buffer b;
        gpa_t to;

        dev.dma64 = wide;
        d = driver_on(&o, &dev);
        driver_buffer(d, &b, pfn, 0x10, 0x1800, 3);
        driver_moves(d, &b);
        table_call(d->g, d->adapter, OP_GET_LIST, d->device, b.mdl, b.va,
                   b.bytes, guest_callback(d->g), 0, WRITE);
        list = guest_argument(d->g, guest_called(d->g) - 1, 2);
        n = guest_get(d->g, list);
        for (i = 0; i < n; i++) {
            uint32_t e = list + 8 + 16 * i;
            dla_t dla = dla_of(guest_get(d->g, e) |
                               (uint64_t)guest_get(d->g, e + 4) << 32);

            if (!i)
                first = dla.v;
            assert_true(card_reads(&d->g->r, dla, guest_get(d->g, e + 8),
                                   (uint8_t)(201 + at)));
            assert_true(rig_reach(&d->g->r, dla, DMA_TO_DEVICE, &to));
            if (kind != HAL_BOUNCE || wide)
                assert_int_equal(to.v, i ? 0x7ffffd000 : 0x7fffff010);
            at += guest_get(d->g, e + 8);
        }
        assert_int_equal(at, b.bytes);
        if (kind == HAL_BOUNCE && wide)
            assert_int_equal(first, 0x7fffff010);
        else
            assert_int_equal(first >> 32, 0);
        driver_free(d);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_byte_has_three_addresses),
        cmocka_unit_test(logical_pages_are_not_physical_ones),
        cmocka_unit_test(the_cpu_takes_a_logical_address_for_a_virtual_one),
        cmocka_unit_test(a_register_per_page_touched),
        cmocka_unit_test(offsets_and_page_ends_are_the_same),
        cmocka_unit_test(one_byte_is_a_buffer),
        cmocka_unit_test(scattered_pages_are_one_run),
        cmocka_unit_test(every_sort_of_device_is_served),
        cmocka_unit_test(a_32_bit_device_moves_pages_above_4_gib),
        cmocka_unit_test(physical_addresses_have_36_bits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
