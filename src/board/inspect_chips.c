/* src/board/inspect_chips.c -- fields of devices by name, and what those of
 * the board's own chips mean: 8237, 8259, 8254. */
#include "halbox/inspect.h"

#include <stdio.h>
#include <string.h>

#include "base/field.h"
#include "board/board.h"

/* ---- fields --------------------------------------------------------------*/

bool inspect_field_at(const struct machine *m, const char *device,
                      unsigned index, struct inspect_field *out)
{
    const struct device *dev = bus_find(m->bus, device);
    struct field f;

    if (!dev || !field_at(dev, dev->model->rows, index, &f))
        return false;
    *out = (struct inspect_field){.value = field_value(&f), .bytes = f.bytes};
    memcpy(out->name, f.name, sizeof out->name);
    return true;
}

bool inspect_field(const struct machine *m, const char *device,
                   const char *name, uint64_t *value)
{
    const struct device *dev = bus_find(m->bus, device);
    struct field f;

    if (!dev || !field_find(dev, dev->model->rows, name, &f))
        return false;
    *value = field_value(&f);
    return true;
}

/** The first device of @model. */
static const struct device *chip(const struct machine *m, const char *model)
{
    const struct device *dev;

    for (unsigned i = 0; (dev = bus_device(m->bus, i)) != NULL; i++)
        if (strcmp(dev->model->name, model) == 0)
            return dev;
    return NULL;
}

/** Field "@array[@index].@name"; without a @name the element itself. */
static uint32_t value_of(const struct device *dev, const char *array,
                         unsigned index, const char *name)
{
    char path[FIELD_NAME];
    struct field f;

    snprintf(path, sizeof path, "%s[%u]%s%s", array, index, name ? "." : "",
             name ? name : "");
    return field_find(dev, dev->model->rows, path, &f)
               ? (uint32_t)field_value(&f)
               : 0;
}

/* ---- 8237 ----------------------------------------------------------------*/

/** Intel 8237A data sheet: mode register. */
enum { MODE_AUTO = 1 << 4, MODE_DOWN = 1 << 5 };
enum { COMMAND_DISABLE = 1 << 2, COMMAND_DREQ_LOW = 1 << 6 };
enum { CASCADE_CHANNEL = 4, SHIFTED = 1 };

static const char *const kinds[] = {"demand", "single", "block", "cascade"};
static const char *const types[] = {"verify", "write", "read", "illegal"};

/** Page ports 80h + n, PC/AT wiring. */
static unsigned page_port(unsigned ch)
{
    static const uint8_t port[INSPECT_CHANNELS] = {7, 3, 1, 2, 15, 11, 9, 10};

    return port[ch];
}

/** Page and counter as the board puts them together: docs/devices/dma8237.md.
 */
static dla_t next_unit(const struct device *dev, unsigned ch,
                       const struct inspect_channel *c)
{
    if (value_of(dev, "channel", ch, "high"))
        return dla_of(c->address);
    if (value_of(dev, "channel", ch, "extended") == SHIFTED)
        return dla_of((uint64_t)(c->page & 0xfeu) << 16 | c->address << 1);
    return dla_of((uint64_t)c->page << 16 | c->address);
}

static bool drives_dreq(const struct device *dev, unsigned ch)
{
    struct bus_place place;

    bus_device_place(dev, &place);
    if (place.has_dma && place.dma == ch)
        return true;
    for (const struct device_pin *p = dev->model->pins; p && p->wire; p++)
        if (p->output && p->wire == WIRE_DREQ0 + ch)
            return true;
    return false;
}

static void slave_of(const struct machine *m, unsigned ch, char *out)
{
    const struct device *dev;

    for (unsigned i = 0; (dev = bus_device(m->bus, i)) != NULL; i++)
        if (drives_dreq(dev, ch)) {
            snprintf(out, MACHINE_NAME, "%s", bus_device_name(dev));
            return;
        }
}

static bool has_bus(const struct machine *m, const struct device *dev,
                    unsigned ch)
{
    const struct tenure *t = bus_tenure(m->bus);

    return t->bytes && t->controller && t->owner == dev->id && t->channel == ch;
}

bool inspect_channel_at(const struct machine *m, unsigned ch,
                        struct inspect_channel *out)
{
    const struct device *dev = chip(m, "dma8237");
    unsigned half = ch / 4, bit = ch % 4;
    uint32_t mode, command;

