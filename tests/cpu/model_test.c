/* tests/cpu/model_test.c -- the CPU models: CPUID, which instructions and CR4
 * bits each has, and its MSRs. Source: AP-485; SDM vol. 4. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "bench.h"

static struct outcome run(struct bench *b)
{
    b->cpu.s.halted = 0;
    return bench_run(b, 1);
}

static void become(void **state, const char *name)
{
    struct cpu_model m;
    struct bench *b;

    bench_teardown(state);
    bench_setup(state);
    b = *state;
    assert_true(cpu_model_find(name, &m));
    cpu_set_model(&b->cpu, &m);
}

static void cpuid(struct bench *b, uint32_t leaf)
{
    CODE(b, 0x0f, 0xa2);
    b->cpu.s.reg[EAX] = leaf;
    assert_int_equal(run(b).vector, -1);
}

/* As AP-485 has them, without what is not modelled. */
static void cpuid_tells_the_model(void **state)
{
    static const struct {
        const char *name;
        uint32_t signature, features;
    } row[] = {
        {"486", 0x480, 0x2},          {"pentium", 0x52c, 0x1be},
        {"pentium2", 0x652, 0x3f9fe}, {"pentium3", 0x673, 0x3f9fe},
        {"pentium4", 0xf29, 0x3f9fe}, {"p6", 0x6d8, 0x3f9fe},
    };
    const uint32_t units = 0x7880001; /* FPU, CLFSH, MMX, FXSR, SSE, SSE2 */

    for (unsigned n = 0; n < sizeof row / sizeof *row; n++) {
        struct bench *b;

        become(state, row[n].name);
        b = *state;
        cpuid(b, 1);
        assert_int_equal(b->cpu.s.reg[EAX], row[n].signature);
        assert_int_equal(b->cpu.s.reg[EDX] & ~units, row[n].features);
        cpu_reset(&b->cpu);
        assert_int_equal(b->cpu.s.reg[EDX], row[n].signature);
    }
    assert_null(cpu_model_at(sizeof row / sizeof *row));
}

/* Leaves past the last are as the last basic one. */
static void a_leaf_too_far_is_the_last(void **state)
{
    struct bench *b = *state;

    cpuid(b, 0x77);
    assert_int_equal(b->cpu.s.reg[EAX], 0x02b3b001);
    become(state, "486");
    b = *state;
    cpuid(b, 0x80000000);
    assert_int_equal(b->cpu.s.reg[EAX], 0x480);
}

static void a_feature_can_be_added_and_taken_away(void **state)
{
    struct cpu_model m;

    (void)state;
    assert_true(cpu_model_find("pentium,+cmov,-de", &m));
    assert_true(model_has(&m, FEATURE_CMOV));
    assert_false(model_has(&m, FEATURE_DE));
    assert_int_equal(model_family(&m), 5);
    assert_true(cpu_model_find("p6,-nx", &m));
    assert_int_equal(m.extended, 0);
    assert_false(cpu_model_find("pentium,cmov", &m));
    assert_false(cpu_model_find("pentium,+cmo", &m));
    assert_false(cpu_model_find("pentium,", &m));
    assert_false(cpu_model_find("p", &m));
    assert_false(cpu_model_find("", &m));
}

static void an_instruction_of_a_later_cpu_is_invalid(void **state)
{
    static const struct {
        uint8_t code[4];
        enum cpu_feature feature;
    } row[] = {
        {{0x0f, 0x31}, FEATURE_TSC},        {{0x0f, 0x32}, FEATURE_MSR},
        {{0x0f, 0x30}, FEATURE_MSR},        {{0x0f, 0x33}, FEATURE_PMC},
        {{0x0f, 0x34}, FEATURE_SEP},        {{0x0f, 0x35}, FEATURE_SEP},
        {{0x0f, 0x44, 0xc0}, FEATURE_CMOV}, {{0x0f, 0x1f, 0xc0}, FEATURE_CMOV},
        {{0x0f, 0xc7, 0x0e}, FEATURE_CX8},
    };

    for (unsigned k = 0; cpu_model_at(k); k++) {
        become(state, cpu_model_at(k)->name);
        for (unsigned n = 0; n < sizeof row / sizeof *row; n++) {
            struct bench *b = *state;
            bool there = model_has(&b->cpu.model, row[n].feature);

            b->cpu.s.reg[ESI] = DATA_AT;
            b->cpu.s.reg[ECX] = 0x10;
            bench_code(b, row[n].code, 4);
            assert_int_equal(run(b).vector == EXC_UD, !there);
        }
    }
}

static void cr4_has_the_bits_of_the_features(void **state)
{
    static const struct {
        const char *name;
        uint32_t bits;
    } row[] = {{"486", 3}, {"pentium", 0x5f}, {"pentium2", 0x1ff}};

    for (unsigned n = 0; n < sizeof row / sizeof *row; n++) {
        struct bench *b;

        become(state, row[n].name);
        b = *state;
        for (unsigned bit = 0; bit < 32; bit++) {
            if (bit == 9 || bit == 10) /* with FXSR, SSE */
                continue;
            assert_int_equal(cpu_set_cr4(&b->cpu, 1u << bit),
                             row[n].bits >> bit & 1);
        }
    }
}

static int rdmsr(struct bench *b, uint32_t msr)
{
    CODE(b, 0x0f, 0x32);
    b->cpu.s.reg[ECX] = msr;
    return run(b).vector;
}

