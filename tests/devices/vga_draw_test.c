/* tests/devices/vga_draw_test.c -- the picture on the monitor, dot by dot, in
 * each kind of mode. What is expected is worked out from the IBM PS/2 Hardware
 * Interface Technical Reference, not by the model. */
#include "vga_rig.h"

#include <stdlib.h>

/** A picture, drawn once and asked for dots. */
struct picture {
    struct device_screen size;
    uint32_t *pixels;
};

static struct picture draw(struct bench *b)
{
    struct picture p;

    p.pixels = vga_picture(b, &p.size);
    return p;
}

static uint32_t at(const struct picture *p, unsigned x, unsigned y)
{
    assert_true(x < p->size.width && y < p->size.height);
    return p->pixels[y * p->size.width + x];
}

/* Dots [x, x + 8 ...) of line y that have the colour, first is the highest. */
static unsigned dots(const struct picture *p, unsigned x, unsigned y,
                     unsigned n, uint32_t colour)
{
    unsigned bits = 0;

    for (unsigned i = 0; i < n; i++)
        bits = bits << 1 | (at(p, x + i, y) == colour);
    return bits;
}

static void size_is(struct bench *b, unsigned width, unsigned height,
                    unsigned columns, unsigned rows)
{
    struct device_screen s;

    b->dev->model->screen(b->dev, &s);
    assert_int_equal(s.width, width);
    assert_int_equal(s.height, height);
    assert_int_equal(s.columns, columns);
    assert_int_equal(s.rows, rows);
}

static void every_mode_has_the_size_of_its_dots(void **state)
{
    struct bench *b = *state;

    vga_mode(b, MODE_3);
    size_is(b, 720, 400, 80, 25);
    vga_mode(b, MODE_7);
    size_is(b, 720, 350, 80, 25);
    vga_mode(b, MODE_4);
    size_is(b, 640, 400, 0, 0);
    vga_mode(b, MODE_6);
    size_is(b, 640, 400, 0, 0);
    vga_mode(b, MODE_D);
    size_is(b, 640, 400, 0, 0);
    vga_mode(b, MODE_12);
    size_is(b, 640, 480, 0, 0);
    vga_mode(b, MODE_13);
    size_is(b, 640, 400, 0, 0);
}

/* ---- text --------------------------------------------------------------- */

/* Row @row of character @c in font @font: as the BIOS loads fonts. */
static void font(struct bench *b, unsigned font, uint8_t c, unsigned row,
                 uint8_t bits)
{
    uint32_t base = (font & 3) * 0x4000 + (font >> 2) * 0x2000;

    seq_set(b, 2, 4);
    seq_set(b, 4, 6);
    gfx_set(b, 5, 0);
    gfx_set(b, 6, 4);
    mem_set(b, 0xa0000 + base + 32 * c + row, bits);
    seq_set(b, 2, 3);
    seq_set(b, 4, 2);
    gfx_set(b, 5, 0x10);
    gfx_set(b, 6, 0x0e);
}

static void put(struct bench *b, unsigned cell, uint8_t c, uint8_t attribute)
{
    mem_set(b, 0xb8000 + 2 * cell, c);
    mem_set(b, 0xb8001 + 2 * cell, attribute);
}

static struct bench *text(void **state)
{
    struct bench *b = *state;

    vga_mode(b, MODE_3);
    crtc_set(b, 0x0a, 0x20); /* no cursor */
    return b;
}

static void characters_are_drawn_from_plane_2(void **state)
{
    struct bench *b = text(state);
    struct picture p;

    font(b, 0, 'A', 5, 0xa5);
    put(b, 80 + 2, 'A', 0x1e);
    p = draw(b);
    assert_int_equal(dots(&p, 18, 16 + 5, 9, dac_colour(0x0e)), 0xa5 << 1);
    assert_int_equal(dots(&p, 18, 16 + 5, 9, dac_colour(0x01)),
                     ~(0xa5 << 1) & 0x1ff);
    assert_int_equal(dots(&p, 18, 16 + 4, 9, dac_colour(0x01)), 0x1ff);
    free(p.pixels);
}

