/* user/kernel32/file.c -- files, which here are devices and the console.
 * Source: Platform SDK, "File Management Functions", DeviceIoControl,
 * "Synchronous and Asynchronous I/O". */
#include "ntdll/ntdll.h"

enum { FILE_SYNCHRONOUS = 0x20, FILE_NON_DIRECTORY = 0x40 };
enum { PATH_MOST = 520, STREAM_OUTPUT = 1, STREAM_ERROR = 2 };
enum { CONSOLE_INPUT = 3, CONSOLE_OUTPUT = 7, CONSOLE_ERROR = 11 };

/* As on NT, the low two bits tell the console's handles. */
static BOOL is_console(HANDLE file)
{
    return ((ULONG_PTR)file & 3) == 3 && (LONG_PTR)file > 0;
}

static BOOL console_write(HANDLE file, const void *from, DWORD bytes,
                          DWORD *written)
{
    NTSTATUS status;

    if ((ULONG_PTR)file != CONSOLE_OUTPUT && (ULONG_PTR)file != CONSOLE_ERROR)
        return last_error(ERROR_INVALID_HANDLE);
    status = NtpWriteConsole((ULONG_PTR)file == CONSOLE_ERROR ? STREAM_ERROR
                                                              : STREAM_OUTPUT,
                             from, bytes);
    if (written)
        *written = NT_SUCCESS(status) ? bytes : 0;
    return nt_result(status);
}

/* ---- opening ----------------------------------------------------------------
 */

/* "\\.\X" and "\\?\X" are \??\X; a name without them is a DOS device's, as
 * there are no file systems. Returns units, 0: too long. */
static unsigned native_path(const WCHAR *name, WCHAR *out)
{
    static const WCHAR prefix[] = L"\\??\\";
    unsigned n = 4, skip = 0;

    for (unsigned i = 0; i < n; i++)
        out[i] = prefix[i];
    if (name[0] == '\\' && name[1] == '\\' &&
        (name[2] == '.' || name[2] == '?') && name[3] == '\\')
        skip = 4;
    for (name += skip; *name; name++) {
        if (n >= PATH_MOST)
            return 0;
        out[n++] = *name == '/' ? '\\' : *name;
    }
    return n;
}

static HANDLE open_console(const WCHAR *name, DWORD access)
{
    static const WCHAR in[] = L"CONIN$", out[] = L"CONOUT$";
    unsigned i = 0, k = 0;

    (void)access;
    while (name[i] && (name[i] & ~0x20) == (in[i] & ~0x20))
        i++;
    while (name[k] && (name[k] & ~0x20) == (out[k] & ~0x20))
        k++;
    if (i == 6 && !name[i])
        return (HANDLE)CONSOLE_INPUT;
    return k == 7 && !name[k] ? (HANDLE)CONSOLE_OUTPUT : NULL;
}

static ULONG disposition_of(DWORD creation)
{
    static const UCHAR nt[] = {[CREATE_NEW] = 2,
                               [CREATE_ALWAYS] = 5,
                               [OPEN_EXISTING] = 1,
                               [OPEN_ALWAYS] = 3,
                               [TRUNCATE_EXISTING] = 4};

    return creation < sizeof nt ? nt[creation] : 0;
}

