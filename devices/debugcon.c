/* devices/debugcon.c -- debug console: a byte written to port E9h, or to 402h,
 * where SeaBIOS has it, leaves the machine. Reading gives E9h, by which a guest
 * knows that somebody listens. Source: Bochs and QEMU user documentation.
 * Docs: docs/devices/debug.md. */
#include "halbox/device.h"

enum { READ_BACK = 0xe9 };

struct debugcon {
    struct device dev;
};

static uint32_t debugcon_read(struct device *dev, unsigned window,
                              uint32_t offset, unsigned bytes)
{
    (void)dev;
    (void)window;
    (void)offset;
    (void)bytes;
    return READ_BACK;
}

static void debugcon_write(struct device *dev, unsigned window, uint32_t offset,
                           unsigned bytes, uint32_t value)
{
    (void)window;
    (void)offset;
    (void)bytes;
    stream_put(dev, (uint8_t)value);
}

static const struct state_row debugcon_rows[] = {STATE_END};

const struct device_model debugcon_model = {
    .name = "debugcon",
    .title = "debug console at ports E9h and 402h",
    .version = 1,
    .state_size = sizeof(struct debugcon),
    .rows = debugcon_rows,
    .windows =
        {{.kind = WINDOW_PORT, .bytes = 1, .access = ACCESS_8, .base = 0xe9},
         {.kind = WINDOW_PORT, .bytes = 1, .access = ACCESS_8, .base = 0x402}},
    .read = debugcon_read,
    .write = debugcon_write,
};
