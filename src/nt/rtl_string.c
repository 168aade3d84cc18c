/* src/nt/rtl_string.c -- counted strings: STRING, ANSI_STRING, UNICODE_STRING
 * {USHORT Length, USHORT MaximumLength, buffer}, lengths in bytes. The ANSI
 * code page is Latin-1: a byte is the unit of the same number, what has none is
 * '?'. Source: WDK reference of each routine. */
#include "nt/crt.h"
#include "nt/exports.h"
#include "nt/guest.h"

enum { STATUS_OK = 0, LENGTH = 0, MAXIMUM = 2, BUFFER = 4 };
#define TAG_STRING TAG('R', 't', 'l', 'S')

struct counted {
    uint16_t length, maximum; /* bytes */
    gva_t buffer;
};

static struct counted counted_load(struct call *c, gva_t at)
{
    struct counted s = {load_u16(c, at), load_u16(c, gva_add(at, MAXIMUM)),
                        gva_of(load_u32(c, gva_add(at, BUFFER)))};

    return call_ok(c) ? s : (struct counted){0};
}

static void counted_store(struct call *c, gva_t at, struct counted s)
{
    store_u16(c, at, s.length);
    store_u16(c, gva_add(at, MAXIMUM), s.maximum);
    store_u32(c, gva_add(at, BUFFER), s.buffer.v);
}

static void finish(struct call *c, uint32_t result)
{
    if (call_ok(c))
        call_return(c, result);
}

/* A string over a terminated text: lengths are clipped to what a USHORT says.
 */
static void init_string(struct call *c, bool wide)
{
    unsigned unit = wide ? 2 : 1;
    uint32_t most = 0xffff / unit - 1;
    gva_t text = call_va(c, 1);
    struct counted s = {0, 0, text};

    if (text.v) {
        s.length = (uint16_t)(text_length(c, text, most, wide) * unit);
        s.maximum = (uint16_t)(s.length + unit);
    }
    counted_store(c, call_va(c, 0), s);
    finish(c, 0);
}

void thunk_RtlInitString(struct call *c)
{
    init_string(c, false);
}

void thunk_RtlInitAnsiString(struct call *c)
{
    init_string(c, false);
}

void thunk_RtlInitUnicodeString(struct call *c)
{
    init_string(c, true);
}

/* Copies @bytes of units between guest buffers. */
static void copy_bytes(struct call *c, gva_t to, gva_t from, uint32_t bytes)
{
    uint8_t chunk[4096];

    for (uint32_t at = 0; at < bytes && call_ok(c); at += sizeof chunk) {
        uint32_t n = bytes - at < sizeof chunk ? bytes - at : sizeof chunk;

        load(c, gva_add(from, at), chunk, n);
        if (call_ok(c))
            store(c, gva_add(to, at), chunk, n);
    }
}

/** RtlCopyUnicodeString(Destination, Source or NULL): what fits; a terminator
 *  when there is room for one. */
static void copy_string(struct call *c, bool wide)
{
    gva_t to_at = call_va(c, 0), from_at = call_va(c, 1);
    struct counted to = counted_load(c, to_at), from = {0};

    if (from_at.v)
        from = counted_load(c, from_at);
    if (!call_ok(c))
        return;
    to.length = from.length < to.maximum ? from.length : to.maximum;
    copy_bytes(c, to.buffer, from.buffer, to.length);
    if (wide && to.length + 2u <= to.maximum && call_ok(c))
        store_u16(c, gva_add(to.buffer, to.length), 0);
    store_u16(c, to_at, to.length);
    finish(c, 0);
}

void thunk_RtlCopyUnicodeString(struct call *c)
{
    copy_string(c, true);
}

void thunk_RtlCopyString(struct call *c)
{
    copy_string(c, false);
}

/* <0, 0, >0 of two counted strings; @most units are looked at. */
static int compare_counted(struct call *c, struct counted a, struct counted b,
                           bool wide, bool fold)
{
    uint32_t unit = wide ? 2 : 1;
    uint32_t n = (a.length < b.length ? a.length : b.length) / unit;

    for (uint32_t i = 0; i < n; i++) {
        uint16_t x = text_unit(c, a.buffer, i, wide);
        uint16_t y = text_unit(c, b.buffer, i, wide);

        if (!call_ok(c))
            return 0;
        if (fold) {
            x = text_upper(x, wide);
            y = text_upper(y, wide);
        }
        if (x != y)
            return x - y;
    }
    return a.length - b.length;
}

static void compare_strings(struct call *c, bool wide, bool equal)
{
    struct counted a = counted_load(c, call_va(c, 0));
    struct counted b = counted_load(c, call_va(c, 1));
    int order = compare_counted(c, a, b, wide, call_bool(c, 2));

    finish(c, equal ? order == 0 : (uint32_t)order);
}

