/* tests/ke/frames.h -- registrations at fs:[0], by hand. */
#ifndef TESTS_KE_FRAMES_H
#define TESTS_KE_FRAMES_H

#include "rig.h"

/** install() - push @handler and the old head, which it becomes. uninstall() -
 *  the newest one is taken off the chain and the stack. */
void install(struct rig *r, uint32_t handler);
void uninstall(struct rig *r);

#endif
