/* src/nt/guest.c -- small helpers over mm and ke: see guest.h. */
#include "nt/guest.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "mm/pool.h"

static uint32_t allocate(struct nt *nt, uint32_t type, uint32_t bytes,
                         uint32_t tag)
{
    static const uint8_t zero[256];
    gva_t va;

    if (pool_alloc(nt->w.mm, type, bytes, tag, &va) != HB_OK)
        return 0;
    for (uint32_t at = 0; at < bytes; at += sizeof zero)
        nt_put(nt, va.v + at, zero,
               bytes - at < sizeof zero ? bytes - at : (uint32_t)sizeof zero);
    return va.v;
}

uint32_t nt_pool(struct nt *nt, uint32_t bytes, uint32_t tag)
{
    return allocate(nt, POOL_NONPAGED, bytes, tag);
}

uint32_t nt_pool_paged(struct nt *nt, uint32_t bytes, uint32_t tag)
{
    return allocate(nt, POOL_PAGED, bytes, tag);
}

bool nt_pool_free(struct nt *nt, uint32_t va)
{
    struct mm_misuse misuse;

    return va == 0 || pool_free(nt->w.mm, gva_of(va), 0, &misuse) == HB_OK;
}

/* ---- words ------------------------------------------------------------------
 */

uint8_t nt_get8(const struct nt *nt, uint32_t va)
{
    uint8_t v = 0;

    return ke_read(nt->w.ke, gva_of(va), &v, sizeof v) ? v : 0;
}

uint16_t nt_get16(const struct nt *nt, uint32_t va)
{
    uint16_t v = 0;

    return ke_read(nt->w.ke, gva_of(va), &v, sizeof v) ? v : 0;
}

uint32_t nt_get32(const struct nt *nt, uint32_t va)
{
    uint32_t v = 0;

    return ke_read(nt->w.ke, gva_of(va), &v, sizeof v) ? v : 0;
}

void nt_put(struct nt *nt, uint32_t va, const void *from, uint32_t bytes)
{
    ke_write(nt->w.ke, gva_of(va), from, bytes);
}

void nt_put8(struct nt *nt, uint32_t va, uint8_t v)
{
    nt_put(nt, va, &v, sizeof v);
}

void nt_put16(struct nt *nt, uint32_t va, uint16_t v)
{
    nt_put(nt, va, &v, sizeof v);
}

void nt_put32(struct nt *nt, uint32_t va, uint32_t v)
{
    nt_put(nt, va, &v, sizeof v);
}

/* ---- processes --------------------------------------------------------------
 */

uint32_t nt_space(const struct nt *nt)
{
    return ke_process_space(nt->w.ke, ke_current_process(nt->w.ke));
}

/* ---- strings ----------------------------------------------------------------
 */

bool string_load(struct call *c, uint32_t at, struct nt_string *out)
{
    uint16_t bytes = load_u16(c, gva_of(at + USTR_Length));
    uint32_t buffer = load_u32(c, gva_of(at + USTR_Buffer));

    out->count = 0;
    if (!call_ok(c) || bytes / 2 > NT_PATH_UNITS)
        return false;
    if (bytes)
        load(c, gva_of(buffer), out->unit, bytes & ~1u);
    if (!call_ok(c))
        return false;
    out->count = bytes / 2;
    return true;
}

void string_set(struct nt_string *out, const char *text)
{
    out->count = 0;
    while (*text && out->count < NT_PATH_UNITS)
        out->unit[out->count++] = (uint8_t)*text++;
}

void string_text(const uint16_t *unit, unsigned count, char *out, unsigned room)
{
    unsigned n = 0;

    for (; n < count && n + 1 < room; n++)
        out[n] = unit[n] >= 0x20 && unit[n] < 0x7f ? (char)unit[n] : '?';
    if (room)
        out[n] = '\0';
}

uint16_t nt_upcase(uint16_t u)
{
    if (u >= 'a' && u <= 'z')
        return (uint16_t)(u - 0x20);
    if (u >= 0xe0 && u <= 0xfe && u != 0xf7)
        return (uint16_t)(u - 0x20);
    return u == 0xff ? 0x178 : u;
}

bool string_equal(const uint16_t *a, unsigned a_count, const uint16_t *b,
                  unsigned b_count)
{
    if (a_count != b_count)
        return false;
    for (unsigned i = 0; i < a_count; i++)
        if (nt_upcase(a[i]) != nt_upcase(b[i]))
            return false;
    return true;
}

void string_store(struct nt *nt, uint32_t at, uint32_t buffer,
                  const uint16_t *unit, unsigned count)
{
    nt_put16(nt, at + USTR_Length, (uint16_t)(count * 2));
    nt_put16(nt, at + USTR_MaximumLength, (uint16_t)(count * 2 + 2));
    nt_put32(nt, at + USTR_Buffer, buffer);
    nt_put(nt, buffer, unit, count * 2);
    nt_put16(nt, buffer + count * 2, 0);
}

bool string_alloc(struct nt *nt, uint32_t at, const char *text)
{
    struct nt_string s;
    uint32_t buffer;

    string_set(&s, text);
    buffer = nt_pool(nt, s.count * 2u + 2, TAG('N', 't', 'S', 't'));
    if (!buffer)
        return false;
    string_store(nt, at, buffer, s.unit, s.count);
    return true;
}

void nt_finding(struct nt *nt, const char *rule, const char *format, ...)
{
    char text[256];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    EMIT(nt->w.events, finding, EVENT_STRING(rule), EVENT_STRING(text));
}
