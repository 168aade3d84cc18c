/* devices/rtl8139.c -- Realtek RTL8139C(L)+ and RTL8139C(L): registers. Both of
 * the former's ways to move frames are in rtl8139_tx.c and rtl8139_rx.c.
 * Source: data sheets of either; docs/devices/rtl8139.md. */
#include "rtl8139.h"

#include <string.h>

enum { EEM = 0xc0, EEM_AUTO = 0x40, EEM_PROGRAM = 0x80, EEM_CONFIG = 0xc0 };
enum { EE_CS = 8, EE_SK = 4, EE_DI = 2, EE_DO = 1 };
enum { TALLY_GO = 8, TIMER_NS = 30 }; /* TCTR counts PCI clocks of 33 MHz */
enum { BMCR_RESET = 0x8000, BMCR_START = 0x1000 };
enum { BMCR_FULL = 0x0100, BMCR_100 = 0x2000 };
enum { WINDOW_BYTES = 256, CPLUS_REVISION = 0x20, TCR_CPLUS = 0x800000 };

/* What can be written, by whole registers of 32 bits; a range from the row's
 * offset to the next row's. */
static const struct {
    uint8_t at;
    uint32_t mask;
} writable[] = {
    {0x00, UINT32_MAX}, {0x04, 0x0000ffff}, {0x08, UINT32_MAX},
    {0x34, 0x00000000}, {0x38, 0x0000ffff}, {0x3c, 0x0000ffff},
    {0x40, 0x030f07f0}, {0x44, 0x0f03ffbf}, {0x48, 0x00000000},
    {0x50, 0x00f300ce}, {0x54, UINT32_MAX}, {0x58, 0x00fdf6c0},
    {0x5c, 0x00000fff}, {0x60, 0x31000000}, {0x64, 0x3dff0000},
    {0x68, 0x00000000}, {0x70, 0x000000ff}, {0x74, UINT32_MAX},
    {0xd8, 0x000000ff}, {0xdc, 0x00000000}, {0xe0, 0x0000007b},
    {0xe4, 0xffffff00}, {0xe8, UINT32_MAX}, {0xec, 0x0000003f},
    {0xf0, UINT32_MAX},
};

void rtl8139_interrupt(struct rtl8139 *s, unsigned bits)
{
    reg_put(s, ISR, 2, reg16(s, ISR) | bits);
    irq_set(&s->dev, reg16(s, ISR) & reg16(s, IMR));
}

uint32_t rtl8139_ring_bytes(const struct rtl8139 *s)
{
    return 8192u << (reg32(s, RCR) >> 11 & 3);
}

/* The older chip has no C+ mode: its registers ignore writes. */
static bool has_cplus(const struct rtl8139 *s)
{
    return s->dev.model->pci.revision == CPLUS_REVISION;
}

static bool cplus(const struct rtl8139 *s)
{
    return reg16(s, CPCR) & (CP_TX | CP_RX);
}

/* ---- timer --------------------------------------------------------------- */

static uint32_t timer_count(const struct rtl8139 *s)
{
    return (uint32_t)((clock_ns(&s->dev) - s->timer_zero) / TIMER_NS);
}

/* TIMERINT is met once in each round of the counter; 0 never is. */
static void timer_arm(struct rtl8139 *s)
{
    uint32_t when = reg32(s, TIMERINT), left = when - timer_count(s);

    if (!when)
        clock_cancel(&s->dev, TIMER);
    else
        clock_after_ns(&s->dev,
                       (left ? left : (uint64_t)UINT32_MAX + 1) * TIMER_NS,
                       TIMER);
}

/* ---- EEPROM and identity ------------------------------------------------- */

static uint8_t mac_byte(const struct rtl8139 *s, unsigned i)
{
    return (uint8_t)(s->mac >> 8 * (5 - i));
}

/* Words as the chip's auto-load wants them: the data sheet's table 5. */
static void eeprom_fill(struct rtl8139 *s)
{
    uint16_t *w = s->eeprom.word;

    memset(w, 0, sizeof s->eeprom.word);
    w[0] = 0x8129;
    w[1] = 0x10ec;
    w[2] = 0x8139;
    w[3] = 0x10ec;
    w[4] = 0x8139;
    w[5] = 0x4020; /* latencies */
    for (unsigned i = 0; i < 3; i++)
        w[7 + i] = (uint16_t)(mac_byte(s, 2 * i) | mac_byte(s, 2 * i + 1) << 8);
}

