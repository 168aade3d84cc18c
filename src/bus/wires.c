/* src/bus/wires.c -- the wires of the board: wired-or of all outputs connected
 * to one; a change is told to the input pins on it and to the CPU's pins.
 * Source of the INTx rotation: PCI 2.2, 2.2.6 (the board's choice, here as on
 * i440FX boards with slot 1 as the first). */
#include "bus/bus_private.h"

#include <assert.h>
#include <stdio.h>

const char *bus_wire_name(enum wire wire)
{
    static const char *const name[WIRE_COUNT] = {
        "none",    "IRQ0",  "IRQ1",  "IRQ2",  "IRQ3",  "IRQ4",  "IRQ5",
        "IRQ6",    "IRQ7",  "IRQ8",  "IRQ9",  "IRQ10", "IRQ11", "IRQ12",
        "IRQ13",   "IRQ14", "IRQ15", "PIRQA", "PIRQB", "PIRQC", "PIRQD",
        "DREQ0",   "DREQ1", "DREQ2", "DREQ3", "DREQ4", "DREQ5", "DREQ6",
        "DREQ7",   "INTR",  "NMI",   "SMI",   "RESET", "A20",   "SPEAKER",
        "REFRESH", "INIT",  "FERR",  "IGNNE"};

    return (unsigned)wire < WIRE_COUNT ? name[wire] : "?";
}

enum wire bus_pirq(unsigned slot, unsigned pin)
{
    return (enum wire)(WIRE_PIRQA + (slot + pin + 2) % 4);
}

bool bus_wire(const struct bus *bus, enum wire wire)
{
    return bus->s.wire[wire] != 0;
}

const struct bus_pins *bus_pins(const struct bus *bus)
{
    return &bus->pins;
}

void wires_refresh(struct bus *bus)
{
    bus->pins = (struct bus_pins){
        .intr = bus_wire(bus, WIRE_INTR),
        .nmi = bus_wire(bus, WIRE_NMI),
        .smi = bus_wire(bus, WIRE_SMI),
        .reset = bus->s.reset || bus_wire(bus, WIRE_RESET),
        .init = bus->s.init,
        .a20 = bus_wire(bus, WIRE_A20) || !bus->drivers[WIRE_A20],
        .ignne = bus_wire(bus, WIRE_IGNNE),
        .ferr = bus->s.ferr,
    };
}

static void wire_changed(struct bus *bus, enum wire wire, bool level)
{
    if (wire == WIRE_RESET && level)
        bus->s.reset = 1; /* a pulse inside one instruction counts */
    if (wire == WIRE_INIT && level)
        bus->s.init = 1; /* its edge is what counts */
    wires_refresh(bus);
    EMIT(bus->events, line, EVENT_STRING(bus_wire_name(wire)), level);
    for (unsigned i = 0; i < bus->listeners[wire]; i++) {
        const struct bus_listener *l = &bus->listener[wire][i];
        struct device *dev = bus->device[l->dev];

        if (dev->model->line)
            dev->model->line(dev, l->pin, level);
    }
}

static void wire_drive(struct bus *bus, enum wire wire, bool level)
{
    uint16_t before = bus->s.wire[wire];

    if (wire == WIRE_NONE)
        return;
    assert(level || before);
    bus->s.wire[wire] = (uint16_t)(before + (level ? 1 : -1));
    if (!before || before + (level ? 1 : -1) == 0)
        wire_changed(bus, wire, level);
}

/* ---- connecting --------------------------------------------------------- */

static void listen(struct bus *bus, enum wire wire, struct device *dev,
                   unsigned pin)
{
    unsigned n = bus->listeners[wire];

    assert(n < BUS_LISTENERS);
    bus->listener[wire][n] = (struct bus_listener){dev->id, (uint8_t)pin};
    bus->listeners[wire]++;
}

