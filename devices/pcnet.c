/* devices/pcnet.c -- AMD Am79C970A, PCnet-PCI II: registers. How it moves
 * frames is in pcnet_ring.c. Source: Am79C970A data sheet;
 * docs/devices/pcnet.md. */
#include "pcnet.h"

#include <string.h>

enum { APROM_BYTES = 16, WINDOW_BYTES = 32 };
enum { W_RDP = 0x10, W_RAP = 0x12, W_RESET = 0x14, W_BDP = 0x16 };
enum { D_RAP = 0x14, D_RESET = 0x18, D_BDP = 0x1c };
enum { CAUSES = 0x7f00, CHIP_LOW = 0x1003, CHIP_HIGH = 0x0262 };
enum { BCR_MISC = 2, BCR_LINK = 4, BCR_FULL_DUPLEX = 9, BCR_BURST = 18 };
enum { BCR_EEPROM = 19, BCR_INTERRUPT = 21, BCR_LATENCY = 22 };
enum { MISC_APROMWE = 1 << 8, LED_OUT = 1 << 15, BURST_DWIO = 1 << 7 };
enum { EE_VALID = 1 << 15, EE_READ = 1 << 14, EE_DETECT = 1 << 13 };
enum { EE_ENABLE = 1 << 4, EE_SELECT = 4, EE_CLOCK = 2, EE_DATA = 1 };
enum { FEATURE_MASKS = 0x0115, FEATURE_CAUSES = 0x026a };

/* Each cause of CSR4 is one bit above its mask; UINT has none. */
static bool feature_interrupt(const struct pcnet *s)
{
    uint16_t f = s->csr[CSR_FEATURE];

    return (f & FEATURE_CAUSES & ~(unsigned)((f & FEATURE_MASKS) << 1)) != 0;
}

void pcnet_interrupt(struct pcnet *s, unsigned bits)
{
    uint16_t status = (uint16_t)(s->csr[CSR_STATUS] | bits), ext;
    bool any;

    ext = s->csr[CSR_EXTENDED];
    any = (status & CAUSES & ~(unsigned)s->csr[CSR_MASK]) ||
          feature_interrupt(s) || (ext & EXT_SINT && ext & EXT_SINTE);
    status &= (uint16_t) ~(STATUS_INTR | STATUS_ERR);
    if (status & (STATUS_BABL | STATUS_CERR | STATUS_MISS | STATUS_MERR))
        status |= STATUS_ERR;
    s->csr[CSR_STATUS] = (uint16_t)(status | (any ? STATUS_INTR : 0));
    irq_set(&s->dev, any && status & STATUS_IENA);
}

/* ---- EEPROM and address PROM ----------------------------------------------
 */

static void eeprom_fill(struct pcnet *s)
{
    uint8_t b[APROM_BYTES] = {0};
    unsigned sum = 0;

    for (unsigned i = 0; i < 6; i++)
        b[i] = (uint8_t)(s->mac >> 8 * (5 - i));
    b[9] = 0x11; /* hardware: PCnet-PCI */
    b[14] = b[15] = 'W';
    for (unsigned i = 0; i < APROM_BYTES; i++)
        sum += b[i];
    b[12] = (uint8_t)sum;
    b[13] = (uint8_t)(sum >> 8);
    for (unsigned i = 0; i < APROM_BYTES / 2; i++)
        s->eeprom.word[i] = (uint16_t)(b[2 * i] | b[2 * i + 1] << 8);
}

static void auto_load(struct pcnet *s)
{
    for (unsigned i = 0; i < APROM_BYTES; i++)
        s->aprom[i] = (uint8_t)(s->eeprom.word[i / 2] >> 8 * (i & 1));
    for (unsigned i = 0; i < 3; i++)
        s->csr[CSR_PADR + i] = s->eeprom.word[i];
    s->bcr[BCR_EEPROM] = EE_VALID | EE_DETECT | EE_CLOCK;
}

