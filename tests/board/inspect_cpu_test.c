/* tests/board/inspect_cpu_test.c -- FPU, MSRs, descriptors and registers by
 * name, against what the SDM says that instructions leave there. */
#include "code.h"
#include "demo.h"

static void fpu_after_a_few_instructions(void **state)
{
    static const uint8_t fp[] = {
        0xdb, 0xe3, /* fninit */
        0xd9, 0xe8, /* fld1 */
        0xd9, 0xeb, /* fldpi */
    };
    struct code code = {0};
    struct inspect_fpu f;
    struct machine *m;

    (void)state;
    code_raw(&code, fp, sizeof fp);
    m = code_run(&code, NULL);
    inspect_fpu(m, &f);
    assert_int_equal(f.control, 0x37f);
    assert_int_equal(f.status >> 11 & 7, 6);
    assert_int_equal(f.st[0].sign_exponent, 0x4000);
    assert_int_equal(f.st[0].mantissa, 0xc90fdaa22168c235);
    assert_int_equal(f.st[1].sign_exponent, 0x3fff);
    assert_int_equal(f.st[1].mantissa, 0x8000000000000000);
    assert_true(!f.st[0].empty && !f.st[1].empty && f.st[2].empty);
    assert_int_equal(f.mm[6], f.st[0].mantissa); /* MMX: physical registers */
    machine_destroy(m);
}

static bool find_msr(const struct machine *m, uint32_t address, uint64_t *v)
{
    struct inspect_msr msr;

    for (unsigned i = 0; inspect_msr_at(m, i, &msr); i++)
        if (msr.address == address) {
            *v = msr.value;
            return true;
        }
    return false;
}

/* RDMSR of each that is listed does not fault and gives the same. */
static void msrs_are_what_rdmsr_reads(void **state)
{
    static const uint8_t rdmsr[] = {0x0f, 0x32};
    enum { TSC = 0x10, MOST = 60 };
    struct machine *m = bare_create(NULL, "\xf4", 1);
    struct inspect_msr msr;
    struct code code = {0};
    uint32_t address[MOST];
    unsigned n = 0;
    uint64_t v = 0;

    (void)state;
    for (unsigned i = 0; n < MOST && inspect_msr_at(m, i, &msr); i++)
        address[n++] = msr.address;
    machine_destroy(m);
    assert_true(n > 8);
    for (unsigned i = 0; i < n; i++) {
        code_raw(&code, "\xb9", 1); /* mov ecx, imm32 */
        code_raw(&code, &address[i], 4);
        code_raw(&code, rdmsr, sizeof rdmsr);
        code_keep(&code);
    }
    m = code_run(&code, NULL);
    for (unsigned i = 0; i < n; i++) {
        assert_true(find_msr(m, address[i], &v));
        if (address[i] != TSC)
            assert_int_equal((uint32_t)v, code_result(m, i));
    }
    machine_destroy(m);
}

/* The cache of each segment register is what its descriptor says. */
static void descriptors_are_what_was_loaded(void **state)
{
    const struct demo_bench bench = {HALBOX_IMAGES "/edu.sys",
                                     "edu",
                                     "\\\\.\\Edu0",
                                     "translate",
                                     "16M",
                                     DEMO_BYTES};
    struct inspect_descriptor d;
    struct inspect_gate gate;
    struct inspect_cpu cpu;
    struct demo demo;
    unsigned seen = 0;

    (void)state;
    demo_create(&demo, &bench);
    for (uint64_t tick = 2000; !demo_run(&demo, tick); tick += 499) {
        inspect_cpu(demo.m, &cpu);
        for (unsigned i = 0; i < 6; i++) {
            const struct inspect_segment *s = &cpu.segment[i];

            if (!(s->selector & ~3))
                continue;
            assert_true(inspect_descriptor(demo.m, s->selector, &d));
            assert_int_equal(d.base, s->base);
            assert_int_equal(d.limit, s->limit);
            assert_true(d.present && !d.system);
            assert_true((strncmp(d.type, "code", 4) == 0) == (i == 1));
            seen++;
        }
        assert_true(inspect_descriptor(demo.m, cpu.tr.selector, &d));
        assert_string_equal(d.type, "32-bit TSS (busy)");
        assert_true(inspect_gate(demo.m, 0x2e, &gate));
        assert_string_equal(gate.type, "32-bit interrupt gate");
        assert_int_equal(gate.dpl, 3);
        assert_true(gate.offset >= 0x80000000);
    }
    assert_true(seen > 50);
    assert_false(inspect_descriptor(demo.m, 0, &d));
    assert_false(inspect_descriptor(demo.m, 0xfff8, &d));
    machine_destroy(demo.m);
}

static void every_register_has_a_name(void **state)
{
    struct machine *m = bare_create(NULL, "\xf4", 1);
    struct inspect_cpu_register r, again;
    struct inspect_cpu cpu;
    uint32_t v;

    (void)state;
    inspect_cpu(m, &cpu);
    for (unsigned i = 0; inspect_cpu_register_at(m, i, &r); i++) {
        assert_true(r.bytes && r.bytes <= sizeof r.value);
        assert_true(inspect_cpu_register(m, r.name, &again));
        assert_string_equal(r.name, again.name);
        assert_int_equal(r.bytes, again.bytes);
        assert_memory_equal(r.value, again.value, r.bytes);
    }
    assert_true(inspect_cpu_register(m, "eip", &r));
    memcpy(&v, r.value, 4);
    assert_int_equal(v, cpu.eip);
    assert_true(inspect_cpu_register(m, "cs", &r));
    assert_int_equal(r.value[0] | r.value[1] << 8, cpu.segment[1].selector);
    assert_false(inspect_cpu_register(m, "rax", &r));
    machine_destroy(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fpu_after_a_few_instructions),
        cmocka_unit_test(msrs_are_what_rdmsr_reads),
        cmocka_unit_test(descriptors_are_what_was_loaded),
        cmocka_unit_test(every_register_has_a_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
