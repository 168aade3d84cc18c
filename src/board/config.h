/* src/board/config.h -- descriptions, inside the board. */
#ifndef BOARD_CONFIG_H
#define BOARD_CONFIG_H

#include "halbox/machine.h"
#include "halbox/state.h"
#include "mm/ram.h"

/** config_number() - "17", "0x100", "64M". */
bool config_number(const char *text, uint64_t *value);
/** config_check() - every setting in its range (it may come from a file). */
enum hb_status config_check(const struct machine_config *c,
                            struct hb_error *error);
/** config_ram() - where RAM lies. Returns how many ranges. */
unsigned config_ram(const struct machine_config *c,
                    struct ram_range range[RAM_RANGES]);

extern const struct state_row config_rows[];
enum { CONFIG_VERSION = 2 };

#endif
