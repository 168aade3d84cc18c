/* images/programs/kernel32_test.c -- each routine of kernel32.dll: memory,
 * events, threads, time. Modules, text, files: kernel32_more.c. */
#include "check.h"

#include <string.h>

void more(void); /* kernel32_more.c */

static void memory(void)
{
    BYTE *at = VirtualAlloc(NULL, 10000, MEM_RESERVE, PAGE_READWRITE), *heap;
    MEMORY_BASIC_INFORMATION info;
    SYSTEM_INFO system;
    DWORD old = 0;
    HANDLE own;

    CHECK(at && ((ULONG_PTR)at & 0xffff) == 0);
    CHECK(VirtualQuery(at, &info, sizeof info) == sizeof info &&
          info.State == MEM_RESERVE && info.AllocationBase == at);
    CHECK(VirtualAlloc(at, 5000, MEM_COMMIT, PAGE_READWRITE) == at);
    at[4999] = 7;
    CHECK(VirtualQuery(at, &info, sizeof info) && info.State == MEM_COMMIT &&
          info.RegionSize == 8192 && info.Protect == PAGE_READWRITE);
    CHECK(VirtualLock(at, 5000) && VirtualUnlock(at, 5000));
    CHECK(VirtualProtect(at, 4096, PAGE_READONLY, &old) &&
          old == PAGE_READWRITE);
    CHECK(VirtualQuery(at, &info, sizeof info) &&
          info.Protect == PAGE_READONLY && info.RegionSize == 4096);
    CHECK(VirtualFree(at, 8192, MEM_DECOMMIT));
    CHECK(!VirtualFree(at, 4096, MEM_RELEASE) &&
          GetLastError() == ERROR_INVALID_PARAMETER);
    CHECK(VirtualFree(at, 0, MEM_RELEASE));
    CHECK(!VirtualAlloc((void *)0x80000000, 4096, MEM_COMMIT | MEM_RESERVE,
                        PAGE_READWRITE));
    GetSystemInfo(&system);
    CHECK(system.dwPageSize == 4096 && system.dwNumberOfProcessors == 1);

    heap = HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, 1000);
    CHECK(heap && heap[999] == 0 &&
          HeapSize(GetProcessHeap(), 0, heap) == 1000);
    heap[999] = 5;
    heap = HeapReAlloc(GetProcessHeap(), 0, heap, 300000);
    CHECK(heap && heap[999] == 5 && HeapFree(GetProcessHeap(), 0, heap));
    own = HeapCreate(0, 0, 0);
    CHECK(own && HeapAlloc(own, 0, 100000) && HeapDestroy(own));
    heap = LocalAlloc(LPTR, 64);
    CHECK(heap && heap[63] == 0 && LocalFree(heap) == NULL);
    heap = GlobalAlloc(GPTR, 64);
    CHECK(heap && heap[63] == 0 && GlobalFree(heap) == NULL);
}

/* ---- threads ----------------------------------------------------------------
 */

static CRITICAL_SECTION lock;
static volatile LONG counter, together, slot_of_other = 1;
static DWORD slot;
static __thread int own_word = 3;

enum { ROUNDS = 200 };

static DWORD WINAPI worker(void *parameter)
{
    CHECK(TlsGetValue(slot) == NULL && own_word == 3);
    own_word = 9;
    CHECK(TlsSetValue(slot, parameter));
    for (int i = 0; i < ROUNDS; i++) {
        EnterCriticalSection(&lock);
        LONG seen = counter;
        if (i % 16 == 0)
            Sleep(0);
        counter = seen + 1;
        LeaveCriticalSection(&lock);
        InterlockedIncrement(&together);
    }
    CHECK(TlsGetValue(slot) == parameter && own_word == 9);
    ExitThread((DWORD)(ULONG_PTR)parameter);
}

static DWORD WINAPI sleeper(void *parameter)
{
    (void)parameter;
    Sleep(INFINITE);
    return 0;
}

