/* tests/guests/note.c -- a sine of 440 Hz for a quarter of a second by the FM
 * synthesizer's driver. Source: Linux, include/uapi/sound/asound_fm.h. */
#include <linux/ioctl.h>
#include <sound/asound_fm.h>

#include "guest_calls.h"

enum { A4 = 580, A4_OCTAVE = 4 }; /* 580 * 49,716 / 2^16 */

void _start(void)
{
    static const struct snd_dm_fm_voice silent = {.op = 0};
    static const struct snd_dm_fm_voice sine = {.op = 1,
                                                .do_sustain = 1,
                                                .harmonic = 1,
                                                .volume = 63,
                                                .attack = 15,
                                                .release = 15,
                                                .left = 1,
                                                .right = 1};
    static const long quarter[2] = {0, 250000000};
    struct snd_dm_fm_note note = {.octave = A4_OCTAVE, .fnum = A4, .key_on = 1};
    int device = device_open("/dev/snd/hwC0D0", O_WRONLY);

    if (device < 0)
        end(1);
    if (device_ioctl(device, SNDRV_DM_FM_IOCTL_RESET, 0) < 0 ||
        device_ioctl(device, SNDRV_DM_FM_IOCTL_SET_MODE,
                     (const void *)SNDRV_DM_FM_MODE_OPL3) < 0 ||
        device_ioctl(device, SNDRV_DM_FM_IOCTL_SET_VOICE, &silent) < 0 ||
        device_ioctl(device, SNDRV_DM_FM_IOCTL_SET_VOICE, &sine) < 0 ||
        device_ioctl(device, SNDRV_DM_FM_IOCTL_PLAY_NOTE, &note) < 0)
        end(2);
    call(__NR_nanosleep, (int)quarter, 0, 0);
    note.key_on = 0;
    end(device_ioctl(device, SNDRV_DM_FM_IOCTL_PLAY_NOTE, &note) < 0 ? 3 : 0);
}
