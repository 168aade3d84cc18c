/* devices/rtl8139.h -- what the files of the RTL8139C+ share: its state, the
 * registers that both read, and the rings' side. */
#ifndef DEVICES_RTL8139_H
#define DEVICES_RTL8139_H

#include "eeprom93c46.h"
#include "halbox/device.h"

enum {
    IDR0 = 0x00,
    MAR0 = 0x08,
    TSD0 = 0x10, /* 8139 mode: status of 4 descriptors; C+: tally dump */
    DTCCR = 0x10,
    TSAD0 = 0x20, /* 8139 mode: their addresses; C+: two rings         */
    TNPDS = 0x20,
    THPDS = 0x28,
    RBSTART = 0x30,
    ERBCR = 0x34,
    ERSR = 0x36,
    CR = 0x37,
    CAPR = 0x38,
    CBR = 0x3a,
    IMR = 0x3c,
    ISR = 0x3e,
    TCR = 0x40,
    RCR = 0x44,
    TCTR = 0x48,
    MPC = 0x4c,
    EECR = 0x50, /* 9346CR */
    CONFIG1 = 0x52,
    TIMERINT = 0x54,
    MSR = 0x58,
    CONFIG3 = 0x59,
    RERID = 0x5e,
    TSAD = 0x60,
    BMCR = 0x62,
    BMSR = 0x64,
    ANAR = 0x66,
    ANLPAR = 0x68,
    CONFIG5 = 0xd8,
    TPPOLL = 0xd9,
    CPCR = 0xe0,
    RDSAR = 0xe4,
    REGISTERS = 0x100
};
enum { CR_BUFE = 1, CR_TE = 4, CR_RE = 8, CR_RST = 16 };
enum {
    INT_ROK = 1 << 0,
    INT_RER = 1 << 1,
    INT_TOK = 1 << 2,
    INT_TER = 1 << 3,
    INT_RDU = 1 << 4, /* 8139 mode: receive buffer overflow */
    INT_LINK = 1 << 5,
    INT_TDU = 1 << 7,
    INT_SW = 1 << 8,
    INT_TIMEOUT = 1 << 14,
    INT_SERR = 1 << 15,
    INT_ALL = 0xe1ff
};
enum { TCR_CLRABT = 1, TCR_CRC = 1 << 16, TCR_LOOPBACK = 3 << 17 };
enum {
    RCR_ALL = 1 << 0,
    RCR_PHYSICAL = 1 << 1,
    RCR_MULTICAST = 1 << 2,
    RCR_BROADCAST = 1 << 3,
    RCR_WRAP = 1 << 7
};
enum { CP_TX = 1, CP_RX = 2, CP_DAC = 16, CP_SUMS = 32, CP_VLAN = 64 };
enum { POLL_HIGH = 0x80, POLL_NORMAL = 0x40, POLL_SW = 1 };
#define TSD_OWN  (1u << 13)
#define TSD_TUN  (1u << 14)
#define TSD_TOK  (1u << 15)
#define TSD_TABT (1u << 30)

enum { SLOTS = 64 }; /* of a C+ ring, at most */
enum { ENGINE_TX, ENGINE_RX, ENGINE_TALLY };
enum {
    TX_DATA, /* 8139 mode: the packet is here                        */
    CP_TX_DESC,
    CP_TX_DATA,
    CP_TX_WROTE,
    RX_PART,
    RX_DONE,
    CP_RX_DESC,
    CP_RX_DATA,
    CP_RX_WROTE,
    TALLY_WROTE,
    TIMER
};

/* The card's memory: what is sent, then what arrived. */
enum { BUFFERS = 7, TX_ROOM = 0x11000, RX_AT = TX_ROOM, RX_ROOM = 0x2000 };

/* Of the C+ rings, as it lies in memory, little endian. */
struct descriptor {
    uint32_t command, tag, low, high;
};

/** The counters of the tally, in the order of the dump. */
struct tally {
    uint64_t tx_ok, rx_ok, tx_errors, rx_physical, rx_broadcast;
    uint32_t rx_errors, rx_multicast;
    uint16_t missed;
};

struct rtl8139 {
    struct device dev;
    uint8_t reg[REGISTERS];
    struct eeprom eeprom;
    struct tally tally;
    uint8_t dump[64];
    uint64_t timer_zero; /* ns of virtual time when TCTR was 0 */
    bool unplugged;
    /* sending */
    bool tx_busy, tx_aborted, tx_bad;
    uint8_t tx_current;   /* 8139 mode: descriptor whose turn it is   */
    uint8_t tx_high;      /* C+: the ring at work is that of priority */
    uint32_t tx_index[2]; /* C+: next descriptor of either ring       */
    uint32_t tx_bytes;
    uint32_t tx_given; /* C+: command of the descriptor going back */
    struct descriptor tx_desc;
    /* receiving */
    bool rx_busy;
    uint16_t rx_kind; /* header bits: physical, multicast, broadcast */
    uint32_t rx_bytes, rx_moved, rx_index, rx_tag;
    struct descriptor rx_desc;
    uint64_t mac; /* setting */
};

static inline uint32_t reg16(const struct rtl8139 *s, unsigned at)
{
    return s->reg[at] | (uint32_t)s->reg[at + 1] << 8;
}
static inline uint32_t reg32(const struct rtl8139 *s, unsigned at)
{
    return reg16(s, at) | reg16(s, at + 2) << 16;
}
static inline void reg_put(struct rtl8139 *s, unsigned at, unsigned bytes,
                           uint32_t value)
{
    for (; bytes; bytes--, value >>= 8)
        s->reg[at++] = (uint8_t)value;
}

/** rtl8139_interrupt() - set bits of ISR; 0: the line is looked at again. */
void rtl8139_interrupt(struct rtl8139 *s, unsigned bits);
/** rtl8139_ring_bytes() - length of the receive ring in 8139 mode. */
uint32_t rtl8139_ring_bytes(const struct rtl8139 *s);

/* rtl8139_tx.c, rtl8139_rx.c: what the registers set going */
void rtl8139_tx_reset(struct rtl8139 *s);
void rtl8139_tx_go(struct rtl8139 *s);
void rtl8139_tx_again(struct rtl8139 *s); /* TCR.CLRABT */
void rtl8139_tx_step(struct rtl8139 *s, unsigned step, enum dma_status st);
void rtl8139_rx_reset(struct rtl8139 *s);
void rtl8139_receive(struct rtl8139 *s, const uint8_t *bytes, uint32_t n);
void rtl8139_rx_step(struct rtl8139 *s, unsigned step, enum dma_status st);

#endif
