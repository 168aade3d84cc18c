/* tests/devices/sb16_test.c -- DSP and mixer against Creative's Sound Blaster
 * Series Hardware Programming Guide; what is played is told by sound_out. */
#include "bench.h"

#include <stdio.h>
#include <string.h>

enum { BASE = 0x220, MIXER = 0x224, MIXER_DATA = 0x225, RESET = 0x226 };
enum { READ = 0x22a, WRITE = 0x22c, STATUS = 0x22e, END_16 = 0x22f };
enum { BUFFER = 0x20000 };

static int setup(void **state)
{
    struct bench *b = bench_create();

    bench_add(b, device_model_find("dma8237"), NULL);
    bench_add_isa(b, device_model_find("sb16"), 5, 1);
    bench_start(b);
    bench_out8(b, 0xd6, 0xc0); /* cascade */
    bench_out8(b, 0xd4, 0x00);
    *state = b;
    return 0;
}

static void dsp(struct bench *b, uint8_t byte)
{
    assert_int_equal(bench_in8(b, WRITE) & 0x80, 0);
    bench_out8(b, WRITE, byte);
}
#define DSP(b, ...)                                                            \
    do {                                                                       \
        static const uint8_t bytes_[] = {__VA_ARGS__};                         \
        for (unsigned i_ = 0; i_ < sizeof bytes_; i_++)                        \
            dsp(b, bytes_[i_]);                                                \
    } while (0)

static uint8_t dsp_read(struct bench *b)
{
    assert_int_equal(bench_in8(b, STATUS) & 0x80, 0x80);
    return bench_in8(b, READ);
}

static uint8_t mixer(struct bench *b, uint8_t index)
{
    bench_out8(b, MIXER, index);
    return bench_in8(b, MIXER_DATA);
}

static void set_mixer(struct bench *b, uint8_t index, uint8_t value)
{
    bench_out8(b, MIXER, index);
    bench_out8(b, MIXER_DATA, value);
}

static void channel_1(struct bench *b, unsigned bytes, uint8_t mode)
{
    bench_out8(b, 0x0a, 0x05);
    bench_out8(b, 0x0c, 0);
    bench_out8(b, 0x0b, mode);
    bench_out8(b, 0x02, BUFFER & 0xff);
    bench_out8(b, 0x02, BUFFER >> 8 & 0xff);
    bench_out8(b, 0x83, BUFFER >> 16);
    bench_out8(b, 0x03, (uint8_t)(bytes - 1));
    bench_out8(b, 0x03, (uint8_t)((bytes - 1) >> 8));
    bench_out8(b, 0x0a, 0x01);
}

static void channel_5(struct bench *b, unsigned words, uint8_t mode)
{
    bench_out8(b, 0xd4, 0x05);
    bench_out8(b, 0xd8, 0);
    bench_out8(b, 0xd6, mode);
    bench_out8(b, 0xc4, BUFFER >> 1 & 0xff);
    bench_out8(b, 0xc4, BUFFER >> 9 & 0xff);
    bench_out8(b, 0x8b, BUFFER >> 16);
    bench_out8(b, 0xc6, (uint8_t)(words - 1));
    bench_out8(b, 0xc6, (uint8_t)((words - 1) >> 8));
    bench_out8(b, 0xd4, 0x01);
}

static bool irq(struct bench *b)
{
    return bus_wire(b->bus, WIRE_IRQ0 + 5);
}

/* ---- DSP -------------------------------------------------------------------
 */

static void reset_answers_aa_after_100_us(void **state)
{
    struct bench *b = *state;

    bench_out8(b, RESET, 1);
    bench_advance_ns(b, 3000);
    bench_out8(b, RESET, 0);
    bench_advance_ns(b, 99000);
    assert_int_equal(bench_in8(b, STATUS) & 0x80, 0);
    bench_advance_ns(b, 1100);
    assert_int_equal(dsp_read(b), 0xaa);
    assert_int_equal(bench_in8(b, STATUS) & 0x80, 0);
}

