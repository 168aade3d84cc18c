/* tests/nt/iotest.c -- see iotest.h. */
#include "iotest.h"

#include <stdlib.h>
#include <string.h>

enum { PAGE = 4096 };

int io_setup(void **state)
{
    return io_setup_driver(state, "iotest.sys", "\\\\.\\IoTest");
}

int io_setup_driver(void **state, const char *file, const char *path)
{
    struct io *io = calloc(1, sizeof *io);
    struct hb_error error;
    uint32_t image;

    assert_non_null(io);
    io->r = rig_create(NULL);
    image = rig_load(io->r, file);
    assert_int_equal(rig_finish(io->r, machine_driver_start(io->r->m, image)),
                     0);
    io->handle = rig_open(io->r, path);
    assert_int_equal(
        machine_buffer(io->r->m, io->r->process, PAGE, &io->in, &error), HB_OK);
    assert_int_equal(
        machine_buffer(io->r->m, io->r->process, PAGE, &io->out, &error),
        HB_OK);
    *state = io;
    return 0;
}

int io_teardown(void **state)
{
    struct io *io = *state;

    rig_destroy(io->r);
    free(io);
    return 0;
}

void io_read_user(struct io *io, gva_t at, void *to, uint32_t bytes)
{
    assert_true(inspect_virtual(io->r->m, io->r->process, at, to, bytes));
}

struct machine_result io_control(struct io *io, uint32_t code, const void *in,
                                 uint32_t in_bytes, void *out,
                                 uint32_t out_bytes)
{
    struct machine_call call = {.kind = CALL_CONTROL,
                                .handle = io->handle,
                                .code = code,
                                .in = io->in,
                                .in_bytes = in_bytes,
                                .out = io->out,
                                .out_bytes = out_bytes};
    struct machine_result result;
    struct hb_error error;

    if (in_bytes)
        assert_int_equal(machine_user_write(io->r->m, io->r->process, io->in,
                                            in, in_bytes, &error),
                         HB_OK);
    result = rig_call(io->r, &call);
    if (out)
        io_read_user(io, io->out, out, out_bytes);
    return result;
}
