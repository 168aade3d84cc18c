/* tests/board/code.c -- see code.h. Source: SDM vol. 2. */
#include "code.h"

static void byte(struct code *c, uint32_t v)
{
    assert_true(c->count < sizeof c->bytes);
    c->bytes[c->count++] = (uint8_t)v;
}

static void dword(struct code *c, uint32_t v)
{
    for (unsigned i = 0; i < 4; i++)
        byte(c, v >> 8 * i);
}

void code_raw(struct code *c, const void *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        byte(c, ((const uint8_t *)bytes)[i]);
}

static void port_to_dx(struct code *c, uint16_t port)
{
    byte(c, 0xba); /* mov edx, imm32 */
    dword(c, port);
}

void code_out(struct code *c, uint16_t port, uint32_t value, unsigned bytes)
{
    port_to_dx(c, port);
    byte(c, 0xb8); /* mov eax, imm32 */
    dword(c, value);
    byte(c, bytes == 1 ? 0xee : 0xef); /* out dx, al/eax */
}

uint32_t code_keep(struct code *c)
{
    byte(c, 0xa3); /* mov [moffs32], eax */
    dword(c, CODE_RESULTS + 4 * c->results);
    return c->results++;
}

uint32_t code_in(struct code *c, uint16_t port, unsigned bytes)
{
    port_to_dx(c, port);
    code_raw(c, "\x31\xc0", 2);        /* xor eax, eax */
    byte(c, bytes == 1 ? 0xec : 0xed); /* in al/eax, dx */
    return code_keep(c);
}

struct machine *code_run(struct code *c, const char *const *cards)
{
    struct machine_stop stop;
    struct machine *m;

    byte(c, 0xf4); /* hlt */
    m = bare_create(cards, c->bytes, c->count);
    assert_int_equal(machine_run(m, 1000000, &stop), STOP_IDLE);
    return m;
}

uint32_t code_result(const struct machine *m, uint32_t number)
{
    uint32_t v = 0;

    assert_true(
        inspect_physical(m, gpa_of(CODE_RESULTS + 4 * number), &v, sizeof v));
    return v;
}
