/* user/msvcrt/msvcrt.h -- what msvcrt's files share. Layouts and names are
 * those of msvcrt.dll, which mingw's start-up and headers know. */
#ifndef USER_MSVCRT_H
#define USER_MSVCRT_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/** FILE: 32 bytes, of which we use the number of the stream. */
struct stream {
    char *ptr;
    int count;
    char *base;
    int flag;
    int file; /* 0 input, 1 output, 2 error */
    int charbuf, size;
    char *temporary;
};
enum { STREAMS = 20 };
extern struct stream _iob[STREAMS];

/** stream_write() - bytes to one of the streams; how many were taken. */
size_t stream_write(struct stream *s, const void *from, size_t bytes);

/** Where formatted text goes: a buffer of @room bytes, and when it is full to a
 *  stream, if there is one. */
struct sink {
    char *buffer;
    size_t room, used;
    struct stream *stream;
    int total; /* characters in all, the lost ones too */
};
void sink_put(struct sink *s, const char *text, size_t bytes);
void sink_fill(struct sink *s, char c, int count);
/** format() - printf's work. */
void format(struct sink *s, const char *text, va_list arguments);

/** float_digits() - @v, finite and not negative, as decimal digits rounded to
 *  @places behind the point, or to @places in all if @significant. *point:
 *  digits in front of the point (may be 0 or less). Returns their number. */
enum { FLOAT_ROOM = 1200 };
int float_digits(double v, int places, int significant, char *digit,
                 int *point);

void *memset(void *to, int c, size_t n);
void *memcpy(void *to, const void *from, size_t n);
void *memmove(void *to, const void *from, size_t n);
size_t strlen(const char *s);
size_t wcslen(const wchar_t *s);
void *malloc(size_t n);
void free(void *at);
int *_errno(void);
void exit(int code);
void _exit(int code);
void abort(void);
int toupper(int c);
int tolower(int c);
int isspace(int c);
int fputs(const char *text, struct stream *s);
int fprintf(struct stream *s, const char *text, ...);
char *strerror(int code);

enum { C_EINVAL = 22, C_ERANGE = 34 };

#endif
