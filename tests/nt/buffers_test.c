/* tests/nt/buffers_test.c -- what of a user's buffer a driver gets, in the
 * three methods. */
#include <string.h>

#include "iotest.h"

enum { SUCCESS = 0, PAGE = 4096 };
enum { BUFFERED_IO = 0x10, DEALLOCATE = 0x20, INPUT = 0x40 };
enum { LOCKED = 0x02, WRITE_OPERATION = 0x80 };
#define BUFFER_OVERFLOW  0x80000005u
#define VERIFY_REQUIRED  0x80000016u
#define UNSUCCESSFUL     0xc0000001u
#define ACCESS_VIOLATION 0xc0000005u
#define UNTOUCHED        0x55555555u

static void fill_out(struct io *io, uint32_t value)
{
    uint32_t words[16];
    struct hb_error error;

    for (unsigned i = 0; i < 16; i++)
        words[i] = value;
    assert_int_equal(machine_user_write(io->r->m, io->r->process, io->out,
                                        words, sizeof words, &error),
                     HB_OK);
}

static struct machine_result echo(struct io *io, uint32_t status,
                                  uint32_t information, uint32_t out[2])
{
    const uint32_t in[4] = {status, information, 41, 42};

    fill_out(io, UNTOUCHED);
    return io_control(io, IOTEST_ECHO, in, sizeof in, out, 8);
}

/* IRP-023, IRP-028: Information bytes come back, no more. */
static void information_bytes_are_copied_back(void **state)
{
    uint32_t out[2];
    struct machine_result r = echo(*state, SUCCESS, 4, out);

    assert_int_equal(r.status, SUCCESS);
    assert_int_equal(r.information, 4);
    assert_int_equal(out[0], 42);
    assert_int_equal(out[1], UNTOUCHED);
}

/* IRP-023: a warning copies, an error and STATUS_VERIFY_REQUIRED do not. */
static void warnings_copy_and_errors_do_not(void **state)
{
    static const struct {
        uint32_t status;
        bool copies;
    } row[] = {{BUFFER_OVERFLOW, true},
               {VERIFY_REQUIRED, false},
               {UNSUCCESSFUL, false}};

    for (unsigned i = 0; i < 3; i++) {
        uint32_t out[2];
        struct machine_result r = echo(*state, row[i].status, 8, out);

        assert_int_equal(r.status, row[i].status);
        assert_int_equal(out[0], row[i].copies ? 42 : UNTOUCHED);
        assert_int_equal(out[1], row[i].copies ? 43 : UNTOUCHED);
    }
}

/* A driver that claims more than was asked for reaches no byte beyond it. */
static void information_beyond_the_buffer_is_clipped(void **state)
{
    struct io *io = *state;
    uint32_t out[2], beyond;

    echo(io, SUCCESS, 64, out);
    io_read_user(io, gva_of(io->out.v + 8), &beyond, 4);
    assert_int_equal(beyond, UNTOUCHED);
    assert_true(rig_has(io->r, "IRP-023"));
}

static struct seen see(struct io *io, uint32_t code, uint32_t in_bytes)
{
    static const uint8_t in[16] = {0x78, 0x56, 0x34, 0x12};
    struct seen seen;

    fill_out(io, 0);
    assert_int_equal(
        io_control(io, code, in, in_bytes, &seen, sizeof seen).status, SUCCESS);
    return seen;
}

/* IRP-028 */
static void a_buffered_ioctl_has_a_nonpaged_system_buffer(void **state)
{
    struct io *io = *state;
    struct seen seen = see(io, IOTEST_SEE_BUFFERED, 8);

    assert_int_equal(seen.major, 0x0e);
    assert_in_range(seen.system_buffer, 0x81000000u, 0x90ffffffu);
    assert_int_equal(seen.flags & (BUFFERED_IO | DEALLOCATE | INPUT),
                     BUFFERED_IO | DEALLOCATE | INPUT);
    assert_int_equal(seen.user_buffer, io->out.v);
    assert_int_equal(seen.mdl, 0);
    assert_int_equal(seen.in_bytes, 8);
    assert_int_equal(seen.out_bytes, sizeof seen);
    assert_int_equal(seen.requestor_mode, 1);
    assert_int_equal(seen.irql, 0);
    assert_int_not_equal(seen.file, 0);
}

/* IRP-029: IN_DIRECT locks the output buffer for reading, OUT_DIRECT for
 * writing; input is in a system buffer. */
static void a_direct_ioctl_has_its_output_buffer_locked(void **state)
{
    struct io *io = *state;
    struct seen in = see(io, IOTEST_SEE_IN, 8);
    struct seen out = see(io, IOTEST_SEE_OUT, 8);

    assert_int_not_equal(in.system_buffer, 0);
    assert_int_equal(in.mdl_flags & (LOCKED | WRITE_OPERATION), LOCKED);
    assert_int_equal(out.mdl_flags & (LOCKED | WRITE_OPERATION),
                     LOCKED | WRITE_OPERATION);
    assert_int_equal(out.mdl_start | out.mdl_offset, io->out.v);
    assert_int_equal(out.mdl_bytes, sizeof out);
    assert_true(out.process_matches);
}

/* IRP-030: the addresses are the caller's, and so is the thread: the driver
 * reads and writes user memory by them. */
static void a_neither_ioctl_has_the_raw_addresses(void **state)
{
    struct io *io = *state;
    struct seen seen = see(io, IOTEST_SEE_NEITHER, 8);

    assert_int_equal(seen.type3, io->in.v);
    assert_int_equal(seen.user_buffer, io->out.v);
    assert_int_equal(seen.system_buffer, 0);
    assert_int_equal(seen.mdl, 0);
    assert_true(seen.thread_matches);
    assert_int_equal(seen.input, 0x12345678);
}

