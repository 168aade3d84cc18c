/* tests/hal/transfer_test.c -- MapTransfer and FlushAdapterBuffers of bus
 * masters as a driver calls them, on every kind of map registers; the oracle is
 * what the card reaches on the bus and the buffer's bytes. Contract ids:
 * DMA-xxx. */
#include "driver.h"
#include "edu.h"

#include "mm/mdl.h"

static struct driver *driver_with(enum hal_kind kind, bool sg, bool dma32)
{
    struct hal_device dev = a_master(sg, dma32, 0x10000);

    return driver_new(kind, &dev);
}

/* DMA-084, DMA-086: a scatter/gather master gets 1 to all bytes, each reachable
 * from the address; the pieces follow each other without gap or overlap. */
static void pieces_of_a_scatter_gather_master(void **state)
{
    static const uint32_t pfn[] = {0x2000, 0x2001, 0x2100, 0x1f00, 0x1f01};

    (void)state;
    EVERY_KIND(kind)
    for (uint32_t offset = 0; offset < 4096; offset += 1365) {
        struct driver *d = driver_with(kind, true, true);
        uint32_t done, n, base;
        struct buffer b;
        dla_t dla;

        driver_buffer(d, &b, pfn, offset, 0x4000, 17);
        base = driver_take(d, b.count);
        for (done = 0; done < b.bytes; done += n) {
            n = b.bytes - done;
            dla = driver_map(d, &b, base, done, &n, WRITE);
            assert_in_range(n, 1, b.bytes - done);
            assert_true(card_reads(&d->g->r, dla, n, (uint8_t)(17 + done)));
        }
        assert_int_equal(done, b.bytes);
        assert_int_equal(driver_flush(d, &b, base, 0, b.bytes, WRITE), 1);
        assert_int_equal(hal_page_count(d->g->r.hal), 0);
        driver_free(d);
    }
}

/* DMA-085: without scatter/gather, master or slave, the length comes back as it
 * went in. */
static void without_scatter_gather_all_is_mapped(void **state)
{
    static const uint32_t bytes[] = {1, 2, 0x1000, 0x1002, 0x5000, 0x8000};

    (void)state;
    EVERY_KIND(kind)
    for (unsigned i = 0; i < 6; i++)
        for (unsigned which = 0; which < 4; which++) {
            struct hal_device dev = a_master(false, which == 1, 0x10000);
            struct driver *d;
            struct buffer b;
            uint32_t n;

            if (which > 1)
                dev = isa_slave(which == 2 ? 1 : 5, 0x10000);
            d = driver_on(&(struct rig_options){.kind = kind}, &dev);
            driver_buffer(d, &b, NULL, 0x802, bytes[i], 17);
            assert_int_equal(driver_allocate(d, b.count, HAL_KEEP_OBJECT), 0);
            n = b.bytes;
            driver_map(d, &b, driver_base(d), 0, &n, WRITE);
            assert_int_equal(n, b.bytes);
            driver_free(d);
        }
}

/* DMA-087, DMA-088: CurrentVa is an index: of addresses that nobody has mapped,
 * of another process's, from the middle of the buffer. */
static void current_va_is_an_index(void **state)
{
    static const uint32_t start[] = {0x00400000, 0x7ffe0000, 0xdead0000};

    (void)state;
    EVERY_KIND(kind)
    for (unsigned i = 0; i < 3; i++)
        for (unsigned sg = 0; sg < 2; sg++) {
            struct driver *d = driver_with(kind, sg, true);
            uint32_t n = 0x900, base;
            struct buffer b;
            dla_t dla;

            driver_buffer(d, &b, NULL, 0x200, 0x3000, 40);
            b.va = start[i] + 0x200;
            guest_mdl(d->g, &b);
            base = driver_take(d, 3);
            dla = driver_map(d, &b, base, 0x1800, &n, READ);
            assert_int_equal(dla.v & PAGE_MASK, 0xa00);
            assert_int_equal(n, kind == HAL_BOUNCE && sg ? 0x600 : 0x900);
            card_writes(&d->g->r, dla, n, 99);
            driver_flush(d, &b, base, 0x1800, n, READ);
            for (uint32_t k = 0; k < b.bytes; k++)
                assert_int_equal(buffer_byte(&d->g->r, &b, k),
                                 k >= 0x1800 && k < 0x1800 + n
                                     ? (uint8_t)(99 + k - 0x1800)
                                     : (uint8_t)(40 + k));
            assert_int_equal(d->g->r.findings, 0);
            driver_free(d);
        }
}

