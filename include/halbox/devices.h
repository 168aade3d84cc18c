/* include/halbox/devices.h -- the models that devices/devices.def lists. */
#ifndef HALBOX_DEVICES_H
#define HALBOX_DEVICES_H

#include <stdbool.h>

#include "halbox/device.h"

/** BOARD: soldered on every board. PC: on the bare machine's, unless it is
 *  without (setting `pc`). CARD: named by --device. */
enum device_kind { DEVICE_BOARD, DEVICE_PC, DEVICE_CARD };

struct device_entry {
    const struct device_model *model;
    enum device_kind kind;
};

/** Every model in the order of devices.def; ends with model == NULL. */
extern const struct device_entry device_entries[];
/** device_model_find() - the model of that name, or NULL. */
const struct device_model *device_model_find(const char *name);

#endif
