/* tests/cpu/paging_test.c -- accesses through page tables: error codes, rights,
 * accessed and dirty bits, flushes, restart. Source: SDM vol. 3A 4.6-4.10. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "bench.h"

enum { PAGE = DATA_AT, RIGHTS = PTE_P | PTE_RW | PTE_US };

static int setup(void **state)
{
    bench_setup(state);
    bench_paging(*state);
    return 0;
}

static void set_pte(struct bench *b, uint32_t va, uint32_t pte)
{
    poke32(b, bench_pte(va), pte);
    tlb_flush_page(&b->cpu.tlb, gva_of(va));
}

/* One run of each access at each privilege against each set of rights. */
static void error_codes_and_rights(void **state)
{
    struct bench *b = *state;

    for (unsigned n = 0; n < 8 * 2 * 2 * 2; n++) {
        uint32_t pte = n & 7;
        bool user = n & 8, write = n & 16, wp = n & 32;
        bool present = pte & PTE_P;
        bool allowed = present && (!user || pte & PTE_US) &&
                       (!write || pte & PTE_RW || (!user && !wp));
        struct outcome o;

        set_pte(b, PAGE, PAGE | pte);
        assert_true(
            cpu_set_cr0(&b->cpu, CR0_PE | CR0_ET | CR0_PG | (wp ? CR0_WP : 0)));
        b->cpu.s.halted = 0;
        b->cpu.s.reg[ESP] = STACK0 - 0x1000;
        if (user) {
            bench_ring3(b);
        } else {
            b->cpu.s.cpl = 0;
            b->cpu.s.seg[CS].selector = SEL_CODE0;
            b->cpu.s.seg[CS].access = 0xc09b;
        }
        CODE(b, write ? 0x89 : 0x8b, 0x06); /* mov [esi], eax or back */
        b->cpu.s.reg[ESI] = PAGE + 0x123;
        b->cpu.s.cr2 = 0;
        o = bench_run(b, 1);
        if (allowed) {
            assert_int_equal(o.vector, -1);
        } else {
            assert_int_equal(o.vector, EXC_PF);
            assert_int_equal(o.error, (present ? PF_P : 0) |
                                          (write ? PF_W : 0) |
                                          (user ? PF_U : 0));
            assert_int_equal(b->cpu.s.cr2, PAGE + 0x123);
            assert_int_equal(o.eip, CODE_AT);
        }
        cpu_set_segment(&b->cpu, SS, SEL_DATA0);
    }
}

static void accessed_and_dirty_bits_are_set(void **state)
{
    struct bench *b = *state;

    CODE(b, 0x8b, 0x06, 0x89, 0x06);
    b->cpu.s.reg[ESI] = PAGE;
    bench_step(b);
    assert_int_equal(peek32(b, bench_pte(PAGE)), PAGE | RIGHTS | PTE_A);
    bench_step(b); /* the TLB knows the page, but not as dirty */
    assert_int_equal(peek32(b, bench_pte(PAGE)), PAGE | RIGHTS | PTE_A | PTE_D);
    assert_true(peek32(b, TABLES_AT) & PTE_A);
}

static void a_read_that_a_write_follows_faults_as_a_write(void **state)
{
    struct bench *b = *state;
    static const uint8_t code[][4] = {
        {0x01, 0x06},             /* add [esi], eax */
        {0xff, 0x06},             /* inc [esi] */
        {0x87, 0x06},             /* xchg */
        {0xd1, 0x26},             /* shl */
        {0xf7, 0x16},             /* not */
        {0x0f, 0xb1, 0x06},       /* cmpxchg, though it may not store */
        {0x0f, 0xc1, 0x06},       /* xadd */
        {0x0f, 0xab, 0x06},       /* bts */
        {0x0f, 0xba, 0x2e, 0x01}, /* bts imm */
        {0x0f, 0xc7, 0x0e},       /* cmpxchg8b */
        {0x0f, 0x96, 0x06},       /* setbe */
        {0x8f, 0x06},             /* pop [esi] */
    };

    for (unsigned n = 0; n < sizeof code / sizeof *code; n++) {
        struct cpu_state before;
        struct outcome o;

        set_pte(b, PAGE, 0);
        b->cpu.s.reg[ESI] = PAGE + 0xffe; /* and the next page is there */
        b->cpu.s.reg[ESP] = STACK0 - 0x1000;
        b->cpu.s.halted = 0;
        bench_code(b, code[n], 4);
        before = b->cpu.s;
        o = bench_run(b, 1);
        assert_int_equal(o.vector, EXC_PF);
        assert_int_equal(o.error, PF_W);
        assert_int_equal(o.esp, before.reg[ESP]);
        assert_int_equal(b->cpu.s.reg[EAX], before.reg[EAX]);
        assert_int_equal(o.eflags & ~FLAG_RF, before.eflags);
    }
}

