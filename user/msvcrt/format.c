/* user/msvcrt/format.c -- printf's format strings. Source: ISO C 7.21.6.1;
 * Microsoft C run-time library reference, "Format Specification Fields":
 * I64, I32, w and S; exponents have three digits. */
#include "msvcrt/msvcrt.h"

enum { LEFT = 1, PLUS = 2, SPACE = 4, ALTERNATE = 8, ZERO = 16, UPPER = 32 };

/** One conversion: its flags and what it prints. */
struct field {
    int flags, width, precision; /* precision -1: none given */
    int bits;                    /* 8, 16, 32, 64 */
    const char *prefix;
    const char *text;
    int bytes, zeros; /* zeros between prefix and text */
};

static void put_field(struct sink *s, struct field *f)
{
    int prefix = (int)strlen(f->prefix);
    int pad = f->width - prefix - f->zeros - f->bytes;

    if (pad > 0 && f->flags & ZERO && !(f->flags & LEFT)) {
        f->zeros += pad;
        pad = 0;
    }
    if (!(f->flags & LEFT))
        sink_fill(s, ' ', pad);
    sink_put(s, f->prefix, (size_t)prefix);
    sink_fill(s, '0', f->zeros);
    sink_put(s, f->text, (size_t)f->bytes);
    if (f->flags & LEFT)
        sink_fill(s, ' ', pad);
}

/* ---- integers
 * ------------------------------------------------------------------ */

static void put_integer(struct sink *s, struct field *f, unsigned long long v,
                        unsigned base)
{
    const char *digits =
        f->flags & UPPER ? "0123456789ABCDEF" : "0123456789abcdef";
    char text[24], *at = text + sizeof text;

    for (unsigned long long rest = v; rest; rest /= base)
        *--at = digits[rest % base];
    f->text = at;
    f->bytes = (int)(text + sizeof text - at);
    if (f->precision < 0)
        f->precision = 1;
    else
        f->flags &= ~ZERO;
    if (f->precision > f->bytes)
        f->zeros = f->precision - f->bytes;
    if (base == 8 && f->flags & ALTERNATE && !f->zeros)
        f->zeros = 1;
    put_field(s, f);
}

static const char *sign_of(const struct field *f, int negative)
{
    return negative ? "-" : f->flags & PLUS ? "+" : f->flags & SPACE ? " " : "";
}

static void put_signed(struct sink *s, struct field *f, long long v)
{
    if (f->bits == 16)
        v = (short)v;
    else if (f->bits == 8)
        v = (signed char)v;
    f->prefix = sign_of(f, v < 0);
    put_integer(s, f, v < 0 ? 0 - (unsigned long long)v : (unsigned long long)v,
                10);
}

static void put_unsigned(struct sink *s, struct field *f, unsigned long long v,
                         char c)
{
    if (f->bits < 64)
        v &= (1ull << f->bits) - 1;
    if (c == 'p') {
        f->precision = 8;
        f->flags |= UPPER;
        c = 'x';
    } else if (f->flags & ALTERNATE && v && (c | 32) == 'x') {
        f->prefix = c == 'X' ? "0X" : "0x";
    }
    if (c == 'X')
        f->flags |= UPPER;
    put_integer(s, f, v, c == 'u' ? 10 : c == 'o' ? 8 : 16);
}

/* ---- text
 * ---------------------------------------------------------------------- */

static void put_text(struct sink *s, struct field *f, const char *text)
{
    int n = 0;

    if (!text)
        text = "(null)";
    while ((f->precision < 0 || n < f->precision) && text[n])
        n++;
    f->text = text;
    f->bytes = n;
    put_field(s, f);
}

static void put_wide(struct sink *s, struct field *f, const wchar_t *text)
{
    char c;
    int n = 0;

    if (!text)
        text = L"(null)";
    while ((f->precision < 0 || n < f->precision) && text[n])
        n++;
    if (!(f->flags & LEFT))
        sink_fill(s, ' ', f->width - n);
    for (int i = 0; i < n; i++) {
        c = text[i] < 256 ? (char)text[i] : '?';
        sink_put(s, &c, 1);
    }
    if (f->flags & LEFT)
        sink_fill(s, ' ', f->width - n);
}

