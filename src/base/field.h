/* src/base/field.h -- fields of a struct by name, as its state rows call them:
 * "channel[3].mode". */
#ifndef BASE_FIELD_H
#define BASE_FIELD_H

#include <stdbool.h>
#include <stdint.h>

#include "halbox/state.h"

enum { FIELD_NAME = 64 };

/** A leaf of a state: one integer, or a run of raw bytes. */
struct field {
    char name[FIELD_NAME];
    const uint8_t *at;
    uint32_t bytes;
};

/** field_at() - leaf @index of what @rows describe in @base, in their order;
 *  false past the last. */
bool field_at(const void *base, const struct state_row *rows, unsigned index,
              struct field *out);
/** field_find() - by name; of raw bytes "name[3]" is one of them. */
bool field_find(const void *base, const struct state_row *rows,
                const char *name, struct field *out);
/** field_value() - its value, of raw bytes the first. */
uint64_t field_value(const struct field *field);

#endif