static void threads(void)
{
    HANDLE t[3];
    DWORD id[3], code = 0;

    InitializeCriticalSection(&lock);
    slot = TlsAlloc();
    CHECK(slot != TLS_OUT_OF_INDEXES);
    own_word = 4;
    for (int i = 0; i < 3; i++) {
        t[i] = CreateThread(NULL, 0, worker, (void *)(ULONG_PTR)(i + 10), 0,
                            &id[i]);
        CHECK(t[i] && id[i] != GetCurrentThreadId());
    }
    CHECK(GetExitCodeThread(t[2], &code) && code == STILL_ACTIVE);
    CHECK(WaitForMultipleObjects(3, t, TRUE, 60000) == WAIT_OBJECT_0);
    CHECK(counter == 3 * ROUNDS && together == 3 * ROUNDS && own_word == 4);
    for (int i = 0; i < 3; i++)
        CHECK(GetExitCodeThread(t[i], &code) && code == (DWORD)i + 10 &&
              CloseHandle(t[i]));
    CHECK(TlsFree(slot) && !TlsFree(slot) && TlsGetValue(99) == NULL);
    CHECK(TryEnterCriticalSection(&lock) && TryEnterCriticalSection(&lock));
    LeaveCriticalSection(&lock);
    LeaveCriticalSection(&lock);
    DeleteCriticalSection(&lock);

    t[0] = CreateThread(NULL, 0, sleeper, NULL, 0, NULL);
    CHECK(WaitForSingleObject(t[0], 20) == WAIT_TIMEOUT);
    CHECK(TerminateThread(t[0], 77));
    CHECK(WaitForSingleObject(t[0], 1000) == WAIT_OBJECT_0);
    CHECK(GetExitCodeThread(t[0], &code) && code == 77 && CloseHandle(t[0]));
    CHECK(!CreateThread(NULL, 0, sleeper, NULL, CREATE_SUSPENDED, NULL) &&
          GetLastError() == ERROR_NOT_SUPPORTED);
    CHECK(GetCurrentThread() == (HANDLE)-2);
}

/* ---- events, interlocked words
 * ----------------------------------------------- */

static void events(void)
{
    HANDLE manual = CreateEventA(NULL, TRUE, FALSE, NULL);
    HANDLE automatic = CreateEventW(NULL, FALSE, TRUE, L"ours");
    HANDLE same = CreateEventA(NULL, FALSE, FALSE, "ours");
    HANDLE both[2] = {manual, automatic};
    HANDLE semaphore = CreateSemaphoreA(NULL, 1, 2, NULL);
    volatile LONG v = 5;
    LONG before = 9;

    CHECK(semaphore && WaitForSingleObject(semaphore, 0) == WAIT_OBJECT_0 &&
          WaitForSingleObject(semaphore, 0) == WAIT_TIMEOUT);
    CHECK(ReleaseSemaphore(semaphore, 2, &before) && before == 0);
    CHECK(!ReleaseSemaphore(semaphore, 1, NULL) &&
          GetLastError() == ERROR_TOO_MANY_POSTS && CloseHandle(semaphore));
    CHECK(!CreateSemaphoreW(NULL, 3, 2, NULL) &&
          GetLastError() == ERROR_INVALID_PARAMETER);
    CHECK(CloseHandle(same));
    same = CreateEventA(NULL, FALSE, FALSE, "ours");
    CHECK(same && GetLastError() == ERROR_ALREADY_EXISTS);
    CHECK(WaitForSingleObject(same, 0) == WAIT_OBJECT_0); /* and reset */
    CHECK(WaitForMultipleObjects(2, both, FALSE, 10) == WAIT_TIMEOUT);
    CHECK(SetEvent(automatic));
    CHECK(WaitForMultipleObjects(2, both, FALSE, 10) == WAIT_OBJECT_0 + 1);
    CHECK(SetEvent(manual) && WaitForSingleObject(manual, 0) == WAIT_OBJECT_0 &&
          WaitForSingleObject(manual, 0) == WAIT_OBJECT_0);
    CHECK(ResetEvent(manual) && WaitForSingleObject(manual, 0) == WAIT_TIMEOUT);
    CHECK(CloseHandle(manual) && !CloseHandle(manual) &&
          GetLastError() == ERROR_INVALID_HANDLE);
    CHECK(WaitForSingleObject(manual, 0) == WAIT_FAILED && !SetEvent(manual));
    CHECK(WaitForMultipleObjects(0, both, FALSE, 0) == WAIT_FAILED);
    CHECK(CloseHandle(automatic) && CloseHandle(same));

    CHECK((InterlockedIncrement)(&v) == 6 && (InterlockedDecrement)(&v) == 5);
    CHECK((InterlockedExchange)(&v, 9) == 5);
    CHECK((InterlockedExchangeAdd)(&v, 3) == 9);
    CHECK((InterlockedCompareExchange)(&v, 1, 12) == 12 && v == 1);
}

static void times(void)
{
    LARGE_INTEGER frequency, before, after;
    DWORD start = GetTickCount();
    FILETIME now;

    CHECK(QueryPerformanceFrequency(&frequency) &&
          frequency.QuadPart > 1000000);
    CHECK(QueryPerformanceCounter(&before));
    Sleep(50);
    CHECK(QueryPerformanceCounter(&after));
    CHECK((after.QuadPart - before.QuadPart) * 1000 / frequency.QuadPart >= 50);
    CHECK(GetTickCount() - start >= 50 && GetTickCount() - start < 200);
    GetSystemTimeAsFileTime(&now);
    CHECK(now.dwHighDateTime > 0x01bf0000); /* the year 2000 has begun */
    CHECK((GetVersion() & 0xff) >= 4);
}

int main(void)
{
    memory();
    threads();
    events();
    times();
    more();
    printf("kernel32: %d failed\n", failures);
    ExitProcess((UINT)failures);
}
