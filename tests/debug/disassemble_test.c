/* tests/debug/disassemble_test.c -- instructions in words. The expected texts
 * are the SDM's forms of bytes put together by hand. */
#include "bare.h"
#include "halbox/symbols.h"

static struct machine *machine_with(const void *code, size_t bytes)
{
    return bare_create(NULL, code, bytes);
}

static struct instruction at(const struct machine *m, unsigned bits,
                             uint32_t where)
{
    struct instruction i;

    disassemble(NULL, m, (struct code_view){SPACE_CPU, bits, 0}, gva_of(where),
                &i);
    return i;
}

static void texts_lengths_and_flow_by_mode(void **state)
{
    static const struct {
        uint8_t bytes[8];
        unsigned bits, length;
        enum instruction_flow flow;
        const char *text;
    } row[] = {
        {{0x90}, 32, 1, FLOW_NEXT, "nop"},
        {{0x89, 0x44, 0x24, 0x08}, 32, 4, FLOW_NEXT, "mov [esp+0x08], eax"},
        {{0xb8, 0x78, 0x56, 0x34, 0x12},
         32,
         5,
         FLOW_NEXT,
         "mov eax, 0x12345678"},
        {{0xb8, 0x34, 0x12}, 16, 3, FLOW_NEXT, "mov ax, 0x1234"},
        {{0x74, 0x10}, 32, 2, FLOW_BRANCH, "jz 0x00100012"},
        {{0xe8, 0xfb, 0xff, 0xff, 0xff}, 32, 5, FLOW_CALL, "call 0x00100000"},
        {{0xeb, 0xfe}, 32, 2, FLOW_JUMP, "jmp 0x00100000"},
        {{0xff, 0x15, 0, 0, 0x20, 0}, 32, 6, FLOW_CALL, "call [0x00200000]"},
        {{0xc2, 0x08, 0}, 32, 3, FLOW_RETURN, "ret 0x08"},
        {{0xcf}, 32, 1, FLOW_RETURN, "iretd"},
        {{0xcd, 0x2e}, 32, 2, FLOW_CALL, "int 0x2e"},
        {{0xf3, 0xa5}, 32, 2, FLOW_REPEAT, "rep movsd"},
        {{0x0f, 0x0b}, 32, 2, FLOW_NEXT, "ud2"},
        {{0x0f, 0x04}, 32, 1, FLOW_BAD, "(bad) 0x0f"},
    };

    (void)state;
    for (unsigned n = 0; n < sizeof row / sizeof row[0]; n++) {
        struct machine *m = machine_with(row[n].bytes, sizeof row[n].bytes);
        struct instruction i = at(m, row[n].bits, BARE_CODE);

        assert_string_equal(i.text, row[n].text);
        assert_int_equal(i.length, row[n].length);
        assert_int_equal(i.flow, row[n].flow);
        assert_memory_equal(i.bytes, row[n].bytes, i.length);
        machine_destroy(m);
    }
}

/* 1000:0005 jumps back to 1000:0000: the offset wraps in its segment. */
static void targets_are_offsets_from_the_segments_base(void **state)
{
    static const uint8_t code[] = {0x90, 0x90, 0x90, 0x90, 0x90, 0xeb, 0xf9};
    struct machine *m = machine_with(code, sizeof code);
    struct instruction i;

    (void)state;
    disassemble(NULL, m, (struct code_view){SPACE_CPU, 16, BARE_CODE},
                gva_of(BARE_CODE + 5), &i);
    assert_true(i.has_target);
    assert_int_equal(i.target.v, BARE_CODE);
    machine_destroy(m);
}

static void bytes_that_are_not_there_are_question_marks(void **state)
{
    struct machine *m = machine_with("\xb8", 1);
    struct instruction i = at(m, 32, 0x10000000);
    struct inspect_ram ram;
    uint32_t last = 0;
    struct hb_error e;

    (void)state;
    assert_false(i.readable);
    assert_string_equal(i.text, "??");
    assert_int_equal(i.length, 1);
    for (unsigned n = 0; inspect_ram_at(m, n, &ram); n++)
        last = (uint32_t)(ram.start.v + ram.bytes - 1);
    /* an instruction that RAM ends in */
    assert_int_equal(machine_poke_physical(m, gpa_of(last), "\xb8", 1, &e),
                     HB_OK);
    i = at(m, 32, last);
    assert_true(i.readable);
    assert_int_equal(i.flow, FLOW_BAD);
    machine_destroy(m);
}