static void line_graphics_reach_into_the_ninth_dot(void **state)
{
    struct bench *b = text(state);
    struct picture p;
    const uint8_t edge[] = {0xbf, 0xc0, 0xdf, 0xe0};

    for (unsigned i = 0; i < 4; i++) {
        font(b, 0, edge[i], 0, 0x01);
        put(b, i, edge[i], 0x07);
    }
    p = draw(b);
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(dots(&p, 9 * i, 0, 9, dac_colour(7)),
                         i == 1 || i == 2 ? 3 : 2);
    free(p.pixels);
    attr_set(b, 0x10, 0x08);
    p = draw(b);
    assert_int_equal(dots(&p, 9, 0, 9, dac_colour(7)), 2);
    free(p.pixels);
}

static void eight_dots_and_forty_columns(void **state)
{
    struct bench *b = text(state);
    struct picture p;

    font(b, 0, 'x', 0, 0x81);
    put(b, 1, 'x', 0x07);
    seq_set(b, 1, 0x09);
    crtc_set(b, 0x11, 0);
    crtc_set(b, 1, 39);
    size_is(b, 640, 400, 40, 25);
    p = draw(b);
    assert_int_equal(dots(&p, 16, 0, 16, dac_colour(7)), 0xc003);
    free(p.pixels);
}

static void attribute_bit_3_chooses_the_second_font(void **state)
{
    struct bench *b = text(state);
    struct picture p;

    font(b, 0, 'f', 0, 0x00);
    font(b, 5, 'f', 0, 0xff);
    seq_set(b, 3, 0x24); /* A: 5, B: 0 */
    put(b, 0, 'f', 0x07);
    put(b, 1, 'f', 0x0f);
    p = draw(b);
    assert_int_equal(dots(&p, 0, 0, 8, dac_colour(7)), 0);
    assert_int_equal(dots(&p, 9, 0, 8, dac_colour(15)), 0xff);
    free(p.pixels);
}

static void the_cursor_has_a_place_a_shape_and_blinks(void **state)
{
    struct bench *b = text(state);
    struct picture p;
    unsigned shown = 0;

    put(b, 81, ' ', 0x07);
    crtc_set(b, 0x0a, 13);
    crtc_set(b, 0x0b, 14);
    crtc_set(b, 0x0f, 81);
    p = draw(b);
    for (unsigned row = 0; row < 16; row++)
        assert_int_equal(dots(&p, 9, 16 + row, 9, dac_colour(7)),
                         row == 13 || row == 14 ? 0x1ff : 0);
    free(p.pixels);
    for (unsigned i = 0; i < 64; i++) { /* pictures of 14.268 ms */
        p = draw(b);
        shown += at(&p, 9, 16 + 13) == dac_colour(7);
        free(p.pixels);
        bench_advance_ns(b, 14268000);
    }
    assert_in_range(shown, 31, 33);
    crtc_set(b, 0x0a, 0x2d);
    p = draw(b);
    assert_int_equal(dots(&p, 9, 16 + 13, 9, dac_colour(7)), 0);
    free(p.pixels);
}

static void characters_blink_or_have_bright_paper(void **state)
{
    struct bench *b = text(state);
    struct picture p;

    font(b, 0, 'b', 0, 0xf0);
    put(b, 0, 'b', 0x97);
    p = draw(b);
    assert_int_equal(dots(&p, 0, 0, 8, dac_colour(7)), 0xf0);
    assert_int_equal(dots(&p, 0, 0, 8, dac_colour(1)), 0x0f);
    free(p.pixels);
    bench_advance_ns(b, 17 * 14268000ull);
    p = draw(b);
    assert_int_equal(dots(&p, 0, 0, 8, dac_colour(1)), 0xff);
    free(p.pixels);
    attr_set(b, 0x10, 0x04);
    p = draw(b);
    assert_int_equal(dots(&p, 0, 0, 8, dac_colour(7)), 0xf0);
    assert_int_equal(dots(&p, 0, 0, 8, dac_colour(9)), 0x0f);
    free(p.pixels);
}

