/* devices/piix3.c -- the 82371SB (PIIX3) PCI-ISA bridge: steers PCI interrupts
 * PIRQA#-PIRQD# (input pins 0-3) to ISA requests (output pins 0-15). Its timer,
 * interrupt and DMA controllers are models of their own. Port 92h: fast A20 and
 * INIT; port F0h: coprocessor errors. Source: Intel 82371SB data sheet
 * (290550), 2.5.6 and 4.1. Docs: docs/devices/piix3.md. */
#include "halbox/device.h"

enum { PIRQS = 4, IRQS = 16, PIRQRCA = 0x60, ROUTE_OFF = 0x80 };

enum { WINDOW_PORT92 = 6, FAST_INIT = 1, FAST_A20 = 2 };
enum { WINDOW_COPROCESSOR = 7 };
enum { PIN_FERR = 4, PIN_IRQ13 = 13, PIN_A20 = 16, PIN_INIT, PIN_IGNNE };

struct piix3 {
    struct device dev;
    uint8_t port92;
    uint8_t asserted;    /* bit per PIRQ */
    uint8_t ferr;        /* level of FERR# */
    uint8_t config[192]; /* 40h-FFh */
};

/* Writable bits of configuration space from 40h. */
static uint8_t writable(unsigned offset)
{
    switch (offset) {
    case 0x4c: /* IORT */
    case 0x4e: /* XBCS */
    case 0x4f:
    case 0x69: /* TOM */
    case 0x78: /* PCSC */
    case 0x79:
        return 0xff;
    case 0x60: /* PIRQRCA-D */
    case 0x61:
    case 0x62:
    case 0x63:
        return 0x8f;
    case 0x6a: /* MSTAT */
        return 0x80;
    case 0x6b:
        return 0x01;
    case 0x70: /* MBIRQ0 */
        return 0xef;
    case 0x76: /* MBDMA0-1 */
    case 0x77:
        return 0x87;
    case 0x80: /* APICBASE */
        return 0x7f;
    case 0x82: /* DLC */
        return 0x0f;
    default:
        return 0;
    }
}

/* IRQ 0, 1, 2, 8 and 13 are reserved: nothing is routed there. */
static bool routable(unsigned irq)
{
    return !(0x2107u >> irq & 1);
}

static void update(struct piix3 *s)
{
    unsigned high = 0;

    for (unsigned p = 0; p < PIRQS; p++) {
        uint8_t route = s->config[PIRQRCA - 0x40 + p];

        if ((s->asserted & 1u << p) && !(route & ROUTE_OFF))
            high |= 1u << (route & 15);
    }
    for (unsigned irq = 0; irq < IRQS; irq++)
        if (routable(irq))
            line_set(&s->dev, irq, high >> irq & 1);
}

/* FERR# asks for IRQ 13. A write to port F0h takes the request back and lets
 * the CPU go on while FERR# lasts: signal description, IGNNE#. */
static void ferr_changed(struct piix3 *s, bool level)
{
    s->ferr = level;
    if (level)
        line_set(&s->dev, PIN_IRQ13, true);
    else
        line_set(&s->dev, PIN_IGNNE, false);
}

static void coprocessor_error(struct piix3 *s)
{
    line_set(&s->dev, PIN_IRQ13, false);
    if (s->ferr)
        line_set(&s->dev, PIN_IGNNE, true);
}

static void piix3_line(struct device *dev, unsigned pin, bool level)
{
    struct piix3 *s = (struct piix3 *)dev;

    if (pin == PIN_FERR) {
        ferr_changed(s, level);
        return;
    }
    if (level)
        s->asserted |= (uint8_t)(1u << pin);
    else
        s->asserted &= (uint8_t) ~(1u << pin);
    update(s);
}

static uint32_t piix3_config_read(const struct device *dev, unsigned offset)
{
    const uint8_t *c = &((const struct piix3 *)dev)->config[offset - 0x40];

    return c[0] | (uint32_t)c[1] << 8 | (uint32_t)c[2] << 16 |
           (uint32_t)c[3] << 24;
}

static void piix3_config_write(struct device *dev, unsigned offset,
                               uint32_t value, uint32_t mask)
{
    struct piix3 *s = (struct piix3 *)dev;

    for (unsigned i = 0; i < 4; i++) {
        uint8_t bits = (uint8_t)(mask >> 8 * i) & writable(offset + i);
        uint8_t *c = &s->config[offset + i - 0x40];

        *c = (uint8_t)((*c & ~bits) | ((value >> 8 * i) & bits));
    }
    update(s);
}

