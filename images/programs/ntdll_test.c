/* images/programs/ntdll_test.c -- native calls and Rtl routines of ntdll.dll:
 * wrong arguments are statuses. */
#include "check.h"

#include <winternl.h>

#define OWN           ((HANDLE)-1)
#define BAD_POINTER   ((void *)0x80000000)
#define NT(name, ...) NTSTATUS NTAPI name(__VA_ARGS__)
NT(NtAllocateVirtualMemory, HANDLE, PVOID *, ULONG, PULONG, ULONG, ULONG);
NT(NtFreeVirtualMemory, HANDLE, PVOID *, PULONG, ULONG);
NT(NtProtectVirtualMemory, HANDLE, PVOID *, PULONG, ULONG, PULONG);
NT(NtLockVirtualMemory, HANDLE, PVOID *, PULONG, ULONG);
NT(NtQueryVirtualMemory, HANDLE, PVOID, ULONG, PVOID, ULONG, PULONG);
NT(NtWaitForMultipleObjects, ULONG, HANDLE *, ULONG, BOOLEAN, PLARGE_INTEGER);
NT(NtCreateEvent, PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES, ULONG, BOOLEAN);
NT(NtSetEvent, HANDLE, PLONG);
NT(NtResetEvent, HANDLE, PLONG);
NT(NtClearEvent, HANDLE);
NT(NtDelayExecution, BOOLEAN, PLARGE_INTEGER);
NT(NtYieldExecution, void);
NT(NtQueryPerformanceCounter, PLARGE_INTEGER, PLARGE_INTEGER);
NT(NtCreateThread, PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES, HANDLE, PVOID,
   PCONTEXT, PVOID, BOOLEAN);
NT(NtTerminateThread, HANDLE, NTSTATUS);
NT(NtTerminateProcess, HANDLE, NTSTATUS);
NT(NtFlushBuffersFile, HANDLE, PIO_STATUS_BLOCK);
NT(NtWriteFile, HANDLE, HANDLE, PVOID, PVOID, PIO_STATUS_BLOCK, PVOID, ULONG,
   PLARGE_INTEGER, PULONG);

enum {
    ACCESS_VIOLATION = (int)0xc0000005,
    INVALID_HANDLE = (int)0xc0000008,
    INVALID_PARAMETER = (int)0xc000000d,
    CONFLICTING = (int)0xc0000018,
    NOT_COMMITTED = (int)0xc000002d,
    BAD_PROTECTION = (int)0xc0000045,
    PARAMETER_1 = (int)0xc00000ef,
    NOT_ALLOCATED = (int)0xc00000a0,
    PARAMETER_4 = (int)0xc00000f2,
    PARAMETER_5 = (int)0xc00000f3,
};

static void memory(void)
{
    PVOID at = NULL, same;
    ULONG bytes = 5000, old, page[7];

    CHECK(NtAllocateVirtualMemory((HANDLE)4, &at, 0, &bytes, MEM_COMMIT,
                                  PAGE_READWRITE) == INVALID_HANDLE);
    CHECK(NtAllocateVirtualMemory(OWN, BAD_POINTER, 0, &bytes, MEM_COMMIT,
                                  PAGE_READWRITE) == ACCESS_VIOLATION);
    CHECK(NtAllocateVirtualMemory(OWN, &at, 0, &bytes, 0, PAGE_READWRITE) ==
          PARAMETER_5);
    CHECK(NtAllocateVirtualMemory(OWN, &at, 0, &bytes, MEM_COMMIT, 0x999) ==
          BAD_PROTECTION);
    CHECK(NtAllocateVirtualMemory(OWN, &at, 0, &bytes, MEM_COMMIT,
                                  PAGE_READWRITE) == 0 &&
          bytes == 8192);
    same = at;
    CHECK(NtAllocateVirtualMemory(OWN, &same, 0, &bytes,
                                  MEM_COMMIT | MEM_RESERVE,
                                  PAGE_READWRITE) == CONFLICTING);
    CHECK(NtProtectVirtualMemory(OWN, &same, &bytes, PAGE_READONLY,
                                 BAD_POINTER) == ACCESS_VIOLATION);
    CHECK(NtProtectVirtualMemory(OWN, &same, &bytes, PAGE_READONLY, &old) == 0);
    CHECK(NtQueryVirtualMemory(OWN, at, 1, page, sizeof page, NULL) < 0 &&
          NtQueryVirtualMemory(OWN, at, 0, page, 4, NULL) < 0 &&
          NtQueryVirtualMemory(OWN, BAD_POINTER, 0, page, sizeof page, NULL) <
              0 &&
          NtQueryVirtualMemory(OWN, at, 0, BAD_POINTER, sizeof page, NULL) ==
              ACCESS_VIOLATION);
    CHECK(NtLockVirtualMemory(OWN, &same, &bytes, 1) == 0);
    CHECK(NtFreeVirtualMemory(OWN, &at, &bytes, 0x123) == PARAMETER_4);
    CHECK(NtFreeVirtualMemory(OWN, &at, &bytes, MEM_RELEASE) == 0);
    CHECK(NtFreeVirtualMemory(OWN, &at, &bytes, MEM_RELEASE) == NOT_ALLOCATED);
    CHECK(NtProtectVirtualMemory(OWN, &at, &bytes, PAGE_READONLY, &old) ==
          NOT_COMMITTED);
    CHECK(NtLockVirtualMemory(OWN, &at, &bytes, 1) == ACCESS_VIOLATION);
}

