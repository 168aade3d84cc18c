/* src/bus/dispatch.c -- which window answers a port or a physical address, and
 * the sizes that it takes. Two windows that overlap: the device placed first
 * wins, then its lower window; an exact port decode wins over a 10-bit alias.
 */
#include "bus/bus_private.h"
#include "bus/view.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- the maps ----------------------------------------------------------- */

static void map_window(struct bus *bus, const struct device *dev,
                       unsigned window)
{
    struct bus_region *r = &bus->region[bus->regions];
    uint64_t base;

    if (!wiring_of(dev)->bytes[window] || !pci_window(dev, window, &base))
        return;
    r->dev = dev->id;
    r->window = (uint8_t)window;
    r->kind = (uint8_t)dev->model->windows[window].kind;
    r->base = base;
    r->bytes = wiring_of(dev)->bytes[window];
    bus->regions++;
}

static unsigned region_alias(const struct bus *bus, const struct bus_region *r)
{
    return bus->device[r->dev]->model->windows[r->window].alias;
}

static void claim_port(struct bus *bus, uint64_t port, unsigned region)
{
    if (port < BUS_PORTS && !bus->port_map[port])
        bus->port_map[port] = (uint16_t)(region + 1);
}

static void map_ports(struct bus *bus, unsigned region, bool aliases)
{
    const struct bus_region *r = &bus->region[region];
    unsigned alias = region_alias(bus, r);
    uint32_t step = alias ? 1u << alias : BUS_PORTS;
    uint64_t first = aliases && alias ? r->base & (step - 1) : r->base;

    if (r->kind != WINDOW_PORT || r->base >= BUS_PORTS || (aliases && !alias))
        return;
    for (; first < BUS_PORTS; first += step) {
        for (uint32_t i = 0; i < r->bytes && i < BUS_PORTS; i++)
            claim_port(bus, first + i, region);
        if (!aliases)
            break;
    }
}

void bus_remap(struct bus *bus)
{
    bus->regions = 0;
    for (unsigned i = 0; i < bus->devices; i++)
        for (unsigned w = 0; w < DEVICE_WINDOWS; w++)
            map_window(bus, bus->device[i], w);
    memset(bus->port_map, 0, BUS_PORTS * sizeof bus->port_map[0]);
    for (unsigned i = 0; i < bus->regions; i++)
        map_ports(bus, i, false);
    for (unsigned i = 0; i < bus->regions; i++)
        map_ports(bus, i, true);
    bus->map_changes++;
}

void shadow_set(struct device *bridge, uint32_t at, uint32_t bytes, bool reads,
                bool writes)
{
    struct bus *bus = wiring_of(bridge)->bus;
    unsigned what = (reads ? RAM_READS : 0) | (writes ? RAM_WRITES : 0);

    if (bus->ram->top < SHADOW_END) /* a board of a test: nothing to shadow */
        return;
    for (uint32_t end = at + bytes; at < end; at += SHADOW_BYTES)
        ram_shadow(bus->ram, at, what);
    bus->map_changes++;
}

uint64_t bus_map_changes(const struct bus *bus)
{
    return bus->map_changes;
}

const struct bus_region *bus_region_at(const struct bus *bus, uint64_t at)
{
    for (unsigned i = 0; i < bus->regions; i++) {
        const struct bus_region *r = &bus->region[i];

        if (r->kind == WINDOW_MEMORY && at >= r->base &&
            at - r->base < r->bytes)
            return r;
    }
    return NULL;
}

static const struct bus_region *port_region(const struct bus *bus,
                                            uint16_t port, uint32_t *offset)
{
    unsigned i = bus->port_map[port];
    const struct bus_region *r;
    unsigned alias;

    if (!i)
        return NULL;
    r = &bus->region[i - 1];
    alias = region_alias(bus, r);
    *offset = (uint32_t)(port - r->base);
    if (alias)
        *offset &= (1u << alias) - 1;
    return r;
}

/* ---- one window --------------------------------------------------------- */

static uint32_t ones(unsigned bytes)
{
    return bytes == 4 ? UINT32_MAX : (1u << 8 * bytes) - 1;
}

static bool window_takes(const struct device *dev, unsigned window,
                         uint32_t offset, unsigned bytes)
{
    unsigned access = dev->model->windows[window].access;

    return ((access ? access : ACCESS_ANY) & bytes) && offset % bytes == 0;
}

static bool window_splits(const struct device *dev, unsigned window,
                          unsigned bytes)
{
    unsigned access = dev->model->windows[window].access;

    return bytes > 1 && (access & ACCESS_SPLIT);
}

static void refused(struct device *dev, const char *what, uint32_t offset,
                    unsigned bytes)
{
    guest_error(dev, "%s of %u bytes at offset %#x refused", what, bytes,
                offset);
}

