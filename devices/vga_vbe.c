/* devices/vga_vbe.c -- the Bochs display interface: modes beyond the VGA's by a
 * handful of 16-bit registers. Source: Bochs, vbe_display interface (ids B0C0h
 * to B0C5h), as Linux' bochs-drm and SeaBIOS' vgabios use it. While it is
 * enabled with more than 4 bits per pixel, neither CRTC nor planes matter. */
#include "vga.h"

enum { ID_FIRST = 0xb0c0, ID_LAST = 0xb0c5 };

static unsigned pixel_bits(const struct vga *s)
{
    return s->vbe[VBE_BPP] == 15 ? 16 : s->vbe[VBE_BPP];
}

uint32_t vbe_pitch(const struct vga *s)
{
    uint32_t width = s->vbe[VBE_VIRTUAL_WIDTH];

    return s->vbe[VBE_BPP] == 4 ? width / 8 : width * pixel_bits(s) / 8;
}

/* Memory of which a line takes vbe_pitch() bytes. */
static uint32_t room(const struct vga *s)
{
    return (uint32_t)(s->vbe[VBE_BPP] == 4 ? s->bytes / VGA_PLANES : s->bytes);
}

static uint16_t at_most(uint32_t value, uint32_t most)
{
    return (uint16_t)(value < most ? value : most);
}

/* The line is as long as asked for, but no shorter than the picture; as many
 * lines as memory has room for; the picture lies inside. */
static void fit(struct vga *s)
{
    uint32_t lines;

    if (s->vbe[VBE_VIRTUAL_WIDTH] < s->vbe[VBE_XRES])
        s->vbe[VBE_VIRTUAL_WIDTH] = s->vbe[VBE_XRES];
    s->vbe[VBE_VIRTUAL_WIDTH] &= (uint16_t)~7u;
    lines = vbe_pitch(s) ? room(s) / vbe_pitch(s) : 0;
    if (lines < s->vbe[VBE_YRES]) { /* too long a line, or no memory at all */
        s->vbe[VBE_VIRTUAL_WIDTH] = s->vbe[VBE_XRES];
        lines = vbe_pitch(s) ? room(s) / vbe_pitch(s) : 0;
    }
    s->vbe[VBE_YRES] = at_most(s->vbe[VBE_YRES], lines);
    s->vbe[VBE_VIRTUAL_HEIGHT] = at_most(lines, UINT16_MAX);
    s->vbe[VBE_X_OFFSET] =
        at_most(s->vbe[VBE_X_OFFSET],
                (uint32_t)s->vbe[VBE_VIRTUAL_WIDTH] - s->vbe[VBE_XRES]);
    s->vbe[VBE_Y_OFFSET] =
        at_most(s->vbe[VBE_Y_OFFSET],
                (uint32_t)s->vbe[VBE_VIRTUAL_HEIGHT] - s->vbe[VBE_YRES]);
}

static void clear(struct vga *s)
{
    uint32_t bytes = vbe_pitch(s) * s->vbe[VBE_YRES];
    uint8_t *to;

    if (s->vbe[VBE_BPP] == 4)
        bytes *= VGA_PLANES;
    to = bytes ? device_ram(&s->dev, VGA_FRAME_BUFFER, 0, bytes) : NULL;
    for (uint32_t i = 0; to && i < bytes; i++)
        to[i] = 0;
}

static bool bpp_known(uint16_t bpp)
{
    return bpp == 4 || bpp == 8 || bpp == 15 || bpp == 16 || bpp == 24 ||
           bpp == 32;
}

static void enable(struct vga *s, uint16_t value)
{
    bool was = vbe_on(s);

    s->vbe[VBE_ENABLE] = value & VBE_ENABLE_BITS;
    if (!vbe_on(s) || was)
        return;
    if (!s->vbe[VBE_XRES] || !s->vbe[VBE_YRES] || !bpp_known(s->vbe[VBE_BPP])) {
        guest_error(&s->dev, "no mode of %ux%u with %u bits", s->vbe[VBE_XRES],
                    s->vbe[VBE_YRES], s->vbe[VBE_BPP]);
        s->vbe[VBE_ENABLE] &= (uint16_t) ~(unsigned)VBE_ENABLED;
        return;
    }
    s->vbe[VBE_VIRTUAL_WIDTH] = s->vbe[VBE_X_OFFSET] = 0;
    s->vbe[VBE_Y_OFFSET] = s->vbe[VBE_BANK] = 0;
    fit(s);
    if (!(value & VBE_NO_CLEAR))
        clear(s);
}

