/* src/nt/rtl_number.c -- numbers, GUIDs, bitmaps, times and versions of the
 * run-time library. Source: WDK reference of each routine. */
#include <stdio.h>

#include "nt/crt.h"
#include "nt/exports.h"
#include "nt/guest.h"

enum { LENGTH_MAXIMUM = 2, BUFFER = 4, GUID_UNITS = 38, GUID_BYTES = 16 };

static void finish(struct call *c, uint32_t result)
{
    if (call_ok(c))
        call_return(c, result);
}

/** NTSTATUS RtlIntegerToUnicodeString(Value, Base, String). */
void thunk_RtlIntegerToUnicodeString(struct call *c)
{
    uint32_t value = call_u32(c, 0), base = call_u32(c, 1), at = 32;
    gva_t string = call_va(c, 2), buffer;
    char digits[33];
    uint16_t maximum;

    base = base ? base : 10;
    if (base != 2 && base != 8 && base != 10 && base != 16) {
        call_return(c, STATUS_INVALID_PARAMETER);
        return;
    }
    do
        digits[--at] = "0123456789ABCDEF"[value % base];
    while (value /= base);
    maximum = load_u16(c, gva_add(string, LENGTH_MAXIMUM));
    buffer = gva_of(load_u32(c, gva_add(string, BUFFER)));
    if (call_ok(c) && 2 * (32 - at) > maximum) {
        call_return(c, STATUS_BUFFER_OVERFLOW);
        return;
    }
    for (uint32_t i = at; i < 32 && call_ok(c); i++)
        text_put(c, buffer, i - at, true, (uint16_t)digits[i]);
    if (2 * (33 - at) <= maximum && call_ok(c))
        text_put(c, buffer, 32 - at, true, 0);
    store_u16(c, string, (uint16_t)(2 * (32 - at)));
    finish(c, 0);
}

static unsigned digit_value(uint16_t u)
{
    if (u >= '0' && u <= '9')
        return u - '0';
    u = text_lower(u, false);
    return u >= 'a' && u <= 'z' ? u - 'a' + 10u : 99;
}

/** NTSTATUS RtlUnicodeStringToInteger(String, Base, *Value): leading blanks and
 *  a sign; base 0 takes 0x, 0o, 0b or decimal; stops at the first stranger. */
void thunk_RtlUnicodeStringToInteger(struct call *c)
{
    gva_t string = call_va(c, 0);
    uint32_t base = call_u32(c, 1), i = 0, value = 0;
    uint32_t n = load_u16(c, string) / 2u;
    gva_t text = gva_of(load_u32(c, gva_add(string, BUFFER)));
    bool negative = false;

    if (!call_ok(c))
        return;
    if (base && base != 2 && base != 8 && base != 10 && base != 16) {
        call_return(c, STATUS_INVALID_PARAMETER);
        return;
    }
    while (i < n && text_unit(c, text, i, true) <= ' ' && call_ok(c))
        i++;
    if (i < n) {
        uint16_t sign = text_unit(c, text, i, true);

        negative = sign == '-';
        i += sign == '-' || sign == '+';
    }
    if (!base) {
        base = 10;
        if (i + 1 < n && text_unit(c, text, i, true) == '0') {
            uint16_t mark = text_unit(c, text, i + 1, true);

            base = mark == 'x' ? 16 : mark == 'o' ? 8 : mark == 'b' ? 2 : 10;
            i += base != 10 ? 2 : 0;
        }
    }
    for (; i < n; i++) {
        unsigned digit = digit_value(text_unit(c, text, i, true));

        if (!call_ok(c) || digit >= base)
            break;
        value = value * base + digit;
    }
    store_u32(c, call_va(c, 2), negative ? 0 - value : value);
    finish(c, 0);
}

/** NTSTATUS RtlStringFromGUID(Guid, String): allocates "{8-4-4-4-12}". */
void thunk_RtlStringFromGUID(struct call *c)
{
    gva_t guid = call_va(c, 0), string = call_va(c, 1);
    uint8_t g[GUID_BYTES] = {0};
    char text[GUID_UNITS + 1];
    gva_t buffer;

    load(c, guid, g, sizeof g);
    if (!call_ok(c))
        return;
    snprintf(text, sizeof text,
             "{%02X%02X%02X%02X-%02X%02X-%02X%02X-%02X%02X-"
             "%02X%02X%02X%02X%02X%02X}",
             g[3], g[2], g[1], g[0], g[5], g[4], g[7], g[6], g[8], g[9], g[10],
             g[11], g[12], g[13], g[14], g[15]);
    buffer = gva_of(
        nt_pool_paged(nt_of(c), 2 * (GUID_UNITS + 1), TAG('R', 't', 'l', 'S')));
    if (!buffer.v) {
        call_return(c, STATUS_NO_MEMORY);
        return;
    }
    for (unsigned i = 0; i <= GUID_UNITS; i++)
        text_put(c, buffer, i, true, (uint8_t)text[i]);
    store_u16(c, string, 2 * GUID_UNITS);
    store_u16(c, gva_add(string, LENGTH_MAXIMUM), 2 * (GUID_UNITS + 1));
    store_u32(c, gva_add(string, BUFFER), buffer.v);
    finish(c, 0);
}

