/* tests/hal/isa.c -- see isa.h. */
#include "isa.h"

enum {
    BASE = 0x300,
    DATA = BASE,
    CONTROL = BASE + 4,
    STATUS = BASE + 6,
    POINTER = BASE + 8,
    PERIOD = BASE + 0xc,
    RUN = 1,
    TO_MEMORY = 2,
    CONTINUE = 8,
    REQUEST = 4, /* shift */
    RESET = 0x80,
    TERMINAL_COUNT = 2,
    PERIOD_NS = 500,
    QUIET_NS = 1000000 /* nobody moves a byte for so long: all is over */
};

void isa_add(struct rig *r, unsigned channel)
{
    const struct bus_place place = {.base = {BASE},
                                    .has_irq = true,
                                    .irq = 5,
                                    .has_dma = true,
                                    .dma = (uint8_t)channel};

    assert_int_equal(
        bus_add(r->bus, device_model_find("isacard"), &place, NULL, NULL),
        HB_OK);
}

void isa_fill(struct rig *r, uint32_t bytes, uint8_t seed)
{
    uint32_t i;

    bus_out(r->bus, POINTER, 2, 0);
    for (i = 0; i < bytes; i++)
        bus_out(r->bus, DATA, 1, (uint8_t)(seed + i));
}

bool isa_is(struct rig *r, uint32_t bytes, uint8_t seed)
{
    uint32_t i;

    bus_out(r->bus, POINTER, 2, 0);
    for (i = 0; i < bytes; i++)
        if ((bus_in(r->bus, DATA, 1) & 0xff) != (uint8_t)(seed + i))
            return false;
    return true;
}

bool isa_all(struct rig *r, uint32_t bytes, uint8_t value)
{
    uint32_t i;

    bus_out(r->bus, POINTER, 2, 0);
    for (i = 0; i < bytes; i++)
        if ((bus_in(r->bus, DATA, 1) & 0xff) != value)
            return false;
    return true;
}

void isa_start(struct rig *r, enum dma_dir dir, enum isa_request how, bool on)
{
    uint32_t control = RUN | (uint32_t)how << REQUEST;

    if (dir == DMA_FROM_DEVICE)
        control |= TO_MEMORY;
    if (on)
        control |= CONTINUE;
    bus_out(r->bus, CONTROL, 2, RESET);
    bus_out(r->bus, POINTER, 2, 0);
    bus_out(r->bus, PERIOD, 2, r->isa_period ? r->isa_period : PERIOD_NS);
    bus_out(r->bus, CONTROL, 2, control);
}

uint32_t isa_run(struct rig *r, uint32_t bytes)
{
    uint64_t quiet = QUIET_NS / r->clock.ns_per_tick;
    uint64_t limit = r->clock.now + quiet, next;
    struct clock_entry due;
    uint32_t moved = 0;

    while (moved < bytes && r->clock.now < limit) {
        if (bus_tenure(r->bus)->bytes) {
            moved += tenure_move(r->bus);
            limit = r->clock.now + quiet;
        } else if (clock_take_due(&r->clock, &due)) {
            bus_serve(r->bus, &due);
        } else {
            next = clock_next(&r->clock);
            r->clock.now = next < limit ? next : limit;
        }
    }
    return moved;
}

bool isa_terminal_count(struct rig *r)
{
    return bus_in(r->bus, STATUS, 2) & TERMINAL_COUNT;
}
