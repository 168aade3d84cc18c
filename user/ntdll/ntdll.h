/* user/ntdll/ntdll.h -- what ntdll, kernel32 and msvcrt share: the native calls
 * and what lies in PEB and TEB. Offsets as src/nt/program_peb.c fills them. */
#ifndef USER_NTDLL_H
#define USER_NTDLL_H

#include <windows.h>
#include <winternl.h>

#define NT_CURRENT_PROCESS ((HANDLE)(LONG_PTR)-1)
#define NT_CURRENT_THREAD  ((HANDLE)(LONG_PTR)-2)

#undef NtCurrentTeb
static inline BYTE *teb(void)
{
    BYTE *p;

    __asm__("movl %%fs:0x18, %0" : "=r"(p));
    return p;
}
#define TEB_FIELD(type, offset)        (*(type *)(teb() + (offset)))
#define TEB_PROCESS_ID                 TEB_FIELD(DWORD, 0x20)
#define TEB_THREAD_ID                  TEB_FIELD(DWORD, 0x24)
#define TEB_TLS_POINTER                TEB_FIELD(void **, 0x2c)
#define TEB_PEB                        TEB_FIELD(BYTE *, 0x30)
#define TEB_LAST_ERROR                 TEB_FIELD(DWORD, 0x34)
#define TEB_TLS_SLOTS                  ((void **)(teb() + 0xe10))
#define PEB_FIELD(type, offset)        (*(type *)(TEB_PEB + (offset)))
#define PEB_IMAGE_BASE                 PEB_FIELD(BYTE *, 0x08)
#define PEB_MODULES                    PEB_FIELD(BYTE *, 0x0c)
#define PEB_PARAMETERS                 PEB_FIELD(BYTE *, 0x10)
#define PEB_HEAP                       PEB_FIELD(HANDLE, 0x18)
#define PARAMETERS_FIELD(type, offset) (*(type *)(PEB_PARAMETERS + (offset)))

/* KUSER_SHARED_DATA */
#define SHARED ((volatile BYTE *)0x7ffe0000)

#define SERVICE_CALL NTSTATUS NTAPI
SERVICE_CALL NtReadFile(HANDLE, HANDLE, PVOID, PVOID, PIO_STATUS_BLOCK, PVOID,
                        ULONG, PLARGE_INTEGER, PULONG);
SERVICE_CALL NtWriteFile(HANDLE, HANDLE, PVOID, PVOID, PIO_STATUS_BLOCK, PVOID,
                         ULONG, PLARGE_INTEGER, PULONG);
SERVICE_CALL NtCancelIoFile(HANDLE, PIO_STATUS_BLOCK);
SERVICE_CALL NtWaitForMultipleObjects(ULONG, const HANDLE *, ULONG, BOOLEAN,
                                      PLARGE_INTEGER);
SERVICE_CALL NtAllocateVirtualMemory(HANDLE, PVOID *, ULONG, PULONG, ULONG,
                                     ULONG);
SERVICE_CALL NtFreeVirtualMemory(HANDLE, PVOID *, PULONG, ULONG);
SERVICE_CALL NtProtectVirtualMemory(HANDLE, PVOID *, PULONG, ULONG, PULONG);
SERVICE_CALL NtLockVirtualMemory(HANDLE, PVOID *, PULONG, ULONG);
SERVICE_CALL NtUnlockVirtualMemory(HANDLE, PVOID *, PULONG, ULONG);
SERVICE_CALL NtQueryVirtualMemory(HANDLE, LPCVOID, ULONG, PVOID, ULONG, PULONG);
SERVICE_CALL NtCreateEvent(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES, ULONG,
                           BOOLEAN);
SERVICE_CALL NtSetEvent(HANDLE, PLONG);
SERVICE_CALL NtResetEvent(HANDLE, PLONG);
SERVICE_CALL NtCreateSemaphore(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES, LONG,
                               LONG);
SERVICE_CALL NtReleaseSemaphore(HANDLE, LONG, PLONG);
SERVICE_CALL NtFlushBuffersFile(HANDLE, PIO_STATUS_BLOCK);
SERVICE_CALL NtDelayExecution(BOOLEAN, PLARGE_INTEGER);
SERVICE_CALL NtYieldExecution(void);
SERVICE_CALL NtQueryPerformanceCounter(PLARGE_INTEGER, PLARGE_INTEGER);
SERVICE_CALL NtCreateThread(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES, HANDLE,
                            PVOID, PCONTEXT, PVOID, BOOLEAN);
SERVICE_CALL NtTerminateThread(HANDLE, NTSTATUS);
SERVICE_CALL NtTerminateProcess(HANDLE, NTSTATUS);
SERVICE_CALL NtRaiseException(PEXCEPTION_RECORD, PCONTEXT, BOOLEAN);
SERVICE_CALL NtpThreadStatus(HANDLE, PULONG);
SERVICE_CALL NtpWriteConsole(ULONG, const void *, ULONG);

PVOID NTAPI RtlAllocateHeap(HANDLE, ULONG, ULONG);
BOOLEAN NTAPI RtlFreeHeap(HANDLE, ULONG, PVOID);
PVOID NTAPI RtlReAllocateHeap(HANDLE, ULONG, PVOID, ULONG);
ULONG NTAPI RtlSizeHeap(HANDLE, ULONG, PVOID);
PVOID NTAPI RtlDestroyHeap(HANDLE);
NTSTATUS NTAPI RtlEnterCriticalSection(PRTL_CRITICAL_SECTION);
NTSTATUS NTAPI RtlLeaveCriticalSection(PRTL_CRITICAL_SECTION);
NTSTATUS NTAPI RtlInitializeCriticalSection(PRTL_CRITICAL_SECTION);
NTSTATUS NTAPI RtlDeleteCriticalSection(PRTL_CRITICAL_SECTION);
BOOLEAN NTAPI RtlTryEnterCriticalSection(PRTL_CRITICAL_SECTION);

/* last_error() - set the thread's last error; FALSE. nt_error() - from a
 * status: TRUE when it was a success. */
static inline BOOL last_error(DWORD code)
{
    TEB_LAST_ERROR = code;
    return FALSE;
}

static inline BOOL nt_result(NTSTATUS status)
{
    return NT_SUCCESS(status) ? TRUE
                              : last_error(RtlNtStatusToDosError(status));
}

#endif
