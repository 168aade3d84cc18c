/* tests/cpu/real_test.c -- real mode as a BIOS uses it: reset, the interrupt
 * table, A20, segments with protected mode's limits. Source: SDM vol. 3A
 * 9.1.1, 9.9, 20.1. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "bench.h"

enum { STACK16 = 0x3000 };

/* A pin of the board's that switches A20. */
struct gate {
    struct device dev;
};

static const struct state_row gate_rows[] = {STATE_END};
static const struct device_pin gate_pins[] = {
    {0, true, WIRE_A20}, {1, true, WIRE_INIT}, {0, false, WIRE_NONE}};

static void gate_write(struct device *dev, unsigned window, uint32_t offset,
                       unsigned bytes, uint32_t value)
{
    (void)window;
    (void)offset;
    (void)bytes;
    line_set(dev, 0, value & 2);
    line_set(dev, 1, value & 1);
}

static const struct device_model gate_model = {
    .name = "gate",
    .title = "switches A20",
    .version = 1,
    .state_size = sizeof(struct gate),
    .rows = gate_rows,
    .windows =
        {{.kind = WINDOW_PORT, .bytes = 1, .access = ACCESS_ANY, .base = 0x92}},
    .pins = gate_pins,
    .write = gate_write,
};

/* The CPU as after reset, but at 1000:0000 with a stack. */
static void real(struct bench *b)
{
    cpu_reset(&b->cpu);
    b->cpu.s.seg[CS].selector = CODE_AT >> 4;
    b->cpu.s.seg[CS].base = CODE_AT;
    b->cpu.s.eip = 0;
    b->cpu.s.reg[ESP] = STACK16;
}

#define CODE16(b, ...)                                                         \
    do {                                                                       \
        CODE(b, __VA_ARGS__);                                                  \
        (b)->cpu.s.eip = 0;                                                    \
    } while (0)

static void steps(struct bench *b, unsigned n)
{
    while (n--)
        bench_step(b);
}

static void reset_starts_below_4_gib(void **state)
{
    struct bench *b = *state;
    const struct cpu_state *s = &b->cpu.s;

    cpu_reset(&b->cpu);
    assert_int_equal(s->seg[CS].base + s->eip, 0xfffffff0);
    assert_int_equal(s->seg[CS].selector, 0xf000);
    assert_int_equal(s->cr0, CR0_ET | CR0_NW | CR0_CD);
    assert_int_equal(s->eflags, 2);
    assert_int_equal(s->dr[6], 0xffff0ff0);
    assert_int_equal(s->dr[7], 0x400);
}

/* Table 9-1: INIT leaves cache control and MSRs alone. */
static void init_keeps_what_reset_clears(void **state)
{
    struct bench *b = *state;
    struct cpu_state *s = &b->cpu.s;

    s->sysenter_cs = 8;
    s->tsc_offset = 99;
    s->cr4 = CR4_PSE;
    assert_true(cpu_set_cr0(&b->cpu, CR0_PE | CR0_CD));
    cpu_init_signal(&b->cpu);
    assert_int_equal(s->cr0, CR0_ET | CR0_CD);
    assert_int_equal(s->sysenter_cs, 8);
    assert_int_equal(s->tsc_offset, 99);
    assert_int_equal(s->cr4, 0);
    assert_int_equal(s->seg[CS].base + s->eip, 0xfffffff0);
}

static void an_interrupt_pushes_three_words(void **state)
{
    struct bench *b = *state;
    const struct cpu_state *s = &b->cpu.s;

    real(b);
    poke32(b, 4 * 0x21, 0x20000100);
    b->cpu.s.eflags |= FLAG_IF | FLAG_CF;
    CODE16(b, 0xcd, 0x21);
    steps(b, 1);
    assert_int_equal(s->seg[CS].base + s->eip, 0x20100);
    assert_int_equal(s->reg[ESP], STACK16 - 6);
    assert_int_equal(peek32(b, STACK16 - 6), CODE_AT << 12 | 2);
    assert_int_equal(ram_read16(&b->ram, gpa_of(STACK16 - 2)),
                     2 | FLAG_IF | FLAG_CF);
    assert_int_equal(s->eflags, 2 | FLAG_CF);
}

/* 20.1.4: no error codes; past the end of the table is #GP, then #DF, then a
 * shutdown. */
static void faults_push_no_error_code(void **state)
{
    struct bench *b = *state;
    const struct cpu_state *s = &b->cpu.s;

    real(b);
    poke32(b, 4 * EXC_GP, 0x20000100);
    CODE16(b, 0xa1, 0xff, 0xff); /* mov ax, [ffffh] */
    steps(b, 1);
    assert_int_equal(s->seg[CS].base + s->eip, 0x20100);
    assert_int_equal(peek32(b, STACK16 - 6), CODE_AT << 12);
    real(b);
    b->cpu.s.idtr.limit = 4 * EXC_GP + 3;
    CODE16(b, 0xcd, 0x21);
    steps(b, 1);
    assert_int_equal(s->seg[CS].base + s->eip, 0x20100);
    real(b);
    b->cpu.s.idtr.limit = 4 * EXC_DF;
    CODE16(b, 0xcd, 0x21);
    assert_int_equal(bench_step(b), CPU_SHUTDOWN);
}

/* 20.1: sequential execution past FFFFh is #GP, not offset 0; 8086s wrapped. */
static void code_does_not_wrap(void **state)
{
    struct bench *b = *state;
    const struct cpu_state *s = &b->cpu.s;

    real(b);
    poke32(b, 4 * EXC_GP, 0x28000100);
    ram_write8(&b->ram, gpa_of(CODE_AT + 0xffff), 0x90);
    b->cpu.s.eip = 0xffff;
    steps(b, 1);
    assert_int_equal(s->eip, 0x10000);
    steps(b, 1);
    assert_int_equal(s->seg[CS].base + s->eip, 0x28100);
}

