/* tests/nt/more_test.c -- resources reported by a driver, device object
 * pointers, associated packets, named events, device timers, kernel file
 * handles, reinitialization. */
#include <string.h>

#include "iotest.h"

enum { SUCCESS = 0, TIMEOUT = 0x102, DISPATCH = 2 };
#define CONFLICT       0xc0000018u
#define NAME_NOT_FOUND 0xc0000034u
#define COLLISION      0xc0000035u
#define INVALID_HANDLE 0xc0000008u

static void ask(void **state, uint32_t code, uint32_t out[IOTEST_WORDS])
{
    assert_int_equal(
        io_control(*state, code, NULL, 0, out, IOTEST_WORDS * 4).status,
        SUCCESS);
}

/* RES-030, RES-031, RES-032 */
static void reported_resources_conflict_and_are_released(void **state)
{
    uint32_t out[IOTEST_WORDS];

    ask(state, IOTEST_RESOURCES, out);
    assert_int_equal(out[0], SUCCESS);
    assert_int_equal(out[1], 0);
    assert_int_equal(out[2], SUCCESS); /* a conflict is told, no failure */
    assert_int_equal(out[3], 1);
    assert_int_equal(out[4], CONFLICT);
    assert_int_equal(out[5], SUCCESS);
    assert_int_equal(out[6], 0x308); /* the first that is free */
    assert_int_equal(out[7], SUCCESS);
    assert_int_equal(out[8], 0); /* an empty list has released it */
}

static void a_device_object_pointer_holds_the_device(void **state)
{
    uint32_t out[IOTEST_WORDS];
    struct io *io = *state;

    ask(state, IOTEST_POINTER, out);
    assert_int_equal(out[0], SUCCESS);
    assert_int_equal(out[1], 1);
    assert_int_equal(out[2], 1);
    assert_int_equal(out[3], 1);
    assert_int_equal(out[4], NAME_NOT_FOUND);
    assert_true(rig_has(io->r, "iotest: cleanup"));
    assert_int_equal(out[5], SUCCESS);
    assert_int_equal(out[6], 1);
    assert_int_equal(out[7], COLLISION);
    assert_int_equal(out[8], 0);
}

/* IRP-019 */
static void a_master_completes_with_its_last_associated_irp(void **state)
{
    uint32_t out[IOTEST_WORDS];
    struct io *io = *state;

    ask(state, IOTEST_ASSOCIATED, out);
    assert_int_equal(out[0], 0);
    assert_int_equal(out[1], 0);
    assert_int_equal(out[2], 0);
    assert_int_equal(out[3], 1);
    assert_int_equal(rig_irps(io->r), 0);
}

static void named_events_are_shared_and_go_with_their_handles(void **state)
{
    uint32_t out[IOTEST_WORDS];

    ask(state, IOTEST_EVENTS, out);
    assert_int_equal(out[0], 1);
    assert_int_equal(out[1], SUCCESS); /* created signalled, auto-reset */
    assert_int_equal(out[2], TIMEOUT);
    assert_int_equal(out[3], 0);
    assert_int_equal(out[4], SUCCESS);
    assert_int_equal(out[5], SUCCESS);
    assert_int_equal(out[6], INVALID_HANDLE);
}

/* INT-034 */
static void a_device_timer_ticks_once_a_second(void **state)
{
    struct io *io = *state;
    struct machine_call call = {.kind = CALL_CONTROL,
                                .handle = io->handle,
                                .code = IOTEST_TIMER,
                                .out = io->out,
                                .out_bytes = IOTEST_WORDS * 4};
    uint32_t out[IOTEST_WORDS], ticket;

    ticket = machine_post(io->r->m, io->r->client, &call);
    assert_int_equal(machine_wait(io->r->m, ticket, WAIT_IO,
                                  10 * (uint64_t)RIG_SECOND, NULL),
                     STOP_TICKET);
    io_read_user(io, io->out, out, sizeof out);
    assert_int_equal(out[0], SUCCESS);
    assert_int_equal(out[1], 3);
    assert_int_equal(out[2], DISPATCH);
    assert_int_equal(out[3], 3); /* stopped */
}

static void a_driver_opens_writes_and_reads_a_file(void **state)
{
    uint32_t out[IOTEST_WORDS];

    ask(state, IOTEST_FILE, out);
    assert_int_equal(out[0], SUCCESS);
    assert_int_equal(out[1], SUCCESS);
    assert_int_equal(out[2], 77);
    assert_int_equal(out[3], SUCCESS);
    assert_int_equal(out[4], 0); /* KernelMode */
    assert_int_equal(out[5], SUCCESS);
    assert_int_equal(out[6], SUCCESS);
    assert_int_equal(out[7], SUCCESS);
}

static void reinitialization_routines_run_after_driver_entry(void **state)
{
    uint32_t out[IOTEST_WORDS];

    ask(state, IOTEST_REINITIALIZED, out);
    assert_int_equal(out[0], 2);
    assert_int_equal(out[1], 3); /* calls of this driver's routines so far */
    assert_int_equal(out[2], 0x99);
}

static void a_directory_lasts_as_long_as_its_handles(void **state)
{
    uint32_t out[IOTEST_WORDS];

    ask(state, IOTEST_DIRECTORY, out);
    assert_int_equal(out[0], SUCCESS);
    assert_int_equal(out[1], COLLISION);
    assert_int_equal(out[2], SUCCESS);
    assert_int_equal(out[3], SUCCESS);
    assert_int_equal(out[4], SUCCESS);
    assert_int_equal(out[5], 0);
    assert_int_equal(out[6], 0x120089);
}

/* Attaching by name and safely, both Fsd builders, forwarding synchronously,
 * versions, references by pointer, the error log, shutdown notification. */
static void single_routines_do_what_they_say(void **state)
{
    struct io *io = *state;
    uint32_t out[IOTEST_WORDS];

    ask(state, IOTEST_ROWS, out);
    assert_int_equal(out[0], SUCCESS);
    assert_int_equal(out[1], SUCCESS);
    assert_int_equal(out[2], 1);
    assert_int_equal(out[3], SUCCESS);
    assert_int_equal(out[4], 55);
    assert_int_equal(out[5], 1);
    assert_int_equal(out[6], 55);
    assert_int_equal(out[7], 1);
    assert_int_equal(out[8], 1);
    assert_int_equal(out[9], 0xc0000010u);
    assert_int_equal(out[10], 1);
    assert_int_equal(out[11], 51);
    assert_int_equal(out[12], 1);
    assert_int_equal(out[13], SUCCESS);
    assert_int_equal(out[14], SUCCESS);
    assert_int_equal(out[15], 1);
    assert_true(rig_has(io->r, "error-log"));
    assert_int_equal(
        rig_finish(io->r, machine_device_request(io->r->m, MACHINE_NONE,
                                                 PNP_SHUTDOWN)),
        SUCCESS);
    assert_int_equal(rig_count(io->r, "iotest: shutdown"), 2);
    assert_int_equal(rig_irps(io->r), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IO_TEST(reported_resources_conflict_and_are_released),
        IO_TEST(a_device_object_pointer_holds_the_device),
        IO_TEST(a_master_completes_with_its_last_associated_irp),
        IO_TEST(named_events_are_shared_and_go_with_their_handles),
        IO_TEST(a_device_timer_ticks_once_a_second),
        IO_TEST(a_driver_opens_writes_and_reads_a_file),
        IO_TEST(a_directory_lasts_as_long_as_its_handles),
        IO_TEST(single_routines_do_what_they_say),
        IO_TEST(reinitialization_routines_run_after_driver_entry),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
