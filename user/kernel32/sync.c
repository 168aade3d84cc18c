/* user/kernel32/sync.c -- events, waits, critical sections, interlocked words,
 * time. Source: Platform SDK, "Synchronization Functions", "Timer Functions".
 */
#include "ntdll/ntdll.h"

#undef InterlockedIncrement
#undef InterlockedDecrement
#undef InterlockedExchange
#undef InterlockedExchangeAdd
#undef InterlockedCompareExchange

/* Milliseconds as an NT timeout; NULL: for ever. */
static LARGE_INTEGER *timeout_of(DWORD ms, LARGE_INTEGER *out)
{
    if (ms == INFINITE)
        return NULL;
    out->QuadPart = -(LONGLONG)ms * 10000;
    return out;
}

static DWORD waited(NTSTATUS status)
{
    if (NT_SUCCESS(status))
        return (DWORD)status;
    last_error(RtlNtStatusToDosError(status));
    return WAIT_FAILED;
}

DWORD WINAPI WaitForSingleObject(HANDLE object, DWORD ms)
{
    LARGE_INTEGER t;

    return waited(NtWaitForSingleObject(object, FALSE, timeout_of(ms, &t)));
}

DWORD WINAPI WaitForMultipleObjects(DWORD count, const HANDLE *objects,
                                    BOOL all, DWORD ms)
{
    LARGE_INTEGER t;

    return waited(NtWaitForMultipleObjects(count, objects, all ? 0 : 1, FALSE,
                                           timeout_of(ms, &t)));
}

/* ---- events -----------------------------------------------------------------
 */

enum { NAME_MOST = 128 };

/* Names lie in \BaseNamedObjects. */
HANDLE WINAPI CreateEventW(LPSECURITY_ATTRIBUTES security, BOOL manual,
                           BOOL signalled, LPCWSTR name)
{
    static const WCHAR prefix[] = L"\\BaseNamedObjects\\";
    OBJECT_ATTRIBUTES attributes = {0};
    WCHAR path[NAME_MOST + 20];
    UNICODE_STRING text;
    NTSTATUS status;
    HANDLE event;
    unsigned n = 0;

    (void)security;
    if (name) {
        for (; prefix[n]; n++)
            path[n] = prefix[n];
        for (unsigned i = 0; name[i] && i < NAME_MOST; i++)
            path[n++] = name[i];
        path[n] = 0;
        RtlInitUnicodeString(&text, path);
        attributes.ObjectName = &text;
    }
    attributes.Length = sizeof attributes;
    status = NtCreateEvent(&event, EVENT_ALL_ACCESS, name ? &attributes : NULL,
                           manual ? 0 : 1, signalled != 0);
    if (!NT_SUCCESS(status)) {
        nt_result(status);
        return NULL;
    }
    last_error(status == 0x40000000 ? ERROR_ALREADY_EXISTS : 0);
    return event;
}

HANDLE WINAPI CreateEventA(LPSECURITY_ATTRIBUTES security, BOOL manual,
                           BOOL signalled, LPCSTR name)
{
    WCHAR wide[NAME_MOST + 1];
    unsigned n = 0;

    for (; name && name[n] && n < NAME_MOST; n++)
        wide[n] = (BYTE)name[n];
    wide[n] = 0;
    return CreateEventW(security, manual, signalled, name ? wide : NULL);
}

BOOL WINAPI SetEvent(HANDLE event)
{
    return nt_result(NtSetEvent(event, NULL));
}

BOOL WINAPI ResetEvent(HANDLE event)
{
    return nt_result(NtResetEvent(event, NULL));
}

/* Semaphores have no names here. */
HANDLE WINAPI CreateSemaphoreW(LPSECURITY_ATTRIBUTES security, LONG count,
                               LONG most, LPCWSTR name)
{
    HANDLE semaphore;

    (void)security;
    if (name) {
        last_error(ERROR_NOT_SUPPORTED);
        return NULL;
    }
    if (!nt_result(NtCreateSemaphore(&semaphore, SEMAPHORE_ALL_ACCESS, NULL,
                                     count, most)))
        return NULL;
    TEB_LAST_ERROR = 0;
    return semaphore;
}

