/* src/nt/registry_file.c -- what a registry file says, into the registry. */
#include <string.h>

#include "nt/private.h"
#include "nt/reg_file.h"

enum { TREE_MOST = REGISTRY_KEYS_MOST };

struct import {
    struct registry *r;
    uint32_t key; /* the last one; 0: none */
};

/* A key with all that is below it. Leaves first: bounded by how many there are.
 */
static bool drop_tree(struct registry *r, uint32_t top)
{
    for (unsigned i = 0; i < TREE_MOST; i++) {
        uint32_t key = top, below;

        while ((below = hive_subkey(r, key, 0)))
            key = below;
        if (!hive_delete(r, key))
            return false;
        if (key == top)
            return true;
    }
    return false;
}

static bool take_key(void *context, struct reg_text path, bool gone,
                     struct hb_error *error)
{
    struct import *in = context;
    bool created;

    if (gone) {
        in->key = 0;
        created = true;
        if (hive_find(in->r, REGISTRY_ROOT, path.unit, path.count))
            created = drop_tree(
                in->r, hive_find(in->r, REGISTRY_ROOT, path.unit, path.count));
        if (!created)
            hb_fail(error, HB_BAD_ARGUMENT, "this key cannot be deleted");
        return created;
    }
    in->key = hive_make(in->r, REGISTRY_ROOT, path.unit, path.count, &created);
    if (!in->key)
        hb_fail(error, HB_BAD_ARGUMENT,
                "no such key can be: a name has at most %d characters, the "
                "registry %d keys",
                (int)REGISTRY_NAME, (int)REGISTRY_KEYS_MOST);
    return in->key != 0;
}

static bool take_value(void *context, struct reg_text name, uint32_t type,
                       const uint8_t *data, uint32_t bytes, bool gone,
                       struct hb_error *error)
{
    struct import *in = context;

    if (gone) {
        hive_unset(in->r, in->key, name.unit, name.count);
        return true;
    }
    if (hive_set(in->r, in->key, name.unit, name.count, type, data, bytes))
        return true;
    hb_fail(error, HB_BAD_ARGUMENT,
            "no such value can be: a name has at most %d characters, a value "
            "%d bytes",
            (int)REGISTRY_NAME, (int)REGISTRY_VALUE_MOST);
    return false;
}

enum hb_status nt_registry_file(struct nt *nt, const char *name,
                                const uint8_t *bytes, size_t count,
                                struct hb_error *error)
{
    struct import in = {.r = &nt->s.registry};
    const struct reg_file_taker taker = {
        .context = &in, .key = take_key, .value = take_value};

    return reg_file_parse(bytes, count, name, &taker, error);
}
