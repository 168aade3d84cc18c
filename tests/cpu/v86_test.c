/* tests/cpu/v86_test.c -- 16-bit code: real mode's far transfers and V86 mode's
 * way in and out. Source: SDM vol. 3A chapter 20. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "bench.h"

enum { IOPL3 = FLAG_IOPL, STACK16 = 0x30000 };

static struct outcome run(struct bench *b)
{
    b->cpu.s.halted = 0;
    return bench_run(b, 1);
}

/* Ring 0 returns to CS 1000h, IP 0 in V86 mode, @flags besides VM. */
static void enter_v86(struct bench *b, uint32_t flags)
{
    const uint32_t frame[] = {0,      CODE_AT >> 4, flags | FLAG_VM | 2,
                              0x100,  STACK16 >> 4, 0x2000,
                              0x2100, 0x2200,       0x2300};
    uint32_t at = b->cpu.s.reg[ESP] = STACK0 - 0x1000;

    for (unsigned n = 0; n < sizeof frame / sizeof *frame; n++)
        poke32(b, at + 4 * n, frame[n]);
    ram_write8(&b->ram, gpa_of(CODE_AT + 0x800), 0xcf);
    b->cpu.s.eip = CODE_AT + 0x800;
    assert_int_equal(run(b).vector, -1);
}

static void iret_enters_v86_mode(void **state)
{
    struct bench *b = *state;
    const struct cpu_state *s = &b->cpu.s;
    static const uint16_t want[CPU_SEGS] = {0x2000, CODE_AT >> 4, STACK16 >> 4,
                                            0x2100, 0x2200,       0x2300};

    enter_v86(b, IOPL3);
    assert_int_equal(s->cpl, 3);
    assert_true(s->eflags & FLAG_VM);
    assert_int_equal(s->eip, 0);
    assert_int_equal(s->reg[ESP], 0x100);
    for (unsigned seg = 0; seg < CPU_SEGS; seg++) {
        assert_int_equal(s->seg[seg].selector, want[seg]);
        assert_int_equal(s->seg[seg].base, (uint32_t)want[seg] << 4);
        assert_int_equal(s->seg[seg].limit, 0xffff);
    }
}

static void v86_code_is_16_bit_real_mode_code(void **state)
{
    struct bench *b = *state;

    CODE(b, 0xb8, 0x00, 0x30, 0x8e, 0xd8, 0xa1, 0x10, 0x00);
    ram_write16(&b->ram, gpa_of(0x30010), 0x1234);
    enter_v86(b, 0);
    for (unsigned n = 0; n < 3; n++) /* mov ax; mov ds, ax; mov ax, [10h] */
        assert_int_equal(run(b).vector, -1);
    assert_int_equal(b->cpu.s.reg[EAX] & 0xffff, 0x1234);
    assert_int_equal(b->cpu.s.seg[DS].base, 0x30000);
}

/* 20.2.7: these are #GP(0) below IOPL 3. */
static void iopl_protects_the_interrupt_flag(void **state)
{
    struct bench *b = *state;
    static const uint8_t code[][2] = {{0xfa}, {0xfb}, {0x9c},
                                      {0x9d}, {0xcf}, {0xcd, 0x80}};

    for (unsigned n = 0; n < sizeof code / sizeof *code; n++) {
        struct outcome o;

        bench_teardown(state);
        bench_setup(state);
        b = *state;
        bench_code(b, code[n], 2);
        enter_v86(b, 0);
        o = run(b);
        assert_int_equal(o.vector, EXC_GP);
        assert_int_equal(o.error, 0);
        assert_true(o.eflags & FLAG_VM);
    }
}

static void an_interrupt_leaves_v86_mode_with_its_segments(void **state)
{
    struct bench *b = *state;
    const struct cpu_state *s = &b->cpu.s;

    CODE(b, 0xcd, 0x80);
    enter_v86(b, IOPL3);
    assert_int_equal(run(b).vector, 0x80);
    assert_false(s->eflags & FLAG_VM);
    assert_int_equal(s->cpl, 0);
    assert_int_equal(s->reg[ESP], STACK0 - 36);
    assert_int_equal(peek32(b, STACK0 - 4), 0x2300);  /* GS */
    assert_int_equal(peek32(b, STACK0 - 8), 0x2200);  /* FS */
    assert_int_equal(peek32(b, STACK0 - 12), 0x2100); /* DS */
    assert_int_equal(peek32(b, STACK0 - 16), 0x2000); /* ES */
    assert_int_equal(peek32(b, STACK0 - 20), STACK16 >> 4);
    assert_int_equal(peek32(b, STACK0 - 24), 0x100);
    assert_true(peek32(b, STACK0 - 28) & FLAG_VM);
    assert_int_equal(peek32(b, STACK0 - 36), 2);
    assert_int_equal(s->seg[DS].selector, 0);
    assert_int_equal(s->seg[GS].selector, 0);
}

