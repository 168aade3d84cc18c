/* src/base/vec.c -- growing arrays of plain structs. */
#include "base/vec.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static bool vec_reserve(struct vec *v, uint32_t bytes, uint32_t count)
{
    uint32_t room = v->room ? v->room : 8;
    void *data;

    if (count <= v->room)
        return true;
    while (room < count) {
        if (room > UINT32_MAX / 2)
            return false;
        room *= 2;
    }
    data = realloc(v->data, (size_t)room * bytes);
    if (!data)
        return false;
    v->data = data;
    v->room = room;
    return true;
}

void *vec_push(struct vec *v, uint32_t bytes, const void *element)
{
    uint8_t *at;

    if (v->count == UINT32_MAX || !vec_reserve(v, bytes, v->count + 1))
        return NULL;
    at = (uint8_t *)v->data + (size_t)v->count++ * bytes;
    if (element)
        memcpy(at, element, bytes);
    else
        memset(at, 0, bytes);
    return at;
}

void *vec_insert(struct vec *v, uint32_t bytes, uint32_t i, const void *element)
{
    uint8_t *at;

    assert(i <= v->count);
    if (!vec_push(v, bytes, NULL))
        return NULL;
    at = (uint8_t *)v->data + (size_t)i * bytes;
    memmove(at + bytes, at, (size_t)(v->count - 1 - i) * bytes);
    if (element)
        memcpy(at, element, bytes);
    else
        memset(at, 0, bytes);
    return at;
}

void vec_remove(struct vec *v, uint32_t bytes, uint32_t i)
{
    uint8_t *at = (uint8_t *)v->data + (size_t)i * bytes;

    assert(i < v->count);
    v->count--;
    memmove(at, at + bytes, (size_t)(v->count - i) * bytes);
}

void vec_drop(struct vec *v, uint32_t bytes,
              bool (*goes)(const void *element, const void *context),
              const void *context)
{
    uint8_t *data = v->data;
    uint32_t kept = 0;

    for (uint32_t i = 0; i < v->count; i++) {
        const uint8_t *from = data + (size_t)i * bytes;

        if (goes(from, context))
            continue;
        if (kept != i)
            memcpy(data + (size_t)kept * bytes, from, bytes);
        kept++;
    }
    v->count = kept;
}

bool vec_resize(struct vec *v, uint32_t bytes, uint32_t count)
{
    if (!vec_reserve(v, bytes, count))
        return false;
    if (count > v->count)
        memset((uint8_t *)v->data + (size_t)v->count * bytes, 0,
               (size_t)(count - v->count) * bytes);
    v->count = count;
    return true;
}

void vec_free(struct vec *v)
{
    free(v->data);
    *v = (struct vec){0};
}

void state_free(void *base, const struct state_row *rows)
{
    for (const struct state_row *row = rows; row->kind != STATE_KIND_END;
         row++) {
        uint8_t *at = (uint8_t *)base + row->offset;
        struct vec *v = (struct vec *)at;

        if (row->kind == STATE_KIND_STRUCT)
            for (uint32_t i = 0; i < row->count; i++)
                state_free(at + (size_t)i * row->bytes, row->rows);
        if (row->kind != STATE_KIND_VEC)
            continue;
        for (uint32_t i = 0; i < v->count; i++)
            state_free((uint8_t *)v->data + (size_t)i * row->bytes, row->rows);
        vec_free(v);
    }
}
