/* tests/hal/isa.h -- the ISA data card (docs/devices/isacard.md) of a rig, made
 * to work by its ports as its driver would, and the bus run by hand: real
 * cycles of the 8237, whose bytes go where the map registers lead. */
#ifndef TESTS_HAL_ISA_H
#define TESTS_HAL_ISA_H

#include "rig.h"

/** How the card asks for the bus. */
enum isa_request { ISA_SINGLE, ISA_DEMAND, ISA_BLOCK };

void isa_add(struct rig *r, unsigned channel);
/** isa_fill() - bytes 0..@bytes of its buffer are @seed and on. isa_is() - are
 *  they? */
void isa_fill(struct rig *r, uint32_t bytes, uint8_t seed);
bool isa_is(struct rig *r, uint32_t bytes, uint8_t seed);
/** isa_all() - are they all @value? */
bool isa_all(struct rig *r, uint32_t bytes, uint8_t value);
/** isa_start() - from byte 0 of its buffer; @dir as the driver means it.
 *  @on: it goes on after terminal count (auto-init). */
void isa_start(struct rig *r, enum dma_dir dir, enum isa_request how, bool on);
/** isa_run() - the bus works until @bytes were moved, or nobody asks any more.
 *  Returns the bytes. */
uint32_t isa_run(struct rig *r, uint32_t bytes);
/** isa_terminal_count() - did the card see one since it was started? */
bool isa_terminal_count(struct rig *r);

#endif
