/* devices/rtl8139_tx.c -- the RTL8139C+ sends: by four descriptor registers
 * (8139 mode), or by two rings of descriptors in memory (C+ mode). A packet is
 * gathered in the card's memory, then put on the wire at once. */
#include <string.h>

#include "offload.h"
#include "rtl8139.h"

enum { LONGEST = 1792, TAG_BYTES = 4 }; /* 8139 mode; a VLAN tag */
/* C+ descriptors: command and status */
#define TD_OWN   (1u << 31)
#define TD_EOR   (1u << 30)
#define TD_FS    (1u << 29)
#define TD_LS    (1u << 28)
#define TD_LGSEN (1u << 27)
#define TD_TES   (1u << 23)
enum { TD_IPCS = 1 << 18, TD_UDPCS = 1 << 17, TD_TCPCS = 1 << 16 };
enum { TD_BYTES = 0xffff, TD_STATUS = 0x03ff0000, TAG_INSERT = 1 << 17 };
enum { MSS_SHIFT = 16, MSS_MASK = 0x7ff };

static uint8_t *buffer(struct rtl8139 *s)
{
    return device_ram(&s->dev, BUFFERS, 0, TX_ROOM);
}

static bool enabled(const struct rtl8139 *s)
{
    return s->reg[CR] & CR_TE;
}

void rtl8139_tx_reset(struct rtl8139 *s)
{
    dma_cancel(&s->dev, ENGINE_TX);
    s->tx_busy = s->tx_aborted = s->tx_bad = false;
    s->tx_current = s->tx_high = 0;
    s->tx_index[0] = s->tx_index[1] = 0;
    s->tx_bytes = s->tx_given = 0;
    s->tx_desc = (struct descriptor){0};
    s->reg[TPPOLL] = 0;
}

/* ---- the wire ------------------------------------------------------------ */

/* One packet; false: it could not be sent. With TCR.CRC the driver has put the
 * checksum behind it: a wrong one is for nobody (IEEE 802.3, 3.4). */
static bool put(struct rtl8139 *s, const uint8_t *bytes, uint32_t n)
{
    uint32_t crc;

    if (reg32(s, TCR) & TCR_CRC) {
        if (n < FRAME_LEAST + 4)
            return false;
        n -= 4;
        memcpy(&crc, bytes + n, 4);
        if (crc != frame_crc(bytes, n))
            return true;
    }
    if (n < FRAME_LEAST || n > FRAME_MOST)
        return false;
    if ((reg32(s, TCR) & TCR_LOOPBACK) == TCR_LOOPBACK)
        rtl8139_receive(s, bytes, n);
    else if (!s->unplugged)
        frame_put(&s->dev, bytes, n);
    return true;
}

static void counted(struct rtl8139 *s, bool good)
{
    if (good)
        s->tally.tx_ok++;
    else
        s->tally.tx_errors++;
}

/* ---- 8139 mode ------------------------------------------------------------
 */

static unsigned status_at(const struct rtl8139 *s)
{
    return TSD0 + 4u * s->tx_current;
}

static void packet_over(struct rtl8139 *s, uint32_t status, unsigned interrupt)
{
    unsigned at = status_at(s);

    reg_put(s, at, 4, reg32(s, at) | TSD_OWN | status);
    s->tx_busy = false;
    if (status == TSD_TABT)
        s->tx_aborted = true; /* its turn again after TCR.CLRABT */
    else
        s->tx_current = (s->tx_current + 1) & 3;
    rtl8139_interrupt(s, interrupt);
}

/* Descriptors are served in turn, each when the driver gave it. */
static void packet_next(struct rtl8139 *s)
{
    for (unsigned i = 0; i < 4 && !s->tx_busy && !s->tx_aborted; i++) {
        uint32_t tsd = reg32(s, status_at(s)), bytes = tsd & 0x1fff;
        uint32_t from = reg32(s, TSAD0 + 4u * s->tx_current);

        if (tsd & TSD_OWN)
            return;
        s->tx_busy = true;
        if (bytes && bytes <= LONGEST) {
            dma_read(&s->dev, ENGINE_TX, dla_of(from), LOCAL_RAM(BUFFERS, 0),
                     bytes, TX_DATA);
            return;
        }
        guest_error(&s->dev, "a packet of %u bytes to send", bytes);
        packet_over(s, TSD_TUN, INT_TER);
    }
}

