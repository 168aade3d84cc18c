/* tests/card/old_abi/card.c -- a card built for an ABI that never was. */
#include "halbox/card.h"

static const struct device_model model = {.name = "old", .title = "old"};

__attribute__((
    visibility("default"))) extern const struct halbox_card halbox_card;
const struct halbox_card halbox_card = {HALBOX_CARD_ABI + 1, 1, &model};
