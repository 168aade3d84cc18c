/* src/bus/dma.c -- operations that masters post: a FIFO per (device, engine).
 * Each tenure comes from the clock; masters get the bus in the order (due,
 * sequence). Source: docs/dma.md; PCI 2.2, 3.3.3.1 (master abort). */
#include "bus/bus_private.h"

#include <assert.h>

void finding(struct bus *bus, const char *rule, const char *text)
{
    EMIT(bus->events, finding, EVENT_STRING(rule), EVENT_STRING(text));
}

/* ---- the queue ---------------------------------------------------------- */

static struct dma_op *op_at(struct bus *bus, uint32_t i)
{
    return VEC_AT(struct dma_op, &bus->s.ops, i);
}

static bool op_is(const struct dma_op *op, unsigned dev, unsigned engine)
{
    return op->dev == dev && op->engine == engine;
}

struct dma_op *dma_head(struct bus *bus, unsigned dev, unsigned engine)
{
    for (uint32_t i = 0; i < bus->s.ops.count; i++)
        if (op_is(op_at(bus, i), dev, engine))
            return op_at(bus, i);
    return NULL;
}

static unsigned queued(struct bus *bus, unsigned dev, unsigned engine)
{
    unsigned n = 0;

    for (uint32_t i = 0; i < bus->s.ops.count; i++)
        n += op_is(op_at(bus, i), dev, engine);
    return n;
}

static void op_remove(struct bus *bus, const struct dma_op *op)
{
    vec_remove(&bus->s.ops, sizeof *op,
               (uint32_t)(op - (struct dma_op *)bus->s.ops.data));
}

static void schedule(struct device *dev, unsigned engine, uint64_t due)
{
    struct device_wiring *w = wiring_of(dev);

    w->s.scheduled |= (uint8_t)(1u << engine);
    w->s.waiting &= (uint8_t) ~(1u << engine);
    clock_at(w->bus->clock, due, CLOCK_DMA,
             (uint16_t)(dev->id * DMA_ENGINES + engine), 0);
}

/* An ISA master asks for the bus as long as it has something to move. */
static bool is_isa_master(const struct device *dev)
{
    return !device_is_pci(dev) && wiring_of(dev)->place.has_dma;
}

static void isa_request(struct bus *bus, struct device *dev)
{
    bool any = false;

    if (!is_isa_master(dev))
        return;
    for (unsigned e = 0; e < DMA_ENGINES; e++)
        any |= dma_head(bus, dev->id, e) != NULL;
    dreq_set(dev, any);
}

/* ---- what models call --------------------------------------------------- */

/* Does [@local, + @bytes) lie inside the device? */
static bool local_good(const struct device *dev, uint32_t local, uint32_t bytes)
{
    unsigned window = local >> 28 & 7;
    uint32_t offset = local & 0xfffffff;

    if (local == LOCAL_CALLBACK)
        return dev->model->data != NULL;
    if (local & 0x80000000u)
        return dev->model->windows[window].ram &&
               (uint64_t)offset + bytes <= wiring_of(dev)->bytes[window];
    return local >= sizeof(struct device) &&
           (uint64_t)local + bytes <= dev->model->state_size;
}

bool dma_op_good(const struct bus *bus, const struct dma_op *op)
{
    const struct device *dev = bus_device(bus, op->dev);

    if (!dev || op->engine >= DMA_ENGINES || !op->left ||
        op->left > UINT32_MAX - op->done || op->dir > DMA_FROM_DEVICE)
        return false;
    return local_good(dev, op->local, op->done + op->left);
}

static uint64_t emitted(const struct device *dev, uint64_t at)
{
    unsigned bits = dev->model->pci.address_bits;

    return at & (UINT64_MAX >> (64 - (bits ? bits : 32)));
}

static enum hb_status post(struct device *dev, unsigned engine, dla_t at,
                           uint32_t local, uint32_t bytes, unsigned step,
                           enum dma_dir dir)
{
    struct bus *bus = wiring_of(dev)->bus;
    struct dma_op op = {.dev = dev->id,
                        .engine = (uint16_t)engine,
                        .step = (uint16_t)step,
                        .dir = (uint8_t)dir,
                        .at = emitted(dev, at.v),
                        .local = local,
                        .left = bytes};

