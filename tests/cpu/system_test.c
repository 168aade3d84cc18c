/* tests/cpu/system_test.c -- control registers, descriptor-table registers,
 * MSRs, CPUID, time, IF, and what needs ring 0. Source: SDM vol. 2; vol.
 * 3A 2.5, 5.9. */
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

/* 5.9: the privileged instructions are #GP(0) at ring 3. */
static void privileged_instructions_need_ring_0(void **state)
{
    struct bench *b = *state;
    static const uint8_t code[][4] = {
        {0xf4},             /* hlt */
        {0x0f, 0x06},       /* clts */
        {0x0f, 0x08},       /* invd */
        {0x0f, 0x09},       /* wbinvd */
        {0x0f, 0x20, 0xc0}, /* mov eax, cr0 */
        {0x0f, 0x22, 0xc0}, /* mov cr0, eax */
        {0x0f, 0x21, 0xc0}, /* mov eax, dr0 */
        {0x0f, 0x23, 0xc0}, /* mov dr0, eax */
        {0x0f, 0x30},       /* wrmsr */
        {0x0f, 0x32},       /* rdmsr */
        {0x0f, 0x01, 0x16}, /* lgdt */
        {0x0f, 0x01, 0x1e}, /* lidt */
        {0x0f, 0x01, 0xf0}, /* lmsw */
        {0x0f, 0x00, 0xd0}, /* lldt */
        {0x0f, 0x00, 0xd8}, /* ltr */
        {0xfa},             /* cli, by IOPL */
        {0xfb},             /* sti */
    };

    for (unsigned n = 0; n < sizeof code / sizeof *code; n++) {
        struct outcome o;

        bench_ring3(b);
        b->cpu.s.reg[ESI] = DATA_AT;
        bench_code(b, code[n], 4);
        o = run(b);
        assert_int_equal(o.vector, EXC_GP);
        assert_int_equal(o.error, 0);
        assert_int_equal(o.eip, CODE_AT);
    }
}

/* Vol. 2, MOV: mod says nothing, there is no memory form. */
static void mov_of_control_registers_ignores_mod(void **state)
{
    struct bench *b = *state;

    for (unsigned mod = 0; mod < 4; mod++) {
        CODE(b, 0x0f, 0x20, (uint8_t)(mod << 6 | 5), 0x90); /* mov ebp, cr0 */
        b->cpu.s.reg[EBP] = 0;
        assert_int_equal(run(b).vector, -1);
        assert_int_equal(b->cpu.s.reg[EBP], b->cpu.s.cr0);
        assert_int_equal(b->cpu.s.eip, CODE_AT + 3);
    }
}

static void cli_and_sti_go_by_iopl(void **state)
{
    struct bench *b = *state;

    bench_ring3(b);
    b->cpu.s.eflags |= FLAG_IOPL;
    CODE(b, 0xfb, 0xfa);
    run(b);
    assert_true(b->cpu.s.eflags & FLAG_IF);
    run(b);
    assert_false(b->cpu.s.eflags & FLAG_IF);
}

/* Vol. 2, POPF: IF by CPL <= IOPL, IOPL by CPL 0 alone; never VM. */
static void popf_changes_what_the_privilege_allows(void **state)
{
    struct bench *b = *state;
    uint32_t all = FLAG_IF | FLAG_IOPL | FLAG_VM | FLAG_RF | FLAG_CF;

    poke32(b, b->cpu.s.reg[ESP], all);
    CODE(b, 0x9d);
    run(b);
    assert_int_equal(b->cpu.s.eflags, 2 | FLAG_IF | FLAG_IOPL | FLAG_CF);
    bench_ring3(b);
    b->cpu.s.eflags = 2;
    poke32(b, STACK3, all);
    CODE(b, 0x9d);
    run(b);
    assert_int_equal(b->cpu.s.eflags, 2 | FLAG_CF);
}

static void control_registers(void **state)
{
    struct bench *b = *state;
    static const struct {
        uint8_t modrm;
        uint32_t value;
    } bad[] = {
        {0xc0, CR0_PG},          /* PG without PE */
        {0xc0, CR0_PE | CR0_NW}, /* NW without CD */
        {0xe0, 1u << 31},        /* reserved in CR4 */
    };

    for (unsigned n = 0; n < sizeof bad / sizeof *bad; n++) {
        CODE(b, 0x0f, 0x22, bad[n].modrm);
        b->cpu.s.reg[EAX] = bad[n].value;
        assert_int_equal(run(b).vector, EXC_GP);
    }
    CODE(b, 0x0f, 0x22, 0xd0, 0x0f, 0x20, 0xd3); /* cr2 and back to ebx */
    b->cpu.s.reg[EAX] = 0x12345678;
    run(b);
    run(b);
    assert_int_equal(b->cpu.s.reg[EBX], 0x12345678);
    CODE(b, 0x0f, 0x20, 0xe3, 0x0f, 0x20, 0xdb); /* cr4, cr3 */
    run(b);
    assert_int_equal(b->cpu.s.reg[EBX], 0);
    run(b);
    assert_int_equal(b->cpu.s.reg[EBX], b->cpu.s.cr3);
    CODE(b, 0x0f, 0x20, 0xc8); /* there is no CR1 */
    assert_int_equal(run(b).vector, EXC_UD);
}

