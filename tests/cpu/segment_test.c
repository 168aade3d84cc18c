/* tests/cpu/segment_test.c -- loads of segment registers, LDTR and TR, limits
 * and types, LAR, LSL, VERR, VERW. Source: SDM vol. 3A chapters 3 and 5; vol. 2
 * under MOV, LDS, LLDT, LTR. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "bench.h"

static struct outcome run(struct bench *b)
{
    b->cpu.s.halted = 0;
    return bench_run(b, 1);
}

/* The GDT of the tables below: what each free selector is. */
enum {
    ABSENT = SEL_FREE,          /* data, not present */
    READ_ONLY = SEL_FREE + 8,   /* data */
    EXECUTE = SEL_FREE + 16,    /* code, not readable */
    CONFORMING = SEL_FREE + 24, /* readable code, DPL 0 */
    DOWN = SEL_FREE + 32,       /* expand down above 0xffff */
    SMALL = SEL_FREE + 40,      /* bytes 0..0xff at DATA_AT */
    CODE_READ = SEL_FREE + 48,  /* readable code, DPL 0 */
    TSS_FREE = SEL_FREE + 56,   /* 32-bit TSS, available */
    TSS_BUSY = SEL_FREE + 64,
    OUTSIDE = 0x7f8,
};

static int setup(void **state)
{
    struct bench *b;

    bench_setup(state);
    b = *state;
    bench_descriptor(b, ABSENT, 0, 0xfffff, 0xc013);
    bench_descriptor(b, READ_ONLY, 0, 0xfffff, 0xc091);
    bench_descriptor(b, EXECUTE, 0, 0xfffff, 0xc099);
    bench_descriptor(b, CONFORMING, 0, 0xfffff, 0xc09e);
    bench_descriptor(b, DOWN, 0, 0xf, 0xc097);
    bench_descriptor(b, SMALL, DATA_AT, 0xff, 0x4093);
    bench_descriptor(b, CODE_READ, 0, 0xfffff, 0xc09a);
    bench_descriptor(b, TSS_FREE, TSS_AT, 0x67, 0x0089);
    bench_descriptor(b, TSS_BUSY, TSS_AT, 0x67, 0x008b);
    return 0;
}

struct load {
    uint16_t selector;
    bool ring3;
    int vector; /* -1: it loads */
    uint32_t error;
};

static void try_load(struct bench *b, const struct load *l, uint8_t modrm)
{
    struct outcome o;

    if (l->ring3)
        bench_ring3(b);
    CODE(b, 0x8e, modrm);
    b->cpu.s.reg[EAX] = l->selector;
    o = run(b);
    if (o.vector != l->vector || (o.vector >= 0 && o.error != l->error))
        print_error("selector %x: vector %d error %x\n", l->selector, o.vector,
                    o.error);
    assert_int_equal(o.vector, l->vector);
    if (o.vector >= 0)
        assert_int_equal(o.error, l->error);
}

static void loads_of_a_data_segment_register(void **state)
{
    static const struct load row[] = {
        {SEL_DATA0, false, -1, 0},
        {SEL_DATA3, false, -1, 0},
        {0, false, -1, 0},
        {3, false, -1, 0}, /* null with any RPL */
        {READ_ONLY, false, -1, 0},
        {CODE_READ, false, -1, 0},
        {SEL_DATA0 | 3, false, EXC_GP, SEL_DATA0}, /* RPL above DPL */
        {CONFORMING | 3, false, -1, 0},            /* conforming: no check */
        {EXECUTE, false, EXC_GP, EXECUTE},
        {SEL_TSS, false, EXC_GP, SEL_TSS},
        {OUTSIDE, false, EXC_GP, OUTSIDE},
        {ABSENT, false, EXC_NP, ABSENT},
        {4, false, EXC_GP, 4},         /* LDT entry 0 is no descriptor */
        {0x104, false, EXC_GP, 0x104}, /* outside the LDT */
        {SEL_DATA3, true, -1, 0},
        {SEL_DATA0, true, EXC_GP, SEL_DATA0}, /* CPL above DPL */
    };

    for (unsigned n = 0; n < sizeof row / sizeof *row; n++) {
        bench_teardown(state);
        setup(state);
        try_load(*state, &row[n], 0xd8); /* mov ds, ax */
    }
}