static uint32_t piix3_read(struct device *dev, unsigned window, uint32_t offset,
                           unsigned bytes)
{
    (void)offset;
    (void)bytes;
    return window == WINDOW_PORT92 ? ((struct piix3 *)dev)->port92 : 0xff;
}

/* A20 passes when the keyboard controller or this port lets it; INIT comes of
 * bit 0 as it rises. */
static void piix3_write(struct device *dev, unsigned window, uint32_t offset,
                        unsigned bytes, uint32_t value)
{
    struct piix3 *s = (struct piix3 *)dev;
    bool init = value & ~s->port92 & FAST_INIT;

    (void)offset;
    (void)bytes;
    if (window == WINDOW_COPROCESSOR) {
        coprocessor_error(s);
        return;
    }
    s->port92 = value & (FAST_A20 | FAST_INIT);
    line_set(dev, PIN_A20, s->port92 & FAST_A20);
    line_set(dev, PIN_INIT, init);
    line_set(dev, PIN_INIT, false);
}

static void piix3_reset(struct device *dev)
{
    struct piix3 *s = (struct piix3 *)dev;

    s->port92 = 0;
    for (unsigned i = 0; i < sizeof s->config; i++)
        s->config[i] = 0;
    for (unsigned p = 0; p < PIRQS; p++)
        s->config[PIRQRCA - 0x40 + p] = ROUTE_OFF;
    s->config[0x4c - 0x40] = 0x4d;
    s->config[0x4e - 0x40] = 0x03;
    s->config[0x69 - 0x40] = 0x02;
    s->config[0x70 - 0x40] = 0x80;
    s->config[0x76 - 0x40] = 0x0c;
    s->config[0x77 - 0x40] = 0x0c;
    update(s);
}

static const struct state_row piix3_rows[] = {
    STATE_INT(struct piix3, port92),
    STATE_INT(struct piix3, asserted),
    STATE_INT(struct piix3, ferr),
    STATE_BYTES(struct piix3, config),
    STATE_END,
};

/* clang-format off */
static const struct device_pin piix3_pins[] = {
    {0, false, WIRE_PIRQA}, {1, false, WIRE_PIRQB},
    {2, false, WIRE_PIRQC}, {3, false, WIRE_PIRQD},
    {3, true, WIRE_IRQ0 + 3},   {4, true, WIRE_IRQ0 + 4},
    {5, true, WIRE_IRQ0 + 5},   {6, true, WIRE_IRQ0 + 6},
    {7, true, WIRE_IRQ0 + 7},   {9, true, WIRE_IRQ0 + 9},
    {10, true, WIRE_IRQ0 + 10}, {11, true, WIRE_IRQ0 + 11},
    {12, true, WIRE_IRQ0 + 12}, {14, true, WIRE_IRQ0 + 14},
    {15, true, WIRE_IRQ0 + 15}, {PIN_A20, true, WIRE_A20},
    {PIN_INIT, true, WIRE_INIT}, {PIN_FERR, false, WIRE_FERR},
    {PIN_IRQ13, true, WIRE_IRQ0 + 13}, {PIN_IGNNE, true, WIRE_IGNNE},
    {0, false, WIRE_NONE},
};
/* clang-format on */

const struct device_model piix3_model = {
    .name = "piix3",
    .title = "82371SB PCI-ISA bridge, PCI interrupt steering",
    .version = 2,
    .state_size = sizeof(struct piix3),
    .rows = piix3_rows,
    .pci = {.vendor = 0x8086,
            .device = 0x7000,
            .subclass = 1,
            .base_class = 6,
            .header_type = 0x80},
    .windows = {[WINDOW_PORT92] = {.kind = WINDOW_PORT,
                                   .bytes = 1,
                                   .access = ACCESS_8,
                                   .base = 0x92},
                [WINDOW_COPROCESSOR] = {.kind = WINDOW_PORT,
                                        .bytes = 1,
                                        .access = ACCESS_8,
                                        .base = 0xf0}},
    .pins = piix3_pins,
    .reset = piix3_reset,
    .read = piix3_read,
    .write = piix3_write,
    .line = piix3_line,
    .config_read = piix3_config_read,
    .config_write = piix3_config_write,
};
