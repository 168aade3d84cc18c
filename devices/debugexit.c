/* devices/debugexit.c -- OUT to port F4h tells whoever runs the machine that a
 * test kernel is done, and how it went: the value leaves as a byte of the
 * device's stream. Source: QEMU user documentation, isa-debug-exit. Docs:
 * docs/devices/debug.md. */
#include "halbox/device.h"

struct debugexit {
    struct device dev;
};

static void debugexit_write(struct device *dev, unsigned window,
                            uint32_t offset, unsigned bytes, uint32_t value)
{
    (void)window;
    (void)bytes;
    if (offset == 0)
        stream_put(dev, (uint8_t)value);
}

static const struct state_row debugexit_rows[] = {STATE_END};

const struct device_model debugexit_model = {
    .name = "debugexit",
    .title = "debug exit at port F4h",
    .version = 1,
    .state_size = sizeof(struct debugexit),
    .rows = debugexit_rows,
    .windows =
        {{.kind = WINDOW_PORT, .bytes = 4, .access = ACCESS_ANY, .base = 0xf4}},
    .write = debugexit_write,
};
