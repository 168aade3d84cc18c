/* src/media/unpack.c -- a .gz is unpacked into a file without a name, by zlib,
 * bounded; runs of zeroes are holes in it. Source: RFC 1952 (several members
 * are one file). */
#include "media/unpack.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

enum { CHUNK = 1 << 16, GZIP_WINDOW = 15 + 16 };

struct unpack {
    const char *path;
    int from, to;
    uint64_t written;
    uint8_t in[CHUNK], out[CHUNK];
};

static enum hb_status damaged(const struct unpack *u, const char *why,
                              struct hb_error *error)
{
    return hb_fail(error, HB_BAD_IMAGE, "%s: damaged .gz file: %s", u->path,
                   why);
}

static enum hb_status put(struct unpack *u, uint32_t bytes,
                          struct hb_error *error)
{
    static const uint8_t zeroes[CHUNK];

    if (u->written + bytes > UNPACKED_MOST)
        return hb_fail(error, HB_BAD_IMAGE,
                       "%s: unpacks to more than %llu GiB; unpack it to a file",
                       u->path, (unsigned long long)(UNPACKED_MOST >> 30));
    if (memcmp(u->out, zeroes, bytes) != 0 &&
        pwrite(u->to, u->out, bytes, (off_t)u->written) != (ssize_t)bytes)
        return hb_fail(error, HB_NO_MEMORY, "%s: no memory to unpack it",
                       u->path);
    u->written += bytes;
    return HB_OK;
}

static enum hb_status fill(struct unpack *u, z_stream *z,
                           struct hb_error *error)
{
    ssize_t n = read(u->from, u->in, sizeof u->in);

    if (n < 0)
        return hb_fail(error, HB_NO_FILE, "%s: cannot read it: %s", u->path,
                       strerror(errno));
    z->next_in = u->in;
    z->avail_in = (uInt)n;
    return HB_OK;
}

/* Up to the end of the file, member by member; what follows the last one and
 * is none is left alone, as gzip does. */
static enum hb_status inflate_all(struct unpack *u, z_stream *z,
                                  struct hb_error *error)
{
    enum hb_status status = HB_OK;
    int result = Z_OK;
    bool any = false;

    while (status == HB_OK) {
        if (!z->avail_in)
            status = fill(u, z, error);
        if (status != HB_OK || !z->avail_in)
            break;
        if (result == Z_STREAM_END)
            inflateReset(z);
        z->next_out = u->out;
        z->avail_out = sizeof u->out;
        result = inflate(z, Z_NO_FLUSH);
        if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR)
            return any ? HB_OK : damaged(u, z->msg ? z->msg : "bad", error);
        any |= result == Z_STREAM_END;
        status = put(u, CHUNK - z->avail_out, error);
    }
    if (status == HB_OK && result != Z_STREAM_END)
        status = damaged(u, "cut short", error);
    return status;
}

enum hb_status medium_unpack(int fd, const char *path, int *out,
                             struct hb_error *error)
{
    struct unpack u = {.path = path, .from = fd};
    z_stream z = {0};
    enum hb_status status;

    u.to = memfd_create("halbox-medium", MFD_CLOEXEC);
    if (u.to < 0)
        return hb_fail(error, HB_NO_MEMORY, "%s: no memory to unpack it", path);
    if (inflateInit2(&z, GZIP_WINDOW) != Z_OK) {
        close(u.to);
        return hb_fail(error, HB_NO_MEMORY, "%s: no memory to unpack it", path);
    }
    status = inflate_all(&u, &z, error);
    inflateEnd(&z);
    if (status == HB_OK && ftruncate(u.to, (off_t)u.written) != 0)
        status =
            hb_fail(error, HB_NO_MEMORY, "%s: no memory to unpack it", path);
    if (status != HB_OK)
        close(u.to);
    else
        *out = u.to;
    return status;
}
