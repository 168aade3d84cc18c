/* tests/cpu/trap_test.c -- exceptions and interrupts through the IDT: gates,
 * error codes, stacks, double faults. Source: SDM vol. 3A chapter 6. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "bench.h"

enum { GATE_BITS = 2, EXT = 1 }; /* error code: IDT; external: 6.13 */

static void set_gate(struct bench *b, unsigned vector, uint16_t selector,
                     uint8_t access)
{
    bench_gate(b, IDT_AT + 8 * vector, selector, HANDLERS_AT + 16 * vector,
               access, 0);
}

static struct outcome run(struct bench *b)
{
    b->cpu.s.halted = 0;
    return bench_run(b, 1);
}

static void int_n_pushes_the_next_instruction(void **state)
{
    struct bench *b = *state;
    struct outcome o;

    CODE(b, 0xcd, 0x80);
    o = run(b);
    assert_int_equal(o.vector, 0x80);
    assert_int_equal(o.eip, CODE_AT + 2);
    assert_int_equal(o.cs, SEL_CODE0);
    assert_int_equal(o.esp, STACK0 - 0x1000);
}

static void int3_into_and_int1_push_the_next_instruction(void **state)
{
    struct bench *b = *state;
    struct outcome o;

    CODE(b, 0xcc);
    o = run(b);
    assert_int_equal(o.vector, EXC_BP);
    assert_int_equal(o.eip, CODE_AT + 1);
    b->cpu.s.eflags |= FLAG_OF;
    CODE(b, 0xce);
    assert_int_equal(run(b).vector, EXC_OF);
    CODE(b, 0xf1);
    o = run(b);
    assert_int_equal(o.vector, EXC_DB);
    assert_int_equal(o.eip, CODE_AT + 1);
}

/* 6.12.1.3: an interrupt gate clears IF, a trap gate does not; TF, NT and RF
 * go in both. */
static void gates_change_the_flags(void **state)
{
    struct bench *b = *state;

    set_gate(b, 0x50, SEL_CODE0, 0x8e);
    set_gate(b, 0x51, SEL_CODE0, 0x8f);
    b->cpu.s.eflags = 2 | FLAG_IF | FLAG_NT;
    CODE(b, 0xcd, 0x50);
    assert_int_equal(run(b).eflags & (FLAG_IF | FLAG_NT), FLAG_IF | FLAG_NT);
    assert_int_equal(b->cpu.s.eflags & (FLAG_IF | FLAG_NT), 0);
    b->cpu.s.eflags = 2 | FLAG_IF;
    CODE(b, 0xcd, 0x51);
    run(b);
    assert_true(b->cpu.s.eflags & FLAG_IF);
}

static void a_16_bit_gate_pushes_words(void **state)
{
    struct bench *b = *state;
    uint32_t esp = b->cpu.s.reg[ESP];

    set_gate(b, 0x50, SEL_CODE0, 0x86);
    CODE(b, 0xcd, 0x50);
    run(b);
    assert_int_equal(b->cpu.s.reg[ESP], esp - 6);
    assert_int_equal(ram_read16(&b->ram, gpa_of(esp - 6)),
                     (CODE_AT + 2) & 0xffff);
    assert_int_equal(ram_read16(&b->ram, gpa_of(esp - 4)), SEL_CODE0);
}

static void ring_3_comes_in_on_the_tss_stack(void **state)
{
    struct bench *b = *state;
    struct outcome o;

    bench_ring3(b);
    CODE(b, 0xcd, 0x80);
    o = run(b);
    assert_int_equal(o.vector, 0x80);
    assert_int_equal(o.cs, SEL_CODE3);
    assert_int_equal(o.esp, STACK3);
    assert_int_equal(peek32(b, STACK0 - 4), SEL_DATA3);
    assert_int_equal(b->cpu.s.reg[ESP], STACK0 - 20);
    assert_int_equal(b->cpu.s.seg[SS].selector, SEL_DATA0);
    assert_int_equal(b->cpu.s.seg[CS].selector, SEL_CODE0);
    assert_int_equal(b->cpu.s.cpl, 0);
}

