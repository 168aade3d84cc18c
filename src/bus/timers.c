/* src/bus/timers.c -- a device's steps on the virtual clock. A clock entry's
 * argument is the step; that of a finished DMA operation also says which engine
 * and how it ended, so that it can be told from a timer and be taken back. */
#include "bus/bus_private.h"

#include <assert.h>

/*  31      25 24   23 22   21 20  19   16 15       0
 *  | 0 ...   | dma | engine | 0 | status | step     | */
enum { ARG_DMA = 1u << 24, ARG_ENGINE = 22, ARG_STATUS = 16 };

void clock_after_ns(struct device *dev, uint64_t ns, unsigned step)
{
    struct clock *c = wiring_of(dev)->bus->clock;

    assert(step <= UINT16_MAX);
    clock_at(c, c->now + clock_ticks(c, ns), CLOCK_DEVICE, dev->id, step);
}

void clock_cancel(struct device *dev, unsigned step)
{
    clock_drop(wiring_of(dev)->bus->clock, CLOCK_DEVICE, dev->id, step);
}

uint64_t clock_ns(const struct device *dev)
{
    return clock_now_ns(wiring_of(dev)->bus->clock);
}

void step_later(struct device *dev, uint64_t due, unsigned step,
                unsigned engine, enum dma_status status)
{
    struct device_wiring *w = wiring_of(dev);
    uint32_t arg =
        ARG_DMA | engine << ARG_ENGINE | (uint32_t)status << ARG_STATUS | step;

    w->s.pending[engine] = arg;
    clock_at(w->bus->clock, due, CLOCK_DEVICE, dev->id, arg);
}

void step_forget(struct device *dev, unsigned engine)
{
    struct device_wiring *w = wiring_of(dev);

    if (w->s.pending[engine])
        clock_drop(w->bus->clock, CLOCK_DEVICE, dev->id, w->s.pending[engine]);
    w->s.pending[engine] = 0;
}

/* Every entry of the device, whatever its argument. */
void timers_drop(struct device *dev)
{
    struct clock *c = wiring_of(dev)->bus->clock;

    for (uint32_t i = 0; i < c->heap.count;) {
        struct clock_entry e = *VEC_AT(struct clock_entry, &c->heap, i);
        bool ours =
            e.target / (e.kind == CLOCK_DMA ? DMA_ENGINES : 1u) == dev->id;

        if (ours && e.kind <= CLOCK_DMA_CONTROLLER) {
            clock_drop(c, (enum clock_kind)e.kind, e.target, e.arg);
            i = 0; /* the heap has moved */
        } else {
            i++;
        }
    }
}

static void serve_step(struct device *dev, uint32_t arg)
{
    struct device_wiring *w = wiring_of(dev);
    unsigned engine = arg >> ARG_ENGINE & (DMA_ENGINES - 1);
    enum dma_status status = (enum dma_status)(arg >> ARG_STATUS & 15);

    if (arg & ARG_DMA)
        w->s.pending[engine] = 0;
    if (dev->model->step)
        dev->model->step(dev, arg & UINT16_MAX, status);
}

void bus_serve(struct bus *bus, const struct clock_entry *e)
{
    struct device *dev;

    assert(!bus->s.tenure.bytes);
    dev = bus_device(bus, e->kind == CLOCK_DMA ? e->target / DMA_ENGINES
                                               : e->target);
    if (!dev)
        return;
    if (e->kind == CLOCK_DEVICE)
        serve_step(dev, e->arg);
    else if (e->kind == CLOCK_DMA)
        dma_serve(bus, dev, e->target % DMA_ENGINES);
    else if (e->kind == CLOCK_DMA_CONTROLLER)
        channel_serve(bus, dev);
}
