/* images/programs/kernel32_more.c -- kernel32: the process, its modules, text,
 * console and files. */
#include "check.h"

#include <string.h>

void more(void);

static void process(void)
{
    STARTUPINFOA start;
    CHAR name[64];

    CHECK(strstr(GetCommandLineA(), "kernel32_test.exe") != NULL);
    CHECK(GetCommandLineW()[0] == (WCHAR)GetCommandLineA()[0]);
    CHECK(GetCurrentProcess() == (HANDLE)-1 && GetCurrentProcessId() != 0);
    GetStartupInfoA(&start);
    CHECK(start.cb == sizeof start &&
          start.hStdOutput == GetStdHandle(STD_OUTPUT_HANDLE));
    CHECK(GetModuleFileNameA(NULL, name, sizeof name) > 0 &&
          !strcmp(name, "kernel32_test.exe"));
    SetLastError(1234);
    CHECK(GetLastError() == 1234);
    CHECK(SetUnhandledExceptionFilter(NULL) == NULL && !IsDebuggerPresent());
    SetErrorMode(0);
}

static void modules(void)
{
    HMODULE k = GetModuleHandleA("KERNEL32"), own = GetModuleHandleA(NULL);
    DWORD(WINAPI * ticks)(void);

    CHECK(k && GetModuleHandleW(L"kernel32.dll") == k && own && own != k);
    ticks = (DWORD(WINAPI *)(void))GetProcAddress(k, "GetTickCount");
    CHECK(ticks && ticks() <= GetTickCount());
    CHECK(!GetProcAddress(k, "NoSuchRoutine") &&
          GetLastError() == ERROR_PROC_NOT_FOUND);
    CHECK(GetProcAddress(k, (LPCSTR)1) != NULL);
    CHECK(GetProcAddress(k, "BaseProcessStart") != NULL); /* we came by it */
    CHECK(LoadLibraryA("msvcrt.dll") == GetModuleHandleA("msvcrt"));
    CHECK(LoadLibraryW(L"ntdll.dll") && FreeLibrary(k));
    CHECK(!LoadLibraryA("nothere.dll") &&
          GetLastError() == ERROR_MOD_NOT_FOUND);
}

static void text(void)
{
    WCHAR wide[8];
    CHAR narrow[24], *made = NULL;
    BOOL used = TRUE;

    CHECK(MultiByteToWideChar(CP_ACP, 0, "ab", -1, wide, 8) == 3 &&
          wide[1] == 'b');
    CHECK(MultiByteToWideChar(CP_ACP, 0, "abc", 3, NULL, 0) == 3);
    CHECK(!MultiByteToWideChar(CP_ACP, 0, "abc", 3, wide, 2) &&
          GetLastError() == ERROR_INSUFFICIENT_BUFFER);
    CHECK(WideCharToMultiByte(CP_ACP, 0, L"x\x4e00", -1, narrow, 8, NULL,
                              &used) == 3 &&
          narrow[1] == '?' && used);
    CHECK(!IsDBCSLeadByteEx(CP_ACP, 'a'));
    CHECK(lstrlenA("four") == 4 && lstrcmpA(lstrcpyA(narrow, "b"), "a") > 0);
    CHECK(FormatMessageA(FORMAT_MESSAGE_FROM_SYSTEM, NULL, 5, 0, narrow,
                         sizeof narrow, NULL) > 0 &&
          strchr(narrow, '5'));
    CHECK(FormatMessageA(FORMAT_MESSAGE_FROM_SYSTEM |
                             FORMAT_MESSAGE_ALLOCATE_BUFFER,
                         NULL, 87, 0, (LPSTR)&made, 0, NULL) > 0 &&
          made && strstr(made, "87"));
    LocalFree(made);
}

static void console(void)
{
    HANDLE out = GetStdHandle(STD_OUTPUT_HANDLE);
    HANDLE in = GetStdHandle(STD_INPUT_HANDLE);
    DWORD done = 0, mode;
    CHAR byte;

    CHECK(WriteFile(out, "file ", 5, &done, NULL) && done == 5);
    CHECK(WriteConsoleA(out, "console\n", 8, &done, NULL) && done == 8);
    CHECK(GetConsoleMode(out, &mode) && GetFileType(out) == FILE_TYPE_CHAR);
    CHECK(ReadFile(in, &byte, 1, &done, NULL) && done == 0);
    CHECK(!WriteFile(in, "x", 1, &done, NULL) &&
          GetLastError() == ERROR_INVALID_HANDLE);
    CHECK(GetStdHandle(7) == INVALID_HANDLE_VALUE);
    CHECK(FlushFileBuffers(out) && CloseHandle(out));
    OutputDebugStringA("debug string\n");
    CHECK(!DeviceIoControl(out, 0, NULL, 0, NULL, 0, &done, NULL));
}

static void files(void)
{
    OVERLAPPED o = {.Internal = 0, .InternalHigh = 12};
    DWORD done = 0;

    CHECK(CreateFileA("\\\\.\\NotThere", GENERIC_READ, 0, NULL, OPEN_EXISTING,
                      0, NULL) == INVALID_HANDLE_VALUE &&
          GetLastError() == ERROR_FILE_NOT_FOUND);
    CHECK(CreateFileW(L"", GENERIC_READ, 0, NULL, OPEN_EXISTING, 0, NULL) ==
              INVALID_HANDLE_VALUE &&
          GetLastError() == ERROR_PATH_NOT_FOUND);
    CHECK(CreateFileA("CONOUT$", GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0,
                      NULL) == GetStdHandle(STD_OUTPUT_HANDLE));
    CHECK(!CancelIo((HANDLE)0x7f0) && GetLastError() == ERROR_INVALID_HANDLE);
    CHECK(GetOverlappedResult((HANDLE)0x7f0, &o, &done, FALSE) && done == 12);
    o.Internal = STATUS_PENDING;
    CHECK(!GetOverlappedResult((HANDLE)0x7f0, &o, &done, FALSE) &&
          GetLastError() == ERROR_IO_INCOMPLETE);
}

void more(void)
{
    process();
    modules();
    text();
    console();
    files();
}
