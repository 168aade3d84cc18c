/* src/nt/registry_rtl.c -- Rtl*Registry*: keys by a well-known base and a path.
 * RtlQueryRegistryValues walks its table as a state machine: one callback of
 * the driver at a time. Source: WDK, RTL_QUERY_REGISTRY_TABLE. */
#include <string.h>

#include "nt/crt.h"
#include "nt/exports.h"
#include "nt/guest.h"
#include "nt/service.h"

enum {
    RELATIVE_ABSOLUTE,
    RELATIVE_SERVICES,
    RELATIVE_CONTROL,
    RELATIVE_WINDOWS_NT,
    RELATIVE_DEVICEMAP,
    RELATIVE_USER,
};
#define RELATIVE_HANDLE   0x40000000u
#define RELATIVE_OPTIONAL 0x80000000u

enum {
    QUERY_SUBKEY = 1,
    QUERY_TOPKEY = 2,
    QUERY_REQUIRED = 4,
    QUERY_NOVALUE = 8,
    QUERY_NOEXPAND = 0x10,
    QUERY_DIRECT = 0x20,
    QUERY_DELETE = 0x40,
};

/* Words of the record. INDEX: 0, the entry has not begun; else the value's
 * index + 1. OFFSET: in the strings of a REG_MULTI_SZ. */
enum { W_ENTRY, W_BASE, W_KEY, W_INDEX, W_OFFSET, W_BUFFER };
enum { STATE_CALLED = 1, STATE_NEXT };
enum { ENTRY_BYTES = 28, ENTRIES_MOST = 4096, STEPS_AT_ONCE = 16 };
enum { STEPS_TICKS = 1000 };
#define TAG_QUERY TAG('R', 'e', 'g', 'Q')

struct entry {
    uint32_t routine, flags, name, context;
    uint32_t default_type, default_data, default_bytes;
};

/* A terminated guest text; false: a fault, or too long. */
static bool load_text(struct call *c, uint32_t at, struct nt_string *out)
{
    uint32_t n = text_length(c, gva_of(at), NT_PATH_UNITS, true);

    if (!call_ok(c) || n >= NT_PATH_UNITS)
        return false;
    out->count = (uint16_t)n;
    for (uint32_t i = 0; i < n; i++)
        out->unit[i] = text_unit(c, gva_of(at), i, true);
    return call_ok(c);
}

/* The key that (RelativeTo, Path) names, made when @make; 0: none. */
static uint32_t relative_key(struct call *c, bool make)
{
    static const char *const base[] = {
        [RELATIVE_ABSOLUTE] = "",
        [RELATIVE_SERVICES] = "Machine\\System\\CurrentControlSet\\Services",
        [RELATIVE_CONTROL] = "Machine\\System\\CurrentControlSet\\Control",
        [RELATIVE_WINDOWS_NT] =
            "Machine\\Software\\Microsoft\\Windows NT\\CurrentVersion",
        [RELATIVE_DEVICEMAP] = "Machine\\Hardware\\DeviceMap",
        [RELATIVE_USER] = "User\\.Default",
    };
    struct registry *r = &nt_of(c)->s.registry;
    uint32_t relative = call_u32(c, 0), at = call_u32(c, 1), key, number;
    uint32_t kind = relative & ~(RELATIVE_HANDLE | RELATIVE_OPTIONAL);
    struct nt_string path = {0};
    bool created;

    if (relative & RELATIVE_HANDLE) { /* Path is a key's handle */
        if (service_object(c, at, TYPE_KEY, NULL, &number) != STATUS_SUCCESS)
            return 0;
        return VEC_AT(struct nt_object, &nt_of(c)->s.objects, number - 1)->data;
    }
    if (kind > RELATIVE_USER || (at && !load_text(c, at, &path)))
        return 0;
    key = hive_make_text(r, base[kind]);
    return make ? hive_create(r, key, path.unit, path.count, &created)
                : hive_find(r, key, path.unit, path.count);
}

/* ---- RtlQueryRegistryValues -----------------------------------------------
 */

static struct entry load_entry(struct call *c)
{
    uint32_t w[7] = {0};

    load(c, gva_of(c->w[W_ENTRY]), w, sizeof w);
    return (struct entry){w[0], w[1], w[2], w[3], w[4], w[5], w[6]};
}

static void next_entry(struct call *c)
{
    c->w[W_ENTRY] += ENTRY_BYTES;
    c->w[W_INDEX] = c->w[W_OFFSET] = 0;
}

