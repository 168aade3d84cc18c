/* devices/devices.c -- the list of models, from devices.def. */
#include "halbox/devices.h"

#include <string.h>

#define DEVICE(name, kind) extern const struct device_model name##_model;
#include "devices.def"
#undef DEVICE

const struct device_entry device_entries[] = {
#define DEVICE(name, kind) {&name##_model, DEVICE_##kind},
#include "devices.def"
#undef DEVICE
    {NULL, DEVICE_CARD},
};

const struct device_model *device_model_find(const char *name)
{
    for (const struct device_entry *e = device_entries; e->model; e++)
        if (!strcmp(e->model->name, name))
            return e->model;
    return NULL;
}
