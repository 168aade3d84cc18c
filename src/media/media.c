/* src/media/media.c -- see media.h. */
#include "media/media.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "media/overlay.h"
#include "media/unpack.h"

/** More than any drive here can address would only cost tables. */
#define MEDIUM_MOST ((uint64_t)16 << 40)

struct medium {
    int fd;
    bool cow, read_only;
    uint64_t bytes;
    char *path;
    struct overlay overlay; /* of cow */
};

/* ---- opening ------------------------------------------------------------ */

static enum hb_status no_file(const char *path, struct hb_error *error)
{
    return hb_fail(error, HB_NO_FILE, "%s: cannot open the medium: %s", path,
                   strerror(errno));
}

/* O_NONBLOCK: a pipe without a writer would wait for ever. */
static enum hb_status open_file(struct medium *m, bool write,
                                struct hb_error *error)
{
    struct stat st;

    if (write)
        m->fd = open(m->path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
    if (m->fd < 0) {
        m->read_only = true;
        m->fd = open(m->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    }
    if (m->fd < 0 || fstat(m->fd, &st) != 0)
        return no_file(m->path, error);
    if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode))
        return hb_fail(error, HB_NO_FILE, "%s: a medium is a file", m->path);
    return HB_OK;
}

static enum hb_status unpack(struct medium *m, bool fixed,
                             struct hb_error *error)
{
    uint8_t magic[2] = {0};
    int packed = m->fd;
    enum hb_status status;

    if (pread(m->fd, magic, sizeof magic, 0) < 0)
        return no_file(m->path, error);
    if (magic[0] != 0x1f || magic[1] != 0x8b)
        return HB_OK;
    m->fd = -1;
    status = medium_unpack(packed, m->path, &m->fd, error);
    close(packed);
    m->cow = !fixed;
    return status;
}

static enum hb_status measure(struct medium *m, struct hb_error *error)
{
    off_t end = lseek(m->fd, 0, SEEK_END);

    if (end < 0)
        return no_file(m->path, error);
    m->bytes = (uint64_t)end;
    if (!m->bytes || m->bytes > MEDIUM_MOST)
        return hb_fail(error, HB_BAD_IMAGE, "%s: %s", m->path,
                       m->bytes ? "larger than any drive" : "it is empty");
    if (m->cow && !overlay_init(&m->overlay, m->bytes))
        return hb_fail(error, HB_NO_MEMORY, "%s: no memory for a copy",
                       m->path);
    return HB_OK;
}

enum hb_status medium_open(struct medium **out, const char *path, bool cow,
                           bool fixed, struct hb_error *error)
{
    struct medium *m = calloc(1, sizeof *m);
    enum hb_status status = HB_OK;

    if (!m || !(m->path = strdup(path))) {
        free(m);
        return hb_fail(error, HB_NO_MEMORY, "%s: no memory", path);
    }
    m->fd = -1;
    m->cow = cow && !fixed;
    status = open_file(m, !m->cow && !fixed, error);
    if (status == HB_OK)
        status = unpack(m, fixed, error);
    if (status == HB_OK)
        status = measure(m, error);
    if (status != HB_OK) {
        medium_close(m);
        return status;
    }
    m->read_only = fixed || (m->read_only && !m->cow);
    *out = m;
    return HB_OK;
}

void medium_close(struct medium *m)
{
    if (!m)
        return;
    if (m->fd >= 0)
        close(m->fd);
    overlay_fini(&m->overlay);
    free(m->path);
    free(m);
}

const char *medium_path(const struct medium *m)
{
    return m->path;
}

uint64_t medium_bytes(const struct medium *m)
{
    return m->bytes;
}

bool medium_read_only(const struct medium *m)
{
    return m->read_only;
}

/* ---- bytes -------------------------------------------------------------- */

static bool inside(const struct medium *m, uint64_t offset, uint32_t bytes)
{
    return bytes <= m->bytes && offset <= m->bytes - bytes;
}

static bool file_read(const struct medium *m, uint64_t offset, uint8_t *to,
                      uint32_t bytes)
{
    while (bytes) {
        ssize_t n = pread(m->fd, to, bytes, (off_t)offset);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) /* an error, or somebody made the file shorter */
            return false;
        to += n;
        offset += (uint64_t)n;
        bytes -= (uint32_t)n;
    }
    return true;
}

static bool file_write(const struct medium *m, uint64_t offset,
                       const uint8_t *from, uint32_t bytes)
{
    while (bytes) {
        ssize_t n = pwrite(m->fd, from, bytes, (off_t)offset);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        from += n;
        offset += (uint64_t)n;
        bytes -= (uint32_t)n;
    }
    return true;
}

