/* user/kernel32/thread.c -- threads and thread-local storage. Source: Platform
 * SDK, "Process and Thread Functions"; PE/COFF specification, "The .tls
 * Section". */
#include "ntdll/ntdll.h"

#include "kernel32/kernel32.h"

enum { STACK_LEAST = 0x10000, STACK_USUAL = 0x40000, TLS_SLOTS = 64 };

/* ---- the TLS directory ------------------------------------------------------
 */

static IMAGE_TLS_DIRECTORY *tls_directory(void)
{
    BYTE *base = PEB_IMAGE_BASE;
    IMAGE_DOS_HEADER *dos = (IMAGE_DOS_HEADER *)base;
    IMAGE_NT_HEADERS *h = (IMAGE_NT_HEADERS *)(base + dos->e_lfanew);
    IMAGE_DATA_DIRECTORY *d;

    if (dos->e_magic != IMAGE_DOS_SIGNATURE) /* an ELF program */
        return NULL;
    d = &h->OptionalHeader.DataDirectory[IMAGE_DIRECTORY_ENTRY_TLS];
    return d->VirtualAddress && d->Size
               ? (IMAGE_TLS_DIRECTORY *)(base + d->VirtualAddress)
               : NULL;
}

static void copy_template(IMAGE_TLS_DIRECTORY *d)
{
    const BYTE *from = (const BYTE *)d->StartAddressOfRawData;
    ULONG bytes = d->EndAddressOfRawData - d->StartAddressOfRawData;
    void **array = RtlAllocateHeap(PEB_HEAP, HEAP_ZERO_MEMORY, sizeof *array);
    BYTE *data = RtlAllocateHeap(PEB_HEAP, HEAP_ZERO_MEMORY,
                                 bytes + d->SizeOfZeroFill + sizeof *array);

    if (!array || !data)
        ExitProcess(0xc0000017);
    for (ULONG i = 0; i < bytes; i++)
        data[i] = from[i];
    array[0] = data;
    TEB_TLS_POINTER = array;
    *(DWORD *)d->AddressOfIndex = 0;
}

void tls_thread(DWORD reason)
{
    IMAGE_TLS_DIRECTORY *d = tls_directory();
    PIMAGE_TLS_CALLBACK *callback;

    if (!d)
        return;
    if (reason == DLL_PROCESS_ATTACH || reason == DLL_THREAD_ATTACH)
        copy_template(d);
    for (callback = (PIMAGE_TLS_CALLBACK *)d->AddressOfCallBacks;
         callback && *callback; callback++)
        (*callback)(PEB_IMAGE_BASE, reason, NULL);
}

/* ---- threads ----------------------------------------------------------------
 */

static void WINAPI thread_start(LPTHREAD_START_ROUTINE start, void *parameter)
{
    tls_thread(DLL_THREAD_ATTACH);
    ExitThread(start(parameter));
}

static BYTE *make_stack(SIZE_T *bytes)
{
    ULONG size = *bytes ? (ULONG)((*bytes + 0xffff) & ~0xffffu) : STACK_USUAL;
    void *at = NULL;

    if (size < STACK_LEAST)
        size = STACK_LEAST;
    if (!nt_result(NtAllocateVirtualMemory(NT_CURRENT_PROCESS, &at, 0, &size,
                                           MEM_COMMIT | MEM_RESERVE,
                                           PAGE_READWRITE)))
        return NULL;
    *bytes = size;
    return at;
}

HANDLE WINAPI CreateThread(LPSECURITY_ATTRIBUTES security, SIZE_T bytes,
                           LPTHREAD_START_ROUTINE start, LPVOID parameter,
                           DWORD flags, LPDWORD id)
{
    BYTE *stack = make_stack(&bytes), *top = stack + bytes;
    CONTEXT context = {.ContextFlags = CONTEXT_FULL};
    void *words[5] = {0}, **frame = (void **)(top - 16);
    HANDLE thread = NULL;
    CLIENT_ID client;
    NTSTATUS status;

    (void)security;
    if (!stack)
        return NULL;
    frame[0] = NULL; /* where it would return to */
    frame[1] = start;
    frame[2] = parameter;
    context.Eip = (DWORD)thread_start;
    context.Esp = (DWORD)frame;
    words[2] = top;
    words[3] = words[4] = stack;
    status = NtCreateThread(&thread, THREAD_ALL_ACCESS, NULL,
                            NT_CURRENT_PROCESS, &client, &context, words,
                            (flags & CREATE_SUSPENDED) != 0);
    if (!nt_result(status)) {
        VirtualFree(stack, 0, MEM_RELEASE);
        return NULL;
    }
    if (id)
        *id = (DWORD)(ULONG_PTR)client.UniqueThread;
    return thread;
}

VOID WINAPI ExitThread(DWORD code)
{
    tls_thread(DLL_THREAD_DETACH);
    for (;;)
        NtTerminateThread(NT_CURRENT_THREAD, (NTSTATUS)code);
}

BOOL WINAPI TerminateThread(HANDLE thread, DWORD code)
{
    return nt_result(NtTerminateThread(thread, (NTSTATUS)code));
}

BOOL WINAPI GetExitCodeThread(HANDLE thread, LPDWORD code)
{
    return nt_result(NtpThreadStatus(thread, code));
}

HANDLE WINAPI GetCurrentThread(void)
{
    return NT_CURRENT_THREAD;
}

DWORD WINAPI GetCurrentThreadId(void)
{
    return TEB_THREAD_ID;
}

/* ---- slots ------------------------------------------------------------------
 */

static volatile LONG taken[TLS_SLOTS];

DWORD WINAPI TlsAlloc(void)
{
    for (DWORD i = 0; i < TLS_SLOTS; i++)
        if (!__atomic_exchange_n(&taken[i], 1, __ATOMIC_SEQ_CST)) {
            TEB_TLS_SLOTS[i] = NULL;
            return i;
        }
    last_error(ERROR_NO_MORE_ITEMS);
    return TLS_OUT_OF_INDEXES;
}

BOOL WINAPI TlsFree(DWORD index)
{
    if (index >= TLS_SLOTS || !taken[index])
        return last_error(ERROR_INVALID_PARAMETER);
    taken[index] = 0;
    return TRUE;
}

LPVOID WINAPI TlsGetValue(DWORD index)
{
    if (index >= TLS_SLOTS) {
        last_error(ERROR_INVALID_PARAMETER);
        return NULL;
    }
    TEB_LAST_ERROR = 0;
    return TEB_TLS_SLOTS[index];
}

BOOL WINAPI TlsSetValue(DWORD index, LPVOID value)
{
    if (index >= TLS_SLOTS)
        return last_error(ERROR_INVALID_PARAMETER);
    TEB_TLS_SLOTS[index] = value;
    return TRUE;
}