static void it_tells_version_identity_and_copyright(void **state)
{
    struct bench *b = *state;
    char text[64] = "";

    DSP(b, 0xe1);
    assert_int_equal(dsp_read(b), 4);
    assert_int_equal(dsp_read(b), 5);
    DSP(b, 0xe0, 0x5a);
    assert_int_equal(dsp_read(b), 0xa5);
    DSP(b, 0xe4, 0x77, 0xe8);
    assert_int_equal(dsp_read(b), 0x77);
    DSP(b, 0xe3);
    for (unsigned i = 0; i < sizeof text - 1 && (!i || text[i - 1]); i++)
        text[i] = (char)dsp_read(b);
    assert_string_equal(text, "COPYRIGHT (C) CREATIVE TECHNOLOGY LTD, 1992.");
}

static void speaker_state_is_told(void **state)
{
    struct bench *b = *state;

    DSP(b, 0xd1, 0xd8);
    assert_int_equal(dsp_read(b), 0xff);
    DSP(b, 0xd3, 0xd8);
    assert_int_equal(dsp_read(b), 0x00);
}

static void interrupts_are_raised_on_request_and_ended_by_reading(void **state)
{
    struct bench *b = *state;

    DSP(b, 0xf2);
    assert_true(irq(b));
    assert_int_equal(mixer(b, 0x82) & 7, 1);
    bench_in8(b, END_16);
    assert_true(irq(b));
    bench_in8(b, STATUS);
    assert_false(irq(b));
    DSP(b, 0xf3);
    assert_int_equal(mixer(b, 0x82) & 7, 2);
    bench_in8(b, STATUS);
    assert_true(irq(b));
    bench_in8(b, END_16);
    assert_false(irq(b));
}

static void an_unknown_command_is_an_error_of_the_guest(void **state)
{
    struct bench *b = *state;

    bench_trace(b, "guest_error");
    DSP(b, 0x05, 0xe1);
    assert_int_equal(bench_count(b, "DSP command 05"), 1);
    assert_int_equal(dsp_read(b), 4);
}

/* ---- playing ---------------------------------------------------------------
 */

static void direct_mode_plays_each_sample(void **state)
{
    struct bench *b = *state;

    bench_trace(b, "sound_out");
    DSP(b, 0x10, 0x80, 0x10, 0xff);
    assert_int_equal(bench_count(b, "left=0 right=0"), 1);
    assert_int_equal(bench_count(b, "left=7f00 right=7f00"), 1);
}

static void eight_bits_single_cycle_by_time_constant(void **state)
{
    struct bench *b = *state;

    bench_fill(b, BUFFER, 10, 0x80);
    channel_1(b, 10, 0x49);
    bench_trace(b, "sound_out");
    DSP(b, 0x40, 156); /* 10,000 a second */
    DSP(b, 0x14, 9, 0);
    bench_advance_ns(b, 999000);
    assert_int_equal(bench_count(b, "rate=10000"), 9);
    assert_false(irq(b));
    bench_advance_ns(b, 10000);
    assert_true(irq(b));
    bench_advance_ns(b, 10000000);
    assert_int_equal(bench_count(b, "rate=10000"), 10);
    assert_int_equal(bench_count(b, "left=700 right=700"), 1);
}

static void the_pros_stereo_command_shares_the_rate(void **state)
{
    struct bench *b = *state;

    bench_fill(b, BUFFER, 8, 0x80);
    channel_1(b, 8, 0x49);
    set_mixer(b, 0x0e, 0x02);
    bench_trace(b, "sound_out");
    DSP(b, 0x40, 0xd3, 0x48, 7, 0, 0x91); /* 22,222 of both: 11,111 frames */
    bench_run(b);
    assert_int_equal(bench_count(b, "rate=11111"), 4);
    assert_int_equal(bench_count(b, "left=0 right=700"), 1);
    assert_true(irq(b));
}