static struct seen read_device(struct io *io, const char *path)
{
    struct machine_call call = {.kind = CALL_READ,
                                .handle = rig_open(io->r, path),
                                .out = io->out,
                                .out_bytes = sizeof(struct seen)};
    struct machine_result r = rig_call(io->r, &call);
    struct seen seen;

    assert_int_equal(r.status, SUCCESS);
    assert_int_equal(r.information, sizeof seen);
    io_read_user(io, io->out, &seen, sizeof seen);
    return seen;
}

/* IRP-023, IRP-025: reads by the device's flags; a direct read locks for
 * writing, since the device writes memory. */
static void a_read_follows_the_devices_flags(void **state)
{
    struct io *io = *state;
    struct seen seen = read_device(io, "\\Device\\IoTest0");

    assert_int_equal(seen.major, 3);
    assert_int_not_equal(seen.system_buffer, 0);
    assert_int_equal(seen.mdl, 0);
    seen = read_device(io, "\\Device\\IoTest1");
    assert_int_equal(seen.system_buffer, 0);
    assert_int_equal(seen.mdl_flags & (LOCKED | WRITE_OPERATION),
                     LOCKED | WRITE_OPERATION);
    seen = read_device(io, "\\Device\\IoTest2");
    assert_int_equal(seen.system_buffer, 0);
    assert_int_equal(seen.mdl, 0);
    assert_int_equal(seen.user_buffer, io->out.v);
}

/* IRP-024: the first word is what Information comes back as. */
static void a_write_hands_over_the_bytes(void **state)
{
    static const char *const path[] = {"\\Device\\IoTest0", "\\Device\\IoTest1",
                                       "\\Device\\IoTest2"};
    struct io *io = *state;
    struct hb_error error;

    for (unsigned i = 0; i < 3; i++) {
        uint32_t word = 1000 + i;
        struct machine_call call = {.kind = CALL_WRITE,
                                    .handle = rig_open(io->r, path[i]),
                                    .in = io->in,
                                    .in_bytes = 4};

        machine_user_write(io->r->m, io->r->process, io->in, &word, 4, &error);
        assert_int_equal(rig_call(io->r, &call).information, word);
    }
}

/* IRP-026 */
static void a_direct_transfer_of_nothing_is_sent_without_an_mdl(void **state)
{
    struct io *io = *state;
    struct machine_call call = {.kind = CALL_WRITE,
                                .handle = rig_open(io->r, "\\Device\\IoTest1"),
                                .in = io->in};
    struct machine_result r = rig_call(io->r, &call);

    assert_int_equal(r.status, SUCCESS);
    assert_int_equal(r.information, 0);
}

/* IRP-031: no packet is sent for a buffer that is not there. */
static void a_bad_user_pointer_is_refused_before_dispatch(void **state)
{
    static const uint32_t bad[] = {0, 0x7fff0000u, 0x80001000u, 0xfffffff0u};
    struct io *io = *state;
    uint32_t direct = rig_open(io->r, "\\Device\\IoTest1");

    for (unsigned i = 0; i < 4; i++) {
        struct machine_call call = {.kind = CALL_WRITE,
                                    .handle = io->handle,
                                    .in = gva_of(bad[i]),
                                    .in_bytes = 64};
        unsigned sent = rig_count(io->r, "irp_call");

        assert_int_equal(rig_call(io->r, &call).status, ACCESS_VIOLATION);
        call.handle = direct;
        assert_int_equal(rig_call(io->r, &call).status, ACCESS_VIOLATION);
        assert_int_equal(rig_count(io->r, "irp_call"), sent);
        assert_int_equal(rig_irps(io->r), 0);
    }
}

/* IRP-018: what a request that was pended and then failed leaves to a
 * synchronous caller is the call's status. */
static void a_pended_error_is_the_calls_status(void **state)
{
    struct io *io = *state;
    struct hb_error error;
    uint32_t other, ticket, words[2] = {UNSUCCESSFUL, 0};
    struct machine_call pend = {
        .kind = CALL_CONTROL, .handle = io->handle, .code = IOTEST_PEND};
    struct machine_call complete = {.kind = CALL_CONTROL,
                                    .handle = io->handle,
                                    .code = IOTEST_COMPLETE,
                                    .in = io->in,
                                    .in_bytes = sizeof words};

    other = machine_client(io->r->m, io->r->process, &error);
    ticket = machine_post(io->r->m, other, &pend);
    machine_user_write(io->r->m, io->r->process, io->in, words, sizeof words,
                       &error);
    assert_int_equal(machine_wait(io->r->m, ticket, WAIT_DONE, 1000000, NULL),
                     STOP_IDLE);
    assert_int_equal(rig_irps(io->r), 1);
    assert_int_equal(rig_call(io->r, &complete).status, SUCCESS);
    assert_int_equal(rig_finish(io->r, ticket), UNSUCCESSFUL);
    assert_int_equal(rig_irps(io->r), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IO_TEST(information_bytes_are_copied_back),
        IO_TEST(warnings_copy_and_errors_do_not),
        IO_TEST(information_beyond_the_buffer_is_clipped),
        IO_TEST(a_buffered_ioctl_has_a_nonpaged_system_buffer),
        IO_TEST(a_direct_ioctl_has_its_output_buffer_locked),
        IO_TEST(a_neither_ioctl_has_the_raw_addresses),
        IO_TEST(a_read_follows_the_devices_flags),
        IO_TEST(a_write_hands_over_the_bytes),
        IO_TEST(a_direct_transfer_of_nothing_is_sent_without_an_mdl),
        IO_TEST(a_bad_user_pointer_is_refused_before_dispatch),
        IO_TEST(a_pended_error_is_the_calls_status),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
