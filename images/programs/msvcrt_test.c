/* images/programs/msvcrt_test.c -- each routine of msvcrt.dll, by its address
 * in the DLL: the compiler and mingw's own library know some of them, too. */
#include "check.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define FROM_DLL(type, name, arguments)                                        \
    type(__cdecl *name##_) arguments =                                         \
        (type(__cdecl *) arguments)GetProcAddress(dll, #name);                 \
    CHECK(name##_ != NULL)

static HMODULE dll;

/* ---- formats
 * ----------------------------------------------------------------- */

static int(__cdecl *format)(char *, size_t, const char *, va_list);

static BOOL prints(const char *want, const char *text, ...)
{
    char got[512];
    va_list arguments;

    va_start(arguments, text);
    format(got, sizeof got, text, arguments);
    va_end(arguments);
    if (!strcmp(got, want))
        return TRUE;
    fprintf(stderr, "'%s' gives '%s', not '%s'\n", text, got, want);
    return FALSE;
}

static void formats(void)
{
    FROM_DLL(int, _snprintf, (char *, size_t, const char *, ...));
    FROM_DLL(int, sprintf, (char *, const char *, ...));
    FROM_DLL(int, vsprintf, (char *, const char *, va_list));
    char room[4];

    (void)vsprintf_;
    CHECK(prints("-12 +12 00012  12|12  |", "%d %+d %05d %3d|%-4d|", -12, 12,
                 12, 12, 12));
    CHECK(prints("ff FF 0xff 377 0377 0x0", "%x %X %#x %o %#o 0x%x", 255, 255,
                 255, 255, 255, 0));
    CHECK(prints("4294967295 18446744073709551615 -1", "%u %I64u %I64d", -1,
                 ~0ull, -1ll));
    CHECK(
        prints("12345678 0000BEEF", "%llx %p", 0x12345678ull, (void *)0xbeef));
    CHECK(prints("ab|  ab|ab  |a|(null)", "%s|%4s|%-4s|%.1s|%s", "ab", "ab",
                 "ab", "ab", NULL));
    CHECK(
        prints("w|w|c|%|*", "%S|%ls|%c|%%|%*.*s", L"w", L"w", 'c', 1, 1, "*"));
    CHECK(
        prints("65535 -1 255 -1", "%hu %hd %hhu %hhd", 65535, 65535, 255, 255));
    CHECK(prints("00007 |", "%.5d %.0d|", 7, 0));
    CHECK(prints("3.141593 3.14 -0.500000 10", "%f %.2f %f %.0f", 3.14159265,
                 3.14159265, -0.5, 9.5));
    CHECK(prints("1.000000e+010 1.5E-005", "%e %.1E", 1e10, 1.5e-5));
    CHECK(prints("0.0001 1e-005 100000 1e+006 0 1.5", "%g %g %g %g %g %g", 1e-4,
                 1e-5, 1e5, 1e6, 0.0, 1.5));
    CHECK(prints("1.00000 123457", "%#g %.6g", 1.0, 123456.7));
    CHECK(prints("0.1000000000000000055511151231257827", "%.34f", 0.1));
    CHECK(prints("4.940656e-324 1.797693e+308", "%e %e",
                 4.9406564584124654e-324, 1.7976931348623157e308));
    CHECK(
        prints("17976931348623157081452742373170435679807056752584499659891747"
               "68031572607800285387605895586327668781715404589535143824642343"
               "21326889464182768467546703537516986049910576551282076245490090"
               "38932894407586850845513394230458323690322294816580855933212334"
               "8274797826204144723168738177180919299881250404026184124858368"
               ".0",
               "%.1f", 1.7976931348623157e308));
    CHECK(prints("1.#INF -1.#INF", "%f %f", 1e308 * 10, -1e308 * 10));
    CHECK(prints("00001.50 |1.5   |", "%08.2f |%-6g|", 1.5, 1.5));
    CHECK(_snprintf_(room, 4, "%s", "abcdef") == -1 &&
          !memcmp(room, "abcd", 4));
    CHECK(sprintf_(room, "%d", 123) == 3 && !strcmp(room, "123"));
}

/* ---- strings
 * ------------------------------------------------------------------- */

static void strings(void)
{
    FROM_DLL(void *, memchr, (const void *, int, size_t));
    FROM_DLL(int, memcmp, (const void *, const void *, size_t));
    FROM_DLL(void *, memcpy, (void *, const void *, size_t));
    FROM_DLL(void *, memmove, (void *, const void *, size_t));
    FROM_DLL(void *, memset, (void *, int, size_t));
    FROM_DLL(char *, strcat, (char *, const char *));
    FROM_DLL(char *, strchr, (const char *, int));
    FROM_DLL(int, strcmp, (const char *, const char *));
    FROM_DLL(char *, strcpy, (char *, const char *));
    FROM_DLL(size_t, strlen, (const char *));
    FROM_DLL(char *, strncat, (char *, const char *, size_t));
    FROM_DLL(int, strncmp, (const char *, const char *, size_t));
    FROM_DLL(char *, strncpy, (char *, const char *, size_t));
    FROM_DLL(char *, strrchr, (const char *, int));
    FROM_DLL(char *, strstr, (const char *, const char *));
    FROM_DLL(char *, strtok, (char *, const char *));
    FROM_DLL(int, _stricmp, (const char *, const char *));
    FROM_DLL(int, _strnicmp, (const char *, const char *, size_t));
    FROM_DLL(char *, _strdup, (const char *));
    FROM_DLL(size_t, wcslen, (const wchar_t *));
    FROM_DLL(wchar_t *, wcscpy, (wchar_t *, const wchar_t *));
    FROM_DLL(int, wcscmp, (const wchar_t *, const wchar_t *));
    char a[32], words[] = " one,two ";
    wchar_t w[8];
    char *copy;

    memset_(a, 'x', sizeof a);
    CHECK(a[31] == 'x' && memchr_(a, 'y', 32) == NULL &&
          memchr_(a, 'x', 3) == a);
    strcpy_(a, "abc");
    CHECK(strlen_(a) == 3 && strcmp_(strcat_(a, "de"), "abcde") == 0);
    memmove_(a + 1, a, 6);
    CHECK(!strcmp_(a, "aabcde") && memcmp_("a\0b", "a\0c", 3) < 0);
    memmove_(a, a + 1, 6);
    CHECK(!strcmp_(a, "abcde") && !memcmp_(memcpy_(a, "zz", 2), "zzcde", 5));
    CHECK(strncmp_("abc", "abd", 2) == 0 && strncmp_("abc", "abd", 3) < 0);
    strncpy_(a, "q", 4);
    CHECK(a[1] == 0 && a[3] == 0 && !strcmp_(strncat_(a, "rst", 2), "qrs"));
    CHECK(*strchr_("abcb", 'b') == 'b' && strrchr_("abcb", 'b')[1] == 0 &&
          !strchr_("a", 'z') && !strrchr_("a", 'z'));
    CHECK(!strcmp_(strstr_("a needle", "need"), "needle") &&
          !strstr_("a", "needle"));
    CHECK(!strcmp_(strtok_(words, " ,"), "one") &&
          !strcmp_(strtok_(NULL, " ,"), "two") && !strtok_(NULL, " ,"));
    CHECK(!_stricmp_("HeLLo", "hEllO") && _strnicmp_("abX", "aBy", 2) == 0);
    copy = _strdup_("copy");
    CHECK(copy && !strcmp_(copy, "copy"));
    CHECK(wcslen_(L"abc") == 3 && !wcscmp_(wcscpy_(w, L"w"), L"w"));
    free(copy);
}

static void characters(void)
{
    FROM_DLL(int, isalnum, (int));
    FROM_DLL(int, isalpha, (int));
    FROM_DLL(int, isdigit, (int));
    FROM_DLL(int, islower, (int));
    FROM_DLL(int, isprint, (int));
    FROM_DLL(int, isspace, (int));
    FROM_DLL(int, isupper, (int));
    FROM_DLL(int, isxdigit, (int));
    FROM_DLL(int, tolower, (int));
    FROM_DLL(int, toupper, (int));
    int counts[8] = {0};

    for (int c = 0; c < 256; c++) {
        counts[0] += isalnum_(c) != 0;
        counts[1] += isalpha_(c) != 0;
        counts[2] += isdigit_(c) != 0;
        counts[3] += islower_(c) != 0;
        counts[4] += isprint_(c) != 0;
        counts[5] += isspace_(c) != 0;
        counts[6] += isupper_(c) != 0;
        counts[7] += isxdigit_(c) != 0;
    }
    CHECK(counts[0] == 62 && counts[1] == 52 && counts[2] == 10 &&
          counts[3] == 26 && counts[4] == 95 && counts[5] == 6 &&
          counts[6] == 26 && counts[7] == 22);
    CHECK(tolower_('Q') == 'q' && toupper_('q') == 'Q' && toupper_('1') == '1');
}

/* ---- numbers, memory, sorting
 * ---------------------------------------------------- */

static int __cdecl by_value(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

static void library(void)
{
    FROM_DLL(int, abs, (int));
    FROM_DLL(int, atoi, (const char *));
    FROM_DLL(long, atol, (const char *));
    FROM_DLL(long, strtol, (const char *, char **, int));
    FROM_DLL(unsigned long, strtoul, (const char *, char **, int));
    FROM_DLL(int *, _errno, (void));
    FROM_DLL(void *, malloc, (size_t));
    FROM_DLL(void *, calloc, (size_t, size_t));
    FROM_DLL(void *, realloc, (void *, size_t));
    FROM_DLL(void, free, (void *));
    FROM_DLL(
        void, qsort,
        (void *, size_t, size_t, int(__cdecl *)(const void *, const void *)));
    FROM_DLL(void *, bsearch,
             (const void *, const void *, size_t, size_t,
              int(__cdecl *)(const void *, const void *)));
    FROM_DLL(int, rand, (void));
    FROM_DLL(void, srand, (unsigned));
    FROM_DLL(long, clock, (void));
    FROM_DLL(long, time, (long *));
    int v[50], key = 7;
    char *end, *block;

    CHECK(abs_(-3) == 3 && atoi_(" -12x") == -12 && atol_("99") == 99);
    CHECK(strtol_("0x1f!", &end, 0) == 31 && *end == '!');
    CHECK(strtol_("z", &end, 36) == 35 && strtol_("017", NULL, 0) == 15);
    CHECK(strtol_("-99999999999", NULL, 10) == LONG_MIN && *_errno_() == 34);
    CHECK(strtoul_("4294967295", NULL, 10) == 0xffffffff &&
          strtoul_("-1", NULL, 10) == 0xffffffff);
    CHECK(strtoul_("nothing", &end, 10) == 0 && *end == 'n');
    block = calloc_(100, 10);
    CHECK(block && block[999] == 0 && !calloc_(0x10000, 0x10000));
    block[999] = 1;
    block = realloc_(block, 100000);
    CHECK(block && block[999] == 1 && realloc_(block, 0) == NULL);
    block = malloc_(1);
    CHECK(block != NULL);
    free_(block);
    free_(NULL);
    for (int i = 0; i < 50; i++)
        v[i] = i * 37 % 50;
    qsort_(v, 50, sizeof v[0], by_value);
    for (int i = 0; i < 50; i++)
        CHECK(v[i] == i);
    CHECK(bsearch_(&key, v, 50, sizeof v[0], by_value) == &v[7]);
    key = 50;
    CHECK(!bsearch_(&key, v, 50, sizeof v[0], by_value));
    srand_(1);
    CHECK(rand_() == 41 && rand_() == 18467); /* as Microsoft's */
    CHECK(clock_() >= 0 && time_(NULL) > 946684799);
}

/* ---- streams
 * --------------------------------------------------------------------- */

static void streams(void)
{
    FROM_DLL(FILE *, __iob_func, (void));
    FROM_DLL(int, printf, (const char *, ...));
    FROM_DLL(int, fprintf, (FILE *, const char *, ...));
    FROM_DLL(int, vprintf, (const char *, va_list));
    FROM_DLL(int, vfprintf, (FILE *, const char *, va_list));
    FROM_DLL(int, puts, (const char *));
    FROM_DLL(int, fputs, (const char *, FILE *));
    FROM_DLL(int, putchar, (int));
    FROM_DLL(int, putc, (int, FILE *));
    FROM_DLL(int, fputc, (int, FILE *));
    FROM_DLL(size_t, fwrite, (const void *, size_t, size_t, FILE *));
    FROM_DLL(int, fflush, (FILE *));
    FROM_DLL(int, fclose, (FILE *));
    FROM_DLL(int, fgetc, (FILE *));
    FROM_DLL(int, getchar, (void));
    FROM_DLL(char *, fgets, (char *, int, FILE *));
    FROM_DLL(int, setvbuf, (FILE *, char *, int, size_t));
    FROM_DLL(int, _fileno, (FILE *));
    FROM_DLL(int, _isatty, (int));
    FROM_DLL(int, _setmode, (int, int));
    FROM_DLL(void, perror, (const char *));
    FROM_DLL(char *, strerror, (int));
    FILE *out = __iob_func_() + 1;
    char line[8];

    (void)vprintf_;
    (void)vfprintf_;
    CHECK((void *)GetProcAddress(dll, "_iob") == (void *)__iob_func_());
    CHECK(printf_("one %d", 1) == 5 && fprintf_(out, " two") == 4);
    CHECK(puts_(" three") >= 0 && fputs_("four", out) >= 0);
    CHECK(putchar_(' ') == ' ' && putc_('f', out) == 'f' &&
          fputc_('i', out) == 'i');
    CHECK(fwrite_("ve\n", 1, 3, out) == 3 && fflush_(out) == 0);
    CHECK(fgetc_(__iob_func_()) == EOF && getchar_() == EOF &&
          !fgets_(line, 8, __iob_func_()));
    CHECK(setvbuf_(out, NULL, 4, 0) == 0 && _fileno_(out) == 1 && _isatty_(1) &&
          _setmode_(1, 0x8000) != -1);
    perror_("perror");
    CHECK(strchr(strerror_(2), '2') != NULL && fclose_(__iob_func_()) == 0);
}

/* ---- start and end
 * ----------------------------------------------------------------- */

static int __cdecl goodbye(void)
{
    printf("goodbye\n");
    return 0;
}

static void __cdecl initialiser(void)
{
    failures--;
}

static void starts(char **argv)
{
    FROM_DLL(int, __getmainargs, (int *, char ***, char ***, int, void *));
    FROM_DLL(void, _initterm, (void(__cdecl **)(void), void(__cdecl **)(void)));
    FROM_DLL(void *, _onexit, (void *));
    FROM_DLL(int, atexit, (void *));
    FROM_DLL(void *, __dllonexit, (void *, void *, void *));
    FROM_DLL(char *, getenv, (const char *));
    FROM_DLL(char *, setlocale, (int, const char *));
    FROM_DLL(char **, localeconv, (void));
    FROM_DLL(void *, signal, (int, void *));
    FROM_DLL(void, _lock, (int));
    FROM_DLL(void, _unlock, (int));
    FROM_DLL(unsigned, _controlfp, (unsigned, unsigned));
    FROM_DLL(void, _fpreset, (void));
    FROM_DLL(char **, __p__acmdln, (void));
    FROM_DLL(int *, __p__fmode, (void));
    FROM_DLL(int *, __p__commode, (void));
    FROM_DLL(char ***, __p___initenv, (void));
    FROM_DLL(char ***, __p__environ, (void));
    static const char *const called_by_start_up[] = {
        "__set_app_type", "__setusermatherr", "_amsg_exit",
        "_cexit",         "_c_exit",          "_exit",
        "abort",          "_assert",          "__initenv",
        "__mb_cur_max",   "_commode",         "_fmode"};
    void(__cdecl * list[2])(void) = {NULL, initialiser};
    char **values, **environment;
    int count;

    for (unsigned i = 0;
         i < sizeof called_by_start_up / sizeof called_by_start_up[0]; i++)
        CHECK(GetProcAddress(dll, called_by_start_up[i]) != NULL);
    CHECK(*(char **)GetProcAddress(dll, "_acmdln") == *__p__acmdln_());
    CHECK(__getmainargs_(&count, &values, &environment, 0, NULL) == 0 &&
          count == 5 && !strcmp(values[0], argv[0]));
    CHECK(!strcmp(values[1], "two words") && !strcmp(values[2], "a\"b") &&
          !strcmp(values[3], "end\\") && !strcmp(values[4], ""));
    failures++;
    _initterm_(list, list + 2);
    CHECK(_onexit_(goodbye) && atexit_(goodbye) == 0 &&
          __dllonexit_(goodbye, NULL, NULL));
    CHECK(!getenv_("PATH") && !strcmp(setlocale_(0, "C"), "C") &&
          !setlocale_(0, "de_DE") && !strcmp(localeconv_()[0], "."));
    CHECK(signal_(11, NULL) == NULL && _controlfp_(0, 0) == 0x9001f);
    _lock_(1);
    _unlock_(1);
    _fpreset_();
    CHECK(*__p__fmode_() == 0 && *__p__commode_() == 0);
    CHECK(!(*__p___initenv_())[0] && !(*__p__environ_())[0]);
}

int main(int argc, char **argv)
{
    (void)argc;
    dll = GetModuleHandleA("msvcrt.dll");
    format = (void *)GetProcAddress(dll, "_vsnprintf");
    CHECK(dll && format);
    formats();
    strings();
    characters();
    library();
    streams();
    starts(argv);
    printf("msvcrt: %d failed\n", failures);
    exit(failures);
}
