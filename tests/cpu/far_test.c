/* tests/cpu/far_test.c -- far jumps, calls, returns, IRET, call gates,
 * SYSENTER. Source: SDM vol. 3A 5.8; vol. 2 under JMP, CALL, RET, IRET,
 * SYSENTER. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "bench.h"

enum {
    GATE = SEL_FREE,           /* a call gate, DPL 3 */
    CONFORMING = SEL_FREE + 8, /* code, DPL 0 */
    ABSENT = SEL_FREE + 16,    /* code, not present */
    SMALL = SEL_FREE + 24,     /* code of 100h bytes */
    TARGET = CODE_AT + 0x400,
    OUTSIDE = 0x7f8,
};

static int setup(void **state)
{
    struct bench *b;

    bench_setup(state);
    b = *state;
    bench_gate(b, GDT_AT + GATE, SEL_CODE0, TARGET, 0xec, 0);
    bench_descriptor(b, CONFORMING, 0, 0xfffff, 0xc09f);
    bench_descriptor(b, ABSENT, 0, 0xfffff, 0xc01b);
    bench_descriptor(b, SMALL, 0, 0xff, 0x409b);
    return 0;
}

static struct outcome run(struct bench *b)
{
    b->cpu.s.halted = 0;
    return bench_run(b, 1);
}

static void far_pointer(struct bench *b, uint8_t opcode, uint16_t selector,
                        uint32_t offset)
{
    CODE(b, opcode, (uint8_t)offset, (uint8_t)(offset >> 8),
         (uint8_t)(offset >> 16), (uint8_t)(offset >> 24), (uint8_t)selector,
         (uint8_t)(selector >> 8));
}

static void a_far_jump_loads_cs(void **state)
{
    struct bench *b = *state;

    far_pointer(b, 0xea, CONFORMING, TARGET);
    assert_int_equal(run(b).vector, -1);
    assert_int_equal(b->cpu.s.eip, TARGET);
    assert_int_equal(b->cpu.s.seg[CS].selector, CONFORMING);
}

static void far_targets_are_checked(void **state)
{
    struct bench *b = *state;
    static const struct {
        uint16_t selector;
        uint8_t vector;
        uint32_t error;
    } row[] = {
        {0, EXC_GP, 0},
        {OUTSIDE, EXC_GP, OUTSIDE},
        {SEL_DATA0, EXC_GP, SEL_DATA0},
        {SEL_CODE3, EXC_GP, SEL_CODE3 & ~3u},
        {SEL_CODE0 | 3, EXC_GP, SEL_CODE0}, /* RPL above CPL */
        {ABSENT, EXC_NP, ABSENT},
        {SMALL, EXC_GP, 0}, /* beyond the limit */
        {SEL_LDT, EXC_GP, SEL_LDT},
    };

    for (unsigned n = 0; n < sizeof row / sizeof *row; n++) {
        static const uint8_t opcode[] = {0xea, 0x9a};

        for (unsigned k = 0; k < 2; k++) {
            uint32_t esp = b->cpu.s.reg[ESP] = STACK0 - 0x1000;
            struct outcome o;

            far_pointer(b, opcode[k], row[n].selector, TARGET);
            o = run(b);
            assert_int_equal(o.vector, row[n].vector);
            assert_int_equal(o.error, row[n].error);
            assert_int_equal(o.eip, CODE_AT);
            assert_int_equal(o.esp, esp);
        }
    }
}

static void a_far_call_comes_back(void **state)
{
    struct bench *b = *state;
    uint32_t esp = b->cpu.s.reg[ESP];

    ram_write8(&b->ram, gpa_of(TARGET), 0xcb);
    far_pointer(b, 0x9a, CONFORMING, TARGET);
    run(b);
    assert_int_equal(peek32(b, esp - 4), SEL_CODE0);
    assert_int_equal(peek32(b, esp - 8), CODE_AT + 7);
    run(b);
    assert_int_equal(b->cpu.s.eip, CODE_AT + 7);
    assert_int_equal(b->cpu.s.seg[CS].selector, SEL_CODE0);
    assert_int_equal(b->cpu.s.reg[ESP], esp);
}

