/* tests/hal/sglist_test.c -- scatter/gather lists as a driver gets them, on
 * every kind of map registers; the oracle is the list in guest memory, what the
 * card reaches and the buffer's bytes. Contract ids: DMA-xxx. */
#include "driver.h"

#include <stdlib.h>

#include "mm/mdl.h"
#include "mm/pool.h"

enum {
    NO_RESOURCES = 0xc000009a,
    TOO_SMALL = 0xc0000023,
    INVALID_PARAMETER = 0xc000000d,
    NONE_MAPPED = 0xc0000073
};

static struct driver *driver_with(enum hal_kind kind, bool sg, uint32_t bytes)
{
    struct hal_device dev = a_master(sg, true, bytes);

    dev.version = 2;
    return driver_new(kind, &dev);
}

static uint32_t get_list(struct driver *d, const struct buffer *b, uint32_t at,
                         uint32_t bytes, uint32_t write)
{
    return table_call(d->g, d->adapter, OP_GET_LIST, d->device, b->mdl,
                      b->va + at, bytes, guest_callback(d->g), 77, write);
}

/* The list that the last routine got. */
static uint32_t last_list(struct driver *d)
{
    return guest_argument(d->g, (guest_called(d->g) - 1) % GUEST_NOTED, 2);
}

static void put_list(struct driver *d, uint32_t list, uint32_t write)
{
    table_call(d->g, d->adapter, OP_PUT_LIST, list, write);
}

struct element {
    dla_t at;
    uint32_t bytes;
};

static struct element element(const struct driver *d, uint32_t list, uint32_t i)
{
    uint32_t at = list + 8 + 16 * i;

    return (struct element){.at =
                                dla_of(guest_get(d->g, at) |
                                       (uint64_t)guest_get(d->g, at + 4) << 32),
                            .bytes = guest_get(d->g, at + 8)};
}

/* Lengths > 0 that sum up to @bytes, in buffer order; the card reads @seed and
 * on, or writes it. Returns how many. */
static uint32_t use_list(struct driver *d, uint32_t list, uint32_t bytes,
                         uint8_t seed, uint32_t write)
{
    uint32_t n = guest_get(d->g, list), i, sum = 0;

    for (i = 0; i < n; i++) {
        struct element e = element(d, list, i);

        assert_true(e.bytes > 0);
        if (write)
            assert_true(
                card_reads(&d->g->r, e.at, e.bytes, (uint8_t)(seed + sum)));
        else
            card_writes(&d->g->r, e.at, e.bytes, (uint8_t)(seed + sum));
        sum += e.bytes;
    }
    assert_int_equal(sum, bytes);
    return n;
}

static bool registers(enum hal_kind kind, bool sg)
{
    return kind != HAL_BOUNCE || !sg;
}

/* DMA-122, DMA-123, DMA-133: the routine has run, at DISPATCH_LEVEL, with its
 * four arguments, when the call is over; the list lies as the DDK says; put,
 * the bytes are in the buffer, the registers and the list's memory are free. */
static void a_list_goes_there_and_back(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    for (unsigned sg = 0; sg < 2; sg++) {
        struct driver *d = driver_with(kind, sg, 0x10000);
        struct mm *mm = &d->g->r.mm;
        struct buffer b;
        uint32_t list, n;

        driver_buffer(d, &b, NULL, 0x123, 3 * PAGE_BYTES, 1);
        assert_int_equal(get_list(d, &b, 0, b.bytes, READ), 0);
        assert_int_equal(guest_called(d->g), 1);
        assert_int_equal(guest_called_irql(d->g, 0), 2);
        assert_int_equal(guest_argument(d->g, 0, 0), d->device);
        assert_int_equal(guest_argument(d->g, 0, 1), 0x81777000);
        assert_int_equal(guest_argument(d->g, 0, 3), 77);
        list = last_list(d);
        assert_non_null(pool_find(mm, gva_of(list)));
        n = use_list(d, list, b.bytes, 5, READ);
        assert_int_equal(n, kind == HAL_BOUNCE && sg ? b.count : 1);
        assert_int_equal(driver_in_use(d), registers(kind, sg) ? b.count : 0);
        put_list(d, list, READ);
        assert_true(buffer_is(&d->g->r, &b, 5));
        assert_int_equal(driver_in_use(d), 0);
        assert_int_equal(hal_page_count(d->g->r.hal), 0);
        assert_null(pool_find(mm, gva_of(list)));
        assert_int_equal(d->g->r.findings, 0);
        driver_free(d);
    }
}

