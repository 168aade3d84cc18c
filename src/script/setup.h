/* src/script/setup.h -- how a machine is described from several sides: the
 * platform's row, a machine file, a scenario's `machine` table, options. Later
 * ones win; settings have the names that machine_config_set() takes. */
#ifndef SCRIPT_SETUP_H
#define SCRIPT_SETUP_H

#include "base/vec.h"
#include "halbox/control.h"

enum setup_level { SETUP_FILE, SETUP_SCENARIO, SETUP_OPTIONS, SETUP_LEVELS };

/** Settings and cards of each side; strings are owned. Zeroed is empty. */
struct setup {
    struct vec pair[SETUP_LEVELS];   /* of struct setup_pair */
    struct vec device[SETUP_LEVELS]; /* of char *            */
    struct vec value[SETUP_LEVELS];  /* of struct setup_value */
    struct vec file[SETUP_LEVELS];   /* registry files: struct setup_value, its
                                        data the file's bytes */
};

/** A registry value; see machine_registry(). */
struct setup_value {
    char *path, *name;
    uint8_t *data;
    uint32_t bytes;
    enum machine_registry_type type;
};

struct setup_pair {
    char *key, *value;
};

void setup_fini(struct setup *setup);
/** setup_clear() - forget what @level said. */
void setup_clear(struct setup *setup, enum setup_level level);

/** setup_set() - `_` in @key counts as `-`. Whether key and value are good is
 *  seen by setup_config(). HB_NO_MEMORY. */
enum hb_status setup_set(struct setup *setup, enum setup_level level,
                         const char *key, const char *value,
                         struct hb_error *error);
/** setup_device() - a card, "MODEL[,key=value...]". */
enum hb_status setup_device(struct setup *setup, enum setup_level level,
                            const char *text, struct hb_error *error);
/** setup_value() - a registry value. */
enum hb_status setup_value(struct setup *setup, enum setup_level level,
                           const char *path, const char *name,
                           enum machine_registry_type type, const void *data,
                           uint32_t bytes, struct hb_error *error);
/** setup_registry() - a registry file, set before the values of its side.
 *  HB_NO_FILE, HB_NO_MEMORY; what it says is read by setup_machine(). */
enum hb_status setup_registry(struct setup *setup, enum setup_level level,
                              const char *path, struct hb_error *error);
/**
 * setup_file() - a machine file: one JSON object with the same keys. Nested
 * objects join their keys with a dot; "devices" is an array of strings, or of
 * objects with "model" and settings; "registry" has keys' paths, and in them
 * values: integers are DWORDs; an array is its key once for each element.
 *
 * Returns HB_OK, HB_NO_FILE, HB_BAD_ARGUMENT (the line says where).
 */
enum hb_status setup_file(struct setup *setup, const char *path,
                          struct hb_error *error);

/**
 * setup_config() - the description that all of it comes to. The cards are those
 * of the last level that names any, and so are the drives of each kind.
 *
 * Returns what machine_config_set() and machine_config_device() return.
 */
enum hb_status setup_config(const struct setup *setup,
                            struct machine_config *config,
                            struct hb_error *error);
/** setup_machine() - create it and set its registry values. */
enum hb_status setup_machine(const struct setup *setup, struct machine **out,
                             struct hb_error *error);

#endif
