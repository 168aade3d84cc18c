/* user/msvcrt/string.c -- memory, strings, characters. Source: ISO C 7.4,
 * 7.24; Microsoft C run-time library reference. */
#include "msvcrt/msvcrt.h"

void *memset(void *to, int c, size_t n)
{
    void *at = to;

    __asm__ volatile("cld; rep stosb" : "+D"(at), "+c"(n) : "a"(c) : "memory");
    return to;
}

void *memcpy(void *to, const void *from, size_t n)
{
    void *at = to;

    __asm__ volatile("cld; rep movsb"
                     : "+D"(at), "+S"(from), "+c"(n)
                     :
                     : "memory");
    return to;
}

void *memmove(void *to, const void *from, size_t n)
{
    char *d = to;
    const char *s = from;

    if ((uintptr_t)d - (uintptr_t)s >= n)
        return memcpy(to, from, n);
    while (n-- > 0)
        d[n] = s[n];
    return to;
}

int memcmp(const void *a, const void *b, size_t n)
{
    const unsigned char *p = a, *q = b;

    for (; n; n--, p++, q++)
        if (*p != *q)
            return *p - *q;
    return 0;
}

void *memchr(const void *s, int c, size_t n)
{
    const unsigned char *p = s;

    for (; n; n--, p++)
        if (*p == (unsigned char)c)
            return (void *)p;
    return NULL;
}

size_t strlen(const char *s)
{
    size_t n = 0;

    while (s[n])
        n++;
    return n;
}

char *strcpy(char *to, const char *from)
{
    memcpy(to, from, strlen(from) + 1);
    return to;
}

char *strncpy(char *to, const char *from, size_t n)
{
    size_t i = 0;

    for (; i < n && from[i]; i++)
        to[i] = from[i];
    for (; i < n; i++)
        to[i] = 0;
    return to;
}

char *strncat(char *to, const char *from, size_t n)
{
    char *end = to + strlen(to);

    while (n-- && *from)
        *end++ = *from++;
    *end = 0;
    return to;
}

char *strcat(char *to, const char *from)
{
    strcpy(to + strlen(to), from);
    return to;
}

int strncmp(const char *a, const char *b, size_t n)
{
    for (; n; n--, a++, b++)
        if (*a != *b || !*a)
            return (unsigned char)*a - (unsigned char)*b;
    return 0;
}

int strcmp(const char *a, const char *b)
{
    return strncmp(a, b, SIZE_MAX);
}

int _strnicmp(const char *a, const char *b, size_t n)
{
    for (; n; n--, a++, b++) {
        int x = tolower((unsigned char)*a), y = tolower((unsigned char)*b);

        if (x != y || !x)
            return x - y;
    }
    return 0;
}

int _stricmp(const char *a, const char *b)
{
    return _strnicmp(a, b, SIZE_MAX);
}

char *strchr(const char *s, int c)
{
    for (;; s++) {
        if (*s == (char)c)
            return (char *)s;
        if (!*s)
            return NULL;
    }
}

char *strrchr(const char *s, int c)
{
    const char *last = NULL;

    do
        if (*s == (char)c)
            last = s;
    while (*s++);
    return (char *)last;
}

char *strstr(const char *s, const char *part)
{
    size_t n = strlen(part);

    for (; *s || !n; s++)
        if (!strncmp(s, part, n))
            return (char *)s;
    return NULL;
}

/* One for all threads: those of a test program do not split strings at once. */
char *strtok(char *s, const char *between)
{
    static char *rest;
    char *word;

    if (!s)
        s = rest;
    while (s && *s && strchr(between, *s))
        s++;
    if (!s || !*s)
        return rest = NULL;
    word = s;
    while (*s && !strchr(between, *s))
        s++;
    rest = *s ? s + 1 : NULL;
    *s = 0;
    return word;
}

char *_strdup(const char *s)
{
    char *to = malloc(strlen(s) + 1);

    return to ? strcpy(to, s) : NULL;
}

size_t wcslen(const wchar_t *s)
{
    size_t n = 0;

    while (s[n])
        n++;
    return n;
}

wchar_t *wcscpy(wchar_t *to, const wchar_t *from)
{
    memcpy(to, from, (wcslen(from) + 1) * sizeof *to);
    return to;
}

int wcscmp(const wchar_t *a, const wchar_t *b)
{
    while (*a && *a == *b)
        a++, b++;
    return *a < *b ? -1 : *a > *b;
}

/* ---- characters of the C locale
 * ---------------------------------------------- */

int isdigit(int c)
{
    return c >= '0' && c <= '9';
}

int isupper(int c)
{
    return c >= 'A' && c <= 'Z';
}

int islower(int c)
{
    return c >= 'a' && c <= 'z';
}

int isalpha(int c)
{
    return isupper(c) || islower(c);
}

int isalnum(int c)
{
    return isalpha(c) || isdigit(c);
}

int isxdigit(int c)
{
    return isdigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

int isspace(int c)
{
    return c == ' ' || (c >= 9 && c <= 13);
}

int isprint(int c)
{
    return c >= 32 && c < 127;
}

int toupper(int c)
{
    return islower(c) ? c - 32 : c;
}

int tolower(int c)
{
    return isupper(c) ? c + 32 : c;
}
