/* tests/devices/vga_test.c -- registers of the VGA and the CPU's side of its
 * memory against the IBM PS/2 Hardware Interface Technical Reference, those of
 * the display interface against Bochs' description. */
#include "vga_rig.h"

/* ---- registers ---------------------------------------------------------- */

struct bits {
    uint8_t index, bits;
};

typedef uint8_t get_fn(struct bench *b, uint8_t index);
typedef void set_fn(struct bench *b, uint8_t index, uint8_t value);

/* Each register by itself keeps each bit that exists, and no other. */
static void keep(struct bench *b, const struct bits *reg, unsigned n,
                 get_fn *get, set_fn *set)
{
    for (unsigned i = 0; i < n; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            set(b, reg[i].index, (uint8_t)(1u << bit));
            assert_int_equal(get(b, reg[i].index), 1u << bit & reg[i].bits);
        }
        set(b, reg[i].index, 0xff);
        assert_int_equal(get(b, reg[i].index), reg[i].bits);
        set(b, reg[i].index, 0);
        assert_int_equal(get(b, reg[i].index), 0);
    }
}

static void sequencer_registers_keep_their_bits(void **state)
{
    static const struct bits reg[] = {
        {0, 0x03}, {1, 0x3d}, {2, 0x0f}, {3, 0x3f}, {4, 0x0e}, {5, 0}, {7, 0}};

    keep(*state, reg, 7, seq_get, seq_set);
}

static void graphics_registers_keep_their_bits(void **state)
{
    static const struct bits reg[] = {
        {0, 0x0f}, {1, 0x0f}, {2, 0x0f}, {3, 0x1f}, {4, 0x03}, {5, 0x7b},
        {6, 0x0f}, {7, 0x0f}, {8, 0xff}, {9, 0},    {15, 0}};

    keep(*state, reg, 11, gfx_get, gfx_set);
}

static void attribute_registers_keep_their_bits(void **state)
{
    static const struct bits reg[] = {{0, 0x3f},    {7, 0x3f},    {15, 0x3f},
                                      {0x10, 0xef}, {0x11, 0xff}, {0x12, 0x3f},
                                      {0x13, 0x0f}, {0x14, 0x0f}, {0x15, 0}};

    keep(*state, reg, 9, attr_get, attr_set);
}

static void crtc_registers_can_be_read_back(void **state)
{
    struct bench *b = *state;

    crtc_set(b, 0x11, 0);
    for (uint8_t i = 0; i < 0x19; i++) {
        uint8_t v = (uint8_t)(0x1f + 3 * i);

        crtc_set(b, i, v & (i == 0x11 ? 0x7f : 0xff));
        assert_int_equal(crtc_get(b, i), v & (i == 0x11 ? 0x7f : 0xff));
    }
    crtc_set(b, 0x20, 0x55);
    assert_int_equal(crtc_get(b, 0x20), 0);
}

static void protection_keeps_crtc_0_to_7_but_for_line_compare_8(void **state)
{
    struct bench *b = *state;

    for (uint8_t i = 0; i < 8; i++)
        crtc_set(b, i, 0x22);
    crtc_set(b, 0x11, 0x80);
    for (uint8_t i = 0; i < 9; i++)
        crtc_set(b, i, 0xff);
    for (uint8_t i = 0; i < 7; i++)
        assert_int_equal(crtc_get(b, i), 0x22);
    assert_int_equal(crtc_get(b, 7), 0x32);
    assert_int_equal(crtc_get(b, 8), 0xff);
    crtc_set(b, 0x11, 0);
    crtc_set(b, 7, 0);
    assert_int_equal(crtc_get(b, 7), 0);
}

