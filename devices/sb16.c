/* devices/sb16.c -- Sound Blaster 16, the DSP (version 4.05): digital sound by
 * an 8-bit channel (strapped) and 16-bit channel 5, single-cycle and
 * auto-initialise, in and out. What it plays leaves as frames of 16 bits.
 * Source: Creative, Sound Blaster Series Hardware Programming Guide, chapters
 * 2, 3 and 6. Docs: docs/devices/sb16.md. */
#include "sb16.h"

enum { /* offsets of the ports */
       MIXER_INDEX = 0x4,
       MIXER_DATA = 0x5,
       DSP_RESET = 0x6,
       DSP_READ = 0xa,
       DSP_WRITE = 0xc,
       DSP_STATUS = 0xe, /* reading it also ends the 8-bit interrupt */
       DSP_END_16 = 0xf,
       PORTS = 16
};
enum { IRQ_8 = 1, IRQ_16 = 2 };
enum { ANSWERS = 64 };
enum { FRAME, RESET_DONE, SILENCE_OVER };
enum { RESET_NS = 100000 };
enum { PIN_DREQ_HIGH };
enum { OFF, SINGLE, AUTO, ENDING /* auto, asked to stop at the block's end */ };
enum { MODE_SIGNED = 0x10, MODE_STEREO = 0x20 };
enum { LOWEST_RATE = 4000, HIGHEST_RATE = 45454 };

struct sb16 {
    struct device dev;
    struct sb16_mixer mixer;
    uint8_t answer[ANSWERS], answers;
    uint8_t reset, last;    /* port 6 as written; what port A gave last      */
    uint8_t command, wants; /* the command being written, bytes it waits for */
    uint8_t argument[3], arguments;
    uint8_t speaker, test, interrupts;
    uint32_t rate;
    uint16_t block; /* units of a block less one, command 48h                */
    /* the stream that runs */
    uint8_t mode, input, wide, is_signed, stereo, paused;
    uint32_t left, length; /* units to the block's end; units of a block     */
    int16_t sample[2];     /* of the frame being put together                */
    uint8_t samples;
    uint64_t from_ns, frames; /* frame k is due at from + k / rate           */
    uint32_t stream_rate;
};

static const struct state_row sb16_rows[] = {
    STATE_STRUCT(struct sb16, mixer, sb16_mixer_rows),
    STATE_BYTES(struct sb16, answer),
    STATE_INT(struct sb16, answers),
    STATE_INT(struct sb16, reset),
    STATE_INT(struct sb16, last),
    STATE_INT(struct sb16, command),
    STATE_INT(struct sb16, wants),
    STATE_BYTES(struct sb16, argument),
    STATE_INT(struct sb16, arguments),
    STATE_INT(struct sb16, speaker),
    STATE_INT(struct sb16, test),
    STATE_INT(struct sb16, interrupts),
    STATE_INT(struct sb16, rate),
    STATE_INT(struct sb16, block),
    STATE_INT(struct sb16, mode),
    STATE_INT(struct sb16, input),
    STATE_INT(struct sb16, wide),
    STATE_INT(struct sb16, is_signed),
    STATE_INT(struct sb16, stereo),
    STATE_INT(struct sb16, paused),
    STATE_INT(struct sb16, left),
    STATE_INT(struct sb16, length),
    STATE_INTS(struct sb16, sample),
    STATE_INT(struct sb16, samples),
    STATE_INT(struct sb16, from_ns),
    STATE_INT(struct sb16, frames),
    STATE_INT(struct sb16, stream_rate),
    STATE_END,
};

static bool sb16_check(const struct device *dev)
{
    const struct sb16 *s = (const struct sb16 *)dev;

    return s->answers <= ANSWERS && s->arguments <= sizeof s->argument &&
           s->wants <= sizeof s->argument && s->samples < 2 && s->rate &&
           s->stream_rate && s->mode <= ENDING;
}

static void answer(struct sb16 *s, uint8_t byte)
{
    if (s->answers < ANSWERS)
        s->answer[s->answers++] = byte;
}

static void interrupt(struct sb16 *s, uint8_t which, bool level)
{
    if (level)
        s->interrupts |= which;
    else
        s->interrupts &= (uint8_t)~which;
    irq_set(&s->dev, s->interrupts);
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
    s->mode = OFF;
    ask(s, false);
    clock_cancel(&s->dev, FRAME);
}

/* The first frame is due when its period is over, so that a pause that comes
 * at once, as Linux's driver gives it, finds nothing moved. */