/* DMA-124: random buffers, pages in any order: elements in buffer order, each a
 * logical run, the sum is the length. */
static void elements_cover_the_buffer(void **state)
{
    uint64_t dice = 20261126;

    (void)state;
    EVERY_KIND(kind)
    for (unsigned i = 0; i < 24; i++) {
        struct driver *d = driver_with(kind, i & 1, 0x10000);
        uint32_t pfn[16], k, bytes, offset;
        struct buffer b;

        for (k = 0; k < 16; k++) { /* pairs are neighbours now and then */
            dice = dice * 6364136223846793005u + 1442695040888963407u;
            pfn[k] = 0x2000 + 16 * k + (uint32_t)(dice >> 60);
            if (k && dice >> 50 & 1)
                pfn[k] = pfn[k - 1] + 1;
        }
        offset = (uint32_t)(dice >> 32) & PAGE_MASK;
        bytes = 1 + (uint32_t)(dice >> 33) % (15 * PAGE_BYTES - offset);
        driver_buffer(d, &b, pfn, offset, bytes, 30);
        assert_int_equal(get_list(d, &b, 0, bytes, WRITE), 0);
        use_list(d, last_list(d), bytes, 30, WRITE);
        put_list(d, last_list(d), WRITE);
        driver_free(d);
    }
}

/* DMA-125: without scatter/gather there is one element. */
static void one_element_without_scatter_gather(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    {
        struct driver *d = driver_with(kind, false, 0x10000);
        struct buffer b;

        driver_buffer(d, &b, NULL, 0x10, 5 * PAGE_BYTES - 0x20, 1);
        assert_int_equal(get_list(d, &b, 0, b.bytes, WRITE), 0);
        assert_int_equal(use_list(d, last_list(d), b.bytes, 1, WRITE), 1);
        put_list(d, last_list(d), WRITE);
        driver_free(d);
    }
}

/* DMA-126, DMA-132: three lists of one device object wait, come in order, and
 * are all out at once; the adapter is free for another device, their registers
 * stay till each is put. */
static void several_lists_of_one_device(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    for (unsigned sg = 0; sg < 2; sg++) {
        struct driver *d = driver_with(kind, sg, 0x10000);
        struct driver other = *d;
        uint32_t list[3], i, base;
        struct buffer b[3];

        assert_int_equal(driver_allocate(d, 1, HAL_KEEP_OBJECT), 0);
        for (i = 0; i < 3; i++) {
            rig_scatter(&d->g->r, &b[i], 0x3000 - 0x400 * i, 0x80 * i, 0x1800);
            buffer_fill(&d->g->r, &b[i], (uint8_t)(50 * i));
            guest_mdl(d->g, &b[i]);
            assert_int_equal(get_list(d, &b[i], 0, b[i].bytes, WRITE), 0);
        }
        assert_int_equal(guest_called(d->g), 1);
        driver_free_channel(d);
        assert_int_equal(guest_called(d->g), 4);
        for (i = 0; i < 3; i++) {
            list[i] = guest_argument(d->g, 1 + i, 2);
            use_list(d, list[i], b[i].bytes, (uint8_t)(50 * i), WRITE);
        }
        other.device = guest_device(d->g, 0);
        base = driver_take(&other, 2); /* at once */
        assert_int_equal(driver_in_use(d), registers(kind, sg) ? 8 : 0);
        driver_free_registers(&other, base, 2);
        put_list(d, list[1], WRITE);
        assert_int_equal(driver_in_use(d), registers(kind, sg) ? 4 : 0);
        use_list(d, list[0], b[0].bytes, 0, WRITE);
        use_list(d, list[2], b[2].bytes, 100, WRITE);
        put_list(d, list[0], WRITE);
        put_list(d, list[2], WRITE);
        assert_int_equal(driver_in_use(d), 0);
        assert_int_equal(d->g->r.findings, 0);
        driver_free(d);
    }
}

