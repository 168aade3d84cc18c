/* devices/sb16_dsp.c -- the DSP of the Sound Blaster 16 (version 4.05): digital
 * sound by an 8-bit channel (strapped) and 16-bit channel 5, single-cycle and
 * auto-initialise, in and out. What it plays leaves as frames of 16 bits.
 * Source: Creative, Sound Blaster Series Hardware Programming Guide, chapters
 * 2, 3 and 6. */
#include "sb16.h"

enum { MODE_SIGNED = 0x10, MODE_STEREO = 0x20 };
enum { LOWEST_RATE = 4000, HIGHEST_RATE = 45454 };

static void answer(struct sb16 *s, uint8_t byte)
{
    if (s->answers < ANSWERS)
        s->answer[s->answers++] = byte;
}

/* ---- streams ---------------------------------------------------------------
 * A frame is asked for when it is due: DREQ until all its samples are there. */

static void ask(struct sb16 *s, bool level)
{
    dreq_set(&s->dev, level && !s->wide);
    line_set(&s->dev, PIN_DREQ_HIGH, level && s->wide);
}

static void next_frame(struct sb16 *s)
{
    uint64_t now = clock_ns(&s->dev);
    uint64_t due = s->from_ns + s->frames * 1000000000 / s->stream_rate;

    clock_after_ns(&s->dev, due > now ? due - now : 0, FRAME);
}

static void stop(struct sb16 *s)
{
    fm_run(s);
    s->mode = OFF;
    ask(s, false);
    clock_cancel(&s->dev, FRAME);
}

/* The first frame is due when its period is over, so that a pause that comes
 * at once, as Linux's driver gives it, finds nothing moved. */
static void go(struct sb16 *s)
{
    fm_run(s);
    s->paused = 0;
    s->from_ns = clock_ns(&s->dev);
    s->frames = 1;
    if (s->mode != OFF)
        next_frame(s);
}

static void begin(struct sb16 *s, uint8_t mode, uint32_t units)
{
    stop(s);
    s->mode = mode;
    s->left = s->length = units;
    s->samples = 0;
    s->stream_rate = s->rate;
    go(s);
}

static void block_over(struct sb16 *s)
{
    if (s->mode == AUTO)
        s->left = s->length;
    else
        stop(s);
    sb16_interrupt(s, s->wide ? IRQ_16 : IRQ_8, true);
}

static int16_t sample_of(const struct sb16 *s, const uint8_t *bytes)
{
    unsigned v =
        s->wide ? bytes[0] | (unsigned)bytes[1] << 8 : (unsigned)bytes[0] << 8;

    return (int16_t)(s->is_signed ? v : v ^ 0x8000u);
}

/* Nothing is connected to the inputs: they give silence. */
static void record(const struct sb16 *s, uint8_t *bytes)
{
    unsigned v = s->is_signed ? 0 : 0x8000;

    if (s->wide)
        bytes[0] = 0;
    bytes[s->wide] = (uint8_t)(v >> 8);
}

static void frame_over(struct sb16 *s)
{
    if (!s->input)
        sb16_put(s, s->stream_rate, s->sample[0], s->sample[s->stereo ? 1 : 0]);
    s->samples = 0;
    s->frames++;
    ask(s, false);
    if (s->mode != OFF && !s->paused)
        next_frame(s);
}

static void unit(struct sb16 *s, uint8_t *bytes, enum dma_dir dir)
{
    if (s->mode == OFF || (dir == DMA_TO_DEVICE) == s->input)
        return; /* a request of software, or the wrong way round */
    if (s->input)
        record(s, bytes);
    else
        s->sample[s->samples] = sample_of(s, bytes);
    if (++s->samples > s->stereo)
        frame_over(s);
    if (--s->left == 0)
        block_over(s);
}