static void sixteen_bits_stereo_auto_init_is_exact(void **state)
{
    struct bench *b = *state;
    char line[64];

    bench_fill(b, BUFFER, 64, 0x11);
    channel_5(b, 32, 0x59); /* auto-initialise, from memory */
    bench_trace(b, "sound_out");
    DSP(b, 0x41, 0xac, 0x44);  /* 44,100 */
    DSP(b, 0xb6, 0x30, 15, 0); /* blocks of 16 words: two a buffer */
    bench_advance_ns(b, 8 * 1000000000ull / 44100 + 5000);
    assert_true(irq(b)); /* the first block: 8 frames */
    assert_int_equal(mixer(b, 0x82) & 7, 2);
    bench_in8(b, END_16);
    bench_advance_ns(b, 8 * 1000000000ull / 44100);
    assert_true(irq(b));
    assert_int_equal(bench_count(b, "rate=44100"), 16);
    for (unsigned i = 0; i < 16; i++) {
        const uint8_t *p = b->ram + BUFFER + 4 * i;

        snprintf(line, sizeof line, "left=%x right=%x", p[0] | p[1] << 8,
                 p[2] | p[3] << 8);
        assert_int_equal(bench_count(b, line), 1);
    }
    bench_advance_ns(b, 100000000 - 16ull * 1000000000 / 44100);
    assert_int_equal(bench_count(b, "rate=44100"), 4410);
}

static void auto_init_ends_at_the_blocks_end(void **state)
{
    struct bench *b = *state;

    channel_1(b, 16, 0x59);
    bench_trace(b, "sound_out");
    DSP(b, 0x41, 0x27, 0x10, 0xc6, 0x00, 3, 0);
    bench_advance_ns(b, 150000);
    DSP(b, 0xda);
    bench_run(b);
    assert_int_equal(bench_count(b, "rate=10000"), 4);
}

static void pause_and_continue_lose_nothing(void **state)
{
    struct bench *b = *state;

    channel_1(b, 16, 0x49);
    bench_trace(b, "sound_out");
    DSP(b, 0x41, 0x27, 0x10, 0xc0, 0x00, 15, 0);
    bench_advance_ns(b, 550000);
    DSP(b, 0xd0);
    bench_advance_ns(b, 5000000);
    assert_int_equal(bench_count(b, "rate=10000"), 5);
    DSP(b, 0xd4);
    bench_run(b);
    assert_int_equal(bench_count(b, "rate=10000"), 16);
    assert_true(irq(b));
}

/* Linux, sound/isa/sb/sb16_main.c: prepared, paused, and only then filled. */
static void a_pause_at_once_finds_nothing_moved(void **state)
{
    struct bench *b = *state;

    channel_5(b, 8, 0x49);
    bench_trace(b, "sound_out");
    DSP(b, 0x41, 0xac, 0x44, 0xb6, 0x30, 7, 0);
    bench_advance_ns(b, 20000);
    DSP(b, 0xd5);
    bench_advance_ns(b, 1000000);
    bench_fill(b, BUFFER, 16, 0x11);
    DSP(b, 0xd6);
    bench_run(b);
    assert_int_equal(bench_count(b, "rate=44100"), 4);
    assert_int_equal(bench_count(b, "left=1811 right=261f"), 1);
}

static void recording_gives_silence(void **state)
{
    struct bench *b = *state;

    bench_fill(b, BUFFER, 16, 1);
    channel_1(b, 16, 0x45);
    DSP(b, 0x42, 0x27, 0x10, 0xc8, 0x00, 15, 0);
    bench_run(b);
    for (unsigned i = 0; i < 16; i++)
        assert_int_equal(b->ram[BUFFER + i], 0x80);
    assert_true(irq(b));
}

static void silence_takes_its_time(void **state)
{
    struct bench *b = *state;

    DSP(b, 0x41, 0x27, 0x10, 0x80, 99, 0);
    bench_advance_ns(b, 9990000);
    assert_false(irq(b));
    bench_advance_ns(b, 20000);
    assert_true(irq(b));
}

/* ---- FM
 * ----------------------------------------------------------------------
 */

