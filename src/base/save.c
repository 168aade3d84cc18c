/* src/base/save.c -- state rows to bytes and back. Little endian: the host is
 * x86-64, so integers are their own bytes. */
#include "base/save.h"

#include <stdlib.h>
#include <string.h>

#include "base/vec.h"

static bool reserve(struct saver *s, size_t bytes)
{
    size_t room = s->room ? s->room : 4096;
    uint8_t *grown;

    if (s->failed)
        return false;
    if (s->room - s->count >= bytes)
        return true;
    while (room - s->count < bytes) {
        if (room > SIZE_MAX / 2) {
            s->failed = true;
            return false;
        }
        room *= 2;
    }
    grown = realloc(s->bytes, room);
    if (!grown) {
        s->failed = true;
        return false;
    }
    s->bytes = grown;
    s->room = room;
    return true;
}

void saver_fini(struct saver *s)
{
    free(s->bytes);
    *s = (struct saver){0};
}

void save_bytes(struct saver *s, const void *from, size_t bytes)
{
    if (!bytes || !reserve(s, bytes))
        return;
    memcpy(s->bytes + s->count, from, bytes);
    s->count += bytes;
}

void save_u32(struct saver *s, uint32_t v)
{
    save_bytes(s, &v, sizeof v);
}

void save_u64(struct saver *s, uint64_t v)
{
    save_bytes(s, &v, sizeof v);
}

static void save_row(struct saver *s, const uint8_t *field,
                     const struct state_row *row)
{
    const struct vec *v = (const struct vec *)(const void *)field;

    switch (row->kind) {
    case STATE_KIND_INT:
    case STATE_KIND_BOOL:
    case STATE_KIND_BYTES:
        save_bytes(s, field, (size_t)row->bytes * row->count);
        break;
    case STATE_KIND_STRUCT:
        for (uint32_t i = 0; i < row->count; i++)
            save_rows(s, field + (size_t)i * row->bytes, row->rows);
        break;
    case STATE_KIND_VEC:
        save_u32(s, v->count);
        for (uint32_t i = 0; i < v->count; i++)
            save_rows(s, (uint8_t *)v->data + (size_t)i * row->bytes,
                      row->rows);
        break;
    case STATE_KIND_END:
        break;
    }
}

void save_rows(struct saver *s, const void *base, const struct state_row *rows)
{
    for (; rows->kind != STATE_KIND_END; rows++)
        save_row(s, (const uint8_t *)base + rows->offset, rows);
}

size_t save_section_begin(struct saver *s, const char *name, uint32_t version)
{
    size_t length = strlen(name);

    save_u32(s, (uint32_t)length);
    save_bytes(s, name, length);
    save_u32(s, version);
    save_u64(s, 0); /* its size, known at the end */
    return s->count;
}

void save_section_end(struct saver *s, size_t begun)
{
    uint64_t bytes = s->count - begun;

    if (!s->failed)
        memcpy(s->bytes + begun - sizeof bytes, &bytes, sizeof bytes);
}

bool loader_bytes(struct loader *l, void *to, size_t bytes)
{
    if (l->failed || l->count - l->at < bytes) {
        l->failed = true;
        return false;
    }
    if (bytes)
        memcpy(to, l->bytes + l->at, bytes);
    l->at += bytes;
    return true;
}

uint32_t loader_u32(struct loader *l)
{
    uint32_t v = 0;

    loader_bytes(l, &v, sizeof v);
    return v;
}

uint64_t loader_u64(struct loader *l)
{
    uint64_t v = 0;

    loader_bytes(l, &v, sizeof v);
    return v;
}

static bool load_vec(struct loader *l, struct vec *v,
                     const struct state_row *row)
{
    uint32_t count = loader_u32(l);

    /* An element takes at least one byte: a count beyond that is damage and
     * must not cost memory. */
    if (l->failed || count > row->count || count > l->count - l->at ||
        !vec_resize(v, row->bytes, count)) {
        l->failed = true;
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (!load_rows(l, (uint8_t *)v->data + (size_t)i * row->bytes,
                       row->rows))
            return false;
    }
    return true;
}

/* Any other value in a bool is not C's to look at. */
static bool load_bools(struct loader *l, uint8_t *field, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        uint8_t v = 2;

        if (!loader_bytes(l, &v, 1) || v > 1) {
            l->failed = true;
            return false;
        }
        field[i] = v;
    }
    return true;
}

static bool load_row(struct loader *l, uint8_t *field,
                     const struct state_row *row)
{
    switch (row->kind) {
    case STATE_KIND_INT:
    case STATE_KIND_BYTES:
        return loader_bytes(l, field, (size_t)row->bytes * row->count);
    case STATE_KIND_BOOL:
        return load_bools(l, field, row->count);
    case STATE_KIND_STRUCT:
        for (uint32_t i = 0; i < row->count; i++) {
            if (!load_rows(l, field + (size_t)i * row->bytes, row->rows))
                return false;
        }
        return true;
    case STATE_KIND_VEC:
        return load_vec(l, (struct vec *)(void *)field, row);
    case STATE_KIND_END:
        break;
    }
    return false;
}

bool load_rows(struct loader *l, void *base, const struct state_row *rows)
{
    for (; rows->kind != STATE_KIND_END; rows++) {
        if (!load_row(l, (uint8_t *)base + rows->offset, rows))
            return false;
    }
    return true;
}

enum hb_status load_section(struct loader *l, const char *name,
                            uint32_t version, struct loader *section,
                            struct hb_error *error)
{
    char found[64] = "";
    uint32_t length = loader_u32(l), found_version;
    uint64_t bytes;

    if (length >= sizeof found || !loader_bytes(l, found, length))
        return hb_fail(error, HB_BAD_IMAGE,
                       "the save ends where section '%s' should begin", name);
    found_version = loader_u32(l);
    bytes = loader_u64(l);
    if (strcmp(found, name) != 0)
        return hb_fail(error, HB_BAD_IMAGE,
                       "the save has section '%s' where '%s' should be: it is "
                       "of another machine",
                       found, name);
    if (found_version != version)
        return hb_fail(error, HB_BAD_IMAGE,
                       "section '%s' is version %u, this halbox reads version "
                       "%u: load it with the halbox that saved it",
                       name, found_version, version);
    if (l->failed || bytes > l->count - l->at)
        return hb_fail(error, HB_BAD_IMAGE,
                       "the save is cut short in section '%s'", name);
    *section = (struct loader){.bytes = l->bytes + l->at, .count = bytes};
    l->at += bytes;
    return HB_OK;
}
