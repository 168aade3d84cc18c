/* src/board/space.h -- address spaces by the numbers that clients use. */
#ifndef BOARD_SPACE_H
#define BOARD_SPACE_H

#include "board/board.h"
#include "mm/walk.h"

/** space_walk() - what a walk in @space (SPACE_CPU, SPACE_SYSTEM or a process's
 *  number) needs. False: no such space. */
bool space_walk(const struct machine *m, uint32_t space, struct walk_in *in);

#endif
