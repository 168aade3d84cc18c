/* tests/card/card_test.c -- cards from files: what is refused and how, what a
 * script may do to its machine, what is saved of it. */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "card/card.h"

struct file {
    char path[64];
    struct bench *b;
    struct card *card;
    struct hb_error error;
};

#define CARD                                                                   \
    "local m = {name = 'scripted', pci = {vendor = 0x1234, device = 1, "       \
    "pin = 1},\n"                                                              \
    "  windows = {[0] = {bytes = 256, access = '32'}}, ram = 8192,\n"          \
    "  settings = {{name = 'speed', initial = 3, least = 1, most = 9}}}\n"     \
    "function m.reset(card) card.state = {reg = {}, n = 0} end\n"              \
    "function m.read(card, w, at) return card.state.reg[at] or 0 end\n"        \
    "function m.write(card, w, at, n, v) card.state.reg[at] = v end\n"

static int setup(void **state)
{
    struct file *f = calloc(1, sizeof *f);
    int fd;

    strcpy(f->path, "/tmp/halbox-card-XXXXXX.lua");
    fd = mkstemps(f->path, 4);
    assert_true(fd >= 0);
    close(fd);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct file *f = *state;

    if (f->b)
        bench_destroy(f->b);
    card_close(f->card);
    unlink(f->path);
    free(f);
    return 0;
}

static void write_file(struct file *f, const char *text)
{
    FILE *out = fopen(f->path, "wb");

    assert_non_null(out);
    fputs(text, out);
    fclose(out);
}

static struct bench *start(struct file *f, const char *text)
{
    write_file(f, text);
    if (card_open(&f->card, f->path, &f->error) != HB_OK)
        fail_msg("%s", f->error.text);
    f->b = bench_create();
    bench_trace(f->b, "finding,guest_error");
    bench_add(f->b, card_model(f->card), NULL);
    bench_start(f->b);
    return f->b;
}

static void refused(struct file *f, const char *text, const char *words)
{
    write_file(f, text);
    assert_int_equal(card_open(&f->card, f->path, &f->error), HB_BAD_IMAGE);
    assert_null(f->card);
    if (!strstr(f->error.text, words))
        fail_msg("'%s' does not say '%s'", f->error.text, words);
    assert_null(strchr(f->error.text, '\n'));
}

/* ---- files ----------------------------------------------------------------*/

static void what_is_no_card_is_refused_with_one_line(void **state)
{
    struct file *f = *state;

    refused(f, "return 5", "must return the table");
    refused(f, "this is no Lua", "syntax error");
    refused(f, "error('on purpose')", "on purpose");
    refused(f, "return {name = 'x'}", "reset");
    refused(f, "return {name = 'a b', reset = print}", "name");
    refused(f, "return {name = 'x', reset = 5}", "must be a function");
    refused(f, "return {name = 'x', reset = print, pci = {vendor = 0x10000}}",
            "vendor");
    refused(f,
            "return {name = 'x', reset = print, read = print, write = print, "
            "pci = {vendor = 1}, windows = {[0] = {bytes = 100}}}",
            "power of two");
    refused(f,
            "return {name = 'x', reset = print, windows = {[0] = {bytes = 8}}}",
            "read and write");
    refused(f, "return {name = 'x', reset = print, irq = 16}", "irq");
    refused(f,
            "return {name = 'x', reset = print, settings = {{name = 'a', "
            "initial = 5, most = 4}}}",
            "initial");
    refused(f, "\x1bLua", "attempt to load a binary chunk");
}

static void a_file_of_another_kind_or_none_is_refused(void **state)
{
    struct file *f = *state;

    assert_int_equal(card_open(&f->card, "./card.txt", &f->error),
                     HB_BAD_IMAGE);
    assert_int_equal(card_open(&f->card, "./none.lua", &f->error), HB_NO_FILE);
    assert_int_equal(card_open(&f->card, "./none.so", &f->error), HB_NO_FILE);
    assert_true(card_is_file("./x.so") && card_is_file("x.lua"));
    assert_false(card_is_file("edu"));
}

static void a_shared_object_for_another_abi_is_refused(void **state)
{
    struct file *f = *state;

    assert_int_equal(card_open(&f->card, OLD_ABI, &f->error), HB_BAD_IMAGE);
    assert_non_null(strstr(f->error.text, "built for ABI"));
}

/* ---- registers, time, DMA -------------------------------------------------*/

