/* tests/cpu/task_test.c -- task switches: JMP, CALL, IRET, task gates in GDT
 * and IDT, 16- and 32-bit TSS, and what can be wrong. Source: SDM vol. 3A
 * chapter 7. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "bench.h"

enum {
    OTHER = SEL_FREE,     /* a 32-bit TSS */
    SMALL = SEL_FREE + 8, /* a 16-bit one */
    GATE = SEL_FREE + 16, /* a task gate to OTHER */
    ABSENT = SEL_FREE + 24,
    READ_ONLY = SEL_FREE + 32,
    EXECUTE = SEL_FREE + 40, /* execute-only, DPL 0 */
    STACK16 = SEL_FREE + 48,
    OTHER_AT = 0x5000,
    SMALL_AT = 0x6000,
    STACK = 0xb000,
    TARGET = CODE_AT + 0x800,
    BUSY = 2,
};

static unsigned type_of(struct bench *b, uint16_t selector)
{
    return ram_read8(&b->ram, gpa_of(GDT_AT + selector + 5u)) & 15;
}

static int setup(void **state)
{
    static const uint16_t seg[] = {SEL_DATA0, SEL_CODE0, SEL_DATA0,
                                   SEL_DATA3, SEL_DATA0, 0};
    struct bench *b;

    bench_setup(state);
    b = *state;
    bench_descriptor(b, OTHER, OTHER_AT, 0x67, 0x89);
    bench_descriptor(b, SMALL, SMALL_AT, 0x2b, 0x81);
    bench_gate(b, GDT_AT + GATE, OTHER, 0, 0xe5, 0);
    bench_descriptor(b, ABSENT, 0, 0xfffff, 0xc013);
    bench_descriptor(b, READ_ONLY, 0, 0xfffff, 0xc091);
    bench_descriptor(b, EXECUTE, 0, 0xfffff, 0xc099);
    bench_descriptor(b, STACK16, 0, 0xffff, 0x0093);
    for (unsigned r = 0; r < CPU_REGS; r++) {
        poke32(b, OTHER_AT + 40 + 4 * r, r == ESP ? STACK : 0x11110000 + r);
        ram_write16(&b->ram, gpa_of(SMALL_AT + 18 + 2 * r),
                    (uint16_t)(r == ESP ? STACK : 0x2200 + r));
    }
    for (unsigned n = 0; n < CPU_SEGS; n++) {
        poke32(b, OTHER_AT + 72 + 4 * n, seg[n]);
        if (n < FS)
            ram_write16(&b->ram, gpa_of(SMALL_AT + 34 + 2 * n),
                        n == SS ? (uint16_t)STACK16 : seg[n]);
    }
    poke32(b, OTHER_AT + 32, TARGET);
    poke32(b, OTHER_AT + 36, 2 | FLAG_CF);
    ram_write16(&b->ram, gpa_of(SMALL_AT + 14), 0x9000);
    ram_write16(&b->ram, gpa_of(SMALL_AT + 16), 2 | FLAG_ZF);
    ram_write8(&b->ram, gpa_of(TARGET), 0xcf); /* iret */
    b->cpu.s.reg[ESI] = 0x51515151;
    return 0;
}

static struct outcome run(struct bench *b)
{
    b->cpu.s.halted = 0;
    return bench_run(b, 1);
}

static struct outcome far(struct bench *b, uint8_t opcode, uint16_t selector)
{
    const uint8_t code[] = {
        opcode, 0, 0, 0, 0, (uint8_t)selector, (uint8_t)(selector >> 8)};

    bench_code(b, code, sizeof code);
    return run(b);
}