static int wrmsr(struct bench *b, uint32_t msr, uint64_t v)
{
    CODE(b, 0x0f, 0x30);
    b->cpu.s.reg[ECX] = msr;
    b->cpu.s.reg[EAX] = (uint32_t)v;
    b->cpu.s.reg[EDX] = (uint32_t)(v >> 32);
    return run(b).vector;
}

static uint64_t value(struct bench *b)
{
    return b->cpu.s.reg[EAX] | (uint64_t)b->cpu.s.reg[EDX] << 32;
}

/* All addresses below 500h: those of a Pentium II, and #GP. */
static void an_unknown_msr_faults(void **state)
{
    static const struct {
        uint32_t first, last;
    } there[] = {{0x10, 0x10},   {0x17, 0x17},   {0x1b, 0x1b},   {0x2a, 0x2a},
                 {0x79, 0x79},   {0x8b, 0x8b},   {0xc1, 0xc2},   {0xfe, 0xfe},
                 {0x119, 0x119}, {0x11e, 0x11e}, {0x174, 0x176}, {0x179, 0x17a},
                 {0x186, 0x187}, {0x1d9, 0x1d9}, {0x1db, 0x1de}, {0x200, 0x20f},
                 {0x250, 0x250}, {0x258, 0x259}, {0x268, 0x26f}, {0x277, 0x277},
                 {0x2ff, 0x2ff}, {0x400, 0x401}, {0x404, 0x405}, {0x408, 0x409},
                 {0x40c, 0x40d}, {0x410, 0x411}};
    struct bench *b;

    become(state, "pentium2");
    b = *state;
    for (uint32_t msr = 0; msr < 0x500; msr++) {
        bool is = false;

        for (unsigned n = 0; n < sizeof there / sizeof *there; n++)
            is = is || (msr >= there[n].first && msr <= there[n].last);
        if ((rdmsr(b, msr) == -1) != is)
            fail_msg("MSR %x: %d", msr, is);
    }
    assert_int_equal(rdmsr(b, 0xc0000080), EXC_GP); /* EFER without NX */
}

/* Vol. 3A 11.11.2, 11.12.2: types that do not exist are #GP. */
static void memory_types_are_checked(void **state)
{
    struct bench *b = *state;

    for (unsigned type = 0; type < 256; type++) {
        bool mtrr = type <= 1 || (type >= 4 && type <= 6);
        uint64_t all = type * 0x0101010101010101u;
        int good = mtrr ? -1 : EXC_GP;

        assert_int_equal(wrmsr(b, 0x200, 0xabcd000 | type), good);
        assert_int_equal(wrmsr(b, 0x250, all), good);
        assert_int_equal(wrmsr(b, 0x26f, all), good);
        assert_int_equal(wrmsr(b, 0x2ff, 0xc00 | type), good);
        assert_int_equal(wrmsr(b, 0x277, all), mtrr || type == 7 ? -1 : EXC_GP);
    }
    assert_int_equal(wrmsr(b, 0x201, 0xff0000800), -1);
    assert_int_equal(rdmsr(b, 0x201), -1);
    assert_int_equal(value(b), 0xff0000800);
    assert_int_equal(wrmsr(b, 0x201, 0xff0000801), EXC_GP);
    assert_int_equal(wrmsr(b, 0x201, 0x1000000000), EXC_GP);
    assert_int_equal(wrmsr(b, 0xfe, 0x508), EXC_GP); /* MTRRcap */
    assert_int_equal(rdmsr(b, 0xfe), -1);
    assert_int_equal(value(b), 0x508);
}

static void there_is_no_apic_and_no_machine_check(void **state)
{
    struct bench *b = *state;

    rdmsr(b, 0x1b);
    assert_int_equal(value(b), 0xfee00100);
    assert_int_equal(wrmsr(b, 0x1b, 0xfee00100), -1);
    assert_int_equal(wrmsr(b, 0x1b, 0xfee00900), EXC_GP);
    assert_int_equal(wrmsr(b, 0x400, UINT64_MAX), -1);
    assert_int_equal(wrmsr(b, 0x401, 0), -1);
    assert_int_equal(wrmsr(b, 0x401, 1), EXC_GP);
}

/* Counters hold what is written; ring 3 reads them with CR4.PCE. */
static void rdpmc_reads_the_counters(void **state)
{
    struct bench *b = *state;

    assert_int_equal(wrmsr(b, 0xc2, 0x123456789a), -1);
    CODE(b, 0x0f, 0x33);
    b->cpu.s.reg[ECX] = 1;
    assert_int_equal(run(b).vector, -1);
    assert_int_equal(value(b), 0x123456789a);
    CODE(b, 0x0f, 0x33);
    b->cpu.s.reg[ECX] = 2;
    assert_int_equal(run(b).vector, EXC_GP);
    bench_ring3(b);
    CODE(b, 0x0f, 0x33);
    b->cpu.s.reg[ECX] = 1;
    assert_int_equal(run(b).vector, EXC_GP);
    assert_true(cpu_set_cr4(&b->cpu, CR4_PCE));
    bench_ring3(b);
    CODE(b, 0x0f, 0x33);
    assert_int_equal(run(b).vector, -1);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, bench_setup, bench_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(cpuid_tells_the_model),
        CASE(a_leaf_too_far_is_the_last),
        cmocka_unit_test(a_feature_can_be_added_and_taken_away),
        CASE(an_instruction_of_a_later_cpu_is_invalid),
        CASE(cr4_has_the_bits_of_the_features),
        CASE(an_unknown_msr_faults),
        CASE(memory_types_are_checked),
        CASE(there_is_no_apic_and_no_machine_check),
        CASE(rdpmc_reads_the_counters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