/* 6.12.1.2: DPL of the gate counts for INT n alone. */
static void the_gate_protects_against_int_n_alone(void **state)
{
    struct bench *b = *state;
    struct outcome o;

    set_gate(b, 0x50, SEL_CODE0, 0x8e);
    set_gate(b, EXC_UD, SEL_CODE0, 0x8e);
    bench_ring3(b);
    CODE(b, 0xcd, 0x50);
    o = run(b);
    assert_int_equal(o.vector, EXC_GP);
    assert_int_equal(o.error, 0x50 * 8 + GATE_BITS);
    assert_int_equal(o.eip, CODE_AT);
    bench_ring3(b);
    CODE(b, 0x0f, 0x0b);
    assert_int_equal(run(b).vector, EXC_UD);
}

/* What is wrong with a gate or its target, by INT 50h: SDM vol. 2, INT n. */
static void bad_gates(void **state)
{
    struct bench *b = *state;
    static const struct {
        uint16_t selector;
        uint8_t access;
        uint8_t vector;
        uint32_t error;
    } row[] = {
        {SEL_CODE0, 0x0e, EXC_NP, 0x50 * 8 + GATE_BITS}, /* not present */
        {SEL_CODE0, 0x8c, EXC_GP, 0x50 * 8 + GATE_BITS}, /* a call gate */
        {SEL_CODE0, 0x00, EXC_GP, 0x50 * 8 + GATE_BITS},
        {0, 0x8e, EXC_GP, 0},                      /* null code selector */
        {SEL_DATA0, 0x8e, EXC_GP, SEL_DATA0},      /* not code */
        {SEL_CODE3, 0x8e, EXC_GP, SEL_CODE3 & ~3}, /* DPL above CPL */
        {0x7f8, 0x8e, EXC_GP, 0x7f8},              /* outside the GDT */
        {SEL_FREE, 0x8e, EXC_NP, SEL_FREE},        /* code not present */
    };

    bench_descriptor(b, SEL_FREE, 0, 0xfffff, 0xc01b);
    for (unsigned n = 0; n < sizeof row / sizeof *row; n++) {
        struct outcome o;

        set_gate(b, 0x50, row[n].selector, row[n].access);
        CODE(b, 0xcd, 0x50);
        o = run(b);
        assert_int_equal(o.vector, row[n].vector);
        assert_int_equal(o.error, row[n].error);
        assert_int_equal(o.eip, CODE_AT);
    }
    b->cpu.s.idtr.limit = 8 * 0x50 + 6; /* the gate's last byte is outside */
    CODE(b, 0xcd, 0x50);
    assert_int_equal(run(b).error, 0x50 * 8 + GATE_BITS);
}

/* The error of a fault while an exception is delivered has EXT: 6.13. */
static void a_second_fault_carries_ext(void **state)
{
    struct bench *b = *state;
    struct outcome o;

    set_gate(b, EXC_UD, SEL_CODE0, 0x0e);
    CODE(b, 0x0f, 0x0b);
    o = run(b);
    assert_int_equal(o.vector, EXC_NP);
    assert_int_equal(o.error, 8 * EXC_UD + GATE_BITS + EXT);
    assert_int_equal(o.eip, CODE_AT);
}

static void a_handler_offset_beyond_its_segment_is_gp(void **state)
{
    struct bench *b = *state;

    bench_descriptor(b, SEL_FREE, 0, 0xff, 0x409b);
    set_gate(b, 0x50, SEL_FREE, 0xee);
    CODE(b, 0xcd, 0x50);
    assert_int_equal(run(b).vector, EXC_GP);
}

