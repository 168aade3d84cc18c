/* tests/devices/vga_rig.c -- see vga_rig.h. */
#include "vga_rig.h"

#include <stdlib.h>

int vga_setup(void **state)
{
    struct bench *b = bench_create();

    b->dev = bench_add(b, device_model_find("vga"), NULL);
    bench_start(b);
    bench_out8(b, 0x3c2, 0xe3);
    *state = b;
    return 0;
}

static uint8_t indexed(struct bench *b, uint16_t port, uint8_t index)
{
    bench_out8(b, port, index);
    return bench_in8(b, (uint16_t)(port + 1));
}

/* As software does it: index and data in one word. */
static void set_indexed(struct bench *b, uint16_t port, uint8_t index,
                        uint8_t value)
{
    bus_out(b->bus, port, 2, (uint32_t)value << 8 | index);
}

uint8_t seq_get(struct bench *b, uint8_t index)
{
    return indexed(b, 0x3c4, index);
}

void seq_set(struct bench *b, uint8_t index, uint8_t value)
{
    set_indexed(b, 0x3c4, index, value);
}

uint8_t gfx_get(struct bench *b, uint8_t index)
{
    return indexed(b, 0x3ce, index);
}

void gfx_set(struct bench *b, uint8_t index, uint8_t value)
{
    set_indexed(b, 0x3ce, index, value);
}

uint8_t crtc_get(struct bench *b, uint8_t index)
{
    return indexed(b, 0x3d4, index);
}

void crtc_set(struct bench *b, uint8_t index, uint8_t value)
{
    set_indexed(b, 0x3d4, index, value);
}

uint8_t attr_get(struct bench *b, uint8_t index)
{
    uint8_t v;

    bench_in8(b, 0x3da);
    bench_out8(b, 0x3c0, index);
    v = bench_in8(b, 0x3c1);
    bench_in8(b, 0x3da);
    bench_out8(b, 0x3c0, 0x20);
    return v;
}

void attr_set(struct bench *b, uint8_t index, uint8_t value)
{
    bench_in8(b, 0x3da);
    bench_out8(b, 0x3c0, index);
    bench_out8(b, 0x3c0, value);
    bench_out8(b, 0x3c0, 0x20);
}

void dac_set(struct bench *b, uint8_t index, uint8_t r, uint8_t g, uint8_t v)
{
    bench_out8(b, 0x3c8, index);
    bench_out8(b, 0x3c9, r);
    bench_out8(b, 0x3c9, g);
    bench_out8(b, 0x3c9, v);
}

uint16_t vbe_get(struct bench *b, uint16_t index)
{
    bus_out(b->bus, 0x1ce, 2, index);
    return (uint16_t)bus_in(b->bus, 0x1cf, 2);
}

void vbe_set(struct bench *b, uint16_t index, uint16_t value)
{
    bus_out(b->bus, 0x1ce, 2, index);
    bus_out(b->bus, 0x1cf, 2, value);
}

uint8_t mem_get(struct bench *b, uint32_t at)
{
    return (uint8_t)bench_read(b, b->dev, 7, at - 0xa0000, 1);
}

void mem_set(struct bench *b, uint32_t at, uint8_t value)
{
    bench_write(b, b->dev, 7, at - 0xa0000, 1, value);
}

uint32_t plane_word(struct bench *b, uint32_t address)
{
    return bench_read(b, b->dev, 0, 4 * address, 4);
}

/* Misc; sequencer 1-4; CRTC 0-18h; graphics 0-8; attribute 10h-14h. Source: IBM
 * PS/2 Hardware Interface Technical Reference, "Register values by mode". */
