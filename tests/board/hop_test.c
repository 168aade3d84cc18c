/* tests/board/hop_test.c -- a transfer of three pages whose every byte is moved
 * by another process: each loads what the one before saved, moves one byte, and
 * saves. Traces and memory are those of a run that was never cut. Where that is
 * the case already a process moves thirteen bytes, and in builds that are many
 * times slower 37: they and 4100 have no common divisor, so pages and units are
 * cut at odd places there, too. */
#include "demo.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef HALBOX_SLOW
enum { ODD_PART = 13, BYTES_AT_ONCE = 37 };
#else
enum { ODD_PART = 13, BYTES_AT_ONCE = 1 };
#endif
enum { EXEC_EVERY = 32, SAVE_MOST = 4 << 20, TRACE_MOST = 4 << 20 };

/* What one process leaves to the next, in memory that they share. */
struct baton {
    struct demo demo;
    size_t saved, traced;
    unsigned moved, at_once; /* bytes */
    uint8_t save[SAVE_MOST];
    char trace[TRACE_MOST];
};

static const char *self;

static void hand_on(struct baton *b, const struct demo *d, struct trace *t)
{
    struct hb_error e = {0};
    uint8_t *bytes;
    size_t count;

    assert_int_equal(machine_save_bytes(d->m, &bytes, &count, &e), HB_OK);
    assert_true(count <= SAVE_MOST && b->traced + t->bytes <= TRACE_MOST);
    memcpy(b->save, bytes, count);
    b->saved = count;
    if (t->bytes)
        memcpy(b->trace + b->traced, t->text, t->bytes);
    b->traced += t->bytes;
    b->demo = *d;
    free(bytes);
    bare_trace_end(t);
    machine_destroy(d->m);
}

/* One process's part; the last bytes' runs on to the end of the demo. */
static void hop(struct baton *b)
{
    struct demo d = b->demo;
    struct hb_error e = {0};
    struct trace t = {0};

    if (machine_load_bytes(&d.m, b->save, b->saved, &e) != HB_OK)
        fail_msg("%s", e.text);
    bare_trace(&t, d.m, "*");
    for (unsigned i = 0; i < b->at_once && b->moved < d.bytes; i++) {
        b->moved++;
        assert_int_equal(
            machine_step(d.m, STEP_BYTE, NULL, MACHINE_FOR_EVER, NULL),
            STOP_STEP);
    }
    if (b->moved == d.bytes)
        assert_true(demo_run(&d, MACHINE_FOR_EVER));
    hand_on(b, &d, &t);
}

/* The child has the numbers alone: the parent never had a machine. */
static void in_a_new_process(struct baton *b, int fd, bool fresh,
                             void (*part)(struct baton *))
{
    pid_t child = fork();
    char number[16];
    int status;

    if (child == 0) {
        snprintf(number, sizeof number, "%d", fd);
        if (fresh)
            execl(self, self, "--hop", number, (char *)NULL);
        else
            part(b);
        _exit(fresh ? 127 : 0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static const struct demo_bench *bench;

static void run_whole(struct baton *b)
{
    struct trace t = {0};
    struct demo d;

    demo_create(&d, bench);
    bare_trace(&t, d.m, "*");
    assert_true(demo_run(&d, MACHINE_FOR_EVER));
    hand_on(b, &d, &t);
}

/* Up to where the client's write is posted. */
static void run_to_the_write(struct baton *b)
{
    struct trace t = {0};
    struct demo d;

    demo_create(&d, bench);
    bare_trace(&t, d.m, "*");
    while (d.step < DEMO_WRITE)
        demo_run(&d, machine_position(d.m).tick + 50);
    hand_on(b, &d, &t);
}

static struct baton *baton_map(int fd)
{
    struct baton *b =
        mmap(NULL, sizeof *b, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    assert_true(b != MAP_FAILED);
    return b;
}

static struct baton *baton_create(int *fd)
{
    *fd = memfd_create("baton", 0);
    assert_true(*fd >= 0);
    assert_int_equal(ftruncate(*fd, sizeof(struct baton)), 0);
    return baton_map(*fd);
}

static void hops(const struct demo_bench *on, unsigned at_once)
{
    int whole_fd, fd;
    struct baton *whole = baton_create(&whole_fd), *b = baton_create(&fd);
    unsigned n = 0;

    bench = on;
    in_a_new_process(whole, whole_fd, false, run_whole);
    in_a_new_process(b, fd, false, run_to_the_write);
    b->at_once = at_once;
    while (b->moved < DEMO_THREE_PAGES)
        in_a_new_process(b, fd, n++ % EXEC_EVERY == 0, hop);
    assert_int_equal(b->traced, whole->traced);
    assert_memory_equal(b->trace, whole->trace, whole->traced);
    assert_int_equal(b->saved, whole->saved);
    assert_memory_equal(b->save, whole->save, whole->saved);
    munmap(whole, sizeof *whole);
    munmap(b, sizeof *b);
    close(whole_fd);
    close(fd);
}

static void bytes_of_an_8_bit_channel(void **state)
{
    static const struct demo_bench on = {HALBOX_IMAGES "/isa_slave.sys",
                                         "isacard",
                                         "\\\\.\\IsaCard0",
                                         "translate",
                                         "16M",
                                         DEMO_THREE_PAGES};

    (void)state;
    hops(&on, ODD_PART);
}

/* A stop may fall between the two bytes of a unit. */
static void bytes_of_a_16_bit_channel(void **state)
{
    static const struct demo_bench on = {HALBOX_IMAGES "/isa_slave.sys",
                                         "isacard,dma=5",
                                         "\\\\.\\IsaCard0",
                                         "translate",
                                         "16M",
                                         DEMO_THREE_PAGES};

    (void)state;
    hops(&on, BYTES_AT_ONCE);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_of_an_8_bit_channel),
        cmocka_unit_test(bytes_of_a_16_bit_channel),
    };

    self = argv[0];
    if (argc == 3 && strcmp(argv[1], "--hop") == 0) {
        hop(baton_map(atoi(argv[2])));
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