static void memory_holds_far_pointers_too(void **state)
{
    struct bench *b = *state;

    b->cpu.s.reg[ESI] = DATA_AT;
    poke32(b, DATA_AT, TARGET);
    poke32(b, DATA_AT + 4, CONFORMING);
    CODE(b, 0xff, 0x2e);
    run(b);
    assert_int_equal(b->cpu.s.eip, TARGET);
    CODE(b, 0xff, 0x1e);
    run(b);
    assert_int_equal(b->cpu.s.eip, TARGET);
    CODE(b, 0xff, 0xd8 | 6); /* a register holds none */
    assert_int_equal(run(b).vector, EXC_UD);
}

static void a_call_gate_goes_inward_with_its_parameters(void **state)
{
    struct bench *b = *state;

    bench_gate(b, GDT_AT + GATE, SEL_CODE0, TARGET, 0xec, 2);
    bench_ring3(b);
    poke32(b, STACK3, 0x11);
    poke32(b, STACK3 + 4, 0x22);
    far_pointer(b, 0x9a, GATE | 3, 0xdead);
    assert_int_equal(run(b).vector, -1);
    assert_int_equal(b->cpu.s.cpl, 0);
    assert_int_equal(b->cpu.s.eip, TARGET);
    assert_int_equal(b->cpu.s.reg[ESP], STACK0 - 24);
    assert_int_equal(peek32(b, STACK0 - 4), SEL_DATA3);
    assert_int_equal(peek32(b, STACK0 - 8), STACK3);
    assert_int_equal(peek32(b, STACK0 - 12), 0x22);
    assert_int_equal(peek32(b, STACK0 - 16), 0x11);
    assert_int_equal(peek32(b, STACK0 - 20), SEL_CODE3);
    assert_int_equal(peek32(b, STACK0 - 24), CODE_AT + 7);
    /* and RETF 8 goes back, releasing them on both stacks */
    ram_write(&b->ram, gpa_of(TARGET), (const uint8_t[]){0xca, 8, 0}, 3);
    assert_int_equal(run(b).vector, -1);
    assert_int_equal(b->cpu.s.cpl, 3);
    assert_int_equal(b->cpu.s.eip, CODE_AT + 7);
    assert_int_equal(b->cpu.s.reg[ESP], STACK3 + 8);
    assert_int_equal(b->cpu.s.seg[SS].selector, SEL_DATA3);
}

static void call_gates_are_checked(void **state)
{
    struct bench *b = *state;
    static const struct {
        uint16_t target;
        uint8_t access;
        uint8_t vector;
        uint32_t error;
    } row[] = {
        {SEL_CODE0, 0x8c, EXC_GP, GATE}, /* DPL below CPL */
        {SEL_CODE0, 0x6c, EXC_NP, GATE}, /* not present */
        {0, 0xec, EXC_GP, 0},
        {SEL_DATA0, 0xec, EXC_GP, SEL_DATA0},
        {ABSENT, 0xec, EXC_NP, ABSENT},
    };

    for (unsigned n = 0; n < sizeof row / sizeof *row; n++) {
        struct outcome o;

        bench_gate(b, GDT_AT + GATE, row[n].target, TARGET, row[n].access, 0);
        bench_ring3(b);
        far_pointer(b, 0x9a, GATE | 3, 0);
        o = run(b);
        assert_int_equal(o.vector, row[n].vector);
        assert_int_equal(o.error, row[n].error);
    }
    /* JMP through a gate may not change the privilege */
    bench_gate(b, GDT_AT + GATE, SEL_CODE0, TARGET, 0xec, 0);
    bench_ring3(b);
    far_pointer(b, 0xea, GATE | 3, 0);
    assert_int_equal(run(b).error, SEL_CODE0);
}

/* An IRET frame at ESP. */
static void frame(struct bench *b, uint32_t cs, uint32_t flags, uint32_t esp,
                  uint32_t ss)
{
    uint32_t at = b->cpu.s.reg[ESP] = STACK0 - 0x1000;

    poke32(b, at, TARGET);
    poke32(b, at + 4, cs);
    poke32(b, at + 8, flags);
    poke32(b, at + 12, esp);
    poke32(b, at + 16, ss);
    CODE(b, 0xcf);
}

