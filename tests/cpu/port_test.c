/* tests/cpu/port_test.c -- IN, OUT, INS, OUTS and who may use them. Source: SDM
 * vol. 1 chapter 19, vol. 2 under each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "bench.h"

static struct outcome run(struct bench *b)
{
    b->cpu.s.halted = 0;
    return bench_run(b, 1);
}

static void each_width_reaches_the_port(void **state)
{
    struct bench *b = *state;
    static const struct {
        uint8_t code[3];
        unsigned bytes;
    } row[] = {{{0xee}, 1}, {{0x66, 0xef}, 2}, {{0xef}, 4}};

    b->cpu.s.reg[EDX] = PROBE_PORT + 4;
    b->cpu.s.reg[EAX] = 0x44332211;
    for (unsigned n = 0; n < 3; n++) {
        bench_code(b, row[n].code, 3);
        run(b);
        assert_int_equal(b->probe->bytes, row[n].bytes);
        assert_int_equal(b->probe->offset, 4);
        assert_int_equal(b->probe->value & 0xff, 0x11);
    }
}

static void in_writes_its_part_of_eax(void **state)
{
    struct bench *b = *state;

    b->cpu.s.reg[EDX] = PROBE_PORT;
    b->cpu.s.reg[EAX] = 0xffffffff;
    b->probe->value = 0x12;
    CODE(b, 0xec, 0x66, 0xed, 0xed);
    run(b);
    assert_int_equal(b->cpu.s.reg[EAX], 0xffffff12);
    b->probe->value = 0x3456;
    run(b);
    assert_int_equal(b->cpu.s.reg[EAX], 0xffff3456);
    b->probe->value = 0x789abcde;
    run(b);
    assert_int_equal(b->cpu.s.reg[EAX], 0x789abcde);
    CODE(b, 0xe4, 0x10, 0xe5, 0x10, 0xe6, 0x10, 0xe7, 0x10);
    run(b); /* nobody at port 10h: all ones */
    assert_int_equal(b->cpu.s.reg[EAX] & 0xff, 0xff);
    run(b);
    assert_int_equal(b->cpu.s.reg[EAX], 0xffffffff);
    assert_int_equal(run(b).vector, -1);
    assert_int_equal(run(b).vector, -1);
}

static void strings_move_between_port_and_memory(void **state)
{
    struct bench *b = *state;

    b->cpu.s.reg[EDX] = PROBE_PORT;
    b->cpu.s.reg[EDI] = DATA_AT;
    b->cpu.s.reg[ESI] = DATA_AT;
    b->cpu.s.reg[ECX] = 3;
    b->probe->value = 0xa5;
    CODE(b, 0xf3, 0x6c, 0x6d, 0x6e, 0xf3, 0x6f);
    for (unsigned n = 0; n < 3; n++)
        run(b);
    assert_int_equal(peek32(b, DATA_AT), 0xa5a5a5);
    assert_int_equal(b->cpu.s.reg[EDI], DATA_AT + 3);
    assert_int_equal(b->probe->reads, 3);
    b->probe->value = 0x01020304;
    run(b);
    assert_int_equal(peek32(b, DATA_AT + 3), 0x01020304);
    run(b);
    assert_int_equal(b->probe->value, 0xa5);
    b->cpu.s.reg[ECX] = 2;
    run(b);
    run(b);
    assert_int_equal(b->cpu.s.reg[ESI], DATA_AT + 9);
    assert_int_equal(b->probe->bytes, 4);
}

/* INS must not read the port when memory would fault: the value would be lost.
 */
static void ins_probes_memory_first(void **state)
{
    struct bench *b = *state;

    bench_paging(b);
    b->cpu.s.reg[EDX] = PROBE_PORT;
    b->cpu.s.reg[EDI] = 0x500000;
    CODE(b, 0x6c);
    assert_int_equal(run(b).vector, EXC_PF);
    assert_int_equal(b->probe->reads, 0);
}

/* Ring 3 with IOPL 0: the bitmap at the TSS's offset decides, a bit per port.
 */
static void the_bitmap_decides_below_iopl(void **state)
{
    struct bench *b = *state;
    uint32_t map = TSS_AT + 0x68 + PROBE_PORT / 8;
    struct outcome o;

    b->cpu.s.tr.limit = 0x68 + 0x100;
    b->cpu.s.reg[EDX] = PROBE_PORT + 4;
    for (unsigned denied = 0; denied < 16; denied++) {
        unsigned bytes = 4;

        poke32(b, map, 0xffff0000 | 1u << denied);
        bench_ring3(b);
        CODE(b, 0xef);
        o = run(b);
        if (denied >= 4 && denied < 4 + bytes) {
            assert_int_equal(o.vector, EXC_GP);
            assert_int_equal(o.error, 0);
        } else {
            assert_int_equal(o.vector, -1);
        }
    }
}

static void a_port_past_the_bitmap_is_denied(void **state)
{
    struct bench *b = *state;

    bench_ring3(b);
    b->cpu.s.reg[EDX] = PROBE_PORT;
    b->cpu.s.tr.limit = 0x68 + PROBE_PORT / 8; /* the second byte is outside */
    CODE(b, 0xee);
    assert_int_equal(run(b).vector, EXC_GP);
    bench_ring3(b);
    b->cpu.s.tr.limit = 0x68 + PROBE_PORT / 8 + 1;
    CODE(b, 0xee);
    assert_int_equal(run(b).vector, -1);
    b->cpu.s.tr.limit = 0x66; /* not even the bitmap's base */
    CODE(b, 0xec);
    assert_int_equal(run(b).vector, EXC_GP);
}

static void iopl_3_needs_no_bitmap(void **state)
{
    struct bench *b = *state;

    bench_ring3(b);
    b->cpu.s.eflags |= FLAG_IOPL;
    b->cpu.s.reg[EDX] = PROBE_PORT;
    CODE(b, 0xee);
    assert_int_equal(run(b).vector, -1);
    assert_int_equal(b->probe->accesses, 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, bench_setup, bench_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_width_reaches_the_port),
        TEST(in_writes_its_part_of_eax),
        TEST(strings_move_between_port_and_memory),
        TEST(ins_probes_memory_first),
        TEST(the_bitmap_decides_below_iopl),
        TEST(a_port_past_the_bitmap_is_denied),
        TEST(iopl_3_needs_no_bitmap),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
