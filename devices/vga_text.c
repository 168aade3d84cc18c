/* devices/vga_text.c -- a line of text: plane 0 has the characters, plane 1
 * their attributes, plane 2 the fonts. Source: IBM PS/2 Hardware Interface
 * Technical Reference, "Alphanumeric modes"; FreeVGA, "VGA text mode". */
#include "vga.h"

enum { FONT_PLANE = 2, FONT_LINES = 32 };
enum { ATTRIBUTE_FONT = 8, ATTRIBUTE_BLINK = 0x80 };
enum { CURSOR_OFF = 0x20 };

/* Where font 0-7 begins in plane 2: 16 KiB apart, the odd ones between. */
static uint32_t font_base(unsigned font)
{
    return (font & 3) * 0x4000u + (font >> 2) * 0x2000u;
}

/* Two fonts, chosen by bit 3 of the attribute; each number has three bits. */
static unsigned font_of(const struct vga *s, uint8_t attribute)
{
    unsigned v = s->sr[SR_FONTS];

    if (attribute & ATTRIBUTE_FONT)
        return (v >> 2 & 3) | (v >> 5 & 1) << 2;
    return (v & 3) | (v >> 4 & 1) << 2;
}

static uint8_t plane_byte(const struct vga *s, uint32_t address, unsigned plane)
{
    return vga_planes(s, address)[plane];
}

/* Dots of the character, the first in the highest of `dots` bits. */
static unsigned glyph(const struct vga *s, uint8_t character, uint8_t attribute,
                      unsigned row, unsigned dots)
{
    uint32_t at = font_base(font_of(s, attribute)) +
                  character * (uint32_t)FONT_LINES + row;
    unsigned bits = plane_byte(s, at, FONT_PLANE);

    if (dots == 8)
        return bits;
    bits <<= 1; /* the ninth dot is empty, but for line graphics */
    if ((s->ar[AR_MODE] & AR_MODE_LINE_GRAPHICS) && character >= 0xc0 &&
        character <= 0xdf)
        bits |= bits >> 1 & 1;
    return bits;
}

static bool is_cursor(const struct vga *s, uint16_t counter, unsigned row,
                      uint64_t frame)
{
    unsigned first = s->cr[CR_CURSOR_START], last = s->cr[CR_CURSOR_END] & 31;
    uint16_t at = (uint16_t)(s->cr[CR_CURSOR_HIGH] << 8 | s->cr[CR_CURSOR_LOW]);

    counter = (uint16_t)(counter - (s->cr[CR_CURSOR_END] >> 5 & 3)); /* skew */
    return at == counter && !(first & CURSOR_OFF) && row >= (first & 31) &&
           row <= last && !(frame & 8); /* it blinks each 8 pictures */
}

static bool is_underlined(const struct vga *s, uint8_t attribute, unsigned row)
{
    return (s->ar[AR_MODE] & AR_MODE_MONO) && (attribute & 0x77) == 1 &&
           row == (s->cr[CR_UNDERLINE] & 31u);
}

static void character_line(const struct vga *s, uint16_t counter, unsigned row,
                           uint64_t frame, uint8_t *to)
{
    const uint8_t *cell = vga_planes(s, vga_address(s, counter, row));
    uint8_t attribute = cell[1], ink = attribute & 15, paper = attribute >> 4;
    unsigned dots = vga_char_dots(s);
    unsigned bits = glyph(s, cell[0], attribute, row, dots);

    if (is_underlined(s, attribute, row))
        bits = ~0u;
    if (s->ar[AR_MODE] & AR_MODE_BLINK) {
        paper &= 7;
        if ((attribute & ATTRIBUTE_BLINK) && (frame & 16))
            bits = 0;
    }
    if (is_cursor(s, counter, row, frame))
        bits = ~0u;
    ink = vga_palette(s, ink);
    paper = vga_palette(s, paper);
    for (unsigned i = 0; i < dots; i++)
        to[i] = bits >> (dots - 1 - i) & 1 ? ink : paper;
}

void vga_text_line(const struct vga *s, const struct vga_line *line,
                   unsigned chars, uint8_t *dots)
{
    struct vga_beam beam;

    vga_beam(s, &beam);
    for (unsigned i = 0; i < chars; i++)
        character_line(s, (uint16_t)(line->address + i), line->row, beam.frame,
                       dots + i * vga_char_dots(s));
}

/* ---- the text itself ---------------------------------------------------- */

void vga_screen_text(const struct device *dev, uint16_t *cells)
{
    const struct vga *s = (const struct vga *)dev;
    struct device_screen screen;
    unsigned high = (s->cr[CR_MAX_SCAN] & 31u) + 1;

    vga_screen(dev, &screen);
    if (s->cr[CR_MAX_SCAN] & 0x80)
        high *= 2;
    for (unsigned y = 0; y < screen.rows; y++) {
        struct vga_line line;

        vga_line(s, y * high, &line);
        for (unsigned x = 0; x < screen.columns; x++) {
            const uint8_t *cell = vga_planes(
                s, vga_address(s, (uint16_t)(line.address + x), line.row));

            *cells++ = (uint16_t)(cell[0] | cell[1] << 8);
        }
    }
}