static void auto_load(struct rtl8139 *s)
{
    for (unsigned i = 0; i < 6; i++)
        s->reg[IDR0 + i] = (uint8_t)(s->eeprom.word[7 + i / 2] >> 8 * (i & 1));
}

static void eeprom_write(struct rtl8139 *s)
{
    uint8_t v = s->reg[EECR];

    if ((v & EEM) == EEM_PROGRAM) {
        eeprom_pins(&s->eeprom, v & EE_CS, v & EE_SK, v & EE_DI);
    } else if ((v & EEM) == EEM_AUTO) {
        auto_load(s);
        s->reg[EECR] = 0;
    }
}

/* ---- PHY ------------------------------------------------------------------
 */

static void phy_reset(struct rtl8139 *s)
{
    reg_put(s, BMCR, 2, BMCR_START | BMCR_100 | BMCR_FULL);
    reg_put(s, ANAR, 2, 0x05e1); /* 10 and 100, half and full, flow control */
}

static void phy_write(struct rtl8139 *s, uint32_t value)
{
    if (value >> 16 & BMCR_RESET)
        phy_reset(s); /* RESET and RESTART clear themselves */
}

static uint32_t phy_read(const struct rtl8139 *s, unsigned at)
{
    bool up = !s->unplugged;

    if (at == BMSR) /* all modes, negotiates; done and link only with one */
        return 0x7809u | (up ? 0x24 : 0);
    return up ? 0x45e1 : 0; /* ANLPAR */
}

static uint32_t link_media(const struct rtl8139 *s)
{
    uint32_t bmcr = reg16(s, BMCR);
    bool slow = !(bmcr & BMCR_START) && !(bmcr & BMCR_100);

    return s->reg[MSR] | (s->unplugged ? 4u : 0) | (slow ? 8u : 0);
}

static void rtl8139_link(struct device *dev, bool up)
{
    struct rtl8139 *s = (struct rtl8139 *)dev;

    if (s->unplugged == !up)
        return;
    s->unplugged = !up;
    rtl8139_interrupt(s, INT_LINK);
}

/* ---- tally ----------------------------------------------------------------
 */

static void tally_field(struct rtl8139 *s, unsigned *at, unsigned bytes,
                        uint64_t value)
{
    for (; bytes; bytes--, value >>= 8)
        s->dump[(*at)++] = (uint8_t)value;
}

/* Collisions, alignment errors and underruns do not happen here: zeroes. */
static void tally_dump(struct rtl8139 *s)
{
    const struct tally *t = &s->tally;
    uint64_t to = (uint64_t)reg32(s, DTCCR + 4) << 32 | reg32(s, DTCCR);
    unsigned at = 0;

    tally_field(s, &at, 8, t->tx_ok);
    tally_field(s, &at, 8, t->rx_ok);
    tally_field(s, &at, 8, t->tx_errors);
    tally_field(s, &at, 4, t->rx_errors);
    tally_field(s, &at, 2, t->missed);
    tally_field(s, &at, 2 + 4 + 4, 0);
    tally_field(s, &at, 8, t->rx_physical);
    tally_field(s, &at, 8, t->rx_broadcast);
    tally_field(s, &at, 4, t->rx_multicast);
    tally_field(s, &at, 4, 0);
    dma_cancel(&s->dev, ENGINE_TALLY);
    dma_write(&s->dev, ENGINE_TALLY, dla_of(to & ~(uint64_t)63), LOCAL(s, dump),
              sizeof s->dump, TALLY_WROTE);
}

/* ---- registers: reading ---------------------------------------------------
 */

/* TSAD: OWN, TABT, TUN, TOK of the four descriptors, four bits each. */
static uint32_t summary(const struct rtl8139 *s)
{
    uint32_t v = 0;

    for (unsigned i = 0; i < 4; i++) {
        uint32_t tsd = reg32(s, TSD0 + 4 * i);

        v |= (tsd & TSD_OWN ? 1u : 0) << i | (tsd & TSD_TABT ? 0x10u : 0) << i |
             (tsd & TSD_TUN ? 0x100u : 0) << i |
             (tsd & TSD_TOK ? 0x1000u : 0) << i;
    }
    return v;
}

static bool buffer_empty(const struct rtl8139 *s)
{
    uint32_t mask = rtl8139_ring_bytes(s) - 1;

    return ((reg16(s, CAPR) + 16 - reg16(s, CBR)) & mask) == 0;
}

