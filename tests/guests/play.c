/* tests/guests/play.c -- for a Linux guest: plays standard input, 16-bit stereo
 * at 44,100 Hz, on /dev/dsp. i386, static, no C library. Source: Linux,
 * include/uapi/linux/soundcard.h. */
#include <asm/unistd.h>
#include <fcntl.h>
#include <linux/soundcard.h>

static int call(int number, int a, const void *b, int c)
{
    int result;

    __asm__ volatile("int $0x80"
                     : "=a"(result)
                     : "a"(number), "b"(a), "c"(b), "d"(c)
                     : "memory");
    return result;
}

static void end(int status)
{
    call(__NR_exit, status, 0, 0);
    __builtin_unreachable();
}

/* Fails unless the device takes exactly @value. */
static void set(int device, unsigned request, int value)
{
    int got = value;

    if (call(__NR_ioctl, device, (const void *)request, (int)&got) < 0 ||
        got != value)
        end(2);
}

void _start(void)
{
    static char buffer[16384];
    int device = call(__NR_open, (int)"/dev/dsp", (const void *)O_WRONLY, 0);
    int n;

    if (device < 0)
        end(1);
    set(device, SNDCTL_DSP_SETFMT, AFMT_S16_LE);
    set(device, SNDCTL_DSP_CHANNELS, 2);
    set(device, SNDCTL_DSP_SPEED, 44100);
    while ((n = call(__NR_read, 0, buffer, sizeof buffer)) > 0)
        if (call(__NR_write, device, buffer, n) != n)
            end(3);
    end(call(__NR_ioctl, device, (const void *)SNDCTL_DSP_SYNC, 0) < 0 ? 4 : 0);
}
