/* src/nt/crt_math.c -- what the compiler calls: 64-bit arithmetic and the stack
 * probe. Source: the i386 helper conventions of Microsoft's compiler: two
 * 64-bit values on the stack, popped by the helper, result in EDX:EAX; shifts
 * take EDX:EAX and CL. */
#include "ke/call.h"
#include "nt/exports.h"

enum { INTEGER_DIVIDE_BY_ZERO = (int)0xc0000094 };

/* A zero divisor is what the division instruction would raise. */
static bool divisor_ok(struct call *c, uint64_t divisor)
{
    if (!divisor)
        call_raise(c, (uint32_t)INTEGER_DIVIDE_BY_ZERO);
    return divisor != 0;
}

static uint64_t magnitude(uint64_t v)
{
    return v >> 63 ? 0 - v : v;
}

void thunk__alldiv(struct call *c)
{
    uint64_t a = call_u64(c, 0), b = call_u64(c, 2), q;

    if (!divisor_ok(c, b))
        return;
    q = magnitude(a) / magnitude(b);
    call_return64(c, (a ^ b) >> 63 ? 0 - q : q);
}

void thunk__allrem(struct call *c)
{
    uint64_t a = call_u64(c, 0), b = call_u64(c, 2), r;

    if (!divisor_ok(c, b))
        return;
    r = magnitude(a) % magnitude(b);
    call_return64(c, a >> 63 ? 0 - r : r);
}

void thunk__aulldiv(struct call *c)
{
    uint64_t b = call_u64(c, 2);

    if (divisor_ok(c, b))
        call_return64(c, call_u64(c, 0) / b);
}

void thunk__aullrem(struct call *c)
{
    uint64_t b = call_u64(c, 2);

    if (divisor_ok(c, b))
        call_return64(c, call_u64(c, 0) % b);
}

void thunk__allmul(struct call *c)
{
    call_return64(c, call_u64(c, 0) * call_u64(c, 2));
}

static uint64_t shifted_value(const struct call *c)
{
    return c->cpu->s.reg[EAX] | (uint64_t)c->cpu->s.reg[EDX] << 32;
}

static unsigned shift_count(const struct call *c)
{
    return c->cpu->s.reg[ECX] & 255;
}

void thunk__allshl(struct call *c)
{
    unsigned n = shift_count(c);

    call_return64(c, n < 64 ? shifted_value(c) << n : 0);
}

void thunk__aullshr(struct call *c)
{
    unsigned n = shift_count(c);

    call_return64(c, n < 64 ? shifted_value(c) >> n : 0);
}

void thunk__allshr(struct call *c)
{
    unsigned n = shift_count(c);
    uint64_t v = shifted_value(c);
    uint64_t sign = v >> 63 ? UINT64_MAX : 0;

    if (n > 63)
        call_return64(c, sign);
    else
        call_return64(c, n ? v >> n | sign << (64 - n) : v);
}

/** _chkstk: touch each page of EAX bytes below the caller's stack pointer, then
 *  move it there; comes back as if the call had not pushed anything. */
void thunk__chkstk(struct call *c)
{
    uint32_t top = c->cpu->s.reg[ESP] + 4, bytes = c->cpu->s.reg[EAX];
    uint32_t back = load_u32(c, gva_of(top - 4));

    for (uint64_t at = 0; at < bytes && call_ok(c); at += PAGE_BYTES)
        load_u8(c, gva_of(top - (uint32_t)at - 4));
    load_u8(c, gva_of(top - bytes));
    if (call_ok(c))
        call_jump(c, gva_of(back), top - bytes, c->cpu->s.reg[EBP], bytes);
}
