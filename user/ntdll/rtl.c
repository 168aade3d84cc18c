/* user/ntdll/rtl.c -- statuses, strings, critical sections.
 * Source: [MS-ERREF] 2.3 and 2.2; Platform SDK, "Critical Section Objects". */
#include "ntdll/ntdll.h"

static const struct {
    ULONG status;
    USHORT error;
} errors[] = {
    {0x00000103, 997},  /* PENDING: IO_PENDING */
    {0x80000005, 234},  /* BUFFER_OVERFLOW: MORE_DATA */
    {0x80000011, 170},  /* DEVICE_BUSY: BUSY */
    {0x8000001a, 259},  /* NO_MORE_ENTRIES */
    {0xc0000001, 31},   /* UNSUCCESSFUL: GEN_FAILURE */
    {0xc0000002, 1},    /* NOT_IMPLEMENTED: INVALID_FUNCTION */
    {0xc0000003, 87},   /* INVALID_INFO_CLASS */
    {0xc0000004, 24},   /* INFO_LENGTH_MISMATCH: BAD_LENGTH */
    {0xc0000005, 998},  /* ACCESS_VIOLATION: NOACCESS */
    {0xc0000008, 6},    /* INVALID_HANDLE */
    {0xc000000d, 87},   /* INVALID_PARAMETER */
    {0xc000000e, 2},    /* NO_SUCH_DEVICE: FILE_NOT_FOUND */
    {0xc000000f, 2},    /* NO_SUCH_FILE */
    {0xc0000010, 1},    /* INVALID_DEVICE_REQUEST: INVALID_FUNCTION */
    {0xc0000011, 38},   /* END_OF_FILE: HANDLE_EOF */
    {0xc0000012, 34},   /* WRONG_VOLUME */
    {0xc0000013, 21},   /* NO_MEDIA_IN_DEVICE: NOT_READY */
    {0xc0000015, 27},   /* NONEXISTENT_SECTOR: SECTOR_NOT_FOUND */
    {0xc0000016, 234},  /* MORE_PROCESSING_REQUIRED */
    {0xc0000017, 8},    /* NO_MEMORY: NOT_ENOUGH_MEMORY */
    {0xc0000018, 487},  /* CONFLICTING_ADDRESSES: INVALID_ADDRESS */
    {0xc000001a, 487},  /* UNABLE_TO_FREE_VM */
    {0xc000001d, 0xd},  /* ILLEGAL_INSTRUCTION */
    {0xc0000022, 5},    /* ACCESS_DENIED */
    {0xc0000023, 122},  /* BUFFER_TOO_SMALL: INSUFFICIENT_BUFFER */
    {0xc0000024, 6},    /* OBJECT_TYPE_MISMATCH: INVALID_HANDLE */
    {0xc000002d, 487},  /* NOT_COMMITTED */
    {0xc0000033, 123},  /* OBJECT_NAME_INVALID: INVALID_NAME */
    {0xc0000034, 2},    /* OBJECT_NAME_NOT_FOUND */
    {0xc0000035, 183},  /* OBJECT_NAME_COLLISION: ALREADY_EXISTS */
    {0xc0000039, 161},  /* OBJECT_PATH_INVALID: BAD_PATHNAME */
    {0xc000003a, 3},    /* OBJECT_PATH_NOT_FOUND */
    {0xc000003b, 161},  /* OBJECT_PATH_SYNTAX_BAD */
    {0xc000003e, 23},   /* DATA_ERROR: CRC */
    {0xc0000043, 32},   /* SHARING_VIOLATION */
    {0xc0000045, 87},   /* INVALID_PAGE_PROTECTION */
    {0xc0000047, 298},  /* SEMAPHORE_LIMIT_EXCEEDED: TOO_MANY_POSTS */
    {0xc0000056, 5},    /* DELETE_PENDING: ACCESS_DENIED */
    {0xc000009a, 1450}, /* INSUFFICIENT_RESOURCES: NO_SYSTEM_RESOURCES */
    {0xc000009d, 1167}, /* DEVICE_NOT_CONNECTED */
    {0xc00000a2, 19},   /* MEDIA_WRITE_PROTECTED: WRITE_PROTECT */
    {0xc00000a3, 21},   /* DEVICE_NOT_READY */
    {0xc00000b5, 121},  /* IO_TIMEOUT: SEM_TIMEOUT */
    {0xc00000bb, 50},   /* NOT_SUPPORTED */
    {0xc00000c0, 55},   /* DEVICE_DOES_NOT_EXIST: DEV_NOT_EXIST */
    {0xc00000a0, 487},  /* MEMORY_NOT_ALLOCATED: INVALID_ADDRESS */
    {0xc00000ef, 87},   /* INVALID_PARAMETER_1 */
    {0xc00000f0, 87},   /* INVALID_PARAMETER_2 */
    {0xc00000f1, 87},   /* INVALID_PARAMETER_3 */
    {0xc00000f2, 87},   /* INVALID_PARAMETER_4 */
    {0xc00000f3, 87},   /* INVALID_PARAMETER_5 */
    {0xc0000106, 206},  /* NAME_TOO_LONG: FILENAME_EXCED_RANGE */
    {0xc000010a, 5},    /* PROCESS_IS_TERMINATING: ACCESS_DENIED */
    {0xc0000120, 995},  /* CANCELLED: OPERATION_ABORTED */
    {0xc000012d, 1455}, /* COMMITMENT_LIMIT */
    {0xc0000182, 1317}, /* DEVICE_CONFIGURATION_ERROR */
    {0xc0000184, 22},   /* INVALID_DEVICE_STATE: BAD_COMMAND */
    {0xc0000185, 1117}, /* IO_DEVICE_ERROR: IO_DEVICE */
    {0xc0000225, 1168}, /* NOT_FOUND */
};
enum { MR_MID_NOT_FOUND = 317 };