/* Three MDLs in a chain, whose edges lie inside pages: b[0]'s is the first. */
static void chain_of_three(struct driver *d, struct buffer b[3])
{
    for (uint32_t i = 0; i < 3; i++) {
        rig_scatter(&d->g->r, &b[i], 0x3000 - 0x400 * i, 0x10 + 0x123 * i,
                    0x1801 + i);
        guest_mdl(d->g, &b[i]);
        if (i)
            guest_set(d->g, b[i - 1].mdl, b[i].mdl);
    }
}

/* Byte @at of the chain. */
static uint8_t chain_byte(struct driver *d, struct buffer b[3], uint32_t at)
{
    uint32_t i = 0;

    while (at >= b[i].bytes)
        at -= b[i++].bytes;
    return buffer_byte(&d->g->r, &b[i], at);
}

static void chain_fill(struct driver *d, struct buffer b[3], uint8_t seed)
{
    uint32_t i, k, at = 0;

    for (i = 0; i < 3; i++)
        for (k = 0; k < b[i].bytes; k++, at++)
            buffer_set(&d->g->r, &b[i], k, (uint8_t)(seed + at));
}

/* DMA-127, DMA-131: a chain of MDLs is walked, from an address in the first
 * one; for a device without scatter/gather it is one element all the same. A
 * byte more than it has is too much. */
static void a_chain_of_mdls_is_walked(void **state)
{
    enum { FROM = 0x101, BYTES = 0x4000 };

    (void)state;
    EVERY_KIND(kind)
    for (unsigned sg = 0; sg < 2; sg++) {
        struct driver *d = driver_with(kind, sg, 0x10000);
        uint64_t frames;
        struct buffer b[3];
        uint32_t list, n, i;

        chain_of_three(d, b);
        frames = frames_in_use(&d->g->r.mm);
        chain_fill(d, b, 1);
        assert_int_equal(get_list(d, &b[0], FROM, BYTES, WRITE), 0);
        list = last_list(d);
        n = use_list(d, list, BYTES, (uint8_t)(1 + FROM), WRITE);
        assert_true(sg ? n >= 3 : n == 1);
        put_list(d, list, WRITE);
        assert_int_equal(get_list(d, &b[0], FROM, BYTES, READ), 0);
        list = last_list(d);
        use_list(d, list, BYTES, 200, READ);
        put_list(d, list, READ);
        for (i = 0; i < 0x1801 * 3 + 3; i++)
            assert_int_equal(chain_byte(d, b, i),
                             i >= FROM && i < FROM + BYTES
                                 ? (uint8_t)(200 + i - FROM)
                                 : (uint8_t)(1 + i));
        assert_int_equal(get_list(d, &b[0], FROM, 0x4803 + 3 - FROM + 1, READ),
                         TOO_SMALL);
        assert_int_equal(guest_called(d->g), 2);
        assert_int_equal(hal_page_count(d->g->r.hal), 0);
        assert_int_equal(driver_in_use(d), 0);
        assert_int_equal(frames_in_use(&d->g->r.mm), frames);
        driver_free(d);
    }
}

/* DMA-128, DMA-130: what is needed counts the offset in the first page; above
 * the grant nobody is called and nothing is held, a page less and it works. */
