/* src/nt/registry.c -- the registry's tree. */
#include "nt/registry.h"

#include <stdlib.h>
#include <string.h>

#include "base/vec.h"
#include "nt/crt.h"

static const struct state_row key_rows[] = {
    STATE_INT(struct registry_key, parent),
    STATE_INT(struct registry_key, used),
    STATE_INT(struct registry_key, name_count),
    STATE_INTS(struct registry_key, name),
    STATE_END,
};

static const struct state_row value_rows[] = {
    STATE_INT(struct registry_value, key),
    STATE_INT(struct registry_value, type),
    STATE_INT(struct registry_value, at),
    STATE_INT(struct registry_value, bytes),
    STATE_INT(struct registry_value, name_count),
    STATE_INTS(struct registry_value, name),
    STATE_END,
};

struct byte {
    uint8_t v;
};

static const struct state_row byte_rows[] = {
    STATE_INT(struct byte, v),
    STATE_END,
};

const struct state_row hive_rows[] = {
    STATE_VEC(struct registry, keys, struct registry_key, REGISTRY_KEYS_MOST,
              key_rows),
    STATE_VEC(struct registry, values, struct registry_value,
              REGISTRY_VALUES_MOST, value_rows),
    STATE_VEC(struct registry, data, struct byte, REGISTRY_DATA_MOST,
              byte_rows),
    STATE_END,
};

static struct registry_key *key_at(const struct registry *r, uint32_t key)
{
    return key && key <= r->keys.count
               ? VEC_AT(struct registry_key, &r->keys, key - 1)
               : NULL;
}

bool hive_exists(const struct registry *r, uint32_t key)
{
    const struct registry_key *k = key_at(r, key);

    return k && k->used;
}

const struct registry_key *hive_key(const struct registry *r, uint32_t key)
{
    return key_at(r, key);
}

static bool same_name(const uint16_t *a, unsigned a_count, const uint16_t *b,
                      unsigned b_count)
{
    if (a_count != b_count)
        return false;
    for (unsigned i = 0; i < a_count; i++)
        if (text_upper(a[i], true) != text_upper(b[i], true))
            return false;
    return true;
}

static uint32_t child(const struct registry *r, uint32_t key,
                      const uint16_t *name, unsigned count)
{
    for (uint32_t n = 1; n <= r->keys.count; n++) {
        const struct registry_key *k = key_at(r, n);

        if (k->used && k->parent == key && n != REGISTRY_ROOT &&
            same_name(k->name, k->name_count, name, count))
            return n;
    }
    return 0;
}

static uint32_t add_child(struct registry *r, uint32_t key,
                          const uint16_t *name, unsigned count)
{
    struct registry_key k = {.parent = key, .used = 1};

    if (!count || count > REGISTRY_NAME || r->keys.count >= REGISTRY_KEYS_MOST)
        return 0;
    k.name_count = (uint16_t)count;
    memcpy(k.name, name, 2 * count);
    return vec_push(&r->keys, sizeof k, &k) ? r->keys.count : 0;
}

/* The next component of a path: [*from, *to). False: there is no more. */
static bool component(const uint16_t *path, unsigned count, unsigned *from,
                      unsigned *to)
{
    while (*from < count && path[*from] == '\\')
        ++*from;
    for (*to = *from; *to < count && path[*to] != '\\';)
        ++*to;
    return *to > *from;
}

/* An absolute path starts at the root: its first component is "Registry". */
static uint32_t start(uint32_t base, const uint16_t *path, unsigned count,
                      unsigned *from)
{
    static const uint16_t name[] = {'R', 'e', 'g', 'i', 's', 't', 'r', 'y'};
    unsigned to, at = 0;

    *from = 0;
    if (!count || path[0] != '\\')
        return base;
    if (component(path, count, &at, &to) &&
        same_name(path + at, to - at, name, 8)) {
        *from = to;
        return REGISTRY_ROOT;
    }
    return 0;
}

uint32_t hive_find(const struct registry *r, uint32_t base,
                   const uint16_t *path, unsigned count)
{
    unsigned from, to;
    uint32_t key = start(base, path, count, &from);

    for (; key && component(path, count, &from, &to); from = to)
        key = child(r, key, path + from, to - from);
    return hive_exists(r, key) ? key : 0;
}

/* Walks @path, creating what is missing: all of it, or the last key alone. */
static uint32_t make(struct registry *r, uint32_t base, const uint16_t *path,
                     unsigned count, bool parents, bool *created)
{
    unsigned from, to, next_from, next_to;
    uint32_t key = start(base, path, count, &from), next;

    *created = false;
    for (; key && component(path, count, &from, &to); from = to) {
        next = child(r, key, path + from, to - from);
        next_from = to;
        if (!next && !parents && component(path, count, &next_from, &next_to))
            return 0;
        *created = !next;
        key = next ? next : add_child(r, key, path + from, to - from);
    }
    return hive_exists(r, key) ? key : 0;
}