static void eeprom_write(struct pcnet *s, uint16_t v)
{
    if (v & EE_READ) {
        auto_load(s);
        return;
    }
    s->bcr[BCR_EEPROM] =
        (uint16_t)((s->bcr[BCR_EEPROM] & (EE_VALID | EE_DETECT)) |
                   (v & (EE_ENABLE | EE_SELECT | EE_CLOCK | EE_DATA)));
    if (v & EE_ENABLE)
        eeprom_pins(&s->eeprom, v & EE_SELECT, v & EE_CLOCK, v & EE_DATA);
}

static uint16_t eeprom_read(const struct pcnet *s)
{
    uint16_t v = s->bcr[BCR_EEPROM];

    if (!(v & EE_ENABLE))
        return v;
    return (uint16_t)((v & ~EE_DATA) | (s->eeprom.out ? EE_DATA : 0));
}

/* ---- control and status registers -----------------------------------------
 */

/* Can registers of the rings be written: stopped or suspended? */
static bool still(const struct pcnet *s)
{
    return s->csr[CSR_STATUS] & STATUS_STOP ||
           s->csr[CSR_EXTENDED] & EXT_SUSPEND;
}

static void status_write(struct pcnet *s, uint16_t v)
{
    uint16_t now = s->csr[CSR_STATUS];

    now &= (uint16_t) ~(v & CAUSES);
    now = (uint16_t)((now & ~STATUS_IENA) | (v & STATUS_IENA));
    s->csr[CSR_STATUS] = now;
    if (v & STATUS_STOP) {
        pcnet_stop(s);
    } else {
        if (v & STATUS_INIT && !(now & STATUS_INIT))
            pcnet_init(s);
        if (v & STATUS_STRT && !(now & STATUS_STRT))
            pcnet_start(s);
        if (v & STATUS_TDMD)
            pcnet_poll(s);
    }
    pcnet_interrupt(s, 0);
}

static void feature_write(struct pcnet *s, uint16_t v)
{
    uint16_t old = s->csr[CSR_FEATURE];
    uint16_t causes = (uint16_t)(old & FEATURE_CAUSES & ~v);

    if (v & FEATURE_UINTCMD)
        causes |= FEATURE_UINT;
    s->csr[CSR_FEATURE] =
        (uint16_t)((v & ~(FEATURE_CAUSES | FEATURE_UINTCMD)) | causes);
    pcnet_interrupt(s, 0);
}

/* Causes at bits 11, 9, 7, 4 are cleared by 1; SPND takes effect when what is
 * under way is over. */
static void extended_write(struct pcnet *s, uint16_t v)
{
    const uint16_t causes = 0x0a90;
    uint16_t old = s->csr[CSR_EXTENDED];

    s->suspending = v & EXT_SUSPEND;
    s->csr[CSR_EXTENDED] =
        (uint16_t)((v & 0xc56e) | (old & causes & ~v) | (old & EXT_SUSPEND));
    if (!s->suspending)
        s->csr[CSR_EXTENDED] &= (uint16_t)~EXT_SUSPEND;
    else if (!s->tx.busy && !s->rx.busy)
        s->csr[CSR_EXTENDED] |= EXT_SUSPEND;
    if (old & EXT_SUSPEND && !s->suspending)
        pcnet_poll(s);
    pcnet_interrupt(s, 0);
}

static void style_write(struct pcnet *s, uint16_t v)
{
    unsigned style = v & 0xff;

    if (style > 3) {
        guest_error(&s->dev, "software style %u", style);
        return;
    }
    s->bcr[BCR_STYLE] =
        (uint16_t)((v & 0x0600) | style | (style ? (unsigned)STYLE_32 : 0));
}

static void ring_write(struct pcnet *s, unsigned at, uint16_t v)
{
    if (!still(s)) {
        guest_error(&s->dev, "CSR%u written while it runs", at);
        return;
    }
    s->csr[at] = v;
    if (at == CSR_RX_COUNT)
        s->rx.index = (uint16_t)(v - s->csr[CSR_RX_LENGTH]);
    if (at == CSR_TX_COUNT)
        s->tx.index = (uint16_t)(v - s->csr[CSR_TX_LENGTH]);
}

