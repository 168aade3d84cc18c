/* tests/cpu/debug_test.c -- breakpoints on code, data and ports, single step,
 * general detect, and what holds them back. Source: SDM vol. 3B 17.2, 17.3. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "bench.h"

enum { CODE_BP, WRITE_BP, IO_BP, DATA_BP };
enum { BD = 1 << 13, BS = 1 << 14, HITS = 0xe00f };

static struct outcome run(struct bench *b)
{
    b->cpu.s.halted = 0;
    return bench_run(b, 1);
}

/* Breakpoint @n at @at; @len is the field of DR7. */
static void arm(struct bench *b, unsigned n, uint32_t at, unsigned rw,
                unsigned len)
{
    uint32_t *dr = b->cpu.s.dr;

    dr[n] = at;
    dr[7] &= ~(15u << (16 + 4 * n));
    dr[7] |= 2u << 2 * n | (rw | len << 2) << (16 + 4 * n);
    dr[6] = 0xffff0ff0;
}

/* By MOV DR7, as a program does it, so that a page already in use goes slow. */
static void mov_dr7(struct bench *b, uint32_t v)
{
    CODE(b, 0x0f, 0x23, 0xf8); /* mov dr7, eax */
    b->cpu.s.reg[EAX] = v;
    assert_int_equal(run(b).vector, -1);
}

static void code_is_a_fault_and_rf_lets_it_pass(void **state)
{
    struct bench *b = *state;
    struct outcome o;

    CODE(b, 0x40, 0x40);
    arm(b, 1, CODE_AT + 1, CODE_BP, 0);
    assert_int_equal(run(b).vector, -1);
    o = run(b);
    assert_int_equal(o.vector, EXC_DB);
    assert_int_equal(o.eip, CODE_AT + 1);
    assert_int_equal(o.eflags & FLAG_RF, 0);
    assert_int_equal(b->cpu.s.dr[6] & HITS, 2);
    assert_int_equal(b->cpu.s.reg[EAX], 1);
    b->cpu.s.eip = CODE_AT + 1;
    b->cpu.s.eflags |= FLAG_RF;
    assert_int_equal(run(b).vector, -1);
    assert_int_equal(b->cpu.s.reg[EAX], 2);
    assert_int_equal(b->cpu.s.eflags & FLAG_RF, 0);
}

/* All lengths and places of breakpoint and access: bytes in common, or not.
 * With and without a TLB entry that was fast before. */
static void data_hits_when_a_byte_is_common(void **state)
{
    static const struct {
        uint8_t code[3];
        uint32_t bytes;
        bool write;
    } access[] = {
        {{0x88, 0x06}, 1, true},        {{0x66, 0x89, 0x06}, 2, true},
        {{0x89, 0x06}, 4, true},        {{0x8a, 0x06}, 1, false},
        {{0x66, 0x8b, 0x06}, 2, false}, {{0x8b, 0x06}, 4, false},
        {{0x01, 0x06}, 4, true},
    };
    static const uint8_t length[] = {1, 2, 0, 4};
    struct bench *b = *state;

    bench_paging(b);
    for (unsigned n = 0; n < 7 * 4 * 2 * 64; n++) {
        unsigned k = n % 7, len = n / 7 % 4,
                 rw = n / 28 % 2 ? DATA_BP : WRITE_BP;
        uint32_t bp = n / 56 % 8, at = n / 448 % 8;
        uint32_t start = bp & ~(length[len] - 1u);
        bool common = at < start + length[len] && start < at + access[k].bytes;
        bool hit = common && (access[k].write || rw == DATA_BP);
        struct outcome o;

        if (len == 2)
            continue;
        b->cpu.s.dr[7] = 0x400;
        arm(b, 2, DATA_AT + bp, rw, len);
        if (n & 1)
            mov_dr7(b, b->cpu.s.dr[7]);
        b->cpu.s.reg[ESI] = DATA_AT + at;
        bench_code(b, access[k].code, 3);
        o = run(b);
        assert_int_equal(o.vector, hit ? EXC_DB : -1);
        assert_int_equal(b->cpu.s.dr[6] & HITS, hit ? 4 : 0);
        if (hit) /* a trap */
            assert_int_equal(o.eip, CODE_AT + (access[k].bytes == 2 ? 3 : 2));
        if (n & 1)
            mov_dr7(b, 0x400);
    }
}