static void loads_of_ss(void **state)
{
    static const struct load row[] = {
        {SEL_DATA0, false, -1, 0},
        {0, false, EXC_GP, 0},
        {SEL_DATA0 | 1, false, EXC_GP, SEL_DATA0},
        {SEL_DATA3, false, EXC_GP, SEL_DATA3 & ~3u},
        {READ_ONLY, false, EXC_GP, READ_ONLY},
        {CODE_READ, false, EXC_GP, CODE_READ},
        {ABSENT, false, EXC_SS, ABSENT},
        {OUTSIDE, false, EXC_GP, OUTSIDE},
        {SEL_DATA3, true, -1, 0},
    };

    for (unsigned n = 0; n < sizeof row / sizeof *row; n++) {
        bench_teardown(state);
        setup(state);
        try_load(*state, &row[n], 0xd0);
    }
}

static void mov_to_cs_is_invalid(void **state)
{
    struct bench *b = *state;

    CODE(b, 0x8e, 0xc8);
    assert_int_equal(run(b).vector, EXC_UD);
    CODE(b, 0x8e, 0xf0); /* there is no sixth one either */
    assert_int_equal(run(b).vector, EXC_UD);
    CODE(b, 0x8c, 0xf8);
    assert_int_equal(run(b).vector, EXC_UD);
}

static void a_load_sets_the_accessed_bit(void **state)
{
    struct bench *b = *state;

    CODE(b, 0x8e, 0xd8);
    b->cpu.s.reg[EAX] = CODE_READ;
    run(b);
    assert_true(peek32(b, GDT_AT + CODE_READ + 4) & 1 << 8);
}

static void push_and_pop_of_each_register(void **state)
{
    struct bench *b = *state;
    static const uint8_t push[] = {0x06, 0x0e, 0x16, 0x1e};
    uint32_t esp = b->cpu.s.reg[ESP];

    for (unsigned n = 0; n < sizeof push; n++) {
        CODE(b, push[n], 0x5b); /* push; pop ebx */
        run(b);
        run(b);
        assert_int_equal(b->cpu.s.reg[EBX] & 0xffff,
                         n == 1 ? SEL_CODE0 : SEL_DATA0);
        assert_int_equal(b->cpu.s.reg[ESP], esp);
    }
    CODE(b, 0x0f, 0xa0, 0x0f, 0xa9); /* push fs; pop gs */
    b->cpu.s.seg[FS].selector = SEL_DATA3;
    run(b);
    run(b);
    assert_int_equal(b->cpu.s.seg[GS].selector, SEL_DATA3);
    CODE(b, 0x16, 0x17, 0x1e, 0x07, 0x0f, 0xa8, 0x0f, 0xa1, 0x06, 0x1f);
    for (unsigned n = 0; n < 8; n++)
        assert_int_equal(run(b).vector, -1);
    assert_int_equal(b->cpu.s.reg[ESP], esp);
    assert_int_equal(b->cpu.s.seg[FS].selector, SEL_DATA3);
}

static void a_pop_that_faults_leaves_esp(void **state)
{
    struct bench *b = *state;
    uint32_t esp = b->cpu.s.reg[ESP];
    struct outcome o;

    poke32(b, esp, OUTSIDE);
    CODE(b, 0x1f);
    o = run(b);
    assert_int_equal(o.vector, EXC_GP);
    assert_int_equal(o.error, OUTSIDE);
    assert_int_equal(o.esp, esp);
    assert_int_equal(b->cpu.s.seg[DS].selector, SEL_DATA0);
}

