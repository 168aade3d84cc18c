/* src/nt/crt_string.c -- str* and wcs*: one routine for both widths, two thin
 * thunks. Source: C standard; Microsoft C run time for the names with '_'. */
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

enum { WORK_MOST = 1 << 20 }; /* units looked at per entry */

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
    uint32_t n = text_length(c, call_va(c, 0), UINT32_MAX, wide);

    if (call_ok(c))
        call_return(c, n);
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

    for (uint32_t i = 0; i < most; i++) {
        uint16_t x = fold(text_unit(c, a, i, wide), wide);
        uint16_t y = fold(text_unit(c, b, i, wide), wide);

        if (!call_ok(c))
            return;
        if (x != y) {
            call_return(c, x < y ? UINT32_MAX : 1);
            return;
        }
        if (!x)
            break;
    }
    call_return(c, 0);
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

/* Copies units up to and with the terminator; false after a fault. */
static bool copy_text(struct call *c, gva_t to, gva_t from, bool wide)
{
    for (uint32_t i = 0;; i++) {
        uint16_t u = text_unit(c, from, i, wide);

        if (!call_ok(c))
            return false;
        text_put(c, to, i, wide, u);
        if (!call_ok(c))
            return false;
        if (!u)
            return true;
    }
}

static void copy(struct call *c, bool wide)
{
    if (copy_text(c, call_va(c, 0), call_va(c, 1), wide))
        call_return(c, call_u32(c, 0));
}
BOTH(copy, strcpy, wcscpy)

static void append(struct call *c, bool wide)
{
    gva_t to = call_va(c, 0);
    uint32_t n = text_length(c, to, UINT32_MAX, wide);

    if (call_ok(c) &&
        copy_text(c, gva_add(to, n * unit_bytes(wide)), call_va(c, 1), wide))
        call_return(c, to.v);
}
BOTH(append, strcat, wcscat)

/* strncpy: what is missing to @count is filled with zeroes. */
static void copy_some(struct call *c, bool wide)
{
    gva_t to = call_va(c, 0), from = call_va(c, 1);
    uint32_t count = call_u32(c, 2);
    bool ended = false;

    for (uint32_t i = 0; i < count; i++) {
        uint16_t u = ended ? 0 : text_unit(c, from, i, wide);

        ended = ended || !u;
        if (call_ok(c))
            text_put(c, to, i, wide, u);
        if (!call_ok(c))
            return;
    }
    call_return(c, to.v);
}
BOTH(copy_some, strncpy, wcsncpy)

/* strncat: at most @count units, then always a terminator. */
static void append_some(struct call *c, bool wide)
{
    gva_t to = call_va(c, 0), from = call_va(c, 1);
    uint32_t at = text_length(c, to, UINT32_MAX, wide);
    uint32_t n = text_length(c, from, call_u32(c, 2), wide);

    for (uint32_t i = 0; i < n && call_ok(c); i++)
        text_put(c, to, at + i, wide, text_unit(c, from, i, wide));
    if (call_ok(c))
        text_put(c, to, at + n, wide, 0);
    if (call_ok(c))
        call_return(c, to.v);
}
BOTH(append_some, strncat, wcsncat)

static void find(struct call *c, bool wide, bool last)
{
    gva_t at = call_va(c, 0);
    uint16_t wanted = wide ? call_u16(c, 1) : call_u8(c, 1);
    uint32_t found = 0;

    for (uint32_t i = 0;; i++) {
        uint16_t u = text_unit(c, at, i, wide);

        if (!call_ok(c))
            return;
        if (u == wanted) {
            found = at.v + i * unit_bytes(wide);
            if (!last)
                break;
        }
        if (!u)
            break;
    }
    call_return(c, found);
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

/* Quadratic at worst: done in parts; the place it came to is in w[0]. */
static void find_text(struct call *c, bool wide)
{
    gva_t in = call_va(c, 0), what = call_va(c, 1);
    uint32_t n = text_length(c, what, UINT32_MAX, wide);

    for (uint32_t at = c->w[0], work = 0; call_ok(c); at++) {
        uint32_t i = 0;

        if (work > WORK_MOST) {
            c->w[0] = at;
            call_again(c, 1);
            return;
        }

        while (i < n &&
               text_unit(c, in, at + i, wide) == text_unit(c, what, i, wide))
            i++;
        work += i + 1;
        if (!call_ok(c))
            return;
        if (i == n || !text_unit(c, in, at, wide)) {
            call_return(c, i == n ? in.v + at * unit_bytes(wide) : 0);
            return;
        }
    }
}
BOTH(find_text, strstr, wcsstr)

static void change_case(struct call *c, bool wide,
                        uint16_t (*fold)(uint16_t, bool))
{
    gva_t at = call_va(c, 0);

    for (uint32_t i = 0;; i++) {
        uint16_t u = text_unit(c, at, i, wide), folded = fold(u, wide);

        if (call_ok(c) && folded != u)
            text_put(c, at, i, wide, folded);
        if (!call_ok(c))
            return;
        if (!u)
            break;
    }
    call_return(c, at.v);
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

static void to_integer(struct call *c)
{
    gva_t at = call_va(c, 0);
    uint32_t i = 0, value = 0;
    uint16_t u = text_unit(c, at, 0, false);
    bool negative;

    while (u == ' ' || (u >= 9 && u <= 13))
        u = text_unit(c, at, ++i, false);
    negative = u == '-';
    if (u == '-' || u == '+')
        u = text_unit(c, at, ++i, false);
    for (; u >= '0' && u <= '9'; u = text_unit(c, at, ++i, false))
        value = value * 10 + (u - '0');
    if (call_ok(c))
        call_return(c, negative ? 0 - value : value);
}

void thunk_atoi(struct call *c)
{
    to_integer(c);
}

void thunk_atol(struct call *c)
{
    to_integer(c);
}
