/* src/nt/reg_file.c -- see reg_file.h. The text becomes UTF-16 as a whole, then
 * one line after the other is taken apart in place. */
#include "nt/reg_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    TYPE_SZ = 1,
    TYPE_EXPAND_SZ = 2,
    TYPE_BINARY = 3,
    TYPE_DWORD = 4,
    TYPE_MULTI_SZ = 7
};
enum { PATH_UNITS = 1024 };

struct reader {
    const char *name;
    const struct reg_file_taker *taker;
    struct hb_error *error;
    uint16_t *text;
    size_t count, at; /* units of it, the next one */
    unsigned line;
    bool ansi;     /* REGEDIT4: strings in hex have one byte per character */
    bool in_key;   /* a key has come */
    bool gone;     /* ... that the file deletes: its values are of no account */
    uint8_t *data; /* room for the longest value: 2 bytes per unit */
};

static enum hb_status bad(struct reader *r, const char *what)
{
    return hb_fail(r->error, HB_BAD_ARGUMENT, "%s:%u: %s", r->name, r->line,
                   what);
}

/* ---- to UTF-16 ------------------------------------------------------------*/

static size_t from_utf16(const uint8_t *bytes, size_t count, uint16_t *out)
{
    for (size_t i = 0; i < count / 2; i++)
        out[i] = (uint16_t)(bytes[2 * i] | bytes[2 * i + 1] << 8);
    return count / 2;
}

/* Length of the UTF-8 sequence at @p, its code point; 1 and the byte itself (an
 * ANSI character) where it is none. */
static size_t sequence(const uint8_t *p, size_t left, uint32_t *point)
{
    size_t n = *p < 0x80       ? 1
               : *p >> 5 == 6  ? 2
               : *p >> 4 == 14 ? 3
               : *p >> 3 == 30 ? 4
                               : 0;
    uint32_t v = n == 1 ? *p : n ? *p & (0x7fu >> n) : 0;

    for (size_t i = 1; i < n; i++) {
        if (i >= left || p[i] >> 6 != 2)
            n = 0;
        else
            v = v << 6 | (p[i] & 0x3f);
    }
    *point = n && v <= 0x10ffff ? v : *p;
    return n && v <= 0x10ffff ? n : 1;
}

static size_t from_utf8(const uint8_t *bytes, size_t count, uint16_t *out)
{
    size_t n = 0;

    for (size_t i = 0; i < count;) {
        uint32_t point;

        i += sequence(bytes + i, count - i, &point);
        if (point >= 0x10000) {
            out[n++] = (uint16_t)(0xd800 + ((point - 0x10000) >> 10));
            out[n++] = (uint16_t)(0xdc00 + (point & 0x3ff));
        } else {
            out[n++] = (uint16_t)point;
        }
    }
    return n;
}

static void decode(struct reader *r, const uint8_t *bytes, size_t count)
{
    if (count >= 2 && bytes[0] == 0xff && bytes[1] == 0xfe)
        r->count = from_utf16(bytes + 2, count - 2, r->text);
    else if (count >= 3 && !memcmp(bytes, "\xef\xbb\xbf", 3))
        r->count = from_utf8(bytes + 3, count - 3, r->text);
    else
        r->count = from_utf8(bytes, count, r->text);
}

/* ---- characters and lines -------------------------------------------------*/

static bool at_end(const struct reader *r)
{
    return r->at >= r->count;
}

/* The next unit of the line; 0 at its end. */
static uint16_t peek(const struct reader *r)
{
    uint16_t u = at_end(r) ? 0 : r->text[r->at];

    return u == '\n' || u == '\r' ? 0 : u;
}

static void blanks(struct reader *r)
{
    while (peek(r) == ' ' || peek(r) == '\t')
        r->at++;
}

static void next_line(struct reader *r)
{
    while (peek(r) || (!at_end(r) && !r->text[r->at]))
        r->at++;
    if (!at_end(r) && r->text[r->at] == '\r')
        r->at++;
    if (!at_end(r) && r->text[r->at] == '\n')
        r->at++;
    r->line++;
}

static bool blank_line(struct reader *r)
{
    blanks(r);
    return peek(r) == 0 || peek(r) == ';';
}

/* After what a line says: nothing but blanks or a comment. */
static enum hb_status end_line(struct reader *r)
{
    return blank_line(r) ? HB_OK
                         : bad(r, "something follows that does not belong "
                                  "there");
}

static char lower(uint16_t u)
{
    return (char)(u >= 'A' && u <= 'Z' ? u + 32 : u < 0x80 ? u : '?');
}

/* Takes @word, lower case, if it is next; capitals are as good. */
static bool word(struct reader *r, const char *text)
{
    size_t n = strlen(text);

    for (size_t i = 0; i < n; i++)
        if (r->at + i >= r->count || lower(r->text[r->at + i]) != text[i])
            return false;
    r->at += n;
    return true;
}

