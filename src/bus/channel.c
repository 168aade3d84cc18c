/* src/bus/channel.c -- the DMA engine's side of a controller's channels (the
 * 8237 pair): who is behind a channel, its tenures, ISA bus time. The counters
 * are the controller's. Source: docs/dma.md; 8237A data sheet. */
#include "bus/bus_private.h"

/* ---- who is there ------------------------------------------------------- */

/* Is @dev behind @channel, by its strap or by a pin that is soldered to the
 * channel's DREQ? *@asks: it drives that now. */
static bool is_behind(const struct device *dev, unsigned channel, bool *asks)
{
    const struct device_wiring *w = wiring_of(dev);

    if (device_channel(dev) == (int)channel) {
        *asks = w->s.dreq;
        return true;
    }
    for (unsigned pin = 0; pin < DEVICE_PINS; pin++) {
        if (w->out_wire[pin] == WIRE_DREQ0 + channel) {
            *asks = w->s.out >> pin & 1;
            return true;
        }
    }
    return false;
}

struct device *channel_slave(const struct bus *bus, unsigned channel)
{
    struct device *found = NULL;

    for (unsigned i = 0; i < bus->devices; i++) {
        struct device *dev = bus->device[i];
        bool asks;

        if (!dev->model->dack || !is_behind(dev, channel, &asks))
            continue;
        wiring_of(dev)->dack_channel = (uint8_t)channel;
        if (asks)
            return dev;
        if (!found)
            found = dev;
    }
    return found;
}

unsigned dack_channel(const struct device *dev)
{
    return wiring_of(dev)->dack_channel;
}

bool channel_cascaded(const struct bus *bus, unsigned channel)
{
    for (unsigned i = 0; i < bus->devices; i++) {
        const struct device *dev = bus->device[i];
        const struct dma_controller *c = dev->model->controller;

        if (c && c->cascaded)
            return c->cascaded(dev, channel);
    }
    return false;
}

uint32_t dma_ready(const struct device *dev, unsigned channel, enum dma_dir dir)
{
    const struct device *slave = channel_slave(wiring_of(dev)->bus, channel);

    if (!slave)
        return 0;
    return slave->model->ready ? slave->model->ready(slave, dir) : 1;
}

static const char *channel_name(const struct device *dev, unsigned channel)
{
    const struct device *slave = channel_slave(wiring_of(dev)->bus, channel);

    return bus_device_name(slave ? slave : dev);
}

/* ---- what a controller calls -------------------------------------------- */

void dma_kick(struct device *dev, uint64_t after_ns)
{
    struct device_wiring *w = wiring_of(dev);
    struct bus *bus = w->bus;
    uint64_t due = bus->clock->now + clock_ticks(bus->clock, after_ns);

    if (due < bus->s.isa_free)
        due = bus->s.isa_free;
    if (w->s.kick && w->s.kick <= due)
        return;
    w->s.kick = due;
    clock_at(bus->clock, due, CLOCK_DMA_CONTROLLER, dev->id, 0);
}

void dma_channel_over(struct device *dev, unsigned channel)
{
    struct device_wiring *w = wiring_of(dev);

    if (!w->s.transfer[channel])
        return;
    EMIT(w->bus->events, dma_end, w->s.transfer[channel],
         EVENT_STRING(channel_name(dev, channel)), DMA_CANCELLED,
         w->s.moved[channel]);
    w->s.transfer[channel] = 0;
}

/* ---- tenures ------------------------------------------------------------ */

/* What a slave sees of its cycles: DACK while it has the bus, TC in the last
 * one. No time passes inside a tenure, so no device sees them as lines. */
static void tell_line(struct bus *bus, const char *line, bool level)
{
    EMIT(bus->events, line, EVENT_STRING(line), level);
}

static void tell_dack(struct bus *bus, const struct tenure *t, bool level)
{
    static const char *const name[DMA_CHANNELS] = {
        "DACK0", "DACK1", "DACK2", "DACK3", "DACK4", "DACK5", "DACK6", "DACK7"};

    if (t->kind == DMA_CYCLE_TEMP)
        return;
    if (!level && t->tc) {
        tell_line(bus, "TC", true);
        tell_line(bus, "TC", false);
    }
    tell_line(bus, name[t->channel], level);
}

static void first_dack(struct bus *bus, struct device *dev, unsigned channel,
                       const struct dma_cycle *c)
{
    struct device_wiring *w = wiring_of(dev);

    if (w->s.transfer[channel])
        return;
    w->s.transfer[channel] = ++bus->s.transfers;
    w->s.moved[channel] = 0;
    EMIT(bus->events, dma_start, w->s.transfer[channel],
         EVENT_STRING(channel_name(dev, channel)), c->dir, c->at.v,
         c->left * c->unit_bytes);
}

