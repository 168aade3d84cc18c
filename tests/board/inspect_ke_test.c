/* tests/board/inspect_ke_test.c -- threads and kernel calls as an inspector
 * lists them, against what NT keeps in memory: KPCR, KTHREAD, ETHREAD.
 * Offsets: NT 5, as kernel debuggers show them. */
#include "demo.h"

enum {
    PCR_CURRENT_THREAD = 0xffdff124, /* KPCR.PrcbData.CurrentThread */
    PCR_IRQL = 0xffdff024,
    KTHREAD_INITIAL_STACK = 0x18,
    KTHREAD_STACK_LIMIT = 0x1c,
    ETHREAD_CID_THREAD = 0x1e4,
    TRAMPOLINES = 0x800, /* in the page of stubs, docs/ke.md */
};

static const struct demo_bench bench = {HALBOX_IMAGES "/edu.sys",
                                        "edu",
                                        "\\\\.\\Edu0",
                                        "translate",
                                        "16M",
                                        DEMO_BYTES};

static uint32_t word(const struct machine *m, uint32_t at)
{
    uint32_t v = 0;

    assert_true(inspect_virtual(m, SPACE_SYSTEM, gva_of(at), &v, 4));
    return v;
}

/* What a listing must agree with at any boundary. */
static void agrees(const struct machine *m)
{
    struct inspect_thread t;
    struct inspect_cpu cpu;
    unsigned running = 0;

    inspect_cpu(m, &cpu);
    for (unsigned i = 0; inspect_thread_at(m, i, &t); i++) {
        assert_int_equal(word(m, t.object.v + ETHREAD_CID_THREAD), t.number);
        if (t.number) { /* the idle thread's KTHREAD tells no stack */
            assert_int_equal(word(m, t.object.v + KTHREAD_INITIAL_STACK),
                             t.stack.v);
            assert_int_equal(word(m, t.object.v + KTHREAD_STACK_LIMIT),
                             t.stack_limit.v);
        }
        assert_true((strcmp(t.state, "waiting") == 0) == (t.waits[0] != 0));
        if (strcmp(t.state, "running") != 0)
            continue;
        running++;
        assert_int_equal(t.object.v, word(m, PCR_CURRENT_THREAD));
        assert_int_equal(t.number, inspect_thread(m));
        assert_int_equal(t.irql, word(m, PCR_IRQL) & 0xff);
        assert_int_equal(t.eip, cpu.eip);
        assert_memory_equal(t.reg, cpu.reg, sizeof t.reg);
    }
    assert_int_equal(running, 1);
}

static void threads_are_those_in_memory(void **state)
{
    struct demo d;

    (void)state;
    demo_create(&d, &bench);
    for (uint64_t tick = 1000; !demo_run(&d, tick); tick += 1009)
        agrees(d.m);
    machine_destroy(d.m);
}

static bool find_waiting(const struct machine *m, uint32_t process,
                         struct inspect_thread *t)
{
    for (unsigned i = 0; inspect_thread_at(m, i, t); i++)
        if (t->process == process && strcmp(t->state, "waiting") == 0)
            return true;
    return false;
}

static void a_client_waits_in_its_service(void **state)
{
    struct inspect_call call, service;
    struct inspect_thread t;
    struct demo d;

    (void)state;
    demo_create(&d, &bench);
    demo_until(&d, DEMO_WRITE, "dma_start");
    while (!find_waiting(d.m, d.process, &t)) /* the driver's routine is over */
        assert_false(demo_run(&d, machine_position(d.m).tick + 10));
    assert_int_equal(d.step, DEMO_WRITE);
    assert_int_equal(t.attached, d.process);
    assert_true(t.user);
    assert_non_null(strstr(t.waits, "event at"));
    assert_true(t.calls >= 2);
    assert_true(inspect_call_at(d.m, t.number, 0, &call));
    assert_string_equal(call.routine, "ZwWriteFile");
    assert_true(call.waiting);
    assert_false(inspect_call_at(d.m, t.number, t.calls, &call));
    /* at the bottom the trap from ring 3: int 2Eh with its EIP on the stack */
    assert_true(inspect_call_at(d.m, t.number, t.calls - 1, &service));
    assert_string_equal(service.routine, "(service)");
    assert_true(service.user && service.trap);
    assert_true(service.caller.v < 0x80000000);
    /* what it goes on with lies on its own stack */
    assert_in_range(t.reg[4], t.stack_limit.v, t.stack.v);
    assert_int_equal(t.eip & 0xfff & ~0xffu, TRAMPOLINES);
    machine_destroy(d.m);
}

static void no_such_thread(void **state)
{
    struct inspect_thread t;
    struct inspect_call call;
    struct machine *bare;
    const uint8_t halt[] = {0xf4};

    (void)state;
    bare = bare_create((const char *const[]){NULL}, halt, sizeof halt);
    assert_false(inspect_thread_at(bare, 0, &t));
    assert_false(inspect_call_at(bare, 0, 0, &call));
    machine_destroy(bare);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_are_those_in_memory),
        cmocka_unit_test(a_client_waits_in_its_service),
        cmocka_unit_test(no_such_thread),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
