/* devices/vga_timing.c -- where the beam is: counted from the virtual clock by
 * the dot clock and the CRTC's totals, so that nothing ticks while nobody
 * looks. Source: IBM PS/2 Hardware Interface Technical Reference, CRT
 * controller registers 0-7 and 10h-18h. */
#include "vga.h"

enum { STATUS_BLANK = 1, STATUS_RETRACE = 8 };

/* kHz; the two external clocks are not connected on this card. */
static const uint32_t dot_clock[4] = {25175, 28322, 25175, 28322};

unsigned vga_char_dots(const struct vga *s)
{
    return s->sr[SR_CLOCKING] & CLOCKING_8_DOTS ? 8 : 9;
}

static unsigned ten_bits(const struct vga *s, unsigned reg, unsigned bit_8,
                         unsigned bit_9)
{
    unsigned high = s->cr[CR_OVERFLOW];

    return s->cr[reg] | (high >> bit_8 & 1) << 8 | (high >> bit_9 & 1) << 9;
}

unsigned crtc_vdisplay_end(const struct vga *s)
{
    return ten_bits(s, CR_VDISPLAY_END, 1, 6);
}

unsigned crtc_retrace_start(const struct vga *s)
{
    return ten_bits(s, CR_RETRACE_START, 2, 7);
}

unsigned crtc_line_compare(const struct vga *s)
{
    return s->cr[CR_LINE_COMPARE] |
           (unsigned)(s->cr[CR_OVERFLOW] >> 4 & 1) << 8 |
           (unsigned)(s->cr[CR_MAX_SCAN] >> 6 & 1) << 9;
}

/* The registers hold totals less 5 characters and less 2 lines. */
static uint32_t line_dots(const struct vga *s)
{
    return (s->cr[CR_TOTAL] + 5u) * vga_char_dots(s);
}

static uint32_t frame_lines(const struct vga *s)
{
    return ten_bits(s, CR_VTOTAL, 0, 5) + 2;
}

void vga_beam(const struct vga *s, struct vga_beam *beam)
{
    uint32_t khz = dot_clock[(s->misc & MISC_CLOCK) >> 2];
    unsigned __int128 dots = (unsigned __int128)clock_ns(&s->dev) * khz;
    uint32_t frame = line_dots(s) * frame_lines(s), at;

    if (s->sr[SR_CLOCKING] & CLOCKING_HALF)
        dots /= 2;
    dots /= 1000000;
    at = (uint32_t)(dots % frame);
    beam->frame = (uint64_t)(dots / frame);
    beam->line = at / line_dots(s);
    beam->dot = at % line_dots(s);
}

/* Retrace ends at the line whose low four bits are those of the register. */
static bool in_retrace(const struct vga *s, uint32_t line)
{
    unsigned start = crtc_retrace_start(s);
    unsigned lines = (s->cr[CR_RETRACE_END] - start) & 15;

    return line >= start && line - start < (lines ? lines : 16);
}

uint8_t vga_status(const struct vga *s)
{
    struct vga_beam beam;
    uint32_t shown = (s->cr[CR_DISPLAY_END] + 1u) * vga_char_dots(s);
    uint8_t status = 0;

    vga_beam(s, &beam);
    if (beam.dot >= shown || beam.line > crtc_vdisplay_end(s))
        status |= STATUS_BLANK;
    if (in_retrace(s, beam.line))
        status |= STATUS_BLANK | STATUS_RETRACE;
    return status;
}