static int digit(uint16_t u)
{
    if (u >= '0' && u <= '9')
        return u - '0';
    return lower(u) >= 'a' && lower(u) <= 'f' ? lower(u) - 'a' + 10 : -1;
}

/* Up to @most hexadecimal digits. Returns how many. */
static unsigned number(struct reader *r, unsigned most, uint32_t *v)
{
    unsigned n = 0;

    *v = 0;
    for (; n < most && digit(peek(r)) >= 0; n++)
        *v = *v << 4 | (uint32_t)digit(r->text[r->at++]);
    return n;
}

/* ---- keys -----------------------------------------------------------------*/

/** Roots of regedit and what the kernel calls them. */
static const struct root {
    const char *name, *path;
} roots[] = {
    {"hkey_local_machine", "\\Registry\\Machine"},
    {"hkey_users", "\\Registry\\User"},
    {"hkey_current_user", "\\Registry\\User\\.Default"},
    {"hkey_classes_root", "\\Registry\\Machine\\Software\\Classes"},
    {"hkey_current_config", "\\Registry\\Machine\\System\\CurrentControlSet"
                            "\\Hardware Profiles\\Current"},
};

static const struct root *root(struct reader *r)
{
    for (size_t i = 0; i < sizeof roots / sizeof roots[0]; i++) {
        size_t before = r->at;

        if (word(r, roots[i].name) && (peek(r) == '\\' || peek(r) == ']'))
            return &roots[i];
        r->at = before;
    }
    return NULL;
}

/* Where the line's last ']' stands; SIZE_MAX: it has none. */
static size_t closing(const struct reader *r)
{
    size_t last = SIZE_MAX;

    for (size_t i = r->at;
         i < r->count && r->text[i] != '\n' && r->text[i] != '\r'; i++)
        if (r->text[i] == ']')
            last = i;
    return last;
}

static enum hb_status key(struct reader *r)
{
    uint16_t path[PATH_UNITS];
    const struct root *top;
    size_t end = closing(r), n = 0;

    r->at++;
    r->gone = peek(r) == '-';
    r->at += r->gone;
    if (end == SIZE_MAX)
        return bad(r, "a key's line ends with ]");
    top = root(r);
    if (!top)
        return bad(r, "a key begins with HKEY_LOCAL_MACHINE or another root "
                      "of the registry");
    for (; top->path[n]; n++)
        path[n] = (uint8_t)top->path[n];
    if (end - r->at > PATH_UNITS - n)
        return bad(r, "the key's path is too long");
    memcpy(path + n, r->text + r->at, 2 * (end - r->at));
    n += end - r->at;
    r->at = end + 1;
    r->in_key = true;
    if (!r->taker->key(r->taker->context, (struct reg_text){path, (unsigned)n},
                       r->gone, r->error))
        return r->error->status;
    return end_line(r);
}

/* ---- values ---------------------------------------------------------------*/

/* "text" with \\ and \" into @out (room: what is left of the file). */
static enum hb_status quoted(struct reader *r, uint16_t *out, size_t *count)
{
    *count = 0;
    for (r->at++; peek(r) != '"'; r->at++) {
        if (peek(r) == '\\')
            r->at++;
        if (peek(r) == 0)
            return bad(r, "a string ends with a quote on its line");
        out[(*count)++] = r->text[r->at];
    }
    r->at++;
    return HB_OK;
}

static enum hb_status string(struct reader *r, uint32_t *bytes)
{
    uint16_t *wide = (uint16_t *)(void *)r->data;
    size_t n;
    enum hb_status status = quoted(r, wide, &n);

    if (status != HB_OK)
        return status;
    wide[n] = 0;
    *bytes = (uint32_t)(2 * (n + 1));
    return HB_OK;
}

static enum hb_status dword(struct reader *r, uint32_t *bytes)
{
    uint32_t v;

    blanks(r);
    if (!number(r, 8, &v))
        return bad(r, "dword: has one to eight hexadecimal digits");
    memcpy(r->data, &v, sizeof v);
    *bytes = sizeof v;
    return HB_OK;
}

/* "01,02,\" and on in the next line. */
static enum hb_status hex(struct reader *r, uint32_t *bytes)
{
    uint32_t v, n = 0;

    for (;;) {
        blanks(r);
        if (peek(r) == '\\') {
            r->at++;
            if (end_line(r) != HB_OK)
                return HB_BAD_ARGUMENT;
            next_line(r);
        } else if (number(r, 2, &v)) {
            r->data[n++] = (uint8_t)v;
            blanks(r);
            if (peek(r) != ',')
                break;
            r->at++;
        } else if (n == 0 || blank_line(r)) {
            break; /* no bytes, or a comma at the end */
        } else {
            return bad(r, "hex: has bytes of two hexadecimal digits, with "
                          "commas between them");
        }
    }
    *bytes = n;
    return HB_OK;
}

