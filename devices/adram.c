/* devices/adram.c -- adapter RAM: a PCI card that is a block of memory, for
 * drivers that map adapter memory, and as a target for other cards' DMA. BAR 0
 * is the memory, BAR 1 three registers of 32 bits. An invented card:
 * docs/devices/adram.md is its data sheet. */
#include "halbox/device.h"

enum { MEMORY, REGISTERS }; /* BARs */
enum { ID = 0, BYTES = 4, INTERRUPT = 8, REGISTER_BYTES = 16 };
enum { ID_VALUE = 0x4d524441 }; /* "ADRM" */

struct adram {
    struct device dev;
    uint32_t interrupt;
    uint64_t bytes; /* setting */
};

static uint32_t adram_read(struct device *dev, unsigned window, uint32_t offset,
                           unsigned access)
{
    struct adram *s = (struct adram *)dev;

    (void)window;
    (void)access;
    switch (offset) {
    case ID:
        return ID_VALUE;
    case BYTES:
        return (uint32_t)s->bytes;
    case INTERRUPT:
        return s->interrupt;
    default:
        return 0;
    }
}

static void adram_write(struct device *dev, unsigned window, uint32_t offset,
                        unsigned access, uint32_t value)
{
    struct adram *s = (struct adram *)dev;

    (void)window;
    (void)access;
    if (offset != INTERRUPT) {
        guest_error(dev, "register %u is read only", offset);
        return;
    }
    s->interrupt = value & 1;
    irq_set(dev, s->interrupt);
}

static void adram_reset(struct device *dev)
{
    ((struct adram *)dev)->interrupt = 0;
}

static const struct state_row adram_rows[] = {
    STATE_INT(struct adram, interrupt),
    STATE_INT(struct adram, bytes),
    STATE_END,
};

static const struct device_setting adram_settings[] = {
    {"bytes", "size of the memory, a power of two", 1 << 20, 4096, 1 << 28,
     offsetof(struct adram, bytes)},
    {NULL, NULL, 0, 0, 0, 0},
};

const struct device_model adram_model = {
    .name = "adram",
    .title = "PCI card with memory of its own",
    .version = 1,
    .state_size = sizeof(struct adram),
    .rows = adram_rows,
    .settings = adram_settings,
    .pci = {.vendor = 0x1234,
            .device = 0x10ad,
            .subsystem_vendor = 0x1234,
            .subsystem = 0x10ad,
            .base_class = 5,
            .subclass = 0x80,
            .interrupt_pin = 1},
    .windows =
        {
            [MEMORY] = {.kind = WINDOW_MEMORY,
                        .access = ACCESS_ANY,
                        .ram = true},
            [REGISTERS] = {.kind = WINDOW_MEMORY,
                           .bytes = REGISTER_BYTES,
                           .access = ACCESS_32},
        },
    .reset = adram_reset,
    .read = adram_read,
    .write = adram_write,
};