    if (engine >= DMA_ENGINES || !bytes || step > UINT16_MAX ||
        !local_good(dev, local, bytes))
        return HB_BAD_ARGUMENT;
    if (queued(bus, dev->id, engine) == DMA_QUEUE)
        return HB_FULL;
    op.transfer = bus->s.transfers + 1;
    if (!vec_push(&bus->s.ops, sizeof op, &op))
        return HB_NO_MEMORY;
    bus->s.transfers++;
    if (!(wiring_of(dev)->s.scheduled & 1u << engine))
        schedule(dev, engine, bus->clock->now + 1);
    isa_request(bus, dev);
    return HB_OK;
}

enum hb_status dma_read(struct device *dev, unsigned engine, dla_t at,
                        uint32_t local, uint32_t bytes, unsigned step)
{
    return post(dev, engine, at, local, bytes, step, DMA_TO_DEVICE);
}

enum hb_status dma_write(struct device *dev, unsigned engine, dla_t at,
                         uint32_t local, uint32_t bytes, unsigned step)
{
    return post(dev, engine, at, local, bytes, step, DMA_FROM_DEVICE);
}

static void ended(struct bus *bus, const struct device *dev,
                  const struct dma_op *op, enum dma_status status)
{
    wiring_of(dev)->s.done[op->engine] = op->done;
    if (op->started)
        EMIT(bus->events, dma_end, op->transfer,
             EVENT_STRING(bus_device_name(dev)), status, op->done);
}

void dma_cancel(struct device *dev, unsigned engine)
{
    struct device_wiring *w = wiring_of(dev);
    struct bus *bus = w->bus;
    struct tenure *t = &bus->s.tenure;
    struct dma_op *op;

    if (engine >= DMA_ENGINES)
        return;
    step_forget(dev, engine);
    if (t->bytes && !t->controller && t->owner == dev->id &&
        t->channel == engine) {
        t->cancelled = 1; /* its own registers were its target (S40) */
        return;
    }
    while ((op = dma_head(bus, dev->id, engine)) != NULL) {
        ended(bus, dev, op, DMA_CANCELLED);
        op_remove(bus, op);
    }
    if (w->s.scheduled & 1u << engine)
        clock_drop(bus->clock, CLOCK_DMA,
                   (uint16_t)(dev->id * DMA_ENGINES + engine), 0);
    w->s.scheduled &= (uint8_t) ~(1u << engine);
    w->s.waiting &= (uint8_t) ~(1u << engine);
    isa_request(bus, dev);
}

void dma_reset(struct device *dev)
{
    for (unsigned e = 0; e < DMA_ENGINES; e++)
        dma_cancel(dev, e);
    gate_drop_own(dev);
}

uint32_t dma_done(const struct device *dev, unsigned engine)
{
    return engine < DMA_ENGINES ? wiring_of(dev)->s.done[engine] : 0;
}

/* ---- from the clock ----------------------------------------------------- */

/* The operation is over: its step and the next one's tenure at @due. */
static void finish(struct bus *bus, struct device *dev, struct dma_op *op,
                   enum dma_status status, uint64_t due)
{
    unsigned engine = op->engine, step = op->step;

    ended(bus, dev, op, status);
    op_remove(bus, op);
    step_later(dev, due, step, engine, status);
    if (dma_head(bus, dev->id, engine))
        schedule(dev, engine, due);
    isa_request(bus, dev);
}

static bool has_bus(const struct bus *bus, const struct device *dev)
{
    if (device_is_pci(dev))
        return wiring_of(dev)->s.pci.command & PCI_COMMAND_MASTER;
    if (is_isa_master(dev))
        return channel_cascaded(bus, wiring_of(dev)->place.dma);
    return true;
}

void dma_wake(struct device *dev)
{
    struct device_wiring *w = wiring_of(dev);

    for (unsigned e = 0; e < DMA_ENGINES; e++)
        if (w->s.waiting & 1u << e)
            schedule(dev, e, w->bus->clock->now + 1);
}