/* hex(type): the type, else REG_BINARY. */
static enum hb_status hex_type(struct reader *r, uint32_t *type)
{
    *type = TYPE_BINARY;
    if (peek(r) == '(') {
        r->at++;
        if (!number(r, 8, type) || peek(r) != ')')
            return bad(r, "hex(N): has a type in hexadecimal digits");
        r->at++;
    }
    if (peek(r) != ':')
        return bad(r, "hex is followed by a colon");
    r->at++;
    return HB_OK;
}

/* REGEDIT4 writes strings of bytes; in the registry they are UTF-16. */
static void widen(struct reader *r, uint32_t type, uint32_t *bytes)
{
    if (!r->ansi ||
        (type != TYPE_SZ && type != TYPE_EXPAND_SZ && type != TYPE_MULTI_SZ))
        return;
    for (uint32_t i = *bytes; i-- > 0;) {
        r->data[2 * i] = r->data[i];
        r->data[2 * i + 1] = 0;
    }
    *bytes *= 2;
}

static enum hb_status data_of(struct reader *r, uint32_t *type, uint32_t *bytes,
                              bool *gone)
{
    enum hb_status status;

    *gone = peek(r) == '-';
    *type = TYPE_SZ;
    *bytes = 0;
    if (*gone) {
        r->at++;
        return HB_OK;
    }
    if (peek(r) == '"')
        return string(r, bytes);
    if (word(r, "dword:")) {
        *type = TYPE_DWORD;
        return dword(r, bytes);
    }
    if (!word(r, "hex"))
        return bad(r, "a value is \"text\", dword:, hex:, hex(N): or -");
    status = hex_type(r, type);
    if (status == HB_OK)
        status = hex(r, bytes);
    if (status == HB_OK)
        widen(r, *type, bytes);
    return status;
}

static enum hb_status value(struct reader *r)
{
    struct reg_text name = {r->text + r->at, 0};
    uint32_t type, bytes;
    enum hb_status status = HB_OK;
    unsigned line = r->line;
    size_t n = 0;
    bool gone;

    if (!r->in_key)
        return bad(r, "a value stands before any key");
    if (peek(r) == '@')
        r->at++;
    else /* in place: never longer than it was */
        status = quoted(r, r->text + r->at, &n);
    name.count = (unsigned)n;
    if (status != HB_OK)
        return status;
    blanks(r);
    if (peek(r) != '=')
        return bad(r, "= stands between name and value");
    r->at++;
    blanks(r);
    status = data_of(r, &type, &bytes, &gone);
    if (status == HB_OK)
        status = end_line(r);
    if (status != HB_OK || r->gone)
        return status;
    if (r->taker->value(r->taker->context, name, type, r->data, bytes, gone,
                        r->error))
        return HB_OK;
    r->line = line;
    return r->error->status;
}

/* ---- the file -------------------------------------------------------------*/

static enum hb_status head(struct reader *r)
{
    while (!at_end(r) && blank_line(r))
        next_line(r);
    r->ansi = word(r, "regedit4");
    if (!r->ansi && !word(r, "windows registry editor version 5.00"))
        return bad(r, "the first line is REGEDIT4 or Windows Registry Editor "
                      "Version 5.00");
    return end_line(r);
}

static enum hb_status line(struct reader *r)
{
    if (blank_line(r))
        return HB_OK;
    switch (peek(r)) {
    case '[':
        return key(r);
    case '@':
    case '"':
        return value(r);
    default:
        return bad(r, "a line is [a key], \"a value\"=, @= or ; a comment");
    }
}

/* What the taker said, with where. */
static enum hb_status placed(struct reader *r, enum hb_status status)
{
    struct hb_error why = *r->error;
    char at[32];

    snprintf(at, sizeof at, ":%u: ", r->line);
    if (strstr(why.text, at))
        return status;
    return hb_fail(r->error, status, "%s:%u: %.160s", r->name, r->line,
                   why.text);
}

enum hb_status reg_file_parse(const uint8_t *bytes, size_t count,
                              const char *name,
                              const struct reg_file_taker *taker,
                              struct hb_error *error)
{
    struct reader r = {.name = name, .taker = taker, .error = error, .line = 1};
    enum hb_status status = HB_NO_MEMORY;

    if (count > REG_FILE_MOST)
        return hb_fail(error, HB_BAD_ARGUMENT,
                       "%s: a registry file has at most %d bytes", name,
                       (int)REG_FILE_MOST);
    r.text = calloc(count + 1, sizeof *r.text);
    r.data = malloc(2 * (count + 2));
    if (r.text && r.data) {
        decode(&r, bytes, count);
        status = head(&r);
        while (status == HB_OK && !at_end(&r)) {
            next_line(&r);
            status = at_end(&r) ? HB_OK : line(&r);
        }
        if (status != HB_OK)
            status = placed(&r, status);
    } else {
        hb_fail(error, HB_NO_MEMORY, "%s: no memory", name);
    }
    free(r.text);
    free(r.data);
    return status;
}