static void monochrome_underlines(void **state)
{
    struct bench *b = *state;
    struct picture p;

    vga_mode(b, MODE_7);
    bus_out(b->bus, 0x3b4, 2, 0x200a); /* no cursor */
    mem_set(b, 0xb0000, ' ');
    mem_set(b, 0xb0001, 0x01);
    mem_set(b, 0xb0002, ' ');
    mem_set(b, 0xb0003, 0x07);
    p = draw(b);
    assert_int_equal(dots(&p, 0, 13, 9, dac_colour(1)), 0x1ff);
    assert_int_equal(dots(&p, 0, 12, 9, dac_colour(1)), 0);
    assert_int_equal(dots(&p, 9, 13, 9, dac_colour(7)), 0);
    free(p.pixels);
}

static void a_screen_scrolls_by_dots_and_lines(void **state)
{
    struct bench *b = text(state);
    struct picture p;

    font(b, 0, 's', 3, 0x80);
    put(b, 80 + 1, 's', 0x07);
    crtc_set(b, 0x0d, 80); /* begins in the second row of text */
    crtc_set(b, 0x08, 3);  /* and in its fourth line */
    attr_set(b, 0x13, 1);  /* two dots to the left */
    p = draw(b);
    assert_int_equal(dots(&p, 0, 0, 18, dac_colour(7)), 1u << (17 - 7));
    free(p.pixels);
    crtc_set(b, 0x08, 0x23); /* and a character */
    attr_set(b, 0x13, 8);
    p = draw(b);
    assert_int_equal(dots(&p, 0, 0, 9, dac_colour(7)), 0x100);
    free(p.pixels);
}

static void below_the_line_compare_is_a_second_screen(void **state)
{
    struct bench *b = text(state);
    struct picture p;

    font(b, 0, 'u', 0, 0xff);
    put(b, 0, 'u', 0x07);
    put(b, 80 * 30, 'u', 0x02);
    crtc_set(b, 0x0c, 80 * 30 >> 8);
    crtc_set(b, 0x0d, 80 * 30 & 255);
    crtc_set(b, 0x11, 0);
    crtc_set(b, 0x07, 0x0f); /* line compare 299: bit 8 in 9, bit 9 in 7 */
    crtc_set(b, 0x07, 0x1f);
    crtc_set(b, 0x09, 0x0f);
    crtc_set(b, 0x18, 299 & 255);
    attr_set(b, 0x13, 0); /* a dot to the left above, and below unless ... */
    p = draw(b);
    assert_int_equal(dots(&p, 0, 0, 8, dac_colour(2)), 0xfe);
    assert_int_equal(dots(&p, 0, 300, 8, dac_colour(7)), 0xfe);
    assert_int_equal(dots(&p, 0, 299, 8, dac_colour(7)), 0);
    free(p.pixels);
    attr_set(b, 0x10, 0x2c); /* ... it stays where it is */
    p = draw(b);
    assert_int_equal(dots(&p, 0, 0, 8, dac_colour(2)), 0xfe);
    assert_int_equal(dots(&p, 0, 300, 8, dac_colour(7)), 0xff);
    free(p.pixels);
}

static void text_can_be_read_as_characters(void **state)
{
    struct bench *b = text(state);
    uint16_t cells[80 * 25];

    put(b, 0, 'H', 0x1f);
    put(b, 80 * 24 + 79, 'z', 0x70);
    b->dev->model->screen_text(b->dev, cells);
    assert_int_equal(cells[0], 0x1f00 | 'H');
    assert_int_equal(cells[80 * 24 + 79], 0x7000 | 'z');
    assert_int_equal(cells[1], 0);
}

/* ---- graphics ----------------------------------------------------------- */

