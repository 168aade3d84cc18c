/* devices/sb16.h -- what the files of the Sound Blaster 16 share: ports
 * (sb16.c), DSP (sb16_dsp.c), CT1745 mixer (sb16_mixer.c), FM (sb16_fm.c,
 * opl3.h) and MPU-401 (sb16_midi.c). */
#ifndef DEVICES_SB16_H
#define DEVICES_SB16_H

#include "halbox/device.h"
#include "opl3.h"

enum { SB16_MIXER_BYTES = 256 };

struct sb16_mixer {
    uint8_t index, reg[SB16_MIXER_BYTES];
};
extern const struct state_row sb16_mixer_rows[];

/** mixer_reset() - power-on levels. mixer_read()/mixer_write() - the register
 *  that the index names. @irq, @channel: what the card is strapped to. */
void mixer_reset(struct sb16_mixer *m);
uint8_t mixer_read(const struct sb16_mixer *m, unsigned irq, unsigned channel,
                   uint8_t interrupts);
/** False: the guest wants lines that the card is not strapped to. */
bool mixer_write(struct sb16_mixer *m, unsigned irq, unsigned channel,
                 uint8_t value);
/** mixer_stereo() - register 0Eh: commands of the Pro play stereo. */
bool mixer_stereo(const struct sb16_mixer *m);

enum { SB16_HIGH_CHANNEL = 5 };
enum {
    IRQ_8 = 1,
    IRQ_16 = 2,
    IRQ_MIDI = 4
}; /* as in the mixer's register 82h */
enum { ANSWERS = 64 };
enum { FRAME, RESET_DONE, SILENCE_OVER, FM_BATCH };
enum { PIN_DREQ_HIGH };
enum { OFF, SINGLE, AUTO, ENDING /* auto, asked to stop at the block's end */ };

struct sb16_fm {
    struct opl3 chip;
    bool sounding; /* from_ns, made: frame k is made at from + k / rate */
    uint64_t from_ns, made;
    int16_t held[2]; /* the last frame */
};
extern const struct state_row sb16_fm_rows[];

struct sb16_midi {
    uint8_t in[64], count, last; /* what waits to be read; what was read last */
    bool uart;
};
extern const struct state_row sb16_midi_rows[];

struct sb16 {
    struct device dev;
    struct sb16_mixer mixer;
    struct sb16_fm fm;
    struct sb16_midi midi;
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

/** sb16_interrupt() - one of the card's causes comes or goes. */
void sb16_interrupt(struct sb16 *s, uint8_t which, bool level);

/** sb16_put() - a frame of the DSP leaves, FM added. */
void sb16_put(struct sb16 *s, uint32_t rate, int16_t left, int16_t right);

/* sb16_fm.c */
void fm_reset(struct sb16 *s);
/** fm_run() - the chip comes up to now. Before anything that it depends on, or
 *  that says where its frames go, changes. fm_step() - the same, by the clock.
 */
void fm_run(struct sb16 *s);
void fm_step(struct sb16 *s);
/** fm_write() - @port 0 and 2: address, 1 and 3: data. */
void fm_write(struct sb16 *s, unsigned port, uint8_t value);

/* sb16_midi.c; @port 0: data, 1: command and status */
void midi_reset(struct sb16 *s);
uint8_t midi_peek(const struct sb16 *s, unsigned port);
uint8_t midi_read(struct sb16 *s, unsigned port);
void midi_write(struct sb16 *s, unsigned port, uint8_t value);
bool midi_ready(const struct sb16 *s);
void midi_receive(struct sb16 *s, uint8_t byte);

/* sb16_dsp.c */
/** dsp_reset() - as by port 6. dsp_write() - a byte of a command. */
void dsp_reset(struct sb16 *s);
void dsp_write(struct sb16 *s, uint8_t byte);
/* as in struct device_model */
void dsp_step(struct sb16 *s, unsigned step);
void dsp_dack(struct device *dev, uint8_t *bytes, uint32_t n, bool tc,
              enum dma_dir dir);
uint32_t dsp_ready(const struct device *dev, enum dma_dir dir);

#endif