void rtl8139_tx_again(struct rtl8139 *s)
{
    unsigned at = status_at(s);

    if (!s->tx_aborted)
        return;
    s->tx_aborted = false;
    reg_put(s, at, 4, reg32(s, at) & ~(TSD_OWN | TSD_TABT));
    rtl8139_tx_go(s);
}

static void packet_here(struct rtl8139 *s, enum dma_status st)
{
    uint32_t bytes = reg32(s, status_at(s)) & 0x1fff;
    bool good = st == DMA_OK && put(s, buffer(s), bytes);

    counted(s, good);
    if (st != DMA_OK)
        packet_over(s, TSD_TABT, INT_TER | INT_SERR);
    else
        packet_over(s, good ? TSD_TOK : TSD_TUN, good ? INT_TOK : INT_TER);
    rtl8139_tx_go(s);
}

/* ---- C+ mode --------------------------------------------------------------
 */

static dla_t slot(const struct rtl8139 *s)
{
    unsigned at = s->tx_high ? THPDS : TNPDS;
    uint64_t base = reg32(s, at) & ~255u;

    if (reg16(s, CPCR) & CP_DAC)
        base |= (uint64_t)reg32(s, at + 4) << 32;
    return dla_of(base + 16ull * s->tx_index[s->tx_high]);
}

static void ring_next(struct rtl8139 *s)
{
    uint8_t poll = s->reg[TPPOLL];

    s->tx_busy = poll & (POLL_HIGH | POLL_NORMAL);
    if (!s->tx_busy)
        return;
    if (!s->tx_bytes) /* a frame is not cut by one of the other ring */
        s->tx_high = poll & POLL_HIGH ? 1 : 0;
    dma_read(&s->dev, ENGINE_TX, slot(s), LOCAL(s, tx_desc), 16, CP_TX_DESC);
}

static void ring_stop(struct rtl8139 *s, unsigned interrupt)
{
    s->reg[TPPOLL] &= (uint8_t) ~(s->tx_high ? POLL_HIGH : POLL_NORMAL);
    s->tx_bytes = 0;
    rtl8139_interrupt(s, interrupt);
    ring_next(s);
}

/* The status goes back: only the command word changes. */
static void give_back(struct rtl8139 *s)
{
    uint32_t status = s->tx_bad && s->tx_desc.command & TD_LS ? TD_TES : 0;

    s->tx_given = s->tx_desc.command;
    s->tx_desc.command =
        (s->tx_desc.command & ~TD_OWN & ~(uint32_t)TD_STATUS) | status;
    dma_write(&s->dev, ENGINE_TX, slot(s), LOCAL(s, tx_desc.command), 4,
              CP_TX_WROTE);
}

/* The tag's bytes lie in the descriptor in the order of the wire. */
static uint32_t insert_tag(const struct rtl8139 *s, uint8_t *frame, uint32_t n)
{
    const uint8_t tag[TAG_BYTES] = {0x81, 0, (uint8_t)s->tx_desc.tag,
                                    (uint8_t)(s->tx_desc.tag >> 8)};

    if (!(s->tx_desc.tag & TAG_INSERT) || n < FRAME_LEAST)
        return n;
    memmove(frame + 12 + TAG_BYTES, frame + 12, n - 12);
    memcpy(frame + 12, tag, TAG_BYTES);
    return n + TAG_BYTES;
}

static void fill_sums(uint32_t command, uint8_t *frame, uint32_t n)
{
    struct ip_frame f;

    if (!(command & (TD_IPCS | TD_UDPCS | TD_TCPCS)) ||
        !ip_frame_of(frame, n, &f))
        return;
    if (command & TD_IPCS)
        ip_header_sum(&f);
    if ((command & TD_TCPCS && f.protocol == IP_TCP) ||
        (command & TD_UDPCS && f.protocol == IP_UDP))
        ip_data_sum(&f);
}

