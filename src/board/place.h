/* src/board/place.h -- where a device goes on the board. */
#ifndef BOARD_PLACE_H
#define BOARD_PLACE_H

#include "bus/bus.h"
#include "halbox/machine.h"

/** place_default() - of the board's own chips and of cards that say nothing. */
struct bus_place place_default(const struct device_model *model);
/** place_card() - of a card of the description. */
struct bus_place place_card(const struct device_model *model,
                            const struct machine_device *card);
/** place_id() - Plug and Play id of a model that no bus enumerates, or NULL. */
const char *place_id(const struct device_model *model);

#endif