static void csr_write(struct pcnet *s, unsigned at, uint16_t v)
{
    switch (at) {
    case CSR_STATUS:
        status_write(s, v);
        break;
    case 16: /* the same as CSR1, CSR2 */
    case 17:
        ring_write(s, at - 15, v);
        break;
    case CSR_MASK:
        s->csr[at] = v & 0x5f7c;
        pcnet_interrupt(s, 0);
        break;
    case CSR_FEATURE:
        feature_write(s, v);
        break;
    case CSR_EXTENDED:
        extended_write(s, v);
        break;
    case CSR_STYLE:
        style_write(s, v);
        break;
    case 6: /* ring lengths as encoded; chip; counters: read only */
    case CSR_CHIP:
    case CSR_CHIP + 1:
    case CSR_MISSED:
    case 114:
        break;
    default:
        ring_write(s, at, v);
    }
}

/* Two's complement of the descriptors that are left in the ring. */
static uint16_t counter(const struct pcnet *s, unsigned length,
                        const struct side *side)
{
    return (uint16_t)(s->csr[length] + side->index);
}

static uint32_t current(const struct pcnet *s, unsigned ring,
                        const struct side *side)
{
    unsigned bytes = s->bcr[BCR_STYLE] & STYLE_32 ? 16 : 8;

    return csr_pair(s, ring) + side->index * bytes;
}

static uint16_t csr_read(const struct pcnet *s, unsigned at)
{
    switch (at) {
    case 16:
    case 17:
        return s->csr[at - 15];
    case CSR_RX_AT:
        return (uint16_t)current(s, CSR_RX_RING, &s->rx);
    case CSR_RX_AT + 1:
        return (uint16_t)(current(s, CSR_RX_RING, &s->rx) >> 16);
    case CSR_TX_AT:
        return (uint16_t)current(s, CSR_TX_RING, &s->tx);
    case CSR_TX_AT + 1:
        return (uint16_t)(current(s, CSR_TX_RING, &s->tx) >> 16);
    case CSR_STYLE:
        return s->bcr[BCR_STYLE];
    case CSR_RX_COUNT:
        return counter(s, CSR_RX_LENGTH, &s->rx);
    case CSR_TX_COUNT:
        return counter(s, CSR_TX_LENGTH, &s->tx);
    default:
        return s->csr[at];
    }
}

/* ---- bus configuration registers ------------------------------------------
 */

static void bcr_write(struct pcnet *s, unsigned at, uint16_t v)
{
    switch (at) {
    case 0:
    case 1:
    case 3: /* times of ISA cards: read only */
        break;
    case BCR_EEPROM:
        eeprom_write(s, v);
        break;
    case BCR_STYLE:
        style_write(s, v);
        break;
    case BCR_BURST:
        s->bcr[at] = (uint16_t)((v & 0xfe60) | 0x0001);
        break;
    case BCR_LINK:
    case 5:
    case 6:
    case 7:
        s->bcr[at] = v & 0x41ff;
        break;
    case BCR_MISC:
    case BCR_FULL_DUPLEX:
    case 16:
    case 17:
    case BCR_INTERRUPT:
    case BCR_LATENCY:
        s->bcr[at] = v;
        break;
    }
}

static uint16_t bcr_read(const struct pcnet *s, unsigned at)
{
    uint16_t v = at < BCRS ? s->bcr[at] : 0;

    if (at == BCR_LINK && !s->unplugged)
        v |= LED_OUT; /* LNKST: the link is up */
    else if (at == BCR_BURST && s->dwio)
        v |= BURST_DWIO;
    else if (at == BCR_EEPROM)
        v = eeprom_read(s);
    return v;
}

/* ---- reset -----------------------------------------------------------------
 */