static void far_pointers_load_both_or_nothing(void **state)
{
    struct bench *b = *state;
    static const struct {
        uint8_t code[3];
        uint8_t seg;
    } row[] = {
        {{0xc4, 0x1e}, ES},       {{0xc5, 0x1e}, DS},
        {{0x0f, 0xb2, 0x1e}, SS}, {{0x0f, 0xb4, 0x1e}, FS},
        {{0x0f, 0xb5, 0x1e}, GS},
    };

    for (unsigned n = 0; n < sizeof row / sizeof *row; n++) {
        b->cpu.s.reg[ESI] = DATA_AT;
        b->cpu.s.reg[EBX] = 0;
        poke32(b, DATA_AT, 0x12345678);
        poke32(b, DATA_AT + 4, SEL_DATA0);
        bench_code(b, row[n].code, 3);
        assert_int_equal(run(b).vector, -1);
        assert_int_equal(b->cpu.s.reg[EBX], 0x12345678);
        assert_int_equal(b->cpu.s.seg[row[n].seg].selector, SEL_DATA0);
        b->cpu.s.reg[EBX] = 0;
        poke32(b, DATA_AT + 4, OUTSIDE);
        bench_code(b, row[n].code, 3);
        assert_int_equal(run(b).vector, EXC_GP);
        assert_int_equal(b->cpu.s.reg[EBX], 0);
    }
    CODE(b, 0xc4, 0xc0); /* a register is no far pointer */
    assert_int_equal(run(b).vector, EXC_UD);
}

/* 5.3 and 5.4: @code runs with ESI = @offset through DS = @selector. */
static void limits_and_types(void **state)
{
    struct bench *b = *state;
    static const struct {
        uint16_t selector;
        uint32_t offset;
        uint8_t code[2];
        int vector;
    } row[] = {
        {SMALL, 0xfc, {0x8b, 0x06}, -1},
        {SMALL, 0xfd, {0x8b, 0x06}, EXC_GP},
        {SMALL, 0xff, {0x8a, 0x06}, -1},
        {SMALL, 0x100, {0x8a, 0x06}, EXC_GP},
        {SMALL, 0xffffffff, {0x8b, 0x06}, EXC_GP},
        {DOWN, 0xffff, {0x8a, 0x06}, EXC_GP}, /* valid is above the limit */
        {DOWN, 0x10000, {0x8a, 0x06}, -1},
        {DOWN, 0xfffe, {0x8b, 0x06}, EXC_GP},
        {READ_ONLY, DATA_AT, {0x8b, 0x06}, -1},
        {READ_ONLY, DATA_AT, {0x89, 0x06}, EXC_GP},
        {CODE_READ, DATA_AT, {0x8b, 0x06}, -1},
        {CODE_READ, DATA_AT, {0x89, 0x06}, EXC_GP},
        {0, DATA_AT, {0x8b, 0x06}, EXC_GP}, /* null: at the use */
    };

    for (unsigned n = 0; n < sizeof row / sizeof *row; n++) {
        struct outcome o;

        assert_true(cpu_set_segment(&b->cpu, DS, row[n].selector));
        b->cpu.s.reg[ESI] = row[n].offset;
        bench_code(b, row[n].code, 2);
        o = run(b);
        assert_int_equal(o.vector, row[n].vector);
        if (o.vector >= 0)
            assert_int_equal(o.error, 0);
    }
}

static void the_stack_faults_with_ss(void **state)
{
    struct bench *b = *state;
    struct outcome o;

    bench_ring3(b);
    bench_descriptor(b, SEL_FREE, 0, 0xff, 0x40f3);
    assert_true(cpu_set_segment(&b->cpu, SS, SEL_FREE | 3));
    b->cpu.s.reg[ESP] = 2;
    CODE(b, 0x50);
    o = run(b);
    assert_int_equal(o.vector, EXC_SS);
    assert_int_equal(o.error, 0);
    assert_int_equal(o.esp, 2);
    bench_ring3(b);
    assert_true(cpu_set_segment(&b->cpu, SS, SEL_FREE | 3));
    b->cpu.s.reg[EBP] = 0x100; /* EBP goes by SS */
    CODE(b, 0x8b, 0x45, 0x00);
    assert_int_equal(run(b).vector, EXC_SS);
}

