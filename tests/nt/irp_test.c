/* tests/nt/irp_test.c -- packets: allocation, travel and completion, as the
 * driver iotest.sys saw them. */
#include <string.h>

#include "iotest.h"

enum {
    SUCCESS = 0,
    ON_CANCEL = 0x20,
    ON_SUCCESS = 0x40,
    ON_ERROR = 0x80,
    ALWAYS = 0xe0,
};
#define UNSUCCESSFUL    0xc0000001u
#define BUFFER_OVERFLOW 0x80000005u
#define PENDING         0x103u

static uint32_t word(const uint8_t *p)
{
    uint32_t v;

    memcpy(&v, p, sizeof v);
    return v;
}

/* IRP-001: Type 6, Size 70h + 24h n, StackCount n, CurrentLocation n + 1, the
 * pointer behind the last location, all else zero but the empty list entry. */
static void an_allocated_irp_has_its_fields(void **state)
{
    static const uint32_t counts[] = {1, 2, 5};
    struct io *io = *state;

    for (unsigned i = 0; i < 3; i++) {
        uint32_t n = counts[i], at;
        uint8_t out[2 * 0x70 + 4], irp[0x70];

        assert_int_equal(
            io_control(io, IOTEST_ALLOCATE, &n, 4, out, sizeof out).status,
            SUCCESS);
        at = word(out + 0xe0);
        memcpy(irp, out, sizeof irp);
        assert_int_equal(word(irp), 6 | (0x70 + 0x24 * n) << 16);
        assert_int_equal(irp[0x22], n);
        assert_int_equal(irp[0x23], n + 1);
        assert_int_equal(word(irp + 0x60), at + 0x70 + 0x24 * n);
        memset(irp, 0, 4);
        memset(irp + 0x10, 0, 8);
        memset(irp + 0x22, 0, 2);
        memset(irp + 0x60, 0, 4);
        for (unsigned k = 0; k < sizeof irp; k++)
            assert_int_equal(irp[k], 0);
    }
}

/* IRP-007 */
static void reuse_keeps_allocation_flags_and_sets_the_status(void **state)
{
    uint32_t n = 3;
    uint8_t out[2 * 0x70 + 4];

    io_control(*state, IOTEST_ALLOCATE, &n, 4, out, sizeof out);
    assert_int_equal(out[0x70 + 0x27], 5);
    assert_int_equal(word(out + 0x70 + 0x18), UNSUCCESSFUL);
    assert_int_equal(out[0x70 + 0x23], 4);
}

static struct chain_log run_chain(void **state, struct chain chain)
{
    struct chain_log log;

    assert_int_equal(
        io_control(*state, IOTEST_CHAIN, &chain, sizeof chain, &log, sizeof log)
            .status,
        SUCCESS);
    return log;
}

/* IRP-002, IRP-009: routines from the completing driver upwards, each with the
 * device object and location of the driver that set it; NULL for the creator
 * above the top. */
static void completion_walks_up_the_stack(void **state)
{
    struct chain_log log =
        run_chain(state, (struct chain){.control = {ALWAYS, ALWAYS, ALWAYS}});

    assert_int_equal(log.returned, SUCCESS);
    assert_int_equal(log.routines, 3);
    assert_int_equal(log.routine[0].level, 2);
    assert_int_equal(log.routine[0].device, log.devices[1]);
    assert_int_equal(log.routine[0].location, 2);
    assert_int_equal(log.routine[1].level, 1);
    assert_int_equal(log.routine[1].device, log.devices[0]);
    assert_int_equal(log.routine[1].location, 3);
    assert_int_equal(log.routine[2].level, 0);
    assert_int_equal(log.routine[2].device, 0);
    assert_int_equal(log.routine[2].location, 4);
    assert_int_equal(log.bottom_location, 1);
    assert_int_equal(log.bottom_device, log.devices[2]);
}

/* IRP-004: a copied location has Control 0; a skipped one is shared, so the
 * middle driver's routine does not run and the bottom is one location higher.
 */
static void skip_shares_the_location_and_copy_clears_control(void **state)
{
    struct chain_log copied =
        run_chain(state, (struct chain){.control = {ALWAYS, 0, 0}});
    struct chain_log skipped = run_chain(
        state, (struct chain){.control = {ALWAYS, ALWAYS, ALWAYS}, .skip = 1});

    assert_int_equal(copied.copied_control, 0);
    assert_int_equal(skipped.bottom_location, 2);
    assert_int_equal(skipped.bottom_device, skipped.devices[2]);
    assert_int_equal(skipped.routines, 2);
    assert_int_equal(skipped.routine[0].level, 1);
}

/* IRP-010: NT_SUCCESS decides, warnings are errors here; Cancel adds 20h. */
static void a_routine_runs_if_status_and_flags_ask_for_it(void **state)
{
    static const uint32_t statuses[] = {SUCCESS, BUFFER_OVERFLOW, UNSUCCESSFUL};

    for (unsigned s = 0; s < 3; s++)
        for (unsigned flags = 0; flags <= ALWAYS; flags += ON_CANCEL)
            for (unsigned cancel = 0; cancel < 2; cancel++) {
                struct chain_log log = run_chain(
                    state, (struct chain){.status = statuses[s],
                                          .control = {ALWAYS, 0, flags},
                                          .cancel = cancel});
                bool ok = (int32_t)statuses[s] >= 0;
                bool runs = (ok && (flags & ON_SUCCESS)) ||
                            (!ok && (flags & ON_ERROR)) ||
                            (cancel && (flags & ON_CANCEL));

                assert_int_equal(log.routines, runs ? 2 : 1);
                assert_int_equal(log.routine[0].level, runs ? 2 : 0);
                assert_int_equal(log.routine[0].status, statuses[s]);
            }
}

