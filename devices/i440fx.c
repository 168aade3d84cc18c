/* devices/i440fx.c -- the 82441FX host bridge: PCI configuration mechanism 1
 * and its own configuration registers. The reset control register at CF9h, on a
 * real board in the PIIX3, is answered here because it lies inside the dword of
 * CONFIG_ADDRESS. PAM registers and SMRAM say whether RAM or the bus answers
 * from A0000h to FFFFFh. Source: Intel 82441FX (290549), 82371SB
 * (290550) data sheets; PCI 2.2, 3.2.2.3.2. Docs: docs/devices/i440fx.md. */
#include "halbox/device.h"

enum { WINDOW_CONFIG = 6 }; /* the first that is no BAR */
enum { ADDRESS = 0, RESET_CONTROL = 1, DATA = 4 };
enum { RC_FULL = 2, RC_GO = 4 };
enum { PIN_RESET, PIN_INIT };
#define ADDRESS_ENABLE 0x80000000u
#define ADDRESS_BITS   0x80fffffcu

struct i440fx {
    struct device dev;
    uint32_t address;
    uint8_t reset_control;
    uint8_t config[192]; /* 40h-FFh */
};

/* Writable bits of configuration space from 40h, data sheet chapter 3. */
static uint8_t writable(unsigned offset)
{
    if (offset >= 0x59 && offset <= 0x5f) /* PAM 0-6 */
        return offset == 0x59 ? 0xf0 : 0xff;
    if (offset >= 0x60 && offset <= 0x67) /* DRB 0-7 */
        return 0xff;
    switch (offset) {
    case 0x50: /* PMCCFG */
        return 0xf4;
    case 0x51:
        return 0x81;
    case 0x52: /* DETURBO.. */
    case 0x53:
    case 0x57: /* DRAMC */
    case 0x58: /* DRAMT */
    case 0x68: /* FDHC */
    case 0x70: /* MTT */
    case 0x71: /* CLT */
    case 0x90: /* ERRCMD */
    case 0x93: /* TRC */
        return 0xff;
    default:
        return 0;
    }
}

/* ---- who answers below 1 MiB ----------------------------------------------*/

enum { PAM0 = 0x59, SMRAM = 0x72 };
enum { PAM_READS = 1, PAM_WRITES = 2 };
enum { SMRAM_D_OPEN = 0x40, SMRAM_D_CLS = 0x20, SMRAM_D_LCK = 0x10 };
enum { SMRAM_G_SMRAME = 8 };

static void shadow(struct i440fx *s, uint32_t at, uint32_t bytes, unsigned pam)
{
    shadow_set(&s->dev, at, bytes, pam & PAM_READS, pam & PAM_WRITES);
}

/* PAM0 has F0000h-FFFFFh in bits 4-7; each of the others two segments of
 * 16 KiB from C0000h on. SMRAM at A0000h is opened for the BIOS to fill it. */
static void update_shadow(struct i440fx *s)
{
    const uint8_t *pam = &s->config[PAM0 - 0x40];
    uint8_t smram = s->config[SMRAM - 0x40];
    bool open = (smram & (SMRAM_D_OPEN | SMRAM_D_CLS | SMRAM_G_SMRAME)) ==
                (SMRAM_D_OPEN | SMRAM_G_SMRAME);

    shadow(s, 0xa0000, 0x20000, open ? PAM_READS | PAM_WRITES : 0);
    shadow(s, 0xf0000, 0x10000, pam[0] >> 4);
    for (unsigned i = 0; i < 12; i++)
        shadow(s, 0xc0000 + i * 0x4000, 0x4000, pam[1 + i / 2] >> i % 2 * 4);
}

/* 82441FX, 3.2.26: D_LCK, once set, shuts the register but for D_CLS. */
static uint8_t smram_writable(const struct i440fx *s)
{
    return s->config[SMRAM - 0x40] & SMRAM_D_LCK
               ? SMRAM_D_CLS
               : SMRAM_D_OPEN | SMRAM_D_CLS | SMRAM_D_LCK | SMRAM_G_SMRAME;
}

struct target {
    unsigned bus, slot, function, offset;
};

static struct target decode(const struct i440fx *s, uint32_t offset)
{
    return (struct target){s->address >> 16 & 255, s->address >> 11 & 31,
                           s->address >> 8 & 7,
                           (s->address & 0xfc) + (offset - DATA)};
}

static uint32_t all_ones(unsigned bytes)
{
    return UINT32_MAX >> (32 - 8 * bytes);
}

