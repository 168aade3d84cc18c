/* src/bus/pci.c -- configuration space of every model with a PCI identity: the
 * header, type 0 (PCI 2.2, 6.1, 6.2). Beyond 40h the model is asked. */
#include "bus/bus_private.h"

enum { ROM_ENABLE = 1, EXPANSION_ROM = 0x30 };

/* ---- base address registers --------------------------------------------- */

static bool is_fixed(const struct device *dev, unsigned window)
{
    return dev->model->windows[window].access & ACCESS_FIXED;
}

static bool is_bar(const struct device *dev, unsigned window)
{
    return device_is_pci(dev) && window < PCI_BARS && !is_fixed(dev, window);
}

static bool is_io(const struct device *dev, unsigned window)
{
    return dev->model->windows[window].kind == WINDOW_PORT;
}

static bool bar_exists(const struct device *dev, unsigned bar)
{
    return is_bar(dev, bar) && dev->model->windows[bar].kind != WINDOW_NONE &&
           wiring_of(dev)->bytes[bar];
}

uint32_t bus_bar_bytes(const struct device *dev, unsigned bar)
{
    if (bar == PCI_ROM)
        return device_is_pci(dev) ? wiring_of(dev)->bytes[PCI_ROM] : 0;
    return bar_exists(dev, bar) ? wiring_of(dev)->bytes[bar] : 0;
}

/* PCI 2.2, 6.2.5.1: bits below the size and the type bits are read only. */
static uint32_t bar_mask(const struct device *dev, unsigned bar)
{
    uint32_t bytes = wiring_of(dev)->bytes[bar];

    return ~(bytes - 1) & (is_io(dev, bar) ? ~3u : ~15u);
}

static uint32_t bar_read(const struct device *dev, unsigned bar)
{
    uint32_t prefetch =
        dev->model->windows[bar].access & ACCESS_PREFETCH ? 8 : 0;
    uint32_t type = is_io(dev, bar) ? 1 : prefetch;

    return bar_exists(dev, bar) ? wiring_of(dev)->s.pci.bar[bar] | type : 0;
}

static bool decodes(const struct device *dev, unsigned window)
{
    return wiring_of(dev)->s.pci.command &
           (is_io(dev, window) ? PCI_COMMAND_IO : PCI_COMMAND_MEMORY);
}

/* PCI 2.2, 6.2.5.2: memory space and bit 0 must both be enabled. */
static bool rom_window(const struct device *dev, uint64_t *base)
{
    const struct pci_header *h = &wiring_of(dev)->s.pci;

    *base = h->rom & ~(uint64_t)ROM_ENABLE;
    return wiring_of(dev)->bytes[PCI_ROM] && (h->rom & ROM_ENABLE) &&
           (h->command & PCI_COMMAND_MEMORY);
}

static bool window_place(const struct device *dev, unsigned window,
                         uint64_t *base)
{
    const struct device_wiring *w = wiring_of(dev);
    uint32_t fixed = w->place.base[window];

    if (device_is_pci(dev) && window == PCI_ROM)
        return rom_window(dev, base);
    if (!is_bar(dev, window)) {
        *base = fixed ? fixed : dev->model->windows[window].base;
        return dev->model->windows[window].kind != WINDOW_NONE &&
               (!device_is_pci(dev) || !is_fixed(dev, window) ||
                decodes(dev, window));
    }
    *base = w->s.pci.bar[window];
    return bar_exists(dev, window) && decodes(dev, window);
}

bool pci_window(const struct device *dev, unsigned window, uint64_t *base)
{
    return window_place(dev, window, base) && !wiring_of(dev)->s.absent;
}

/* ---- the header --------------------------------------------------------- */

void pci_reset(struct device *dev)
{
    wiring_of(dev)->s.pci =
        (struct pci_header){.status = PCI_STATUS_DEVSEL_MEDIUM};
}

static uint32_t header_read(const struct device *dev, unsigned offset)
{
    const struct device_pci *id = &dev->model->pci;
    const struct pci_header *h = &wiring_of(dev)->s.pci;

    switch (offset) {
    case 0x00:
        return id->vendor | (uint32_t)id->device << 16;
    case 0x04:
        return h->command | (uint32_t)h->status << 16;
    case 0x08:
        return id->revision | (uint32_t)id->prog_if << 8 |
               (uint32_t)id->subclass << 16 | (uint32_t)id->base_class << 24;
    case 0x0c:
        return h->cache_line | (uint32_t)h->latency << 8 |
               (uint32_t)id->header_type << 16;
    case 0x2c:
        return id->subsystem_vendor | (uint32_t)id->subsystem << 16;
    case EXPANSION_ROM:
        return h->rom;
    case 0x3c:
        return h->line | (uint32_t)id->interrupt_pin << 8;
    default:
        return offset >= 0x10 && offset < 0x28
                   ? bar_read(dev, (offset - 0x10) / 4)
                   : 0;
    }
}

/* Which space bits of the command register are not hardwired to 0. */
static uint16_t command_mask(const struct device *dev)
{
    uint16_t mask = PCI_COMMAND_MASTER | PCI_COMMAND_PARITY | PCI_COMMAND_SERR;

    for (unsigned i = 0; i < DEVICE_WINDOWS; i++)
        if (dev->model->windows[i].kind != WINDOW_NONE &&
            (i != PCI_ROM || wiring_of(dev)->bytes[i]))
            mask |= is_io(dev, i) ? PCI_COMMAND_IO : PCI_COMMAND_MEMORY;
    return mask;
}

