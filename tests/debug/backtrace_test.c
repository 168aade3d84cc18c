/* tests/debug/backtrace_test.c -- who called whom, against calls and returns
 * that were watched one instruction at a time, and against gdb. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core.h"
#include "demo.h"
#include "halbox/symbols.h"

enum { DEEP = 64, ESP = 4 };

static const struct demo_bench edu = {HALBOX_IMAGES "/edu.sys",
                                      "edu",
                                      "\\\\.\\Edu0",
                                      "translate",
                                      "16M",
                                      DEMO_BYTES};
static const struct demo_bench edu_elf = {HALBOX_IMAGES "/edu_elf.o",
                                          "edu",
                                          "\\\\.\\Edu0",
                                          "translate",
                                          "16M",
                                          DEMO_BYTES};

/** A demo and its symbols. */
struct rig {
    const struct demo_bench *bench;
    struct demo demo;
    struct machine *m;
    struct symbols *s;
};

static int setup(void **state)
{
    struct rig *r = calloc(1, sizeof *r);

    r->bench = *state ? *state : &edu;
    demo_create(&r->demo, r->bench);
    r->m = r->demo.m;
    r->s = symbols_create();
    symbols_add_loaded(r->s, r->m);
    *state = r;
    return 0;
}

static int teardown(void **state)
{
    struct rig *r = *state;

    symbols_destroy(r->s);
    machine_destroy(r->m);
    free(r);
    return 0;
}

static unsigned frames_now(const struct rig *r, struct backtrace_frame *frames)
{
    const struct backtrace_start start = backtrace_start_cpu(r->m);

    return backtrace(r->s, r->m, &start, frames, DEEP);
}

/* ---- against calls that were watched --------------------------------------*/

/** Return addresses that one thread has pushed by CALL, and where. */
struct shadow {
    uint32_t thread, depth;
    struct {
        uint32_t at, to;
    } call[256];
};

static void watch_step(struct rig *r, struct shadow *s)
{
    struct instruction i;
    struct inspect_cpu cpu;
    uint32_t word;

    disassemble(NULL, r->m, code_view_cpu(r->m), code_at(r->m), &i);
    machine_step(r->m, STEP_INSTRUCTION, NULL, MACHINE_FOR_EVER, NULL);
    if (inspect_thread(r->m) != s->thread)
        return;
    inspect_cpu(r->m, &cpu);
    while (s->depth && s->call[s->depth - 1].at < cpu.reg[ESP])
        s->depth--;
    if (i.flow != FLOW_CALL || s->depth == 256 ||
        !inspect_virtual(r->m, SPACE_CPU, gva_of(cpu.reg[ESP]), &word, 4) ||
        word != i.at.v + i.length)
        return;
    s->call[s->depth].at = cpu.reg[ESP];
    s->call[s->depth++].to = word;
}

static bool in_driver(const struct rig *r)
{
    struct inspect_image image;

    return inspect_image_at(r->m, 0, &image) &&
           code_at(r->m).v - image.base.v < image.bytes;
}

/* Calls on the stack are those that were watched, the newest first. */
static unsigned check_frames(const struct rig *r, const struct shadow *s)
{
    struct backtrace_frame f[DEEP];
    unsigned n = frames_now(r, f), left = s->depth, checked = 0;
    struct inspect_kernel_symbol k;

    for (unsigned i = 0; i + 1 < n && left; i++) {
        if (f[i].kind == BACKTRACE_TRAP)
            break; /* it interrupted what was not watched */
        if (inspect_kernel_symbol(r->m, f[i + 1].eip, &k))
            continue; /* called by the kernel */
        left--;
        if (f[i + 1].eip.v != s->call[left].to)
            fail_msg("at %08x, frame %u: %s by %s, not %08x", code_at(r->m).v,
                     i + 1, f[i + 1].text, f[i].how, s->call[left].to);
        if (f[i].kind == BACKTRACE_CODE)
            assert_int_equal(f[i].cfa.v, s->call[left].at + 4);
        checked++;
    }
    return checked;
}

/* ---- by name -------------------------------------------------------------*/

/** The tick of the @left-th callback of a routine. */
struct moment {
    const char *routine;
    unsigned left;
    uint64_t tick;
};

static void note(void *context, const struct hb_event *event)
{
    struct moment *t = context;
    const char *routine = (const char *)(uintptr_t)event->args[1];

    if (!strcmp(routine, t->routine) && t->left && !--t->left)
        t->tick = event->tick;
}

/* Run the demo up to where the kernel has called the driver back. The same
 * demo ran before, so it is known when that will be. */
