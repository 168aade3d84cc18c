/* hal/pci.c -- PCI configuration by mechanism 1, as any HAL does it. */
#include "hal/pci.h"

#include "hal/hal.h"

enum { CONFIG_ADDRESS = 0xcf8, CONFIG_DATA = 0xcfc };

static bool names_function(unsigned number, unsigned slot, unsigned function,
                           uint32_t offset)
{
    return number < 256 && slot < PCI_SLOTS && function < PCI_FUNCTIONS &&
           offset < PCI_CONFIG_BYTES;
}

/* The widest cycle at @offset that stays aligned and inside @bytes. */
static unsigned cycle_bytes(uint32_t offset, uint32_t bytes)
{
    if (!(offset & 3) && bytes >= 4)
        return 4;
    return !(offset & 1) && bytes >= 2 ? 2 : 1;
}

static void select_register(struct bus *bus, unsigned number, unsigned slot,
                            unsigned function, uint32_t offset)
{
    bus_out(bus, CONFIG_ADDRESS, 4,
            1u << 31 | (uint32_t)number << 16 | (uint32_t)slot << 11 |
                (uint32_t)function << 8 | (offset & 0xfc));
}

static uint32_t clip(uint32_t offset, uint32_t bytes)
{
    return bytes < PCI_CONFIG_BYTES - offset ? bytes
                                             : PCI_CONFIG_BYTES - offset;
}

uint32_t hal_pci_read(struct bus *bus, unsigned number, unsigned slot,
                      unsigned function, uint32_t offset, void *to,
                      uint32_t bytes)
{
    uint8_t *p = to;
    uint32_t left, value;
    unsigned n, i;

    if (!names_function(number, slot, function, offset))
        return 0;
    bytes = clip(offset, bytes);
    for (left = bytes; left; left -= n, offset += n) {
        n = cycle_bytes(offset, left);
        select_register(bus, number, slot, function, offset);
        value = bus_in(bus, (uint16_t)(CONFIG_DATA + (offset & 3)), n);
        for (i = 0; i < n; i++)
            *p++ = (uint8_t)(value >> 8 * i);
    }
    return bytes;
}

uint32_t hal_pci_write(struct bus *bus, unsigned number, unsigned slot,
                       unsigned function, uint32_t offset, const void *from,
                       uint32_t bytes)
{
    const uint8_t *p = from;
    uint32_t left, value;
    unsigned n, i;

    if (!names_function(number, slot, function, offset))
        return 0;
    bytes = clip(offset, bytes);
    for (left = bytes; left; left -= n, offset += n) {
        n = cycle_bytes(offset, left);
        for (i = 0, value = 0; i < n; i++)
            value |= (uint32_t)*p++ << 8 * i;
        select_register(bus, number, slot, function, offset);
        bus_out(bus, (uint16_t)(CONFIG_DATA + (offset & 3)), n, value);
    }
    return bytes;
}

bool hal_pci_over_ram(const struct bus *bus, const struct ram *ram,
                      unsigned number, unsigned slot, unsigned function,
                      uint64_t *at)
{
    enum { COMMAND = 4, COMMAND_MEMORY = 2, BAR0 = 0x10, BARS = 6, BAR_IO = 1 };
    bool memory =
        bus_peek_config(bus, number, slot, function, COMMAND) & COMMAND_MEMORY;

    for (unsigned i = 0; memory && i < BARS; i++) {
        uint32_t bar =
            bus_peek_config(bus, number, slot, function, BAR0 + 4 * i);

        *at = bar & ~15u;
        if (!(bar & BAR_IO) && *at && ram_is(ram, gpa_of(*at), 1))
            return true;
    }
    return false;
}

bool hal_interrupt_vector(unsigned irq, uint32_t *vector, uint8_t *irql,
                          uint32_t *affinity)
{
    if (irq > 15)
        return false;
    *vector = 0x30 + irq;
    *irql = (uint8_t)(27 - irq);
    *affinity = 1;
    return true;
}