static void iret_goes_outward(void **state)
{
    struct bench *b = *state;
    struct cpu_state *s = &b->cpu.s;

    assert_true(cpu_set_segment(&b->cpu, ES, SEL_DATA3));
    frame(b, SEL_CODE3, 2 | FLAG_IF | FLAG_IOPL | FLAG_DF, STACK3, SEL_DATA3);
    assert_int_equal(run(b).vector, -1);
    assert_int_equal(s->cpl, 3);
    assert_int_equal(s->eip, TARGET);
    assert_int_equal(s->reg[ESP], STACK3);
    assert_int_equal(s->eflags, 2 | FLAG_IF | FLAG_IOPL | FLAG_DF);
    assert_int_equal(s->seg[DS].selector, 0); /* ring 0's: may not stay */
    assert_int_equal(s->seg[ES].selector, SEL_DATA3);
    assert_int_equal(s->seg[SS].selector, SEL_DATA3);
}

static void iret_frames_are_checked(void **state)
{
    struct bench *b = *state;
    static const struct {
        uint16_t cs, ss;
        uint8_t vector;
        uint32_t error;
    } row[] = {
        {0, 0, EXC_GP, 0},
        {OUTSIDE, 0, EXC_GP, OUTSIDE},
        {SEL_DATA0, 0, EXC_GP, SEL_DATA0},
        {SEL_CODE0 | 3, SEL_DATA3, EXC_GP, SEL_CODE0}, /* DPL is not RPL */
        {ABSENT, 0, EXC_NP, ABSENT},
        {SMALL, 0, EXC_GP, 0},
        {SEL_CODE3, 0, EXC_GP, 0},
        {SEL_CODE3, SEL_DATA0, EXC_GP, SEL_DATA0},
        {SEL_CODE3, SEL_DATA0 | 3, EXC_GP, SEL_DATA0},
        {SEL_CODE3, SEL_CODE3, EXC_GP, SEL_CODE3 & ~3u},
        {SEL_CODE3, OUTSIDE | 3, EXC_GP, OUTSIDE},
    };

    for (unsigned n = 0; n < sizeof row / sizeof *row; n++) {
        struct outcome o;

        frame(b, row[n].cs, 2, STACK3, row[n].ss);
        o = run(b);
        assert_int_equal(o.vector, row[n].vector);
        assert_int_equal(o.error, row[n].error);
        assert_int_equal(o.eip, CODE_AT);
        assert_int_equal(o.esp, STACK0 - 0x1000);
    }
}

/* Vol. 2, IRET: IF by CPL <= IOPL, IOPL by CPL 0. */
static void iret_at_ring_3_keeps_if_and_iopl(void **state)
{
    struct bench *b = *state;

    bench_ring3(b);
    b->cpu.s.reg[ESP] = STACK3;
    poke32(b, STACK3, TARGET);
    poke32(b, STACK3 + 4, SEL_CODE3);
    poke32(b, STACK3 + 8, 2 | FLAG_IF | FLAG_IOPL | FLAG_CF);
    CODE(b, 0xcf);
    assert_int_equal(run(b).vector, -1);
    assert_int_equal(b->cpu.s.eflags, 2 | FLAG_CF);
    bench_ring3(b);
    poke32(b, STACK3 + 4, SEL_CODE0); /* inward is never a return */
    CODE(b, 0xcf);
    assert_int_equal(run(b).vector, EXC_GP);
}

static void iret_with_nt_finds_no_task(void **state)
{
    struct bench *b = *state;

    frame(b, SEL_CODE0, 2, 0, 0);
    b->cpu.s.eflags |= FLAG_NT;
    assert_int_equal(run(b).vector, EXC_TS);
}

static void sysenter_and_sysexit(void **state)
{
    struct bench *b = *state;
    struct cpu_state *s = &b->cpu.s;

    CODE(b, 0x0f, 0x34);
    assert_int_equal(run(b).vector, EXC_GP); /* no SYSENTER_CS */
    s->sysenter_cs = SEL_CODE0;
    s->sysenter_esp = STACK0;
    s->sysenter_eip = TARGET;
    bench_ring3(b);
    s->eflags |= FLAG_IF;
    CODE(b, 0x0f, 0x34);
    run(b);
    assert_int_equal(s->cpl, 0);
    assert_int_equal(s->eip, TARGET);
    assert_int_equal(s->reg[ESP], STACK0);
    assert_int_equal(s->seg[SS].selector, SEL_CODE0 + 8);
    assert_false(s->eflags & FLAG_IF);
    s->reg[ECX] = STACK3;
    s->reg[EDX] = CODE_AT;
    CODE(b, 0x0f, 0x35);
    run(b);
    assert_int_equal(s->cpl, 3);
    assert_int_equal(s->seg[CS].selector, SEL_CODE0 + 16 + 3);
    assert_int_equal(s->seg[SS].selector, SEL_CODE0 + 24 + 3);
    assert_int_equal(s->reg[ESP], STACK3);
    bench_ring3(b);
    CODE(b, 0x0f, 0x35);
    assert_int_equal(run(b).vector, EXC_GP);
}

