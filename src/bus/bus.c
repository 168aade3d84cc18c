/* src/bus/bus.c -- building the buses and placing devices on them. */
#include "bus/bus_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum hb_status bus_create(struct bus **out, struct ram *ram,
                          struct clock *clock, struct events *events,
                          const struct bus_options *options,
                          struct hb_error *error)
{
    struct bus *bus = calloc(1, sizeof *bus);

    if (!bus)
        return hb_fail(error, HB_NO_MEMORY, "no memory for the buses");
    bus->port_map = calloc(BUS_PORTS, sizeof bus->port_map[0]);
    if (!bus->port_map) {
        free(bus);
        return hb_fail(error, HB_NO_MEMORY, "no memory for the port map");
    }
    bus->ram = ram;
    bus->clock = clock;
    bus->events = events;
    if (options)
        bus->options = *options;
    if (!bus->options.tenure)
        bus->options.tenure = PAGE_BYTES;
    if (!bus->options.rate)
        bus->options.rate = 1;
    if (bus->options.tenure < 4 || bus->options.tenure > PAGE_BYTES) {
        bus_destroy(bus);
        return hb_fail(error, HB_BAD_ARGUMENT,
                       "dma.tenure must be 4 to 4096 bytes");
    }
    bus->grain = UINT32_MAX;
    bus->pins.a20 = true;
    *out = bus;
    return HB_OK;
}

static void device_destroy(struct device *dev)
{
    struct device_wiring *w = wiring_of(dev);

    for (unsigned i = 0; i < DEVICE_WINDOWS; i++) {
        free(w->ram[i]);
        free(w->touched[i]);
    }
    media_close(dev);
    free(w);
    state_free(dev, dev->model->rows);
    free(dev);
}

void bus_destroy(struct bus *bus)
{
    if (!bus)
        return;
    while (bus->devices)
        device_destroy(bus->device[--bus->devices]);
    vec_free(&bus->s.ops);
    vec_free(&bus->s.gate.banks);
    vec_free(&bus->s.gate.entries);
    free(bus->port_map);
    free(bus);
}

struct device *bus_device(const struct bus *bus, unsigned id)
{
    return id < bus->devices ? bus->device[id] : NULL;
}

struct device *bus_find(const struct bus *bus, const char *name)
{
    for (unsigned i = 0; i < bus->devices; i++)
        if (!strcmp(bus_device_name(bus->device[i]), name))
            return bus->device[i];
    return NULL;
}

const char *bus_device_name(const struct device *dev)
{
    return wiring_of(dev)->name;
}

void bus_device_place(const struct device *dev, struct bus_place *place)
{
    uint64_t base;

    *place = wiring_of(dev)->place;
    for (unsigned i = 0; i < DEVICE_WINDOWS; i++) {
        pci_window(dev, i, &base);
        place->base[i] = (uint32_t)base;
    }
}

/* ---- placing ------------------------------------------------------------ */

static void name_device(struct bus *bus, struct device_wiring *w,
                        const char *name)
{
    unsigned number = 1;

    snprintf(w->name, sizeof w->name, "%.24s", name);
    while (bus_find(bus, w->name))
        snprintf(w->name, sizeof w->name, "%.24s%u", name, ++number);
}

static struct device *pci_at(const struct bus *bus, unsigned slot,
                             unsigned function)
{
    for (unsigned i = 0; i < bus->devices; i++) {
        const struct bus_place *at = &wiring_of(bus->device[i])->place;

        if (device_is_pci(bus->device[i]) && at->slot == slot &&
            at->function == function)
            return bus->device[i];
    }
    return NULL;
}

static bool choose_slot(struct bus *bus, struct bus_place *place)
{
    if (place->has_slot)
        return place->slot < 32 && place->function < 8 &&
               !pci_at(bus, place->slot, place->function);
    place->function = 0;
    for (place->slot = 3; place->slot < 32; place->slot++)
        if (!pci_at(bus, place->slot, 0))
            return true;
    return false;
}

