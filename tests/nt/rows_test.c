/* tests/nt/rows_test.c -- what the driver iotest.sys sees of single routines:
 * images/iotest/more_rows.c; and the types of objects. */
#include <string.h>

#include "board/board.h"
#include "caller.h"
#include "iotest.h"

enum { SUCCESS = 0, D0 = 1, D3 = 4, PENDING = 0x103 };
#define NAME_NOT_FOUND    0xC0000034u
#define TYPE_MISMATCH     0xC0000024u
#define INVALID_PARAMETER 0xC000000Du
#define INVALID_REQUEST   0xC0000010u
#define ACCESS_VIOLATION  0xC0000005u
#define CANCELLED         0xC0000120u
#define NO_SUCH_MEMBER    0xC000017Au
#define ANY               0xFFFFFFFFu

static void ask(void **state, uint32_t code, uint32_t out[IOTEST_WORDS])
{
    assert_int_equal(
        io_control(*state, code, NULL, 0, out, IOTEST_WORDS * 4).status,
        SUCCESS);
}

static void packets_items_and_notifications(void **state)
{
    static const uint32_t order[4] = {10, 30, 40, 20};
    uint32_t out[IOTEST_WORDS];
    struct io *io = *state;

    ask(state, IOTEST_MORE_ROWS, out);
    assert_memory_equal(out, order, sizeof order);
    assert_int_equal(out[4], 4);
    assert_int_equal(out[5], 1);
    assert_int_equal(out[6], 0x7f);
    assert_int_equal(out[7], SUCCESS);
    assert_int_equal(out[8], INVALID_REQUEST);
    assert_int_equal(out[9], INVALID_REQUEST); /* called on errors */
    assert_int_equal(out[10], INVALID_REQUEST);
    assert_int_equal(out[11], 1);
    assert_int_equal(out[12], 1);
    assert_int_equal(out[13], 0);
    assert_int_equal(out[14], SUCCESS);
    assert_int_equal(out[15], 0x144); /* before the other routines */
    assert_false(rig_has(io->r, "error-log"));
    assert_int_equal(
        rig_finish(io->r, machine_device_request(io->r->m, MACHINE_NONE,
                                                 PNP_SHUTDOWN)),
        SUCCESS);
    assert_false(rig_has(io->r, "iotest: shutdown"));
}

static void memory_and_files_of_the_callers_process(void **state)
{
    uint32_t out[IOTEST_WORDS];

    ask(state, IOTEST_PROCESS, out);
    assert_int_equal(out[0], SUCCESS);
    assert_int_equal(out[1], 0x2000);
    assert_int_equal(out[2], 0);
    assert_int_equal(out[3], SUCCESS);
    assert_int_equal(out[4], 0);
    assert_int_equal(out[5], 0xc00000a0); /* nothing is allocated there */
    assert_int_equal(out[6], SUCCESS);
    assert_int_equal(out[7], ACCESS_VIOLATION); /* pointers of the kernel */
    assert_int_equal(out[8], SUCCESS);
    assert_int_equal(out[9], TYPE_MISMATCH);
    assert_int_equal(out[10], PENDING);
    assert_int_equal(out[11], SUCCESS);
    assert_int_equal(out[12], SUCCESS);
    assert_int_equal(out[13], CANCELLED);
    assert_int_equal(out[14], SUCCESS); /* and the previous mode is user */
    assert_int_equal(out[15], SUCCESS);
}

static void a_detected_device_has_keys_and_power(void **state)
{
    uint32_t out[IOTEST_WORDS];

    ask(state, IOTEST_DETECT, out);
    for (unsigned i = 0; i < 5; i++)
        assert_int_equal(out[i], SUCCESS);
    assert_int_equal(out[5], 11);
    assert_int_equal(out[6], 22);
    assert_int_equal(out[7], 33);
    assert_int_equal(out[8], D3);
    assert_int_equal(out[9], D0);
    assert_int_equal(out[10], INVALID_REQUEST); /* no PDO */
    assert_int_equal(out[11], INVALID_PARAMETER);
}

/* ---- IoQueryDeviceDescription --------------------------------------------*/

#define SYSTEM "\\Registry\\Machine\\Hardware\\Description\\System"
#define ISA    SYSTEM "\\MultifunctionAdapter\\1"
enum { INTERNAL_BUS, ISA_BUS, PCI_BUS = 5 };
enum { DISK_CONTROLLER = 13, SERIAL_CONTROLLER = 17, FLOPPY = 26 };

static void describe(void **state, const uint32_t in[4], uint32_t status,
                     uint32_t callouts)
{
    uint32_t out[2];

    io_control(*state, IOTEST_DESCRIBE, in, 16, out, sizeof out);
    assert_int_equal(out[0], status);
    assert_int_equal(out[1], callouts);
}
#define DESCRIBE(status, callouts, ...)                                        \
    describe(state, (const uint32_t[]){__VA_ARGS__}, (status), (callouts))

