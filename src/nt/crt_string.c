/* src/nt/crt_string.c -- str* and wcs*: one routine for both widths, two thin
 * thunks. A text may have no end: all that walk one do it in parts (text_part).
 * Source: C standard; Microsoft C run time for the names with '_'. */
#include "nt/crt.h"
#include "nt/exports.h"

#define BOTH(routine, narrow, wide)                                            \
    void thunk_##narrow(struct call *c)                                        \
    {                                                                          \
        routine(c, false);                                                     \
    }                                                                          \
    void thunk_##wide(struct call *c)                                          \
    {                                                                          \
        routine(c, true);                                                      \
    }

/* Where a routine that works in parts has come to. */
enum { W_AT, W_END, W_ENDED, W_FOUND };

static unsigned unit_bytes(bool wide)
{
    return wide ? 2 : 1;
}

uint32_t text_length(struct call *c, gva_t at, uint32_t most, bool wide)
{
    uint32_t n = 0;

    while (n < most && text_unit(c, at, n, wide))
        n++;
    return n;
}

bool text_part(struct call *c, uint32_t i)
{
    if (i - c->w[W_AT] < TEXT_PART)
        return false;
    c->w[W_AT] = i;
    call_spend(c, TEXT_PART);
    call_again(c, 1);
    return true;
}

uint16_t text_upper(uint16_t u, bool wide)
{
    if (u >= 'a' && u <= 'z')
        return (uint16_t)(u - 0x20);
    if (wide && u >= 0xe0 && u <= 0xfe && u != 0xf7)
        return (uint16_t)(u - 0x20);
    return u;
}

uint16_t text_lower(uint16_t u, bool wide)
{
    if (u >= 'A' && u <= 'Z')
        return (uint16_t)(u + 0x20);
    if (wide && u >= 0xc0 && u <= 0xde && u != 0xd7)
        return (uint16_t)(u + 0x20);
    return u;
}

static void length(struct call *c, bool wide)
{
    gva_t at = call_va(c, 0);

    for (uint32_t i = c->w[W_AT]; !text_part(c, i); i++)
        if (!text_unit(c, at, i, wide)) {
            if (call_ok(c))
                call_return(c, i);
            return;
        }
}
BOTH(length, strlen, wcslen)

static uint16_t same(uint16_t u, bool wide)
{
    (void)wide;
    return u;
}

static void compare(struct call *c, uint32_t most, bool wide,
                    uint16_t (*fold)(uint16_t, bool))
{
    gva_t a = call_va(c, 0), b = call_va(c, 1);

    for (uint32_t i = c->w[W_AT]; !text_part(c, i); i++) {
        uint16_t x = i < most ? fold(text_unit(c, a, i, wide), wide) : 0;
        uint16_t y = i < most ? fold(text_unit(c, b, i, wide), wide) : 0;

        if (!call_ok(c))
            return;
        if (x != y || !x) {
            call_return(c, x < y ? UINT32_MAX : x > y);
            return;
        }
    }
}

static void compare_all(struct call *c, bool wide)
{
    compare(c, UINT32_MAX, wide, same);
}
BOTH(compare_all, strcmp, wcscmp)

static void compare_some(struct call *c, bool wide)
{
    compare(c, call_u32(c, 2), wide, same);
}
BOTH(compare_some, strncmp, wcsncmp)

static void compare_folded(struct call *c, bool wide)
{
    compare(c, UINT32_MAX, wide, text_lower);
}
BOTH(compare_folded, _stricmp, _wcsicmp)

static void compare_some_folded(struct call *c, bool wide)
{
    compare(c, call_u32(c, 2), wide, text_lower);
}
BOTH(compare_some_folded, _strnicmp, _wcsnicmp)

/* Where the text at @at ends, found in parts: true when w[W_END] says it, and
 * w[W_AT] is free for what follows. */
static bool find_end(struct call *c, gva_t at, bool wide)
{
    uint32_t i = c->w[W_AT];

    while (!c->w[W_ENDED] && !text_part(c, i)) {
        c->w[W_ENDED] = !text_unit(c, at, i, wide);
        if (!call_ok(c))
            return false;
        if (c->w[W_ENDED])
            c->w[W_END] = i, c->w[W_AT] = 0;
        i++;
    }
    return c->w[W_ENDED];
}

/* Copies units to unit @to of the first text: up to and with the terminator, or
 * @most and then one. */
static void copy_text(struct call *c, uint32_t to, uint32_t most, bool wide)
{
    gva_t into = call_va(c, 0), from = call_va(c, 1);

    for (uint32_t i = c->w[W_AT]; !text_part(c, i); i++) {
        uint16_t u = i < most ? text_unit(c, from, i, wide) : 0;

        if (call_ok(c))
            text_put(c, into, to + i, wide, u);
        if (!call_ok(c))
            return;
        if (!u) {
            call_return(c, into.v);
            return;
        }
    }
}

static void copy(struct call *c, bool wide)
{
    copy_text(c, 0, UINT32_MAX, wide);
}
BOTH(copy, strcpy, wcscpy)

static void append(struct call *c, bool wide)
{
    if (find_end(c, call_va(c, 0), wide))
        copy_text(c, c->w[W_END], UINT32_MAX, wide);
}
BOTH(append, strcat, wcscat)