/* Both pages are probed before a byte is written. */
static void a_store_across_pages_is_all_or_nothing(void **state)
{
    struct bench *b = *state;
    struct outcome o;

    poke32(b, PAGE + 0xffc, 0x11111111);
    set_pte(b, PAGE + PAGE_BYTES, (PAGE + PAGE_BYTES) | PTE_P); /* read only */
    CODE(b, 0xc7, 0x06, 0x78, 0x56, 0x34, 0x12);
    b->cpu.s.reg[ESI] = PAGE + 0xffe;
    o = bench_run(b, 1);
    assert_int_equal(o.vector, EXC_PF);
    assert_int_equal(o.error, PF_P | PF_W);
    assert_int_equal(b->cpu.s.cr2, PAGE + PAGE_BYTES);
    assert_int_equal(peek32(b, PAGE + 0xffc), 0x11111111);
    set_pte(b, PAGE + PAGE_BYTES, (PAGE + PAGE_BYTES) | RIGHTS);
    b->cpu.s.eip = CODE_AT;
    b->cpu.s.halted = 0;
    assert_int_equal(bench_run(b, 1).vector, -1);
    assert_int_equal(peek32(b, PAGE + 0xffe), 0x12345678);
}

static void push_and_pusha_leave_esp_when_they_fault(void **state)
{
    struct bench *b = *state;
    static const uint8_t code[][2] = {{0x50, 0}, {0x60, 0},    {0x9c, 0},
                                      {0xe8, 0}, {0xff, 0x36}, {0xc8, 8}};

    for (unsigned n = 0; n < sizeof code / sizeof *code; n++) {
        struct outcome o;

        set_pte(b, STACK3 - PAGE_BYTES, 0);
        bench_ring3(b);
        b->cpu.s.reg[ESP] = STACK3 + 2;
        b->cpu.s.reg[EBP] = 0x1234;
        b->cpu.s.reg[ESI] = DATA_AT;
        b->cpu.s.halted = 0;
        bench_code(b, code[n], 2);
        o = bench_run(b, 1);
        assert_int_equal(o.vector, EXC_PF);
        assert_int_equal(o.error, PF_W | PF_U);
        assert_int_equal(o.esp, STACK3 + 2);
        assert_int_equal(b->cpu.s.reg[EBP], 0x1234);
        assert_int_equal(o.eip, CODE_AT);
    }
}

static void a_string_stops_at_the_iteration_that_faults(void **state)
{
    struct bench *b = *state;
    struct outcome o;

    set_pte(b, PAGE + PAGE_BYTES, 0);
    CODE(b, 0xf3, 0xa5); /* rep movsd */
    b->cpu.s.reg[ECX] = 8;
    b->cpu.s.reg[ESI] = CODE_AT + 0x100;
    b->cpu.s.reg[EDI] = PAGE + PAGE_BYTES - 12;
    o = bench_run(b, 8);
    assert_int_equal(o.vector, EXC_PF);
    assert_int_equal(o.eip, CODE_AT);
    assert_int_equal(b->cpu.s.reg[ECX], 5);
    assert_int_equal(b->cpu.s.reg[ESI], CODE_AT + 0x100 + 12);
    assert_int_equal(b->cpu.s.reg[EDI], PAGE + PAGE_BYTES);
    set_pte(b, PAGE + PAGE_BYTES, (PAGE + PAGE_BYTES) | RIGHTS);
    b->cpu.s.eip = CODE_AT;
    b->cpu.s.halted = 0;
    assert_int_equal(bench_run(b, 5).vector, -1);
    assert_int_equal(b->cpu.s.reg[ECX], 0);
    assert_int_equal(b->cpu.s.eip, CODE_AT + 2);
}

static void a_fetch_across_pages_faults_at_the_second(void **state)
{
    struct bench *b = *state;
    struct outcome o;

    set_pte(b, PAGE + PAGE_BYTES, 0);
    ram_write8(&b->ram, gpa_of(PAGE + PAGE_BYTES - 1), 0xb8); /* mov eax, imm */
    b->cpu.s.eip = PAGE + PAGE_BYTES - 1;
    o = bench_run(b, 1);
    assert_int_equal(o.vector, EXC_PF);
    assert_int_equal(o.error, 0);
    assert_int_equal(b->cpu.s.cr2, PAGE + PAGE_BYTES);
    assert_int_equal(o.eip, PAGE + PAGE_BYTES - 1);
}