/* 5.8.5, 7.2.1 and INT n: what may be wrong with the new stack is #TS. */
static void bad_inner_stacks(void **state)
{
    struct bench *b = *state;
    static const struct {
        uint16_t ss;
        uint8_t vector;
        uint32_t error;
    } row[] = {
        {0, EXC_TS, 0},
        {SEL_DATA3, EXC_TS, SEL_DATA3 & ~3}, /* RPL, DPL */
        {SEL_CODE0, EXC_TS, SEL_CODE0},
        {0x7f8, EXC_TS, 0x7f8},
        {SEL_FREE, EXC_SS, SEL_FREE},           /* not present */
        {SEL_FREE + 8, EXC_TS, SEL_FREE + 8},   /* read only */
        {SEL_FREE + 16, EXC_SS, SEL_FREE + 16}, /* too small for the frame */
    };

    bench_descriptor(b, SEL_FREE, 0, 0xfffff, 0xc013);
    bench_descriptor(b, SEL_FREE + 8, 0, 0xfffff, 0xc091);
    bench_descriptor(b, SEL_FREE + 16, 0, 0xff, 0x4093);
    /* the faults themselves go to ring-3 conforming-like handlers: DPL 3 */
    for (unsigned v = EXC_TS; v <= EXC_GP; v++)
        set_gate(b, v, SEL_CODE3, 0xee);
    for (unsigned n = 0; n < sizeof row / sizeof *row; n++) {
        uint32_t esp;

        poke32(b, TSS_AT + 8, row[n].ss);
        bench_ring3(b);
        CODE(b, 0xcd, 0x80);
        b->cpu.s.halted = 0;
        bench_step(b);
        esp = b->cpu.s.reg[ESP];
        assert_int_equal(b->cpu.s.eip, HANDLERS_AT + 16 * row[n].vector);
        assert_int_equal(peek32(b, esp), row[n].error);
        assert_int_equal(peek32(b, esp + 4), CODE_AT);
        assert_int_equal(esp, STACK3 - 16);
    }
}

static void a_tss_too_short_for_the_stack_is_ts(void **state)
{
    struct bench *b = *state;

    set_gate(b, EXC_TS, SEL_CODE3, 0xee);
    b->cpu.s.tr.limit = 8;
    bench_ring3(b);
    CODE(b, 0xcd, 0x80);
    bench_step(b);
    assert_int_equal(b->cpu.s.eip, HANDLERS_AT + 16 * EXC_TS);
    assert_int_equal(peek32(b, b->cpu.s.reg[ESP]), SEL_TSS);
}

static void conforming_code_keeps_the_privilege(void **state)
{
    struct bench *b = *state;

    bench_descriptor(b, SEL_FREE, 0, 0xfffff, 0xc09f); /* conforming, DPL 0 */
    set_gate(b, 0x50, SEL_FREE, 0xee);
    bench_ring3(b);
    CODE(b, 0xcd, 0x50);
    bench_step(b);
    assert_int_equal(b->cpu.s.cpl, 3);
    assert_int_equal(b->cpu.s.seg[CS].selector, SEL_FREE | 3);
    assert_int_equal(b->cpu.s.reg[ESP], STACK3 - 12);
}

/* Table 6-5: the gate of the first is not present, #NP is contributory. */
static void double_fault_rules(void **state)
{
    struct bench *b = *state;
    static const struct {
        uint8_t first; /* what the instruction raises */
        uint8_t code[4];
        uint8_t vector;
    } row[] = {
        {EXC_UD, {0x0f, 0x0b}, EXC_NP},       /* benign */
        {EXC_DE, {0xf7, 0xf1}, EXC_DF},       /* contributory */
        {EXC_GP, {0x8e, 0xd9}, EXC_DF},       /* mov ds, cx */
        {EXC_PF, {0xa1, 0, 0, 0x50}, EXC_DF}, /* page fault */
    };

    bench_paging(b);
    for (unsigned n = 0; n < sizeof row / sizeof *row; n++) {
        struct outcome o;

        for (unsigned v = 0; v < 32; v++)
            set_gate(b, v, SEL_CODE0, 0xee);
        set_gate(b, row[n].first, SEL_CODE0, 0x0e);
        b->cpu.s.reg[ESP] = STACK0 - 0x1000;
        b->cpu.s.reg[ECX] = row[n].first == EXC_GP ? 0x7f8 : 0;
        bench_code(b, row[n].code, 4);
        o = run(b);
        assert_int_equal(o.vector, row[n].vector);
        if (o.vector == EXC_DF)
            assert_int_equal(o.error, 0);
        assert_int_equal(o.eip, CODE_AT);
    }
}