/* strncat: at most @count units, then always a terminator. */
static void append_some(struct call *c, bool wide)
{
    if (find_end(c, call_va(c, 0), wide))
        copy_text(c, c->w[W_END], call_u32(c, 2), wide);
}
BOTH(append_some, strncat, wcsncat)

/* strncpy: what is missing to @count is filled with zeroes. */
static void copy_some(struct call *c, bool wide)
{
    gva_t to = call_va(c, 0), from = call_va(c, 1);
    uint32_t count = call_u32(c, 2);

    for (uint32_t i = c->w[W_AT]; !text_part(c, i); i++) {
        uint16_t u;

        if (i == count) {
            call_return(c, to.v);
            return;
        }
        u = c->w[W_ENDED] ? 0 : text_unit(c, from, i, wide);
        c->w[W_ENDED] |= !u;
        if (call_ok(c))
            text_put(c, to, i, wide, u);
        if (!call_ok(c))
            return;
    }
}
BOTH(copy_some, strncpy, wcsncpy)

static void find(struct call *c, bool wide, bool last)
{
    gva_t at = call_va(c, 0);
    uint16_t wanted = wide ? call_u16(c, 1) : call_u8(c, 1);

    for (uint32_t i = c->w[W_AT]; !text_part(c, i); i++) {
        uint16_t u = text_unit(c, at, i, wide);

        if (!call_ok(c))
            return;
        if (u == wanted)
            c->w[W_FOUND] = at.v + i * unit_bytes(wide);
        if (!u || (u == wanted && !last)) {
            call_return(c, c->w[W_FOUND]);
            return;
        }
    }
}

static void find_first(struct call *c, bool wide)
{
    find(c, wide, false);
}
BOTH(find_first, strchr, wcschr)

static void find_last(struct call *c, bool wide)
{
    find(c, wide, true);
}
BOTH(find_last, strrchr, wcsrchr)

/* Quadratic at worst, so its parts are of units compared. w[W_AT] is where a
 * match may begin, w[W_FOUND] how much of it has been seen. */
static void find_text(struct call *c, bool wide)
{
    gva_t in = call_va(c, 0), what = call_va(c, 1);

    if (!find_end(c, what, wide))
        return;
    for (unsigned work = 0; work < TEXT_PART; work++) {
        uint32_t at = c->w[W_AT], seen = c->w[W_FOUND];
        uint16_t u;

        if (seen == c->w[W_END]) {
            call_return(c, in.v + at * unit_bytes(wide));
            return;
        }
        u = text_unit(c, in, at + seen, wide);
        if (u == text_unit(c, what, seen, wide)) {
            c->w[W_FOUND]++;
        } else if (u) {
            c->w[W_AT]++;
            c->w[W_FOUND] = 0;
        } else if (call_ok(c)) {
            call_return(c, 0); /* what is left is too short */
            return;
        }
        if (!call_ok(c))
            return;
    }
    call_spend(c, TEXT_PART);
    call_again(c, 1);
}
BOTH(find_text, strstr, wcsstr)

static void change_case(struct call *c, bool wide,
                        uint16_t (*fold)(uint16_t, bool))
{
    gva_t at = call_va(c, 0);

    for (uint32_t i = c->w[W_AT]; !text_part(c, i); i++) {
        uint16_t u = text_unit(c, at, i, wide), folded = fold(u, wide);

        if (call_ok(c) && folded != u)
            text_put(c, at, i, wide, folded);
        if (!call_ok(c))
            return;
        if (!u) {
            call_return(c, at.v);
            return;
        }
    }
}

static void upper(struct call *c, bool wide)
{
    change_case(c, wide, text_upper);
}
BOTH(upper, _strupr, _wcsupr)

static void lower(struct call *c, bool wide)
{
    change_case(c, wide, text_lower);
}
BOTH(lower, _strlwr, _wcslwr)

void thunk_toupper(struct call *c)
{
    call_return(c, call_u32(c, 0) < 256 ? text_upper(call_u16(c, 0), false)
                                        : call_u32(c, 0));
}

void thunk_tolower(struct call *c)
{
    call_return(c, call_u32(c, 0) < 256 ? text_lower(call_u16(c, 0), false)
                                        : call_u32(c, 0));
}

void thunk_towupper(struct call *c)
{
    call_return(c, text_upper(call_u16(c, 0), true));
}

void thunk_towlower(struct call *c)
{
    call_return(c, text_lower(call_u16(c, 0), true));
}

/* Blanks, a sign, digits. w[W_ENDED]: the blanks are over. */
static void to_integer(struct call *c)
{
    enum { W_MINUS = W_END, W_VALUE = W_FOUND };
    gva_t at = call_va(c, 0);

    for (uint32_t i = c->w[W_AT]; !text_part(c, i); i++) {
        uint16_t u = text_unit(c, at, i, false);

        if (!call_ok(c))
            return;
        if (!c->w[W_ENDED] && (u == ' ' || (u >= 9 && u <= 13)))
            continue;
        if (!c->w[W_ENDED]++) {
            c->w[W_MINUS] = u == '-';
            if (u == '-' || u == '+')
                continue;
        }
        if (u < '0' || u > '9') {
            call_return(c, c->w[W_MINUS] ? 0 - c->w[W_VALUE] : c->w[W_VALUE]);
            return;
        }
        c->w[W_VALUE] = c->w[W_VALUE] * 10 + (u - '0');
    }
}

void thunk_atoi(struct call *c)
{
    to_integer(c);
}

void thunk_atol(struct call *c)
{
    to_integer(c);
}