/* CONFIG0, BS2-0: size of the boot ROM; 0 none, 1 is 8 KiB, 5 is 128 KiB. */
static uint32_t boot_rom(const struct rtl8139 *s)
{
    uint32_t size = 0;

    if (device_ram_view(&s->dev, PCI_ROM, 0, 1))
        size = 1;
    while (size && size < 5 &&
           device_ram_view(&s->dev, PCI_ROM, 0, (4096u << size) + 1))
        size++;
    return size;
}

/* The register of 32 bits at @at, a multiple of 4. */
static uint32_t read32(const struct rtl8139 *s, unsigned at)
{
    uint32_t v = reg32(s, at);

    switch (at) {
    case ERBCR:
        return v | (buffer_empty(s) ? (uint32_t)CR_BUFE << 24 : 0);
    case TCR:
        return v | 0x74000000 | (has_cplus(s) ? TCR_CPLUS : 0); /* version */
    case TCTR:
        return timer_count(s);
    case EECR:
        return v | boot_rom(s) << 8 |
               ((v & EEM) == EEM_PROGRAM && s->eeprom.out ? EE_DO : 0);
    case MSR:
        return (v & ~0xffu) | link_media(s);
    case TSAD:
        return (v & 0xffff0000u) | summary(s);
    case BMSR:
        return (v & 0xffff0000u) | phy_read(s, BMSR);
    case ANLPAR:
        return phy_read(s, ANLPAR);
    default:
        return v;
    }
}

static uint32_t rtl8139_peek(const struct device *dev, unsigned window,
                             uint32_t offset, unsigned bytes)
{
    uint32_t v = read32((const struct rtl8139 *)dev, offset & 0xfcu);

    (void)window;
    (void)bytes;
    return v >> 8 * (offset & 3);
}

static uint32_t rtl8139_read(struct device *dev, unsigned window,
                             uint32_t offset, unsigned bytes)
{
    return rtl8139_peek(dev, window, offset, bytes);
}

/* ---- reset ----------------------------------------------------------------
 */

/* Command RST: FIFOs, rings and modes; identity, filter and PHY stay. */
static void soft_reset(struct rtl8139 *s)
{
    memset(s->reg + TSD0, 0, EECR - TSD0);
    memset(s->reg + CPCR, 0, REGISTERS - CPCR);
    reg_put(s, TIMERINT, 4, 0);
    s->reg[TPPOLL] = 0;
    for (unsigned i = 0; i < 4; i++)
        reg_put(s, TSD0 + 4 * i, 4, TSD_OWN);
    s->timer_zero = clock_ns(&s->dev);
    clock_cancel(&s->dev, TIMER);
    dma_cancel(&s->dev, ENGINE_TALLY);
    rtl8139_tx_reset(s);
    rtl8139_rx_reset(s);
    rtl8139_interrupt(s, 0);
}

static void rtl8139_reset(struct device *dev)
{
    struct rtl8139 *s = (struct rtl8139 *)dev;

    memset(s->reg, 0, sizeof s->reg);
    memset(&s->tally, 0, sizeof s->tally);
    memset(s->dump, 0, sizeof s->dump);
    if (!s->eeprom.word[0]) /* new: a board's first power-on */
        eeprom_fill(s);
    eeprom_pins(&s->eeprom, false, false, false);
    auto_load(s);
    s->reg[CONFIG1] = 0x0c; /* registers are mapped as memory and ports */
    s->reg[RERID] = 0x10;
    phy_reset(s);
    soft_reset(s);
}

/* ---- registers: writing ---------------------------------------------------
 */

static void command(struct rtl8139 *s, uint8_t value)
{
    uint8_t before = s->reg[CR];

    if (value & CR_RST) {
        soft_reset(s);
        return;
    }
    s->reg[CR] = value & (CR_TE | CR_RE);
    if ((before ^ value) & CR_TE)
        rtl8139_tx_reset(s);
    if ((before ^ value) & CR_RE)
        rtl8139_rx_reset(s);
    rtl8139_tx_go(s);
}

/* TSD0-3, or in C+ mode what lies there instead. */
static void descriptor_write(struct rtl8139 *s, unsigned at, uint32_t v)
{
    if (cplus(s)) {
        if (at == DTCCR && v & TALLY_GO)
            tally_dump(s);
        return;
    }
    reg_put(s, at, 4, v & 0x003f3fff);
    rtl8139_tx_go(s);
}

static void poll_write(struct rtl8139 *s, uint8_t value)
{
    s->reg[TPPOLL] |= value & (POLL_HIGH | POLL_NORMAL);
    if (value & POLL_SW)
        rtl8139_interrupt(s, INT_SW);
    rtl8139_tx_go(s);
}

