/* tests/debug/debug_test.c -- a demo under the debugger: it stops and steps,
 * forward and back, and the run is the one that it is without. */
#include "debug/history.h"
#include "demo.h"

#include <stdlib.h>
#include <zlib.h>

enum { STOPS = 4096, STEPPED = 1500 };

static const struct demo_bench bench = {HALBOX_IMAGES "/edu.sys",
                                        "edu",
                                        "\\\\.\\Edu0",
                                        "translate",
                                        "16M",
                                        DEMO_BYTES};

/** A user: at each stop, the next of its moves. */
struct user {
    struct demo demo;
    struct debug *d;
    struct symbols *symbols;
    struct debug_stop stop[STOPS];
    unsigned stops;
    /** What to do at stop @n; false: on, for good. */
    bool (*move)(struct user *u, unsigned n, struct debug_order *order);
    enum debug_step step;
    unsigned forward;      /* steps, then as many back */
    bool searched, turned; /* the way back is looked for, not remembered */
    uint32_t sum[STOPS];
    gva_t code;
};

static bool step_all_the_way(struct user *u, unsigned n,
                             struct debug_order *order)
{
    (void)n;
    (void)order;
    return u->stops < STEPPED;
}

static uint32_t sum_of(const struct machine *m)
{
    struct hb_error e = {0};
    uint8_t *bytes;
    size_t count;
    uint32_t sum;

    assert_int_equal(machine_save_bytes(m, &bytes, &count, &e), HB_OK);
    sum = (uint32_t)crc32_z(0, bytes, count);
    free(bytes);
    return sum;
}

static void stopped(void *context, struct debug *d,
                    const struct debug_stop *stop)
{
    struct user *u = context;
    struct debug_order order = {.kind = DEBUG_STEP, .step = u->step};
    struct hb_error e = {0};
    unsigned n = u->stops;

    assert_true(n < STOPS);
    u->stop[n] = *stop;
    if (u->move != step_all_the_way)
        u->sum[n] = sum_of(u->demo.m);
    u->stops++;
    if (u->move(u, n, &order) && debug_order(d, &order, &e) != HB_OK)
        fail_msg("stop %u: %s", n, e.text);
}

static void begin(struct user *u)
{
    const struct debug_client client = {.context = u, .stopped = stopped};
    struct debug_options options = {.stop_first = true};
    struct hb_error e = {0};

    demo_create(&u->demo, &bench);
    u->symbols = options.symbols = symbols_create();
    if (symbols_add_file(u->symbols, bench.image, &e) != HB_OK ||
        debug_attach(&u->d, u->demo.m, &options, &client, &e) != HB_OK)
        fail_msg("%s", e.text);
}

static void end(struct user *u)
{
    debug_detach(u->d);
    symbols_destroy(u->symbols);
    machine_destroy(u->demo.m);
}

static void a_stepped_run_is_the_free_run(void **state)
{
    static const enum debug_step steps[] = {DEBUG_BYTE, DEBUG_BURST, DEBUG_IRP,
                                            DEBUG_KERNEL_CALL, DEBUG_LINE};
    struct demo plain;
    struct trace t = {0};

    (void)state;
    demo_create(&plain, &bench);
    bare_trace(&t, plain.m, "*");
    assert_true(demo_run(&plain, MACHINE_FOR_EVER));
    for (unsigned i = 0; i < sizeof steps / sizeof *steps; i++) {
        static struct user u;
        struct trace again = {0};

        u = (struct user){.move = step_all_the_way, .step = steps[i]};
        begin(&u);
        bare_trace(&again, u.demo.m, "*");
        assert_true(demo_run(&u.demo, MACHINE_FOR_EVER));
        if (u.stops < 3)
            fail_msg("%s: %u stops", debug_step_name(u.step), u.stops);
        assert_string_equal(t.text, again.text);
        bare_equal(plain.m, u.demo.m);
        bare_trace_end(&again);
        end(&u);
    }
    bare_trace_end(&t);
    machine_destroy(plain.m);
}

/* ---- there and back ------------------------------------------------------ */

static bool of_code(enum debug_step step)
{
    return step < DEBUG_BYTE;
}

/* First to the first byte of DMA, or to the driver's code; then steps, and the
 * same ones back. */
static bool there_and_back(struct user *u, unsigned n,
                           struct debug_order *order)
{
    if (n == 0) {
        order->kind = DEBUG_GO;
        assert_true(debug_break_parse(
                        u->d, of_code(u->step) ? "edu!EduReadWrite" : "dma",
                        NULL) == 1);
        return true;
    }
    if (n == 1)
        debug_break_remove(u->d, 1);
    if (u->searched && n == u->forward + 1 && !u->turned) {
        u->turned = true;
        u->stops--; /* the same place again, and nothing is remembered */
        order->kind = DEBUG_GO_TO;
        order->to = u->stop[n].at;
        return true;
    }
    order->back = n > u->forward;
    return n < 2 * u->forward;
}

/* What is stepped over has no place of its own where the way back is looked
 * for. */
static bool is_inverse(const struct user *u)
{
    return !u->searched || (u->step != DEBUG_OVER_INSTRUCTION &&
                            u->step != DEBUG_OVER_LINE && u->step != DEBUG_OUT);
}

static void is_undone(const struct user *u)
{
    for (unsigned n = 2; n <= u->forward; n++) {
        unsigned back = 2 * u->forward + 2 - n;

        if (u->stop[n].reason != DEBUG_STEPPED)
            fail_msg("%s: stop %u: %s %s", debug_step_name(u->step), n,
                     debug_reason_name(u->stop[n].reason), u->stop[n].text);
        assert_true(
            debug_place_order(&u->stop[back].at, &u->stop[back - 1].at) < 0);
        if (is_inverse(u) && u->sum[n] != u->sum[back])
            fail_msg("%s: stop %u is not stop %u (ticks %llu, %llu)",
                     debug_step_name(u->step), back, n,
                     (unsigned long long)u->stop[back].at.at.tick,
                     (unsigned long long)u->stop[n].at.at.tick);
    }
}

