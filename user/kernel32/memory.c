/* user/kernel32/memory.c -- virtual memory and heaps. Source: Platform SDK,
 * "Memory Management Functions". */
#include "ntdll/ntdll.h"

LPVOID WINAPI VirtualAlloc(LPVOID at, SIZE_T bytes, DWORD type, DWORD protect)
{
    ULONG size = bytes;

    if (!nt_result(NtAllocateVirtualMemory(NT_CURRENT_PROCESS, &at, 0, &size,
                                           type, protect)))
        return NULL;
    return at;
}

BOOL WINAPI VirtualFree(LPVOID at, SIZE_T bytes, DWORD type)
{
    ULONG size = bytes;

    if (type == MEM_RELEASE && bytes)
        return last_error(ERROR_INVALID_PARAMETER);
    return nt_result(NtFreeVirtualMemory(NT_CURRENT_PROCESS, &at, &size, type));
}

BOOL WINAPI VirtualProtect(LPVOID at, SIZE_T bytes, DWORD protect, PDWORD old)
{
    ULONG size = bytes;

    return nt_result(
        NtProtectVirtualMemory(NT_CURRENT_PROCESS, &at, &size, protect, old));
}

BOOL WINAPI VirtualLock(LPVOID at, SIZE_T bytes)
{
    ULONG size = bytes;

    return nt_result(NtLockVirtualMemory(NT_CURRENT_PROCESS, &at, &size, 1));
}

BOOL WINAPI VirtualUnlock(LPVOID at, SIZE_T bytes)
{
    ULONG size = bytes;

    return nt_result(NtUnlockVirtualMemory(NT_CURRENT_PROCESS, &at, &size, 1));
}

SIZE_T WINAPI VirtualQuery(LPCVOID at, PMEMORY_BASIC_INFORMATION info,
                           SIZE_T room)
{
    ULONG bytes = 0;

    if (!nt_result(NtQueryVirtualMemory(NT_CURRENT_PROCESS, at, 0, info, room,
                                        &bytes)))
        return 0;
    return bytes;
}

/* ---- heaps ------------------------------------------------------------------
 */

HANDLE WINAPI GetProcessHeap(void)
{
    return PEB_HEAP;
}

static void *given(void *at)
{
    if (!at)
        last_error(ERROR_NOT_ENOUGH_MEMORY);
    return at;
}

LPVOID WINAPI HeapAlloc(HANDLE heap, DWORD flags, SIZE_T bytes)
{
    return given(RtlAllocateHeap(heap, flags, bytes));
}

LPVOID WINAPI HeapReAlloc(HANDLE heap, DWORD flags, LPVOID at, SIZE_T bytes)
{
    return given(RtlReAllocateHeap(heap, flags, at, bytes));
}

BOOL WINAPI HeapFree(HANDLE heap, DWORD flags, LPVOID at)
{
    return RtlFreeHeap(heap, flags, at);
}

SIZE_T WINAPI HeapSize(HANDLE heap, DWORD flags, LPCVOID at)
{
    return RtlSizeHeap(heap, flags, (void *)at);
}

HANDLE WINAPI HeapCreate(DWORD options, SIZE_T initial, SIZE_T most)
{
    return given(RtlCreateHeap(options, NULL, most, initial, NULL, NULL));
}

BOOL WINAPI HeapDestroy(HANDLE heap)
{
    return RtlDestroyHeap(heap) == NULL;
}

/* Movable blocks do not move here: a handle is its address. */
static DWORD heap_flags(UINT flags)
{
    return flags & LMEM_ZEROINIT ? HEAP_ZERO_MEMORY : 0;
}

HLOCAL WINAPI LocalAlloc(UINT flags, SIZE_T bytes)
{
    return HeapAlloc(PEB_HEAP, heap_flags(flags), bytes);
}

HLOCAL WINAPI LocalFree(HLOCAL at)
{
    RtlFreeHeap(PEB_HEAP, 0, at);
    return NULL;
}

HGLOBAL WINAPI GlobalAlloc(UINT flags, SIZE_T bytes)
{
    return LocalAlloc(flags, bytes);
}

HGLOBAL WINAPI GlobalFree(HGLOBAL at)
{
    return LocalFree(at);
}