static void a_conforming_handler_cannot_take_v86_code(void **state)
{
    struct bench *b = *state;
    struct outcome o;

    bench_descriptor(b, SEL_FREE, 0, 0xfffff, 0xc09f);
    bench_gate(b, IDT_AT + 8 * 0x50, SEL_FREE, 0x100, 0xee, 0);
    CODE(b, 0xcd, 0x50);
    enter_v86(b, IOPL3);
    o = run(b);
    assert_int_equal(o.vector, EXC_GP);
    assert_int_equal(o.error, SEL_FREE);
}

static void protected_mode_instructions_are_invalid(void **state)
{
    struct bench *b = *state;
    static const uint8_t code[][3] = {
        {0x0f, 0x00, 0xc0}, /* sldt */
        {0x0f, 0x02, 0xc0}, /* lar */
        {0x0f, 0x03, 0xc0}, /* lsl */
        {0x63, 0xc0},       /* arpl */
    };

    for (unsigned n = 0; n < sizeof code / sizeof *code; n++) {
        bench_teardown(state);
        bench_setup(state);
        b = *state;
        bench_code(b, code[n], 3);
        enter_v86(b, IOPL3);
        assert_int_equal(run(b).vector, EXC_UD);
    }
}

/* In V86 mode the bitmap decides, whatever IOPL is: 20.2.8.1. */
static void ports_go_by_the_bitmap(void **state)
{
    struct bench *b = *state;

    CODE(b, 0xec);
    enter_v86(b, IOPL3);
    b->cpu.s.reg[EDX] = PROBE_PORT;
    assert_int_equal(run(b).vector, EXC_GP);
    assert_int_equal(b->probe->accesses, 0);
}

static void far_calls_of_real_mode_come_back(void **state)
{
    struct bench *b = *state;
    struct cpu_state *s = &b->cpu.s;

    cpu_reset(&b->cpu);
    s->seg[CS].selector = CODE_AT >> 4;
    s->seg[CS].base = CODE_AT;
    s->seg[SS].base = STACK16;
    s->reg[ESP] = 0x100;
    CODE(b, 0x9a, 0x10, 0x00, 0x00, 0x20);      /* call 2000:0010 */
    ram_write8(&b->ram, gpa_of(0x20010), 0xca); /* retf 2 */
    ram_write16(&b->ram, gpa_of(0x20011), 2);
    s->eip = 0;
    bench_step(b);
    assert_int_equal(s->eip, 0x10);
    assert_int_equal(s->seg[CS].base, 0x20000);
    assert_int_equal(peek32(b, STACK16 + 0xfc), 0x10000005);
    bench_step(b);
    assert_int_equal(s->eip, 5);
    assert_int_equal(s->reg[ESP], 0x102);
    CODE(b, 0x0f, 0x34); /* SYSENTER is of protected mode */
    s->eip = 0;
    poke32(b, 4 * EXC_GP, 0x30000123);
    bench_step(b);
    assert_int_equal(s->eip, 0x123);
}

/* A limit of 64 KiB is one in real mode too, and a jump may not leave it. */
static void real_mode_has_limits(void **state)
{
    struct bench *b = *state;
    struct cpu_state *s = &b->cpu.s;

    cpu_reset(&b->cpu);
    s->seg[CS].selector = CODE_AT >> 4;
    s->seg[CS].base = CODE_AT;
    s->seg[SS].base = STACK16;
    s->reg[ESP] = 0x100;
    s->reg[EBX] = 0xffff;
    poke32(b, 4 * EXC_GP, 0x30000123);
    CODE(b, 0x8b, 0x07); /* mov ax, [bx] */
    s->eip = 0;
    bench_step(b);
    assert_int_equal(s->eip, 0x123);
    assert_int_equal(s->seg[CS].selector, 0x3000);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, bench_setup, bench_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(iret_enters_v86_mode),
        TEST(v86_code_is_16_bit_real_mode_code),
        TEST(iopl_protects_the_interrupt_flag),
        TEST(an_interrupt_leaves_v86_mode_with_its_segments),
        TEST(a_conforming_handler_cannot_take_v86_code),
        TEST(protected_mode_instructions_are_invalid),
        TEST(ports_go_by_the_bitmap),
        TEST(far_calls_of_real_mode_come_back),
        TEST(real_mode_has_limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
