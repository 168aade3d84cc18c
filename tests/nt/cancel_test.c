/* tests/nt/cancel_test.c -- cancelling, StartIo, work items, system threads. */
#include "iotest.h"

enum { SUCCESS = 0 };
#define CANCELLED 0xc0000120u
#define NO_KEY    0x80000000u

static uint32_t pend(struct io *io, uint32_t client, uint32_t cancelable)
{
    struct machine_call call = {.kind = CALL_CONTROL,
                                .handle = io->handle,
                                .code = IOTEST_PEND,
                                .in = io->in,
                                .in_bytes = 4};
    struct hb_error error;
    uint32_t ticket;

    machine_user_write(io->r->m, io->r->process, io->in, &cancelable, 4,
                       &error);
    ticket = machine_post(io->r->m, client, &call);
    assert_int_equal(machine_wait(io->r->m, ticket, WAIT_DONE, 1000000, NULL),
                     STOP_IDLE);
    return ticket;
}

static uint32_t other_client(struct io *io)
{
    struct hb_error error;
    uint32_t client = machine_client(io->r->m, io->r->process, &error);

    assert_int_not_equal(client, MACHINE_NONE);
    return client;
}

/* IRP-032 */
static void cancelling_calls_the_routine_and_ends_the_request(void **state)
{
    struct io *io = *state;
    uint32_t ticket = pend(io, other_client(io), 1);
    struct machine_call cancel = {.kind = CALL_CANCEL, .handle = io->handle};

    assert_int_equal(rig_call(io->r, &cancel).status, SUCCESS);
    assert_int_equal(rig_finish(io->r, ticket), CANCELLED);
    assert_int_equal(rig_irps(io->r), 0);
}

/* IRP-032: without a routine the packet only has Cancel set. */
static void cancelling_without_a_routine_leaves_the_request(void **state)
{
    struct io *io = *state;
    const uint32_t words[2] = {SUCCESS, 0};
    uint32_t ticket = pend(io, other_client(io), 0);
    struct machine_call cancel = {.kind = CALL_CANCEL, .handle = io->handle};

    assert_int_equal(rig_call(io->r, &cancel).status, SUCCESS);
    assert_int_equal(rig_irps(io->r), 1);
    assert_int_equal(io_control(io, IOTEST_COMPLETE, words, 8, NULL, 0).status,
                     SUCCESS);
    assert_int_equal(rig_finish(io->r, ticket), SUCCESS);
}

/* IRP-034, IRP-036: the first starts at once at DISPATCH_LEVEL; the others wait
 * sorted by key; after the last one the queue is idle and CurrentIrp NULL. */
static void start_io_sees_packets_in_the_order_of_their_keys(void **state)
{
    const uint32_t in[5] = {4, 9, 5, 1, 3};
    uint32_t out[17];

    assert_int_equal(
        io_control(*state, IOTEST_START, in, sizeof in, out, sizeof out).status,
        SUCCESS);
    assert_int_equal(out[0], 4);
    assert_int_equal(out[1], 9);
    assert_int_equal(out[2], 1);
    assert_int_equal(out[3], 3);
    assert_int_equal(out[4], 5);
}

/* IRP-034: with Key NULL they queue at the tail. */
static void start_io_without_keys_is_first_come_first_served(void **state)
{
    const uint32_t in[4] = {3, NO_KEY | 7, NO_KEY | 6, NO_KEY | 5};
    uint32_t out[17];

    io_control(*state, IOTEST_START, in, sizeof in, out, sizeof out);
    assert_int_equal(out[0], 3);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(out[1 + i], in[1 + i]);
}

/* IRP-037: StartIo that starts the next packet nests as deep as there are
 * packets; deferred, one after the other returns. */
static void deferred_start_io_does_not_nest(void **state)
{
    const uint32_t plain[2] = {0, 20}, deferred[2] = {1, 20};
    uint32_t out[IOTEST_WORDS];

    io_control(*state, IOTEST_DEFERRED, plain, 8, out, sizeof out);
    assert_int_equal(out[0], 19);
    assert_int_equal(out[1], 20);
    io_control(*state, IOTEST_DEFERRED, deferred, 8, out, sizeof out);
    assert_int_equal(out[0], 1);
    assert_int_equal(out[1], 20);
}

/* INT-036: a work item runs at PASSIVE_LEVEL with its device and context; a
 * system thread runs and can be waited for through its object. */
static void work_items_and_system_threads_run(void **state)
{
    uint32_t out[4];

    assert_int_equal(
        io_control(*state, IOTEST_THREADS, NULL, 0, out, sizeof out).status,
        SUCCESS);
    assert_int_equal(out[0], 1);
    assert_int_equal(out[1], 0);
    assert_int_equal(out[2], 0x1234);
    assert_int_equal(out[3], 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IO_TEST(cancelling_calls_the_routine_and_ends_the_request),
        IO_TEST(cancelling_without_a_routine_leaves_the_request),
        IO_TEST(start_io_sees_packets_in_the_order_of_their_keys),
        IO_TEST(start_io_without_keys_is_first_come_first_served),
        IO_TEST(deferred_start_io_does_not_nest),
        IO_TEST(work_items_and_system_threads_run),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
