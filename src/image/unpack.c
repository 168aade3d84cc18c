/* src/image/unpack.c -- files as they come from disk: .gz by zlib, bounded, so
 * that a small file cannot fill the host's memory. Source: RFC 1952. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "image/build.h"

enum { FIRST_ROOM = 1 << 16, GZIP_WINDOW = 15 + 16 };

static void keep(struct build *b, uint8_t *bytes, uint32_t count)
{
    b->file = bytes;
    b->pub.file = bytes;
    b->pub.file_bytes = count;
}

/* One inflate into a buffer that doubles up to the bound. */
static enum hb_status inflate_all(struct build *b, z_stream *z)
{
    uint32_t room = FIRST_ROOM;
    uint8_t *bytes = malloc(room);
    int result = bytes ? Z_OK : Z_MEM_ERROR;

    while (result == Z_OK) {
        uint8_t *more;

        z->next_out = bytes + z->total_out;
        z->avail_out = room - (uint32_t)z->total_out;
        result = inflate(z, Z_NO_FLUSH);
        if (result == Z_BUF_ERROR || (result == Z_OK && z->avail_out))
            break; /* wants input that is not there */
        if (result != Z_OK)
            break;
        if (room >= IMAGE_MAX_UNPACKED) {
            free(bytes);
            return image_bad(b, "unpacks to more than %u bytes",
                             IMAGE_MAX_UNPACKED);
        }
        more = realloc(bytes, room *= 2);
        if (!more)
            result = Z_MEM_ERROR;
        else
            bytes = more;
    }
    if (result == Z_STREAM_END) {
        keep(b, bytes, (uint32_t)z->total_out);
        return HB_OK;
    }
    free(bytes);
    if (result == Z_MEM_ERROR)
        return image_no_memory(b);
    return image_bad(b, "damaged .gz file: %s", z->msg ? z->msg : "cut short");
}

static enum hb_status gunzip(struct build *b, const void *bytes, size_t count)
{
    z_stream z = {.next_in = (Bytef *)(uintptr_t)bytes,
                  .avail_in = (uInt)count};
    enum hb_status status;

    if (inflateInit2(&z, GZIP_WINDOW) != Z_OK)
        return image_no_memory(b);
    status = inflate_all(b, &z);
    inflateEnd(&z);
    return status;
}

enum hb_status image_unpack(struct build *b, const void *bytes, size_t count)
{
    uint8_t *copy;

    if (count > IMAGE_MAX_UNPACKED)
        return image_bad(b, "%zu bytes is more than an image may have (%u)",
                         count, IMAGE_MAX_UNPACKED);
    if (count >= 2 && memcmp(bytes, "\037\213", 2) == 0)
        return gunzip(b, bytes, count);
    copy = malloc(count ? count : 1);
    if (!copy)
        return image_no_memory(b);
    if (count)
        memcpy(copy, bytes, count);
    keep(b, copy, (uint32_t)count);
    return HB_OK;
}

/* The whole file; the caller frees. */
static enum hb_status read_file(const char *path, uint8_t **bytes,
                                size_t *count, struct hb_error *error)
{
    FILE *f = fopen(path, "rb");
    size_t room = FIRST_ROOM, n = 0;
    uint8_t *at = malloc(room), *more;
    enum hb_status status = HB_OK;

    if (!f)
        status = hb_fail(error, HB_NO_FILE, "%s: cannot open the image: %s",
                         path, strerror(errno));
    while (status == HB_OK && at) {
        n += fread(at + n, 1, room - n, f);
        if (ferror(f))
            status = hb_fail(error, HB_NO_FILE,
                             "%s: cannot read the image: "
                             "%s",
                             path, strerror(errno));
        if (n < room)
            break;
        if (n > IMAGE_MAX_UNPACKED)
            status = hb_fail(error, HB_BAD_IMAGE, "%s: too large for an image",
                             path);
        more = realloc(at, room *= 2);
        if (!more)
            free(at);
        at = more;
    }
    if (status == HB_OK && !at)
        status = hb_fail(error, HB_NO_MEMORY, "%s: no memory to load it", path);
    if (status != HB_OK)
        free(at);
    if (f)
        fclose(f);
    *bytes = at;
    *count = n;
    return status;
}

typedef enum hb_status parse_fn(const void *bytes, size_t count,
                                const char *path, struct image **out,
                                struct hb_error *error);

static enum hb_status load(const char *path, parse_fn *parse,
                           struct image **out, struct hb_error *error)
{
    uint8_t *bytes;
    size_t count;
    enum hb_status status = read_file(path, &bytes, &count, error);

    if (status != HB_OK)
        return status;
    status = parse(bytes, count, path, out, error);
    free(bytes);
    return status;
}

enum hb_status image_load(const char *path, struct image **out,
                          struct hb_error *error)
{
    return load(path, image_parse, out, error);
}

enum hb_status image_load_kernel(const char *path, struct image **out,
                                 struct hb_error *error)
{
    return load(path, image_parse_kernel, out, error);
}
