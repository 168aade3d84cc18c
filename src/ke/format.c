/* src/ke/format.c -- the printf family over guest memory. */
#include "ke/format.h"

#include <stdlib.h>
#include <string.h>

enum { NULL_TEXT_UNITS = 6, DIGITS = 64, FORMAT_READ_MOST = 1 << 20 };

/** One conversion: %[flags][width][.precision][size]type. */
struct spec {
    bool minus, plus, space, zero, hash;
    uint32_t width;
    int32_t precision; /* -1: none */
    enum { SIZE_NONE, SIZE_SHORT, SIZE_LONG, SIZE_64 } size;
    uint16_t type;
};

struct state {
    struct call *c;
    bool wide;
    gva_t format, args;
    struct format_out *out;
    uint32_t read; /* units of the format */
};

static uint16_t next_unit(struct state *s)
{
    uint16_t u = s->read++ >= FORMAT_READ_MOST ? 0
                 : s->wide                     ? load_u16(s->c, s->format)
                                               : load_u8(s->c, s->format);

    s->format = gva_add(s->format, s->wide ? 2 : 1);
    return call_ok(s->c) ? u : 0;
}

static uint32_t next_u32(struct state *s)
{
    uint32_t v = load_u32(s->c, s->args);

    s->args = gva_add(s->args, 4);
    return v;
}

static uint64_t next_u64(struct state *s)
{
    uint64_t low = next_u32(s);

    return low | (uint64_t)next_u32(s) << 32;
}

static void put(struct state *s, uint16_t unit)
{
    if (s->out->count < FORMAT_MOST)
        s->out->unit[s->out->count++] = unit;
}

static void pad(struct state *s, uint16_t unit, uint32_t count)
{
    for (; count && s->out->count < FORMAT_MOST; count--)
        put(s, unit);
}

/* @count units with the width's padding before or after. */
static void put_field(struct state *s, const struct spec *spec,
                      const uint16_t *unit, uint32_t count)
{
    uint32_t blanks = spec->width > count ? spec->width - count : 0;

    if (!spec->minus)
        pad(s, spec->zero ? '0' : ' ', blanks);
    for (uint32_t i = 0; i < count; i++)
        put(s, unit[i]);
    if (spec->minus)
        pad(s, ' ', blanks);
}

/* A guest string of bytes or units: to its terminator, @most units at most. */
static void put_string(struct state *s, const struct spec *spec, gva_t at,
                       bool wide, uint32_t most)
{
    static const uint16_t null_text[NULL_TEXT_UNITS] = {'(', 'n', 'u',
                                                        'l', 'l', ')'};
    uint16_t *text;
    uint32_t count = 0;

    if (spec->precision >= 0 && (uint32_t)spec->precision < most)
        most = (uint32_t)spec->precision;
    if (!at.v) {
        put_field(s, spec, null_text,
                  most < NULL_TEXT_UNITS ? most : NULL_TEXT_UNITS);
        return;
    }
    if (most > FORMAT_MOST)
        most = FORMAT_MOST;
    text = malloc((size_t)(most + 1) * sizeof *text);
    if (!text)
        return;
    for (; count < most; count++) {
        text[count] = wide ? load_u16(s->c, gva_add(at, 2 * count))
                           : load_u8(s->c, gva_add(at, count));
        if (!call_ok(s->c) || !text[count])
            break;
    }
    if (call_ok(s->c))
        put_field(s, spec, text, count);
    free(text);
}

/* %Z and %wZ: a counted ANSI_STRING or UNICODE_STRING. */
static void put_counted(struct state *s, const struct spec *spec, bool wide)
{
    gva_t at = gva_of(next_u32(s));
    uint32_t bytes;

    if (!at.v) {
        put_string(s, spec, at, wide, FORMAT_MOST);
        return;
    }
    bytes = load_u16(s->c, at);
    put_string(s, spec, gva_of(load_u32(s->c, gva_add(at, 4))), wide,
               wide ? bytes / 2 : bytes);
}

static uint64_t integer(struct state *s, const struct spec *spec,
                        bool is_signed)
{
    uint32_t v;

    if (spec->size == SIZE_64)
        return next_u64(s);
    v = next_u32(s);
    if (spec->size == SIZE_SHORT)
        return is_signed ? (uint64_t)(int64_t)(int16_t)v : (uint16_t)v;
    return is_signed ? (uint64_t)(int64_t)(int32_t)v : v;
}

static void put_integer(struct state *s, struct spec *spec, unsigned base,
                        bool is_signed)
{
    const char *digits = spec->type == 'X' || spec->type == 'p'
                             ? "0123456789ABCDEF"
                             : "0123456789abcdef";
    uint64_t v = integer(s, spec, is_signed);
    bool negative = is_signed && (int64_t)v < 0;
    uint16_t text[DIGITS + 3], prefix[3];
    uint32_t at = DIGITS, count, prefixes = 0, zeroes = 0;

    if (negative)
        v = 0 - v;
    if (negative || (is_signed && (spec->plus || spec->space)))
        prefix[prefixes++] = negative ? '-' : spec->plus ? '+' : ' ';
    if (spec->hash && base == 16 && v) {
        prefix[prefixes++] = '0';
        prefix[prefixes++] = spec->type == 'X' ? 'X' : 'x';
    }
    for (uint64_t rest = v; rest; rest /= base)
        text[--at] = (uint16_t)digits[rest % base];
    if (!v && spec->precision != 0)
        text[--at] = '0';
    if (spec->hash && base == 8 && v)
        text[--at] = '0';
    count = DIGITS - at;
    if (spec->precision >= 0) {
        if ((uint32_t)spec->precision > count)
            zeroes = (uint32_t)spec->precision - count;
    } else if (spec->zero && !spec->minus && spec->width > count + prefixes) {
        zeroes = spec->width - count - prefixes;
    }
    spec->zero = false;
    if (!spec->minus && spec->width > prefixes + zeroes + count)
        pad(s, ' ', spec->width - prefixes - zeroes - count);
    for (uint32_t i = 0; i < prefixes; i++)
        put(s, prefix[i]);
    pad(s, '0', zeroes);
    for (uint32_t i = at; i < DIGITS; i++)
        put(s, text[i]);
    if (spec->minus && spec->width > prefixes + zeroes + count)
        pad(s, ' ', spec->width - prefixes - zeroes - count);
}