static void apply_straps(const struct device_model *model,
                         struct bus_place *place)
{
    if (!place->has_irq && model->strap.has_irq) {
        place->has_irq = true;
        place->irq = model->strap.irq;
    }
    if (!place->has_dma && model->strap.has_dma) {
        place->has_dma = true;
        place->dma = model->strap.dma;
    }
}

/* PCI 2.2, 6.2.5.1: a BAR decodes a power of two, 16 bytes of memory or 4 of
 * ports at least. @bytes: the setting that sizes windows without a size. */
static bool bars_good(const struct device_model *model, uint32_t bytes)
{
    for (unsigned i = 0; model->pci.vendor && i < PCI_BARS; i++) {
        const struct device_window *win = &model->windows[i];
        uint32_t n = win->bytes ? win->bytes : bytes;

        if (win->kind == WINDOW_NONE || win->access & ACCESS_FIXED || !n)
            continue;
        if (n & (n - 1) || n < (win->kind == WINDOW_PORT ? 4 : 16))
            return false;
    }
    return true;
}

static bool check_place(struct bus *bus, const struct device_model *model,
                        struct bus_place *place, struct hb_error *error)
{
    if (bus->devices == BUS_DEVICES) {
        hb_fail(error, HB_FULL, "%s: no more than %d devices", model->name,
                BUS_DEVICES);
        return false;
    }
    if (place->has_irq && place->irq > 15) {
        hb_fail(error, HB_BAD_ARGUMENT, "%s: irq %u is not 0-15", model->name,
                place->irq);
        return false;
    }
    if (place->has_dma && (place->dma > 7 || place->dma == 4)) {
        hb_fail(error, HB_BAD_ARGUMENT, "%s: dma %u is not 0-3 or 5-7",
                model->name, place->dma);
        return false;
    }
    if (!bars_good(model, 0)) {
        hb_fail(error, HB_BAD_ARGUMENT,
                "%s: a BAR's size is no power of two from 16 (4) on",
                model->name);
        return false;
    }
    if (model->pci.vendor && !choose_slot(bus, place)) {
        hb_fail(error, HB_BAD_ARGUMENT, "%s: PCI slot %u.%u is taken",
                model->name, place->slot, place->function);
        return false;
    }
    return true;
}

static uint64_t *setting_field(const struct device *dev,
                               const struct device_setting *s)
{
    return (uint64_t *)((uint8_t *)(uintptr_t)dev + s->offset);
}

static const struct device_setting *setting_of(const struct device_model *model,
                                               const char *name)
{
    const struct device_setting *s = model->settings;

    while (s && s->name && strcmp(s->name, name))
        s++;
    return s && s->name ? s : NULL;
}

bool window_resize(struct device_wiring *w, unsigned window, uint32_t bytes)
{
    uint32_t words = bytes / PAGE_BYTES / 64 + 1, kept = w->bytes[window];
    uint8_t *ram = calloc(1, (size_t)bytes + 1);
    uint64_t *touched = calloc(words, sizeof *touched);

    if (!ram || !touched) {
        free(ram);
        free(touched);
        return false;
    }
    kept = kept < bytes ? kept : bytes;
    if (w->ram[window]) {
        memcpy(ram, w->ram[window], kept);
        memcpy(touched, w->touched[window],
               (kept / PAGE_BYTES / 64 + 1) * sizeof *touched);
    }
    free(w->ram[window]);
    free(w->touched[window]);
    w->ram[window] = ram;
    w->touched[window] = touched;
    w->bytes[window] = bytes;
    return true;
}

/* Sizes of windows and the card's RAM, once settings are known. */
static bool size_windows(struct device *dev)
{
    struct device_wiring *w = wiring_of(dev);
    const struct device_setting *s = setting_of(dev->model, "bytes");

    for (unsigned i = 0; i < DEVICE_WINDOWS; i++) {
        const struct device_window *win = &dev->model->windows[i];
        uint32_t bytes = win->bytes;

        if (win->kind != WINDOW_NONE && !bytes && s && i != PCI_ROM)
            bytes = (uint32_t)*setting_field(dev, s);
        if (win->ram && !bytes)
            continue; /* window_is_open(): sized by what is put into it */
        if (win->ram && bytes != w->bytes[i] && !window_resize(w, i, bytes))
            return false;
        w->bytes[i] = bytes;
    }
    return true;
}