static void fm(struct bench *b, uint16_t port, uint8_t index, uint8_t value)
{
    bench_out8(b, port, index);
    bench_out8(b, port + 1, value);
}

/* 440 Hz on channel 0; the modulator is silent. */
static void fm_tone(struct bench *b)
{
    static const uint8_t regs[][2] = {
        {0x20, 0x21}, {0x40, 0x3f}, {0x60, 0xff}, {0x80, 0x0f}, {0x23, 0x21},
        {0x43, 0x00}, {0x63, 0xf0}, {0x83, 0x0f}, {0xa0, 0x44}, {0xb0, 0x32}};

    for (unsigned i = 0; i < sizeof regs / sizeof regs[0]; i++)
        fm(b, 0x388, regs[i][0], regs[i][1]);
}

/* Linux, sound/drivers/opl3/opl3_lib.c: how a driver finds the chip. */
static void fm_is_found_by_its_timers(void **state)
{
    static const uint16_t ports[] = {0x388, 0x220, 0x228};
    struct bench *b = *state;

    for (unsigned i = 0; i < 3; i++) {
        fm(b, ports[i], 0x04, 0x60);
        fm(b, ports[i], 0x04, 0x80);
        assert_int_equal(bench_in8(b, ports[i]), 0);
        fm(b, ports[i], 0x02, 0xff);
        fm(b, ports[i], 0x04, 0x21);
        bench_advance_ns(b, 200000);
        assert_int_equal(bench_in8(b, ports[i]), 0xc0); /* bits 1, 2: OPL3 */
    }
}

static void fm_alone_leaves_at_its_own_rate(void **state)
{
    struct bench *b = *state;

    bench_trace(b, "sound_out");
    bench_advance_ns(b, 5000000);
    fm_tone(b);
    assert_int_equal(bench_count(b, "sound_out"), 0);
    bench_advance_ns(b, 10000000);
    assert_in_range(bench_count(b, "rate=49716"), 497 - 64, 497);
    fm(b, 0x388, 0xb0, 0x12); /* key off; the release is over soon */
    bench_run(b);
    assert_in_range(bench_count(b, "rate=49716"), 497, 5000);
}

static void a_save_has_the_note(void **state)
{
    struct bench *b = *state;
    struct saver s = {0};
    void *other;

    fm_tone(b);
    bench_advance_ns(b, 1234567);
    bench_save(b, &s);
    setup(&other);
    bench_load(other, &s);
    bench_advance_ns(b, 3000000);
    bench_advance_ns(other, 3000000);
    bench_same(b, other);
    saver_fini(&s);
    bench_destroy(other);
}

static void fm_is_added_to_what_the_dsp_plays(void **state)
{
    struct bench *b = *state;

    fm_tone(b);
    memset(b->ram + BUFFER, 0, 64); /* of the DSP: silence */
    channel_5(b, 32, 0x49);
    DSP(b, 0x41, 0xac, 0x44, 0xb6, 0x30, 31, 0);
    bench_trace(b, "sound_out");
    bench_advance_ns(b, 16 * 1000000000ull / 44100 + 5000);
    assert_int_equal(bench_count(b, "rate=44100"), 16);
    assert_int_equal(bench_count(b, "rate=49716"), 0);
    assert_in_range(bench_count(b, "left=0 right=0"), 0, 1);
}

/* ---- MPU-401
 * -------------------------------------------------------------------
 */

enum { MPU = 0x330, MPU_STATUS = 0x331 };