static const struct {
    uint8_t misc, seq[4], crtc[25], gfx[9], attr[5];
} modes[] = {
    [MODE_3] = {0x67,
                {0x00, 0x03, 0x00, 0x02},
                {0x5f, 0x4f, 0x50, 0x82, 0x55, 0x81, 0xbf, 0x1f, 0x00,
                 0x4f, 0x0d, 0x0e, 0x00, 0x00, 0x00, 0x00, 0x9c, 0x8e,
                 0x8f, 0x28, 0x1f, 0x96, 0xb9, 0xa3, 0xff},
                {0, 0, 0, 0, 0, 0x10, 0x0e, 0x0f, 0xff},
                {0x0c, 0x00, 0x0f, 0x08, 0x00}},
    [MODE_4] = {0x63,
                {0x09, 0x03, 0x00, 0x02},
                {0x2d, 0x27, 0x28, 0x90, 0x2b, 0x80, 0xbf, 0x1f, 0x00,
                 0xc1, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x9c, 0x8e,
                 0x8f, 0x14, 0x00, 0x96, 0xb9, 0xa2, 0xff},
                {0, 0, 0, 0, 0, 0x30, 0x0f, 0x00, 0xff},
                {0x01, 0x00, 0x03, 0x00, 0x00}},
    [MODE_6] = {0x63,
                {0x01, 0x01, 0x00, 0x06},
                {0x5f, 0x4f, 0x50, 0x82, 0x54, 0x80, 0xbf, 0x1f, 0x00,
                 0xc1, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x9c, 0x8e,
                 0x8f, 0x28, 0x00, 0x96, 0xb9, 0xc2, 0xff},
                {0, 0, 0, 0, 0, 0x00, 0x0d, 0x00, 0xff},
                {0x01, 0x00, 0x01, 0x00, 0x00}},
    [MODE_7] = {0xa6,
                {0x00, 0x03, 0x00, 0x02},
                {0x5f, 0x4f, 0x50, 0x82, 0x55, 0x81, 0xbf, 0x1f, 0x00,
                 0x4d, 0x0b, 0x0c, 0x00, 0x00, 0x00, 0x00, 0x83, 0x85,
                 0x5d, 0x28, 0x0d, 0x63, 0xba, 0xa3, 0xff},
                {0, 0, 0, 0, 0, 0x10, 0x0a, 0x0f, 0xff},
                {0x0e, 0x00, 0x0f, 0x08, 0x00}},
    [MODE_D] = {0x63,
                {0x09, 0x0f, 0x00, 0x06},
                {0x2d, 0x27, 0x28, 0x90, 0x2b, 0x80, 0xbf, 0x1f, 0x00,
                 0xc0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x9c, 0x8e,
                 0x8f, 0x14, 0x00, 0x96, 0xb9, 0xe3, 0xff},
                {0, 0, 0, 0, 0, 0x00, 0x05, 0x0f, 0xff},
                {0x01, 0x00, 0x0f, 0x00, 0x00}},
    [MODE_12] = {0xe3,
                 {0x01, 0x0f, 0x00, 0x06},
                 {0x5f, 0x4f, 0x50, 0x82, 0x54, 0x80, 0x0b, 0x3e, 0x00,
                  0x40, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xea, 0x8c,
                  0xdf, 0x28, 0x00, 0xe7, 0x04, 0xe3, 0xff},
                 {0, 0, 0, 0, 0, 0x00, 0x05, 0x0f, 0xff},
                 {0x01, 0x00, 0x0f, 0x00, 0x00}},
    [MODE_13] = {0x63,
                 {0x01, 0x0f, 0x00, 0x0e},
                 {0x5f, 0x4f, 0x50, 0x82, 0x54, 0x80, 0xbf, 0x1f, 0x00,
                  0x41, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x9c, 0x8e,
                  0x8f, 0x28, 0x40, 0x96, 0xb9, 0xa3, 0xff},
                 {0, 0, 0, 0, 0, 0x40, 0x05, 0x0f, 0xff},
                 {0x41, 0x00, 0x0f, 0x00, 0x00}},
};

static void set_crtc(struct bench *b, enum vga_mode mode)
{
    uint16_t port = modes[mode].misc & 1 ? 0x3d4 : 0x3b4;

    set_indexed(b, port, 0x11, 0x0c); /* protection off */
    for (uint8_t i = 0; i < 25; i++)
        set_indexed(b, port, i, modes[mode].crtc[i]);
}

void vga_mode(struct bench *b, enum vga_mode mode)
{
    uint16_t status = modes[mode].misc & 1 ? 0x3da : 0x3ba;

    bench_out8(b, 0x3c2, modes[mode].misc);
    seq_set(b, 0, 3);
    for (uint8_t i = 0; i < 4; i++)
        seq_set(b, (uint8_t)(i + 1), modes[mode].seq[i]);
    set_crtc(b, mode);
    for (uint8_t i = 0; i < 9; i++)
        gfx_set(b, i, modes[mode].gfx[i]);
    bench_in8(b, status);
    for (uint8_t i = 0; i < 21; i++) {
        bench_out8(b, 0x3c0, i);
        bench_out8(b, 0x3c0, i < 16 ? i : modes[mode].attr[i - 16]);
    }
    bench_out8(b, 0x3c0, 0x20);
    bench_out8(b, 0x3c6, 0xff);
    for (unsigned i = 0; i < 256; i++)
        dac_set(b, (uint8_t)i, (uint8_t)i, (uint8_t)(i + 1), (uint8_t)(i + 2));
}

static uint32_t part(unsigned v)
{
    v &= 63;
    return v * 4 + v / 16;
}

uint32_t dac_colour(uint8_t n)
{
    return part(n) << 16 | part(n + 1u) << 8 | part(n + 2u);
}

uint32_t *vga_picture(struct bench *b, struct device_screen *screen)
{
    uint32_t *pixels;

    b->dev->model->screen(b->dev, screen);
    pixels = malloc(sizeof *pixels * screen->width * screen->height);
    assert_non_null(pixels);
    b->dev->model->screen_draw(b->dev, pixels);
    return pixels;
}
