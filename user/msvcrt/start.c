/* user/msvcrt/start.c -- a program's begin and end as its start-up code knows
 * them: arguments, initialisers, exit routines. Source: mingw-w64's crtexe.c
 * calls these; Microsoft C run-time library reference, "Parsing C Command-Line
 * Arguments". */
#include <windows.h>

#include "msvcrt/msvcrt.h"

#undef _fmode
#undef _commode
#undef _acmdln
#undef __initenv
#undef __mb_cur_max

enum { ARGUMENTS_MOST = 256, EXITS_MOST = 64 };

typedef void(__cdecl *routine)(void);
typedef int(__cdecl *exit_routine)(void);

static char *no_environment[1];
static char *arguments[ARGUMENTS_MOST + 1];
static char argument_text[8192 * 2];
static exit_routine exits[EXITS_MOST];
static int exit_count;
static CRITICAL_SECTION locks[36];
static int error_number;

char **__initenv = no_environment;
char **_environ_ = no_environment;
char *_acmdln;
int _fmode, _commode, __mb_cur_max = 1;

BOOL WINAPI DllMain(HINSTANCE instance, DWORD reason, LPVOID reserved)
{
    (void)instance;
    (void)reserved;
    if (reason != DLL_PROCESS_ATTACH)
        return TRUE;
    _acmdln = GetCommandLineA();
    for (unsigned i = 0; i < sizeof locks / sizeof locks[0]; i++)
        InitializeCriticalSection(&locks[i]);
    return TRUE;
}

/* ---- arguments
 * ---------------------------------------------------------------- */

/* 2n backslashes before a quote are n, and the quote counts; 2n+1 are n and a
 * quote; others are themselves. */
static const char *one_argument(const char *s, char **to)
{
    int quoted = 0;

    while (*s && (quoted || (*s != ' ' && *s != '\t'))) {
        int slashes = 0;

        while (*s == '\\') {
            slashes++;
            s++;
        }
        if (*s == '"') {
            for (int i = 0; i < slashes / 2; i++)
                *(*to)++ = '\\';
            if (slashes & 1)
                *(*to)++ = '"';
            else
                quoted = !quoted;
            s++;
            continue;
        }
        while (slashes--)
            *(*to)++ = '\\';
        if (*s && (quoted || (*s != ' ' && *s != '\t')))
            *(*to)++ = *s++;
    }
    *(*to)++ = 0;
    return s;
}

int __getmainargs(int *count, char ***values, char ***environment, int expand,
                  void *start)
{
    const char *s = _acmdln;
    char *to = argument_text;

    (void)expand;
    (void)start;
    for (*count = 0; *count < ARGUMENTS_MOST; ++*count) {
        while (*s == ' ' || *s == '\t')
            s++;
        if (!*s)
            break;
        arguments[*count] = to;
        s = one_argument(s, &to);
    }
    arguments[*count] = NULL;
    *values = arguments;
    *environment = no_environment;
    return 0;
}

/* ---- initialisers and exits
 * ---------------------------------------------------- */

void _initterm(routine *from, routine *to)
{
    for (; from < to; from++)
        if (*from)
            (*from)();
}

exit_routine _onexit(exit_routine r)
{
    if (exit_count >= EXITS_MOST)
        return NULL;
    exits[exit_count++] = r;
    return r;
}

int atexit(routine r)
{
    return _onexit((exit_routine)r) ? 0 : -1;
}

exit_routine __dllonexit(exit_routine r, exit_routine **from, exit_routine **to)
{
    (void)from;
    (void)to;
    return _onexit(r);
}

void _cexit(void)
{
    while (exit_count > 0)
        exits[--exit_count]();
}

void _c_exit(void)
{
}

void _exit(int code)
{
    ExitProcess((UINT)code);
}

void exit(int code)
{
    _cexit();
    _exit(code);
}

void abort(void)
{
    fputs("abnormal program termination\n", &_iob[2]);
    _exit(3);
}

void _amsg_exit(int code)
{
    fprintf(&_iob[2], "runtime error %d\n", code);
    _exit(255);
}

void _assert(const char *what, const char *file, unsigned line)
{
    fprintf(&_iob[2], "Assertion failed: %s, file %s, line %u\n", what, file,
            line);
    abort();
}

/* ---- what start-up asks for
 * ---------------------------------------------------- */

char ***__p___initenv(void)
{
    return &__initenv;
}

char ***__p__environ(void)
{
    return &_environ_;
}

char **__p__acmdln(void)
{
    return &_acmdln;
}

int *__p__fmode(void)
{
    return &_fmode;
}

int *__p__commode(void)
{
    return &_commode;
}

void __set_app_type(int type)
{
    (void)type;
}

void __setusermatherr(void *handler)
{
    (void)handler;
}

int *_errno(void)
{
    return &error_number;
}

char *getenv(const char *name)
{
    (void)name;
    return NULL;
}

/* Exceptions end the program: a handler is not called. SIG_DFL was there. */
void *signal(int number, void *handler)
{
    (void)number;
    (void)handler;
    return NULL;
}

void _lock(int number)
{
    EnterCriticalSection(&locks[(unsigned)number % 36]);
}

void _unlock(int number)
{
    LeaveCriticalSection(&locks[(unsigned)number % 36]);
}

/* The control word as _controlfp numbers it: 53 bits, everything masked. */
unsigned _controlfp(unsigned value, unsigned mask)
{
    (void)value;
    (void)mask;
    return 0x9001f;
}

void _fpreset(void)
{
    unsigned short word = 0x27f;

    __asm__ volatile("fninit; fldcw %0" : : "m"(word));
}

/* ---- the C locale
 * -------------------------------------------------------------- */

struct convention {
    char *decimal_point, *thousands_sep, *grouping, *money[7];
    char number[8];
};

char *setlocale(int category, const char *name)
{
    (void)category;
    return !name || !*name || (name[0] == 'C' && !name[1]) ? (char *)"C" : NULL;
}

struct convention *localeconv(void)
{
    static char none[] = "", point[] = ".";
    static struct convention c;

    c.decimal_point = point;
    c.thousands_sep = c.grouping = none;
    for (unsigned i = 0; i < 7; i++)
        c.money[i] = none;
    memset(c.number, 127, sizeof c.number);
    return &c;
}