void thunk_RtlCompareUnicodeString(struct call *c)
{
    compare_strings(c, true, false);
}

void thunk_RtlEqualUnicodeString(struct call *c)
{
    compare_strings(c, true, true);
}

void thunk_RtlCompareString(struct call *c)
{
    compare_strings(c, false, false);
}

void thunk_RtlEqualString(struct call *c)
{
    compare_strings(c, false, true);
}

/** BOOLEAN RtlPrefixUnicodeString(Prefix, String, CaseInSensitive). */
void thunk_RtlPrefixUnicodeString(struct call *c)
{
    struct counted a = counted_load(c, call_va(c, 0));
    struct counted b = counted_load(c, call_va(c, 1));
    bool shorter = a.length <= b.length;

    b.length = shorter ? a.length : b.length;
    finish(c, shorter && !compare_counted(c, a, b, true, call_bool(c, 2)));
}

/* Appends @bytes at @from; STATUS_BUFFER_TOO_SMALL changes nothing. */
static void append(struct call *c, gva_t from, uint32_t bytes)
{
    gva_t to_at = call_va(c, 0);
    struct counted to = counted_load(c, to_at);
    uint32_t total = to.length + bytes;

    if (!call_ok(c))
        return;
    if (total > to.maximum) {
        call_return(c, STATUS_BUFFER_TOO_SMALL);
        return;
    }
    copy_bytes(c, gva_add(to.buffer, to.length), from, bytes);
    if (total + 2 <= to.maximum && call_ok(c))
        store_u16(c, gva_add(to.buffer, total), 0);
    if (call_ok(c))
        store_u16(c, to_at, (uint16_t)total);
    finish(c, STATUS_OK);
}

void thunk_RtlAppendUnicodeStringToString(struct call *c)
{
    struct counted from = counted_load(c, call_va(c, 1));

    append(c, from.buffer, from.length);
}

void thunk_RtlAppendUnicodeToString(struct call *c)
{
    gva_t from = call_va(c, 1);

    append(c, from, from.v ? 2 * text_length(c, from, 0x7fff, true) : 0);
}

/* @units units from number @first on (wide or not) to the other width. */
static void convert(struct call *c, gva_t to, bool to_wide, gva_t from,
                    uint32_t first, uint32_t units)
{
    for (uint32_t i = first; i - first < units && call_ok(c); i++) {
        uint16_t u = text_unit(c, from, i, !to_wide);

        if (!to_wide && u > 255)
            u = '?';
        if (call_ok(c))
            text_put(c, to, i, to_wide, u);
    }
}

/* Rtl{Ansi,Unicode}StringTo{Unicode,Ansi}String(Destination, Source, Allocate):
 * a terminator always fits, or nothing is done. */
static void convert_string(struct call *c, bool to_wide)
{
    gva_t to_at = call_va(c, 0);
    struct counted from = counted_load(c, call_va(c, 1)), to;
    uint32_t units = from.length / (to_wide ? 1 : 2);
    uint32_t bytes = units * (to_wide ? 2 : 1),
             room = bytes + (to_wide ? 2 : 1);

    if (!call_ok(c))
        return;
    if (room > 0xffff) {
        call_return(c, STATUS_INVALID_PARAMETER_2);
        return;
    }
    to = counted_load(c, to_at);
    if (call_bool(c, 2)) {
        to.buffer = gva_of(nt_pool_paged(nt_of(c), room, TAG_STRING));
        to.maximum = (uint16_t)room;
        if (!to.buffer.v) {
            call_return(c, STATUS_NO_MEMORY);
            return;
        }
    } else if (room > to.maximum) {
        finish(c, STATUS_BUFFER_OVERFLOW);
        return;
    }
    to.length = (uint16_t)bytes;
    convert(c, to.buffer, to_wide, from.buffer, 0, units);
    text_put(c, to.buffer, units, to_wide, 0);
    counted_store(c, to_at, to);
    finish(c, STATUS_OK);
}

void thunk_RtlAnsiStringToUnicodeString(struct call *c)
{
    convert_string(c, true);
}

void thunk_RtlUnicodeStringToAnsiString(struct call *c)
{
    convert_string(c, false);
}