/* The page is fast again when nothing is armed on it. */
static void a_page_is_slow_while_it_is_armed(void **state)
{
    struct bench *b = *state;
    const struct tlb_entry *e = tlb_entry(&b->cpu.tlb, gva_of(DATA_AT));

    b->cpu.s.reg[ESI] = DATA_AT;
    CODE(b, 0x89, 0x06);
    run(b);
    assert_true(e->fast & TLB_WRITE);
    b->cpu.s.dr[0] = DATA_AT + 0x100;
    mov_dr7(b, 0x400 | 1 | 1 << 16);
    assert_int_equal(e->fast & (TLB_READ | TLB_WRITE), 0);
    CODE(b, 0x89, 0x06);
    assert_int_equal(run(b).vector, -1);
    assert_int_equal(e->fast & (TLB_READ | TLB_WRITE), 0);
    mov_dr7(b, 0x400);
    CODE(b, 0x89, 0x06);
    run(b);
    assert_true(e->fast & TLB_WRITE);
}

/* 6.8.3: the trap of MOV SS comes behind the next instruction. */
static void mov_ss_holds_a_data_trap_back(void **state)
{
    struct bench *b = *state;
    struct outcome o;

    poke32(b, DATA_AT, SEL_DATA0);
    b->cpu.s.reg[ESI] = DATA_AT;
    arm(b, 0, DATA_AT, DATA_BP, 3);
    arm(b, 1, CODE_AT + 2, CODE_BP, 0); /* and code is held back altogether */
    CODE(b, 0x8e, 0x16, 0x90, 0x90);    /* mov ss, [esi] */
    assert_int_equal(run(b).vector, -1);
    o = run(b);
    assert_int_equal(o.vector, EXC_DB);
    assert_int_equal(o.eip, CODE_AT + 3);
    assert_int_equal(b->cpu.s.dr[6] & HITS, 1);
}

/* What an instruction touched before it faulted is no trap. */
static void a_fault_forgets_what_was_hit(void **state)
{
    struct bench *b = *state;

    bench_paging(b);
    b->cpu.s.reg[ESI] = DATA_AT;
    b->cpu.s.reg[EDI] = 0x500000;
    arm(b, 0, DATA_AT, DATA_BP, 3);
    CODE(b, 0xa5); /* movs */
    assert_int_equal(run(b).vector, EXC_PF);
    assert_int_equal(b->cpu.s.debug_pending, 0);
    assert_int_equal(b->cpu.s.dr[6] & HITS, 0);
}

static void a_repeated_instruction_stops_behind_the_iteration(void **state)
{
    struct bench *b = *state;
    struct outcome o;

    b->cpu.s.reg[EDI] = DATA_AT;
    b->cpu.s.reg[ECX] = 8;
    arm(b, 0, DATA_AT + 4, WRITE_BP, 3);
    CODE(b, 0xf3, 0xab); /* rep stos */
    assert_int_equal(run(b).vector, -1);
    o = run(b);
    assert_int_equal(o.vector, EXC_DB);
    assert_int_equal(o.eip, CODE_AT);
    assert_int_equal(o.eflags & FLAG_RF, FLAG_RF);
    assert_int_equal(b->cpu.s.reg[ECX], 6);
}

/* The gate of #DB is watched: a trap on each delivery, but time goes on.
 */
static void a_trap_that_hits_itself_takes_time(void **state)
{
    struct bench *b = *state;

    b->cpu.s.idtr.base = IDT_AT;
    arm(b, 0, IDT_AT + 8 * EXC_DB, DATA_BP, 3); /* the gate is data too */
    b->cpu.s.eflags |= FLAG_TF;
    CODE(b, 0x90);
    b->clock.until = 50;
    assert_int_equal(cpu_run(&b->cpu), CPU_TICKS);
    assert_int_equal(b->clock.now, 50);
}

