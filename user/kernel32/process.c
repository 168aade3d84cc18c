/* user/kernel32/process.c -- the process's begin and end, its modules.
 * Source: Platform SDK, "Process and Thread Functions", "Dynamic-Link Library
 * Functions"; PE/COFF specification, "Export Directory Table". */
#include "ntdll/ntdll.h"

#include "kernel32/kernel32.h"

enum { LOAD_LIST = 0x0c, M_BASE = 0x18, M_ENTRY = 0x1c, M_NAME = 0x2c };
enum { MODULES_MOST = 64 };

static BYTE *next_module(BYTE *m)
{
    BYTE *head = PEB_MODULES + LOAD_LIST, *next = *(BYTE **)(m ? m : head);

    return next == head ? NULL : next;
}

/* ---- begin ------------------------------------------------------------------
 */

typedef BOOL(WINAPI *dll_main)(void *, DWORD, void *);
typedef UINT(WINAPI *program_main)(void);

/* The program's own module is first in the list. */
static void start_modules(void)
{
    BYTE *m = next_module(NULL);

    while ((m = next_module(m))) {
        dll_main entry = *(dll_main *)(m + M_ENTRY);

        if (entry && !entry(*(void **)(m + M_BASE), DLL_PROCESS_ATTACH, NULL))
            ExitProcess(0xc0000142); /* STATUS_DLL_INIT_FAILED */
    }
}

void WINAPI BaseProcessStart(void)
{
    BYTE *own = next_module(NULL);
    program_main entry = *(program_main *)(own + M_ENTRY);

    PEB_HEAP = RtlCreateHeap(0, NULL, 0, 0, NULL, NULL);
    if (!PEB_HEAP)
        NtTerminateProcess(NT_CURRENT_PROCESS, (NTSTATUS)0xc0000017);
    start_modules();
    tls_thread(DLL_PROCESS_ATTACH);
    ExitProcess(entry());
}

BOOL WINAPI DllMain(HINSTANCE instance, DWORD reason, LPVOID reserved)
{
    (void)instance;
    (void)reason;
    (void)reserved;
    return TRUE;
}

/* ---- end --------------------------------------------------------------------
 */

VOID WINAPI ExitProcess(UINT code)
{
    for (;;)
        NtTerminateProcess(NT_CURRENT_PROCESS, (NTSTATUS)code);
}

BOOL WINAPI TerminateProcess(HANDLE process, UINT code)
{
    return nt_result(NtTerminateProcess(process, (NTSTATUS)code));
}

VOID WINAPI RaiseException(DWORD code, DWORD flags, DWORD count,
                           const ULONG_PTR *arguments)
{
    EXCEPTION_RECORD r = {.ExceptionCode = code, .ExceptionFlags = flags & 1};
    CONTEXT context = {.ContextFlags = CONTEXT_FULL};

    r.ExceptionAddress = __builtin_return_address(0);
    r.NumberParameters = count > EXCEPTION_MAXIMUM_PARAMETERS
                             ? EXCEPTION_MAXIMUM_PARAMETERS
                             : count;
    for (DWORD i = 0; arguments && i < r.NumberParameters; i++)
        r.ExceptionInformation[i] = arguments[i];
    NtRaiseException(&r, &context, TRUE);
}

/* Nobody is asked: an exception ends the program. */
LPTOP_LEVEL_EXCEPTION_FILTER WINAPI
SetUnhandledExceptionFilter(LPTOP_LEVEL_EXCEPTION_FILTER filter)
{
    (void)filter;
    return NULL;
}

VOID WINAPI DebugBreak(void)
{
    __asm__ volatile("int3");
}

BOOL WINAPI IsDebuggerPresent(void)
{
    return FALSE;
}

UINT WINAPI SetErrorMode(UINT mode)
{
    (void)mode;
    return 0;
}

/* ---- who and what -----------------------------------------------------------
 */

HANDLE WINAPI GetCurrentProcess(void)
{
    return NT_CURRENT_PROCESS;
}

DWORD WINAPI GetCurrentProcessId(void)
{
    return TEB_PROCESS_ID;
}

DWORD WINAPI GetLastError(void)
{
    return TEB_LAST_ERROR;
}

VOID WINAPI SetLastError(DWORD code)
{
    TEB_LAST_ERROR = code;
}

LPWSTR WINAPI GetCommandLineW(void)
{
    return PARAMETERS_FIELD(LPWSTR, 0x44);
}

LPSTR WINAPI GetCommandLineA(void)
{
    static char line[8192];
    const WCHAR *wide = GetCommandLineW();
    unsigned n = 0;

    for (; wide[n] && n < sizeof line - 1; n++)
        line[n] = (char)wide[n];
    line[n] = 0;
    return line;
}

VOID WINAPI GetStartupInfoA(LPSTARTUPINFOA out)
{
    BYTE *p = (BYTE *)out;

    for (unsigned i = 0; i < sizeof *out; i++)
        p[i] = 0;
    out->cb = sizeof *out;
    out->dwFlags = STARTF_USESTDHANDLES;
    out->hStdInput = GetStdHandle(STD_INPUT_HANDLE);
    out->hStdOutput = GetStdHandle(STD_OUTPUT_HANDLE);
    out->hStdError = GetStdHandle(STD_ERROR_HANDLE);
}