/** RtlUpcaseUnicodeString(Destination, Source, Allocate). */
void thunk_RtlUpcaseUnicodeString(struct call *c)
{
    gva_t to_at = call_va(c, 0);
    struct counted from = counted_load(c, call_va(c, 1));
    struct counted to = counted_load(c, to_at);

    if (!call_ok(c))
        return;
    if (call_bool(c, 2)) {
        to.maximum = from.length;
        to.buffer = gva_of(
            nt_pool_paged(nt_of(c), from.length ? from.length : 1, TAG_STRING));
        if (!to.buffer.v) {
            call_return(c, STATUS_NO_MEMORY);
            return;
        }
    } else if (from.length > to.maximum) {
        call_return(c, STATUS_BUFFER_OVERFLOW);
        return;
    }
    to.length = from.length;
    for (uint32_t i = 0; i < from.length / 2u && call_ok(c); i++)
        text_put(c, to.buffer, i, true,
                 text_upper(text_unit(c, from.buffer, i, true), true));
    counted_store(c, to_at, to);
    finish(c, STATUS_OK);
}

void thunk_RtlUpcaseUnicodeChar(struct call *c)
{
    call_return(c, text_upper(call_u16(c, 0), true));
}

/** BOOLEAN RtlCreateUnicodeString(Destination, terminated source). */
void thunk_RtlCreateUnicodeString(struct call *c)
{
    gva_t from = call_va(c, 1);
    uint32_t bytes = 2 * text_length(c, from, 0x7ffe, true);
    struct counted s;

    if (!call_ok(c))
        return;
    s = (struct counted){
        (uint16_t)bytes, (uint16_t)(bytes + 2),
        gva_of(nt_pool_paged(nt_of(c), bytes + 2, TAG_STRING))};
    if (!s.buffer.v) {
        call_return(c, 0);
        return;
    }
    copy_bytes(c, s.buffer, from, bytes);
    store_u16(c, gva_add(s.buffer, bytes), 0);
    counted_store(c, call_va(c, 0), s);
    finish(c, 1);
}

static void free_string(struct call *c)
{
    gva_t at = call_va(c, 0);
    struct counted s = counted_load(c, at);

    if (!call_ok(c))
        return;
    if (s.buffer.v && !nt_pool_free(nt_of(c), s.buffer.v)) {
        call_bugcheck(c, 0xc2, 7, 0, 0, s.buffer.v); /* BAD_POOL_CALLER */
        return;
    }
    counted_store(c, at, (struct counted){0});
    finish(c, 0);
}

void thunk_RtlFreeUnicodeString(struct call *c)
{
    free_string(c);
}

void thunk_RtlFreeAnsiString(struct call *c)
{
    free_string(c);
}

/** ULONG RtlxAnsiStringToUnicodeSize(AnsiString): with the terminator. */
void thunk_RtlxAnsiStringToUnicodeSize(struct call *c)
{
    finish(c, 2 * (counted_load(c, call_va(c, 0)).length + 1u));
}

void thunk_RtlxUnicodeStringToAnsiSize(struct call *c)
{
    finish(c, counted_load(c, call_va(c, 0)).length / 2 + 1u);
}

/** NTSTATUS RtlMultiByteToUnicodeN(Unicode, MaxBytes, *Written, Text, Bytes).
 */
static void convert_n(struct call *c, bool to_wide)
{
    uint32_t room = call_u32(c, 1) / (to_wide ? 2 : 1);
    uint32_t units = call_u32(c, 4) / (to_wide ? 1 : 2);
    gva_t written = call_va(c, 2);

    if (units > room)
        units = room;
    if (written.v && c->state == 0)
        store_u32(c, written, units * (to_wide ? 2 : 1));
    for (uint32_t i = c->w[0]; i < units && call_ok(c); i += TEXT_PART) {
        if (text_part(c, i))
            return;
        convert(c, call_va(c, 0), to_wide, call_va(c, 3), i,
                units - i < TEXT_PART ? units - i : TEXT_PART);
    }
    finish(c, STATUS_OK);
}

void thunk_RtlMultiByteToUnicodeN(struct call *c)
{
    convert_n(c, true);
}

void thunk_RtlUnicodeToMultiByteN(struct call *c)
{
    convert_n(c, false);
}

/** NTSTATUS RtlMultiByteToUnicodeSize(*Bytes, Text, TextBytes). */
void thunk_RtlMultiByteToUnicodeSize(struct call *c)
{
    store_u32(c, call_va(c, 0), 2 * call_u32(c, 2));
    finish(c, STATUS_OK);
}

void thunk_RtlUnicodeToMultiByteSize(struct call *c)
{
    store_u32(c, call_va(c, 0), call_u32(c, 2) / 2);
    finish(c, STATUS_OK);
}

/** WCHAR RtlAnsiCharToUnicodeChar(PUCHAR *Source): moves *Source on. */
void thunk_RtlAnsiCharToUnicodeChar(struct call *c)
{
    gva_t at = call_va(c, 0);
    uint32_t source = load_u32(c, at);
    uint8_t unit = load_u8(c, gva_of(source));

    store_u32(c, at, source + 1);
    finish(c, unit);
}