static void waits(void)
{
    HANDLE event, many[65];
    LARGE_INTEGER none = {.QuadPart = 0}, counter;
    LONG previous = 5;

    CHECK(NtCreateEvent(&event, EVENT_ALL_ACCESS, NULL, 7, FALSE) ==
          INVALID_PARAMETER);
    CHECK(NtCreateEvent(&event, EVENT_ALL_ACCESS, NULL, 0, TRUE) == 0);
    for (int i = 0; i < 65; i++)
        many[i] = event;
    CHECK(NtWaitForMultipleObjects(64, many, 0, FALSE, &none) == 0);
    CHECK(NtWaitForMultipleObjects(65, many, 0, FALSE, &none) == PARAMETER_1);
    CHECK(NtWaitForMultipleObjects(2, BAD_POINTER, 0, FALSE, &none) ==
          ACCESS_VIOLATION);
    CHECK(NtWaitForMultipleObjects(1, many, 0, FALSE, BAD_POINTER) ==
          ACCESS_VIOLATION);
    many[1] = (HANDLE)0x7f0;
    CHECK(NtWaitForMultipleObjects(2, many, 0, FALSE, &none) == INVALID_HANDLE);
    CHECK(NtResetEvent(event, &previous) == 0 && previous == 1);
    CHECK(NtSetEvent(event, &previous) == 0 && previous == 0);
    CHECK(NtClearEvent(event) == 0 &&
          NtWaitForSingleObject(event, FALSE, &none) == WAIT_TIMEOUT);
    CHECK(NtResetEvent(event, BAD_POINTER) == ACCESS_VIOLATION &&
          NtResetEvent((HANDLE)0x7f0, NULL) == INVALID_HANDLE);
    CHECK(NtDelayExecution(FALSE, BAD_POINTER) == ACCESS_VIOLATION &&
          NtDelayExecution(FALSE, NULL) == ACCESS_VIOLATION &&
          NtYieldExecution() == 0);
    CHECK(NtQueryPerformanceCounter(BAD_POINTER, NULL) == ACCESS_VIOLATION &&
          NtQueryPerformanceCounter(&counter, BAD_POINTER) ==
              ACCESS_VIOLATION &&
          NtQueryPerformanceCounter(&counter, NULL) == 0);
    CHECK(NtClose(event) == 0 && NtClose(event) == INVALID_HANDLE);
}

static void others(void)
{
    IO_STATUS_BLOCK iosb;
    CONTEXT context;
    HANDLE thread;

    CHECK(NtCreateThread(&thread, 0, NULL, OWN, NULL, BAD_POINTER, NULL,
                         FALSE) == ACCESS_VIOLATION);
    CHECK(NtCreateThread(&thread, 0, NULL, (HANDLE)4, NULL, &context, NULL,
                         FALSE) == INVALID_HANDLE);
    CHECK(NtTerminateThread((HANDLE)0x7f0, 0) == INVALID_HANDLE &&
          NtTerminateProcess((HANDLE)0x7f0, 0) == INVALID_HANDLE);
    CHECK(NtFlushBuffersFile((HANDLE)0x7f0, &iosb) == INVALID_HANDLE);
    CHECK(NtWriteFile((HANDLE)0x7f0, NULL, NULL, NULL, &iosb, &iosb, 4, NULL,
                      NULL) == INVALID_HANDLE);
}

static void runtime(void)
{
    UNICODE_STRING name;

    CHECK(RtlNtStatusToDosError(0) == 0 &&
          RtlNtStatusToDosError((NTSTATUS)0xc0000034) == ERROR_FILE_NOT_FOUND &&
          RtlNtStatusToDosError((NTSTATUS)0xc0070005) == 5 &&
          RtlNtStatusToDosError((NTSTATUS)0xc0123456) ==
              ERROR_MR_MID_NOT_FOUND);
    RtlInitUnicodeString(&name, L"abc");
    CHECK(name.Length == 6 && name.MaximumLength == 8);
    RtlInitUnicodeString(&name, NULL);
    CHECK(name.Length == 0 && name.Buffer == NULL);
    /* the rest of the table is what kernel32's routines are made of */
    static const char *const names[] = {"RtlAllocateHeap",
                                        "RtlCreateHeap",
                                        "RtlDeleteCriticalSection",
                                        "RtlDestroyHeap",
                                        "RtlEnterCriticalSection",
                                        "RtlFreeHeap",
                                        "RtlInitializeCriticalSection",
                                        "RtlLeaveCriticalSection",
                                        "RtlReAllocateHeap",
                                        "RtlSizeHeap",
                                        "RtlTryEnterCriticalSection"};
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++)
        CHECK(GetProcAddress(GetModuleHandleA("ntdll"), names[i]) != NULL);
}

int main(void)
{
    memory();
    waits();
    others();
    runtime();
    printf("ntdll: %d failed\n", failures);
    return failures;
}