static void a_page_fault_while_delivering_a_page_fault_is_df(void **state)
{
    struct bench *b = *state;
    struct outcome o;

    bench_paging(b);
    bench_ring3(b);
    poke32(b, TSS_AT + 4, 0x500000); /* no stack for #PF, none for #DF */
    CODE(b, 0xa1, 0, 0, 0x50, 0);
    o = run(b);
    assert_true(o.shutdown || o.vector == -1);
    assert_int_equal(bench_step(b), CPU_SHUTDOWN);
    assert_int_equal(bench_step(b), CPU_SHUTDOWN); /* for good */
}

static void without_an_idt_the_cpu_shuts_down(void **state)
{
    struct bench *b = *state;
    struct outcome o;

    bench_paging(b);
    poke32(b, bench_pte(IDT_AT), PTE_RW); /* no IDT at all: triple */
    CODE(b, 0xcd, 0x80);
    o = run(b);
    assert_true(o.shutdown || bench_step(b) == CPU_SHUTDOWN);
}

static void an_interrupt_waits_for_if_and_the_shadow(void **state)
{
    struct bench *b = *state;
    struct outcome o;

    b->probe->vector = 0x41;
    line_set(&b->probe->dev, PROBE_INTR, true);
    CODE(b, 0x90, 0xfb, 0x90, 0x90);
    assert_int_equal(bench_run(b, 1).vector, -1); /* IF is clear */
    assert_int_equal(bench_run(b, 1).vector, -1); /* STI */
    assert_int_equal(bench_run(b, 1).vector, -1); /* its shadow */
    o = bench_run(b, 1);
    assert_int_equal(o.vector, 0x41);
    assert_int_equal(o.eip, CODE_AT + 3);
    assert_true(o.eflags & FLAG_IF);
}

static void mov_ss_holds_an_interrupt_back(void **state)
{
    struct bench *b = *state;

    CODE(b, 0x8e, 0xd0, 0x90, 0x90);
    b->cpu.s.reg[EAX] = SEL_DATA0;
    b->cpu.s.eflags |= FLAG_IF;
    b->probe->vector = 0x41;
    bench_step(b);
    line_set(&b->probe->dev, PROBE_INTR, true);
    assert_int_equal(bench_run(b, 1).vector, -1);
    assert_int_equal(bench_run(b, 1).vector, 0x41);
}

static void hlt_waits_for_an_interrupt(void **state)
{
    struct bench *b = *state;
    struct outcome o;

    CODE(b, 0xf4, 0x90);
    b->cpu.s.eflags |= FLAG_IF;
    bench_step(b);
    b->clock.until = b->clock.now + 5;
    assert_int_equal(cpu_run(&b->cpu), CPU_HALTED);
    b->probe->vector = 0x42;
    line_set(&b->probe->dev, PROBE_INTR, true);
    o = bench_run(b, 1);
    assert_int_equal(o.vector, 0x42);
    assert_int_equal(o.eip, CODE_AT + 1);
}

static void nmi_is_an_edge_and_blocks_until_iret(void **state)
{
    struct bench *b = *state;

    CODE(b, 0x90, 0x90, 0x90);
    /* the handler: NOP; NOP; IRET */
    poke32(b, HANDLERS_AT + 16 * EXC_NMI, 0xcf9090);
    line_set(&b->probe->dev, PROBE_NMI, true);
    bench_step(b);
    assert_int_equal(b->cpu.s.nmi_blocked, 1);
    line_set(&b->probe->dev, PROBE_NMI, false);
    bench_step(b);                             /* second NOP */
    line_set(&b->probe->dev, PROBE_NMI, true); /* held back */
    bench_step(b);
    assert_int_equal(b->cpu.s.nmi_blocked, 0);
    assert_int_equal(b->cpu.s.eip, CODE_AT);
    bench_step(b);
    assert_int_equal(b->cpu.s.nmi_blocked, 1); /* now it comes */
}

