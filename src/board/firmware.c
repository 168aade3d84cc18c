/* src/board/firmware.c -- what the firmware of a PC has done before a kernel
 * starts: the PCI interrupt wires are routed to IRQs, level triggered, and each
 * function's Interrupt Line says which; what could be booted from is a bus
 * master, as its own ROM leaves it. Base addresses are the kernel's.
 * Source: 82371SB data sheet, PIRQRC and ELCR; PCI 2.2, 6.2.2, 6.2.4. */
#include "board/board.h"

enum {
    SLOTS = 32,
    FUNCTIONS = 8,
    ID = 0x00,
    BASE_CLASS = 0x0b,
    HEADER_TYPE = 0x0e,
    INTERRUPT_LINE = 0x3c,
    INTERRUPT_PIN = 0x3d,
    BRIDGE_SLOT = 1, /* places.def: piix3 */
    PIRQRC = 0x60,
    COMMAND = 0x04,
    MASTER = 0x04,
    STORAGE = 0x01,
    IDETIM = 0x40,     /* of function 1: bit 15 of each half decodes */
    ELCR_HIGH = 0x4d1, /* IRQ 8-15 */
    DMA_MASK = 0xd4,   /* of channels 4-7 */
    DMA_MODE = 0xd6,
    DMA_CASCADE = 0xc0,
};

/* PIRQA-PIRQD; 3-7 and 9 are left to ISA cards. */
static const uint8_t route[4] = {10, 11, 10, 11};

static uint8_t irq_of(unsigned slot, unsigned pin)
{
    return route[(unsigned)bus_pirq(slot, pin) - WIRE_PIRQA];
}

static void set_line(struct bus *bus, unsigned slot, unsigned function)
{
    unsigned pin = bus_config_read(bus, 0, slot, function, INTERRUPT_PIN, 1);

    if (pin >= 1 && pin <= 4)
        bus_config_write(bus, 0, slot, function, INTERRUPT_LINE, 1,
                         irq_of(slot, pin));
}

static void set_master(struct bus *bus, unsigned slot, unsigned function)
{
    unsigned command = bus_config_read(bus, 0, slot, function, COMMAND, 2);

    if (bus_config_read(bus, 0, slot, function, BASE_CLASS, 1) == STORAGE)
        bus_config_write(bus, 0, slot, function, COMMAND, 2, command | MASTER);
}

void firmware_run(struct machine *m)
{
    struct bus *bus = m->bus;

    for (unsigned i = 0; i < 4; i++)
        bus_config_write(bus, 0, BRIDGE_SLOT, 0, PIRQRC + i, 1, route[i]);
    bus_config_write(bus, 0, BRIDGE_SLOT, 1, IDETIM, 4, 0x80008000u);
    bus_config_write(bus, 0, BRIDGE_SLOT, 1, COMMAND, 2, 5); /* ports, master */
    bus_out(bus, ELCR_HIGH, 1, 1u << (10 - 8) | 1u << (11 - 8));
    bus_out(bus, DMA_MODE, 1, DMA_CASCADE); /* channel 4 */
    bus_out(bus, DMA_MASK, 1, 0);
    for (unsigned slot = 0; slot < SLOTS; slot++) {
        unsigned functions = 1;

        for (unsigned f = 0; f < functions; f++) {
            if (bus_config_read(bus, 0, slot, f, ID, 2) == 0xffff)
                continue;
            if (!f && bus_config_read(bus, 0, slot, f, HEADER_TYPE, 1) & 0x80)
                functions = FUNCTIONS;
            set_line(bus, slot, f);
            set_master(bus, slot, f);
        }
    }
}