static struct device *new_device(struct bus *bus,
                                 const struct device_model *model,
                                 const struct bus_place *place)
{
    struct device *dev = calloc(1, model->state_size);
    struct device_wiring *w = calloc(1, sizeof *w);
    const struct device_setting *s = model->settings;

    if (!dev || !w) {
        free(dev);
        free(w);
        return NULL;
    }
    dev->model = model;
    dev->wiring = w;
    w->bus = bus;
    w->dev = dev;
    w->place = *place;
    name_device(bus, w, place->name ? place->name : model->name);
    w->place.name = w->name;
    for (; s && s->name; s++)
        *setting_field(dev, s) = s->initial;
    if (!size_windows(dev)) {
        device_destroy(dev);
        return NULL;
    }
    return dev;
}

enum hb_status bus_add(struct bus *bus, const struct device_model *model,
                       const struct bus_place *place, struct device **out,
                       struct hb_error *error)
{
    struct bus_place at = place ? *place : (struct bus_place){0};
    struct device *dev;

    apply_straps(model, &at);
    if (!check_place(bus, model, &at, error))
        return HB_BAD_ARGUMENT;
    dev = new_device(bus, model, &at);
    if (!dev)
        return hb_fail(error, HB_NO_MEMORY, "%s: no memory", model->name);
    dev->id = (uint16_t)bus->devices;
    bus->device[bus->devices++] = dev;
    wire_connect(bus, dev);
    if (out)
        *out = dev;
    return HB_OK;
}

enum hb_status bus_set(struct device *dev, const char *name, uint64_t value,
                       struct hb_error *error)
{
    const struct device_setting *s = setting_of(dev->model, name);

    if (!s)
        return hb_fail(error, HB_NOT_FOUND, "device %s has no setting '%s'",
                       bus_device_name(dev), name);
    if (value < s->least || value > s->most)
        return hb_fail(error, HB_BAD_ARGUMENT, "%s: %s must be %llu to %llu",
                       bus_device_name(dev), name, (unsigned long long)s->least,
                       (unsigned long long)s->most);
    if (strcmp(name, "bytes") == 0 && !bars_good(dev->model, (uint32_t)value))
        return hb_fail(error, HB_BAD_ARGUMENT,
                       "%s: %s must be a power of two, not %llu",
                       bus_device_name(dev), name, (unsigned long long)value);
    *setting_field(dev, s) = value;
    if (!size_windows(dev))
        return hb_fail(error, HB_NO_MEMORY, "%s: no memory for %s",
                       bus_device_name(dev), name);
    return HB_OK;
}

bool settings_good(const struct device *dev)
{
    const struct device_setting *s = dev->model->settings;

    for (; s && s->name; s++) {
        uint64_t value = *setting_field(dev, s);

        if (value < s->least || value > s->most)
            return false;
    }
    return true;
}

/* ---- reset -------------------------------------------------------------- */

static void reset_one(struct device *dev)
{
    struct device_wiring *w = wiring_of(dev);

    dma_reset(dev);
    timers_drop(dev);
    wires_release(dev);
    w->s = (struct wiring_state){.absent = w->s.absent};
    pci_reset(dev);
    if (dev->model->reset)
        dev->model->reset(dev);
}

void bus_reset_device(struct device *dev)
{
    reset_one(dev);
    bus_remap(wiring_of(dev)->bus);
}

void bus_plug(struct device *dev, bool in)
{
    wiring_of(dev)->s.absent = !in;
    bus_reset_device(dev);
}

