/* src/nt/stack.c -- which drivers make up a device's stack: lower filters, the
 * function driver, upper filters, by the device's key and its class's. Source:
 * WDK, "Device Filter Driver Ordering", "Registry Trees and Keys for Devices
 * and Drivers". */
#include <stdio.h>
#include <string.h>

#include "nt/guest.h"
#include "nt/loader.h"
#include "nt/pnp.h"

enum { FILTERS_MOST = 16, KEY_PATH = 256 };

/* A REG_SZ of @key as ASCII; empty: there is none. */
static void text_value(const struct nt *nt, uint32_t key, const char *name,
                       char *out, unsigned room)
{
    const struct registry *r = &nt->s.registry;
    const struct registry_value *v = key ? hive_value_text(r, key, name) : NULL;
    unsigned n = 0;

    for (; v && 2 * n + 1 < v->bytes && n + 1 < room; n++) {
        const uint8_t *p = hive_data(r, v) + 2 * n;

        out[n] = (char)(p[1] || !p[0] ? 0 : p[0]);
        if (!out[n])
            break;
    }
    out[n] = 0;
}

/* String @index of a REG_MULTI_SZ; false: it has fewer. */
static bool multi_value(const struct nt *nt, uint32_t key, const char *name,
                        unsigned index, char *out, unsigned room)
{
    const struct registry *r = &nt->s.registry;
    const struct registry_value *v = key ? hive_value_text(r, key, name) : NULL;
    unsigned n = 0;

    for (uint32_t i = 0; v && i + 1 < v->bytes; i += 2) {
        const uint8_t *p = hive_data(r, v) + i;

        if (p[0] | p[1]) {
            if (n + 1 < room)
                out[n++] = (char)(p[1] ? '?' : p[0]);
        } else if (n == 0) {
            return false;
        } else if (index-- == 0) {
            out[n] = 0;
            return true;
        } else {
            n = 0;
        }
    }
    out[n] = 0;
    return n && index == 0; /* the last one without its end */
}

static uint32_t device_key(const struct nt *nt, uint32_t number)
{
    char path[KEY_PATH];

    pnp_key(nt, number, "", path, sizeof path);
    return hive_find_text(&nt->s.registry, path);
}

static uint32_t class_key(const struct nt *nt, uint32_t number)
{
    char guid[48], path[KEY_PATH];

    text_value(nt, device_key(nt, number), "ClassGUID", guid, sizeof guid);
    if (!guid[0])
        return 0;
    snprintf(path, sizeof path,
             "Machine\\System\\CurrentControlSet\\Control\\Class\\%s", guid);
    return hive_find_text(&nt->s.registry, path);
}

static bool same_text(const char *a, const char *b)
{
    for (; *a && *b; a++, b++)
        if ((*a | 32) != (*b | 32))
            return false;
    return *a == *b;
}

/* The image of service @name: its file's name without the suffix. */
static uint32_t image_of(const struct nt *nt, const char *name)
{
    for (uint32_t i = 1; i <= nt->s.images.count; i++) {
        const struct nt_image *image = loader_image(nt, i);
        char service[NT_PATH];
        char *dot;

        snprintf(service, sizeof service, "%s", image->name);
        dot = strrchr(service, '.');
        if (dot)
            *dot = 0;
        if (same_text(service, name) && !image->unloaded)
            return i;
    }
    return NT_NONE;
}

static bool can_add(const struct nt *nt, uint32_t number)
{
    const struct nt_image *image = loader_image(nt, number);

    return image && image->started && !image->unloaded &&
           nt_get32(nt, image->extension + DRVEXT_AddDevice);
}

/* Filter number *@index of @key's; true when it is among them, else *@index is
 * less by those that are. */
static bool filter(const struct nt *nt, uint32_t key, const char *which,
                   unsigned *index, uint32_t *image)
{
    char name[NT_PATH];

    for (unsigned i = 0; i < FILTERS_MOST; i++) {
        if (!multi_value(nt, key, which, i, name, sizeof name))
            break;
        if (*index == 0) {
            *image = image_of(nt, name);
            return true;
        }
        --*index;
    }
    return false;
}

enum stack_place stack_driver(const struct nt *nt, uint32_t number,
                              uint32_t function, uint32_t index,
                              uint32_t *image)
{
    uint32_t device = device_key(nt, number), class = class_key(nt, number);
    unsigned n = index;
    bool found = filter(nt, device, "LowerFilters", &n, image) ||
                 filter(nt, class, "LowerFilters", &n, image);

    if (!found && n-- == 0) {
        *image = function;
        return STACK_DRIVER;
    }
    found = found || filter(nt, device, "UpperFilters", &n, image) ||
            filter(nt, class, "UpperFilters", &n, image);
    if (!found)
        return STACK_COMPLETE;
    return can_add(nt, *image) ? STACK_DRIVER : STACK_MISSING;
}

/* Is @image some device's filter? Such are no function drivers. */
static bool is_filter(const struct nt *nt, uint32_t number, uint32_t image)
{
    uint32_t other;

    for (unsigned i = 0; i < 2 * FILTERS_MOST; i++) {
        enum stack_place place = stack_driver(nt, number, NT_NONE, i, &other);

        if (place == STACK_COMPLETE)
            return false;
        if (other == image)
            return true;
    }
    return false;
}

bool stack_may_serve(const struct nt *nt, uint32_t number, uint32_t image)
{
    char service[NT_PATH];

    text_value(nt, device_key(nt, number), "Service", service, sizeof service);
    if (service[0])
        return image_of(nt, service) == image;
    return !is_filter(nt, number, image);
}

uint32_t stack_next_image(const struct nt *nt, uint32_t number, uint32_t after)
{
    const struct nt_device *d = pnp_device(nt, number);
    const struct nt_device *parent = pnp_device(nt, d->parent);
    char service[NT_PATH];

    text_value(nt, device_key(nt, number), "Service", service, sizeof service);
    for (uint32_t i = after + 1; i <= nt->s.images.count; i++)
        if (can_add(nt, i) && stack_may_serve(nt, number, i) &&
            (service[0] || !parent || parent->image != i))
            return i;
    return NT_NONE;
}