static void an_alignment_fault_that_faults_takes_time(void **state)
{
    struct bench *b = *state;

    assert_true(cpu_set_cr0(&b->cpu, b->cpu.s.cr0 | CR0_AM));
    bench_gate(b, IDT_AT + 8 * EXC_AC, SEL_CODE3, HANDLERS_AT, 0xee, 0);
    bench_ring3(b);
    b->cpu.s.eflags |= FLAG_AC;
    b->cpu.s.reg[ESP] = STACK3 + 1;
    CODE(b, 0x50);
    b->clock.until = 50;
    assert_int_equal(cpu_run(&b->cpu), CPU_TICKS);
    assert_int_equal(b->clock.now, 50);
    assert_int_equal(b->cpu.s.eip, CODE_AT);
    assert_int_equal(b->cpu.s.reg[ESP], STACK3 + 1);
}

static void ports_hit_with_cr4_de(void **state)
{
    struct bench *b = *state;

    for (unsigned de = 0; de < 2; de++)
        for (unsigned at = 0; at < 8; at++) {
            bool hit = de && at > 0 && at < 6; /* a word at 304h..305h */

            assert_true(cpu_set_cr4(&b->cpu, de ? CR4_DE : 0));
            arm(b, 3, PROBE_PORT + 4, IO_BP, 1);
            b->cpu.s.reg[EDX] = PROBE_PORT + at;
            CODE(b, 0xed); /* in eax, dx */
            assert_int_equal(run(b).vector, hit ? EXC_DB : -1);
            assert_int_equal(b->cpu.s.dr[6] & HITS, hit ? 8 : 0);
        }
}

static void general_detect_faults_once(void **state)
{
    struct bench *b = *state;
    struct outcome o;

    b->cpu.s.dr[7] |= 1 << 13;
    CODE(b, 0x0f, 0x21, 0xc0); /* mov eax, dr0 */
    o = run(b);
    assert_int_equal(o.vector, EXC_DB);
    assert_int_equal(o.eip, CODE_AT);
    assert_int_equal(b->cpu.s.dr[6] & HITS, BD);
    assert_int_equal(b->cpu.s.dr[7] & 1 << 13, 0);
    CODE(b, 0x0f, 0x21, 0xc0);
    assert_int_equal(run(b).vector, -1);
}

/* Armed by the program itself, in the middle of what runs as one block. */
static void arming_counts_from_the_next_instruction(void **state)
{
    struct bench *b = *state;
    struct cpu_state *s = &b->cpu.s;

    for (unsigned data = 0; data < 2; data++) {
        CODE(b, 0x90, 0x0f, 0x23, 0xf8, /* nop; mov dr7, eax */
             0x90, 0x89, 0x0e, 0x90, 0x90, 0x90, 0xeb, 0xf4);
        s->reg[ESI] = DATA_AT;
        s->dr[0] = data ? DATA_AT : CODE_AT + 8;
        s->dr[6] = 0xffff0ff0;
        s->dr[7] = 0x400;
        s->reg[EAX] = 0x402 | (data ? WRITE_BP : CODE_BP) << 16;
        s->halted = 0;
        b->clock.until = b->clock.now + 1000;
        assert_int_equal(cpu_run(&b->cpu), CPU_HALTED); /* the handler's HLT */
        assert_int_equal(s->eip - HANDLERS_AT, 16 * EXC_DB + 1);
        assert_int_equal(peek32(b, s->reg[ESP]), CODE_AT + (data ? 7 : 8));
        assert_int_equal(s->dr[6] & HITS, 1);
    }
}

/* Checked when a program that runs sets AC, not only when the run begins. */
static void popf_turns_alignment_checks_on(void **state)
{
    struct bench *b = *state;
    struct cpu_state *s = &b->cpu.s;

    bench_paging(b);
    assert_true(cpu_set_cr0(&b->cpu, s->cr0 | CR0_AM));
    bench_ring3(b);
    s->reg[ESI] = DATA_AT + 1;
    poke32(b, STACK3, 2 | FLAG_AC);
    CODE(b, 0x90, 0x8b, 0x06, 0x90, 0x9d, /* mov eax, [esi]; popf */
         0x90, 0x90, 0x8b, 0x06, 0x90, 0xeb, 0xf4);
    b->clock.until = b->clock.now + 1000;
    assert_int_equal(cpu_run(&b->cpu), CPU_HALTED);
    assert_int_equal(s->eip - HANDLERS_AT, 16 * EXC_AC + 1);
    assert_int_equal(peek32(b, s->reg[ESP] + 4), CODE_AT + 7);
}