/* S_RESET: registers of the controller alone. */
static void soft_reset(struct pcnet *s)
{
    uint16_t padr[3];

    memcpy(padr, s->csr + CSR_PADR, sizeof padr);
    memset(s->csr, 0, sizeof s->csr);
    memcpy(s->csr + CSR_PADR, padr, sizeof padr);
    s->csr[CSR_STATUS] = STATUS_STOP;
    s->csr[CSR_FEATURE] = FEATURE_MASKS;
    s->csr[80] = 0x1410; /* thresholds */
    s->csr[CSR_CHIP] = CHIP_LOW;
    s->csr[CSR_CHIP + 1] = CHIP_HIGH;
    s->csr[100] = 0x0200;
    s->rap = 0;
    pcnet_stop(s);
    pcnet_interrupt(s, 0);
}

static void pcnet_reset(struct device *dev)
{
    static const uint16_t bcr[BCRS] = {
        [0] = 5,      [1] = 5,      [2] = 0x0002,  [4] = 0x00c0,  [5] = 0x0084,
        [6] = 0x0088, [7] = 0x0090, [18] = 0x9001, [20] = 0x0200, [22] = 0xff06,
    };
    struct pcnet *s = (struct pcnet *)dev;

    memcpy(s->bcr, bcr, sizeof bcr);
    if (!s->eeprom.word[7]) /* new: a board's first power-on */
        eeprom_fill(s);
    eeprom_pins(&s->eeprom, false, false, false);
    auto_load(s);
    s->dwio = false;
    memset(s->init, 0, sizeof s->init);
    soft_reset(s);
}

static void pcnet_link(struct device *dev, bool up)
{
    ((struct pcnet *)dev)->unplugged = !up;
}

/* ---- the window ------------------------------------------------------------
 */

static uint32_t aprom_read(const struct pcnet *s, uint32_t at, unsigned bytes)
{
    uint32_t v = 0;

    for (unsigned i = bytes; i-- > 0;)
        v = v << 8 | s->aprom[at + i];
    return v;
}

static uint32_t pcnet_peek(const struct device *dev, unsigned window,
                           uint32_t offset, unsigned bytes)
{
    const struct pcnet *s = (const struct pcnet *)dev;
    unsigned rap = s->rap & (CSRS - 1);

    (void)window;
    if (offset < APROM_BYTES)
        return aprom_read(s, offset, bytes);
    if (offset == W_RDP)
        return csr_read(s, rap);
    if (offset == (s->dwio ? (unsigned)D_RAP : (unsigned)W_RAP))
        return s->rap;
    if (offset == (s->dwio ? (unsigned)D_BDP : (unsigned)W_BDP))
        return bcr_read(s, rap);
    return 0; /* RESET among others */
}

static uint32_t pcnet_read(struct device *dev, unsigned window, uint32_t offset,
                           unsigned bytes)
{
    struct pcnet *s = (struct pcnet *)dev;
    uint32_t v = pcnet_peek(dev, window, offset, bytes);

    if (offset == (s->dwio ? (unsigned)D_RESET : (unsigned)W_RESET))
        soft_reset(s);
    return v;
}

static void pcnet_write(struct device *dev, unsigned window, uint32_t offset,
                        unsigned bytes, uint32_t value)
{
    struct pcnet *s = (struct pcnet *)dev;
    unsigned rap = s->rap & (CSRS - 1);

    (void)window;
    if (bytes == 4 && offset == W_RDP)
        s->dwio = true; /* until the next hardware reset */
    if (offset < APROM_BYTES) {
        for (unsigned i = 0; s->bcr[BCR_MISC] & MISC_APROMWE && i < bytes; i++)
            s->aprom[offset + i] = (uint8_t)(value >> 8 * i);
    } else if (offset == W_RDP) {
        csr_write(s, rap, (uint16_t)value);
    } else if (offset == (s->dwio ? (unsigned)D_RAP : (unsigned)W_RAP)) {
        s->rap = value & (CSRS - 1);
    } else if (offset == (s->dwio ? (unsigned)D_BDP : (unsigned)W_BDP)) {
        bcr_write(s, rap, (uint16_t)value);
    }
}

/* ---- the model -------------------------------------------------------------
 */

