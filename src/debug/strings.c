/* src/debug/strings.c -- open addressing, at most half full; FNV-1a. */
#include "debug/strings.h"

#include <string.h>

enum { SLOTS_AT_FIRST = 256, TEXT_MOST = 1 << 28 };

static uint32_t hash(const char *text, size_t bytes)
{
    uint32_t h = 2166136261u;

    for (size_t i = 0; i < bytes; i++)
        h = (h ^ (unsigned char)text[i]) * 16777619u;
    return h;
}

/* The slot of @text, or the free one where it belongs. */
static uint32_t *slot_of(const struct strings *s, const char *text,
                         size_t bytes)
{
    uint32_t *slot = s->slot.data, mask = s->slot.count - 1;
    uint32_t i = hash(text, bytes) & mask;

    for (; slot[i]; i = (i + 1) & mask) {
        const char *kept = strings_at(s, slot[i] - 1);

        if (strncmp(kept, text, bytes) == 0 && !kept[bytes])
            break;
    }
    return &slot[i];
}

/* Twice the slots, each string in its new one. */
static bool grow(struct strings *s)
{
    uint32_t slots = s->slot.count ? 2 * s->slot.count : SLOTS_AT_FIRST;
    struct vec old = s->slot;

    s->slot = (struct vec){0};
    if (!vec_resize(&s->slot, sizeof(uint32_t), slots)) {
        s->slot = old;
        return false;
    }
    for (uint32_t i = 0; i < s->starts.count; i++) {
        uint32_t start = *VEC_AT(uint32_t, &s->starts, i);
        const char *text = strings_at(s, start);

        *slot_of(s, text, strlen(text)) = start + 1;
    }
    vec_free(&old);
    return true;
}

uint32_t strings_keep(struct strings *s, const char *text, size_t bytes)
{
    uint32_t start = s->text.count, *slot;

    bytes = strnlen(text, bytes);
    if (2 * s->starts.count >= s->slot.count && !grow(s))
        return UINT32_MAX;
    slot = slot_of(s, text, bytes);
    if (*slot)
        return *slot - 1;
    if (bytes >= TEXT_MOST - start ||
        !vec_resize(&s->text, 1, start + (uint32_t)bytes + 1))
        return UINT32_MAX;
    if (!vec_push(&s->starts, sizeof start, &start)) {
        s->text.count = start;
        return UINT32_MAX;
    }
    memcpy((char *)s->text.data + start, text, bytes);
    *slot = start + 1;
    return start;
}

void strings_free(struct strings *s)
{
    vec_free(&s->text);
    vec_free(&s->slot);
    vec_free(&s->starts);
}
