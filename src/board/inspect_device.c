/* src/board/inspect_device.c -- what is on the board, registers by peek. */
#include <stdio.h>
#include <string.h>

#include "board/board.h"
#include "halbox/devices.h"
#include "halbox/inspect.h"

static bool is_card(const struct device_model *model)
{
    for (const struct device_entry *e = device_entries; e->model; e++) {
        if (e->model == model)
            return e->kind == DEVICE_CARD;
    }
    return true; /* not of the list: somebody named it */
}

static bool moves(const struct device *dev, bool has_dma)
{
    const struct device_model *model = dev->model;
    bool master = model->pci.vendor || model->pci.address_bits;

    return has_dma || model->dack || model->controller ||
           (master && model->step);
}

bool inspect_device_at(const struct machine *m, unsigned index,
                       struct inspect_device *device)
{
    const struct device *dev = bus_device(m->bus, index);
    struct bus_place place;

    if (!dev)
        return false;
    bus_device_place(dev, &place);
    *device = (struct inspect_device){.card = is_card(dev->model),
                                      .pci = dev->model->pci.vendor != 0,
                                      .has_irq = place.has_irq,
                                      .has_dma = place.has_dma,
                                      .moves = moves(dev, place.has_dma),
                                      .irq = place.irq,
                                      .dma = place.dma,
                                      .slot = place.slot,
                                      .function = place.function};
    snprintf(device->name, sizeof device->name, "%s", bus_device_name(dev));
    snprintf(device->model, sizeof device->model, "%s", dev->model->name);
    snprintf(device->title, sizeof device->title, "%s",
             dev->model->title ? dev->model->title : "");
    for (unsigned i = 0; i < DEVICE_WINDOWS; i++) {
        const struct device_window *w = &dev->model->windows[i];

        device->window[i].port = w->kind == WINDOW_PORT;
        device->window[i].memory = w->kind == WINDOW_MEMORY;
        device->window[i].base = place.base[i];
        device->window[i].bytes = w->bytes;
    }
    return true;
}

/* Asked of the model itself, so it works wherever the window lies now. */
bool inspect_device_read(const struct machine *m, const char *device,
                         unsigned window, uint32_t offset, unsigned bytes,
                         uint32_t *value)
{
    struct device *dev = bus_find(m->bus, device);

    return dev && bus_peek_window(dev, window, offset, bytes, value);
}

uint32_t inspect_config(const struct machine *m, unsigned bus, unsigned slot,
                        unsigned function, unsigned offset)
{
    return bus_peek_config(m->bus, bus, slot, function, offset);
}

bool inspect_wire(const struct machine *m, const char *name, bool *level)
{
    for (unsigned w = WIRE_NONE + 1; w < WIRE_COUNT; w++) {
        const char *known = bus_wire_name((enum wire)w);

        if (known && strcmp(known, name) == 0) {
            *level = bus_wire(m->bus, (enum wire)w);
            return true;
        }
    }
    return false;
}
