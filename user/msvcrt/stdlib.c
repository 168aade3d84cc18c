/* user/msvcrt/stdlib.c -- memory, numbers, sorting, time. Source: ISO C 7.22,
 * 7.27; Microsoft C run-time library reference. */
#include <windows.h>

#include "msvcrt/msvcrt.h"

void *malloc(size_t n)
{
    return HeapAlloc(GetProcessHeap(), 0, n);
}

void *calloc(size_t count, size_t bytes)
{
    if (bytes && count > SIZE_MAX / bytes)
        return NULL;
    return HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, count * bytes);
}

void free(void *at)
{
    if (at)
        HeapFree(GetProcessHeap(), 0, at);
}

void *realloc(void *at, size_t n)
{
    if (!at)
        return malloc(n);
    if (!n) {
        free(at);
        return NULL;
    }
    return HeapReAlloc(GetProcessHeap(), 0, at, n);
}

int abs(int v)
{
    return v < 0 ? -v : v;
}

/* ---- numbers
 * ----------------------------------------------------------------- */

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)toupper(c);
    return c >= 'A' && c <= 'Z' ? c - 'A' + 10 : 99;
}

/* The number's size and sign; *over: more than 32 bits. */
static unsigned long parse(const char *s, char **end, int base, int *negative,
                           int *over)
{
    const char *start = s;
    unsigned long long v = 0;
    int any = 0;

    *over = 0;
    while (isspace((unsigned char)*s))
        s++;
    *negative = *s == '-';
    if (*s == '-' || *s == '+')
        s++;
    if ((base == 0 || base == 16) && s[0] == '0' && (s[1] | 32) == 'x' &&
        digit_of(s[2]) < 16) {
        s += 2;
        base = 16;
    }
    if (base == 0)
        base = *s == '0' ? 8 : 10;
    for (; digit_of(*s) < base; s++, any = 1) {
        if (!*over)
            v = v * (unsigned)base + (unsigned)digit_of(*s);
        *over |= v > ULONG_MAX;
    }
    if (end)
        *end = (char *)(any ? s : start);
    return (unsigned long)v;
}

unsigned long strtoul(const char *s, char **end, int base)
{
    int negative, over;
    unsigned long v = parse(s, end, base, &negative, &over);

    if (over) {
        *_errno() = C_ERANGE;
        return ULONG_MAX;
    }
    return negative ? 0 - v : v;
}

long strtol(const char *s, char **end, int base)
{
    int negative, over;
    unsigned long v = parse(s, end, base, &negative, &over);

    if (over || v > (unsigned long)LONG_MAX + (unsigned)negative) {
        *_errno() = C_ERANGE;
        return negative ? LONG_MIN : LONG_MAX;
    }
    return (long)(negative ? 0 - v : v);
}

int atoi(const char *s)
{
    return (int)strtol(s, NULL, 10);
}

long atol(const char *s)
{
    return strtol(s, NULL, 10);
}

/* ---- sorting
 * ----------------------------------------------------------------- */

typedef int(__cdecl *order)(const void *, const void *);

static void swap(char *a, char *b, size_t bytes)
{
    while (bytes--) {
        char c = *a;

        *a++ = *b;
        *b++ = c;
    }
}

static void sift(char *base, size_t root, size_t count, size_t bytes, order o)
{
    for (;;) {
        size_t child = 2 * root + 1;

        if (child >= count)
            return;
        if (child + 1 < count &&
            o(base + child * bytes, base + (child + 1) * bytes) < 0)
            child++;
        if (o(base + root * bytes, base + child * bytes) >= 0)
            return;
        swap(base + root * bytes, base + child * bytes, bytes);
        root = child;
    }
}

/* A heap: no stack, no bad case. */
void qsort(void *at, size_t count, size_t bytes, order o)
{
    char *base = at;

    for (size_t i = count / 2; i-- > 0;)
        sift(base, i, count, bytes, o);
    for (size_t n = count; n-- > 1;) {
        swap(base, base + n * bytes, bytes);
        sift(base, 0, n, bytes, o);
    }
}

void *bsearch(const void *key, const void *at, size_t count, size_t bytes,
              order o)
{
    const char *base = at;

    while (count) {
        const char *middle = base + count / 2 * bytes;
        int c = o(key, middle);

        if (!c)
            return (void *)middle;
        if (c > 0) {
            base = middle + bytes;
            count--;
        }
        count /= 2;
    }
    return NULL;
}

/* ---- chance and time
 * --------------------------------------------------------- */

static unsigned long seed = 1;

void srand(unsigned v)
{
    seed = v;
}

int rand(void)
{
    seed = seed * 214013 + 2531011;
    return (int)(seed >> 16 & 0x7fff);
}

long clock(void)
{
    return (long)GetTickCount();
}

/* Seconds since 1970; a FILETIME counts 100 ns since 1601. */
long time(long *out)
{
    FILETIME t;
    unsigned long long ticks;
    long seconds;

    GetSystemTimeAsFileTime(&t);
    ticks = t.dwLowDateTime | (unsigned long long)t.dwHighDateTime << 32;
    seconds = (long)(ticks / 10000000 - 11644473600ull);
    if (out)
        *out = seconds;
    return seconds;
}
