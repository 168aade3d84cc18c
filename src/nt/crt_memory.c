/* src/nt/crt_memory.c -- mem* and Rtl*Memory. Long runs are done a few pages at
 * a time, so that interrupts come between. Source: C standard; WDK. */
#include <string.h>

#include "nt/crt.h"
#include "nt/exports.h"

enum { CHUNK = 4096, CHUNKS_AT_ONCE = 16 };

/* memmove(dst, src, count); progress in w[0]. */
static void move(struct call *c)
{
    gva_t to = call_va(c, 0), from = call_va(c, 1);
    uint32_t count = call_u32(c, 2);
    bool backward = to.v - from.v < count;
    uint8_t bytes[CHUNK];

    for (unsigned i = 0; i < CHUNKS_AT_ONCE && c->w[0] < count; i++) {
        uint32_t left = count - c->w[0];
        uint32_t n = left < CHUNK ? left : CHUNK;
        uint32_t at = backward ? left - n : c->w[0];

        load(c, gva_add(from, at), bytes, n);
        if (call_ok(c))
            store(c, gva_add(to, at), bytes, n);
        if (!call_ok(c))
            return;
        c->w[0] += n;
    }
    if (c->w[0] < count)
        call_again(c, 1);
    else
        call_return(c, to.v);
}

void thunk_memcpy(struct call *c)
{
    move(c);
}

void thunk_memmove(struct call *c)
{
    move(c);
}

void thunk_RtlMoveMemory(struct call *c)
{
    move(c);
}

/* Fill @count bytes at argument 0 with a repeated dword; progress in w[0]. */
static void fill(struct call *c, uint32_t count, uint32_t pattern)
{
    gva_t to = call_va(c, 0);
    uint8_t bytes[CHUNK];

    for (unsigned i = 0; i < CHUNK; i += 4)
        memcpy(bytes + i, &pattern, 4);
    for (unsigned i = 0; i < CHUNKS_AT_ONCE && c->w[0] < count; i++) {
        uint32_t left = count - c->w[0];
        uint32_t n = left < CHUNK ? left : CHUNK;

        store(c, gva_add(to, c->w[0]), bytes, n);
        if (!call_ok(c))
            return;
        c->w[0] += n;
    }
    if (c->w[0] < count)
        call_again(c, 1);
    else
        call_return(c, to.v);
}

void thunk_memset(struct call *c)
{
    fill(c, call_u32(c, 2), call_u8(c, 1) * 0x01010101u);
}

void thunk_RtlFillMemory(struct call *c)
{
    fill(c, call_u32(c, 1), call_u8(c, 2) * 0x01010101u);
}

void thunk_RtlZeroMemory(struct call *c)
{
    fill(c, call_u32(c, 1), 0);
}

void thunk_RtlFillMemoryUlong(struct call *c)
{
    fill(c, call_u32(c, 1) & ~3u, call_u32(c, 2));
}

/* Where two runs differ first; @count when they do not. Progress in w[0];
 * false: not finished, the routine has asked to come again. */
static bool first_difference(struct call *c, gva_t a, gva_t b, uint32_t count,
                             uint32_t *at)
{
    uint8_t x[CHUNK], y[CHUNK];

    for (unsigned i = 0; i < CHUNKS_AT_ONCE && c->w[0] < count; i++) {
        uint32_t left = count - c->w[0];
        uint32_t n = left < CHUNK ? left : CHUNK;

        load(c, gva_add(a, c->w[0]), x, n);
        load(c, gva_add(b, c->w[0]), y, n);
        if (!call_ok(c))
            return false;
        for (uint32_t k = 0; k < n; k++)
            if (x[k] != y[k]) {
                *at = c->w[0] + k;
                return true;
            }
        c->w[0] += n;
    }
    if (c->w[0] < count) {
        call_again(c, 1);
        return false;
    }
    *at = count;
    return true;
}

void thunk_memcmp(struct call *c)
{
    gva_t a = call_va(c, 0), b = call_va(c, 1);
    uint32_t count = call_u32(c, 2), at, less;

    if (!first_difference(c, a, b, count, &at))
        return;
    less =
        at < count && load_u8(c, gva_add(a, at)) < load_u8(c, gva_add(b, at));
    if (call_ok(c))
        call_return(c, at == count ? 0 : less ? UINT32_MAX : 1);
}

/** SIZE_T RtlCompareMemory(a, b, Length): bytes that are equal. */
void thunk_RtlCompareMemory(struct call *c)
{
    uint32_t at;

    if (first_difference(c, call_va(c, 0), call_va(c, 1), call_u32(c, 2), &at))
        call_return(c, at);
}

/** SIZE_T RtlCompareMemoryUlong(Source, Length, Pattern). */
void thunk_RtlCompareMemoryUlong(struct call *c)
{
    gva_t at = call_va(c, 0);
    uint32_t dwords = call_u32(c, 1) / 4;

    for (uint32_t i = c->w[0]; !text_part(c, i); i++)
        if (i == dwords || load_u32(c, gva_add(at, 4 * i)) != call_u32(c, 2)) {
            if (call_ok(c))
                call_return(c, 4 * i);
            return;
        }
}

void thunk_memchr(struct call *c)
{
    gva_t at = call_va(c, 0);
    uint32_t count = call_u32(c, 2);

    for (uint32_t i = c->w[0]; !text_part(c, i); i++) {
        bool found = i < count && load_u8(c, gva_add(at, i)) == call_u8(c, 1);

        if (!call_ok(c))
            return;
        if (found || i == count) {
            call_return(c, found ? at.v + i : 0);
            return;
        }
    }
}
