/* devices/offload.c -- see offload.h. */
#include "offload.h"

#include <string.h>

enum { ETHERNET = 14, TAG = 4, IP_LEAST = 20, TCP_LEAST = 20, UDP_HEADER = 8 };
enum { TCP_FIN = 1, TCP_PSH = 8, TCP_FLAGS = 13, TCP_SUM = 16, UDP_SUM = 6 };

static uint32_t be16(const uint8_t *p)
{
    return (uint32_t)p[0] << 8 | p[1];
}

static void put16(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

static uint32_t sum(const uint8_t *p, uint32_t n, uint32_t start)
{
    uint64_t total = start;

    for (uint32_t i = 0; i + 1 < n; i += 2)
        total += be16(p + i);
    if (n & 1)
        total += (uint32_t)p[n - 1] << 8;
    while (total >> 16)
        total = (total & 0xffff) + (total >> 16);
    return (uint32_t)total;
}

bool ip_frame_of(uint8_t *frame, uint32_t n, struct ip_frame *f)
{
    uint32_t at = ETHERNET, total;

    if (n >= ETHERNET + TAG && be16(frame + 12) == 0x8100)
        at += TAG;
    if (n < at + IP_LEAST || be16(frame + at - 2) != 0x0800)
        return false;
    f->ip = frame + at;
    f->header = 4u * (f->ip[0] & 15);
    total = be16(f->ip + 2);
    if (f->ip[0] >> 4 != 4 || f->header < IP_LEAST || total < f->header ||
        total > n - at)
        return false;
    f->data = f->ip + f->header;
    f->bytes = total - f->header;
    f->protocol = f->ip[9];
    f->fragment = be16(f->ip + 6) & 0x3fff; /* MF and offset */
    return true;
}

bool ip_header_good(const struct ip_frame *f)
{
    return sum(f->ip, f->header, 0) == 0xffff;
}

/* RFC 793, 3.1: addresses, protocol and length count too. */
static uint32_t data_sum(const struct ip_frame *f)
{
    uint32_t pseudo = sum(f->ip + 12, 8, f->protocol + f->bytes);

    return sum(f->data, f->bytes, pseudo);
}

/* Where the checksum of TCP or UDP is; NULL: there is none in this frame. */
static uint8_t *sum_field(const struct ip_frame *f)
{
    if (f->fragment)
        return NULL;
    if (f->protocol == IP_TCP && f->bytes >= TCP_LEAST)
        return f->data + TCP_SUM;
    if (f->protocol == IP_UDP && f->bytes >= UDP_HEADER)
        return f->data + UDP_SUM;
    return NULL;
}

bool ip_data_good(const struct ip_frame *f)
{
    const uint8_t *field = sum_field(f);

    if (!field || (f->protocol == IP_UDP && !be16(field)))
        return true;
    return data_sum(f) == 0xffff;
}

void ip_header_sum(struct ip_frame *f)
{
    put16(f->ip + 10, 0);
    put16(f->ip + 10, ~sum(f->ip, f->header, 0) & 0xffff);
}

void ip_data_sum(struct ip_frame *f)
{
    uint8_t *field = sum_field(f);
    uint32_t value;

    if (!field)
        return;
    put16(field, 0);
    value = ~data_sum(f) & 0xffff;
    if (!value && f->protocol == IP_UDP)
        value = 0xffff; /* RFC 768: 0 would be "none" */
    put16(field, value);
}

/* Sequence number and flags of segment @index: only the last has FIN, PSH. */
static void tcp_header(uint8_t *tcp, uint32_t done, bool last, uint32_t index,
                       uint8_t *ip)
{
    uint32_t sequence = be16(tcp + 4) << 16 | be16(tcp + 6);

    sequence += done;
    put16(tcp + 4, sequence >> 16);
    put16(tcp + 6, sequence & 0xffff);
    if (!last)
        tcp[TCP_FLAGS] &= (uint8_t) ~(TCP_FIN | TCP_PSH);
    put16(ip + 4, be16(ip + 4) + index); /* identification */
}

uint32_t tcp_cut(uint8_t *frame, uint32_t n, uint32_t mss, uint32_t index,
                 uint8_t *out, uint32_t room)
{
    struct ip_frame f;
    uint32_t headers, payload, done, bytes, tcp;
    uint64_t at = (uint64_t)index * mss;

    if (!mss || !ip_frame_of(frame, n, &f) || f.protocol != IP_TCP ||
        f.fragment || f.bytes < TCP_LEAST)
        return 0;
    tcp = 4u * (f.data[12] >> 4);
    if (tcp < TCP_LEAST || tcp > f.bytes)
        return 0;
    headers = (uint32_t)(f.data - frame) + tcp;
    payload = f.bytes - tcp;
    if (at >= payload && (index || payload))
        return 0;
    done = (uint32_t)at;
    bytes = payload - done < mss ? payload - done : mss;
    if (headers + bytes > room)
        return 0;
    memcpy(out, frame, headers);
    memcpy(out + headers, frame + headers + done, bytes);
    put16(out + (f.ip - frame) + 2, f.header + tcp + bytes);
    tcp_header(out + (f.data - frame), done, done + bytes == payload, index,
               out + (f.ip - frame));
    if (!ip_frame_of(out, headers + bytes, &f))
        return 0;
    ip_header_sum(&f);
    ip_data_sum(&f);
    return headers + bytes;
}