static void sixteen_colours_come_from_four_planes(void **state)
{
    struct bench *b = *state;
    struct picture p;

    vga_mode(b, MODE_12);
    for (uint8_t c = 0; c < 16; c++) {
        seq_set(b, 2, c);
        mem_set(b, 0xa0000u + 80 * 479 + c, 0xff);
    }
    p = draw(b);
    for (uint8_t c = 0; c < 16; c++)
        assert_int_equal(at(&p, 8u * c + 7, 479), dac_colour(c));
    free(p.pixels);
    attr_set(b, 0x12, 0x05);
    p = draw(b);
    for (uint8_t c = 0; c < 16; c++)
        assert_int_equal(at(&p, 8u * c, 479), dac_colour(c & 5));
    free(p.pixels);
}

static void the_palette_leads_to_the_dac(void **state)
{
    struct bench *b = *state;
    struct picture p;

    vga_mode(b, MODE_12);
    attr_set(b, 0, 0x2a);
    attr_set(b, 0x14, 0x0d);
    p = draw(b);
    assert_int_equal(at(&p, 0, 0), dac_colour(0xc0 | 0x2a));
    free(p.pixels);
    attr_set(b, 0x10, 0x81);
    p = draw(b);
    assert_int_equal(at(&p, 0, 0), dac_colour(0xc0 | 0x1a));
    free(p.pixels);
    bench_out8(b, 0x3c6, 0x0f);
    p = draw(b);
    assert_int_equal(at(&p, 0, 0), dac_colour(0x0a));
    free(p.pixels);
}

static void planar_screens_pan_by_dots(void **state)
{
    struct bench *b = *state;
    struct picture p;

    vga_mode(b, MODE_12);
    seq_set(b, 2, 1);
    mem_set(b, 0xa0001, 0x80);
    attr_set(b, 0x13, 3);
    p = draw(b);
    assert_int_equal(dots(&p, 0, 0, 8, dac_colour(1)), 1u << 2);
    free(p.pixels);
}

static void mode_d_has_each_dot_twice_both_ways(void **state)
{
    struct bench *b = *state;
    struct picture p;

    vga_mode(b, MODE_D);
    seq_set(b, 2, 4);
    mem_set(b, 0xa0000u + 40 * 199 + 39, 0x05);
    p = draw(b);
    assert_int_equal(dots(&p, 624, 398, 16, dac_colour(4)), 0x0033);
    assert_int_equal(dots(&p, 624, 399, 16, dac_colour(4)), 0x0033);
    assert_int_equal(dots(&p, 624, 397, 16, dac_colour(4)), 0);
    free(p.pixels);
}

static void mode_13_is_320_pixels_of_256_colours(void **state)
{
    struct bench *b = *state;
    struct picture p;

    vga_mode(b, MODE_13);
    for (unsigned x = 0; x < 320; x++)
        mem_set(b, 0xa0000 + 320 * 199 + x, (uint8_t)(x * 7));
    p = draw(b);
    for (unsigned x = 0; x < 640; x++) {
        assert_int_equal(at(&p, x, 398), dac_colour((uint8_t)(x / 2 * 7)));
        assert_int_equal(at(&p, x, 399), dac_colour((uint8_t)(x / 2 * 7)));
    }
    free(p.pixels);
    attr_set(b, 0x13, 2);
    p = draw(b);
    assert_int_equal(at(&p, 0, 398), dac_colour(7));
    free(p.pixels);
}