static void faulted(struct bus *bus, struct device *dev, struct dma_op *op,
                    const struct gate_view *view)
{
    EMIT(bus->events, dma_fault, op->transfer,
         EVENT_STRING(bus_device_name(dev)), op->at,
         EVENT_STRING(gate_reason(view->result)),
         view->entry >> GATE_GENERATION);
    wiring_of(dev)->s.pci.status |= PCI_STATUS_MASTER_ABORT;
    finish(bus, dev, op, DMA_FAULT, bus->clock->now + 1);
}

/* Only 24 address lines are on the ISA bus: what lies above is lost (S26). A
 * model without a PCI identity that names its lines sits at the host bridge. */
static uint64_t isa_wrap(struct bus *bus, const struct device *dev, uint64_t at)
{
    if (device_is_pci(dev) || dev->model->pci.address_bits ||
        !(at & ~(uint64_t)ISA_ADDRESS))
        return at;
    finding(bus, "S26", "address beyond the 24 lines of the ISA bus");
    return at & ISA_ADDRESS;
}

static void begin(struct bus *bus, struct device *dev, struct dma_op *op)
{
    struct tenure *t = &bus->s.tenure; /* filled in place: it is free */
    struct gate_view view;

    if (!(op->local & 0x80000000u) && op->left > PAGE_BYTES)
        __builtin_prefetch((const uint8_t *)dev + op->local + op->done +
                           PAGE_BYTES); /* a hint: the host's next page */
    t->owner = op->dev;
    t->channel = (uint8_t)op->engine;
    t->unit_bytes = 1;
    t->advance = 1;
    t->dir = op->dir;
    t->transfer = op->transfer;
    t->at = op->at;
    t->bytes = op->left < bus->options.tenure ? op->left : bus->options.tenure;
    if (tenure_aim(bus, t, gate_requester(dev), &view))
        return;
    *t = (struct tenure){0};
    faulted(bus, dev, op, &view);
}

void dma_serve(struct bus *bus, struct device *dev, unsigned engine)
{
    struct device_wiring *w = wiring_of(dev);
    struct dma_op *op = dma_head(bus, dev->id, engine);

    w->s.scheduled &= (uint8_t) ~(1u << engine);
    if (!op)
        return;
    if (!has_bus(bus, dev)) {
        w->s.waiting |= (uint8_t)(1u << engine);
        return;
    }
    op->at = isa_wrap(bus, dev, op->at);
    if (!op->started)
        EMIT(bus->events, dma_start, op->transfer,
             EVENT_STRING(bus_device_name(dev)), op->dir, op->at, op->left);
    op->started = 1;
    begin(bus, dev, op);
}

/* A tenure is over: the operation goes on after the time that it took. */
void dma_moved(struct bus *bus, const struct tenure *t)
{
    struct device *dev = bus->device[t->owner];
    struct dma_op *op = dma_head(bus, t->owner, t->channel);
    uint64_t due = bus->clock->now + clock_ticks(bus->clock, tenure_ns(bus, t));

    assert(op && t->moved <= op->left);
    op->at = emitted(dev, op->at + t->moved);
    op->done += t->moved;
    op->left -= t->moved;
    if (t->cancelled)
        dma_cancel(dev, t->channel);
    else if (op->left)
        schedule(dev, t->channel, due);
    else
        finish(bus, dev, op, DMA_OK, due);
}

uint32_t bus_operations(const struct bus *bus, struct dma_view *out,
                        uint32_t most)
{
    uint32_t n = 0;

    for (; n < bus->s.ops.count && n < most; n++) {
        const struct dma_op *op = VEC_AT(struct dma_op, &bus->s.ops, n);

        out[n] = (struct dma_view){.dev = bus->device[op->dev],
                                   .engine = op->engine,
                                   .dir = (enum dma_dir)op->dir,
                                   .at = dla_of(op->at),
                                   .left = op->left,
                                   .done = op->done,
                                   .transfer = op->transfer};
    }
    return n;
}
