/* devices/vga.c -- a standard VGA as a PCI function: the registers at
 * 3B0h-3DFh, and the same in the card's own window. Sources: IBM PS/2 Hardware
 * Interface Technical Reference, "Video Subsystem"; FreeVGA. Docs:
 * docs/devices/vga.md. */
#include "vga.h"

/* Offsets in the window of ports, from 3B0h. */
enum {
    MONO_CRTC = 0x04,
    MONO_STATUS = 0x0a,
    ATTRIBUTE = 0x10,
    ATTRIBUTE_READ = 0x11,
    MISC_WRITE = 0x12,
    ENABLE = 0x13,
    SEQUENCER = 0x14,
    DAC_MASK = 0x16,
    DAC_READ = 0x17,
    DAC_WRITE = 0x18,
    DAC_DATA = 0x19,
    FEATURE_READ = 0x1a,
    MISC_READ = 0x1c,
    GRAPHICS = 0x1e,
    COLOUR_CRTC = 0x24,
    COLOUR_STATUS = 0x2a,
    PORTS = 0x30
};
enum { FIRST_PORT = 0x3b0, MEMORY_BASE = 0xa0000, MEMORY_BYTES = 0x20000 };
/* The card's window of registers: 3C0h-3DFh, and the display interface. */
enum { BAR_BYTES = 0x1000, BAR_PORTS = 0x400, BAR_VBE = 0x500 };
enum { BAR_PORT_BYTES = 0x20 };
enum { SENSE = 0x10 }; /* input status 0: a monitor is connected */
enum { OPEN_BUS = 0xff };

/* Bits that exist. */
static const uint8_t sr_bits[SR_COUNT] = {0x03, 0x3d, 0x0f, 0x3f, 0x0e};
static const uint8_t gr_bits[GR_COUNT] = {0x0f, 0x0f, 0x0f, 0x1f, 0x03,
                                          0x7b, 0x0f, 0x0f, 0xff};

static uint8_t attribute_bits(unsigned reg)
{
    static const uint8_t bits[] = {0xef, 0xff, 0x3f, 0x0f, 0x0f};

    return reg < AR_MODE ? 0x3f : bits[reg - AR_MODE];
}

/* ---- DAC ---------------------------------------------------------------- */

static uint8_t dac_bits(const struct vga *s)
{
    return s->vbe[VBE_ENABLE] & VBE_DAC_8 ? 0xff : 0x3f;
}

static void dac_advance(struct vga *s)
{
    if (++s->dac_part < 3)
        return;
    s->dac_part = 0;
    s->dac_index++;
}

/* The three parts of a colour enter together, with the last. */
static void dac_write(struct vga *s, uint8_t value)
{
    uint8_t *entry = s->dac + 3 * s->dac_index;

    value &= dac_bits(s);
    if (s->dac_part < 2) {
        s->dac_latch[s->dac_part] = value;
    } else {
        entry[0] = s->dac_latch[0];
        entry[1] = s->dac_latch[1];
        entry[2] = value;
    }
    dac_advance(s);
}

/* The index is of the next colour to be written: while colours are read it is
 * one ahead of the entry that is being read. */
static uint8_t dac_index(const struct vga *s)
{
    return (uint8_t)(s->dac_index + s->dac_reading);
}

static void dac_select(struct vga *s, uint8_t index, bool reading)
{
    s->dac_index = index;
    s->dac_reading = reading;
    s->dac_part = 0;
}

/* ---- CRTC --------------------------------------------------------------- */

/* Protected, registers 0-7 keep their values but for bit 8 of line compare. */
static void crtc_write(struct vga *s, uint8_t value)
{
    unsigned reg = s->cr_index;

    if (reg >= CR_COUNT)
        return;
    if (reg <= CR_OVERFLOW && (s->cr[CR_RETRACE_END] & RETRACE_END_PROTECT)) {
        if (reg == CR_OVERFLOW)
            s->cr[reg] = (uint8_t)((s->cr[reg] & ~0x10) | (value & 0x10));
        return;
    }
    s->cr[reg] = value;
}