/* 4.10.4: a changed entry is seen only after a flush; INVLPG is one. */
static void the_tlb_is_stale_until_invlpg(void **state)
{
    struct bench *b = *state;

    poke32(b, PAGE, 1);
    poke32(b, PAGE + PAGE_BYTES, 2);
    CODE(b, 0x8b, 0x06, 0x8b, 0x1e, 0x0f, 0x01, 0x3e, 0x8b, 0x0e);
    b->cpu.s.reg[ESI] = PAGE;
    bench_step(b);
    poke32(b, bench_pte(PAGE), (PAGE + PAGE_BYTES) | RIGHTS);
    bench_step(b);
    assert_int_equal(b->cpu.s.reg[EBX], 1);
    bench_step(b);
    bench_step(b);
    assert_int_equal(b->cpu.s.reg[ECX], 2);
}

static void invlpg_is_for_ring_0_and_memory(void **state)
{
    struct bench *b = *state;

    CODE(b, 0x0f, 0x01, 0xf8);
    assert_int_equal(bench_run(b, 1).vector, EXC_UD);
    bench_ring3(b);
    b->cpu.s.halted = 0;
    b->cpu.s.reg[ESI] = PAGE;
    CODE(b, 0x0f, 0x01, 0x3e);
    assert_int_equal(bench_run(b, 1).vector, EXC_GP);
}

/* 4.10.4.1: a CR3 load keeps global pages, clearing PGE does not. */
static void global_pages_survive_cr3(void **state)
{
    struct bench *b = *state;

    assert_true(cpu_set_cr4(&b->cpu, CR4_PGE));
    poke32(b, PAGE, 1);
    poke32(b, PAGE + PAGE_BYTES, 2);
    set_pte(b, PAGE, PAGE | RIGHTS | PTE_G);
    CODE(b, 0x8b, 0x06, 0x0f, 0x22, 0xda, 0x8b, 0x1e, 0x0f, 0x22, 0xe7, 0x8b,
         0x0e); /* mov eax,[esi]; mov cr3,edx; mov ebx,[esi]; mov cr4,edi; .. */
    b->cpu.s.reg[ESI] = PAGE;
    b->cpu.s.reg[EDX] = TABLES_AT;
    b->cpu.s.reg[EDI] = 0;
    bench_step(b);
    poke32(b, bench_pte(PAGE), (PAGE + PAGE_BYTES) | RIGHTS | PTE_G);
    bench_step(b);
    bench_step(b);
    assert_int_equal(b->cpu.s.reg[EBX], 1);
    bench_step(b);
    bench_step(b);
    assert_int_equal(b->cpu.s.reg[ECX], 2);
}

/* CR0.WP is looked at on each access, no flush is needed: 4.6. */
static void wp_counts_at_once(void **state)
{
    struct bench *b = *state;
    struct outcome o;

    assert_true(cpu_set_cr0(&b->cpu, CR0_PE | CR0_ET | CR0_PG));
    set_pte(b, PAGE, PAGE | PTE_P);
    CODE(b, 0x89, 0x06, 0x0f, 0x22, 0xc0, 0x89, 0x06);
    b->cpu.s.reg[ESI] = PAGE;
    b->cpu.s.reg[EAX] = CR0_PE | CR0_ET | CR0_PG | CR0_WP;
    bench_step(b);
    bench_step(b);
    o = bench_run(b, 1);
    assert_int_equal(o.vector, EXC_PF);
    assert_int_equal(o.error, PF_P | PF_W);
}

static void large_pages_need_pse(void **state)
{
    struct bench *b = *state;

    poke32(b, TABLES_AT + 4, 0 | RIGHTS | PTE_PS); /* 400000h -> 0 */
    CODE(b, 0x8b, 0x06);
    b->cpu.s.reg[ESI] = 0x400000 + PAGE;
    poke32(b, PAGE, 77);
    assert_true(cpu_set_cr4(&b->cpu, CR4_PSE));
    assert_int_equal(bench_run(b, 1).vector, -1);
    assert_int_equal(b->cpu.s.reg[EAX], 77);
    assert_true(peek32(b, TABLES_AT + 4) & PTE_A);
}

