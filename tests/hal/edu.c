/* tests/hal/edu.c -- see edu.h. Registers: docs/devices/edu.md. */
#include "edu.h"

#include "hal/pci.h"

enum {
    SOURCE = 0x80,
    TARGET = 0x88,
    COUNT = 0x90,
    COMMAND = 0x98,
    BUFFER = 0x40000,
    START = 1,
    TO_MEMORY = 2,
    BUSY = 1,
    STATUS = 0x24,
    ACKNOWLEDGE = 0x64,
    DONE = 0x100,
    FAULT = 0x200,
    WANT_IRQ = 4
};
#define BAR RIG_BAR

void edu_enable(struct rig *r)
{
    const uint32_t bar = BAR, command = 6;

    assert_int_equal(hal_pci_write(r->bus, 0, r->requester >> 3,
                                   r->requester & 7, 0x10, &bar, 4),
                     4);
    assert_int_equal(hal_pci_write(r->bus, 0, r->requester >> 3,
                                   r->requester & 7, 4, &command, 2),
                     2);
}

static void put(struct rig *r, uint32_t reg, uint64_t value)
{
    bus_store(r->bus, gpa_of(BAR + reg), 4, (uint32_t)value);
}

bool edu_moves(struct rig *r, dla_t at, uint32_t bytes, enum dma_dir dir)
{
    bool out = dir == DMA_TO_DEVICE;
    struct clock_entry due;
    uint32_t status;

    put(r, SOURCE, out ? at.v : BUFFER);
    put(r, SOURCE + 4, out ? at.v >> 32 : 0);
    put(r, TARGET, out ? BUFFER : at.v);
    put(r, TARGET + 4, out ? 0 : at.v >> 32);
    put(r, COUNT, bytes);
    put(r, COMMAND, START | WANT_IRQ | (out ? 0 : TO_MEMORY));
    while (bus_load(r->bus, gpa_of(BAR + COMMAND), 4) & BUSY) {
        if (bus_tenure(r->bus)->bytes)
            tenure_move(r->bus);
        else if (clock_take_due(&r->clock, &due))
            bus_serve(r->bus, &due);
        else
            r->clock.now = clock_next(&r->clock);
    }
    status = bus_load(r->bus, gpa_of(BAR + STATUS), 4);
    put(r, ACKNOWLEDGE, status);
    assert_true(status & (DONE | FAULT));
    return status & DONE;
}

uint16_t edu_status(struct rig *r)
{
    uint16_t status = 0;

    hal_pci_read(r->bus, 0, r->requester >> 3, r->requester & 7, 6, &status, 2);
    return status;
}
