/* tests/cpu/string_test.c -- repeated strings in one run and tick by tick: the
 * same registers, memory and time, wherever the run is cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "bench.h"
#include "forms.h"

enum { CASES = 400, WINDOW = 3 * PAGE_BYTES };

static struct bench *prepared(uint64_t seed)
{
    static const uint8_t op[] = {0xa4, 0xa5, 0xaa, 0xab, 0xa6,
                                 0xa7, 0xac, 0xad, 0xae, 0xaf};
    struct bench *b = bench_create(RAM_BYTES);
    struct cpu_state *s = &b->cpu.s;
    uint32_t code;

    bench_paging(b);
    for (uint32_t at = 0; at < WINDOW; at += 4)
        poke32(b, DATA_AT + at, form_random(&seed));
    s->reg[EAX] = form_random(&seed);
    s->reg[ECX] = form_random(&seed) % 1500;
    s->reg[ESI] = DATA_AT + form_random(&seed) % (2 * PAGE_BYTES);
    s->reg[EDI] = s->reg[ESI] + form_random(&seed) % 64 - 32;
    if (form_random(&seed) % 2)
        s->reg[EDI] = DATA_AT + form_random(&seed) % (2 * PAGE_BYTES);
    if (form_random(&seed) % 8 == 0)
        s->eflags |= FLAG_DF;
    if (form_random(&seed) % 4 == 0) /* a page that is not there */
        poke32(b, bench_pte(DATA_AT + 2 * PAGE_BYTES), 0);
    code = 0xf3u - form_random(&seed) % 2;
    code |= (uint32_t)op[form_random(&seed) % sizeof op] << 8 | 0xf40000;
    if (form_random(&seed) % 8 == 0)
        code = 0x66 | code << 8;
    poke32(b, CODE_AT, code | (code >> 24 ? 0 : 0xf4000000));
    return b;
}

/* @cut ticks a run, to the HLT behind it or a fault's handler. */
static void run_cut(struct bench *b, uint32_t cut)
{
    for (unsigned n = 0; n < 4000; n++) {
        b->clock.until = b->clock.now + cut;
        if (cpu_run(&b->cpu) == CPU_HALTED)
            return;
    }
    fail_msg("the repeat does not end");
}

static void a_cut_run_is_the_same_run(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= CASES; seed++) {
        struct bench *whole = prepared(seed), *cut = prepared(seed);

        run_cut(whole, 1000000);
        run_cut(cut, 1 + (uint32_t)seed % 7);
        assert_memory_equal(whole->cpu.s.reg, cut->cpu.s.reg,
                            sizeof cut->cpu.s.reg);
        assert_int_equal(whole->cpu.s.eip, cut->cpu.s.eip);
        assert_int_equal(whole->clock.now, cut->clock.now);
        assert_memory_equal(whole->ram.base + DATA_AT, cut->ram.base + DATA_AT,
                            WINDOW);
        bench_destroy(whole);
        bench_destroy(cut);
    }
}

static void the_copy_is_what_memory_says(void **state)
{
    struct bench *b = bench_create(RAM_BYTES);
    uint8_t want[600];

    (void)state;
    bench_paging(b);
    for (unsigned n = 0; n < sizeof want; n++)
        want[n] = (uint8_t)(n * 11);
    ram_write(&b->ram, gpa_of(DATA_AT + 3900), want, sizeof want);
    CODE(b, 0xf3, 0xa4, 0xf4);
    b->cpu.s.reg[ESI] = DATA_AT + 3900;
    b->cpu.s.reg[EDI] = DATA_AT + 0x5ff0;
    b->cpu.s.reg[ECX] = sizeof want;
    b->clock.until = 10000;
    cpu_run(&b->cpu);
    assert_memory_equal(b->ram.base + DATA_AT + 0x5ff0, want, sizeof want);
    assert_int_equal(b->clock.now, sizeof want + 1);
    bench_destroy(b);
}

/* One byte ahead, a forward copy repeats the first byte. */
static void an_overlapping_copy_repeats_its_pattern(void **state)
{
    struct bench *b = bench_create(RAM_BYTES);

    (void)state;
    poke32(b, DATA_AT, 0x5a);
    CODE(b, 0xf3, 0xa4, 0xf4);
    b->cpu.s.reg[ESI] = DATA_AT;
    b->cpu.s.reg[EDI] = DATA_AT + 1;
    b->cpu.s.reg[ECX] = 100;
    b->clock.until = 10000;
    cpu_run(&b->cpu);
    for (unsigned n = 0; n <= 100; n++)
        assert_int_equal(b->ram.base[DATA_AT + n], 0x5a);
    bench_destroy(b);
}

/* REP STOS over itself: the iteration that changed it is its last. */
static void a_repeat_that_overwrites_itself_ends(void **state)
{
    (void)state;
    for (uint32_t cut = 1; cut < 20; cut++) {
        struct bench *b = bench_create(RAM_BYTES);

        CODE(b, 0xf3, 0xaa, 0x90, 0x90, 0xf4);
        b->cpu.s.reg[EAX] = 0xf4;
        b->cpu.s.reg[ECX] = 100;
        b->cpu.s.reg[EDI] = CODE_AT - 5;
        run_cut(b, cut);
        assert_int_equal(b->cpu.s.reg[ECX], 94); /* 5 before, 1 on the F3 */
        assert_int_equal(b->cpu.s.eip, CODE_AT + 1);
        bench_destroy(b);
    }
}

static void compares_stop_where_the_condition_ends(void **state)
{
    struct bench *b = bench_create(RAM_BYTES);

    (void)state;
    poke32(b, DATA_AT, 0x44332211);
    CODE(b, 0xf2, 0xae, 0xf4); /* repne scasb */
    b->cpu.s.reg[EAX] = 0x33;
    b->cpu.s.reg[EDI] = DATA_AT;
    b->cpu.s.reg[ECX] = 100;
    b->clock.until = 10000;
    cpu_run(&b->cpu);
    assert_int_equal(b->cpu.s.reg[ECX], 97);
    assert_int_equal(b->cpu.s.reg[EDI], DATA_AT + 3);
    assert_int_equal(b->clock.now, 4);
    bench_destroy(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cut_run_is_the_same_run),
        cmocka_unit_test(the_copy_is_what_memory_says),
        cmocka_unit_test(an_overlapping_copy_repeats_its_pattern),
        cmocka_unit_test(a_repeat_that_overwrites_itself_ends),
        cmocka_unit_test(compares_stop_where_the_condition_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
