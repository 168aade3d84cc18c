/* tests/devices/opl3_test.c -- the YMF262 against Yamaha's application manual:
 * frequencies, levels and times are measured in what it gives out. */
#include "bench.h"

#include <stdlib.h>

#include "devices/opl3.h"

enum { A4 = 580, A4_BLOCK = 4 }; /* 580 * 49,716 / 2^16 = 440 Hz */
enum { FULL = 4084 };            /* of one operator */

static int setup(void **state)
{
    struct opl3 *o = malloc(sizeof *o);

    opl3_reset(o);
    *state = o;
    return 0;
}

static int teardown(void **state)
{
    free(*state);
    return 0;
}

static void set(struct opl3 *o, unsigned reg, uint8_t value)
{
    opl3_address(o, reg >> 8, (uint8_t)reg);
    opl3_write(o, value, 0);
}

/* The register offset of operator 0-17 of an array. */
static unsigned offset_of(unsigned slot)
{
    return slot / 6 * 8 + slot % 6;
}

/* An operator that attacks at once and stays; @level: total level. */
static void operator(struct opl3 *o, unsigned slot, uint8_t level)
{
    unsigned at = slot / 18 << 8 | offset_of(slot % 18);

    set(o, 0x20 + at, 0x21);
    set(o, 0x40 + at, level);
    set(o, 0x60 + at, 0xf0);
    set(o, 0x80 + at, 0x0f);
}

static void note(struct opl3 *o, unsigned channel, unsigned f, unsigned block)
{
    unsigned at = channel / 9 << 8 | channel % 9;

    set(o, 0xa0 + at, (uint8_t)f);
    set(o, 0xb0 + at, (uint8_t)(0x20 | block << 2 | f >> 8));
}

/* Channel 0's carrier alone, its modulator silent. */
static void tone(struct opl3 *o)
{
    operator(o, 0, 63);
    operator(o, 3, 0);
    note(o, 0, A4, A4_BLOCK);
}

/** What was measured over some frames. */
struct heard {
    int least, most, periods, zeroes;
};

static struct heard hear(struct opl3 *o, unsigned frames, unsigned side)
{
    struct heard h = {INT16_MAX, INT16_MIN, 0, 0};
    int16_t out[2];
    bool up = false;

    for (unsigned i = 0; i < frames; i++) {
        int v;

        opl3_frame(o, out);
        v = out[side];
        h.least = v < h.least ? v : h.least;
        h.most = v > h.most ? v : h.most;
        h.zeroes += v >= -40 && v <= 40; /* silent operators: -1 each */
        h.periods += !up && v > 200;
        up = v > 200 || (up && v >= -200);
    }
    return h;
}

/* @part is @tenths of a decibel below @whole, or as much as @off more or less.
 */
static bool below(int part, int whole, int tenths, int off)
{
    double least = whole, most = whole;

    for (int i = 0; i < tenths + off; i++)
        least *= 0.988553; /* 10^(-0.1 / 20) */
    for (int i = 0; i < tenths - off; i++)
        most *= 0.988553;
    return part >= least && part <= most + (tenths < off ? whole : 0);
}

/* ---- notes ----------------------------------------------------------------*/

static void a_note_has_its_frequency(void **state)
{
    struct opl3 *o = *state;
    struct heard h;

    tone(o);
    h = hear(o, OPL3_RATE / 2, 0);
    assert_in_range(h.periods, 219, 221);
    assert_in_range(h.most, FULL - 40, FULL);
    assert_in_range(-h.least, FULL - 40, FULL + 40);
}

static void the_multiple_is_a_table(void **state)
{
    static const uint8_t twice[16] = {1,  2,  4,  6,  8,  10, 12, 14,
                                      16, 18, 20, 20, 24, 24, 30, 30};
    struct opl3 *o = *state;

    for (unsigned m = 0; m < 16; m++) {
        opl3_reset(o);
        tone(o);
        set(o, 0x23, (uint8_t)(0x20 | m));
        assert_in_range(hear(o, OPL3_RATE / 20, 0).periods, 11 * twice[m] - 1,
                        11 * twice[m] + 1);
    }
}

