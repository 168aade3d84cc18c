/* devices/vga_memory.c -- the CPU's side of the video memory: which plane and
 * address an access to A0000h-BFFFFh reaches, and what the graphics controller
 * makes of the bytes. In modes of the VBE interface with whole bytes per pixel
 * the 64 KiB at A0000h are a bank of the frame buffer instead. */
#include "vga.h"

enum { ALL_PLANES = 15, NOWHERE = -1 };

/** Planes that an access reaches, and where in them. */
struct target {
    int32_t address; /* NOWHERE: not decoded       */
    uint8_t planes;  /* bit per plane              */
    uint8_t plane;   /* that read mode 0 reads     */
};

/* Memory map select: A0000h 128 K, A0000h 64 K, B0000h 32 K, B8000h 32 K. */
static const struct {
    uint32_t base, bytes;
} maps[4] = {{0, 0x20000}, {0, 0x10000}, {0x10000, 0x8000}, {0x18000, 0x8000}};

static bool is_linear(const struct vga *s)
{
    return vbe_on(s) && s->vbe[VBE_BPP] != 4;
}

static int64_t linear_at(const struct vga *s, uint32_t at)
{
    uint64_t offset = (uint64_t)s->vbe[VBE_BANK] * VBE_BANK_BYTES + at;

    return at < VBE_BANK_BYTES && offset < s->bytes ? (int64_t)offset : NOWHERE;
}

/* Offset in the map that is selected, or NOWHERE. */
static int32_t map_offset(const struct vga *s, uint32_t at)
{
    unsigned map = s->gr[GR_MISC] >> 2 & 3;

    if (!(s->misc & MISC_RAM) || !(s->enable & 1))
        return NOWHERE;
    if (at < maps[map].base || at - maps[map].base >= maps[map].bytes)
        return NOWHERE;
    return (int32_t)(at - maps[map].base);
}

/* A0 selects the plane in odd/even mode; what takes its place as an address
 * bit is A16 where there is one, or 0. */
static uint16_t odd_even(const struct vga *s, uint32_t offset)
{
    if (!(s->gr[GR_MISC] & MISC_ODD_EVEN))
        return (uint16_t)offset;
    return (uint16_t)((offset & 0xfffe) | (offset >> 16 & 1));
}

/* A0 and A1 select the plane; A14 and A15 take their places, as the CRTC's
 * doubleword mode counts. */
static uint16_t chained(uint32_t offset)
{
    return (uint16_t)((offset & 0xfffc) | (offset >> 14 & 3));
}

/* Video memory is 256 KiB to the VGA; banks of four planes beyond that are
 * reached in 16-colour modes of the VBE interface alone. */
static int32_t planar_at(const struct vga *s, uint16_t address)
{
    uint64_t at = address;

    if (vbe_on(s))
        at += (uint64_t)s->vbe[VBE_BANK] * VBE_BANK_BYTES;
    return at < s->bytes / VGA_PLANES ? (int32_t)at : NOWHERE;
}

static void aim(const struct vga *s, uint32_t at, bool write, struct target *t)
{
    int32_t offset = map_offset(s, at);
    bool by_pairs = write ? !(s->sr[SR_MEMORY] & MEMORY_SEQUENTIAL)
                          : s->gr[GR_MODE] & MODE_ODD_EVEN;

    t->address = NOWHERE;
    t->planes = ALL_PLANES;
    t->plane = s->gr[GR_READ_PLANE] & 3;
    if (offset == NOWHERE)
        return;
    if (s->sr[SR_MEMORY] & MEMORY_CHAIN_4) {
        t->plane = offset & 3;
        t->planes = (uint8_t)(1u << t->plane);
        t->address = planar_at(s, chained((uint32_t)offset));
        return;
    }
    if (by_pairs) {
        t->planes = offset & 1 ? 0xa : 0x5;
        t->plane = (uint8_t)((t->plane & 2) | (offset & 1));
    }
    t->address = planar_at(s, odd_even(s, (uint32_t)offset));
}

/* ---- reading ------------------------------------------------------------ */

/* Read mode 1: a bit is set where the pixel has the colour, looking only at
 * the planes that are cared for. */
