/* src/board/again.h -- inputs of the log that take effect once more, and what
 * the files that log them share with that. */
#ifndef BOARD_AGAIN_H
#define BOARD_AGAIN_H

#include "base/input.h"
#include "halbox/control.h"
#include "ke/ke.h"

/** input_whole() - does the log hold all of inputs of this kind? */
bool input_whole(uint32_t kind);
/** input_again() - have @entry take effect at the machine's position, which
 *  logs it again. What it comes to is what it came to before. False: it did not
 *  enter (not whole, or the host has no memory). */
bool input_again(struct machine *m, const struct input_entry *entry,
                 const uint8_t *data);

/** registry_enter() - machine_registry() with the value as it is stored. */
enum hb_status registry_enter(struct machine *m, const char *path,
                              const char *name, uint32_t type, const void *data,
                              uint32_t bytes, struct hb_error *error);
/** fault_enter() - machine_fail() by number. */
enum hb_status fault_enter(struct machine *m, enum ke_fault which, uint32_t n,
                           struct hb_error *error);
/** call_parse() - the data of INPUT_CALL into @call. */
bool call_parse(struct machine_call *call, const uint8_t *data, uint32_t bytes);

#endif
