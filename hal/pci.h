/* hal/pci.h -- PCI configuration space as a HAL reaches it: mechanism 1, ports
 * CF8h and CFCh. Source: PCI Local Bus Specification 2.2, 3.2.2.3. */
#ifndef HAL_PCI_H
#define HAL_PCI_H

#include <stdint.h>

#include "bus/bus.h"

enum {
    PCI_CONFIG_BYTES = 256,
    PCI_SLOTS = 32,
    PCI_FUNCTIONS = 8,
};

/**
 * hal_pci_read()/hal_pci_write() - bytes of one function's configuration space,
 * in the widest aligned cycles that touch no other byte.
 * @bytes: clipped so that @offset + @bytes <= 256
 *
 * Return the bytes moved. An absent function reads all ones; of bus numbers
 * above 255, slots above 31 and functions above 7 nothing is moved.
 */
uint32_t hal_pci_read(struct bus *bus, unsigned number, unsigned slot,
                      unsigned function, uint32_t offset, void *to,
                      uint32_t bytes);
uint32_t hal_pci_write(struct bus *bus, unsigned number, unsigned slot,
                       unsigned function, uint32_t offset, const void *from,
                       uint32_t bytes);

/** hal_pci_over_ram() - does a BAR of the function decode where RAM answers,
 *  too? *@at: where it begins. */
bool hal_pci_over_ram(const struct bus *bus, const struct ram *ram,
                      unsigned number, unsigned slot, unsigned function,
                      uint64_t *at);

#endif
