/* tests/guests/play.c -- plays standard input, 16-bit stereo at 44,100 Hz, on
 * /dev/dsp. Source: Linux, include/uapi/linux/soundcard.h. */
#include <linux/soundcard.h>

#include "guest_calls.h"

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
    set(device, SNDCTL_DSP_SETFMT, AFMT_S16_LE);
    set(device, SNDCTL_DSP_CHANNELS, 2);
    set(device, SNDCTL_DSP_SPEED, 44100);
    while ((n = call(__NR_read, 0, buffer, sizeof buffer)) > 0)
        if (call(__NR_write, device, buffer, n) != n)
            end(3);
    end(device_ioctl(device, SNDCTL_DSP_SYNC, 0) < 0 ? 4 : 0);
}