/* Mode X: 320 x 240, planes addressed by themselves. */
static void mode_x_unchains_the_planes(void **state)
{
    struct bench *b = *state;
    struct picture p;

    vga_mode(b, MODE_13);
    bench_out8(b, 0x3c2, 0xe3);
    seq_set(b, 4, 6);
    crtc_set(b, 0x11, 0);
    crtc_set(b, 0x06, 0x0d);
    crtc_set(b, 0x07, 0x3e);
    crtc_set(b, 0x12, 0xdf);
    crtc_set(b, 0x14, 0);
    crtc_set(b, 0x17, 0xe3);
    size_is(b, 640, 480, 0, 0);
    for (uint8_t plane = 0; plane < 4; plane++) {
        seq_set(b, 2, (uint8_t)(1u << plane));
        mem_set(b, 0xa0000u + 80 * 239 + 79, (uint8_t)(0x20 + plane));
    }
    p = draw(b);
    for (unsigned i = 0; i < 8; i++)
        assert_int_equal(at(&p, 632 + i, 479),
                         dac_colour((uint8_t)(0x20 + i / 2)));
    free(p.pixels);
}

static void cga_has_two_bits_a_pixel_and_odd_lines_apart(void **state)
{
    struct bench *b = *state;
    struct picture p;

    vga_mode(b, MODE_4);
    mem_set(b, 0xb8000 + 80 * 99, 0x1b);               /* line 198 */
    mem_set(b, 0xb8000 + 80 * 99 + 1, 0xe4);           /* its next byte */
    mem_set(b, 0xb8000 + 0x2000 + 80 * 99 + 79, 0x02); /* line 199 */
    p = draw(b);
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(at(&p, 2 * i, 396), dac_colour((uint8_t)i));
        assert_int_equal(at(&p, 8 + 2 * i, 396), dac_colour((uint8_t)(3 - i)));
    }
    assert_int_equal(at(&p, 639, 398), dac_colour(2));
    assert_int_equal(at(&p, 639, 396), dac_colour(0));
    free(p.pixels);
}

static void mode_6_is_640_dots_of_two_colours(void **state)
{
    struct bench *b = *state;
    struct picture p;

    vga_mode(b, MODE_6);
    mem_set(b, 0xb8000 + 0x2000 + 80 * 3 + 5, 0xc1); /* line 7 */
    p = draw(b);
    assert_int_equal(dots(&p, 40, 14, 8, dac_colour(1)), 0xc1);
    assert_int_equal(dots(&p, 40, 12, 8, dac_colour(1)), 0);
    free(p.pixels);
}

static void a_screen_that_is_off_is_black(void **state)
{
    struct bench *b = *state;
    struct picture p;

    vga_mode(b, MODE_12);
    p = draw(b);
    assert_int_equal(at(&p, 5, 5), dac_colour(0));
    free(p.pixels);
    seq_set(b, 1, 0x21);
    p = draw(b);
    assert_int_equal(at(&p, 5, 5), 0);
    free(p.pixels);
    seq_set(b, 1, 0x01);
    bench_in8(b, 0x3da);
    bench_out8(b, 0x3c0, 0x00); /* the palette is open for the CPU */
    p = draw(b);
    assert_int_equal(at(&p, 5, 5), 0);
    free(p.pixels);
}

/* ---- display interface -------------------------------------------------- */

static void interface_draws_each_depth(void **state)
{
    struct bench *b = *state;
    static const struct {
        uint16_t bpp;
        uint32_t value, colour;
    } cases[] = {
        {8, 0x11, 0},
        {15, 0x7c10, 0xff0084},
        {16, 0xf810, 0xff0084},
        {16, 0x07e0, 0x00ff00},
        {24, 0x123456, 0x123456},
        {32, 0xff123456, 0x123456},
    };

    vga_mode(b, MODE_13);
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint16_t bpp = cases[i].bpp;
        unsigned bytes = (bpp + 7u) / 8;
        struct picture p;

        vbe_set(b, 4, 0);
        vbe_set(b, 1, 800);
        vbe_set(b, 2, 600);
        vbe_set(b, 3, bpp);
        vbe_set(b, 4, 0x41);
        size_is(b, 800, 600, 0, 0);
        vbe_set(b, 6, 1024);
        vbe_set(b, 8, 8);
        vbe_set(b, 9, 2);
        for (unsigned n = 0; n < bytes; n++)
            bench_write(b, b->dev, 0, ((599 + 2) * 1024 + 799 + 8) * bytes + n,
                        1, cases[i].value >> 8 * n & 255);
        p = draw(b);
        assert_int_equal(at(&p, 799, 599),
                         bpp == 8 ? dac_colour(0x11) : cases[i].colour);
        assert_int_equal(at(&p, 798, 599), bpp == 8 ? dac_colour(0) : 0);
        free(p.pixels);
    }
}