ULONG NTAPI RtlNtStatusToDosError(NTSTATUS status)
{
    ULONG s = (ULONG)status;

    if (s == 0 || (s & 0x20000000))
        return s & ~0x20000000u;
    if ((s & 0xffff0000) == 0xc0070000 || (s & 0xffff0000) == 0x80070000)
        return s & 0xffff; /* a Win32 error in NTSTATUS's clothes */
    for (unsigned i = 0; i < sizeof errors / sizeof errors[0]; i++)
        if (errors[i].status == s)
            return errors[i].error;
    return MR_MID_NOT_FOUND;
}

void NTAPI RtlInitUnicodeString(PUNICODE_STRING to, PCWSTR from)
{
    USHORT n = 0;

    while (from && from[n])
        n++;
    to->Length = (USHORT)(n * 2);
    to->MaximumLength = from ? (USHORT)(n * 2 + 2) : 0;
    to->Buffer = (PWSTR)from;
}

/* ---- critical sections ------------------------------------------------------
 */

NTSTATUS NTAPI RtlInitializeCriticalSection(PRTL_CRITICAL_SECTION s)
{
    s->DebugInfo = NULL;
    s->LockCount = -1;
    s->RecursionCount = 0;
    s->OwningThread = NULL;
    s->LockSemaphore = NULL;
    s->SpinCount = 0;
    return 0;
}

NTSTATUS NTAPI RtlDeleteCriticalSection(PRTL_CRITICAL_SECTION s)
{
    if (s->LockSemaphore)
        NtClose(s->LockSemaphore);
    return RtlInitializeCriticalSection(s);
}

/* The event that waiters sleep on is made by the first who needs it. */
static HANDLE wait_event(PRTL_CRITICAL_SECTION s)
{
    HANDLE event;

    if (s->LockSemaphore)
        return s->LockSemaphore;
    if (NtCreateEvent(&event, EVENT_ALL_ACCESS, NULL, 1, FALSE) != 0)
        return NULL;
    if (__sync_val_compare_and_swap(&s->LockSemaphore, NULL, event)) {
        NtClose(event);
        return s->LockSemaphore;
    }
    return event;
}

static HANDLE self(void)
{
    return (HANDLE)(ULONG_PTR)TEB_THREAD_ID;
}

NTSTATUS NTAPI RtlEnterCriticalSection(PRTL_CRITICAL_SECTION s)
{
    HANDLE event;

    if (__sync_add_and_fetch(&s->LockCount, 1) != 0) {
        if (s->OwningThread == self()) {
            s->RecursionCount++;
            return 0;
        }
        event = wait_event(s);
        while (!event) { /* no memory for one: give way until it is free */
            NtYieldExecution();
            event = wait_event(s);
        }
        NtWaitForSingleObject(event, FALSE, NULL);
    }
    s->OwningThread = self();
    s->RecursionCount = 1;
    return 0;
}

BOOLEAN NTAPI RtlTryEnterCriticalSection(PRTL_CRITICAL_SECTION s)
{
    if (__sync_val_compare_and_swap(&s->LockCount, -1, 0) == -1) {
        s->OwningThread = self();
        s->RecursionCount = 1;
        return TRUE;
    }
    if (s->OwningThread != self())
        return FALSE;
    __sync_add_and_fetch(&s->LockCount, 1);
    s->RecursionCount++;
    return TRUE;
}

NTSTATUS NTAPI RtlLeaveCriticalSection(PRTL_CRITICAL_SECTION s)
{
    HANDLE event;

    if (--s->RecursionCount > 0) {
        __sync_sub_and_fetch(&s->LockCount, 1);
        return 0;
    }
    s->OwningThread = NULL;
    if (__sync_sub_and_fetch(&s->LockCount, 1) >= 0 && (event = wait_event(s)))
        NtSetEvent(event, NULL);
    return 0;
}

BOOL WINAPI DllMain(HINSTANCE instance, DWORD reason, LPVOID reserved)
{
    (void)instance;
    (void)reason;
    (void)reserved;
    return TRUE;
}
