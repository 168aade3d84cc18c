/* tests/board/poke_test.c -- what a debugger sets by hand: registers of each
 * kind as instructions then see them, memory in each space, device registers
 * and map registers; each is in the input log. */
#include "base/vec.h"
#include "board/again.h"
#include "board/board.h"
#include "code.h"
#include "demo.h"

static const struct demo_bench edu = {HALBOX_IMAGES "/edu.sys",
                                      "edu",
                                      "\\\\.\\Edu0",
                                      "translate",
                                      "16M",
                                      DEMO_BYTES};

static unsigned inputs(const struct machine *m, struct inspect_input *last)
{
    unsigned n = 0;

    while (inspect_input_at(m, n, last))
        n++;
    if (n)
        inspect_input_at(m, n - 1, last);
    return n;
}

static void poke(struct machine *m, const char *name, uint32_t value)
{
    struct hb_error e = {0};

    if (machine_poke_register(m, name, value, &e) != HB_OK)
        fail_msg("%s: %s", name, e.text);
}

/* A program that keeps what it finds in registers; they are set before it. */
static void instructions_see_what_was_set(void **state)
{
    static const uint8_t body[] = {
        0x89, 0xd8,                      /* mov eax, ebx */
        0xa3, 0,    0,    0x20, 0,       /* result 0 */
        0x9c, 0x58,                      /* pushfd; pop eax */
        0xa3, 4,    0,    0x20, 0,       /* result 1 */
        0x0f, 0x20, 0xd0,                /* mov eax, cr2 */
        0xa3, 8,    0,    0x20, 0,       /* result 2 */
        0x0f, 0x21, 0xd0,                /* mov eax, dr2 */
        0xa3, 12,   0,    0x20, 0,       /* result 3 */
        0x0f, 0x21, 0xf8,                /* mov eax, dr7 */
        0xa3, 16,   0,    0x20, 0,       /* result 4 */
        0xdb, 0x3d, 20,   0,    0x20, 0, /* fstp tbyte [result 5] */
        0x8c, 0xe0,                      /* mov eax, fs */
        0xa3, 32,   0,    0x20, 0,       /* result 8 */
        0xf4,
    };
    const uint8_t pi[10] = {0x35, 0xc2, 0x68, 0x21, 0xa2,
                            0xda, 0x0f, 0xc9, 0x00, 0x40};
    struct machine *m = bare_create(NULL, body, sizeof body);
    struct inspect_cpu cpu;
    struct machine_stop stop;
    struct hb_error e = {0};
    uint8_t got[10];

    (void)state;
    inspect_cpu(m, &cpu);
    assert_int_not_equal(cpu.segment[4].selector, 0);
    poke(m, "ebx", 0x12345678);
    poke(m, "esp", 0x90000);
    poke(m, "eflags", 0xffffffff & ~0x20300u); /* not TF, IF, VM */
    poke(m, "cr2", 0xcafe1234);
    poke(m, "dr2", 0x00abcdef);
    poke(m, "dr7", 0);
    poke(m, "fs", 0);
    poke(m, "fcw", 0x37f);
    assert_int_equal(machine_poke_register_bytes(m, "st0", pi, sizeof pi, &e),
                     HB_OK);
    assert_int_equal(machine_run(m, 10000, &stop), STOP_IDLE);
    assert_int_equal(code_result(m, 0), 0x12345678);
    assert_int_equal(code_result(m, 1) & 0xffff, 0x7cd7); /* 3, 5, 15 stay 0 */
    assert_int_equal(code_result(m, 2), 0xcafe1234);
    assert_int_equal(code_result(m, 3), 0x00abcdef);
    assert_int_equal(code_result(m, 4), 0x400); /* bit 10 reads 1 */
    assert_int_equal(code_result(m, 8) & 0xffff, 0);
    assert_true(inspect_physical(m, gpa_of(CODE_RESULTS + 20), got, 10));
    assert_memory_equal(got, pi, sizeof pi);
    machine_destroy(m);
}

