/* src/base/field.c -- fields by name. See field.h. */
#include "base/field.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/** Elements of the row's field in @base, and where they begin. */
static uint32_t elements(const void *base, const struct state_row *row,
                         const uint8_t **first)
{
    const uint8_t *at = (const uint8_t *)base + row->offset;
    const struct vec *v = (const struct vec *)(const void *)at;

    *first = row->kind == STATE_KIND_VEC ? v->data : at;
    return row->kind == STATE_KIND_VEC ? v->count : row->count;
}

static bool is_struct(const struct state_row *row)
{
    return row->kind == STATE_KIND_STRUCT || row->kind == STATE_KIND_VEC;
}

/** How many leaves the whole row is, when that needs no look into a vec. */
static unsigned leaves_of(const struct state_row *row, uint32_t count)
{
    return row->kind == STATE_KIND_BYTES ? 1 : count;
}

static void append(char *name, const char *part, uint32_t count, uint32_t i)
{
    size_t n = strlen(name);

    if (count > 1)
        snprintf(name + n, FIELD_NAME - n, "%s%s[%u]", n ? "." : "", part, i);
    else
        snprintf(name + n, FIELD_NAME - n, "%s%s", n ? "." : "", part);
}

/** Is leaf *@index in here? Else it is counted down. */
static bool seek(const void *base, const struct state_row *rows,
                 unsigned *index, struct field *out)
{
    const size_t length = strlen(out->name);

    for (; rows->kind != STATE_KIND_END; rows++) {
        const uint8_t *first;
        uint32_t count = elements(base, rows, &first);
        bool many = rows->kind != STATE_KIND_BYTES;

        if (!is_struct(rows) && *index >= leaves_of(rows, count)) {
            *index -= leaves_of(rows, count);
            continue;
        }
        if (!is_struct(rows)) {
            append(out->name, rows->name, many ? count : 1, *index);
            out->at = first + (size_t)*index * rows->bytes;
            out->bytes = many ? rows->bytes : count;
            return true;
        }
        for (uint32_t i = 0; i < count; i++) {
            append(out->name, rows->name,
                   rows->kind == STATE_KIND_VEC ? 2 : count, i);
            if (seek(first + (size_t)i * rows->bytes, rows->rows, index, out))
                return true;
            out->name[length] = 0;
        }
    }
    return false;
}

bool field_at(const void *base, const struct state_row *rows, unsigned index,
              struct field *out)
{
    *out = (struct field){.name = ""};
    return rows && seek(base, rows, &index, out);
}

/** One part of a name: "mode", "channel[3]". Returns what follows, NULL: it
 *  cannot be one. */
static const char *parse(const char *name, size_t *length, uint32_t *index)
{
    char *end;

    *length = strcspn(name, "[.");
    *index = 0;
    name += *length;
    if (*name == '[') {
        *index = (uint32_t)strtoul(name + 1, &end, 10);
        if (end == name + 1 || *end != ']')
            return NULL;
        name = end + 1;
    }
    return *name == '.' ? name + 1 : *name ? NULL : name;
}

bool field_find(const void *base, const struct state_row *rows,
                const char *name, struct field *out)
{
    const char *part = name;

    snprintf(out->name, sizeof out->name, "%s", name);
    while (rows) {
        size_t length;
        uint32_t index;
        const char *rest = parse(part, &length, &index);

        while (rows->kind != STATE_KIND_END &&
               (strncmp(rows->name, part, length) != 0 || rows->name[length]))
            rows++;
        if (!rest || rows->kind == STATE_KIND_END ||
            index >= elements(base, rows, &out->at))
            return false;
        out->at += (size_t)index * rows->bytes;
        out->bytes = rows->bytes;
        if (!is_struct(rows))
            return !*rest;
        base = out->at;
        part = rest;
        rows = rows->rows;
    }
    return false;
}

uint64_t field_value(const struct field *field)
{
    uint64_t v = 0;

    if (field->bytes > sizeof v)
        return field->at[0];
    for (uint32_t i = 0; i < field->bytes; i++)
        v |= (uint64_t)field->at[i] << 8 * i;
    return v;
}
