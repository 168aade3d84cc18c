/* tests/panels/rig.c -- see rig.h. */
#include "rig.h"

enum { LOOK_TICKS = 1 };

void rig_start(struct demo *d, const char *platform)
{
    const struct demo_bench bench = {HALBOX_IMAGES "/edu.sys",
                                     "edu",
                                     "\\\\.\\Edu0",
                                     platform,
                                     "64M",
                                     DEMO_BYTES};

    demo_create(d, &bench);
}

void rig_posted(struct demo *d)
{
    struct inspect_operation o;

    while (!inspect_operation_at(d->m, 0, &o))
        if (demo_run(d, machine_position(d->m).tick + LOOK_TICKS))
            fail_msg("no operation was posted");
}

void rig_step(struct demo *d, enum machine_step what)
{
    assert_int_equal(machine_step(d->m, what, NULL, MACHINE_FOR_EVER, NULL),
                     STOP_STEP);
}