static void registers_are_the_scripts(void **state)
{
    struct bench *b = start(*state, CARD "return m");

    bench_set32(b, 8, 0xdeadbeef);
    assert_int_equal(bench_get32(b, 8), 0xdeadbeef);
    assert_int_equal(bench_get32(b, 12), 0);
    assert_int_equal(bench_count(b, "finding"), 0);
}

static void settings_reach_the_script_and_are_checked(void **state)
{
    struct file *f = *state;
    struct hb_error error;

    write_file(f, CARD "function m.read(card) return card.settings.speed end\n"
                       "return m");
    assert_int_equal(card_open(&f->card, f->path, &f->error), HB_OK);
    f->b = bench_create();
    bench_add(f->b, card_model(f->card), NULL);
    assert_int_equal(bus_set(f->b->dev, "speed", 10, &error), HB_BAD_ARGUMENT);
    bench_set(f->b, f->b->dev, "speed", 7);
    bench_start(f->b);
    assert_int_equal(bench_get32(f->b, 0), 7);
}

#define COPIES                                                                 \
    CARD                                                                       \
        "function m.write(card, w, at, n, v) card:dma_read(v, 16, 5000, 1) "   \
        "end\n"                                                                \
        "function m.step(card, step, ok)\n"                                    \
        "  card.state.n = card.state.n + 1\n"                                  \
        "  if step == 1 then card:dma_write(0x8000, 16, card:dma_done(), 2)\n" \
        "  else card:after(1000, 3); card:irq(step == 3) end\n"                \
        "end\n"                                                                \
        "return m"

static void dma_goes_through_the_cards_ram(void **state)
{
    struct bench *b = start(*state, COPIES);

    bench_fill(b, 0x1000, 5000, 3);
    bench_set32(b, 0, 0x1000);
    assert_true(bench_run_until_irq(b));
    assert_memory_equal(b->ram + 0x8000, b->ram + 0x1000, 5000);
}

static void a_slave_gives_and_takes_bytes(void **state)
{
    struct file *f = *state;

    write_file(f, "local m = {name = 'slave', dma = 1}\n"
                  "function m.reset(c) c.state = {n = 0}; c:dreq(true) end\n"
                  "function m.dack(c, dir, n, tc, bytes)\n"
                  "  c.state.n = c.state.n + n\n"
                  "  if tc then c:dreq(false) end\n"
                  "  return string.char(c.state.n)\n"
                  "end\n"
                  "return m");
    assert_int_equal(card_open(&f->card, f->path, &f->error), HB_OK);
    f->b = bench_create();
    bench_add(f->b, device_model_find("dma8237"), NULL);
    bench_add_isa(f->b, card_model(f->card), -1, 1);
    bench_start(f->b);
    bench_out8(f->b, 0x0c, 0);
    bench_out8(f->b, 0x02, 0x00); /* address 4000h */
    bench_out8(f->b, 0x02, 0x40);
    bench_out8(f->b, 0x03, 3); /* 4 bytes */
    bench_out8(f->b, 0x03, 0);
    bench_out8(f->b, 0x83, 0);
    bench_out8(f->b, 0x0b, 0x45); /* channel 1, single, to memory */
    bench_out8(f->b, 0x0a, 0x01);
    bench_out8(f->b, 0xd6, 0xc0); /* channel 4: cascade, unmasked */
    bench_out8(f->b, 0xd4, 0x00);
    bench_run(f->b);
    assert_memory_equal(f->b->ram + 0x4000, "\1\2\3\4\0", 5);
}

/* ---- a script that fails --------------------------------------------------*/

static void an_error_is_a_finding_with_its_line_and_reads_ones(void **state)
{
    struct bench *b =
        start(*state, CARD "function m.read() return nil + 1 end return m");

    assert_int_equal(bench_get32(b, 0), UINT32_MAX);
    assert_int_equal(bench_count(b, ".lua:7:"), 1);
}

static void an_endless_loop_ends(void **state)
{
    struct bench *b =
        start(*state, CARD "function m.write() while true do end end return m");

    bench_set32(b, 0, 1);
    assert_int_equal(bench_count(b, "more than 1000000 Lua instructions"), 1);
}

static void memory_has_an_end(void **state)
{
    struct bench *b =
        start(*state, CARD "function m.write(c) local t = 'x'\n"
                           "while true do t = t .. t end end return m");

    bench_set32(b, 0, 1);
    assert_int_equal(bench_count(b, "not enough memory"), 1);
    assert_int_equal(bench_get32(b, 0), 0);
}

static void a_step_without_a_function_is_a_finding(void **state)
{
    struct bench *b =
        start(*state, CARD "function m.write(c) c:after(10, 1) end return m");

    bench_set32(b, 0, 1);
    bench_run(b);
    assert_int_equal(bench_count(b, "finding"), 1);
}

