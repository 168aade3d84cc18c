/* tests/bus/fake.h -- models that do nothing but what a test tells them. */
#ifndef TESTS_BUS_FAKE_H
#define TESTS_BUS_FAKE_H

#include "bench.h"

enum { FAKE_BYTES = 12288, FAKE_STEPS = 128, FAKE_LINES = 32 };

/** One struct for all: a bus master with a buffer, registers that remember,
 *  input pins that are noted. */
struct fake {
    struct device dev;
    uint8_t buf[FAKE_BYTES];
    uint8_t reg[256];
    uint32_t steps; /* how many came */
    uint16_t step[FAKE_STEPS];
    uint8_t status[FAKE_STEPS];
    uint32_t at[FAKE_STEPS]; /* tick */
    uint32_t writes, reads, write_bytes[64];
    uint32_t lines;
    uint8_t line_pin[FAKE_LINES], line_level[FAKE_LINES];
    uint32_t data_bytes; /* taken or given by data() */
    uint32_t depth, deepest;
    uint32_t posts; /* what a register write does: see fake_post */
    uint64_t bytes;
};

extern const struct device_model
    fake_master,     /* PCI, BAR0 4096 bytes of registers of any size */
    fake_dac,        /* as that, 64 address lines                     */
    fake_streaming,  /* as that, data() instead of a buffer           */
    fake_io,         /* PCI, BAR0 memory 64 K, BAR1 ports 32, BAR2 ports 8 */
    fake_isa_master, /* ISA, on a cascaded channel                    */
    fake_dwords,     /* ISA memory 0xd0000, 32-bit accesses alone     */
    fake_bytes,      /* ports 0x2e0-0x2e7, bytes, wider ones split    */
    fake_ten_bits,   /* ports 0x3f0-0x3f7, ten-bit decode             */
    fake_pins;       /* inputs 0: IRQ5, 1: PIRQA; outputs 0: INTR, 1: RESET,
                        2: A20, 3: IRQ5                               */

static inline struct fake *fake_of(struct device *dev)
{
    return (struct fake *)dev;
}

#endif