/* What can be written now of the register at @at. */
static uint32_t mask_of(const struct rtl8139 *s, unsigned at)
{
    bool open = (s->reg[EECR] & EEM) == EEM_CONFIG;
    uint32_t mask = 0;

    for (unsigned i = 0; i < sizeof writable / sizeof writable[0]; i++)
        if (writable[i].at <= at)
            mask = writable[i].mask;
    if (!has_cplus(s) && at >= CONFIG5)
        return mask & (at == CONFIG5 ? 0xff : 0);
    /* CONFIG0, 1, 3, 4 and BMCR are locked */
    return open || (at != EECR && at != MSR && at != TSAD) ? mask : mask & 0xff;
}

/* The rest of a write of the register at @at: @value where @mask is. */
static void effect(struct rtl8139 *s, unsigned at, uint32_t value,
                   uint32_t mask)
{
    value &= mask;
    switch (at) {
    case TSD0:
    case TSD0 + 4:
    case TSD0 + 8:
    case TSD0 + 12:
        descriptor_write(s, at, reg32(s, at));
        break;
    case TNPDS:
    case THPDS:
        s->tx_index[at == THPDS] = 0;
        break;
    case ERBCR:
        if (mask >> 24)
            command(s, (uint8_t)(value >> 24));
        break;
    case IMR: /* and ISR: write 1 to clear */
        reg_put(s, ISR, 2, reg16(s, ISR) & ~(value >> 16));
        rtl8139_interrupt(s, 0);
        break;
    case TCR:
        if (value & TCR_CLRABT)
            rtl8139_tx_again(s);
        break;
    case TCTR:
        s->timer_zero = clock_ns(&s->dev);
        timer_arm(s);
        break;
    case MPC:
        reg_put(s, MPC, 4, 0);
        break;
    case EECR:
        if (mask & 0xff)
            eeprom_write(s);
        break;
    case TIMERINT:
        timer_arm(s);
        break;
    case TSAD:
        phy_write(s, value);
        break;
    case CONFIG5:
        if (mask & 0xff00 && has_cplus(s))
            poll_write(s, (uint8_t)(value >> 8));
        break;
    case RDSAR:
        s->rx_index = 0;
        break;
    }
}

static void rtl8139_write(struct device *dev, unsigned window, uint32_t offset,
                          unsigned bytes, uint32_t value)
{
    struct rtl8139 *s = (struct rtl8139 *)dev;
    unsigned at = offset & 0xfc, shift = 8 * (offset & 3);
    uint32_t mask = (bytes == 4 ? UINT32_MAX : (1u << 8 * bytes) - 1) << shift;
    uint32_t can = mask & mask_of(s, at);

    (void)window;
    value <<= shift;
    reg_put(s, at, 4, (reg32(s, at) & ~can) | (value & can));
    effect(s, at, value, mask);
}

/* ---- the model ------------------------------------------------------------
 */

static void rtl8139_step(struct device *dev, unsigned step, enum dma_status st)
{
    struct rtl8139 *s = (struct rtl8139 *)dev;

    if (step == TIMER) {
        rtl8139_interrupt(s, INT_TIMEOUT);
        timer_arm(s);
    } else if (step == TALLY_WROTE) {
        reg_put(s, DTCCR, 4, reg32(s, DTCCR) & ~(uint32_t)TALLY_GO);
    } else if (step <= CP_TX_WROTE) {
        rtl8139_tx_step(s, step, st);
    } else {
        rtl8139_rx_step(s, step, st);
    }
}

static bool rtl8139_frame_ready(const struct device *dev)
{
    return !((const struct rtl8139 *)dev)->rx_busy;
}

static void rtl8139_frame(struct device *dev, const uint8_t *bytes, uint32_t n)
{
    struct rtl8139 *s = (struct rtl8139 *)dev;

    if (!s->unplugged && (reg32(s, TCR) & TCR_LOOPBACK) != TCR_LOOPBACK)
        rtl8139_receive(s, bytes, n);
}

static bool rtl8139_check(const struct device *dev)
{
    const struct rtl8139 *s = (const struct rtl8139 *)dev;

    return s->tx_current < 4 && s->tx_high < 2 && s->tx_bytes <= TX_ROOM - 4 &&
           s->rx_bytes <= RX_ROOM - 8 && s->rx_moved <= s->rx_bytes &&
           s->timer_zero <= clock_ns(dev);
}

