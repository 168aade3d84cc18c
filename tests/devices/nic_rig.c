/* tests/devices/nic_rig.c -- see nic_rig.h. */
#include "nic_rig.h"

#include <stdlib.h>

const uint8_t nic_own[6] = {0x52, 0x54, 0, 0x12, 0x34, 0x56};
const uint8_t nic_peer[6] = {2, 0, 0, 0, 0, 9};
const uint8_t nic_everybody[6] = {255, 255, 255, 255, 255, 255};

struct bench *nic_with_rom(const char *model, uint32_t bytes)
{
    struct bench *b = bench_create();
    uint8_t *rom = calloc(1, bytes + 1);

    bench_add(b, device_model_find(model), NULL);
    assert_non_null(rom);
    if (bytes)
        assert_int_equal(bus_rom(b->dev, rom, bytes, NULL), HB_OK);
    free(rom);
    bench_start(b);
    return b;
}

int nic_setup(void **state, const char *model)
{
    struct nic_rig *r = calloc(1, sizeof *r);

    assert_non_null(r);
    r->b = nic_with_rom(model, 0);
    r->wire = wire_begin(r->b);
    *state = r;
    return 0;
}

int nic_teardown(void **state)
{
    struct nic_rig *r = *state;

    wire_end(r->wire);
    bench_destroy(r->b);
    free(r);
    return 0;
}

void nic_arrive(struct nic_rig *r, const uint8_t *to, uint32_t n, uint8_t seed)
{
    uint8_t frame[WIRE_BYTES];

    wire_frame_make(frame, n, to, nic_peer, 0x88b5, seed);
    assert_true(bus_frame_ready(r->b->dev));
    bus_frame(r->b->dev, frame, n);
    bench_advance_ns(r->b, 100000);
}
