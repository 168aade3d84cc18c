/* devices/offload.h -- what network cards compute over the frames that they
 * carry: checksums of IPv4, TCP and UDP, and cutting a large TCP segment.
 * Sources: RFC 791, 768, 793, 1071. Every length is of the guest and checked.
 */
#ifndef DEVICES_OFFLOAD_H
#define DEVICES_OFFLOAD_H

#include "halbox/device.h"

/** Where the parts of an IPv4 frame are; all bounds inside the frame. */
struct ip_frame {
    uint8_t *ip, *data;     /* IP header, and what follows it            */
    uint32_t header, bytes; /* of the IP header, and of what follows it  */
    uint8_t protocol;       /* 6 TCP, 17 UDP                             */
    bool fragment;          /* a part of a datagram: no whole TCP or UDP */
};
enum { IP_TCP = 6, IP_UDP = 17 };

/** ip_frame_of() - take a frame apart; false: not IPv4, or cut short. */
bool ip_frame_of(uint8_t *frame, uint32_t n, struct ip_frame *f);
/** ip_header_good(), ip_data_good() - are the checksums right? A UDP datagram
 *  without one is good. */
bool ip_header_good(const struct ip_frame *f);
bool ip_data_good(const struct ip_frame *f);
/** ip_header_sum(), ip_data_sum() - put the right ones in. */
void ip_header_sum(struct ip_frame *f);
void ip_data_sum(struct ip_frame *f);

/** tcp_cut() - @frame, @n bytes, is one TCP segment of any length: make
 *  segment @index of at most @mss bytes of it in @out (room for @room bytes),
 *  checksums and all. Returns its bytes; 0: there is no such segment. */
uint32_t tcp_cut(uint8_t *frame, uint32_t n, uint32_t mss, uint32_t index,
                 uint8_t *out, uint32_t room);

#endif