/* Bytes from @offset up to the end of its block, @bytes at most. */
static uint32_t block_rest(uint64_t offset, uint32_t bytes)
{
    uint32_t rest = OVERLAY_BLOCK - (uint32_t)(offset % OVERLAY_BLOCK);

    return rest < bytes ? rest : bytes;
}

/* Bytes from @offset that no block of the copy covers, @bytes at most. */
static uint32_t uncovered(const struct medium *m, uint64_t offset,
                          uint32_t bytes)
{
    uint32_t n = 0;

    while (n < bytes &&
           !overlay_block(&m->overlay, (offset + n) / OVERLAY_BLOCK))
        n += block_rest(offset + n, bytes - n);
    return n;
}

bool medium_read(const struct medium *m, uint64_t offset, void *to,
                 uint32_t bytes)
{
    uint8_t *at = to;

    if (!inside(m, offset, bytes))
        return false;
    while (bytes) {
        uint32_t n = uncovered(m, offset, bytes);

        if (n && !file_read(m, offset, at, n))
            return false;
        if (!n) {
            n = block_rest(offset, bytes);
            memcpy(at,
                   overlay_block(&m->overlay, offset / OVERLAY_BLOCK) +
                       offset % OVERLAY_BLOCK,
                   n);
        }
        at += n;
        offset += n;
        bytes -= n;
    }
    return true;
}

/* The block of @index on the copy, filled from the file when it is new. */
static uint8_t *own_block(struct medium *m, uint64_t index)
{
    uint8_t bytes[OVERLAY_BLOCK] = {0}, *block;
    uint64_t at = index * OVERLAY_BLOCK, rest = m->bytes - at;

    block = overlay_block(&m->overlay, index);
    if (block)
        return block;
    if (!file_read(m, at, bytes,
                   rest < OVERLAY_BLOCK ? (uint32_t)rest : OVERLAY_BLOCK))
        return NULL;
    block = overlay_add(&m->overlay, index);
    if (block)
        memcpy(block, bytes, sizeof bytes);
    return block;
}

static bool copy_write(struct medium *m, uint64_t offset, const uint8_t *from,
                       uint32_t bytes)
{
    while (bytes) {
        uint32_t n = block_rest(offset, bytes);
        uint8_t *block = own_block(m, offset / OVERLAY_BLOCK);

        if (!block)
            return false;
        memcpy(block + offset % OVERLAY_BLOCK, from, n);
        from += n;
        offset += n;
        bytes -= n;
    }
    return true;
}

bool medium_write(struct medium *m, uint64_t offset, const void *from,
                  uint32_t bytes)
{
    if (m->read_only || !inside(m, offset, bytes))
        return false;
    return m->cow ? copy_write(m, offset, from, bytes)
                  : file_write(m, offset, from, bytes);
}

/* ---- saving ------------------------------------------------------------- */

/* Size, then {index + 1, bytes} of each block of the copy, then 0. */
void medium_save(const struct medium *m, struct saver *s)
{
    uint64_t i = overlay_next(&m->overlay, 0);

    save_u64(s, m->bytes);
    for (; i != UINT64_MAX; i = overlay_next(&m->overlay, i + 1)) {
        save_u64(s, i + 1);
        save_bytes(s, overlay_block(&m->overlay, i), OVERLAY_BLOCK);
    }
    save_u64(s, 0);
}

static bool load_blocks(struct medium *m, struct loader *l)
{
    uint64_t i;

    overlay_fini(&m->overlay);
    if (m->cow && !overlay_init(&m->overlay, m->bytes))
        return false;
    while ((i = loader_u64(l)) != 0) {
        uint8_t *block;

        i--;
        if (l->failed || !m->cow || i >= m->overlay.blocks)
            return false;
        block = overlay_block(&m->overlay, i);
        if (!block)
            block = overlay_add(&m->overlay, i);
        if (!block || !loader_bytes(l, block, OVERLAY_BLOCK))
            return false;
    }
    return !l->failed;
}

enum hb_status medium_load(struct medium *m, struct loader *l,
                           struct hb_error *error)
{
    uint64_t bytes = loader_u64(l);

    if (!l->failed && bytes != m->bytes)
        return hb_fail(error, HB_BAD_IMAGE,
                       "%s: the file has %llu bytes, but %llu when the machine "
                       "was saved",
                       m->path, (unsigned long long)m->bytes,
                       (unsigned long long)bytes);
    if (!load_blocks(m, l))
        return hb_fail(error, HB_BAD_IMAGE,
                       "save: what was written on %s is "
                       "damaged",
                       m->path);
    return HB_OK;
}