/* XRES, YRES and BPP take effect when the mode is switched on the next time. */
static void mode_write(struct vga *s, unsigned reg, uint16_t value)
{
    if (vbe_on(s))
        return;
    if (reg == VBE_XRES && value <= VBE_MOST_X)
        s->vbe[reg] = value & (uint16_t)~7u;
    else if (reg == VBE_YRES && value <= VBE_MOST_Y)
        s->vbe[reg] = value;
    else if (reg == VBE_BPP && bpp_known(value ? value : 8))
        s->vbe[reg] = value ? value : 8;
    else
        guest_error(&s->dev, "display register %u cannot be %u", reg, value);
}

void vbe_write(struct vga *s, unsigned reg, uint16_t value)
{
    switch (reg) {
    case VBE_ID: /* the generation that software speaks */
        if (value >= ID_FIRST && value <= ID_LAST)
            s->vbe[reg] = value;
        break;
    case VBE_XRES:
    case VBE_YRES:
    case VBE_BPP:
        mode_write(s, reg, value);
        break;
    case VBE_ENABLE:
        enable(s, value);
        break;
    case VBE_BANK:
        if ((uint64_t)value * VBE_BANK_BYTES < room(s))
            s->vbe[reg] = value;
        break;
    case VBE_VIRTUAL_WIDTH:
    case VBE_X_OFFSET:
    case VBE_Y_OFFSET:
        s->vbe[reg] = value;
        if (vbe_on(s))
            fit(s);
        break;
    default: /* height follows from the width; the size of memory is fixed */
        break;
    }
}

uint16_t vbe_read(const struct vga *s, unsigned reg)
{
    if (s->vbe[VBE_ENABLE] & VBE_GETCAPS) {
        if (reg == VBE_XRES)
            return VBE_MOST_X;
        if (reg == VBE_YRES)
            return VBE_MOST_Y;
        if (reg == VBE_BPP)
            return 32;
    }
    if (reg == VBE_MEMORY)
        return at_most((uint32_t)(s->bytes / VBE_BANK_BYTES), UINT16_MAX);
    return reg < VBE_COUNT ? s->vbe[reg] : 0;
}

/* 1CEh is the index, 1CFh the data: 16 bits at an odd address, which come as
 * two bytes at 1CFh and 1D0h. */
uint32_t vbe_port_read(const struct vga *s, uint32_t offset, unsigned bytes)
{
    uint16_t data = vbe_read(s, s->vbe_index);

    if (offset == 0)
        return bytes == 2 ? s->vbe_index : s->vbe_index & 0xff;
    return offset == 1 ? data & 0xff : data >> 8;
}

void vbe_port_write(struct vga *s, uint32_t offset, unsigned bytes,
                    uint32_t value)
{
    (void)bytes;
    if (offset == 0)
        s->vbe_index = (uint16_t)value;
    else if (offset == 1)
        s->vbe_low = (uint8_t)value;
    else
        vbe_write(s, s->vbe_index, (uint16_t)(s->vbe_low | value << 8));
}

/* Of a file: what the picture is drawn by. */
bool vbe_good(const struct vga *s)
{
    if (s->vbe[VBE_XRES] > VBE_MOST_X || s->vbe[VBE_YRES] > VBE_MOST_Y)
        return false;
    if (!vbe_on(s))
        return true;
    return bpp_known(s->vbe[VBE_BPP]) && s->vbe[VBE_XRES] % 8 == 0 &&
           s->vbe[VBE_VIRTUAL_WIDTH] % 8 == 0 &&
           s->vbe[VBE_XRES] + s->vbe[VBE_X_OFFSET] <=
               s->vbe[VBE_VIRTUAL_WIDTH] &&
           (uint64_t)vbe_pitch(s) * (s->vbe[VBE_YRES] + s->vbe[VBE_Y_OFFSET]) <=
               room(s);
}