static uint32_t i440fx_read(struct device *dev, unsigned window,
                            uint32_t offset, unsigned bytes)
{
    struct i440fx *s = (struct i440fx *)dev;
    struct target t = decode(s, offset);

    (void)window;
    if (offset >= DATA) {
        if (!(s->address & ADDRESS_ENABLE) || (offset & 3) + bytes > 4)
            return all_ones(bytes);
        return pci_config_read(dev, t.bus, t.slot, t.function, t.offset, bytes);
    }
    if (offset == ADDRESS && bytes == 4)
        return s->address;
    if (offset == RESET_CONTROL && bytes == 1)
        return s->reset_control;
    return all_ones(bytes);
}

static uint32_t i440fx_peek(const struct device *dev, unsigned window,
                            uint32_t offset, unsigned bytes)
{
    const struct i440fx *s = (const struct i440fx *)dev;

    (void)window;
    if (offset == ADDRESS && bytes == 4)
        return s->address;
    if (offset == RESET_CONTROL && bytes == 1)
        return s->reset_control;
    return all_ones(bytes); /* a configuration read is a cycle on the bus */
}

static void write_reset_control(struct i440fx *s, uint8_t value)
{
    bool go = (value & RC_GO) && !(s->reset_control & RC_GO);

    s->reset_control = value & (RC_FULL | RC_GO);
    if (go) { /* the rising bit resets: the CPU alone or, with bit 1, all */
        line_set(&s->dev, value & RC_FULL ? PIN_RESET : PIN_INIT, true);
        line_set(&s->dev, value & RC_FULL ? PIN_RESET : PIN_INIT, false);
    }
}

static void i440fx_write(struct device *dev, unsigned window, uint32_t offset,
                         unsigned bytes, uint32_t value)
{
    struct i440fx *s = (struct i440fx *)dev;
    struct target t = decode(s, offset);

    (void)window;
    if (offset >= DATA) {
        if ((s->address & ADDRESS_ENABLE) && (offset & 3) + bytes <= 4)
            pci_config_write(dev, t.bus, t.slot, t.function, t.offset, bytes,
                             value);
    } else if (offset == ADDRESS && bytes == 4) {
        s->address = value & ADDRESS_BITS;
    } else if (offset == RESET_CONTROL && bytes == 1) {
        write_reset_control(s, (uint8_t)value);
    }
}

static uint32_t i440fx_config_read(const struct device *dev, unsigned offset)
{
    const uint8_t *c = &((const struct i440fx *)dev)->config[offset - 0x40];

    return c[0] | (uint32_t)c[1] << 8 | (uint32_t)c[2] << 16 |
           (uint32_t)c[3] << 24;
}

static void i440fx_config_write(struct device *dev, unsigned offset,
                                uint32_t value, uint32_t mask)
{
    struct i440fx *s = (struct i440fx *)dev;

    for (unsigned i = 0; i < 4; i++) {
        uint8_t bits = (uint8_t)(mask >> 8 * i);
        uint8_t *c = &s->config[offset + i - 0x40];

        bits &= offset + i == SMRAM ? smram_writable(s) : writable(offset + i);
        *c = (uint8_t)((*c & ~bits) | ((value >> 8 * i) & bits));
    }
    if (s->config[SMRAM - 0x40] & SMRAM_D_LCK)
        s->config[SMRAM - 0x40] &= (uint8_t)~SMRAM_D_OPEN;
    update_shadow(s);
}

static void i440fx_reset(struct device *dev)
{
    struct i440fx *s = (struct i440fx *)dev;

    s->address = 0;
    s->reset_control = 0;
    for (unsigned i = 0; i < sizeof s->config; i++)
        s->config[i] = 0;
    for (unsigned i = 0x60; i <= 0x67; i++)
        s->config[i - 0x40] = 1;
    s->config[0x57 - 0x40] = 1;
    s->config[SMRAM - 0x40] = 2;
    update_shadow(s);
}

static const struct state_row i440fx_rows[] = {
    STATE_INT(struct i440fx, address),
    STATE_INT(struct i440fx, reset_control),
    STATE_BYTES(struct i440fx, config),
    STATE_END,
};

static const struct device_pin i440fx_pins[] = {
    {PIN_RESET, true, WIRE_RESET},
    {PIN_INIT, true, WIRE_INIT},
    {0, false, WIRE_NONE},
};

const struct device_model i440fx_model = {
    .name = "i440fx",
    .title = "82441FX host bridge, PCI configuration mechanism 1",
    .version = 1,
    .state_size = sizeof(struct i440fx),
    .rows = i440fx_rows,
    .pci = {.vendor = 0x8086, .device = 0x1237, .revision = 2, .base_class = 6},
    .windows = {[WINDOW_CONFIG] = {.kind = WINDOW_PORT,
                                   .bytes = 8,
                                   .access = ACCESS_ANY,
                                   .base = 0xcf8}},
    .pins = i440fx_pins,
    .reset = i440fx_reset,
    .read = i440fx_read,
    .write = i440fx_write,
    .peek = i440fx_peek,
    .config_read = i440fx_config_read,
    .config_write = i440fx_config_write,
};
