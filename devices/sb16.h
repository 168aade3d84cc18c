/* devices/sb16.h -- what the two files of the Sound Blaster 16 share: the DSP
 * (sb16.c) and the CT1745 mixer (sb16_mixer.c). */
#ifndef DEVICES_SB16_H
#define DEVICES_SB16_H

#include "halbox/device.h"

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

#endif