static void misc_output_moves_the_crtc_between_3b4_and_3d4(void **state)
{
    struct bench *b = *state;

    crtc_set(b, 0x0e, 0x5a);
    assert_int_equal(bench_in8(b, 0x3b5), 0xff);
    assert_int_equal(bench_in8(b, 0x3ba), 0xff);
    bench_out8(b, 0x3c2, 0x62);
    assert_int_equal(bench_in8(b, 0x3cc), 0x62);
    assert_int_equal(bench_in8(b, 0x3d5), 0xff);
    bench_out8(b, 0x3b4, 0x0e);
    assert_int_equal(bench_in8(b, 0x3b5), 0x5a);
    assert_int_not_equal(bench_in8(b, 0x3ba), 0xff);
}

static void video_disabled_leaves_one_port(void **state)
{
    struct bench *b = *state;

    vga_mode(b, MODE_12);
    mem_set(b, 0xa0000, 0x12);
    bench_out8(b, 0x3c3, 0);
    assert_int_equal(bench_in8(b, 0x3cc), 0xff);
    assert_int_equal(mem_get(b, 0xa0000), 0xff);
    assert_int_equal(bench_in8(b, 0x3c3), 0);
    bench_out8(b, 0x3c3, 1);
    assert_int_equal(bench_in8(b, 0x3cc), 0xe3);
    assert_int_equal(mem_get(b, 0xa0000), 0x12);
}

static void feature_control_is_read_where_it_is_not_written(void **state)
{
    struct bench *b = *state;

    bench_out8(b, 0x3da, 0x0a);
    assert_int_equal(bench_in8(b, 0x3ca), 0x0a);
}

static void reading_status_1_makes_3c0_an_index_again(void **state)
{
    struct bench *b = *state;

    bench_in8(b, 0x3da);
    bench_out8(b, 0x3c0, 0x0b);
    bench_in8(b, 0x3da);
    bench_out8(b, 0x3c0, 0x05);
    bench_out8(b, 0x3c0, 0x3c);
    bench_out8(b, 0x3c0, 0x25);
    assert_int_equal(bench_in8(b, 0x3c0), 0x25);
    assert_int_equal(bench_in8(b, 0x3c1), 0x3c);
}

static void looking_does_not_touch_the_flip_flop_or_the_dac(void **state)
{
    struct bench *b = *state;

    bench_in8(b, 0x3da);
    bench_out8(b, 0x3c0, 0x05);
    bus_peek_port(b->bus, 0x3da, 1);
    bench_out8(b, 0x3c0, 0x11);
    assert_int_equal(attr_get(b, 5), 0x11);
    dac_set(b, 9, 1, 2, 3);
    bench_out8(b, 0x3c7, 9);
    for (unsigned i = 0; i < 5; i++)
        assert_int_equal(bus_peek_port(b->bus, 0x3c9, 1), 1);
}

/* ---- DAC ---------------------------------------------------------------- */

static void dac_takes_three_parts_and_moves_on(void **state)
{
    struct bench *b = *state;
    static const uint8_t parts[] = {1, 2, 3, 61, 62, 63};

    bench_out8(b, 0x3c8, 0xff);
    for (unsigned i = 0; i < 6; i++)
        bench_out8(b, 0x3c9, parts[i]);
    assert_int_equal(bench_in8(b, 0x3c8), 1);
    bench_out8(b, 0x3c7, 0xff);
    for (unsigned i = 0; i < 6; i++)
        assert_int_equal(bench_in8(b, 0x3c9), parts[i]);
}

static void dac_tells_its_state_and_keeps_six_bits(void **state)
{
    struct bench *b = *state;

    bench_out8(b, 0x3c8, 7);
    assert_int_equal(bench_in8(b, 0x3c7) & 3, 0);
    assert_int_equal(bench_in8(b, 0x3c8), 7);
    bench_out8(b, 0x3c9, 0xff);
    bench_out8(b, 0x3c9, 0xff);
    bench_out8(b, 0x3c9, 0xff);
    bench_out8(b, 0x3c7, 7);
    assert_int_equal(bench_in8(b, 0x3c7) & 3, 3);
    assert_int_equal(bench_in8(b, 0x3c8), 8);
    assert_int_equal(bench_in8(b, 0x3c9), 0x3f);
    bench_out8(b, 0x3c6, 0x0f);
    assert_int_equal(bench_in8(b, 0x3c6), 0x0f);
}