uint32_t window_read(struct bus *bus, struct device *dev, unsigned window,
                     uint32_t offset, unsigned bytes, bool peek)
{
    const struct device_model *model = dev->model;
    uint32_t v = 0;
    unsigned half = bytes / 2;

    if (model->windows[window].ram) {
        memcpy(&v, wiring_of(dev)->ram[window] + offset, bytes);
        return v;
    }
    if (window_takes(dev, window, offset, bytes)) {
        if (peek && model->peek)
            return model->peek(dev, window, offset, bytes) & ones(bytes);
        if (model->read)
            return model->read(dev, window, offset, bytes) & ones(bytes);
        return ones(bytes);
    }
    if (!window_splits(dev, window, bytes)) {
        if (!peek)
            refused(dev, "read", offset, bytes);
        return ones(bytes);
    }
    v = window_read(bus, dev, window, offset, half, peek);
    return v | window_read(bus, dev, window, offset + half, half, peek)
                   << 8 * half;
}

void window_write(struct bus *bus, struct device *dev, unsigned window,
                  uint32_t offset, unsigned bytes, uint32_t value)
{
    const struct device_model *model = dev->model;
    unsigned half = bytes / 2;

    if (model->windows[window].rom)
        return;
    if (model->windows[window].ram) {
        memcpy(card_ram(dev, window, offset, bytes), &value, bytes);
        return;
    }
    if (window_takes(dev, window, offset, bytes)) {
        if (model->write)
            model->write(dev, window, offset, bytes, value & ones(bytes));
        return;
    }
    if (!window_splits(dev, window, bytes)) {
        refused(dev, "write", offset, bytes);
        return;
    }
    window_write(bus, dev, window, offset, half, value);
    window_write(bus, dev, window, offset + half, half, value >> 8 * half);
}

/* ---- ports -------------------------------------------------------------- */

static uint32_t port_get(struct bus *bus, uint16_t port, unsigned bytes,
                         bool peek)
{
    uint32_t offset, low;
    const struct bus_region *r = port_region(bus, port, &offset);
    unsigned half = bytes / 2;

    if (r && offset + bytes <= r->bytes)
        return window_read(bus, bus->device[r->dev], r->window, offset, bytes,
                           peek);
    if (bytes == 1)
        return 0xff;
    low = port_get(bus, port, half, peek);
    return low | port_get(bus, (uint16_t)(port + half), half, peek) << 8 * half;
}

static void port_put(struct bus *bus, uint16_t port, unsigned bytes,
                     uint32_t value)
{
    uint32_t offset;
    const struct bus_region *r = port_region(bus, port, &offset);
    unsigned half = bytes / 2;

    if (r && offset + bytes <= r->bytes) {
        window_write(bus, bus->device[r->dev], r->window, offset, bytes, value);
    } else if (bytes > 1) {
        port_put(bus, port, half, value & ones(half));
        port_put(bus, (uint16_t)(port + half), half, value >> 8 * half);
    }
}

/* ---- bridges that show one space in the other ---------------------------- */

bool bus_has_ports_in_memory(const struct bus *bus)
{
    return bus->options.ports_in_memory;
}

bool bus_has_memory_in_ports(const struct bus *bus)
{
    return bus->options.memory_in_ports;
}

/* Is the access at @at one to a port? */
static bool is_port_window(const struct bus *bus, uint64_t at, unsigned bytes)
{
    return bus->options.ports_in_memory && at >= BUS_PORTS_WINDOW &&
           at - BUS_PORTS_WINDOW + bytes <= BUS_PORTS;
}

/* Is the access at @port one to PCI memory? */
static bool is_memory_window(const struct bus *bus, uint16_t port,
                             unsigned bytes)
{
    return bus->options.memory_in_ports && port >= BUS_MEMORY_PORT &&
           port - BUS_MEMORY_PORT + bytes <= BUS_MEMORY_BYTES;
}

static gpa_t behind_port(uint16_t port)
{
    return gpa_of(BUS_MEMORY_WINDOW + (uint32_t)(port - BUS_MEMORY_PORT));
}

static uint32_t memory_get(struct bus *bus, uint64_t at, unsigned bytes,
                           bool peek);

uint32_t bus_in(struct bus *bus, uint16_t port, unsigned bytes)
{
    uint32_t value = is_memory_window(bus, port, bytes)
                         ? bus_load(bus, behind_port(port), bytes)
                         : port_get(bus, port, bytes, false);

    EMIT(bus->events, port_read, port, bytes, value);
    return value;
}

void bus_out(struct bus *bus, uint16_t port, unsigned bytes, uint32_t value)
{
    value &= ones(bytes);
    EMIT(bus->events, port_write, port, bytes, value);
    if (is_memory_window(bus, port, bytes))
        bus_store(bus, behind_port(port), bytes, value);
    else
        port_put(bus, port, bytes, value);
}

uint32_t bus_peek_port(const struct bus *bus, uint16_t port, unsigned bytes)
{
    struct bus *b = (struct bus *)(uintptr_t)bus;

    return is_memory_window(bus, port, bytes)
               ? memory_get(b, behind_port(port).v, bytes, true)
               : port_get(b, port, bytes, true);
}

