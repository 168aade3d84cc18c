/* devices/rtl8139_rx.c -- the RTL8139C+ receives: into one ring of bytes (8139
 * mode), or into buffers that a ring of descriptors names (C+ mode). A frame
 * waits in the card's memory, its checksum behind it, until it is moved. */
#include <string.h>

#include "offload.h"
#include "rtl8139.h"

enum { HEADER = 4, CHECKSUM = 4 };
enum { RSR_ROK = 1, RSR_BAR = 1 << 13, RSR_PAM = 1 << 14, RSR_MAR = 1 << 15 };
enum { ERSR_OK = 1, ERSR_GOOD = 8, EARLY_SHIFT = 24 };
/* C+ descriptors: command and status */
#define RD_OWN (1u << 31)
#define RD_EOR (1u << 30)
#define RD_FS  (1u << 29)
#define RD_LS  (1u << 28)
#define RD_MAR (1u << 27)
#define RD_PAM (1u << 26)
#define RD_BAR (1u << 25)
enum { RD_BYTES = 0x1fff, RD_PROTOCOL = 17, TAG_TAKEN = 1 << 16 };
enum { RD_IP_BAD = 1 << 16, RD_UDP_BAD = 1 << 15, RD_TCP_BAD = 1 << 14 };
enum { PID_TCP = 1, PID_UDP, PID_IP };

/* The header of 8139 mode lies before the frame. */
static uint8_t *frame_of(struct rtl8139 *s)
{
    return device_ram(&s->dev, BUFFERS, RX_AT + HEADER, RX_ROOM - HEADER);
}

void rtl8139_rx_reset(struct rtl8139 *s)
{
    dma_cancel(&s->dev, ENGINE_RX);
    s->rx_busy = false;
    s->rx_kind = 0;
    s->rx_bytes = s->rx_moved = s->rx_index = s->rx_tag = 0;
    s->rx_desc = (struct descriptor){0};
    reg_put(s, CAPR, 2, 0xfff0);
    reg_put(s, CBR, 2, 0);
}

/* ---- the filter -----------------------------------------------------------
 */

/* Bit of the multicast filter: the checksum's six highest bits, the bit that
 * was sent first counting most. */
static unsigned hash(const uint8_t *address)
{
    uint32_t crc = ~frame_crc(address, 6);
    unsigned bit = 0;

    for (unsigned i = 0; i < 6; i++)
        bit = bit << 1 | (crc >> i & 1);
    return bit;
}

