/* tests/devices/nic_rig.h -- a network card alone on a bench, its cable in a
 * log. */
#ifndef TESTS_DEVICES_NIC_RIG_H
#define TESTS_DEVICES_NIC_RIG_H

#include "wire.h"

/** In *state of each case. */
struct nic_rig {
    struct bench *b; /* b->dev is the card */
    struct wire_log *wire;
};

/** The card's address, as its EEPROM has it; another's; broadcast. */
extern const uint8_t nic_own[6], nic_peer[6], nic_everybody[6];

/** nic_setup() - the card @model. nic_teardown() is cmocka's. */
int nic_setup(void **state, const char *model);
int nic_teardown(void **state);
/** nic_arrive() - a frame of @n bytes, wire_frame_make() with @seed, comes from
 *  the peer to the address @to; then 100 us pass. */
void nic_arrive(struct nic_rig *r, const uint8_t *to, uint32_t n, uint8_t seed);
/** nic_with_rom() - a bench with the card @model, a ROM of @bytes in its socket
 *  (0: none). */
struct bench *nic_with_rom(const char *model, uint32_t bytes);

#endif