/* Vol. 3B 17.2.2: DR4 and DR5 are 6 and 7 unless CR4.DE. */
static void debug_registers(void **state)
{
    struct bench *b = *state;

    CODE(b, 0x0f, 0x23, 0xc0, 0x0f, 0x21, 0xc3, 0x0f, 0x21, 0xe3);
    b->cpu.s.reg[EAX] = 0xabcd;
    run(b);
    run(b);
    assert_int_equal(b->cpu.s.reg[EBX], 0xabcd);
    run(b);
    assert_int_equal(b->cpu.s.reg[EBX], 0xffff0ff0);
    assert_true(cpu_set_cr4(&b->cpu, CR4_DE));
    CODE(b, 0x0f, 0x21, 0xe3);
    assert_int_equal(run(b).vector, EXC_UD);
}

static void smsw_lmsw_and_clts(void **state)
{
    struct bench *b = *state;

    CODE(b, 0x0f, 0x01, 0xf0, 0x0f, 0x01, 0xe3, 0x0f, 0x06);
    b->cpu.s.reg[EAX] = CR0_TS | CR0_MP; /* PE stays though it is clear */
    run(b);
    assert_int_equal(b->cpu.s.cr0 & 15, CR0_PE | CR0_TS | CR0_MP);
    run(b);
    assert_int_equal(b->cpu.s.reg[EBX] & 0xffff, b->cpu.s.cr0 & 0xffff);
    run(b);
    assert_int_equal(b->cpu.s.cr0 & 15, CR0_PE | CR0_MP);
}

static void descriptor_table_registers(void **state)
{
    struct bench *b = *state;

    b->cpu.s.reg[ESI] = DATA_AT;
    CODE(b, 0x0f, 0x01, 0x06); /* sgdt [esi] */
    run(b);
    assert_int_equal(peek32(b, DATA_AT + 2), GDT_AT);
    assert_int_equal(peek32(b, DATA_AT) & 0xffff, 8 * GDT_ENTRIES - 1);
    CODE(b, 0x0f, 0x01, 0x0e);
    run(b);
    assert_int_equal(peek32(b, DATA_AT + 2), IDT_AT);
    poke32(b, DATA_AT, 0x5678 << 16 | 0x7ff);
    poke32(b, DATA_AT + 4, 0xab34);
    CODE(b, 0x0f, 0x01, 0x16);
    run(b);
    assert_int_equal(b->cpu.s.gdtr.limit, 0x7ff);
    assert_int_equal(b->cpu.s.gdtr.base, 0xab345678);
    poke32(b, DATA_AT, (uint32_t)IDT_AT << 16 | 0x3ff);
    poke32(b, DATA_AT + 4, 0x9900); /* 16-bit operands: 24 bits of base */
    CODE(b, 0x66, 0x0f, 0x01, 0x1e);
    run(b);
    assert_int_equal(b->cpu.s.idtr.base, IDT_AT);
    assert_int_equal(b->cpu.s.idtr.limit, 0x3ff);
    CODE(b, 0x0f, 0x01, 0xd0); /* LGDT of a register is none */
    b->cpu.s.idtr = (struct cpu_table){IDT_AT, 0x7ff};
    b->cpu.s.gdtr = (struct cpu_table){GDT_AT, 8 * GDT_ENTRIES - 1};
    assert_int_equal(run(b).vector, EXC_UD);
}