    if (!dev || ch >= INSPECT_CHANNELS)
        return false;
    mode = value_of(dev, "channel", ch, "mode");
    command = value_of(dev, "chip", half, "command");
    *out = (struct inspect_channel){
        .mode = kinds[mode >> 6 & 3],
        .transfer = types[mode >> 2 & 3],
        .auto_init = mode & MODE_AUTO,
        .decrement = mode & MODE_DOWN,
        .masked = value_of(dev, "chip", half, "mask") >> bit & 1,
        .requested = value_of(dev, "chip", half, "request") >> bit & 1,
        .dreq = ch != CASCADE_CHANNEL &&
                bus_wire(m->bus, (enum wire)(WIRE_DREQ0 + ch)) ==
                    !(command & COMMAND_DREQ_LOW),
        .dack = has_bus(m, dev, ch),
        .reached_tc = value_of(dev, "chip", half, "tc") >> bit & 1,
        .disabled = command & COMMAND_DISABLE,
        .high_byte = value_of(dev, "chip", half, "high_byte"),
        .width = value_of(dev, "channel", ch, "extended") ? 16 : 8,
        .page = (uint8_t)value_of(dev, "page", page_port(ch), NULL),
        .base_address = value_of(dev, "channel", ch, "base_address"),
        .address = value_of(dev, "channel", ch, "address"),
        .base_count = value_of(dev, "channel", ch, "base_count"),
        .count = value_of(dev, "channel", ch, "count"),
    };
    out->at = next_unit(dev, ch, out);
    slave_of(m, ch, out->device);
    return true;
}

/* ---- 8259 ----------------------------------------------------------------*/

static bool is_wired(const struct device *dev, unsigned irq)
{
    struct bus_place place;

    bus_device_place(dev, &place);
    if (place.has_irq && place.irq == irq && !dev->model->pci.vendor)
        return true;
    for (const struct device_pin *p = dev->model->pins; p && p->wire; p++)
        if (p->output && p->wire == WIRE_IRQ0 + irq)
            return true;
    return false;
}

/** A PCI function's line register tells where firmware routed its pin. */
static bool is_routed(const struct machine *m, const struct device *dev,
                      unsigned irq)
{
    enum { INTERRUPT = 0x3c };
    struct bus_place place;
    uint32_t v;

    if (!dev->model->pci.interrupt_pin)
        return false;
    bus_device_place(dev, &place);
    v = bus_peek_config(m->bus, 0, place.slot, place.function, INTERRUPT);
    return (v >> 8 & 0xff) - 1 < 4 && (v & 0xff) == irq;
}

static void wired_to(const struct machine *m, unsigned irq, char *out,
                     size_t room)
{
    const struct device *dev;
    size_t n = 0;

    for (unsigned i = 0; (dev = bus_device(m->bus, i)) != NULL; i++) {
        if (!is_wired(dev, irq) && !is_routed(m, dev, irq))
            continue;
        snprintf(out + n, room - n, "%s%s", n ? ", " : "",
                 bus_device_name(dev));
        n += strlen(out + n);
    }
}

bool inspect_irq_at(const struct machine *m, unsigned irq,
                    struct inspect_irq *out)
{
    const struct device *dev = chip(m, "pic8259");
    unsigned half = irq / 8, bit = irq % 8;

    if (!dev || irq >= INSPECT_IRQS)
        return false;
    *out = (struct inspect_irq){
        .line = bus_wire(m->bus, (enum wire)(WIRE_IRQ0 + irq)),
        .requested = value_of(dev, "chip", half, "irr") >> bit & 1,
        .in_service = value_of(dev, "chip", half, "isr") >> bit & 1,
        .masked = value_of(dev, "chip", half, "imr") >> bit & 1,
        .level = value_of(dev, "chip", half, "elcr") >> bit & 1,
        .vector = (uint8_t)(value_of(dev, "chip", half, "base") | bit),
    };
    wired_to(m, irq, out->devices, sizeof out->devices);
    if (!m->config.bare)
        ke_irq(m->ke, irq, out);
    return true;
}

/* ---- 8254 ----------------------------------------------------------------*/

bool inspect_counter_chip_at(const struct machine *m, unsigned index,
                             struct inspect_counter_chip *out)
{
    enum { COUNTERS = 3 };
    const struct device *dev = chip(m, "pit8254");

    if (!dev || index >= COUNTERS)
        return false;
    *out = (struct inspect_counter_chip){
        .mode = (uint8_t)value_of(dev, "c", index, "mode"),
        .bcd = value_of(dev, "c", index, "bcd"),
        .gate = value_of(dev, "c", index, "gate"),
        .counting = value_of(dev, "c", index, "armed"),
        .reload = value_of(dev, "c", index, "count"),
    };
    return true;
}