HANDLE WINAPI CreateFileW(LPCWSTR name, DWORD access, DWORD share,
                          LPSECURITY_ATTRIBUTES security, DWORD creation,
                          DWORD flags, HANDLE template)
{
    OBJECT_ATTRIBUTES attributes = {0};
    WCHAR path[PATH_MOST];
    UNICODE_STRING text;
    IO_STATUS_BLOCK iosb;
    HANDLE file = NULL;
    NTSTATUS status;

    (void)security;
    (void)template;
    if (!name || !*name || !disposition_of(creation)) {
        last_error(name && *name ? ERROR_INVALID_PARAMETER
                                 : ERROR_PATH_NOT_FOUND);
        return INVALID_HANDLE_VALUE;
    }
    if ((file = open_console(name, access)))
        return file;
    text.Length = (USHORT)(native_path(name, path) * 2);
    text.MaximumLength = text.Length;
    text.Buffer = path;
    if (!text.Length) {
        last_error(ERROR_FILENAME_EXCED_RANGE);
        return INVALID_HANDLE_VALUE;
    }
    attributes.Length = sizeof attributes;
    attributes.ObjectName = &text;
    attributes.Attributes = OBJ_CASE_INSENSITIVE;
    status = NtCreateFile(
        &file, access | SYNCHRONIZE | FILE_READ_ATTRIBUTES, &attributes, &iosb,
        NULL, flags & 0xffff, share, disposition_of(creation),
        FILE_NON_DIRECTORY |
            (flags & FILE_FLAG_OVERLAPPED ? 0 : FILE_SYNCHRONOUS),
        NULL, 0);
    if (!nt_result(status))
        return INVALID_HANDLE_VALUE;
    TEB_LAST_ERROR = 0;
    return file;
}

HANDLE WINAPI CreateFileA(LPCSTR name, DWORD access, DWORD share,
                          LPSECURITY_ATTRIBUTES security, DWORD creation,
                          DWORD flags, HANDLE template)
{
    WCHAR wide[PATH_MOST];
    unsigned n = 0;

    for (; name && name[n] && n < PATH_MOST - 1; n++)
        wide[n] = (BYTE)name[n];
    wide[n] = 0;
    return CreateFileW(wide, access, share, security, creation, flags,
                       template);
}

BOOL WINAPI CloseHandle(HANDLE handle)
{
    if (is_console(handle) || handle == NT_CURRENT_PROCESS ||
        handle == NT_CURRENT_THREAD)
        return TRUE;
    return nt_result(NtClose(handle));
}

/* ---- requests ---------------------------------------------------------------
 */

/* Synchronous: a request that pends all the same is waited for. */
static NTSTATUS settle(HANDLE file, NTSTATUS status, IO_STATUS_BLOCK *iosb)
{
    if (status != STATUS_PENDING)
        return status;
    status = NtWaitForSingleObject(file, FALSE, NULL);
    return NT_SUCCESS(status) ? (NTSTATUS)iosb->Status : status;
}

/* Overlapped: what came at once may be told, what pends is an error of its own.
 */
static BOOL started(NTSTATUS status, OVERLAPPED *o, DWORD *bytes)
{
    if (NT_SUCCESS(status) && status != STATUS_PENDING && bytes)
        *bytes = (DWORD)o->InternalHigh;
    if (status == STATUS_PENDING)
        return last_error(ERROR_IO_PENDING);
    return nt_result(status);
}

typedef NTSTATUS(NTAPI *transfer)(HANDLE, HANDLE, PVOID, PVOID,
                                  PIO_STATUS_BLOCK, PVOID, ULONG,
                                  PLARGE_INTEGER, PULONG);

static BOOL move(transfer nt, HANDLE file, void *at, DWORD bytes, DWORD *done,
                 OVERLAPPED *o)
{
    IO_STATUS_BLOCK iosb = {{0}, 0};
    LARGE_INTEGER offset;
    NTSTATUS status;

    if (done)
        *done = 0;
    if (o) {
        offset.u.LowPart = o->Offset;
        offset.u.HighPart = (LONG)o->OffsetHigh;
        o->Internal = (ULONG_PTR)STATUS_PENDING;
        status = nt(file, o->hEvent, NULL, NULL, (PIO_STATUS_BLOCK)o, at, bytes,
                    &offset, NULL);
        return started(status, o, done);
    }
    status = settle(
        file, nt(file, NULL, NULL, NULL, &iosb, at, bytes, NULL, NULL), &iosb);
    if (done && !(status < 0 && (ULONG)status >> 30 == 3))
        *done = (DWORD)iosb.Information;
    if (status == (NTSTATUS)0xc0000011) /* the end of a file is no error */
        return TRUE;
    return nt_result(status);
}