static void set_name(struct io *io, const char *path, const char *name)
{
    uint16_t wide[32];
    uint32_t n = (uint32_t)strlen(name) + 1;
    struct hb_error error;

    for (uint32_t i = 0; i < n; i++)
        wide[i] = (uint8_t)name[i];
    assert_int_equal(nt_registry_set(io->r->m->nt, path, "Identifier", 1, wide,
                                     2 * n, &error),
                     HB_OK);
}

static void buses_are_described(void **state)
{
    struct io *io = *state;

    DESCRIBE(SUCCESS, 1, PCI_BUS, ANY, ANY, ANY);
    assert_true(rig_has(io->r, "MultifunctionAdapter\\\\0: bus 5.0, "
                               "0.0, 0.0, PCI"));
    DESCRIBE(SUCCESS, 2, ANY, ANY, ANY, ANY);
    assert_true(rig_has(io->r, "bus 1.0, 0.0, 0.0, ISA"));
    DESCRIBE(NAME_NOT_FOUND, 0, INTERNAL_BUS, ANY, ANY, ANY);
    DESCRIBE(NAME_NOT_FOUND, 0, ISA_BUS, SERIAL_CONTROLLER, ANY, ANY);
    DESCRIBE(INVALID_PARAMETER, 0, ISA_BUS, 99, ANY, ANY);
}

static void controllers_and_peripherals_are_described(void **state)
{
    struct io *io = *state;

    set_name(io, ISA "\\SerialController\\0", "COM1");
    set_name(io, ISA "\\SerialController\\1", "COM2");
    set_name(io, ISA "\\DiskController\\0", "FDC");
    for (char i = '0'; i < '4'; i++) {
        char path[] = ISA "\\DiskController\\0\\FloppyDiskPeripheral\\?";

        path[sizeof path - 2] = i;
        set_name(io, path, "FLOPPY");
    }
    DESCRIBE(SUCCESS, 2, ISA_BUS, SERIAL_CONTROLLER, ANY, ANY);
    assert_true(rig_has(io->r, "bus 1.0, 17.1, 0.0, COM2"));
    DESCRIBE(SUCCESS, 1, ANY, DISK_CONTROLLER, FLOPPY, 2);
    assert_true(rig_has(io->r, "bus 1.0, 13.0, 26.2, FLOPPY"));
    /* the callout refuses the third: that ends it */
    DESCRIBE(NO_SUCH_MEMBER, 3, ISA_BUS, DISK_CONTROLLER, FLOPPY, ANY);
    DESCRIBE(NAME_NOT_FOUND, 0, ISA_BUS, SERIAL_CONTROLLER, FLOPPY, ANY);
}

/* ---- types ---------------------------------------------------------------*/

static uint32_t reference(struct caller *c, uint32_t handle, uint32_t type)
{
    return STD_CALL(c, "ObReferenceObjectByHandle", handle, 0, type, 0, c->data,
                    0);
}

static void objects_have_the_type_that_is_exported(void **state)
{
    static const char *const name[] = {
        "ExEventObjectType",  "ExSemaphoreObjectType", "MmSectionObjectType",
        "IoDeviceObjectType", "IoDriverObjectType",    "IoFileObjectType",
        "PsProcessType",      "PsThreadType"};
    enum { EVENT, PROCESS = 6, THREAD = 7, TYPES = 8 };
    struct caller *c = *state;
    uint32_t type[TYPES], handle[TYPES] = {[PROCESS] = ANY, [THREAD] = ANY - 1};

    STD_CALL(c, "ZwCreateEvent", c->data, 0x1f0003, 0, 0, 0);
    handle[EVENT] = caller_dword(c, c->data);
    for (unsigned i = 0; i < TYPES; i++)
        type[i] = caller_variable(c, name[i]);
    for (unsigned h = 0; h < TYPES; h++)
        for (unsigned i = 0; i < TYPES && handle[h]; i++)
            assert_int_equal(reference(c, handle[h], type[i]),
                             i == h ? SUCCESS : TYPE_MISMATCH);
    assert_int_equal(reference(c, ANY, type[PROCESS]), SUCCESS);
    assert_int_equal(caller_dword(c, c->data),
                     caller_variable(c, "PsInitialSystemProcess"));
}

static void references_are_counted(void **state)
{
    struct caller *c = *state;
    uint32_t object, count;

    assert_int_equal(reference(c, ANY - 1, 0), SUCCESS);
    object = caller_dword(c, c->data);
    count = FAST_CALL(c, "ObfReferenceObject", object);
    assert_int_equal(FAST_CALL(c, "ObfReferenceObject", object), count + 1);
    assert_int_equal(FAST_CALL(c, "ObfDereferenceObject", object), count);
    assert_int_equal(FAST_CALL(c, "ObfDereferenceObject", object), count - 1);
    FAST_CALL(c, "ObfDereferenceObject", c->data);
    assert_true(rig_has(c->r, "SEC-003"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IO_TEST(packets_items_and_notifications),
        IO_TEST(memory_and_files_of_the_callers_process),
        IO_TEST(a_detected_device_has_keys_and_power),
        IO_TEST(buses_are_described),
        IO_TEST(controllers_and_peripherals_are_described),
        CALLER_TEST(objects_have_the_type_that_is_exported),
        CALLER_TEST(references_are_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
