/* tests/hal/v3.c -- see v3.h. */
#include "v3.h"

struct guest *v3_guest(enum hal_kind kind, bool interrupt)
{
    const struct rig_options o = {
        .kind = kind,
        .isa = SLAVE_CHANNEL + 1,
        .settings = {.version_most = 3,
                     .interrupt = (uint8_t)(interrupt ? 13 : 0)}};
    struct guest *g = guest_new(&o);

    guest_irql(g, 2);
    return g;
}

uint32_t v3_master(struct guest *g, bool sg, unsigned bits, uint32_t bytes)
{
    struct hal_device dev = pci_master(&g->r, sg, false, bytes);
    uint32_t adapter, count;

    dev.version = 3;
    dev.address_width = bits;
    guest_irql(g, 0);
    adapter = guest_adapter(g, &dev, &count);
    guest_irql(g, 2);
    return adapter;
}

uint32_t v3_slave(struct guest *g, uint32_t bytes)
{
    struct hal_device dev = isa_slave(SLAVE_CHANNEL, bytes);
    uint32_t adapter, count;

    dev.version = 3;
    guest_irql(g, 0);
    adapter = guest_adapter(g, &dev, &count);
    guest_irql(g, 2);
    return adapter;
}

uint32_t v3_context(struct guest *g, uint32_t adapter)
{
    uint32_t at = guest_alloc(g, CONTEXT_BYTES);

    assert_int_equal(table_call(g, adapter, OP_INIT_CONTEXT, at), SUCCESS);
    return at;
}

uint32_t v3_hold(struct guest *g, uint32_t adapter, uint32_t context,
                 uint32_t registers)
{
    uint32_t base = guest_alloc(g, 4);

    assert_int_equal(table_call(g, adapter, OP_ALLOCATE_CHANNEL_EX,
                                guest_device(g, 0), context, registers,
                                SYNCHRONOUS, 0, 0, base),
                     SUCCESS);
    return guest_get(g, base);
}

uint32_t v3_queue(struct guest *g, uint32_t adapter, uint32_t context,
                  uint32_t registers)
{
    return table_call(g, adapter, OP_ALLOCATE_CHANNEL_EX, guest_device(g, 0),
                      context, registers, ASYNCHRONOUS, guest_callback(g), 5,
                      0);
}

uint32_t v3_map(struct guest *g, struct v3_map *m)
{
    uint32_t length = guest_alloc(g, 4), status;

    guest_set(g, length, m->bytes);
    status =
        table_call(g, m->adapter, OP_MAP_EX, m->mdl, m->base,
                   (uint32_t)m->offset, (uint32_t)(m->offset >> 32), 0, length,
                   m->write, m->list, m->list_bytes, m->routine, m->context);
    m->mapped = guest_get(g, length);
    return status;
}

uint32_t v3_flush(struct guest *g, const struct v3_map *m)
{
    return table_call(g, m->adapter, OP_FLUSH_EX, m->mdl, m->base,
                      (uint32_t)m->offset, (uint32_t)(m->offset >> 32),
                      m->mapped, m->write);
}

void v3_chain(struct guest *g, struct buffer b[2])
{
    rig_scatter(&g->r, &b[0], 0x3000, 0x10, FIRST_BYTES);
    rig_scatter(&g->r, &b[1], 0x2000, 0, SECOND_BYTES);
    b[1].va += 0x100000;
    guest_mdl(g, &b[0]);
    guest_mdl(g, &b[1]);
    guest_set(g, b[0].mdl, b[1].mdl);
}

static const struct buffer *part(const struct buffer b[2], uint32_t *at)
{
    if (*at < b[0].bytes)
        return &b[0];
    *at -= b[0].bytes;
    return &b[1];
}

void v3_fill(struct guest *g, const struct buffer b[2], uint32_t at,
             uint32_t bytes, uint8_t seed)
{
    uint32_t i, in;

    for (i = 0; i < bytes; i++) {
        const struct buffer *p = (in = at + i, part(b, &in));

        buffer_set(&g->r, p, in, (uint8_t)(seed + i));
    }
}

bool v3_is(const struct guest *g, const struct buffer b[2], uint32_t at,
           uint32_t bytes, uint8_t seed)
{
    uint32_t i, in;

    for (i = 0; i < bytes; i++) {
        const struct buffer *p = (in = at + i, part(b, &in));

        if (buffer_byte(&g->r, p, in) != (uint8_t)(seed + i))
            return false;
    }
    return true;
}

/* Element @i of @list. */
static dla_t element(const struct guest *g, uint32_t list, uint32_t i,
                     uint32_t *bytes)
{
    uint32_t at = list + 8 + 16 * i;

    *bytes = guest_get(g, at + 8);
    return dla_of(guest_get(g, at) | (uint64_t)guest_get(g, at + 4) << 32);
}

uint32_t v3_list_sum(const struct guest *g, uint32_t list)
{
    uint32_t i, bytes, sum = 0;

    for (i = 0; i < guest_get(g, list); i++) {
        element(g, list, i, &bytes);
        assert_int_not_equal(bytes, 0);
        sum += bytes;
    }
    return sum;
}

bool v3_list_reads(const struct guest *g, uint32_t list, uint8_t seed)
{
    uint32_t i, bytes, sum = 0;

    for (i = 0; i < guest_get(g, list); i++, sum += bytes) {
        dla_t at = element(g, list, i, &bytes);

        if (!card_reads(&g->r, at, bytes, (uint8_t)(seed + sum)))
            return false;
    }
    return true;
}

void v3_list_writes(struct guest *g, uint32_t list, uint8_t seed)
{
    uint32_t i, bytes, sum = 0;

    for (i = 0; i < guest_get(g, list); i++, sum += bytes) {
        dla_t at = element(g, list, i, &bytes);

        card_writes(&g->r, at, bytes, (uint8_t)(seed + sum));
    }
}

void v3_time(struct guest *g, uint8_t irql, uint32_t us)
{
    guest_irql(g, irql);
    ke_kick(g->ke);
    guest_call(g, "KeStallExecutionProcessor", us);
    guest_irql(g, 2);
}
