/* tests/board/run_test.c -- the run loop on a bare machine. */
#include "bare.h"

#include <stdio.h>
#include <stdlib.h>

/* mov ecx,1000 ; again: inc eax ; dec ecx ; jnz again ; hlt */
static const uint8_t count[] = {0xb9, 0xe8, 3,    0,    0,    0x40,
                                0x49, 0x75, 0xfc, 0xf4, 0xeb, 0xfe};
enum { COUNT_TICKS = 1 + 3 * 1000 + 1 };

static void a_program_runs_to_its_halt(void **state)
{
    struct machine *m = bare_create(NULL, count, sizeof count);
    struct machine_stop stop;
    struct inspect_cpu cpu;

    (void)state;
    assert_int_equal(machine_run(m, MACHINE_FOR_EVER, &stop), STOP_IDLE);
    assert_non_null(strstr(stop.text, "interrupts off"));
    inspect_cpu(m, &cpu);
    assert_int_equal(cpu.reg[0], 1000);
    assert_true(cpu.halted);
    assert_int_equal(stop.at.tick, COUNT_TICKS);
    /* and stays there */
    assert_int_equal(machine_run(m, MACHINE_FOR_EVER, &stop), STOP_IDLE);
    assert_int_equal(stop.at.tick, COUNT_TICKS);
    machine_destroy(m);
}

static void a_limit_stops_at_exactly_that_tick(void **state)
{
    struct machine *m = bare_create(NULL, count, sizeof count);
    struct machine_stop stop;

    (void)state;
    for (uint64_t t = 1; t < 200; t += 7) {
        assert_int_equal(machine_run(m, t, &stop), STOP_LIMIT);
        assert_int_equal(stop.at.tick, t);
    }
    assert_int_equal(machine_run(m, 5, &stop), STOP_LIMIT); /* in the past */
    assert_int_equal(stop.at.tick, 197);
    machine_destroy(m);
}

static void a_step_is_one_instruction(void **state)
{
    struct machine *m = bare_create(NULL, count, sizeof count);
    const uint32_t eip[] = {5, 6, 7, 5, 6, 7, 5};
    struct machine_stop stop;
    struct inspect_cpu cpu;

    (void)state;
    for (unsigned i = 0; i < 7; i++) {
        assert_int_equal(
            machine_step(m, STEP_INSTRUCTION, NULL, MACHINE_FOR_EVER, &stop),
            STOP_STEP);
        inspect_cpu(m, &cpu);
        assert_int_equal(cpu.eip, BARE_CODE + eip[i]);
        assert_int_equal(stop.at.tick, i + 1);
    }
    assert_int_equal(machine_step(m, STEP_INSTRUCTION, NULL, 3, &stop),
                     STOP_LIMIT);
    machine_destroy(m);
}

static void a_triple_fault_ends_the_machine(void **state)
{
    const uint8_t ud[] = {0x0f, 0x0b}; /* and no IDT */
    struct machine *m = bare_create(NULL, ud, sizeof ud);
    struct machine_stop stop;

    (void)state;
    assert_int_equal(machine_run(m, MACHINE_FOR_EVER, &stop), STOP_ENDED);
    assert_int_equal(machine_run(m, MACHINE_FOR_EVER, &stop), STOP_ENDED);
    assert_non_null(strstr(stop.text, "shut down"));
    machine_destroy(m);
}

static struct machine *edu_machine(void)
{
    const char *const cards[] = {"edu", NULL};

    return bare_kernel(cards, "edu_copy");
}

static void a_card_copies_three_pages(void **state)
{
    struct machine *m = edu_machine();
    static uint8_t from[0x3000], to[0x3000];
    struct inspect_cpu cpu;

    (void)state;
    assert_int_equal(machine_run(m, MACHINE_FOR_EVER, NULL), STOP_IDLE);
    inspect_cpu(m, &cpu);
    assert_in_range(cpu.reg[3], 6 * 100, 6 * 4096); /* it waited */
    assert_true(inspect_physical(m, gpa_of(0x200000), from, sizeof from));
    assert_true(inspect_physical(m, gpa_of(0x300000), to, sizeof to));
    assert_memory_equal(from, to, sizeof from);
    assert_memory_not_equal(from, from + 0x1000, 0x1000);
    machine_destroy(m);
}

/* The whole trace, whatever the cut. */
static void how_a_run_is_cut_changes_no_event(void **state)
{
    struct machine *whole = edu_machine(), *cut = edu_machine();
    struct machine *stepped = edu_machine();
    struct trace a = {0}, b = {0}, c = {0};
    enum machine_stop_reason why = STOP_LIMIT;

    (void)state;
    bare_trace(&a, whole, "*");
    bare_trace(&b, cut, "*");
    bare_trace(&c, stepped, "*");
    machine_run(whole, MACHINE_FOR_EVER, NULL);
    for (uint64_t t = 13; why == STOP_LIMIT; t += 13)
        why = machine_run(cut, t, NULL);
    assert_int_equal(why, STOP_IDLE);
    machine_grain(stepped, 3);
    do {
        why = machine_step(stepped, STEP_INSTRUCTION, NULL, MACHINE_FOR_EVER,
                           NULL);
    } while (why == STOP_STEP);
    assert_int_equal(why, STOP_IDLE);
    assert_true(a.bytes > 1000);
    assert_string_equal(a.text, b.text);
    assert_string_equal(a.text, c.text);
    bare_equal(whole, cut);
    bare_equal(whole, stepped);
    bare_trace_end(&a);
    bare_trace_end(&b);
    bare_trace_end(&c);
    machine_destroy(whole);
    machine_destroy(cut);
    machine_destroy(stepped);
}

