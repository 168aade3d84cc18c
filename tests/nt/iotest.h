/* tests/nt/iotest.h -- the driver iotest.sys started, and requests to it. */
#ifndef TESTS_NT_IOTEST_H
#define TESTS_NT_IOTEST_H

#include "../../images/iotest/iotest.h"
#include "rig.h"

struct io {
    struct rig *r;
    uint32_t handle; /* of \\.\IoTest: buffered */
    gva_t in, out;   /* a page each of user memory */
};

int io_setup(void **state);
/** io_setup_driver() - the same with another driver and its device. */
int io_setup_driver(void **state, const char *file, const char *path);
int io_teardown(void **state);
/** io_control() - an IOCTL with @in_words of @in; the output page afterwards is
 *  copied to @out. Returns the result. */
struct machine_result io_control(struct io *io, uint32_t code, const void *in,
                                 uint32_t in_bytes, void *out,
                                 uint32_t out_bytes);
/** io_read_user() - user memory as it is now. */
void io_read_user(struct io *io, gva_t at, void *to, uint32_t bytes);

#define IO_TEST(name)                                                          \
    cmocka_unit_test_setup_teardown(name, io_setup, io_teardown)

#endif
