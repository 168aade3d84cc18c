/* tests/hal/edu.h -- the rig's PCI card made to work by its registers: real
 * operations on the bus, with their faults and findings. */
#ifndef TESTS_HAL_EDU_H
#define TESTS_HAL_EDU_H

#include "rig.h"

/** edu_enable() - BAR 0 placed, memory decoding and bus mastering on. */
void edu_enable(struct rig *r);
/** edu_moves() - one operation of up to 4,096 bytes: memory at @at to the
 * card's buffer, or back. False: it ended by a fault. */
bool edu_moves(struct rig *r, dla_t at, uint32_t bytes, enum dma_dir dir);
/** edu_status() - its PCI status register: bit 13 received master abort. */
uint16_t edu_status(struct rig *r);

#endif
