/* src/image/build.c -- checked look-ups and growing tables for the parsers. */
#include "image/build.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum hb_status image_bad(struct build *b, const char *format, ...)
{
    char what[HB_ERROR_TEXT - IMAGE_NAME_BYTES - 2];
    va_list args;

    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    /* Names come out of the file: keep the one line one line. */
    for (char *c = what; *c; c++)
        if ((unsigned char)*c < 0x20 || (unsigned char)*c > 0x7e)
            *c = '?';
    return hb_fail(b->error, HB_BAD_IMAGE, "%s: %s", b->pub.name, what);
}

enum hb_status image_no_memory(struct build *b)
{
    return hb_fail(b->error, HB_NO_MEMORY, "%s: no memory to load it",
                   b->pub.name);
}

const uint8_t *file_at(const struct build *b, uint64_t offset, uint64_t bytes)
{
    uint64_t end = offset + bytes;

    return end >= offset && end <= b->pub.file_bytes ? b->file + offset : NULL;
}

/* A name in [at, at + room). The bound keeps a file of names without ends
 * from costing its size per name. */
static const char *bounded_string(const uint8_t *at, uint64_t room)
{
    enum { LONGEST_NAME = 4096 };

    if (room > LONGEST_NAME)
        room = LONGEST_NAME;
    return memchr(at, 0, room) ? (const char *)at : NULL;
}

const char *file_string(const struct build *b, uint64_t offset)
{
    const uint8_t *at = file_at(b, offset, 1);

    return at ? bounded_string(at, b->pub.file_bytes - offset) : NULL;
}

uint16_t get16(const uint8_t *at)
{
    return (uint16_t)(at[0] | at[1] << 8);
}

uint32_t get32(const uint8_t *at)
{
    return get16(at) | (uint32_t)get16(at + 2) << 16;
}

bool add_segment(struct build *b, const char *name, uint32_t rva,
                 uint32_t bytes, uint32_t offset, uint32_t filled,
                 uint32_t flags)
{
    struct image_segment s = {.rva = rva,
                              .bytes = bytes,
                              .offset = offset,
                              .filled = filled,
                              .flags = flags};

    snprintf(s.name, sizeof s.name, "%s", name);
    return vec_push(&b->segment, sizeof s, &s);
}

bool add_import(struct build *b, struct image_import import)
{
    return vec_push(&b->import, sizeof import, &import);
}

bool add_export(struct build *b, struct image_export export)
{
    return vec_push(&b->export, sizeof export, &export);
}

bool add_fixup(struct build *b, uint32_t rva, enum image_fix fix,
               uint32_t import, uint32_t value)
{
    struct image_fixup f = {rva, fix, import, value};

    return vec_push(&b->fixup, sizeof f, &f);
}

static int by_rva(const void *a, const void *b)
{
    const struct image_segment *x = a, *y = b;

    return x->rva < y->rva ? -1 : x->rva > y->rva;
}

enum hb_status segments_check(struct build *b)
{
    struct image_segment *s = b->segment.data;
    uint64_t free_from = 0;

    if (!b->segment.count)
        return image_bad(b, "nothing in it is loaded into memory");
    qsort(s, b->segment.count, sizeof *s, by_rva);
    for (uint32_t i = 0; i < b->segment.count; i++) {
        if (s[i].rva < free_from)
            return image_bad(b, "%s at %#x overlaps %s before it", s[i].name,
                             s[i].rva, s[i - 1].name);
        free_from = (uint64_t)s[i].rva + s[i].bytes;
        if (free_from > b->pub.bytes)
            return image_bad(b,
                             "%s at %#x, %u bytes, lies outside the "
                             "image's %u bytes",
                             s[i].name, s[i].rva, s[i].bytes, b->pub.bytes);
        if (s[i].filled > s[i].bytes)
            return image_bad(b, "%s has %u file bytes for %u in memory",
                             s[i].name, s[i].filled, s[i].bytes);
        if (!file_at(b, s[i].offset, s[i].filled))
            return image_bad(b,
                             "%s needs bytes %u..%llu of a file of %u: "
                             "the file is cut short",
                             s[i].name, s[i].offset,
                             (unsigned long long)s[i].offset + s[i].filled,
                             b->pub.file_bytes);
    }
    return HB_OK;
}

const struct image_segment *segment_at(const struct build *b, uint32_t rva,
                                       uint32_t bytes)
{
    const struct image_segment *s = b->segment.data;
    uint32_t low = 0, high = b->segment.count;

    while (low < high) { /* the last one that starts at or before rva */
        uint32_t middle = low + (high - low) / 2;

        if (s[middle].rva <= rva)
            low = middle + 1;
        else
            high = middle;
    }
    if (!low || (uint64_t)rva - s[low - 1].rva + bytes > s[low - 1].bytes)
        return NULL;
    return &s[low - 1];
}

const uint8_t *filled_at(const struct build *b, uint32_t rva, uint32_t bytes)
{
    const struct image_segment *s = segment_at(b, rva, bytes);

    if (!s || (uint64_t)rva - s->rva + bytes > s->filled)
        return NULL;
    return b->file + s->offset + (rva - s->rva);
}

const char *filled_string(const struct build *b, uint32_t rva)
{
    const uint8_t *at = filled_at(b, rva, 1);
    const struct image_segment *s = segment_at(b, rva, 1);

    return at ? bounded_string(at, s->filled - (rva - s->rva)) : NULL;
}
