/* src/nt/registry_exports.c -- Zw*Key. Information classes are built whole in
 * host memory; the caller gets what fits and is told how much there is. Source:
 * WDK reference pages; KEY_x and KEY_VALUE_x_INFORMATION. */
#include <stdlib.h>
#include <string.h>

#include "nt/exports.h"
#include "nt/guest.h"
#include "nt/object.h"
#include "nt/service.h"

enum { REG_CREATED_NEW_KEY = 1, REG_OPENED_EXISTING_KEY = 2 };
enum { KEY_BASIC, KEY_NODE, KEY_FULL };
enum { VALUE_BASIC, VALUE_FULL, VALUE_PARTIAL };
enum { INFO_HEADER = 64 }; /* largest fixed part */

/* The key behind a handle, by number. */
static uint32_t key_of_handle(struct call *c, uint32_t value, uint32_t *key)
{
    struct nt *nt = nt_of(c);
    uint32_t number, status = service_object(c, value, TYPE_KEY, NULL, &number);

    if (status != STATUS_SUCCESS)
        return status;
    *key = ob_at(nt, number)->data;
    return hive_exists(&nt->s.registry, *key) ? STATUS_SUCCESS
                                              : STATUS_KEY_DELETED;
}

/* OBJECT_ATTRIBUTES of a key: the base and the path from it. */
static uint32_t capture_key(struct call *c, uint32_t at, uint32_t *base,
                            struct nt_string *path)
{
    uint32_t root, name, status = STATUS_SUCCESS;
    bool good;

    if (!probe(c, at, OBJATTR_BYTES))
        return STATUS_ACCESS_VIOLATION;
    root = load_u32(c, gva_of(at + OBJATTR_RootDirectory));
    name = load_u32(c, gva_of(at + OBJATTR_ObjectName));
    path->count = 0;
    good = call_ok(c) && (!name || string_load(c, name, path));
    if (call_caught(c))
        return STATUS_ACCESS_VIOLATION;
    if (!good)
        return STATUS_OBJECT_NAME_INVALID;
    *base = REGISTRY_ROOT;
    if (root)
        status = key_of_handle(c, root, base);
    else if (!path->count || path->unit[0] != '\\')
        status = STATUS_OBJECT_PATH_SYNTAX_BAD;
    return status;
}