static void an_interrupt_comes_between_iterations(void **state)
{
    struct bench *b = *state;
    struct outcome o;

    CODE(b, 0xf3, 0xaa);
    b->cpu.s.eflags |= FLAG_IF;
    b->cpu.s.reg[ECX] = 10;
    b->cpu.s.reg[EDI] = DATA_AT;
    b->clock.until = b->clock.now + 4;
    assert_int_equal(cpu_run(&b->cpu), CPU_TICKS);
    assert_int_equal(b->cpu.s.reg[ECX], 6); /* one tick each */
    b->probe->vector = 0x43;
    line_set(&b->probe->dev, PROBE_INTR, true);
    o = bench_run(b, 1);
    assert_int_equal(o.vector, 0x43);
    assert_int_equal(o.eip, CODE_AT); /* goes on when it is back */
}

static void tf_traps_after_each_instruction(void **state)
{
    struct bench *b = *state;
    struct outcome o;

    CODE(b, 0x90, 0x90);
    b->cpu.s.eflags |= FLAG_TF;
    o = run(b);
    assert_int_equal(o.vector, EXC_DB);
    assert_int_equal(o.eip, CODE_AT + 1);
    assert_true(o.eflags & FLAG_TF);
    assert_false(b->cpu.s.eflags & FLAG_TF);
    assert_true(b->cpu.s.dr[6] & 1 << 14);
}

static void a_loop_of_faults_takes_ticks(void **state)
{
    struct bench *b = *state;

    ram_write16(&b->ram, gpa_of(HANDLERS_AT + 16 * EXC_UD), 0x0b0f);
    CODE(b, 0x0f, 0x0b);
    b->clock.until = b->clock.now + 100;
    assert_int_equal(cpu_run(&b->cpu), CPU_TICKS);
    assert_int_equal(b->clock.now, b->clock.until);
}

static void host_code_raises_an_exception(void **state)
{
    struct bench *b = *state;
    uint32_t esp = b->cpu.s.reg[ESP];

    cpu_exception(&b->cpu, EXC_GP, true, 0x18);
    assert_int_equal(b->cpu.s.eip, HANDLERS_AT + 16 * EXC_GP);
    assert_int_equal(b->cpu.s.reg[ESP], esp - 16);
    assert_int_equal(peek32(b, esp - 16), 0x18);
    assert_int_equal(peek32(b, esp - 12), CODE_AT);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, bench_setup, bench_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(int_n_pushes_the_next_instruction),
        TEST(int3_into_and_int1_push_the_next_instruction),
        TEST(gates_change_the_flags),
        TEST(a_16_bit_gate_pushes_words),
        TEST(ring_3_comes_in_on_the_tss_stack),
        TEST(the_gate_protects_against_int_n_alone),
        TEST(bad_gates),
        TEST(a_second_fault_carries_ext),
        TEST(a_handler_offset_beyond_its_segment_is_gp),
        TEST(bad_inner_stacks),
        TEST(a_tss_too_short_for_the_stack_is_ts),
        TEST(conforming_code_keeps_the_privilege),
        TEST(double_fault_rules),
        TEST(a_page_fault_while_delivering_a_page_fault_is_df),
        TEST(without_an_idt_the_cpu_shuts_down),
        TEST(an_interrupt_waits_for_if_and_the_shadow),
        TEST(mov_ss_holds_an_interrupt_back),
        TEST(hlt_waits_for_an_interrupt),
        TEST(nmi_is_an_edge_and_blocks_until_iret),
        TEST(an_interrupt_comes_between_iterations),
        TEST(tf_traps_after_each_instruction),
        TEST(a_loop_of_faults_takes_ticks),
        TEST(host_code_raises_an_exception),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