static void the_need_counts_the_offset(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    for (unsigned sg = 0; sg < 2; sg++)
        for (uint32_t grant = 2; grant < 4; grant++) {
            const struct rig_options o = {.kind = kind,
                                          .settings = {.grant_master = grant}};
            struct hal_device dev = a_master(sg, true, 0x10000);
            struct driver *d = driver_on(&o, &dev);
            struct buffer b;

            driver_buffer(d, &b, NULL, 0x800, 0x2000, 1);
            assert_int_equal(get_list(d, &b, 0, 0x2000, WRITE),
                             grant == 2 ? NO_RESOURCES : 0);
            assert_int_equal(guest_called(d->g), grant - 2);
            if (grant == 2)
                assert_int_equal(driver_in_use(d), 0);
            assert_int_equal(get_list(d, &b, 0, 0x1800, WRITE), 0);
            assert_int_equal(guest_called(d->g), grant - 1);
            driver_free(d);
        }
}

/* DMA-128: each MDL of a chain counts its own pages. */
static void the_need_counts_every_mdl(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    for (uint32_t grant = 5; grant < 7; grant++) {
        const struct rig_options o = {.kind = kind,
                                      .settings = {.grant_master = grant}};
        struct hal_device dev = a_master(true, true, 0x10000);
        struct driver *d = driver_on(&o, &dev);
        struct buffer b[3];

        chain_of_three(d, b); /* two pages each, of 4804h bytes */
        assert_int_equal(get_list(d, &b[0], 0, 0x4800, WRITE),
                         grant == 5 ? NO_RESOURCES : 0);
        driver_free(d);
    }
}

/* DMA-129: more than sixteen elements: 48 and 256 fragments, there and back. */
static void long_lists(void **state)
{
    static const uint32_t pages[] = {17, 48, 256};

    (void)state;
    EVERY_KIND(kind)
    for (unsigned i = 0; i < 3; i++) {
        struct driver *d = driver_with(kind, true, 0x100000);
        uint32_t bytes = pages[i] * PAGE_BYTES - 0x200, n;
        struct buffer *b = calloc(1, sizeof *b);

        rig_scatter(&d->g->r, b, 0x3800, 0x100, bytes);
        buffer_fill(&d->g->r, b, 1);
        guest_mdl(d->g, b);
        assert_int_equal(get_list(d, b, 0, bytes, WRITE), 0);
        n = use_list(d, last_list(d), bytes, 1, WRITE);
        if (kind == HAL_BOUNCE)
            assert_int_equal(n, pages[i]);
        put_list(d, last_list(d), WRITE);
        assert_int_equal(get_list(d, b, 0, bytes, READ), 0);
        use_list(d, last_list(d), bytes, 61, READ);
        put_list(d, last_list(d), READ);
        assert_true(buffer_is(&d->g->r, b, 61));
        assert_int_equal(d->g->r.findings, 0);
        free(b);
        driver_free(d);
    }
}

/* No byte of nonpaged pool is left. */
static void empty_pool(struct driver *d)
{
    const struct frame_request req = {.owner = FRAME_USER};
    struct mm *mm = &d->g->r.mm;
    uint32_t bytes, pfn;
    gva_t at;

    while (frames_alloc(mm, &req, &pfn) == HB_OK)
        ;
    for (bytes = 4096; bytes; bytes /= 2)
        while (pool_alloc(mm, POOL_NONPAGED, bytes, 1, &at) == HB_OK)
            ;
}

/* DMA-130, DMA-137: no memory for a list: no list; a list in the driver's own
 * memory comes nevertheless, and Put leaves that memory alone. */
