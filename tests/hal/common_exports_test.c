/* tests/hal/common_exports_test.c -- common buffers as a driver has them, on
 * every kind of map registers. Contract ids: DMA-xxx. */
#include "driver.h"
#include "isa.h"

struct common {
    uint32_t va, bytes;
    dla_t dla;
};

static bool allocate(struct driver *d, struct common *b, uint32_t bytes,
                     uint32_t cached)
{
    uint32_t at = guest_alloc(d->g, 8), irql = ke_irql(d->g->ke);

    guest_set(d->g, at, 0x5a5a5a5a);
    guest_set(d->g, at + 4, 0x5a5a5a5a);
    guest_irql(d->g, 0);
    *b = (struct common){.va = table_call(d->g, d->adapter, OP_ALLOCATE_COMMON,
                                          bytes, at, cached),
                         .bytes = bytes};
    guest_irql(d->g, (uint8_t)irql);
    b->dla =
        dla_of(guest_get(d->g, at) | (uint64_t)guest_get(d->g, at + 4) << 32);
    if (!b->va)
        assert_true(b->dla.v == 0x5a5a5a5a5a5a5a5a);
    return b->va;
}

static void release(struct driver *d, const struct common *b, uint32_t bytes,
                    uint64_t dla, uint32_t va, uint32_t cached)
{
    uint32_t irql = ke_irql(d->g->ke);

    (void)b;
    guest_irql(d->g, 0);
    table_call(d->g, d->adapter, OP_FREE_COMMON, bytes, (uint32_t)dla,
               (uint32_t)(dla >> 32), va, cached);
    guest_irql(d->g, (uint8_t)irql);
}

static struct hal_device device_of(unsigned sort, uint32_t bytes)
{
    if (sort > 3)
        return isa_slave(sort == 4 ? 1 : 5, bytes);
    return a_master(sort & 1, sort & 2, bytes);
}

enum { SORTS = 6 };

/* DMA-139, DMA-144: page-aligned, one logical run; CPU and device see each
 * other's bytes at once; cached whatever the driver says. */
static void both_sides_see_the_same_bytes(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    for (unsigned sort = 0; sort < 4; sort++)
        for (uint32_t cached = 0; cached < 2; cached++) {
            const struct hal_device dev = device_of(sort, 0x10000);
            struct driver *d = driver_new(kind, &dev);
            struct common b;
            uint32_t i;

            assert_true(allocate(d, &b, 0x2800, cached));
            assert_int_equal(b.va & PAGE_MASK, 0);
            assert_int_equal(b.dla.v & PAGE_MASK, 0);
            card_writes(&d->g->r, b.dla, 0x2800, 3);
            for (i = 0; i < 0x2800; i += 4)
                assert_int_equal(guest_get(d->g, b.va + i) & 0xff,
                                 (uint8_t)(3 + i));
            for (i = 0; i < 0x2800; i++)
                guest_put(d->g, b.va + i, &(uint8_t){(uint8_t)(90 + i)}, 1);
            assert_true(card_reads(&d->g->r, b.dla, 0x2800, 90));
            for (i = 0; i < 3; i++) /* PTE at the self-map: no PWT, no PCD */
                assert_int_equal(
                    guest_get(d->g, 0xc0000000 + ((b.va >> 12) + i) * 4) & 0x19,
                    1);
            release(d, &b, 0x2800, b.dla.v, b.va, cached);
            assert_int_equal(hal_page_count(d->g->r.hal), 0);
            assert_int_equal(driver_in_use(d), 0);
            assert_int_equal(d->g->r.findings, 0);
            driver_free(d);
        }
}

/* DMA-141: under the limit; of a slave inside its line, of a master not over a
 * 4 GiB line. */
static void a_block_lies_where_the_device_reaches(void **state)
{
    static const uint32_t bytes[] = {1,      0x1000, 0x3000,
                                     0x8000, 0xf000, 0x10000};

    (void)state;
    EVERY_KIND(kind)
    for (unsigned sort = 0; sort < SORTS; sort++)
        for (unsigned pae = 0; pae < 2; pae++) {
            const struct rig_options o = {.kind = kind,
                                          .ram = pae ? 5 * GIB : 0};
            const struct hal_device dev = device_of(sort, 0x10000);
            struct driver *d = driver_on(&o, &dev);
            uint64_t line = sort == 4   ? 0x10000
                            : sort == 5 ? 0x20000
                                        : (uint64_t)1 << 32;
            uint64_t limit = sort > 3 || !sort ? 0xffffff : 0xffffffff;
            struct common b;

            for (unsigned i = 0; i < 6; i++) {
                assert_true(allocate(d, &b, bytes[i], 1));
                assert_true(b.dla.v + bytes[i] - 1 <= limit);
                assert_true(b.dla.v / line == (b.dla.v + bytes[i] - 1) / line);
                if (i & 1)
                    release(d, &b, bytes[i], b.dla.v, b.va, 1);
            }
            driver_free(d);
        }
}

/* DMA-142: the logical address is another than MmGetPhysicalAddress says, and
 * only it works for the device. */
static void the_logical_address_is_the_devices(void **state)
{
    const struct rig_options o = {.strict = true};
    const struct hal_device dev = device_of(2, 0x10000);
    struct driver *d = driver_on(&o, &dev);
    struct common b;
    gpa_t pa, to;

    (void)state;
    assert_true(allocate(d, &b, 0x2000, 1));
    assert_true(mm_physical(&d->g->r.mm, 0, gva_of(b.va), &pa));
    assert_true(pa.v != b.dla.v);
    assert_true(rig_reach(&d->g->r, b.dla, DMA_FROM_DEVICE, &to));
    assert_int_equal(to.v, pa.v);
    assert_false(rig_reach(&d->g->r, dla_of(pa.v), DMA_FROM_DEVICE, &to));
    driver_free(d);
}