/* IRP-011: with a routine PendingReturned is that of the location below;
 * without one the bit goes up by itself. */
static void pending_is_carried_up_where_no_routine_is(void **state)
{
    struct chain_log with = run_chain(
        state, (struct chain){.control = {ALWAYS, ALWAYS, ALWAYS}, .pend = 1});
    struct chain_log without =
        run_chain(state, (struct chain){.control = {ALWAYS, 0, 0}, .pend = 1});

    assert_int_equal(with.returned, PENDING);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(with.routine[i].pending, 1);
    assert_int_equal(without.routines, 1);
    assert_int_equal(without.routine[0].level, 0);
    assert_int_equal(without.routine[0].pending, 1);
}

/* IRP-012: C0000016 stops at that level; completing again resumes above. */
static void more_processing_stops_and_a_second_completion_resumes(void **state)
{
    struct chain_log log = run_chain(
        state, (struct chain){.control = {ALWAYS, ALWAYS, ALWAYS}, .more = 1});

    assert_int_equal(log.resumed, 2);
    assert_int_equal(log.routines, 3);
    assert_int_equal(log.routine[1].level, 1);
    assert_int_equal(log.routine[2].level, 0);
}

/* IRP-021, IRP-022: the built request completes with status block and event,
 * at once or pended, and its packet is gone. */
static void a_built_ioctl_ends_in_status_block_and_event(void **state)
{
    struct io *io = *state;
    uint32_t out[5], method;

    for (method = 0; method < 2; method++) {
        io_control(io, IOTEST_BUILD, &method, 4, out, sizeof out);
        assert_int_equal(out[0], method ? PENDING : SUCCESS);
        assert_int_equal(out[1], SUCCESS);
        assert_int_equal(out[2], 8);
        if (method == 0) {
            assert_int_equal(out[3], 42);
            assert_int_equal(out[4], 43);
        }
    }
    assert_int_equal(rig_irps(io->r), 0);
}

static struct inspect_bugcheck misdeed(void **state, uint32_t what)
{
    struct io *io = *state;
    struct machine_call call = {.kind = CALL_CONTROL,
                                .handle = io->handle,
                                .code = IOTEST_MISDEED,
                                .in = io->in,
                                .in_bytes = 4};
    struct inspect_bugcheck bugcheck;
    struct hb_error error;

    machine_user_write(io->r->m, io->r->process, io->in, &what, 4, &error);
    machine_wait(io->r->m, machine_post(io->r->m, io->r->client, &call),
                 WAIT_DONE, RIG_SECOND, NULL);
    memset(&bugcheck, 0, sizeof bugcheck);
    inspect_bugcheck(io->r->m, &bugcheck);
    return bugcheck;
}

/* IRP-003 */
static void no_location_left_is_bugcheck_35(void **state)
{
    assert_int_equal(misdeed(state, MISDEED_NO_LOCATION).code, 0x35);
}

/* IRP-014 */
static void a_second_completion_is_bugcheck_44(void **state)
{
    assert_int_equal(misdeed(state, MISDEED_COMPLETE_TWICE).code, 0x44);
}

/* IRP-033 */
static void cancelling_a_completed_irp_is_bugcheck_48(void **state)
{
    assert_int_equal(misdeed(state, MISDEED_CANCEL_COMPLETED).code, 0x48);
}

/* IRP-017: the caller gets the status, the verifier a finding. */
static void a_forgotten_irp_is_a_finding(void **state)
{
    struct io *io = *state;

    assert_int_equal(misdeed(state, MISDEED_FORGET).code, 0);
    assert_true(rig_has(io->r, "finding rule=\"C9-226\"") ||
                rig_has(io->r, "finding rule=C9-226"));
}

/* IRP-016 */
static void pending_without_a_mark_is_a_finding(void **state)
{
    struct io *io = *state;

    assert_int_equal(misdeed(state, MISDEED_UNMARKED).code, 0);
    assert_true(rig_has(io->r, "finding rule=IRP-016"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IO_TEST(an_allocated_irp_has_its_fields),
        IO_TEST(reuse_keeps_allocation_flags_and_sets_the_status),
        IO_TEST(completion_walks_up_the_stack),
        IO_TEST(skip_shares_the_location_and_copy_clears_control),
        IO_TEST(a_routine_runs_if_status_and_flags_ask_for_it),
        IO_TEST(pending_is_carried_up_where_no_routine_is),
        IO_TEST(more_processing_stops_and_a_second_completion_resumes),
        IO_TEST(a_built_ioctl_ends_in_status_block_and_event),
        IO_TEST(no_location_left_is_bugcheck_35),
        IO_TEST(a_second_completion_is_bugcheck_44),
        IO_TEST(cancelling_a_completed_irp_is_bugcheck_48),
        IO_TEST(a_forgotten_irp_is_a_finding),
        IO_TEST(pending_without_a_mark_is_a_finding),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