static void go_to_callback(struct rig *r, const char *routine, unsigned nth,
                           const char *driver)
{
    struct moment moment = {.routine = routine, .left = nth};
    struct demo first;
    gva_t at;

    demo_create(&first, r->bench);
    assert_int_equal(machine_listen(first.m, note, &moment, "callback", NULL),
                     HB_OK);
    assert_true(demo_run(&first, MACHINE_FOR_EVER));
    machine_destroy(first.m);
    assert_int_not_equal(moment.tick, 0);
    assert_false(demo_run(&r->demo, moment.tick - 1));
    assert_true(symbols_lookup(r->s, r->m, driver, &at));
    for (unsigned i = 0; i < 200 && code_at(r->m).v != at.v; i++)
        machine_step(r->m, STEP_INSTRUCTION, NULL, MACHINE_FOR_EVER, NULL);
    assert_int_equal(code_at(r->m).v, at.v);
}

static void expect(const struct rig *r, const char *const *names)
{
    struct backtrace_frame f[DEEP];
    unsigned n = frames_now(r, f), at = 0;

    for (; *names; names++, at++) {
        if (at >= n)
            fail_msg("there are %u frames, not %s", n, *names);
        if (strncmp(f[at].text, *names, strlen(*names)) != 0)
            fail_msg("frame %u is %s, not %s", at, f[at].text, *names);
    }
}

static void a_callback_of_a_kernel_routine(void **state)
{
    static const char *const names[] = {"edu!AdapterControl",
                                        "ntoskrnl!IoAllocateAdapterChannel",
                                        "edu!StartPiece+",
                                        "edu!EduStartIo+",
                                        "ntoskrnl!IoStartPacket",
                                        "edu!EduReadWrite+",
                                        "ntoskrnl!ZwWriteFile",
                                        "ntoskrnl!(service)",
                                        NULL};
    struct rig *r = *state;

    go_to_callback(r, "IoAllocateAdapterChannel", 1, "edu!AdapterControl");
    expect(r, names);
}

static void an_interrupt_and_what_it_interrupted(void **state)
{
    struct rig *r = *state;
    struct backtrace_frame f[DEEP];

    go_to_callback(r, "(interrupt)", 1, "edu!EduIsr");
    assert_in_range(frames_now(r, f), 3, DEEP);
    assert_string_equal(f[0].text, "edu!EduIsr");
    assert_int_equal(f[1].kind, BACKTRACE_TRAP);
    assert_string_equal(f[1].text, "ntoskrnl!(interrupt)");
    assert_true(f[2].exact);
    assert_int_equal(f[2].known, 0xff);
}

static void a_dpc_on_its_own_stack(void **state)
{
    static const char *const names[] = {
        "edu!TakeInterruptBits", "ntoskrnl!KeSynchronizeExecution",
        "edu!EduDpc+", "ntoskrnl!(dispatch)", NULL};
    struct rig *r = *state;

    go_to_callback(r, "KeSynchronizeExecution", 2, "edu!TakeInterruptBits");
    expect(r, names);
}

static void every_instruction_of_a_driver_knows_its_callers(void **state)
{
    enum { STEPS = 60000, WANTED = 400 };
    struct rig *r = *state;
    struct shadow s = {0};
    unsigned checked = 0, deepest = 0;

    go_to_callback(r, "ZwWriteFile", 1,
                   r->bench == &edu ? "edu!EduReadWrite"
                                    : "edu_elf!read_write");
    for (unsigned i = 0; i < STEPS && checked < WANTED; i++) {
        bool here = in_driver(r);

        if (here && inspect_thread(r->m) != s.thread)
            s = (struct shadow){.thread = inspect_thread(r->m)};
        watch_step(r, &s);
        if (in_driver(r) && inspect_thread(r->m) == s.thread) {
            unsigned n = check_frames(r, &s);

            checked += n;
            if (n > deepest)
                deepest = n;
        }
    }
    assert_in_range(checked, WANTED, WANTED + DEEP);
    assert_in_range(deepest, 3, DEEP);
}

/* Those that wait stand in the routine that they called to wait. */
static void every_thread_has_callers(void **state)
{
    struct rig *r = *state;
    struct backtrace_start start;
    struct inspect_thread thread;
    struct backtrace_frame f[DEEP];
    unsigned waiting = 0;

    go_to_callback(r, "ZwWriteFile", 1, "edu!EduReadWrite");
    for (unsigned i = 0; inspect_thread_at(r->m, i, &thread); i++) {
        unsigned n;

        assert_true(backtrace_start_thread(r->m, i, &start));
        n = backtrace(r->s, r->m, &start, f, DEEP);
        if (thread.number == inspect_thread(r->m))
            assert_string_equal(f[0].text, "edu!EduReadWrite");
        if (strcmp(thread.state, "waiting") != 0)
            continue;
        assert_int_equal(f[0].kind, BACKTRACE_ROUTINE);
        assert_int_equal(f[n - 1].kind, BACKTRACE_END);
        waiting++;
    }
    assert_in_range(waiting, 1, 10);
    assert_false(backtrace_start_thread(r->m, 1000, &start));
}