static const struct state_row descriptor_rows[] = {
    STATE_INT(struct descriptor, command),
    STATE_INT(struct descriptor, tag),
    STATE_INT(struct descriptor, low),
    STATE_INT(struct descriptor, high),
    STATE_END,
};

static const struct state_row tally_rows[] = {
    STATE_INT(struct tally, tx_ok),
    STATE_INT(struct tally, rx_ok),
    STATE_INT(struct tally, tx_errors),
    STATE_INT(struct tally, rx_physical),
    STATE_INT(struct tally, rx_broadcast),
    STATE_INT(struct tally, rx_errors),
    STATE_INT(struct tally, rx_multicast),
    STATE_INT(struct tally, missed),
    STATE_END,
};

static const struct state_row rtl8139_rows[] = {
    STATE_BYTES(struct rtl8139, reg),
    STATE_STRUCT(struct rtl8139, eeprom, eeprom_rows),
    STATE_STRUCT(struct rtl8139, tally, tally_rows),
    STATE_BYTES(struct rtl8139, dump),
    STATE_INT(struct rtl8139, timer_zero),
    STATE_INT(struct rtl8139, unplugged),
    STATE_INT(struct rtl8139, tx_busy),
    STATE_INT(struct rtl8139, tx_aborted),
    STATE_INT(struct rtl8139, tx_bad),
    STATE_INT(struct rtl8139, tx_current),
    STATE_INT(struct rtl8139, tx_high),
    STATE_INTS(struct rtl8139, tx_index),
    STATE_INT(struct rtl8139, tx_bytes),
    STATE_INT(struct rtl8139, tx_given),
    STATE_STRUCT(struct rtl8139, tx_desc, descriptor_rows),
    STATE_INT(struct rtl8139, rx_busy),
    STATE_INT(struct rtl8139, rx_kind),
    STATE_INT(struct rtl8139, rx_bytes),
    STATE_INT(struct rtl8139, rx_moved),
    STATE_INT(struct rtl8139, rx_index),
    STATE_INT(struct rtl8139, rx_tag),
    STATE_STRUCT(struct rtl8139, rx_desc, descriptor_rows),
    STATE_INT(struct rtl8139, mac),
    STATE_END,
};

static const struct device_setting rtl8139_settings[] = {
    {"mac", "Ethernet address, such as 52:54:00:12:34:56", 0x525400123456, 0,
     0xffffffffffff, offsetof(struct rtl8139, mac)},
    {NULL, NULL, 0, 0, 0, 0},
};

/* What both chips are. */
#define RTL8139(name_, title_, revision_, bits_)                               \
    {                                                                          \
        .name = name_, .title = title_, .version = 1,                          \
        .state_size = sizeof(struct rtl8139), .rows = rtl8139_rows,            \
        .settings = rtl8139_settings,                                          \
        .pci = {.vendor = 0x10ec,                                              \
                .device = 0x8139,                                              \
                .subsystem_vendor = 0x10ec,                                    \
                .subsystem = 0x8139,                                           \
                .revision = revision_,                                         \
                .base_class = 2,                                               \
                .interrupt_pin = 1,                                            \
                .address_bits = bits_},                                        \
        .windows = {{.kind = WINDOW_PORT,                                      \
                     .bytes = WINDOW_BYTES,                                    \
                     .access = ACCESS_ANY | ACCESS_SPLIT},                     \
                    {.kind = WINDOW_MEMORY,                                    \
                     .bytes = WINDOW_BYTES,                                    \
                     .access = ACCESS_ANY | ACCESS_SPLIT},                     \
                    [BUFFERS] = {.bytes = TX_ROOM + RX_ROOM, .ram = true},     \
                    [PCI_ROM] = {.kind = WINDOW_MEMORY,                        \
                                 .ram = true,                                  \
                                 .rom = true}},                                \
        .reset = rtl8139_reset, .check = rtl8139_check, .read = rtl8139_read,  \
        .write = rtl8139_write, .peek = rtl8139_peek, .step = rtl8139_step,    \
        .frame_ready = rtl8139_frame_ready, .frame = rtl8139_frame,            \
        .link = rtl8139_link,                                                  \
    }

const struct device_model rtl8139_model = RTL8139(
    "rtl8139", "Realtek RTL8139C+ PCI Fast Ethernet", CPLUS_REVISION, 64);
const struct device_model rtl8139c_model =
    RTL8139("rtl8139c", "Realtek RTL8139C PCI Fast Ethernet", 0x10, 32);