/* A PAE map of the first 2 MiB by 4 KiB pages. */
static void pae(struct bench *b)
{
    enum {
        TOP = TABLES_AT + 0x10000,
        DIRECTORY = TOP + 0x1000,
        TABLE = TOP + 0x2000
    };

    poke32(b, TOP, DIRECTORY | PTE_P);
    poke32(b, DIRECTORY, TABLE | RIGHTS);
    for (uint32_t n = 0; n < 512; n++)
        poke32(b, TABLE + 8 * n, n * PAGE_BYTES | RIGHTS);
    assert_true(cpu_set_cr0(&b->cpu, CR0_PE | CR0_ET));
    assert_true(cpu_set_cr4(&b->cpu, CR4_PAE));
    assert_true(cpu_set_cr3(&b->cpu, TOP));
    assert_true(cpu_set_cr0(&b->cpu, CR0_PE | CR0_ET | CR0_PG));
}

static void nx_forbids_the_fetch_alone(void **state)
{
    struct bench *b = *state;
    uint32_t entry = TABLES_AT + 0x12000 + 8 * (PAGE >> 12);
    struct outcome o;

    pae(b);
    CODE(b, 0x0f, 0x30, 0x8b, 0x06, 0xff, 0xe6); /* wrmsr; mov; jmp esi */
    b->cpu.s.reg[ECX] = 0xc0000080;
    b->cpu.s.reg[EAX] = 1 << 11;
    b->cpu.s.reg[EDX] = 0;
    b->cpu.s.reg[ESI] = PAGE;
    poke32(b, entry + 4, 0x80000000);
    assert_int_equal(bench_run(b, 3).vector, -1);
    assert_int_equal(b->cpu.s.eip, PAGE);
    o = bench_run(b, 1);
    assert_int_equal(o.vector, EXC_PF);
    assert_int_equal(o.error, PF_P | PF_I);
}

static void the_nx_bit_is_reserved_without_nxe(void **state)
{
    struct bench *b = *state;
    struct outcome o;

    pae(b);
    poke32(b, TABLES_AT + 0x12000 + 8 * (PAGE >> 12) + 4, 0x80000000);
    CODE(b, 0x8b, 0x06);
    b->cpu.s.reg[ESI] = PAGE;
    o = bench_run(b, 1);
    assert_int_equal(o.vector, EXC_PF);
    assert_int_equal(o.error, PF_P | PF_RSVD);
}

/* 4.4.1: a reserved bit in a present PDPTE is #GP at the CR3 load. */
static void a_bad_pdpte_refuses_cr3(void **state)
{
    struct bench *b = *state;
    struct outcome o;

    pae(b);
    poke32(b, TABLES_AT + 0x10008, PTE_P | 2);
    CODE(b, 0x0f, 0x22, 0xd8);
    b->cpu.s.reg[EAX] = TABLES_AT + 0x10000;
    o = bench_run(b, 1);
    assert_int_equal(o.vector, EXC_GP);
    assert_int_equal(o.error, 0);
}

/* A device behind a page is reached in aligned pieces of at most 4 bytes. */
static void device_accesses_are_split(void **state)
{
    struct bench *b = *state;

    set_pte(b, PAGE, PROBE_MEMORY | RIGHTS);
    CODE(b, 0x89, 0x06, 0x89, 0x46, 0x11, 0x66, 0x89, 0x46, 0x21);
    b->cpu.s.reg[ESI] = PAGE;
    b->cpu.s.reg[EAX] = 0x44332211;
    bench_step(b);
    assert_int_equal(b->probe->accesses, 1);
    assert_int_equal(b->probe->bytes, 4);
    assert_int_equal(b->probe->value, 0x44332211);
    bench_step(b); /* at 11h: 1 + 2 + 1 or single bytes, never across a line */
    assert_true(b->probe->accesses > 2);
    assert_int_equal(b->probe->offset, 0x14);
    assert_int_equal(b->probe->value, 0x44);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, bench_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(error_codes_and_rights),
        TEST(accessed_and_dirty_bits_are_set),
        TEST(a_read_that_a_write_follows_faults_as_a_write),
        TEST(a_store_across_pages_is_all_or_nothing),
        TEST(push_and_pusha_leave_esp_when_they_fault),
        TEST(a_string_stops_at_the_iteration_that_faults),
        TEST(a_fetch_across_pages_faults_at_the_second),
        TEST(the_tlb_is_stale_until_invlpg),
        TEST(invlpg_is_for_ring_0_and_memory),
        TEST(global_pages_survive_cr3),
        TEST(wp_counts_at_once),
        TEST(large_pages_need_pse),
        TEST(nx_forbids_the_fetch_alone),
        TEST(the_nx_bit_is_reserved_without_nxe),
        TEST(a_bad_pdpte_refuses_cr3),
        TEST(device_accesses_are_split),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