static void command_write(struct device *dev, uint32_t value, uint32_t mask)
{
    struct pci_header *h = &wiring_of(dev)->s.pci;
    uint16_t can = (uint16_t)(command_mask(dev) & mask);
    uint16_t before = h->command;

    h->command = (uint16_t)((h->command & ~can) | (value & can));
    /* status bits 11-15 and 8 are cleared by writing 1 */
    h->status &= (uint16_t) ~((value & mask) >> 16 & 0xf900);
    if ((before ^ h->command) & (PCI_COMMAND_IO | PCI_COMMAND_MEMORY))
        bus_remap(wiring_of(dev)->bus);
    if (h->command & ~before & PCI_COMMAND_MASTER)
        dma_wake(dev);
}

static void bar_write(struct device *dev, unsigned bar, uint32_t value,
                      uint32_t mask)
{
    struct pci_header *h = &wiring_of(dev)->s.pci;
    uint32_t before = h->bar[bar];

    if (!bar_exists(dev, bar))
        return;
    h->bar[bar] = ((before & ~mask) | (value & mask)) & bar_mask(dev, bar);
    if (h->bar[bar] != before)
        bus_remap(wiring_of(dev)->bus);
}

static void rom_write(struct device *dev, uint32_t value, uint32_t mask)
{
    struct pci_header *h = &wiring_of(dev)->s.pci;
    uint32_t bytes = wiring_of(dev)->bytes[PCI_ROM], before = h->rom;

    if (!bytes)
        return;
    h->rom = ((before & ~mask) | (value & mask)) & (~(bytes - 1) | ROM_ENABLE);
    if (h->rom != before)
        bus_remap(wiring_of(dev)->bus);
}

static void header_write(struct device *dev, unsigned offset, uint32_t value,
                         uint32_t mask)
{
    struct pci_header *h = &wiring_of(dev)->s.pci;

    if (offset == 0x04) {
        command_write(dev, value, mask);
    } else if (offset == 0x0c) {
        h->cache_line =
            (uint8_t)((h->cache_line & ~mask) | (value & mask & 0xff));
        h->latency = (uint8_t)((h->latency & ~(mask >> 8)) |
                               ((value & mask) >> 8 & 0xff));
    } else if (offset == EXPANSION_ROM) {
        rom_write(dev, value, mask);
    } else if (offset == 0x3c) {
        h->line = (uint8_t)((h->line & ~mask) | (value & mask & 0xff));
    } else if (offset >= 0x10 && offset < 0x28) {
        bar_write(dev, (offset - 0x10) / 4, value, mask);
    }
}

/* ---- cycles ------------------------------------------------------------- */

static struct device *function_at(const struct bus *bus, unsigned number,
                                  unsigned slot, unsigned function)
{
    for (unsigned i = 0; number == 0 && i < bus->devices; i++) {
        const struct bus_place *at = &wiring_of(bus->device[i])->place;

        if (device_is_pci(bus->device[i]) && at->slot == slot &&
            at->function == function && !wiring_of(bus->device[i])->s.absent)
            return bus->device[i];
    }
    return NULL;
}

static uint32_t config_dword(const struct device *dev, unsigned offset)
{
    if (offset < 0x40)
        return header_read(dev, offset);
    return dev->model->config_read ? dev->model->config_read(dev, offset) : 0;
}

static uint32_t byte_mask(unsigned offset, unsigned bytes)
{
    uint32_t mask = bytes == 4 ? UINT32_MAX : (1u << 8 * bytes) - 1;

    return mask << 8 * (offset & 3);
}

uint32_t bus_peek_config(const struct bus *bus, unsigned number, unsigned slot,
                         unsigned function, unsigned offset)
{
    struct device *dev = function_at(bus, number, slot, function);

    return dev ? config_dword(dev, offset & 0xfc) : UINT32_MAX;
}

uint32_t bus_config_read(struct bus *bus, unsigned number, unsigned slot,
                         unsigned function, unsigned offset, unsigned bytes)
{
    uint32_t value = bus_peek_config(bus, number, slot, function, offset);

    offset &= 0xff;
    value = (value & byte_mask(offset, bytes)) >> 8 * (offset & 3);
    EMIT(bus->events, pci_config_read, number, slot, function, offset, value);
    return value;
}

void bus_config_write(struct bus *bus, unsigned number, unsigned slot,
                      unsigned function, unsigned offset, unsigned bytes,
                      uint32_t value)
{
    struct device *dev = function_at(bus, number, slot, function);
    uint32_t mask = byte_mask(offset, bytes);

    offset &= 0xff;
    EMIT(bus->events, pci_config_write, number, slot, function, offset, value);
    if (!dev)
        return;
    value <<= 8 * (offset & 3);
    if (offset < 0x40)
        header_write(dev, offset & ~3u, value, mask);
    else if (dev->model->config_write)
        dev->model->config_write(dev, offset & ~3u, value, mask);
}

uint32_t pci_config_read(struct device *bridge, unsigned bus, unsigned slot,
                         unsigned function, unsigned offset, unsigned bytes)
{
    return bus_config_read(wiring_of(bridge)->bus, bus, slot, function, offset,
                           bytes);
}

void pci_config_write(struct device *bridge, unsigned bus, unsigned slot,
                      unsigned function, unsigned offset, unsigned bytes,
                      uint32_t value)
{
    bus_config_write(wiring_of(bridge)->bus, bus, slot, function, offset, bytes,
                     value);
}