static void registers_read_back(void **state)
{
    const char *const wide[] = {"st3", "mm2", "xmm5"};
    struct machine *m = bare_create(NULL, "\xf4", 1);
    struct inspect_cpu_register r;
    struct inspect_input last;
    struct hb_error e = {0};
    uint8_t bytes[16];

    (void)state;
    for (unsigned i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 17 + 1);
    for (unsigned i = 0; i < 3; i++) {
        assert_true(inspect_cpu_register(m, wide[i], &r));
        assert_int_equal(
            machine_poke_register_bytes(m, wide[i], bytes, r.bytes, &e), HB_OK);
        assert_true(inspect_cpu_register(m, wide[i], &r));
        assert_memory_equal(r.value, bytes, r.bytes);
        inputs(m, &last);
        assert_string_equal(last.kind, "poke_register_bytes");
        assert_memory_equal(last.data, bytes, r.bytes);
        assert_int_equal(machine_poke_register_bytes(m, wide[i], bytes, 3, &e),
                         HB_BAD_ARGUMENT);
        assert_int_equal(machine_poke_register(m, wide[i], 1, &e),
                         HB_BAD_ARGUMENT);
    }
    poke(m, "idt.base", 0x1000);
    poke(m, "mxcsr", 0x1fa0);
    assert_true(inspect_cpu_register(m, "mxcsr", &r));
    assert_int_equal(r.value[0] | r.value[1] << 8, 0x1fa0);
    inputs(m, &last);
    assert_string_equal(last.kind, "poke_register");
    assert_int_equal(last.b, 0x1fa0);
    machine_destroy(m);
}

/* What the instruction would fault on is refused, and changes nothing. */
static void values_that_cannot_be(void **state)
{
    const struct {
        const char *name;
        uint32_t value;
    } bad[] = {{"cr0", 0x80000000},  {"cr4", 0x80000000}, {"cs", 0},
               {"ds", 0xfff8},       {"ss", 0},           {"cs", 0x10},
               {"mxcsr", 0xffff0000}};
    struct machine *m = bare_create(NULL, "\xf4", 1);
    struct inspect_cpu before, after;
    struct hb_error e = {0};

    (void)state;
    inspect_cpu(m, &before);
    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(
            machine_poke_register(m, bad[i].name, bad[i].value, &e),
            HB_BAD_ARGUMENT);
    inspect_cpu(m, &after);
    assert_memory_equal(&before, &after, sizeof before);
    assert_int_equal(machine_poke_register(m, "rip", 0, &e), HB_NOT_FOUND);
    machine_destroy(m);
}

static void memory_of_a_process(void **state)
{
    struct inspect_input last;
    struct hb_error e = {0};
    uint32_t v = 0x11223344, got = 0;
    struct demo d;

    (void)state;
    demo_create(&d, &edu);
    assert_int_equal(
        machine_poke_space(d.m, d.process, d.out, &v, sizeof v, &e), HB_OK);
    assert_true(inspect_virtual(d.m, d.process, d.out, &got, sizeof got));
    assert_int_equal(got, v);
    inputs(d.m, &last);
    assert_string_equal(last.kind, "poke_space");
    assert_int_equal(last.a, d.process);
    assert_int_equal(last.b, d.out.v);
    assert_int_equal(machine_poke_space(d.m, 77, d.out, &v, sizeof v, &e),
                     HB_NOT_FOUND);
    assert_int_equal(
        machine_poke_space(d.m, d.process, gva_of(0x10), &v, sizeof v, &e),
        HB_FAULT);
    assert_int_equal(machine_poke_space(d.m, d.process, gva_of(0xfffffffe), &v,
                                        sizeof v, &e),
                     HB_FAULT);
    machine_destroy(d.m);
}

/* Through a map register, over the edge of a page, into the user's buffer. */
static void memory_as_the_card_sees_it(void **state)
{
    struct inspect_page page;
    struct hb_error e = {0};
    uint32_t v = 0xa5a5c3c3, got = 0;
    struct demo d;

    (void)state;
    demo_create(&d, &edu);
    demo_until(&d, DEMO_READ, "dma_start");
    for (unsigned i = 0; inspect_page_at(d.m, i, &page); i++)
        if (!page.common)
            break;
    assert_int_equal(machine_poke_bus(d.m, "edu", page.dla, &v, sizeof v, &e),
                     HB_OK);
    assert_true(inspect_virtual(d.m, d.process, d.in, &got, sizeof got));
    assert_int_equal(got, v);
    assert_int_equal(
        machine_poke_bus(d.m, "edu", dla_of(0xfff00000), &v, 4, &e), HB_FAULT);
    assert_int_equal(machine_poke_bus(d.m, "nobody", page.dla, &v, 4, &e),
                     HB_NOT_FOUND);
    machine_destroy(d.m);
}