static void a_step_of_the_level_is_three_quarters_of_a_decibel(void **state)
{
    struct opl3 *o = *state;

    for (uint8_t level = 1; level < 40; level++) {
        opl3_reset(o);
        tone(o);
        set(o, 0x43, level);
        assert_true(below(hear(o, 400, 0).most, FULL, level * 15 / 2, 5));
    }
}

static void key_scaling_is_decibels_an_octave(void **state)
{
    static const int slope[4] = {0, 30, 15, 60};
    struct opl3 *o = *state;

    for (unsigned select = 0; select < 4; select++) {
        int most[2];

        for (unsigned i = 0; i < 2; i++) {
            opl3_reset(o);
            tone(o);
            set(o, 0x43, (uint8_t)(select << 6));
            note(o, 0, A4, 4 + 2 * i);
            most[i] = hear(o, 2000, 0).most;
        }
        assert_true(below(most[1], most[0], 2 * slope[select], 3));
    }
}

/* Of a period: how far down and up, and how much of it is silence, or nearly:
 * the last falls by 16 powers of two. */
static void the_eight_waveforms(void **state)
{
    static const struct {
        bool down;
        double silent;
    } wave[8] = {{true, 0},  {false, .5}, {false, 0}, {false, .5},
                 {true, .5}, {false, .5}, {true, 0},  {true, .58}};
    struct opl3 *o = *state;

    for (unsigned w = 0; w < 8; w++) {
        struct heard h;

        opl3_reset(o);
        set(o, 0x105, 1);
        set(o, 0xc0, 0x30);
        tone(o);
        set(o, 0xe3, (uint8_t)w);
        h = hear(o, 3000, 1);
        assert_in_range(h.most, FULL / 4 * 3, FULL);
        assert_int_equal(h.least < -FULL / 2, wave[w].down);
        assert_true(h.zeroes > 3000 * wave[w].silent - 60);
        assert_true(h.zeroes < 3000 * wave[w].silent + 900);
    }
}

/* ---- envelope -------------------------------------------------------------*/

/* Frames from the one tenth of full to the other. */
static unsigned fall(struct opl3 *o, int from, int to)
{
    enum { WINDOW = 70 }; /* a period */
    unsigned began = 0;

    for (unsigned i = WINDOW; i < OPL3_RATE; i += WINDOW) {
        int most = hear(o, WINDOW, 0).most;

        if (!began && most < FULL / 10 * from)
            began = i;
        if (began && most < FULL / 10 * to)
            return i - began;
    }
    return 0;
}

/* The manual's table: at rate 4 from 90 to 10 % in 8,212 ms; each rate of four
 * more takes half. */
static void decay_takes_the_manuals_time(void **state)
{
    struct opl3 *o = *state;

    for (unsigned rate = 7; rate < 10; rate++) {
        double want = 8.21248 / (1 << (rate - 1)) * OPL3_RATE;
        unsigned got;

        opl3_reset(o);
        tone(o);
        set(o, 0x63, (uint8_t)(0xf0 | rate));
        set(o, 0x83, 0xf0);
        note(o, 0, 1023, 0); /* a note that adds nothing to the rate */
        set(o, 0x23, 0x2f);
        got = fall(o, 9, 1);
        assert_true(got > want * 0.85 && got < want * 1.15);
    }
}

static void release_follows_the_key(void **state)
{
    struct opl3 *o = *state;

    tone(o);
    assert_true(hear(o, 5000, 0).most > FULL - 80);
    assert_true(opl3_sounds(o));
    set(o, 0xb0, A4_BLOCK << 2 | A4 >> 8);
    hear(o, 3000, 0);
    assert_false(opl3_sounds(o));
    assert_in_range(-hear(o, 1000, 0).least, 0, 36);
}