static void pcnet_step(struct device *dev, unsigned step, enum dma_status st)
{
    struct pcnet *s = (struct pcnet *)dev;

    if (step == POLL)
        pcnet_poll(s);
    else
        pcnet_ring_step(s, step, st);
    if (s->suspending && !s->tx.busy && !s->rx.busy)
        s->csr[CSR_EXTENDED] |= EXT_SUSPEND;
}

static bool pcnet_frame_ready(const struct device *dev)
{
    return !((const struct pcnet *)dev)->rx.busy;
}

static void pcnet_frame(struct device *dev, const uint8_t *bytes, uint32_t n)
{
    struct pcnet *s = (struct pcnet *)dev;

    if (!s->unplugged && !(s->csr[CSR_MODE] & MODE_LOOP))
        pcnet_receive(s, bytes, n);
}

static bool side_good(const struct side *side, uint32_t room)
{
    return side->bytes <= room && side->moved <= side->bytes;
}

static bool pcnet_check(const struct device *dev)
{
    const struct pcnet *s = (const struct pcnet *)dev;

    return side_good(&s->tx, TX_ROOM) && side_good(&s->rx, RX_ROOM) &&
           pcnet_style(s) <= 3;
}

static const struct state_row side_rows[] = {
    STATE_INT(struct side, busy),   STATE_INT(struct side, index),
    STATE_BYTES(struct side, raw),  STATE_BYTES(struct side, behind),
    STATE_INT(struct side, bytes),  STATE_INT(struct side, moved),
    STATE_INT(struct side, flags),  STATE_INT(struct side, status),
    STATE_INT(struct side, inside), STATE_END,
};

static const struct state_row pcnet_rows[] = {
    STATE_INTS(struct pcnet, csr),
    STATE_INTS(struct pcnet, bcr),
    STATE_INT(struct pcnet, rap),
    STATE_BYTES(struct pcnet, aprom),
    STATE_INT(struct pcnet, dwio),
    STATE_INT(struct pcnet, unplugged),
    STATE_INT(struct pcnet, suspending),
    STATE_INT(struct pcnet, loading),
    STATE_STRUCT(struct pcnet, eeprom, eeprom_rows),
    STATE_BYTES(struct pcnet, init),
    STATE_STRUCT(struct pcnet, tx, side_rows),
    STATE_STRUCT(struct pcnet, rx, side_rows),
    STATE_INT(struct pcnet, address_match),
    STATE_INT(struct pcnet, mac),
    STATE_END,
};

static const struct device_setting pcnet_settings[] = {
    {"mac", "Ethernet address, such as 52:54:00:12:34:56", 0x525400123456, 0,
     0xffffffffffff, offsetof(struct pcnet, mac)},
    {NULL, NULL, 0, 0, 0, 0},
};

const struct device_model pcnet_model = {
    .name = "pcnet",
    .title = "AMD Am79C970A PCnet-PCI II Ethernet",
    .version = 1,
    .state_size = sizeof(struct pcnet),
    .rows = pcnet_rows,
    .settings = pcnet_settings,
    .pci = {.vendor = 0x1022,
            .device = 0x2000,
            .revision = 0x16,
            .base_class = 2,
            .interrupt_pin = 1},
    .windows =
        {{.kind = WINDOW_PORT, .bytes = WINDOW_BYTES, .access = ACCESS_ANY},
         {.kind = WINDOW_MEMORY, .bytes = WINDOW_BYTES, .access = ACCESS_ANY},
         [BUFFERS] = {.bytes = TX_ROOM + RX_ROOM, .ram = true},
         [PCI_ROM] = {.kind = WINDOW_MEMORY, .ram = true, .rom = true}},
    .free_running = true, /* it polls */
    .reset = pcnet_reset,
    .check = pcnet_check,
    .read = pcnet_read,
    .write = pcnet_write,
    .peek = pcnet_peek,
    .step = pcnet_step,
    .frame_ready = pcnet_frame_ready,
    .frame = pcnet_frame,
    .link = pcnet_link,
};