static void steps_of_dma_stop_where_they_say(void **state)
{
    struct machine *m = edu_machine();
    struct inspect_tenure t;
    uint8_t byte;

    (void)state;
    for (uint32_t i = 1; i <= 5; i++) {
        assert_int_equal(
            machine_step(m, STEP_BYTE, "edu", MACHINE_FOR_EVER, NULL),
            STOP_STEP);
        inspect_tenure(m, &t);
        assert_int_equal(t.moved, i);
        assert_string_equal(t.device, "edu");
    }
    assert_int_equal(machine_step(m, STEP_BURST, NULL, MACHINE_FOR_EVER, NULL),
                     STOP_STEP);
    inspect_tenure(m, &t);
    assert_int_equal(t.bytes, 0);
    assert_int_equal(
        machine_step(m, STEP_TRANSFER, "edu", MACHINE_FOR_EVER, NULL),
        STOP_STEP);
    assert_true(inspect_physical(m, gpa_of(0x300000), &byte, 1));
    assert_int_equal(byte, 0x78);
    assert_int_equal(machine_step(m, STEP_BYTE, "rtc", MACHINE_FOR_EVER, NULL),
                     STOP_IDLE); /* it never moves one */
    machine_destroy(m);
}

static void a_breakpoint_stops_after_its_event(void **state)
{
    struct machine *m = edu_machine();
    struct machine_breakpoint point = {.glob = "dma_start", .conditions = 1};
    struct machine_stop stop;
    struct hb_error e;
    int id;

    (void)state;
    memcpy(point.condition[0].arg, "dla", 4);
    point.condition[0].value = 0x201000;
    id = machine_break(m, &point, &e);
    assert_true(id > 0);
    assert_int_equal(machine_run(m, MACHINE_FOR_EVER, &stop), STOP_BREAKPOINT);
    assert_int_equal(stop.breakpoint, id);
    machine_unbreak(m, id);
    assert_int_equal(machine_run(m, MACHINE_FOR_EVER, &stop), STOP_IDLE);
    memcpy(point.condition[0].arg, "colour", 7);
    assert_int_equal(machine_break(m, &point, &e), 0);
    assert_non_null(strstr(e.text, "colour"));
    machine_destroy(m);
}

static void pokes_are_logged_with_their_position(void **state)
{
    struct machine *m = bare_create(NULL, count, sizeof count);
    struct inspect_input in;
    struct inspect_cpu cpu;
    char back[6] = "";

    (void)state;
    machine_run(m, 100, NULL);
    assert_int_equal(machine_poke_physical(m, gpa_of(0x5000), "hello", 5, NULL),
                     HB_OK);
    assert_int_equal(machine_poke_physical(m, gpa_of(0xb8000), "x", 1, NULL),
                     HB_FAULT);
    assert_int_equal(machine_poke_virtual(m, gva_of(0x5000), "j", 1, NULL),
                     HB_OK);
    assert_int_equal(machine_poke_register(m, "ecx", 1, NULL), HB_OK);
    assert_int_equal(machine_poke_register(m, "xyz", 1, NULL), HB_NOT_FOUND);
    assert_true(inspect_physical(m, gpa_of(0x5000), back, 5));
    assert_string_equal(back, "jello");
    assert_true(inspect_input_at(m, 1, &in)); /* 0 is the program */
    assert_string_equal(in.kind, "poke_physical");
    assert_int_equal(in.at.tick, 100);
    assert_memory_equal(in.data, "hello", 5);
    assert_true(inspect_input_at(m, 3, &in));
    assert_false(inspect_input_at(m, 4, &in));
    assert_int_equal(machine_run(m, MACHINE_FOR_EVER, NULL), STOP_IDLE);
    inspect_cpu(m, &cpu);
    assert_in_range(cpu.reg[0], 30, 40);
    machine_destroy(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_program_runs_to_its_halt),
        cmocka_unit_test(a_limit_stops_at_exactly_that_tick),
        cmocka_unit_test(a_step_is_one_instruction),
        cmocka_unit_test(a_triple_fault_ends_the_machine),
        cmocka_unit_test(a_card_copies_three_pages),
        cmocka_unit_test(how_a_run_is_cut_changes_no_event),
        cmocka_unit_test(steps_of_dma_stop_where_they_say),
        cmocka_unit_test(a_breakpoint_stops_after_its_event),
        cmocka_unit_test(pokes_are_logged_with_their_position),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
