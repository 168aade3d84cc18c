/* tests/cpu/sse_test.c -- what the host cannot show in user mode of MMX and
 * SSE: CR0 and CR4, FXSAVE's image, models without them. Source: SDM vol. 1,
 * 10.5; vol. 3A, 13.1, table 2-2. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "bench.h"
#include "cpu/fpu.h"

static int vector(struct bench *b)
{
    b->cpu.s.halted = 0;
    return bench_run(b, 1).vector;
}

static void set(struct bench *b, uint32_t cr0, uint32_t cr4)
{
    b->cpu.s.cr0 = CR0_PE | CR0_ET | CR0_NE | cr0;
    b->cpu.s.cr4 = cr4;
    fpu_init(&b->cpu.s.fpu);
}

/* Table 2-2 and 13.1: EM is #UD, TS is #NM, SSE needs OSFXSR. */
static void em_ts_and_osfxsr(void **state)
{
    struct bench *b = *state;
    static const struct {
        uint8_t code[4];
        bool sse;
    } row[] = {
        {{0x0f, 0xfc, 0xc1, 0x90}, false}, /* paddb mm */
        {{0x66, 0x0f, 0xfc, 0xc1}, true},  /* paddb xmm */
        {{0x0f, 0x58, 0xc1, 0x90}, true},  /* addps */
        {{0xf2, 0x0f, 0x58, 0xc1}, true},  /* addsd */
    };

    for (unsigned n = 0; n < sizeof row / sizeof *row; n++)
        for (unsigned bits = 0; bits < 8; bits++) {
            uint32_t cr0 = (bits & 1 ? CR0_EM : 0) | (bits & 2 ? CR0_TS : 0);
            int expect = -1;

            set(b, cr0, bits & 4 ? CR4_OSFXSR : 0);
            CODE(b, row[n].code[0], row[n].code[1], row[n].code[2],
                 row[n].code[3]);
            if ((cr0 & CR0_EM) || (row[n].sse && !(bits & 4)))
                expect = EXC_UD;
            else if (cr0 & CR0_TS)
                expect = EXC_NM;
            assert_int_equal(vector(b), expect);
        }
}

/* What needs no state asks nothing. */
static void fences_and_movnti_ask_no_control_register(void **state)
{
    struct bench *b = *state;

    b->cpu.s.reg[EBX] = DATA_AT;
    b->cpu.s.reg[ECX] = 0x1234567;
    set(b, CR0_EM | CR0_TS, 0);
    CODE(b, 0x0f, 0xae, 0xf8, 0x0f, 0xae, 0xe8, 0x0f, 0xc3, 0x0b);
    for (unsigned n = 0; n < 3; n++)
        assert_int_equal(vector(b), -1);
    assert_int_equal(peek32(b, DATA_AT), 0x1234567);
}

static void an_exception_without_osxmmexcpt_is_ud(void **state)
{
    struct bench *b = *state;

    for (unsigned on = 0; on < 2; on++) {
        set(b, 0, CR4_OSFXSR | (on ? CR4_OSXMMEXCPT : 0));
        b->cpu.s.fpu.mxcsr = 0x1f80 & ~(X80_IE << 7);
        memset(b->cpu.s.fpu.xmm, 0, sizeof b->cpu.s.fpu.xmm);
        CODE(b, 0x0f, 0x5e, 0xc1); /* divps: 0 / 0 */
        assert_int_equal(vector(b), on ? EXC_XM : EXC_UD);
        assert_int_equal(b->cpu.s.fpu.mxcsr & 63, X80_IE);
        assert_int_equal(b->cpu.s.fpu.xmm[0][0], 0);
    }
}