VOID WINAPI GetSystemInfo(LPSYSTEM_INFO out)
{
    BYTE *p = (BYTE *)out;

    for (unsigned i = 0; i < sizeof *out; i++)
        p[i] = 0;
    out->dwPageSize = 4096;
    out->lpMinimumApplicationAddress = (void *)0x10000;
    out->lpMaximumApplicationAddress = (void *)0x7ffeffff;
    out->dwActiveProcessorMask = 1;
    out->dwNumberOfProcessors = 1;
    out->dwProcessorType = 586;
    out->dwAllocationGranularity = 0x10000;
}

/* Major in the low byte, minor above it, build in the high word. */
DWORD WINAPI GetVersion(void)
{
    return *(volatile DWORD *)(SHARED + 0x26c) |
           *(volatile DWORD *)(SHARED + 0x270) << 8 | 2600u << 16;
}

/* ---- modules ----------------------------------------------------------------
 */

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* "KERNEL32", "kernel32.dll", with or without a path. */
static BOOL named(BYTE *m, const char *name)
{
    const WCHAR *have = *(WCHAR **)(m + M_NAME + 4);
    const char *last = name;
    unsigned i = 0;

    for (; *name; name++)
        if (*name == '\\' || *name == '/')
            last = name + 1;
    for (; last[i]; i++)
        if (lower(last[i]) != lower((char)have[i]))
            return FALSE;
    return !have[i] || (have[i] == '.' && lower((char)have[i + 1]) == 'd');
}

HMODULE WINAPI GetModuleHandleA(LPCSTR name)
{
    if (!name)
        return (HMODULE)PEB_IMAGE_BASE;
    for (BYTE *m = next_module(NULL); m; m = next_module(m))
        if (named(m, name))
            return *(HMODULE *)(m + M_BASE);
    last_error(ERROR_MOD_NOT_FOUND);
    return NULL;
}

HMODULE WINAPI GetModuleHandleW(LPCWSTR name)
{
    char narrow[128];
    unsigned n = 0;

    for (; name && name[n] && n < sizeof narrow - 1; n++)
        narrow[n] = (char)name[n];
    narrow[n] = 0;
    return GetModuleHandleA(name ? narrow : NULL);
}

/* What is mapped already is all there is. */
HMODULE WINAPI LoadLibraryA(LPCSTR name)
{
    return name ? GetModuleHandleA(name) : NULL;
}

HMODULE WINAPI LoadLibraryW(LPCWSTR name)
{
    return name ? GetModuleHandleW(name) : NULL;
}

BOOL WINAPI FreeLibrary(HMODULE module)
{
    return module ? TRUE : last_error(ERROR_INVALID_HANDLE);
}

DWORD WINAPI GetModuleFileNameA(HMODULE module, LPSTR to, DWORD room)
{
    BYTE *base = module ? (BYTE *)module : PEB_IMAGE_BASE;
    DWORD n = 0;

    for (BYTE *m = next_module(NULL); m; m = next_module(m)) {
        const WCHAR *name = *(WCHAR **)(m + M_NAME + 4);

        if (*(BYTE **)(m + M_BASE) != base)
            continue;
        for (; name[n] && n + 1 < room; n++)
            to[n] = (char)name[n];
        break;
    }
    if (room)
        to[n] = 0;
    return n;
}

static int compare(const char *a, const char *b)
{
    while (*a && *a == *b)
        a++, b++;
    return (BYTE)*a - (BYTE)*b;
}

FARPROC WINAPI GetProcAddress(HMODULE module, LPCSTR name)
{
    BYTE *base = (BYTE *)(module ? (BYTE *)module : PEB_IMAGE_BASE);
    IMAGE_NT_HEADERS *h =
        (IMAGE_NT_HEADERS *)(base + ((IMAGE_DOS_HEADER *)base)->e_lfanew);
    DWORD at = h->OptionalHeader.DataDirectory[0].VirtualAddress;
    IMAGE_EXPORT_DIRECTORY *e = (IMAGE_EXPORT_DIRECTORY *)(base + at);
    DWORD *function, *names, n;
    WORD *ordinals;

    if (((IMAGE_DOS_HEADER *)base)->e_magic != IMAGE_DOS_SIGNATURE || !at) {
        last_error(ERROR_PROC_NOT_FOUND);
        return NULL;
    }
    function = (DWORD *)(base + e->AddressOfFunctions);
    names = (DWORD *)(base + e->AddressOfNames);
    ordinals = (WORD *)(base + e->AddressOfNameOrdinals);
    if ((ULONG_PTR)name < 0x10000) {
        n = (DWORD)(ULONG_PTR)name - e->Base;
        if (n < e->NumberOfFunctions && function[n])
            return (FARPROC)(base + function[n]);
    } else {
        for (n = 0; n < e->NumberOfNames; n++)
            if (!compare((const char *)(base + names[n]), name))
                return (FARPROC)(base + function[ordinals[n]]);
    }
    last_error(ERROR_PROC_NOT_FOUND);
    return NULL;
}