static uint8_t compared(const struct vga *s, const uint8_t *latch)
{
    uint8_t differ = 0;

    for (unsigned p = 0; p < VGA_PLANES; p++) {
        uint8_t wanted = s->gr[GR_COMPARE] >> p & 1 ? 0xff : 0;

        if (s->gr[GR_DONT_CARE] >> p & 1)
            differ |= latch[p] ^ wanted;
    }
    return (uint8_t)~differ;
}

static uint8_t planar_read(const struct vga *s, const struct target *t,
                           const uint8_t *latch)
{
    return s->gr[GR_MODE] & MODE_READ_1 ? compared(s, latch) : latch[t->plane];
}

static const uint8_t *memory(const struct vga *s, int64_t at, uint32_t bytes)
{
    return device_ram_view(&s->dev, VGA_FRAME_BUFFER, (uint32_t)at, bytes);
}

static uint8_t linear_read(const struct vga *s, uint32_t at)
{
    int64_t offset = linear_at(s, at);

    return offset == NOWHERE ? 0xff : *memory(s, offset, 1);
}

uint8_t vga_memory_peek(const struct vga *s, uint32_t at)
{
    struct target t;

    if (is_linear(s))
        return linear_read(s, at);
    aim(s, at, false, &t);
    if (t.address == NOWHERE)
        return 0xff;
    return planar_read(s, &t,
                       memory(s, (int64_t)t.address * VGA_PLANES, VGA_PLANES));
}

/* Every read fills the latches. */
uint8_t vga_memory_read(struct vga *s, uint32_t at)
{
    struct target t;
    const uint8_t *from;

    if (is_linear(s))
        return linear_read(s, at);
    aim(s, at, false, &t);
    if (t.address == NOWHERE)
        return 0xff;
    from = memory(s, (int64_t)t.address * VGA_PLANES, VGA_PLANES);
    for (unsigned p = 0; p < VGA_PLANES; p++)
        s->latch[p] = from[p];
    return planar_read(s, &t, s->latch);
}

/* ---- writing ------------------------------------------------------------ */

static uint8_t rotated(const struct vga *s, uint8_t value)
{
    unsigned by = s->gr[GR_ROTATE] & 7;

    return (uint8_t)(value >> by | value << (8 - by));
}

static uint8_t spread(uint8_t bits, unsigned plane)
{
    return bits >> plane & 1 ? 0xff : 0;
}

/* What each write mode gives a plane before function and mask. */
static uint8_t plane_data(const struct vga *s, unsigned p, uint8_t value)
{
    switch (s->gr[GR_MODE] & 3) {
    case 0:
        return s->gr[GR_ENABLE_SET_RESET] >> p & 1
                   ? spread(s->gr[GR_SET_RESET], p)
                   : rotated(s, value);
    case 2:
        return spread(value, p);
    default:
        return spread(s->gr[GR_SET_RESET], p);
    }
}

/* Function select: the data unchanged, AND, OR, XOR with the latch. */
static uint8_t combined(const struct vga *s, uint8_t data, uint8_t latch)
{
    switch (s->gr[GR_ROTATE] >> 3 & 3) {
    case 0:
        return data;
    case 1:
        return data & latch;
    case 2:
        return data | latch;
    default:
        return data ^ latch;
    }
}

static uint8_t plane_byte(const struct vga *s, unsigned p, uint8_t value)
{
    unsigned mode = s->gr[GR_MODE] & 3;
    uint8_t mask = s->gr[GR_BIT_MASK], data;

    if (mode == 1)
        return s->latch[p];
    if (mode == 3)
        mask &= rotated(s, value);
    data = combined(s, plane_data(s, p, value), s->latch[p]);
    return (uint8_t)((data & mask) | (s->latch[p] & ~mask));
}

void vga_memory_write(struct vga *s, uint32_t at, uint8_t value)
{
    struct target t;
    uint8_t *to;

    if (is_linear(s)) {
        int64_t offset = linear_at(s, at);

        if (offset != NOWHERE)
            *device_ram(&s->dev, VGA_FRAME_BUFFER, (uint32_t)offset, 1) = value;
        return;
    }
    aim(s, at, true, &t);
    if (t.address == NOWHERE)
        return;
    to = device_ram(&s->dev, VGA_FRAME_BUFFER, (uint32_t)t.address * VGA_PLANES,
                    VGA_PLANES);
    for (unsigned p = 0; p < VGA_PLANES; p++) {
        if (t.planes & s->sr[SR_MAP_MASK] & 1u << p)
            to[p] = plane_byte(s, p, value);
    }
}