static void a_jump_saves_one_task_and_loads_the_other(void **state)
{
    struct bench *b = *state;
    const struct cpu_state *s = &b->cpu.s;
    uint32_t esp = s->reg[ESP];

    assert_int_equal(far(b, 0xea, OTHER).vector, -1);
    assert_int_equal(peek32(b, TSS_AT + 32), CODE_AT + 7);
    assert_int_equal(peek32(b, TSS_AT + 40 + 4 * ESP), esp);
    assert_int_equal(peek32(b, TSS_AT + 40 + 4 * ESI), 0x51515151);
    assert_int_equal(peek32(b, TSS_AT + 72 + 4 * CS), SEL_CODE0);
    assert_int_equal(s->eip, TARGET);
    assert_int_equal(s->eflags, 2 | FLAG_CF);
    assert_int_equal(s->reg[EDI], 0x11110000 + EDI);
    assert_int_equal(s->reg[ESP], STACK);
    assert_int_equal(s->seg[DS].selector, SEL_DATA3);
    assert_int_equal(s->seg[GS].access, 0);
    assert_int_equal(s->tr.selector, OTHER);
    assert_true(s->cr0 & CR0_TS);
    assert_int_equal(type_of(b, SEL_TSS), 9);
    assert_int_equal(type_of(b, OTHER), 9 | BUSY);
}

/* Table 7-2. */
static void a_call_nests_and_iret_comes_back(void **state)
{
    static const uint16_t by[] = {OTHER, GATE};

    for (unsigned n = 0; n < 2; n++) {
        struct bench *b = *state;
        const struct cpu_state *s = &b->cpu.s;

        assert_int_equal(far(b, 0x9a, by[n]).vector, -1);
        assert_int_equal(s->eflags, 2 | FLAG_CF | FLAG_NT);
        assert_int_equal(peek32(b, OTHER_AT), SEL_TSS);
        assert_int_equal(type_of(b, SEL_TSS), 9 | BUSY);
        assert_int_equal(type_of(b, OTHER), 9 | BUSY);
        assert_int_equal(run(b).vector, -1);
        assert_int_equal(s->eip, CODE_AT + 7);
        assert_int_equal(s->eflags, 2);
        assert_int_equal(s->reg[ESI], 0x51515151);
        assert_int_equal(s->tr.selector, SEL_TSS);
        assert_int_equal(type_of(b, SEL_TSS), 9 | BUSY);
        assert_int_equal(type_of(b, OTHER), 9);
        assert_int_equal(peek32(b, OTHER_AT + 32), TARGET + 1);
        assert_int_equal(peek32(b, OTHER_AT + 36) & FLAG_NT, 0);
        bench_teardown(state);
        setup(state);
    }
}

static void a_16_bit_tss_has_words(void **state)
{
    struct bench *b = *state;
    const struct cpu_state *s = &b->cpu.s;

    ram_write8(&b->ram, gpa_of(0x9000), 0xcf);
    assert_int_equal(far(b, 0x9a, SMALL).vector, -1);
    assert_int_equal(s->eip, 0x9000);
    assert_int_equal(s->eflags, 2 | FLAG_ZF | FLAG_NT);
    assert_int_equal(s->reg[EBX] & 0xffff, 0x2200 + EBX);
    assert_int_equal(s->seg[FS].selector, 0);
    assert_int_equal(run(b).vector, -1); /* iret */
    assert_int_equal(s->eip, CODE_AT + 7);
    assert_int_equal(s->reg[ESI], 0x51515151);
    assert_int_equal(ram_read16(&b->ram, gpa_of(SMALL_AT + 14)), 0x9001);
    assert_int_equal(type_of(b, SMALL), 1);
}

static void an_exception_switches_by_a_task_gate(void **state)
{
    struct bench *b = *state;
    const struct cpu_state *s = &b->cpu.s;

    bench_gate(b, IDT_AT + 8 * EXC_GP, OTHER, 0, 0xe5, 0);
    CODE(b, 0xb8, 0x18, 0, 0, 0, 0x8e, 0xd0); /* mov eax, 18h; mov ss, ax */
    bench_descriptor(b, 0x18, 0, 0xfffff, 0xc091);
    run(b);
    run(b);
    assert_int_equal(s->eip, TARGET);
    assert_int_equal(s->reg[ESP], STACK - 4);
    assert_int_equal(peek32(b, STACK - 4), 0x18); /* error code */
    assert_int_equal(peek32(b, TSS_AT + 32), CODE_AT + 5);
    assert_int_equal(peek32(b, TSS_AT + 36) & FLAG_RF, FLAG_RF);
    assert_true(s->eflags & FLAG_NT);
}

