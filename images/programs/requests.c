/* images/programs/requests.c -- requests to the iotest driver that are left as
 * they are, cancelled, or seen from both sides: requests WAY. */
#include "check.h"

#include <stdlib.h>
#include <string.h>

#undef CTL_CODE
#undef METHOD_BUFFERED
#undef METHOD_IN_DIRECT
#undef METHOD_OUT_DIRECT
#undef METHOD_NEITHER
#include "iotest.h"

static HANDLE device(DWORD flags, char number)
{
    char name[] = "\\\\.\\GLOBALROOT\\Device\\IoTest0";
    HANDLE h;

    name[sizeof name - 2] = number;
    h = CreateFileA(name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING,
                    flags, NULL);
    CHECK(h != INVALID_HANDLE_VALUE);
    return h;
}

/* A request that the driver keeps; it has a cancel routine. */
static void pend(HANDLE h, OVERLAPPED *o)
{
    static DWORD cancelable = 1, words[4];

    memset(o, 0, sizeof *o);
    o->hEvent = CreateEventA(NULL, TRUE, FALSE, NULL);
    CHECK(
        !DeviceIoControl(h, IOTEST_PEND, &cancelable, 4, words, 16, NULL, o) &&
        GetLastError() == ERROR_IO_PENDING);
}

static DWORD WINAPI stuck(void *h)
{
    DWORD cancelable = 1, words[4], done;

    /* synchronous: this thread waits in the kernel until the program ends */
    DeviceIoControl(h, IOTEST_PEND, &cancelable, 4, words, 16, &done, NULL);
    return 0;
}

static void cancels(void)
{
    HANDLE h = device(FILE_FLAG_OVERLAPPED, '0');
    OVERLAPPED o;
    DWORD done = 1;

    pend(h, &o);
    CHECK(!GetOverlappedResult(h, &o, &done, FALSE) &&
          GetLastError() == ERROR_IO_INCOMPLETE);
    CHECK(CancelIo(h));
    CHECK(!GetOverlappedResult(h, &o, &done, TRUE) &&
          GetLastError() == ERROR_OPERATION_ABORTED && done == 0);
    CHECK(CloseHandle(h));
}

/* IRP-018: where the outcome of a request is seen. Words: status, information.
 */
static void outcomes(void)
{
    HANDLE h = device(0, '0'), over = device(FILE_FLAG_OVERLAPPED, '0');
    DWORD good[4] = {0, 8, 1, 2}, bad[4] = {0xc0000185, 4, 1, 2}, out[2], done;
    DWORD complete[2] = {0xc0000185, 4}, fine[2] = {0, 4};
    OVERLAPPED o;

    /* at once and good: block, event and count */
    memset(&o, 0, sizeof o);
    o.hEvent = CreateEventA(NULL, TRUE, FALSE, NULL);
    CHECK(DeviceIoControl(over, IOTEST_ECHO, good, 16, out, 8, NULL, &o));
    CHECK(WaitForSingleObject(o.hEvent, 0) == WAIT_OBJECT_0 &&
          o.Internal == 0 && o.InternalHigh == 8 && out[0] == 2);
    /* at once and an error: the call's status alone, block and event as they
     * were */
    ResetEvent(o.hEvent);
    o.InternalHigh = 0x77;
    CHECK(!DeviceIoControl(over, IOTEST_ECHO, bad, 16, out, 8, NULL, &o) &&
          GetLastError() == ERROR_IO_DEVICE);
    CHECK(WaitForSingleObject(o.hEvent, 0) == WAIT_TIMEOUT &&
          o.Internal == 0x103 && o.InternalHigh == 0x77);
    /* pended, then good or an error: block and event, too */
    pend(over, &o);
    CHECK(DeviceIoControl(h, IOTEST_COMPLETE, fine, 8, NULL, 0, &done, NULL));
    CHECK(WaitForSingleObject(o.hEvent, 1000) == WAIT_OBJECT_0);
    CHECK(o.Internal == 0 && o.InternalHigh == 4);
    pend(over, &o);
    CHECK(
        DeviceIoControl(h, IOTEST_COMPLETE, complete, 8, NULL, 0, &done, NULL));
    CHECK(WaitForSingleObject(o.hEvent, 1000) == WAIT_OBJECT_0);
    CHECK(o.Internal == 0xc0000185 && o.InternalHigh == 4);
    /* synchronous and good */
    CHECK(DeviceIoControl(h, IOTEST_ECHO, good, 16, out, 8, &done, NULL) &&
          done == 8);
    CHECK(CloseHandle(h) && CloseHandle(over));
}

/* IRP-030: METHOD_NEITHER: our own addresses, in our own context. */
static void neither(void)
{
    HANDLE h = device(0, '2');
    struct seen seen;
    DWORD in[3] = {1, 2, 3}, done;

    memset(&seen, 0, sizeof seen);
    CHECK(DeviceIoControl(h, IOTEST_SEE_NEITHER, in, sizeof in, &seen,
                          sizeof seen, &done, NULL));
    CHECK(seen.type3 == (DWORD)in && seen.user_buffer == (DWORD)&seen);
    CHECK(seen.system_buffer == 0 && seen.mdl == 0 && seen.irql == 0 &&
          seen.requestor_mode == 1);
    CHECK(seen.thread_matches && seen.input == 1);
    CHECK(seen.in_bytes == sizeof in && seen.out_bytes == sizeof seen);
    CloseHandle(h);
}

/* It ends with a request pending in each of two threads and a handle open. */
static void leaves(BOOL crash)
{
    HANDLE h = device(FILE_FLAG_OVERLAPPED, '0'), s = device(0, '0');
    OVERLAPPED o;

    pend(h, &o);
    CHECK(CreateThread(NULL, 0, stuck, s, 0, NULL) != NULL);
    Sleep(20);
    printf("leaving\n");
    if (crash)
        *(volatile int *)0 = 0;
}

int main(int argc, char **argv)
{
    const char *way = argc > 1 ? argv[1] : "";

    if (!strcmp(way, "cancels"))
        cancels();
    if (!strcmp(way, "outcomes"))
        outcomes();
    if (!strcmp(way, "neither"))
        neither();
    if (!strcmp(way, "leaves"))
        leaves(FALSE);
    if (!strcmp(way, "crashes"))
        leaves(TRUE);
    return failures;
}