/* The way from reset to 32-bit protected mode, as a boot stub goes it. */
static void real_mode_reaches_protected_mode(void **state)
{
    struct bench *b = *state;
    struct cpu_state *s = &b->cpu.s;
    static const uint8_t stub[] = {
        0xb8, 0x00, 0x10,                                 /* mov ax, 1000h */
        0x8e, 0xd8,                                       /* mov ds, ax */
        0x66, 0x0f, 0x01, 0x16, 0x80, 0x00,               /* lgdt [80h] */
        0x0f, 0x20, 0xc0,                                 /* mov eax, cr0 */
        0x0c, 0x01,                                       /* or al, 1 */
        0x0f, 0x22, 0xc0,                                 /* mov cr0, eax */
        0x66, 0xea, 0,    4,    1,    0,    SEL_CODE0, 0, /* jmp 8:10400h */
    };
    static const uint8_t code32[] = {0xb8, SEL_DATA0, 0, 0, 0, 0x8e, 0xd8};

    cpu_reset(&b->cpu);
    assert_int_equal(s->seg[CS].base, 0xffff0000);
    assert_int_equal(s->eip, 0xfff0);
    s->seg[CS].selector = 0x1000;
    s->seg[CS].base = CODE_AT;
    bench_code(b, stub, sizeof stub);
    poke32(b, CODE_AT + 0x80, 8 * GDT_ENTRIES - 1);
    poke32(b, CODE_AT + 0x82, GDT_AT);
    ram_write(&b->ram, gpa_of(TARGET), code32, sizeof code32);
    s->eip = 0;
    for (unsigned n = 0; n < 9; n++)
        bench_step(b);
    assert_int_equal(s->eip, TARGET + sizeof code32);
    assert_int_equal(s->seg[DS].limit, UINT32_MAX);
    assert_int_equal(s->gdtr.base, GDT_AT);
}

static void real_mode_interrupts_use_the_vector_table(void **state)
{
    struct bench *b = *state;
    struct cpu_state *s = &b->cpu.s;

    cpu_reset(&b->cpu);
    s->seg[CS].selector = 0x1000;
    s->seg[CS].base = CODE_AT;
    s->seg[SS].base = 0x30000;
    s->reg[ESP] = 0x100;
    s->eflags |= FLAG_IF;
    poke32(b, 0x20 * 4, 0x20000123);
    CODE(b, 0xcd, 0x20);
    s->eip = 0;
    bench_step(b);
    assert_int_equal(s->eip, 0x123);
    assert_int_equal(s->seg[CS].base, 0x20000);
    assert_int_equal(s->reg[ESP], 0xfa);
    assert_int_equal(peek32(b, 0x300fa), 0x10000002);
    assert_false(s->eflags & FLAG_IF);
    ram_write8(&b->ram, gpa_of(0x20123), 0xcf);
    bench_step(b);
    assert_int_equal(s->eip, 2);
    assert_int_equal(s->seg[CS].base, CODE_AT);
    assert_true(s->eflags & FLAG_IF);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, bench_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_far_jump_loads_cs),
        TEST(far_targets_are_checked),
        TEST(a_far_call_comes_back),
        TEST(memory_holds_far_pointers_too),
        TEST(a_call_gate_goes_inward_with_its_parameters),
        TEST(call_gates_are_checked),
        TEST(iret_goes_outward),
        TEST(iret_frames_are_checked),
        TEST(iret_at_ring_3_keeps_if_and_iopl),
        TEST(iret_with_nt_finds_no_task),
        TEST(sysenter_and_sysexit),
        TEST(real_mode_reaches_protected_mode),
        TEST(real_mode_interrupts_use_the_vector_table),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