static void a_list_meets_its_address_whatever_is_in_front(void **state)
{
    /* mov eax, imm32 whose immediate looks like code; nop; ret */
    static const uint8_t code[] = {0xb8, 0x90, 0x90, 0x05, 0x90, 0x90, 0xc3,
                                   0xb8, 0x05, 0x05, 0x05, 0x05, 0x90, 0xc3};
    struct machine *m = machine_with(code, sizeof code);
    struct code_view view = code_view_cpu(m);
    struct instruction list[8];

    (void)state;
    assert_int_equal(view.bits, 32);
    assert_int_equal(code_at(m).v, BARE_CODE);
    for (unsigned before = 0; before < 6; before++)
        for (unsigned at = 0; at < sizeof code; at++) {
            unsigned here = disassemble_list(
                NULL, m, view, gva_of(BARE_CODE + at), before, list, 8);

            assert_true(here <= before);
            assert_int_equal(list[here].at.v, BARE_CODE + at);
            for (unsigned i = 1; i < 8; i++)
                assert_int_equal(list[i].at.v,
                                 list[i - 1].at.v + list[i - 1].length);
        }
    /* nothing is there at all */
    assert_int_equal(
        disassemble_list(NULL, m, view, gva_of(0x20000000), 3, list, 8), 0);
    assert_string_equal(list[7].text, "??");
    machine_destroy(m);
}

static void a_call_of_the_kernel_is_named(void **state)
{
    struct machine_config config;
    struct inspect_export export;
    struct machine *m;
    struct hb_error e;
    uint8_t code[5] = {0xe8};
    gva_t to = gva_of(0);
    uint32_t from = 0x80000000, distance;
    struct inspect_walk walk;
    struct instruction i;

    (void)state;
    assert_int_equal(machine_config_init(&config, NULL, &e), HB_OK);
    assert_int_equal(machine_create(&m, &config, &e), HB_OK);
    for (unsigned n = 0; inspect_export_at(m, n, &export); n++)
        if (!strcmp(export.name, "IoCallDriver"))
            to = export.at;
    assert_int_not_equal(to.v, 0);
    /* a page of the kernel's that can be read, wherever */
    while (!inspect_translate(m, SPACE_SYSTEM, gva_of(from), &walk) ||
           !walk.mapped)
        from += 0x1000;
    distance = to.v - (from + 5);
    memcpy(code + 1, &distance, 4);
    assert_int_equal(machine_poke_physical(m, walk.pa, code, 5, &e), HB_OK);
    disassemble(NULL, m, (struct code_view){SPACE_SYSTEM, 32, 0}, gva_of(from),
                &i);
    assert_string_equal(i.text, "call ntoskrnl!IoCallDriver");
    assert_int_equal(i.target.v, to.v);
    machine_destroy(m);
}

/** A driver with its symbols. */
static struct machine *driver(struct symbols **symbols)
{
    struct machine_config config;
    struct machine *m = NULL;
    struct hb_error e;
    uint32_t image;

    *symbols = symbols_create();
    if (machine_config_init(&config, NULL, &e) ||
        machine_create(&m, &config, &e) ||
        machine_load_driver_file(m, HALBOX_IMAGES "/edu.sys", &image, &e))
        fail_msg("%s", e.text);
    symbols_add_loaded(*symbols, m);
    return m;
}

enum { LONGEST = 8192 };

/* Where instructions of a function start: bytes of @starts from its own. */
static uint32_t find_starts(const struct machine *m, gva_t from, gva_t to,
                            uint8_t *starts)
{
    const struct code_view view = {SPACE_SYSTEM, 32, 0};
    struct instruction i;
    uint32_t at = 0;

    memset(starts, 0, LONGEST);
    for (; from.v + at < to.v && at < LONGEST; at += i.length) {
        disassemble(NULL, m, view, gva_add(from, at), &i);
        assert_int_not_equal(i.flow, FLOW_BAD);
        starts[at] = 1;
    }
    return at;
}

static void a_list_in_a_function_has_its_instructions_alone(void **state)
{
    enum { BEFORE = 6 };
    const struct code_view view = {SPACE_SYSTEM, 32, 0};
    static uint8_t starts[LONGEST];
    struct instruction list[BEFORE + 1];
    struct source_function f;
    struct symbols *s;
    struct machine *m = driver(&s);
    unsigned functions = 0;

    (void)state;
    for (; symbols_function_at(s, m, functions, &f); functions++) {
        uint32_t bytes = find_starts(m, f.start, f.end, starts);

        for (uint32_t at = 0, in_front = 0; at < bytes; at++) {
            unsigned here;

            if (!starts[at] || (!at && ++in_front))
                continue;
            here = disassemble_list(s, m, view, gva_add(f.start, at), BEFORE,
                                    list, BEFORE + 1);
            assert_int_equal(here, in_front < BEFORE ? in_front : BEFORE);
            for (unsigned i = 0; i <= here; i++)
                assert_true(starts[list[i].at.v - f.start.v]);
            in_front++;
        }
    }
    assert_in_range(functions, 20, 1000);
    symbols_destroy(s);
    machine_destroy(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_lengths_and_flow_by_mode),
        cmocka_unit_test(targets_are_offsets_from_the_segments_base),
        cmocka_unit_test(bytes_that_are_not_there_are_question_marks),
        cmocka_unit_test(a_list_meets_its_address_whatever_is_in_front),
        cmocka_unit_test(a_call_of_the_kernel_is_named),
        cmocka_unit_test(a_list_in_a_function_has_its_instructions_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