/* Percussive: it falls on at the release rate with the key held. */
static void sustain_is_a_choice(void **state)
{
    struct opl3 *o = *state;

    for (unsigned held = 0; held < 2; held++) {
        opl3_reset(o);
        tone(o);
        set(o, 0x63, 0xff);
        set(o, 0x83, 0x4a); /* to -12 dB, then 2.4 s / 512 */
        set(o, 0x23, (uint8_t)(held ? 0x21 : 0x01));
        hear(o, 1000, 0);
        if (held)
            assert_true(below(hear(o, 8000, 0).most, FULL, 120, 8));
        else
            assert_in_range(hear(o, 8000, 0).most, 1, FULL / 4);
        assert_int_equal(hear(o, 1000, 0).most > 0, held);
    }
}

/* ---- low-frequency oscillators
 * ---------------------------------------------*/

static void tremolo_is_up_to_5_decibels_at_3_7_hertz(void **state)
{
    struct opl3 *o = *state;
    int least = FULL, most = 0, turns = 0, before = 0;
    bool rising = false;

    tone(o);
    set(o, 0x23, 0xa1);
    set(o, 0xbd, 0x80);
    for (unsigned i = 0; i < 100; i++) { /* about a second */
        int v = hear(o, 500, 0).most;

        least = v < least ? v : least;
        most = v > most ? v : most;
        if (v > before + 5 && !rising) {
            rising = true;
            turns++;
        } else if (v < before - 5) {
            rising = false;
        }
        before = v;
    }
    assert_true(below(least, most, 48, 4));
    assert_in_range(turns, 3, 5);
}

static void vibrato_bends_by_14_cents(void **state)
{
    struct opl3 *o = *state;
    int least = 10000, most = 0;

    operator(o, 0, 63);
    operator(o, 3, 0);
    set(o, 0x23, 0x6f); /* 15 times: more periods to count */
    set(o, 0xbd, 0x40);
    note(o, 0, 1023, 3);
    for (unsigned i = 0; i < 16; i++) { /* steps of its period */
        int n = hear(o, 1024, 0).periods;

        least = n < least ? n : least;
        most = n > most ? n : most;
    }
    /* 1,023 and 7 either side: 1,024 frames have 119.9 periods, or 0.8 more */
    assert_in_range(least, 118, 119);
    assert_in_range(most, 120, 121);
}

/* ---- connections ----------------------------------------------------------*/

static void a_modulator_changes_the_wave_or_is_added(void **state)
{
    struct opl3 *o = *state;
    int alone;

    tone(o);
    set(o, 0x40, 0); /* modulates by full */
    alone = hear(o, 5000, 0).periods;
    assert_true(alone > 60);
    opl3_reset(o);
    tone(o);
    set(o, 0x40, 0);
    set(o, 0xc0, 1);
    assert_in_range(hear(o, 5000, 0).most, 2 * FULL - 80, 2 * FULL);
}

/* Four operators: which of them are heard with the others silent. */
static void four_operators_connect_in_four_ways(void **state)
{
    static const uint8_t heard[4] = {0x8, 0x9, 0xa, 0xd};
    struct opl3 *o = *state;

    for (unsigned way = 0; way < 4; way++) {
        for (unsigned one = 0; one < 4; one++) {
            opl3_reset(o);
            set(o, 0x105, 1);
            set(o, 0x104, 1);
            set(o, 0xc0, (uint8_t)(0x30 | (way & 1)));
            set(o, 0xc3, (uint8_t)(0x30 | way >> 1));
            for (unsigned i = 0; i < 4; i++)
                operator(o, 3 * i, i == one ? 0 : 63);
            note(o, 0, A4, A4_BLOCK);
            assert_int_equal(hear(o, 1000, 0).most > FULL / 2,
                             heard[way] >> one & 1);
        }
    }
}

