/* src/bus/frames.c -- Ethernet frames between cards and whatever their cable
 * leads to. Source: IEEE 802.3, 3.2.9 (checksum). */
#include "bus/bus_private.h"

#include <string.h>

uint32_t frame_crc(const uint8_t *bytes, uint32_t n)
{
    /* the remainders of 0-15: one step is four bits, lowest first */
    static const uint32_t nibble[16] = {
        0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
        0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
        0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c};
    uint32_t crc = UINT32_MAX;

    for (uint32_t i = 0; i < n; i++) {
        crc ^= bytes[i];
        crc = crc >> 4 ^ nibble[crc & 15];
        crc = crc >> 4 ^ nibble[crc & 15];
    }
    return ~crc;
}

/* No sender puts a shorter frame on the wire (IEEE 802.3, 3.2.8). */
static const uint8_t *fill_up(const uint8_t *bytes, uint32_t *n,
                              uint8_t filled[FRAME_SHORTEST])
{
    if (*n >= FRAME_SHORTEST)
        return bytes;
    memset(filled, 0, FRAME_SHORTEST);
    memcpy(filled, bytes, *n);
    *n = FRAME_SHORTEST;
    return filled;
}

void frame_put(struct device *dev, const uint8_t *bytes, uint32_t n)
{
    struct bus *bus = wiring_of(dev)->bus;
    const char *name = bus_device_name(dev);
    uint8_t filled[FRAME_SHORTEST];

    bytes = fill_up(bytes, &n, filled);
    EMIT(bus->events, frame_out, EVENT_STRING(name), n, frame_crc(bytes, n));
    if (bus->frames && !bus->events->past)
        bus->frames(bus->frames_context, name, bytes, n);
}

bool bus_frame_ready(const struct device *dev)
{
    return dev->model->frame_ready(dev);
}

void bus_frame(struct device *dev, const uint8_t *bytes, uint32_t n)
{
    uint8_t filled[FRAME_SHORTEST];

    bytes = fill_up(bytes, &n, filled);
    EMIT(wiring_of(dev)->bus->events, frame_in,
         EVENT_STRING(bus_device_name(dev)), n, frame_crc(bytes, n));
    dev->model->frame(dev, bytes, n);
}

void bus_frames(struct bus *bus, bus_frame_fn *fn, void *context)
{
    bus->frames = fn;
    bus->frames_context = context;
}
