/* tests/cpu/fpu_test.c -- what the host cannot show in user mode of the FPU:
 * CR0's rules, pending exceptions, pointers in each format of the environment.
 * Source: SDM vol. 1, 8.1; vol. 3A, table 2-2, 9.2. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "bench.h"
#include "cpu/fpu.h"

static int vector(struct bench *b)
{
    b->cpu.s.halted = 0;
    return bench_run(b, 1).vector;
}

/* Table 2-2: EM and TS are #NM of an x87 instruction, MP and TS of WAIT. */
static void em_and_ts_are_device_not_available(void **state)
{
    struct bench *b = *state;
    static const uint32_t bits[] = {CR0_MP, CR0_EM, CR0_TS};

    for (unsigned n = 0; n < 8; n++) {
        uint32_t set = 0;

        for (unsigned k = 0; k < 3; k++)
            set |= n >> k & 1 ? bits[k] : 0;
        for (unsigned code = 0xd8; code <= 0xdf; code++) {
            b->cpu.s.cr0 = CR0_PE | CR0_ET | CR0_NE | set;
            fpu_init(&b->cpu.s.fpu);
            CODE(b, (uint8_t)code, code == 0xd9 ? 0xe8 : 0xc0);
            assert_int_equal(vector(b), set & (CR0_EM | CR0_TS) ? EXC_NM : -1);
        }
        b->cpu.s.cr0 = CR0_PE | CR0_ET | CR0_NE | set;
        fpu_init(&b->cpu.s.fpu);
        CODE(b, 0x9b);
        assert_int_equal(vector(b),
                         (set & (CR0_MP | CR0_TS)) == (CR0_MP | CR0_TS) ? EXC_NM
                                                                        : -1);
    }
}

/* 8.6: an unmasked exception is taken by the next instruction that waits. */
static void an_exception_waits_for_the_next_instruction(void **state)
{
    struct bench *b = *state;
    struct cpu_fpu *f = &b->cpu.s.fpu;

    fpu_init(f);
    b->cpu.s.cr0 |= CR0_NE;
    f->cw &= (uint16_t)~X80_ZE;
    CODE(b, 0xd9, 0xe8, 0xd9, 0xee, 0xd8, 0xf9); /* fld1; fldz; fdivr */
    assert_int_equal(vector(b), -1);
    assert_int_equal(vector(b), -1);
    CODE(b, 0xd8, 0xf9);
    assert_int_equal(vector(b), -1);
    assert_true(f->sw & SW_ES);
    CODE(b, 0x9b);
    assert_int_equal(vector(b), EXC_MF);
    CODE(b, 0xd9, 0xe8);
    assert_int_equal(vector(b), EXC_MF);
    CODE(b, 0xdf, 0xe0); /* fnstsw ax does not wait */
    assert_int_equal(vector(b), -1);
    assert_int_equal(b->cpu.s.reg[EAX] & 0xffff, f->sw);
    CODE(b, 0xdb, 0xe2, 0x9b); /* fnclex; wait */
    assert_int_equal(vector(b), -1);
    assert_int_equal(vector(b), -1);
}

/* Vol. 1, D.2.1: FERR# and IGNNE# of MS-DOS compatibility. */
static void with_ne_clear_the_board_is_told_and_the_cpu_waits(void **state)
{
    struct bench *b = *state;
    struct cpu_fpu *f = &b->cpu.s.fpu;
    struct outcome o;

    fpu_init(f);
    b->cpu.s.cr0 &= ~(uint32_t)CR0_NE;
    f->cw &= (uint16_t)~X80_ZE;
    f->sw |= X80_ZE | SW_ES | SW_B;
    CODE(b, 0x90, 0xd9, 0xe8, 0x90); /* nop; fld1 */
    assert_false(bus_wire(b->bus, WIRE_FERR));
    b->clock.until = b->clock.now + 100;
    assert_int_equal(cpu_run(&b->cpu), CPU_HALTED);
    assert_true(bus_wire(b->bus, WIRE_FERR));
    assert_int_equal(b->cpu.s.eip, CODE_AT + 1);
    b->probe->vector = 0x55; /* IRQ 13, whatever it is */
    bus_out(b->bus, PROBE_PORT + PROBE_PULL, 1, 0);
    b->cpu.s.eflags |= FLAG_IF;
    o = bench_run(b, 1);
    assert_int_equal(o.vector, 0x55);
    assert_int_equal(o.eip, CODE_AT + 1);
    b->cpu.s.halted = 0;
    CODE(b, 0xdb, 0xe2, 0xd9, 0xe8); /* fnclex; fld1 */
    assert_int_equal(vector(b), -1);
    assert_false(bus_wire(b->bus, WIRE_FERR));
    assert_int_equal(vector(b), -1);
}

/* 8.2.2: a pseudo-denormal is an operand and never a result. */
static void fprem_of_infinity_makes_no_pseudo_denormal(void **state)
{
    struct bench *b = *state;
    struct cpu_fpu *f = &b->cpu.s.fpu;

    fpu_init(f);
    fpu_push(f, x80_make(false, X80_INF, 1ull << 63));
    fpu_push(f, x80_make(false, 0, 9ull << 60));
    CODE(b, 0xd9, 0xf8);
    assert_int_equal(vector(b), -1);
    assert_int_equal(fpu_get(f, 0).se, 1);
    assert_true(fpu_get(f, 0).m == 9ull << 60);
}