void bus_reset(struct bus *bus)
{
    bus->s.tenure = (struct tenure){0};
    bus->s.isa_free = bus->s.isa_held = 0;
    gate_reset(bus);
    for (unsigned i = 0; i < bus->devices; i++)
        reset_one(bus->device[i]);
    bus->s.reset = bus->s.init = 0;
    wires_refresh(bus);
    bus_remap(bus);
}

void bus_take_init(struct bus *bus)
{
    bus->s.init = 0;
    wires_refresh(bus);
}

/* ---- what models call --------------------------------------------------- */

uint8_t *card_ram(struct device *dev, unsigned window, uint32_t offset,
                  uint32_t bytes)
{
    struct device_wiring *w = wiring_of(dev);

    for (uint32_t page = offset >> PAGE_SHIFT;
         page <= (offset + bytes - 1) >> PAGE_SHIFT; page++)
        w->touched[window][page / 64] |= (uint64_t)1 << page % 64;
    return w->ram[window] + offset;
}

const uint8_t *device_ram_view(const struct device *dev, unsigned window,
                               uint32_t offset, uint32_t bytes)
{
    const struct device_wiring *w = wiring_of(dev);

    if (window >= DEVICE_WINDOWS || !w->ram[window] || !bytes ||
        (uint64_t)offset + bytes > w->bytes[window])
        return NULL;
    return w->ram[window] + offset;
}

uint8_t *device_ram(struct device *dev, unsigned window, uint32_t offset,
                    uint32_t bytes)
{
    return device_ram_view(dev, window, offset, bytes)
               ? card_ram(dev, window, offset, bytes)
               : NULL;
}

bool window_is_open(const struct device *dev, unsigned window)
{
    const struct device_window *win = &dev->model->windows[window];

    return win->ram && !win->bytes &&
           (window == PCI_ROM || !setting_of(dev->model, "bytes"));
}

bool device_ram_size(struct device *dev, unsigned window, uint32_t bytes)
{
    return window < DEVICE_WINDOWS && window_is_open(dev, window) &&
           bytes <= WINDOW_MOST && window_resize(wiring_of(dev), window, bytes);
}

/* PCI 2.2, 6.2.5.2: the size of an expansion ROM is a power of two >= 2 KiB. */
enum hb_status bus_rom(struct device *dev, const uint8_t *bytes, size_t count,
                       struct hb_error *error)
{
    enum { LEAST = 2048 };
    uint32_t room = LEAST;

    if (!device_is_pci(dev) || !window_is_open(dev, PCI_ROM))
        return hb_fail(error, HB_BAD_ARGUMENT,
                       "device %s has no socket for a ROM",
                       bus_device_name(dev));
    while (room < count && room < ROM_MOST)
        room *= 2;
    if (!count || count > ROM_MOST)
        return hb_fail(error, HB_BAD_ARGUMENT,
                       "a ROM for %s of %zu bytes: 1 to %d",
                       bus_device_name(dev), count, (int)ROM_MOST);
    if (!device_ram_size(dev, PCI_ROM, room))
        return hb_fail(error, HB_NO_MEMORY, "no memory for a ROM");
    memcpy(card_ram(dev, PCI_ROM, 0, (uint32_t)count), bytes, count);
    return HB_OK;
}

int device_channel(const struct device *dev)
{
    const struct bus_place *place = &wiring_of(dev)->place;

    return place->has_dma ? place->dma : -1;
}

int device_irq(const struct device *dev)
{
    const struct bus_place *place = &wiring_of(dev)->place;

    return place->has_irq ? place->irq : -1;
}

void stream_put(struct device *dev, uint8_t byte)
{
    EMIT(wiring_of(dev)->bus->events, stream_out,
         EVENT_STRING(bus_device_name(dev)), byte);
}

void sound_put(struct device *dev, uint32_t rate, int16_t left, int16_t right)
{
    EMIT(wiring_of(dev)->bus->events, sound_out,
         EVENT_STRING(bus_device_name(dev)), rate, (uint16_t)left,
         (uint16_t)right);
}

void guest_finding(struct device *dev, const char *rule, const char *text)
{
    finding(wiring_of(dev)->bus, rule, text);
}
