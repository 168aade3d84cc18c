/* src/board/place.c -- the table of places. */
#include "board/place.h"

#include <string.h>

struct row {
    const char *model;
    int slot, irq, dma;
    const char *id;
};

static const struct row rows[] = {
#define PLACE(m, s, i, d, n)                                                   \
    {.model = #m, .slot = s, .irq = i, .dma = d, .id = n},
#include "board/places.def"
#undef PLACE
};

static const struct row *find(const struct device_model *model)
{
    static const struct row none = {.slot = -1, .irq = -1, .dma = -1};

    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (strcmp(rows[i].model, model->name) == 0)
            return &rows[i];
    }
    return &none;
}

struct bus_place place_default(const struct device_model *model)
{
    const struct row *r = find(model);

    return (struct bus_place){.has_slot = r->slot >= 0,
                              .slot = (uint8_t)r->slot,
                              .function = model->pci.function,
                              .has_irq = r->irq >= 0,
                              .irq = (uint8_t)r->irq,
                              .has_dma = r->dma >= 0,
                              .dma = (uint8_t)r->dma};
}

struct bus_place place_card(const struct device_model *model,
                            const struct machine_device *card)
{
    struct bus_place place = place_default(model);

    if (card->name[0])
        place.name = card->name;
    if (card->irq >= 0) {
        place.has_irq = true;
        place.irq = (uint8_t)card->irq;
    }
    if (card->dma >= 0) {
        place.has_dma = true;
        place.dma = (uint8_t)card->dma;
    }
    if (card->slot >= 0) {
        place.has_slot = true;
        place.slot = (uint8_t)card->slot;
    }
    if (card->function >= 0)
        place.function = (uint8_t)card->function;
    if (card->base >= 0)
        place.base[model->pci.vendor ? PCI_BARS : 0] = (uint32_t)card->base;
    return place;
}

const char *place_id(const struct device_model *model)
{
    return find(model)->id;
}
