/* devices/eeprom93c46.h -- a serial EEPROM of 64 words behind four pins of a
 * network card. Source: 93C46 data sheets (Microwire, 16-bit organisation). */
#ifndef DEVICES_EEPROM93C46_H
#define DEVICES_EEPROM93C46_H

#include "halbox/device.h"

enum { EEPROM_WORDS = 64 };

struct eeprom {
    uint16_t word[EEPROM_WORDS];
    uint16_t shift; /* bits that came in since the start bit, or go out */
    uint8_t bits;   /* how many came in; 0: waiting for a start bit     */
    uint8_t left;   /* that still go out                                */
    uint8_t command;
    bool select, clock, out, write_enabled;
};

extern const struct state_row eeprom_rows[];

/** eeprom_pins() - the host drives chip select, clock and data in. */
void eeprom_pins(struct eeprom *e, bool select, bool clock, bool in);

#endif