/* ---- floating point
 * ------------------------------------------------------------ */

enum { TEXT_ROOM = FLOAT_ROOM + 400, EXPONENT_DIGITS = 3 };

static char *fixed_text(char *to, const char *digit, int count, int point,
                        int places)
{
    for (int i = 0; i < point; i++)
        *to++ = i < count ? digit[i] : '0';
    if (places)
        *to++ = '.';
    for (int i = point; i < point + places; i++)
        *to++ = i < count ? digit[i] : '0';
    return to;
}

static char *exponent_text(char *to, const char *digit, int count, int places,
                           int exponent, char letter)
{
    *to++ = count ? digit[0] : '0';
    if (places)
        *to++ = '.';
    for (int i = 1; i <= places; i++)
        *to++ = i < count ? digit[i] : '0';
    *to++ = letter;
    *to++ = exponent < 0 ? '-' : '+';
    if (exponent < 0)
        exponent = -exponent;
    for (int i = 0, by = 100; i < EXPONENT_DIGITS; i++, by /= 10)
        *to++ = (char)('0' + exponent / by % 10);
    return to;
}

/* 0 in front of the point when there is nothing. */
static char *plain(char *to, double v, int places)
{
    char digit[FLOAT_ROOM];
    int point, count = float_digits(v, places, 0, digit, &point);

    if (point < 1) {
        *to++ = '0';
        if (places)
            *to++ = '.';
        for (int i = 0; i < places; i++)
            *to++ = i >= -point && i + point < count ? digit[i + point] : '0';
        return to;
    }
    return fixed_text(to, digit, count, point, places);
}

static char *scientific(char *to, double v, int places, char letter)
{
    char digit[FLOAT_ROOM];
    int point, count = float_digits(v, places + 1, 1, digit, &point);

    return exponent_text(to, digit, count, places, v == 0 ? 0 : point - 1,
                         letter);
}

/* Zeros at the end go, unless # asks for them. */
static char *trimmed(char *text, char *end, int keep)
{
    char *e = text;

    while (e < end && (*e | 32) != 'e')
        e++;
    if (!keep) {
        char *last = e;
        int has_point = 0;

        for (char *p = text; p < e; p++)
            has_point |= *p == '.';
        while (has_point && last[-1] == '0')
            last--;
        if (has_point && last[-1] == '.')
            last--;
        memmove(last, e, (size_t)(end - e));
        end = last + (end - e);
    }
    return end;
}

static char *general(char *to, double v, int places, char letter, int keep)
{
    char digit[FLOAT_ROOM];
    int point;

    if (places == 0)
        places = 1;
    float_digits(v, places, 1, digit, &point);
    if (v != 0 && (point - 1 < -4 || point > places))
        return trimmed(to, scientific(to, v, places - 1, letter), keep);
    return trimmed(to, plain(to, v, places - (v == 0 ? 1 : point)), keep);
}

static void put_double(struct sink *s, struct field *f, double v, char c)
{
    union {
        double v;
        unsigned long long bits;
    } u = {v};
    char text[TEXT_ROOM], *end = text;
    int negative = (int)(u.bits >> 63);

    if (f->precision < 0)
        f->precision = 6;
    if (f->precision > 340)
        f->precision = 340;
    f->prefix = sign_of(f, negative);
    u.bits &= ~(1ull << 63);
    if (u.bits >= 0x7ffull << 52) {
        f->flags &= ~ZERO;
        put_text(s, f, u.bits > 0x7ffull << 52 ? "1.#QNAN" : "1.#INF");
        return;
    }
    if ((c | 32) == 'f')
        end = plain(text, u.v, f->precision);
    else if ((c | 32) == 'e')
        end = scientific(text, u.v, f->precision, c);
    else
        end = general(text, u.v, f->precision, (char)(c == 'G' ? 'E' : 'e'),
                      f->flags & ALTERNATE);
    f->text = text;
    f->bytes = (int)(end - text);
    put_field(s, f);
}