static void call_routine(struct call *c, const struct entry *e, uint32_t name,
                         uint32_t type, uint32_t data, uint32_t bytes)
{
    const uint32_t args[6] = {name,  type,           data,
                              bytes, call_u32(c, 3), e->context};

    call_guest(c, gva_of(e->routine), 6, args, STATE_CALLED);
}

/* A string to a UNICODE_STRING of the caller, whose buffer is allocated if it
 * has none. */
static uint32_t direct_string(struct call *c, uint32_t to, const uint8_t *data,
                              uint32_t bytes)
{
    uint16_t maximum = load_u16(c, gva_of(to + USTR_MaximumLength));
    uint32_t buffer = load_u32(c, gva_of(to + USTR_Buffer));
    uint32_t length = bytes >= 2 ? bytes - 2 : 0;

    if (!call_ok(c))
        return STATUS_ACCESS_VIOLATION;
    if (bytes > 0xffff)
        return STATUS_BUFFER_TOO_SMALL;
    if (!buffer) {
        buffer = nt_pool_paged(nt_of(c), bytes ? bytes : 2, TAG_QUERY);
        if (!buffer)
            return STATUS_NO_MEMORY;
        maximum = (uint16_t)bytes;
        store_u32(c, gva_of(to + USTR_Buffer), buffer);
        store_u16(c, gva_of(to + USTR_MaximumLength), maximum);
    } else if (bytes > maximum) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    store(c, gva_of(buffer), data, bytes);
    store_u16(c, gva_of(to), (uint16_t)length);
    return STATUS_SUCCESS;
}

/* Other types: up to a dword as it is; else after a LONG that says how much
 * room there is: negative, the bare data; positive, length and type first. */
static uint32_t direct_binary(struct call *c, uint32_t to, uint32_t type,
                              const uint8_t *data, uint32_t bytes)
{
    int32_t room;

    if (bytes <= 4) {
        store(c, gva_of(to), data, bytes);
        return STATUS_SUCCESS;
    }
    room = (int32_t)load_u32(c, gva_of(to));
    if (!call_ok(c))
        return STATUS_ACCESS_VIOLATION;
    if (room < 0) {
        if (0 - (uint32_t)room < bytes)
            return STATUS_BUFFER_TOO_SMALL;
        store(c, gva_of(to), data, bytes);
        return STATUS_SUCCESS;
    }
    if ((uint32_t)room < bytes + 8)
        return STATUS_BUFFER_TOO_SMALL;
    store_u32(c, gva_of(to), bytes);
    store_u32(c, gva_of(to + 4), type);
    store(c, gva_of(to + 8), data, bytes);
    return STATUS_SUCCESS;
}

static uint32_t direct(struct call *c, const struct entry *e, uint32_t type,
                       const uint8_t *data, uint32_t bytes)
{
    if (type == REG_SZ || type == REG_EXPAND_SZ || type == REG_MULTI_SZ)
        return direct_string(c, e->context, data, bytes);
    return direct_binary(c, e->context, type, data, bytes);
}

/* The string of a REG_MULTI_SZ at w[OFFSET], moved past it; false: the end. */
static bool next_string(struct call *c, const uint8_t **data, uint32_t *bytes)
{
    uint32_t at = c->w[W_OFFSET], n = 0;
    uint16_t u = 1;

    while (u && at + n + 2 <= *bytes) {
        memcpy(&u, *data + at + n, 2);
        n += 2;
    }
    if (n <= 2 && !u)
        return false;
    if (n == 0)
        return false;
    *data += at;
    *bytes = n;
    c->w[W_OFFSET] = at + n;
    return true;
}

/* Hands one value to the driver: true, a callback was started or the routine
 * ended; false: go on with the next value. */
