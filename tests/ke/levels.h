/* tests/ke/levels.h -- guest code for IRQLs, DPCs and service routines. */
#ifndef TESTS_KE_LEVELS_H
#define TESTS_KE_LEVELS_H

#include "rig.h"

/** make_dpc() - a KDPC whose routine notes @v and its first argument. */
uint32_t make_dpc(struct rig *r, uint32_t v);
void queue_dpc(struct rig *r, uint32_t dpc, uint32_t a1);
void raise_to(struct rig *r, uint8_t irql);
void lower_to(struct rig *r, uint8_t irql);
/** make_isr() - notes @v, takes its card's request away, returns @handled. */
uint32_t make_isr(struct rig *r, uint32_t v, unsigned card, uint8_t handled);

#endif
