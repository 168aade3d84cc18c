/* hal/address.c -- where a bus's addresses come out for the CPU. On a PC they
 * are the same; behind a bridge that has no I/O space ports are memory (and, on
 * the platform `swapped`, small pieces of memory are ports). Source: WDK,
 * "Mapping Bus-Relative Addresses to Virtual Addresses". */
#include "hal/hal.h"

void hal_translate(const struct bus *bus, bool *io, uint64_t *address,
                   uint64_t bytes)
{
    if (*io) {
        if (!bus_has_ports_in_memory(bus))
            return;
        *io = false;
        *address += BUS_PORTS_WINDOW;
    } else if (bus_has_memory_in_ports(bus) && *address >= BUS_MEMORY_WINDOW &&
               bytes <= BUS_MEMORY_BYTES &&
               *address - BUS_MEMORY_WINDOW <= BUS_MEMORY_BYTES - bytes) {
        *io = true;
        *address += (uint64_t)BUS_MEMORY_PORT - BUS_MEMORY_WINDOW;
    }
}