static void ram_and_steps_outside_their_range_are_errors(void **state)
{
    static const char *const calls[] = {
        "c:get(8192, 1)", "c:put(8190, 'xyz')", "c:dma_read(0, 8000, 1000, 1)",
        "c:after(-1, 1)", "c:after(1, 65536)",  "c:dma_cancel(4)"};

    for (unsigned i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        char text[1024];
        struct file *f = *state;

        snprintf(text, sizeof text, CARD "function m.write(c) %s end return m",
                 calls[i]);
        bench_set32(start(f, text), 0, 1);
        assert_int_equal(bench_count(f->b, "finding"), 1);
        bench_destroy(f->b);
        card_close(f->card);
        f->b = NULL;
        f->card = NULL;
    }
}

static void nothing_of_the_host_is_in_reach(void **state)
{
    static const char *const names[] = {"os",       "io",       "require",
                                        "loadfile", "dofile",   "debug",
                                        "package",  "coroutine"};

    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
        char text[256];

        snprintf(text, sizeof text, "return %s == nil and 5 or {}", names[i]);
        refused(*state, text, "must return the table");
    }
}

/* ---- saves ----------------------------------------------------------------*/

static void what_a_save_holds_goes_on_elsewhere(void **state)
{
    struct file *f = *state;
    struct bench *b = start(f, COPIES), *other = bench_create();
    struct card *card;
    struct saver s = {0}, again = {0};

    bench_fill(b, 0x1000, 5000, 3);
    bench_set32(b, 0, 0x1000);
    bench_advance_ns(b, 5000);
    bench_save(b, &s);
    assert_int_equal(card_open(&card, f->path, &f->error), HB_OK);
    bench_add(other, card_model(card), NULL);
    bench_start(other);
    bench_load(other, &s);
    bench_save(other, &again);
    assert_int_equal(s.count, again.count);
    assert_memory_equal(s.bytes, again.bytes, s.count);
    bench_run(b);
    bench_run(other);
    bench_same(b, other);
    saver_fini(&s);
    saver_fini(&again);
    bench_destroy(other);
    card_close(card);
}

static void every_kind_of_value_is_saved(void **state)
{
    struct file *f = *state;
    struct bench *b =
        start(f, CARD "function m.reset(c) c.state = {[3] = 1.5, [-1] = true,\n"
                      "b = 'x\\0y', a = {{}, {false}}, reg = {}} end\n"
                      "function m.read(c) local s = c.state\n"
                      "return (s[3] == 1.5 and s[-1] and s.b == 'x\\0y' and\n"
                      "s.a[2][1] == false) and 1 or 0 end return m");
    struct saver s = {0};

    bench_save(b, &s);
    bench_load(b, &s);
    assert_int_equal(bench_get32(b, 0), 1);
    saver_fini(&s);
}

static void what_cannot_be_saved_is_said(void **state)
{
    static const char *const states[] = {"{f = print}", "{[1.5] = 1}",
                                         "{[{}] = 1}"};

    for (unsigned i = 0; i < 4; i++) {
        struct file *f = *state;
        struct saver s = {0};
        char text[1024];

        snprintf(text, sizeof text,
                 CARD "function m.reset(c) c.state = %s end return m",
                 i < 3 ? states[i] : "{} c.state.me = c.state");
        bus_save(start(f, text)->bus, &s);
        assert_true(s.failed);
        assert_int_equal(bench_count(f->b, "card.state"), 1);
        saver_fini(&s);
        bench_destroy(f->b);
        card_close(f->card);
        f->b = NULL;
        f->card = NULL;
    }
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(what_is_no_card_is_refused_with_one_line),
        CASE(a_file_of_another_kind_or_none_is_refused),
        CASE(a_shared_object_for_another_abi_is_refused),
        CASE(registers_are_the_scripts),
        CASE(settings_reach_the_script_and_are_checked),
        CASE(dma_goes_through_the_cards_ram),
        CASE(a_slave_gives_and_takes_bytes),
        CASE(an_error_is_a_finding_with_its_line_and_reads_ones),
        CASE(an_endless_loop_ends),
        CASE(memory_has_an_end),
        CASE(a_step_without_a_function_is_a_finding),
        CASE(ram_and_steps_outside_their_range_are_errors),
        CASE(nothing_of_the_host_is_in_reach),
        CASE(what_a_save_holds_goes_on_elsewhere),
        CASE(every_kind_of_value_is_saved),
        CASE(what_cannot_be_saved_is_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