void dsp_dack(struct device *dev, uint8_t *bytes, uint32_t n, bool tc,
              enum dma_dir dir)
{
    struct sb16 *s = (struct sb16 *)dev;
    bool wide = dack_channel(dev) == SB16_HIGH_CHANNEL;

    (void)tc; /* the DSP counts by itself */
    for (uint32_t i = 0; i < n && wide == s->wide; i++)
        unit(s, bytes + (i << wide), dir);
}

/* What is left of the frame that is asked for. */
uint32_t dsp_ready(const struct device *dev, enum dma_dir dir)
{
    const struct sb16 *s = (const struct sb16 *)dev;

    (void)dir;
    return 1u + s->stereo - s->samples;
}

void dsp_step(struct sb16 *s, unsigned step)
{
    if (step == FRAME && s->mode != OFF)
        ask(s, true);
    else if (step == RESET_DONE)
        answer(s, 0xaa);
    else if (step == SILENCE_OVER)
        sb16_interrupt(s, IRQ_8, true);
}

/* ---- commands --------------------------------------------------------------
 */

static uint32_t word(const struct sb16 *s, unsigned i)
{
    return s->argument[i] | (uint32_t)s->argument[i + 1] << 8;
}

static void direct(struct sb16 *s)
{
    s->wide = s->is_signed = 0;
    sb16_put(s, s->rate, sample_of(s, s->argument), sample_of(s, s->argument));
}

static void direct_in(struct sb16 *s)
{
    answer(s, 0x80);
}

/* 1xh, 2xh, 9xh: 8 bits unsigned, stereo as the Pro's mixer register says. */
static void play_8(struct sb16 *s)
{
    uint8_t c = s->command;
    bool automatic = c == 0x1c || c == 0x2c || c == 0x90 || c == 0x98;
    bool given = c == 0x14 || c == 0x24;

    s->wide = s->is_signed = 0;
    s->stereo = mixer_stereo(&s->mixer);
    s->input = c == 0x24 || c == 0x2c || c >= 0x98;
    begin(s, automatic ? AUTO : SINGLE, (given ? word(s, 0) : s->block) + 1);
}

/* Bxh and Cxh: bit 3 in, bit 2 auto-initialise. Arguments: mode, units less
 * one. */
static void play(struct sb16 *s)
{
    s->wide = s->command < 0xc0;
    s->input = s->command >> 3 & 1;
    s->is_signed = (s->argument[0] & MODE_SIGNED) != 0;
    s->stereo = (s->argument[0] & MODE_STEREO) != 0;
    begin(s, s->command & 4 ? AUTO : SINGLE, word(s, 1) + 1);
}

static void set_rate(struct sb16 *s, uint32_t rate)
{
    s->rate = rate < LOWEST_RATE    ? LOWEST_RATE
              : rate > HIGHEST_RATE ? HIGHEST_RATE
                                    : rate;
}

/* Of the Pro: a channel's, so that stereo has half of it. */
static void time_constant(struct sb16 *s)
{
    uint32_t rate = 1000000u / (256u - s->argument[0]);

    set_rate(s, mixer_stereo(&s->mixer) ? rate / 2 : rate);
}

static void sample_rate(struct sb16 *s)
{
    set_rate(s, (uint32_t)s->argument[0] << 8 | s->argument[1]);
}

static void block_size(struct sb16 *s)
{
    s->block = (uint16_t)word(s, 0);
}

static void silence(struct sb16 *s)
{
    clock_after_ns(&s->dev, (word(s, 0) + 1) * 1000000000ull / s->rate,
                   SILENCE_OVER);
}

static void pause(struct sb16 *s)
{
    fm_run(s);
    s->paused = 1;
    ask(s, false);
    clock_cancel(&s->dev, FRAME);
}

static void proceed(struct sb16 *s)
{
    if (s->paused)
        go(s);
}

static void go_on(struct sb16 *s)
{
    if (s->mode == ENDING)
        s->mode = AUTO;
}