/* A buffer's view of an MDL that the memory manager made. */
static void view_mdl(struct driver *d, struct buffer *b, gva_t mdl)
{
    uint32_t start = guest_get(d->g, mdl.v + MDL_START_VA);
    uint32_t offset = guest_get(d->g, mdl.v + MDL_BYTE_OFFSET), left, n, i = 0;

    *b = (struct buffer){.va = start + offset,
                         .bytes = guest_get(d->g, mdl.v + MDL_BYTE_COUNT),
                         .mdl = mdl.v};
    for (left = b->bytes; left; left -= n, offset = 0) {
        n = PAGE_BYTES - offset < left ? PAGE_BYTES - offset : left;
        b->f[i] = (struct hal_fragment){
            .at = ((uint64_t)guest_get(d->g, mdl.v + MDL_PFNS + 4 * i) << 12) +
                  offset,
            .bytes = n};
        b->count = ++i;
    }
}

/* DMA-089: a partial MDL, and one of MmAllocatePagesForMdl with StartVa 0. */
static void partial_and_page_mdls_are_buffers(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    for (unsigned sg = 0; sg < 2; sg++) {
        const struct mdl_pages wish = {
            .high = UINT32_MAX, .bytes = 3 * PAGE_BYTES, .cache = MM_CACHED};
        struct driver *d = driver_with(kind, sg, true);
        struct mm *mm = &d->g->r.mm;
        struct mm_misuse misuse;
        struct buffer whole, b;
        gva_t mdl;

        driver_buffer(d, &whole, NULL, 0x345, 0x4000, 1);
        assert_int_equal(
            mdl_create(mm, gva_of(whole.va + 0x1234), 0x1800, &mdl), HB_OK);
        assert_int_equal(mdl_partial(mm, 0, gva_of(whole.mdl), mdl,
                                     gva_of(whole.va + 0x1234), 0x1800,
                                     &misuse),
                         HB_OK);
        view_mdl(d, &b, mdl);
        assert_int_equal(b.bytes, 0x1800);
        driver_moves(d, &b);
        for (uint32_t k = 0; k < 0x1234; k++)
            assert_int_equal(buffer_byte(&d->g->r, &whole, k),
                             (uint8_t)(1 + k));
        assert_int_equal(buffer_byte(&d->g->r, &whole, 0x1234), 201);
        assert_int_equal(mdl_pages_alloc(mm, &wish, &mdl), HB_OK);
        view_mdl(d, &b, mdl);
        assert_int_equal(b.va, 0);
        assert_int_equal(b.bytes, 3 * PAGE_BYTES);
        driver_moves(d, &b);
        driver_free(d);
    }
}

/* DMA-090: neighbours that ascend are one piece. */
static void neighbours_are_one_piece(void **state)
{
    static const uint32_t pfn[] = {0x2345, 0x2346, 0x2347};

    (void)state;
    EVERY_KIND(kind)
    {
        struct driver *d = driver_with(kind, true, true);
        uint32_t n = 3 * PAGE_BYTES - 0x10;
        struct buffer b;

        driver_buffer(d, &b, pfn, 0x10, n, 1);
        driver_map(d, &b, driver_take(d, 3), 0, &n, WRITE);
        assert_int_equal(n, b.bytes);
        driver_free(d);
    }
}

/* A buffer of whole pages that need not be RAM. */
static void io_buffer(struct driver *d, struct buffer *b, const uint32_t *pfn,
                      uint32_t pages)
{
    *b = (struct buffer){
        .count = pages, .bytes = pages * PAGE_BYTES, .va = 0x400000};
    for (uint32_t i = 0; i < pages; i++)
        b->f[i] = (struct hal_fragment){.at = (uint64_t)pfn[i] << 12,
                                        .bytes = PAGE_BYTES};
    guest_mdl(d->g, b);
    guest_set(d->g, b->mdl + MDL_SIZE,
              guest_get(d->g, b->mdl + MDL_SIZE) | MDL_IO_SPACE << 16);
}

/* DMA-091: ... but not across 4 GiB. */
static void a_piece_ends_at_4_gib(void **state)
{
    static const uint32_t pfn[] = {0xffffe, 0xfffff, 0x100000, 0x100001};

    (void)state;
    EVERY_KIND(kind)
    for (unsigned wide = 0; wide < 2; wide++) {
        const struct rig_options o = {.kind = kind, .ram = 6 * GIB};
        struct hal_device dev = a_master(true, true, 0x10000);
        struct driver *d;
        uint32_t done, n, base;
        struct buffer b;
        dla_t dla;

        dev.dma64 = wide;
        d = driver_on(&o, &dev);
        io_buffer(d, &b, pfn, 4);
        base = driver_take(d, 4);
        for (done = 0; done < b.bytes; done += n) {
            n = b.bytes - done;
            dla = driver_map(d, &b, base, done, &n, READ);
            assert_in_range(n, 1, b.bytes - done);
            assert_true(dla.v >> 32 == (dla.v + n - 1) >> 32);
            if (kind == HAL_BOUNCE && wide)
                assert_int_equal(n, 2 * PAGE_BYTES);
        }
        driver_free(d);
    }
}