HANDLE WINAPI CreateSemaphoreA(LPSECURITY_ATTRIBUTES security, LONG count,
                               LONG most, LPCSTR name)
{
    return CreateSemaphoreW(security, count, most, name ? L"" : NULL);
}

BOOL WINAPI ReleaseSemaphore(HANDLE semaphore, LONG more, LPLONG previous)
{
    return nt_result(NtReleaseSemaphore(semaphore, more, previous));
}

/* ---- critical sections ------------------------------------------------------
 */

VOID WINAPI InitializeCriticalSection(LPCRITICAL_SECTION s)
{
    RtlInitializeCriticalSection(s);
}

VOID WINAPI DeleteCriticalSection(LPCRITICAL_SECTION s)
{
    RtlDeleteCriticalSection(s);
}

VOID WINAPI EnterCriticalSection(LPCRITICAL_SECTION s)
{
    RtlEnterCriticalSection(s);
}

VOID WINAPI LeaveCriticalSection(LPCRITICAL_SECTION s)
{
    RtlLeaveCriticalSection(s);
}

BOOL WINAPI TryEnterCriticalSection(LPCRITICAL_SECTION s)
{
    return RtlTryEnterCriticalSection(s);
}

/* ---- interlocked ------------------------------------------------------------
 */

LONG WINAPI InterlockedIncrement(LONG volatile *p)
{
    return __sync_add_and_fetch(p, 1);
}

LONG WINAPI InterlockedDecrement(LONG volatile *p)
{
    return __sync_sub_and_fetch(p, 1);
}

LONG WINAPI InterlockedExchange(LONG volatile *p, LONG v)
{
    return __atomic_exchange_n(p, v, __ATOMIC_SEQ_CST);
}

LONG WINAPI InterlockedExchangeAdd(LONG volatile *p, LONG v)
{
    return __sync_fetch_and_add(p, v);
}

LONG WINAPI InterlockedCompareExchange(LONG volatile *p, LONG v, LONG if_is)
{
    return __sync_val_compare_and_swap(p, if_is, v);
}

/* ---- time -------------------------------------------------------------------
 */

VOID WINAPI Sleep(DWORD ms)
{
    LARGE_INTEGER t = {.QuadPart = -(LONGLONG)ms * 10000};

    if (ms == 0) {
        NtYieldExecution();
        return;
    }
    if (ms == INFINITE)
        t.QuadPart = (LONGLONG)1 << 63;
    NtDelayExecution(FALSE, &t);
}

/* High1, low, high2 as the kernel writes them, one after the other. */
static LONGLONG shared_time(unsigned offset)
{
    volatile ULONG *t = (volatile ULONG *)(SHARED + offset);
    ULONG low;
    LONG high;

    do {
        high = (LONG)t[1];
        low = t[0];
    } while (high != (LONG)t[2]);
    return (LONGLONG)high << 32 | low;
}

DWORD WINAPI GetTickCount(void)
{
    return (DWORD)((ULONGLONG)shared_time(0x08) / 10000);
}

VOID WINAPI GetSystemTimeAsFileTime(LPFILETIME out)
{
    ULONGLONG t = (ULONGLONG)shared_time(0x14);

    out->dwLowDateTime = (DWORD)t;
    out->dwHighDateTime = (DWORD)(t >> 32);
}

BOOL WINAPI QueryPerformanceCounter(LARGE_INTEGER *counter)
{
    return nt_result(NtQueryPerformanceCounter(counter, NULL));
}

BOOL WINAPI QueryPerformanceFrequency(LARGE_INTEGER *frequency)
{
    LARGE_INTEGER counter;

    return nt_result(NtQueryPerformanceCounter(&counter, frequency));
}