static void interface_draws_sixteen_colours(void **state)
{
    struct bench *b = *state;
    struct picture p;

    vga_mode(b, MODE_12);
    vbe_set(b, 1, 800);
    vbe_set(b, 2, 600);
    vbe_set(b, 3, 4);
    vbe_set(b, 4, 0x01);
    seq_set(b, 2, 0x0a);
    mem_set(b, 0xa0000u + 100 * 599 + 99, 0x01);
    p = draw(b);
    assert_int_equal(at(&p, 799, 599), dac_colour(10));
    assert_int_equal(at(&p, 798, 599), dac_colour(0));
    free(p.pixels);
}

static void drawing_changes_nothing(void **state)
{
    struct bench *b = *state, *other;
    struct saver s = {0};
    struct picture p;
    void *fresh;

    vga_mode(b, MODE_13);
    bench_save(b, &s);
    p = draw(b);
    free(p.pixels);
    vga_setup(&fresh);
    other = fresh;
    bench_load(other, &s);
    bench_same(b, other);
    saver_fini(&s);
    bench_destroy(other);
}

/* Any register values: a picture all the same (under the sanitizers). */
static void any_registers_can_be_drawn(void **state)
{
    struct bench *b = *state;
    uint32_t seed = 1;

    for (unsigned round = 0; round < 40; round++) {
        struct picture p;

        for (uint8_t i = 0; i < 25; i++) {
            seed = seed * 1664525u + 1013904223u;
            crtc_set(b, i, (uint8_t)(seed >> 24));
            seq_set(b, i % 5, (uint8_t)(seed >> 16 & 0xdf));
            gfx_set(b, i % 9, (uint8_t)(seed >> 8));
            attr_set(b, i % 21, (uint8_t)(seed >> 20));
            bench_out8(b, 0x3c2, (uint8_t)(seed >> 12 | 3));
        }
        p = draw(b);
        assert_in_range(p.size.width, 8, 2 * 9 * 256);
        assert_in_range(p.size.height, 1, 1024);
        free(p.pixels);
        if (p.size.columns) {
            uint16_t *cells =
                malloc(sizeof *cells * p.size.columns * (p.size.rows + 1));

            b->dev->model->screen_text(b->dev, cells);
            free(cells);
        }
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, vga_setup, bench_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_mode_has_the_size_of_its_dots),
        TEST(characters_are_drawn_from_plane_2),
        TEST(line_graphics_reach_into_the_ninth_dot),
        TEST(eight_dots_and_forty_columns),
        TEST(attribute_bit_3_chooses_the_second_font),
        TEST(the_cursor_has_a_place_a_shape_and_blinks),
        TEST(characters_blink_or_have_bright_paper),
        TEST(monochrome_underlines),
        TEST(a_screen_scrolls_by_dots_and_lines),
        TEST(below_the_line_compare_is_a_second_screen),
        TEST(text_can_be_read_as_characters),
        TEST(sixteen_colours_come_from_four_planes),
        TEST(the_palette_leads_to_the_dac),
        TEST(planar_screens_pan_by_dots),
        TEST(mode_d_has_each_dot_twice_both_ways),
        TEST(mode_13_is_320_pixels_of_256_colours),
        TEST(mode_x_unchains_the_planes),
        TEST(cga_has_two_bits_a_pixel_and_odd_lines_apart),
        TEST(mode_6_is_640_dots_of_two_colours),
        TEST(a_screen_that_is_off_is_black),
        TEST(interface_draws_each_depth),
        TEST(interface_draws_sixteen_colours),
        TEST(drawing_changes_nothing),
        TEST(any_registers_can_be_drawn),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
