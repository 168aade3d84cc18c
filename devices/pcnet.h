/* devices/pcnet.h -- what the files of the Am79C970A share: its state, the
 * registers that both read, and the rings' side. */
#ifndef DEVICES_PCNET_H
#define DEVICES_PCNET_H

#include "eeprom93c46.h"
#include "halbox/device.h"

enum { CSRS = 128, BCRS = 32 };
enum {
    CSR_STATUS = 0,
    CSR_IADR = 1,
    CSR_MASK = 3,
    CSR_FEATURE = 4,
    CSR_EXTENDED = 5,
    CSR_LADRF = 8,
    CSR_PADR = 12,
    CSR_MODE = 15,
    CSR_RX_RING = 24,
    CSR_RX_AT = 28,
    CSR_TX_RING = 30,
    CSR_TX_AT = 34,
    CSR_POLL = 47,
    CSR_STYLE = 58,
    CSR_RX_COUNT = 72,
    CSR_TX_COUNT = 74,
    CSR_RX_LENGTH = 76,
    CSR_TX_LENGTH = 78,
    CSR_CHIP = 88,
    CSR_MISSED = 112
};
enum {
    STATUS_INIT = 1 << 0,
    STATUS_STRT = 1 << 1,
    STATUS_STOP = 1 << 2,
    STATUS_TDMD = 1 << 3,
    STATUS_TXON = 1 << 4,
    STATUS_RXON = 1 << 5,
    STATUS_IENA = 1 << 6,
    STATUS_INTR = 1 << 7,
    STATUS_IDON = 1 << 8,
    STATUS_TINT = 1 << 9,
    STATUS_RINT = 1 << 10,
    STATUS_MERR = 1 << 11,
    STATUS_MISS = 1 << 12,
    STATUS_CERR = 1 << 13,
    STATUS_BABL = 1 << 14,
    STATUS_ERR = 1 << 15
};
enum { MASK_DXSUFLO = 1 << 6 };
enum {
    FEATURE_TXSTRT = 1 << 3,
    FEATURE_UINT = 1 << 6,
    FEATURE_UINTCMD = 1 << 7,
    FEATURE_MFCO = 1 << 9,
    FEATURE_STRIP = 1 << 10,
    FEATURE_PAD = 1 << 11,
    FEATURE_NO_POLL = 1 << 12
};
enum {
    EXT_SUSPEND = 1 << 0,
    EXT_SINTE = 1 << 10,
    EXT_SINT = 1 << 11,
    EXT_LTINTEN = 1 << 14,
    EXT_TOKINTD = 1 << 15
};
enum {
    MODE_DRX = 1 << 0,
    MODE_DTX = 1 << 1,
    MODE_LOOP = 1 << 2,
    MODE_DXMTFCS = 1 << 3,
    MODE_INTL = 1 << 6,
    MODE_DRCVPA = 1 << 13,
    MODE_DRCVBC = 1 << 14,
    MODE_PROM = 1 << 15
};
enum { BCR_STYLE = 20, STYLE_32 = 1 << 8 };

enum { ENGINE_TX, ENGINE_RX, ENGINE_INIT };
enum {
    INIT_READ,
    TX_DESC,
    TX_DATA,
    TX_NEXT, /* the descriptor behind a fragment: is it ours? */
    TX_STATUS,
    TX_WROTE,
    RX_DESC,
    RX_DATA,
    RX_NEXT,
    RX_STATUS,
    RX_WROTE,
    POLL /* timer */
};

/* The card's memory: what is gathered, then what arrived. */
enum { BUFFERS = 7, TX_ROOM = 0x2000, RX_AT = TX_ROOM, RX_ROOM = 0x2000 };
enum { DESC_BYTES = 16, INIT_BYTES = 28 };

/** One direction: its ring and the descriptor at work. */
struct side {
    bool busy;
    uint16_t index;             /* of the current descriptor         */
    uint8_t raw[DESC_BYTES];    /* the current one, as in memory     */
    uint8_t behind[DESC_BYTES]; /* the one after it                  */
    uint32_t bytes, moved;      /* of the frame                      */
    uint32_t flags;             /* bits 31-16 of its second word     */
    uint32_t status;
    bool inside; /* of a frame: its first descriptor is over */
};

struct pcnet {
    struct device dev;
    uint16_t csr[CSRS], bcr[BCRS];
    uint16_t rap;
    uint8_t aprom[16];
    bool dwio, unplugged, suspending;
    bool loading; /* the initialisation block is on its way */
    struct eeprom eeprom;
    uint8_t init[INIT_BYTES];
    struct side tx, rx;
    uint16_t address_match; /* rx: PAM, LAFM or BAM */
    uint64_t mac;           /* setting */
};

/** pcnet_interrupt() - set bits of CSR0; 0: the line is looked at again. */
void pcnet_interrupt(struct pcnet *s, unsigned bits);
static inline unsigned pcnet_style(const struct pcnet *s)
{
    return s->bcr[BCR_STYLE] & 0xff;
}
static inline uint32_t csr_pair(const struct pcnet *s, unsigned at)
{
    return s->csr[at] | (uint32_t)s->csr[at + 1] << 16;
}

/* pcnet_ring.c: the initialisation block and the directions */
void pcnet_stop(struct pcnet *s);  /* what is under way is dropped     */
void pcnet_init(struct pcnet *s);  /* fetch the initialisation block   */
void pcnet_start(struct pcnet *s); /* STRT                             */
void pcnet_poll(struct pcnet *s);  /* look at the descriptor to send   */
void pcnet_receive(struct pcnet *s, const uint8_t *bytes, uint32_t n);
void pcnet_ring_step(struct pcnet *s, unsigned step, enum dma_status st);

#endif
