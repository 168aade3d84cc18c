/* src/board/inspect_pci.c -- the functions on PCI bus 0, their configuration
 * headers decoded. Source: PCI 2.2, chapter 6. */
#include "halbox/inspect.h"

#include <stdio.h>

#include "board/board.h"

enum {
    ID = 0x00,
    COMMAND = 0x04,
    CLASS = 0x08,
    HEADER = 0x0c,
    BAR = 0x10,
    SUBSYSTEM = 0x2c,
    ROM = 0x30,
    CAPABILITIES = 0x34,
    INTERRUPT = 0x3c,
};
enum { COMMAND_IO = 1, COMMAND_MEMORY = 2, STATUS_CAPABILITIES = 0x10 };

static uint32_t config(const struct machine *m, const struct inspect_pci *f,
                       unsigned offset)
{
    return bus_peek_config(m->bus, 0, f->slot, f->function, offset);
}

static void bars(const struct machine *m, const struct device *dev,
                 struct inspect_pci *f)
{
    for (unsigned i = 0; i < PCI_BARS; i++) {
        uint32_t raw = config(m, f, BAR + 4 * i);
        struct inspect_bar *b = &f->bar[i];

        b->bytes = bus_bar_bytes(dev, i);
        b->present = b->bytes != 0;
        if (!b->present)
            continue;
        b->port = raw & 1;
        b->prefetch = !b->port && raw & 8;
        b->base = raw & (b->port ? ~3u : ~15u);
        b->enabled = f->command & (b->port ? COMMAND_IO : COMMAND_MEMORY);
    }
    f->rom.bytes = bus_bar_bytes(dev, PCI_ROM);
    f->rom.present = f->rom.bytes != 0;
    f->rom.base = config(m, f, ROM) & ~0x7ffu;
    f->rom.enabled =
        f->rom.present && config(m, f, ROM) & 1 && f->command & COMMAND_MEMORY;
}

static uint8_t byte_at(const struct machine *m, const struct inspect_pci *f,
                       unsigned offset)
{
    return (uint8_t)(config(m, f, offset) >> 8 * (offset & 3));
}

/** A list in the upper 192 bytes; a card may have made a ring of it. */
static void capabilities(const struct machine *m, struct inspect_pci *f)
{
    unsigned at;

    if (!(f->status & STATUS_CAPABILITIES))
        return;
    at = byte_at(m, f, CAPABILITIES) & 0xfcu;
    while (at >= 0x40 && f->capabilities < INSPECT_CAPABILITIES) {
        f->capability[f->capabilities].id = byte_at(m, f, at);
        f->capability[f->capabilities++].offset = (uint8_t)at;
        at = byte_at(m, f, at + 1) & 0xfcu;
    }
}

static void header(const struct machine *m, struct inspect_pci *f)
{
    uint32_t id = config(m, f, ID), command = config(m, f, COMMAND);
    uint32_t class = config(m, f, CLASS), subsystem = config(m, f, SUBSYSTEM);
    uint32_t interrupt = config(m, f, INTERRUPT);

    f->vendor = (uint16_t)id;
    f->id = (uint16_t)(id >> 16);
    f->command = (uint16_t)command;
    f->status = (uint16_t)(command >> 16);
    f->revision = (uint8_t) class;
    f->prog_if = (uint8_t)(class >> 8);
    f->subclass = (uint8_t)(class >> 16);
    f->base_class = (uint8_t)(class >> 24);
    f->header_type = (uint8_t)(config(m, f, HEADER) >> 16);
    f->subsystem_vendor = (uint16_t)subsystem;
    f->subsystem = (uint16_t)(subsystem >> 16);
    f->line = (uint8_t)interrupt;
    f->pin = (uint8_t)(interrupt >> 8);
}

/** Function @index that answers; a card that is pulled does not. */
static const struct device *function_at(const struct machine *m, unsigned index,
                                        struct bus_place *place)
{
    const struct device *dev;

    for (unsigned i = 0; (dev = bus_device(m->bus, i)) != NULL; i++) {
        if (!dev->model->pci.vendor)
            continue;
        bus_device_place(dev, place);
        if (bus_peek_config(m->bus, 0, place->slot, place->function, ID) !=
                UINT32_MAX &&
            index-- == 0)
            return dev;
    }
    return NULL;
}

bool inspect_pci_at(const struct machine *m, unsigned index,
                    struct inspect_pci *f)
{
    struct bus_place place;
    const struct device *dev = function_at(m, index, &place);

    if (!dev)
        return false;
    *f = (struct inspect_pci){.slot = place.slot, .function = place.function};
    snprintf(f->device, sizeof f->device, "%s", bus_device_name(dev));
    header(m, f);
    if (f->pin >= 1 && f->pin <= 4)
        snprintf(f->wire, sizeof f->wire, "%s",
                 bus_wire_name(bus_pirq(f->slot, f->pin)));
    bars(m, dev, f);
    capabilities(m, f);
    return true;
}