static bool deliver(struct call *c, const struct entry *e,
                    const struct registry_value *v)
{
    const uint8_t *data = hive_data(&nt_of(c)->s.registry, v);
    uint32_t bytes = v->bytes, type = v->type, at, status;
    uint32_t name_bytes = 2u * v->name_count;
    static const uint16_t zero;

    if (e->flags & QUERY_DIRECT) {
        status = direct(c, e, type, data, bytes);
        c->w[W_INDEX]++;
        if (status != STATUS_SUCCESS && call_ok(c))
            call_return(c, status);
        return status != STATUS_SUCCESS || !call_ok(c);
    }
    if (!(e->flags & QUERY_NOEXPAND) && type == REG_MULTI_SZ) {
        if (!next_string(c, &data, &bytes)) {
            c->w[W_INDEX]++;
            c->w[W_OFFSET] = 0;
            return false;
        }
        type = REG_SZ;
    } else {
        c->w[W_INDEX]++;
        if (!(e->flags & QUERY_NOEXPAND) && type == REG_EXPAND_SZ)
            type = REG_SZ; /* there are no environment variables to expand */
    }
    at = nt_pool_paged(nt_of(c), name_bytes + 2 + bytes + 4, TAG_QUERY);
    if (!at) {
        call_return(c, STATUS_NO_MEMORY);
        return true;
    }
    c->w[W_BUFFER] = at;
    nt_put(nt_of(c), at, v->name, name_bytes);
    nt_put(nt_of(c), at + name_bytes, &zero, 2);
    nt_put(nt_of(c), (at + name_bytes + 5) & ~3u, data, bytes);
    call_routine(c, e, at, type, (at + name_bytes + 5) & ~3u, bytes);
    return true;
}

/* A value that is not there: its default, an error, or nothing. */
static bool missing(struct call *c, const struct entry *e)
{
    uint32_t bytes = e->default_bytes, status;
    uint8_t data[4096];

    c->w[W_INDEX]++;
    if (e->default_type == REG_NONE || !e->default_data) {
        if (!(e->flags & QUERY_REQUIRED))
            return false;
        call_return(c, STATUS_OBJECT_NAME_NOT_FOUND);
        return true;
    }
    if (!bytes) /* a string: to its terminator, with it */
        bytes = 2 * text_length(c, gva_of(e->default_data), 0x7fff, true) + 2;
    if (!(e->flags & QUERY_DIRECT)) {
        if (call_ok(c))
            call_routine(c, e, e->name, e->default_type, e->default_data,
                         bytes);
        return true;
    }
    if (bytes > sizeof data) {
        call_return(c, STATUS_BUFFER_TOO_SMALL);
        return true;
    }
    load(c, gva_of(e->default_data), data, bytes);
    if (!call_ok(c))
        return true;
    status = direct(c, e, e->default_type, data, bytes);
    if (status != STATUS_SUCCESS && call_ok(c))
        call_return(c, status);
    return status != STATUS_SUCCESS || !call_ok(c);
}

/* An entry's rules and the key it works on; STATUS_x, NO_MORE_ENTRIES to skip
 * it. */
static uint32_t begin(struct call *c, const struct entry *e)
{
    struct registry *r = &nt_of(c)->s.registry;
    struct nt_string name;

    if ((e->flags & QUERY_DIRECT) &&
        (!e->name || (e->flags & QUERY_SUBKEY) || e->routine))
        return STATUS_INVALID_PARAMETER;
    if (e->flags & (QUERY_TOPKEY | QUERY_SUBKEY))
        c->w[W_KEY] = c->w[W_BASE];
    c->w[W_INDEX] = 1;
    if (!(e->flags & QUERY_SUBKEY))
        return STATUS_SUCCESS;
    if (!e->name)
        return STATUS_INVALID_PARAMETER;
    if (!load_text(c, e->name, &name))
        return STATUS_OBJECT_NAME_INVALID;
    c->w[W_KEY] = hive_find(r, c->w[W_BASE], name.unit, name.count);
    if (c->w[W_KEY])
        return e->routine ? STATUS_SUCCESS : STATUS_NO_MORE_ENTRIES;
    return e->flags & QUERY_REQUIRED ? STATUS_OBJECT_NAME_NOT_FOUND
                                     : STATUS_NO_MORE_ENTRIES;
}

/* One value of the entry, or its end; as deliver(). */
static bool one_value(struct call *c, const struct entry *e)
{
    struct registry *r = &nt_of(c)->s.registry;
    bool single = e->name && !(e->flags & QUERY_SUBKEY);
    const struct registry_value *v = NULL;
    struct nt_string name = {0};

    if (e->flags & QUERY_NOVALUE) {
        if (c->w[W_INDEX]++ > 1) {
            next_entry(c);
            return false;
        }
        call_routine(c, e, 0, REG_NONE, 0, 0);
        return true;
    }
    if (single && !load_text(c, e->name, &name)) {
        if (call_ok(c))
            call_return(c, STATUS_OBJECT_NAME_INVALID);
        return true;
    }
    if (!single)
        v = hive_value_at(r, c->w[W_KEY], c->w[W_INDEX] - 1);
    else if (c->w[W_INDEX] == 1)
        v = hive_value(r, c->w[W_KEY], name.unit, name.count);
    if (v)
        return deliver(c, e, v);
    if (single && c->w[W_INDEX] == 1)
        return missing(c, e);
    if (single && (e->flags & QUERY_DELETE))
        hive_unset(r, c->w[W_KEY], name.unit, name.count);
    next_entry(c);
    return false;
}