/* DMA-094: the last byte counts: a page that ends at the line needs no bounce,
 * one that begins there does. */
static void the_limit_is_inclusive(void **state)
{
    static const struct {
        uint32_t pfn;
        bool dma32, beyond;
    } row[] = {{0xfff, false, false},
               {0x1000, false, true},
               {0xfffff, true, false},
               {0x100000, true, true}};

    (void)state;
    EVERY_KIND(kind)
    for (unsigned i = 0; i < 4; i++) {
        const struct rig_options o = {.kind = kind, .ram = 6 * GIB};
        struct hal_device dev = a_master(false, row[i].dma32, 0x4000);
        struct driver *d = driver_on(&o, &dev);
        uint32_t n = PAGE_BYTES;
        struct buffer b;
        dla_t dla;

        io_buffer(d, &b, &row[i].pfn, 1);
        dla = driver_map(d, &b, driver_take(d, 1), 0, &n, WRITE);
        assert_int_equal(n, PAGE_BYTES);
        assert_true(dla.v + n - 1 <= (row[i].dma32 ? 0xffffffff : 0xffffff));
        if (kind == HAL_BOUNCE) {
            assert_int_equal(dla.v == b.f[0].at, !row[i].beyond);
            assert_int_equal(d->g->r.copies, row[i].beyond);
        }
        driver_free(d);
    }
}

static bool is_8237(unsigned port)
{
    return port < 0x20 || (port >= 0x80 && port < 0x90) ||
           (port >= 0xc0 && port < 0xe0) || (port >= 0x400 && port < 0x500);
}

/* DMA-101: MapTransfer and the flush of a master touch neither the card nor the
 * 8237. */
static void a_master_is_not_touched(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    for (unsigned sg = 0; sg < 2; sg++) {
        struct driver *d = driver_with(kind, sg, sg);
        struct buffer b;

        driver_buffer(d, &b, NULL, 0x700, 0x2000, 1);
        edu_enable(&d->g->r);
        rig_forget(&d->g->r);
        driver_moves(d, &b);
        for (unsigned i = 0; i < d->g->r.outs; i++)
            assert_false(is_8237(d->g->r.out[i].port));
        assert_int_equal(d->g->r.card_stores, 0);
        driver_free(d);
    }
}

/* DMA-102: pieces in ascending order take one register after the other, and all
 * are there till the flush. */
static void earlier_pieces_stay(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    for (unsigned sg = 0; sg < 2; sg++) {
        struct driver *d = driver_with(kind, sg, false);
        uint32_t base, i, n;
        struct buffer b;
        dla_t dla[4];

        driver_buffer(d, &b, NULL, 0, 4 * PAGE_BYTES, 1);
        base = driver_take(d, 4);
        for (i = 0; i < 4; i++) {
            n = PAGE_BYTES;
            dla[i] = driver_map(d, &b, base, i * PAGE_BYTES, &n, READ);
            assert_int_equal(n, PAGE_BYTES);
            if (i && kind != HAL_BOUNCE)
                assert_int_equal(dla[i].v, dla[i - 1].v + PAGE_BYTES);
        }
        for (i = 4; i-- > 0;)
            card_writes(&d->g->r, dla[i], PAGE_BYTES, (uint8_t)(70 + 4096 * i));
        driver_flush(d, &b, base, 0, b.bytes, READ);
        assert_true(buffer_is(&d->g->r, &b, 70));
        assert_int_equal(d->g->r.findings, 0);
        driver_free(d);
    }
}

/* DMA-103: five pages on four registers: told, the fifth is not mapped, and the
 * registers behind it, of another request, still lead to its pages. */
