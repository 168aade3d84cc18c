/* devices/vga.h -- what the files of the VGA share: its registers, and how the
 * video memory lies. Sources: IBM PS/2 Hardware Interface Technical Reference,
 * "Video Subsystem"; FreeVGA; Bochs, "VBE display interface". Docs:
 * docs/devices/vga.md. */
#ifndef DEVICES_VGA_H
#define DEVICES_VGA_H

#include "halbox/device.h"

/** Windows: BAR 0 the frame buffer, BAR 2 registers, the rest where every VGA
 *  has them. */
enum {
    VGA_FRAME_BUFFER = 0,
    VGA_VBE_PORTS = 1,
    VGA_REGISTERS = 2,
    VGA_PORTS = 6,
    VGA_MEMORY = 7,
};

/** Video memory: one 32-bit word per address of the four planes, plane n in
 *  byte n. Addresses of a plane have 16 bits. */
enum { VGA_PLANES = 4, VGA_PLANE_BYTES = 0x10000 };

/** Miscellaneous output, 3C2h/3CCh. */
enum {
    MISC_COLOUR = 0x01, /* CRTC at 3D4h, not 3B4h */
    MISC_RAM = 0x02,
    MISC_CLOCK = 0x0c,
};

/** Sequencer, 3C4h/3C5h. */
enum { SR_RESET, SR_CLOCKING, SR_MAP_MASK, SR_FONTS, SR_MEMORY, SR_COUNT };
enum { CLOCKING_8_DOTS = 1, CLOCKING_HALF = 8, CLOCKING_OFF = 0x20 };
enum { MEMORY_SEQUENTIAL = 4, MEMORY_CHAIN_4 = 8 };

/** Graphics controller, 3CEh/3CFh. */
enum {
    GR_SET_RESET,
    GR_ENABLE_SET_RESET,
    GR_COMPARE,
    GR_ROTATE,
    GR_READ_PLANE,
    GR_MODE,
    GR_MISC,
    GR_DONT_CARE,
    GR_BIT_MASK,
    GR_COUNT
};
enum {
    MODE_READ_1 = 8,
    MODE_ODD_EVEN = 0x10,
    MODE_CGA = 0x20,
    MODE_256 = 0x40
};
enum { MISC_GRAPHICS = 1, MISC_ODD_EVEN = 2 };

/** CRT controller, 3D4h/3D5h. */
enum {
    CR_TOTAL = 0x00,
    CR_DISPLAY_END = 0x01,
    CR_BLANK_END = 0x03,
    CR_VTOTAL = 0x06,
    CR_OVERFLOW = 0x07,
    CR_PRESET_ROW = 0x08,
    CR_MAX_SCAN = 0x09,
    CR_CURSOR_START = 0x0a,
    CR_CURSOR_END = 0x0b,
    CR_START_HIGH = 0x0c,
    CR_START_LOW = 0x0d,
    CR_CURSOR_HIGH = 0x0e,
    CR_CURSOR_LOW = 0x0f,
    CR_RETRACE_START = 0x10,
    CR_RETRACE_END = 0x11,
    CR_VDISPLAY_END = 0x12,
    CR_OFFSET = 0x13,
    CR_UNDERLINE = 0x14,
    CR_MODE = 0x17,
    CR_LINE_COMPARE = 0x18,
    CR_COUNT = 0x19
};
enum { RETRACE_END_PROTECT = 0x80 };
enum { UNDERLINE_DWORD = 0x40 };
enum {
    CRTC_NO_CGA = 1,      /* MA13 is address bit 13, not row scan bit 0 */
    CRTC_NO_HERCULES = 2, /* likewise MA14 and row scan bit 1           */
    CRTC_WRAP_64K = 0x20,
    CRTC_BYTE = 0x40
};

/** Attribute controller, 3C0h/3C1h. */
enum {
    AR_MODE = 0x10,
    AR_OVERSCAN = 0x11,
    AR_PLANES = 0x12,
    AR_PANNING = 0x13,
    AR_COLOUR_SELECT = 0x14,
    AR_COUNT = 0x15
};
enum { AR_INDEX = 0x1f, AR_SCREEN_ON = 0x20 }; /* of 3C0h as index */
enum {
    AR_MODE_GRAPHICS = 0x01,
    AR_MODE_MONO = 0x02,
    AR_MODE_LINE_GRAPHICS = 0x04,
    AR_MODE_BLINK = 0x08,
    AR_MODE_PAN_SPLIT = 0x20,
    AR_MODE_SELECT_54 = 0x80
};