uint32_t hive_handle(struct nt *nt, uint32_t key, uint32_t access,
                     uint32_t *handle)
{
    uint32_t number = ob_create(nt, TYPE_KEY, 0);

    *handle = 0;
    if (!number)
        return STATUS_INSUFFICIENT_RESOURCES;
    ob_at(nt, number)->data = key;
    *handle =
        handle_create(nt, ke_current_process(nt->w.ke), number, access, 0);
    ob_dereference(nt, number); /* the handle holds it now */
    return *handle ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

/* ZwOpenKey(*Handle, Access, Attributes);
 * ZwCreateKey(*Handle, Access, Attributes, TitleIndex, Class, Options,
 *             *Disposition). */
static void open_key(struct call *c, bool create)
{
    struct nt *nt = nt_of(c);
    struct nt_string path;
    uint32_t base, key = 0, handle = 0, disposition;
    uint32_t status = capture_key(c, call_u32(c, 2), &base, &path);
    bool created = false;

    if (status == STATUS_SUCCESS) {
        key = create ? hive_create(&nt->s.registry, base, path.unit, path.count,
                                   &created)
                     : hive_find(&nt->s.registry, base, path.unit, path.count);
        if (!key)
            status = STATUS_OBJECT_NAME_NOT_FOUND;
    }
    if (status == STATUS_SUCCESS)
        status = hive_handle(nt, key, call_u32(c, 1), &handle);
    if (status == STATUS_SUCCESS && !service_store(c, call_u32(c, 0), handle)) {
        struct nt_handle *h =
            handle_find(nt, ke_current_process(nt->w.ke), handle);

        ob_dereference(nt, handle_remove(nt, h));
        status = STATUS_ACCESS_VIOLATION;
    }
    disposition = created ? REG_CREATED_NEW_KEY : REG_OPENED_EXISTING_KEY;
    if (status == STATUS_SUCCESS && create && call_u32(c, 6) &&
        !service_store(c, call_u32(c, 6), disposition))
        status = STATUS_ACCESS_VIOLATION;
    if (call_ok(c))
        call_return(c, status);
}

void thunk_ZwOpenKey(struct call *c)
{
    open_key(c, false);
}

void thunk_ZwCreateKey(struct call *c)
{
    open_key(c, true);
}

void thunk_ZwDeleteKey(struct call *c)
{
    struct nt *nt = nt_of(c);
    uint32_t key, status = key_of_handle(c, call_u32(c, 0), &key);

    if (status == STATUS_SUCCESS && !hive_delete(&nt->s.registry, key))
        status = STATUS_CANNOT_DELETE;
    call_return(c, status);
}

/* ZwFlushKey(Handle): nothing is ever behind. */
void thunk_ZwFlushKey(struct call *c)
{
    uint32_t key;

    call_return(c, key_of_handle(c, call_u32(c, 0), &key));
}

/* ---- information -------------------------------------------------------- */

/* An information structure being built. */
struct info {
    uint8_t bytes[INFO_HEADER];
    uint32_t fixed; /* bytes of the fixed part */
    uint32_t gap;   /* padding before the tail  */
    const uint16_t *name;
    uint32_t name_bytes;
    const uint8_t *tail; /* after the name */
    uint32_t tail_bytes;
};

static void put32(struct info *i, uint32_t at, uint32_t v)
{
    memcpy(i->bytes + at, &v, 4);
}

/* What fits of [from, +bytes) when @room bytes are left after @at. */
static void put_part(struct call *c, uint32_t to, uint32_t at, uint32_t room,
                     const void *from, uint32_t bytes)
{
    uint32_t n = at >= room ? 0 : room - at < bytes ? room - at : bytes;

    if (n && call_ok(c))
        store(c, gva_of(to + at), from, n);
}

/* Hands the structure out; what every query of this family answers. */
static uint32_t answer(struct call *c, const struct info *i, uint32_t to,
                       uint32_t room, uint32_t result)
{
    static const uint8_t zero[8];
    uint32_t need = i->fixed + i->name_bytes + i->gap + i->tail_bytes, at;

    if (!service_store(c, result, need))
        return STATUS_ACCESS_VIOLATION;
    if (room < i->fixed)
        return STATUS_BUFFER_TOO_SMALL;
    if (!probe(c, to, room))
        return STATUS_ACCESS_VIOLATION;
    put_part(c, to, 0, room, i->bytes, i->fixed);
    at = i->fixed;
    put_part(c, to, at, room, i->name, i->name_bytes);
    at += i->name_bytes;
    put_part(c, to, at, room, zero, i->gap);
    at += i->gap;
    put_part(c, to, at, room, i->tail, i->tail_bytes);
    if (call_caught(c))
        return STATUS_ACCESS_VIOLATION;
    return room < need ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
}

/* KEY_FULL_INFORMATION's counts. */
static void full_key(const struct registry *r, uint32_t key, struct info *i)
{
    struct hive_totals t = hive_totals(r, key);

    put32(i, 12, UINT32_MAX); /* no class */
    put32(i, 20, t.subkeys);
    put32(i, 24, 2 * t.longest_subkey);
    put32(i, 32, t.values);
    put32(i, 36, 2 * t.longest_name);
    put32(i, 40, t.longest_data);
    i->fixed = 44;
}

static uint32_t key_info(const struct registry *r, uint32_t key, uint32_t class,
                         struct info *i)
{
    const struct registry_key *k = hive_key(r, key);

    switch (class) {
    case KEY_BASIC:
        put32(i, 12, 2u * k->name_count);
        i->fixed = 16;
        break;
    case KEY_NODE:
        put32(i, 12, UINT32_MAX);
        put32(i, 20, 2u * k->name_count);
        i->fixed = 24;
        break;
    case KEY_FULL:
        full_key(r, key, i);
        return STATUS_SUCCESS;
    default:
        return STATUS_INVALID_PARAMETER;
    }
    i->name = k->name;
    i->name_bytes = 2u * k->name_count;
    return STATUS_SUCCESS;
}

/* ZwQueryKey(Handle, Class, Buffer, Length, *ResultLength). */
void thunk_ZwQueryKey(struct call *c)
{
    struct info i = {.fixed = 0};
    uint32_t key, status = key_of_handle(c, call_u32(c, 0), &key);

    if (status == STATUS_SUCCESS)
        status = key_info(&nt_of(c)->s.registry, key, call_u32(c, 1), &i);
    if (status == STATUS_SUCCESS)
        status = answer(c, &i, call_u32(c, 2), call_u32(c, 3), call_u32(c, 4));
    if (call_ok(c))
        call_return(c, status);
}

/* ZwEnumerateKey(Handle, Index, Class, Buffer, Length, *ResultLength). */
void thunk_ZwEnumerateKey(struct call *c)
{
    struct nt *nt = nt_of(c);
    struct info i = {.fixed = 0};
    uint32_t key, status = key_of_handle(c, call_u32(c, 0), &key);

    if (status == STATUS_SUCCESS) {
        key = hive_subkey(&nt->s.registry, key, call_u32(c, 1));
        status = key ? key_info(&nt->s.registry, key, call_u32(c, 2), &i)
                     : STATUS_NO_MORE_ENTRIES;
    }
    if (status == STATUS_SUCCESS)
        status = answer(c, &i, call_u32(c, 3), call_u32(c, 4), call_u32(c, 5));
    if (call_ok(c))
        call_return(c, status);
}

static uint32_t value_info(const struct registry *r,
                           const struct registry_value *v, uint32_t class,
                           struct info *i)
{
    uint32_t name_bytes = 2u * v->name_count;

    put32(i, 4, v->type);
    switch (class) {
    case VALUE_BASIC:
        put32(i, 8, name_bytes);
        i->fixed = 12;
        break;
    case VALUE_FULL:
        i->gap = (4 - name_bytes % 4) % 4;
        put32(i, 8, 20 + name_bytes + i->gap);
        put32(i, 12, v->bytes);
        put32(i, 16, name_bytes);
        i->fixed = 20;
        break;
    case VALUE_PARTIAL:
        put32(i, 8, v->bytes);
        i->fixed = 12;
        break;
    default:
        return STATUS_INVALID_PARAMETER;
    }
    if (class != VALUE_PARTIAL) {
        i->name = v->name;
        i->name_bytes = name_bytes;
    }
    if (class != VALUE_BASIC) {
        i->tail = hive_data(r, v);
        i->tail_bytes = v->bytes;
    }
    return STATUS_SUCCESS;
}

/* Loads a value's name; false with *@status. */
static bool load_name(struct call *c, uint32_t at, struct nt_string *name,
                      uint32_t *status)
{
    bool good = probe(c, at, USTR_BYTES) && string_load(c, at, name);

    if (call_caught(c) || !probe(c, at, USTR_BYTES)) {
        *status = STATUS_ACCESS_VIOLATION;
        return false;
    }
    if (!good)
        *status = STATUS_INVALID_PARAMETER;
    return good && call_ok(c);
}

/* ZwQueryValueKey(Handle, Name, Class, Buffer, Length, *ResultLength). */
void thunk_ZwQueryValueKey(struct call *c)
{
    const struct registry *r = &nt_of(c)->s.registry;
    struct info i = {.fixed = 0};
    struct nt_string name;
    const struct registry_value *v;
    uint32_t key, status = key_of_handle(c, call_u32(c, 0), &key);

    if (status == STATUS_SUCCESS &&
        load_name(c, call_u32(c, 1), &name, &status)) {
        v = hive_value(r, key, name.unit, name.count);
        status = v ? value_info(r, v, call_u32(c, 2), &i)
                   : STATUS_OBJECT_NAME_NOT_FOUND;
    }
    if (status == STATUS_SUCCESS && call_ok(c))
        status = answer(c, &i, call_u32(c, 3), call_u32(c, 4), call_u32(c, 5));
    if (call_ok(c))
        call_return(c, status);
}

/* ZwEnumerateValueKey(Handle, Index, Class, Buffer, Length, *ResultLength). */
void thunk_ZwEnumerateValueKey(struct call *c)
{
    const struct registry *r = &nt_of(c)->s.registry;
    const struct registry_value *v;
    struct info i = {.fixed = 0};
    uint32_t key, status = key_of_handle(c, call_u32(c, 0), &key);

    if (status == STATUS_SUCCESS) {
        v = hive_value_at(r, key, call_u32(c, 1));
        status =
            v ? value_info(r, v, call_u32(c, 2), &i) : STATUS_NO_MORE_ENTRIES;
    }
    if (status == STATUS_SUCCESS)
        status = answer(c, &i, call_u32(c, 3), call_u32(c, 4), call_u32(c, 5));
    if (call_ok(c))
        call_return(c, status);
}

/* ZwSetValueKey(Handle, Name, TitleIndex, Type, Data, DataSize). */
void thunk_ZwSetValueKey(struct call *c)
{
    static const uint16_t empty;
    struct nt *nt = nt_of(c);
    struct nt_string name = {0};
    uint32_t bytes = call_u32(c, 5), from = call_u32(c, 4);
    uint32_t key, status = key_of_handle(c, call_u32(c, 0), &key);
    uint8_t *data = NULL;

    if (status == STATUS_SUCCESS)
        load_name(c, call_u32(c, 1), &name, &status);
    if (status == STATUS_SUCCESS && !probe(c, from, bytes))
        status = STATUS_ACCESS_VIOLATION;
    if (status == STATUS_SUCCESS && bytes <= REGISTRY_VALUE_MOST)
        data = malloc(bytes ? bytes : 1);
    if (status == STATUS_SUCCESS && !data)
        status = STATUS_INSUFFICIENT_RESOURCES;
    if (status == STATUS_SUCCESS && bytes)
        load(c, gva_of(from), data, bytes);
    if (call_caught(c))
        status = STATUS_ACCESS_VIOLATION;
    if (status == STATUS_SUCCESS && call_ok(c) &&
        !hive_set(&nt->s.registry, key, name.count ? name.unit : &empty,
                  name.count, call_u32(c, 3), data, bytes))
        status = STATUS_INSUFFICIENT_RESOURCES;
    free(data);
    if (call_ok(c))
        call_return(c, status);
}

/* ZwDeleteValueKey(Handle, Name). */
void thunk_ZwDeleteValueKey(struct call *c)
{
    struct nt *nt = nt_of(c);
    struct nt_string name;
    uint32_t key, status = key_of_handle(c, call_u32(c, 0), &key);

    if (status == STATUS_SUCCESS &&
        load_name(c, call_u32(c, 1), &name, &status) &&
        !hive_unset(&nt->s.registry, key, name.unit, name.count))
        status = STATUS_OBJECT_NAME_NOT_FOUND;
    if (call_ok(c))
        call_return(c, status);
}
