/* devices/vga_draw.c -- the picture as the monitor gets it: every dot of every
 * scan line, so that 320 x 200 comes as 640 x 400. A function of the registers,
 * the video memory and the time (blinking). Sources: IBM PS/2 Hardware
 * Interface Technical Reference, CRT and attribute controller; FreeVGA. */
#include "vga.h"

enum { CHARS_MOST = 256, DOTS_MOST = (CHARS_MOST + 1) * 9 };
enum { DOUBLE_SCAN = 0x80 };
enum { BLACK = 0 };

/* ---- colours ------------------------------------------------------------ */

uint8_t vga_palette(const struct vga *s, unsigned pixel)
{
    unsigned index = s->ar[pixel & s->ar[AR_PLANES] & 15];
    unsigned select = s->ar[AR_COLOUR_SELECT];

    if (s->ar[AR_MODE] & AR_MODE_SELECT_54)
        index = (index & 0x0f) | (select & 3) << 4;
    return (uint8_t)((index & 0x3f) | (select & 0x0c) << 4);
}

/* Six bits a part become eight so that 63 is 255. */
static uint32_t dac_part(const struct vga *s, unsigned v)
{
    return s->vbe[VBE_ENABLE] & VBE_DAC_8 ? v : (v & 63) << 2 | (v & 63) >> 4;
}

uint32_t vga_colour(const struct vga *s, uint8_t index)
{
    const uint8_t *e = s->dac + 3 * (index & s->dac_mask);

    return dac_part(s, e[0]) << 16 | dac_part(s, e[1]) << 8 | dac_part(s, e[2]);
}

/* ---- from the line on the monitor to video memory ----------------------- */

const uint8_t *vga_planes(const struct vga *s, uint32_t address)
{
    return device_ram_view(&s->dev, VGA_FRAME_BUFFER,
                           (address & (VGA_PLANE_BYTES - 1)) * VGA_PLANES,
                           VGA_PLANES);
}

/* Word and doubleword mode shift the counter and put high bits of it below;
 * CGA and Hercules have rows of a character 8 and 16 KiB apart. */
uint16_t vga_address(const struct vga *s, uint16_t counter, unsigned row)
{
    unsigned mode = s->cr[CR_MODE], at = counter;

    if (s->cr[CR_UNDERLINE] & UNDERLINE_DWORD)
        at = at << 2 | (at >> 12 & 3);
    else if (!(mode & CRTC_BYTE))
        at = at << 1 | (at >> (mode & CRTC_WRAP_64K ? 15 : 13) & 1);
    if (!(mode & CRTC_NO_CGA))
        at = (at & ~0x2000u) | (row & 1) << 13;
    if (!(mode & CRTC_NO_HERCULES))
        at = (at & ~0x4000u) | (row >> 1 & 1) << 14;
    return (uint16_t)at;
}

/* Below the line compare the picture begins at address 0; so the status line
 * of a split screen stays while the rest scrolls. */
void vga_line(const struct vga *s, unsigned y, struct vga_line *line)
{
    unsigned compare = crtc_line_compare(s), first = 0;
    unsigned high = (s->cr[CR_MAX_SCAN] & 31u) + 1, scan;
    bool split = y > compare;

    line->pan = s->ar[AR_PANNING] & 15;
    if (split) {
        scan = y - compare - 1;
        if (s->ar[AR_MODE] & AR_MODE_PAN_SPLIT)
            line->pan = vga_char_dots(s) == 9 ? 8 : 0;
    } else {
        scan = y;
        first = (unsigned)(s->cr[CR_START_HIGH] << 8 | s->cr[CR_START_LOW]) +
                (s->cr[CR_PRESET_ROW] >> 5 & 3u);
    }
    if (s->cr[CR_MAX_SCAN] & DOUBLE_SCAN)
        scan /= 2;
    if (!split)
        scan += s->cr[CR_PRESET_ROW] & 31u;
    line->row = scan % high;
    line->address = (uint16_t)(first + scan / high * s->cr[CR_OFFSET] * 2u);
}

/* ---- graphics: a character clock's four bytes to dots ------------------- */

/* 256 colours: a pixel of each plane, two dots wide. */
static void dots_256(const uint8_t *planes, uint8_t *to)
{
    for (unsigned p = 0; p < VGA_PLANES; p++)
        to[2 * p] = to[2 * p + 1] = planes[p];
}

/* CGA: two bits of a byte are a pixel, even bytes first. */
static void dots_cga(const struct vga *s, const uint8_t *planes, uint8_t *to)
{
    for (unsigned i = 0; i < 8; i++) {
        unsigned p = i / 4, shift = 6 - 2 * (i % 4);
        unsigned pixel =
            (planes[p] >> shift & 3u) | (planes[p + 2] >> shift & 3u) << 2;

        to[i] = vga_palette(s, pixel);
    }
}

static void dots_planar(const struct vga *s, const uint8_t *planes, uint8_t *to)
{
    for (unsigned i = 0; i < 8; i++) {
        unsigned pixel = 0;

        for (unsigned p = 0; p < VGA_PLANES; p++)
            pixel |= (planes[p] >> (7 - i) & 1u) << p;
        to[i] = vga_palette(s, pixel);
    }
}

static void graphics_dots(const struct vga *s, const uint8_t *planes,
                          uint8_t *to)
{
    if (s->gr[GR_MODE] & MODE_256)
        dots_256(planes, to);
    else if (s->gr[GR_MODE] & MODE_CGA)
        dots_cga(s, planes, to);
    else
        dots_planar(s, planes, to);
}

static void graphics_line(const struct vga *s, const struct vga_line *line,
                          unsigned chars, uint8_t *dots)
{
    for (unsigned i = 0; i < chars; i++)
        graphics_dots(
            s,
            vga_planes(
                s, vga_address(s, (uint16_t)(line->address + i), line->row)),
            dots + 8 * i);
}