static void msrs(void **state)
{
    struct bench *b = *state;
    static const uint32_t words[] = {0x174, 0x175, 0x176};
    struct cpu_state *s = &b->cpu.s;

    for (unsigned n = 0; n < 3; n++) {
        CODE(b, 0x0f, 0x30, 0x31, 0xc0, 0x0f, 0x32); /* wrmsr; xor; rdmsr */
        s->reg[ECX] = words[n];
        s->reg[EAX] = 0x1000 + n;
        s->reg[EDX] = 0;
        for (unsigned k = 0; k < 3; k++)
            run(b);
        assert_int_equal(s->reg[EAX], 0x1000 + n);
    }
    assert_int_equal(s->sysenter_esp, 0x1001);
    CODE(b, 0x0f, 0x32);
    s->reg[ECX] = 0xdead;
    assert_int_equal(run(b).vector, EXC_GP);
    CODE(b, 0x0f, 0x30);
    assert_int_equal(run(b).vector, EXC_GP);
    s->reg[ECX] = 0xc0000080; /* EFER: NXE and nothing else */
    s->reg[EAX] = 1 << 8;
    CODE(b, 0x0f, 0x30);
    assert_int_equal(run(b).vector, EXC_GP);
    assert_int_equal(s->efer_nxe, 0);
    s->reg[EAX] = 1 << 11;
    CODE(b, 0x0f, 0x30, 0x0f, 0x32);
    run(b);
    assert_int_equal(s->efer_nxe, 1);
    run(b);
    assert_int_equal(s->reg[EAX], 1 << 11);
}

static void the_time_stamp_counts_ticks(void **state)
{
    struct bench *b = *state;
    uint32_t first;

    CODE(b, 0x0f, 0x31, 0x90, 0x90, 0x0f, 0x31);
    run(b);
    first = b->cpu.s.reg[EAX];
    for (unsigned n = 0; n < 3; n++)
        run(b);
    assert_int_equal(b->cpu.s.reg[EAX], first + 3);
    b->cpu.s.reg[ECX] = 0x10; /* it can be written */
    b->cpu.s.reg[EAX] = 1000;
    b->cpu.s.reg[EDX] = 0;
    CODE(b, 0x0f, 0x30, 0x0f, 0x31);
    run(b);
    run(b);
    assert_int_equal(b->cpu.s.reg[EAX], 1001);
    assert_true(cpu_set_cr4(&b->cpu, CR4_TSD)); /* and kept from ring 3 */
    bench_ring3(b);
    CODE(b, 0x0f, 0x31);
    assert_int_equal(run(b).vector, EXC_GP);
}

static void cpuid_is_of_the_p6_class(void **state)
{
    struct bench *b = *state;
    struct cpu_state *s = &b->cpu.s;

    CODE(b, 0x0f, 0xa2);
    s->reg[EAX] = 0;
    run(b);
    assert_memory_equal(&s->reg[EBX], "Genu", 4);
    assert_memory_equal(&s->reg[EDX], "ineI", 4);
    assert_memory_equal(&s->reg[ECX], "ntel", 4);
    assert_true(s->reg[EAX] >= 1);
    CODE(b, 0x0f, 0xa2);
    s->reg[EAX] = 1;
    run(b);
    assert_int_equal(s->reg[EAX] >> 8 & 15, 6);
    assert_true(s->reg[EDX] & 1);      /* FPU */
    assert_true(s->reg[EDX] & 1 << 8); /* CMPXCHG8B */
    CODE(b, 0x0f, 0xa2);
    s->reg[EAX] = 0x80000000;
    run(b);
    assert_int_equal(s->reg[EAX], 0x80000001);
    CODE(b, 0x0f, 0xa2);
    run(b);
    assert_true(s->reg[EDX] & 1 << 20); /* NX */
}

static void cache_control_does_nothing_at_ring_0(void **state)
{
    struct bench *b = *state;
    struct cpu_state before;

    CODE(b, 0x0f, 0x08, 0x0f, 0x09);
    before = b->cpu.s;
    bench_run(b, 1);
    bench_run(b, 1);
    before.eip += 4;
    assert_memory_equal(&before, &b->cpu.s, sizeof before);
}

static void hlt_ends_the_run(void **state)
{
    struct bench *b = *state;

    CODE(b, 0xf4);
    b->clock.until = 100;
    assert_int_equal(cpu_run(&b->cpu), CPU_HALTED);
    assert_int_equal(b->clock.now, 1);
    assert_int_equal(b->cpu.s.eip, CODE_AT + 1);
    assert_int_equal(cpu_run(&b->cpu), CPU_HALTED);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, bench_setup, bench_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(privileged_instructions_need_ring_0),
        TEST(mov_of_control_registers_ignores_mod),
        TEST(cli_and_sti_go_by_iopl),
        TEST(popf_changes_what_the_privilege_allows),
        TEST(control_registers),
        TEST(debug_registers),
        TEST(smsw_lmsw_and_clts),
        TEST(descriptor_table_registers),
        TEST(msrs),
        TEST(the_time_stamp_counts_ticks),
        TEST(cpuid_is_of_the_p6_class),
        TEST(cache_control_does_nothing_at_ring_0),
        TEST(hlt_ends_the_run),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
