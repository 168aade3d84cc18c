/* include/halbox/card.h -- what makes a shared object a card: one line at the
 * end of a source that defines a device model and includes nothing else of
 * halbox. Build: cc -shared -fPIC -I PREFIX/include card.c -o card.so; use:
 * --device ./card.so. Docs: docs/own-device.md. */
#ifndef HALBOX_CARD_H
#define HALBOX_CARD_H

#include "halbox/device.h"

/** Counts up whenever the meaning of device.h or dma.h changes. */
#define HALBOX_CARD_ABI 2u

/** Looked up by its name; both numbers are checked before the model is used. */
struct halbox_card {
    uint32_t abi;
    uint32_t model_bytes; /* sizeof(struct device_model) when it was built */
    const struct device_model *model;
};

/** HALBOX_CARD() - this file's card has model @m, a struct device_model. */
#define HALBOX_CARD(m)                                                         \
    __attribute__((                                                            \
        visibility("default"))) extern const struct halbox_card halbox_card;   \
    const struct halbox_card halbox_card = {HALBOX_CARD_ABI,                   \
                                            sizeof(struct device_model), &(m)}

#endif