static void a_map_register_is_set_by_hand(void **state)
{
    struct inspect_register before, after;
    struct inspect_page page;
    struct hb_error e = {0};
    struct demo d;
    unsigned i = 0;

    (void)state;
    demo_create(&d, &edu);
    demo_until(&d, DEMO_READ, "dma_start");
    assert_true(inspect_page_at(d.m, 0, &page));
    do
        assert_true(inspect_register_at(d.m, i++, &before));
    while (before.at.v != (page.dla.v & ~0xfffull));
    assert_int_equal(
        machine_poke_map_register(d.m, before.bank, before.window, before.index,
                                  0x123000 | (before.entry & 7), &e),
        HB_OK);
    assert_true(inspect_register_at(d.m, i - 1, &after));
    assert_int_equal(after.index, before.index);
    assert_int_equal(after.to.v, 0x123000);
    assert_int_equal(
        machine_poke_map_register(d.m, before.bank, 0, 1 << 20, 1, &e),
        HB_NOT_FOUND);
    assert_int_equal(machine_poke_map_register(d.m, before.bank, 9, 0, 1, &e),
                     HB_NOT_FOUND);
    machine_destroy(d.m);
}

/* edu: register 04h reads back the complement of what was written. */
static void a_device_register_by_its_handler(void **state)
{
    const char *const cards[] = {"edu", NULL};
    struct machine *m = bare_create(cards, "\xf4", 1);
    struct inspect_input last;
    struct hb_error e = {0};
    uint32_t v = 0;

    (void)state;
    assert_int_equal(machine_poke_device(m, "edu", 0, 4, 4, 0x12345678, &e),
                     HB_OK);
    assert_true(inspect_device_read(m, "edu", 0, 4, 4, &v));
    assert_int_equal(v, ~0x12345678u);
    inputs(m, &last);
    assert_string_equal(last.kind, "poke_device");
    assert_int_equal(last.b, 0x12345678);
    assert_int_equal(machine_poke_device(m, "edu", 8, 0, 4, 0, &e),
                     HB_NOT_FOUND);
    assert_int_equal(machine_poke_device(m, "edu", 0, 4, 3, 0, &e),
                     HB_NOT_FOUND);
    assert_int_equal(machine_poke_device(m, "none", 0, 4, 4, 0, &e),
                     HB_NOT_FOUND);
    machine_destroy(m);
}

/* Each poke that the log holds, done again on a copy of the machine before it,
 * leaves the same machine. */
static void a_log_of_pokes_is_done_again(void **state)
{
    const uint8_t wide[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13};
    struct inspect_register reg;
    struct inspect_page page;
    struct demo d, copy;
    uint32_t v = 0x600df00d;
    struct hb_error e;
    uint32_t from;

    (void)state;
    demo_create(&d, &edu);
    demo_until(&d, DEMO_READ, "dma_start");
    copy = demo_reload(&d);
    from = d.m->inputs.entry.count;
    assert_true(inspect_page_at(d.m, 0, &page));
    assert_true(inspect_register_at(d.m, 0, &reg));
    assert_int_equal(machine_poke_register_bytes(d.m, "xmm1", wide, 16, &e), 0);
    assert_int_equal(machine_poke_space(d.m, d.process, d.out, &v, 4, &e), 0);
    assert_int_equal(machine_poke_bus(d.m, NULL, dla_of(0x300000), &v, 4, &e),
                     0);
    assert_int_equal(machine_poke_device(d.m, "edu", 0, 4, 4, v, &e), 0);
    assert_int_equal(machine_poke_map_register(d.m, reg.bank, reg.window,
                                               reg.index, 0x200001, &e),
                     0);
    for (uint32_t i = from; i < d.m->inputs.entry.count; i++) {
        const struct input_entry *in =
            VEC_AT(struct input_entry, &d.m->inputs.entry, i);

        assert_true(input_again(
            copy.m, in, (const uint8_t *)d.m->inputs.data.data + in->at));
    }
    bare_equal(d.m, copy.m);
    machine_destroy(copy.m);
    machine_destroy(d.m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(instructions_see_what_was_set),
        cmocka_unit_test(registers_read_back),
        cmocka_unit_test(values_that_cannot_be),
        cmocka_unit_test(memory_of_a_process),
        cmocka_unit_test(memory_as_the_card_sees_it),
        cmocka_unit_test(a_map_register_is_set_by_hand),
        cmocka_unit_test(a_device_register_by_its_handler),
        cmocka_unit_test(a_log_of_pokes_is_done_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