BOOL WINAPI ReadFile(HANDLE file, LPVOID to, DWORD bytes, LPDWORD done,
                     LPOVERLAPPED o)
{
    if (is_console(file)) { /* nobody types */
        if (done)
            *done = 0;
        return (ULONG_PTR)file == CONSOLE_INPUT
                   ? TRUE
                   : last_error(ERROR_INVALID_HANDLE);
    }
    return move(NtReadFile, file, to, bytes, done, o);
}

BOOL WINAPI WriteFile(HANDLE file, LPCVOID from, DWORD bytes, LPDWORD done,
                      LPOVERLAPPED o)
{
    if (is_console(file))
        return console_write(file, from, bytes, done);
    return move(NtWriteFile, file, (void *)from, bytes, done, o);
}

BOOL WINAPI DeviceIoControl(HANDLE device, DWORD code, LPVOID in,
                            DWORD in_bytes, LPVOID out, DWORD out_bytes,
                            LPDWORD done, LPOVERLAPPED o)
{
    IO_STATUS_BLOCK iosb = {{0}, 0};
    NTSTATUS status;

    if (done)
        *done = 0;
    if (is_console(device))
        return last_error(ERROR_INVALID_FUNCTION);
    if (o) {
        o->Internal = (ULONG_PTR)STATUS_PENDING;
        status = NtDeviceIoControlFile(device, o->hEvent, NULL, NULL,
                                       (PIO_STATUS_BLOCK)o, code, in, in_bytes,
                                       out, out_bytes);
        return started(status, o, done);
    }
    status = settle(device,
                    NtDeviceIoControlFile(device, NULL, NULL, NULL, &iosb, code,
                                          in, in_bytes, out, out_bytes),
                    &iosb);
    if (done && (ULONG)status >> 30 != 3)
        *done = (DWORD)iosb.Information;
    return nt_result(status);
}

BOOL WINAPI GetOverlappedResult(HANDLE file, LPOVERLAPPED o, LPDWORD done,
                                BOOL wait)
{
    if ((NTSTATUS)o->Internal == STATUS_PENDING) {
        if (!wait)
            return last_error(ERROR_IO_INCOMPLETE);
        NtWaitForSingleObject(o->hEvent ? o->hEvent : file, FALSE, NULL);
    }
    *done = (DWORD)o->InternalHigh;
    return nt_result((NTSTATUS)o->Internal);
}

BOOL WINAPI CancelIo(HANDLE file)
{
    IO_STATUS_BLOCK iosb;

    return nt_result(NtCancelIoFile(file, &iosb));
}

BOOL WINAPI FlushFileBuffers(HANDLE file)
{
    IO_STATUS_BLOCK iosb;

    return is_console(file) ? TRUE : nt_result(NtFlushBuffersFile(file, &iosb));
}

/* ---- console ----------------------------------------------------------------
 */

HANDLE WINAPI GetStdHandle(DWORD which)
{
    if (which + 12 > 2) { /* STD_INPUT -10, OUTPUT -11, ERROR -12 */
        last_error(ERROR_INVALID_HANDLE);
        return INVALID_HANDLE_VALUE;
    }
    return PARAMETERS_FIELD(HANDLE, 0x18 + 4 * (STD_INPUT_HANDLE - which));
}

BOOL WINAPI WriteConsoleA(HANDLE console, const VOID *text, DWORD count,
                          LPDWORD written, LPVOID reserved)
{
    (void)reserved;
    return console_write(console, text, count, written);
}

BOOL WINAPI GetConsoleMode(HANDLE console, LPDWORD mode)
{
    if (!is_console(console))
        return last_error(ERROR_INVALID_HANDLE);
    *mode = 3;
    return TRUE;
}

DWORD WINAPI GetFileType(HANDLE file)
{
    return is_console(file) ? FILE_TYPE_CHAR : FILE_TYPE_UNKNOWN;
}

VOID WINAPI OutputDebugStringA(LPCSTR text)
{
    DWORD n = 0;

    while (text[n])
        n++;
    NtpWriteConsole(STREAM_ERROR, text, n);
}