static void end_auto(struct sb16 *s)
{
    if (s->mode == AUTO)
        s->mode = ENDING;
}

static void speaker_on(struct sb16 *s)
{
    s->speaker = 1;
}

static void speaker_off(struct sb16 *s)
{
    s->speaker = 0;
}

static void speaker_status(struct sb16 *s)
{
    answer(s, s->speaker ? 0xff : 0);
}

static void identify(struct sb16 *s)
{
    answer(s, (uint8_t)~s->argument[0]);
}

static void version(struct sb16 *s)
{
    answer(s, 4);
    answer(s, 5);
}

static void copyright(struct sb16 *s)
{
    static const char text[] = "COPYRIGHT (C) CREATIVE TECHNOLOGY LTD, 1992.";

    for (unsigned i = 0; i < sizeof text; i++) /* and its end */
        answer(s, (uint8_t)text[i]);
}

static void write_test(struct sb16 *s)
{
    s->test = s->argument[0];
}

static void read_test(struct sb16 *s)
{
    answer(s, s->test);
}

static void raise_8(struct sb16 *s)
{
    sb16_interrupt(s, IRQ_8, true);
}

static void raise_16(struct sb16 *s)
{
    sb16_interrupt(s, IRQ_16, true);
}

/** The first row that holds a command serves it. */
static const struct row {
    uint8_t first, last, arguments;
    void (*run)(struct sb16 *s);
} rows[] = {
    {0x10, 0x10, 1, direct},        {0x14, 0x14, 2, play_8},
    {0x1c, 0x1c, 0, play_8},        {0x20, 0x20, 0, direct_in},
    {0x24, 0x24, 2, play_8},        {0x2c, 0x2c, 0, play_8},
    {0x40, 0x40, 1, time_constant}, {0x41, 0x42, 2, sample_rate},
    {0x45, 0x45, 0, go_on},         {0x47, 0x47, 0, go_on},
    {0x48, 0x48, 2, block_size},    {0x80, 0x80, 2, silence},
    {0x90, 0x91, 0, play_8},        {0x98, 0x99, 0, play_8},
    {0xb0, 0xcf, 3, play},          {0xd0, 0xd0, 0, pause},
    {0xd1, 0xd1, 0, speaker_on},    {0xd3, 0xd3, 0, speaker_off},
    {0xd4, 0xd4, 0, proceed},       {0xd5, 0xd5, 0, pause},
    {0xd6, 0xd6, 0, proceed},       {0xd8, 0xd8, 0, speaker_status},
    {0xd9, 0xda, 0, end_auto},      {0xe0, 0xe0, 1, identify},
    {0xe1, 0xe1, 0, version},       {0xe3, 0xe3, 0, copyright},
    {0xe4, 0xe4, 1, write_test},    {0xe8, 0xe8, 0, read_test},
    {0xf2, 0xf2, 0, raise_8},       {0xf3, 0xf3, 0, raise_16},
};

static const struct row *row_of(uint8_t command)
{
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (command >= rows[i].first && command <= rows[i].last)
            return &rows[i];
    return NULL;
}

void dsp_write(struct sb16 *s, uint8_t byte)
{
    const struct row *row;

    if (s->wants) {
        s->argument[s->arguments++] = byte;
        if (--s->wants)
            return;
    } else {
        s->command = byte;
        s->arguments = 0;
        row = row_of(byte);
        s->wants = row ? row->arguments : 0;
        if (s->wants)
            return;
    }
    row = row_of(s->command);
    if (row)
        row->run(s);
    else
        guest_error(&s->dev, "DSP command %02x is none of this card",
                    s->command);
}

void dsp_reset(struct sb16 *s)
{
    stop(s);
    clock_cancel(&s->dev, SILENCE_OVER);
    s->answers = s->wants = s->arguments = 0;
    s->speaker = s->paused = 0;
    s->rate = 11025;
    sb16_interrupt(s, IRQ_8 | IRQ_16, false);
}