/* A few entries or values at a time: each may search the whole registry. */
static void walk_table(struct call *c)
{
    for (unsigned n = 0; n < STEPS_AT_ONCE; n++) {
        struct entry e = load_entry(c);
        uint32_t status;

        if (!call_ok(c))
            return;
        if (c->w[W_ENTRY] - call_u32(c, 2) >= ENTRIES_MOST * ENTRY_BYTES) {
            call_return(c, STATUS_INVALID_PARAMETER); /* it has no end */
            return;
        }
        if (!e.routine && !(e.flags & (QUERY_SUBKEY | QUERY_DIRECT))) {
            call_return(c, STATUS_SUCCESS);
            return;
        }
        if (c->w[W_INDEX] == 0) {
            status = begin(c, &e);
            if (!call_ok(c))
                return;
            if (status == STATUS_NO_MORE_ENTRIES) {
                next_entry(c);
                continue;
            }
            if (status != STATUS_SUCCESS) {
                call_return(c, status);
                return;
            }
        }
        if (one_value(c, &e) || !call_ok(c))
            return;
    }
    call_spend(c, STEPS_TICKS);
    call_again(c, STATE_NEXT);
}

/* NTSTATUS RtlQueryRegistryValues(RelativeTo, Path, QueryTable, Context,
 * Environment). */
void thunk_RtlQueryRegistryValues(struct call *c)
{
    if (c->state == STATE_CALLED) {
        nt_pool_free(nt_of(c), c->w[W_BUFFER]);
        c->w[W_BUFFER] = 0;
        if (!nt_success(c->eax)) {
            call_return(c, c->eax);
            return;
        }
        walk_table(c);
        return;
    }
    if (c->state == STATE_NEXT) {
        walk_table(c);
        return;
    }
    c->w[W_ENTRY] = call_u32(c, 2);
    c->w[W_BASE] = c->w[W_KEY] = relative_key(c, false);
    if (!call_ok(c))
        return;
    if (!c->w[W_BASE] && !(call_u32(c, 0) & RELATIVE_OPTIONAL))
        call_return(c, STATUS_OBJECT_NAME_NOT_FOUND);
    else
        walk_table(c);
}

/* ---- the short ones
 * ----------------------------------------------------------
 */

/* RtlWriteRegistryValue(RelativeTo, Path, ValueName, Type, Data, Length). */
void thunk_RtlWriteRegistryValue(struct call *c)
{
    uint32_t key = relative_key(c, true), bytes = call_u32(c, 5);
    struct nt_string name = {0};
    uint8_t data[4096];
    bool good = key && bytes <= sizeof data &&
                (!call_u32(c, 2) || load_text(c, call_u32(c, 2), &name));

    if (good && bytes)
        load(c, call_va(c, 4), data, bytes);
    if (!call_ok(c))
        return;
    good = good && hive_set(&nt_of(c)->s.registry, key, name.unit, name.count,
                            call_u32(c, 3), data, bytes);
    call_return(c, good   ? STATUS_SUCCESS
                   : !key ? STATUS_OBJECT_NAME_NOT_FOUND
                          : STATUS_INVALID_PARAMETER);
}

/* RtlDeleteRegistryValue(RelativeTo, Path, ValueName). */
void thunk_RtlDeleteRegistryValue(struct call *c)
{
    uint32_t key = relative_key(c, false);
    struct nt_string name = {0};
    bool good = key && load_text(c, call_u32(c, 2), &name) &&
                hive_unset(&nt_of(c)->s.registry, key, name.unit, name.count);

    if (call_ok(c))
        call_return(c, good ? STATUS_SUCCESS : STATUS_OBJECT_NAME_NOT_FOUND);
}

/* RtlCheckRegistryKey(RelativeTo, Path), RtlCreateRegistryKey(the same). */
static void check_key(struct call *c, bool make)
{
    uint32_t key = relative_key(c, make);

    if (call_ok(c))
        call_return(c, key ? STATUS_SUCCESS : STATUS_OBJECT_NAME_NOT_FOUND);
}

void thunk_RtlCheckRegistryKey(struct call *c)
{
    check_key(c, false);
}

void thunk_RtlCreateRegistryKey(struct call *c)
{
    check_key(c, true);
}