static void a_step_back_undoes_a_step(void **state)
{
    static const unsigned forward[DEBUG_STEPS] = {
        [DEBUG_INSTRUCTION] = 40,
        [DEBUG_LINE] = 9,
        [DEBUG_OVER_INSTRUCTION] = 9,
        [DEBUG_OVER_LINE] = 4,
        [DEBUG_OUT] = 2,
        [DEBUG_BYTE] = 20,
        [DEBUG_BURST] = 3,
        [DEBUG_PAGE] = 3,
        [DEBUG_TRANSFER] = 2,
        [DEBUG_IRQ] = 2,
        [DEBUG_IRP] = 2,
        [DEBUG_DRIVER_CALL] = 9,
        [DEBUG_KERNEL_CALL] = 9,
    };
    static struct user u;

    (void)state;
    for (unsigned i = 0; i < 2 * DEBUG_STEPS; i++) {
        unsigned step = i / 2;

        u = (struct user){.move = there_and_back,
                          .step = (enum debug_step)step,
                          .forward = forward[step],
                          .searched = i % 2};
        begin(&u);
        assert_true(demo_run(&u.demo, MACHINE_FOR_EVER));
        is_undone(&u);
        end(&u);
    }
}

/* ---- breakpoints --------------------------------------------------------- */

static bool at_the_line(struct user *u, unsigned n, struct debug_order *order)
{
    struct hb_error e = {0};
    struct source_line line;

    order->kind = DEBUG_GO;
    switch (n) {
    case 0:
        if (!debug_break_parse(u->d, "edu!DriverEntry", &e) &&
            !debug_break_parse(u->d, "edu.sys!DriverEntry", &e))
            fail_msg("%s", e.text);
        return true;
    case 1:
        assert_int_equal(u->stop[1].reason, DEBUG_BREAKPOINT);
        u->code = code_at(u->demo.m);
        assert_true(symbols_line(u->symbols, u->demo.m, u->code, &line));
        order->kind = DEBUG_STEP;
        order->step = DEBUG_OVER_LINE;
        return true;
    case 2:
        assert_true(
            symbols_line(u->symbols, u->demo.m, code_at(u->demo.m), &line));
        if (!debug_break_parse(u->d, "burst device=edu", &e))
            fail_msg("%s", e.text);
        return true;
    case 3:
        assert_int_equal(u->stop[3].reason, DEBUG_BREAKPOINT);
        assert_int_equal(u->stop[3].breakpoint, 2);
        order->back = true;
        return true;
    case 4: /* back over bursts to where the driver began */
        assert_int_equal(u->stop[4].reason, DEBUG_BREAKPOINT);
        if (u->stop[4].breakpoint == 2) {
            order->back = true;
            u->stops--;
            return true;
        }
        assert_int_equal(code_at(u->demo.m).v, u->code.v);
        assert_int_equal(u->sum[4], u->sum[1]);
        assert_true(u->stop[4].past);
        debug_break_remove(u->d, 1);
        debug_break_remove(u->d, 2);
        return false;
    default:
        fail_msg("one stop too many: %s", u->stop[n].text);
        return false;
    }
}

static void breakpoints_stop_forward_and_back(void **state)
{
    static struct user u;

    (void)state;
    u = (struct user){.move = at_the_line};
    begin(&u);
    assert_true(demo_run(&u.demo, MACHINE_FOR_EVER));
    assert_int_equal(u.stops, 5);
    end(&u);
}

/* The demo is over: back to its last byte of DMA, which is made another one. */
static bool poke_in_the_past(struct user *u, unsigned n,
                             struct debug_order *order)
{
    uint8_t byte = 0xa5;

    switch (n) {
    case 0:
        return false;
    case 1:
        assert_int_equal(u->stop[1].reason, DEBUG_OVER);
        order->step = DEBUG_BYTE;
        order->back = true;
        return true;
    case 2:
        assert_int_equal(u->stop[2].reason, DEBUG_STEPPED);
        assert_true(u->stop[2].past);
        assert_int_equal(
            machine_poke_virtual(u->demo.m, u->demo.in, &byte, 1, NULL), HB_OK);
        debug_changed(u->d);
        order->kind = DEBUG_GO;
        return true;
    default:
        assert_int_equal(u->stop[n].reason, DEBUG_ENDED);
        assert_false(u->stop[n].past);
        order->kind = DEBUG_QUIT;
        return true;
    }
}

static void a_poke_in_the_past_leaves_the_client_behind(void **state)
{
    static struct user u;
    uint8_t byte;

    (void)state;
    u = (struct user){.move = poke_in_the_past};
    begin(&u);
    assert_true(demo_run(&u.demo, MACHINE_FOR_EVER));
    debug_over(u.d);
    assert_true(debug_is_quit(u.d));
    assert_int_equal(machine_run(u.demo.m, MACHINE_FOR_EVER, NULL), STOP_ASKED);
    assert_true(inspect_virtual(u.demo.m, u.demo.process, u.demo.in, &byte, 1));
    assert_int_equal(byte, 0xa5);
    end(&u);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stepped_run_is_the_free_run),
        cmocka_unit_test(a_step_back_undoes_a_step),
        cmocka_unit_test(breakpoints_stop_forward_and_back),
        cmocka_unit_test(a_poke_in_the_past_leaves_the_client_behind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