static void attribute_write(struct vga *s, uint8_t value)
{
    unsigned reg = s->ar_index & AR_INDEX;

    if (!s->ar_data)
        s->ar_index = value & (AR_INDEX | AR_SCREEN_ON);
    else if (reg < AR_COUNT)
        s->ar[reg] = value & attribute_bits(reg);
    s->ar_data = !s->ar_data;
}

/* ---- ports -------------------------------------------------------------- */

/* CRTC and status answer in one of two places. */
static bool is_absent(const struct vga *s, uint32_t port)
{
    bool mono = port < ATTRIBUTE, colour = port >= GRAPHICS + 2;

    if (!(s->enable & 1) && port != ENABLE)
        return true;
    return s->misc & MISC_COLOUR ? mono : colour;
}

/* MONO_CRTC to COLOUR_CRTC, for what exists twice. */
static uint32_t in_colour(uint32_t port)
{
    return port < ATTRIBUTE ? port + 0x20 : port;
}

static uint8_t indexed(const uint8_t *reg, unsigned index, unsigned count)
{
    return index < count ? reg[index] : 0;
}

static uint8_t port_peek(const struct vga *s, uint32_t port)
{
    if (is_absent(s, port))
        return OPEN_BUS;
    switch (in_colour(port)) {
    case ATTRIBUTE:
        return s->ar_index;
    case ATTRIBUTE_READ:
        return indexed(s->ar, s->ar_index & AR_INDEX, AR_COUNT);
    case MISC_WRITE: /* as read: input status 0 */
        return SENSE;
    case ENABLE:
        return s->enable;
    case SEQUENCER:
        return s->sr_index;
    case SEQUENCER + 1:
        return indexed(s->sr, s->sr_index, SR_COUNT);
    case DAC_MASK:
        return s->dac_mask;
    case DAC_READ: /* as read: what the last index was for */
        return s->dac_reading ? 3 : 0;
    case DAC_WRITE:
        return dac_index(s);
    case DAC_DATA:
        return s->dac[3 * s->dac_index + s->dac_part] & dac_bits(s);
    case FEATURE_READ:
        return s->feature;
    case MISC_READ:
        return s->misc;
    case GRAPHICS:
        return s->gr_index;
    case GRAPHICS + 1:
        return indexed(s->gr, s->gr_index, GR_COUNT);
    case COLOUR_CRTC:
        return s->cr_index;
    case COLOUR_CRTC + 1:
        return indexed(s->cr, s->cr_index, CR_COUNT);
    case COLOUR_STATUS:
        return vga_status(s);
    default:
        return OPEN_BUS;
    }
}

static uint8_t port_read(struct vga *s, uint32_t port)
{
    uint8_t value = port_peek(s, port);

    if (is_absent(s, port))
        return value;
    if (in_colour(port) == COLOUR_STATUS)
        s->ar_data = false;
    else if (port == DAC_DATA)
        dac_advance(s);
    return value;
}

static void port_write(struct vga *s, uint32_t port, uint8_t value)
{
    if (is_absent(s, port))
        return;
    switch (in_colour(port)) {
    case ATTRIBUTE:
        attribute_write(s, value);
        break;
    case MISC_WRITE:
        s->misc = value & 0xef;
        break;
    case ENABLE:
        s->enable = value & 1;
        break;
    case SEQUENCER:
        s->sr_index = value & 7;
        break;
    case SEQUENCER + 1:
        if (s->sr_index < SR_COUNT)
            s->sr[s->sr_index] = value & sr_bits[s->sr_index];
        break;
    case DAC_MASK:
        s->dac_mask = value;
        break;
    case DAC_READ:
        dac_select(s, value, true);
        break;
    case DAC_WRITE:
        dac_select(s, value, false);
        break;
    case DAC_DATA:
        dac_write(s, value);
        break;
    case GRAPHICS:
        s->gr_index = value & 15;
        break;
    case GRAPHICS + 1:
        if (s->gr_index < GR_COUNT)
            s->gr[s->gr_index] = value & gr_bits[s->gr_index];
        break;
    case COLOUR_CRTC:
        s->cr_index = value & 0x3f;
        break;
    case COLOUR_CRTC + 1:
        crtc_write(s, value);
        break;
    case COLOUR_STATUS: /* as written: feature control */
        s->feature = value & 0x0b;
        break;
    }
}