static void a_colour_that_is_not_complete_changes_nothing(void **state)
{
    struct bench *b = *state;

    dac_set(b, 4, 10, 20, 30);
    bench_out8(b, 0x3c8, 4);
    bench_out8(b, 0x3c9, 1);
    bench_out8(b, 0x3c9, 2);
    bench_out8(b, 0x3c7, 4);
    assert_int_equal(bench_in8(b, 0x3c9), 10);
    assert_int_equal(bench_in8(b, 0x3c9), 20);
    assert_int_equal(bench_in8(b, 0x3c9), 30);
}

/* ---- timing ------------------------------------------------------------- */

/* Mode 3: 900 dots of 28.322 MHz a line, 449 lines: 14.27 ms, 70.08 Hz;
 * retrace for two lines from 412 on. */
static void retrace_is_a_function_of_the_clock(void **state)
{
    struct bench *b = *state;
    unsigned changes = 0, retrace = 0, blank = 0, samples = 20000;
    uint8_t before = 0;

    vga_mode(b, MODE_3);
    for (unsigned i = 0; i < samples; i++) {
        uint8_t v = bench_in8(b, 0x3da);

        changes += (v & 8) && !(before & 8);
        retrace += (v & 8) != 0;
        blank += v & 1;
        if (v & 8)
            assert_true(v & 1);
        before = v;
        bench_advance_ns(b, 10000); /* 200 ms in all: 14 pictures */
    }
    assert_int_equal(changes, 14);
    assert_in_range(retrace, samples * 3 / 1000, samples * 6 / 1000);
    /* 400 of 449 lines, 720 of 900 dots are shown */
    assert_in_range(blank, samples * 27 / 100, samples * 31 / 100);
    assert_int_equal(clock_next(&b->clock), UINT64_MAX);
}

/* ---- memory ------------------------------------------------------------- */

static void planar(struct bench *b)
{
    vga_mode(b, MODE_12);
}

static void memory_map_select_moves_the_window(void **state)
{
    struct bench *b = *state;
    static const struct {
        uint32_t first, last;
    } map[4] = {{0xa0000, 0xbffff},
                {0xa0000, 0xaffff},
                {0xb0000, 0xb7fff},
                {0xb8000, 0xbffff}};

    planar(b);
    for (uint8_t m = 0; m < 4; m++) {
        gfx_set(b, 6, (uint8_t)(m << 2 | 1));
        for (uint32_t at = 0xa0000; at < 0xc0000; at += 0x7fff) {
            bool inside = at >= map[m].first && at <= map[m].last;

            mem_set(b, at, (uint8_t)(at >> 4 | 1));
            assert_int_equal(mem_get(b, at),
                             inside ? (uint8_t)(at >> 4 | 1) : 0xff);
        }
    }
    bench_out8(b, 0x3c2, 0xe1); /* RAM disabled */
    assert_int_equal(mem_get(b, 0xb8000), 0xff);
}

static void write_mode_0_rotates_sets_and_masks(void **state)
{
    struct bench *b = *state;

    planar(b);
    seq_set(b, 2, 0x07); /* plane 3 is not written */
    gfx_set(b, 0, 0x02); /* plane 1 set, plane 2 reset */
    gfx_set(b, 1, 0x06);
    gfx_set(b, 3, 0x03); /* by three to the right */
    mem_set(b, 0xa0010, 0x81);
    assert_int_equal(plane_word(b, 0x10), 0x0000ff30);
    mem_get(b, 0xa0010);
    gfx_set(b, 1, 0);
    gfx_set(b, 3, 0);
    gfx_set(b, 8, 0x0f);
    mem_set(b, 0xa0010, 0xaa);
    assert_int_equal(plane_word(b, 0x10), 0x000afa3a);
}