/* ---- the VGA's picture -------------------------------------------------- */

static bool is_graphics(const struct vga *s)
{
    return s->gr[GR_MISC] & MISC_GRAPHICS;
}

static unsigned dots_per_char(const struct vga *s)
{
    return is_graphics(s) ? 8 : vga_char_dots(s);
}

static unsigned dot_width(const struct vga *s)
{
    return s->sr[SR_CLOCKING] & CLOCKING_HALF ? 2 : 1;
}

static bool is_blank(const struct vga *s)
{
    return !(s->ar_index & AR_SCREEN_ON) ||
           (s->sr[SR_CLOCKING] & CLOCKING_OFF) || !(s->enable & 1);
}

/* Dots to drop on the left: with 9 dots 8 is none and 0 is one (FreeVGA, pixel
 * panning); in 256 colours a pixel has two. */
static unsigned pan_dots(const struct vga *s, unsigned pan)
{
    if (dots_per_char(s) == 9)
        return pan >= 8 ? 0 : pan + 1;
    return pan & 7;
}

static void vga_draw_line(const struct vga *s, unsigned y, uint32_t *to)
{
    uint8_t dots[DOTS_MOST];
    struct vga_line line;
    unsigned chars = s->cr[CR_DISPLAY_END] + 1u, pan;
    unsigned width = chars * dots_per_char(s);

    vga_line(s, y, &line);
    if (is_graphics(s))
        graphics_line(s, &line, chars + 1, dots);
    else
        vga_text_line(s, &line, chars + 1, dots);
    pan = pan_dots(s, line.pan);
    for (unsigned x = 0; x < width; x++) {
        uint32_t colour = vga_colour(s, dots[x + pan]);

        for (unsigned n = 0; n < dot_width(s); n++)
            *to++ = colour;
    }
}

/* ---- the display interface's -------------------------------------------- */

static uint32_t five(unsigned v)
{
    return (v & 31) << 3 | (v & 31) >> 2;
}

static uint32_t six(unsigned v)
{
    return (v & 63) << 2 | (v & 63) >> 4;
}

static uint32_t pixel_16(unsigned bpp, unsigned v)
{
    if (bpp == 15)
        return five(v >> 10) << 16 | five(v >> 5) << 8 | five(v);
    return five(v >> 11) << 16 | six(v >> 5) << 8 | five(v);
}

static uint32_t vbe_pixel(const struct vga *s, const uint8_t *line, unsigned x)
{
    unsigned bpp = s->vbe[VBE_BPP];

    switch (bpp) {
    case 8:
        return vga_colour(s, line[x]);
    case 15:
    case 16:
        return pixel_16(bpp, line[2 * x] | (unsigned)line[2 * x + 1] << 8);
    default:
        line += x * (bpp / 8);
        return line[0] | (uint32_t)line[1] << 8 | (uint32_t)line[2] << 16;
    }
}

static void vbe_planar_line(const struct vga *s, const uint8_t *line,
                            uint32_t *to)
{
    for (unsigned x = 0; x < s->vbe[VBE_XRES]; x++) {
        unsigned at = x + s->vbe[VBE_X_OFFSET], pixel = 0;

        for (unsigned p = 0; p < VGA_PLANES; p++)
            pixel |= (line[at / 8 * VGA_PLANES + p] >> (7 - at % 8) & 1u) << p;
        *to++ = vga_colour(s, vga_palette(s, pixel));
    }
}

static void vbe_draw_line(const struct vga *s, unsigned y, uint32_t *to)
{
    uint32_t pitch = vbe_pitch(s);
    const uint8_t *line;

    if (s->vbe[VBE_BPP] == 4)
        pitch *= VGA_PLANES;
    line = device_ram_view(&s->dev, VGA_FRAME_BUFFER,
                           pitch * (y + s->vbe[VBE_Y_OFFSET]), pitch);
    if (s->vbe[VBE_BPP] == 4) {
        vbe_planar_line(s, line, to);
        return;
    }
    for (unsigned x = 0; x < s->vbe[VBE_XRES]; x++)
        *to++ = vbe_pixel(s, line, x + s->vbe[VBE_X_OFFSET]);
}

/* ---- the screen --------------------------------------------------------- */

void vga_screen(const struct device *dev, struct device_screen *screen)
{
    const struct vga *s = (const struct vga *)dev;
    unsigned high = (s->cr[CR_MAX_SCAN] & 31u) + 1;

    *screen = (struct device_screen){.width = s->vbe[VBE_XRES],
                                     .height = s->vbe[VBE_YRES]};
    if (vbe_on(s))
        return;
    screen->width =
        (s->cr[CR_DISPLAY_END] + 1u) * dots_per_char(s) * dot_width(s);
    screen->height = crtc_vdisplay_end(s) + 1;
    if (is_graphics(s))
        return;
    if (s->cr[CR_MAX_SCAN] & DOUBLE_SCAN)
        high *= 2;
    screen->columns = s->cr[CR_DISPLAY_END] + 1u;
    screen->rows = screen->height / high;
}

void vga_screen_draw(const struct device *dev, uint32_t *pixels)
{
    const struct vga *s = (const struct vga *)dev;
    struct device_screen screen;

    vga_screen(dev, &screen);
    for (unsigned y = 0; y < screen.height; y++, pixels += screen.width) {
        if (is_blank(s))
            for (unsigned x = 0; x < screen.width; x++)
                pixels[x] = BLACK;
        else if (vbe_on(s))
            vbe_draw_line(s, y, pixels);
        else
            vga_draw_line(s, y, pixels);
    }
}
