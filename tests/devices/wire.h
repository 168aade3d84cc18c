/* tests/devices/wire.h -- the cable of network cards on a bench: keeps what was
 * sent, or carries it to the other card. */
#ifndef TESTS_DEVICES_WIRE_H
#define TESTS_DEVICES_WIRE_H

#include "bench.h"

enum { WIRE_FRAMES = 64, WIRE_BYTES = 4096 };

struct wire_frame {
    uint32_t bytes;
    uint8_t data[WIRE_BYTES];
};

struct wire_log {
    struct bench *b;
    unsigned frames; /* sent in all; the first WIRE_FRAMES are kept */
    struct wire_frame frame[WIRE_FRAMES];
};

/** wire_begin() - hear what the bench's cards send. wire_end() frees it. */
struct wire_log *wire_begin(struct bench *b);
void wire_end(struct wire_log *w);
/** wire_frame_make() - @n bytes: addresses, type, then a pattern of @seed. */
void wire_frame_make(uint8_t *frame, uint32_t n, const uint8_t *to,
                     const uint8_t *from, uint16_t type, uint8_t seed);
/** wire_datagram() - an IPv4 TCP (6) or UDP (17) packet, @n bytes in all, its
 *  checksums right. */
void wire_datagram(uint8_t *frame, uint32_t n, const uint8_t *to,
                   uint8_t protocol);
/** wire_sum() - the Internet checksum over @n bytes, 0xffff when good. */
uint32_t wire_sum(const uint8_t *bytes, uint32_t n, uint32_t start);
/** wire_good() - are all checksums of the IPv4 frame right? */
bool wire_good(const uint8_t *frame);

#endif