/* What is wrong with the TSS is the old task's fault, with nothing changed. */
static void bad_tss_descriptors(void **state)
{
    static const struct {
        uint16_t access, limit, selector;
        uint8_t opcode, vector;
        uint16_t error;
    } row[] = {
        {0x09, 0x67, OTHER, 0xea, EXC_NP, OTHER},
        {0x8b, 0x67, OTHER, 0xea, EXC_GP, OTHER},
        {0x8b, 0x67, OTHER, 0x9a, EXC_GP, OTHER},
        {0x8b, 0x67, GATE, 0xea, EXC_GP, OTHER},
        {0x09, 0x67, GATE, 0xea, EXC_NP, OTHER},
        {0x89, 0x66, OTHER, 0xea, EXC_TS, OTHER},
        {0x81, 0x2a, OTHER, 0x9a, EXC_TS, OTHER},
        {0x89, 0x67, OTHER + 3, 0xea, EXC_GP, OTHER}, /* RPL > DPL */
        {0x82, 0x67, GATE, 0xea, EXC_GP, OTHER},      /* an LDT */
    };

    for (unsigned n = 0; n < sizeof row / sizeof *row; n++) {
        struct bench *b = *state;
        struct outcome o;

        bench_descriptor(b, OTHER, OTHER_AT, row[n].limit, row[n].access);
        o = far(b, row[n].opcode, row[n].selector);
        assert_int_equal(o.vector, row[n].vector);
        assert_int_equal(o.error, row[n].error);
        assert_int_equal(o.eip, CODE_AT);
        assert_int_equal(b->cpu.s.tr.selector, SEL_TSS);
        bench_teardown(state);
        setup(state);
    }
}

static void iret_needs_a_busy_tss_behind_it(void **state)
{
    static const struct {
        uint16_t link;
        uint8_t vector;
    } row[] = {{OTHER, EXC_TS},
               {0, EXC_TS},
               {SEL_DATA0, EXC_TS},
               {0x7f8, EXC_TS},
               {SEL_LDT | 4, EXC_TS}};

    for (unsigned n = 0; n < sizeof row / sizeof *row; n++) {
        struct bench *b = *state;
        struct outcome o;

        poke32(b, TSS_AT, row[n].link);
        b->cpu.s.eflags |= FLAG_NT;
        CODE(b, 0xcf);
        o = run(b);
        assert_int_equal(o.vector, row[n].vector);
        assert_int_equal(o.error, row[n].link & 0xfffc);
        bench_teardown(state);
        setup(state);
    }
}

/* Table 7-1: after the commit it is the new task that faults. */
static void bad_segments_are_the_new_tasks_faults(void **state)
{
    static const struct {
        uint8_t at;
        uint16_t value;
        uint8_t vector;
        uint16_t error;
    } row[] = {
        {96, SEL_DATA0, EXC_TS, SEL_DATA0}, /* LDT */
        {96, SEL_LDT | 4, EXC_TS, SEL_LDT | 4},
        {76, 0, EXC_TS, 0}, /* CS */
        {76, SEL_DATA0, EXC_TS, SEL_DATA0},
        {76, SEL_CODE3 & ~3, EXC_TS, SEL_CODE3 & ~3},
        {76, 0x7f8, EXC_TS, 0x7f8},
        {80, 0, EXC_TS, 0}, /* SS */
        {80, READ_ONLY, EXC_TS, READ_ONLY},
        {80, SEL_DATA0 | 3, EXC_TS, SEL_DATA0},
        {80, ABSENT, EXC_SS, ABSENT},
        {84, ABSENT, EXC_NP, ABSENT}, /* DS */
        {84, SEL_TSS, EXC_TS, SEL_TSS},
        {72, EXECUTE, EXC_TS, EXECUTE},         /* ES */
        {88, 0x7f8, EXC_TS, 0x7f8},             /* FS */
        {92, SEL_DATA0 | 3, EXC_TS, SEL_DATA0}, /* GS */
    };

    for (unsigned n = 0; n < sizeof row / sizeof *row; n++) {
        struct bench *b = *state;
        struct outcome o;

        /* a task of its own takes it: the new stack may be what is bad */
        bench_gate(b, IDT_AT + 8 * row[n].vector, SMALL, 0, 0xe5, 0);
        poke32(b, OTHER_AT + row[n].at, row[n].value);
        o = far(b, 0xea, OTHER);
        assert_int_equal(o.vector, -1);
        assert_int_equal(b->cpu.s.eip, 0x9000);
        assert_int_equal(b->cpu.s.tr.selector, SMALL);
        assert_int_equal(peek32(b, SMALL_AT) & 0xffff, OTHER);
        assert_int_equal(ram_read16(&b->ram, gpa_of(STACK - 2)), row[n].error);
        assert_int_equal(peek32(b, OTHER_AT + 32), TARGET);
        bench_teardown(state);
        setup(state);
    }
}