static void midi_is_acknowledged_then_a_uart(void **state)
{
    struct bench *b = *state;

    assert_int_equal(bench_in8(b, MPU_STATUS) & 0xc0, 0x80);
    bench_out8(b, MPU_STATUS, 0xff);
    assert_int_equal(bench_in8(b, MPU_STATUS) & 0xc0, 0);
    assert_true(irq(b));
    assert_int_equal(mixer(b, 0x82) & 7, 4);
    assert_int_equal(bench_in8(b, MPU), 0xfe);
    assert_false(irq(b));
    bench_trace(b, "stream_out,guest_error");
    bench_out8(b, MPU, 0x90); /* not yet */
    bench_out8(b, MPU_STATUS, 0xd0);
    assert_int_equal(bench_count(b, "stream_out"), 0);
    assert_int_equal(bench_count(b, "guest_error"), 1);
    bench_out8(b, MPU_STATUS, 0x3f);
    assert_int_equal(bench_in8(b, MPU), 0xfe);
    bench_out8(b, MPU, 0x90);
    assert_int_equal(bench_count(b, "stream_out"), 1);
    bench_out8(b, MPU_STATUS, 0xff); /* back, without an answer */
    assert_int_equal(bench_in8(b, MPU_STATUS) & 0xc0, 0x80);
}

static void midi_bytes_that_arrive_wait(void **state)
{
    struct bench *b = *state;
    struct device *card = bus_find(b->bus, "sb16");
    const struct device_model *model = card->model;

    assert_false(model->receive_ready(card));
    model->receive(card, 1); /* lost */
    bench_out8(b, MPU_STATUS, 0x3f);
    bench_in8(b, MPU);
    for (unsigned i = 0; i < 70; i++)
        model->receive(card, (uint8_t)i);
    assert_false(model->receive_ready(card));
    for (unsigned i = 0; i < 64; i++) {
        assert_true(irq(b));
        assert_int_equal(bench_in8(b, MPU), i);
    }
    assert_false(irq(b));
    assert_true(model->receive_ready(card));
}

/* ---- mixer -----------------------------------------------------------------
 */

static void levels_are_read_back_in_both_kinds_of_registers(void **state)
{
    struct bench *b = *state;

    assert_int_equal(mixer(b, 0x30), 24 << 3);
    assert_int_equal(mixer(b, 0x22), 0xcc);
    set_mixer(b, 0x22, 0x53);
    assert_int_equal(mixer(b, 0x30) & 0xf0, 0x50);
    assert_int_equal(mixer(b, 0x31) & 0xf0, 0x30);
    set_mixer(b, 0x30, 0xf8);
    assert_int_equal(mixer(b, 0x22), 0xf3);
    set_mixer(b, 0x00, 0);
    assert_int_equal(mixer(b, 0x22), 0xcc);
}

static void lines_are_those_of_the_straps(void **state)
{
    struct bench *b = *state;

    assert_int_equal(mixer(b, 0x80) & 15, 2);
    assert_int_equal(mixer(b, 0x81), 1 << 1 | 1 << 5);
    bench_trace(b, "guest_error");
    set_mixer(b, 0x80, 2);
    assert_int_equal(bench_count(b, "strapped"), 0);
    set_mixer(b, 0x80, 8);
    assert_int_equal(bench_count(b, "strapped"), 1);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, bench_teardown)
    const struct CMUnitTest tests[] = {
        CASE(reset_answers_aa_after_100_us),
        CASE(it_tells_version_identity_and_copyright),
        CASE(speaker_state_is_told),
        CASE(interrupts_are_raised_on_request_and_ended_by_reading),
        CASE(an_unknown_command_is_an_error_of_the_guest),
        CASE(direct_mode_plays_each_sample),
        CASE(eight_bits_single_cycle_by_time_constant),
        CASE(the_pros_stereo_command_shares_the_rate),
        CASE(sixteen_bits_stereo_auto_init_is_exact),
        CASE(auto_init_ends_at_the_blocks_end),
        CASE(pause_and_continue_lose_nothing),
        CASE(a_pause_at_once_finds_nothing_moved),
        CASE(recording_gives_silence),
        CASE(silence_takes_its_time),
        CASE(fm_is_found_by_its_timers),
        CASE(fm_alone_leaves_at_its_own_rate),
        CASE(a_save_has_the_note),
        CASE(fm_is_added_to_what_the_dsp_plays),
        CASE(midi_is_acknowledged_then_a_uart),
        CASE(midi_bytes_that_arrive_wait),
        CASE(levels_are_read_back_in_both_kinds_of_registers),
        CASE(lines_are_those_of_the_straps),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