static void dr4_and_dr5_are_aliases_without_de(void **state)
{
    struct bench *b = *state;

    b->cpu.s.dr[7] = 0x400 | 0xaa;
    CODE(b, 0x0f, 0x21, 0xe8); /* mov eax, dr5 */
    assert_int_equal(run(b).vector, -1);
    assert_int_equal(b->cpu.s.reg[EAX], 0x400 | 0xaa);
    assert_true(cpu_set_cr4(&b->cpu, CR4_DE));
    CODE(b, 0x0f, 0x21, 0xe8);
    assert_int_equal(run(b).vector, EXC_UD);
}

/* 17.4.3: with DEBUGCTL.BTF a step is a branch; #DB clears the bit. */
static void single_step_on_branches(void **state)
{
    struct bench *b = *state;
    struct outcome o;

    b->cpu.s.msr.debug_control = 2;
    b->cpu.s.eflags |= FLAG_TF;
    CODE(b, 0x40, 0xeb, 0x10); /* inc eax; jmp */
    assert_int_equal(run(b).vector, -1);
    o = run(b);
    assert_int_equal(o.vector, EXC_DB);
    assert_int_equal(o.eip, CODE_AT + 0x13);
    assert_int_equal(b->cpu.s.dr[6] & HITS, BS);
    assert_int_equal(b->cpu.s.msr.debug_control, 0);
}

static void a_step_behind_hlt_wakes_it(void **state)
{
    struct bench *b = *state;

    b->cpu.s.eflags |= FLAG_TF;
    CODE(b, 0xf4);
    assert_int_equal(run(b).vector, EXC_DB);
    assert_int_equal(b->cpu.s.halted, 0);
}

/* 6.15 #AC: at ring 3, with CR0.AM and EFLAGS.AC, by the size of the access. */
static void misaligned_data_faults_at_ring_3(void **state)
{
    static const struct {
        uint8_t code[4];
        unsigned bytes;
    } row[] = {{{0x8a, 0x06}, 1}, {{0x66, 0x8b, 0x06}, 2},
               {{0x8b, 0x06}, 4}, {{0x89, 0x06}, 4},
               {{0x66, 0xa5}, 2}, {{0x0f, 0xc7, 0x0e}, 8},
               {{0xa5}, 4}};
    struct bench *b = *state;

    bench_paging(b);
    for (unsigned n = 0; n < 7 * 8 * 8; n++) {
        unsigned k = n % 7, off = n / 7 % 8, mode = n / 56;
        bool am = mode & 1, ac = mode & 2, user = mode & 4;
        bool bad = am && ac && user && off & (row[k].bytes - 1);
        struct outcome o;

        assert_true(cpu_set_cr0(&b->cpu, am ? b->cpu.s.cr0 | CR0_AM
                                            : b->cpu.s.cr0 & ~CR0_AM));
        if (user)
            bench_ring3(b);
        else
            b->cpu.s.cpl = 0;
        b->cpu.s.eflags = 2 | (ac ? FLAG_AC : 0u);
        b->cpu.s.reg[ESI] = DATA_AT + off;
        b->cpu.s.reg[EDI] = DATA_AT + 0x100 + off;
        bench_code(b, row[k].code, 4);
        o = run(b);
        assert_int_equal(o.vector, bad ? EXC_AC : -1);
        if (bad)
            assert_int_equal(o.error, 0);
        bench_teardown(state);
        bench_setup(state);
        b = *state;
        bench_paging(b);
    }
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, bench_setup, bench_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(code_is_a_fault_and_rf_lets_it_pass),
        CASE(data_hits_when_a_byte_is_common),
        CASE(a_page_is_slow_while_it_is_armed),
        CASE(mov_ss_holds_a_data_trap_back),
        CASE(a_fault_forgets_what_was_hit),
        CASE(a_repeated_instruction_stops_behind_the_iteration),
        CASE(a_trap_that_hits_itself_takes_time),
        CASE(an_alignment_fault_that_faults_takes_time),
        CASE(ports_hit_with_cr4_de),
        CASE(general_detect_faults_once),
        CASE(arming_counts_from_the_next_instruction),
        CASE(popf_turns_alignment_checks_on),
        CASE(dr4_and_dr5_are_aliases_without_de),
        CASE(single_step_on_branches),
        CASE(a_step_behind_hlt_wakes_it),
        CASE(misaligned_data_faults_at_ring_3),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