static void functions_combine_with_the_latches(void **state)
{
    struct bench *b = *state;
    static const uint8_t result[] = {0x3c, 0x3c & 0x0f, 0x3c | 0x0f,
                                     0x3c ^ 0x0f};

    planar(b);
    for (uint8_t f = 0; f < 4; f++) {
        gfx_set(b, 3, 0);
        mem_set(b, 0xa0000, 0x0f);
        gfx_set(b, 3, (uint8_t)(f << 3));
        mem_get(b, 0xa0000);
        mem_set(b, 0xa0001, 0x3c);
        assert_int_equal(plane_word(b, 1), result[f] * 0x01010101u);
    }
}

static void write_mode_1_copies_the_latches(void **state)
{
    struct bench *b = *state;

    planar(b);
    bench_write(b, b->dev, 0, 4 * 5, 4, 0x12345678);
    mem_get(b, 0xa0005);
    gfx_set(b, 5, 1);
    gfx_set(b, 8, 0); /* has no effect here */
    mem_set(b, 0xa0006, 0xff);
    assert_int_equal(plane_word(b, 6), 0x12345678);
}

static void write_mode_2_spreads_a_colour(void **state)
{
    struct bench *b = *state;

    planar(b);
    gfx_set(b, 5, 2);
    gfx_set(b, 8, 0xf0);
    mem_get(b, 0xa0000);
    mem_set(b, 0xa0000, 0x09);
    assert_int_equal(plane_word(b, 0), 0xf00000f0);
}

static void write_mode_3_masks_with_the_data(void **state)
{
    struct bench *b = *state;

    planar(b);
    bench_write(b, b->dev, 0, 0, 4, 0xffffffff);
    mem_get(b, 0xa0000);
    gfx_set(b, 0, 0x05);
    gfx_set(b, 5, 3);
    gfx_set(b, 8, 0x3f);
    mem_set(b, 0xa0000, 0xf0); /* the mask is 30h */
    assert_int_equal(plane_word(b, 0), 0xcfffcfff);
}

static void read_mode_0_reads_the_plane_of_the_map_select(void **state)
{
    struct bench *b = *state;

    planar(b);
    bench_write(b, b->dev, 0, 4 * 7, 4, 0x44332211);
    for (uint8_t p = 0; p < 4; p++) {
        gfx_set(b, 4, p);
        assert_int_equal(mem_get(b, 0xa0007), 0x11 * (p + 1));
    }
}

static void read_mode_1_compares_colours(void **state)
{
    struct bench *b = *state;

    planar(b);
    bench_write(b, b->dev, 0, 0, 4, 0x00ff0ff0); /* planes 3..0 */
    gfx_set(b, 5, 8);
    gfx_set(b, 2, 0x06); /* planes 1 and 2 set, 0 and 3 not */
    gfx_set(b, 7, 0x0f);
    assert_int_equal(mem_get(b, 0xa0000), 0x0f);
    gfx_set(b, 7, 0x0c); /* planes 0 and 1 do not matter */
    assert_int_equal(mem_get(b, 0xa0000), 0xff);
    gfx_set(b, 7, 0);
    gfx_set(b, 2, 0x09);
    assert_int_equal(mem_get(b, 0xa0000), 0xff);
}

static void chain_4_puts_neighbours_into_planes(void **state)
{
    struct bench *b = *state;

    vga_mode(b, MODE_13);
    for (uint8_t i = 0; i < 8; i++)
        mem_set(b, 0xa0000u + i, (uint8_t)(0x10 + i));
    assert_int_equal(plane_word(b, 0), 0x13121110);
    assert_int_equal(plane_word(b, 4), 0x17161514);
    assert_int_equal(mem_get(b, 0xa0006), 0x16);
    mem_set(b, 0xac008, 0x5a); /* A14 and A15 are address bits 0 and 1 */
    assert_int_equal(plane_word(b, 0xc00b) & 0xff, 0x5a);
    seq_set(b, 2, 0x0b);
    mem_set(b, 0xa0002, 0xee);
    assert_int_equal(plane_word(b, 0), 0x13121110);
}

