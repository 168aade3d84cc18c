/* tests/cpu/host_test.c -- the CPU as host code drives it: accesses on the
 * guest's behalf, kernel entry, ends of a run, saved state. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/save.h"
#include "bench.h"

enum { PAGE = DATA_AT, RIGHTS = PTE_P | PTE_RW | PTE_US };

static int setup(void **state)
{
    bench_setup(state);
    bench_paging(*state);
    return 0;
}

static void load_and_store_cross_pages(void **state)
{
    struct bench *b = *state;
    struct cpu_fault fault;
    uint8_t out[6000], in[6000];

    for (unsigned n = 0; n < sizeof out; n++)
        out[n] = (uint8_t)(n * 7);
    assert_true(
        cpu_store(&b->cpu, gva_of(PAGE + 100), out, sizeof out, false, &fault));
    assert_false(fault.faulted);
    assert_true(
        cpu_load(&b->cpu, gva_of(PAGE + 100), in, sizeof in, true, &fault));
    assert_memory_equal(in, out, sizeof in);
    assert_true(peek32(b, bench_pte(PAGE)) & PTE_D);
}

static void a_store_probes_all_its_pages_first(void **state)
{
    struct bench *b = *state;
    struct cpu_fault fault;
    uint8_t out[6000];

    memset(out, 0xee, sizeof out);
    poke32(b, bench_pte(PAGE + PAGE_BYTES), (PAGE + PAGE_BYTES) | PTE_P);
    b->cpu.s.cr2 = 7;
    assert_false(
        cpu_store(&b->cpu, gva_of(PAGE + 100), out, sizeof out, true, &fault));
    assert_true(fault.faulted);
    assert_int_equal(fault.vector, EXC_PF);
    assert_int_equal(fault.error, PF_P | PF_W | PF_U);
    assert_int_equal(fault.address.v, PAGE + PAGE_BYTES);
    assert_int_equal(peek32(b, PAGE + 100), 0);
    assert_int_equal(b->cpu.s.cr2, 7); /* nothing is delivered */
}

static void a_load_reaches_devices(void **state)
{
    struct bench *b = *state;
    struct cpu_fault fault;
    uint32_t v = 0;

    poke32(b, bench_pte(PAGE), PROBE_MEMORY | RIGHTS);
    b->probe->value = 0xcafe;
    assert_true(cpu_load(&b->cpu, gva_of(PAGE + 8), &v, 4, false, &fault));
    assert_int_equal(v, 0xcafe);
    assert_int_equal(b->probe->accesses, 1);
    assert_int_equal(b->probe->offset, 8);
    v = 0x1234;
    assert_true(cpu_store(&b->cpu, gva_of(PAGE + 4), &v, 4, false, &fault));
    assert_int_equal(b->probe->value, 0x1234);
}

static void peek_and_poke_leave_no_trace(void **state)
{
    struct bench *b = *state;
    uint32_t v = 0x55aa;

    poke32(b, bench_pte(PAGE), PAGE | PTE_P); /* read only */
    assert_true(cpu_poke(&b->cpu, gva_of(PAGE + 4), &v, 4));
    v = 0;
    assert_true(cpu_peek(&b->cpu, gva_of(PAGE + 4), &v, 4));
    assert_int_equal(v, 0x55aa);
    assert_int_equal(peek32(b, bench_pte(PAGE)), PAGE | PTE_P);
    assert_int_equal(tlb_entry(&b->cpu.tlb, gva_of(PAGE))->used, 0);
    poke32(b, bench_pte(PAGE + PAGE_BYTES), 0);
    assert_false(cpu_peek(&b->cpu, gva_of(PAGE + 4094), &v, 4));
    poke32(b, bench_pte(PAGE), PROBE_MEMORY | RIGHTS);
    assert_false(cpu_peek(&b->cpu, gva_of(PAGE), &v, 4));
    assert_int_equal(b->probe->accesses, 0);
}

static void vmcall_is_an_instruction_in_its_pages_alone(void **state)
{
    struct bench *b = *state;
    struct outcome o;

    CODE(b, 0x0f, 0x01, 0xc1);
    o = bench_run(b, 1);
    assert_int_equal(o.vector, EXC_UD);
    b->cpu.vmcall_low = gpa_of(CODE_AT);
    b->cpu.vmcall_high = gpa_of(CODE_AT + PAGE_BYTES);
    b->cpu.s.halted = 0;
    CODE(b, 0x0f, 0x01, 0xc1);
    assert_int_equal(bench_step(b), CPU_VMCALL);
    assert_int_equal(b->cpu.s.eip, CODE_AT + 3);
    assert_int_equal(b->cpu.vmcall_at.v, CODE_AT);
    bench_ring3(b); /* ring 3 may not, though the page is the right one */
    CODE(b, 0x0f, 0x01, 0xc1);
    assert_int_equal(bench_run(b, 1).vector, EXC_UD);
}

