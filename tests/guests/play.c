/* tests/guests/play.c -- plays standard input on /dev/dsp at 44,100 Hz: 16-bit
 * stereo, or what play8.c says. Source: Linux, include/uapi/linux/soundcard.h.
 */
#include <linux/soundcard.h>

#include "guest_calls.h"

#ifndef FORMAT
enum { FORMAT = AFMT_S16_LE, SIDES = 2 };
#endif

/* Fails unless the device takes exactly @value. */
static void set(int device, unsigned request, int value)
{
    int got = value;

    if (device_ioctl(device, request, &got) < 0 || got != value)
        end(2);
}

void _start(void)
{
    static char buffer[16384];
    int device = device_open("/dev/dsp", O_WRONLY);
    int n;

    if (device < 0)
        end(1);
    set(device, SNDCTL_DSP_SETFMT, FORMAT);
    set(device, SNDCTL_DSP_CHANNELS, SIDES);
    set(device, SNDCTL_DSP_SPEED, 44100);
    while ((n = call(__NR_read, 0, buffer, sizeof buffer)) > 0)
        if (call(__NR_write, device, buffer, n) != n)
            end(3);
    end(device_ioctl(device, SNDCTL_DSP_SYNC, 0) < 0 ? 4 : 0);
}
