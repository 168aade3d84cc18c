/* tests/devices/wire.c -- see wire.h. */
#include "wire.h"

#include <stdlib.h>
#include <string.h>

static void hear(void *context, const char *device, const void *bytes,
                 uint32_t n)
{
    struct wire_log *w = context;

    (void)device;
    assert_in_range(n, FRAME_SHORTEST, WIRE_BYTES);
    if (w->frames < WIRE_FRAMES) {
        w->frame[w->frames].bytes = n;
        memcpy(w->frame[w->frames].data, bytes, n);
    }
    w->frames++;
}

struct wire_log *wire_begin(struct bench *b)
{
    struct wire_log *w = calloc(1, sizeof *w);

    assert_non_null(w);
    w->b = b;
    bus_frames(b->bus, hear, w);
    return w;
}

void wire_end(struct wire_log *w)
{
    bus_frames(w->b->bus, NULL, NULL);
    free(w);
}

void wire_frame_make(uint8_t *frame, uint32_t n, const uint8_t *to,
                     const uint8_t *from, uint16_t type, uint8_t seed)
{
    memcpy(frame, to, 6);
    memcpy(frame + 6, from, 6);
    frame[12] = (uint8_t)(type >> 8);
    frame[13] = (uint8_t)type;
    for (uint32_t i = 14; i < n; i++)
        frame[i] = (uint8_t)(seed + i * 7);
}

uint32_t wire_sum(const uint8_t *bytes, uint32_t n, uint32_t start)
{
    uint32_t sum = start;

    for (uint32_t i = 0; i < n; i++)
        sum += i & 1 ? bytes[i] : (uint32_t)bytes[i] << 8;
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return sum;
}

static void put_sum(uint8_t *at, uint32_t sum)
{
    at[0] = (uint8_t)(~sum >> 8);
    at[1] = (uint8_t)~sum;
}

void wire_datagram(uint8_t *frame, uint32_t n, const uint8_t *to,
                   uint8_t protocol)
{
    static const uint8_t from[6] = {2, 0, 0, 0, 0, 9};
    uint8_t *ip = frame + 14, *data = ip + 20;
    uint32_t bytes = n - 34;

    wire_frame_make(frame, n, to, from, 0x0800, 3);
    memset(ip, 0, 20);
    ip[0] = 0x45;
    ip[2] = (uint8_t)((n - 14) >> 8);
    ip[3] = (uint8_t)(n - 14);
    ip[8] = 64;
    ip[9] = protocol;
    memcpy(ip + 12, "\x0a\0\x02\x02\x0a\0\x02\x0f", 8);
    put_sum(ip + 10, wire_sum(ip, 20, 0));
    if (protocol == 6) {
        data[12] = 5 << 4;
        data[13] = 0x19; /* ACK, PSH, FIN */
        memset(data + 16, 0, 2);
        put_sum(data + 16,
                wire_sum(data, bytes, wire_sum(ip + 12, 8, 6 + bytes)));
    } else {
        data[4] = (uint8_t)(bytes >> 8);
        data[5] = (uint8_t)bytes;
        memset(data + 6, 0, 2);
        put_sum(data + 6,
                wire_sum(data, bytes, wire_sum(ip + 12, 8, 17 + bytes)));
    }
}

bool wire_good(const uint8_t *frame)
{
    const uint8_t *ip = frame + 14;
    uint32_t bytes = ((uint32_t)ip[2] << 8 | ip[3]) - 20;

    return wire_sum(ip, 20, 0) == 0xffff &&
           wire_sum(ip + 20, bytes, wire_sum(ip + 12, 8, ip[9] + bytes)) ==
               0xffff;
}