static void more_pages_than_registers(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    for (unsigned sg = 0; sg < 2; sg++) {
        struct driver *d = driver_with(kind, sg, false);
        uint32_t mine, next, n, m, done = 0;
        struct buffer b, other;
        dla_t dla;

        if (kind == HAL_BOUNCE && sg) {
            struct hal_device dev = a_master(true, false, 0x10000);

            dev.interface = HAL_INTERFACE_ISA; /* S/G with registers */
            dev.channel = UINT32_MAX;
            driver_free(d);
            d = driver_on(&(struct rig_options){.kind = kind}, &dev);
        }
        mine = driver_take(d, 4);
        next = driver_take(d, 1);
        rig_scatter(&d->g->r, &other, 0x3000, 0, PAGE_BYTES);
        guest_mdl(d->g, &other);
        buffer_fill(&d->g->r, &other, 77);
        n = PAGE_BYTES;
        dla = driver_map(d, &other, next, 0, &n, WRITE);
        driver_buffer(d, &b, NULL, 0, 5 * PAGE_BYTES, 1);
        do {
            m = b.bytes - done;
            driver_map(d, &b, mine, done, &m, WRITE);
            done += m;
        } while (m && done < b.bytes);
        assert_int_equal(done, 4 * PAGE_BYTES);
        assert_string_equal(d->g->r.rule, "S18");
        assert_true(card_reads(&d->g->r, dla, PAGE_BYTES, 77));
        driver_free(d);
    }
}

/* DMA-105: one operation moves PAGE_SIZE for each register, less the start in
 * the first page, and not a byte more. */
static void the_most_of_one_operation(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    for (uint32_t more = 0; more < 2; more++) {
        struct hal_device dev = a_master(false, false, 0x8000);
        struct driver *d = driver_new(kind, &dev);
        uint32_t most = d->count * PAGE_BYTES - 0x800, n = most + more;
        struct buffer b;
        dla_t dla;

        driver_buffer(d, &b, NULL, 0x800, n, 8);
        dla = driver_map(d, &b, driver_take(d, d->count), 0, &n, WRITE);
        assert_int_equal(n, most);
        assert_true(card_reads(&d->g->r, dla, n, 8));
        assert_int_equal(d->g->r.findings > 0, more);
        driver_free(d);
    }
}

/* DMA-107: the result is in EDX:EAX, and IoMapTransfer pops its 24 bytes: the
 * fixture's call comes back only then. */
static void the_result_is_in_edx_and_eax(void **state)
{
    static const uint32_t pfn[] = {0x123456};

    (void)state;
    EVERY_KIND(kind)
    {
        const struct rig_options o = {.kind = kind, .ram = 6 * GIB};
        struct hal_device dev = a_master(true, true, 0x8000);
        struct driver *d;
        struct buffer b;
        uint64_t dla;

        dev.dma64 = true;
        d = driver_on(&o, &dev);
        driver_buffer(d, &b, pfn, 0x8, 0x100, 8);
        guest_set(d->g, d->length, b.bytes);
        dla = guest_call(d->g, "IoMapTransfer", d->adapter, b.mdl,
                         driver_take(d, 1), b.va, d->length, WRITE);
        dla |= (uint64_t)d->g->edx << 32;
        assert_true(card_reads(&d->g->r, dla_of(dla), b.bytes, 8));
        if (kind == HAL_BOUNCE)
            assert_true(dla == 0x123456008);
        driver_free(d);
    }
}

/* DMA-108: the length is stored where the driver says, be it the packet's own.
 */
static void the_length_may_be_the_packets(void **state)
{
    enum { READ_LENGTH = 4 }; /* IO_STACK_LOCATION.Parameters.Read.Length */

    (void)state;
    EVERY_KIND(kind)
    {
        struct driver *d = driver_with(kind, true, true);
        uint32_t stack = guest_alloc(d->g, 0x24);
        struct buffer b;

        d->length = stack + READ_LENGTH;
        driver_buffer(d, &b, NULL, 0, 3 * PAGE_BYTES, 1);
        guest_set(d->g, d->length, b.bytes);
        table_call(d->g, d->adapter, OP_MAP, b.mdl, driver_take(d, 1), b.va,
                   d->length, READ);
        assert_int_equal(guest_get(d->g, stack + READ_LENGTH), PAGE_BYTES);
        assert_int_equal(guest_get(d->g, stack), 0);
        assert_int_equal(guest_get(d->g, stack + 8), 0);
        driver_free(d);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_of_a_scatter_gather_master),
        cmocka_unit_test(without_scatter_gather_all_is_mapped),
        cmocka_unit_test(current_va_is_an_index),
        cmocka_unit_test(partial_and_page_mdls_are_buffers),
        cmocka_unit_test(neighbours_are_one_piece),
        cmocka_unit_test(a_piece_ends_at_4_gib),
        cmocka_unit_test(the_limit_is_inclusive),
        cmocka_unit_test(a_master_is_not_touched),
        cmocka_unit_test(earlier_pieces_stay),
        cmocka_unit_test(more_pages_than_registers),
        cmocka_unit_test(the_most_of_one_operation),
        cmocka_unit_test(the_result_is_in_edx_and_eax),
        cmocka_unit_test(the_length_may_be_the_packets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
