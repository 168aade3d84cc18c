/* tests/cli/live_test.c -- running with live inputs: waiting is waiting on the
 * host, what comes is handed in at its time. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <time.h>
#include <unistd.h>

#include "cli/live.h"
#include "halbox/control.h"
#include "halbox/inspect.h"

enum { MS = 1000000, CODE = 0x100000 };

/* A pipe's end as a source: counts the bytes, over at the end of file. */
struct feed {
    struct machine *m;
    int fd[2];
    unsigned bytes;
    uint64_t tick; /* when the last one came */
    bool over;
};

static int feed_want(void *context, struct pollfd *fd, unsigned most,
                     uint64_t *wait_ns)
{
    struct feed *f = context;

    (void)wait_ns;
    assert_true(most >= 1);
    *fd = (struct pollfd){.fd = f->fd[0], .events = POLLIN};
    return f->over ? -1 : 1;
}

static void feed_take(void *context, const struct pollfd *fd, unsigned count)
{
    struct feed *f = context;
    uint8_t byte;

    assert_int_equal(count, 1);
    if (!(fd->revents & (POLLIN | POLLHUP)))
        return;
    if (read(f->fd[0], &byte, 1) == 1) {
        f->bytes++;
        f->tick = machine_position(f->m).tick;
        assert_int_equal(machine_send(f->m, "uart16550", &byte, 1, NULL),
                         HB_OK);
    } else {
        f->over = true;
    }
}

struct rig {
    struct live live;
    struct feed feed;
};

static struct rig begin(const void *code, size_t bytes)
{
    struct machine_config config;
    struct rig r = {0};

    assert_int_equal(machine_config_init(&config, NULL, NULL), HB_OK);
    config.bare = true;
    config.memory = 16 << 20;
    assert_int_equal(machine_create(&r.live.m, &config, NULL), HB_OK);
    assert_int_equal(machine_load_program(r.live.m, PROGRAM_FLAT, code, bytes,
                                          gpa_of(CODE), NULL),
                     HB_OK);
    r.feed.m = r.live.m;
    assert_int_equal(pipe(r.feed.fd), 0);
    return r;
}

static void attach(struct rig *r)
{
    const struct live_source source = {&r->feed, feed_want, feed_take};

    assert_true(live_add(&r->live, &source));
}

static void end(struct rig *r)
{
    machine_destroy(r->live.m);
    close(r->feed.fd[0]);
    if (r->feed.fd[1] >= 0)
        close(r->feed.fd[1]);
}

static uint64_t host_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 * MS + (uint64_t)t.tv_nsec;
}

/* mov al,0xff ; out 0x21,al ; out 0xa1,al ; sti ; again: hlt ; jmp again */
static const uint8_t waits[] = {0xb0, 0xff, 0xe6, 0x21, 0xe6,
                                0xa1, 0xfb, 0xf4, 0xeb, 0xfd};
static const uint8_t spins[] = {0xeb, 0xfe};
static const uint8_t dead[] = {0xfa, 0xf4}; /* cli; hlt */

static void idle_time_passes_on_the_host_too(void **state)
{
    struct rig r = begin(waits, sizeof waits);
    uint64_t begun = host_ns();
    struct machine_stop stop;

    (void)state;
    attach(&r);
    assert_int_equal(live_run(&r.live, machine_ticks(r.live.m, 30 * MS), &stop),
                     STOP_LIMIT);
    assert_true(host_ns() - begun >= 30 * MS);
    assert_int_equal(machine_now_ns(r.live.m), 30 * MS);
    end(&r);
}

static void without_a_source_idle_time_is_skipped(void **state)
{
    struct rig r = begin(waits, sizeof waits);
    uint64_t hour = machine_ticks(r.live.m, 3600ull * 1000 * MS);

    (void)state;
    assert_int_equal(live_run(&r.live, hour, NULL), STOP_LIMIT);
    assert_int_equal(machine_position(r.live.m).tick, hour);
    end(&r);
}

static void a_source_that_is_over_is_waited_for_no_more(void **state)
{
    struct rig r = begin(waits, sizeof waits);
    uint64_t hour = machine_ticks(r.live.m, 3600ull * 1000 * MS);

    (void)state;
    attach(&r);
    close(r.feed.fd[1]);
    r.feed.fd[1] = -1;
    assert_int_equal(live_run(&r.live, hour, NULL), STOP_LIMIT);
    assert_int_equal(r.live.sources, 0);
    assert_int_equal(machine_position(r.live.m).tick, hour);
    end(&r);
}

static void what_comes_is_handed_in_while_it_waits(void **state)
{
    struct rig r = begin(waits, sizeof waits);

    (void)state;
    attach(&r);
    assert_int_equal(write(r.feed.fd[1], "abc", 3), 3);
    live_run(&r.live, machine_ticks(r.live.m, 20 * MS), NULL);
    assert_int_equal(r.feed.bytes, 3);
    assert_true(r.feed.tick <= machine_ticks(r.live.m, 20 * MS));
    end(&r);
}

static void what_comes_is_handed_in_while_it_works(void **state)
{
    struct rig r = begin(spins, sizeof spins);

    (void)state;
    attach(&r);
    assert_int_equal(write(r.feed.fd[1], "ab", 2), 2);
    live_run(&r.live, machine_ticks(r.live.m, 5 * MS), NULL);
    assert_int_equal(r.feed.bytes, 2);
    assert_true(r.feed.tick <= machine_ticks(r.live.m, 2 * MS));
    end(&r);
}

static void a_cpu_that_no_input_can_wake_is_not_waited_for(void **state)
{
    struct rig r = begin(dead, sizeof dead);
    struct machine_stop stop;

    (void)state;
    attach(&r);
    assert_int_equal(live_run(&r.live, MACHINE_FOR_EVER, &stop), STOP_IDLE);
    end(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(idle_time_passes_on_the_host_too),
        cmocka_unit_test(without_a_source_idle_time_is_skipped),
        cmocka_unit_test(a_source_that_is_over_is_waited_for_no_more),
        cmocka_unit_test(what_comes_is_handed_in_while_it_waits),
        cmocka_unit_test(what_comes_is_handed_in_while_it_works),
        cmocka_unit_test(a_cpu_that_no_input_can_wake_is_not_waited_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