static void go(struct sb16 *s)
{
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
    interrupt(s, s->wide ? IRQ_16 : IRQ_8, true);
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
        sound_put(&s->dev, s->stream_rate, s->sample[0],
                  s->sample[s->stereo ? 1 : 0]);
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

static void sb16_dack(struct device *dev, uint8_t *bytes, uint32_t n, bool tc,
                      enum dma_dir dir)
{
    struct sb16 *s = (struct sb16 *)dev;
    bool wide = dack_channel(dev) == SB16_HIGH_CHANNEL;

    (void)tc; /* the DSP counts by itself */
    for (uint32_t i = 0; i < n && wide == s->wide; i++)
        unit(s, bytes + (i << wide), dir);
}

/* What is left of the frame that is asked for. */
static uint32_t sb16_ready(const struct device *dev, enum dma_dir dir)
{
    const struct sb16 *s = (const struct sb16 *)dev;

    (void)dir;
    return 1u + s->stereo - s->samples;
}

static void sb16_step(struct device *dev, unsigned step, enum dma_status status)
{
    struct sb16 *s = (struct sb16 *)dev;

    (void)status;
    if (step == FRAME && s->mode != OFF)
        ask(s, true);
    else if (step == RESET_DONE)
        answer(s, 0xaa);
    else if (step == SILENCE_OVER)
        interrupt(s, IRQ_8, true);
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
    sound_put(&s->dev, s->rate, sample_of(s, s->argument),
              sample_of(s, s->argument));
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
    interrupt(s, IRQ_8, true);
}

static void raise_16(struct sb16 *s)
{
    interrupt(s, IRQ_16, true);
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

static void dsp_write(struct sb16 *s, uint8_t byte)
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

/* ---- ports -----------------------------------------------------------------
 */

static void dsp_reset(struct sb16 *s)
{
    stop(s);
    clock_cancel(&s->dev, SILENCE_OVER);
    s->answers = s->wants = s->arguments = 0;
    s->speaker = s->paused = 0;
    s->rate = 11025;
    interrupt(s, IRQ_8 | IRQ_16, false);
}

/* High, then low: 100 us later it says AAh. */
static void write_reset(struct sb16 *s, uint8_t value)
{
    if (s->reset & 1 && !(value & 1)) {
        dsp_reset(s);
        clock_after_ns(&s->dev, RESET_NS, RESET_DONE);
    }
    s->reset = value;
}

static void strap_of(const struct sb16 *s, unsigned *irq, unsigned *channel)
{
    int strapped = device_channel(&s->dev), line = device_irq(&s->dev);

    *channel = strapped < 0 ? 1 : (unsigned)strapped;
    *irq = line < 0 ? 5 : (unsigned)line;
}

static uint32_t sb16_peek(const struct device *dev, unsigned window,
                          uint32_t offset, unsigned bytes)
{
    const struct sb16 *s = (const struct sb16 *)dev;
    unsigned irq, channel;

    (void)window;
    (void)bytes;
    switch (offset) {
    case MIXER_INDEX:
        return s->mixer.index;
    case MIXER_DATA:
        strap_of(s, &irq, &channel);
        return mixer_read(&s->mixer, irq, channel, s->interrupts);
    case DSP_READ:
        return s->answers ? s->answer[0] : s->last;
    case DSP_WRITE:
        return 0x7f; /* bit 7: it cannot take a byte */
    case DSP_STATUS:
        return s->answers ? 0xff : 0x7f;
    default:
        return 0xff;
    }
}

static uint32_t sb16_read(struct device *dev, unsigned window, uint32_t offset,
                          unsigned bytes)
{
    struct sb16 *s = (struct sb16 *)dev;
    uint32_t v = sb16_peek(dev, window, offset, bytes);

    if (offset == DSP_READ && s->answers) {
        s->last = (uint8_t)v;
        s->answers--;
        for (unsigned i = 0; i < s->answers; i++)
            s->answer[i] = s->answer[i + 1];
    } else if (offset == DSP_STATUS) {
        interrupt(s, IRQ_8, false);
    } else if (offset == DSP_END_16) {
        interrupt(s, IRQ_16, false);
    }
    return v;
}

static void sb16_write(struct device *dev, unsigned window, uint32_t offset,
                       unsigned bytes, uint32_t value)
{
    struct sb16 *s = (struct sb16 *)dev;
    unsigned irq, channel;

    (void)window;
    (void)bytes;
    strap_of(s, &irq, &channel);
    if (offset == MIXER_INDEX)
        s->mixer.index = (uint8_t)value;
    else if (offset == MIXER_DATA &&
             !mixer_write(&s->mixer, irq, channel, (uint8_t)value))
        guest_error(dev, "the card is strapped to IRQ %u, channels %u and %d",
                    irq, channel, SB16_HIGH_CHANNEL);
    else if (offset == DSP_RESET)
        write_reset(s, (uint8_t)value);
    else if (offset == DSP_WRITE)
        dsp_write(s, (uint8_t)value);
}

static void sb16_reset(struct device *dev)
{
    struct sb16 *s = (struct sb16 *)dev;

    s->reset = s->last = s->command = s->test = 0;
    s->block = 0;
    s->mode = OFF;
    s->input = s->wide = s->is_signed = s->stereo = s->samples = 0;
    s->stream_rate = 11025;
    mixer_reset(&s->mixer);
    dsp_reset(s);
}

static const struct device_pin sb16_pins[] = {
    {PIN_DREQ_HIGH, true, WIRE_DREQ0 + SB16_HIGH_CHANNEL},
    {.wire = WIRE_NONE},
};

const struct device_model sb16_model = {
    .name = "sb16",
    .title = "Sound Blaster 16: DSP 4.05 and CT1745 mixer",
    .version = 1,
    .state_size = sizeof(struct sb16),
    .rows = sb16_rows,
    .windows = {{.kind = WINDOW_PORT,
                 .base = 0x220,
                 .bytes = PORTS,
                 .access = ACCESS_8 | ACCESS_SPLIT}},
    .strap = {.has_irq = true, .irq = 5, .has_dma = true, .dma = 1},
    .pins = sb16_pins,
    .reset = sb16_reset,
    .check = sb16_check,
    .read = sb16_read,
    .write = sb16_write,
    .peek = sb16_peek,
    .step = sb16_step,
    .dack = sb16_dack,
    .ready = sb16_ready,
};
