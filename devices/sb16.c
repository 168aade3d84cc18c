/* devices/sb16.c -- Sound Blaster 16: the card's ports and lines. Source:
 * Creative, Sound Blaster Series Hardware Programming Guide. Docs:
 * docs/devices/sb16.md. */
#include "sb16.h"

enum { CARD, ADLIB, MPU }; /* windows */
enum {                     /* offsets of the ports */
       FM = 0x0, /* four, as at 388h; 8 and 9 are the first two once more */
       FM_AGAIN = 0x8,
       MIXER_INDEX = 0x4,
       MIXER_DATA = 0x5,
       DSP_RESET = 0x6,
       DSP_READ = 0xa,
       DSP_WRITE = 0xc,
       DSP_STATUS = 0xe, /* reading it also ends the 8-bit interrupt */
       DSP_END_16 = 0xf,
       PORTS = 16
};
enum { RESET_NS = 100000 };

static const struct state_row sb16_rows[] = {
    STATE_STRUCT(struct sb16, mixer, sb16_mixer_rows),
    STATE_STRUCT(struct sb16, fm, sb16_fm_rows),
    STATE_STRUCT(struct sb16, midi, sb16_midi_rows),
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
           s->stream_rate && s->mode <= ENDING && opl3_check(&s->fm.chip) &&
           s->fm.from_ns <= clock_ns(dev) && s->midi.count <= sizeof s->midi.in;
}

void sb16_interrupt(struct sb16 *s, uint8_t which, bool level)
{
    if (level)
        s->interrupts |= which;
    else
        s->interrupts &= (uint8_t)~which;
    irq_set(&s->dev, s->interrupts);
}

/* ---- ports -----------------------------------------------------------------
 */

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

/* The FM chip's port, 0-3, behind a port of the card; -1: none. */
static int fm_port(unsigned window, uint32_t offset)
{
    if (window == ADLIB || offset < FM + 4)
        return (int)offset;
    return offset == FM_AGAIN || offset == FM_AGAIN + 1
               ? (int)(offset - FM_AGAIN)
               : -1;
}

static uint32_t sb16_peek(const struct device *dev, unsigned window,
                          uint32_t offset, unsigned bytes)
{
    const struct sb16 *s = (const struct sb16 *)dev;
    unsigned irq, channel;
    int fm = fm_port(window, offset);

    (void)bytes;
    if (window == MPU)
        return midi_peek(s, offset);
    if (fm >= 0)
        return fm & 1 ? 0xff : opl3_status(&s->fm.chip, clock_ns(dev));
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

    if (window == MPU)
        return midi_read(s, offset);
    if (window == ADLIB)
        return v;
    if (offset == DSP_READ && s->answers) {
        s->last = (uint8_t)v;
        s->answers--;
        for (unsigned i = 0; i < s->answers; i++)
            s->answer[i] = s->answer[i + 1];
    } else if (offset == DSP_STATUS) {
        sb16_interrupt(s, IRQ_8, false);
    } else if (offset == DSP_END_16) {
        sb16_interrupt(s, IRQ_16, false);
    }
    return v;
}

static void sb16_write(struct device *dev, unsigned window, uint32_t offset,
                       unsigned bytes, uint32_t value)
{
    struct sb16 *s = (struct sb16 *)dev;
    unsigned irq, channel;
    int fm = fm_port(window, offset);

    (void)bytes;
    strap_of(s, &irq, &channel);
    if (window == MPU)
        midi_write(s, offset, (uint8_t)value);
    else if (fm >= 0)
        fm_write(s, (unsigned)fm, (uint8_t)value);
    else if (offset == MIXER_INDEX)
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

static void sb16_receive(struct device *dev, uint8_t byte)
{
    midi_receive((struct sb16 *)dev, byte);
}

static bool sb16_receive_ready(const struct device *dev)
{
    return midi_ready((const struct sb16 *)dev);
}

static void sb16_step(struct device *dev, unsigned step, enum dma_status status)
{
    (void)status;
    if (step == FM_BATCH)
        fm_step((struct sb16 *)dev);
    else
        dsp_step((struct sb16 *)dev, step);
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
    fm_reset(s);
    midi_reset(s);
    s->interrupts = 0;
    dsp_reset(s);
}

static const struct device_pin sb16_pins[] = {
    {PIN_DREQ_HIGH, true, WIRE_DREQ0 + SB16_HIGH_CHANNEL},
    {.wire = WIRE_NONE},
};

const struct device_model sb16_model = {
    .name = "sb16",
    .title = "Sound Blaster 16: DSP 4.05, CT1745 mixer, OPL3 and MPU-401",
    .version = 2,
    .state_size = sizeof(struct sb16),
    .rows = sb16_rows,
    .windows = {[CARD] = {.kind = WINDOW_PORT,
                          .base = 0x220,
                          .bytes = PORTS,
                          .access = ACCESS_8 | ACCESS_SPLIT},
                [ADLIB] = {.kind = WINDOW_PORT,
                           .base = 0x388,
                           .bytes = 4,
                           .access = ACCESS_8 | ACCESS_SPLIT},
                [MPU] = {.kind = WINDOW_PORT,
                         .base = 0x330,
                         .bytes = 2,
                         .access = ACCESS_8 | ACCESS_SPLIT}},
    .strap = {.has_irq = true, .irq = 5, .has_dma = true, .dma = 1},
    .pins = sb16_pins,
    .reset = sb16_reset,
    .check = sb16_check,
    .read = sb16_read,
    .write = sb16_write,
    .peek = sb16_peek,
    .receive = sb16_receive,
    .receive_ready = sb16_receive_ready,
    .step = sb16_step,
    .dack = dsp_dack,
    .ready = dsp_ready,
};