/* 10.5.1, table 10-2. */
static void fxsave_keeps_all_and_fxrstor_brings_it_back(void **state)
{
    struct bench *b = *state;
    struct cpu_fpu *f = &b->cpu.s.fpu, before;

    set(b, 0, CR4_OSFXSR);
    f->sw = 3 << 11;
    f->full = 0xa5;
    f->fop = 0x123;
    f->fip = 0x1111;
    f->fcs = 8;
    f->fdp = 0x2222;
    f->fds = 16;
    f->mxcsr = 0x9fa1;
    for (unsigned n = 0; n < 8; n++) {
        f->r[n] = x80_make(n & 1, 100 + n, 1ull << 63 | n);
        f->xmm[n][0] = n;
        f->xmm[n][1] = ~(uint64_t)n;
    }
    before = *f;
    poke32(b, DATA_AT + 288, 0x55aa55aa);
    b->cpu.s.reg[EBX] = DATA_AT;
    CODE(b, 0x0f, 0xae, 0x03, 0x0f, 0xae, 0x0b);
    assert_int_equal(vector(b), -1);
    assert_int_equal(peek32(b, DATA_AT), 3 << 27 | 0x37f);
    assert_int_equal(peek32(b, DATA_AT + 4), 0x123 << 16 | 0xa5);
    assert_int_equal(peek32(b, DATA_AT + 8), 0x1111);
    assert_int_equal(peek32(b, DATA_AT + 12), 8);
    assert_int_equal(peek32(b, DATA_AT + 16), 0x2222);
    assert_int_equal(peek32(b, DATA_AT + 20), 16);
    assert_int_equal(peek32(b, DATA_AT + 24), 0x9fa1);
    assert_int_equal(peek32(b, DATA_AT + 28), 0xffff);
    assert_int_equal(peek32(b, DATA_AT + 32), 3); /* ST(0) is register 3 */
    assert_int_equal(peek32(b, DATA_AT + 36), 0x80000000);
    assert_int_equal(peek32(b, DATA_AT + 40), 0x8067);
    assert_int_equal(peek32(b, DATA_AT + 160 + 16), 1);
    assert_int_equal(peek32(b, DATA_AT + 288), 0x55aa55aa);
    fpu_reset(f);
    assert_int_equal(vector(b), -1);
    assert_memory_equal(f, &before, sizeof before);
}

static void without_osfxsr_it_leaves_sse_alone(void **state)
{
    struct bench *b = *state;
    struct cpu_fpu *f = &b->cpu.s.fpu;

    set(b, 0, 0);
    f->xmm[0][0] = 7;
    f->mxcsr = 0x1fbf;
    b->cpu.s.reg[EBX] = DATA_AT;
    CODE(b, 0x0f, 0xae, 0x03, 0x0f, 0xae, 0x0b);
    vector(b);
    assert_int_equal(peek32(b, DATA_AT + 24), 0);
    assert_int_equal(peek32(b, DATA_AT + 160), 0);
    vector(b);
    assert_int_equal(f->xmm[0][0], 7);
    assert_int_equal(f->mxcsr, 0x1fbf);
}

static void reserved_bits_and_alignment_are_gp(void **state)
{
    struct bench *b = *state;

    set(b, 0, CR4_OSFXSR);
    poke32(b, DATA_AT + 24, 0x10000);
    b->cpu.s.reg[EBX] = DATA_AT;
    CODE(b, 0x0f, 0xae, 0x0b);
    assert_int_equal(vector(b), EXC_GP);
    CODE(b, 0x0f, 0xae, 0x53, 0x18); /* ldmxcsr [ebx+18h] */
    assert_int_equal(vector(b), EXC_GP);
    b->cpu.s.reg[EBX] = DATA_AT + 8;
    CODE(b, 0x0f, 0xae, 0x03);
    assert_int_equal(vector(b), EXC_GP);
    CODE(b, 0x0f, 0x28, 0x03); /* movaps */
    assert_int_equal(vector(b), EXC_GP);
    CODE(b, 0x0f, 0x10, 0x03); /* movups */
    assert_int_equal(vector(b), -1);
}

static void models_without_them_have_no_such_opcodes(void **state)
{
    struct bench *b = *state;
    static const struct {
        const char *model;
        int x87, mmx, sse, sse2;
    } row[] = {
        {"486,-fpu", EXC_UD, EXC_UD, EXC_UD, EXC_UD},
        {"pentium", -1, EXC_UD, EXC_UD, EXC_UD},
        {"pentium2", -1, -1, EXC_UD, EXC_UD},
        {"pentium3", -1, -1, -1, EXC_UD},
        {"pentium4", -1, -1, -1, -1},
    };

    for (unsigned n = 0; n < sizeof row / sizeof *row; n++) {
        assert_true(cpu_model_find(row[n].model, &b->cpu.model));
        set(b, 0, CR4_OSFXSR);
        CODE(b, 0xd9, 0xe8);
        assert_int_equal(vector(b), row[n].x87);
        CODE(b, 0x0f, 0xfc, 0xc1);
        assert_int_equal(vector(b), row[n].mmx);
        CODE(b, 0x0f, 0x58, 0xc1);
        assert_int_equal(vector(b), row[n].sse);
        CODE(b, 0x66, 0x0f, 0xfc, 0xc1);
        assert_int_equal(vector(b), row[n].sse2);
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, bench_setup, bench_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(em_ts_and_osfxsr),
        TEST(fences_and_movnti_ask_no_control_register),
        TEST(an_exception_without_osxmmexcpt_is_ud),
        TEST(fxsave_keeps_all_and_fxrstor_brings_it_back),
        TEST(without_osfxsr_it_leaves_sse_alone),
        TEST(reserved_bits_and_alignment_are_gp),
        TEST(models_without_them_have_no_such_opcodes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
