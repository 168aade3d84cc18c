/* devices/biosrom.c -- the BIOS ROM: below 4 GiB, where the CPU starts, and its
 * last 128 KiB below 1 MiB too, until the host bridge shows RAM there. The
 * board puts its contents in. Source: Intel 82371SB data sheet (290550), XBCS;
 * SDM vol. 3A 9.1.4 (first instruction). Docs: docs/devices/biosrom.md. */
#include "halbox/device.h"

enum { TOP, LOW };
enum { LOW_BYTES = 0x20000, LOW_BASE = 0xe0000, LEAST = 4096, MOST = 16 << 20 };

struct biosrom {
    struct device dev;
    uint64_t bytes; /* setting */
};

/* A ROM shorter than the window leaves the window's start unanswered. */
static uint32_t biosrom_peek(const struct device *dev, unsigned window,
                             uint32_t offset, unsigned bytes)
{
    const struct biosrom *s = (const struct biosrom *)dev;
    uint64_t at = s->bytes + offset - LOW_BYTES;
    const uint8_t *rom;
    uint32_t v = 0;

    (void)window;
    if (s->bytes + offset < LOW_BYTES)
        return UINT32_MAX;
    rom = device_ram_view(dev, TOP, (uint32_t)at, bytes);
    for (unsigned i = 0; rom && i < bytes; i++)
        v |= (uint32_t)rom[i] << 8 * i;
    return rom ? v : UINT32_MAX;
}

static uint32_t biosrom_read(struct device *dev, unsigned window,
                             uint32_t offset, unsigned bytes)
{
    return biosrom_peek(dev, window, offset, bytes);
}

static const struct state_row biosrom_rows[] = {
    STATE_INT(struct biosrom, bytes),
    STATE_END,
};

static const struct device_setting biosrom_settings[] = {
    {"bytes", "size of the ROM", 256 << 10, LEAST, MOST,
     offsetof(struct biosrom, bytes)},
    {NULL, NULL, 0, 0, 0, 0},
};

const struct device_model biosrom_model = {
    .name = "biosrom",
    .title = "BIOS ROM",
    .version = 1,
    .state_size = sizeof(struct biosrom),
    .rows = biosrom_rows,
    .settings = biosrom_settings,
    .windows = {[TOP] = {.kind = WINDOW_MEMORY, .ram = true, .rom = true},
                [LOW] = {.kind = WINDOW_MEMORY,
                         .bytes = LOW_BYTES,
                         .access = ACCESS_ANY,
                         .base = LOW_BASE}},
    .read = biosrom_read,
    .peek = biosrom_peek,
};