static bool is_broadcast(const uint8_t *address)
{
    static const uint8_t all[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

    return memcmp(address, all, 6) == 0;
}

static bool wanted(struct rtl8139 *s, const uint8_t *address)
{
    uint32_t rcr = reg32(s, RCR);
    unsigned bit;

    if (is_broadcast(address)) {
        s->rx_kind = RSR_BAR;
        return rcr & (RCR_BROADCAST | RCR_ALL);
    }
    if (address[0] & 1) {
        s->rx_kind = RSR_MAR;
        bit = hash(address);
        return rcr & RCR_ALL ||
               (rcr & RCR_MULTICAST && s->reg[MAR0 + bit / 8] >> (bit & 7) & 1);
    }
    s->rx_kind = memcmp(address, s->reg + IDR0, 6) == 0 ? RSR_PAM : 0;
    return rcr & RCR_ALL || (rcr & RCR_PHYSICAL && s->rx_kind);
}

/* ---- a frame's end --------------------------------------------------------
 */

static void missed(struct rtl8139 *s, unsigned interrupt)
{
    s->rx_busy = false;
    s->tally.missed++;
    reg_put(s, MPC, 3, reg32(s, MPC) + 1);
    rtl8139_interrupt(s, interrupt);
}

static void failed(struct rtl8139 *s)
{
    s->rx_busy = false;
    s->tally.rx_errors++;
    rtl8139_interrupt(s, INT_SERR | INT_RER);
}

static void received(struct rtl8139 *s)
{
    s->rx_busy = false;
    s->tally.rx_ok++;
    s->tally.rx_physical += s->rx_kind == RSR_PAM;
    s->tally.rx_broadcast += s->rx_kind == RSR_BAR;
    s->tally.rx_multicast += s->rx_kind == RSR_MAR;
    reg_put(s, ERBCR, 2, s->rx_bytes);
    if (reg32(s, RCR) >> EARLY_SHIFT & 15) /* both thresholds are behind us */
        s->reg[ERSR] = ERSR_OK | ERSR_GOOD;
    rtl8139_interrupt(s, INT_ROK);
}

/* ---- 8139 mode ------------------------------------------------------------
 */

static void to_ring(struct rtl8139 *s)
{
    uint32_t size = rtl8139_ring_bytes(s), at = reg16(s, CBR) & (size - 1);
    uint32_t bytes = HEADER + s->rx_bytes, first = bytes;
    uint32_t room = (reg16(s, CAPR) + 16 - at) & (size - 1);
    uint32_t base = reg32(s, RBSTART);
    uint8_t *header = frame_of(s) - HEADER;
    uint32_t word = s->rx_bytes << 16 | s->rx_kind | RSR_ROK;
    bool wraps = !(reg32(s, RCR) & RCR_WRAP) || size == 65536;

    if (room && ((bytes + 3) & ~3u) >= room) {
        missed(s, INT_RDU);
        return;
    }
    memcpy(header, &word, HEADER);
    if (wraps && bytes > size - at)
        first = size - at;
    dma_write(&s->dev, ENGINE_RX, dla_of(base + at), LOCAL_RAM(BUFFERS, RX_AT),
              first, first < bytes ? RX_PART : RX_DONE);
    if (first < bytes)
        dma_write(&s->dev, ENGINE_RX, dla_of(base),
                  LOCAL_RAM(BUFFERS, RX_AT + first), bytes - first, RX_DONE);
}

static void ring_done(struct rtl8139 *s, enum dma_status st)
{
    uint32_t bytes = HEADER + s->rx_bytes;
    uint32_t at = (reg16(s, CBR) + bytes + 3) & ~3u;

    if (st != DMA_OK) {
        dma_cancel(&s->dev, ENGINE_RX);
        failed(s);
        return;
    }
    reg_put(s, CBR, 2, at & (rtl8139_ring_bytes(s) - 1));
    received(s);
}

/* ---- C+ mode --------------------------------------------------------------
 */

static bool wide(const struct rtl8139 *s)
{
    return reg16(s, CPCR) & CP_DAC;
}

static dla_t slot(const struct rtl8139 *s)
{
    uint64_t base = reg32(s, RDSAR);

    if (wide(s))
        base |= (uint64_t)reg32(s, RDSAR + 4) << 32;
    return dla_of(base + 16ull * s->rx_index);
}

static void fetch(struct rtl8139 *s)
{
    dma_read(&s->dev, ENGINE_RX, slot(s), LOCAL(s, rx_desc), 16, CP_RX_DESC);
}

static void fill(struct rtl8139 *s)
{
    const struct descriptor *d = &s->rx_desc;
    uint64_t to = d->low | (wide(s) ? (uint64_t)d->high << 32 : 0);
    uint32_t bytes = d->command & RD_BYTES, left = s->rx_bytes - s->rx_moved;

    if (!(d->command & RD_OWN) || !bytes) {
        missed(s, INT_RDU);
        return;
    }
    bytes = bytes < left ? bytes : left;
    dma_write(&s->dev, ENGINE_RX, dla_of(to),
              LOCAL_RAM(BUFFERS, RX_AT + HEADER + s->rx_moved), bytes,
              CP_RX_DATA);
}

/* Protocol, and which checksums are wrong; 0 when it is not asked for. */
static uint32_t sums(struct rtl8139 *s)
{
    struct ip_frame f;
    uint32_t bits;

    if (!(reg16(s, CPCR) & CP_SUMS) || s->rx_bytes < CHECKSUM ||
        !ip_frame_of(frame_of(s), s->rx_bytes - CHECKSUM, &f))
        return 0;
    bits = ip_header_good(&f) ? 0 : RD_IP_BAD;
    if (f.fragment || (f.protocol != IP_TCP && f.protocol != IP_UDP))
        return bits | PID_IP << RD_PROTOCOL;
    if (f.protocol == IP_TCP)
        return bits | PID_TCP << RD_PROTOCOL |
               (ip_data_good(&f) ? 0 : RD_TCP_BAD);
    return bits | PID_UDP << RD_PROTOCOL | (ip_data_good(&f) ? 0 : RD_UDP_BAD);
}

/* Data of one buffer is there: its descriptor goes back. */
static void give_back(struct rtl8139 *s)
{
    struct descriptor *d = &s->rx_desc;
    uint32_t room = d->command & RD_BYTES, left = s->rx_bytes - s->rx_moved;
    uint32_t status = d->command & RD_EOR;

    if (!s->rx_moved)
        status |= RD_FS;
    s->rx_moved += left < room ? left : room;
    if (s->rx_moved == s->rx_bytes) {
        status |= RD_LS | sums(s);
        status |= s->rx_kind & RSR_PAM ? RD_PAM : 0;
        status |= s->rx_kind & RSR_MAR ? RD_MAR : 0;
        status |= s->rx_kind & RSR_BAR ? RD_BAR : 0;
    }
    d->command = status | s->rx_bytes;
    d->tag = s->rx_tag;
    dma_write(&s->dev, ENGINE_RX, slot(s), LOCAL(s, rx_desc), 8, CP_RX_WROTE);
}

static void next(struct rtl8139 *s)
{
    if (s->rx_desc.command & RD_EOR)
        s->rx_index = 0;
    else
        s->rx_index = (s->rx_index + 1) % SLOTS;
    if (s->rx_moved == s->rx_bytes)
        received(s);
    else
        fetch(s);
}

/* A VLAN tag is taken out of the frame, into the descriptor. */
static uint32_t take_tag(struct rtl8139 *s, uint8_t *frame, uint32_t n)
{
    s->rx_tag = 0;
    if (!(reg16(s, CPCR) & CP_VLAN) || n < 18 || frame[12] != 0x81 || frame[13])
        return n;
    s->rx_tag = TAG_TAKEN | frame[14] | (uint32_t)frame[15] << 8;
    memmove(frame + 12, frame + 16, n - 16);
    return n - 4;
}

/* ---- both -----------------------------------------------------------------
 */

void rtl8139_rx_step(struct rtl8139 *s, unsigned step, enum dma_status st)
{
    if (step == RX_DONE)
        ring_done(s, st);
    else if (st != DMA_OK && step == RX_PART)
        ring_done(s, st);
    else if (step == RX_PART)
        return; /* the rest is on its way */
    else if (st != DMA_OK)
        failed(s);
    else if (step == CP_RX_DESC)
        fill(s);
    else if (step == CP_RX_DATA)
        give_back(s);
    else
        next(s);
}

void rtl8139_receive(struct rtl8139 *s, const uint8_t *bytes, uint32_t n)
{
    bool rings = reg16(s, CPCR) & CP_RX;
    uint8_t *frame;
    uint32_t crc;

    if (!(s->reg[CR] & CR_RE) || s->rx_busy || !wanted(s, bytes))
        return;
    frame = frame_of(s);
    memcpy(frame, bytes, n);
    n = rings ? take_tag(s, frame, n) : n;
    crc = frame_crc(frame, n);
    memcpy(frame + n, &crc, CHECKSUM);
    s->rx_busy = true;
    s->rx_bytes = n + CHECKSUM;
    s->rx_moved = 0;
    if (rings)
        fetch(s);
    else
        to_ring(s);
}