/* The C run time's rule for c, s and C, S: lower case is of the function's own
 * width unless h or l (w) says otherwise, upper case of the other width. */
static bool wide_argument(const struct state *s, const struct spec *spec)
{
    bool other = spec->type == 'C' || spec->type == 'S';

    if (spec->size == SIZE_SHORT)
        return false;
    if (spec->size == SIZE_LONG)
        return true;
    return s->wide != other;
}

static void convert(struct state *s, struct spec *spec)
{
    uint16_t unit;

    switch (spec->type) {
    case 'd':
    case 'i':
        put_integer(s, spec, 10, true);
        break;
    case 'u':
        put_integer(s, spec, 10, false);
        break;
    case 'o':
        put_integer(s, spec, 8, false);
        break;
    case 'x':
    case 'X':
        put_integer(s, spec, 16, false);
        break;
    case 'p': /* eight digits, upper case, no prefix */
        spec->precision = 8;
        put_integer(s, spec, 16, false);
        break;
    case 'c':
    case 'C':
        unit = (uint16_t)next_u32(s);
        if (!wide_argument(s, spec))
            unit &= 0xff;
        put_field(s, spec, &unit, 1);
        break;
    case 's':
    case 'S':
        put_string(s, spec, gva_of(next_u32(s)), wide_argument(s, spec),
                   FORMAT_MOST);
        break;
    case 'Z':
        put_counted(s, spec, spec->size == SIZE_LONG);
        break;
    case 'n': /* writing through a format is not done in the kernel */
        next_u32(s);
        break;
    case 0:
        break;
    default: /* %% and what is no conversion: the character itself */
        put(s, spec->type);
        break;
    }
}

static uint32_t number(struct state *s, uint16_t *u)
{
    uint32_t n = 0;

    for (; *u >= '0' && *u <= '9'; *u = next_unit(s))
        if (n < FORMAT_MOST)
            n = n * 10 + (*u - '0');
    return n < FORMAT_MOST ? n : FORMAT_MOST;
}

static uint16_t parse_flags(struct state *s, struct spec *spec)
{
    for (;;) {
        uint16_t u = next_unit(s);

        switch (u) {
        case '-':
            spec->minus = true;
            break;
        case '+':
            spec->plus = true;
            break;
        case ' ':
            spec->space = true;
            break;
        case '0':
            spec->zero = true;
            break;
        case '#':
            spec->hash = true;
            break;
        default:
            return u;
        }
    }
}

static uint16_t parse_size(struct state *s, struct spec *spec, uint16_t u)
{
    gva_t mark;

    for (;; u = next_unit(s)) {
        if (u == 'h') {
            spec->size = SIZE_SHORT;
        } else if (u == 'l' || u == 'w') {
            bool twice = u == 'l' && spec->size == SIZE_LONG;

            spec->size = twice ? SIZE_64 : SIZE_LONG;
        } else if (u == 'I') { /* I64, I32, or I: of a pointer's size */
            uint16_t first, second;

            mark = s->format;
            first = next_unit(s);
            second = next_unit(s);
            if (first == '6' && second == '4')
                spec->size = SIZE_64;
            else if (first != '3' || second != '2')
                s->format = mark;
        } else {
            return u;
        }
    }
}

static void conversion(struct state *s)
{
    struct spec spec = {.precision = -1};
    uint16_t u = parse_flags(s, &spec);

    if (u == '*') {
        int32_t width = (int32_t)next_u32(s);

        spec.minus = spec.minus || width < 0;
        spec.width = width < 0 ? 0 - (uint32_t)width : (uint32_t)width;
        if (spec.width > FORMAT_MOST)
            spec.width = FORMAT_MOST;
        u = next_unit(s);
    } else {
        spec.width = number(s, &u);
    }
    if (u == '.') {
        u = next_unit(s);
        if (u == '*') {
            spec.precision = (int32_t)next_u32(s);
            if (spec.precision > FORMAT_MOST)
                spec.precision = FORMAT_MOST;
            u = next_unit(s);
        } else {
            spec.precision = (int32_t)number(s, &u);
        }
    }
    spec.type = parse_size(s, &spec, u);
    if (call_ok(s->c))
        convert(s, &spec);
}

bool format_guest(struct call *c, bool wide, gva_t format, gva_t args,
                  struct format_out *out)
{
    struct state s = {c, wide, format, args, out, 0};
    uint16_t u;

    out->count = 0;
    out->unit = malloc(FORMAT_MOST * sizeof *out->unit);
    if (!out->unit)
        return false;
    /* next_unit() ends a format that has no end and prints nothing */
    while (out->count < FORMAT_MOST && (u = next_unit(&s)) && call_ok(c)) {
        if (u == '%')
            conversion(&s);
        else
            put(&s, u);
    }
    return true;
}

gva_t format_args(struct call *c, unsigned slot)
{
    return gva_of(c->cpu->s.reg[ESP] + 4 + 4 * slot);
}
