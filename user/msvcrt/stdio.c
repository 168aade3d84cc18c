/* user/msvcrt/stdio.c -- the three streams. What is written goes out with each
 * call: nothing is kept back. Source: ISO C 7.21; Microsoft C run-time library
 * reference. */
#include <windows.h>

#include "msvcrt/msvcrt.h"

enum { PIECE = 512, END_OF_FILE = -1 };

struct stream _iob[STREAMS] = {
    [0] = {.file = 0, .flag = 1},
    [1] = {.file = 1, .flag = 2},
    [2] = {.file = 2, .flag = 2},
};

struct stream *__iob_func(void)
{
    return _iob;
}

size_t stream_write(struct stream *s, const void *from, size_t bytes)
{
    DWORD done = 0;

    if (s->file != 1 && s->file != 2)
        return 0;
    WriteFile(GetStdHandle(s->file == 1 ? STD_OUTPUT_HANDLE : STD_ERROR_HANDLE),
              from, bytes, &done, NULL);
    return done;
}

/* ---- formatted
 * ----------------------------------------------------------------- */

void sink_put(struct sink *s, const char *text, size_t bytes)
{
    s->total += (int)bytes;
    while (bytes) {
        size_t n = s->room - s->used < bytes ? s->room - s->used : bytes;

        memcpy(s->buffer + s->used, text, n);
        s->used += n;
        text += n;
        bytes -= n;
        if (!bytes)
            return;
        if (!s->stream)
            return; /* the rest is lost */
        stream_write(s->stream, s->buffer, s->used);
        s->used = 0;
    }
}

void sink_fill(struct sink *s, char c, int count)
{
    while (count-- > 0)
        sink_put(s, &c, 1);
}

int vfprintf(struct stream *f, const char *text, va_list arguments)
{
    char piece[PIECE];
    struct sink s = {.buffer = piece, .room = sizeof piece, .stream = f};

    format(&s, text, arguments);
    if (s.used)
        stream_write(f, piece, s.used);
    return s.total;
}

int fprintf(struct stream *f, const char *text, ...)
{
    va_list arguments;
    int n;

    va_start(arguments, text);
    n = vfprintf(f, text, arguments);
    va_end(arguments);
    return n;
}

int vprintf(const char *text, va_list arguments)
{
    return vfprintf(&_iob[1], text, arguments);
}

int printf(const char *text, ...)
{
    va_list arguments;
    int n;

    va_start(arguments, text);
    n = vprintf(text, arguments);
    va_end(arguments);
    return n;
}

/* Microsoft's: -1 when it does not fit, and no NUL when there is no room. */
int _vsnprintf(char *to, size_t room, const char *text, va_list arguments)
{
    struct sink s = {.buffer = to, .room = room};

    format(&s, text, arguments);
    if (s.used < room)
        to[s.used] = 0;
    return (size_t)s.total > room ? -1 : s.total;
}

int _snprintf(char *to, size_t room, const char *text, ...)
{
    va_list arguments;
    int n;

    va_start(arguments, text);
    n = _vsnprintf(to, room, text, arguments);
    va_end(arguments);
    return n;
}

int vsprintf(char *to, const char *text, va_list arguments)
{
    return _vsnprintf(to, 0x7fffffff, text, arguments);
}

int sprintf(char *to, const char *text, ...)
{
    va_list arguments;
    int n;

    va_start(arguments, text);
    n = vsprintf(to, text, arguments);
    va_end(arguments);
    return n;
}

/* ---- plain
 * --------------------------------------------------------------------- */

size_t fwrite(const void *from, size_t bytes, size_t count, struct stream *s)
{
    return bytes ? stream_write(s, from, bytes * count) / bytes : 0;
}

int fputs(const char *text, struct stream *s)
{
    stream_write(s, text, strlen(text));
    return 0;
}

int puts(const char *text)
{
    return fprintf(&_iob[1], "%s\n", text) < 0;
}

int fputc(int c, struct stream *s)
{
    char byte = (char)c;

    return stream_write(s, &byte, 1) == 1 ? (unsigned char)byte : END_OF_FILE;
}

int putc(int c, struct stream *s)
{
    return fputc(c, s);
}

int putchar(int c)
{
    return fputc(c, &_iob[1]);
}

int fflush(struct stream *s)
{
    (void)s;
    return 0;
}

int fclose(struct stream *s)
{
    s->file = -1;
    return 0;
}

int setvbuf(struct stream *s, char *buffer, int mode, size_t bytes)
{
    (void)s;
    (void)buffer;
    (void)mode;
    (void)bytes;
    return 0;
}

/* Nobody types. */
int fgetc(struct stream *s)
{
    (void)s;
    return END_OF_FILE;
}

int getchar(void)
{
    return END_OF_FILE;
}

char *fgets(char *to, int room, struct stream *s)
{
    (void)to;
    (void)room;
    (void)s;
    return NULL;
}

int _fileno(struct stream *s)
{
    return s->file;
}

int _isatty(int file)
{
    return file >= 0 && file <= 2;
}

int _setmode(int file, int mode)
{
    (void)file;
    (void)mode;
    return 0x4000; /* text, as it was */
}

/* ---- errors
 * -------------------------------------------------------------------- */

char *strerror(int code)
{
    static char text[24];

    if (code == 0)
        return (char *)"No error";
    _snprintf(text, sizeof text, "error %d", code);
    return text;
}

void perror(const char *what)
{
    fprintf(&_iob[2], "%s: %s\n", what, strerror(*_errno()));
}