static void far_transfers_keep_the_limit(void **state)
{
    struct bench *b = *state;
    const struct cpu_state *s = &b->cpu.s;
    static const uint8_t far_call32[] = {0x66, 0x9a, 0, 0, 1, 0, 0, 0x20};

    real(b);
    CODE16(b, 0xea, 0x34, 0x12, 0x00, 0x20);
    steps(b, 1);
    assert_int_equal(s->seg[CS].base + s->eip, 0x21234);
    real(b);
    poke32(b, 4 * EXC_GP, 0x20000100);
    bench_code(b, far_call32, sizeof far_call32); /* to 2000:10000 */
    b->cpu.s.eip = 0;
    steps(b, 1);
    assert_int_equal(s->seg[CS].base + s->eip, 0x20100); /* #GP */
    assert_int_equal(s->reg[ESP], STACK16 - 6);
    real(b);
    b->cpu.s.seg[CS].limit = UINT32_MAX;
    bench_code(b, far_call32, sizeof far_call32);
    b->cpu.s.eip = 0;
    steps(b, 1);
    assert_int_equal(s->seg[CS].base + s->eip, 0x30000);
    assert_int_equal(peek32(b, STACK16 - 8), 8); /* what 66h returns to */
}

/* 9.9.2: a limit loaded in protected mode stays when PE goes. */
static void big_real_mode_reaches_beyond_64_kib(void **state)
{
    struct bench *b = *state;
    const struct cpu_state *s = &b->cpu.s;

    real(b);
    b->cpu.s.gdtr = (struct cpu_table){GDT_AT, 8 * GDT_ENTRIES - 1};
    poke32(b, 0x200010, 0x12345678);
    CODE16(b, 0x0f, 0x20, 0xc0,             /* mov eax, cr0 */
           0x0c, 0x01, 0x0f, 0x22, 0xc0,    /* or al, 1; mov cr0, eax */
           0xbb, SEL_DATA0, 0x00,           /* mov bx, SEL_DATA0 */
           0x8e, 0xdb,                      /* mov ds, bx */
           0x24, 0xfe, 0x0f, 0x22, 0xc0,    /* and al, feh; mov cr0, eax */
           0x31, 0xdb, 0x8e, 0xdb,          /* xor bx, bx; mov ds, bx */
           0x67, 0x66, 0x8b, 0x0d, 0x10, 0, /* mov ecx, [200010h] */
           0x20, 0x00);
    steps(b, 10);
    assert_int_equal(s->reg[ECX], 0x12345678);
    assert_false(s->cr0 & CR0_PE);
    assert_int_equal(s->seg[DS].limit, UINT32_MAX);
}

static struct bench *with_gate(struct bench *b)
{
    struct device *dev;

    assert_int_equal(
        bus_add(b->bus, &gate_model, &(struct bus_place){0}, &dev, NULL),
        HB_OK);
    bus_reset(b->bus);
    return b;
}

/* FFFF:0010 is 100000h, or 0 with A20 held low. */
static void a20_wraps_at_one_mebibyte(void **state)
{
    struct bench *b = with_gate(*state);
    const struct cpu_state *s = &b->cpu.s;

    poke32(b, 0, 0x1111);
    poke32(b, 0x100000, 0x2222);
    real(b);
    CODE16(b, 0xbb, 0xff, 0xff, 0x8e, 0xdb,     /* mov bx, ffffh; mov ds, bx */
           0xa1, 0x10, 0x00, 0x89, 0xc1,        /* mov ax, [10h]; mov cx, ax */
           0xb0, 0x02, 0xe6, 0x92,              /* mov al, 2; out 92h, al */
           0xa1, 0x10, 0x00, 0x89, 0xc2,        /* mov ax, [10h]; mov dx, ax */
           0xb0, 0x00, 0xe6, 0x92,              /* mov al, 0; out 92h, al */
           0xc7, 0x06, 0x10, 0x00, 0x33, 0x33); /* mov w [10h], 3333h */
    steps(b, 11);
    assert_int_equal(s->reg[ECX] & 0xffff, 0x1111);
    assert_int_equal(s->reg[EDX] & 0xffff, 0x2222);
    assert_int_equal(peek32(b, 0), 0x3333);
    assert_int_equal(peek32(b, 0x100000), 0x2222);
}

static void init_ends_the_run_once(void **state)
{
    struct bench *b = with_gate(*state);

    real(b);
    CODE16(b, 0xb0, 0x03, 0xe6, 0x92, 0x90); /* mov al, 3; out 92h, al */
    b->clock.until = 100;
    assert_int_equal(cpu_run(&b->cpu), CPU_STOP);
    assert_int_equal(b->clock.now, 2);
    assert_true(bus_pins(b->bus)->init);
    bus_take_init(b->bus);
    assert_false(bus_pins(b->bus)->init);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, bench_setup, bench_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(reset_starts_below_4_gib),
        CASE(init_keeps_what_reset_clears),
        CASE(an_interrupt_pushes_three_words),
        CASE(faults_push_no_error_code),
        CASE(code_does_not_wrap),
        CASE(far_transfers_keep_the_limit),
        CASE(big_real_mode_reaches_beyond_64_kib),
        CASE(a20_wraps_at_one_mebibyte),
        CASE(init_ends_the_run_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