/* ---- the card's window of registers ------------------------------------- */

static uint32_t bar_read(struct vga *s, uint32_t offset, unsigned bytes,
                         bool peek)
{
    uint32_t port = offset - BAR_PORTS + ATTRIBUTE, vbe = offset - BAR_VBE;
    uint32_t value = 0;

    if (offset >= BAR_VBE && vbe < 2 * VBE_COUNT) {
        value = vbe_read(s, vbe / 2);
        return offset & 1 ? value >> 8 : value;
    }
    if (offset < BAR_PORTS || offset >= BAR_PORTS + BAR_PORT_BYTES)
        return 0;
    for (unsigned i = 0; i < bytes; i++)
        value |=
            (uint32_t)(peek ? port_peek(s, port + i) : port_read(s, port + i))
            << 8 * i;
    return value;
}

static void bar_write(struct vga *s, uint32_t offset, unsigned bytes,
                      uint32_t value)
{
    uint32_t port = offset - BAR_PORTS + ATTRIBUTE, vbe = offset - BAR_VBE;

    if (offset >= BAR_VBE && vbe < 2 * VBE_COUNT) {
        if (bytes == 2)
            vbe_write(s, vbe / 2, (uint16_t)value);
        return;
    }
    if (offset < BAR_PORTS || offset >= BAR_PORTS + BAR_PORT_BYTES)
        return;
    for (unsigned i = 0; i < bytes; i++)
        port_write(s, port + i, (uint8_t)(value >> 8 * i));
}

/* ---- windows ------------------------------------------------------------ */

static uint32_t vga_read(struct device *dev, unsigned window, uint32_t offset,
                         unsigned bytes)
{
    struct vga *s = (struct vga *)dev;

    switch (window) {
    case VGA_PORTS:
        return port_read(s, offset);
    case VGA_MEMORY:
        return vga_memory_read(s, offset);
    case VGA_VBE_PORTS:
        return vbe_port_read(s, offset, bytes);
    default:
        return bar_read(s, offset, bytes, false);
    }
}

static uint32_t vga_peek(const struct device *dev, unsigned window,
                         uint32_t offset, unsigned bytes)
{
    const struct vga *s = (const struct vga *)dev;

    switch (window) {
    case VGA_PORTS:
        return port_peek(s, offset);
    case VGA_MEMORY:
        return vga_memory_peek(s, offset);
    case VGA_VBE_PORTS:
        return vbe_port_read(s, offset, bytes);
    default:
        return bar_read((struct vga *)(uintptr_t)s, offset, bytes, true);
    }
}

static void vga_write(struct device *dev, unsigned window, uint32_t offset,
                      unsigned bytes, uint32_t value)
{
    struct vga *s = (struct vga *)dev;

    switch (window) {
    case VGA_PORTS:
        port_write(s, offset, (uint8_t)value);
        break;
    case VGA_MEMORY:
        vga_memory_write(s, offset, (uint8_t)value);
        break;
    case VGA_VBE_PORTS:
        vbe_port_write(s, offset, bytes, value);
        break;
    default:
        bar_write(s, offset, bytes, value);
    }
}

/* ---- model -------------------------------------------------------------- */