static void code_runs_into_its_limit(void **state)
{
    struct bench *b = *state;
    struct outcome o;

    b->cpu.s.seg[CS].limit = CODE_AT + 1;
    CODE(b, 0x90, 0xb8, 1, 0, 0, 0);
    assert_int_equal(bench_run(b, 1).vector, -1);
    o = run(b); /* the handler is below the limit */
    assert_int_equal(o.vector, EXC_GP);
    assert_int_equal(o.error, 0);
    assert_int_equal(o.eip, CODE_AT + 1);
}

/* A 16-bit stack wraps within 64 KiB and keeps the upper half of ESP. */
static void a_16_bit_stack(void **state)
{
    struct bench *b = *state;

    bench_descriptor(b, SEL_FREE, 0x30000, 0xffff, 0x0093);
    assert_true(cpu_set_segment(&b->cpu, SS, SEL_FREE));
    b->cpu.s.reg[ESP] = 0x77770002;
    b->cpu.s.reg[EAX] = 0x12345678;
    CODE(b, 0x66, 0x50, 0x50);
    run(b);
    assert_int_equal(b->cpu.s.reg[ESP], 0x77770000);
    run(b);
    assert_int_equal(b->cpu.s.reg[ESP], 0x7777fffc);
    assert_int_equal(peek32(b, 0x3fffc), 0x12345678);
}

static void lldt_and_sldt(void **state)
{
    struct bench *b = *state;
    struct outcome o;

    CODE(b, 0x0f, 0x00, 0xd0, 0x0f, 0x00, 0xc3); /* lldt ax; sldt ebx */
    b->cpu.s.reg[EAX] = SEL_LDT;
    run(b);
    run(b);
    assert_int_equal(b->cpu.s.reg[EBX], SEL_LDT);
    assert_int_equal(b->cpu.s.ldtr.base, LDT_AT);
    b->cpu.s.reg[EAX] = 0; /* null: no LDT */
    CODE(b, 0x0f, 0x00, 0xd0);
    assert_int_equal(run(b).vector, -1);
    assert_false(cpu_set_segment(&b->cpu, DS, 0x0c));
    b->cpu.s.reg[EAX] = SEL_DATA0;
    CODE(b, 0x0f, 0x00, 0xd0);
    o = run(b);
    assert_int_equal(o.vector, EXC_GP);
    assert_int_equal(o.error, SEL_DATA0);
}

static void ltr_and_str(void **state)
{
    struct bench *b = *state;
    static const struct load row[] = {
        {0, false, EXC_GP, 0},
        {TSS_BUSY, false, EXC_GP, TSS_BUSY},
        {SEL_DATA0, false, EXC_GP, SEL_DATA0},
        {OUTSIDE, false, EXC_GP, OUTSIDE},
        {0x0c, false, EXC_GP, 0x0c}, /* in the LDT */
        {TSS_FREE, false, -1, 0},
    };

    for (unsigned n = 0; n < sizeof row / sizeof *row; n++) {
        struct outcome o;

        b->cpu.s.reg[EAX] = row[n].selector;
        CODE(b, 0x0f, 0x00, 0xd8);
        o = run(b);
        assert_int_equal(o.vector, row[n].vector);
        if (o.vector >= 0)
            assert_int_equal(o.error, row[n].error);
    }
    assert_true(peek32(b, GDT_AT + TSS_FREE + 4) & 2 << 8); /* busy now */
    CODE(b, 0x0f, 0x00, 0xcb);
    run(b);
    assert_int_equal(b->cpu.s.reg[EBX], TSS_FREE);
}