/* DMA-143: it takes a register for each page, more than the grant is refused,
 * and packets have so many less until it is freed. */
static void a_buffer_takes_registers(void **state)
{
    const struct rig_options o = {.registers = 64};
    const struct hal_device dev = device_of(2, 0x100000);
    struct driver *d = driver_on(&o, &dev);
    struct common b[4], more;
    unsigned i;

    (void)state;
    assert_int_equal(d->count, 16);
    assert_false(allocate(d, &more, 17 * PAGE_BYTES, 1));
    assert_false(allocate(d, &more, 16 * PAGE_BYTES + 1, 1));
    for (i = 0; i < 4; i++) {
        assert_true(allocate(d, &b[i], 16 * PAGE_BYTES, 1));
        assert_int_equal(driver_in_use(d), 16 * (i + 1));
    }
    assert_false(allocate(d, &more, 1, 1));
    assert_int_equal(
        driver_allocate(d, 1, HAL_DEALLOCATE_OBJECT_KEEP_REGISTERS), 0);
    assert_int_equal(guest_called(d->g), 0); /* a packet waits */
    release(d, &b[2], b[2].bytes, b[2].dla.v, b[2].va, 1);
    assert_int_equal(guest_called(d->g), 1);
    driver_free(d);
}

/* DMA-145: memory in which no run is left: NULL, the logical address is as it
 * was; a page alone can still be had. */
static void fragmented_memory(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    {
        const struct hal_device dev = device_of(3, 0x10000);
        struct driver *d = driver_new(kind, &dev);
        const struct frame_request req = {.owner = FRAME_USER};
        uint64_t before;
        struct common b;
        uint32_t pfn;

        while (frames_alloc(&d->g->r.mm, &req, &pfn) == HB_OK)
            ;
        for (pfn = 0x2000; pfn < 0x2100; pfn += 2) /* every other page */
            frames_free(&d->g->r.mm, pfn);
        before = frames_in_use(&d->g->r.mm);
        assert_false(allocate(d, &b, 0x8000, 1));
        assert_int_equal(driver_in_use(d), 0);
        assert_true(frames_in_use(&d->g->r.mm) - before <= 1); /* pool */
        assert_true(allocate(d, &b, PAGE_BYTES, 1));
        card_writes(&d->g->r, b.dla, PAGE_BYTES, 3);
        assert_int_equal(guest_get(d->g, b.va), 0x06050403);
        driver_free(d);
    }
}

/* DMA-146: exactly what was allocated frees it; anything else is told and frees
 * nothing. The export pops its 24 bytes: the fixture comes back only then. */
static void only_the_same_tuple_frees(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    for (unsigned which = 0; which < 6; which++) {
        const struct hal_device dev = device_of(2, 0x10000);
        struct driver *d = driver_new(kind, &dev), other;
        struct common b;

        driver_other(&other, d, &dev);
        assert_true(allocate(d, &b, 0x2800, 1));
        rig_forget(&d->g->r);
        switch (which) {
        case 0:
            release(d, &b, 0x2801, b.dla.v, b.va, 1);
            break;
        case 1:
            release(d, &b, 0x1000, b.dla.v, b.va, 1);
            break;
        case 2:
            release(d, &b, 0x2800, b.dla.v + 0x1000, b.va, 1);
            break;
        case 3:
            release(d, &b, 0x2800, b.dla.v | (uint64_t)1 << 32, b.va, 1);
            break;
        case 4:
            release(d, &b, 0x2800, b.dla.v, b.va + 0x1000, 1);
            break;
        default:
            release(&other, &b, 0x2800, b.dla.v, b.va, 1);
            break;
        }
        assert_string_equal(d->g->r.rule, "S15");
        card_writes(&d->g->r, b.dla, 0x2800, 7);
        assert_int_equal(guest_get(d->g, b.va), 0x0a090807);
        rig_forget(&d->g->r);
        release(d, &b, 0x2800, b.dla.v, b.va, 1);
        assert_int_equal(d->g->r.findings, 0);
        assert_int_equal(hal_page_count(d->g->r.hal), 0);
        driver_free(d);
    }
}

/* DMA-149: HalFlushCommonBuffer says TRUE and moves nothing. */
static void flushing_a_common_buffer(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    {
        const struct hal_device dev = device_of(2, 0x10000);
        struct driver *d = driver_new(kind, &dev);
        struct common b;

        assert_true(allocate(d, &b, 0x1000, 1));
        card_writes(&d->g->r, b.dla, 0x1000, 7);
        rig_forget(&d->g->r);
        assert_int_equal(guest_call(d->g, "HalFlushCommonBuffer", d->adapter,
                                    0x1000, (uint32_t)b.dla.v, 0, b.va) &
                             0xff,
                         1);
        assert_true(card_reads(&d->g->r, b.dla, 0x1000, 7));
        assert_int_equal(hal_page_count(d->g->r.hal), 1);
        assert_int_equal(d->g->r.copies, 0);
        driver_free(d);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_sides_see_the_same_bytes),
        cmocka_unit_test(a_block_lies_where_the_device_reaches),
        cmocka_unit_test(the_logical_address_is_the_devices),
        cmocka_unit_test(a_buffer_takes_registers),
        cmocka_unit_test(fragmented_memory),
        cmocka_unit_test(only_the_same_tuple_frees),
        cmocka_unit_test(flushing_a_common_buffer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
