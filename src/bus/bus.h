/* src/bus/bus.h -- what CPU and HAL see of the buses: ports, MMIO and PCI
 * configuration by physical address and number, and the wires to the CPU. */
#ifndef BUS_BUS_H
#define BUS_BUS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/events.h"
#include "halbox/device.h"
#include "mm/ram.h"

struct bus; /* bus_private.h of src/bus */

/** Wires that the CPU samples between instructions; part of the bus's state. */
struct bus_pins {
    bool intr, nmi, smi, reset, a20;
};

/** bus_in()/bus_out() - a port access of 1, 2 or 4 bytes. Unclaimed: all ones,
 *  dropped. Each is an event. */
uint32_t bus_in(struct bus *bus, uint16_t port, unsigned bytes);
void bus_out(struct bus *bus, uint16_t port, unsigned bytes, uint32_t value);
/** bus_load()/bus_store() - a physical access that is not RAM: device windows,
 *  adapter RAM, or nothing (all ones, dropped). 1, 2 or 4 bytes, not crossing
 *  a 4-byte line. */
uint32_t bus_load(struct bus *bus, gpa_t at, unsigned bytes);
void bus_store(struct bus *bus, gpa_t at, unsigned bytes, uint32_t value);
/** bus_peek() - as bus_load without side effects, for the debugger. */
uint32_t bus_peek(const struct bus *bus, gpa_t at, unsigned bytes);
/** bus_memory() - host bytes of adapter RAM at page @at, or NULL: lets a TLB
 *  entry point there. */
uint8_t *bus_memory(struct bus *bus, gpa_t at);

/** bus_pins() - the CPU's input pins now. */
const struct bus_pins *bus_pins(const struct bus *bus);
/** bus_inta() - interrupt acknowledge cycle: the vector. */
uint8_t bus_inta(struct bus *bus);

#endif
