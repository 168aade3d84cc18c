/* images/programs/edu_test.c -- the test program of the edu driver: what its
 * device reads, writes and answers, synchronous and overlapped. With an
 * argument it says so many lines, one a round. */
#include "check.h"

#include <stdlib.h>
#include <string.h>
#include <winioctl.h>

#include "edu_ioctl.h"

enum { PAGE = 4096, BIG = 20000 };

static BYTE *pattern(DWORD bytes, DWORD seed)
{
    BYTE *p =
        VirtualAlloc(NULL, bytes, MEM_COMMIT | MEM_RESERVE, PAGE_READWRITE);

    for (DWORD i = 0; p && i < bytes; i++)
        p[i] = (BYTE)((i * 2654435761u + seed) >> 13);
    return p;
}

static void synchronous(HANDLE h)
{
    BYTE *out = pattern(PAGE, 1), *back = pattern(PAGE, 2);
    DWORD done = 0;

    CHECK(WriteFile(h, out, PAGE, &done, NULL) && done == PAGE);
    CHECK(ReadFile(h, back, PAGE, &done, NULL) && done == PAGE);
    CHECK(memcmp(out, back, PAGE) == 0);
    CHECK(VirtualFree(out, 0, MEM_RELEASE) &&
          VirtualFree(back, 0, MEM_RELEASE));
}

static void controls(HANDLE h)
{
    DWORD in = 0x12345678, words[2] = {0, 0}, done = 0, n = 5, result = 0;
    BYTE *from = pattern(BIG, 3), *to = pattern(BIG, 4);

    CHECK(
        DeviceIoControl(h, IOCTL_EDU_IDENTIFY, &in, 4, words, 8, &done, NULL));
    CHECK(done == 8 && words[0] == 0x010000ed && words[1] == 0xedcba987);
    CHECK(DeviceIoControl(h, IOCTL_EDU_FACTORIAL, &n, 4, &result, 4, &done,
                          NULL) &&
          result == 120);
    /* METHOD_NEITHER: the driver locks both of our buffers itself */
    CHECK(DeviceIoControl(h, IOCTL_EDU_EXCHANGE, from + 5, BIG - 11, to + 11,
                          BIG - 11, &done, NULL));
    CHECK(memcmp(from + 5, to + 11, BIG - 11) == 0);
    CHECK(!DeviceIoControl(h, IOCTL_EDU_IDENTIFY, NULL, 0, words, 4, &done,
                           NULL) &&
          GetLastError() == ERROR_INSUFFICIENT_BUFFER);
    CHECK(!DeviceIoControl(h, IOCTL_EDU_EXCHANGE, from, BIG, (void *)0x7ff00000,
                           BIG, &done, NULL) &&
          GetLastError() == ERROR_NOACCESS);
    CHECK(!DeviceIoControl(h, 0x22f000, NULL, 0, NULL, 0, &done, NULL) &&
          GetLastError() == ERROR_INVALID_FUNCTION);
    VirtualFree(from, 0, MEM_RELEASE);
    VirtualFree(to, 0, MEM_RELEASE);
}

/* Two requests at once, each with an event of its own. */
static void overlapped(void)
{
    HANDLE h = CreateFileA("\\\\.\\Edu0", GENERIC_READ | GENERIC_WRITE, 0, NULL,
                           OPEN_EXISTING, FILE_FLAG_OVERLAPPED, NULL);
    HANDLE event[2] = {CreateEventA(NULL, TRUE, FALSE, NULL),
                       CreateEventA(NULL, TRUE, FALSE, NULL)};
    OVERLAPPED o[2];
    BYTE *out = pattern(PAGE, 5), *back = pattern(PAGE, 6);
    DWORD done = 0, pending;

    CHECK(h != INVALID_HANDLE_VALUE && event[0] && event[1]);
    memset(o, 0, sizeof o);
    o[0].hEvent = event[0];
    o[1].hEvent = event[1];
    pending = !WriteFile(h, out, PAGE, NULL, &o[0]);
    CHECK(!pending || GetLastError() == ERROR_IO_PENDING);
    pending = !ReadFile(h, back, PAGE, NULL, &o[1]);
    CHECK(!pending || GetLastError() == ERROR_IO_PENDING);
    CHECK(WaitForMultipleObjects(2, event, TRUE, 5000) == WAIT_OBJECT_0);
    CHECK(GetOverlappedResult(h, &o[0], &done, FALSE) && done == PAGE);
    CHECK(GetOverlappedResult(h, &o[1], &done, TRUE) && done == PAGE);
    CHECK(memcmp(out, back, PAGE) == 0);
    CHECK(CloseHandle(h) && CloseHandle(event[0]) && CloseHandle(event[1]));
    VirtualFree(out, 0, MEM_RELEASE);
    VirtualFree(back, 0, MEM_RELEASE);
}

int main(int argc, char **argv)
{
    HANDLE h = CreateFileA("\\\\.\\Edu0", GENERIC_READ | GENERIC_WRITE, 0, NULL,
                           OPEN_EXISTING, 0, NULL);
    int rounds = argc > 1 ? atoi(argv[1]) : 1;

    CHECK(h != INVALID_HANDLE_VALUE);
    if (h == INVALID_HANDLE_VALUE)
        return 1;
    for (int i = 0; i < rounds; i++) {
        synchronous(h);
        controls(h);
        overlapped();
        printf("round %d of %d: %d failed\n", i + 1, rounds, failures);
    }
    CHECK(CloseHandle(h));
    return failures;
}
