/* src/card/card.h -- cards of the user's own: a device model that comes from a
 * file, a shared object (C against halbox/card.h) or a Lua script. What a file
 * needs to live is owned here; the bus sees an ordinary const model.
 * Docs: docs/own-device.md. */
#ifndef CARD_CARD_H
#define CARD_CARD_H

#include <stdbool.h>

#include "halbox/device.h"
#include "halbox/status.h"

/** One device's model and what it stands on. */
struct card;

/** card_is_file() - is @model, as in --device MODEL, a file's name? Names of
 *  built-in models have neither dot nor slash. */
bool card_is_file(const char *model);
/**
 * card_open() - read the file @path, by its ending: .so or .lua.
 * @out: one device's; a second device of the same file opens it again
 *
 * Returns HB_OK; HB_NO_FILE; HB_BAD_IMAGE with one line (not such a file,
 * another ABI, a field that a model cannot have); HB_NO_MEMORY.
 */
enum hb_status card_open(struct card **out, const char *path,
                         struct hb_error *error);
/** card_model() - valid until card_close(), which follows the device's end. */
const struct device_model *card_model(const struct card *card);
void card_close(struct card *card);

#endif
