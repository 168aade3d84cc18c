/* tests/panels/rig.h -- a machine in the middle of a transfer over two pages by
 * map registers: the demo of tests/board, stopped where the card has its first
 * operation posted. */
#ifndef TESTS_PANELS_RIG_H
#define TESTS_PANELS_RIG_H

#include "demo.h"

#include "halbox/inspect.h"

/** rig_start() - the WDM driver and the edu card. rig_posted() - on until an
 *  operation is posted. */
void rig_start(struct demo *d, const char *platform);
void rig_posted(struct demo *d);
/** rig_step() - one step of DMA. */
void rig_step(struct demo *d, enum machine_step what);

#endif