/* Memory to memory is one transfer, told as that of the writing channel. */
static unsigned transfer_slot(unsigned channel, unsigned kind)
{
    return kind == DMA_CYCLE_TEMP ? 1 : channel;
}

static struct tenure tenure_of(const struct device *dev, unsigned channel,
                               const struct dma_cycle *c, uint32_t most)
{
    uint32_t bytes = c->units * c->unit_bytes;

    if (bytes > most)
        bytes =
            most < c->unit_bytes ? c->unit_bytes : most - most % c->unit_bytes;
    return (struct tenure){
        .owner = dev->id,
        .channel = (uint8_t)channel,
        .controller = 1,
        .dir = c->dir,
        .kind = c->kind,
        .unit_bytes = c->unit_bytes,
        .advance = c->advance,
        .transfer = wiring_of(dev)->s.transfer[transfer_slot(channel, c->kind)],
        .at = c->at.v,
        .bytes = bytes,
    };
}

static void verify(struct bus *bus, const struct tenure *t)
{
    struct device *slave = channel_slave(bus, t->channel);

    if (slave && slave->model->dack)
        slave->model->dack(slave, NULL, 0, t->tc, (enum dma_dir)t->dir);
    channel_moved(bus, t);
}

/* The bus for @channel: a tenure, or verify cycles, which move nothing. */
static void channel_tenure(struct bus *bus, struct device *dev,
                           unsigned channel, const struct dma_cycle *c)
{
    struct gate_view view;
    struct tenure t;
    uint32_t whole = c->units * c->unit_bytes;

    first_dack(bus, dev, transfer_slot(channel, c->kind), c);
    t = tenure_of(dev, channel, c, bus->options.tenure);
    if (c->kind == DMA_CYCLE_VERIFY) {
        t.bytes = t.moved = whole;
        t.tc = c->tc;
        tell_dack(bus, &t, true);
        verify(bus, &t);
        return;
    }
    tenure_aim(bus, &t, gate_requester(dev), &view);
    if (t.target == TENURE_NOTHING && view.result != GATE_NOTHING)
        EMIT(bus->events, dma_fault, t.transfer,
             EVENT_STRING(channel_name(dev, channel)), t.at,
             EVENT_STRING(gate_reason(view.result)),
             view.entry >> GATE_GENERATION);
    t.tc = c->tc && t.bytes == whole;
    t.hold = t.bytes < whole || (c->block && !t.tc);
    tell_dack(bus, &t, true);
    bus->s.tenure = t;
}

/* An ISA master that waited for its channel asks again. */
static void wake_cascaded(struct bus *bus)
{
    for (unsigned i = 0; i < bus->devices; i++) {
        struct device *dev = bus->device[i];
        int channel = device_channel(dev);

        if (channel >= 0 && wiring_of(dev)->s.waiting &&
            channel_cascaded(bus, (unsigned)channel))
            dma_wake(dev);
    }
}

static bool serve_next(struct bus *bus, struct device *dev)
{
    const struct dma_controller *c = dev->model->controller;
    struct dma_cycle cycle = {0};
    unsigned channel;

    if (!c || !c->next(dev, &channel, &cycle) || !cycle.units ||
        channel >= DMA_CHANNELS)
        return false;
    channel_tenure(bus, dev, channel, &cycle);
    return true;
}

void channel_serve(struct bus *bus, struct device *dev)
{
    wiring_of(dev)->s.kick = 0;
    if (bus->clock->now < bus->s.isa_free) {
        dma_kick(dev, 0); /* asked for while the last tenure ran */
        return;
    }
    wake_cascaded(bus);
    serve_next(bus, dev);
}

/* A tenure is over: the controller counts, then the ISA bus is free again
 * after the cycles that it took, or goes on at this tick while it is held. */
void channel_moved(struct bus *bus, const struct tenure *t)
{
    struct device *dev = bus->device[t->owner];
    struct device_wiring *w = wiring_of(dev);
    uint32_t units = t->moved / t->unit_bytes;
    unsigned slot = transfer_slot(t->channel, t->kind);

    tell_dack(bus, t, false);
    if (t->kind != DMA_CYCLE_TEMP || t->dir == DMA_FROM_DEVICE)
        w->s.moved[slot] += t->moved;
    dev->model->controller->moved(dev, t->channel, units);
    if (t->tc && w->s.transfer[slot]) {
        EMIT(bus->events, dma_end, w->s.transfer[slot],
             EVENT_STRING(channel_name(dev, slot)), DMA_OK, w->s.moved[slot]);
        w->s.transfer[slot] = 0;
    }
    bus->s.isa_held += units;
    if (t->hold && serve_next(bus, dev))
        return;
    bus->s.isa_free = bus->clock->now +
                      clock_ticks(bus->clock, bus->s.isa_held * ISA_CYCLE_NS);
    bus->s.isa_held = 0;
    dma_kick(dev, 0);
}