/** NTSTATUS RtlGUIDFromString(String, Guid). */
void thunk_RtlGUIDFromString(struct call *c)
{
    /* which byte of the GUID each pair of digits is, in order of the text */
    static const uint8_t order[GUID_BYTES] = {3, 2, 1,  0,  5,  4,  7,  6,
                                              8, 9, 10, 11, 12, 13, 14, 15};
    static const char form[] = "{xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx}";
    gva_t string = call_va(c, 0);
    uint32_t units = load_u16(c, string) / 2u, digits = 0;
    gva_t text = gva_of(load_u32(c, gva_add(string, BUFFER)));
    uint8_t g[GUID_BYTES] = {0};
    bool good = units >= GUID_UNITS;

    for (unsigned i = 0; i < GUID_UNITS && good; i++) {
        uint16_t u = text_unit(c, text, i, true);
        unsigned v = digit_value(u);

        if (!call_ok(c))
            return;
        if (form[i] != 'x') {
            good = u == (uint8_t)form[i];
            continue;
        }
        good = v < 16;
        g[order[digits / 2]] = (uint8_t)(g[order[digits / 2]] << 4 | (v & 15));
        digits++;
    }
    if (!good) {
        finish(c, STATUS_INVALID_PARAMETER);
        return;
    }
    store(c, call_va(c, 1), g, sizeof g);
    finish(c, 0);
}

/** void RtlInitializeBitMap(Header {ULONG bits, PULONG buffer}, Buffer, Bits).
 */
void thunk_RtlInitializeBitMap(struct call *c)
{
    store_u32(c, call_va(c, 0), call_u32(c, 2));
    store_u32(c, gva_add(call_va(c, 0), 4), call_u32(c, 1));
    finish(c, 0);
}

/** ULONG RtlNumberOfSetBits(Header). w[0]: dwords seen; w[1]: their bits. */
void thunk_RtlNumberOfSetBits(struct call *c)
{
    uint32_t bits = load_u32(c, call_va(c, 0));
    gva_t at = gva_of(load_u32(c, gva_add(call_va(c, 0), 4)));

    for (uint32_t i = c->w[0]; i < bits / 32 + (bits % 32 != 0); i++) {
        uint32_t word;

        if (text_part(c, i))
            return;
        word = load_u32(c, gva_add(at, 4 * i));
        if (i == bits / 32)
            word &= (1u << bits % 32) - 1;
        if (!call_ok(c))
            return;
        c->w[1] += (uint32_t)__builtin_popcount(word);
    }
    finish(c, c->w[1]);
}

static bool leap(uint32_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static uint32_t month_days(uint32_t month, uint32_t year)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30,
                                   31, 31, 30, 31, 30, 31};

    return days[month] + (month == 1 && leap(year));
}

/** void RtlTimeToTimeFields(Time, Fields): 100 ns since 1601 to SHORTs Year,
 *  Month, Day, Hour, Minute, Second, Milliseconds, Weekday (0 = Sunday). */
void thunk_RtlTimeToTimeFields(struct call *c)
{
    uint64_t ms = load_u64(c, call_va(c, 0)) / 10000;
    uint32_t in_day = (uint32_t)(ms % 86400000), year = 1601, month = 0;
    uint64_t days = ms / 86400000;
    uint32_t weekday = (uint32_t)((days + 1) % 7); /* 1601-01-01: a Monday */
    uint16_t f[8];

    year += (uint32_t)(days / 146097) * 400;
    days %= 146097;
    for (; days >= (leap(year) ? 366u : 365u); year++)
        days -= leap(year) ? 366 : 365;
    for (; days >= month_days(month, year); month++)
        days -= month_days(month, year);
    f[0] = (uint16_t)year;
    f[1] = (uint16_t)(month + 1);
    f[2] = (uint16_t)(days + 1);
    f[3] = (uint16_t)(in_day / 3600000);
    f[4] = (uint16_t)(in_day / 60000 % 60);
    f[5] = (uint16_t)(in_day / 1000 % 60);
    f[6] = (uint16_t)(in_day % 1000);
    f[7] = (uint16_t)weekday;
    if (call_ok(c))
        store(c, call_va(c, 1), f, sizeof f);
    finish(c, 0);
}