static void text_puts_characters_and_attributes_into_planes(void **state)
{
    struct bench *b = *state;

    vga_mode(b, MODE_3);
    bench_write(b, b->dev, 7, 0x18000, 4, 0x1e421f41);
    assert_int_equal(plane_word(b, 0), 0x00001f41);
    assert_int_equal(plane_word(b, 2), 0x00001e42);
    assert_int_equal(bench_read(b, b->dev, 7, 0x18000, 4), 0x1e421f41);
}

static void looking_at_memory_does_not_fill_the_latches(void **state)
{
    struct bench *b = *state;

    planar(b);
    bench_write(b, b->dev, 0, 0, 4, 0x12345678);
    mem_get(b, 0xa0001);
    assert_int_equal(bus_peek(b->bus, gpa_of(0xa0000), 1), 0x78);
    gfx_set(b, 5, 1);
    mem_set(b, 0xa0002, 0);
    assert_int_equal(plane_word(b, 2), 0);
}

/* ---- display interface -------------------------------------------------- */

enum {
    ID,
    XRES,
    YRES,
    BPP,
    ON,
    BANK,
    VIRTUAL_WIDTH,
    VIRTUAL_HEIGHT,
    X_OFFSET,
    Y_OFFSET,
    MEMORY_64K
};

static void mode_on(struct bench *b, uint16_t x, uint16_t y, uint16_t bpp,
                    uint16_t flags)
{
    vbe_set(b, ON, 0);
    vbe_set(b, XRES, x);
    vbe_set(b, YRES, y);
    vbe_set(b, BPP, bpp);
    vbe_set(b, ON, (uint16_t)(0x01 | flags));
}

static void interface_has_an_id_and_its_memory(void **state)
{
    struct bench *b = *state;

    assert_int_equal(vbe_get(b, ID), 0xb0c5);
    vbe_set(b, ID, 0xb0c2);
    assert_int_equal(vbe_get(b, ID), 0xb0c2);
    vbe_set(b, ID, 0x1234);
    assert_int_equal(vbe_get(b, ID), 0xb0c2);
    assert_int_equal(vbe_get(b, MEMORY_64K), 256);
    assert_int_equal(vbe_get(b, 99), 0);
}

static void capabilities_are_the_largest_mode(void **state)
{
    struct bench *b = *state;

    vbe_set(b, ON, 2);
    assert_int_equal(vbe_get(b, XRES), 2560);
    assert_int_equal(vbe_get(b, YRES), 1600);
    assert_int_equal(vbe_get(b, BPP), 32);
    vbe_set(b, ON, 0);
    assert_int_equal(vbe_get(b, XRES), 0);
}

static void a_mode_is_fixed_while_it_is_on(void **state)
{
    struct bench *b = *state;

    mode_on(b, 800, 600, 32, 0x40);
    vbe_set(b, XRES, 1024);
    assert_int_equal(vbe_get(b, XRES), 800);
    assert_int_equal(vbe_get(b, VIRTUAL_WIDTH), 800);
    assert_int_equal(vbe_get(b, VIRTUAL_HEIGHT), (16 << 20) / 3200);
    vbe_set(b, ON, 0);
    vbe_set(b, XRES, 2564); /* too large */
    assert_int_equal(vbe_get(b, XRES), 800);
    vbe_set(b, XRES, 1027); /* in steps of 8 */
    assert_int_equal(vbe_get(b, XRES), 1024);
    vbe_set(b, BPP, 7);
    assert_int_equal(vbe_get(b, BPP), 32);
}

static void a_larger_line_makes_room_to_scroll(void **state)
{
    struct bench *b = *state;

    mode_on(b, 640, 480, 16, 0x40);
    vbe_set(b, VIRTUAL_WIDTH, 1024);
    vbe_set(b, X_OFFSET, 384);
    vbe_set(b, Y_OFFSET, 7000);
    assert_int_equal(vbe_get(b, VIRTUAL_WIDTH), 1024);
    assert_int_equal(vbe_get(b, X_OFFSET), 384);
    assert_int_equal(vbe_get(b, Y_OFFSET), 7000);
    vbe_set(b, X_OFFSET, 385);
    assert_int_equal(vbe_get(b, X_OFFSET), 384);
    vbe_set(b, Y_OFFSET, 8191);
    assert_int_equal(vbe_get(b, Y_OFFSET), 8192 - 480);
    vbe_set(b, VIRTUAL_WIDTH, 600); /* not below the picture */
    assert_int_equal(vbe_get(b, VIRTUAL_WIDTH), 640);
}