/* ---- memory ------------------------------------------------------------- */

static uint32_t memory_get(struct bus *bus, uint64_t at, unsigned bytes,
                           bool peek)
{
    const struct bus_region *r = bus_region_at(bus, at);
    unsigned half = bytes / 2;
    uint32_t low;

    if (r && at - r->base + bytes <= r->bytes)
        return window_read(bus, bus->device[r->dev], r->window,
                           (uint32_t)(at - r->base), bytes, peek);
    if (bytes == 1)
        return 0xff;
    low = memory_get(bus, at, half, peek);
    return low | memory_get(bus, at + half, half, peek) << 8 * half;
}

static void memory_put(struct bus *bus, uint64_t at, unsigned bytes,
                       uint32_t value)
{
    const struct bus_region *r = bus_region_at(bus, at);
    unsigned half = bytes / 2;

    if (r && at - r->base + bytes <= r->bytes) {
        window_write(bus, bus->device[r->dev], r->window,
                     (uint32_t)(at - r->base), bytes, value);
    } else if (bytes > 1) {
        memory_put(bus, at, half, value & ones(half));
        memory_put(bus, at + half, half, value >> 8 * half);
    }
}

/* Card RAM is memory: it may be reached without the bus and has no events. */
static bool is_card_ram(const struct bus *bus, uint64_t at)
{
    const struct bus_region *r = bus_region_at(bus, at);

    return r && bus->device[r->dev]->model->windows[r->window].ram;
}

uint32_t bus_load(struct bus *bus, gpa_t at, unsigned bytes)
{
    uint32_t value =
        is_port_window(bus, at.v, bytes)
            ? bus_in(bus, (uint16_t)(at.v - BUS_PORTS_WINDOW), bytes)
            : memory_get(bus, at.v, bytes, false);

    if (!is_card_ram(bus, at.v))
        EMIT(bus->events, mmio_read, at.v, bytes, value);
    return value;
}

void bus_store(struct bus *bus, gpa_t at, unsigned bytes, uint32_t value)
{
    value &= ones(bytes);
    if (!is_card_ram(bus, at.v))
        EMIT(bus->events, mmio_write, at.v, bytes, value);
    if (is_port_window(bus, at.v, bytes))
        bus_out(bus, (uint16_t)(at.v - BUS_PORTS_WINDOW), bytes, value);
    else
        memory_put(bus, at.v, bytes, value);
}

uint32_t bus_peek(const struct bus *bus, gpa_t at, unsigned bytes)
{
    struct bus *b = (struct bus *)(uintptr_t)bus;

    return is_port_window(bus, at.v, bytes)
               ? port_get(b, (uint16_t)(at.v - BUS_PORTS_WINDOW), bytes, true)
               : memory_get(b, at.v, bytes, true);
}

bool bus_peek_window(const struct device *dev, unsigned window, uint32_t offset,
                     unsigned bytes, uint32_t *value)
{
    const struct device_wiring *w = wiring_of(dev);

    if (window >= DEVICE_WINDOWS || (bytes != 1 && bytes != 2 && bytes != 4) ||
        (uint64_t)offset + bytes > w->bytes[window])
        return false;
    *value = window_read(w->bus, w->dev, window, offset, bytes, true);
    return true;
}

void bus_poke_window(struct device *dev, unsigned window, uint32_t offset,
                     unsigned bytes, uint32_t value)
{
    window_write(wiring_of(dev)->bus, dev, window, offset, bytes, value);
}

uint8_t *bus_memory(struct bus *bus, gpa_t at)
{
    uint64_t page = at.v & ~(uint64_t)PAGE_MASK;
    const struct bus_region *r = bus_region_at(bus, page);

    if (!r || !is_card_ram(bus, page) || page - r->base + PAGE_BYTES > r->bytes)
        return NULL;
    return card_ram(bus->device[r->dev], r->window, (uint32_t)(page - r->base),
                    PAGE_BYTES);
}

const uint8_t *bus_memory_view(const struct bus *bus, gpa_t at)
{
    uint64_t page = at.v & ~(uint64_t)PAGE_MASK;
    const struct bus_region *r = bus_region_at(bus, page);

    if (!r || !is_card_ram(bus, page) || page - r->base + PAGE_BYTES > r->bytes)
        return NULL;
    return device_ram_view(bus->device[r->dev], r->window,
                           (uint32_t)(page - r->base), PAGE_BYTES);
}

/* ---- what models call --------------------------------------------------- */

void guest_error(struct device *dev, const char *format, ...)
{
    struct bus *bus = wiring_of(dev)->bus;
    char text[160];
    va_list args;

    if (!bus->events->armed[EV_guest_error])
        return;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    EMIT(bus->events, guest_error, EVENT_STRING(bus_device_name(dev)),
         EVENT_STRING(text));
}
