/* tests/guests/guest_calls.h -- for programs of Linux guests: i386, static, no
 * C library. */
#ifndef TESTS_GUESTS_GUEST_CALLS_H
#define TESTS_GUESTS_GUEST_CALLS_H

#include <asm/unistd.h>
#include <fcntl.h>

static inline int call(int number, int a, const void *b, int c)
{
    int result;

    __asm__ volatile("int $0x80"
                     : "=a"(result)
                     : "a"(number), "b"(a), "c"(b), "d"(c)
                     : "memory");
    return result;
}

static inline int device_open(const char *path, int flags)
{
    return call(__NR_open, (int)path, (const void *)flags, 0);
}

static inline int device_ioctl(int device, unsigned request, const void *at)
{
    return call(__NR_ioctl, device, (const void *)request, (int)at);
}

__attribute__((noreturn)) static inline void end(int status)
{
    for (;;)
        call(__NR_exit, status, 0, 0);
}

#endif
