/* tests/debug/hostile_test.c -- callers and code of a driver that destroys what
 * they are found by: every walk ends, and tells what can be known. */
#include <stdio.h>

#include "bare.h"
#include "halbox/symbols.h"

enum { DEEP = 200 };

/** A started hostile.sys, and a client with its device open. */
struct rig {
    struct machine *m;
    struct symbols *s;
    uint32_t client, handle;
};

static struct machine_result call(struct rig *r,
                                  const struct machine_call *call)
{
    struct machine_result result = {0};
    uint32_t ticket = machine_post(r->m, r->client, call);

    machine_wait(r->m, ticket, WAIT_DONE, 20000000, NULL);
    machine_result(r->m, ticket, &result);
    return result;
}

static void start(struct rig *r)
{
    const struct machine_call open = {.kind = CALL_OPEN,
                                      .path = "\\Device\\Hostile"};
    struct machine_config config;
    struct hb_error e = {0};
    uint32_t image;

    r->s = symbols_create();
    if (machine_config_init(&config, NULL, &e) ||
        machine_config_device(&config, "edu", &e) ||
        machine_create(&r->m, &config, &e) ||
        machine_load_driver_file(r->m, HALBOX_IMAGES "/hostile.sys", &image,
                                 &e) ||
        machine_start(r->m, 1000000000, &e) ||
        !(r->client =
              machine_client(r->m, machine_process(r->m, "test", &e), &e)))
        fail_msg("%s", e.text);
    symbols_add_loaded(r->s, r->m);
    r->handle = call(r, &open).handle;
    assert_int_not_equal(r->handle, 0);
}

static void end(struct rig *r)
{
    symbols_destroy(r->s);
    machine_destroy(r->m);
}

/* Every thread's callers, and the code where each of them goes on. How many
 * frames of the CPU's are the driver's? */
static unsigned look(const struct rig *r)
{
    static struct backtrace_frame frame[DEEP];
    struct backtrace_start from = backtrace_start_cpu(r->m);
    struct instruction list[4];
    unsigned ours = 0, n = backtrace(r->s, r->m, &from, frame, DEEP);

    for (unsigned i = 0; i < n; i++) {
        ours += !strncmp(frame[i].text, "hostile!", 8);
        disassemble_list(r->s, r->m, code_view_cpu(r->m), frame[i].eip, 2, list,
                         4);
    }
    for (unsigned t = 0; backtrace_start_thread(r->m, t, &from); t++)
        assert_in_range(backtrace(r->s, r->m, &from, frame, DEEP), 1, DEEP);
    return ours;
}

/* Whoever is the cause of a bugcheck is on the stack: behind a call of address
 * 0, of code in pool, at the end of the stack, after a return to nowhere. */
static void the_cause_of_a_bugcheck_is_found(void **state)
{
    enum { CODES = 25, CIRCULAR_IRP = 23 };
    struct inspect_bugcheck bugcheck;
    unsigned bugchecks = 0;

    (void)state;
    for (uint32_t n = 0; n < CODES; n++) {
        struct machine_call control = {.kind = CALL_CONTROL,
                                       .code = 0x222000 + 4 * n};
        struct rig r;
        unsigned ours;

        start(&r);
        control.handle = r.handle;
        call(&r, &control);
        ours = look(&r);
        /* that one has returned when the request is completed */
        if (inspect_bugcheck(r.m, &bugcheck) && n != CIRCULAR_IRP) {
            if (!ours)
                fail_msg("code %u, bugcheck %x: it is not there", n,
                         bugcheck.code);
            bugchecks++;
        }
        end(&r);
    }
    assert_in_range(bugchecks, 15, CODES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_cause_of_a_bugcheck_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
