/* user/kernel32/text.c -- strings: one code page, Latin-1, in which each byte
 * is the character of its number. Source: Platform SDK, "Unicode and Character
 * Set Functions", "String Functions". */
#include "ntdll/ntdll.h"

int WINAPI MultiByteToWideChar(UINT page, DWORD flags, LPCSTR from, int count,
                               LPWSTR to, int room)
{
    int n = 0;

    (void)page;
    (void)flags;
    if (count < 0)
        for (count = 0; from[count++];)
            ;
    if (!room)
        return count;
    for (; n < count; n++) {
        if (n >= room)
            return last_error(ERROR_INSUFFICIENT_BUFFER);
        to[n] = (BYTE)from[n];
    }
    return n;
}

int WINAPI WideCharToMultiByte(UINT page, DWORD flags, LPCWSTR from, int count,
                               LPSTR to, int room, LPCSTR instead, LPBOOL used)
{
    int n = 0;

    (void)page;
    (void)flags;
    if (used)
        *used = FALSE;
    if (count < 0)
        for (count = 0; from[count++];)
            ;
    if (!room)
        return count;
    for (; n < count; n++) {
        if (n >= room)
            return last_error(ERROR_INSUFFICIENT_BUFFER);
        to[n] = from[n] < 256 ? (char)from[n] : instead ? *instead : '?';
        if (from[n] >= 256 && used)
            *used = TRUE;
    }
    return n;
}

BOOL WINAPI IsDBCSLeadByteEx(UINT page, BYTE c)
{
    (void)page;
    (void)c;
    return FALSE;
}

int WINAPI lstrlenA(LPCSTR text)
{
    int n = 0;

    while (text && text[n])
        n++;
    return n;
}

LPSTR WINAPI lstrcpyA(LPSTR to, LPCSTR from)
{
    int i = 0;

    do
        to[i] = from[i];
    while (from[i++]);
    return to;
}

int WINAPI lstrcmpA(LPCSTR a, LPCSTR b)
{
    while (*a && *a == *b)
        a++, b++;
    return (BYTE)*a - (BYTE)*b;
}

/* There are no message tables: "error N" is what is known. With ALLOCATE_BUFFER
 * the caller frees it by LocalFree. */
DWORD WINAPI FormatMessageA(DWORD flags, LPCVOID source, DWORD id,
                            DWORD language, LPSTR to, DWORD room,
                            va_list *arguments)
{
    char text[24] = "error ", digits[12];
    unsigned n = 6, d = 0;

    (void)source;
    (void)language;
    (void)arguments;
    do
        digits[d++] = (char)('0' + id % 10);
    while (id /= 10);
    while (d)
        text[n++] = digits[--d];
    text[n] = 0;
    if (flags & FORMAT_MESSAGE_ALLOCATE_BUFFER) {
        char *at = LocalAlloc(0, n + 1);

        *(char **)to = at;
        to = at;
        room = at ? n + 1 : 0;
    }
    if (room <= n)
        return (DWORD)last_error(ERROR_INSUFFICIENT_BUFFER);
    lstrcpyA(to, text);
    return n;
}