static void run_store(struct bench *b, uint16_t es, uint32_t offset)
{
    struct cpu_state *s = &b->cpu.s;

    fpu_init(&s->fpu);
    s->seg[ES].selector = es;
    s->reg[EBX] = offset;
    CODE(b, 0x26, 0xd9, 0x03, 0x26, 0xd9, 0x36); /* fld [ebx]; fnstenv [esi] */
    s->reg[ESI] = DATA_AT;
    bench_run(b, 2);
}

/* Figures 8-9 to 8-12. */
static void the_environment_has_the_last_operand(void **state)
{
    struct bench *b = *state;

    run_store(b, SEL_DATA0, DATA_AT + 0x120);
    assert_int_equal(peek32(b, DATA_AT), 0xffff037f);
    assert_int_equal(peek32(b, DATA_AT + 4), 0xffff3800);
    assert_int_equal(peek32(b, DATA_AT + 8), 0xffff7fff); /* ST(0) is zero */
    assert_int_equal(peek32(b, DATA_AT + 12), CODE_AT);
    assert_int_equal(peek32(b, DATA_AT + 16), 0x103u << 16 | SEL_CODE0);
    assert_int_equal(peek32(b, DATA_AT + 20), DATA_AT + 0x120);
    assert_int_equal(peek32(b, DATA_AT + 24), 0xffff0000 | SEL_DATA0);
}

static void in_16_bits_and_real_mode_it_is_packed(void **state)
{
    struct bench *b = *state;
    struct cpu_fpu *f = &b->cpu.s.fpu;

    fpu_init(f);
    f->fip = 0x12345;
    f->fcs = 0x1000;
    f->fdp = 0x4321;
    f->fds = 0x2222;
    f->fop = 0x5a5;
    b->cpu.s.reg[ESI] = DATA_AT;
    CODE(b, 0x66, 0xd9, 0x36);
    vector(b);
    assert_int_equal(peek32(b, DATA_AT + 4) >> 16, 0x2345);
    assert_int_equal(peek32(b, DATA_AT + 8), 0x43211000);
    assert_int_equal(peek32(b, DATA_AT + 12) & 0xffff, 0x2222);
    b->cpu.s.cr0 &= ~(uint32_t)CR0_PE; /* the caches stay flat */
    CODE(b, 0x66, 0xd9, 0x36);
    vector(b);
    assert_int_equal(peek32(b, DATA_AT + 4) >> 16, 0x2345);
    assert_int_equal(peek32(b, DATA_AT + 8), 0x654125a5);
    assert_int_equal(peek32(b, DATA_AT + 12) & 0xffff, 0x2000);
    CODE(b, 0xd9, 0x36);
    vector(b);
    assert_int_equal(peek32(b, DATA_AT + 12), 0xffff2345);
    assert_int_equal(peek32(b, DATA_AT + 16), 0x000025a5);
    assert_int_equal(peek32(b, DATA_AT + 20), 0xffff6541);
    assert_int_equal(peek32(b, DATA_AT + 24), 0x00002000);
}

static void a_store_that_faults_changes_nothing(void **state)
{
    struct bench *b = *state;
    struct cpu_fpu before;

    fpu_init(&b->cpu.s.fpu);
    bench_paging(b);
    CODE(b, 0xd9, 0xeb); /* fldpi */
    vector(b);
    before = b->cpu.s.fpu;
    b->cpu.s.reg[EBX] = RAM_BYTES - 4; /* the second half is not present */
    CODE(b, 0xdd, 0x1b);
    assert_int_equal(vector(b), EXC_PF);
    assert_int_equal(b->cpu.s.cr2, RAM_BYTES);
    assert_memory_equal(&before, &b->cpu.s.fpu, sizeof before);
    assert_int_equal(peek32(b, RAM_BYTES - 4), 0);
}

/* Table 9-1, and FNINIT in vol. 2. */
static void reset_and_fninit(void **state)
{
    struct bench *b = *state;
    struct cpu_fpu *f = &b->cpu.s.fpu;

    cpu_reset(&b->cpu);
    assert_int_equal(f->cw, 0x40);
    assert_int_equal(f->sw, 0);
    assert_int_equal(fpu_tags(f), 0x5555);
    assert_int_equal(f->mxcsr, 0x1f80);
    fpu_init(f);
    assert_int_equal(f->cw, 0x37f);
    assert_int_equal(fpu_tags(f), 0xffff);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, bench_setup, bench_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(em_and_ts_are_device_not_available),
        TEST(an_exception_waits_for_the_next_instruction),
        TEST(with_ne_clear_the_board_is_told_and_the_cpu_waits),
        TEST(fprem_of_infinity_makes_no_pseudo_denormal),
        TEST(the_environment_has_the_last_operand),
        TEST(in_16_bits_and_real_mode_it_is_packed),
        TEST(a_store_that_faults_changes_nothing),
        TEST(reset_and_fninit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