static void without_pool(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    for (unsigned sg = 0; sg < 2; sg++) {
        struct driver *d = driver_with(kind, sg, 0x10000);
        uint32_t size = guest_alloc(d->g, 4), memory = guest_alloc(d->g, 0x400);
        struct buffer b;

        driver_buffer(d, &b, NULL, 0x800, 0x2000, 9);
        assert_int_equal(table_call(d->g, d->adapter, OP_CALCULATE, b.mdl, b.va,
                                    b.bytes, size, 0),
                         0);
        assert_in_range(guest_get(d->g, size), 8 + 16, 0x400);
        empty_pool(d);
        assert_int_equal(get_list(d, &b, 0, b.bytes, WRITE), NO_RESOURCES);
        assert_int_equal(guest_called(d->g), 0);
        assert_int_equal(driver_in_use(d), 0);
        assert_int_equal(table_call(d->g, d->adapter, OP_BUILD, d->device,
                                    b.mdl, b.va, b.bytes, guest_callback(d->g),
                                    1, WRITE, memory,
                                    guest_get(d->g, size) - 1),
                         TOO_SMALL);
        assert_int_equal(guest_called(d->g), 0);
        assert_int_equal(table_call(d->g, d->adapter, OP_BUILD, d->device,
                                    b.mdl, b.va, b.bytes, guest_callback(d->g),
                                    1, WRITE, memory, guest_get(d->g, size)),
                         0);
        assert_int_equal(last_list(d), memory);
        use_list(d, memory, b.bytes, 9, WRITE);
        put_list(d, memory, WRITE);
        assert_int_equal(driver_in_use(d), 0);
        guest_set(d->g, memory, 0x1234); /* it is ours still */
        assert_int_equal(d->g->r.findings, 0);
        driver_free(d);
    }
}

/* DMA-131: a length past the MDL. */
static void a_length_past_the_mdl_is_too_much(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    for (unsigned sg = 0; sg < 2; sg++) {
        struct driver *d = driver_with(kind, sg, 0x10000);
        struct buffer b;

        driver_buffer(d, &b, NULL, 0x10, 0x1800, 1);
        assert_int_equal(get_list(d, &b, 0, 0x1801, READ), TOO_SMALL);
        assert_int_equal(get_list(d, &b, 0x1000, 0x801, READ), TOO_SMALL);
        assert_int_equal(guest_called(d->g), 0);
        assert_int_equal(get_list(d, &b, 0x1000, 0x800, READ), 0);
        assert_int_equal(guest_called(d->g), 1);
        driver_free(d);
    }
}

/* DMA-134: putting a list of a write changes no byte of the buffer. */
static void putting_a_write_changes_nothing(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    for (unsigned sg = 0; sg < 2; sg++) {
        struct driver *d = driver_with(kind, sg, 0x10000);
        struct buffer b;

        driver_buffer(d, &b, NULL, 0x10, 0x1800, 1);
        assert_int_equal(get_list(d, &b, 0, b.bytes, WRITE), 0);
        buffer_fill(&d->g->r, &b, 170);
        put_list(d, last_list(d), WRITE);
        assert_true(buffer_is(&d->g->r, &b, 170));
        driver_free(d);
    }
}

static uint32_t calculate(struct driver *d, uint32_t mdl, uint32_t va,
                          uint32_t bytes, uint32_t size, uint32_t count)
{
    return table_call(d->g, d->adapter, OP_CALCULATE, mdl, va, bytes, size,
                      count);
}

/* DMA-135, DMA-136, DMA-137: the size for an MDL is what Build needs, that
 * without one is at least as large; the count may be left out; errors; at any
 * IRQL. */