void wire_connect(struct bus *bus, struct device *dev)
{
    struct device_wiring *w = wiring_of(dev);
    const struct device_pin *p = dev->model->pins;
    const struct device_pci *pci = &dev->model->pci;

    for (; p && p->wire != WIRE_NONE; p++) {
        assert(p->pin < DEVICE_PINS && p->wire < WIRE_COUNT);
        if (p->output) {
            w->out_wire[p->pin] = p->wire;
            bus->drivers[p->wire]++;
        } else {
            w->in_wire[p->pin] = p->wire;
            listen(bus, (enum wire)p->wire, dev, p->pin);
        }
    }
    if (w->place.has_irq)
        w->irq_wire = (uint8_t)(WIRE_IRQ0 + w->place.irq);
    else if (pci->vendor && pci->interrupt_pin)
        w->irq_wire = (uint8_t)bus_pirq(w->place.slot, pci->interrupt_pin);
    if (w->place.has_dma)
        w->dreq_wire = (uint8_t)(WIRE_DREQ0 + w->place.dma);
    wires_refresh(bus);
}

/* ---- what models call --------------------------------------------------- */

void irq_set(struct device *dev, bool level)
{
    struct device_wiring *w = wiring_of(dev);

    if (w->s.irq == level)
        return;
    w->s.irq = level;
    wire_drive(w->bus, (enum wire)w->irq_wire, level);
}

void dreq_set(struct device *dev, bool level)
{
    struct device_wiring *w = wiring_of(dev);

    if (w->s.dreq == level)
        return;
    w->s.dreq = level;
    wire_drive(w->bus, (enum wire)w->dreq_wire, level);
}

void line_set(struct device *dev, unsigned pin, bool level)
{
    struct device_wiring *w = wiring_of(dev);
    uint32_t bit = 1u << pin;

    assert(pin < DEVICE_PINS);
    if (!!(w->s.out & bit) == level)
        return;
    w->s.out ^= bit;
    wire_drive(w->bus, (enum wire)w->out_wire[pin], level);
}

void bus_ferr(struct bus *bus, bool level)
{
    if (bus->s.ferr == level)
        return;
    bus->s.ferr = level;
    wire_drive(bus, WIRE_FERR, level);
}

bool line_get(const struct device *dev, unsigned pin)
{
    const struct device_wiring *w = wiring_of(dev);

    assert(pin < DEVICE_PINS);
    return bus_wire(w->bus, (enum wire)w->in_wire[pin]);
}

/* Reset: a device lets go of all that it drives. */
void wires_release(struct device *dev)
{
    irq_set(dev, false);
    dreq_set(dev, false);
    for (unsigned pin = 0; pin < DEVICE_PINS; pin++)
        line_set(dev, pin, false);
}

/* The counts follow from what each device drives. */
void wires_recount(struct bus *bus)
{
    for (unsigned i = 0; i < WIRE_COUNT; i++)
        bus->s.wire[i] = 0;
    for (unsigned i = 0; i < bus->devices; i++) {
        struct device_wiring *w = wiring_of(bus->device[i]);

        w->s.irq = w->s.irq != 0;
        w->s.dreq = w->s.dreq != 0;
        bus->s.wire[w->irq_wire] += w->s.irq;
        bus->s.wire[w->dreq_wire] += w->s.dreq;
        for (unsigned pin = 0; pin < DEVICE_PINS; pin++)
            bus->s.wire[w->out_wire[pin]] += w->s.out >> pin & 1;
    }
    bus->s.ferr = bus->s.ferr != 0;
    bus->s.wire[WIRE_FERR] += bus->s.ferr;
    bus->s.wire[WIRE_NONE] = 0;
    wires_refresh(bus);
}

uint8_t bus_inta(struct bus *bus)
{
    for (unsigned i = 0; i < bus->devices; i++) {
        struct device *dev = bus->device[i];

        if (dev->model->inta)
            return dev->model->inta(dev);
    }
    return 0xff; /* nobody drives the data lines */
}