static void sides_are_switched_in_the_new_mode(void **state)
{
    struct opl3 *o = *state;

    tone(o); /* as an OPL2: both */
    assert_true(hear(o, 500, 0).most > FULL / 2);
    assert_true(hear(o, 500, 1).most > FULL / 2);
    set(o, 0x105, 1);
    for (unsigned sides = 0; sides < 4; sides++) {
        set(o, 0xc0, (uint8_t)(sides << 4));
        assert_int_equal(hear(o, 500, 0).most > FULL / 2, sides & 1);
        assert_int_equal(hear(o, 500, 1).most > FULL / 2, sides >> 1);
    }
}

static void the_second_array_is_the_new_modes(void **state)
{
    struct opl3 *o = *state;

    operator(o, 21, 0);
    note(o, 9, A4, A4_BLOCK);
    assert_false(opl3_sounds(o));
    set(o, 0x105, 1);
    set(o, 0x1c0, 0x30);
    operator(o, 18, 63);
    operator(o, 21, 0);
    note(o, 9, A4, A4_BLOCK);
    assert_true(hear(o, 500, 0).most > FULL / 2);
}

/* Each of five drums by its key bit, twice as loud as a note. */
static void drums_have_keys_of_their_own(void **state)
{
    struct opl3 *o = *state;

    for (unsigned drum = 0; drum < 5; drum++) {
        opl3_reset(o);
        for (unsigned slot = 12; slot < 18; slot++)
            operator(o, slot, slot == 12 ? 63 : 0);
        for (unsigned c = 6; c < 9; c++) {
            note(o, c, A4, A4_BLOCK);
            set(o, 0xb0 + c, A4_BLOCK << 2 | A4 >> 8);
        }
        hear(o, 2000, 0);
        set(o, 0xbd, 0x20);
        assert_false(opl3_sounds(o));
        set(o, 0xbd, (uint8_t)(0x20 | 1u << drum));
        assert_in_range(hear(o, 1000, 0).most, FULL, 2 * FULL);
        set(o, 0xbd, 0x20);
        hear(o, 2000, 0);
        assert_false(opl3_sounds(o));
    }
}

/* ---- timers ---------------------------------------------------------------*/

static void timers_raise_their_flags(void **state)
{
    struct opl3 *o = *state;

    opl3_address(o, 0, 2);
    opl3_write(o, 0xff, 0); /* 80 us */
    opl3_address(o, 0, 3);
    opl3_write(o, 0xfe, 0); /* twice 320 us */
    opl3_address(o, 0, 4);
    opl3_write(o, 0x03, 1000);
    assert_int_equal(opl3_status(o, 80000), 0);
    assert_int_equal(opl3_status(o, 82000), 0xc0);
    assert_int_equal(opl3_status(o, 640000), 0xc0);
    assert_int_equal(opl3_status(o, 646000), 0xe0);
    opl3_write(o, 0x80, 646000); /* ends the flags, and they come again */
    assert_int_equal(opl3_status(o, 646000), 0);
    assert_int_equal(opl3_status(o, 730000), 0xc0);
    opl3_write(o, 0x80, 730000);
    opl3_write(o, 0x63, 730000); /* masked */
    assert_int_equal(opl3_status(o, 5000000), 0);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(a_note_has_its_frequency),
        CASE(the_multiple_is_a_table),
        CASE(a_step_of_the_level_is_three_quarters_of_a_decibel),
        CASE(key_scaling_is_decibels_an_octave),
        CASE(the_eight_waveforms),
        CASE(decay_takes_the_manuals_time),
        CASE(release_follows_the_key),
        CASE(sustain_is_a_choice),
        CASE(tremolo_is_up_to_5_decibels_at_3_7_hertz),
        CASE(vibrato_bends_by_14_cents),
        CASE(a_modulator_changes_the_wave_or_is_added),
        CASE(four_operators_connect_in_four_ways),
        CASE(sides_are_switched_in_the_new_mode),
        CASE(the_second_array_is_the_new_modes),
        CASE(drums_have_keys_of_their_own),
        CASE(timers_raise_their_flags),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