uint32_t hive_make(struct registry *r, uint32_t base, const uint16_t *path,
                   unsigned count, bool *created)
{
    return make(r, base, path, count, true, created);
}

uint32_t hive_create(struct registry *r, uint32_t base, const uint16_t *path,
                     unsigned count, bool *created)
{
    return make(r, base, path, count, false, created);
}

uint32_t hive_subkey(const struct registry *r, uint32_t key, uint32_t index)
{
    for (uint32_t n = REGISTRY_ROOT + 1; n <= r->keys.count; n++)
        if (key_at(r, n)->used && key_at(r, n)->parent == key && !index--)
            return n;
    return 0;
}

static uint32_t larger(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

struct hive_totals hive_totals(const struct registry *r, uint32_t key)
{
    struct hive_totals t = {0};

    for (uint32_t n = REGISTRY_ROOT + 1; n <= r->keys.count; n++) {
        const struct registry_key *k = key_at(r, n);

        if (!k->used || k->parent != key)
            continue;
        t.subkeys++;
        t.longest_subkey = larger(t.longest_subkey, k->name_count);
    }
    for (uint32_t i = 0; i < r->values.count; i++) {
        const struct registry_value *v =
            VEC_AT(struct registry_value, &r->values, i);

        if (v->key != key)
            continue;
        t.values++;
        t.longest_name = larger(t.longest_name, v->name_count);
        t.longest_data = larger(t.longest_data, v->bytes);
    }
    return t;
}

bool hive_sound(const struct registry *r)
{
    uint8_t *taken = calloc(r->data.count + 1u, 1);
    bool sound = taken != NULL && r->keys.count > 0;

    for (uint32_t n = 1; sound && n <= r->keys.count; n++)
        sound = key_at(r, n)->name_count <= REGISTRY_NAME;
    for (uint32_t i = 0; sound && i < r->values.count; i++) {
        const struct registry_value *v =
            VEC_AT(struct registry_value, &r->values, i);

        sound = v->name_count <= REGISTRY_NAME && v->at <= r->data.count &&
                v->bytes <= r->data.count - v->at && key_at(r, v->key) &&
                (!v->bytes || !memchr(taken + v->at, 1, v->bytes));
        if (sound)
            memset(taken + v->at, 1, v->bytes);
    }
    free(taken);
    return sound;
}

/* Takes all values of @key out, in one walk: a heap of data of what stays. */
static bool drop_values(struct registry *r, uint32_t key)
{
    struct registry_value *v = r->values.data;
    struct vec data = {0};
    uint32_t kept = 0, bytes = 0;

    if (!vec_resize(&data, 1, r->data.count))
        return false;
    for (uint32_t i = 0; i < r->values.count; i++) {
        if (v[i].key == key)
            continue;
        if (v[i].bytes)
            memcpy((uint8_t *)data.data + bytes, hive_data(r, &v[i]),
                   v[i].bytes);
        v[kept] = v[i];
        v[kept++].at = bytes;
        bytes += v[i].bytes;
    }
    r->values.count = kept;
    data.count = bytes;
    vec_free(&r->data);
    r->data = data;
    return true;
}

bool hive_delete(struct registry *r, uint32_t key)
{
    if (key == REGISTRY_ROOT || hive_subkey(r, key, 0) || !drop_values(r, key))
        return false;
    key_at(r, key)->used = 0;
    return true;
}

/* ---- values ------------------------------------------------------------- */

static struct registry_value *find_value(const struct registry *r, uint32_t key,
                                         const uint16_t *name, unsigned count)
{
    for (uint32_t i = 0; i < r->values.count; i++) {
        struct registry_value *v = VEC_AT(struct registry_value, &r->values, i);

        if (v->key == key && same_name(v->name, v->name_count, name, count))
            return v;
    }
    return NULL;
}

const struct registry_value *hive_value(const struct registry *r, uint32_t key,
                                        const uint16_t *name, unsigned count)
{
    return find_value(r, key, name, count);
}

const struct registry_value *hive_value_at(const struct registry *r,
                                           uint32_t key, uint32_t index)
{
    for (uint32_t i = 0; i < r->values.count; i++) {
        const struct registry_value *v =
            VEC_AT(struct registry_value, &r->values, i);

        if (v->key == key && !index--)
            return v;
    }
    return NULL;
}

const uint8_t *hive_data(const struct registry *r,
                         const struct registry_value *v)
{
    return (const uint8_t *)r->data.data + v->at;
}

/* Takes a value's bytes out of the heap of data; what lies behind moves down.
 */
static void drop_data(struct registry *r, struct registry_value *v)
{
    uint8_t *data = r->data.data;
    uint32_t at = v->at, bytes = v->bytes;

    v->bytes = 0;
    if (!bytes)
        return;
    memmove(data + at, data + at + bytes, r->data.count - at - bytes);
    r->data.count -= bytes;
    for (uint32_t i = 0; i < r->values.count; i++) {
        struct registry_value *other =
            VEC_AT(struct registry_value, &r->values, i);

        if (other->at > at)
            other->at -= bytes;
    }
}

bool hive_set(struct registry *r, uint32_t key, const uint16_t *name,
              unsigned count, uint32_t type, const void *data, uint32_t bytes)
{
    struct registry_value *v = find_value(r, key, name, count);
    uint32_t at, freed = v ? v->bytes : 0;

    if (count > REGISTRY_NAME || bytes > REGISTRY_VALUE_MOST ||
        r->data.count - freed + bytes > REGISTRY_DATA_MOST ||
        !hive_exists(r, key))
        return false;
    if (!v && r->values.count < REGISTRY_VALUES_MOST)
        v = vec_push(&r->values, sizeof *v, NULL);
    if (!v)
        return false;
    drop_data(r, v);
    at = r->data.count;
    if (!vec_resize(&r->data, 1, at + bytes))
        return false;
    if (bytes)
        memcpy((uint8_t *)r->data.data + at, data, bytes);
    *v = (struct registry_value){.key = key,
                                 .type = type,
                                 .at = at,
                                 .bytes = bytes,
                                 .name_count = (uint16_t)count};
    memcpy(v->name, name, 2 * count);
    return true;
}

bool hive_unset(struct registry *r, uint32_t key, const uint16_t *name,
                unsigned count)
{
    struct registry_value *v = find_value(r, key, name, count);

    if (!v)
        return false;
    drop_data(r, v);
    vec_remove(&r->values, sizeof *v,
               (uint32_t)(v - VEC_AT(struct registry_value, &r->values, 0)));
    return true;
}

/* ---- from the host ------------------------------------------------------- */

static unsigned widen(const char *text, uint16_t *out, unsigned room)
{
    unsigned n = 0;

    for (; text[n] && n < room; n++)
        out[n] = (uint8_t)text[n];
    return n;
}

uint32_t hive_make_text(struct registry *r, const char *path)
{
    uint16_t wide[512];
    bool created;

    return hive_make(r, REGISTRY_ROOT, wide, widen(path, wide, 512), &created);
}

uint32_t hive_find_text(const struct registry *r, const char *path)
{
    uint16_t wide[512];

    return hive_find(r, REGISTRY_ROOT, wide, widen(path, wide, 512));
}

const struct registry_value *hive_value_text(const struct registry *r,
                                             uint32_t key, const char *name)
{
    uint16_t wide[REGISTRY_NAME];

    return hive_value(r, key, wide, widen(name, wide, REGISTRY_NAME));
}

bool hive_set_text(struct registry *r, uint32_t key, const char *name,
                   const char *text)
{
    uint16_t wide_name[REGISTRY_NAME], wide[512];
    unsigned n = widen(text, wide, 511);

    wide[n] = 0;
    return hive_set(r, key, wide_name, widen(name, wide_name, REGISTRY_NAME),
                    REG_SZ, wide, 2 * (n + 1));
}

bool hive_init(struct registry *r)
{
    static const uint16_t name[] = {'R', 'E', 'G', 'I', 'S', 'T', 'R', 'Y'};
    static const char *const keys[] = {
        "Machine\\System\\CurrentControlSet\\Services",
        "Machine\\System\\CurrentControlSet\\Control\\Class",
        "Machine\\System\\CurrentControlSet\\Control\\DeviceClasses",
        ("Machine\\System\\CurrentControlSet\\Control\\Session Manager"
         "\\Memory Management"),
        "Machine\\System\\CurrentControlSet\\Enum",
        "Machine\\Software\\Microsoft\\Windows NT\\CurrentVersion",
        "Machine\\Hardware\\Description\\System",
        "Machine\\Hardware\\DeviceMap",
        "Machine\\Hardware\\ResourceMap",
        "User\\.Default",
    };

    if (!add_child(r, 0, name, 8))
        return false;
    for (unsigned i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (!hive_make_text(r, keys[i]))
            return false;
    return true;
}
