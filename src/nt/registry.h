/* src/nt/registry.h -- the registry: a tree of keys with values, plain and
 * saved. Key 1 is \Registry. Names are compared without regard to case. Source:
 * WDK, "Using the registry in a driver". */
#ifndef NT_REGISTRY_H
#define NT_REGISTRY_H

#include <stdbool.h>
#include <stdint.h>

#include "halbox/state.h"

enum {
    REGISTRY_NAME = 128,           /* units of one key's or value's name */
    REGISTRY_VALUE_MOST = 1 << 20, /* bytes of one value                 */
    REGISTRY_DATA_MOST = 1 << 24,  /* bytes of all values                */
    REGISTRY_KEYS_MOST = 1 << 14,
    REGISTRY_VALUES_MOST = 1 << 14,
    REGISTRY_ROOT = 1,
};

/** Value types. */
enum {
    REG_NONE,
    REG_SZ,
    REG_EXPAND_SZ,
    REG_BINARY,
    REG_DWORD,
    REG_MULTI_SZ = 7,
    REG_FULL_RESOURCE_DESCRIPTOR = 9,
};

struct registry_key {
    uint32_t parent; /* number; 0: the root's */
    uint8_t used;
    uint16_t name_count;
    uint16_t name[REGISTRY_NAME];
};

struct registry_value {
    uint32_t key; /* number */
    uint32_t type;
    uint32_t at, bytes; /* in data */
    uint16_t name_count;
    uint16_t name[REGISTRY_NAME];
};

struct registry {
    struct vec keys, values, data;
};

extern const struct state_row hive_rows[];

/** hive_init() - the keys that every system has. False: no memory. */
bool hive_init(struct registry *r);

/** hive_sound() - is what a file said a registry: each value has a key and
 * bytes of its own? */
bool hive_sound(const struct registry *r);

/** hive_find() - the key at @path below @base (a leading "\Registry" leads
 *  from the root); 0: there is none. */
uint32_t hive_find(const struct registry *r, uint32_t base,
                   const uint16_t *path, unsigned count);
/** hive_make() - the same, creating what is missing; *@created tells if the
 *  last one is new. 0: a bad name, or too many keys. */
uint32_t hive_make(struct registry *r, uint32_t base, const uint16_t *path,
                   unsigned count, bool *created);
/** hive_create() - hive_make() for a guest: 0 also when a parent is missing. */
uint32_t hive_create(struct registry *r, uint32_t base, const uint16_t *path,
                     unsigned count, bool *created);
bool hive_exists(const struct registry *r, uint32_t key);
/** hive_delete() - false: it has subkeys, or is the root. */
bool hive_delete(struct registry *r, uint32_t key);
/** hive_subkey() - subkey @index in order of creation, 0 past the last. */
uint32_t hive_subkey(const struct registry *r, uint32_t key, uint32_t index);
/** hive_totals() - what KEY_FULL_INFORMATION counts, in one pass. */
struct hive_totals {
    uint32_t subkeys, longest_subkey;            /* units  */
    uint32_t values, longest_name, longest_data; /* units, bytes */
};
struct hive_totals hive_totals(const struct registry *r, uint32_t key);
const struct registry_key *hive_key(const struct registry *r, uint32_t key);

/** hive_value()/hive_value_at() - by name, or by index in order of
 *  creation; NULL: none. Valid until the next change. */
const struct registry_value *hive_value(const struct registry *r, uint32_t key,
                                        const uint16_t *name, unsigned count);
const struct registry_value *hive_value_at(const struct registry *r,
                                           uint32_t key, uint32_t index);
const uint8_t *hive_data(const struct registry *r,
                         const struct registry_value *v);
/** hive_set() - false: name or data too long, or no memory or room. */
bool hive_set(struct registry *r, uint32_t key, const uint16_t *name,
              unsigned count, uint32_t type, const void *data, uint32_t bytes);
bool hive_unset(struct registry *r, uint32_t key, const uint16_t *name,
                unsigned count);

/** hive_make_text() - hive_make() of an ASCII path from the root, e.g.
 *  "Machine\\System"; hive_set_text() - a REG_SZ. */
uint32_t hive_make_text(struct registry *r, const char *path);
/** hive_find_text(), hive_value_text() - hive_find(), hive_value() likewise. */
uint32_t hive_find_text(const struct registry *r, const char *path);
const struct registry_value *hive_value_text(const struct registry *r,
                                             uint32_t key, const char *name);
bool hive_set_text(struct registry *r, uint32_t key, const char *name,
                   const char *text);

struct nt;

/** hive_handle() - a handle of the current process to @key: STATUS_x. */
uint32_t hive_handle(struct nt *nt, uint32_t key, uint32_t access,
                     uint32_t *handle);

#endif