/* ---- the format string
 * --------------------------------------------------------- */

static const char *read_flags(const char *p, struct field *f)
{
    for (;; p++) {
        if (*p == '-')
            f->flags |= LEFT;
        else if (*p == '+')
            f->flags |= PLUS;
        else if (*p == ' ')
            f->flags |= SPACE;
        else if (*p == '#')
            f->flags |= ALTERNATE;
        else if (*p == '0')
            f->flags |= ZERO;
        else
            return p;
    }
}

static const char *read_number(const char *p, int *out, va_list *arguments)
{
    if (*p == '*') {
        *out = va_arg(*arguments, int);
        return p + 1;
    }
    for (*out = 0; *p >= '0' && *p <= '9'; p++)
        if (*out < 100000)
            *out = *out * 10 + (*p - '0');
    return p;
}

static const char *read_size(const char *p, struct field *f, int *wide)
{
    for (;; p++) {
        if (*p == 'h') {
            f->bits = f->bits == 16 ? 8 : 16;
        } else if (*p == 'l') {
            f->bits = *wide ? 64 : 32;
            *wide = 1;
        } else if (*p == 'w') {
            *wide = 1;
        } else if (*p == 'j' || (p[0] == 'I' && p[1] == '6' && p[2] == '4')) {
            f->bits = 64;
            p += *p == 'I' ? 2 : 0;
        } else if (p[0] == 'I' && p[1] == '3' && p[2] == '2') {
            p += 2;
        } else if (*p != 'z' && *p != 't' && *p != 'L' && *p != 'I') {
            return p;
        }
    }
}

static void convert(struct sink *s, struct field *f, char c, int wide,
                    va_list *arguments)
{
    char one;

    switch (c) {
    case 'd':
    case 'i':
        put_signed(s, f,
                   f->bits == 64 ? va_arg(*arguments, long long)
                                 : va_arg(*arguments, int));
        break;
    case 'u':
    case 'x':
    case 'X':
    case 'o':
    case 'p':
        put_unsigned(s, f,
                     f->bits == 64 ? va_arg(*arguments, unsigned long long)
                                   : va_arg(*arguments, unsigned),
                     c);
        break;
    case 'c':
    case 'C':
        one = (char)va_arg(*arguments, int);
        f->text = &one;
        f->bytes = 1;
        put_field(s, f);
        break;
    case 's':
    case 'S':
        if ((c == 'S') != (wide != 0))
            put_wide(s, f, va_arg(*arguments, const wchar_t *));
        else
            put_text(s, f, va_arg(*arguments, const char *));
        break;
    case 'e':
    case 'E':
    case 'f':
    case 'F':
    case 'g':
    case 'G':
        put_double(s, f, va_arg(*arguments, double), c);
        break;
    case 'n': /* not written, as by Microsoft's of today */
        (void)va_arg(*arguments, int *);
        break;
    default:
        sink_put(s, &c, 1);
    }
}

void format(struct sink *s, const char *p, va_list list)
{
    va_list arguments;

    va_copy(arguments, list);
    while (*p) {
        struct field f = {.precision = -1, .bits = 32, .prefix = ""};
        const char *from = p;
        int wide = 0;

        while (*p && *p != '%')
            p++;
        sink_put(s, from, (size_t)(p - from));
        if (!*p)
            break;
        p = read_flags(p + 1, &f);
        p = read_number(p, &f.width, &arguments);
        if (f.width < 0) {
            f.flags |= LEFT;
            f.width = -f.width;
        }
        if (*p == '.')
            p = read_number(p + 1, &f.precision, &arguments);
        p = read_size(p, &f, &wide);
        if (!*p)
            break;
        convert(s, &f, *p++, wide, &arguments);
    }
    va_end(arguments);
}