static void the_calculated_size_is_enough(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    for (unsigned sg = 0; sg < 2; sg++)
        for (uint8_t irql = 2; irql < 32; irql += 29) {
            struct driver *d = driver_with(kind, sg, 0x8000);
            uint32_t out = guest_alloc(d->g, 8), worst, size, memory, grant;
            struct buffer b;

            grant = d->count * PAGE_BYTES;
            driver_buffer(d, &b, NULL, 0x800, 0x3000, 1);
            guest_irql(d->g, irql);
            assert_int_equal(calculate(d, 0, b.va, b.bytes, out, 0), 0);
            worst = guest_get(d->g, out);
            assert_int_equal(calculate(d, b.mdl, b.va, b.bytes, out, out + 4),
                             0);
            size = guest_get(d->g, out);
            assert_true(worst >= size);
            assert_int_equal(guest_get(d->g, out + 4), 4);
            assert_int_equal(calculate(d, b.mdl, b.va, b.bytes + 1, out, 0),
                             TOO_SMALL);
            assert_int_equal(calculate(d, 0, 0, grant + 1, out, 0),
                             NO_RESOURCES);
            assert_int_equal(calculate(d, 0, 1, grant, out, 0), NO_RESOURCES);
            assert_int_equal(calculate(d, 0, 0, grant, out, 0), 0);
            guest_irql(d->g, 2);
            memory = guest_alloc(d->g, size);
            assert_int_equal(table_call(d->g, d->adapter, OP_BUILD, d->device,
                                        b.mdl, b.va, b.bytes,
                                        guest_callback(d->g), 1, WRITE, memory,
                                        size),
                             0);
            use_list(d, memory, b.bytes, 1, WRITE);
            put_list(d, memory, WRITE);
            assert_int_equal(d->g->r.findings, 0);
            driver_free(d);
        }
}

/* DMA-138: the MDL of a list is over the pages that the device uses: the
 * original or, of bounced pages, another; NULL is none, and it is given once.
 */
static void the_mdl_of_a_list(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    for (uint32_t from = 0; from < 0x2000; from += 0x1040) {
        struct driver *d = driver_with(kind, false, 0x10000);
        uint32_t out = guest_alloc(d->g, 4), list, mdl, bytes, i, n;
        struct buffer b;
        struct element e;
        gpa_t to;

        driver_buffer(d, &b, NULL, 0x10, 0x3000, 7);
        bytes = b.bytes - from;
        assert_int_equal(get_list(d, &b, from, bytes, WRITE), 0);
        list = last_list(d);
        e = element(d, list, 0);
        assert_int_equal(
            table_call(d->g, d->adapter, OP_BUILD_MDL, list, 0, out),
            INVALID_PARAMETER);
        assert_int_equal(
            table_call(d->g, d->adapter, OP_BUILD_MDL, list, b.mdl, out), 0);
        mdl = guest_get(d->g, out);
        assert_int_equal(mdl == b.mdl, kind != HAL_BOUNCE);
        n = mm_span(b.va + from, bytes);
        for (i = 0; kind == HAL_BOUNCE && i < n; i++) {
            dla_t page = dla_of((e.at.v & ~(uint64_t)PAGE_MASK) + 4096 * i);

            assert_true(rig_reach(&d->g->r, page, DMA_TO_DEVICE, &to));
            assert_int_equal(guest_get(d->g, mdl + MDL_PFNS + 4 * i),
                             to.v >> 12);
        }
        if (kind == HAL_BOUNCE) {
            assert_int_equal(guest_get(d->g, mdl + MDL_BYTE_COUNT), bytes);
            assert_int_equal(guest_get(d->g, mdl + MDL_BYTE_OFFSET),
                             (b.va + from) & PAGE_MASK);
        }
        assert_int_equal(
            table_call(d->g, d->adapter, OP_BUILD_MDL, list, b.mdl, out),
            NONE_MAPPED);
        put_list(d, list, WRITE);
        assert_int_equal(d->g->r.findings, 0);
        driver_free(d);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_goes_there_and_back),
        cmocka_unit_test(elements_cover_the_buffer),
        cmocka_unit_test(one_element_without_scatter_gather),
        cmocka_unit_test(several_lists_of_one_device),
        cmocka_unit_test(a_chain_of_mdls_is_walked),
        cmocka_unit_test(the_need_counts_the_offset),
        cmocka_unit_test(the_need_counts_every_mdl),
        cmocka_unit_test(long_lists),
        cmocka_unit_test(without_pool),
        cmocka_unit_test(a_length_past_the_mdl_is_too_much),
        cmocka_unit_test(putting_a_write_changes_nothing),
        cmocka_unit_test(the_calculated_size_is_enough),
        cmocka_unit_test(the_mdl_of_a_list),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