/* ZF alone tells; the selector comes in AX, the result to EBX. */
static void lar_lsl_verr_verw(void **state)
{
    struct bench *b = *state;
    static const struct {
        uint16_t selector;
        bool lar, lsl, verr, verw;
    } row[] = {
        {SEL_DATA0, true, true, true, true},
        {SEL_DATA3, true, true, true, true},
        {READ_ONLY, true, true, true, false},
        {EXECUTE, true, true, false, false},
        {CODE_READ, true, true, true, false},
        {CONFORMING | 3, true, true, true, false},
        {SEL_DATA0 | 3, false, false, false, false},
        {0, false, false, false, false},
        {OUTSIDE, false, false, false, false},
        {SEL_TSS, true, true, false, false},
        {SEL_LDT, true, true, false, false},
    };

    for (unsigned n = 0; n < sizeof row / sizeof *row; n++) {
        b->cpu.s.reg[EAX] = row[n].selector;
        CODE(b, 0x0f, 0x02, 0xd8);
        run(b);
        assert_int_equal(!!(b->cpu.s.eflags & FLAG_ZF), row[n].lar);
        CODE(b, 0x0f, 0x03, 0xd8);
        run(b);
        assert_int_equal(!!(b->cpu.s.eflags & FLAG_ZF), row[n].lsl);
        CODE(b, 0x0f, 0x00, 0xe0);
        run(b);
        assert_int_equal(!!(b->cpu.s.eflags & FLAG_ZF), row[n].verr);
        CODE(b, 0x0f, 0x00, 0xe8);
        run(b);
        assert_int_equal(!!(b->cpu.s.eflags & FLAG_ZF), row[n].verw);
    }
    b->cpu.s.reg[EAX] = SMALL;
    CODE(b, 0x0f, 0x03, 0xd8, 0x0f, 0x02, 0xd8);
    run(b);
    assert_int_equal(b->cpu.s.reg[EBX], 0xff);
    run(b);
    assert_int_equal(b->cpu.s.reg[EBX] & 0xf0ff00, 0x409300);
}

/* SDM vol. 2, table 2-1: each 16-bit addressing form. */
static void addresses_of_16_bits(void **state)
{
    struct bench *b = *state;
    struct cpu_state *s = &b->cpu.s;
    uint32_t want[8];

    s->reg[EBX] = 0xaaaa1000;
    s->reg[EBP] = 0xbbbb2000;
    s->reg[ESI] = 0xcccc0300;
    s->reg[EDI] = 0xdddd0040;
    want[0] = 0x1300, want[1] = 0x1040, want[2] = 0x2300, want[3] = 0x2040;
    want[4] = 0x0300, want[5] = 0x0040, want[6] = 0x2000, want[7] = 0x1000;
    for (uint8_t rm = 0; rm < 8; rm++) {
        CODE(b, 0x67, 0x8d, (uint8_t)(0x88 | rm), 0x05,
             0xf0); /* lea ecx, [.. + f005] */
        run(b);
        assert_int_equal(s->reg[ECX], (want[rm] + 0xf005) & 0xffff);
        CODE(b, 0x67, 0x8d, (uint8_t)(0x48 | rm), 0xff); /* disp8 is signed */
        run(b);
        assert_int_equal(s->reg[ECX], want[rm] - 1);
        if (rm == 6)
            continue;
        CODE(b, 0x67, 0x8d, (uint8_t)(0x08 | rm));
        run(b);
        assert_int_equal(s->reg[ECX], want[rm]);
    }
    CODE(b, 0x67, 0x8d, 0x0e, 0x34, 0x12); /* mod 0, r/m 6: disp16 */
    run(b);
    assert_int_equal(s->reg[ECX], 0x1234);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, bench_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(loads_of_a_data_segment_register),
        TEST(loads_of_ss),
        TEST(mov_to_cs_is_invalid),
        TEST(a_load_sets_the_accessed_bit),
        TEST(push_and_pop_of_each_register),
        TEST(a_pop_that_faults_leaves_esp),
        TEST(far_pointers_load_both_or_nothing),
        TEST(limits_and_types),
        TEST(the_stack_faults_with_ss),
        TEST(code_runs_into_its_limit),
        TEST(a_16_bit_stack),
        TEST(lldt_and_sldt),
        TEST(ltr_and_str),
        TEST(lar_lsl_verr_verw),
        TEST(addresses_of_16_bits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