static void switching_on_clears_unless_asked_not_to(void **state)
{
    struct bench *b = *state;

    bench_write(b, b->dev, 0, 0, 4, 0x01020304);
    bench_write(b, b->dev, 0, 640 * 480, 4, 0x01020304);
    mode_on(b, 640, 480, 8, 0xc0);
    assert_int_equal(bench_read(b, b->dev, 0, 0, 4), 0x01020304);
    mode_on(b, 640, 480, 8, 0x40);
    assert_int_equal(bench_read(b, b->dev, 0, 0, 4), 0);
    assert_int_equal(bench_read(b, b->dev, 0, 640 * 480, 4), 0x01020304);
}

static void banks_show_the_frame_buffer_at_a0000(void **state)
{
    struct bench *b = *state;

    mode_on(b, 1024, 768, 8, 0);
    vbe_set(b, BANK, 3);
    mem_set(b, 0xa1234, 0x5c);
    assert_int_equal(bench_read(b, b->dev, 0, 0x31234, 1), 0x5c);
    assert_int_equal(mem_get(b, 0xa1234), 0x5c);
    assert_int_equal(mem_get(b, 0xb8000), 0xff);
    vbe_set(b, BANK, 256); /* past the memory: stays */
    assert_int_equal(vbe_get(b, BANK), 3);
    mode_on(b, 800, 600, 4, 0); /* four planes, each in banks */
    vbe_set(b, BANK, 1);
    bench_out8(b, 0x3c2, 0xe3);
    seq_set(b, 2, 0x0f);
    seq_set(b, 4, 6);
    gfx_set(b, 5, 0);
    gfx_set(b, 6, 5);
    gfx_set(b, 8, 0xff);
    mem_set(b, 0xa0000, 0x81);
    assert_int_equal(plane_word(b, 0x10000), 0x81818181);
}

static void dac_has_eight_bits_when_asked(void **state)
{
    struct bench *b = *state;

    vbe_set(b, ON, 0x20);
    dac_set(b, 3, 0xff, 0x80, 0x41);
    bench_out8(b, 0x3c7, 3);
    assert_int_equal(bench_in8(b, 0x3c9), 0xff);
    assert_int_equal(bench_in8(b, 0x3c9), 0x80);
    assert_int_equal(bench_in8(b, 0x3c9), 0x41);
}

static void the_cards_window_has_the_same_registers(void **state)
{
    struct bench *b = *state;

    assert_int_equal(bench_read(b, b->dev, 2, 0x500, 2), 0xb0c5);
    bench_write(b, b->dev, 2, 0x502, 2, 800);
    assert_int_equal(vbe_get(b, XRES), 800);
    bench_write(b, b->dev, 2, 0x404, 2, 0x0902); /* 3C4h, 3C5h */
    assert_int_equal(seq_get(b, 2), 0x09);
    assert_int_equal(bench_read(b, b->dev, 2, 0x40c, 1), bench_in8(b, 0x3cc));
    assert_int_equal(bench_read(b, b->dev, 2, 0, 4), 0);
    assert_int_equal(bench_read(b, b->dev, 2, 0x3fe, 2), 0);
}

/* ---- the card ----------------------------------------------------------- */

static uint32_t config(struct bench *b, unsigned offset)
{
    return bus_config_read(b->bus, 0, 3, 0, offset, 4);
}