/* A page that maps the stub page elsewhere is it too; a copy is not. */
static void vmcall_goes_by_the_physical_page(void **state)
{
    struct bench *b = *state;

    b->cpu.vmcall_low = gpa_of(CODE_AT);
    b->cpu.vmcall_high = gpa_of(CODE_AT + PAGE_BYTES);
    CODE(b, 0x0f, 0x01, 0xc1);
    poke32(b, bench_pte(PAGE), CODE_AT | RIGHTS);
    b->cpu.s.eip = PAGE;
    assert_int_equal(bench_step(b), CPU_VMCALL);
    assert_int_equal(b->cpu.vmcall_at.v, CODE_AT);
    poke32(b, PAGE + PAGE_BYTES, 0xc1010f);
    b->cpu.s.eip = PAGE + PAGE_BYTES;
    assert_int_equal(bench_run(b, 1).vector, EXC_UD);
}

static void a_run_ends_exactly_at_its_tick(void **state)
{
    struct bench *b = *state;

    CODE(b, 0xeb, 0xfe);
    b->clock.until = 1000;
    assert_int_equal(cpu_run(&b->cpu), CPU_TICKS);
    assert_int_equal(b->clock.now, 1000);
    assert_int_equal(cpu_run(&b->cpu), CPU_TICKS);
    assert_int_equal(b->clock.now, 1000);
}

static void stop_is_honoured(void **state)
{
    struct bench *b = *state;

    CODE(b, 0xeb, 0xfe);
    b->cpu.stop = true;
    b->clock.until = 1000;
    assert_int_equal(cpu_run(&b->cpu), CPU_STOP);
    assert_int_equal(b->clock.now, 0);
    b->cpu.stop = false;
    assert_int_equal(cpu_run(&b->cpu), CPU_TICKS);
}

/* Code that is written is what runs next: by itself, by a host, twice. */
static void changed_code_is_run(void **state)
{
    struct bench *b = *state;

    CODE(b, 0xc6, 0x06, 0x43, 0x40); /* mov byte [esi], 43h; inc eax */
    b->cpu.s.reg[ESI] = CODE_AT + 3;
    b->cpu.s.reg[EAX] = b->cpu.s.reg[EBX] = 0;
    b->cpu.s.eip = CODE_AT + 3;
    bench_step(b);
    assert_int_equal(b->cpu.s.reg[EAX], 1);
    b->cpu.s.eip = CODE_AT;
    bench_step(b);
    bench_step(b); /* now inc ebx */
    assert_int_equal(b->cpu.s.reg[EAX], 1);
    assert_int_equal(b->cpu.s.reg[EBX], 1);
    ram_write8(&b->ram, gpa_of(CODE_AT + 3), 0x4b); /* as DMA does */
    b->cpu.s.eip = CODE_AT + 3;
    bench_step(b);
    assert_int_equal(b->cpu.s.reg[EBX], 0);
}

static void saved_state_is_all_of_it(void **state)
{
    struct bench *b = *state;
    struct saver s = {0};
    struct loader l;
    struct cpu_state before;

    for (unsigned n = 0; n < sizeof b->cpu.s; n++)
        ((uint8_t *)&b->cpu.s)[n] = (uint8_t)(n * 5 + 1);
    before = b->cpu.s;
    save_rows(&s, &b->cpu.s, cpu_state_rows);
    memset(&b->cpu.s, 0, sizeof b->cpu.s);
    l = (struct loader){.bytes = s.bytes, .count = s.count};
    assert_true(load_rows(&l, &b->cpu.s, cpu_state_rows));
    assert_int_equal(l.at, s.count);
    /* but for padding, field by field */
    assert_memory_equal(before.reg, b->cpu.s.reg, sizeof before.reg);
    assert_memory_equal(before.seg, b->cpu.s.seg, sizeof before.seg);
    assert_memory_equal(before.dr, b->cpu.s.dr, sizeof before.dr);
    assert_memory_equal(before.pdpte, b->cpu.s.pdpte, sizeof before.pdpte);
    assert_int_equal(before.cpl, b->cpu.s.cpl);
    assert_int_equal(before.halted, b->cpu.s.halted);
    assert_int_equal(before.interrupt_shadow, b->cpu.s.interrupt_shadow);
    assert_int_equal(before.nmi_blocked, b->cpu.s.nmi_blocked);
    assert_int_equal(before.nmi_line, b->cpu.s.nmi_line);
    assert_int_equal(before.nmi_pending, b->cpu.s.nmi_pending);
    assert_int_equal(before.shutdown, b->cpu.s.shutdown);
    assert_int_equal(before.eip, b->cpu.s.eip);
    assert_int_equal(before.eflags, b->cpu.s.eflags);
    assert_int_equal(before.cr4, b->cpu.s.cr4);
    assert_int_equal(before.efer_nxe, b->cpu.s.efer_nxe);
    assert_int_equal(before.sysenter_eip, b->cpu.s.sysenter_eip);
    assert_true(before.tsc_offset == b->cpu.s.tsc_offset);
    saver_fini(&s);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, bench_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(load_and_store_cross_pages),
        TEST(a_store_probes_all_its_pages_first),
        TEST(a_load_reaches_devices),
        TEST(peek_and_poke_leave_no_trace),
        TEST(vmcall_is_an_instruction_in_its_pages_alone),
        TEST(vmcall_goes_by_the_physical_page),
        TEST(a_run_ends_exactly_at_its_tick),
        TEST(stop_is_honoured),
        TEST(changed_code_is_run),
        TEST(saved_state_is_all_of_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