static void cr3_changes_with_the_task(void **state)
{
    struct bench *b = *state;

    bench_paging(b);
    poke32(b, OTHER_AT + 28, TABLES_AT + 0x2000);
    poke32(b, TABLES_AT + 0x2000, peek32(b, TABLES_AT));
    assert_int_equal(far(b, 0xea, OTHER).vector, -1);
    assert_int_equal(b->cpu.s.cr3, TABLES_AT + 0x2000);
}

/* The old TSS on a read-only page: nothing has changed. */
static void a_page_fault_comes_before_the_switch(void **state)
{
    struct bench *b = *state;
    struct outcome o;

    bench_paging(b);
    poke32(b, bench_pte(TSS_AT), TSS_AT | 5);
    o = far(b, 0xea, OTHER);
    assert_int_equal(o.vector, EXC_PF);
    assert_int_equal(o.eip, CODE_AT);
    assert_int_equal(type_of(b, OTHER), 9);
    assert_int_equal(b->cpu.s.tr.selector, SEL_TSS);
}

static void the_t_bit_traps_in_the_new_task(void **state)
{
    struct bench *b = *state;
    struct outcome o;

    poke32(b, OTHER_AT + 100, 1);
    b->cpu.s.dr[7] |= 0x155 | 0xaa;
    o = far(b, 0xea, OTHER);
    assert_int_equal(o.vector, EXC_DB);
    assert_int_equal(o.eip, TARGET);
    assert_int_equal(b->cpu.s.dr[6] & 0xe00f, 1 << 15);
    assert_int_equal(b->cpu.s.dr[7] & 0x3ff, 0xaa); /* the local ones go */
}

static void a_task_may_be_in_v86_mode(void **state)
{
    struct bench *b = *state;
    const struct cpu_state *s = &b->cpu.s;

    poke32(b, OTHER_AT + 32, 0x10);
    poke32(b, OTHER_AT + 36, 2 | FLAG_VM);
    for (unsigned n = 0; n < CPU_SEGS; n++)
        poke32(b, OTHER_AT + 72 + 4 * n, 0x1000 + n);
    assert_int_equal(far(b, 0xea, OTHER).vector, -1);
    assert_int_equal(s->cpl, 3);
    assert_int_equal(s->seg[CS].base, 0x10010);
    assert_int_equal(s->seg[GS].limit, 0xffff);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, bench_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_jump_saves_one_task_and_loads_the_other),
        CASE(a_call_nests_and_iret_comes_back),
        CASE(a_16_bit_tss_has_words),
        CASE(an_exception_switches_by_a_task_gate),
        CASE(bad_tss_descriptors),
        CASE(iret_needs_a_busy_tss_behind_it),
        CASE(bad_segments_are_the_new_tasks_faults),
        CASE(cr3_changes_with_the_task),
        CASE(a_page_fault_comes_before_the_switch),
        CASE(the_t_bit_traps_in_the_new_task),
        CASE(a_task_may_be_in_v86_mode),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