static void it_is_a_vga_with_a_frame_buffer(void **state)
{
    struct bench *b = *state;

    assert_int_equal(config(b, 0), 0x11111234);
    assert_int_equal(config(b, 8) >> 8, 0x030000);
    assert_int_equal(config(b, 0x10) & 15, 8); /* prefetchable memory */
    assert_int_equal(config(b, 0x14), 0);      /* what is fixed is no BAR */
    bus_config_write(b->bus, 0, 3, 0, 0x14, 4, 0xffffffff);
    assert_int_equal(config(b, 0x14), 0);
    bus_config_write(b->bus, 0, 3, 0, 0x10, 4, 0xffffffff);
    assert_int_equal(config(b, 0x10), 0xff000008);
    bus_config_write(b->bus, 0, 3, 0, 0x18, 4, 0xffffffff);
    assert_int_equal(config(b, 0x18), 0xfffff000);
}

/* The old places answer also while the function's decoders are off, as
 * software without PCI expects. */
static void old_places_do_not_need_pci(void **state)
{
    struct bench *b = *state;

    bench_command(b, b->dev, 0);
    assert_int_equal(bench_in8(b, 0x3cc), 0xe3);
    assert_int_equal(vbe_get(b, ID), 0xffff);
}

static void a_save_has_everything(void **state)
{
    struct bench *a = *state, *b;
    struct saver s = {0};
    void *other;

    vga_mode(a, MODE_13);
    mem_set(a, 0xa1234, 0x77);
    vbe_set(a, XRES, 1024);
    bench_in8(a, 0x3da);
    bench_out8(a, 0x3c0, 0x2b);
    mem_get(a, 0xa1234);
    bench_save(a, &s);
    vga_setup(&other);
    b = other;
    bench_load(b, &s);
    bench_same(a, b);
    bench_out8(b, 0x3c0, 0x15); /* the flip-flop is where it was */
    assert_int_equal(attr_get(b, 0x0b), 0x15);
    assert_int_equal(mem_get(b, 0xa1234), 0x77);
    saver_fini(&s);
    bench_destroy(b);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, vga_setup, bench_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(sequencer_registers_keep_their_bits),
        TEST(graphics_registers_keep_their_bits),
        TEST(attribute_registers_keep_their_bits),
        TEST(crtc_registers_can_be_read_back),
        TEST(protection_keeps_crtc_0_to_7_but_for_line_compare_8),
        TEST(misc_output_moves_the_crtc_between_3b4_and_3d4),
        TEST(video_disabled_leaves_one_port),
        TEST(feature_control_is_read_where_it_is_not_written),
        TEST(reading_status_1_makes_3c0_an_index_again),
        TEST(looking_does_not_touch_the_flip_flop_or_the_dac),
        TEST(dac_takes_three_parts_and_moves_on),
        TEST(dac_tells_its_state_and_keeps_six_bits),
        TEST(a_colour_that_is_not_complete_changes_nothing),
        TEST(retrace_is_a_function_of_the_clock),
        TEST(memory_map_select_moves_the_window),
        TEST(write_mode_0_rotates_sets_and_masks),
        TEST(functions_combine_with_the_latches),
        TEST(write_mode_1_copies_the_latches),
        TEST(write_mode_2_spreads_a_colour),
        TEST(write_mode_3_masks_with_the_data),
        TEST(read_mode_0_reads_the_plane_of_the_map_select),
        TEST(read_mode_1_compares_colours),
        TEST(chain_4_puts_neighbours_into_planes),
        TEST(text_puts_characters_and_attributes_into_planes),
        TEST(looking_at_memory_does_not_fill_the_latches),
        TEST(interface_has_an_id_and_its_memory),
        TEST(capabilities_are_the_largest_mode),
        TEST(a_mode_is_fixed_while_it_is_on),
        TEST(a_larger_line_makes_room_to_scroll),
        TEST(switching_on_clears_unless_asked_not_to),
        TEST(banks_show_the_frame_buffer_at_a0000),
        TEST(dac_has_eight_bits_when_asked),
        TEST(the_cards_window_has_the_same_registers),
        TEST(it_is_a_vga_with_a_frame_buffer),
        TEST(old_places_do_not_need_pci),
        TEST(a_save_has_everything),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
