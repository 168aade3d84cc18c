/* tests/nt/object_test.c -- names, handles, opening and closing.
 * Sources: WDK ZwCreateFile, ZwClose, IoCreateDevice. */
#include <stdio.h>
#include <string.h>

#include "iotest.h"

enum { SUCCESS = 0 };
#define NAME_NOT_FOUND  0xc0000034u
#define PATH_NOT_FOUND  0xc000003au
#define SYNTAX_BAD      0xc000003bu
#define TYPE_MISMATCH   0xc0000024u
#define ACCESS_DENIED   0xc0000022u
#define INVALID_HANDLE  0xc0000008u
#define INVALID_REQUEST 0xc0000010u
#define DEVICE_BUSY     0x80000011u

static uint32_t open_status(struct io *io, const char *path)
{
    struct machine_call call = {.kind = CALL_OPEN};

    snprintf(call.path, sizeof call.path, "%s", path);
    return rig_call(io->r, &call).status;
}

static void paths_follow_links_without_regard_to_case(void **state)
{
    struct io *io = *state;

    assert_int_equal(open_status(io, "\\??\\iotest"), SUCCESS);
    assert_int_equal(open_status(io, "\\DosDevices\\IOTEST"), SUCCESS);
    assert_int_equal(open_status(io, "\\GLOBAL??\\IoTest"), SUCCESS);
    assert_int_equal(open_status(io, "\\device\\IOTEST1"), SUCCESS);
    assert_int_equal(open_status(io, "\\Device\\IoTest0\\file.txt"), SUCCESS);
}

static void wrong_paths_fail_as_documented(void **state)
{
    struct io *io = *state;

    assert_int_equal(open_status(io, "\\\\.\\Nobody"), NAME_NOT_FOUND);
    assert_int_equal(open_status(io, "\\Nowhere\\X"), PATH_NOT_FOUND);
    assert_int_equal(open_status(io, "IoTest"), SYNTAX_BAD);
    assert_int_equal(open_status(io, "\\Device"), TYPE_MISMATCH);
    assert_int_equal(rig_irps(io->r), 0);
}

static void an_exclusive_device_opens_once(void **state)
{
    struct io *io = *state;
    uint32_t handle = rig_open(io->r, "\\Device\\IoTest3");
    struct machine_call close = {.kind = CALL_CLOSE, .handle = handle};

    assert_int_equal(open_status(io, "\\Device\\IoTest3"), ACCESS_DENIED);
    assert_int_equal(rig_call(io->r, &close).status, SUCCESS);
    assert_int_equal(open_status(io, "\\Device\\IoTest3"), SUCCESS);
}

static void the_last_handle_sends_cleanup_and_close(void **state)
{
    struct io *io = *state;
    struct machine_call close = {.kind = CALL_CLOSE, .handle = io->handle};

    assert_int_equal(rig_call(io->r, &close).status, SUCCESS);
    assert_int_equal(rig_count(io->r, "iotest: cleanup"), 1);
    assert_int_equal(rig_count(io->r, "iotest: close"), 1);
    assert_int_equal(rig_call(io->r, &close).status, INVALID_HANDLE);
    assert_int_equal(rig_irps(io->r), 0);
}

/* IRP-005 */
static void a_major_function_left_alone_is_an_invalid_request(void **state)
{
    struct io *io = *state;
    uint32_t out[IOTEST_WORDS];

    io_control(io, IOTEST_LEFT_ALONE, NULL, 0, out, sizeof out);
    assert_int_equal(out[0], INVALID_REQUEST);
    assert_int_equal(out[1], INVALID_REQUEST);
    assert_int_equal(out[2], 1);
}

static struct inspect_object find(struct io *io, const char *name)
{
    struct inspect_object o;
    uint32_t cursor = 0;

    while (inspect_object_next(io->r->m, &cursor, &o))
        if (strcmp(o.name, name) == 0)
            return o;
    fail_msg("no object %s", name);
    return o;
}

static void objects_are_listed_with_type_and_target(void **state)
{
    struct io *io = *state;

    assert_string_equal(find(io, "\\Driver\\iotest").type, "Driver");
    assert_string_equal(find(io, "\\Device\\IoTest2").type, "Device");
    assert_string_equal(find(io, "\\??\\IoTest").type, "SymbolicLink");
    assert_string_equal(find(io, "\\??\\IoTest").target, "\\Device\\IoTest0");
}

/* A driver is not unloaded under an open file of its device. */
static void an_open_device_keeps_its_driver(void **state)
{
    struct io *io = *state;
    struct machine_call close = {.kind = CALL_CLOSE, .handle = io->handle};

    assert_int_equal(rig_finish(io->r, machine_driver_unload(io->r->m, 1)),
                     DEVICE_BUSY);
    assert_int_equal(rig_call(io->r, &close).status, SUCCESS);
    assert_int_equal(rig_finish(io->r, machine_driver_unload(io->r->m, 1)),
                     SUCCESS);
    assert_int_equal(open_status(io, "\\Device\\IoTest1"), NAME_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IO_TEST(paths_follow_links_without_regard_to_case),
        IO_TEST(wrong_paths_fail_as_documented),
        IO_TEST(an_exclusive_device_opens_once),
        IO_TEST(the_last_handle_sends_cleanup_and_close),
        IO_TEST(a_major_function_left_alone_is_an_invalid_request),
        IO_TEST(objects_are_listed_with_type_and_target),
        IO_TEST(an_open_device_keeps_its_driver),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