/* ---- against gdb ---------------------------------------------------------*/

static const char *temporary(char *path)
{
    strcpy(path, "/tmp/halbox-backtrace-XXXXXX");
    close(mkstemp(path));
    return path;
}

static void write_kernel(const struct machine *m, const char *path)
{
    FILE *f = fopen(path, "wb");
    uint8_t *bytes;
    size_t count;

    assert_non_null(f);
    assert_int_equal(symbols_kernel_elf(m, &bytes, &count, NULL), HB_OK);
    assert_int_equal(fwrite(bytes, 1, count, f), count);
    fclose(f);
    free(bytes);
}

/* The stack, the driver's and the kernel's code: what can be read of them. */
static void write_core(const struct machine *m, const char *path)
{
    enum { PAGE = 4096, RANGES = 64 };
    struct core_range range[RANGES];
    struct inspect_kernel_image nt;
    struct inspect_image image;
    struct inspect_cpu cpu;
    unsigned n = 0;
    uint8_t byte;

    inspect_cpu(m, &cpu);
    assert_true(inspect_image_at(m, 0, &image));
    assert_true(inspect_kernel_image_at(m, 0, &nt));
    for (uint32_t i = 0; i < 3; i++)
        range[n++] =
            (struct core_range){(cpu.reg[ESP] & ~0xfffu) + i * PAGE, PAGE};
    for (uint32_t at = 0; at < image.bytes && n < RANGES - 1; at += PAGE)
        range[n++] = (struct core_range){image.base.v + at, PAGE};
    range[n++] = (struct core_range){nt.text.v, nt.text_bytes};
    for (unsigned i = 0; i < n;)
        if (inspect_virtual(m, SPACE_CPU, gva_of(range[i].start), &byte, 1))
            i++;
        else
            range[i] = range[--n];
    core_write(m, range, n, path);
}

/* The next "#n  0x... in name" with this address; gdb also has frames of
 * inlined functions and of calls that were jumps. */
static bool gdb_frame(FILE *f, uint32_t want)
{
    char line[1024];
    uint32_t eip;

    while (fgets(line, sizeof line, f))
        if (sscanf(line, "#%*u 0x%x in", &eip) == 1 && eip == want)
            return true;
    return false;
}

static unsigned same_as_gdb(const struct rig *r)
{
    char core[40], kernel[40], command[1024];
    struct backtrace_frame f[DEEP];
    struct inspect_image image;
    unsigned n = frames_now(r, f), same = 1;
    FILE *gdb;

    write_core(r->m, temporary(core));
    write_kernel(r->m, temporary(kernel));
    inspect_image_at(r->m, 0, &image);
    snprintf(command, sizeof command,
             "gdb -nx -batch -ex 'set osabi GNU/Linux' -ex 'file %s' "
             "-ex 'add-symbol-file %s/edu.sys -o 0x%x' -ex 'core-file %s' "
             "-ex bt 2>/dev/null",
             kernel, HALBOX_IMAGES, image.base.v - 0x10000, core);
    gdb = popen(command, "r");
    assert_non_null(gdb);
    while (same < n && gdb_frame(gdb, f[same].eip.v))
        same++;
    while (fgets(command, sizeof command, gdb))
        ;
    if (pclose(gdb) != 0)
        fail_msg("gdb failed: is its Debian package installed?");
    unlink(core);
    unlink(kernel);
    return same;
}

static void gdb_finds_the_same_callers(void **state)
{
    struct rig *r = *state;
    struct backtrace_frame f[DEEP];
    unsigned n, to_service = 0;

    go_to_callback(r, "IoAllocateAdapterChannel", 1, "edu!AdapterControl");
    n = frames_now(r, f);
    while (to_service < n && f[to_service].kind != BACKTRACE_TRAP)
        to_service++;
    assert_in_range(to_service, 5, DEEP);
    assert_in_range(same_as_gdb(r), to_service, DEEP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            every_instruction_of_a_driver_knows_its_callers, setup, teardown),
        cmocka_unit_test_prestate_setup_teardown(
            every_instruction_of_a_driver_knows_its_callers, setup, teardown,
            (void *)(uintptr_t)&edu_elf),
        cmocka_unit_test_setup_teardown(every_thread_has_callers, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_callback_of_a_kernel_routine, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(an_interrupt_and_what_it_interrupted,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(a_dpc_on_its_own_stack, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(gdb_finds_the_same_callers, setup,
                                        teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
