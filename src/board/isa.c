/* src/board/isa.c -- cards that no bus can enumerate are told to Plug and Play
 * with the resources that they are strapped to. Resource flags: WDK,
 * CM_PARTIAL_RESOURCE_DESCRIPTOR. */
#include <stdio.h>

#include "board/board.h"
#include "board/place.h"

enum {
    RESOURCE_PORT_IO = 1,
    RESOURCE_PORT_16_BIT_DECODE = 0x10,
    RESOURCE_INTERRUPT_LATCHED = 1, /* ISA: edges */
    RESOURCE_DMA_8 = 0,
    RESOURCE_DMA_16 = 1,
    SHARE_DEVICE_EXCLUSIVE = 1,
};

static struct nt_resource *add(struct nt_card *card, enum nt_resource_kind kind,
                               uint64_t start, uint32_t length, uint16_t flags)
{
    struct nt_resource *r = &card->resource[card->resources++];

    *r = (struct nt_resource){.kind = (uint8_t)kind,
                              .share = SHARE_DEVICE_EXCLUSIVE,
                              .flags = flags,
                              .start = start,
                              .length = length};
    return r;
}

/* By which Plug and Play knows @dev: the board's name for it, or for a card of
 * the user's own "ISA\" and its model's name. False: the bus enumerates it. */
static bool hardware_id(const struct machine *m, const struct device *dev,
                        char *out, size_t room)
{
    const char *id = place_id(dev->model);

    for (unsigned i = 0; !id && !dev->model->pci.vendor && i < MACHINE_DEVICES;
         i++) {
        if (m->card[i] && card_model(m->card[i]) == dev->model) {
            snprintf(out, room, "ISA\\%s", dev->model->name);
            return true;
        }
    }
    if (id)
        snprintf(out, room, "%s", id);
    return id;
}

static void describe(const struct device *dev, const char *id,
                     struct nt_card *card)
{
    struct bus_place place;

    *card = (struct nt_card){.bus = NT_ISA};
    snprintf(card->hardware_id, sizeof card->hardware_id, "%s", id);
    snprintf(card->description, sizeof card->description, "%s",
             dev->model->title);
    bus_device_place(dev, &place);
    for (unsigned i = 0; i < DEVICE_WINDOWS; i++) {
        const struct device_window *w = &dev->model->windows[i];

        if (w->kind == WINDOW_PORT)
            add(card, NT_PORT, place.base[i], w->bytes,
                RESOURCE_PORT_IO | RESOURCE_PORT_16_BIT_DECODE);
        else if (w->kind == WINDOW_MEMORY)
            add(card, NT_MEMORY, place.base[i], w->bytes, 0);
    }
    if (place.has_irq)
        add(card, NT_INTERRUPT, place.irq, 0, RESOURCE_INTERRUPT_LATCHED);
    if (place.has_dma)
        add(card, NT_DMA, place.dma, 0,
            place.dma < 4 ? RESOURCE_DMA_8 : RESOURCE_DMA_16);
}

enum hb_status machine_tell_cards(struct machine *m, struct hb_error *error)
{
    const struct device *dev;

    for (unsigned i = 0; (dev = bus_device(m->bus, i)); i++) {
        char id[MACHINE_NAME + 8];
        struct nt_card card;

        if (!hardware_id(m, dev, id, sizeof id))
            continue;
        describe(dev, id, &card);
        if (nt_card_add(m->nt, &card) == NT_NONE)
            return hb_fail(error, HB_NO_MEMORY, "no memory for device %s",
                           bus_device_name(dev));
    }
    return HB_OK;
}
