/* tests/hal/driver.c -- see driver.h. */
#include "driver.h"

#include <stdlib.h>

struct driver *driver_on(const struct rig_options *options,
                         const struct hal_device *dev)
{
    struct driver *d = calloc(1, sizeof *d);
    struct driver first = {.g = guest_new(options)};

    assert_non_null(d);
    d->g = first.g;
    if (dev)
        driver_other(d, &first, dev);
    guest_irql(d->g, 2);
    return d;
}

struct driver *driver_new(enum hal_kind kind, const struct hal_device *dev)
{
    const struct rig_options o = {.kind = kind};

    return driver_on(&o, dev);
}

void driver_free(struct driver *d)
{
    guest_free(d->g);
    free(d);
}

void driver_other(struct driver *d, const struct driver *first,
                  const struct hal_device *dev)
{
    uint8_t irql = (uint8_t)ke_irql(first->g->ke);

    d->g = first->g;
    guest_irql(d->g, 0);
    d->adapter = guest_adapter(d->g, dev, &d->count);
    assert_int_not_equal(d->adapter, 0);
    d->device = guest_device(d->g, 0x81777000);
    d->length = guest_alloc(d->g, 4);
    guest_irql(d->g, irql);
}

struct hal_device a_master(bool sg, bool dma32, uint32_t bytes)
{
    return (struct hal_device){
        .master = true,
        .scatter_gather = sg,
        .dma32 = dma32,
        .interface = HAL_INTERFACE_PCI,
        .maximum_length = bytes,
        .requester = 0xffff,
    };
}

void driver_buffer(struct driver *d, struct buffer *b, const uint32_t *pfn,
                   uint32_t offset, uint32_t bytes, uint8_t seed)
{
    if (pfn)
        rig_buffer(&d->g->r, b, pfn, offset, bytes);
    else
        rig_scatter(&d->g->r, b, 0x2800, offset, bytes);
    buffer_fill(&d->g->r, b, seed);
    guest_mdl(d->g, b);
}

uint32_t driver_allocate(struct driver *d, uint32_t registers, uint32_t action)
{
    guest_answer(d->g, action);
    return table_call(d->g, d->adapter, OP_ALLOCATE_CHANNEL, d->device,
                      registers, guest_callback(d->g), 0xc0ffee);
}

uint32_t driver_base(const struct driver *d)
{
    return guest_argument(d->g, (guest_called(d->g) - 1) % GUEST_NOTED, 2);
}

uint32_t driver_take(struct driver *d, uint32_t registers)
{
    uint32_t before = guest_called(d->g);

    assert_int_equal(
        driver_allocate(d, registers, HAL_DEALLOCATE_OBJECT_KEEP_REGISTERS), 0);
    assert_int_equal(guest_called(d->g), before + 1);
    return driver_base(d);
}

dla_t driver_map(struct driver *d, const struct buffer *b, uint32_t base,
                 uint32_t at, uint32_t *bytes, uint32_t write)
{
    uint32_t low;

    guest_set(d->g, d->length, *bytes);
    low = table_call(d->g, d->adapter, OP_MAP, b->mdl, base, b->va + at,
                     d->length, write);
    *bytes = guest_get(d->g, d->length);
    return dla_of(low | (uint64_t)d->g->edx << 32);
}

uint32_t driver_flush(struct driver *d, const struct buffer *b, uint32_t base,
                      uint32_t at, uint32_t bytes, uint32_t write)
{
    return table_call(d->g, d->adapter, OP_FLUSH, b->mdl, base, b->va + at,
                      bytes, write) &
           0xff;
}

void driver_free_registers(struct driver *d, uint32_t base, uint32_t count)
{
    table_call(d->g, d->adapter, OP_FREE_REGISTERS, base, count);
}

void driver_free_channel(struct driver *d)
{
    table_call(d->g, d->adapter, OP_FREE_CHANNEL);
}

/* One round: @bytes from @at through one base. */
static void round_trip(struct driver *d, const struct buffer *b, uint32_t at,
                       uint32_t bytes, uint32_t write, uint8_t seed)
{
    uint32_t pages = mm_span(b->va + at, bytes), base = driver_take(d, pages);
    uint32_t done, n;
    dla_t dla;

    for (done = 0; done < bytes; done += n) {
        n = bytes - done;
        dla = driver_map(d, b, base, at + done, &n, write);
        assert_in_range(n, 1, bytes - done);
        assert_int_equal(dla.v & PAGE_MASK, (b->va + at + done) & PAGE_MASK);
        if (write)
            assert_true(
                card_reads(&d->g->r, dla, n, (uint8_t)(seed + at + done)));
        else
            card_writes(&d->g->r, dla, n, (uint8_t)(seed + at + done));
    }
    assert_int_equal(driver_flush(d, b, base, at, bytes, write), 1);
    driver_free_registers(d, base, pages);
}

void driver_moves(struct driver *d, struct buffer *b)
{
    uint32_t write, at, n, most;

    for (write = 2; write-- > 0;)
        for (at = 0; at < b->bytes; at += n) {
            most = d->count * PAGE_BYTES - ((b->va + at) & PAGE_MASK);
            n = b->bytes - at < most ? b->bytes - at : most;
            if (write)
                buffer_fill(&d->g->r, b, 11);
            round_trip(d, b, at, n, write, write ? 11 : 201);
        }
    assert_true(buffer_is(&d->g->r, b, 201));
    assert_int_equal(hal_page_count(d->g->r.hal), 0);
    assert_int_equal(d->g->r.findings, 0);
    assert_int_equal(driver_in_use(d), 0);
}

uint32_t driver_in_use(const struct driver *d)
{
    struct hal_pool_info pool;
    uint32_t sum = 0;
    unsigned i;

    for (i = 0; hal_pool_at(d->g->r.hal, i, &pool); i++)
        sum += pool.in_use;
    return sum;
}
