/* tests/cpu/table_test.c -- the opcode table as a whole: each row has a test,
 * and each byte that has no row is #UD. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "bench.h"
#include "cpu/ops.h"
#include "rows.h"

static void every_row_has_a_test(void **state)
{
    struct form *form = calloc(FORMS_MOST, sizeof *form);
    unsigned count = forms_all(form), missing = 0;

    (void)state;
    for (unsigned n = 0; n < count; n++) {
        char text[48];

        if (row_on_silicon(&form[n]) || row_on_fpu_silicon(&form[n]) ||
            row_elsewhere(&form[n]))
            continue;
        form_text(&form[n], text, sizeof text);
        print_error("no test: %s\n", text);
        missing++;
    }
    free(form);
    assert_int_equal(missing, 0);
}

static void expect_ud(struct bench *b, const uint8_t *code, unsigned bytes)
{
    struct outcome o;

    bench_ring3(b);
    bench_code(b, code, bytes);
    b->cpu.s.halted = 0;
    o = bench_run(b, 1);
    if (o.vector != EXC_UD)
        print_error("%02x %02x %02x: vector %d\n", code[0], code[1], code[2],
                    o.vector);
    assert_int_equal(o.vector, EXC_UD);
    assert_int_equal(o.eip, CODE_AT);
}

static bool is_prefix(unsigned code)
{
    return code == 0x26 || code == 0x2e || code == 0x36 || code == 0x3e ||
           (code >= 0x64 && code <= 0x67) || code == 0xf0 || code == 0xf2 ||
           code == 0xf3 || code == 0x0f;
}

/* An opcode of the 0F map with each mandatory prefix that makes nothing of it.
 */
static void without_simd(struct bench *b, uint8_t code)
{
    static const uint8_t prefix[SIMD_PREFIXES] = {0x3e, 0x66, 0xf3, 0xf2};

    for (unsigned n = 0; n < SIMD_PREFIXES; n++) {
        const struct opcode *o = &opcode_sse[n][code];

        if (!o->run && !(o->flags & F_GROUP))
            expect_ud(b, (const uint8_t[]){prefix[n], 0x0f, code, 0xc0}, 4);
        for (unsigned reg = 0; (o->flags & F_GROUP) && reg < 8; reg++)
            if (!opcode_group[o->group][reg].run)
                expect_ud(b,
                          (const uint8_t[]){prefix[n], 0x0f, code,
                                            (uint8_t)(0xc0 | reg << 3)},
                          4);
    }
}

static void an_empty_row_is_invalid_opcode(void **state)
{
    struct bench *b = *state;

    for (unsigned code = 0; code < 256; code++) {
        const struct opcode *o = &opcode_one[code];

        if (!is_prefix(code) && !o->run && !(o->flags & F_GROUP))
            expect_ud(b, (const uint8_t[]){(uint8_t)code, 0, 0}, 3);
        o = &opcode_0f[code];
        if (!o->run && !(o->flags & F_GROUP))
            without_simd(b, (uint8_t)code);
        for (unsigned reg = 0; (o->flags & F_GROUP) && reg < 8; reg++)
            if (!opcode_group[o->group][reg].run)
                expect_ud(b,
                          (const uint8_t[]){0x0f, (uint8_t)code,
                                            (uint8_t)(5 | reg << 3)},
                          3);
    }
}

/* SDM vol. 2, LOCK: #UD on all but the listed ones with a memory destination.
 */
static void lock_is_invalid_but_on_memory_updates(void **state)
{
    struct bench *b = *state;
    static const uint8_t bad[][3] = {
        {0xf0, 0x01, 0xc0}, /* add eax, eax */
        {0xf0, 0x03, 0x06}, /* add eax, [esi] */
        {0xf0, 0x39, 0x06}, /* cmp [esi], eax */
        {0xf0, 0x89, 0x06}, /* mov [esi], eax */
        {0xf0, 0x90, 0x90}, {0xf0, 0xa4, 0x90},
        {0xf0, 0xd1, 0x26}, {0xf0, 0xf7, 0x26}, /* mul [esi] */
        {0xf0, 0xff, 0x36},                     /* push [esi] */
    };
    static const uint8_t good[][4] = {
        {0xf0, 0x01, 0x06, 0x90}, {0xf0, 0xff, 0x06, 0x90},
        {0xf0, 0xf7, 0x16, 0x90}, {0xf0, 0x87, 0x06, 0x90},
        {0xf0, 0x0f, 0xb1, 0x06}, {0xf0, 0x0f, 0xab, 0x06},
        {0xf0, 0x0f, 0xc1, 0x06}, {0xf0, 0x0f, 0xc7, 0x0e},
    };

    b->cpu.s.reg[ESI] = DATA_AT;
    for (unsigned n = 0; n < sizeof bad / sizeof *bad; n++)
        expect_ud(b, bad[n], 3);
    for (unsigned n = 0; n < sizeof good / sizeof *good; n++) {
        bench_ring3(b);
        bench_code(b, good[n], 4);
        assert_int_equal(bench_run(b, 1).vector, -1);
    }
}

/* SDM vol. 2 2.3.11: more than 15 bytes are #GP. */
static void an_instruction_has_at_most_fifteen_bytes(void **state)
{
    struct bench *b = *state;
    uint8_t code[16];
    struct outcome o;

    for (unsigned n = 0; n < 15; n++)
        code[n] = 0x66;
    code[14] = 0x40; /* 14 prefixes and INC AX */
    bench_code(b, code, 15);
    assert_int_equal(bench_run(b, 1).vector, -1);
    code[14] = 0x66;
    code[15] = 0x40;
    bench_code(b, code, 16);
    o = bench_run(b, 1);
    assert_int_equal(o.vector, EXC_GP);
    assert_int_equal(o.error, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_has_a_test),
        cmocka_unit_test_setup_teardown(an_empty_row_is_invalid_opcode,
                                        bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(lock_is_invalid_but_on_memory_updates,
                                        bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(
            an_instruction_has_at_most_fifteen_bytes, bench_setup,
            bench_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