static void vga_reset(struct device *dev)
{
    struct vga *s = (struct vga *)dev;
    uint64_t bytes = s->bytes;

    *s = (struct vga){.dev = *dev,
                      .bytes = bytes,
                      .enable = 1,
                      .dac_mask = 0xff,
                      .vbe = {[VBE_ID] = 0xb0c5, [VBE_BPP] = 8}};
}

static bool vga_check(const struct device *dev)
{
    const struct vga *s = (const struct vga *)dev;

    /* as much memory as the registers speak of */
    return s->dac_part < 3 && vbe_good(s) &&
           device_ram_view(dev, VGA_FRAME_BUFFER, (uint32_t)s->bytes - 1, 1);
}

static const struct state_row vga_rows[] = {
    STATE_INT(struct vga, misc),        STATE_INT(struct vga, feature),
    STATE_INT(struct vga, enable),      STATE_INT(struct vga, sr_index),
    STATE_BYTES(struct vga, sr),        STATE_INT(struct vga, gr_index),
    STATE_BYTES(struct vga, gr),        STATE_INT(struct vga, cr_index),
    STATE_BYTES(struct vga, cr),        STATE_INT(struct vga, ar_index),
    STATE_BYTES(struct vga, ar),        STATE_INT(struct vga, ar_data),
    STATE_INT(struct vga, dac_mask),    STATE_INT(struct vga, dac_index),
    STATE_INT(struct vga, dac_part),    STATE_INT(struct vga, dac_reading),
    STATE_BYTES(struct vga, dac_latch), STATE_BYTES(struct vga, dac),
    STATE_BYTES(struct vga, latch),     STATE_INT(struct vga, vbe_index),
    STATE_INTS(struct vga, vbe),        STATE_INT(struct vga, vbe_low),
    STATE_INT(struct vga, bytes),       STATE_END,
};

static const struct device_setting vga_settings[] = {
    {"bytes", "video memory, a power of two", 16 << 20, 1 << 20, 1 << 28,
     offsetof(struct vga, bytes)},
    {NULL, NULL, 0, 0, 0, 0},
};

const struct device_model vga_model = {
    .name = "vga",
    .title = "PCI VGA with a linear frame buffer",
    .version = 1,
    .state_size = sizeof(struct vga),
    .rows = vga_rows,
    .settings = vga_settings,
    .pci = {.vendor = 0x1234,
            .device = 0x1111,
            .subsystem_vendor = 0x1af4,
            .subsystem = 0x1100,
            .base_class = 3},
    .windows =
        {
            [VGA_FRAME_BUFFER] = {.kind = WINDOW_MEMORY,
                                  .access = ACCESS_ANY | ACCESS_PREFETCH,
                                  .ram = true},
            [VGA_VBE_PORTS] = {.kind = WINDOW_PORT,
                               .bytes = 3,
                               .access = ACCESS_8 | ACCESS_16 | ACCESS_SPLIT |
                                         ACCESS_FIXED,
                               .base = 0x1ce},
            [VGA_REGISTERS] = {.kind = WINDOW_MEMORY,
                               .bytes = BAR_BYTES,
                               .access = ACCESS_8 | ACCESS_16 | ACCESS_SPLIT},
            [VGA_PORTS] = {.kind = WINDOW_PORT,
                           .bytes = PORTS,
                           .access = ACCESS_8 | ACCESS_SPLIT,
                           .base = FIRST_PORT},
            [VGA_MEMORY] = {.kind = WINDOW_MEMORY,
                            .bytes = MEMORY_BYTES,
                            .access = ACCESS_8 | ACCESS_SPLIT,
                            .base = MEMORY_BASE},
            [PCI_ROM] = {.kind = WINDOW_MEMORY, .ram = true, .rom = true},
        },
    .reset = vga_reset,
    .check = vga_check,
    .read = vga_read,
    .write = vga_write,
    .peek = vga_peek,
    .screen = vga_screen,
    .screen_draw = vga_screen_draw,
    .screen_text = vga_screen_text,
};