/** Bochs display interface, index 1CEh, data 1CFh. */
enum {
    VBE_ID,
    VBE_XRES,
    VBE_YRES,
    VBE_BPP,
    VBE_ENABLE,
    VBE_BANK,
    VBE_VIRTUAL_WIDTH,
    VBE_VIRTUAL_HEIGHT,
    VBE_X_OFFSET,
    VBE_Y_OFFSET,
    VBE_MEMORY, /* in 64 KiB, read only */
    VBE_COUNT
};
enum {
    VBE_ENABLED = 0x01,
    VBE_GETCAPS = 0x02,
    VBE_DAC_8 = 0x20,
    VBE_LFB = 0x40,
    VBE_NO_CLEAR = 0x80,
    VBE_ENABLE_BITS = 0xe3
};
enum { VBE_MOST_X = 2560, VBE_MOST_Y = 1600, VBE_BANK_BYTES = 0x10000 };

struct vga {
    struct device dev;
    uint8_t misc, feature, enable;
    uint8_t sr_index, sr[SR_COUNT];
    uint8_t gr_index, gr[GR_COUNT];
    uint8_t cr_index, cr[CR_COUNT];
    uint8_t ar_index, ar[AR_COUNT];
    bool ar_data; /* flip-flop: the next write to 3C0h is data */
    uint8_t dac_mask, dac_index, dac_part;
    bool dac_reading;
    uint8_t dac_latch[2]; /* red and green, until blue is written */
    uint8_t dac[256 * 3];
    uint8_t latch[VGA_PLANES];
    uint16_t vbe_index, vbe[VBE_COUNT];
    uint8_t vbe_low; /* low byte that came to 1CFh alone */
    uint64_t bytes;  /* setting: video memory */
};

static inline bool vbe_on(const struct vga *s)
{
    return s->vbe[VBE_ENABLE] & VBE_ENABLED;
}

/* vga_memory.c: the window at A0000h, @at from there. */
uint8_t vga_memory_read(struct vga *s, uint32_t at);
uint8_t vga_memory_peek(const struct vga *s, uint32_t at);
void vga_memory_write(struct vga *s, uint32_t at, uint8_t value);

/* vga_vbe.c */
uint16_t vbe_read(const struct vga *s, unsigned reg);
void vbe_write(struct vga *s, unsigned reg, uint16_t value);
/** Bytes from one line to the next, of one plane when there are four. */
uint32_t vbe_pitch(const struct vga *s);
/** @low, then @high: 16 bits in two bytes, as the bus splits them. */
uint32_t vbe_port_read(const struct vga *s, uint32_t offset, unsigned bytes);
void vbe_port_write(struct vga *s, uint32_t offset, unsigned bytes,
                    uint32_t value);
bool vbe_good(const struct vga *s);

/* vga_timing.c: where the beam is, by the virtual clock. */
struct vga_beam {
    uint32_t dot, line; /* from the first dot of the picture on */
    uint64_t frame;     /* pictures since power-on              */
};
void vga_beam(const struct vga *s, struct vga_beam *beam);
/** CRTC values of ten bits, their high bits from other registers. */
unsigned crtc_vdisplay_end(const struct vga *s);
unsigned crtc_retrace_start(const struct vga *s);
unsigned crtc_line_compare(const struct vga *s);
/** Dots of a character clock: 8 or 9. */
unsigned vga_char_dots(const struct vga *s);
/** Input status 1. */
uint8_t vga_status(const struct vga *s);

/* vga_draw.c, vga_text.c: the picture on the monitor. */
void vga_screen(const struct device *dev, struct device_screen *screen);
void vga_screen_draw(const struct device *dev, uint32_t *pixels);
void vga_screen_text(const struct device *dev, uint16_t *cells);

/** Where a line of the monitor comes from. */
struct vga_line {
    uint16_t address; /* memory address counter at its first character */
    unsigned row;     /* scan row of the character                     */
    unsigned pan;     /* dots to the left                              */
};
void vga_line(const struct vga *s, unsigned y, struct vga_line *line);
/** The CRTC's counter to an address of the planes. */
uint16_t vga_address(const struct vga *s, uint16_t counter, unsigned row);
/** 00RRGGBB of palette entry / of attribute @pixel (4 bits). */
uint32_t vga_colour(const struct vga *s, uint8_t index);
uint8_t vga_palette(const struct vga *s, unsigned pixel);
/** Video memory to look at; never NULL for planes. */
const uint8_t *vga_planes(const struct vga *s, uint32_t address);
/** A line of text: character clocks times dots of palette indices. */
void vga_text_line(const struct vga *s, const struct vga_line *line,
                   unsigned chars, uint8_t *dots);

#endif