/* Large send: the chip cuts one TCP segment into those of the given size. */
static bool send_large(struct rtl8139 *s, uint8_t *frame, uint32_t n)
{
    uint8_t segment[FRAME_MOST];
    uint32_t mss = s->tx_desc.command >> MSS_SHIFT & MSS_MASK, bytes, i = 0;
    bool good = true;

    while ((bytes = tcp_cut(frame, n, mss, i, segment, sizeof segment)) != 0) {
        good = put(s, segment, bytes) && good;
        i++;
    }
    return good && i;
}

static void send(struct rtl8139 *s)
{
    uint8_t *frame = buffer(s);
    uint32_t n = insert_tag(s, frame, s->tx_bytes);
    bool good = !s->tx_bad;

    if (good && s->tx_desc.command & TD_LGSEN) {
        good = send_large(s, frame, n);
    } else if (good) {
        fill_sums(s->tx_desc.command, frame, n);
        good = put(s, frame, n);
    }
    s->tx_bad = !good;
    counted(s, good);
}

static void ring_data(struct rtl8139 *s)
{
    if (s->tx_desc.command & TD_LS)
        send(s);
    give_back(s);
}

/* Is there no room for the fragment and a tag? */
static bool too_long(const struct rtl8139 *s)
{
    return s->tx_bytes + (s->tx_desc.command & TD_BYTES) > TX_ROOM - TAG_BYTES;
}

static void ring_desc(struct rtl8139 *s)
{
    const struct descriptor *d = &s->tx_desc;
    uint32_t bytes = d->command & TD_BYTES;
    uint64_t from = d->low;

    if (reg16(s, CPCR) & CP_DAC)
        from |= (uint64_t)d->high << 32;
    if (!(d->command & TD_OWN)) {
        ring_stop(s, INT_TDU);
        return;
    }
    if (d->command & TD_FS) {
        s->tx_bytes = 0;
        s->tx_bad = false;
    }
    if (too_long(s))
        s->tx_bad = true;
    if (!bytes || s->tx_bad) {
        ring_data(s);
        return;
    }
    dma_read(&s->dev, ENGINE_TX, dla_of(from), LOCAL_RAM(BUFFERS, s->tx_bytes),
             bytes, CP_TX_DATA);
}

static void ring_wrote(struct rtl8139 *s)
{
    uint32_t command = s->tx_given;

    if (command & TD_EOR)
        s->tx_index[s->tx_high] = 0;
    else
        s->tx_index[s->tx_high] = (s->tx_index[s->tx_high] + 1) % SLOTS;
    if (command & TD_LS) {
        s->tx_bytes = 0;
        rtl8139_interrupt(s, s->tx_bad ? INT_TER : INT_TOK);
        s->tx_bad = false;
    }
    ring_next(s);
}

/* ---- both -----------------------------------------------------------------
 */

void rtl8139_tx_step(struct rtl8139 *s, unsigned step, enum dma_status st)
{
    if (step == TX_DATA) {
        packet_here(s, st);
    } else if (step == CP_TX_DATA) {
        if (st == DMA_OK && !too_long(s))
            s->tx_bytes += s->tx_desc.command & TD_BYTES;
        else
            s->tx_bad = true;
        if (st != DMA_OK)
            rtl8139_interrupt(s, INT_SERR);
        ring_data(s);
    } else if (st != DMA_OK) { /* the ring itself cannot be reached */
        ring_stop(s, INT_SERR);
    } else if (step == CP_TX_DESC) {
        ring_desc(s);
    } else {
        ring_wrote(s);
    }
}

void rtl8139_tx_go(struct rtl8139 *s)
{
    if (!enabled(s) || s->tx_busy)
        return;
    if (reg16(s, CPCR) & CP_TX)
        ring_next(s);
    else
        packet_next(s);
}
